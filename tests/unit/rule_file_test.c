/* rule_file - each key, each escape, and whatever makes a rule be left out, with its line. */
#include "signature_check.h"
#include "spamgear/scan/pattern.h"
#include "spamgear/scan/signatures.h"
#include "spamgear/scan/sniff.h"

#define HEAD "rule x.y-1\ndescription words\nseverity malicious\n" /* lines 1 to 3 */
#define BODY "literal \"inert-marker\"\n"
#define GOOD HEAD BODY

static const struct {
    const char *name, *text, *problems;
} problems_of[] = {
    {"nothing", "", ""},
    {"comments", "# a\n\n   # b\n", ""},
    {"good", GOOD, ""},
    {"no newline at the end", HEAD "literal \"inert-marker\"", ""},
    {"DOS line ends",
     "rule x\r\ndescription d\r\nseverity malicious\r\nliteral \"inert-marker\"\r\n", ""},
    {"indented",
     "  rule\tx\n\tdescription d\n   severity   malicious  \n literal\t\"inert-marker\" \n", ""},
    {"before the first rule", BODY "# x\n" GOOD, "f:1: this stands before the first rule\n"},
    {"unknown key", GOOD "cleanz yes\n", "f:5: cleanz is no key of a rule\n"},
    {"key in another case", GOOD "Family x\n", "f:5: Family is no key of a rule\n"},
    {"no id", "rule\ndescription d\nseverity malicious\n" BODY,
     "f:1: a rule's id has 1 to 80 letters a-z, digits, dots and hyphens\n"},
    {"bad id", "rule x_y\ndescription d\nseverity malicious\n" BODY,
     "f:1: a rule's id has 1 to 80 letters a-z, digits, dots and hyphens\n"},
    {"id of two words", "rule x y\ndescription d\nseverity malicious\n" BODY,
     "f:1: a rule's id has 1 to 80 letters a-z, digits, dots and hyphens\n"},
    {"the same id", GOOD GOOD, "f:5: rule x.y-1 stands already in f:1\n"},
    {"no description", "rule x\nseverity malicious\n" BODY, "f:1: the rule has no description\n"},
    {"no severity", "rule x\ndescription d\n" BODY, "f:1: the rule has no severity\n"},
    {"nothing but a name", "rule x\n",
     "f:1: the rule has no description\nf:1: the rule has no severity\n"},
    {"bad severity", "rule x\ndescription d\nseverity bad\n" BODY,
     "f:3: severity is malicious or suspicious\n"},
    {"a key twice", GOOD "severity malicious\n", "f:5: severity stands already in line 3\n"},
    {"no value", GOOD "family\n", "f:5: family has no value\n"},
    {"kind", GOOD "in php html\n", ""},
    {"no kind", GOOD "in php htlm\n", "f:5: htlm is no kind of content\n"},
    {"no literal", HEAD, "f:1: a rule needs a literal, or a pattern with one\n"},
    {"weak literal", HEAD "literal \"eval(\"\n",
     "f:1: no literal can decide without a pattern: the last is shorter than 8 bytes\n"},
    {"weak literal and a good one", HEAD "literal \"eval(\"\n" BODY, ""},
    {"general literal", HEAD "nocase \"BASE64_DECODE(\"\n",
     "f:1: no literal can decide without a pattern: the last is too general: it stands in "
     "ordinary PHP or HTML\n"},
    {"very short literal", GOOD "literal \"<?\"\n", "f:5: the literal is shorter than 3 bytes\n"},
    {"empty literal", GOOD "literal \"\"\n", "f:5: the literal is empty\n"},
    {"no quotes", GOOD "literal abc\n", "f:5: the literal stands in no quotes\n"},
    {"no closing quote", GOOD "literal \"abc\n", "f:5: the literal has no closing quote\n"},
    {"closing quote escaped", GOOD "literal \"abc\\\"\n",
     "f:5: the literal has no closing quote\n"},
    {"behind the quote", GOOD "literal \"abc\" \"def\"\n",
     "f:5: the literal has something behind its closing quote\n"},
    {"bad escape", GOOD "literal \"abc\\q\"\n",
     "f:5: the literal has an escape other than \\\\ \\\" \\n \\r \\t \\xNN\n"},
    {"bad hex escape", GOOD "literal \"abc\\x4\"\n",
     "f:5: the literal has an escape other than \\\\ \\\" \\n \\r \\t \\xNN\n"},
    {"escape at the end", GOOD "literal \"abc\\",
     "f:5: the literal has an escape other than \\\\ \\\" "
     "\\n \\r \\t \\xNN\n"},
    {"pattern with its own literal", HEAD "pattern inert\\s+marker\n", ""},
    {"pattern without", HEAD "pattern [ab]{3}c?[de]{20}\n",
     "f:4: the pattern would be tried on every file: give a literal of 3 bytes or more\n"},
    {"pattern with a given one", HEAD "literal \"abc\"\npattern [ab]{3}c?[de]{20}\n", ""},
    {"pattern that is broken", HEAD BODY "pattern (inert\n",
     "f:5: the pattern does not compile: offset 6: missing closing parenthesis\n"},
    {"pattern that is general", HEAD "pattern (?i)eval\\s*\\(\n",
     "f:4: the pattern is too general: it matches ordinary PHP or HTML\n"},
    {"the same with a literal", HEAD BODY "pattern (?i)eval\\s*\\(\n", ""},
    {"defined", "define word inert\n" HEAD "pattern %{word}-%{word}\n", ""},
    {"defined by what is defined",
     "define one inert\ndefine two %{one}-marker\n" HEAD "pattern %{two}\n", ""},
    {"not defined", HEAD "pattern inert-%{word}-marker\n",
     "f:4: word is not defined before this line\n"},
    {"defined later",
     HEAD "pattern inert-%{word}-marker\n"
          "define word x\n",
     "f:4: word is not defined before this line\n"},
    {"defined by itself", "define word %{word}x\n" GOOD,
     "f:1: word is not defined before this line\n"},
    {"defined twice", "define word a\ndefine word b\n" GOOD, "f:2: word is defined already\n"},
    {"defined as nothing", "define word\n" GOOD, "f:1: word has no text\n"},
    {"bad name", "define Word x\n" GOOD,
     "f:1: a name that is defined has letters a-z and hyphens\n"},
    {"no name in a pattern", HEAD "pattern inert-%{2}-marker%{\n", ""},
    {"any", GOOD "any \"_GET\" \"a\\\"b c\"\"d\\\\ef\"\n", ""},
    {"any, defined", "define words \"_GET\" \"_POST\"\n" GOOD "any %{words}\n", ""},
    {"any, short", GOOD "any \"_GE\"\n",
     "f:5: the literal is shorter than 4 bytes, or holds a NUL byte\n"},
    {"any, NUL", GOOD "any \"_GE\\x00T\"\n",
     "f:5: the literal is shorter than 4 bytes, or holds a NUL byte\n"},
    {"any, no end", GOOD "any \"_GET\" \"_POST\n", "f:5: the literal has no closing quote\n"},
    {"any, no quotes", GOOD "any _GET\n", "f:5: the literal stands in no quotes\n"},
    {"any, nine",
     GOOD "any \"aaaa\" \"bbbb\" \"cccc\" \"dddd\" \"eeee\" \"ffff\" \"gggg\" \"hhhh\" \"iiii\"\n",
     "f:5: any has at most 8 literals\n"},
    {"any twice", GOOD "any \"_GET\"\nany \"_POST\"\n", "f:6: any stands already in line 5\n"},
    {"two patterns", GOOD "pattern inert\npattern marker\n",
     "f:6: pattern stands already in line 5\n"},
    {"cleans what a pattern names", HEAD "pattern inert[a-z]*marker\ncleans yes\n", ""},
    {"cleans with an open end", HEAD "pattern inert.*\ncleans yes\n",
     "f:5: the pattern begins or ends with a run of anything, so it would cut out code that it "
     "does not name\n"},
    {"does not clean with an open end", HEAD "pattern inert.*\ncleans no\n", ""},
    {"cleans without a pattern", GOOD "cleans yes\n",
     "f:5: only what a pattern matches can be cut out: cleans needs one\n"},
    {"cleans what is suspicious",
     "rule x\ndescription d\nseverity suspicious\npattern inert-marker\ncleans yes\n",
     "f:5: what is suspicious only is never acted upon: cleans is no\n"},
    {"cleans maybe", GOOD "cleans maybe\n", "f:5: cleans is yes or no\n"},
    {"several things", "rule X\nseverity bad\nfamily\nliteral x\n",
     "f:2: severity is malicious or suspicious\nf:3: family has no value\n"
     "f:4: the literal stands in no quotes\n"
     "f:1: a rule's id has 1 to 80 letters a-z, digits, dots and hyphens\n"
     "f:1: the rule has no description\n"},
};

