/* map - byte strings to small dense numbers.
 *
 * The first key gets 0, the next 1, and so on, so that what belongs to a key
 * lives in a plain array beside the map. Keys are copied; nothing is removed.
 * The hash (XXH3, xxhash.com) is seeded at random for each process, since log
 * lines choose the keys.
 */
#ifndef SPAMGEAR_BASE_MAP_H
#define SPAMGEAR_BASE_MAP_H

#include "spamgear/base/span.h"
#include <stdbool.h>
#include <stdint.h>

#define MAP_NONE UINT32_MAX

struct map {
    struct map_slot *slots; /* open addressing, a power of two */
    struct map_key *keys;   /* by number */
    char *arena;            /* all key bytes, one after another */
    size_t slot_count, len, key_cap, arena_len, arena_cap;
};

/* {0} is an empty map. */
void map_clear(struct map *map);

/* The key's number; MAP_NONE when it is not there. */
uint32_t map_get(const struct map *map, struct span key);

/* The key's number, given now if it is new (*added, which may be NULL, says so). */
uint32_t map_put(struct map *map, struct span key, bool *added);

/* The key of a number; borrowed until the next map_put. */
struct span map_key(const struct map *map, uint32_t number);

/* The seeded hash itself, for tables with a shape of their own. */
uint64_t map_hash(const void *at, size_t len);

/* A hash without a seed, the same in every process and on every machine: for fingerprints of what
 * nobody gains by making collide. 0 of nothing. */
uint64_t map_digest(const void *at, size_t len);

#endif
