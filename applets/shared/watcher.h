/* watcher - section [watch]: the log checkers' rules over lines as they arrive.
 *
 * Not an applet: the daemon includes it. A source is a checker (postfix-spam-check, ..): its logs,
 * formats, period, limits, overrides, networks and bounds are those of the checker's own section.
 * The watch (sender/watch.h) sees a limit crossed; then a process of its own, started before there
 * are threads, runs the very check of that checker for this sender over its log and reacts as its
 * -d says. So a live reaction and one from cron are the same.
 */
#ifndef SPAMGEAR_APPLETS_WATCHER_H
#define SPAMGEAR_APPLETS_WATCHER_H

#include "logcheck.h"
#include "spamgear/sender/watch.h"
#include "spamgear/store/feeder.h"

extern const struct section *const watcher_sections[]; /* [watch] and those of reactions */

struct watcher_source {
    const struct logcheck_profile *profile;
    const struct check
        *check;        /* formats, limits, period, journal or logs as the checker has them */
    struct texts logs; /* files to follow; empty with journal */
    bool journal;
    struct watch *watch;
};

struct watcher;

/* Reads [watch] and the sections of its sources; no sources: NULL and *none. Problems are told by
 * diag_error; NULL then. fleet: NULL without one; borrowed. Starts the process that reacts. */
struct watcher *watcher_open(const struct run *run, const struct feeder_settings *fleet, bool dry,
                             bool *none);
/* Could it be opened? 0; -1: told by diag_error. */
int watcher_check(const struct run *run);
void watcher_close(struct watcher *watcher, int deadline_ms); /* lets a reaction end */

size_t watcher_count(const struct watcher *watcher);
const struct watcher_source *watcher_source(const struct watcher *watcher, size_t number);

/* A line of this source; its stamp is read already. */
void watcher_line(struct watcher *watcher, size_t number, const struct log_line *line);
/* While logs are caught up with after a start: lines count, nobody is acted upon; then whoever is
 * over the limit at that moment is. */
void watcher_set_live(struct watcher *watcher, bool live, int64_t now);

int watcher_fd(const struct watcher *watcher);
/* Reads what the process that reacts has to say: one line each, "bob: disabled, case 7: ..", to
 * tell. 0; -1 with why: it is gone and could not be started again. */
int watcher_read(struct watcher *watcher, void (*tell)(void *state, bool trouble, const char *line),
                 void *state, struct strbuf *why);
void watcher_tick(struct watcher *watcher, int64_t now);
/* Has the process that reacts not answered for longer than any job may take? */
bool watcher_is_stuck(const struct watcher *watcher);

struct watcher_counts {
    uint64_t crossed, disabled, scripts, failed, waiting;
    uint64_t senders, forgotten; /* that are remembered; that went, since there were too many */
    int64_t
        last_ms; /* from the crossing line's arrival to the verified reaction, of the last one */
};
void watcher_look(const struct watcher *watcher, struct watcher_counts *counts);

#endif
