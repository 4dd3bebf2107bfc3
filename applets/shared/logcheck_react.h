/* logcheck_react - what -d and -n of the log checkers do: settings become reactions.
 *
 * Not an applet: applets include it instead of one another.
 */
#ifndef SPAMGEAR_APPLETS_LOGCHECK_REACT_H
#define SPAMGEAR_APPLETS_LOGCHECK_REACT_H

#include "logcheck.h"

/* Hands the senders of a filled report to react. What went wrong with the settings is told by
 * diag_error, what failed goes to problems; the report says it in either case. */
void logcheck_react(const struct logcheck_settings *settings, const struct run *run,
                    const struct check *check, struct report *report, struct texts *problems);

/* Is anybody in the report over the limit and the bounds of -d? */
bool logcheck_react_has_work(const struct logcheck_settings *settings, const struct report *report);

#endif
