/* pure_format - sprintf() and its kin, HTML entities, character sets, names of files. */
#include "pure_parts.h"

#include "spamgear/base/text.h"
#include <math.h>
#include <stdio.h>

/* ---- sprintf ---- */

struct conversion {
    int64_t arg;              /* from 1; 0: the next one */
    int64_t width, precision; /* precision -1: none */
    char pad, code;
    bool left, plus;
};

static int64_t take_number(struct span *text, int64_t none)
{
    if (text->len == 0 || !pure_is_digit(text->at[0]))
        return none;
    int64_t number = 0;
    while (text->len > 0 && pure_is_digit(text->at[0])) {
        number = number < 1000000 ? number * 10 + (text->at[0] - '0') : number;
        *text = span_skip(*text, 1);
    }
    return number;
}

static void take_flags(struct span *text, struct conversion *c)
{
    for (; text->len > 0; *text = span_skip(*text, 1)) {
        char flag = text->at[0];
        if (flag == '0' || flag == ' ')
            c->pad = flag;
        else if (flag == '-')
            c->left = true;
        else if (flag == '+')
            c->plus = true;
        else if (flag == '\'' && text->len > 1) {
            *text = span_skip(*text, 1);
            c->pad = text->at[0];
        } else
            return;
    }
}

/* What stands behind a "%". False: PHP throws. */
static bool take_conversion(struct span *text, struct conversion *c)
{
    *c = (struct conversion){.precision = -1, .pad = ' '};
    struct span before = *text;
    int64_t arg = take_number(text, -1);
    if (arg > 0 && text->len > 0 && text->at[0] == '$') {
        c->arg = arg;
        *text = span_skip(*text, 1);
    } else
        *text = before;
    take_flags(text, c);
    c->width = take_number(text, 0);
    if (text->len > 0 && text->at[0] == '.') {
        *text = span_skip(*text, 1);
        c->precision = take_number(text, 0);
    }
    if (text->len > 0 && text->at[0] == 'l')
        *text = span_skip(*text, 1);
    if (text->len == 0 || c->width > 100000 || arg == 0)
        return false;
    c->code = text->at[0];
    *text = span_skip(*text, 1);
    return true;
}

/* signs: how many bytes of a sign stay before zeros. */
static void add_padded(struct pure_out *out, struct span text, const struct conversion *c,
                       size_t sign)
{
    int64_t pad = c->width - (int64_t)text.len;
    if (!c->left && c->pad == '0' && sign > 0) {
        pure_add(out, (struct span){text.at, sign});
        text = span_skip(text, sign);
    }
    for (int64_t i = 0; !c->left && i < pad; i++)
        pure_add_char(out, c->pad);
    pure_add(out, text);
    for (int64_t i = 0; c->left && i < pad; i++)
        pure_add_char(out, c->pad);
}

static bool add_text(struct pure *p, struct pure_out *out, const struct php_value *arg,
                     struct conversion *c)
{
    struct span text;
    if (!pure_value_span(p, arg, &text))
        return false;
    if (c->precision >= 0 && text.len > (uint64_t)c->precision)
        text.len = (size_t)c->precision;
    add_padded(out, text, c, 0);
    return true;
}

static bool add_whole(struct pure *p, struct pure_out *out, const struct php_value *arg,
                      struct conversion *c)
{
    int64_t number;
    char digits[66];
    (void)p;
    if (arg->type >= PHP_ARRAY || !php_to_int(arg, &number))
        return false;
    if (c->code == 'c') {
        pure_add_char(out, (char)number);
        return true;
    }
    const char *format = c->code == 'u' ? "%llu" : c->plus ? "%+lld" : "%lld";
    bool sign = c->code == 'd' && (number < 0 || c->plus);
    int len = snprintf(digits, sizeof digits, format, (long long)number);
    if (c->left && c->pad == '0')
        c->pad = ' ';
    add_padded(out, (struct span){digits, (size_t)len}, c, sign);
    return true;
}

static bool add_based(struct pure *p, struct pure_out *out, const struct php_value *arg,
                      struct conversion *c)
{
    int64_t number;
    char digits[64];
    size_t at = sizeof digits;
    (void)p;
    if (arg->type >= PHP_ARRAY || c->precision >= 0 || !php_to_int(arg, &number))
        return false;
    int shift = c->code == 'b' ? 1 : c->code == 'o' ? 3 : 4;
    uint64_t left = (uint64_t)number;
    const char *set = c->code == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    do
        digits[--at] = set[left & ((1u << shift) - 1)];
    while ((left >>= shift) > 0);
    add_padded(out, (struct span){digits + at, sizeof digits - at}, c, 0);
    return true;
}

