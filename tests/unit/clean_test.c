/* clean - exactly the injected block goes, or nothing does. Injected code is a marker here. */
#include "spamgear/scan/clean.h"

#include "spamgear/base/mem.h"
#include "spamgear/match/regex.h"
#include "spamgear/scan/signatures.h"
#include "test.h"
#include <stdlib.h>

/* id, pattern, literal it needs, does it clean? */
static const struct {
    const char *id, *pattern, *needs;
    bool cleans;
} rules_rows[] = {
    {"block", "<\\?php /\\*INJ\\*/.*?\\?>\\n?", "/*INJ*/", true},
    {"statement", "evil\\('[^']*'\\);", "evil(", true},
    {"call", "bad\\(.*\\);", "bad(", true},
    {"pair", "\\?><\\?php worse\\(\\);", "worse", true},
    {"across", "FROM[^!]*TO", "FROM", true},
    {"tags-at-ends", "<\\?php /\\*A\\*/[^!]*/\\*Z\\*/ \\?>", "/*A*/", true},
    {"greedy", "<\\?php \\$[a-z]+ = \"\\\\x.*", "\\x", true},
    {"greedy-inside", "\\$[a-z]+ = \"\\\\y.*", "\\y", true},
    {"empty", "(?=NOTHING)", "NOTHING", true},
    {"boom", "BOOM(a+)+(a+)+(a+)+(a+)+b", "BOOM", true},
    {"no-cleaning", "webshell\\(\\)", "webshell", false},
    {"html", "<script>inj\\(\\)</script>", "inj()", true},
};

static struct rules *make_rules(void)
{
    struct rules *rules = rules_new();
    struct strbuf why = {0};
    for (size_t i = 0; i < sizeof rules_rows / sizeof *rules_rows; i++) {
        rules_add(rules, RULE_OWN, rules_rows[i].id, rules_rows[i].id, "test.rules", 1)->cleans =
            rules_rows[i].cleans;
        rules_need(rules, span_text(rules_rows[i].needs), false);
        const struct regex *regex = regex_get(rules_rows[i].pattern, &why);
        test_text(rules_rows[i].id, strbuf_text(&why), "");
        rules_pattern(rules, regex, rules_rows[i].pattern);
    }
    test_number("compiles", rules_compile(rules, &why), 0);
    strbuf_clear(&why);
    return rules;
}

