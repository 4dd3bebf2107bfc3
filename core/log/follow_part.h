/* follow_part - one file of a followed log: the log itself, or what became of it.
 *
 * Every byte that is given was read while the file still held what was read of it before: the
 * first bytes and those before the place are looked at again after each read. A file that was cut
 * or rewritten meanwhile, to whatever size, gives PART_CUT instead, and none of those bytes.
 */
#ifndef SPAMGEAR_CORE_LOG_FOLLOW_PART_H
#define SPAMGEAR_CORE_LOG_FOLLOW_PART_H

#include "spamgear/log/follow.h"
#include "spamgear/log/source.h"

enum part_state {
    PART_BYTES, /* there are some */
    PART_END,   /* none, for now */
    PART_CUT,   /* it holds other bytes than before */
    PART_FAILED /* it cannot be read; why says it */
};

struct follow_part {
    struct source *source;
    uint64_t position; /* of the next byte */
    uint32_t head_len, tail_len;
    char head[FOLLOW_HEAD_BYTES], tail[FOLLOW_TAIL_BYTES]; /* first bytes; those before position */
    char *buf;
    size_t at, len,
        cap;    /* the bytes from position on are buf[at], len of them (room for one more) */
    bool ended; /* a packed one gave its last byte */
};

/* At its start. NULL with why; *absent (which may be NULL) when there is no such file. */
struct follow_part *follow_part_open(const char *path, bool *absent, struct strbuf *why);
void follow_part_close(struct follow_part *part); /* NULL is fine */

bool follow_part_is_packed(const struct follow_part *part);
bool follow_part_is(const struct follow_part *part, uint64_t dev, uint64_t ino);

/* Goes to the mark. False when the file does not hold it; then a packed one is spent. */
bool follow_part_seek(struct follow_part *part, const struct follow_mark *mark);
/* Is it packed, and what the file of the mark became? Does not read all of it to say so. */
bool follow_part_is_packed_of(struct follow_part *part, const struct follow_mark *mark);
/* Goes behind the last whole line. False: into a line that is too long to be one. */
bool follow_part_seek_end(struct follow_part *part);

/* Reads until there are `want` bytes, or as many as there are. */
enum part_state follow_part_fill(struct follow_part *part, size_t want, struct strbuf *why);
struct span follow_part_bytes(const struct follow_part *part);
/* Moves on by n of them. They stay where they are until the next fill. */
void follow_part_take(struct follow_part *part, size_t n);

void follow_part_mark(const struct follow_part *part, struct follow_mark *mark);

#endif
