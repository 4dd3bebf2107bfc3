/* thread_family - threads of one message, what is held against it, and when it is given out.
 *
 * A family with a bad verdict waits until all of it has come and gone, or until the wait is over.
 * It is given out once; what comes later changes nothing.
 */
#include "thread_parts.h"

#define BYTES_EACH 400               /* of texts and cases, for each thread there may be .. */
#define BYTES_MAX  ((size_t)1 << 20) /* .. and for all */

/* ---- addresses that are never listed ---- */

bool client_is_inside(const struct threads *threads, struct span address, bool own_too)
{
    const struct threads_settings *set = &threads->set;
    struct addr addr;
    return addr_parse(address, &addr) &&
           (addr_is_loopback(&addr) || prefixes_hold(set->relays, set->relays_len, &addr) ||
            (own_too && prefixes_hold(set->own, set->own_len, &addr)));
}

/* ---- the heap of what waits ---- */

static bool is_earlier(const struct due *a, const struct due *b)
{
    return a->time != b->time ? a->time < b->time : a->seq < b->seq;
}

static void due_push(struct threads *threads, struct due due)
{
    size_t at = threads->dues.len;
    (void)vec_add(&threads->dues);
    for (; at > 0 && is_earlier(&due, &threads->dues.at[(at - 1) / 2]); at = (at - 1) / 2)
        threads->dues.at[at] = threads->dues.at[(at - 1) / 2];
    threads->dues.at[at] = due;
}

static struct due due_pop(struct threads *threads)
{
    struct due *heap = threads->dues.at, top = heap[0], last = heap[--threads->dues.len];
    size_t len = threads->dues.len, at = 0;
    for (size_t child; (child = 2 * at + 1) < len; at = child) {
        if (child + 1 < len && is_earlier(&heap[child + 1], &heap[child]))
            child++;
        if (!is_earlier(&heap[child], &last))
            break;
        heap[at] = heap[child];
    }
    if (len > 0)
        heap[at] = last;
    return top;
}

static bool is_current(const struct threads *threads, const struct due *due)
{
    const struct thread *thread = &threads->at[due->thread];
    return thread->used && thread->bad != NULL && thread->bad->seq == due->seq;
}

/* Leaves out what was given out early, so that the heap is no larger than what waits. */
static void due_tidy(struct threads *threads)
{
    size_t len = threads->dues.len;
    if (len < 2 * threads->alive + 64)
        return;
    threads->dues.len = 0;
    for (size_t i = 0; i < len; i++) {
        struct due due = threads->dues.at[i];
        if (is_current(threads, &due))
            due_push(threads, due);
    }
}

void family_await(struct threads *threads, uint32_t root)
{
    const struct bad *bad = threads->at[root].bad;
    due_tidy(threads);
    due_push(threads, (struct due){bad->due, bad->seq, root});
}

/* ---- what is held against a family ---- */

void bad_charge(struct threads *threads, struct bad *bad)
{
    size_t bytes = sizeof *bad + bad->victims.cap * sizeof *bad->victims.at + bad->from.cap +
                   bad->sasl.cap + bad->client.cap + bad->message_id.cap;
    threads->bytes += bytes - bad->charged;
    bad->charged = bytes;
}

void bad_free(struct threads *threads, struct bad *bad)
{
    if (bad == NULL)
        return;
    threads->bytes -= bad->charged;
    vec_clear(&bad->victims);
    strbuf_clear(&bad->from);
    strbuf_clear(&bad->sasl);
    strbuf_clear(&bad->client);
    strbuf_clear(&bad->message_id);
    free(bad);
}

static int severity(enum mail_verdict verdict)
{
    static const int severities[MAIL_VERDICTS] = {[MAIL_VERDICT_SPAMMY] = 1,
                                                  [MAIL_VERDICT_SPAM] = 2,
                                                  [MAIL_VERDICT_BANNED] = 3,
                                                  [MAIL_VERDICT_INFECTED] = 4};
    return severities[verdict];
}

static void keep_text(struct strbuf *kept, struct span text)
{
    if (kept->len == 0 && text.len > 0)
        strbuf_add(kept, text.at, text.len < 1000 ? text.len : 1000);
}

