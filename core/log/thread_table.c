/* thread_table - where threads live, and how they are found: by queue ID, by Message-ID.
 *
 * Chained tables over one array of threads: the hash is seeded, since lines choose the keys. The
 * Message-ID's hash is of its folded form (spamd writes '_' for blanks and commas), so that one
 * table serves both ways to compare.
 */
#include "thread_parts.h"

#include "spamgear/base/map.h"

#define TEXT_MAX 1000 /* bytes of a field; queue IDs and addresses are far shorter */

void thread_set_text(struct thread *thread, enum field field, struct span text)
{
    if (thread->len[field] > 0 || text.len == 0)
        return;
    if (text.len > TEXT_MAX)
        text.len = TEXT_MAX;
    size_t need = thread->text_len + text.len;
    if (need > thread->text_cap) {
        thread->text_cap = (uint16_t)((need + 47) & ~(size_t)15);
        thread->text = mem_resize(thread->text, thread->text_cap);
    }
    memcpy(thread->text + thread->text_len, text.at, text.len);
    thread->at[field] = thread->text_len;
    thread->len[field] = (uint16_t)text.len;
    thread->text_len = (uint16_t)need;
}

/* ---- chains ---- */

static char fold_byte(char c)
{
    return c == ' ' || c == ',' || c == '\t' ? '_' : c;
}

static uint32_t hash_folded(struct span mid)
{
    char folded[TEXT_MAX];
    size_t len = mid.len < sizeof folded ? mid.len : sizeof folded;
    for (size_t i = 0; i < len; i++)
        folded[i] = fold_byte(mid.at[i]);
    return (uint32_t)map_hash(folded, len);
}

static bool is_same_mid(struct span known, struct span mid, bool folded)
{
    if (mid.len > TEXT_MAX)
        mid.len = TEXT_MAX;
    if (!folded || known.len != mid.len)
        return span_is(known, mid);
    for (size_t i = 0; i < mid.len; i++)
        if (fold_byte(known.at[i]) != fold_byte(mid.at[i]))
            return false;
    return true;
}

static void chains_make(struct chains *chains, size_t count)
{
    free(chains->first);
    chains->count = count;
    chains->first = mem_alloc(count * sizeof *chains->first);
    memset(chains->first, 0xff, count * sizeof *chains->first);
}

static uint32_t *id_chain(const struct threads *threads, uint32_t hash)
{
    return &threads->ids.first[hash & (threads->ids.count - 1)];
}

static uint32_t *mid_chain(const struct threads *threads, uint32_t hash)
{
    return &threads->mids.first[hash & (threads->mids.count - 1)];
}

static void push_id(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    uint32_t *chain = id_chain(threads, thread->id_hash);
    thread->next_id = *chain;
    *chain = number;
}

static void push_mid(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    uint32_t *chain = mid_chain(threads, thread->mid_hash);
    thread->next_mid = *chain;
    *chain = number;
}

/* Both tables have as many chains as there are threads, so that a chain is short. */
static void grow_chains(struct threads *threads)
{
    size_t count = threads->ids.count == 0 ? 256 : threads->ids.count * 2;
    if (threads->len < threads->ids.count)
        return;
    chains_make(&threads->ids, count);
    chains_make(&threads->mids, count);
    for (uint32_t n = 0; n < threads->len; n++) {
        if (threads->at[n].used && threads->at[n].indexed)
            push_id(threads, n);
        if (threads->at[n].used && threads->at[n].mid_indexed)
            push_mid(threads, n);
    }
}

void table_index_id(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    struct span id = thread_text(thread, F_ID);
    grow_chains(threads);
    thread->id_hash = (uint32_t)map_hash(id.at, id.len);
    thread->indexed = true;
    push_id(threads, number);
}

void table_index_mid(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    grow_chains(threads);
    thread->mid_hash = hash_folded(thread_text(thread, F_MESSAGE_ID));
    thread->mid_indexed = true;
    push_mid(threads, number);
}

