/* php_balance - what balances and what does not, and which parts can go. */
#include "../../core/scan/php_balance.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/scan/clean.h"
#include "test.h"
#include <stdlib.h>

#define S(text) text, sizeof(text) - 1

static const struct {
    const char *text;
    size_t len;
    const char *why; /* NULL: balances */
} rows[] = {
    /* tags */
    {S(""), NULL},
    {S("<html> ( [ { ' \" /* </html>"), NULL},
    {S("<?php"), NULL},
    {S("<?php echo 1;"), NULL},
    {S("<?php echo 1; ?>\n( ' "), NULL},
    {S("a<?= $x ?>b<?= $y ?>( "), NULL},
    {S("<?php if ($x) { ?> ( <?php } ?>"), NULL},
    {S("<?php if ($x) { ?> ( "), "line 1: a bracket is not closed"},
    {S("<? echo 1 ?>'"), NULL},
    {S("<?xml version='1.0'?>("), NULL},
    {S("<?php echo 1; <?php echo 2;"), "line 1: an open tag stands within PHP"},
    {S("<?php $a < $b; $a <? 1;"), "line 1: an open tag stands within PHP"},
    {S("<?php $a ?\?'('; $a?->b; $a ? $b : $c; ?>("), NULL},
    {S("<?php \"{$a ?> }\""), "line 1: a close tag stands within a string"},
    /* brackets */
    {S("<?php f(array(1, [2, 3]), function () { return $a[1]; });"), NULL},
    {S("<?php\n\nf("), "line 3: a bracket is not closed"},
    {S("<?php f(]);"), "line 1: a closing bracket closes nothing"},
    {S("<?php\n}"), "line 2: a closing bracket closes nothing"},
    {S("<?php ${'a'}; $$b; ${'c'}['d'];"), NULL},
    {S("<?php if ($a): echo 1; endif; for (;;): endfor;"), NULL},
    /* strings */
    {S("<?php 'a\\'(\\\\'; 'b';"), NULL},
    {S("<?php 'a\\\\\\'"), "line 1: a string is not closed"},
    {S("<?php '\\"), "line 1: a string is not closed"},
    {S("<?php \"a\\\"(\"; \"\\\\\";"), NULL},
    {S("<?php \"a"), "line 1: a string is not closed"},
    {S("<?php \"a\\"), "line 1: a string is not closed"},
    {S("<?php \"{$a['b'][\"c\"]} ${d} $e[0] { \\{$f} $ {\";"), NULL},
    {S("<?php \"{$a\";"), "line 1: a string is not closed"},
    {S("<?php \"{$a{\"b\"}}\";"), NULL},
    {S("<?php `ls {$a} \\` (`;"), NULL},
    {S("<?php '?>'; \"?>\"; ?>'"), NULL},
    /* comments */
    {S("<?php // ( ' \"\n# { '\n/* ' ( */ echo 1;"), NULL},
    {S("<?php // ?>'"), NULL},
    {S("<?php # a ?> ' <?php echo 1;"), NULL},
    {S("<?php // '\r echo 1;"), NULL},
    {S("<?php /* "), "line 1: a comment is not closed"},
    {S("<?php /*/ "), "line 1: a comment is not closed"},
    {S("<?php /**/ echo 1 / 2;"), NULL},
    {S("<?php #[A(1), B] function f() {}"), NULL},
    {S("<?php #[A"), "line 1: a bracket is not closed"},
    {S("<?php # [A"), NULL},
    /* heredocs */
    {S("<?php $a = <<<EOT\n( ' \" {$b['c']} ${d} \\{$e\nEOT;\necho 1;"), NULL},
    {S("<?php f(<<<EOT\n  (\n  EOT, 1);"), NULL},
    {S("<?php <<<\"EOT\"\nEOT;"), NULL},
    {S("<?php <<< \t'EOT'\n( {$a \\\nEOT;"), NULL},
    {S("<?php <<<EOT\r\na\r\nEOT;\r\n"), NULL},
    {S("<?php <<<EOT\nEOTX\n EOT_\nxEOT\nEOT\n;"), NULL},
    {S("<?php <<<EOT\na\\\nEOT;"), NULL},
    {S("<?php <<<EOT\n{$a}EOT\nEOT;"), NULL},
    {S("<?php <<<EOT\n{$a(<<<X\n b\n X\n)}\nEOT;"), NULL},
    {S("<?php <<<EOT\na"), "line 1: a string is not closed"},
    {S("<?php <<<'EOT'\na"), "line 1: a nowdoc is not closed"},
    {S("<?php <<<'EOT\nEOT;"), "line 1: a string is not closed"},
    {S("<?php 1 <<<2;"), NULL},
    {S("<?php <<<EOT;"), NULL}, /* a syntax error, but nothing is open */
    {S("<?php <<<EOT\nEOT"), NULL},
    /* the end */
    {S("<?php __halt_compiler(); ( ' \" \0"), NULL},
    {S("<?php __HALT_Compiler ?> ( <?php ("), NULL},
    {S("<?php f(__halt_compiler());"), "line 1: __halt_compiler stands within brackets"},
    {S("<?php $__halt_compiler = f(;"), "line 1: a bracket is not closed"},
    {S("<?php my__halt_compiler(; "), "line 1: a bracket is not closed"},
    {S("<?php \0\xff\x80 \"\0\";"), NULL},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf why = {0};
        char *exact = mem_alloc(rows[i].len);
        memcpy(exact, rows[i].text, rows[i].len);
        struct span text = {exact, rows[i].len};
        test_number(rows[i].text, php_balance(text, &why), rows[i].why == NULL);
        test_text(rows[i].text, strbuf_text(&why), rows[i].why == NULL ? "" : rows[i].why);
        test_number(rows[i].text, php_balance(text, NULL), rows[i].why == NULL);
        free(exact);
        strbuf_clear(&why);
    }
}

