/* run_statement - statements one after another.
 *
 * A condition that is known chooses its branch; the other one is still walked once, as one that
 * cannot be taken, because what hides there may be reached in a way that is not seen. Conditions
 * that are not known: both. A list with labels is walked along its gotos, and what no goto led to
 * afterwards.
 */
#include "run_parts.h"

#include <string.h>

#define MOST_JUMPS 20000 /* within one walk through a list */

/* ---- conditions ---- */

/* Evaluates a condition: *truth gets 0, 1 or -1. The gates that it makes. */
unsigned run_condition(struct php_run *run, uint32_t node, int *truth)
{
    unsigned before = run->noticed;
    run->noticed = 0;
    struct php_value value = run_value(run, node);
    bool known;
    *truth = run_is_known(&value) && php_to_bool(&value, &known) ? known : -1;
    unsigned gates = run->noticed;
    run->asked |= gates;
    run->noticed = before;
    return gates;
}

static void is_checked(struct php_run *run, uint32_t node)
{
    if (!run_is_place(run, node) || run->checked_count >= 8)
        return;
    run->checked[run->checked_count++] = run_source(run, node);
}

/* Functions that, when they say yes, leave their first argument little room. */
static bool is_checker(struct span name)
{
    static const char *const names[] = {
        "in_array",    "array_key_exists", "ctype_alnum", "ctype_alpha",
        "ctype_digit", "is_numeric",       "is_int",      "ctype_xdigit",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (span_is(name, span_text(names[i])))
            return true;
    return false;
}

static void check_call(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    if (run_node(run, at->a)->kind != PHP_NODE_NAME || at->b == 0)
        return;
    struct meaning *meaning = run_meaning(run, run_token(run, run_node(run, at->a)->token));
    if (meaning == NULL)
        return;
    if (is_checker(meaning->lower)) {
        is_checked(run, at->b);
    } else if (span_is(meaning->lower, SPAN("preg_match"))) {
        struct span pattern = run_source(run, at->b);
        if (pattern.len > 4 && pattern.at[2] == '^' && memchr(pattern.at, '$', pattern.len) != NULL)
            is_checked(run, run_node(run, at->b)->next);
    }
}

static bool is_constant(const struct php_run *run, uint32_t node)
{
    uint8_t kind = run_node(run, node)->kind;
    return kind == PHP_NODE_STRING || kind == PHP_NODE_NUMBER;
}

static void check_binary(struct php_run *run, const struct php_node *at, bool negated)
{
    bool equal = at->op == PHP_OP_IS_EQUAL || at->op == PHP_OP_IS_SAME;
    bool unequal = at->op == PHP_OP_NOT_EQUAL || at->op == PHP_OP_NOT_SAME;
    if (at->op == (negated ? PHP_OP_OR : PHP_OP_AND)) {
        run_checks(run, at->a, negated);
        run_checks(run, at->b, negated);
    } else if (negated ? unequal : equal) {
        if (is_constant(run, at->b))
            is_checked(run, at->a);
        else if (is_constant(run, at->a))
            is_checked(run, at->b);
    }
}

/* Remembers what is checked where the condition holds (or does not, when negated). */
void run_checks(struct php_run *run, uint32_t condition, bool negated)
{
    if (condition == 0 || !run_deeper(run))
        return;
    const struct php_node *at = run_node(run, condition);
    if (at->kind == PHP_NODE_UNARY && at->op == '!')
        run_checks(run, at->a, !negated);
    else if (at->kind == PHP_NODE_SILENCE)
        run_checks(run, at->a, negated);
    else if (at->kind == PHP_NODE_BINARY)
        check_binary(run, at, negated);
    else if (at->kind == PHP_NODE_CALL && !negated)
        check_call(run, condition);
    run_back(run);
}

/* ---- branches ---- */

/* A branch that may be taken; nothing it does to the flow is certain. */
static void walk_unsure(struct php_run *run, uint32_t node)
{
    run->unsure++;
    if (run_statement(run, node) != FLOW_NEXT)
        run->left++;
    run->unsure--;
}

static void walk_dead(struct php_run *run, uint32_t node)
{
    if (node == 0 || run->unit->seen[node] != 0)
        return;
    run->dead++;
    uint32_t label = run->label;
    run_statement(run, node);
    run->label = label;
    run->dead--;
}

/* Does a statement end with exit, return, throw or the like? Then what follows is guarded. */
static bool ends(const struct php_run *run, uint32_t node)
{
    for (int depth = 0; node != 0 && depth < 4; depth++) {
        const struct php_node *at = run_node(run, node);
        switch (at->kind) {
        case PHP_NODE_EXIT:
        case PHP_NODE_THROW:
        case PHP_NODE_RETURN:
        case PHP_NODE_CONTINUE:
        case PHP_NODE_BREAK: return true;
        case PHP_NODE_EXPRESSION: node = at->a; break;
        case PHP_NODE_BLOCK:
            for (node = at->a; node != 0 && run_node(run, node)->next != 0;)
                node = run_node(run, node)->next;
            break;
        default: return false;
        }
    }
    return false;
}

static enum flow walk_if(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    int truth;
    unsigned outer = run->gates, checked = run->checked_count;
    unsigned gates = run_condition(run, at->a, &truth);
    enum flow flow = FLOW_NEXT;
    if ((gates & PHP_GATE_GUARD) != 0 && run->unit->seen[node] == 0 && ends(run, at->b))
        run_count(run, PHP_COUNT_GUARDS);
    run->gates = outer | gates;
    run_checks(run, at->a, false);
    if (truth == 1)
        flow = run_statement(run, at->b);
    else if (truth == 0)
        walk_dead(run, at->b);
    else
        walk_unsure(run, at->b);
    run->checked_count = checked;
    run->gates = outer | (ends(run, at->b) ? gates : 0);
    run_checks(run, at->a, true);
    if (truth == 0)
        flow = run_statement(run, at->c);
    else if (truth == 1)
        walk_dead(run, at->c);
    else if (at->c != 0)
        walk_unsure(run, at->c);
    if (!ends(run, at->b))
        run->checked_count = checked;
    return flow;
}

/* ---- switch ---- */

static enum flow after_switch(struct php_run *run, enum flow flow)
{
    if (flow != FLOW_BREAK && flow != FLOW_CONTINUE)
        return flow;
    if (run->break_levels <= 1)
        return FLOW_NEXT;
    run->break_levels--;
    return flow;
}

static enum flow walk_cases(struct php_run *run, uint32_t c)
{
    enum flow flow = FLOW_NEXT;
    for (; c != 0 && flow == FLOW_NEXT; c = run_node(run, c)->next)
        flow = run_list(run, run_node(run, c)->b);
    return after_switch(run, flow);
}

static void walk_all_cases(struct php_run *run, uint32_t c)
{
    run->unsure++;
    for (; c != 0; c = run_node(run, c)->next) {
        run_value(run, run_node(run, c)->a);
        if (run_list(run, run_node(run, c)->b) == FLOW_RETURN)
            run->left++;
    }
    run->unsure--;
}

static enum flow walk_switch(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct php_value subject = run_value(run, at->a);
    uint32_t otherwise = 0, chosen = 0;
    bool known = run_is_known(&subject);
    for (uint32_t c = at->b; c != 0 && known && chosen == 0; c = run_node(run, c)->next) {
        if (run_node(run, c)->a == 0) {
            otherwise = c;
            continue;
        }
        struct php_value label = run_value(run, run_node(run, c)->a);
        int same = php_equal(&run->heap, &subject, &label);
        known = same >= 0;
        chosen = same == 1 ? c : 0;
    }
    unsigned checked = run->checked_count;
    is_checked(run, at->a);
    enum flow flow = FLOW_NEXT;
    if (known && (chosen | otherwise) != 0)
        flow = walk_cases(run, chosen != 0 ? chosen : otherwise);
    else if (!known)
        walk_all_cases(run, at->b);
    run->checked_count = checked;
    if (known && run->unit->seen[node] == 0) {
        run->unit->seen[node] = 1;
        run->dead++;
        walk_all_cases(run, at->b);
        run->dead--;
    }
    return flow;
}

/* ---- other statements ---- */

static enum flow walk_expression(struct php_run *run, uint32_t node)
{
    run_value(run, run_node(run, node)->a);
    return FLOW_NEXT;
}

static enum flow walk_block(struct php_run *run, uint32_t node)
{
    return run_list(run, run_node(run, node)->a);
}

static void output(struct php_run *run, uint32_t node, struct php_value value)
{
    struct call call = {.node = node, .name = SPAN("echo"), .args = call.room};
    call.count = 1;
    call.room[0] = value;
    run_sight(run, PHP_SINK_OUTPUT, &call, 0, &value, NULL);
}

static enum flow walk_echo(struct php_run *run, uint32_t node)
{
    for (uint32_t part = run_node(run, node)->a; part != 0; part = run_node(run, part)->next)
        output(run, node, run_value(run, part));
    return FLOW_NEXT;
}

static enum flow walk_html(struct php_run *run, uint32_t node)
{
    (void)node;
    if (run->masked)
        run_count(run, PHP_COUNT_MASKS);
    run->masked = false;
    return FLOW_NEXT;
}

static enum flow walk_jump(struct php_run *run, uint32_t node, enum flow flow)
{
    struct php_value level = run_value(run, run_node(run, node)->a);
    run->break_levels = 1;
    if (level.type == PHP_INT && level.number > 1 && level.number < 100)
        run->break_levels = (unsigned)level.number;
    return flow;
}

static enum flow walk_break(struct php_run *run, uint32_t node)
{
    return walk_jump(run, node, FLOW_BREAK);
}

static enum flow walk_continue(struct php_run *run, uint32_t node)
{
    return walk_jump(run, node, FLOW_CONTINUE);
}

static enum flow walk_return(struct php_run *run, uint32_t node)
{
    struct frame *frame = run->frame;
    uint32_t a = run_node(run, node)->a;
    struct php_value value = a == 0 ? php_null() : run_value(run, a);
    if (value.taint != 0)
        run_step(run, &value, node);
    if (value.type == PHP_ARRAY)
        value.array->shared = true;
    if (!frame->has_returned) {
        frame->returned = value;
    } else if (run->dead > 0) {
        php_value_mark(&frame->returned, &value);
    } else {
        bool differs = php_same(&run->heap, &value, &frame->returned) != 1;
        php_value_merge(&run->heap, &value, &frame->returned);
        frame->returned = value;
        if (differs && value.type != PHP_CLOSURE && value.type != PHP_OBJECT &&
            value.type != PHP_TEXT)
            frame->returned.type = PHP_UNKNOWN;
    }
    frame->has_returned = frame->has_returned || run->dead == 0;
    return FLOW_RETURN;
}

static enum flow walk_global(struct php_run *run, uint32_t node)
{
    for (uint32_t part = run_node(run, node)->a; part != 0; part = run_node(run, part)->next) {
        if (run_node(run, part)->kind != PHP_NODE_VARIABLE) {
            run_value(run, part);
            continue;
        }
        uint32_t name = run_node_name(run, part);
        struct cell *cell = run_global(run, name);
        if (run->frame->scope != NULL)
            run_scope_bind(run, run->frame->scope, name, cell);
    }
    return FLOW_NEXT;
}

static void bind_static(struct php_run *run, uint32_t variable, uint32_t value)
{
    if (run_node(run, variable)->kind != PHP_NODE_VARIABLE)
        return;
    uint32_t name = run_node_name(run, variable);
    struct frame *frame = run->frame;
    if (frame->function == NULL || frame->scope == NULL) {
        run_assign(run, variable, run_value(run, value));
        return;
    }
    struct cell *cell = run_scope_get(run, &frame->function->statics, name);
    if (!cell->is_set) {
        cell->value = value == 0 ? php_null() : run_value(run, value);
        cell->is_set = true;
    }
    run_scope_bind(run, frame->scope, name, cell);
}

static enum flow walk_static(struct php_run *run, uint32_t node)
{
    for (uint32_t part = run_node(run, node)->a; part != 0; part = run_node(run, part)->next) {
        const struct php_node *at = run_node(run, part);
        if (at->kind == PHP_NODE_ASSIGN)
            bind_static(run, at->a, at->b);
        else
            bind_static(run, part, 0);
    }
    return FLOW_NEXT;
}

static enum flow walk_unset(struct php_run *run, uint32_t node)
{
    for (uint32_t part = run_node(run, node)->a; part != 0; part = run_node(run, part)->next) {
        struct place place;
        if (!run_is_place(run, part))
            continue;
        run_place_of(run, part, &place);
        run_place_unset(run, &place);
    }
    return FLOW_NEXT;
}

static enum flow walk_try(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    enum flow flow = run_statement(run, at->a);
    for (uint32_t c = at->b; c != 0; c = run_node(run, c)->next) {
        struct php_value caught = php_unknown();
        caught.taint = run->thrown;
        if (run_node(run, c)->a != 0)
            run_assign(run, run_node(run, c)->a, caught);
        walk_unsure(run, run_node(run, c)->b);
    }
    enum flow last = run_statement(run, at->c);
    return last != FLOW_NEXT ? last : flow;
}

static enum flow walk_goto(struct php_run *run, uint32_t node)
{
    if (run->unit->seen[node] == 0)
        run_count(run, PHP_COUNT_GOTOS);
    run->unit->seen[node] = 1;
    run->label = run_node_name(run, node);
    return FLOW_GOTO;
}

static enum flow walk_constant(struct php_run *run, uint32_t node)
{
    struct meaning *meaning = run_meaning(run, run_token(run, run_node(run, node)->token));
    struct php_value value = run_value(run, run_node(run, node)->a);
    struct php_value *kept = run_get(run, sizeof *kept);
    if (meaning == NULL || kept == NULL)
        return FLOW_NEXT;
    *kept = value;
    meaning->constant = kept;
    return FLOW_NEXT;
}

static enum flow walk_namespace(struct php_run *run, uint32_t node)
{
    run_count(run, PHP_COUNT_NAMESPACES);
    return run_statement(run, run_node(run, node)->a);
}

static enum flow (*const walkers[PHP_NODE_KINDS])(struct php_run *, uint32_t) = {
    [PHP_NODE_BLOCK] = walk_block,
    [PHP_NODE_EXPRESSION] = walk_expression,
    [PHP_NODE_ECHO] = walk_echo,
    [PHP_NODE_HTML] = walk_html,
    [PHP_NODE_IF] = walk_if,
    [PHP_NODE_WHILE] = run_while,
    [PHP_NODE_DO] = run_do,
    [PHP_NODE_FOR] = run_for,
    [PHP_NODE_FOREACH] = run_foreach,
    [PHP_NODE_SWITCH] = walk_switch,
    [PHP_NODE_BREAK] = walk_break,
    [PHP_NODE_CONTINUE] = walk_continue,
    [PHP_NODE_RETURN] = walk_return,
    [PHP_NODE_GLOBAL] = walk_global,
    [PHP_NODE_STATIC] = walk_static,
    [PHP_NODE_UNSET] = walk_unset,
    [PHP_NODE_TRY] = walk_try,
    [PHP_NODE_GOTO] = walk_goto,
    [PHP_NODE_CONSTANT] = walk_constant,
    [PHP_NODE_NAMESPACE] = walk_namespace,
};

enum flow run_statement(struct php_run *run, uint32_t node)
{
    if (node == 0)
        return FLOW_NEXT;
    if (!run_deeper(run))
        return FLOW_STOP;
    uint8_t kind = run_node(run, node)->kind;
    enum flow flow = FLOW_NEXT;
    run->line_node = node;
    if (walkers[kind] != NULL)
        flow = walkers[kind](run, node);
    else if (kind < PHP_NODE_BLOCK)
        run_value(run, node);
    if (run->unit->seen[node] == 0 && kind != PHP_NODE_HTML && kind != PHP_NODE_BLOCK)
        run_count(run, PHP_COUNT_STATEMENTS);
    if (kind != PHP_NODE_HTML)
        run->unit->seen[node] |= 1;
    run_back(run);
    return flow;
}

/* ---- lists ---- */

struct jumps {
    unsigned count;
    bool lost;      /* the last one led out of the list */
    unsigned again; /* walks through all of it without jumping, after too many jumps */
    uint64_t impure;
    struct allowance outer;
};

static uint32_t label_in(struct php_run *run, uint32_t first, uint32_t name)
{
    for (uint32_t i = run->names.list.at[name].label; i != 0;) {
        const struct label *label = &run->labels.at[i - 1];
        if (label->list == first && label->unit == run->unit)
            return label->node;
        i = php_heap_step(&run->heap, 1) ? label->next : 0;
    }
    return 0;
}

/* Where a goto leads to: the label, when it stands in this list and the walk was not there too
 * often; else what was not walked yet. */
static uint32_t jump(struct php_run *run, struct jumps *jumps, uint32_t first)
{
    uint32_t label = label_in(run, first, run->label);
    jumps->lost = label == 0;
    if (jumps->count++ == 0) {
        run_allow(run, &jumps->outer);
        jumps->impure = run->impure;
    }
    uint8_t *visits = label == 0 ? NULL : &run->unit->seen[label];
    if (visits == NULL || (*visits > RUN_IMPURE_TURN && jumps->impure != run->impure))
        return 0;
    *visits += *visits < UINT8_MAX;
    return label;
}

static uint32_t unseen_in(struct php_run *run, uint32_t *from)
{
    for (; *from != 0; *from = run_node(run, *from)->next)
        if (run->unit->seen[*from] == 0)
            return *from;
    return 0;
}

/* Does the walk go on behind an exit from the file's own top? A return there may not be reached. */
static bool is_top(const struct php_run *run)
{
    return run->frame->scope == NULL && run->loops == 0;
}

/* Is the list to be walked from its start without jumping? Nobody knows how often its gotos turn,
 * and so all of it is a loop that was given up. */
static bool starts_over(struct php_run *run, struct jumps *jumps)
{
    if (jumps->count == 0 ||
        (jumps->again == 0 && jumps->count <= MOST_JUMPS && !run_is_used_up(run)))
        return false;
    if (jumps->again++ == 0) {
        run_allow_end(run, &jumps->outer);
        run->giving_up++;
        run->unsure++;
    }
    return jumps->again <= 2;
}

static void end_jumps(struct php_run *run, const struct jumps *jumps)
{
    if (jumps->again > 0) {
        run->giving_up--;
        run->unsure--;
    } else if (jumps->count > 0) {
        run_allow_end(run, &jumps->outer);
    }
}

enum flow run_list(struct php_run *run, uint32_t first)
{
    unsigned gates = run->gates, checked = run->checked_count;
    uint32_t unseen = first;
    struct jumps jumps = {0};
    enum flow flow = FLOW_NEXT;
    for (uint32_t node = first; node != 0 && flow != FLOW_STOP;) {
        flow = run_statement(run, node);
        uint32_t next = run_node(run, node)->next;
        if (jumps.count > 0 && jumps.again == 0 && starts_over(run, &jumps)) {
            node = first;
            flow = FLOW_NEXT;
            continue;
        }
        if (run->giving_up > 0 && flow != FLOW_STOP) {
            flow = FLOW_NEXT;
            node = next != 0 || !starts_over(run, &jumps) ? next : first;
            continue;
        }
        if (flow == FLOW_GOTO) {
            next = jump(run, &jumps, first);
        } else if (flow != FLOW_NEXT && !(flow == FLOW_RETURN && is_top(run))) {
            break;
        }
        if (next == 0 && jumps.count > 0)
            next = unseen_in(run, &unseen);
        if (flow != FLOW_GOTO || next != 0 || !jumps.lost)
            flow = FLOW_NEXT;
        node = next;
    }
    end_jumps(run, &jumps);
    run->gates = gates;
    run->checked_count = checked;
    return flow;
}
