/* php_form - each number on texts that are made for it, and hashes that stay or change. */
#include "spamgear/php/form.h"

#include "../../core/php/form_parts.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/strbuf.h"
#include "test.h"
#include <stddef.h>

static struct php_form form_of(struct span text)
{
    struct php_tokens tokens = {0};
    struct php_form form;
    php_lex(text, PHP_LEX_ALL, &tokens);
    php_form_of(text, &tokens, &form);
    php_tokens_clear(&tokens);
    return form;
}

#define S(text)                                                                                    \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
#define N(member) offsetof(struct php_form, member), false
#define B(member) offsetof(struct php_form, member), true
#define A8        "YWJjZGVm" /* eight letters of base64 */
#define A64       "MTIzNDU2" A8 "R0hJSktM" A8 A8 "Nzg5MDEy" A8 A8

static const struct {
    struct span text;
    size_t member;
    bool is_flag;
    uint32_t want;
} rows[] = {
    {S(""), N(lines), 0},
    {S("a"), N(lines), 1},
    {S("<?php\n$a = 1;\n"), N(lines), 3},
    {S("<?php\n$a = 1;\n"), N(bytes), 14},
    {S("<?php\n$a = 1;\n"), N(tokens), 5},
    {S("<?php\n$a = 1;\n"), N(code_bytes), 11},
    {S("<p>a</p><?php $a;?><p>"), N(html_bytes), 11},
    {S("<?php /* abc */ # d\n"), N(comment_bytes), 12},
    {S("<?php\n$a = 1;\n$abc = 10;"), N(longest_line), 10},
    {S("<?php\n// a comment of some length\n$a;"), N(longest_line), 5},
    {S("a long line of a page\n<?php\n$a;"), N(longest_line), 5},
    {S("<?php 'abc'; \"de\"; b'f'; <<<'X'\nghij\nX;\n"), N(strings), 4},
    {S("<?php 'abc'; \"de\"; b'f';"), N(string_bytes), 6},
    {S("<?php 'abc'; \"de\"; b'f';"), N(longest_string), 3},
    {S("<?php '" A64 "';"), N(encoded_strings), 1},
    {S("<?php '" A64 "';"), N(encoded_bytes), 64},
    {S("<?php 'an ordinary sentence of 64 bytes, that holds 0 1 2 and SOME CAPITALS';"),
     N(encoded_strings), 0},
    {S("<?php 'application/some/long/path/that/has/no/capitals/and/no/blanks/in/it';"),
     N(encoded_strings), 0},
    {S("<?php '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';"),
     N(encoded_strings), 1},
    {S("<?php \"\\x41\\102\\x43d\";"), N(escaped_strings), 1},
    {S("<?php '\\x41\\102\\x43d';"), N(escaped_strings), 0},
    {S("<?php \"\\x01\\0\\xff\\377\";"), N(escaped_strings), 0},
    {S("<?php \"a line\\n\";"), N(escaped_strings), 0},
    {S("<?php '\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8';"), N(binary_strings), 1},
    {S("<?php '\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x84\xc3\x96';"), N(binary_strings), 0},
    {S("<?php '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';"),
     N(largest_entropy), 400},
    {S("<?php 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';"),
     N(largest_entropy), 0},
    {S("<?php $a = $b + $a; function f($c) {}"), N(names), 4},
    {S("<?php $O0O0o = $lIlIl1; $name = $xhtml;"), N(random_names), 2},
    {S("<?php $\xe4\xf6 = $a;"), N(high_names), 1},
    {S("<?php chr(1).CHR(2).$a->chr(3);"), N(chr_calls), 2},
    {S("<?php $a . 'b'; $a .= 1; 1.5;"), N(concats), 2},
    {S("<?php $a[1][22]{3}; $a['b']; if ($a) { f(); }"), N(indexes), 3},
    {S("<?php f/* a */(1); $a/*b*/./*c*/$b;"), N(split_comments), 2},
    {S("<?php 'a\nb'/* a */.$c;"), N(split_comments), 1},
    {S("<?php f(/* nothing */); array( /* one */ 1); f() /* a\n */ . 2;"), N(split_comments), 0},
    {S("<?php          f();\n"), N(blank_run), 9},
    {S("<?php f();          \n    f();\n"), N(blank_run), 4},
    {S("   \t <?php f();"), N(blank_run), 5},
    {S("<?php f(); ?>\xef\xbb\xbf<?php g();"), B(code_before_bom), 1},
    {S("\xef\xbb\xbf<?php g(); ?>"), B(code_before_bom), 0},
    {S("GIF89a<?php g(); ?>"), B(gif_header), 1},
    {S("GIF89a<?php g(); ?>"), B(after_image), 0},
    {S("\x89PNG" A64 "<?php g(); ?>"), B(after_image), 1},
    {S("\x89PNG" A64), B(after_image), 0},
    {S("<?php exit; f();"), B(after_exit), 1},
    {S("<?php $a(); die('x'); $b();"), B(after_exit), 1},
    {S("<?php if ($a) exit; f();"), B(after_exit), 0},
    {S("<?php if ($a) { exit; } f();"), B(after_exit), 0},
    {S("<?php defined('A') or die; f();"), B(after_exit), 0},
    {S("<?php exit; function f() {}"), B(after_exit), 0},
    {S("<?php exit; ?> text <?php f();"), B(after_exit), 0},
    {S(A64 A64 A64 A64 A64 A64 A64 A64 "<?php f();"), B(starts_late), 1},
    {S("<p>" A64 A64 A64 A64 A64 A64 A64 A64 "<?php f();"), B(starts_late), 0},
    {S("<HTML lang=en><?php f();"), B(html_page), 1},
    {S("<?php echo '<form action=x>';"), B(html_page), 1},
    {S("<?php echo '<p>';"), B(html_page), 0},
    {S("<input name=a type = 'password'>"), B(password_form), 1},
    {S("<?php echo \"<input type=\\\"password\\\">\";"), B(password_form), 1},
    {S("<input name=a> type=password"), B(password_form), 0},
    {S("<input type=file>"), B(file_form), 1},
    {S("<form method=post enctype=\"multipart/form-data\">"), B(file_form), 1},
    {S("<?php /** Copyright by somebody */"), B(has_license), 1},
    {S("<?php /** lower cased */"), B(has_license), 0},
    {S("<?php namespace A;"), B(has_namespace), 1},
    {S("<?php $a->namespace;"), B(has_namespace), 0},
    {S("<?php class A {}"), B(has_class), 1},
    {S("<?php A::class;"), B(has_class), 0},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct php_form form = form_of(rows[i].text);
        const char *member = (const char *)&form + rows[i].member;
        char name[64];
        snprintf(name, sizeof name, "row %zu: %.40s", i, rows[i].text.at);
        test_number(name, rows[i].is_flag ? *(const bool *)member : *(const uint32_t *)member,
                    rows[i].want);
    }
}

