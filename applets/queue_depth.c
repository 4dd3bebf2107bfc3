/* queue-depth - how many messages wait in the local mail queue, and since when.
 *
 * Text for people, JSON and metrics for programs, and one line for Nagios. A queue that could not
 * be counted is told as such in each of them, and is UNKNOWN for Nagios, whatever part was counted.
 */
#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/json.h"
#include "spamgear/base/text.h"
#include "spamgear/cli/applet.h"
#include "spamgear/log/stamp.h"
#include "spamgear/net/mailq.h"
#include "spamgear/report/nagios.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct settings {
    char *postfix_config, *postfix_spool, *exim_spool;
    struct texts command;
    struct period timeout, warning_age, critical_age;
    uint64_t warning, critical;
    bool count_only;
    int format, server;
};

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_METRICS, FORMAT_NAGIOS };
static const char *const format_names[] = {"text", "json", "metrics", "nagios", NULL};
static const char *const server_names[] = {"any", "postfix", "exim", NULL};

#define NO_LIMIT 0

/* What was counted; why is NULL when that is all of it. */
struct answer {
    struct mailq mailq;
    const char *why;
};

static int64_t age_of(int64_t oldest)
{
    int64_t age = clock_now() - oldest;
    return age < 0 ? 0 : age;
}

/* "3 d 4 h": the two largest units. */
static void write_age(struct strbuf *out, int64_t age)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0, left = 2;
    while (i < 3 && age < units[i].seconds)
        i++;
    for (; i < 4 && left > 0; left--, age %= units[i].seconds, i++)
        if (left == 2 || age >= units[i].seconds)
            strbuf_format(out, "%s%" PRId64 " %s", left == 2 ? "" : " ", age / units[i].seconds,
                          units[i].name);
}

/* ---- text ---- */

static void text_row(const char *name, uint64_t messages, int64_t oldest)
{
    struct strbuf line = {0};
    text_escape(&line, span_text(name));
    for (size_t i = line.len; i < 20; i++)
        strbuf_add_char(&line, ' ');
    strbuf_format(&line, " %10" PRIu64, messages);
    if (oldest != 0) {
        char stamp[32];
        stamp_format(oldest, stamp);
        strbuf_format(&line, "  oldest %s, ", stamp);
        write_age(&line, age_of(oldest));
    }
    puts(strbuf_text(&line));
    strbuf_clear(&line);
}

static int tell_text(const struct settings *settings, const struct answer *answer)
{
    const struct mailq *mailq = &answer->mailq;
    (void)settings;
    if (answer->why != NULL)
        diag_error("the queue could not be counted: %s", answer->why);
    for (size_t i = 0; i < mailq->queues.len && answer->why == NULL; i++)
        text_row(mailq->queues.at[i].name, mailq->queues.at[i].messages,
                 mailq->queues.at[i].oldest);
    if (answer->why == NULL)
        text_row("total", mailq->messages, mailq->oldest);
    return 0;
}

/* ---- JSON ---- */

static void json_count(struct json *json, uint64_t messages, int64_t oldest)
{
    char stamp[32];
    json_number(json, "messages", messages);
    if (oldest != 0) {
        stamp_format(oldest, stamp);
        json_number(json, "age_seconds", (uint64_t)age_of(oldest));
    }
    json_word(json, "oldest", oldest == 0 ? NULL : stamp);
}

