/* json_valid - is this one JSON text (RFC 8259), in valid UTF-8? Knows nothing of the program:
 * what the program writes is judged by it. Deeper than 64 brackets counts as wrong. */
#ifndef SPAMGEAR_TESTS_JSON_VALID_H
#define SPAMGEAR_TESTS_JSON_VALID_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct json_text {
    const unsigned char *at, *end;
};

static inline bool json_take(struct json_text *t, unsigned char c)
{
    if (t->at == t->end || *t->at != c)
        return false;
    t->at++;
    return true;
}

static inline void json_blanks(struct json_text *t)
{
    while (t->at < t->end && *t->at != '\0' && strchr(" \t\r\n", *t->at) != NULL)
        t->at++;
}

static inline bool json_tail_bytes(struct json_text *t, int count, unsigned low, unsigned high)
{
    for (int i = 0; i < count; i++, t->at++) {
        if (t->at == t->end || *t->at < (i == 0 ? low : 0x80) || *t->at > (i == 0 ? high : 0xbf))
            return false;
    }
    return true;
}

/* RFC 3629, section 4, row by row. */
static inline bool json_utf8(struct json_text *t)
{
    static const struct {
        unsigned char first, last;
        int tail;
        unsigned char low, high;
    } rows[] = {
        {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf}, {0xe1, 0xec, 2, 0x80, 0xbf},
        {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf}, {0xf0, 0xf0, 3, 0x90, 0xbf},
        {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
    };
    unsigned char c = *t->at++;
    if (c < 0x80)
        return true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (c >= rows[i].first && c <= rows[i].last)
            return json_tail_bytes(t, rows[i].tail, rows[i].low, rows[i].high);
    return false;
}

static inline bool json_escape(struct json_text *t)
{
    if (t->at == t->end || *t->at == '\0' || strchr("\"\\/bfnrtu", *t->at) == NULL)
        return false;
    if (*t->at++ != 'u')
        return true;
    for (int i = 0; i < 4; i++, t->at++)
        if (t->at == t->end || *t->at == '\0' || strchr("0123456789abcdefABCDEF", *t->at) == NULL)
            return false;
    return true;
}

static inline bool json_string(struct json_text *t)
{
    if (!json_take(t, '"'))
        return false;
    while (t->at < t->end && *t->at != '"') {
        if (*t->at < 0x20)
            return false;
        if (json_take(t, '\\') ? !json_escape(t) : !json_utf8(t))
            return false;
    }
    return json_take(t, '"');
}

static inline size_t json_digits(struct json_text *t)
{
    const unsigned char *digits = t->at;
    while (t->at < t->end && *t->at >= '0' && *t->at <= '9')
        t->at++;
    return (size_t)(t->at - digits);
}

/* Without an exponent: the program writes none. */
static inline bool json_number_text(struct json_text *t)
{
    json_take(t, '-');
    const unsigned char *digits = t->at;
    size_t len = json_digits(t);
    if (len == 0 || (*digits == '0' && len > 1))
        return false;
    return !json_take(t, '.') || json_digits(t) > 0;
}

static inline bool json_scalar(struct json_text *t)
{
    static const char *const words[] = {"true", "false", "null"};
    if (t->at < t->end && *t->at == '"')
        return json_string(t);
    for (int i = 0; i < 3; i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(t->end - t->at) >= len && memcmp(t->at, words[i], len) == 0) {
            t->at += len;
            return true;
        }
    }
    return json_number_text(t);
}

/* The brackets that are open, and what may come next. */
struct json_nest {
    char open[64];
    size_t depth;
};

static inline bool json_key(struct json_text *t)
{
    json_blanks(t);
    bool ok = json_string(t);
    json_blanks(t);
    return ok && json_take(t, ':');
}

/* A value up to its last byte or, of a bracket, its first: *opened then. */
static inline bool json_begin(struct json_text *t, struct json_nest *nest, bool *opened)
{
    json_blanks(t);
    *opened = json_take(t, '{') || json_take(t, '[');
    if (!*opened)
        return json_scalar(t);
    if (nest->depth == sizeof nest->open)
        return false;
    nest->open[nest->depth++] = t->at[-1] == '{' ? '}' : ']';
    return true;
}

static inline bool json_is_valid(const char *at, size_t len)
{
    struct json_text t = {(const unsigned char *)at, (const unsigned char *)at + len};
    struct json_nest nest = {.depth = 0};
    bool opened;
    if (len == 0 || !json_begin(&t, &nest, &opened))
        return false;
    while (nest.depth > 0) {
        char close = nest.open[nest.depth - 1];
        json_blanks(&t);
        if (json_take(&t, (unsigned char)close)) {
            nest.depth--;
            opened = false;
            continue;
        }
        if (!opened && !json_take(&t, ','))
            return false;
        if (close == '}' && !json_key(&t))
            return false;
        if (!json_begin(&t, &nest, &opened))
            return false;
    }
    json_blanks(&t);
    return t.at == t.end;
}

#endif
