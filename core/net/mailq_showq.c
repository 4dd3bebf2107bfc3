/* mailq_showq - the answer of Postfix's showq(8).
 *
 * Postfix's attribute protocol (src/util/attr_print0.c): names and values, each ended by NUL; an
 * empty name ends a list. First a list that names the protocol (since Postfix 3.5), then one a
 * message (its own fields, then those of each recipient), then an empty one. Since everything that
 * counts stands before the recipients, only the first of each name is kept, and only its start.
 */
#include "mailq_parts.h"

#include <string.h>

enum field { QUEUE, QUEUE_ID, TIME, SENDER, FIELDS };
static const char *const field_names[FIELDS] = {"queue_name", "queue_id", "time", "sender"};

static int refuse(struct mailq_showq *showq, struct strbuf *why, const char *what)
{
    showq->wrong = true;
    return strbuf_why(why, "showq's answer: %s", what);
}

static int end_list(struct mailq_showq *showq, struct strbuf *why)
{
    unsigned seen = showq->seen;
    unsigned long long time = 0;
    bool is_empty = showq->names == 0, is_other = showq->other;
    struct mailq_message message = {.queue = strbuf_span(&showq->fields[QUEUE]),
                                    .queue_id = strbuf_span(&showq->fields[QUEUE_ID]),
                                    .sender = strbuf_span(&showq->fields[SENDER])};
    showq->names = 0;
    showq->seen = 0;
    showq->other = false;
    if (is_other)
        return 0;
    showq->done = is_empty;
    if (is_empty)
        return 0;
    if (seen != (1u << FIELDS) - 1)
        return refuse(showq, why, "a message without queue, ID, time or sender");
    if (!mailq_is_queue(message.queue) || !span_number(strbuf_span(&showq->fields[TIME]), &time) ||
        time > INT64_MAX)
        return refuse(showq, why, "a message of an unknown queue or without a time");
    message.arrival = (int64_t)time;
    showq->each(showq->state, &message);
    return 0;
}

static void end_value(struct mailq_showq *showq)
{
    struct span name = strbuf_span(&showq->name);
    if (showq->names++ == 0)
        showq->other = span_is(name, SPAN("protocol"));
    for (unsigned i = 0; i < FIELDS; i++)
        if (!(showq->seen & 1u << i) && span_is(name, span_text(field_names[i]))) {
            showq->seen |= 1u << i;
            strbuf_reset(&showq->fields[i]);
            strbuf_add_span(&showq->fields[i], strbuf_span(&showq->token));
            return;
        }
}

static int end_token(struct mailq_showq *showq, struct strbuf *why)
{
    int result = 0;
    if (showq->at_value) {
        end_value(showq);
        showq->at_value = false;
    } else if (showq->token.len == 0) {
        result = end_list(showq, why);
    } else {
        strbuf_reset(&showq->name);
        strbuf_add_span(&showq->name, strbuf_span(&showq->token));
        showq->at_value = true;
    }
    strbuf_reset(&showq->token);
    return result;
}

int mailq_showq_feed(struct mailq_showq *showq, struct span bytes, struct strbuf *why)
{
    while (bytes.len > 0) {
        const char *end = memchr(bytes.at, '\0', bytes.len);
        size_t len = end == NULL ? bytes.len : (size_t)(end - bytes.at);
        size_t room = MAILQ_FIELD_MAX - showq->token.len;
        if (showq->done || showq->wrong)
            return refuse(showq, why, "goes on behind its end");
        strbuf_add(&showq->token, bytes.at, len < room ? len : room);
        bytes = span_skip(bytes, len + (end != NULL));
        if (end != NULL && end_token(showq, why) != 0)
            return -1;
    }
    return 0;
}

void mailq_showq_clear(struct mailq_showq *showq)
{
    strbuf_clear(&showq->token);
    strbuf_clear(&showq->name);
    for (unsigned i = 0; i < FIELDS; i++)
        strbuf_clear(&showq->fields[i]);
}
