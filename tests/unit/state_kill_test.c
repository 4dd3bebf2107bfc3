/* state - killed at any instant, and refused by the disk at any call, each batch counts once.
 *
 * A run is killed before and after each call that changes something, and each fails in turn
 * (counted_calls.h); and 40 rounds are killed wherever a random moment finds them.
 */
#include "spamgear/base/clock.h"
#include "spamgear/base/sqlite.h"
#include "spamgear/store/state.h"

#include "counted_calls.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- the run that is killed, or whose disk fails ---- */

#define BATCHES 3

static char work_folder[] = "/tmp/state_kill_test.XXXXXX";
static char state_folder[80], map_file[100];
static volatile unsigned *told; /* the last batch that was said to be on disk */

static struct listing_settings listing;

static struct state *open_it(struct strbuf *why)
{
    struct state_settings settings = {.folder = state_folder, .commit_ms = 1, .listing = &listing};
    struct state *state = state_open(&settings, why);
    if (state != NULL && state_start(state, why) != 0)
        exit(1);
    return state;
}

static unsigned mark_of(struct state *state)
{
    struct strbuf mark = {0};
    unsigned number = 0;
    if (state_mark(state, "log", &mark, NULL) == 1)
        number = (unsigned)strtoul(strbuf_text(&mark), NULL, 10);
    strbuf_clear(&mark);
    return number;
}

/* A mark, and what follows from the lines before it. */
static struct state_batch *batch_of(unsigned number)
{
    char text[20], user[20];
    struct state_batch *batch = state_batch_new();
    int len = snprintf(text, sizeof text, "%u", number);
    snprintf(user, sizeof user, "user%u", number / 2);
    struct spam_event event = {.time = clock_now(),
                               .verdict_time = clock_now(),
                               .queue_id = {text, (size_t)len},
                               .sasl = span_text(user),
                               .verdict = MAIL_VERDICT_SPAM,
                               .victims = 2};
    state_batch_mark(batch, "log", (struct span){text, (size_t)len});
    state_batch_thread(batch, 1, (struct span){text, (size_t)len});
    state_batch_thread(batch, 100 + number, SPAN("open"));
    if (number > 1)
        state_batch_thread(batch, 99 + number, SPAN(""));
    state_batch_spam(batch, &event);
    return batch;
}

static void run_child(void)
{
    struct state_settings settings = {.folder = state_folder, .commit_ms = 1, .listing = &listing};
    struct state *state = state_open(&settings, NULL);
    if (state == NULL)
        _exit(3);
    unsigned done = *told = mark_of(state);
    if (state_start(state, NULL) != 0)
        _exit(4);
    for (unsigned i = done + 1; i <= BATCHES; i++) {
        state_submit(state, batch_of(i));
        if (state_flush(state, 10000, NULL) != 0)
            _exit(5);
        *told = i;
    }
    state_close(state);
    _exit(what != WHAT_NOTHING && calls < at_call ? NEVER_REACHED : 0);
}

/* ---- what must hold afterwards ---- */

struct seen {
    unsigned count;
    bool in_order;
};

static void see_spam(void *to, uint64_t number, const struct spam_event *event)
{
    struct seen *seen = to;
    char text[20];
    (void)number;
    snprintf(text, sizeof text, "%u", ++seen->count);
    seen->in_order = seen->in_order && span_is(event->queue_id, span_text(text));
}

static void see_thread(void *to, uint64_t number, struct span bytes)
{
    strbuf_format(to, "%llu=%.*s;", (unsigned long long)number, (int)bytes.len, bytes.at);
}

static void check_threads(struct state *state, unsigned mark)
{
    struct strbuf got = {0}, want = {0};
    state_threads(state, see_thread, &got, NULL);
    if (mark > 0)
        strbuf_format(&want, "1=%u;%u=open;", mark, 100 + mark);
    test_text("threads are those of the mark", strbuf_text(&got), strbuf_text(&want));
    strbuf_clear(&got);
    strbuf_clear(&want);
}

static void check_rows(unsigned mark)
{
    struct seen seen = {0, true};
    struct state_reader *reader = state_reader_open(state_folder, NULL);
    state_reader_spam(reader, 0, 100, see_spam, &seen, NULL);
    test_true("rows are those of the mark, in order", seen.count == mark && seen.in_order);
    state_reader_close(reader);
}

