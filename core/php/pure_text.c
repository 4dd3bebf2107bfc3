/* pure_text - one text in, one text out: parts, case, trimming, padding, quoting. */
#include "pure_parts.h"

#include <limits.h>

/* ---- parts ---- */

/* start and length as substr() reads them. */
static void cut(struct span text, int64_t start, int64_t len, struct span *out)
{
    int64_t size = (int64_t)text.len;
    start = start > size ? size : start < -size ? 0 : start < 0 ? size + start : start;
    if (len < 0)
        len = size - start + len < 0 ? 0 : size - start + len;
    if (len > size - start)
        len = size - start;
    *out = (struct span){text.at + start, (size_t)len};
}

static bool do_substr(struct pure *p)
{
    struct span text, part;
    int64_t start, len;
    if (!pure_span(p, 0, &text) || !pure_int(p, 1, &start) || !pure_int_or(p, 2, INT64_MAX, &len) ||
        len == INT64_MIN)
        return false;
    cut(text, start, len, &part);
    return pure_give_part(p, part);
}

static bool do_substr_replace(struct pure *p)
{
    struct span text, by, part;
    struct pure_out out = {.call = p};
    int64_t start, len;
    if (!pure_read(p, 0, &text) || !pure_read(p, 1, &by) || !pure_int(p, 2, &start) ||
        !pure_int_or(p, 3, INT64_MAX, &len) || len == INT64_MIN)
        return false;
    cut(text, start, len, &part);
    pure_add(&out, span_of(text.at, part.at));
    pure_add(&out, by);
    pure_add(&out, span_of(part.at + part.len, text.at + text.len));
    return pure_done(&out, true);
}

static bool do_strlen(struct pure *p)
{
    struct span text;
    return pure_span(p, 0, &text) && pure_give_int(p, (int64_t)text.len);
}

static bool do_str_split(struct pure *p)
{
    struct span text;
    int64_t size;
    struct php_array *array = php_array_new(p->heap);
    if (array == NULL || !pure_read(p, 0, &text) || !pure_int_or(p, 1, 1, &size) || size < 1)
        return false;
    if (text.len == 0)
        return false; /* [""] before PHP 8.2, then [] */
    for (; text.len > 0; text = span_skip(text, (size_t)size)) {
        struct span part = {text.at, text.len < (uint64_t)size ? text.len : (size_t)size};
        if (!pure_push_part(p, array, part))
            return false;
        if (text.len < (uint64_t)size)
            break;
    }
    return pure_give_array(p, array);
}

static bool do_chunk_split(struct pure *p)
{
    struct span text, end;
    struct pure_out out = {.call = p};
    int64_t size;
    if (!pure_read(p, 0, &text) || !pure_int_or(p, 1, 76, &size) || size < 1 ||
        !pure_read_or(p, 2, SPAN("\r\n"), &end))
        return false;
    if ((uint64_t)size > text.len)
        return false; /* differs among versions for the empty text */
    while (text.len > 0 && !out.full) {
        size_t len = text.len < (uint64_t)size ? text.len : (size_t)size;
        pure_add(&out, (struct span){text.at, len});
        pure_add(&out, end);
        text = span_skip(text, len);
    }
    return pure_done(&out, true);
}

/* ---- trimming ---- */

enum { LEFT = 1, RIGHT = 2 };

static bool trim(struct pure *p, int sides)
{
    struct span text, list;
    struct pure_set set;
    if (!pure_read(p, 0, &text) || !pure_read_or(p, 1, (struct span){" \n\r\t\v\0", 6}, &list) ||
        !pure_set_of(list, &set))
        return false;
    while ((sides & LEFT) && text.len > 0 && set.has[(unsigned char)text.at[0]])
        text = span_skip(text, 1);
    while ((sides & RIGHT) && text.len > 0 && set.has[(unsigned char)text.at[text.len - 1]])
        text.len--;
    return pure_give_part(p, text);
}

static bool do_trim(struct pure *p)
{
    return trim(p, LEFT | RIGHT);
}

static bool do_ltrim(struct pure *p)
{
    return trim(p, LEFT);
}

