/* harvest, reader, window: every event of the window once, in order, whatever the log is like.
 * ctest label: threads */
#include "spamgear/log/harvest.h"

#include "spamgear/base/clock.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NOW INT64_C(1795284000) /* 2026-11-21T18:00:00Z */

/* --- Logs written by the test --- */

static char path[] = "/tmp/harvest_test.XXXXXX";

static FILE *log_begin(void)
{
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    return fd < 0 ? NULL : fdopen(fd, "w");
}

static void put_traditional(FILE *f, int64_t time, const char *text)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;
    time_t t = (time_t)time;
    localtime_r(&t, &tm);
    fprintf(f, "%s %2d %02d:%02d:%02d mx %s\n", months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
            tm.tm_min, tm.tm_sec, text);
}

static void put_rfc3339(FILE *f, int64_t time, const char *text)
{
    struct tm tm;
    time_t t = (time_t)time;
    gmtime_r(&t, &tm);
    fprintf(f, "%04d-%02d-%02dT%02d:%02d:%02dZ mx %s\n", tm.tm_year + 1900, tm.tm_mon + 1,
            tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, text);
}

typedef void put_line(FILE *f, int64_t time, const char *text);

static void put_message(put_line *put, FILE *f, int64_t time, unsigned number)
{
    char text[200];
    snprintf(text, sizeof text,
             "postfix/smtpd[9]: %010X: client=a.example[192.0.2.1], sasl_method=PLAIN, "
             "sasl_username=u%u",
             number + 0x1000, number);
    put(f, time, text);
}

static void put_noise(put_line *put, FILE *f, int64_t time, unsigned lines)
{
    for (unsigned i = 0; i < lines; i++)
        put(f, time, "postfix/smtpd[9]: connect from somebody.dynamic.example[198.51.100.77]");
}

/* --- What comes out --- */

struct seen {
    unsigned count;
    unsigned long long last; /* number of the last message: they come in order */
    bool in_order, right_offset;
    int64_t first_time, last_time;
};

static void see(void *state, const struct event *event, const struct source *source)
{
    struct seen *seen = state;
    unsigned long long number = 0;
    char line[64] = "";
    if (event->kind != EVENT_ACCEPTED)
        return;
    span_number(span_skip(event->sender, 1), &number);
    seen->in_order &= seen->count == 0 || number > seen->last;
    seen->last = number;
    if (seen->count++ == 0)
        seen->first_time = event->time;
    seen->last_time = event->time;
    ssize_t got = source->kind == SOURCE_FILE
                      ? source_peek((struct source *)source, event->offset, line, sizeof line)
                      : 0;
    if (got > 0)
        seen->right_offset &= memcmp(line, event->line.at, 20) == 0;
}

struct outcome {
    struct seen seen;
    struct harvest_counts counts;
    int result;
    char why[200];
};

static struct outcome harvest_file(const char *name, const struct window *window, unsigned threads)
{
    const struct log_format *formats[] = {format_find("postfix")};
    struct outcome outcome = {.seen = {.in_order = true, .right_offset = true}};
    struct strbuf why = {0};
    struct source *source = source_open(name, &why);
    struct harvest harvest = {.formats = formats,
                              .formats_len = 1,
                              .window = *window,
                              .threads = threads,
                              .count_lines = true,
                              .sink = {&outcome.seen, see}};
    outcome.result = source == NULL ? -2 : harvest_source(&harvest, source, &why);
    outcome.counts = harvest.counts;
    snprintf(outcome.why, sizeof outcome.why, "%s", strbuf_text(&why));
    strbuf_clear(&why);
    source_close(source);
    return outcome;
}

static void check_count(const char *name, const struct window *window, unsigned want)
{
    char label[200];
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        struct outcome outcome = harvest_file(path, window, threads);
        snprintf(label, sizeof label, "%s, %u threads", name, threads);
        test_number(label, outcome.seen.count, want);
        test_true("offsets lead to the lines", outcome.seen.right_offset);
        test_text(label, outcome.why, "");
    }
}

static void set_mtime(int64_t time)
{
    struct timespec times[2] = {{(time_t)time, 0}, {(time_t)time, 0}};
    test_number("mtime set", utimensat(AT_FDCWD, path, times, 0), 0);
}

static void done(FILE *f)
{
    fclose(f);
}

static const struct window last_hour = {NOW - 3599, INT64_MAX, 120, false};

/* --- Cases --- */

