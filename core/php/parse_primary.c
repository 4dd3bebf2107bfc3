/* parse_primary - operands: variables, calls, arrays, new, match, and what stands before and
 * behind them.
 */
#include "parse.h"

/* ---- prefixes ---- */

struct prefix_row {
    uint8_t binding, kind, op; /* binding of its operand; 0: no prefix */
};

static const struct prefix_row prefixes[256] = {
    ['+'] = {PARSE_UNARY, PHP_NODE_UNARY, '+'},
    ['-'] = {PARSE_UNARY, PHP_NODE_UNARY, '-'},
    ['!'] = {PARSE_NOT, PHP_NODE_UNARY, '!'},
    ['~'] = {PARSE_UNARY, PHP_NODE_UNARY, '~'},
    ['@'] = {PARSE_UNARY, PHP_NODE_SILENCE, 0},
    [PHP_OP_INCREMENT] = {PARSE_CLONE, PHP_NODE_COUNT_UP, PHP_OP_INCREMENT},
    [PHP_OP_DECREMENT] = {PARSE_CLONE, PHP_NODE_COUNT_UP, PHP_OP_DECREMENT},
    [PHP_OP_CAST_INT] = {PARSE_UNARY, PHP_NODE_CAST, PHP_OP_CAST_INT},
    [PHP_OP_CAST_FLOAT] = {PARSE_UNARY, PHP_NODE_CAST, PHP_OP_CAST_FLOAT},
    [PHP_OP_CAST_STRING] = {PARSE_UNARY, PHP_NODE_CAST, PHP_OP_CAST_STRING},
    [PHP_OP_CAST_ARRAY] = {PARSE_UNARY, PHP_NODE_CAST, PHP_OP_CAST_ARRAY},
    [PHP_OP_CAST_OBJECT] = {PARSE_UNARY, PHP_NODE_CAST, PHP_OP_CAST_OBJECT},
    [PHP_OP_CAST_BOOL] = {PARSE_UNARY, PHP_NODE_CAST, PHP_OP_CAST_BOOL},
    [PHP_OP_CAST_UNSET] = {PARSE_UNARY, PHP_NODE_CAST, PHP_OP_CAST_UNSET},
};

static const struct prefix_row word_prefixes[PHP_WORD_YIELD + 1] = {
    [PHP_WORD_CLONE] = {PARSE_CLONE, PHP_NODE_CLONE, 0},
    [PHP_WORD_INCLUDE] = {PARSE_ANY, PHP_NODE_INCLUDE, PHP_WORD_INCLUDE},
    [PHP_WORD_INCLUDE_ONCE] = {PARSE_ANY, PHP_NODE_INCLUDE, PHP_WORD_INCLUDE_ONCE},
    [PHP_WORD_PRINT] = {PARSE_PRINT, PHP_NODE_PRINT, 0},
    [PHP_WORD_REQUIRE] = {PARSE_ANY, PHP_NODE_INCLUDE, PHP_WORD_REQUIRE},
    [PHP_WORD_REQUIRE_ONCE] = {PARSE_ANY, PHP_NODE_INCLUDE, PHP_WORD_REQUIRE_ONCE},
    [PHP_WORD_THROW] = {PARSE_ANY, PHP_NODE_THROW, 0},
};

static uint32_t prefixed(struct parser *p, struct prefix_row row)
{
    struct php_node node = {.kind = row.kind, .op = row.op, .token = parse_step(p)};
    node.a = parse_expression(p, row.binding);
    return parse_add(p, node);
}

/* ---- variables ---- */

/* Behind $: another variable, or {what tells its name}. */
static uint32_t variable_of(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_VARIABLE_OF, .token = parse_step(p)};
    if (parse_take(p, '{')) {
        node.a = parse_expression(p, PARSE_ANY);
        parse_need(p, '}');
    } else if (parse_at(p, PHP_VARIABLE) || parse_at_op(p, '$'))
        node.a = parse_variable(p);
    else
        parse_wrong(p);
    return parse_add(p, node);
}

