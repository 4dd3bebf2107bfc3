/* literals - an Aho-Corasick automaton over a piece of each literal, behind a filter.
 *
 * The automaton's letters are folded bytes, alike ones taken together; its table is dense: a row
 * of next states for every state that has children. States without children (nearly all ends of
 * pieces are) have none: reaching one is a stop, which says which pieces end here and in which row
 * the walk goes on. Where a piece stands, its literals are compared, unless they were seen before.
 *
 * The filter spares the automaton most of the text, of which it looks at grams at fixed steps
 * (as Wu and Manber do, TR 94-17, University of Arizona). A literal of 23 bytes or more holds
 * a gram of 16 bytes that starts at a multiple of 8 in the text, wherever it stands: so eight grams
 * of it are known to the filter. One of 5 or more holds one of two grams of 4 bytes at an even
 * offset. Of tiny ones a gram of 3 is looked for everywhere, but only in sets that have some.
 *
 * Pieces and grams are taken where ordinary code holds them most seldom.
 */
#include "spamgear/match/literals.h"

#include "spamgear/base/map.h"
#include <assert.h>
#include <endian.h>

#define PIECE      4          /* bytes of a literal in the automaton, at most */
#define STEP       8          /* bytes that the filter goes on by */
#define BIG        23         /* bytes of a window: a gram of 16 starts at one of 8 places */
#define BIG_BEFORE 9          /* of these, before the piece; a small window begins with its piece */
#define SMALL      5          /* bytes of a window: a gram of 4 starts at one of 2 places */
#define TINY       3          /* bytes of a gram and a piece of shorter ones */
#define MOST       1000000    /* literals: so that offsets in the table stay below IS_STOP */
#define NONE       UINT32_MAX /* no literal, no stop, no row */
#define IS_STOP    0x80000000u /* in the table: a stop's number follows, not a row's offset */

struct item {
    const char *at; /* in the map's keys */
    size_t len;
    size_t piece;  /* where its piece starts */
    uint32_t next; /* another literal of its part with the same piece */
    uint8_t piece_len;
    bool nocase;
};

struct stop {
    uint32_t row;     /* to go on with */
    uint32_t first;   /* literal whose piece ends here */
    uint32_t shorter; /* the stop of a shorter piece that ends here as well */
};

struct filter {
    uint64_t *big;      /* by hash of a gram: two bits of a word */
    unsigned big_shift; /* from a hash to a word's number */
    uint8_t *small;     /* by hash of a gram: 1 when it is one */
    uint8_t *tiny;      /* the same; NULL when no literal is tiny */
};

/* What finds the literals of one part. */
struct search {
    VEC(uint32_t) members;  /* numbers */
    uint8_t class_of[256];  /* by byte as it stands in a text */
    uint32_t classes;       /* the width of a row */
    VEC(uint32_t) table;    /* row after row, the root's first: the next row's offset, or a stop */
    VEC(struct stop) stops; /* by number */
    struct filter filter;
};

struct literals {
    struct map texts;   /* keys: the case mode in a byte, then the text */
    VEC(uint8_t) parts; /* by number; LITERALS_PARTS: left out */
    struct item *items; /* by number; made by literals_compile */
    struct search searches[LITERALS_PARTS];
};

/* ---- filling ---- */

struct literals *literals_new(void)
{
    return mem_zero(1, sizeof(struct literals));
}

static void search_clear(struct search *search)
{
    vec_clear(&search->members);
    free(search->filter.big);
    free(search->filter.small);
    free(search->filter.tiny);
    vec_clear(&search->table);
    vec_clear(&search->stops);
}

void literals_free(struct literals *set)
{
    if (set == NULL)
        return;
    map_clear(&set->texts);
    vec_clear(&set->parts);
    free(set->items);
    for (size_t i = 0; i < LITERALS_PARTS; i++)
        search_clear(&set->searches[i]);
    free(set);
}