/* The part stands between bars, which are taken out. */
static const struct {
    const char *text;
    bool whole;
} parts[] = {
    /* whole blocks of PHP in HTML */
    {"|<?php evil(); ?>|<?php good();", true},
    {"|<?php evil(); ?>\n|<html>", true},
    {"<html>|<?php evil(); ?>|</html>", true},
    {"|<?php evil(); ?> html <?php more(); ?>|x", true},
    {"<p>a|b|c</p>", true},
    {"<?php good(); ?>|<?php evil();|", true},
    {"|<?php evil();|", true},
    /* a part that takes a tag along, but not the other */
    {"|<?php evil();| good();", false},
    {"|<?php evil();|\ngood();\n", false},
    {"<?php good(); |evil(); ?>|<b>", false},
    {"<?php good(); |?><?php evil();| good();", true},
    {"<?php good(); |?> html <?php| good();", true},
    /* statements */
    {"<?php |evil();| good();", true},
    {"<?php good(); |evil();| good();", true},
    {"<?php { |evil();| } good();", true},
    {"<?php function f() {} |evil();| good();", true},
    {"<?php |if ($x) { evil(); }| good();", true},
    {"<?php |/* a */ evil();| good();", true},
    {"<?php /* a */ |evil();| /* b */ good();", true},
    {"<?php good(); |evil();|", true},
    {"<?php good(); |evil()|", false},
    {"<?php good(|evil()|);", false},
    {"<?php good(), |evil()|;", false},
    {"<?php return |evil();| good();", false},
    {"<?php if ($x) |evil();| good();", false},
    {"<?php else |evil();| good();", false},
    {"<?php @|evil();| good();", false},
    {"<?php $x = |evil();| good();", false},
    {"<?= |evil();| good();", false},
    {"<?php |evil(); good|();", false},
    {"<?php |evil|uation();", false},
    {"<?php |evil(); } {| good();", false},
    {"<?php { |evil(); } {| good(); }", false},
    {"<?php { |evil(); } | good();", false},
    {"<?php |{ evil();| } good();", false},
    {"<?php |evil('|');", false},
    {"<?php e|vi|l();", false},
    {"<?php __halt|_|_compiler();", false},
    {"<?p|h|p evil();", false},
    /* within strings and comments */
    {"<?php f('a|b|c');", true},
    {"<?php f('a|b');| g();", false},
    {"<?php f(\"a|b|c\");", true},
    {"<?php f(\"a|b {$x} c|d\");", true},
    {"<?php f(\"a|b {$x|} c\");", false},
    {"<?php f(\"$x |a|b\");", true},
    {"<?php f(\"$x[k]|a|b\");", true},
    {"<?php f(\"$x|a|[k]\");", false},
    {"<?php f(\"$x[|a|k]\");", false},
    {"<?php f(\"\\|x4|1\");", false},
    {"<?php f(\"\\\\|x4|1\");", true},
    {"<?php // a|b|c\nf();", true},
    {"<?php /* a|b|c */ f();", true},
    {"<?php /* a|*/ evil(); /*|b */ f();", false},
    {"<?php /* a|*|/ f(); /*b */", false},
    {"<?php <<<'E'\na|\n|E;\nE;", false},
    {"<?php 'a|\\|' . '\\';", false},
    {"<?php f()|/* a */|;", true},
    {"<?php return|/* a */|f();", false},
    {"<?php <<<E\na|b|c\nE;", true},
    {"<?php <<<'E'\na|b|c\nE;", true},
    {"<?php __halt_compiler();a|b|c", true},
    /* what would become one */
    {"<?php // good();|\nevil();|more();", false},
    {"<?php // good();\n|evil();\n|more();", true},
    {"<?php // good();|\nevil();|\nmore();", true},
    {"<?php|\nevil();|good();", false},
    {"<|p|?php good();", false},
    {"<?xml |a|=\"1\"?><?php good();", false},
    {"<?php f(\"{|a|$b}\");", false},
    {"<?php <<<E\na\n|b|E\nE;", false},
    {"<?php <<<E\na\n|b\n|c\nE;", true},
    {"<?php <<<E\na|\n|E\nE;", false},
    /* cannot be told */
    {"<?php f(]; |evil();| good();", false},
    {"<?php |evil(]);| good();", false},
};