uint32_t parse_variable(struct parser *p)
{
    if (parse_at(p, PHP_VARIABLE))
        return parse_leaf(p, PHP_NODE_VARIABLE);
    if (p->depth >= PHP_TREE_DEPTH)
        return parse_pass_over_expression(p);
    p->depth++;
    uint32_t number = variable_of(p);
    p->depth--;
    return number;
}

/* ---- arguments and arrays ---- */

static uint32_t spread(struct parser *p)
{
    struct php_node node = {
        .kind = PHP_NODE_ARGUMENT, .flags = PHP_NODE_SPREAD, .token = parse_step(p)};
    if (!parse_at_op(p, ')')) /* f(...) */
        node.a = parse_expression(p, PARSE_ANY);
    return parse_add(p, node);
}

static uint32_t argument(struct parser *p)
{
    if (parse_at_op(p, PHP_OP_ELLIPSIS))
        return spread(p);
    if (parse_at(p, PHP_NAME) && token_is(parse_ahead(p), PHP_OPERATOR, ':')) {
        struct php_node node = {.kind = PHP_NODE_ARGUMENT, .token = parse_place(p)};
        node.b = parse_leaf(p, PHP_NODE_NAME);
        parse_next(p);
        node.a = parse_expression(p, PARSE_ANY);
        return parse_add(p, node);
    }
    parse_take(p, '&'); /* f(&$x), before PHP 5.4 */
    return parse_expression(p, PARSE_ANY);
}

void parse_arguments(struct parser *p, struct parse_list *list)
{
    parse_need(p, '(');
    while (!parse_at_op(p, ')') && !parse_at(p, PHP_END)) {
        parse_append(p, list, argument(p));
        if (!parse_take(p, ','))
            break;
    }
    parse_need(p, ')');
}

static uint32_t item(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_ITEM, .token = parse_place(p)};
    if (parse_take(p, PHP_OP_ELLIPSIS))
        node.flags = PHP_NODE_SPREAD;
    else if (parse_take(p, '&'))
        node.flags = PHP_NODE_BY_REFERENCE;
    node.b = parse_expression(p, PARSE_ANY);
    if (parse_take(p, PHP_OP_DOUBLE_ARROW)) {
        node.a = node.b;
        if (parse_take(p, '&'))
            node.flags = PHP_NODE_BY_REFERENCE;
        node.b = parse_expression(p, PARSE_ANY);
    }
    return parse_add(p, node);
}

/* At the comma. */
static uint32_t left_out(struct parser *p)
{
    return parse_leaf(p, PHP_NODE_ITEM);
}

/* Behind its ( or [. */
static uint32_t array(struct parser *p, uint32_t start, unsigned flags, unsigned closer)
{
    struct parse_list items = {0};
    while (!parse_at_op(p, closer) && !parse_at(p, PHP_END)) {
        if (parse_at_op(p, ',')) {
            parse_append(p, &items, left_out(p));
            continue;
        }
        parse_append(p, &items, item(p));
        if (!parse_take(p, ','))
            break;
    }
    parse_need(p, closer);
    return parse_add(p, (struct php_node){.kind = PHP_NODE_ARRAY,
                                          .flags = (uint8_t)flags,
                                          .token = start,
                                          .a = items.first,
                                          .height = items.height});
}

/* With blanks around its \, as PHP took them before version 8, a name is several tokens: the last
 * one says which function or class it is. */
static uint32_t name(struct parser *p)
{
    while (parse_ahead(p)->kind == PHP_OPERATOR && parse_ahead(p)->is == '\\' &&
           parse_ahead(p)[1].kind == PHP_NAME) {
        parse_next(p);
        parse_next(p);
    }
    return parse_leaf(p, PHP_NODE_NAME);
}

static uint32_t array_or_list(struct parser *p)
{
    if (!token_is(parse_ahead(p), PHP_OPERATOR, '('))
        return name(p);
    unsigned flags = parse_at_word(p, PHP_WORD_LIST) ? PHP_NODE_LIST : 0;
    uint32_t start = parse_step(p);
    parse_next(p);
    return array(p, start, flags, ')');
}

