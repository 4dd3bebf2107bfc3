/* postlog_batch - what is handed to the state, all of it together. */
#include "postlog_daemon.h"

#include "spamgear/base/clock.h"

static void add_thread(void *at, uint64_t number, struct span bytes)
{
    struct postlog *own = at;
    state_batch_thread(own->batch, number, bytes);
    own->filled = true;
}

struct of_profile {
    struct postlog *own;
    const char *profile;
};

static void add_change(void *at, const struct watch_change *change)
{
    struct of_profile *of = at;
    state_batch_watch(of->own->batch, of->profile, change);
    of->own->filled = true;
}

static void add_watches(struct postlog *own)
{
    size_t count = own->watcher != NULL ? watcher_count(own->watcher) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct watcher_source *source = watcher_source(own->watcher, i);
        struct of_profile of = {own, source->profile->applet};
        watch_save(source->watch, add_change, &of);
    }
    if (own->policy != NULL) {
        struct of_profile of = {own, POSTLOG_POLICY};
        watch_save(policy_watch(policy_service_policy(own->policy)), add_change, &of);
    }
}

static void add_marks(struct postlog *own)
{
    for (size_t i = 0; i < own->inputs.len; i++) {
        struct postlog_input *input = &own->inputs.at[i];
        if (!input->moved)
            continue;
        state_batch_mark(own->batch, input->name, postlog_input_mark(input));
        input->moved = false;
        own->filled = true;
    }
}

void postlog_submit(struct postlog *own)
{
    threads_save(own->threads, add_thread, own);
    add_watches(own);
    add_marks(own);
    own->submitted_ms = clock_steady_ms();
    if (!own->filled)
        return;
    state_submit(own->state, own->batch);
    own->batch = state_batch_new();
    own->filled = false;
}
