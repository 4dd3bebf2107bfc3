/* clock - the time, and the time that tests say it is. */
#include "spamgear/base/clock.h"

#include <time.h>

static _Atomic int64_t pinned; /* threads may be running when a test pins it */

void clock_pin(int64_t seconds)
{
    pinned = seconds;
}

int64_t clock_now(void)
{
    return pinned != 0 ? pinned : (int64_t)time(NULL);
}

int64_t clock_steady_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
