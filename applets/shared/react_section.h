/* react_section - section [react]: how accounts are disabled.
 *
 * Not an applet: applets include it instead of one another.
 */
#ifndef SPAMGEAR_APPLETS_REACT_SECTION_H
#define SPAMGEAR_APPLETS_REACT_SECTION_H

#include "spamgear/cli/applet.h"
#include "spamgear/react/method.h"

#define REACT_STATE "/var/lib/spamgear" /* unless the section says another */

extern const struct section react_section;

/* What the config says; problems are added, and the settings are whole all the same. They belong to
 * values, which section_clear clears. */
const struct react_settings *react_section_settings(struct section_values *values,
                                                    const struct config *config,
                                                    struct texts *problems);

/* The same, but tells problems by diag_error, and gives NULL when there are any. section_clear
 * clears in either case. */
const struct react_settings *react_section_read(struct section_values *values,
                                                const struct config *config);

#endif
