/* parse_statement - statements, in braces and in the syntax of if (): ... endif;
 */
#include "parse.h"

#define STATEMENT_DEPTH 2

/* ---- attributes ---- */

/* The token behind the ] of an attribute; NULL when what begins here is none: no name, never
 * closed, or cut by the end of a statement. */
static const struct php_token *attribute_end(struct parser *p)
{
    const struct php_token *token = p->now + 1;
    unsigned open = 1, braces = 0;
    if (token->kind != PHP_NAME && !token_is(token, PHP_OPERATOR, '\\'))
        return NULL;
    size_t left = p->looks;
    for (; left > 0 && token->kind != PHP_END; left--, token++) {
        unsigned op = token->kind == PHP_OPERATOR ? token->is : 0;
        braces += op == '{';
        if (token->kind == PHP_CLOSE || (op == ';' && braces == 0) || (op == '}' && braces-- == 0))
            break;
        open += op == '[' || op == '(' || op == PHP_OP_ATTRIBUTE;
        open -= op == ']' || op == ')';
        if (open == 0)
            return token + 1;
    }
    p->looks = left;
    return NULL;
}

/* Before PHP 8, #[ began a comment: what is no attribute is one, to the end of its line. */
static void pass_comment(struct parser *p)
{
    const char *at = p->text.at + p->here->at;
    const char *newline = memchr(at, '\n', p->text.len - p->here->at);
    size_t end = newline == NULL ? p->text.len : (size_t)(newline - p->text.at);
    p->tree->mistakes++;
    while (!parse_at(p, PHP_END) && !parse_at(p, PHP_CLOSE) && p->here->at < end)
        parse_next(p);
}

void parse_attributes(struct parser *p)
{
    while (parse_at_op(p, PHP_OP_ATTRIBUTE)) {
        const struct php_token *end = attribute_end(p);
        if (end != NULL)
            p->now = p->here = end;
        else
            pass_comment(p);
    }
}

/* Where a ; lacks and the next statement is plain to see, nothing needs to be passed over. */
void parse_statement_end(struct parser *p)
{
    if (parse_at(p, PHP_CLOSE))
        parse_next(p);
    else if (parse_at(p, PHP_VARIABLE) || parse_at(p, PHP_NAME) || parse_at_op(p, '@'))
        p->tree->mistakes++;
    else
        parse_need(p, ';');
}

/* ---- bodies ---- */

uint32_t parse_block(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_BLOCK, .token = parse_place(p)};
    struct parse_list list = {0};
    unsigned stops = p->stops;
    if (!parse_take(p, '{')) {
        parse_wrong(p);
        return 0;
    }
    p->stops = 0;
    p->braces++;
    parse_statements(p, &list);
    p->braces--;
    p->stops = stops;
    parse_need(p, '}');
    node.a = list.first;
    node.height = list.height;
    return parse_add(p, node);
}

/* The statements up to one of the words that stops tells. At the : before them. */
static uint32_t up_to(struct parser *p, unsigned stops)
{
    struct php_node node = {.kind = PHP_NODE_BLOCK, .token = parse_step(p)};
    struct parse_list list = {0};
    unsigned outer = p->stops;
    p->stops |= stops;
    parse_statements(p, &list);
    p->stops = outer;
    node.a = list.first;
    node.height = list.height;
    return parse_add(p, node);
}

static void statement(struct parser *p, struct parse_list *list);

/* One statement; of several nodes (const A = 1, B = 2;), of no token, a block. */
static uint32_t single(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_BLOCK, .token = parse_place(p)};
    struct parse_list list = {0};
    if (parse_at(p, PHP_END))
        return 0;
    if (parse_at_op(p, '}') || parse_is_awaited(p)) {
        parse_wrong(p);
        return 0;
    }
    statement(p, &list);
    if (list.first == list.last)
        return list.first;
    node.a = list.first;
    node.height = list.height;
    return parse_add(p, node);
}

/* A statement, or : ... endword; */
static uint32_t body(struct parser *p, unsigned end, unsigned stop)
{
    if (!parse_at_op(p, ':'))
        return single(p);
    uint32_t number = up_to(p, stop);
    if (parse_take_word(p, end))
        parse_statement_end(p);
    else
        parse_wrong(p);
    return number;
}

static uint32_t condition(struct parser *p)
{
    parse_need(p, '(');
    uint32_t number = parse_expression(p, PARSE_ANY);
    parse_need(p, ')');
    return number;
}

/* ---- if ---- */

