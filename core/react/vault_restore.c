/* vault_restore - files come back exactly as they were, or are forgotten for good.
 *
 * A restored file gets its owner, mode, attributes and times before it gets its name: nobody sees
 * half of it, and its hash is compared before that.
 */
#include "scratch.h"
#include "spamgear/base/map.h"
#include "spamgear/base/path.h"
#include "vault_own.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- back ---- */

/* Owner before attributes and mode: chown takes capabilities and set-ID bits away. */
static int dress(int fd, const struct vault_case *one, struct texts *remarks, struct strbuf *why)
{
    struct stat new;
    const struct timespec times[2] = {one->st.st_atim, one->st.st_mtim};
    if (fstat(fd, &new) != 0)
        return strbuf_why(why, "%s", strerror(errno));
    if ((new.st_uid != one->st.st_uid || new.st_gid != one->st.st_gid) &&
        fchown(fd, one->st.st_uid, one->st.st_gid) != 0)
        return strbuf_why(why, "its owner cannot be set: %s", strerror(errno));
    if (attributes_apply(&one->attributes, fd, remarks, why) != 0)
        return -1;
    if (fchmod(fd, one->st.st_mode & 07777) != 0)
        return strbuf_why(why, "its mode cannot be set: %s", strerror(errno));
    if (futimens(fd, times) != 0)
        return strbuf_why(why, "its times cannot be set: %s", strerror(errno));
    if (one->attributes.left_out > 0)
        texts_format(remarks, "%u of its attributes could not be kept when it was taken",
                     one->attributes.left_out);
    return 0;
}

static int copy_back(struct vault *vault, const struct vault_case *one, int to, struct strbuf *why)
{
    uint8_t hash[DIGEST_BYTES];
    uint64_t size;
    int object = vault_open_object(vault, one->hash, &size, why);
    if (object < 0)
        return -1;
    int result = scratch_copy(object, to, size, hash, why);
    if (result == 0 &&
        (memcmp(hash, one->hash, sizeof hash) != 0 || size != (uint64_t)one->st.st_size))
        result = strbuf_why(why, "its content in the quarantine is damaged");
    close(object);
    return result;
}

static int put_back(struct vault *vault, const struct vault_case *one, const char *path,
                    struct texts *remarks, struct strbuf *why)
{
    struct scratch scratch;
    const char *name;
    struct stat st;
    int folder = path_open_parent(AT_FDCWD, path, &name, why);
    if (folder < 0)
        return -1;
    int result = fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0
                     ? strbuf_why(why, "%s: there is a file of that name", path)
                     : scratch_open(&scratch, folder, why);
    if (result == 0) {
        result = copy_back(vault, one, scratch.fd, why);
        if (result == 0)
            result = dress(scratch.fd, one, remarks, why);
        struct strbuf reason = {0};
        if (result == 0 && scratch_put(&scratch, folder, name, false, &reason) != 0)
            result = strbuf_why(why, "%s: %s", path, strbuf_text(&reason));
        strbuf_clear(&reason);
        scratch_close(&scratch);
    }
    close(folder);
    return result;
}

int vault_restore(struct vault *vault, const char *id, const char *to, struct texts *remarks,
                  struct strbuf *why)
{
    struct vault_case one;
    struct strbuf reason = {0};
    int result = vault_case_read(vault, id, &one, why);
    if (result != 0) {
        vault_case_clear(&one);
        return result;
    }
    vault_hold(vault);
    result = put_back(vault, &one, to != NULL ? to : one.path, remarks, &reason);
    if (result == 0) {
        one.state = VAULT_RESTORED;
        if (vault_put_case(vault, &one, false, &reason) != 0)
            texts_format(remarks, "the case does not say that: %s", strbuf_text(&reason));
    } else {
        strbuf_why(why, "%s: not restored: %s", id, strbuf_text(&reason));
    }
    vault_release(vault);
    vault_case_clear(&one);
    strbuf_clear(&reason);
    return result;
}

/* ---- forgotten ---- */

struct sweep {
    struct vault *vault;
    struct map needed; /* names of objects */
    int folder;        /* objects/ab */
    char two[3];
};

/* Which contents do the cases that are left need? -1 with why when one does not tell. */
static int list_needed(struct sweep *sweep, struct strbuf *why)
{
    struct texts ids = {0};
    char name[DIGEST_TEXT + 1];
    int result = vault_list(sweep->vault, &ids, why);
    for (size_t i = 0; result == 0 && i < ids.len; i++) {
        struct vault_case one;
        result = vault_case_read(sweep->vault, ids.at[i], &one, why);
        digest_text(one.hash, name);
        map_put(&sweep->needed, (struct span){name, DIGEST_TEXT}, NULL);
        vault_case_clear(&one);
    }
    texts_clear(&ids);
    return result;
}

/* Whatever else an admin has put there stays. */
static void sweep_object(void *context, const char *name)
{
    struct sweep *sweep = context;
    uint8_t hash[DIGEST_BYTES];
    struct span text = span_text(name);
    if (text.len == DIGEST_TEXT && digest_parse(text, hash) && memcmp(name, sweep->two, 2) == 0 &&
        map_get(&sweep->needed, text) == MAP_NONE)
        unlinkat(sweep->folder, name, 0);
}

static void sweep_folder(void *context, const char *name)
{
    struct sweep *sweep = context;
    if (strlen(name) != 2)
        return;
    memcpy(sweep->two, name, 3);
    sweep->folder =
        openat(sweep->vault->objects, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (sweep->folder < 0)
        return;
    vault_each_name(sweep->folder, sweep_object, sweep, NULL);
    close(sweep->folder);
}

static void sweep_objects(struct vault *vault, struct texts *problems)
{
    struct sweep sweep = {.vault = vault};
    struct strbuf why = {0};
    if (list_needed(&sweep, &why) != 0)
        texts_format(problems, "%s (so no content was removed)", strbuf_text(&why));
    else if (vault_each_name(vault->objects, sweep_folder, &sweep, &why) != 0)
        texts_format(problems, "%s/objects: %s", vault->path, strbuf_text(&why));
    map_clear(&sweep.needed);
    strbuf_clear(&why);
}

int vault_remove(struct vault *vault, const struct texts *ids, struct texts *problems,
                 struct strbuf *why)
{
    int removed = 0;
    vault_hold_alone(vault);
    for (size_t i = 0; i < ids->len; i++) {
        if (vault_is_id(ids->at[i]) && unlinkat(vault->cases, ids->at[i], 0) == 0)
            removed++;
        else
            texts_format(problems, "%s: %s", ids->at[i],
                         vault_is_id(ids->at[i]) ? strerror(errno) : "is no ID of a case");
    }
    int result = fsync(vault->cases) == 0
                     ? removed
                     : strbuf_why(why, "%s/cases: %s", vault->path, strerror(errno));
    if (result >= 0)
        sweep_objects(vault, problems);
    vault_release(vault);
    return result;
}
