/* run_layer - texts within texts: what eval and its like get, and what is written into files.
 *
 * A text is walked once: the second time its result is remembered. How many there are, how long
 * and how deep in each other is bounded.
 */
#include "run_parts.h"

#include "spamgear/base/map.h"
#include "spamgear/base/strbuf.h"
#include <string.h>

#define ALL_LAYERS (8u << 20) /* bytes of all layers together */
#define PARTS      16         /* unknown ones of a text that is pieced together */

/* ---- units ---- */

void run_unit_free(struct unit *unit)
{
    php_tokens_clear(&unit->tokens);
    php_tree_clear(&unit->tree);
    free(unit->names);
    free(unit->seen);
    vec_clear(&unit->lines);
    free(unit);
}

static struct unit *idle_unit(struct php_run *run)
{
    for (size_t i = 0; i < run->units.len; i++)
        if (!run->units.at[i]->busy)
            return run->units.at[i];
    struct unit *unit = mem_zero(1, sizeof *unit);
    *vec_add(&run->units) = unit;
    return unit;
}

/* Parses a unit's tokens, and makes room for what the walk notes of its nodes. */
static void begin_unit(struct php_run *run, struct unit *unit, struct span text)
{
    unit->busy = true;
    unit->text = text;
    unit->layer = (uint32_t)run->seen.layers.len - 1;
    unit->lines.len = 0;
    php_parse(text, &unit->tokens, &unit->tree);
    size_t nodes = unit->tree.nodes.len;
    if (nodes > unit->cap || unit->cap > nodes * 8 + 65536) {
        free(unit->names);
        free(unit->seen);
        unit->cap = nodes + nodes / 2;
        unit->names = mem_zero(unit->cap, sizeof *unit->names);
        unit->seen = mem_zero(unit->cap, sizeof *unit->seen);
    } else {
        memset(unit->names, 0, nodes * sizeof *unit->names);
        memset(unit->seen, 0, nodes * sizeof *unit->seen);
    }
    run->seen.counts[PHP_COUNT_BROKEN] += unit->tree.mistakes;
}

struct unit *run_unit_new(struct php_run *run, struct span text, unsigned how)
{
    struct unit *unit = idle_unit(run);
    php_lex(text, how, &unit->tokens);
    begin_unit(run, unit, text);
    return unit;
}

struct unit *run_unit_lexed(struct php_run *run, struct span text, struct php_tokens *tokens)
{
    struct unit *unit = idle_unit(run);
    struct php_tokens idle = unit->tokens;
    unit->tokens = *tokens;
    *tokens = idle;
    begin_unit(run, unit, text);
    return unit;
}

uint32_t run_place_in_file(const struct php_run *run, uint32_t node)
{
    if (run->unit->layer != 0)
        return run->texts.at[run->unit->layer].at;
    return (uint32_t)(run_source(run, node).at - run->unit->text.at);
}

/* ---- layers ---- */

static bool refuse(struct php_run *run, const char *what)
{
    run_spend(run, what);
    return false;
}

/* Steps that are taken for a text that is to be walked. */
static bool pay(struct php_run *run, uint64_t steps)
{
    if (run->heap.steps + steps < run->walk_limit) {
        run->heap.steps += steps;
        return true;
    }
    run->heap.refused++;
    return run->allowed == 0 ? refuse(run, "steps") : false;
}

/* As it stands in the source, a written text is walked in no time: a program that makes programs
 * has many. */
static uint32_t most_layers(const struct php_run *run, const struct php_value *text, bool is_run)
{
    bool spelt_out = (text->traits & (PHP_IS_DECODED | PHP_IS_HIDDEN)) == 0;
    return run->limits.layers * (spelt_out && !is_run ? 16 : 1);
}

static bool has_room(struct php_run *run, const struct php_value *text, bool is_run)
{
    size_t len = text->text.len;
    if (run->depth >= run->limits.depth)
        return refuse(run, "depth");
    if (run->seen.layers.len > most_layers(run, text, is_run) || len > run->limits.layer_bytes ||
        run->layer_bytes + len > ALL_LAYERS)
        return refuse(run, "layers");
    return true;
}

/* The number of the layer with that text; 0: none. */
static uint32_t find_text(const struct php_run *run, uint64_t hash)
{
    for (size_t i = 1; i < run->texts.len; i++)
        if (run->texts.at[i].hash == hash)
            return (uint32_t)i;
    return 0;
}

static uint32_t add_layer(struct php_run *run, const struct php_value *text, struct span through,
                          uint32_t node, bool is_run)
{
    struct span source = run_source(run, node);
    struct php_layer layer = {.text = php_text_span(text->text),
                              .parent = run->unit->layer,
                              .line = run_line(run, (uint32_t)(source.at - run->unit->text.at)),
                              .made = text->made,
                              .traits = text->traits,
                              .run = is_run,
                              .through = through};
    uint32_t at = run_place_in_file(run, node);
    *vec_add(&run->seen.layers) = layer;
    *vec_add(&run->texts) = (struct walked){.at = at, .result = php_unknown()};
    run->layer_bytes += text->text.len;
    return (uint32_t)run->seen.layers.len - 1;
}

