/* watch_save - the watch's memory as small texts, and back.
 *
 * A minute of a sender:  key "b KIND MINUTE NAME",  "1 MESSAGES RECIPIENTS TRUSTED"
 * A place of the ring:   key "r PLACE",             "1 HASH TIME AGE FLAGS KIND NAME"
 * A name stands last, since it may hold any byte.
 */
#include "watch_parts.h"

#include "spamgear/base/clock.h"
#include "spamgear/log/stamp.h"
#include <inttypes.h>

#define JOINS_S 300
#define LATE_S  5 /* lines may be so late */

/* --- Saving --- */

struct save {
    struct strbuf key, bytes;
    void (*each)(void *state, const struct watch_change *change);
    void *state;
};

static void hand_over(struct save *save, int64_t minute, const struct watch_bucket *bucket)
{
    save->each(save->state, &(struct watch_change){.key = strbuf_span(&save->key),
                                                   .bytes = strbuf_span(&save->bytes),
                                                   .minute = minute,
                                                   .bucket = bucket});
    strbuf_reset(&save->key);
    strbuf_reset(&save->bytes);
}

static void save_slot(struct save *save, const struct watched *w, struct slot *slot)
{
    struct watch_bucket bucket = {
        w->kind, watch_name(w), slot->minute, {slot->messages, slot->recipients}, slot->trusted};
    strbuf_format(&save->key, "b %d %u ", (int)w->kind, slot->minute);
    strbuf_add_span(&save->key, bucket.name);
    strbuf_format(&save->bytes, "1 %u %u %u", slot->messages, slot->recipients, slot->trusted);
    slot->dirty = 0;
    hand_over(save, slot->minute, &bucket);
}

/* A place whose sender was forgotten is saved as a free one. */
static void save_place(struct save *save, const struct watch *watch, uint32_t number)
{
    const struct place *place = &watch->places[number];
    const struct watched *w = &watch->senders[place->sender];
    strbuf_format(&save->key, "r %u", number);
    if (w->serial == place->serial) {
        strbuf_format(&save->bytes, "1 %" PRIu64 " %u %u %d %d ", place->hash, place->time,
                      place->age, place->has_recipients + 2 * place->by_delivery, (int)w->kind);
        strbuf_add_span(&save->bytes, watch_name(w));
    }
    hand_over(save, place->time / 60, NULL);
}

/* Of a message that was saved as a count only two things are still to come, and soon: the same line
 * once more, and its recipients, where they decide. */
static bool is_needed(const struct watch *watch, const struct place *place)
{
    bool joins = watch->settings.by_recipients && !place->has_recipients;
    return place->time >= watch->now - (joins ? JOINS_S : LATE_S);
}

/* The newest first: mostly it is they. */
static void save_sender(struct save *save, struct watch *watch, struct watched *w)
{
    for (uint32_t n = w->len; w->unsaved > 0 && n-- > 0;) {
        if (!watch_slot(w, n)->dirty)
            continue;
        save_slot(save, w, watch_slot(w, n));
        w->unsaved--;
        watch->unsaved--;
    }
}

bool watch_save(struct watch *watch, size_t most,
                void (*each)(void *state, const struct watch_change *change), void *state)
{
    struct save save = {.each = each, .state = state};
    for (; watch->dirty_senders.len > 0 && most > 0; most--)
        save_sender(&save, watch,
                    &watch->senders[watch->dirty_senders.at[--watch->dirty_senders.len]]);
    for (; watch->dirty_places.len > 0 && most > 0; most--) {
        uint32_t number = watch->dirty_places.at[--watch->dirty_places.len];
        if (is_needed(watch, &watch->places[number]))
            save_place(&save, watch, number);
        watch->places[number].dirty = false;
    }
    strbuf_clear(&save.key);
    strbuf_clear(&save.bytes);
    return watch->dirty_senders.len + watch->dirty_places.len > 0;
}

/* --- Loading --- */

/* Takes a number and the blank behind it off the text. */
static bool take(struct span *text, uint64_t max, uint64_t *number)
{
    const char *blank = text->len > 0 ? memchr(text->at, ' ', text->len) : NULL;
    struct span word = blank == NULL ? *text : span_of(text->at, blank);
    unsigned long long value;
    if (!span_number(word, &value) || value > max)
        return false;
    *number = value;
    *text = span_skip(*text, word.len + (blank != NULL));
    return true;
}

static bool take_version(struct span *text)
{
    uint64_t version;
    return take(text, UINT32_MAX, &version) && version == 1;
}

/* Nothing that is stored lies further ahead than a line may. */
static uint64_t last_second(void)
{
    int64_t last = clock_now() + STAMP_BACK_S;
    return last < 0 ? 0 : (uint64_t)last;
}

static int load_slot(struct watch *watch, struct span key, struct span bytes)
{
    uint64_t kind, minute, messages, recipients, trusted = 0;
    if (!take(&key, SENDER_KINDS - 1, &kind) || !take(&key, last_second() / 60, &minute) ||
        !take_version(&bytes) || !take(&bytes, UINT32_MAX, &messages) ||
        !take(&bytes, UINT32_MAX, &recipients) ||
        (bytes.len > 0 && !take(&bytes, UINT32_MAX, &trusted)) || bytes.len > 0)
        return -1;
    int64_t time = (int64_t)minute * 60;
    if (watch->now < time)
        watch->now = time < clock_now() ? time : clock_now();
    uint32_t number = watch_put(watch, (enum sender_kind)kind, key);
    struct slot *slot = watch_minute(watch, number, (int64_t)minute);
    struct watched *w = &watch->senders[number];
    if (slot != NULL) {
        watch_set(w, slot, false, (struct watch_sum){messages, recipients});
        slot->trusted = (uint32_t)trusted;
    }
    w->told = watch->now;
    w->told_grown = watch_amount(watch, &w->grown);
    w->over = watch_amount(watch, &w->sum) >= watch_limit_of(watch, w);
    return 0;
}

static int load_place(struct watch *watch, struct span key, struct span bytes)
{
    uint64_t number, hash, time, age, flags, kind;
    if (!take(&key, WATCH_PLACES - 1, &number) || key.len > 0)
        return -1;
    if (bytes.len == 0)
        return 0;
    if (!take_version(&bytes) || !take(&bytes, UINT64_MAX, &hash) || hash == 0 ||
        !take(&bytes, last_second(), &time) || !take(&bytes, UINT32_MAX, &age) ||
        !take(&bytes, 3, &flags) || !take(&bytes, SENDER_KINDS - 1, &kind))
        return -1;
    if (number / WATCH_WAYS != (hash & (WATCH_SETS - 1)))
        return -1;
    uint32_t sender = watch_put(watch, (enum sender_kind)kind, bytes);
    watch->places[number] = (struct place){.hash = hash,
                                           .sender = sender,
                                           .serial = watch->senders[sender].serial,
                                           .time = (uint32_t)time,
                                           .age = (uint32_t)age,
                                           .has_recipients = (flags & 1) != 0,
                                           .by_delivery = (flags & 2) != 0};
    if (watch->age <= age)
        watch->age = (uint32_t)age + 1;
    return 0;
}

int watch_load(struct watch *watch, struct span key, struct span bytes)
{
    if (span_has_prefix(key, SPAN("b ")))
        return load_slot(watch, span_skip(key, 2), bytes);
    if (span_has_prefix(key, SPAN("r ")))
        return load_place(watch, span_skip(key, 2), bytes);
    return -1;
}
