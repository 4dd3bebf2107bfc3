/* sweep - what is written over a file is that file without what was cut out, whatever the worker
 * that cleaned it says. */
#include "spamgear/check/sweep.h"

#include "spamgear/base/clock.h"
#include "spamgear/scan/worker.h"
#include "vault_files.h"
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define NOBODY 65534

#define INJECTED "<?php inert_cut(1); good(); ?>\n"
#define CLEANED  "<?php  good(); ?>\n"
#define FOREIGN  "<?php foreign(); ?>"

static char complained[1000];

static void complain(const char *text)
{
    strncat(complained, text, sizeof complained - strlen(complained) - 1);
}

/* ---- workers that were taken over ---- */

/* Answers for the job `number`, whose memfd follows its file: it holds these bytes now, and the
 * verdict says that it is the result of such cuts. Then it asks to be replaced. */
static void forge(uint64_t number, int memfd, const char *text, const struct verdict_cut *cuts,
                  uint32_t cuts_len)
{
    struct worker_answer head = {.number = number};
    struct strbuf record = {0}, out = {0};
    struct verdict verdict = {.result = VERDICT_CLEAN,
                              .size = 1000,
                              .cleaning = CLEANING_DONE,
                              .cleaned_size = strlen(text),
                              .cuts_len = cuts_len};
    if (cuts_len > 0)
        memcpy(verdict.cuts, cuts, cuts_len * sizeof *cuts);
    if (pwrite(memfd, text, strlen(text), 0) != (ssize_t)strlen(text))
        _exit(1);
    verdict_encode(&verdict, &record);
    head.len = record.len;
    strbuf_add_char(&out, WORKER_ANSWERS);
    strbuf_add(&out, (const char *)&head, sizeof head);
    strbuf_add_span(&out, strbuf_span(&record));
    send(WORKER_SOCKET, out.data, out.len, MSG_NOSIGNAL);
    strbuf_clear(&record);
    strbuf_clear(&out);
    _exit(WORKER_AGAIN);
}

static const char *forged_text;
static struct verdict_cut forged_cuts[2];
static uint32_t forged_len;

/* The first visit: found. The second, with a memfd: forged. The third, of the memfd: clean. */
static void take_over(const struct detect *detect, struct detect_scratch *scratch, int fd,
                      struct verdict *verdict)
{
    struct stat st;
    char text[1000];
    ssize_t len = pread(fd, text, sizeof text, 0);
    verdict_reset(verdict);
    if (len > 0 && span_is((struct span){text, (size_t)len}, span_text(forged_text)))
        return;
    detect_file(detect, scratch, fd, verdict);
    if (fstat(fd + 1, &st) == 0)
        forge(2, fd + 1, forged_text, forged_cuts, forged_len);
}

/* ---- a sweep over one file ---- */

static void add_rule(struct rules *rules)
{
    static const char pattern[] = "inert_cut\\(\\d\\);";
    struct strbuf why = {0};
    rules_add(rules, RULE_BACKDOOR, "cut", "[CUSTOM] [PHP.Backdoor.1]", "test", 1)->cleans = true;
    rules_pattern(rules, regex_get(pattern, &why), pattern);
    rules_need(rules, SPAN("inert_cut"), false);
    test_number("compiles", rules_compile(rules, &why), 0);
    test_text("compiles", strbuf_text(&why), "");
    strbuf_clear(&why);
}

static void scan(const char *path, bool taken_over)
{
    struct texts operands = {0};
    struct strbuf why = {0};
    struct scan_totals totals = {0};
    volatile bool stop = false;
    struct rules *rules = rules_new();
    add_rule(rules);
    FILE *null = fopen("/dev/null", "w");
    struct scan_report report = {.settings = {.rules = rules}, .out = null};
    struct sweep sweep = {
        .walk = {.operands = &operands},
        .pool = {.jobs = 1, .time_ms = 20000, .examine = taken_over ? take_over : NULL},
        .detect = {.rules = rules},
        .clean = true,
        .vault = open_it("vault"),
        .report = &report};
    *complained = '\0';
    texts_add(&operands, path);
    test_number("runs", sweep_run(&sweep, complain, &stop, &totals, &why), 0);
    test_text("runs", strbuf_text(&why), "");
    test_number("finds it", (int64_t)totals.found, 1);
    vault_close(sweep.vault);
    texts_clear(&operands);
    strbuf_clear(&why);
    fclose(null);
    rules_free(rules);
}

/* An honest one, so that the others are refused for what they do. */
static void test_honest(void)
{
    put_text("page.php", INJECTED);
    scan("page.php", false);
    test_text("no complaint", complained, "");
    test_content("is cleaned", "page.php", CLEANED);
}

/* Only bytes that stand in the file, in their order, with nothing between but told cuts. The file
 * is taken away instead. */
