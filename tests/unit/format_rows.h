/* format_rows - tables of log lines for the format tests.
 *
 * A row is a line and what its format must make of it, in words:
 *     accepted sasl <alice> id=3C5DEA86642 client=<h[192.0.2.1]> name=h addr=192.0.2.1
 *     recipients id=.. rcpts=3 , delivered .., failed .., rejected ..
 *     nothing , foreign , unknown
 * with uid=N, rcpts=N and x4 (a folded line) where there are any. Beside that every line is
 * tried with each of its ends cut off: the parser must stay inside the line.
 */
#ifndef SPAMGEAR_TESTS_FORMAT_ROWS_H
#define SPAMGEAR_TESTS_FORMAT_ROWS_H

#include "spamgear/base/strbuf.h"
#include "spamgear/log/format.h"
#include "test.h"

#include <stdlib.h>

struct format_row {
    const char *name, *line, *want;
};

/* As the engine reads a line: without a stamp it is bare, where the format allows that. */
static inline enum parse_result format_try(const struct log_format *format, struct span whole,
                                           struct event *event)
{
    struct log_line line = {.whole = whole};
    struct stamp stamp = {0};
    struct stamp_clock clock;
    stamp_clock_init(&clock, 1795305600); /* 22 November 2026 */
    line.time = stamp_read(&clock, whole, &stamp, &line.rest);
    line.shape = stamp.shape;
    if (line.time == STAMP_NONE) {
        line.shape = STAMP_BARE;
        line.rest = whole;
    }
    *event = (struct event){.repeat = 1, .line = whole};
    if (line.time == STAMP_NONE && !format->undated_ok)
        return PARSE_FOREIGN;
    return format->parse(format, &line, event);
}

static inline bool format_inside(struct span outer, struct span inner)
{
    return inner.len == 0 || (inner.at >= outer.at && span_end(inner) <= span_end(outer));
}

static inline bool format_has_one(struct span line, const char *const literals[FORMAT_NEEDLES])
{
    for (int i = 0; i < FORMAT_NEEDLES && literals[i] != NULL; i++)
        if (span_find(line, span_text(literals[i])) != NULL)
            return true;
    return false;
}

/* What holds for every event of every line. */
static inline bool format_event_sane(const struct log_format *format, const struct event *e)
{
    bool adds = e->kind == EVENT_RECIPIENTS || e->kind == EVENT_DELIVERED;
    return format_inside(e->line, e->sender) && format_inside(e->line, e->client) &&
           format_inside(e->line, e->client_name) && format_inside(e->line, e->client_addr) &&
           format_inside(e->line, e->queue_id) && format_inside(e->line, e->uid) &&
           e->repeat >= 1 && (adds ? e->recipients > 0 : e->sender.len > 0) &&
           span_has_prefix(e->client, e->client_name) &&
           format_has_one(e->line, adds ? format->joins : format->needles);
}

static inline void format_word(struct strbuf *out, const char *key, struct span s, const char *end)
{
    if (s.len == 0)
        return;
    strbuf_add_text(out, key);
    strbuf_add_span(out, s);
    strbuf_add_text(out, end);
}

static inline void format_say(enum parse_result result, const struct event *e, struct strbuf *out)
{
    static const char *const results[] = {"", "nothing", "foreign", "unknown", "gave up"};
    static const char *const kinds[] = {"accepted", "recipients", "delivered", "failed",
                                        "rejected"};
    strbuf_add_text(out, result == PARSE_EVENT ? kinds[e->kind] : results[result]);
    if (result != PARSE_EVENT)
        return;
    if (e->sender.len > 0)
        strbuf_format(out, " %s", sender_kind_name(e->sender_kind));
    format_word(out, " <", e->sender, ">");
    format_word(out, " id=", e->queue_id, "");
    format_word(out, " client=<", e->client, ">");
    format_word(out, " name=", e->client_name, "");
    format_word(out, " addr=", e->client_addr, "");
    format_word(out, " uid=", e->uid, "");
    if (e->recipients > 0)
        strbuf_format(out, " rcpts=%u", e->recipients);
    if (e->repeat > 1)
        strbuf_format(out, " x%u", e->repeat);
}

/* Every beginning of the line, in memory that ends where it ends. */
static inline void format_try_cut(const struct log_format *format, const char *name,
                                  const char *line)
{
    for (size_t len = strlen(line); len > 0; len--) {
        struct event event;
        char *copy = malloc(len);
        if (copy == NULL)
            abort();
        memcpy(copy, line, len);
        if (format_try(format, (struct span){copy, len}, &event) == PARSE_EVENT &&
            !format_event_sane(format, &event))
            test_true(name, false);
        free(copy);
    }
}

static inline void format_run(const char *format_name, const struct format_row *rows, size_t len)
{
    const struct log_format *format = format_find(format_name);
    struct strbuf got = {0};
    test_true(format_name, format != NULL);
    for (size_t i = 0; format != NULL && i < len; i++) {
        struct event event;
        enum parse_result result = format_try(format, span_text(rows[i].line), &event);
        strbuf_reset(&got);
        format_say(result, &event, &got);
        test_text(rows[i].name, strbuf_text(&got), rows[i].want);
        if (result == PARSE_EVENT)
            test_true(rows[i].name, format_event_sane(format, &event));
        format_try_cut(format, rows[i].name, rows[i].line);
    }
    strbuf_clear(&got);
}

#define FORMAT_RUN(format, rows) format_run((format), (rows), sizeof(rows) / sizeof((rows)[0]))

#endif
