/* shelldb - a database made here finds all that base64(file) holds it, at every offset; a damaged
 * one is not used at all. */
#include "signature_check.h"
#include "spamgear/scan/signatures.h"

/* ---- making one ---- */

static void base64(struct span bytes, struct strbuf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < have ? (unsigned char)bytes.at[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            strbuf_add_char(out, k <= have ? digits[bits >> (18 - 6 * k) & 63] : '=');
    }
}

static void add_string(struct strbuf *out, struct span text)
{
    strbuf_format(out, "s:%zu:\"", text.len);
    strbuf_add_span(out, text);
    strbuf_add_text(out, "\";");
}

/* Loads serialised data, in base64 with a line end every 76 characters as base64(1) writes. */
static void load_serialised(struct rules *rules, struct span data, struct texts *problems)
{
    struct strbuf plain = {0}, lines = {0};
    base64(data, &plain);
    for (size_t i = 0; i < plain.len; i += 76) {
        strbuf_add(&lines, plain.data + i, plain.len - i < 76 ? plain.len - i : 76);
        strbuf_add_char(&lines, '\n');
    }
    shelldb_load(rules, strbuf_span(&lines), "f", problems);
    strbuf_clear(&plain);
    strbuf_clear(&lines);
}

struct pair {
    const char *signature, *name;
};

static struct rules *load_pairs(const struct pair *pairs, size_t len, struct texts *problems)
{
    struct strbuf data = {0};
    struct rules *rules = rules_new();
    strbuf_format(&data, "a:%zu:{", len);
    for (size_t i = 0; i < len; i++) {
        add_string(&data, span_text(pairs[i].signature));
        add_string(&data, span_text(pairs[i].name));
    }
    strbuf_add_char(&data, '}');
    load_serialised(rules, strbuf_span(&data), problems);
    strbuf_clear(&data);
    return rules;
}

/* ---- the meaning ---- */

#define MARK "/* an inert marker, and 0123456789 more of it */"

/* A text before it shifts the base64; so every alignment comes, and ours finds it everywhere. */
static void test_alignments(void)
{
    struct strbuf base = {0}, file = {0}, again = {0};
    base64(SPAN("x" MARK "y"), &base);
    for (size_t from = 0; from < 8; from++) {
        char *signature = mem_text_of(base.data + from, 48);
        struct texts problems = {0};
        struct rules *rules =
            load_pairs(&(struct pair){signature, "inert[3][0][php]"}, 1, &problems);
        compile_rules(rules);
        test_problems("no problem", &problems, "");
        test_number("one signature", (int64_t)rules_count(rules, RULE_SHELLDETECT), 1);
        for (size_t before = 0; before < 4; before++) {
            strbuf_reset(&file);
            strbuf_add(&file, "????", before);
            strbuf_add_text(&file, "x" MARK "y");
            test_hits("at any offset", rules, strbuf_span(&file), "[DETECTOR] [inert];");
            strbuf_reset(&again);
            base64(strbuf_span(&file), &again);
            test_true("the original finds it at one offset of three",
                      (strstr(strbuf_text(&again), signature) != NULL) == (before % 3 == 0));
        }
        test_hits("base64 in the file itself", rules, strbuf_span(&base), "[DETECTOR] [inert];");
        test_hits("a part is not enough", rules, SPAN("/* an inert marker, and 012"), "");
        texts_clear(&problems);
        rules_free(rules);
        free(signature);
    }
    strbuf_clear(&base);
    strbuf_clear(&file);
    strbuf_clear(&again);
}

#define ESC  "\x1b"
#define CODE "aW5lcnQtbWFya2VyLTAx" /* inert-marker-01 */

