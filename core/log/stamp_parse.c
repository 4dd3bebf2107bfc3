/* stamp_parse - what the start of a log line says about time.
 *
 * One small reader for each form, all over one cursor: a reader moves the
 * cursor on, or says false and its caller forgets where it got. Nothing here
 * guesses a year that is not written or knows what a zone name means: see
 * stamp.c and zone.c. Every number has a fixed width and a range, so no
 * arithmetic can overflow.
 * Surprise: where docker wrote its own stamp before the program's, docker's is
 * taken if both are one moment, because it says year and zone: pick_stamp().
 */
#include "spamgear/log/stamp.h"

#include "stamp_civil.h"
#include "stamp_parse.h"

#include <stdlib.h>

struct cursor {
    const char *at, *end;
    struct stamp_places places; /* of the time that was read last */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool peek(const struct cursor *c, char want)
{
    return c->at < c->end && *c->at == want;
}

static bool take(struct cursor *c, char want)
{
    if (!peek(c, want))
        return false;
    c->at++;
    return true;
}

/* A stamp ends at a blank or with the line: "18:33:09x" is none. */
static bool take_end(struct cursor *c)
{
    return c->at == c->end || take(c, ' ') || take(c, '\t');
}

/* Exactly two digits, from low to high. */
static bool take_two(struct cursor *c, int low, int high, int *number)
{
    if (c->end - c->at < 2 || !is_digit(c->at[0]) || !is_digit(c->at[1]))
        return false;
    *number = (c->at[0] - '0') * 10 + (c->at[1] - '0');
    c->at += 2;
    return *number >= low && *number <= high;
}

static bool take_year(struct cursor *c, int *year)
{
    int century, rest;
    if (!take_two(c, 19, 99, &century) || !take_two(c, 0, 99, &rest))
        return false;
    *year = century * 100 + rest;
    return *year >= 1970;
}

static bool take_month_name(struct cursor *c, int *month)
{
    static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (c->end - c->at < 3)
        return false;
    for (int i = 0; i < 12; i++) {
        if (memcmp(c->at, names[i], 3) == 0) {
            c->at += 3;
            *month = i + 1;
            return true;
        }
    }
    return false;
}

/* ".123456": cut off, a second is exact enough for a window. */
static bool take_fraction(struct cursor *c)
{
    if (!take(c, '.'))
        return true;
    const char *start = c->at;
    while (c->at < c->end && c->at - start < 9 && is_digit(*c->at))
        c->at++;
    return c->at > start;
}

/* Second 60 is a leap second (RFC 3339 5.6). */
static bool take_time(struct cursor *c, struct stamp *s)
{
    if (!take_two(c, 0, 23, &s->hour) || !take(c, ':') || !take_two(c, 0, 59, &s->minute) ||
        !take(c, ':'))
        return false;
    c->places.times++;
    c->places.second = c->at;
    if (!take_two(c, 0, 60, &s->second) || !take_fraction(c))
        return false;
    c->places.tail = c->at;
    return true;
}

/* Without a year, 29 February may be one. */
static bool is_real_date(const struct stamp *s)
{
    return s->day <= civil_month_days(s->has_year ? s->year : 2000, s->month);
}

/* "2026-11-21" */
static bool take_iso_date(struct cursor *c, struct stamp *s)
{
    s->has_year = true;
    return take_year(c, &s->year) && take(c, '-') && take_two(c, 1, 12, &s->month) &&
           take(c, '-') && take_two(c, 1, 31, &s->day) && is_real_date(s);
}

/* "+0100", "+01:00" */
static bool take_offset(struct cursor *c, struct stamp *s)
{
    int hours, minutes;
    bool west = peek(c, '-');
    if (!take(c, '+') && !take(c, '-'))
        return false;
    if (!take_two(c, 0, 23, &hours))
        return false;
    take(c, ':');
    if (!take_two(c, 0, 59, &minutes))
        return false;
    s->zone_kind = STAMP_OFFSET;
    s->offset_s = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

/* RFC 3339, its zone optional: "2026-04-11T09:07:54.359299+02:00" */
static bool take_rfc3339(struct cursor *c, struct stamp *s)
{
    if (!take_iso_date(c, s) || (!take(c, 'T') && !take(c, 't')) || !take_time(c, s))
        return false;
    if (peek(c, '+') || peek(c, '-'))
        return take_offset(c, s) && take_end(c);
    if (take(c, 'Z') || take(c, 'z'))
        s->zone_kind = STAMP_OFFSET;
    return take_end(c);
}

/* Exim: "2026-11-21 18:33:09.123 +0100 " */
static bool take_exim(struct cursor *c, struct stamp *s)
{
    s->shape = STAMP_BARE;
    if (!take_iso_date(c, s) || !take(c, ' ') || !take_time(c, s) || !take_end(c))
        return false;
    struct cursor ahead = *c;
    struct stamp zoned = *s;
    if (take_offset(&ahead, &zoned) && take_end(&ahead)) {
        *c = ahead;
        *s = zoned;
    }
    return true;
}

/* " 2" or "02": what stands between month and blank. */
static bool take_padded_day(struct cursor *c, int *day)
{
    if (!take(c, ' '))
        return take_two(c, 1, 31, day);
    if (c->at == c->end || *c->at < '1' || *c->at > '9')
        return false;
    *day = *c->at++ - '0';
    return true;
}

/* RFC 3164: "Nov  2 01:45:57 " */
static bool take_traditional(struct cursor *c, struct stamp *s)
{
    return take_month_name(c, &s->month) && take(c, ' ') && take_padded_day(c, &s->day) &&
           is_real_date(s) && take(c, ' ') && take_time(c, s) && take_end(c);
}

/* zone.c says what such a name may hold. */
static bool take_zone_name(struct cursor *c, struct stamp *s)
{
    const char *start = c->at;
    while (c->at < c->end && *c->at != ']' && *c->at != ' ')
        c->at++;
    s->zone_kind = STAMP_NAMED;
    s->zone = span_of(start, c->at);
    return s->zone.len > 0 && s->zone.len < 48;
}

/* "21-Nov-2026" */
static bool take_dashed_date(struct cursor *c, struct stamp *s)
{
    s->has_year = true;
    return take_two(c, 1, 31, &s->day) && take(c, '-') && take_month_name(c, &s->month) &&
           take(c, '-') && take_year(c, &s->year) && is_real_date(s);
}

/* PHP and Roundcube: "[21-Nov-2026 10:00:00 Europe/Madrid] ", "[.. +0100]: " */
static bool take_bracketed(struct cursor *c, struct stamp *s)
{
    s->shape = STAMP_BARE;
    if (!take(c, '[') || !take_dashed_date(c, s) || !take(c, ' ') || !take_time(c, s))
        return false;
    if (take(c, ' ')) {
        bool is_offset = peek(c, '+') || peek(c, '-');
        if (!(is_offset ? take_offset(c, s) : take_zone_name(c, s)))
            return false;
    }
    if (!take(c, ']'))
        return false;
    take(c, ':');
    return take_end(c);
}

static bool try_reader(bool read(struct cursor *, struct stamp *), struct cursor *c,
                       struct stamp *s)
{
    struct cursor at = *c;
    struct stamp stamp = {.shape = STAMP_SYSLOG};
    if (!read(&at, &stamp))
        return false;
    *c = at;
    *s = stamp;
    return true;
}

/* What may stand before a host, or before the text of Exim's own file. */
static bool take_plain(struct cursor *c, struct stamp *s)
{
    if (c->at == c->end)
        return false;
    if (!is_digit(*c->at))
        return try_reader(take_traditional, c, s);
    return try_reader(take_rfc3339, c, s) || try_reader(take_exim, c, s);
}

/* Are the two stamps of a docker line one moment? The inner one is local time
 * of a container, which may stand in any zone: they are whole quarters of an
 * hour apart, but for the time the line took on its way. */
static bool is_same_moment(const struct stamp *outer, const struct stamp *inner)
{
    const int64_t farthest = 15 * 3600, quarter = 900, lag = 120;
    int64_t wrote = civil_seconds(outer) - outer->offset_s, apart = INT64_MAX;
    struct stamp dated = *inner;
    for (int year = outer->year - 1; year <= outer->year + 1; year++) {
        dated.year = inner->has_year ? inner->year : year;
        int64_t other = civil_seconds(&dated) - wrote;
        if (llabs(other) < llabs(apart))
            apart = other;
    }
    int64_t over = ((apart % quarter) + quarter) % quarter;
    return llabs(apart) <= farthest && (over <= lag || over >= quarter - lag);
}

/* The inner stamp counts, since a container that starts again may repeat old
 * lines; but docker's says year and zone where the inner one does not. */
static void pick_stamp(struct stamp *s, const struct stamp *inner)
{
    if (inner->zone_kind == STAMP_LOCAL && s->zone_kind == STAMP_OFFSET && is_same_moment(s, inner))
        s->shape = inner->shape;
    else
        *s = *inner;
}

/* A stamp, and the program's own one directly after it if the first may be docker's. */
static bool take_doubled(struct cursor *c, struct stamp *s)
{
    struct stamp inner;
    if (!take_plain(c, s))
        return false;
    if (s->shape == STAMP_SYSLOG && s->has_year && take_plain(c, &inner))
        pick_stamp(s, &inner);
    return true;
}

static bool is_name_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
}

/* "mailserver   | " as docker compose writes it. */
static bool take_container(struct cursor *c)
{
    const char *start = c->at, *limit = c->end - c->at > 256 ? c->at + 256 : c->end;
    while (c->at < limit && is_name_char(*c->at))
        c->at++;
    if (c->at == start || !take(c, ' '))
        return false;
    while (c->at < limit && *c->at == ' ')
        c->at++;
    return take(c, '|') && take(c, ' ');
}

/* "<22>" (RFC 5424 6.2.1: 0 to 191) */
static bool take_priority(struct cursor *c)
{
    int priority = 0;
    if (!take(c, '<'))
        return false;
    const char *start = c->at;
    while (c->at < c->end && c->at - start < 3 && is_digit(*c->at))
        priority = priority * 10 + (*c->at++ - '0');
    return c->at > start && priority <= 191 && take(c, '>');
}

/* After a priority: RFC 5424 has a version, forwarded RFC 3164 has none. */
static bool take_prioritised(struct cursor *c, struct stamp *s)
{
    if (!take_priority(c))
        return false;
    if (c->end - c->at < 2 || c->at[0] != '1' || c->at[1] != ' ')
        return take_plain(c, s) && s->shape == STAMP_SYSLOG;
    c->at += 2;
    if (!try_reader(take_rfc3339, c, s))
        return false;
    s->shape = STAMP_RFC5424;
    return true;
}

static bool take_any(struct cursor *c, struct stamp *s)
{
    if (peek(c, '['))
        return try_reader(take_bracketed, c, s);
    if (peek(c, '<'))
        return take_prioritised(c, s);
    if (take_doubled(c, s))
        return true;
    return take_container(c) && take_doubled(c, s) && s->shape == STAMP_SYSLOG;
}

size_t stamp_scan(struct span line, struct stamp *stamp, struct stamp_places *places)
{
    struct stamp s;
    if (line.len == 0)
        return 0;
    struct cursor c = {.at = line.at, .end = line.at + line.len};
    if (!take_any(&c, &s))
        return 0;
    *stamp = s;
    *places = c.places;
    return (size_t)(c.at - line.at);
}

size_t stamp_parse(struct span line, struct stamp *stamp)
{
    struct stamp_places places;
    return stamp_scan(line, stamp, &places);
}
