/* worker - receives descriptors, examines, answers; shut in before the first byte is read.
 *
 * Everything that needs the world (a clamd to connect to, libclamav's folder, libcrypto's set-up)
 * is done first; buffers and patterns are made afterwards, within the memory limit. Answers are
 * collected while a batch lasts, but not for longer than HOLD_MS. With clamd, up to HELD files are
 * answered once all of them were, and the canary behind them in the same session was found: until
 * then "OK" may be the word of an engine without its temporary folder. When the session breaks,
 * what clamd was at is UNKNOWN; what it had called clean is not answered, so that the parent gives
 * it to another worker.
 */
#include "spamgear/scan/worker.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/path.h"
#include "spamgear/scan/clam.h"
#include "spamgear/scan/clean.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOLD_MS 20                 /* the longest that an answer waits for others */
#define LARGE   (1u << 20)         /* no answer waits for a file of more bytes */
#define HELD    (4 * WORKER_BATCH) /* files that wait for one canary of clamd */
#define HELD_MS 200                /* and the longest that the first of them waits for more */
#define ALONE   500 /* files that are examined without ClamAV before it is tried again */

_Static_assert(1 + sizeof(struct worker_answer) + VERDICT_RECORD <= WORKER_MESSAGE, "one fits");

struct task {
    struct worker_job job;
    int fd, cleaned_fd;
    uint32_t asked;     /* the number of clamd's answer; 0 = not asked, or answered */
    bool unanswered;    /* clamd owes an answer */
    bool left;          /* not settled: another worker will be given it */
    struct stat before; /* when clamd was asked */
    struct verdict verdict;
};

struct worker {
    const struct worker_seat *seat;
    const struct detect *detect;
    const struct pool_settings *settings;
    struct detect_scratch *scratch;
    struct clamd *clamd;
    struct strbuf clamd_why; /* why there is no session */
    unsigned without;        /* files told without an engine that should have seen them */
    struct strbuf out, record, text, cleaned;
    int64_t out_since_ms;
    unsigned tasks_len;
    struct task tasks[HELD];
};

/* -- What is said -- */

static void say(const void *at, size_t len)
{
    ssize_t sent;
    do
        sent = send(WORKER_SOCKET, at, len, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        _exit(0); /* nobody is left to tell */
}

static void fail(const struct strbuf *why)
{
    struct strbuf out = {0};
    strbuf_add_char(&out, WORKER_FAILED);
    strbuf_add(&out, strbuf_text(why), why->len < VERDICT_WHY ? why->len : VERDICT_WHY);
    say(out.data, out.len);
    _exit(1);
}

static void flush(struct worker *w)
{
    if (w->out.len > 1)
        say(w->out.data, w->out.len);
    strbuf_reset(&w->out);
    strbuf_add_char(&w->out, WORKER_ANSWERS);
}

static void answer(struct worker *w, const struct task *task)
{
    strbuf_reset(&w->record);
    verdict_encode(&task->verdict, &w->record);
    struct worker_answer head = {task->job.number, w->record.len};
    if (w->out.len + sizeof head + w->record.len > WORKER_MESSAGE)
        flush(w);
    if (w->out.len <= 1)
        w->out_since_ms = clock_steady_ms();
    strbuf_add(&w->out, (const char *)&head, sizeof head);
    strbuf_add(&w->out, w->record.data, w->record.len);
    if (clock_steady_ms() - w->out_since_ms >= HOLD_MS)
        flush(w);
}

/* -- What is heard -- */

#define DESCRIPTORS_MAX (2 * WORKER_BATCH)

/* The descriptors that came with a message, at most DESCRIPTORS_MAX. */
static size_t descriptors_of(struct msghdr *message, int *fds)
{
    size_t len = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        len = (c->cmsg_len - CMSG_LEN(0)) / sizeof *fds;
        memcpy(fds, CMSG_DATA(c), len * sizeof *fds);
    }
    return len;
}

/* Makes each job with its descriptors a task. False when their number is wrong. */
static bool share_out(struct worker *w, const struct worker_job *jobs, size_t jobs_len,
                      const int *fds, size_t len)
{
    size_t used = 0;
    for (size_t i = 0; i < jobs_len; i++) {
        struct task *task = &w->tasks[w->tasks_len++];
        task->job = jobs[i];
        task->asked = 0;
        task->unanswered = task->left = false;
        if (used + 1 + (jobs[i].cleans != 0) > len)
            return false;
        task->fd = fds[used++];
        task->cleaned_fd = jobs[i].cleans != 0 ? fds[used++] : -1;
    }
    return used == len;
}