/* At elseif, or else if. */
static bool goes_on(struct parser *p)
{
    if (parse_take_word(p, PHP_WORD_ELSEIF))
        return true;
    if (!parse_at_word(p, PHP_WORD_ELSE) || !token_is(parse_ahead(p), PHP_NAME, PHP_WORD_IF))
        return false;
    parse_next(p);
    parse_next(p);
    return true;
}

/* The ifs of a chain all end where the last one ends; its first one knows how high it is. */
static void end_chain(struct parser *p, uint32_t first)
{
    unsigned height = 0;
    uint32_t number = first, last = parse_place(p) - 1;
    for (; parse_node(p, number)->kind == PHP_NODE_IF; number = parse_node(p, number)->c) {
        parse_node(p, number)->last = last;
        if (parse_height(p, number) > height)
            height = parse_height(p, number);
    }
    if (parse_height(p, number) >= height && height < UINT8_MAX)
        height = parse_height(p, number) + (parse_height(p, number) < UINT8_MAX);
    parse_node(p, first)->height = (uint8_t)height;
}

static uint32_t else_of(struct parser *p, bool colons)
{
    if (!parse_at_word(p, PHP_WORD_ELSE))
        return 0;
    if (!colons && token_is(parse_ahead(p), PHP_OPERATOR, ':') && parse_is_awaited(p))
        return 0; /* of an if (): around this one */
    parse_next(p);
    return parse_at_op(p, ':') ? up_to(p, PARSE_STOP_ENDIF) : single(p);
}

/* A chain of any length without recursion. */
static uint32_t if_chain(struct parser *p, bool *colons)
{
    uint32_t first = 0, before = 0, place = parse_step(p);
    do {
        struct php_node node = {.kind = PHP_NODE_IF, .token = place};
        node.a = condition(p);
        *colons = parse_at_op(p, ':');
        node.b = *colons ? up_to(p, PARSE_STOP_ENDIF | PARSE_STOP_ELSE) : single(p);
        uint32_t number = parse_add(p, node);
        if (before == 0)
            first = number;
        else
            parse_node(p, before)->c = number;
        before = number;
        place = parse_place(p);
    } while (goes_on(p));
    uint32_t otherwise = else_of(p, *colons);
    parse_node(p, before)->c = otherwise;
    return first;
}

static void if_statement(struct parser *p, struct parse_list *list)
{
    bool colons;
    uint32_t first = if_chain(p, &colons);
    if (colons) {
        if (parse_take_word(p, PHP_WORD_ENDIF))
            parse_statement_end(p);
        else
            parse_wrong(p);
    }
    end_chain(p, first);
    parse_append(p, list, first);
}

/* ---- loops ---- */

static void while_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_WHILE, .token = parse_step(p)};
    node.a = condition(p);
    node.b = body(p, PHP_WORD_ENDWHILE, PARSE_STOP_ENDWHILE);
    parse_append(p, list, parse_add(p, node));
}

static void do_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_DO, .token = parse_step(p)};
    node.a = single(p);
    if (parse_take_word(p, PHP_WORD_WHILE)) {
        node.b = condition(p);
        parse_statement_end(p);
    } else
        p->tree->mistakes += !parse_is_lost(p);
    parse_append(p, list, parse_add(p, node));
}

static uint32_t for_part(struct parser *p, struct php_node *node, unsigned end)
{
    struct parse_list list = {0};
    if (!parse_at_op(p, end))
        parse_expressions(p, &list);
    parse_need(p, end);
    if (list.height > node->height)
        node->height = list.height;
    return list.first;
}

static void for_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_FOR, .token = parse_step(p)};
    parse_need(p, '(');
    node.a = for_part(p, &node, ';');
    node.b = for_part(p, &node, ';');
    node.c = for_part(p, &node, ')');
    node.d = body(p, PHP_WORD_ENDFOR, PARSE_STOP_ENDFOR);
    parse_append(p, list, parse_add(p, node));
}

static uint32_t foreach_target(struct parser *p, struct php_node *node)
{
    if (parse_take(p, '&'))
        node->flags = PHP_NODE_BY_REFERENCE;
    return parse_expression(p, PARSE_ANY);
}

static void foreach_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_FOREACH, .token = parse_step(p)};
    parse_need(p, '(');
    node.a = parse_expression(p, PARSE_ANY);
    if (!parse_take_word(p, PHP_WORD_AS))
        parse_wrong(p);
    node.c = foreach_target(p, &node);
    if (parse_take(p, PHP_OP_DOUBLE_ARROW)) {
        node.b = node.c;
        node.c = foreach_target(p, &node);
    }
    parse_need(p, ')');
    node.d = body(p, PHP_WORD_ENDFOREACH, PARSE_STOP_ENDFOREACH);
    parse_append(p, list, parse_add(p, node));
}

