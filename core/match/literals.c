/* literals - an Aho-Corasick automaton over a piece of each literal.
 *
 * The automaton's alphabet is classes of folded bytes (those that stand in some piece, and one
 * class for all others), its table is dense: a row of next states for every state that has
 * children. States without children (nearly all ends of pieces are) have none: reaching one
 * is a stop, which says which pieces end here and in which row the walk goes on.
 *
 * A piece is the part of a literal that ordinary code holds most seldom, since every place
 * where it stands costs a comparison. A literal that was seen already is not compared again.
 */
#include "spamgear/match/literals.h"

#include "spamgear/base/map.h"
#include <assert.h>

#define PIECE   4           /* bytes, at most */
#define MOST    1000000     /* literals: so that offsets in the table stay below IS_STOP */
#define NONE    UINT32_MAX  /* no literal, no stop, no row */
#define IS_STOP 0x80000000u /* in the table: a stop's number follows, not a row's offset */

struct item {
    const char *at; /* in the map's keys */
    size_t len;
    size_t piece;  /* where its piece starts */
    uint32_t next; /* another literal with the same piece */
    bool nocase;
};

struct stop {
    uint32_t row;     /* to go on with */
    uint32_t first;   /* literal whose piece ends here */
    uint32_t shorter; /* the stop of a shorter piece that ends here as well */
};

struct literals {
    struct map texts;       /* keys: the case mode in a byte, then the text */
    struct item *items;     /* by number; made by literals_compile */
    uint8_t class_of[256];  /* by byte as it stands in a text */
    uint32_t classes;       /* the width of a row */
    VEC(uint32_t) table;    /* row after row, the root's first: the next row's offset, or a stop */
    VEC(struct stop) stops; /* by number */
};

/* ---- filling ---- */

struct literals *literals_new(void)
{
    return mem_zero(1, sizeof(struct literals));
}

void literals_free(struct literals *set)
{
    if (set == NULL)
        return;
    map_clear(&set->texts);
    free(set->items);
    vec_clear(&set->table);
    vec_clear(&set->stops);
    free(set);
}

uint32_t literals_add(struct literals *set, struct span text, bool nocase)
{
    assert(set->items == NULL);
    struct strbuf key = {0};
    strbuf_add_char(&key, nocase ? 'n' : 'e');
    strbuf_add_span(&key, text);
    uint32_t number = map_put(&set->texts, strbuf_span(&key), NULL);
    strbuf_clear(&key);
    return number;
}

uint32_t literals_count(const struct literals *set)
{
    return (uint32_t)set->texts.len;
}

struct span literals_text(const struct literals *set, uint32_t number)
{
    return span_skip(map_key(&set->texts, number), 1);
}

bool literals_nocase(const struct literals *set, uint32_t number)
{
    return map_key(&set->texts, number).at[0] == 'n';
}

/* ---- choosing pieces ---- */

static uint8_t fold(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Bytes of PHP, HTML and JavaScript from common to rare; a byte that is not here is rarest. */
static const char common[] =
    " et\tarsion\nlp_cd'um$hf)(*g,.y=b;-w>/v0x1k}{@\"2][<:345&6q89?7#j!z|`%\\+^~\r";

struct chooser {
    uint8_t rareness[256];
    uint8_t shared[1 << 16]; /* by hash of a piece: how many literals have it, up to 255 */
};

static struct chooser *chooser_new(void)
{
    struct chooser *chooser = mem_zero(1, sizeof *chooser);
    memset(chooser->rareness, sizeof common, sizeof chooser->rareness);
    for (size_t i = 0; common[i] != '\0'; i++)
        chooser->rareness[(uint8_t)common[i]] = (uint8_t)i;
    return chooser;
}

static uint8_t *chooser_shared(struct chooser *chooser, const char *at, size_t len)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ fold(at[i])) * 0x9e3779b1u;
    return &chooser->shared[hash >> 16];
}

/* A piece that many literals share costs as many comparisons wherever it stands. */
static size_t choose_piece(struct chooser *chooser, const char *at, size_t len)
{
    size_t piece = len < PIECE ? len : PIECE, best = 0;
    int most = INT32_MIN;
    for (size_t i = 0; i + piece <= len; i++) {
        int score = -8 * *chooser_shared(chooser, at + i, piece);
        for (size_t j = 0; j < piece; j++)
            score += chooser->rareness[fold(at[i + j])];
        if (score > most) {
            most = score;
            best = i;
        }
    }
    uint8_t *shared = chooser_shared(chooser, at + best, piece);
    *shared = (uint8_t)(*shared + (*shared < UINT8_MAX));
    return best;
}

