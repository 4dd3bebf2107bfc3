/* postlog_status - how the daemon is: as text, JSON and metrics, at its socket. */
#include "postlog_daemon.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/json.h"
#include "spamgear/base/text.h"
#include "spamgear/report/metrics.h"
#include <inttypes.h>
#include <unistd.h>

#define IDLE_MS 10000 /* of who asks and then says nothing */

/* Everything at one moment. */
struct view {
    const struct postlog *own;
    struct threads_counts threads;
    struct state_health state;
    struct feeder_health feeder;
    struct watcher_counts watcher;
    struct texts trouble;
};

static void find_trouble(struct view *view)
{
    const struct postlog *own = view->own;
    for (size_t i = 0; i < own->inputs.len; i++)
        if (own->inputs.at[i].failing)
            texts_format(&view->trouble, "%s cannot be read", own->inputs.at[i].name);
    if (view->state.failing)
        texts_add(&view->trouble, view->state.trouble);
    if (view->state.map_failing)
        texts_add(&view->trouble, view->state.map_trouble);
    if (own->anew_ms != 0)
        texts_add(&view->trouble, "a process of the daemon is gone; it starts anew in a while");
    if (view->state.lost > 0)
        texts_format(&view->trouble, "%" PRIu64 " spam events were lost", view->state.lost);
    if (view->state.early > 0)
        texts_format(&view->trouble, "%" PRIu64 " spam events went before their time, for a bound",
                     view->state.early);
    if (own->feeder != NULL && !view->feeder.connected)
        texts_format(&view->trouble, "the database is away: %s", view->feeder.trouble);
}

static void take_view(struct view *view, const struct postlog *own)
{
    *view = (struct view){.own = own};
    threads_look(own->threads, &view->threads);
    state_look(own->state, &view->state);
    if (own->feeder != NULL)
        feeder_look(own->feeder, &view->feeder);
    if (own->watcher != NULL)
        watcher_look(own->watcher, &view->watcher);
    find_trouble(view);
}

static uint64_t behind(const struct follow_state *state)
{
    return state->size > state->offset ? state->size - state->offset : 0;
}

/* A journal, and a log that is not there, have a state of zeros. */
static void look_at(const struct postlog_input *input, struct follow_state *state)
{
    *state = (struct follow_state){0};
    if (input->follow != NULL)
        follow_look(input->follow, state);
}

/* Time of the newest line; after a start, of the one before the mark. */
static int64_t newest_of(const struct postlog_input *input)
{
    return input->newest != STAMP_NONE ? input->newest : input->clock.before;
}

/* ---- text ---- */

static void text_of_log(struct strbuf *out, const struct postlog_input *input)
{
    struct follow_state state;
    char when[32] = "-";
    look_at(input, &state);
    if (newest_of(input) != STAMP_NONE)
        stamp_format(newest_of(input), when);
    strbuf_add_text(out, "log       ");
    text_escape(out, span_text(input->name));
    if (input->follow != NULL && state.file == NULL)
        strbuf_add_text(out, newest_of(input) == STAMP_NONE
                                 ? ": was never there (is that its name?)"
                                 : ": is not there");
    else
        strbuf_format(out, ": newest line %s, %" PRIu64 " bytes behind", when, behind(&state));
    strbuf_format(out, ", %" PRIu64 " rotations", state.rotations);
    if (state.too_long > 0)
        strbuf_format(out, ", %" PRIu64 " lines too long", state.too_long);
    if (state.lost > 0)
        strbuf_format(out, ", %" PRIu64 " TIMES ITS PLACE WAS LOST", state.lost);
    strbuf_add_char(out, '\n');
}

static void text_of_messages(struct strbuf *out, const struct view *view)
{
    const struct threads_counts *t = &view->threads;
    strbuf_format(out,
                  "lines     %" PRIu64 " read, %" PRIu64 " without a time\n"
                  "messages  %" PRIu64 " seen, %zu under way, %" PRIu64 " given up\n"
                  "verdicts  %" PRIu64 ", %" PRIu64 " bad, %" PRIu64 " of them without a message, "
                  "%" PRIu64 " ambiguous, %" PRIu64 " not understood\n"
                  "spam      %" PRIu64 "\n",
                  view->own->counts.lines, view->own->counts.undated, t->threads, t->alive,
                  t->given_up, t->verdicts, t->bad, t->unjoined, t->ambiguous, t->unknown,
                  view->own->counts.spam);
}

