/* literals: what one pass finds is what a plain search for each literal finds. */
#include "spamgear/match/literals.h"

#include "test.h"
#include <stdlib.h>

#define NOWHERE (-1)
#define TEXT(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    } /* SPAN, as a constant */

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static int64_t plain_find(struct span text, struct span literal, bool nocase)
{
    for (size_t i = 0; i + literal.len <= text.len; i++) {
        size_t same = 0;
        while (same < literal.len && (nocase ? lower(text.at[i + same]) == lower(literal.at[same])
                                             : text.at[i + same] == literal.at[same]))
            same++;
        if (same == literal.len)
            return (int64_t)i;
    }
    return NOWHERE;
}

/* ---- by hand ---- */

static const struct {
    const char *name;
    struct {
        struct span text;
        bool nocase;
        int64_t first;
    } literals[5];
    struct span text;
} cases[] = {
    {"the first place counts", {{TEXT("eval("), false, 2}}, TEXT("x eval(eval(")},
    {"case counts", {{TEXT("eval("), false, 6}, {TEXT("EVAL("), false, 0}}, TEXT("EVAL( eval(")},
    {"case does not count",
     {{TEXT("Eval("), true, 1}, {TEXT("eval("), false, NOWHERE}},
     TEXT(" eVAL(")},
    {"only letters have a case",
     {{TEXT("@[`{"), true, NOWHERE}, {TEXT("a\xc3\x84"), true, NOWHERE}},
     TEXT("`{@[ a\xc3\xa4")},
    {"prefixes of each other",
     {{TEXT("a"), false, 1},
      {TEXT("ab"), false, 1},
      {TEXT("abc"), false, 4},
      {TEXT("abcd"), false, 4}},
     TEXT(" ab abcd")},
    {"suffixes of each other",
     {{TEXT("abcdefgh"), false, 2}, {TEXT("defgh"), false, 5}, {TEXT("gh"), false, 0}},
     TEXT("ghabcdefgh")},
    {"inside each other",
     {{TEXT("xxabcdexx"), false, NOWHERE}, {TEXT("abcde"), false, 1}, {TEXT("bcd"), false, 2}},
     TEXT("xabcdexx")},
    {"overlapping", {{TEXT("abab"), false, 0}, {TEXT("baba"), false, 1}}, TEXT("ababa")},
    {"NUL and high bytes",
     {{TEXT("\0\0"), false, 3}, {TEXT("\xff\0\xff"), false, NOWHERE}, {TEXT("\xff"), false, 2}},
     TEXT("a\0\xff\0\0\xff")},
    {"longer than the text", {{TEXT("abcdefghijklm"), false, NOWHERE}}, TEXT("abcdefghijkl")},
    {"as long as the text", {{TEXT("abcdefghijklm"), true, 0}}, TEXT("ABCDEFGHIJKLM")},
    {"cut by the end",
     {{TEXT("base64_decode"), false, NOWHERE}, {TEXT("$_POST"), false, NOWHERE}},
     TEXT("$_POS base64_decod")},
    {"no text", {{TEXT("a"), false, NOWHERE}}, {NULL, 0}},
    {"no literals", {{{NULL, 0}, false, 0}}, TEXT("abc")},
};

static void check(const char *name, const struct literal_hits *hits, uint32_t number, int64_t want)
{
    bool has = literal_hits_has(hits, number);
    test_number(name, has ? (int64_t)hits->first[number] : NOWHERE, want);
    size_t listed = 0;
    for (size_t i = 0; i < hits->numbers.len; i++)
        listed += hits->numbers.at[i] == number;
    test_number(name, (int64_t)listed, has);
}

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct literals *set = literals_new();
        for (size_t n = 0; n < 5 && cases[i].literals[n].text.len > 0; n++)
            test_number(cases[i].name,
                        literals_add(set, cases[i].literals[n].text, cases[i].literals[n].nocase),
                        (int64_t)n);
        struct literal_hits hits = {0};
        test_number(cases[i].name, literals_compile(set, NULL), 0);
        literal_hits_init(&hits, set);
        for (uint32_t n = 0; n < literals_count(set); n++)
            check("before the first scan", &hits, n, NOWHERE);
        literals_scan(set, cases[i].text, &hits);
        for (uint32_t n = 0; n < literals_count(set); n++) {
            check(cases[i].name, &hits, n, cases[i].literals[n].first);
            test_true(cases[i].name, literals_stands(set, n, cases[i].text, &hits) ==
                                         (cases[i].literals[n].first != NOWHERE));
        }
        literals_scan(set, SPAN(""), &hits);
        test_number("a scan starts afresh", (int64_t)hits.numbers.len, 0);
        literal_hits_clear(&hits);
        literals_free(set);
    }
}

