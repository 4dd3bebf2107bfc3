/* verdict_cache - a file counts as known only when nothing about it changed, whatever happens to
 * the cache. */
#include "spamgear/scan/verdict_cache.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/sqlite.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NOW         2000000000LL
#define DAY         86400LL
#define FINGERPRINT 0xfedcba9876543210ULL
#define PATH        "private/cache"

static struct strbuf why;

static void test_why(const char *name, const char *want)
{
    test_text(name, strbuf_text(&why), want);
    strbuf_reset(&why);
}

static struct stat file_of(ino_t inode)
{
    return (struct stat){.st_dev = 7,
                         .st_ino = inode,
                         .st_size = 1000 + (off_t)inode,
                         .st_mtim = {NOW - 5000, 111},
                         .st_ctim = {NOW - 4000, 222}};
}

static struct walk_file in_folder(uint64_t inode)
{
    return (struct walk_file){.folder_device = 7, .folder_inode = inode, .cacheable = true};
}

static struct verdict_cache *open_as(uint64_t fingerprint)
{
    struct verdict_cache *cache = verdict_cache_open(PATH, fingerprint, &why);
    if (cache == NULL) {
        printf("cannot open: %s\n", strbuf_text(&why));
        exit(1); /* everything else needs it */
    }
    return cache;
}

static struct verdict_cache *open_it(void)
{
    struct verdict_cache *cache = open_as(FINGERPRINT);
    test_why("opens", "");
    return cache;
}

static void close_it(struct verdict_cache *cache)
{
    test_number("closes", verdict_cache_close(cache, &why), 0);
    test_why("no trouble", "");
}

static bool has(struct verdict_cache *cache, uint64_t folder_inode, const struct stat *st)
{
    struct walk_file file = in_folder(folder_inode);
    struct verdict_folder *folder = verdict_cache_folder(cache, &file);
    bool result = verdict_folder_has(folder, st);
    verdict_folder_release(cache, folder);
    return result;
}

static void learn(struct verdict_cache *cache, uint64_t folder_inode, const struct stat *st)
{
    struct walk_file file = in_folder(folder_inode);
    struct verdict_folder *folder = verdict_cache_folder(cache, &file);
    verdict_folder_add(folder, st);
    verdict_folder_release(cache, folder);
}

/* A run that learns files first to last of a folder. */
static void learn_run(uint64_t folder, ino_t first, ino_t last)
{
    struct verdict_cache *cache = open_it();
    for (ino_t inode = first; inode <= last; inode++) {
        struct stat st = file_of(inode);
        learn(cache, folder, &st);
    }
    close_it(cache);
}

static int count_known(uint64_t fingerprint, uint64_t folder, ino_t first, ino_t last)
{
    struct verdict_cache *cache = open_as(fingerprint);
    int count = 0;
    for (ino_t inode = first; inode <= last; inode++) {
        struct stat st = file_of(inode);
        count += has(cache, folder, &st);
    }
    strbuf_reset(&why);
    verdict_cache_close(cache, NULL);
    return count;
}

static void forget_all(void)
{
    unlink(PATH);
    unlink(PATH "-wal");
    unlink(PATH "-shm");
}

/* Each change of one value makes it another file. */
static void test_changes(void)
{
    struct stat changed[9];
    learn_run(1, 10, 20);
    for (size_t i = 0; i < 9; i++)
        changed[i] = file_of(15);
    changed[0].st_size++;
    changed[1].st_mtim.tv_nsec++;
    changed[2].st_mtim.tv_sec--;
    changed[3].st_ctim.tv_nsec--;
    changed[4].st_ctim.tv_sec++;
    changed[5].st_ino = 16;
    changed[6].st_ino = 21;
    changed[7].st_dev++;
    changed[8].st_size = 0;
    struct verdict_cache *cache = open_it();
    for (size_t i = 0; i < 9; i++)
        test_true("is another", !has(cache, 1, &changed[i]));
    struct stat same = file_of(15);
    test_true("the same", has(cache, 1, &same));
    test_true("in another folder", !has(cache, 2, &same));
    close_it(cache);
    test_number("all", count_known(FINGERPRINT, 1, 1, 30), 11);
    test_number("not with other rules", count_known(FINGERPRINT + 1, 1, 1, 30), 0);
    test_number("which forgets nothing", count_known(FINGERPRINT, 1, 1, 30), 11);
    forget_all();
}

