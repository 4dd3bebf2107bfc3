/* feeder - the daemon's side, and the process that keeps the worker alive.
 *
 * The keeper was started before there were threads, so that it can fork again whenever a worker
 * ends in another way than by order. Both die with the daemon.
 */
#include "feeder_own.h"

#include "spamgear/base/apart.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_MAX 20000 /* packets at once: the daemon has other work */
#define GRACE_MS 3000  /* behind the deadline of an end */

struct feeder {
    int fd;
    pid_t keeper;
    struct feeder_health health;
};

/* ---- the keeper ---- */

static void leave_signals(void)
{
    static const int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
    sigset_t none;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        signal(ours[i], SIG_IGN); /* the daemon says when it is the end */
    signal(SIGALRM, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void work(const struct feeder_settings *settings, int fd, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(1);
    feeder_run(settings, fd);
    _exit(0);
}

static bool is_gone(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = 0};
    return poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & (POLLHUP | POLLERR)) != 0;
}

static void tell_end(int fd, int status)
{
    char line[120];
    if (WIFSIGNALED(status))
        snprintf(line, sizeof line, "the process for the database ended by signal %d; again",
                 WTERMSIG(status));
    else
        snprintf(line, sizeof line, "the process for the database ended with status %d; again",
                 WEXITSTATUS(status));
    feeder_tell(fd, true, line);
}

static _Noreturn void keep(const struct feeder_settings *settings, int fd, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(1);
    fd = apart_keep_only(fd);
    if (fd < 0)
        _exit(1);
    leave_signals();
    for (unsigned seconds = 1;; seconds = seconds < 60 ? seconds * 2 : 60) {
        int status = 0;
        int64_t begun = clock_steady_ms();
        pid_t self = getpid(), child = fork();
        if (child == 0)
            work(settings, fd, self);
        while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        if (is_gone(fd) || (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0))
            _exit(0);
        if (child > 0)
            tell_end(fd, status);
        if (clock_steady_ms() - begun > 60000)
            seconds = 1;
        sleep(seconds);
    }
}

/* ---- the daemon ---- */

struct feeder *feeder_start(const struct feeder_settings *settings, struct strbuf *why)
{
    int ends[2];
    pid_t parent = getpid();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        strbuf_why(why, "socketpair: %s", strerror(errno));
        return NULL;
    }
    pid_t keeper = fork();
    if (keeper == 0)
        keep(settings, ends[1], parent);
    close(ends[1]);
    if (keeper < 0) {
        strbuf_why(why, "fork: %s", strerror(errno));
        close(ends[0]);
        return NULL;
    }
    struct feeder *feeder = mem_zero(1, sizeof *feeder);
    feeder->fd = ends[0];
    feeder->keeper = keeper;
    return feeder;
}

int feeder_fd(const struct feeder *feeder)
{
    return feeder->fd;
}

void feeder_look(const struct feeder *feeder, struct feeder_health *health)
{
    *health = feeder->health;
}

static void hear_bucket(struct span packet, const struct feeder_news *news)
{
    struct feeder_bucket head;
    char profile[UINT8_MAX + 1];
    if (packet.len < sizeof head)
        return;
    memcpy(&head, packet.at, sizeof head);
    struct span rest = span_skip(packet, sizeof head);
    if (rest.len < head.profile_len || head.kind < 0 || head.kind >= SENDER_KINDS)
        return;
    memcpy(profile, rest.at, head.profile_len);
    profile[head.profile_len] = '\0';
    struct watch_bucket bucket = {.kind = (enum sender_kind)head.kind,
                                  .name = span_skip(rest, head.profile_len),
                                  .minute = head.minute,
                                  .sum = head.sum};
    news->bucket(news->state, profile, &bucket);
}

/* What the other databases say went through a process of ours, and is text of strangers still. */
static void hear(struct feeder *feeder, struct span packet, const struct feeder_news *news)
{
    struct span rest = span_skip(packet, 1);
    if (*packet.at == FEEDER_HEALTH && rest.len == sizeof feeder->health) {
        memcpy(&feeder->health, rest.at, sizeof feeder->health);
        feeder->health.trouble[sizeof feeder->health.trouble - 1] = '\0';
    } else if (*packet.at == FEEDER_BUCKET && news != NULL && news->bucket != NULL) {
        hear_bucket(packet, news);
    } else if ((*packet.at == FEEDER_TELL || *packet.at == FEEDER_TROUBLE) && news != NULL &&
               news->tell != NULL) {
        char *line = mem_text_of(rest.at, rest.len);
        news->tell(news->state, *packet.at == FEEDER_TROUBLE, line);
        free(line);
    }
}

int feeder_read(struct feeder *feeder, const struct feeder_news *news, struct strbuf *why)
{
    char packet[FEEDER_MESSAGE_MAX];
    for (int i = 0; i < READ_MAX; i++) {
        ssize_t got = recv(feeder->fd, packet, sizeof packet, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (got <= 0)
            return strbuf_why(why, "the process for the database is gone");
        hear(feeder, (struct span){packet, (size_t)got}, news);
    }
    return 0;
}

/* Its packets are still taken, since it may be waiting for room. */
static void wait_end(struct feeder *feeder, int64_t deadline)
{
    struct pollfd fd = {.fd = feeder->fd, .events = POLLIN};
    while (clock_steady_ms() < deadline && feeder_read(feeder, NULL, NULL) == 0)
        poll(&fd, 1, 50);
}

void feeder_stop(struct feeder *feeder, int deadline_ms)
{
    struct feeder_order order = {deadline_ms};
    if (feeder == NULL)
        return;
    if (send(feeder->fd, &order, sizeof order, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof order)
        wait_end(feeder, clock_steady_ms() + deadline_ms + GRACE_MS);
    kill(feeder->keeper, SIGKILL); /* the worker dies with it */
    while (waitpid(feeder->keeper, NULL, 0) < 0 && errno == EINTR)
        ;
    close(feeder->fd);
    free(feeder);
}
