/* watcher_section - section [watch]. */
#ifndef SPAMGEAR_APPLETS_WATCHER_SECTION_H
#define SPAMGEAR_APPLETS_WATCHER_SECTION_H

#include "spamgear/cli/section.h"

struct watcher_values {
    struct texts sources;
    struct period again, timeout;
    uint64_t jobs;
    bool scan, dry_run;
};

extern const struct section watcher_section;

#endif
