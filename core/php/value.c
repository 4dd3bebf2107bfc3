/* value - marks, conversions and comparisons.
 *
 * Numbers and comparisons follow PHP 8.2: Zend/zend_operators.c (_is_numeric_string_ex,
 * zend_compare, zendi_smart_strcmp) and main/snprintf.c (php_gcvt, with the default precision of
 * 14). Everything is bounded: arrays in arrays are compared to a depth and a number of elements,
 * beyond which the answer is unknown.
 */
#include "spamgear/php/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBER_BYTES   512   /* of a text that is read as a number, at most */
#define COMPARED       20000 /* elements */
#define COMPARED_DEPTH 64
#define UNCOMPARABLE   2
#define DIGITS         14 /* of a float, in its text */

/* ---- making ---- */

struct php_value php_unknown(void)
{
    return (struct php_value){.type = PHP_UNKNOWN};
}

struct php_value php_null(void)
{
    return (struct php_value){.type = PHP_NULL};
}

struct php_value php_bool(bool truth)
{
    return (struct php_value){.type = PHP_BOOL, .number = truth};
}

struct php_value php_int(int64_t number)
{
    return (struct php_value){.type = PHP_INT, .number = number};
}

struct php_value php_float(double real)
{
    return (struct php_value){.type = PHP_FLOAT, .real = real};
}

struct php_value php_text_value(struct php_text text)
{
    return (struct php_value){.type = PHP_TEXT, .text = text};
}

/* ---- marks ---- */

static bool is_constant(const struct php_value *value)
{
    return value->type != PHP_UNKNOWN && value->taint == 0;
}

static uint16_t join_traits(const struct php_value *a, const struct php_value *b)
{
    unsigned promised = a->traits & b->traits;
    promised |= is_constant(b) ? a->traits : 0;
    promised |= is_constant(a) ? b->traits : 0;
    return (uint16_t)((promised & PHP_PROMISES) |
                      ((a->traits | b->traits) & ~(unsigned)PHP_PROMISES));
}

/* Of two values that meet; which of them `to` is makes no difference but for the trail. */
static void join_marks(struct php_value *to, const struct php_value *from)
{
    bool tells_more = from->trail != 0 && (to->trail == 0 || (to->taint == 0 && from->taint != 0));
    to->traits = join_traits(to, from);
    to->made = to->made > from->made ? to->made : from->made;
    to->hops = to->hops > from->hops ? to->hops : from->hops;
    to->calls = to->calls > from->calls ? to->calls : from->calls;
    to->trail = tells_more ? from->trail : to->trail;
    to->taint |= from->taint;
    to->given_up |= from->given_up;
}

void php_value_mark(struct php_value *to, const struct php_value *from)
{
    if ((to->taint | to->traits | to->made | to->hops | to->calls | to->trail) != 0) {
        join_marks(to, from);
        return;
    }
    to->taint = from->taint;
    to->traits = from->traits;
    to->made = from->made;
    to->hops = from->hops;
    to->calls = from->calls;
    to->trail = from->trail;
    to->given_up |= from->given_up;
}

static void merge(struct php_heap *heap, struct php_value *to, const struct php_value *other,
                  unsigned depth);

/* What only `other` has is added: either array may have been the one. */
static void merge_arrays(struct php_heap *heap, struct php_value *to, const struct php_array *other,
                         unsigned depth)
{
    struct php_array *array = php_array_own(heap, to->array);
    if (array == NULL)
        return;
    to->array = array;
    for (uint32_t i = 0; i < other->len; i++) {
        if (!php_heap_step(heap, 1 + other->at[i].name.len / 256))
            break;
        struct php_value *mine = php_array_find(array, &other->at[i]);
        if (mine != NULL)
            merge(heap, mine, &other->at[i].value, depth);
        else
            php_array_set(heap, array, &other->at[i], &other->at[i].value);
        if (mine == NULL && other->at[i].value.type == PHP_ARRAY)
            other->at[i].value.array->shared = true;
    }
    if (other->open && array->open)
        merge(heap, &array->rest, &other->rest, depth);
    else if (other->open)
        array->rest = other->rest;
    array->open |= other->open;
}

