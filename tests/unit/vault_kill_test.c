/* vault - killed at any instant, and refused by the disk at any call, nothing is lost.
 *
 * A run is killed before and after each call that changes something, and each fails in turn
 * (counted_calls.h); and 150 rounds are killed wherever a random moment finds them.
 */
#include "spamgear/base/clock.h"
#include "vault_files.h"

#include "counted_calls.h"
#include <stdint.h>
#include <time.h>

/* What the vault calls besides. */
BOTH(int, mkdirat, (int folder, const char *name, mode_t mode), SYS_mkdirat, folder, name, mode)
BOTH(int, unlinkat, (int folder, const char *name, int flags), SYS_unlinkat, folder, name, flags)
BOTH(int, linkat, (int from, const char *old, int to, const char *name, int flags), SYS_linkat,
     from, old, to, name, flags)
BOTH(int, renameat, (int from, const char *old, int to, const char *name), SYS_renameat2, from, old,
     to, name, 0)
BOTH(int, renameat2, (int from, const char *old, int to, const char *name, unsigned flags),
     SYS_renameat2, from, old, to, name, flags)

/* ---- the files ---- */

static unsigned file_count;

static void name_of(unsigned i, char name[40])
{
    snprintf(name, 40, "home/%u.php", i);
}

/* Each its own, but every third like the one before it: contents are shared too. */
static size_t text_of(unsigned i, char text[3000])
{
    unsigned seed = i - (i % 3 == 2);
    size_t len = 20 + seed * 37 % 2900;
    memset(text, 'a' + (int)(seed % 26), len);
    return len + (size_t)snprintf(text + len, 20, " %u", seed);
}

static void make_files(unsigned count)
{
    char name[40], text[3000];
    file_count = count;
    mkdir("home", 0755);
    for (unsigned i = 0; i < count; i++) {
        name_of(i, name);
        put(name, text, text_of(i, text), 0640 + i % 5);
        if (geteuid() == 0)
            test_true("owner", chown(name, 2000 + i, 3000 + i) == 0);
        const struct timespec times[2] = {{1000 + i, 1}, {2000 + i, 77}};
        test_true("times", utimensat(AT_FDCWD, name, times, 0) == 0);
    }
}

static bool is_whole(unsigned i)
{
    char name[40], want[3000], got[3100];
    struct stat st;
    size_t len = text_of(i, want);
    name_of(i, name);
    int fd = open(name, O_RDONLY | O_NOFOLLOW);
    ssize_t read_len = fd < 0 ? -1 : read(fd, got, sizeof got);
    bool good = fd >= 0 && read_len == (ssize_t)len && memcmp(got, want, len) == 0 &&
                fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0640 + i % 5 &&
                st.st_mtim.tv_sec == 2000 + (time_t)i && st.st_mtim.tv_nsec == 77 &&
                (geteuid() != 0 || (st.st_uid == 2000 + i && st.st_gid == 3000 + i));
    if (fd >= 0)
        close(fd);
    return good;
}

/* Takes all that are there. True when each was taken. */
static bool take_all(struct vault *vault)
{
    bool all = true;
    for (unsigned i = 0; i < file_count; i++) {
        char name[40], id[VAULT_ID];
        struct stat st;
        name_of(i, name);
        int fd = open(name, O_RDONLY | O_NOFOLLOW);
        if (fd < 0)
            continue;
        struct vault_file file = {name, fd, &st, NULL, "[X]", "quarantined"};
        all = fstat(fd, &st) == 0 && vault_take(vault, &file, id, NULL) == 0 && all;
        close(fd);
    }
    return all;
}

/* The run that is killed, or whose disk fails. */
static void run_child(void)
{
    struct texts problems = {0};
    struct vault *vault = vault_open("vault", &problems, NULL);
    bool all = vault != NULL && take_all(vault);
    _exit(what != WHAT_NOTHING && calls < at_call ? NEVER_REACHED : all ? 0 : 1);
}

/* ---- what must hold afterwards ---- */

/* The newest case of a path with that content, "" when there is none. */
static void case_of(struct vault *vault, const char *path, char id[VAULT_ID])
{
    struct texts ids = {0};
    vault_list(vault, &ids, NULL);
    *id = '\0';
    for (size_t i = 0; i < ids.len; i++) {
        struct vault_case one;
        if (vault_case_read(vault, ids.at[i], &one, NULL) != 0)
            test_true("every manifest can be read", false);
        else if (strcmp(one.path + strlen(one.path) - strlen(path), path) == 0)
            memcpy(id, one.id, VAULT_ID);
        vault_case_clear(&one);
    }
    texts_clear(&ids);
}

