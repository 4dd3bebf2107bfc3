/* watcher_section - the rows of section [watch]. */
#include "watcher_section.h"

static const struct option options[] = {
    OPTION_LIST(struct watcher_values, sources, "sources", 0, "APPLET",
                "Log checkers whose logs are watched: postfix-spam-check, exim-spam-check, "
                "roundcube-spam-check, imp-spam-check, php-spam-check and the other PHP checkers. "
                "Logs, formats, period, limits, networks and what is done are those of each "
                "checker's own section. Without any, nothing is watched."),
    OPTION_PERIOD(struct watcher_values, again, "again", 0, "PERIOD", "1min",
                  "Check a sender again who stays over his limit, when this has passed and he "
                  "still sends."),
    OPTION_FLAG(struct watcher_values, scan, "scan", 0,
                "Scan scripts that are over their limit, as section [full-scan] says. On by "
                "default.",
                .standard = "yes"),
    OPTION_COUNT(struct watcher_values, jobs, "jobs", 0, "N", "3", 1, 64,
                 "Check so many senders at once; scripts are scanned beside them, half as many."),
    OPTION_PERIOD(struct watcher_values, timeout, "timeout", 0, "PERIOD", "10min",
                  "End a check, with its reaction or scan, that takes longer."),
    OPTION_FLAG(struct watcher_values, dry_run, "dry-run", 0, "Only tell what would be done."),
    OPTION_END};

const struct section watcher_section = {
    .name = "watch",
    .summary = "the log checkers' limits, as lines arrive",
    .options = (const struct option *const[]){options, NULL},
    .settings_size = sizeof(struct watcher_values),
};
