/* needed - every literal that is found stands in every match; whatever is doubtful gives none. */
#include "spamgear/match/needed.h"

#include "spamgear/base/strbuf.h"
#include "test.h"

static const struct {
    const char *pattern, *want; /* literals in brackets, i: before case-blind ones */
} cases[] = {
    {"eval\\(", "[eval(]"},
    {"eval\\s*\\(\\s*base64_decode.*_POST", "[eval][(][base64_decode][_POST]"},
    {"<!--([0-9a-f]{6})-->.*<!--/\\1-->", "[<!--][-->][<!--/][-->]"},
    {"a\\x41b", "[aAb]"},
    {"a\\x4", ""},
    {"a\\x{41}", ""},
    {"\\$a\\\\x61\\\\156", "[$a\\x61\\156]"},
    {"a\\nb\\tc\\x00d", "[a\nb\tc?d]"},
    {"ab\\12", ""},
    {"ab\\0", ""},
    {"ab\\N{U+41}", ""},
    {"ab\\Ncd", "[ab][cd]"},
    {"abc?d", "[ab][d]"},
    {"abc+d", "[ab][d]"},
    {"abc{2}d", "[ab][d]"},
    {"abc{,3}d", "[ab][d]"},
    {"abc\\){\\s*eval", "[abc][eval]"},
    {"ab(c|d)ef", "[ab][ef]"},
    {"ab(?:c|d){3,}?ef", "[ab][ef]"},
    {"ab|cd", ""},
    {"(?i)ab", "i:[ab]"},
    {"ab(?i)cd(?-i)ef", "[ab]i:[cd][ef]"},
    {"ab(?i:cd)ef", "[ab][ef]"},
    {"(ab(?i)cd)ef", "[ef]"},
    {"(?is)ab.cd(?^)ef", "i:[ab]i:[cd][ef]"},
    {"(?x)a b", ""},
    {"(?-x)ab", "[ab]"},
    {"(?x:a b)cd", ""},
    {"ab(?#c)d", ""},
    {"(*UTF)ab", ""},
    {"ab(?R)", ""},
    {"ab(?1)", ""},
    {"ab(?(1)c|d)", ""},
    {"ab(?=cd)ef", "[ab][ef]"},
    {"ab(?<!cd)ef", "[ab][ef]"},
    {"(?P<n>ab)cd(?P=n)", ""},
    {"\\Qa.b\\E", ""},
    {"a[\\]b]c", "[a][c]"},
    {"a[]b]c", "[a][c]"},
    {"a[[:alpha:]]c", "[a][c]"},
    {"a[bc", ""},
    {"ab)", ""},
    {"ab\\", ""},
    {"ab\\g1", ""},
    {"", ""},
};

static void test_case(const char *pattern, const char *want)
{
    struct needed needed = {0};
    struct strbuf got = {0};
    needed_read(&needed, pattern);
    for (size_t i = 0; i < needed.list.len; i++) {
        const struct needed_literal *literal = &needed.list.at[i];
        strbuf_add_text(&got, literal->nocase ? "i:[" : "[");
        for (size_t k = 0; k < literal->len; k++)
            strbuf_add_char(&got, literal->text[k] == '\0' ? '?' : literal->text[k]);
        strbuf_add_char(&got, ']');
    }
    test_text(pattern, strbuf_text(&got), want);
    strbuf_clear(&got);
    needed_clear(&needed);
}

static void test_longest(void)
{
    struct needed needed = {0};
    needed_read(&needed, "ab.cde(?i)fghi");
    struct span longest = needed_longest(&needed);
    test_bytes("the longest exact one", longest.at, longest.len, "cde", 3);
    needed_clear(&needed);
    test_number("none", (int64_t)needed_longest(&needed).len, 0);
}

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        test_case(cases[i].pattern, cases[i].want);
    test_longest();
    return test_end();
}
