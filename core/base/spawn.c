/* spawn - fork, execve, and a look at the clock.
 *
 * The input goes into a memory file that becomes the program's standard input: nothing can
 * block on it and no SIGPIPE can come. The child tells a failed exec through a pipe that a
 * successful one closes. The program counts as done when it ends: what it leaves running in
 * the background (a mail server's delivery) is neither waited for nor killed.
 */
#include "spamgear/base/spawn.h"

#include "spamgear/base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX  (64u << 10)
#define BLOCK       4096
#define TICK_MS     20 /* between two looks where the kernel has no pidfd */
#define SEARCH_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct job {
    const char *const *argv;
    char *program;            /* owned */
    int input, output, error; /* the child's; output is its standard error too */
    int pid_fd, read_fd, error_fd;
    pid_t pid;
    spawn_take *take; /* NULL: nobody wants its output */
    void *state;
};

/* 0 to 2 may be free in this process; what is opened must not become them. */
static int above_standard(int fd)
{
    if (fd < 0 || fd > 2)
        return fd;
    int other = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int saved = errno;
    close(fd);
    errno = saved;
    return other;
}

static int make_pipe(int *read_end, int *write_end)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    *read_end = above_standard(ends[0]);
    *write_end = above_standard(ends[1]);
    return *read_end < 0 || *write_end < 0 ? -1 : 0;
}

static int make_input(struct span input)
{
    int fd = above_standard(memfd_create("input", MFD_CLOEXEC));
    while (fd >= 0 && input.len > 0) {
        ssize_t written = write(fd, input.at, input.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            close(fd);
            return -1;
        }
        input = span_skip(input, (size_t)written);
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

/* ---- in the child: only what is safe after a fork of a program with threads ---- */

static void close_from(unsigned first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0u, 0) == 0)
        return;
#endif
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t end = limit.rlim_cur < 65536 ? limit.rlim_cur : 65536;
    for (rlim_t fd = first; fd < end; fd++)
        close((int)fd);
}

static void default_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* ignored ones would stay so in the program */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

__attribute__((noreturn)) static void become(const struct job *job)
{
    static const char *const environment[] = {"PATH=" SEARCH_PATH, "LANG=C", "HOME=/root", NULL};
    static const char *const homeless[] = {"PATH=" SEARCH_PATH, "LANG=C", NULL};
    setpgid(0, 0);
    default_signals();
    if (dup2(job->input, 0) == 0 && dup2(job->output, 1) == 1 && dup2(job->output, 2) == 2) {
        int error = fcntl(job->error, F_DUPFD_CLOEXEC, 3);
        if (error > 3) { /* all between is closed, and the pipe is the first */
            dup3(error, 3, O_CLOEXEC);
            error = 3;
        }
        close_from(4);
        execve(job->program, (char *const *)job->argv,
               (char *const *)(geteuid() == 0 ? environment : homeless));
        int code = errno;
        ssize_t told = write(error, &code, sizeof code);
        (void)told;
    }
    _exit(127);
}

/* ---- in the parent ---- */

