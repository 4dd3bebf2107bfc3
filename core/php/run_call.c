/* run_call - calls: which function is meant, what its arguments do there, what comes back.
 *
 * In this order: a function of the file, one that this walk knows by itself (run_special.c), a pure
 * one, one of which only its role is known. Arguments are judged by the role in all cases.
 */
#include "run_parts.h"

#include <string.h>
#include <strings.h>

#define ALIKE 3 /* methods of one name that are walked when the object's class is not known */

/* ---- arguments ---- */

/* Without its rooms, which are filled when they are used. */
static void call_begin(struct call *call, uint32_t node)
{
    call->node = node;
    call->name = (struct span){NULL, 0};
    call->count = 0;
    call->args = call->room;
    call->nodes = call->node_room;
    call->callee = NULL;
    call->called = call->spread = false;
}

static bool room_for(struct php_run *run, struct call *call, uint32_t most)
{
    call->args = call->room;
    call->nodes = call->node_room;
    call->count = 0;
    if (most <= RUN_ARGUMENTS)
        return true;
    struct php_value *args = run_get(run, most * sizeof *args);
    uint32_t *nodes = run_get(run, most * sizeof *nodes);
    if (args == NULL || nodes == NULL)
        return false;
    call->args = args;
    call->nodes = nodes;
    return true;
}

static uint32_t list_length(const struct php_run *run, uint32_t list, uint32_t most)
{
    uint32_t count = 0;
    for (; list != 0 && count < most; list = run_node(run, list)->next)
        count++;
    return count;
}

/* ...$values: the elements of an array that is known, as far as there is room. */
static void spread(struct call *call, const struct php_value *value, uint32_t most)
{
    call->spread = value->type != PHP_ARRAY || value->array->open;
    if (call->spread) {
        call->nodes[call->count] = 0;
        call->args[call->count++] = *value;
        return;
    }
    for (uint32_t i = 0; i < value->array->len && call->count < most; i++) {
        call->nodes[call->count] = 0;
        call->args[call->count++] = value->array->at[i].value;
    }
}

void run_arguments(struct php_run *run, uint32_t list, struct call *call)
{
    uint32_t most = list_length(run, list, UINT32_MAX);
    if (!room_for(run, call, most))
        most = RUN_ARGUMENTS;
    if (most < RUN_ARGUMENTS)
        most = RUN_ARGUMENTS;
    for (; list != 0 && call->count < most; list = run_node(run, list)->next) {
        const struct php_node *at = run_node(run, list);
        struct php_value value = run_value(run, list);
        if (at->kind == PHP_NODE_ARGUMENT && (at->flags & PHP_NODE_SPREAD) != 0) {
            spread(call, &value, most);
        } else {
            call->nodes[call->count] = at->kind == PHP_NODE_ARGUMENT ? at->a : list;
            call->args[call->count++] = value;
        }
    }
}

struct php_value run_joined(const struct call *call)
{
    struct php_value result = php_unknown();
    for (uint32_t i = 0; i < call->count; i++)
        php_value_mark(&result, &call->args[i]);
    result.type = PHP_UNKNOWN;
    return result;
}

void run_fill(struct php_run *run, struct call *call, uint32_t argument, struct php_value value)
{
    if (argument >= call->count || call->nodes == NULL || !run_is_place(run, call->nodes[argument]))
        return;
    if (value.taint != 0)
        run_step(run, &value, call->nodes[argument]);
    run_assign(run, call->nodes[argument], value);
}

/* ---- names ---- */

static bool is_hidden(const struct php_value *name)
{
    return (name->traits & (PHP_IS_HIDDEN | PHP_IS_DECODED)) != 0 || name->made >= 2;
}

static void count_name(struct php_run *run, const struct call *call, const struct meaning *meaning)
{
    if (call->callee == NULL || run->unit->seen[call->node] > 1)
        return;
    run->unit->seen[call->node] = 2;
    if ((call->callee->traits & (PHP_IS_HIDDEN | PHP_IS_DECODED)) != 0)
        run_count(run, PHP_COUNT_HIDDEN_CALLS);
    if (call->callee->made >= 2)
        run_count(run, PHP_COUNT_BUILT_NAMES);
    if (is_hidden(call->callee) && meaning->role != NULL && meaning->role->sink != PHP_SINK_NONE)
        run_count(run, PHP_COUNT_HIDDEN_SINKS);
}

