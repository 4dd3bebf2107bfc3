/* source_xz - .xz streams through liblzma, one thread, with a memory limit.
 *
 * A stream names the memory that its decoding takes. What xz -9 writes needs 65 MB;
 * a crafted header may ask for 4 GB and is refused.
 */
#include "spamgear/log/source_codec.h"

#ifdef HAVE_LZMA
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include <lzma.h>
#include <stdlib.h>

#define LZMA_FUNCTIONS(F) F(lzma_stream_decoder) F(lzma_code) F(lzma_end)

LZMA_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {LZMA_FUNCTIONS(LAZY_SYMBOL){0}};

#define MEMORY_LIMIT_BYTES (UINT64_C(128) << 20)

static void *xz_open(struct strbuf *why)
{
    if (lazy_open((const char *const[]){"liblzma.so.5", NULL}, symbols, why) != 0)
        return NULL;
    lzma_stream *stream = mem_alloc(sizeof *stream);
    *stream = (lzma_stream)LZMA_STREAM_INIT;
    return stream;
}

/* Initialising an lzma_stream again reuses its memory (lzma/base.h). */
static int xz_reset(void *decoder)
{
    return p_lzma_stream_decoder(decoder, MEMORY_LIMIT_BYTES, 0) == LZMA_OK ? 0 : -1;
}

static enum source_codec_result xz_decode(void *decoder, struct source_codec_io *io)
{
    lzma_stream *stream = decoder;
    stream->next_in = io->in;
    stream->avail_in = io->in_len;
    stream->next_out = io->out;
    stream->avail_out = io->out_len;
    lzma_ret status = p_lzma_code(stream, LZMA_RUN);
    io->in = stream->next_in;
    io->in_len = stream->avail_in;
    io->out = stream->next_out;
    io->out_len = stream->avail_out;
    if (status == LZMA_STREAM_END)
        return CODEC_ENDED;
    if (status == LZMA_MEMLIMIT_ERROR || status == LZMA_MEM_ERROR)
        return CODEC_TOO_LARGE;
    return status == LZMA_OK || status == LZMA_BUF_ERROR ? CODEC_GOES_ON : CODEC_CORRUPT;
}

static void xz_close(void *decoder)
{
    p_lzma_end(decoder);
    free(decoder);
}

const struct source_codec source_xz = {"xz", xz_open, xz_reset, xz_decode, xz_close};

#else

static void *xz_open(struct strbuf *why)
{
    strbuf_why(why, "built without liblzma");
    return NULL;
}

const struct source_codec source_xz = {.name = "xz", .open = xz_open};

#endif
