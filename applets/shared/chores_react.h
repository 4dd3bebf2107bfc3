/* chores_react - cases that expire, and what a run that was cut short left undone. */
#ifndef SPAMGEAR_APPLETS_CHORES_REACT_H
#define SPAMGEAR_APPLETS_CHORES_REACT_H

#include "spamgear/cli/applet.h"

/* Costs one stat when there are no cases. News and problems are said on standard error, and are no
 * trouble of the applet that happened to run. */
void chores_react(const struct run *run, const struct config *config);

/* This run looks after nothing: who has just acted on a case has said what came of it. */
void chores_react_skip(void);

#endif
