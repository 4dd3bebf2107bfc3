/* walk_fuzz - a list of paths: each is given out as it stands there, told, or counted, and what is
 * given out is a regular file. */
#include "fuzz.h"
#include "spamgear/scan/walk.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t pieces(struct span list, char end)
{
    size_t count = 0;
    while (list.len > 0) {
        const char *stop = memchr(list.at, end, list.len);
        size_t len = stop == NULL ? list.len : (size_t)(stop - list.at);
        count += len > 0;
        list = span_skip(list, stop == NULL ? len : len + 1);
    }
    return count;
}

static void check(struct span list, enum walk_input input, int fd)
{
    char *globs[] = {"*.php", "*/x*"};
    struct texts excludes = {globs, 2, 2};
    struct walk_settings settings = {.input = input, .input_fd = fd, .excludes = &excludes};
    struct walk *walk = walk_open(&settings);
    struct strbuf why = {0};
    struct walk_file file;
    uint64_t told = 0;
    int result;
    while ((result = walk_next(walk, &file, &why)) != 0) {
        told += result == -1;
        hold((why.len > 0) == (result == -1));
        strbuf_reset(&why);
        if (result == -1)
            continue;
        hold(span_find(list, file.path) != NULL && S_ISREG(file.st.st_mode));
        hold(strlen(file.path.at) == file.path.len && file.folder_inode != 0);
    }
    const struct walk_counts *counts = walk_counts(walk);
    hold(told + counts->files + counts->excluded + counts->not_regular ==
         pieces(list, input == WALK_NUL ? '\0' : '\n'));
    hold(counts->folders == 0 && counts->too_old == 0 && counts->too_large == 0);
    walk_close(walk);
    strbuf_clear(&why);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct span list = {(const char *)data, size};
    int fd = memfd_create("list", MFD_CLOEXEC);
    hold(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    hold(lseek(fd, 0, SEEK_SET) == 0);
    check(list, WALK_LINES, fd);
    hold(lseek(fd, 0, SEEK_SET) == 0);
    check(list, WALK_NUL, fd);
    close(fd);
    return 0;
}
