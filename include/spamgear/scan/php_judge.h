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

/* ---- features (php_features.c; the list is php_features.def) ---- */

#define PHP_FEATURES_MAX 1024
struct php_features {
    uint64_t bits[PHP_FEATURES_MAX / 64];
};

enum php_feature_flag {
    PHP_FEATURE_STRONG = 1, /* a malicious verdict may rest on it */
    PHP_FEATURE_UP = 2,     /* never has points below 0 */
    PHP_FEATURE_DOWN = 4,   /* never has points above 0 */
    PHP_FEATURE_WHOLE = 8   /* about the file as a whole, whatever was put into it */
};

size_t php_feature_count(void);
const char *php_feature_name(size_t feature);
/* One line for people: "what a request brings is run as code". */
const char *php_feature_meaning(size_t feature);
const char *php_feature_family(size_t feature); /* NULL when it has none */
unsigned php_feature_flags(size_t feature);     /* enum php_feature_flag */
size_t php_feature_find(struct span name);      /* php_feature_count() when there is none */

/* Names and words to look for, and room to do it in: one a worker. */
struct php_lexicon;
struct php_lexicon *php_lexicon_new(void);
void php_lexicon_free(struct php_lexicon *lexicon);

/* Everything that was seen of one file. */
struct php_seen {
    struct span text;
    const struct php_form *form;
    const struct php_sightings *sightings;
    const struct php_tokens *tokens; /* without blanks and comments */
};

void php_features_of(struct php_lexicon *lexicon, const struct php_seen *seen,
                     struct php_features *features);

static inline bool php_features_has(const struct php_features *features, size_t feature)
{
    return features->bits[feature / 64] >> (feature % 64) & 1;
}

/* ---- families (php_families.def) ---- */

struct php_family {
    const char *name, *meaning, *advice;
};
extern const struct php_family php_families[]; /* ends with a NULL name */

/* ---- weights ---- */

struct php_weights {
    float points[PHP_FEATURES_MAX];
    float bias, malicious, suspicious;
};

/* Reads a weights file. 0, or -1 with why ("line 3: ..."): an unknown feature is a mistake. */
int php_weights_read(struct span text, struct php_weights *weights, struct strbuf *why);
/* The same in every process, for the verdict cache. */
uint64_t php_weights_fingerprint(const struct php_weights *weights);

/* ---- judging ---- */

struct php_contribution {
    uint32_t feature;
    float points;
};

#define PHP_CONTRIBUTIONS 16
struct php_judgement {
    float score;
    const char *family;                             /* "Eval.Request"; NULL when severity is -1 */
    int severity;                                   /* enum rule_severity, or -1: nothing */
    struct php_contribution top[PHP_CONTRIBUTIONS]; /* largest first, those above 0 only */
    uint32_t top_len;
};

/* Malicious needs a feature that is PHP_FEATURE_STRONG and has points; without one it is only
 * suspicious. */
void php_judge(const struct php_weights *weights, const struct php_features *features,
               struct php_judgement *judgement);

/* The rule that stands for a judgement whose severity is not -1. */
uint32_t php_judgement_rule(const struct rules *rules, const struct php_judgement *judgement);

#endif
