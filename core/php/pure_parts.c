/* pure_parts - arguments in, results out: see pure_parts.h. */
#include "pure_parts.h"

#include <math.h>

#define BYTES_A_STEP 32

/* ---- arguments ---- */

bool pure_pay(const struct pure *p, size_t bytes)
{
    return php_heap_step(p->heap, bytes / BYTES_A_STEP + 1);
}

bool pure_has(const struct pure *p, size_t i)
{
    return i < p->count && p->args[i].type != PHP_NULL;
}

bool pure_value_span(const struct pure *p, const struct php_value *value, struct span *out)
{
    struct php_text text;
    if (value->type == PHP_UNKNOWN || value->type == PHP_ARRAY || value->type >= PHP_OBJECT ||
        !php_to_text(p->heap, value, &text))
        return false;
    *out = text.len == 0 ? SPAN("") : php_text_span(text);
    return true;
}

bool pure_span(const struct pure *p, size_t i, struct span *out)
{
    return i < p->count && pure_value_span(p, &p->args[i], out);
}

bool pure_read(const struct pure *p, size_t i, struct span *out)
{
    return pure_span(p, i, out) && pure_pay(p, out->len);
}

bool pure_read_or(const struct pure *p, size_t i, struct span fallback, struct span *out)
{
    *out = fallback;
    return i >= p->count || pure_read(p, i, out);
}

static size_t digits_at(struct span text, size_t from)
{
    size_t n = 0;
    while (from + n < text.len && pure_is_digit(text.at[from + n]))
        n++;
    return n;
}

/* The length of "e+12" at that place, 0 when there is none. */
static size_t exponent_at(struct span text, size_t from)
{
    if (from >= text.len || pure_lower(text.at[from]) != 'e')
        return 0;
    size_t sign = from + 1 < text.len && (text.at[from + 1] == '-' || text.at[from + 1] == '+');
    size_t digits = digits_at(text, from + 1 + sign);
    return digits == 0 ? 0 : 1 + sign + digits;
}

static struct span without_blanks(struct span text)
{
    while (text.len > 0 && pure_is_space(text.at[0]))
        text = span_skip(text, 1);
    while (text.len > 0 && pure_is_space(text.at[text.len - 1]))
        text.len--;
    return text;
}

enum php_type pure_numeric(struct span text)
{
    text = without_blanks(text);
    size_t at = text.len > 0 && (text.at[0] == '-' || text.at[0] == '+');
    size_t whole = digits_at(text, at), start = at;
    at += whole;
    size_t dot = at < text.len && text.at[at] == '.';
    size_t fraction = dot ? digits_at(text, at + 1) : 0;
    at += dot + fraction;
    size_t exponent = exponent_at(text, at);
    if (whole + fraction == 0 || at + exponent != text.len)
        return PHP_UNKNOWN;
    while (whole > 0 && text.at[start] == '0') {
        start++;
        whole--;
    }
    /* 19 digits may be too many for an integer: near the edge floats and integers differ. */
    return dot || exponent > 0 || whole > 18 ? PHP_FLOAT : PHP_INT;
}

static bool float_fits(double real, int64_t *out)
{
    if (!(real > -9.2e18 && real < 9.2e18))
        return false;
    *out = (int64_t)real;
    return true;
}

bool pure_int(const struct pure *p, size_t i, int64_t *out)
{
    double real;
    if (i >= p->count)
        return false;
    const struct php_value *arg = &p->args[i];
    enum php_type type = arg->type;
    if (type == PHP_TEXT)
        type = pure_numeric(php_text_span(arg->text));
    switch (type) {
    case PHP_NULL:
    case PHP_BOOL:
    case PHP_INT: return php_to_int(arg, out);
    case PHP_FLOAT: return php_to_float(arg, &real) && float_fits(real, out);
    default: return false;
    }
}

