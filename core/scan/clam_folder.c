/* clam_folder - may a folder of ClamAV databases be believed?
 *
 * Every file of it counts: one line in an *.ign2 or *.fp switches a signature off. freshclam
 * runs as an account of its own, to which the folder belongs where ClamAV is a package.
 */
#include "clam_folder.h"

#include "spamgear/scan/clam.h"

#include "spamgear/base/map.h"
#include "spamgear/base/path.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const freshclam_users[] = {"clamav", "clamupdate"};

static bool is_freshclam(uid_t uid)
{
    for (size_t i = 0; i < sizeof freshclam_users / sizeof *freshclam_users; i++) {
        const struct passwd *user = getpwnam(freshclam_users[i]);
        if (user != NULL && user->pw_uid == uid)
            return true;
    }
    return false;
}

static bool may_be_believed(const struct stat *st)
{
    if (path_is_private(st))
        return true;
    return (st->st_mode & (S_IWGRP | S_IWOTH)) == 0 && is_freshclam(st->st_uid);
}

/* Files are summed up, so their order in the folder does not matter. */
static uint64_t digest_of_entry(const char *name, const struct stat *st)
{
    struct strbuf text = {0};
    strbuf_format(&text, "%s %lld %lld.%09ld", name, (long long)st->st_size,
                  (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
    uint64_t digest = map_digest(text.data, text.len);
    strbuf_clear(&text);
    return digest;
}

static int check_entry(int fd, const char *folder, const char *name, uint64_t *fingerprint,
                       struct strbuf *why)
{
    struct stat st;
    if (fstatat(fd, name, &st, 0) != 0)
        return strbuf_why(why, "%s/%s: %s", folder, name, strerror(errno));
    if (!S_ISREG(st.st_mode)) /* libclamav takes regular files only, but waits for a FIFO */
        return S_ISDIR(st.st_mode) ? 0 : strbuf_why(why, "%s/%s: is no regular file", folder, name);
    if (!may_be_believed(&st))
        return strbuf_why(why, "%s/%s: other users may write to it", folder, name);
    *fingerprint += digest_of_entry(name, &st);
    return 0;
}

static int check_entries(DIR *dir, const char *folder, uint64_t *fingerprint, struct strbuf *why)
{
    struct stat st;
    struct dirent *entry;
    int result = 0;
    if (fstat(dirfd(dir), &st) != 0)
        return strbuf_why(why, "%s: %s", folder, strerror(errno));
    if (!may_be_believed(&st))
        return strbuf_why(why, "%s: other users may write to it", folder);
    while (result == 0 && (errno = 0, entry = readdir(dir)) != NULL)
        result = check_entry(dirfd(dir), folder, entry->d_name, fingerprint, why);
    return result != 0 || errno == 0 ? result : strbuf_why(why, "%s: %s", folder, strerror(errno));
}

int clam_folder_check(const char *folder, uint64_t *fingerprint, struct strbuf *why)
{
    *fingerprint = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return strbuf_why(why, "%s: %s", folder, strerror(errno));
    int result = check_entries(dir, folder, fingerprint, why);
    closedir(dir);
    return result;
}

/* Of the content and of the name, whichever is later. */
static int64_t changed(const struct stat *st)
{
    return st->st_ctim.tv_sec > st->st_mtim.tv_sec ? st->st_ctim.tv_sec : st->st_mtim.tv_sec;
}

static void look_at_entry(int fd, const char *name, uint64_t *fingerprint, int64_t *newest)
{
    struct stat st;
    if (fstatat(fd, name, &st, 0) != 0 || !S_ISREG(st.st_mode))
        return;
    *fingerprint += digest_of_entry(name, &st);
    if (changed(&st) > *newest)
        *newest = changed(&st);
}

int clam_folder_fingerprint(const char *folder, uint64_t *fingerprint, int64_t *newest)
{
    struct stat st;
    const struct dirent *entry;
    DIR *dir = opendir(folder);
    *fingerprint = 0;
    *newest = dir != NULL && fstat(dirfd(dir), &st) == 0 ? changed(&st) : 0;
    if (dir == NULL)
        return -1;
    while ((errno = 0, entry = readdir(dir)) != NULL)
        look_at_entry(dirfd(dir), entry->d_name, fingerprint, newest);
    int result = errno == 0 ? 0 : -1;
    closedir(dir);
    return result;
}
