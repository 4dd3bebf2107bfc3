/* run_place - variables, elements and properties as places that are read and written.
 *
 * A place is a cell and the keys that lead from it. Objects of unknown classes are taken for
 * arrays of their properties; $GLOBALS['x'] is the variable itself. What is written under a key
 * that is not known goes into the array's rest; an array's own marks are those of all that was
 * ever put into it, so that nobody has to look through it.
 */
#include "run_parts.h"

#include <string.h>

/* ---- finding a place ---- */

static void push(struct place *place, struct key key)
{
    if (place->depth < RUN_PATH)
        place->path[place->depth++] = key;
    else
        place->path[RUN_PATH - 1].known = place->path[RUN_PATH - 1].append = false;
}

static void push_value(struct php_run *run, struct place *place, const struct php_value *value)
{
    struct key key = {0};
    key.known = run_is_known(value) && php_array_key(&run->heap, value, &key.entry);
    key.given_up = !key.known && value->given_up;
    push(place, key);
}

static void push_name(struct php_run *run, struct place *place, struct span name)
{
    struct php_value value = php_text_value((struct php_text){name.at, (uint32_t)name.len, 0});
    push_value(run, place, &value);
}

static void at_cell(struct place *place, struct cell *cell)
{
    if (cell->alias != NULL) {
        *place = *cell->alias;
        return;
    }
    place->cell = cell;
    place->depth = 0;
}

static void at_value(struct php_run *run, struct place *place, struct php_value value)
{
    (void)run;
    place->own = (struct cell){.value = value, .is_set = true};
    place->cell = &place->own;
    place->depth = 0;
}

/* The number of the variable that a VARIABLE or VARIABLE_OF means; 0: not known. */
static uint32_t variable_name(struct php_run *run, uint32_t node)
{
    if (run_node(run, node)->kind == PHP_NODE_VARIABLE)
        return run_node_name(run, node);
    run_count(run, PHP_COUNT_VARIABLE_VARIABLES);
    struct php_value value = run_value(run, run_node(run, node)->a);
    struct php_text text;
    if (!run_is_known(&value) || !php_to_text(&run->heap, &value, &text))
        return 0;
    return run_name(run, php_text_span(text));
}

static bool is_name(struct php_run *run, uint32_t name, const char *text)
{
    return span_is(run->names.list.at[name].text, span_text(text));
}

static void at_variable(struct php_run *run, struct place *place, uint32_t name)
{
    if (name == 0) {
        struct php_value any = php_unknown();
        any.taint = run->frame->brought;
        at_value(run, place, any);
        place->own.weak = true;
    } else if (run->frame->this_ != NULL && is_name(run, name, "this")) {
        struct php_value this_ = php_unknown();
        this_.type = PHP_OBJECT;
        this_.object = run->frame->this_;
        at_value(run, place, this_);
    } else {
        at_cell(place, run_variable(run, name));
    }
}

static void at_index(struct php_run *run, struct place *place, uint32_t node)
{
    const struct php_node *at = run_node(run, node), *base = run_node(run, at->a);
    bool is_variable = base->kind == PHP_NODE_VARIABLE || base->kind == PHP_NODE_VARIABLE_OF;
    uint32_t name = is_variable ? variable_name(run, at->a) : 0;
    if (name != 0 && is_name(run, name, "GLOBALS")) {
        struct php_value key = run_value(run, at->b);
        struct php_text text;
        if (run_is_known(&key) && php_to_text(&run->heap, &key, &text))
            at_cell(place, run_global(run, run_name(run, php_text_span(text))));
        else
            at_value(run, place, php_unknown());
        return;
    }
    if (is_variable)
        at_variable(run, place, name);
    else
        run_place_of(run, at->a, place);
    struct key key = {.append = at->b == 0};
    if (key.append) {
        push(place, key);
        return;
    }
    struct php_value value = run_value(run, at->b);
    push_value(run, place, &value);
}

/* The name behind -> or ::$; empty and *unknown set when it is not known. */
struct span run_property_name(struct php_run *run, uint32_t node, struct php_value *unknown)
{
    const struct php_node *at = run_node(run, node);
    *unknown = php_unknown();
    if (at->kind == PHP_NODE_NAME)
        return run_token(run, at->token);
    *unknown = run_value(run, node);
    struct php_text text;
    if (run_is_known(unknown) && php_to_text(&run->heap, unknown, &text))
        return php_text_span(text);
    return (struct span){NULL, 0};
}

