/* walk - folders by descriptor, entries by getdents64, files by one fstatat each.
 *
 * In each folder its files come first, as the kernel tells them; the names of its folders are
 * kept meanwhile and entered afterwards. What is kept is bounded: past it, the rest of the
 * folder is read once more, from where its position was noted. So memory depends on the depth
 * of a tree alone. Of a deep one the upper descriptors are closed and opened again, through ".."
 * or by name, when the walk comes back; a folder that is not the same one then is told, not
 * walked.
 */
#include "spamgear/scan/walk.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/path.h"
#include "spamgear/base/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define OPEN_LEVELS  64 /* descriptors held at once */
#define OPEN_TRIES   3
#define ENTRIES_SIZE (64 << 10)
#define NAMES_LEVEL  (16 << 10) /* bytes of folder names kept of one folder, */
#define NAMES_ALL    (1 << 20)  /* and of all; one name is always kept */
#define PATH_LIMIT   (64 << 10)
#define INPUT_SIZE   (2 * PATH_LIMIT)
#define ZFS_MAGIC    0x2fc12fc1 /* of OpenZFS, not in the kernel's headers */

enum { END = 0, FOUND = 1, WAIT = WALK_WAIT, GO_ON = 3 }; /* and -1 */

/* A folder on the way down. */
struct level {
    int fd; /* -1: closed for now */
    dev_t device;
    ino_t inode;
    size_t path_len;            /* of its path */
    size_t names_at, names_end; /* folders to enter, in walk.names */
    off_t resume;               /* where it is read again for more of them */
    bool more;                  /* there are */
    bool files;                 /* the files of this folder are being given out */
};

struct device {
    dev_t device;
    bool cacheable;
};

struct input {
    char *data;
    size_t at, end; /* unread bytes */
    bool skipping;  /* the rest of a path that was too long */
    bool ended;
};

/* The folder of the last path of the input. */
struct parent {
    struct strbuf path; /* with its "/" */
    int fd;
    bool excluded;
    dev_t device;
    ino_t inode;
};

struct walk {
    struct walk_settings settings;
    struct walk_counts counts;
    struct strbuf path; /* of what was given out; folders extend and cut it */
    VEC(struct level) levels;
    struct strbuf names; /* NUL-terminated, those of the deepest folder last */
    char *entries;       /* of the deepest folder: the only one that is being read */
    size_t entries_at, entries_end;
    VEC(struct device) devices;
    struct device last;   /* the device asked for last */
    dev_t operand_device; /* one_file_system: what the walk keeps to */
    size_t operand;
    struct input input;
    uint64_t paths; /* in the input, once they were counted */
    bool counted;
    struct parent parent;
    int file_fd; /* the folder of the file that was given out last; borrowed */
    const char *file_name;
    dev_t file_device;
    ino_t file_inode;
};

struct walk *walk_open(const struct walk_settings *settings)
{
    struct walk *walk = mem_zero(1, sizeof *walk);
    walk->settings = *settings;
    walk->entries = mem_alloc(ENTRIES_SIZE);
    walk->parent.fd = walk->file_fd = -1;
    if (settings->input != WALK_OPERANDS)
        walk->input.data = mem_alloc(INPUT_SIZE);
    return walk;
}