static void merge(struct php_heap *heap, struct php_value *to, const struct php_value *other,
                  unsigned depth)
{
    struct php_value was = *to;
    if (to->type == PHP_UNKNOWN) {
        *to = *other;
        if (to->type == PHP_ARRAY)
            to->array->shared = true;
    } else if (to->type == PHP_ARRAY && other->type == PHP_ARRAY && to->array != other->array &&
               depth < COMPARED_DEPTH)
        merge_arrays(heap, to, other->array, depth + 1);
    join_marks(to, was.type == PHP_UNKNOWN ? &was : other);
}

void php_value_merge(struct php_heap *heap, struct php_value *to, const struct php_value *other)
{
    merge(heap, to, other, 0);
}

/* ---- numbers in texts ---- */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(struct span text)
{
    size_t len = 0;
    while (len < text.len && is_digit(text.at[len]))
        len++;
    return len;
}

/* Length of "e+12" and its like at the start. */
static size_t exponent_len(struct span text)
{
    if (text.len < 2 || (*text.at != 'e' && *text.at != 'E'))
        return 0;
    size_t sign = text.at[1] == '+' || text.at[1] == '-';
    size_t digits = count_digits(span_skip(text, 1 + sign));
    return digits == 0 ? 0 : 1 + sign + digits;
}

/* strtod needs a text that ends; the C locale is in force. */
static double read_float(struct span text)
{
    char copy[NUMBER_BYTES + 1];
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return strtod(copy, NULL);
}

