/* path - both ways (openat2, component by component) answer one table alike. */
#include "spamgear/base/path.h"

#include "spamgear/base/mem.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TENANT   65534
#define SOMEBODY 4242 /* neither root nor whoever runs the tests */

static bool is_root;

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    test_true(path, fd >= 0 && write(fd, path, strlen(path)) == (ssize_t)strlen(path));
    close(fd);
}

static void make_folder(const char *path, mode_t mode)
{
    test_true(path, mkdir(path, 0700) == 0 && chmod(path, mode) == 0);
}

static void make_link(const char *target, const char *path)
{
    test_true(path, symlink(target, path) == 0);
}

static void give(const char *path)
{
    if (is_root)
        test_true(path, lchown(path, TENANT, TENANT) == 0);
}

/* home is the tenant's, shared may be written by all, the rest is ours. */
static void make_tree(const char *here)
{
    struct strbuf absolute = {0};
    make_folder("srv", 0755);
    make_folder("srv/deep", 0755);
    make_file("srv/deep/file");
    make_file("srv/file");
    strbuf_format(&absolute, "%s/srv", here);
    make_link(strbuf_text(&absolute), "absolute");
    make_link("srv//deep/", "relative");
    make_link("relative/../../absolute", "twice");
    make_link("loop", "loop");
    make_link("ping", "pong");
    make_link("pong", "ping");
    make_link("nowhere", "dangling");
    make_folder("home", 0755);
    make_link("../srv", "home/theirs");
    make_link("../srv", "home/ours");
    make_folder("home/ours.d", 0755); /* ours, but the tenant can put another in its place */
    make_link("../../srv", "home/ours.d/link");
    give("home/theirs");
    give("home");
    make_folder("shared", 0777);
    make_link("../srv", "shared/link");
    make_folder("sticky", 01777);
    make_link("../srv", "sticky/link");
    make_folder("sticky/ours", 0755);
    make_link("../../srv", "sticky/ours/link");
    make_link("srv", "given");
    give("given");
    test_true("fifo", mkfifo("srv/fifo", 0644) == 0);
    strbuf_clear(&absolute);
}

#define ANOTHER   ": leads through a symbolic link that another user made"
#define COULD     ": leads through a symbolic link that another user could have made"
#define AS_TENANT 1

static const struct {
    const char *path;
    int flags, error;
    const char *why; /* after the path; NULL: as errno says */
    int needs;
} rows[] = {
    {"srv/file", O_RDONLY, 0, NULL, 0},
    {"./srv/deep/../file", O_RDONLY, 0, NULL, 0},
    {"srv//deep///file", O_RDONLY, 0, NULL, 0},
    {"srv", O_RDONLY | O_DIRECTORY, 0, NULL, 0},
    {"srv/", O_RDONLY, 0, NULL, 0},
    {"srv/.", O_RDONLY, 0, NULL, 0},
    {"srv/deep/..", O_RDONLY | O_DIRECTORY, 0, NULL, 0},
    {".", O_RDONLY, 0, NULL, 0},
    {"/", O_RDONLY, 0, NULL, 0},
    {"//", O_RDONLY | O_DIRECTORY, 0, NULL, 0},
    {"/..", O_RDONLY, 0, NULL, 0},
    {"", O_RDONLY, ENOENT, NULL, 0},
    {"srv/none", O_RDONLY, ENOENT, NULL, 0},
    {"none/file", O_RDONLY, ENOENT, NULL, 0},
    {"srv/file/", O_RDONLY, ENOTDIR, NULL, 0},
    {"srv/file/x", O_RDONLY, ENOTDIR, NULL, 0},
    {"srv/file/..", O_RDONLY, ENOTDIR, NULL, 0},
    {"srv/file", O_RDONLY | O_DIRECTORY, ENOTDIR, NULL, 0},
    {"srv/fifo/x", O_RDONLY, ENOTDIR, NULL, 0},
    {"srv/fifo", O_RDONLY | O_NONBLOCK, 0, NULL, 0},
    /* links of our own, in folders of our own */
    {"absolute/file", O_RDONLY, 0, NULL, 0},
    {"relative/file", O_RDONLY, 0, NULL, 0},
    {"twice/deep/file", O_RDONLY, 0, NULL, 0},
    {"relative/../file", O_RDONLY, 0, NULL, 0},
    {"absolute/.", O_RDONLY | O_DIRECTORY, 0, NULL, 0},
    {"absolute/none", O_RDONLY, ENOENT, NULL, 0},
    /* never the last one */
    {"absolute", O_RDONLY, ELOOP, ": is a symbolic link", 0},
    {"dangling", O_RDONLY, ELOOP, ": is a symbolic link", 0},
    {"absolute/", O_RDONLY, ENOTDIR, NULL, 0},
    {"absolute", O_RDONLY | O_DIRECTORY, ENOTDIR, NULL, 0},
    {"loop/file", O_RDONLY, ELOOP, NULL, 0},
    {"ping/file", O_RDONLY, ELOOP, NULL, 0},
    {"dangling/file", O_RDONLY, ENOENT, NULL, 0},
    /* links that others made, or could have made */
    {"shared/link/file", O_RDONLY, ELOOP, COULD, 0},
    {"sticky/link/file", O_RDONLY, ELOOP, COULD, 0},
    {"sticky/ours/link/file", O_RDONLY, 0, NULL, 0},
    {"given/file", O_RDONLY, ELOOP, ANOTHER, AS_TENANT},
    {"home/theirs/file", O_RDONLY, ELOOP, ANOTHER, AS_TENANT},
    {"home/ours/file", O_RDONLY, ELOOP, COULD, AS_TENANT},
    {"home/ours.d/link/file", O_RDONLY, ELOOP, COULD, AS_TENANT},
    {"home/theirs", O_RDONLY, ELOOP, ": is a symbolic link", AS_TENANT},
    {"home/ours.d/../../srv/file", O_RDONLY, 0, NULL, 0},
};

