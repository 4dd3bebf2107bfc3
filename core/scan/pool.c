/* pool - the parent's side: who has which job, since when, and what became of it.
 *
 * Jobs wait in one queue and leave it in batches. A batch is sent when it is full, or to a worker
 * that has nothing to do; a worker holds a few batches at most, so neither side can fill the
 * other's socket. The parent never blocks but in poll(2).
 *
 * A worker is believed nothing: a record that is none, an answer about a file that it does not
 * have, a message that is too long, and it is killed. The file that a dead worker was at (its
 * shared page says; the oldest if that makes no sense) is UNKNOWN; what else it held is examined
 * one by one, in case that was a lie too. So each death settles one file, or makes the next one do
 * so, and the scan ends. Workers that die without any file are started again, FAILURES_MAX times in
 * a row; then every job comes back UNKNOWN with the reason.
 */
#include "spamgear/scan/pool.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/scratch.h"
#include "spamgear/scan/worker.h"
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WINDOW_MAX        (4 * WORKER_BATCH)
#define BATCH_BYTES       (8u << 20) /* with more than this a batch is full: others may have less */
#define START_MS          30000      /* a worker must be ready within this: libclamav, clamd */
#define TICK_MS           200        /* how often the times are looked at */
#define ABSENT_MS         1000       /* not having looked for longer than this is noticed */
#define REAP_MS           2000       /* a killed worker may hang in a read of a dead file server */
#define ENDING_MS         100        /* from closing its socket to its end */
#define FAILURES_MAX      3
#define OTHER_DESCRIPTORS 128 /* of this process: folders of the walk, a cache, a report */

struct item {
    struct pool_job job;
    uint64_t number;
    bool alone;   /* a worker died that held it: it is given out by itself */
    char *reason; /* of those that are lost; owned */
};

enum state { MEMBER_NONE, MEMBER_STARTING, MEMBER_READY };

struct member {
    enum state state;
    pid_t pid;
    int socket;
    struct worker_page *page;
    char *folder;
    struct item items[WINDOW_MAX]; /* what it was given, oldest first */
    unsigned len;
    bool answered;     /* anything, since it was started */
    uint64_t steps;    /* of its page, when last looked at */
    int64_t since_ms;  /* when it was last seen to get on */
    int64_t latest_ms; /* by then something must be answered, whatever the page says */
};

struct pool {
    struct pool_settings settings;
    const struct detect *detect;
    unsigned jobs;
    unsigned window; /* jobs of one worker: it has two batches, or with clamd four, which it answers
                        at once */
    struct member *members;
    VEC(struct item) waiting, lost;
    size_t outstanding, room;
    int64_t looked_ms; /* at the times of the workers */
    uint64_t numbers;
    unsigned turn; /* whose socket is looked at first */
    char *inbox;   /* a message; rest is what is not yet taken of it */
    struct span rest;
    struct member *rest_of;
    struct verdict verdict;
    struct strbuf protection;
    unsigned parts; /* in force in every worker */
    bool opening;
    unsigned replaced, failures;
    struct strbuf failure; /* why the last worker could not start */
    bool gave_up;
};

/* -- Queues -- */

/* Puts count items before all that wait. */
static void put_first(struct pool *pool, const struct item *items, size_t count)
{
    vec_reserve(&pool->waiting, count);
    if (pool->waiting.len > 0)
        memmove(pool->waiting.at + count, pool->waiting.at,
                pool->waiting.len * sizeof *pool->waiting.at);
    if (count > 0)
        memcpy(pool->waiting.at, items, count * sizeof *items);
    pool->waiting.len += count;
}

static void drop_first(struct pool *pool, size_t count)
{
    pool->waiting.len -= count;
    memmove(pool->waiting.at, pool->waiting.at + count,
            pool->waiting.len * sizeof *pool->waiting.at);
}

static void member_drop(struct member *member, unsigned index)
{
    member->len--;
    memmove(&member->items[index], &member->items[index + 1],
            (member->len - index) * sizeof *member->items);
}

