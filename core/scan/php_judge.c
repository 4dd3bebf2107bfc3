/* php_judge - adds up points.
 *
 * A weights file is lines of words: "bias X", "malicious X", "suspicious X" once each, and "points
 * NAME X" for each feature that has any. # begins a comment line. Numbers are decimal, within
 * +-1000, so a sum cannot overflow or be no number.
 */
#include "spamgear/scan/php_judge.h"

#include "spamgear/base/map.h"
#include "spamgear/scan/signatures.h"
#include <stdlib.h>

#define POINTS_MAX 1000.0f

/* ---- reading ---- */

struct reader {
    struct php_weights *weights;
    bool has_bias, has_malicious, has_suspicious;
};

static struct span take_word(struct span *line)
{
    while (line->len > 0 && (line->at[0] == ' ' || line->at[0] == '\t'))
        *line = span_skip(*line, 1);
    size_t len = 0;
    while (len < line->len && memchr(" \t\r", line->at[len], 3) == NULL)
        len++;
    struct span word = {line->at, len};
    *line = span_skip(*line, len);
    return word;
}

/* Digits with at most one point, and a sign: nothing else that strtof would take. */
static bool read_points(struct span word, float *points)
{
    char text[24], *end;
    if (word.len == 0 || word.len >= sizeof text)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (memchr("0123456789.-", word.at[i], 12) == NULL)
            return false;
    memcpy(text, word.at, word.len);
    text[word.len] = '\0';
    *points = strtof(text, &end);
    return *end == '\0' && *points >= -POINTS_MAX && *points <= POINTS_MAX;
}

static int read_number(struct span *line, const char *what, bool *had, float *number,
                       struct strbuf *why)
{
    if (had != NULL && *had)
        return strbuf_why(why, "%s is given twice", what);
    if (!read_points(take_word(line), number))
        return strbuf_why(why, "%s needs a number between -1000 and 1000", what);
    if (had != NULL)
        *had = true;
    return take_word(line).len == 0 ? 0 : strbuf_why(why, "something stands behind the number");
}

static int read_feature(struct reader *reader, struct span *line, struct strbuf *why)
{
    struct span name = take_word(line);
    size_t feature = php_feature_find(name);
    if (feature == php_feature_count())
        return strbuf_why(why, "%.*s is no feature", (int)(name.len < 80 ? name.len : 80), name.at);
    if (reader->weights->points[feature] != 0)
        return strbuf_why(why, "%s has points already", php_feature_name(feature));
    return read_number(line, "points", NULL, &reader->weights->points[feature], why);
}

static int read_line(struct reader *reader, struct span line, struct strbuf *why)
{
    struct php_weights *weights = reader->weights;
    struct span word = take_word(&line);
    if (word.len == 0 || word.at[0] == '#')
        return 0;
    if (span_is(word, SPAN("points")))
        return read_feature(reader, &line, why);
    if (span_is(word, SPAN("bias")))
        return read_number(&line, "bias", &reader->has_bias, &weights->bias, why);
    if (span_is(word, SPAN("malicious")))
        return read_number(&line, "malicious", &reader->has_malicious, &weights->malicious, why);
    if (span_is(word, SPAN("suspicious")))
        return read_number(&line, "suspicious", &reader->has_suspicious, &weights->suspicious, why);
    return strbuf_why(why, "%.*s is none of bias, malicious, suspicious and points",
                      (int)(word.len < 80 ? word.len : 80), word.at);
}

int php_weights_read(struct span text, struct php_weights *weights, struct strbuf *why)
{
    struct reader reader = {.weights = weights};
    struct strbuf wrong = {0};
    struct span line;
    unsigned number = 0;
    int result = 0;
    *weights = (struct php_weights){.bias = 0};
    while (result == 0 && span_take_line(&text, &line)) {
        number++;
        result = read_line(&reader, line, &wrong);
    }
    if (result != 0)
        strbuf_why(why, "line %u: %s", number, strbuf_text(&wrong));
    else if (!reader.has_bias || !reader.has_malicious || !reader.has_suspicious)
        result = strbuf_why(why, "bias, malicious and suspicious must all be given");
    else if (weights->suspicious > weights->malicious)
        result = strbuf_why(why, "suspicious is above malicious");
    strbuf_clear(&wrong);
    return result;
}