/* argv[0] itself, or the first program of that name in SEARCH_PATH; NULL when there is none. */
static char *find_program(const char *name)
{
    struct strbuf path = {0};
    if (strchr(name, '/') != NULL) {
        strbuf_add_text(&path, name);
        return strbuf_take(&path);
    }
    for (const char *at = SEARCH_PATH; *name != '\0' && *at != '\0';) {
        size_t len = strcspn(at, ":");
        strbuf_reset(&path);
        strbuf_add(&path, at, len);
        strbuf_format(&path, "/%s", name);
        if (access(strbuf_text(&path), X_OK) == 0)
            return strbuf_take(&path);
        at += len + (at[len] == ':');
    }
    strbuf_clear(&path);
    return NULL;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void job_clear(struct job *job)
{
    free(job->program);
    close_one(&job->input);
    close_one(&job->output);
    close_one(&job->error);
    close_one(&job->pid_fd);
    close_one(&job->read_fd);
    close_one(&job->error_fd);
}

/* What the child needs. Without a reader its output goes nowhere, so that what it leaves in the
 * background is not ended by a closed pipe. */
static int prepare(struct job *job, struct span input)
{
    job->input = make_input(input);
    if (job->input < 0 || make_pipe(&job->error_fd, &job->error) != 0)
        return -1;
    if (job->take != NULL)
        return make_pipe(&job->read_fd, &job->output);
    job->output = above_standard(open("/dev/null", O_WRONLY | O_CLOEXEC));
    return job->output < 0 ? -1 : 0;
}

static void stop(struct job *job)
{
    kill(-job->pid, SIGKILL);
    kill(job->pid, SIGKILL);
    while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Until the child has become the program: 0, or the errno that kept it from that. */
static int start(struct job *job)
{
    int code = 0;
    ssize_t got;
    job->pid = fork();
    if (job->pid == 0)
        become(job);
    if (job->pid < 0)
        return errno;
    setpgid(job->pid, job->pid); /* the first of both to do it wins */
    close_one(&job->input);
    close_one(&job->output);
    close_one(&job->error);
    do
        got = read(job->error_fd, &code, sizeof code);
    while (got < 0 && errno == EINTR);
    if (got != sizeof code)
        return 0; /* whatever else went wrong is an exit status */
    stop(job);
    return code;
}

/* Reads what there is. False when nothing more will come. */
static bool drain(struct job *job)
{
    char buffer[BLOCK];
    ssize_t got = read(job->read_fd, buffer, sizeof buffer);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    if (got > 0)
        job->take(job->state, (struct span){buffer, (size_t)got});
    return got > 0;
}

/* Waits for output or the end, at most until the deadline. */
static void wait_for_news(struct job *job, int64_t left_ms)
{
    struct pollfd fds[] = {{.fd = job->read_fd, .events = POLLIN},
                           {.fd = job->pid_fd, .events = POLLIN}};
    int64_t wait = job->pid_fd < 0 && left_ms > TICK_MS ? TICK_MS : left_ms;
    if (poll(fds, 2, wait > INT32_MAX ? INT32_MAX : (int)wait) > 0 && fds[0].revents != 0 &&
        !drain(job))
        close_one(&job->read_fd);
}

/* What the program wrote and nobody has read yet; not what others go on writing. */
static void drain_rest(struct job *job)
{
    struct pollfd fd = {.fd = job->read_fd, .events = POLLIN};
    for (unsigned left = 32; left > 0 && fd.fd >= 0 && poll(&fd, 1, 0) > 0; left--)
        if (!drain(job))
            break;
}

static int finish(struct job *job, int deadline_ms, struct strbuf *why)
{
    int64_t end = clock_steady_ms() + deadline_ms;
    int status;
    for (;;) {
        pid_t done = waitpid(job->pid, &status, WNOHANG);
        if (done == job->pid)
            break;
        if (done < 0 && errno != EINTR)
            return strbuf_why(why, "%s: its end cannot be awaited: %s", *job->argv,
                              strerror(errno));
        int64_t left = end - clock_steady_ms();
        if (left <= 0) {
            stop(job);
            return strbuf_why(why, "%s: did not end within %d ms", *job->argv, deadline_ms);
        }
        wait_for_news(job, left);
    }
    drain_rest(job);
    if (WIFSIGNALED(status))
        return strbuf_why(why, "%s: ended by signal %d", *job->argv, WTERMSIG(status));
    return WEXITSTATUS(status);
}

int spawn_read(const char *const *argv, struct span input, int deadline_ms, spawn_take *take,
               void *state, struct strbuf *why)
{
    struct job job = {.argv = argv,
                      .take = take,
                      .state = state,
                      .program = find_program(*argv),
                      .input = -1,
                      .output = -1,
                      .error = -1,
                      .pid_fd = -1,
                      .read_fd = -1,
                      .error_fd = -1};
    int result, code = 0;
    if (job.program == NULL)
        code = ENOENT;
    else if (prepare(&job, input) != 0)
        code = errno;
    else
        code = start(&job);
    if (code != 0) {
        result = strbuf_why(why, "%s: %s", *argv, strerror(code));
    } else {
#ifdef SYS_pidfd_open
        job.pid_fd = (int)syscall(SYS_pidfd_open, job.pid, 0);
#endif
        result = finish(&job, deadline_ms, why);
    }
    job_clear(&job);
    return result;
}

static void keep(void *state, struct span bytes)
{
    struct strbuf *output = state;
    size_t room = OUTPUT_MAX - output->len;
    strbuf_add(output, bytes.at, bytes.len < room ? bytes.len : room);
}

int spawn_run(const char *const *argv, struct span input, int deadline_ms, struct strbuf *output,
              struct strbuf *why)
{
    if (output != NULL)
        strbuf_reset(output);
    return spawn_read(argv, input, deadline_ms, output == NULL ? NULL : keep, output, why);
}
