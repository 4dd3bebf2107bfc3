/* run_scope - variables: which cell a name means, what stands in it, what is written into it.
 *
 * A branch that may be taken writes what may be: the new content stands, the marks of the old one
 * stay with it. A branch that cannot be taken leaves the known content alone. So no state has to
 * be kept for the way back, and what a stranger brings is never forgotten too early.
 */
#include "run_parts.h"

#include <string.h>

#define FEW 8 /* variables that are looked through one by one */

static uint32_t slot_of(uint32_t name, uint32_t slot_count)
{
    return name * 2654435761u >> 7 & (slot_count - 1);
}

static int64_t find(const struct scope *scope, uint32_t name)
{
    if (scope->slots == NULL) {
        for (uint32_t i = 0; i < scope->len; i++)
            if (scope->names[i] == name)
                return i;
        return -1;
    }
    uint32_t slot = slot_of(name, scope->slot_count);
    for (; scope->slots[slot] != 0; slot = (slot + 1) & (scope->slot_count - 1))
        if (scope->names[scope->slots[slot] - 1] == name)
            return scope->slots[slot] - 1;
    return -1;
}

struct cell *run_scope_find(const struct scope *scope, uint32_t name)
{
    int64_t at = find(scope, name);
    return at < 0 ? NULL : scope->cells[at];
}

static void place_slot(struct scope *scope, uint32_t number)
{
    uint32_t slot = slot_of(scope->names[number], scope->slot_count);
    while (scope->slots[slot] != 0)
        slot = (slot + 1) & (scope->slot_count - 1);
    scope->slots[slot] = number + 1;
}

static bool grow(struct php_run *run, struct scope *scope)
{
    uint32_t cap = scope->cap == 0 ? 4 : scope->cap * 2;
    uint32_t *names = run_get(run, cap * sizeof *names);
    struct cell **cells = run_get(run, cap * sizeof(struct cell *));
    uint32_t *slots = cap > FEW ? run_get(run, cap * 2 * sizeof *slots) : NULL;
    if (names == NULL || cells == NULL || (cap > FEW && slots == NULL))
        return false;
    if (scope->len > 0) {
        memcpy(names, scope->names, scope->len * sizeof *names);
        memcpy(cells, scope->cells, scope->len * sizeof(struct cell *));
    }
    scope->names = names;
    scope->cells = cells;
    scope->cap = cap;
    scope->slots = slots;
    scope->slot_count = cap * 2;
    for (uint32_t i = 0; slots != NULL && i < scope->len; i++)
        place_slot(scope, i);
    return true;
}

static void put(struct php_run *run, struct scope *scope, uint32_t name, struct cell *cell)
{
    int64_t at = find(scope, name);
    if (at >= 0) {
        scope->cells[at] = cell;
        return;
    }
    if (scope->len == scope->cap && !grow(run, scope))
        return;
    scope->names[scope->len] = name;
    scope->cells[scope->len] = cell;
    if (scope->slots != NULL)
        place_slot(scope, scope->len);
    scope->len++;
}

/* A variable that belongs to somebody else too. */
void run_scope_bind(struct php_run *run, struct scope *scope, uint32_t name, struct cell *cell)
{
    cell->kept = true;
    put(run, scope, name, cell);
}

/* After a function: its own variables' cells can be used again. */
void run_scope_leave(struct php_run *run, struct scope *scope)
{
    for (uint32_t i = 0; i < scope->len; i++) {
        struct cell *cell = scope->cells[i];
        if (cell->kept || cell == &run->dump)
            continue;
        cell->next = run->free_cells;
        run->free_cells = cell;
    }
    scope->len = 0;
    if (scope->cap > 64)
        *scope = (struct scope){0};
    else if (scope->slots != NULL)
        memset(scope->slots, 0, scope->slot_count * sizeof *scope->slots);
}

struct cell *run_cell_new(struct php_run *run)
{
    struct cell *cell = run->free_cells;
    if (cell != NULL) {
        run->free_cells = cell->next;
        *cell = (struct cell){.value = php_null()};
        return cell;
    }
    cell = run_get(run, sizeof *cell);
    if (cell == NULL) {
        run->dump = (struct cell){.value = php_unknown()};
        return &run->dump;
    }
    cell->value = php_null();
    return cell;
}

struct cell *run_scope_get(struct php_run *run, struct scope *scope, uint32_t name)
{
    struct cell *cell = run_scope_find(scope, name);
    if (cell == NULL) {
        cell = run_cell_new(run);
        if (cell != &run->dump)
            put(run, scope, name, cell);
    }
    return cell;
}

/* What a global variable holds before anything was written into it. */
static void begin(struct php_run *run, struct cell *cell, uint32_t name)
{
    struct span text = run->names.list.at[name].text;
    uint32_t taint = php_superglobal(text);
    if (taint == 0)
        return;
    cell->value = php_unknown();
    cell->value.taint = taint;
    cell->is_set = true;
}

struct cell *run_global(struct php_run *run, uint32_t name)
{
    struct cell *cell = run->names.list.at[name].global;
    if (cell == NULL) {
        cell = run_cell_new(run);
        if (cell == &run->dump)
            return cell;
        begin(run, cell, name);
        run->names.list.at[name].global = cell;
    }
    return cell;
}

static bool is_superglobal(struct span name)
{
    return name.len > 3 && name.at[0] == '_' && name.at[1] >= 'A' && name.at[1] <= 'Z' &&
           php_superglobal(name) != 0;
}

struct cell *run_variable(struct php_run *run, uint32_t name)
{
    if (run->frame->scope == NULL || is_superglobal(run->names.list.at[name].text))
        return run_global(run, name);
    if (run->frame->sees_global && run_scope_find(run->frame->scope, name) == NULL)
        return run_global(run, name);
    return run_scope_get(run, run->frame->scope, name);
}

struct php_value run_cell_read(struct php_run *run, struct cell *cell)
{
    return cell->alias == NULL ? cell->value : run_place_read(run, cell->alias);
}

/* What a loop that was given up writes is what it would be after nobody knows how many turns; but
 * for what stands in the source. */
void run_forget(struct php_value *value)
{
    if (value->type == PHP_CLOSURE || value->type == PHP_OBJECT || value->type == PHP_NULL ||
        (value->type == PHP_TEXT && value->made == 0 && value->given_up == 0))
        return;
    value->type = PHP_UNKNOWN;
    value->given_up = 1;
}

void run_cell_write(struct php_run *run, struct cell *cell, struct php_value value)
{
    if (cell->alias != NULL) {
        run_place_write(run, cell->alias, value);
        return;
    }
    if (run->giving_up > 0)
        run_forget(&value);
    if (value.type == PHP_ARRAY)
        value.array->shared = true;
    if (value.type == PHP_UNKNOWN)
        run->impure++;
    run->writes++;
    run->effects += cell->weak;
    if (cell->weak && (value.taint & ~cell->value.taint & PHP_FROM_STRANGER) != 0)
        run->news++;
    if (!cell->is_set || (run->unsure + run->dead == 0 && !cell->weak)) {
        cell->value = value;
    } else if (run->dead > 0) {
        php_value_merge(&run->heap, &cell->value, &value);
    } else {
        php_value_merge(&run->heap, &value, &cell->value);
        cell->value = value;
    }
    cell->is_set = true;
}
