/* stamp - from what a line says to seconds since the epoch. */
#include "spamgear/log/stamp.h"

#include "spamgear/log/zone.h"
#include "stamp_civil.h"

enum {
    DAY = 86400,
    DISORDER = 120 /* seconds that several writers of one log may be apart */
};

void stamp_clock_init(struct stamp_clock *clock, int64_t newest)
{
    *clock = (struct stamp_clock){.before = STAMP_NONE, .newest = newest};
}

/* The hour that occurs twice: the first one until the stamps jump back. */
static int64_t pick_hour(const struct stamp_clock *clock, int64_t local, struct zone_offsets o)
{
    int64_t first = local - o.first_s, second = local - o.second_s;
    if (first == second || clock->before == STAMP_NONE)
        return first;
    bool jumped = clock->before - first > DISORDER && clock->before - second <= DAY;
    return jumped ? second : first;
}

static int64_t to_utc(const struct stamp_clock *clock, const struct stamp *s)
{
    int64_t local = civil_seconds(s);
    struct zone_offsets offsets = {s->offset_s, s->offset_s};
    if (s->zone_kind == STAMP_LOCAL)
        offsets = zone_here(local);
    else if (s->zone_kind == STAMP_NAMED && !zone_named(s->zone, local, &offsets))
        return STAMP_NONE;
    return pick_hour(clock, local, offsets);
}

/* The latest year, not after `year`, that has this date. */
static int year_with(const struct stamp *s, int year)
{
    if (s->month == 2 && s->day == 29)
        while (!civil_is_leap(year))
            year--;
    return year;
}

static int64_t in_year(const struct stamp_clock *clock, const struct stamp *s, int year)
{
    struct stamp dated = *s;
    dated.year = year_with(s, year);
    return to_utc(clock, &dated);
}

static int64_t infer_year(const struct stamp_clock *clock, const struct stamp *s)
{
    int64_t newest = clock->newest;
    for (int year = civil_year(newest) + 1;; year--) {
        int64_t time = in_year(clock, s, year);
        if (time > newest + DAY)
            continue;
        return time;
    }
}

int64_t stamp_resolve(struct stamp_clock *clock, const struct stamp *stamp)
{
    int64_t time = stamp->has_year ? to_utc(clock, stamp) : infer_year(clock, stamp);
    if (time != STAMP_NONE)
        clock->before = time;
    return time;
}

int64_t stamp_read(struct stamp_clock *clock, struct span line, struct stamp *stamp,
                   struct span *rest)
{
    size_t taken = stamp_parse(line, stamp);
    if (taken == 0)
        return STAMP_NONE;
    *rest = span_skip(line, taken);
    return stamp_resolve(clock, stamp);
}
