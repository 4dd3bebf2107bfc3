/* operate - PHP's operators and casts on values.
 *
 * Zend/zend_operators.c of PHP 8.2 says what comes out. Where PHP 8 throws and PHP 5 and 7 went on
 * (texts that are no numbers count as 0 in arithmetic), what those made of it is computed: old code
 * lives on it. What is an error in all of them is unknown.
 */
#include "spamgear/php/lexer.h"
#include "spamgear/php/value.h"

#include <math.h>

/* ---- marks of results ---- */

/* What a text says about its ends, not about all of it. */
#define OF_ENDS (PHP_HAS_PREFIX | PHP_IS_URL | PHP_HAS_CODE_NAME | PHP_HAS_SAFE_NAME)
/* What stays true of a number that was made of something. */
#define OF_NUMBERS (PHP_IS_HIDDEN | PHP_IS_DECODED | PHP_IS_CHECKED | PHP_IS_KEY | PHP_IS_ALTERED)

/* Unknown, with the marks of both. */
static struct php_value joined(const struct php_value *a, const struct php_value *b)
{
    struct php_value result = *a, other = *b;
    if (a->type == PHP_UNKNOWN && a->traits == 0) /* php_value_mark may take it for a fresh one */
        other.traits &= (uint16_t)~PHP_PROMISES;
    php_value_mark(&result, &other);
    result.type = PHP_UNKNOWN;
    return result;
}

static struct php_value with_marks(struct php_value content, const struct php_value *marks)
{
    struct php_value result = *marks;
    result.type = content.type;
    result.text = content.text; /* the widest of the union */
    return result;
}

static void count_made(struct php_value *value)
{
    value->made = value->made < UINT8_MAX ? value->made + 1 : UINT8_MAX;
}

static struct php_value number_with(struct php_value content, const struct php_value *marks)
{
    struct php_value result = with_marks(content, marks);
    result.traits = (uint16_t)((result.traits & OF_NUMBERS) | PHP_IS_NUMBER);
    return result;
}

/* ---- arithmetic ---- */

/* As an operand; PHP_UNKNOWN when it is none. */
static struct php_value operand(const struct php_value *value)
{
    struct php_number number;
    if (value->type == PHP_INT || value->type == PHP_FLOAT)
        return *value;
    if (value->type == PHP_NULL || value->type == PHP_BOOL)
        return php_int(value->type == PHP_BOOL ? value->number : 0);
    if (value->type != PHP_TEXT)
        return php_unknown();
    if (!php_number_read(php_text_span(value->text), &number))
        return php_int(0);
    return number.type == PHP_INT ? php_int(number.number) : php_float(number.real);
}

static double real_of(const struct php_value *number)
{
    return number->type == PHP_INT ? (double)number->number : number->real;
}

static struct php_value add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? php_float((double)a + (double)b) : php_int(sum);
}

static struct php_value subtract(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_sub_overflow(a, b, &sum) ? php_float((double)a - (double)b) : php_int(sum);
}

static struct php_value multiply(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? php_float((double)a * (double)b)
                                                  : php_int(product);
}

static struct php_value divide(int64_t a, int64_t b)
{
    if (b == 0)
        return php_unknown();
    if (b == -1)
        return a == INT64_MIN ? php_float(-(double)INT64_MIN) : php_int(-a);
    return a % b == 0 ? php_int(a / b) : php_float((double)a / (double)b);
}

/* By squaring, and with floats from where it does not fit. */
static struct php_value power(int64_t base, int64_t exponent)
{
    int64_t product = 1;
    if (exponent < 0)
        return php_float(pow((double)base, (double)exponent));
    while (exponent > 0) {
        int64_t next;
        if (exponent % 2 == 1) {
            exponent--;
            if (__builtin_mul_overflow(product, base, &next))
                return php_float((double)product * (double)base *
                                 pow((double)base, (double)exponent));
            product = next;
        } else {
            exponent /= 2;
            if (__builtin_mul_overflow(base, base, &next))
                return php_float((double)product *
                                 pow((double)base * (double)base, (double)exponent));
            base = next;
        }
    }
    return php_int(product);
}

static double add_reals(double a, double b)
{
    return a + b;
}

