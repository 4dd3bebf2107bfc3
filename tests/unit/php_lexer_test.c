/* php_lexer - what is a token, and which. Tokens are told by a letter each, with their text. */
#include "spamgear/php/lexer.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/strbuf.h"
#include "test.h"
#include <stdlib.h>

#define PIECES  200000
#define S(text) text, sizeof(text) - 1

/* A letter for the kind, * for a word with a meaning, ? for what is cut off, and the text. */
static void tell(struct span text, unsigned how, struct strbuf *out)
{
    static const char kinds[] = ".HOEC_#nvd'QPo!";
    struct php_tokens tokens = {0};
    php_lex(text, how, &tokens);
    for (size_t i = 0; i < tokens.list.len; i++) {
        const struct php_token *token = &tokens.list.at[i];
        if (i > 0)
            strbuf_add_char(out, ' ');
        strbuf_add_char(out, kinds[token->kind]);
        if (token->kind == PHP_NAME && token->is != PHP_WORD_NONE)
            strbuf_add_char(out, '*');
        if (token->flags & PHP_TOKEN_UNCLOSED)
            strbuf_add_char(out, '?');
        strbuf_add_span(out, php_token_text(text, token));
    }
    php_tokens_clear(&tokens);
}

static const struct {
    const char *text;
    size_t len;
    const char *want;
    size_t want_len;
} rows[] = {
    /* tags */
    {S(""), S(".")},
    {S("a<b"), S("Ha<b .")},
    {S("<"), S("H< .")},
    {S("<?"), S("H<? .")},
    {S("a<?php echo 1;?>\nb"), S("Ha O<?php  n*echo d1 o; C?>\n Hb .")},
    {S("a<?=$a?>\r\n\nb<?PHP\r\n$b"), S("Ha E<?= v$a C?>\r\n H\nb O<?PHP\r\n v$b .")},
    {S("<?php"), S("O<?php .")},
    {S("<?php\t1"), S("O<?php\t d1 .")},
    {S("<?phpx"), S("O<? nphpx .")},
    {S("<? 1 ?>\rb"), S("O<? d1 C?>\r Hb .")},
    {S("<?xml version=\"1.0\"?><?=1"), S("H<?xml version=\"1.0\"?> E<?= d1 .")},
    {S("<?const A = 1;"), S("O<? n*const nA o= d1 o; .")},
    {S("<?\0<?*"), S("H<?\000<?* .")},
    {S("a<% 1 %>\nb<%=$a%>"), S("Ha O<% d1 C%>\n Hb E<%= v$a C%> .")},
    {S("<%'%><?php 1"), S("O<% '?'%> O<?php  d1 .?")},
    {S("<%f(\"{$a<?=1"), S("O<% nf o( Q\" o{ v$a E<?= d1 .")},
    {S("<%__halt_compiler();a<?=1"), S("O<% n*__halt_compiler o( o) o; !a E<?= d1 .")},
    {S("<script language=\"php\">1?>\n<SCRIPT\n language = 'PHP' >$a</SCRIPT >\nb"),
     S("O<script language=\"php\"> d1 C?>\n O<SCRIPT\n language = 'PHP' > v$a C</SCRIPT >\n Hb .")},
    {S("<script language=php>$a</b></script>"),
     S("O<script language=php> v$a o< o/ nb o> C</script> .")},
    {S("<script language=js>"), S("H<script language=js> .")},
    {S("<?php 1 % 2 </script>%>"), S("O<?php  d1 o% d2 o< o/ nscript o> o% o> .")},
    {S("<?php {?>a<?php }"), S("O<?php  o{ C?> Ha O<?php  o} .")},
    /* blanks and comments */
    {S("<?php // a ?> b"), S("O<?php  C?> H b .")},
    {S("<?php # a\n1//\r2#?>"), S("O<?php  d1 d2 C?> .")},
    {S("<?php /* a ?> */1/**/2/*/ */3/"), S("O<?php  d1 d2 d3 o/ .")},
    {S("<?php 1/*"), S("O<?php  d1 .?")},
    {S("<?php 1/*/"), S("O<?php  d1 .?")},
    {S("<?php 1\v\f2"), S("O<?php  d1 o\013 o\014 d2 .")},
    {S("<?php #[A]#a"), S("O<?php  o#[ nA o] .")},
    /* names */
    {S("<?php If ELSE_ echo1 \xc3\xa9"), S("O<?php  n*If nELSE_ necho1 n\303\251 .")},
    {S("<?php a\\b \\a\\B a\\ \\ \\1 namespace\\a if\\a"),
     S("O<?php  na\\b n\\a\\B na o\\ o\\ o\\ d1 nnamespace\\a nif\\a .")},
    {S("<?php $a $a1 $if $_\xff $1 $$a ${a}"),
     S("O<?php  v$a v$a1 v$if v$_\377 o$ d1 o$ v$a o$ o{ na o} .")},
    {S("<?php $a->if->b\\c ?-> IF::if $a-> /**/ if"),
     S("O<?php  v$a o-> nif o-> nb n\\c o?-> nIF o:: n*if v$a o-> nif .")},
    {S("<?php b B b1 b'a' B\"b\" b`c` b<<<A\nA"),
     S("O<?php  nb nB nb1 'b'a' 'B\"b\" nb Q` Pc Q` Qb<<<A\n QA .")},
    {S("<?php yield from die exit Enum_ enum"),
     S("O<?php  n*yield nfrom n*die n*exit nEnum_ n*enum .")},
    {S("<?php __halt_compiler ( /**/ ) # a\n ;\n<?php"),
     S("O<?php  n*__halt_compiler o( o) o; !\n<?php .")},
    {S("<?php __halt_compiler()?>\na"), S("O<?php  n*__halt_compiler o( o) C?>\n !a .")},
    {S("<?php __HALT_COMPILER();"), S("O<?php  n*__HALT_COMPILER o( o) o; .")},
    {S("<?php __halt_compiler; 1"), S("O<?php  n*__halt_compiler o; d1 .")},
    {S("<?php $__halt_compiler();1"), S("O<?php  v$__halt_compiler o( o) o; d1 .")},
    /* numbers */
    {S("<?php 0 0x1F 0X_1 0b101 0b2 0o17 0o8 017 1_000 1__0 1_ _1"),
     S("O<?php  d0 d0x1F d0 nX_1 d0b101 d0 nb2 d0o17 d0 no8 d017 d1_000 d1 n__0 d1 n_ n_1 .")},
    {S("<?php .5 1. 1.5 1..2 1...2 1e3 1E-3 1e+ 1_0.0_1e1_0 .e1 1.e1 0x1e+1"),
     S("O<?php  d.5 d1. d1.5 d1. d.2 d1. o. d.2 d1e3 d1E-3 d1 ne o+ d1_0.0_1e1_0 o. ne1 d1.e1 "
       "d0x1e o+ d1 .")},
    /* operators */
    {S("<?php === !== <=> <<= >>= **= ?\?= ... == != <> <= >="),
     S("O<?php  o=== o!== o<=> o<<= o>>= o**= o?\?= o... o== o!= o<> o<= o>= .")},
    {S("<?php && || ?\? << >> ** ++ -- += -= *= /= .= %= &= |= ^= |> -> ?-> :: =>"),
     S("O<?php  o&& o|| o?\? o<< o>> o** o++ o-- o+= o-= o*= o/= o.= o%= o&= o|= o^= o|> o-> o?-> "
       "o:: o=> .")},
    {S("<?php =+=-;(@~[{}])!<>.,^&|%*:?$\\"),
     S("O<?php  o= o+= o- o; o( o@ o~ o[ o{ o} o] o) o! o<> o. o, o^ o& o| o% o* o: o? o$ o\\ .")},
    {S("<?php =====>>>>>***==...."), S("O<?php  o=== o== o>> o>> o> o** o*= o= o... o. .")},
    {S("<?php (int)( "
       "Integer\t)(float)(double)(real)(string)(binary)(array)(object)(bool)(boolean)(unset)"),
     S("O<?php  o(int) o( Integer\t) o(float) o(double) o(real) o(string) o(binary) o(array) "
       "o(object) o(bool) o(boolean) o(unset) .")},
    {S("<?php (int (foo)(int\n)( (int)(int"),
     S("O<?php  o( nint o( nfoo o) o( nint o) o( o(int) o( nint .")},
    {S("<?php #[A] \1\x7f"), S("O<?php  o#[ nA o] o\001 o\177 .")},
    /* strings */
    {S("<?php 'a' 'b\\'c' '\\\\' ''"), S("O<?php  ''a' ''b\\'c' ''\\\\' ''' .")},
    {S("<?php 'a\\'"), S("O<?php  '?'a\\' .?")},
    {S("<?php '"), S("O<?php  '?' .?")},
    {S("<?php \"a\" \"b\\\"c\" \"\\\\\" \"\" \"$\" \"{\" \"$1 {} { $\" \"\\$a\" \"\\{\""),
     S("O<?php  '\"a\" '\"b\\\"c\" '\"\\\\\" '\"\" '\"$\" '\"{\" '\"$1 {} { $\" '\"\\$a\" '\"\\{\" "
       ".")},
    {S("<?php \"a"), S("O<?php  '?\"a .?")},
    {S("<?php \"a\\"), S("O<?php  '?\"a\\ .?")},
    {S("<?php \"a$b"), S("O<?php  Q\" Pa v$b .?")},
    {S("<?php \"$a[0]$a[-1]$a[k]$a[$b]$a[0x1F]$a[01]\""),
     S("O<?php  Q\" v$a o[ d0 o] v$a o[ o- d1 o] v$a o[ nk o] v$a o[ v$b o] v$a o[ d0x1F o] v$a o[ "
       "d01 o] Q\" .")},
    {S("<?php \"$a['k'] $a[ 1] $a[1.5] $a[\""),
     S("O<?php  Q\" v$a o[ P'k']  v$a o[ P 1]  v$a o[ d1 o. d5 o] P  v$a o[ o\" .?")},
    {S("<?php \"$a->b->c $a?->b $a->1 $a? $a-\""),
     S("O<?php  Q\" v$a o-> nb P->c  v$a o?-> nb P  v$a P->1  v$a P?  v$a P- Q\" .")},
    {S("<?php \"{$a['b'][\"c$d\"]}${e}${if}${e['f']}${e + 1}${'g'}\""),
     S("O<?php  Q\" o{ v$a o[ ''b' o] o[ Q\" Pc v$d Q\" o] o} o${ ne o} o${ nif o} o${ ne o[ ''f' "
       "o] o} o${ ne o+ d1 o} o${ ''g' o} Q\" .")},
    {S("<?php \"{$a{1}}{ $a}$$a$\""), S("O<?php  Q\" o{ v$a o{ d1 o} o} P{  v$a P}$ v$a P$ Q\" .")},
    {S("<?php \"{$a"), S("O<?php  Q\" o{ v$a .?")},
    {S("<?php \"{$a ?>b<?php }c\""), S("O<?php  Q\" o{ v$a C?> Hb O<?php  o} Pc Q\" .")},
    {S("<?php `` `a` `b\\`$c` `d\" '"), S("O<?php  Q` Q` Q` Pa Q` Q` Pb\\` v$c Q` Q` Pd\" ' .?")},
    {S("<?php \"`$a`\\\"\" `\"$a\"\\``"),
     S("O<?php  Q\" P` v$a P`\\\" Q\" Q` P\" v$a P\"\\` Q` .")},
    /* heredocs */
    {S("<?php <<<A\na\nA;"), S("O<?php  Q<<<A\n Pa Q\nA o; .")},
    {S("<?php <<<A\nA;<<<A\n\nA"), S("O<?php  Q<<<A\n QA o; Q<<<A\n Q\nA .")},
    {S("<?php <<< \t\"A\"\r\na $b\r\n  A.1"), S("O<?php  Q<<< \t\"A\"\r\n Pa  v$b Q\r\n  A d.1 .")},
    {S("<?php <<<A\n AB\n A_\nBA\nA1\nA"), S("O<?php  Q<<<A\n P AB\n A_\nBA\nA1 Q\nA .")},
    {S("<?php <<<'A'\n$a {$b} \\\n\tA+1"), S("O<?php  Q<<<'A'\n P$a {$b} \\ Q\n\tA o+ d1 .")},
    {S("<?php <<<A\n$a[0]{$b}A\n${c}\nA"),
     S("O<?php  Q<<<A\n v$a o[ d0 o] o{ v$b o} PA\n o${ nc o} Q\nA .")},
    {S("<?php <<<A\n\\$a \\\nA"), S("O<?php  Q<<<A\n P\\$a \\ Q\nA .")},
    {S("<?php <<<A\n{$a(<<<B\n$b\nB)}\nA"),
     S("O<?php  Q<<<A\n o{ v$a o( Q<<<B\n v$b Q\nB o) o} Q\nA .")},
    {S("<?php <<<A\na"), S("O<?php  Q<<<A\n Pa .?")},
    {S("<?php <<<'A'\na"), S("O<?php  Q<<<'A'\n P?a .?")},
    {S("<?php <<<A"), S("O<?php  o<< o< nA .")},
    {S("<?php <<<A \nA"), S("O<?php  o<< o< nA nA .")},
    {S("<?php <<<'A\nA';"), S("O<?php  o<< o< ''A\nA' o; .")},
    {S("<?php <<<1\n1 <<<'A'B"), S("O<?php  o<< o< d1 d1 o<< o< ''A' nB .")},
    {S("<?php <<<A\r\rA"), S("O<?php  Q<<<A\r Q\rA .")},
};