/* Two days, a message a minute, about 40 MB: the search, several threads. */
static void test_big(put_line *put, const char *name)
{
    FILE *f = log_begin();
    struct window window = last_hour;
    for (unsigned i = 0; i < 2880; i++) {
        put_message(put, f, NOW - (2879 - (int64_t)i) * 60, i);
        put_noise(put, f, NOW - (2879 - (int64_t)i) * 60, 150);
    }
    done(f);
    check_count(name, &window, 60);
    struct outcome outcome = harvest_file(path, &window, 1);
    test_true("only the end was read", outcome.counts.bytes < 2 * 1000 * 1000);
    test_true("in order", outcome.seen.in_order);
    window.full = true;
    check_count("the same, read whole", &window, 60);
    test_true("every line was read", harvest_file(path, &window, 2).counts.lines == 2880 * 151);
    struct window deep = {NOW - 86400, NOW - 86400 + 3599, 120, false};
    check_count("an hour deep in the past", &deep, 60);
    outcome = harvest_file(path, &deep, 1);
    test_true("only that hour was read", outcome.counts.bytes < 3 * 1000 * 1000);
    struct window all = {0, INT64_MAX, 120, false};
    check_count("everything", &all, 2880);
    struct window none = {NOW + 10, INT64_MAX, 120, false};
    check_count("nothing", &none, 0);
    unlink(path);
}

/* The clock stepped back an hour for ten minutes: lines of the window stand before older ones. */
static void test_clock_step(void)
{
    FILE *f = log_begin();
    unsigned number = 0;
    for (int64_t t = NOW - 86400; t < NOW - 1200; t += 60, number++) {
        put_message(put_rfc3339, f, t, number);
        put_noise(put_rfc3339, f, t, 60);
    }
    for (int64_t t = NOW - 9000; t < NOW - 8400; t += 60, number++) {
        put_message(put_rfc3339, f, t, number);
        put_noise(put_rfc3339, f, t, 60);
    }
    for (int64_t t = NOW - 600; t < NOW; t += 60, number++) {
        put_message(put_rfc3339, f, t, number);
        put_noise(put_rfc3339, f, t, 60);
    }
    done(f);
    check_count("a clock that stepped back", &last_hour, 39 + 10);
    unlink(path);
}

/* Year-less stamps over New Year; the file's time says which year its end belongs to. */
static void test_new_year(void)
{
    const int64_t midnight = INT64_C(1798761600); /* 2027-01-01T00:00:00Z */
    FILE *f = log_begin();
    for (int i = 0; i < 120; i++)
        put_message(put_traditional, f, midnight - 3600 + i * 60, (unsigned)i);
    done(f);
    clock_pin(midnight + 3600);
    set_mtime(midnight + 3600);
    struct window window = {midnight - 1800, INT64_MAX, 120, false};
    check_count("New Year in the window", &window, 30 + 60);
    struct window after = {midnight, INT64_MAX, 120, false};
    check_count("January only", &after, 60);
    struct outcome outcome = harvest_file(path, &window, 1);
    test_number("first time", outcome.seen.first_time, midnight - 1800);
    test_number("last time", outcome.seen.last_time, midnight + 59 * 60);
    clock_pin(NOW);
    unlink(path);
}

/* Lines of last November, seen this November: order tells that they are last year's, even
 * those of a day that is still to come this year. */
static void test_last_year(void)
{
    static const int64_t ago[] = {365 * 86400 - 4 * 3600, 364 * 86400, 364 * 86400 + 9 * 3600,
                                  200 * 86400};
    for (size_t n = 0; n < sizeof ago / sizeof *ago; n++) {
        FILE *f = log_begin();
        for (int i = 0; i < 60; i++)
            put_message(put_traditional, f, NOW - 120 - ago[n] + i, (unsigned)i);
        for (int i = 0; i < 60; i++)
            put_message(put_traditional, f, NOW - 600 + i, 100 + (unsigned)i);
        done(f);
        set_mtime(NOW);
        check_count("last year's lines", &last_hour, 60);
        unlink(path);
    }
}

/* An hour that occurs twice: Madrid, 25 October 2026, 03:00 CEST becomes 02:00 CET. */
static void test_repeated_hour(const char *name, int64_t begin, int64_t since, unsigned want)
{
    const int64_t change = INT64_C(1792890000); /* 2026-10-25T01:00:00Z */
    FILE *f = log_begin();
    unsigned number = 0;
    setenv("TZ", "Europe/Madrid", 1);
    tzset();
    for (int64_t t = change + begin; t <= change + 5400; t += 60, number++) {
        put_message(put_traditional, f, t, number);
        put_noise(put_traditional, f, t, 30);
    }
    done(f);
    clock_pin(change + 5400);
    struct window window = {change + since, INT64_MAX, 120, false};
    check_count(name, &window, want);
    struct outcome outcome = harvest_file(path, &window, 1);
    test_number(name, outcome.seen.first_time, change + since);
    test_number(name, outcome.seen.last_time, change + 5400);
    window.full = true;
    check_count(name, &window, want);
    unlink(path);
    clock_pin(NOW);
    setenv("TZ", "UTC", 1);
    tzset();
}

static void test_disorder(void)
{
    FILE *f = log_begin();
    unsigned number = 0;
    for (int64_t t = NOW - 7200; t < NOW; t += 30, number++) {
        put_message(put_rfc3339, f, t + (number % 3 == 0 ? 100 : 0), number);
        put_noise(put_rfc3339, f, t, 20);
    }
    done(f);
    struct window window = last_hour;
    window.full = true;
    unsigned want = harvest_file(path, &window, 1).seen.count;
    test_true("some", want > 100);
    check_count("small disorder loses nothing", &last_hour, want);
    unlink(path);
}

