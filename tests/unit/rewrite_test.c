/* rewrite - the cleaned content gets the old name with everything that was the old file's, or the
 * old file stands. */
#include "spamgear/react/rewrite.h"

#include "vault_files.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static int memory_of(const char *text, size_t len)
{
    int fd = memfd_create("content", MFD_CLOEXEC);
    test_true("memory", fd >= 0 && write(fd, text, len) == (ssize_t)len);
    return fd;
}

static int rewrite(const struct examined *e, const char *text, struct strbuf *why)
{
    int content = memory_of(text, strlen(text));
    int result = rewrite_file(e->file.path, e->file.fd, &e->st, content, strlen(text), why);
    close(content);
    return result;
}

static void test_keeps_everything(mode_t mode)
{
    struct examined e;
    struct strbuf why = {0};
    struct stat now;
    char value[10] = "";
    put_text("a.php", "<?php evil(); good();");
    setxattr("a.php", "user.note", "n", 1, 0);
    bool noted = getxattr("a.php", "user.note", value, sizeof value) == 1;
    if (geteuid() == 0)
        test_true("owner", chown("a.php", 1234, 1235) == 0);
    chmod("a.php", mode);
    const struct timespec times[2] = {{5, 6}, {7, 8}};
    utimensat(AT_FDCWD, "a.php", times, 0);
    examine(&e, "a.php");
    test_number("rewrites", rewrite(&e, "<?php good();", &why), 0);
    test_text("rewrites", strbuf_text(&why), "");
    test_content("new", "a.php", "<?php good();");
    test_true("new", stat("a.php", &now) == 0 && now.st_ino != e.st.st_ino);
    test_number("owner", now.st_uid, e.st.st_uid);
    test_number("group", now.st_gid, e.st.st_gid);
    test_number("mode", now.st_mode, e.st.st_mode);
    test_true("caches notice", now.st_mtim.tv_sec > 7);
    test_true("note", !noted || (getxattr("a.php", "user.note", value, sizeof value) == 1));
    test_number("nothing else", count_files("."), 1);
    close(e.file.fd);
    unlink("a.php");
    strbuf_clear(&why);
}

/* Metadata alone, onto a file that had other. */
static void test_metadata(void)
{
    struct examined from, to;
    struct stat now;
    put_text("from", "x");
    put_text("to", "y");
    chmod("from", 04711);
    if (geteuid() == 0)
        test_true("owner", chown("to", 1234, 1235) == 0);
    examine(&from, "from");
    examine(&to, "to");
    struct strbuf why = {0};
    test_number("copies", rewrite_copy_metadata(from.file.fd, to.file.fd, &from.st, &why), 0);
    test_text("copies", strbuf_text(&why), "");
    test_true("is", stat("to", &now) == 0 && now.st_mode == from.st.st_mode &&
                        now.st_uid == from.st.st_uid && now.st_gid == from.st.st_gid);
    close(from.file.fd);
    close(to.file.fd);
    unlink("from");
    unlink("to");
    strbuf_clear(&why);
}

static void change(void)
{
    put_text("home/a", "othe!");
}

static void replace(void)
{
    put_text("home/b", "first");
    test_true("replaced", rename("home/b", "home/a") == 0);
}

static void link_it(void)
{
    test_true("link", unlink("home/a") == 0 && symlink("../precious", "home/a") == 0);
}

static void swap_folder(void)
{
    test_true("swapped", rename("home", "old") == 0 && mkdir("home2", 0755) == 0 &&
                             rename("home2", "home") == 0);
    put_text("home/a", "first");
}

static void vanish(void)
{
    unlink("home/a");
}

static const struct {
    const char *name;
    void (*attack)(void);
    const char *why;
} attacks[] = {
    {"changed", change, "it has changed since it was examined"},
    {"replaced", replace, "the name belongs to another file now"},
    {"a link", link_it, "the name belongs to another file now"},
    {"another folder", swap_folder, "the name belongs to another file now"},
    {"gone", vanish, "No such file or directory"},
};

static void test_attacks(void)
{
    put_text("precious", "root's");
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        struct examined e;
        struct strbuf why = {0}, want = {0};
        mkdir("home", 0755);
        put_text("home/a", "first");
        examine(&e, "home/a");
        usleep(11000); /* so that a change shows in the times of kernels with coarse ones */
        attacks[i].attack();
        int files = count_files("home");
        strbuf_format(&want, "home/a: not rewritten: %s", attacks[i].why);
        test_number(attacks[i].name, rewrite(&e, "cleaned", &why), -1);
        test_text(attacks[i].name, strbuf_text(&why), strbuf_text(&want));
        test_number("nothing new", count_files("home"), files);
        test_content("what the link leads to", "precious", "root's");
        close(e.file.fd);
        strbuf_clear(&why);
        strbuf_clear(&want);
        remove_tree("home");
        remove_tree("old");
    }
    unlink("precious");
}

/* What the cleaner gives is not what it said: the old file stands. */
static void test_other_size(void)
{
    struct examined e;
    struct strbuf why = {0};
    put_text("a", "first");
    examine(&e, "a");
    int content = memory_of("cleaned", 7);
    test_number("less", rewrite_file("a", e.file.fd, &e.st, content, 6, &why), -1);
    test_number("more", rewrite_file("a", e.file.fd, &e.st, content, 8, &why), -1);
    test_content("stands", "a", "first");
    test_number("nothing else", count_files("."), 1);
    close(content);
    close(e.file.fd);
    unlink("a");
    strbuf_clear(&why);
}

static int rewrite_on_full_disk(void)
{
    struct rlimit limit = {100, 100};
    struct examined e;
    char *text = mem_zero(1, 1001);
    memset(text, 'x', 1000);
    signal(SIGXFSZ, SIG_IGN);
    examine(&e, "a");
    int content = memory_of(text, 1000);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 2;
    int result = rewrite_file("a", e.file.fd, &e.st, content, 1000, NULL);
    close(content);
    close(e.file.fd);
    free(text);
    return result == -1 ? 0 : 1;
}

static void test_full(void)
{
    int status = -1;
    put_text("a", "first");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(rewrite_on_full_disk());
    test_true("fails", waitpid(child, &status, 0) == child && WIFEXITED(status));
    test_number("fails", WEXITSTATUS(status), 0);
    test_content("stands", "a", "first");
    test_number("nothing else", count_files("."), 1);
    unlink("a");
}

int main(void)
{
    char dir[] = "/tmp/rewrite_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    umask(022);
    test_keeps_everything(0644);
    test_keeps_everything(0400);
    if (geteuid() == 0)
        test_keeps_everything(0);
    test_metadata();
    test_attacks();
    test_other_size();
    test_full();
    test_true("folder is empty", rmdir(dir) == 0);
    return test_end();
}