/* PHP writes exponents without leading zeros. */
static size_t trim_exponent(char *digits, size_t len)
{
    char *mark = strpbrk(digits, "eE");
    while (mark != NULL && mark[2] == '0' && mark[3] != '\0') {
        memmove(mark + 2, mark + 3, strlen(mark + 3) + 1);
        len--;
    }
    return len;
}

static bool add_real(struct pure *p, struct pure_out *out, const struct php_value *arg,
                     struct conversion *c)
{
    double real;
    char digits[512];
    (void)p;
    if (arg->type >= PHP_ARRAY || !php_to_float(arg, &real) || !isfinite(real) ||
        fabs(real) > 1e15 || c->precision > 40)
        return false;
    int precision = c->precision < 0 ? 6 : (int)c->precision;
    const char *format = c->code == 'e'   ? (c->plus ? "%+.*e" : "%.*e")
                         : c->code == 'E' ? (c->plus ? "%+.*E" : "%.*E")
                                          : (c->plus ? "%+.*f" : "%.*f");
    int len = snprintf(digits, sizeof digits, format, precision, real);
    if (precision > 15 - (int)log10(fabs(real) + 1) || (real == 0 && signbit(real)))
        return false; /* digits beyond what a double holds */
    size_t kept =
        c->code == 'f' || c->code == 'F' ? (size_t)len : trim_exponent(digits, (size_t)len);
    add_padded(out, (struct span){digits, kept}, c, real < 0 || c->plus);
    return true;
}

static const struct {
    char code;
    bool (*add)(struct pure *p, struct pure_out *out, const struct php_value *arg,
                struct conversion *c);
} conversions[] = {{'s', add_text},  {'d', add_whole}, {'u', add_whole}, {'c', add_whole},
                   {'x', add_based}, {'X', add_based}, {'o', add_based}, {'b', add_based},
                   {'e', add_real},  {'E', add_real},  {'f', add_real},  {'F', add_real}};

/* The arguments of a format: those of the call, or the elements of an array. */
struct operands {
    const struct php_value *args;
    const struct php_entry *entries; /* in place of args */
    size_t count, next;
};

static const struct php_value *operand(struct operands *operands, int64_t number)
{
    size_t i = number > 0 ? (size_t)number - 1 : operands->next++;
    if (i >= operands->count)
        return NULL;
    return operands->entries != NULL ? &operands->entries[i].value : &operands->args[i];
}

static bool add_conversion(struct pure *p, struct pure_out *out, struct span *format,
                           struct operands *operands)
{
    struct conversion c;
    if (!take_conversion(format, &c))
        return false;
    const struct php_value *arg = operand(operands, c.arg);
    for (size_t i = 0; arg != NULL && i < sizeof conversions / sizeof *conversions; i++)
        if (conversions[i].code == c.code)
            return arg->type != PHP_UNKNOWN && php_heap_step(p->heap, 1) &&
                   conversions[i].add(p, out, arg, &c);
    return false;
}

static bool format_all(struct pure *p, struct operands *operands)
{
    struct span format;
    struct pure_out out = {.call = p};
    bool ok = pure_read(p, 0, &format);
    while (ok && format.len > 0 && !out.full) {
        const char *mark = memchr(format.at, '%', format.len);
        struct span plain = mark == NULL ? format : span_of(format.at, mark);
        pure_add(&out, plain);
        format = span_skip(format, plain.len + (mark != NULL));
        if (mark == NULL)
            break;
        if (format.len > 0 && format.at[0] == '%') {
            pure_add_char(&out, '%');
            format = span_skip(format, 1);
        } else
            ok = add_conversion(p, &out, &format, operands);
    }
    return pure_done(&out, ok);
}

static bool do_sprintf(struct pure *p)
{
    struct operands operands = {.args = p->args + 1, .count = p->count - 1};
    return format_all(p, &operands);
}

static bool do_vsprintf(struct pure *p)
{
    struct php_array *array;
    if (!pure_array(p, 1, &array))
        return false;
    struct operands operands = {.entries = array->at, .count = array->len};
    return format_all(p, &operands);
}

