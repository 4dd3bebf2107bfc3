/* php_value - a small machine over values: each byte of the input is an operation, on values out of
 * a few registers. The heap is small, so it is spent soon; whatever happens, values stay what their
 * type says, promises of texts are kept, and arrays find what is in them. */
#include "spamgear/php/lexer.h"
#include "spamgear/php/value.h"

#include <stdlib.h>

#define REGISTERS 8
#define BYTES     60000
#define STEPS     20000

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct machine {
    struct php_heap heap;
    struct php_value registers[REGISTERS];
    const unsigned char *at, *end;
};

static void check(bool ok)
{
    if (!ok)
        abort();
}

static unsigned take(struct machine *m)
{
    return m->at < m->end ? *m->at++ : 0;
}

static struct php_value *take_register(struct machine *m)
{
    return &m->registers[take(m) % REGISTERS];
}

/* A value that stands in a second place now. */
static struct php_value copy(const struct php_value *value)
{
    if (value->type == PHP_ARRAY)
        value->array->shared = true;
    return *value;
}

static void load(struct machine *m, struct php_value *to)
{
    struct php_text text;
    unsigned kind = take(m) % 6, len = take(m);
    if (kind < 2 && (size_t)(m->end - m->at) >= len) {
        struct span bytes = {(const char *)m->at, len};
        m->at += len;
        *to = php_text_copy(&m->heap, bytes, &text) ? php_text_value(text) : php_unknown();
    } else if (kind == 2)
        *to = php_int((int64_t)(((uint64_t)1 << len % 64) - (len >> 6)));
    else if (kind == 3)
        *to = php_float((len - 100.0) * 1e17 / (take(m) + 0.0));
    else if (kind == 4)
        *to = len % 2 == 0 ? php_null() : php_bool(len & 2);
    else
        *to = php_unknown();
    to->taint = take(m) % 8 == 0 ? PHP_FROM_REQUEST : 0;
}

static const int binaries[] = {'+',
                               '-',
                               '*',
                               '/',
                               '%',
                               '&',
                               '|',
                               '^',
                               '.',
                               '<',
                               '>',
                               'x',
                               'i',
                               PHP_OP_POWER,
                               PHP_OP_SHIFT_LEFT,
                               PHP_OP_SHIFT_RIGHT,
                               PHP_OP_IS_EQUAL,
                               PHP_OP_IS_SAME,
                               PHP_OP_NOT_EQUAL,
                               PHP_OP_NOT_SAME,
                               PHP_OP_AT_MOST,
                               PHP_OP_AT_LEAST,
                               PHP_OP_SPACESHIP,
                               PHP_OP_AND,
                               PHP_OP_OR,
                               PHP_OP_COALESCE};
static const int unaries[] = {'!', '~', '-', '+', PHP_OP_INCREMENT, PHP_OP_DECREMENT};
static const int casts[] = {PHP_OP_CAST_INT,   PHP_OP_CAST_FLOAT,  PHP_OP_CAST_STRING,
                            PHP_OP_CAST_ARRAY, PHP_OP_CAST_OBJECT, PHP_OP_CAST_BOOL,
                            PHP_OP_CAST_UNSET};

static void operate(struct machine *m, unsigned kind)
{
    struct php_value *to = take_register(m), *a = take_register(m), *b = take_register(m), result;
    unsigned op = take(m);
    if (kind < 4)
        result = php_binary(&m->heap, binaries[op % (sizeof binaries / sizeof *binaries)], a, b);
    else if (kind == 4)
        result = php_unary(&m->heap, unaries[op % (sizeof unaries / sizeof *unaries)], a);
    else
        result = php_cast(&m->heap, casts[op % (sizeof casts / sizeof *casts)], a);
    check((result.taint & a->taint) == a->taint || result.type == PHP_NULL ||
          op % (sizeof binaries / sizeof *binaries) == 25);
    *to = copy(&result);
}

/* What was set is found, in an array that others do not see change. */
static void write_array(struct machine *m)
{
    struct php_value *to = take_register(m), value = copy(take_register(m));
    const struct php_value *name = take_register(m);
    struct php_entry key;
    if (to->type != PHP_ARRAY)
        *to = (struct php_value){.type = PHP_ARRAY, .array = php_array_new(&m->heap)};
    struct php_array *array = to->array == NULL ? NULL : php_array_own(&m->heap, to->array);
    if (array == NULL) {
        *to = php_unknown();
        return;
    }
    to->array = array;
    if (!php_array_key(&m->heap, name, &key) || !php_array_set(&m->heap, array, &key, &value))
        return;
    struct php_value *found = php_array_find(array, &key);
    check(found != NULL && found->type == value.type && found->taint == value.taint);
}

static void unset(struct machine *m)
{
    struct php_value *from = take_register(m);
    struct php_entry key;
    if (!php_array_key(&m->heap, take_register(m), &key) || from->type != PHP_ARRAY)
        return;
    struct php_array *array = php_array_own(&m->heap, from->array);
    if (array == NULL)
        return;
    from->array = array;
    php_array_unset(&m->heap, array, &key);
    check(array->open || php_array_find(array, &key) == NULL);
}

/* Many at once, so that arrays become long. */
static void fill(struct machine *m)
{
    struct php_value *to = take_register(m);
    unsigned count = take(m);
    struct php_value one = php_int(count);
    if (to->type != PHP_ARRAY)
        return;
    struct php_array *array = php_array_own(&m->heap, to->array);
    for (to->array = array != NULL ? array : to->array; array != NULL && count > 0; count--)
        php_array_set(&m->heap, array, NULL, &one);
}

static void ask(struct machine *m)
{
    struct php_value *a = take_register(m), *b = take_register(m);
    int order, other;
    int same = php_same(&m->heap, a, b), equal = php_equal(&m->heap, a, b);
    check(same != 1 || a->type == b->type);
    if (equal >= 0 && php_order(&m->heap, a, b, &order))
        check((order == 0) == (equal == 1));
    if (a->type == PHP_TEXT && b->type == PHP_TEXT && php_order(&m->heap, a, b, &order) &&
        php_order(&m->heap, b, a, &other))
        check(order == -other);
    if (a->type == PHP_ARRAY)
        *b = php_array_summary(&m->heap, a->array);
    else
        php_value_merge(&m->heap, a, b);
    *b = copy(b);
}

static void check_value(const struct php_value *value)
{
    unsigned sum = 0;
    if (value->type == PHP_TEXT)
        for (uint32_t i = 0; i < value->text.len; i += 61)
            sum += (unsigned char)value->text.at[i];
    if (value->type == PHP_ARRAY)
        check(value->array->len <= value->array->cap);
    check(sum <= UINT32_MAX / 2); /* read, and so looked at by the sanitizers */
    check(value->type <= PHP_CLOSURE && (value->type != PHP_BOOL || (value->number | 1) == 1));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct machine m = {.at = data, .end = data + size};
    php_heap_init(&m.heap, BYTES, STEPS);
    while (m.at < m.end) {
        unsigned kind = take(&m) % 16;
        if (kind < 6)
            operate(&m, kind);
        else if (kind < 10)
            load(&m, take_register(&m));
        else if (kind < 12)
            write_array(&m);
        else if (kind == 12)
            unset(&m);
        else if (kind == 13)
            fill(&m);
        else
            ask(&m);
        for (unsigned i = 0; i < REGISTERS; i++)
            check_value(&m.registers[i]);
    }
    check(m.heap.used <= BYTES && m.heap.steps <= STEPS);
    php_heap_clear(&m.heap);
    return 0;
}