static bool do_rtrim(struct pure *p)
{
    return trim(p, RIGHT);
}

/* ---- case ---- */

static bool each_byte(struct pure *p, char (*change)(char))
{
    struct span text;
    char *out = pure_read(p, 0, &text) ? pure_room(p, text.len) : NULL;
    for (size_t i = 0; out != NULL && i < text.len; i++)
        out[i] = change(text.at[i]);
    return out != NULL;
}

static bool do_strtolower(struct pure *p)
{
    return each_byte(p, pure_lower);
}

static bool do_strtoupper(struct pure *p)
{
    return each_byte(p, pure_upper);
}

static bool first_byte(struct pure *p, char (*change)(char))
{
    struct span text;
    char *out = pure_read(p, 0, &text) ? pure_room(p, text.len) : NULL;
    if (out == NULL || text.len == 0)
        return out != NULL;
    memcpy(out, text.at, text.len);
    out[0] = change(text.at[0]);
    return true;
}

static bool do_ucfirst(struct pure *p)
{
    return first_byte(p, pure_upper);
}

static bool do_lcfirst(struct pure *p)
{
    return first_byte(p, pure_lower);
}

static bool do_ucwords(struct pure *p)
{
    struct span text, list;
    struct pure_set set;
    if (!pure_read(p, 0, &text) || !pure_read_or(p, 1, SPAN(" \t\r\n\f\v"), &list) ||
        !pure_set_of(list, &set))
        return false;
    char *out = pure_room(p, text.len);
    bool first = true;
    for (size_t i = 0; out != NULL && i < text.len; i++) {
        out[i] = first ? pure_upper(text.at[i]) : text.at[i];
        first = set.has[(unsigned char)out[i]];
    }
    return out != NULL;
}

/* ---- longer ---- */

static bool do_str_repeat(struct pure *p)
{
    struct span text;
    int64_t times;
    if (!pure_read(p, 0, &text) || !pure_int(p, 1, &times) || times < 0)
        return false;
    size_t len = 0;
    if (__builtin_mul_overflow(text.len, (size_t)times, &len))
        len = SIZE_MAX / 2;
    if (len > p->heap->bytes_limit)
        len = p->heap->bytes_limit + 1; /* more than there is: it says so itself */
    char *out = pure_room(p, len);
    for (size_t i = 0; out != NULL && i < len; i += text.len)
        memcpy(out + i, text.at, text.len);
    return out != NULL;
}

static void add_padding(struct pure_out *out, struct span pad, size_t len)
{
    for (; len > 0 && !out->full; len -= len < pad.len ? len : pad.len)
        pure_add(out, (struct span){pad.at, len < pad.len ? len : pad.len});
}

static bool do_str_pad(struct pure *p)
{
    enum { PAD_LEFT, PAD_RIGHT, PAD_BOTH };
    struct span text, pad;
    struct pure_out out = {.call = p};
    int64_t len, side;
    if (!pure_read(p, 0, &text) || !pure_int(p, 1, &len) || !pure_read_or(p, 2, SPAN(" "), &pad) ||
        !pure_int_or(p, 3, PAD_RIGHT, &side) || pad.len == 0 || side < PAD_LEFT || side > PAD_BOTH)
        return false;
    size_t more = len > (int64_t)text.len ? (size_t)len - text.len : 0;
    if (!pure_pay(p, more))
        return false;
    size_t left = side == PAD_LEFT ? more : side == PAD_BOTH ? more / 2 : 0;
    add_padding(&out, pad, left);
    pure_add(&out, text);
    add_padding(&out, pad, more - left);
    return pure_done(&out, true);
}

/* ---- quoting ---- */

/* What stands before a byte, or in its place. */
struct quote {
    char byte;
    const char *by;
};

static bool quote(struct pure *p, const struct quote *rows)
{
    struct span text;
    struct pure_out out = {.call = p};
    const char *by[256] = {0};
    if (!pure_read(p, 0, &text))
        return false;
    for (; rows->by != NULL; rows++)
        by[(unsigned char)rows->byte] = rows->by;
    for (size_t i = 0; i < text.len; i++)
        if (by[(unsigned char)text.at[i]] != NULL)
            pure_add(&out, span_text(by[(unsigned char)text.at[i]]));
        else
            pure_add_char(&out, text.at[i]);
    return pure_done(&out, true);
}

