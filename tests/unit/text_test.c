/* text - what an attacker wrote reaches neither a terminal nor JSON as it is; patterns and near
 * misses. */
#include "spamgear/base/text.h"

#include "json_valid.h"
#include "test.h"
#include <stdlib.h>

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct {
    struct span in;
    const char *escaped, *json;
} rows[] = {
    {BYTES(""), "", "\"\""},
    {BYTES("plain ~ text"), "plain ~ text", "\"plain ~ text\""},
    {BYTES("a\\b\"c"), "a\\b\"c", "\"a\\\\b\\\"c\""},
    {BYTES("a\nb\tc\rd"), "a\\nb\\tc\\x0dd", "\"a\\nb\\tc\\rd\""},
    {BYTES("\0\x01\x1f\x7f\b\f"), "\\x00\\x01\\x1f\\x7f\\x08\\x0c",
     "\"\\u0000\\u0001\\u001f\\u007f\\b\\f\""},
    /* Terminals: colour, title, a bell; and the one-byte forms of the same. */
    {BYTES("\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m", "\"\\u001b[31mred\\u001b[0m\""},
    {BYTES("\x1b]0;own\a"), "\\x1b]0;own\\x07", "\"\\u001b]0;own\\u0007\""},
    {BYTES("\x9b"
           "31m"),
     "\\x9b31m",
     "\"\xef\xbf\xbd"
     "31m\""},
    {BYTES("\xc2\x9b"
           "31m"),
     "\\xc2\\x9b31m", "\"\\u009b31m\""},
    {BYTES("\xc2\x80\xc2\x9f\xc2\xa0"), "\\xc2\\x80\\xc2\\x9f\xc2\xa0",
     "\"\\u0080\\u009f\xc2\xa0\""},
    /* Words that read backwards, and line ends that are none. */
    {BYTES("\xe2\x80\xae\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9"),
     "\\xe2\\x80\\xae\\xe2\\x80\\xaa\\xe2\\x81\\xa6\\xe2\\x81\\xa9",
     "\"\\u202e\\u202a\\u2066\\u2069\""},
    {BYTES("\xe2\x80\xa8\xe2\x80\xa9"), "\\xe2\\x80\\xa8\\xe2\\x80\\xa9", "\"\\u2028\\u2029\""},
    {BYTES("\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"),
     "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa",
     "\"\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\""},
    /* Good UTF-8 of each length, first and last of it. */
    {BYTES("\xc3\xa4\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
     "\xc3\xa4\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
     "\"\xc3\xa4\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""},
    /* Overlong forms, of '/' and of others. */
    {BYTES("\xc0\xaf"), "\\xc0\\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    {BYTES("\xc1\xbf"), "\\xc1\\xbf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    {BYTES("\xe0\x9f\xbf"), "\\xe0\\x9f\\xbf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {BYTES("\xf0\x8f\xbf\xbf"), "\\xf0\\x8f\\xbf\\xbf",
     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    /* Surrogates, what is behind the last code point, bytes that never occur. */
    {BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {BYTES("\xed\xbf\xbf"), "\\xed\\xbf\\xbf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {BYTES("\xed\x9f\xbf\xee\x80\x80"), "\xed\x9f\xbf\xee\x80\x80", "\"\xed\x9f\xbf\xee\x80\x80\""},
    {BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80",
     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {BYTES("\xf5\xfe\xff"), "\\xf5\\xfe\\xff", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    /* Cut off, and a tail without a head. */
    {BYTES("\xc3"), "\\xc3", "\"\xef\xbf\xbd\""},
    {BYTES("\xe2\x82"), "\\xe2\\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    {BYTES("\xf0\x9f\x98"), "\\xf0\\x9f\\x98", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {BYTES("\x80x\xc3x"), "\\x80x\\xc3x", "\"\xef\xbf\xbdx\xef\xbf\xbdx\""},
    {BYTES("\xe2\x82\""), "\\xe2\\x82\"", "\"\xef\xbf\xbd\xef\xbf\xbd\\\"\""},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = {0};
        text_escape(&out, rows[i].in);
        test_text(rows[i].escaped, strbuf_text(&out), rows[i].escaped);
        strbuf_reset(&out);
        text_json(&out, rows[i].in);
        test_text(rows[i].json, strbuf_text(&out), rows[i].json);
        test_true("valid JSON", json_is_valid(out.data, out.len));
        strbuf_clear(&out);
    }
}

/* Every text of two bytes, and a third that often is the last of a character. */
static void test_every_pair(void)
{
    struct strbuf out = {0};
    bool valid = true, printable = true;
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        char in[3] = {(char)(pair >> 8), (char)pair, (char)0x80};
        strbuf_reset(&out);
        text_json(&out, (struct span){in, 2 + pair % 2});
        valid &= json_is_valid(out.data, out.len);
        strbuf_reset(&out);
        text_escape(&out, (struct span){in, 2 + pair % 2});
        for (size_t i = 0; i < out.len; i++)
            printable &= (unsigned char)out.data[i] >= 0x20 && out.data[i] != 0x7f;
    }
    test_true("JSON stays valid", valid);
    test_true("no control byte passes", printable);
    strbuf_clear(&out);
}

/* The judge must be able to say no. */
static const char *const not_json[] = {
    "",
    "\"",
    "\"a",
    "{",
    "[1,]",
    "{\"a\":}",
    "{\"a\" 1}",
    "01",
    "\"\\x41\"",
    "\"\x01\"",
    "\"\xff\"",
    "\"\\u12g4\"",
    "[1 2]",
    "{1:2}",
    "[1}",
    "1 2",
    "\"\xed\xa0\x80\"",
    "{\"a\":1,}",
    "[,1]",
    "-",
    "nul",
};

static void test_judge(void)
{
    for (size_t i = 0; i < sizeof not_json / sizeof *not_json; i++)
        test_true(not_json[i], !json_is_valid(not_json[i], strlen(not_json[i])));
    static const char good[] =
        " {\"a\" : [1, -2, {}, [], null, true, \"\\u00e4\\\"\"], \"b\":false} ";
    test_true("good", json_is_valid(good, sizeof good - 1));
}

static const struct {
    const char *pattern;
    struct span name;
    bool fits;
} globs[] = {
    {"*", BYTES(""), true},
    {"*", BYTES("/a/.b"), true},
    {"?", BYTES("."), true},
    {"?", BYTES(""), false},
    {"*@example.org", BYTES("a@example.org"), true},
    {"*@example.org", BYTES("a@example.org.evil"), false},
    {"*@example.org", BYTES("a@EXAMPLE.org"), false},
    {"[ab]*", BYTES("bc"), true},
    {"[!ab]*", BYTES("bc"), false},
    {"\\*", BYTES("*"), true},
    {"\\*", BYTES("x"), false},
    {"[", BYTES("["), true},
    {"a*", BYTES("a\0b"), false},
    {"", BYTES(""), true},
    {"", {NULL, 0}, true},
    {"\xff*", BYTES("\xff\xfe"), true},
};

static void test_globs(void)
{
    for (size_t i = 0; i < sizeof globs / sizeof *globs; i++)
        test_true(globs[i].pattern, text_glob(globs[i].pattern, globs[i].name) == globs[i].fits);
}

static const struct {
    const char *a, *b;
    int want;
} distances[] = {
    {"", "", 0},
    {"", "abc", 3},
    {"abc", "abc", 0},
    {"abc", "abd", 1},
    {"abc", "acb", 1},
    {"abc", "ab", 1},
    {"abc", "xabc", 1},
    {"kitten", "sitting", 3},
    {"ca", "abc", 3},
    {"period", "peroid", 1},
    {"limit", "", 5},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", 0}, /* 32 bytes */
};

static void test_distances(void)
{
    for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
        test_number(distances[i].a, text_distance(distances[i].a, distances[i].b),
                    distances[i].want);
        test_number(distances[i].b, text_distance(distances[i].b, distances[i].a),
                    distances[i].want);
    }
}

static const struct {
    const char *typed, *want; /* "" = none */
} nears[] = {
    {"peroid", "period"},    {"periods", "period"}, {"lim", "limit"}, {"evidence", "evidence"},
    {"evidnce", "evidence"}, {"xyz", ""},           {"", ""},         {"until-when-not-at-all", ""},
    {"op", "top"},
};

static void test_nears(void)
{
    static const char *const candidates[] = {"period", "limit", "evidence", "top", "until"};
    for (size_t i = 0; i < sizeof nears / sizeof *nears; i++) {
        struct text_near near = {.typed = nears[i].typed};
        for (size_t n = 0; n < sizeof candidates / sizeof *candidates; n++)
            text_near_try(&near, candidates[n]);
        test_text(nears[i].typed, near.best == NULL ? "" : near.best, nears[i].want);
    }
    struct text_near near = {.typed = "abcd"};
    text_near_try(&near, "abxd");
    text_near_try(&near, "xbcd");
    test_text("the first of equals", near.best, "abxd");
    text_near_try(&near, "abcd");
    test_text("a nearer one later", near.best, "abcd");
}

int main(void)
{
    test_judge();
    test_rows();
    test_every_pair();
    test_globs();
    test_distances();
    test_nears();
    return test_end();
}