/* With PHP_LEX_ALL, tokens cover a text without gaps; the others are the same ones. */
static void test_cover(const char *name, struct span text)
{
    struct php_tokens all = {0}, some = {0};
    php_lex(text, PHP_LEX_ALL, &all);
    php_lex(text, 0, &some);
    size_t at = 0, same = 0;
    for (size_t i = 0; i < all.list.len; i++) {
        const struct php_token *token = &all.list.at[i];
        test_number(name, token->at, (int64_t)at);
        at += token->len;
        if (token->kind != PHP_BLANK && token->kind != PHP_COMMENT)
            same += same < some.list.len && token->at == some.list.at[same].at &&
                    token->kind == some.list.at[same].kind;
    }
    test_number(name, (int64_t)at, (int64_t)text.len);
    test_number(name, (int64_t)same, (int64_t)some.list.len);
    php_tokens_clear(&all);
    php_tokens_clear(&some);
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf got = {0};
        char *exact = mem_alloc(rows[i].len);
        memcpy(exact, rows[i].text, rows[i].len);
        tell((struct span){exact, rows[i].len}, 0, &got);
        test_bytes(rows[i].text, got.data, got.len, rows[i].want, rows[i].want_len);
        test_cover(rows[i].text, (struct span){exact, rows[i].len});
        free(exact);
        strbuf_clear(&got);
    }
}