static double subtract_reals(double a, double b)
{
    return a - b;
}

static double multiply_reals(double a, double b)
{
    return a * b;
}

static double divide_reals(double a, double b)
{
    return a / b;
}

static const struct arithmetic {
    int op;
    struct php_value (*of_ints)(int64_t a, int64_t b);
    double (*of_reals)(double a, double b);
} arithmetics[] = {
    {'+', add, add_reals},       {'-', subtract, subtract_reals}, {'*', multiply, multiply_reals},
    {'/', divide, divide_reals}, {PHP_OP_POWER, power, pow},
};

static struct php_value calculate(const struct arithmetic *with, const struct php_value *a,
                                  const struct php_value *b)
{
    struct php_value x = operand(a), y = operand(b);
    if (x.type == PHP_UNKNOWN || y.type == PHP_UNKNOWN)
        return php_unknown();
    if (x.type == PHP_INT && y.type == PHP_INT)
        return with->of_ints(x.number, y.number);
    if (with->op == '/' && real_of(&y) == 0)
        return php_unknown();
    return php_float(with->of_reals(real_of(&x), real_of(&y)));
}

/* ---- integers and bits ---- */

static struct php_value shift_left(int64_t a, int64_t b)
{
    return b < 0 ? php_unknown() : php_int(b > 63 ? 0 : (int64_t)((uint64_t)a << b));
}

static struct php_value shift_right(int64_t a, int64_t b)
{
    int64_t sign = a < 0 ? -1 : 0;
    if (b < 0)
        return php_unknown();
    return php_int(b > 63 ? sign : (int64_t)(((uint64_t)(a ^ sign) >> b) ^ (uint64_t)sign));
}

static struct php_value modulo(int64_t a, int64_t b)
{
    return b == 0 ? php_unknown() : php_int(b == -1 ? 0 : a % b);
}

static struct php_value and_ints(int64_t a, int64_t b)
{
    return php_int(a & b);
}

static struct php_value or_ints(int64_t a, int64_t b)
{
    return php_int(a | b);
}

static struct php_value xor_ints(int64_t a, int64_t b)
{
    return php_int(a ^ b);
}

static const struct integral {
    int op;
    struct php_value (*of_ints)(int64_t a, int64_t b);
} integrals[] = {
    {'%', modulo},
    {PHP_OP_SHIFT_LEFT, shift_left},
    {PHP_OP_SHIFT_RIGHT, shift_right},
    {'&', and_ints},
    {'|', or_ints},
    {'^', xor_ints},
};

static struct php_value calculate_ints(const struct integral *with, const struct php_value *a,
                                       const struct php_value *b)
{
    int64_t x, y;
    if (!php_to_int(a, &x) || !php_to_int(b, &y))
        return php_unknown();
    return with->of_ints(x, y);
}

/* & and ^ are as long as the shorter text, | as the longer one. */
static struct php_value combine_bytes(struct php_heap *heap, int op, struct php_text a,
                                      struct php_text b)
{
    struct php_text out, longer = a.len > b.len ? a : b;
    uint32_t both = a.len < b.len ? a.len : b.len;
    char *at = php_text_room(heap, op == '|' ? longer.len : both, &out);
    if (at == NULL)
        return php_unknown();
    for (uint32_t i = 0; i < both; i++)
        at[i] = (char)(op == '&'   ? a.at[i] & b.at[i]
                       : op == '|' ? a.at[i] | b.at[i]
                                   : a.at[i] ^ b.at[i]);
    if (out.len > both)
        memcpy(at + both, longer.at + both, out.len - both);
    return php_text_value(out);
}

/* ---- comparison and logic ---- */

static struct php_value truth(int answer)
{
    return answer < 0 ? php_unknown() : php_bool(answer != 0);
}

static struct php_value compare(struct php_heap *heap, int op, const struct php_value *a,
                                const struct php_value *b)
{
    bool swapped = op == '>' || op == PHP_OP_AT_LEAST;
    int order;
    if (!php_order(heap, swapped ? b : a, swapped ? a : b, &order))
        return php_unknown();
    if (op == PHP_OP_SPACESHIP)
        return php_int(order);
    return php_bool(op == '<' || op == '>' ? order < 0 : order <= 0);
}

