/* listing_section - section [listing]: who is rejected by Postfix for the spam he sent.
 *
 * Not an applet: applets include it instead of one another.
 */
#ifndef SPAMGEAR_APPLETS_LISTING_SECTION_H
#define SPAMGEAR_APPLETS_LISTING_SECTION_H

#include "spamgear/cli/applet.h"
#include "spamgear/store/listing.h"

#define LISTING_FILE "postfix-map.db" /* in the state folder, unless the section says another */

extern const struct section listing_section;

struct listing_config {
    struct section_values values;
    struct strbuf file;
    /* What came of it; borrowed from the above. */
    struct listing_settings listing;
};

/* state: the folder of the state. Problems are added, and the settings are whole all the same.
 * Stays where it is until listing_config_clear. */
void listing_config_read(struct listing_config *own, const struct config *config, const char *state,
                         struct texts *problems);
void listing_config_clear(struct listing_config *own);

#endif