/* ---- what arguments do ---- */

static bool is_dangerous(unsigned mask, uint32_t argument)
{
    return (mask >> (argument < 7 ? argument : 7) & 1) != 0;
}

static bool opens_to_write(const struct call *call)
{
    if (call->count < 2 || call->args[1].type != PHP_TEXT)
        return true;
    const struct php_text *mode = &call->args[1].text;
    return mode->len > 0 && (mode->at[0] != 'r' || memchr(mode->at, '+', mode->len) != NULL);
}

static const struct php_value *other_of(const struct php_role *role, enum php_sink sink,
                                        const struct call *call, struct php_value *room)
{
    if (sink == PHP_SINK_CALL) {
        *room = run_joined(call);
        for (uint32_t i = 0; i < call->count && i < 8; i++)
            if ((role->passes >> i & 1) != 0)
                return &call->args[i];
        return room;
    }
    if (sink == PHP_SINK_UPLOAD && call->count > 1)
        return &call->args[0];
    if (role->also == PHP_SINK_NONE)
        return call->count > 1 && sink == PHP_SINK_WRITE ? &call->args[0] : NULL;
    unsigned mask = sink == role->sink ? role->also_args : role->sink_args;
    for (uint32_t i = 0; i < call->count && i < 8; i++)
        if ((mask >> i & 1) != 0)
            return &call->args[i];
    return NULL;
}

static void sink_arguments(struct php_run *run, struct call *call, const struct php_role *role,
                           enum php_sink sink, unsigned mask)
{
    struct php_value room;
    if (sink == PHP_SINK_NONE || (sink == PHP_SINK_WRITE_NAME && sink == role->also &&
                                  role->sink == PHP_SINK_READ && !opens_to_write(call)))
        return;
    const struct php_value *other = other_of(role, sink, call, &room);
    for (uint32_t i = 0; i < call->count; i++)
        if (is_dangerous(mask, i))
            run_sight(run, sink, call, i, &call->args[i], other);
}

static bool ends_with(struct span name, const char *end)
{
    return span_has_suffix(name, span_text(end));
}

/* system() as a handler of errors, output or SQL: what strangers make happen gets there. */
static bool runs_later(const struct php_role *role, const struct php_value *callee)
{
    const struct php_role *callback =
        role->later && callee->type == PHP_TEXT ? php_role_of(php_text_span(callee->text)) : NULL;
    return callback != NULL && (RUN_CODE_SINKS >> callback->sink & 1) != 0;
}

/* What the callback gets: the arguments that the role says, or their elements: the one of that
 * number, or any. */
static void call_back_once(struct php_run *run, struct call *call, const struct php_role *role,
                           int which, uint32_t number)
{
    struct call inner = {.node = call->node, .called = true};
    inner.args = inner.room;
    for (uint32_t i = 0; i < call->count && inner.count + 1 < RUN_ARGUMENTS; i++) {
        if (!is_dangerous(role->passes, i) || (int)i == which)
            continue;
        struct php_value value = call->args[i], any = php_unknown();
        const struct php_array *array = value.type == PHP_ARRAY ? value.array : NULL;
        bool known = array != NULL && number < array->len;
        if (array != NULL)
            value = known ? array->at[number].value : run_index(run, &value, &any);
        inner.room[inner.count++] = value;
        if (ends_with(call->name, "sort") || span_is(call->name, SPAN("array_reduce")))
            inner.room[inner.count++] = value;
        if (known && ends_with(call->name, "array_walk"))
            inner.room[inner.count++] = array->at[number].has_name
                                            ? php_text_value(array->at[number].name)
                                            : php_int(array->at[number].number);
    }
    if (inner.count == 0 && runs_later(role, &call->args[which])) {
        inner.room[inner.count] = php_unknown();
        inner.room[inner.count++].taint = PHP_FROM_REQUEST;
    }
    run_call_value(run, &call->args[which], &inner);
}

