/* backtest - which limits would have caught whom?
 *
 * One pass over all logs of a check slides a window of the check's period along and keeps,
 * for each sender, the most that ever lay in one window and when the limit was reached.
 */
#ifndef SPAMGEAR_CHECK_BACKTEST_H
#define SPAMGEAR_CHECK_BACKTEST_H

#include "spamgear/check/check.h"

struct backtest_sender {
    enum sender_kind kind;
    struct span name;
    uint64_t peak, limit;
    int64_t peak_time;   /* end of the window that held the peak */
    int64_t first_over;  /* when the limit was reached first; STAMP_NONE = never */
    unsigned times_over; /* how often it was reached from below */
};

#define BACKTEST_PERCENTILES 4
extern const char *const backtest_percentile_names[BACKTEST_PERCENTILES]; /* "50", ..., "99.9" */

struct backtest {
    VEC(struct backtest_sender) senders;        /* every sender, highest peak first */
    uint64_t percentiles[BACKTEST_PERCENTILES]; /* of all senders' peaks (nearest rank) */
    uint64_t over;                              /* senders that reached their limit */
    int64_t first, last; /* times of the first and last message; STAMP_NONE without one */
    struct harvest_counts counts;
    struct texts files;
    struct tally *tally; /* owns the names */
};

/* period_s: length of the sliding window. 0, or -1 when nothing could be read; problems as in
 * check_run. Caller frees with backtest_clear. */
int backtest_run(const struct check *check, int64_t period_s, struct backtest *backtest,
                 struct texts *problems);
void backtest_clear(struct backtest *backtest);

#endif
