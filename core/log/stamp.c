/* stamp - from what a line says to seconds since the epoch.
 *
 * Ten million lines come through stamp_read(), and nearly every one spells the
 * same minute as the line before. So the spelling of that minute is kept, and a
 * line that begins with it costs a comparison and two digits. The cache must
 * never answer what the long way would not: it holds only minutes of which every
 * second resolves alike, and only until somebody else moves clock->before.
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
    struct span zone = {clock->quarter.zone, clock->quarter.zone_len};
    return s->zone_kind == STAMP_LOCAL || span_is(s->zone, zone);
}

static void ask_quarter(struct stamp_clock *clock, const struct stamp *s, int64_t number)
{
    struct zone_offsets offsets = {0, 0};
    int64_t local = number * QUARTER;
    clock->quarter.known = true;
    clock->quarter.zone_len = 0;
    if (s->zone_kind == STAMP_LOCAL)
        offsets = zone_here(local);
    else
        clock->quarter.known = zone_named(s->zone, local, &offsets);
    clock->quarter.kind = s->zone_kind;
    clock->quarter.number = number;
    clock->quarter.first_s = offsets.first_s;
    clock->quarter.second_s = offsets.second_s;
    if (s->zone_kind == STAMP_NAMED && s->zone.len <= sizeof clock->quarter.zone) {
        memcpy(clock->quarter.zone, s->zone.at, s->zone.len);
        clock->quarter.zone_len = (unsigned char)s->zone.len;
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
static int64_t sane(int64_t time)
{
    const int64_t most = INT64_C(253370764800); /* 9999-01-01 */
    return time < 0 ? 0 : time > most ? most : time;
}

/* The first year from `year` on, by steps of 1 or -1, that has this day. */
static int year_with(const struct stamp *s, int year, int step)
{
    while (s->month == 2 && s->day == 29 && !civil_is_leap(year))
        year += step;
    return year;
}

/* In the latest year that puts it not after limit. */
static int64_t latest_until(struct stamp_clock *clock, const struct stamp *s, int64_t limit)
{
    struct stamp dated = *s;
    dated.year = year_with(s, civil_year(limit) + 1, -1);
    while (civil_seconds(&dated) - FARTHEST > limit || to_utc(clock, &dated) > limit)
        dated.year = year_with(s, dated.year - 1, -1);
    return to_utc(clock, &dated);
}

/* In the first year that puts it not before limit. */
static int64_t first_from(struct stamp_clock *clock, const struct stamp *s, int64_t limit)
{
    struct stamp dated = *s;
    dated.year = year_with(s, civil_year(limit) - 1, 1);
    while (civil_seconds(&dated) + FARTHEST < limit || to_utc(clock, &dated) < limit)
        dated.year = year_with(s, dated.year + 1, 1);
    return to_utc(clock, &dated);
}

static int64_t infer_year(struct stamp_clock *clock, const struct stamp *s)
{
    int64_t limit = sane(clock->newest) + STAMP_FUTURE_S;
    if (clock->before != STAMP_NONE) {
        int64_t time = first_from(clock, s, sane(clock->before) - STAMP_BACK_S);
        if (time <= limit)
            return time;
    }
    return latest_until(clock, s, limit);
}

static int64_t resolve(struct stamp_clock *clock, const struct stamp *s)
{
    return s->has_year ? to_utc(clock, s) : infer_year(clock, s);
}

/* A line that stands out of all order has its time, but does not say when the next
 * lines were written: one forged "2019-.." must not pull them into 2019. */
static void move_on(struct stamp_clock *clock, int64_t time)
{
    bool is_back = clock->before != STAMP_NONE && time < sane(clock->before) - DAY;
    bool is_ahead = time > sane(clock->newest) + DAY;
    if (clock->before == STAMP_NONE || (!is_back && !is_ahead))
        clock->before = time;
}

int64_t stamp_resolve(struct stamp_clock *clock, const struct stamp *stamp)
{
    int64_t time = resolve(clock, stamp);
    clock->minute.head_len = 0;
    if (time != STAMP_NONE)
        move_on(clock, time);
    return time;
}

/* The minute that was read last */

static bool resolves_to(const struct stamp_clock *clock, const struct stamp *s, int second,
                        int64_t want)
{
    struct stamp_clock trial = *clock;
    struct stamp edge = *s;
    edge.second = second;
    int64_t time = resolve(&trial, &edge);
    if (time != want)
        return false;
    move_on(&trial, time);
    return (trial.before == time) == (clock->before == want - second + s->second);
}

/* Does every second of this minute resolve as this one did, and move the clock on alike?
 * In a minute that a limit goes through, it does not. */
static bool is_steady(const struct stamp_clock *clock, const struct stamp *s, int64_t time)
{
    int64_t start = time - s->second;
    return s->second <= 59 && resolves_to(clock, s, 0, start) &&
           resolves_to(clock, s, 59, start + 59);
}

static void remember(struct stamp_clock *clock, struct span line, const struct stamp *s,
                     const struct stamp_places *places, const char *end, int64_t time)
{
    size_t head = (size_t)(places->second - line.at), tail = (size_t)(end - places->tail);
    if (places->times != 1 || head > sizeof clock->minute.head || tail == 0 ||
        tail > sizeof clock->minute.tail || (end[-1] != ' ' && end[-1] != '\t') ||
        !is_steady(clock, s, time))
        return;
    memcpy(clock->minute.head, line.at, head);
    memcpy(clock->minute.tail, places->tail, tail);
    clock->minute.head_len = (unsigned char)head;
    clock->minute.tail_len = (unsigned char)tail;
    clock->minute.time = time - s->second;
    clock->minute.before = clock->before;
    clock->minute.moves = clock->before == time;
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
    if (head == 0 || line.len < head + 2 + tail || clock->before != clock->minute.before ||
        memcmp(line.at, clock->minute.head, head) != 0)
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
    return p + tail;
}

/* The time of a line that spells the kept minute. */
static int64_t recalled_time(struct stamp_clock *clock, const struct stamp *stamp)
{
    int64_t time = clock->minute.time + stamp->second;
    if (clock->minute.moves)
        clock->before = clock->minute.before = time;
    return time;
}

int64_t stamp_read(struct stamp_clock *clock, struct span line, struct stamp *stamp,
                   struct span *rest)
{
    struct stamp_places places;
    const char *text = recall(clock, line, stamp);
    if (text != NULL) {
        *rest = span_of(text, line.at + line.len);
        return recalled_time(clock, stamp);
    }
    size_t taken = stamp_scan(line, stamp, &places);
    if (taken == 0)
        return STAMP_NONE;
    *rest = span_skip(line, taken);
    int64_t time = stamp_resolve(clock, stamp);
    if (time != STAMP_NONE)
        remember(clock, line, stamp, &places, line.at + taken, time);
    return time;
}

int64_t stamp_first(struct span text, int64_t newest, struct stamp *stamp, struct span *line)
{
    struct stamp_clock clock;
    struct span rest;
    int64_t time = STAMP_NONE;
    stamp_clock_init(&clock, newest);
    while (time == STAMP_NONE && span_take_line(&text, line))
        time = stamp_read(&clock, *line, stamp, &rest);
    return time;
}
