/* span - operations that are too long to be inline. */
#include "spamgear/base/span.h"

const char *span_find_last(struct span s, struct span needle)
{
    if (needle.len == 0 || s.len < needle.len)
        return NULL;
    const char *end = s.at + s.len - needle.len + 1; /* one past the last start */
    while (end > s.at) {
        const char *p = memrchr(s.at, needle.at[0], (size_t)(end - s.at));
        if (p == NULL || memcmp(p, needle.at, needle.len) == 0)
            return p;
        end = p;
    }
    return NULL;
}

struct span span_trim(struct span s, const char *blanks)
{
    size_t len = strlen(blanks);
    while (s.len > 0 && memchr(blanks, s.at[0], len) != NULL)
        s = span_skip(s, 1);
    while (s.len > 0 && memchr(blanks, s.at[s.len - 1], len) != NULL)
        s.len--;
    return s;
}

int span_order(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.at, b.at, len);
    return order != 0 ? order : (a.len > len) - (b.len > len);
}

bool span_number(struct span s, unsigned long long *number)
{
    unsigned long long n = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned char)s.at[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(n, 10ULL, &n) ||
            __builtin_add_overflow(n, (unsigned long long)digit, &n))
            return false;
    }
    *number = n;
    return s.len > 0;
}