static void close_fd(int *fd)
{
    int saved = errno;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

void walk_close(struct walk *walk)
{
    if (walk == NULL)
        return;
    for (size_t i = 0; i < walk->levels.len; i++)
        close_fd(&walk->levels.at[i].fd);
    close_fd(&walk->parent.fd);
    vec_clear(&walk->levels);
    vec_clear(&walk->devices);
    strbuf_clear(&walk->path);
    strbuf_clear(&walk->names);
    strbuf_clear(&walk->parent.path);
    free(walk->entries);
    free(walk->input.data);
    free(walk);
}

const struct walk_counts *walk_counts(const struct walk *walk)
{
    return &walk->counts;
}

static int fail(struct walk *walk, const char *reason, struct strbuf *why)
{
    int saved = errno;
    strbuf_why(why, "%s: %s", strbuf_text(&walk->path), reason);
    errno = saved;
    return -1;
}

static int fail_errno(struct walk *walk, struct strbuf *why)
{
    return fail(walk, errno == ENOENT ? "was removed since it was seen" : strerror(errno), why);
}

static void cut(struct strbuf *text, size_t len)
{
    text->len = len;
    if (text->data != NULL)
        text->data[len] = '\0';
}

/* O_NOATIME is for owners only; others leave a trace in the access time. */
static int open_quietly(int folder, const char *name, int flags)
{
    flags |= O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = openat(folder, name, flags | O_NOATIME);
    return fd < 0 && errno == EPERM ? openat(folder, name, flags) : fd;
}

/* Excludes */

static bool fits(const struct walk *walk, struct span path, struct span last)
{
    const struct texts *globs = walk->settings.excludes;
    for (size_t i = 0; globs != NULL && i < globs->len; i++)
        if (text_glob(globs->at[i], strchr(globs->at[i], '/') != NULL ? path : last))
            return true;
    return false;
}

static bool is_excluded(struct walk *walk, const char *name)
{
    if (!fits(walk, strbuf_span(&walk->path), span_text(name)))
        return false;
    walk->counts.excluded++;
    return true;
}

/* Is one of the folders that a path of the input leads through excluded? */
static bool leads_through_excluded(const struct walk *walk, struct span parent)
{
    const char *name = parent.at;
    if (walk->settings.excludes == NULL || walk->settings.excludes->len == 0)
        return false;
    for (const char *p = parent.at; p < span_end(parent); p++) {
        if (*p != '/')
            continue;
        if (p > name && fits(walk, span_of(parent.at, p), span_of(name, p)))
            return true;
        name = p + 1;
    }
    return false;
}

/* File systems */

/* On these the kernel itself keeps the times, and nobody else can write what is on them. Not XFS
 * and F2FS: whoever may write to two files can have them exchange their contents there, and no time
 * of either changes (XFS_IOC_SWAPEXT, F2FS_IOC_MOVE_RANGE). ext4's EXT4_IOC_MOVE_EXT can only make
 * zeros of what was there. */
static const unsigned long vouched[] = {EXT4_SUPER_MAGIC, BTRFS_SUPER_MAGIC, ZFS_MAGIC,
                                        OVERLAYFS_SUPER_MAGIC};

static bool is_vouched(unsigned long type)
{
    for (size_t i = 0; i < sizeof vouched / sizeof *vouched; i++)
        if (vouched[i] == type)
            return true;
    return false;
}

static bool ask(int fd, dev_t device)
{
    struct stat st;
    struct statfs fs;
    return fstat(fd, &st) == 0 && st.st_dev == device && fstatfs(fd, &fs) == 0 &&
           is_vouched((unsigned long)fs.f_type);
}

/* Asked of the folder or, when that is on another device, of the file: one file may be mounted from
 * elsewhere, and overlayfs has devices of its own for files. */
static bool ask_cacheable(int folder, const char *name, dev_t device)
{
    if (ask(folder, device))
        return true;
    int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool cacheable = fd >= 0 && ask(fd, device);
    close_fd(&fd);
    return cacheable;
}

static bool is_cacheable(struct walk *walk, int folder, const char *name, dev_t device)
{
    if (walk->devices.len > 0 && walk->last.device == device)
        return walk->last.cacheable;
    for (size_t i = 0; i < walk->devices.len; i++) {
        if (walk->devices.at[i].device == device) {
            walk->last = walk->devices.at[i];
            return walk->last.cacheable;
        }
    }
    walk->last = (struct device){device, ask_cacheable(folder, name, device)};
    *vec_add(&walk->devices) = walk->last;
    return walk->last.cacheable;
}

/* Files */

static bool is_too_old(const struct walk *walk, const struct stat *st)
{
    int64_t changed = walk->settings.newer_by == WALK_NEWER_MTIME ? st->st_mtime : st->st_ctime;
    return walk->settings.newer_than != 0 && changed < walk->settings.newer_than;
}

static bool is_too_large(const struct walk *walk, const struct stat *st)
{
    return walk->settings.size_max != 0 && (uint64_t)st->st_size > walk->settings.size_max;
}

static bool is_left_out(struct walk *walk, const struct stat *st)
{
    uint64_t *count = !S_ISREG(st->st_mode)    ? &walk->counts.not_regular
                      : is_too_old(walk, st)   ? &walk->counts.too_old
                      : is_too_large(walk, st) ? &walk->counts.too_large
                                               : NULL;
    if (count != NULL)
        (*count)++;
    return count != NULL;
}

/* walk->path is the file's; name is the last part of it. FOUND, or GO_ON: it is left out. */
static int give_out(struct walk *walk, int folder, const char *name, struct walk_file *file)
{
    if (is_left_out(walk, &file->st))
        return GO_ON;
    walk->file_fd = folder;
    walk->file_name = name;
    walk->file_device = file->st.st_dev;
    walk->file_inode = file->st.st_ino;
    file->path = strbuf_span(&walk->path);
    file->cacheable = is_cacheable(walk, folder, name, file->st.st_dev);
    walk->counts.files++;
    return FOUND;
}

static int open_failed(struct walk *walk, struct strbuf *why)
{
    if (errno == ELOOP || errno == ENXIO) /* a link or a socket now */
        return fail(walk, "was replaced since it was seen", why);
    if (errno == EAGAIN)
        return fail(walk, "is held by the lease of a program", why);
    return fail_errno(walk, why);
}

/* 1 when another file stands there by now. */
static int try_open(struct walk *walk, struct stat *st, int *fd, struct strbuf *why)
{
    *fd = open_quietly(walk->file_fd, walk->file_name, 0);
    if (*fd < 0)
        return open_failed(walk, why);
    if (fstat(*fd, st) == 0 && S_ISREG(st->st_mode) && st->st_dev == walk->file_device &&
        st->st_ino == walk->file_inode)
        return 0;
    walk->file_device = st->st_dev;
    walk->file_inode = st->st_ino;
    close_fd(fd);
    return 1;
}

/* Editors and package managers replace files all the time: the new one is as good. Not for ever,
 * or a tenant could keep us here. */
int walk_open_file(struct walk *walk, struct stat *st, struct strbuf *why)
{
    int fd, result = 1;
    for (int tries = 0; result == 1 && tries < OPEN_TRIES; tries++)
        result = try_open(walk, st, &fd, why);
    if (result == 0)
        return fd;
    if (result < 0)
        return -1;
    errno = ESTALE;
    return fail(walk, "was replaced since it was seen", why);
}

/* Folders */

static struct level *deepest(struct walk *walk)
{
    return &walk->levels.at[walk->levels.len - 1];
}

/* fd, owned from here on, is the folder whose path stands in walk->path. GO_ON, or -1. */
static int push(struct walk *walk, int fd, struct strbuf *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        close_fd(&fd);
        return fail_errno(walk, why);
    }
    if (walk->levels.len == 0)
        walk->operand_device = st.st_dev;
    if (walk->settings.one_file_system && st.st_dev != walk->operand_device) {
        close_fd(&fd);
        return GO_ON;
    }
    if (walk->levels.len >= OPEN_LEVELS)
        close_fd(&walk->levels.at[walk->levels.len - OPEN_LEVELS].fd);
    walk->counts.folders++;
    walk->entries_at = walk->entries_end = 0;
    *vec_add(&walk->levels) = (struct level){.fd = fd,
                                             .device = st.st_dev,
                                             .inode = st.st_ino,
                                             .path_len = walk->path.len,
                                             .names_at = walk->names.len,
                                             .names_end = walk->names.len,
                                             .files = true};
    return GO_ON;
}

