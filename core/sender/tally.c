/* tally - what the hot path touches is small and flat: one record a sender, one a pair.
 *
 * The memory of queue IDs is a set-associative table: a queue ID belongs to one small set
 * of places, and a new one takes the place of the oldest in its set. So it needs no
 * deletion, no growth and no list, and forgets only what is thousands of messages old.
 * Where nothing may be forgotten (several logs), the same places are an open hash table that
 * grows: 16 bytes a place, at most three in four of them taken.
 */
#include "spamgear/sender/tally.h"

#include "spamgear/base/map.h"
#include "spamgear/base/vec.h"

#define NONE       UINT32_MAX
#define WAYS       8
#define SETS_START 2048 /* x WAYS messages remembered */

/* A message that was counted, waiting for its recipients. */
struct recent {
    uint64_t hash;   /* of its queue ID; 0 = free */
    uint32_t sender; /* number within its kind */
    uint32_t age : 27, kind : 3, has_recipients : 1, by_delivery : 1;
};

#define AGE_MASK 0x7ffffffu /* ages are compared modulo this, plus one */

struct record {
    uint64_t messages, recipients, failed, trusted;
    int64_t first, last;
    uint32_t pairs; /* newest pair, NONE for none */
    uint32_t evidence_len;
    struct evidence *evidence, *newest_evidence;
};

struct pair {
    uint32_t sender; /* kind << 29 | number: also what the slot table compares */
    uint32_t client;
    uint32_t next; /* of the same sender */
    uint32_t messages;
};

/* Where name and address stand in a client's text. The address is read when a report asks for
 * it: there are many clients, and few are reported. */
struct client {
    uint16_t name_len; /* at the start */
    uint16_t addr_at, addr_len;
};

struct kind {
    struct map names;
    VEC(struct record) records;
};

struct tally {
    struct tally_settings settings;
    struct kind kinds[SENDER_KINDS];
    struct map client_texts;
    VEC(struct client) clients;
    struct strbuf joined; /* client_text's result */
    VEC(struct pair) pairs;
    uint32_t *pair_slots; /* numbers of pairs, NONE = free; a power of two */
    size_t pair_slot_count;
    struct recent *recent;
    size_t recent_sets, remembered; /* remembered: counted for several logs only */
    uint32_t age;
    uint32_t failed_names;
    uint64_t failed, failed_unnamed;
};

struct tally *tally_new(const struct tally_settings *settings)
{
    struct tally *tally = mem_zero(1, sizeof *tally);
    tally->settings = *settings;
    tally->recent_sets = SETS_START;
    tally->recent = mem_zero(SETS_START * WAYS, sizeof *tally->recent);
    return tally;
}

static void free_evidence(struct evidence *evidence)
{
    while (evidence != NULL) {
        struct evidence *next = evidence->next;
        free(evidence->text);
        free(evidence);
        evidence = next;
    }
}

void tally_free(struct tally *tally)
{
    if (tally == NULL)
        return;
    for (int k = 0; k < SENDER_KINDS; k++) {
        struct kind *kind = &tally->kinds[k];
        for (size_t i = 0; i < kind->records.len; i++)
            free_evidence(kind->records.at[i].evidence);
        vec_clear(&kind->records);
        map_clear(&kind->names);
    }
    map_clear(&tally->client_texts);
    vec_clear(&tally->clients);
    strbuf_clear(&tally->joined);
    vec_clear(&tally->pairs);
    free(tally->pair_slots);
    free(tally->recent);
    free(tally);
}

/* --- Messages remembered by queue ID --- */

static struct recent *set_of(const struct tally *tally, uint64_t hash)
{
    return &tally->recent[(hash & (tally->recent_sets - 1)) * WAYS];
}

static uint64_t queue_hash(struct span queue_id)
{
    uint64_t hash = map_hash(queue_id.at, queue_id.len);
    return hash == 0 ? 1 : hash;
}

/* Several logs: where the queue ID stands, or the free place where it belongs. */
static struct recent *probe(const struct tally *tally, uint64_t hash)
{
    size_t mask = tally->recent_sets * WAYS - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask)
        if (tally->recent[i].hash == hash || tally->recent[i].hash == 0)
            return &tally->recent[i];
}