/* Of each case only one literal is searched for; the others are still found by themselves. */
static void test_left_out(void)
{
    for (size_t i = 0; i < 5 * sizeof cases / sizeof *cases; i++) {
        size_t number = i / 5, kept = i % 5;
        struct literals *set = literals_new();
        struct literal_hits hits = {0};
        for (uint32_t n = 0; n < 5 && cases[number].literals[n].text.len > 0; n++) {
            literals_add(set, cases[number].literals[n].text, cases[number].literals[n].nocase);
            if (n != kept)
                literals_leave_out(set, n);
        }
        test_number(cases[number].name, literals_compile(set, NULL), 0);
        literal_hits_init(&hits, set);
        literals_scan(set, cases[number].text, &hits);
        for (uint32_t n = 0; n < literals_count(set); n++) {
            int64_t first = cases[number].literals[n].first;
            check(cases[number].name, &hits, n, n == kept ? first : NOWHERE);
            for (int twice = 0; twice < 2; twice++) /* the second time it is remembered */
                test_true(cases[number].name,
                          literals_stands(set, n, cases[number].text, &hits) == (first != NOWHERE));
        }
        literal_hits_clear(&hits);
        literals_free(set);
    }
}

/* Every second one of each case is in the other part. */
static void test_parts(void)
{
    for (size_t i = 0; i < 3 * (sizeof cases / sizeof *cases); i++) {
        size_t number = i / 3;
        unsigned parts = 1 + (unsigned)(i % 3);
        struct literals *set = literals_new();
        struct literal_hits hits = {0};
        for (uint32_t n = 0; n < 5 && cases[number].literals[n].text.len > 0; n++) {
            literals_add(set, cases[number].literals[n].text, cases[number].literals[n].nocase);
            literals_move(set, n, n % 2);
        }
        test_number(cases[number].name, literals_compile(set, NULL), 0);
        literal_hits_init(&hits, set);
        literals_scan_parts(set, parts, cases[number].text, &hits);
        for (uint32_t n = 0; n < literals_count(set); n++) {
            int64_t first = cases[number].literals[n].first;
            check(cases[number].name, &hits, n, parts >> n % 2 & 1 ? first : NOWHERE);
            test_true(cases[number].name,
                      literals_stands(set, n, cases[number].text, &hits) == (first != NOWHERE));
        }
        literal_hits_clear(&hits);
        literals_free(set);
    }
}

static void test_filling(void)
{
    struct strbuf why = {0};
    struct literals *set = literals_new();
    test_number("first", literals_add(set, SPAN("Abc"), false), 0);
    test_number("the other case mode is another literal", literals_add(set, SPAN("Abc"), true), 1);
    test_number("the same one", literals_add(set, SPAN("Abc"), false), 0);
    test_number("with a NUL", literals_add(set, SPAN("Abc\0"), false), 2);
    test_number("how many", literals_count(set), 3);
    struct span text = literals_text(set, 2);
    test_bytes("its text", text.at, text.len, "Abc\0", 4);
    test_true("its mode", literals_nocase(set, 1) && !literals_nocase(set, 2));
    literals_add(set, SPAN(""), false);
    test_number("an empty literal is refused", literals_compile(set, &why), -1);
    test_text("and named", strbuf_text(&why), "a literal is empty");
    literals_free(set);
    literals_free(NULL);
    strbuf_clear(&why);
}

