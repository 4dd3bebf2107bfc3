/* pool - whatever a worker does, every file comes back once with the verdict that is its own. */
#include "spamgear/scan/pool.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/scan/clean.h"
#include "spamgear/scan/worker.h"
#include "test.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static struct rules *rules;
static struct detect detect;

/* So long that a busy machine does not matter, and short for what loops. */
#define LONG_MS  20000
#define SHORT_MS 500
#define LATE     "took longer than 0.5 s"

/* -- Ugly workers: what a file's first bytes make the examination do -- */

static void crash(void)
{
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would report it */
    volatile uintptr_t nowhere = 16;
    *(volatile char *)nowhere = 1;
}

static void loop(void)
{
    for (volatile unsigned i = 0;; i++)
        ;
}

static void eat(void)
{
    for (;;)
        memset(mem_alloc(1 << 20), 1, 1 << 20);
}

static void make_socket(void)
{
    socket(AF_INET, SOCK_STREAM, 0);
}

static void quit(void)
{
    _exit(0);
}

static void ask_for_another(void)
{
    _exit(WORKER_AGAIN);
}

static void hang_up(void)
{
    close(WORKER_SOCKET);
    loop();
}

static void lie(const void *at, size_t len)
{
    send(WORKER_SOCKET, at, len, MSG_NOSIGNAL);
}

static void send_nothing(void)
{
    lie("", 0);
}

static void send_unknown(void)
{
    lie("?", 1);
}

static void send_hello(void)
{
    lie("H\0\0\0\0", 5);
}

static void send_failure(void)
{
    lie("Fno", 3);
}

static void send_cut_off(void)
{
    lie("Axxx", 4);
}

static void send_long(void)
{
    static char message[WORKER_MESSAGE + 1] = "A";
    lie(message, sizeof message);
}

/* An answer of so many bytes, for this job number, with these bytes as record. */
static void send_answer(uint64_t number, uint64_t len, struct span record)
{
    struct worker_answer head = {number, len};
    struct strbuf out = {0};
    strbuf_add_char(&out, WORKER_ANSWERS);
    strbuf_add(&out, (const char *)&head, sizeof head);
    strbuf_add_span(&out, record);
    lie(out.data, out.len);
    strbuf_clear(&out);
}

/* The file that is answered next gets a record that is none. (These are given out by themselves, as
 * job 1.) */
static void send_garbage(void)
{
    send_answer(1, 5, SPAN("12345"));
}

static void send_too_little(void)
{
    send_answer(1, 1u << 30, SPAN("12345"));
}

static void send_wrong_number(void)
{
    send_answer(77, 5, SPAN("12345"));
}

static void send_verdict(void (*spoil)(struct verdict *verdict))
{
    static struct verdict verdict;
    struct strbuf record = {0};
    verdict_reset(&verdict);
    if (spoil != NULL)
        spoil(&verdict);
    verdict_encode(&verdict, &record);
    send_answer(1, record.len, strbuf_span(&record));
    strbuf_clear(&record);
}

static void claim_cleaned(struct verdict *verdict)
{
    verdict_add(verdict, rules, 1, SPAN(""));
    verdict->cleaning = CLEANING_DONE;
    verdict->size = 2000;
    verdict->cleaned_size = 1234;
}

static void send_cleaned(void)
{
    send_verdict(claim_cleaned);
}

static const struct ugly {
    const char *marker;
    void (*act)(void);
    const char *why; /* how the reason starts */
    bool lies;       /* which file it was is found by examining one by one */
    bool first;      /* it knows its number as the first file only */
    unsigned part;   /* of the sandbox, that it needs */
} uglies[] = {
    {"CRASH", crash, "the worker died (signal 11) on this file", false, false, 0},
    {"ABORT", abort, "the worker died (signal 6) on this file", false, false, 0},
    {"LOOP", loop, LATE, false, false, 0},
    {"EAT", eat, "the worker had no more memory on this file", false, false, SANDBOX_MEMORY},
    {"SOCKET", make_socket, "the worker was stopped by its sandbox on this file", false, false,
     SANDBOX_SECCOMP},
    {"QUIT", quit, "the worker ended (status 0) on this file", false, false, 0},
    {"HANGUP", hang_up, "the worker closed its socket", true, false, 0},
    {"NOTHING", send_nothing, "the worker closed its socket", true, false, 0},
    {"UNKNOWN", send_unknown, "the worker said what no worker says", true, false, 0},
    {"HELLO", send_hello, "the worker said what no worker says", true, false, 0},
    {"FAILURE", send_failure, "the worker said what no worker says", true, false, 0},
    {"LONG", send_long, "the worker sent too long a message", true, false, 0},
    {"CUT", send_cut_off, "the worker's answer ends too early", true, false, 0},
    {"GARBAGE", send_garbage, "the worker's answer cannot be read", true, true, 0},
    {"LITTLE", send_too_little, "the worker's answer ends too early", true, true, 0},
    {"NUMBER", send_wrong_number, "the worker's answer is about another file", true, false, 0},
    {"CLEANED", send_cleaned, "the worker's answer does not hold together", true, true, 0},
};

