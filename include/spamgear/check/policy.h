/* policy - what Postfix, or Exim, is told about a client that wants to send.
 *
 * By SASL username, from what is known already: counts of the logs (watch), counts of
 * the requests themselves, and cases. When anything is wrong the answer is DUNNO, and it is told.
 *
 * What is answered with DEFER or REJECT does not count: a sender who is over is let in again as the
 * period moves on, however often he asks meanwhile. A message is asked about several times
 * (restrictions, recipients); what has the same instance and recipient counts once.
 */
#ifndef SPAMGEAR_CHECK_POLICY_H
#define SPAMGEAR_CHECK_POLICY_H

#include "spamgear/net/policy_request.h"
#include "spamgear/sender/watch.h"

struct policy_settings {
    uint64_t messages, recipients; /* a sender may have so many in period_s, counted at DATA and at
                                      RCPT time; 0: no limit */
    int64_t period_s;
    const struct limits *overrides; /* of messages; as many recipients are let through, too. Their
                                       standard does not count. NULL: none */
    const char *action; /* for who is over: "DEFER_IF_PERMIT 4.7.1 ..", "HOLD ..", "REJECT .." */
    const char *case_action;  /* for who has an open case; NULL: not asked */
    bool dry;                 /* says DUNNO, and tells what it would have said */
    const struct prefix *own; /* clients that are never limited: webmail, own hosts */
    size_t own_len;
    bool hosts; /* a client that did not log in is judged by what the logs say of its address */
    void *state;
    /* One line of what somebody should see: requests that are none, answers of a dry run. A few a
     * minute at most. NULL: nobody wants to know. */
    void (*tell)(void *state, const char *line);
};

/* Is it something to answer? DUNNO, DEFER_IF_PERMIT, DEFER, HOLD or REJECT, with a text of
 * printable ASCII. 0, or -1 with why. */
int policy_check_action(const char *action, struct strbuf *why);

struct policy;
/* watches: of the logs, NULL-terminated; a sender who is over in one of them is over. Borrowed. */
struct policy *policy_new(const struct policy_settings *settings, struct watch *const *watches);
void policy_free(struct policy *policy);

/* What is known of an account: it has an open case, or its last one was closed at let_go (0: none
 * was): what it sent before counts no more. And that nothing is known of any account. */
void policy_set_account(struct policy *policy, struct span account, bool open, int64_t let_go);
void policy_forget_accounts(struct policy *policy);

/* Fills action (appends): "DUNNO" or a setting's text. */
void policy_decide(struct policy *policy, const struct policy_request *request, int64_t now,
                   struct strbuf *action);
/* Somebody sent what is no request. */
void policy_bad(struct policy *policy, int64_t now);
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
