/* form_strings - what constant strings and HTML look like.
 *
 * Each byte is looked at a bounded number of times: a tag is read to its end, to the next one, or
 * for TAG_BYTES, whichever comes first.
 */
#include "form_parts.h"

#include "spamgear/base/text.h"

#define LONG_BYTES 64 /* from here on encoding and entropy mean something */
#define TAG_BYTES  512

struct bytes {
    size_t len, small, capital, digit, hex, other; /* other: beyond base64's alphabet */
    size_t binary;                                 /* control bytes and what is no UTF-8 */
    size_t escapes;
};

static void count_byte(struct bytes *bytes, char c)
{
    bool is_small = c >= 'a' && c <= 'z', is_capital = c >= 'A' && c <= 'Z',
         is_digit = c >= '0' && c <= '9';
    bytes->small += is_small;
    bytes->capital += is_capital;
    bytes->digit += is_digit;
    bytes->hex += is_digit || (is_small && c <= 'f') || (is_capital && c <= 'F');
    bytes->other += !is_small && !is_capital && !is_digit && c != '+' && c != '/' && c != '=' &&
                    c != '\r' && c != '\n';
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : 99;
}

/* The length of an escape, \x41 or \101, that stands for a letter, a digit or _: for what could
 * as well be read. 0: there is none. */
static size_t escape_at(struct span s)
{
    if (s.len < 3 || s.at[0] != '\\')
        return 0;
    bool is_hex = s.at[1] == 'x' || s.at[1] == 'X';
    int base = is_hex ? 16 : 8, value = 0;
    size_t first = is_hex ? 2 : 1, len = first;
    for (; len < 4 && len < s.len && digit_of(s.at[len]) < base; len++)
        value = value * base + digit_of(s.at[len]);
    bool is_letter = (value >= 'a' && value <= 'z') || (value >= 'A' && value <= 'Z') ||
                     (value >= '0' && value <= '9') || value == '_';
    return len > first && is_letter ? len : 0;
}

static struct bytes bytes_of(struct span string, bool has_escapes)
{
    struct bytes bytes = {.len = string.len};
    for (struct span s = string; s.len > 0;) {
        size_t escape = has_escapes ? escape_at(s) : 0, character = text_utf8(s);
        bool is_control = (unsigned char)*s.at < ' ' && (*s.at < '\t' || *s.at > '\r');
        bytes.escapes += escape;
        bytes.binary += character == 0 || is_control || *s.at == 127;
        size_t take = escape > 0 ? escape : character > 0 ? character : 1;
        for (size_t i = 0; i < take; i++)
            count_byte(&bytes, s.at[i]);
        s = span_skip(s, take);
    }
    return bytes;
}

static bool looks_encoded(const struct bytes *bytes)
{
    if (bytes->len < LONG_BYTES || bytes->other * 50 > bytes->len)
        return false;
    bool is_hex = bytes->hex * 50 >= bytes->len * 49 && bytes->digit * 4 > bytes->len;
    return is_hex || (bytes->small >= 8 && bytes->capital >= 8 && bytes->digit >= 3);
}

/* log2(n) * 65536, n > 0: the exponent, then a bit of the fraction with each squaring. */
static uint64_t log2_of(uint64_t n)
{
    unsigned exponent = 63 - (unsigned)__builtin_clzll(n);
    uint64_t x = exponent > 31 ? n >> (exponent - 31) : n << (31 - exponent), result = exponent;
    for (int i = 0; i < 16; i++) {
        x = x * x >> 31;
        result = result << 1 | x >> 32;
        x >>= x >> 32;
    }
    return result;
}

/* Bits a byte, times 100. */
static uint32_t entropy_of(struct span string)
{
    uint32_t counts[256] = {0};
    for (size_t i = 0; i < string.len; i++)
        counts[(unsigned char)string.at[i]]++;
    uint64_t sum = 0, whole = log2_of(string.len);
    for (int i = 0; i < 256; i++)
        if (counts[i] > 0)
            sum += counts[i] * (whole - log2_of(counts[i]));
    return (uint32_t)(sum * 100 / string.len >> 16);
}

void php_form_string(struct php_form *form, struct span string, bool has_escapes)
{
    form->strings++;
    form->string_bytes += (uint32_t)string.len;
    if (string.len > form->longest_string)
        form->longest_string = (uint32_t)string.len;
    php_form_html(form, string);
    if (string.len < 4)
        return;
    struct bytes bytes = bytes_of(string, has_escapes);
    form->escaped_strings += bytes.escapes * 2 >= bytes.len;
    form->binary_strings += bytes.len >= 8 && bytes.binary * 5 >= bytes.len;
    if (bytes.len < LONG_BYTES)
        return;
    uint32_t entropy = entropy_of(string);
    if (entropy > form->largest_entropy)
        form->largest_entropy = entropy;
    if (looks_encoded(&bytes)) {
        form->encoded_strings++;
        form->encoded_bytes += (uint32_t)string.len;
    }
}

/* ---- HTML ---- */

static bool is_filler(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\\' || c == '"' || c == '\'';
}

static struct span skip_filler(struct span s)
{
    while (s.len > 0 && is_filler(*s.at))
        s = span_skip(s, 1);
    return s;
}

/* What stands behind attribute = in a tag, quotes (escaped ones too) left out. */
static struct span attribute_of(struct span tag, struct span attribute)
{
    for (; tag.len > attribute.len; tag = span_skip(tag, 1)) {
        if (!is_filler(*tag.at) || !php_form_begins(span_skip(tag, 1), attribute))
            continue;
        struct span value = skip_filler(span_skip(tag, 1 + attribute.len));
        if (value.len > 0 && *value.at == '=')
            return skip_filler(span_skip(value, 1));
    }
    return (struct span){0};
}

static struct span tag_of(struct span html)
{
    size_t len = 0;
    while (len < html.len && len < TAG_BYTES && html.at[len] != '<' && html.at[len] != '>')
        len++;
    return (struct span){html.at, len};
}

static void look_at_tag(struct php_form *form, struct span tag)
{
    bool is_form = php_form_begins(tag, SPAN("form"));
    form->html_page |= is_form || php_form_begins(tag, SPAN("html"));
    if (is_form)
        form->file_form |= php_form_begins(attribute_of(tag, SPAN("enctype")), SPAN("multipart/"));
    if (!php_form_begins(tag, SPAN("input")))
        return;
    struct span type = attribute_of(tag, SPAN("type"));
    form->password_form |= php_form_begins(type, SPAN("password"));
    form->file_form |= php_form_begins(type, SPAN("file"));
}

void php_form_html(struct php_form *form, struct span html)
{
    for (const char *at; html.len > 0 && (at = memchr(html.at, '<', html.len)) != NULL;) {
        html = span_of(at + 1, span_end(html));
        look_at_tag(form, tag_of(html));
    }
}
