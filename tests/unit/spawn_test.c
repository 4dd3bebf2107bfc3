/* spawn - real small programs: what they get, what comes back, and that none of them can hang,
 * flood or kill its caller. */
#include "spamgear/base/spawn.h"

#include "spamgear/base/clock.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *name, *script, *input;
    int want;
    const char *output;
} rows[] = {
    {"true", "exit 0", "", 0, ""},
    {"status", "exit 255", "", 255, ""},
    {"both outputs in one", "echo one; echo two >&2", "", 0, "one\ntwo\n"},
    {"input", "cat", "some input\n", 0, "some input\n"},
    {"input that nobody reads", "exit 3", "some input\n", 3, ""},
    {"no input", "cat; echo end", "", 0, "end\n"},
    {"environment", "env | grep -v -e ^PWD= -e ^OLDPWD= -e ^SHLVL= -e ^_= -e ^HOME= | sort", "", 0,
     "LANG=C\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"},
    {"no other descriptors", "ls /proc/self/fd", "", 0, "0\n1\n2\n3\n"}, /* 3: of ls itself */
    {"SIGPIPE has its default again", "yes | head -n 1", "", 0, "y\n"},
    {"an own process group", "ps -o pid=,pgid= -p $$ | { read a b; [ $a = $b ] && echo own; }", "",
     0, "own\n"},
    {"SIGTERM is not blocked", "kill -TERM $$; sleep 5", "", -1, ""},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *argv[] = {"/bin/sh", "-c", rows[i].script, NULL};
        struct strbuf out = {0}, why = {0};
        strbuf_add_text(&out, "what stood here before");
        int got = spawn_run(argv, span_text(rows[i].input), 10000, &out, &why);
        test_number(rows[i].name, got, rows[i].want);
        test_text(rows[i].name, strbuf_text(&out), rows[i].output);
        test_true(rows[i].name, (got < 0) == (why.len > 0));
        strbuf_clear(&out);
        strbuf_clear(&why);
    }
}

/* Exactly these arguments; nothing is read by a shell. */
static void test_argv(void)
{
    const char *argv[] = {"printf", "%s|", "a b", "$(echo x)", "", "*", NULL};
    struct strbuf out = {0}, why = {0};
    test_number("found in the path", spawn_run(argv, SPAN(""), 10000, &out, &why), 0);
    test_text("as they are", strbuf_text(&out), "a b|$(echo x)||*|");
    test_number("without output", spawn_run(argv, SPAN(""), 10000, NULL, NULL), 0);
    strbuf_clear(&out);
    strbuf_clear(&why);
}

