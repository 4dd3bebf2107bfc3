/* php_judge_test - the list of features, weights files, and what points come to. */
#include "spamgear/scan/php_judge.h"

#include "spamgear/scan/signatures.h"
#include "test.h"

/* ---- the list ---- */

static bool is_family(const char *name)
{
    for (size_t i = 0; php_families[i].name != NULL; i++)
        if (strcmp(php_families[i].name, name) == 0)
            return true;
    return false;
}

static void test_list(void)
{
    for (size_t i = 0; i < php_feature_count(); i++) {
        const char *name = php_feature_name(i), *family = php_feature_family(i);
        unsigned flags = php_feature_flags(i);
        test_number(name, (int64_t)php_feature_find(span_text(name)), (int64_t)i);
        test_true(name, family == NULL || is_family(family));
        test_true(name, *php_feature_meaning(i) != '\0');
        test_true(name, (flags & PHP_FEATURE_UP) == 0 || (flags & PHP_FEATURE_DOWN) == 0);
        test_true(name, (flags & PHP_FEATURE_STRONG) == 0 || (flags & PHP_FEATURE_DOWN) == 0);
    }
    test_number("no feature", (int64_t)php_feature_find(SPAN("eval.nothing")),
                (int64_t)php_feature_count());
}

/* ---- weights ---- */

#define THREE "bias -2\nmalicious 5\nsuspicious 3.5\n"

static void test_reading(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {THREE, ""},
        {"# why\n\n  bias  -2 \r\n\tmalicious 5\nsuspicious 5\npoints eval.request 2.25\n", ""},
        {"", "bias, malicious and suspicious must all be given"},
        {"bias 1\nmalicious 1\n", "bias, malicious and suspicious must all be given"},
        {"bias 1\nbias 1\n", "line 2: bias is given twice"},
        {"bias\n", "line 1: bias needs a number between -1000 and 1000"},
        {"bias 1e3\n", "line 1: bias needs a number between -1000 and 1000"},
        {"bias nan\n", "line 1: bias needs a number between -1000 and 1000"},
        {"bias 1.2.3\n", "line 1: bias needs a number between -1000 and 1000"},
        {"bias 1001\n", "line 1: bias needs a number between -1000 and 1000"},
        {"bias 1 2\n", "line 1: something stands behind the number"},
        {"malicious 1\nsuspicious 2\nbias 0\n", "suspicious is above malicious"},
        {THREE "points eval.nothing 1\n", "line 4: eval.nothing is no feature"},
        {THREE "points eval.request 1\npoints eval.request 2\n",
         "line 5: eval.request has points already"},
        {THREE "points eval.request\n", "line 4: points needs a number between -1000 and 1000"},
        {"point eval.request 1\n", "line 1: point is none of bias, malicious, suspicious and "
                                   "points"},
    };
    struct php_weights *weights = mem_zero(1, sizeof *weights);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf why = {0};
        int result = php_weights_read(span_text(cases[i].text), weights, &why);
        test_number(cases[i].text, result, *cases[i].want == '\0' ? 0 : -1);
        test_text(cases[i].text, strbuf_text(&why), cases[i].want);
        strbuf_clear(&why);
    }
    free(weights);
}

/* ---- judging ---- */

static void test_judging(void)
{
    static const char points[] = THREE "points eval.request 4\npoints run.top 1.5\n"
                                       "points form.page 6\npoints form.line.1000 2\n"
                                       "points form.namespace -3\n";
    static const struct {
        const char *name, *features[4];
        int severity;
        const char *family, *first;
    } cases[] = {
        {"nothing", {NULL}, -1, NULL, NULL},
        {"not enough", {"eval.request", NULL}, -1, NULL, "eval.request"},
        {"told",
         {"run.top", "eval.request", NULL},
         RULE_SUSPICIOUS,
         "Eval.Request",
         "eval.request"},
        {"much, but nothing strong",
         {"form.page", "form.line.1000", NULL},
         RULE_SUSPICIOUS,
         "Mixed",
         "form.page"},
        {"malicious",
         {"form.page", "eval.request", NULL},
         RULE_MALICIOUS,
         "Eval.Request",
         "form.page"},
        {"no more",
         {"form.page", "eval.request", "form.namespace", NULL},
         RULE_MALICIOUS,
         "Eval.Request",
         "form.page"},
    };
    struct php_weights *weights = mem_zero(1, sizeof *weights);
    php_weights_read(SPAN(points), weights, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct php_features features = {{0}};
        struct php_judgement got;
        for (size_t j = 0; cases[i].features[j] != NULL; j++) {
            size_t feature = php_feature_find(span_text(cases[i].features[j]));
            features.bits[feature / 64] |= UINT64_C(1) << (feature % 64);
        }
        php_judge(weights, &features, &got);
        test_number(cases[i].name, got.severity, cases[i].severity);
        test_text(cases[i].name, got.family == NULL ? "" : got.family,
                  cases[i].family == NULL ? "" : cases[i].family);
        test_text(cases[i].name, got.top_len == 0 ? "" : php_feature_name(got.top[0].feature),
                  cases[i].first == NULL ? "" : cases[i].first);
    }
    free(weights);
}

/* ---- in a rule set ---- */

static void test_rules(void)
{
    struct rules *rules = rules_new();
    struct texts problems = {0};
    struct php_judgement judgement = {.family = "Eval.Request", .severity = RULE_SUSPICIOUS};
    signatures_load_text(rules, "php.weights", SPAN("bias 1\n"), "bad.weights", &problems);
    test_number("a bad file is told", (int64_t)problems.len, 1);
    test_true("and not used", rules->php == NULL);
    signatures_load_text(rules, "php.weights", SPAN(THREE), "a.weights", &problems);
    uint64_t fingerprint = rules_fingerprint(rules);
    size_t len = rules->list.len;
    signatures_load_text(rules, "php.weights", SPAN("bias 1\nmalicious 2\nsuspicious 1\n"),
                         "b.weights", &problems);
    test_true("the first one counts", rules_fingerprint(rules) == fingerprint);
    test_number("and no rule comes twice", (int64_t)rules->list.len, (int64_t)len);
    const struct rule *rule = &rules->list.at[php_judgement_rule(rules, &judgement)];
    test_text("id", rule->id, "analysis.eval.request.suspicious");
    test_text("label", rule->label, "[SPAMGEAR] [PHP.Eval.Request]");
    test_true("never acted upon", rule->non_cleaned);
    judgement.severity = RULE_MALICIOUS;
    rule = &rules->list.at[php_judgement_rule(rules, &judgement)];
    test_text("id", rule->id, "analysis.eval.request");
    test_true("acted upon", !rule->non_cleaned);
    rules->php->bias += 1;
    test_true("other points, another fingerprint", rules_fingerprint(rules) != fingerprint);
    texts_clear(&problems);
    rules_free(rules);
}

int main(void)
{
    test_list();
    test_reading();
    test_judging();
    test_rules();
    return test_end();
}
