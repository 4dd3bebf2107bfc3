/* parse_string - strings with something in them: "a $b[c] {$d->e()} ${f}", heredocs, `commands`.
 */
#include "parse.h"

static uint32_t string_index(struct parser *p)
{
    uint32_t start = parse_place(p);
    if (parse_take(p, '-')) {
        uint32_t number = parse_leaf(p, PHP_NODE_NUMBER);
        return parse_add(
            p, (struct php_node){.kind = PHP_NODE_UNARY, .op = '-', .token = start, .a = number});
    }
    switch (p->now->kind) {
    case PHP_NUMBER: return parse_leaf(p, PHP_NODE_NUMBER);
    case PHP_VARIABLE: return parse_leaf(p, PHP_NODE_VARIABLE);
    case PHP_STRING: return parse_leaf(p, PHP_NODE_STRING);
    case PHP_NAME: parse_next(p); break;
    default: parse_wrong(p); return 0;
    }
    return parse_add(p, (struct php_node){.kind = PHP_NODE_NAME, .op = 's', .token = start});
}

/* $a, $a[b], $a->b: no more than one step. */
static uint32_t simple(struct parser *p)
{
    uint32_t start = parse_place(p), left = parse_leaf(p, PHP_NODE_VARIABLE);
    struct php_node node = {.token = start, .a = left};
    if (parse_take(p, '[')) {
        node.kind = PHP_NODE_INDEX;
        node.b = string_index(p);
        parse_need(p, ']');
        return parse_add(p, node);
    }
    if ((!parse_at_op(p, PHP_OP_ARROW) && !parse_at_op(p, PHP_OP_NULL_ARROW)) ||
        parse_ahead(p)->kind != PHP_NAME)
        return left;
    node.kind = PHP_NODE_PROPERTY;
    node.flags = parse_at_op(p, PHP_OP_NULL_ARROW) ? PHP_NODE_NULLSAFE : 0;
    parse_next(p);
    node.b = parse_leaf(p, PHP_NODE_NAME);
    return parse_add(p, node);
}

/* Behind ${: name}, name[...]}, or an expression that tells the name. */
static uint32_t braced_name(struct parser *p, uint32_t start)
{
    const struct php_token *ahead = parse_ahead(p);
    bool named = parse_at(p, PHP_NAME) &&
                 (token_is(ahead, PHP_OPERATOR, '}') || token_is(ahead, PHP_OPERATOR, '['));
    if (named) {
        uint32_t place = parse_place(p);
        return parse_suffixes(p, parse_leaf(p, PHP_NODE_VARIABLE), place, true);
    }
    uint32_t name = parse_expression(p, PARSE_ANY);
    return parse_add(p, (struct php_node){.kind = PHP_NODE_VARIABLE_OF, .token = start, .a = name});
}

static uint32_t braced(struct parser *p)
{
    bool dollar = parse_at_op(p, PHP_OP_DOLLAR_BRACE);
    uint32_t start = parse_step(p);
    uint32_t inner = dollar ? braced_name(p, start) : parse_expression(p, PARSE_ANY);
    parse_need(p, '}');
    if (parse_is_lost(p)) /* the string goes on behind the brace */
        parse_recover_in_string(p);
    return inner;
}

static uint32_t part(struct parser *p)
{
    if (parse_at(p, PHP_PIECE))
        return parse_leaf(p, PHP_NODE_PIECE);
    if (parse_at(p, PHP_VARIABLE))
        return simple(p);
    if (parse_at_op(p, PHP_OP_BRACE_DOLLAR) || parse_at_op(p, PHP_OP_DOLLAR_BRACE))
        return braced(p);
    parse_wrong(p);
    return 0;
}

static void end_of_string(struct parser *p)
{
    if (parse_at(p, PHP_QUOTE))
        parse_next(p);
    else
        parse_wrong(p);
}

static uint32_t nowdoc(struct parser *p)
{
    uint32_t token = parse_place(p);
    parse_next(p);
    end_of_string(p);
    return parse_add(p, (struct php_node){.kind = PHP_NODE_STRING, .token = token});
}

uint32_t parse_string(struct parser *p)
{
    unsigned quote = p->now->is;
    uint32_t start = parse_step(p);
    struct parse_list parts = {0};
    if (quote == PHP_QUOTE_NOWDOC && parse_at(p, PHP_PIECE))
        return nowdoc(p);
    while (!parse_at(p, PHP_QUOTE) && !parse_at(p, PHP_END))
        parse_append(p, &parts, part(p));
    end_of_string(p);
    unsigned kind = quote == PHP_QUOTE_BACKTICK ? PHP_NODE_SHELL : PHP_NODE_INTERPOLATED;
    return parse_add(
        p, (struct php_node){
               .kind = (uint8_t)kind, .token = start, .a = parts.first, .height = parts.height});
}
