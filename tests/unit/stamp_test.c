#include "spamgear/log/stamp.h"

#include "test.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MADRID   "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"

static void set_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

/* "2026-11-21 18:00:00" UTC, by libc and not by what is tested. */
static int64_t utc(const char *text)
{
    struct tm tm = {0};
    char *end = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
    return end == NULL || *end != '\0' ? -1 : (int64_t)timegm(&tm);
}

static const char *show(int64_t time)
{
    static char out[64];
    struct tm tm;
    time_t t = (time_t)time;
    if (time == STAMP_NONE || gmtime_r(&t, &tm) == NULL)
        return "none";
    strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S", &tm);
    return out;
}

/* One line of its own, in memory that ends where it ends. */
static int64_t read_alone(const char *line, int64_t newest, struct stamp *stamp, size_t *taken)
{
    struct stamp_clock clock;
    struct span rest = {NULL, 0};
    size_t len = strlen(line);
    char *copy = malloc(len + 1);
    memcpy(copy, line, len);
    stamp_clock_init(&clock, newest);
    int64_t time = stamp_read(&clock, (struct span){copy, len}, stamp, &rest);
    *taken = time == STAMP_NONE ? 0 : len - rest.len;
    free(copy);
    return time;
}

static const struct {
    const char *line, *want;
    enum stamp_shape shape;
    const char *rest;
} forms[] = {
    {"Nov  2 01:45:57 mx a[1]: b", "2026-11-02 00:45:57", STAMP_SYSLOG, "mx a[1]: b"},
    {"Nov 02 01:45:57 mx a[1]: b", "2026-11-02 00:45:57", STAMP_SYSLOG, "mx a[1]: b"},
    {"Nov 21 18:00:00.123456 mx a: b", "2026-11-21 17:00:00", STAMP_SYSLOG, "mx a: b"},
    {"Nov 21 18:00:00", "2026-11-21 17:00:00", STAMP_SYSLOG, ""},
    {"Nov 21 18:00:00 ", "2026-11-21 17:00:00", STAMP_SYSLOG, ""},
    {"Nov 21 18:00:00  mx", "2026-11-21 17:00:00", STAMP_SYSLOG, " mx"},
    {"Feb 10 03:57:59 HORDE [info] x", "2026-02-10 02:57:59", STAMP_SYSLOG, "HORDE [info] x"},
    {"Jul  4 12:00:00 mx", "2026-07-04 10:00:00", STAMP_SYSLOG, "mx"},
    {"2026-04-11T09:07:54.359299+02:00 mx a: b", "2026-04-11 07:07:54", STAMP_SYSLOG, "mx a: b"},
    {"2026-04-11T09:07:54.359299Z mx", "2026-04-11 09:07:54", STAMP_SYSLOG, "mx"},
    {"2026-04-11T09:07:54Z mx", "2026-04-11 09:07:54", STAMP_SYSLOG, "mx"},
    {"2026-04-11t09:07:54z mx", "2026-04-11 09:07:54", STAMP_SYSLOG, "mx"},
    {"2026-04-11T09:07:54-0530 mx", "2026-04-11 14:37:54", STAMP_SYSLOG, "mx"},
    {"2026-04-11T09:07:54 mx", "2026-04-11 07:07:54", STAMP_SYSLOG, "mx"},
    {"2014-12-01T13:33:15+01:00 INFO: HORDE [imp] x", "2014-12-01 12:33:15", STAMP_SYSLOG,
     "INFO: HORDE [imp] x"},
    {"2016-12-31T23:59:60Z mx", "2017-01-01 00:00:00", STAMP_SYSLOG, "mx"},
    {"2099-12-31T23:59:59Z mx", "2099-12-31 23:59:59", STAMP_SYSLOG, "mx"},
    {"9999-12-31T23:59:59-23:59 mx", "10000-01-01 23:58:59", STAMP_SYSLOG, "mx"},
    {"<22>1 2026-04-11T09:07:54+02:00 mx a 1 - - b", "2026-04-11 07:07:54", STAMP_RFC5424,
     "mx a 1 - - b"},
    {"<22>1 2026-04-11T09:07:54.1Z Nov 21 18:00:00 a", "2026-04-11 09:07:54", STAMP_RFC5424,
     "Nov 21 18:00:00 a"},
    {"<22>Nov  2 01:45:57 mx a: b", "2026-11-02 00:45:57", STAMP_SYSLOG, "mx a: b"},
    {"<0>2026-04-11T09:07:54Z mx", "2026-04-11 09:07:54", STAMP_SYSLOG, "mx"},
    {"<191>Nov  2 01:45:57 mx", "2026-11-02 00:45:57", STAMP_SYSLOG, "mx"},
    {"2026-11-21 18:33:09 1x <= a", "2026-11-21 17:33:09", STAMP_BARE, "1x <= a"},
    {"2026-11-21 18:33:09.123 1x <= a", "2026-11-21 17:33:09", STAMP_BARE, "1x <= a"},
    {"2026-11-21 18:33:09 +0100 1x <= a", "2026-11-21 17:33:09", STAMP_BARE, "1x <= a"},
    {"2026-11-21 18:33:09.123 -0500 [7] 1x", "2026-11-21 23:33:09", STAMP_BARE, "[7] 1x"},
    {"2026-11-21 18:33:09 [584] 1x <= a", "2026-11-21 17:33:09", STAMP_BARE, "[584] 1x <= a"},
    {"2026-11-21 18:33:09 +01x 1x", "2026-11-21 17:33:09", STAMP_BARE, "+01x 1x"},
    {"[01-Dec-2014 12:40:37 +0100]: User u", "2014-12-01 11:40:37", STAMP_BARE, "User u"},
    {"[01-Dec-2014 12:40:37.123456 +0100]: <s> U", "2014-12-01 11:40:37", STAMP_BARE, "<s> U"},
    {"[21-Nov-2026 10:00:00 UTC] mail() on", "2026-11-21 10:00:00", STAMP_BARE, "mail() on"},
    {"[21-Nov-2026 10:00:00 GMT] mail() on", "2026-11-21 10:00:00", STAMP_BARE, "mail() on"},
    {"[21-Nov-2026 10:00:00 Z] mail() on", "2026-11-21 10:00:00", STAMP_BARE, "mail() on"},
    {"[21-Nov-2026 10:00:00 +01:00] mail()", "2026-11-21 09:00:00", STAMP_BARE, "mail()"},
    {"[21-Nov-2026 10:00:00] mail()", "2026-11-21 09:00:00", STAMP_BARE, "mail()"},
    {"mx1 | 2026-04-26T00:52:49.1Z mail a: b", "2026-04-26 00:52:49", STAMP_SYSLOG, "mail a: b"},
    {"mx1 | Apr 26 00:52:49 mail a: b", "2026-04-25 22:52:49", STAMP_SYSLOG, "mail a: b"},
};

