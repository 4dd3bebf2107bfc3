/* tree - a syntax tree of a PHP file: begins the parser, shows the result.
 *
 * The parser's parts: parse_statement, parse_class, parse_expression, parse_primary, parse_string;
 * parse_recover is where they go at a mistake.
 */
#include "spamgear/php/tree.h"

#include "parse.h"
#include "spamgear/base/strbuf.h"

static const struct php_token nothing = {.kind = PHP_END};

void php_parse(struct span text, const struct php_tokens *tokens, struct php_tree *tree)
{
    const struct php_token *first = tokens->list.len == 0 ? &nothing : tokens->list.at;
    struct parser p = {.first = first, .here = first, .now = first, .text = text, .tree = tree};
    p.looks = tokens->list.len;
    struct parse_list list = {0};
    tree->nodes.len = 0;
    tree->too_deep = false;
    tree->mistakes = 0;
    *vec_add(&tree->nodes) = (struct php_node){0};
    parse_statements(&p, &list);
    tree->root = parse_add(
        &p, (struct php_node){.kind = PHP_NODE_BLOCK, .a = list.first, .height = list.height});
}

void php_tree_clear(struct php_tree *tree)
{
    vec_clear(&tree->nodes);
    *tree = (struct php_tree){0};
}