static void call_back(struct php_run *run, struct call *call, const struct php_role *role)
{
    int which = php_role_callback(role, call->count);
    if (which < 0 && call->spread && (call->args[0].taint & PHP_FROM_STRANGER) != 0)
        run_sight(run, PHP_SINK_CALL, call, 0, &call->args[0], &call->args[0]);
    if (which < 0)
        return;
    uint32_t turns = 1;
    for (uint32_t i = 0; i < call->count; i++)
        if (is_dangerous(role->passes, i) && call->args[i].type == PHP_ARRAY &&
            !call->args[i].array->open && call->args[i].array->len > turns)
            turns = call->args[i].array->len;
    if (turns > RUN_IMPURE_TURN) {
        call_back_once(run, call, role, which, UINT32_MAX);
        turns = RUN_IMPURE_TURN;
    }
    for (uint32_t i = 0; i < turns; i++)
        call_back_once(run, call, role, which, i);
}

static void fill_all(struct php_run *run, struct call *call, const struct php_role *role)
{
    for (uint32_t i = 0; i < call->count && i < 8; i++) {
        if ((role->fills >> i & 1) == 0)
            continue;
        struct php_value value = run_joined(call);
        value.taint |= role->gives;
        value.traits |= role->traits;
        run_fill(run, call, i, value);
    }
}

static uint32_t taint_of_name(const struct call *call, uint32_t gives)
{
    const struct php_value *from = call->args;
    if (call->count > 0 && from->type == PHP_OBJECT && from->object->class_ == NULL &&
        from->object->name.len == 0)
        from = &from->object->first; /* what fopen() opened */
    if ((gives & PHP_FROM_FILE) == 0 || call->count == 0 || from->type != PHP_TEXT)
        return call->count > 0 && (call->args[0].traits & PHP_IS_URL) != 0
                   ? (gives & ~(uint32_t)PHP_FROM_FILE) | PHP_FROM_REMOTE
                   : gives;
    struct span name = php_text_span(from->text);
    if (name.len >= 11 && strncasecmp(name.at, "php://input", 11) == 0)
        return PHP_FROM_REQUEST;
    if (from == call->args && name.len >= 11 && strncasecmp(name.at, "php://stdin", 11) == 0)
        return PHP_FROM_REQUEST;
    if ((name.len > 7 && strncasecmp(name.at, "http://", 7) == 0) ||
        (name.len > 8 && strncasecmp(name.at, "https://", 8) == 0) ||
        (name.len > 6 && strncasecmp(name.at, "ftp://", 6) == 0))
        return PHP_FROM_REMOTE;
    return gives;
}

static struct php_value result_of_role(struct call *call, const struct php_role *role)
{
    struct php_value result = php_unknown();
    for (uint32_t i = 0; i < call->count; i++)
        if (role->forgets)
            result.taint |= call->args[i].taint & RUN_IS_AGENT;
        else if (role->keeps == 0 || is_dangerous(role->keeps, i))
            php_value_mark(&result, &call->args[i]);
    uint32_t gives = taint_of_name(call, role->gives);
    if ((gives & PHP_FROM_REMOTE) != 0 && (result.traits & PHP_IS_URL) != 0) {
        /* the server is the file's own choice, whatever else is asked of it */
        result.taint &= ~(uint32_t)PHP_FROM_STRANGER;
        result.traits &= (uint16_t) ~(PHP_IS_URL | PHP_HAS_PREFIX);
    }
    result.type = PHP_UNKNOWN;
    result.traits |= role->traits;
    result.taint |= gives;
    if (role->forgets && role->gives == 0)
        result.traits |= PHP_IS_NUMBER; /* or a bool, or nothing that says anything */
    return result;
}

struct php_value run_result_of_role(struct php_run *run, struct call *call)
{
    struct meaning *meaning = run_meaning(run, call->name);
    run->impure++;
    if (meaning == NULL || meaning->role == NULL)
        return run_joined(call);
    return result_of_role(call, meaning->role);
}

/* ---- named functions ---- */

/* Known arrays that a function made of marked texts: their elements carry the marks too. */
static void mark_elements(struct php_run *run, struct php_value *result, const struct call *call)
{
    for (uint32_t i = 0; i < call->count; i++)
        if (call->args[i].type == PHP_ARRAY)
            return;
    if (result->type != PHP_ARRAY || (result->taint | result->traits | result->made) == 0)
        return;
    for (uint32_t i = 0; i < result->array->len && php_heap_step(&run->heap, 1); i++)
        php_value_mark(&result->array->at[i].value, result);
}

