/* exim-spam-check - report senders who send too much through Exim. */
#include "shared/logcheck.h"

#include "spamgear/base/diag.h"
#include <inttypes.h>
#include <stdio.h>

static void set_period(struct period *period, const char *seconds, uint64_t count)
{
    free(period->text);
    period->text = mem_text(seconds);
    period->seconds = count > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)count;
}

static bool is_number(const char *word)
{
    unsigned long long number;
    return span_number(span_text(word), &number);
}

/* [SECONDS] [MAX_CONNECTIONS] as ever; words that are no numbers are logs. */
static int run(void *settings, const struct run *call)
{
    struct logcheck_settings *check = settings;
    uint64_t count;
    int numbers = 0;
    for (int i = 0; i < call->argc; i++) {
        const char *word = call->argv[i];
        if (!is_number(word) || numbers == 2) {
            texts_add(&check->logs, word);
            continue;
        }
        if (logcheck_operand(numbers == 0 ? "SECONDS" : "MAX_CONNECTIONS", word, &count) != 0)
            return APPLET_TROUBLE;
        if (numbers++ == 0)
            set_period(&check->period, word, count);
        else
            check->limit = count;
    }
    return logcheck_run("exim-spam-check", check, call);
}

static const struct option *const tables[] = {logcheck_period_options, logcheck_limit_options,
                                              logcheck_react_options,  logcheck_network_options,
                                              logcheck_options,        NULL};

static const struct applet_example examples[] = {
    {"exim-spam-check", "Senders with 90 messages or more in the last hour."},
    {"exim-spam-check 3600 60", "60 or more in the last 3600 seconds, the old way to say it."},
    {"exim-spam-check -p 30minutes -m 60 -l /var/log/exim4/mainlog", "And the new one."},
    {NULL, NULL}};

const struct applet exim_spam_check_applet = {
    .name = "exim-spam-check",
    .aliases = (const char *const[]){"exim-spam-scan", NULL},
    .summary = "Report users and hosts who send too much through Exim",
    .operands = "[SECONDS] [MAX_CONNECTIONS] [LOG...]",
    .description =
        "Reads Exim's main log and reports, each under a heading of its own, authenticated users, "
        "local users and hosts from which at least MAX_CONNECTIONS messages were accepted during "
        "the last PERIOD.\n\n"
        "Who authenticated is told by A= alone, a local user by U= of local submissions alone: "
        "HELO names, ident claims and subjects cannot imitate them. Bounces do not count.",
    .options = tables,
    .settings_size = sizeof(struct logcheck_settings),
    .sections = logcheck_sections,
    .examples = examples,
    .statuses = logcheck_statuses,
    .files = logcheck_files,
    .run = run};