/* A pair of batches lists a user. */
static void check_map(unsigned mark)
{
    unsigned rows = 0;
    struct sqlite *db = sqlite_open_to_read(map_file, 1000, NULL);
    struct sqlite_query *query =
        db == NULL ? NULL : sqlite_prepare(db, "SELECT name FROM access", NULL);
    while (query != NULL && sqlite_step(query, NULL) == 1)
        rows++;
    test_true("the map can be read", query != NULL);
    test_number("listed", rows, mark == 0 ? 0 : (mark - 1) / 2);
    sqlite_query_close(query);
    sqlite_close(db);
}

/* A start after it finds all of a batch, or nothing; then the rest follows. */
static void check(void)
{
    struct strbuf why = {0};
    struct state *state = open_it(&why);
    test_text("opens again", strbuf_text(&why), "");
    if (state == NULL)
        exit(1);
    state_close(state); /* the thread has looked after the map */
    struct state_settings settings = {.folder = state_folder};
    state = state_open(&settings, &why);
    unsigned mark = mark_of(state);
    test_true("what was told is there", mark >= *told && mark <= BATCHES);
    check_threads(state, mark);
    state_close(state);
    check_rows(mark);
    check_map(mark);
    strbuf_clear(&why);
}

static int remove_it(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st, (void)kind, (void)place;
    return remove(path);
}

static void clean(void)
{
    test_number("cleans", nftw(state_folder, remove_it, 4, FTW_DEPTH | FTW_PHYS), 0);
    *told = 0;
}

static void finish(void)
{
    test_number("the rest follows", run_in_child(run_child, WHAT_NOTHING, 0, 0), 0);
    test_number("told", *told, BATCHES);
    check();
    clean();
}

/* Every call in turn, until a run has no more of them. */
static void test_each_call(enum what then, int error, unsigned step)
{
    unsigned call = 1;
    for (bool reached = true; reached && call < 1000; call += step) {
        int status = run_in_child(run_child, then, call, error);
        reached = !(WIFEXITED(status) && WEXITSTATUS(status) == NEVER_REACHED);
        if (then != WHAT_FAIL)
            test_true("killed", !reached || WIFSIGNALED(status));
        else
            test_true("goes on", WIFEXITED(status) && (!reached || WEXITSTATUS(status) == 0 ||
                                                       WEXITSTATUS(status) == 3));
        check();
        if (call % 5 == 0)
            finish();
        else
            clean();
    }
    printf("%u calls\n", call - 1 - step);
    test_true("they are many, and end", call > 30 && call < 1000);
}

static void test_random_kills(void)
{
    uint32_t seed = 20261122;
    unsigned killed = 0;
    for (unsigned i = 0; i < 40; i++) {
        int status = 0;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            run_child();
        seed = seed * 1664525 + 1013904223;
        nanosleep(&(struct timespec){0, seed / 65536 % 30 * 1000000}, NULL);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        killed += WIFSIGNALED(status);
        check();
        if (i % 4 == 3)
            finish();
    }
    printf("%u kills met a running one\n", killed);
    test_true("enough kills met a running one", killed > 10);
}

int main(void)
{
    if (mkdtemp(work_folder) == NULL || chdir(work_folder) != 0)
        return 1;
    umask(022);
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told == MAP_FAILED)
        return 1;
    snprintf(state_folder, sizeof state_folder, "%s/state", work_folder);
    snprintf(map_file, sizeof map_file, "%s/postfix-map.db", state_folder);
    listing.file = map_file;
    listing.rules[LISTING_SASL] = (struct listing_rule){
        .on = true, .days = 20, .divisor = 20, .probability = 0.1, .action = "REJECT"};
    test_each_call(WHAT_KILL_BEFORE, 0, 1);
    test_each_call(WHAT_KILL_AFTER, 0, 4);
    test_each_call(WHAT_FAIL, ENOSPC, 2);
    test_each_call(WHAT_FAIL, EIO, 4);
    test_random_kills();
    munmap((void *)told, sizeof *told);
    test_true("folder is empty", rmdir(work_folder) == 0);
    return test_end();
}
