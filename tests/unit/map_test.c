/* map - numbers in the order of first sight, whatever the keys, against a walk over all keys. */
#include "spamgear/base/map.h"

#include "test.h"
#include <stdlib.h>

/* A span in a table that the compiler fills. */
#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static void test_odd_keys(void)
{
    static const struct span keys[] = {
        {NULL, 0},   BYTES("a"),    BYTES("a\0"),  BYTES("a\0b"),
        BYTES("\0"), BYTES("\0\0"), BYTES("\xff"), BYTES("A"),
    };
    struct map map = {0};
    bool added;
    test_number("nothing there", map_get(&map, SPAN("a")), MAP_NONE);
    test_number("not even nothing", map_get(&map, SPAN("")), MAP_NONE);
    for (uint32_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        test_number("in order", map_put(&map, keys[i], &added), i);
        test_true("new", added);
    }
    for (uint32_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        test_number("again", map_put(&map, keys[i], &added), i);
        test_true("not new", !added);
        test_number("found", map_get(&map, keys[i]), i);
        test_true("kept as it was", span_is(map_key(&map, i), keys[i]));
    }
    test_number("empty by another name", map_get(&map, SPAN("")), 0);
    test_number("no such key", map_get(&map, SPAN("a\0c")), MAP_NONE);
    map_clear(&map);
    test_true("cleared", map.slots == NULL && map.len == 0);
    test_number("usable again", map_put(&map, SPAN("x"), NULL), 0);
    map_clear(&map);
    map_clear(&map);
}

/* The only key is empty: there are no key bytes at all. */
static void test_only_nothing(void)
{
    struct map map = {0};
    test_number("put", map_put(&map, SPAN(""), NULL), 0);
    test_number("key", (int64_t)map_key(&map, 0).len, 0);
    test_number("get", map_get(&map, (struct span){0}), 0);
    map_clear(&map);
}

static struct span key_of(uint32_t i, char buf[24])
{
    return (struct span){buf, (size_t)snprintf(buf, 24, "user%u@example.org", i)};
}

static void test_many(void)
{
    struct map map = {0};
    char buf[24];
    bool right = true;
    for (uint32_t i = 0; i < 100000; i++)
        right &= map_put(&map, key_of(i, buf), NULL) == i;
    test_true("dense numbers", right);
    for (uint32_t i = 0; i < 100000; i++) {
        right &= map_get(&map, key_of(i, buf)) == i;
        right &= span_is(map_key(&map, i), key_of(i, buf));
    }
    test_true("all found after growth", right);
    for (uint32_t i = 100000; i < 110000; i++)
        right &= map_get(&map, key_of(i, buf)) == MAP_NONE;
    test_true("no others", right);
    test_number("as many", (int64_t)map.len, 100000);
    map_clear(&map);
}

struct key {
    unsigned char bytes[4];
    size_t len;
};

static uint32_t walk(const struct key *keys, uint32_t len, const struct key *key)
{
    for (uint32_t i = 0; i < len; i++)
        if (keys[i].len == key->len && memcmp(keys[i].bytes, key->bytes, key->len) == 0)
            return i;
    return MAP_NONE;
}

static void test_random(void)
{
    static struct key keys[4000];
    uint32_t len = 0;
    unsigned seed = 11;
    struct map map = {0};
    for (int round = 0; round < 4000; round++) {
        struct key key = {.len = (size_t)rand_r(&seed) % 5};
        for (size_t i = 0; i < key.len; i++)
            key.bytes[i] = (unsigned char)(rand_r(&seed) % 6);
        struct span span = {(const char *)key.bytes, key.len};
        uint32_t want = walk(keys, len, &key);
        test_number("there or not", map_get(&map, span), want);
        if (want == MAP_NONE)
            keys[want = len++] = key;
        test_number("its number", map_put(&map, span, NULL), want);
    }
    test_number("as many", (int64_t)map.len, len);
    map_clear(&map);
}

static void test_hash(void)
{
    test_true("the same twice", map_hash("abc", 3) == map_hash("abc", 3));
    test_true("length counts", map_hash("abc", 3) != map_hash("abc\0", 4));
    map_hash(NULL, 0);
    /* XXH3 of "abc", seed 0, as xxhsum -H3 prints it: stored hashes must stay what they are. */
    test_true("the same for ever", map_digest("abc", 3) == UINT64_C(0x78af5f94892f3950));
    test_true("of nothing", map_digest(NULL, 0) == 0);
}

int main(void)
{
    test_odd_keys();
    test_only_nothing();
    test_many();
    test_random();
    test_hash();
    return test_end();
}