static void text_of_store(struct strbuf *out, const struct view *view)
{
    const struct state_health *s = &view->state;
    strbuf_format(out,
                  "state     %" PRIu64 " commits, %" PRIu64 " rows, %" PRIu64 " bytes waiting, "
                  "%" PRIu64 " lost\n",
                  s->commits, s->rows, s->waiting_bytes, s->lost);
    if (view->own->feeder != NULL)
        strbuf_format(out, "database  %s, %" PRIu64 " rows sent, %" PRIu64 " waiting\n",
                      view->feeder.connected ? "connected" : "AWAY", view->feeder.sent,
                      view->feeder.waiting);
    if (view->own->watcher != NULL)
        strbuf_format(out,
                      "watch     %" PRIu64 " limits crossed, %" PRIu64 " disabled, %" PRIu64
                      " scripts, %" PRIu64 " failed, %" PRIu64 " waiting; %" PRIu64
                      " senders, %" PRIu64 " forgotten\n",
                      view->watcher.crossed, view->watcher.disabled, view->watcher.scripts,
                      view->watcher.failed, view->watcher.waiting, view->watcher.senders,
                      view->watcher.forgotten);
}

static void text_of_policy(struct strbuf *out, const struct postlog *own)
{
    struct policy_counts counts;
    if (own->policy == NULL)
        return;
    policy_look(policy_service_policy(own->policy), &counts);
    strbuf_format(out,
                  "policy    %" PRIu64 " questions, %" PRIu64 " over a limit, %" PRIu64
                  " in a case, %" PRIu64 " not understood\n",
                  counts.requests, counts.over, counts.in_case, counts.bad);
}

void postlog_status_text(struct postlog *own, struct strbuf *out)
{
    struct view view;
    char since[32];
    take_view(&view, own);
    stamp_format(own->started, since);
    strbuf_format(out, "running, %s: process %ld, since %s%s\n",
                  view.trouble.len == 0 ? "well" : "IN TROUBLE", (long)getpid(), since,
                  own->live ? "" : ", still reading what was there");
    for (size_t i = 0; i < view.trouble.len; i++) {
        strbuf_add_text(out, "trouble   ");
        text_escape(out, span_text(view.trouble.at[i]));
        strbuf_add_char(out, '\n');
    }
    for (size_t i = 0; i < own->inputs.len; i++)
        text_of_log(out, &own->inputs.at[i]);
    text_of_messages(out, &view);
    text_of_store(out, &view);
    text_of_policy(out, own);
    texts_clear(&view.trouble);
}

/* ---- JSON ---- */

static void json_of_log(struct json *json, const struct postlog_input *input)
{
    struct follow_state state;
    char when[32];
    look_at(input, &state);
    if (newest_of(input) != STAMP_NONE)
        stamp_format(newest_of(input), when);
    json_open(json, NULL, '{');
    json_text(json, "name", span_text(input->name));
    json_bool(json, "there", input->follow == NULL || state.file != NULL);
    json_bool(json, "readable", !input->failing);
    json_word(json, "newest", newest_of(input) != STAMP_NONE ? when : NULL);
    json_number(json, "behind", behind(&state));
    json_number(json, "rotations", state.rotations);
    json_number(json, "lost", state.lost);
    json_number(json, "too_long", state.too_long);
    json_close(json, '}');
}

static void json_of_policy(struct json *json, const struct postlog *own)
{
    struct policy_counts counts;
    if (own->policy == NULL)
        return;
    policy_look(policy_service_policy(own->policy), &counts);
    json_open(json, "policy", '{');
    json_number(json, "requests", counts.requests);
    json_number(json, "dunno", counts.dunno);
    json_number(json, "over", counts.over);
    json_number(json, "in_case", counts.in_case);
    json_number(json, "bad", counts.bad);
    json_close(json, '}');
}