/* digits are decimal ones, sign is in front of them. */
static bool read_int(struct span digits, bool negative, int64_t *out)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < digits.len; i++)
        if (__builtin_mul_overflow(sum, (uint64_t)10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(digits.at[i] - '0'), &sum))
            return false;
    if (sum > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

/* An integer of so many digits that it cannot fit, whatever follows them. */
static bool is_huge(struct span digits)
{
    while (digits.len > 0 && *digits.at == '0')
        digits = span_skip(digits, 1);
    return digits.len >= 20;
}

static void read_number(struct span number, size_t sign, size_t digits, struct php_number *out)
{
    bool negative = sign > 0 && *number.at == '-', is_integer = number.len == sign + digits;
    out->type = PHP_FLOAT;
    if (!is_integer || !read_int(span_skip(number, sign), negative, &out->number)) {
        out->real = read_float(number);
        if (is_integer || is_huge((struct span){number.at + sign, digits}))
            out->overflows = negative ? -1 : 1;
        return;
    }
    out->type = PHP_INT;
    out->real = out->number == 0 && negative ? -0.0 : (double)out->number;
}

bool php_number_read(struct span text, struct php_number *out)
{
    *out = (struct php_number){.type = PHP_UNKNOWN};
    bool cut = text.len > NUMBER_BYTES;
    text.len = cut ? NUMBER_BYTES : text.len;
    while (text.len > 0 && is_blank(*text.at))
        text = span_skip(text, 1);
    size_t sign = text.len > 0 && (*text.at == '-' || *text.at == '+');
    size_t digits = count_digits(span_skip(text, sign)), len = sign + digits, fraction = 0;
    if (len < text.len && text.at[len] == '.') {
        fraction = count_digits(span_skip(text, len + 1));
        len += digits + fraction > 0 ? 1 + fraction : 0;
    }
    if (digits + fraction == 0)
        return false;
    len += exponent_len(span_skip(text, len));
    read_number((struct span){text.at, len}, sign, digits, out);
    while (len < text.len && is_blank(text.at[len]))
        len++;
    out->whole = len == text.len && !cut;
    return true;
}

/* ---- conversions ---- */

int64_t php_float_to_int(double real)
{
    const double span = 18446744073709551616.0; /* 2^64 */
    if (!isfinite(real))
        return 0;
    if (real >= -9223372036854775808.0 && real < 9223372036854775808.0)
        return (int64_t)real;
    double rest = fmod(real, span);
    rest += rest < 0 ? span : 0;
    uint64_t bits = rest >= span ? 0 : (uint64_t)rest;
    return bits > INT64_MAX ? -(int64_t)(UINT64_MAX - bits) - 1 : (int64_t)bits;
}

/* Of a number in a text, as strtol does; but what has no end is 0. */
static int64_t cap_float(double real)
{
    if (!isfinite(real))
        return 0;
    if (real >= -9223372036854775808.0 && real < 9223372036854775808.0)
        return (int64_t)real;
    return real > 0 ? INT64_MAX : INT64_MIN;
}

/* 0.DIGITS times ten to the power of `point`, as php_gcvt writes it. */
static size_t write_digits(const char *digits, int point, char *out, size_t size)
{
    int count = (int)strlen(digits);
    if (point < -3 || point > DIGITS)
        return (size_t)snprintf(out, size, "%c.%sE%+d", *digits, count > 1 ? digits + 1 : "0",
                                point - 1);
    if (point <= 0)
        return (size_t)snprintf(out, size, "0.%.*s%s", -point, "000", digits);
    if (count <= point)
        return (size_t)snprintf(out, size, "%s%.*s", digits, point - count, "0000000000000000");
    return (size_t)snprintf(out, size, "%.*s.%s", point, digits, digits + point);
}

#define FLOAT_BYTES 40

static struct span float_text(double real, char *out)
{
    char scientific[FLOAT_BYTES], digits[DIGITS + 1];
    if (isnan(real))
        return SPAN("NAN");
    if (isinf(real))
        return real > 0 ? SPAN("INF") : SPAN("-INF");
    size_t sign = signbit(real) != 0;
    *out = '-';
    if (real == 0)
        return sign ? SPAN("-0") : SPAN("0");
    snprintf(scientific, sizeof scientific, "%.*e", DIGITS - 1, fabs(real)); /* d.ddde+dd */
    digits[0] = *scientific;
    memcpy(digits + 1, scientific + 2, DIGITS - 1);
    size_t count = DIGITS;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    digits[count] = '\0';
    int point = (int)strtol(scientific + DIGITS + 2, NULL, 10) + 1;
    return (struct span){out, sign + write_digits(digits, point, out + sign, FLOAT_BYTES - sign)};
}

/* The text of what is none yet; room is FLOAT_BYTES. False: not of a scalar. */
static bool scalar_text(const struct php_value *value, char *room, struct span *out)
{
    *out = (struct span){room, 0};
    switch (value->type) {
    case PHP_NULL: return true;
    case PHP_BOOL: *out = value->number ? SPAN("1") : *out; return true;
    case PHP_INT:
        out->len = (size_t)snprintf(room, FLOAT_BYTES, "%lld", (long long)value->number);
        return true;
    case PHP_FLOAT: *out = float_text(value->real, room); return true;
    case PHP_TEXT: *out = php_text_span(value->text); return true;
    default: return false;
    }
}

bool php_to_text(struct php_heap *heap, const struct php_value *value, struct php_text *out)
{
    char room[FLOAT_BYTES];
    struct span text;
    if (value->type == PHP_TEXT) {
        *out = value->text;
        return true;
    }
    return scalar_text(value, room, &text) && php_text_copy(heap, text, out);
}

bool php_to_int(const struct php_value *value, int64_t *out)
{
    struct php_number number;
    if (value->type == PHP_NULL)
        *out = 0;
    else if (value->type == PHP_BOOL || value->type == PHP_INT)
        *out = value->number;
    else if (value->type == PHP_FLOAT)
        *out = php_float_to_int(value->real);
    else if (value->type != PHP_TEXT)
        return false;
    else if (!php_number_read(php_text_span(value->text), &number))
        *out = 0;
    else
        *out = number.type == PHP_INT ? number.number : cap_float(number.real);
    return true;
}

bool php_to_float(const struct php_value *value, double *out)
{
    struct php_number number = {.real = 0};
    int64_t whole;
    if (value->type == PHP_FLOAT)
        *out = value->real;
    else if (value->type == PHP_TEXT)
        *out = php_number_read(php_text_span(value->text), &number) ? number.real : 0;
    else if (php_to_int(value, &whole))
        *out = (double)whole;
    else
        return false;
    return true;
}

bool php_to_bool(const struct php_value *value, bool *out)
{
    switch (value->type) {
    case PHP_UNKNOWN: return false;
    case PHP_NULL: *out = false; return true;
    case PHP_FLOAT: *out = value->real != 0; return true;
    case PHP_TEXT:
        *out = value->text.len > 1 || (value->text.len == 1 && *value->text.at != '0');
        return true;
    case PHP_ARRAY: *out = value->array->len > 0; return *out || !value->array->open;
    case PHP_OBJECT:
    case PHP_CLOSURE: *out = true; return true;
    default: *out = value->number != 0; return true;
    }
}

/* ---- comparing ---- */

struct comparing {
    struct php_heap *heap;
    unsigned left, depth;
};

/* One value, or one key, more; long texts take time. */
static bool goes_on(struct comparing *with, uint32_t a, uint32_t b)
{
    if (with->left == 0)
        return false;
    with->left--;
    return php_heap_step(with->heap, 1 + (a < b ? a : b) / 256);
}

static uint32_t length_of(const struct php_value *value)
{
    return value->type == PHP_TEXT ? value->text.len : 0;
}

static int sign_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* What is no number is above everything. */
static int sign_of_reals(double a, double b)
{
    return a == b ? 0 : a < b ? -1 : 1;
}

static int sign_of_spans(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.at, b.at, len);
    return order != 0 ? (order > 0) - (order < 0) : (a.len > b.len) - (a.len < b.len);
}

