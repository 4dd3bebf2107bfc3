/* watch - one small ring of minutes a sender, and the sum over it, kept up to date.
 *
 * Senders are found by a chained hash table and stand in the order in which they were seen last,
 * so that adding, finding and forgetting cost the same however many there are. A minute that lies
 * in the period in part counts whole: the watch may be early, never late.
 *
 * Lines stamped hours ahead do not count, as in a check, and no line moves the watch beyond the
 * clock: a forged stamp cannot make it forget.
 */
#include "watch_parts.h"

#include "spamgear/base/clock.h"
#include "spamgear/log/stamp.h"

#define SENDERS_MAX    100000
#define SLOTS_A_SENDER 32 /* on average, at most; 24 bytes each */
#define NAMES_A_SENDER 256
#define CHAINS_START   1024
#define MINUTES_MAX    0x7fffffff

struct watch *watch_new(const struct watch_settings *settings)
{
    struct watch *watch = mem_zero(1, sizeof *watch);
    watch->settings = *settings;
    if (watch->settings.senders_max == 0)
        watch->settings.senders_max = SENDERS_MAX;
    if (watch->settings.again_s == 0)
        watch->settings.again_s = 60;
    watch->free_sender = WATCH_NONE;
    for (int rank = 0; rank < WATCH_RANKS; rank++)
        watch->lines[rank] = (struct watch_line){WATCH_NONE, WATCH_NONE, 0};
    watch->chains_len = CHAINS_START;
    watch->chains = mem_alloc(CHAINS_START * sizeof *watch->chains);
    memset(watch->chains, 0xff, CHAINS_START * sizeof *watch->chains);
    watch->places = mem_zero(WATCH_PLACES, sizeof *watch->places);
    return watch;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL)
        return;
    for (size_t i = 0; i < watch->senders_len; i++) {
        free(watch->senders[i].name);
        free(watch->senders[i].slots);
    }
    free(watch->senders);
    free(watch->chains);
    free(watch->places);
    vec_clear(&watch->dirty_senders);
    vec_clear(&watch->dirty_places);
    free(watch);
}

/* --- Senders --- */

static uint64_t hash_of(enum sender_kind kind, struct span name)
{
    return map_hash(name.at, name.len) + (uint64_t)kind * UINT64_C(0x9e3779b97f4a7c15);
}

static uint32_t *chain_of(const struct watch *watch, uint64_t hash)
{
    return &watch->chains[hash & (watch->chains_len - 1)];
}

static uint32_t look_up(const struct watch *watch, enum sender_kind kind, struct span name,
                        uint64_t hash)
{
    uint32_t number = *chain_of(watch, hash);
    while (number != WATCH_NONE) {
        const struct watched *w = &watch->senders[number];
        if (w->hash == hash && w->kind == kind && span_is(watch_name(w), name))
            return number;
        number = w->next;
    }
    return WATCH_NONE;
}

uint32_t watch_find(const struct watch *watch, enum sender_kind kind, struct span name)
{
    return look_up(watch, kind, name, hash_of(kind, name));
}

static void unlink_seen(struct watch *watch, const struct watched *w)
{
    struct watch_line *line = &watch->lines[w->rank];
    *(w->newer != WATCH_NONE ? &watch->senders[w->newer].older : &line->newest) = w->older;
    *(w->older != WATCH_NONE ? &watch->senders[w->older].newer : &line->oldest) = w->newer;
    line->len--;
}

static void link_newest(struct watch *watch, uint32_t number)
{
    struct watched *w = &watch->senders[number];
    struct watch_line *line = &watch->lines[w->rank];
    w->newer = WATCH_NONE;
    w->older = line->newest;
    *(w->older != WATCH_NONE ? &watch->senders[w->older].newer : &line->oldest) = number;
    line->newest = number;
    line->len++;
}