uint32_t literals_add(struct literals *set, struct span text, bool nocase)
{
    assert(set->items == NULL);
    struct strbuf key = {0};
    strbuf_add_char(&key, nocase ? 'n' : 'e');
    strbuf_add_span(&key, text);
    bool added;
    uint32_t number = map_put(&set->texts, strbuf_span(&key), &added);
    if (added)
        *vec_add(&set->parts) = 0;
    strbuf_clear(&key);
    return number;
}

void literals_move(struct literals *set, uint32_t number, unsigned part)
{
    assert(set->items == NULL && part < LITERALS_PARTS);
    set->parts.at[number] = (uint8_t)part;
}

void literals_leave_out(struct literals *set, uint32_t number)
{
    assert(set->items == NULL);
    set->parts.at[number] = LITERALS_PARTS;
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

/* In these, upper and lower case are one, and so are '@' and '`', and others: for hashes that may
 * let too much pass. */
static inline uint32_t fold4(const char *at)
{
    uint32_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes | 0x20202020;
}

static inline uint64_t fold8(const char *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes | 0x2020202020202020;
}

/* Bytes of PHP, HTML and JavaScript from common to rare; a byte that is not here is rarest. */
static const char common[] =
    " et\tarsion\nlp_cd'um$hf)(*g,.y=b;-w>/v0x1k}{@\"2][<:345&6q89?7#j!z|`%\\+^~\r";

/* Words of such texts: pieces out of them stand everywhere. */
static const char words[] =
    "function return array string filename uname name link load email post get request require "
    "include class public static global default content page value option type user data info "
    "text title header order color width height size font border style script image table input "
    "button submit form action method href http:// https:// www. .com index.php php.net .html "
    "else if (isset( empty( foreach while count( echo print strlen( str_ array_ is_ => false true "
    "null this->  this that with from the and for not all are can will your mode back write read "
    "time date list path server global item code field message error match replace number "
    "version admin login password database mysql query select where insert update delete table";

struct chooser {
    uint8_t rareness[256];
    uint8_t shared[1 << 16]; /* by hash of PIECE bytes: how many pieces are that, up to 255 */
};

static uint8_t *chooser_shared(struct chooser *chooser, const char *at)
{
    return &chooser->shared[fold4(at) * 0x9e3779b1u >> 16];
}

static void chooser_share(struct chooser *chooser, const char *at, int times)
{
    uint8_t *shared = chooser_shared(chooser, at);
    *shared = (uint8_t)(*shared + times < UINT8_MAX ? *shared + times : UINT8_MAX);
}

static struct chooser *chooser_new(void)
{
    struct chooser *chooser = mem_zero(1, sizeof *chooser);
    memset(chooser->rareness, sizeof common, sizeof chooser->rareness);
    for (uint8_t i = 0; common[i] != '\0'; i++)
        chooser->rareness[(uint8_t)common[i]] = i;
    for (int c = 'A'; c <= 'Z'; c++)
        chooser->rareness[c] = chooser->rareness[fold((char)c)];
    chooser->rareness[0] = chooser->rareness[0xff] = 0; /* binary files are full of them */
    for (size_t i = 0; i + PIECE < sizeof words; i++)
        chooser_share(chooser, words + i, 5);
    return chooser;
}

static int rareness_of(const struct chooser *chooser, const char *at, size_t len)
{
    int sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += chooser->rareness[(uint8_t)at[i]];
    return sum;
}

/* How good the piece at `at` is, at least PIECE + 1 bytes before the literal's end. A piece that
 * others share costs as many comparisons wherever it stands. */
static int rate_piece(struct chooser *chooser, const char *at)
{
    return rareness_of(chooser, at, PIECE) -
           8 * (*chooser_shared(chooser, at) + *chooser_shared(chooser, at + 1));
}

/* Has a big window a gram of one byte repeated? Texts are full of those. */
static bool is_dull(const char *window)
{
    for (size_t i = 0; i < STEP; i++)
        if (memcmp(window + i, window + i + 1, BIG - STEP) == 0)
            return true;
    return false;
}

/* Its whole window must stand in the literal. */
static size_t choose_piece(struct chooser *chooser, struct span text)
{
    const char *at = text.at;
    if (text.len < SMALL)
        return text.len > TINY && rareness_of(chooser, at, 1) < rareness_of(chooser, at + TINY, 1);
    size_t before = text.len >= BIG ? BIG_BEFORE : 0, window = text.len >= BIG ? BIG : SMALL;
    size_t best = before;
    int most = INT32_MIN, sum = rareness_of(chooser, at, window - 1);
    for (size_t i = 0; i + window <= text.len; i++) {
        sum += chooser->rareness[(uint8_t)at[i + window - 1]];
        int score = sum + rate_piece(chooser, at + i + before);
        if (score > most && (window == SMALL || !is_dull(at + i))) {
            most = score;
            best = i + before;
        }
        sum -= chooser->rareness[(uint8_t)at[i]];
    }
    chooser_share(chooser, at + best, 1);
    return best;
}

static void give_piece(struct chooser *chooser, struct item *item)
{
    item->piece = choose_piece(chooser, (struct span){item->at, item->len});
    item->piece_len = (uint8_t)(item->len >= SMALL ? PIECE : item->len < TINY ? item->len : TINY);
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
        set->items[n] = (struct item){
            .at = text.at, .len = text.len, .next = NONE, .nocase = literals_nocase(set, n)};
        if (set->parts.at[n] == LITERALS_PARTS)
            continue;
        *vec_add(&set->searches[set->parts.at[n]].members) = n;
        give_piece(chooser, &set->items[n]);
    }
    free(chooser);
    return empty ? strbuf_why(why, "a literal is empty") : 0;
}