static bool do_number_format(struct pure *p)
{
    int64_t number;
    struct span thousands;
    struct pure_out out = {.call = p};
    char digits[32];
    if (p->args[0].type != PHP_INT || (p->count > 1 && !pure_int(p, 1, &number)) ||
        (p->count > 1 && number != 0) || p->count == 3 ||
        !pure_read_or(p, 3, SPAN(","), &thousands) || !pure_int(p, 0, &number) ||
        number == INT64_MIN || number > 1LL << 52 || number < -(1LL << 52))
        return false;
    int len = snprintf(digits, sizeof digits, "%lld", (long long)(number < 0 ? -number : number));
    if (number < 0)
        pure_add_char(&out, '-');
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            pure_add(&out, thousands);
        pure_add_char(&out, digits[i]);
    }
    return pure_done(&out, true);
}

/* ---- HTML ---- */

#define QUOTE_DOUBLE 2
#define QUOTE_SINGLE 1
#define QUOTES       3

static bool is_utf8(struct span text)
{
    while (text.len > 0) {
        size_t len = text_utf8(text);
        if (len == 0)
            return false;
        text = span_skip(text, len);
    }
    return true;
}

static bool is_ascii(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    return true;
}

static bool quote_html(struct pure *p, bool (*is_fine)(struct span))
{
    struct span text;
    struct pure_out out = {.call = p};
    int64_t flags;
    if (p->count > 3 || (pure_has(p, 2) && p->args[2].type != PHP_TEXT) ||
        !pure_read(p, 0, &text) || !pure_int_or(p, 1, QUOTES, &flags) || !is_fine(text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '&')
            pure_add(&out, SPAN("&amp;"));
        else if (c == '<')
            pure_add(&out, SPAN("&lt;"));
        else if (c == '>')
            pure_add(&out, SPAN("&gt;"));
        else if (c == '"' && (flags & QUOTE_DOUBLE))
            pure_add(&out, SPAN("&quot;"));
        else if (c == '\'' && (flags & QUOTE_SINGLE))
            pure_add(&out, SPAN("&#039;"));
        else
            pure_add_char(&out, c);
    }
    return pure_done(&out, (flags & ~0x0f) == 0);
}

static bool do_htmlspecialchars(struct pure *p)
{
    return quote_html(p, is_utf8);
}

static bool do_htmlentities(struct pure *p)
{
    return quote_html(p, is_ascii);
}

/* "#65;" or "#x41;" behind "&": its length, 0 when it is none. */
static size_t numeric_entity(struct span rest, uint32_t *code)
{
    size_t i = 1;
    bool hex = i < rest.len && pure_lower(rest.at[i]) == 'x';
    size_t first = i += hex;
    *code = 0;
    for (; i < rest.len && (hex ? pure_hex(rest.at[i]) >= 0 : pure_is_digit(rest.at[i])); i++) {
        *code = *code * (hex ? 16 : 10) + (uint32_t)pure_hex(rest.at[i]);
        if (*code > 0x10ffff)
            return 0;
    }
    return i > first && i < rest.len && rest.at[i] == ';' ? i + 1 : 0;
}

/* Those that HTML 4.01 allows. */
static bool is_html_code(uint32_t code)
{
    return (code >= 0x20 && code <= 0x7e) || code == '\n' || code == '\t' || code == '\r' ||
           (code >= 0xa0 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0x10ffff);
}

/* The same for names. Length SIZE_MAX: a name that this does not know. */
static size_t named_entity(struct span rest, uint32_t *code)
{
    static const struct {
        const char *name;
        char code;
    } rows[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].name);
        if (rest.len >= len && memcmp(rest.at, rows[i].name, len) == 0) {
            *code = (unsigned char)rows[i].code;
            return len;
        }
    }
    size_t n = 0;
    while (n < rest.len && n < 10 && (pure_is_alpha(rest.at[n]) || pure_is_digit(rest.at[n])))
        n++;
    return n > 1 && n < rest.len && rest.at[n] == ';' ? SIZE_MAX : 0;
}

static bool unquote_html(struct pure *p, bool all)
{
    struct span text;
    struct pure_out out = {.call = p};
    int64_t flags;
    bool ok = pure_read(p, 0, &text) && pure_int_or(p, 1, QUOTES, &flags) && flags >= 0 &&
              flags < 16 && p->count <= 2;
    while (ok && text.len > 0) {
        struct span rest = span_skip(text, 1);
        uint32_t code = 0;
        char bytes[4];
        bool numeric = rest.len > 0 && rest.at[0] == '#';
        size_t used = text.at[0] != '&' ? 0
                      : numeric         ? numeric_entity(rest, &code)
                                        : named_entity(rest, &code);
        ok = used != SIZE_MAX || !all;
        bool quoted =
            (code == '"' && !(flags & QUOTE_DOUBLE)) || (code == '\'' && !(flags & QUOTE_SINGLE));
        bool special = code > 0 && code < 64 && strchr("&<>\"'", (int)code) != NULL;
        if (used == SIZE_MAX || quoted || !is_html_code(code) || !(all || special))
            used = 0;
        if (used == 0)
            pure_add_char(&out, text.at[0]);
        else
            pure_add(&out, (struct span){bytes, pure_utf8(code, bytes)});
        text = span_skip(rest, used);
    }
    return pure_done(&out, ok);
}

