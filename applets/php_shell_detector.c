/* php-shell-detector - the filter of the original: paths in, paths and labels out. */
#include "shared/scan.h"
#include "shared/update.h"
#include "spamgear/base/diag.h"
#include <string.h>

struct php_shell_detector_settings {
    struct scan_settings scan;
    bool update;
};

static int scan_paths(struct scan_settings *settings, const struct run *call)
{
    struct scan scan = {0};
    int status = APPLET_TROUBLE;
    settings->engine.clamav = SCAN_CLAMAV_OFF;
    if (scan_open(&scan, settings, call, SCAN_SHOW_ALL) == 0)
        status = scan_run(&scan, settings->walk.exit_zero);
    scan_close(&scan);
    return status;
}

/* As the original: paths are read after an update only when something is to be done about them. */
static int run(void *at, const struct run *call)
{
    struct php_shell_detector_settings *settings = at;
    bool word = call->argc == 1 && strcmp(call->argv[0], "updatedb") == 0;
    bool acts = settings->scan.act.clean || settings->scan.act.quarantine.given;
    if (!settings->update && !word)
        return scan_paths(&settings->scan, call);
    int status = update_run_configured(call, settings->scan.act.dry_run, acts);
    struct run rest = *call;
    rest.argc = word ? 0 : call->argc;
    if (!acts)
        return status;
    if (status != 0)
        diag_warn("the update failed: going on with the signatures that are there");
    return scan_paths(&settings->scan, &rest);
}

static const struct option own[] = {
    OPTION_MEMO(struct scan_settings, act.quarantine, "quarantine", 'q', "PATH",
                "Take found files away into the quarantine PATH (default: /root/shells)."),
    OPTION_FLAG(struct scan_settings, act.clean, "clean", 'c',
                "Cut injected code out of files where that can be done; the rest is quarantined."),
    OPTION_FLAG(struct scan_settings, act.dry_run, "dry-run", 0,
                "Change nothing; say what would be done."),
    OPTION_FLAG(struct php_shell_detector_settings, update, "update", 'u',
                "Fetch signatures first, as section [update-rules] of the config says (see "
                "update-rules); then read paths only if -c or -q is given.",
                .flags = OPTION_NO_CONFIG),
    OPTION_END};

static const struct option *const tables[] = {
    own, scan_walk_options, scan_engine_options, scan_limit_options, scan_cache_options, NULL};

static const struct applet_example examples[] = {
    {"find . -type f | php-shell-detector", "Every path, with a label where there is one."},
    {"find . -type f -print0 | php-shell-detector -0 -c -q", "Clean, and quarantine the rest."},
    {"php-shell-detector --update", "Fetch signatures, as update-rules does."},
    {NULL, NULL}};

const struct applet php_shell_detector_applet = {
    .name = "php-shell-detector",
    .summary = "Label webshells in a list of paths",
    .operands = "[FILE|FOLDER... | updatedb]",
    .description =
        "Reads paths from standard input and prints each, followed by its label when something "
        "was found in it: [CUSTOM], [DETECTOR] or [SPAMGEAR], then what was done. A path that "
        "could not be examined is printed with [UNKNOWN]. ClamAV is not asked; full-scan does "
        "that too.\n\n"
        "The word updatedb alone is the same as --update.",
    .options = tables,
    .settings_size = sizeof(struct php_shell_detector_settings),
    .examples = examples,
    .statuses = scan_statuses,
    .files = scan_files,
    .run = run,
};