static bool is_level(const struct level *level, int fd)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == level->device &&
           st.st_ino == level->inode;
}

/* The descriptor of a folder that was closed on the way down: above the one we come from, or by
 * its name, as long as it is the same. */
static int reopen(struct walk *walk, const struct level *level, int below)
{
    int fd = open_quietly(below, "..", O_DIRECTORY);
    if (is_level(level, fd))
        return fd;
    close_fd(&fd);
    strbuf_add_text(&walk->path, "/."); /* an operand may be a link */
    fd = path_open(AT_FDCWD, strbuf_text(&walk->path), O_RDONLY | O_DIRECTORY, NULL);
    cut(&walk->path, level->path_len);
    if (!is_level(level, fd))
        close_fd(&fd);
    return fd;
}

/* Leaves the deepest folder. -1: the one above cannot be gone on with. */
static int pop(struct walk *walk, struct strbuf *why)
{
    struct level left = *deepest(walk);
    int result = GO_ON;
    walk->levels.len--;
    if (walk->levels.len > 0) {
        struct level *level = deepest(walk);
        cut(&walk->names, level->names_end);
        cut(&walk->path, level->path_len);
        bool goes_on = level->names_at < level->names_end || level->more;
        if (level->fd < 0)
            level->fd = reopen(walk, level, left.fd);
        if (level->fd < 0 && goes_on) {
            level->names_at = level->names_end;
            level->more = false;
            result = fail(walk, "was moved or removed while it was walked", why);
        }
    }
    close_fd(&left.fd);
    return result;
}

