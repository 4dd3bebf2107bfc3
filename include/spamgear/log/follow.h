/* follow - a log file that grows, read without losing or repeating a line, across rotation.
 *
 * A place in a log is a `struct follow_mark`: which file (device, inode, a hash of its first bytes,
 * since inodes are used again, and one of the bytes before the place), and how far. A mark is taken
 * behind each chunk, and following may begin again at any of them: in the same file; in a rotated
 * predecessor, packed or not, whose first bytes are the same, and then in every one after it; or,
 * where a file was copied and then cut (copytruncate), in the copy. When no file holds the
 * mark, what cannot be read any more is told, and following begins at the start of the oldest file
 * that is surely newer, so nothing is read twice.
 *
 * The file may be absent for a while, be replaced by one of the same size, or lie on a file system
 * that tells of no change (NFS): inotify only makes it quicker, looking is what counts.
 */
#ifndef SPAMGEAR_LOG_FOLLOW_H
#define SPAMGEAR_LOG_FOLLOW_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>

#define FOLLOW_HEAD_BYTES 1024 /* hashed at the start of a file */
#define FOLLOW_TAIL_BYTES 256  /* and before the place */

struct follow_mark {
    uint64_t dev, ino, offset;     /* offset 0 and ino 0: the start, whatever file is there */
    uint32_t head_len, tail_len;   /* bytes that were hashed; at most the above */
    uint64_t head_hash, tail_hash; /* map_digest */
    int64_t before;                /* stamp_clock.before behind the place, STAMP_NONE */
};

/* As text, one line, versioned ("1 DEV INO ..."); appends. And back: 0, or -1 with why: it is none.
 */
void follow_mark_write(const struct follow_mark *mark, struct strbuf *out);
int follow_mark_read(struct span text, struct follow_mark *mark, struct strbuf *why);

struct follow_chunk {
    struct span lines;       /* whole lines, each with its newline; borrowed until the next call;
                                none when only something that is no line was passed over */
    const char *file;        /* the file they stand in; borrowed likewise */
    uint64_t offset;         /* of lines.at in that file (unpacked, where it is packed) */
    int64_t mtime;           /* of that file: no line of it is much later */
    struct follow_mark mark; /* behind the chunk; `before`, the time of its last line, may be
                                replaced by the caller, whose clock has seen all of them */
};

enum follow_start { FOLLOW_BEGIN, FOLLOW_END }; /* where, without a mark */

struct follow;

/* Follows path, which need not exist, nor be readable, yet. mark may be NULL. NULL with why: what
 * stands there is no file. */
struct follow *follow_open(const char *path, const struct follow_mark *mark,
                           enum follow_start start, struct strbuf *why);
void follow_close(struct follow *follow); /* NULL is fine */

/* Does the very file that the mark was taken in belong to the log at path, as it is or rotated? */
bool follow_is_in(const char *path, const struct follow_mark *mark);

/* How long a renamed file must be quiet, once its successor has lines, before it is left. 0:
 * at once, for who reads what is there and goes. */
#define FOLLOW_GRACE_MS 1500
void follow_set_grace(struct follow *follow, int64_t grace_ms);

/* The place that follow_next goes on from, also before there was any chunk: who begins at the end
 * keeps this one, so that what comes before his first chunk is not lost to a restart. */
void follow_place(const struct follow *follow, struct follow_mark *mark);

/* Takes the next chunk, at most `bytes` long (at least one line, whose own bound is
 * READER_LINE_MAX: longer lines are left out and counted). 1: a chunk; 0: nothing more for now
 * (wait, then ask again; a rotated file is done only when it has surely got its last line);
 * -1 with why: told once per trouble, and following goes on when asked again. */
int follow_next(struct follow *follow, size_t bytes, struct follow_chunk *chunk,
                struct strbuf *why);

/* A descriptor that is readable when something may have changed (inotify); -1 when there is none
 * and one must look from time to time. follow_next takes what it has to say. */
int follow_fd(const struct follow *follow);

/* What was seen so far, for the status. */
struct follow_state {
    const char *file;      /* being read; NULL: absent */
    uint64_t offset, size; /* of it: what is behind is size - offset */
    uint64_t rotations, too_long;
    bool behind;   /* a newer file has lines; the one that is read was not quiet for long enough */
    bool failing;  /* there was trouble when it was looked at last, told or not */
    uint64_t lost; /* times that a place could not be found again: lines may be missing */
};
void follow_look(const struct follow *follow, struct follow_state *state);

#endif