static void at_property(struct php_run *run, struct place *place, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    run_place_of(run, at->a, place);
    struct php_value base = run_place_read(run, place), unknown;
    struct span name = run_property_name(run, at->b, &unknown);
    if (base.type == PHP_OBJECT && base.object->class_ != NULL) {
        if (name.at == NULL)
            at_value(run, place, php_unknown());
        else
            at_cell(place, run_property(run, base.object->class_, name));
    } else if (name.at == NULL) {
        push(place, (struct key){0});
    } else {
        push_name(run, place, name);
    }
}

static void at_static_property(struct php_run *run, struct place *place, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct php_value unknown;
    struct class_ *class_ = run_class_named(run, at->a, &unknown);
    uint32_t name = variable_name(run, at->b);
    if (class_ == NULL || name == 0) {
        unknown.type = PHP_UNKNOWN;
        at_value(run, place, unknown);
    } else {
        at_cell(place, run_property(run, class_, run->names.list.at[name].text));
    }
}

void run_place_of(struct php_run *run, uint32_t node, struct place *place)
{
    place->depth = 0;
    place->cell = &run->dump;
    if (node == 0 || !run_deeper(run))
        return;
    switch (run_node(run, node)->kind) {
    case PHP_NODE_VARIABLE:
    case PHP_NODE_VARIABLE_OF: at_variable(run, place, variable_name(run, node)); break;
    case PHP_NODE_INDEX: at_index(run, place, node); break;
    case PHP_NODE_PROPERTY: at_property(run, place, node); break;
    case PHP_NODE_STATIC_PROPERTY: at_static_property(run, place, node); break;
    default: at_value(run, place, run_value(run, node));
    }
    run_back(run);
}

bool run_is_place(const struct php_run *run, uint32_t node)
{
    if (node == 0)
        return false;
    uint8_t kind = run_node(run, node)->kind;
    return kind == PHP_NODE_VARIABLE || kind == PHP_NODE_VARIABLE_OF || kind == PHP_NODE_INDEX ||
           kind == PHP_NODE_PROPERTY || kind == PHP_NODE_STATIC_PROPERTY;
}

/* ---- reading ---- */

/* One of an array's elements, nobody knows which. */
static struct php_value any_element(struct php_run *run, const struct php_value *base)
{
    (void)run;
    struct php_value result = php_unknown();
    if (base->array->len == 1 && !base->array->open)
        result = base->array->at[0].value;
    php_value_mark(&result, base);
    return result;
}

static struct php_value element(struct php_run *run, const struct php_value *base,
                                const struct key *key)
{
    if (!key->known)
        return any_element(run, base);
    struct php_value *found = php_array_find(base->array, &key->entry);
    if (found != NULL)
        return *found;
    return base->array->open ? base->array->rest : php_null();
}

static struct php_value byte_of(const struct php_value *base, const struct key *key)
{
    struct php_value result = php_unknown();
    int64_t at = key->entry.number, len = base->text.len;
    if (key->known && !key->entry.has_name) {
        if (at < 0)
            at += len;
        result = php_null();
        if (at >= 0 && at < len)
            result = php_text_value(php_text_byte((unsigned char)base->text.at[at]));
    }
    php_value_mark(&result, base);
    result.made += result.made < UINT8_MAX;
    return result;
}

static struct php_value step_on(struct php_run *run, const struct php_value *base,
                                const struct key *key)
{
    struct php_value result;
    switch (base->type) {
    case PHP_ARRAY: return element(run, base, key);
    case PHP_TEXT: return byte_of(base, key);
    case PHP_UNKNOWN: result = *base; return result;
    case PHP_OBJECT:
        result = php_unknown();
        php_value_mark(&result, base);
        return result;
    default: return php_null();
    }
}

static struct php_value step_in(struct php_run *run, const struct php_value *base,
                                const struct key *key)
{
    struct php_value result = step_on(run, base, key);
    result.given_up |= base->given_up | key->given_up;
    return result;
}

struct php_value run_index(struct php_run *run, const struct php_value *base,
                           const struct php_value *value)
{
    struct key key = {0};
    key.known = run_is_known(value) && php_array_key(&run->heap, value, &key.entry);
    key.given_up = value->given_up;
    struct php_value result = step_in(run, base, &key);
    if (!key.known && value->taint != 0 && base->type == PHP_ARRAY && !base->array->open) {
        struct php_value chosen = *value; /* a stranger chooses, but among constants */
        chosen.traits |= PHP_IS_CHECKED;
        php_value_mark(&result, &chosen);
        result.traits |= PHP_IS_CHECKED;
    }
    return result;
}

