/* loop_test - descriptors, timers and portions of work, and changing them from within calls. */
#include "spamgear/base/loop.h"

#include "spamgear/base/clock.h"
#include "test.h"
#include <unistd.h>

struct end {
    struct loop *loop;
    struct loop_watch *watch;
    struct end *other; /* removed when this one is called */
    int fd, calls;
    unsigned events;
};

static void called(void *state, unsigned events)
{
    struct end *end = state;
    char byte;
    end->calls++;
    end->events = events;
    if (events & LOOP_READ && read(end->fd, &byte, 1) < 0)
        end->events = 0;
    if (end->other != NULL) {
        loop_remove(end->other->watch);
        end->other->watch = NULL;
    }
}

static void stop(void *state)
{
    loop_stop(state);
}

static void run(struct loop *loop, int64_t ms)
{
    struct strbuf why = {0};
    loop_every(loop, ms, stop, loop);
    test_number("it runs", loop_run(loop, &why), 0);
    loop_forget(loop, loop);
    strbuf_clear(&why);
}

static void test_descriptors(void)
{
    struct loop *loop = loop_new(NULL);
    struct end ends[2] = {{.loop = loop}, {.loop = loop}};
    int pipes[2][2];
    for (int i = 0; i < 2; i++) {
        test_number("a pipe", pipe(pipes[i]), 0);
        ends[i].fd = pipes[i][0];
        ends[i].watch = loop_add(loop, ends[i].fd, LOOP_READ, called, &ends[i], NULL);
    }
    test_number("a byte", write(pipes[0][1], "x", 1), 1);
    run(loop, 20);
    test_number("who has bytes is called once", ends[0].calls, 1);
    test_number("who has none is not", ends[1].calls, 0);

    ends[0].other = &ends[1]; /* both are ready; whoever is first removes the other */
    ends[1].other = &ends[0];
    test_number("bytes for both", write(pipes[0][1], "x", 1) + write(pipes[1][1], "x", 1), 2);
    run(loop, 20);
    test_number("who is removed is not called any more", ends[0].calls + ends[1].calls, 2);
    struct end *left = ends[0].watch != NULL ? &ends[0] : &ends[1];
    left->other = NULL;
    close(pipes[left == &ends[0] ? 0 : 1][1]);
    loop_change(left->watch, 0);
    left->events = 0;
    loop_every(loop, 30, stop, loop);
    while (left->events == 0 && loop_run(loop, NULL) == 0)
        ;
    test_number("the other side is gone", left->events, LOOP_GONE);
    loop_forget(loop, loop);
    for (int i = 0; i < 2; i++)
        close(pipes[i][0]);
    close(pipes[left == &ends[0] ? 1 : 0][1]);
    loop_free(loop);
}

static void count(void *state)
{
    ++*(int *)state;
}

struct late {
    struct loop *loop;
    int calls, added;
};

static void be_late(void *state)
{
    struct late *late = state;
    late->calls++;
    usleep(50000); /* five intervals */
    for (int i = 0; i < 40 && late->calls == 1; i++)
        loop_every(late->loop, 1000000, count, &late->added);
    if (late->calls == 3)
        loop_forget(late->loop, late);
    if (late->calls == 3)
        loop_stop(late->loop);
}

static void test_timers(void)
{
    struct loop *loop = loop_new(NULL);
    int calls = 0, forgotten = 0;
    loop_every(loop, 10, count, &calls);
    loop_every(loop, 10, count, &forgotten);
    loop_forget(loop, &forgotten);
    int64_t before = clock_steady_ms();
    run(loop, 105);
    test_true("it waits", clock_steady_ms() - before >= 105);
    test_true("ten times at most", calls >= 1 && calls <= 11);
    test_number("what is forgotten is not due", forgotten, 0);
    loop_free(loop);

    loop = loop_new(NULL);
    struct late late = {.loop = loop};
    before = clock_steady_ms();
    loop_every(loop, 10, be_late, &late);
    test_number("late ones", loop_run(loop, NULL), 0);
    test_number("missed ones are one", late.calls, 3);
    test_true("not made up for", clock_steady_ms() - before >= 150);
    run(loop, 30);
    test_number("nor when forgotten from within", late.calls, 3);
    test_number("others are not due yet", late.added, 0);
    loop_free(loop);
}

struct work {
    struct loop *loop;
    int left, calls, woken;
};

static bool portion(void *state)
{
    struct work *work = state;
    work->calls++;
    if (work->woken > 0 && work->left == 0) {
        work->woken--;
        loop_wake(work->loop); /* from within the portion, which then says that it has nothing */
    }
    return work->left > 0 && --work->left > 0;
}

static void test_work(void)
{
    struct loop *loop = loop_new(NULL);
    struct work work = {.loop = loop, .left = 1000};
    struct end end = {.loop = loop};
    int ends[2];
    test_number("a pipe", pipe(ends), 0);
    end.fd = ends[0];
    end.watch = loop_add(loop, end.fd, LOOP_READ, called, &end, NULL);
    test_number("a byte", write(ends[1], "x", 1), 1);
    loop_work(loop, portion, &work);
    run(loop, 20);
    test_number("all portions, then none", work.calls, 1000);
    test_number("who asks meanwhile is answered", end.calls, 1);
    run(loop, 20);
    test_number("it sleeps until it is woken", work.calls, 1000);
    work.woken = 3;
    loop_wake(loop);
    run(loop, 20);
    test_number("a wake from within is not lost", work.calls, 1004);
    close(ends[0]);
    close(ends[1]);
    loop_free(loop);
}

static void test_refusals(void)
{
    struct loop *loop = loop_new(NULL);
    struct strbuf why = {0};
    test_true("no descriptor", loop_add(loop, -1, LOOP_READ, called, NULL, &why) == NULL);
    test_true("it says why", why.len > 0);
    loop_remove(NULL);
    strbuf_clear(&why);
    loop_free(loop);
    loop_free(NULL);
}

int main(void)
{
    test_descriptors();
    test_timers();
    test_work();
    test_refusals();
    return test_end();
}