/* ---- switch ---- */

static uint32_t switch_case(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_CASE, .token = parse_place(p)};
    struct parse_list list = {0};
    if (!parse_take_word(p, PHP_WORD_DEFAULT)) {
        parse_next(p);
        node.a = parse_expression(p, PARSE_ANY);
    }
    if (!parse_take(p, ':'))
        parse_statement_end(p);
    if (parse_is_lost(p))
        parse_recover(p);
    parse_statements(p, &list);
    node.b = list.first;
    node.height = list.height;
    return parse_add(p, node);
}

/* Between { and the first case: blanks; whatever else stands there never runs. */
static uint32_t cases(struct parser *p, struct php_node *node)
{
    struct parse_list list = {0}, unreached = {0};
    parse_statements(p, &unreached);
    while (parse_at_word(p, PHP_WORD_CASE) || parse_at_word(p, PHP_WORD_DEFAULT))
        parse_append(p, &list, switch_case(p));
    node->height = list.height;
    return list.first;
}

static void switch_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_SWITCH, .token = parse_step(p)};
    unsigned stops = p->stops;
    node.a = condition(p);
    bool braced = parse_take(p, '{');
    if (!braced)
        parse_need(p, ':');
    p->stops = braced ? PARSE_STOP_CASE : stops | PARSE_STOP_CASE | PARSE_STOP_ENDSWITCH;
    p->braces += braced;
    if (!parse_is_lost(p))
        node.b = cases(p, &node);
    p->braces -= braced;
    p->stops = stops;
    if (braced)
        parse_need(p, '}');
    else if (parse_take_word(p, PHP_WORD_ENDSWITCH))
        parse_statement_end(p);
    else
        parse_wrong(p);
    parse_append(p, list, parse_add(p, node));
}

/* ---- the short ones ---- */

static void add_list(struct parser *p, struct parse_list *list, struct php_node node,
                     const struct parse_list *children)
{
    node.a = children->first;
    node.height = children->height;
    parse_append(p, list, parse_add(p, node));
}

static void echo_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_ECHO, .token = parse_step(p)};
    struct parse_list children = {0};
    if (!parse_at(p, PHP_CLOSE))
        parse_expressions(p, &children);
    parse_statement_end(p);
    add_list(p, list, node, &children);
}

static void global_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_GLOBAL, .token = parse_step(p)};
    struct parse_list children = {0};
    parse_expressions(p, &children);
    parse_statement_end(p);
    add_list(p, list, node, &children);
}

static void unset_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_UNSET, .token = parse_step(p)};
    struct parse_list children = {0};
    parse_arguments(p, &children);
    parse_statement_end(p);
    add_list(p, list, node, &children);
}

/* The word, what may stand behind it, and the end. */
static void word_statement(struct parser *p, struct parse_list *list, unsigned kind)
{
    struct php_node node = {.kind = (uint8_t)kind, .token = parse_step(p)};
    if (!parse_at_op(p, ';') && !parse_at(p, PHP_CLOSE))
        node.a = parse_expression(p, PARSE_ANY);
    parse_statement_end(p);
    parse_append(p, list, parse_add(p, node));
}

static void return_statement(struct parser *p, struct parse_list *list)
{
    word_statement(p, list, PHP_NODE_RETURN);
}

static void break_statement(struct parser *p, struct parse_list *list)
{
    word_statement(p, list, PHP_NODE_BREAK);
}

static void continue_statement(struct parser *p, struct parse_list *list)
{
    word_statement(p, list, PHP_NODE_CONTINUE);
}

static void expression_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_EXPRESSION, .token = parse_place(p)};
    node.a = parse_expression(p, PARSE_ANY);
    parse_statement_end(p);
    if (parse_place(p) > node.token)
        parse_append(p, list, parse_add(p, node));
}

static void static_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_STATIC, .token = parse_place(p)};
    struct parse_list children = {0};
    if (parse_ahead(p)->kind != PHP_VARIABLE) {
        expression_statement(p, list);
        return;
    }
    parse_next(p);
    parse_expressions(p, &children);
    parse_statement_end(p);
    add_list(p, list, node, &children);
}

static void goto_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_GOTO};
    parse_next(p);
    node.token = parse_place(p);
    if (parse_at(p, PHP_NAME))
        parse_next(p);
    else
        parse_wrong(p);
    parse_statement_end(p);
    parse_append(p, list, parse_add(p, node));
}

