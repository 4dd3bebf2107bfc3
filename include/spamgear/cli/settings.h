/* settings - where the settings of a run come from: row default, [spamgear], [applet],
 * command line, each stronger than the one before.
 *
 * Also what sections and keys the config may have, so that a misspelt one is told with the
 * nearest known one.
 */
#ifndef SPAMGEAR_CLI_SETTINGS_H
#define SPAMGEAR_CLI_SETTINGS_H

#include "spamgear/cli/applet.h"

/* What every applet understands. */
struct common {
    bool help, version, verbose;
    char *config;
    int64_t now;
};

/* The settings of one applet. Must stay where it is after settings_init. */
struct settings {
    const struct applet *applet;
    void *own; /* the applet's struct */
    struct common common;
    struct option_set set;
};

/* Defaults; one that its row refuses is a problem. */
void settings_init(struct settings *settings, const struct applet *applet, struct texts *problems);
void settings_clear(struct settings *settings);

/* The rows that every applet has; NULL-terminated. */
const struct option *const *settings_common_tables(void);

/* Stores what [spamgear] and the applet's own section say; problems are "file:line: key: what".
 * A word in [spamgear] that is no choice here, but one of another applet, is left to that. */
void settings_apply(struct settings *settings, const struct config *config,
                    const struct applet_list *list, struct texts *problems);

/* Stores what one entry says. 0, or -1 with why. */
int settings_store(struct option_slot *slot, const struct config_entry *entry,
                   enum option_level level, struct strbuf *why);

/* Sections and keys that nothing knows. */
void settings_check_names(const struct config *config, const struct applet_list *list,
                          struct texts *problems);

/* Every value of every applet, each problem once. */
void settings_check_values(const struct config *config, const struct applet_list *list,
                           struct texts *problems);

/* Sorts problems of the config by file and line. */
void settings_sort(struct texts *problems);

/* May this row stand in the config? */
bool settings_is_key(const struct option *row);

#endif
