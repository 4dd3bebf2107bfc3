/* originals - finding the released file that another one was made from.
 *
 * A block that was added leaves the first or the last tokens as they were (or both), so those name
 * the few originals that can be meant. Of each the block's length follows, and every place for it
 * is tried: one multiplication a token.
 */
#include "spamgear/scan/originals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CANDIDATES 64 /* tried at each edge: licence texts and the like begin many files */

void originals_clear(struct originals *originals)
{
    vec_clear(&originals->prints);
    vec_clear(&originals->by_head);
    vec_clear(&originals->by_tail);
}

void originals_add(struct originals *originals, const struct php_print *print)
{
    *vec_add(&originals->prints) = *print;
}

/* ---- lines ---- */

#define MARK "#php "

static bool take_hex(struct span *line, unsigned base, uint64_t *number)
{
    static const char digits[] = "0123456789abcdef";
    size_t len = 0;
    *number = 0;
    for (; len < line->len && len < 16 && line->at[len] != ' '; len++) {
        const char *digit = memchr(digits, line->at[len], base);
        if (digit == NULL)
            return false;
        *number = *number * base + (uint64_t)(digit - digits);
    }
    if (len < line->len && line->at[len] != ' ')
        return false;
    *line = span_skip(*line, len < line->len ? len + 1 : len);
    return len > 0;
}

bool originals_read_line(struct span line, struct php_print *print)
{
    if (!span_has_prefix(line, SPAN(MARK)))
        return false;
    line = span_skip(line, sizeof MARK - 1);
    return take_hex(&line, 10, &print->tokens) && take_hex(&line, 16, &print->whole) &&
           take_hex(&line, 16, &print->head) && take_hex(&line, 16, &print->tail) &&
           line.len == 0 && print->tokens >= PHP_PRINT_MIN;
}

void originals_write_line(const struct php_print *print, struct strbuf *out)
{
    strbuf_format(out, MARK "%" PRIu64 " %016" PRIx64 " %016" PRIx64 " %016" PRIx64 "\n",
                  print->tokens, print->whole, print->head, print->tail);
}

/* ---- order ---- */

enum edge { HEAD, TAIL };

static uint64_t edge_of(const struct php_print *print, enum edge edge)
{
    return edge == HEAD ? print->head : print->tail;
}

static int order(const struct php_print *a, const struct php_print *b, enum edge edge)
{
    uint64_t left = edge_of(a, edge), right = edge_of(b, edge);
    return left != right ? (left > right) - (left < right)
                         : (a->tokens > b->tokens) - (a->tokens < b->tokens);
}

static int order_prints(const void *a, const void *b)
{
    const struct php_print *left = a, *right = b;
    int by_head = order(left, right, HEAD), by_tail = order(left, right, TAIL);
    if (by_head != 0 || by_tail != 0)
        return by_head != 0 ? by_head : by_tail;
    return (left->whole > right->whole) - (left->whole < right->whole);
}

static int order_heads(const void *a, const void *b, void *prints)
{
    const struct php_print *at = prints;
    return order(&at[*(const uint32_t *)a], &at[*(const uint32_t *)b], HEAD);
}

static int order_tails(const void *a, const void *b, void *prints)
{
    const struct php_print *at = prints;
    return order(&at[*(const uint32_t *)a], &at[*(const uint32_t *)b], TAIL);
}

/* Each once, in the same order whatever the order of the lists was. */
static void sort_prints(struct originals *originals)
{
    struct php_print *at = originals->prints.at;
    size_t kept = 0;
    qsort(at, originals->prints.len, sizeof *at, order_prints);
    for (size_t i = 0; i < originals->prints.len; i++)
        if (kept == 0 || order_prints(&at[kept - 1], &at[i]) != 0)
            at[kept++] = at[i];
    originals->prints.len = kept;
}

