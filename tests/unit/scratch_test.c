/* scratch - a folder goes with all that is in it, and nothing else does. */
#include "spamgear/base/scratch.h"

#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *folder, const char *name)
{
    struct strbuf path = {0};
    strbuf_format(&path, "%s/%s", folder, name);
    int fd = open(path.data, O_WRONLY | O_CREAT, 0600);
    test_true(path.data, fd >= 0 && close(fd) == 0);
    strbuf_clear(&path);
}

static void put_folder(const char *folder, const char *name, mode_t mode)
{
    struct strbuf path = {0};
    strbuf_format(&path, "%s/%s", folder, name);
    test_true(path.data, mkdir(path.data, mode) == 0);
    strbuf_clear(&path);
}

static void put_link(const char *folder, const char *name, const char *target)
{
    struct strbuf path = {0};
    strbuf_format(&path, "%s/%s", folder, name);
    test_true(path.data, symlink(target, path.data) == 0);
    strbuf_clear(&path);
}

static void test_made(void)
{
    struct strbuf why = {0};
    struct stat st;
    char *one = scratch_make(".", 0, 0, &why), *two = scratch_make(".", 65534, 65533, &why);
    test_true("made", one != NULL && two != NULL && strcmp(one, two) != 0);
    test_true("private", stat(one, &st) == 0 && (st.st_mode & 07777) == 0700);
    test_true("there", stat(two, &st) == 0);
    test_number("owner", st.st_uid, geteuid() == 0 ? 65534 : geteuid());
    test_number("removed", scratch_remove(one), 0);
    test_number("removed", scratch_remove(two), 0);
    test_true("gone", access(one, F_OK) != 0 && access(two, F_OK) != 0);
    test_number("again", scratch_remove(two), -1);
    test_true("no parent", scratch_make("none", 0, 0, &why) == NULL);
    test_text("says", strbuf_text(&why), "none: cannot make a folder: No such file or directory");
    strbuf_clear(&why);
    free(one);
    free(two);
}

static void test_full(void)
{
    char *folder = scratch_make(".", 0, 0, NULL);
    test_true("outside", mkdir("outside", 0700) == 0);
    put("outside", "file");
    put(folder, "a");
    put(folder, ".hidden");
    put_folder(folder, "sub", 0700);
    put_folder(folder, "sub/sub", 0700);
    put(folder, "sub/sub/b");
    put_link(folder, "link", "../outside");
    put_link(folder, "sub/link", "../../outside/file");
    put_link(folder, "sub/loop", "loop");
    test_number("removed", scratch_remove(folder), 0);
    test_true("gone", access(folder, F_OK) != 0);
    test_true("what links named stands", access("outside/file", F_OK) == 0);
    test_true("a link itself is not emptied", symlink("outside", "link") == 0);
    test_number("refused", scratch_remove("link"), -1);
    test_true("stands", access("outside/file", F_OK) == 0);
    unlink("link");
    unlink("outside/file");
    rmdir("outside");
    free(folder);
}

/* Deeper than anything that libclamav makes: it is left, and nothing overflows. */
static void test_deep(void)
{
    char *folder = scratch_make(".", 0, 0, NULL);
    int here = open(".", O_RDONLY | O_DIRECTORY);
    test_true("enter", here >= 0 && chdir(folder) == 0);
    for (unsigned i = 0; i < 3000; i++)
        if (mkdir("d", 0700) != 0 || chdir("d") != 0)
            test_true("deep", false);
    test_true("back", fchdir(here) == 0);
    test_number("given up", scratch_remove(folder), -1);
    test_true("enter", chdir(folder) == 0);
    unsigned depth = 0;
    while (chdir("d") == 0)
        depth++;
    test_number("stands", depth, 3000);
    while (chdir("..") == 0 && depth-- > 0)
        rmdir("d");
    test_true("back", fchdir(here) == 0);
    test_number("removed", scratch_remove(folder), 0);
    close(here);
    free(folder);
}

int main(void)
{
    char dir[] = "/tmp/scratch_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    test_made();
    test_full();
    test_deep();
    test_true("folder is empty", rmdir(dir) == 0);
    return test_end();
}
