/* stamp - from what a line says to seconds since the epoch.
 *
 * Ten million lines come through stamp_read(), and nearly every one spells the
 * same minute as the line before. So the spelling of that minute is kept, and a
 * line that begins with it costs a comparison and two digits. The cache must
 * never answer what the long way would not: it holds only minutes of which every
 * second resolves alike, and only while clock->before is in that minute.
 * The offsets of a zone are kept for a quarter of an hour: no zone has changed
 * its clocks at other moments since long before there was mail.
 */
#include "spamgear/log/stamp.h"

#include "spamgear/log/zone.h"
#include "stamp_civil.h"
#include "stamp_parse.h"

#include <stdlib.h>

enum {
    DAY = 86400,
    QUARTER = 900,
    FARTHEST = 26 * 3600, /* no zone is farther from UTC */
    DISORDER = 120        /* seconds that the writers of one log may be apart */
};

void stamp_clock_init(struct stamp_clock *clock, int64_t newest)
{
    *clock = (struct stamp_clock){.before = STAMP_NONE, .newest = newest};
    clock->quarter.kind = STAMP_OFFSET;
}

/* Zones */

static bool is_quarter(const struct stamp_clock *clock, const struct stamp *s, int64_t number)
{
    if (clock->quarter.number != number || clock->quarter.kind != s->zone_kind)
        return false;
    return s->zone_kind == STAMP_LOCAL || span_is(s->zone, span_text(clock->quarter.zone));
}

static void ask_quarter(struct stamp_clock *clock, const struct stamp *s, int64_t number)
{
    struct zone_offsets offsets = {0, 0};
    int64_t local = number * QUARTER;
    clock->quarter.known = true;
    clock->quarter.zone[0] = '\0';
    if (s->zone_kind == STAMP_LOCAL)
        offsets = zone_here(local);
    else
        clock->quarter.known = zone_named(s->zone, local, &offsets);
    clock->quarter.kind = s->zone_kind;
    clock->quarter.number = number;
    clock->quarter.first_s = offsets.first_s;
    clock->quarter.second_s = offsets.second_s;
    if (s->zone_kind == STAMP_NAMED && s->zone.len < sizeof clock->quarter.zone) {
        memcpy(clock->quarter.zone, s->zone.at, s->zone.len);
        clock->quarter.zone[s->zone.len] = '\0';
    }
}

/* Of an hour that occurs twice: the first one until the stamps jump back. That
 * they did is remembered, else a quiet second hour would look like late lines of the first. */
static int64_t pick_hour(struct stamp_clock *clock, int64_t local)
{
    int64_t first = local - clock->quarter.first_s, second = local - clock->quarter.second_s;
    if (first == second || clock->before == STAMP_NONE)
        return first;
    if (clock->before > first + DISORDER && clock->before <= second + DAY)
        clock->second_hour = second;
    return llabs(second - clock->second_hour) < second - first ? second : first;
}

static int64_t to_utc(struct stamp_clock *clock, const struct stamp *s)
{
    int64_t local = civil_seconds(s), number = civil_floor(local, QUARTER);
    if (s->zone_kind == STAMP_OFFSET)
        return local - s->offset_s;
    if (!is_quarter(clock, s, number))
        ask_quarter(clock, s, number);
    return clock->quarter.known ? pick_hour(clock, local) : STAMP_NONE;
}

/* Years */

/* Callers may have any clock: here it is one that years can be made of. */
static int64_t newest_of(const struct stamp_clock *clock)
{
    const int64_t most = INT64_C(253370764800); /* 9999-01-01 */
    return clock->newest < 0 ? 0 : clock->newest > most ? most : clock->newest;
}

/* The latest year, not after `year`, that has this day. */
static int year_with(const struct stamp *s, int year)
{
    while (s->month == 2 && s->day == 29 && !civil_is_leap(year))
        year--;
    return year;
}

static struct stamp latest_until(struct stamp_clock *clock, const struct stamp *s, int64_t limit)
{
    struct stamp dated = *s;
    dated.year = year_with(s, civil_year(limit) + 1);
    while (civil_seconds(&dated) - FARTHEST > limit || to_utc(clock, &dated) > limit)
        dated.year = year_with(s, dated.year - 1);
    return dated;
}

static int64_t infer_year(struct stamp_clock *clock, const struct stamp *s)
{
    int64_t newest = newest_of(clock);
    struct stamp dated = latest_until(clock, s, newest + DAY);
    int64_t time = to_utc(clock, &dated);
    if (time <= newest + DISORDER || clock->before == STAMP_NONE)
        return time;
    dated.year = year_with(s, dated.year - 1);
    int64_t older = to_utc(clock, &dated);
    return llabs(older - clock->before) <= DAY ? older : time;
}