struct php_value run_place_read(struct php_run *run, const struct place *place)
{
    struct php_value value = place->cell->alias == NULL ? place->cell->value : php_unknown();
    for (uint32_t i = 0; i < place->depth; i++)
        value = step_in(run, &value, &place->path[i]);
    return value;
}

/* ---- writing ---- */

/* Makes an array of what stands there; false: it cannot be one. */
static bool be_array(struct php_run *run, struct php_value *at)
{
    if (at->type == PHP_ARRAY) {
        at->array = php_array_own(&run->heap, at->array);
        if (at->array == NULL)
            *at = php_unknown();
        return at->type == PHP_ARRAY;
    }
    struct php_value old = *at;
    struct php_array *array = php_array_new(&run->heap);
    if (array == NULL || at->type == PHP_OBJECT)
        return false;
    array->open = old.type == PHP_UNKNOWN;
    array->rest = old;
    at->type = PHP_ARRAY;
    at->array = array;
    return true;
}

static void write_rest(struct php_run *run, struct php_array *array, const struct php_value *value)
{
    if (array->open)
        php_value_merge(&run->heap, &array->rest, value);
    else
        array->rest = *value;
    array->open = true;
}

static void write_byte(struct php_run *run, struct php_value *at, const struct key *key,
                       const struct php_value *value)
{
    struct php_text text, byte;
    int64_t place = key->entry.number < 0 ? key->entry.number + at->text.len : key->entry.number;
    bool ok = key->known && !key->entry.has_name && place >= 0 && place < at->text.len &&
              run_is_known(value) && php_to_text(&run->heap, value, &byte) && byte.len > 0 &&
              php_heap_step(&run->heap, at->text.len / 64) &&
              php_text_copy(&run->heap, php_text_span(at->text), &text);
    php_value_mark(at, value);
    if (!ok) {
        at->type = PHP_UNKNOWN;
        return;
    }
    ((char *)text.at)[place] = byte.at[0];
    at->text = text;
}

/* What an element becomes when value is written over old. */
static struct php_value over(struct php_run *run, const struct php_value *old,
                             struct php_value value)
{
    if (old == NULL || run->unsure + run->dead == 0)
        return value;
    struct php_value result = run->dead > 0 ? *old : value;
    php_value_merge(&run->heap, &result, run->dead > 0 ? &value : old);
    return result;
}

static void write_key(struct php_run *run, struct php_array *array, const struct key *key,
                      struct php_value value)
{
    if (key->append) {
        php_array_set(&run->heap, array, NULL, &value);
    } else if (!key->known) {
        write_rest(run, array, &value);
    } else {
        struct php_value *old = php_array_find(array, &key->entry);
        value = over(run, old == NULL && array->open ? &array->rest : old, value);
        php_array_set(&run->heap, array, &key->entry, &value);
    }
}

static struct php_value *step_into(struct php_run *run, struct php_array *array,
                                   const struct key *key)
{
    if (key->known) {
        struct php_value *found = php_array_find(array, &key->entry);
        if (found != NULL)
            return found;
        struct php_value empty = array->open ? array->rest : php_null();
        php_array_set(&run->heap, array, &key->entry, &empty);
        return php_array_find(array, &key->entry);
    }
    if (key->append) {
        struct php_value empty = php_null();
        if (!php_array_set(&run->heap, array, NULL, &empty) || array->len == 0)
            return NULL;
        return &array->at[array->len - 1].value;
    }
    if (!array->open)
        array->rest = php_unknown();
    array->open = true;
    return &array->rest;
}

static void write_path(struct php_run *run, struct place *place, struct php_value value)
{
    struct php_value *at = &place->cell->value;
    place->cell->is_set = true;
    for (uint32_t i = 0; at != NULL; i++) {
        const struct key *key = &place->path[i];
        if (at->type == PHP_TEXT && at->text.len > 0) {
            write_byte(run, at, key, &value);
            return;
        }
        if (!be_array(run, at)) {
            php_value_mark(at, &value);
            return;
        }
        php_value_mark(at, &value);
        if (i + 1 == place->depth) {
            write_key(run, at->array, key, value);
            return;
        }
        at = step_into(run, at->array, key);
    }
}

void run_bring(struct php_run *run, const struct php_value *value)
{
    run->frame->brought |= value->taint & (PHP_FROM_STRANGER | PHP_FROM_REMOTE);
}

