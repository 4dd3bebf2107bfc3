/* vault_files - what the tests of the vault do with files. */
#ifndef SPAMGEAR_TESTS_VAULT_FILES_H
#define SPAMGEAR_TESTS_VAULT_FILES_H

#include "spamgear/react/vault.h"

#include "test.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW 1795301165 /* 2026-11-21 22:46:05 UTC */

static inline void put(const char *path, const char *text, size_t len, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    test_true(path, fd >= 0 && write(fd, text, len) == (ssize_t)len && fchmod(fd, mode) == 0);
    close(fd);
}

static inline void put_text(const char *path, const char *text)
{
    put(path, text, strlen(text), 0644);
}

static inline bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static inline void test_content(const char *name, const char *path, const char *want)
{
    char got[200] = "";
    int fd = open(path, O_RDONLY | O_NOFOLLOW);
    ssize_t len = fd < 0 ? -1 : read(fd, got, sizeof got - 1);
    close(fd);
    test_bytes(name, got, len < 0 ? 0 : (size_t)len, want, strlen(want));
    test_true(name, len >= 0);
}

/* Files in a folder and below it; folders are not counted. */
static inline int count_files(const char *path)
{
    struct strbuf below = {0};
    DIR *dir = opendir(path);
    int count = 0;
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        strbuf_reset(&below);
        strbuf_format(&below, "%s/%s", path, entry->d_name);
        if (lstat(strbuf_text(&below), &st) == 0)
            count += S_ISDIR(st.st_mode) ? count_files(strbuf_text(&below)) : 1;
    }
    if (dir != NULL)
        closedir(dir);
    strbuf_clear(&below);
    return count;
}

/* Removes what stands below the open folder. Links are removed, never followed: a test that puts
 * one in place of a folder must not reach what it leads to. */
static inline void remove_below(int folder)
{
    int fd = dup(folder); /* closedir closes it */
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int below = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0) {
            remove_below(below);
            close(below);
        }
        unlinkat(folder, entry->d_name, below >= 0 ? AT_REMOVEDIR : 0);
    }
    if (dir != NULL)
        closedir(dir);
}

/* A folder of the test's own: one name in the working directory. */
static inline void remove_tree(const char *name)
{
    if (strchr(name, '/') != NULL || *name == '.' || *name == '\0')
        abort();
    int folder = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return;
    remove_below(folder);
    close(folder);
    rmdir(name);
}

/* A file as a scan holds it. */
struct examined {
    struct stat st;
    struct vault_file file;
};

static inline void examine(struct examined *e, const char *path)
{
    e->file = (struct vault_file){.path = path,
                                  .fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
                                  .st = &e->st,
                                  .hits = "[CUSTOM] [X.1]",
                                  .reason = "quarantined"};
    test_true(path, e->file.fd >= 0 && fstat(e->file.fd, &e->st) == 0);
}

static inline struct vault *open_it(const char *folder)
{
    struct texts problems = {0};
    struct strbuf why = {0};
    struct vault *vault = vault_open(folder, &problems, &why);
    test_text("opens", strbuf_text(&why), "");
    test_number("no problems", (int64_t)problems.len, 0);
    texts_clear(&problems);
    strbuf_clear(&why);
    if (vault == NULL)
        exit(1); /* everything else needs it */
    return vault;
}

/* Takes it; what goes wrong must be `want` ("" when nothing). */
static inline void take(struct vault *vault, const char *path, char id[VAULT_ID], const char *want)
{
    struct examined e;
    struct strbuf why = {0};
    examine(&e, path);
    test_number(path, vault_take(vault, &e.file, id, &why), *want == '\0' ? 0 : -1);
    test_text(path, strbuf_text(&why), want);
    close(e.file.fd);
    strbuf_clear(&why);
}

static inline void restore(struct vault *vault, const char *id, const char *to, const char *want)
{
    struct texts remarks = {0};
    struct strbuf why = {0};
    test_number("restores", vault_restore(vault, id, to, &remarks, &why), *want == '\0' ? 0 : -1);
    test_text("restores", strbuf_text(&why), want);
    test_text("no remarks", remarks.len > 0 ? remarks.at[0] : "", "");
    texts_clear(&remarks);
    strbuf_clear(&why);
}

#endif