static struct recent *recall(const struct tally *tally, uint64_t hash)
{
    if (tally->settings.several_logs) {
        struct recent *place = probe(tally, hash);
        return place->hash == 0 ? NULL : place;
    }
    struct recent *set = set_of(tally, hash);
    for (int i = 0; i < WAYS; i++)
        if (set[i].hash == hash)
            return &set[i];
    return NULL;
}

/* A free place of the queue ID's set, else the one taken longest ago. */
static struct recent *oldest_of(const struct tally *tally, struct recent *set)
{
    struct recent *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].hash == 0)
            return &set[i];
        if (((tally->age - set[i].age) & AGE_MASK) > ((tally->age - oldest->age) & AGE_MASK))
            oldest = &set[i];
    }
    return oldest;
}

static void grow_recent(struct tally *tally)
{
    struct recent *old = tally->recent;
    size_t len = tally->recent_sets * WAYS;
    tally->recent_sets *= 2;
    tally->recent = mem_zero(tally->recent_sets * WAYS, sizeof *tally->recent);
    for (size_t i = 0; i < len; i++)
        if (old[i].hash != 0)
            *probe(tally, old[i].hash) = old[i];
    free(old);
}

static struct recent *remember(struct tally *tally, uint64_t hash)
{
    struct recent *place;
    if (tally->settings.several_logs) {
        if (++tally->remembered > tally->recent_sets * WAYS / 4 * 3)
            grow_recent(tally);
        place = probe(tally, hash);
    } else {
        place = oldest_of(tally, set_of(tally, hash));
    }
    *place = (struct recent){.hash = hash, .age = tally->age++ & AGE_MASK};
    return place;
}

/* --- Senders and their clients --- */

static struct record *record_of(struct tally *tally, enum sender_kind kind, struct span name,
                                uint32_t *number)
{
    bool added;
    struct kind *k = &tally->kinds[kind];
    *number = map_put(&k->names, name, &added);
    if (added)
        *vec_add(&k->records) = (struct record){.pairs = NONE};
    return &k->records.at[*number];
}

/* The client's key begins with its name. Where a format of the config finds the two in different
 * places of the line, they are joined here. */
static struct span client_text(struct tally *tally, const struct event *event)
{
    struct span text = event->client.len > 0 ? event->client : event->client_addr;
    if (span_has_prefix(text, event->client_name))
        return text;
    strbuf_reset(&tally->joined);
    strbuf_add_span(&tally->joined, event->client_name);
    strbuf_add_char(&tally->joined, '[');
    strbuf_add_span(&tally->joined, text);
    strbuf_add_char(&tally->joined, ']');
    return strbuf_span(&tally->joined);
}

static struct client find_parts(struct span text, const struct event *event)
{
    struct client client = {0};
    struct span name = event->client_name, addr = event->client_addr;
    const char *at = addr.len > 0 ? span_find_last(text, addr) : NULL;
    if (text.len > UINT16_MAX)
        return client;
    if (span_has_prefix(text, name))
        client.name_len = (uint16_t)name.len;
    if (at != NULL) {
        client.addr_at = (uint16_t)(at - text.at);
        client.addr_len = (uint16_t)addr.len;
    }
    return client;
}

static uint32_t client_of(struct tally *tally, const struct event *event)
{
    bool added;
    struct span text = client_text(tally, event);
    uint32_t number = map_put(&tally->client_texts, text, &added);
    if (added)
        *vec_add(&tally->clients) = find_parts(text, event);
    return number;
}

static size_t pair_place(const struct tally *tally, uint32_t sender, uint32_t client)
{
    uint64_t mixed = ((uint64_t)sender << 32 | client) * UINT64_C(0x9e3779b97f4a7c15);
    size_t mask = tally->pair_slot_count - 1;
    for (size_t i = (mixed >> 32) & mask;; i = (i + 1) & mask) {
        uint32_t number = tally->pair_slots[i];
        if (number == NONE)
            return i;
        if (tally->pairs.at[number].sender == sender && tally->pairs.at[number].client == client)
            return i;
    }
}

