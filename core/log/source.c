/* source - opening, and reading of what is not compressed.
 *
 * Nothing is trusted to be what its name says: the file is opened without waiting
 * (a FIFO without a writer would hang the open), then fstat decides. Reads of a
 * plain file are pread, so seeking costs nothing and peeking moves nothing.
 * The first end of file ends the source: a log that is written faster than we read
 * would otherwise never end.
 */
#include "spamgear/log/source.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/log/source_codec.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

struct plain {
    int fd;
    uint64_t offset; /* of the next byte; of a stream only for the head */
    bool ended;
    unsigned char head[SOURCE_HEAD]; /* what was looked at of a stream and not yet delivered */
    size_t head_len;
};

static int say(struct strbuf *why, const char *name, const char *what)
{
    return strbuf_why(why, "%s: %s", name, what);
}

/* ---- a regular file ---- */

static ssize_t pread_full(int fd, char *buf, size_t size, uint64_t offset)
{
    size_t got = 0;
    while (got < size) {
        ssize_t n = pread(fd, buf + got, size - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && got == 0)
            return -1;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

/* The end that we met: is it one that the file had, or was the file cut under us? */
static ssize_t file_end(struct source *source, struct plain *plain, struct strbuf *why)
{
    struct stat st;
    plain->ended = true;
    if (fstat(plain->fd, &st) != 0)
        return say(why, source->name, strerror(errno));
    uint64_t known = plain->offset > source->size ? plain->offset : source->size;
    if ((uint64_t)st.st_size < known)
        return say(why, source->name, "was truncated while it was read");
    return 0;
}

static ssize_t file_read(struct source *source, char *buf, size_t size, struct strbuf *why)
{
    struct plain *plain = source->state;
    if (plain->ended || size == 0)
        return 0;
    ssize_t n = pread_full(plain->fd, buf, size, plain->offset);
    if (n < 0)
        return say(why, source->name, strerror(errno));
    if (n == 0)
        return file_end(source, plain, why);
    plain->offset += (uint64_t)n;
    return n;
}

static void plain_close(struct source *source)
{
    struct plain *plain = source->state;
    close(plain->fd);
    free(plain);
}

static const struct source_ops file_ops = {file_read, plain_close};

/* ---- a pipe, a FIFO, a terminal ---- */

static ssize_t fd_read(int fd, void *buf, size_t size)
{
    ssize_t n;
    do
        n = read(fd, buf, size);
    while (n < 0 && errno == EINTR);
    return n;
}

static ssize_t stream_read(struct source *source, char *buf, size_t size, struct strbuf *why)
{
    struct plain *plain = source->state;
    if (plain->offset < plain->head_len && size > 0) {
        size_t n = plain->head_len - plain->offset;
        n = n < size ? n : size;
        memcpy(buf, plain->head + plain->offset, n);
        plain->offset += n;
        return (ssize_t)n;
    }
    if (plain->ended || size == 0)
        return 0;
    ssize_t n = fd_read(plain->fd, buf, size);
    if (n <= 0)
        plain->ended = true;
    return n < 0 ? say(why, source->name, strerror(errno)) : n;
}

static const struct source_ops stream_ops = {stream_read, plain_close};

/* ---- opening ---- */

static const char *refused_type(mode_t mode)
{
    if (S_ISDIR(mode))
        return "is a directory";
    if (S_ISSOCK(mode))
        return "is a socket";
    if (S_ISCHR(mode) || S_ISBLK(mode))
        return "is a device";
    return S_ISREG(mode) || S_ISFIFO(mode) ? NULL : "is no file that can be read";
}

/* A named FIFO that nobody writes to yet looks like an ended one: wait for the first
 * writer, but not for ever, as cron would. The pipe of a shell's <(...) must not wait, its
 * writer may be gone already. False when nobody came. */
static bool wait_for_writer(int fd)
{
    struct statfs fs;
    if (fstatfs(fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC)
        return true;
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    int64_t until = clock_steady_ms() + SOURCE_FIFO_WAIT_MS, left = SOURCE_FIFO_WAIT_MS;
    int ready;
    while ((ready = poll(&poll_fd, 1, (int)left)) < 0 && errno == EINTR && left > 0)
        left = until > clock_steady_ms() ? until - clock_steady_ms() : 0;
    return ready > 0;
}

/* What keeps a FIFO from being read as a stream; NULL when nothing does. */
static const char *use_as_stream(int fd)
{
    if (!wait_for_writer(fd))
        return "is a FIFO that nobody writes to";
    int flags = fcntl(fd, F_GETFL);
    bool ok = flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0;
    return ok ? NULL : strerror(errno);
}

static int open_path(const char *path, struct stat *st, struct strbuf *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENXIO && stat(path, st) == 0 && S_ISSOCK(st->st_mode))
        return say(why, path, "is a socket");
    if (fd < 0)
        return say(why, path, strerror(errno));
    const char *refused = fstat(fd, st) == 0 ? refused_type(st->st_mode) : strerror(errno);
    if (refused == NULL && S_ISFIFO(st->st_mode))
        refused = use_as_stream(fd);
    if (refused == NULL)
        return fd;
    say(why, path, refused);
    close(fd);
    return -1;
}

/* Standard input may be anything that is not a directory, /dev/null and a terminal too. */
static int open_stdin(struct stat *st, struct strbuf *why)
{
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return say(why, "-", strerror(errno));
    if (fstat(fd, st) == 0 && !S_ISDIR(st->st_mode))
        return fd;
    say(why, "-", "is a directory");
    close(fd);
    return -1;
}

/* A regular file can be read at any place, also as standard input, unless somebody
 * else has already read the beginning of it. */
static bool is_seekable(int fd, const struct stat *st)
{
    return S_ISREG(st->st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
}

/* The first bytes; of a stream they are gone from fd and kept in head. */
static ssize_t read_head(int fd, bool seekable, unsigned char head[SOURCE_HEAD])
{
    if (seekable)
        return pread_full(fd, (char *)head, SOURCE_HEAD, 0);
    size_t got = 0;
    while (got < SOURCE_HEAD) {
        ssize_t n = fd_read(fd, head + got, SOURCE_HEAD - got);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static void attach_plain(struct source *source, int fd, bool seekable, struct span head)
{
    struct plain *plain = mem_zero(1, sizeof *plain);
    plain->fd = fd;
    if (!seekable) {
        memcpy(plain->head, head.at, head.len);
        plain->head_len = head.len;
    }
    source->kind = seekable ? SOURCE_FILE : SOURCE_STREAM;
    source->ops = seekable ? &file_ops : &stream_ops;
    source->state = plain;
}

/* Gives the source its ops and state; it owns fd when this succeeds. */
static int attach(struct source *source, int fd, const struct stat *st, struct strbuf *why)
{
    unsigned char head[SOURCE_HEAD];
    bool seekable = is_seekable(fd, st);
    ssize_t n = read_head(fd, seekable, head);
    if (n < 0)
        return say(why, source->name, strerror(errno));
    struct span seen = {(const char *)head, (size_t)n};
    const struct source_codec *codec = NULL;
    struct strbuf what = {0};
    if (source_codec_find(seen, &codec, &what) != 0) {
        say(why, source->name, strbuf_text(&what));
        strbuf_clear(&what);
        return -1;
    }
    if (seekable)
        posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    if (codec != NULL)
        return source_codec_attach(source, fd, codec, seekable ? (struct span){0} : seen, why);
    attach_plain(source, fd, seekable, seen);
    return 0;
}

static void describe(struct source *source, const struct stat *st)
{
    bool regular = S_ISREG(st->st_mode);
    source->size = regular ? (uint64_t)st->st_size : 0;
    source->mtime = regular ? st->st_mtime : clock_now();
    source->dev = regular ? st->st_dev : 0;
    source->ino = regular ? st->st_ino : 0;
}

struct source *source_open(const char *path, struct strbuf *why)
{
    struct stat st;
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? open_stdin(&st, why) : open_path(path, &st, why);
    if (fd < 0)
        return NULL;
    struct source *source = mem_zero(1, sizeof *source);
    source->name = mem_text(path);
    describe(source, &st);
    if (attach(source, fd, &st, why) == 0)
        return source;
    close(fd);
    free(source->name);
    free(source);
    return NULL;
}

/* ---- what every kind shares ---- */

ssize_t source_read(struct source *source, char *buf, size_t size, struct strbuf *why)
{
    return source->ops->read(source, buf, size, why);
}

void source_seek(struct source *source, uint64_t offset)
{
    struct plain *plain = source->state;
    plain->offset = offset;
    plain->ended = false;
}

ssize_t source_peek(struct source *source, uint64_t offset, char *buf, size_t size)
{
    const struct plain *plain = source->state;
    return pread_full(plain->fd, buf, size, offset);
}

bool source_refresh(struct source *source)
{
    const struct plain *plain = source->state;
    struct stat st;
    if (fstat(plain->fd, &st) != 0)
        return false;
    source->size = (uint64_t)st.st_size;
    source->mtime = st.st_mtime;
    return true;
}

void source_close(struct source *source)
{
    if (source == NULL)
        return;
    source->ops->close(source);
    free(source->name);
    free(source);
}
