/* php-sendmail2relay-spam-check - name the scripts that send too much through sendmail2relay. */
#include "shared/scripts.h"

static int run(void *settings, const struct run *call)
{
    return scripts_run_minutes("php-sendmail2relay-spam-check", settings, call);
}

static const struct option *const tables[] = {scripts_minutes_options, scripts_options,
                                              logcheck_options, NULL};

static const struct applet_example examples[] = {
    {"php-sendmail2relay-spam-check", "Scripts with 10 messages or more in the last 10 minutes."},
    {"php-sendmail2relay-spam-check 10 30 | full-scan -q -n", "Those with 30 or more, scanned."},
    {NULL, NULL}};

const struct applet php_sendmail2relay_spam_check_applet = {
    .name = "php-sendmail2relay-spam-check",
    .summary = "Name the scripts that send too much through sendmail2relay",
    .operands = "[MINUTES] [MAX_MAILS] [LOG...]",
    .description =
        "Reads the lines that the sendmail2relay wrapper writes to syslog (sendmail2relay "
        "user=\"...\" "
        "path=\"...\") and prints the paths of scripts that sent at least MAX_MAILS messages "
        "during the "
        "last MINUTES, and nothing else. Where only the directory is known, the .php files in "
        "it are printed.",
    .options = tables,
    .settings_size = sizeof(struct logcheck_settings),
    .examples = examples,
    .statuses = logcheck_statuses,
    .files = logcheck_files,
    .run = run};
