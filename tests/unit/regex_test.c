/* regex - groups, places, limits, the cache, threads, and literals that are never wrong.
 * ctest label: threads */
#include "spamgear/match/regex.h"

#include "test.h"
#include <pthread.h>
#include <stdlib.h>

static const struct {
    const char *pattern, *literal;
} literals[] = {
    {"sent mail", "sent mail"},
    {"^User (?<user>\\S+) \\[", "User "},
    {"a\\.b\\[c\\]", "a.b[c]"},
    {"abc?def", "def"},
    {"abcd?ef", "abc"},
    {"abcdef*g", "abcde"},
    {"abcd+e", "abc"},
    {"abcd++efgh", "efgh"},
    {"abcd{0,2}ef", "abc"},
    {"abc{x}de", "x}de"},
    {"abc{2}?d", "ab"},
    {"ab[cde]fgh", "fgh"},
    {"ab[]cde]fgh", "fgh"},
    {"ab[^]cde]fgh", "fgh"},
    {"ab[[:alpha:]xyz]fgh", "fgh"},
    {"ab[[:alpha]fgh", "fgh"},
    {"ab[\\]xyz]fgh", "fgh"},
    {"abc|abcd", ""},
    {"(abc|abcd) efg", " efg"},
    {"(?:abcdefgh)?ij", "ij"},
    {"(?!abcdefgh)ij", "ij"},
    {"x(?<a>[)]abcdefg)ij", "ij"},
    {"x(?P<a>\\)abcdefg)ij", "ij"},
    {"(?i)abc", ""},
    {"ab(?i:c)def", "def"},
    {"(*ANYCRLF)abc", ""},
    {"(?x) a b c", ""},
    {"(?#a(b)abc", ""},
    {"\\Qa.b\\Eabc", ""},
    {"\\x41bcd", "Abcd"},
    {"(a)\\1bcd", "bcd"},
    {"(a)\\11bcd", ""},
    {"(?<n>a)\\k<n>bcd", ""},
    {"(?<n>a)(?P=n)bcd", ""},
    {"(?<n>a)(?&n)bcd", ""},
    {"^.*$", ""},
    {"a\\tbc", "a\tbc"},
    {"caf\xc3\xa9? x", "caf\xc3"},
    {"", ""},
};

static void test_literals(void)
{
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        const struct regex *regex = regex_get(literals[i].pattern, NULL);
        test_true(literals[i].pattern, regex != NULL);
        if (regex == NULL)
            continue;
        struct span got = regex_literal(regex);
        test_bytes(literals[i].pattern, got.at, got.len, literals[i].literal,
                   strlen(literals[i].literal));
    }
}

static void test_groups(void)
{
    const struct regex *regex = regex_get("from (?<user>\\w+)(?: by (?<client>\\S+))?", NULL);
    struct span groups[4];
    test_number("matches", regex_match(regex, SPAN("\0\xff from bob, done"), groups, 4),
                REGEX_MATCH);
    int user = regex_group(regex, "user"), client = regex_group(regex, "client");
    test_bytes("user", groups[user].at, groups[user].len, "bob", 3);
    test_bytes("whole", groups[0].at, groups[0].len, "from bob", 8);
    test_true("an unset group has no bytes", groups[client].at == NULL && groups[client].len == 0);
    test_true("a group beyond the last is unset", groups[3].at == NULL);
    test_number("no such name", regex_group(regex, "script"), -1);
    test_number("no match", regex_match(regex, SPAN("to bob"), groups, 4), REGEX_NO_MATCH);
    test_number("no groups asked", regex_match(regex, SPAN("from x"), NULL, 0), REGEX_MATCH);
    test_number("nothing to match", regex_match(regex, (struct span){NULL, 0}, NULL, 0),
                REGEX_NO_MATCH);
    test_number("how many", (int64_t)regex_group_count(regex), 3);
    test_true("unnamed", regex_group_name(regex, 0) == NULL);
    test_text("first name", regex_group_name(regex, 1), "user");
    test_text("second name", regex_group_name(regex, 2), "client");
    const struct regex *start = regex_get_anchored("b|from", NULL);
    test_true("not the same as", start != regex_get("b|from", NULL));
    test_number("at the start", regex_match(start, SPAN("from"), NULL, 0), REGEX_MATCH);
    test_number("only there", regex_match(start, SPAN("a from b"), NULL, 0), REGEX_NO_MATCH);
    const struct regex *strange = regex_get("(?=ab\\K)", NULL);
    if (strange != NULL) {
        test_number("start behind end", regex_match(strange, SPAN("ab"), groups, 1), REGEX_MATCH);
        test_true("is no span", groups[0].at == NULL);
        test_number("has no place", regex_find(strange, SPAN("ab"), 0, groups, 1), REGEX_GAVE_UP);
    }
}

