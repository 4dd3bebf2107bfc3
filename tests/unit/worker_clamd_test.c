/* worker - with a clamd that finds, fails, lies, falls silent or goes away: nothing is called clean
 * that it did not look at, and what the rules find is told all the same. */
#include "spamgear/base/mem.h"
#include "spamgear/scan/pool.h"
#include "test.h"
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES 100

static struct rules *rules;
static struct allow_list *allow;
static struct detect detect;
static const char *socket_path;

/* -- A clamd: a process for each session; a file's content says what it does -- */

static _Atomic int *gone; /* shared: sessions are refused */

struct session {
    int fd;
    unsigned number; /* of the last command */
    bool poisoned;   /* has lost its temporary folder: everything is OK */
    char canary[64]; /* what it was asked for first */
    ssize_t canary_len;
};

/* A descriptor that came with some bytes; -1: none; -2: the session is over. */
static int next_descriptor(int socket)
{
    char bytes[200];
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec vector = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    int fd = -1;
    if (recvmsg(socket, &message, 0) <= 0)
        return -2;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return fd;
}

static void say(const struct session *session, const char *what)
{
    char text[200];
    int len = snprintf(text, sizeof text, "%u: fd[7]: %s", session->number, what);
    send(session->fd, text, (size_t)len + 1, MSG_NOSIGNAL);
}

static bool is_canary(struct session *session, const char *text, ssize_t len)
{
    if (session->number == 1) {
        memcpy(session->canary, text, sizeof session->canary);
        session->canary_len = len;
    }
    return len == session->canary_len && memcmp(session->canary, text, sizeof session->canary) == 0;
}

static void answer(struct session *session, const char *text, ssize_t len)
{
    if (strcmp(text, "GONE") == 0)
        *gone = 1;
    if (strcmp(text, "GONE") == 0 || strcmp(text, "DIE") == 0)
        _exit(0);
    if (strcmp(text, "POISON") == 0)
        session->poisoned = true;
    if (strcmp(text, "SILENT") == 0)
        return;
    if (!session->poisoned && (is_canary(session, text, len) || strncmp(text, "VIRUS", 5) == 0))
        say(session, "Test.Virus FOUND");
    else
        say(session, strcmp(text, "ERROR") == 0 ? "cannot allocate ERROR" : "OK");
}

static void serve(int fd)
{
    struct session session = {.fd = fd};
    int file;
    while ((file = next_descriptor(fd)) != -2) {
        char text[200] = "";
        if (file < 0)
            continue;
        session.number++;
        answer(&session, text, pread(file, text, sizeof text - 1, 0));
        close(file);
    }
    _exit(0);
}

static int listen_here(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    test_true("listens", fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                             listen(fd, 10) == 0);
    return fd;
}

static pid_t start_clamd(void)
{
    int listener = listen_here();
    *gone = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child != 0) {
        close(listener);
        return child;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && !*gone && fork() == 0)
            serve(fd);
        close(fd);
    }
}

static void stop_clamd(pid_t clamd)
{
    kill(clamd, SIGKILL);
    waitpid(clamd, NULL, 0);
    unlink(socket_path);
}

/* -- Runs -- */

/* What may come of a file. */
enum outcome { CLEAN = 1, FOUND = 2, UNKNOWN = 4 };

struct file {
    char text[64];
    unsigned want;
    enum verdict_result got;
    unsigned seen;
    char why[VERDICT_WHY + 1], detail[VERDICT_DETAIL + 1];
};

static struct file files[FILES];

#define CLOSED "clamd c" /* "closed the session", or "cannot be read: Connection reset by peer" */

static const char silent[] = "clamd did not answer in time";

static const struct scenario {
    const char *name;
    const char *text; /* of one file in the midst */
    const char *why;  /* of that file, how it starts; NULL = it is FOUND */
    unsigned others;  /* what else may come of files that are clean */
    unsigned most;    /* of them UNKNOWN at most: those that were under way, or not vouched for */
} scenarios[] = {
    {"finds", "VIRUS", NULL, CLEAN, 0},
    {"cannot scan one", "ERROR", "clamd: cannot allocate", CLEAN, 0},
    {"dies", "DIE", CLOSED, CLEAN | UNKNOWN, 16},
    {"falls silent", "SILENT", silent, CLEAN | UNKNOWN, 16},
    {"loses its folder", "POISON", "clamd does not find any more what it found", CLEAN | UNKNOWN,
     64},
    {"goes away for good", "GONE", CLOSED, CLEAN | UNKNOWN, FILES},
};

static void fill(const struct scenario *s, size_t at)
{
    memset(files, 0, sizeof files);
    for (size_t i = 0; i < FILES; i++) {
        bool rule = i % 10 == 4, virus = i % 10 == 7;
        const char *text = rule ? "inert_marker_one" : virus ? "VIRUS" : "<?php echo 1; ?>";
        snprintf(files[i].text, sizeof files[i].text, "%s", text);
        /* What only clamd finds is not known while clamd is not there; it never is clean. */
        files[i].want = rule ? FOUND : virus ? (s->others & UNKNOWN) | FOUND : s->others;
    }
    snprintf(files[at].text, sizeof files[at].text, "%s", s->text);
    files[at].want = s->why == NULL ? FOUND : UNKNOWN;
}

