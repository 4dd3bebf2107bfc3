/* clam - libclamav with a small database of our own: what it finds, and that it never says clean
 * when it could not look. Markers are harmless words. */
#include "spamgear/scan/clam.h"

#include "spamgear/base/sandbox.h"

#include "test.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct rules *rules;

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    test_true(path, f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, 0644) == 0);
}

static void put_hex(FILE *f, const char *text)
{
    for (; *text != '\0'; text++)
        fprintf(f, "%02x", (unsigned char)*text);
}

/* A body signature of any target. */
static void put_ndb(const char *path, const char *name, int target, const char *text)
{
    FILE *f = fopen(path, "a");
    test_true(path, f != NULL);
    fprintf(f, "%s:%d:*:", name, target);
    put_hex(f, text);
    test_true(path, fputc('\n', f) == '\n' && fclose(f) == 0);
}

static void make_database(void)
{
    test_true("db", mkdir("db", 0755) == 0 && mkdir("scratch", 0700) == 0);
    put_ndb("db/a.ndb", "Test.Raw", 0, "Inert-Marker-RAW");
    put_ndb("db/a.ndb", "Test.Html", 3, "inert-marker-html");
    put_ndb("db/a.ndb", "Test.Text", 7, "inert-marker-text");
    put_ndb("db/b.ndb", "Test.Second", 0, "Inert-Marker-TWO");
    put("db/c.yar", "rule Yara_Marker { strings: $a = \"Inert-Marker-YARA\" condition: $a }\n");
}

/* ---- what is found ---- */

static const struct {
    const char *name, *text;
    const char *want; /* names, or why */
} files[] = {
    {"clean", "<?php echo 'nothing';\n", "clean"},
    {"empty", "", "clean"},
    {"raw", "<?php /* Inert-Marker-RAW */\n", "Test.Raw.UNOFFICIAL;"},
    {"raw in HTML", "<html><body><?php /* Inert-Marker-RAW */ ?></body></html>\n",
     "Test.Raw.UNOFFICIAL;"},
    {"raw signatures mind the case", "<?php /* inert-marker-raw */\n", "clean"},
    {"normalised", "<html><body><p>Inert-Marker-HTML</p></body></html>\n", "Test.Html.UNOFFICIAL;"},
    {"YARA", "<html><body><?php $x = 'Inert-Marker-YARA'; ?></body></html>\n",
     "YARA.Yara_Marker.UNOFFICIAL;"},
    {"all names, each once",
     "Inert-Marker-RAW Inert-Marker-TWO Inert-Marker-RAW Inert-Marker-YARA\n",
     "Test.Raw.UNOFFICIAL;Test.Second.UNOFFICIAL;YARA.Yara_Marker.UNOFFICIAL;"},
    {"normalised script", "<?php\n$x = 'Inert-Marker-TEXT';\n", "Test.Text.UNOFFICIAL;"},
    {"raw in a page", "<html><body><p>Inert-Marker-RAW Inert-Marker-HTML</p></body></html>\n",
     "Test.Html.UNOFFICIAL;Test.Raw.UNOFFICIAL;"},
    {"in a mail",
     "Received: from a by b\nFrom: a@a.example\nTo: b@b.example\nSubject: x\nMIME-Version: 1.0\n"
     "Content-Type: text/html\n\n<html><body>Inert-Marker-HTML Inert-Marker-RAW</body></html>\n",
     "Test.Html.UNOFFICIAL;Test.Raw.UNOFFICIAL;"},
    {"our canary is nobody's", "SpamgearCanary.Raw.0000000000000000", "clean"},
};

static int order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void tell(const struct verdict *verdict, struct strbuf *out)
{
    struct texts names = {0};
    for (unsigned i = 0; i < verdict->findings_len; i++) {
        const struct finding *finding = &verdict->findings[i];
        test_number("rule", finding->rule, rules->clamav);
        char *name = mem_text_of(finding->detail, finding->detail_len);
        texts_add(&names, name);
        free(name);
    }
    if (names.len > 0)
        qsort(names.at, names.len, sizeof *names.at, order);
    for (size_t i = 0; i < names.len; i++)
        strbuf_format(out, "%s;", names.at[i]);
    if (verdict->result == VERDICT_UNKNOWN)
        strbuf_add_text(out, verdict->why);
    else if (names.len == 0)
        strbuf_add_text(out, "clean");
    texts_clear(&names);
}