/* A block that begins with a line from ahead (another machine's zone, a forgery) is not the end. */
static void test_ahead(void)
{
    static const int64_t ahead[] = {2 * 3600, 400 * 86400};
    struct window deep = {NOW - 7200, NOW - 3601, 120, false};
    for (size_t n = 0; n < sizeof ahead / sizeof *ahead; n++) {
        FILE *f = log_begin();
        put_message(put_rfc3339, f, NOW - 7200, 0);
        for (unsigned i = 1; i < 3600; i++) {
            long at = ftell(f), left = READER_BLOCK_BYTES - at % READER_BLOCK_BYTES;
            if (left < 1000) {
                fprintf(f, "%*s\n", (int)left - 1, "");
                put_noise(put_rfc3339, f, NOW - 7200 + i + ahead[n], 1);
            }
            put_message(put_rfc3339, f, NOW - 7200 + i, i);
        }
        done(f);
        check_count("single lines from ahead", &deep, 3600);
        unlink(path);
    }
}

/* Whether a line is left out for its length must not depend on where the blocks begin. */
static void test_long_lines(void)
{
    static const char head[] = "2026-11-21T17:59:55Z mx postfix/smtpd[9]: 22: client=";
    static const char tail[] = "[::1], sasl_username=u2\n";
    for (unsigned extra = 0; extra <= 1; extra++) {
        int fill = (int)(READER_LINE_MAX + extra - strlen(head) - strlen(tail));
        for (int before = 0; before < READER_BLOCK_BYTES; before += READER_BLOCK_BYTES / 8) {
            FILE *f = log_begin();
            put_message(put_rfc3339, f, NOW - 10, 1);
            fprintf(f, "%*s\n%s%*s%s", before, "", head, fill, "a", tail);
            put_message(put_rfc3339, f, NOW - 3, 3);
            done(f);
            struct outcome outcome = harvest_file(path, &last_hour, 1);
            test_number("lines kept", (int64_t)outcome.counts.lines, 4 - extra);
            test_number("lines left out", (int64_t)outcome.counts.too_long, extra);
            unlink(path);
        }
    }
}

static void test_bad_bytes(void)
{
    FILE *f = log_begin();
    put_message(put_rfc3339, f, NOW - 10, 1);
    fwrite("\0\0\0binary\xff\xfe\n\n\n\r\n", 1, 16, f);
    fprintf(f, "2026-11-21T17:59:55Z mx postfix/smtpd[9]: 2222222222: client=a[192.0.2.1], "
               "sasl_method=PLAIN, sasl_username=u2\r\n");
    for (int i = 0; i < 3000000; i++)
        fputc('x', f);
    fprintf(f, " sasl_username=long\n");
    put_message(put_rfc3339, f, NOW - 3, 3);
    fprintf(f, "2026-11-21T17:59:59Z mx postfix/smtpd[9]: 4444444444: client=a[192.0.2.1], "
               "sasl_method=PLAIN, sasl_username=u4"); /* no newline at the end */
    done(f);
    struct outcome outcome = harvest_file(path, &last_hour, 1);
    test_number("junk around", outcome.seen.count, 4);
    test_number("the carriage return is no part of the name", (int64_t)outcome.seen.last, 4);
    test_number("a long line is left out", (int64_t)outcome.counts.too_long, 1);
    test_number("and is trouble", outcome.result, -1);
    test_true("which names the file", strstr(outcome.why, path) != NULL);
    unlink(path);
}

static void test_no_time(void)
{
    FILE *f = log_begin();
    for (int i = 0; i < 100; i++)
        fprintf(f,
                "heute mx postfix/smtpd[9]: AAAAAAAAA%d: client=a[192.0.2.1], "
                "sasl_method=PLAIN, sasl_username=u\n",
                i % 10);
    done(f);
    struct outcome outcome = harvest_file(path, &last_hour, 1);
    test_number("no line has a time", outcome.result, -1);
    test_true("told", strstr(outcome.why, "no line has a time") != NULL);
    unlink(path);
    f = log_begin();
    done(f);
    outcome = harvest_file(path, &last_hour, 1);
    test_number("an empty file is fine", outcome.result, 0);
    unlink(path);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    clock_pin(NOW);
    test_big(put_rfc3339, "RFC 3339");
    test_big(put_traditional, "traditional");
    test_clock_step();
    test_new_year();
    test_last_year();
    test_repeated_hour("window begins in the second hour", -7200, 1800, 61);
    test_repeated_hour("window begins in the first hour", -7200, -1800, 121);
    test_repeated_hour("file begins in the first hour", -1800, -900, 106);
    test_repeated_hour("file begins in the second hour", 600, 1200, 71);
    test_disorder();
    test_ahead();
    test_long_lines();
    test_bad_bytes();
    test_no_time();
    return test_end();
}