static int sign_of_numbers(const struct php_number *a, const struct php_number *b)
{
    return a->type == PHP_INT && b->type == PHP_INT ? sign_of(a->number, b->number)
                                                    : sign_of_reals(a->real, b->real);
}

/* Two texts are compared as numbers when both are, unless that would be inaccurate. */
static int order_texts(struct span a, struct span b)
{
    struct php_number x, y;
    if (!php_number_read(a, &x) || !x.whole || !php_number_read(b, &y) || !y.whole)
        return sign_of_spans(a, b);
    if (x.overflows != 0 && x.overflows == y.overflows && x.real - y.real == 0)
        return sign_of_spans(a, b);
    if (x.type == PHP_FLOAT && y.type == PHP_FLOAT && x.real == y.real && !isfinite(x.real))
        return sign_of_spans(a, b);
    if (x.type == PHP_INT && y.overflows != 0)
        return -y.overflows;
    if (y.type == PHP_INT && x.overflows != 0)
        return x.overflows;
    return sign_of_numbers(&x, &y);
}

static struct php_number number_of(const struct php_value *value)
{
    bool is_float = value->type == PHP_FLOAT;
    return (struct php_number){.type = value->type,
                               .number = is_float ? 0 : value->number,
                               .real = is_float ? value->real : (double)value->number};
}

static int order_number_and_text(const struct php_value *a, struct span b)
{
    char room[FLOAT_BYTES];
    struct php_number x = number_of(a), y;
    struct span text;
    if (x.type == PHP_FLOAT && isnan(x.real))
        return 1;
    if (php_number_read(b, &y) && y.whole)
        return sign_of_numbers(&x, &y);
    return scalar_text(a, room, &text) ? sign_of_spans(text, b) : 0;
}

static bool is_number(const struct php_value *value)
{
    return value->type == PHP_INT || value->type == PHP_FLOAT;
}

static bool order(struct comparing *with, const struct php_value *a, const struct php_value *b,
                  int *out);

/* Fewer elements are less; else the first that differs says it. */
static bool order_arrays(struct comparing *with, const struct php_array *a,
                         const struct php_array *b, int *out)
{
    *out = 0;
    if (a == b)
        return true;
    if (a->open || b->open || with->depth >= COMPARED_DEPTH)
        return false;
    *out = sign_of(a->len, b->len);
    with->depth++;
    for (uint32_t i = 0; i < a->len && *out == 0; i++) {
        if (!goes_on(with, a->at[i].name.len, UINT32_MAX))
            return false;
        const struct php_value *other = php_array_find(b, &a->at[i]);
        if (other == NULL)
            *out = UNCOMPARABLE;
        else if (!order(with, &a->at[i].value, other, out))
            return false;
    }
    with->depth--;
    return true;
}

static bool order_as_bools(const struct php_value *a, const struct php_value *b, int *out)
{
    bool x, y;
    if (!php_to_bool(a, &x) || !php_to_bool(b, &y))
        return false;
    *out = sign_of(x, y);
    return true;
}

