/* source_zstd - Zstandard frames (RFC 8878) through libzstd, with a window limit.
 *
 * When a block is damaged, libzstd forgets to say what it has already written in the
 * same call. So it is fed one block a call: at most the damaged block is lost, and no
 * bytes are copied inside the library either. What it asks for includes the header of
 * the block after that, which may be damaged too: that one is held back.
 */
#include "spamgear/log/source_codec.h"

#ifdef HAVE_ZSTD
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define ZSTD_FUNCTIONS(F)                                                                          \
    F(ZSTD_createDCtx)                                                                             \
    F(ZSTD_DCtx_setParameter)                                                                      \
    F(ZSTD_DCtx_reset)                                                                             \
    F(ZSTD_decompressStream)                                                                       \
    F(ZSTD_isError)                                                                                \
    F(ZSTD_getErrorCode)                                                                           \
    F(ZSTD_freeDCtx)

ZSTD_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {ZSTD_FUNCTIONS(LAZY_SYMBOL){0}};

#define WINDOW_LOG_MAX 27 /* 128 MB, what zstd(1) itself accepts without --long */
#define FRAME_START    5  /* enough of a frame to ask for the rest of its header */
#define BLOCK_HEADER   3  /* RFC 8878 3.1.1.2 */

struct zstd {
    ZSTD_DCtx *context;
    size_t wanted; /* bytes it wants next */
    bool filled;   /* the last call filled its buffer: there may be more without input */
};

static void *zstd_open(struct strbuf *why)
{
    if (lazy_open((const char *const[]){"libzstd.so.1", NULL}, symbols, why) != 0)
        return NULL;
    struct zstd *zstd = mem_zero(1, sizeof *zstd);
    zstd->context = p_ZSTD_createDCtx();
    if (zstd->context != NULL && !p_ZSTD_isError(p_ZSTD_DCtx_setParameter(
                                     zstd->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
        return zstd;
    strbuf_why(why, "libzstd cannot start");
    p_ZSTD_freeDCtx(zstd->context);
    free(zstd);
    return NULL;
}

static int zstd_reset(void *decoder)
{
    struct zstd *zstd = decoder;
    zstd->wanted = FRAME_START;
    zstd->filled = false;
    return p_ZSTD_isError(p_ZSTD_DCtx_reset(zstd->context, ZSTD_reset_session_only)) ? -1 : 0;
}

static enum source_codec_result zstd_failure(size_t status)
{
    ZSTD_ErrorCode code = p_ZSTD_getErrorCode(status);
    return code == ZSTD_error_frameParameter_windowTooLarge || code == ZSTD_error_memory_allocation
               ? CODEC_TOO_LARGE
               : CODEC_CORRUPT;
}

static size_t run(struct zstd *zstd, struct source_codec_io *io, size_t fed)
{
    ZSTD_inBuffer in = {io->in, fed, 0};
    ZSTD_outBuffer out = {io->out, io->out_len, 0};
    size_t status = p_ZSTD_decompressStream(zstd->context, &out, &in);
    io->in += in.pos;
    io->in_len -= in.pos;
    io->out += out.pos;
    io->out_len -= out.pos;
    zstd->filled = io->out_len == 0;
    return status;
}

static enum source_codec_result zstd_decode(void *decoder, struct source_codec_io *io)
{
    struct zstd *zstd = decoder;
    size_t room = io->out_len, status = 0;
    if (zstd->filled) /* the rest of the last block, before anything new can fail */
        status = run(zstd, io, 0);
    if (io->out_len == room && !p_ZSTD_isError(status)) {
        size_t fed = zstd->wanted > BLOCK_HEADER ? zstd->wanted - BLOCK_HEADER : zstd->wanted;
        status = run(zstd, io, io->in_len < fed ? io->in_len : fed);
    }
    if (p_ZSTD_isError(status))
        return zstd_failure(status);
    zstd->wanted = status;
    return status == 0 ? CODEC_ENDED : CODEC_GOES_ON;
}

static void zstd_close(void *decoder)
{
    struct zstd *zstd = decoder;
    p_ZSTD_freeDCtx(zstd->context);
    free(zstd);
}

const struct source_codec source_zstd = {"zstd", zstd_open, zstd_reset, zstd_decode, zstd_close};

#else

static void *zstd_open(struct strbuf *why)
{
    strbuf_why(why, "built without libzstd");
    return NULL;
}

const struct source_codec source_zstd = {.name = "zstd", .open = zstd_open};

#endif
