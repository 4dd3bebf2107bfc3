/* strbuf - what is added comes out, whatever the bytes, and nothing is left when cleared. */
#include "spamgear/base/strbuf.h"

#include "spamgear/base/vec.h"
#include "test.h"
#include <stdlib.h>

static void test_empty(void)
{
    struct strbuf sb = {0};
    test_text("nothing is a string", strbuf_text(&sb), "");
    test_number("of no bytes", (int64_t)strbuf_span(&sb).len, 0);
    strbuf_reset(&sb);
    strbuf_clear(&sb);
    strbuf_add(&sb, NULL, 0);
    strbuf_add_span(&sb, (struct span){0});
    strbuf_add_text(&sb, "");
    strbuf_format(&sb, "%s", "");
    test_number("adding nothing", (int64_t)sb.len, 0);
    test_text("still a string", strbuf_text(&sb), "");
    strbuf_clear(&sb);
    char *taken = strbuf_take(&sb);
    test_text("taken from nothing", taken, "");
    free(taken);
}

static void test_bytes_pass(void)
{
    struct strbuf sb = {0};
    strbuf_add(&sb, "a\0b", 3);
    strbuf_add_char(&sb, '\0');
    strbuf_add_char(&sb, (char)0xff);
    strbuf_add_span(&sb, SPAN("c"));
    test_bytes("any byte", sb.data, sb.len,
               "a\0b\0\xff"
               "c",
               6);
    test_number("ends in NUL", sb.data[sb.len], 0);
    strbuf_reset(&sb);
    test_text("reset", strbuf_text(&sb), "");
    test_true("keeps the memory", sb.cap > 0);
    strbuf_format(&sb, "%d-%s-%c", -7, "x", 'y');
    test_text("formatted", strbuf_text(&sb), "-7-x-y");
    char *taken = strbuf_take(&sb);
    test_text("taken", taken, "-7-x-y");
    test_true("and gone", sb.data == NULL && sb.len == 0 && sb.cap == 0);
    free(taken);
}

/* Each length once, so that every growth step ends exactly at its capacity. */
static void test_growth(void)
{
    for (size_t len = 0; len < 300; len++) {
        struct strbuf one = {0}, piece = {0}, formatted = {0};
        char text[301];
        memset(text, 'x', len);
        text[len] = '\0';
        for (size_t i = 0; i < len; i++)
            strbuf_add_char(&piece, 'x');
        strbuf_add(&one, text, len);
        strbuf_format(&formatted, "%s", text);
        test_bytes("by pieces", strbuf_text(&piece), piece.len, text, len);
        test_bytes("at once", strbuf_text(&one), one.len, text, len);
        test_bytes("formatted", strbuf_text(&formatted), formatted.len, text, len);
        strbuf_clear(&one);
        strbuf_clear(&piece);
        strbuf_clear(&formatted);
    }
}

static void test_why(void)
{
    struct strbuf why = {0};
    test_number("no why still fails", strbuf_why(NULL, "%s", "x"), -1);
    test_number("fails", strbuf_why(&why, "first"), -1);
    test_text("says", strbuf_text(&why), "first");
    strbuf_why(&why, "second: %s, %s", strbuf_text(&why), strbuf_text(&why));
    test_text("may quote itself", strbuf_text(&why), "second: first, first");
    strbuf_why(&why, "%s", "");
    test_text("may be empty", strbuf_text(&why), "");
    strbuf_clear(&why);
}

static void test_texts(void)
{
    struct texts list = {0};
    char text[] = "own";
    texts_add(&list, text);
    text[0] = 'X';
    texts_format(&list, "%d of %s", 2, "three");
    texts_format(&list, "%s", "");
    test_number("three", (int64_t)list.len, 3);
    test_text("copied", list.at[0], "own");
    test_text("formatted", list.at[1], "2 of three");
    test_text("empty", list.at[2], "");
    texts_clear(&list);
    test_true("cleared", list.at == NULL && list.len == 0);
    texts_clear(&list);
}

int main(void)
{
    test_empty();
    test_bytes_pass();
    test_growth();
    test_why();
    test_texts();
    return test_end();
}
