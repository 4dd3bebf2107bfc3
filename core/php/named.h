/* named - rows of a table found by their name in one hash and, nearly always, one comparison.
 *
 * Filled once, then only read. Rows keep their names; the index knows their numbers.
 */
#ifndef SPAMGEAR_CORE_PHP_NAMED_H
#define SPAMGEAR_CORE_PHP_NAMED_H

#include "spamgear/base/map.h"
#include <string.h>

#define NAMED_SLOTS 4096 /* at least twice as many as any table has rows */

struct named {
    struct {
        uint32_t hash;
        uint32_t number; /* 1 + the row's; 0: free */
        const char *name;
    } slots[NAMED_SLOTS];
};

static inline void named_add(struct named *index, const char *name, uint32_t number)
{
    uint32_t hash = (uint32_t)map_hash(name, strlen(name)), at = hash % NAMED_SLOTS;
    while (index->slots[at].number != 0)
        at = (at + 1) % NAMED_SLOTS;
    index->slots[at].hash = hash;
    index->slots[at].number = number + 1;
    index->slots[at].name = name;
}

/* 1 + the row's number; 0: none. The name ends with a NUL behind its last byte. */
static inline uint32_t named_find(const struct named *index, const char *name, size_t len)
{
    uint32_t hash = (uint32_t)map_hash(name, len), at = hash % NAMED_SLOTS;
    for (; index->slots[at].number != 0; at = (at + 1) % NAMED_SLOTS)
        if (index->slots[at].hash == hash && strcmp(index->slots[at].name, name) == 0)
            return index->slots[at].number;
    return 0;
}

#endif
