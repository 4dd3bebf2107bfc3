/* php_pure - PHP's pure functions, and the marks of what they give. */
#include "spamgear/php/pure.h"

#include "spamgear/base/mem.h"
#include "test.h"

static struct php_heap heap;

static struct php_value text(const char *at)
{
    struct php_value value = php_unknown();
    struct php_text copy;
    if (at != NULL && php_text_copy(&heap, span_text(at), &copy))
        value = php_text_value(copy);
    return value;
}

static struct php_value call(const char *name, const struct php_value *args, size_t count)
{
    const struct php_pure *pure = php_pure_find(span_text(name));
    test_true(name, pure != NULL);
    return pure == NULL ? php_unknown() : php_pure_call(&heap, pure, args, count);
}

/* ---- texts ---- */

static const struct {
    const char *name, *first, *second, *third, *want; /* want NULL: cannot be told */
} rows[] = {
    {"base64_decode", "bWFya2Vy", NULL, NULL, "marker"},
    {"BASE64_Decode", "bWFy*a2Vy", NULL, NULL, "marker"},
    {"\\base64_decode", "=bWFya2Vy", NULL, NULL, "marker"},
    {"base64_decode", "bWFya2V", NULL, NULL, "marke"},
    {"base64_decode", "bWFy a2Vy", "1", NULL, "marker"},
    {"base64_encode", "marker", NULL, NULL, "bWFya2Vy"},
    {"strrev", "rekram", NULL, NULL, "marker"},
    {"str_rot13", "znexre", NULL, NULL, "marker"},
    {"hex2bin", "6d61726b6572", NULL, NULL, "marker"},
    {"hex2bin", "6d6", NULL, NULL, NULL},
    {"bin2hex", "mark", NULL, NULL, "6d61726b"},
    {"convert_uudecode", "&;6%R:V5R\n`\n", NULL, NULL, "marker"},
    {"urldecode", "m%61r+ker%4", NULL, NULL, "mar ker%4"},
    {"rawurldecode", "m%61r+ker%", NULL, NULL, "mar+ker%"},
    {"quoted_printable_decode", "m=61r= \r\nker=", NULL, NULL, "marker"},
    {"md5", "marker", NULL, NULL, "b272bda9bf0c1cdcba614b5ed99c4d62"},
    {"chr", "365", NULL, NULL, "m"},
    {"str_replace", "#", "", "m#ar#ker", "marker"},
    {"str_ireplace", "X", "e", "markxr", "marker"},
    {"strtr", "m1rk2r", "12", "ae", "marker"},
    {"substr", "a marker", "2", NULL, "marker"},
    {"substr", "a marker b", "2", "-2", "marker"},
    {"trim", "..marker__", "_.", NULL, "marker"},
    {"trim", "abcmarkercba", "a..c", NULL, "marker"},
    {"stripslashes", "m\\ar\\\\ker", NULL, NULL, "mar\\ker"},
    {"stripcslashes", "\\x6d\\141rker", NULL, NULL, "marker"},
    {"str_repeat", "ab", "3", NULL, "ababab"},
    {"strstr", "a marker", "m", NULL, "marker"},
    {"ucfirst", "marker", NULL, NULL, "Marker"},
    {"preg_replace", "/[^a-z]+/", "", "m4a00rk!er", "marker"},
    {"preg_replace", "#(KER)(mar)#i", "$2\\1", "kermar", "marker"},
    {"preg_replace", "{x{2}}", "r", "maxxkexx", "marker"},
    {"preg_replace", "/x/e", "r", "maxkex", NULL},
    {"preg_replace", "/(", "r", "max", NULL},
    {"preg_replace", "/(a+)+$/", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", NULL},
    {"sprintf", "%s%1$'.5s", "ab", NULL, "ab...ab"},
    {"sprintf", "%c%03d", "109", "7", "m007"},
    {"pack", "H*", "6d61726b6572", NULL, "marker"},
    {"html_entity_decode", "&#109;&#x61;rker&lt;", NULL, NULL, "marker<"},
    {"mb_convert_encoding", "bWFya2Vy", "UTF-8", "BASE64", "marker"},
    {"iconv", "UTF-7", "UTF-8", "m+AGE-rker", "marker"},
};

static void test_texts(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct php_value args[] = {text(rows[i].first), text(rows[i].second), text(rows[i].third)};
        size_t count = rows[i].third != NULL ? 3 : rows[i].second != NULL ? 2 : 1;
        struct php_value got = call(rows[i].name, args, count);
        test_number(rows[i].name, got.type, rows[i].want == NULL ? PHP_UNKNOWN : PHP_TEXT);
        if (got.type == PHP_TEXT && rows[i].want != NULL)
            test_bytes(rows[i].name, got.text.at, got.text.len, rows[i].want, strlen(rows[i].want));
    }
}

