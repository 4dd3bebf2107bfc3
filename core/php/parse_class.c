/* parse_class - functions, closures, classes and what stands in them. Types are passed over.
 */
#include "parse.h"

#define BODY_DEPTH 3 /* nodes that a function adds between its own and its statements */

/* ---- types ---- */

static bool is_type_op(const struct parser *p)
{
    return parse_at_op(p, '?') || parse_at_op(p, '|') || parse_at_op(p, '&') ||
           parse_at_op(p, '(') || parse_at_op(p, ')');
}

/* ?int, A|(B&C): as far as it goes. Of a parameter it ends before the & of a reference and the )
 * of the list. */
static void pass_type(struct parser *p)
{
    for (unsigned open = 0; parse_at(p, PHP_NAME) || is_type_op(p); parse_next(p)) {
        const struct php_token *ahead = parse_ahead(p);
        bool reference = parse_at_op(p, '&') && (ahead->kind == PHP_VARIABLE ||
                                                 token_is(ahead, PHP_OPERATOR, PHP_OP_ELLIPSIS));
        if (reference || (parse_at_op(p, ')') && open == 0))
            return;
        open += parse_at_op(p, '(');
        open -= parse_at_op(p, ')');
    }
}

static bool at_modifier(const struct parser *p)
{
    switch (parse_at(p, PHP_NAME) ? p->now->is : PHP_WORD_NONE) {
    case PHP_WORD_ABSTRACT:
    case PHP_WORD_FINAL:
    case PHP_WORD_PRIVATE:
    case PHP_WORD_PROTECTED:
    case PHP_WORD_PUBLIC:
    case PHP_WORD_READONLY:
    case PHP_WORD_STATIC:
    case PHP_WORD_VAR: return true;
    default: return false;
    }
}

/* public(set) static: the flags that they stand for. */
static unsigned take_modifiers(struct parser *p)
{
    unsigned flags = 0;
    for (; at_modifier(p); parse_next(p)) {
        if (parse_at_word(p, PHP_WORD_STATIC))
            flags |= PHP_NODE_IS_STATIC;
        const struct php_token *ahead = parse_ahead(p);
        if (token_is(ahead, PHP_OPERATOR, '(') && ahead[1].kind == PHP_NAME &&
            token_is(&ahead[2], PHP_OPERATOR, ')') && !token_is(&ahead[3], PHP_OPERATOR, '|')) {
            parse_next(p);
            parse_next(p);
            parse_next(p);
        }
    }
    return flags;
}

/* ---- functions ---- */

static void hooks(struct parser *p, struct parse_list *list);

static uint32_t parameter(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_PARAMETER};
    parse_attributes(p);
    take_modifiers(p);
    pass_type(p);
    if (parse_take(p, '&'))
        node.flags |= PHP_NODE_BY_REFERENCE;
    if (parse_take(p, PHP_OP_ELLIPSIS))
        node.flags |= PHP_NODE_SPREAD;
    if (!parse_at(p, PHP_VARIABLE)) {
        parse_wrong(p);
        return 0;
    }
    node.token = parse_step(p);
    if (parse_take(p, '='))
        node.a = parse_expression(p, PARSE_ANY);
    return parse_add(p, node);
}

/* hooked: what the hooks of promoted properties do, which belongs to the class. */
static void parameters(struct parser *p, struct parse_list *list)
{
    struct parse_list hooked = {0};
    parse_need(p, '(');
    while (!parse_at_op(p, ')') && !parse_at(p, PHP_END)) {
        parse_append(p, list, parameter(p));
        if (parse_at_op(p, '{'))
            hooks(p, &hooked);
        if (!parse_take(p, ','))
            break;
    }
    parse_need(p, ')');
}

/* use ($a, &$b) */
static void captured(struct parser *p, struct parse_list *list)
{
    parse_need(p, '(');
    while (!parse_at_op(p, ')') && !parse_at(p, PHP_END)) {
        bool reference = parse_take(p, '&');
        if (!parse_at(p, PHP_VARIABLE))
            break;
        uint32_t variable = parse_leaf(p, PHP_NODE_VARIABLE);
        if (reference)
            parse_node(p, variable)->flags = PHP_NODE_BY_REFERENCE;
        parse_append(p, list, variable);
        if (!parse_take(p, ','))
            break;
    }
    parse_need(p, ')');
}