static void keep_score(struct bad *bad, bool has_score, double score, bool has_threshold,
                       double threshold)
{
    if (!has_score || (bad->has_score && bad->score >= score))
        return;
    bad->has_score = true;
    bad->score = score;
    bad->has_threshold = has_threshold;
    bad->threshold = threshold;
}

static void keep_origin(struct bad *bad, enum origin origin)
{
    if (origin < bad->origin)
        bad->origin = origin;
}

static void keep_verdict(struct bad *bad, enum mail_verdict verdict)
{
    if (severity(verdict) > severity(bad->verdict))
        bad->verdict = verdict;
}

/* Moves what is held against one root to another; the earlier of both says when it is due. */
static void bad_move(struct threads *threads, uint32_t from, uint32_t to)
{
    struct bad *bad = threads->at[from].bad, *into = threads->at[to].bad;
    threads->at[from].bad = NULL;
    if (bad == NULL || threads->at[to].told) {
        bad_free(threads, bad);
        return;
    }
    if (into == NULL) {
        threads->at[to].bad = bad;
        family_await(threads, to);
        return;
    }
    keep_verdict(into, bad->verdict);
    keep_score(into, bad->has_score, bad->score, bad->has_threshold, bad->threshold);
    keep_origin(into, bad->origin);
    for (size_t i = 0; i < bad->victims.len; i++)
        digests_add(&into->victims, bad->victims.at[i], VICTIMS_MAX);
    keep_text(&into->from, strbuf_span(&bad->from));
    keep_text(&into->sasl, strbuf_span(&bad->sasl));
    keep_text(&into->client, strbuf_span(&bad->client));
    if (into->message_id.len == 0)
        into->mid_folded = bad->mid_folded;
    keep_text(&into->message_id, strbuf_span(&bad->message_id));
    if (bad->due < into->due || (bad->due == into->due && bad->seq < into->seq)) {
        into->due = bad->due;
        into->seq = bad->seq;
        into->verdict_time = bad->verdict_time;
        family_await(threads, to);
    }
    bad_charge(threads, into);
    bad_free(threads, bad);
}

/* ---- giving out ---- */

/* Who sent it: the first of the family whose acceptance was seen; the root when there is none. */
static const struct thread *find_sender(const struct threads *threads, uint32_t root)
{
    for (uint32_t n = root; n != NO_THREAD; n = threads->at[n].next_member)
        if (threads->at[n].accepted != STAMP_NONE)
            return &threads->at[n];
    return &threads->at[root];
}

static void add_member(const struct thread *thread, struct spam_event *event, unsigned *nrcpt,
                       bool *queued)
{
    if (thread->origin < event->origin)
        event->origin = (enum origin)thread->origin;
    if (thread->queued && !*queued)
        event->from = thread_text(thread, F_FROM);
    *queued |= thread->queued;
    if (event->message_id.len == 0)
        event->message_id = thread_text(thread, F_MESSAGE_ID);
    if (thread->nrcpt > *nrcpt)
        *nrcpt = thread->nrcpt;
}

/* What the filter said serves where Postfix' lines are missing. */
static void use_filter(const struct bad *bad, bool accepted, bool queued, struct spam_event *event)
{
    if (!queued)
        event->from = strbuf_span(&bad->from);
    if (event->message_id.len == 0)
        event->message_id = strbuf_span(&bad->message_id);
    if (accepted)
        return;
    event->time = bad->verdict_time;
    event->client = strbuf_span(&bad->client);
    event->sasl = strbuf_span(&bad->sasl);
}

static void make_event(const struct threads *threads, uint32_t root, struct spam_event *event)
{
    const struct thread *sender = find_sender(threads, root);
    const struct bad *bad = threads->at[root].bad;
    unsigned nrcpt = 1;
    bool queued = false;
    *event = (struct spam_event){
        .time = sender->accepted,
        .verdict_time = bad->verdict_time,
        .queue_id = thread_text(&threads->at[root], F_ID),
        .sasl = thread_text(sender, F_SASL),
        .uid = thread_text(sender, F_UID),
        .client_name = thread_text(sender, F_NAME),
        .client = thread_text(sender, F_CLIENT),
        .verdict = bad->verdict,
        .has_score = bad->has_score,
        .has_threshold = bad->has_threshold,
        .score = bad->score,
        .threshold = bad->threshold,
        .origin = bad->origin,
    };
    for (uint32_t n = root; n != NO_THREAD; n = threads->at[n].next_member)
        add_member(&threads->at[n], event, &nrcpt, &queued);
    use_filter(bad, sender->accepted != STAMP_NONE, queued, event);
    event->victims = bad->victims.len > 0 ? (unsigned)bad->victims.len : nrcpt;
}

