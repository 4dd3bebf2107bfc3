/* php_cut - injected code keeps to itself.
 *
 * What somebody put into a foreign file neither uses what that file defines nor is used by it. So
 * one begins with the statements of the top level that the analysis points at, adds those that
 * share a name with them until no more come, and everything between them. If the names of that run
 * stand nowhere else it can go; if it is all that stands between two tags, the tags go with it.
 * Where little else is in the file it is no injection: the file is quarantined as a whole.
 *
 * Names are variables (but superglobals and those that are local to functions), and functions and
 * classes that the file declares.
 */
#include "php_cut.h"

#include "spamgear/base/map.h"
#include "spamgear/scan/php_account.h"

#define STRONG         8 /* php_sighting_weight: the statement is part of what is wrong */
#define TELLING        4 /* so it is where nothing is strong */
#define STATEMENTS_MAX 20000
#define LEFT_MIN       500 /* bytes that must stay, */
#define LEFT_SHARE     5   /* and a fifth of the file */

struct use { /* a statement uses a name */
    uint32_t statement, name;
};

struct statement {
    uint32_t first, last; /* tokens */
    bool declares;        /* a function or class: variables in it are its own */
};

struct cutter {
    struct span text;
    const struct php_token *tokens;
    size_t tokens_len;
    const struct php_tree *tree;
    VEC(struct statement) statements;
    VEC(struct use) uses;
    VEC(bool) named; /* by name: stands in the run */
    struct map names, declared;
    uint32_t from, to; /* the run: statements from ... to - 1 */
};

static void clear(struct cutter *c)
{
    vec_clear(&c->statements);
    vec_clear(&c->uses);
    vec_clear(&c->named);
    map_clear(&c->names);
    map_clear(&c->declared);
}

static struct span token_text(const struct cutter *c, uint32_t token)
{
    return php_token_text(c->text, &c->tokens[token]);
}

/* ---- statements and their names ---- */

/* Names of functions and classes in any case are the same; short ones are looked at only. */
static uint32_t fold(struct map *map, struct span name, bool add)
{
    char folded[256];
    if (name.len > sizeof folded)
        name.len = sizeof folded;
    for (size_t i = 0; i < name.len; i++)
        folded[i] = name.at[i] >= 'A' && name.at[i] <= 'Z' ? (char)(name.at[i] + 32) : name.at[i];
    struct span key = {folded, name.len};
    return add ? map_put(map, key, NULL) : map_get(map, key);
}

static void add_statement(struct cutter *c, uint32_t number)
{
    const struct php_node *node = &c->tree->nodes.at[number];
    bool declares = node->kind == PHP_NODE_FUNCTION || node->kind == PHP_NODE_CLASS;
    *vec_add(&c->statements) = (struct statement){node->token, node->last, declares};
    if (declares)
        fold(&c->declared, token_text(c, node->token), true);
}

/* The name a token stands for; MAP_NONE when it is none that counts. */
static uint32_t name_of(struct cutter *c, const struct statement *statement, uint32_t token)
{
    const struct php_token *at = &c->tokens[token];
    struct span text = token_text(c, token);
    if (at->kind == PHP_NAME && fold(&c->declared, text, false) != MAP_NONE)
        return fold(&c->names, text, true);
    bool counts = at->kind == PHP_VARIABLE && !statement->declares &&
                  php_superglobal(span_skip(text, 1)) == 0 && !span_is(text, SPAN("$this"));
    return counts ? map_put(&c->names, text, NULL) : MAP_NONE;
}

static void add_uses(struct cutter *c, uint32_t number)
{
    struct statement statement = c->statements.at[number];
    for (uint32_t i = statement.first; i <= statement.last && i < c->tokens_len; i++) {
        uint32_t name = name_of(c, &statement, i);
        if (name != MAP_NONE)
            *vec_add(&c->uses) = (struct use){number, name};
    }
}

/* False: more than anybody writes. A declaration's first token is its name in the tree; the word
 * before it is taken along when the run is turned into bytes. */
static bool read_statements(struct cutter *c)
{
    uint32_t list = c->tree->nodes.at[c->tree->root].a;
    for (; list != 0 && c->statements.len < STATEMENTS_MAX; list = c->tree->nodes.at[list].next)
        add_statement(c, list);
    for (uint32_t i = 0; i < c->statements.len; i++)
        add_uses(c, i);
    for (size_t i = 0; i < c->names.len; i++)
        *vec_add(&c->named) = false;
    return list == 0;
}

