/* sqlite - values come back as they were bound, and what is no database is told. */
#include "spamgear/base/sqlite.h"

#include "test.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct strbuf why;

static void test_why(const char *name, const char *want)
{
    test_text(name, strbuf_text(&why), want);
    strbuf_reset(&why);
}

static struct sqlite *open_it(const char *path)
{
    struct sqlite *db = sqlite_open(path, 0, &why);
    test_why(path, "");
    if (db == NULL)
        exit(1); /* everything else needs it */
    return db;
}

static void test_values(void)
{
    const struct {
        int64_t number;
        struct span text, blob;
    } rows[] = {
        {1, SPAN("a"), SPAN("b")},
        {INT64_MIN, SPAN(""), SPAN("")},
        {INT64_MAX, SPAN("'; DROP TABLE t; --"), SPAN("\0\xff\0")},
        {-1, SPAN("a\0b"), {NULL, 0}},
    };
    struct sqlite *db = open_it("values");
    test_number("makes", sqlite_run(db, "CREATE TABLE t (n INTEGER, s TEXT, b BLOB)", &why), 0);
    struct sqlite_query *put = sqlite_prepare(db, "INSERT INTO t VALUES (?1, ?2, ?3)", &why);
    struct sqlite_query *get = sqlite_prepare(db, "SELECT s, b, n FROM t WHERE n = ?1", &why);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sqlite_bind_number(put, 1, rows[i].number);
        sqlite_bind_text(put, 2, rows[i].text);
        sqlite_bind_blob(put, 3, rows[i].blob);
        test_number("puts", sqlite_step(put, &why), 0);
        sqlite_reset(put);
        sqlite_bind_number(get, 1, rows[i].number);
        test_number("gets", sqlite_step(get, &why), 1);
        struct span text = sqlite_bytes(get, 0), blob = sqlite_bytes(get, 1);
        test_bytes("text", text.at, text.len, rows[i].text.at, rows[i].text.len);
        test_bytes("blob", blob.at, blob.len, rows[i].blob.at, rows[i].blob.len);
        test_number("number", sqlite_number(get, 2), rows[i].number);
        test_number("one", sqlite_step(get, &why), 0);
        sqlite_reset(get);
    }
    test_number("an unbound value fits nothing", sqlite_step(get, &why), 0);
    test_why("no trouble", "");
    sqlite_query_close(get);
    sqlite_query_close(put);
    sqlite_close(db);
}

static void test_wrong(void)
{
    struct sqlite *db = open_it("values");
    test_true("no such table", sqlite_prepare(db, "SELECT * FROM u", &why) == NULL);
    test_why("says", "values: no such table: u");
    test_number("nonsense", sqlite_run(db, "NONSENSE", &why), -1);
    test_why("says", "values: near \"NONSENSE\": syntax error");
    test_true("neither", !sqlite_is_busy(db) && !sqlite_is_damaged(db));
    sqlite_query_close(NULL);
    sqlite_close(db);
    sqlite_close(NULL);
}

static void test_busy(void)
{
    struct sqlite *one = open_it("values"), *two = open_it("values");
    test_number("locks", sqlite_run(one, "BEGIN IMMEDIATE", &why), 0);
    test_number("is locked", sqlite_run(two, "BEGIN IMMEDIATE", &why), -1);
    test_why("says", "values: database is locked");
    test_true("busy", sqlite_is_busy(two) && !sqlite_is_damaged(two));
    test_number("ends", sqlite_run(one, "COMMIT", &why), 0);
    test_number("is free", sqlite_run(two, "BEGIN IMMEDIATE; COMMIT", &why), 0);
    sqlite_close(two);
    sqlite_close(one);
}

static void test_files(void)
{
    static const struct {
        const char *path, *why;
    } refused[] = {
        {"link", "link: is no regular file"},
        {"dangling", "dangling: is no regular file"},
        {"fifo", "fifo: is no regular file"},
        {"folder", "folder: is no regular file"},
        {"none/x", "none/x: No such file or directory"},
        {"", ": No such file or directory"},
    };
    struct stat st;
    test_true("made", symlink("values", "link") == 0 && symlink("nowhere", "dangling") == 0 &&
                          mkfifo("fifo", 0600) == 0 && mkdir("folder", 0700) == 0);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        test_true(refused[i].path, sqlite_open(refused[i].path, 0, &why) == NULL);
        test_why(refused[i].path, refused[i].why);
    }
    test_true("nothing behind the link", stat("nowhere", &st) != 0);
    struct sqlite *db = open_it(":memory:");
    test_number("writes", sqlite_run(db, "CREATE TABLE t (n)", &why), 0);
    sqlite_close(db);
    test_true("a file, and private", stat(":memory:", &st) == 0 && (st.st_mode & 0777) == 0600);
    sqlite_close(open_it("file:x?mode=memory"));
    test_true("a file", stat("file:x?mode=memory", &st) == 0);
}

static void overwrite(const char *path, off_t at, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    test_true(path, pwrite(fd, bytes, len, at) == (ssize_t)len);
    close(fd);
}

static void test_damaged(void)
{
    static const char garbage[4096] = "This is no database, and longer than its header would be.";
    overwrite("garbage", 0, garbage, sizeof garbage);
    struct sqlite *db = open_it("garbage");
    test_number("refused", sqlite_run(db, "PRAGMA user_version; SELECT * FROM t", &why), -1);
    test_why("says", "garbage: file is not a database");
    test_true("damaged", sqlite_is_damaged(db) && !sqlite_is_busy(db));
    sqlite_close(db);
    overwrite("values", 100, garbage, 1000); /* its first page */
    db = open_it("values");
    test_number("refused", sqlite_run(db, "SELECT * FROM t", &why), -1);
    test_true("damaged", sqlite_is_damaged(db));
    sqlite_close(db);
}

/* Does this process have such a file in its memory? */
static bool maps(const char *name)
{
    char line[5000];
    bool found = false;
    FILE *f = fopen("/proc/self/maps", "re");
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL)
        found = strstr(line, name) != NULL;
    if (f != NULL)
        fclose(f);
    return found;
}

/* Workers read what attackers wrote: the shared index of the log is not theirs. */
static void test_forked(void)
{
    int status = -1;
    strbuf_reset(&why);
    struct sqlite *db = open_it("forked");
    test_number("logs", sqlite_run(db, "PRAGMA journal_mode = WAL; CREATE TABLE t (n)", &why), 0);
    test_number("reads", sqlite_run(db, "SELECT * FROM t", &why), 0);
    test_true("is shared", maps("/forked-shm"));
    pid_t child = fork();
    if (child == 0)
        _exit(maps("/forked-shm"));
    test_true("reaped", waitpid(child, &status, 0) == child);
    test_number("not with the forked", status, 0);
    test_number("still writes", sqlite_run(db, "INSERT INTO t VALUES (1)", &why), 0);
    test_why("no trouble", "");
    sqlite_close(db);
}

int main(void)
{
    char dir[] = "/tmp/sqlite_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    test_values();
    test_wrong();
    test_busy();
    test_files();
    test_damaged();
    test_forked();
    strbuf_clear(&why);
    static const char *const names[] = {"values",  "link",     "dangling",           "fifo",
                                        "garbage", ":memory:", "file:x?mode=memory", "forked"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        test_number(names[i], unlink(names[i]), 0);
    test_true("nothing else", rmdir("folder") == 0 && chdir("/") == 0 && rmdir(dir) == 0);
    return test_end();
}