static void lose(struct pool *pool, const struct item *item, const char *reason)
{
    struct item *lost = vec_add(&pool->lost);
    *lost = *item;
    lost->reason = mem_text(reason);
}

/* -- Time -- */

static int64_t item_ms(const struct pool *pool, const struct item *item)
{
    uint64_t blocks = item->job.size >> 24;
    int64_t own = pool->settings.time_ms + (int64_t)(blocks < 1000000 ? blocks : 1000000) * 1000;
    /* The worker itself waits that long for clamd. */
    return pool->settings.clamd == NULL ? own : 2 * own + WORKER_CLAMD_MS + 1000;
}

/* It was heard of, or got something to do after it had nothing. */
static void member_gets_on(const struct pool *pool, struct member *member)
{
    member->since_ms = member->latest_ms = clock_steady_ms();
    for (unsigned i = 0; i < member->len; i++)
        member->latest_ms += item_ms(pool, &member->items[i]);
}

/* Which of its items is it at? */
static unsigned member_at(const struct member *member)
{
    uint64_t current = atomic_load_explicit(&member->page->current, memory_order_acquire);
    for (unsigned i = 0; i < member->len; i++)
        if (member->items[i].number == current)
            return i;
    return 0;
}

/* -- Start and end of a worker -- */

static void member_run(struct pool *pool, const struct member *member, int socket, pid_t parent)
{
    struct worker_seat seat = {.socket = socket,
                               .page = member->page,
                               .folder = member->folder,
                               .replaces = !pool->opening};
    if (getppid() != parent)
        _exit(0);
    worker_run(&seat, pool->detect, &pool->settings);
}

static int member_fork(struct pool *pool, struct member *member, struct strbuf *why)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return strbuf_why(why, "socketpair: %s", strerror(errno));
    pid_t parent = getpid();
    member->pid = fork();
    if (member->pid == 0)
        member_run(pool, member, pair[1], parent);
    close(pair[1]);
    if (member->pid > 0) {
        member->socket = pair[0];
        return 0;
    }
    strbuf_why(why, "fork: %s", strerror(errno));
    close(pair[0]);
    return -1;
}

static void member_release(struct member *member)
{
    if (member->page != NULL)
        munmap(member->page, sizeof *member->page);
    if (member->folder != NULL)
        scratch_remove(member->folder);
    free(member->folder);
    member->page = NULL;
    member->folder = NULL;
    member->state = MEMBER_NONE;
}