/* Times that cannot be relied on. */
static void test_times(void)
{
    static const struct {
        const char *name;
        int64_t ctime, learnt, asked; /* against NOW */
        bool want;
    } rows[] = {
        {"long ago", -100000, 0, 0, true},
        {"settled", -VERDICT_CACHE_SETTLE, 0, 0, true},
        {"just changed", -VERDICT_CACHE_SETTLE + 1, 0, 0, false},
        {"just changed, asked later", -VERDICT_CACHE_SETTLE + 1, 0, DAY, false},
        {"now", 0, 0, 1000, false},
        {"from the future", 1000, 0, 0, false},
        {"from the future, asked later", 1000, 0, 2000, false},
        {"the clock ran back", -1000, 0, -2000, false},
        {"and on again", -1000, 0, 0, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stat st = file_of(1);
        st.st_ctim.tv_sec = NOW + rows[i].ctime;
        clock_pin(NOW + rows[i].learnt);
        struct verdict_cache *cache = open_it();
        learn(cache, 1, &st);
        close_it(cache);
        clock_pin(NOW + rows[i].asked);
        cache = open_it();
        test_number(rows[i].name, has(cache, 1, &st), rows[i].want);
        close_it(cache);
        forget_all();
    }
    clock_pin(NOW);
}

/* The clock that counts is that of before the file was looked at. */
static void test_slow(void)
{
    struct stat st = file_of(1);
    struct walk_file file = in_folder(1);
    st.st_ctim.tv_sec = NOW - 10;
    struct verdict_cache *cache = open_it();
    struct verdict_folder *folder = verdict_cache_folder(cache, &file);
    clock_pin(NOW + 1000);
    verdict_folder_add(folder, &st);
    verdict_folder_release(cache, folder);
    close_it(cache);
    cache = open_it();
    test_true("had changed when it was examined", !has(cache, 1, &st));
    close_it(cache);
    clock_pin(NOW);
    forget_all();
}

static void test_folders(void)
{
    struct walk_file one = in_folder(1), two = in_folder(2), none = in_folder(0);
    struct walk_file other = {.folder_device = 7, .folder_inode = 3};
    struct stat st = file_of(5);
    struct verdict_cache *cache = open_it();
    struct verdict_folder *a = verdict_cache_folder(cache, &one);
    struct verdict_folder *b = verdict_cache_folder(cache, &two);
    struct verdict_folder *c = verdict_cache_folder(cache, &one);
    test_true("the same for the same", a != NULL && a == c && b != a);
    test_true("not known where", verdict_cache_folder(cache, &none) == NULL);
    test_true("not to be cached", verdict_cache_folder(cache, &other) == NULL);
    test_true("none has none", !verdict_folder_has(NULL, &st));
    verdict_folder_add(NULL, &st);
    verdict_folder_release(cache, NULL);
    verdict_folder_add(a, &st);
    verdict_folder_release(cache, a);
    verdict_folder_release(cache, b);
    st = file_of(6);
    verdict_folder_add(c, &st);
    verdict_folder_release(cache, c);
    test_true("an open one", verdict_cache_folder(cache, &two) != NULL); /* is freed all the same */
    close_it(cache);
    test_number("nothing", verdict_cache_close(NULL, &why), 0);
    test_number("both", count_known(FINGERPRINT, 1, 1, 10), 2);
    forget_all();
}

static void test_merge(void)
{
    learn_run(1, 10, 20);
    learn_run(1, 5, 9); /* a scan that saw these alone */
    learn_run(1, 30, 31);
    test_number("all", count_known(FINGERPRINT, 1, 1, 40), 18);
    struct stat st = file_of(10), old = st;
    st.st_ctim.tv_nsec++;
    struct verdict_cache *cache = open_it();
    learn(cache, 1, &st);
    close_it(cache);
    cache = open_it();
    test_true("as it is now", has(cache, 1, &st));
    test_true("not as it was", !has(cache, 1, &old));
    close_it(cache);
    test_number("and the others", count_known(FINGERPRINT, 1, 1, 40), 17);
    forget_all();
}

/* Two scans at once. */
static void test_two(void)
{
    struct verdict_cache *one = open_it(), *two = open_it();
    for (ino_t inode = 1; inode <= 10; inode++) {
        struct stat st = file_of(inode);
        learn(inode % 2 == 0 ? one : two, 1, &st);
    }
    close_it(one);
    close_it(two);
    test_number("what both learnt", count_known(FINGERPRINT, 1, 1, 10), 10);
    struct sqlite *holder = sqlite_open(PATH, 0, &why);
    one = open_it();
    test_number("locks", sqlite_run(holder, "BEGIN IMMEDIATE", &why), 0);
    struct stat st = file_of(11);
    learn(one, 1, &st);
    st = file_of(10);
    test_true("reading goes on", has(one, 1, &st));
    test_number("is lost", verdict_cache_close(one, &why), -1);
    test_why("and told",
             PATH ": what was learnt of 1 folders is lost: " PATH ": database is locked");
    test_number("ends", sqlite_run(holder, "COMMIT", &why), 0);
    sqlite_close(holder);
    test_number("the rest stands", count_known(FINGERPRINT, 1, 1, 20), 10);
    forget_all();
}

static void test_days(void)
{
    learn_run(1, 1, 10);
    learn_run(2, 1, 10);
    for (int day = 1; day <= 31; day++) { /* one file of one folder is seen every day */
        clock_pin(NOW + day * DAY);
        test_number("seen", count_known(FINGERPRINT, 1, 3, 3), 1);
    }
    test_number("what was not seen for 31 days", count_known(FINGERPRINT, 1, 1, 10), 1);
    test_number("nor the folder", count_known(FINGERPRINT, 2, 1, 10), 0);
    clock_pin(NOW + 33 * DAY);
    test_number("other rules", count_known(FINGERPRINT + 1, 1, 3, 3), 0);
    test_number("two days later: still", count_known(FINGERPRINT, 1, 3, 3), 1);
    clock_pin(NOW + 36 * DAY);
    test_number("other rules", count_known(FINGERPRINT + 1, 1, 3, 3), 0);
    test_number("three days later: no more", count_known(FINGERPRINT, 1, 3, 3), 0);
    clock_pin(NOW);
    forget_all();
}

static void run_sql(const char *sql)
{
    struct sqlite *db = sqlite_open(PATH, 0, &why);
    test_number(sql, sqlite_run(db, sql, &why), 0);
    sqlite_close(db);
    test_why(sql, "");
}

/* Rows that nobody wrote like this are none, and are written anew. */
static void test_rows(void)
{
    static const char *const changes[] = {
        "UPDATE folder SET files = x'00'",
        "UPDATE folder SET files = x''",
        "UPDATE folder SET files = 'text'",
        "UPDATE folder SET files = 5",
        "UPDATE folder SET files = substr(files, 2)",
        "UPDATE folder SET files = files || files",
        "UPDATE folder SET files = randomblob(4000)",
        "UPDATE folder SET files = zeroblob(4000)",
        "UPDATE folder SET files = zeroblob(40000000)",
        "UPDATE folder SET files = CAST(substr(files, 41) || substr(files, 1, 40) AS BLOB)",
        "DELETE FROM folder",
        "PRAGMA user_version = 77",
        "PRAGMA user_version = 0",
        "DROP TABLE folder; PRAGMA user_version = 0",
        "DROP TABLE state; PRAGMA user_version = 0",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        learn_run(1, 1, 10);
        run_sql(changes[i]);
        test_number(changes[i], count_known(FINGERPRINT, 1, 1, 10), 0);
        learn_run(1, 1, 5);
        test_number("anew", count_known(FINGERPRINT, 1, 1, 10), 5);
        forget_all();
    }
}

static void overwrite(const char *path, off_t at, size_t len, mode_t mode)
{
    char *bytes = mem_alloc(len);
    memset(bytes, '#', len);
    int fd = open(path, O_WRONLY | O_CREAT, mode);
    test_true(path, pwrite(fd, bytes, len, at) == (ssize_t)len);
    close(fd);
    free(bytes);
}

static void test_damaged(void)
{
    overwrite(PATH, 0, 5000, 0600);
    struct verdict_cache *cache = open_as(FINGERPRINT);
    test_why("told", PATH ": file is not a database, so it was made anew");
    close_it(cache);
    learn_run(1, 1, 10);
    overwrite(PATH, 100, 3000, 0600); /* the first page */
    cache = open_as(FINGERPRINT);
    test_true("told", strstr(strbuf_text(&why), ", so it was made anew") != NULL);
    strbuf_reset(&why);
    close_it(cache);
    test_number("nothing known", count_known(FINGERPRINT, 1, 1, 10), 0);
    learn_run(1, 1, 10);
    struct stat st;
    test_true("size", stat(PATH, &st) == 0 && st.st_size > 8192);
    overwrite(PATH, 4096, (size_t)st.st_size - 4096, 0600); /* all pages but the first */
    cache = open_as(FINGERPRINT);
    strbuf_reset(&why);
    struct stat file = file_of(5);
    test_true("nothing known", !has(cache, 1, &file));
    learn(cache, 1, &file);
    if (verdict_cache_close(cache, &why) != 0)
        test_true("told", why.len > 0);
    strbuf_reset(&why);
    learn_run(1, 1, 10);
    test_number("works again", count_known(FINGERPRINT, 1, 1, 10), 10);
    forget_all();
}

static void refuse(const char *path, const char *want)
{
    test_true(path, verdict_cache_open(path, FINGERPRINT, &why) == NULL);
    test_why(path, want);
}

static void test_places(void)
{
    struct stat st;
    test_true("open folder", mkdir("open", 0777) == 0 && chmod("open", 0777) == 0);
    refuse("open/cache", "open/cache: its folder could be changed by others");
    refuse("open/below/cache", "open/below/: stands in a folder that another user could change");
    test_true("nothing made", stat("open/below", &st) != 0);
    test_true("link", symlink("target", "private/link") == 0);
    refuse("private/link", "private/link: is no regular file of one name");
    test_true("nothing behind it", stat("private/target", &st) != 0);
    overwrite("private/readable", 0, 1, 0644);
    refuse("private/readable", "private/readable: others own it or may open it");
    test_true("two names",
              chmod("private/readable", 0600) == 0 && link("private/readable", "private/two") == 0);
    refuse("private/two", "private/two: is no regular file of one name");
    refuse("private/", "private/: Is a directory");
    refuse("", ": No such file or directory");
    if (geteuid() == 0) {
        overwrite("private/theirs", 0, 1, 0600);
        test_true("theirs", chown("private/theirs", 65534, 65534) == 0);
        refuse("private/theirs", "private/theirs: others own it or may open it");
        unlink("private/theirs");
    }
    unlink("private/readable");
    unlink("private/two");
    unlink("private/link");
    rmdir("open");
    struct verdict_cache *cache = verdict_cache_open("private/new/deeper/cache", 1, &why);
    test_true("made", cache != NULL && stat("private/new/deeper", &st) == 0);
    test_number("lets others through", st.st_mode & 07777, 0755);
    test_true("so is the file", stat("private/new/deeper/cache", &st) == 0);
    test_number("private", st.st_mode & 07777, 0600);
    close_it(cache);
    unlink("private/new/deeper/cache");
    rmdir("private/new/deeper");
    rmdir("private/new");
}

/* Walks "tree": how many files there are, and how many of them are known. */
static int walk_tree(bool learns, int *known)
{
    char *operands[] = {"tree"};
    struct texts list = {operands, 1, 1};
    struct walk_settings settings = {.operands = &list};
    struct walk *walk = walk_open(&settings);
    struct verdict_cache *cache = open_it();
    struct walk_file file;
    int files = 0, cacheable = 0;
    *known = 0;
    while (walk_next(walk, &file, NULL) == 1) {
        struct verdict_folder *folder = verdict_cache_folder(cache, &file);
        files++;
        cacheable += folder != NULL;
        *known += verdict_folder_has(folder, &file.st);
        if (learns)
            verdict_folder_add(folder, &file.st);
        verdict_folder_release(cache, folder);
    }
    walk_close(walk);
    close_it(cache);
    return cacheable == files ? files : -1;
}

static void make_tree(void)
{
    struct strbuf path = {0};
    test_true("tree", mkdir("tree", 0755) == 0);
    for (int i = 0; i < 50; i++) {
        strbuf_reset(&path);
        strbuf_format(&path, "tree/%d", i / 10);
        mkdir(strbuf_text(&path), 0755);
        strbuf_format(&path, "/%d", i % 10);
        overwrite(strbuf_text(&path), 0, 100, 0644);
    }
    strbuf_clear(&path);
}

/* What somebody may do who wants a change not to be seen. */
static void test_tree(void)
{
    struct stat st;
    int known;
    make_tree();
    clock_pin(time(NULL) + 1000);
    if (walk_tree(true, &known) < 0) {
        printf("skipped: this file system is not to be relied on\n");
    } else {
        test_number("first", known, 0);
        test_number("files", walk_tree(false, &known), 50);
        test_number("second", known, 50);
        test_true("was", stat("tree/3/3", &st) == 0);
        overwrite("tree/3/3", 50, 1, 0644);
        const struct timespec times[2] = {st.st_atim, st.st_mtim};
        test_true("times put back", utimensat(AT_FDCWD, "tree/3/3", times, 0) == 0);
        test_true("moves", rename("tree/1/1", "tree/1/x") == 0 &&
                               rename("tree/1/2", "tree/1/1") == 0 &&
                               rename("tree/1/x", "tree/2/1") == 0);
        test_number("files", walk_tree(false, &known), 49);
        test_number("changed, moved within and moved out", known, 46);
    }
    clock_pin(NOW);
    test_number("removes", system("rm -rf tree"), 0);
    forget_all();
}

/* Many folders and files, over more than one write. */
static void test_many(void)
{
    enum { FOLDERS = 300, FILES = 200 };
    struct verdict_cache *cache = open_it();
    for (uint64_t folder = 1; folder <= FOLDERS; folder++) {
        for (ino_t inode = FILES; inode >= 1; inode--) {
            struct stat st = file_of(inode);
            learn(cache, folder, &st);
        }
    }
    close_it(cache);
    test_number("first", count_known(FINGERPRINT, 1, 1, FILES), FILES);
    test_number("last", count_known(FINGERPRINT, FOLDERS, 1, FILES), FILES);
    forget_all();
    learn_run(1, 1, 70000); /* more than are kept of one folder */
    test_number("bounded", count_known(FINGERPRINT, 1, 1, 70000), 65536);
    forget_all();
}

int main(void)
{
    char dir[] = "/tmp/verdict_cache_test.XXXXXX";
    umask(022);
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    clock_pin(NOW);
    test_changes();
    test_times();
    test_slow();
    test_folders();
    test_merge();
    test_two();
    test_days();
    test_rows();
    test_damaged();
    test_places();
    test_tree();
    test_many();
    strbuf_clear(&why);
    test_true("nothing else", rmdir("private") == 0 && chdir("/") == 0 && rmdir(dir) == 0);
    return test_end();
}
