/* pure_serial - serialize(), unserialize() and the mb_* functions where they are like those for
 * bytes.
 *
 * Objects, references and floats are not read: what they come to depends on more than the text.
 */
#include "pure_parts.h"

#include <stdio.h>

#define DEPTH 32

/* ---- unserialize ---- */

struct reading {
    struct pure *call;
    struct span rest;
};

static bool take(struct reading *r, char c)
{
    if (r->rest.len == 0 || r->rest.at[0] != c)
        return false;
    r->rest = span_skip(r->rest, 1);
    return true;
}

static bool take_number(struct reading *r, bool is_signed, int64_t *out)
{
    bool minus = is_signed && take(r, '-');
    size_t digits = 0;
    *out = 0;
    for (; r->rest.len > 0 && pure_is_digit(r->rest.at[0]) && digits < 18; digits++) {
        *out = *out * 10 + (r->rest.at[0] - '0');
        r->rest = span_skip(r->rest, 1);
    }
    *out = minus ? -*out : *out;
    return digits > 0;
}

static bool read_text(struct reading *r, struct php_value *out)
{
    int64_t len;
    if (!take_number(r, false, &len) || !take(r, ':') || !take(r, '"') ||
        (uint64_t)len > r->rest.len)
        return false;
    *out = pure_part((struct span){r->rest.at, (size_t)len});
    r->rest = span_skip(r->rest, (size_t)len);
    return take(r, '"') && take(r, ';');
}

static bool read_scalar(struct reading *r, char code, struct php_value *out)
{
    int64_t number;
    if (code == 'N') {
        *out = php_null();
        return take(r, ';');
    }
    if (!take(r, ':'))
        return false;
    if (code == 's')
        return read_text(r, out);
    if ((code != 'i' && code != 'b') || !take_number(r, code == 'i', &number) || !take(r, ';') ||
        (code == 'b' && (number < 0 || number > 1)))
        return false;
    *out = code == 'i' ? php_int(number) : php_bool(number);
    return true;
}

static bool read_code(struct reading *r, char *code)
{
    if (r->rest.len == 0 || !php_heap_step(r->call->heap, 1))
        return false;
    *code = r->rest.at[0];
    r->rest = span_skip(r->rest, 1);
    return true;
}

static bool read_value(struct reading *r, struct php_value *out, unsigned depth);

static bool read_array(struct reading *r, struct php_value *out, unsigned depth)
{
    int64_t count;
    struct php_value key, value;
    struct php_entry entry;
    char code;
    struct php_array *array = php_array_new(r->call->heap);
    if (array == NULL || !take(r, ':') || !take_number(r, false, &count) || !take(r, ':') ||
        !take(r, '{'))
        return false;
    for (; count > 0; count--)
        if (!read_code(r, &code) || (code != 'i' && code != 's') || !read_scalar(r, code, &key) ||
            !php_array_key(r->call->heap, &key, &entry) || !read_value(r, &value, depth + 1) ||
            !pure_set_entry(r->call, array, &entry, value))
            return false;
    *out = php_null();
    out->type = PHP_ARRAY;
    out->array = array;
    return take(r, '}');
}

static bool read_value(struct reading *r, struct php_value *out, unsigned depth)
{
    char code;
    if (depth > DEPTH || !read_code(r, &code))
        return false;
    return code == 'a' ? read_array(r, out, depth) : read_scalar(r, code, out);
}

static bool do_unserialize(struct pure *p)
{
    struct reading r = {.call = p};
    struct php_value value;
    if (p->count > 1 && p->args[1].type != PHP_ARRAY)
        return false;
    return pure_read(p, 0, &r.rest) && read_value(&r, &value, 0) && r.rest.len == 0 &&
           pure_give_value(p, value);
}

/* ---- serialize ---- */

static void add_scalar(struct pure_out *out, const struct php_value *value)
{
    char number[48];
    int len = 0;
    switch (value->type) {
    case PHP_NULL: pure_add(out, SPAN("N;")); return;
    case PHP_BOOL: len = snprintf(number, sizeof number, "b:%d;", value->number != 0); break;
    case PHP_INT: len = snprintf(number, sizeof number, "i:%lld;", (long long)value->number); break;
    default: len = snprintf(number, sizeof number, "s:%u:\"", (unsigned)value->text.len);
    }
    pure_add(out, (struct span){number, (size_t)len});
    if (value->type == PHP_TEXT) {
        pure_add(out, php_text_span(value->text));
        pure_add(out, SPAN("\";"));
    }
}

static bool add_value(struct pure_out *out, const struct php_value *value, unsigned depth)
{
    char head[32];
    if (depth > DEPTH || value->type == PHP_UNKNOWN || value->type == PHP_FLOAT ||
        value->type > PHP_ARRAY || !php_heap_step(out->call->heap, 1))
        return false;
    if (value->type != PHP_ARRAY) {
        add_scalar(out, value);
        return !out->full;
    }
    const struct php_array *array = value->array;
    int len = snprintf(head, sizeof head, "a:%u:{", (unsigned)array->len);
    pure_add(out, (struct span){head, (size_t)len});
    for (uint32_t i = 0; i < array->len; i++) {
        struct php_value key = pure_key(&array->at[i]);
        add_scalar(out, &key);
        if (!add_value(out, &array->at[i].value, depth + 1))
            return false;
    }
    pure_add_char(out, '}');
    return !array->open;
}

static bool do_serialize(struct pure *p)
{
    struct pure_out out = {.call = p};
    return pure_done(&out, add_value(&out, &p->args[0], 0));
}

/* ---- mb_* ---- */

static bool is_plain(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    return true;
}

/* The function for bytes, where all texts are ASCII and no character set is named. */
static bool like(struct pure *p, const char *name)
{
    const struct php_pure *pure = php_pure_find(span_text(name));
    struct span text;
    for (size_t i = 0; i < p->count; i++)
        if (p->args[i].type == PHP_TEXT && (!pure_read(p, i, &text) || !is_plain(text)))
            return false;
    return pure != NULL && p->count <= pure->most && pure->compute(p);
}

static bool do_mb_strlen(struct pure *p)
{
    return p->count == 1 && like(p, "strlen");
}

static bool do_mb_strpos(struct pure *p)
{
    return like(p, "strpos");
}

static bool do_mb_str_split(struct pure *p)
{
    return like(p, "str_split");
}

static bool do_mb_strtolower(struct pure *p)
{
    return like(p, "strtolower");
}

static bool do_mb_strtoupper(struct pure *p)
{
    return like(p, "strtoupper");
}

static bool do_mb_substr(struct pure *p)
{
    return like(p, "substr");
}

const struct php_pure pure_serials[] = {{"mb_str_split", 1, 3, PHP_PURE_BUILDS, do_mb_str_split},
                                        {"mb_strlen", 1, 2, PHP_PURE_NUMBER, do_mb_strlen},
                                        {"mb_strpos", 2, 4, PHP_PURE_NUMBER, do_mb_strpos},
                                        {"mb_strtolower", 1, 2, PHP_PURE_BUILDS, do_mb_strtolower},
                                        {"mb_strtoupper", 1, 2, PHP_PURE_BUILDS, do_mb_strtoupper},
                                        {"mb_substr", 2, 4, PHP_PURE_BUILDS, do_mb_substr},
                                        {"serialize", 1, 1, 0, do_serialize},
                                        {"unserialize", 1, 2, PHP_PURE_HIDES, do_unserialize},
                                        {0}};
