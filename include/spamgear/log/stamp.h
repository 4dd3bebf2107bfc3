/* stamp - the time at the start of a log line.
 *
 * Two steps, because they need different knowledge. stamp_parse() reads what
 * the line says; it has no memory and may run in any thread. stamp_resolve()
 * turns that into seconds since the epoch; stamps without a year or a zone
 * need to know where in the log the line stands, so it follows one source in
 * order with a `struct stamp_clock`.
 *
 * Forms (log-format facts: RFC 3164, RFC 3339, RFC 5424, Exim spec "log files",
 * Roundcube log_date_format, Horde Log, PHP main/main.c and ext/standard/mail.c):
 *     Nov  2 01:45:57 , Nov 02 01:45:57 , the same with .123456
 *     2026-04-11T09:07:54.359299+02:00 , ...Z , 2026-04-11T09:07:54Z
 *     <22>1 2026-04-11T09:07:54+02:00 , <22>Nov  2 01:45:57
 *     2026-11-21 18:33:09[.123][ +0100]            Exim (a following "[pid] " is not ours)
 *     [01-Dec-2014 12:40:37[.123456] +0100]:       Roundcube
 *     [21-Nov-2026 10:00:00 Europe/Madrid]         PHP
 *     name | 2026-04-26T00:52:49.1Z Apr 26 00:52:49
 *                docker: the inner stamp counts; where it has no zone and is the same
 *                moment (the container's clock may stand in another zone), docker's does
 */
#ifndef SPAMGEAR_LOG_STAMP_H
#define SPAMGEAR_LOG_STAMP_H

#include "spamgear/base/span.h"
#include <stdbool.h>
#include <stdint.h>

#define STAMP_NONE INT64_MIN

/* What follows the stamp differs by the family it comes from. */
enum stamp_shape {
    STAMP_SYSLOG,  /* host and tag follow: "Nov  2 .." or RFC 3339 */
    STAMP_RFC5424, /* host, app-name, procid, msgid, structured data follow */
    STAMP_BARE /* the program's own file: its text follows ("2026-11-21 18:33:09 ..", "[..]: ") */
};

enum stamp_zone {
    STAMP_LOCAL,  /* no zone: local time of this machine */
    STAMP_OFFSET, /* offset_s says it */
    STAMP_NAMED   /* zone holds a name such as Europe/Madrid */
};

struct stamp {
    enum stamp_shape shape;
    enum stamp_zone zone_kind;
    bool has_year;
    int year, month, day, hour, minute, second; /* month 1-12; year only with has_year */
    int offset_s;                               /* seconds east of UTC */
    struct span zone;                           /* borrowed from the line */
};

/* Reads the stamp at the start of line. Returns how many bytes stamp and the
 * blank after it take (so line + n is host, or the program's text), 0 when the
 * line starts with no known stamp or with an impossible date. */
size_t stamp_parse(struct span line, struct stamp *stamp);

#define STAMP_FUTURE_S 86400 /* lines may be stamped so much after the newest time */
#define STAMP_BACK_S   10800 /* and so much before the line before: more is another year */

/* Where one source stands: the time of the line before, and what no line may
 * exceed. Plain data: copy it to go on from the same place elsewhere. Who follows
 * a growing source moves `newest` on with it. */
struct stamp_clock {
    int64_t before;      /* last resolved time, STAMP_NONE at first */
    int64_t newest;      /* no line is later than this plus a day (file mtime, or now) */
    int64_t second_hour; /* a time in the second of two equal hours, once the stamps jumped back */
    /* The rest is stamp's own, for speed: the quarter of an hour whose offsets were asked last ..
     */
    struct {
        enum stamp_zone kind; /* STAMP_OFFSET: none yet */
        bool known;           /* there is such a zone */
        int64_t number;
        int first_s, second_s;
        char zone[48]; /* its bytes: a name in a log may hold NUL */
        unsigned char zone_len;
    } quarter;
    /* .. and the minute that was resolved last, as the line spelled it. */
    struct {
        char head[28], tail[40];          /* up to the seconds; behind them and their fraction */
        unsigned char head_len, tail_len; /* head_len 0: none */
        int64_t time, before;
        bool moves;         /* its lines move `before` on */
        struct stamp stamp; /* its zone is not set */
    } minute;
};

void stamp_clock_init(struct stamp_clock *clock, int64_t newest);

/* The time in seconds since the epoch (fractions cut), and clock->before moves on to
 * it, unless that is more than a day back, or more than a day after clock->newest: a line
 * that stands out of all order has its time, but must not pull the lines behind it along.
 * STAMP_NONE when the zone name is unknown.
 *
 * Year: after a line, the first one that puts the line no more than STAMP_BACK_S before
 * that line; but where that is more than STAMP_FUTURE_S after clock->newest, and without a
 * line before, the latest one that is not. 29 February takes leap years only. Hour that occurs
 * twice when summer time ends: the first until the stamps jump back by more than two minutes, then
 * the second. An hour that does not exist when it begins: as if summer time had begun an hour
 * later. */
int64_t stamp_resolve(struct stamp_clock *clock, const struct stamp *stamp);

/* Both steps for one line, with the cache in front: what scanning uses.
 * *rest gets the bytes after the stamp. STAMP_NONE when there is no readable time. */
int64_t stamp_read(struct stamp_clock *clock, struct span line, struct stamp *stamp,
                   struct span *rest);

/* The time of the first line of text that has one, to a clock that knows newest alone; *line gets
 * that line. STAMP_NONE without any. */
int64_t stamp_first(struct span text, int64_t newest, struct stamp *stamp, struct span *line);

/* Did or will summer time end within span_s seconds around this time (so that local
 * stamps of some hour occur twice)? *hour_start gets the first second of the
 * first of the two hours. */
bool stamp_is_repeated_hour(int64_t around, int64_t span_s, int64_t *hour_start);

/* An absolute time as people type it for --since: "2026-11-21", "2026-11-21 18:00[:05]",
 * RFC 3339, "@1795284000", "18:00" (today), "today", "yesterday", "tomorrow" (midnight, or
 * with a time: "yesterday 18:00"), "now", "-2hours", "2 days ago", and any stamp that a log
 * line may begin with. Local time without a zone. False when it is none. */
bool stamp_from_user(const char *text, int64_t now, int64_t *time);

/* "2026-11-21T18:33:09+01:00" in local time (RFC 3339); out holds 32 bytes. */
void stamp_format(int64_t time, char out[32]);
/* "2026-11-21 18:33:09" in UTC or local time, as SQL has it. */
void stamp_format_plain(int64_t time, bool utc, char out[20]);

#endif