static void test_ways(void)
{
    static const struct {
        const char *text;
        unsigned how;
        const char *want;
    } ways[] = {
        {"echo 1;?>a", PHP_LEX_CODE, "n*echo d1 o; C?> Ha ."},
        {"a <% 1 %>", PHP_LEX_MODERN, "Ha <% 1 %> ."},
        {"<script language=\"php\"><?=1", PHP_LEX_MODERN, "H<script language=\"php\"> E<?= d1 ."},
        {"<?php 1/*", PHP_LEX_ALL, "O<?php  d1 #?/* .?"},
        {"<?php 1 /* a */ #b", PHP_LEX_ALL, "O<?php  d1 _  #/* a */ _  ##b ."},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct strbuf got = {0};
        tell(span_text(ways[i].text), ways[i].how, &got);
        test_text(ways[i].text, strbuf_text(&got), ways[i].want);
        strbuf_clear(&got);
    }
}

static const struct {
    const char *text; /* of one token, behind <?php */
    const char *want;
    size_t want_len;
} strings[] = {
    {"'a\\'b\\\\c\\n'", S("a'b\\c\\n")},
    {"b'a'", S("a")},
    {"'a", S("a")},
    {"''", S("")},
    {"\"\\n\\t\\r\\v\\e\\f\\\\\\$\\\"\"", S("\n\t\r\v\033\f\\$\"")},
    {"\"\\'\\`\\q\\ \"", S("\\'\\`\\q\\ ")},
    {"B\"\\101\\1012\\8\\0\\777\\60\"", S("AA2\\8\0\377"
                                          "0")},
    {"\"\\x41\\X4a1\\x4\\xg\\x\"", S("AJ1\4\\xg\\x")},
    {"\"\\u{41}\\u{e9}\\u{20aC}\\u{1f600}\\u{000041}\"", S("A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"
                                                           "A")},
    {"\"\\u{}\\u41\\u{110000}\\u{4\\u{g}\"", S("\\u{}\\u41\\u{110000}\\u{4\\u{g}")},
    {"\"a\\", S("a\\")},
    {"\"", S("")},
};

