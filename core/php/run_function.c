/* run_function - functions of the file: declared before anything runs, walked a call.
 *
 * Calls with arguments of the same marks are walked once and remembered; calls with known
 * arguments are walked as often as they come to something known (that is how an author's own
 * decoders work). What nothing calls is walked at the end, with arguments that anybody may give.
 */
#include "run_parts.h"

#include "spamgear/base/map.h"

#define LONG_TEXT 256 /* of an argument that is decoded, most likely */
#define USELESS   8   /* calls with known arguments that told nothing: no decoder */
#define WITHIN    3   /* a function in itself */

/* ---- declaring ---- */

struct function *run_function_new(struct php_run *run, struct unit *unit, uint32_t node)
{
    struct function *function = run_get(run, sizeof *function);
    if (function == NULL)
        return NULL;
    uint32_t token = run_node(run, node)->token;
    function->unit = unit;
    function->node = node;
    function->name = token == 0 ? SPAN("{closure}") : run_token(run, token);
    *vec_add(&run->functions) = function;
    unit->names[node] = (uint32_t)run->functions.len;
    unit->seen[node] = 1;
    run_count(run, PHP_COUNT_FUNCTIONS);
    return function;
}

/* A variable that something is written into. */
static void mark_assigned(struct php_run *run, uint32_t node)
{
    for (int i = 0; node != 0 && i < 16; i++) {
        const struct php_node *at = run_node(run, node);
        uint32_t name = at->kind == PHP_NODE_VARIABLE ? run_node_name(run, node) : 0;
        switch (at->kind) {
        case PHP_NODE_VARIABLE: run->names.list.at[name].assigned = true; return;
        case PHP_NODE_INDEX:
        case PHP_NODE_PROPERTY: node = at->a; break;
        case PHP_NODE_ITEM: node = at->b; break;
        case PHP_NODE_ARRAY:
            for (node = at->a; node != 0 && run_node(run, node)->next != 0;
                 node = run_node(run, node)->next)
                mark_assigned(run, run_node(run, node)->b);
            break;
        default: return;
        }
    }
}

static void mark_list(struct php_run *run, uint32_t list)
{
    for (; list != 0; list = run_node(run, list)->next)
        if (run_node(run, list)->kind == PHP_NODE_VARIABLE)
            mark_assigned(run, list);
}

static void mark_referred(struct php_run *run, const struct function *function, uint32_t list)
{
    uint32_t parameter = run_node(run, function->node)->a;
    for (; list != 0 && parameter != 0; list = run_node(run, list)->next) {
        if ((run_node(run, parameter)->flags & PHP_NODE_BY_REFERENCE) != 0)
            mark_assigned(run, list);
        parameter = run_node(run, parameter)->next;
    }
}

/* What takes its arguments by reference writes into them; of unknown functions nobody knows. */
static void mark_arguments(struct php_run *run, const struct php_node *at)
{
    if (run_node(run, at->a)->kind != PHP_NODE_NAME)
        return;
    struct meaning *meaning = run_meaning(run, run_token(run, run_node(run, at->a)->token));
    if (meaning == NULL)
        return;
    if (meaning->function != NULL && meaning->function->unit == run->unit) {
        mark_referred(run, meaning->function, at->b);
        return;
    }
    run_look_up(meaning);
    if (meaning->role == NULL && meaning->pure == NULL && meaning->special == NULL)
        mark_list(run, at->b);
    uint32_t argument = at->b;
    for (unsigned fills = meaning->role == NULL ? 0 : meaning->role->fills;
         fills != 0 && argument != 0; fills >>= 1) {
        if ((fills & 1) != 0)
            mark_assigned(run, argument);
        argument = run_node(run, argument)->next;
    }
}

static void add_labels(struct php_run *run, const struct unit *unit, uint32_t list)
{
    for (uint32_t node = list; node != 0; node = run_node(run, node)->next) {
        if (run_node(run, node)->kind != PHP_NODE_LABEL)
            continue;
        uint32_t name = run_node_name(run, node);
        *vec_add(&run->labels) = (struct label){unit, list, node, run->names.list.at[name].label};
        run->names.list.at[name].label = (uint32_t)run->labels.len;
    }
}