static int make_items(struct literals *set, struct strbuf *why)
{
    uint32_t count = literals_count(set);
    if (count > MOST)
        return strbuf_why(why, "more than %d literals", MOST);
    struct chooser *chooser = chooser_new();
    set->items = mem_zero(count, sizeof *set->items);
    bool empty = false;
    for (uint32_t n = 0; n < count; n++) {
        struct span text = literals_text(set, n);
        empty |= text.len == 0;
        set->items[n] = (struct item){.at = text.at,
                                      .len = text.len,
                                      .piece = choose_piece(chooser, text.at, text.len),
                                      .next = NONE,
                                      .nocase = literals_nocase(set, n)};
    }
    free(chooser);
    return empty ? strbuf_why(why, "a literal is empty") : 0;
}

static size_t piece_len(const struct item *item)
{
    return item->len < PIECE ? item->len : PIECE;
}

static void make_classes(struct literals *set)
{
    set->classes = 1; /* of the bytes that stand in no piece */
    for (uint32_t n = 0; n < literals_count(set); n++) {
        const struct item *item = &set->items[n];
        for (size_t i = 0; i < piece_len(item); i++) {
            uint8_t byte = fold(item->at[item->piece + i]);
            if (set->class_of[byte] == 0)
                set->class_of[byte] = (uint8_t)set->classes++;
        }
    }
    for (int c = 'A'; c <= 'Z'; c++)
        set->class_of[c] = set->class_of[c - 'A' + 'a'];
}

/* ---- building the automaton ---- */

struct node {
    uint32_t row;   /* its offset in the table; NONE: no children */
    uint32_t fail;  /* node of the longest proper suffix of what led here */
    uint32_t first; /* literal whose piece ends here */
    uint32_t stop;  /* its own, or that of the nearest suffix that has one */
};

struct nodes {
    VEC(struct node) list; /* breadth first: shorter ones before longer ones; the root is 0 */
};

static uint32_t node_add(struct nodes *nodes)
{
    *vec_add(&nodes->list) = (struct node){NONE, 0, NONE, NONE};
    return (uint32_t)nodes->list.len - 1;
}

static void node_add_row(struct literals *set, struct node *node)
{
    node->row = (uint32_t)set->table.len;
    vec_reserve(&set->table, set->classes);
    memset(set->table.at + set->table.len, 0, set->classes * sizeof *set->table.at);
    set->table.len += set->classes;
}

/* While it is built the table holds numbers of nodes, 0 where there is no child. */
static uint32_t node_child(struct literals *set, struct nodes *nodes, uint32_t parent, uint8_t byte)
{
    if (nodes->list.at[parent].row == NONE)
        node_add_row(set, &nodes->list.at[parent]);
    uint32_t *child = &set->table.at[nodes->list.at[parent].row + set->class_of[byte]];
    if (*child == 0)
        *child = node_add(nodes);
    return *child;
}

/* All first bytes, then all second bytes, ...: so nodes come breadth first. */
static void plant_pieces(struct literals *set, struct nodes *nodes)
{
    uint32_t count = literals_count(set);
    uint32_t *place = mem_zero(count, sizeof *place); /* by literal: its node so far */
    uint32_t root = node_add(nodes);
    node_add_row(set, &nodes->list.at[root]);
    for (size_t depth = 0; depth < PIECE; depth++)
        for (uint32_t n = 0; n < count; n++) {
            const struct item *item = &set->items[n];
            if (depth < piece_len(item))
                place[n] = node_child(set, nodes, place[n], fold(item->at[item->piece + depth]));
        }
    for (uint32_t n = 0; n < count; n++) {
        struct node *node = &nodes->list.at[place[n]];
        set->items[n].next = node->first;
        node->first = n;
    }
    free(place);
}

/* The nearest node, suffix by suffix, that has a row. */
static uint32_t row_of(const struct nodes *nodes, const struct node *node)
{
    while (node->row == NONE)
        node = &nodes->list.at[node->fail];
    return node->row;
}

