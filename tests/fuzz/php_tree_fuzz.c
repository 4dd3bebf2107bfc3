/* php_tree_fuzz - any bytes give a tree: every node is reached at most once, stands within the one
 * above it and behind the one before it, and no way down is longer than promised.
 */
#include "spamgear/base/strbuf.h"
#include "spamgear/php/tree.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

struct check {
    const struct php_tree *tree;
    size_t tokens;
    bool *seen; /* by node */
};

/* Tokens of a node: its own may stand anywhere in it (a function's is its name), or be none. */
static void check_node(struct check *c, uint32_t number, uint32_t *at, uint32_t last, unsigned way);

static void check_list(struct check *c, uint32_t first, uint32_t *at, uint32_t last, unsigned way)
{
    for (uint32_t i = first; i != 0; i = c->tree->nodes.at[i].next)
        check_node(c, i, at, last, way);
}

/* In the order of the source, but for what |> calls, names of arguments, keys, and what closures
 * capture. */
static void check_children(struct check *c, const struct php_node *node, uint32_t at, unsigned way)
{
    uint32_t from = at;
    const uint32_t children[] = {node->a, node->b, node->c, node->d};
    bool swapped = node->kind == PHP_NODE_CALL || node->kind == PHP_NODE_ARGUMENT ||
                   node->kind == PHP_NODE_YIELD || node->kind == PHP_NODE_CLOSURE ||
                   node->kind == PHP_NODE_FOREACH;
    for (int i = 0; i < 4; i++) {
        bool chain = node->kind == PHP_NODE_IF && i == 2 &&
                     c->tree->nodes.at[children[i]].kind == PHP_NODE_IF;
        if (!chain)
            check_list(c, children[i], &at, node->last, way);
        if (swapped)
            at = from;
    }
}

static void check_one(struct check *c, uint32_t number, uint32_t last)
{
    need(number < c->tree->nodes.len && !c->seen[number]);
    c->seen[number] = true;
    const struct php_node *node = &c->tree->nodes.at[number];
    need(node->kind != PHP_NODE_NONE && node->kind < PHP_NODE_KINDS);
    need(node->token < c->tokens && node->last < c->tokens && node->last <= last);
    need(node->token <= node->last && node->height > 0);
}

static void check_node(struct check *c, uint32_t number, uint32_t *at, uint32_t last, unsigned way)
{
    need(way <= PHP_TREE_HEIGHT);
    for (;;) { /* along a chain of elseif */
        check_one(c, number, last);
        const struct php_node *node = &c->tree->nodes.at[number];
        bool placed = node->token != 0;
        need(!placed || node->token >= *at);
        check_children(c, node, placed && node->kind != PHP_NODE_FUNCTION ? node->token : *at,
                       way + 1);
        *at = node->last;
        if (node->kind != PHP_NODE_IF || c->tree->nodes.at[node->c].kind != PHP_NODE_IF)
            break;
        *at = c->tree->nodes.at[node->c].token;
        number = node->c;
    }
}

static void check_tree(const struct php_tree *tree, size_t tokens)
{
    struct check c = {tree, tokens, mem_zero(tree->nodes.len, sizeof *c.seen)};
    uint32_t at = 0;
    need(tree->root > 0 && tree->root < tree->nodes.len && tree->nodes.len <= 4 * tokens + 4);
    need(tree->nodes.at[tree->root].kind == PHP_NODE_BLOCK);
    check_node(&c, tree->root, &at, (uint32_t)tokens, 0);
    free(c.seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct php_tokens tokens;
    static struct php_tree tree;
    struct strbuf shown = {0};
    if (size < 1)
        return 0;
    struct span text = {mem_text_of((const char *)data + 1, size - 1), size - 1};
    php_lex(text, data[0] % 2 == 0 ? PHP_LEX_CODE : 0, &tokens);
    php_parse(text, &tokens, &tree);
    check_tree(&tree, tokens.list.len);
    php_tree_show(text, &tokens, &tree, &shown);
    strbuf_clear(&shown);
    free((char *)text.at);
    return 0;
}