static void declare_node(struct php_run *run, struct unit *unit, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    switch (at->kind) {
    case PHP_NODE_BLOCK: add_labels(run, unit, at->a); break;
    case PHP_NODE_CASE: add_labels(run, unit, at->b); break;
    case PHP_NODE_CLASS: run_class_declare(run, unit, node); break;
    default: break;
    }
}

static void mark_node(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    switch (at->kind) {
    case PHP_NODE_ASSIGN: mark_assigned(run, at->a); break;
    case PHP_NODE_FOREACH:
        mark_assigned(run, at->b);
        mark_assigned(run, at->c);
        break;
    case PHP_NODE_CATCH: mark_assigned(run, at->a); break;
    case PHP_NODE_CALL: mark_arguments(run, at); break;
    case PHP_NODE_METHOD_CALL:
    case PHP_NODE_STATIC_CALL: mark_list(run, at->c); break;
    case PHP_NODE_NEW: mark_list(run, at->b); break;
    default: break;
    }
}

static void declare_function(struct php_run *run, struct unit *unit, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    if (at->kind != PHP_NODE_FUNCTION || at->token == 0 || unit->seen[node] != 0)
        return;
    struct function *function = run_function_new(run, unit, node);
    struct meaning *meaning = function == NULL ? NULL : run_meaning(run, function->name);
    if (meaning != NULL && meaning->function == NULL)
        meaning->function = function;
}

void run_declare(struct php_run *run, struct unit *unit)
{
    struct unit *outer = run->unit;
    size_t classes = run->classes.len;
    run->unit = unit;
    for (size_t i = 1; i < unit->tree.nodes.len; i++)
        declare_node(run, unit, (uint32_t)i);
    for (size_t i = 1; i < unit->tree.nodes.len; i++)
        declare_function(run, unit, (uint32_t)i);
    for (size_t i = 1; i < unit->tree.nodes.len; i++)
        mark_node(run, (uint32_t)i);
    size_t last = run->classes.len;
    for (size_t i = classes; i < last; i++)
        run_class_begin(run, run->classes.at[i]);
    run->unit = outer;
}

/* ---- what a call is remembered by ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uint64_t content_hash(const struct php_value *value)
{
    switch (value->type) {
    case PHP_TEXT: return map_hash(value->text.at, value->text.len);
    case PHP_ARRAY: return (uint64_t)(uintptr_t)value->array;
    case PHP_OBJECT: return (uint64_t)(uintptr_t)value->object->class_;
    case PHP_CLOSURE: return (uint64_t)(uintptr_t)value->closure->function;
    case PHP_FLOAT:
    case PHP_INT:
    case PHP_BOOL: return (uint64_t)value->number;
    default: return 0;
    }
}

/* known: all arguments are; with contents, then. */
static uint64_t signature_of(struct php_run *run, const struct call *call, bool contents)
{
    uint64_t hash = mix(call->count, run->dead > 0);
    for (uint32_t i = 0; i < call->count; i++) {
        const struct php_value *value = &call->args[i];
        bool has = contents || value->type == PHP_CLOSURE;
        hash = mix(hash, (uint64_t)value->taint << 16 | value->traits);
        hash = mix(hash, value->given_up);
        hash = mix(hash, has ? value->type : 0);
        if (has)
            hash = mix(hash, content_hash(value));
    }
    return hash;
}

static bool all_known(struct php_run *run, const struct call *call)
{
    for (uint32_t i = 0; i < call->count; i++) {
        if (!run_is_known(&call->args[i]))
            return false;
        if (call->args[i].type == PHP_TEXT &&
            !php_heap_step(&run->heap, call->args[i].text.len / 64))
            return false;
    }
    return !call->spread;
}

static struct memo *memo_find(struct function *function, uint64_t signature)
{
    for (uint32_t i = 0; i < function->memo_count; i++)
        if (function->memos[i].signature == signature)
            return &function->memos[i];
    return NULL;
}

