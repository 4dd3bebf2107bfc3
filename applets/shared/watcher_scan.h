/* watcher_scan - hands scripts to the scanner, as `php-spam-check -0 | full-scan -0` would. */
#ifndef SPAMGEAR_APPLETS_WATCHER_SCAN_H
#define SPAMGEAR_APPLETS_WATCHER_SCAN_H

#include "spamgear/cli/applet.h"
#include "spamgear/report/report.h"

struct watcher_scanned {
    uint64_t files, found, unknown;
    struct strbuf found_lines; /* as full-scan prints them; caller clears */
};

/* Scans what the senders of the report name, by the settings of section [full-scan]. It takes
 * standard input for it: only in a process made for this. 0, or -1 with why. */
int watcher_scan(const struct report *report, const struct run *run, bool dry,
                 struct watcher_scanned *scanned, struct strbuf *why);

#endif