/* Appends "/" and name to the folder's path; the place of the name in it. */
static const char *join(struct walk *walk, const struct level *level, const char *name)
{
    struct strbuf *path = &walk->path;
    cut(path, level->path_len);
    if (path->len > 0 && path->data[path->len - 1] != '/')
        strbuf_add_char(path, '/');
    size_t at = path->len;
    strbuf_add_text(path, name);
    return path->data + at;
}

/* The next entry of the deepest folder, "." and ".." left out. NULL with errno: 0 at the end. */
static struct dirent64 *next_entry(struct walk *walk, const struct level *level)
{
    for (;;) {
        if (walk->entries_at == walk->entries_end) {
            ssize_t len = getdents64(level->fd, walk->entries, ENTRIES_SIZE);
            if (len <= 0) {
                errno = len < 0 && errno != ENOENT ? errno : 0; /* ENOENT: it was removed */
                return NULL;
            }
            walk->entries_at = 0;
            walk->entries_end = (size_t)len;
        }
        struct dirent64 *entry = (struct dirent64 *)(void *)(walk->entries + walk->entries_at);
        walk->entries_at += entry->d_reclen;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return entry;
    }
}

/* Keeps the name of a folder for later, until there is no room. level->resume is the place of the
 * last that was kept. */
static void keep_folder(struct walk *walk, struct level *level, const struct dirent64 *entry)
{
    size_t len = walk->names.len - level->names_at;
    if (len > 0 && (len > NAMES_LEVEL || walk->names.len > NAMES_ALL))
        level->more = true;
    if (level->more)
        return;
    strbuf_add(&walk->names, entry->d_name, strlen(entry->d_name) + 1);
    level->names_end = walk->names.len;
    level->resume = entry->d_off;
}