/* Shorter suffixes have their rows complete when longer ones ask for them. */
static void link_suffixes(struct literals *set, struct nodes *nodes)
{
    for (uint32_t n = 0; n < nodes->list.len; n++) {
        const struct node *node = &nodes->list.at[n];
        if (node->row == NONE)
            continue;
        uint32_t *row = set->table.at + node->row;
        const uint32_t *other = set->table.at + row_of(nodes, &nodes->list.at[node->fail]);
        for (uint32_t c = 0; c < set->classes; c++) {
            if (row[c] == 0)
                row[c] = n == 0 ? 0 : other[c];
            else if (n != 0)
                nodes->list.at[row[c]].fail = other[c];
        }
    }
}

static void make_stops(struct literals *set, struct nodes *nodes)
{
    for (uint32_t n = 1; n < nodes->list.len; n++) {
        struct node *node = &nodes->list.at[n];
        uint32_t shorter = nodes->list.at[node->fail].stop;
        node->stop = shorter;
        if (node->first != NONE || (shorter != NONE && node->row != NONE)) {
            node->stop = (uint32_t)set->stops.len;
            *vec_add(&set->stops) = (struct stop){row_of(nodes, node), node->first, shorter};
        }
    }
}

/* From numbers of nodes to where the walk goes. */
static void finish_table(struct literals *set, const struct nodes *nodes)
{
    for (size_t i = 0; i < set->table.len; i++) {
        const struct node *node = &nodes->list.at[set->table.at[i]];
        set->table.at[i] = node->stop == NONE ? row_of(nodes, node) : IS_STOP | node->stop;
    }
}

int literals_compile(struct literals *set, struct strbuf *why)
{
    assert(set->items == NULL);
    if (make_items(set, why) != 0)
        return -1;
    make_classes(set);
    struct nodes nodes = {0};
    plant_pieces(set, &nodes);
    link_suffixes(set, &nodes);
    make_stops(set, &nodes);
    finish_table(set, &nodes);
    vec_clear(&nodes.list);
    return 0;
}

/* ---- scanning ---- */

void literal_hits_init(struct literal_hits *hits, const struct literals *set)
{
    literal_hits_clear(hits);
    hits->first = mem_zero(literals_count(set), sizeof *hits->first);
    hits->mark = mem_zero(literals_count(set), sizeof *hits->mark);
    hits->round = 1; /* nothing is seen before the first scan */
}

void literal_hits_clear(struct literal_hits *hits)
{
    vec_clear(&hits->numbers);
    free(hits->first);
    free(hits->mark);
    *hits = (struct literal_hits){0};
}

static void next_round(struct literal_hits *hits, uint32_t count)
{
    hits->numbers.len = 0;
    if (++hits->round == 0) { /* after 4 billion texts old marks would count again */
        memset(hits->mark, 0, count * sizeof *hits->mark);
        hits->round = 1;
    }
}

static bool is_same(const struct item *item, const char *at)
{
    if (!item->nocase)
        return memcmp(item->at, at, item->len) == 0;
    for (size_t i = 0; i < item->len; i++)
        if (fold(item->at[i]) != fold(at[i]))
            return false;
    return true;
}

/* end: just behind the piece. */
static bool stands(const struct item *item, struct span text, const char *end)
{
    size_t before = item->piece + piece_len(item);
    return (size_t)(end - text.at) >= before &&
           (size_t)(span_end(text) - end) >= item->len - before && is_same(item, end - before);
}

static void take_stop(const struct literals *set, uint32_t number, struct span text,
                      const char *end, struct literal_hits *hits)
{
    for (; number != NONE; number = set->stops.at[number].shorter)
        for (uint32_t n = set->stops.at[number].first; n != NONE; n = set->items[n].next) {
            const struct item *item = &set->items[n];
            if (literal_hits_has(hits, n) || !stands(item, text, end))
                continue;
            hits->mark[n] = hits->round;
            hits->first[n] = (size_t)(end - text.at) - item->piece - piece_len(item);
            *vec_add(&hits->numbers) = n;
        }
}

void literals_scan(const struct literals *set, struct span text, struct literal_hits *hits)
{
    next_round(hits, literals_count(set));
    uint32_t row = 0;
    for (const char *at = text.at, *end = span_end(text); at != end;) {
        uint32_t next = set->table.at[row + set->class_of[(uint8_t)*at++]];
        if (next & IS_STOP) {
            take_stop(set, next & ~IS_STOP, text, at, hits);
            next = set->stops.at[next & ~IS_STOP].row;
        }
        row = next;
    }
}

const char *literals_engine(void)
{
    return "aho-corasick";
}