static void lie_at_random(unsigned seed);

static void examine(const struct detect *with, struct detect_scratch *scratch, int fd,
                    struct verdict *verdict)
{
    char start[16] = "";
    ssize_t got = pread(fd, start, sizeof start - 1, 0);
    if (got > 0 && strcmp(start, "AGAIN") == 0)
        ask_for_another();
    if (got > 6 && strncmp(start, "CHANCE", 6) == 0)
        lie_at_random((unsigned)strtoul(start + 6, NULL, 10));
    for (size_t i = 0; got > 0 && i < sizeof uglies / sizeof *uglies; i++)
        if (strcmp(start, uglies[i].marker) == 0)
            uglies[i].act();
    detect_file(with, scratch, fd, verdict);
}

/* -- A run: files in, verdicts out -- */

struct file {
    const char *text;
    enum verdict_result want;
    const char *why; /* how it starts */
    unsigned seen;
};

static int file_of(const char *text)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    size_t len = strlen(text);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len)
        return -1;
    return fd;
}

static struct pool_settings settings(unsigned jobs, int time_ms)
{
    return (struct pool_settings){
        .jobs = jobs,
        .time_ms = time_ms,
        .sandbox = {.uid = NOBODY, .gid = NOBODY, .memory_bytes = 64 << 20},
        .examine = examine,
    };
}

static void check(const char *name, struct file *file, const struct verdict *verdict)
{
    file->seen++;
    test_number(name, verdict->result, file->want);
    size_t len = file->why == NULL ? 0 : strlen(file->why);
    test_bytes(name, verdict->why, strnlen(verdict->why, len > 0 ? len : VERDICT_WHY),
               len > 0 ? file->why : "", len);
}

static void take_one(const char *name, struct pool *pool)
{
    struct pool_job job;
    const struct verdict *verdict;
    int got = pool_take(pool, &job, &verdict, 20000);
    test_number(name, got, 1);
    if (got != 1)
        exit(test_end()); /* it hangs */
    check(name, job.ticket, verdict);
    close(job.fd);
}

static void run(const char *name, struct pool *pool, struct file *files, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        while (!pool_has_room(pool))
            take_one(name, pool);
        struct pool_job job = {file_of(files[i].text), strlen(files[i].text), -1, &files[i]};
        pool_give(pool, &job);
    }
    while (pool_outstanding(pool) > 0)
        take_one(name, pool);
    for (size_t i = 0; i < len; i++)
        test_number(name, files[i].seen, 1);
}

static struct pool *open_timed_pool(unsigned jobs, int time_ms)
{
    struct strbuf why = {0};
    struct pool_settings with = settings(jobs, time_ms);
    struct pool *pool = pool_open(&with, &detect, &why);
    test_text("opens", strbuf_text(&why), "");
    if (pool == NULL)
        exit(1);
    strbuf_clear(&why);
    return pool;
}

static struct pool *open_pool(unsigned jobs)
{
    return open_timed_pool(jobs, LONG_MS);
}

static void plain_files(struct file *files, size_t len)
{
    for (size_t i = 0; i < len; i++)
        files[i] = i % 7 == 3
                       ? (struct file){"<?php inert_marker_one(); ?>", VERDICT_FOUND, NULL, 0}
                       : (struct file){"<?php echo 1; ?>", VERDICT_CLEAN, NULL, 0};
}

static unsigned protection; /* the parts that are in force here */

static void test_plain(void)
{
    static struct file files[1000];
    for (unsigned jobs = 1; jobs <= 3; jobs++) {
        struct pool *pool = open_pool(jobs);
        plain_files(files, 1000);
        run("plain", pool, files, 1000);
        test_number("none replaced", pool_replaced(pool), 0);
        pool_close(pool);
    }
}