static bool do_addslashes(struct pure *p)
{
    static const struct quote rows[] = {
        {'\'', "\\'"}, {'"', "\\\""}, {'\\', "\\\\"}, {'\0', "\\0"}, {0}};
    return quote(p, rows);
}

static bool do_preg_quote(struct pure *p)
{
    struct span text, end;
    struct pure_out out = {.call = p};
    if (!pure_read(p, 0, &text) || !pure_read_or(p, 1, SPAN(""), &end))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if ((c != '\0' && strchr(".\\+*?[^]$(){}=!<>|:-#", c) != NULL) ||
            (end.len > 0 && c == end.at[0]))
            pure_add_char(&out, '\\');
        if (c == '\0')
            pure_add(&out, end.len > 0 && end.at[0] == '\0' ? SPAN("000") : SPAN("\\000"));
        else
            pure_add_char(&out, c);
    }
    return pure_done(&out, true);
}

static bool do_quotemeta(struct pure *p)
{
    static const struct quote rows[] = {{'.', "\\."}, {'\\', "\\\\"}, {'+', "\\+"}, {'*', "\\*"},
                                        {'?', "\\?"}, {'[', "\\["},   {'^', "\\^"}, {']', "\\]"},
                                        {'$', "\\$"}, {'(', "\\("},   {')', "\\)"}, {0}};
    return quote(p, rows);
}

static bool do_stripslashes(struct pure *p)
{
    struct span text;
    char *out = pure_read(p, 0, &text) ? pure_room(p, text.len) : NULL;
    size_t len = 0;
    if (out == NULL)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool quoted = text.at[i] == '\\';
        if (quoted && ++i == text.len)
            break;
        out[len++] = quoted && text.at[i] == '0' ? '\0' : text.at[i];
    }
    return pure_give_part(p, (struct span){out, len});
}

/* The byte that an escape's digits spell; *used gets their number. */
static char escape_digits(struct span rest, size_t *used)
{
    bool hex = rest.at[0] == 'x';
    int code = 0, digit;
    for (*used = hex; *used < 3 && *used < rest.len; ++*used) {
        digit = pure_hex(rest.at[*used]);
        if (digit < 0 || (!hex && digit > 7))
            break;
        code = code * (hex ? 16 : 8) + digit;
    }
    return (char)code;
}

static bool do_stripcslashes(struct pure *p)
{
    static const char names[] = "ntrabvf", bytes[] = "\n\t\r\a\b\v\f";
    struct span text;
    char *out = pure_read(p, 0, &text) ? pure_room(p, text.len) : NULL;
    size_t len = 0;
    if (out == NULL)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '\\' || i + 1 == text.len) {
            out[len++] = text.at[i];
            continue;
        }
        struct span rest = span_skip(text, ++i);
        const char *name = rest.at[0] == '\0' ? NULL : strchr(names, rest.at[0]);
        bool hex = rest.at[0] == 'x' && rest.len > 1 && pure_hex(rest.at[1]) >= 0;
        bool octal = rest.at[0] >= '0' && rest.at[0] <= '7';
        size_t used = 1;
        out[len++] = name != NULL   ? bytes[name - names]
                     : hex || octal ? escape_digits(rest, &used)
                                    : rest.at[0];
        i += used - 1;
    }
    return pure_give_part(p, (struct span){out, len});
}

static bool do_nl2br(struct pure *p)
{
    struct span text;
    struct pure_out out = {.call = p};
    bool xhtml;
    if (!pure_read(p, 0, &text) || !pure_truth(p, 1, true, &xhtml))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i], next = i + 1 < text.len ? text.at[i + 1] : '\0';
        bool is_break = c == '\n' || c == '\r';
        if (is_break)
            pure_add(&out, xhtml ? SPAN("<br />") : SPAN("<br>"));
        pure_add_char(&out, c);
        if (is_break && (next == '\n' || next == '\r') && next != c) {
            pure_add_char(&out, next);
            i++;
        }
    }
    return pure_done(&out, true);
}

