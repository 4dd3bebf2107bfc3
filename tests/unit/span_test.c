/* span - searching and numbers, with empty spans and NULL everywhere. */
#include "spamgear/base/span.h"

#include "test.h"
#include <stdlib.h>

/* A span in a table that the compiler fills. */
#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct {
    struct span s, needle;
    int first, last; /* offsets, -1 = none */
} finds[] = {
    {BYTES("abcabc"), BYTES("abc"), 0, 3}, {BYTES("aaaa"), BYTES("aa"), 0, 2},
    {BYTES("aaaab"), BYTES("ab"), 3, 3},   {BYTES("abababx"), BYTES("abab"), 0, 2},
    {BYTES("a\0b\0c"), BYTES("\0"), 1, 3}, {BYTES("ab"), BYTES("abc"), -1, -1},
    {BYTES("ab"), BYTES("x"), -1, -1},     {BYTES(""), BYTES("x"), -1, -1},
    {{NULL, 0}, BYTES("x"), -1, -1},       {BYTES("\xff\xfe\xff"), BYTES("\xff"), 0, 2},
};

static void test_find(void)
{
    for (size_t i = 0; i < sizeof finds / sizeof *finds; i++) {
        const char *first = span_find(finds[i].s, finds[i].needle);
        const char *last = span_find_last(finds[i].s, finds[i].needle);
        test_number("first", first == NULL ? -1 : first - finds[i].s.at, finds[i].first);
        test_number("last", last == NULL ? -1 : last - finds[i].s.at, finds[i].last);
    }
}

/* Against a search that tries every place. */
static void test_find_random(void)
{
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        char hay[12], needle[4];
        size_t hay_len = (size_t)rand_r(&seed) % 12, len = 1 + (size_t)rand_r(&seed) % 3;
        int first = -1, last = -1;
        for (size_t i = 0; i < hay_len; i++)
            hay[i] = (char)('a' + rand_r(&seed) % 2);
        for (size_t i = 0; i < len; i++)
            needle[i] = (char)('a' + rand_r(&seed) % 2);
        for (size_t i = 0; i + len <= hay_len; i++) {
            if (memcmp(hay + i, needle, len) != 0)
                continue;
            first = first < 0 ? (int)i : first;
            last = (int)i;
        }
        struct span s = {hay, hay_len}, n = {needle, len};
        const char *f = span_find(s, n), *l = span_find_last(s, n);
        test_number("first", f == NULL ? -1 : f - hay, first);
        test_number("last", l == NULL ? -1 : l - hay, last);
    }
}

/* Nothing at all, in every place where a span may stand. */
static void test_nothing(void)
{
    struct span none = {0};
    test_true("is nothing", span_is(none, SPAN("")) && span_is(SPAN(""), none));
    test_true("is not something", !span_is(none, SPAN("a")) && !span_is(SPAN("a"), none));
    test_true("begins and ends everything", span_has_prefix(SPAN("a"), none) &&
                                                span_has_suffix(SPAN("a"), none) &&
                                                span_has_prefix(none, none));
    test_true("text of NULL", span_text(NULL).len == 0 && span_end(span_text(NULL)) == NULL);
    test_true("skipping none of it", span_skip(none, 0).len == 0);
    test_true("is not found", span_find_last(SPAN("abc"), none) == NULL);
    test_true("nor in nothing", span_find_last(none, none) == NULL);
    struct span abc = SPAN("abc");
    test_true("stands first everywhere", span_find(abc, none) == abc.at);
    test_true("in nothing too", span_find(none, none) == NULL);
}

static void test_ends(void)
{
    struct span s = SPAN("abc");
    test_true("prefix", span_has_prefix(s, SPAN("ab")) && !span_has_prefix(s, SPAN("bc")));
    test_true("suffix", span_has_suffix(s, SPAN("bc")) && !span_has_suffix(s, SPAN("ab")));
    test_true("longer", !span_has_prefix(s, SPAN("abcd")) && !span_has_suffix(s, SPAN("xabc")));
    test_true("whole", span_has_prefix(s, s) && span_has_suffix(s, s) && span_is(s, s));
    test_true("skip", span_is(span_skip(s, 1), SPAN("bc")) && span_skip(s, 3).len == 0);
    test_true("end", span_end(s) == s.at + 3 && span_is(span_of(s.at, span_end(s)), s));
}

static const struct {
    struct span text;
    bool ok;
    unsigned long long want;
} numbers[] = {
    {BYTES("0"), true, 0},
    {BYTES("007"), true, 7},
    {BYTES("18446744073709551615"), true, 18446744073709551615ULL},
    {BYTES("0000000000000000000000018446744073709551615"), true, 18446744073709551615ULL},
    {BYTES("18446744073709551616"), false, 0},
    {BYTES("99999999999999999999"), false, 0},
    {BYTES(""), false, 0},
    {{NULL, 0}, false, 0},
    {BYTES("-1"), false, 0},
    {BYTES("+1"), false, 0},
    {BYTES(" 1"), false, 0},
    {BYTES("1 "), false, 0},
    {BYTES("1\0"), false, 0},
    {BYTES("0x10"), false, 0},
    {BYTES("\xb2"), false, 0},
};

static void test_numbers(void)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        unsigned long long got = 0;
        bool ok = span_number(numbers[i].text, &got);
        test_true("is a number or not", ok == numbers[i].ok);
        test_true("which", !ok || got == numbers[i].want);
    }
}

static void test_order(void)
{
    static const struct {
        const char *a, *b;
        int want; /* its sign */
    } rows[] = {{"", "", 0},   {"", "a", -1},   {"a", "", 1},   {"a", "a", 0},   {"a", "b", -1},
                {"b", "a", 1}, {"a", "ab", -1}, {"ab", "a", 1}, {"ab", "b", -1}, {"\xff", "a", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int order = span_order(span_text(rows[i].a), span_text(rows[i].b));
        test_number(rows[i].a, (order > 0) - (order < 0), rows[i].want);
    }
}

static void test_trim(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {{"", ""}, {" ", ""}, {"a", "a"}, {" \t a b\t ", "a b"}, {"\ra\r", "\ra\r"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span got = span_trim(span_text(rows[i].text), " \t");
        test_true(rows[i].text, span_is(got, span_text(rows[i].want)));
    }
    test_number("a zero byte is no blank", (int64_t)span_trim((struct span){"\0 ", 2}, " ").len, 1);
    test_number("nothing at all", (int64_t)span_trim((struct span){NULL, 0}, " ").len, 0);
}

int main(void)
{
    test_find();
    test_find_random();
    test_nothing();
    test_ends();
    test_numbers();
    test_order();
    test_trim();
    return test_end();
}