static void test_names(void)
{
    static const char *const random[] = {"O0O0",       "OO0_0O",  "lIlI1l",   "____",
                                         "a1b2c3d4",   "xKqZvTj", "qwzxkvbj", "hTgFdSaQ",
                                         "d41d8cd98f", "v9823712"};
    static const char *const ordinary[] = {
        "a",        "_",         "O0",        "this",     "xhtml",  "bgcolor",      "tmp2",
        "utf8text", "str_len_1", "getHTTP2X", "sha256",   "md5sum", "iPhoneOS",     "cfgdb",
        "strlng",   "PHP_EOL",   "rgbColor",  "wpdb",     "fname",  "x1y1",         "__construct",
        "deadbeef", "facade",    "b64",       "html5tag", "oOo",    "preg_matches", "k1\\k2\\k3"};
    for (size_t i = 0; i < sizeof random / sizeof *random; i++)
        test_number(random[i], php_name_is_random(span_text(random[i])), true);
    for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
        test_number(ordinary[i], php_name_is_random(span_text(ordinary[i])), false);
}

static const struct {
    const char *name, *one, *other;
    bool same_normal, same_shape;
} pairs[] = {
    {"itself", "<?php f($a);", "<?php f($a);", true, true},
    {"laid out anew", "<?php f($a,1);", "<?php\n/* x */ f(\n  $a, // y\n  1 ) ;", true, true},
    {"other variables", "<?php f($a);", "<?php f($b);", false, true},
    {"other key", "<?php f('abc', 1);", "<?php f(\"defgh\", 0x20);", false, true},
    {"other functions of its own", "<?php function f() {} f(); class A {} new A;",
     "<?php function g() {} g(); class B {} new B;", false, true},
    {"other case", "<?php STRREV(1);", "<?php strrev(1);", false, true},
    {"other function of PHP", "<?php strlen(1);", "<?php strrev(1);", false, false},
    {"other class of PHP", "<?php new PDO(1);", "<?php new COM(1);", false, false},
    {"other superglobal", "<?php f($_GET);", "<?php f($_POST);", false, false},
    {"superglobal or not", "<?php f($_GET);", "<?php f($get);", false, false},
    {"one statement more", "<?php f($a);", "<?php f($a); f($b);", false, false},
    {"other operator", "<?php $a + $b;", "<?php $a - $b;", false, false},
    {"other word", "<?php if ($a) f();", "<?php while ($a) f();", false, false},
    {"other page", "<p>a</p><?php f();", "<b>b</b><?php f();", false, true},
    {"names that run together", "<?php $ab; $c;", "<?php $a; $bc;", false, true},
};

