/* chores - what every run looks after when its own work is done. */
#ifndef SPAMGEAR_APPLETS_CHORES_H
#define SPAMGEAR_APPLETS_CHORES_H

#include "spamgear/cli/applet.h"

/* For applet_look_after(). Costs a look at a folder when there is nothing to do. */
void chores(const struct run *run);

#endif
