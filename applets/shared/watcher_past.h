/* watcher_past - since when does what a sender sends count? An account that was let go is judged by
 * what it sent after that, on each machine of a fleet.
 */
#ifndef SPAMGEAR_APPLETS_WATCHER_PAST_H
#define SPAMGEAR_APPLETS_WATCHER_PAST_H

#include "spamgear/cli/applet.h"
#include "spamgear/store/feeder.h"

/* When the last case of this sender's account was closed; 0: never, one is open, or it cannot be
 * told. */
int64_t watcher_let_go(const struct run *run, enum sender_kind kind, struct span name);

/* Tells the fleet which accounts that this machine disabled were let go since. */
void watcher_release_claims(const struct run *run, const struct feeder_settings *fleet);

#endif
