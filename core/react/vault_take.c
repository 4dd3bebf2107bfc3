/* vault_take - files go into the quarantine: copied, verified, synced, and only then unlinked.
 *
 * The inode itself never moves there: who has it open for writing could go on changing what was
 * put away. What is compared before the name goes: the descriptor is as it was when it was
 * examined (size, times), and the name still belongs to it.
 */
#include "scratch.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/path.h"
#include "vault_own.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- contents ---- */

struct place { /* of an object */
    char folder[3], name[DIGEST_TEXT + 1];
};

static struct place place_of(const uint8_t hash[DIGEST_BYTES])
{
    struct place place;
    digest_text(hash, place.name);
    memcpy(place.folder, place.name, 2);
    place.folder[2] = '\0';
    return place;
}

int vault_open_object(struct vault *vault, const uint8_t hash[DIGEST_BYTES], uint64_t *size,
                      struct strbuf *why)
{
    struct place place = place_of(hash);
    struct stat st;
    int folder =
        openat(vault->objects, place.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int fd = folder < 0
                 ? -1
                 : openat(folder, place.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int saved = errno;
    if (folder >= 0)
        close(folder);
    if (fd < 0) {
        strbuf_why(why, "its content %s: %s", place.name, strerror(saved));
        errno = saved;
        return -1;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        *size = (uint64_t)st.st_size;
        return fd;
    }
    close(fd);
    errno = EINVAL;
    return strbuf_why(why, "its content %s is no regular file", place.name);
}

/* Is the content there already, and really that one? */
static bool has_object(struct vault *vault, const uint8_t hash[DIGEST_BYTES], uint64_t size)
{
    uint8_t found[DIGEST_BYTES];
    uint64_t its_size, read_size;
    int fd = vault_open_object(vault, hash, &its_size, NULL);
    if (fd < 0)
        return false;
    bool good = its_size == size && digest_of_file(fd, found, &read_size, NULL) == 0 &&
                read_size == size && memcmp(found, hash, sizeof found) == 0;
    close(fd);
    return good;
}

/* Two runs that put the same content at once replace it by itself; a damaged one is mended. */
static int put_object(struct vault *vault, struct scratch *scratch, const uint8_t *hash,
                      uint64_t size, struct strbuf *why)
{
    struct place place = place_of(hash);
    if (mkdirat(vault->objects, place.folder, 0700) != 0 && errno != EEXIST)
        return strbuf_why(why, "its content: %s", strerror(errno));
    int folder =
        openat(vault->objects, place.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return strbuf_why(why, "its content: %s", strerror(errno));
    int result = 0;
    if (!has_object(vault, hash, size)) {
        fchmod(scratch->fd, S_IRUSR);
        result = scratch_put(scratch, folder, place.name, true, why);
    }
    if (result == 0 && (fsync(folder) != 0 || fsync(vault->objects) != 0))
        result = strbuf_why(why, "its content cannot be brought to disk: %s", strerror(errno));
    close(folder);
    return result;
}

static int store(struct vault *vault, const struct vault_file *file, uint8_t hash[DIGEST_BYTES],
                 struct strbuf *why)
{
    struct scratch scratch;
    if (scratch_open_named(&scratch, vault->fresh, why) != 0)
        return -1;
    uint64_t size = (uint64_t)file->st->st_size;
    int result = scratch_copy(file->fd, scratch.fd, size, hash, why);
    if (result == 0 && file->hash != NULL && memcmp(file->hash, hash, DIGEST_BYTES) != 0)
        result = strbuf_why(why, "it has changed since it was examined");
    if (result == 0)
        result = put_object(vault, &scratch, hash, size, why);
    scratch_close(&scratch);
    return result;
}

/* ---- cases ---- */

/* Is the folder below the quarantine's own? A scan of the whole machine comes by there, and
 * taking a content away from itself would lose it. */
static int check_outside(const struct vault *vault, int folder, struct strbuf *why)
{
    struct stat own, at, above;
    int fd = openat(folder, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool inside = false, top = false;
    bool good = fstat(vault->folder, &own) == 0;
    while (good && fd >= 0 && !inside && !top) {
        int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        good = up >= 0 && fstat(fd, &at) == 0 && fstat(up, &above) == 0;
        inside = good && path_same_inode(&at, &own);
        top = good && path_same_inode(&at, &above);
        close(fd);
        fd = up;
    }
    int saved = errno;
    if (fd >= 0)
        close(fd);
    if (inside)
        return strbuf_why(why, "it lies in the quarantine itself");
    return top ? 0 : strbuf_why(why, "where its folder lies cannot be told: %s", strerror(saved));
}

/* The kernel tells names of up to 4095 bytes; a path below the working directory may be longer. */
static char *below_working_directory(const char *path)
{
    char at[4096];
    struct strbuf whole = {0};
    if (getcwd(at, sizeof at) == NULL || *at != '/')
        return NULL;
    strbuf_format(&whole, "%s/%s", strcmp(at, "/") == 0 ? "" : at, path);
    return strbuf_take(&whole);
}

/* For the manifest the path must be whole: it is read by a run with another working directory. */
static char *whole_path(const char *path, int folder, const char *name, struct strbuf *why)
{
    char link[40], at[4096];
    bool dots = strstr(path, "/../") != NULL || strncmp(path, "../", 3) == 0;
    if (*path == '/' && !dots)
        return mem_text(path);
    struct strbuf whole = {0}, proc = {0};
    strbuf_format(&proc, "/proc/self/fd/%d", folder);
    memcpy(link, proc.data, proc.len + 1);
    strbuf_clear(&proc);
    ssize_t len = readlink(link, at, sizeof at);
    if (len <= 0 || len == sizeof at || *at != '/') {
        char *below = *path == '/' || dots ? NULL : below_working_directory(path);
        if (below != NULL)
            return below;
        strbuf_why(why, "the name of its folder cannot be told");
        return NULL;
    }
    strbuf_add(&whole, at, (size_t)len);
    strbuf_format(&whole, "%s%s", len > 1 ? "/" : "", name);
    return strbuf_take(&whole);
}

static void clamp(struct timespec *time)
{
    if (time->tv_sec < -INT64_MAX)
        time->tv_sec = -INT64_MAX;
}

static int describe(struct vault_case *one, const struct vault_file *file, struct strbuf *why)
{
    if (!S_ISREG(file->st->st_mode))
        return strbuf_why(why, "it is no regular file");
    if ((uint64_t)file->st->st_size > VAULT_FILE_MAX)
        return strbuf_why(why, "it is larger than %llu GiB; move it by hand", VAULT_FILE_MAX >> 30);
    one->hits = mem_text_of(file->hits, strnlen(file->hits, 16384));
    one->reason = mem_text(file->reason);
    one->when = clock_now();
    one->st = *file->st;
    clamp(&one->st.st_atim);
    clamp(&one->st.st_mtim);
    clamp(&one->st.st_ctim);
    attributes_read(&one->attributes, file->fd);
    return 0;
}

static int keep(struct vault *vault, const struct vault_file *file, int folder, const char *name,
                struct vault_case *one, struct strbuf *why)
{
    if (describe(one, file, why) != 0 || check_outside(vault, folder, why) != 0)
        return -1;
    one->path = whole_path(file->path, folder, name, why);
    if (one->path == NULL || store(vault, file, one->hash, why) != 0 ||
        scratch_is_unchanged(folder, name, file->fd, file->st, why) != 0)
        return -1;
    return vault_put_case(vault, one, true, why);
}

static int remove_name(int folder, const char *name, struct strbuf *why)
{
    if (unlinkat(folder, name, 0) != 0)
        return strbuf_why(why, "%s", strerror(errno));
    fsync(folder); /* if this fails the file may come back: in both places is allowed */
    return 0;
}

/* The name goes, then the manifest says so; that it could not be brought up to date is no loss:
 * the next run that is alone will. */
static int finish(struct vault *vault, const struct vault_file *file, int folder, const char *name,
                  struct vault_case *one, struct strbuf *why)
{
    int result = scratch_is_unchanged(folder, name, file->fd, file->st, why);
    if (result == 0)
        result = remove_name(folder, name, why);
    one->state = result == 0 ? VAULT_TAKEN : VAULT_KEPT;
    vault_put_case(vault, one, false, NULL);
    return result;
}

static int put_away(struct vault *vault, const struct vault_file *file, enum vault_state state,
                    char id[VAULT_ID], struct strbuf *why)
{
    struct vault_case one = {.state = state};
    struct strbuf reason = {0};
    const char *name;
    *id = '\0';
    int folder = scratch_open_parent(file->path, "not put into quarantine", &name, why);
    if (folder < 0)
        return -1;
    vault_hold(vault);
    int result = keep(vault, file, folder, name, &one, &reason);
    if (result == 0) {
        memcpy(id, one.id, VAULT_ID);
        if (state == VAULT_BEGUN)
            result = finish(vault, file, folder, name, &one, &reason);
    }
    vault_release(vault);
    if (result != 0)
        strbuf_why(why, "%s: not put into quarantine: %s", file->path, strbuf_text(&reason));
    close(folder);
    vault_case_clear(&one);
    strbuf_clear(&reason);
    return result;
}

int vault_keep(struct vault *vault, const struct vault_file *file, char id[VAULT_ID],
               struct strbuf *why)
{
    return put_away(vault, file, VAULT_KEPT, id, why);
}

int vault_take(struct vault *vault, const struct vault_file *file, char id[VAULT_ID],
               struct strbuf *why)
{
    return put_away(vault, file, VAULT_BEGUN, id, why);
}

/* Nothing is kept of it, so what is deleted must be what was examined. */
static int check_content(const struct vault_file *file, struct strbuf *why)
{
    uint8_t hash[DIGEST_BYTES];
    if (file->hash == NULL)
        return 0;
    if (!digest_is_loaded())
        return strbuf_why(why, "its hash cannot be compared");
    if (digest_of_file(file->fd, hash, NULL, why) != 0)
        return -1;
    return memcmp(hash, file->hash, sizeof hash) == 0
               ? 0
               : strbuf_why(why, "it has changed since it was examined");
}

int vault_delete_file(const struct vault_file *file, struct strbuf *why)
{
    struct strbuf reason = {0};
    const char *name;
    int folder = scratch_open_parent(file->path, "not removed", &name, why);
    if (folder < 0)
        return -1;
    int result = check_content(file, &reason);
    if (result == 0)
        result = scratch_is_unchanged(folder, name, file->fd, file->st, &reason);
    if (result == 0)
        result = remove_name(folder, name, &reason);
    if (result != 0)
        strbuf_why(why, "%s: not removed: %s", file->path, strbuf_text(&reason));
    strbuf_clear(&reason);
    close(folder);
    return result;
}
