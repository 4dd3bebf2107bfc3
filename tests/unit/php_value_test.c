/* php_value - heap, values, operators and arrays. */
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

static struct php_value tainted(const char *bytes)
{
    struct php_value value = bytes == NULL ? php_unknown() : text(bytes);
    value.taint = PHP_FROM_REQUEST;
    return value;
}

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

int main(void)
{
    php_heap_init(&heap, 16 << 20, 1000000);
    test_growing();
    struct php_value a = tainted(NULL), b = text(".php");
    struct php_value c = php_concat(&heap, &a, &b);
    test_number("tail", c.traits, PHP_HAS_CODE_NAME);
    php_heap_clear(&heap);
    return test_end();
}
