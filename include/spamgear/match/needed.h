/* needed - the literals that stand in every match of a pattern.
 *
 * They are read off the pattern's text, so that a pattern need only be tried where all of them
 * stand. There may be more than are found; but one that is found is never wrong: whatever the
 * reader does not know for certain (verbs, quoting, conditions, extended syntax, code points by
 * number, a choice at the top) makes it find none.
 */
#ifndef SPAMGEAR_MATCH_NEEDED_H
#define SPAMGEAR_MATCH_NEEDED_H

#include "spamgear/base/span.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>

struct needed_literal {
    char *text; /* owned */
    size_t len; /* at least 1 */
    bool nocase;
};

struct needed {
    VEC(struct needed_literal) list; /* in the pattern's order */
};

/* Fills an empty ({0}) list for a pattern that PCRE2 compiles without options. */
void needed_read(struct needed *needed, const char *pattern);
void needed_clear(struct needed *needed);

/* The longest one that is not case-blind, empty when there is none; borrowed. */
struct span needed_longest(const struct needed *needed);

#endif