static const struct {
    const char *name, *text;
    enum verdict_cleaning want;
    const char *left, *cuts; /* of CLEANING_DONE */
} rows[] = {
    {"block in front", "<?php /*INJ*/ evil_code(); ?><?php\ngood();\n", CLEANING_DONE,
     "<?php\ngood();\n", "0+29 block"},
    {"block in front, own line", "<?php /*INJ*/ x(); ?>\n<?php good();", CLEANING_DONE,
     "<?php good();", "0+22 block"},
    {"block behind", "<?php good(); ?>\n<?php /*INJ*/ x(); ?>", CLEANING_DONE, "<?php good(); ?>\n",
     "17+21 block"},
    {"block in HTML", "<html><?php /*INJ*/ x(); ?><b>", CLEANING_DONE, "<html><b>", "6+21 block"},
    {"statement", "<?php\ngood();evil('x');\nmore();\n", CLEANING_DONE, "<?php\ngood();\nmore();\n",
     "13+10 statement"},
    {"nothing else changes", "\xef\xbb\xbf<?php \r\n evil('\xff'); \t\r\n  good(); \n\n\n ",
     CLEANING_DONE, "\xef\xbb\xbf<?php \r\n  \t\r\n  good(); \n\n\n ", "12+10 statement"},
    {"several", "<?php evil('a'); good(); evil('b'); evil('c'); more();", CLEANING_DONE,
     "<?php  good();   more();", "6+10 statement 25+10 statement 36+10 statement"},
    {"next to each other", "<?php evil('a');evil('b');good();", CLEANING_DONE, "<?php good();",
     "6+20 statement"},
    {"two rules", "<?php /*INJ*/ x(); ?><?php evil('a'); good();", CLEANING_DONE, "<?php  good();",
     "0+21 block 27+10 statement"},
    {"pair of tags", "<?php good();?><?php worse(); more();", CLEANING_DONE,
     "<?php good(); more();", "13+16 pair"},
    {"one in the other", "<?php evevil('a');il('b'); good();", CLEANING_MALFORMED, NULL, NULL},
    {"one that the other hid", "<?php FROM; evil('a'); x();", CLEANING_DONE, "<?php FROM;  x();",
     "12+10 statement"},
    {"HTML", "<p><script>inj()</script></p>", CLEANING_DONE, "<p></p>", "3+22 html"},
    {"greedy, but cut short", "<?php bad(1); good(2); more(3);", CLEANING_DONE,
     "<?php  good(2); more(3);", "6+7 call"},
    /* nothing to do */
    {"clean", "<?php good();", CLEANING_NOTHING, NULL, NULL},
    {"only what does not clean", "<?php webshell();", CLEANING_NOTHING, NULL, NULL},
    {"empty", "", CLEANING_NOTHING, NULL, NULL},
    /* nothing of use */
    {"the whole file", "<?php /*INJ*/ x(); ?>", CLEANING_EMPTY, NULL, NULL},
    {"all but tags", "<?php evil('x'); ?>\n<?php ?>\n", CLEANING_EMPTY, NULL, NULL},
    {"all but an open tag", "<?php\nevil('x');", CLEANING_EMPTY, NULL, NULL},
    /* what would not be the same code any more */
    {"half a statement", "<?php if ($x) evil('x'); good();", CLEANING_MALFORMED, NULL, NULL},
    {"an argument", "<?php f(evil('x'); good();", CLEANING_MALFORMED, NULL, NULL},
    {"original is open", "<?php good(); } evil('x'); more();", CLEANING_MALFORMED, NULL, NULL},
    {"original is open behind", "<?php evil('x'); good(;", CLEANING_MALFORMED, NULL, NULL},
    {"within a string", "<?php f(\"evil('x');\"); g('y');", CLEANING_DONE, "<?php f(\"\"); g('y');",
     "9+10 statement"},
    {"a comment would swallow it", "<?php // note \nFROM(); TO", CLEANING_MALFORMED, NULL, NULL},
    /* S10: what the original cut off legitimate lines */
    {"greedy pattern", "<?php $bom = \"\\xef\\xbb\\xbf\"; require 'main.php';\ngood();\n",
     CLEANING_STUCK, NULL, NULL},
    {"greedy pattern, whole block", "<?php $bom = \"\\xef\"; require 'main.php'; ?>\n<b>x</b>",
     CLEANING_STUCK, NULL, NULL},
    {"greedy pattern within PHP", "<?php\n$bom = \"\\yef\"; require 'main.php';\ngood();\n",
     CLEANING_STUCK, NULL, NULL},
    /* tags that the pattern does not name */
    {"into the next block", "<?php a(); FROM(); ?> <p>good</p> <?php TO; b();", CLEANING_STUCK,
     NULL, NULL},
    {"blocks between", "<?php /*A*/ x(); ?> <p>good</p> <?php y(); /*Z*/ ?><b>", CLEANING_STUCK,
     NULL, NULL},
    {"out of PHP", "<?php a(); FROM(); ?> TO", CLEANING_STUCK, NULL, NULL},
    /* bounds and doubts */
    {"still found", "<?php evil('x'); webshell(); good();", CLEANING_STUCK, NULL, NULL},
    {"an empty match", "<?php NOTHING;", CLEANING_STUCK, NULL, NULL},
    {"a pattern that gives up",
     "<?php BOOMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac(); b();",
     CLEANING_STUCK, NULL, NULL},
};

static const char *cleaning_name(enum verdict_cleaning cleaning)
{
    static const char *const names[] = {"not asked", "done",      "nothing",
                                        "empty",     "malformed", "stuck"};
    return names[cleaning];
}

