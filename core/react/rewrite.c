/* rewrite - the cleaned content under the old name, in one step. */
#include "spamgear/react/rewrite.h"

#include "scratch.h"
#include "spamgear/base/path.h"
#include "spamgear/react/attributes.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int rewrite_copy_metadata(int from, int to, const struct stat *st, struct strbuf *why)
{
    struct attributes attributes;
    struct stat new;
    if (fstat(to, &new) != 0)
        return strbuf_why(why, "%s", strerror(errno));
    if ((new.st_uid != st->st_uid || new.st_gid != st->st_gid) &&
        fchown(to, st->st_uid, st->st_gid) != 0)
        return strbuf_why(why, "its owner cannot be set: %s", strerror(errno));
    attributes_read(&attributes, from);
    int result = attributes.left_out > 0
                     ? strbuf_why(why, "%u of its attributes cannot be read", attributes.left_out)
                     : attributes_apply(&attributes, to, NULL, why);
    attributes_clear(&attributes);
    if (result == 0 && fchmod(to, st->st_mode & 07777) != 0)
        result = strbuf_why(why, "its mode cannot be set: %s", strerror(errno));
    return result;
}

static int write_new(struct scratch *scratch, const char *name, int fd, const struct stat *st,
                     int content_fd, uint64_t size, struct strbuf *why)
{
    if (scratch_copy(content_fd, scratch->fd, size, NULL, why) != 0 ||
        rewrite_copy_metadata(fd, scratch->fd, st, why) != 0 ||
        scratch_is_unchanged(scratch->folder, name, fd, st, why) != 0)
        return -1;
    return scratch_put(scratch, scratch->folder, name, true, why);
}

int rewrite_file(const char *path, int fd, const struct stat *st, int content_fd, uint64_t size,
                 struct strbuf *why)
{
    struct scratch scratch;
    const char *name;
    struct strbuf reason = {0};
    int folder = scratch_open_parent(path, "not rewritten", &name, why);
    if (folder < 0)
        return -1;
    int result = scratch_open(&scratch, folder, &reason);
    if (result == 0) {
        result = write_new(&scratch, name, fd, st, content_fd, size, &reason);
        scratch_close(&scratch);
    }
    if (result != 0)
        strbuf_why(why, "%s: not rewritten: %s", path, strbuf_text(&reason));
    strbuf_clear(&reason);
    close(folder);
    return result;
}
