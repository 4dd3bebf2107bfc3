#include "spamgear/log/zone.h"

#include "test.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A time zone file as RFC 8536 has it: changes at times[i] to offset types[i]. */
struct made {
    int version; /* 1, 2 */
    int count;
    int64_t times[4];
    int types[4];
    int offsets[3];
    const char *footer;
};

static size_t put(char *out, int64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (char)((uint64_t)number >> (8 * (size - 1 - i)));
    return size;
}

static size_t put_block(char *out, const struct made *m, size_t time_size)
{
    char *p = out;
    memcpy(p, "TZif", 4);
    memset(p + 4, 0, 16);
    p[4] = (char)(m->version == 1 ? 0 : '0' + m->version);
    p += 20;
    const int counts[6] = {0, 0, 0, m->count, 3, 4};
    for (int i = 0; i < 6; i++)
        p += put(p, counts[i], 4);
    for (int i = 0; i < m->count; i++)
        p += put(p, m->times[i], time_size);
    for (int i = 0; i < m->count; i++)
        *p++ = (char)m->types[i];
    for (int i = 0; i < 3; i++) {
        p += put(p, m->offsets[i], 4);
        p += put(p, 0, 2);
    }
    memcpy(p, "ABC", 4);
    return (size_t)(p + 4 - out);
}

static struct span make(const struct made *m)
{
    static char bytes[1024];
    size_t len = put_block(bytes, m, 4);
    if (m->version > 1) {
        len += put_block(bytes + len, m, 8);
        len += (size_t)snprintf(bytes + len, sizeof bytes - len, "\n%s\n", m->footer);
    }
    return (struct span){bytes, len};
}

static int64_t local(const char *text)
{
    struct tm tm = {0};
    strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
    return (int64_t)timegm(&tm);
}

static void check_rules(void)
{
    static const struct {
        const char *footer, *local;
        int first_s, second_s;
    } rows[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-01-15 12:00:00", 3600, 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-15 12:00:00", 7200, 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 01:59:59", 3600, 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 02:30:00", 3600, 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 03:00:00", 7200, 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 01:59:59", 7200, 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 02:00:00", 7200, 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 02:59:59", 7200, 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 03:00:00", 3600, 3600},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08 03:00:00", -14400, -14400},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-11-01 01:30:00", -14400, -18000},
        /* the other hemisphere, and the clock that goes back half an hour */
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-15 12:00:00", 39600, 39600},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-04-05 01:45:00", 39600, 37800},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-12-31 23:59:59", 39600, 39600},
        /* winter time that is the exception; days counted from the day before */
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-15 12:00:00", 0, 0},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-15 12:00:00", 3600, 3600},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-28 22:59:59", -7200, -7200},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29 00:00:00", -3600, -3600},
        {"ABC0YYY,J60/0,J300/0", "2028-02-29 12:00:00", 0, 0},
        {"ABC0YYY,J60/0,J300/0", "2028-03-01 12:00:00", 3600, 3600},
        {"ABC0YYY,59/0,300/0", "2028-02-29 12:00:00", 3600, 3600},
        {"UTC0", "2026-07-15 12:00:00", 0, 0},
        {"<+0545>-5:45", "2026-07-15 12:00:00", 20700, 20700},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made m = {.version = 2, .footer = rows[i].footer};
        struct zone *zone = zone_parse(make(&m));
        test_true(rows[i].footer, zone != NULL);
        if (zone == NULL)
            continue;
        struct zone_offsets got = zone_offsets_at(zone, local(rows[i].local));
        test_number(rows[i].local, got.first_s, rows[i].first_s);
        test_number(rows[i].local, got.second_s, rows[i].second_s);
        zone_free(zone);
    }
}