/* One known side may be enough. */
static struct php_value logic(int op, const struct php_value *a, const struct php_value *b)
{
    bool x = false, y = false, knows_x = php_to_bool(a, &x), knows_y = php_to_bool(b, &y);
    if (op == PHP_OP_AND && ((knows_x && !x) || (knows_y && !y)))
        return php_bool(false);
    if (op == PHP_OP_OR && ((knows_x && x) || (knows_y && y)))
        return php_bool(true);
    if (!knows_x || !knows_y)
        return php_unknown();
    return php_bool(op == PHP_OP_AND ? x && y : op == PHP_OP_OR ? x || y : x != y);
}

static struct php_value judge(struct php_heap *heap, int op, const struct php_value *a,
                              const struct php_value *b)
{
    int answer;
    switch (op) {
    case PHP_OP_IS_SAME: return truth(php_same(heap, a, b));
    case PHP_OP_NOT_SAME:
        answer = php_same(heap, a, b);
        return truth(answer < 0 ? answer : !answer);
    case PHP_OP_IS_EQUAL: return truth(php_equal(heap, a, b));
    case PHP_OP_NOT_EQUAL:
        answer = php_equal(heap, a, b);
        return truth(answer < 0 ? answer : !answer);
    case PHP_OP_AND:
    case PHP_OP_OR:
    case 'x': return logic(op, a, b);
    case 'i': /* instanceof */ return php_unknown();
    default: return compare(heap, op, a, b);
    }
}

/* ---- texts ---- */

static bool has_text(const struct php_value *value)
{
    return value->type != PHP_UNKNOWN && value->type < PHP_OBJECT;
}

/* The traits of a . b, which is unknown; texts of the known ones are at and len. */
static uint16_t traits_of_ends(const struct php_value *a, struct span head,
                               const struct php_value *b, struct span tail)
{
    bool knows_a = has_text(a), knows_b = has_text(b);
    unsigned first = PHP_HAS_PREFIX | PHP_IS_URL, last = PHP_HAS_CODE_NAME | PHP_HAS_SAFE_NAME;
    unsigned traits = 0;
    if (!knows_a)
        traits |= a->traits & first;
    else
        traits |=
            php_text_head(head) | (b->traits & (head.len == 0 ? first : (unsigned)PHP_HAS_PREFIX));
    if (!knows_b)
        traits |= b->traits & last;
    else
        traits |= tail.len == 0 ? a->traits & last : php_text_tail(tail);
    if ((knows_a && php_text_has_php(head)) || (knows_b && php_text_has_php(tail)))
        traits |= PHP_HAS_PHP;
    return (uint16_t)traits;
}

static bool text_of(struct php_heap *heap, const struct php_value *value, struct php_text *out)
{
    if (value->type != PHP_ARRAY)
        return php_to_text(heap, value, out);
    return php_text_copy(heap, SPAN("Array"), out);
}

struct php_value php_concat(struct php_heap *heap, const struct php_value *a,
                            const struct php_value *b)
{
    struct php_text left = {0}, right = {0}, text;
    struct php_value result = joined(a, b);
    bool knows_left = text_of(heap, a, &left), knows_right = text_of(heap, b, &right);
    count_made(&result);
    bool knows_both = knows_left && knows_right;
    if (knows_both && php_text_join(heap, left, right, &text))
        result = with_marks(php_text_value(text), &result);
    result.traits &= (uint16_t)~OF_ENDS; /* a known text shows its ends */
    if (!knows_both && php_heap_step(heap, ((uint64_t)left.len + right.len) / 256))
        result.traits |= traits_of_ends(a, php_text_span(left), b, php_text_span(right));
    return result;
}

/* ---- the interface ---- */

static struct php_value hidden(struct php_value content, const struct php_value *marks)
{
    struct php_value result = with_marks(content, marks);
    result.traits =
        (uint16_t)((result.traits & ~(unsigned)OF_ENDS) | PHP_IS_DECODED | PHP_IS_HIDDEN);
    count_made(&result);
    return result;
}

static bool is_scalar_number(const struct php_value *value)
{
    return value->type >= PHP_NULL && value->type <= PHP_FLOAT;
}

