/* loop - epoll, timers by the steady clock, and one work in portions.
 *
 * Level-triggered: what is left undone is told again. A watch that was removed while events of the
 * same look are still to be told is kept until they are, so that nobody is called for a descriptor
 * that is another one by now.
 */
#include "spamgear/base/loop.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/vec.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 64 /* of one look */

struct loop_watch {
    struct loop *loop;
    struct loop_watch *next, *before;
    int fd;
    unsigned events;
    void (*ready)(void *state, unsigned events);
    void *state;
    bool removed;
};

struct timer {
    int64_t interval_ms, next_ms;
    void (*due)(void *state); /* NULL: forgotten */
    void *state;
};

struct loop {
    int fd;
    struct loop_watch *watches, *removed;
    VEC(struct timer) timers;
    bool (*work)(void *state);
    void *work_state;
    bool awake, stopped;
};

struct loop *loop_new(struct strbuf *why)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) {
        strbuf_why(why, "cannot wait for descriptors: %s", strerror(errno));
        return NULL;
    }
    struct loop *loop = mem_zero(1, sizeof *loop);
    loop->fd = fd;
    return loop;
}

static void free_all(struct loop_watch **list)
{
    for (struct loop_watch *watch = *list, *next; watch != NULL; watch = next) {
        next = watch->next;
        free(watch);
    }
    *list = NULL;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    free_all(&loop->watches);
    free_all(&loop->removed);
    vec_clear(&loop->timers);
    close(loop->fd);
    free(loop);
}

/* ---- descriptors ---- */

static int control(struct loop_watch *watch, int operation)
{
    struct epoll_event event = {.data.ptr = watch};
    event.events = (watch->events & LOOP_READ ? (unsigned)EPOLLIN : 0) |
                   (watch->events & LOOP_WRITE ? (unsigned)EPOLLOUT : 0);
    return epoll_ctl(watch->loop->fd, operation, watch->fd, &event);
}

struct loop_watch *loop_add(struct loop *loop, int fd, unsigned events,
                            void (*ready)(void *state, unsigned events), void *state,
                            struct strbuf *why)
{
    struct loop_watch *watch = mem_zero(1, sizeof *watch);
    *watch = (struct loop_watch){.loop = loop, .fd = fd, .events = events, .ready = ready};
    watch->state = state;
    if (control(watch, EPOLL_CTL_ADD) != 0) {
        strbuf_why(why, "cannot wait for a descriptor: %s", strerror(errno));
        free(watch);
        return NULL;
    }
    watch->next = loop->watches;
    if (watch->next != NULL)
        watch->next->before = watch;
    loop->watches = watch;
    return watch;
}

void loop_change(struct loop_watch *watch, unsigned events)
{
    if (watch->events == events)
        return;
    watch->events = events;
    control(watch, EPOLL_CTL_MOD);
}

void loop_remove(struct loop_watch *watch)
{
    if (watch == NULL || watch->removed)
        return;
    struct loop *loop = watch->loop;
    control(watch, EPOLL_CTL_DEL);
    watch->removed = true;
    if (watch->before != NULL)
        watch->before->next = watch->next;
    else
        loop->watches = watch->next;
    if (watch->next != NULL)
        watch->next->before = watch->before;
    watch->next = loop->removed;
    loop->removed = watch;
}

static unsigned told(unsigned events)
{
    return (events & EPOLLIN ? LOOP_READ : 0u) | (events & EPOLLOUT ? LOOP_WRITE : 0u) |
           (events & (EPOLLHUP | EPOLLERR) ? LOOP_GONE : 0u);
}

static int look(struct loop *loop, int wait_ms, struct strbuf *why)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(loop->fd, events, EVENTS, wait_ms);
    if (count < 0)
        return errno == EINTR ? 0
                              : strbuf_why(why, "cannot wait for descriptors: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
        struct loop_watch *watch = events[i].data.ptr;
        if (!watch->removed)
            watch->ready(watch->state, told(events[i].events));
    }
    free_all(&loop->removed);
    return 0;
}

/* ---- timers ---- */

void loop_every(struct loop *loop, int64_t interval_ms, void (*due)(void *state), void *state)
{
    if (interval_ms < 1)
        interval_ms = 1;
    *vec_add(&loop->timers) =
        (struct timer){interval_ms, clock_steady_ms() + interval_ms, due, state};
}

void loop_forget(struct loop *loop, const void *state)
{
    for (size_t i = 0; i < loop->timers.len; i++)
        if (loop->timers.at[i].state == state)
            loop->timers.at[i].due = NULL;
}

/* How long nothing is due; -1: for ever. */
static int wait_for_timers(const struct loop *loop)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < loop->timers.len; i++)
        if (loop->timers.at[i].next_ms < next)
            next = loop->timers.at[i].next_ms;
    if (next == INT64_MAX)
        return -1;
    int64_t wait = next - clock_steady_ms();
    return wait <= 0 ? 0 : wait > 60000 ? 60000 : (int)wait;
}

/* Timers may be added and forgotten by those that are called. */
static void call_due(struct loop *loop)
{
    if (loop->timers.len == 0)
        return;
    int64_t now = clock_steady_ms();
    for (size_t i = 0; i < loop->timers.len; i++) {
        struct timer *timer = &loop->timers.at[i];
        if (timer->due == NULL || timer->next_ms > now)
            continue;
        timer->next_ms += timer->interval_ms;
        if (timer->next_ms <= now)
            timer->next_ms = now + timer->interval_ms;
        timer->due(timer->state);
    }
    size_t kept = 0;
    for (size_t i = 0; i < loop->timers.len; i++)
        if (loop->timers.at[i].due != NULL)
            loop->timers.at[kept++] = loop->timers.at[i];
    loop->timers.len = kept;
}

/* ---- work ---- */

void loop_work(struct loop *loop, bool (*work)(void *state), void *state)
{
    loop->work = work;
    loop->work_state = state;
    loop->awake = true;
}

void loop_wake(struct loop *loop)
{
    loop->awake = true;
}

static void work_on(struct loop *loop)
{
    if (loop->work == NULL || !loop->awake || loop->stopped)
        return;
    loop->awake = false; /* so that a wake from within the portion is not lost */
    if (loop->work(loop->work_state))
        loop->awake = true;
}

int loop_run(struct loop *loop, struct strbuf *why)
{
    loop->stopped = false;
    while (!loop->stopped) {
        bool busy = loop->work != NULL && loop->awake;
        if (look(loop, busy ? 0 : wait_for_timers(loop), why) != 0)
            return -1;
        if (!loop->stopped)
            call_due(loop);
        work_on(loop);
    }
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}