static const struct {
    const char *name;
    struct pair pair;
    const char *file, *want, *problem; /* behind "f:1: signature 1, " */
} cases[] = {
    {"a shell", {CODE, "c99[26][0][php]"}, "inert-marker-01", "[DETECTOR] [c99];", NULL},
    {"malicious", {CODE, "spam[0][1][php]"}, "inert-marker-01", "[DETECTOR] [spam];", NULL},
    {"potentially dangerous",
     {CODE, "mysql[6][2][php]"},
     "inert-marker-01",
     "[DETECTOR] [mysql] told;",
     NULL},
    {"another class", {CODE, "x[6][01][php]"}, "inert-marker-01", "[DETECTOR] [x] told;", NULL},
    {"no form", {CODE, "x[0][2]"}, "inert-marker-01", "[DETECTOR] [x[0][2]];", NULL},
    {"no name", {CODE, "[6][2][php]"}, "inert-marker-01", "[DETECTOR] [[6][2][php]];", NULL},
    {"brackets", {CODE, "x[y][6][0][php]"}, "inert-marker-01", "[DETECTOR] [x[y]];", NULL},
    {"control bytes",
     {CODE, "x" ESC "\n[6][0][php]"},
     "inert-marker-01",
     "[DETECTOR] [x\\x1b\\n];",
     NULL},
    {"raw", {"bb:" CODE, "x[0][0][php]"}, "inert-marker-01", "[DETECTOR] [x];", NULL},
    {"raw is not base64 of the file", {"bb:" CODE, "x[0][0][php]"}, CODE, "", NULL},
    {"raw that is none", {"bb:a*b", "x[0][0][php]"}, "a*b", "", "x[0][0][php]: it is no base64"},
    {"raw, cut off",
     {"bb:aW5lcnQtbWFya2VyLTAxa", "x[0][0][php]"},
     "inert-marker-01",
     "",
     "x[0][0][php]: it is no base64"},
    {"raw, empty", {"bb:", "x[0][0][php]"}, "", "", "x[0][0][php]: it is no base64"},
    {"no base64: stands in the file",
     {"inert-marker-01", "x[0][0][php]"},
     "inert-marker-01",
     "[DETECTOR] [x];",
     NULL},
    {"empty", {"", "x[0][0][php]"}, "", "", "x[0][0][php]: it is empty"},
    {"short",
     {"aW5lcnQt", "x[0][0][php]"},
     "inert-",
     "",
     "x[0][0][php]: it is shorter than 8 bytes"},
    {"padding",
     {"aW5lcnQtbWFya2VyLTA=", "x[0][0]a"},
     "inert-marker-0",
     "[DETECTOR] [x[0][0]a];",
     NULL},
    {"padding of two", {"aW5lcnQtbWFya2VyLQ==", "x"}, "inert-marker-", "[DETECTOR] [x];", NULL},
    {"padding and more",
     {"aW5lcnQtbWFya2VyLQ==a", "x"},
     "aW5lcnQtbWFya2VyLQ==a",
     "[DETECTOR] [x];",
     NULL},
    {"one byte",
     {"QUFBQUFBQUFBQUFBQUFBQUFB", "x" ESC},
     "AAAAAAAAAAAAAAAAAAAA",
     "",
     "x\\x1b: it is too general: it holds less than 4 different bytes"},
    {"ordinary PHP",
     {"JHVzZXIgPSAkX0NPT0tJRVsndXNlciddOw", "x"},
     "$user = $_COOKIE['user'];",
     "",
     "x: it is too general: it stands in ordinary PHP or HTML"},
};

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct texts problems = {0};
        struct strbuf want = {0};
        struct rules *rules = load_pairs(&cases[i].pair, 1, &problems);
        if (cases[i].problem != NULL)
            strbuf_format(&want, "f:1: signature 1, %s\n", cases[i].problem);
        test_problems(cases[i].name, &problems, strbuf_text(&want));
        compile_rules(rules);
        test_hits(cases[i].name, rules, span_text(cases[i].file), cases[i].want);
        strbuf_clear(&want);
        texts_clear(&problems);
        rules_free(rules);
    }
}

/* One bad signature is left out alone; the version is none; another folder's copy adds nothing. */
static void test_several(void)
{
    static const struct pair pairs[] = {
        {"version", "1405674947"}, {"aW5lcnQt", "short"}, {CODE, "x[0][0][php]"}};
    struct texts problems = {0};
    struct rules *rules = load_pairs(pairs, 3, &problems);
    test_problems("the short one", &problems,
                  "f:1: signature 2, short: it is shorter than 8 bytes\n");
    test_number("one is left", (int64_t)rules_count(rules, RULE_SHELLDETECT), 1);
    size_t before = rules->list.len;
    load_serialised(rules, SPAN("a:1:{s:20:\"" CODE "\";s:1:\"y\";}"), &problems);
    test_number("the same again", (int64_t)rules->list.len, (int64_t)before);
    texts_clear(&problems);
    rules_free(rules);
}

/* ---- damage ---- */

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }
#define ENTRY "s:20:\"" CODE "\";s:1:\"x\";"