static bool do_html_entity_decode(struct pure *p)
{
    return unquote_html(p, true);
}

static bool do_htmlspecialchars_decode(struct pure *p)
{
    return unquote_html(p, false);
}

/* Without quotes, comments and PHP inside of tags: what else is in a "<" cannot be told. */
static bool do_strip_tags(struct pure *p)
{
    struct span text;
    struct pure_out out = {.call = p};
    bool inside = false;
    if (pure_has(p, 1) || !pure_read(p, 0, &text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i], next = i + 1 < text.len ? text.at[i + 1] : ' ';
        if (c == '\0' || (c == '<' && (inside || !(pure_is_alpha(next) || next == '/'))) ||
            (inside && strchr("\"'()", c) != NULL) || (c == '>' && !inside))
            return pure_done(&out, false);
        if (c == '<' || c == '>')
            inside = c == '<';
        else if (!inside)
            pure_add_char(&out, c);
    }
    return pure_done(&out, !inside);
}

/* ---- character sets ---- */

static bool add_latin1(struct pure_out *out, struct span text)
{
    char bytes[4];
    for (size_t i = 0; i < text.len; i++)
        pure_add(out, (struct span){bytes, pure_utf8((unsigned char)text.at[i], bytes)});
    return true;
}

static bool to_latin1(struct pure_out *out, struct span text)
{
    while (text.len > 0) {
        size_t len = text_utf8(text);
        unsigned lead = (unsigned char)text.at[0];
        if (len == 0 || len > 2 || (len == 2 && lead > 0xc3))
            return false;
        pure_add_char(out, len == 1 ? text.at[0]
                                    : (char)((lead << 6) | ((unsigned char)text.at[1] & 63)));
        text = span_skip(text, len);
    }
    return true;
}

static bool do_utf8_encode(struct pure *p)
{
    struct span text;
    struct pure_out out = {.call = p};
    return pure_read(p, 0, &text) && pure_done(&out, add_latin1(&out, text));
}

static bool do_utf8_decode(struct pure *p)
{
    struct span text;
    struct pure_out out = {.call = p};
    return pure_read(p, 0, &text) && pure_done(&out, to_latin1(&out, text));
}

/* UTF-7 (RFC 2152): "+", base64 of UTF-16, "-". */
static bool from_utf7(struct pure_out *out, struct span text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < text.len; i++) {
        uint32_t bits = 0;
        unsigned count = 0;
        const char *letter;
        char bytes[4];
        if (text.at[i] != '+') {
            pure_add_char(out, text.at[i]);
            continue;
        }
        if (i + 1 < text.len && text.at[i + 1] == '-')
            pure_add_char(out, '+');
        for (i++;
             i < text.len && text.at[i] != '\0' && (letter = strchr(letters, text.at[i])) != NULL;
             i++) {
            bits = bits << 6 | (uint32_t)(letter - letters);
            count += 6;
            if (count >= 16) {
                count -= 16;
                size_t len = pure_utf8(bits >> count & 0xffff, bytes);
                if (len == 0)
                    return false;
                pure_add(out, (struct span){bytes, len});
            }
        }
        i -= i == text.len || text.at[i] != '-';
    }
    return true;
}

enum charset { UTF8, LATIN1, UTF7, OTHER };

static enum charset charset_of(struct span name)
{
    static const struct {
        const char *name;
        enum charset charset;
    } rows[] = {{"utf-8", UTF8},         {"utf8", UTF8},     {"iso-8859-1", LATIN1},
                {"latin1", LATIN1},      {"us-ascii", UTF8}, {"ascii", UTF8},
                {"utf-8//ignore", UTF8}, {"utf-7", UTF7},    {"utf-8//translit", UTF8}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strlen(rows[i].name) == name.len && strncasecmp(rows[i].name, name.at, name.len) == 0)
            return rows[i].charset;
    return OTHER;
}

