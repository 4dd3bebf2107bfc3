/* source - where log bytes come from, behind one read call.
 *
 * A plain file, a .gz/.xz/.zst (told by content, not by name), a FIFO, standard input
 * (which may be compressed too), or journal entries written out as lines. Files
 * are read, never mapped: a rotation would raise SIGBUS. Decompression is
 * bounded in memory (xz 128 MB, zstd a window of 128 MB). Libraries are loaded when
 * the first such file is opened. A regular file on standard input is a FILE like any
 * other, so `< mail.log` is as fast as `-l mail.log`.
 */
#ifndef SPAMGEAR_LOG_SOURCE_H
#define SPAMGEAR_LOG_SOURCE_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SOURCE_FIFO_WAIT_MS 5000 /* so long a FIFO may be without anybody who writes */

enum source_kind { SOURCE_FILE, SOURCE_STREAM, SOURCE_JOURNAL };

struct source {
    char *name;            /* as it is shown: path, "-" or "journal" */
    enum source_kind kind; /* FILE: can be read at any offset; STREAM: only forward */
    uint64_t size;         /* bytes when opened; FILE only */
    int64_t mtime;         /* seconds; now for stdin and the journal */
    int64_t begin;         /* time of its first line where somebody looked, else INT64_MIN */
    uint64_t dev, ino;     /* 0 when it is no file */
    bool trusted;          /* named in trusted-logs */
    const struct source_ops *ops;
    void *state;
};

/* Opens path ("-" is stdin). Refuses directories, devices and sockets with a clear why;
 * waits for the first bytes of a pipe. NULL on failure. Caller closes with source_close. */
struct source *source_open(const char *path, struct strbuf *why);

/* Up to size bytes: 0 at the end, -1 with why. What a damaged archive gave
 * before its damage is delivered before the -1. A FILE that became shorter than
 * what was read of it gives -1 ("was truncated while it was read"). */
ssize_t source_read(struct source *source, char *buf, size_t size, struct strbuf *why);

/* FILE only: the next source_read starts at offset. */
void source_seek(struct source *source, uint64_t offset);

/* FILE only: bytes at an offset without moving, for the window search. */
ssize_t source_peek(struct source *source, uint64_t offset, char *buf, size_t size);

/* FILE only: size and mtime become those that the file has now. False when that is not known. */
bool source_refresh(struct source *source);

void source_close(struct source *source); /* NULL is fine */

/* Expands what the user named: globs, unless a file of that very name exists; a
 * directory is an error, one that a glob matches is passed over; a file named twice
 * (by link or by glob) once; order kept, sorted inside a glob. 0, or -1 with why for
 * the names that gave nothing (the others are still in *paths). */
int source_expand(const struct texts *names, struct texts *paths, struct strbuf *why);

/* The rotated predecessors of a log, newest first: NAME.1, NAME.2.gz, ..., and dateext
 * forms NAME-20261120[.gz]. Adds owned paths to *older. A file that is itself such
 * a rotation has none. */
void source_predecessors(const char *path, struct texts *older);

/* Of what the user named, the logs that grow. Globs become the files they match; what is not there
 * yet stays, and so does what cannot be followed, for its follower to tell of. A rotated part of
 * another one (mail.log* names them, too) is left out: it is part of that log, and on its own it
 * would give the same lines once more after each rotation. Adds to *logs. */
void source_growing(const struct texts *names, struct texts *logs);

/* The journal. identifiers: the syslog tags wanted, as shell patterns ("exim*"; one with a
 * trailing slash means every tag that begins so), NULL-terminated; NULL wants all. Entries
 * from `since` on (seconds); the second `until` belongs to the window. Each entry becomes
 * a line
 *
 *     G2026-11-21T18:33:09.123456+00:00 host tag[pid]: message\n
 *
 * with G = 'T' trusted, 'P' plain, 'F' forged (ORIGIN_*), judged by `writers` (see
 * log_format; a trailing slash means every executable below) from _UID, _EXE,
 * _SYSTEMD_UNIT and _TRANSPORT. Newlines in the message become blanks, and what could
 * end a word of the head becomes '_'. dir and file may be NULL (the system's journal).
 * NULL with why on failure, also when only a part of the journal may be read. Damaged
 * entries are passed over; the last read then gives -1. */
struct journal_request {
    const char *dir;
    const char *file;
    const char *const *identifiers;
    const char *const *writers;
    /* Literals (literal.h), NULL-terminated: an entry whose message, without the head, holds
     * none of them is left out, which is several times as fast. NULL wants every entry. */
    const char *const *needles;
    int64_t since, until;
};
struct source *source_open_journal(const struct journal_request *request, struct strbuf *why);

/* The line without the letter that journal sources put before it. */
static inline struct span source_line_text(const struct source *source, struct span line)
{
    return source->kind == SOURCE_JOURNAL && line.len > 0 ? span_skip(line, 1) : line;
}

/* What a kind of source is made of; the files that implement kinds fill it. */
struct source_ops {
    ssize_t (*read)(struct source *source, char *buf, size_t size, struct strbuf *why);
    void (*close)(struct source *source);
};

#endif
