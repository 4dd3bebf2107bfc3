/* journal_follow_test - a real journal grows, is rotated, loses its past; each entry comes once.
 *
 * systemd-journal-remote appends to a journal file as journald does, entry by entry as they come
 * through a pipe. Without that program (package systemd-journal-remote) the test fails.
 */
#include "spamgear/log/journal_follow.h"

#include "spamgear/base/clock.h"
#include "test.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define START   INT64_C(1795284000) /* 2026-11-21T18:00:00Z */
#define MANY    5000
#define WAIT_MS 20000

static char dir[] = "/tmp/journal_follow_test.XXXXXX";
static const char *const wanted[] = {"postfix/", NULL};
static struct journal_request request = {.identifiers = wanted, .since = START};

/* The reader, and what it gave: lines are numbered from 0. */
static struct journal_follow *follow;
static char last[512]; /* cursor */
static unsigned next, told;
static struct strbuf why;

static const char *in_dir(const char *name)
{
    static char paths[4][256];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

/* ---- the writer ---- */

static FILE *writer; /* its pipe */

static void close_journal(void)
{
    if (writer != NULL)
        test_number("systemd-journal-remote", pclose(writer), 0);
    writer = NULL;
}

static void begin_journal(void)
{
    char command[512];
    snprintf(command, sizeof command, "exec /lib/systemd/systemd-journal-remote -o %s - >%s 2>&1",
             in_dir("system.journal"), in_dir("output"));
    writer = popen(command, "we");
    test_true(command, writer != NULL);
}

static void put_entry(unsigned i, const char *tag, unsigned fraction)
{
    fprintf(writer,
            "__REALTIME_TIMESTAMP=%" PRId64 "\n__MONOTONIC_TIMESTAMP=%u\n"
            "_BOOT_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=mx\n_UID=104\n"
            "SYSLOG_IDENTIFIER=%s%u\nMESSAGE=line %u\n\n",
            (START + (int64_t)i) * 1000000 + fraction, i * 10 + fraction, tag, i % 7, i);
}

/* Entries from..to-1, one a second. After every third comes somebody else's. */
static void append(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        put_entry(i, "postfix/smtpd", 1);
        if (i % 3 == 0)
            put_entry(i, "cron", 2);
    }
    fflush(writer);
}

/* ---- the reader ---- */

static void check_lines(struct span text)
{
    struct span line;
    while (span_take_line(&text, &line)) {
        const char *number = span_find(line, SPAN(": line "));
        test_true("a line of ours", number != NULL && *line.at == 'P');
        unsigned got = number == NULL ? 0 : (unsigned)strtoul(number + 7, NULL, 10);
        test_number("the next one", got, next);
        next = got + 1;
    }
}

/* Until that many lines have come, and then a little longer: none may come twice. */
static void read_until(unsigned count)
{
    int64_t until = clock_steady_ms() + WAIT_MS, settle = 0;
    while (clock_steady_ms() < until && (settle == 0 || clock_steady_ms() < settle)) {
        struct span lines, cursor;
        struct pollfd polled = {.fd = journal_follow_fd(follow), .events = POLLIN};
        int got = journal_follow_next(follow, &lines, &cursor, &why);
        if (got > 0) {
            check_lines(lines);
            snprintf(last, sizeof last, "%.*s", (int)cursor.len, cursor.at);
        }
        told += got < 0;
        if (next >= count && settle == 0)
            settle = clock_steady_ms() + 100;
        if (got == 0)
            poll(&polled, 1, 20);
    }
    test_number("lines", next, count);
}

static bool begin(const char *cursor)
{
    follow = journal_follow_open(&request, cursor, &why);
    test_text("open", strbuf_text(&why), "");
    return follow != NULL;
}

static void end(void)
{
    journal_follow_close(follow);
    follow = NULL;
}

/* The first child: the reader was started before the writer, if there is one. */
static pid_t reader_pid(void)
{
    char path[64];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)getpid(), (int)getpid());
    FILE *file = fopen(path, "re");
    test_true("the reader's process", file != NULL && fscanf(file, "%d", &pid) == 1 && pid > 0);
    if (file != NULL)
        fclose(file);
    return pid;
}

