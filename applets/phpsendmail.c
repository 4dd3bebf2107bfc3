/* phpsendmail - sendmail for PHP that logs which script sends. */
#include "shared/sendmail.h"

#include <stdlib.h>
#include <unistd.h>

#define URL_BYTES  1000
#define ARGS_BYTES 1000

static void add_words(struct strbuf *line, const struct run *run)
{
    struct strbuf words = {0};
    for (int i = 0; i < run->argc && words.len <= ARGS_BYTES; i++) {
        strbuf_add_text(&words, i > 0 ? " " : "");
        strbuf_add_text(&words, run->argv[i]);
    }
    sendmail_value(line, strbuf_text(&words), ARGS_BYTES);
    strbuf_clear(&words);
}

static int run(void *settings, const struct run *run)
{
    struct strbuf line = {0};
    (void)settings;
    strbuf_add_text(&line, "sendmail-php url=");
    sendmail_value(&line, getenv("HTTP_HOST"), 255);
    sendmail_value(&line, getenv("REQUEST_URI"), URL_BYTES);
    strbuf_add_text(&line, ", client=");
    sendmail_value(&line, getenv("REMOTE_ADDR"), 64);
    strbuf_add_text(&line, ", filename=");
    sendmail_script(&line);
    strbuf_format(&line, ", uid=%u, user=", (unsigned)getuid());
    sendmail_user(&line, getuid());
    strbuf_add_text(&line, ", args=");
    add_words(&line, run);
    int status = sendmail_become(run, "phpsendmail", &line);
    strbuf_clear(&line);
    return status;
}

static const struct applet_example examples[] = {
    {"sendmail_path = \"/usr/local/bin/phpsendmail -t -i\"",
     "In php.ini; with auto_prepend_file naming spamgear-prepend.php."},
    {NULL, NULL}};

static const struct section *const sections[] = {&sendmail_section, NULL};

const struct applet phpsendmail_applet = {
    .name = "phpsendmail",
    .summary = "Sendmail for PHP that logs which script sends",
    .operands = "[WORD...]",
    .description =
        "Stands in PHP's sendmail_path. Logs one line with the facility mail, \"sendmail-php url=, "
        "client=, filename=, uid=, user=, args=\", which php-legacy-spam-check reads, and becomes "
        "the real sendmail with the same words and the same standard input. Mail goes out even "
        "when nothing can be logged. SPAMGEAR_CONFIG counts only for who owns the program "
        "spamgear.\n\n"
        "uid and user are the kernel's word. url, client and filename come from the environment, "
        "where packaging/php/spamgear-prepend.php puts them, and are the caller's word. Commas, "
        "quotes, backslashes and control bytes in values are written as \\xNN, so that no value "
        "can imitate another field or another line. Without recipients among the words, and "
        "without -t, \"-t -i\" are added, as the old wrapper did.",
    .sections = sections,
    .examples = examples,
    .statuses = sendmail_statuses,
    .flags = APPLET_RAW | APPLET_NO_CONFIG | APPLET_NO_CHORES,
    .run = run};
