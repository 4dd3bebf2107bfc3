/* watcher_fleet - a check's row for one sender, together with what other machines saw.
 *
 * Limits and bounds hold for the sum over the fleet; one machine reacts. What a machine cannot ask
 * the database for it decides alone.
 */
#ifndef SPAMGEAR_APPLETS_WATCHER_FLEET_H
#define SPAMGEAR_APPLETS_WATCHER_FLEET_H

#include "spamgear/check/check.h"
#include "spamgear/store/feeder.h"

struct watcher_fleet {
    const struct feeder_settings *settings;
    const struct check *check;
    bool trust_plain;
    struct link *link; /* NULL: not reachable */
    int64_t let_go;    /* what was sent before counts no more; 0 */
};

/* Connects, and asks when the sender was let go. 0; -1 with why: alone. Close in either case. */
int watcher_fleet_open(struct watcher_fleet *fleet, const struct feeder_settings *settings,
                       const struct check *check, enum sender_kind kind, struct span name,
                       struct strbuf *why);
void watcher_fleet_close(struct watcher_fleet *fleet);

/* Tells the fleet the networks of this row. */
int watcher_fleet_tell(struct watcher_fleet *fleet, const struct report_sender *row,
                       struct strbuf *why);

/* Adds what the others counted to the row: count, over, networks, unknown, elsewhere.., machines.
 * 0; -1 with why, and the row is as it was. */
int watcher_fleet_unite(struct watcher_fleet *fleet, struct report_sender *row, struct strbuf *why);

/* 1: this machine reacts; 0: another one does; -1 with why. */
int watcher_fleet_claim(struct watcher_fleet *fleet, const struct report_sender *row,
                        struct strbuf *why);
int watcher_fleet_confirm(struct watcher_fleet *fleet, const struct report_sender *row,
                          struct strbuf *why);

/* Nothing was done: others may react. */
int watcher_fleet_release(struct watcher_fleet *fleet, const struct report_sender *row,
                          struct strbuf *why);

#endif
