/* roundcube-spam-check - report Roundcube users who send too much. */
#include "shared/logcheck.h"

static int run(void *settings, const struct run *call)
{
    struct logcheck_settings *check = settings;
    for (int i = 0; i < call->argc; i++)
        texts_add(&check->logs, call->argv[i]);
    return logcheck_run("roundcube-spam-check", check, call);
}

static const struct option *const tables[] = {logcheck_period_options, logcheck_limit_options,
                                              logcheck_react_options,  logcheck_network_options,
                                              logcheck_options,        NULL};

static const struct applet_example examples[] = {
    {"roundcube-spam-check", "Users with 90 messages or more in the last hour."},
    {"roundcube-spam-check -p 30minutes -m 60 -l /srv/roundcube/logs/sendmail.log",
     "Another limit, another log."},
    {NULL, NULL}};

const struct applet roundcube_spam_check_applet = {
    .name = "roundcube-spam-check",
    .aliases = NULL,
    .summary = "Report Roundcube users who send too much",
    .operands = "[LOG...]",
    .description =
        "Reads the sendmail log of Roundcube and reports users who sent at least "
        "MAX_CONNECTIONS messages during the last PERIOD. The log has no host names: "
        "those of the reported users' addresses are asked for at the end, all at once.\n\n"
        "Roundcube writes this log when smtp_log is on; it is off by default in newer "
        "versions.",
    .options = tables,
    .settings_size = sizeof(struct logcheck_settings),
    .sections = logcheck_sections,
    .examples = examples,
    .statuses = logcheck_statuses,
    .files = logcheck_files,
    .run = run};
