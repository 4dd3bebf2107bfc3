/* pure_number - numbers, their digits, and what type a value has. */
#include "pure_parts.h"

#include <float.h>
#include <math.h>

/* ---- types ---- */

static bool is_known(struct pure *p)
{
    return p->args[0].type != PHP_UNKNOWN;
}

static bool is_type(struct pure *p, enum php_type type)
{
    return is_known(p) && pure_give_bool(p, p->args[0].type == type);
}

static bool do_is_array(struct pure *p)
{
    return is_type(p, PHP_ARRAY);
}

static bool do_is_bool(struct pure *p)
{
    return is_type(p, PHP_BOOL);
}

static bool do_is_float(struct pure *p)
{
    return is_type(p, PHP_FLOAT);
}

static bool do_is_int(struct pure *p)
{
    return is_type(p, PHP_INT);
}

static bool do_is_null(struct pure *p)
{
    return is_type(p, PHP_NULL);
}

static bool do_is_string(struct pure *p)
{
    return is_type(p, PHP_TEXT);
}

static bool do_is_object(struct pure *p)
{
    return is_known(p) && pure_give_bool(p, p->args[0].type >= PHP_OBJECT);
}

static bool do_is_scalar(struct pure *p)
{
    return is_known(p) &&
           pure_give_bool(p, p->args[0].type >= PHP_BOOL && p->args[0].type <= PHP_TEXT);
}

static bool do_is_numeric(struct pure *p)
{
    const struct php_value *arg = &p->args[0];
    bool number = arg->type == PHP_INT || arg->type == PHP_FLOAT;
    if (arg->type == PHP_TEXT) {
        if (!pure_pay(p, arg->text.len))
            return false;
        if (arg->text.len > 0 && pure_is_space(arg->text.at[arg->text.len - 1]))
            return false; /* blanks behind count since PHP 8 */
        number = pure_numeric(php_text_span(arg->text)) != PHP_UNKNOWN;
    }
    return is_known(p) && pure_give_bool(p, number);
}

static bool do_gettype(struct pure *p)
{
    static const char *const names[] = {
        [PHP_NULL] = "NULL",     [PHP_BOOL] = "boolean",  [PHP_INT] = "integer",
        [PHP_FLOAT] = "double",  [PHP_TEXT] = "string",   [PHP_ARRAY] = "array",
        [PHP_OBJECT] = "object", [PHP_CLOSURE] = "object"};
    return is_known(p) && pure_give_part(p, span_text(names[p->args[0].type]));
}

static bool do_boolval(struct pure *p)
{
    bool truth;
    return php_to_bool(&p->args[0], &truth) && pure_give_bool(p, truth);
}

static bool do_floatval(struct pure *p)
{
    double real;
    return p->args[0].type < PHP_ARRAY && php_to_float(&p->args[0], &real) &&
           pure_give_float(p, real);
}

static bool do_strval(struct pure *p)
{
    struct span text;
    return pure_span(p, 0, &text) && pure_give_part(p, text);
}

/* ---- digits ---- */

static int digit_of(char c)
{
    if (pure_is_digit(c))
        return c - '0';
    return pure_is_alpha(c) ? pure_lower(c) - 'a' + 10 : 99;
}

/* Digits of a base; "0x" and its like may stand before them. False: too many, or no digits. */
static bool read_digits(struct span text, int base, uint64_t *out)
{
    static const char marks[] = {[2] = 'b', [8] = 'o', [16] = 'x'};
    *out = 0;
    if (text.len > 1 && text.at[0] == '0' && base <= 16 && marks[base] != 0 &&
        pure_lower(text.at[1]) == marks[base])
        text = span_skip(text, 2);
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.at[i]);
        if (digit >= base || __builtin_mul_overflow(*out, (uint64_t)base, out) ||
            __builtin_add_overflow(*out, (uint64_t)digit, out))
            return false;
    }
    return *out <= INT64_MAX;
}

static bool from_base(struct pure *p, int base)
{
    struct span text;
    uint64_t number;
    return pure_read(p, 0, &text) && read_digits(text, base, &number) &&
           pure_give_int(p, (int64_t)number);
}

static bool do_hexdec(struct pure *p)
{
    return from_base(p, 16);
}

static bool do_octdec(struct pure *p)
{
    return from_base(p, 8);
}

static bool do_bindec(struct pure *p)
{
    return from_base(p, 2);
}