/* => expression, a block, or ; where there is no body. */
static uint32_t body(struct parser *p, unsigned *flags)
{
    if (parse_at_op(p, '{'))
        return parse_block(p);
    if (parse_take(p, PHP_OP_DOUBLE_ARROW)) {
        *flags |= PHP_NODE_ARROW;
        return parse_expression(p, PARSE_YIELD);
    }
    if (!parse_at_op(p, ';'))
        parse_wrong(p);
    return 0;
}

/* From the ( of the parameters on. captures: NULL unless a closure may have some. */
static uint32_t rest_of_function(struct parser *p, struct php_node node,
                                 struct parse_list *captures)
{
    struct parse_list list = {0};
    unsigned flags = node.flags;
    p->depth += BODY_DEPTH;
    if (parse_at_op(p, '(') || !parse_at_op(p, '{')) /* a hook may have none */
        parameters(p, &list);
    if (captures != NULL && parse_take_word(p, PHP_WORD_USE))
        captured(p, captures);
    if (parse_take(p, ':'))
        pass_type(p);
    node.b = body(p, &flags);
    p->depth -= BODY_DEPTH;
    node.a = list.first;
    node.flags = (uint8_t)flags;
    node.height = list.height;
    return parse_add(p, node);
}

uint32_t parse_function(struct parser *p, unsigned flags)
{
    struct php_node node = {.kind = PHP_NODE_FUNCTION, .flags = (uint8_t)flags};
    parse_next(p);
    if (parse_take(p, '&'))
        node.flags |= PHP_NODE_BY_REFERENCE;
    node.token = parse_place(p);
    if (parse_at(p, PHP_NAME))
        parse_next(p);
    else
        parse_wrong(p);
    return rest_of_function(p, node, NULL);
}

uint32_t parse_closure(struct parser *p, unsigned flags)
{
    struct php_node closure = {.kind = PHP_NODE_CLOSURE, .token = parse_step(p)};
    struct php_node node = {.kind = PHP_NODE_FUNCTION, .flags = (uint8_t)flags};
    struct parse_list captures = {0};
    if (parse_take(p, '&'))
        node.flags |= PHP_NODE_BY_REFERENCE;
    if (!parse_at_op(p, '(')) {
        parse_wrong(p);
        return 0;
    }
    closure.a = rest_of_function(p, node, &captures);
    closure.b = captures.first;
    return parse_add(p, closure);
}

/* ---- members of classes ---- */

/* { get => ...; set($v) { ... } }: of a property. */
static void hooks(struct parser *p, struct parse_list *list)
{
    parse_need(p, '{');
    while (!parse_at_op(p, '}') && !parse_at(p, PHP_END)) {
        parse_attributes(p);
        take_modifiers(p);
        struct php_node node = {.kind = PHP_NODE_FUNCTION};
        if (parse_take(p, '&'))
            node.flags = PHP_NODE_BY_REFERENCE;
        node.token = parse_place(p);
        if (!parse_at(p, PHP_NAME))
            break;
        parse_next(p);
        if (parse_take(p, ';')) {
            parse_append(p, list, parse_add(p, node));
            continue;
        }
        if (parse_at_op(p, PHP_OP_DOUBLE_ARROW)) {
            unsigned flags = PHP_NODE_ARROW;
            node.b = body(p, &flags);
            node.flags |= PHP_NODE_ARROW;
            parse_append(p, list, parse_add(p, node));
        } else
            parse_append(p, list, rest_of_function(p, node, NULL));
        parse_take(p, ';');
    }
    parse_need(p, '}');
}

/* $a = 1, $b; */
static void properties(struct parser *p, struct parse_list *list, unsigned flags)
{
    do {
        if (!parse_at(p, PHP_VARIABLE)) {
            parse_wrong(p);
            return;
        }
        struct php_node node = {
            .kind = PHP_NODE_MEMBER, .flags = (uint8_t)flags, .token = parse_step(p)};
        if (parse_take(p, '='))
            node.a = parse_expression(p, PARSE_ANY);
        parse_append(p, list, parse_add(p, node));
    } while (parse_take(p, ','));
    if (parse_at_op(p, '{'))
        hooks(p, list);
    else
        parse_statement_end(p);
}

