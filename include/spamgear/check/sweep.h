/* sweep - a whole scan: walk, examine, act, tell.
 *
 * The process that sweeps keeps its privileges and parses nothing of the files: it walks, opens,
 * hands descriptors to the pool, and acts on the verdicts, on the very descriptor that was examined
 * and only while its name and inode belong together. Every scanner applet is a sweep with other
 * settings.
 */
#ifndef SPAMGEAR_CHECK_SWEEP_H
#define SPAMGEAR_CHECK_SWEEP_H

#include "spamgear/base/vec.h"
#include "spamgear/react/notice.h"
#include "spamgear/react/tenant.h"
#include "spamgear/react/vault.h"
#include "spamgear/report/scan_report.h"
#include "spamgear/scan/pool.h"
#include "spamgear/scan/verdict_cache.h"
#include "spamgear/scan/walk.h"

struct sweep {
    struct walk_settings walk;
    struct pool_settings pool;
    struct detect detect;
    struct verdict_cache *cache; /* NULL: none */
    bool clean;                  /* cut out what can be cut out, before anything else */
    bool quarantine;             /* take away what is found */
    bool remove;                 /* quarantine is /dev/null: remove it */
    bool dry_run;                /* say what would be done */
    struct vault *vault;         /* needed by clean and quarantine */
    struct tenants *tenants;     /* NULL: nobody is told */
    struct notices *notices;     /* goes with tenants */
    struct scan_report *report;
    void (*inform)(const char *text); /* of what --verbose tells; NULL: nobody wants it */
};

/* Runs it. Every file that could not be examined, and every act that failed, is told with
 * complain (diag_error in applets: a sentence with the path, raw) and counted as unknown in
 * totals. Returns 0, or -1 with why when it could not run at all. Stops early, in good
 * order, when *stop becomes true (a signal): what is under way is finished. */
int sweep_run(struct sweep *sweep, void (*complain)(const char *text), const volatile bool *stop,
              struct scan_totals *totals, struct strbuf *why);

#endif
