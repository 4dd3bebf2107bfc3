/* follow_part - one file, read by pread when it is a plain one.
 *
 * The check stands behind the read: a file that still begins as it did, and still has the same
 * bytes before the place, was not cut before that moment, so it was not when it was read either.
 * What is left over of a plain file is read again the next time, since it may be other bytes
 * then; what a packed one gave is kept, it cannot be had twice.
 */
#include "follow_part.h"

#include "spamgear/base/map.h"
#include "spamgear/base/mem.h"
#include "spamgear/log/reader.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK (64 * 1024)

bool follow_part_is_packed(const struct follow_part *part)
{
    return part->source->kind != SOURCE_FILE;
}

bool follow_part_is(const struct follow_part *part, uint64_t dev, uint64_t ino)
{
    return part->source->dev == dev && part->source->ino == ino;
}

struct span follow_part_bytes(const struct follow_part *part)
{
    return (struct span){part->buf + part->at, part->len};
}

/* ---- reading ---- */

static void make_room(struct follow_part *part, size_t want)
{
    if (part->cap > want)
        return;
    part->cap = want + 1;
    part->buf = mem_resize(part->buf, part->cap);
}

/* Does the file still hold what was read of it? What it has more at its start is remembered. */
static bool is_unchanged(struct follow_part *part)
{
    char now[FOLLOW_HEAD_BYTES];
    ssize_t head = source_peek(part->source, 0, now, sizeof now);
    if (head < (ssize_t)part->head_len || memcmp(now, part->head, part->head_len) != 0)
        return false;
    memcpy(part->head, now, (size_t)head);
    part->head_len = (uint32_t)head;
    ssize_t tail = source_peek(part->source, part->position - part->tail_len, now, part->tail_len);
    return tail == (ssize_t)part->tail_len && memcmp(now, part->tail, part->tail_len) == 0;
}

static enum part_state fill_plain(struct follow_part *part, size_t want, struct strbuf *why)
{
    part->at = 0;
    ssize_t n = source_peek(part->source, part->position, part->buf, want);
    part->len = n > 0 ? (size_t)n : 0;
    if (n < 0 || !source_refresh(part->source)) {
        strbuf_why(why, "%s: %s", part->source->name, strerror(errno));
        return PART_FAILED;
    }
    if (is_unchanged(part))
        return n > 0 ? PART_BYTES : PART_END;
    part->len = 0;
    return PART_CUT;
}

static enum part_state fill_packed(struct follow_part *part, size_t want, struct strbuf *why)
{
    ssize_t n = 1;
    if (part->at > 0 && part->len > 0)
        memmove(part->buf, part->buf + part->at, part->len);
    part->at = 0;
    while (part->len < want && !part->ended && n > 0) {
        n = source_read(part->source, part->buf + part->len, want - part->len, why);
        part->len += n > 0 ? (size_t)n : 0;
        part->ended = n == 0;
    }
    if (n < 0 && part->len == 0) {
        part->ended = true; /* what came before the damage was given */
        return PART_FAILED;
    }
    return part->len > 0 ? PART_BYTES : PART_END;
}

enum part_state follow_part_fill(struct follow_part *part, size_t want, struct strbuf *why)
{
    make_room(part, want);
    return follow_part_is_packed(part) ? fill_packed(part, want, why) : fill_plain(part, want, why);
}

void follow_part_take(struct follow_part *part, size_t n)
{
    const char *bytes = part->buf + part->at;
    size_t from = n < FOLLOW_TAIL_BYTES ? n : FOLLOW_TAIL_BYTES;
    size_t keep = FOLLOW_TAIL_BYTES - from;
    keep = keep < part->tail_len ? keep : part->tail_len;
    memmove(part->tail, part->tail + part->tail_len - keep, keep);
    memcpy(part->tail + keep, bytes + n - from, from);
    part->tail_len = (uint32_t)(keep + from);
    part->at += n;
    part->len -= n;
    part->position += n;
}

/* ---- opening ---- */

/* source_open waits for somebody who writes to a FIFO: nothing for who follows many files. What a
 * FIFO gave is gone after a restart besides. */
static bool is_refused(const char *path, bool *absent, struct strbuf *why)
{
    struct stat st;
    if (strcmp(path, "-") == 0)
        return strbuf_why(why, "-: only a file can be followed") != 0;
    if (stat(path, &st) != 0) {
        *absent = errno == ENOENT;
        return strbuf_why(why, "%s: %s", path, strerror(errno)) != 0;
    }
    return S_ISFIFO(st.st_mode) &&
           strbuf_why(why, "%s: is a FIFO, which cannot be read twice", path) != 0;
}

