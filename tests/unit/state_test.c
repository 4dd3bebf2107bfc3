/* state - what was submitted is there again, in one piece, whatever the disk and the clock do.
 * ctest label: threads */
#include "spamgear/base/clock.h"
#include "spamgear/base/sqlite.h"
#include "spamgear/store/state.h"

#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOW 1800000000

static struct strbuf why;
static char work_folder[] = "/tmp/state_test.XXXXXX";

static void test_why(const char *name, const char *want)
{
    test_text(name, strbuf_text(&why), want);
    strbuf_reset(&why);
}

/* A folder of that name in the work folder. */
static const char *folder_of(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", work_folder, name);
    return path;
}

static const char *file_of(const char *folder, const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static struct state *open_it(const struct state_settings *settings)
{
    struct state *state = state_open(settings, &why);
    test_why(settings->folder, "");
    if (state == NULL)
        exit(1); /* everything else needs it */
    return state;
}

static struct state *start_it(const struct state_settings *settings)
{
    struct state *state = open_it(settings);
    test_number("starts", state_start(state, &why), 0);
    return state;
}

static void flush(struct state *state)
{
    test_number("flushes", state_flush(state, 10000, &why), 0);
    test_why("flushes", "");
}

static struct spam_event spam_of(unsigned number)
{
    static char id[20];
    snprintf(id, sizeof id, "ID%u", number);
    return (struct spam_event){.time = NOW - 10,
                               .verdict_time = NOW,
                               .queue_id = span_text(id),
                               .message_id = SPAN("a@b"),
                               .from = SPAN("Alice@Example.org"),
                               .sasl = SPAN("Alice"),
                               .uid = SPAN("1001"),
                               .client = SPAN("2001:DB8::0:1"),
                               .client_name = SPAN("host.example"),
                               .verdict = MAIL_VERDICT_SPAMMY,
                               .has_score = true,
                               .score = 7.25,
                               .victims = 1,
                               .origin = ORIGIN_TRUSTED};
}

static void submit_spam(struct state *state, unsigned first, unsigned count)
{
    struct state_batch *batch = state_batch_new();
    for (unsigned i = 0; i < count; i++) {
        struct spam_event event = spam_of(first + i);
        state_batch_spam(batch, &event);
    }
    state_submit(state, batch);
}

/* ---- what comes back ---- */

struct seen {
    struct strbuf text;
    unsigned count;
    uint64_t first, last;
};

static void see_thread(void *to, uint64_t number, struct span bytes)
{
    strbuf_format(to, "%llu=%.*s;", (unsigned long long)number, (int)bytes.len, bytes.at);
}

static void see_watch(void *to, struct span key, struct span bytes)
{
    strbuf_format(to, "%.*s=%.*s;", (int)key.len, key.at, (int)bytes.len, bytes.at);
}

static void see_spam(void *to, uint64_t number, const struct spam_event *event)
{
    struct seen *seen = to;
    test_true("in order", number > seen->last);
    seen->first = seen->count == 0 ? number : seen->first;
    seen->last = number;
    seen->count++;
    strbuf_reset(&seen->text);
    strbuf_format(&seen->text, "%lld %lld %.*s %.*s %.*s %.*s %.*s %.*s %.*s %s %d %.2f %d %u %d",
                  (long long)event->time, (long long)event->verdict_time, (int)event->queue_id.len,
                  event->queue_id.at, (int)event->message_id.len, event->message_id.at,
                  (int)event->from.len, event->from.at, (int)event->sasl.len, event->sasl.at,
                  (int)event->uid.len, event->uid.at, (int)event->client.len, event->client.at,
                  (int)event->client_name.len, event->client_name.at,
                  mail_verdict_name(event->verdict), event->has_score, event->score,
                  event->has_threshold, event->victims, event->origin == ORIGIN_TRUSTED);
}

static void see_bucket(void *to, const char *profile, const struct watch_bucket *bucket)
{
    strbuf_format(to, "%s %s %.*s %lld %llu/%llu/%llu;", profile, sender_kind_name(bucket->kind),
                  (int)bucket->name.len, bucket->name.at, (long long)bucket->minute,
                  (unsigned long long)bucket->sum.messages,
                  (unsigned long long)bucket->sum.recipients, (unsigned long long)bucket->trusted);
}

static void put_count(struct state_batch *batch, const char *key, const char *bytes, int64_t minute,
                      const char *name)
{
    struct watch_bucket bucket = {SENDER_SASL, span_text(name), minute, {3, 9}, 2};
    struct watch_change change = {span_text(key), span_text(bytes), minute,
                                  name == NULL ? NULL : &bucket};
    state_batch_watch(batch, "postfix", &change);
}

static void fill(struct state *state)
{
    struct state_batch *batch = state_batch_new();
    struct spam_event event = spam_of(1);
    state_batch_mark(batch, "mail.log", SPAN("1 first"));
    state_batch_mark(batch, "mail.log", SPAN("1 second"));
    state_batch_thread(batch, 7, SPAN("seven"));
    state_batch_thread(batch, 8, SPAN("eight"));
    put_count(batch, "k1", "old", NOW / 60 - 5000, "bob");
    put_count(batch, "k2", "new", NOW / 60, "alice");
    put_count(batch, "ring", "place", NOW / 60, NULL);
    state_batch_spam(batch, &event);
    state_submit(state, batch);
    batch = state_batch_new();
    state_batch_thread(batch, 7, SPAN("")); /* gone */
    put_count(batch, "k2", "newer", NOW / 60, "alice");
    state_submit(state, batch);
    state_submit(state, state_batch_new()); /* nothing */
}

static void check_filled(struct state *state)
{
    struct strbuf text = {0};
    test_number("mark", state_mark(state, "mail.log", &text, &why), 1);
    test_text("the last one", strbuf_text(&text), "1 second");
    test_number("no mark", state_mark(state, "other", &text, &why), 0);
    strbuf_reset(&text);
    test_number("threads", state_threads(state, see_thread, &text, &why), 0);
    test_text("threads", strbuf_text(&text), "8=eight;");
    strbuf_reset(&text);
    test_number("watch", state_watch(state, "postfix", NOW / 60 - 60, see_watch, &text, &why), 0);
    test_text("watch", strbuf_text(&text), "k2=newer;ring=place;");
    strbuf_reset(&text);
    test_number("no such", state_watch(state, "exim", 0, see_watch, &text, &why), 0);
    test_text("no such", strbuf_text(&text), "");
    strbuf_clear(&text);
    test_why("no trouble", "");
}

static void check_reader(const char *folder)
{
    struct seen seen = {0};
    struct strbuf text = {0};
    uint64_t last = 0, sent = 9, newest, rows, bytes;
    struct state_reader *reader = state_reader_open(folder, &why);
    test_why("reader", "");
    test_number("spam", state_reader_spam(reader, 0, 10, see_spam, &seen, &why), 1);
    test_text("spam", strbuf_text(&seen.text),
              "1799999990 1800000000 ID1 a@b Alice@Example.org Alice 1001 2001:db8::1 host.example "
              "spammy 1 7.25 0 1 1");
    test_number("no more", state_reader_spam(reader, seen.last, 10, see_spam, &seen, &why), 0);
    test_number("buckets", state_reader_buckets(reader, 0, 10, see_bucket, &text, &last, &why), 1);
    test_text("buckets", strbuf_text(&text), "postfix sasl alice 30000000 3/9/2;");
    test_number("no more", state_reader_buckets(reader, last, 10, see_bucket, &text, &last, &why),
                0);
    test_number("sent", state_reader_sent(reader, &sent, &why), 0);
    test_number("nothing yet", (int64_t)sent, 0);
    test_number("is told", state_reader_set_sent(reader, seen.last, &why), 0);
    test_number("sent", state_reader_sent(reader, &sent, &why), 0);
    test_number("is known", (int64_t)sent, (int64_t)seen.last);
    test_number("size", state_reader_size(reader, &newest, &rows, &bytes, &why), 0);
    test_number("newest", (int64_t)newest, (int64_t)seen.last);
    test_true("rows, bytes", rows == 1 && bytes > 4096);
    state_reader_close(reader);
    strbuf_clear(&seen.text);
    strbuf_clear(&text);
    test_why("no trouble", "");
}

static void test_again(void)
{
    const char *folder = folder_of("again");
    struct state_settings settings = {.folder = folder, .commit_ms = 20};
    test_true("no reader yet", state_reader_open(folder, &why) == NULL);
    strbuf_reset(&why);
    struct state *state = start_it(&settings);
    fill(state);
    flush(state);
    test_true("one process only", state_open(&settings, &why) == NULL);
    test_true("says", strstr(strbuf_text(&why), "another process works with this state") != NULL);
    strbuf_reset(&why);
    check_reader(folder);
    state_close(state);
    state = open_it(&settings);
    check_filled(state);
    state_close(state);
}

static void test_close_flushes(void)
{
    struct state_settings settings = {.folder = folder_of("close"), .commit_ms = 60000};
    struct state *state = start_it(&settings);
    submit_spam(state, 1, 3);
    state_close(state);
    struct seen seen = {0};
    struct state_reader *reader = state_reader_open(settings.folder, &why);
    test_number("all", state_reader_spam(reader, 0, 10, see_spam, &seen, &why), 3);
    state_reader_close(reader);
    strbuf_clear(&seen.text);
}

/* ---- what goes ---- */

/* Waits until so many rows are there, at most 10 seconds. */
static void await_rows(const char *folder, uint64_t want)
{
    uint64_t newest, rows = 0, bytes;
    struct state_reader *reader = state_reader_open(folder, &why);
    for (int i = 0; i < 1000; i++) {
        state_reader_size(reader, &newest, &rows, &bytes, &why);
        if (rows <= want)
            break;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    test_number("rows", (int64_t)rows, (int64_t)want);
    state_reader_close(reader);
}

static void test_bound(void)
{
    struct state_health health;
    struct state_settings settings = {
        .folder = folder_of("bound"), .commit_ms = 1, .rows_max = 3000, .feeds = true};
    struct state *state = start_it(&settings);
    submit_spam(state, 1, 1000);
    flush(state);
    struct seen seen = {0};
    struct state_reader *reader = state_reader_open(settings.folder, &why);
    state_reader_spam(reader, 0, 500, see_spam, &seen, &why);
    test_number("500 are sent", state_reader_set_sent(reader, seen.last, &why), 0);
    submit_spam(state, 1001, 9000);
    flush(state);
    await_rows(settings.folder, 3000);
    submit_spam(state, 10001, 1); /* the numbers are those behind it */
    flush(state);
    state_look(state, &health);
    test_number("rows", (int64_t)health.rows, 10001);
    test_number("unsent", (int64_t)health.unsent, 3000);
    test_number("lost", (int64_t)health.lost, 10001 - 3000 - 500);
    test_number("early", (int64_t)health.early, 10001 - 3000);
    uint64_t first = seen.first;
    seen = (struct seen){.text = seen.text};
    state_reader_spam(reader, 0, 20000, see_spam, &seen, &why);
    test_number("the newest stay", (int64_t)(seen.last - first), 10000);
    test_number("and no others", seen.count, 3000);
    state_reader_close(reader);
    state_close(state);
    strbuf_clear(&seen.text);
}

/* A leap of days is believed after an hour. */
static void pass_time(struct state *state, int64_t to)
{
    struct state_batch *batch = state_batch_new();
    clock_pin(to - 3601);
    state_batch_mark(batch, "time", SPAN("passes"));
    state_submit(state, batch);
    flush(state);
    clock_pin(to);
}

static void test_old(void)
{
    struct state_settings settings = {.folder = folder_of("old"), .commit_ms = 1, .keep_s = 86400};
    struct state *state = start_it(&settings);
    submit_spam(state, 1, 5000);
    flush(state);
    pass_time(state, NOW + 2 * 86400);
    struct state_batch *batch = state_batch_new();
    struct spam_event event = spam_of(9);
    event.verdict_time = clock_now();
    state_batch_spam(batch, &event);
    put_count(batch, "k", "b", NOW / 60 - 60, "alice");
    state_submit(state, batch);
    flush(state);
    await_rows(settings.folder, 1);
    state_close(state);
    clock_pin(NOW);
    state = open_it(&settings);
    struct strbuf text = {0};
    state_watch(state, "postfix", 0, see_watch, &text, &why);
    test_text("no counts", strbuf_text(&text), "");
    strbuf_clear(&text);
    state_close(state);
}

static void run_at(const char *folder, int64_t now, uint64_t want)
{
    struct state_settings settings = {.folder = folder, .commit_ms = 1, .keep_s = 86400};
    clock_pin(now);
    struct state *state = start_it(&settings);
    submit_spam(state, 1, 1);
    flush(state);
    state_close(state);
    await_rows(folder, want);
}

/* While it runs, and at a start; put right, all is as before, and after an hour it is believed,
 * also by short runs once in a while. */
static void test_clock_ahead(void)
{
    const char *folder = folder_of("ahead");
    struct state_settings settings = {.folder = folder, .commit_ms = 1, .keep_s = 86400};
    struct state *state = start_it(&settings);
    submit_spam(state, 1, 10);
    flush(state);
    clock_pin(NOW + 50 * 86400);
    submit_spam(state, 11, 1);
    flush(state);
    state_close(state);
    await_rows(folder, 11);
    run_at(folder, NOW + 50 * 86400 + 600, 12);
    run_at(folder, NOW, 13);
    run_at(folder, NOW + 50 * 86400, 14);
    run_at(folder, NOW + 52 * 86400, 0);
    run_at(folder, NOW, 1);
}

/* Whoever reads for long keeps the log of writes from being emptied: it has a bound, too. */
static void test_wal_bound(void)
{
    struct state_health health = {0};
    struct state_settings settings = {
        .folder = folder_of("wal"), .commit_ms = 1, .bytes_max = 3 << 20};
    struct state *state = start_it(&settings);
    submit_spam(state, 0, 10);
    flush(state);
    struct sqlite *reader = sqlite_open_to_read(file_of(settings.folder, "postlog.db"), 100, &why);
    test_number("reads", sqlite_run(reader, "BEGIN; SELECT count(*) FROM spam", &why), 0);
    for (unsigned i = 1; i < 40 && !health.failing; i++) {
        submit_spam(state, i * 1000, 1000);
        state_flush(state, 3000, NULL);
        state_look(state, &health);
    }
    test_true(health.trouble,
              health.failing && strstr(health.trouble, "reads the database") != NULL);
    test_true("bounded", health.wal_bytes < 4 << 20);
    sqlite_close(reader);
    flush(state);
    state_look(state, &health);
    test_true("goes on", !health.failing && health.lost == 0);
    state_close(state);
}

/* What another database has not got yet is kept, however old. */
static void test_old_unsent(void)
{
    struct state_settings settings = {
        .folder = folder_of("unsent"), .commit_ms = 1, .keep_s = 86400, .feeds = true};
    struct state *state = start_it(&settings);
    submit_spam(state, 1, 10);
    flush(state);
    pass_time(state, NOW + 9 * 86400);
    submit_spam(state, 11, 1);
    flush(state);
    await_rows(settings.folder, 11);
    struct state_reader *reader = state_reader_open(settings.folder, &why);
    struct seen seen = {0};
    state_reader_spam(reader, 0, 10, see_spam, &seen, &why);
    state_reader_set_sent(reader, seen.last, &why);
    submit_spam(state, 12, 1);
    flush(state);
    await_rows(settings.folder, 2);
    state_reader_close(reader);
    state_close(state);
    strbuf_clear(&seen.text);
    clock_pin(NOW);
}

static void test_bytes_bound(void)
{
    uint64_t newest, rows, bytes;
    struct state_settings settings = {
        .folder = folder_of("bytes"), .commit_ms = 1, .bytes_max = 1 << 20};
    struct state *state = start_it(&settings);
    for (unsigned i = 0; i < 40; i++) {
        submit_spam(state, i * 1000, 1000);
        flush(state);
    }
    struct state_reader *reader = state_reader_open(settings.folder, &why);
    for (int i = 0; i < 500; i++) {
        state_reader_size(reader, &newest, &rows, &bytes, &why);
        if (rows < 8000)
            break;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    test_true("rows went", rows < 8000 && rows > 500);
    test_true("the file stays small", bytes < 4 << 20);
    state_reader_close(reader);
    state_close(state);
}

/* ---- a disk that does not take it ---- */

/* In a child with file systems of its own. */
static void in_namespace(void (*test)(const char *folder), const char *name)
{
    const char *folder = folder_of(name);
    int status = 1;
    mkdir(folder, 0755);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("none", folder, "tmpfs", 0, "size=1m,mode=755") != 0)
            _exit(77); /* only root may */
        test_checked = test_failed = 0;
        test(folder);
        fflush(stdout);
        _exit(test_failed > 0);
    }
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        printf("%s: needs a file system of its own\n", name);
    else
        test_number(name, status, 0);
}

static int64_t count_rows(const char *folder)
{
    uint64_t newest, rows = 0, bytes;
    struct state_reader *reader = state_reader_open(folder, &why);
    if (reader != NULL)
        state_reader_size(reader, &newest, &rows, &bytes, &why);
    state_reader_close(reader);
    return (int64_t)rows;
}

static int64_t slowest_submit(struct state *state, unsigned batches)
{
    int64_t slowest = 0;
    for (unsigned i = 0; i < batches; i++) {
        int64_t start = clock_steady_ms();
        submit_spam(state, i * 100, 100);
        int64_t took = clock_steady_ms() - start;
        slowest = took > slowest ? took : slowest;
    }
    return slowest;
}

static void full_disk(const char *folder)
{
    struct state_health health;
    struct state_settings settings = {.folder = folder, .commit_ms = 1};
    struct state *state = start_it(&settings);
    submit_spam(state, 0, 100);
    flush(state);
    int fd = open(file_of(folder, "filler"), O_WRONLY | O_CREAT, 0600);
    char block[4096] = {0};
    while (write(fd, block, sizeof block) > 0)
        continue;
    close(fd);
    test_true("nobody waits", slowest_submit(state, 100) < 1000);
    test_number("does not flush", state_flush(state, 300, &why), -1);
    test_true("says why", strstr(strbuf_text(&why), "full") != NULL);
    strbuf_reset(&why);
    state_look(state, &health);
    test_true("is told", health.failing && strstr(health.trouble, "full") != NULL &&
                             health.waiting_bytes > 1000000 && health.oldest_waiting_ms >= 250);
    unlink(file_of(folder, "filler"));
    mount("none", folder, NULL, MS_REMOUNT, "size=100m,mode=755");
    flush(state);
    state_look(state, &health);
    test_true("is well again", !health.failing && health.waiting_bytes == 0 && health.lost == 0);
    state_close(state);
    test_number("all of it, once", count_rows(folder), 100 + 10000);
}

static void readonly_disk(const char *folder)
{
    struct state_health health;
    struct state_settings settings = {.folder = folder, .commit_ms = 1};
    state_close(start_it(&settings));
    mount("none", folder, NULL, MS_REMOUNT | MS_RDONLY, NULL);
    test_true("is refused", state_open(&settings, &why) == NULL && why.len > 0);
    strbuf_reset(&why);
    mount("none", folder, NULL, MS_REMOUNT, NULL);
    struct state *state = start_it(&settings);
    submit_spam(state, 0, 10);
    flush(state);
    state_look(state, &health);
    test_true("works", !health.failing);
    state_close(state);
}

/* What waits is bounded: the newest spam is kept, and the last of each mark. */
static void bounded_waiting(const char *folder)
{
    struct state_health health;
    struct state_settings settings = {.folder = folder, .commit_ms = 1, .waiting_max = 1 << 20};
    struct state *state = start_it(&settings);
    int fd = open(file_of(folder, "filler"), O_WRONLY | O_CREAT, 0600);
    char block[4096] = {0};
    while (write(fd, block, sizeof block) > 0)
        continue;
    close(fd);
    slowest_submit(state, 400);
    struct state_batch *batch = state_batch_new();
    state_batch_mark(batch, "mail.log", SPAN("last"));
    state_submit(state, batch);
    state_look(state, &health);
    test_true("is bounded", health.waiting_bytes < 3 << 20);
    unlink(file_of(folder, "filler"));
    mount("none", folder, NULL, MS_REMOUNT, "size=100m,mode=755");
    flush(state);
    state_look(state, &health);
    test_true("loss is told", health.lost > 10000 && health.lost < 40000);
    state_close(state);
    test_number("nothing else is lost", count_rows(folder), 40000 - (int64_t)health.lost);
    state = open_it(&settings);
    struct strbuf mark = {0};
    test_number("mark", state_mark(state, "mail.log", &mark, &why), 1);
    test_text("mark", strbuf_text(&mark), "last");
    strbuf_clear(&mark);
    state_close(state);
}

/* Somebody else's transaction, of which there seems to be no end: reading goes on, it is told, and
 * in the end everything is there. */
static void test_locked(void)
{
    struct state_health health;
    struct state_settings settings = {.folder = folder_of("locked"), .commit_ms = 1};
    struct state *state = start_it(&settings);
    submit_spam(state, 0, 10);
    flush(state);
    struct sqlite *other = sqlite_open(file_of(settings.folder, "postlog.db"), 1000, &why);
    test_number("begins", sqlite_run(other, "BEGIN IMMEDIATE", &why), 0);
    test_true("nobody waits", slowest_submit(state, 10) < 1000);
    test_number("does not flush", state_flush(state, 3000, &why), -1);
    test_true("says why", strstr(strbuf_text(&why), "locked") != NULL);
    strbuf_reset(&why);
    state_look(state, &health);
    test_true("is told", health.failing && strstr(health.trouble, "locked") != NULL);
    test_number("ends", sqlite_run(other, "ROLLBACK", &why), 0);
    sqlite_close(other);
    flush(state);
    state_close(state);
    test_number("all of it, once", count_rows(settings.folder), 10 + 1000);
}

/* Nothing is written to a file that nobody will find again. */
static void test_taken_away(void)
{
    struct state_health health;
    const char *folder = folder_of("taken");
    struct state_settings settings = {.folder = folder, .commit_ms = 1};
    struct state *state = start_it(&settings);
    char path[300], away[310];
    snprintf(path, sizeof path, "%s", file_of(folder, "postlog.db"));
    snprintf(away, sizeof away, "%s.away", path);
    submit_spam(state, 0, 10);
    flush(state);
    test_number("moved", rename(path, away), 0);
    submit_spam(state, 10, 10);
    test_number("does not flush", state_flush(state, 300, &why), -1);
    strbuf_reset(&why);
    state_look(state, &health);
    test_true("is told", health.failing && strstr(health.trouble, "replaced") != NULL);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    test_number("another one", state_flush(state, 300, &why), -1);
    strbuf_reset(&why);
    test_number("is back", rename(away, path), 0);
    flush(state);
    state_close(state);
    test_number("all of it, once", count_rows(folder), 20);
}

/* A log that has another name is the same log. */
static void see_mark(void *to, const char *source, struct span mark)
{
    strbuf_format(to, "%s=%.*s;", source, (int)mark.len, mark.at);
}

static void test_marks(void)
{
    struct state_settings settings = {.folder = folder_of("marks")};
    struct state *state = start_it(&settings);
    struct state_batch *batch = state_batch_new();
    struct strbuf marks = {0};
    state_batch_mark(batch, "/a", SPAN("1"));
    state_batch_mark(batch, "/b", SPAN("2"));
    state_submit(state, batch);
    state_close(state);
    state = open_it(&settings);
    test_number("renames", state_rename_mark(state, "/a", "/b", &why), 0);
    test_number("renames", state_rename_mark(state, "/b", "/c", &why), 0);
    state_close(state);
    state = open_it(&settings);
    test_number("marks", state_marks(state, see_mark, &marks, &why), 0);
    test_text("marks", strbuf_text(&marks), "/c=1;");
    strbuf_clear(&marks);
    state_close(state);
}

/* ---- what is refused ---- */

static void refuse(const struct state_settings *settings, const char *what)
{
    test_true("refused", state_open(settings, &why) == NULL);
    if (strstr(strbuf_text(&why), what) == NULL)
        test_text("says", strbuf_text(&why), what);
    strbuf_reset(&why);
}

static void run_sql(const char *path, const char *sql)
{
    struct sqlite *db = sqlite_open(path, 100, &why);
    test_number(sql, sqlite_run(db, sql, &why), 0);
    sqlite_close(db);
}

static void spoil(const char *path, off_t from)
{
    char rubbish[4096];
    struct stat st;
    memset(rubbish, 'x', sizeof rubbish);
    int fd = open(path, O_WRONLY);
    test_true("stat", fstat(fd, &st) == 0);
    for (off_t at = from; at < st.st_size; at += (off_t)sizeof rubbish)
        test_true("spoils", pwrite(fd, rubbish, sizeof rubbish, at) > 0);
    close(fd);
}

static int look_through(const char *folder)
{
    struct state_reader *reader = state_reader_open(folder, &why);
    int result = reader == NULL ? 1 : state_reader_check(reader, &why);
    if (result < 0)
        test_true(strbuf_text(&why), strstr(strbuf_text(&why), "damaged") != NULL);
    state_reader_close(reader);
    return result;
}

static void test_refused(void)
{
    const char *folder = folder_of("refused");
    char path[300];
    struct stat before, after;
    struct state_settings settings = {.folder = folder};
    struct state *state = start_it(&settings);
    submit_spam(state, 1, 2000);
    state_close(state);
    snprintf(path, sizeof path, "%s", file_of(folder, "postlog.db"));
    chmod(folder, 0777);
    refuse(&settings, "may be changed by other users");
    chmod(folder, 0755);
    chmod(path, 0644);
    refuse(&settings, "others may open it (chmod 600)");
    chmod(path, 0600);
    run_sql(path, "PRAGMA user_version = 3");
    refuse(&settings, "is of a newer spamgear (version 3, this one knows 2)");
    run_sql(path, "PRAGMA user_version = 0");
    refuse(&settings, "is another program's database");
    run_sql(path, "PRAGMA user_version = 2; ALTER TABLE thread RENAME TO gone");
    refuse(&settings, "has lost tables, and is left as it is");
    run_sql(path, "ALTER TABLE gone RENAME TO thread");
    test_number("is well", look_through(folder), 0);
    spoil(path, 40960);
    test_number("is damaged", look_through(folder), -1);
    spoil(path, 4096);
    stat(path, &before);
    refuse(&settings, "the database is damaged, and is left as it is: move it away to begin anew");
    spoil(path, 0);
    refuse(&settings, "the database is damaged, and is left as it is");
    stat(path, &after);
    test_true("is still there", before.st_ino == after.st_ino && before.st_size == after.st_size);
    unlink(path);
    test_true("link", symlink("/etc/passwd", path) == 0);
    refuse(&settings, "is no regular file of one name");
}

/* ---- somebody else at the same time ---- */

static void read_along(const char *folder, uint64_t rows)
{
    struct seen seen = {0};
    struct state_reader *reader = NULL;
    for (int i = 0; i < 10000 && reader == NULL; i++) {
        reader = state_reader_open(folder, NULL);
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
    while (reader != NULL && seen.count < rows) {
        int got = state_reader_spam(reader, seen.last, 100, see_spam, &seen, &why);
        if (got < 0 || (got > 0 && state_reader_set_sent(reader, seen.last, &why) != 0))
            break;
    }
    test_number("each once, in order", (int64_t)(seen.last - seen.first + 1), (int64_t)rows);
    test_why("no trouble", "");
    state_reader_close(reader);
    strbuf_clear(&seen.text);
    _exit(test_failed > 0 || seen.count != rows);
}

static void test_reader_along(void)
{
    struct state_health health;
    int status = 1;
    struct state_settings settings = {.folder = folder_of("along"), .commit_ms = 1, .feeds = true};
    char folder[300];
    snprintf(folder, sizeof folder, "%s", settings.folder);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        read_along(folder, 20000);
    struct state *state = start_it(&settings);
    for (unsigned i = 0; i < 400; i++) {
        submit_spam(state, i * 50, 50);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        state_look(state, &health);
    }
    flush(state);
    waitpid(child, &status, 0);
    test_number("the reader", status, 0);
    submit_spam(state, 0, 1);
    flush(state);
    state_look(state, &health);
    test_number("unsent", (int64_t)health.unsent, 1);
    state_close(state);
}

static int remove_it(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st, (void)kind, (void)place;
    return remove(path);
}

int main(void)
{
    if (mkdtemp(work_folder) == NULL || chdir(work_folder) != 0)
        return 1;
    umask(022);
    clock_pin(NOW);
    test_reader_along();
    test_again();
    test_close_flushes();
    test_bound();
    test_old();
    test_old_unsent();
    test_clock_ahead();
    test_wal_bound();
    test_bytes_bound();
    in_namespace(full_disk, "full");
    in_namespace(readonly_disk, "readonly");
    in_namespace(bounded_waiting, "waiting");
    test_locked();
    test_taken_away();
    test_marks();
    test_refused();
    strbuf_clear(&why);
    test_true("tidies up", nftw(work_folder, remove_it, 8, FTW_DEPTH | FTW_PHYS) == 0);
    return test_end();
}
