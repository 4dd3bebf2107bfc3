/* check - a whole log check: logs, events, senders, limits, report.
 *
 * What every log checker does; they differ in the format, the standard paths and a few
 * defaults. Settings come as plain data; problems go back as text; nothing is printed.
 */
#ifndef SPAMGEAR_CHECK_CHECK_H
#define SPAMGEAR_CHECK_CHECK_H

#include "spamgear/base/addr.h"
#include "spamgear/check/logs.h"
#include "spamgear/report/report.h"
#include "spamgear/sender/network.h"

struct check {
    const char *applet;
    const struct log_format *const *formats;
    size_t formats_len;
    struct log_request logs; /* its window points to `window` below */
    struct window window;
    bool open_end;      /* no end was asked for: the window ends a little after now */
    const char *period; /* as typed, for the report; NULL with absolute times */
    unsigned threads;
    bool count_lines;
    bool recipients; /* count recipients: somebody will see them, or they decide */
    struct limits limits;
    bool by_recipients;
    bool all;   /* show everybody */
    size_t top; /* show so many at most; 0 = all */
    bool headings;
    unsigned evidence;
    const char *only; /* show this sender alone */
    struct network_settings networks;
    VEC(struct prefix) webmail; /* left out of networks and unknowns, counted as webmail */
    VEC(struct prefix) allowed; /* left out of networks and unknowns */
    bool resolve;               /* the log has no client names: ask DNS for those reported */
    const char *resolvers;      /* "127.0.0.1:5353"; NULL = the system's */
    bool name_networks;         /* keep the names of all networks: a fleet unites them */
    int resolve_ms;             /* deadline for all questions; 0 asks none: all unresolved */
};

/* Runs the check. Fills *report (caller clears it with report_clear, before check_clear), adds
 * what went wrong to problems. *tally keeps what the report borrows: free it last. Returns 0, or
 * -1 when nothing could be read at all. */
int check_run(const struct check *check, struct report *report, struct tally **tally,
              struct texts *problems);

/* Reads open logs into a sink; the part of check_run that others share. Adds their names to
 * files. */
void check_harvest(const struct check *check, const struct harvest_sink *sink,
                   const struct logs *logs, struct harvest_counts *counts, struct texts *files,
                   struct texts *problems);

void check_clear(struct check *check);

#endif
