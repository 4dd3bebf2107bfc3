/* cases - what was written down is there again; what is not ours is refused and left alone. */
#include "spamgear/store/cases.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/path.h"
#include "spamgear/base/scratch.h"
#include "spamgear/base/sqlite.h"
#include "test.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct strbuf why;

static void test_why(const char *name, const char *want)
{
    test_text(name, strbuf_text(&why), want);
    strbuf_reset(&why);
}

static struct cases *open_it(const char *folder)
{
    struct cases *cases = cases_open(folder, &why);
    test_why(folder, "");
    if (cases == NULL)
        exit(1); /* everything else needs it */
    return cases;
}

static int64_t add(struct cases *cases, const char *account, int64_t opened, int64_t expires)
{
    struct case_file file = {.account = (char *)(uintptr_t)account,
                             .kind = 0,
                             .applet = (char[]){"test"},
                             .reason = (char[]){"'; DROP TABLE case_file; --"},
                             .evidence = (char[]){"one\ntwo\n"},
                             .opened = opened,
                             .expires = expires};
    test_number(account, cases_add(cases, &file, &why), 0);
    test_why(account, "");
    return file.id;
}

static int64_t act(struct cases *cases, int64_t id, enum action_state state)
{
    struct case_action action = {.method = (char[]){"local"},
                                 .state = state,
                                 .memo = (char[]){"k=v\n"},
                                 .what = (char[]){"lock bob"}};
    test_number("action", cases_add_action(cases, id, &action, &why), 0);
    return action.id;
}

static void test_kept(void)
{
    struct case_file file;
    struct cases *cases = open_it("state");
    int64_t id = add(cases, "bob", 100, 0);
    int64_t action = act(cases, id, ACTION_STARTED);
    test_number("state", cases_set_action(cases, action, ACTION_FAILED, "no such user", &why), 0);
    test_number("note", cases_note(cases, id, "looked at it", &why), 0);
    test_number("no case to note", cases_note(cases, 77, "x", &why), -1);
    strbuf_reset(&why);
    cases_close(cases);
    cases = open_it("state");
    test_number("found", cases_find_open(cases, "bob", &file, &why), 1);
    test_text("account", file.account, "bob");
    test_text("reason", file.reason, "'; DROP TABLE case_file; --");
    test_text("evidence", file.evidence, "one\ntwo\n");
    test_number("opened", file.opened, 100);
    test_number("actions", (int64_t)file.actions.len, 1);
    test_text("method", file.actions.at[0].method, "local");
    test_text("memo", file.actions.at[0].memo, "k=v\n");
    test_text("detail", file.actions.at[0].detail, "no such user");
    test_number("failed", file.actions.at[0].state, ACTION_FAILED);
    test_text("note", file.notes.at[0].text, "looked at it");
    case_file_clear(&file);
    test_number("not bo", cases_find_open(cases, "bo", &file, &why), 0);
    test_number("not b*b", cases_find_open(cases, "b*b", &file, &why), 0);
    test_number("closes", cases_close_case(cases, id, &why), 0);
    test_number("is closed", cases_find_open(cases, "bob", &file, &why), 0);
    test_number("the last one closed", cases_find_closed(cases, "bob", &file, &why), 1);
    case_file_clear(&file);
    add(cases, "bob", 200, 0);
    cases_close(cases);
}

static void test_one_open(void)
{
    struct cases *cases = open_it("one");
    struct case_file again = {.account = (char[]){"bob"}};
    add(cases, "bob", 1, 0);
    test_number("a second one", cases_add(cases, &again, &why), -1);
    strbuf_reset(&why);
    test_number("begins", cases_begin(cases, &why), 0);
    add(cases, "eve", 1, 0);
    cases_rollback(cases);
    test_number("as if nothing had been", cases_find_open(cases, "eve", &again, &why), 0);
    cases_close(cases);
}

