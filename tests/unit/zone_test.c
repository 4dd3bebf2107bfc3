/* zone - named zones and the machine's own, alone and from several threads at once.
 * ctest label: threads */
#include "spamgear/log/zone.h"

#include "test.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t local(const char *text)
{
    struct tm tm = {0};
    strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
    return (int64_t)timegm(&tm);
}

/* The machine's zone; NULL: TZ is not set. */
static void set_home(const char *tz)
{
    if (tz == NULL)
        unsetenv("TZ");
    else
        setenv("TZ", tz, 1);
    tzset();
}

static bool is_home(const char *tz)
{
    const char *now = getenv("TZ");
    return tz == NULL || now == NULL ? tz == now : strcmp(tz, now) == 0;
}

static bool has_zone(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    return access(path, R_OK) == 0;
}

/* "YYYY-MM-DD HH:MM:SS" on the clocks there, and what they may have meant. */
static const struct {
    const char *name, *local;
    int first_s, second_s;
} rows[] = {
    {"Europe/Madrid", "2026-01-15 12:00:00", 3600, 3600},
    {"Europe/Madrid", "2026-07-15 12:00:00", 7200, 7200},
    {"Europe/Madrid", "2026-03-29 01:59:59", 3600, 3600},
    {"Europe/Madrid", "2026-03-29 02:30:00", 3600, 3600},
    {"Europe/Madrid", "2026-03-29 03:00:00", 7200, 7200},
    {"Europe/Madrid", "2026-10-25 01:59:59", 7200, 7200},
    {"Europe/Madrid", "2026-10-25 02:00:00", 7200, 3600},
    {"Europe/Madrid", "2026-10-25 02:59:59", 7200, 3600},
    {"Europe/Madrid", "2026-10-25 03:00:00", 3600, 3600},
    {"America/New_York", "2026-03-08 03:00:00", -14400, -14400},
    {"America/New_York", "2026-11-01 01:30:00", -14400, -18000},
    /* the other hemisphere, and the clock that goes back half an hour */
    {"Australia/Lord_Howe", "2026-01-15 12:00:00", 39600, 39600},
    {"Australia/Lord_Howe", "2026-04-05 01:45:00", 39600, 37800},
    {"Australia/Lord_Howe", "2026-12-31 23:59:59", 39600, 39600},
    /* winter time that is the exception, changes on the day before, a day left out */
    {"Europe/Dublin", "2026-01-15 12:00:00", 0, 0},
    {"Europe/Dublin", "2026-07-15 12:00:00", 3600, 3600},
    {"America/Nuuk", "2026-03-28 22:59:59", -7200, -7200},
    {"America/Nuuk", "2026-03-29 00:00:00", -3600, -3600},
    {"Pacific/Apia", "2011-12-29 12:00:00", -36000, -36000},
    {"Pacific/Apia", "2011-12-30 12:00:00", -36000, -36000},
    {"Pacific/Apia", "2011-12-31 12:00:00", 50400, 50400},
    {"Asia/Kathmandu", "2026-07-15 12:00:00", 20700, 20700},
    {"America/Argentina/ComodRivadavia", "2026-07-15 12:00:00", -10800, -10800},
    {"Etc/GMT+5", "2026-07-15 12:00:00", -18000, -18000},
    {"EST5EDT", "2026-07-15 12:00:00", -14400, -14400},
    /* before all changes, and after the last one that a file may hold */
    {"Europe/Madrid", "1850-07-15 12:00:00", -884, -884},
    {"Europe/Madrid", "2099-07-15 12:00:00", 7200, 7200},
    {"Europe/Madrid", "9998-07-15 12:00:00", 7200, 7200},
};

/* Each by its name, and as the machine's own zone; asking moves nobody's TZ. */
static void check_rows(const char *home)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!has_zone(rows[i].name))
            continue;
        struct zone_offsets got;
        set_home(home);
        test_true(rows[i].name, zone_named(span_text(rows[i].name), local(rows[i].local), &got));
        test_number(rows[i].local, got.first_s, rows[i].first_s);
        test_number(rows[i].local, got.second_s, rows[i].second_s);
        test_true(rows[i].name, is_home(home));
        set_home(rows[i].name);
        got = zone_here(local(rows[i].local));
        test_number(rows[i].local, got.first_s, rows[i].first_s);
        test_number(rows[i].local, got.second_s, rows[i].second_s);
    }
}

static void check_day_ends(void)
{
    static const struct {
        const char *zone;
        int year, month, day;
        int64_t want;
    } days[] = {
        {"UTC", 2026, 12, 31, 1798761600},
        {"UTC", 2028, 2, 28, 1835395200},
        {"Europe/Madrid", 2026, 10, 25, 1792969200},     /* 25 hours */
        {"America/Sao_Paulo", 2017, 10, 14, 1508036400}, /* the next day begins at 01:00 */
        {"America/Havana", 2026, 10, 31, 1793505600},    /* it begins with an hour that repeats */
        {"Pacific/Apia", 2011, 12, 29, 1325239200},      /* and is left out */
    };
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        if (!has_zone(days[i].zone))
            continue;
        set_home(days[i].zone);
        test_number(days[i].zone, zone_day_end(days[i].year, days[i].month, days[i].day),
                    days[i].want);
    }
}