uint64_t php_weights_fingerprint(const struct php_weights *weights)
{
    return map_digest(weights, sizeof *weights);
}

/* ---- loading ---- */

/* "Eval.Request" is rule analysis.eval.request, and ....suspicious for what is only told. */
static void add_rule(struct rules *rules, const struct php_family *family,
                     enum rule_severity severity, const char *file)
{
    struct strbuf id = {0}, label = {0};
    strbuf_format(&id, "analysis.%s%s", family->name,
                  severity == RULE_SUSPICIOUS ? ".suspicious" : "");
    for (size_t i = 0; i < id.len; i++)
        if (id.data[i] >= 'A' && id.data[i] <= 'Z')
            id.data[i] = (char)(id.data[i] + 32);
    strbuf_format(&label, "[SPAMGEAR] [PHP.%s]", family->name);
    *vec_add(&rules->php_rules) = (uint32_t)rules->list.len;
    struct rule *rule = rules_add(rules, RULE_PHP, strbuf_text(&id), strbuf_text(&label), file, 0);
    rule->description = mem_text(family->meaning);
    rule->family = mem_text(family->name);
    rule->severity = severity;
    rule->non_cleaned = severity == RULE_SUSPICIOUS;
    strbuf_clear(&id);
    strbuf_clear(&label);
}

/* Points of two files belong to two trainings: they are never mixed. */
void php_weights_load(struct rules *rules, struct span text, const char *file,
                      struct texts *problems)
{
    struct strbuf why = {0};
    if (rules->php != NULL)
        return;
    struct php_weights *weights = mem_zero(1, sizeof *weights);
    if (php_weights_read(text, weights, &why) != 0) {
        texts_format(problems, "%s: %s", file, strbuf_text(&why));
        free(weights);
    } else {
        rules->php = weights;
        for (size_t i = 0; php_families[i].name != NULL; i++) {
            add_rule(rules, &php_families[i], RULE_SUSPICIOUS, file);
            add_rule(rules, &php_families[i], RULE_MALICIOUS, file);
        }
    }
    strbuf_clear(&why);
}

/* The rule of a judgement, which has a family. */
uint32_t php_judgement_rule(const struct rules *rules, const struct php_judgement *judgement)
{
    size_t i = 0;
    while (php_families[i + 1].name != NULL && strcmp(php_families[i].name, judgement->family) != 0)
        i++;
    return rules->php_rules.at[2 * i + (judgement->severity == RULE_MALICIOUS)];
}

/* ---- judging ---- */

/* Keeps the largest, in order. */
static void contribute(struct php_judgement *judgement, uint32_t feature, float points)
{
    struct php_contribution *top = judgement->top;
    uint32_t at = judgement->top_len;
    if (at == PHP_CONTRIBUTIONS && top[at - 1].points >= points)
        return;
    if (at < PHP_CONTRIBUTIONS)
        judgement->top_len++;
    else
        at--;
    for (; at > 0 && top[at - 1].points < points; at--)
        top[at] = top[at - 1];
    top[at] = (struct php_contribution){feature, points};
}

static const char *family_of(const struct php_judgement *judgement)
{
    const char *family = NULL;
    for (uint32_t i = 0; i < judgement->top_len && family == NULL; i++)
        family = php_feature_family(judgement->top[i].feature);
    return family == NULL ? "Mixed" : family;
}

void php_judge(const struct php_weights *weights, const struct php_features *features,
               struct php_judgement *judgement)
{
    bool strong = false;
    *judgement = (struct php_judgement){.score = weights->bias, .severity = -1};
    for (size_t i = 0; i < php_feature_count(); i++) {
        float points = weights->points[i];
        if (points == 0 || !php_features_has(features, i))
            continue;
        judgement->score += points;
        strong |= points > 0 && (php_feature_flags(i) & PHP_FEATURE_STRONG) != 0;
        if (points > 0)
            contribute(judgement, (uint32_t)i, points);
    }
    if (judgement->score >= weights->suspicious)
        judgement->severity = RULE_SUSPICIOUS;
    if (strong && judgement->score >= weights->malicious)
        judgement->severity = RULE_MALICIOUS;
    if (judgement->severity >= 0)
        judgement->family = family_of(judgement);
}