static const struct {
    const char *name;
    struct span data;
    const char *problem; /* NULL: it is sound */
} serialised[] = {
#define DATA(literal)                                                                              \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }
    {"sound", DATA("a:1:{" ENTRY "}"), NULL},
    {"no array", DATA("s:1:\"x\";"),
     "byte 0 of the decoded text: it is cut off, or no array that PHP has serialised"},
    {"no entries", DATA("a:0:{}"), "byte 6 of the decoded text: it holds no signature"},
    {"cut off after an entry", DATA("a:2:{" ENTRY),
     "byte 41 of the decoded text: it is cut off, or holds something else than texts and numbers"},
    {"more than it says", DATA("a:1:{" ENTRY ENTRY "}"),
     "byte 41 of the decoded text: it is cut off, or no array that PHP has serialised"},
    {"less than it says", DATA("a:2:{" ENTRY "}"),
     "byte 41 of the decoded text: it is cut off, or holds something else than texts and numbers"},
    {"a huge count", DATA("a:99999999999999999999:{" ENTRY "}"),
     "byte 23 of the decoded text: a count is wrong"},
    {"a negative count", DATA("a:-1:{" ENTRY "}"), "byte 5 of the decoded text: a count is wrong"},
    {"no count", DATA("a::{" ENTRY "}"), "byte 3 of the decoded text: a count is wrong"},
    {"a count without end", DATA("a:0000000000000000000000000000000000000000000000:{}"),
     "byte 2 of the decoded text: it is cut off, or a number is too long"},
    {"a text longer than the rest", DATA("a:1:{s:1000:\"x"),
     "byte 12 of the decoded text: a count is wrong"},
    {"a text that is cut off", DATA("a:1:{s:2:\"x"),
     "byte 10 of the decoded text: a text is cut off"},
    {"a text that is longer", DATA("a:1:{s:1:\"xy\";s:1:\"x\";}"),
     "byte 11 of the decoded text: it is cut off, or no array that PHP has serialised"},
    {"something behind it", DATA("a:1:{" ENTRY "}x"),
     "byte 42 of the decoded text: something stands behind the array"},
    {"a number as signature", DATA("a:1:{i:5;s:1:\"x\";}"),
     "byte 17 of the decoded text: an entry is not a signature and a name"},
    {"a number as name", DATA("a:1:{s:1:\"x\";i:-5;}"),
     "byte 18 of the decoded text: an entry is not a signature and a name"},
    {"nothing as name", DATA("a:1:{s:1:\"x\";N;}"),
     "byte 15 of the decoded text: an entry is not a signature and a name"},
    {"a truth as name", DATA("a:1:{s:1:\"x\";b:1;}"),
     "byte 17 of the decoded text: an entry is not a signature and a name"},
    {"a fraction as name", DATA("a:1:{s:1:\"x\";d:-1.5E+3;}"),
     "byte 23 of the decoded text: an entry is not a signature and a name"},
    {"a wrong truth", DATA("a:1:{s:1:\"x\";b:2;}"),
     "byte 17 of the decoded text: a number is none"},
    {"a wrong number", DATA("a:1:{s:1:\"x\";i:1-;}"),
     "byte 18 of the decoded text: a number is none"},
    {"an empty number", DATA("a:1:{s:1:\"x\";i:;}"),
     "byte 16 of the decoded text: a number is none"},
    {"a nested array", DATA("a:1:{s:1:\"x\";a:1:{i:0;d:0.5;}}"),
     "byte 29 of the decoded text: an entry is not a signature and a name"},
    {"a key of a nested array", DATA("a:1:{s:1:\"x\";a:1:{b:0;d:0.5;}}"),
     "byte 28 of the decoded text: a key is neither text nor number"},
    {"deep", DATA("a:1:{i:0;a:1:{i:0;a:1:{i:0;a:1:{i:0;a:1:{i:0;N;}}}}}"),
     "byte 38 of the decoded text: arrays stand too deep in each other"},
    {"an object", DATA("a:1:{O:1:\"x\":0:{}i:0;}"),
     "byte 5 of the decoded text: it is cut off, or holds something else than texts and numbers"},
    {"a reference", DATA("a:1:{R:1;i:0;}"),
     "byte 5 of the decoded text: it is cut off, or holds something else than texts and numbers"},
#undef DATA
};

static void test_serialised(void)
{
    for (size_t i = 0; i < sizeof serialised / sizeof *serialised; i++) {
        struct texts problems = {0};
        struct strbuf want = {0};
        struct rules *rules = rules_new();
        load_serialised(rules, serialised[i].data, &problems);
        if (serialised[i].problem != NULL)
            strbuf_format(&want, "f:1: %s; nothing of it is used\n", serialised[i].problem);
        test_problems(serialised[i].name, &problems, strbuf_text(&want));
        test_true(serialised[i].name,
                  (rules_count(rules, RULE_SHELLDETECT) > 0) == (serialised[i].problem == NULL));
        strbuf_clear(&want);
        texts_clear(&problems);
        rules_free(rules);
    }
}

/* Every cut of a sound database is noticed, and nothing of it is used. */
static void test_cut(void)
{
    struct strbuf whole = {0};
    base64(SPAN("a:2:{" ENTRY "s:7:\"version\";s:1:\"1\";}"), &whole);
    for (size_t len = 0; len <= whole.len; len++) {
        struct texts problems = {0};
        struct rules *rules = rules_new();
        char *text = mem_text_of(whole.data, len);
        shelldb_load(rules, (struct span){text, len}, "f", &problems);
        test_number("a problem", (int64_t)problems.len, len < whole.len);
        test_number("all or nothing", (int64_t)rules_count(rules, RULE_SHELLDETECT),
                    len == whole.len);
        free(text);
        texts_clear(&problems);
        rules_free(rules);
    }
    strbuf_clear(&whole);
}

static void test_no_base64(void)
{
    static const struct span texts[] = {
        TEXT(""),           TEXT("\n"),    TEXT("YTox*"), TEXT("<!DOCTYPE html>\n"),
        TEXT("YTox\0Ono="), TEXT("=YTox"), TEXT("YTo=x"), TEXT("====")};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct texts problems = {0};
        struct rules *rules = rules_new();
        shelldb_load(rules, texts[i], "f", &problems);
        test_problems(texts[i].at, &problems,
                      "f:1: it is no base64, or cut off: nothing of it is used\n");
        texts_clear(&problems);
        rules_free(rules);
    }
}

int main(void)
{
    test_alignments();
    test_cases();
    test_several();
    test_serialised();
    test_cut();
    test_no_base64();
    return test_end();
}
