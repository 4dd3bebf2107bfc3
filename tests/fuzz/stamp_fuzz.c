/* stamp_fuzz - what the cache answers is what the long way answers.
 *
 * The first byte chooses the machine's zone and how the rest is taken: as lines, or
 * as recipes for lines near the moments where years and clocks turn. Each line is
 * read by stamp_read() with whatever its clock remembers, and by stamp_parse() and
 * stamp_resolve() with a copy of that clock that remembers nothing.
 */
#include "spamgear/log/stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void hold(bool ok, const char *what, struct span line)
{
    if (ok)
        return;
    fprintf(stderr, "%s: \"%.*s\"\n", what, (int)line.len, line.at);
    abort();
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
    return a->shape == b->shape && a->zone_kind == b->zone_kind && a->has_year == b->has_year &&
           (!a->has_year || a->year == b->year) && a->month == b->month && a->day == b->day &&
           a->hour == b->hour && a->minute == b->minute && a->second == b->second &&
           a->offset_s == b->offset_s && a->zone.len == b->zone.len && a->zone.at == b->zone.at;
}

static bool is_possible(const struct stamp *s)
{
    return s->month >= 1 && s->month <= 12 && s->day >= 1 && s->day <= 31 && s->hour >= 0 &&
           s->hour <= 23 && s->minute >= 0 && s->minute <= 59 && s->second >= 0 && s->second <= 60;
}

static void read_line(struct stamp_clock *clock, struct span line)
{
    struct stamp_clock cold = *clock;
    struct stamp warm_stamp, cold_stamp;
    struct span rest = {NULL, 0};
    cold.minute.head_len = 0;
    cold.quarter.kind = STAMP_OFFSET;
    int64_t time = stamp_read(clock, line, &warm_stamp, &rest);
    size_t taken = stamp_parse(line, &cold_stamp);
    int64_t want = taken == 0 ? STAMP_NONE : stamp_resolve(&cold, &cold_stamp);
    hold(taken <= line.len, "reads too far", line);
    hold(time == want, "another time", line);
    hold(clock->before == cold.before, "another clock", line);
    if (time == STAMP_NONE)
        return;
    hold(is_same(&warm_stamp, &cold_stamp), "another stamp", line);
    hold(is_possible(&warm_stamp), "an impossible date", line);
    hold(rest.len == line.len - taken, "another rest", line);
    int64_t newest = clock->newest < 0 ? 0 : clock->newest;
    hold(warm_stamp.has_year || time <= newest + 86400, "too new", line);
}

static void read_lines(struct stamp_clock *clock, const char *at, size_t size)
{
    const char *end = at + size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct span line = span_of(at, newline == NULL ? end : newline);
        char *copy = malloc(line.len + 1); /* its own end, for the sanitizer */
        memcpy(copy, line.at, line.len);
        char *exact = realloc(copy, line.len == 0 ? 1 : line.len);
        read_line(clock, (struct span){exact, line.len});
        free(exact);
        at = newline == NULL ? end : newline + 1;
    }
}

/* Four bytes make a line: its form, and a time not far from the line before. */
static void read_recipe(struct stamp_clock *clock, int64_t *time, const unsigned char *four)
{
    static const char *const forms[] = {
        "%b %e %H:%M:%S mx a: b",          "%b %d %H:%M:%S.25 mx a: b",
        "%Y-%m-%dT%H:%M:%S+01:00 mx a: b", "%Y-%m-%d %H:%M:%S 1x <= a",
        "%Y-%m-%d %H:%M:%S +0100 1x <= a", "[%d-%b-%Y %H:%M:%S Europe/Madrid] mail()",
        "[%d-%b-%Y %H:%M:%S] mail()",      "%Y-%m-%dT%H:%M:%SZ %b %e %H:%M:%S mx a: b",
    };
    static const int steps[] = {0, 1, 7, 60, 900, 3600, 86400, 31536000};
    char line[128];
    struct tm tm;
    int step = steps[four[1] % 8] * (four[2] % 8);
    *time += four[1] & 0x80 ? -step : step;
    *time += four[3] % 64;
    time_t t = (time_t)*time;
    size_t len =
        gmtime_r(&t, &tm) == NULL ? 0 : strftime(line, sizeof line, forms[four[0] % 8], &tm);
    read_line(clock, (struct span){line, len});
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char *const zones[] = {"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3",
                                        "EST5EDT,M3.2.0,M11.1.0",
                                        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"};
    static const int64_t moments[] = {1792889100, 1798761500, 1795284000, 1830297600,
                                      1793511900, 1774745900, 951782400,  59};
    struct stamp_clock clock;
    if (size < 2)
        return 0;
    setenv("TZ", zones[data[0] % 4], 1);
    tzset();
    int64_t time = moments[data[0] / 4 % 8];
    stamp_clock_init(&clock, time + (data[1] - 128) * 1000);
    if (data[0] & 0x80)
        read_lines(&clock, (const char *)data + 2, size - 2);
    else
        for (size_t i = 2; i + 4 <= size; i += 4)
            read_recipe(&clock, &time, data + i);
    return 0;
}