static void forget(struct watch *watch, uint32_t number)
{
    struct watched *w = &watch->senders[number];
    uint32_t *at = chain_of(watch, w->hash);
    while (*at != number)
        at = &watch->senders[*at].next;
    *at = w->next;
    unlink_seen(watch, w);
    watch->slots -= w->cap;
    watch->unsaved -= w->unsaved;
    watch->name_bytes -= w->name_len;
    watch->live--;
    free(w->name);
    free(w->slots);
    *w = (struct watched){.next = watch->free_sender};
    watch->free_sender = number;
}

/* Of the lowest rank that has more than its share; never a rank's newest, who may be the sender at
 * hand. */
static uint32_t who_goes(const struct watch *watch)
{
    uint32_t who = WATCH_NONE;
    for (int rank = WATCH_RANKS; rank-- > 0;) {
        const struct watch_line *line = &watch->lines[rank];
        if (line->newest != line->oldest &&
            (who == WATCH_NONE || line->len > watch->live / (WATCH_RANKS + 1)))
            who = line->oldest;
    }
    return who;
}

/* Memory is bounded: who was not seen for longest goes. */
static void make_room(struct watch *watch)
{
    size_t max = watch->settings.senders_max;
    uint32_t who;
    while ((watch->live > max || watch->slots > max * SLOTS_A_SENDER ||
            watch->name_bytes > max * NAMES_A_SENDER) &&
           (who = who_goes(watch)) != WATCH_NONE) {
        forget(watch, who);
        watch->counts.forgotten++;
    }
}

static void grow_chains(struct watch *watch)
{
    watch->chains_len *= 2;
    watch->chains = mem_resize(watch->chains, watch->chains_len * sizeof *watch->chains);
    memset(watch->chains, 0xff, watch->chains_len * sizeof *watch->chains);
    for (int rank = 0; rank < WATCH_RANKS; rank++)
        for (uint32_t i = watch->lines[rank].newest; i != WATCH_NONE; i = watch->senders[i].older) {
            uint32_t *chain = chain_of(watch, watch->senders[i].hash);
            watch->senders[i].next = *chain;
            *chain = i;
        }
}

static uint32_t take_number(struct watch *watch)
{
    uint32_t number = watch->free_sender;
    if (number != WATCH_NONE) {
        watch->free_sender = watch->senders[number].next;
        return number;
    }
    if (watch->senders_len == watch->senders_cap)
        mem_grow((void **)&watch->senders, &watch->senders_cap, watch->senders_len + 1,
                 sizeof *watch->senders);
    return (uint32_t)watch->senders_len++;
}

static bool is_account(enum sender_kind kind)
{
    return kind != SENDER_HOST && kind != SENDER_SCRIPT;
}

static uint32_t add_sender(struct watch *watch, enum sender_kind kind, struct span name,
                           uint64_t hash)
{
    if (watch->live >= watch->chains_len)
        grow_chains(watch);
    uint32_t number = take_number(watch), *chain = chain_of(watch, hash);
    watch->senders[number] = (struct watched){.name = mem_text_of(name.at, name.len),
                                              .name_len = name.len,
                                              .hash = hash,
                                              .kind = kind,
                                              .rank = is_account(kind) ? RANK_PLAIN : RANK_OTHER,
                                              .next = *chain,
                                              .serial = ++watch->serial,
                                              .again_at = UINT64_MAX,
                                              .limit_minute = INT64_MIN};
    *chain = number;
    watch->live++;
    watch->name_bytes += name.len;
    link_newest(watch, number);
    make_room(watch);
    return number;
}

static void see(struct watch *watch, uint32_t number)
{
    if (watch->lines[watch->senders[number].rank].newest == number)
        return;
    unlink_seen(watch, &watch->senders[number]);
    link_newest(watch, number);
}

static void trust(struct watch *watch, uint32_t number)
{
    struct watched *w = &watch->senders[number];
    if (w->rank != RANK_PLAIN)
        return;
    unlink_seen(watch, w);
    w->rank = RANK_FIRM;
    link_newest(watch, number);
}

