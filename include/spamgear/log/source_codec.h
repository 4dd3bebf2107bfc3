/* source_codec - one compression format, decoded piece by piece.
 *
 * Each format lives in the one file that includes its library's header. The loop
 * around it (input buffer, concatenated members, padding, what to say about damage)
 * is the same for all of them and stands in source_compressed.c.
 */
#ifndef SPAMGEAR_LOG_SOURCE_CODEC_H
#define SPAMGEAR_LOG_SOURCE_CODEC_H

#include "spamgear/base/strbuf.h"
#include "spamgear/log/source.h"
#include <stddef.h>

enum source_codec_result {
    CODEC_GOES_ON,   /* what could be done with these bytes is done */
    CODEC_ENDED,     /* a member (gzip), stream (xz) or frame (zstd) is complete */
    CODEC_CORRUPT,   /* the bytes are no valid data of this format */
    CODEC_TOO_LARGE, /* valid, but needs more memory than we give */
};

/* Moves forward as decode() consumes and produces. */
struct source_codec_io {
    const unsigned char *in;
    size_t in_len;
    unsigned char *out;
    size_t out_len;
};

struct source_codec {
    const char *name; /* "gzip" */
    /* A new decoder, ready for the first member; NULL with why (library missing). */
    void *(*open)(struct strbuf *why);
    /* Makes it ready for the next member. -1 when there is no memory. */
    int (*reset)(void *decoder);
    enum source_codec_result (*decode)(void *decoder, struct source_codec_io *io);
    void (*close)(void *decoder);
};

extern const struct source_codec source_gzip, source_xz, source_zstd;

/* How many bytes source_codec_find wants to see. */
#define SOURCE_HEAD 16

/* Which format begins with these bytes. 0 with *codec (NULL: not compressed), or -1
 * with why for formats that are recognised but not supported, such as bzip2. */
int source_codec_find(struct span head, const struct source_codec **codec, struct strbuf *why);

/* Turns the source into a stream of what fd holds decompressed. head: what was already
 * read from fd. The source owns fd on success only. 0, or -1 with why. */
int source_codec_attach(struct source *source, int fd, const struct source_codec *codec,
                        struct span head, struct strbuf *why);

#endif
