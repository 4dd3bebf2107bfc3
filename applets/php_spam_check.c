/* php-spam-check - name the PHP scripts that send too much (PHP 5.3 and newer). */
#include "shared/scripts.h"

static const struct option own[] = {
    OPTION_PERIOD(struct logcheck_settings, period, "period", 'p', "PERIOD", "24hours",
                  "Look at the last PERIOD, where lines carry a date (PHP 5.5 and newer)."),
    OPTION_COUNT(struct logcheck_settings, limit, "max-daily-mails", 'm', "MAX_DAILY_MAILS", "500",
                 1, UINT64_MAX, "Name scripts with at least this many messages.",
                 .aliases = (const char *const[]){"limit", "max-connections", NULL}),
    OPTION_END};

static int run(void *settings, const struct run *call)
{
    struct logcheck_settings *check = settings;
    if (call->argc > 0 && logcheck_operand("MAX_DAILY_MAILS", call->argv[0], &check->limit) != 0)
        return APPLET_TROUBLE;
    for (int i = 1; i < call->argc; i++)
        texts_add(&check->logs, call->argv[i]);
    return logcheck_run("php-spam-check", check, call);
}

static const struct option *const tables[] = {own, scripts_options, logcheck_options, NULL};

static const struct applet_example examples[] = {
    {"php-spam-check", "Scripts with 500 messages or more in the last 24 hours."},
    {"php-spam-check 100 | full-scan -q -n", "Those with 100 or more, scanned at once."},
    {NULL, NULL}};

const struct applet php_spam_check_applet = {
    .name = "php-spam-check",
    .aliases = (const char *const[]){"php-spam", NULL},
    .summary = "Name the PHP scripts that send too much mail",
    .operands = "[MAX_DAILY_MAILS] [LOG...]",
    .description =
        "Reads the log that PHP writes with mail.log = /var/log/phpmail.log and prints the paths "
        "of "
        "scripts that sent at least MAX_DAILY_MAILS messages, and nothing else, one a line, so "
        "that "
        "a scanner can read them.\n\n"
        "Code that was eval()'d or that sits in a phar archive is named by the file that holds "
        "it. Lines without a date, as PHP before 5.5 writes them, all count.",
    .options = tables,
    .settings_size = sizeof(struct logcheck_settings),
    .examples = examples,
    .statuses = logcheck_statuses,
    .files = logcheck_files,
    .run = run};
