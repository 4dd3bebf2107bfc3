/* literal - where does any of a few literal strings occur?
 *
 * The fast path of log reading: finds the lines worth looking at in a block of
 * many. Two rare bytes of each literal are compared at once for 64, 32 or 16
 * positions (AVX-512, AVX2 or SSE2, chosen when the set is made; elsewhere
 * memmem), and only where both stand is the literal itself compared.
 */
#ifndef SPAMGEAR_MATCH_LITERAL_H
#define SPAMGEAR_MATCH_LITERAL_H

#include <stddef.h>
#include <stdint.h>

#define LITERAL_MAX 8 /* literals in a set */

struct literal {
    const char *at;           /* borrowed */
    size_t len;               /* at least 2 */
    size_t first, second;     /* places of its two rare bytes, first < second */
    uint64_t head, head_mask; /* its first 8 bytes, and which of them it has */
};

struct literal_set {
    struct literal items[LITERAL_MAX];
    size_t len;
    size_t reach; /* bytes after a start that a vector step looks at */
    const char *(*find)(const struct literal_set *set, const char *at, const char *end);
};

/* Makes the set of these strings (NULL ends the list; strings are borrowed). Strings
 * shorter than 2 bytes and more than LITERAL_MAX are a programming error. */
void literal_set_init(struct literal_set *set, const char *const *strings);

/* First place in [at, end) where one of the set's literals starts and fits, NULL
 * when there is none. */
static inline const char *literal_find(const struct literal_set *set, const char *at,
                                       const char *end)
{
    return set->find(set, at, end);
}

/* "avx512", "avx2", "sse2" or "memmem": what this machine uses. A test asks for each. */
const char *literal_engine(void);
/* Sets made from now on use this engine; false when the machine lacks it. NULL = the best. */
int literal_force(const char *engine);

#endif
