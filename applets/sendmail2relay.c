/* sendmail2relay - sendmail that logs the user and the script or folder. */
#include "shared/sendmail.h"

#include <unistd.h>

static int run(void *settings, const struct run *run)
{
    struct strbuf line = {0};
    (void)settings;
    strbuf_add_text(&line, "sendmail2relay user=\"");
    sendmail_user(&line, getuid());
    strbuf_add_text(&line, "\" path=\"");
    sendmail_script(&line);
    strbuf_add_text(&line, "\"");
    int status = sendmail_become(run, "sendmail2relay", &line);
    strbuf_clear(&line);
    return status;
}

static const struct applet_example examples[] = {
    {"sendmail_path = \"/usr/local/bin/sendmail2relay -t -i\"", "In php.ini."}, {NULL, NULL}};

static const struct section *const sections[] = {&sendmail_section, NULL};

const struct applet sendmail2relay_applet = {
    .name = "sendmail2relay",
    .summary = "Sendmail that logs the user and the script or folder",
    .operands = "[WORD...]",
    .description =
        "Stands in PHP's sendmail_path, or is called in place of sendmail. Logs one line, "
        "\"sendmail2relay user=\"USER\" path=\"PATH\"\", which sendmail2relay-spam-check and "
        "php-sendmail2relay-spam-check read, and becomes the real sendmail with the same words "
        "and the same standard input. Mail goes out even when nothing can be logged. "
        "SPAMGEAR_CONFIG counts only for who owns the program spamgear.\n\n"
        "The user is the kernel's word. The path is SCRIPT_FILENAME of the environment, or the "
        "working folder with a slash at its end. Commas, quotes, backslashes and control bytes "
        "in it are written as \\xNN.",
    .sections = sections,
    .examples = examples,
    .statuses = sendmail_statuses,
    .flags = APPLET_RAW | APPLET_NO_CONFIG | APPLET_NO_CHORES,
    .run = run};
