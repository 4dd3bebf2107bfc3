/* pure_pack - pack() and unpack(), as ext/standard/pack.c has them.
 *
 * Floats (f d e E g G) and moving about (X @ in unpack) are left out: nobody hides code in those.
 */
#include "pure_parts.h"

#define ALL (-1) /* the repeater "*" */

/* ---- formats ---- */

struct field {
    char code;
    int64_t times; /* 1, or the repeater, or ALL */
    bool counted;  /* there was a repeater */
};

static bool next_field(struct span *format, struct field *field)
{
    *field = (struct field){format->at[0], 1, false};
    *format = span_skip(*format, 1);
    if (format->len > 0 && format->at[0] == '*') {
        field->times = ALL;
        field->counted = true;
        *format = span_skip(*format, 1);
        return true;
    }
    if (format->len > 0 && pure_is_digit(format->at[0])) {
        field->times = 0;
        field->counted = true;
    }
    while (format->len > 0 && pure_is_digit(format->at[0])) {
        field->times = field->times * 10 + (format->at[0] - '0');
        *format = span_skip(*format, 1);
        if (field->times > INT32_MAX)
            return false;
    }
    return true;
}

struct whole {
    char code;
    uint8_t bytes;
    bool is_signed, big;
};

static const struct whole *whole_of(char code)
{
    static const struct whole rows[] = {
        {'c', 1, true, false},  {'C', 1, false, false}, {'s', 2, true, false},
        {'S', 2, false, false}, {'n', 2, false, true},  {'v', 2, false, false},
        {'i', 4, true, false},  {'I', 4, false, false}, {'l', 4, true, false},
        {'L', 4, false, false}, {'N', 4, false, true},  {'V', 4, false, false},
        {'q', 8, true, false},  {'Q', 8, false, false}, {'J', 8, false, true},
        {'P', 8, false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

/* ---- pack ---- */

static void add_many(struct pure_out *out, char c, int64_t times)
{
    while (times-- > 0 && !out->full)
        pure_add_char(out, c);
}

static bool pack_text(struct pure_out *out, struct span text, const struct field *field)
{
    bool zero = field->code == 'Z';
    int64_t len = field->times == ALL ? (int64_t)text.len + zero : field->times;
    int64_t most = zero && len > 0 ? len - 1 : len;
    int64_t copied = (int64_t)text.len < most ? (int64_t)text.len : most;
    pure_add(out, (struct span){text.at, (size_t)copied});
    add_many(out, field->code == 'A' ? ' ' : '\0', len - copied);
    return true;
}

static bool pack_hex(struct pure_out *out, struct span text, const struct field *field)
{
    int64_t digits = field->times == ALL ? (int64_t)text.len : field->times;
    if (digits > (int64_t)text.len)
        return false;
    for (int64_t i = 0; i < digits; i += 2) {
        int first = pure_hex(text.at[i]), second = i + 1 < digits ? pure_hex(text.at[i + 1]) : 0;
        if (first < 0 || second < 0)
            return false;
        pure_add_char(out, (char)(field->code == 'H' ? first << 4 | second : second << 4 | first));
    }
    return true;
}

static void pack_whole(struct pure_out *out, uint64_t number, const struct whole *whole)
{
    for (int i = 0; i < whole->bytes; i++)
        pure_add_char(out, (char)(number >> 8 * (whole->big ? whole->bytes - 1 - i : i)));
}

static bool pack_place(struct pure_out *out, const struct field *field)
{
    if (field->times == ALL)
        return false;
    if (field->code == 'x') {
        add_many(out, '\0', field->times);
        return true;
    }
    int64_t len = (int64_t)out->text.len;
    int64_t to = field->code == '@' ? field->times : len - field->times;
    if (to < 0)
        return false;
    add_many(out, '\0', to - len);
    if (to < len)
        out->text.len = (size_t)to;
    return true;
}

static bool pack_field(struct pure *p, struct pure_out *out, const struct field *field, size_t *arg)
{
    struct span text;
    int64_t number;
    const struct whole *whole = whole_of(field->code);
    if (strchr("xX@", field->code) != NULL)
        return pack_place(out, field);
    if (whole != NULL) {
        size_t end = field->times == ALL ? p->count : *arg + (size_t)field->times;
        for (; *arg < end && !out->full; ++*arg) {
            if (*arg >= p->count || !php_heap_step(p->heap, 1) || p->args[*arg].type == PHP_ARRAY ||
                !php_to_int(&p->args[*arg], &number))
                return false;
            pack_whole(out, (uint64_t)number, whole);
        }
        return true;
    }
    if (strchr("aAZhH", field->code) == NULL || !pure_read(p, (*arg)++, &text))
        return false;
    return (field->code | 0x20) == 'h' ? pack_hex(out, text, field) : pack_text(out, text, field);
}

static bool do_pack(struct pure *p)
{
    struct span format;
    struct pure_out out = {.call = p};
    struct field field;
    size_t arg = 1;
    bool ok = pure_read(p, 0, &format);
    while (ok && format.len > 0 && !out.full)
        ok = next_field(&format, &field) && field.code != '\0' &&
             php_heap_step(p->heap, (uint64_t)(field.times + 1) / 32 + 1) &&
             pack_field(p, &out, &field, &arg);
    return pure_done(&out, ok);
}

/* ---- unpack ---- */

struct unpacking {
    struct pure *call;
    struct php_array *array;
    struct span rest; /* of the data */
    struct span name; /* of the field */
};

static bool put(struct unpacking *u, int64_t number, struct php_value value)
{
    struct strbuf name = {0};
    struct php_text copy;
    strbuf_add_span(&name, u->name);
    if (number > 0)
        strbuf_format(&name, "%lld", (long long)number);
    bool ok = php_text_copy(u->call->heap, strbuf_span(&name), &copy) &&
              pure_set(u->call, u->array, php_text_span(copy), value);
    strbuf_clear(&name);
    return ok;
}

/* One that is named goes by its name, others get numbers behind it. */
static int64_t number_of(const struct unpacking *u, bool one, int64_t i)
{
    return one && u->name.len > 0 ? 0 : i + 1;
}

static bool unpack_text(struct unpacking *u, const struct field *field)
{
    struct span text = u->rest;
    if (field->times != ALL) {
        if ((uint64_t)field->times > text.len)
            return false;
        text.len = (size_t)field->times;
    }
    u->rest = span_skip(u->rest, text.len);
    if (field->code == 'Z')
        text.len = strnlen(text.at, text.len);
    while (field->code == 'A' && text.len > 0 &&
           memchr(" \t\r\n\0", text.at[text.len - 1], 5) != NULL)
        text.len--;
    return put(u, number_of(u, true, 0), pure_part(text));
}

static bool unpack_hex(struct unpacking *u, const struct field *field)
{
    size_t bytes = field->times == ALL ? u->rest.len : (size_t)(field->times + 1) / 2;
    struct php_text text;
    if (bytes > u->rest.len)
        return false;
    size_t digits = field->times == ALL ? 2 * bytes : (size_t)field->times;
    char *out = php_text_room(u->call->heap, digits, &text);
    for (size_t i = 0; out != NULL && i < digits; i++) {
        unsigned byte = (unsigned char)u->rest.at[i / 2];
        out[i] = "0123456789abcdef"[(i % 2 == 0) == (field->code == 'H') ? byte >> 4 : byte & 15];
    }
    u->rest = span_skip(u->rest, bytes);
    return out != NULL && put(u, number_of(u, true, 0), php_text_value(text));
}

static int64_t unpack_number(struct span data, const struct whole *whole)
{
    uint64_t number = 0;
    for (int i = 0; i < whole->bytes; i++)
        number = number << 8 | (unsigned char)data.at[whole->big ? i : whole->bytes - 1 - i];
    unsigned unused = 64 - 8u * whole->bytes;
    return whole->is_signed ? (int64_t)(number << unused) >> unused : (int64_t)number;
}

static bool unpack_field(struct unpacking *u, const struct field *field)
{
    const struct whole *whole = whole_of(field->code);
    if (field->code == '\0' || (whole == NULL && strchr("aAZhHx", field->code) == NULL))
        return false;
    if (strchr("aAZ", field->code) != NULL)
        return unpack_text(u, field);
    if (strchr("hH", field->code) != NULL)
        return unpack_hex(u, field);
    size_t size = whole == NULL ? 1 : whole->bytes;
    for (int64_t i = 0; i != field->times; i++) {
        if (u->rest.len < size)
            return field->times == ALL;
        if (whole != NULL &&
            !put(u, number_of(u, field->times == 1, i), php_int(unpack_number(u->rest, whole))))
            return false;
        u->rest = span_skip(u->rest, size);
    }
    return true;
}

static bool do_unpack(struct pure *p)
{
    struct span format;
    struct field field;
    int64_t offset;
    struct unpacking u = {.call = p, .array = php_array_new(p->heap)};
    if (u.array == NULL || !pure_read(p, 0, &format) || !pure_read(p, 1, &u.rest) ||
        !pure_int_or(p, 2, 0, &offset) || offset < 0 || offset > (int64_t)u.rest.len)
        return false;
    u.rest = span_skip(u.rest, (size_t)offset);
    while (format.len > 0) {
        if (!next_field(&format, &field))
            return false;
        const char *end = memchr(format.at, '/', format.len);
        u.name = end == NULL ? format : span_of(format.at, end);
        format = span_skip(format, u.name.len + (end != NULL));
        if (u.name.len > 200 || !unpack_field(&u, &field))
            return false;
    }
    return pure_give_array(p, u.array);
}

const struct php_pure pure_packers[] = {{"pack", 1, PHP_PURE_ANY, PHP_PURE_HIDES, do_pack},
                                        {"unpack", 2, 3, PHP_PURE_HIDES, do_unpack},
                                        {0}};
