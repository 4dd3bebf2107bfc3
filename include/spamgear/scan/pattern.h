/* pattern - PCRE2 patterns of signatures: which are refused, and which may cut.
 */
#ifndef SPAMGEAR_SCAN_PATTERN_H
#define SPAMGEAR_SCAN_PATTERN_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/match/regex.h"
#include "spamgear/scan/rule.h"
#include <stdbool.h>

/* A literal that a rule asks for beside its pattern. */
struct pattern_literal {
    char *text; /* owned by whoever has it */
    size_t len;
    bool nocase;
};

/* Compiles a pattern that is to count where these literals stand. NULL with why: it holds NUL,
 * does not compile, matches the empty text, or hits an ordinary text. Borrowed for ever. */
const struct regex *pattern_compile(struct span text, const struct pattern_literal *literals,
                                    size_t len, struct strbuf *why);

/* How long the longest literal is that every match needs; 0 when none is known. */
size_t pattern_needs(struct span text);

/* Gives it to the rule added last (regex NULL: it is compiled when it is needed), with the literals
 * that every match of it needs. */
void pattern_apply(struct rules *rules, const struct regex *regex, struct span text);

/* The rule's compiled pattern, compiled now where that was put off. NULL with why when it does not
 * compile. The rule has a pattern_text. */
const struct regex *pattern_of(const struct rule *rule, struct strbuf *why);

/* Does a match of it begin or end with an unbounded run of anything (".*" at an end, "[^>]+", in
 * any branch)? Such a match takes code with it that the pattern does not name, so nothing may be
 * cut out by it. True as well for what this reader does not understand. */
bool pattern_is_open(struct span text);

#endif
