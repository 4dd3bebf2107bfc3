/* tree_show - a syntax tree as text, for tests.
 */
#include "spamgear/base/strbuf.h"
#include "spamgear/php/tree.h"

/* names: NULL: the token's text stands for the node. slots: of its children, * is a list. */
static const struct {
    const char *name, *slots;
} kinds[PHP_NODE_KINDS] = {
    [PHP_NODE_NONE] = {"none", ""},
    [PHP_NODE_STRING] = {NULL, ""},
    [PHP_NODE_PIECE] = {"piece", ""},
    [PHP_NODE_NUMBER] = {NULL, ""},
    [PHP_NODE_NAME] = {NULL, ""},
    [PHP_NODE_VARIABLE] = {NULL, ""},
    [PHP_NODE_VARIABLE_OF] = {"$", "1"},
    [PHP_NODE_ARRAY] = {"array", "*"},
    [PHP_NODE_ITEM] = {"item", "11"},
    [PHP_NODE_INDEX] = {"index", "11"},
    [PHP_NODE_PROPERTY] = {"->", "11"},
    [PHP_NODE_STATIC_PROPERTY] = {"::$", "11"},
    [PHP_NODE_CLASS_CONSTANT] = {"::", "11"},
    [PHP_NODE_CALL] = {"call", "1*"},
    [PHP_NODE_METHOD_CALL] = {"->call", "11*"},
    [PHP_NODE_STATIC_CALL] = {"::call", "11*"},
    [PHP_NODE_NEW] = {"new", "1*1"},
    [PHP_NODE_ARGUMENT] = {"argument", "11"},
    [PHP_NODE_UNARY] = {"unary", "1"},
    [PHP_NODE_BINARY] = {"", "11"},
    [PHP_NODE_CONCAT] = {".", "*"},
    [PHP_NODE_ASSIGN] = {"", "11"},
    [PHP_NODE_COUNT_UP] = {"", "1"},
    [PHP_NODE_TERNARY] = {"?", "111"},
    [PHP_NODE_CAST] = {"cast", "1"},
    [PHP_NODE_SILENCE] = {"@", "1"},
    [PHP_NODE_ISSET] = {"isset", "*"},
    [PHP_NODE_EMPTY] = {"empty", "1"},
    [PHP_NODE_EXIT] = {"exit", "1"},
    [PHP_NODE_PRINT] = {"print", "1"},
    [PHP_NODE_EVAL] = {"eval", "1"},
    [PHP_NODE_INCLUDE] = {"include", "1"},
    [PHP_NODE_INTERPOLATED] = {"text", "*"},
    [PHP_NODE_SHELL] = {"shell", "*"},
    [PHP_NODE_CLOSURE] = {"closure", "1*"},
    [PHP_NODE_MATCH] = {"match", "1*"},
    [PHP_NODE_CLONE] = {"clone", "1"},
    [PHP_NODE_THROW] = {"throw", "1"},
    [PHP_NODE_YIELD] = {"yield", "11"},
    [PHP_NODE_BLOCK] = {"block", "*"},
    [PHP_NODE_EXPRESSION] = {"do", "1"},
    [PHP_NODE_ECHO] = {"echo", "*"},
    [PHP_NODE_HTML] = {"html", ""},
    [PHP_NODE_IF] = {"if", "111"},
    [PHP_NODE_WHILE] = {"while", "11"},
    [PHP_NODE_DO] = {"do-while", "11"},
    [PHP_NODE_FOR] = {"for", "***1"},
    [PHP_NODE_FOREACH] = {"foreach", "1111"},
    [PHP_NODE_SWITCH] = {"switch", "1*"},
    [PHP_NODE_CASE] = {"case", "**"},
    [PHP_NODE_BREAK] = {"break", "1"},
    [PHP_NODE_CONTINUE] = {"continue", "1"},
    [PHP_NODE_RETURN] = {"return", "1"},
    [PHP_NODE_GLOBAL] = {"global", "*"},
    [PHP_NODE_STATIC] = {"static", "*"},
    [PHP_NODE_UNSET] = {"unset", "*"},
    [PHP_NODE_TRY] = {"try", "1*1"},
    [PHP_NODE_CATCH] = {"catch", "11"},
    [PHP_NODE_LABEL] = {"label", ""},
    [PHP_NODE_GOTO] = {"goto", ""},
    [PHP_NODE_FUNCTION] = {"function", "*1"},
    [PHP_NODE_PARAMETER] = {"parameter", "1"},
    [PHP_NODE_CLASS] = {"class", "1*"},
    [PHP_NODE_MEMBER] = {"member", "1"},
    [PHP_NODE_CONSTANT] = {"const", "1"},
    [PHP_NODE_NAMESPACE] = {"namespace", "1"},
    [PHP_NODE_USE] = {"use", ""},
    [PHP_NODE_HALTED] = {"halted", ""},
};

static const char *const operators[] = {
    "->",  "?->",   "::",     "=>",    "...",    "==",   "===",   "!=",  "!==", "<=",  ">=",
    "<=>", "&&",    "||",     "??",    "<<",     ">>",   "**",    "++",  "--",  "+=",  "-=",
    "*=",  "/=",    ".=",     "%=",    "&=",     "|=",   "^=",    "<<=", ">>=", "**=", "?\?=",
    "int", "float", "string", "array", "object", "bool", "unset", "${",  "${",  "#[",  "|>"};

