/* format_custom - a log format of the administrator's own.
 *
 *     [format mymta]
 *     pattern = accepted from (?<user>\S+) \[(?<client>[^]]+)\] for (?<rcpts>.*)$
 *     tag     = mymta
 *
 * The pattern is PCRE2 on bytes and must match from the start: of the program's own text
 * when a tag is given (the line is syslog's and that program's then; a tag that ends in '/' is
 * every tag that begins so), else of what follows the line's stamp. With a group `time` and
 * no tag it is the whole line.
 *
 * Groups: user (a SASL username, or what `kind` says), script (a path), uid, client (an
 * address, or name[address]), name (the client's host name), rcpts (a number, or a list, parted
 * by commas or else by blanks), time (a stamp as stamp.h knows them; without this group the
 * line's own stamp counts). The sender is the first of user, script, uid that is there; with
 * `kind = host` and no user it is the client.
 *
 * A line that holds the literal (and is the tag's) but does not match is PARSE_UNKNOWN, so
 * that a log whose lines have changed shows up as unparsed lines and not as silence.
 */
#ifndef SPAMGEAR_LOG_FORMAT_CUSTOM_H
#define SPAMGEAR_LOG_FORMAT_CUSTOM_H

#include "spamgear/base/strbuf.h"
#include "spamgear/log/format.h"

/* All borrowed while format_custom() runs; NULL = not given. */
struct format_custom_settings {
    const char *pattern;
    const char *literal; /* every line that can match has it; NULL = what the pattern tells */
    const char *tag;
    const char *kind; /* of user: sasl (the default), local, host, webmail, script */
    const char *summary;
};

/* Sets the member of that name. 0, or -1 with why: there is no such key. */
int format_custom_set(struct format_custom_settings *settings, const char *key, const char *value,
                      struct strbuf *why);

/* NULL with why. Caller frees with format_custom_free. Not thread-safe (regex.h). */
const struct log_format *format_custom(const char *name,
                                       const struct format_custom_settings *settings,
                                       struct strbuf *why);
void format_custom_free(const struct log_format *format); /* NULL is fine */

/* The tag of a custom format, as a journal request takes it; NULL when it has none, and for a
 * built-in format. Borrowed. */
const char *format_custom_tag(const struct log_format *format);

/* Parses a line as the format (a custom or a built-in one) does, and says why it is no event:
 * *reason is a constant sentence, never NULL. */
enum parse_result format_custom_explain(const struct log_format *format,
                                        const struct log_line *line, struct event *event,
                                        const char **reason);

#endif