/* ---- words ---- */

/* exit, exit(), exit(a), and eval(a), empty(a) that need one. */
static uint32_t in_parentheses(struct parser *p, unsigned kind, bool may_lack)
{
    struct php_node node = {.kind = (uint8_t)kind, .token = parse_step(p)};
    if (may_lack && !parse_at_op(p, '('))
        return parse_add(p, node);
    parse_need(p, '(');
    if (!may_lack || !parse_at_op(p, ')'))
        node.a = parse_expression(p, PARSE_ANY);
    parse_need(p, ')');
    return parse_add(p, node);
}

static uint32_t eval_of(struct parser *p)
{
    return in_parentheses(p, PHP_NODE_EVAL, false);
}

static uint32_t empty_of(struct parser *p)
{
    return in_parentheses(p, PHP_NODE_EMPTY, false);
}

static uint32_t exit_of(struct parser *p)
{
    return in_parentheses(p, PHP_NODE_EXIT, true);
}

static uint32_t isset_of(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_ISSET, .token = parse_step(p)};
    struct parse_list list = {0};
    parse_arguments(p, &list);
    node.a = list.first;
    node.height = list.height;
    return parse_add(p, node);
}

static bool ends_expression(const struct parser *p)
{
    return parse_at(p, PHP_CLOSE) || parse_at(p, PHP_END) || parse_at_op(p, ';') ||
           parse_at_op(p, ')') || parse_at_op(p, ']') || parse_at_op(p, ',') || parse_at_op(p, '}');
}

static uint32_t yield_of(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_YIELD, .token = parse_step(p)};
    if (parse_at(p, PHP_NAME) && p->now->len == 4 &&
        strncasecmp(p->text.at + p->now->at, "from", 4) == 0)
        parse_next(p);
    if (ends_expression(p))
        return parse_add(p, node);
    node.a = parse_expression(p, PARSE_YIELD);
    if (parse_take(p, PHP_OP_DOUBLE_ARROW)) {
        node.b = node.a;
        node.a = parse_expression(p, PARSE_YIELD);
    }
    return parse_add(p, node);
}

static uint32_t closure(struct parser *p)
{
    return parse_closure(p, 0);
}

static uint32_t static_closure_or_name(struct parser *p)
{
    const struct php_token *ahead = parse_ahead(p);
    if (!token_is(ahead, PHP_NAME, PHP_WORD_FUNCTION) && !token_is(ahead, PHP_NAME, PHP_WORD_FN))
        return name(p);
    parse_next(p);
    return parse_closure(p, PHP_NODE_IS_STATIC);
}

static uint32_t match_arm(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_CASE, .token = parse_place(p)};
    struct parse_list conditions = {0};
    if (parse_take_word(p, PHP_WORD_DEFAULT))
        parse_take(p, ',');
    else
        while (!parse_at_op(p, PHP_OP_DOUBLE_ARROW) && !parse_at(p, PHP_END)) {
            parse_append(p, &conditions, parse_expression(p, PARSE_ANY));
            if (!parse_take(p, ','))
                break;
        }
    parse_need(p, PHP_OP_DOUBLE_ARROW);
    node.a = conditions.first;
    node.height = conditions.height;
    node.b = parse_expression(p, PARSE_ANY);
    return parse_add(p, node);
}

/* match (a) { ... }; or the call of a function that had this name before PHP 8. */
static uint32_t match_or_call(struct parser *p)
{
    uint32_t start = parse_place(p), called = name(p);
    struct parse_list arguments = {0}, arms = {0};
    if (!parse_at_op(p, '('))
        return called;
    parse_arguments(p, &arguments);
    struct php_node node = {.kind = PHP_NODE_CALL, .token = start, .height = arguments.height};
    if (!parse_take(p, '{')) {
        node.a = called;
        node.b = arguments.first;
        return parse_add(p, node);
    }
    while (!parse_at_op(p, '}') && !parse_at(p, PHP_END)) {
        parse_append(p, &arms, match_arm(p));
        if (!parse_take(p, ','))
            break;
    }
    parse_need(p, '}');
    node.kind = PHP_NODE_MATCH;
    node.a = arguments.first;
    node.b = arms.first;
    node.height = arms.height > node.height ? arms.height : node.height;
    return parse_add(p, node);
}

