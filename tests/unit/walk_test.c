/* walk - what is given out of a hostile tree, what is told, and what is left out. */
#include "spamgear/scan/walk.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/path.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TENANT 65534

static bool is_root;

static void make_file(const char *path, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    test_true(path, fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    close(fd);
}

static void make_folder(const char *path)
{
    test_true(path, mkdir(path, 0755) == 0);
}

static void make_link(const char *target, const char *path)
{
    test_true(path, symlink(target, path) == 0);
}

static void remove_all(const char *what)
{
    struct strbuf command = {0};
    strbuf_format(&command, "rm -rf -- %s", what);
    test_number(what, system(strbuf_text(&command)), 0);
    strbuf_clear(&command);
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(address.sun_path, path, strlen(path) + 1);
    test_true(path, bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    close(fd);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every file opens, and is what was seen. */
static void test_opens(struct walk *walk, const struct walk_file *file)
{
    struct stat st, opened;
    struct strbuf why = {0};
    int fd = walk_open_file(walk, &opened, &why);
    test_true(file->path.at, fd >= 0 && fstat(fd, &st) == 0 && path_same_inode(&st, &file->st));
    test_true("and is told", fd < 0 || path_same_inode(&opened, &st));
    test_number("no why", (int64_t)why.len, 0);
    test_number("ends", file->path.at[file->path.len], 0);
    test_true("folder is known", file->folder_device != 0 && file->folder_inode != 0);
    if (fd >= 0)
        close(fd);
    strbuf_clear(&why);
}

/* What a walk says, sorted, a line each: paths, and whys with "! " before. */
static struct walk_counts run(const struct walk_settings *settings, struct strbuf *out)
{
    struct texts lines = {0};
    struct strbuf why = {0};
    struct walk_file file;
    struct walk *walk = walk_open(settings);
    bool counted = walk_expected(walk) > 0;
    int result;
    while ((result = walk_next(walk, &file, &why)) != 0) {
        if (result == 1)
            test_opens(walk, &file);
        else
            test_true("begins with the path",
                      file.path.len == 0 || memchr(file.path.at, '\0', file.path.len) != NULL ||
                          span_has_prefix(strbuf_span(&why), file.path));
        texts_format(&lines, "%s%s", result == 1 ? "" : "! ",
                     result == 1 ? file.path.at : strbuf_text(&why));
        strbuf_reset(&why);
    }
    test_number("stays at the end", walk_next(walk, &file, &why), 0);
    struct walk_counts counts = *walk_counts(walk);
    test_number("what was expected came", (int64_t)walk_expected(walk),
                counted ? (int64_t)lines.len : 0);
    walk_close(walk);
    if (lines.len > 0)
        qsort(lines.at, lines.len, sizeof *lines.at, by_bytes);
    for (size_t i = 0; i < lines.len; i++)
        strbuf_format(out, "%s\n", lines.at[i]);
    texts_clear(&lines);
    strbuf_clear(&why);
    return counts;
}

static void test_walk(const char *name, const struct walk_settings *settings, const char *want,
                      struct walk_counts counts)
{
    struct strbuf out = {0};
    struct walk_counts got = run(settings, &out);
    test_text(name, strbuf_text(&out), want);
    test_number("files", (int64_t)got.files, (int64_t)counts.files);
    test_number("excluded", (int64_t)got.excluded, (int64_t)counts.excluded);
    test_number("too large", (int64_t)got.too_large, (int64_t)counts.too_large);
    test_number("not regular", (int64_t)got.not_regular, (int64_t)counts.not_regular);
    test_number("too old", (int64_t)got.too_old, (int64_t)counts.too_old);
    test_number("folders", (int64_t)got.folders, (int64_t)counts.folders);
    strbuf_clear(&out);
}

#define TEXTS(...)                                                                                 \
    &(struct texts)                                                                                \
    {                                                                                              \
        .at = (char *[]){__VA_ARGS__}, .len = sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)     \
    }

static void make_tree(void)
{
    struct timespec old[2] = {{1000, 0}, {1000, 0}};
    make_folder("tree");
    make_folder("tree/a");
    make_folder("tree/a/b");
    make_folder("tree/empty");
    make_file("tree/a/one.php", 1);
    make_file("tree/a/b/two.php", 2);
    make_file("tree/a/b/large", 5000);
    make_file("tree/-dash", 0);
    make_file("tree/new\nline \"'`]", 0);
    make_file("tree/\xff\xfe", 0);
    make_file("tree/...", 0);
    test_true("old", utimensat(AT_FDCWD, "tree/a/one.php", old, 0) == 0);
    test_true("fifo", mkfifo("tree/fifo", 0644) == 0);
    make_socket("tree/socket");
    make_link("a/one.php", "tree/link");
    make_link("..", "tree/up");
    make_link("loop", "tree/loop");
    make_link("nowhere", "tree/dangling");
}

#define ALL                                                                                        \
    "tree/-dash\ntree/...\ntree/a/b/large\ntree/a/b/two.php\ntree/a/one.php\n"                     \
    "tree/new\nline \"'`]\ntree/\xff\xfe\n"

static void test_operands(void)
{
    struct walk_settings settings = {.operands = TEXTS("tree")};
    test_walk("a folder", &settings, ALL,
              (struct walk_counts){.files = 7, .not_regular = 6, .folders = 4});
    settings.operands = TEXTS("tree//");
    settings.one_file_system = true;
    test_walk("with slashes", &settings, ALL,
              (struct walk_counts){.files = 7, .not_regular = 6, .folders = 4});
    settings.operands = TEXTS("tree/a/one.php", "tree/a/b", "./tree/-dash");
    test_walk("several", &settings,
              "./tree/-dash\ntree/a/b/large\ntree/a/b/two.php\ntree/a/one.php\n",
              (struct walk_counts){.files = 4, .folders = 1});
    settings.operands = TEXTS("", "none", "tree/a/one.php/", "tree/fifo", "tree/loop", "tree/link",
                              "tree/dangling", "none/x");
    test_walk("refused", &settings,
              "! : No such file or directory\n"
              "! none/x: No such file or directory\n"
              "! none: No such file or directory\n"
              "! tree/a/one.php: Not a directory\n"
              "! tree/dangling: No such file or directory\n"
              "! tree/fifo: is neither a regular file nor a folder\n"
              "! tree/link: Not a directory\n"
              "! tree/loop: Too many levels of symbolic links\n",
              (struct walk_counts){0});
    make_link("tree/a", "home");
    settings.operands = TEXTS("home");
    test_walk("a link of our own", &settings, "home/b/large\nhome/b/two.php\nhome/one.php\n",
              (struct walk_counts){.files = 3, .folders = 2});
    settings.operands = NULL;
    test_walk("none", &settings, "", (struct walk_counts){0});
    unlink("home");
}

static void test_left_out(void)
{
    struct walk_settings settings = {.operands = TEXTS("tree"), .size_max = 4999};
    settings.excludes = TEXTS("b", "tree/?dash");
    test_walk("excluded", &settings,
              "tree/...\ntree/a/one.php\ntree/new\nline \"'`]\ntree/\xff\xfe\n",
              (struct walk_counts){.files = 4, .excluded = 2, .not_regular = 6, .folders = 3});
    settings.excludes = TEXTS("tree");
    test_walk("all", &settings, "", (struct walk_counts){.excluded = 1});
    settings.operands = TEXTS("tree/a");
    settings.excludes = TEXTS("*.php");
    test_walk("too large", &settings, "",
              (struct walk_counts){.excluded = 2, .too_large = 1, .folders = 2});
    settings.excludes = NULL;
    settings.newer_than = 2000;
    settings.newer_by = WALK_NEWER_MTIME;
    test_walk("too old by mtime", &settings, "tree/a/b/two.php\n",
              (struct walk_counts){.files = 1, .too_old = 1, .too_large = 1, .folders = 2});
    settings.newer_by = WALK_NEWER_CTIME;
    test_walk("ctime cannot be set", &settings, "tree/a/b/two.php\ntree/a/one.php\n",
              (struct walk_counts){.files = 2, .too_large = 1, .folders = 2});
}

/* Gives text to a walk through a pipe or, when it is too long for one, through a file. */
static int input_of(struct span text)
{
    int fd = open("input", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    test_true("input", write(fd, text.at, text.len) == (ssize_t)text.len);
    lseek(fd, 0, SEEK_SET);
    unlink("input");
    return fd;
}

static void test_list(const char *name, enum walk_input kind, struct span text,
                      const struct texts *excludes, const char *want, struct walk_counts counts)
{
    struct walk_settings settings = {
        .input = kind, .input_fd = input_of(text), .excludes = excludes};
    test_walk(name, &settings, want, counts);
    close(settings.input_fd);
}

static void test_lists(void)
{
    test_list("lines", WALK_LINES,
              SPAN("tree/a/one.php\n\ntree/a\ntree/fifo\ntree/link\n./tree/-dash"), NULL,
              "./tree/-dash\ntree/a/one.php\n", (struct walk_counts){.files = 2, .not_regular = 3});
    test_list("one folder after another", WALK_LINES,
              SPAN("tree/a/one.php\ntree/a/b/two.php\ntree/a/b/large\ntree/...\n"), NULL,
              "tree/...\ntree/a/b/large\ntree/a/b/two.php\ntree/a/one.php\n",
              (struct walk_counts){.files = 4});
    test_list("NUL", WALK_NUL, SPAN("tree/new\nline \"'`]\0tree/\xff\xfe\0\0tree/a/"), NULL,
              "tree/new\nline \"'`]\ntree/\xff\xfe\n",
              (struct walk_counts){.files = 2, .not_regular = 1});
    test_list(
        "what is no path", WALK_LINES,
        SPAN("none\nnone/x\ntree/new\ntree/-dash\0/etc\ntree/-dash/x\n tree\n.\n..\n/\n./none/\n"),
        NULL,
        "!  tree: No such file or directory\n"
        "! ./none/: No such file or directory\n"
        "! none/x: No such file or directory\n"
        "! none: No such file or directory\n"
        "! tree/-dash/x: Not a directory\n"
        "! tree/-dash: a path with a NUL byte\n"
        "! tree/new: No such file or directory\n",
        (struct walk_counts){.not_regular = 3});
    test_list("excluded", WALK_LINES,
              SPAN("tree/a/one.php\ntree/a/b/two.php\ntree/a/b\ntree/...\n"),
              TEXTS("b", "tree/..."), "tree/a/one.php\n",
              (struct walk_counts){.files = 1, .excluded = 3});
    test_list("nothing", WALK_LINES, SPAN(""), NULL, "", (struct walk_counts){0});
    test_list("empty lines", WALK_LINES, SPAN("\n\n\n"), NULL, "", (struct walk_counts){0});
}

/* Before anything is read, and of nothing but a file. */
static void test_expected(void)
{
    const struct {
        const char *name;
        struct span text;
        enum walk_input kind;
        int64_t want;
    } rows[] = {
        {"lines", SPAN("a\nb\n"), WALK_LINES, 2},
        {"the last without an end", SPAN("a\nb"), WALK_LINES, 2},
        {"empty lines", SPAN("\n\na\n\n"), WALK_LINES, 1},
        {"nothing", SPAN(""), WALK_LINES, 0},
        {"NUL", SPAN("a\nb\0c\0\0d"), WALK_NUL, 3},
        {"operands", SPAN("a\nb\n"), WALK_OPERANDS, 0},
    };
    int ends[2];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct walk_settings settings = {.input = rows[i].kind, .input_fd = input_of(rows[i].text)};
        struct walk *walk = walk_open(&settings);
        test_number(rows[i].name, (int64_t)walk_expected(walk), rows[i].want);
        test_number("nothing was read", lseek(settings.input_fd, 0, SEEK_CUR), 0);
        walk_close(walk);
        close(settings.input_fd);
    }
    test_true("a pipe", pipe(ends) == 0 && write(ends[1], "a\n", 2) == 2);
    struct walk *walk =
        walk_open(&(struct walk_settings){.input = WALK_LINES, .input_fd = ends[0]});
    test_number("is not counted", (int64_t)walk_expected(walk), 0);
    walk_close(walk);
    close(ends[0]);
    close(ends[1]);
}

/* Paths of every length around the limit, among good ones. */
static void test_too_long(void)
{
    static const size_t lens[] = {65535, 65536, 65537, 131071, 131072, 131073, 300000};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct strbuf text = {0}, want = {0};
        strbuf_add_text(&text, "tree/-dash\n");
        for (size_t n = 0; n < lens[i]; n++)
            strbuf_add_char(&text, n % 2 == 0 ? '.' : '/');
        strbuf_add_text(&text, "\ntree/...\n");
        char *again = mem_text(strbuf_text(&text) + strlen("tree/-dash\n"));
        strbuf_add_text(&text, again);
        free(again);
        struct walk_settings settings = {.input = WALK_LINES,
                                         .input_fd = input_of(strbuf_span(&text))};
        struct walk_counts counts = run(&settings, &want);
        test_number("files beside", (int64_t)counts.files, 3);
        int told = 0;
        for (const char *p = strbuf_text(&want); (p = strstr(p, "is longer than 65536")) != NULL;)
            told++, p++;
        test_number("told", told, lens[i] > 65536 ? 2 : 0);
        test_number("else a folder", (int64_t)counts.not_regular, lens[i] > 65536 ? 0 : 2);
        close(settings.input_fd);
        strbuf_clear(&text);
        strbuf_clear(&want);
    }
}

static void test_broken_input(void)
{
    struct walk_settings settings = {.input = WALK_LINES,
                                     .input_fd = open("tree", O_RDONLY | O_DIRECTORY)};
    test_walk("cannot be read", &settings, "! the list of paths: Is a directory\n",
              (struct walk_counts){0});
    close(settings.input_fd);
}

/* Links that a tenant made lead nowhere; his own folders are walked. */
static void test_tenant(void)
{
    if (!is_root)
        return;
    make_folder("tenant");
    make_file("tenant/mine", 1);
    make_link("../tree", "tenant/www");
    make_link("../tree/-dash", "tenant/file");
    test_true("his", lchown("tenant/www", TENANT, TENANT) == 0 &&
                         lchown("tenant/file", TENANT, TENANT) == 0 &&
                         chown("tenant", TENANT, TENANT) == 0);
    test_list("a list", WALK_LINES, SPAN("tenant/www/-dash\ntenant/file\ntenant/mine\n"), NULL,
              "! tenant/www/-dash: leads through a symbolic link that another user made\n"
              "tenant/mine\n",
              (struct walk_counts){.files = 1, .not_regular = 1});
    struct walk_settings settings = {.operands = TEXTS("tenant", "tenant/www", "tenant/www/a")};
    test_walk("operands", &settings,
              "! tenant/www/a: leads through a symbolic link that another user made\n"
              "! tenant/www: leads through a symbolic link that another user made\n"
              "tenant/mine\n",
              (struct walk_counts){.files = 1, .not_regular = 2, .folders = 1});
    remove_all("tenant");
}

static const char deep_name[] = "dddddddddddddddddddddddddddddd";

/* A tree of LEVELS folders, two files and two folders in each; paths get far too long for the
 * kernel. */
static void make_deep(int levels)
{
    make_folder("deep");
    int fd = open("deep", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < levels; i++) {
        close(openat(fd, "aa", O_CREAT | O_WRONLY, 0600));
        close(openat(fd, "zz", O_CREAT | O_WRONLY, 0600));
        test_true("level", mkdirat(fd, deep_name, 0700) == 0 && mkdirat(fd, "side", 0700) == 0);
        int side = openat(fd, "side", O_RDONLY | O_DIRECTORY);
        close(openat(side, "s", O_CREAT | O_WRONLY, 0600));
        close(side);
        int below = openat(fd, deep_name, O_RDONLY | O_DIRECTORY);
        close(fd);
        fd = below;
    }
    close(fd);
}

static void test_deep(void)
{
    enum { LEVELS = 300 };
    struct rlimit old, few = {90, 90};
    struct strbuf out = {0};
    make_deep(LEVELS);
    getrlimit(RLIMIT_NOFILE, &old);
    few.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_NOFILE, &few);
    struct walk_settings settings = {.operands = TEXTS("deep")};
    struct walk_counts counts = run(&settings, &out);
    setrlimit(RLIMIT_NOFILE, &old);
    test_number("files", (int64_t)counts.files, 3 * LEVELS);
    test_number("folders", (int64_t)counts.folders, 2 * LEVELS + 1);
    test_true("no trouble", strchr(strbuf_text(&out), '!') == NULL);
    struct span path = {0}, rest = strbuf_span(&out), line;
    while (span_take_line(&rest, &line))
        path = line.len > path.len ? line : path;
    test_true("a path over PATH_MAX", path.len > 4096);
    char *want = mem_text_of(path.at, path.len + 1); /* with its newline */
    test_list("is found by its name", WALK_LINES, path, NULL, want,
              (struct walk_counts){.files = 1});
    free(want);
    strbuf_clear(&out);
}

