/* vault - opening the quarantine, its locks, its manifests, and what a killed run left.
 *
 * Two locks: FOLDER/lock is held by every run for as long as it lives, so that who gets it alone
 * knows that nobody is at work and may tidy up; objects/ is held for the moments in which a
 * content and the manifest that needs it come or go.
 */
#include "scratch.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/path.h"
#include "vault_own.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MANIFEST_MAX (1 << 20) /* bytes; more than one within its bounds can have */

int vault_each_name(int folder, void (*visit)(void *context, const char *name), void *context,
                    struct strbuf *why)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* its own position */
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return strbuf_why(why, "%s", strerror(errno));
    }
    while ((errno = 0, entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            visit(context, entry->d_name);
    int result = errno == 0 ? 0 : strbuf_why(why, "%s", strerror(errno));
    closedir(dir);
    return result;
}

static void flock_surely(int fd, int how)
{
    while (flock(fd, how) != 0 && errno == EINTR)
        ;
}

void vault_hold(struct vault *vault)
{
    flock_surely(vault->objects, LOCK_SH);
}

void vault_hold_alone(struct vault *vault)
{
    flock_surely(vault->objects, LOCK_EX);
}

void vault_release(struct vault *vault)
{
    flock_surely(vault->objects, LOCK_UN);
}

/* ---- manifests ---- */

/* "20261121-224605-": UTC, so that IDs sort by time when summer time ends too. */
static void add_date(struct strbuf *out, int64_t time)
{
    int64_t days = time / 86400 + 719468, second = time % 86400; /* since 1 March of year 0 */
    int64_t era = days / 146097, day = days % 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    int64_t month = (5 * day + 2) / 153; /* 0 is March */
    day -= (153 * month + 2) / 5;
    strbuf_format(out, "%04d%02d%02d-%02d%02d%02d-",
                  (int)((era * 400 + year + (month > 9)) % 10000),
                  (int)(month > 9 ? month - 9 : month + 3), (int)day + 1, (int)(second / 3600),
                  (int)(second / 60 % 60), (int)(second % 60));
}

static void choose_id(char id[VAULT_ID], int64_t when)
{
    struct strbuf text = {0};
    char random[7];
    scratch_random(random, 6);
    add_date(&text, when);
    strbuf_add_text(&text, random);
    memcpy(id, text.data, text.len + 1);
    strbuf_clear(&text);
}

/* Writes it once. What could not be read again is not written. */
static int put_manifest(struct vault *vault, const struct vault_case *one, bool first,
                        struct strbuf *why)
{
    struct scratch scratch;
    struct strbuf text = {0};
    struct vault_case again;
    vault_case_write(one, &text);
    int result = vault_case_parse(&again, strbuf_span(&text), why);
    if (result == 0)
        result = scratch_open_named(&scratch, vault->fresh, why);
    if (result == 0) {
        result = scratch_write(scratch.fd, strbuf_span(&text), why);
        if (result == 0)
            result = scratch_put(&scratch, vault->cases, one->id, !first, why);
        int saved = errno;
        scratch_close(&scratch);
        errno = saved;
    } else {
        errno = EINVAL;
    }
    vault_case_clear(&again);
    strbuf_clear(&text);
    return result;
}

int vault_put_case(struct vault *vault, struct vault_case *one, bool first, struct strbuf *why)
{
    struct strbuf reason = {0};
    int result;
    do {
        if (first)
            choose_id(one->id, one->when);
        errno = 0;
        result = put_manifest(vault, one, first, &reason);
    } while (first && result != 0 && errno == EEXIST);
    if (result != 0)
        strbuf_why(why, "its manifest: %s", strbuf_text(&reason));
    strbuf_clear(&reason);
    return result;
}

static int read_manifest(int fd, struct strbuf *text, struct strbuf *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > MANIFEST_MAX)
        return strbuf_why(why, "no manifest: no regular file, or too large");
    char *block = mem_alloc((size_t)st.st_size + 1);
    ssize_t got = read(fd, block, (size_t)st.st_size);
    if (got > 0)
        strbuf_add(text, block, (size_t)got);
    free(block);
    return got == st.st_size ? 0 : strbuf_why(why, "its manifest cannot be read");
}