static void test_problem_rows(void)
{
    for (size_t i = 0; i < sizeof problems_of / sizeof *problems_of; i++) {
        struct rules *rules = rules_new();
        struct texts problems = {0};
        rule_file_load(rules, span_text(problems_of[i].text), "f", &problems);
        test_problems(problems_of[i].name, &problems, problems_of[i].problems);
        bool refused = problems.len > 0 && strstr(problems_of[i].text, GOOD) == NULL;
        if (refused)
            test_number(problems_of[i].name, (int64_t)rules_count(rules, RULE_OWN), 0);
        texts_clear(&problems);
        rules_free(rules);
    }
}

/* Each doubles the one before: the bound ends it. */
static void test_large_define(void)
{
    struct strbuf text = {0};
    struct rules *rules = rules_new();
    struct texts problems = {0};
    strbuf_add_text(&text, "define a inert-marker\n");
    for (char c = 'b'; c <= 'z'; c++)
        strbuf_format(&text, "define %c %%{%c}%%{%c}\n", c, c - 1, c - 1);
    rule_file_load(rules, strbuf_span(&text), "f", &problems);
    test_true("too large", problems.len > 0);
    test_text("and told", problems.len > 0 ? problems.at[0] : "",
              "f:14: it is longer than 65536 bytes");
    texts_clear(&problems);
    rules_free(rules);
    strbuf_clear(&text);
}

