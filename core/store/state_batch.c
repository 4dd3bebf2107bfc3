/* state_batch - what came in since the last commit, and how two batches become one.
 *
 * Of marks, threads and counts only the last value of a key counts, so batches that wait for a
 * disk grow with what the daemon itself remembers, and not with time. Spam events add up, until
 * state_batch_shed drops the oldest.
 */
#include "state_own.h"

#include "spamgear/base/addr.h"
#include <stddef.h>

#define FULL_BYTES (8u << 20)
#define ITEM_BYTES 160 /* of a key in the tables around it, about */

struct state_batch *state_batch_new(void)
{
    return mem_zero(1, sizeof(struct state_batch));
}

void state_batch_free(struct state_batch *batch)
{
    if (batch == NULL)
        return;
    map_clear(&batch->keys);
    vec_clear(&batch->values);
    strbuf_clear(&batch->arena);
    for (size_t i = 0; i < batch->spam.len; i++)
        free(batch->spam.at[i].text);
    vec_clear(&batch->spam);
    free(batch);
}

size_t state_batch_bytes(const struct state_batch *batch)
{
    return batch->arena.len + batch->keys.arena_len + batch->values.len * ITEM_BYTES +
           batch->spam_bytes;
}

bool state_batch_is_empty(const struct state_batch *batch)
{
    return batch->values.len == 0 && batch->spam.len == 0;
}

bool state_batch_is_full(const struct state_batch *batch)
{
    return state_batch_bytes(batch) >= FULL_BYTES;
}

/* ---- what has a key ---- */

static void put(struct state_batch *batch, struct span key, struct state_value value,
                struct span bytes, struct span name)
{
    bool added;
    uint32_t number = map_put(&batch->keys, key, &added);
    if (added)
        (void)vec_add(&batch->values);
    else
        batch->live -= batch->values.at[number].len + batch->values.at[number].name_len;
    value.at = batch->arena.len;
    value.len = bytes.len;
    value.name_len = name.len;
    strbuf_add_span(&batch->arena, bytes);
    strbuf_add_span(&batch->arena, name);
    batch->values.at[number] = value;
    batch->live += bytes.len + name.len;
}

static void put_key(struct state_batch *batch, struct state_value value, struct span prefix,
                    struct span rest, struct span bytes, struct span name)
{
    struct strbuf key = {0};
    strbuf_add_char(&key, (char)('0' + value.what));
    strbuf_add_span(&key, prefix);
    value.prefix_len = key.len;
    strbuf_add_span(&key, rest);
    put(batch, strbuf_span(&key), value, bytes, name);
    strbuf_clear(&key);
}

void state_batch_mark(struct state_batch *batch, const char *source, struct span mark)
{
    put_key(batch, (struct state_value){.what = STATE_MARK}, SPAN(""), span_text(source), mark,
            SPAN(""));
}

void state_batch_thread(struct state_batch *batch, uint64_t number, struct span bytes)
{
    put_key(batch, (struct state_value){.what = STATE_THREAD}, SPAN(""),
            (struct span){(const char *)&number, sizeof number}, bytes, SPAN(""));
}

/* The profile's NUL parts it from the key. */
void state_batch_watch(struct state_batch *batch, const char *profile,
                       const struct watch_change *change)
{
    struct state_value value = {.what = STATE_WATCH, .minute = change->minute};
    struct span name = {0};
    if (change->bucket != NULL) {
        value.is_bucket = true;
        value.kind = change->bucket->kind;
        value.sum = change->bucket->sum;
        value.trusted = change->bucket->trusted;
        name = change->bucket->name;
    }
    put_key(batch, value, (struct span){profile, strlen(profile) + 1}, change->key, change->bytes,
            name);
}

/* Copies what counts, and what `minute` lets stay, from one to the other. */
static void copy_values(struct state_batch *to, const struct state_batch *from, int64_t minute)
{
    for (uint32_t i = 0; i < from->values.len; i++) {
        const struct state_value *value = &from->values.at[i];
        const char *at = strbuf_text(&from->arena) + value->at;
        if (value->what == STATE_WATCH && value->minute < minute)
            continue;
        put(to, map_key(&from->keys, i), *value, (struct span){at, value->len},
            (struct span){at + value->len, value->name_len});
    }
}

void state_batch_forget(struct state_batch *batch, int64_t minute)
{
    struct state_batch kept = {.spam = {batch->spam.at, batch->spam.len, batch->spam.cap},
                               .spam_bytes = batch->spam_bytes,
                               .since_ms = batch->since_ms};
    copy_values(&kept, batch, minute);
    map_clear(&batch->keys);
    vec_clear(&batch->values);
    strbuf_clear(&batch->arena);
    *batch = kept;
    batch->kept_bytes = state_batch_bytes(batch);
}

/* ---- spam ---- */

static const size_t texts[] = {
    offsetof(struct spam_event, queue_id),    offsetof(struct spam_event, message_id),
    offsetof(struct spam_event, from),        offsetof(struct spam_event, sasl),
    offsetof(struct spam_event, uid),         offsetof(struct spam_event, client),
    offsetof(struct spam_event, client_name),
};
#define TEXTS (sizeof texts / sizeof *texts)

static struct span *text_of(struct spam_event *event, size_t number)
{
    return (struct span *)(void *)((char *)event + texts[number]);
}

/* An address is written in one way only, which is Postfix' way to ask for it. */
static struct span canonical(struct span client, char text[46])
{
    struct addr addr;
    if (!addr_parse(client, &addr))
        return client;
    addr_format(&addr, text);
    return span_text(text);
}

void state_batch_spam(struct state_batch *batch, const struct spam_event *event)
{
    char client[46];
    struct state_spam *spam = vec_add(&batch->spam);
    size_t len = 0;
    *spam = (struct state_spam){.event = *event};
    spam->event.client = canonical(event->client, client);
    for (size_t i = 0; i < TEXTS; i++)
        len += text_of(&spam->event, i)->len;
    char *end = spam->text = mem_alloc(len);
    for (size_t i = 0; i < TEXTS; i++) {
        struct span *text = text_of(&spam->event, i);
        if (text->len > 0)
            memcpy(end, text->at, text->len);
        text->at = end;
        end += text->len;
    }
    spam->size = len + sizeof *spam;
    batch->spam_bytes += spam->size;
}

uint64_t state_batch_shed(struct state_batch *batch, size_t bytes)
{
    size_t gone = 0;
    for (; gone < batch->spam.len && state_batch_bytes(batch) > bytes; gone++) {
        batch->spam_bytes -= batch->spam.at[gone].size;
        free(batch->spam.at[gone].text);
    }
    batch->spam.len -= gone;
    if (gone > 0)
        memmove(batch->spam.at, batch->spam.at + gone, batch->spam.len * sizeof *batch->spam.at);
    return gone;
}

/* ---- two become one ---- */

void state_batch_fold(struct state_batch *older, struct state_batch *newer)
{
    copy_values(older, newer, INT64_MIN);
    for (size_t i = 0; i < newer->spam.len; i++)
        *vec_add(&older->spam) = newer->spam.at[i];
    older->spam_bytes += newer->spam_bytes;
    newer->spam.len = 0;
    state_batch_free(newer);
    if (older->arena.len > 2 * older->live + FULL_BYTES)
        state_batch_forget(older, INT64_MIN);
}