static void give_out(struct threads *threads, uint32_t root)
{
    struct spam_event event;
    make_event(threads, root, &event);
    if (event.client.len + event.from.len + event.sasl.len + event.uid.len == 0) {
        threads->counts.unjoined++;
    } else {
        threads->counts.spam++;
        threads->set.spam(threads->set.state, &event);
    }
    bad_free(threads, threads->at[root].bad);
    threads->at[root].bad = NULL;
    threads->at[root].told = true;
    table_dirty(threads, root);
}

/* A verdict that found no message in time: by Message-ID once more, else as the filter told it. */
static void give_out_orphan(struct threads *threads, uint32_t orphan)
{
    struct bad *bad = threads->at[orphan].bad;
    bool many;
    uint32_t root = table_find_mid(threads, threads->at[orphan].host, strbuf_span(&bad->message_id),
                                   bad->mid_folded, &many);
    if (root == NO_THREAD || root == orphan ||
        !family_fits(threads, root, strbuf_span(&bad->client), strbuf_span(&bad->from))) {
        threads->counts.ambiguous += many && bad->client.len + bad->from.len + bad->sasl.len == 0;
        give_out(threads, orphan);
        return;
    }
    bad_move(threads, orphan, root);
    table_dirty(threads, orphan);
    table_dirty(threads, root);
    threads->at[orphan].told = true;
    if (threads->at[root].bad != NULL)
        give_out(threads, root);
}

static void give_out_late(struct threads *threads, uint32_t root)
{
    if (threads->at[root].len[F_ID] == 0)
        give_out_orphan(threads, root);
    else
        give_out(threads, root);
}

void family_due(struct threads *threads, int64_t now)
{
    while (threads->dues.len > 0 && threads->dues.at[0].time <= now) {
        struct due due = due_pop(threads);
        if (is_current(threads, &due))
            give_out_late(threads, due.thread);
    }
}

/* ---- families ---- */

void family_drop(struct threads *threads, uint32_t root)
{
    if (threads->at[root].bad != NULL)
        give_out_late(threads, root);
    list_remove(threads, root);
    for (uint32_t n = root, next; n != NO_THREAD; n = next) {
        next = threads->at[n].next_member;
        table_drop(threads, n);
    }
}

/* The oldest of a list that may go. */
static uint32_t oldest(const struct threads *threads, enum list list, uint32_t keep)
{
    uint32_t root = threads->lists[list].first;
    return root != NO_THREAD && root == keep ? threads->at[root].after : root;
}

/* Those who write to us decide how long the texts are, so these have a bound, too. */
static void make_room(struct threads *threads, uint32_t keep, size_t wanted)
{
    size_t bytes_max = BYTES_MAX + threads->set.threads_max * BYTES_EACH;
    while (threads->alive + wanted > threads->set.threads_max || threads->bytes > bytes_max) {
        uint32_t root = oldest(threads, LIST_ENDED, keep);
        if (root == NO_THREAD) {
            root = oldest(threads, LIST_LIVING, keep);
            if (root == NO_THREAD)
                return;
            threads->counts.given_up += threads->at[root].members;
        }
        family_drop(threads, root);
    }
}

uint32_t family_new(struct threads *threads, const struct log_line *line, uint32_t keep)
{
    make_room(threads, keep == NO_THREAD ? keep : threads->at[keep].root, 1);
    uint32_t number = table_new(threads);
    threads->at[number].touched = line->time;
    threads->at[number].origin = (unsigned char)line->origin;
    threads->at[number].seq = ++threads->seq;
    list_append(threads, number, LIST_ENDED); /* until a Postfix program tells of it */
    return number;
}