static int file_of(const char *text)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    size_t len = strlen(text);
    return fd >= 0 && write(fd, text, len) == (ssize_t)len ? fd : -1;
}

static void take_one(const char *name, struct pool *pool)
{
    struct pool_job job;
    const struct verdict *verdict;
    if (pool_take(pool, &job, &verdict, 30000) != 1) {
        test_true(name, false);
        exit(test_end());
    }
    struct file *file = job.ticket;
    file->seen++;
    file->got = verdict->result;
    snprintf(file->why, sizeof file->why, "%s", verdict->why);
    if (verdict->findings_len > 0)
        snprintf(file->detail, sizeof file->detail, "%.*s", verdict->findings[0].detail_len,
                 verdict->findings[0].detail);
    close(job.fd);
}

static void run(const char *name, struct pool *pool)
{
    for (size_t i = 0; i < FILES; i++) {
        while (!pool_has_room(pool))
            take_one(name, pool);
        struct pool_job job = {file_of(files[i].text), strlen(files[i].text), -1, &files[i]};
        pool_give(pool, &job);
    }
    while (pool_outstanding(pool) > 0)
        take_one(name, pool);
}

static void check(const struct scenario *s, size_t at)
{
    unsigned unknown = 0;
    for (size_t i = 0; i < FILES; i++) {
        static const unsigned outcomes[] = {CLEAN, FOUND, UNKNOWN};
        unsigned outcome = outcomes[files[i].got];
        test_number(s->name, files[i].seen, 1);
        if ((outcome & files[i].want) == 0)
            printf("%s: file %zu (%s): %s\n", s->name, i, files[i].text, files[i].why);
        test_number(s->name, outcome & files[i].want, outcome);
        unknown += outcome == UNKNOWN;
        if (outcome == FOUND && strcmp(files[i].text, "VIRUS") == 0)
            test_text(s->name, files[i].detail, "Test.Virus");
    }
    if (s->why != NULL)
        test_bytes(s->name, files[at].why, strnlen(files[at].why, strlen(s->why)), s->why,
                   strlen(s->why));
    test_true("no more of them than were under way", unknown <= s->most + (s->why != NULL));
}

static void test_scenario(const struct scenario *s, size_t at, unsigned jobs)
{
    pid_t clamd = start_clamd();
    struct strbuf why = {0};
    struct clamd_place place = {.socket = (char *)(uintptr_t)socket_path};
    struct pool_settings settings = {.jobs = jobs,
                                     .time_ms = s->why == silent ? 500 : 10000,
                                     .sandbox = {.uid = 65534, .gid = 65534},
                                     .clamd = &place};
    struct pool *pool = pool_open(&settings, &detect, &why);
    test_text("opens", strbuf_text(&why), "");
    if (pool == NULL)
        exit(test_end());
    fill(s, at);
    run(s->name, pool);
    check(s, at);
    pool_close(pool);
    stop_clamd(clamd);
    strbuf_clear(&why);
}

/* What clamd finds and an allow list knows is allowed. */
static void test_allowed(void)
{
    static const struct scenario finds = {"allowed", "VIRUS, known", NULL, CLEAN, 0};
    struct texts problems = {0};
    uint8_t hash[DIGEST_BYTES];
    char text[DIGEST_TEXT + 1], path[] = "allowed";
    if (digest_load(NULL) != 0)
        return;
    digest_of(SPAN("VIRUS, known"), hash);
    digest_text(hash, text);
    FILE *f = fopen(path, "w");
    test_true("list", f != NULL && fprintf(f, "%s  x\n", text) > 0 && fclose(f) == 0);
    test_number("list", allow_load(allow, path, &problems), 0);
    allow_finish(allow);
    detect.allow = allow;
    pid_t clamd = start_clamd();
    struct clamd_place place = {.socket = (char *)(uintptr_t)socket_path};
    struct pool_settings settings = {.jobs = 1, .time_ms = 10000, .clamd = &place};
    struct pool *pool = pool_open(&settings, &detect, NULL);
    fill(&finds, 5);
    files[5].want = CLEAN;
    run("allowed", pool);
    check(&finds, 5);
    pool_close(pool);
    stop_clamd(clamd);
    unlink(path);
    texts_clear(&problems);
}

int main(void)
{
    static const size_t places[] = {0, 20, FILES - 1};
    char folder[] = "/tmp/worker_clamd_test.XXXXXX";
    struct strbuf why = {0};
    gone = mmap(NULL, sizeof *gone, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || gone == MAP_FAILED)
        return 1;
    socket_path = "clamd.sock";
    rules = rules_new();
    allow = allow_new();
    rules_add(rules, RULE_OWN, "TEST.One", "[SPAMGEAR] [TEST.One]", "test.rules", 1);
    rules_need(rules, SPAN("inert_marker_one"), false);
    test_number("rules", rules_compile(rules, &why), 0);
    detect = (struct detect){.rules = rules};
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        for (size_t p = 0; p < sizeof places / sizeof *places; p++)
            test_scenario(&scenarios[i], places[p], 1 + p % 2);
    test_allowed();
    test_true("folder is empty", rmdir(folder) == 0);
    munmap(gone, sizeof *gone);
    rules_free(rules);
    allow_free(allow);
    strbuf_clear(&why);
    return test_end();
}