static void test_due(void)
{
    struct cases *cases = open_it("due");
    struct case_numbers due = {0}, all = {0};
    int64_t standing = add(cases, "standing", 1000000, 0), expired = add(cases, "expired", 1, 50);
    int64_t later = add(cases, "later", 1, 1000001), cut = add(cases, "cut", 1, 0);
    int64_t lifting = add(cases, "lifting", 1, 0), closed = add(cases, "closed", 1, 50);
    act(cases, standing, ACTION_DONE);
    act(cases, expired, ACTION_BEFORE);
    act(cases, later, ACTION_FAILED);
    act(cases, cut, ACTION_STARTED);
    act(cases, lifting, ACTION_LIFTING);
    cases_close_case(cases, closed, &why);
    test_number("due", cases_due(cases, 1000000, &due, &why), 0);
    test_number("so many", (int64_t)due.len, 4);
    test_true("which", due.len == 4 && due.at[0] == standing && due.at[1] == expired &&
                           due.at[2] == cut && due.at[3] == lifting);
    due.len = 0;
    cases_set_told(cases, standing, &why);
    cases_due(cases, 1000000, &due, &why);
    test_number("told is not due", (int64_t)due.len, 3);
    cases_list(cases, true, NULL, 0, &all, &why);
    test_true("newest first", all.len == 5 && all.at[0] == lifting);
    all.len = 0;
    cases_list(cases, false, "cut", 0, &all, &why);
    test_true("of one", all.len == 1 && all.at[0] == cut);
    free(due.at);
    free(all.at);
    test_why("no trouble", "");
    cases_close(cases);
}

/* ---- files that are not ours ---- */

static void put(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    test_true(path, fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    chmod(path, mode);
}

static uint64_t digest(const char *path)
{
    uint64_t sum = 14695981039346656037u;
    FILE *file = fopen(path, "r");
    for (int c; file != NULL && (c = getc(file)) != EOF;)
        sum = (sum ^ (unsigned char)c) * 1099511628211u;
    if (file != NULL)
        fclose(file);
    return sum;
}

/* Refuses, with these words in the reason, and leaves the file as it was. */
static void test_refused(const char *folder, const char *words)
{
    char path[64];
    snprintf(path, sizeof path, "%s/spamgear.db", folder);
    uint64_t before = digest(path);
    for (int to_read = 0; to_read < 2; to_read++) {
        struct cases *cases = to_read ? cases_open_to_read(folder, &why) : cases_open(folder, &why);
        test_true(folder, cases == NULL);
        if (strstr(strbuf_text(&why), words) == NULL)
            test_text(folder, strbuf_text(&why), words);
        strbuf_reset(&why);
        cases_close(cases);
    }
    test_true("is left alone", digest(path) == before);
}

static void test_foreign(void)
{
    mkdir("foreign", 0700);
    struct sqlite *db = sqlite_open("foreign/spamgear.db", 0, &why);
    sqlite_run(db, "CREATE TABLE accounts (n)", &why);
    sqlite_close(db);
    test_refused("foreign", "not of spamgear's cases");
    cases_close(open_it("newer"));
    db = sqlite_open("newer/spamgear.db", 0, &why);
    sqlite_run(db, "PRAGMA user_version = 9", &why);
    sqlite_close(db);
    test_refused("newer", "newer spamgear");
    mkdir("text", 0700);
    put("text/spamgear.db",
        "this is no database at all, and long enough to be looked at ........"
        "....................................................................",
        0600);
    test_refused("text", "not a database");
    mkdir("open", 0700);
    put("open/spamgear.db", "", 0666);
    test_refused("open", "may open it");
    mkdir("shared", 0700);
    chmod("shared", 0777);
    test_refused("shared", "may write to it");
    mkdir("link", 0700);
    test_true("link", symlink("../state/spamgear.db", "link/spamgear.db") == 0);
    test_refused("link", "no regular file");
}

/* A page in the middle is overwritten: nobody gets the lock any more. */
static void test_damaged(void)
{
    struct cases *cases = open_it("damaged");
    char name[32], noise[2048];
    memset(noise, 0xa5, sizeof noise);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "user%d", i);
        add(cases, name, i, 0);
    }
    cases_close(cases);
    int fd = open("damaged/spamgear.db", O_WRONLY);
    test_true("damages", pwrite(fd, noise, sizeof noise, 9 * 4096) == sizeof noise);
    close(fd);
    uint64_t before = digest("damaged/spamgear.db");
    cases = cases_open("damaged", &why);
    test_true("is seen", cases == NULL || cases_lock(cases, 0, &why) == -1);
    test_true("is told", why.len > 0);
    strbuf_reset(&why);
    if (cases != NULL)
        cases_close(cases);
    test_true("is left alone", digest("damaged/spamgear.db") == before);
}

