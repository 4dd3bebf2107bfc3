/* run_sight - writing down what reached a sink, and the steps of its way. */
#include "run_parts.h"

#include <stdlib.h>

#define MOST_OUTPUTS 64 /* of echo and the like: the least that can be seen */

/* ---- places ---- */

static void find_lines(struct unit *unit)
{
    const char *at = unit->text.at, *end = span_end(unit->text);
    *vec_add(&unit->lines) = 0;
    while (at != NULL && at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL)
        *vec_add(&unit->lines) = (uint32_t)(++at - unit->text.at);
}

uint32_t run_line(struct php_run *run, uint32_t at)
{
    struct unit *unit = run->unit;
    if (unit->lines.len == 0)
        find_lines(unit);
    size_t low = 0, high = unit->lines.len;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (unit->lines.at[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)low + 1;
}

/* Not a statement's own: tags, and the end of the one before. */
static bool is_between(const struct php_token *token)
{
    return token->kind == PHP_OPEN || token->kind == PHP_CLOSE ||
           (token->kind == PHP_OPERATOR && token->is == ';');
}

static void find_tops(struct php_run *run)
{
    struct unit *unit = run->unit;
    run->unit = run->units.at[0];
    uint32_t node = run_node(run, run->unit->tree.root)->a;
    uint32_t token = 0;
    for (; node != 0; node = run_node(run, node)->next) {
        const struct php_token *last = &run->unit->tokens.list.at[run_node(run, node)->last],
                               *first;
        while (is_between(&run->unit->tokens.list.at[token]) && token < run_node(run, node)->last)
            token++;
        first = &run->unit->tokens.list.at[token];
        *vec_add(&run->tops) = (struct top){first->at, last->at + last->len};
        token = run_node(run, node)->last + 1;
    }
    run->unit = unit;
}

static void set_statement(struct php_run *run, struct php_sighting *sighting, uint32_t place)
{
    if (run->tops.len == 0)
        find_tops(run);
    size_t low = 0, high = run->tops.len;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (run->tops.at[middle].at <= place)
            low = middle;
        else
            high = middle;
    }
    if (run->tops.len == 0 || place < run->tops.at[low].at || place >= run->tops.at[low].end)
        return;
    sighting->statement_at = run->tops.at[low].at;
    sighting->statement_len = run->tops.at[low].end - run->tops.at[low].at;
}

void run_step(struct php_run *run, struct php_value *value, uint32_t node)
{
    if (run->seen.steps.len >= RUN_STEPS)
        return;
    struct span source = run_source(run, node);
    uint32_t at = (uint32_t)(source.at - run->unit->text.at);
    struct php_step step = {.before = value->trail,
                            .line = run_line(run, at),
                            .layer = run->unit->layer,
                            .at = at,
                            .len = (uint32_t)source.len};
    const struct php_step *last = &run->seen.steps.at[run->seen.steps.len - 1];
    if (last->at == at && last->layer == step.layer && last->before == step.before)
        value->trail = (uint32_t)run->seen.steps.len - 1;
    else {
        value->trail = (uint32_t)run->seen.steps.len;
        *vec_add(&run->seen.steps) = step;
    }
}

/* ---- what is worth a sighting ---- */

static bool is_hidden(const struct call *call)
{
    return call->callee != NULL &&
           ((call->callee->traits & (PHP_IS_HIDDEN | PHP_IS_DECODED)) != 0 ||
            call->callee->made >= 2);
}

static bool is_code_sink(enum php_sink sink)
{
    return (RUN_CODE_SINKS >> sink & 1) != 0;
}