bool pure_int_or(const struct pure *p, size_t i, int64_t fallback, int64_t *out)
{
    *out = fallback;
    return !pure_has(p, i) || pure_int(p, i, out);
}

bool pure_float(const struct pure *p, size_t i, double *out)
{
    if (i >= p->count)
        return false;
    const struct php_value *arg = &p->args[i];
    if (arg->type == PHP_TEXT && pure_numeric(php_text_span(arg->text)) == PHP_UNKNOWN)
        return false;
    return arg->type < PHP_ARRAY && php_to_float(arg, out);
}

bool pure_truth(const struct pure *p, size_t i, bool fallback, bool *out)
{
    *out = fallback;
    if (i >= p->count)
        return true;
    return p->args[i].type < PHP_ARRAY && php_to_bool(&p->args[i], out);
}

bool pure_array(const struct pure *p, size_t i, struct php_array **out)
{
    if (i >= p->count || p->args[i].type != PHP_ARRAY || p->args[i].array->open)
        return false;
    *out = p->args[i].array;
    return php_heap_step(p->heap, (*out)->len / 4 + 1);
}

/* ---- results ---- */

char *pure_room(const struct pure *p, size_t len)
{
    struct php_text text;
    char *room = pure_pay(p, len) ? php_text_room(p->heap, len, &text) : NULL;
    if (room != NULL)
        *p->result = php_text_value(text);
    return room;
}

bool pure_give(const struct pure *p, struct span text)
{
    char *room = pure_room(p, text.len);
    if (room != NULL && text.len > 0)
        memcpy(room, text.at, text.len);
    return room != NULL;
}

struct php_value pure_part(struct span part)
{
    return php_text_value((struct php_text){part.at, (uint32_t)part.len, 0});
}

bool pure_give_part(const struct pure *p, struct span text)
{
    *p->result = pure_part(text);
    return true;
}

bool pure_give_int(const struct pure *p, int64_t number)
{
    *p->result = php_int(number);
    return true;
}

bool pure_give_float(const struct pure *p, double real)
{
    *p->result = php_float(real);
    return true;
}

bool pure_give_bool(const struct pure *p, bool truth)
{
    *p->result = php_bool(truth);
    return true;
}

struct php_value pure_shared(struct php_value value)
{
    if (value.type == PHP_ARRAY)
        value.array->shared = true;
    return value;
}

bool pure_give_value(const struct pure *p, struct php_value value)
{
    *p->result = pure_shared(value);
    return value.type != PHP_UNKNOWN;
}

bool pure_give_array(const struct pure *p, struct php_array *array)
{
    if (array == NULL)
        return false;
    *p->result = php_null();
    p->result->type = PHP_ARRAY;
    p->result->array = array;
    return true;
}

bool pure_push(const struct pure *p, struct php_array *array, struct php_value value)
{
    value = pure_shared(value);
    return php_heap_step(p->heap, 1) && php_array_set(p->heap, array, NULL, &value);
}

bool pure_push_part(const struct pure *p, struct php_array *array, struct span part)
{
    return pure_push(p, array, pure_part(part));
}

bool pure_push_copy(const struct pure *p, struct php_array *array, struct span text)
{
    struct php_text copy;
    return php_text_copy(p->heap, text, &copy) && pure_push(p, array, php_text_value(copy));
}

bool pure_set(const struct pure *p, struct php_array *array, struct span name,
              struct php_value value)
{
    struct php_value key = pure_part(name);
    struct php_entry entry;
    value = pure_shared(value);
    return pure_pay(p, name.len) && php_array_key(p->heap, &key, &entry) &&
           php_array_set(p->heap, array, &entry, &value);
}

bool pure_set_entry(const struct pure *p, struct php_array *array, const struct php_entry *entry,
                    struct php_value value)
{
    value = pure_shared(value);
    return pure_pay(p, entry->has_name ? entry->name.len : 0) &&
           php_array_set(p->heap, array, entry, &value);
}

