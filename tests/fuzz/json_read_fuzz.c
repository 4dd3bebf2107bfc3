/* json_read - any bytes: nothing crashes, and what is read, written by json.h and read again, is
 * the same. */
#include "spamgear/base/json_read.h"

#include "spamgear/base/json.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* Numbers and words go into the log as they are, texts with their length. False: no JSON. */
static bool read_all(struct span text, struct strbuf *log, struct strbuf *again)
{
    struct json_reader reader;
    struct json json = {.out = again};
    struct strbuf key = {0}, why = {0};
    enum json_piece piece;
    json_read_init(&reader, text);
    while ((piece = json_read_next(&reader)) < JSON_END) {
        static const char marks[] = "{}[]";
        const char *name = key.len > 0 ? strbuf_text(&key) : NULL;
        bool nul = memchr(strbuf_text(&reader.text), '\0', reader.text.len) != NULL;
        strbuf_format(log, "%d:", (int)piece);
        if (piece == JSON_KEY || piece == JSON_STRING || piece == JSON_NUMBER)
            strbuf_add_span(log, strbuf_span(&reader.text));
        if (piece == JSON_OBJECT || piece == JSON_ARRAY)
            json_open(&json, name, marks[piece]);
        else if (piece == JSON_OBJECT_END || piece == JSON_ARRAY_END)
            json_close(&json, marks[piece]);
        else if (piece != JSON_KEY)
            json_text(&json, name, piece == JSON_STRING ? strbuf_span(&reader.text) : SPAN("x"));
        strbuf_reset(&key);
        if (piece == JSON_KEY)
            strbuf_add_text(&key, nul || reader.text.len == 0 ? "k" : strbuf_text(&reader.text));
    }
    check((piece == JSON_WRONG) == (reader.wrong != NULL) && reader.depth <= JSON_READ_DEPTH);
    if (piece == JSON_WRONG)
        check(json_read_why(&reader, &why) == -1 && why.len > 0);
    json_read_clear(&reader);
    strbuf_clear(&key);
    strbuf_clear(&why);
    return piece == JSON_END;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct strbuf log = {0}, again = {0}, second = {0}, third = {0};
    if (read_all((struct span){(const char *)data, size}, &log, &again)) {
        strbuf_reset(&log);
        check(read_all(strbuf_span(&again), &log, &second)); /* numbers became texts */
        struct strbuf other = {0};
        check(read_all(strbuf_span(&second), &other, &third));
        check(span_is(strbuf_span(&log), strbuf_span(&other)));
        check(span_is(strbuf_span(&second), strbuf_span(&third)));
        strbuf_clear(&other);
    }
    strbuf_clear(&log);
    strbuf_clear(&again);
    strbuf_clear(&second);
    strbuf_clear(&third);
    return 0;
}