static bool give_digits(struct pure *p, uint64_t number, int base)
{
    char digits[64];
    size_t at = sizeof digits;
    do
        digits[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % (unsigned)base];
    while ((number /= (unsigned)base) > 0);
    return pure_give(p, (struct span){digits + at, sizeof digits - at});
}

static bool to_base(struct pure *p, int base)
{
    int64_t number;
    return pure_int(p, 0, &number) && give_digits(p, (uint64_t)number, base);
}

static bool do_dechex(struct pure *p)
{
    return to_base(p, 16);
}

static bool do_decoct(struct pure *p)
{
    return to_base(p, 8);
}

static bool do_decbin(struct pure *p)
{
    return to_base(p, 2);
}

static bool do_base_convert(struct pure *p)
{
    struct span text;
    int64_t from, to;
    uint64_t number;
    return pure_read(p, 0, &text) && pure_int(p, 1, &from) && pure_int(p, 2, &to) && from >= 2 &&
           from <= 36 && to >= 2 && to <= 36 && read_digits(text, (int)from, &number) &&
           give_digits(p, number, (int)to);
}

static bool do_intval(struct pure *p)
{
    int64_t base, number;
    struct span text;
    uint64_t digits;
    if (!pure_int_or(p, 1, 10, &base) || p->args[0].type >= PHP_ARRAY)
        return false;
    if (base == 10 || p->args[0].type != PHP_TEXT)
        return php_to_int(&p->args[0], &number) && pure_give_int(p, number);
    return (base == 2 || base == 8 || base == 16) && pure_read(p, 0, &text) && text.len > 0 &&
           read_digits(text, (int)base, &digits) && pure_give_int(p, (int64_t)digits);
}

/* ---- arithmetic ---- */

/* An argument as a number, whole where it is. */
static bool number_arg(struct pure *p, size_t i, bool *whole, int64_t *number, double *real)
{
    if (i >= p->count)
        return false;
    enum php_type type = p->args[i].type;
    if (type == PHP_TEXT)
        type = pure_numeric(php_text_span(p->args[i].text));
    *whole = type != PHP_FLOAT;
    return *whole ? pure_int(p, i, number) : pure_float(p, i, real);
}

static bool do_abs(struct pure *p)
{
    bool whole;
    int64_t number;
    double real;
    if (!number_arg(p, 0, &whole, &number, &real) || (whole && number == INT64_MIN))
        return false;
    return whole ? pure_give_int(p, number < 0 ? -number : number) : pure_give_float(p, fabs(real));
}

static bool do_floor(struct pure *p)
{
    double real;
    return pure_float(p, 0, &real) && pure_give_float(p, floor(real));
}

static bool do_ceil(struct pure *p)
{
    double real;
    return pure_float(p, 0, &real) && pure_give_float(p, ceil(real));
}

/* Rounded to a whole number only: how fractions are rounded changed with PHP 8.4. */
static bool do_round(struct pure *p)
{
    double real;
    int64_t places;
    if (!pure_float(p, 0, &real) || !pure_int_or(p, 1, 0, &places) || places != 0 || p->count > 2 ||
        fabs(real) > 1e15)
        return false;
    double near = round(real), off = fabs(fabs(real - trunc(real)) - 0.5);
    return (off == 0 || off > 1e-6) && pure_give_float(p, near);
}

static bool do_fmod(struct pure *p)
{
    double a, b;
    return pure_float(p, 0, &a) && pure_float(p, 1, &b) && pure_give_float(p, fmod(a, b));
}

static bool do_intdiv(struct pure *p)
{
    int64_t a, b;
    return pure_int(p, 0, &a) && pure_int(p, 1, &b) && b != 0 && !(a == INT64_MIN && b == -1) &&
           pure_give_int(p, a / b);
}

static bool do_sqrt(struct pure *p)
{
    double real;
    return pure_float(p, 0, &real) && pure_give_float(p, sqrt(real));
}

static bool whole_power(int64_t base, int64_t times, int64_t *out)
{
    *out = 1;
    if (times > 64 && base != 0 && base != 1)
        return false;
    for (int64_t i = 0; i < times && i <= 64; i++)
        if (__builtin_mul_overflow(*out, base, out))
            return false;
    return true;
}

