/* pack - numbers and texts as bytes for the store, and back.
 *
 * Little-endian, texts behind their length. Reading believes nothing: what does not fit sets
 * `bad`, and everything after that reads as zero and empty.
 */
#ifndef SPAMGEAR_LOG_PACK_H
#define SPAMGEAR_LOG_PACK_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>

struct unpack {
    struct span rest;
    bool bad;
};

static inline void pack_number(struct strbuf *out, uint64_t number, size_t bytes)
{
    char raw[8];
    for (size_t i = 0; i < bytes; i++)
        raw[i] = (char)(number >> (8 * i));
    strbuf_add(out, raw, bytes);
}

static inline void pack_double(struct strbuf *out, double number)
{
    uint64_t raw;
    memcpy(&raw, &number, sizeof raw);
    pack_number(out, raw, 8);
}

static inline void pack_text(struct strbuf *out, struct span text)
{
    pack_number(out, text.len, 4);
    strbuf_add_span(out, text);
}

static inline uint64_t unpack_number(struct unpack *in, size_t bytes)
{
    uint64_t number = 0;
    if (in->bad || in->rest.len < bytes) {
        in->bad = true;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)(unsigned char)in->rest.at[i] << (8 * i);
    in->rest = span_skip(in->rest, bytes);
    return number;
}

static inline double unpack_double(struct unpack *in)
{
    uint64_t raw = unpack_number(in, 8);
    double number;
    memcpy(&number, &raw, sizeof number);
    return number;
}

static inline struct span unpack_text(struct unpack *in)
{
    size_t len = (size_t)unpack_number(in, 4);
    struct span text = {in->rest.at, len};
    if (in->bad || in->rest.len < len) {
        in->bad = true;
        return (struct span){NULL, 0};
    }
    in->rest = span_skip(in->rest, len);
    return text;
}

#endif