static int member_start(struct pool *pool, struct member *member, struct strbuf *why)
{
    const struct pool_settings *settings = &pool->settings;
    void *page =
        mmap(NULL, sizeof *member->page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return strbuf_why(why, "shared memory: %s", strerror(errno));
    member->page = page;
    if (pool->detect->clam != NULL) {
        member->folder = scratch_make(settings->clamav_folder, settings->sandbox.uid,
                                      settings->sandbox.gid, why);
        if (member->folder == NULL) {
            member_release(member);
            return -1;
        }
    }
    if (member_fork(pool, member, why) != 0) {
        member_release(member);
        return -1;
    }
    madvise(page, sizeof *member->page, MADV_DONTFORK); /* no other worker's business */
    member->state = MEMBER_STARTING;
    member->answered = false;
    member->steps = 0;
    member_gets_on(pool, member);
    return 0;
}

/* Kills and reaps; its status. One that is already ending keeps the status it ends with. */
static int member_kill(struct pool *pool, struct member *member)
{
    int status = SIGKILL; /* what it would be */
    kill(member->pid, SIGKILL);
    int64_t end = clock_steady_ms() + REAP_MS;
    while (waitpid(member->pid, &status, WNOHANG) == 0 && clock_steady_ms() < end)
        usleep(200);
    close(member->socket);
    member_release(member);
    if (pool->rest_of == member)
        pool->rest_of = NULL;
    return status;
}

static void give_up(struct pool *pool);

/* A worker ended without having done anything. */
static void failed(struct pool *pool, const char *reason)
{
    strbuf_why(&pool->failure, "%s", reason);
    if (++pool->failures >= FAILURES_MAX)
        give_up(pool);
}

static void describe_death(int status, bool was_ready, bool held, struct strbuf *out)
{
    const char *where = !was_ready ? "at its start" : held ? "on this file" : "without a file";
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        strbuf_why(out, "the worker was stopped by its sandbox %s", where);
    else if (WIFSIGNALED(status))
        strbuf_why(out, "the worker died (signal %d) %s", WTERMSIG(status), where);
    else if (WEXITSTATUS(status) == 2) /* mem.c */
        strbuf_why(out, "the worker had no more memory %s", where);
    else
        strbuf_why(out, "the worker ended (status %d) %s", WEXITSTATUS(status), where);
}

/* What it held goes back to the queue. */
static void give_back(struct pool *pool, struct member *member, bool alone)
{
    for (unsigned i = 0; i < member->len; i++) {
        struct item *item = &member->items[i];
        item->alone |= alone;
        int failure = item->job.cleaned_fd >= 0 ? ftruncate(item->job.cleaned_fd, 0) : 0;
        (void)failure; /* cleaning_holds will see it */
    }
    put_first(pool, member->items, member->len);
    member->len = 0;
}

static void settle(struct pool *pool, struct member *member, unsigned at, const char *reason)
{
    lose(pool, &member->items[at], reason);
    member_drop(member, at);
}

/* It may ask for a fresh one when it has answered something, so that there is progress, or when
 * it has nothing to do. */
static bool asks_for_another(const struct member *member, int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == WORKER_AGAIN &&
           (member->answered || member->len == 0);
}

/* A worker ended by itself (reason NULL) or is ended; dispatch() starts another one. The file that
 * it was at is settled. */
static void bury(struct pool *pool, struct member *member, const char *reason)
{
    struct strbuf death = {0};
    bool was_ready = member->state == MEMBER_READY;
    unsigned at = member_at(member);
    int status = member_kill(pool, member);
    bool asks = was_ready && reason == NULL && asks_for_another(member, status);
    bool settles = was_ready && !asks && member->len > 0;
    describe_death(status, was_ready, member->len > 0, &death);
    if (reason == NULL)
        reason = strbuf_text(&death);
    if (settles)
        settle(pool, member, at, reason);
    give_back(pool, member, settles);
    pool->replaced += !pool->opening;
    if (settles || asks)
        pool->failures = 0;
    else
        failed(pool, reason);
    strbuf_clear(&death);
}

/* A worker that lied: nothing tells at which of its files it was taken over. Each of them is
 * examined by itself; the one that makes it lie then is the one. */
static void bury_liar(struct pool *pool, struct member *member, const char *reason)
{
    if (member->state == MEMBER_STARTING || member->len == 0) {
        bury(pool, member, reason);
        return;
    }
    member_kill(pool, member);
    if (member->len == 1)
        settle(pool, member, 0, reason);
    give_back(pool, member, true);
    pool->replaced += !pool->opening;
}

static void give_up(struct pool *pool)
{
    pool->gave_up = true;
    for (unsigned i = 0; i < pool->jobs; i++) {
        struct member *member = &pool->members[i];
        if (member->state == MEMBER_NONE)
            continue;
        member_kill(pool, member);
        give_back(pool, member, false);
    }
}

/* -- Sending -- */

/* How many of the items that wait make a full batch, or, by flush, this worker's share of the few
 * that are left. 0 = none. */
static size_t batch_size(const struct pool *pool, bool flush)
{
    size_t share = (pool->waiting.len + pool->jobs - 1) / pool->jobs, count = 0;
    uint64_t bytes = 0;
    bool few = share < WORKER_BATCH;
    while (count < (few && flush ? share : WORKER_BATCH) && count < pool->waiting.len &&
           bytes < BATCH_BYTES && !pool->waiting.at[count].alone)
        bytes += pool->waiting.at[count++].job.size;
    return flush || count == WORKER_BATCH || bytes >= BATCH_BYTES ? count : 0;
}

/* How many of them can this worker have now? */
static size_t batch_of(const struct pool *pool, const struct member *member, bool flush)
{
    bool idle = member->len == 0;
    if (pool->waiting.len == 0 || (!idle && member->items[0].alone))
        return 0;
    if (pool->waiting.at[0].alone)
        return idle ? 1 : 0;
    return member->len + WORKER_BATCH > pool->window ? 0 : batch_size(pool, flush && idle);
}

static size_t pack(const struct item *items, size_t count, struct worker_job *jobs, int *fds)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const struct pool_job *job = &items[i].job;
        jobs[i] = (struct worker_job){items[i].number, job->size, job->cleaned_fd >= 0};
        fds[used++] = job->fd;
        if (job->cleaned_fd >= 0)
            fds[used++] = job->cleaned_fd;
    }
    return used;
}

