/* thread_table - where threads live, and how they are found: by queue ID, by Message-ID.
 *
 * Chained tables over one array of threads: the hash is seeded, since lines choose the keys. The
 * Message-ID's hash is of its folded form (spamd writes '_' for blanks and commas), so that one
 * table serves both ways to compare.
 */
#include "thread_parts.h"

#include "spamgear/base/map.h"

#define TEXT_MAX 1000 /* bytes of a field; queue IDs and addresses are far shorter */

void thread_set_text(struct threads *threads, struct thread *thread, enum field field,
                     struct span text)
{
    if (thread->len[field] > 0 || text.len == 0)
        return;
    if (text.len > TEXT_MAX)
        text.len = TEXT_MAX;
    size_t need = thread->text_len + text.len;
    if (need > thread->text_cap) {
        size_t cap = (need + 47) & ~(size_t)15;
        threads->bytes += cap - thread->text_cap;
        thread->text_cap = (uint16_t)cap;
        thread->text = mem_resize(thread->text, thread->text_cap);
    }
    memcpy(thread->text + thread->text_len, text.at, text.len);
    thread->at[field] = thread->text_len;
    thread->len[field] = (uint16_t)text.len;
    thread->text_len = (uint16_t)need;
}

void thread_free_text(struct threads *threads, struct thread *thread)
{
    threads->bytes -= thread->text_cap;
    free(thread->text);
    thread->text = NULL;
    thread->text_len = thread->text_cap = 0;
    memset(thread->len, 0, sizeof thread->len);
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

static struct chains *chains_of(struct threads *threads, bool mid)
{
    return mid ? &threads->mids : &threads->ids;
}

static struct link *link_of(struct threads *threads, uint32_t number, bool mid)
{
    return mid ? &threads->at[number].by_mid : &threads->at[number].by_id;
}

static void push(struct threads *threads, uint32_t number, bool mid)
{
    struct chains *chains = chains_of(threads, mid);
    struct link *link = link_of(threads, number, mid);
    uint32_t *first = &chains->first[link->hash & (chains->count - 1)];
    link->before = NO_THREAD;
    link->after = *first;
    if (*first != NO_THREAD)
        link_of(threads, *first, mid)->before = number;
    *first = number;
}

/* Spammers choose Message-IDs: thousands may share one chain, so it is left without a search. */
static void leave(struct threads *threads, uint32_t number, bool mid)
{
    struct chains *chains = chains_of(threads, mid);
    const struct link *link = link_of(threads, number, mid);
    if (link->before == NO_THREAD)
        chains->first[link->hash & (chains->count - 1)] = link->after;
    else
        link_of(threads, link->before, mid)->after = link->after;
    if (link->after != NO_THREAD)
        link_of(threads, link->after, mid)->before = link->before;
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
            push(threads, n, false);
        if (threads->at[n].used && threads->at[n].mid_indexed)
            push(threads, n, true);
    }
}

void table_index_id(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    struct span id = thread_text(thread, F_ID);
    grow_chains(threads);
    thread->by_id.hash = (uint32_t)map_hash(id.at, id.len);
    thread->indexed = true;
    push(threads, number, false);
}

void table_index_mid(struct threads *threads, uint32_t number)
{
    struct thread *thread = &threads->at[number];
    grow_chains(threads);
    thread->by_mid.hash = hash_folded(thread_text(thread, F_MESSAGE_ID));
    thread->mid_indexed = true;
    push(threads, number, true);
}

void table_forget_id(struct threads *threads, uint32_t number)
{
    if (threads->at[number].indexed)
        leave(threads, number, false);
    threads->at[number].indexed = false;
}

void table_forget_mid(struct threads *threads, uint32_t number)
{
    if (threads->at[number].mid_indexed)
        leave(threads, number, true);
    threads->at[number].mid_indexed = false;
}

/* The next thread of a chain with this queue ID, from n on. */
static uint32_t next_with_id(const struct threads *threads, uint32_t n, uint32_t hash,
                             struct span id)
{
    for (; n != NO_THREAD; n = threads->at[n].by_id.after)
        if (threads->at[n].by_id.hash == hash && span_is(thread_text(&threads->at[n], F_ID), id))
            break;
    return n;
}

static uint32_t first_with_id(const struct threads *threads, struct span id, uint32_t *hash)
{
    if (threads->ids.count == 0 || id.len == 0)
        return NO_THREAD;
    *hash = (uint32_t)map_hash(id.at, id.len);
    return next_with_id(threads, threads->ids.first[*hash & (threads->ids.count - 1)], *hash, id);
}

uint32_t table_find_id(const struct threads *threads, struct span id)
{
    uint32_t hash, n = first_with_id(threads, id, &hash);
    for (int steps = 0; n != NO_THREAD && threads->at[n].host != threads->host; steps++) {
        if (steps == CHAIN_MAX)
            return NO_THREAD;
        n = next_with_id(threads, threads->at[n].by_id.after, hash, id);
    }
    return n;
}

uint32_t table_find_only(const struct threads *threads, struct span id)
{
    uint32_t hash, n = first_with_id(threads, id, &hash);
    if (n == NO_THREAD || next_with_id(threads, threads->at[n].by_id.after, hash, id) != NO_THREAD)
        return NO_THREAD;
    return n;
}

/* The only family of those met. */
struct only {
    uint32_t root;
    bool many;
};

static void meet(struct only *only, uint32_t root)
{
    only->many |= only->root != NO_THREAD && only->root != root;
    only->root = root;
}

uint32_t table_find_mid(const struct threads *threads, uint32_t host, struct span mid, bool folded,
                        bool *many)
{
    struct only here = {NO_THREAD, false}, all = here;
    *many = false;
    if (threads->mids.count == 0 || mid.len == 0)
        return NO_THREAD;
    uint32_t hash = hash_folded(mid), n = threads->mids.first[hash & (threads->mids.count - 1)];
    for (int steps = 0; n != NO_THREAD && !here.many; n = threads->at[n].by_mid.after) {
        const struct thread *thread = &threads->at[n];
        if (thread->by_mid.hash != hash ||
            !is_same_mid(thread_text(thread, F_MESSAGE_ID), mid, folded))
            continue;
        meet(&all, thread->root);
        if (thread->host == host)
            meet(&here, thread->root);
        here.many |= ++steps == CHAIN_MAX;
    }
    const struct only *only = here.root != NO_THREAD || here.many ? &here : &all;
    *many = only->many;
    return only->many ? NO_THREAD : only->root;
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
    thread->host = threads->host;
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
    table_forget_mid(threads, number);
    bad_free(threads, thread->bad);
    thread_free_text(threads, thread);
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
