/* query_try - is a query refused whatever it is given, or only for what is in a row? */
#include "spamgear/store/query.h"

#include "spamgear/base/clock.h"

#define LETTERS_MAX sizeof((struct query){0}.letters)

static int execute(struct link *link, struct link_statement *statement, const struct query *query,
                   bool utc, struct strbuf *why)
{
    const struct spam_event sample = {.time = clock_now(),
                                      .verdict_time = clock_now(),
                                      .queue_id = SPAN("0CHECK"),
                                      .message_id = SPAN("check@spamgear.invalid"),
                                      .from = SPAN("check@spamgear.invalid"),
                                      .client = SPAN("192.0.2.1"),
                                      .sasl = SPAN("check"),
                                      .verdict = MAIL_VERDICT_SPAM,
                                      .has_score = true};
    struct strbuf texts[LETTERS_MAX] = {{0}};
    struct span values[LETTERS_MAX] = {{0}};
    size_t count = strlen(query->letters);
    for (size_t i = 0; i < count; i++)
        if (query_value(&sample, query->letters[i], utc, &texts[i]))
            values[i] = strbuf_span(&texts[i]);
    int done = link_execute(link, statement, values, count, NULL, why);
    for (size_t i = 0; i < count; i++)
        strbuf_clear(&texts[i]);
    return done;
}

int query_try(struct link *link, struct link_statement *statement, const struct query *query,
              bool utc, struct strbuf *why)
{
    if (link_begin(link, why) != 0)
        return -1;
    int done = execute(link, statement, query, utc, why);
    bool there = done != 0 && link_trouble(link) == LINK_DUPLICATE;
    link_rollback(link);
    return there ? 0 : done;
}
