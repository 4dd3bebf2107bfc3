/* check_logs - Postfix logs in a folder of the test's own, and a check that reads them. */
#ifndef SPAMGEAR_TESTS_CHECK_LOGS_H
#define SPAMGEAR_TESTS_CHECK_LOGS_H

#include "spamgear/base/clock.h"
#include "spamgear/check/check.h"

#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NOW INT64_C(1795284000) /* 2026-11-21T18:00:00Z */

/* Goes into a new folder; false when there is none. The clock stands at NOW, in UTC. */
static inline bool logs_begin(char dir[])
{
    setenv("TZ", "UTC", 1);
    tzset();
    clock_pin(NOW);
    return mkdtemp(dir) != NULL && chdir(dir) == 0;
}

static inline void log_put(FILE *f, int64_t time, const char *text)
{
    struct tm tm;
    time_t t = (time_t)time;
    gmtime_r(&t, &tm);
    fprintf(f, "%04d-%02d-%02dT%02d:%02d:%02dZ mx postfix/%s\n", tm.tm_year + 1900, tm.tm_mon + 1,
            tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, text);
}

static inline void log_message(FILE *f, int64_t time, unsigned id, const char *client,
                               const char *sender)
{
    char text[300];
    snprintf(text, sizeof text,
             "submission/smtpd[9]: %08X: client=%s, sasl_method=PLAIN, sasl_username=%s",
             id + 0x1000, client, sender);
    log_put(f, time, text);
}

static inline void log_recipients(FILE *f, int64_t time, unsigned id, unsigned count)
{
    char text[200];
    snprintf(text, sizeof text,
             "qmgr[8]: %08X: from=<a@example.org>, size=9, nrcpt=%u "
             "(queue active)",
             id + 0x1000, count);
    log_put(f, time, text);
}

/* Closes the log; the file's last change is at the time. */
static inline void log_end(FILE *f, int64_t time)
{
    struct timespec times[2] = {{(time_t)time, 0}, {(time_t)time, 0}};
    test_true("log written", fflush(f) == 0 && futimens(fileno(f), times) == 0);
    fclose(f);
}

/* A check of Postfix logs over everything up to NOW, one thread, limit 10. */
static inline void check_init(struct check *check, const struct texts *names)
{
    static const struct log_format *formats[1];
    formats[0] = format_find("postfix");
    *check = (struct check){.applet = "postfix-spam-check",
                            .formats = formats,
                            .formats_len = 1,
                            .logs = {.names = names, .window = &check->window},
                            .window = {NOW - 86400 * 30, NOW, 120, false},
                            .open_end = true,
                            .period = "1hour",
                            .threads = 1,
                            .count_lines = true,
                            .limits = {.standard = 10},
                            .evidence = 1,
                            .networks = {NETWORK_PREFIX, 24, 48, NULL}};
}

#endif