static struct php_value compute(struct php_run *run, struct meaning *meaning, struct call *call)
{
    const struct php_role *role = meaning->role;
    struct php_value result;
    if (meaning->special != NULL)
        return meaning->special->compute(run, call);
    if (meaning->pure != NULL && !call->spread) {
        result = php_pure_call(&run->heap, meaning->pure, call->args, call->count);
        mark_elements(run, &result, call);
        if (run_is_known(&result) || role == NULL)
            return result;
        struct php_value other = result_of_role(call, role);
        if (role->forgets)
            return other;
        result.traits |= role->traits;
        return result;
    }
    run->impure++;
    if (role != NULL)
        return result_of_role(call, role);
    return run_joined(call);
}

/* PHP_COUNT_DECODED: constants that came out readable. */
static void count_decoded(struct php_run *run, const struct meaning *meaning,
                          const struct call *call, const struct php_value *result)
{
    if (meaning->pure == NULL || (meaning->pure->traits & PHP_PURE_HIDES) == 0 ||
        result->type != PHP_TEXT || result->text.len < 8)
        return;
    if (php_text_is_program(php_text_span(result->text)))
        run_count(run, PHP_COUNT_PROGRAMS);
    if (run->unit->seen[call->node] != 0)
        return;
    run->unit->seen[call->node] = 1;
    run_count(run, PHP_COUNT_DECODED);
    if ((result->traits & PHP_HAS_PHP) != 0)
        run_written(run, result, meaning->lower, call->node);
    else
        run_decoded(run, result, meaning->lower, call->node);
}

static struct php_value call_static_text(struct php_run *run, struct span name, const char *colons,
                                         struct call *call)
{
    struct class_ *class_ = run_class_of(run, span_of(name.at, colons));
    struct span method = span_of(colons + 2, name.at + name.len);
    struct function *function = run_method_of(run, class_, method);
    if (function != NULL)
        return run_function(run, function, NULL, call);
    return run_joined(call);
}

/* A name that nobody knows, but that somebody took pains to hide. */
static void sight_name(struct php_run *run, struct call *call)
{
    struct php_value arguments = run_joined(call);
    run_sight(run, PHP_SINK_CALL, call, 0, call->callee, &arguments);
}

struct php_value run_call_named(struct php_run *run, struct span name, struct call *call)
{
    const char *colons = memmem(name.at, name.len, "::", 2);
    if (colons != NULL)
        return call_static_text(run, name, colons, call);
    struct meaning *meaning = run_meaning(run, name);
    if (meaning == NULL)
        return run_joined(call);
    call->name = meaning->lower;
    run_look_up(meaning);
    run->noticed |= meaning->gates;
    if (meaning->function != NULL) {
        count_name(run, call, meaning);
        return run_function(run, meaning->function, NULL, call);
    }
    count_name(run, call, meaning);
    const struct php_role *role = meaning->role;
    if (role != NULL) {
        if (role->sink != PHP_SINK_REGEX || meaning->special == NULL)
            sink_arguments(run, call, role, role->sink, role->sink_args);
        sink_arguments(run, call, role, role->also, role->also_args);
        if (role->callback != 0 && meaning->special == NULL)
            call_back(run, call, role);
    }
    if (call->callee != NULL && is_hidden(call->callee) && role == NULL && meaning->pure == NULL &&
        meaning->special == NULL)
        sight_name(run, call);
    struct php_value result = compute(run, meaning, call);
    if (role != NULL && role->fills != 0 && meaning->special == NULL)
        fill_all(run, call, role);
    count_decoded(run, meaning, call, &result);
    return result;
}

/* ---- values that are called ---- */

static struct php_value call_method(struct php_run *run, const struct php_value *object,
                                    struct span name, struct call *call);

static struct php_value call_pair(struct php_run *run, const struct php_value *callee,
                                  struct call *call)
{
    const struct php_array *array = callee->array;
    if (array->len != 2 || array->at[1].value.type != PHP_TEXT)
        return run_joined(call);
    struct span method = php_text_span(array->at[1].value.text);
    struct php_value first = array->at[0].value;
    if (first.type == PHP_TEXT) {
        struct class_ *class_ = run_class_of(run, php_text_span(first.text));
        first = class_ == NULL ? php_unknown() : run_object(run, class_);
    }
    return call_method(run, &first, method, call);
}