static void check_forms(void)
{
    const int64_t newest = utc("2026-11-21 18:00:00");
    set_zone(MADRID);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct stamp stamp = {0};
        size_t taken;
        int64_t time = read_alone(forms[i].line, newest, &stamp, &taken);
        test_text(forms[i].line, show(time), forms[i].want);
        test_number(forms[i].line, stamp.shape, forms[i].shape);
        test_text(forms[i].line, forms[i].line + taken, forms[i].rest);
    }
}

/* Docker's stamp and the container's: the container runs in UTC here, the machine in Madrid. */
static void check_doubled(void)
{
    static const struct {
        const char *line, *want, *rest;
        enum stamp_shape shape;
    } rows[] = {
        {"mx1 | 2026-04-26T00:52:49.1Z Apr 26 00:52:49 mail a: b", "2026-04-26 00:52:49",
         "mail a: b", STAMP_SYSLOG},
        {"mx1      | 2026-04-26T00:52:49.123456789Z Apr 26 00:52:49 mail", "2026-04-26 00:52:49",
         "mail", STAMP_SYSLOG},
        {"2026-04-26T00:52:49.123Z Apr 26 00:52:49 mail a: b", "2026-04-26 00:52:49", "mail a: b",
         STAMP_SYSLOG},
        {"2026-04-26T00:52:51Z Apr 26 02:52:49 mail", "2026-04-26 00:52:51", "mail", STAMP_SYSLOG},
        {"2027-01-01T00:00:01Z Dec 31 23:59:59 mail", "2027-01-01 00:00:01", "mail", STAMP_SYSLOG},
        {"2026-12-31T23:30:00Z Jan  1 00:30:00 mail", "2026-12-31 23:30:00", "mail", STAMP_SYSLOG},
        {"2026-04-26T00:52:49Z 2026-04-26 00:52:48 1x <= a", "2026-04-26 00:52:49", "1x <= a",
         STAMP_BARE},
        /* an old line said again, and one that says its zone: the inner stamp counts */
        {"2026-04-26T00:52:49Z Apr 21 09:01:02 mail", "2026-04-21 07:01:02", "mail", STAMP_SYSLOG},
        {"2026-04-26T00:52:49Z Apr 25 23:07:00 mail", "2026-04-26 00:52:49", "mail", STAMP_SYSLOG},
        {"2026-04-26T00:52:49Z 2026-04-20T01:00:00Z mail", "2026-04-20 01:00:00", "mail",
         STAMP_SYSLOG},
        /* only once, and only after docker's form */
        {"2026-04-26T00:52:49Z Apr 26 00:52:49 Apr 26 00:52:49 x", "2026-04-26 00:52:49",
         "Apr 26 00:52:49 x", STAMP_SYSLOG},
        {"Apr 26 00:52:49 Apr 26 00:52:49 x", "2026-04-25 22:52:49", "Apr 26 00:52:49 x",
         STAMP_SYSLOG},
        {"2026-04-26 00:52:49 Apr 26 00:52:49 x", "2026-04-25 22:52:49", "Apr 26 00:52:49 x",
         STAMP_BARE},
        {"2026-04-26T00:52:49Z mail Apr 20 00:52:49 x", "2026-04-26 00:52:49",
         "mail Apr 20 00:52:49 x", STAMP_SYSLOG},
    };
    const int64_t newest = utc("2027-01-02 00:00:00");
    set_zone(MADRID);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stamp stamp = {0};
        size_t taken;
        int64_t time = read_alone(rows[i].line, newest, &stamp, &taken);
        test_text(rows[i].line, show(time), rows[i].want);
        test_text(rows[i].line, rows[i].line + taken, rows[i].rest);
        test_number(rows[i].line, stamp.shape, rows[i].shape);
    }
}