static void scan_text(const struct clam *clam, const char *name, const char *text, const char *want)
{
    static struct verdict verdict;
    struct strbuf got = {0};
    put("sample", text);
    int fd = open("sample", O_RDONLY);
    verdict_reset(&verdict);
    lseek(fd, 3, SEEK_SET); /* must not matter */
    clam_scan(clam, fd, strlen(text), rules, &verdict);
    close(fd);
    tell(&verdict, &got);
    test_text(name, strbuf_text(&got), want);
    strbuf_clear(&got);
}

static void test_found(const struct clam *clam)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        scan_text(clam, files[i].name, files[i].text, files[i].want);
}

/* ---- what cannot be looked at ---- */

static void test_size(const struct clam *clam)
{
    static struct verdict verdict;
    int fd = open("large", O_RDWR | O_CREAT, 0600);
    test_true("large", ftruncate(fd, (off_t)CLAM_SIZE_MAX + 1) == 0);
    verdict_reset(&verdict);
    clam_scan(clam, fd, CLAM_SIZE_MAX + 1, rules, &verdict);
    test_number("too large", verdict.result, VERDICT_UNKNOWN);
    test_text("says", verdict.why, "is larger than ClamAV's limit of 1024 MiB");
    /* The same when it grew behind our back: libclamav's own limit, which is told by NULL. */
    verdict_reset(&verdict);
    clam_scan(clam, fd, 1, rules, &verdict);
    test_number("grew", verdict.result, VERDICT_UNKNOWN);
    close(fd);
    unlink("large");
}

/* Whatever becomes of the scratch folder: no file is clean. */
static void test_no_scratch(const struct clam *clam)
{
    static struct verdict verdict;
    test_true("away", rename("scratch", "elsewhere") == 0);
    for (unsigned i = 0; i < 3; i++) {
        put("sample", i == 0 ? "Inert-Marker-RAW" : "nothing");
        int fd = open("sample", O_RDONLY);
        verdict_reset(&verdict);
        clam_scan(clam, fd, 16, rules, &verdict);
        close(fd);
        test_number("without a folder", verdict.result, VERDICT_UNKNOWN);
        test_true(verdict.why, strncmp(verdict.why, "ClamAV could not examine it: ", 29) == 0);
    }
    test_true("back", rename("elsewhere", "scratch") == 0);
    scan_text(clam, "and back", "Inert-Marker-RAW", "Test.Raw.UNOFFICIAL;");
}

/* The canary that is due after CLAM_CANARY files fails: that file and all further are UNKNOWN, even
 * when the folder is there again. */
static int run_until_canary(const struct clam *clam)
{
    static struct verdict verdict;
    int fd = open("sample", O_RDONLY);
    for (unsigned i = 1; i < CLAM_CANARY; i++) {
        verdict_reset(&verdict);
        clam_scan(clam, fd, 16, rules, &verdict);
        if (verdict.result != VERDICT_CLEAN)
            return 1;
    }
    if (rename("scratch", "elsewhere") != 0)
        return 2;
    verdict_reset(&verdict);
    clam_scan(clam, fd, 16, rules, &verdict);
    if (verdict.result != VERDICT_UNKNOWN || rename("elsewhere", "scratch") != 0)
        return 3;
    verdict_reset(&verdict);
    clam_scan(clam, fd, 16, rules, &verdict);
    close(fd);
    return verdict.result == VERDICT_UNKNOWN &&
                   strncmp(verdict.why, "libclamav cannot scan: ", 23) == 0
               ? 0
               : 4;
}

static int in_child(int (*what)(const struct clam *), const struct clam *clam)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct strbuf why = {0};
        int result = clam_enter(clam, "scratch", &why) != 0 ? 10 : what(clam);
        _exit(result);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Two workers of one parent that has scanned already, at once: neither misses a file. */