/* Walks the unit's statements in the frame at work. */
static struct php_value walk_unit(struct php_run *run, struct unit *unit)
{
    struct unit *outer = run->unit;
    struct frame *frame = run->frame;
    struct php_value returned = frame->returned;
    bool has_returned = frame->has_returned;
    size_t lasting = run->functions.len + run->classes.len + run->closures.len;
    unsigned levels = run->break_levels, checked = run->checked_base;
    frame->returned = php_null();
    frame->has_returned = false;
    run->depth++;
    run->unit = unit;
    run->checked_base = run->checked_count;
    uint64_t limit = run->walk_limit;
    if (run->depth == 1 && run->allowed == 0 && limit > run->heap.steps)
        run->walk_limit -= (limit - run->heap.steps) / 4; /* for what follows in the file */
    run_declare(run, unit);
    run_list(run, run_node(run, unit->tree.root)->a);
    run->walk_limit = limit;
    struct php_value result = frame->returned;
    frame->returned = returned;
    frame->has_returned = has_returned;
    run->checked_base = checked;
    run->break_levels = levels;
    run->unit = outer;
    run->depth--;
    unit->busy = run->functions.len + run->classes.len + run->closures.len != lasting;
    return result;
}

struct php_value run_code(struct php_run *run, const struct php_value *text, struct span through,
                          uint32_t node)
{
    if (text->type != PHP_TEXT || text->text.len == 0 || !pay(run, text->text.len))
        return php_unknown();
    uint64_t hash = map_hash(text->text.at, text->text.len);
    uint32_t layer = find_text(run, hash);
    if (layer != 0)
        return run->texts.at[layer].result;
    if (!has_room(run, text, true) || !run_deeper(run))
        return php_unknown();
    layer = add_layer(run, text, through, node, true);
    run->texts.at[layer].hash = hash;
    struct unit *unit = run_unit_new(run, php_text_span(text->text), PHP_LEX_CODE);
    struct php_value result = walk_unit(run, unit);
    run->texts.at[layer].result = result;
    run_back(run);
    return result;
}

/* Nothing of what surrounds the text holds where it will run. */
static void walk_apart(struct php_run *run, struct unit *unit)
{
    struct frame frame = {
        .outer = run->frame, .scope = &run->locals[run->calls], .returned = php_null()};
    unsigned gates = run->gates, unsure = run->unsure, dead = run->dead, loops = run->loops;
    unsigned free_loops = run->free_loops, silenced = run->silenced, noticed = run->noticed;
    unsigned left = run->left;
    run->gates = run->unsure = run->dead = run->loops = run->free_loops = run->silenced = 0;
    run->calls++;
    run->frame = &frame;
    walk_unit(run, unit);
    run->frame = frame.outer;
    run->calls--;
    run_scope_leave(run, frame.scope);
    run->gates = gates;
    run->unsure = unsure;
    run->dead = dead;
    run->loops = loops;
    run->free_loops = free_loops;
    run->silenced = silenced;
    run->noticed = noticed;
    run->left = left;
}

void run_written(struct php_run *run, const struct php_value *text, struct span through,
                 uint32_t node)
{
    if (text->type != PHP_TEXT || text->text.len < 8 || run->locals == NULL ||
        run->calls >= run->limits.calls || !pay(run, text->text.len))
        return;
    uint64_t hash = map_hash(text->text.at, text->text.len);
    if (find_text(run, hash) != 0 || !has_room(run, text, false) || !run_deeper(run))
        return;
    uint32_t layer = add_layer(run, text, through, node, false);
    run->texts.at[layer].hash = hash;
    walk_apart(run, run_unit_new(run, php_text_span(text->text), 0));
    run_back(run);
}

void run_decoded(struct php_run *run, const struct php_value *text, struct span through,
                 uint32_t node)
{
    if (text->text.len < 128 || run->seen.layers.len > run->limits.layers / 2 ||
        run->layer_bytes + text->text.len > ALL_LAYERS / 2 ||
        !php_heap_step(&run->heap, text->text.len / 8))
        return;
    uint64_t hash = map_hash(text->text.at, text->text.len) + 1; /* it may be run as well */
    if (find_text(run, hash) != 0)
        return;
    uint32_t layer = add_layer(run, text, through, node, false);
    run->texts.at[layer].hash = hash;
}

/* ---- texts that are known in part ---- */

static void add_part(struct php_run *run, struct strbuf *code, const struct php_value *part,
                     unsigned *unknown)
{
    struct php_text text;
    if (run_is_known(part) && php_to_text(&run->heap, part, &text)) {
        strbuf_add(code, text.at, text.len);
        return;
    }
    size_t at = code->len;
    strbuf_format(code, "$unknown%u", ++*unknown);
    struct php_text name;
    if (!php_text_copy(&run->heap, span_skip(strbuf_span(code), at + 1), &name))
        return;
    struct cell *cell = run_variable(run, run_name(run, php_text_span(name)));
    cell->value = *part;
    cell->is_set = true;
}

void run_code_parts(struct php_run *run, uint32_t argument, struct span through, uint32_t node)
{
    const struct php_node *at = run_node(run, argument);
    struct strbuf code = {0};
    unsigned unknown = 0;
    struct php_value text = php_unknown();
    if (at->kind != PHP_NODE_CONCAT && at->kind != PHP_NODE_INTERPOLATED)
        return;
    for (uint32_t part = at->a; part != 0 && unknown < PARTS; part = run_node(run, part)->next) {
        struct php_value value = run_value(run, part);
        add_part(run, &code, &value, &unknown);
        php_value_mark(&text, &value);
    }
    if (php_text_copy(&run->heap, strbuf_span(&code), &text.text)) {
        text.type = PHP_TEXT;
        run_code(run, &text, through, node);
    }
    strbuf_clear(&code);
}