/* Sleeps until there is something to receive; a session with clamd that has ended meanwhile is
 * reason enough to be replaced. */
static void await(struct worker *w)
{
    struct pollfd polled = {.fd = WORKER_SOCKET, .events = POLLIN};
    while (w->clamd != NULL && poll(&polled, 1, CLAMD_IDLE_MS) == 0)
        if (clamd_keep(w->clamd, NULL) != 0)
            _exit(WORKER_AGAIN);
}

/* Waits for the next batch and adds it to the tasks; ends the process when there will be none. */
static void receive(struct worker *w)
{
    struct worker_job jobs[WORKER_BATCH];
    int fds[DESCRIPTORS_MAX];
    union {
        char bytes[CMSG_SPACE(sizeof fds)];
        struct cmsghdr align;
    } control;
    struct iovec vector = {jobs, sizeof jobs};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t got;
    await(w);
    do
        got = recvmsg(WORKER_SOCKET, &message, 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        _exit(0);
    size_t len = descriptors_of(&message, fds);
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || (size_t)got % sizeof *jobs != 0 ||
        !share_out(w, jobs, (size_t)got / sizeof *jobs, fds, len))
        _exit(3);
}

/* -- Examining -- */

static void step(struct worker *w, uint64_t number)
{
    struct worker_page *page = w->seat->page;
    atomic_store_explicit(&page->current, number, memory_order_release);
    atomic_fetch_add_explicit(&page->steps, 1, memory_order_release);
}