static struct php_value call_unknown(struct php_run *run, const struct php_value *callee,
                                     struct call *call)
{
    struct php_value arguments = run_joined(call);
    run->impure++;
    if (run->unit->seen[call->node] == 0)
        run_count(run, PHP_COUNT_UNKNOWN_CALLS);
    run->unit->seen[call->node] = 1;
    struct call named = {.node = call->node, .callee = callee, .called = call->called};
    named.args = named.room;
    named.count = 1;
    named.room[0] = *callee;
    if (!call->called || callee->taint != 0)
        run_sight(run, PHP_SINK_CALL, &named, 0, callee, &arguments);
    php_value_mark(&arguments, callee);
    return arguments;
}

struct php_value run_call_value(struct php_run *run, const struct php_value *callee,
                                struct call *call)
{
    if (!run_deeper(run))
        return php_unknown();
    struct php_value result;
    if (callee->given_up != 0 && callee->type == PHP_TEXT)
        run_spend(run, run->heap.spent != NULL ? run->heap.spent : "steps");
    call->callee = callee;
    if (callee->type == PHP_TEXT && callee->text.len > 0)
        result = run_call_named(run, php_text_span(callee->text), call);
    else if (callee->type == PHP_CLOSURE)
        result = run_closure(run, callee->closure, call);
    else if (callee->type == PHP_ARRAY)
        result = call_pair(run, callee, call);
    else if (callee->type == PHP_OBJECT)
        result = call_method(run, callee, SPAN("__invoke"), call);
    else
        result = call_unknown(run, callee, call);
    run_back(run);
    return result;
}

static void count_call(struct php_run *run, uint32_t node, bool is_variable)
{
    if (run->unit->seen[node] != 0)
        return;
    run_count(run, PHP_COUNT_CALLS);
    if (is_variable)
        run_count(run, PHP_COUNT_VARIABLE_CALLS);
}

/* f(...), which is no call but the function itself. */
static bool is_callable(const struct php_run *run, uint32_t list)
{
    const struct php_node *at = run_node(run, list);
    return list != 0 && at->kind == PHP_NODE_ARGUMENT && (at->flags & PHP_NODE_SPREAD) != 0 &&
           at->a == 0;
}

static struct php_value callable(struct php_run *run, uint32_t name)
{
    struct php_value value = php_unknown();
    value.traits = PHP_IS_NUMBER; /* of the file, whatever it is */
    if (name == 0 || run_node(run, name)->kind != PHP_NODE_NAME)
        return value;
    struct span text = run_token(run, run_node(run, name)->token);
    return php_text_value((struct php_text){text.at, (uint32_t)text.len, 0});
}

struct php_value run_call(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node), *name = run_node(run, at->a);
    if (is_callable(run, at->b))
        return callable(run, at->a);
    struct call call;
    call_begin(&call, node);
    bool is_named = name->kind == PHP_NODE_NAME;
    count_call(run, node, !is_named && name->kind != PHP_NODE_CLOSURE);
    struct php_value result, callee = php_unknown();
    if (!is_named)
        callee = run_value(run, at->a);
    run_arguments(run, at->b, &call);
    if (is_named)
        result = run_call_named(run, run_token(run, name->token), &call);
    else
        result = run_call_value(run, &callee, &call);
    if (run->unit->seen[node] == 0)
        run->unit->seen[node] = 1;
    return result;
}

/* ---- methods ---- */

/* A callback that an object of PHP's own gives its elements to. */
static void call_on_elements(struct php_run *run, struct call *call, const struct php_role *role,
                             const struct php_value *object)
{
    int which = php_role_callback(role, call->count);
    struct call inner = {.node = call->node, .called = true};
    struct php_value element = php_unknown();
    php_value_mark(&element, object);
    if (which < 0)
        return;
    if (runs_later(role, &call->args[which]))
        element.taint |= PHP_FROM_REQUEST;
    inner.args = inner.room;
    inner.count = 2;
    inner.room[0] = inner.room[1] = element;
    run_call_value(run, &call->args[which], &inner);
}

/* $user->set_role('administrator') */
static void count_admin(struct php_run *run, struct span name, const struct call *call)
{
    if (call->count == 1 && call->args[0].type == PHP_TEXT &&
        (span_is(name, SPAN("set_role")) || span_is(name, SPAN("add_role"))) &&
        span_is(php_text_span(call->args[0].text), SPAN("administrator")) &&
        (run->unit->seen[call->node] & 4) == 0)
        run_count(run, PHP_COUNT_ADMINS_MADE);
    run->unit->seen[call->node] |= 4;
}

