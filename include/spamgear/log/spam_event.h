/* spam_event - one message that a spam filter did not like, and who sent it.
 *
 * What the joiner (thread.h) makes of many lines and the store writes down.
 */
#ifndef SPAMGEAR_LOG_SPAM_EVENT_H
#define SPAMGEAR_LOG_SPAM_EVENT_H

#include "spamgear/log/event.h"

enum mail_verdict {
    MAIL_VERDICT_CLEAN,
    MAIL_VERDICT_SPAM,   /* amavis SPAM, spamd Y, rspamd reject / add header / rewrite subject .. */
    MAIL_VERDICT_SPAMMY, /* amavis: above tag2, below kill */
    MAIL_VERDICT_BANNED,
    MAIL_VERDICT_INFECTED,
    MAIL_VERDICT_BAD_HEADER,
    MAIL_VERDICT_UNCHECKED,
    MAIL_VERDICT_OVERSIZED,
    MAIL_VERDICT_MTA_BLOCKED,
    MAIL_VERDICT_OTHER,
    MAIL_VERDICTS
};
const char *mail_verdict_name(
    enum mail_verdict verdict); /* "clean", "spam", "spammy", "banned", ... */
/* Is a message with this verdict held against its sender? Spam, spammy, banned, infected. */
bool mail_verdict_is_bad(enum mail_verdict verdict);

struct spam_event {
    int64_t time;         /* when the message was accepted; of the verdict when that is not known */
    int64_t verdict_time; /* of the filter's line */
    struct span queue_id, message_id; /* message_id without its brackets; either may be empty */
    struct span from;                 /* envelope sender, empty for <> */
    struct span sasl, uid;            /* who logged in; the local user's number; may be empty */
    struct span client_name, client;  /* as verified; address text, empty when it is loopback, of an
                                         own network or of the webmail, which never are listed */
    enum mail_verdict verdict;        /* the worst of several passes */
    bool has_score, has_threshold;
    double score, threshold; /* of the pass with the highest score */
    unsigned victims;        /* distinct spam recipients, at least 1: spam_victims_score */
    enum origin origin;      /* the least trusted of the lines it rests on */
};

#endif