static void test_rounds(void)
{
    struct literals *set = literals_new();
    struct literal_hits hits = {0};
    literals_add(set, SPAN("abc"), false);
    literals_compile(set, NULL);
    literal_hits_init(&hits, set);
    literals_scan(set, SPAN("abc"), &hits);
    hits.round = UINT32_MAX - 1;
    for (int i = 0; i < 4; i++) {
        literals_scan(set, SPAN("ab"), &hits);
        check("old rounds never count", &hits, 0, NOWHERE);
    }
    literal_hits_clear(&hits);
    literals_free(set);
}

/* ---- against a plain search ---- */

/* Small alphabets make literals overlap, begin and end alike, and nearly stand everywhere. */
static const struct {
    const char *name;
    struct span letters;
    size_t literals, literal_max, text_max;
} kinds[] = {
    {"two letters", TEXT("ab"), 12, 9, 60},
    {"two cases", TEXT("aAbB"), 20, 24, 300},
    {"bytes", TEXT("\0\xff\x80@`[{ a"), 30, 20, 200},
    {"single bytes", TEXT("abcdefgh\0\xff"), 6, 2, 20},
    {"short ones and long ones", TEXT("aaaab("), 40, 60, 2000},
    {"long ones", TEXT("eval($_POST)"), 60, 50, 3000},
};

static uint64_t state = 0x9e3779b97f4a7c15;

static size_t any_below(size_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state >> 11) % limit;
}

static struct span any_text(struct span letters, size_t len)
{
    char *text = malloc(len + (len == 0)); /* its own block: a read past the end is seen */
    for (size_t i = 0; i < len; i++)
        text[i] = letters.at[any_below(letters.len)];
    return (struct span){text, len};
}

static void free_text(struct span text)
{
    free((char *)(uintptr_t)text.at);
}

/* Random letters alone hold no long literal: some are copied in, whole or nearly. */
static void plant(const struct literals *set, struct span text)
{
    for (size_t i = any_below(5); i > 0 && literals_count(set) > 0; i--) {
        struct span literal = literals_text(set, (uint32_t)any_below(literals_count(set)));
        if (literal.len > text.len)
            continue;
        char *at = (char *)(uintptr_t)text.at + any_below(text.len - literal.len + 1);
        memcpy(at, literal.at, literal.len);
        if (any_below(3) == 0)
            at[any_below(literal.len)] ^= 0x20;
    }
}

static struct literals *any_set(struct span letters, size_t most, size_t literal_max)
{
    struct literals *set = literals_new();
    size_t shortest = 1 + any_below(literal_max);
    for (size_t n = any_below(most + 1); n > 0; n--) {
        struct span text = any_text(letters, shortest + any_below(literal_max - shortest + 1));
        literals_add(set, text, any_below(2) == 0);
        free_text(text);
    }
    return set;
}

static void compare(const char *name, const struct literals *set, struct span text,
                    struct literal_hits *hits)
{
    size_t found = 0;
    literals_scan(set, text, hits);
    for (uint32_t n = 0; n < literals_count(set); n++) {
        int64_t want = plain_find(text, literals_text(set, n), literals_nocase(set, n));
        int64_t got = literal_hits_has(hits, n) ? (int64_t)hits->first[n] : NOWHERE;
        if (got != want)
            test_number(name, got, want);
        found += want != NOWHERE;
    }
    test_number(name, (int64_t)hits->numbers.len, (int64_t)found);
}

static void test_random(void)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int round = 0; round < 400; round++) {
            struct literals *set =
                any_set(kinds[k].letters, kinds[k].literals, kinds[k].literal_max);
            struct literal_hits hits = {0};
            test_number(kinds[k].name, literals_compile(set, NULL), 0);
            literal_hits_init(&hits, set);
            for (int i = 0; i < 5; i++) {
                struct span text = any_text(kinds[k].letters, any_below(kinds[k].text_max + 1));
                plant(set, text);
                compare(kinds[k].name, set, text, &hits);
                free_text(text);
            }
            literal_hits_clear(&hits);
            literals_free(set);
        }
}

int main(void)
{
    test_cases();
    test_left_out();
    test_parts();
    test_filling();
    test_rounds();
    test_random();
    test_true("the engine has a name", literals_engine()[0] != '\0');
    return test_end();
}