static void describe_cuts(const struct rules *rules, const struct verdict *verdict,
                          struct strbuf *out)
{
    for (uint32_t i = 0; i < verdict->cuts_len; i++)
        strbuf_format(out, "%s%" PRIu64 "+%" PRIu64 " %s", i == 0 ? "" : " ",
                      verdict->cuts[i].offset, verdict->cuts[i].len,
                      rules->list.at[verdict->cuts[i].rule].id);
}

/* What must hold of every result. */
static void check_result(const char *name, struct span text, const struct verdict *verdict,
                         const struct strbuf *out)
{
    struct strbuf rebuilt = {0};
    size_t at = 0;
    if (verdict->cleaning != CLEANING_DONE) {
        test_true(name, out->len == 0 && verdict->cuts_len == 0 && verdict->cleaned_size == 0);
        return;
    }
    for (uint32_t i = 0; i < verdict->cuts_len; i++) {
        strbuf_add(&rebuilt, text.at + at, (size_t)verdict->cuts[i].offset - at);
        at = (size_t)(verdict->cuts[i].offset + verdict->cuts[i].len);
    }
    strbuf_add(&rebuilt, text.at + at, text.len - at);
    test_bytes(name, out->data, out->len, rebuilt.data, rebuilt.len);
    test_number(name, (int64_t)verdict->cleaned_size, (int64_t)out->len);
    strbuf_clear(&rebuilt);
}

static enum verdict_cleaning clean(const struct detect *detect, const char *name, struct span text,
                                   struct strbuf *out, struct verdict *verdict)
{
    struct detect_scratch *scratch = detect_scratch_new(detect);
    detect_text(detect, scratch, text, verdict);
    clean_text(detect, scratch, text, out, verdict);
    check_result(name, text, verdict, out);
    detect_scratch_free(scratch);
    return verdict->cleaning;
}

static void test_rows(const struct detect *detect)
{
    struct verdict *verdict = mem_zero(1, sizeof *verdict);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = {0}, cuts = {0};
        strbuf_add_text(&out, "what stood there");
        test_text(
            rows[i].name,
            cleaning_name(clean(detect, rows[i].name, span_text(rows[i].text), &out, verdict)),
            cleaning_name(rows[i].want));
        describe_cuts(detect->rules, verdict, &cuts);
        test_text(rows[i].name, strbuf_text(&out), rows[i].left == NULL ? "" : rows[i].left);
        test_text(rows[i].name, strbuf_text(&cuts), rows[i].cuts == NULL ? "" : rows[i].cuts);
        strbuf_clear(&out);
        strbuf_clear(&cuts);
    }
    free(verdict);
}

/* `depth` blocks, each of which only shows when the one within it is gone. */
static void nested(struct strbuf *text, int depth)
{
    strbuf_add_text(text, "<?php f(\"");
    for (int i = 0; i < depth; i++)
        strbuf_add_text(text, "ev");
    for (int i = 0; i < depth; i++)
        strbuf_add_text(text, "il('x');");
    strbuf_add_text(text, "\"); good();");
}

static void test_bounds(const struct detect *detect)
{
    struct verdict *verdict = mem_zero(1, sizeof *verdict);
    struct strbuf text = {0}, out = {0};
    nested(&text, 50);
    test_text("50 deep", cleaning_name(clean(detect, "50 deep", strbuf_span(&text), &out, verdict)),
              "done");
    test_text("all gone", strbuf_text(&out), "<?php f(\"\"); good();");
    test_number("one cut", verdict->cuts_len, 1);
    strbuf_reset(&text);
    nested(&text, 150);
    test_text("150 deep",
              cleaning_name(clean(detect, "150 deep", strbuf_span(&text), &out, verdict)), "stuck");
    strbuf_reset(&text);
    strbuf_add_text(&text, "<?php ");
    for (int i = 0; i < 32; i++)
        strbuf_add_text(&text, "evil('x'); good(); ");
    test_text("32 cuts", cleaning_name(clean(detect, "32", strbuf_span(&text), &out, verdict)),
              "done");
    strbuf_add_text(&text, "evil('x');");
    test_text("33 cuts", cleaning_name(clean(detect, "33", strbuf_span(&text), &out, verdict)),
              "stuck");
    strbuf_reset(&text);
    strbuf_add_text(&text, "<?php evil('x'); /*");
    while (text.len < CLEAN_MAX - 2)
        strbuf_add_char(&text, 'x');
    strbuf_add_text(&text, "*/");
    test_text("8 MiB", cleaning_name(clean(detect, "8 MiB", strbuf_span(&text), &out, verdict)),
              "done");
    strbuf_add_char(&text, '\n');
    test_text("more", cleaning_name(clean(detect, "more", strbuf_span(&text), &out, verdict)),
              "stuck");
    strbuf_clear(&text);
    strbuf_clear(&out);
    free(verdict);
}

