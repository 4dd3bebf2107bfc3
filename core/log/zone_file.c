/* zone_file - time zone files (RFC 8536, tzfile(5)) and the rule at their end.
 *
 * A file is a header, the changes as 32-bit times, and from version 2 on a second
 * header, the changes as 64-bit times, and a line in the style of POSIX TZ that
 * says how it goes on after the last change ("CET-1CEST,M3.5.0,M10.5.0/3").
 * Today's files may hold no change of this century but that line. Every count is
 * held against the bytes that are there; a file that does not add up is none.
 * Leap seconds ("right/" zones) are not looked at: logs do not count them.
 */
#include "zone_file.h"

#include "spamgear/base/mem.h"
#include "stamp_civil.h"

#include <stdlib.h>

enum { HEADER = 44, OFFSET_MOST = 26 * 3600 };

/* A day of the year, and the second of it, when clocks change. */
struct change {
    char kind; /* 'M' month.week.weekday, 'J' day 1-365 without 29 February, 'n' day 0-365 */
    int month, week, day; /* J and n: only day */
    int second;
};

struct rule {
    bool has_rule, has_summer;
    int standard_s, summer_s; /* east of UTC */
    struct change start, end; /* of summer time, by the clock before each change */
};

struct zone {
    size_t count;
    int64_t *times; /* of the changes, ascending */
    int *offsets;   /* since then */
    int first_s;    /* before all changes */
    struct rule rule;
};

struct counts {
    uint64_t utc_flags, std_flags, leaps, times, types, chars;
    size_t time_size; /* 4 or 8 bytes */
};

static int64_t big_endian(const char *at, size_t size)
{
    uint64_t n = (unsigned char)at[0] >= 0x80 ? ~UINT64_C(0) : 0;
    for (size_t i = 0; i < size; i++)
        n = n << 8 | (unsigned char)at[i];
    return (int64_t)n;
}

static uint64_t count_at(struct span s, size_t at)
{
    return (uint64_t)big_endian(s.at + at, 4) & 0xffffffff;
}

static bool read_header(struct span s, size_t time_size, struct counts *c)
{
    if (s.len < HEADER || memcmp(s.at, "TZif", 4) != 0)
        return false;
    *c = (struct counts){.utc_flags = count_at(s, 20),
                         .std_flags = count_at(s, 24),
                         .leaps = count_at(s, 28),
                         .times = count_at(s, 32),
                         .types = count_at(s, 36),
                         .chars = count_at(s, 40),
                         .time_size = time_size};
    return c->types > 0;
}

/* How long header and data are: sums of 32-bit counts, so no overflow. */
static uint64_t block_size(const struct counts *c)
{
    return HEADER + c->times * (c->time_size + 1) + c->types * 6 + c->chars +
           c->leaps * (c->time_size + 4) + c->std_flags + c->utc_flags;
}

static bool read_changes(struct span s, const struct counts *c, struct zone *zone)
{
    const char *times = s.at + HEADER, *indexes = times + c->times * c->time_size;
    const char *types = indexes + c->times;
    zone->count = (size_t)c->times;
    zone->times = mem_alloc((zone->count + 1) * sizeof *zone->times);
    zone->offsets = mem_alloc((zone->count + 1) * sizeof *zone->offsets);
    zone->first_s = (int)big_endian(types, 4);
    bool sound = zone->first_s > -OFFSET_MOST && zone->first_s < OFFSET_MOST;
    for (size_t i = 0; i < zone->count && sound; i++) {
        unsigned char type = (unsigned char)indexes[i];
        zone->times[i] = big_endian(times + i * c->time_size, c->time_size);
        zone->offsets[i] = type < c->types ? (int)big_endian(types + 6 * type, 4) : OFFSET_MOST;
        sound = zone->offsets[i] > -OFFSET_MOST && zone->offsets[i] < OFFSET_MOST &&
                (i == 0 || zone->times[i - 1] < zone->times[i]);
    }
    return sound;
}

/* The POSIX TZ line. Each taker moves *p on; the text is NUL-terminated. */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take_char(const char **p, char c)
{
    if (**p != c)
        return false;
    ++*p;
    return true;
}

static bool take_number(const char **p, int low, int high, int *number)
{
    int n = 0;
    const char *start = *p;
    while (**p >= '0' && **p <= '9' && *p - start < 4)
        n = n * 10 + (*(*p)++ - '0');
    *number = n;
    return *p > start && n >= low && n <= high;
}

/* "CET" or "<+0330>" */
static bool take_name(const char **p)
{
    const char *start = *p;
    if (take_char(p, '<')) {
        while (**p != '\0' && **p != '>')
            ++*p;
        return take_char(p, '>');
    }
    while (is_letter(**p))
        ++*p;
    return *p > start;
}

