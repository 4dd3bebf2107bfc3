/* php-legacy-spam-check - name the scripts that send too much through the phpsendmail wrapper. */
#include "shared/scripts.h"

static int run(void *settings, const struct run *call)
{
    return scripts_run_minutes("php-legacy-spam-check", settings, call);
}

static const struct option *const tables[] = {scripts_minutes_options, scripts_options,
                                              logcheck_options, NULL};

static const struct applet_example examples[] = {
    {"php-legacy-spam-check", "Scripts with 10 messages or more in the last 10 minutes."},
    {"php-legacy-spam-check 10 30 | full-scan -q -n", "Those with 30 or more, scanned at once."},
    {NULL, NULL}};

const struct applet php_legacy_spam_check_applet = {
    .name = "php-legacy-spam-check",
    .aliases = (const char *const[]){"php-spam-legacy", NULL},
    .summary = "Name the scripts that send too much through the phpsendmail wrapper",
    .operands = "[MINUTES] [MAX_MAILS] [LOG...]",
    .description =
        "Reads the lines that the phpsendmail wrapper writes to syslog (sendmail-php url=..., "
        "filename=...) and prints the paths of scripts that sent at least MAX_MAILS messages "
        "during "
        "the last MINUTES, and nothing else, so that a scanner can read them. For PHP that cannot "
        "log mail by itself; the window is MINUTES exactly.",
    .options = tables,
    .settings_size = sizeof(struct logcheck_settings),
    .examples = examples,
    .statuses = logcheck_statuses,
    .files = logcheck_files,
    .run = run};
