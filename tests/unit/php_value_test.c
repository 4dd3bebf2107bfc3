/* php_value - heap, marks, arrays. What operators, casts and comparisons come to is compared with
 * php itself in tests/servers. */
#include "spamgear/php/lexer.h"
#include "spamgear/php/value.h"

#include "test.h"

static struct php_heap heap;

static struct php_value text(const char *bytes)
{
    struct php_text copy = {0};
    php_text_copy(&heap, span_text(bytes), &copy);
    return php_text_value(copy);
}

static void check_text(const char *name, const struct php_value *got, const char *want)
{
    test_number(name, got->type, PHP_TEXT);
    if (got->type == PHP_TEXT)
        test_bytes(name, got->text.at, got->text.len, want, strlen(want));
}

/* ---- heap and texts ---- */

static void test_growing(void)
{
    struct php_text out = {0};
    size_t before = heap.used;
    for (int i = 0; i < 1000000; i++)
        php_text_join(&heap, out, php_text_byte((unsigned char)('a' + i % 26)), &out);
    test_number("a million characters", out.len, 1000000);
    test_true("their order", out.at[0] == 'a' && out.at[27] == 'b' && out.at[999999] == 'n');
    test_true("their memory", heap.used - before < 5000000);
}

/* Two texts that go on from the same one do not write into each other. */
static void test_forking(void)
{
    struct php_value base = text("ab"), c = text("c"), d = text("d"), one, two;
    base = php_concat(&heap, &base, &c);
    one = php_concat(&heap, &base, &c);
    two = php_concat(&heap, &base, &d);
    check_text("the base", &base, "abc");
    check_text("one way", &one, "abcc");
    check_text("the other way", &two, "abcd");
    two = php_concat(&heap, &two, &two);
    check_text("doubled", &two, "abcdabcd");
}

static void test_spent(void)
{
    struct php_heap small;
    struct php_text out = {0};
    php_heap_init(&small, 1024, 10);
    test_true("too large", php_heap_get(&small, 1025) == NULL);
    test_text("says so", small.spent, "memory");
    test_true("what fits still works", php_heap_get(&small, 100) != NULL);
    test_true("a text of any size", php_text_room(&small, SIZE_MAX, &out) == NULL);
    test_true("steps", php_heap_step(&small, 10) && !php_heap_step(&small, 1));
    test_true("many steps", !php_heap_step(&small, UINT64_MAX));
    php_heap_reset(&small);
    test_true("afresh", small.spent == NULL && php_heap_get(&small, 1024) != NULL);
    php_heap_clear(&small);
    test_true("cleared", php_heap_get(&small, 1) == NULL);
}

/* ---- marks ---- */

#define REQUEST PHP_FROM_REQUEST

