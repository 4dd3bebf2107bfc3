/* spam_event - one message that a spam filter did not like, and who sent it.
 *
 * What the joiner (thread.h) makes of many lines and the store writes down.
 */
#ifndef SPAMGEAR_LOG_SPAM_EVENT_H
#define SPAMGEAR_LOG_SPAM_EVENT_H

#include "spamgear/base/strbuf.h"
#include "spamgear/log/event.h"

enum verdict {
    VERDICT_CLEAN,
    VERDICT_SPAM,   /* amavis SPAM, spamd Y, rspamd reject / add header / rewrite subject .. */
    VERDICT_SPAMMY, /* amavis: above tag2, below kill */
    VERDICT_BANNED,
    VERDICT_INFECTED,
    VERDICT_BAD_HEADER,
    VERDICT_UNCHECKED,
    VERDICT_OVERSIZED,
    VERDICT_MTA_BLOCKED,
    VERDICT_OTHER,
    VERDICTS
};
const char *verdict_name(enum verdict verdict); /* "clean", "spam", "spammy", "banned", ... */
/* Is a message with this verdict held against its sender? Spam, spammy, banned, infected. */
bool verdict_is_bad(enum verdict verdict);

struct spam_event {
    int64_t time;         /* when the message was accepted; of the verdict when that is not known */
    int64_t verdict_time; /* of the filter's line */
    struct span queue_id, message_id; /* message_id without its brackets; either may be empty */
    struct span from;                 /* envelope sender, empty for <> */
    struct span sasl, uid;            /* who logged in; the local user's number; may be empty */
    struct span client_name, client;  /* as verified; address text, empty when it is loopback, of an
                                         own network or of the webmail, which never are listed */
    enum verdict verdict;             /* the worst of several passes */
    bool has_score, has_threshold;
    double score, threshold; /* of the pass with the highest score */
    unsigned victims;        /* distinct spam recipients, at least 1: spam_victims_score */
    enum origin origin;      /* the least trusted of the lines it rests on */
};

/* As bytes for the store, versioned; appends. Back: spans borrowed from bytes; 0, or -1: they are
 * none. */
void spam_event_write(const struct spam_event *event, struct strbuf *out);
int spam_event_read(struct span bytes, struct spam_event *event);

#endif