static void test_failures(void)
{
    static const struct {
        const char *program, *why;
    } bad[] = {
        {"/nonexistent/program", "/nonexistent/program: No such file or directory"},
        {"no-such-program-anywhere", "no-such-program-anywhere: No such file or directory"},
        {"", ": No such file or directory"},
        {"/", "/: Permission denied"},
        {"/dev/null", "/dev/null: Permission denied"},
        {"/etc/passwd", "/etc/passwd: Permission denied"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *argv[] = {bad[i].program, NULL};
        struct strbuf why = {0};
        test_number(bad[i].program, spawn_run(argv, SPAN("x"), 10000, NULL, &why), -1);
        test_text(bad[i].program, strbuf_text(&why), bad[i].why);
        strbuf_clear(&why);
    }
}

/* The deadline holds for a program that ignores signals, and takes its children with it. */
static void test_deadline(void)
{
    const char *argv[] = {"sh", "-c", "trap '' TERM INT; sleep 60 & echo $!; wait; sleep 60", NULL};
    struct strbuf out = {0}, why = {0};
    int64_t start = clock_steady_ms();
    test_number("killed", spawn_run(argv, SPAN(""), 300, &out, &why), -1);
    test_text("says", strbuf_text(&why), "sh: did not end within 300 ms");
    test_true("in time", clock_steady_ms() - start < 5000);
    pid_t child = (pid_t)strtol(strbuf_text(&out), NULL, 10);
    for (int i = 0; i < 100 && kill(child, 0) == 0; i++) {
        char path[64], state = 0;
        snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
        FILE *f = fopen(path, "r");
        if (f == NULL || fscanf(f, "%*d %*s %c", &state) != 1 || state == 'Z')
            child = 1 << 30; /* dead, though nobody may have asked for it yet */
        if (f != NULL)
            fclose(f);
        usleep(20000);
    }
    test_true("the whole group", child > 1 && kill(child, 0) != 0);
    strbuf_clear(&out);
    strbuf_clear(&why);
}

/* A program that leaves something running in the background is done all the same. */
static void test_background(void)
{
    const char *argv[] = {"sh", "-c", "sleep 3 & echo started", NULL};
    struct strbuf out = {0};
    int64_t start = clock_steady_ms();
    test_number("done", spawn_run(argv, SPAN(""), 10000, &out, NULL), 0);
    test_text("its output", strbuf_text(&out), "started\n");
    test_true("at once", clock_steady_ms() - start < 2500);
    strbuf_clear(&out);
}

static void test_floods(void)
{
    const char *flood[] = {"sh", "-c", "head -c 3000000 /dev/zero", NULL};
    const char *endless[] = {"yes", NULL};
    const char *count[] = {"wc", "-c", NULL};
    struct strbuf out = {0}, why = {0}, big = {0};
    test_number("much output", spawn_run(flood, SPAN(""), 10000, &out, &why), 0);
    test_number("kept of it", (int64_t)out.len, 64 << 10);
    test_number("endless output", spawn_run(endless, SPAN(""), 200, &out, &why), -1);
    test_number("kept of that", (int64_t)out.len, 64 << 10);
    while (big.len < 1000000)
        strbuf_add_text(&big, "0123456789");
    test_number("much input", spawn_run(count, strbuf_span(&big), 10000, &out, &why), 0);
    test_text("all of it", strbuf_text(&out), "1000000\n");
    strbuf_clear(&out);
    strbuf_clear(&why);
    strbuf_clear(&big);
}

static void add_up(void *state, struct span bytes)
{
    *(int64_t *)state += (int64_t)bytes.len;
}

/* Output of any length goes by in pieces. */
static void test_pieces(void)
{
    const char *flood[] = {"sh", "-c", "head -c 3000000 /dev/zero; exit 3", NULL};
    const char *endless[] = {"yes", NULL};
    struct strbuf why = {0};
    int64_t bytes = 0;
    test_number("status", spawn_read(flood, SPAN(""), 10000, add_up, &bytes, &why), 3);
    test_number("all of it", bytes, 3000000);
    test_number("endless", spawn_read(endless, SPAN(""), 200, add_up, &bytes, &why), -1);
    strbuf_clear(&why);
}

static int descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Also where standard input and output are closed, and open descriptors are not handed on. */
static int closed_standard(void)
{
    const char *argv[] = {"sh", "-c", "cat; ls /proc/self/fd | wc -l; echo e >&2", NULL};
    struct strbuf out = {0};
    close(0);
    close(1);
    close(2);
    int before = descriptors();
    int got = spawn_run(argv, SPAN("in\n"), 10000, &out, NULL);
    bool right = strcmp(strbuf_text(&out), "in\n4\ne\n") == 0;
    strbuf_clear(&out);
    return got == 0 && right && descriptors() == before ? 0 : 1;
}

static void test_closed_standard(void)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(closed_standard());
    test_true("ended", waitpid(child, &status, 0) == child && WIFEXITED(status));
    test_number("works without 0, 1 and 2", WEXITSTATUS(status), 0);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    int open_one = open("/dev/null", O_RDONLY); /* not CLOEXEC: must not be handed on */
    int before = descriptors();
    test_true("opened", open_one >= 3);
    test_rows();
    test_argv();
    test_failures();
    test_deadline();
    test_background();
    test_floods();
    test_pieces();
    test_number("no descriptor stays open", descriptors(), before);
    test_true("no child stays", waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
    test_closed_standard();
    close(open_one);
    return test_end();
}