/* "[+-]h[h[h]][:mm[:ss]]" in seconds */
static bool take_clock(const char **p, int *seconds)
{
    int h, m = 0, s = 0;
    bool negative = take_char(p, '-');
    if (!negative)
        take_char(p, '+');
    if (!take_number(p, 0, 167, &h) || (take_char(p, ':') && !take_number(p, 0, 59, &m)) ||
        (take_char(p, ':') && !take_number(p, 0, 59, &s)))
        return false;
    *seconds = (h * 3600 + m * 60 + s) * (negative ? -1 : 1);
    return true;
}

static bool take_day(const char **p, struct change *c)
{
    if (take_char(p, 'M')) {
        c->kind = 'M';
        return take_number(p, 1, 12, &c->month) && take_char(p, '.') &&
               take_number(p, 1, 5, &c->week) && take_char(p, '.') && take_number(p, 0, 6, &c->day);
    }
    c->kind = take_char(p, 'J') ? 'J' : 'n';
    return take_number(p, c->kind == 'J' ? 1 : 0, 365, &c->day);
}

static bool take_change(const char **p, struct change *c)
{
    c->second = 2 * 3600;
    return take_char(p, ',') && take_day(p, c) && (!take_char(p, '/') || take_clock(p, &c->second));
}

/* POSIX counts west of UTC, everybody else east. */
static bool read_rule(const char *p, struct rule *r)
{
    int west;
    if (!take_name(&p) || !take_clock(&p, &west) || west <= -OFFSET_MOST || west >= OFFSET_MOST)
        return false;
    r->standard_s = -west;
    r->summer_s = r->standard_s + 3600;
    r->has_rule = true;
    if (*p == '\0')
        return true;
    r->has_summer = true;
    if (!take_name(&p))
        return false;
    if (*p != ',') {
        if (!take_clock(&p, &west) || west <= -OFFSET_MOST || west >= OFFSET_MOST)
            return false;
        r->summer_s = -west;
    }
    return take_change(&p, &r->start) && take_change(&p, &r->end) && *p == '\0';
}

/* The line between two newlines at the end; an empty one says nothing. */
static bool read_footer(struct span s, struct rule *rule)
{
    char text[128];
    const char *end;
    if (s.len < 2 || s.at[0] != '\n' || (end = memchr(s.at + 1, '\n', s.len - 1)) == NULL)
        return false;
    struct span line = span_of(s.at + 1, end);
    if (line.len == 0)
        return true;
    if (line.len >= sizeof text || memchr(line.at, '\0', line.len) != NULL)
        return false;
    memcpy(text, line.at, line.len);
    text[line.len] = '\0';
    return read_rule(text, rule);
}

static bool read_file(struct span file, struct zone *zone)
{
    struct counts c;
    if (!read_header(file, 4, &c) || block_size(&c) > file.len)
        return false;
    if (file.at[4] < '2') /* version 1: nothing follows */
        return read_changes(file, &c, zone);
    struct span second = span_skip(file, (size_t)block_size(&c));
    if (!read_header(second, 8, &c) || block_size(&c) > second.len)
        return false;
    return read_changes(second, &c, zone) &&
           read_footer(span_skip(second, (size_t)block_size(&c)), &zone->rule);
}

struct zone *zone_parse(struct span file)
{
    struct zone *zone = mem_zero(1, sizeof *zone);
    if (read_file(file, zone))
        return zone;
    zone_free(zone);
    return NULL;
}

void zone_free(struct zone *zone)
{
    if (zone == NULL)
        return;
    free(zone->times);
    free(zone->offsets);
    free(zone);
}

/* 0 is Sunday; 1 January 1970 was a Thursday. */
static int weekday(int64_t days)
{
    return (int)(((days + 4) % 7 + 7) % 7);
}

/* The day of "M10.5.0": week 5 is the last one. */
static int64_t day_by_week(const struct change *c, int year)
{
    int64_t first = civil_days(year, c->month, 1);
    int day = (c->day - weekday(first) + 7) % 7 + 7 * (c->week - 1);
    return first + (day < civil_month_days(year, c->month) ? day : day - 7);
}

/* When the clocks change in that year, as they show it before the change. */
static int64_t change_at(const struct change *c, int year)
{
    int64_t days;
    if (c->kind == 'M')
        days = day_by_week(c, year);
    else if (c->kind == 'J')
        days = civil_days(year, 1, c->day + (c->day > 59 && civil_is_leap(year)));
    else
        days = civil_days(year, 1, c->day + 1);
    return days * 86400 + c->second;
}

static int rule_offset(const struct rule *r, int64_t time)
{
    if (!r->has_summer)
        return r->standard_s;
    int year = civil_year(time + r->standard_s);
    int64_t start = change_at(&r->start, year) - r->standard_s;
    int64_t end = change_at(&r->end, year) - r->summer_s;
    bool summer = start < end ? time >= start && time < end : time >= start || time < end;
    return summer ? r->summer_s : r->standard_s;
}

int zone_file_offset(const struct zone *zone, int64_t time)
{
    size_t low = 0, high = zone->count; /* the first change after time */
    if (zone->rule.has_rule && (high == 0 || time >= zone->times[high - 1]))
        return rule_offset(&zone->rule, time);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->times[middle] <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? zone->first_s : zone->offsets[low - 1];
}
