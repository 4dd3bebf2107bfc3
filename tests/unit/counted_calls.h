/* counted_calls - the calls that change a file, counted on their way to the kernel.
 *
 * These definitions come before those of libc, for SQLite too. So a run can be killed before and
 * after each of them, and each can fail in turn.
 */
#ifndef SPAMGEAR_TESTS_COUNTED_CALLS_H
#define SPAMGEAR_TESTS_COUNTED_CALLS_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum what { WHAT_NOTHING, WHAT_KILL_BEFORE, WHAT_KILL_AFTER, WHAT_FAIL };

static enum what what;
static unsigned at_call;
static _Atomic unsigned calls;
static int fail_with;

/* Is it this call's turn to fail? */
static bool before(void)
{
    if (what == WHAT_NOTHING || ++calls != at_call)
        return false;
    if (what == WHAT_KILL_BEFORE)
        kill(getpid(), SIGKILL);
    errno = fail_with;
    return what == WHAT_FAIL;
}

static long after(long result)
{
    if (what == WHAT_KILL_AFTER && calls == at_call)
        kill(getpid(), SIGKILL);
    return result;
}

#define COUNTED(...) before() ? -1 : after(syscall(__VA_ARGS__))

/* libc has them under two names. */
#define BOTH(type, name, parameters, ...)                                                          \
    type name parameters                                                                           \
    {                                                                                              \
        return (type)(COUNTED(__VA_ARGS__));                                                       \
    }

BOTH(ssize_t, pwrite, (int fd, const void *at, size_t len, off_t where), SYS_pwrite64, fd, at, len,
     where)
BOTH(ssize_t, pwrite64, (int fd, const void *at, size_t len, off_t where), SYS_pwrite64, fd, at,
     len, where)
BOTH(int, ftruncate, (int fd, off_t size), SYS_ftruncate, fd, size)
BOTH(int, ftruncate64, (int fd, off_t size), SYS_ftruncate, fd, size)
BOTH(int, fsync, (int fd), SYS_fsync, fd)
BOTH(int, fdatasync, (int fd), SYS_fdatasync, fd)
BOTH(int, unlink, (const char *path), SYS_unlink, path)
BOTH(int, rename, (const char *from, const char *to), SYS_rename, from, to)

#define NEVER_REACHED 9 /* status of a run that has fewer calls than that */

/* A run in a child, to which `then` happens at that call of it. Returns the child's status. */
static inline int run_in_child(void (*run)(void), enum what then, unsigned call, int error)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        what = then;
        at_call = call;
        fail_with = error;
        calls = 0;
        run();
        _exit(0);
    }
    return waitpid(child, &status, 0) == child ? status : -1;
}

#endif
