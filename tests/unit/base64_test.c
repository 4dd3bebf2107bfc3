/* base64 - what is base64, and what only looks so. */
#include "spamgear/base/base64.h"

#include "test.h"

static const struct {
    const char *text, *want; /* NULL: is none */
} rows[] = {
    {"", ""},
    {"Zg==", "f"},
    {"Zm8=", "fo"},
    {"Zm9v", "foo"},
    {"Zm9vYg==", "foob"},
    {"Zm9vYmE=", "fooba"},
    {"Zm9vYmFy", "foobar"}, /* RFC 4648, 10 */
    {"+/+/", "\xfb\xff\xbf"},
    {"Z", NULL},
    {"Zg", NULL},
    {"Zg=", NULL},
    {"Zm9v=", NULL},
    {"====", NULL},
    {"Z===", NULL},
    {"=Zg=", NULL},
    {"Zg==Zg==", NULL},
    {"Zm8=Zm8=", NULL},
    {"Zh==", NULL},
    {"Zm9=", NULL},
    {"Zm9v\n", NULL},
    {"Zm 9", NULL},
    {"Zm9-", NULL},
    {"Zm9_", NULL},
    {"Zm\xc3\xa9", NULL},
};

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = {0};
        bool good = base64_read(span_text(rows[i].text), &out);
        test_number(rows[i].text, good, rows[i].want != NULL);
        if (good && rows[i].want != NULL)
            test_text(rows[i].text, strbuf_text(&out), rows[i].want);
        struct strbuf back = {0};
        if (good)
            base64_write(strbuf_span(&out), &back);
        test_text("and back", strbuf_text(&back), good ? rows[i].text : "");
        strbuf_clear(&back);
        strbuf_clear(&out);
    }
    struct strbuf out = {0};
    test_true("a NUL is no digit", !base64_read((struct span){"Zm9\0", 4}, &out));
    strbuf_clear(&out);
    return test_end();
}
