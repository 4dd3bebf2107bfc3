/* outfile - write, fsync, rename, fsync the directory. */
#include "spamgear/base/outfile.h"

#include "spamgear/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void forget(struct outfile *file)
{
    free(file->path);
    free(file->temp);
    *file = (struct outfile){0};
}

/* The mode of the new version. -1 with why where something stands that no file must replace: root
 * would turn /dev/null into one. A link of somebody else's must not choose what is written. */
static int mode_for(const char *path, mode_t *mode, struct strbuf *why)
{
    struct stat old;
    *mode = 0644;
    if (*path == '\0')
        return strbuf_why(why, "%s: %s", path, strerror(ENOENT));
    if (lstat(path, &old) != 0)
        return 0; /* what else is wrong, opening will tell */
    if (S_ISLNK(old.st_mode))
        return strbuf_why(why, "%s: is a symbolic link, which is neither followed nor replaced",
                          path);
    if (!S_ISREG(old.st_mode))
        return strbuf_why(why, "%s: is no regular file", path);
    *mode = old.st_mode & 0777; /* set-user-ID would be for other bytes */
    return 0;
}

int outfile_open(struct outfile *file, const char *path, struct strbuf *why)
{
    mode_t mode;
    struct strbuf temp = {0};
    *file = (struct outfile){0};
    if (mode_for(path, &mode, why) != 0)
        return -1;
    strbuf_format(&temp, "%s.XXXXXX", path);
    *file = (struct outfile){.path = mem_text(path), .temp = strbuf_take(&temp)};
    int fd = mkostemp(file->temp, O_CLOEXEC);
    if (fd < 0) {
        int result = strbuf_why(why, "%s: %s", path, strerror(errno));
        forget(file);
        return result;
    }
    fchmod(fd, mode);
    file->stream = fdopen(fd, "w");
    if (file->stream != NULL)
        return 0;
    close(fd);
    unlink(file->temp);
    forget(file);
    return strbuf_why(why, "%s: %s", path, strerror(ENOMEM));
}

int outfile_keep_owner(struct outfile *file, struct strbuf *why)
{
    struct stat old;
    if (lstat(file->path, &old) != 0) {
        if (errno == ENOENT)
            return 0;
    } else if (fchown(fileno(file->stream), old.st_uid, old.st_gid) == 0) {
        return 0;
    }
    return strbuf_why(why, "%s: its owner cannot be kept: %s", file->path, strerror(errno));
}

/* The rename itself must survive a power cut too. */
static void sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash == NULL ? mem_text(".") : mem_text_of(path, (size_t)(slash - path) + 1);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(directory);
}

int outfile_commit(struct outfile *file, struct strbuf *why)
{
    errno = 0; /* a stream that failed before no longer knows why: flushing may tell again */
    bool bad =
        fflush(file->stream) != 0 || ferror(file->stream) || fsync(fileno(file->stream)) != 0;
    int saved = errno != 0 ? errno : EIO;
    if (fclose(file->stream) != 0 && !bad) {
        bad = true;
        saved = errno;
    }
    if (!bad && rename(file->temp, file->path) != 0) {
        bad = true;
        saved = errno;
    }
    int result = 0;
    if (bad) {
        result = strbuf_why(why, "%s: %s", file->path, strerror(saved));
        unlink(file->temp);
    } else {
        sync_directory(file->path);
    }
    forget(file);
    return result;
}

void outfile_abandon(struct outfile *file)
{
    if (file->stream != NULL)
        fclose(file->stream);
    if (file->temp != NULL)
        unlink(file->temp);
    forget(file);
}