static bool send_batch(const struct member *member, const struct item *items, size_t count)
{
    struct worker_job jobs[WORKER_BATCH];
    int fds[2 * WORKER_BATCH];
    union {
        char bytes[CMSG_SPACE(sizeof fds)];
        struct cmsghdr align;
    } control = {0};
    size_t used = pack(items, count, jobs, fds) * sizeof *fds;
    struct iovec vector = {jobs, count * sizeof *jobs};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_SPACE(used)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(used);
    memcpy(CMSG_DATA(head), fds, used);
    return sendmsg(member->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/* Sends it one batch, if it can take one. What cannot be sent (it has just died, the kernel has no
 * room) goes on waiting. */
static bool feed(struct pool *pool, struct member *member, bool flush)
{
    size_t count = batch_of(pool, member, flush);
    if (count == 0 || !send_batch(member, pool->waiting.at, count))
        return false;
    bool was_idle = member->len == 0;
    memcpy(&member->items[member->len], pool->waiting.at, count * sizeof *member->items);
    member->len += (unsigned)count;
    drop_first(pool, count);
    if (was_idle)
        member_gets_on(pool, member);
    else
        for (size_t i = member->len - count; i < member->len; i++)
            member->latest_ms += item_ms(pool, &member->items[i]);
    return true;
}

/* A batch to each that can take one, again and again, so that nobody is idle while another one has
 * two. */
static void dispatch(struct pool *pool, bool flush)
{
    struct strbuf why = {0};
    bool fed;
    do {
        fed = false;
        for (unsigned i = 0; i < pool->jobs && !pool->gave_up; i++) {
            struct member *member = &pool->members[(pool->turn + i) % pool->jobs];
            if (member->state == MEMBER_NONE && member_start(pool, member, &why) != 0)
                failed(pool, strbuf_text(&why));
            if (member->state == MEMBER_READY)
                fed |= feed(pool, member, flush);
        }
    } while (fed);
    strbuf_clear(&why);
}

/* -- Receiving -- */

static void hello(struct pool *pool, struct member *member, struct span text)
{
    int parts = 0;
    if (member->state != MEMBER_STARTING || text.len != sizeof parts) {
        bury_liar(pool, member, "the worker said what no worker says");
        return;
    }
    memcpy(&parts, text.at, sizeof parts);
    member->state = MEMBER_READY;
    pool->parts &= (unsigned)parts;
    member_gets_on(pool, member);
}

static void said(struct pool *pool, struct member *member, struct span text)
{
    char what = text.at[0];
    text = span_skip(text, 1);
    if (what == WORKER_HELLO) {
        hello(pool, member, text);
    } else if (what == WORKER_ANSWERS && member->state == MEMBER_READY && text.len > 0) {
        pool->rest = text;
        pool->rest_of = member;
        member_gets_on(pool, member);
    } else if (what == WORKER_FAILED && member->state == MEMBER_STARTING) {
        char *reason = mem_text_of(text.at, text.len);
        bury(pool, member, reason);
        free(reason);
    } else {
        bury_liar(pool, member, "the worker said what no worker says");
    }
}

/* Its socket says so; a message without any bytes looks the same. */
static bool has_ended(const struct member *member)
{
    siginfo_t info = {0};
    int64_t end = clock_steady_ms() + ENDING_MS;
    while (waitid(P_PID, (id_t)member->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0) {
        if (clock_steady_ms() >= end)
            return false;
        usleep(200);
    }
    return true;
}

/* Takes one message off a worker's socket. False when there is none. */
static bool receive(struct pool *pool, struct member *member)
{
    ssize_t got;
    unsigned tries = 0;
    do /* ECONNRESET comes before the messages that are still there */
        got = recv(member->socket, pool->inbox, WORKER_MESSAGE, MSG_DONTWAIT | MSG_TRUNC);
    while (got < 0 && (errno == EINTR || (errno == ECONNRESET && tries++ == 0)));
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0 && !has_ended(member))
        bury_liar(pool, member, "the worker closed its socket");
    else if (got <= 0)
        bury(pool, member, NULL);
    else if (got > WORKER_MESSAGE)
        bury_liar(pool, member, "the worker sent too long a message");
    else
        said(pool, member, (struct span){pool->inbox, (size_t)got});
    return true;
}

static bool receive_any(struct pool *pool)
{
    for (unsigned i = 0; i < pool->jobs; i++) {
        unsigned turn = (pool->turn + i) % pool->jobs;
        struct member *member = &pool->members[turn];
        if (member->state == MEMBER_NONE || !receive(pool, member))
            continue;
        pool->turn = (turn + 1) % pool->jobs;
        return true;
    }
    return false;
}

/* What the worker says of the memfd must be so. */
static bool cleaning_holds(const struct pool_job *job, const struct verdict *verdict)
{
    struct stat st;
    if (job->cleaned_fd < 0)
        return verdict->cleaning == CLEANING_NOT_ASKED;
    return verdict->cleaning != CLEANING_DONE ||
           (fstat(job->cleaned_fd, &st) == 0 && (uint64_t)st.st_size == verdict->cleaned_size);
}

/* The item of that number; -1: it has none. */
static int item_of(const struct member *member, uint64_t number)
{
    for (unsigned i = 0; i < member->len; i++)
        if (member->items[i].number == number)
            return (int)i;
    return -1;
}

/* Takes one answer off the message: the index of its item, or -1 with why. */
static int take_answer(struct pool *pool, struct member *member, struct strbuf *why)
{
    struct worker_answer head;
    if (pool->rest.len < sizeof head)
        return strbuf_why(why, "the worker's answer ends too early");
    memcpy(&head, pool->rest.at, sizeof head);
    pool->rest = span_skip(pool->rest, sizeof head);
    int at = item_of(member, head.number);
    if (at < 0)
        return strbuf_why(why, "the worker's answer is about another file");
    if (head.len > pool->rest.len)
        return strbuf_why(why, "the worker's answer ends too early");
    struct span record = {pool->rest.at, (size_t)head.len};
    pool->rest = span_skip(pool->rest, (size_t)head.len);
    if (verdict_decode(&pool->verdict, &record, pool->detect->rules, why) != 0)
        return -1;
    if (record.len > 0 || !cleaning_holds(&member->items[at].job, &pool->verdict))
        return strbuf_why(why, "the worker's answer does not hold together");
    return at;
}

static int hand_over(struct pool *pool, const struct item *item, struct pool_job *job,
                     const struct verdict **verdict)
{
    pool->outstanding--;
    *job = item->job;
    *verdict = &pool->verdict;
    return 1;
}

static int take_received(struct pool *pool, struct pool_job *job, const struct verdict **verdict)
{
    struct member *member = pool->rest_of;
    struct strbuf why = {0};
    int taken = 0, at = take_answer(pool, member, &why);
    if (at >= 0) {
        taken = hand_over(pool, &member->items[at], job, verdict);
        member_drop(member, (unsigned)at);
        member->answered = true;
        pool->failures = 0;
        if (pool->rest.len == 0)
            pool->rest_of = NULL;
    } else {
        bury_liar(pool, member, strbuf_text(&why));
    }
    strbuf_clear(&why);
    return taken;
}

static int take_lost(struct pool *pool, struct pool_job *job, const struct verdict **verdict)
{
    struct item lost;
    if (pool->lost.len > 0) {
        lost = pool->lost.at[0];
        pool->lost.len--;
        memmove(pool->lost.at, pool->lost.at + 1, pool->lost.len * sizeof lost);
    } else if (pool->gave_up && pool->waiting.len > 0) {
        lost = pool->waiting.at[0];
        drop_first(pool, 1);
    } else {
        return 0;
    }
    verdict_reset(&pool->verdict);
    verdict_unknown(&pool->verdict, "%s",
                    lost.reason != NULL ? lost.reason : strbuf_text(&pool->failure));
    free(lost.reason);
    return hand_over(pool, &lost, job, verdict);
}

/* -- Waiting -- */

static void overdue(struct pool *pool, struct member *member, int64_t limit_ms)
{
    struct strbuf reason = {0};
    if (member->state == MEMBER_STARTING)
        strbuf_why(&reason, "a worker did not start within %d s", START_MS / 1000);
    else
        strbuf_why(&reason, "took longer than %.3g s", (double)limit_ms / 1000);
    bury(pool, member, strbuf_text(&reason));
    strbuf_clear(&reason);
}

/* Who was stopped (Ctrl-Z), or busy elsewhere, cannot tell how long the others have worked. */
static void forgive_absence(struct pool *pool, int64_t now)
{
    int64_t absent = pool->looked_ms == 0 ? 0 : now - pool->looked_ms;
    pool->looked_ms = now;
    for (unsigned i = 0; i < pool->jobs && absent > ABSENT_MS; i++) {
        pool->members[i].since_ms += absent;
        pool->members[i].latest_ms += absent;
    }
}

/* Ends workers whose time is over. Only after their sockets were found empty. */
static void check_times(struct pool *pool)
{
    int64_t now = clock_steady_ms();
    forgive_absence(pool, now);
    for (unsigned i = 0; i < pool->jobs; i++) {
        struct member *member = &pool->members[i];
        if (member->state == MEMBER_NONE || (member->state == MEMBER_READY && member->len == 0))
            continue;
        uint64_t steps = atomic_load_explicit(&member->page->steps, memory_order_acquire);
        if (steps != member->steps)
            member->since_ms = now;
        member->steps = steps;
        bool starting = member->state == MEMBER_STARTING;
        int64_t limit = starting ? START_MS : item_ms(pool, &member->items[member_at(member)]);
        if (now - member->since_ms > limit || (!starting && now > member->latest_ms + limit))
            overdue(pool, member, limit);
    }
}

/* Sleeps until a worker says something, for at most wait_ms. */
static void sleep_until_said(struct pool *pool, int64_t wait_ms)
{
    struct pollfd *polled = mem_zero(pool->jobs, sizeof *polled);
    int64_t tick = pool->settings.time_ms < 4 * TICK_MS ? pool->settings.time_ms / 4 + 1 : TICK_MS;
    for (unsigned i = 0; i < pool->jobs; i++) {
        bool lives = pool->members[i].state != MEMBER_NONE;
        polled[i] = (struct pollfd){.fd = lives ? pool->members[i].socket : -1, .events = POLLIN};
    }
    poll(polled, pool->jobs, (int)(wait_ms < tick ? wait_ms : tick));
    free(polled);
}

int pool_take(struct pool *pool, struct pool_job *job, const struct verdict **verdict, int wait_ms)
{
    int64_t end = wait_ms < 0 ? INT64_MAX : clock_steady_ms() + wait_ms;
    for (;;) {
        if (pool->rest_of != NULL && take_received(pool, job, verdict))
            return 1;
        if (take_lost(pool, job, verdict))
            return 1;
        if (pool->outstanding == 0)
            return 0;
        dispatch(pool, true);
        if (receive_any(pool))
            continue;
        check_times(pool);
        if (pool->lost.len > 0 || pool->gave_up)
            continue;
        int64_t left = wait_ms == 0 ? 0 : end - clock_steady_ms();
        if (left <= 0)
            return 0;
        sleep_until_said(pool, left);
    }
}

/* -- The rest -- */

static unsigned cores(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? (unsigned)count : 1;
}

/* How many jobs may be out, a descriptor or two each, here and in the sockets' queues. */
static size_t room_for(size_t room)
{
    size_t need = 2 * room + OTHER_DESCRIPTORS;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
        return room;
    limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= need)
        return room;
    return limit.rlim_cur > OTHER_DESCRIPTORS + 2 ? (limit.rlim_cur - OTHER_DESCRIPTORS) / 2 : 1;
}

/* An inherited "ignore" would take the workers' statuses away. */
static void want_statuses(void)
{
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
}

/* Waits until every worker has said that it is ready. */
static int all_ready(struct pool *pool, struct strbuf *why)
{
    for (;;) {
        unsigned ready = 0;
        while (receive_any(pool))
            ;
        check_times(pool);
        for (unsigned i = 0; i < pool->jobs; i++)
            ready += pool->members[i].state == MEMBER_READY;
        if (pool->failures > 0)
            return strbuf_why(why, "%s", strbuf_text(&pool->failure));
        if (ready == pool->jobs)
            return 0;
        sleep_until_said(pool, TICK_MS);
    }
}

struct pool *pool_open(const struct pool_settings *settings, const struct detect *detect,
                       struct strbuf *why)
{
    struct pool *pool = mem_zero(1, sizeof *pool);
    pool->settings = *settings;
    pool->detect = detect;
    pool->jobs = settings->jobs > 0 ? settings->jobs : cores();
    pool->members = mem_zero(pool->jobs, sizeof *pool->members);
    pool->window = (settings->clamd != NULL ? 4 : 2) * WORKER_BATCH;
    pool->room = room_for((size_t)pool->jobs * pool->window);
    pool->inbox = mem_alloc(WORKER_MESSAGE);
    pool->parts = ~0u;
    pool->opening = true;
    want_statuses();
    sandbox_prepare(NULL);
    if (!settings->no_hashes)
        digest_load(NULL); /* no worker could load it any more */
    int failure = 0;
    for (unsigned i = 0; i < pool->jobs && failure == 0; i++)
        failure = member_start(pool, &pool->members[i], why);
    if (failure != 0 || all_ready(pool, why) != 0) {
        pool_close(pool);
        return NULL;
    }
    pool->opening = false;
    sandbox_describe(&settings->sandbox, pool->parts, &pool->protection);
    return pool;
}

void pool_close(struct pool *pool)
{
    if (pool == NULL)
        return;
    for (unsigned i = 0; i < pool->jobs; i++)
        if (pool->members[i].state != MEMBER_NONE)
            member_kill(pool, &pool->members[i]);
    for (size_t i = 0; i < pool->lost.len; i++)
        free(pool->lost.at[i].reason);
    vec_clear(&pool->lost);
    vec_clear(&pool->waiting);
    strbuf_clear(&pool->protection);
    strbuf_clear(&pool->failure);
    free(pool->members);
    free(pool->inbox);
    free(pool);
}

bool pool_has_room(const struct pool *pool)
{
    return pool->outstanding < pool->room;
}

void pool_give(struct pool *pool, const struct pool_job *job)
{
    struct item *item = vec_add(&pool->waiting);
    *item = (struct item){.job = *job, .number = ++pool->numbers};
    pool->outstanding++;
    if (pool->waiting.len >= WORKER_BATCH && !pool->waiting.at[0].alone)
        dispatch(pool, false);
}

size_t pool_outstanding(const struct pool *pool)
{
    return pool->outstanding;
}

const char *pool_protection(const struct pool *pool)
{
    return strbuf_text(&pool->protection);
}

unsigned pool_replaced(const struct pool *pool)
{
    return pool->replaced;
}
