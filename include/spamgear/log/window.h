/* window - where in a file does the period begin?
 *
 * Logs are ordered by time, nearly. So the place is found from the end backwards in
 * steps that double, then by bisection between the last two: cost follows the window,
 * not the file. A slack absorbs small disorder (several writers, Exim's inversions). Probes
 * that contradict the order (a clock step, joined files) make the whole file be read.
 */
#ifndef SPAMGEAR_LOG_WINDOW_H
#define SPAMGEAR_LOG_WINDOW_H

#include "spamgear/log/source.h"
#include "spamgear/log/stamp.h"

struct window {
    int64_t since, until; /* seconds, both belong to the window */
    int64_t slack_s;      /* disorder up to this is normal */
    bool full;            /* read everything whatever the probes say */
};

struct window_start {
    uint64_t offset;          /* start of a line; every line of the window is at or after it */
    struct stamp_clock clock; /* as it stands before that line */
    bool ordered;             /* nothing contradicted the order */
    int64_t first;            /* time of the file's first readable line, when the file was read
                                 from its start; else STAMP_NONE */
};

/* Looks for the start in a SOURCE_FILE; other kinds start where they are. */
void window_find(struct source *source, const struct window *window, struct window_start *start);

#endif