static bool is_worth(const struct php_run *run, enum php_sink sink, const struct call *call,
                     const struct php_value *value, const struct php_value *other)
{
    if (sink == PHP_SINK_OUTPUT && value->type == PHP_TEXT)
        return (value->traits & PHP_IS_DECODED) != 0 && value->text.len >= 256;
    if (sink == PHP_SINK_OUTPUT)
        return (value->taint &
                (PHP_FROM_STRANGER | PHP_FROM_REMOTE | PHP_FROM_OUTPUT | PHP_FROM_FILE)) != 0 &&
               (value->traits & (PHP_IS_HTML_QUOTED | PHP_IS_NUMBER)) == 0 &&
               run->seen.list.len < MOST_OUTPUTS;
    if (is_hidden(call) && call->name.len > 0)
        return true;
    if ((value->traits & PHP_IS_NUMBER) != 0)
        return false;
    if (value->taint != 0 || (value->traits & (PHP_IS_HIDDEN | PHP_IS_DECODED)) != 0)
        return true;
    if (sink == PHP_SINK_UPLOAD && other != NULL &&
        (other->taint != 0 || (other->traits & PHP_IS_URL) != 0))
        return true;
    if (sink == PHP_SINK_INCLUDE && (value->traits & PHP_HAS_SAFE_NAME) != 0)
        return true;
    if (is_code_sink(sink))
        return !run_is_known(value) || value->made > 0;
    if (sink == PHP_SINK_WRITE)
        return (value->traits & PHP_HAS_PHP) != 0;
    if (sink == PHP_SINK_CALL && !run_is_known(value))
        return other != NULL && (other->taint & PHP_FROM_STRANGER) != 0;
    return false;
}

/* What a mark promises of a file's name or of data promises nothing where code or a command is made
 * of it: a shell ends what stands before at any ; that is not quoted. */
static void forget_promises(enum php_sink sink, struct php_value *value)
{
    const unsigned runs = 1u << PHP_SINK_EVAL | 1u << PHP_SINK_ASSERT | 1u << PHP_SINK_COMMAND |
                          1u << PHP_SINK_CREATE_FUNCTION;
    if (sink == PHP_SINK_INCLUDE && value->type == PHP_TEXT && value->taint != 0)
        value->traits &= (uint16_t)~PHP_HAS_SAFE_NAME; /* php://input */
    if ((runs >> sink & 1) == 0)
        return;
    value->traits &= (uint16_t) ~(PHP_HAS_SAFE_NAME | PHP_IS_KEY);
    if (sink == PHP_SINK_COMMAND && (value->traits & PHP_IS_SHELL_QUOTED) == 0)
        value->traits &= (uint16_t)~PHP_HAS_PREFIX;
}

/* ---- sightings ---- */

static bool is_strong(const struct php_sighting *sighting)
{
    return (sighting->value.taint & PHP_FROM_STRANGER) != 0 || sighting->hidden_name ||
           is_code_sink(sighting->sink);
}

/* The one that stands for the same place already; else a new one, or that of a weak one. */
static struct php_sighting *place_for(struct php_run *run, const struct php_sighting *new)
{
    for (size_t i = run->seen.list.len; i > 0; i--) {
        struct php_sighting *old = &run->seen.list.at[i - 1];
        if (old->at == new->at && old->layer == new->layer && old->sink == new->sink &&
            old->argument == new->argument &&span_is(old->name, new->name))
            return old;
    }
    if (run->seen.list.len < PHP_SIGHTINGS) {
        struct php_sighting *added = vec_add(&run->seen.list);
        *added = (struct php_sighting){0};
        return added;
    }
    for (size_t i = 0; is_strong(new) && i < run->seen.list.len; i++)
        if (!is_strong(&run->seen.list.at[i]))
            return &run->seen.list.at[i];
    return NULL;
}

static void count_sight(struct php_run *run, const struct php_sighting *sighting)
{
    if (sighting->sink == PHP_SINK_DELETE && (sighting->value.taint & PHP_FROM_SELF) != 0)
        run_count(run, PHP_COUNT_SELF_DELETE);
    if (sighting->sink == PHP_SINK_MAIL && sighting->in_loop &&
        (sighting->value.taint & PHP_FROM_STRANGER) != 0)
        run_count(run, PHP_COUNT_MAIL_LOOPS);
}

static int strength(const struct php_value *value)
{
    return ((value->taint & PHP_FROM_STRANGER) != 0 ? 4 : 0) + (value->taint != 0 ? 2 : 0) +
           (run_is_known(value) ? 1 : 0);
}