/* What ClamAV found cannot be looked for in the text that is left. */
static void test_clam(const struct detect *detect)
{
    struct verdict *verdict = mem_zero(1, sizeof *verdict);
    struct detect_scratch *scratch = detect_scratch_new(detect);
    struct strbuf out = {0};
    struct span text = SPAN("<?php evil('x'); good();");
    verdict_reset(verdict);
    verdict_add(verdict, detect->rules, detect->rules->clamav, SPAN("Test.Name"));
    clean_text(detect, scratch, text, &out, verdict);
    test_text("ClamAV", cleaning_name(verdict->cleaning), "stuck");
    test_number("nothing", (int64_t)out.len, 0);
    detect_scratch_free(scratch);
    strbuf_clear(&out);
    free(verdict);
}

/* ---- a released file with something put into it ---- */

#define OPEN_OF_FILE "<?php\n"
#define REST_OF_HEAD "/* A comment. */\nfunction first($a, $b)\n{\n    return $a + $b * 2;\n}\n"
#define HEAD_OF_FILE OPEN_OF_FILE REST_OF_HEAD
#define TAIL_OF_FILE                                                                               \
    "class Thing\n{\n    public $name = 'thing';\n    public function get()\n    {\n"              \
    "        return strtoupper($this->name) . '!';\n    }\n}\n$thing = new Thing();\n"             \
    "echo $thing->get(), first(1, 2);\n"
#define RELEASED HEAD_OF_FILE TAIL_OF_FILE

static struct allow_list *allow_released(void)
{
    struct allow_list *allow = allow_new();
    struct php_tokens tokens = {0};
    struct php_sequence sequence = {0};
    struct php_print print;
    struct texts problems = {0};
    struct strbuf list = {0};
    uint8_t hash[DIGEST_BYTES];
    char text[DIGEST_TEXT + 1];
    digest_of(SPAN(RELEASED), hash);
    digest_text(hash, text);
    strbuf_format(&list, "%s  released.php\n", text);
    php_lex(SPAN(RELEASED), 0, &tokens);
    php_sequence_of(SPAN(RELEASED), &tokens, &sequence);
    test_true("has a print", php_print_of(&sequence, &print));
    originals_write_line(&print, &list);
    allow_read(allow, strbuf_span(&list), "list", &problems);
    test_number("no problems", (int64_t)problems.len, 0);
    allow_finish(allow);
    php_sequence_clear(&sequence);
    php_tokens_clear(&tokens);
    strbuf_clear(&list);
    return allow;
}

/* The rule that finds it cannot cut; the released file tells where the block is. */
static void test_released(const struct rules *rules)
{
    static const struct {
        const char *name, *text;
    } infected[] = {
        {"before", "<?php webshell(); ?>\n" RELEASED},
        {"before, on the same line", "<?php webshell(); ?>" RELEASED},
        {"in the open tag", OPEN_OF_FILE "webshell();\n" REST_OF_HEAD TAIL_OF_FILE},
        {"behind", RELEASED "webshell();\n"},
        {"behind, without a newline", RELEASED "webshell();"},
        {"inside", HEAD_OF_FILE "if (1) { webshell(); }\n" TAIL_OF_FILE},
        {"inside, with blanks", HEAD_OF_FILE "        \t   webshell(); " TAIL_OF_FILE},
        {"with a comment", HEAD_OF_FILE "/* x */ webshell(); // y\n" TAIL_OF_FILE},
    };
    struct detect detect = {.rules = rules, .allow = allow_released()};
    struct verdict *verdict = mem_zero(1, sizeof *verdict);
    for (size_t i = 0; i < sizeof infected / sizeof *infected; i++) {
        struct strbuf out = {0};
        const char *name = infected[i].name;
        test_text(name,
                  cleaning_name(clean(&detect, name, span_text(infected[i].text), &out, verdict)),
                  "done");
        test_text(name, strbuf_text(&out), RELEASED);
        strbuf_clear(&out);
    }
    allow_free((struct allow_list *)detect.allow);
    free(verdict);
}