static void memo_keep(struct function *function, uint64_t signature, struct php_value result)
{
    struct memo *memo = memo_find(function, signature);
    if (memo == NULL && function->memo_count < RUN_MEMOS)
        memo = &function->memos[function->memo_count++];
    if (memo != NULL)
        *memo = (struct memo){signature, result};
}

/* ---- a call ---- */

static struct php_value parameter_default(struct php_run *run, uint32_t node)
{
    uint32_t otherwise = run_node(run, node)->a;
    struct php_value missing = php_unknown();
    missing.taint = PHP_FROM_PARAMETER;
    return otherwise != 0 ? run_value(run, otherwise) : missing;
}

static struct php_value rest_of(struct php_run *run, const struct call *call, uint32_t from)
{
    struct php_value value = php_null();
    value.array = php_array_new(&run->heap);
    if (value.array == NULL)
        return php_unknown();
    value.type = PHP_ARRAY;
    for (uint32_t i = from; i < call->count; i++) {
        php_value_mark(&value, &call->args[i]);
        php_array_set(&run->heap, value.array, NULL, &call->args[i]);
    }
    return value;
}

/* Arguments by reference: the variable itself, as the caller sees it. */
static struct cell *referred(struct php_run *run, struct frame *callee, struct unit *caller,
                             uint32_t argument)
{
    struct place place;
    struct unit *unit = run->unit;
    run->unit = caller;
    run->frame = callee->outer;
    struct cell *cell = NULL;
    if (run_is_place(run, argument)) {
        run_place_of(run, argument, &place);
        cell = run_place_cell(run, &place);
    }
    run->frame = callee;
    run->unit = unit;
    return cell;
}

static void bind(struct php_run *run, struct frame *frame, struct call *call, struct unit *caller)
{
    uint32_t i = 0;
    uint32_t parameter = run_node(run, frame->function->node)->a;
    for (; parameter != 0; parameter = run_node(run, parameter)->next, i++) {
        const struct php_node *at = run_node(run, parameter);
        uint32_t name = run_node_name(run, parameter);
        struct cell *cell = NULL;
        bool given = i < call->count && (at->flags & PHP_NODE_SPREAD) == 0;
        if (given && (at->flags & PHP_NODE_BY_REFERENCE) != 0 && call->nodes != NULL)
            cell = referred(run, frame, caller, call->nodes[i]);
        if (cell != NULL) {
            run_scope_bind(run, frame->scope, name, cell);
            run->effects++;
            continue;
        }
        struct php_value value = given ? call->args[i]
                                 : (at->flags & PHP_NODE_SPREAD) != 0
                                     ? rest_of(run, call, i)
                                     : parameter_default(run, parameter);
        if (!given && call->spread)
            value = run_joined(call);
        if (value.taint != 0)
            run_step(run, &value, parameter);
        value.hops += value.hops < UINT8_MAX;
        value.calls += value.calls < UINT16_MAX;
        cell = run_scope_get(run, frame->scope, name);
        if (value.type == PHP_ARRAY)
            value.array->shared = true;
        cell->value = value;
        cell->is_set = true;
    }
}

static void walk_body(struct php_run *run, struct frame *frame)
{
    const struct php_node *at = run_node(run, frame->function->node);
    if ((at->flags & PHP_NODE_ARROW) != 0) {
        frame->returned = run_value(run, at->b);
        frame->has_returned = true;
    } else {
        run_statement(run, at->b);
    }
}

/* The budget was spent before it came to its end: what it would have made of constants, nobody but
 * PHP itself can read. */
static struct php_value cut_short(const struct call *call)
{
    struct php_value result = run_joined(call);
    for (uint32_t i = 0; i < call->count; i++)
        if (call->args[i].type == PHP_TEXT && call->args[i].text.len >= LONG_TEXT)
            result.traits |= PHP_IS_DECODED;
    return result;
}

