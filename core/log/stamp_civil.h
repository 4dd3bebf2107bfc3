/* stamp_civil - the Gregorian calendar, for the files of this folder only.
 *
 * Dates count as days from 1970-01-01, without libc, so without its locks and
 * its time zone. Years 1 to 9999 and months 1 to 12; nothing here can fail.
 */
#ifndef SPAMGEAR_LOG_STAMP_CIVIL_H
#define SPAMGEAR_LOG_STAMP_CIVIL_H

#include "spamgear/log/stamp.h"
#include <stdio.h>

static inline bool civil_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static inline int civil_month_days(int year, int month)
{
    static const char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && civil_is_leap(year));
}

static inline int64_t civil_days(int year, int month, int day)
{
    static const short before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t y = year - 1;
    int64_t days = y * 365 + y / 4 - y / 100 + y / 400 - 719162; /* to 1 January */
    return days + before[month - 1] + (month > 2 && civil_is_leap(year)) + day - 1;
}

/* The seconds that a clock without a zone has counted at this stamp. */
static inline int64_t civil_seconds(const struct stamp *s)
{
    return civil_days(s->year, s->month, s->day) * 86400 + s->hour * 3600 + s->minute * 60 +
           s->second;
}

/* The year that these seconds fall into, 1 to 9999. */
static inline int civil_year(int64_t seconds)
{
    if (seconds < -INT64_C(62135596800))
        return 1;
    if (seconds > INT64_C(253402300799))
        return 9999;
    int year = (int)(1970 + seconds / 31557600);
    while (year < 9999 && civil_days(year + 1, 1, 1) * 86400 <= seconds)
        year++;
    while (year > 1 && civil_days(year, 1, 1) * 86400 > seconds)
        year--;
    return year;
}

/* The date of a day counted from 1970-01-01; years 1 to 9999. */
static inline void civil_date(int64_t days, int *year, int *month, int *day)
{
    *year = civil_year(days * 86400);
    int64_t left = days - civil_days(*year, 1, 1);
    for (*month = 1; *month < 12 && left >= civil_month_days(*year, *month); ++*month)
        left -= civil_month_days(*year, *month);
    *day = (int)left + 1;
}

/* Division that rounds down, as calendars want it. */
static inline int64_t civil_floor(int64_t n, int64_t by)
{
    return n / by - (n % by < 0);
}

/* "2026-11-21T18:33:09"; times outside of the years 1 to 9999 are cut to them. */
static inline void civil_format(int64_t seconds, char out[20])
{
    const int64_t first = -INT64_C(62135596800), last = INT64_C(253402300799);
    int year, month, day;
    seconds = seconds < first ? first : seconds > last ? last : seconds;
    int64_t days = civil_floor(seconds, 86400);
    unsigned second = (unsigned)(seconds - days * 86400);
    civil_date(days, &year, &month, &day);
    snprintf(out, 20, "%04u-%02u-%02uT%02u:%02u:%02u", (unsigned)year % 10000,
             (unsigned)month % 100, (unsigned)day % 100, second / 3600 % 100, second / 60 % 60,
             second % 60);
}

#endif
