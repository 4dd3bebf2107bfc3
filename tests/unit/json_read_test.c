/* json_read_test - the grammar of RFC 8259, and nothing besides. */
#include "spamgear/base/json_read.h"

#include "test.h"

/* The pieces in a row: braces as they are, K(..) S(..) N(..), t f n, '.' the end, '!' wrong. */
static void pieces(struct span text, struct strbuf *out, struct strbuf *why)
{
    static const char *const marks[] = {"{", "}", "[", "]", "K", "S", "N", "t", "f", "n", ".", "!"};
    struct json_reader reader;
    enum json_piece piece;
    json_read_init(&reader, text);
    do {
        piece = json_read_next(&reader);
        strbuf_add_text(out, marks[piece]);
        if (piece == JSON_KEY || piece == JSON_STRING || piece == JSON_NUMBER)
            strbuf_format(out, "(%s)", strbuf_text(&reader.text));
    } while (piece != JSON_END && piece != JSON_WRONG);
    if (piece == JSON_WRONG)
        json_read_why(&reader, why);
    test_true("stays so", json_read_next(&reader) == piece);
    json_read_clear(&reader);
}

#define VALUE  "line 1: something stands where a value should"
#define STRING "line 1: a string is not closed, or holds what it may not"
#define ESCAPE "line 1: a string holds an escape that is none"
#define COMMA  "line 1: a comma or a closing bracket is missing"
#define KEY    "line 1: a key in quotes is missing"

static const struct {
    const char *text, *want, *why;
} cases[] = {
    {"{}", "{}.", ""},
    {" [ ] \r\n\t", "[].", ""},
    {"{\"a\":\"b\"}", "{K(a)S(b)}.", ""},
    {"{\"a\": {\"b\": [1, 2]}, \"c\": null}", "{K(a){K(b)[N(1)N(2)]}K(c)n}.", ""},
    {"[true,false,null]", "[tfn].", ""},
    {"\"alone\"", "S(alone).", ""},
    {"[0,-0,10,1.5,-1e5,2E+03,3.0e-1]", "[N(0)N(-0)N(10)N(1.5)N(-1e5)N(2E+03)N(3.0e-1)].", ""},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "S(\"\\/\b\f\n\r\t).", ""},
    {"\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\"", "S(A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80).", ""},
    {"\"\xc3\xa9\"", "S(\xc3\xa9).", ""},
    {"", "!", VALUE},
    {"{", "{!", KEY},
    {"[", "[!", VALUE},
    {"[1", "[N(1)!", COMMA},
    {"[1,]", "[N(1)!", VALUE},
    {"{\"a\":1,}", "{K(a)N(1)!", KEY},
    {"{\"a\"}", "{!", "line 1: a colon is missing behind a key"},
    {"{a:1}", "{!", KEY},
    {"{1:1}", "{!", KEY},
    {"[1}", "[N(1)!", COMMA},
    {"{\"a\":1]", "{K(a)N(1)!", COMMA},
    {"]", "!", VALUE},
    {"[1] [2]", "[N(1)]!", "line 1: something follows the value"},
    {"\n\n// x\n1", "!", "line 3: something stands where a value should"},
    {"01", "!", VALUE},
    {"-", "!", VALUE},
    {"1.", "!", VALUE},
    {".5", "!", VALUE},
    {"1e", "!", VALUE},
    {"+1", "!", VALUE},
    {"NaN", "!", VALUE},
    {"tru", "!", VALUE},
    {"truex", "t!", "line 1: something follows the value"},
    {"'a'", "!", VALUE},
    {"\"a", "!", STRING},
    {"\"a\nb\"", "!", STRING},
    {"\"\xff\"", "!", STRING},
    {"\"\xed\xa0\x80\"", "!", STRING},
    {"\"\\x\"", "!", ESCAPE},
    {"\"\\", "!", ESCAPE},
    {"\"\\u12\"", "!", ESCAPE},
    {"\"\\u12g4\"", "!", ESCAPE},
    {"\"\\ud800\"", "!", ESCAPE},
    {"\"\\ud800\\u0041\"", "!", ESCAPE},
    {"\"\\udc00\"", "!", ESCAPE},
};

static void test_depth(void)
{
    struct strbuf text = {0}, got = {0}, why = {0};
    for (int i = 0; i < JSON_READ_DEPTH; i++)
        strbuf_add_char(&text, '[');
    for (int i = 0; i < JSON_READ_DEPTH; i++)
        strbuf_add_char(&text, ']');
    pieces(strbuf_span(&text), &got, &why);
    test_number("deep", got.data[got.len - 1], '.');
    strbuf_reset(&text);
    strbuf_reset(&got);
    for (int i = 0; i < 100000; i++)
        strbuf_add_char(&text, '[');
    pieces(strbuf_span(&text), &got, &why);
    test_number("too deep", (int64_t)got.len, JSON_READ_DEPTH + 1);
    test_text("why", strbuf_text(&why), "line 1: more than 32 arrays and objects in each other");
    strbuf_clear(&text);
    strbuf_clear(&got);
    strbuf_clear(&why);
}

static void test_nul(void)
{
    struct json_reader reader;
    json_read_init(&reader, SPAN("\"a\\u0000b\""));
    test_number("NUL", json_read_next(&reader), JSON_STRING);
    test_bytes("NUL", reader.text.data, reader.text.len, "a\0b", 3);
    json_read_clear(&reader);
    json_read_init(&reader, SPAN("[\0]"));
    test_number("opens", json_read_next(&reader), JSON_ARRAY);
    test_number("a raw one", json_read_next(&reader), JSON_WRONG);
    json_read_clear(&reader);
    json_read_init(&reader, (struct span){NULL, 0});
    test_number("nothing at all", json_read_next(&reader), JSON_WRONG);
    json_read_clear(&reader);
}

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf got = {0}, why = {0};
        pieces(span_text(cases[i].text), &got, &why);
        test_text(cases[i].text, strbuf_text(&got), cases[i].want);
        test_text(cases[i].text, strbuf_text(&why), cases[i].why);
        strbuf_clear(&got);
        strbuf_clear(&why);
    }
    test_depth();
    test_nul();
    return test_end();
}
