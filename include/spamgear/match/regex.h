/* regex - PCRE2 patterns, compiled once, matched by many threads.
 *
 * The cache is filled while settings are read and is read-only afterwards. Patterns work
 * on bytes (no UTF mode), are JIT-compiled (at once, or when they first match), and run under
 * limits (match limit 1,000,000, heap 20 MB, JIT stack 1 MB) in a match context of each thread's
 * own. That a pattern gave up is its own result: whoever reads it as "no match" lets an attacker
 * hide.
 */
#ifndef SPAMGEAR_MATCH_REGEX_H
#define SPAMGEAR_MATCH_REGEX_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include <stdint.h>

enum regex_result { REGEX_MATCH, REGEX_NO_MATCH, REGEX_GAVE_UP };

struct regex;

/* Compiles, or finds the same pattern in the process-wide cache. Borrowed for ever. NULL with
 * why ("offset 12: missing closing parenthesis"). Not thread-safe: call before matching starts. */
const struct regex *regex_get(const char *pattern, struct strbuf *why);

/* The same, but matches must begin where the subject begins. */
const struct regex *regex_get_anchored(const char *pattern, struct strbuf *why);

/* The same as regex_get, but its machine code is made when it has read some text: for sets of
 * hundreds of patterns of which a run uses few. */
const struct regex *regex_get_lazy(const char *pattern, struct strbuf *why);

/* ---- patterns of strangers ---- */

enum regex_option {
    REGEX_NOCASE = 1,
    REGEX_MULTILINE = 2,
    REGEX_DOTALL = 4,
    REGEX_EXTENDED = 8,
    REGEX_ANCHORED = 16,
    REGEX_UNGREEDY = 32,
    REGEX_DOLLAR = 64 /* $ is the very end only */
};

/* Compiles a pattern that is used now and then thrown away: not in the cache, without machine
 * code. limit: steps of backtracking from each place where a match may begin. NULL when it is no
 * pattern; else regex_drop. Any thread may. */
struct regex *regex_make(struct span pattern, unsigned options, uint32_t limit);
void regex_drop(struct regex *regex);

/* ---- matching ---- */

/* Matches subject. groups (may be NULL) gets `count` spans: group 0, 1, ...; unset groups are
 * empty with at == NULL. */
enum regex_result regex_match(const struct regex *regex, struct span subject, struct span *groups,
                              size_t count);

/* The first match at or behind offset `from`; look-behinds, \b and ^ still see what stands before
 * it. groups: room for one at least (count). To find every match go on at the end of groups[0],
 * one byte further when it is empty. from beyond the subject is no match; a match whose place
 * cannot be told (\K in a look-around) is REGEX_GAVE_UP. */
enum regex_result regex_find(const struct regex *regex, struct span subject, size_t from,
                             struct span *groups, size_t count);

/* Number of a named group, -1 when the pattern has none of that name. */
int regex_group(const struct regex *regex, const char *name);
/* How many groups there are, the whole match included; so numbers run from 0 to one less. */
size_t regex_group_count(const struct regex *regex);
/* Name of a group; NULL when it has none. Borrowed from the pattern. */
const char *regex_group_name(const struct regex *regex, size_t number);

/* The longest literal every match must contain, for a fast path; empty when none is
 * known (PCRE2 tells first and last code units only: this is worked out from the pattern's text
 * and is conservative). */
struct span regex_literal(const struct regex *regex);

/* Frees the cache and this thread's context: for leak checking at exit. */
void regex_clear_all(void);

/* "10.42 2022-12-11", for --version. */
const char *regex_version(void);

#endif
