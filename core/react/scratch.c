/* scratch - files that get their name when they are whole, and the copying into them. */
#include "scratch.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/path.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define BLOCK 131072

void scratch_random(char *out, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[SCRATCH_NAME];
    while (getrandom(bytes, len, 0) != (ssize_t)len) /* so few bytes come at once or not at all */
        if (errno != EINTR)
            abort();
    for (size_t i = 0; i < len; i++)
        out[i] = digits[bytes[i] % 16];
    out[len] = '\0';
}

static void choose_name(char name[SCRATCH_NAME])
{
    static const char prefix[] = ".spamgear-";
    memcpy(name, prefix, sizeof prefix);
    scratch_random(name + sizeof prefix - 1, 16);
}

int scratch_open_named(struct scratch *scratch, int folder, struct strbuf *why)
{
    scratch->folder = folder;
    choose_name(scratch->name);
    scratch->fd = openat(folder, scratch->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         S_IRUSR | S_IWUSR);
    if (scratch->fd >= 0)
        return 0;
    return strbuf_why(why, "a temporary file cannot be made: %s", strerror(errno));
}

int scratch_open(struct scratch *scratch, int folder, struct strbuf *why)
{
    *scratch = (struct scratch){.folder = folder};
    scratch->fd = openat(folder, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, S_IRUSR | S_IWUSR);
    return scratch->fd >= 0 ? 0 : scratch_open_named(scratch, folder, why);
}

/* linkat's AT_EMPTY_PATH wants CAP_DAC_READ_SEARCH on older kernels, the other way /proc. */
static int give_name(int fd, int folder, const char *name)
{
    char path[40];
    if (linkat(fd, "", folder, name, AT_EMPTY_PATH) == 0)
        return 0;
    if (errno == EEXIST || errno == ENOSPC || errno == EDQUOT)
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, path, folder, name, AT_SYMLINK_FOLLOW);
}

/* File systems that know no RENAME_NOREPLACE know hard links. */
static int move_without_replacing(const struct scratch *scratch, int to, const char *name)
{
    if (renameat2(scratch->folder, scratch->name, to, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (linkat(scratch->folder, scratch->name, to, name, 0) != 0)
        return -1;
    unlinkat(scratch->folder, scratch->name, 0);
    return 0;
}

static int name_it(struct scratch *scratch, int to, const char *name, bool replace)
{
    if (!replace && *scratch->name == '\0')
        return give_name(scratch->fd, to, name);
    if (*scratch->name == '\0') { /* a rename needs a name */
        char chosen[SCRATCH_NAME];
        choose_name(chosen);
        if (give_name(scratch->fd, scratch->folder, chosen) != 0)
            return -1;
        memcpy(scratch->name, chosen, sizeof chosen);
    }
    if (!replace && move_without_replacing(scratch, to, name) != 0)
        return -1;
    if (replace && renameat(scratch->folder, scratch->name, to, name) != 0)
        return -1;
    *scratch->name = '\0';
    return 0;
}

static bool is_that(int fd, int folder, const char *name)
{
    struct stat open, there;
    return fstat(fd, &open) == 0 && fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           path_same_inode(&open, &there);
}

int scratch_put(struct scratch *scratch, int to, const char *name, bool replace, struct strbuf *why)
{
    if (fsync(scratch->fd) != 0)
        return strbuf_why(why, "it cannot be brought to disk: %s", strerror(errno));
    if (name_it(scratch, to, name, replace) != 0) {
        int saved = errno;
        strbuf_why(why, "%s", saved == EEXIST ? "there is a file of that name" : strerror(saved));
        errno = saved;
        return -1;
    }
    /* Whoever may write to the folder can have put something else under the temporary name. */
    if (!is_that(scratch->fd, to, name))
        return strbuf_why(why, "somebody else changed the folder meanwhile");
    if (fsync(to) == 0)
        return 0;
    return strbuf_why(why, "its folder cannot be brought to disk: %s", strerror(errno));
}

void scratch_close(struct scratch *scratch)
{
    if (scratch->fd < 0)
        return;
    if (*scratch->name != '\0' && is_that(scratch->fd, scratch->folder, scratch->name))
        unlinkat(scratch->folder, scratch->name, 0);
    close(scratch->fd);
    scratch->fd = -1;
}

int scratch_open_parent(const char *path, const char *not_done, const char **name,
                        struct strbuf *why)
{
    struct strbuf reason = {0};
    int folder = path_open_parent(AT_FDCWD, path, name, &reason);
    if (folder < 0)
        strbuf_why(why, "%s: %s: %s", path, not_done, strbuf_text(&reason));
    strbuf_clear(&reason);
    return folder;
}

/* ---- copying ---- */

static int write_at(int fd, const char *at, size_t len, uint64_t where)
{
    while (len > 0) {
        ssize_t wrote = pwrite(fd, at, len, (off_t)where);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            errno = wrote == 0 ? ENOSPC : errno;
            return -1;
        }
        at += wrote;
        where += (uint64_t)wrote;
        len -= (size_t)wrote;
    }
    return 0;
}

static ssize_t read_at(int fd, char *at, size_t len, uint64_t where)
{
    ssize_t got;
    do
        got = pread(fd, at, len, (off_t)where);
    while (got < 0 && errno == EINTR);
    return got;
}

static bool is_zero(const char *at, size_t len)
{
    return at[0] == '\0' && memcmp(at, at + 1, len - 1) == 0;
}

static int copy_blocks(int from, int to, uint64_t size, char *block, struct digest *digest,
                       struct strbuf *why)
{
    uint64_t done = 0;
    ssize_t got;
    while ((got = read_at(from, block, BLOCK, done)) > 0) {
        size_t len = (size_t)got;
        if (len > size - done)
            return strbuf_why(why, "it has grown since it was examined");
        if (digest != NULL)
            digest_add(digest, block, len);
        if (!is_zero(block, len) && write_at(to, block, len, done) != 0)
            return strbuf_why(why, "it cannot be written: %s", strerror(errno));
        done += len;
    }
    if (got < 0)
        return strbuf_why(why, "it cannot be read: %s", strerror(errno));
    if (done < size)
        return strbuf_why(why, "it has become shorter since it was examined");
    if (ftruncate(to, (off_t)size) != 0)
        return strbuf_why(why, "it cannot be written: %s", strerror(errno));
    return 0;
}

int scratch_copy(int from, int to, uint64_t size, uint8_t *hash, struct strbuf *why)
{
    char *block = mem_alloc(BLOCK);
    struct digest *digest = hash != NULL ? digest_new(DIGEST_SHA256) : NULL;
    int result = copy_blocks(from, to, size, block, digest, why);
    if (result == 0 && hash != NULL)
        digest_finish(digest, hash);
    else
        digest_free(digest);
    free(block);
    return result;
}

int scratch_write(int to, struct span bytes, struct strbuf *why)
{
    if (write_at(to, bytes.at, bytes.len, 0) == 0)
        return 0;
    return strbuf_why(why, "it cannot be written: %s", strerror(errno));
}

int scratch_is_unchanged(int folder, const char *name, int fd, const struct stat *st,
                         struct strbuf *why)
{
    struct stat now, there;
    if (fstat(fd, &now) != 0 || fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return strbuf_why(why, "%s", strerror(errno));
    if (!path_same_inode(&now, &there))
        return strbuf_why(why, "the name belongs to another file now");
    if (!path_same_inode(&now, st) || !path_same_state(&now, st))
        return strbuf_why(why, "it has changed since it was examined");
    return 0;
}
