/* scan - what all scanners share: their options, and how settings become a sweep.
 *
 * Not an applet: applets include it instead of one another.
 */
#ifndef SPAMGEAR_APPLETS_SCAN_H
#define SPAMGEAR_APPLETS_SCAN_H

#include "mail_section.h"
#include "spamgear/check/sweep.h"
#include "spamgear/cli/applet.h"

enum scan_clamav { SCAN_CLAMAV_AUTO, SCAN_CLAMAV_CLAMD, SCAN_CLAMAV_INSIDE, SCAN_CLAMAV_OFF };

/* How files are examined. */
struct scan_engine_settings {
    struct texts signatures, without, allow_lists;
    bool suspicious;
    bool clamav_only; /* set by the applet: no other detector */
    bool hurried;     /* the same: one file, and somebody waits. No hashes unless there is an allow
                         list, and patterns are compiled when they are needed */
    int clamav;
    char *clamav_db, *clamd_socket, *clamd_host, *clamd_port, *clamd_conf;
    uint64_t jobs, time_limit, memory_limit;
};

/* Which files, and what is told of them. */
struct scan_walk_settings {
    bool nul, print_nul, one_file_system, details, why, exit_zero;
    struct texts excludes;
    struct period newer_than;
    int newer_by, format;
    char *size_max;
};

/* What is done. */
struct scan_act_settings {
    struct memo quarantine;
    bool clean, dry_run;
};

struct scan_settings {
    struct scan_engine_settings engine;
    struct scan_walk_settings walk;
    struct scan_act_settings act;
    struct memo notify;
    char *template, *mail_domain, *mail_map, *sendmail;
    int pattern_type;
    bool progress, no_cache;
    char *cache;
};

/* Option tables; the settings of an applet begin with a struct scan_settings. */
extern const struct option scan_engine_options[]; /* signatures, detectors, how ClamAV is asked */
extern const struct option scan_clamd_options[];  /* where clamd is */
extern const struct option scan_limit_options[];  /* --jobs, limits of one file */
extern const struct option scan_cache_options[];  /* what is remembered */
extern const struct option scan_walk_options[];
extern const struct option scan_act_options[];    /* -q --clean, --dry-run */
extern const struct option scan_notify_options[]; /* -n and what belongs to it */
extern const struct applet_status scan_statuses[];
extern const char scan_files[];

/* A scan put together; everything in it is owned. {0}, then scan_open. */
struct scan {
    struct sweep sweep;
    struct rules *rules;
    struct allow_list *allow;
    struct clam *clam;
    struct clamd_place clamd;
    struct strbuf clamd_version;
    struct scan_report report;
    struct texts operands;
    struct scan_totals totals;
    const char *doubtful;    /* a quarantine that may be what was to be scanned; NULL */
    struct mail_config mail; /* for notices */
};

/* The rules, the allow list and the engines. Tells problems by diag_error; -1 when nothing can be
 * examined with what there is. */
int scan_open_engine(struct scan *scan, const struct scan_engine_settings *settings);
/* All of it: the engine, the files, what is done. -1 as above. */
int scan_open(struct scan *scan, const struct scan_settings *settings, const struct run *run,
              enum scan_show show);
/* Runs it and returns the applet's exit status. */
int scan_run(struct scan *scan, bool exit_zero);
void scan_close(struct scan *scan);

/* Examines one open file in a sandboxed worker, without acting. Returns the result; why gets the
 * labels or the reason. */
enum verdict_result scan_one(struct scan *scan, int fd, struct strbuf *why);

/* Reads "64M", "2G", "100000". */
int scan_size_parse(const char *text, uint64_t *bytes, struct strbuf *why);

#endif