/* The role of a method of PHP's own or a framework's classes. */
static struct php_value role_of_method(struct php_run *run, struct span class_, struct span name,
                                       const struct php_value *object, struct call *call)
{
    char text[64];
    if (class_.len + name.len + 2 > sizeof text)
        return run_joined(call);
    if (class_.len > 0)
        memcpy(text, class_.at, class_.len);
    memcpy(text + class_.len, "::", 2);
    memcpy(text + class_.len + 2, name.at, name.len);
    run->impure++;
    count_admin(run, name, call);
    const struct php_role *role = php_role_of((struct span){text, class_.len + 2 + name.len});
    struct php_value result = role == NULL ? run_joined(call) : result_of_role(call, role);
    if (object != NULL && (role == NULL || !role->forgets))
        php_value_mark(&result, object);
    if (call->count == 0)
        result.taint |= run_loot_of(name);
    if (role == NULL)
        return result;
    call->name = span_text(role->name);
    sink_arguments(run, call, role, role->sink, role->sink_args);
    sink_arguments(run, call, role, role->also, role->also_args);
    if (role->callback != 0 && object != NULL && role->passes == 0)
        call_on_elements(run, call, role, object);
    else if (role->callback != 0)
        call_back(run, call, role);
    fill_all(run, call, role);
    return result;
}

/* All methods of that name, when nobody knows whose is meant. */
static struct php_value call_alike(struct php_run *run, struct function *function,
                                   struct call *call)
{
    struct php_value result = run_function(run, function, NULL, call);
    for (int i = 1; function->alike != NULL && i < ALIKE; i++) {
        function = function->alike;
        struct php_value other = run_function(run, function, NULL, call);
        php_value_merge(&run->heap, &result, &other);
    }
    return result;
}

/* ReflectionFunction and its like: the object stands for the function it was made of. */
static bool is_invoked(const struct php_value *object, struct span method)
{
    return object->type == PHP_OBJECT && object->object->class_ == NULL &&
           (span_is(object->object->name, SPAN("reflectionfunction")) ||
            span_is(object->object->name, SPAN("reflectionmethod"))) &&
           (span_is(method, SPAN("invoke")) || span_is(method, SPAN("invokeargs")));
}

static struct php_value invoke(struct php_run *run, const struct php_value *object,
                               struct call *call)
{
    struct php_value callee = object->object->first;
    struct call inner = {.node = call->node, .called = true};
    inner.args = inner.room;
    for (uint32_t i = 0; i < call->count && i < RUN_ARGUMENTS; i++) {
        struct php_value any = php_unknown();
        inner.room[inner.count++] =
            call->args[i].type == PHP_ARRAY ? run_index(run, &call->args[i], &any) : call->args[i];
    }
    return run_call_value(run, &callee, &inner);
}

static struct php_value call_method(struct php_run *run, const struct php_value *object,
                                    struct span name, struct call *call)
{
    struct meaning *meaning = run_meaning(run, name);
    if (meaning == NULL)
        return run_joined(call);
    if (object->type == PHP_CLOSURE)
        return run_closure(run, object->closure, call);
    if (is_invoked(object, meaning->lower))
        return invoke(run, object, call);
    struct class_ *class_ = object->type == PHP_OBJECT ? object->object->class_ : NULL;
    struct function *function = class_ == NULL ? NULL : run_method_of(run, class_, name);
    if (function == NULL && class_ != NULL)
        function = run_method_of(run, class_, SPAN("__call"));
    if (function != NULL)
        return run_function(run, function, object->object, call);
    if (meaning->methods != NULL)
        return call_alike(run, meaning->methods, call);
    struct span of = class_ != NULL               ? class_->name
                     : object->type == PHP_OBJECT ? object->object->name
                                                  : SPAN("");
    return role_of_method(run, of, meaning->lower, object, call);
}