struct number {
    const char *name; /* in JSON, and behind spamgear_postlog_ in metrics */
    uint64_t value;
    enum metric_type type;
    const char *help;
};

#define NUMBERS_MAX 32

/* The numbers that JSON and metrics both show. */
static size_t list_numbers(const struct view *view, struct number list[NUMBERS_MAX])
{
    const struct postlog *own = view->own;
    const struct threads_counts *t = &view->threads;
    const struct state_health *s = &view->state;
    const struct watcher_counts *w = &view->watcher;
    const struct number all[] = {
        {"lines", own->counts.lines, METRIC_COUNTER, "Lines read."},
        {"bytes", own->counts.bytes, METRIC_COUNTER, "Bytes read."},
        {"undated_lines", own->counts.undated, METRIC_COUNTER, "Lines without a time."},
        {"messages", t->threads, METRIC_COUNTER, "Messages seen."},
        {"messages_under_way", t->alive, METRIC_GAUGE, "Messages that are remembered."},
        {"messages_given_up", t->given_up, METRIC_COUNTER, "Messages given up for the bounds."},
        {"verdicts", t->verdicts, METRIC_COUNTER, "Verdicts of spam filters."},
        {"bad_verdicts", t->bad, METRIC_COUNTER, "Verdicts that were bad."},
        {"unjoined_verdicts", t->unjoined, METRIC_COUNTER, "Bad verdicts without a message."},
        {"unknown_verdicts", t->unknown, METRIC_COUNTER, "Verdict lines not understood."},
        {"spam", own->counts.spam, METRIC_COUNTER, "Spam events."},
        {"commits", s->commits, METRIC_COUNTER, "Commits of the state."},
        {"rows", s->rows, METRIC_COUNTER, "Spam events written down."},
        {"waiting_bytes", s->waiting_bytes, METRIC_GAUGE, "Bytes that wait for the disk."},
        {"lost_rows", s->lost, METRIC_COUNTER, "Spam events that were lost."},
        {"early_rows", s->early, METRIC_COUNTER, "Spam events that went for a bound."},
        {"state_failing", s->failing, METRIC_GAUGE, "1: the state cannot be written."},
        {"database_connected", view->feeder.connected, METRIC_GAUGE,
         "1: the other database is there."},
        {"database_sent", view->feeder.sent, METRIC_COUNTER, "Rows sent to the other database."},
        {"database_waiting", view->feeder.waiting, METRIC_GAUGE, "Rows that wait for it."},
        {"limits_crossed", w->crossed, METRIC_COUNTER, "Senders that crossed a limit."},
        {"disabled", w->disabled, METRIC_COUNTER, "Senders that were disabled."},
        {"scripts", w->scripts, METRIC_COUNTER, "Scripts handed to the scanner."},
        {"reactions_failed", w->failed, METRIC_COUNTER, "Reactions that failed."},
        {"reactions_waiting", w->waiting, METRIC_GAUGE, "Reactions that wait."},
        {"reaction_ms", (uint64_t)w->last_ms, METRIC_GAUGE, "From line to reaction, the last one."},
        {"senders", w->senders, METRIC_GAUGE, "Senders whose messages are counted."},
        {"senders_forgotten", w->forgotten, METRIC_COUNTER, "Senders forgotten for the bounds."},
    };
    memcpy(list, all, sizeof all);
    return sizeof all / sizeof *all;
}

void postlog_status_json(struct postlog *own, struct strbuf *out)
{
    struct json json = {.out = out};
    struct number numbers[NUMBERS_MAX];
    struct view view;
    char since[32];
    take_view(&view, own);
    stamp_format(own->started, since);
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_bool(&json, "running", true);
    json_bool(&json, "well", view.trouble.len == 0);
    json_number(&json, "pid", (uint64_t)getpid());
    json_word(&json, "since", since);
    json_bool(&json, "live", own->live);
    json_open(&json, "trouble", '[');
    for (size_t i = 0; i < view.trouble.len; i++)
        json_text(&json, NULL, span_text(view.trouble.at[i]));
    json_close(&json, ']');
    json_open(&json, "logs", '[');
    for (size_t i = 0; i < own->inputs.len; i++)
        json_of_log(&json, &own->inputs.at[i]);
    json_close(&json, ']');
    size_t len = list_numbers(&view, numbers);
    for (size_t i = 0; i < len; i++)
        json_number(&json, numbers[i].name, numbers[i].value);
    json_of_policy(&json, own);
    json_close(&json, '}');
    strbuf_add_char(out, '\n');
    texts_clear(&view.trouble);
}

