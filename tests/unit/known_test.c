/* known - fingerprints.txt and backdoors.re: what each line means, and which lines are refused. */
#include "signature_check.h"
#include "spamgear/scan/signatures.h"

typedef void load(struct rules *rules, struct span text, const char *file, struct texts *problems);

static const struct {
    const char *name;
    load *load;
    struct span text;
    const char *problems;
} refused[] = {
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }
    {"no newline at the end", known_fingerprints, TEXT("inert-marker-1"), ""},
    {"an empty file", known_fingerprints, TEXT(""), "f:1: the file is empty\n"},
    {"only a newline", known_fingerprints, TEXT("\n"), "f:1: the fingerprint is empty\n"},
    {"a blank line", known_fingerprints, TEXT("inert-marker-1\n\ninert-marker-2\n"),
     "f:2: the fingerprint is empty\n"},
    {"a blank line at the end", known_fingerprints, TEXT("inert-marker-1\n\n"),
     "f:2: the fingerprint is empty\n"},
    {"blanks", known_fingerprints, TEXT(" \t\r\n"), "f:1: the fingerprint is empty\n"},
    {"short", known_fingerprints, TEXT("inert-m\n"),
     "f:1: the fingerprint is shorter than 8 bytes\n"},
    {"cut off", known_fingerprints, TEXT("inert-marker-1\nbase64_decode("),
     "f:2: the fingerprint is too general: it stands in ordinary PHP or HTML\n"},
    {"an error page", known_fingerprints,
     TEXT("<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n"),
     "f:1: the fingerprint is too general: it stands in ordinary PHP or HTML\n"
     "f:2: the fingerprint is too general: it stands in ordinary PHP or HTML\n"},
    {"NULs", known_fingerprints, TEXT("\0\0\0\0\0\0\0\0\0\n"),
     "f:1: the fingerprint is too general: it holds less than 4 different bytes\n"},
    {"fine", known_backdoors, TEXT("inert\\s+marker;\n"), ""},
    {"an empty pattern", known_backdoors, TEXT("inert\\s+marker;\n\n"),
     "f:2: the pattern is empty\n"},
    {"an empty pattern file", known_backdoors, TEXT(""), "f:1: the file is empty\n"},
    {"a short pattern", known_backdoors, TEXT("marker;\n"),
     "f:1: the pattern is shorter than 8 bytes\n"},
    {"a broken pattern", known_backdoors, TEXT("inert(marker\n"),
     "f:1: the pattern does not compile: offset 12: missing closing parenthesis\n"},
    {"Python's own syntax", known_backdoors, TEXT("inert(?P=marker)\n"),
     "f:1: the pattern does not compile: offset 9: reference to non-existent subpattern\n"},
    {"anything", known_backdoors, TEXT("(marker)*\n"),
     "f:1: the pattern is too general: it matches an empty text\n"},
    {"any PHP", known_backdoors, TEXT("<\\?php.*\n"),
     "f:1: the pattern is too general: it matches ordinary PHP or HTML\n"},
    {"a call in ordinary PHP", known_backdoors, TEXT("(?i)MOVE_uploaded_file\\s*\\(\n"),
     "f:1: the pattern is too general: it matches ordinary PHP or HTML\n"},
    {"NUL", known_backdoors, TEXT("inert\0marker\n"), "f:1: the pattern holds a NUL byte\n"},
};

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct rules *rules = rules_new();
        struct texts problems = {0};
        refused[i].load(rules, refused[i].text, "f", &problems);
        test_problems(refused[i].name, &problems, refused[i].problems);
        texts_clear(&problems);
        compile_rules(rules);
        test_hits(refused[i].name, rules, SPAN(""), "");
        test_hits(refused[i].name, rules, SPAN("<?php echo 1;"), "");
        rules_free(rules);
    }
}

static void test_fingerprints(void)
{
    struct rules *rules = rules_new();
    struct texts problems = {0};
    known_fingerprints(rules,
                       SPAN("inert-marker-0\n\n  inert-marker-2 \t\r\ninert\xff\x00marker-3\n"
                            "inert-marker-0\n"),
                       "f", &problems);
    known_fingerprints(rules, SPAN("x-y-z-w-0\ninert-marker-2"), "g", &problems);
    test_problems("one problem", &problems, "f:2: the fingerprint is empty\n");
    test_number("each entry once", (int64_t)rules_count(rules, RULE_FINGERPRINT), 4);
    test_text("an id is of the entry", rules->list.at[1].id, "finger-f6634bc9c89f");
    compile_rules(rules);
    test_hits("first", rules, SPAN("an inert-marker-0!"), "[CUSTOM] [PHP.Finger.0];");
    test_hits("stripped", rules, SPAN("inert-marker-2"), "[CUSTOM] [PHP.Finger.2];");
    test_hits("raw bytes", rules, SPAN("inert\xff\x00marker-3"), "[CUSTOM] [PHP.Finger.3];");
    test_hits("case counts", rules, SPAN("INERT-marker-0"), "");
    test_hits("numbers begin in each file", rules, SPAN("x-y-z-w-0"), "[CUSTOM] [PHP.Finger.0];");
    texts_clear(&problems);
    rules_free(rules);
}

static void test_backdoors(void)
{
    struct rules *rules = rules_new();
    struct texts problems = {0};
    known_backdoors(rules,
                    SPAN("<\\?php inert\\(\\$m\\['[0-z]*'\\]\\);\\?>\n"
                         "inert-marker-1.*\n"
                         "(?:alpha|beta)-[0-9]{4}\n"
                         "<!--([0-9a-f]{6})-->.*<!--/\\1-->\n"),
                    "f", &problems);
    known_backdoors(rules, SPAN("inert-marker-1.*\n"), "g", &problems);
    test_problems("no problem", &problems, "");
    test_number("patterns, and the fixed one, once", (int64_t)rules_count(rules, RULE_BACKDOOR), 5);
    test_number("one has no literal", (int64_t)rules->always.len, 0);
    compile_rules(rules);
    test_number("and is always tried", (int64_t)rules->always.len, 1);
    test_hits("both ends are named", rules, SPAN("<?php inert($m['a1']);?>"),
              "[CUSTOM] [PHP.Backdoor.0] cleans;");
    test_hits("literals alone are not enough", rules, SPAN("<?php inert($m['\x80']);?>"), "");
    test_hits("an open end is not cut", rules, SPAN("inert-marker-1 code"),
              "[CUSTOM] [PHP.Backdoor.1];");
    test_hits("no literal", rules, SPAN("beta-1234"), "[CUSTOM] [PHP.Backdoor.2] cleans;");
    test_hits("a back reference", rules, SPAN("<!--abcdef-->x<!--/abcdef-->"),
              "[CUSTOM] [PHP.Backdoor.3] cleans;");
    test_hits("a back reference that differs", rules, SPAN("<!--abcdef-->x<!--/abcdee-->"), "");
    test_hits("fixed", rules, SPAN("eval ( base64_decode($x[_POST"),
              "[CUSTOM] [Php.Backdoor] told;");
    test_hits("fixed, another line", rules, SPAN("eval(base64_decode(1));\n$_POST"), "");
    texts_clear(&problems);
    rules_free(rules);
}

int main(void)
{
    test_refused();
    test_fingerprints();
    test_backdoors();
    regex_clear_all();
    return test_end();
}
