/* signature_sets - everything with *at() calls below one open folder.
 *
 * What is removed: in sets/, the files of a set and its folder, by name and one level deep, so that
 * nothing outside can be reached whatever was put there.
 */
#include "spamgear/store/signature_sets.h"

#include "spamgear/base/path.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define MANIFEST     "manifest"
#define WITHDRAWN    "withdrawn"
#define CURRENT      "current"
#define NEXT_CURRENT ".current.new"
#define FRESH        ".new-" /* a set that has not got its name yet */
#define TARGET       "sets/"
#define MANIFEST_MAX (1 << 18) /* bytes; SIGNATURE_FILES_MAX lines fit */
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct signature_sets {
    char *folder;
    int fd, sets; /* FOLDER and FOLDER/sets; -1: not there */
    int lock;     /* -1: only to look */
};

static int fail(const struct signature_sets *sets, const char *what, const char *name,
                struct strbuf *why)
{
    return strbuf_why(why, "%s/%s%s: %s", sets->folder, what, name, strerror(errno));
}

static bool is_id(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len < SIGNATURE_SET_ID && strspn(name, "0123456789-") == len;
}

/* ---- names of a folder ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names, sorted, without "." and "..". -1 with errno. */
static int list_names(int folder, struct texts *names)
{
    int fd = openat(folder, ".", FOLDER_FLAGS);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    while ((errno = 0, entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            texts_add(names, entry->d_name);
    int failed = errno;
    closedir(dir);
    if (names->len > 0)
        qsort(names->at, names->len, sizeof *names->at, by_name);
    errno = failed;
    return failed == 0 ? 0 : -1;
}

/* Removes a set, files first; what is no plain name of a file in it makes it stay. */
static void remove_set(int sets, const char *name)
{
    struct texts names = {0};
    int fd = openat(sets, name, FOLDER_FLAGS);
    if (fd >= 0 && list_names(fd, &names) == 0)
        for (size_t i = 0; i < names.len; i++)
            unlinkat(fd, names.at[i], 0);
    if (fd >= 0)
        close(fd);
    unlinkat(sets, name, AT_REMOVEDIR);
    texts_clear(&names);
}

static bool is_fresh(const char *name)
{
    return strncmp(name, FRESH, sizeof FRESH - 1) == 0;
}

/* What a run that was killed has left; nobody else is at work. */
static void tidy_up(struct signature_sets *sets)
{
    struct texts names = {0};
    unlinkat(sets->fd, NEXT_CURRENT, 0);
    if (list_names(sets->sets, &names) == 0)
        for (size_t i = 0; i < names.len; i++)
            if (is_fresh(names.at[i]))
                remove_set(sets->sets, names.at[i]);
    texts_clear(&names);
}

/* ---- opening ---- */

static int check_private(const struct signature_sets *sets, int fd, const char *name,
                         struct strbuf *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return strbuf_why(why, "%s%s: %s", sets->folder, name, strerror(errno));
    return path_is_private(&st)
               ? 0
               : strbuf_why(why, "%s%s: others than root and the user who runs this may write it",
                            sets->folder, name);
}

static int take_lock(struct signature_sets *sets, struct strbuf *why)
{
    sets->lock =
        openat(sets->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (sets->lock < 0)
        return fail(sets, "lock", "", why);
    if (flock(sets->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? strbuf_why(why, "%s: another run is at work there", sets->folder)
                                : fail(sets, "lock", "", why);
}

/* Made with the mode they should have, whatever the umask. */
static int open_sets(struct signature_sets *sets, enum signature_access access, struct strbuf *why)
{
    if (access == SIGNATURE_SETS_CHANGE && mkdirat(sets->fd, "sets", 0700) == 0 &&
        fchmodat(sets->fd, "sets", 0755, 0) != 0)
        return fail(sets, "sets", "", why);
    sets->sets = openat(sets->fd, "sets", FOLDER_FLAGS);
    if (sets->sets >= 0)
        return check_private(sets, sets->sets, "/sets", why);
    return errno == ENOENT && access == SIGNATURE_SETS_LOOK ? 0 : fail(sets, "sets", "", why);
}

/* Made with the mode it should have, whatever the umask; one that is there keeps its own. */
static int make_folder(struct signature_sets *sets, struct strbuf *why)
{
    sets->fd = path_make_folder(sets->folder, 0755, why);
    if (sets->fd < 0)
        return -1;
    return fchmod(sets->fd, 0755) == 0 ? 0
                                       : strbuf_why(why, "%s: %s", sets->folder, strerror(errno));
}

static int open_folder(struct signature_sets *sets, enum signature_access access,
                       struct strbuf *why)
{
    struct strbuf path = {0}, reason = {0};
    strbuf_format(&path, "%s/.", sets->folder);
    sets->fd = path_open(AT_FDCWD, strbuf_text(&path), O_RDONLY | O_DIRECTORY, &reason);
    int result = sets->fd >= 0 ? 0 : -1;
    if (result != 0 && errno != ENOENT)
        strbuf_why(why, "%s", strbuf_text(&reason));
    else if (result != 0)
        result = access == SIGNATURE_SETS_CHANGE ? make_folder(sets, why) : 0;
    strbuf_clear(&path);
    strbuf_clear(&reason);
    return result;
}

static int open_all(struct signature_sets *sets, enum signature_access access, struct strbuf *why)
{
    if (open_folder(sets, access, why) < 0)
        return -1;
    if (sets->fd < 0)
        return 0;
    if (check_private(sets, sets->fd, "", why) != 0 ||
        (access == SIGNATURE_SETS_CHANGE && take_lock(sets, why) != 0) ||
        open_sets(sets, access, why) != 0)
        return -1;
    if (access == SIGNATURE_SETS_CHANGE)
        tidy_up(sets);
    return 0;
}

struct signature_sets *signature_sets_open(const char *folder, enum signature_access access,
                                           struct strbuf *why)
{
    struct signature_sets *sets = mem_alloc(sizeof *sets);
    *sets = (struct signature_sets){.folder = mem_text(folder), .fd = -1, .sets = -1, .lock = -1};
    if (open_all(sets, access, why) == 0)
        return sets;
    signature_sets_close(sets);
    return NULL;
}

static void close_one(int fd)
{
    if (fd >= 0)
        close(fd);
}

void signature_sets_close(struct signature_sets *sets)
{
    if (sets == NULL)
        return;
    close_one(sets->sets);
    close_one(sets->fd);
    close_one(sets->lock);
    free(sets->folder);
    free(sets);
}

/* ---- looking ---- */

int signature_sets_current(struct signature_sets *sets, char id[SIGNATURE_SET_ID],
                           struct strbuf *why)
{
    char target[sizeof TARGET + SIGNATURE_SET_ID] = "";
    const size_t prefix = sizeof TARGET - 1;
    *id = '\0';
    if (sets->fd < 0)
        return 0;
    ssize_t len = readlinkat(sets->fd, CURRENT, target, sizeof target - 1);
    if (len < 0 && errno == ENOENT)
        return 0;
    if (len < 0 && errno != EINVAL)
        return fail(sets, CURRENT, "", why);
    if (len < 0 || strncmp(target, TARGET, prefix) != 0 || !is_id(target + prefix))
        return strbuf_why(why, "%s/" CURRENT ": is no link to a set: nothing is changed",
                          sets->folder);
    memcpy(id, target + prefix, strlen(target + prefix) + 1);
    return 1;
}

int signature_sets_list(struct signature_sets *sets, struct texts *ids, struct strbuf *why)
{
    struct texts names = {0};
    int result = 0;
    if (sets->sets >= 0 && list_names(sets->sets, &names) != 0)
        result = fail(sets, "sets", "", why);
    for (size_t i = 0; result == 0 && i < names.len; i++)
        if (is_id(names.at[i]))
            texts_add(ids, names.at[i]);
    texts_clear(&names);
    return result;
}

/* A whole regular file below a folder; -1 with errno. */
static int read_file(int folder, const char *name, size_t most, struct strbuf *text)
{
    struct stat st;
    char block[1 << 14];
    ssize_t got = 0;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !path_is_private(&st)) {
        close(fd);
        errno = EPERM;
        return -1;
    }
    while ((got = read(fd, block, sizeof block)) > 0 && text->len <= most)
        strbuf_add(text, block, (size_t)got);
    int error = got < 0 ? errno : text->len > most ? EFBIG : 0;
    close(fd);
    errno = error;
    return error == 0 ? 0 : -1;
}

static int read_text(int folder, struct signature_file *file, struct strbuf *why)
{
    uint8_t hash[DIGEST_BYTES];
    if (read_file(folder, file->name, file->size, &file->text) != 0 && errno != EFBIG)
        return strbuf_why(why, "%s: %s", file->name, strerror(errno));
    digest_of(strbuf_span(&file->text), hash);
    return memcmp(hash, file->hash, sizeof hash) == 0
               ? 0
               : strbuf_why(why, "%s: was changed since it was put there", file->name);
}

static int read_set(int folder, bool texts, struct signature_set *set, struct strbuf *why)
{
    struct strbuf text = {0};
    int result = read_file(folder, MANIFEST, MANIFEST_MAX, &text);
    if (result != 0)
        strbuf_why(why, MANIFEST ": %s", strerror(errno));
    else
        result = signature_manifest_parse(set, strbuf_span(&text), why);
    for (size_t i = 0; result == 0 && texts && i < set->files.len; i++)
        result = read_text(folder, &set->files.at[i], why);
    strbuf_clear(&text);
    return result;
}

int signature_sets_read(struct signature_sets *sets, const char *id, bool texts,
                        struct signature_set *set, struct strbuf *why)
{
    struct strbuf reason = {0};
    *set = (struct signature_set){0};
    int fd = is_id(id) ? openat(sets->sets, id, FOLDER_FLAGS) : (errno = EINVAL, -1);
    int result =
        fd < 0 ? strbuf_why(&reason, "%s", strerror(errno)) : read_set(fd, texts, set, &reason);
    close_one(fd);
    if (result == 0)
        snprintf(set->id, sizeof set->id, "%s", id);
    else {
        strbuf_why(why, "%s/" TARGET "%s: %s", sets->folder, id, strbuf_text(&reason));
        signature_set_clear(set);
    }
    strbuf_clear(&reason);
    return result;
}

bool signature_sets_is_withdrawn(struct signature_sets *sets, const char *id)
{
    int fd = is_id(id) ? openat(sets->sets, id, FOLDER_FLAGS) : -1;
    bool is = fd >= 0 && faccessat(fd, WITHDRAWN, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    close_one(fd);
    return is;
}

/* ---- writing ---- */

/* A new file, on disk when this returns 0; -1 with errno. */
static int write_file(int folder, const char *name, struct span text)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    while (text.len > 0) {
        ssize_t done = write(fd, text.at, text.len);
        if (done < 0 && errno != EINTR)
            break;
        text = span_skip(text, done < 0 ? 0 : (size_t)done);
    }
    int error = text.len > 0 || fchmod(fd, 0644) != 0 || fsync(fd) != 0 ? errno : 0;
    if (close(fd) != 0 && error == 0)
        error = errno;
    errno = error;
    return error == 0 ? 0 : -1;
}

static int write_set(int folder, const struct signature_set *set)
{
    struct strbuf manifest = {0};
    int result = 0;
    for (size_t i = 0; result == 0 && i < set->files.len; i++)
        result = write_file(folder, set->files.at[i].name, strbuf_span(&set->files.at[i].text));
    signature_manifest_write(set, &manifest);
    if (result == 0)
        result = write_file(folder, MANIFEST, strbuf_span(&manifest));
    strbuf_clear(&manifest);
    return result == 0 && fchmod(folder, 0755) == 0 ? fsync(folder) : -1;
}

/* A name that no set has. */
static int choose_id(struct signature_sets *sets, struct signature_set *set, int64_t now)
{
    for (unsigned i = 0; i < 100; i++) {
        snprintf(set->id, sizeof set->id, "%010lld-%02u", (long long)(now > 0 ? now : 0), i);
        if (faccessat(sets->sets, set->id, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            return errno == ENOENT ? 0 : -1;
    }
    errno = EEXIST;
    return -1;
}

/* Under its own name, whole and on disk; -1 with errno: nothing of it is left. */
static int place_set(struct signature_sets *sets, struct signature_set *set, int64_t now)
{
    char fresh[sizeof FRESH + SIGNATURE_SET_ID];
    if (choose_id(sets, set, now) != 0)
        return -1;
    snprintf(fresh, sizeof fresh, FRESH "%s", set->id);
    if (mkdirat(sets->sets, fresh, 0700) != 0)
        return -1;
    int fd = openat(sets->sets, fresh, FOLDER_FLAGS);
    int result = fd < 0 ? -1 : write_set(fd, set);
    if (result == 0)
        result = renameat2(sets->sets, fresh, sets->sets, set->id, RENAME_NOREPLACE);
    if (result == 0)
        result = fsync(sets->sets);
    int saved = errno;
    close_one(fd);
    if (result != 0)
        remove_set(sets->sets, fresh);
    errno = saved;
    return result;
}

/* Makes a set the one in use; -1 with errno. */
static int switch_to(struct signature_sets *sets, const char *id)
{
    char target[sizeof TARGET + SIGNATURE_SET_ID];
    snprintf(target, sizeof target, TARGET "%s", id);
    unlinkat(sets->fd, NEXT_CURRENT, 0);
    if (symlinkat(target, sets->fd, NEXT_CURRENT) != 0)
        return -1;
    if (renameat(sets->fd, NEXT_CURRENT, sets->fd, CURRENT) == 0) {
        fsync(sets->fd); /* it is the one in use, whether that succeeds or not */
        return 0;
    }
    int saved = errno;
    unlinkat(sets->fd, NEXT_CURRENT, 0);
    errno = saved;
    return -1;
}

/* ---- old sets ---- */

/* The sets that can be reached by going back from the one in use. */
static void add_chain(struct signature_sets *sets, const char *id, struct texts *keep)
{
    struct signature_set set;
    char next[SIGNATURE_SET_ID];
    snprintf(next, sizeof next, "%s", id);
    for (unsigned i = 0; i < SIGNATURE_SETS_KEEP && *next != '\0'; i++) {
        texts_add(keep, next);
        if (signature_sets_read(sets, next, false, &set, NULL) != 0)
            return;
        memcpy(next, set.previous, sizeof next);
        signature_set_clear(&set);
    }
}

/* A kill in the middle must not leave half a set under its name. */
static void remove_named(struct signature_sets *sets, const char *id)
{
    char fresh[sizeof FRESH + SIGNATURE_SET_ID];
    snprintf(fresh, sizeof fresh, FRESH "%s", id);
    if (renameat2(sets->sets, id, sets->sets, fresh, RENAME_NOREPLACE) == 0)
        remove_set(sets->sets, fresh);
}

/* Kept are the chain, and the newest: among them are those that were withdrawn lately. */
static void remove_old(struct signature_sets *sets, const char *current)
{
    struct texts ids = {0}, keep = {0};
    add_chain(sets, current, &keep);
    if (signature_sets_list(sets, &ids, NULL) == 0)
        for (size_t i = 0; i + SIGNATURE_SETS_KEEP < ids.len; i++)
            if (!texts_has(&keep, ids.at[i]))
                remove_named(sets, ids.at[i]);
    texts_clear(&ids);
    texts_clear(&keep);
}

int signature_sets_put(struct signature_sets *sets, struct signature_set *set, int64_t now,
                       struct strbuf *why)
{
    int had = signature_sets_current(sets, set->previous, why);
    if (had < 0)
        return -1;
    if (place_set(sets, set, now) != 0)
        return fail(sets, TARGET, set->id, why);
    if (switch_to(sets, set->id) != 0) {
        fail(sets, CURRENT, "", why);
        remove_named(sets, set->id);
        return -1;
    }
    remove_old(sets, set->id);
    return 0;
}

/* Where the one in use came from; "" with why when that is not there. */
static int find_previous(struct signature_sets *sets, const char *current,
                         char previous[SIGNATURE_SET_ID], struct strbuf *why)
{
    struct signature_set set, before;
    if (signature_sets_read(sets, current, false, &set, why) != 0)
        return -1;
    memcpy(previous, set.previous, SIGNATURE_SET_ID);
    signature_set_clear(&set);
    if (*previous == '\0')
        return strbuf_why(why, "%s: there is no set before the one in use", sets->folder);
    if (signature_sets_read(sets, previous, true, &before, why) != 0)
        return -1;
    signature_set_clear(&before);
    return 0;
}

static int withdraw(struct signature_sets *sets, const char *id)
{
    int fd = openat(sets->sets, id, FOLDER_FLAGS);
    int result = fd < 0 ? -1 : write_file(fd, WITHDRAWN, SPAN(""));
    if (result != 0 && fd >= 0 && errno == EEXIST)
        result = 0;
    if (result == 0)
        result = fsync(fd);
    int saved = errno;
    close_one(fd);
    errno = saved;
    return result;
}

int signature_sets_roll_back(struct signature_sets *sets, char id[SIGNATURE_SET_ID],
                             struct strbuf *why)
{
    char current[SIGNATURE_SET_ID];
    int had = signature_sets_current(sets, current, why);
    if (had == 0)
        return strbuf_why(why, "%s: no set is in use", sets->folder);
    if (had < 0 || find_previous(sets, current, id, why) != 0)
        return -1;
    if (withdraw(sets, current) != 0)
        return fail(sets, TARGET, current, why);
    return switch_to(sets, id) == 0 ? 0 : fail(sets, CURRENT, "", why);
}