static bool usable(const struct ugly *ugly)
{
    return (protection & ugly->part) == ugly->part;
}

static void test_ugly(const struct ugly *ugly, size_t at, unsigned jobs)
{
    struct file files[100];
    struct pool *pool = open_timed_pool(jobs, ugly->act == loop ? SHORT_MS : LONG_MS);
    plain_files(files, 100);
    files[at] = (struct file){ugly->marker, VERDICT_UNKNOWN, ugly->why, 0};
    run(ugly->marker, pool, files, 100);
    test_true(ugly->marker, pool_replaced(pool) == 1 || (ugly->lies && pool_replaced(pool) == 2));
    pool_close(pool);
}

static void test_uglies(void)
{
    static const size_t places[] = {0, 5, 40, 99};
    for (size_t i = 0; i < sizeof uglies / sizeof *uglies; i++) {
        if (!usable(&uglies[i])) {
            printf("not tested here: %s\n", uglies[i].marker);
            continue;
        }
        for (size_t p = 0; p < (uglies[i].first ? 1 : sizeof places / sizeof *places); p++)
            test_ugly(&uglies[i], places[p], 1 + p % 2);
    }
}

/* Every third file kills its worker. */
static void test_many_crashes(void)
{
    struct file files[100];
    struct pool *pool = open_pool(2);
    plain_files(files, 100);
    for (size_t i = 0; i < 100; i += 3)
        files[i] = (struct file){uglies[i % 2].marker, VERDICT_UNKNOWN, uglies[i % 2].why, 0};
    run("many crashes", pool, files, 100);
    test_number("a worker each", pool_replaced(pool), 34);
    pool_close(pool);
}

/* A worker that asks to be replaced without having answered anything is one that died. */
static void test_again(void)
{
    struct file files[40];
    struct pool *pool = open_pool(1);
    plain_files(files, 40);
    for (size_t i = 0; i < 40; i += 2)
        files[i] = (struct file){"AGAIN", VERDICT_UNKNOWN, "the worker ended (status 17)", 0};
    run("again", pool, files, 40);
    pool_close(pool);
}

