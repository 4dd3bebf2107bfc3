/* literal: every engine of this machine finds what a plain search finds. */
#include "spamgear/match/literal.h"

#include "test.h"
#include <stdlib.h>

static const char *const sets[][5] = {
    {"sasl_username=", NULL},
    {"sasl_username=", ": uid=", ", nrcpt=", NULL},
    {" <= ", "=> ", "-> ", "** ", NULL},
    {"aa", "ab", NULL},
};

static const char *plain_find(const char *const *strings, const char *at, const char *end)
{
    for (; at < end; at++)
        for (const char *const *s = strings; *s != NULL; s++)
            if ((size_t)(end - at) >= strlen(*s) && memcmp(at, *s, strlen(*s)) == 0)
                return at;
    return NULL;
}

/* A haystack of the set's own letters, so that near misses are frequent. */
static void fill(char *text, size_t len, const char *const *strings, unsigned seed)
{
    srand(seed);
    for (size_t i = 0; i < len; i++) {
        const char *s = strings[0];
        text[i] = rand() % 4 == 0 ? (char)(rand() % 256) : s[(size_t)rand() % strlen(s)];
    }
    for (int n = 0; n < 3 && len > 20; n++)
        for (const char *const *s = strings; *s != NULL; s++)
            memcpy(text + (size_t)rand() % (len - strlen(*s) + 1), *s, strlen(*s));
}

static void compare(const char *engine, const char *const *strings, size_t len, unsigned seed)
{
    struct literal_set set;
    char *text = malloc(len + 1); /* its own block: a read past the end is seen */
    literal_set_init(&set, strings);
    fill(text, len, strings, seed);
    const char *at = text, *end = text + len;
    for (;;) {
        const char *got = literal_find(&set, at, end), *want = plain_find(strings, at, end);
        test_number(engine, got == NULL ? -1 : got - text, want == NULL ? -1 : want - text);
        if (got == NULL || got != want)
            break;
        at = got + 1;
    }
    free(text);
}

int main(void)
{
    static const char *const engines[] = {"avx512", "avx2", "sse2", "memmem"};
    for (size_t e = 0; e < 4; e++) {
        if (!literal_force(engines[e]))
            continue;
        for (size_t s = 0; s < sizeof sets / sizeof *sets; s++)
            for (size_t len = 0; len < 400; len += 1 + len / 40)
                compare(engines[e], sets[s], len, (unsigned)(len * 7 + s));
    }
    literal_force(NULL);
    test_true("the machine's own engine is one of them", literal_engine() != NULL);
    return test_end();
}
