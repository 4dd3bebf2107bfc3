/* queue_ids - the logs once more, for the IDs of a few senders. */
#include "spamgear/check/queue_ids.h"

#include "spamgear/base/map.h"
#include "spamgear/match/literal.h"

struct collector {
    struct queue_ids *ids;
    struct map senders; /* kind and name, in the order of rows[] */
    VEC(size_t) rows;
    struct map seen; /* IDs: several logs may hold the same lines */
    VEC(size_t) owners;
};

/* Two kinds may have senders of the same name. */
static void add_key(struct strbuf *key, enum sender_kind kind, struct span name)
{
    strbuf_reset(key);
    strbuf_add_char(key, (char)('0' + kind));
    strbuf_add_span(key, name);
}

static void add_id(struct collector *collector, size_t row, struct span id)
{
    bool added;
    collector->ids->left_out |= collector->seen.len == QUEUE_IDS_MAX;
    if (collector->ids->left_out)
        return;
    map_put(&collector->seen, id, &added);
    if (!added)
        return;
    *vec_add(&collector->owners) = row;
    texts_format(&collector->ids->of[row], "%.*s", (int)id.len, id.at);
}

/* His message goes on under another ID. Events come in the log's order. */
static void collect_handed(struct collector *collector, const struct event *event)
{
    uint32_t number = map_get(&collector->seen, event->queue_id);
    if (number != MAP_NONE)
        add_id(collector, collector->owners.at[number], event->sender);
}

static void collect(void *state, const struct event *event, const struct source *source)
{
    struct collector *collector = state;
    struct strbuf key = {0};
    (void)source;
    if (event->kind == EVENT_DELIVERED && event->sender.len > 0)
        collect_handed(collector, event);
    if (event->kind != EVENT_ACCEPTED || event->queue_id.len == 0)
        return;
    add_key(&key, event->sender_kind, event->sender);
    uint32_t number = map_get(&collector->senders, strbuf_span(&key));
    strbuf_clear(&key);
    if (number != MAP_NONE)
        add_id(collector, collector->rows.at[number], event->queue_id);
}

#define FORMATS_MAX 8

/* Whose messages go through a content filter is asked of Postfix' lines alone, if the literals of
 * all formats are not too many to look for. */
static void add_handed(struct check *check, const struct log_format *formats[FORMATS_MAX])
{
    size_t needles = 0;
    bool postfix = false;
    if (check->formats_len >= FORMATS_MAX)
        return;
    for (size_t i = 0; i < check->formats_len; i++) {
        formats[i + 1] = check->formats[i];
        postfix |= check->formats[i] == &format_postfix;
        for (size_t n = 0; n < FORMAT_NEEDLES && check->formats[i]->needles[n] != NULL; n++)
            needles++;
    }
    if (!postfix || needles >= LITERAL_MAX)
        return;
    formats[0] = &format_handed;
    check->formats = formats;
    check->formats_len++;
    check->logs.needles = NULL;
}

static void harvest(const struct check *check, struct collector *collector)
{
    const struct log_format *formats[FORMATS_MAX];
    struct check again = *check;
    struct logs logs;
    struct harvest_counts counts;
    struct texts files = {0}, told_before = {0};
    struct harvest_sink sink = {collector, collect};
    again.recipients = again.count_lines = false;
    add_handed(&again, formats);
    logs_open(&logs, &again.logs, &told_before);
    check_harvest(&again, &sink, &logs, &counts, &files, &told_before);
    logs_close(&logs);
    texts_clear(&files);
    texts_clear(&told_before);
}

int queue_ids_read(const struct check *check, const struct report *report,
                   bool (*is_wanted)(const void *state, const struct report_sender *row),
                   const void *state, struct queue_ids *ids, struct strbuf *why)
{
    struct collector collector = {.ids = ids};
    struct strbuf key = {0};
    const char *once = logs_find_once(check->logs.names);
    *ids = (struct queue_ids){.len = report->senders.len};
    if (once != NULL)
        return strbuf_why(why, "%s can be read once only", once);
    ids->of = mem_zero(ids->len, sizeof *ids->of);
    for (size_t i = 0; i < report->senders.len; i++) {
        const struct report_sender *row = &report->senders.at[i];
        if (!is_wanted(state, row))
            continue;
        add_key(&key, row->sender.kind, row->sender.name);
        map_put(&collector.senders, strbuf_span(&key), NULL);
        *vec_add(&collector.rows) = i;
    }
    if (collector.rows.len > 0)
        harvest(check, &collector);
    strbuf_clear(&key);
    vec_clear(&collector.rows);
    map_clear(&collector.senders);
    map_clear(&collector.seen);
    vec_clear(&collector.owners);
    return 0;
}

void queue_ids_clear(struct queue_ids *ids)
{
    for (size_t i = 0; ids->of != NULL && i < ids->len; i++)
        texts_clear(&ids->of[i]);
    free(ids->of);
    *ids = (struct queue_ids){0};
}
