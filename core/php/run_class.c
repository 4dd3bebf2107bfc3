/* run_class - classes: their constants, their properties (one table for all objects of a family),
 * and which method a name means. */
#include "run_parts.h"

#include <strings.h>

#define MOST_PARENTS 32

static void add_method(struct php_run *run, struct class_ *class_, uint32_t node)
{
    struct function *function = run_function_new(run, class_->unit, node);
    if (function == NULL)
        return;
    function->class_ = class_;
    struct meaning *meaning = run_meaning(run, function->name);
    if (meaning == NULL)
        return;
    function->alike = meaning->methods;
    meaning->methods = function;
    struct cell *cell = run_scope_get(run, &class_->methods, run_name(run, meaning->lower));
    cell->value = php_int((int64_t)run->functions.len - 1);
    cell->is_set = true;
}

static void add_constant(struct php_run *run, struct class_ *class_, uint32_t node)
{
    struct cell *cell = run_scope_get(run, &class_->constants, run_node_name(run, node));
    cell->value = php_int(node);
}

struct class_ *run_class_declare(struct php_run *run, struct unit *unit, uint32_t node)
{
    struct class_ *class_ = run_get(run, sizeof *class_);
    if (class_ == NULL)
        return NULL;
    const struct php_node *at = run_node(run, node);
    class_->unit = unit;
    class_->node = node;
    class_->name = at->token == 0 ? SPAN("class@anonymous") : run_token(run, at->token);
    if (at->a != 0)
        class_->parent = run_meaning(run, run_token(run, run_node(run, at->a)->token));
    for (uint32_t member = at->b; member != 0; member = run_node(run, member)->next) {
        unit->seen[member] = 1;
        if (run_node(run, member)->kind == PHP_NODE_FUNCTION)
            add_method(run, class_, member);
        else if (run_node(run, member)->kind == PHP_NODE_CONSTANT)
            add_constant(run, class_, member);
    }
    struct meaning *meaning = run_meaning(run, class_->name);
    if (meaning != NULL && meaning->class_ == NULL)
        meaning->class_ = class_;
    *vec_add(&run->classes) = class_;
    unit->names[node] = (uint32_t)run->classes.len;
    run_count(run, PHP_COUNT_CLASSES);
    return class_;
}

/* Its properties get what they begin with. */
void run_class_begin(struct php_run *run, struct class_ *class_)
{
    struct frame frame = {.outer = run->frame, .class_ = class_, .scope = run->locals};
    run->frame = &frame;
    uint32_t member = run_node(run, class_->node)->b;
    for (; member != 0 && run->locals != NULL; member = run_node(run, member)->next) {
        const struct php_node *at = run_node(run, member);
        if (at->kind != PHP_NODE_MEMBER || at->a == 0)
            continue;
        uint32_t name = run_node_name(run, member);
        struct cell *cell = run_property(run, class_, run->names.list.at[name].text);
        struct php_value value = run_value(run, at->a);
        if (!cell->is_set)
            run_cell_write(run, cell, value);
    }
    run->frame = frame.outer;
}

struct class_ *run_class_root(struct class_ *class_)
{
    struct class_ *root = class_;
    for (int i = 0; class_->root == NULL && i < MOST_PARENTS; i++) {
        if (root->parent == NULL || root->parent->class_ == NULL || root->parent->class_ == root)
            break;
        root = root->parent->class_;
    }
    if (class_->root == NULL)
        class_->root = root;
    return class_->root;
}

struct cell *run_property(struct php_run *run, struct class_ *class_, struct span name)
{
    struct class_ *root = run_class_root(class_);
    struct cell *cell = run_scope_get(run, &root->properties, run_name(run, name));
    cell->weak = true;
    return cell;
}

struct function *run_method_of(struct php_run *run, struct class_ *class_, struct span name)
{
    struct meaning *meaning = run_meaning(run, name);
    if (meaning == NULL || meaning->methods == NULL)
        return NULL;
    uint32_t number = run_name(run, meaning->lower);
    for (int i = 0; class_ != NULL && i < MOST_PARENTS; i++) {
        struct cell *cell = run_scope_find(&class_->methods, number);
        if (cell != NULL)
            return run->functions.at[cell->value.number];
        class_ = class_->parent == NULL ? NULL : class_->parent->class_;
    }
    return NULL;
}

