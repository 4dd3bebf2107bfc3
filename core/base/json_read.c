/* json_read - a pull parser for JSON: what may come next is one of four states.
 *
 * Linear time; memory is one string and a flag for each open bracket. After the first mistake
 * every call says JSON_WRONG again.
 */
#include "spamgear/base/json_read.h"

#include "spamgear/base/text.h"
#include <stdint.h>

void json_read_init(struct json_reader *reader, struct span text)
{
    *reader = (struct json_reader){.rest = text, .start = text.at, .want = JSON_WANT_VALUE};
}

void json_read_clear(struct json_reader *reader)
{
    strbuf_clear(&reader->text);
}

static enum json_piece wrong(struct json_reader *reader, const char *what)
{
    if (reader->wrong == NULL)
        reader->wrong = what;
    return JSON_WRONG;
}

int json_read_why(const struct json_reader *reader, struct strbuf *why)
{
    size_t line = 1;
    for (const char *at = reader->start; at < reader->rest.at; at++)
        line += *at == '\n';
    return strbuf_why(why, "line %zu: %s", line, reader->wrong);
}

/* The next byte, '\0' at the end (a NUL of the text is nowhere allowed either). */
static char peek(const struct json_reader *reader)
{
    return reader->rest.len > 0 ? reader->rest.at[0] : '\0';
}

static void skip(struct json_reader *reader, size_t bytes)
{
    reader->rest = span_skip(reader->rest, bytes);
}

static void skip_blanks(struct json_reader *reader)
{
    while (reader->rest.len > 0 && strchr(" \t\n\r", peek(reader)) != NULL && peek(reader) != '\0')
        skip(reader, 1);
}

/* ---- strings ---- */

/* Four hexadecimal digits; UINT32_MAX when they are none. */
static uint32_t take_unit(struct json_reader *reader)
{
    uint32_t unit = 0;
    if (reader->rest.len < 4)
        return UINT32_MAX;
    for (size_t i = 0; i < 4; i++) {
        char c = reader->rest.at[i];
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *digit = c == '\0' ? NULL : strchr(digits, c);
        if (digit == NULL)
            return UINT32_MAX;
        uint32_t value = (uint32_t)(digit - digits);
        unit = unit << 4 | (value < 16 ? value : value - 6);
    }
    skip(reader, 4);
    return unit;
}

static void add_code_point(struct strbuf *out, uint32_t code)
{
    static const uint32_t first[] = {0, 0, 0xc0, 0xe0, 0xf0}; /* by length of the character */
    unsigned len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    strbuf_add_char(out, (char)(first[len] | code >> (6 * (len - 1))));
    for (unsigned i = len - 1; i-- > 0;)
        strbuf_add_char(out, (char)(0x80 | (code >> (6 * i) & 0x3f)));
}

/* Behind "\u": one code point, or the two halves of one. */
static bool take_code_point(struct json_reader *reader)
{
    uint32_t code = take_unit(reader);
    if (code >= 0xd800 && code <= 0xdbff) {
        if (!span_has_prefix(reader->rest, SPAN("\\u")))
            return false;
        skip(reader, 2);
        uint32_t low = take_unit(reader);
        if (low < 0xdc00 || low > 0xdfff)
            return false;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code > 0xffff || (code >= 0xdc00 && code <= 0xdfff)) {
        return false;
    }
    add_code_point(&reader->text, code);
    return true;
}

static bool take_escape(struct json_reader *reader)
{
    static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\t"; /* a letter, its byte, ... */
    char c = peek(reader);
    if (c == '\0')
        return false;
    skip(reader, 1);
    if (c == 'u')
        return take_code_point(reader);
    for (size_t i = 0; i + 1 < sizeof letters; i += 2)
        if (letters[i] == c) {
            strbuf_add_char(&reader->text, letters[i + 1]);
            return true;
        }
    return false;
}

static enum json_piece take_string(struct json_reader *reader, enum json_piece piece)
{
    strbuf_reset(&reader->text);
    skip(reader, 1);
    while (peek(reader) != '"') {
        size_t len = text_utf8(reader->rest);
        if (len == 0 || (len == 1 && (unsigned char)peek(reader) < 0x20))
            return wrong(reader, "a string is not closed, or holds what it may not");
        if (peek(reader) != '\\') {
            strbuf_add(&reader->text, reader->rest.at, len);
            skip(reader, len);
            continue;
        }
        skip(reader, 1);
        if (!take_escape(reader))
            return wrong(reader, "a string holds an escape that is none");
    }
    skip(reader, 1);
    return piece;
}