static const struct arithmetic *find_arithmetic(int op)
{
    for (size_t i = 0; i < sizeof arithmetics / sizeof *arithmetics; i++)
        if (arithmetics[i].op == op)
            return &arithmetics[i];
    return NULL;
}

static const struct integral *find_integral(int op)
{
    for (size_t i = 0; i < sizeof integrals / sizeof *integrals; i++)
        if (integrals[i].op == op)
            return &integrals[i];
    return NULL;
}

/* + of two arrays: what only b has is added. */
static struct php_value unite(struct php_heap *heap, const struct php_value *a,
                              const struct php_value *b)
{
    struct php_value result = *a;
    a->array->shared = true;
    struct php_array *array = php_array_own(heap, a->array);
    if (array == NULL)
        return php_unknown();
    for (uint32_t i = 0; i < b->array->len && php_heap_step(heap, 1); i++) {
        const struct php_entry *entry = &b->array->at[i];
        if (entry->value.type == PHP_ARRAY)
            entry->value.array->shared = true;
        if (php_array_find(array, entry) == NULL)
            php_array_set(heap, array, entry, &entry->value);
    }
    if (b->array->open)
        php_value_merge(heap, &array->rest, &b->array->rest);
    array->open |= b->array->open;
    result.array = array;
    return result;
}

/* Texts for & | ^ may be either; only a number on one side makes the result one. */
static struct php_value bitwise(struct php_heap *heap, int op, const struct php_value *a,
                                const struct php_value *b, const struct php_value *marks)
{
    if (a->type == PHP_TEXT && b->type == PHP_TEXT)
        return hidden(combine_bytes(heap, op, a->text, b->text), marks);
    if (is_scalar_number(a) || is_scalar_number(b))
        return number_with(calculate_ints(find_integral(op), a, b), marks);
    return hidden(php_unknown(), marks);
}

struct php_value php_binary(struct php_heap *heap, int op, const struct php_value *a,
                            const struct php_value *b)
{
    if (op == '.')
        return php_concat(heap, a, b);
    struct php_value marks = joined(a, b);
    const struct arithmetic *arithmetic = find_arithmetic(op);
    const struct integral *integral = find_integral(op);
    if (op == '+' && a->type == PHP_ARRAY && b->type == PHP_ARRAY)
        return with_marks(unite(heap, a, b), &marks);
    if (op == '+' && !is_scalar_number(a) && !is_scalar_number(b) && a->type != PHP_TEXT &&
        b->type != PHP_TEXT)
        return marks; /* of arrays, perhaps */
    if (arithmetic != NULL)
        return number_with(calculate(arithmetic, a, b), &marks);
    if (op == '&' || op == '|' || op == '^')
        return bitwise(heap, op, a, b, &marks);
    if (integral != NULL)
        return number_with(calculate_ints(integral, a, b), &marks);
    if (op == PHP_OP_COALESCE)
        return a->type == PHP_UNKNOWN ? marks : a->type == PHP_NULL ? *b : *a;
    return number_with(judge(heap, op, a, b), &marks);
}

/* "Az" is followed by "Ba", "zZ9" by "aaA0": letters and digits from the end, as long as they
 * carry over. */
static struct php_value next_text(struct php_heap *heap, struct php_text text)
{
    struct php_text out, first;
    char carried = 0;
    if (!php_text_copy(heap, php_text_span(text), &out))
        return php_unknown();
    char *at = (char *)out.at;
    for (uint32_t i = out.len; i > 0; i--) {
        char c = at[i - 1];
        bool is_lower = c >= 'a' && c <= 'z', is_upper = c >= 'A' && c <= 'Z';
        if (!is_lower && !is_upper && !(c >= '0' && c <= '9'))
            return php_text_value(out);
        if (c != 'z' && c != 'Z' && c != '9') {
            at[i - 1]++;
            return php_text_value(out);
        }
        carried = (char)(is_lower ? 'a' : is_upper ? 'A' : '1');
        at[i - 1] = (char)(is_lower ? 'a' : is_upper ? 'A' : '0');
    }
    first = php_text_byte((unsigned char)carried);
    return php_text_join(heap, first, out, &out) ? php_text_value(out) : php_unknown();
}

