/* sendmail2relay-spam-check - report users who send too much through sendmail2relay. */
#include "shared/logcheck.h"

static int run(void *settings, const struct run *call)
{
    struct logcheck_settings *check = settings;
    for (int i = 0; i < call->argc; i++)
        texts_add(&check->logs, call->argv[i]);
    return logcheck_run("sendmail2relay-spam-check", check, call);
}

static const struct option *const tables[] = {logcheck_period_options, logcheck_limit_options,
                                              logcheck_options, NULL};

static const struct applet_example examples[] = {
    {"sendmail2relay-spam-check", "Users with 90 messages or more in the last hour."},
    {"sendmail2relay-spam-check -p 30minutes -m 60", "Another limit."},
    {NULL, NULL}};

const struct applet sendmail2relay_spam_check_applet = {
    .name = "sendmail2relay-spam-check",
    .aliases = NULL,
    .summary = "Report users who send too much through sendmail2relay",
    .operands = "[LOG...]",
    .description = "Reads the lines that the sendmail2relay wrapper writes to syslog and reports "
                   "users whose scripts sent at least MAX_CONNECTIONS messages during the last "
                   "PERIOD.",
    .options = tables,
    .settings_size = sizeof(struct logcheck_settings),
    .examples = examples,
    .statuses = logcheck_statuses,
    .files = logcheck_files,
    .run = run};
