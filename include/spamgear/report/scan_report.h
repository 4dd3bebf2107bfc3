/* scan_report - what a scan says: text as the originals wrote it, or NDJSON; and progress.
 *
 * Text: `path [LABEL] [NAME] ...`, then what was done: [CLEANED], [QUARANTINED], [DELETED]. With
 * details each finding follows on a line of its own, indented. JSON: one object a file with
 * everything (docs/output.md). Control bytes of paths are escaped.
 */
#ifndef SPAMGEAR_REPORT_SCAN_REPORT_H
#define SPAMGEAR_REPORT_SCAN_REPORT_H

#include "spamgear/base/span.h"
#include "spamgear/scan/rule.h"
#include "spamgear/scan/verdict.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum scan_format { SCAN_TEXT, SCAN_JSON };

/* Which files are told. */
enum scan_show {
    SCAN_SHOW_FOUND, /* full-scan, clamd-client: those where something was found */
    SCAN_SHOW_ALL    /* php-shell-detector: every path, with its label where it has one */
};

enum scan_act {
    SCAN_ACT_NONE,
    SCAN_ACT_QUARANTINED,
    SCAN_ACT_CLEANED,
    SCAN_ACT_DELETED,
    SCAN_ACT_FAILED /* it was to be done and was not: why says it */
};

struct scan_report_settings {
    enum scan_format format;
    enum scan_show show;
    bool details;
    bool why;      /* text: details, and the account of what the PHP analysis judged */
    bool nul;      /* text: raw paths, each record ends with NUL instead of newline */
    bool dry_run;  /* text: [WOULD BE QUARANTINED] ... */
    bool progress; /* on stderr: a line that is overwritten, */
    bool lines;    /* or, for a file or a pipe, a line a second */
    const struct rules *rules;
};

/* One examined file. */
struct scan_file {
    struct span path;
    const struct verdict *verdict;
    enum scan_act act;
    const char *case_id; /* of the vault; NULL */
    const char *act_why; /* of SCAN_ACT_FAILED */
    const char *user;    /* tenant that is notified; NULL */
};

/* The run so far. */
struct scan_totals {
    uint64_t files, bytes, found, unknown, cached, expected; /* expected files; 0 = not known */
    uint64_t vanished; /* were gone before they could be opened, so nobody looked at them */
    int64_t started_ms, now_ms; /* monotonic */
};

struct scan_report {
    struct scan_report_settings settings;
    FILE *out;
    bool progress_shown;
    int64_t progress_ms;
    int write_error; /* errno of the first write to out that failed; 0 */
};

/* What the text form says of a file, escaped and without an end of line. Appends. */
void scan_report_line(const struct scan_report *report, const struct scan_file *file,
                      struct strbuf *out);

void scan_report_file(struct scan_report *report, const struct scan_file *file);
/* Writes out what was told so far; a failure is noted. */
void scan_report_flush(struct scan_report *report);
/* At most ten times a second, lines once; nothing unless settings.progress. */
void scan_report_progress(struct scan_report *report, const struct scan_totals *totals);
/* Clears the progress line: before anything else is written to the terminal. */
void scan_report_pause(struct scan_report *report);
/* "TOTAL TIME: 1 hours 2 minutes 3 seconds" on stderr when something was found (text), the
 * summary object (JSON). */
void scan_report_end(struct scan_report *report, const struct scan_totals *totals);

#endif