static const struct {
    const char *name;
    struct {
        const char *known; /* NULL: unknown */
        unsigned taint, traits;
    } a, b;
    unsigned traits;
} concats[] = {
    {"tail runs", {NULL, REQUEST, 0}, {".php", 0, 0}, PHP_HAS_CODE_NAME},
    {"tail runs in capitals", {NULL, REQUEST, 0}, {".pHp5", 0, 0}, PHP_HAS_CODE_NAME},
    {"tail is all of an extension", {NULL, REQUEST, 0}, {"php", 0, 0}, PHP_HAS_CODE_NAME},
    {"tail may be the end of one", {NULL, REQUEST, 0}, {"hp", 0, 0}, 0},
    {"tail is safe", {NULL, REQUEST, 0}, {".jpg", 0, 0}, PHP_HAS_SAFE_NAME},
    {"tail without a dot is safe", {NULL, REQUEST, 0}, {"_cache", 0, 0}, PHP_HAS_SAFE_NAME},
    {"tail is a folder", {NULL, REQUEST, 0}, {"/", 0, 0}, 0},
    {"tail runs behind a slash", {NULL, REQUEST, 0}, {".php/.", 0, 0}, PHP_HAS_CODE_NAME},
    {"tail is nothing", {NULL, REQUEST, PHP_HAS_CODE_NAME}, {"", 0, 0}, PHP_HAS_CODE_NAME},
    {"tail is configuration", {NULL, REQUEST, 0}, {".ini", 0, 0}, 0},
    {"tail replaces a tail", {NULL, REQUEST, PHP_HAS_CODE_NAME}, {".txt", 0, 0}, PHP_HAS_SAFE_NAME},
    {"unknown tail", {NULL, REQUEST, PHP_HAS_SAFE_NAME}, {NULL, REQUEST, 0}, 0},
    {"head", {"up/", 0, 0}, {NULL, REQUEST, 0}, PHP_HAS_PREFIX},
    {"short head", {"/", 0, 0}, {NULL, REQUEST, 0}, 0},
    {"URL", {"HTTP://", 0, 0}, {NULL, REQUEST, 0}, PHP_HAS_PREFIX | PHP_IS_URL},
    {"no URL behind a head", {"x=", 0, 0}, {NULL, 0, PHP_IS_URL}, PHP_HAS_PREFIX},
    {"unknown head", {NULL, 0, 0}, {NULL, REQUEST, PHP_HAS_PREFIX}, 0},
    {"PHP in the head", {"<?php ", 0, 0}, {NULL, REQUEST, 0}, PHP_HAS_PHP},
    {"PHP in the tail", {NULL, REQUEST, 0}, {"<?= 1", 0, 0}, PHP_HAS_PHP | PHP_HAS_SAFE_NAME},
    {"PHP in an unknown part", {NULL, 0, PHP_HAS_PHP}, {NULL, 0, 0}, PHP_HAS_PHP},
    {"a statement in the head", {"x();", 0, 0}, {NULL, REQUEST, 0}, 0},
    {"XML", {"<?xml", 0, 0}, {NULL, REQUEST, 0}, PHP_HAS_PREFIX},
    {"a promise and a constant",
     {"x=", 0, 0},
     {NULL, REQUEST, PHP_IS_NUMBER},
     PHP_HAS_PREFIX | PHP_IS_NUMBER},
    {"a promise and taint", {NULL, REQUEST, PHP_IS_HASH}, {NULL, REQUEST, 0}, 0},
    {"a promise and a tainted constant",
     {"x=", REQUEST, 0},
     {NULL, 0, PHP_IS_HASH},
     PHP_HAS_PREFIX},
    {"a promise and unknown", {NULL, 0, 0}, {NULL, REQUEST, PHP_IS_HASH}, 0},
    {"two promises", {NULL, REQUEST, PHP_IS_HASH}, {NULL, 0, PHP_IS_HASH}, PHP_IS_HASH},
    {"what is no promise stays", {NULL, 0, PHP_IS_DECODED}, {NULL, 0, 0}, PHP_IS_DECODED},
};

static void test_concats(void)
{
    for (size_t i = 0; i < sizeof concats / sizeof *concats; i++) {
        struct php_value a = php_unknown(), b = php_unknown(), c;
        if (concats[i].a.known != NULL)
            a = text(concats[i].a.known);
        if (concats[i].b.known != NULL)
            b = text(concats[i].b.known);
        a.taint = concats[i].a.taint;
        a.traits = (uint16_t)concats[i].a.traits;
        b.taint = concats[i].b.taint;
        b.traits = (uint16_t)concats[i].b.traits;
        c = php_concat(&heap, &a, &b);
        test_number(concats[i].name, c.traits, concats[i].traits);
        test_number(concats[i].name, c.taint, concats[i].a.taint | concats[i].b.taint);
        test_true(concats[i].name, c.type == PHP_UNKNOWN && c.made == 1);
    }
}

static void test_marks(void)
{
    struct php_value a = php_unknown(), b = text("x"), c = php_unknown();
    a.taint = REQUEST;
    a.traits = PHP_IS_BASENAME | PHP_HAS_CODE_NAME;
    a.trail = 7;
    a.hops = 3;
    php_value_mark(&c, &a);
    test_true("a fresh one takes all", c.taint == REQUEST && c.traits == a.traits && c.trail == 7);
    c = php_binary(&heap, '*', &a, &b);
    test_number("a product is a number", c.traits, PHP_IS_NUMBER);
    test_true("with its taint", c.type == PHP_UNKNOWN && c.taint == REQUEST && c.hops == 3);
    c = php_cast(&heap, PHP_OP_CAST_INT, &a);
    test_number("so is (int)", c.traits, PHP_IS_NUMBER);
    b.made = UINT8_MAX;
    c = php_concat(&heap, &b, &b);
    test_number("made saturates", c.made, UINT8_MAX);
    c = php_binary(&heap, '^', &b, &b);
    test_number("xor hides", c.traits, PHP_IS_DECODED | PHP_IS_HIDDEN);
    c = php_binary(&heap, PHP_OP_OR, &a, &b);
    test_true("one side is enough", c.type == PHP_BOOL && c.number == 1 && c.taint == REQUEST);
}

