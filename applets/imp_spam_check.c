/* imp-spam-check - report Horde IMP users who send too much. */
#include "shared/logcheck.h"

static int run(void *settings, const struct run *call)
{
    struct logcheck_settings *check = settings;
    for (int i = 0; i < call->argc; i++)
        texts_add(&check->logs, call->argv[i]);
    return logcheck_run("imp-spam-check", check, call);
}

static const struct option *const tables[] = {logcheck_period_options, logcheck_limit_options,
                                              logcheck_react_options,  logcheck_network_options,
                                              logcheck_options,        NULL};

static const struct applet_example examples[] = {
    {"imp-spam-check", "Users with 90 messages or more in the last hour."},
    {"imp-spam-check -p 30minutes -m 60 -l /var/log/horde.log", "Another limit, another log."},
    {NULL, NULL}};

const struct applet imp_spam_check_applet = {
    .name = "imp-spam-check",
    .aliases = NULL,
    .summary = "Report Horde IMP users who send too much",
    .operands = "[LOG...]",
    .description = "Reads the log of Horde and reports IMP users who sent at least MAX_CONNECTIONS "
                   "messages during the last PERIOD. All shapes of IMP 3 to 6 are understood, in a "
                   "file of its own or in syslog. The names of the reported users' addresses are "
                   "asked for at the end, all at once.",
    .options = tables,
    .settings_size = sizeof(struct logcheck_settings),
    .sections = logcheck_sections,
    .examples = examples,
    .statuses = logcheck_statuses,
    .files = logcheck_files,
    .run = run};
