/* run - a walk through a file from its first statement to what nobody calls; see php/run.h. */
#include "run_parts.h"

#include "spamgear/base/strbuf.h"
#include "spamgear/base/text.h"
#include <string.h>

#define WALK_KEEPS   16 /* part of the steps that values cannot use up where nothing is computed */
#define STEPS_LEAST  1000000
#define STEPS_A_BYTE 48 /* of constant strings: a loop that decodes one takes about 30 */

const struct php_limits php_limits_default = {
    .steps = 8000000,
    .bytes = 16u << 20,
    .layers = 64,
    .layer_bytes = 1u << 20,
    .depth = 48,
    .calls = 8,
};

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
    return value == 0 ? otherwise : value;
}

struct php_run *php_run_new(const struct php_limits *limits)
{
    static const struct php_limits none = {0};
    const struct php_limits *wanted = limits == NULL ? &none : limits, *d = &php_limits_default;
    struct php_run *run = mem_zero(1, sizeof *run);
    run->limits = (struct php_limits){
        .steps = or_default(wanted->steps, d->steps),
        .bytes = or_default(wanted->bytes, d->bytes),
        .layers = (uint32_t)or_default(wanted->layers, d->layers),
        .layer_bytes = (uint32_t)or_default(wanted->layer_bytes, d->layer_bytes),
        .depth = (uint32_t)or_default(wanted->depth, d->depth),
        .calls = (uint32_t)or_default(wanted->calls, d->calls),
    };
    php_heap_init(&run->heap, run->limits.bytes, run->limits.steps);
    return run;
}

void php_run_free(struct php_run *run)
{
    if (run == NULL)
        return;
    for (size_t i = 0; i < run->units.len; i++)
        run_unit_free(run->units.at[i]);
    vec_clear(&run->units);
    vec_clear(&run->names.list);
    free(run->names.slots);
    vec_clear(&run->texts);
    vec_clear(&run->functions);
    vec_clear(&run->classes);
    vec_clear(&run->closures);
    vec_clear(&run->labels);
    vec_clear(&run->strings);
    vec_clear(&run->tops);
    vec_clear(&run->seen.list);
    vec_clear(&run->seen.steps);
    vec_clear(&run->seen.layers);
    php_heap_clear(&run->heap);
    free(run);
}

static void forget_sightings(struct php_sightings *seen)
{
    seen->list.len = seen->layers.len = 0;
    seen->steps.len = 0;
    *vec_add(&seen->steps) = (struct php_step){0};
    memset(seen->counts, 0, sizeof seen->counts);
    seen->spent = NULL;
}

static void forget_units(struct php_run *run)
{
    while (run->units.len > 1)
        run_unit_free(run->units.at[--run->units.len]);
    if (run->units.len == 1)
        run->units.at[0]->busy = false;
}

static void forget(struct php_run *run)
{
    php_heap_reset(&run->heap);
    run->heap.bytes_limit = run->limits.bytes + run->limits.bytes / 2;
    run->heap.steps_limit = run->walk_limit = run->limits.steps + run->limits.steps / 2;
    run_names_reset(run);
    forget_sightings(&run->seen);
    forget_units(run);
    run->functions.len = run->classes.len = run->closures.len = run->labels.len = 0;
    run->strings.len = 0;
    run->locals = php_heap_get(&run->heap, (run->limits.calls + 1) * sizeof *run->locals);
    run->free_cells = NULL;
    run->effects = run->news = run->writes = 0;
    run->texts.len = run->tops.len = 0;
    *vec_add(&run->texts) = (struct walked){0};
    run->layer_bytes = 0;
    run->unit = NULL;
    run->global = (struct frame){.returned = php_null()};
    run->frame = &run->global;
    run->dump = (struct cell){.value = php_unknown()};
    run->level = run->depth = run->calls = run->unsure = run->dead = run->loops = 0;
    run->free_loops = run->silenced = run->gates = run->noticed = run->asked = 0;
    run->left = 0;
    run->break_levels = run->label = run->checked_count = run->checked_base = run->line_node = 0;
    run->impure = 0;
    run->allowed = 0;
    run->thrown = 0;
    run->giving_up = 0;
    run->included = run->masked = false;
}

/* What a loop decodes stands in constant strings: a file that has few gets fewer steps. */
static uint64_t steps_for(const struct php_run *run, const struct php_tokens *tokens)
{
    uint64_t steps = STEPS_LEAST;
    for (size_t i = 0; i < tokens->list.len; i++) {
        const struct php_token *token = &tokens->list.at[i];
        if (token->kind == PHP_STRING || token->kind == PHP_PIECE)
            steps += (uint64_t)token->len * STEPS_A_BYTE;
    }
    return steps < run->limits.steps ? steps : run->limits.steps;
}

