/* json - commas, nesting, and text from anywhere. */
#include "spamgear/base/json.h"

#include "json_valid.h"
#include "test.h"

static void test_shapes(void)
{
    struct strbuf out = {0};
    struct json json = {.out = &out};
    json_open(&json, NULL, '{');
    json_number(&json, "n", UINT64_MAX);
    json_text(&json, "t", (struct span){"a\0\"\xff", 4});
    json_text(&json, "none", (struct span){0});
    json_bool(&json, "yes", true);
    json_bool(&json, "no", false);
    json_word(&json, "null", NULL);
    json_word(&json, "k\n\"", "w");
    json_open(&json, "list", '[');
    json_number(&json, NULL, 0);
    json_open(&json, NULL, '{');
    json_close(&json, '}');
    json_open(&json, NULL, '[');
    json_close(&json, ']');
    json_close(&json, ']');
    json_number(&json, "last", 1);
    json_close(&json, '}');
    test_text("all of it", strbuf_text(&out),
              "{\"n\":18446744073709551615,\"t\":\"a\\u0000\\\"\xef\xbf\xbd\",\"none\":\"\","
              "\"yes\":true,\"no\":false,\"null\":null,\"k\\n\\\"\":\"w\",\"list\":[0,{},[]],"
              "\"last\":1}");
    test_true("is valid", json_is_valid(out.data, out.len));
    strbuf_clear(&out);
}

int main(void)
{
    test_shapes();
    return test_end();
}