static void test_row(size_t i, const char *way)
{
    struct strbuf name = {0}, why = {0}, want = {0};
    strbuf_format(&name, "%s: \"%s\"", way, rows[i].path);
    errno = 0;
    int fd = path_open(AT_FDCWD, rows[i].path, rows[i].flags, &why);
    test_number(strbuf_text(&name), fd >= 0 ? 0 : errno, rows[i].error);
    if (fd < 0)
        strbuf_format(&want, "%s%s%s", rows[i].path, rows[i].why != NULL ? "" : ": ",
                      rows[i].why != NULL ? rows[i].why : strerror(rows[i].error));
    test_text(strbuf_text(&name), strbuf_text(&why), strbuf_text(&want));
    if (fd >= 0) {
        test_number(strbuf_text(&name), fcntl(fd, F_GETFD), FD_CLOEXEC);
        close(fd);
    }
    strbuf_clear(&name);
    strbuf_clear(&why);
    strbuf_clear(&want);
}

static void test_table(const char *way)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].needs == 0 || is_root)
            test_row(i, way);
}

/* The file that is opened is the one that is meant. */
static void test_which(const char *path, const char *want)
{
    char got[100];
    int fd = path_open(AT_FDCWD, path, O_RDONLY, NULL);
    ssize_t len = read(fd, got, sizeof got);
    test_bytes(path, got, len < 0 ? 0 : (size_t)len, want, strlen(want));
    close(fd);
}

static void test_relative(void)
{
    int fd = path_open(AT_FDCWD, "srv", O_RDONLY | O_DIRECTORY, NULL);
    int file = path_open(fd, "deep/file", O_RDONLY, NULL);
    test_true("below a descriptor", file >= 0);
    close(file);
    file = path_open(fd, "../relative/file", O_RDONLY, NULL);
    test_true("and through a link", file >= 0);
    close(file);
    close(fd);
    fd = open("home/ours.d", O_RDONLY | O_DIRECTORY);
    file = path_open(fd, "link/file", O_RDONLY, NULL);
    test_true("whoever gives a descriptor vouches for it", file >= 0);
    close(file);
    close(fd);
}

/* A tree whose path is longer than what any system call takes. */
static void test_long(void)
{
    enum { LEVELS = 40 };
    struct strbuf path = {0}, part = {0};
    for (int i = 0; i < 200; i++)
        strbuf_add_char(&part, 'd');
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < LEVELS; i++) {
        test_true("level", mkdirat(fd, strbuf_text(&part), 0755) == 0);
        int below = openat(fd, strbuf_text(&part), O_RDONLY | O_DIRECTORY);
        close(fd);
        fd = below;
        strbuf_format(&path, "%s/", strbuf_text(&part));
    }
    int made = openat(fd, "file", O_CREAT | O_WRONLY, 0600);
    test_true("at the end", made >= 0);
    close(made);
    close(fd);
    strbuf_add_text(&path, "file");
    test_true("longer than PATH_MAX", path.len > 4096);
    fd = path_open(AT_FDCWD, strbuf_text(&path), O_RDONLY, NULL);
    test_true("opens", fd >= 0);
    close(fd);
    strbuf_add_text(&path, "s");
    fd = path_open(AT_FDCWD, strbuf_text(&path), O_RDONLY, NULL);
    test_number("none", fd < 0 ? errno : 0, ENOENT);
    strbuf_add(&path, strbuf_text(&part), 200);
    strbuf_add(&path, strbuf_text(&part), 200);
    fd = path_open(AT_FDCWD, strbuf_text(&path), O_RDONLY, NULL);
    test_number("a part that is too long", fd < 0 ? errno : 0, ENAMETOOLONG);
    strbuf_clear(&path);
    strbuf_clear(&part);
    test_number("removes", system("rm -rf dddd*"), 0);
}