/* No new worker can be started: the rest is not known, and nothing hangs. */
static void test_gives_up(void)
{
    struct file files[40];
    struct pool *pool = open_pool(1);
    struct rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    for (size_t i = 0; i < 40; i++)
        files[i] = (struct file){"<?php echo 1; ?>", VERDICT_UNKNOWN, "socketpair: ", 0};
    files[0] = (struct file){"CRASH", VERDICT_UNKNOWN, uglies[0].why, 0};
    for (size_t i = 0; i < 20; i++) {
        struct pool_job job = {file_of(files[i].text), 10, -1, &files[i]};
        pool_give(pool, &job);
    }
    none = (struct rlimit){3, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    while (pool_outstanding(pool) > 0)
        take_one("gives up", pool);
    setrlimit(RLIMIT_NOFILE, &before);
    run("later ones too", pool, files + 20, 20);
    for (size_t i = 0; i < 20; i++)
        test_number("once", files[i].seen, 1);
    pool_close(pool);
}

/* Nothing comes back while nothing is done, and waiting ends. */
static void test_waiting(void)
{
    struct pool *pool = open_timed_pool(1, SHORT_MS);
    struct pool_job job;
    const struct verdict *verdict;
    test_number("nothing out", pool_take(pool, &job, &verdict, -1), 0);
    struct file file = {"LOOP", VERDICT_UNKNOWN, LATE, 0};
    struct pool_job looping = {file_of(file.text), 4, -1, &file};
    pool_give(pool, &looping);
    int64_t start = clock_steady_ms();
    test_number("not done", pool_take(pool, &job, &verdict, 0), 0);
    test_number("not yet", pool_take(pool, &job, &verdict, 50), 0);
    test_true("waited as long as said", clock_steady_ms() - start >= 50);
    usleep(1500000); /* as if stopped: the worker's time was not measured */
    test_number("not yet after an absence", pool_take(pool, &job, &verdict, 0), 0);
    test_number("forgiven", pool_replaced(pool), 0);
    start = clock_steady_ms();
    take_one("in the end", pool);
    test_true("soon after its time", clock_steady_ms() - start < 3000);
    struct file left = {"LOOP", VERDICT_UNKNOWN, "", 0};
    struct pool_job lost = {file_of(left.text), 4, -1, &left};
    pool_give(pool, &lost);
    pool_take(pool, &job, &verdict, 10);
    pool_close(pool);
    close(lost.fd);
}

/* -- Cleaning -- */

static const struct to_clean {
    const char *name, *text;
    enum verdict_cleaning want;
    const char *left; /* of CLEANING_DONE */
} to_clean[] = {
    {"a statement", "<?php inert_cut(1); good(); ?>", CLEANING_DONE, "<?php  good(); ?>"},
    {"nothing that cleans", "<?php inert_marker_one(); ?>", CLEANING_NOTHING, NULL},
    {"nothing is left", "<?php inert_cut(1); ?>", CLEANING_EMPTY, NULL},
    {"still found", "<?php inert_cut(1); inert_marker_one(); ?>", CLEANING_STUCK, NULL},
    {"nothing found", "<?php good(); ?>", CLEANING_NOT_ASKED, NULL},
};

static void check_cleaned(const struct to_clean *row, const struct pool_job *job,
                          const struct verdict *verdict)
{
    char text[100] = "";
    ssize_t len = pread(job->cleaned_fd, text, sizeof text, 0);
    test_number(row->name, verdict->cleaning, row->want);
    if (row->want == CLEANING_DONE) {
        test_bytes(row->name, text, (size_t)len, row->left, strlen(row->left));
        test_number(row->name, (int64_t)verdict->cleaned_size, len);
    }
    close(job->fd);
    close(job->cleaned_fd);
}

/* Each of them beside a file that kills the worker: what was cleaned before is cleaned again. */
static void test_cleaning(bool beside_crash)
{
    struct pool *pool = open_pool(1);
    struct pool_job job;
    const struct verdict *verdict;
    struct to_clean crash = {"crash", "CRASH", CLEANING_NOT_ASKED, NULL};
    size_t rows = sizeof to_clean / sizeof *to_clean, taken = 0;
    for (size_t i = 0; i < rows + beside_crash; i++) {
        const struct to_clean *row = i < rows ? &to_clean[i] : &crash;
        job = (struct pool_job){file_of(row->text), strlen(row->text), file_of(""),
                                (void *)(uintptr_t)row};
        pool_give(pool, &job);
    }
    while (pool_take(pool, &job, &verdict, 20000) == 1) {
        check_cleaned(job.ticket, &job, verdict);
        taken++;
    }
    test_number("all of them", (int64_t)taken, (int64_t)rows + beside_crash);
    pool_close(pool);
}

/* -- Chance -- */

static unsigned random_state;

static unsigned roll(unsigned sides)
{
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 16) % sides;
}

/* A message that starts like one, and an end. */
static void lie_at_random(unsigned seed)
{
    static const char kinds[] = "AAAAHF?";
    struct strbuf out = {0};
    random_state = seed;
    for (unsigned messages = roll(4); messages > 0; messages--) {
        strbuf_reset(&out);
        strbuf_add_char(&out, kinds[roll(sizeof kinds - 1)]);
        struct worker_answer head = {roll(25), roll(80)};
        strbuf_add(&out, (const char *)&head, roll(2) ? sizeof head : roll(sizeof head));
        for (unsigned bytes = roll(90); bytes > 0; bytes--)
            strbuf_add_char(&out, (char)(roll(3) ? roll(4) : roll(256)));
        lie(out.data, out.len);
    }
    strbuf_clear(&out);
    static void (*const ends[])(void) = {crash, quit, ask_for_another, hang_up, NULL};
    void (*end)(void) = ends[roll(sizeof ends / sizeof *ends)];
    if (end != NULL)
        end();
}

/* Whatever is said: every file comes back once, and the ones before it are what they are. */
static void test_chance(void)
{
    struct pool *pool = open_pool(2);
    for (unsigned seed = 0; seed < 60; seed++) {
        struct pool_job job;
        const struct verdict *verdict;
        char lies[32];
        unsigned seen[20] = {0};
        snprintf(lies, sizeof lies, "CHANCE%u", seed);
        for (unsigned i = 0; i < 20; i++) {
            const char *text = i == seed % 20 ? lies : "<?php echo 1; ?>";
            job = (struct pool_job){file_of(text), strlen(text), -1, &seen[i]};
            pool_give(pool, &job);
        }
        while (pool_take(pool, &job, &verdict, 20000) == 1) {
            ++*(unsigned *)job.ticket;
            close(job.fd);
        }
        for (unsigned i = 0; i < 20; i++)
            test_number(lies, seen[i], 1);
    }
    static struct file files[50];
    plain_files(files, 50);
    run("after all that", pool, files, 50);
    pool_close(pool);
}