static void test_hashes(void)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct php_form one = form_of(span_text(pairs[i].one));
        struct php_form other = form_of(span_text(pairs[i].other));
        test_number(pairs[i].name, one.normal == other.normal, pairs[i].same_normal);
        test_number(pairs[i].name, one.shape == other.shape, pairs[i].same_shape);
    }
}

/* More tokens than a block of the hashes holds: the first one counts as much as the last. */
static void test_long(void)
{
    struct strbuf text = {0};
    strbuf_add_text(&text, "<?php f();");
    for (int i = 0; i < 5000; i++)
        strbuf_add_text(&text, "$a = 1;");
    struct php_form form = form_of(strbuf_span(&text));
    test_number("tokens", form.shape_tokens, 5 + 5000 * 4);
    text.data[6] = 'g';
    test_true("first", form_of(strbuf_span(&text)).shape != form.shape);
    text.data[6] = 'f';
    test_true("same", form_of(strbuf_span(&text)).shape == form.shape);
    text.data[text.len - 4] = '-';
    test_true("last", form_of(strbuf_span(&text)).shape != form.shape);
    strbuf_clear(&text);
}

/* Comments that follow each other are not read again for each of them. */
static void test_many_comments(void)
{
    struct strbuf text = {0};
    strbuf_add_text(&text, "<?php f");
    for (int i = 0; i < 300000; i++)
        strbuf_add_text(&text, "/**/");
    strbuf_add_text(&text, "(1);");
    test_number("comments", form_of(strbuf_span(&text)).split_comments, 300000);
    strbuf_clear(&text);
}

/* Pinned: shipped lists hold such hashes. */
static void test_pinned(void)
{
    struct php_form form = form_of(SPAN("<?php echo strrev($_GET['a']);"));
    test_number("shape_tokens", form.shape_tokens, 10);
    test_true("normal", form.normal == UINT64_C(0x4443392a5556b145));
    test_true("shape", form.shape == UINT64_C(0x2d5382c37fe401c6));
    if (test_failed > 0)
        printf("normal %#" PRIx64 ", shape %#" PRIx64 "\n", form.normal, form.shape);
}

int main(void)
{
    test_rows();
    test_names();
    test_hashes();
    test_long();
    test_many_comments();
    test_pinned();
    return test_end();
}