static const char *const flags[] = {"&", "...", "after", "static", "fn", "?", "list"};

struct show {
    struct span text;
    const struct php_token *tokens;
    const struct php_node *nodes;
    struct strbuf *out;
};

static bool is_named(unsigned kind)
{
    switch (kind) {
    case PHP_NODE_PIECE:
    case PHP_NODE_HTML:
    case PHP_NODE_LABEL:
    case PHP_NODE_GOTO:
    case PHP_NODE_FUNCTION:
    case PHP_NODE_PARAMETER:
    case PHP_NODE_CLASS:
    case PHP_NODE_MEMBER:
    case PHP_NODE_CONSTANT:
    case PHP_NODE_NAMESPACE:
    case PHP_NODE_HALTED: return true;
    default: return kinds[kind].name == NULL;
    }
}

static void show_op(const struct show *s, const struct php_node *node)
{
    size_t named = sizeof operators / sizeof *operators;
    if (node->kind == PHP_NODE_INCLUDE || node->op == 0)
        return;
    if (node->kind == PHP_NODE_CAST || node->kind == PHP_NODE_UNARY)
        strbuf_add_char(s->out, ' ');
    if (node->op == 'i' || node->op == 'x')
        strbuf_add_text(s->out, node->op == 'i' ? "instanceof" : "xor");
    else if (node->op < PHP_OP_ARROW)
        strbuf_add_char(s->out, (char)node->op);
    else if (node->op - PHP_OP_ARROW < (int)named)
        strbuf_add_text(s->out, operators[node->op - PHP_OP_ARROW]);
}

static void show_head(const struct show *s, const struct php_node *node)
{
    if (node->kind == PHP_NODE_NAME && node->op == 's')
        strbuf_add_char(s->out, '\'');
    else
        strbuf_add_text(s->out, kinds[node->kind].name == NULL ? "" : kinds[node->kind].name);
    if (node->kind != PHP_NODE_NAME)
        show_op(s, node);
    for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++)
        if ((node->flags & 1u << i) != 0)
            strbuf_format(s->out, "%s%s", kinds[node->kind].name == NULL ? "" : " ", flags[i]);
    bool may_lack = node->kind == PHP_NODE_FUNCTION || node->kind == PHP_NODE_CLASS ||
                    node->kind == PHP_NODE_NAMESPACE;
    if (!is_named(node->kind) || (node->token == 0 && may_lack))
        return;
    if (kinds[node->kind].name != NULL)
        strbuf_add_char(s->out, ' ');
    strbuf_add_span(s->out, php_token_text(s->text, &s->tokens[node->token]));
}

static void show_node(const struct show *s, uint32_t number);

static void show_list(const struct show *s, uint32_t first)
{
    bool one = first != 0 && s->nodes[first].next == 0;
    strbuf_add_text(s->out, one ? "" : "[");
    for (uint32_t i = first; i != 0; i = s->nodes[i].next) {
        if (i != first)
            strbuf_add_char(s->out, ' ');
        show_node(s, i);
    }
    strbuf_add_text(s->out, one ? "" : "]");
}

static void show_children(const struct show *s, const struct php_node *node, size_t from)
{
    const char *slots = kinds[node->kind].slots;
    const uint32_t children[] = {node->a, node->b, node->c, node->d};
    size_t len = strlen(slots);
    while (len > from && children[len - 1] == 0)
        len--;
    for (size_t i = from; i < len; i++) {
        strbuf_add_char(s->out, ' ');
        if (children[i] == 0)
            strbuf_add_char(s->out, '_');
        else
            show_list(s, children[i]);
    }
}

/* However long it is: a chain of elseif is shown in a loop. */
static void show_chain(const struct show *s, const struct php_node *node)
{
    for (; node->c != 0 && s->nodes[node->c].kind == PHP_NODE_IF; node = &s->nodes[node->c]) {
        strbuf_add_char(s->out, ' ');
        show_list(s, node->a);
        strbuf_add_char(s->out, ' ');
        show_list(s, node->b);
        strbuf_add_text(s->out, " elseif");
    }
    show_children(s, node, 0);
}

static void show_node(const struct show *s, uint32_t number)
{
    const struct php_node *node = &s->nodes[number];
    bool leaf = kinds[node->kind].name == NULL;
    strbuf_add_text(s->out, leaf ? "" : "(");
    show_head(s, node);
    if (node->kind == PHP_NODE_IF)
        show_chain(s, node);
    else
        show_children(s, node, 0);
    strbuf_add_text(s->out, leaf ? "" : ")");
}

void php_tree_show(struct span text, const struct php_tokens *tokens, const struct php_tree *tree,
                   struct strbuf *out)
{
    struct show s = {text, tokens->list.at, tree->nodes.at, out};
    const char *between = "";
    for (uint32_t i = tree->nodes.at[tree->root].a; i != 0; i = tree->nodes.at[i].next) {
        strbuf_add_text(out, between);
        show_node(&s, i);
        between = "\n";
    }
}