/* ---- new ---- */

uint32_t parse_class_name(struct parser *p)
{
    uint32_t start = parse_place(p), number = 0;
    if (parse_at(p, PHP_NAME))
        number = name(p);
    else if (parse_at(p, PHP_VARIABLE) || parse_at_op(p, '$'))
        number = parse_variable(p);
    else if (parse_take(p, '(')) {
        number = parse_expression(p, PARSE_ANY);
        parse_need(p, ')');
        return number;
    } else
        parse_wrong(p);
    return parse_suffixes(p, number, start, false);
}

/* [readonly] class [(arguments)] [extends ...] { ... } */
static bool takes_anonymous(struct parser *p)
{
    parse_attributes(p);
    if (parse_at_word(p, PHP_WORD_READONLY) && token_is(parse_ahead(p), PHP_NAME, PHP_WORD_CLASS))
        parse_next(p);
    return parse_take_word(p, PHP_WORD_CLASS);
}

static uint32_t new_of(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_NEW, .token = parse_step(p)};
    struct parse_list arguments = {0};
    bool anonymous = takes_anonymous(p);
    if (!anonymous)
        node.a = parse_class_name(p);
    if (parse_at_op(p, '('))
        parse_arguments(p, &arguments);
    if (anonymous)
        node.c = parse_class(p, 0);
    node.b = arguments.first;
    node.height = arguments.height;
    return parse_add(p, node);
}

/* ---- what a word begins ---- */

static uint32_t no_expression(struct parser *p)
{
    parse_wrong(p);
    return 0;
}

/* Those that are left out are prefixes, or names like any other. */
static uint32_t (*const word_operands[PHP_WORD_YIELD + 1])(struct parser *) = {
    [PHP_WORD_AND] = no_expression,
    [PHP_WORD_ARRAY] = array_or_list,
    [PHP_WORD_AS] = no_expression,
    [PHP_WORD_BREAK] = no_expression,
    [PHP_WORD_CASE] = no_expression,
    [PHP_WORD_CATCH] = no_expression,
    [PHP_WORD_CLASS] = no_expression,
    [PHP_WORD_CONTINUE] = no_expression,
    [PHP_WORD_DECLARE] = no_expression,
    [PHP_WORD_DEFAULT] = no_expression,
    [PHP_WORD_DO] = no_expression,
    [PHP_WORD_ECHO] = no_expression,
    [PHP_WORD_ELSE] = no_expression,
    [PHP_WORD_ELSEIF] = no_expression,
    [PHP_WORD_EMPTY] = empty_of,
    [PHP_WORD_ENDDECLARE] = no_expression,
    [PHP_WORD_ENDFOR] = no_expression,
    [PHP_WORD_ENDFOREACH] = no_expression,
    [PHP_WORD_ENDIF] = no_expression,
    [PHP_WORD_ENDSWITCH] = no_expression,
    [PHP_WORD_ENDWHILE] = no_expression,
    [PHP_WORD_EVAL] = eval_of,
    [PHP_WORD_EXIT] = exit_of,
    [PHP_WORD_EXTENDS] = no_expression,
    [PHP_WORD_FN] = closure,
    [PHP_WORD_FOR] = no_expression,
    [PHP_WORD_FOREACH] = no_expression,
    [PHP_WORD_FUNCTION] = closure,
    [PHP_WORD_GLOBAL] = no_expression,
    [PHP_WORD_GOTO] = no_expression,
    [PHP_WORD_IF] = no_expression,
    [PHP_WORD_IMPLEMENTS] = no_expression,
    [PHP_WORD_INSTANCEOF] = no_expression,
    [PHP_WORD_INSTEADOF] = no_expression,
    [PHP_WORD_ISSET] = isset_of,
    [PHP_WORD_LIST] = array_or_list,
    [PHP_WORD_MATCH] = match_or_call,
    [PHP_WORD_NEW] = new_of,
    [PHP_WORD_OR] = no_expression,
    [PHP_WORD_PRIVATE] = no_expression,
    [PHP_WORD_PROTECTED] = no_expression,
    [PHP_WORD_PUBLIC] = no_expression,
    [PHP_WORD_RETURN] = no_expression,
    [PHP_WORD_STATIC] = static_closure_or_name,
    [PHP_WORD_SWITCH] = no_expression,
    [PHP_WORD_TRY] = no_expression,
    [PHP_WORD_UNSET] = no_expression,
    [PHP_WORD_USE] = no_expression,
    [PHP_WORD_WHILE] = no_expression,
    [PHP_WORD_XOR] = no_expression,
    [PHP_WORD_YIELD] = yield_of,
};

