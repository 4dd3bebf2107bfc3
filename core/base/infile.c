/* infile - opened without waiting, looked at, then read to its end. */
#include "spamgear/base/infile.h"

#include "spamgear/base/path.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int refuse(int code, const char *path, const char *reason, struct strbuf *why)
{
    strbuf_why(why, "%s: %s", path, reason);
    errno = code;
    return -1;
}

static int read_all(int fd, size_t bytes_max, struct strbuf *text)
{
    char buffer[16384];
    ssize_t got;
    while ((got = read(fd, buffer, sizeof buffer)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if ((size_t)got > bytes_max - text->len)
            return EFBIG;
        strbuf_add(text, buffer, (size_t)got);
    }
    return 0;
}

int infile_read(const char *path, size_t bytes_max, struct strbuf *text, struct stat *st,
                struct strbuf *why)
{
    struct stat own;
    st = st == NULL ? &own : st;
    strbuf_reset(text);
    int fd = path_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, why);
    if (fd < 0)
        return -1;
    int code = fstat(fd, st) != 0          ? errno
               : S_ISREG(st->st_mode) == 0 ? EINVAL
                                           : read_all(fd, bytes_max, text);
    close(fd);
    if (code == 0)
        return 0;
    return refuse(code, path, code == EINVAL ? "is no regular file" : strerror(code), why);
}