static const char file[] = "# rules of a test\n"
                           "rule test.first\n"
                           "    description  Runs a marker\n"
                           "    family       marker\n"
                           "    severity     malicious\n"
                           "    in           php html\n"
                           "    literal      \"inert-\\\"\\\\\\x00\\n\\r\\t\\xfF\"\n"
                           "    nocase       \"Marker\"\n"
                           "\n"
                           "rule test.broken\n"
                           "    description  has a bad key\n"
                           "    severity     malicious\n"
                           "    literal      \"inert-marker\"\n"
                           "    nokey        1\n"
                           "\n"
                           "rule test.second\n"
                           "    description  Is told only\n"
                           "    severity     suspicious\n"
                           "    pattern      (?i)inert;\\s+code # not a comment  \n"
                           "rule test.third\n"
                           "    description  Can be cut out\n"
                           "    severity     malicious\n"
                           "    literal      \"<cut>\"\n"
                           "    pattern      <cut>[0-9]+</cut>\n"
                           "    cleans       yes\n";

static void test_any(void)
{
    static const struct {
        const char *text, *hits;
    } texts[] = {{"inert-marker", ""},
                 {"inert-marker _GET", "[SPAMGEAR] [x.y-1];"},
                 {"_POST inert-marker", "[SPAMGEAR] [x.y-1];"},
                 {"inert-marker _get", ""},
                 {"_GET", ""}};
    struct rules *rules = rules_new();
    struct texts problems = {0};
    struct strbuf why = {0};
    rule_file_load(rules, span_text(GOOD "any \"_GET\" \"_POST\"\n"), "f", &problems);
    test_problems("any", &problems, "");
    test_number("compiles", rules_compile(rules, &why), 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct strbuf got = hits_of(rules, span_text(texts[i].text));
        test_text(texts[i].text, strbuf_text(&got), texts[i].hits);
        strbuf_clear(&got);
    }
    texts_clear(&problems);
    strbuf_clear(&why);
    rules_free(rules);
}

