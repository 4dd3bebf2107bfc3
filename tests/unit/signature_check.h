/* signature_check - what tests of the signature loaders ask of a rule set. */
#ifndef SPAMGEAR_TESTS_SIGNATURE_CHECK_H
#define SPAMGEAR_TESTS_SIGNATURE_CHECK_H

#include "spamgear/scan/rule.h"
#include "test.h"

/* One problem a line. Caller frees the strbuf. */
static inline struct strbuf joined(const struct texts *problems)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < problems->len; i++)
        strbuf_format(&text, "%s\n", problems->at[i]);
    return text;
}

static inline void try_rule(const struct rules *rules, uint32_t number, struct span text,
                            struct literal_hits *hits, struct strbuf *out)
{
    const struct rule *rule = &rules->list.at[number];
    if (rules_needs_stand(rules, rule, hits, text) &&
        (rule->pattern == NULL || regex_match(rule->pattern, text, NULL, 0) == REGEX_MATCH))
        strbuf_format(out, "%s%s%s;", rule->label, rule->non_cleaned ? " told" : "",
                      rule->cleans ? " cleans" : "");
}

/* Labels of the rules that hit text, through the watch table as a scan does it. The rules are
 * compiled. Caller frees the strbuf. */
static inline struct strbuf hits_of(const struct rules *rules, struct span text)
{
    struct strbuf out = {0};
    struct literal_hits hits = {0};
    literal_hits_init(&hits, rules->literals);
    literals_scan(rules->literals, text, &hits);
    for (size_t i = 0; i < hits.numbers.len; i++) {
        uint32_t literal = hits.numbers.at[i];
        for (uint32_t k = rules->watch_first[literal]; k < rules->watch_first[literal + 1]; k++)
            try_rule(rules, rules->watch[k], text, &hits, &out);
    }
    for (size_t i = 0; i < rules->always.len; i++)
        try_rule(rules, rules->always.at[i], text, &hits, &out);
    literal_hits_clear(&hits);
    return out;
}

static inline void test_hits(const char *name, const struct rules *rules, struct span text,
                             const char *want)
{
    struct strbuf got = hits_of(rules, text);
    test_text(name, strbuf_text(&got), want);
    strbuf_clear(&got);
}

static inline void test_problems(const char *name, const struct texts *problems, const char *want)
{
    struct strbuf got = joined(problems);
    test_text(name, strbuf_text(&got), want);
    strbuf_clear(&got);
}

static inline void compile_rules(struct rules *rules)
{
    struct strbuf why = {0};
    test_number("compiles", rules_compile(rules, &why), 0);
    strbuf_clear(&why);
}

#endif