static const struct {
    const char *name, *pattern;
    struct {
        const char *at;
        size_t len;
    } subject;
    size_t from;
    enum regex_result want;
    size_t start, len; /* of the match */
} finds[] = {
    {"from the start", "ab+", {"abb ab", 6}, 0, REGEX_MATCH, 0, 3},
    {"behind the first", "ab+", {"abb ab", 6}, 3, REGEX_MATCH, 4, 2},
    {"inside the first", "ab+|b", {"abb ab", 6}, 1, REGEX_MATCH, 1, 1},
    {"behind the last", "ab+", {"abb ab", 6}, 5, REGEX_NO_MATCH, 0, 0},
    {"look-behind sees what is before", "(?<=a)b", {"ab", 2}, 1, REGEX_MATCH, 1, 1},
    {"a word does not begin here", "\\bb", {"ab", 2}, 1, REGEX_NO_MATCH, 0, 0},
    {"nor does the subject", "^b", {"ab", 2}, 1, REGEX_NO_MATCH, 0, 0},
    {"a line does", "(?m)^b", {"a\nb", 3}, 1, REGEX_MATCH, 2, 1},
    {"behind a NUL", "b", {"b\0b", 3}, 1, REGEX_MATCH, 2, 1},
    {"empty at the end", "x*", {"ab", 2}, 2, REGEX_MATCH, 2, 0},
    {"beyond the end", "x*", {"ab", 2}, 3, REGEX_NO_MATCH, 0, 0},
    {"in nothing", "x*", {NULL, 0}, 0, REGEX_MATCH, 0, 0},
};

static void test_find(void)
{
    for (size_t i = 0; i < sizeof finds / sizeof *finds; i++) {
        struct span subject = {finds[i].subject.at, finds[i].subject.len}, group = {NULL, 0};
        const struct regex *regex = regex_get_lazy(finds[i].pattern, NULL);
        enum regex_result got = regex_find(regex, subject, finds[i].from, &group, 1);
        test_number(finds[i].name, got, finds[i].want);
        if (got != REGEX_MATCH || finds[i].want != REGEX_MATCH)
            continue;
        test_number(finds[i].name, subject.at == NULL ? 0 : group.at - subject.at,
                    (int64_t)finds[i].start);
        test_number(finds[i].name, (int64_t)group.len, (int64_t)finds[i].len);
    }
}

static void test_limits(void)
{
    char subject[40];
    memset(subject, 'a', sizeof subject);
    const struct regex *regex = regex_get("^(a+)+$", NULL);
    subject[39] = '!';
    test_number("backtracking gives up",
                regex_match(regex, span_of(subject, subject + 40), NULL, 0), REGEX_GAVE_UP);
    const struct regex *deep = regex_get("^(?:(a|b)*?c)+d", NULL);
    size_t len = 4 << 20;
    char *big = malloc(len);
    memset(big, 'a', len);
    big[len - 1] = 'c';
    enum regex_result result = regex_match(deep, span_of(big, big + len), NULL, 0);
    test_true("a huge subject ends", result == REGEX_GAVE_UP || result == REGEX_NO_MATCH);
    free(big);
}

static void test_errors(void)
{
    struct strbuf why = {0};
    test_true("does not compile", regex_get("abc(", &why) == NULL);
    test_text("says where", strbuf_text(&why), "offset 4: missing closing parenthesis");
    test_true("the second time too", regex_get("abc(", NULL) == NULL);
    test_true("no UTF mode", regex_get("(*UTF)abc", &why) == NULL);
    test_true("one copy", regex_get("abc", NULL) == regex_get("abc", NULL));
    strbuf_clear(&why);
}

/* The same pattern in any order of lazy and not is one, and thousands do not slow each other. */
static void test_cache(void)
{
    struct strbuf pattern = {0};
    const struct regex *first = regex_get_lazy("first-(a|b)", NULL);
    test_true("lazy, then at once", regex_get("first-(a|b)", NULL) == first);
    test_true("and lazy again", regex_get_lazy("first-(a|b)", NULL) == first);
    test_true("lazy patterns have errors too", regex_get_lazy("a{2,1}", NULL) == NULL);
    for (int i = 0; i < 3000; i++) {
        strbuf_reset(&pattern);
        strbuf_format(&pattern, "pattern %d", i);
        test_true(strbuf_text(&pattern), regex_get_lazy(strbuf_text(&pattern), NULL) != NULL);
    }
    test_number("the last one matches",
                regex_match(regex_get_lazy("pattern 2999", NULL), strbuf_span(&pattern), NULL, 0),
                REGEX_MATCH);
    strbuf_clear(&pattern);
}

static void *match_often(void *at)
{
    const struct regex *regex = at;
    size_t matched = 0;
    struct span groups[2];
    for (int i = 0; i < 1000; i++)
        matched += regex_match(regex, SPAN("x=1,y=2"), groups, 2) == REGEX_MATCH &&
                   span_is(groups[1], SPAN("2"));
    return (void *)matched;
}

static void test_threads(const struct regex *shared)
{
    void *regex = (void *)(uintptr_t)shared;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, match_often, regex);
    for (int i = 0; i < 4; i++) {
        void *matched = NULL;
        pthread_join(threads[i], &matched);
        test_number("each thread matches", (int64_t)(size_t)matched, 1000);
    }
}

int main(void)
{
    test_literals();
    test_groups();
    test_find();
    test_limits();
    test_errors();
    test_cache();
    test_threads(regex_get("y=(\\d)", NULL));
    test_threads(regex_get_lazy("\\by=(\\d)", NULL));
    test_true("has a version", strstr(regex_version(), "10.") == regex_version());
    regex_clear_all();
    test_true("works after clearing", regex_get("abc", NULL) != NULL);
    regex_clear_all();
    return test_end();
}