/* Patterns that are compiled when they are needed: the same hits, and a wrong one is told then. */
static void test_trusting(void)
{
    struct rules *rules = rules_new();
    struct texts problems = {0};
    struct strbuf why = {0};
    rules->trusting = true;
    rule_file_load(rules,
                   SPAN(HEAD "pattern inert-[a-z]+\n"
                             "rule wrong\ndescription d\nseverity malicious\npattern another-(x\n"),
                   "f", &problems);
    test_problems("nothing is judged", &problems, "");
    test_number("compiles", rules_compile(rules, NULL), 0);
    const struct rule *good = rules_find(rules, "x.y-1"), *wrong = rules_find(rules, "wrong");
    test_true("not yet", good->pattern == NULL && good->needs > 0);
    test_number("now", regex_match(pattern_of(good, &why), SPAN("an inert-marker"), NULL, 0),
                REGEX_MATCH);
    test_true("wrong", pattern_of(wrong, &why) == NULL);
    test_text("told", strbuf_text(&why), "offset 10: missing closing parenthesis");
    texts_clear(&problems);
    strbuf_clear(&why);
    rules_free(rules);
}

static void test_rules(void)
{
    struct rules *rules = rules_new();
    struct texts problems = {0};
    rule_file_load(rules, span_text(file), "f", &problems);
    test_problems("the broken one", &problems, "f:14: nokey is no key of a rule\n");
    test_number("the others", (int64_t)rules_count(rules, RULE_OWN), 3);
    const struct rule *first = rules_find(rules, "test.first");
    test_true("is there", first != NULL);
    test_text("description", first->description, "Runs a marker");
    test_text("family", first->family, "marker");
    test_text("label", first->label, "[SPAMGEAR] [test.first]");
    test_number("kinds", first->kinds, SNIFF_PHP | SNIFF_HTML);
    test_number("severity", first->severity, RULE_MALICIOUS);
    test_number("line", first->line, 2);
    test_true("no family", rules_find(rules, "test.second")->family == NULL);
    test_number("its severity", rules_find(rules, "test.second")->severity, RULE_SUSPICIOUS);
    test_number("a literal of both rule and pattern is one need",
                rules_find(rules, "test.third")->needs, 2);
    compile_rules(rules);
    test_hits("escapes and either case", rules, SPAN("mARKER inert-\"\\\0\n\r\t\xff"),
              "[SPAMGEAR] [test.first];");
    test_hits("one literal of two", rules, SPAN("inert-\"\\\0\n\r\t\xff"), "");
    test_hits("exact literals stay exact", rules, SPAN("marker INERT-\"\\\0\n\r\t\xff"), "");
    test_hits("told only", rules, SPAN("INERT;  CODE # NOT a comment"),
              "[SPAMGEAR] [test.second] told;");
    test_hits("cleans", rules, SPAN("<cut>12</cut>"), "[SPAMGEAR] [test.third] cleans;");
    test_hits("literals without the pattern", rules, SPAN("<cut></cut>"), "");
    texts_clear(&problems);
    rules_free(rules);
}

static void test_bounds(void)
{
    struct rules *rules = rules_new();
    struct texts problems = {0};
    struct strbuf text = {0};
    strbuf_add_text(&text, HEAD);
    for (int i = 0; i < 65; i++)
        strbuf_format(&text, "literal \"inert-marker-%d\"\n", i);
    rule_file_load(rules, strbuf_span(&text), "f", &problems);
    test_problems("64 literals", &problems, "f:68: a rule has at most 64 literals\n");
    texts_clear(&problems);
    rule_file_load(rules,
                   SPAN("rule a\ndescription a\0b\nfamily \0\nseverity malicious\n"
                        "literal \"ine\0t-marker\"\npattern a\0b\nin p\0hp\n"),
                   "f", &problems);
    test_problems("NUL bytes", &problems,
                  "f:2: the text holds a NUL byte\nf:3: the text holds a NUL byte\n"
                  "f:7: p is no kind of content\nf:6: the pattern holds a NUL byte\n");
    strbuf_clear(&text);
    texts_clear(&problems);
    rules_free(rules);
}

int main(void)
{
    test_problem_rows();
    test_large_define();
    test_any();
    test_trusting();
    test_rules();
    test_bounds();
    regex_clear_all();
    return test_end();
}
