/* thread - the lines of Postfix' programs, each to its thread.
 *
 * Dispatched by the syslog tag, then by what follows the queue ID; nothing is searched for in a
 * line but where this file says why that is safe. Most lines (deliveries to other servers,
 * connections) touch nothing.
 */
#include "thread_parts.h"

#include "postfix_line.h"
#include "spamgear/base/map.h"
#include "spamgear/base/text.h"

struct view {
    const struct log_line *line;
    struct span id, text; /* text: behind what the row of the table eats */
};

/* ---- accepting ---- */

/* Who a message is from, as the accepting line says. */
struct acceptance {
    struct span name, client, sasl, uid;
    bool inside, handed;
};

static bool is_repeated(const struct thread *thread, const struct view *view,
                        const struct acceptance *from)
{
    return thread->accepted == view->line->time && thread->inside == from->inside &&
           span_is(thread_text(thread, F_UID), from->uid) &&
           (from->inside || span_is(thread_text(thread, F_CLIENT), from->client));
}

/* May this line begin the story of a thread of which others spoke already? */
static bool is_awaited(const struct threads *threads, uint32_t number,
                       const struct acceptance *from)
{
    const struct thread *thread = &threads->at[number];
    return thread->accepted == STAMP_NONE && (thread->root == number || from->handed);
}

/* The queue ID stands for another message from now on. */
static void release_id(struct threads *threads, uint32_t number, const struct log_line *line)
{
    table_forget_id(threads, number);
    table_dirty(threads, number);
    threads->at[number].ended = true;
    family_stay(threads, number, line->time);
    family_settle(threads, number);
}

/* The queue ID's thread, from a line that says the message is here. */
static uint32_t begin(struct threads *threads, const struct view *view)
{
    uint32_t number = family_named(threads, view->line, view->id, NO_THREAD);
    struct thread *thread = &threads->at[number];
    threads->counts.threads += !thread->seen;
    thread->seen = true;
    return number;
}

/* NO_THREAD: the line was here before. */
static uint32_t accept_message(struct threads *threads, const struct view *view,
                               const struct acceptance *from)
{
    uint32_t number = family_here(threads, view->line, view->id);
    if (number != NO_THREAD && is_repeated(&threads->at[number], view, from))
        return NO_THREAD;
    if (number != NO_THREAD && !is_awaited(threads, number, from))
        release_id(threads, number, view->line);
    number = begin(threads, view);
    struct thread *thread = &threads->at[number];
    thread->accepted = view->line->time;
    thread->inside = from->inside;
    thread->handed = from->handed;
    if (!from->inside) {
        thread_set_text(threads, thread, F_NAME, from->name);
        thread_set_text(threads, thread, F_CLIENT, from->client);
    }
    thread_set_text(threads, thread, F_SASL, from->sasl);
    thread_set_text(threads, thread, F_UID, from->uid);
    family_touch(threads, number, view->line);
    return number;
}

static void join_original(struct threads *threads, const struct view *view, uint32_t number,
                          struct span original,
                          uint32_t (*meant)(struct threads *threads, const struct log_line *line,
                                            struct span id, uint32_t keep))
{
    if (original.len > 0 && !span_is(original, view->id)) {
        uint32_t parent = meant(threads, view->line, original, number);
        family_touch(threads, parent, view->line);
        family_join(threads, parent, number);
    }
}

/* What a peer says of the original client (XFORWARD) counts only when the peer is a filter. */
static void take_client(struct threads *threads, const struct view *view)
{
    struct postfix_client client;
    struct postfix_peer original = {0};
    struct span id = {NULL, 0};
    if (!postfix_read_client(view->text, &client))
        return;
    bool filter = client_is_inside(threads, client.peer.address, false);
    if (filter && !postfix_read_original(client.suffixes, &id, &original))
        id.len = 0;
    const struct postfix_peer *peer = original.address.len > 0 ? &original : &client.peer;
    struct acceptance from = {
        .name = peer->name,
        .client = peer->address,
        .sasl = client.user,
        .inside = client_is_inside(threads, peer->address, true),
        .handed = filter || client_is_inside(threads, client.peer.address, true),
    };
    uint32_t number = accept_message(threads, view, &from);
    if (number == NO_THREAD)
        return;
    join_original(threads, view, number, id, family_meant);
    family_settle(threads, number);
}

static void take_pickup(struct threads *threads, const struct view *view)
{
    struct postfix_pickup pickup;
    if (!postfix_read_pickup(view->text, &pickup))
        return;
    struct acceptance from = {.uid = pickup.uid};
    uint32_t number = accept_message(threads, view, &from);
    if (number == NO_THREAD)
        return;
    join_original(threads, view, number, pickup.orig_id, family_named);
    family_settle(threads, number);
}

/* ---- in the queue ---- */