static int scan_many(const struct clam *clam)
{
    static struct verdict verdict;
    int fd = open("sample", O_RDONLY);
    for (unsigned i = 0; i < 200; i++) {
        verdict_reset(&verdict);
        clam_scan(clam, fd, 16, rules, &verdict);
        if (verdict.result != VERDICT_FOUND || verdict.why[0] != '\0')
            return 1;
    }
    return 0;
}

static void test_workers(const struct clam *clam)
{
    put("sample", "Inert-Marker-RAW");
    fflush(stdout);
    pid_t other = fork();
    if (other == 0) {
        struct strbuf why = {0};
        _exit(clam_enter(clam, "scratch", &why) != 0 ? 10 : scan_many(clam));
    }
    int status = 0;
    test_number("one worker", in_child(scan_many, clam), 0);
    test_true("the other", waitpid(other, &status, 0) == other && status == 0);
    put("sample", "nothing bad here");
    test_number("canary", in_child(run_until_canary, clam), 0);
}

/* In the sandbox the same is found, of texts in UTF-16 too (whose decoder libc loads late). */
static int scan_shut_in(const struct clam *clam)
{
    static const char html[] = "<html><body><p>Inert-Marker-HTML</p></body></html>";
    static struct verdict verdict;
    struct sandbox sandbox = {.folder = "scratch"};
    struct strbuf why = {0};
    int fds[3] = {open("raw", O_RDWR | O_CREAT, 0600), open("html", O_RDWR | O_CREAT, 0600),
                  open("wide", O_RDWR | O_CREAT, 0600)};
    dprintf(fds[0], "Inert-Marker-RAW");
    dprintf(fds[1], "%s", html);
    dprintf(fds[2], "\376\377");
    for (size_t i = 0; i < sizeof html - 1; i++)
        if (write(fds[2], (char[]){'\0', html[i]}, 2) != 2)
            return 1;
    if (sandbox_enter(&sandbox, &why) < 0)
        return 2;
    for (int i = 0; i < 3; i++) {
        verdict_reset(&verdict);
        clam_scan(clam, fds[i], 16, rules, &verdict);
        if (verdict.result != VERDICT_FOUND || verdict.why[0] != '\0')
            return 3 + i;
    }
    return 0;
}

/* A folder in which a file can be made, but nothing written: what a full disk does. */
static int scan_full(const struct clam *clam)
{
    static struct verdict verdict;
    struct rlimit none = {0, 0};
    int fd = open("sample", O_RDONLY);
    signal(SIGXFSZ, SIG_IGN);
    if (fd < 0 || setrlimit(RLIMIT_FSIZE, &none) != 0)
        return 1;
    verdict_reset(&verdict);
    clam_scan(clam, fd, 16, rules, &verdict);
    return verdict.why[0] != '\0' ? 0 : 2;
}

static void test_full(const struct clam *clam)
{
    put("sample", "<html><body><p>Inert-Marker-HTML</p></body></html>\n");
    test_number("full, found or not", in_child(scan_full, clam), 0);
    put("sample", "<html><body><p>nothing bad</p></body></html>\n");
    test_number("full, clean or not", in_child(scan_full, clam), 0);
}

static void test_sandbox(const struct clam *clam)
{
    struct strbuf why = {0};
    sandbox_prepare(&why);
    strbuf_clear(&why);
    test_number("in the sandbox", in_child(scan_shut_in, clam), 0);
    test_true("files", unlink("raw") == 0 && unlink("html") == 0 && unlink("wide") == 0);
}