struct php_value pure_key(const struct php_entry *entry)
{
    return entry->has_name ? php_text_value(entry->name) : php_int(entry->number);
}

/* ---- texts that grow ---- */

static size_t room_left(const struct php_heap *heap)
{
    return heap->bytes_limit > heap->used ? heap->bytes_limit - heap->used : 0;
}

static bool fits(struct pure_out *out, size_t len)
{
    struct php_heap *heap = out->call->heap;
    if (out->full)
        return false;
    if (len <= room_left(heap) && out->text.len <= room_left(heap) - len)
        return true;
    out->full = true;
    if (heap->spent == NULL)
        heap->spent = "memory";
    return false;
}

void pure_add(struct pure_out *out, struct span text)
{
    if (text.len > 0 && fits(out, text.len))
        strbuf_add_span(&out->text, text);
}

void pure_add_char(struct pure_out *out, char c)
{
    if (fits(out, 1))
        strbuf_add_char(&out->text, c);
}

bool pure_done(struct pure_out *out, bool ok)
{
    ok = ok && !out->full && pure_give(out->call, strbuf_span(&out->text));
    strbuf_clear(&out->text);
    return ok;
}

/* ---- bytes ---- */

int pure_hex(char c)
{
    if (pure_is_digit(c))
        return c - '0';
    return pure_lower(c) >= 'a' && pure_lower(c) <= 'f' ? pure_lower(c) - 'a' + 10 : -1;
}

bool pure_set_of(struct span list, struct pure_set *set)
{
    memset(set, 0, sizeof *set);
    for (size_t i = 0; i < list.len; i++) {
        unsigned low = (unsigned char)list.at[i], high = low;
        bool dots = i + 1 < list.len && list.at[i] == '.' && list.at[i + 1] == '.';
        if (i + 3 < list.len && list.at[i + 1] == '.' && list.at[i + 2] == '.' &&
            (unsigned char)list.at[i + 3] >= low) {
            high = (unsigned char)list.at[i + 3];
            i += 3;
        } else if (dots) {
            return false;
        }
        memset(set->has + low, true, high - low + 1);
    }
    return true;
}

static const char *find_nocase(struct span text, struct span needle)
{
    char first[2] = {pure_lower(needle.at[0]), pure_upper(needle.at[0])};
    for (size_t at = 0; at + needle.len <= text.len; at++)
        if ((text.at[at] == first[0] || text.at[at] == first[1]) &&
            strncasecmp(text.at + at, needle.at, needle.len) == 0)
            return text.at + at;
    return NULL;
}

static const char *find_folded(struct span text, struct span needle)
{
    struct strbuf low = {0}, want = {0};
    for (size_t i = 0; i < text.len; i++)
        strbuf_add_char(&low, pure_lower(text.at[i]));
    for (size_t i = 0; i < needle.len; i++)
        strbuf_add_char(&want, pure_lower(needle.at[i]));
    const char *at = memmem(low.data, low.len, want.data, want.len);
    size_t offset = at == NULL ? 0 : (size_t)(at - low.data);
    strbuf_clear(&low);
    strbuf_clear(&want);
    return at == NULL ? NULL : text.at + offset;
}

bool pure_find(struct span text, struct span needle, size_t from, bool nocase, size_t *at)
{
    if (from > text.len || needle.len > text.len - from)
        return false;
    struct span rest = span_skip(text, from);
    if (needle.len == 0) {
        *at = from;
        return true;
    }
    bool long_needle = needle.len > 8 || memchr(needle.at, '\0', needle.len) != NULL;
    const char *found = !nocase       ? memmem(rest.at, rest.len, needle.at, needle.len)
                        : long_needle ? find_folded(rest, needle)
                                      : find_nocase(rest, needle);
    if (found == NULL)
        return false;
    *at = (size_t)(found - text.at);
    return true;
}

size_t pure_utf8(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0;
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(lead[len] | code);
    return len;
}