static void test_strings(void)
{
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        struct span text = span_text(strings[i].text);
        struct php_tokens tokens = {0};
        struct strbuf got = {0};
        php_lex(text, PHP_LEX_CODE, &tokens);
        test_number(strings[i].text, (int64_t)tokens.list.len, 2);
        php_unquote(text, &tokens.list.at[0], &got);
        test_bytes(strings[i].text, got.data, got.len, strings[i].want, strings[i].want_len);
        php_tokens_clear(&tokens);
        strbuf_clear(&got);
    }
}

/* What escapes mean depends on the quotes that a piece stands in: its first escape is \", the
 * second \`, the third \x41. */
static void test_pieces(void)
{
    static const struct {
        const char *text, *want;
    } pieces[] = {
        {"\"\\\"\\`\\x41$a\"", "\"\\`A"},
        {"`\\\"\\`\\x41$a`", "\\\"`A"},
        {"<<<A\n\\\"\\`\\x41$a\nA", "\\\"\\`A"},
        {"<<<'A'\n\\\"\\`\\x41$a\nA", "\\\"\\`\\x41$a"},
    };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct span text = span_text(pieces[i].text);
        struct php_tokens tokens = {0};
        struct strbuf got = {0};
        php_lex(text, PHP_LEX_CODE, &tokens);
        php_unquote(text, &tokens.list.at[1], &got);
        test_number(pieces[i].text, tokens.list.at[1].is, (int64_t)i);
        test_text(pieces[i].text, strbuf_text(&got), pieces[i].want);
        php_tokens_clear(&tokens);
        strbuf_clear(&got);
    }
}

