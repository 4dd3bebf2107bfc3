/* update - fetching signatures, for update-rules and php-shell-detector --update. */
#ifndef SPAMGEAR_APPLETS_UPDATE_H
#define SPAMGEAR_APPLETS_UPDATE_H

#include "spamgear/cli/applet.h"

struct update_settings {
    struct texts sources, removed;
    char *key, *folder, *ca_file, *samples;
    bool insecure, force, dry_run;
    bool roll_back, list; /* of update-rules alone */
};

extern const struct option update_options[]; /* a struct update_settings begins the settings */

/* One run as the settings say. What became of it is told on stdout; on stderr with --verbose when
 * stdout is for something else. 0, or APPLET_TROUBLE after diag_error. */
int update_run(const struct update_settings *settings, bool stdout_is_taken);

/* The same with the settings of section [update-rules], for another applet. */
int update_run_configured(const struct run *run, bool dry_run, bool stdout_is_taken);

#endif