static bool do_pow(struct pure *p)
{
    bool whole_base, whole_times;
    int64_t base = 0, times = 0, number;
    double real_base = 0, real_times = 0;
    if (!number_arg(p, 0, &whole_base, &base, &real_base) ||
        !number_arg(p, 1, &whole_times, &times, &real_times))
        return false;
    if (whole_base && whole_times && times >= 0)
        return whole_power(base, times, &number) && pure_give_int(p, number);
    if (base == 0 && real_base == 0)
        return false;
    return pure_give_float(
        p, pow(whole_base ? (double)base : real_base, whole_times ? (double)times : real_times));
}

/* min and max: of the arguments, or of one array's elements. */
static bool extreme(struct pure *p, int wanted)
{
    const struct php_value *best = &p->args[0], *next;
    struct php_array *array = NULL;
    size_t count = p->count;
    int order;
    if (p->count == 1) {
        if (!pure_array(p, 0, &array) || array->len == 0)
            return false;
        best = &array->at[0].value;
        count = array->len;
    }
    for (size_t i = 1; i < count; i++) {
        next = array != NULL ? &array->at[i].value : &p->args[i];
        if (!pure_pay(p, next->type == PHP_TEXT ? next->text.len : 0) ||
            !php_order(p->heap, next, best, &order))
            return false;
        if (order == wanted)
            best = next;
    }
    return pure_give_value(p, *best);
}

static bool do_min(struct pure *p)
{
    return extreme(p, -1);
}

static bool do_max(struct pure *p)
{
    return extreme(p, 1);
}

/* ---- addresses ---- */

static bool do_ip2long(struct pure *p)
{
    struct span text;
    uint32_t parts[4] = {0};
    size_t part = 0, digits = 0;
    if (!pure_read(p, 0, &text) || memchr(text.at, '\0', text.len) != NULL)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool dot = text.at[i] == '.';
        if ((!dot && !pure_is_digit(text.at[i])) || (dot && (digits == 0 || ++part > 3)))
            return pure_give_bool(p, false);
        digits = dot ? 0 : digits + 1;
        if (dot)
            continue;
        if (digits > 1 && parts[part] == 0)
            return false; /* leading zeros: libc's business */
        parts[part] = parts[part] * 10 + (uint32_t)(text.at[i] - '0');
        if (parts[part] > 255)
            return pure_give_bool(p, false);
    }
    if (part != 3 || digits == 0)
        return pure_give_bool(p, false);
    return pure_give_int(p, (int64_t)(parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]));
}

static bool do_long2ip(struct pure *p)
{
    int64_t number;
    struct pure_out out = {.call = p};
    if (!pure_int(p, 0, &number))
        return false;
    strbuf_format(&out.text, "%d.%d.%d.%d", (int)(number >> 24 & 255), (int)(number >> 16 & 255),
                  (int)(number >> 8 & 255), (int)(number & 255));
    return pure_done(&out, true);
}

/* ---- ctype ---- */

static bool is_alnum(char c)
{
    return pure_is_alpha(c) || pure_is_digit(c);
}

static bool is_cntrl(char c)
{
    return (unsigned char)c < 32 || c == 127;
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_print(char c)
{
    return c >= 32 && c < 127;
}

static bool is_graph(char c)
{
    return c > 32 && c < 127;
}

static bool is_punct(char c)
{
    return is_graph(c) && !is_alnum(c);
}

static bool is_xdigit(char c)
{
    return pure_hex(c) >= 0;
}

/* Numbers are characters' codes or digits, deprecated since 8.1: not told. */
static bool all_are(struct pure *p, bool (*is)(char))
{
    struct span text;
    if (p->args[0].type != PHP_TEXT || !pure_read(p, 0, &text))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is(text.at[i]))
            return pure_give_bool(p, false);
    return pure_give_bool(p, text.len > 0);
}

#define CTYPE(name, is)                                                                            \
    static bool do_ctype_##name(struct pure *p)                                                    \
    {                                                                                              \
        return all_are(p, is);                                                                     \
    }
CTYPE(alnum, is_alnum)
CTYPE(alpha, pure_is_alpha)
CTYPE(cntrl, is_cntrl)
CTYPE(digit, pure_is_digit)
CTYPE(graph, is_graph)
CTYPE(lower, is_lower)
CTYPE(print, is_print)
CTYPE(punct, is_punct)
CTYPE(space, pure_is_space)
CTYPE(upper, is_upper)
CTYPE(xdigit, is_xdigit)