static void check_changes(void)
{
    struct made m = {.version = 2,
                     .count = 2,
                     .times = {1000000000, 1100000000},
                     .types = {1, 2},
                     .offsets = {0, 3600, 7200},
                     .footer = "ABC-3"};
    static const struct {
        int version;
        int64_t time;
        int want;
    } rows[] = {{2, 900000000, 0},  {2, 1050000000, 3600}, {2, 1200000000, 10800},
                {1, 900000000, 0},  {1, 1050000000, 3600}, {1, 1200000000, 7200},
                {2, 1000000000, 0}, {2, 1000003600, 3600}, {2, -5000000000, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        m.version = rows[i].version;
        struct zone *zone = zone_parse(make(&m));
        test_true("made file", zone != NULL);
        test_number("offset", zone_offsets_at(zone, rows[i].time).second_s, rows[i].want);
        zone_free(zone);
    }
}

static void check_broken(void)
{
    static const char *const footers[] = {
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/200",
        "CET",
        "-1",
        "<CET-1",
        "CET-1CEST,J0,J1",
        "CET-1CEST,J1,J366",
        "CET-1CEST,0,366",
        "CET-1CEST,M3.5.0,M10.5.0,",
        "CET-99",
        "CET-1:60",
    };
    for (size_t i = 0; i < sizeof footers / sizeof *footers; i++) {
        struct made m = {.version = 2, .footer = footers[i]};
        test_true(footers[i], zone_parse(make(&m)) == NULL);
    }
    struct made m = {.version = 2, .count = 2, .times = {5, 9}, .types = {1, 2}, .footer = ""};
    struct span whole = make(&m);
    struct zone *zone = zone_parse(whole);
    test_true("an empty footer says nothing", zone != NULL);
    zone_free(zone);
    for (size_t len = 0; len < whole.len; len++) {
        char *cut = malloc(len + 1);
        memcpy(cut, whole.at, len);
        char *exact = realloc(cut, len == 0 ? 1 : len);
        test_true("cut file", zone_parse((struct span){exact, len}) == NULL);
        free(exact);
    }
    m.types[1] = 3;
    test_true("a type that is not there", zone_parse(make(&m)) == NULL);
    m.types[1] = 2;
    m.times[1] = 5;
    test_true("changes out of order", zone_parse(make(&m)) == NULL);
    m.times[1] = 9;
    m.offsets[2] = 100 * 3600;
    test_true("an offset of four days", zone_parse(make(&m)) == NULL);
}

static bool has_zone(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    return access(path, R_OK) == 0;
}

static int libc_offset(int64_t time)
{
    time_t t = (time_t)time;
    struct tm tm;
    return localtime_r(&t, &tm) == NULL ? 0 : (int)tm.tm_gmtoff;
}

/* Where the system has zones, they mean what libc says they mean. */
static void check_against_libc(void)
{
    static const char *const names[] = {"Europe/Madrid",
                                        "America/New_York",
                                        "Australia/Lord_Howe",
                                        "Europe/Dublin",
                                        "Africa/Casablanca",
                                        "Asia/Kathmandu",
                                        "America/Argentina/ComodRivadavia",
                                        "Etc/GMT+5",
                                        "America/Nuuk",
                                        "Asia/Gaza"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!has_zone(names[i]))
            continue;
        setenv("TZ", names[i], 1);
        tzset();
        int wrong = 0;
        for (int64_t t = 946684800; t < 4102444800; t += 40009) {
            struct zone_offsets got;
            int want = libc_offset(t);
            if (!zone_named(span_text(names[i]), t + want, &got) ||
                (got.first_s != want && got.second_s != want))
                wrong++;
        }
        test_number(names[i], wrong, 0);
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

/* Several threads at once: named zones must not move the machine's own. */
static void *ask_zones(void *unused)
{
    static const char *const areas[] = {"Etc/GMT+1", "Etc/GMT+2", "Etc/GMT-3", "Etc/GMT-14"};
    static const int want[] = {-3600, -7200, 10800, 50400};
    int *wrong = unused;
    for (int i = 0; i < 4000; i++) {
        struct zone_offsets got;
        const char *name = areas[i % 4];
        if (has_zone(name) &&
            (!zone_named(span_text(name), 1795284000, &got) || got.first_s != want[i % 4]))
            ++*wrong;
        if (zone_here(1795284000).first_s != 3600)
            ++*wrong;
    }
    return NULL;
}

static void check_threads(void)
{
    pthread_t threads[3];
    int wrong[3] = {0};
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, ask_zones, &wrong[i]);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        test_number("thread", wrong[i], 0);
    }
}

int main(void)
{
    check_rules();
    check_changes();
    check_broken();
    check_names();
    check_against_libc();
    check_threads();
    return test_end();
}