static struct php_value step(struct php_heap *heap, int op, const struct php_value *a)
{
    bool up = op == PHP_OP_INCREMENT;
    struct php_value one = php_int(1), marks = *a;
    struct php_number number;
    if (a->type == PHP_NULL)
        return with_marks(up ? one : *a, a);
    if (a->type == PHP_INT || a->type == PHP_FLOAT)
        return with_marks(php_binary(heap, up ? '+' : '-', a, &one), a);
    if (a->type != PHP_TEXT)
        return *a;
    if (php_number_read(php_text_span(a->text), &number) && number.whole)
        return number_with(php_binary(heap, up ? '+' : '-', a, &one), a);
    if (a->text.len == 0)
        return with_marks(up ? php_text_value(php_text_byte('1')) : php_int(-1), a);
    return up ? hidden(next_text(heap, a->text), &marks) : *a;
}

static struct php_value invert(struct php_heap *heap, const struct php_value *a)
{
    struct php_text out;
    int64_t number;
    if ((a->type == PHP_INT || a->type == PHP_FLOAT) && php_to_int(a, &number))
        return number_with(php_int(~number), a);
    char *at = a->type == PHP_TEXT ? php_text_room(heap, a->text.len, &out) : NULL;
    if (at == NULL)
        return hidden(php_unknown(), a);
    for (uint32_t i = 0; i < out.len; i++)
        at[i] = (char)~a->text.at[i];
    return hidden(php_text_value(out), a);
}

struct php_value php_unary(struct php_heap *heap, int op, const struct php_value *a)
{
    struct php_value factor = php_int(op == '-' ? -1 : 1);
    bool is_true;
    switch (op) {
    case '!': return number_with(php_to_bool(a, &is_true) ? php_bool(!is_true) : php_unknown(), a);
    case '~': return invert(heap, a);
    case '+':
    case '-': return php_binary(heap, '*', a, &factor);
    case PHP_OP_INCREMENT:
    case PHP_OP_DECREMENT: return step(heap, op, a);
    default: return with_marks(php_unknown(), a);
    }
}

static struct php_value to_array(struct php_heap *heap, const struct php_value *a)
{
    if (a->type == PHP_ARRAY || a->type == PHP_UNKNOWN || a->type >= PHP_OBJECT)
        return a->type == PHP_OBJECT ? with_marks(php_unknown(), a) : *a;
    struct php_array *array = php_array_new(heap);
    if (array == NULL || (a->type != PHP_NULL && !php_array_set(heap, array, NULL, a)))
        return with_marks(php_unknown(), a);
    struct php_value content = {.type = PHP_ARRAY, .array = array};
    return with_marks(content, a);
}

/* Of arrays: 1 unless empty. */
static struct php_value to_number(int op, const struct php_value *a)
{
    int64_t number;
    double real;
    bool is_true;
    if (a->type == PHP_ARRAY && php_to_bool(a, &is_true))
        return op == PHP_OP_CAST_INT ? php_int(is_true) : php_float(is_true);
    if (op == PHP_OP_CAST_INT)
        return php_to_int(a, &number) ? php_int(number) : php_unknown();
    return php_to_float(a, &real) ? php_float(real) : php_unknown();
}

struct php_value php_cast(struct php_heap *heap, int op, const struct php_value *a)
{
    bool is_true;
    struct php_text text;
    switch (op) {
    case PHP_OP_CAST_INT:
    case PHP_OP_CAST_FLOAT: return number_with(to_number(op, a), a);
    case PHP_OP_CAST_BOOL:
        return number_with(php_to_bool(a, &is_true) ? php_bool(is_true) : php_unknown(), a);
    case PHP_OP_CAST_STRING:
        return with_marks(text_of(heap, a, &text) ? php_text_value(text) : php_unknown(), a);
    case PHP_OP_CAST_ARRAY: return to_array(heap, a);
    case PHP_OP_CAST_UNSET: return php_null();
    default: /* (object) */
        return a->type == PHP_OBJECT || a->type == PHP_CLOSURE ? *a : with_marks(php_unknown(), a);
    }
}