/* "<..>", or what stood in the header without brackets; "<>" is none. */
static void take_message_id(struct threads *threads, const struct view *view)
{
    struct span mid = view->text;
    field_eat(&mid, SPAN("<"));
    field_eat_end(&mid, SPAN(">"));
    uint32_t number = family_here(threads, view->line, view->id);
    if (number != NO_THREAD && threads->at[number].len[F_MESSAGE_ID] > 0) {
        if (span_is(mid, thread_text(&threads->at[number], F_MESSAGE_ID)))
            return;
        if (!threads->at[number].ended) {
            family_also(threads, view->line, number, mid);
            return;
        }
        release_id(threads, number, view->line); /* a notice has no line that accepts it */
    }
    number = begin(threads, view);
    if (mid.len > 0) {
        thread_set_text(threads, &threads->at[number], F_MESSAGE_ID, mid);
        table_index_mid(threads, number);
    }
    family_touch(threads, number, view->line);
    family_settle(threads, number);
}

/* "<..>, size=N, nrcpt=N (queue active)" from the right. */
static void take_from(struct threads *threads, const struct view *view)
{
    struct span from = view->text, count, size;
    if (!field_eat_end(&from, SPAN(" (queue active)")) ||
        !field_cut_last(&from, SPAN(", nrcpt="), &count) ||
        !field_cut_last(&from, SPAN(">, size="), &size))
        return;
    uint32_t number = begin(threads, view);
    struct thread *thread = &threads->at[number];
    if (!thread->queued)
        thread_set_text(threads, thread, F_FROM, from);
    thread->queued = true;
    if (field_count(count) > thread->nrcpt)
        thread->nrcpt = field_count(count);
    family_touch(threads, number, view->line);
    family_settle(threads, number);
}

/* Nothing of this queue ID will come any more. */
static void take_end(struct threads *threads, const struct view *view)
{
    uint32_t number = family_find(threads, view->line, view->id);
    if (number == NO_THREAD || threads->at[number].ended)
        return;
    threads->at[number].ended = threads->at[number].seen = true;
    family_touch(threads, number, view->line);
    family_settle(threads, number);
}

static void take_removed(struct threads *threads, const struct view *view)
{
    if (view->text.len == 0)
        take_end(threads, view);
}

/* ---- deliveries to content filters ---- */

/* Is "NAME[ADDRESS]:PORT", or one word, a content filter? */
static bool is_filter(const struct threads *threads, struct span relay)
{
    const struct threads_settings *set = &threads->set;
    struct span rest = relay, name = relay, address = {NULL, 0};
    struct addr addr;
    if (field_until(&rest, '[', &name))
        field_until(&rest, ']', &address);
    if (addr_parse(address, &addr) && prefixes_hold(set->relays, set->relays_len, &addr))
        return true;
    for (size_t i = 0; set->relay_names != NULL && i < set->relay_names->len; i++)
        if (text_glob(set->relay_names->at[i], name) || text_glob(set->relay_names->at[i], relay))
            return true;
    return false;
}

static void take_delivery(struct threads *threads, const struct view *view)
{
    struct span text = view->text, relay, id;
    if (threads->set.relays_len == 0 &&
        (threads->set.relay_names == NULL || threads->set.relay_names->len == 0))
        return;
    if (!postfix_take_relay(&text, &relay) || !is_filter(threads, relay) ||
        !postfix_read_queued_as(text, &id))
        return;
    uint32_t number = begin(threads, view);
    family_touch(threads, number, view->line);
    family_handed(threads, view->line, number, id);
    family_settle(threads, number);
}

/* ---- whose line ---- */

enum { SMTPD = 1, PICKUP = 2, CLEANUP = 4, QMGR = 8, DELIVERS = 16, POSTSUPER = 32, ANY = 63 };

struct program {
    struct span name;
    unsigned bits;
};

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct program programs[] = {
    {TEXT("smtpd"), SMTPD},    {TEXT("qmgr"), QMGR},           {TEXT("cleanup"), CLEANUP},
    {TEXT("smtp"), DELIVERS},  {TEXT("lmtp"), DELIVERS},       {TEXT("pipe"), DELIVERS},
    {TEXT("local"), DELIVERS}, {TEXT("virtual"), DELIVERS},    {TEXT("error"), DELIVERS},
    {TEXT("retry"), DELIVERS}, {TEXT("bounce"), DELIVERS},     {TEXT("discard"), DELIVERS},
    {TEXT("pickup"), PICKUP},  {TEXT("postsuper"), POSTSUPER}, {TEXT("oqmgr"), QMGR},
};

/* What a program says behind the queue ID; the most frequent first. */
struct shape {
    struct span start;
    unsigned programs;
    bool eat;
    void (*take)(struct threads *threads, const struct view *view);
};

static const struct shape shapes[] = {
    {TEXT("to=<"), DELIVERS, true, take_delivery},
    {TEXT("from=<"), QMGR, true, take_from},
    {TEXT("removed"), QMGR | POSTSUPER, true, take_removed},
    {TEXT("message-id="), CLEANUP, true, take_message_id},
    {TEXT("client="), SMTPD, true, take_client},
    {TEXT("uid="), PICKUP, false, take_pickup},
    {TEXT("requeued"), POSTSUPER, true, take_removed},
    {TEXT("milter-reject: END-OF-MESSAGE "), CLEANUP, true, take_end},
    {TEXT("milter-discard: END-OF-MESSAGE "), CLEANUP, true, take_end},
    {TEXT("reject: header "), CLEANUP, true, take_end},
    {TEXT("reject: body "), CLEANUP, true, take_end},
    {TEXT("discard: header "), CLEANUP, true, take_end},
    {TEXT("discard: body "), CLEANUP, true, take_end},
    {TEXT("canceled"), CLEANUP, true, take_removed},
};