/* ---- metrics ---- */

static void metrics_of_logs(const struct postlog *own, struct strbuf *out)
{
    static const struct {
        const char *name, *help;
    } families[] = {{"spamgear_postlog_behind_bytes", "Bytes of the log not read yet."},
                    {"spamgear_postlog_readable", "1: the log can be read."},
                    {"spamgear_postlog_newest_seconds", "Time of the newest line."}};
    for (size_t f = 0; f < 3; f++) {
        metrics_family(out, families[f].name, METRIC_GAUGE, families[f].help);
        for (size_t i = 0; i < own->inputs.len; i++) {
            const struct postlog_input *input = &own->inputs.at[i];
            struct follow_state state;
            look_at(input, &state);
            double newest = newest_of(input) == STAMP_NONE ? 0 : (double)newest_of(input);
            double values[] = {(double)behind(&state), !input->failing, newest};
            metrics_sample(out, families[f].name, "log", span_text(input->name), values[f]);
        }
    }
}

void postlog_status_metrics(struct postlog *own, struct strbuf *out)
{
    struct number numbers[NUMBERS_MAX];
    struct view view;
    take_view(&view, own);
    size_t len = list_numbers(&view, numbers);
    for (size_t i = 0; i < len; i++) {
        char name[80];
        if (own->feeder == NULL && strncmp(numbers[i].name, "database_", 9) == 0)
            continue; /* nobody should be told that what he has not is away */
        snprintf(name, sizeof name, "spamgear_postlog_%s%s", numbers[i].name,
                 numbers[i].type == METRIC_COUNTER ? "_total" : "");
        metrics_family(out, name, numbers[i].type, numbers[i].help);
        metrics_sample(out, name, NULL, (struct span){0}, (double)numbers[i].value);
    }
    metrics_of_logs(own, out);
    if (own->policy != NULL)
        policy_service_metrics(own->policy, out);
    texts_clear(&view.trouble);
}

/* ---- the socket ---- */

static const char *fill_page(void *at, struct span path, struct strbuf *body)
{
    static const struct {
        const char *path, *type;
        void (*fill)(struct postlog *own, struct strbuf *out);
    } pages[] = {{"/metrics", "text/plain; version=0.0.4; charset=utf-8", postlog_status_metrics},
                 {"/status", "text/plain; charset=utf-8", postlog_status_text},
                 {"/status.json", "application/json", postlog_status_json}};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (span_is(path, span_text(pages[i].path))) {
            pages[i].fill(at, body);
            return pages[i].type;
        }
    return NULL;
}

static size_t take_request(void *at, struct span bytes, struct strbuf *answer, bool *close)
{
    return metrics_http(bytes, answer, close, fill_page, at);
}

static struct serve *serve_at(struct postlog *own, const char *place, struct strbuf *why)
{
    struct serve_settings settings = {.place = place,
                                      .mode = 0660,
                                      .request_max = METRICS_HTTP_MAX, /* then it is refused */
                                      .clients_max = 50,
                                      .idle_ms = IDLE_MS,
                                      .state = own,
                                      .take = take_request};
    return serve_open(own->loop, &settings, why);
}

/* Who cannot be asked still works: where the standard place cannot be had, that is told only. */
int postlog_status_serve(struct postlog *own, struct strbuf *why)
{
    const struct postlog_settings *set = own->plan->set;
    if (*set->socket != '\0') {
        own->socket = serve_at(own, set->socket, why);
        if (own->socket == NULL)
            postlog_say(own->log, SAY_WARNING, "%s", strbuf_text(why));
        strbuf_reset(why);
    }
    if (set->listen != NULL) {
        own->listen = serve_at(own, set->listen, why);
        return own->listen != NULL ? 0 : -1;
    }
    return 0;
}