/* ---- wrapping ---- */

/* php-src, ext/standard/string.c: lines end at the last blank that fits. */
static bool do_wordwrap(struct pure *p)
{
    struct span text, end;
    struct pure_out out = {.call = p};
    int64_t width;
    bool hard;
    if (!pure_read(p, 0, &text) || !pure_int_or(p, 1, 75, &width) ||
        !pure_read_or(p, 2, SPAN("\n"), &end) || !pure_truth(p, 3, false, &hard) || end.len == 0 ||
        width < 0 || (width == 0 && hard))
        return false;
    size_t line = 0, blank = 0, at;
    for (at = 0; at < text.len; at++) {
        bool may = text.len - at > end.len && text.at[at] == end.at[0];
        bool breaks = may && php_heap_step(p->heap, end.len / 32) &&
                      memcmp(text.at + at, end.at, end.len) == 0;
        if (breaks) {
            pure_add(&out, span_of(text.at + line, text.at + at + end.len));
            at += end.len - 1;
            line = blank = at + 1;
        } else if (text.at[at] == ' ') {
            if (at - line >= (uint64_t)width) {
                pure_add(&out, span_of(text.at + line, text.at + at));
                pure_add(&out, end);
                line = at + 1;
            }
            blank = at;
        } else if (at - line >= (uint64_t)width && hard && line >= blank) {
            pure_add(&out, span_of(text.at + line, text.at + at));
            pure_add(&out, end);
            line = blank = at;
        } else if (at - line >= (uint64_t)width && line < blank) {
            pure_add(&out, span_of(text.at + line, text.at + blank));
            pure_add(&out, end);
            line = blank = blank + 1;
        }
    }
    pure_add(&out, span_skip(text, line));
    return pure_done(&out, true);
}

const struct php_pure pure_texts[] = {{"addslashes", 1, 1, 0, do_addslashes},
                                      {"chop", 1, 2, PHP_PURE_BUILDS, do_rtrim},
                                      {"chunk_split", 1, 3, PHP_PURE_BUILDS, do_chunk_split},
                                      {"lcfirst", 1, 1, PHP_PURE_BUILDS, do_lcfirst},
                                      {"ltrim", 1, 2, PHP_PURE_BUILDS, do_ltrim},
                                      {"nl2br", 1, 2, PHP_PURE_BUILDS, do_nl2br},
                                      {"preg_quote", 1, 2, 0, do_preg_quote},
                                      {"quotemeta", 1, 1, 0, do_quotemeta},
                                      {"rtrim", 1, 2, PHP_PURE_BUILDS, do_rtrim},
                                      {"str_pad", 2, 4, PHP_PURE_BUILDS, do_str_pad},
                                      {"str_repeat", 2, 2, PHP_PURE_BUILDS, do_str_repeat},
                                      {"str_split", 1, 2, PHP_PURE_BUILDS, do_str_split},
                                      {"stripcslashes", 1, 1, PHP_PURE_HIDES, do_stripcslashes},
                                      {"stripslashes", 1, 1, PHP_PURE_BUILDS, do_stripslashes},
                                      {"strlen", 1, 1, PHP_PURE_NUMBER, do_strlen},
                                      {"strtolower", 1, 1, PHP_PURE_BUILDS, do_strtolower},
                                      {"strtoupper", 1, 1, PHP_PURE_BUILDS, do_strtoupper},
                                      {"substr", 2, 3, PHP_PURE_BUILDS, do_substr},
                                      {"substr_replace", 3, 4, PHP_PURE_BUILDS, do_substr_replace},
                                      {"trim", 1, 2, PHP_PURE_BUILDS, do_trim},
                                      {"ucfirst", 1, 1, PHP_PURE_BUILDS, do_ucfirst},
                                      {"ucwords", 1, 2, PHP_PURE_BUILDS, do_ucwords},
                                      {"wordwrap", 1, 4, PHP_PURE_BUILDS, do_wordwrap},
                                      {0}};
