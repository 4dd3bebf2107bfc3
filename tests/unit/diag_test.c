/* diag - one line a message whatever is in it, trouble remembered, and a standard output that
 * cannot be written never looks like success. */
#include "spamgear/base/diag.h"

#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Status of a child that runs `run`, and what it said on standard error. */
static int child_says(int (*run)(void), char said[512])
{
    int ends[2], status = 0;
    size_t len = 0;
    test_true("a pipe", pipe(ends) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        _exit(run());
    }
    close(ends[1]);
    for (ssize_t got = 1; got > 0 && len<511; len += got> 0 ? (size_t)got : 0)
        got = read(ends[0], said + len, 511 - len);
    said[len] = '\0';
    close(ends[0]);
    test_true("ended", waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int warn(void)
{
    errno = ERANGE;
    diag_warn("line %d\n\x1b[31m\xff", 1);
    diag_info("not asked for");
    return diag_trouble() || errno != ERANGE;
}

static int inform(void)
{
    diag_name("some-applet");
    diag_verbose(true);
    diag_info("%s", "told");
    return diag_trouble() || !diag_is_verbose();
}

static int fail(void)
{
    errno = ERANGE;
    diag_error("%s", "broken");
    diag_warn("%s", "and more");
    return diag_trouble() && errno == ERANGE ? 0 : 1;
}

static int flush_good(void)
{
    stdout = freopen("/dev/null", "w", stdout);
    printf("something");
    return diag_flush_stdout() && !diag_trouble() ? 0 : 1;
}

static int flush_full(void)
{
    stdout = freopen("/dev/full", "w", stdout);
    printf("something");
    return !diag_flush_stdout() && diag_trouble() ? 0 : 1;
}

/* The write that failed lies back: only the stream remembers it. */
static int flush_failed_before(void)
{
    stdout = freopen("/dev/full", "w", stdout);
    printf("something");
    fflush(stdout);
    errno = 0;
    return !diag_flush_stdout() && diag_trouble() ? 0 : 1;
}

static int flush_closed_pipe(void)
{
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    if (pipe(ends) != 0)
        return 2;
    close(ends[0]);
    dup2(ends[1], STDOUT_FILENO);
    printf("something");
    return !diag_flush_stdout() && diag_trouble() ? 0 : 1;
}

static const struct {
    const char *name;
    int (*run)(void);
    const char *says;
} cases[] = {
    {"warning", warn, "spamgear: line 1\\n\\x1b[31m\\xff\n"},
    {"verbose", inform, "some-applet: told\n"},
    {"error", fail, "spamgear: broken\nspamgear: and more\n"},
    {"flushed", flush_good, ""},
    {"disk full", flush_full, "spamgear: cannot write the output: No space left on device\n"},
    {"disk full before", flush_failed_before, "spamgear: cannot write the output: "},
    {"closed pipe is quiet", flush_closed_pipe, ""},
};

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char said[512];
        test_number(cases[i].name, child_says(cases[i].run, said), 0);
        if (cases[i].run == flush_failed_before) /* which reason is the C library's choice */
            said[strnlen(cases[i].says, strlen(said))] = '\0';
        test_text(cases[i].name, said, cases[i].says);
    }
    return test_end();
}
