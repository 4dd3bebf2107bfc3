/* Fuzz target for PHP's decoders and formats (core/php/pure_*.c): all of them on the same bytes,
 * alone and with what stands before the first NUL as their other argument. Nothing crashes, no
 * result is larger than the heap, encoders are undone by their decoders. */
#include "spamgear/php/pure.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define BYTES (1u << 20)
#define STEPS 200000

static void check(bool ok)
{
    if (!ok)
        abort();
}

static struct php_value call(struct php_heap *heap, const char *name, const struct php_value *args,
                             size_t count)
{
    const struct php_pure *pure = php_pure_find(span_text(name));
    check(pure != NULL);
    struct php_value got = php_pure_call(heap, pure, args, count);
    check(got.type != PHP_TEXT || got.text.len <= BYTES);
    unsigned sum = 0;
    for (uint32_t i = 0; got.type == PHP_TEXT && i < got.text.len; i++)
        sum += (unsigned char)got.text.at[i]; /* all of it can be read */
    check(sum <= 255 * BYTES);
    return got;
}

static void both_ways(struct php_heap *heap, const char *encoder, const char *decoder,
                      struct php_value text)
{
    struct php_value there = call(heap, encoder, &text, 1);
    struct php_value back = call(heap, decoder, &there, 1);
    if (there.type == PHP_TEXT && heap->spent == NULL)
        check(back.type == PHP_TEXT && span_is(php_text_span(back.text), php_text_span(text.text)));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char *const alone[] = {"base64_decode",
                                        "convert_uudecode",
                                        "gzdecode",
                                        "gzinflate",
                                        "gzuncompress",
                                        "zlib_decode",
                                        "hex2bin",
                                        "quoted_printable_decode",
                                        "rawurldecode",
                                        "stripcslashes",
                                        "stripslashes",
                                        "html_entity_decode",
                                        "strip_tags",
                                        "utf8_decode",
                                        "htmlspecialchars_decode"};
    static const char *const with[] = {"pack",  "unpack",  "sprintf",   "vsprintf",     "trim",
                                       "strtr", "explode", "str_split", "substr_count", "wordwrap"};
    struct php_heap heap;
    php_heap_init(&heap, BYTES, STEPS);
    const unsigned char *nul = size > 0 ? memchr(data, '\0', size) : NULL;
    size_t first = nul == NULL ? 0 : (size_t)(nul - data);
    struct php_text all = {(const char *)data, (uint32_t)size, 0};
    struct php_text before = {all.at, (uint32_t)first, 0};
    struct php_text behind = {all.at + first, (uint32_t)(size - first), 0};
    struct php_value text = php_text_value(size > 0 ? all : php_text_byte(0));
    struct php_value args[] = {php_text_value(before), php_text_value(behind), text, php_int(7)};
    for (size_t i = 0; size > 0 && i < sizeof alone / sizeof *alone; i++)
        call(&heap, alone[i], &text, 1);
    for (size_t i = 0; size > 0 && i < sizeof with / sizeof *with; i++)
        for (size_t count = 2; count <= php_pure_find(span_text(with[i]))->most && count <= 4;
             count++)
            call(&heap, with[i], args, count);
    if (size > 0) {
        both_ways(&heap, "base64_encode", "base64_decode", text);
        both_ways(&heap, "bin2hex", "hex2bin", text);
        both_ways(&heap, "convert_uuencode", "convert_uudecode", text);
        both_ways(&heap, "rawurlencode", "rawurldecode", text);
        both_ways(&heap, "urlencode", "urldecode", text);
        both_ways(&heap, "addslashes", "stripslashes", text);
        both_ways(&heap, "str_rot13", "str_rot13", text);
        both_ways(&heap, "utf8_encode", "utf8_decode", text);
    }
    php_heap_clear(&heap);
    return 0;
}