/* Every word in the order of enum php_word. */
static void test_words(void)
{
    static const char *const words[] = {
        "abstract",   "and",
        "array",      "as",
        "break",      "callable",
        "case",       "catch",
        "class",      "clone",
        "const",      "continue",
        "declare",    "default",
        "do",         "echo",
        "else",       "elseif",
        "empty",      "enddeclare",
        "endfor",     "endforeach",
        "endif",      "endswitch",
        "endwhile",   "enum",
        "eval",       "exit",
        "extends",    "final",
        "finally",    "fn",
        "for",        "foreach",
        "function",   "global",
        "goto",       "__halt_compiler",
        "if",         "implements",
        "include",    "include_once",
        "instanceof", "insteadof",
        "interface",  "isset",
        "list",       "match",
        "namespace",  "new",
        "or",         "print",
        "private",    "protected",
        "public",     "readonly",
        "require",    "require_once",
        "return",     "static",
        "switch",     "throw",
        "trait",      "try",
        "unset",      "use",
        "var",        "while",
        "xor",        "yield",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct php_tokens tokens = {0};
        php_lex(span_text(words[i]), PHP_LEX_CODE, &tokens);
        test_number(words[i], tokens.list.at[0].is, (int64_t)i + 1);
        php_tokens_clear(&tokens);
    }
    test_number("all words", sizeof words / sizeof *words, PHP_WORD_YIELD);
}

/* Long texts of what would be searched for again and again take one look: a lexer that did so
 * would not end within the time that tests have. */
static void test_large(void)
{
    static const struct {
        const char *piece;
        size_t want; /* tokens of PIECES pieces, with the last one */
    } larges[] = {
        {"(", PIECES + 1},
        {"{", PIECES + 1},
        {"\"{$a", 3 * PIECES + 1},
        {"\"$a", 2 * PIECES + 1},
        {"<<<A\n{$", 3 * PIECES + 1},
        {"<<<'A'\n", 3},
        {"/* ", 1},
        {"'\\", 2},
        {"?><?php ", 2 * PIECES + 1},
        {"?><% ", 2 * PIECES + 1},
        {"<<<", PIECES / 2 * 3 + 1},
        {"( int", 2 * PIECES + 1},
        {"?><%<?", 3 * PIECES + 2},
        {"\\a", 2},
        {"1_", 3},
        {"\"${a[", 4 * PIECES + 1},
        {"__halt_compiler", 2},
        {"`{$a[`", 5 * PIECES + 1},
        {"<<<A\n A1\n", 3},
        {"?><script ", 3},
    };
    for (size_t i = 0; i < sizeof larges / sizeof *larges; i++) {
        struct strbuf text = {0};
        struct php_tokens tokens = {0};
        for (size_t n = 0; n < PIECES; n++)
            strbuf_add_text(&text, larges[i].piece);
        php_lex(strbuf_span(&text), PHP_LEX_CODE, &tokens);
        test_number(larges[i].piece, (int64_t)tokens.list.len, (int64_t)larges[i].want);
        php_tokens_clear(&tokens);
        strbuf_clear(&text);
    }
}

int main(void)
{
    test_rows();
    test_ways();
    test_strings();
    test_pieces();
    test_words();
    test_large();
    return test_end();
}