/* ---- marks ---- */

static void test_marks(void)
{
    struct php_value arg = php_unknown(), got;
    arg.taint = PHP_FROM_REQUEST;
    arg.made = 1;
    got = call("base64_decode", &arg, 1);
    test_number("unknown", got.type, PHP_UNKNOWN);
    test_number("taint", got.taint, PHP_FROM_REQUEST);
    test_number("made", got.made, 2);
    test_true("decoded", got.traits & PHP_IS_DECODED);
    arg.traits = PHP_IS_BASENAME;
    got = call("strtolower", &arg, 1);
    test_true("a promise is kept", got.traits & PHP_IS_BASENAME);
    got = call("md5", &arg, 1);
    test_true("a hash", got.traits & PHP_IS_HASH);
    got = call("strlen", &arg, 1);
    test_true("a number", got.traits & PHP_IS_NUMBER);
}

static void test_look(void)
{
    static const struct {
        const char *text;
        int traits;
    } looks[] = {{"<?php marker();", PHP_HAS_PHP},
                 {"GIF89a<?=1", PHP_HAS_PHP},
                 {"<?xml version='1'", 0},
                 {"a/b.PHP", PHP_HAS_CODE_NAME},
                 {"b.php.jpg", 0},
                 {".phtml", PHP_HAS_CODE_NAME},
                 {"HTTP://example.com/", PHP_IS_URL},
                 {"marker", 0},
                 {"https://example.com/a.txt", PHP_IS_URL}};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        struct php_value value = text(looks[i].text);
        php_value_look(&value);
        test_number(looks[i].text, value.traits & ~PHP_HAS_SAFE_NAME, looks[i].traits);
    }
}

/* ---- bombs ---- */

struct bits {
    char bytes[1 << 17];
    size_t len; /* in bits */
};

/* Huffman codes go in from their highest bit on, other fields from their lowest. */
static void add_code(struct bits *bits, unsigned code, int count)
{
    while (count-- > 0) {
        bits->bytes[bits->len / 8] |= (char)((code >> count & 1) << bits->len % 8);
        bits->len++;
    }
}

/* 258 more of the same in 13 bits, again and again: 20 MB of them. */
static void test_bomb(void)
{
    static struct bits bits;
    struct php_heap small;
    add_code(&bits, 6, 3); /* the last block; codes are fixed */
    add_code(&bits, 0x30 + 'x', 8);
    for (int i = 0; i < 80000; i++)
        add_code(&bits, 0xc5 << 5, 13);
    add_code(&bits, 0, 7);
    struct php_value arg =
        php_text_value((struct php_text){bits.bytes, (uint32_t)(bits.len / 8 + 1), 0});
    php_heap_init(&small, 1 << 20, 1000000);
    struct php_value got = php_pure_call(&small, php_pure_find(SPAN("gzinflate")), &arg, 1);
    test_number("bomb", got.type, PHP_UNKNOWN);
    test_text("bomb", small.spent == NULL ? "" : small.spent, "memory");
    php_heap_clear(&small);
    php_heap_init(&small, 64 << 20, 10000000);
    got = php_pure_call(&small, php_pure_find(SPAN("gzinflate")), &arg, 1);
    test_number("with room", got.type == PHP_TEXT ? got.text.len : 0, 1 + 80000 * 258);
    php_heap_clear(&small);
}

static void test_names(void)
{
    size_t count;
    const char *const *names = php_pure_names(&count);
    for (size_t i = 0; i < count; i++) {
        const struct php_pure *pure = php_pure_find(span_text(names[i]));
        test_true(names[i], pure != NULL && strcmp(pure->name, names[i]) == 0);
        test_true(names[i], i == 0 || strcmp(names[i - 1], names[i]) < 0);
    }
    test_true("none", php_pure_find(SPAN("marker")) == NULL);
    test_true("empty", php_pure_find(SPAN("")) == NULL);
}

int main(void)
{
    php_heap_init(&heap, 4 << 20, 1000000);
    test_true("libraries", php_pure_load(NULL) == 0);
    test_texts();
    test_marks();
    test_look();
    test_bomb();
    test_names();
    php_heap_clear(&heap);
    return test_end();
}