/* Puts every file back that is not where it was: by the cases alone. */
static void restore_all(struct vault *vault)
{
    for (unsigned i = 0; i < file_count; i++) {
        char name[40], id[VAULT_ID];
        struct texts remarks = {0};
        struct strbuf why = {0};
        name_of(i, name);
        if (!is_there(name)) {
            case_of(vault, name, id);
            test_number(name, vault_restore(vault, id, NULL, &remarks, &why), 0);
            test_text(name, strbuf_text(&why), "");
        }
        test_true("whole again", is_whole(i));
        texts_clear(&remarks);
        strbuf_clear(&why);
    }
}

/* A later run sets right what was half done, finishes the work, and all of it can be undone. */
static void check_and_clean(bool finish)
{
    struct texts problems = {0};
    struct vault *vault = vault_open("vault", &problems, NULL);
    test_true("opens again", vault != NULL);
    if (vault == NULL)
        exit(1);
    test_number("nothing half written", count_files("vault/new"), 0);
    if (finish) {
        test_true("takes the rest", take_all(vault));
        test_number("all are taken", count_files("home"), 0);
    }
    restore_all(vault);
    test_number("nothing else", count_files("home"), (int64_t)file_count);
    vault_close(vault);
    texts_clear(&problems);
    remove_tree("vault");
    remove_tree("home");
}

/* Every call in turn, until a run has no more of them. */
static void test_each_call(enum what then, int error)
{
    unsigned call = 1;
    for (bool reached = true; reached && call < 1000; call++) {
        make_files(3);
        int status = run_in_child(run_child, then, call, error);
        reached = !(WIFEXITED(status) && WEXITSTATUS(status) == NEVER_REACHED);
        test_true("killed", !reached || then == WHAT_FAIL || WIFSIGNALED(status));
        test_true("goes on", then != WHAT_FAIL || WIFEXITED(status));
        test_true("is done", reached || count_files("home") == 0);
        check_and_clean(call % 2 == 0);
    }
    printf("%u calls\n", call - 2);
    test_true("they are many, and end", call > 30 && call < 1000);
}

static void sleep_us(unsigned us)
{
    struct timespec time = {0, (long)us * 1000};
    nanosleep(&time, NULL);
}

/* How long does a whole run take here? */
static unsigned measure_us(void)
{
    make_files(200);
    int64_t start = clock_steady_ms();
    run_in_child(run_child, WHAT_NOTHING, 0, 0);
    int64_t took = clock_steady_ms() - start;
    check_and_clean(false);
    return took < 1 ? 1000 : (unsigned)took * 1000;
}

static unsigned kill_at_random(uint32_t *seed, unsigned longest_us)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        run_child();
    *seed = *seed * 1664525 + 1013904223;
    sleep_us(*seed / 65536 * (longest_us / 1000) / 65 % longest_us);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

static void test_random_kills(void)
{
    uint32_t seed = 20261121;
    unsigned killed = 0, rounds = 150, longest_us = measure_us();
    for (unsigned i = 0; i < rounds; i++) {
        bool whole = i % 25 == 24; /* the checks of 200 files take time */
        make_files(whole ? 200 : 12);
        killed += kill_at_random(&seed, whole ? longest_us : longest_us / 12);
        if (i % 3 == 0) /* and the run that comes after it, too */
            killed += kill_at_random(&seed, whole ? longest_us : longest_us / 12);
        check_and_clean(i % 2 == 0);
    }
    printf("%u kills met a running one\n", killed);
    test_true("enough kills met a running one", killed > rounds / 8);
}

int main(void)
{
    char dir[] = "/tmp/vault_kill_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    umask(022);
    test_each_call(WHAT_KILL_BEFORE, 0);
    test_each_call(WHAT_KILL_AFTER, 0);
    test_each_call(WHAT_FAIL, ENOSPC);
    test_each_call(WHAT_FAIL, EIO);
    test_random_kills();
    test_true("folder is empty", rmdir(dir) == 0);
    return test_end();
}
