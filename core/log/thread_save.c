/* thread_save - what must be remembered between runs, a record a thread.
 *
 * A record names other threads by number, and all are given back in any order: what was loaded is
 * put together when the first line comes. Record 0 holds the scores that wait for spamd's second
 * line, and lines of amavis that go on. Records are believed as little as any input: whatever does
 * not fit together stands alone.
 */
#include "thread_parts.h"

#include "pack.h"
#include <math.h>

#define RECORD_VERSION 2
#define NUMBER_MAX     ((size_t)1 << 20) /* of a loaded record, beside the bound of the settings */

/* ---- flags, one bit each ---- */

static uint64_t flags_of(const struct thread *t)
{
    return (uint64_t)t->seen | (uint64_t)t->inside << 1 | (uint64_t)t->handed << 2 |
           (uint64_t)t->queued << 3 | (uint64_t)t->ended << 4 | (uint64_t)t->told << 5 |
           (uint64_t)t->indexed << 6 | (uint64_t)t->mid_indexed << 7 |
           (uint64_t)(t->bad != NULL) << 8;
}

static void set_flags(struct thread *t, uint64_t flags)
{
    t->seen = flags & 1;
    t->inside = flags >> 1 & 1;
    t->handed = flags >> 2 & 1;
    t->queued = flags >> 3 & 1;
    t->ended = flags >> 4 & 1;
    t->told = flags >> 5 & 1;
    t->indexed = flags >> 6 & 1;
    t->mid_indexed = flags >> 7 & 1;
}

/* ---- cases ---- */

static void pack_bad(struct strbuf *out, const struct bad *bad)
{
    pack_number(out, (uint64_t)bad->due, 8);
    pack_number(out, (uint64_t)bad->verdict_time, 8);
    pack_number(out, bad->seq, 8);
    pack_number(out, (uint64_t)bad->verdict, 1);
    pack_number(out, (uint64_t)bad->origin, 1);
    pack_number(out, bad->has_score | bad->has_threshold << 1 | bad->mid_folded << 2, 1);
    pack_double(out, bad->score);
    pack_double(out, bad->threshold);
    pack_text(out, strbuf_span(&bad->from));
    pack_text(out, strbuf_span(&bad->sasl));
    pack_text(out, strbuf_span(&bad->client));
    pack_text(out, strbuf_span(&bad->message_id));
    pack_number(out, bad->victims.len, 4);
    for (size_t i = 0; i < bad->victims.len; i++)
        pack_number(out, bad->victims.at[i], 8);
}

/* Times are added up: none may be near the end of the numbers. */
static bool is_time(int64_t time)
{
    return time > -((int64_t)1 << 53) && time < (int64_t)1 << 53;
}

static struct bad *unpack_bad(struct threads *threads, struct unpack *in)
{
    struct bad *bad = mem_zero(1, sizeof *bad);
    bad->due = (int64_t)unpack_number(in, 8);
    bad->verdict_time = (int64_t)unpack_number(in, 8);
    bad->seq = unpack_number(in, 8);
    uint64_t verdict = unpack_number(in, 1), origin = unpack_number(in, 1),
             flags = unpack_number(in, 1);
    bad->score = unpack_double(in);
    bad->threshold = unpack_double(in);
    strbuf_add_span(&bad->from, unpack_text(in));
    strbuf_add_span(&bad->sasl, unpack_text(in));
    strbuf_add_span(&bad->client, unpack_text(in));
    strbuf_add_span(&bad->message_id, unpack_text(in));
    uint64_t victims = unpack_number(in, 4);
    for (uint64_t i = 0; i < victims && !in->bad; i++)
        digests_add(&bad->victims, unpack_number(in, 8), VICTIMS_MAX);
    if (verdict >= MAIL_VERDICTS || origin > ORIGIN_TRUSTED || flags > 7 || !is_time(bad->due) ||
        !is_time(bad->verdict_time) || bad->seq > UINT64_MAX / 2 || !isfinite(bad->score) ||
        !isfinite(bad->threshold))
        in->bad = true;
    bad->verdict = (enum mail_verdict)(verdict % MAIL_VERDICTS);
    bad->origin = (enum origin)origin;
    bad->has_score = flags & 1;
    bad->has_threshold = flags >> 1 & 1;
    bad->mid_folded = flags >> 2 & 1;
    bad_charge(threads, bad);
    return bad;
}

/* ---- threads ---- */

static void pack_thread(struct strbuf *out, const struct thread *thread)
{
    pack_number(out, RECORD_VERSION, 1);
    pack_number(out, flags_of(thread), 2);
    pack_number(out, thread->list, 1);
    pack_number(out, thread->origin, 1);
    pack_number(out, (uint64_t)thread->accepted, 8);
    pack_number(out, (uint64_t)thread->touched, 8);
    pack_number(out, thread->seq, 8);
    pack_number(out, thread->root, 4);
    pack_number(out, thread->host, 4);
    pack_number(out, thread->nrcpt, 4);
    for (int field = 0; field < FIELDS; field++)
        pack_text(out, thread_text(thread, (enum field)field));
    if (thread->bad != NULL)
        pack_bad(out, thread->bad);
}

