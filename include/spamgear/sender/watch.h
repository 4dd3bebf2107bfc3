/* watch - how much has each sender sent in the last PERIOD, known at any moment.
 *
 * Minute buckets a sender, on this machine and, in a fleet, on the others. Says at once when a
 * sender crosses the limit. It is only the trigger: whether somebody is acted upon is
 * decided by the check that then reads the log.
 *
 * A message counts in the minute of its line. Lines of one message (Exim's deliveries, qmgr's
 * nrcpt) are joined by queue ID in a ring of fixed size. Memory is bounded; of too many senders
 * the one not seen for longest is forgotten, and counted.
 */
#ifndef SPAMGEAR_SENDER_WATCH_H
#define SPAMGEAR_SENDER_WATCH_H

#include "spamgear/log/event.h"
#include "spamgear/sender/limit.h"

struct watch_sum {
    uint64_t messages, recipients; /* recipients: at least one a message */
};

/* The bucket of a minute; a minute is seconds / 60. */
struct watch_bucket {
    enum sender_kind kind;
    struct span name; /* borrowed */
    int64_t minute;
    struct watch_sum sum; /* absolute, so that telling it twice does no harm */
    uint64_t trusted;     /* of its messages: those in trusted lines; not of foreign ones */
};

struct watch_settings {
    int64_t period_s;
    const struct limits *limits; /* borrowed */
    bool by_recipients;
    size_t senders_max; /* 0: 100,000 */
    void *state;
    /* A sender has reached the limit; told again only when it was below it since, or `again_s`
     * seconds later while it goes on sending. */
    void (*crossed)(void *state, enum sender_kind kind, struct span name, struct watch_sum sum,
                    uint64_t limit);
    int64_t again_s; /* 60 */
    /* A sender has reached half of his limit; told again as above. May be NULL. */
    void (*half)(void *state, enum sender_kind kind, struct span name);
};

struct watch;

struct watch *watch_new(const struct watch_settings *settings);
void watch_free(struct watch *watch);

/* Adds an event of a log. Log-ins that failed and rejects do not count. */
void watch_add(struct watch *watch, const struct event *event);
/* Adds to a sender directly (the policy service). */
void watch_count(struct watch *watch, enum sender_kind kind, struct span name, int64_t time,
                 uint64_t messages, uint64_t recipients);
/* Sets what the other machines of the fleet counted in a minute, all together. */
void watch_foreign(struct watch *watch, const struct watch_bucket *bucket);

/* When a crossing was told, the check found so many less than its limit (a minute that is partly in
 * the period counts whole here): it is told again as soon as these have come. */
void watch_not_over(struct watch *watch, enum sender_kind kind, struct span name, uint64_t missing);

/* In the period that ends at `now`, own and foreign; of minutes that begin after `after` (0: all),
 * for a sender who was let go then. */
struct watch_sum watch_sum(const struct watch *watch, enum sender_kind kind, struct span name,
                           int64_t after, int64_t now);
uint64_t watch_limit(const struct watch *watch, struct span name, int64_t now);
/* Is the sender known, and that sum at or over the limit? */
bool watch_is_over(const struct watch *watch, enum sender_kind kind, struct span name,
                   int64_t after, int64_t now);

/* Forgets what lies before the period. */
void watch_tick(struct watch *watch, int64_t now);

/* What must be remembered between runs: every own bucket, and every place of the ring, that
 * has changed since it was told last and may still matter. key: unique in this watch; bytes: to be
 * given to watch_load; bucket: NULL for a place of the ring. Buckets that are too old are the
 * store's to forget. Looks at `most` senders and places at a time: true when there are more. */
struct watch_change {
    struct span key, bytes;
    int64_t minute; /* it can be forgotten when this is behind the period */
    const struct watch_bucket *bucket;
};
bool watch_save(struct watch *watch, size_t most,
                void (*each)(void *state, const struct watch_change *change), void *state);
/* 0, or -1: it is none (it is left out). Crossings are not told again for what is loaded. */
int watch_load(struct watch *watch, struct span key, struct span bytes);

/* Senders that are at or over their limit now. */
void watch_over(const struct watch *watch, int64_t now,
                void (*each)(void *state, enum sender_kind kind, struct span name,
                             struct watch_sum sum, uint64_t limit),
                void *state);
struct watch_counts {
    uint64_t forgotten;
    size_t senders, unsaved; /* unsaved: own buckets that watch_save has not told yet */
};
void watch_look(const struct watch *watch, struct watch_counts *counts);

#endif
