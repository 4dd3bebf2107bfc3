/* stamp_user - times that people type and read, and the night of two equal hours.
 *
 * What people type is brought into the shape of a log stamp and read as one,
 * so that there is one reader of dates. All of it is local time, as zone knows it.
 */
#include "spamgear/log/stamp.h"

#include "spamgear/base/duration.h"
#include "spamgear/log/zone.h"
#include "stamp_civil.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { DAY = 86400, TYPED_MOST = 64 };

#define LAST INT64_C(253402214400) /* the last day of 9999: four digits are enough until here */

/* A stamp as a log line has it, and nothing behind it. */
static bool from_stamp(const char *text, int64_t now, int64_t *time)
{
    struct stamp stamp;
    struct stamp_clock clock;
    struct span line = span_text(text);
    if (line.len == 0 || stamp_parse(line, &stamp) != line.len)
        return false;
    stamp_clock_init(&clock, now);
    *time = stamp_resolve(&clock, &stamp);
    return *time != STAMP_NONE;
}

static bool from_epoch(const char *text, int64_t *time)
{
    unsigned long long seconds;
    if (*text != '@' || !span_number(span_text(text + 1), &seconds) ||
        seconds > (unsigned long long)LAST)
        return false;
    *time = (int64_t)seconds;
    return true;
}

/* "-2hours", "2 days ago" */
static bool from_past(const char *text, int64_t now, int64_t *time)
{
    char period[TYPED_MOST];
    struct span s = span_text(text), ago = SPAN(" ago");
    bool is_ago = s.len > ago.len && strcasecmp(span_end(s) - ago.len, ago.at) == 0;
    if (is_ago == (*text == '-'))
        return false;
    s = is_ago ? (struct span){s.at, s.len - ago.len} : span_skip(s, 1);
    snprintf(period, sizeof period, "%.*s", (int)s.len, s.at);
    int64_t seconds = duration_parse(period, NULL);
    *time = now - seconds;
    return seconds > 0;
}

/* "today" in "today 18:00" is 0 days from today; the text behind it. */
static const char *take_day_word(const char *text, int *days)
{
    static const struct {
        const char *word;
        int days;
    } words[] = {{"today", 0}, {"yesterday", -1}, {"tomorrow", 1}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i].word);
        if (strncasecmp(text, words[i].word, len) == 0 && (text[len] == '\0' || text[len] == ' ')) {
            *days = words[i].days;
            return text + len;
        }
    }
    return NULL;
}

static void write_day(int64_t now, int days, char out[TYPED_MOST])
{
    int year, month, day;
    civil_date(civil_floor(now + zone_offset_here(now), DAY) + days, &year, &month, &day);
    snprintf(out, TYPED_MOST, "%04d-%02d-%02d", year, month, day);
}

/* The day that the text begins with, as "2026-11-21"; the text behind it. */
static const char *take_day(const char *text, int64_t now, char out[TYPED_MOST])
{
    int days = 0;
    const char *behind = take_day_word(text, &days);
    if (behind != NULL)
        write_day(now, days, out);
    else if (strlen(text) >= 3 && text[2] == ':') { /* "18:00" */
        write_day(now, 0, out);
        behind = text;
    } else {
        snprintf(out, TYPED_MOST, "%.10s", text);
        behind = text + strlen(out);
    }
    if (*behind == ' ' || *behind == 'T')
        behind++;
    return behind;
}

/* A day, a time without its seconds, or both. */
static bool from_day(const char *text, int64_t now, int64_t *time)
{
    char day[TYPED_MOST], full[3 * TYPED_MOST];
    const char *clock = take_day(text, now, day);
    const char *seconds = strlen(clock) == 5 ? ":00" : "";
    snprintf(full, sizeof full, "%s %s%s", day, *clock == '\0' ? "00:00:00" : clock, seconds);
    return from_stamp(full, now, time);
}

/* The text without blanks around it; false when it is too long to be a time. */
static bool trim(const char *text, char out[TYPED_MOST])
{
    size_t len = strlen(text + strspn(text, " \t"));
    text += strspn(text, " \t");
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    if (len == 0 || len >= TYPED_MOST)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

bool stamp_from_user(const char *text, int64_t now, int64_t *time)
{
    char typed[TYPED_MOST];
    if (!trim(text, typed))
        return false;
    if (strcasecmp(typed, "now") == 0) {
        *time = now;
        return true;
    }
    return from_epoch(typed, time) || from_stamp(typed, now, time) || from_past(typed, now, time) ||
           from_day(typed, now, time);
}

void stamp_format(int64_t time, char out[32])
{
    if (time < 0 || time > LAST) {
        snprintf(out, 32, "@%lld", (long long)time);
        return;
    }
    int offset = zone_offset_here(time);
    unsigned minutes = (unsigned)abs(offset) / 60;
    civil_format(time + offset, out);
    snprintf(out + 19, 13, "%c%02u:%02u", offset < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
}

void stamp_format_plain(int64_t time, bool utc, char out[20])
{
    civil_format(time + (utc ? 0 : zone_offset_here(time)), out);
    out[10] = ' ';
}

/* The moment in (from, to] when the offset goes down; it does so once there. */
static int64_t find_change(int64_t from, int64_t to)
{
    int later = zone_offset_here(to);
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (zone_offset_here(middle) == later)
            to = middle;
        else
            from = middle;
    }
    return to;
}

bool stamp_is_repeated_hour(int64_t around, int64_t span_s, int64_t *hour_start)
{
    const int64_t most = 400 * (int64_t)DAY;
    if (around < 0 || around > LAST || span_s < 0)
        return false;
    int64_t span = span_s > most ? most : span_s, last = around + span;
    for (int64_t from = around - span - 1; from < last; from += DAY) {
        int64_t to = from + DAY < last ? from + DAY : last;
        int drop = zone_offset_here(from) - zone_offset_here(to);
        if (drop > 0) {
            *hour_start = find_change(from, to) - drop;
            return true;
        }
    }
    return false;
}