static bool is_over(const struct threads *threads, const struct log_line *line, uint32_t number)
{
    const struct thread *thread = &threads->at[number];
    return thread->ended && line->time - threads->at[thread->root].touched > threads->set.wait_s;
}

uint32_t family_find(struct threads *threads, const struct log_line *line, struct span id)
{
    uint32_t number = table_find_id(threads, id);
    if (number == NO_THREAD || !is_over(threads, line, number))
        return number;
    table_forget_id(threads, number);
    table_dirty(threads, number);
    return NO_THREAD;
}

uint32_t family_here(struct threads *threads, const struct log_line *line, struct span id)
{
    uint32_t number = family_find(threads, line, id);
    if (number != NO_THREAD)
        return number;
    number = table_find_only(threads, id);
    if (number == NO_THREAD || threads->at[number].seen)
        return NO_THREAD;
    threads->at[number].host = threads->host;
    table_dirty(threads, number);
    return number;
}

uint32_t family_named(struct threads *threads, const struct log_line *line, struct span id,
                      uint32_t keep)
{
    uint32_t number = family_here(threads, line, id);
    if (number != NO_THREAD)
        return number;
    number = family_new(threads, line, keep);
    thread_set_text(threads, &threads->at[number], F_ID, id);
    table_index_id(threads, number);
    return number;
}

uint32_t family_meant(struct threads *threads, const struct log_line *line, struct span id,
                      uint32_t keep)
{
    uint32_t number = family_find(threads, line, id);
    if (number == NO_THREAD)
        number = table_find_only(threads, id);
    if (number == NO_THREAD || is_over(threads, line, number))
        return family_named(threads, line, id, keep);
    return number;
}

void family_stay(struct threads *threads, uint32_t number, int64_t time)
{
    uint32_t first = threads->at[number].root;
    struct thread *root = &threads->at[first];
    enum list list = (enum list)root->list;
    table_dirty(threads, first);
    if (time > root->touched)
        root->touched = time;
    root->seq = ++threads->seq;
    if (threads->lists[list].last == first)
        return;
    list_remove(threads, first);
    list_append(threads, first, list);
}

void family_touch(struct threads *threads, uint32_t number, const struct log_line *line)
{
    struct thread *thread = &threads->at[number];
    if (line->origin < thread->origin)
        thread->origin = (unsigned char)line->origin;
    table_dirty(threads, number);
    family_stay(threads, number, line->time);
}

static void file_as(struct threads *threads, uint32_t root, enum list list)
{
    if (threads->at[root].list == list)
        return;
    list_remove(threads, root);
    threads->at[root].seq = ++threads->seq;
    list_append(threads, root, list);
    table_dirty(threads, root);
}

void family_settle(struct threads *threads, uint32_t number)
{
    uint32_t root = threads->at[number].root;
    bool open = false, missing = false;
    for (uint32_t n = root; n != NO_THREAD && !open; n = threads->at[n].next_member) {
        open = threads->at[n].seen && !threads->at[n].ended;
        missing |= !threads->at[n].seen;
    }
    file_as(threads, root, open ? LIST_LIVING : LIST_ENDED);
    if (open || missing || threads->at[root].bad == NULL)
        return;
    /* What a filter may have handed back waits for the message it belongs to; nobody logs in to
     * hand one back. */
    const struct thread *first = &threads->at[root];
    if (first->accepted != STAMP_NONE && (!first->handed || first->len[F_SASL] > 0))
        give_out(threads, root);
}

/* There is no room for it in the family: what is held against it now goes there, the rest is told
 * already, so that one message is not told a thousand times. */
static void swallow(struct threads *threads, uint32_t root, uint32_t child)
{
    bad_move(threads, child, root);
    threads->at[child].told = true;
    table_dirty(threads, child);
    table_dirty(threads, root);
    family_settle(threads, root);
}

