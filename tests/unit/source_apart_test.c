/* source_apart_test - what a child gives, how it fails, and what is told when it dies. */
#include "spamgear/log/source_apart.h"

#include "spamgear/base/mem.h"
#include "test.h"
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* What the child does. */
struct plan {
    size_t bytes;     /* that it gives, one letter */
    bool opens, dies; /* dies: of SIGKILL, after the bytes */
    const char *why;  /* of its failure; NULL: it ends well */
};

struct running {
    const struct plan *plan;
    size_t given;
};

static ssize_t plan_read(struct source *source, char *buf, size_t size, struct strbuf *why)
{
    struct running *running = source->state;
    size_t left = running->plan->bytes - running->given;
    size_t n = left < size ? left : size;
    if (n == 0 && running->plan->dies)
        raise(SIGKILL);
    if (n == 0)
        return running->plan->why == NULL ? 0 : strbuf_why(why, "%s", running->plan->why);
    memset(buf, 'x', n);
    running->given += n;
    return (ssize_t)n;
}

static void plan_close(struct source *source)
{
    free(source->state);
}

static const struct source_ops plan_ops = {plan_read, plan_close};

static struct source *plan_open(const void *request, struct strbuf *why)
{
    const struct plan *plan = request;
    if (!plan->opens && plan->dies)
        raise(SIGKILL);
    if (!plan->opens) {
        strbuf_why(why, "%s", plan->why);
        return NULL;
    }
    struct running *running = mem_zero(1, sizeof *running);
    running->plan = plan;
    struct source *source = mem_zero(1, sizeof *source);
    source->name = mem_text("plan");
    source->ops = &plan_ops;
    source->state = running;
    return source;
}

#define DIED "it: the process that read it died (Killed)"

static const struct {
    const char *name;
    struct plan plan;
    const char *want; /* the reason of failure, or "" */
} cases[] = {
    {"nothing", {0, true, false, NULL}, ""},
    {"a byte", {1, true, false, NULL}, ""},
    {"more than a pipe takes", {1000000, true, false, NULL}, ""},
    {"a failure at the end", {1000000, true, false, "it: is corrupt"}, "it: is corrupt"},
    {"a failure at once", {0, false, false, "it: no such thing"}, "it: no such thing"},
    {"death at the end", {1000000, true, true, NULL}, DIED},
    {"death at once", {0, false, true, NULL}, DIED},
};

static void run(size_t i)
{
    char buf[5000];
    size_t len = 0;
    ssize_t n = -1;
    struct strbuf why = {0};
    const struct plan *plan = &cases[i].plan;
    struct source *source = source_apart_open(plan_open, plan, "it", &why);
    test_true(cases[i].name, (source != NULL) == plan->opens);
    while (source != NULL && (n = source_read(source, buf, sizeof buf, &why)) > 0) {
        for (ssize_t k = 0; k < n; k++)
            len += buf[k] == 'x';
    }
    test_number(cases[i].name, (long long)len, (long long)plan->bytes);
    test_number(cases[i].name, n, *cases[i].want == '\0' ? 0 : -1);
    test_text(cases[i].name, strbuf_text(&why), cases[i].want);
    if (source != NULL)
        test_number(cases[i].name, source_read(source, buf, sizeof buf, &why), 0);
    source_close(source);
    strbuf_clear(&why);
}

/* Nobody waits for a child that gives more than anybody reads. */
static void left_early(void)
{
    static const struct plan plan = {SIZE_MAX, true, false, NULL};
    char buf[10];
    struct strbuf why = {0};
    struct source *first = source_apart_open(plan_open, &plan, "first", &why);
    struct source *second = source_apart_open(plan_open, &plan, "second", &why);
    test_true("opened", first != NULL && second != NULL);
    test_number("read", source_read(first, buf, sizeof buf, &why), sizeof buf);
    source_close(first);
    test_number("read", source_read(second, buf, sizeof buf, &why), sizeof buf);
    source_close(second);
    strbuf_clear(&why);
}

/* Who ignores the end of children never learns how they died: that they died is told. */
static void unwatched(void)
{
    static const struct plan plan = {10, true, true, NULL};
    char buf[100];
    struct strbuf why = {0};
    signal(SIGCHLD, SIG_IGN);
    struct source *source = source_apart_open(plan_open, &plan, "it", &why);
    test_number("bytes", source_read(source, buf, sizeof buf, &why), 10);
    test_number("unwatched", source_read(source, buf, sizeof buf, &why), -1);
    test_text("unwatched", strbuf_text(&why), "it: the process that read it died (no signal)");
    source_close(source);
    signal(SIGCHLD, SIG_DFL);
    strbuf_clear(&why);
}

int main(void)
{
    alarm(60);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        run(i);
    left_early();
    unwatched();
    return test_end();
}
