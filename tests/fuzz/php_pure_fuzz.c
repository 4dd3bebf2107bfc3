/* Fuzz target for PHP's pure functions (core/php/pure_*.c): calls of any of them. A byte names the
 * function, others make its arguments; what one call gives, the next may take. Nothing crashes,
 * nothing takes long: the heap's steps pay for all work. */
#include "spamgear/php/pure.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct input {
    const unsigned char *at, *end;
    struct php_value last;
};

static unsigned take(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

static struct php_value text(struct input *input, unsigned len)
{
    size_t left = (size_t)(input->end - input->at);
    len = len < left ? len : (unsigned)left;
    struct php_text part = {(const char *)input->at, len, 0};
    input->at += len;
    return php_text_value(part);
}

static struct php_value argument(struct php_heap *heap, struct input *input, bool nested);

static struct php_value array(struct php_heap *heap, struct input *input)
{
    struct php_value value = php_null();
    value.array = php_array_new(heap);
    if (value.array == NULL)
        return php_unknown();
    value.type = PHP_ARRAY;
    for (unsigned n = take(input) % 6; n > 0; n--) {
        struct php_value key = argument(heap, input, true), content = argument(heap, input, true);
        struct php_entry entry;
        bool named = php_array_key(heap, &key, &entry);
        php_array_set(heap, value.array, named ? &entry : NULL, &content);
    }
    value.array->open = take(input) == 1;
    return value;
}

static struct php_value argument(struct php_heap *heap, struct input *input, bool nested)
{
    unsigned kind = take(input);
    switch (kind % 8) {
    case 0: return php_null();
    case 1: return php_int((int8_t)take(input));
    case 2: return php_int((int64_t)((uint64_t)take(input) << (take(input) % 64)));
    case 3: return php_float((take(input) - 128.0) / 7);
    case 4: return nested ? php_bool(kind > 128) : array(heap, input);
    case 5: return input->last;
    case 6: return php_unknown();
    default: return text(input, kind / 8);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct php_heap heap;
    struct input input = {data, data + size, php_null()};
    struct php_value args[4];
    size_t names_count;
    const char *const *names = php_pure_names(&names_count);
    php_heap_init(&heap, 1u << 20, 100000);
    while (input.at < input.end) {
        unsigned chosen = take(&input) << 8;
        chosen |= take(&input);
        const struct php_pure *pure = php_pure_find(span_text(names[chosen % names_count]));
        size_t count = chosen / names_count % 5;
        for (size_t i = 0; i < count; i++)
            args[i] = argument(&heap, &input, false);
        input.last = php_pure_call(&heap, pure, args, count);
        if (heap.used > heap.bytes_limit)
            abort();
    }
    php_heap_clear(&heap);
    return 0;
}
