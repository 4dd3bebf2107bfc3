/* apart - what becomes of work that answers, fails, lies, hangs, dies or talks too much. */
#include "spamgear/base/apart.h"

#include "spamgear/base/clock.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int answers(void *context, struct strbuf *answer, struct strbuf *why)
{
    (void)why;
    strbuf_add_text(answer, context);
    return 0;
}

static int fails(void *context, struct strbuf *answer, struct strbuf *why)
{
    strbuf_add_text(answer, "not this");
    return strbuf_why(why, "%s", (const char *)context);
}

static int talks(void *context, struct strbuf *answer, struct strbuf *why)
{
    (void)why;
    for (size_t i = 0; i < *(size_t *)context; i++)
        strbuf_add_char(answer, (char)i);
    return 0;
}

static int dies(void *context, struct strbuf *answer, struct strbuf *why)
{
    (void)answer, (void)why;
    raise(*(int *)context);
    return 0;
}

static int leaves(void *context, struct strbuf *answer, struct strbuf *why)
{
    (void)answer, (void)why;
    _exit(*(int *)context);
}

/* A whole answer that is followed by a death is none. */
static int answers_and_dies(void *context, struct strbuf *answer, struct strbuf *why)
{
    (void)context, (void)answer, (void)why;
    if (write(3, "Yall is well", 12) == 12)
        raise(SIGKILL);
    return 0;
}

static int hangs(void *context, struct strbuf *answer, struct strbuf *why)
{
    (void)context, (void)answer, (void)why;
    while (getppid() > 0)
        pause();
    return 0;
}

static int counts_descriptors(void *context, struct strbuf *answer, struct strbuf *why)
{
    (void)context, (void)why;
    int count = 0;
    for (int fd = 0; fd < 200; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    strbuf_format(answer, "%d", count);
    return 0;
}

static void test_one(const char *name, apart_work *work, void *context, int deadline_ms,
                     int want_result, const char *want)
{
    struct strbuf answer = {0}, why = {0};
    test_number(name, apart_run(work, context, deadline_ms, 100000, &answer, &why), want_result);
    test_text(name, strbuf_text(want_result == 0 ? &answer : &why), want);
    test_true("no answer when it failed", want_result == 0 || answer.len == 0);
    test_true("no child is left", waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    strbuf_clear(&answer);
    strbuf_clear(&why);
}

static void test_size(size_t size, int want)
{
    struct strbuf answer = {0}, why = {0};
    test_number("size", apart_run(talks, &size, 60000, 100000, &answer, &why), want);
    test_number("bytes", (int64_t)answer.len, want == 0 ? (int64_t)size : 0);
    bool same = true;
    for (size_t i = 0; i < answer.len; i++)
        same = same && answer.data[i] == (char)i;
    test_true("every byte", same);
    test_text("told", strbuf_text(&why), want == 0 ? "" : "answered more than 100000 bytes");
    strbuf_clear(&answer);
    strbuf_clear(&why);
}

int main(void)
{
    int term = SIGTERM, seven = 7, nothing = 0;
    test_one("answers", answers, "an answer", 60000, 0, "an answer");
    test_one("an empty answer", answers, "", 60000, 0, "");
    test_one("fails", fails, "the reason", 60000, -1, "the reason");
    test_one("dies", dies, &term, 60000, -1, "ended by signal 15");
    test_one("leaves", leaves, &seven, 60000, -1, "ended with status 7");
    test_one("leaves in silence", leaves, &nothing, 60000, -1, "answered nothing");
    test_one("dies after its answer", answers_and_dies, NULL, 60000, -1, "ended by signal 9");
    int64_t before = clock_steady_ms();
    test_one("hangs", hangs, NULL, 100, -1, "took too long");
    test_true("not for long", clock_steady_ms() - before < 20000);
    int other = open("/dev/null", O_RDONLY);
    test_one("has its own descriptors only", counts_descriptors, NULL, 60000, 0, "4");
    close(other);
    test_size(0, 0);
    test_size(99999, 0);
    test_size(100000, 0);
    test_size(100001, -1);
    test_size(10000000, -1);
    return test_end();
}
