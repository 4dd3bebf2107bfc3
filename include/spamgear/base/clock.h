/* clock - the one place that asks what time it is.
 *
 * Tests and replays pin the clock (option --now); everything else must come
 * here instead of calling time(2). Seconds and microseconds count from the
 * epoch, UTC.
 */
#ifndef SPAMGEAR_BASE_CLOCK_H
#define SPAMGEAR_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now(void);         /* seconds */
void clock_pin(int64_t seconds); /* clock_now() answers this from now on; 0 unpins */

/* A steady clock for deadlines and durations; never pinned. */
int64_t clock_steady_ms(void);

#endif
