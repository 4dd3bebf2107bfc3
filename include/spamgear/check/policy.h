/* policy - what Postfix, or Exim, is told about a client that wants to send.
 *
 * By SASL username, from what is known already: counts of the logs (watch), counts of
 * the requests themselves, and cases. When anything is wrong the answer is DUNNO, and it is told.
 */
#ifndef SPAMGEAR_CHECK_POLICY_H
#define SPAMGEAR_CHECK_POLICY_H

#include "spamgear/net/policy_request.h"
#include "spamgear/sender/watch.h"

struct policy_settings {
    uint64_t messages, recipients; /* a sender may have so many in period_s, counted at DATA and at
                                      RCPT time; 0: no limit. Overrides: limits */
    int64_t period_s;
    const struct limits *overrides; /* of messages; NULL: none */
    const char *action; /* for who is over: "DEFER_IF_PERMIT 4.7.1 ..", "HOLD ..", "REJECT .." */
    const char *case_action;  /* for who has an open case; NULL: not asked */
    bool dry;                 /* says DUNNO, and tells what it would have said */
    const struct prefix *own; /* clients that are never limited: webmail, own hosts */
    size_t own_len;
};

struct policy;
/* watches: of the logs, NULL-terminated; a sender who is over in one of them is over. Borrowed. */
struct policy *policy_new(const struct policy_settings *settings, struct watch *const *watches);
void policy_free(struct policy *policy);

/* One more account that has an open case, or no longer. */
void policy_set_case(struct policy *policy, struct span account, bool open);

/* Fills action (appends): "DUNNO" or a setting's text. */
void policy_decide(struct policy *policy, const struct policy_request *request, int64_t now,
                   struct strbuf *action);
/* Old counts are forgotten. */
void policy_tick(struct policy *policy, int64_t now);

struct policy_counts {
    uint64_t requests, dunno, over, in_case, bad;
    size_t senders;
};
void policy_look(const struct policy *policy, struct policy_counts *counts);

/* The counts of the requests themselves, to be remembered like any watch (profile "policy"). */
struct watch *policy_watch(struct policy *policy);

#endif
