/* backtest - slide a checker's window over old logs, to choose limits. */
#include "shared/line.h"
#include "shared/other.h"

#include "spamgear/base/diag.h"
#include "spamgear/base/json.h"
#include "spamgear/base/text.h"
#include "spamgear/check/backtest.h"

struct backtest_settings {
    struct other_given given;
    bool all;
};

static void put_time(struct strbuf *line, const char *before, int64_t time)
{
    char text[32] = "never";
    if (time != STAMP_NONE)
        stamp_format(time, text);
    strbuf_format(line, "%s%s", before, text);
}

/* --- Text --- */

static void text_summary(const struct check *check, const struct logcheck_settings *own,
                         const struct backtest *b, struct strbuf *line)
{
    strbuf_format(line, "%s, windows of %s, limit %llu %s", check->applet, own->period.text,
                  (unsigned long long)check->limits.standard,
                  check->by_recipients ? "recipients" : "messages");
    put_time(line, ", from ", b->first);
    put_time(line, " to ", b->last);
    line_put(line);
    strbuf_format(line, "%zu senders; the most of one sender in any window:", b->senders.len);
    for (int i = 0; i < BACKTEST_PERCENTILES; i++)
        strbuf_format(line, " %s%% %llu,", backtest_percentile_names[i],
                      (unsigned long long)b->percentiles[i]);
    strbuf_format(line, " highest %llu",
                  b->senders.len > 0 ? (unsigned long long)b->senders.at[0].peak : 0ULL);
    line_put(line);
    strbuf_format(line, "%llu senders would have been over their limit",
                  (unsigned long long)b->over);
    line_put(line);
}

static void text_sender(const struct backtest_sender *s, struct strbuf *line)
{
    strbuf_format(line, "%llu ", (unsigned long long)s->peak);
    text_escape(line, s->name);
    if (s->times_over > 0) {
        put_time(line, " -- first over ", s->first_over);
        strbuf_format(line, ", %u times, highest", s->times_over);
    } else {
        strbuf_add_text(line, " -- highest");
    }
    put_time(line, " ", s->peak_time);
    if (s->times_over > 0)
        strbuf_format(line, ", limit %llu", (unsigned long long)s->limit);
    line_put(line);
}

/* --- NDJSON --- */

static void json_time(struct json *json, const char *key, int64_t time)
{
    char text[32];
    if (time != STAMP_NONE)
        stamp_format(time, text);
    json_word(json, key, time == STAMP_NONE ? NULL : text);
}

static void json_sender(const struct check *check, const struct backtest_sender *s,
                        struct strbuf *line)
{
    struct json json = {.out = line};
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_word(&json, "applet", check->applet);
    json_word(&json, "kind", sender_kind_name(s->kind));
    json_text(&json, "sender", s->name);
    json_number(&json, "peak", s->peak);
    json_time(&json, "peak_time", s->peak_time);
    json_number(&json, "limit", s->limit);
    json_bool(&json, "over", s->times_over > 0);
    json_number(&json, "times_over", s->times_over);
    json_time(&json, "first_over", s->first_over);
    json_close(&json, '}');
    line_put(line);
}

static void json_summary(const struct check *check, const struct logcheck_settings *own,
                         const struct backtest *b, struct strbuf *line)
{
    struct json json = {.out = line};
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_open(&json, "summary", '{');
    json_word(&json, "applet", check->applet);
    json_number(&json, "period_seconds", (uint64_t)own->period.seconds);
    json_number(&json, "limit", check->limits.standard);
    json_time(&json, "first", b->first);
    json_time(&json, "last", b->last);
    json_number(&json, "senders", b->senders.len);
    json_number(&json, "over", b->over);
    json_open(&json, "percentiles", '{');
    for (int i = 0; i < BACKTEST_PERCENTILES; i++)
        json_number(&json, backtest_percentile_names[i], b->percentiles[i]);
    json_close(&json, '}');
    json_number(&json, "lines", b->counts.lines);
    json_number(&json, "events", b->counts.events);
    json_number(&json, "unparsed", b->counts.unparsed);
    json_close(&json, '}');
    json_close(&json, '}');
    line_put(line);
}

/* --- Running --- */

static void write_result(const struct backtest_settings *s, const struct other *other,
                         const struct backtest *b)
{
    struct strbuf line = {0};
    bool json = s->given.format == 1;
    if (!json)
        text_summary(&other->check, other->own, b, &line);
    for (size_t i = 0; i < b->senders.len; i++) {
        const struct backtest_sender *sender = &b->senders.at[i];
        if (sender->times_over == 0 && !s->all)
            continue;
        if (json)
            json_sender(&other->check, sender, &line);
        else
            text_sender(sender, &line);
    }
    if (json)
        json_summary(&other->check, other->own, b, &line);
    strbuf_clear(&line);
}

/* Without --since everything that is there counts. */
static void open_window(struct other *other, const struct other_given *given)
{
    other->check.window.since = given->since;
    other->check.count_lines = given->format == 1;
}

static int run(void *settings, const struct run *call)
{
    struct backtest_settings *s = settings;
    struct backtest result;
    struct texts problems = {0};
    struct other other;
    const struct applet *applet =
        call->argc > 0 ? applet_find(call->all, call->argv[0], NULL) : NULL;
    if (applet == NULL || logcheck_profile(applet->name) == NULL) {
        diag_error("%s: give the name of a log checker, as in: backtest postfix-spam-check",
                   call->argc > 0 ? call->argv[0] : "no applet");
        return APPLET_TROUBLE;
    }
    for (int i = 1; i < call->argc; i++)
        texts_add(&s->given.logs, call->argv[i]);
    if (other_open(&other, applet->name, &s->given, call) == 0) {
        open_window(&other, &s->given);
        backtest_run(&other.check, other.own->period.seconds, &result, &problems);
        write_result(s, &other, &result);
        logcheck_tell_gave_up(&result.counts);
        backtest_clear(&result);
    }
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    texts_clear(&problems);
    other_close(&other);
    return 0;
}

static const struct option own[] = {
    OPTION_FLAG(struct backtest_settings, all, "all", 0,
                "Show every sender, not only those over their limit."),
    OPTION_END};

static const struct option *const tables[] = {other_options, own, NULL};

static const struct applet_example examples[] = {
    {"spamgear backtest postfix-spam-check --logs '/var/log/mail.log*' --period 1hour --limit 90",
     "Who would have been reported in the last weeks, had the limit been 90 an hour?"},
    {NULL, NULL}};

const struct applet backtest_applet = {
    .name = "backtest",
    .summary = "Slide a checker's window over old logs, to choose limits",
    .operands = "APPLET [LOG...]",
    .description =
        "Reads all that the logs hold, rotated ones too, and slides a window of the given period "
        "over them. Shows which senders would ever have been over their limit, when, how often, "
        "and "
        "the percentiles of what all senders sent in their busiest window: a limit well above "
        "the 99th percentile and well below what a bot sends is a good one.",
    .options = tables,
    .settings_size = sizeof(struct backtest_settings),
    .examples = examples,
    .statuses = logcheck_statuses,
    .flags = APPLET_TOOL,
    .run = run};
