/* logs - which files are opened for a window, oldest first, each once, and what is said of those
 * that are not. */
#include "spamgear/check/logs.h"

#include "check_logs.h"

/* A log whose first line is `begin` and whose last is `end`, seconds before NOW. */
static void make_log(const char *path, int64_t begin, int64_t end)
{
    FILE *f = fopen(path, "w");
    log_message(f, NOW - begin, 1, "a.example[192.0.2.1]", "ann");
    log_message(f, NOW - end, 2, "a.example[192.0.2.1]", "ann");
    log_end(f, NOW - end);
}

/* A log of lines without any time. */
static void make_undated(const char *path, int64_t end)
{
    FILE *f = fopen(path, "w");
    fputs("no time here\nnor here\n", f);
    log_end(f, NOW - end);
}

/* Opens what the words name, for a window that began so many seconds before NOW; the names of
 * the sources, or "-1". */
static void open_logs(const char *const *words, const char *const *standard, int64_t since,
                      struct strbuf *got, struct strbuf *told)
{
    struct window window = {NOW - since, NOW, 120, false};
    struct texts names = {0}, problems = {0}, trusted = {0};
    struct log_request request = {
        .names = &names, .standard = standard, .trusted = &trusted, .window = &window};
    struct logs logs;
    for (; words != NULL && *words != NULL; words++)
        texts_add(&names, *words);
    texts_add(&trusted, "*.2.gz");
    int result = logs_open(&logs, &request, &problems);
    for (size_t i = 0; i < logs.sources.len; i++)
        strbuf_format(got, "%s%s ", logs.sources.at[i]->name,
                      logs.sources.at[i]->trusted ? "(trusted)" : "");
    test_true("fails only without any", (result == -1) == (logs.sources.len == 0));
    for (size_t i = 0; i < problems.len; i++)
        strbuf_format(told, "%s;", problems.at[i]);
    logs_close(&logs);
    logs_close(&logs);
    texts_clear(&names);
    texts_clear(&problems);
    texts_clear(&trusted);
}

#define DAY 86400

/* mail.log of today, .1 of yesterday, and so on; made by main(). */
static const struct {
    const char *name, *words[4];
    int64_t since;
    const char *want, *told;
} cases[] = {
    {"inside the newest", {"mail.log"}, 3600, "mail.log ", ""},
    {"just inside, slack and all", {"mail.log"}, DAY - 121, "mail.log ", ""},
    {"the slack reaches back", {"mail.log"}, DAY - 100, "mail.log.1 mail.log ", ""},
    {"into yesterday", {"mail.log"}, DAY + 3600, "mail.log.1 mail.log ", ""},
    {"into the day before",
     {"mail.log"},
     2 * DAY + 3600,
     "mail.log.2.gz(trusted) mail.log.1 mail.log ",
     ""},
    {"beyond all of them",
     {"mail.log"},
     99 * DAY,
     "mail.log.10 mail.log.2.gz(trusted) mail.log.1 mail.log ",
     ""},
    {"an older one alone", {"mail.log.1"}, 99 * DAY, "mail.log.1 ", ""},
    {"twice", {"mail.log", "mail.log"}, 3600, "mail.log ", ""},
    {"by other ways", {"./mail.log", "mail.log", "link.log"}, 3600, "./mail.log ", ""},
    {"a predecessor is named too",
     {"mail.log", "mail.log.1"},
     DAY + 3600,
     "mail.log.1 mail.log ",
     ""},
    {"named in any order", {"mail.log.1", "mail.log"}, 3600, "mail.log.1 mail.log ", ""},
    {"by glob", {"mail.log*"}, 3600, "mail.log.10 mail.log.2.gz(trusted) mail.log.1 mail.log ", ""},
    {"missing",
     {"missing.log", "mail.log"},
     3600,
     "mail.log ",
     "missing.log: No such file or directory;"},
    {"a folder", {"folder", "mail.log"}, 3600, "mail.log ", "folder: is a directory;"},
    {"nothing at all", {"missing.log"}, 3600, "", "missing.log: No such file or directory;"},
    {"without times, its last change decides", {"odd.log"}, 3600, "odd.log ", ""},
    {"without times, older", {"odd.log"}, DAY + 3600, "odd.log.1 odd.log ", ""},
};

static void test_named(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf got = {0}, told = {0};
        open_logs(cases[i].words, NULL, cases[i].since, &got, &told);
        test_text(cases[i].name, strbuf_text(&got), cases[i].want);
        test_text(cases[i].name, strbuf_text(&told), cases[i].told);
        strbuf_clear(&got);
        strbuf_clear(&told);
    }
}

static const struct {
    const char *name, *paths[4];
    int64_t since;
    const char *want, *told;
} standards[] = {
    {"the first that exists", {"none.log", "mail.log", "odd.log"}, 3600, "mail.log ", ""},
    {"with its predecessors", {"mail.log"}, DAY + 3600, "mail.log.1 mail.log ", ""},
    {"none exists", {"none.log", "no.log"}, 3600, "", "none.log, no.log: no such log;"},
    {"one that is none is not passed over",
     {"folder", "mail.log"},
     3600,
     "",
     "folder: is a directory;"},
};

static void test_standard(void)
{
    for (size_t i = 0; i < sizeof standards / sizeof *standards; i++) {
        struct strbuf got = {0}, told = {0};
        open_logs(NULL, standards[i].paths, standards[i].since, &got, &told);
        test_text(standards[i].name, strbuf_text(&got), standards[i].want);
        test_text(standards[i].name, strbuf_text(&told), standards[i].told);
        strbuf_clear(&got);
        strbuf_clear(&told);
    }
}

static void test_journal(void)
{
    struct window window = {NOW - 3600, NOW, 120, false};
    struct texts names = {0}, problems = {0};
    struct log_request request = {.names = &names, .journal = true, .window = &window};
    struct logs logs;
    test_number("no journal for this format", logs_open(&logs, &request, &problems), -1);
    test_text("told", problems.len == 1 ? problems.at[0] : "",
              "this program's log is not kept in the journal");
    logs_close(&logs);
    texts_clear(&problems);
}

static const char *const files[] = {"mail.log", "mail.log.1", "mail.log.2.gz", "mail.log.10",
                                    "odd.log",  "odd.log.1",  "odd.log.2",     "link.log"};

int main(void)
{
    char dir[] = "/tmp/logs_test.XXXXXX";
    if (!logs_begin(dir))
        return 1;
    make_log("mail.log", DAY, 10);
    make_log("mail.log.1", 2 * DAY, DAY);
    make_log("mail.log.2.gz", 3 * DAY, 2 * DAY); /* its name alone says gz */
    make_log("mail.log.10", 11 * DAY, 10 * DAY);
    make_undated("odd.log", 10);
    make_undated("odd.log.1", DAY);
    make_undated("odd.log.2", 2 * DAY);
    test_true("link", symlink("mail.log", "link.log") == 0 && mkdir("folder", 0700) == 0);
    test_named();
    test_standard();
    test_journal();
    rmdir("folder");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    test_true("folder is empty", rmdir(dir) == 0);
    return test_end();
}
