/* react_section - section [react]: how accounts are disabled.
 *
 * Not an applet: applets include it instead of one another.
 */
#ifndef SPAMGEAR_APPLETS_REACT_SECTION_H
#define SPAMGEAR_APPLETS_REACT_SECTION_H

#include "spamgear/cli/applet.h"
#include "spamgear/react/method.h"

extern const struct section react_section;

/* What the config says. Tells problems by diag_error; NULL when there are any. The settings belong
 * to values, which section_clear clears in either case. */
const struct react_settings *react_section_read(struct section_values *values,
                                                const struct config *config);

#endif
