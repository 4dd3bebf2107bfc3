/* php_judge - from what the analysis saw to findings with points, each of them named.
 *
 * Features are yes or no: "eval.request", "form.long-line", "calls.posix_getpwuid". Each has
 * points in a weights file (*.weights in a signature folder; format in docs/rules.md); their
 * sum decides: from `malicious` on a finding that is acted upon, from `suspicious` on one that is
 * only told. The finding's family is that of the feature that counted most among those that have
 * one. Points come from the training program (tests/bench/train.py); without a weights file PHP is
 * not analysed, and the scan says so.
 */
#ifndef SPAMGEAR_SCAN_PHP_JUDGE_H
#define SPAMGEAR_SCAN_PHP_JUDGE_H

#include "spamgear/php/form.h"
#include "spamgear/php/run.h"
#include "spamgear/scan/verdict.h"

/* ---- features (php_features.c; names in php_features.def) ---- */

#define PHP_FEATURES_MAX 1024
struct php_features {
    uint64_t bits[PHP_FEATURES_MAX / 64];
};

size_t php_feature_count(void);
const char *php_feature_name(size_t feature);
/* One line for people: "what a request brings is run as code". */
const char *php_feature_meaning(size_t feature);
size_t php_feature_find(struct span name); /* php_feature_count() when there is none */

void php_features_of(struct span text, const struct php_form *form,
                     const struct php_sightings *sightings, const struct php_tokens *tokens,
                     struct php_features *features);

static inline bool php_features_has(const struct php_features *features, size_t feature)
{
    return features->bits[feature / 64] >> (feature % 64) & 1;
}

/* ---- weights ---- */

struct php_weights {
    float points[PHP_FEATURES_MAX];
    float bias, malicious, suspicious;
};

/* Reads a weights file. 0, or -1 with why ("line 3: ..."): an unknown feature is a mistake. */
int php_weights_read(struct span text, struct php_weights *weights, struct strbuf *why);

/* ---- judging ---- */

struct php_contribution {
    uint32_t feature;
    float points;
};

struct php_judgement {
    float score;
    const char *family;              /* "Eval.Request"; NULL when nothing has one */
    int severity;                    /* enum rule_severity, or -1: nothing */
    struct php_contribution top[16]; /* largest first */
    uint32_t top_len;
};

void php_judge(const struct php_weights *weights, const struct php_features *features,
               struct php_judgement *judgement);

#endif
