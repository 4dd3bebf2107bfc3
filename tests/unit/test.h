/* test - tables of {name, input, want}, one loop, "got X, want Y".
 *
 *     int main(void)
 *     {
 *         for (...) test_text(c->name, got, c->want);
 *         return test_end();
 *     }
 * A test that checked nothing fails.
 */
#ifndef SPAMGEAR_TESTS_TEST_H
#define SPAMGEAR_TESTS_TEST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned test_checked, test_failed;

static inline void test_true(const char *name, bool ok)
{
    test_checked++;
    if (!ok) {
        test_failed++;
        printf("FAIL %s\n", name);
    }
}

static inline void test_number(const char *name, int64_t got, int64_t want)
{
    test_checked++;
    if (got != want) {
        test_failed++;
        printf("FAIL %s: got %" PRId64 ", want %" PRId64 "\n", name, got, want);
    }
}

static inline void test_bytes(const char *name, const char *got, size_t got_len, const char *want,
                              size_t want_len)
{
    test_checked++;
    if (got_len != want_len || (got_len > 0 && memcmp(got, want, got_len) != 0)) {
        test_failed++;
        printf("FAIL %s: got \"%.*s\", want \"%.*s\"\n", name, (int)got_len, got, (int)want_len,
               want);
    }
}

static inline void test_text(const char *name, const char *got, const char *want)
{
    test_bytes(name, got, strlen(got), want, strlen(want));
}

static inline int test_end(void)
{
    printf("%u checked, %u failed\n", test_checked, test_failed);
    return test_checked > 0 && test_failed == 0 ? 0 : 1;
}

#endif
