/* map - byte strings to small dense numbers, open addressing with linear probes. */
#include "spamgear/base/map.h"

#include "spamgear/base/mem.h"
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct map_slot {
    uint32_t check;  /* upper half of the hash, to skip most key compares */
    uint32_t number; /* MAP_NONE = free */
};

struct map_key {
    uint32_t offset; /* in the arena */
    uint32_t len;
};

static uint64_t seed(void)
{
    static uint64_t value; /* a race at first use would store the same kind of noise twice */
    uint64_t now = __atomic_load_n(&value, __ATOMIC_ACQUIRE);
    if (now != 0)
        return now;
    uint64_t fresh = 0;
    if (getrandom(&fresh, sizeof fresh, GRND_NONBLOCK) != (ssize_t)sizeof fresh)
        fresh = (uint64_t)clock() ^ (uint64_t)(uintptr_t)&fresh;
    fresh |= 1;
    if (__atomic_compare_exchange_n(&value, &now, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return fresh;
    return now;
}

uint64_t map_hash(const void *at, size_t len)
{
    return XXH3_64bits_withSeed(at, len, seed());
}

uint64_t map_digest(const void *at, size_t len)
{
    return len == 0 ? 0 : XXH3_64bits(at, len);
}

void map_clear(struct map *map)
{
    free(map->slots);
    free(map->keys);
    free(map->arena);
    *map = (struct map){0};
}

struct span map_key(const struct map *map, uint32_t number)
{
    const struct map_key *key = &map->keys[number];
    return (struct span){map->arena + key->offset, key->len};
}

/* The slot that holds the key, or the free one where it belongs. */
static struct map_slot *find(const struct map *map, struct span key, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct map_slot *slot = &map->slots[i];
        if (slot->number == MAP_NONE)
            return slot;
        if (slot->check == hash >> 32 && span_is(map_key(map, slot->number), key))
            return slot;
    }
}

static void rehash(struct map *map, size_t slot_count)
{
    free(map->slots);
    map->slots = mem_alloc(slot_count * sizeof *map->slots);
    map->slot_count = slot_count;
    memset(map->slots, 0xff, slot_count * sizeof *map->slots);
    for (uint32_t n = 0; n < map->len; n++) {
        struct span key = map_key(map, n);
        uint64_t hash = map_hash(key.at, key.len);
        struct map_slot *slot = find(map, key, hash);
        *slot = (struct map_slot){(uint32_t)(hash >> 32), n};
    }
}

uint32_t map_get(const struct map *map, struct span key)
{
    if (map->slot_count == 0)
        return MAP_NONE;
    return find(map, key, map_hash(key.at, key.len))->number;
}

static void store_key(struct map *map, struct span key)
{
    size_t end;
    if (__builtin_add_overflow(map->arena_len, key.len, &end) || end > UINT32_MAX ||
        map->len >= MAP_NONE - 1)
        end = SIZE_MAX;                             /* no memory, as far as this table goes */
    if (end > map->arena_cap || map->arena == NULL) /* an empty key stands somewhere, too */
        mem_grow((void **)&map->arena, &map->arena_cap, end, 1);
    if (map->len == map->key_cap)
        mem_grow((void **)&map->keys, &map->key_cap, map->len + 1, sizeof *map->keys);
    if (key.len > 0)
        memcpy(map->arena + map->arena_len, key.at, key.len);
    map->keys[map->len++] = (struct map_key){(uint32_t)map->arena_len, (uint32_t)key.len};
    map->arena_len = end;
}

uint32_t map_put(struct map *map, struct span key, bool *added)
{
    if ((map->len + 1) * 4 > map->slot_count * 3)
        rehash(map, map->slot_count == 0 ? 16 : map->slot_count * 2);
    uint64_t hash = map_hash(key.at, key.len);
    struct map_slot *slot = find(map, key, hash);
    if (added != NULL)
        *added = slot->number == MAP_NONE;
    if (slot->number == MAP_NONE) {
        store_key(map, key);
        *slot = (struct map_slot){(uint32_t)(hash >> 32), (uint32_t)map->len - 1};
    }
    return slot->number;
}
