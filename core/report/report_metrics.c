/* report_metrics - Prometheus text exposition format 0.0.4
 * (prometheus.io/docs/instrumenting/exposition_formats). */
#include "spamgear/report/metrics.h"
#include "spamgear/report/report.h"

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

static void add_sender_metric(struct strbuf *out, const struct report *report,
                              const struct sender_metric *metric)
{
    struct strbuf name = {0};
    strbuf_format(&name, "spamgear_sender_%s", metric->name);
    metrics_family(out, strbuf_text(&name), METRIC_GAUGE, metric->help);
    for (size_t i = 0; i < report->senders.len; i++) {
        const struct report_sender *s = &report->senders.at[i];
        const struct metric_label labels[] = {{"applet", span_text(report->applet)},
                                              {"kind", span_text(sender_kind_name(s->sender.kind))},
                                              {"sender", s->sender.name}};
        metrics_sample_of(out, strbuf_text(&name), labels, 3, (double)metric->value(s));
    }
    strbuf_clear(&name);
}

static void add_total(struct strbuf *out, const struct report *report, const char *name,
                      const char *help, uint64_t value)
{
    metrics_family(out, name, METRIC_GAUGE, help);
    metrics_sample(out, name, "applet", span_text(report->applet), (double)value);
}

static void add_reactions(struct strbuf *out, const struct report *report)
{
    static const char name[] = "spamgear_reactions";
    uint64_t counts[REACT_RESULTS] = {0};
    for (size_t i = 0; i < report->senders.len; i++)
        if (report->senders.at[i].handed)
            counts[report->senders.at[i].reaction.result]++;
    metrics_family(out, name, METRIC_GAUGE,
                   "Senders over the bounds of --disable-account, by what came of it.");
    for (int r = 0; r < REACT_RESULTS; r++) {
        const struct metric_label labels[] = {
            {"applet", span_text(report->applet)},
            {"result", span_text(report_reaction_name((enum react_result)r))}};
        metrics_sample_of(out, name, labels, 2, (double)counts[r]);
    }
}

void report_metrics(const struct report *report, FILE *out)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        add_sender_metric(&text, report, &metrics[i]);
    add_total(&text, report, "spamgear_senders", "Senders seen in the window.",
              report->senders_seen);
    add_total(&text, report, "spamgear_lines", "Log lines read.", report->counts.lines);
    add_total(&text, report, "spamgear_events", "Events in the window.", report->counts.events);
    add_total(&text, report, "spamgear_unparsed_lines",
              "Lines of the mail program that were not understood.", report->counts.unparsed);
    add_total(&text, report, "spamgear_failed_logins", "Failed log-ins in the window.",
              report->failed);
    if (report->reacts)
        add_reactions(&text, report);
    fwrite(strbuf_text(&text), 1, text.len, out);
    strbuf_clear(&text);
}
