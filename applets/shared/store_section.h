/* store_section - sections [store] and [fleet]: where spam events go, and which nodes share counts.
 *
 * Not an applet: applets include it instead of one another.
 */
#ifndef SPAMGEAR_APPLETS_STORE_SECTION_H
#define SPAMGEAR_APPLETS_STORE_SECTION_H

#include "spamgear/cli/applet.h"
#include "spamgear/store/feeder.h"
#include "spamgear/store/state.h"

extern const struct section store_section, fleet_section;

struct store_config {
    struct section_values store, fleet;
    struct strbuf password;
    struct query query;
    bool has_query;
    char node[65]; /* host name unless [fleet] says another */
    /* What came of it; borrowed from the above. */
    const char *state; /* folder */
    int64_t keep_s;
    uint64_t rows_max;
    bool feeds; /* there is another database: feeder is whole but for its window_s */
    struct feeder_settings feeder;
};

/* Reads both; problems are added, and what is there can be cleared all the same. Stays where it is
 * until store_config_clear. */
void store_config_read(struct store_config *own, const struct config *config,
                       struct texts *problems);
/* What postlog-sa's own INI says instead of [store]: url (NULL: none), password and query (either
 * may be NULL), copied; utc: times of the query. Behind store_config_read. */
void store_config_use(struct store_config *own, const char *url, const char *password,
                      const char *query, bool utc, struct texts *problems);
void store_config_clear(struct store_config *own);

#endif
