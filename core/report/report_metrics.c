/* report_metrics - Prometheus text exposition format 0.0.4
 * (prometheus.io/docs/instrumenting/exposition_formats). */
#include "spamgear/base/text.h"
#include "spamgear/report/report.h"

/* Appends the value with control bytes and bad UTF-8 as \xNN, and so that two values never become
 * one: a backslash that would read as such an escape is \x5c. */
static void escape(struct strbuf *out, struct span value)
{
    while (value.len > 0) {
        const char *backslash = memchr(value.at, '\\', value.len);
        size_t len = backslash == NULL ? value.len : (size_t)(backslash - value.at);
        text_escape(out, (struct span){value.at, len});
        value = span_skip(value, len);
        if (value.len == 0)
            return;
        bool reads = value.len > 1 && memchr("xnt", value.at[1], 3) != NULL;
        strbuf_add_text(out, reads ? "\\x5c" : "\\");
        value = span_skip(value, 1);
    }
}

/* A label value, quoted. Two series of the same labels would make a collector refuse the file. */
static void label(struct strbuf *out, const char *name, struct span value)
{
    struct strbuf clean = {0};
    escape(&clean, value);
    strbuf_format(out, "%s=\"", name);
    for (size_t i = 0; i < clean.len; i++) {
        if (clean.data[i] == '\\' || clean.data[i] == '"')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, clean.data[i]);
    }
    strbuf_add_char(out, '"');
    strbuf_clear(&clean);
}

struct sender_metric {
    const char *name, *help;
    uint64_t (*value)(const struct report_sender *s);
};

#define VALUE(name, expression)                                                                    \
    static uint64_t name(const struct report_sender *s)                                            \
    {                                                                                              \
        return expression;                                                                         \
    }
VALUE(messages, s->sender.messages)
VALUE(recipients, s->sender.recipients)
VALUE(addresses, s->addresses)
VALUE(networks, s->networks)
VALUE(unknown, s->unknown)
VALUE(failed, s->sender.failed)
VALUE(limit, s->limit)
VALUE(over, s->over)

static const struct sender_metric metrics[] = {
    {"messages", "Messages accepted from the sender in the window.", messages},
    {"recipients", "Recipients of those messages.", recipients},
    {"addresses", "Distinct client addresses of the sender.", addresses},
    {"networks", "Distinct client networks of the sender.", networks},
    {"unknown_addresses", "Client addresses without a reverse name.", unknown},
    {"failed_logins", "Failed log-ins in the sender's name.", failed},
    {"limit", "The limit that applies to the sender.", limit},
    {"over_limit", "1 when the sender is at or over the limit.", over},
};

static void sender_metric(const struct report *report, const struct sender_metric *metric,
                          FILE *out)
{
    struct strbuf line = {0};
    fprintf(out, "# HELP spamgear_sender_%s %s\n# TYPE spamgear_sender_%s gauge\n", metric->name,
            metric->help, metric->name);
    for (size_t i = 0; i < report->senders.len; i++) {
        const struct report_sender *s = &report->senders.at[i];
        strbuf_format(&line, "spamgear_sender_%s{applet=\"%s\",kind=\"%s\",", metric->name,
                      report->applet, sender_kind_name(s->sender.kind));
        label(&line, "sender", s->sender.name);
        fprintf(out, "%s} %llu\n", strbuf_text(&line), (unsigned long long)metric->value(s));
        strbuf_reset(&line);
    }
    strbuf_clear(&line);
}

static void total(const struct report *report, const char *name, const char *help, uint64_t value,
                  FILE *out)
{
    fprintf(out,
            "# HELP spamgear_%s %s\n# TYPE spamgear_%s gauge\nspamgear_%s{applet=\"%s\"} %llu\n",
            name, help, name, name, report->applet, (unsigned long long)value);
}

static void reactions(const struct report *report, FILE *out)
{
    uint64_t counts[REACT_RESULTS] = {0};
    for (size_t i = 0; i < report->senders.len; i++)
        if (report->senders.at[i].handed)
            counts[report->senders.at[i].reaction.result]++;
    fputs("# HELP spamgear_reactions Senders over the bounds of --disable-account, by what came "
          "of it.\n# TYPE spamgear_reactions gauge\n",
          out);
    for (int r = 0; r < REACT_RESULTS; r++)
        fprintf(out, "spamgear_reactions{applet=\"%s\",result=\"%s\"} %llu\n", report->applet,
                report_reaction_name((enum react_result)r), (unsigned long long)counts[r]);
}

void report_metrics(const struct report *report, FILE *out)
{
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        sender_metric(report, &metrics[i], out);
    total(report, "senders", "Senders seen in the window.", report->senders_seen, out);
    total(report, "lines", "Log lines read.", report->counts.lines, out);
    total(report, "events", "Events in the window.", report->counts.events, out);
    total(report, "unparsed_lines", "Lines of the mail program that were not understood.",
          report->counts.unparsed, out);
    total(report, "failed_logins", "Failed log-ins in the window.", report->failed, out);
    if (report->reacts)
        reactions(report, out);
}
