/* scratch - made by mkdtemp, removed by descriptors. A tree that is too deep to be what libclamav
 * made is left standing: nothing here recurses as deep as somebody else wants. */
#include "spamgear/base/scratch.h"

#include "spamgear/base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

char *scratch_make(const char *parent, uid_t uid, gid_t gid, struct strbuf *why)
{
    struct strbuf path = {0};
    strbuf_format(&path, "%s/" SCRATCH_PREFIX "XXXXXX", parent);
    if (mkdtemp(path.data) == NULL) {
        strbuf_why(why, "%s: cannot make a folder: %s", parent, strerror(errno));
    } else if (geteuid() == 0 && uid != 0 && lchown(path.data, uid, gid) != 0) {
        strbuf_why(why, "%s: %s", path.data, strerror(errno));
        rmdir(path.data);
    } else {
        return strbuf_take(&path);
    }
    strbuf_clear(&path);
    return NULL;
}

static int empty(int parent, const char *name, int depth);

static int remove_entry(int folder, const char *name, int depth)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (unlinkat(folder, name, 0) == 0)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -1;
    return empty(folder, name, depth + 1) == 0 ? unlinkat(folder, name, AT_REMOVEDIR) : -1;
}

static int empty(int parent, const char *name, int depth)
{
    int fd = depth > SCRATCH_DEPTH
                 ? -1
                 : openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    int failed = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL)
        failed |= remove_entry(fd, entry->d_name, depth);
    closedir(dir);
    return failed ? -1 : 0;
}

int scratch_remove(const char *path)
{
    return empty(AT_FDCWD, path, 0) == 0 ? rmdir(path) : -1;
}
