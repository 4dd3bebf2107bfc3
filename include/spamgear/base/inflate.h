/* inflate - DEFLATE (RFC 1951) and its wrappings, by zlib (loaded on first use).
 *
 * A decoder takes bytes and gives bytes piece by piece; how much may come out is its caller's
 * business. Where libraries cannot be opened any more (a sandboxed worker) inflate_load() must
 * have succeeded before.
 */
#ifndef SPAMGEAR_BASE_INFLATE_H
#define SPAMGEAR_BASE_INFLATE_H

#include "spamgear/base/strbuf.h"
#include <stddef.h>

enum inflate_kind {
    INFLATE_RAW,
    INFLATE_ZLIB, /* RFC 1950 */
    INFLATE_GZIP, /* RFC 1952, header and checksum are checked */
    INFLATE_ANY   /* the one or the other wrapping */
};

enum inflate_result {
    INFLATE_GOES_ON,  /* what could be done with these bytes is done */
    INFLATE_ENDED,    /* the stream or member is complete */
    INFLATE_CORRUPT,  /* the bytes are no such data */
    INFLATE_TOO_LARGE /* no memory */
};

/* Moves forward as inflate_step() consumes and produces. */
struct inflate_io {
    const unsigned char *in;
    size_t in_len;
    unsigned char *out;
    size_t out_len;
};

struct inflate;

/* Loads zlib; again and again is free. 0, or -1 with why ("built without ..."). */
int inflate_load(struct strbuf *why);
/* NULL with why; else inflate_free. */
struct inflate *inflate_new(enum inflate_kind kind, struct strbuf *why);
void inflate_free(struct inflate *inflate); /* NULL is fine */
int inflate_reset(struct inflate *inflate); /* for the next member; 0, or -1 */
enum inflate_result inflate_step(struct inflate *inflate, struct inflate_io *io);

#endif
