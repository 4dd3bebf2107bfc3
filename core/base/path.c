/* path - names resolved so that no other user can say where they lead.
 *
 * openat2 answers nearly always, in one call. What it refuses (a link, a path over PATH_MAX, a
 * kernel or a sandbox without it) is resolved here, one component after another. The way is
 * trusted as long as every folder on it can be changed by root and by us alone; once it has
 * passed a folder of somebody else no link is followed any more, whoever owns it: the folder
 * that the link stands in could have been put there by renaming.
 */
#include "spamgear/base/path.h"

#include "spamgear/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINKS_MAX   40   /* as many as Linux follows */
#define PARENT_MODE 0755 /* of what is made on the way */
#define FOLDER_ONLY (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static atomic_bool openat2_off;

void path_without_openat2(bool without)
{
    openat2_off = without;
}

bool path_same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool path_same_state(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && same_time(a->st_mtim, b->st_mtim) &&
           same_time(a->st_ctim, b->st_ctim);
}

static bool is_ours(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

bool path_is_private(const struct stat *st)
{
    return is_ours(st->st_uid) && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* A way through path. */
struct way {
    int fd; /* the folder we stand in */
    bool trusted;
    bool private; /* this folder: nobody else can make a link in it */
    unsigned links;
    char *rest, *at;  /* what is still to go: a copy, and the place in it */
    const char *told; /* a better reason than errno's, or NULL */
};

/* In a sticky folder (/tmp) others can make names, but not change those of ours. */
static int stand(struct way *way, int fd)
{
    struct stat st;
    if (fd < 0)
        return -1;
    if (way->fd >= 0)
        close(way->fd);
    way->fd = fd;
    if (fstat(fd, &st) != 0)
        return -1;
    way->private = path_is_private(&st);
    way->trusted =
        way->trusted && (way->private || (is_ours(st.st_uid) && (st.st_mode & S_ISVTX) != 0));
    return 0;
}

static int stand_at(struct way *way, int dirfd)
{
    if (*way->at == '/')
        return stand(way, open("/", FOLDER_ONLY));
    if (dirfd == AT_FDCWD)
        return stand(way, open(".", FOLDER_ONLY));
    return stand(way, fcntl(dirfd, F_DUPFD_CLOEXEC, 0));
}

static int way_start(struct way *way, int dirfd, const char *path)
{
    *way = (struct way){.fd = -1, .trusted = true, .rest = mem_text(path)};
    way->at = way->rest;
    if (*path != '\0')
        return stand_at(way, dirfd);
    errno = ENOENT;
    return -1;
}

static void way_end(struct way *way)
{
    int saved = errno;
    if (way->fd >= 0)
        close(way->fd);
    free(way->rest);
    errno = saved;
}

/* The next component, a string; NULL: there is none. What follows it is told through *last and
 * *slash. */
static const char *way_take(struct way *way, bool *last, bool *slash)
{
    char *name = way->at + strspn(way->at, "/");
    char *end = name + strcspn(name, "/");
    way->at = end + strspn(end, "/");
    *slash = *end == '/';
    *last = *way->at == '\0';
    *end = '\0';
    return *name == '\0' ? NULL : name;
}

static int refuse(struct way *way, int error, const char *told)
{
    way->told = told;
    errno = error;
    return -1;
}

/* May this link be followed? */
static int judge(struct way *way, const struct stat *link)
{
    if (!S_ISLNK(link->st_mode))
        return refuse(way, ENOTDIR, NULL);
    if (!is_ours(link->st_uid))
        return refuse(way, ELOOP, "leads through a symbolic link that another user made");
    if (!way->trusted || !way->private)
        return refuse(way, ELOOP,
                      "leads through a symbolic link that another user could have made");
    return ++way->links <= LINKS_MAX ? 0 : refuse(way, ELOOP, NULL);
}

/* Puts where the link leads before what is still to go. */
static int splice_target(struct way *way, int link)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(link, "", target, sizeof target);
    if (len < 0)
        return -1;
    if (len == 0 || (size_t)len == sizeof target)
        return refuse(way, len == 0 ? ENOENT : ENAMETOOLONG, NULL);
    struct strbuf rest = {0};
    strbuf_add(&rest, target, (size_t)len);
    strbuf_add_char(&rest, '/');
    strbuf_add_text(&rest, way->at);
    free(way->rest);
    way->rest = way->at = strbuf_take(&rest);
    return *way->at == '/' ? stand_at(way, AT_FDCWD) : 0;
}

static int follow(struct way *way, const char *name)
{
    struct stat st;
    int link = openat(way->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (link < 0)
        return -1;
    int result = fstat(link, &st);
    if (result == 0)
        result = judge(way, &st);
    if (result == 0)
        result = splice_target(way, link);
    int saved = errno;
    close(link);
    errno = saved;
    return result;
}

/* Asked for as a folder first: that is what makes an automounter mount it. */
static int enter(struct way *way, const char *name)
{
    int fd = openat(way->fd, name, FOLDER_ONLY);
    if (fd >= 0)
        return stand(way, fd);
    return errno == ENOTDIR || errno == ELOOP ? follow(way, name) : -1;
}

static int way_open(struct way *way, int flags)
{
    bool last = false, slash = false;
    for (;;) {
        const char *name = way_take(way, &last, &slash);
        if (name != NULL && !last) {
            if (enter(way, name) != 0)
                return -1;
            continue;
        }
        int fd = openat(way->fd, name == NULL ? "." : name, flags | (slash ? O_DIRECTORY : 0));
        return fd < 0 && errno == ELOOP ? refuse(way, ELOOP, "is a symbolic link") : fd;
    }
}

static int tell(const char *path, const char *told, struct strbuf *why)
{
    int saved = errno;
    strbuf_why(why, "%s: %s", path, told != NULL ? told : strerror(saved));
    errno = saved;
    return -1;
}

static int open_by_components(int dirfd, const char *path, int flags, struct strbuf *why)
{
    struct way way;
    int fd = way_start(&way, dirfd, path);
    if (fd == 0)
        fd = way_open(&way, flags);
    way_end(&way);
    return fd >= 0 ? fd : tell(path, way.told, why);
}

/* After these the other way has to answer: it may do better, or knows the reason. */
static bool is_undecided(int error)
{
    return error == ELOOP || error == ENAMETOOLONG || error == ENOSYS || error == EPERM ||
           error == EINVAL || error == E2BIG || error == EAGAIN;
}

int path_open(int dirfd, const char *path, int flags, struct strbuf *why)
{
    flags |= O_NOFOLLOW | O_CLOEXEC;
    if (openat2_off)
        return open_by_components(dirfd, path, flags, why);
    struct open_how how = {.flags = (uint64_t)flags,
                           .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
    if (fd >= 0)
        return (int)fd;
    return is_undecided(errno) ? open_by_components(dirfd, path, flags, why)
                               : tell(path, NULL, why);
}

int path_open_parent(int dirfd, const char *path, const char **name, struct strbuf *why)
{
    const char *slash = strrchr(path, '/');
    *name = slash == NULL ? path : slash + 1;
    if (**name == '\0' || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
        errno = *path == '\0' ? ENOENT : EINVAL;
        return tell(path, *path == '\0' ? NULL : "has no last part", why);
    }
    struct strbuf parent = {0}; /* ends in ".", so that the folder is not the last component */
    strbuf_add(&parent, path, (size_t)(*name - path));
    strbuf_add_char(&parent, '.');
    struct strbuf reason = {0};
    int fd = path_open(dirfd, strbuf_text(&parent), O_RDONLY | O_DIRECTORY, &reason);
    int saved = errno;
    if (fd < 0) { /* without the "/." */
        int len = *name - path > 1 ? (int)(*name - path) - 1 : 1;
        strbuf_why(why, "%.*s%s", len, strbuf_text(&parent), strbuf_text(&reason) + parent.len);
    }
    strbuf_clear(&reason);
    strbuf_clear(&parent);
    errno = saved;
    return fd;
}

/* The mode is what was asked for, whatever the umask of a daemon makes of files. */
static int make(const struct way *way, const char *name, mode_t mode)
{
    if (mkdirat(way->fd, name, mode) != 0)
        return errno == EEXIST ? 0 : -1;
    return fchmodat(way->fd, name, mode, 0);
}

/* Enters one more component, which is made where it is missing. */
static int enter_or_make(struct way *way, const char *name, mode_t mode)
{
    if (!way->trusted)
        return refuse(way, EPERM, "stands in a folder that another user could change");
    if (enter(way, name) == 0)
        return 0;
    if (errno != ENOENT)
        return -1;
    return make(way, name, mode) == 0 ? enter(way, name) : -1;
}

int path_make_folder(const char *path, mode_t mode, struct strbuf *why)
{
    struct way way;
    bool last, slash;
    const char *name;
    int result = way_start(&way, AT_FDCWD, path);
    while (result == 0 && (name = way_take(&way, &last, &slash)) != NULL)
        result = enter_or_make(&way, name, last ? mode : PARENT_MODE);
    if (result == 0)
        result = openat(way.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    way_end(&way);
    return result >= 0 ? result : tell(path, way.told, why);
}