static void const_statement(struct parser *p, struct parse_list *list)
{
    parse_next(p);
    parse_constants(p, list);
}

/* ---- try ---- */

static uint32_t catch_of(struct parser *p)
{
    struct php_node node = {.kind = PHP_NODE_CATCH, .token = parse_step(p)};
    parse_need(p, '(');
    while (parse_at(p, PHP_NAME) || parse_at_op(p, '|'))
        parse_next(p);
    if (parse_at(p, PHP_VARIABLE))
        node.a = parse_leaf(p, PHP_NODE_VARIABLE);
    parse_need(p, ')');
    node.b = parse_block(p);
    return parse_add(p, node);
}

static void try_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_TRY, .token = parse_step(p)};
    struct parse_list catches = {0};
    node.a = parse_block(p);
    while (parse_at_word(p, PHP_WORD_CATCH))
        parse_append(p, &catches, catch_of(p));
    if (parse_take_word(p, PHP_WORD_FINALLY))
        node.c = parse_block(p);
    node.b = catches.first;
    node.height = catches.height;
    parse_append(p, list, parse_add(p, node));
}

/* ---- declarations ---- */

/* declare(ticks=1); its body, when it has one, stands for all of it. */
static void declare_statement(struct parser *p, struct parse_list *list)
{
    parse_next(p);
    parse_need(p, '(');
    while (parse_at(p, PHP_NAME) || parse_at(p, PHP_NUMBER) || parse_at(p, PHP_STRING) ||
           parse_at_op(p, '=') || parse_at_op(p, ','))
        parse_next(p);
    parse_need(p, ')');
    if (!parse_take(p, ';'))
        parse_append(p, list, body(p, PHP_WORD_ENDDECLARE, PARSE_STOP_ENDDECLARE));
}

static void namespace_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_NAMESPACE};
    parse_next(p);
    if (parse_at(p, PHP_NAME))
        node.token = parse_step(p);
    if (parse_at_op(p, '{'))
        node.a = parse_block(p);
    else
        parse_statement_end(p);
    parse_append(p, list, parse_add(p, node));
}

/* use A\B as C, D; use A\{B, function C}; */
static void use_statement(struct parser *p, struct parse_list *list)
{
    struct php_node node = {.kind = PHP_NODE_USE, .token = parse_step(p)};
    bool group = false;
    while (parse_at(p, PHP_NAME) || parse_at_op(p, ',') || parse_at_op(p, '\\') ||
           (!group && parse_at_op(p, '{')) || (group && parse_at_op(p, '}'))) {
        if (parse_at_op(p, '{') || parse_at_op(p, '}'))
            group = !group;
        parse_next(p);
    }
    parse_statement_end(p);
    parse_append(p, list, parse_add(p, node));
}

static void function_statement(struct parser *p, struct parse_list *list)
{
    const struct php_token *name = parse_ahead(p);
    if (token_is(name, PHP_OPERATOR, '&'))
        name++;
    if (name->kind == PHP_NAME)
        parse_append(p, list, parse_function(p, 0));
    else
        expression_statement(p, list);
}

/* At class, interface, trait or enum, with a name behind it; else that is a name itself. */
static void class_statement(struct parser *p, struct parse_list *list)
{
    if (parse_ahead(p)->kind != PHP_NAME) {
        expression_statement(p, list);
        return;
    }
    parse_next(p);
    uint32_t name = parse_step(p);
    parse_append(p, list, parse_class(p, name));
}

/* abstract final readonly class; elsewhere readonly may be a function, the others are mistakes. */
static void modified_statement(struct parser *p, struct parse_list *list)
{
    bool readonly = parse_at_word(p, PHP_WORD_READONLY);
    if (readonly && parse_ahead(p)->kind != PHP_NAME) {
        expression_statement(p, list);
        return;
    }
    parse_next(p);
    while (parse_at_word(p, PHP_WORD_ABSTRACT) || parse_at_word(p, PHP_WORD_FINAL) ||
           parse_at_word(p, PHP_WORD_READONLY))
        parse_next(p);
    if (parse_at_word(p, PHP_WORD_CLASS))
        class_statement(p, list);
    else
        p->tree->mistakes++;
}

static void halt_statement(struct parser *p, struct parse_list *list)
{
    parse_next(p);
    parse_need(p, '(');
    parse_need(p, ')');
    parse_statement_end(p);
    if (parse_at(p, PHP_HALTED))
        parse_append(p, list, parse_leaf(p, PHP_NODE_HALTED));
}