/* Without its place among the others. */
static bool unpack_thread(struct threads *threads, struct unpack *in, struct thread *thread)
{
    if (unpack_number(in, 1) != RECORD_VERSION)
        return false;
    uint64_t flags = unpack_number(in, 2), list = unpack_number(in, 1),
             origin = unpack_number(in, 1);
    set_flags(thread, flags);
    thread->list = (unsigned char)list;
    thread->origin = (unsigned char)origin;
    thread->accepted = (int64_t)unpack_number(in, 8);
    thread->touched = (int64_t)unpack_number(in, 8);
    thread->seq = unpack_number(in, 8);
    thread->root = (uint32_t)unpack_number(in, 4);
    thread->host = (uint32_t)unpack_number(in, 4);
    thread->nrcpt = (uint32_t)unpack_number(in, 4);
    for (int field = 0; field < FIELDS; field++)
        thread_set_text(threads, thread, (enum field)field, unpack_text(in));
    if (flags >> 8 & 1)
        thread->bad = unpack_bad(threads, in);
    return !in->bad && in->rest.len == 0 && flags >> 9 == 0 && list < LISTS &&
           origin <= ORIGIN_TRUSTED && is_time(thread->touched) &&
           (is_time(thread->accepted) || thread->accepted == STAMP_NONE) &&
           thread->seq <= UINT64_MAX / 2 && (!thread->indexed || thread->len[F_ID] > 0) &&
           (!thread->mid_indexed || thread->len[F_MESSAGE_ID] > 0);
}

/* ---- record 0 ---- */

static void pack_score(struct strbuf *out, const struct spamd_score *score)
{
    pack_number(out, 1, 1);
    pack_number(out, score->host, 4);
    pack_text(out, (struct span){score->pid, score->pid_len});
    pack_number(out, score->spam, 1);
    pack_double(out, score->score);
    pack_double(out, score->threshold);
    pack_number(out, score->seq, 8);
}

static void pack_part(struct strbuf *out, const struct amavis_part *part)
{
    pack_number(out, 2, 1);
    pack_number(out, part->host, 4);
    pack_text(out, (struct span){part->key, part->key_len});
    pack_number(out, (uint64_t)part->origin, 1);
    pack_text(out, strbuf_span(&part->text));
    pack_number(out, part->seq, 8);
}

static void pack_own(struct strbuf *out, const struct threads *threads)
{
    pack_number(out, RECORD_VERSION, 1);
    for (size_t i = 0; i < SCORES_MAX; i++)
        if (threads->scores[i].pid_len > 0)
            pack_score(out, &threads->scores[i]);
    for (size_t i = 0; i < PARTS_MAX; i++)
        if (threads->parts[i].key_len > 0)
            pack_part(out, &threads->parts[i]);
}

static bool unpack_score(struct unpack *in, struct spamd_score *score)
{
    score->host = (uint32_t)unpack_number(in, 4);
    struct span pid = unpack_text(in);
    score->spam = unpack_number(in, 1);
    score->score = unpack_double(in);
    score->threshold = unpack_double(in);
    score->seq = unpack_number(in, 8);
    if (in->bad || score->seq > UINT64_MAX / 2 || pid.len == 0 || pid.len > PID_MAX ||
        !isfinite(score->score) || !isfinite(score->threshold))
        return false;
    memcpy(score->pid, pid.at, pid.len);
    score->pid_len = (unsigned char)pid.len;
    return true;
}

static bool unpack_part(struct unpack *in, struct amavis_part *part)
{
    part->host = (uint32_t)unpack_number(in, 4);
    struct span key = unpack_text(in);
    uint64_t origin = unpack_number(in, 1);
    struct span text = unpack_text(in);
    part->seq = unpack_number(in, 8);
    if (in->bad || part->seq > UINT64_MAX / 2 || key.len == 0 || key.len > PART_KEY ||
        origin > ORIGIN_TRUSTED)
        return false;
    memcpy(part->key, key.at, key.len);
    part->key_len = (unsigned char)key.len;
    part->origin = (enum origin)origin;
    strbuf_reset(&part->text);
    strbuf_add_span(&part->text, text);
    return true;
}

static int unpack_own(struct threads *threads, struct unpack *in)
{
    size_t scores = 0, parts = 0;
    if (unpack_number(in, 1) != RECORD_VERSION)
        return -1;
    while (!in->bad && in->rest.len > 0) {
        uint64_t kind = unpack_number(in, 1);
        bool ok = kind == 1   ? scores < SCORES_MAX && unpack_score(in, &threads->scores[scores++])
                  : kind == 2 ? parts < PARTS_MAX && unpack_part(in, &threads->parts[parts++])
                              : false;
        if (!ok)
            return -1;
    }
    return in->bad ? -1 : 0;
}

/* ---- both ways ---- */