/* While the walk is deep down, folders above are moved away; the rest goes on. */
static void test_moved(void)
{
    struct walk_settings settings = {.operands = TEXTS("deep", "tree/a/b/two.php")};
    struct walk *walk = walk_open(&settings);
    struct walk_file file;
    struct strbuf why = {0};
    int result, moved = 0, last = 0;
    while ((result = walk_next(walk, &file, &why)) != 0) {
        if (result == 1 && file.path.len > 6000 && moved == 0) {
            moved = 1;
            make_folder("elsewhere");
            struct strbuf part = {0};
            strbuf_format(&part, "deep/%s/%s", deep_name, deep_name);
            test_true("moves", rename(strbuf_text(&part), "elsewhere/x") == 0);
            strbuf_clear(&part);
        }
        last = result == 1 && span_is(file.path, SPAN("tree/a/b/two.php"));
    }
    test_true("moved", moved == 1);
    test_true("the next operand", last == 1);
    walk_close(walk);
    strbuf_clear(&why);
    remove_all("deep elsewhere");
}

/* More folders in one than their names are kept of. */
static void test_wide(void)
{
    enum { FOLDERS = 3000 };
    struct strbuf path = {0}, out = {0};
    make_folder("wide");
    for (int i = 0; i < FOLDERS; i++) {
        strbuf_reset(&path);
        strbuf_format(&path, "wide/a-folder-with-a-longer-name-%d", i);
        make_folder(strbuf_text(&path));
        strbuf_add_text(&path, "/file");
        make_file(strbuf_text(&path), 0);
    }
    struct walk_settings settings = {.operands = TEXTS("wide")};
    struct walk_counts counts = run(&settings, &out);
    test_number("files", (int64_t)counts.files, FOLDERS);
    test_number("folders", (int64_t)counts.folders, FOLDERS + 1);
    test_true("no trouble", strchr(strbuf_text(&out), '!') == NULL);
    strbuf_clear(&path);
    strbuf_clear(&out);
    remove_all("wide");
}

