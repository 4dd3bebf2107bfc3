/* report - the report people read, and freeing. */
#include "spamgear/report/report.h"

#include "spamgear/base/text.h"

static const char *const headings[SENDER_KINDS] = {
    [SENDER_SASL] = "Authenticated users:",
    [SENDER_LOCAL] = "Local users:",
    [SENDER_HOST] = "Hosts:",
    [SENDER_WEBMAIL] = "Webmail users:",
    [SENDER_SCRIPT] = "Scripts:",
};

static void write_line(struct strbuf *line, FILE *out)
{
    strbuf_add_char(line, '\n');
    fwrite(line->data, 1, line->len, out);
    strbuf_reset(line);
}

/* Only what was read back counts as disabled. */
static const struct {
    const char *name, *mark;
} reactions[] = {
    [REACT_DISABLED] = {"disabled", " [DISABLED]"},
    [REACT_PARTLY] = {"partly", " [PARTLY DISABLED]"},
    [REACT_FAILED] = {"failed", " [NOT DISABLED]"},
    [REACT_STANDING] = {"standing", " [DISABLED]"},
    [REACT_WOULD] = {"would", ""},
    [REACT_REFUSED] = {"refused", ""},
};

const char *report_reaction_name(enum react_result result)
{
    return reactions[result].name;
}

static void text_reaction(const struct react_outcome *reaction, struct strbuf *line, FILE *out)
{
    for (size_t i = 0; i < reaction->lines.len; i++) {
        strbuf_add_text(line, "    ");
        if (reaction->case_id != 0)
            strbuf_format(line, "case %lld: ", (long long)reaction->case_id);
        text_escape(line, span_text(reaction->lines.at[i]));
        write_line(line, out);
    }
}

/* A log line ends with what its writer likes: only we may say that somebody is disabled. */
static void spoil_imitation(struct strbuf *line)
{
    if (!span_has_suffix(strbuf_span(line), SPAN("DISABLED]")))
        return;
    line->len--;
    strbuf_add_text(line, "\\x5d");
}

static void text_sender(const struct report *report, const struct report_sender *s,
                        struct strbuf *line, FILE *out)
{
    strbuf_format(line, "%llu ", (unsigned long long)s->count);
    if (s->has_clients)
        strbuf_format(line, "(%u nets/%u unknowns/%u IPs/%llu webmail) ", s->networks, s->unknown,
                      s->addresses, (unsigned long long)s->webmail);
    if (report->all)
        strbuf_format(line, "[limit %llu] ", (unsigned long long)s->limit);
    strbuf_add_text(line, "-- ");
    if (s->sender.evidence != NULL && s->sender.evidence->line.len > 0)
        text_escape(line, s->sender.evidence->line);
    else
        text_escape(line, s->sender.name);
    spoil_imitation(line);
    if (s->handed)
        strbuf_add_text(line, reactions[s->reaction.result].mark);
    write_line(line, out);
    if (s->handed)
        text_reaction(&s->reaction, line, out);
}

static void text_kind(const struct report *report, enum sender_kind kind, bool all, FILE *out)
{
    struct strbuf line = {0};
    bool headed = !report->headings;
    for (size_t i = 0; i < report->senders.len; i++) {
        const struct report_sender *s = &report->senders.at[i];
        if (!all && s->sender.kind != kind)
            continue;
        if (!headed)
            fprintf(out, "%s\n", headings[kind]);
        headed = true;
        text_sender(report, s, &line, out);
    }
    strbuf_clear(&line);
}

void report_text(const struct report *report, FILE *out)
{
    if (report->senders.len == 0)
        return;
    fprintf(out, "%s the following senders have made ", strbuf_text(&report->during));
    if (!report->all)
        fprintf(out, "at least %llu ", (unsigned long long)report->limit);
    fprintf(out, "%s.\n\n",
            report->by_recipients ? "deliveries to recipients" : "SMTP connections");
    if (!report->headings) {
        text_kind(report, SENDER_SASL, true, out);
        return;
    }
    for (int kind = 0; kind < SENDER_KINDS; kind++)
        text_kind(report, (enum sender_kind)kind, false, out);
}

static void sender_clear(struct report_sender *s)
{
    for (size_t n = 0; n < s->top.len; n++)
        free(s->top.at[n].name);
    vec_clear(&s->top);
    texts_clear(&s->network_names);
    texts_clear(&s->nameless);
    texts_clear(&s->reaction.lines);
}

void report_cut(struct report *report, size_t top)
{
    size_t kept = 0;
    for (size_t i = 0; i < report->senders.len; i++) {
        struct report_sender *s = &report->senders.at[i];
        if (top == 0 || i < top || s->handed)
            report->senders.at[kept++] = *s;
        else
            sender_clear(s);
    }
    report->senders.len = kept;
}

void report_clear(struct report *report)
{
    for (size_t i = 0; i < report->senders.len; i++)
        sender_clear(&report->senders.at[i]);
    vec_clear(&report->senders);
    texts_clear(&report->files);
    texts_clear(&report->notes);
    strbuf_clear(&report->during);
    strbuf_clear(&report->networks);
}
