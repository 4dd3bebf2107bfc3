/* loop - one thread that waits for many things: descriptors, timers, and work in portions.
 *
 * epoll(7). Work is done in small portions between two looks at the descriptors, so that who asks
 * is answered within a portion's time whatever there is to read.
 */
#ifndef SPAMGEAR_BASE_LOOP_H
#define SPAMGEAR_BASE_LOOP_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>

enum loop_events { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_GONE = 4 };

struct loop;
struct loop_watch; /* a descriptor that is watched */

struct loop *loop_new(struct strbuf *why);
void loop_free(struct loop *loop);

/* Calls ready(state, events) whenever the descriptor is. It stays the caller's. A watch may be
 * removed, and others added, from within any call. NULL with why. */
struct loop_watch *loop_add(struct loop *loop, int fd, unsigned events,
                            void (*ready)(void *state, unsigned events), void *state,
                            struct strbuf *why);
void loop_change(struct loop_watch *watch, unsigned events);
void loop_remove(struct loop_watch *watch); /* NULL is fine */

/* Calls due(state) every interval_ms from now on, by the steady clock; missed ones are one. */
void loop_every(struct loop *loop, int64_t interval_ms, void (*due)(void *state), void *state);
/* No timer of this state is due any more: it is about to go. */
void loop_forget(struct loop *loop, const void *state);

/* Calls work(state) between looks at the descriptors as long as it returns true; after a false,
 * when loop_wake() was called. One work a loop. */
void loop_work(struct loop *loop, bool (*work)(void *state), void *state);
void loop_wake(struct loop *loop);

/* Runs until loop_stop. 0, or -1 with why. All of this is for one thread: another one, or a signal,
 * wakes it through a descriptor. */
int loop_run(struct loop *loop, struct strbuf *why);
void loop_stop(struct loop *loop);

#endif