static const char *const no_stamps[] = {
    "",
    " ",
    "mx postfix/smtpd[1]: Nov 21 18:00:00 x",
    " Nov 21 18:00:00 mx",
    "Nov 21",
    "Nov 21 18:00",
    "Nov 21 18:00: mx",
    "Nov 21 24:00:00 mx",
    "Nov 21 23:60:00 mx",
    "Nov 21 23:59:61 mx",
    "Nov 21 18:00:00x",
    "Nov 21 18:00:00. mx",
    "Nov 21 18:00:00.1234567890 mx",
    "Nov 21 1 :00:00 mx",
    "Nov 31 18:00:00 mx",
    "Feb 30 18:00:00 mx",
    "Nov  0 18:00:00 mx",
    "Nov 00 18:00:00 mx",
    "Nov 32 18:00:00 mx",
    "Nov   2 18:00:00 mx",
    "Nov 2 18:00:00 mx",
    "nov 21 18:00:00 mx",
    "Nob 21 18:00:00 mx",
    "Nov\t21 18:00:00 mx",
    "2026-02-29T00:00:00Z mx",
    "2100-02-29T00:00:00Z mx",
    "2026-13-01T00:00:00Z mx",
    "2026-00-01T00:00:00Z mx",
    "2026-04-31T00:00:00Z mx",
    "1969-12-31T23:59:59Z mx",
    "0001-01-01T00:00:00Z mx",
    "2026-04-11T24:00:00Z mx",
    "2026-04-11T09:07:54+24:00 mx",
    "2026-04-11T09:07:54+02:60 mx",
    "2026-04-11T09:07:54+02 mx",
    "2026-04-11T09:07:54ZZ mx",
    "2026-04-11T09:07Z mx",
    "2026-4-11T09:07:54Z mx",
    "+2026-04-11T09:07:54Z mx",
    "2026-04-11  09:07:54 x",
    "<22>1 - mx a 1 - -",
    "<22>1 Nov 21 18:00:00 mx",
    "<22>2 2026-04-11T09:07:54Z mx",
    "<192>Nov 21 18:00:00 mx",
    "<>Nov 21 18:00:00 mx",
    "<0022>Nov 21 18:00:00 mx",
    "<22Nov 21 18:00:00 mx",
    "<22> Nov 21 18:00:00 mx",
    "<22>2026-11-21 18:33:09 1x",
    "[21-Nov-2026 10:00:00 Nowhere/Atall] mail()",
    "[21-Nov-2026 10:00:00 CEST] mail()",
    "[21-Nov-2026 10:00:00 ../../../etc/localtime] mail()",
    "[21-Nov-2026 10:00:00 /etc/localtime] mail()",
    "[21-Nov-2026 10:00:00 :UTC] mail()",
    "[21-Nov-2026 10:00:00 UTC0] mail()",
    "[21-Nov-2026 10:00:00 Europe] mail()",
    "[21-Nov-2026 10:00:00 Europe/] mail()",
    "[21-Nov-2026 10:00:00 zone1970.tab] mail()",
    "[21-Nov-2026 10:00:00 ] mail()",
    "[21-Nov-2026 10:00:00 UTC UTC] mail()",
    "[21-Nov-2026 10:00:00 UTC",
    "[21-Nov-2026 10:00:00 +01] mail()",
    "[21-Nov-2026 10:00:00 +0100]:x",
    "[21-Nov-2026 10:00:00 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa] x",
    "[29-Feb-2026 10:00:00 UTC] x",
    "[1-Nov-2026 10:00:00 UTC] x",
    "mx1 | [21-Nov-2026 10:00:00 UTC] x",
    "mx1 | 2026-11-21 18:33:09 1x <= a",
    "mx1 |2026-04-26T00:52:49.1Z mail",
    "mx1| 2026-04-26T00:52:49.1Z mail",
    "| 2026-04-26T00:52:49.1Z mail",
    "a/b | 2026-04-26T00:52:49.1Z mail",
    "a | b | 2026-04-26T00:52:49.1Z mail",
};

static void check_none(void)
{
    set_zone(MADRID);
    for (size_t i = 0; i < sizeof no_stamps / sizeof *no_stamps; i++) {
        struct stamp stamp;
        size_t taken;
        test_text(no_stamps[i],
                  show(read_alone(no_stamps[i], utc("2026-11-21 18:00:00"), &stamp, &taken)),
                  "none");
    }
    struct stamp stamp;
    test_number("no line", (int64_t)stamp_parse((struct span){NULL, 0}, &stamp), 0);
    test_number("NUL in it", (int64_t)stamp_parse(SPAN("Nov 21\00018:00:00 mx"), &stamp), 0);
}

