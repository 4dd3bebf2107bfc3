/* parse_expression - operators, by precedence climbing, as PHP 8 binds them.
 *
 * As in php-src's grammar, an assignment binds to the variable on its left wherever that stands
 * (!$a = b() is !($a = b())), and a prefix may stand wherever an operand may. Comparisons, which
 * PHP does not group at all, group to the left here, and so does ?: (as in PHP 5 and 7).
 */
#include "parse.h"

enum operator_kind { NO_OPERATOR, BINARY, PIPE, CONCAT, ASSIGN, TERNARY, INSTANCEOF };

struct operator_row {
    uint8_t binding, kind, op;
    bool right; /* groups to the right */
};

#define ROW_ASSIGN(op)                                                                             \
    {                                                                                              \
        PARSE_ASSIGN, ASSIGN, op, true                                                             \
    }

static const struct operator_row operators[256] = {
    ['='] = ROW_ASSIGN('='),
    [PHP_OP_PLUS_IS] = ROW_ASSIGN(PHP_OP_PLUS_IS),
    [PHP_OP_MINUS_IS] = ROW_ASSIGN(PHP_OP_MINUS_IS),
    [PHP_OP_TIMES_IS] = ROW_ASSIGN(PHP_OP_TIMES_IS),
    [PHP_OP_DIVIDE_IS] = ROW_ASSIGN(PHP_OP_DIVIDE_IS),
    [PHP_OP_CONCAT_IS] = ROW_ASSIGN(PHP_OP_CONCAT_IS),
    [PHP_OP_MODULO_IS] = ROW_ASSIGN(PHP_OP_MODULO_IS),
    [PHP_OP_AND_IS] = ROW_ASSIGN(PHP_OP_AND_IS),
    [PHP_OP_OR_IS] = ROW_ASSIGN(PHP_OP_OR_IS),
    [PHP_OP_XOR_IS] = ROW_ASSIGN(PHP_OP_XOR_IS),
    [PHP_OP_LEFT_IS] = ROW_ASSIGN(PHP_OP_LEFT_IS),
    [PHP_OP_RIGHT_IS] = ROW_ASSIGN(PHP_OP_RIGHT_IS),
    [PHP_OP_POWER_IS] = ROW_ASSIGN(PHP_OP_POWER_IS),
    [PHP_OP_COALESCE_IS] = ROW_ASSIGN(PHP_OP_COALESCE_IS),
    ['?'] = {PARSE_TERNARY, TERNARY, '?', false},
    [PHP_OP_COALESCE] = {PARSE_COALESCE, BINARY, PHP_OP_COALESCE, true},
    [PHP_OP_OR] = {PARSE_BOTH_OR, BINARY, PHP_OP_OR, false},
    [PHP_OP_AND] = {PARSE_BOTH_AND, BINARY, PHP_OP_AND, false},
    ['|'] = {PARSE_BIT_OR, BINARY, '|', false},
    ['^'] = {PARSE_BIT_XOR, BINARY, '^', false},
    ['&'] = {PARSE_BIT_AND, BINARY, '&', false},
    [PHP_OP_IS_EQUAL] = {PARSE_EQUAL, BINARY, PHP_OP_IS_EQUAL, false},
    [PHP_OP_IS_SAME] = {PARSE_EQUAL, BINARY, PHP_OP_IS_SAME, false},
    [PHP_OP_NOT_EQUAL] = {PARSE_EQUAL, BINARY, PHP_OP_NOT_EQUAL, false},
    [PHP_OP_NOT_SAME] = {PARSE_EQUAL, BINARY, PHP_OP_NOT_SAME, false},
    [PHP_OP_SPACESHIP] = {PARSE_EQUAL, BINARY, PHP_OP_SPACESHIP, false},
    ['<'] = {PARSE_LESS, BINARY, '<', false},
    ['>'] = {PARSE_LESS, BINARY, '>', false},
    [PHP_OP_AT_MOST] = {PARSE_LESS, BINARY, PHP_OP_AT_MOST, false},
    [PHP_OP_AT_LEAST] = {PARSE_LESS, BINARY, PHP_OP_AT_LEAST, false},
    [PHP_OP_PIPE] = {PARSE_PIPE, PIPE, PHP_OP_PIPE, false},
    ['.'] = {PARSE_CONCAT, CONCAT, '.', false},
    [PHP_OP_SHIFT_LEFT] = {PARSE_SHIFT, BINARY, PHP_OP_SHIFT_LEFT, false},
    [PHP_OP_SHIFT_RIGHT] = {PARSE_SHIFT, BINARY, PHP_OP_SHIFT_RIGHT, false},
    ['+'] = {PARSE_ADD, BINARY, '+', false},
    ['-'] = {PARSE_ADD, BINARY, '-', false},
    ['*'] = {PARSE_MULTIPLY, BINARY, '*', false},
    ['/'] = {PARSE_MULTIPLY, BINARY, '/', false},
    ['%'] = {PARSE_MULTIPLY, BINARY, '%', false},
    [PHP_OP_POWER] = {PARSE_POWER, BINARY, PHP_OP_POWER, true},
};

