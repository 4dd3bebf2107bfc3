/* mail_parts - what the files of mail share: its policy, and one delivery. */
#ifndef SPAMGEAR_REACT_MAIL_PARTS_H
#define SPAMGEAR_REACT_MAIL_PARTS_H

#include "spamgear/react/mail.h"

/* ---- policy: no clock, no file, no network ---- */

/* A server of the list, and the addresses behind it. Borrows. */
struct mail_route {
    const char *url;
    char *const *own;
    size_t own_count;
};

struct mail_routes {
    VEC(struct mail_route) list;
};

/* Words of struct mail_settings.smtp. 0, or -1 with why: an address stands before any server. */
int mail_routes_read(struct mail_routes *routes, const struct texts *smtp, struct strbuf *why);
bool mail_route_serves(const struct mail_route *route, const char *address);

/* What is known of a recipient after one more server: who has it once has it; a server that may
 * take it later is better than one that never will. */
enum smtp_result mail_merge(enum smtp_result have, enum smtp_result got);

/* What an exit status of sendmail means (sysexits.h). */
enum smtp_result mail_sendmail_result(int status);

/* When to try again: five minutes, doubled each time, up to four hours. */
int64_t mail_next_try(int64_t now, unsigned attempts);
/* Is it time? A time that no run of ours would set (the clock was put back) is. lease_s: how far in
 * the future a run at work may have put it. */
bool mail_is_due(int64_t now, int64_t next_try, int64_t lease_s);

/* ---- a message that is given ready ---- */

/* Adds who stands in its To, Cc and Bcc. */
void mail_ready_recipients(struct texts *to, struct span message);
/* As servers want it: CRLF and ASCII; without Bcc, and with From and Message-ID when they are
 * missing. A body that holds other bytes becomes quoted-printable, unless it has parts. */
void mail_ready_complete(struct strbuf *out, struct span message, const char *from);

/* ---- one delivery ---- */

struct mail_recipient {
    const char *address;    /* borrowed */
    enum smtp_result state; /* SMTP_NOT_TRIED: no server is for him */
    char *how;              /* "SERVER", or "SERVER: why not"; NULL: nothing was tried */
};

struct mail_delivery {
    const struct mail_settings *settings;
    const char *from;      /* envelope */
    struct span message;   /* CRLF */
    struct span by_header; /* not empty: sendmail gets this, and reads from it who gets it */
    bool each_server;
    struct texts *dead; /* servers that are not asked any more, and new ones; may be NULL */
    struct mail_recipient *to;
    size_t count;
};

/* Hands the message over; fills state and how. Servers that failed are told in problems. */
void mail_deliver(struct mail_delivery *delivery, struct texts *problems);
/* How long that may take at most. */
int64_t mail_lease_s(const struct mail_settings *settings);

const char *mail_how(const struct mail_recipient *to); /* never NULL */
void mail_recipients_clear(struct mail_recipient *to, size_t count);

/* ---- what waits ---- */

/* The new state of a mail in the spool after a delivery: who still waits, since when it is tried,
 * when next; it leaves the spool when nobody waits. 0, or -1 with why. */
int mail_put_back(struct spool *spool, struct spool_mail *mail, const struct mail_recipient *states,
                  size_t count, struct strbuf *why);

#endif
