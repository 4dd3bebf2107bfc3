/* text - what every module needs of strings, once.
 *
 * Escaping is here because it must be one rule in one place: bytes that an
 * attacker wrote reach a terminal, a mail or JSON only through these.
 */
#ifndef SPAMGEAR_BASE_TEXT_H
#define SPAMGEAR_BASE_TEXT_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>

/* Appends s with control bytes, DEL, C1 controls, line separators, bidirectional overrides
 * (U+2028 to U+202E, U+2066 to U+2069) and invalid UTF-8 written as \xNN (newline \n,
 * tab \t, backslash stays). Other valid UTF-8 passes. */
void text_escape(struct strbuf *out, struct span s);

/* Appends s as a JSON string with its quotes (RFC 8259). Bytes that are no
 * valid UTF-8 become U+FFFD; what text_escape would escape is written as \uXXXX. */
void text_json(struct strbuf *out, struct span s);

/* Length of the valid UTF-8 character at s, 0 when there is none (RFC 3629). */
size_t text_utf8(struct span s);

/* Does the shell pattern (* ? [..], no special treatment of / and .) fit all of s? */
bool text_glob(const char *pattern, struct span s);
/* The same, whatever the case of ASCII letters. */
bool text_glob_folded(const char *pattern, struct span s);

/* How many edits (insert, delete, replace, swap neighbours) part a and b;
 * more than 32 bytes of either are not looked at. */
int text_distance(const char *a, const char *b);

/* Is candidate close enough to typed to be offered as what was meant? */
bool text_is_near(const char *typed, const char *candidate);

/* The nearest of many candidates: {.typed = text}, text_near_try for each, then best (NULL
 * when none was near). Borrows the strings. */
struct text_near {
    const char *typed, *best;
    int distance;
};
void text_near_try(struct text_near *near, const char *candidate);

#endif