/* Few descriptors: fewer files at once, and all of them are examined. */
static void test_few_descriptors(void)
{
    static struct file files[300];
    struct rlimit few = {140, 140};
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGCHLD, SIG_IGN); /* as some parents leave it */
        if (setrlimit(RLIMIT_NOFILE, &few) != 0)
            _exit(1);
        struct pool *pool = open_pool(4);
        plain_files(files, 300);
        run("few descriptors", pool, files, 300);
        pool_close(pool);
        fflush(stdout);
        _exit(test_failed > 0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    test_number("few descriptors", status, 0);
}

/* When the parent is killed its workers end, whatever they are doing. */
static void test_parent_killed(void)
{
    int ready[2], status;
    unsigned ended = 0;
    char byte;
    test_true("orphans come to us", prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && pipe(ready) == 0);
    fflush(stdout);
    pid_t parent = fork();
    if (parent == 0) {
        struct pool_settings with = settings(2, 60000);
        struct pool_job job = {file_of("LOOP"), 4, -1, NULL};
        const struct verdict *verdict;
        struct pool *pool = pool_open(&with, &detect, NULL);
        pool_give(pool, &job);
        pool_take(pool, &job, &verdict, 100);
        _exit(write(ready[1], "x", 1) == 1 && pause() == 0);
    }
    test_true("it runs", read(ready[0], &byte, 1) == 1);
    kill(parent, SIGKILL);
    test_true("it ends", waitpid(parent, NULL, 0) == parent);
    for (unsigned waited = 0; ended < 2 && waited < 500; waited++) {
        pid_t worker = waitpid(-1, &status, WNOHANG);
        ended += worker > 0;
        if (worker == 0)
            usleep(10000);
    }
    test_number("and so do they", ended, 2);
    close(ready[0]);
    close(ready[1]);
}

/* A clamd that is not there is told at once. */
static void test_cannot_open(void)
{
    struct strbuf why = {0};
    struct clamd_place place = {.socket = (char *)(uintptr_t) "/nonexistent/clamd"};
    struct pool_settings with = settings(2, LONG_MS);
    with.clamd = &place;
    test_true("does not open", pool_open(&with, &detect, &why) == NULL);
    test_true("says why", strstr(strbuf_text(&why), "/nonexistent/clamd") != NULL);
    strbuf_clear(&why);
}

static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count;
}

#define CUT "inert_cut\\([^)]*\\);"

static void make_rules(void)
{
    struct strbuf why = {0};
    rules = rules_new();
    rules_add(rules, RULE_OWN, "TEST.One", "[SPAMGEAR] [TEST.One]", "test.rules", 1);
    rules_need(rules, SPAN("inert_marker_one"), false);
    rules_add(rules, RULE_OWN, "TEST.Cut", "[SPAMGEAR] [TEST.Cut]", "test.rules", 2)->cleans = true;
    rules_need(rules, SPAN("inert_cut("), false);
    rules_pattern(rules, regex_get(CUT, &why), CUT);
    test_number("rules", rules_compile(rules, &why), 0);
    test_text("rules", strbuf_text(&why), "");
    strbuf_clear(&why);
    detect = (struct detect){.rules = rules};
}

static void find_protection(void)
{
    struct pool *pool = open_pool(1);
    const char *text = pool_protection(pool);
    printf("in force here: %s\n", text);
    protection = (strstr(text, "seccomp") != NULL ? SANDBOX_SECCOMP : 0) |
                 (strstr(text, "memory") != NULL ? SANDBOX_MEMORY : 0);
    pool_close(pool);
}

int main(void)
{
    make_rules();
    find_protection();
    int before = open_descriptors();
    test_plain();
    test_uglies();
    test_many_crashes();
    test_again();
    test_gives_up();
    test_waiting();
    test_cannot_open();
    test_few_descriptors();
    test_cleaning(false);
    test_cleaning(true);
    test_chance();
    test_parent_killed();
    test_number("no descriptor is left open", open_descriptors(), before);
    test_true("no child is left", waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    rules_free(rules);
    return test_end();
}
