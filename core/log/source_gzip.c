/* source_gzip - gzip members (RFC 1952) through zlib. */
#include "spamgear/log/source_codec.h"

#ifdef HAVE_ZLIB
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define ZLIB_FUNCTIONS(F) F(inflateInit2_) F(inflateReset) F(inflate) F(inflateEnd)

ZLIB_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {ZLIB_FUNCTIONS(LAZY_SYMBOL){0}};

#define GZIP_ONLY (16 + MAX_WBITS) /* zlib.h: header and CRC are checked */

static void *gzip_open(struct strbuf *why)
{
    if (lazy_open((const char *const[]){"libz.so.1", NULL}, symbols, why) != 0)
        return NULL;
    z_stream *stream = mem_zero(1, sizeof *stream);
    if (p_inflateInit2_(stream, GZIP_ONLY, ZLIB_VERSION, sizeof *stream) == Z_OK)
        return stream;
    strbuf_why(why, "zlib cannot start");
    free(stream);
    return NULL;
}

static int gzip_reset(void *decoder)
{
    return p_inflateReset(decoder) == Z_OK ? 0 : -1;
}

static uInt at_most(size_t n)
{
    return n < UINT_MAX ? (uInt)n : UINT_MAX;
}

static enum source_codec_result gzip_decode(void *decoder, struct source_codec_io *io)
{
    z_stream *stream = decoder;
    uInt in = at_most(io->in_len), out = at_most(io->out_len);
    stream->next_in = (z_const Bytef *)io->in;
    stream->avail_in = in;
    stream->next_out = io->out;
    stream->avail_out = out;
    int status = p_inflate(stream, Z_NO_FLUSH);
    io->in = stream->next_in;
    io->in_len -= in - stream->avail_in;
    io->out = stream->next_out;
    io->out_len -= out - stream->avail_out;
    if (status == Z_STREAM_END)
        return CODEC_ENDED;
    if (status == Z_MEM_ERROR)
        return CODEC_TOO_LARGE;
    return status == Z_OK || status == Z_BUF_ERROR ? CODEC_GOES_ON : CODEC_CORRUPT;
}

static void gzip_close(void *decoder)
{
    p_inflateEnd(decoder);
    free(decoder);
}

const struct source_codec source_gzip = {"gzip", gzip_open, gzip_reset, gzip_decode, gzip_close};

#else

static void *gzip_open(struct strbuf *why)
{
    strbuf_why(why, "built without zlib");
    return NULL;
}

const struct source_codec source_gzip = {.name = "gzip", .open = gzip_open};

#endif
