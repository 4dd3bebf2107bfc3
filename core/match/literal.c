/* literal - a packed-pair search over a few literals at once.
 *
 * A vector step never reads past `end`: the last bytes, where a full step does not fit,
 * are searched with memmem.
 */
#include "spamgear/match/literal.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Bytes of mail logs from common to rare; a byte that is not here is rarest. Punctuation of
 * "key=value, key=value" lines is common at any distance from itself. */
static const char common[] = " =,:0123456789[].-e/atsirnolmdcpu<>@hfgvbwykxjzq_()+TRSNMACDEPOL";

static size_t rareness(char c)
{
    const char *at = c == '\0' ? NULL : strchr(common, c);
    return at == NULL ? sizeof common : (size_t)(at - common);
}

/* The two rarest places of the literal, in order. */
static void choose_pair(struct literal *l)
{
    size_t best = 0, next = 1;
    if (rareness(l->at[1]) > rareness(l->at[0])) {
        best = 1;
        next = 0;
    }
    for (size_t i = 2; i < l->len; i++) {
        if (rareness(l->at[i]) > rareness(l->at[best])) {
            next = best;
            best = i;
        } else if (rareness(l->at[i]) > rareness(l->at[next])) {
            next = i;
        }
    }
    l->first = best < next ? best : next;
    l->second = best < next ? next : best;
}

static const char *find_memmem(const struct literal_set *set, const char *at, const char *end)
{
    const char *first = NULL;
    for (size_t i = 0; i < set->len; i++) {
        /* Later literals only matter where they start before what was found already. */
        const char *limit = end;
        if (first != NULL && (size_t)(end - first) >= set->items[i].len)
            limit = first + set->items[i].len - 1;
        const char *p = memmem(at, (size_t)(limit - at), set->items[i].at, set->items[i].len);
        if (p != NULL && (first == NULL || p < first))
            first = p;
    }
    return first;
}

#if defined(__x86_64__)
/* Does one of the literals stand at p? At least 8 bytes can be read there. */
static inline int is_literal(const struct literal_set *set, const char *p, const char *end)
{
    uint64_t head;
    memcpy(&head, p, sizeof head);
    for (size_t i = 0; i < set->len; i++) {
        const struct literal *l = &set->items[i];
        if ((head & l->head_mask) == l->head && (size_t)(end - p) >= l->len &&
            (l->len <= sizeof head || memcmp(p, l->at, l->len) == 0))
            return 1;
    }
    return 0;
}

/* The three engines differ in the width of their vectors and nothing else. `pairs` is a mask
 * with a bit for each start where both rare bytes of some literal stand. The scan is compiled
 * once for each small number of literals, so that what it compares with stays in registers. */
#define ENGINE(name, cpu, width, mask_type, count_zeros, vector, load, splat, pairs)               \
    __attribute__((target(cpu), always_inline)) static inline const char *scan_##name(             \
        const struct literal_set *set, const char *at, const char *end, const size_t len)          \
    {                                                                                              \
        vector first[LITERAL_MAX], second[LITERAL_MAX];                                            \
        size_t near[LITERAL_MAX], far[LITERAL_MAX];                                                \
        for (size_t i = 0; i < len; i++) {                                                         \
            near[i] = set->items[i].first;                                                         \
            far[i] = set->items[i].second;                                                         \
            first[i] = splat(set->items[i].at[near[i]]);                                           \
            second[i] = splat(set->items[i].at[far[i]]);                                           \
        }                                                                                          \
        for (; (size_t)(end - at) >= set->reach + (width); at += (width)) {                        \
            mask_type mask = 0;                                                                    \
            for (size_t i = 0; i < len; i++) {                                                     \
                vector a = load((const void *)(at + near[i]));                                     \
                vector b = load((const void *)(at + far[i]));                                      \
                mask |= pairs(a, first[i], b, second[i]);                                          \
            }                                                                                      \
            for (; mask != 0; mask &= mask - 1) {                                                  \
                const char *p = at + count_zeros(mask);                                            \
                if (is_literal(set, p, end))                                                       \
                    return p;                                                                      \
            }                                                                                      \
        }                                                                                          \
        return find_memmem(set, at, end);                                                          \
    }                                                                                              \
    __attribute__((target(cpu))) static const char *find_##name(const struct literal_set *set,     \
                                                                const char *at, const char *end)   \
    {                                                                                              \
        switch (set->len) {                                                                        \
        case 1: return scan_##name(set, at, end, 1);                                               \
        case 2: return scan_##name(set, at, end, 2);                                               \
        case 3: return scan_##name(set, at, end, 3);                                               \
        case 4: return scan_##name(set, at, end, 4);                                               \
        default: return scan_##name(set, at, end, set->len);                                       \
        }                                                                                          \
    }

#define PAIRS_512(a, x, b, y) _mm512_mask_cmpeq_epi8_mask(_mm512_cmpeq_epi8_mask(a, x), b, y)
#define PAIRS_256(a, x, b, y)                                                                      \
    (uint32_t)                                                                                     \
        _mm256_movemask_epi8(_mm256_and_si256(_mm256_cmpeq_epi8(a, x), _mm256_cmpeq_epi8(b, y)))
#define PAIRS_128(a, x, b, y)                                                                      \
    (uint32_t) _mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(a, x), _mm_cmpeq_epi8(b, y)))

ENGINE(avx512, "avx512bw,avx512f,bmi,bmi2", 64, uint64_t, __builtin_ctzll, __m512i,
       _mm512_loadu_si512, _mm512_set1_epi8, PAIRS_512)
ENGINE(avx2, "avx2,bmi", 32, uint32_t, __builtin_ctz, __m256i, _mm256_loadu_si256, _mm256_set1_epi8,
       PAIRS_256)
ENGINE(sse2, "sse2", 16, uint32_t, __builtin_ctz, __m128i, _mm_loadu_si128, _mm_set1_epi8,
       PAIRS_128)
#endif

struct engine {
    const char *name;
    const char *(*find)(const struct literal_set *set, const char *at, const char *end);
};

/* Best first. */
static const struct engine engines[] = {
#if defined(__x86_64__)
    {"avx512", find_avx512},
    {"avx2", find_avx2},
    {"sse2", find_sse2},
#endif
    {"memmem", find_memmem}};

static const struct engine *forced;

static int machine_has(const struct engine *engine)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (engine->find == find_avx512)
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2");
    if (engine->find == find_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
#endif
    (void)engine;
    return 1;
}

static const struct engine *best_engine(void)
{
    const struct engine *engine = engines;
    while (!machine_has(engine))
        engine++;
    return forced != NULL ? forced : engine;
}

const char *literal_engine(void)
{
    return best_engine()->name;
}

int literal_force(const char *name)
{
    forced = NULL;
    if (name == NULL)
        return 1;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        if (strcmp(engines[i].name, name) == 0 && machine_has(&engines[i]))
            forced = &engines[i];
    return forced != NULL;
}

void literal_set_init(struct literal_set *set, const char *const *strings)
{
    *set = (struct literal_set){.find = best_engine()->find, .reach = sizeof(uint64_t)};
    for (; *strings != NULL; strings++) {
        assert(set->len < LITERAL_MAX && strlen(*strings) >= 2);
        struct literal *l = &set->items[set->len++];
        *l = (struct literal){.at = *strings, .len = strlen(*strings)};
        choose_pair(l);
        size_t head = l->len < sizeof l->head ? l->len : sizeof l->head;
        memcpy(&l->head, l->at, head);
        memset(&l->head_mask, 0xff, head);
        if (l->second > set->reach)
            set->reach = l->second;
    }
}