static void grows(void)
{
    begin_journal();
    append(0, MANY);
    for (int i = 0; i < 500 && access(in_dir("system.journal"), F_OK) != 0; i++)
        poll(NULL, 0, 10);
    if (!begin(NULL))
        return;
    read_until(MANY);
    append(MANY, MANY + 10);
    read_until(MANY + 10);
    end();
}

static void goes_on(void)
{
    append(MANY + 10, MANY + 20);
    if (!begin(last))
        return;
    read_until(MANY + 20);
    test_number("nothing to tell", told, 0);
}

/* journald renames the file and begins another. */
static void rotate(unsigned number)
{
    char archived[128];
    snprintf(archived, sizeof archived,
             "system@0123456789abcdef0123456789abcdef-%016x-%016x.journal", number, number);
    test_number("rotated", rename(in_dir("system.journal"), in_dir(archived)), 0);
    close_journal();
    begin_journal();
}

static void rotated(void)
{
    rotate(1);
    append(MANY + 20, MANY + 30);
    read_until(MANY + 30);
    test_number("nothing to tell", told, 0);
}

static void reader_dies(void)
{
    kill(reader_pid(), SIGKILL);
    append(MANY + 30, MANY + 40);
    read_until(MANY + 40);
    test_number("its death is told", told, 1);
    test_true(strbuf_text(&why), span_find(strbuf_span(&why), SPAN("died (Killed)")) != NULL);
    end();
}

/* The past is vacuumed, the cursor's entry with it. */
static void cursor_is_gone(void)
{
    char command[256];
    told = 0;
    close_journal();
    snprintf(command, sizeof command, "rm -f '%s'/*.journal", dir);
    test_number(command, system(command), 0);
    begin_journal();
    append(MANY + 38, MANY + 50);
    close_journal(); /* all of it is there */
    strbuf_reset(&why);
    if (!begin(last))
        return;
    read_until(MANY + 50);
    test_number("it is told", told, 1);
    test_true(strbuf_text(&why), span_find(strbuf_span(&why), SPAN("may be missing")) != NULL);
}

/* A damaged entry: whoever reads it dies. Its second is passed over, and that is told. */
static void dies_again_and_again(void)
{
    struct span lines, cursor;
    for (int i = 0; i < 3; i++) {
        told = 0;
        kill(reader_pid(), SIGABRT);
        while (told == 0 && journal_follow_next(follow, &lines, &cursor, &why) <= 0)
            told += span_find(strbuf_span(&why), SPAN("died (Aborted)")) != NULL;
        strbuf_reset(&why);
        poll(NULL, 0, 600 << i); /* longer than it waits with another try */
        test_number("nothing new", journal_follow_next(follow, &lines, &cursor, &why), 0);
        poll(NULL, 0, 200);
    }
    rotate(2);
    append(MANY + 50, MANY + 60);
    read_until(MANY + 60);
    test_true(strbuf_text(&why), span_find(strbuf_span(&why), SPAN("passed over")) != NULL);
    end();
}

static void refused(void)
{
    struct journal_request other = request;
    strbuf_reset(&why);
    other.dir = in_dir("nothing");
    test_true("no folder", journal_follow_open(&other, NULL, &why) == NULL && why.len > 0);
    strbuf_reset(&why);
    test_true("no cursor", journal_follow_open(&request, "x", &why) == NULL && why.len > 0);
    mkdir(in_dir("empty"), 0700);
    other.dir = in_dir("empty");
    strbuf_reset(&why);
    test_true("no journal", journal_follow_open(&other, NULL, &why) == NULL && why.len > 0);
}

int main(void)
{
    char command[256];
    test_true("folder", mkdtemp(dir) != NULL);
    request.dir = dir;
    grows();
    goes_on();
    if (follow != NULL) {
        rotated();
        reader_dies();
        cursor_is_gone();
        dies_again_and_again();
    }
    refused();
    strbuf_clear(&why);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    test_number(command, system(command), 0);
    return test_end();
}