static void by_nothing(void)
{
}

static void by_file(void)
{
    make_file("swap/new", 1);
    test_true("renames", rename("swap/new", "swap/file") == 0);
}

static void by_link(void)
{
    unlink("swap/file");
    make_link("../tree/-dash", "swap/file");
}

static void by_fifo(void)
{
    unlink("swap/file");
    test_true("fifo", mkfifo("swap/file", 0644) == 0);
}

static void by_socket(void)
{
    unlink("swap/file");
    make_socket("swap/file");
}

static void by_folder(void)
{
    unlink("swap/file");
    make_folder("swap/file");
}

static void by_none(void)
{
    unlink("swap/file");
}

/* The folder is swapped for a link: the file of the one that was walked is opened. */
static void by_other_folder(void)
{
    test_true("renames", rename("swap", "swapped") == 0);
    make_link("tree", "swap");
}

static const struct {
    void (*swap)(void);
    const char *why;
} swaps[] = {
    {by_nothing, ""},
    {by_file, ""},
    {by_link, "swap/file: was replaced since it was seen"},
    {by_fifo, "swap/file: was replaced since it was seen"},
    {by_socket, "swap/file: was replaced since it was seen"},
    {by_folder, "swap/file: was replaced since it was seen"},
    {by_none, "swap/file: was removed since it was seen"},
    {by_other_folder, ""},
};