/* ---- what only the analysis of PHP points at ---- */

#define METHOD(name)                                                                               \
    "    public function " name "($first, $second)\n    {\n"                                       \
    "        return array_merge($this->rows, array($first => $second));\n    }\n"
#define METHODS METHOD("one") METHOD("two") METHOD("three") METHOD("four") METHOD("five")
#define HOST                                                                                       \
    "<?php\nclass Rows\n{\n    private $rows = array();\n" METHODS "}\n"                           \
    "$rows = new Rows();\nprint_r($rows->one(1, 2));\n"
#define HOST_FRONT "<?php\nclass Rows\n{\n    private $rows = array();\n" METHODS "}\n"
#define HOST_BACK  "$rows = new Rows();\nprint_r($rows->one(1, 2));\n"
#define FOREIGN    "$k = 'marker';\n$c = $_POST[$k];\neval($c);\n"

static void test_analysed(void)
{
    static const struct {
        const char *name, *text;
        enum verdict_cleaning want;
        const char *left;
    } cases[] = {
        {"block before", "<?php " FOREIGN "?>\n" HOST, CLEANING_DONE, HOST},
        {"block before, with more in it", "<?php echo 'x'; " FOREIGN "?>" HOST, CLEANING_DONE,
         HOST},
        {"behind", HOST "\n" FOREIGN, CLEANING_DONE, HOST},
        {"block behind", HOST "?>\n<?php " FOREIGN " ?>", CLEANING_DONE, HOST "?>\n"},
        {"inside", HOST_FRONT FOREIGN HOST_BACK, CLEANING_DONE, HOST},
        {"with a function of its own",
         HOST_FRONT "function m($x) { return $x; }\n$c = m($_POST['a']);\neval($c);\n" HOST_BACK,
         CLEANING_DONE, HOST},
        {"what the host uses", HOST_FRONT FOREIGN "$rows2 = $c;\n" HOST_BACK "echo $c;\n",
         CLEANING_NOTHING, NULL},
        {"nothing else", "<?php echo 'a page'; " FOREIGN, CLEANING_NOTHING, NULL},
    };
    struct rules *rules = rules_new();
    struct texts problems = {0};
    struct strbuf why = {0};
    signatures_load_text(rules, "test.weights",
                         SPAN("bias -3\nmalicious 3\nsuspicious 1\npoints eval.request.direct 6\n"
                              "points eval.request 6\npoints eval.request.far 6\n"),
                         "test.weights", &problems);
    test_number("no problems", (int64_t)problems.len, 0);
    test_number("compiles", rules_compile(rules, &why), 0);
    const struct detect detect = {.rules = rules};
    struct verdict *verdict = mem_zero(1, sizeof *verdict);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out = {0};
        const char *name = cases[i].name;
        test_text(name,
                  cleaning_name(clean(&detect, name, span_text(cases[i].text), &out, verdict)),
                  cleaning_name(cases[i].want));
        test_text(name, strbuf_text(&out), cases[i].left == NULL ? "" : cases[i].left);
        strbuf_clear(&out);
    }
    free(verdict);
    texts_clear(&problems);
    strbuf_clear(&why);
    rules_free(rules);
}

int main(void)
{
    struct rules *rules = make_rules();
    const struct detect detect = {.rules = rules};
    test_rows(&detect);
    test_bounds(&detect);
    test_clam(&detect);
    if (digest_load(NULL) == 0)
        test_released(rules);
    else
        test_true("libcrypto", false);
    test_analysed();
    rules_free(rules);
    regex_clear_all();
    return test_end();
}
