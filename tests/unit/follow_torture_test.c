/* follow_torture_test - a log is written fast and rotated in all ways, its reader killed again and
 * again: each line counts once.
 *
 * Three processes share some memory: one writes numbered lines, one reads and commits, chunk by
 * chunk, the mark together with the number of the line that comes next (as a transaction would),
 * and the test itself rotates and kills. A file is deleted or replaced only once it is read;
 * everything else happens at any moment.
 */
#include "spamgear/log/follow.h"

#include "spamgear/base/clock.h"
#include "test.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROTATIONS     80
#define LINES_PER_MS  20
#define GRACE_MS      30
#define CATCH_UP_MS   60000
#define LINE          "2026-01-01T%02u:%02u:%02u+00:00 mx postfix/smtpd[1]: line %010u of many\n"
#define PACKED_BEHIND 2 /* numbers from here on are packed now and then */

struct commit {
    struct follow_mark mark;
    unsigned next;
};

static struct shared {
    pthread_mutex_t writing; /* held for each line; copytruncate holds it too */
    atomic_uint written, reopen, reopened;
    atomic_bool stop;
    struct commit commits[2];
    atomic_uint commit_number; /* the newest is commits[number % 2] */
    atomic_uint wrong, troubles, lost;
    char first_wrong[256], trouble[512];
} * shared;

static char dir[] = "/tmp/follow_torture_test.XXXXXX";
static char path[64];
static pid_t writer, reader;

/* ---- the writer ---- */

static int open_log(void)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void write_line(int fd)
{
    char line[128];
    unsigned n = atomic_load(&shared->written), s = n / 1000;
    int len = snprintf(line, sizeof line, LINE, s / 3600 % 24, s / 60 % 60, s % 60, n);
    if (write(fd, line, (size_t)len) != len)
        _exit(1);
    atomic_store(&shared->written, n + 1);
}

static _Noreturn void write_lines(void)
{
    int fd = open_log();
    int64_t begin = clock_steady_ms();
    uint64_t own = 0;
    while (!atomic_load(&shared->stop)) {
        pthread_mutex_lock(&shared->writing);
        unsigned asked = atomic_load(&shared->reopen);
        if (atomic_load(&shared->reopened) != asked) {
            close(fd);
            fd = open_log();
            atomic_store(&shared->reopened, asked);
        }
        uint64_t due = (uint64_t)(clock_steady_ms() - begin) * LINES_PER_MS;
        for (int i = 0; i < 100 && own < due; i++, own++)
            write_line(fd);
        pthread_mutex_unlock(&shared->writing);
        poll(NULL, 0, 1);
    }
    _exit(0);
}

/* ---- the reader ---- */

static void commit(const struct follow_mark *mark, unsigned next)
{
    unsigned number = atomic_load(&shared->commit_number) + 1;
    shared->commits[number % 2] = (struct commit){*mark, next};
    atomic_store(&shared->commit_number, number);
}

/* Its slot is written again only after the number has moved on. */
static struct commit committed(void)
{
    struct commit newest;
    unsigned number;
    do {
        number = atomic_load(&shared->commit_number);
        newest = shared->commits[number % 2];
        atomic_thread_fence(memory_order_seq_cst);
    } while (atomic_load(&shared->commit_number) != number);
    return newest;
}

static unsigned check_lines(const struct follow_chunk *chunk, unsigned next)
{
    struct span text = chunk->lines, line;
    for (; span_take_line(&text, &line); next++) {
        char want[128];
        unsigned s = next / 1000;
        int len = snprintf(want, sizeof want, LINE, s / 3600 % 24, s / 60 % 60, s % 60, next);
        if (span_is(line, (struct span){want, (size_t)len - 1}))
            continue;
        if (atomic_fetch_add(&shared->wrong, 1) == 0)
            snprintf(shared->first_wrong, sizeof shared->first_wrong,
                     "want %u, got \"%.*s\" in %s from %llu", next,
                     (int)(line.len < 80 ? line.len : 80), line.at, chunk->file,
                     (unsigned long long)chunk->offset);
        _exit(1);
    }
    return next;
}

static void follow_on(struct follow *follow, unsigned next)
{
    static const size_t sizes[] = {1, 1000, 65536, 1 << 20};
    struct follow_chunk chunk;
    struct follow_state state;
    struct strbuf why = {0};
    for (unsigned turn = 0;; turn++) {
        int got = follow_next(follow, sizes[turn / 64 % 4], &chunk, &why);
        if (got > 0) {
            next = check_lines(&chunk, next);
            commit(&chunk.mark, next);
        } else if (got == 0) {
            struct pollfd polled = {.fd = follow_fd(follow), .events = POLLIN};
            poll(&polled, 1, 5);
        } else {
            atomic_fetch_add(&shared->troubles, 1);
            snprintf(shared->trouble, sizeof shared->trouble, "%s", strbuf_text(&why));
        }
        follow_look(follow, &state);
        atomic_store(&shared->lost, (unsigned)state.lost);
    }
}

static _Noreturn void read_lines(void)
{
    struct strbuf why = {0};
    struct commit last = committed();
    bool is_first = atomic_load(&shared->commit_number) == 0;
    struct follow *follow = follow_open(path, is_first ? NULL : &last.mark, FOLLOW_BEGIN, &why);
    if (follow == NULL)
        _exit(1);
    follow_set_grace(follow, GRACE_MS);
    follow_place(follow, &last.mark);
    if (is_first)
        commit(&last.mark, 0);
    follow_on(follow, last.next);
    _exit(0);
}

static pid_t start(void (*work)(void))
{
    pid_t pid = fork();
    if (pid == 0)
        work();
    return pid;
}

