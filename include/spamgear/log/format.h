/* format - the table of log formats: which lines a program owns and what they say.
 *
 * A format is a row: literals, one of which every line of interest holds (the
 * fast path finds them without looking at lines), and a small hand-written
 * anchored parser. Anchored means: the stamp, then the program's tag, then that
 * program's grammar from the left, or from the right where users control the
 * middle; never a phrase searched for in the whole line. So a HELO name, a
 * subject or a user name that imitates another program's line counts nothing.
 */
#ifndef SPAMGEAR_LOG_FORMAT_H
#define SPAMGEAR_LOG_FORMAT_H

#include "spamgear/log/event.h"
#include "spamgear/log/stamp.h"
#include <stdbool.h>

/* A line whose stamp has been read. */
struct log_line {
    struct span whole; /* without its newline and a carriage return before it */
    struct span rest;  /* what follows the stamp */
    enum stamp_shape shape;
    int64_t time;
    enum origin origin; /* of the source, or of the journal entry */
    uint64_t offset;
};

/* The syslog header after the stamp, split. */
struct syslog_head {
    struct span host, tag, pid; /* tag "postfix/submission/smtpd"; pid may be empty */
    struct span text;           /* the program's own words */
};

/* Splits rest by shape (STAMP_SYSLOG or STAMP_RFC5424). False for STAMP_BARE and
 * for lines that have no host and tag. Infixes that some daemons add before the
 * text ("[ID 197553 mail.info] ", "<mail.info> ") are skipped. */
bool syslog_split(const struct log_line *line, struct syslog_head *head);

/* rsyslog and syslogd fold equal lines into "message repeated 4 times: [ text]".
 * Unfolds head->text and returns how many lines it stands for (1 when it is not folded). */
unsigned syslog_unfold(struct syslog_head *head);

enum parse_result {
    PARSE_EVENT,   /* *event is filled */
    PARSE_NOTHING, /* the program's line, understood, nothing to count */
    PARSE_FOREIGN, /* another program's line */
    PARSE_UNKNOWN, /* the program's line, but not understood: shown as unparsed */
    PARSE_GAVE_UP  /* a pattern from the config hit its limits: could not tell */
};

#define FORMAT_NEEDLES 4

struct log_format {
    const char *name;    /* "postfix", "exim", "roundcube", "imp", "php", ... */
    const char *summary; /* for log-format list */
    /* Literals; NULL ends the list. `needles` lead to messages and log-ins. `joins` lead to
     * lines that only add recipients to a message already counted: they are searched
     * for only where messages of the window may be. */
    const char *needles[FORMAT_NEEDLES];
    const char *joins[FORMAT_NEEDLES];
    /* Fills *event but for time, origin, line and offset, which the caller sets. The caller
     * has made it all zero but for repeat, which is 1; after another result than PARSE_EVENT
     * it means nothing. data is the format's own (patterns of the config). */
    enum parse_result (*parse)(const struct log_format *format, const struct log_line *line,
                               struct event *event);
    /* Programs of this format run as daemons: an entry whose kernel-vouched writer is
     * somebody's logger(1) is a forgery. Absolute paths of executables, NULL-terminated;
     * one that ends in '/' stands for every executable below that directory. A base name
     * alone would prove nothing: everybody may name a file "smtpd". NULL = anybody. */
    const char *const *writers;
    /* A stamp that is not there is no trouble (PHP before 5.5, mail.log = syslog relays):
     * the line counts as now. */
    bool undated_ok;
    /* parse() sets event->time: the program's time stands somewhere in the line (a pattern of
     * the config with a group `time`). The line's own stamp, if any, says nothing then. */
    bool own_time;
    const void *data;
};

/* The built-in formats; one file of core/log a program family. */
extern const struct log_format format_postfix, format_exim, format_roundcube, format_imp,
    format_php, format_php_wrapper, format_sendmail2relay, format_sendmail2relay_path;

/* Not among them, since it counts nothing: an EVENT_DELIVERED, whose `sender` is the queue ID under
 * which a content filter gave the message of `queue_id` back. */
extern const struct log_format format_handed;

/* Built-in formats by name; NULL when there is none. */
const struct log_format *format_find(const char *name);
/* All built-in formats, in order; count through *len. */
const struct log_format *const *format_all(size_t *len);

#endif