static const struct operator_row words[PHP_WORD_YIELD + 1] = {
    [PHP_WORD_OR] = {PARSE_OR, BINARY, PHP_OP_OR, false},
    [PHP_WORD_XOR] = {PARSE_XOR, BINARY, 'x', false},
    [PHP_WORD_AND] = {PARSE_AND, BINARY, PHP_OP_AND, false},
    [PHP_WORD_INSTANCEOF] = {PARSE_INSTANCEOF, INSTANCEOF, 'i', false},
};

static struct operator_row operator_at(const struct parser *p)
{
    if (p->now->kind == PHP_OPERATOR)
        return operators[p->now->is];
    if (p->now->kind == PHP_NAME)
        return words[p->now->is];
    return (struct operator_row){0};
}

/* Something that a value can be put into. */
static bool is_place(struct parser *p, uint32_t number)
{
    switch (parse_node(p, number)->kind) {
    case PHP_NODE_VARIABLE:
    case PHP_NODE_VARIABLE_OF:
    case PHP_NODE_ARRAY:
    case PHP_NODE_INDEX:
    case PHP_NODE_PROPERTY:
    case PHP_NODE_STATIC_PROPERTY:
    case PHP_NODE_CALL:        /* no place, but PHP says so only later */
    case PHP_NODE_METHOD_CALL: /* the same */
    case PHP_NODE_STATIC_CALL: return true;
    default: return false;
    }
}

uint32_t parse_above(struct parser *p, uint32_t left, struct php_node node)
{
    if (parse_height(p, left) < PARSE_CHAIN)
        return parse_add(p, node);
    p->tree->too_deep = true;
    return left;
}

static uint32_t binary(struct parser *p, uint32_t left, uint32_t start, struct operator_row row)
{
    uint32_t right = parse_expression(p, row.binding + !row.right);
    struct php_node node = {
        .kind = PHP_NODE_BINARY, .op = row.op, .token = start, .a = left, .b = right};
    return parse_above(p, left, node);
}

/* a |> b: b(a). */
static uint32_t piped(struct parser *p, uint32_t left, uint32_t start)
{
    struct php_node node = {.kind = PHP_NODE_CALL, .token = start, .b = left};
    node.a = parse_expression(p, PARSE_PIPE + 1);
    return parse_above(p, left, node);
}

/* a . b . c . d: however many there are, one node. */
static uint32_t concat(struct parser *p, uint32_t left, uint32_t start)
{
    struct parse_list list = {0};
    parse_append(p, &list, left);
    do
        parse_append(p, &list, parse_expression(p, PARSE_CONCAT + 1));
    while (parse_take(p, '.'));
    return parse_add(
        p, (struct php_node){
               .kind = PHP_NODE_CONCAT, .token = start, .a = list.first, .height = list.height});
}

static uint32_t assign(struct parser *p, uint32_t left, uint32_t start, struct operator_row row)
{
    struct php_node node = {.kind = PHP_NODE_ASSIGN, .op = row.op, .token = start, .a = left};
    if (row.op == '=' && parse_take(p, '&'))
        node.flags = PHP_NODE_BY_REFERENCE;
    node.b = parse_expression(p, PARSE_ASSIGN);
    return parse_add(p, node);
}

static uint32_t ternary(struct parser *p, uint32_t left, uint32_t start)
{
    struct php_node node = {.kind = PHP_NODE_TERNARY, .token = start, .a = left};
    if (!parse_at_op(p, ':'))
        node.b = parse_expression(p, PARSE_ASSIGN);
    parse_need(p, ':');
    node.c = parse_expression(p, PARSE_TERNARY + 1);
    return parse_above(p, left, node);
}

static uint32_t instance_of(struct parser *p, uint32_t left, uint32_t start)
{
    uint32_t class = parse_class_name(p);
    struct php_node node = {
        .kind = PHP_NODE_BINARY, .op = 'i', .token = start, .a = left, .b = class};
    return parse_above(p, left, node);
}

static uint32_t apply(struct parser *p, uint32_t left, uint32_t start, struct operator_row row)
{
    parse_next(p);
    switch ((enum operator_kind)row.kind) {
    case BINARY: return binary(p, left, start, row);
    case PIPE: return piped(p, left, start);
    case CONCAT: return concat(p, left, start);
    case ASSIGN: return assign(p, left, start, row);
    case TERNARY: return ternary(p, left, start);
    case INSTANCEOF: return instance_of(p, left, start);
    case NO_OPERATOR: break;
    }
    return left;
}

uint32_t parse_expression(struct parser *p, unsigned least)
{
    if (p->depth >= PHP_TREE_DEPTH)
        return parse_pass_over_expression(p);
    p->depth++;
    uint32_t start = parse_place(p), left = parse_operand(p);
    for (;;) {
        struct operator_row row = operator_at(p);
        bool binds = row.kind == ASSIGN ? is_place(p, left) : row.binding >= least;
        if (row.kind == NO_OPERATOR || !binds)
            break;
        left = apply(p, left, start, row);
    }
    p->depth--;
    return left;
}

void parse_expressions(struct parser *p, struct parse_list *list)
{
    do
        parse_append(p, list, parse_expression(p, PARSE_ANY));
    while (parse_take(p, ','));
}
