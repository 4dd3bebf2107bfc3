/* apart - fork, work, answer through a pipe.
 *
 * The answer is one byte, which says whether the rest is the answer or the reason, and the rest.
 * An exit status of 0 says that all of it was written.
 */
#include "spamgear/base/apart.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWERED 'Y'
#define FAILED   'N'
#define WHY_MAX  4096 /* bytes of a reason */
#define PIPE_FD  3    /* the child's end */

/* ---- the child ---- */

static bool write_all(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t done = write(fd, bytes.at, bytes.len);
        if (done < 0 && errno != EINTR)
            return false;
        bytes = span_skip(bytes, done < 0 ? 0 : (size_t)done);
    }
    return true;
}

/* Descriptors of the parent are none of its business. Old kernels: one after another. */
int apart_keep_only(int fd)
{
    if (fd != PIPE_FD && dup2(fd, PIPE_FD) < 0)
        return -1;
    if (syscall(SYS_close_range, PIPE_FD + 1, ~0u, 0) == 0)
        return PIPE_FD;
    for (int other = PIPE_FD + 1, last = (int)sysconf(_SC_OPEN_MAX); other < last; other++)
        close(other);
    return PIPE_FD;
}

static _Noreturn void run_child(apart_work *work, void *context, int fd, pid_t parent)
{
    struct strbuf answer = {0}, why = {0};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || apart_keep_only(fd) < 0)
        _exit(1);
    signal(SIGPIPE, SIG_DFL);
    bool good = work(context, &answer, &why) == 0;
    struct span text = strbuf_span(good ? &answer : &why);
    if (!good && text.len > WHY_MAX)
        text.len = WHY_MAX;
    char first = good ? ANSWERED : FAILED;
    _exit(write_all(PIPE_FD, (struct span){&first, 1}) && write_all(PIPE_FD, text) ? 0 : 1);
}

/* ---- the parent ---- */

/* One block, or the end (0), or -1 with why. */
static ssize_t read_some(int fd, int64_t deadline, char *block, size_t size, struct strbuf *why)
{
    for (;;) {
        int64_t left = deadline - clock_steady_ms();
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        int ready = left <= 0 ? 0 : poll(&poll_fd, 1, left > 60000 ? 60000 : (int)left);
        if (left <= 0)
            return strbuf_why(why, "took too long");
        if (ready <= 0)
            continue;
        ssize_t got = read(fd, block, size);
        if (got >= 0)
            return got;
        if (errno != EINTR && errno != EAGAIN)
            return strbuf_why(why, "its answer: %s", strerror(errno));
    }
}

static int read_answer(int fd, int64_t deadline, size_t bytes_max, struct strbuf *text,
                       struct strbuf *why)
{
    char *block = mem_alloc(1 << 16);
    size_t most = (bytes_max > WHY_MAX ? bytes_max : WHY_MAX) + 1;
    ssize_t got;
    while ((got = read_some(fd, deadline, block, 1 << 16, why)) > 0) {
        strbuf_add(text, block, (size_t)got);
        if (text->len > most) {
            got = strbuf_why(why, "answered more than %zu bytes", bytes_max);
            break;
        }
    }
    free(block);
    return got == 0 ? 0 : -1;
}

static int reap(pid_t child, bool kill_it, struct strbuf *why)
{
    int status;
    if (kill_it)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return strbuf_why(why, "its end: %s", strerror(errno));
    if (kill_it)
        return -1;
    if (WIFSIGNALED(status))
        return strbuf_why(why, "ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status) == 0 ? 0
                                    : strbuf_why(why, "ended with status %d", WEXITSTATUS(status));
}

static int take(struct span text, struct strbuf *answer, struct strbuf *why)
{
    if (text.len == 0)
        return strbuf_why(why, "answered nothing");
    struct span rest = span_skip(text, 1);
    if (*text.at != ANSWERED)
        return strbuf_why(why, "%.*s", (int)(rest.len > WHY_MAX ? WHY_MAX : rest.len), rest.at);
    strbuf_add_span(answer, rest);
    return 0;
}

int apart_run(apart_work *work, void *context, int deadline_ms, size_t bytes_max,
              struct strbuf *answer, struct strbuf *why)
{
    int ends[2];
    struct strbuf text = {0};
    pid_t parent = getpid();
    if (pipe2(ends, O_CLOEXEC) != 0)
        return strbuf_why(why, "pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0)
        run_child(work, context, ends[1], parent);
    close(ends[1]);
    int result = child < 0 ? strbuf_why(why, "fork: %s", strerror(errno)) : 0;
    if (child > 0) {
        result = read_answer(ends[0], clock_steady_ms() + deadline_ms, bytes_max, &text, why);
        result = reap(child, result != 0, why);
    }
    close(ends[0]);
    if (result == 0)
        result = take(strbuf_span(&text), answer, why);
    strbuf_clear(&text);
    return result;
}