void run_place_write(struct php_run *run, struct place *place, struct php_value value)
{
    if (place->cell == &place->own && place->own.weak)
        run_bring(run, &value);
    if (place->depth == 0) {
        run_cell_write(run, place->cell, value);
        return;
    }
    if (value.type == PHP_ARRAY)
        value.array->shared = true;
    if (value.type == PHP_UNKNOWN)
        run->impure++;
    run->writes++;
    uint64_t refused = run->heap.refused;
    write_path(run, place, value);
    place->cell->value.given_up |= run->giving_up > 0 || run->heap.refused != refused;
}

void run_place_unset(struct php_run *run, struct place *place)
{
    run->writes++;
    if (run->unsure + run->dead > 0) {
        run->impure++; /* who counts on it would wait forever */
        return;
    }
    if (place->depth == 0) {
        run_cell_write(run, place->cell, php_null());
        return;
    }
    struct php_value *at = &place->cell->value;
    for (uint32_t i = 0; at != NULL && at->type == PHP_ARRAY && be_array(run, at); i++) {
        if (i + 1 == place->depth) {
            if (place->path[i].known)
                php_array_unset(&run->heap, at->array, &place->path[i].entry);
            return;
        }
        at = place->path[i].known ? php_array_find(at->array, &place->path[i].entry) : NULL;
    }
}

/* ---- references and assignments ---- */

struct cell *run_place_cell(struct php_run *run, struct place *place)
{
    if (place->cell == &place->own) {
        struct cell *copy = run_cell_new(run);
        copy->value = place->own.value;
        place->cell = copy;
    }
    if (place->depth == 0) {
        place->cell->is_set = place->cell->kept = true;
        return place->cell;
    }
    struct cell *cell = run_cell_new(run);
    struct place *alias = run_get(run, sizeof *alias);
    if (cell == &run->dump || alias == NULL)
        return &run->dump;
    *alias = *place;
    for (uint32_t i = 0; i < alias->depth; i++)
        alias->path[i].append = false;
    place->cell->kept = cell->kept = true;
    cell->alias = alias;
    cell->is_set = true;
    return cell;
}

void run_reference(struct php_run *run, uint32_t target, struct cell *cell)
{
    const struct php_node *at = run_node(run, target);
    if (at->kind == PHP_NODE_VARIABLE) {
        uint32_t name = run_node_name(run, target);
        if (run->frame->scope == NULL)
            run->names.list.at[name].global = cell;
        else
            run_scope_bind(run, run->frame->scope, name, cell);
        return;
    }
    run_assign(run, target, run_cell_read(run, cell));
}

/* list($a, , 'k' => $b) = value */
static void take_apart(struct php_run *run, uint32_t list, const struct php_value *value)
{
    int64_t number = 0;
    for (uint32_t item = list; item != 0; item = run_node(run, item)->next, number++) {
        const struct php_node *at = run_node(run, item);
        uint32_t target = at->kind == PHP_NODE_ITEM ? at->b : item;
        if (target == 0)
            continue;
        bool has_key = at->kind == PHP_NODE_ITEM && at->a != 0;
        struct php_value key = has_key ? run_value(run, at->a) : php_int(number);
        run_assign(run, target, run_index(run, value, &key));
    }
}

/* $GLOBALS = array(...), which old versions took. */
static bool is_all_globals(struct php_run *run, uint32_t target, const struct php_value *value)
{
    if (value->type != PHP_ARRAY || run_node(run, target)->kind != PHP_NODE_VARIABLE)
        return false;
    return is_name(run, run_node_name(run, target), "GLOBALS");
}

static void set_globals(struct php_run *run, const struct php_array *array)
{
    for (uint32_t i = 0; i < array->len && php_heap_step(&run->heap, 1); i++) {
        if (!array->at[i].has_name)
            continue;
        uint32_t name = run_name(run, php_text_span(array->at[i].name));
        run_cell_write(run, run_global(run, name), array->at[i].value);
    }
}

void run_assign(struct php_run *run, uint32_t target, struct php_value value)
{
    if (target == 0 || !run_deeper(run))
        return;
    const struct php_node *at = run_node(run, target);
    if (at->kind == PHP_NODE_ARRAY) {
        take_apart(run, at->a, &value);
    } else if (is_all_globals(run, target, &value)) {
        set_globals(run, value.array);
    } else {
        struct place place;
        run_place_of(run, target, &place);
        value.hops += value.hops < UINT8_MAX;
        run_place_write(run, &place, value);
    }
    run_back(run);
}
