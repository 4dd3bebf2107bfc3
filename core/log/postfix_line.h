/* postfix_line - what the lines of all Postfix programs are made of.
 *
 * Queue IDs, tags, "HOST[ADDRESS]" and the lines that accept a message. The checkers' format and
 * the joiner of threads read lines with these. Nothing here allocates; all spans are the line's.
 */
#ifndef SPAMGEAR_LOG_POSTFIX_LINE_H
#define SPAMGEAR_LOG_POSTFIX_LINE_H

#include "spamgear/log/fields.h"

/* Syslog daemons cut long lines (RFC 3164: at 1024 bytes), so that a long address can end a line
 * with what looks like Postfix' own words. A text of so many bytes was not cut. */
#define POSTFIX_WHOLE_MAX 800

struct postfix_peer {
    struct span whole;   /* "HOST[ADDRESS]" */
    struct span name;    /* "unknown" where it has none */
    struct span address; /* empty for "unknown" */
};

/* "client=.." */
struct postfix_client {
    struct postfix_peer peer;
    bool has_user;
    struct span user;     /* SASL username */
    struct span suffixes; /* behind it */
};

/* "uid=1000 from=<..>[ orig_id=..]" */
struct postfix_pickup {
    struct span whole; /* "uid=1000" */
    struct span uid;
    struct span orig_id; /* of a message that was here before (postsuper -r) */
};

bool postfix_is_queue_id(struct span s);

/* Takes "QUEUEID: " or "NOQUEUE: "; an empty id for the latter. */
bool postfix_take_id(struct span *text, struct span *id);

/* Takes "HOST[ADDRESS]" and ":PORT" where ports are logged. */
bool postfix_take_peer(struct span *text, struct postfix_peer *peer);

/* Is it Postfix's? The first part of the tag is syslog_name, the last the program; no
 * program (an empty span) when the tag was cut. */
bool postfix_split_tag(struct span tag, struct span *program);

/* What follows "client=". False when it is not what smtpd writes. */
bool postfix_read_client(struct span text, struct postfix_client *client);

/* The original's queue ID and client where the suffixes begin with them: both may be empty. False
 * when there is nothing to believe. */
bool postfix_read_original(struct span suffixes, struct span *queue_id, struct postfix_peer *peer);

/* Of a delivery "<to>, [orig_to=<..>, ]relay=R, ..., status=sent (.. queued as ID)", behind the
 * '<': takes all up to R, then reads ID from the rest. The recipient and the reply are written by
 * others, so a line with two relays, or one that was cut, is not believed. */
bool postfix_take_relay(struct span *text, struct span *relay);
bool postfix_read_queued_as(struct span text, struct span *id);

/* "uid=.." of pickup. */
bool postfix_read_pickup(struct span text, struct postfix_pickup *pickup);

#endif