int vault_case_read(struct vault *vault, const char *id, struct vault_case *one, struct strbuf *why)
{
    struct strbuf text = {0}, reason = {0};
    *one = (struct vault_case){0};
    if (!vault_is_id(id))
        return strbuf_why(why, "\"%s\" is no ID of a case", id);
    int fd = openat(vault->cases, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int result =
        fd < 0 ? strbuf_why(&reason, "%s", strerror(errno)) : read_manifest(fd, &text, &reason);
    if (fd >= 0)
        close(fd);
    if (result == 0)
        result = vault_case_parse(one, strbuf_span(&text), &reason);
    if (result == 0 && strcmp(one->id, id) != 0)
        result = strbuf_why(&reason, "its manifest is that of %s", one->id);
    if (result != 0)
        strbuf_why(why, "%s: %s", id, strbuf_text(&reason));
    strbuf_clear(&text);
    strbuf_clear(&reason);
    return result;
}

static void add_id(void *context, const char *name)
{
    if (vault_is_id(name))
        texts_add(context, name);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int vault_list(struct vault *vault, struct texts *ids, struct strbuf *why)
{
    struct strbuf reason = {0};
    int result = vault_each_name(vault->cases, add_id, ids, &reason);
    if (result != 0)
        strbuf_why(why, "%s/cases: %s", vault->path, strbuf_text(&reason));
    if (ids->len > 1)
        qsort(ids->at, ids->len, sizeof *ids->at, by_text);
    strbuf_clear(&reason);
    return result;
}

int vault_find(struct vault *vault, const char *prefix, char id[VAULT_ID], struct strbuf *why)
{
    struct texts ids = {0};
    const char *found = NULL;
    size_t count = 0;
    int result = vault_list(vault, &ids, why);
    for (size_t i = 0; i < ids.len; i++) {
        if (strncmp(ids.at[i], prefix, strlen(prefix)) != 0)
            continue;
        found = ids.at[i];
        count++;
    }
    if (result == 0 && count == 0)
        result = strbuf_why(why, "%s: there is no case with that ID", prefix);
    else if (result == 0 && count > 1)
        result = strbuf_why(why, "%s: there are %zu cases whose ID begins so", prefix, count);
    else if (result == 0)
        memcpy(id, found, strlen(found) + 1);
    texts_clear(&ids);
    return result;
}

/* ---- what a killed run left ---- */

static void remove_fresh(void *context, const char *name)
{
    const struct vault *vault = context;
    unlinkat(vault->fresh, name, 0);
}

enum name_is { NAME_GONE, NAME_THERE, NAME_UNKNOWN };

/* Device numbers may be others after a reboot; inode and size are not by chance the same. */
static enum name_is look_for(const struct vault_case *one, struct strbuf *why)
{
    struct stat there;
    const char *name;
    int folder = path_open_parent(AT_FDCWD, one->path, &name, why);
    if (folder < 0)
        return errno == ENOENT || errno == ENOTDIR ? NAME_GONE : NAME_UNKNOWN;
    enum name_is result = NAME_GONE;
    if (fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
        result = there.st_ino == one->st.st_ino && there.st_size == one->st.st_size ? NAME_THERE
                                                                                    : NAME_GONE;
    else if (errno != ENOENT) {
        strbuf_why(why, "%s: %s", one->path, strerror(errno));
        result = NAME_UNKNOWN;
    }
    close(folder);
    return result;
}

static void settle_case(struct vault *vault, struct vault_case *one, struct texts *problems)
{
    struct strbuf why = {0};
    enum name_is name = look_for(one, &why);
    if (name == NAME_UNKNOWN) {
        texts_format(problems,
                     "case %s: a run that was taking %s away ended too early, and whether "
                     "the file is still there cannot be told: %s",
                     one->id, one->path, strbuf_text(&why));
    } else {
        one->state = name == NAME_GONE ? VAULT_TAKEN : VAULT_KEPT;
        texts_format(problems,
                     "case %s: a run that was taking %s away ended too early: the file is %s, and "
                     "here is a copy",
                     one->id, one->path, name == NAME_GONE ? "gone from there" : "still there");
        if (vault_put_case(vault, one, false, &why) != 0)
            texts_format(problems, "case %s: %s", one->id, strbuf_text(&why));
    }
    strbuf_clear(&why);
}

/* Only who is alone may: what is half done belongs to nobody then. */
static void settle(struct vault *vault, struct texts *problems)
{
    struct texts ids = {0};
    struct strbuf why = {0};
    if (vault_each_name(vault->fresh, remove_fresh, vault, &why) != 0 ||
        vault_list(vault, &ids, &why) != 0)
        texts_format(problems, "%s: %s", vault->path, strbuf_text(&why));
    for (size_t i = 0; i < ids.len; i++) {
        struct vault_case one; /* whoever lists them tells those that cannot be read */
        if (vault_case_read(vault, ids.at[i], &one, NULL) == 0 && one.state == VAULT_BEGUN)
            settle_case(vault, &one, problems);
        vault_case_clear(&one);
    }
    texts_clear(&ids);
    strbuf_clear(&why);
}

/* ---- opening ---- */

struct tenants_of_folder {
    int folder;
    char *other; /* a folder of another user, owned */
};

static void note_other(void *context, const char *name)
{
    struct tenants_of_folder *look = context;
    struct stat st;
    if (look->other == NULL && fstatat(look->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(st.st_mode) && st.st_uid != 0 && st.st_uid != geteuid())
        look->other = mem_text(name);
}

/* -q /home or -q /tmp would mix what was taken with what lives there. */
static int check_folder(int fd, struct strbuf *why)
{
    struct stat st;
    struct tenants_of_folder look = {.folder = fd};
    if (fstat(fd, &st) != 0)
        return strbuf_why(why, "%s", strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return strbuf_why(why, "is no folder");
    if (!path_is_private(&st))
        return strbuf_why(why, "others own it or may write to it, so it cannot be the quarantine");
    int result = vault_each_name(fd, note_other, &look, why);
    if (look.other != NULL)
        result = strbuf_why(
            why, "holds the folder %s of another user, so it cannot be the quarantine", look.other);
    free(look.other);
    return result;
}

/* A folder in the vault's, private. A descriptor, or -1 with why. */
static int open_part(int folder, const char *name, bool make, struct strbuf *why)
{
    struct stat st;
    int made = make ? mkdirat(folder, name, 0700) : -1, saved = errno;
    if (made == 0)
        fsync(folder);
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && make)
        errno = saved; /* why it could not be made */
    if (fd < 0 && errno == ENOENT && !make)
        return strbuf_why(why, "nothing was ever taken into it (it has no folder %s)", name);
    if (fd < 0)
        return strbuf_why(why, "%s: %s", name, strerror(errno));
    if (fstat(fd, &st) == 0 && path_is_private(&st))
        return fd;
    close(fd);
    return strbuf_why(why, "%s: others own it or may write to it", name);
}

static int open_parts(struct vault *vault, bool make, struct strbuf *why)
{
    if (check_folder(vault->folder, why) != 0)
        return -1;
    if ((vault->cases = open_part(vault->folder, "cases", make, why)) < 0 ||
        (vault->objects = open_part(vault->folder, "objects", make, why)) < 0 ||
        (vault->fresh = open_part(vault->folder, "new", make, why)) < 0)
        return -1;
    vault->lock = openat(vault->folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    return vault->lock >= 0 ? 0 : strbuf_why(why, "lock: %s", strerror(errno));
}

static struct vault *open_vault(const char *folder, int fd, bool make, struct texts *problems,
                                struct strbuf *why)
{
    struct strbuf reason = {0};
    struct vault *vault = mem_alloc(sizeof *vault);
    *vault = (struct vault){fd, -1, -1, -1, -1, mem_text(folder)};
    if (digest_load(&reason) != 0 || open_parts(vault, make, &reason) != 0) {
        strbuf_why(why, "%s: %s", folder, strbuf_text(&reason));
        strbuf_clear(&reason);
        vault_close(vault);
        return NULL;
    }
    if (flock(vault->lock, LOCK_EX | LOCK_NB) == 0)
        settle(vault, problems);
    flock_surely(vault->lock, LOCK_SH);
    return vault;
}

struct vault *vault_open(const char *folder, struct texts *problems, struct strbuf *why)
{
    int fd = path_make_folder(folder, 0700, why);
    return fd < 0 ? NULL : open_vault(folder, fd, true, problems, why);
}

struct vault *vault_open_old(const char *folder, struct texts *problems, struct strbuf *why)
{
    struct strbuf inside = {0}; /* a link of root's is followed, as vault_open does */
    strbuf_format(&inside, "%s/.", folder);
    int fd = path_open(AT_FDCWD, strbuf_text(&inside), O_RDONLY | O_DIRECTORY, NULL);
    if (fd < 0)
        strbuf_why(why, "%s: %s", folder, strerror(errno));
    strbuf_clear(&inside);
    return fd < 0 ? NULL : open_vault(folder, fd, false, problems, why);
}

void vault_close(struct vault *vault)
{
    if (vault == NULL)
        return;
    const int fds[] = {vault->folder, vault->objects, vault->cases, vault->fresh, vault->lock};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(vault->path);
    free(vault);
}