/* ---- the run ---- */

static uint32_t statement_at(const struct cutter *c, uint32_t offset)
{
    for (uint32_t i = 0; i < c->statements.len; i++)
        if (offset <
            c->tokens[c->statements.at[i].last].at + c->tokens[c->statements.at[i].last].len)
            return i;
    return (uint32_t)c->statements.len;
}

static void take(struct cutter *c, uint32_t statement)
{
    if (statement >= c->statements.len)
        return;
    if (c->from == c->to) {
        c->from = statement;
        c->to = statement + 1;
    }
    c->from = statement < c->from ? statement : c->from;
    c->to = statement >= c->to ? statement + 1 : c->to;
}

static void begin(struct cutter *c, const struct php_sightings *seen, unsigned least)
{
    for (size_t i = 0; i < seen->list.len; i++)
        if (php_sighting_weight(&seen->list.at[i]) >= least)
            take(c, statement_at(c, seen->list.at[i].statement_at));
}

/* Adds what shares a name with the run. Does it grow? */
static bool grow(struct cutter *c)
{
    uint32_t from = c->from, to = c->to;
    for (size_t i = 0; i < c->uses.len; i++)
        if (c->uses.at[i].statement >= from && c->uses.at[i].statement < to)
            c->named.at[c->uses.at[i].name] = true;
    for (size_t i = 0; i < c->uses.len; i++)
        if (c->named.at[c->uses.at[i].name])
            take(c, c->uses.at[i].statement);
    return c->from != from || c->to != to;
}

/* ---- a block of its own ---- */

static bool is_blank_html(const struct cutter *c, const struct php_token *token)
{
    struct span text = php_token_text(c->text, token);
    size_t at = 0;
    while (at < text.len && memchr(" \t\r\n", text.at[at], 4) != NULL)
        at++;
    return token->kind == PHP_HTML && at == text.len;
}

/* `?>` and at once `<?php`: nobody writes that; two files were put together. */
static bool is_seam(const struct cutter *c, uint32_t close)
{
    uint32_t next = close + 1;
    if (next < c->tokens_len && is_blank_html(c, &c->tokens[next]))
        next++;
    return c->tokens[close].kind == PHP_CLOSE && next < c->tokens_len &&
           c->tokens[next].kind == PHP_OPEN;
}

/* The tokens `<?php` before and `?>` behind the run. False: it is not within one block. */
static bool find_block(const struct cutter *c, uint32_t *open, uint32_t *close)
{
    *open = c->statements.at[c->from].first;
    *close = c->statements.at[c->from].first;
    while (*open > 0 && c->tokens[*open].kind != PHP_OPEN)
        (*open)--;
    while (*close + 1 < c->tokens_len && c->tokens[*close].kind != PHP_CLOSE)
        (*close)++;
    return c->tokens[*open].kind == PHP_OPEN && *close >= c->statements.at[c->to - 1].last;
}

/* The whole block is the run if it was put before or behind the file, and keeps to itself as well.
 */
static void take_block(struct cutter *c)
{
    uint32_t open, close, from = c->from, to = c->to, before;
    if (!find_block(c, &open, &close))
        return;
    before = open > 0 && c->tokens[open - 1].kind == PHP_HTML ? open - 2 : open - 1;
    bool first = open == 0 && is_seam(c, close);
    bool last = open > 1 && close + 2 >= c->tokens_len && is_seam(c, before);
    if (!first && !last)
        return;
    for (uint32_t i = 0; i < c->statements.len; i++)
        if (c->statements.at[i].first > open && c->statements.at[i].first < close)
            take(c, i);
    uint32_t block_from = c->from, block_to = c->to;
    if (grow(c) || c->from != block_from || c->to != block_to) {
        c->from = from;
        c->to = to;
    }
}

/* ---- its bytes ---- */

static bool is_tag(const struct php_token *token)
{
    return token->kind == PHP_OPEN || token->kind == PHP_CLOSE || token->kind == PHP_HTML;
}

/* The first token of a statement as it is written: `abstract class`, `function &` and attributes
 * stand before the token that names it. */
static uint32_t first_token(const struct cutter *c, uint32_t statement)
{
    uint32_t at = c->statements.at[statement].first;
    uint32_t before = statement == 0 ? 0 : c->statements.at[statement - 1].last + 1;
    while (before < at && is_tag(&c->tokens[before]))
        before++;
    return before < at ? before : at;
}