static void test_merge(void)
{
    struct php_value a = text("x"), b = text("y"), u = php_unknown(), c;
    u.taint = REQUEST;
    c = a;
    php_value_merge(&heap, &c, &b);
    check_text("keeps its own", &c, "x");
    php_value_merge(&heap, &c, &u);
    check_text("and with an unknown one", &c, "x");
    test_number("whose marks it gets", c.taint, REQUEST);
    c = u;
    php_value_merge(&heap, &c, &b);
    check_text("unknown: gets the other's", &c, "y");
    test_number("and keeps its marks", c.taint, REQUEST);
}

/* ---- arrays ---- */

static struct php_entry number_key(int64_t number)
{
    struct php_value value = php_int(number);
    struct php_entry key;
    php_array_key(&heap, &value, &key);
    return key;
}

/* A long array against a table of what must be in it, under random writing and taking out. */
static void test_array(void)
{
    enum { KEYS = 3000 };
    static int64_t want[KEYS];
    struct php_array *array = php_array_new(&heap);
    uint32_t random = 1, len = 0;
    for (int round = 0; round < 60000; round++) {
        random = random * 1103515245 + 12345;
        int64_t number = random >> 8 & 2047;
        bool front = random >> 29 == 1 && array->len > 0, back = random >> 29 == 2;
        struct php_entry key = number_key(number);
        if (front)
            key = array->at[0];
        else if (back && array->len > 0)
            key = array->at[array->len - 1];
        struct php_value value = php_int(round + 1);
        bool takes = front || back || random >> 29 == 3, had = want[key.number] != 0;
        if (takes)
            php_array_unset(&heap, array, &key);
        else
            php_array_set(&heap, array, &key, &value);
        want[key.number] = takes ? 0 : round + 1;
        len = len + (!had && !takes) - (had && takes);
        if (array->len != len)
            test_number("len", array->len, len);
    }
    for (int64_t i = 0; i < KEYS; i++) {
        struct php_entry key = number_key(i);
        struct php_value *found = php_array_find(array, &key);
        test_number("found", found == NULL ? 0 : found->number, want[i]);
    }
}

static void test_queue(void)
{
    struct php_array *array = php_array_new(&heap);
    struct php_value value = php_null();
    size_t before = heap.used;
    for (int64_t i = 0; i < 300000; i++) {
        php_array_set(&heap, array, NULL, &value);
        struct php_entry first = number_key(i - 50), last = number_key(i);
        if (i % 3 == 0)
            php_array_unset(&heap, array, &last);
        php_array_unset(&heap, array, &first);
    }
    test_true("a queue", array->len <= 50 && array->len > 20 && array->next == 300000);
    test_true("its memory", heap.used - before < 64u << 20);
}

static void test_own(void)
{
    struct php_array *array = php_array_new(&heap), *inner = php_array_new(&heap), *copy;
    struct php_value value = {.type = PHP_ARRAY, .array = inner}, one = php_int(1);
    php_array_set(&heap, array, NULL, &value);
    test_true("not shared", php_array_own(&heap, array) == array);
    array->shared = true;
    copy = php_array_own(&heap, array);
    test_true("shared", copy != array && !copy->shared && copy->len == 1 && inner->shared);
    php_array_set(&heap, copy, NULL, &one);
    test_true("apart", copy->len == 2 && array->len == 1);
}

static void test_summary(void)
{
    struct php_array *array = php_array_new(&heap), *inner = php_array_new(&heap);
    struct php_value value = text("x"), nested = {.type = PHP_ARRAY, .array = inner}, all;
    php_array_set(&heap, array, NULL, &value);
    all = php_array_summary(&heap, array);
    check_text("one element", &all, "x");
    value.taint = REQUEST;
    php_array_set(&heap, inner, NULL, &value);
    php_array_set(&heap, inner, NULL, &nested); /* in itself: as references make it */
    php_array_set(&heap, array, NULL, &nested);
    all = php_array_summary(&heap, array);
    test_true("deep", all.type == PHP_UNKNOWN && all.taint == REQUEST);
    test_number("itself is the same", php_same(&heap, &nested, &nested), 1);
}

int main(void)
{
    php_heap_init(&heap, 256 << 20, 100000000);
    test_growing();
    test_forking();
    test_spent();
    test_concats();
    test_marks();
    test_merge();
    test_array();
    test_queue();
    test_own();
    test_summary();
    php_heap_clear(&heap);
    return test_end();
}