static int tell_json(const struct settings *settings, const struct answer *answer)
{
    const struct mailq *mailq = &answer->mailq;
    struct strbuf line = {0};
    struct json json = {.out = &line};
    (void)settings;
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_bool(&json, "counted", answer->why == NULL);
    json_word(&json, "how", mailq->how);
    if (answer->why != NULL) {
        json_text(&json, "why", span_text(answer->why));
        json_word(&json, "messages", NULL);
    } else {
        json_count(&json, mailq->messages, mailq->oldest);
    }
    json_open(&json, "queues", '[');
    for (size_t i = 0; i < mailq->queues.len && answer->why == NULL; i++) {
        json_open(&json, NULL, '{');
        json_text(&json, "queue", span_text(mailq->queues.at[i].name));
        json_count(&json, mailq->queues.at[i].messages, mailq->queues.at[i].oldest);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
    puts(strbuf_text(&line));
    strbuf_clear(&line);
    if (answer->why != NULL)
        diag_error("the queue could not be counted: %s", answer->why);
    return 0;
}

/* ---- metrics ---- */

static void head(const char *name, const char *help)
{
    printf("# HELP spamgear_queue_%s %s\n# TYPE spamgear_queue_%s gauge\n", name, help, name);
}

/* A name as label value or perfdata label: what would end one is left out. */
static const char *plain(struct strbuf *out, const char *name)
{
    strbuf_reset(out);
    text_escape(out, span_text(name));
    for (size_t i = 0; i < out->len; i++)
        if (strchr("\"\\'=|;", out->data[i]) != NULL)
            out->data[i] = '_';
    return strbuf_text(out);
}

static int tell_metrics(const struct settings *settings, const struct answer *answer)
{
    const struct mailq *mailq = &answer->mailq;
    struct strbuf name = {0};
    (void)settings;
    head("counted", "1 when the mail queue could be counted.");
    printf("spamgear_queue_counted %d\n", answer->why == NULL);
    if (answer->why != NULL) {
        diag_error("the queue could not be counted: %s", answer->why);
        return 0;
    }
    head("messages", "Messages in the mail queue.");
    for (size_t i = 0; i < mailq->queues.len; i++)
        printf("spamgear_queue_messages{queue=\"%s\"} %" PRIu64 "\n",
               plain(&name, mailq->queues.at[i].name), mailq->queues.at[i].messages);
    head("oldest_age_seconds", "Age of the oldest message.");
    for (size_t i = 0; i < mailq->queues.len; i++)
        if (mailq->queues.at[i].oldest != 0)
            printf("spamgear_queue_oldest_age_seconds{queue=\"%s\"} %" PRId64 "\n",
                   plain(&name, mailq->queues.at[i].name), age_of(mailq->queues.at[i].oldest));
    strbuf_clear(&name);
    return 0;
}

/* ---- Nagios ---- */

static bool reaches(uint64_t value, uint64_t limit)
{
    return limit != NO_LIMIT && value >= limit;
}

static enum nagios grade(uint64_t value, uint64_t warning, uint64_t critical)
{
    return reaches(value, critical)  ? NAGIOS_CRITICAL
           : reaches(value, warning) ? NAGIOS_WARNING
                                     : NAGIOS_OK;
}

/* An age that is asked for and not known cannot be called good. */
static enum nagios judge(const struct settings *settings, const struct answer *answer)
{
    uint64_t warning = (uint64_t)settings->warning_age.seconds;
    uint64_t critical = (uint64_t)settings->critical_age.seconds;
    const struct mailq *mailq = &answer->mailq;
    if (answer->why != NULL)
        return NAGIOS_UNKNOWN;
    enum nagios by_number = grade(mailq->messages, settings->warning, settings->critical);
    enum nagios by_age =
        mailq->oldest == 0 ? NAGIOS_OK : grade((uint64_t)age_of(mailq->oldest), warning, critical);
    if (mailq->messages > 0 && mailq->oldest == 0 && (warning != NO_LIMIT || critical != NO_LIMIT))
        return by_number == NAGIOS_CRITICAL ? NAGIOS_CRITICAL : NAGIOS_UNKNOWN;
    return by_age > by_number ? by_age : by_number;
}

static void add_limits(struct strbuf *out, uint64_t warning, uint64_t critical)
{
    const uint64_t limits[] = {warning, critical};
    for (size_t i = 0; i < 2; i++) {
        strbuf_add_char(out, ';');
        if (limits[i] != NO_LIMIT)
            strbuf_format(out, "%" PRIu64, limits[i]);
    }
    strbuf_add_text(out, ";0");
}

static void add_perfdata(struct strbuf *out, const struct settings *settings,
                         const struct mailq *mailq)
{
    struct strbuf name = {0};
    strbuf_format(out, "|messages=%" PRIu64, mailq->messages);
    add_limits(out, settings->warning, settings->critical);
    if (mailq->oldest != 0 || mailq->messages == 0) {
        strbuf_format(out, " oldest=%" PRId64 "s", mailq->oldest == 0 ? 0 : age_of(mailq->oldest));
        add_limits(out, (uint64_t)settings->warning_age.seconds,
                   (uint64_t)settings->critical_age.seconds);
    }
    for (size_t i = 0; i < mailq->queues.len; i++)
        strbuf_format(out, " '%s'=%" PRIu64 ";;;0", plain(&name, mailq->queues.at[i].name),
                      mailq->queues.at[i].messages);
    strbuf_clear(&name);
}

static int tell_nagios(const struct settings *settings, const struct answer *answer)
{
    const struct mailq *mailq = &answer->mailq;
    enum nagios status = judge(settings, answer);
    struct strbuf line = {0};
    strbuf_format(&line, "QUEUE %s - ", nagios_name(status));
    if (answer->why != NULL) {
        strbuf_add_text(&line, "could not be counted: ");
        nagios_escape(&line, span_text(answer->why));
    } else {
        strbuf_format(&line, "%" PRIu64 " message%s", mailq->messages,
                      mailq->messages == 1 ? "" : "s");
        if (mailq->oldest != 0) {
            strbuf_add_text(&line, ", the oldest ");
            write_age(&line, age_of(mailq->oldest));
        } else if (mailq->messages > 0) {
            strbuf_add_text(&line, ", their age is not known");
        }
        add_perfdata(&line, settings, mailq);
    }
    puts(strbuf_text(&line));
    strbuf_clear(&line);
    return (int)status;
}

/* ---- the run ---- */

static int (*const tell[])(const struct settings *, const struct answer *) = {
    tell_text, tell_json, tell_metrics, tell_nagios};

static bool never_warns(uint64_t warning, uint64_t critical)
{
    return warning != NO_LIMIT && critical != NO_LIMIT && warning > critical;
}

static bool makes_sense(const struct settings *settings)
{
    uint64_t warning_age = (uint64_t)settings->warning_age.seconds;
    uint64_t critical_age = (uint64_t)settings->critical_age.seconds;
    bool ages = warning_age != NO_LIMIT || critical_age != NO_LIMIT;
    bool limits = ages || settings->warning != NO_LIMIT || settings->critical != NO_LIMIT;
    const char *problem = NULL;
    if (limits && settings->format != FORMAT_NAGIOS)
        problem = "-w, -c, -W and -C are for --format nagios";
    else if (never_warns(settings->warning, settings->critical) ||
             never_warns(warning_age, critical_age))
        problem = "the warning would never come: its limit is above the critical one";
    else if (settings->count_only && ages)
        problem = "--count-only leaves out the ages that -W and -C look at";
    if (problem != NULL)
        diag_error("%s", problem);
    return problem == NULL;
}

static int run(void *at, const struct run *call)
{
    const struct settings *settings = at;
    int64_t seconds = settings->timeout.seconds;
    struct mailq_settings how = {.server =
                                     settings->server == 0 ? NULL : server_names[settings->server],
                                 .postfix_config = settings->postfix_config,
                                 .postfix_spool = settings->postfix_spool,
                                 .exim_spool = settings->exim_spool,
                                 .command = &settings->command,
                                 .deadline_ms = seconds > 86400 ? 86400000 : (int)seconds * 1000,
                                 .count_only = settings->count_only};
    struct answer answer = {.why = NULL};
    struct strbuf why = {0};
    (void)call;
    if (!makes_sense(settings))
        return settings->format == FORMAT_NAGIOS ? NAGIOS_UNKNOWN : APPLET_TROUBLE;
    if (mailq_count(&how, &answer.mailq, &why) != 0)
        answer.why = strbuf_text(&why);
    int status = tell[settings->format](settings, &answer);
    mailq_clear(&answer.mailq);
    strbuf_clear(&why);
    return status;
}

static const struct option options[] = {
    OPTION_CHOICE(struct settings, format, "format", 'f', "text|json|metrics|nagios", "text",
                  format_names, "What is printed."),
    OPTION_COUNT(struct settings, warning, "warning", 'w', "N", NULL, 1, UINT32_MAX,
                 "WARNING when there are at least N messages."),
    OPTION_COUNT(struct settings, critical, "critical", 'c', "N", NULL, 1, UINT32_MAX,
                 "CRITICAL when there are at least N messages."),
    OPTION_PERIOD(struct settings, warning_age, "warning-age", 'W', "PERIOD", NULL,
                  "WARNING when the oldest message is as old as PERIOD."),
    OPTION_PERIOD(struct settings, critical_age, "critical-age", 'C', "PERIOD", NULL,
                  "CRITICAL when the oldest message is as old as PERIOD."),
    OPTION_FLAG(struct settings, count_only, "count-only", 0,
                "Leave out the ages: quicker for Postfix with short queue IDs."),
    OPTION_CHOICE(struct settings, server, "mail-server", 0, "any|postfix|exim", "any",
                  server_names, "Whose queue is counted. any: of both what is found here."),
    OPTION_TEXT(struct settings, postfix_config, "postfix-config", 0, "DIR", NULL,
                "Where Postfix has its main.cf. Without it: /etc/postfix."),
    OPTION_TEXT(struct settings, postfix_spool, "postfix-spool", 0, "DIR", NULL,
                "Where Postfix has its queues. Without it: what main.cf says."),
    OPTION_TEXT(struct settings, exim_spool, "exim-spool", 0, "DIR", NULL,
                "Where Exim has its queue. Without it: /var/spool/exim4, /var/spool/exim."),
    OPTION_LIST(struct settings, command, "queue-command", 0, "WORD",
                "Ask a program instead, whose only output is the number of messages. Each time one "
                "word of its command line; no shell is used."),
    OPTION_PERIOD(struct settings, timeout, "timeout", 0, "PERIOD", "30s",
                  "Counting takes this long at most."),
    OPTION_END};

static const struct applet_example examples[] = {
    {"queue-depth", "How many messages wait, in which queue, and since when?"},
    {"queue-depth -f nagios -w 1000 -c 5000 -W 6h -C 1day", "As a Nagios plugin."},
    {"queue-depth -f metrics >/var/lib/node_exporter/queue.prom", "For Prometheus."},
    {"queue-depth --queue-command /usr/local/bin/count-queue", "Another mail server."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "Counted; with --format nagios: OK."},
    {1, "With --format nagios: WARNING."},
    {2, "Trouble, or could not be counted; with --format nagios: CRITICAL."},
    {3, "With --format nagios: UNKNOWN. It could not be counted, or an age is not known."},
    {0, NULL}};

const struct applet queue_depth_applet = {
    .name = "queue-depth",
    .summary = "Count the messages in the local mail queue",
    .description =
        "Counts the messages in the queues of Postfix (of all instances that "
        "multi_instance_directories names) and of Exim, and tells when the oldest one of each "
        "queue came. What is still being received is not counted, nor what Postfix has set "
        "aside as corrupt.\n\n"
        "The queues are counted from their folders, which takes root. Who may not read them asks "
        "Postfix's showq, over its socket or with postqueue, or `exim -bpc`, which tells no age. "
        "A queue that could not be counted is never taken for an empty one.\n\n"
        "How old a message is tell Postfix's long queue IDs (enable_long_queue_ids) and Exim's "
        "names of files. With short IDs the file of each folder that was made first is opened and "
        "its record read; in a spool that was copied these may not be the oldest.",
    .options = (const struct option *const[]){options, NULL},
    .settings_size = sizeof(struct settings),
    .examples = examples,
    .statuses = statuses,
    .flags = APPLET_NO_CHORES, /* Nagios waits */
    .run = run,
};
