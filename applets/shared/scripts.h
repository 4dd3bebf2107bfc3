/* scripts - what the three PHP checkers share: their defaults, and paths as output. */
#ifndef SPAMGEAR_APPLETS_SCRIPTS_H
#define SPAMGEAR_APPLETS_SCRIPTS_H

#include "logcheck.h"

extern const struct option scripts_options[];         /* -0 */
extern const struct option scripts_minutes_options[]; /* -p and -m with defaults 10 minutes, 10 */

/* [MINUTES] [MAX_MAILS], then logs. */
int scripts_run_minutes(const char *applet, struct logcheck_settings *settings,
                        const struct run *run);

#endif
