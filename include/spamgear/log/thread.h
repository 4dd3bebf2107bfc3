/* thread - the lines of one message, from its acceptance to its removal, joined by queue ID.
 *
 * Postfix' programs (smtpd of every service name, pickup, cleanup, qmgr, smtp, lmtp, pipe, local,
 * virtual, error, bounce, postsuper, milter-reject) and filters' verdicts. A verdict finds its
 * message by queue ID first, then by the IDs the filter got when it handed the message back, last
 * by Message-ID and only when one message of those at hand has it. "queued as ID" links two threads
 * only when the relay is a configured content filter. Where the lines of several hosts stand in one
 * log, a queue ID is looked for on the host of the line; a filter's also on all, where only one
 * thread has it. Everything is bounded; the oldest is given up first, and counted.
 *
 * A message with a bad verdict is given out once: when it and what it became are removed, or wait_s
 * after the verdict, so that late lines still count.
 */
#ifndef SPAMGEAR_LOG_THREAD_H
#define SPAMGEAR_LOG_THREAD_H

#include "spamgear/base/addr.h"
#include "spamgear/base/vec.h"
#include "spamgear/log/mail_verdict.h"
#include "spamgear/log/spam_event.h"

struct threads_settings {
    size_t threads_max;       /* 0: 100,000 */
    int64_t age_max_s;        /* 0: 6 days, longer than maximal_queue_lifetime */
    int64_t wait_s;           /* for late lines, behind the verdict; 30 */
    const struct prefix *own; /* never told as clients, beside loopback */
    size_t own_len;
    const struct prefix *relays; /* content filters, by address */
    size_t relays_len;
    const struct texts *relay_names; /* and by the name before the bracket, or the whole word of
                                        relay= ("dovecot" has no address); globs; may be NULL */
    void *state;
    void (*spam)(void *state, const struct spam_event *event);
};

struct threads;

struct threads *threads_new(const struct threads_settings *settings); /* borrows settings' lists */
void threads_free(struct threads *threads);

/* Takes a line of syslog shape; others do nothing. line->origin FORGED does nothing. */
void threads_line(struct threads *threads, const struct log_line *line);

/* Time passes: gives out what has waited, gives up what is too old. now: the time of the newest
 * line, or of the clock when nothing has come for a while. */
void threads_tick(struct threads *threads, int64_t now);
/* No line will come any more: gives out all that waits. */
void threads_finish(struct threads *threads);

/* What must be remembered between runs. each is called for every thread that has changed since it
 * was told last, with bytes, and with none for one that is gone. number: small, unique among the
 * living, used again. Looks at `most` threads at a time: true when there are more. */
bool threads_save(struct threads *threads, size_t most,
                  void (*each)(void *state, uint64_t number, struct span bytes), void *state);
/* Gives one back, before the first line. 0, or -1: it is none (it is left out). */
int threads_load(struct threads *threads, uint64_t number, struct span bytes);

/* The queue ID under which a filter handed this message back, and so on: every ID of the message.
 * Appends those that are known to ids, queue_id itself first. */
void threads_ids(const struct threads *threads, struct span queue_id, struct texts *ids);

struct threads_counts {
    uint64_t lines, threads, verdicts, bad; /* seen so far; threads: begun */
    uint64_t spam;                          /* given out */
    uint64_t unjoined;  /* bad verdicts without a message; they are counted only */
    uint64_t ambiguous; /* of those: several messages have this Message-ID */
    uint64_t given_up;  /* threads, for the bounds */
    uint64_t unknown;   /* verdict lines that were not understood */
    size_t alive;
};
void threads_look(const struct threads *threads, struct threads_counts *counts);

#endif