static int64_t resolve(struct stamp_clock *clock, const struct stamp *s)
{
    return s->has_year ? to_utc(clock, s) : infer_year(clock, s);
}

int64_t stamp_resolve(struct stamp_clock *clock, const struct stamp *stamp)
{
    int64_t time = resolve(clock, stamp);
    clock->minute.head_len = 0;
    if (time != STAMP_NONE)
        clock->before = time;
    return time;
}

/* The minute that was read last */

/* Does every second of this minute resolve as this one did? The year may turn
 * within it, and in the future it depends on the line before. */
static bool is_steady(struct stamp_clock *clock, const struct stamp *s, int64_t time)
{
    if (s->second > 59)
        return false;
    if (s->has_year)
        return true;
    struct stamp edge = *s;
    int64_t start = time - s->second;
    edge.second = 0;
    if (resolve(clock, &edge) != start)
        return false;
    edge.second = 59;
    return resolve(clock, &edge) == start + 59 && start + 59 <= newest_of(clock) + DISORDER;
}

static void remember(struct stamp_clock *clock, struct span line, const struct stamp *s,
                     const struct stamp_places *places, const char *end)
{
    size_t head = (size_t)(places->second - line.at), tail = (size_t)(end - places->tail);
    if (places->times != 1 || head > sizeof clock->minute.head || tail == 0 ||
        tail > sizeof clock->minute.tail || (end[-1] != ' ' && end[-1] != '\t') ||
        !is_steady(clock, s, clock->before))
        return;
    memcpy(clock->minute.head, line.at, head);
    memcpy(clock->minute.tail, places->tail, tail);
    clock->minute.head_len = (unsigned char)head;
    clock->minute.tail_len = (unsigned char)tail;
    clock->minute.time = clock->before - s->second;
    clock->minute.stamp = *s;
    clock->minute.stamp.zone = (struct span){NULL, s->zone.len};
}

static const char *skip_fraction(const char *p, const char *end)
{
    const char *start = p;
    if (p == end || *p != '.')
        return p;
    for (p++; p < end && p - start < 10 && *p >= '0' && *p <= '9'; p++)
        ;
    return p - start > 1 ? p : start;
}

/* May the stamp go on behind its tail, with Exim's zone or a second stamp? */
static bool goes_on(const struct stamp *s, const char *p, const char *end)
{
    struct stamp second;
    if (p == end)
        return false;
    if (s->shape == STAMP_BARE)
        return s->zone_kind == STAMP_LOCAL && (*p == '+' || *p == '-');
    if (!s->has_year || (*p >= 'a' && *p <= 'z'))
        return false;
    return stamp_parse(span_of(p, end), &second) != 0;
}

/* Where the line's text starts when it spells the kept minute, else NULL. */
static const char *recall(struct stamp_clock *clock, struct span line, struct stamp *stamp)
{
    const size_t head = clock->minute.head_len, tail = clock->minute.tail_len;
    if (head == 0 || line.len < head + 2 + tail || memcmp(line.at, clock->minute.head, head) != 0)
        return NULL;
    const char *second = line.at + head, *end = line.at + line.len;
    unsigned tens = (unsigned char)second[0] - (unsigned)'0';
    unsigned ones = (unsigned char)second[1] - (unsigned)'0';
    const char *p = skip_fraction(second + 2, end);
    if (tens > 5 || ones > 9 || (size_t)(end - p) < tail ||
        memcmp(p, clock->minute.tail, tail) != 0 || goes_on(&clock->minute.stamp, p + tail, end))
        return NULL;
    *stamp = clock->minute.stamp;
    stamp->second = (int)(tens * 10 + ones);
    if (stamp->zone.len > 0)
        stamp->zone.at = p + 1; /* " Europe/Madrid]" */
    clock->before = clock->minute.time + stamp->second;
    return p + tail;
}

int64_t stamp_read(struct stamp_clock *clock, struct span line, struct stamp *stamp,
                   struct span *rest)
{
    struct stamp_places places;
    const char *text = recall(clock, line, stamp);
    if (text != NULL) {
        *rest = span_of(text, line.at + line.len);
        return clock->before;
    }
    size_t taken = stamp_scan(line, stamp, &places);
    if (taken == 0)
        return STAMP_NONE;
    *rest = span_skip(line, taken);
    int64_t time = stamp_resolve(clock, stamp);
    if (time != STAMP_NONE)
        remember(clock, line, stamp, &places, line.at + taken);
    return time;
}
