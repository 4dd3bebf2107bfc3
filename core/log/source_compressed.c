/* source_compressed - the loop around a decompressor.
 *
 * Compression is told by content. Bytes are decoded straight into the caller's
 * buffer. Members that follow one another are one text (cat a.gz b.gz > c.gz), zero
 * bytes after the last one are padding. Damage is remembered while there is still
 * something to deliver, so that the caller gets every byte that came before it.
 */
#include "spamgear/log/source.h"

#include "spamgear/base/mem.h"
#include "spamgear/log/source_codec.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_SIZE (128 * 1024)

struct compressed {
    int fd;
    const struct source_codec *codec;
    void *decoder;
    const unsigned char *in; /* in input */
    size_t in_len;
    bool in_ended; /* fd gave its last byte */
    bool inside;   /* a member was begun and not ended */
    bool done;     /* nothing more will come */
    char *failure; /* what is wrong, said once nothing is left to deliver; NULL */
    unsigned char input[INPUT_SIZE];
};

struct signature {
    const struct source_codec *codec; /* NULL: recognised, not supported */
    const char *name;
    unsigned char bytes[8];
    size_t len;
    unsigned char first_mask; /* zstd's skippable frames have 16 first bytes (RFC 8878 3.1.2) */
};

/* RFC 1952 2.3.1; the .xz file format 2.1.1.1; RFC 8878 3.1.1; the others as file(1) knows them. */
static const struct signature signatures[] = {
    {&source_gzip, "gzip", {0x1f, 0x8b, 0x08}, 3, 0xff},
    {&source_xz, "xz", {0xfd, '7', 'z', 'X', 'Z', 0x00}, 6, 0xff},
    {&source_zstd, "zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, 0xff},
    {&source_zstd, "zstd", {0x50, 0x2a, 0x4d, 0x18}, 4, 0xf0},
    {NULL, "bzip2", {'B', 'Z', 'h'}, 3, 0xff},
    {NULL, "lz4", {0x04, 0x22, 0x4d, 0x18}, 4, 0xff},
    {NULL, "compress", {0x1f, 0x9d}, 2, 0xff},
    {NULL, "zip", {'P', 'K', 0x03, 0x04}, 4, 0xff},
};

static bool signature_fits(const struct signature *s, struct span head)
{
    return head.len >= s->len && ((unsigned char)head.at[0] & s->first_mask) == s->bytes[0] &&
           memcmp(head.at + 1, s->bytes + 1, s->len - 1) == 0;
}

int source_codec_find(struct span head, const struct source_codec **codec, struct strbuf *why)
{
    *codec = NULL;
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        if (!signature_fits(&signatures[i], head))
            continue;
        *codec = signatures[i].codec;
        return *codec != NULL ? 0
                              : strbuf_why(why, "is compressed by %s, which is not supported",
                                           signatures[i].name);
    }
    return 0;
}

static void fail(struct compressed *c, const char *format, const char *word)
{
    struct strbuf text = {0};
    strbuf_add_text(&text, format);
    strbuf_add_text(&text, word);
    c->failure = strbuf_take(&text);
    c->done = true;
}

static void refill(struct compressed *c)
{
    ssize_t n;
    do
        n = read(c->fd, c->input, sizeof c->input);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        fail(c, "", strerror(errno));
    c->in = c->input;
    c->in_len = n > 0 ? (size_t)n : 0;
    c->in_ended = n <= 0;
}

/* Between two members. False when there is no other one (yet). */
static bool begin_member(struct compressed *c)
{
    while (c->in_len > 0 && *c->in == 0) {
        c->in++;
        c->in_len--;
    }
    if (c->in_len == 0) {
        c->done = c->in_ended;
        return false;
    }
    c->inside = c->codec->reset(c->decoder) == 0;
    if (!c->inside)
        fail(c, "no memory to decompress ", c->codec->name);
    return c->inside;
}

static void decode(struct compressed *c, struct source_codec_io *io)
{
    size_t room = io->out_len;
    size_t fed = c->in_len;
    io->in = c->in;
    io->in_len = fed;
    enum source_codec_result result = c->codec->decode(c->decoder, io);
    c->in = io->in;
    c->in_len = io->in_len;
    bool stuck = io->in_len == fed && io->out_len == room;
    if (result == CODEC_ENDED)
        c->inside = false;
    else if (result == CODEC_TOO_LARGE)
        fail(c, "needs more than 128 MB of memory to be decompressed by ", c->codec->name);
    else if (result == CODEC_CORRUPT || (stuck && fed > 0))
        fail(c, "is corrupt: no valid data for ", c->codec->name);
    else if (stuck && c->in_ended)
        fail(c, "is truncated: the end is missing for ", c->codec->name);
}

static void step(struct compressed *c, struct source_codec_io *io)
{
    if (c->in_len == 0 && !c->in_ended)
        refill(c);
    if (!c->done && (c->inside || begin_member(c)))
        decode(c, io);
}

static ssize_t compressed_read(struct source *source, char *buf, size_t size, struct strbuf *why)
{
    struct compressed *c = source->state;
    struct source_codec_io io = {.out = (unsigned char *)buf, .out_len = size};
    while (io.out_len > 0 && !c->done)
        step(c, &io);
    if (io.out_len < size || c->failure == NULL)
        return (ssize_t)(size - io.out_len);
    return strbuf_why(why, "%s: %s", source->name, c->failure);
}

static void compressed_close(struct source *source)
{
    struct compressed *c = source->state;
    c->codec->close(c->decoder);
    close(c->fd);
    free(c->failure);
    free(c);
}

static const struct source_ops compressed_ops = {compressed_read, compressed_close};

int source_codec_attach(struct source *source, int fd, const struct source_codec *codec,
                        struct span head, struct strbuf *why)
{
    struct strbuf what = {0};
    void *decoder = codec->open(&what);
    if (decoder == NULL) {
        strbuf_why(why, "%s: compressed by %s: %s", source->name, codec->name, strbuf_text(&what));
        strbuf_clear(&what);
        return -1;
    }
    struct compressed *c = mem_alloc(sizeof *c); /* not zeroed: most of it is the buffer */
    c->fd = fd;
    c->codec = codec;
    c->decoder = decoder;
    c->in = c->input;
    c->in_len = head.len;
    c->in_ended = c->inside = c->done = false;
    c->failure = NULL;
    if (head.len > 0)
        memcpy(c->input, head.at, head.len);
    source->kind = SOURCE_STREAM;
    source->size = 0;
    source->ops = &compressed_ops;
    source->state = c;
    return 0;
}