/* ---- suffixes ---- */

static uint32_t index_of(struct parser *p, uint32_t left, uint32_t start)
{
    unsigned closer = parse_at_op(p, '[') ? ']' : '}';
    struct php_node node = {.kind = PHP_NODE_INDEX, .token = start, .a = left};
    parse_next(p);
    if (!parse_at_op(p, closer))
        node.b = parse_expression(p, PARSE_ANY);
    parse_need(p, closer);
    return parse_above(p, left, node);
}

static uint32_t call(struct parser *p, uint32_t left, uint32_t start)
{
    struct parse_list arguments = {0};
    parse_arguments(p, &arguments);
    return parse_above(p, left,
                       (struct php_node){.kind = PHP_NODE_CALL,
                                         .token = start,
                                         .a = left,
                                         .b = arguments.first,
                                         .height = arguments.height});
}

/* Behind -> and ::. */
static uint32_t member_name(struct parser *p)
{
    if (parse_at(p, PHP_NAME))
        return name(p);
    if (parse_at(p, PHP_VARIABLE) || parse_at_op(p, '$'))
        return parse_variable(p);
    uint32_t number = 0;
    parse_need(p, '{');
    if (!parse_is_lost(p))
        number = parse_expression(p, PARSE_ANY);
    parse_need(p, '}');
    return number;
}

static uint32_t member(struct parser *p, struct php_node node, unsigned called, bool calls)
{
    struct parse_list arguments = {0};
    if (calls && parse_at_op(p, '(')) {
        node.kind = (uint8_t)called;
        parse_arguments(p, &arguments);
        node.c = arguments.first;
        node.height = arguments.height;
    }
    return parse_above(p, node.a, node);
}

static uint32_t of_object(struct parser *p, uint32_t left, uint32_t start, bool calls)
{
    struct php_node node = {.kind = PHP_NODE_PROPERTY, .token = start, .a = left};
    node.flags = parse_at_op(p, PHP_OP_NULL_ARROW) ? PHP_NODE_NULLSAFE : 0;
    parse_next(p);
    node.b = member_name(p);
    return member(p, node, PHP_NODE_METHOD_CALL, calls);
}

static uint32_t of_class(struct parser *p, uint32_t left, uint32_t start, bool calls)
{
    struct php_node node = {.kind = PHP_NODE_CLASS_CONSTANT, .token = start, .a = left};
    parse_next(p);
    if (parse_at(p, PHP_VARIABLE) || parse_at_op(p, '$'))
        node.kind = PHP_NODE_STATIC_PROPERTY;
    node.b = member_name(p);
    return member(p, node, PHP_NODE_STATIC_CALL, calls);
}

static uint32_t counted(struct parser *p, uint32_t left, uint32_t start)
{
    struct php_node node = {.kind = PHP_NODE_COUNT_UP,
                            .op = p->now->is,
                            .flags = PHP_NODE_POSTFIX,
                            .token = start,
                            .a = left};
    parse_next(p);
    return parse_above(p, left, node);
}