void family_join(struct threads *threads, uint32_t parent, uint32_t child)
{
    uint32_t root = threads->at[parent].root, other = threads->at[child].root;
    struct thread *into = &threads->at[root], *from = &threads->at[other];
    if (root == other || other != child)
        return;
    if (into->members + from->members > FAMILY_MAX) {
        swallow(threads, root, other);
        return;
    }
    list_remove(threads, other);
    bool told = from->told;
    if (told && !into->told) {
        bad_free(threads, into->bad);
        into->bad = NULL;
        into->told = true;
    }
    threads->at[into->last_member].next_member = other;
    into->last_member = from->last_member;
    into->members += from->members;
    if (from->touched > into->touched)
        into->touched = from->touched;
    for (uint32_t n = other; n != NO_THREAD; n = threads->at[n].next_member) {
        threads->at[n].root = root;
        threads->at[n].seq = ++threads->seq;
        table_dirty(threads, n);
    }
    table_dirty(threads, root);
    bad_move(threads, other, root);
    family_settle(threads, root);
}

void family_handed(struct threads *threads, const struct log_line *line, uint32_t parent,
                   struct span child)
{
    if (span_is(thread_text(&threads->at[parent], F_ID), child))
        return;
    uint32_t number = family_meant(threads, line, child, parent);
    if (threads->at[number].accepted != STAMP_NONE && !threads->at[number].handed)
        return; /* somebody else's message */
    family_touch(threads, parent, line);
    family_touch(threads, number, line);
    family_join(threads, parent, number);
}

/* ---- verdicts ---- */

void family_blame(struct threads *threads, uint32_t number, const struct log_line *line,
                  const struct mail_verdict_line *verdict)
{
    uint32_t root = threads->at[number].root;
    struct thread *thread = &threads->at[root];
    struct bad *bad = thread->bad;
    if (thread->told)
        return;
    table_dirty(threads, root);
    if (bad == NULL) {
        bad = thread->bad = mem_zero(1, sizeof *bad);
        bad->due = line->time + threads->set.wait_s;
        bad->verdict_time = line->time;
        bad->seq = ++threads->seq;
        bad->origin = line->origin;
        family_await(threads, root);
    }
    keep_verdict(bad, verdict->verdict);
    keep_score(bad, verdict->has_score, verdict->score, verdict->has_threshold, verdict->threshold);
    keep_origin(bad, line->origin);
    mail_verdict_digests(verdict->recipients, VICTIMS_MAX, &bad->victims);
    keep_text(&bad->from, verdict->from);
    keep_text(&bad->sasl, verdict->sasl);
    if (bad->message_id.len == 0)
        bad->mid_folded = verdict->mid_folded;
    keep_text(&bad->message_id, verdict->message_id);
    if (!client_is_inside(threads, verdict->client, true))
        keep_text(&bad->client, verdict->client);
    bad_charge(threads, bad);
    make_room(threads, root, 0);
}

bool family_fits(const struct threads *threads, uint32_t root, struct span client, struct span from)
{
    const struct thread *sender = find_sender(threads, root), *first = sender;
    struct span known = thread_text(sender, F_CLIENT);
    struct addr a, b;
    if (addr_parse(client, &a) && addr_parse(known, &b))
        return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
    for (uint32_t n = root; n != NO_THREAD && !first->queued; n = threads->at[n].next_member)
        first = &threads->at[n];
    known = thread_text(first, F_FROM);
    return !first->queued || from.len == 0 || memchr(from.at, '"', from.len) != NULL ||
           span_is(known, from);
}

/* The member that has no queue ID: it stands for another Message-ID of the message. */
static uint32_t find_nameless(const struct threads *threads, uint32_t root)
{
    while (root != NO_THREAD && threads->at[root].len[F_ID] > 0)
        root = threads->at[root].next_member;
    return root;
}

/* A message may have several, of which Postfix tells all and a filter one, mostly the last. Were
 * only the first known, a spammer's second could be that of somebody's message. */
void family_also(struct threads *threads, const struct log_line *line, uint32_t number,
                 struct span mid)
{
    uint32_t other = find_nameless(threads, threads->at[number].root);
    if (mid.len == 0)
        return;
    if (other == NO_THREAD) {
        other = family_new(threads, line, number);
        threads->at[other].seen = threads->at[other].ended = true;
        family_join(threads, number, other);
    }
    family_stay(threads, number, line->time);
    table_forget_mid(threads, other);
    thread_free_text(threads, &threads->at[other]);
    thread_set_text(threads, &threads->at[other], F_MESSAGE_ID, mid);
    table_index_mid(threads, other);
    table_dirty(threads, other);
}
