/* event - what one log line says about sending mail.
 *
 * All spans are borrowed from the line; they hold until its block is reused.
 */
#ifndef SPAMGEAR_LOG_EVENT_H
#define SPAMGEAR_LOG_EVENT_H

#include "spamgear/base/span.h"
#include <stdint.h>

enum event_kind {
    EVENT_ACCEPTED,   /* a message was taken for delivery */
    EVENT_RECIPIENTS, /* how many recipients an accepted message has; joined by queue ID */
    EVENT_DELIVERED,  /* a recipient of an accepted message got its final outcome; these add up */
    EVENT_FAILED,     /* a log-in failed; sender is whatever the client claimed to be */
    EVENT_REJECTED    /* an authenticated client was refused a recipient or command */
};

/* What the sender's name is. Two kinds never share a name. Where a log gives a number
 * instead of a login name (Postfix), the LOCAL sender is the line's own "uid=1000". */
enum sender_kind {
    SENDER_SASL,    /* SASL username, Exim authenticated id */
    SENDER_LOCAL,   /* local user or uid */
    SENDER_HOST,    /* client address of an unauthenticated host */
    SENDER_WEBMAIL, /* webmail user (Roundcube, Horde) */
    SENDER_SCRIPT,  /* path of a script */
    SENDER_KINDS
};

/* "sasl", "local", "host", "webmail", "script" */
const char *sender_kind_name(enum sender_kind kind);

/* Who vouches for the line (house rule: a destructive act needs TRUSTED). */
enum origin {
    ORIGIN_PLAIN,   /* anybody on the machine may have written it (logger(1)) */
    ORIGIN_TRUSTED, /* the kernel vouches (journal), or the administrator (trusted-logs) */
    ORIGIN_FORGED   /* the kernel says another program wrote it: never counted */
};

struct event {
    enum event_kind kind;
    enum sender_kind sender_kind;
    enum origin origin;
    int64_t time;            /* seconds since the epoch */
    struct span queue_id;    /* empty for NOQUEUE and formats without one */
    struct span sender;      /* never empty in ACCEPTED */
    struct span client;      /* the raw text naming the client, e.g. "host[192.0.2.1]", without
                              * its port: a cheap key; client_name, if any, is its start */
    struct span client_name; /* host name as the server verified it; "unknown" or empty if none */
    struct span client_addr; /* address text, no brackets, no port, no "IPv6:"; may be empty */
    struct span uid;         /* the sender's numeric uid where the line has one; may be empty */
    unsigned recipients;     /* 0 = this line does not say */
    unsigned repeat;         /* how many equal lines this one stands for, at least 1 */
    struct span line;        /* the whole line, for evidence */
    uint64_t offset;         /* of the line in its source */
};

#endif
