/* text - escaping, shell patterns and near misses. */
#include "spamgear/base/text.h"

#include "spamgear/base/mem.h"
#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Smallest code point that a sequence of this length may spell (no overlong forms). */
static const uint32_t utf8_least[] = {0, 0, 0x80, 0x800, 0x10000};

size_t text_utf8(struct span s)
{
    const unsigned char *p = (const unsigned char *)s.at;
    if (s.len == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || s.len < len)
        return 0;
    uint32_t code = p[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3fU);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < utf8_least[len] || code > 0x10ffff || surrogate ? 0 : len;
}

/* A character that may go to a terminal as it is: printable ASCII, or UTF-8 that
 * is no C1 control (U+0080 to U+009F) and no bidirectional override. */
static bool is_plain(const unsigned char *p, size_t len)
{
    if (len == 1)
        return p[0] >= 0x20 && p[0] < 0x7f;
    if (len == 2)
        return !(p[0] == 0xc2 && p[1] < 0xa0);
    if (len == 3 && p[0] == 0xe2 && p[1] == 0x80)
        return !(p[2] >= 0xa8 && p[2] <= 0xae); /* U+2028 to U+202E */
    if (len == 3 && p[0] == 0xe2 && p[1] == 0x81)
        return !(p[2] >= 0xa6 && p[2] <= 0xa9); /* U+2066 to U+2069 */
    return len > 0;
}

static void escape_byte(struct strbuf *out, unsigned char c)
{
    if (c == '\n')
        strbuf_add_text(out, "\\n");
    else if (c == '\t')
        strbuf_add_text(out, "\\t");
    else
        strbuf_format(out, "\\x%02x", c);
}

void text_escape(struct strbuf *out, struct span s)
{
    while (s.len > 0) {
        const unsigned char *p = (const unsigned char *)s.at;
        size_t len = text_utf8(s);
        if (is_plain(p, len)) {
            strbuf_add(out, s.at, len);
        } else {
            len = len == 0 ? 1 : len;
            for (size_t i = 0; i < len; i++)
                escape_byte(out, p[i]);
        }
        s = span_skip(s, len);
    }
}

static void json_char(struct strbuf *out, unsigned char c)
{
    static const char letters[] = "\bb\tt\nn\ff\rr\"\"\\\\"; /* byte, its letter, ... */
    const char *found = c == '\0' ? NULL : strchr(letters, c);
    if (found != NULL && (found - letters) % 2 == 0) {
        strbuf_add_char(out, '\\');
        strbuf_add_char(out, found[1]);
    } else if (c < 0x20 || c == 0x7f) {
        strbuf_format(out, "\\u%04x", c);
    } else {
        strbuf_add_char(out, (char)c);
    }
}

/* Of the characters that are not plain: all of them have two or three bytes. */
static void json_code(struct strbuf *out, const unsigned char *p, size_t len)
{
    unsigned code = len == 2 ? p[0] & 0x1fU : (p[0] & 0x0fU) << 6 | (p[1] & 0x3fU);
    strbuf_format(out, "\\u%04x", code << 6 | (p[len - 1] & 0x3fU));
}

void text_json(struct strbuf *out, struct span s)
{
    strbuf_add_char(out, '"');
    while (s.len > 0) {
        size_t len = text_utf8(s);
        if (len == 0)
            strbuf_add_text(out, "\xef\xbf\xbd");
        else if (len == 1)
            json_char(out, (unsigned char)s.at[0]);
        else if (is_plain((const unsigned char *)s.at, len))
            strbuf_add(out, s.at, len);
        else
            json_code(out, (const unsigned char *)s.at, len);
        s = span_skip(s, len == 0 ? 1 : len);
    }
    strbuf_add_char(out, '"');
}

static bool fits(const char *pattern, struct span s, int flags)
{
    char *name = mem_text_of(s.at, s.len);
    bool does = memchr(name, '\0', s.len) == NULL && fnmatch(pattern, name, flags) == 0;
    free(name);
    return does;
}

bool text_glob(const char *pattern, struct span s)
{
    return fits(pattern, s, 0);
}

bool text_glob_folded(const char *pattern, struct span s)
{
    return fits(pattern, s, FNM_CASEFOLD);
}

#define WORD_MAX 32

int text_distance(const char *a, const char *b)
{
    size_t la = strnlen(a, WORD_MAX), lb = strnlen(b, WORD_MAX);
    int d[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= la; i++)
        d[i][0] = (int)i;
    for (size_t j = 0; j <= lb; j++)
        d[0][j] = (int)j;
    for (size_t i = 1; i <= la; i++) {
        for (size_t j = 1; j <= lb; j++) {
            int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[la][lb];
}

bool text_is_near(const char *typed, const char *candidate)
{
    size_t len = strlen(typed);
    int most = len <= 3 ? 1 : len <= 7 ? 2 : (int)(len / 3);
    if (text_distance(typed, candidate) <= most)
        return true;
    return len >= 3 && strstr(candidate, typed) != NULL; /* a part of the name was typed */
}

void text_near_try(struct text_near *near, const char *candidate)
{
    int distance = text_distance(near->typed, candidate);
    if (!text_is_near(near->typed, candidate) || (near->best != NULL && distance >= near->distance))
        return;
    near->best = candidate;
    near->distance = distance;
}