void originals_finish(struct originals *originals)
{
    if (originals->prints.len > 0)
        sort_prints(originals);
    originals->by_head.len = originals->by_tail.len = 0;
    for (size_t i = 0; i < originals->prints.len; i++) {
        *vec_add(&originals->by_head) = (uint32_t)i;
        *vec_add(&originals->by_tail) = (uint32_t)i;
    }
    if (originals->prints.len == 0)
        return;
    qsort_r(originals->by_head.at, originals->by_head.len, sizeof(uint32_t), order_heads,
            originals->prints.at);
    qsort_r(originals->by_tail.at, originals->by_tail.len, sizeof(uint32_t), order_tails,
            originals->prints.at);
}

/* ---- finding ---- */

struct search {
    const struct originals *originals;
    const struct php_sequence *sequence;
    size_t from, to; /* of the best place so far */
    int merit;       /* of that place; -1: none */
};

/* Can a statement end with this token, so that another begins behind it? */
static bool ends_statement(const struct php_token *token)
{
    return token->kind == PHP_OPEN || token->kind == PHP_CLOSE || token->kind == PHP_HTML ||
           (token->kind == PHP_OPERATOR &&
            (token->is == ';' || token->is == '}' || token->is == '{'));
}

/* 2: the block is whole statements and begins where one can; 1: it ends with one; 0: neither. */
static int merit_of(const struct php_sequence *sequence, size_t from, size_t to)
{
    bool begins = from == 0 || ends_statement(&sequence->tokens[from - 1]);
    bool ends = ends_statement(&sequence->tokens[to - 1]) && sequence->tokens[to - 1].is != '{';
    return (ends && begins) + ends;
}

static void try_places(struct search *search, const struct php_print *print)
{
    const struct php_sequence *sequence = search->sequence;
    size_t block = sequence->len - (size_t)print->tokens;
    for (size_t from = 0; from + block <= sequence->len && search->merit < 2; from++) {
        if (php_sequence_without(sequence, from, from + block) != print->whole)
            continue;
        int merit = merit_of(sequence, from, from + block);
        if (merit <= search->merit)
            continue;
        *search = (struct search){search->originals, sequence, from, from + block, merit};
    }
}

/* The first of those with this edge. */
static size_t lower_bound(const struct originals *originals, enum edge edge, uint64_t hash)
{
    const uint32_t *numbers = edge == HEAD ? originals->by_head.at : originals->by_tail.at;
    size_t low = 0, high = originals->prints.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (edge_of(&originals->prints.at[numbers[middle]], edge) < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* True: it is one of them as it stands. */
static bool try_edge(struct search *search, enum edge edge, uint64_t hash)
{
    const struct originals *originals = search->originals;
    const uint32_t *numbers = edge == HEAD ? originals->by_head.at : originals->by_tail.at;
    size_t first = lower_bound(originals, edge, hash), tried = 0;
    for (size_t i = first; i < originals->prints.len && tried < CANDIDATES; i++) {
        const struct php_print *print = &originals->prints.at[numbers[i]];
        if (edge_of(print, edge) != hash)
            return false;
        if (print->tokens > search->sequence->len)
            continue;
        if (print->tokens == search->sequence->len &&
            print->whole == search->sequence->prefix.at[search->sequence->len])
            return true;
        if (print->tokens < search->sequence->len) {
            try_places(search, print);
            tried++;
        }
    }
    return false;
}

enum originals_result originals_find(const struct originals *originals,
                                     const struct php_sequence *sequence, size_t *from, size_t *to)
{
    struct search search = {originals, sequence, 0, 0, -1};
    struct php_print print;
    if (originals->prints.len == 0 || !php_print_of(sequence, &print))
        return ORIGINALS_NONE;
    if (try_edge(&search, TAIL, print.tail) || try_edge(&search, HEAD, print.head))
        return ORIGINALS_SAME;
    *from = search.from;
    *to = search.to;
    return search.merit < 0 ? ORIGINALS_NONE : ORIGINALS_BLOCK;
}