static void reader_start(void)
{
    if (reader == 0)
        reader = start(read_lines);
}

static void reader_kill(void)
{
    int status;
    if (reader == 0)
        return;
    kill(reader, SIGKILL);
    waitpid(reader, &status, 0);
    test_true("the reader was content", WIFSIGNALED(status));
    reader = 0;
}

static bool caught_up(unsigned lines)
{
    int64_t until = clock_steady_ms() + CATCH_UP_MS;
    while (committed().next < lines && clock_steady_ms() < until &&
           atomic_load(&shared->wrong) == 0)
        poll(NULL, 0, 1);
    return committed().next >= lines;
}

/* ---- rotation ---- */

static const char *numbered(unsigned n, const char *packing)
{
    static char paths[4][96];
    static unsigned turn;
    char *name = paths[turn++ % 4];
    snprintf(name, sizeof paths[0], "%s.%u%s", path, n, packing);
    return name;
}

static void run_to_end(const char *program, const char *operand, int out)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        if (out >= 0)
            dup2(out, STDOUT_FILENO);
        execlp(program, program, operand, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    test_number(program, status, 0);
}

static void shift(void)
{
    for (unsigned i = ROTATIONS + 20; i > 0; i--) {
        rename(numbered(i, ""), numbered(i + 1, ""));
        rename(numbered(i, ".gz"), numbered(i + 1, ".gz"));
    }
}

static void reopen(void)
{
    unsigned number = atomic_fetch_add(&shared->reopen, 1) + 1;
    while (atomic_load(&shared->reopened) != number)
        poll(NULL, 0, 1);
}

static void rename_away(int late_ms, bool create)
{
    shift();
    test_number("rename", rename(path, numbered(1, "")), 0);
    if (create)
        close(open_log());
    poll(NULL, 0, late_ms);
    reopen();
}

static void renamed(void)
{
    rename_away(0, false);
}

static void renamed_late(void)
{
    rename_away(25, true);
}

static void renamed_absent(void)
{
    rename_away(25, false);
}

static void packed(void)
{
    rename_away(0, true);
    for (unsigned i = PACKED_BEHIND; i < ROTATIONS + 20; i++)
        if (access(numbered(i, ""), F_OK) == 0)
            run_to_end("gzip", numbered(i, ""), -1);
}

static void packed_at_once(void)
{
    rename_away(0, true);
    run_to_end("gzip", numbered(1, ""), -1);
}

static void copied_and_cut(void)
{
    shift();
    pthread_mutex_lock(&shared->writing);
    int to = open(numbered(1, ""), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    run_to_end("cat", path, to);
    close(to);
    test_number("cut", truncate(path, 0), 0);
    pthread_mutex_unlock(&shared->writing);
}

static void replaced(void)
{
    struct stat st, now = {0};
    char other[80];
    snprintf(other, sizeof other, "%s.new", path);
    reader_start();
    pthread_mutex_lock(&shared->writing);
    unsigned lines = atomic_load(&shared->written);
    test_true("caught up", caught_up(lines) && stat(path, &st) == 0);
    int fd = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (now.st_size < st.st_size) {
        write_line(fd);
        fstat(fd, &now);
    }
    close(fd);
    test_number("the same size", now.st_size, st.st_size);
    test_number("replaced", rename(other, path), 0);
    atomic_fetch_add(&shared->reopen, 1);
    pthread_mutex_unlock(&shared->writing);
    test_true("the other is read", caught_up(lines + 1));
}

static void deleted(void)
{
    reader_start();
    pthread_mutex_lock(&shared->writing);
    unsigned lines = atomic_load(&shared->written);
    test_true("caught up", caught_up(lines));
    test_number("deleted", unlink(path), 0);
    atomic_fetch_add(&shared->reopen, 1);
    pthread_mutex_unlock(&shared->writing);
    test_true("the new one is read", caught_up(lines + 1));
}

static void (*const ways[])(void) = {renamed,        copied_and_cut, renamed_late, packed,
                                     copied_and_cut, deleted,        replaced,     renamed_absent,
                                     packed_at_once, copied_and_cut, renamed};

#define WAYS (sizeof ways / sizeof ways[0])

static void torture(unsigned seed)
{
    printf("seed %u\n", seed);
    srandom(seed);
    for (int i = 0; i < ROTATIONS && atomic_load(&shared->wrong) == 0; i++) {
        poll(NULL, 0, (int)(random() % 60));
        if (random() % 2 == 0)
            reader_kill();
        ways[(size_t)random() % WAYS]();
        if (random() % 3 != 0)
            reader_start();
    }
}

/* ---- the test ---- */

static void shared_init(void)
{
    pthread_mutexattr_t attributes;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->writing, &attributes);
}

int main(int argc, char **argv)
{
    char command[128];
    int status = -1;
    test_true("folder", mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/mail.log", dir);
    shared_init();
    writer = start(write_lines);
    reader_start();
    torture(argc > 1 ? (unsigned)atoi(argv[1]) : (unsigned)time(NULL));
    atomic_store(&shared->stop, true);
    waitpid(writer, &status, 0);
    test_number("the writer", status, 0);
    reader_start();
    caught_up(atomic_load(&shared->written));
    poll(NULL, 0, 5 * GRACE_MS); /* nothing may come twice */
    reader_kill();
    test_text("lines", shared->first_wrong, "");
    test_number("all of them", committed().next, atomic_load(&shared->written));
    printf("%u lines, %u troubles %s\n", atomic_load(&shared->written),
           atomic_load(&shared->troubles), shared->trouble);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    test_number(command, system(command), 0);
    return test_end();
}
