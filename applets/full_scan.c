/* full-scan - find webshells and injected code, and do something about them. */
#include "shared/scan.h"

static int run(void *at, const struct run *call)
{
    const struct scan_settings *settings = at;
    struct scan scan = {0};
    int status = APPLET_TROUBLE;
    if (scan_open(&scan, settings, call, SCAN_SHOW_FOUND) == 0)
        status = scan_run(&scan, settings->walk.exit_zero);
    scan_close(&scan);
    return status;
}

static const struct option own[] = {
    OPTION_FLAG(struct scan_settings, progress, "progress", 0,
                "Show on standard error how far it is; a terminal gets that anyway."),
    OPTION_END};

static const struct option *const tables[] = {scan_act_options,
                                              scan_notify_options,
                                              scan_walk_options,
                                              scan_engine_options,
                                              scan_clamd_options,
                                              scan_limit_options,
                                              scan_cache_options,
                                              own,
                                              NULL};

static const struct applet_example examples[] = {
    {"full-scan /home", "What is there? Changes nothing."},
    {"find /home -type f | full-scan -q -n", "Quarantine what is found and mail the users."},
    {"full-scan -q -n --newer-than 2days /home", "The same, for files changed in two days."},
    {"full-scan --clean --dry-run /var/www", "What would cleaning take out?"},
    {"full-scan -q /dev/null /srv/uploads", "Delete what is found. There is no way back."},
    {NULL, NULL}};

static const char *const aliases[] = {"php-shell-scan", NULL};

const struct applet full_scan_applet = {
    .name = "full-scan",
    .aliases = aliases,
    .summary = "Find webshells and injected code; quarantine, clean, notify",
    .operands = "[FILE|FOLDER...]",
    .description =
        "Examines files for known webshells and injected code: spamgear's rules, "
        "fingerprints.txt, backdoors.re, the database of Shell-Detector, and ClamAV. What is "
        "examined is told by a file's content, never by its name. Paths come from the operands "
        "(folders are walked) or from standard input, one a line.\n\n"
        "Prints `PATH [LABEL] [NAME]` for each found file. With -q found files are taken into a "
        "quarantine from which `quarantine restore` puts them back exactly; with --clean injected "
        "code is cut out. [NON-CLEANED] marks what is only told.\n\n"
        "A file that could not be examined to its end is neither clean nor found: it is told on "
        "standard error and the status is 2.\n\n"
        "A value of -q or -n may stand as the next word, as it always could; so write "
        "`full-scan -q -- /home` to scan /home into the standard quarantine.",
    .options = tables,
    .settings_size = sizeof(struct scan_settings),
    .sections = (const struct section *const[]){&mail_section, NULL},
    .examples = examples,
    .statuses = scan_statuses,
    .files = scan_files,
    .run = run,
};