/* Bytes that the automaton does not tell apart: case, pairs of digits, many control bytes, and
 * of the high bytes (those of other encodings, and of binary files) all but the lowest bits. */
static uint8_t letter(char c)
{
    uint8_t byte = fold(c);
    if (byte >= 0x80)
        return 0x80 | (byte & 7);
    if (byte < ' ' && byte != '\t' && byte != '\n')
        return byte == '\0' ? 0 : 1 | (byte & 2);
    return byte >= '0' && byte <= '9' ? byte & 0xfe : byte;
}

static void make_classes(struct search *search, const struct item *items)
{
    uint8_t class_of[256] = {0}; /* by letter */
    search->classes = 1;         /* of the letters that stand in no piece */
    for (size_t m = 0; m < search->members.len; m++) {
        const struct item *item = &items[search->members.at[m]];
        for (size_t i = 0; i < item->piece_len; i++) {
            uint8_t *class = &class_of[letter(item->at[item->piece + i])];
            if (*class == 0)
                *class = (uint8_t)search->classes++;
        }
    }
    for (int c = 0; c < 256; c++)
        search->class_of[c] = class_of[letter((char)c)];
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

static void node_add_row(struct search *search, struct node *node)
{
    node->row = (uint32_t)search->table.len;
    vec_reserve(&search->table, search->classes);
    memset(search->table.at + search->table.len, 0, search->classes * sizeof *search->table.at);
    search->table.len += search->classes;
}

/* While it is built the table holds numbers of nodes, 0 where there is no child. */
static uint32_t node_child(struct search *search, struct nodes *nodes, uint32_t parent, char byte)
{
    if (nodes->list.at[parent].row == NONE)
        node_add_row(search, &nodes->list.at[parent]);
    uint32_t *child =
        &search->table.at[nodes->list.at[parent].row + search->class_of[(uint8_t)byte]];
    if (*child == 0)
        *child = node_add(nodes);
    return *child;
}

/* All first bytes, then all second bytes, ...: so nodes come breadth first. */
static void plant_pieces(struct search *search, struct item *items, struct nodes *nodes)
{
    size_t count = search->members.len;
    uint32_t *place = mem_zero(count, sizeof *place); /* by member: its node so far */
    uint32_t root = node_add(nodes);
    node_add_row(search, &nodes->list.at[root]);
    for (size_t depth = 0; depth < PIECE; depth++)
        for (size_t m = 0; m < count; m++) {
            const struct item *item = &items[search->members.at[m]];
            if (depth < item->piece_len)
                place[m] = node_child(search, nodes, place[m], item->at[item->piece + depth]);
        }
    for (size_t m = 0; m < count; m++) {
        struct node *node = &nodes->list.at[place[m]];
        uint32_t number = search->members.at[m];
        items[number].next = node->first;
        node->first = number;
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
static void link_suffixes(struct search *search, struct nodes *nodes)
{
    for (uint32_t n = 0; n < nodes->list.len; n++) {
        const struct node *node = &nodes->list.at[n];
        if (node->row == NONE)
            continue;
        uint32_t *row = search->table.at + node->row;
        const uint32_t *other = search->table.at + row_of(nodes, &nodes->list.at[node->fail]);
        for (uint32_t c = 0; c < search->classes; c++) {
            if (row[c] == 0)
                row[c] = n == 0 ? 0 : other[c];
            else if (n != 0)
                nodes->list.at[row[c]].fail = other[c];
        }
    }
}

static void make_stops(struct search *search, struct nodes *nodes)
{
    for (uint32_t n = 1; n < nodes->list.len; n++) {
        struct node *node = &nodes->list.at[n];
        uint32_t shorter = nodes->list.at[node->fail].stop;
        node->stop = shorter;
        if (node->first != NONE || (shorter != NONE && node->row != NONE)) {
            node->stop = (uint32_t)search->stops.len;
            *vec_add(&search->stops) = (struct stop){row_of(nodes, node), node->first, shorter};
        }
    }
}

/* From numbers of nodes to where the walk goes. */
static void finish_table(struct search *search, const struct nodes *nodes)
{
    for (size_t i = 0; i < search->table.len; i++) {
        const struct node *node = &nodes->list.at[search->table.at[i]];
        search->table.at[i] = node->stop == NONE ? row_of(nodes, node) : IS_STOP | node->stop;
    }
}

static void make_automaton(struct search *search, struct item *items)
{
    struct nodes nodes = {0};
    make_classes(search, items);
    plant_pieces(search, items, &nodes);
    link_suffixes(search, &nodes);
    make_stops(search, &nodes);
    finish_table(search, &nodes);
    vec_clear(&nodes.list);
}

/* ---- the filter ---- */

#define GRAM_BITS 16 /* of a hash, for a table of 64 KiB */
#define BIG_BITS  24 /* bits in the table for each gram: 0.6 % of other grams pass */

static inline uint64_t big_hash(const char *at)
{
    uint64_t mixed = (fold8(at) * 0x9e3779b97f4a7c15 ^ fold8(at + 8)) * 0xc2b2ae3d27d4eb4f;
    return mixed ^ mixed >> 29;
}

static inline uint32_t small_hash(const char *at)
{
    return fold4(at) * 0x9e3779b1u >> (32 - GRAM_BITS);
}

/* Of the first 3 of 4 bytes. */
static inline uint32_t tiny_hash(const char *at)
{
    return (le32toh(fold4(at)) << 8) * 0x9e3779b1u >> (32 - GRAM_BITS);
}

static inline uint64_t big_bits(uint64_t hash)
{
    return (uint64_t)1 << (hash & 63) | (uint64_t)1 << (hash >> 6 & 63) |
           (uint64_t)1 << (hash >> 12 & 63);
}

static inline bool has_big(const struct filter *filter, const char *at)
{
    uint64_t hash = big_hash(at), bits = big_bits(hash);
    return (filter->big[hash >> filter->big_shift] & bits) == bits;
}

static void add_big(struct filter *filter, const struct item *item)
{
    for (size_t i = 0; i < STEP; i++) {
        uint64_t hash = big_hash(item->at + item->piece - BIG_BEFORE + i);
        filter->big[hash >> filter->big_shift] |= big_bits(hash);
    }
}

static void add_small(struct filter *filter, const struct item *item)
{
    filter->small[small_hash(item->at + item->piece)] = 1;
    filter->small[small_hash(item->at + item->piece + 1)] = 1;
}

/* What a literal lacks to a gram may be any bytes: a set with a single byte is not filtered. */
static void add_tiny(struct filter *filter, const struct item *item)
{
    size_t len = item->piece_len;
    if (filter->tiny == NULL)
        filter->tiny = mem_zero(1 << GRAM_BITS, 1);
    for (unsigned rest = 0; rest < 1u << 8 * (TINY - len); rest++) {
        char gram[4] = {0, (char)(rest >> 8), (char)rest, 0};
        memcpy(gram, item->at + item->piece, len);
        filter->tiny[tiny_hash(gram)] = 1;
    }
}

static void make_filter(struct search *search, const struct item *items)
{
    struct filter *filter = &search->filter;
    size_t len = 2;
    filter->big_shift = 63;
    for (; len * 64 < search->members.len * STEP * BIG_BITS; len *= 2)
        filter->big_shift--;
    filter->big = mem_zero(len, sizeof *filter->big);
    filter->small = mem_zero(1 << GRAM_BITS, 1);
    for (size_t m = 0; m < search->members.len; m++) {
        const struct item *item = &items[search->members.at[m]];
        (item->len >= BIG ? add_big : item->len >= SMALL ? add_small : add_tiny)(filter, item);
    }
}

int literals_compile(struct literals *set, struct strbuf *why)
{
    assert(set->items == NULL);
    if (make_items(set, why) != 0)
        return -1;
    for (size_t i = 0; i < LITERALS_PARTS; i++)
        if (set->searches[i].members.len > 0) {
            make_automaton(&set->searches[i], set->items);
            make_filter(&set->searches[i], set->items);
        }
    return 0;
}

/* ---- scanning ---- */

void literal_hits_init(struct literal_hits *hits, const struct literals *set)
{
    literal_hits_clear(hits);
    hits->first = mem_zero(literals_count(set), sizeof *hits->first);
    hits->mark = mem_zero(literals_count(set), sizeof *hits->mark);
    hits->absent = mem_zero(literals_count(set), sizeof *hits->absent);
    hits->round = 1; /* nothing is seen before the first scan */
}

void literal_hits_clear(struct literal_hits *hits)
{
    vec_clear(&hits->numbers);
    free(hits->first);
    free(hits->mark);
    free(hits->absent);
    *hits = (struct literal_hits){0};
}

static void next_round(struct literal_hits *hits, uint32_t count)
{
    hits->numbers.len = 0;
    hits->asked = hits->answers = 0;
    if (++hits->round == 0) { /* after 4 billion texts old marks would count again */
        memset(hits->mark, 0, count * sizeof *hits->mark);
        memset(hits->absent, 0, count * sizeof *hits->absent);
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
    size_t before = item->piece + item->piece_len;
    return (size_t)(end - text.at) >= before &&
           (size_t)(span_end(text) - end) >= item->len - before && is_same(item, end - before);
}

static bool is_in(const struct item *item, struct span text)
{
    if (text.len < item->len)
        return false;
    if (!item->nocase)
        return memmem(text.at, text.len, item->at, item->len) != NULL;
    const uint8_t first = fold(item->at[0]);
    for (const char *at = text.at; (size_t)(span_end(text) - at) >= item->len; at++)
        if (fold(*at) == first && is_same(item, at))
            return true;
    return false;
}

bool literals_stands(const struct literals *set, uint32_t number, struct span text,
                     struct literal_hits *hits)
{
    if (literal_hits_has(hits, number))
        return true;
    bool searched = hits->parts >> set->parts.at[number] & 1;
    if (searched || hits->absent[number] == hits->round)
        return false;
    bool stands = is_in(&set->items[number], text);
    *(stands ? &hits->mark[number] : &hits->absent[number]) = hits->round;
    return stands;
}

struct walk {
    const struct search *search;
    const struct item *items; /* of the set */
    struct span text;
    struct literal_hits *hits;
    size_t from, to; /* the offsets between which the automaton has read */
    uint32_t row;    /* where it is now */
};

/* end: just behind the piece that the stop tells. */
static void take_stop(struct walk *walk, uint32_t number, const char *end)
{
    const struct search *search = walk->search;
    struct literal_hits *hits = walk->hits;
    for (; number != NONE; number = search->stops.at[number].shorter)
        for (uint32_t n = search->stops.at[number].first; n != NONE; n = walk->items[n].next) {
            const struct item *item = &walk->items[n];
            bool seen = literal_hits_has(hits, n);
            size_t start = (size_t)(end - walk->text.at) - item->piece - item->piece_len;
            if ((seen && hits->first[n] <= start) || !stands(item, walk->text, end))
                continue;
            hits->first[n] = start;
            hits->mark[n] = hits->round;
            if (!seen)
                *vec_add(&hits->numbers) = n;
        }
}

/* The automaton reads [from, to), but not again what it just read. */
static void walk_part(struct walk *walk, size_t from, size_t to)
{
    const struct search *search = walk->search;
    if (from < walk->from || from > walk->to) {
        walk->from = walk->to = from;
        walk->row = 0;
    }
    uint32_t row = walk->row;
    for (size_t i = walk->to; i < to; i++) {
        uint32_t next = search->table.at[row + search->class_of[(uint8_t)walk->text.at[i]]];
        if (next & IS_STOP) {
            take_stop(walk, next & ~IS_STOP, walk->text.at + i + 1);
            next = search->stops.at[next & ~IS_STOP].row;
        }
        row = next;
    }
    walk->row = row;
    walk->to = to > walk->to ? to : walk->to;
}

/* A gram of the step at this offset passed: which one? The pieces of all windows that it can be
 * in are read. */
static void look_closer(struct walk *walk, size_t at)
{
    const struct filter *filter = &walk->search->filter;
    const char *text = walk->text.at + at;
    if (has_big(filter, text))
        walk_part(walk, at + BIG_BEFORE - (STEP - 1), at + BIG_BEFORE + PIECE);
    for (size_t i = 0; i < STEP; i++) {
        if (i % 2 == 0 && filter->small[small_hash(text + i)])
            walk_part(walk, at + i - (at + i > 0), at + i + PIECE);
        if (filter->tiny != NULL && filter->tiny[tiny_hash(text + i)])
            walk_part(walk, at + i, at + i + TINY);
    }
}

/* Returns where the rest begins, which is too short for a step. */
static inline __attribute__((always_inline)) size_t filter_text(struct walk *walk, bool tiny)
{
    const struct filter filter = walk->search->filter;
    size_t at = 0;
    for (; at + BIG <= walk->text.len; at += STEP) {
        const char *text = walk->text.at + at;
        unsigned any = has_big(&filter, text);
        for (size_t i = 0; i < STEP; i += 2)
            any |= filter.small[small_hash(text + i)];
        for (size_t i = 0; tiny && i < STEP; i++)
            any |= filter.tiny[tiny_hash(text + i)];
        if (__builtin_expect(any != 0, false))
            look_closer(walk, at);
    }
    return at;
}

static void scan_part(struct walk walk)
{
    size_t rest =
        walk.search->filter.tiny != NULL ? filter_text(&walk, true) : filter_text(&walk, false);
    walk_part(&walk, rest < STEP ? 0 : rest - STEP + 1, walk.text.len);
}

void literals_scan_parts(const struct literals *set, unsigned parts, struct span text,
                         struct literal_hits *hits)
{
    next_round(hits, literals_count(set));
    hits->parts = parts;
    for (unsigned i = 0; i < LITERALS_PARTS; i++)
        if ((parts >> i & 1) && set->searches[i].members.len > 0)
            scan_part((struct walk){
                .search = &set->searches[i], .items = set->items, .text = text, .hits = hits});
}

void literals_scan(const struct literals *set, struct span text, struct literal_hits *hits)
{
    literals_scan_parts(set, (1u << LITERALS_PARTS) - 1, text, hits);
}

const char *literals_engine(void)
{
    return "aho-corasick";
}