bool threads_save(struct threads *threads, size_t most,
                  void (*each)(void *state, uint64_t number, struct span bytes), void *state)
{
    struct strbuf bytes = {0};
    if (threads->loading)
        threads_settle(threads);
    if (threads->own_dirty) {
        pack_own(&bytes, threads);
        each(state, 0, strbuf_span(&bytes));
        threads->own_dirty = false;
    }
    for (; threads->dirty.len > 0 && most > 0; most--) {
        uint32_t number = threads->dirty.at[--threads->dirty.len];
        struct thread *thread = &threads->at[number];
        strbuf_reset(&bytes);
        if (thread->used)
            pack_thread(&bytes, thread);
        if (thread->used || thread->stored)
            each(state, (uint64_t)number + 1, strbuf_span(&bytes));
        thread->stored = thread->used;
        thread->dirty = false;
    }
    strbuf_clear(&bytes);
    return threads->dirty.len > 0;
}

static void make_place(struct threads *threads, size_t number)
{
    while (threads->len <= number) {
        if (threads->len == threads->cap)
            mem_grow((void **)&threads->at, &threads->cap, threads->len + 1, sizeof *threads->at);
        threads->at[threads->len++] = (struct thread){0};
    }
}

int threads_load(struct threads *threads, uint64_t number, struct span bytes)
{
    struct unpack in = {.rest = bytes};
    struct thread thread = {0};
    size_t most = threads->set.threads_max > NUMBER_MAX ? threads->set.threads_max : NUMBER_MAX;
    threads->loading = true;
    if (number == 0)
        return unpack_own(threads, &in);
    if (number - 1 >= most + FAMILY_MAX ||
        (number - 1 < threads->len && threads->at[number - 1].used) ||
        !unpack_thread(threads, &in, &thread)) {
        thread_free_text(threads, &thread);
        bad_free(threads, thread.bad);
        return -1;
    }
    make_place(threads, (size_t)number - 1);
    thread.used = thread.stored = true;
    threads->at[number - 1] = thread;
    threads->alive++;
    return 0;
}

/* ---- putting together ---- */

struct place {
    uint64_t seq;
    uint32_t number;
    bool indexed, mid_indexed;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Who names no root is one. */
static void find_root(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    if (thread->root >= threads->len || !threads->at[thread->root].used ||
        threads->at[thread->root].root != thread->root)
        thread->root = number;
    thread->next_member = NO_THREAD;
    thread->last_member = number;
    thread->members = 1;
}

static void place_root(struct threads *threads, uint32_t number)
{
    enum list list = (enum list)threads->at[number].list;
    threads->at[number].list = LIST_NONE;
    list_append(threads, number, list == LIST_LIVING ? LIST_LIVING : LIST_ENDED);
    if (threads->at[number].bad != NULL)
        family_await(threads, number);
}

static void place_member(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number], *root = &threads->at[thread->root];
    thread->list = LIST_NONE;
    bad_free(threads, thread->bad);
    thread->bad = NULL;
    threads->at[root->last_member].next_member = number;
    root->last_member = number;
    root->members++;
}

static void place_thread(struct threads *threads, const struct place *place)
{
    uint32_t number = place->number;
    struct thread *thread = &threads->at[number];
    if (place->indexed && table_find_id(threads, thread_text(thread, F_ID)) == NO_THREAD)
        table_index_id(threads, number);
    if (place->mid_indexed)
        table_index_mid(threads, number);
    if (thread->root == number)
        place_root(threads, number);
    else
        place_member(threads, number);
}

static void free_the_rest(struct threads *threads)
{
    threads->free = NO_THREAD;
    for (size_t n = threads->len; n-- > 0;)
        if (!threads->at[n].used) {
            threads->at[n].after = threads->free;
            threads->free = (uint32_t)n;
        }
}

/* Its place in time; until it is placed, nothing leads to it. */
static struct place take_place(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    struct place place = {thread->seq, number, thread->indexed, thread->mid_indexed};
    thread->indexed = thread->mid_indexed = false;
    if (thread->seq > threads->seq)
        threads->seq = thread->seq;
    if (thread->bad != NULL && thread->bad->seq > threads->seq)
        threads->seq = thread->bad->seq;
    return place;
}

void threads_settle(struct threads *threads)
{
    VEC(struct place) places = {0};
    threads->loading = false;
    free_the_rest(threads);
    for (uint32_t n = 0; n < threads->len; n++)
        if (threads->at[n].used) {
            find_root(threads, n);
            *vec_add(&places) = take_place(threads, n);
        }
    if (places.len > 0)
        qsort(places.at, places.len, sizeof *places.at, compare_places);
    for (size_t i = 0; i < places.len; i++)
        place_thread(threads, &places.at[i]);
    for (size_t i = 0; i < SCORES_MAX; i++)
        if (threads->scores[i].seq > threads->seq)
            threads->seq = threads->scores[i].seq;
    for (size_t i = 0; i < PARTS_MAX; i++)
        if (threads->parts[i].seq > threads->seq)
            threads->seq = threads->parts[i].seq;
    vec_clear(&places);
}
