/* span - some bytes that belong to somebody else.
 *
 * Log lines and file names are not strings: they hold any byte, NUL too, and
 * live in a reader's buffer. A span points at them; it owns nothing and is
 * borrowed until the owner of the buffer says otherwise.
 */
#ifndef SPAMGEAR_BASE_SPAN_H
#define SPAMGEAR_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *at; /* may be NULL when len is 0 */
    size_t len;     /* bytes */
};

/* A span over a string literal. */
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

static inline struct span span_of(const char *at, const char *end)
{
    return (struct span){at, (size_t)(end - at)};
}

/* The bytes of a NUL-terminated string; NULL gives the empty span. */
static inline struct span span_text(const char *text)
{
    return (struct span){text, text == NULL ? 0 : strlen(text)};
}

static inline const char *span_end(struct span s)
{
    return s.len == 0 ? s.at : s.at + s.len;
}

static inline bool span_is(struct span s, struct span other)
{
    return s.len == other.len && (s.len == 0 || memcmp(s.at, other.at, s.len) == 0);
}

static inline bool span_has_prefix(struct span s, struct span prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.at, prefix.at, prefix.len) == 0);
}

static inline bool span_has_suffix(struct span s, struct span suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.at + s.len - suffix.len, suffix.at, suffix.len) == 0);
}

/* The span without its first n bytes (n at most len). */
static inline struct span span_skip(struct span s, size_t n)
{
    return (struct span){n == 0 ? s.at : s.at + n, s.len - n}; /* nothing may be added to NULL */
}

/* First place of needle in s, or NULL. An empty needle stands at the start. */
/* Without the blanks at either end. */
struct span span_trim(struct span s, const char *blanks);

static inline const char *span_find(struct span s, struct span needle)
{
    if (needle.len == 0)
        return s.at;
    if (s.len < needle.len || s.len > PTRDIFF_MAX) /* the latter for gcc -O3, which wonders */
        return NULL;
    return memmem(s.at, s.len, needle.at, needle.len);
}

/* Takes the first line off text: *line gets it without its newline. False at the end. */
static inline bool span_take_line(struct span *text, struct span *line)
{
    if (text->len == 0)
        return false;
    const char *newline = (const char *)memchr(text->at, '\n', text->len);
    *line = newline == NULL ? *text : span_of(text->at, newline);
    *text = span_skip(*text, newline == NULL ? text->len : line->len + 1);
    return true;
}

/* Last place of needle in s, or NULL; also NULL for an empty needle. */
const char *span_find_last(struct span s, struct span needle);

/* Order of the bytes, a shorter one first: below, at or above 0. For qsort. */
int span_order(struct span a, struct span b);

/* The number that all of s spells in decimal digits. False when s is empty,
 * holds anything else, or the number does not fit. */
bool span_number(struct span s, unsigned long long *number);

#endif
