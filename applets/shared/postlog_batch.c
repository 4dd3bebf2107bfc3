/* postlog_batch - what is handed to the state, all of it together.
 *
 * What has changed is only marked where it is kept, until the disk is ready for it: so there is one
 * batch at a time, and whatever changed ten times meanwhile is written once. Of many senders a
 * batch takes a while to gather; that goes in portions, so that nobody waits for an answer that
 * long.
 */
#include "postlog_daemon.h"

#include "spamgear/base/clock.h"

#define COMMIT_MS     500
#define WAITING_BYTES (16u << 20) /* reading waits for a disk that is only slow */
#define UNSAVED_MAX   50000       /* so it does with so many counts to be written */
#define PORTION       20          /* messages, or senders */
#define PORTION_MS    1           /* between two looks at who waits for an answer */

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

/* True: there is more. */
static bool add_some(struct postlog *own)
{
    size_t count = own->watcher != NULL ? watcher_count(own->watcher) : 0;
    if (threads_save(own->threads, PORTION, add_thread, own))
        return true;
    for (size_t i = 0; i < count; i++) {
        const struct watcher_source *source = watcher_source(own->watcher, i);
        struct of_profile of = {own, source->profile->applet};
        if (watch_save(source->watch, PORTION, add_change, &of))
            return true;
    }
    struct of_profile of = {own, POSTLOG_POLICY};
    return own->policy != NULL &&
           watch_save(policy_watch(policy_service_policy(own->policy)), PORTION, add_change, &of);
}

/* Of one portion after another. */
static bool add_for_a_while(struct postlog *own)
{
    int64_t begun = clock_steady_ms();
    bool more;
    do
        more = add_some(own);
    while (more && clock_steady_ms() - begun < PORTION_MS);
    return more;
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

bool postlog_submit_some(struct postlog *own)
{
    own->gathering = add_for_a_while(own);
    if (own->gathering)
        return true;
    add_marks(own);
    own->submitted_ms = clock_steady_ms();
    if (own->filled) {
        state_submit(own->state, own->batch);
        own->batch = state_batch_new();
        own->filled = false;
    }
    return false;
}

/* Where a log is caught up with, an hour of it passes within seconds, and each minute of each
 * sender is to be written. */
static bool has_many_unsaved(const struct postlog *own)
{
    size_t count = own->watcher != NULL ? watcher_count(own->watcher) : 0, unsaved = 0;
    for (size_t i = 0; i < count; i++) {
        struct watch_counts counts;
        watch_look(watcher_source(own->watcher, i)->watch, &counts);
        unsaved += counts.unsaved;
    }
    return unsaved > UNSAVED_MAX;
}

bool postlog_is_full(const struct postlog *own)
{
    return own->gathering || state_batch_is_full(own->batch) || has_many_unsaved(own);
}

bool postlog_must_submit(const struct postlog *own)
{
    struct state_health disk;
    if (own->gathering)
        return true;
    state_look(own->state, &disk);
    if (postlog_is_full(own)) /* what a failing disk is given the state bounds */
        return disk.failing || disk.waiting_bytes < WAITING_BYTES;
    return disk.waiting_bytes == 0 && clock_steady_ms() - own->submitted_ms >= COMMIT_MS;
}