static void keep(struct php_run *run, struct php_sighting *sighting)
{
    struct php_sighting *kept = place_for(run, sighting);
    if (kept == NULL)
        return;
    bool same = kept->at == sighting->at && kept->sink == sighting->sink && kept->line != 0;
    if (same && strength(&kept->value) >= strength(&sighting->value)) {
        kept->value.taint |= sighting->value.taint;
        return;
    }
    set_statement(run, sighting,
                  run->unit->layer == 0 ? sighting->at : run->texts.at[run->unit->layer].at);
    if (!same)
        count_sight(run, sighting);
    *kept = *sighting;
}

/* What it says by itself, and by what it comes from: copy() of a URL is a download. */
static struct php_value look_at(struct php_run *run, enum php_sink sink,
                                const struct php_value *value, const struct php_value *other)
{
    struct php_value looked = *value;
    looked.taint &= ~RUN_MARKS;
    if (sink == PHP_SINK_UPLOAD && other != NULL && other->type == PHP_TEXT &&
        php_text_is_url(php_text_span(other->text)))
        looked.taint |= PHP_FROM_REMOTE;
    if ((sink == PHP_SINK_WRITE || sink == PHP_SINK_INCLUDE) && value->type == PHP_TEXT &&
        php_heap_step(&run->heap, value->text.len / 16))
        php_value_look(&looked);
    return looked;
}

/* Would it make a difference to know what computing would have come to? */
static bool matters(enum php_sink sink, const struct php_value *value,
                    const struct php_value *other)
{
    const unsigned named = RUN_CODE_SINKS | 1u << PHP_SINK_CALL | 1u << PHP_SINK_NEW;
    if (value->given_up == 0 || (value->traits & (PHP_IS_NUMBER | PHP_IS_HASH)) != 0)
        return false;
    if (sink == PHP_SINK_WRITE && other != NULL) {
        struct php_value name = *other;
        php_value_look(&name);
        return (name.traits & PHP_HAS_CODE_NAME) != 0;
    }
    return (named >> sink & 1) != 0;
}

void run_sight(struct php_run *run, enum php_sink sink, struct call *call, uint32_t argument,
               const struct php_value *value, const struct php_value *other)
{
    if (sink == PHP_SINK_OUTPUT && run->masked && value->type != PHP_NULL) {
        run_count(run, PHP_COUNT_MASKS);
        run->masked = false;
    }
    run_loot_sent(run, sink, call, value);
    if (sink == PHP_SINK_OUTPUT && (value->taint & PHP_FROM_REMOTE) != 0 &&
        (run->gates & PHP_GATE_AGENT) != 0)
        run_count(run, PHP_COUNT_DOORWAYS);
    if (matters(sink, value, other))
        run_spend(run, run->heap.spent != NULL ? run->heap.spent : "steps");
    struct php_value looked = look_at(run, sink, value, other);
    if (!is_worth(run, sink, call, &looked, other))
        return;
    struct span source = run_source(run, call->node);
    const struct frame *frame = run->frame;
    uint32_t at = (uint32_t)(source.at - run->unit->text.at);
    struct php_sighting sighting = {
        .sink = (uint8_t)sink,
        .gates = (uint8_t)run->gates,
        .argument = (uint8_t)(argument > 255 ? 255 : argument),
        .in_function = frame->function != NULL,
        .in_class = frame->class_ != NULL,
        .in_loop = run->loops > 0,
        .silenced = run->silenced > 0,
        .hidden_name = is_hidden(call),
        .name_made = call->callee != NULL ? call->callee->made : 0,
        .called = call->called,
        .value = looked,
        .other = other != NULL ? *other : php_unknown(),
        .name = call->name,
        .line = run_line(run, at),
        .layer = run->unit->layer,
        .at = at,
        .len = (uint32_t)source.len,
    };
    sighting.other.taint &= ~RUN_MARKS;
    php_value_look(&sighting.value);
    php_value_look(&sighting.other);
    forget_promises(sink, &sighting.value);
    keep(run, &sighting);
}
