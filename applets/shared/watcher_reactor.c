/* watcher_reactor - the process that reacts, and one that starts it again when it dies.
 *
 * Both are started before the daemon has threads. The keeper does nothing but wait; the reactor
 * starts a process a job, kills it at its deadline, and begins a job anew whose process died. A
 * reactor that begins says so, and is told again which jobs have no answer. A job that was cut
 * short is completed by the next run of it: the case says how far it got (docs/reactions.md).
 *
 * The end of the daemon ends neither at once: a reaction that has begun is finished first.
 */
#include "watcher_parts.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/text.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET_FD  3
#define TRIES      3
#define LOOK_MS    100 /* so often it is looked whether a job ended */
#define RESTART_US 300000

struct running {
    pid_t pid;
    int64_t deadline;
    unsigned tries;
    struct watcher_job job;
    char *name;
    size_t name_len;
};

struct reactor {
    const struct watcher_reactor *settings;
    VEC(struct running) running;
    char packet[sizeof(struct watcher_job) + WATCHER_NAME_MAX];
};

static void send_news(const struct watcher_news *news, struct span text)
{
    struct iovec parts[2] = {{(void *)(uintptr_t)news, sizeof *news},
                             {(void *)(uintptr_t)text.at, text.len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (text.len > WATCHER_TEXT_MAX)
        parts[1].iov_len = WATCHER_TEXT_MAX;
    while (sendmsg(SOCKET_FD, &message, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

/* ---- one job ---- */

static _Noreturn void work(const struct reactor *reactor, const struct running *job, pid_t parent)
{
    struct watcher_news news = {.id = job->job.id, .result = WATCHER_FAILED};
    struct strbuf lines = {0};
    prctl(PR_SET_NAME, "watch-job");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(1);
    setpgid(0, 0);
    watcher_job_run(reactor->settings, &job->job, (struct span){job->name, job->name_len}, &news,
                    &lines);
    fflush(NULL);
    send_news(&news, strbuf_span(&lines));
    _exit(0);
}

static void start(const struct reactor *reactor, struct running *job)
{
    pid_t parent = getpid();
    fflush(NULL);
    job->tries++;
    job->deadline = clock_steady_ms() + reactor->settings->deadline_ms;
    job->pid = fork();
    if (job->pid == 0)
        work(reactor, job, parent);
}

static void give_up(const struct running *job, const char *why)
{
    struct watcher_news news = {.id = job->job.id, .result = WATCHER_FAILED};
    struct strbuf line = {0};
    strbuf_add_char(&line, '!');
    text_escape(&line, (struct span){job->name, job->name_len});
    strbuf_format(&line, ": %s\n", why);
    send_news(&news, strbuf_span(&line));
    strbuf_clear(&line);
}

/* True when it is over. */
static bool look_after(const struct reactor *reactor, struct running *job)
{
    int status = 0;
    pid_t got = job->pid > 0 ? waitpid(job->pid, &status, WNOHANG) : -1;
    if (got == 0 && clock_steady_ms() < job->deadline)
        return false;
    if (got == 0) {
        kill(-job->pid, SIGKILL);
        kill(job->pid, SIGKILL);
        waitpid(job->pid, &status, 0);
        give_up(job, "the check took too long");
        return true;
    }
    if (got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (job->tries < TRIES) {
        start(reactor, job);
        return false;
    }
    give_up(job, "the check died");
    return true;
}

static void look_after_all(struct reactor *reactor)
{
    size_t kept = 0;
    for (size_t i = 0; i < reactor->running.len; i++) {
        struct running *job = &reactor->running.at[i];
        if (look_after(reactor, job))
            free(job->name);
        else
            reactor->running.at[kept++] = *job;
    }
    reactor->running.len = kept;
}

/* ---- the reactor ---- */

/* False when the daemon is gone. */
static bool take_job(struct reactor *reactor)
{
    struct running job = {0};
    ssize_t got = recv(SOCKET_FD, reactor->packet, sizeof reactor->packet, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got < (ssize_t)sizeof job.job)
        return got != 0;
    memcpy(&job.job, reactor->packet, sizeof job.job);
    job.name_len = (size_t)got - sizeof job.job;
    job.name = mem_text_of(reactor->packet + sizeof job.job, job.name_len);
    *vec_add(&reactor->running) = job;
    start(reactor, &reactor->running.at[reactor->running.len - 1]);
    return true;
}

static _Noreturn void react(const struct watcher_reactor *settings, pid_t parent)
{
    static struct reactor reactor;
    struct watcher_news hello = {.result = WATCHER_HELLO};
    bool open = true;
    reactor.settings = settings;
    prctl(PR_SET_NAME, "watch-reactor");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(1);
    send_news(&hello, (struct span){0});
    while (open || reactor.running.len > 0) {
        struct pollfd poll_fd = {.fd = open ? SOCKET_FD : -1, .events = POLLIN};
        if (poll(&poll_fd, 1, reactor.running.len > 0 ? LOOK_MS : -1) > 0)
            open = take_job(&reactor);
        look_after_all(&reactor);
    }
    _exit(0);
}

/* ---- its keeper ---- */

/* Nothing of the daemon is needed but 0, 1, 2 and the socket: a lock that it holds must go with
 * it. */
static void leave_the_daemon(int fd)
{
    sigset_t none;
    if (fd != SOCKET_FD && dup2(fd, SOCKET_FD) < 0)
        _exit(1);
    if (syscall(SYS_close_range, SOCKET_FD + 1, ~0u, 0) != 0)
        for (int other = SOCKET_FD + 1, last = (int)sysconf(_SC_OPEN_MAX); other < last; other++)
            close(other);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
}

static _Noreturn void keep(const struct watcher_reactor *settings)
{
    prctl(PR_SET_NAME, "watch-keeper");
    for (;;) {
        int status = 0;
        pid_t keeper = getpid(), pid = fork();
        if (pid == 0)
            react(settings, keeper);
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        if (pid > 0 && WIFEXITED(status))
            _exit(0);
        usleep(RESTART_US);
    }
}

/* Started by a process between, so that it is no child whose end the daemon must take. */
int watcher_reactor_start(const struct watcher_reactor *reactor, struct strbuf *why)
{
    int ends[2], status;
    fflush(NULL);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return strbuf_why(why, "socketpair: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        leave_the_daemon(ends[1]);
        pid = fork();
        if (pid == 0)
            keep(reactor);
        _exit(pid < 0);
    }
    close(ends[1]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid < 0) {
        close(ends[0]);
        return strbuf_why(why, "fork: %s", strerror(errno));
    }
    return ends[0];
}