const struct php_pure pure_numbers[] = {{"abs", 1, 1, PHP_PURE_NUMBER, do_abs},
                                        {"base_convert", 3, 3, PHP_PURE_HIDES, do_base_convert},
                                        {"bindec", 1, 1, PHP_PURE_NUMBER, do_bindec},
                                        {"boolval", 1, 1, PHP_PURE_NUMBER, do_boolval},
                                        {"ceil", 1, 1, PHP_PURE_NUMBER, do_ceil},
                                        {"ctype_alnum", 1, 1, PHP_PURE_NUMBER, do_ctype_alnum},
                                        {"ctype_alpha", 1, 1, PHP_PURE_NUMBER, do_ctype_alpha},
                                        {"ctype_cntrl", 1, 1, PHP_PURE_NUMBER, do_ctype_cntrl},
                                        {"ctype_digit", 1, 1, PHP_PURE_NUMBER, do_ctype_digit},
                                        {"ctype_graph", 1, 1, PHP_PURE_NUMBER, do_ctype_graph},
                                        {"ctype_lower", 1, 1, PHP_PURE_NUMBER, do_ctype_lower},
                                        {"ctype_print", 1, 1, PHP_PURE_NUMBER, do_ctype_print},
                                        {"ctype_punct", 1, 1, PHP_PURE_NUMBER, do_ctype_punct},
                                        {"ctype_space", 1, 1, PHP_PURE_NUMBER, do_ctype_space},
                                        {"ctype_upper", 1, 1, PHP_PURE_NUMBER, do_ctype_upper},
                                        {"ctype_xdigit", 1, 1, PHP_PURE_NUMBER, do_ctype_xdigit},
                                        {"decbin", 1, 1, PHP_PURE_HIDES, do_decbin},
                                        {"dechex", 1, 1, PHP_PURE_HIDES, do_dechex},
                                        {"decoct", 1, 1, PHP_PURE_HIDES, do_decoct},
                                        {"doubleval", 1, 1, PHP_PURE_NUMBER, do_floatval},
                                        {"floatval", 1, 1, PHP_PURE_NUMBER, do_floatval},
                                        {"floor", 1, 1, PHP_PURE_NUMBER, do_floor},
                                        {"fmod", 2, 2, PHP_PURE_NUMBER, do_fmod},
                                        {"gettype", 1, 1, PHP_PURE_NUMBER, do_gettype},
                                        {"hexdec", 1, 1, PHP_PURE_NUMBER, do_hexdec},
                                        {"intdiv", 2, 2, PHP_PURE_NUMBER, do_intdiv},
                                        {"intval", 1, 2, PHP_PURE_NUMBER, do_intval},
                                        {"ip2long", 1, 1, PHP_PURE_NUMBER, do_ip2long},
                                        {"is_array", 1, 1, PHP_PURE_NUMBER, do_is_array},
                                        {"is_bool", 1, 1, PHP_PURE_NUMBER, do_is_bool},
                                        {"is_double", 1, 1, PHP_PURE_NUMBER, do_is_float},
                                        {"is_float", 1, 1, PHP_PURE_NUMBER, do_is_float},
                                        {"is_int", 1, 1, PHP_PURE_NUMBER, do_is_int},
                                        {"is_integer", 1, 1, PHP_PURE_NUMBER, do_is_int},
                                        {"is_long", 1, 1, PHP_PURE_NUMBER, do_is_int},
                                        {"is_null", 1, 1, PHP_PURE_NUMBER, do_is_null},
                                        {"is_numeric", 1, 1, PHP_PURE_NUMBER, do_is_numeric},
                                        {"is_object", 1, 1, PHP_PURE_NUMBER, do_is_object},
                                        {"is_scalar", 1, 1, PHP_PURE_NUMBER, do_is_scalar},
                                        {"is_string", 1, 1, PHP_PURE_NUMBER, do_is_string},
                                        {"long2ip", 1, 1, PHP_PURE_HIDES, do_long2ip},
                                        {"max", 1, PHP_PURE_ANY, 0, do_max},
                                        {"min", 1, PHP_PURE_ANY, 0, do_min},
                                        {"octdec", 1, 1, PHP_PURE_NUMBER, do_octdec},
                                        {"pow", 2, 2, PHP_PURE_NUMBER, do_pow},
                                        {"round", 1, 3, PHP_PURE_NUMBER, do_round},
                                        {"sqrt", 1, 1, PHP_PURE_NUMBER, do_sqrt},
                                        {"strval", 1, 1, 0, do_strval},
                                        {0}};