static void test_swap(size_t i, const struct walk_settings *settings)
{
    struct walk_file file;
    struct stat st, opened;
    struct strbuf why = {0};
    make_folder("swap");
    make_file("swap/file", 1);
    struct walk *walk = walk_open(settings);
    test_number("the file", walk_next(walk, &file, &why), 1);
    swaps[i].swap();
    int fd = walk_open_file(walk, &opened, &why);
    test_text("says", strbuf_text(&why), swaps[i].why);
    test_true("opens", (fd >= 0) == (why.len == 0));
    test_true("the same", fd < 0 || (fstat(fd, &st) == 0 && path_same_inode(&st, &opened)));
    if (fd >= 0)
        close(fd);
    test_number("no more", walk_next(walk, &file, &why), 0);
    test_number("nothing to open", walk_open_file(walk, &opened, &why), -1);
    walk_close(walk);
    strbuf_clear(&why);
    remove_all("swap swapped");
}

static void test_swaps(void)
{
    for (size_t i = 0; i < sizeof swaps / sizeof *swaps; i++) {
        struct walk_settings settings = {.operands = TEXTS("swap")};
        test_swap(i, &settings);
        settings =
            (struct walk_settings){.input = WALK_LINES, .input_fd = input_of(SPAN("swap/file\n"))};
        test_swap(i, &settings);
        close(settings.input_fd);
    }
}

