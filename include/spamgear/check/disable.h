/* disable - senders who are over their limit and over both bounds are handed to react.
 *
 * What -d MAX_NETWORKS,MAX_UNKNOWNS means: more networks than the one and more addresses without
 * a name than the other. Only accounts are handed over: users who logged in, webmail users, local
 * users. Hosts and scripts are no accounts, and who has no client addresses is never over bounds.
 */
#ifndef SPAMGEAR_CHECK_DISABLE_H
#define SPAMGEAR_CHECK_DISABLE_H

#include "spamgear/check/check.h"
#include "spamgear/react/react.h"

struct disable {
    uint64_t networks, unknown; /* bounds: a sender is over them who has more of both */
    bool queue_ids;             /* a method wants them */
    const struct texts *allow;  /* globs of names that nobody misses; may be NULL */
    struct react *react;        /* NULL: nobody can be disabled, and why_not says why */
    const char *why_not;        /* one line */
};

bool disable_is_over(const struct disable *disable, const struct report_sender *row);
/* Is there anybody to be handed over? */
bool disable_has_work(const struct disable *disable, const struct report *report);

/* The account of a sender: its name, but of a local sender "uid=1001" the name of that user. 0, or
 * -1 with why: no such user, or a name that is no text. Appends. */
int disable_account(const struct sender *sender, struct strbuf *account, struct strbuf *why);

/* "131 messages in 1 hour from 16 networks, 5 unknown" */
void disable_reason(const struct check *check, const struct report *report,
                    const struct report_sender *row, struct strbuf *reason);

/* Hands them over, in the report's order, and fills `handed` and `reaction` of each. What failed or
 * was refused, but for those on the allow list, and that there were more than max-actions-per-run,
 * goes to problems. */
void disable_senders(const struct check *check, const struct disable *disable,
                     struct report *report, struct texts *problems);

#endif
