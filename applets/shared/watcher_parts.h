/* watcher_parts - what the daemon's side of the watcher and the process that reacts tell each
 * other.
 *
 * Packets on a pair of sockets: a struct, and text behind it. Both ends are the same program.
 */
#ifndef SPAMGEAR_APPLETS_WATCHER_PARTS_H
#define SPAMGEAR_APPLETS_WATCHER_PARTS_H

#include "watcher.h"

#define WATCHER_NAME_MAX 16384
#define WATCHER_TEXT_MAX 32768

struct watcher_job {
    uint32_t id;     /* never 0 */
    uint32_t source; /* number */
    enum watcher_work {
        WATCHER_CHECK,
        WATCHER_NETWORKS, /* tell the fleet the sender's networks */
        WATCHER_CHORES
    } work;
    enum sender_kind kind;
    bool dry;
}; /* and the sender's name */

enum watcher_result {
    WATCHER_HELLO,    /* the process began: it knows of no job */
    WATCHER_NOT_OVER, /* the check counted less; so many are `missing` */
    WATCHER_TOLD,     /* over, and nothing was to be done */
    WATCHER_DISABLED,
    WATCHER_SCANNED,
    WATCHER_FAILED
};

struct watcher_news {
    uint32_t id; /* of the job; 0 with HELLO */
    enum watcher_result result;
    uint64_t missing;
}; /* and lines, each with a newline; behind a '!' stands trouble, behind a blank other news */

/* What the process that reacts needs; everything is a copy there. */
struct watcher_reactor {
    const struct run *run;
    const struct feeder_settings *fleet; /* or NULL */
    const char *const *applets;          /* by the source's number */
    bool dry, scan, trust_plain;
    int deadline_ms; /* of one job */
};

/* Starts it; the socket (non-blocking) is the caller's. -1 with why. */
int watcher_reactor_start(const struct watcher_reactor *reactor, struct strbuf *why);

/* Does one job, in a process of its own. */
void watcher_job_run(const struct watcher_reactor *reactor, const struct watcher_job *job,
                     struct span name, struct watcher_news *news, struct strbuf *lines);

#endif