static const struct {
    const char *path, *name;
    int error;
} parents[] = {
    {"srv/file", "file", 0},       {"srv", "srv", 0},      {"/srv", "srv", 0},
    {"absolute/none", "none", 0},  {"srv/", "", EINVAL},   {"/", "", EINVAL},
    {"..", "..", EINVAL},          {"srv/.", ".", EINVAL}, {"", "", ENOENT},
    {"none/file", "file", ENOENT}, {"srv//x", "x", 0},     {"srv/..x", "..x", 0},
    {"shared/link/x", "x", ELOOP},
};

static void test_parents(void)
{
    for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
        const char *name = NULL;
        struct strbuf why = {0};
        errno = 0;
        int fd = path_open_parent(AT_FDCWD, parents[i].path, &name, &why);
        test_number(parents[i].path, fd >= 0 ? 0 : errno, parents[i].error);
        test_text(parents[i].path, name, parents[i].name);
        test_true("says why", (why.len > 0) == (fd < 0));
        test_true("can be synced", fd < 0 || fsync(fd) == 0);
        if (fd >= 0)
            close(fd);
        strbuf_clear(&why);
    }
}

static const struct {
    const char *path;
    int error, needs;
} folders[] = {
    {"var/lib/new", 0, 0},      {"var/lib/new", 0, 0},
    {"relative/below", 0, 0},   {"sticky/mine/x", 0, 0},
    {"shared/x", EPERM, 0},     {"srv/file", ENOTDIR, 0},
    {"srv/file/x", ENOTDIR, 0}, {"home/x", EPERM, AS_TENANT},
    {"loop/x", ELOOP, 0},       {"home/ours.d", EPERM, AS_TENANT},
};

static void test_folders(void)
{
    struct stat st;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        struct strbuf why = {0};
        if (folders[i].needs != 0 && !is_root)
            continue;
        int fd = path_make_folder(folders[i].path, 0700, &why);
        test_number(folders[i].path, fd >= 0 ? 0 : errno, folders[i].error);
        test_true("says why", (why.len > 0) == (fd < 0));
        test_true("private", fd < 0 || (fstat(fd, &st) == 0 && path_is_private(&st) &&
                                        (st.st_mode & 07777) == 0700));
        if (fd >= 0)
            close(fd);
        strbuf_clear(&why);
    }
    test_true("made where the link leads", stat("srv/deep/below", &st) == 0);
    test_true("nothing where others rule", lstat("shared/x", &st) != 0);
    test_number("removes", system("rm -rf var srv/deep/below sticky/mine"), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

/* A daemon's umask is for its files: others must get through to some of them. */
static void test_modes(void)
{
    struct strbuf why = {0};
    mode_t before = umask(077);
    close(path_make_folder("made/open", 0755, &why));
    close(path_make_folder("made/shut/closed", 0700, &why));
    umask(before);
    test_number("parent", mode_of("made"), 0755);
    test_number("open", mode_of("made/open"), 0755);
    test_number("parent of what is closed", mode_of("made/shut"), 0755);
    test_number("closed", mode_of("made/shut/closed"), 0700);
    test_number("removes", system("rm -rf made"), 0);
    strbuf_clear(&why);
}

static void test_private(void)
{
    static const struct {
        mode_t mode;
        uid_t owner;
        bool want;
    } modes[] = {{0755, 0, true},  {0700, 0, true},   {0775, 0, false},
                 {0757, 0, false}, {01777, 0, false}, {0700, SOMEBODY, false}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct stat st = {.st_mode = modes[i].mode, .st_uid = modes[i].owner};
        test_number("private", path_is_private(&st), modes[i].want);
    }
}

static void test_way(const char *way)
{
    test_table(way);
    test_which("twice/deep/file", "srv/deep/file");
    test_which("relative/../file", "srv/file");
    test_relative();
    test_long();
    test_parents();
    test_folders();
    test_modes();
}

int main(void)
{
    char dir[] = "/tmp/path_test.XXXXXX";
    is_root = geteuid() == 0;
    umask(022);
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    make_tree(dir);
    test_way("openat2");
    path_without_openat2(true);
    test_way("by components");
    test_private();
    test_true("cleans up", chdir("/") == 0);
    struct strbuf command = {0};
    strbuf_format(&command, "rm -rf '%s'", dir);
    test_number("removes", system(strbuf_text(&command)), 0);
    strbuf_clear(&command);
    return test_end();
}
