/* postfix-spam-check - report Postfix users who send too much. */
#include "shared/logcheck.h"

static int run(void *settings, const struct run *call)
{
    struct logcheck_settings *check = settings;
    for (int i = 0; i < call->argc; i++)
        texts_add(&check->logs, call->argv[i]);
    return logcheck_run("postfix-spam-check", check, call);
}

static const struct option *const tables[] = {logcheck_period_options, logcheck_limit_options,
                                              logcheck_react_options,  logcheck_network_options,
                                              logcheck_options,        NULL};

static const struct applet_example examples[] = {
    {"postfix-spam-check", "Users with 90 messages or more in the last hour."},
    {"postfix-spam-check -p 30minutes -m 60 -w 192.0.2.11",
     "60 or more in half an hour; mail through webmail does not count as a network."},
    {"postfix-spam-check --all --format json -l /var/log/mail.log", "Everybody, for a program."},
    {NULL, NULL}};

const struct applet postfix_spam_check_applet = {
    .name = "postfix-spam-check",
    .aliases = (const char *const[]){"postfix-spam-scan", NULL},
    .summary = "Report Postfix users who send too much",
    .operands = "[LOG...]",
    .description =
        "Reads Postfix logs and reports SASL-authenticated and local users who sent at "
        "least MAX_CONNECTIONS messages during the last PERIOD, and from how many "
        "networks: the typical picture of a stolen password is one user on many networks.\n\n"
        "Only accepted messages count. Failed log-ins and refused commands that name a "
        "user are counted apart, since whoever knows the name can cause them. Without a "
        "log file, as on systems that keep only the journal, the journal is read.",
    .options = tables,
    .settings_size = sizeof(struct logcheck_settings),
    .sections = logcheck_sections,
    .examples = examples,
    .statuses = logcheck_statuses,
    .files = logcheck_files,
    .run = run};