/* Where the tag was cut (RFC 5424) what the line says must do. */
static unsigned find_program(struct span name)
{
    if (name.len == 0)
        return ANY;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (span_is(name, programs[i].name))
            return programs[i].bits;
    return 0;
}

/* On a central log host the lines of many stand in one file, and each has queue IDs of its own. */
static uint32_t host_of(const struct syslog_head *head)
{
    return span_is(head->host, SPAN("-")) ? 0 : (uint32_t)map_digest(head->host.at, head->host.len);
}

static void take_postfix(struct threads *threads, const struct log_line *line, unsigned bits,
                         struct syslog_head *head)
{
    struct view view = {.line = line};
    syslog_unfold(head);
    if (!postfix_take_id(&head->text, &view.id) || view.id.len == 0)
        return;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *shape = &shapes[i];
        if (!(shape->programs & bits) || !span_has_prefix(head->text, shape->start))
            continue;
        threads->host = host_of(head);
        view.text = shape->eat ? span_skip(head->text, shape->start.len) : head->text;
        shape->take(threads, &view);
        return;
    }
}

void threads_line(struct threads *threads, const struct log_line *line)
{
    struct syslog_head head;
    struct span program;
    threads->counts.lines++;
    if (line->origin == ORIGIN_FORGED || line->time == STAMP_NONE ||
        !(syslog_split(line, &head) || mail_verdict_own_file(line, &head)))
        return;
    if (threads->loading)
        threads_settle(threads);
    if (!postfix_split_tag(head.tag, &program)) {
        threads->host = host_of(&head);
        threads_verdict(threads, line, &head);
        return;
    }
    unsigned bits = find_program(program);
    if (bits != 0)
        take_postfix(threads, line, bits, &head);
}

/* ---- time, and the rest ---- */

#define FUTURE_S 86400 /* a time so far ahead is a mistake: it must not keep others waiting */

static bool is_late(int64_t touched, int64_t wait_s, int64_t now)
{
    return touched <= now - wait_s || touched > now + FUTURE_S;
}

void threads_tick(struct threads *threads, int64_t now)
{
    struct ends *living = &threads->lists[LIST_LIVING], *ended = &threads->lists[LIST_ENDED];
    if (threads->loading)
        threads_settle(threads);
    family_due(threads, now);
    while (ended->first != NO_THREAD &&
           is_late(threads->at[ended->first].touched, threads->set.wait_s, now))
        family_drop(threads, ended->first);
    while (living->first != NO_THREAD &&
           is_late(threads->at[living->first].touched, threads->set.age_max_s, now)) {
        threads->counts.given_up += threads->at[living->first].members;
        family_drop(threads, living->first);
    }
}

void threads_finish(struct threads *threads)
{
    if (threads->loading)
        threads_settle(threads);
    family_due(threads, INT64_MAX);
}

struct threads *threads_new(const struct threads_settings *settings)
{
    struct threads *threads = mem_zero(1, sizeof *threads);
    threads->set = *settings;
    if (threads->set.threads_max == 0)
        threads->set.threads_max = 100000;
    if (threads->set.age_max_s == 0)
        threads->set.age_max_s = (int64_t)6 * 86400;
    if (threads->set.wait_s == 0)
        threads->set.wait_s = 30;
    threads->free = NO_THREAD;
    for (int list = 0; list < LISTS; list++)
        threads->lists[list] = (struct ends){NO_THREAD, NO_THREAD};
    return threads;
}

void threads_free(struct threads *threads)
{
    if (threads == NULL)
        return;
    for (size_t n = 0; n < threads->len; n++) {
        free(threads->at[n].text);
        bad_free(threads, threads->at[n].bad);
    }
    for (size_t i = 0; i < PARTS_MAX; i++)
        strbuf_clear(&threads->parts[i].text);
    free(threads->at);
    free(threads->ids.first);
    free(threads->mids.first);
    vec_clear(&threads->dues);
    vec_clear(&threads->dirty);
    free(threads);
}

void threads_ids(const struct threads *threads, struct span queue_id, struct texts *ids)
{
    uint32_t number = table_find_only(threads, queue_id);
    texts_format(ids, "%.*s", (int)queue_id.len, queue_id.len == 0 ? "" : queue_id.at);
    if (number == NO_THREAD)
        return;
    for (uint32_t n = threads->at[number].root; n != NO_THREAD; n = threads->at[n].next_member) {
        struct span id = thread_text(&threads->at[n], F_ID);
        if (n != number && id.len > 0)
            texts_format(ids, "%.*s", (int)id.len, id.at);
    }
}

void threads_look(const struct threads *threads, struct threads_counts *counts)
{
    *counts = threads->counts;
    counts->alive = threads->alive;
}
