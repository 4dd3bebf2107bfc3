/* signature_sets - the set in use is always a whole one: put, rolled back, killed, on a full disk.
 */
#include "spamgear/store/signature_sets.h"

#include "test.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- helpers ---- */

static void add_file(struct signature_set *set, const char *name, const char *text)
{
    struct signature_file *file = signature_set_add(set, name);
    free(file->url);
    strbuf_clear(&file->text);
    file->url = mem_text("https://example.net/x");
    strbuf_add_text(&file->text, text);
    file->size = file->text.len;
    digest_of(strbuf_span(&file->text), file->hash);
}

static struct signature_sets *open_sets(enum signature_access access)
{
    struct strbuf why = {0};
    struct signature_sets *sets = signature_sets_open("sets-here", access, &why);
    test_text("opens", strbuf_text(&why), "");
    strbuf_clear(&why);
    return sets;
}

/* A set of two files; the second says which. */
static int put_one(struct signature_sets *sets, const char *text, int64_t now, struct strbuf *why)
{
    struct signature_set set = {0};
    add_file(&set, "fingerprints.txt", "always the same");
    add_file(&set, "a.rules", text);
    int result = signature_sets_put(sets, &set, now, why);
    signature_set_clear(&set);
    return result;
}

static void put(const char *text, int64_t now)
{
    struct strbuf why = {0};
    struct signature_sets *sets = open_sets(SIGNATURE_SETS_CHANGE);
    test_number(text, put_one(sets, text, now, &why), 0);
    test_text(text, strbuf_text(&why), "");
    signature_sets_close(sets);
    strbuf_clear(&why);
}

/* What a.rules of the set in use says, "none" without any, else the reason. */
static void in_use(const char *name, const char *want)
{
    char id[SIGNATURE_SET_ID];
    struct signature_set set;
    struct strbuf why = {0};
    struct signature_sets *sets = open_sets(SIGNATURE_SETS_LOOK);
    int had = signature_sets_current(sets, id, &why);
    if (had > 0 && signature_sets_read(sets, id, true, &set, &why) == 0) {
        struct signature_file *file = signature_set_find(&set, "a.rules");
        test_text(name, file == NULL ? "no file" : strbuf_text(&file->text), want);
        signature_set_clear(&set);
    } else
        test_text(name, had == 0 ? "none" : strbuf_text(&why), want);
    signature_sets_close(sets);
    strbuf_clear(&why);
}

static void roll_back(const char *name, const char *want_why)
{
    char id[SIGNATURE_SET_ID];
    struct strbuf why = {0};
    struct signature_sets *sets = open_sets(SIGNATURE_SETS_CHANGE);
    test_number(name, signature_sets_roll_back(sets, id, &why), *want_why == '\0' ? 0 : -1);
    test_text(name, strbuf_text(&why), want_why);
    signature_sets_close(sets);
    strbuf_clear(&why);
}

static int names_in(const char *path)
{
    DIR *dir = opendir(path);
    int count = -2;
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count;
}

/* ---- tests ---- */

