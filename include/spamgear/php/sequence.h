/* sequence - a PHP text as a row of tokens whose hash can be told with any part left out.
 *
 * Blanks, comments and carriage returns do not count, so a file that was transferred as text or
 * laid out anew is the same row. The hash is a polynomial in the hashes of the tokens (Karp and
 * Rabin, IBM J. Res. Dev. 31(2), 1987) modulo 2^64: it tells rows apart that nobody made to
 * collide; who acts upon it compares bytes or a SHA-256 as well.
 */
#ifndef SPAMGEAR_PHP_SEQUENCE_H
#define SPAMGEAR_PHP_SEQUENCE_H

#include "spamgear/php/lexer.h"
#include <stdbool.h>

struct php_sequence {
    const struct php_token *tokens; /* borrowed; the last one is PHP_END and does not count */
    size_t len;
    VEC(uint64_t) prefix; /* of the first i tokens, 0 ... len */
    VEC(uint64_t) power;  /* of the base, 0 ... len; kept */
};

/* sequence starts afresh and keeps its memory. tokens: without PHP_LEX_ALL, borrowed. */
void php_sequence_of(struct span text, const struct php_tokens *tokens,
                     struct php_sequence *sequence);
void php_sequence_clear(struct php_sequence *sequence);

/* The hash of the tokens from ... to - 1. */
uint64_t php_sequence_part(const struct php_sequence *sequence, size_t from, size_t to);
/* The hash of all tokens but from ... to - 1. */
uint64_t php_sequence_without(const struct php_sequence *sequence, size_t from, size_t to);

/* What a row is known by: its length, its hash and those of its edges, by which a longer row that
 * holds it is found. */
#define PHP_PRINT_EDGE 24
#define PHP_PRINT_MIN  48 /* shorter rows stand in too many files: no print */
struct php_print {
    uint64_t tokens, whole, head, tail;
};
/* False: the row is too short. */
bool php_print_of(const struct php_sequence *sequence, struct php_print *print);

#endif
