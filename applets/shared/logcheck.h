/* logcheck - what all log checkers share: their options, and how settings become a check.
 *
 * Not an applet: applets include it instead of one another. A checker is a profile (its
 * format, paths and defaults) and its own few option rows before these.
 */
#ifndef SPAMGEAR_APPLETS_LOGCHECK_H
#define SPAMGEAR_APPLETS_LOGCHECK_H

#include "spamgear/check/check.h"
#include "spamgear/cli/applet.h"

struct logcheck_settings {
    struct period period;
    uint64_t limit; /* --max-connections and its names */
    char *disable;
    struct memo nis;
    struct texts webmail, logs, log_formats, overrides, trusted_logs;
    int64_t since, until;
    bool full, journal, all, exit_code, nul, dry_run;
    uint64_t threads, top, slack, prefix4, prefix6, resolve_timeout;
    char *journal_dir, *journal_file, *asn_database, *output, *resolvers;
    int networks, by, format;
    bool recipients; /* count them, whatever the output is */
};

/* Option tables for an applet's list; their settings struct begins with (or is) a
 * struct logcheck_settings. */
extern const struct option logcheck_period_options[];   /* -p */
extern const struct option logcheck_limit_options[];    /* -m */
extern const struct option logcheck_react_options[];    /* -d, -n, --dry-run */
extern const struct option logcheck_network_options[];  /* -w, --networks, ... */
extern const struct option logcheck_options[];          /* logs, window, output */
extern const struct section *const logcheck_sections[]; /* [react], [mail]: goes with -d */
extern const struct applet_status logcheck_statuses[];
extern const char logcheck_files[];

struct logcheck_profile {
    const char *applet;
    const char *const *formats; /* names of built-in formats, NULL-terminated */
    const char *const *logs;    /* standard paths, tried in order */
    const char *const *tags;    /* journal identifiers; NULL = not in the journal */
    const char *const *joins;   /* the same with those of lines that only add recipients, or NULL */
    bool headings;              /* one heading a kind of sender */
    bool resolve;               /* the log has no client names */
    bool names_only;            /* print the senders' names alone */
};

/* The profile of a checker, for `why` and `backtest`; NULL when there is none. */
const struct logcheck_profile *logcheck_profile(const char *applet);
/* All profiles, from number 0 on; NULL behind the last. */
const struct logcheck_profile *logcheck_profile_at(size_t number);

/* Runs a checker: reads, reports, tells problems. Returns the exit status. */
int logcheck_run(const char *applet, struct logcheck_settings *settings, const struct run *run);

/* Settings into a check; says what is wrong by diag_error and returns -1 then. The check borrows
 * from settings and must stay where it is; caller frees with check_clear. */
int logcheck_prepare(const struct logcheck_profile *profile, struct logcheck_settings *settings,
                     const struct run *run, struct check *check);

/* The parser of --since and --until: the field gets the time, never 0, which means not given. */
int logcheck_parse_time(const char *value, void *field, struct strbuf *why);

/* Lines that a pattern of the config could not judge are trouble. */
void logcheck_tell_gave_up(const struct harvest_counts *counts);

/* Reads an operand that must be a count into *count; diag_error and -1 when it is none. */
int logcheck_operand(const char *what, const char *text, uint64_t *count);

#endif