/* ---- numbers and words ---- */

static size_t digits(struct span s)
{
    size_t len = 0;
    while (len < s.len && s.at[len] >= '0' && s.at[len] <= '9')
        len++;
    return len;
}

static bool has(struct span s, const char *bytes)
{
    return s.len > 0 && s.at[0] != '\0' && strchr(bytes, s.at[0]) != NULL;
}

/* RFC 8259 6: [ minus ] int [ frac ] [ exp ] */
static enum json_piece take_number(struct json_reader *reader)
{
    struct span s = reader->rest;
    s = span_skip(s, has(s, "-"));
    size_t whole = digits(s), part = 1, power = 1;
    bool zeros = whole > 1 && s.at[0] == '0';
    s = span_skip(s, whole);
    if (has(s, ".")) {
        part = digits(span_skip(s, 1));
        s = span_skip(s, 1 + part);
    }
    if (has(s, "eE")) {
        s = span_skip(s, 1);
        s = span_skip(s, has(s, "+-"));
        power = digits(s);
        s = span_skip(s, power);
    }
    if (whole == 0 || zeros || part == 0 || power == 0)
        return wrong(reader, "something stands where a value should");
    strbuf_reset(&reader->text);
    strbuf_add(&reader->text, reader->rest.at, reader->rest.len - s.len);
    reader->rest = s;
    return JSON_NUMBER;
}

static enum json_piece take_word(struct json_reader *reader)
{
    static const struct {
        struct span word;
        enum json_piece piece;
    } words[] = {{{"true", 4}, JSON_TRUE}, {{"false", 5}, JSON_FALSE}, {{"null", 4}, JSON_NULL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_has_prefix(reader->rest, words[i].word)) {
            skip(reader, words[i].word.len);
            return words[i].piece;
        }
    return take_number(reader);
}

/* ---- structure ---- */

static enum json_piece open_bracket(struct json_reader *reader, bool object)
{
    if (reader->depth == JSON_READ_DEPTH)
        return wrong(reader, "more than 32 arrays and objects in each other");
    skip(reader, 1);
    reader->in_object[reader->depth++] = object;
    reader->want = JSON_WANT_FIRST;
    return object ? JSON_OBJECT : JSON_ARRAY;
}

static enum json_piece close_bracket(struct json_reader *reader)
{
    skip(reader, 1);
    reader->want = JSON_WANT_END;
    return reader->in_object[--reader->depth] ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static enum json_piece take_value(struct json_reader *reader)
{
    char c = peek(reader);
    if (c == '{' || c == '[')
        return open_bracket(reader, c == '{');
    reader->want = JSON_WANT_END;
    return c == '"' ? take_string(reader, JSON_STRING) : take_word(reader);
}

static enum json_piece take_key(struct json_reader *reader)
{
    if (peek(reader) != '"')
        return wrong(reader, "a key in quotes is missing");
    if (take_string(reader, JSON_KEY) == JSON_WRONG)
        return JSON_WRONG;
    skip_blanks(reader);
    if (peek(reader) != ':')
        return wrong(reader, "a colon is missing behind a key");
    skip(reader, 1);
    reader->want = JSON_WANT_VALUE;
    return JSON_KEY;
}

/* A value is done: the end, or a comma and one more of its kind. */
static enum json_piece after_value(struct json_reader *reader, char closing)
{
    if (reader->depth == 0)
        return reader->rest.len == 0 ? JSON_END : wrong(reader, "something follows the value");
    if (peek(reader) == closing)
        return close_bracket(reader);
    if (peek(reader) != ',')
        return wrong(reader, "a comma or a closing bracket is missing");
    skip(reader, 1);
    skip_blanks(reader);
    return closing == '}' ? take_key(reader) : take_value(reader);
}

enum json_piece json_read_next(struct json_reader *reader)
{
    if (reader->wrong != NULL)
        return JSON_WRONG;
    skip_blanks(reader);
    bool object = reader->depth > 0 && reader->in_object[reader->depth - 1];
    char closing = object ? '}' : ']';
    if (reader->want == JSON_WANT_END)
        return after_value(reader, closing);
    if (reader->want == JSON_WANT_FIRST && peek(reader) == closing)
        return close_bracket(reader);
    return reader->want == JSON_WANT_FIRST && object ? take_key(reader) : take_value(reader);
}