static void grow_pairs(struct tally *tally)
{
    free(tally->pair_slots);
    tally->pair_slot_count = tally->pair_slot_count == 0 ? 64 : tally->pair_slot_count * 2;
    tally->pair_slots = mem_alloc(tally->pair_slot_count * sizeof *tally->pair_slots);
    memset(tally->pair_slots, 0xff, tally->pair_slot_count * sizeof *tally->pair_slots);
    for (uint32_t i = 0; i < tally->pairs.len; i++) {
        const struct pair *pair = &tally->pairs.at[i];
        tally->pair_slots[pair_place(tally, pair->sender, pair->client)] = i;
    }
}

static void count_client(struct tally *tally, struct record *record, uint32_t sender,
                         const struct event *event, uint32_t repeat)
{
    uint32_t client = client_of(tally, event);
    if ((tally->pairs.len + 1) * 4 > tally->pair_slot_count * 3)
        grow_pairs(tally);
    uint32_t *slot = &tally->pair_slots[pair_place(tally, sender, client)];
    if (*slot == NONE) {
        *slot = (uint32_t)tally->pairs.len;
        *vec_add(&tally->pairs) = (struct pair){sender, client, record->pairs, 0};
        record->pairs = *slot;
    }
    tally->pairs.at[*slot].messages += repeat;
}

/* --- Evidence --- */

/* Where an event's line stands. */
struct place {
    const char *file;
    bool readable; /* there, again */
};

static bool wants_evidence(const struct tally *tally, const struct record *record,
                           const struct event *event)
{
    if (record->evidence_len >= tally->settings.evidence)
        return false;
    return tally->settings.only_name == NULL ||
           span_is(event->sender, span_text(tally->settings.only_name));
}

/* The record and its line are one piece of memory. */
static void keep_evidence(struct record *record, const struct event *event,
                          const struct place *place)
{
    size_t kept = place->readable ? 0 : event->line.len;
    struct evidence *evidence = mem_alloc(sizeof *evidence + kept);
    char *line = place->readable ? NULL : (char *)(evidence + 1);
    *evidence = (struct evidence){.file = place->file,
                                  .line = {line, event->line.len},
                                  .offset = event->offset,
                                  .time = event->time};
    if (kept > 0)
        memcpy(line, event->line.at, kept);
    if (record->newest_evidence == NULL)
        record->evidence = evidence;
    else
        record->newest_evidence->next = evidence;
    record->newest_evidence = evidence;
    record->evidence_len++;
}

/* --- Adding --- */

static void tell_added(const struct tally *tally, enum sender_kind kind, uint32_t number,
                       int64_t time, uint64_t messages, uint64_t recipients)
{
    if (tally->settings.added != NULL)
        tally->settings.added(tally->settings.added_state, kind, number, time, messages,
                              recipients);
}

/* Equal lines with a queue ID are one message, however often syslog folded them. */
static uint32_t repeat_of(const struct event *event)
{
    return event->queue_id.len > 0 ? 1 : event->repeat;
}

static void add_message(struct tally *tally, const struct event *event, const struct place *place,
                        struct recent *recent)
{
    uint32_t number, repeat = repeat_of(event);
    struct record *record = record_of(tally, event->sender_kind, event->sender, &number);
    if (record->messages == 0 || event->time < record->first)
        record->first = event->time;
    if (record->messages == 0 || event->time > record->last)
        record->last = event->time;
    uint64_t recipients = (uint64_t)repeat * (event->recipients > 0 ? event->recipients : 1);
    record->messages += repeat;
    record->recipients += recipients;
    record->trusted += event->origin == ORIGIN_TRUSTED ? repeat : 0;
    if (wants_evidence(tally, record, event))
        keep_evidence(record, event, place);
    if (event->client_addr.len > 0 || event->client.len > 0)
        count_client(tally, record, (uint32_t)event->sender_kind << 29 | number, event, repeat);
    if (recent != NULL) {
        recent->sender = number;
        recent->kind = (unsigned)event->sender_kind & 7;
        recent->has_recipients = event->recipients > 0;
    }
    tell_added(tally, event->sender_kind, number, event->time, repeat, recipients);
}