static unsigned mode_of(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

static void test_put(void)
{
    umask(077);
    in_use("no folder", "none");
    test_true("looking makes nothing", access("sets-here", F_OK) != 0);
    put("one", 1000);
    in_use("one", "one");
    test_number("folder", mode_of("sets-here"), 0755);
    test_number("set", mode_of("sets-here/sets/0000001000-00"), 0755);
    test_number("file", mode_of("sets-here/current/a.rules"), 0644);
    test_number("manifest", mode_of("sets-here/current/manifest"), 0644);
    put("two", 1000);
    in_use("the same second", "two");
    test_true("its name", access("sets-here/sets/0000001000-01/manifest", F_OK) == 0);
    umask(022);
}

static void test_roll_back(void)
{
    put("three", 2000);
    put("four", 3000);
    roll_back("four", "");
    in_use("back to three", "three");
    roll_back("three", "");
    in_use("back to two", "two");
    put("five", 4000);
    in_use("a new one", "five");
    roll_back("five", "");
    in_use("not to what was rolled back", "two");
    roll_back("two", "");
    in_use("back to one", "one");
    roll_back("none", "sets-here: there is no set before the one in use");
    in_use("still one", "one");
    struct signature_sets *sets = open_sets(SIGNATURE_SETS_LOOK);
    test_true("withdrawn", signature_sets_is_withdrawn(sets, "0000004000-00"));
    test_true("in use", !signature_sets_is_withdrawn(sets, "0000001000-00"));
    test_true("no ID", !signature_sets_is_withdrawn(sets, "../sets/0000004000-00"));
    signature_sets_close(sets);
}

static void test_keep(void)
{
    char text[20];
    for (int i = 0; i < 12; i++) {
        snprintf(text, sizeof text, "many %d", i);
        put(text, 5000 + i);
    }
    in_use("the last", "many 11");
    test_number("kept", names_in("sets-here/sets"), SIGNATURE_SETS_KEEP);
    for (int i = 10; i > 7; i--)
        roll_back("one more", "");
    in_use("three back", "many 8");
    roll_back("the fourth", "");
    in_use("four back", "many 7");
    roll_back("the fifth", "sets-here/sets/0000005006-00: No such file or directory");
    in_use("stays", "many 7");
    put("after", 6000);
    test_true("its chain is kept", access("sets-here/sets/0000005007-00", F_OK) == 0);
    test_number("and the newest", names_in("sets-here/sets"), SIGNATURE_SETS_KEEP + 1);
}

static void test_lock(void)
{
    struct strbuf why = {0};
    struct signature_sets *one = open_sets(SIGNATURE_SETS_CHANGE);
    struct signature_sets *two = signature_sets_open("sets-here", SIGNATURE_SETS_CHANGE, &why);
    test_true("two at once", two == NULL);
    test_text("two at once", strbuf_text(&why), "sets-here: another run is at work there");
    signature_sets_close(two);
    in_use("looking needs no lock", "after");
    signature_sets_close(one);
    strbuf_clear(&why);
}

/* What a damaged or hostile folder has in place of a set. */
static void test_damaged(void)
{
    static const char file[] = "sets-here/current/a.rules";
    struct strbuf why = {0};
    put("sound", 7000);
    test_true("cut", truncate(file, 3) == 0);
    in_use("cut", "sets-here/sets/0000007000-00: a.rules: was changed since it was put there");
    test_true("gone", unlink(file) == 0);
    in_use("gone", "sets-here/sets/0000007000-00: a.rules: No such file or directory");
    test_true("link", symlink("/etc/passwd", file) == 0);
    in_use("link", "sets-here/sets/0000007000-00: a.rules: Too many levels of symbolic links");
    test_true("fifo", unlink(file) == 0 && mkfifo(file, 0644) == 0);
    in_use("fifo", "sets-here/sets/0000007000-00: a.rules: Operation not permitted");
    test_true("gone", unlink("sets-here/current/manifest") == 0);
    in_use("no manifest", "sets-here/sets/0000007000-00: manifest: No such file or directory");
    put("after the damage", 8000);
    in_use("after the damage", "after the damage");
    test_true("away", rename("sets-here/current", "sets-here/saved") == 0 &&
                          symlink("../../etc", "sets-here/current") == 0);
    in_use("leads away", "sets-here/current: is no link to a set: nothing is changed");
    struct signature_sets *sets = open_sets(SIGNATURE_SETS_CHANGE);
    test_number("refused", put_one(sets, "x", 9000, &why), -1);
    signature_sets_close(sets);
    test_true("and back", rename("sets-here/saved", "sets-here/current") == 0);
    test_true("open", chmod("sets-here/sets", 0777) == 0);
    test_true("open to others",
              signature_sets_open("sets-here", SIGNATURE_SETS_LOOK, &why) == NULL);
    test_text("open to others", strbuf_text(&why),
              "sets-here/sets: others than root and the user who runs this may write it");
    test_true("closed", chmod("sets-here/sets", 0755) == 0);
    strbuf_clear(&why);
}

/* In a child: the disk takes no more than a page of a file. */
static int put_on_full_disk(void)
{
    struct rlimit limit = {64, 64};
    struct strbuf why = {0};
    signal(SIGXFSZ, SIG_IGN);
    struct signature_sets *sets = signature_sets_open("sets-here", SIGNATURE_SETS_CHANGE, &why);
    if (sets == NULL || setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 2;
    int result = put_one(sets, "small", 9000, &why); /* the manifest does not fit */
    bool told = strcmp(strbuf_text(&why), "sets-here/sets/0000009000-00: File too large") == 0;
    signature_sets_close(sets);
    strbuf_clear(&why);
    return result == -1 && told ? 0 : 1;
}

static void test_full(void)
{
    int status = 0, before = names_in("sets-here/sets");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(put_on_full_disk());
    test_true("ended", waitpid(child, &status, 0) == child && WIFEXITED(status));
    test_number("fails and says why", WEXITSTATUS(status), 0);
    in_use("the old one is in use", "after the damage");
    test_number("nothing is left", names_in("sets-here/sets"), before);
}

static void put_for_ever(void)
{
    char text[20];
    for (int i = 0;; i++) {
        struct signature_sets *sets = signature_sets_open("sets-here", SIGNATURE_SETS_CHANGE, NULL);
        snprintf(text, sizeof text, "killed %d", i);
        if (sets == NULL || put_one(sets, text, 10000 + i, NULL) != 0)
            _exit(1);
        signature_sets_close(sets);
    }
}

/* Killed at any moment: what is in use is whole, and the next run gets on. */
static void test_killed(void)
{
    for (int i = 0; i < 60; i++) {
        int status = 0;
        char id[SIGNATURE_SET_ID];
        struct signature_set set;
        struct strbuf why = {0};
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            put_for_ever();
        usleep((useconds_t)(i * 337 % 9000));
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        test_true("was killed", WIFSIGNALED(status));
        struct signature_sets *sets = open_sets(SIGNATURE_SETS_CHANGE);
        test_number("there is one", signature_sets_current(sets, id, &why), 1);
        test_number("it is whole", signature_sets_read(sets, id, true, &set, &why), 0);
        test_text("it is whole", strbuf_text(&why), "");
        test_number("both files", (int64_t)set.files.len, 2);
        signature_set_clear(&set);
        signature_sets_close(sets);
        strbuf_clear(&why);
    }
    /* Runs that were killed early removed nothing; the next one that is not does. */
    struct signature_sets *sets = open_sets(SIGNATURE_SETS_CHANGE);
    test_number("the next one", put_one(sets, "not killed", 20000, NULL), 0);
    signature_sets_close(sets);
    /* The chain, the newest, and one that was not yet removed. */
    test_true("no more than are kept", names_in("sets-here/sets") <= 2 * SIGNATURE_SETS_KEEP + 1);
    test_number("nothing else", names_in("sets-here"), 3);
}

/* ---- manifests ---- */

#define HEAD            "spamgear-signatures 1\n"
#define HASH            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FILE_LINE(name) "file " name " " HASH " 10 2 1795300000 unsigned https://example.net/x\n"

static const struct {
    const char *name, *text, *why; /* NULL: is read, and written the same */
} manifests[] = {
    {"no files", HEAD "end\n", NULL},
    {"files", HEAD "previous 1795300000-00\n" FILE_LINE("a.rules") FILE_LINE("b.rules") "end\n",
     NULL},
    {"empty", "", "its manifest is none, or cut off"},
    {"cut off", HEAD FILE_LINE("a.rules"), "its manifest is none, or cut off"},
    {"another kind", "spamgear-case 1\nend\n", "its manifest is none, or cut off"},
    {"another version", "spamgear-signatures 2\nend\n", "its manifest is none, or cut off"},
    {"behind the end", HEAD "end\nx\nend\n", "line 2 of its manifest is wrong"},
    {"twice", HEAD FILE_LINE("a.rules") FILE_LINE("a.rules") "end\n",
     "line 3 of its manifest is wrong"},
    {"climbing", HEAD FILE_LINE("../a.rules") "end\n", "line 2 of its manifest is wrong"},
    {"no signatures", HEAD FILE_LINE("passwd") "end\n", "line 2 of its manifest is wrong"},
    {"hidden", HEAD FILE_LINE(".a.rules") "end\n", "line 2 of its manifest is wrong"},
    {"no name", HEAD FILE_LINE("") "end\n", "line 2 of its manifest is wrong"},
    {"short hash", HEAD "file a.rules 0123 1 1 1 signed https://example.net/\nend\n",
     "line 2 of its manifest is wrong"},
    {"huge", HEAD "file a.rules " HASH " 999999999999 1 1 signed https://example.net/\nend\n",
     "line 2 of its manifest is wrong"},
    {"negative", HEAD "file a.rules " HASH " -1 1 1 signed https://example.net/\nend\n",
     "line 2 of its manifest is wrong"},
    {"neither", HEAD "file a.rules " HASH " 1 1 1 maybe https://example.net/\nend\n",
     "line 2 of its manifest is wrong"},
    {"no URL", HEAD "file a.rules " HASH " 1 1 1 signed\nend\n", "line 2 of its manifest is wrong"},
    {"two URLs", HEAD "file a.rules " HASH " 1 1 1 signed a b\nend\n",
     "line 2 of its manifest is wrong"},
    {"previous leads away", HEAD "previous ../../etc\nend\n", "line 2 of its manifest is wrong"},
    {"two previous", HEAD "previous 1-0\nprevious 1-0\nend\n", "line 3 of its manifest is wrong"},
    {"previous too long", HEAD "previous 1795300000179530000017953\nend\n",
     "line 2 of its manifest is wrong"},
    {"unknown", HEAD "colour red\nend\n", "line 2 of its manifest is wrong"},
    {"blank", HEAD "\nend\n", "line 2 of its manifest is wrong"},
};

static void test_manifests(void)
{
    for (size_t i = 0; i < sizeof manifests / sizeof *manifests; i++) {
        const char *name = manifests[i].name;
        struct signature_set set = {0};
        struct strbuf why = {0}, out = {0};
        int result = signature_manifest_parse(&set, span_text(manifests[i].text), &why);
        test_number(name, result, manifests[i].why == NULL ? 0 : -1);
        test_text(name, strbuf_text(&why), manifests[i].why == NULL ? "" : manifests[i].why);
        signature_manifest_write(&set, &out);
        if (result == 0)
            test_text(name, strbuf_text(&out), manifests[i].text);
        signature_set_clear(&set);
        strbuf_clear(&why);
        strbuf_clear(&out);
    }
}

/* ---- tidying ---- */

static void empty_folder(int parent, const char *name, int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(fd, entry->d_name, 0) != 0 && depth > 0)
            empty_folder(fd, entry->d_name, depth - 1);
    if (dir != NULL)
        closedir(dir);
    unlinkat(parent, name, AT_REMOVEDIR);
}

int main(void)
{
    char dir[] = "/tmp/signature_sets_test.XXXXXX";
    struct strbuf why = {0};
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    test_manifests();
    test_number("libcrypto", digest_load(&why), 0);
    test_put();
    test_roll_back();
    test_keep();
    test_lock();
    test_damaged();
    test_full();
    test_killed();
    empty_folder(AT_FDCWD, "sets-here", 2);
    test_true("folder is empty", rmdir(dir) == 0);
    strbuf_clear(&why);
    return test_end();
}