static struct php_value walk_function(struct php_run *run, struct function *function,
                                      struct php_object *this_, struct call *call,
                                      struct php_closure *closure)
{
    struct unit *unit = run->unit;
    struct frame frame = {.outer = run->frame,
                          .scope = &run->locals[run->calls],
                          .function = function,
                          .class_ = function->class_,
                          .this_ = this_,
                          .args = call->args,
                          .count = call->count,
                          .returned = php_null()};
    unsigned gates = run->gates, base = run->checked_base, left = run->left;
    uint64_t refused = run->heap.refused;
    unsigned levels = run->break_levels, line = run->line_node, asked = run->asked;
    run->asked = 0;
    if (closure != NULL) {
        frame.class_ = closure->class_;
        frame.sees_global = closure->sees_global;
    }
    if (frame.class_ != NULL && frame.this_ == NULL)
        frame.this_ = run_object(run, frame.class_).object;
    run->calls++;
    function->active++;
    function->called = true;
    run->unit = function->unit;
    run->frame = &frame;
    run->checked_base = run->checked_count;
    for (uint32_t i = 0; closure != NULL && i < closure->bound.len; i++)
        run_scope_bind(run, frame.scope, closure->bound.names[i], closure->bound.cells[i]);
    bind(run, &frame, call, unit);
    walk_body(run, &frame);
    if (!frame.has_returned && run->heap.refused != refused)
        frame.returned = cut_short(call);
    run_scope_leave(run, frame.scope);
    run->checked_count = run->checked_base;
    run->checked_base = base;
    run->frame = frame.outer;
    run->unit = unit;
    run->gates = gates;
    run->left = left;
    run->break_levels = levels;
    run->line_node = line;
    function->asks |= run->asked;
    run->asked = asked;
    function->active--;
    run->calls--;
    return frame.returned;
}

static void forget_content(struct php_value *value)
{
    if (value->type == PHP_CLOSURE || value->type == PHP_OBJECT)
        return;
    value->type = PHP_UNKNOWN;
    value->given_up = 1;
}

/* A call with known arguments; when it takes too long it is one with arguments that nobody knows.
 */
static struct php_value compute_function(struct php_run *run, struct function *function,
                                         struct php_object *this_, struct call *call,
                                         struct php_closure *closure)
{
    struct allowance outer;
    run_allow(run, &outer);
    struct php_value result = walk_function(run, function, this_, call, closure);
    bool used_up = run_is_used_up(run);
    run_allow_end(run, &outer);
    if (!used_up)
        return result;
    function->useless = USELESS;
    for (uint32_t i = 0; i < call->count; i++)
        forget_content(&call->args[i]);
    result = walk_function(run, function, this_, call, closure);
    result.given_up = 1;
    return result;
}

static struct php_value after(struct php_value result)
{
    result.hops += result.hops < UINT8_MAX && result.taint != 0;
    result.calls += result.calls < UINT16_MAX;
    return result;
}

static struct php_value call_function(struct php_run *run, struct function *function,
                                      struct php_object *this_, struct call *call,
                                      struct php_closure *closure)
{
    if (run->calls >= run->limits.calls || function->active >= WITHIN || run->locals == NULL ||
        !run_deeper(run))
        return run_joined(call);
    bool known = run->giving_up == 0 && function->useless < USELESS && all_known(run, call);
    uint64_t signature = signature_of(run, call, known), effects = run->effects;
    struct memo *memo = memo_find(function, signature);
    struct php_value result;
    if (memo != NULL) {
        result = memo->result;
    } else if (!known && function->memo_count == RUN_MEMOS) {
        result = run_joined(call);
        php_value_mark(&result, &function->memos[0].result);
    } else {
        result = known ? compute_function(run, function, this_, call, closure)
                       : walk_function(run, function, this_, call, closure);
        function->useless += known && !run_is_known(&result);
        if (!known || run->effects == effects)
            memo_keep(function, signature, result);
    }
    run->noticed |= function->asks & PHP_GATE_AGENT; /* is_bot() */
    run_back(run);
    return after(result);
}

struct php_value run_function(struct php_run *run, struct function *function,
                              struct php_object *this_, struct call *call)
{
    return call_function(run, function, this_, call, NULL);
}