struct php_value run_method_call(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    if (is_callable(run, at->c))
        return callable(run, 0);
    struct call call;
    call_begin(&call, node);
    struct php_value object = run_value(run, at->a), unknown;
    struct span name = run_property_name(run, at->b, &unknown);
    count_call(run, node, name.at == NULL);
    run_arguments(run, at->c, &call);
    struct php_value result;
    if (unknown.type == PHP_CLOSURE)
        result = run_closure(run, unknown.closure, &call);
    else if (name.at == NULL)
        result = call_unknown(run, &unknown, &call);
    else
        result = call_method(run, &object, name, &call);
    run->unit->seen[node] |= 1;
    return result;
}

static bool is_own_class(struct span name)
{
    return (name.len == 4 && strncasecmp(name.at, "self", 4) == 0) ||
           (name.len == 6 &&
            (strncasecmp(name.at, "parent", 6) == 0 || strncasecmp(name.at, "static", 6) == 0));
}

struct php_value run_static_call(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node), *base = run_node(run, at->a);
    if (is_callable(run, at->c))
        return callable(run, 0);
    struct call call;
    call_begin(&call, node);
    struct php_value unknown, name_value;
    struct class_ *class_ = run_class_named(run, at->a, &unknown);
    struct span name = run_property_name(run, at->b, &name_value);
    count_call(run, node, name.at == NULL);
    run_arguments(run, at->c, &call);
    run->unit->seen[node] |= 1;
    if (name.at == NULL)
        return call_unknown(run, &name_value, &call);
    struct function *function = class_ == NULL ? NULL : run_method_of(run, class_, name);
    if (function == NULL && class_ != NULL)
        function = run_method_of(run, class_, SPAN("__callStatic"));
    bool is_mine = base->kind == PHP_NODE_NAME && is_own_class(run_token(run, base->token));
    if (function != NULL)
        return run_function(run, function, is_mine ? run->frame->this_ : NULL, &call);
    struct meaning *meaning = run_meaning(run, name);
    if (class_ == NULL && unknown.taint != 0)
        return call_unknown(run, &unknown, &call);
    struct span of = base->kind == PHP_NODE_NAME ? run_token(run, base->token) : SPAN("");
    return role_of_method(run, of, meaning == NULL ? name : meaning->lower, NULL, &call);
}

/* ---- new ---- */

static struct php_value construct(struct php_run *run, struct class_ *class_, struct call *call)
{
    struct php_value object = run_object(run, class_);
    struct function *function = run_method_of(run, class_, SPAN("__construct"));
    if (function == NULL)
        function = run_method_of(run, class_, class_->name);
    if (function != NULL && object.object != NULL)
        run_function(run, function, object.object, call);
    return object;
}

/* Of a class that is not in the file: its name and what it was made of are remembered. */
static struct php_value foreign_object(struct php_run *run, struct span name, struct call *call)
{
    struct php_value value = role_of_method(run, name, SPAN("__construct"), NULL, call);
    struct php_object *object = run_get(run, sizeof *object);
    struct meaning *meaning = name.len == 0 ? NULL : run_meaning(run, name);
    if (object == NULL || meaning == NULL)
        return value;
    object->name = meaning->lower;
    object->first = call->count > 0 ? call->args[0] : php_unknown();
    value.type = PHP_OBJECT;
    value.object = object;
    return value;
}

struct php_value run_new(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct call call;
    call_begin(&call, node);
    struct php_value unknown = php_unknown();
    struct class_ *class_ =
        at->c != 0 ? run_class_of_node(run, at->c) : run_class_named(run, at->a, &unknown);
    run_arguments(run, at->b, &call);
    if (class_ != NULL)
        return construct(run, class_, &call);
    bool is_named = at->a != 0 && run_node(run, at->a)->kind == PHP_NODE_NAME;
    struct span name = is_named ? run_token(run, run_node(run, at->a)->token) : SPAN("");
    struct php_value arguments = run_joined(&call);
    if (!is_named && at->c == 0) {
        struct call named = {.node = node, .callee = &unknown, .args = &unknown, .count = 1};
        named.name = SPAN("new");
        run_sight(run, PHP_SINK_NEW, &named, 0, &unknown, &arguments);
        if (unknown.type == PHP_TEXT)
            name = php_text_span(unknown.text);
    }
    if (name.len == 8 && strncasecmp(name.at, "stdclass", 8) == 0) {
        struct php_value object = php_null();
        object.array = php_array_new(&run->heap);
        object.type = object.array == NULL ? PHP_UNKNOWN : PHP_ARRAY;
        return object;
    }
    return foreign_object(run, name, &call);
}
