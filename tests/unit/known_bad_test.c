/* known_bad_test - lists of hashes: their format, and what is found by them. */
#include "spamgear/scan/known_bad.h"

#include "spamgear/scan/detect.h"
#include "spamgear/scan/signatures.h"
#include "test.h"

#define A "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* of "abc" */

static void test_lines(void)
{
    static const struct {
        const char *text;
        const char *problem; /* NULL: none */
        size_t files, normals, shapes;
    } cases[] = {
        {"", NULL, 0, 0, 0},
        {"# comment\n\n", NULL, 0, 0, 0},
        {"sha256 3 " A "\n", NULL, 1, 0, 0},
        {"normal 0123456789abcdef\nnormal ffffffffffffffff", NULL, 0, 2, 0},
        {"shape 24 0123456789abcdef\n", NULL, 0, 0, 1},
        {"shape 23 0123456789abcdef\n", "f:1: is no hash as *.hashes has them", 0, 0, 0},
        {"sha256 " A "\n", "f:1: is no hash as *.hashes has them", 0, 0, 0},
        {"sha256 3 " A " x\n", "f:1: is no hash as *.hashes has them", 0, 0, 0},
        {"sha256 -3 " A "\n", "f:1: is no hash as *.hashes has them", 0, 0, 0},
        {"normal 0123456789abcde\n", "f:1: is no hash as *.hashes has them", 0, 0, 0},
        {"normal 0123456789abcdefa\n", "f:1: is no hash as *.hashes has them", 0, 0, 0},
        {"normal\n", "f:1: is no hash as *.hashes has them", 0, 0, 0},
        {"md5 0123456789abcdef\n", "f:1: is no hash as *.hashes has them", 0, 0, 0},
        {A "  file\n", "f:1: is no hash as *.hashes has them", 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rules *rules = rules_new();
        struct texts problems = {0};
        known_bad_load(rules, span_text(cases[i].text), "f", &problems);
        test_number(cases[i].text, (int64_t)problems.len, cases[i].problem != NULL);
        if (problems.len > 0 && cases[i].problem != NULL)
            test_text(cases[i].text, problems.at[0], cases[i].problem);
        test_number(cases[i].text, (int64_t)rules->bad.files.len, (int64_t)cases[i].files);
        test_number(cases[i].text, (int64_t)rules->bad.normals.len, (int64_t)cases[i].normals);
        test_number(cases[i].text, (int64_t)rules->bad.shapes.len, (int64_t)cases[i].shapes);
        texts_clear(&problems);
        rules_free(rules);
    }
}

static void test_files(void)
{
    struct rules *rules = rules_new();
    struct texts problems = {0};
    struct strbuf why = {0};
    struct verdict verdict;
    known_bad_load(rules, SPAN("sha256 3 " A "\n"), "f", &problems);
    test_number("compiles", rules_compile(rules, &why), 0);
    const struct detect detect = {.rules = rules};
    struct detect_scratch *scratch = detect_scratch_new(&detect);
    detect_text(&detect, scratch, SPAN("abc"), &verdict);
    test_number("found", verdict.result, VERDICT_FOUND);
    test_true("acted upon", verdict_acts(&verdict, rules));
    test_number("hash", verdict.has_hash, true);
    detect_text(&detect, scratch, SPAN("abd"), &verdict);
    test_number("same size", verdict.result, VERDICT_CLEAN);
    test_number("no hash", verdict.has_hash, false);
    detect_scratch_free(scratch);
    texts_clear(&problems);
    strbuf_clear(&why);
    rules_free(rules);
}

static void test_texts(void)
{
    struct rules *rules = rules_new();
    struct texts problems = {0};
    known_bad_load(rules,
                   SPAN("normal 0000000000000007\nnormal 0000000000000001\n"
                        "shape 50 00000000000000ff\n"),
                   "f", &problems);
    known_bad_finish(&rules->bad);
    const struct {
        struct php_form form;
        enum known_bad_kind want;
    } cases[] = {{{.normal = 1}, KNOWN_BAD_COPY},
                 {{.normal = 7, .shape = 255, .shape_tokens = 50}, KNOWN_BAD_COPY},
                 {{.normal = 2, .shape = 255, .shape_tokens = 50}, KNOWN_BAD_SHAPED},
                 {{.normal = 2, .shape = 255, .shape_tokens = 23}, KNOWN_BAD_KINDS},
                 {{.normal = 255, .shape = 7, .shape_tokens = 50}, KNOWN_BAD_KINDS}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        test_number("known as", known_bad_of(&rules->bad, &cases[i].form), cases[i].want);
    texts_clear(&problems);
    rules_free(rules);
}

int main(void)
{
    struct strbuf why = {0};
    test_lines();
    test_texts();
    test_number("libcrypto", digest_load(&why), 0);
    test_files();
    strbuf_clear(&why);
    return test_end();
}