static void begin(struct php_run *run, struct span text)
{
    forget(run);
    *vec_add(&run->seen.layers) = (struct php_layer){.text = text, .run = true};
}

static const struct php_sightings *walk(struct php_run *run, struct unit *unit)
{
    run->unit = unit;
    run->computing = steps_for(run, &unit->tokens);
    run->walk_limit = run->computing + run->limits.steps / 2;
    run->heap.steps_limit = run->walk_limit - run->limits.steps / WALK_KEEPS;
    run_declare(run, unit);
    run_list(run, run_node(run, unit->tree.root)->a);
    run_uncalled(run);
    return &run->seen;
}

const struct php_sightings *php_run_file(struct php_run *run, struct span text)
{
    begin(run, text);
    return walk(run, run_unit_new(run, text, 0));
}

const struct php_sightings *php_run_lexed(struct php_run *run, struct span text,
                                          struct php_tokens *tokens)
{
    begin(run, text);
    return walk(run, run_unit_lexed(run, text, tokens));
}

struct php_cost php_run_cost(const struct php_run *run)
{
    return (struct php_cost){run->heap.steps, run->heap.used};
}

const struct php_tokens *php_run_tokens(const struct php_run *run)
{
    return &run->units.at[0]->tokens;
}

const struct php_tree *php_run_tree(const struct php_run *run)
{
    return &run->units.at[0]->tree;
}

void run_spend(struct php_run *run, const char *what)
{
    if (run->seen.spent == NULL)
        run->seen.spent = what;
}

struct php_value run_given_up(void)
{
    struct php_value value = php_unknown();
    value.given_up = 1;
    return value;
}

bool run_too_deep(struct php_run *run)
{
    run->heap.refused++;
    if (run->level >= RUN_LEVELS)
        run_spend(run, "depth");
    else if (run->allowed == 0)
        run_spend(run, "steps");
    return false;
}

void *run_get(struct php_run *run, size_t size)
{
    struct php_heap *heap = &run->heap;
    size_t limit = heap->bytes_limit;
    heap->bytes_limit = run->allowed > 0 ? limit : run->limits.bytes * 2;
    void *at = php_heap_get(heap, size);
    heap->bytes_limit = limit;
    if (at == NULL && run->allowed == 0)
        run_spend(run, "memory");
    return at;
}

/* A share: three quarters of what all computing may take, in it nearly all. */
static uint64_t share_of(const struct php_run *run, uint64_t left)
{
    return left - left / (run->allowed > 0 ? 16 : 4);
}

void run_allow(struct php_run *run, struct allowance *outer)
{
    struct php_heap *heap = &run->heap;
    *outer = (struct allowance){heap->steps_limit, run->walk_limit, heap->bytes_limit};
    uint64_t steps = run->allowed > 0 ? heap->steps_limit : run->computing;
    uint64_t bytes = run->allowed > 0 ? heap->bytes_limit : run->limits.bytes;
    heap->steps_limit = heap->steps + share_of(run, steps > heap->steps ? steps - heap->steps : 0);
    heap->bytes_limit = heap->used + share_of(run, bytes > heap->used ? bytes - heap->used : 0);
    run->walk_limit = heap->steps_limit;
    run->allowed++;
}

void run_allow_end(struct php_run *run, const struct allowance *outer)
{
    run->allowed--;
    run->heap.steps_limit = outer->steps;
    run->heap.bytes_limit = outer->bytes;
    run->walk_limit = outer->walk;
}

struct span run_token(const struct php_run *run, uint32_t token)
{
    return php_token_text(run->unit->text, &run->unit->tokens.list.at[token]);
}

struct span run_source(const struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    const struct php_token *first = &run->unit->tokens.list.at[at->token];
    const struct php_token *last = &run->unit->tokens.list.at[at->last];
    uint32_t end = last->at + last->len;
    if (end < first->at)
        end = first->at + first->len;
    return (struct span){run->unit->text.at + first->at, end - first->at};
}

void php_trail_show(const struct php_run *run, uint32_t trail, unsigned lines, struct strbuf *out)
{
    const struct php_step *way[16];
    unsigned count = 0;
    for (uint32_t i = trail; i != 0 && i < run->seen.steps.len && count < 16; count++) {
        way[count] = &run->seen.steps.at[i];
        i = way[count]->before < i ? way[count]->before : 0;
    }
    for (; count > 0 && lines > 0; lines--) {
        const struct php_step *step = way[--count];
        struct span text = run->seen.layers.at[step->layer].text;
        if (step->at + step->len > text.len)
            continue;
        struct span shown = {text.at + step->at, step->len > 200 ? 200 : step->len};
        strbuf_format(out, "  %u: ", step->line);
        text_escape(out, shown);
        strbuf_add_char(out, '\n');
    }
}
