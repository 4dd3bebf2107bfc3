/* php-shell-detector - the filter of the original: paths in, paths and labels out. */
#include "shared/scan.h"

static int run(void *at, const struct run *call)
{
    struct scan_settings *settings = at;
    struct scan scan = {0};
    int status = APPLET_TROUBLE;
    settings->engine.clamav = SCAN_CLAMAV_OFF;
    if (scan_open(&scan, settings, call, SCAN_SHOW_ALL) == 0)
        status = scan_run(&scan, settings->walk.exit_zero);
    scan_close(&scan);
    return status;
}

static const struct option own[] = {
    OPTION_MEMO(struct scan_settings, act.quarantine, "quarantine", 'q', "PATH",
                "Take found files away into the quarantine PATH (default: /root/shells)."),
    OPTION_FLAG(struct scan_settings, act.clean, "clean", 'c',
                "Cut injected code out of files where that can be done; the rest is quarantined."),
    OPTION_FLAG(struct scan_settings, act.dry_run, "dry-run", 0,
                "Change nothing; say what would be done."),
    OPTION_END};

static const struct option *const tables[] = {own, scan_walk_options, scan_engine_options,
                                              scan_limit_options, NULL};

static const struct applet_example examples[] = {
    {"find . -type f | php-shell-detector", "Every path, with a label where there is one."},
    {"find . -type f -print0 | php-shell-detector -0 -c -q", "Clean, and quarantine the rest."},
    {NULL, NULL}};

const struct applet php_shell_detector_applet = {
    .name = "php-shell-detector",
    .summary = "Label webshells in a list of paths",
    .operands = "[FILE|FOLDER...]",
    .description =
        "Reads paths from standard input and prints each, followed by its label when something "
        "was found in it: [CUSTOM], [DETECTOR] or [SPAMGEAR], then what was done. A path that "
        "could not be examined is printed with [UNKNOWN]. ClamAV is not asked; full-scan does "
        "that too.",
    .options = tables,
    .settings_size = sizeof(struct scan_settings),
    .examples = examples,
    .statuses = scan_statuses,
    .files = scan_files,
    .run = run,
};
