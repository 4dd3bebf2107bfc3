/* sendmail - what stands before the real sendmail, and writes down who called.
 *
 * Mail goes out whatever happens here: a config that cannot be read, a log daemon that does not
 * answer and a user without a name cost the line, never the mail.
 */
#ifndef SPAMGEAR_APPLETS_SENDMAIL_H
#define SPAMGEAR_APPLETS_SENDMAIL_H

#include "spamgear/cli/applet.h"
#include <sys/types.h>

extern const struct section sendmail_section; /* [sendmail] */
extern const struct applet_status sendmail_statuses[];

/* Appends the value with control bytes, bytes that are no UTF-8, commas, double quotes and
 * backslashes as \xNN, so that it can end no field and no line; at most bytes_max bytes as written,
 * then "...". text may be NULL. */
void sendmail_value(struct strbuf *line, const char *text, size_t bytes_max);
/* The login name of a uid; its number when it has none. */
void sendmail_user(struct strbuf *line, uid_t uid);
/* Where a script is: SCRIPT_FILENAME as the web server or the prepend file set it, else the working
 * folder with a slash at its end. */
void sendmail_script(struct strbuf *line);

/* Logs the line with the tag, then becomes sendmail with the words given. Returns the exit status
 * only when there is no sendmail to become. */
int sendmail_become(const struct run *run, const char *tag, const struct strbuf *line);

#endif