static int files_in(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = -2;
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void test_engine(void)
{
    static struct verdict verdict;
    struct strbuf why = {0};
    struct clam *clam = clam_open("db", &why);
    test_text("opens", strbuf_text(&why), "");
    if (clam == NULL)
        return;
    test_number("signatures", clam_signatures(clam), 5);
    clam_scan(clam, 0, 1, rules, &verdict);
    test_number("nobody has entered", verdict.result, VERDICT_UNKNOWN);
    test_number("no folder", clam_enter(clam, "none", &why), -1);
    test_true(strbuf_text(&why), strncmp(strbuf_text(&why), "libclamav cannot scan: ", 23) == 0);
    test_number("enters", clam_enter(clam, "scratch", &why), 0);
    test_found(clam);
    test_size(clam);
    test_no_scratch(clam);
    test_workers(clam);
    test_sandbox(clam);
    test_full(clam);
    test_number("leaves nothing behind", files_in("scratch"), 0);
    strbuf_reset(&why);
    clam_describe(clam, &why);
    test_true(strbuf_text(&why), strstr(why.data, ", 5 signatures from db") != NULL);
    uint64_t before = clam_fingerprint(clam);
    clam_close(clam);
    put_ndb("db/b.ndb", "Test.Third", 0, "Inert-Marker-THREE");
    clam = clam_open("db", &why);
    test_true("another fingerprint", clam != NULL && clam_fingerprint(clam) != before);
    clam_close(clam);
    strbuf_clear(&why);
}

/* ---- databases ---- */

static void refuse(const char *name, const char *want)
{
    struct strbuf why = {0};
    struct clam *clam = clam_open("bad", &why);
    test_true(name, clam == NULL);
    test_true(strbuf_text(&why), strncmp(strbuf_text(&why), want, strlen(want)) == 0);
    clam_close(clam);
    strbuf_clear(&why);
}

static void test_databases(void)
{
    refuse("none", "bad: No such file or directory");
    test_true("bad", mkdir("bad", 0755) == 0);
    refuse("empty", "bad: ");
    put("bad/readme.txt", "x");
    refuse("no database", "bad: ");
    put("bad/a.ndb", "");
    refuse("no signatures", "bad: ");
    put("bad/a.ndb", "this is no signature\n");
    refuse("broken", "bad: Malformed database");
    put("bad/a.ndb", "Test.One:0:*:4142434445\n");
    chmod("bad/a.ndb", 0666);
    refuse("others may write the file", "bad/a.ndb: other users may write to it");
    chmod("bad/a.ndb", 0644);
    chmod("bad", 0777);
    refuse("others may write the folder", "bad: other users may write to it");
    chmod("bad", 0755);
    mkfifo("bad/b.ndb", 0600);
    refuse("does not hang", "bad/b.ndb: is no regular file");
    unlink("bad/b.ndb");
}

/* libclamav leaves a broken YARA rule out and goes on: told, and the others count. */
static void test_left_out(void)
{
    struct strbuf why = {0};
    put("bad/c.yar", "rule good { strings: $a = \"Inert-Marker-YARA\" condition: $a }\n"
                     "rule broken { strings: $a = condition: }\n");
    struct clam *clam = clam_open("bad", &why);
    test_true("opens", clam != NULL);
    test_true(strbuf_text(&why), strstr(strbuf_text(&why), "failed to parse or load 1") != NULL);
    clam_close(clam);
    unlink("bad/c.yar");
    unlink("bad/a.ndb");
    unlink("bad/readme.txt");
    rmdir("bad");
    strbuf_clear(&why);
}

static void clean_up(const char *dir)
{
    static const char *const names[] = {"db/a.ndb", "db/b.ndb", "db/c.yar", "sample"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(names[i]);
    test_true("folders are empty", rmdir("db") == 0 && rmdir("scratch") == 0 && rmdir(dir) == 0);
}

int main(void)
{
    char dir[] = "/tmp/clam_test.XXXXXX";
    struct strbuf why = {0};
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    umask(022);
    rules = rules_new();
    make_database();
    struct clam *clam = clam_open("db", &why);
    if (clam == NULL && strcmp(strbuf_text(&why), "built without libclamav") == 0) {
        puts("built without libclamav");
        return 0;
    }
    test_text("opens", strbuf_text(&why), "");
    clam_close(clam);
    strbuf_clear(&why);
    test_engine();
    test_databases();
    test_left_out();
    rules_free(rules);
    clean_up(dir);
    return test_end();
}