void table_forget_id(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    if (!thread->indexed)
        return;
    uint32_t *link = id_chain(threads, thread->id_hash);
    while (*link != number)
        link = &threads->at[*link].next_id;
    *link = thread->next_id;
    thread->indexed = false;
}

static void forget_mid(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    if (!thread->mid_indexed)
        return;
    uint32_t *link = mid_chain(threads, thread->mid_hash);
    while (*link != number)
        link = &threads->at[*link].next_mid;
    *link = thread->next_mid;
}

uint32_t table_find_id(const struct threads *threads, struct span id)
{
    if (threads->ids.count == 0 || id.len == 0)
        return NO_THREAD;
    uint32_t hash = (uint32_t)map_hash(id.at, id.len), n = *id_chain(threads, hash);
    for (; n != NO_THREAD; n = threads->at[n].next_id)
        if (threads->at[n].id_hash == hash && span_is(thread_text(&threads->at[n], F_ID), id))
            break;
    return n;
}

uint32_t table_find_mid(const struct threads *threads, struct span mid, bool folded, bool *many)
{
    uint32_t found = NO_THREAD;
    *many = false;
    if (threads->mids.count == 0 || mid.len == 0)
        return NO_THREAD;
    uint32_t hash = hash_folded(mid), n = *mid_chain(threads, hash);
    for (; n != NO_THREAD && !*many; n = threads->at[n].next_mid) {
        const struct thread *thread = &threads->at[n];
        if (thread->mid_hash != hash ||
            !is_same_mid(thread_text(thread, F_MESSAGE_ID), mid, folded) || thread->root == found)
            continue;
        *many = found != NO_THREAD;
        found = thread->root;
    }
    return *many ? NO_THREAD : found;
}

/* ---- threads ---- */

void table_dirty(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    if (thread->dirty)
        return;
    thread->dirty = true;
    *vec_add(&threads->dirty) = number;
}

/* Makes it zero, but keeps what the next save must know. */
static void wipe(struct thread *thread)
{
    bool dirty = thread->dirty, stored = thread->stored;
    *thread = (struct thread){.dirty = dirty, .stored = stored};
}

uint32_t table_new(struct threads *threads)
{
    uint32_t number = threads->free;
    if (number != NO_THREAD) {
        threads->free = threads->at[number].after;
        wipe(&threads->at[number]);
    } else {
        if (threads->len == threads->cap)
            mem_grow((void **)&threads->at, &threads->cap, threads->len + 1, sizeof *threads->at);
        number = (uint32_t)threads->len++;
        threads->at[number] = (struct thread){0};
    }
    struct thread *thread = &threads->at[number];
    thread->used = true;
    thread->accepted = thread->touched = STAMP_NONE;
    thread->root = thread->last_member = number;
    thread->members = 1;
    thread->next_member = NO_THREAD;
    thread->origin = ORIGIN_TRUSTED;
    threads->alive++;
    table_dirty(threads, number);
    return number;
}

void table_drop(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    table_forget_id(threads, number);
    forget_mid(threads, number);
    bad_free(thread->bad);
    free(thread->text);
    table_dirty(threads, number);
    wipe(thread);
    thread->after = threads->free;
    threads->free = number;
    threads->alive--;
}

/* ---- lists ---- */

void list_remove(struct threads *threads, uint32_t root)
{
    struct thread *thread = &threads->at[root];
    struct ends *ends = &threads->lists[thread->list];
    if (thread->list == LIST_NONE)
        return;
    if (thread->before == NO_THREAD)
        ends->first = thread->after;
    else
        threads->at[thread->before].after = thread->after;
    if (thread->after == NO_THREAD)
        ends->last = thread->before;
    else
        threads->at[thread->after].before = thread->before;
    thread->list = LIST_NONE;
}

void list_append(struct threads *threads, uint32_t root, enum list list)
{
    struct thread *thread = &threads->at[root];
    struct ends *ends = &threads->lists[list];
    thread->list = (unsigned char)list;
    thread->after = NO_THREAD;
    thread->before = ends->last;
    if (ends->last == NO_THREAD)
        ends->first = root;
    else
        threads->at[ends->last].after = root;
    ends->last = root;
}