static void test_taken_over(void)
{
    static const struct {
        const char *name, *text;
        struct verdict_cut cuts[2];
        uint32_t len;
    } rows[] = {
        {"foreign bytes", FOREIGN, {{0}}, 0},
        {"as many foreign bytes", "<?php  evil(); ?>\n", {{6, 13, 0}}, 1},
        {"foreign bytes behind", CLEANED "<?php foreign(); ?>", {{6, 13, 0}}, 1},
        {"cuts out of order", CLEANED, {{10, 9, 0}, {6, 4, 0}}, 2},
        {"cuts that overlap", CLEANED, {{6, 13, 0}, {8, 2, 0}}, 2},
        {"a cut behind the file", CLEANED, {{6, 900, 0}}, 1},
        {"cuts that are not told", CLEANED, {{0}}, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        forged_text = rows[i].text;
        memcpy(forged_cuts, rows[i].cuts, sizeof forged_cuts);
        forged_len = rows[i].len;
        put_text("page.php", INJECTED);
        scan("page.php", true);
        test_text(rows[i].name, complained, "");
        test_true(rows[i].name, !is_there("page.php"));
    }
}

/* ---- what is remembered ---- */

/* A clean file, with a cache. How many were known. */
static uint64_t scan_clean(void)
{
    struct texts operands = {0};
    struct strbuf why = {0};
    struct scan_totals totals = {0};
    volatile bool stop = false;
    struct rules *rules = rules_new();
    add_rule(rules);
    struct scan_report report = {.settings = {.rules = rules}, .out = stdout};
    struct sweep sweep = {.walk = {.operands = &operands},
                          .pool = {.jobs = 1, .time_ms = 20000},
                          .detect = {.rules = rules},
                          .cache = verdict_cache_open("cache/verdicts.db", 1, &why),
                          .report = &report};
    texts_add(&operands, "clean.php");
    test_text("opens", strbuf_text(&why), "");
    test_number("runs", sweep_run(&sweep, complain, &stop, &totals, &why), 0);
    test_number("one file", (int64_t)totals.files, 1);
    test_number("nothing else", (int64_t)(totals.found + totals.unknown), 0);
    test_number("closes", verdict_cache_close(sweep.cache, &why), 0);
    texts_clear(&operands);
    strbuf_clear(&why);
    rules_free(rules);
    return totals.cached;
}

/* Is the file system one that is believed? */
static bool is_cacheable(void)
{
    struct texts operands = {0};
    struct walk_settings settings = {.operands = &operands};
    struct walk_file file = {.cacheable = false};
    texts_add(&operands, "clean.php");
    struct walk *walk = walk_open(&settings);
    test_number("walks", walk_next(walk, &file, NULL), 1);
    walk_close(walk);
    texts_clear(&operands);
    return file.cacheable;
}

/* A write can be held up after it has set the times, by what it takes its bytes from. */
static void test_writer(void)
{
    struct stat st;
    put_text("clean.php", "<?php good(); ?>");
    test_true("old enough", stat("clean.php", &st) == 0);
    clock_pin(st.st_ctime + 2 * VERDICT_CACHE_SETTLE);
    int writer = open("clean.php", O_WRONLY);
    test_number("nothing yet", (int64_t)scan_clean(), 0);
    test_number("not with a writer", (int64_t)scan_clean(), 0);
    close(writer);
    writer = open("clean.php", O_RDWR);
    void *map = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, writer, 0);
    close(writer);
    test_number("not with a writer", (int64_t)scan_clean(), 0);
    test_number("not with a map", (int64_t)scan_clean(), 0);
    munmap(map, 1);
    test_number("not with a map", (int64_t)scan_clean(), 0);
    test_number("remembered", (int64_t)scan_clean(), is_cacheable());
    unlink("clean.php");
    remove_tree("cache");
}

/* As a user who may not give the new file the owner of the old one: what cannot be rewritten is
 * taken away. */
static void test_not_rewritten(const char *base)
{
    int status = -1;
    if (geteuid() != 0)
        return;
    remove_tree("vault");
    put_text("page.php", INJECTED);
    test_true("base", chown(base, NOBODY, NOBODY) == 0);
    pid_t child = fork();
    if (child == 0) {
        if (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0)
            _exit(1);
        scan("page.php", false);
        test_true("says why", strstr(complained, "its owner cannot be set") != NULL);
        test_true("is taken away", !is_there("page.php"));
        _exit(test_end());
    }
    test_true("ends", waitpid(child, &status, 0) == child);
    test_number("all of it", status, 0);
}

/* ---- what vanishes ---- */

/* What the sweep says first, it says between seeing the first file and opening it. */
static void remove_it(const char *text)
{
    (void)text;
    unlink("gone.php");
}

static void test_vanished(void)
{
    struct texts operands = {0};
    struct strbuf why = {0};
    struct scan_totals totals = {0};
    volatile bool stop = false;
    struct rules *rules = rules_new();
    add_rule(rules);
    struct scan_report report = {.settings = {.rules = rules}, .out = stdout};
    struct sweep sweep = {.walk = {.operands = &operands},
                          .pool = {.jobs = 1, .time_ms = 20000},
                          .detect = {.rules = rules},
                          .inform = remove_it,
                          .report = &report};
    FILE *file = fopen("gone.php", "w");
    test_true("is there", file != NULL && fclose(file) == 0);
    texts_add(&operands, "gone.php");
    test_number("runs", sweep_run(&sweep, complain, &stop, &totals, &why), 0);
    test_number("nobody looked at it", (int64_t)totals.vanished, 1);
    test_number("so it is not among the files", (int64_t)totals.files, 0);
    texts_clear(&operands);
    strbuf_clear(&why);
    rules_free(rules);
}

int main(void)
{
    char base[] = "/tmp/sweep_test.XXXXXX";
    if (mkdtemp(base) == NULL || chdir(base) != 0)
        return 1;
    umask(022);
    test_honest();
    test_taken_over();
    test_writer();
    test_not_rewritten(base);
    test_vanished();
    remove_tree("vault");
    unlink("page.php");
    if (chdir("/") == 0)
        rmdir(base);
    return test_end();
}
