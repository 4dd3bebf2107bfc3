/* sequence - prefix hashes of a row of tokens. */
#include "spamgear/php/sequence.h"

#include "spamgear/base/map.h"

#define BASE  0x9e3779b97f4a7c15u /* odd, so that no token is forgotten */
#define PIECE 256                 /* bytes hashed at once */

/* Carriage returns are left out, whatever the piece they stand in. */
static uint64_t hash_bytes(struct span bytes, uint64_t seed)
{
    char piece[PIECE];
    uint64_t hash = seed;
    if (bytes.len == 0 || memchr(bytes.at, '\r', bytes.len) == NULL)
        return (hash ^ map_digest(bytes.at, bytes.len)) * BASE;
    struct span rest = bytes;
    while (rest.len > 0) {
        size_t len = 0;
        for (; rest.len > 0 && len < sizeof piece; rest = span_skip(rest, 1))
            if (*rest.at != '\r')
                piece[len++] = *rest.at;
        hash = (hash ^ map_digest(piece, len)) * BASE;
    }
    return hash;
}

/* How a tag is closed off by blanks says nothing. */
static uint64_t hash_token(struct span text, const struct php_token *token)
{
    uint64_t seed = (((uint64_t)token->kind << 8 | token->is) + 1) * BASE;
    if (token->kind == PHP_OPEN || token->kind == PHP_OPEN_ECHO || token->kind == PHP_CLOSE)
        return seed;
    return hash_bytes(php_token_text(text, token), seed);
}

static void make_powers(struct php_sequence *sequence, size_t len)
{
    if (sequence->power.len == 0)
        *vec_add(&sequence->power) = 1;
    while (sequence->power.len <= len) {
        uint64_t next = sequence->power.at[sequence->power.len - 1] * BASE;
        *vec_add(&sequence->power) = next;
    }
}

void php_sequence_of(struct span text, const struct php_tokens *tokens,
                     struct php_sequence *sequence)
{
    sequence->tokens = tokens->list.at;
    sequence->len = tokens->list.len > 0 ? tokens->list.len - 1 : 0;
    sequence->prefix.len = 0;
    make_powers(sequence, sequence->len);
    uint64_t hash = 0;
    *vec_add(&sequence->prefix) = hash;
    for (size_t i = 0; i < sequence->len; i++) {
        hash = hash * BASE + hash_token(text, &sequence->tokens[i]);
        *vec_add(&sequence->prefix) = hash;
    }
}

void php_sequence_clear(struct php_sequence *sequence)
{
    vec_clear(&sequence->prefix);
    vec_clear(&sequence->power);
    *sequence = (struct php_sequence){0};
}

uint64_t php_sequence_part(const struct php_sequence *sequence, size_t from, size_t to)
{
    return sequence->prefix.at[to] - sequence->prefix.at[from] * sequence->power.at[to - from];
}

uint64_t php_sequence_without(const struct php_sequence *sequence, size_t from, size_t to)
{
    return sequence->prefix.at[from] * sequence->power.at[sequence->len - to] +
           php_sequence_part(sequence, to, sequence->len);
}

bool php_print_of(const struct php_sequence *sequence, struct php_print *print)
{
    size_t len = sequence->len;
    if (len < PHP_PRINT_MIN)
        return false;
    *print = (struct php_print){len, sequence->prefix.at[len],
                                php_sequence_part(sequence, 0, PHP_PRINT_EDGE),
                                php_sequence_part(sequence, len - PHP_PRINT_EDGE, len)};
    return true;
}