static void check_names(void)
{
    static const char *const none[] = {
        "",
        "/",
        "..",
        ".",
        "../zoneinfo/UTC",
        "Europe/../UTC",
        "/usr/share/zoneinfo/UTC",
        ":UTC",
        "Europe",
        "tzdata.zi",
        "leapseconds",
        "Europe/Madrid ",
        "Europe/Madrid\n",
        "Nowhere/Atall",
        "UTC0",
        "PDT",
        "Europe//",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    struct zone_offsets got;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        test_true(none[i], !zone_named(span_text(none[i]), 0, &got));
    test_true("NUL in a name", !zone_named(SPAN("UTC\0"), 0, &got));
    test_true("UTC", zone_named(SPAN("UTC"), 0, &got) && got.first_s == 0);
    test_true("GMT", zone_named(SPAN("GMT"), 0, &got) && got.first_s == 0);
    test_true("Z", zone_named(SPAN("Z"), 0, &got) && got.first_s == 0);
}

/* Kept answers share their slots: each is given to its own question only. */
static void check_many_names(void)
{
    struct zone_offsets got;
    char name[32];
    int wrong = 0;
    if (!has_zone("Etc/GMT-3"))
        return;
    for (int i = 0; i < 4000; i++) {
        snprintf(name, sizeof name, "Nowhere/%d", i);
        wrong += zone_named(span_text(name), 900, &got);
        wrong += !zone_named(SPAN("Etc/GMT-3"), 900, &got) || got.first_s != 10800;
    }
    test_number("many names", wrong, 0);
}

/* Several threads at once, each with zones of its own: none moves another's or the machine's. */
struct asker {
    const char *names[2];
    int offsets[2];
    int wrong;
};

static void *ask_zones(void *argument)
{
    struct asker *asker = argument;
    for (int i = 0; i < 4000; i++) {
        struct zone_offsets got;
        int64_t winter = 1795284000 + i / 8 * 900; /* every answer a few times, most are new */
        const char *name = asker->names[i % 2];
        if (!zone_named(span_text(name), winter, &got) || got.first_s != asker->offsets[i % 2])
            asker->wrong++;
        if (zone_here(winter).first_s != 3600 || zone_offset_here(winter) != 3600)
            asker->wrong++;
        if (zone_named(SPAN("Nowhere/Atall"), winter, &got))
            asker->wrong++;
    }
    return NULL;
}

static void check_threads(void)
{
    struct asker askers[] = {
        {{"America/New_York", "Etc/GMT-14"}, {-18000, 50400}, 0},
        {{"Asia/Tokyo", "Etc/GMT+1"}, {32400, -3600}, 0},
        {{"America/New_York", "Asia/Tokyo"}, {-18000, 32400}, 0},
    };
    pthread_t threads[3];
    if (!has_zone("America/New_York") || !has_zone("Asia/Tokyo") || !has_zone("Etc/GMT+1"))
        return;
    set_home("CET-1CEST,M3.5.0,M10.5.0/3");
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, ask_zones, &askers[i]);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        test_number("thread", askers[i].wrong, 0);
    }
}

/* Zones are where TZDIR says, and what is no zone file there is no zone. Answers are
 * kept, so each question is about another second. */
static void check_directory(void)
{
    struct zone_offsets got;
    char dir[] = "zone-test-XXXXXX";
    if (mkdtemp(dir) == NULL || !has_zone("Etc/GMT-3"))
        return;
    char path[64], target[] = "/usr/share/zoneinfo/Etc/GMT-3";
    setenv("TZDIR", dir, 1);
    snprintf(path, sizeof path, "%s/Here", dir);
    test_number("symlink", symlink(target, path), 0);
    test_true("in TZDIR", zone_named(SPAN("Here"), 1, &got) && got.first_s == 10800);
    test_true("not in TZDIR", !zone_named(SPAN("Etc/GMT-3"), 2, &got));
    unlink(path);
    test_number("fifo", mkfifo(path, 0600), 0);
    test_true("a fifo", !zone_named(SPAN("Here"), 3, &got));
    unlink(path);
    rmdir(dir);
    unsetenv("TZDIR");
    test_true("without TZDIR", zone_named(SPAN("Etc/GMT-3"), 4, &got) && got.first_s == 10800);
}

int main(void)
{
    check_rows("CET-1CEST,M3.5.0,M10.5.0/3");
    check_rows("");
    check_rows("Asia/Tokyo");
    check_rows(NULL);
    check_day_ends();
    check_names();
    check_directory();
    check_many_names();
    check_threads();
    return test_end();
}
