/* json_read - reading JSON (RFC 8259) piece by piece.
 *
 * A pull parser over a text in memory: each call gives the next piece, so nothing is built that
 * a hostile text could make large. Strict: no comments, no trailing commas, no control bytes
 * in strings, no invalid UTF-8, no half surrogate pairs, nothing behind the value.
 */
#ifndef SPAMGEAR_BASE_JSON_READ_H
#define SPAMGEAR_BASE_JSON_READ_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>

#define JSON_READ_DEPTH 32 /* arrays and objects in each other */

enum json_piece {
    JSON_OBJECT,     /* { */
    JSON_OBJECT_END, /* } */
    JSON_ARRAY,      /* [ */
    JSON_ARRAY_END,  /* ] */
    JSON_KEY,        /* its text in reader->text */
    JSON_STRING,     /* the same; may hold NUL */
    JSON_NUMBER,     /* as it was written, in reader->text */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
    JSON_END,  /* the text held one value, and nothing else */
    JSON_WRONG /* it is no JSON: json_read_why. Stays so */
};

struct json_reader {
    struct span rest;
    const char *start;
    struct strbuf text; /* of the last KEY, STRING or NUMBER; borrowed until the next call */
    unsigned depth;     /* open arrays and objects */
    bool in_object[JSON_READ_DEPTH];
    enum { JSON_WANT_FIRST, JSON_WANT_VALUE, JSON_WANT_END } want;
    const char *wrong; /* NULL: nothing */
};

/* text is borrowed until json_read_clear. */
void json_read_init(struct json_reader *reader, struct span text);
void json_read_clear(struct json_reader *reader);
enum json_piece json_read_next(struct json_reader *reader);
/* After JSON_WRONG: "line 3: what". Returns -1. */
int json_read_why(const struct json_reader *reader, struct strbuf *why);

#endif