/* $a{0}, as before PHP 8: behind nothing else may a brace stand. */
static bool has_braces(struct parser *p, uint32_t left)
{
    unsigned kind = parse_node(p, left)->kind;
    return kind == PHP_NODE_VARIABLE || kind == PHP_NODE_VARIABLE_OF || kind == PHP_NODE_INDEX ||
           kind == PHP_NODE_PROPERTY || kind == PHP_NODE_STATIC_PROPERTY;
}

uint32_t parse_suffixes(struct parser *p, uint32_t left, uint32_t start, bool calls)
{
    while (parse_at(p, PHP_OPERATOR))
        switch (p->now->is) {
        case '{':
            if (!has_braces(p, left))
                return left;
            left = index_of(p, left, start);
            break;
        case '[': left = index_of(p, left, start); break;
        case '(':
            if (!calls)
                return left;
            left = call(p, left, start);
            break;
        case PHP_OP_ARROW:
        case PHP_OP_NULL_ARROW: left = of_object(p, left, start, calls); break;
        case PHP_OP_COLONS: left = of_class(p, left, start, calls); break;
        case PHP_OP_INCREMENT:
        case PHP_OP_DECREMENT: return calls ? counted(p, left, start) : left;
        default: return left;
        }
    return left;
}

/* ---- operands ---- */

static uint32_t of_operator(struct parser *p)
{
    uint32_t start = parse_place(p), number;
    switch (p->now->is) {
    case '$': return parse_variable(p);
    case '\\': parse_next(p); return parse_at(p, PHP_NAME) ? name(p) : no_expression(p);
    case '[': parse_next(p); return array(p, start, 0, ']');
    case '(':
        parse_next(p);
        number = parse_expression(p, PARSE_ANY);
        parse_need(p, ')');
        return number;
    default: return no_expression(p);
    }
}

static uint32_t of_word(struct parser *p)
{
    uint32_t (*operand)(struct parser *) = word_operands[p->now->is];
    /* A class may be called by such a word in old code, a function never. */
    if (operand == NULL || token_is(parse_ahead(p), PHP_OPERATOR, PHP_OP_COLONS))
        return name(p);
    return operand(p);
}

/* Closures and the like end where they end; new takes what follows only behind its (). */
static bool takes_suffixes(const struct parser *p, unsigned word)
{
    switch (word) {
    case PHP_WORD_FN:
    case PHP_WORD_FUNCTION:
    case PHP_WORD_YIELD:
    case PHP_WORD_EXIT:
    case PHP_WORD_EVAL: return false;
    case PHP_WORD_NEW: return token_is(p->here - 1, PHP_OPERATOR, ')');
    default: return true;
    }
}

uint32_t parse_operand(struct parser *p)
{
    uint32_t start = parse_place(p), number;
    unsigned word = PHP_WORD_NONE;
    switch (p->now->kind) {
    case PHP_VARIABLE: number = parse_leaf(p, PHP_NODE_VARIABLE); break;
    case PHP_STRING: number = parse_leaf(p, PHP_NODE_STRING); break;
    case PHP_NUMBER: return parse_leaf(p, PHP_NODE_NUMBER);
    case PHP_QUOTE: number = parse_string(p); break;
    case PHP_NAME:
        word = p->now->is;
        if (word_prefixes[word].binding != 0)
            return prefixed(p, word_prefixes[word]);
        number = of_word(p);
        break;
    case PHP_OPERATOR:
        if (prefixes[p->now->is].binding != 0)
            return prefixed(p, prefixes[p->now->is]);
        parse_attributes(p);
        number = parse_at(p, PHP_OPERATOR) ? of_operator(p) : parse_operand(p);
        break;
    default: return no_expression(p);
    }
    return takes_suffixes(p, word) ? parse_suffixes(p, number, start, true) : number;
}