/* public function: of a class that closed too early. The function follows. */
static void stray_modifier(struct parser *p, struct parse_list *list)
{
    (void)list;
    p->tree->mistakes++;
    parse_next(p);
}

/* ---- which one it is ---- */

static void (*const by_word[PHP_WORD_YIELD + 1])(struct parser *, struct parse_list *) = {
    [PHP_WORD_ABSTRACT] = modified_statement,
    [PHP_WORD_BREAK] = break_statement,
    [PHP_WORD_CLASS] = class_statement,
    [PHP_WORD_CONST] = const_statement,
    [PHP_WORD_CONTINUE] = continue_statement,
    [PHP_WORD_DECLARE] = declare_statement,
    [PHP_WORD_DO] = do_statement,
    [PHP_WORD_ECHO] = echo_statement,
    [PHP_WORD_ENUM] = class_statement,
    [PHP_WORD_FINAL] = modified_statement,
    [PHP_WORD_FOR] = for_statement,
    [PHP_WORD_FOREACH] = foreach_statement,
    [PHP_WORD_FUNCTION] = function_statement,
    [PHP_WORD_GLOBAL] = global_statement,
    [PHP_WORD_GOTO] = goto_statement,
    [PHP_WORD_HALT] = halt_statement,
    [PHP_WORD_IF] = if_statement,
    [PHP_WORD_INTERFACE] = class_statement,
    [PHP_WORD_NAMESPACE] = namespace_statement,
    [PHP_WORD_PRIVATE] = stray_modifier,
    [PHP_WORD_PROTECTED] = stray_modifier,
    [PHP_WORD_PUBLIC] = stray_modifier,
    [PHP_WORD_READONLY] = modified_statement,
    [PHP_WORD_RETURN] = return_statement,
    [PHP_WORD_STATIC] = static_statement,
    [PHP_WORD_SWITCH] = switch_statement,
    [PHP_WORD_TRAIT] = class_statement,
    [PHP_WORD_TRY] = try_statement,
    [PHP_WORD_UNSET] = unset_statement,
    [PHP_WORD_USE] = use_statement,
    [PHP_WORD_WHILE] = while_statement,
};

/* A label, a statement with a word of its own, or an expression. */
static void named_statement(struct parser *p, struct parse_list *list)
{
    bool label = token_is(parse_ahead(p), PHP_OPERATOR, ':');
    if (label && by_word[p->now->is] == NULL) {
        parse_append(p, list, parse_leaf(p, PHP_NODE_LABEL));
        parse_next(p);
    } else if (by_word[p->now->is] != NULL &&
               !token_is(parse_ahead(p), PHP_OPERATOR, PHP_OP_COLONS))
        by_word[p->now->is](p, list);
    else
        expression_statement(p, list);
}

static void by_token(struct parser *p, struct parse_list *list)
{
    parse_attributes(p);
    switch (p->now->kind) {
    case PHP_HTML: parse_append(p, list, parse_leaf(p, PHP_NODE_HTML)); break;
    case PHP_HALTED: parse_append(p, list, parse_leaf(p, PHP_NODE_HALTED)); break;
    case PHP_OPEN:
    case PHP_CLOSE: parse_next(p); break;
    case PHP_OPEN_ECHO: echo_statement(p, list); break;
    case PHP_NAME: named_statement(p, list); break;
    default:
        if (parse_at_op(p, '{'))
            parse_append(p, list, parse_block(p));
        else if (!parse_take(p, ';'))
            expression_statement(p, list);
    }
}

static void statement(struct parser *p, struct parse_list *list)
{
    if (p->depth >= PHP_TREE_DEPTH) {
        parse_pass_over_statement(p);
        return;
    }
    p->depth += STATEMENT_DEPTH;
    by_token(p, list);
    p->depth -= STATEMENT_DEPTH;
    if (parse_is_lost(p))
        parse_recover(p);
}

/* An else or endif that nothing began, a bracket too many: what follows it still counts. */
static bool passed_stray(struct parser *p)
{
    if (!parse_at_op(p, '}') && !parse_at_op(p, ')') && !parse_at_op(p, ']') && !parse_is_stray(p))
        return false;
    p->tree->mistakes++;
    parse_next(p);
    parse_take(p, ':');
    return true;
}

void parse_statements(struct parser *p, struct parse_list *list)
{
    while (!parse_at(p, PHP_END) && !parse_is_awaited(p)) {
        if (parse_at_op(p, '}') && p->braces > 0)
            return;
        const struct php_token *before = p->here;
        if (passed_stray(p))
            continue;
        statement(p, list);
        if (p->here == before)
            parse_next(p);
    }
}