static void test_parts(void)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *text = parts[i].text, *first = strchr(text, '|');
        const char *second = strchr(first + 1, '|');
        struct strbuf plain = {0};
        strbuf_add_span(&plain, span_of(text, first));
        strbuf_add_span(&plain, span_of(first + 1, second));
        strbuf_add_text(&plain, second + 1);
        struct php_part part = {(size_t)(first - text), (size_t)(second - text) - 1};
        test_number(text, php_parts_are_whole(strbuf_span(&plain), &part, 1), parts[i].whole);
        strbuf_clear(&plain);
    }
    /*                         0         1         2         3  */
    struct span text = SPAN("<?php a(); b(); c(); d(e()); f();");
    struct php_part good[] = {{6, 10}, {10, 15}, {21, 28}};
    struct php_part bad[] = {{6, 10}, {10, 15}, {23, 26}};
    test_true("several", php_parts_are_whole(text, good, 3));
    test_true("one of several", !php_parts_are_whole(text, bad, 3));
    test_true("none", php_parts_are_whole(text, good, 0));
}

/* Deep and long texts take their time once, and no stack. */
static void test_large(void)
{
    static const char *const pieces[] = {
        "(",  "\"{$a",    "<<<A\n{$", "<?",  "<<<'A'\n",        "/*/",
        "#[", "?><?php ", "'\\",      "`${", "__halt_compiler "};
    int64_t start = clock_steady_ms();
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct strbuf text = {0};
        strbuf_add_text(&text, "<?php ");
        while (text.len < 2000000)
            strbuf_add_text(&text, pieces[i]);
        struct php_part part = {text.len / 2, text.len / 2 + 1};
        php_parts_are_whole(strbuf_span(&text), &part, 1);
        test_number(pieces[i], php_balance(strbuf_span(&text), NULL), i == 7 || i == 10);
        strbuf_clear(&text);
    }
    test_true("soon", clock_steady_ms() - start < 60000);
    struct strbuf deep = {0}, why = {0};
    strbuf_add_text(&deep, "<?php ");
    for (int i = 0; i < 10000; i++)
        strbuf_add_char(&deep, '[');
    struct strbuf closed = {0};
    strbuf_add_span(&closed, strbuf_span(&deep));
    for (int i = 0; i < 10000; i++)
        strbuf_add_char(&closed, ']');
    test_true("10,000 deep", php_balance(strbuf_span(&closed), &why));
    strbuf_add_char(&deep, '[');
    test_true("one more", !php_balance(strbuf_span(&deep), &why));
    test_text("one more", strbuf_text(&why), "line 1: more brackets are open than are looked at");
    strbuf_clear(&deep);
    strbuf_clear(&closed);
    strbuf_clear(&why);
}

int main(void)
{
    test_rows();
    test_parts();
    test_large();
    return test_end();
}