uint32_t watch_put(struct watch *watch, enum sender_kind kind, struct span name)
{
    uint64_t hash = hash_of(kind, name);
    uint32_t number = look_up(watch, kind, name, hash);
    if (number == WATCH_NONE)
        return add_sender(watch, kind, name, hash);
    see(watch, number);
    return number;
}

/* --- Minutes --- */

static int64_t first_minute(const struct watch *watch, int64_t now)
{
    int64_t period = watch->settings.period_s;
    return period > now ? 0 : (now - period + 1) / 60;
}

/* What lies further ahead was counted by a clock that has been set back since. */
static int64_t last_minute(int64_t clock)
{
    return (clock + STAMP_BACK_S) / 60;
}

static void take_off(const struct slot *slot, struct watch_sum *sum)
{
    sum->messages -= (uint64_t)slot->messages + slot->foreign_messages;
    sum->recipients -= (uint64_t)slot->recipients + slot->foreign_recipients;
}

static void drop(struct watch *watch, struct watched *w, const struct slot *slot)
{
    take_off(slot, &w->sum);
    w->unsaved -= slot->dirty;
    watch->unsaved -= slot->dirty;
    w->len--;
}

static void drop_outside(struct watch *watch, struct watched *w)
{
    int64_t first = first_minute(watch, watch->now), last = last_minute(clock_now());
    while (w->len > 0 && (int64_t)watch_slot(w, w->len - 1)->minute > last)
        drop(watch, w, watch_slot(w, w->len - 1));
    while (w->len > 0 && (int64_t)watch_slot(w, 0)->minute < first) {
        drop(watch, w, watch_slot(w, 0));
        w->head = (w->head + 1) & (w->cap - 1);
    }
}

static void grow_slots(struct watch *watch, struct watched *w)
{
    uint32_t cap = w->cap == 0 ? 2 : w->cap * 2;
    struct slot *slots = mem_alloc(cap * sizeof *slots);
    for (uint32_t i = 0; i < w->len; i++)
        slots[i] = *watch_slot(w, i);
    free(w->slots);
    watch->slots += cap - w->cap;
    w->slots = slots;
    w->cap = cap;
    w->head = 0;
}

struct slot *watch_minute(struct watch *watch, uint32_t number, int64_t minute)
{
    struct watched *w = &watch->senders[number];
    uint32_t at = w->len;
    if (minute < first_minute(watch, watch->now) || minute < 0 || minute > MINUTES_MAX)
        return NULL;
    while (at > 0 && (int64_t)watch_slot(w, at - 1)->minute > minute)
        at--;
    if (at > 0 && watch_slot(w, at - 1)->minute == minute)
        return watch_slot(w, at - 1);
    if (w->len == w->cap)
        grow_slots(watch, w);
    for (uint32_t i = w->len; i > at; i--)
        *watch_slot(w, i) = *watch_slot(w, i - 1);
    *watch_slot(w, at) = (struct slot){.minute = (uint32_t)minute & MINUTES_MAX};
    w->len++;
    make_room(watch);
    return watch_slot(w, at);
}

