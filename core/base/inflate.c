/* inflate - the only file that knows zlib. */
#include "spamgear/base/inflate.h"

#ifdef HAVE_ZLIB
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define ZLIB_FUNCTIONS(F) F(inflateInit2_) F(inflateReset) F(inflate) F(inflateEnd)

ZLIB_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {ZLIB_FUNCTIONS(LAZY_SYMBOL){0}};

/* What zlib.h wants to hear of each kind. */
static const int window_bits[] = {[INFLATE_RAW] = -MAX_WBITS,
                                  [INFLATE_ZLIB] = MAX_WBITS,
                                  [INFLATE_GZIP] = 16 + MAX_WBITS,
                                  [INFLATE_ANY] = 32 + MAX_WBITS};

struct inflate {
    z_stream stream;
};

int inflate_load(struct strbuf *why)
{
    if (p_inflateEnd != NULL)
        return 0;
    return lazy_open((const char *const[]){"libz.so.1", NULL}, symbols, why);
}

struct inflate *inflate_new(enum inflate_kind kind, struct strbuf *why)
{
    if (inflate_load(why) != 0)
        return NULL;
    struct inflate *inflate = mem_zero(1, sizeof *inflate);
    if (p_inflateInit2_(&inflate->stream, window_bits[kind], ZLIB_VERSION,
                        sizeof inflate->stream) == Z_OK)
        return inflate;
    strbuf_why(why, "zlib cannot start");
    free(inflate);
    return NULL;
}

void inflate_free(struct inflate *inflate)
{
    if (inflate == NULL)
        return;
    p_inflateEnd(&inflate->stream);
    free(inflate);
}

int inflate_reset(struct inflate *inflate)
{
    return p_inflateReset(&inflate->stream) == Z_OK ? 0 : -1;
}

static uInt at_most(size_t n)
{
    return n < UINT_MAX ? (uInt)n : UINT_MAX;
}

enum inflate_result inflate_step(struct inflate *inflate, struct inflate_io *io)
{
    z_stream *stream = &inflate->stream;
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
        return INFLATE_ENDED;
    if (status == Z_MEM_ERROR)
        return INFLATE_TOO_LARGE;
    return status == Z_OK || status == Z_BUF_ERROR ? INFLATE_GOES_ON : INFLATE_CORRUPT;
}

#else

int inflate_load(struct strbuf *why)
{
    return strbuf_why(why, "built without zlib");
}

struct inflate *inflate_new(enum inflate_kind kind, struct strbuf *why)
{
    (void)kind;
    inflate_load(why);
    return NULL;
}

void inflate_free(struct inflate *inflate)
{
    (void)inflate;
}

int inflate_reset(struct inflate *inflate)
{
    (void)inflate;
    return -1;
}

enum inflate_result inflate_step(struct inflate *inflate, struct inflate_io *io)
{
    (void)inflate, (void)io;
    return INFLATE_CORRUPT;
}

#endif