static bool order_scalars(const struct php_value *a, const struct php_value *b, int *out)
{
    struct span x = a->type == PHP_TEXT ? php_text_span(a->text) : (struct span){NULL, 0};
    struct span y = b->type == PHP_TEXT ? php_text_span(b->text) : (struct span){NULL, 0};
    if (a->type == PHP_TEXT && b->type == PHP_TEXT)
        *out = order_texts(x, y);
    else if (a->type == PHP_NULL || b->type == PHP_NULL) /* with a text */
        *out = sign_of_spans(x, y);
    else if (is_number(a) && is_number(b)) {
        struct php_number n = number_of(a), m = number_of(b);
        *out = sign_of_numbers(&n, &m);
    } else if (is_number(a))
        *out = order_number_and_text(a, y);
    else
        *out = a->type == PHP_TEXT && b->type == PHP_FLOAT && isnan(b->real)
                   ? 1
                   : -order_number_and_text(b, x);
    return true;
}

static bool order(struct comparing *with, const struct php_value *a, const struct php_value *b,
                  int *out)
{
    if (a->type == PHP_UNKNOWN || b->type == PHP_UNKNOWN ||
        !goes_on(with, length_of(a), length_of(b)))
        return false;
    bool text_and_null = (a->type == PHP_TEXT && b->type == PHP_NULL) ||
                         (a->type == PHP_NULL && b->type == PHP_TEXT);
    if (!text_and_null && (a->type <= PHP_BOOL || b->type <= PHP_BOOL))
        return order_as_bools(a, b, out);
    if (a->type == PHP_ARRAY && b->type == PHP_ARRAY)
        return order_arrays(with, a->array, b->array, out);
    if (a->type >= PHP_OBJECT || b->type >= PHP_OBJECT) {
        *out = 0;
        return a->type == b->type && a->object == b->object;
    }
    if (a->type == PHP_ARRAY || b->type == PHP_ARRAY) {
        *out = a->type == PHP_ARRAY ? 1 : -1;
        return true;
    }
    return order_scalars(a, b, out);
}

bool php_order(struct php_heap *heap, const struct php_value *a, const struct php_value *b,
               int *out)
{
    struct comparing with = {.heap = heap, .left = COMPARED};
    if (!order(&with, a, b, out))
        return false;
    *out = *out == UNCOMPARABLE ? 1 : *out;
    return true;
}

int php_equal(struct php_heap *heap, const struct php_value *a, const struct php_value *b)
{
    int out;
    return php_order(heap, a, b, &out) ? out == 0 : -1;
}

static int same(struct comparing *with, const struct php_value *a, const struct php_value *b);

static int same_arrays(struct comparing *with, const struct php_array *a, const struct php_array *b)
{
    if (a == b)
        return 1;
    if (a->open || b->open || with->depth >= COMPARED_DEPTH)
        return -1;
    if (a->len != b->len)
        return 0;
    with->depth++;
    int result = 1;
    for (uint32_t i = 0; i < a->len && result == 1; i++) {
        const struct php_entry *x = &a->at[i], *y = &b->at[i];
        if (!goes_on(with, x->name.len, y->name.len))
            return -1;
        bool keys = x->has_name == y->has_name &&
                    (x->has_name ? span_is(php_text_span(x->name), php_text_span(y->name))
                                 : x->number == y->number);
        result = keys ? same(with, &x->value, &y->value) : 0;
    }
    with->depth--;
    return result;
}

static int same(struct comparing *with, const struct php_value *a, const struct php_value *b)
{
    if (a->type == PHP_UNKNOWN || b->type == PHP_UNKNOWN ||
        !goes_on(with, length_of(a), length_of(b)))
        return -1;
    if (a->type != b->type)
        return 0;
    switch (a->type) {
    case PHP_NULL: return 1;
    case PHP_FLOAT: return a->real == b->real;
    case PHP_TEXT: return span_is(php_text_span(a->text), php_text_span(b->text));
    case PHP_ARRAY: return same_arrays(with, a->array, b->array);
    case PHP_OBJECT:
    case PHP_CLOSURE: return a->object == b->object;
    default: return a->number == b->number;
    }
}

int php_same(struct php_heap *heap, const struct php_value *a, const struct php_value *b)
{
    struct comparing with = {.heap = heap, .left = COMPARED};
    return same(&with, a, b);
}