static void test_reading(void)
{
    struct case_file file;
    test_true("there is none", !cases_exist("nowhere"));
    test_true("nor is it made", cases_open_to_read("nowhere", &why) == NULL);
    test_true("not even a folder", access("nowhere", F_OK) != 0);
    strbuf_reset(&why);
    uint64_t before = digest("state/spamgear.db");
    test_true("there is one", cases_exist("state"));
    struct cases *cases = cases_open_to_read("state", &why);
    test_number("reads", cases_find_open(cases, "bob", &file, &why), 1);
    test_number("cannot write", cases_note(cases, file.id, "x", &why), -1);
    strbuf_reset(&why);
    case_file_clear(&file);
    cases_close(cases);
    test_true("as it was", digest("state/spamgear.db") == before);
    test_true("nothing beside it", access("state/spamgear.db-wal", F_OK) != 0 &&
                                       access("state/spamgear.db-journal", F_OK) != 0);
}

static void test_lock(void)
{
    struct cases *mine = open_it("state"), *other = open_it("state");
    test_number("locks", cases_lock(mine, 0, &why), 0);
    int64_t start = clock_steady_ms();
    test_number("is locked", cases_lock(other, 120, &why), 1);
    test_true("waits", clock_steady_ms() - start >= 100);
    test_true("and says so", strstr(strbuf_text(&why), "another process") != NULL);
    strbuf_reset(&why);
    cases_unlock(mine);
    test_number("is free", cases_lock(other, 0, &why), 0);
    cases_close(mine);
    cases_close(other);
}

/* Killed while it writes, again and again: each time the rest is whole. */
static void test_killed(void)
{
    for (int round = 0; round < 30; round++) {
        pid_t child = fork();
        if (child == 0) {
            struct cases *cases = cases_open("killed", NULL);
            char name[48];
            for (int i = 0;; i++) {
                if (cases == NULL)
                    _exit(1);
                snprintf(name, sizeof name, "u%d-%d", round, i);
                cases_begin(cases, NULL);
                act(cases, add(cases, name, i, 0), ACTION_STARTED);
                cases_commit(cases, NULL);
            }
        }
        usleep(2000 + (useconds_t)round * 1700);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        struct cases *cases = open_it("killed");
        struct case_numbers all = {0}, due = {0};
        test_number("is whole", cases_lock(cases, 0, &why), 0);
        cases_list(cases, true, NULL, 0, &all, &why);
        cases_due(cases, 0, &due, &why);
        test_true("a case has its action", all.len == due.len);
        free(all.at);
        free(due.at);
        cases_close(cases);
    }
}

int main(void)
{
    char dir[] = "/tmp/cases_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    umask(022);
    test_kept();
    test_one_open();
    test_due();
    test_foreign();
    test_damaged();
    test_reading();
    test_lock();
    test_killed();
    strbuf_clear(&why);
    test_true("folder", chdir("/") == 0 && scratch_remove(dir) == 0);
    return test_end();
}
