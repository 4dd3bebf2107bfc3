/* rotated_test - which names are older parts of a log, and in which order. */
#include "spamgear/log/source.h"

#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_NAMES 16

static const struct {
    const char *name;
    const char *log;
    const char *files[MAX_NAMES]; /* each one is a minute older than the one before */
    const char *want;
} cases[] = {
    {"nothing", "mail.log", {"mail.log"}, ""},
    {"numbers as numbers",
     "mail.log",
     {"mail.log", "mail.log.1", "mail.log.10.gz", "mail.log.9.gz", "mail.log.2.xz",
      "mail.log.3.zst"},
     "mail.log.1 mail.log.2.xz mail.log.3.zst mail.log.9.gz mail.log.10.gz "},
    {"both halves of an interrupted compression",
     "mail.log",
     {"mail.log.1.gz", "mail.log.1", "mail.log.2.zst", "mail.log.2.gz"},
     "mail.log.1 mail.log.2.gz "},
    {"dates",
     "mail.log",
     {"mail.log-20261119.gz", "mail.log-20261120", "mail.log-20261120.gz", "mail.log-20251231.gz"},
     "mail.log-20261120 mail.log-20261119.gz mail.log-20251231.gz "},
    {"dates with a time",
     "mail.log",
     {"mail.log-20261120-010000", "mail.log-20261120-230000", "mail.log-20261120-1795284000",
      "mail.log-2026-11-19.gz", "mail.log-2026111805"},
     "mail.log-20261120-230000 mail.log-20261120-1795284000 mail.log-20261120-010000 "
     "mail.log-2026-11-19.gz mail.log-2026111805 "},
    {"extension kept",
     "mail.log",
     {"mail-20261120.log", "mail-20261119.log.gz", "mail.1.log.gz"},
     "mail-20261120.log mail-20261119.log.gz mail.1.log.gz "},
    {"exim",
     "mainlog",
     {"mainlog-20261120", "mainlog-20261119.gz", "mainlog.01", "mainlog.10.gz", "mainlog.02.gz"},
     "mainlog-20261120 mainlog-20261119.gz mainlog.01 mainlog.02.gz mainlog.10.gz "},
    {"savelog", "mail.log", {"mail.log.1.gz", "mail.log.0"}, "mail.log.0 mail.log.1.gz "},
    {"changed over to numbers",
     "mail.log",
     {"mail.log.1", "mail.log.2.gz", "mail.log-20261001.gz"},
     "mail.log.1 mail.log.2.gz mail.log-20261001.gz "},
    {"changed over to dates",
     "mail.log",
     {"mail.log-20261120", "mail.log.1", "mail.log.2.gz"},
     "mail.log-20261120 mail.log.1 mail.log.2.gz "},
    {"not supported is still listed", "mail.log", {"mail.log.1.bz2"}, "mail.log.1.bz2 "},
    {"odd names",
     "mail.log",
     {"mail.log.1\n", "mail.log.1;x", "mail.log.-1", "mail.log.+1", "mail.log.1.gz.gz",
      "mail.log.gz", "mail.log.", "mail.log-", "mail.log.123456", "mail.log.1~", "mail.log. 1"},
     ""},
    {"odd dates",
     "mail.log",
     {"mail.log-20261320", "mail.log-20261100", "mail.log-2026", "mail.log-20261120-",
      "mail.log--20261120", "mail.log-20261120--1", "mail.log-20261120_1", "mail.log.20261120",
      "mail.log-1234567890123456789012345678901234567890"},
     ""},
    {"other logs",
     "mail.log",
     {"mail.err.1", "xmail.log.1", "mail.logs.1", "mail-.log", "mail.log"},
     ""},
    {"short names", "a", {"a.1", "a-20261120", ".1", "-20261120"}, "a.1 a-20261120 "},
    {"a rotation has none", "mail.log.1", {"mail.log.1.1", "mail.log.1.2"}, ""},
    {"a packed rotation has none", "mail.log.1.gz", {"mail.log.1.gz.1"}, ""},
    {"a dated one has none", "mainlog-20261120", {"mainlog-20261120.1"}, ""},
    {"a dated one with time has none", "m-20261120-010203", {"m-20261120-010203.1"}, ""},
    {"a dated one with extension has none", "mail-20261120.log", {"mail-20261120.log.1"}, ""},
    {"a hyphen alone is no date", "web-01.log", {"web-01.log.1"}, "web-01.log.1 "},
};

static void make_file(const char *dir, const char *name, int age_minutes)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct timespec times[2] = {{1795284000 - age_minutes * 60, 0},
                                {1795284000 - age_minutes * 60, 0}};
    test_true(name, fd >= 0 && futimens(fd, times) == 0);
    close(fd);
}

static void remove_file(const char *dir, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    unlink(path);
}

static void list_names(const char *dir, const char *log, struct strbuf *names)
{
    char path[512];
    struct texts older = {0};
    snprintf(path, sizeof path, "%s/%s", dir, log);
    source_predecessors(path, &older);
    for (size_t i = 0; i < older.len; i++) {
        bool inside = strncmp(older.at[i], dir, strlen(dir)) == 0;
        strbuf_format(names, "%s ", inside ? older.at[i] + strlen(dir) + 1 : older.at[i]);
    }
    texts_clear(&older);
}

static void run_cases(const char *dir)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct strbuf got = {0};
        for (int n = 0; n < MAX_NAMES && cases[i].files[n] != NULL; n++)
            make_file(dir, cases[i].files[n], n);
        list_names(dir, cases[i].log, &got);
        test_text(cases[i].name, strbuf_text(&got), cases[i].want);
        for (int n = 0; n < MAX_NAMES && cases[i].files[n] != NULL; n++)
            remove_file(dir, cases[i].files[n]);
        strbuf_clear(&got);
    }
}

/* Only regular files: a link may lead anywhere, a FIFO would hang the run. */
static void run_types(const char *dir)
{
    char path[512];
    struct strbuf got = {0};
    make_file(dir, "mail.log.4", 1);
    snprintf(path, sizeof path, "%s/mail.log.1", dir);
    test_true("link", symlink("mail.log.4", path) == 0);
    snprintf(path, sizeof path, "%s/mail.log.2", dir);
    test_true("fifo", mkfifo(path, 0600) == 0);
    snprintf(path, sizeof path, "%s/mail.log.3", dir);
    test_true("folder", mkdir(path, 0700) == 0);
    list_names(dir, "mail.log", &got);
    test_text("regular files only", strbuf_text(&got), "mail.log.4 ");
    rmdir(path);
    remove_file(dir, "mail.log.1");
    remove_file(dir, "mail.log.2");
    remove_file(dir, "mail.log.4");
    strbuf_clear(&got);
}

static void run_here(const char *dir)
{
    struct texts older = {0};
    make_file(dir, "mail.log.1", 1);
    test_true("chdir", chdir(dir) == 0);
    source_predecessors("mail.log", &older);
    test_text("without a folder", older.len == 1 ? older.at[0] : "none", "mail.log.1");
    texts_clear(&older);
    source_predecessors("-", &older);
    source_predecessors("", &older);
    source_predecessors("/no/such/folder/mail.log", &older);
    test_number("no name, no folder", (int64_t)older.len, 0);
    texts_clear(&older);
    remove_file(dir, "mail.log.1");
}

int main(void)
{
    char dir[] = "/tmp/rotated_test.XXXXXX";
    if (mkdtemp(dir) == NULL)
        return 1;
    run_cases(dir);
    run_types(dir);
    run_here(dir);
    rmdir(dir);
    return test_end();
}
