/* rule - what is looked for: every signature of every detector in one set.
 *
 * A rule hits where all its literals stand (anywhere in the text, in any order), one at least of
 * those of which any will do, and its pattern, if it has one, matches. All literals of all rules
 * are found in one pass; a pattern is tried only where its rule's literals stand. Loaders (known,
 * shelldb, rule_file) add rules; then rules_compile() makes the set ready, after which it is
 * read-only and is inherited by forked workers. A rule's number is its place in the list: worker
 * records name it.
 */
#ifndef SPAMGEAR_SCAN_RULE_H
#define SPAMGEAR_SCAN_RULE_H

#include "spamgear/base/map.h"
#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include "spamgear/match/literal.h"
#include "spamgear/match/literals.h"
#include "spamgear/match/regex.h"
#include "spamgear/scan/known_bad.h"
#include <stdbool.h>
#include <stdint.h>

/* Which detector a rule belongs to; also the order in which findings are told. */
enum rule_source {
    RULE_BACKDOOR,    /* backdoors.re      [CUSTOM] [PHP.Backdoor.N]  */
    RULE_FINGERPRINT, /* fingerprints.txt  [CUSTOM] [PHP.Finger.N]    */
    RULE_SHELLDETECT, /* shelldetect.db    [DETECTOR] [name]          */
    RULE_OWN,         /* *.rules           [SPAMGEAR] [id]            */
    RULE_PHP,         /* *.weights         [SPAMGEAR] [PHP.Family.Name] */
    RULE_HASH,        /* *.hashes          [SPAMGEAR] [PHP.Known.X]   */
    RULE_CLAMAV,      /* one rule for all that ClamAV finds: [CLAMAV] [name], name = detail */
    RULE_SOURCES
};

enum rule_severity { RULE_SUSPICIOUS, RULE_MALICIOUS };

struct rule {
    enum rule_source source;
    char *id;                   /* stable: does not change when other lines of its file do */
    char *label;                /* "[CUSTOM] [PHP.Finger.3]"; of RULE_CLAMAV "[CLAMAV]" */
    char *description, *family; /* may be NULL */
    enum rule_severity severity;
    bool non_cleaned;           /* told, with [NON-CLEANED], but never acted upon */
    bool cleans;                /* what its pattern matches can be cut out of a file */
    uint32_t kinds;             /* SNIFF_* bits: only in such content; 0 = any */
    uint32_t first_need, needs; /* its literals: rules->needs[first_need ...] */
    uint32_t any; /* one of rules->anys[any - 1] must stand as well; 0 = no such list */
    const struct regex *pattern; /* borrowed for ever; NULL: the literals decide, or it is compiled
                                    when it is needed (rules->trusting) */
    char *pattern_text;          /* what it is compiled from; NULL without a pattern */
    uint32_t same_as;            /* the first rule of the same id: several literals, one signature
                                    (itself when there is one only) */
    char *file;                  /* where it stands */
    unsigned line;
};

/* Literals of which any will do, as several rules ask for. */
struct rule_any {
    struct texts texts; /* at most LITERAL_MAX */
    struct literal_set set;
};

#define RULES_ANYS 64 /* different lists at most */

struct php_weights;

struct rules {
    VEC(struct rule) list;
    VEC(uint32_t) needs; /* numbers of literals, rule after rule */
    struct literals *literals;
    VEC(struct rule_any) anys;
    uint32_t clamav; /* the rule that stands for ClamAV */
    struct map ids;  /* of list: id -> first rule with it, by number in id_rules */
    VEC(uint32_t) id_rules;
    /* Made by rules_compile: the rules to look at when a literal stands are those whose rarest
     * literal it is: watch_first[literal] .. watch_first[literal + 1] in watch. */
    uint32_t *watch_first, *watch;
    uint32_t few_kinds; /* SNIFF_*: of rules that count neither everywhere nor in PHP or HTML */
    bool trusting; /* set before loading: patterns of *.rules are neither compiled nor judged until
                      they are needed, for those who have one file to examine and no time. One that
                      is wrong makes the file it would have been tried on UNKNOWN. */
    struct known_bad bad;    /* what *.hashes files list */
    struct php_weights *php; /* of a *.weights file (scan/php_judge.h); NULL: PHP is not judged */
    VEC(uint32_t) php_rules; /* by family: the suspicious one, the malicious one */
    VEC(uint32_t) always;    /* rules without any literal: their pattern is tried on every text */
};

struct rules *rules_new(void); /* with the rule for ClamAV in it */
void rules_free(struct rules *rules);

/* A new rule (copied texts; needs/pattern empty; malicious, same_as the first of its id), to be
 * filled at once. Borrowed until the next rules_add. */
struct rule *rules_add(struct rules *rules, enum rule_source source, const char *id,
                       const char *label, const char *file, unsigned line);
/* One more needed literal of the rule added last. */
void rules_need(struct rules *rules, struct span literal, bool nocase);
/* The rule added last hits only where one of these stands, exactly: 1 to LITERAL_MAX texts of 2
 * bytes or more, without NUL bytes. 0, or -1 when there are RULES_ANYS other lists already. */
int rules_any(struct rules *rules, const struct texts *texts);
/* The pattern of the rule added last, and what it was compiled from (copied). */
void rules_pattern(struct rules *rules, const struct regex *pattern, const char *text);

/* The first rule of that id; NULL when there is none. Borrowed until the next rules_add. */
const struct rule *rules_find(const struct rules *rules, const char *id);

/* Why must this literal not decide alone? NULL when it may; else "is empty", "is shorter than 8
 * bytes", "is too general: ...": a rule like that would hit everything. Used by every loader. */
#define RULES_LITERAL_MIN 8
const char *rules_weak_literal(struct span literal);

/* No more rules: compiles the literals and the watch table. Patterns are already compiled. 0, or
 * -1 with why. */
int rules_compile(struct rules *rules, struct strbuf *why);

/* Finds the watch literals of all rules that may count in a text of these kinds. */
void rules_scan(const struct rules *rules, uint32_t kinds, struct span text,
                struct literal_hits *hits);

/* Do all literals that the rule needs stand in text? hits are what rules_scan found in it: the
 * rarest literal of each rule; the others are searched for here. */
bool rules_needs_stand(const struct rules *rules, const struct rule *rule,
                       struct literal_hits *hits, struct span text);

/* A hash of everything in a compiled set that decides a verdict: for the verdict cache. */
uint64_t rules_fingerprint(const struct rules *rules);

/* How many rules of a source there are (same_as ones counted once). */
size_t rules_count(const struct rules *rules, enum rule_source source);

#endif