/* A line of every length must be read inside its bounds, and give a stamp or none. */
static void check_cut(void)
{
    static const char *const lines[] = {
        "mx1 | 2026-04-26T00:52:49.1Z Apr 26 00:52:49 mail",
        "<22>1 2026-04-11T09:07:54.359299+02:00 mx",
        "[21-Nov-2026 10:00:00.1 Europe/Madrid] mail()",
        "2026-11-21 18:33:09.123 +0100 [584] 1x",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        for (size_t len = 0; len <= strlen(lines[i]); len++) {
            struct stamp stamp;
            char *copy = malloc(len + 1);
            memcpy(copy, lines[i], len);
            char *exact = realloc(copy, len == 0 ? 1 : len);
            test_true(lines[i], stamp_parse((struct span){exact, len}, &stamp) <= len);
            free(exact);
        }
}

struct sequence {
    const char *name, *zone, *newest;
    struct {
        const char *line, *want;
    } rows[10];
};

static void check_sequence(const struct sequence *s)
{
    struct stamp_clock clock;
    set_zone(s->zone);
    stamp_clock_init(&clock, utc(s->newest));
    for (size_t i = 0; i < 10 && s->rows[i].line != NULL; i++) {
        char name[128], line[128];
        struct stamp stamp;
        struct span rest;
        snprintf(line, sizeof line, "%s mx a: b", s->rows[i].line);
        snprintf(name, sizeof name, "%s, line %zu: %s", s->name, i + 1, s->rows[i].line);
        test_text(name, show(stamp_read(&clock, span_text(line), &stamp, &rest)), s->rows[i].want);
    }
}

static const struct sequence years[] = {
    {"New Year",
     "UTC0",
     "2027-01-01 00:10:00",
     {{"Dec 31 23:50:00", "2026-12-31 23:50:00"},
      {"Dec 31 23:59:59", "2026-12-31 23:59:59"},
      {"Jan  1 00:00:00", "2027-01-01 00:00:00"},
      {"Jan  1 00:09:59", "2027-01-01 00:09:59"}}},
    {"New Year, a line late",
     "UTC0",
     "2027-01-01 00:10:00",
     {{"Dec 31 23:59:58", "2026-12-31 23:59:58"},
      {"Jan  1 00:00:00", "2027-01-01 00:00:00"},
      {"Dec 31 23:59:59", "2026-12-31 23:59:59"},
      {"Jan  1 00:00:01", "2027-01-01 00:00:01"}}},
    {"New Year, read later",
     "UTC0",
     "2027-02-10 12:00:00",
     {{"Nov 21 18:00:00", "2026-11-21 18:00:00"},
      {"Dec 31 23:59:59", "2026-12-31 23:59:59"},
      {"Jan  1 00:00:00", "2027-01-01 00:00:00"},
      {"Feb 10 11:59:59", "2027-02-10 11:59:59"}}},
    {"New Year, the writer's clock ahead of the file's time",
     "UTC0",
     "2026-12-31 23:59:58",
     {{"Dec 31 23:59:59", "2026-12-31 23:59:59"}, {"Jan  1 00:00:00", "2027-01-01 00:00:00"}}},
    {"New Year in Madrid is an hour before that of UTC",
     MADRID,
     "2026-12-31 23:30:00",
     {{"Dec 31 23:59:59", "2026-12-31 22:59:59"}, {"Jan  1 00:00:00", "2026-12-31 23:00:00"}}},
    {"a year old, to the day",
     "UTC0",
     "2026-11-21 18:00:00",
     {{"Nov 22 18:00:01", "2025-11-22 18:00:01"},
      {"Nov 22 19:00:00", "2025-11-22 19:00:00"},
      {"Nov 23 10:00:00", "2025-11-23 10:00:00"},
      {"Dec 31 10:00:00", "2025-12-31 10:00:00"},
      {"Jan  1 10:00:00", "2026-01-01 10:00:00"},
      {"Nov 21 17:59:59", "2026-11-21 17:59:59"}}},
    {"a year old, and a line late that would be in the future",
     "UTC0",
     "2026-11-21 18:00:00",
     {{"Nov 22 18:00:01", "2025-11-22 18:00:01"}, {"Nov 22 17:59:00", "2025-11-22 17:59:00"}}},
    {"one minute, of which a part is a year old",
     "UTC0",
     "2026-11-21 18:00:30",
     {{"Nov 22 18:00:31", "2025-11-22 18:00:31"}, {"Nov 22 18:00:29", "2025-11-22 18:00:29"}}},
    {"one minute, of which a part is in the future",
     "UTC0",
     "2026-11-21 18:00:30",
     {{"Nov 22 18:00:29", "2026-11-22 18:00:29"}, {"Nov 22 18:00:31", "2025-11-22 18:00:31"}}},
    {"a line in the future that would be a year old by a forged stamp before it",
     "UTC0",
     "2026-11-21 18:00:00",
     {{"Nov 21 17:00:00", "2026-11-21 17:00:00"},
      {"Nov 22 18:00:01", "2025-11-22 18:00:01"},
      {"Nov 21 17:00:01", "2026-11-21 17:00:01"},
      {"2019-11-21T17:00:00Z", "2019-11-21 17:00:00"},
      {"2019-11-21T17:00:01Z", "2019-11-21 17:00:01"},
      {"Nov 21 17:00:02", "2026-11-21 17:00:02"},
      {"2099-11-21T17:00:00Z", "2099-11-21 17:00:00"},
      {"Nov 21 17:00:03", "2026-11-21 17:00:03"}}},
    {"a file of more than a year, whose beginning is known",
     "UTC0",
     "2026-11-21 18:00:00",
     {{"2025-10-20T12:00:00Z", "2025-10-20 12:00:00"},
      {"2099-10-20T12:00:00Z", "2099-10-20 12:00:00"},
      {"Nov 20 12:00:00", "2025-11-20 12:00:00"},
      {"Nov 21 17:59:00", "2025-11-21 17:59:00"},
      {"Nov 22 12:00:00", "2025-11-22 12:00:00"},
      {"Nov 22 10:30:00", "2025-11-22 10:30:00"},
      {"Jun  1 12:00:00", "2026-06-01 12:00:00"},
      {"Nov 21 17:59:00", "2026-11-21 17:59:00"}}},
    {"last year's lines of a day that is still to come",
     "UTC0",
     "2026-11-21 18:00:00",
     {{"2025-11-22T03:00:00Z", "2025-11-22 03:00:00"}, {"Nov 21 17:50:00", "2026-11-21 17:50:00"}}},
    {"a quiet server",
     "UTC0",
     "2026-11-21 18:00:00",
     {{"2023-12-24T12:00:00Z", "2023-12-24 12:00:00"},
      {"Feb 29 12:00:00", "2024-02-29 12:00:00"},
      {"Feb 27 12:00:00", "2025-02-27 12:00:00"},
      {"Dec 31 12:00:00", "2025-12-31 12:00:00"},
      {"Dec 30 12:00:00", "2025-12-30 12:00:00"},
      {"Dec 28 12:00:00", "2025-12-28 12:00:00"}}},
    {"a clock that stepped back",
     "UTC0",
     "2026-11-21 18:00:00",
     {{"Nov 21 17:00:00", "2026-11-21 17:00:00"},
      {"Nov 18 17:00:00", "2026-11-18 17:00:00"},
      {"Nov 18 17:00:01", "2026-11-18 17:00:01"}}},
    {"leap day in a leap year",
     "UTC0",
     "2028-03-01 12:00:00",
     {{"Feb 28 23:59:59", "2028-02-28 23:59:59"},
      {"Feb 29 00:00:00", "2028-02-29 00:00:00"},
      {"Feb 29 23:59:59", "2028-02-29 23:59:59"},
      {"Mar  1 00:00:00", "2028-03-01 00:00:00"}}},
    {"leap day seen years later",
     "UTC0",
     "2026-11-21 18:00:00",
     {{"Feb 28 23:59:59", "2026-02-28 23:59:59"},
      {"Feb 29 00:00:00", "2024-02-29 00:00:00"},
      {"Mar  1 00:00:00", "2026-03-01 00:00:00"}}},
    {"leap day of a century that leaps not",
     "UTC0",
     "2103-01-01 00:00:00",
     {{"Feb 29 00:00:00", "2096-02-29 00:00:00"}}},
    {"leap day tomorrow",
     "UTC0",
     "2028-02-28 12:00:00",
     {{"Feb 29 11:00:00", "2028-02-29 11:00:00"}, {"Feb 29 13:00:00", "2024-02-29 13:00:00"}}},
    {"a machine far in the future",
     "UTC0",
     "2399-06-01 00:00:00",
     {{"May 31 23:59:59", "2399-05-31 23:59:59"}, {"Jul  1 00:00:00", "2398-07-01 00:00:00"}}},
    {"a machine without a clock",
     "UTC0",
     "1970-01-01 00:00:30",
     {{"Jan  1 00:00:10", "1970-01-01 00:00:10"}}},
};

static const struct sequence changes[] = {
    {"Madrid, summer time begins",
     MADRID,
     "2026-04-01 00:00:00",
     {{"Mar 29 01:59:59", "2026-03-29 00:59:59"},
      {"Mar 29 03:00:00", "2026-03-29 01:00:00"},
      {"Mar 29 03:00:01", "2026-03-29 01:00:01"}}},
    {"Madrid, an hour that does not exist",
     MADRID,
     "2026-04-01 00:00:00",
     {{"Mar 29 02:00:00", "2026-03-29 01:00:00"},
      {"Mar 29 02:30:00", "2026-03-29 01:30:00"},
      {"Mar 29 02:59:59", "2026-03-29 01:59:59"},
      {"Mar 29 04:00:00", "2026-03-29 02:00:00"}}},
    {"Madrid, the hour that occurs twice",
     MADRID,
     "2026-11-01 00:00:00",
     {{"Oct 25 01:59:59", "2026-10-24 23:59:59"},
      {"Oct 25 02:00:00", "2026-10-25 00:00:00"},
      {"Oct 25 02:30:00", "2026-10-25 00:30:00"},
      {"Oct 25 02:59:59", "2026-10-25 00:59:59"},
      {"Oct 25 02:00:00", "2026-10-25 01:00:00"},
      {"Oct 25 02:00:01", "2026-10-25 01:00:01"},
      {"Oct 25 02:30:00", "2026-10-25 01:30:00"},
      {"Oct 25 02:59:59", "2026-10-25 01:59:59"},
      {"Oct 25 03:00:00", "2026-10-25 02:00:00"}}},
    {"Madrid, twice, with lines late",
     MADRID,
     "2026-11-01 00:00:00",
     {{"Oct 25 02:59:58", "2026-10-25 00:59:58"},
      {"Oct 25 02:59:01", "2026-10-25 00:59:01"},
      {"Oct 25 02:00:00", "2026-10-25 01:00:00"},
      {"Oct 25 02:00:05", "2026-10-25 01:00:05"},
      {"Oct 25 02:00:03", "2026-10-25 01:00:03"},
      {"Oct 25 02:58:00", "2026-10-25 01:58:00"},
      {"Oct 25 02:57:30", "2026-10-25 01:57:30"},
      {"Oct 25 03:00:00", "2026-10-25 02:00:00"},
      {"Oct 25 02:59:59", "2026-10-25 01:59:59"}}},
    {"Madrid, twice, few lines",
     MADRID,
     "2026-11-01 00:00:00",
     {{"Oct 25 02:45:00", "2026-10-25 00:45:00"},
      {"Oct 25 02:15:00", "2026-10-25 01:15:00"},
      {"Oct 25 02:50:00", "2026-10-25 01:50:00"}}},
    {"Madrid, twice, the jump in a line that the cache does not keep",
     MADRID,
     "2026-11-01 00:00:00",
     {{"Oct 25 02:30:00", "2026-10-25 00:30:00"},
      {"Oct 25 02:09:60", "2026-10-25 01:10:00"},
      {"Oct 25 02:30:30", "2026-10-25 01:30:30"}}},
    {"Madrid, twice, with years",
     MADRID,
     "2026-11-01 00:00:00",
     {{"2026-10-25 02:45:00", "2026-10-25 00:45:00"},
      {"2026-10-25 02:45:01", "2026-10-25 00:45:01"},
      {"2026-10-25 02:15:00", "2026-10-25 01:15:00"},
      {"2026-10-25 02:15:01", "2026-10-25 01:15:01"}}},
    {"Madrid, zones that are written need no rule",
     MADRID,
     "2026-11-01 00:00:00",
     {{"2026-10-25T02:59:59+02:00", "2026-10-25 00:59:59"},
      {"2026-10-25T02:00:00+01:00", "2026-10-25 01:00:00"},
      {"2026-10-25T02:59:59+02:00", "2026-10-25 00:59:59"}}},
    {"New York, summer time begins",
     NEW_YORK,
     "2026-04-01 00:00:00",
     {{"Mar  8 01:59:59", "2026-03-08 06:59:59"},
      {"Mar  8 03:00:00", "2026-03-08 07:00:00"},
      {"Mar  8 02:30:00", "2026-03-08 07:30:00"}}},
    {"New York, the hour that occurs twice",
     NEW_YORK,
     "2026-11-21 00:00:00",
     {{"Nov  1 00:59:59", "2026-11-01 04:59:59"},
      {"Nov  1 01:00:00", "2026-11-01 05:00:00"},
      {"Nov  1 01:59:59", "2026-11-01 05:59:59"},
      {"Nov  1 01:00:00", "2026-11-01 06:00:00"},
      {"Nov  1 01:59:59", "2026-11-01 06:59:59"},
      {"Nov  1 02:00:00", "2026-11-01 07:00:00"}}},
    {"Lord Howe, half an hour that occurs twice",
     "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
     "2026-06-01 00:00:00",
     {{"Apr  5 01:29:59", "2026-04-04 14:29:59"},
      {"Apr  5 01:30:00", "2026-04-04 14:30:00"},
      {"Apr  5 01:59:59", "2026-04-04 14:59:59"},
      {"Apr  5 01:30:00", "2026-04-04 15:00:00"},
      {"Apr  5 02:00:00", "2026-04-04 15:30:00"}}},
};

/* The bytes of a row's shape but another text: the cache must look at all of it. */
static const struct sequence caches[] = {
    {"another zone in the same minute",
     "UTC0",
     "2026-11-21 19:00:00",
     {{"2026-11-21T18:00:01+00:00", "2026-11-21 18:00:01"},
      {"2026-11-21T18:00:02+01:00", "2026-11-21 17:00:02"},
      {"2026-11-21T18:00:03.5+01:00", "2026-11-21 17:00:03"},
      {"2026-11-21T18:00:04Z", "2026-11-21 18:00:04"},
      {"2026-11-21T18:00:05ZZ", "none"},
      {"2026-11-21T18:00:06", "2026-11-21 18:00:06"},
      {"2026-11-21T18:00:61", "none"},
      {"2026-11-21T18:00:60", "2026-11-21 18:01:00"},
      {"2026-11-21T18:00:07", "2026-11-21 18:00:07"}}},
    {"Exim with and without a zone",
     "UTC0",
     "2026-11-21 19:00:00",
     {{"2026-11-21 18:00:01", "2026-11-21 18:00:01"},
      {"2026-11-21 18:00:02 +0100", "2026-11-21 17:00:02"},
      {"2026-11-21 18:00:03", "2026-11-21 18:00:03"},
      {"2026-11-21 18:00:04.", "none"},
      {"2026-11-21 18:00:05.123", "2026-11-21 18:00:05"}}},
    {"docker's stamp with and without the program's",
     "UTC0",
     "2026-11-21 19:00:00",
     {{"2026-11-21T18:00:01Z", "2026-11-21 18:00:01"},
      {"2026-11-21T18:00:02Z Nov 20 11:11:11", "2026-11-20 11:11:11"},
      {"2026-11-21T18:00:03Z", "2026-11-21 18:00:03"},
      {"2026-11-21T18:00:04Z Nov 20 11:11:11", "2026-11-20 11:11:11"}}},
    {"PHP zones",
     "UTC0",
     "2026-11-21 19:00:00",
     {{"[21-Nov-2026 18:00:01 UTC]", "2026-11-21 18:00:01"},
      {"[21-Nov-2026 18:00:02 GMT]", "2026-11-21 18:00:02"},
      {"[21-Nov-2026 18:00:03 UTD]", "none"},
      {"[21-Nov-2026 18:00:04 UTC]", "2026-11-21 18:00:04"},
      {"[21-Nov-2026 18:00:05.5 UTC]:", "2026-11-21 18:00:05"},
      {"[21-Nov-2026 18:00:06 +02:00]", "2026-11-21 16:00:06"}}},
};

/* Named zones need the system's files; without them the time is not known. */
static const struct sequence named[] = {
    {"PHP, the hour that occurs twice",
     "UTC0",
     "2026-11-21 19:00:00",
     {{"[25-Oct-2026 02:59:59 Europe/Madrid]", "2026-10-25 00:59:59"},
      {"[25-Oct-2026 02:00:00 Europe/Madrid]", "2026-10-25 01:00:00"},
      {"[25-Oct-2026 02:59:59 Europe/Madrid]", "2026-10-25 01:59:59"},
      {"[25-Oct-2026 03:00:00 Europe/Madrid]", "2026-10-25 02:00:00"}}},
    {"PHP, several zones in one quarter of an hour",
     MADRID,
     "2026-11-21 19:00:00",
     {{"[21-Jul-2026 18:00:00 Europe/Madrid]", "2026-07-21 16:00:00"},
      {"[21-Jul-2026 18:00:01 America/New_York]", "2026-07-21 22:00:01"},
      {"[21-Jul-2026 18:00:02 UTC]", "2026-07-21 18:00:02"},
      {"[21-Jul-2026 18:00:03]", "2026-07-21 16:00:03"},
      {"[21-Jul-2026 18:00:04 Europe/Madri]", "none"},
      {"[21-Jul-2026 18:00:05 Europe/Madrid]", "2026-07-21 16:00:05"}}},
};

/* Who moves `before` himself is heard, whatever is kept. */
static void check_moved(void)
{
    struct stamp stamp;
    struct span rest, line = SPAN("Oct 25 02:30:00 mx a: b"), later = SPAN("Oct 25 02:30:01 mx");
    struct stamp_clock clock, copy;
    set_zone(MADRID);
    stamp_clock_init(&clock, utc("2026-11-01 00:00:00"));
    test_text("first hour", show(stamp_read(&clock, line, &stamp, &rest)), "2026-10-25 00:30:00");
    copy = clock;
    copy.before = utc("2026-10-25 01:20:00");
    test_text("second hour", show(stamp_read(&copy, later, &stamp, &rest)), "2026-10-25 01:30:01");
    test_text("second again", show(stamp_read(&copy, line, &stamp, &rest)), "2026-10-25 01:30:00");
    copy = clock;
    copy.before = utc("2025-03-01 00:00:00");
    test_text("another year", show(stamp_read(&copy, later, &stamp, &rest)), "2025-10-25 00:30:01");
    copy.before = STAMP_NONE;
    test_text("no memory", show(stamp_read(&copy, later, &stamp, &rest)), "2026-10-25 00:30:01");
    test_text("untouched", show(stamp_read(&clock, later, &stamp, &rest)), "2026-10-25 00:30:01");
}

/* The zone that is handed out points into the line at hand, by cache or not. */
static void check_zone_span(void)
{
    static const char *const lines[] = {"[21-Nov-2026 18:00:01 GMT] a",
                                        "[21-Nov-2026 18:00:02.25 GMT] a"};
    struct stamp_clock clock;
    stamp_clock_init(&clock, utc("2026-11-21 19:00:00"));
    for (size_t i = 0; i < 2; i++) {
        struct stamp stamp;
        struct span line = span_text(lines[i]), rest;
        stamp_read(&clock, line, &stamp, &rest);
        test_true("zone inside the line", stamp.zone.at > line.at && stamp.zone.at < rest.at);
        test_bytes("zone", stamp.zone.at, stamp.zone.len, "GMT", 3);
        test_number("second", stamp.second, (int64_t)i + 1);
        test_text("rest", rest.at, "a");
    }
}

static void check_repeated(void)
{
    static const struct {
        const char *zone, *around;
        int64_t span_s;
        const char *want;
    } rows[] = {
        {MADRID, "2026-10-25 01:10:00", 3600, "2026-10-25 00:00:00"},
        {MADRID, "2026-10-25 00:10:00", 3600, "2026-10-25 00:00:00"},
        {MADRID, "2026-10-25 01:00:00", 0, "2026-10-25 00:00:00"},
        {MADRID, "2026-10-25 02:00:00", 3600, "2026-10-25 00:00:00"},
        {MADRID, "2026-10-25 02:00:01", 3600, "none"},
        {MADRID, "2026-10-24 23:59:59", 3600, "none"},
        {MADRID, "2026-10-30 12:00:00", 7 * 86400, "2026-10-25 00:00:00"},
        {MADRID, "2026-10-20 12:00:00", 7 * 86400, "2026-10-25 00:00:00"},
        {MADRID, "2026-03-29 01:00:00", 7 * 86400, "none"},
        {MADRID, "2026-10-25 01:00:00", -1, "none"},
        {NEW_YORK, "2026-11-01 06:00:00", 60, "2026-11-01 05:00:00"},
        {"UTC0", "2026-10-25 01:00:00", INT64_MAX, "none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t start = STAMP_NONE;
        set_zone(rows[i].zone);
        bool found = stamp_is_repeated_hour(utc(rows[i].around), rows[i].span_s, &start);
        test_text(rows[i].around, found ? show(start) : "none", rows[i].want);
    }
    int64_t start;
    test_true("no time at all", !stamp_is_repeated_hour(STAMP_NONE, 3600, &start));
}

/* Now is 2026-11-21 18:30:00 in Madrid. */
static const struct {
    const char *text, *want;
} typed[] = {
    {"now", "2026-11-21 17:30:00"},
    {" Now ", "2026-11-21 17:30:00"},
    {"today", "2026-11-20 23:00:00"},
    {"yesterday", "2026-11-19 23:00:00"},
    {"tomorrow", "2026-11-21 23:00:00"},
    {"yesterday 18:00", "2026-11-20 17:00:00"},
    {"today 18:00:05", "2026-11-21 17:00:05"},
    {"18:00", "2026-11-21 17:00:00"},
    {"18:00:05", "2026-11-21 17:00:05"},
    {"2026-11-21", "2026-11-20 23:00:00"},
    {"2026-07-01", "2026-06-30 22:00:00"},
    {"2026-11-21 18:00", "2026-11-21 17:00:00"},
    {"2026-11-21T18:00", "2026-11-21 17:00:00"},
    {"2026-11-21 18:00:05", "2026-11-21 17:00:05"},
    {"2026-11-21T18:00:05", "2026-11-21 17:00:05"},
    {"2026-11-21T18:00:05Z", "2026-11-21 18:00:05"},
    {"2026-11-21T18:00:05.5+05:30", "2026-11-21 12:30:05"},
    {"2026-11-21 18:00:05 -0500", "2026-11-21 23:00:05"},
    {"Nov 21 18:00:05", "2026-11-21 17:00:05"},
    {"Dec 24 18:00:05", "2025-12-24 17:00:05"},
    {"[21-Nov-2026 10:00:00 UTC]", "2026-11-21 10:00:00"},
    {"@1795284000", "2026-11-21 18:00:00"},
    {"@0", "1970-01-01 00:00:00"},
    {"-2hours", "2026-11-21 15:30:00"},
    {"-3600", "2026-11-21 16:30:00"},
    {"2 days ago", "2026-11-19 17:30:00"},
    {"1 hour 30 min ago", "2026-11-21 16:00:00"},
    {"2026-10-25 02:30", "2026-10-25 00:30:00"},
    {"2026-03-29 02:30", "2026-03-29 01:30:00"},
    {"", "none"},
    {" ", "none"},
    {"never", "none"},
    {"3600", "none"},
    {"2hours", "none"},
    {"-2hours ago", "none"},
    {"-", "none"},
    {"ago", "none"},
    {" ago", "none"},
    {"@", "none"},
    {"@-5", "none"},
    {"@99999999999999999999", "none"},
    {"24:00", "none"},
    {"18", "none"},
    {"18:00:05x", "none"},
    {"2026-02-29", "none"},
    {"2026-13-01", "none"},
    {"2026-11", "none"},
    {"20261121", "none"},
    {"2026-11-21 18", "none"},
    {"2026-11-21 18:00 and more", "none"},
    {"2026-11-2118:00", "2026-11-21 17:00:00"},
    {"yesterdays", "none"},
    {"yesterday noon", "none"},
    {"21/11/2026", "none"},
    {"\xff\xfe", "none"},
    {"2026-11-21 18:00:05 2026-11-21 18:00:05 2026-11-21 18:00:05 2026-11-21 18:00", "none"},
};

static void check_user(void)
{
    set_zone(MADRID);
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        int64_t time = STAMP_NONE;
        bool ok = stamp_from_user(typed[i].text, utc("2026-11-21 17:30:00"), &time);
        test_text(typed[i].text, ok ? show(time) : "none", typed[i].want);
    }
}

static void check_format(void)
{
    static const struct {
        const char *zone;
        int64_t time;
        const char *want;
    } rows[] = {
        {MADRID, 1795284000, "2026-11-21T19:00:00+01:00"},
        {MADRID, 1782864000, "2026-07-01T02:00:00+02:00"},
        {NEW_YORK, 1795284000, "2026-11-21T13:00:00-05:00"},
        {"<+0530>-5:30", 1795284000, "2026-11-21T23:30:00+05:30"},
        {"UTC0", 0, "1970-01-01T00:00:00+00:00"},
        {"UTC0", STAMP_NONE, "@-9223372036854775808"},
        {"UTC0", INT64_MAX, "@9223372036854775807"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[32];
        set_zone(rows[i].zone);
        stamp_format(rows[i].time, out);
        test_text(rows[i].zone, out, rows[i].want);
    }
}

static void check_extremes(void)
{
    static const int64_t newest[] = {INT64_MIN, -1, 0, INT64_MAX};
    set_zone("UTC0");
    for (size_t i = 0; i < 4; i++) {
        struct stamp stamp;
        size_t taken;
        test_true("any clock",
                  read_alone("Feb 29 12:00:00 x", newest[i], &stamp, &taken) != STAMP_NONE);
    }
}

int main(void)
{
    check_forms();
    check_doubled();
    check_none();
    check_cut();
    for (size_t i = 0; i < sizeof years / sizeof *years; i++)
        check_sequence(&years[i]);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        check_sequence(&changes[i]);
    for (size_t i = 0; i < sizeof caches / sizeof *caches; i++)
        check_sequence(&caches[i]);
    bool has_files = access("/usr/share/zoneinfo/Europe/Madrid", R_OK) == 0;
    for (size_t i = 0; has_files && i < sizeof named / sizeof *named; i++)
        check_sequence(&named[i]);
    check_zone_span();
    check_moved();
    check_repeated();
    check_user();
    check_format();
    check_extremes();
    return test_end();
}
