/* unquiet - a tenant whose files do not keep still while they are scanned.
 *
 *     unquiet swap A B             exchanges two names, over and over
 *     unquiet rewrite FILE...      writes the same content once more
 *     unquiet grow FILE...         appends, and cuts off again what was appended
 *     unquiet shrink FILE...       truncates to nothing, and writes it again
 *     unquiet replace FILE...      renames a new file of the same content over it
 *     unquiet retouch FILE...      changes the mode and the times
 *
 * It goes on until it is killed or its parent ends, at most a minute. Contents are those that
 * the files have when it begins. A file that has gone stays gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTENT_MAX 65536

struct file {
    const char *path;
    char *content;
    size_t len;
    unsigned turns;
};

static void read_content(struct file *file)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    file->content = malloc(CONTENT_MAX);
    ssize_t got = fd < 0 || file->content == NULL ? -1 : read(fd, file->content, CONTENT_MAX);
    if (got < 0) {
        perror(file->path);
        exit(2);
    }
    file->len = (size_t)got;
    close(fd);
}

static bool write_to(struct file *file, const char *path, int flags)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);
    if (fd < 0)
        return false;
    bool good = write(fd, file->content, file->len) == (ssize_t)file->len;
    close(fd);
    return good;
}

static void rewrite(struct file *file)
{
    write_to(file, file->path, 0);
}

static void grow(struct file *file)
{
    if (write_to(file, file->path, O_APPEND))
        (void)!truncate(file->path, (off_t)file->len);
}

static void shrink(struct file *file)
{
    if (truncate(file->path, 0) == 0)
        write_to(file, file->path, 0);
}

static void replace(struct file *file)
{
    char other[4096];
    if (access(file->path, F_OK) != 0 ||
        snprintf(other, sizeof other, "%s.new", file->path) >= (int)sizeof other)
        return;
    if (write_to(file, other, O_CREAT | O_EXCL))
        rename(other, file->path);
}

static void retouch(struct file *file)
{
    const struct timespec times[2] = {{1700000000 + file->turns, 0}, {1700000000, 0}};
    chmod(file->path, file->turns++ % 2 == 0 ? 0600 : 0644);
    utimensat(AT_FDCWD, file->path, times, AT_SYMLINK_NOFOLLOW);
}

static const struct {
    const char *name;
    void (*act)(struct file *);
} ways[] = {{"rewrite", rewrite},
            {"grow", grow},
            {"shrink", shrink},
            {"replace", replace},
            {"retouch", retouch}};

static int swap(const char *a, const char *b)
{
    for (;;)
        if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) != 0 && errno != ENOENT) {
            perror(a);
            return 2;
        }
}

static int act(void (*way)(struct file *), char **paths, int count)
{
    struct file *files = calloc((size_t)count, sizeof *files);
    for (int i = 0; files != NULL && i < count; i++) {
        files[i].path = paths[i];
        read_content(&files[i]);
    }
    while (files != NULL)
        for (int i = 0; i < count; i++)
            way(&files[i]);
    return 2;
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(60);
    if (argc == 4 && strcmp(argv[1], "swap") == 0)
        return swap(argv[2], argv[3]);
    for (size_t i = 0; argc > 2 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(argv[1], ways[i].name) == 0)
            return act(ways[i].act, argv + 2, argc - 2);
    fprintf(stderr, "usage: unquiet swap A B | rewrite|grow|shrink|replace|retouch FILE...\n");
    return 2;
}