struct php_value run_closure(struct php_run *run, struct php_closure *closure, struct call *call)
{
    return call_function(run, closure->function, closure->this_, call, closure);
}

/* ---- closures ---- */

static void capture(struct php_run *run, struct php_closure *closure, uint32_t variable)
{
    const struct php_node *at = run_node(run, variable);
    uint32_t name = run_node_name(run, variable);
    struct cell *outer = run_variable(run, name), *cell = outer;
    if ((at->flags & PHP_NODE_BY_REFERENCE) != 0) {
        outer->is_set = true;
    } else {
        cell = run_cell_new(run);
        if (cell == &run->dump)
            return;
        cell->value = outer->is_set ? run_cell_read(run, outer) : run_value(run, variable);
        cell->is_set = true;
        if (cell->value.type == PHP_ARRAY)
            cell->value.array->shared = true;
    }
    run_scope_bind(run, &closure->bound, name, cell);
}

static void capture_all(struct php_run *run, struct php_closure *closure)
{
    const struct scope *scope = run->frame->scope;
    for (uint32_t i = 0; scope != NULL && i < scope->len && i < 64; i++)
        run_scope_bind(run, &closure->bound, scope->names[i], scope->cells[i]);
}

struct php_value run_closure_value(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct php_closure *closure = run_get(run, sizeof *closure);
    if (closure == NULL)
        return php_unknown();
    uint32_t number = run->unit->names[at->a];
    closure->function = number != 0 && number <= run->functions.len
                            ? run->functions.at[number - 1]
                            : run_function_new(run, run->unit, at->a);
    if (closure->function == NULL)
        return php_unknown();
    closure->class_ = run->frame->class_;
    closure->this_ = run->frame->this_;
    for (uint32_t use = at->b; use != 0; use = run_node(run, use)->next)
        capture(run, closure, use);
    if ((run_node(run, at->a)->flags & PHP_NODE_ARROW) != 0)
        capture_all(run, closure);
    closure->sees_global = (run_node(run, at->a)->flags & PHP_NODE_ARROW) != 0 &&
                           (run->frame->scope == NULL || run->frame->sees_global);
    *vec_add(&run->closures) = closure;
    struct php_value value = php_unknown();
    value.type = PHP_CLOSURE;
    value.closure = closure;
    return value;
}

/* ---- what nothing calls ---- */

static void walk_uncalled(struct php_run *run, struct function *function,
                          struct php_closure *closure)
{
    struct call call = {.node = function->node, .args = call.room};
    struct unit *unit = run->unit;
    run->unit = function->unit;
    uint32_t parameter = run_node(run, function->node)->a;
    for (; parameter != 0 && call.count < RUN_ARGUMENTS; call.count++) {
        call.room[call.count] = php_unknown();
        call.room[call.count].taint =
            PHP_FROM_PARAMETER |
            run_loot_of(run->names.list.at[run_node_name(run, parameter)].text);
        parameter = run_node(run, parameter)->next;
    }
    if (run->locals != NULL && run_deeper(run)) {
        walk_function(run, function, NULL, &call, closure);
        run_back(run);
    }
    run->unit = unit;
}

static void walk_all_uncalled(struct php_run *run)
{
    for (size_t i = 0; i < run->closures.len; i++)
        if (!run->closures.at[i]->function->called)
            walk_uncalled(run, run->closures.at[i]->function, run->closures.at[i]);
    for (size_t i = 0; i < run->functions.len; i++)
        if (!run->functions.at[i]->called)
            walk_uncalled(run, run->functions.at[i], NULL);
}

/* Methods once more, when others have put into properties what a stranger says. */
void run_uncalled(struct php_run *run)
{
    uint64_t news = run->news;
    run->unsure = run->dead = run->loops = run->free_loops = run->gates = 0;
    walk_all_uncalled(run);
    if (run->news == news && news == 0)
        return;
    for (size_t i = 0; i < run->functions.len; i++)
        if (run->functions.at[i]->class_ != NULL)
            walk_uncalled(run, run->functions.at[i], NULL);
}