/* [type] A = 1, B = 2; and case A = 1; */
void parse_constants(struct parser *p, struct parse_list *list)
{
    do {
        while ((parse_at(p, PHP_NAME) || is_type_op(p)) &&
               (parse_ahead(p)->kind == PHP_NAME || is_type_op(p) ||
                token_is(parse_ahead(p), PHP_OPERATOR, '|') ||
                token_is(parse_ahead(p), PHP_OPERATOR, '&') ||
                token_is(parse_ahead(p), PHP_OPERATOR, ')')))
            parse_next(p);
        if (!parse_at(p, PHP_NAME)) {
            parse_wrong(p);
            return;
        }
        struct php_node node = {.kind = PHP_NODE_CONSTANT, .token = parse_step(p)};
        if (parse_take(p, '='))
            node.a = parse_expression(p, PARSE_ANY);
        parse_append(p, list, parse_add(p, node));
    } while (parse_take(p, ','));
    parse_statement_end(p);
}

/* use A, B; or use A, B { a as b; } */
static uint32_t used_traits(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_USE, .token = parse_step(p)};
    while (parse_at(p, PHP_NAME) || parse_at_op(p, ','))
        parse_next(p);
    if (!parse_take(p, '{'))
        parse_statement_end(p);
    else {
        while (!parse_at_op(p, '}') && !parse_at_op(p, '{') && !parse_at(p, PHP_END))
            parse_next(p);
        parse_need(p, '}');
    }
    return parse_add(p, node);
}

/* A block without a head, as a mistake leaves it: not to be lost. */
static uint32_t nameless(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_FUNCTION};
    p->tree->mistakes++;
    p->depth += BODY_DEPTH;
    node.b = parse_block(p);
    p->depth -= BODY_DEPTH;
    return parse_add(p, node);
}

static void member_words(struct parser *p, struct parse_list *list)
{
    unsigned flags = take_modifiers(p);
    if (parse_at_word(p, PHP_WORD_FUNCTION)) {
        parse_append(p, list, parse_function(p, flags));
        parse_take(p, ';');
    } else if (parse_take_word(p, PHP_WORD_CONST))
        parse_constants(p, list);
    else {
        pass_type(p);
        properties(p, list, flags);
    }
}

static void class_member(struct parser *p, struct parse_list *list)
{
    parse_attributes(p);
    if (parse_at_op(p, '{'))
        parse_append(p, list, nameless(p));
    else if (parse_at_word(p, PHP_WORD_USE))
        parse_append(p, list, used_traits(p));
    else if (parse_take_word(p, PHP_WORD_CASE))
        parse_constants(p, list);
    else
        member_words(p, list);
    if (parse_is_lost(p))
        parse_recover_member(p);
}

static void members(struct parser *p, struct parse_list *list)
{
    while (!parse_at_op(p, '}') && !parse_at(p, PHP_END)) {
        const struct php_token *before = p->here;
        class_member(p, list);
        if (p->here == before)
            parse_next(p);
    }
}

/* extends A implements B, C; of an enum : int */
static uint32_t parent_class(struct parser *p)
{
    uint32_t parent = 0;
    bool extends = false;
    while (parse_at(p, PHP_NAME) || parse_at_op(p, ',') || parse_at_op(p, ':') ||
           parse_at_op(p, '?') || parse_at_op(p, '|')) {
        if (extends && parent == 0 && parse_at(p, PHP_NAME)) {
            parent = parse_leaf(p, PHP_NODE_NAME);
            continue;
        }
        extends = extends || parse_at_word(p, PHP_WORD_EXTENDS);
        parse_next(p);
    }
    return parent;
}

uint32_t parse_class(struct parser *p, uint32_t name)
{
    struct php_node node = {.kind = PHP_NODE_CLASS, .token = name, .a = parent_class(p)};
    struct parse_list list = {0};
    unsigned stops = p->stops;
    parse_need(p, '{');
    p->stops = 0;
    p->braces++;
    p->depth += 2;
    members(p, &list);
    p->depth -= 2;
    p->braces--;
    p->stops = stops;
    parse_need(p, '}');
    node.b = list.first;
    node.height = list.height;
    return parse_add(p, node);
}
