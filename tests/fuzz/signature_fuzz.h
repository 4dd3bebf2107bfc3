/* signature_fuzz - what must hold of a rule set whatever a loader has read. */
#ifndef SPAMGEAR_TESTS_SIGNATURE_FUZZ_H
#define SPAMGEAR_TESTS_SIGNATURE_FUZZ_H

#include "spamgear/scan/ordinary.h"
#include "spamgear/scan/pattern.h"
#include "spamgear/scan/signatures.h"
#include <stdlib.h>

static inline void check(bool ok)
{
    if (!ok)
        abort();
}

/* A rule without a pattern has a literal that may decide; ids and links are sound. */
static inline void check_rule(const struct rules *rules, uint32_t number)
{
    const struct rule *rule = &rules->list.at[number];
    bool decides = rule->pattern != NULL;
    check(rule->id != NULL && rule->label != NULL && rule->file != NULL);
    check(rule->same_as <= number && rules->list.at[rule->same_as].same_as == rule->same_as);
    check(rule->first_need + rule->needs <= rules->needs.len);
    check(!rule->non_cleaned || !rule->cleans);
    check((rule->pattern == NULL) == (rule->pattern_text == NULL));
    check(!rule->cleans || !pattern_is_open(span_text(rule->pattern_text)));
    for (uint32_t i = 0; i < rule->needs; i++) {
        uint32_t literal = rules->needs.at[rule->first_need + i];
        check(literal < literals_count(rules->literals));
        decides |= rules_weak_literal(literals_text(rules->literals, literal)) == NULL;
    }
    check(decides);
}

/* Literals that were read off a pattern stand where it matches; ordinary files are not hit. */
static inline void check_text(const struct rules *rules, struct span text, bool ordinary)
{
    struct literal_hits hits = {0};
    literal_hits_init(&hits, rules->literals);
    literals_scan(rules->literals, text, &hits);
    for (size_t i = 0; i < rules->list.len; i++) {
        const struct rule *rule = &rules->list.at[i];
        if (i == rules->clamav)
            continue;
        bool stand = rules_needs_stand(rules, rule, &hits, text);
        bool matches =
            rule->pattern == NULL || regex_match(rule->pattern, text, NULL, 0) == REGEX_MATCH;
        check(!(ordinary && stand && matches));
        if (rule->source == RULE_BACKDOOR && matches)
            check(stand);
    }
    literal_hits_clear(&hits);
}

static inline void check_rules(struct rules *rules, struct span input)
{
    struct strbuf why = {0};
    size_t count;
    const struct span *ordinary = ordinary_texts(&count);
    for (uint32_t i = 0; i < rules->list.len; i++)
        if (i != rules->clamav)
            check_rule(rules, i);
    check(rules_compile(rules, &why) == 0);
    uint32_t literals = literals_count(rules->literals);
    check(rules->watch_first[0] == 0 &&
          rules->watch_first[literals] + rules->always.len + 1 == rules->list.len);
    for (size_t i = 0; i < count; i++)
        check_text(rules, ordinary[i], true);
    check_text(rules, input, false);
    strbuf_clear(&why);
}

/* Each problem begins with the file's name and a line, and no more than lines times some. */
static inline void check_problems(const struct texts *problems)
{
    for (size_t i = 0; i < problems->len; i++) {
        char *end = NULL;
        check(strncmp(problems->at[i], "f:", 2) == 0);
        check(strtoul(problems->at[i] + 2, &end, 10) > 0 && strncmp(end, ": ", 2) == 0);
    }
}

static inline void check_loader(struct span text,
                                void (*load)(struct rules *rules, struct span text,
                                             const char *file, struct texts *problems))
{
    struct rules *rules = rules_new();
    struct texts problems = {0};
    load(rules, text, "f", &problems);
    check_problems(&problems);
    check_rules(rules, text);
    rules_free(rules);
    texts_clear(&problems);
}

#endif