/* Behind a statement's last token: a close tag ends a statement as well, and stays. */
static uint32_t end_of(const struct cutter *c, uint32_t statement)
{
    uint32_t last = c->statements.at[statement].last;
    while (last > 0 && is_tag(&c->tokens[last]))
        last--;
    return last + 1;
}

static void to_bytes(const struct cutter *c, struct php_part *part)
{
    uint32_t first = first_token(c, c->from), end = end_of(c, c->to - 1);
    bool opens = first > 0 && c->tokens[first - 1].kind == PHP_OPEN;
    bool closes = c->tokens[end].kind == PHP_CLOSE;
    if (opens && closes) {
        first--;
        end++;
    }
    part->from = c->tokens[first].at;
    part->to = c->tokens[end - 1].at + c->tokens[end - 1].len;
    /* Its own newline goes too when it stood on lines of its own. */
    bool alone = part->from == 0 || c->text.at[part->from - 1] == '\n';
    if (!opens && alone && part->to < c->text.len && c->text.at[part->to] == '\n')
        part->to++;
    /* What was put behind a file that ends with a newline brought one of its own. */
    if (part->to == c->text.len && part->from >= 2 && c->text.at[part->from - 1] == '\n' &&
        c->text.at[part->from - 2] == '\n')
        part->from--;
}

/* Else the file is the malware's own, with something around it. */
static bool leaves_enough(struct span text, const struct php_part *part)
{
    size_t left = text.len - (part->to - part->from);
    return left >= LEFT_MIN && left >= text.len / LEFT_SHARE;
}

void php_cut_alone(struct span text, const struct php_part *part, struct strbuf *alone)
{
    struct span code = span_of(text.at + part->from, text.at + part->to);
    bool opens = span_has_prefix(code, SPAN("<?"));
    strbuf_reset(alone);
    if (!opens)
        strbuf_add_text(alone, "<?php ");
    for (size_t i = 0; i < part->from; i++)
        if (text.at[i] == '\n')
            strbuf_add_char(alone, '\n');
    strbuf_add_span(alone, code);
}

/* Most files have nothing to point at: their statements need not be read. */
static bool points_somewhere(const struct php_sightings *seen)
{
    for (size_t i = 0; i < seen->list.len; i++)
        if (php_sighting_weight(&seen->list.at[i]) >= TELLING)
            return true;
    return false;
}

bool php_cut_find(const struct php_look *look, struct span text, struct php_part *part)
{
    struct cutter c = {.text = text};
    if (!points_somewhere(php_look_sightings(look)))
        return false;
    const struct php_tokens *tokens = php_run_tokens(php_look_run(look));
    c.tree = php_run_tree(php_look_run(look));
    c.tokens = tokens->list.at;
    c.tokens_len = tokens->list.len;
    bool found = read_statements(&c);
    if (found) {
        begin(&c, php_look_sightings(look), STRONG);
        if (c.from == c.to)
            begin(&c, php_look_sightings(look), TELLING);
        while (c.to > c.from && grow(&c))
            ;
        found = c.to > c.from;
    }
    if (found) {
        take_block(&c);
        to_bytes(&c, part);
        found = leaves_enough(text, part);
    }
    clear(&c);
    return found;
}

/* ---- what is packed ---- */

#define PACKED_MIN 64 /* bytes: less shows nothing that the sightings do not */

static bool runs_another(const struct php_sightings *seen, uint32_t layer)
{
    for (uint32_t i = 1; i < seen->layers.len; i++)
        if (seen->layers.at[i].run && seen->layers.at[i].parent == layer)
            return true;
    return false;
}

static const struct php_layer *innermost(const struct php_sightings *seen)
{
    const struct php_layer *best = NULL;
    for (uint32_t i = 1; i < seen->layers.len; i++) {
        const struct php_layer *layer = &seen->layers.at[i];
        if (layer->run && layer->text.len >= PACKED_MIN && !runs_another(seen, i) &&
            (best == NULL || layer->text.len > best->text.len))
            best = layer;
    }
    return best;
}

bool php_cut_packed(const struct php_look *look, struct strbuf *alone)
{
    const struct php_layer *layer = innermost(php_look_sightings(look));
    if (layer == NULL)
        return false;
    bool leaves = span_has_prefix(layer->text, SPAN("?>")); /* eval() begins inside of PHP */
    strbuf_reset(alone);
    if (!leaves)
        strbuf_add_text(alone, "<?php ");
    strbuf_add_span(alone, leaves ? span_skip(layer->text, 2) : layer->text);
    return true;
}
