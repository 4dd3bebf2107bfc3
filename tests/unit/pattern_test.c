/* pattern - what is refused, and which patterns name both ends of what they match. */
#include "spamgear/scan/pattern.h"

#include "test.h"

static const struct {
    const char *pattern;
    bool open;
} ends[] = {
    {"marker", false},
    {"marker.*", true},
    {"marker.*$", true},
    {"marker.+", true},
    {"marker.*?", true},
    {"marker.{3,}", true},
    {"marker.{3,5}", false},
    {"marker.{3}", false},
    {"marker.*end", false},
    {"marker(.*)", true},
    {"marker(?:.*)?", true},
    {"marker(x.*)?end", false},
    {"marker.*\\s*", true},
    {"marker.*x?", true},
    {"marker.*(x)?", true},
    {"marker.*(x|y)", false},
    {"marker.*(x|)", true},
    {"marker.*(|x)", true},
    {"marker.*|other", true},
    {"other|marker.*", true},
    {"other|marker", false},
    {"a(.*|b)c", true}, /* not so, but on the safe side */
    {"marker\\s*", false},
    {"marker\\S*", true},
    {"marker[^>]*", true},
    {"marker[^>]*>", false},
    {"marker[]a]*", true},
    {"marker[[:alpha:]]*x", false},
    {"marker[\\]x]*", true},
    {"marker(ab)+", true}, /* what is in the group is not looked at */
    {"marker(ab)+;", false},
    {"marker(?!x)", true},
    {"marker.*(?!x)", true},
    {"marker.*(?=x)", false},
    {"marker(?<!x)y", true},
    {"marker(?<=x)y", false},
    {"(?<name>marker)x", false},
    {"(?<name>marker.*)", true},
    {"(?'name'marker)x", false},
    {"(?P<name>marker)x", false},
    {".*marker", true},
    {"^.*marker", true},
    {"(.*)marker", true},
    {"\\s*.*marker", true},
    {"x?.+marker", true},
    {"x.+marker", false},
    {"a|.*b", true},
    {"(?s).*marker", true},
    {"(?is)marker.*end", false},
    {"(?x)marker # .*", true},
    {"(?#x)marker", true},
    {"(?R)", true},
    {"(*ACCEPT)marker", true},
    {"\\Qa.b\\E", true},
    {"marker\\.*", false}, /* dots */
    {"marker\\\\.*", true},
    {"marker\\x41*", false},
    {"marker{\\s*eval}", false},
    {"marker.*{", false},
    {"", false},
    {"marker\\", true},
    {"marker[", false}, /* does not compile */
    {"<tag--([0-9a-f]{6})-->.*<!--/\\1-->", false},
    {"marker (\\\\[x0-9a-f]{2,}){3,}.*", true},
    {"marker( '[0-z]'=>'[0-z]',){20}.*", true},
};

static const struct {
    const char *name;
    struct span pattern;
    const char *why; /* NULL: compiles */
} compiles[] = {
    {"fine", {"mar[k]er", 8}, NULL},
    {"broken",
     {"mar(ker", 7},
     "the pattern does not compile: offset 7: missing closing parenthesis"},
    {"empty", {"", 0}, "the pattern is too general: it matches an empty text"},
    {"matches nothing", {"x*", 2}, "the pattern is too general: it matches an empty text"},
    {"end", {"$", 1}, "the pattern is too general: it matches an empty text"},
    {"ordinary PHP",
     {"\\beval\\b", 8},
     "the pattern is too general: it matches ordinary PHP or HTML"},
    {"ordinary HTML",
     {"<(?:h[1-6]|td)>", 15},
     "the pattern is too general: it matches ordinary PHP or HTML"},
    {"a blank", {"\\s", 2}, "the pattern is too general: it matches ordinary PHP or HTML"},
    {"gives up",
     {"(<(\\s|\\S|\\s\\S)*[\\x01\\x02])", 26},
     "the pattern takes too long on ordinary PHP or HTML"},
    {"NUL", {"a\0b", 3}, "the pattern holds a NUL byte"},
};

int main(void)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        test_number(ends[i].pattern, pattern_is_open(span_text(ends[i].pattern)), ends[i].open);
    for (size_t i = 0; i < sizeof compiles / sizeof *compiles; i++) {
        struct strbuf why = {0};
        bool ok = pattern_compile(compiles[i].pattern, NULL, 0, &why) != NULL;
        test_true(compiles[i].name, ok == (compiles[i].why == NULL));
        test_text(compiles[i].name, strbuf_text(&why), ok ? "" : compiles[i].why);
        strbuf_clear(&why);
    }
    regex_clear_all();
    return test_end();
}