/* Reads a file of at most CLEAN_MAX bytes into w->text. */
static bool read_whole(struct worker *w, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size < 0 || st.st_size > CLEAN_MAX)
        return false;
    size_t size = (size_t)st.st_size, have = 0;
    strbuf_clear(&w->text);
    w->text.data = mem_alloc(size + 2);
    w->text.cap = size + 2;
    while (have <= size) { /* one byte more than it should have: it must not be there */
        ssize_t got = pread(fd, w->text.data + have, size + 1 - have, (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    w->text.data[have] = '\0';
    w->text.len = have;
    return have == size;
}

static bool write_whole(int fd, const struct strbuf *text)
{
    size_t done = 0;
    while (done < text->len) {
        ssize_t put = pwrite(fd, text->data + done, text->len - done, (off_t)done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

static void clean(struct worker *w, struct task *task)
{
    struct verdict *verdict = &task->verdict;
    if (task->cleaned_fd < 0 || verdict->result != VERDICT_FOUND)
        return;
    if (!clean_may_help(w->detect, verdict)) {
        verdict->cleaning = CLEANING_NOTHING;
        return;
    }
    step(w, task->job.number);
    strbuf_reset(&w->cleaned);
    if (read_whole(w, task->fd))
        clean_text(w->detect, w->scratch, strbuf_span(&w->text), &w->cleaned, verdict);
    else
        verdict->cleaning = CLEANING_STUCK;
    if (verdict->cleaning == CLEANING_DONE &&
        (verdict->cleaned_size != w->cleaned.len || !write_whole(task->cleaned_fd, &w->cleaned)))
        verdict->cleaning = CLEANING_STUCK;
}

static void examine(struct worker *w, struct task *task)
{
    if (task->job.size > LARGE)
        flush(w);
    step(w, task->job.number);
    verdict_reset(&task->verdict);
    (w->settings->examine != NULL ? w->settings->examine : detect_file)(w->detect, w->scratch,
                                                                        task->fd, &task->verdict);
    step(w, 0);
}

/* -- clamd -- */

/* From here on there is no session. */
static void clamd_broken(struct worker *w, const char *why)
{
    strbuf_why(&w->clamd_why, "%s", why);
    clamd_close(w->clamd);
    w->clamd = NULL;
    w->without = ALONE; /* a fresh worker may have more luck, at once */
}

static struct task *asked_as(struct worker *w, uint32_t number)
{
    for (unsigned i = 0; i < w->tasks_len; i++)
        if (number != 0 && w->tasks[i].asked == number)
            return &w->tasks[i];
    return NULL;
}

static struct task *first_asked(struct worker *w)
{
    for (unsigned i = 0; i < w->tasks_len; i++)
        if (w->tasks[i].unanswered)
            return &w->tasks[i];
    return NULL;
}

/* What only clamd found has no hash yet, and may be on the allow list. */
static void hash_found(struct worker *w, struct task *task)
{
    struct verdict *verdict = &task->verdict;
    struct stat after;
    if (verdict->has_hash || verdict->size > DETECT_HASH_MAX || !digest_is_loaded() ||
        digest_of_file(task->fd, verdict->hash, NULL, NULL) != 0)
        return;
    if (fstat(task->fd, &after) != 0 || !path_same_state(&after, &task->before)) {
        verdict_unknown(verdict, "changed while it was read");
        return;
    }
    verdict->has_hash = true;
    if (w->detect->allow != NULL && allow_has(w->detect->allow, verdict->hash))
        verdict_allow(verdict);
}

static void clamd_told(struct worker *w, struct task *task, const struct clamd_answer *told)
{
    task->asked = 0;
    task->unanswered = false;
    if (told->result == CLAMD_FOUND && !task->verdict.allowed) {
        verdict_add(&task->verdict, w->detect->rules, w->detect->rules->clamav,
                    span_text(told->name));
        hash_found(w, task);
    } else if (told->result == CLAMD_ERROR) {
        verdict_unknown(&task->verdict, "clamd: %s", told->name);
    }
}

static int file_ms(const struct worker *w, const struct task *task)
{
    uint64_t blocks = task->job.size >> 24;
    return w->settings->time_ms + (int)(blocks < 1000000 ? blocks : 1000000) * 1000;
}

/* Takes answers until so many scans may be asked for (CLAMD_WINDOW: until all are answered). */
static void clamd_collect(struct worker *w, unsigned room)
{
    struct strbuf why = {0};
    struct clamd_answer told;
    struct task *waiting;
    while (w->clamd != NULL && clamd_room(w->clamd) < room && (waiting = first_asked(w)) != NULL) {
        step(w, waiting->job.number);
        int got = clamd_next(w->clamd, &told, file_ms(w, waiting), &why);
        struct task *task = got == 1 ? asked_as(w, told.number) : NULL;
        if (got == 0)
            clamd_broken(w, "clamd did not answer in time");
        else if (got < 0)
            clamd_broken(w, strbuf_text(&why));
        else if (task == NULL)
            clamd_broken(w, "clamd answered what was not asked");
        else
            clamd_told(w, task, &told);
    }
    strbuf_clear(&why);
}

static void clamd_ask_for(struct worker *w, struct task *task)
{
    struct strbuf why = {0};
    clamd_collect(w, 1);
    if (w->clamd != NULL) {
        step(w, task->job.number);
        task->unanswered = true;
        if (fstat(task->fd, &task->before) != 0)
            memset(&task->before, 0, sizeof task->before); /* like no file */
        task->asked = clamd_ask(w->clamd, task->fd, &why);
        if (task->asked == 0)
            clamd_broken(w, strbuf_text(&why));
    }
    strbuf_clear(&why);
}

static bool has_clean(const struct worker *w)
{
    for (unsigned i = 0; i < w->tasks_len; i++)
        if (w->tasks[i].verdict.result == VERDICT_CLEAN)
            return true;
    return false;
}

/* The session broke: what it owed an answer for is not known, the other clean ones are left. */
static void clamd_settle_broken(struct worker *w)
{
    for (unsigned i = 0; i < w->tasks_len; i++) {
        struct task *task = &w->tasks[i];
        if (task->unanswered)
            verdict_unknown(&task->verdict, "%s", strbuf_text(&w->clamd_why));
        else
            task->left |= task->verdict.result == VERDICT_CLEAN;
    }
}

static void clamd_doubt_all(struct worker *w)
{
    for (unsigned i = 0; i < w->tasks_len; i++)
        verdict_unknown(&w->tasks[i].verdict, "%s", strbuf_text(&w->clamd_why));
}

/* Has the canary found behind all of them. */
static void clamd_settle(struct worker *w)
{
    struct strbuf why = {0};
    clamd_collect(w, CLAMD_WINDOW);
    if (w->clamd == NULL) {
        clamd_settle_broken(w);
    } else if (has_clean(w)) {
        step(w, w->tasks[0].job.number);
        if (clamd_confirm(w->clamd, WORKER_CLAMD_MS, &why) != 0) {
            clamd_broken(w, strbuf_text(&why));
            clamd_doubt_all(w);
        }
    }
    strbuf_clear(&why);
}

/* -- Batches -- */

/* Cleaning comes last: what ClamAV found cannot be cut out. */
static void finish(struct worker *w, struct task *task)
{
    if (!task->left)
        clean(w, task);
    close(task->fd);
    if (task->cleaned_fd >= 0)
        close(task->cleaned_fd);
    step(w, 0);
    if (!task->left)
        answer(w, task);
}

static void serve_plain(struct worker *w)
{
    receive(w);
    for (unsigned i = 0; i < w->tasks_len; i++) {
        examine(w, &w->tasks[i]);
        finish(w, &w->tasks[i]);
    }
}

/* Is there a batch that can be taken with those that are held since that time? */
static bool has_more(const struct worker *w, int64_t since_ms)
{
    struct pollfd polled = {.fd = WORKER_SOCKET, .events = POLLIN};
    return w->clamd != NULL && w->tasks_len + WORKER_BATCH <= HELD &&
           clock_steady_ms() - since_ms < HELD_MS && poll(&polled, 1, 0) == 1;
}

static void serve_clamd(struct worker *w)
{
    bool had_session = w->clamd != NULL;
    unsigned next = 0;
    receive(w);
    int64_t since_ms = clock_steady_ms();
    do {
        if (next > 0)
            receive(w);
        for (; next < w->tasks_len && (w->clamd != NULL) == had_session; next++) {
            if (had_session)
                clamd_ask_for(w, &w->tasks[next]);
            examine(w, &w->tasks[next]);
        }
    } while (has_more(w, since_ms));
    for (; next < w->tasks_len; next++) {
        verdict_reset(&w->tasks[next].verdict);
        w->tasks[next].left = true;
    }
    if (had_session)
        clamd_settle(w);
    else
        clamd_doubt_all(w);
    for (unsigned i = 0; i < w->tasks_len; i++)
        finish(w, &w->tasks[i]);
}

static void serve(struct worker *w)
{
    const struct clam *clam = w->detect->clam;
    bool clamd = w->settings->clamd != NULL;
    w->tasks_len = 0;
    if (clamd)
        serve_clamd(w);
    else
        serve_plain(w);
    flush(w);
    bool without = (clamd && w->clamd == NULL) || (clam != NULL && clam_is_lost(clam));
    if (without && (w->without += w->tasks_len) >= ALONE)
        _exit(WORKER_AGAIN);
}

/* -- Start -- */

/* Signals of the terminal and of the parent's own making are none of its business: it ends when
 * the parent does. */
static void reset_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    static const int normal[] = {SIGALRM, SIGCHLD, SIGUSR1, SIGUSR2, SIGWINCH};
    sigset_t none;
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    for (size_t i = 0; i < sizeof normal / sizeof *normal; i++)
        signal(normal[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int close_from(int first)
{
    if (close_range((unsigned)first, ~0u, 0) == 0)
        return 0;
    long end = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < end; fd++)
        close(fd);
    return end > 0 ? 0 : -1;
}

/* Nothing of the parent's stays open: its other files, the other workers' sockets. Standard error
 * is kept for a sanitizer's report. Where there is no /dev/null an empty file stands in. */
static int take_descriptors(int socket)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        null = memfd_create("null", MFD_CLOEXEC);
    int high = null < 0 ? -1 : fcntl(socket, F_DUPFD, WORKER_SOCKET + 1);
    if (high < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
        return -1;
    if (!SANDBOX_SANITIZED && dup2(null, 2) < 0)
        return -1;
    return dup2(high, WORKER_SOCKET) < 0 ? -1 : close_from(WORKER_SOCKET + 1);
}

/* All that needs more than the sandbox leaves. */
static int prepare(struct worker *w, struct strbuf *why)
{
    if (w->settings->clamd != NULL) {
        w->clamd = clamd_open(w->settings->clamd, WORKER_CLAMD_MS, &w->clamd_why);
        if (w->clamd == NULL && !w->seat->replaces)
            return strbuf_why(why, "%s", strbuf_text(&w->clamd_why));
    }
    /* One that replaces another goes on with the rules: each file is UNKNOWN to clam_scan then. */
    if (w->detect->clam != NULL && clam_enter(w->detect->clam, w->seat->folder, why) != 0 &&
        !w->seat->replaces)
        return -1;
    return 0;
}

void worker_run(const struct worker_seat *seat, const struct detect *detect,
                const struct pool_settings *settings)
{
    struct worker *w = mem_zero(1, sizeof *w);
    struct strbuf why = {0};
    struct sandbox sandbox = settings->sandbox;
    w->seat = seat;
    w->detect = detect;
    w->settings = settings;
    sandbox.folder = seat->folder;
    reset_signals();
    if (take_descriptors(seat->socket) != 0)
        _exit(1);
    int parts = prepare(w, &why) != 0 ? -1 : sandbox_enter(&sandbox, &why);
    if (parts < 0)
        fail(&why);
    w->scratch = detect_scratch_new(detect);
    char hello[1 + sizeof parts] = {WORKER_HELLO};
    memcpy(hello + 1, &parts, sizeof parts);
    say(hello, sizeof hello);
    flush(w);
    for (;;)
        serve(w);
}