/* A folder is seen, then replaced by a link or removed, before it is entered. */
static void test_folder_swap(void)
{
    struct walk_settings settings = {.operands = TEXTS("swap")};
    struct walk_file file;
    struct strbuf why = {0}, all = {0};
    make_folder("swap");
    make_folder("swap/one");
    make_folder("swap/two");
    make_file("swap/file", 1);
    make_file("swap/one/x", 1);
    struct walk *walk = walk_open(&settings);
    int result, told = 0;
    test_number("the file", walk_next(walk, &file, &why), 1);
    remove_all("swap/one swap/two");
    make_link("../tree", "swap/one");
    while ((result = walk_next(walk, &file, &why)) != 0) {
        test_number("tells", result, -1);
        strbuf_format(&all, "%s\n", strbuf_text(&why));
        told++;
    }
    test_true("the order of the folder decides what was seen", told <= 2);
    test_true("nothing behind the link", strstr(strbuf_text(&all), "tree") == NULL);
    walk_close(walk);
    strbuf_clear(&why);
    strbuf_clear(&all);
    remove_all("swap");
}

static void test_unreadable(void)
{
    if (is_root)
        return;
    make_folder("closed");
    make_file("closed/x", 0);
    chmod("closed", 0);
    make_folder("shut");
    make_file("shut/x", 1);
    struct walk_settings settings = {.operands = TEXTS("closed", "shut")};
    test_walk("a closed folder", &settings, "! closed: Permission denied\nshut/x\n",
              (struct walk_counts){.files = 1, .folders = 1});
    chmod("closed", 0700);
    remove_all("closed shut");
}

int main(void)
{
    char dir[] = "/tmp/walk_test.XXXXXX";
    is_root = geteuid() == 0;
    umask(022);
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    make_tree();
    test_operands();
    test_left_out();
    test_lists();
    test_expected();
    test_too_long();
    test_broken_input();
    test_tenant();
    test_deep();
    test_moved();
    test_wide();
    test_swaps();
    test_folder_swap();
    test_unreadable();
    test_true("cleans up", chdir("/") == 0);
    remove_all(dir);
    return test_end();
}