static void add_accepted(struct tally *tally, const struct event *event, const struct place *place)
{
    struct recent *recent = NULL;
    if (event->queue_id.len > 0) {
        uint64_t hash = queue_hash(event->queue_id);
        if (recall(tally, hash) != NULL)
            return;
        recent = remember(tally, hash);
    }
    add_message(tally, event, place, recent);
}

/* A message counts as one recipient until its recipients are known. A line that says how many
 * is believed once (a retry says it again); lines of single deliveries add up. */
static void add_recipients(struct tally *tally, const struct event *event)
{
    struct recent *recent =
        event->queue_id.len > 0 ? recall(tally, queue_hash(event->queue_id)) : NULL;
    if (recent == NULL || recent->has_recipients || event->recipients == 0)
        return;
    bool delivery = event->kind == EVENT_DELIVERED;
    uint64_t more = event->recipients - (delivery && recent->by_delivery ? 0 : 1);
    tally->kinds[recent->kind].records.at[recent->sender].recipients += more;
    tell_added(tally, (enum sender_kind)recent->kind, recent->sender, event->time, 0, more);
    recent->by_delivery = delivery;
    recent->has_recipients = !delivery;
}

static void add_failed(struct tally *tally, const struct event *event)
{
    uint32_t number;
    tally->failed += event->repeat;
    bool known = map_get(&tally->kinds[event->sender_kind].names, event->sender) != MAP_NONE;
    if (!known && tally->failed_names >= TALLY_FAILED_NAMES) {
        tally->failed_unnamed += event->repeat;
        return;
    }
    tally->failed_names += !known;
    record_of(tally, event->sender_kind, event->sender, &number)->failed += event->repeat;
}

void tally_add(struct tally *tally, const struct event *event, const char *file, bool readable)
{
    struct place place = {file, readable};
    switch (event->kind) {
    case EVENT_ACCEPTED: add_accepted(tally, event, &place); break;
    case EVENT_RECIPIENTS:
    case EVENT_DELIVERED: add_recipients(tally, event); break;
    case EVENT_FAILED:
    case EVENT_REJECTED: add_failed(tally, event); break;
    }
}

void tally_seal(struct tally *tally)
{
    free(tally->recent);
    free(tally->pair_slots);
    tally->recent = NULL;
    tally->pair_slots = NULL;
    tally->pair_slot_count = 0;
}

/* --- Reading --- */

uint32_t tally_count(const struct tally *tally, enum sender_kind kind)
{
    return (uint32_t)tally->kinds[kind].records.len;
}

void tally_sender(const struct tally *tally, enum sender_kind kind, uint32_t number,
                  struct sender *sender)
{
    const struct record *record = &tally->kinds[kind].records.at[number];
    *sender = (struct sender){kind,
                              map_key(&tally->kinds[kind].names, number),
                              record->messages,
                              record->recipients,
                              record->failed,
                              record->trusted,
                              record->first,
                              record->last,
                              record->evidence};
}

uint32_t tally_find(const struct tally *tally, enum sender_kind kind, struct span name)
{
    return map_get(&tally->kinds[kind].names, name);
}

void tally_clients(const struct tally *tally, enum sender_kind kind, uint32_t number,
                   void (*each)(void *state, const struct sender_client *client), void *state)
{
    uint32_t at = tally->kinds[kind].records.at[number].pairs;
    while (at != NONE) {
        const struct pair *pair = &tally->pairs.at[at];
        const struct client *client = &tally->clients.at[pair->client];
        struct span text = map_key(&tally->client_texts, pair->client);
        struct sender_client view = {.name = {text.at, client->name_len},
                                     .messages = pair->messages};
        struct span addr = {text.at + client->addr_at, client->addr_len};
        view.has_addr = addr_parse(addr, &view.addr);
        each(state, &view);
        at = pair->next;
    }
}

uint64_t tally_failed_unnamed(const struct tally *tally)
{
    return tally->failed_unnamed;
}

uint64_t tally_failed(const struct tally *tally)
{
    return tally->failed;
}
