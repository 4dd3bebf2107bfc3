/* notice - one mail a tenant and run, about what was found in his files.
 *
 * The template is a whole message, headers first. ${EMAIL}, ${USERNAME} and ${SHELLS} are put in,
 * nothing is evaluated, any other $ stays as it is; in headers ${SHELLS} stays too. One file a
 * line, at most 1,000 and then how many more. The message is made well-formed (RFC 5322: To,
 * Subject, Date, Auto-Submitted added when missing, CR and NUL removed, long lines broken, headers
 * encoded by RFC 2047 where they must) and handed to the sendmail program, or to react/mail.
 */
#ifndef SPAMGEAR_REACT_NOTICE_H
#define SPAMGEAR_REACT_NOTICE_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include "spamgear/react/mail.h"
#include "spamgear/react/tenant.h"

struct notices;

/* template_path NULL: the built-in one. sendmail: the program ("/usr/sbin/sendmail"). NULL with
 * why. */
struct notices *notices_open(const char *template_path, const char *sendmail, struct strbuf *why);
/* Sends them with these settings, of which all but the sendmail program count: through its servers,
 * spooled when they do not answer. Borrowed until notices_send. */
void notices_mail_with(struct notices *notices, const struct mail_settings *mail);
/* Adds a found file to the tenant's mail: line is what the report says of it ("path [LABEL]"),
 * escaped. */
void notices_add(struct notices *notices, const struct tenant *tenant, struct span line);
/* Sends them all (dry: returns without). Returns how many could not be sent; problems has a line
 * for each. Frees. */
unsigned notices_send(struct notices *notices, bool dry, struct texts *problems);
void notices_close(struct notices *notices); /* without sending */

/* The built-in template. */
const char *notice_template(void);
/* One message from a template (for tests and notices_send). Appends. */
void notice_fill(struct strbuf *out, struct span template, struct span email, struct span username,
                 struct span shells);

#endif
