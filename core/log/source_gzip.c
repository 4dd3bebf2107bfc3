/* source_gzip - gzip members (RFC 1952) through base/inflate. */
#include "spamgear/base/inflate.h"
#include "spamgear/log/source_codec.h"

static void *gzip_open(struct strbuf *why)
{
    return inflate_new(INFLATE_GZIP, why);
}

static int gzip_reset(void *decoder)
{
    return inflate_reset(decoder);
}

static enum source_codec_result gzip_decode(void *decoder, struct source_codec_io *io)
{
    static const enum source_codec_result results[] = {[INFLATE_GOES_ON] = CODEC_GOES_ON,
                                                       [INFLATE_ENDED] = CODEC_ENDED,
                                                       [INFLATE_CORRUPT] = CODEC_CORRUPT,
                                                       [INFLATE_TOO_LARGE] = CODEC_TOO_LARGE};
    struct inflate_io pieces = {io->in, io->in_len, io->out, io->out_len};
    enum inflate_result result = inflate_step(decoder, &pieces);
    *io = (struct source_codec_io){pieces.in, pieces.in_len, pieces.out, pieces.out_len};
    return results[result];
}

static void gzip_close(void *decoder)
{
    inflate_free(decoder);
}

const struct source_codec source_gzip = {"gzip", gzip_open, gzip_reset, gzip_decode, gzip_close};