struct class_ *run_class_of(struct php_run *run, struct span name)
{
    struct class_ *mine = run->frame->class_;
    if (name.len == 4 && strncasecmp(name.at, "self", 4) == 0)
        return mine;
    if (name.len == 6 && strncasecmp(name.at, "static", 6) == 0)
        return run->frame->this_ != NULL ? run->frame->this_->class_ : mine;
    if (name.len == 6 && strncasecmp(name.at, "parent", 6) == 0)
        return mine == NULL || mine->parent == NULL ? NULL : mine->parent->class_;
    struct meaning *meaning = run_meaning(run, name);
    return meaning == NULL ? NULL : meaning->class_;
}

struct class_ *run_class_of_node(struct php_run *run, uint32_t node)
{
    uint32_t number = run->unit->names[node];
    return number == 0 || number > run->classes.len ? NULL : run->classes.at[number - 1];
}

/* The class that stands before ::, or behind new. *unknown gets the value of an expression. */
struct class_ *run_class_named(struct php_run *run, uint32_t node, struct php_value *unknown)
{
    *unknown = php_unknown();
    if (node == 0)
        return NULL;
    const struct php_node *at = run_node(run, node);
    if (at->kind == PHP_NODE_NAME)
        return run_class_of(run, run_token(run, at->token));
    *unknown = run_value(run, node);
    if (unknown->type == PHP_OBJECT)
        return unknown->object->class_;
    return unknown->type == PHP_TEXT ? run_class_of(run, php_text_span(unknown->text)) : NULL;
}

struct php_value run_object(struct php_run *run, struct class_ *class_)
{
    struct php_value value = php_unknown();
    struct php_object *object = run_get(run, sizeof *object);
    value.object = NULL;
    if (object == NULL)
        return value;
    object->class_ = class_;
    value.type = PHP_OBJECT;
    value.object = object;
    return value;
}

static struct php_value name_of(struct php_run *run, uint32_t node, struct class_ *class_)
{
    struct span name = class_ != NULL ? class_->name : run_token(run, run_node(run, node)->token);
    if (name.len > 0 && name.at[0] == '\\')
        name = span_skip(name, 1);
    return php_text_value((struct php_text){name.at, (uint32_t)name.len, 0});
}

static struct php_value constant_of(struct php_run *run, struct class_ *class_, struct cell *cell)
{
    if (cell->is_set)
        return cell->value;
    uint32_t node = (uint32_t)cell->value.number;
    struct unit *outer = run->unit;
    struct frame frame = {.outer = run->frame, .class_ = class_, .scope = run->frame->scope};
    cell->is_set = true;
    cell->value = php_unknown();
    run->unit = class_->unit;
    run->frame = &frame;
    cell->value = run_value(run, run_node(run, node)->a);
    run->frame = frame.outer;
    run->unit = outer;
    return cell->value;
}

struct php_value run_class_constant(struct php_run *run, uint32_t node)
{
    const struct php_node *at = run_node(run, node);
    struct php_value unknown;
    struct class_ *class_ = run_class_named(run, at->a, &unknown);
    if (run_node(run, at->b)->kind != PHP_NODE_NAME)
        return php_unknown();
    struct span name = run_token(run, run_node(run, at->b)->token);
    if (name.len == 5 && strncasecmp(name.at, "class", 5) == 0) {
        if (class_ != NULL || run_node(run, at->a)->kind == PHP_NODE_NAME)
            return name_of(run, at->a, class_);
        return php_unknown();
    }
    uint32_t number = run_name(run, name);
    for (int i = 0; class_ != NULL && i < MOST_PARENTS; i++) {
        struct cell *cell = run_scope_find(&class_->constants, number);
        if (cell != NULL)
            return constant_of(run, class_, cell);
        class_ = class_->parent == NULL ? NULL : class_->parent->class_;
    }
    return php_unknown();
}
