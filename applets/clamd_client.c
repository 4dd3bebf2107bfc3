/* clamd-client - have clamd scan files, several at once. */
#include "shared/scan.h"

#include "spamgear/base/diag.h"

static int run(void *at, const struct run *call)
{
    struct scan_settings *settings = at;
    struct run without_operands = *call;
    struct scan scan = {0};
    unsigned long long threads = settings->engine.jobs;
    int status = APPLET_TROUBLE;
    if (call->argc > 1 || (call->argc == 1 && (!span_number(span_text(call->argv[0]), &threads) ||
                                               threads < 1 || threads > 256))) {
        diag_error(
            "give the number of threads (1 to 256) or nothing; paths come on standard input");
        return APPLET_TROUBLE;
    }
    without_operands.argc = 0;
    settings->engine.jobs = threads;
    settings->engine.clamav = SCAN_CLAMAV_CLAMD;
    settings->engine.clamav_only = true;
    if (scan_open(&scan, settings, &without_operands, SCAN_SHOW_FOUND) == 0)
        status = scan_run(&scan, settings->walk.exit_zero);
    scan_close(&scan);
    return status;
}

static const struct option *const tables[] = {scan_walk_options, scan_clamd_options,
                                              scan_limit_options, scan_cache_options, NULL};

static const struct applet_example examples[] = {
    {"find /home -type f | clamd-client", "Ask the clamd of this machine."},
    {"find /home -type f -print0 | clamd-client -0 8", "Eight at once, any file name."},
    {"find . -type f | clamd-client --host av.example.net",
     "Send the contents to another machine."},
    {NULL, NULL}};

const struct applet clamd_client_applet = {
    .name = "clamd-client",
    .summary = "Have clamd scan files, and print the hits",
    .operands = "[THREADS]",
    .description =
        "Reads paths from standard input and prints `PATH [CLAMAV] [NAME]` for those in which "
        "clamd finds something. Files are opened here and handed over as open descriptors, so "
        "clamd needs no right to read them. THREADS is how many sessions run at once.\n\n"
        "clamd is believed only as long as it finds a test text: without its temporary folder it "
        "calls everything clean.",
    .options = tables,
    .settings_size = sizeof(struct scan_settings),
    .examples = examples,
    .statuses = scan_statuses,
    .run = run,
};