/* False when there is one that cannot be read; that of a damaged archive is empty. */
static bool read_head(struct follow_part *part)
{
    ssize_t n = 0;
    if (!follow_part_is_packed(part)) {
        n = source_peek(part->source, 0, part->head, sizeof part->head);
    } else if (follow_part_fill(part, sizeof part->head, NULL) == PART_BYTES) {
        n = (ssize_t)part->len;
        memcpy(part->head, part->buf, part->len);
    }
    part->head_len = n > 0 ? (uint32_t)n : 0;
    return n >= 0;
}

struct follow_part *follow_part_open(const char *path, bool *absent, struct strbuf *why)
{
    bool gone = false;
    struct source *source = is_refused(path, &gone, why) ? NULL : source_open(path, why);
    if (absent != NULL)
        *absent = gone;
    if (source == NULL)
        return NULL;
    struct follow_part *part = mem_zero(1, sizeof *part);
    part->source = source;
    if (read_head(part))
        return part;
    strbuf_why(why, "%s: %s", path, strerror(errno));
    follow_part_close(part);
    return NULL;
}

void follow_part_close(struct follow_part *part)
{
    if (part == NULL)
        return;
    source_close(part->source);
    free(part->buf);
    free(part);
}

/* ---- places ---- */

static bool seek_plain(struct follow_part *part, const struct follow_mark *mark)
{
    char tail[FOLLOW_TAIL_BYTES];
    ssize_t n = source_peek(part->source, mark->offset - mark->tail_len, tail, mark->tail_len);
    if (n != (ssize_t)mark->tail_len || map_digest(tail, mark->tail_len) != mark->tail_hash)
        return false;
    memcpy(part->tail, tail, mark->tail_len);
    part->tail_len = mark->tail_len;
    part->position = mark->offset;
    return true;
}

static bool seek_packed(struct follow_part *part, const struct follow_mark *mark)
{
    while (part->position < mark->offset) {
        if (part->len == 0 && follow_part_fill(part, BLOCK, NULL) != PART_BYTES)
            return false;
        uint64_t left = mark->offset - part->position;
        follow_part_take(part, left < part->len ? (size_t)left : part->len);
    }
    return part->tail_len >= mark->tail_len &&
           map_digest(part->tail + part->tail_len - mark->tail_len, mark->tail_len) ==
               mark->tail_hash;
}

static bool has_head(const struct follow_part *part, const struct follow_mark *mark)
{
    return part->head_len >= mark->head_len &&
           map_digest(part->head, mark->head_len) == mark->head_hash;
}

bool follow_part_seek(struct follow_part *part, const struct follow_mark *mark)
{
    if (!has_head(part, mark))
        return false;
    return follow_part_is_packed(part) ? seek_packed(part, mark) : seek_plain(part, mark);
}

/* A full head is enough where it tells one file from another: not in one that begins with a hole.
 */
bool follow_part_is_packed_of(struct follow_part *part, const struct follow_mark *mark)
{
    bool tells = mark->head_len == FOLLOW_HEAD_BYTES && has_head(part, mark) &&
                 memcmp(part->head, part->head + 1, FOLLOW_HEAD_BYTES - 1) != 0;
    return follow_part_is_packed(part) && (tells || follow_part_seek(part, mark));
}

bool follow_part_seek_end(struct follow_part *part)
{
    uint64_t size = part->source->size;
    uint64_t from = size > READER_LINE_MAX ? size - READER_LINE_MAX : 0;
    if (follow_part_is_packed(part))
        return true;
    make_room(part, READER_LINE_MAX);
    ssize_t n = source_peek(part->source, from, part->buf, (size_t)(size - from));
    const char *newline = n > 0 ? memrchr(part->buf, '\n', (size_t)n) : NULL;
    bool inside = newline == NULL && from > 0;
    part->position = from;
    part->at = 0;
    part->len = n > 0 ? (size_t)n : 0;
    follow_part_take(part, inside            ? part->len
                           : newline == NULL ? 0
                                             : (size_t)(newline + 1 - part->buf));
    return !inside;
}

void follow_part_mark(const struct follow_part *part, struct follow_mark *mark)
{
    *mark = (struct follow_mark){
        .dev = part->source->dev,
        .ino = part->source->ino,
        .offset = part->position,
        .head_len = part->head_len,
        .tail_len = part->tail_len,
        .head_hash = map_digest(part->head, part->head_len),
        .tail_hash = map_digest(part->tail, part->tail_len),
    };
}
