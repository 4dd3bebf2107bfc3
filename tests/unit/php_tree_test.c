/* php_tree - source and its tree: every kind of node, what binds how, and what is broken. */
#include "spamgear/php/tree.h"

#include "spamgear/base/strbuf.h"
#include "test.h"

static struct php_tokens tokens;
static struct php_tree tree;

static void shows(const char *source, unsigned how, const char *want, uint32_t mistakes)
{
    struct strbuf got = {0};
    struct span text = span_text(source);
    php_lex(text, how, &tokens);
    php_parse(text, &tokens, &tree);
    php_tree_show(text, &tokens, &tree, &got);
    test_text(source, strbuf_text(&got), want);
    test_number(source, tree.mistakes, mistakes);
    test_true(source, !tree.too_deep);
    strbuf_clear(&got);
}

static const struct {
    const char *source, *want; /* without the (do ...) around it */
} expressions[] = {
    {"f($x)", "(call f $x)"},
    {"!$a = b()", "(unary ! (= $a (call b)))"},
    {"-$a ** 2", "(unary - (** $a 2))"},
    {"@$a . $b", "(. [(@ $a) $b])"},
    {"print $a and $b", "(&& (print $a) $b)"},
    {"new $a->b($c)", "(new (-> $a b) $c)"},
    {"$a ?? $b ?? $c", "(?? $a (?? $b $c))"},
};

static void test_expressions(void)
{
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        struct strbuf source = {0}, want = {0};
        strbuf_format(&source, "%s;", expressions[i].source);
        strbuf_format(&want, "(do %s)", expressions[i].want);
        shows(strbuf_text(&source), PHP_LEX_CODE, strbuf_text(&want), 0);
        strbuf_clear(&source);
        strbuf_clear(&want);
    }
}

int main(void)
{
    test_expressions();
    php_tokens_clear(&tokens);
    php_tree_clear(&tree);
    return test_end();
}