static bool convert(struct pure *p, size_t text_arg, size_t from_arg, size_t to_arg)
{
    struct span text, from_name, to_name;
    struct pure_out out = {.call = p};
    if (!pure_read(p, text_arg, &text) || !pure_read(p, to_arg, &to_name) ||
        !pure_read_or(p, from_arg, SPAN("utf-8"), &from_name))
        return false;
    enum charset from = charset_of(from_name), to = charset_of(to_name);
    if (from == to && from < UTF7 && is_ascii(text))
        return pure_give_part(p, text);
    if (from == LATIN1 && to == UTF8)
        return pure_done(&out, add_latin1(&out, text));
    if (from == UTF8 && to == LATIN1)
        return pure_done(&out, to_latin1(&out, text));
    if (from == UTF7 && to == UTF8)
        return pure_done(&out, from_utf7(&out, text));
    return from == to && from == UTF8 && is_utf8(text) && pure_give_part(p, text);
}

static bool do_iconv(struct pure *p)
{
    return convert(p, 2, 0, 1);
}

/* "base64" and "html-entities" are decoders like others there. */
static bool do_mb_convert_encoding(struct pure *p)
{
    static const struct {
        const char *charset, *function;
    } rows[] = {{"base64", "base64_decode"},
                {"quoted-printable", "quoted_printable_decode"},
                {"qprint", "quoted_printable_decode"},
                {"html-entities", "html_entity_decode"},
                {"html", "html_entity_decode"}};
    struct span from;
    struct pure inner = *p;
    inner.count = 1;
    if (p->count > 2 && pure_read(p, 2, &from))
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (strlen(rows[i].charset) == from.len &&
                strncasecmp(rows[i].charset, from.at, from.len) == 0)
                return php_pure_find(span_text(rows[i].function))->compute(&inner);
    return convert(p, 0, 2, 1);
}

/* ---- names of files ---- */

static bool do_basename(struct pure *p)
{
    struct span path, end;
    if (!pure_read(p, 0, &path) || !pure_read_or(p, 1, SPAN(""), &end))
        return false;
    while (path.len > 0 && path.at[path.len - 1] == '/')
        path.len--;
    const char *slash = memrchr(path.at, '/', path.len);
    if (slash != NULL)
        path = span_of(slash + 1, path.at + path.len);
    if (end.len > 0 && end.len < path.len &&
        memcmp(path.at + path.len - end.len, end.at, end.len) == 0)
        path.len -= end.len;
    return is_utf8(path) && pure_give_part(p, path);
}

static struct span parent_of(struct span path)
{
    while (path.len > 0 && path.at[path.len - 1] == '/')
        path.len--;
    if (path.len == 0)
        return SPAN("/");
    while (path.len > 0 && path.at[path.len - 1] != '/')
        path.len--;
    if (path.len == 0)
        return SPAN(".");
    while (path.len > 0 && path.at[path.len - 1] == '/')
        path.len--;
    return path.len == 0 ? SPAN("/") : path;
}

static bool do_dirname(struct pure *p)
{
    struct span path;
    int64_t levels = 1;
    if (!pure_read(p, 0, &path) || (p->count > 1 && !pure_int(p, 1, &levels)) || levels < 1)
        return false;
    for (; levels > 0 && path.len > 1; levels--)
        path = parent_of(path);
    if (levels > 0 && path.len == 1 && path.at[0] != '/')
        path = SPAN(".");
    return pure_give_part(p, path);
}

const struct php_pure pure_formats[] = {
    {"basename", 1, 2, PHP_PURE_BASENAME | PHP_PURE_BUILDS, do_basename},
    {"dirname", 1, 2, PHP_PURE_BUILDS, do_dirname},
    {"html_entity_decode", 1, 3, PHP_PURE_HIDES, do_html_entity_decode},
    {"htmlentities", 1, 4, PHP_PURE_HTML, do_htmlentities},
    {"htmlspecialchars", 1, 4, PHP_PURE_HTML, do_htmlspecialchars},
    {"htmlspecialchars_decode", 1, 2, PHP_PURE_BUILDS, do_htmlspecialchars_decode},
    {"iconv", 3, 3, PHP_PURE_HIDES, do_iconv},
    {"mb_convert_encoding", 2, 3, PHP_PURE_HIDES, do_mb_convert_encoding},
    {"number_format", 1, 4, 0, do_number_format},
    {"sprintf", 1, PHP_PURE_ANY, PHP_PURE_BUILDS, do_sprintf},
    {"strip_tags", 1, 2, PHP_PURE_BUILDS, do_strip_tags},
    {"utf8_decode", 1, 1, PHP_PURE_HIDES, do_utf8_decode},
    {"utf8_encode", 1, 1, PHP_PURE_HIDES, do_utf8_encode},
    {"vsprintf", 2, 2, PHP_PURE_BUILDS, do_vsprintf},
    {0}};