static uint32_t bounded(uint64_t number)
{
    return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

static void set_one(uint32_t *number, uint64_t value, uint64_t *sum, uint64_t *grown)
{
    uint32_t now = bounded(value);
    *grown += now > *number ? now - *number : 0;
    *sum = *sum - *number + now;
    *number = now;
}

void watch_set(struct watched *w, struct slot *slot, bool foreign, struct watch_sum sum)
{
    set_one(foreign ? &slot->foreign_messages : &slot->messages, sum.messages, &w->sum.messages,
            &w->grown.messages);
    set_one(foreign ? &slot->foreign_recipients : &slot->recipients, sum.recipients,
            &w->sum.recipients, &w->grown.recipients);
}

/* --- Judging --- */

uint64_t watch_limit_of(const struct watch *watch, struct watched *w)
{
    if (w->limit_minute != watch->now / 60) {
        w->limit = limit_of(watch->settings.limits, watch_name(w), watch->now, NULL);
        w->limit_minute = watch->now / 60;
    }
    return w->limit;
}

/* Since when is that long enough ago? What was told in a time that has yet to come says nothing. */
static bool is_fresh(const struct watch *watch, int64_t told)
{
    return told <= watch->now && watch->now - told < watch->settings.again_s;
}

static void judge_half(const struct watch *watch, struct watched *w, uint64_t amount,
                       uint64_t limit)
{
    if (watch->settings.half == NULL || amount < limit - limit / 2 || is_fresh(watch, w->half_told))
        return;
    w->half_told = watch->now;
    watch->settings.half(watch->settings.state, w->kind, watch_name(w));
}

static void judge(struct watch *watch, struct watched *w)
{
    uint64_t amount = watch_amount(watch, &w->sum), limit = watch_limit_of(watch, w);
    uint64_t grown = watch_amount(watch, &w->grown);
    judge_half(watch, w, amount, limit);
    if (amount < limit) {
        w->over = false;
        return;
    }
    if (w->over && is_fresh(watch, w->told) && grown < w->again_at)
        return;
    w->over = true;
    w->told = watch->now;
    w->told_grown = grown;
    w->again_at = UINT64_MAX;
    if (watch->settings.crossed != NULL)
        watch->settings.crossed(watch->settings.state, w->kind, watch_name(w), w->sum, limit);
}

/* Before something is added: was the sender below the limit meanwhile? */
static void come_to_date(struct watch *watch, struct watched *w)
{
    drop_outside(watch, w);
    if (w->over && watch_amount(watch, &w->sum) < watch_limit_of(watch, w))
        w->over = false;
}

void watch_not_over(struct watch *watch, enum sender_kind kind, struct span name, uint64_t missing)
{
    uint32_t number = watch_find(watch, kind, name);
    if (number == WATCH_NONE)
        return;
    struct watched *w = &watch->senders[number];
    w->again_at = missing < UINT64_MAX - w->told_grown ? w->told_grown + missing : UINT64_MAX;
    come_to_date(watch, w);
    if (w->over && watch_amount(watch, &w->grown) >= w->again_at)
        judge(watch, w);
}

/* --- Adding --- */

/* Moves the watch on. A clock that was set back takes it along. False: a line stamped so far ahead
 * does not count. */
static bool move_on(struct watch *watch, int64_t time)
{
    int64_t clock = clock_now();
    if (watch->now > clock)
        watch->now = clock;
    if (watch->now < (time < clock ? time : clock))
        watch->now = time < clock ? time : clock;
    return time <= clock + STAMP_BACK_S;
}

static void mark_slot(struct watch *watch, uint32_t number, struct slot *slot)
{
    if (slot->dirty)
        return;
    if (watch->senders[number].unsaved++ == 0)
        *vec_add(&watch->dirty_senders) = number;
    watch->unsaved++;
    slot->dirty = 1;
}

static void add_to(struct watch *watch, uint32_t number, int64_t minute, struct watch_sum more,
                   uint64_t trusted)
{
    see(watch, number);
    come_to_date(watch, &watch->senders[number]);
    struct slot *slot = watch_minute(watch, number, minute);
    if (slot == NULL)
        return;
    struct watched *w = &watch->senders[number];
    watch_set(
        w, slot, false,
        (struct watch_sum){slot->messages + more.messages, slot->recipients + more.recipients});
    slot->trusted = bounded(slot->trusted + trusted);
    mark_slot(watch, number, slot);
    judge(watch, w);
}

void watch_count(struct watch *watch, enum sender_kind kind, struct span name, int64_t time,
                 uint64_t messages, uint64_t recipients)
{
    if (time < 0 || !move_on(watch, time))
        return;
    add_to(watch, watch_put(watch, kind, name), time / 60, (struct watch_sum){messages, recipients},
           0);
}

void watch_foreign(struct watch *watch, const struct watch_bucket *bucket)
{
    bool none = bucket->sum.messages == 0 && bucket->sum.recipients == 0;
    if (bucket->minute < first_minute(watch, watch->now) || bucket->minute > MINUTES_MAX ||
        !move_on(watch, bucket->minute * 60))
        return;
    if (none && watch_find(watch, bucket->kind, bucket->name) == WATCH_NONE)
        return;
    uint32_t number = watch_put(watch, bucket->kind, bucket->name);
    come_to_date(watch, &watch->senders[number]);
    struct slot *slot = watch_minute(watch, number, bucket->minute);
    if (slot == NULL)
        return;
    watch_set(&watch->senders[number], slot, true, bucket->sum);
    judge(watch, &watch->senders[number]);
}

/* --- Messages remembered by queue ID --- */

static void mark_place(struct watch *watch, struct place *place)
{
    if (!place->dirty)
        *vec_add(&watch->dirty_places) = (uint32_t)(place - watch->places);
    place->dirty = true;
}

static uint64_t queue_hash(struct span queue_id)
{
    uint64_t hash = map_digest(queue_id.at, queue_id.len);
    return hash == 0 ? 1 : hash;
}

static struct place *set_of(const struct watch *watch, uint64_t hash)
{
    return &watch->places[(hash & (WATCH_SETS - 1)) * WATCH_WAYS];
}

static struct place *recall(const struct watch *watch, uint64_t hash)
{
    struct place *set = set_of(watch, hash);
    for (int i = 0; i < WATCH_WAYS; i++)
        if (set[i].hash == hash)
            return &set[i];
    return NULL;
}

/* A free place of the queue ID's set, else the one taken longest ago. */
static struct place *take_place(const struct watch *watch, uint64_t hash)
{
    struct place *set = set_of(watch, hash), *oldest = set;
    for (int i = 0; i < WATCH_WAYS; i++) {
        if (set[i].hash == 0)
            return &set[i];
        if (watch->age - set[i].age > watch->age - oldest->age)
            oldest = &set[i];
    }
    return oldest;
}

static void remember(struct watch *watch, struct place *place, uint64_t hash, uint32_t number,
                     const struct event *event)
{
    bool dirty = place->dirty;
    *place = (struct place){.hash = hash,
                            .sender = number,
                            .serial = watch->senders[number].serial,
                            .time = (uint32_t)event->time,
                            .age = watch->age++,
                            .has_recipients = event->recipients > 0,
                            .dirty = dirty};
    mark_place(watch, place);
}

/* Lines of one queue ID in one minute are one message. A later one may be another message whose
 * ID was used again: a check whose window begins between them would count it, so it counts. */
static void add_accepted(struct watch *watch, const struct event *event)
{
    uint64_t hash = event->queue_id.len > 0 ? queue_hash(event->queue_id) : 0;
    uint64_t repeat = hash != 0 ? 1 : event->repeat;
    struct place *place = hash != 0 ? recall(watch, hash) : NULL;
    if (place != NULL && place->time / 60 == event->time / 60)
        return;
    uint32_t number = watch_put(watch, event->sender_kind, event->sender);
    bool trusted = event->origin == ORIGIN_TRUSTED;
    if (trusted)
        trust(watch, number);
    if (hash != 0)
        remember(watch, place != NULL ? place : take_place(watch, hash), hash, number, event);
    uint64_t recipients = repeat * (event->recipients > 0 ? event->recipients : 1);
    add_to(watch, number, event->time / 60, (struct watch_sum){repeat, recipients},
           trusted ? repeat : 0);
}

/* A message counts as one recipient until its recipients are known. A line that says how many is
 * believed once (a retry says it again); lines of single deliveries add up. */
static void add_recipients(struct watch *watch, const struct event *event)
{
    if (event->queue_id.len == 0 || event->recipients == 0)
        return;
    struct place *place = recall(watch, queue_hash(event->queue_id));
    if (place == NULL || place->has_recipients || place->sender >= watch->senders_len ||
        watch->senders[place->sender].serial != place->serial)
        return;
    bool delivery = event->kind == EVENT_DELIVERED;
    uint64_t more = event->recipients - (delivery && place->by_delivery ? 0 : 1);
    place->by_delivery = delivery;
    place->has_recipients = !delivery;
    mark_place(watch, place);
    if (more > 0)
        add_to(watch, place->sender, event->time / 60, (struct watch_sum){0, more}, 0);
}

void watch_add(struct watch *watch, const struct event *event)
{
    if (event->origin == ORIGIN_FORGED || event->time < 0 ||
        event->time / 60 < first_minute(watch, clock_now()) || !move_on(watch, event->time))
        return;
    switch (event->kind) {
    case EVENT_ACCEPTED: add_accepted(watch, event); break;
    case EVENT_RECIPIENTS:
    case EVENT_DELIVERED: add_recipients(watch, event); break;
    case EVENT_FAILED:
    case EVENT_REJECTED: break;
    }
}

/* --- Reading --- */

/* Without what lies before the period that ends at now, not after `after`, or too far ahead. */
static struct watch_sum sum_at(const struct watch *watch, const struct watched *w, int64_t after,
                               int64_t now)
{
    int64_t first = first_minute(watch, now), last = last_minute(now);
    struct watch_sum sum = w->sum;
    uint32_t i = 0, end = w->len;
    if (after > 0 && first <= after / 60)
        first = after / 60 + 1;
    for (; i < end && (int64_t)watch_slot(w, i)->minute < first; i++)
        take_off(watch_slot(w, i), &sum);
    for (; end > i && (int64_t)watch_slot(w, end - 1)->minute > last; end--)
        take_off(watch_slot(w, end - 1), &sum);
    return sum;
}

struct watch_sum watch_sum(const struct watch *watch, enum sender_kind kind, struct span name,
                           int64_t after, int64_t now)
{
    uint32_t number = watch_find(watch, kind, name);
    return number == WATCH_NONE ? (struct watch_sum){0}
                                : sum_at(watch, &watch->senders[number], after, now);
}

uint64_t watch_limit(const struct watch *watch, struct span name, int64_t now)
{
    return limit_of(watch->settings.limits, name, now, NULL);
}

bool watch_is_over(const struct watch *watch, enum sender_kind kind, struct span name,
                   int64_t after, int64_t now)
{
    uint32_t number = watch_find(watch, kind, name);
    if (number == WATCH_NONE)
        return false;
    struct watch_sum sum = sum_at(watch, &watch->senders[number], after, now);
    return watch_amount(watch, &sum) >= watch_limit(watch, name, now);
}

void watch_tick(struct watch *watch, int64_t now)
{
    int64_t first = first_minute(watch, now);
    for (int rank = 0; rank < WATCH_RANKS; rank++) {
        const struct watch_line *line = &watch->lines[rank];
        while (line->oldest != WATCH_NONE) {
            const struct watched *w = &watch->senders[line->oldest];
            if (w->len > 0 && (int64_t)watch_slot(w, w->len - 1)->minute >= first)
                break;
            forget(watch, line->oldest);
        }
    }
}

void watch_over(const struct watch *watch, int64_t now,
                void (*each)(void *state, enum sender_kind kind, struct span name,
                             struct watch_sum sum, uint64_t limit),
                void *state)
{
    uint32_t next;
    for (int rank = WATCH_RANKS; rank-- > 0;)
        for (uint32_t i = watch->lines[rank].newest; i != WATCH_NONE; i = next) {
            const struct watched *w = &watch->senders[i];
            struct watch_sum sum = sum_at(watch, w, 0, now);
            uint64_t limit = watch_limit(watch, watch_name(w), now);
            next = w->older;
            if (watch_amount(watch, &sum) >= limit)
                each(state, w->kind, watch_name(w), sum, limit);
        }
}

void watch_look(const struct watch *watch, struct watch_counts *counts)
{
    *counts = watch->counts;
    counts->senders = watch->live;
    counts->unsaved = watch->unsaved;
}