static int meet_file(struct walk *walk, struct level *level, const char *entry,
                     struct walk_file *file, struct strbuf *why)
{
    const char *name = join(walk, level, entry);
    if (is_excluded(walk, name))
        return GO_ON;
    if (fstatat(level->fd, name, &file->st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            return fail_errno(walk, why);
        walk->counts.vanished++;
        return GO_ON;
    }
    file->folder_device = level->device;
    file->folder_inode = level->inode;
    return give_out(walk, level->fd, name, file);
}

/* Some file systems do not tell the type in the folder. What cannot be asked counts as a file, so
 * that it is told why. */
static unsigned char type_of(const struct level *level, const struct dirent64 *entry)
{
    struct stat st;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type;
    if (fstatat(level->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return DT_REG;
    return S_ISREG(st.st_mode) ? DT_REG : S_ISDIR(st.st_mode) ? DT_DIR : DT_LNK;
}

static int read_files(struct walk *walk, struct walk_file *file, struct strbuf *why)
{
    struct level *level = deepest(walk);
    struct dirent64 *entry;
    while ((entry = next_entry(walk, level)) != NULL) {
        unsigned char type = type_of(level, entry);
        if (type == DT_REG) {
            int result = meet_file(walk, level, entry->d_name, file, why);
            if (result != GO_ON)
                return result;
        } else if (type == DT_DIR) {
            keep_folder(walk, level, entry);
        } else {
            walk->counts.not_regular++;
        }
    }
    level->files = false;
    cut(&walk->path, level->path_len);
    return errno == 0 ? GO_ON : fail_errno(walk, why);
}

/* The folder is read again for the folders whose names found no room. */
static int read_folders(struct walk *walk, struct strbuf *why)
{
    struct level *level = deepest(walk);
    struct dirent64 *entry;
    level->names_at = walk->levels.len > 1 ? level[-1].names_end : 0;
    level->names_end = level->names_at;
    level->more = false;
    cut(&walk->names, level->names_end);
    cut(&walk->path, level->path_len);
    walk->entries_at = walk->entries_end = 0;
    if (lseek(level->fd, level->resume, SEEK_SET) < 0)
        return fail_errno(walk, why);
    while (!level->more && (entry = next_entry(walk, level)) != NULL)
        if (type_of(level, entry) == DT_DIR)
            keep_folder(walk, level, entry);
    return level->more || errno == 0 ? GO_ON : fail_errno(walk, why);
}

static int enter_folder(struct walk *walk, struct strbuf *why)
{
    struct level *level = deepest(walk);
    const char *name = join(walk, level, walk->names.data + level->names_at);
    level->names_at += strlen(name) + 1;
    if (is_excluded(walk, name))
        return GO_ON;
    int fd = open_quietly(level->fd, name, O_DIRECTORY);
    if (fd >= 0)
        return push(walk, fd, why);
    return errno == ENOTDIR ? fail(walk, "was replaced since it was seen", why)
                            : fail_errno(walk, why);
}

static int from_folder(struct walk *walk, struct walk_file *file, struct strbuf *why)
{
    const struct level *level = deepest(walk);
    if (level->files)
        return read_files(walk, file, why);
    if (level->names_at < level->names_end)
        return enter_folder(walk, why);
    return level->more ? read_folders(walk, why) : pop(walk, why);
}

/* Single paths */

static int open_parent(struct walk *walk, struct strbuf *why)
{
    struct parent *parent = &walk->parent;
    struct strbuf reason = {0};
    struct stat st;
    size_t len = parent->path.len;
    strbuf_add_char(&parent->path, '.'); /* so that the folder is not the last component */
    parent->fd = path_open(AT_FDCWD, strbuf_text(&parent->path), O_PATH | O_DIRECTORY, &reason);
    cut(&parent->path, len);
    if (parent->fd >= 0 && fstat(parent->fd, &st) != 0) {
        close_fd(&parent->fd);
        return fail_errno(walk, why);
    }
    if (parent->fd < 0) {
        fail(walk, strbuf_text(&reason) + len + strlen(".: "), why);
    } else {
        parent->device = st.st_dev;
        parent->inode = st.st_ino;
    }
    int saved = errno;
    strbuf_clear(&reason);
    errno = saved;
    return parent->fd < 0 ? -1 : 0;
}

/* Makes walk->parent the first len bytes of walk->path, if it is not already. */
static int find_parent(struct walk *walk, size_t len, struct strbuf *why)
{
    struct parent *parent = &walk->parent;
    struct span path = {walk->path.data, len};
    if ((parent->fd >= 0 || parent->excluded) && span_is(path, strbuf_span(&parent->path)))
        return 0;
    close_fd(&parent->fd);
    strbuf_reset(&parent->path);
    strbuf_add_span(&parent->path, path);
    parent->excluded = walk->settings.input != WALK_OPERANDS && leads_through_excluded(walk, path);
    return parent->excluded ? 0 : open_parent(walk, why);
}

/* What walk->path names: FOUND with *name, its last part, and file->st. GO_ON: it is excluded, or
 * nothing but a folder. */
static int locate(struct walk *walk, const char **name, struct walk_file *file, struct strbuf *why)
{
    const char *path = strbuf_text(&walk->path);
    const char *slash = strrchr(path, '/');
    *name = slash == NULL ? path : slash + 1;
    if (**name == '\0' || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
        int fd = path_open(AT_FDCWD, path, O_PATH | O_DIRECTORY, why);
        if (fd < 0)
            return -1;
        close_fd(&fd);
        walk->counts.not_regular++;
        return GO_ON;
    }
    if (find_parent(walk, (size_t)(*name - path), why) != 0)
        return -1;
    if (walk->parent.excluded)
        walk->counts.excluded++;
    if (walk->parent.excluded || is_excluded(walk, *name))
        return GO_ON;
    if (fstatat(walk->parent.fd, *name, &file->st, AT_SYMLINK_NOFOLLOW) != 0)
        return fail(walk, strerror(errno), why);
    file->folder_device = walk->parent.device;
    file->folder_inode = walk->parent.inode;
    return FOUND;
}

/* Input */

/* Reads more behind what is there: 1; 0 at the end; WAIT; -1 with why. */
static int fill(struct walk *walk, struct strbuf *why)
{
    struct input *in = &walk->input;
    int fd = walk->settings.input_fd;
    if (walk->settings.may_wait && poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) == 0)
        return WAIT;
    memmove(in->data, in->data + in->at, in->end - in->at);
    in->end -= in->at;
    in->at = 0;
    for (;;) {
        ssize_t len = read(fd, in->data + in->end, INPUT_SIZE - in->end);
        if (len > 0)
            in->end += (size_t)len;
        if (len >= 0)
            return len > 0;
        if (errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        else if (errno != EINTR)
            break;
    }
    in->end = 0; /* half a path is none */
    strbuf_reset(&walk->path);
    return strbuf_why(why, "the list of paths: %s", strerror(errno));
}

static int too_long(struct walk *walk, struct span start, struct strbuf *why)
{
    strbuf_reset(&walk->path);
    strbuf_add(&walk->path, start.at, start.len < 100 ? start.len : 100);
    strbuf_add_text(&walk->path, "...");
    errno = ENAMETOOLONG;
    return fail(walk, "is longer than 65536 bytes", why);
}

/* A piece of the input that ends here. */
static int take(struct walk *walk, struct span piece, struct strbuf *why)
{
    if (walk->input.skipping || piece.len == 0) {
        walk->input.skipping = false;
        return GO_ON;
    }
    if (piece.len > PATH_LIMIT)
        return too_long(walk, piece, why);
    strbuf_reset(&walk->path);
    strbuf_add_span(&walk->path, piece);
    if (memchr(piece.at, '\0', piece.len) == NULL)
        return FOUND;
    errno = EINVAL;
    return fail(walk, "a path with a NUL byte", why);
}

/* Puts the next path of the input in walk->path: FOUND. */
static int next_path(struct walk *walk, struct strbuf *why)
{
    struct input *in = &walk->input;
    char *start = in->data + in->at;
    size_t len = in->end - in->at;
    char *stop = memchr(start, walk->settings.input == WALK_NUL ? '\0' : '\n', len);
    if (stop != NULL || (in->ended && len > 0)) {
        struct span piece = {start, stop != NULL ? (size_t)(stop - start) : len};
        in->at += piece.len + (stop != NULL);
        return take(walk, piece, why);
    }
    if (in->ended)
        return END;
    if (len > PATH_LIMIT) {
        in->at = in->end;
        bool told = in->skipping;
        in->skipping = true;
        return told ? GO_ON : too_long(walk, (struct span){start, len}, why);
    }
    int filled = fill(walk, why);
    in->ended = filled <= 0;
    return filled < 0 || filled == WAIT ? filled : GO_ON;
}

static int from_input(struct walk *walk, struct walk_file *file, struct strbuf *why)
{
    const char *name;
    int result = next_path(walk, why);
    if (result == FOUND)
        result = locate(walk, &name, file, why);
    return result == FOUND ? give_out(walk, walk->parent.fd, name, file) : result;
}

/* How many paths stand in a block; *in_path goes from one block to the next. */
static uint64_t count_paths(struct span block, char end, bool *in_path)
{
    uint64_t count = 0;
    while (block.len > 0) {
        const char *stop = memchr(block.at, end, block.len);
        *in_path = *in_path || stop != block.at;
        if (stop == NULL)
            break;
        count += *in_path;
        *in_path = false;
        block = span_skip(block, (size_t)(stop - block.at) + 1);
    }
    return count;
}

/* Counted without moving the place where it is read. */
static uint64_t count_input(const struct walk *walk)
{
    struct stat st;
    int fd = walk->settings.input_fd;
    char end = walk->settings.input == WALK_NUL ? '\0' : '\n';
    off_t at = lseek(fd, 0, SEEK_CUR);
    uint64_t count = 0;
    bool in_path = false;
    ssize_t len;
    if (at < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return 0;
    char *block = mem_alloc(INPUT_SIZE);
    while ((len = pread(fd, block, INPUT_SIZE, at)) > 0) {
        count += count_paths((struct span){block, (size_t)len}, end, &in_path);
        at += len;
    }
    free(block);
    return count + in_path;
}

uint64_t walk_expected(struct walk *walk)
{
    const struct walk_counts *counts = &walk->counts;
    uint64_t left_out =
        counts->excluded + counts->too_large + counts->not_regular + counts->too_old;
    if (!walk->counted && walk->settings.input != WALK_OPERANDS)
        walk->paths = count_input(walk);
    walk->counted = true;
    return walk->paths > left_out ? walk->paths - left_out : 0;
}

/* Operands */

/* An operand that is a link: to a folder, and by whom it may be, it is followed. */
static int enter_link(struct walk *walk, struct strbuf *why)
{
    struct strbuf reason = {0};
    size_t len = walk->path.len;
    strbuf_add_text(&walk->path, "/.");
    int fd = path_open(AT_FDCWD, strbuf_text(&walk->path), O_RDONLY | O_DIRECTORY, &reason);
    cut(&walk->path, len);
    int result = fd >= 0 ? push(walk, fd, why)
                         : fail(walk, strbuf_text(&reason) + len + strlen("/.: "), why);
    strbuf_clear(&reason);
    return result;
}

/* An operand that is no folder. Whoever names something wants to know that it was not examined. */
static int enter_other(struct walk *walk, bool is_folder, struct walk_file *file,
                       struct strbuf *why)
{
    const char *name;
    int result = locate(walk, &name, file, why);
    if (result != FOUND)
        return result;
    if (S_ISLNK(file->st.st_mode))
        return enter_link(walk, why);
    if (S_ISREG(file->st.st_mode) && !is_folder)
        return give_out(walk, walk->parent.fd, name, file);
    errno = S_ISREG(file->st.st_mode) ? ENOTDIR : EINVAL;
    return fail(walk, is_folder ? strerror(ENOTDIR) : "is neither a regular file nor a folder",
                why);
}

static int from_operand(struct walk *walk, struct walk_file *file, struct strbuf *why)
{
    const struct texts *operands = walk->settings.operands;
    if (operands == NULL || walk->operand == operands->len)
        return END;
    struct strbuf *path = &walk->path;
    strbuf_reset(path);
    strbuf_add_text(path, operands->at[walk->operand++]);
    size_t len = path->len;
    while (path->len > 1 && path->data[path->len - 1] == '/')
        cut(path, path->len - 1);
    int fd = path_open(AT_FDCWD, strbuf_text(path), O_RDONLY | O_DIRECTORY, why);
    if (fd < 0 && errno != ENOTDIR)
        return -1;
    if (fd < 0 && why != NULL)
        strbuf_reset(why);
    if (fd < 0)
        return enter_other(walk, path->len < len, file, why);
    const char *slash = strrchr(path->data, '/');
    if (!is_excluded(walk, slash == NULL ? path->data : slash + 1))
        return push(walk, fd, why);
    close_fd(&fd);
    return GO_ON;
}

int walk_next(struct walk *walk, struct walk_file *file, struct strbuf *why)
{
    int result = GO_ON;
    walk->file_fd = -1;
    walk->file_name = "";
    while (result == GO_ON)
        result = walk->levels.len > 0                    ? from_folder(walk, file, why)
                 : walk->settings.input == WALK_OPERANDS ? from_operand(walk, file, why)
                                                         : from_input(walk, file, why);
    if (result < 0)
        file->path = strbuf_span(&walk->path);
    return result;
}
