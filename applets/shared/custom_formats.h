/* custom_formats - the [format NAME] sections of the config, made into formats. */
#ifndef SPAMGEAR_APPLETS_CUSTOM_FORMATS_H
#define SPAMGEAR_APPLETS_CUSTOM_FORMATS_H

#include "spamgear/cli/config.h"
#include "spamgear/log/format.h"

struct custom_format {
    const struct log_format *format;
    const struct config_entry *entry; /* the section's first; borrowed from the config */
};

struct custom_formats {
    VEC(struct custom_format) list;
};

/* Makes all of them. What is wrong is told by diag_error with file and line, the good ones
 * are there all the same: -1 then. Caller clears, before the config goes. */
int custom_formats_read(struct custom_formats *formats, const struct config *config);

/* A format of the config, or a built-in one, by name. NULL when there is none: told by
 * diag_error, with the nearest name. */
const struct log_format *custom_formats_find(const struct custom_formats *formats,
                                             const char *name);

void custom_formats_clear(struct custom_formats *formats);

#endif
