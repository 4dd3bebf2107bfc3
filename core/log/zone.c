/* zone - offsets of the machine's zone and of named ones. */
#include "spamgear/log/zone.h"

#include <time.h>

int zone_offset_here(int64_t time)
{
    struct tm tm;
    time_t t = (time_t)time;
    return localtime_r(&t, &tm) == NULL ? 0 : (int)tm.tm_gmtoff;
}

struct zone_offsets zone_here(int64_t local_s)
{
    int before = zone_offset_here(local_s - 86400), after = zone_offset_here(local_s + 86400);
    if (before == after)
        return (struct zone_offsets){before, before};
    bool first = zone_offset_here(local_s - before) == before;
    bool second = zone_offset_here(local_s - after) == after;
    if (first && second)
        return (struct zone_offsets){before, after};
    if (second)
        return (struct zone_offsets){after, after};
    return (struct zone_offsets){before, before};
}

bool zone_named(struct span name, int64_t local_s, struct zone_offsets *offsets)
{
    (void)local_s;
    if (!span_is(name, SPAN("UTC")) && !span_is(name, SPAN("GMT")) && !span_is(name, SPAN("Z")))
        return false;
    *offsets = (struct zone_offsets){0, 0};
    return true;
}
