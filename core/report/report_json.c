/* report_json - NDJSON, schema 1: an object a sender, and a last one with the summary. */
#include "spamgear/base/json.h"
#include "spamgear/report/report.h"

static void time_member(struct json *json, const char *key, int64_t time)
{
    char text[32];
    if (time == INT64_MAX || time == INT64_MIN) {
        json_word(json, key, NULL);
        return;
    }
    stamp_format(time, text);
    json_word(json, key, text);
}

static void networks_member(struct json *json, const struct report_sender *s)
{
    json_open(json, "top_networks", '[');
    for (size_t i = 0; i < s->top.len; i++) {
        json_open(json, NULL, '{');
        json_word(json, "network", s->top.at[i].name);
        json_number(json, "messages", s->top.at[i].messages);
        json_number(json, "addresses", s->top.at[i].addresses);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void evidence_member(struct json *json, const struct report_sender *s)
{
    json_open(json, "evidence", '[');
    for (const struct evidence *e = s->sender.evidence; e != NULL; e = e->next) {
        json_open(json, NULL, '{');
        json_word(json, "file", e->file);
        json_number(json, "offset", e->offset);
        json_text(json, "line", e->line);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* null of a sender who was within the bounds. */
static void reaction_member(struct json *json, const struct report_sender *s)
{
    if (!s->handed) {
        json_word(json, "reaction", NULL);
        return;
    }
    json_open(json, "reaction", '{');
    json_word(json, "result", report_reaction_name(s->reaction.result));
    if (s->reaction.case_id > 0)
        json_number(json, "case", (uint64_t)s->reaction.case_id);
    else
        json_word(json, "case", NULL);
    json_open(json, "lines", '[');
    for (size_t i = 0; i < s->reaction.lines.len; i++)
        json_word(json, NULL, s->reaction.lines.at[i]);
    json_close(json, ']');
    json_close(json, '}');
}

static void sender_object(struct json *json, const struct report *report,
                          const struct report_sender *s)
{
    json_open(json, NULL, '{');
    json_number(json, "schema", 1);
    json_word(json, "applet", report->applet);
    json_word(json, "kind", sender_kind_name(s->sender.kind));
    json_text(json, "sender", s->sender.name);
    json_number(json, "messages", s->sender.messages);
    json_number(json, "recipients", s->sender.recipients);
    json_number(json, "addresses", s->addresses);
    json_number(json, "networks", s->networks);
    json_number(json, "unknown", s->unknown);
    json_number(json, "unresolved", s->unresolved);
    json_number(json, "webmail", s->webmail);
    json_number(json, "failed", s->sender.failed);
    json_number(json, "trusted", s->sender.trusted);
    json_number(json, "limit", s->limit);
    json_bool(json, "over", s->over);
    bool sent = s->sender.messages > 0; /* somebody who only failed to log in has no times */
    time_member(json, "first", sent ? s->sender.first : INT64_MIN);
    time_member(json, "last", sent ? s->sender.last : INT64_MIN);
    networks_member(json, s);
    evidence_member(json, s);
    if (report->reacts)
        reaction_member(json, s);
    json_close(json, '}');
}

static void counts_members(struct json *json, const struct report *report)
{
    const struct harvest_counts *counts = &report->counts;
    json_number(json, "lines", counts->lines);
    json_number(json, "bytes", counts->bytes);
    json_number(json, "events", counts->events);
    json_number(json, "unparsed", counts->unparsed);
    json_number(json, "undated", counts->undated);
    json_number(json, "future", counts->future);
    json_number(json, "too_long", counts->too_long);
    json_number(json, "forged", counts->forged);
    json_number(json, "gave_up", counts->gave_up);
    json_number(json, "failed", report->failed);
    json_number(json, "senders", report->senders_seen);
}

static void summary_object(struct json *json, const struct report *report)
{
    json_open(json, NULL, '{');
    json_number(json, "schema", 1);
    json_open(json, "summary", '{');
    json_word(json, "applet", report->applet);
    json_open(json, "files", '[');
    for (size_t i = 0; i < report->files.len; i++)
        json_word(json, NULL, report->files.at[i]);
    json_close(json, ']');
    json_open(json, "window", '{');
    time_member(json, "since", report->since);
    time_member(json, "until", report->open_end ? INT64_MAX : report->until);
    json_close(json, '}');
    counts_members(json, report);
    json_word(json, "networks_by", strbuf_text(&report->networks));
    json_close(json, '}');
    json_close(json, '}');
}

static void write_object(struct json *json, FILE *out)
{
    strbuf_add_char(json->out, '\n');
    fwrite(json->out->data, 1, json->out->len, out);
    strbuf_reset(json->out);
    json->comma = false;
}

void report_json(const struct report *report, FILE *out)
{
    struct strbuf line = {0};
    struct json json = {.out = &line};
    for (size_t i = 0; i < report->senders.len; i++) {
        sender_object(&json, report, &report->senders.at[i]);
        write_object(&json, out);
    }
    summary_object(&json, report);
    write_object(&json, out);
    strbuf_clear(&line);
}
