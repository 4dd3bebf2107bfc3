/* limit - classes of rules and their order, expiry at the end of a local day, overrides files,
 * and a search that does not walk all rules. */
#include "spamgear/sender/limit.h"

#include "spamgear/base/clock.h"

#include "test.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NOW 1795284000 /* 2026-11-21 */

static const struct {
    const char *name, *value;
} rules[] = {
    {"bob@example.org", "10"},
    {"bob@example.org", "11"},
    {"old@example.org", "20"},
    {"old@example.org", "21 until 2026-11-20"},
    {"soon@example.org", "22 until 2026-11-22"},
    {"uid:1001", "30"},
    {"uid=1002", "31"},
    {"uid=2*", "32"},
    {"news-*", "40"},
    {"news-*@example.org", "41"},
    {"news-*@example.net", "42"},
    {"*-*@example.net", "43 until 2030-01-01"},
    {"news-?@example.net", "44"},
    {"@Example.ORG", "50"},
    {"@*.example.org", "51"},
    {"@host.example.org", "52"},
    {"gone-*", "60 until 2001-01-01"},
    {"[ab]c", "70"},
    {"user with blanks", "80"},
};

static const struct {
    const char *sender;
    uint64_t want;
    const char *pattern;
} senders[] = {
    {"nobody", 90, NULL},
    {"bob@example.org", 11, "bob@example.org"},
    {"Bob@example.org", 50, "@Example.ORG"},
    {"bob@EXAMPLE.org", 50, "@Example.ORG"},
    {"old@example.org", 20, "old@example.org"},
    {"soon@example.org", 22, "soon@example.org"},
    {"uid:1001", 30, "uid:1001"},
    {"uid=1001", 30, "uid:1001"},
    {"uid=1002", 31, "uid:1002"},
    {"uid=2001", 32, "uid:2*"},
    {"uid:100", 90, NULL},
    {"news-x", 40, "news-*"},
    {"news-a@example.org", 41, "news-*@example.org"},
    {"news-a@example.net", 44, "news-?@example.net"},
    {"news-ab@example.net", 42, "news-*@example.net"},
    {"x-y@example.net", 43, "*-*@example.net"},
    {"x@a.example.org", 51, "@*.example.org"},
    {"x@host.example.org", 52, "@host.example.org"},
    {"a@b@host.example.org", 52, "@host.example.org"},
    {"gone-x", 90, NULL},
    {"ac", 70, "[ab]c"},
    {"user with blanks", 80, "user with blanks"},
    {"", 90, NULL},
    {"@", 90, NULL},
};

static void test_order(void)
{
    struct limits limits = {.standard = 90};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        test_number(rules[i].name,
                    limit_add(&limits, rules[i].name, rules[i].value, "f", (unsigned)i, NULL), 0);
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        const struct limit_rule *rule = NULL;
        uint64_t got = limit_of(&limits, span_text(senders[i].sender), NOW, &rule);
        test_number(senders[i].sender, (int64_t)got, (int64_t)senders[i].want);
        test_text(senders[i].sender, rule == NULL ? "-" : rule->pattern,
                  senders[i].pattern == NULL ? "-" : senders[i].pattern);
    }
    test_number("no rule asked", (int64_t)limit_of(&limits, SPAN("ac"), NOW, NULL), 70);
    test_number("NUL is a byte", (int64_t)limit_of(&limits, SPAN("ac\0"), NOW, NULL), 90);
    limit_clear(&limits);
    test_number("no rules", (int64_t)limit_of(&limits, SPAN("ac"), NOW, NULL), 90);
}

static const struct {
    const char *name, *value, *why;
} bad[] = {
    {"", "1", "a limit needs the name of a sender"},
    {"a", "", "a limit is a number of at least 1, not \"\""},
    {"a", "0", "a limit is a number of at least 1, not \"0\""},
    {"a", "-5", "a limit is a number of at least 1, not \"-5\""},
    {"a", "12x", "a limit is a number of at least 1, not \"12x\""},
    {"a", "99999999999999999999",
     "a limit is a number of at least 1, not \"99999999999999999999\""},
    {"a", "5 6", "only \"until YYYY-MM-DD\" may follow the limit"},
    {"a", "5 until", "\"\" is no date of the form YYYY-MM-DD"},
    {"a", "5 until 2026-02-29", "\"2026-02-29\" is no date of the form YYYY-MM-DD"},
    {"a", "5 until 2026-13-01", "\"2026-13-01\" is no date of the form YYYY-MM-DD"},
    {"a", "5 until 2026-1-01x", "\"2026-1-01x\" is no date of the form YYYY-MM-DD"},
    {"a", "5 until 2026-12-31 then", "only \"until YYYY-MM-DD\" may follow the limit"},
    {"@", "5", "\"@\" needs a domain behind it"},
    {"uid:bob", "5", "\"uid:bob\" is no uid: what follows \"uid\" is a number"},
};

static void test_bad(void)
{
    struct limits limits = {.standard = 90};
    struct strbuf why = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        test_number(bad[i].why, limit_add(&limits, bad[i].name, bad[i].value, "f", 1, &why), -1);
        test_text(bad[i].name, strbuf_text(&why), bad[i].why);
    }
    test_number("nothing was added", (int64_t)limits.rules.len, 0);
    test_number("globs of uids are fine", limit_add(&limits, "uid:*", "5", NULL, 0, &why), 0);
    limit_clear(&limits);
    strbuf_clear(&why);
}

static const struct {
    const char *zone, *date;
    int64_t expires;
} days[] = {
    {"UTC", "2026-12-31", 1798761600},
    {"UTC", "2028-02-29", 1835481600},
    {"Europe/Madrid", "2026-12-31", 1798758000},
    {"Europe/Madrid", "2026-10-25", 1792969200},     /* a day of 25 hours */
    {"America/Sao_Paulo", "2017-10-14", 1508036400}, /* the next day begins at 01:00 */
};

static void test_expiry(void)
{
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        struct limits limits = {.standard = 90};
        char value[40];
        snprintf(value, sizeof value, "5 until %s", days[i].date);
        setenv("TZ", days[i].zone, 1);
        tzset();
        test_number(value, limit_add(&limits, "a", value, NULL, 0, NULL), 0);
        test_number(days[i].date, limits.rules.at[0].expires, days[i].expires);
        test_number("the last second",
                    (int64_t)limit_of(&limits, SPAN("a"), days[i].expires - 1, NULL), 5);
        test_number("the first second after",
                    (int64_t)limit_of(&limits, SPAN("a"), days[i].expires, NULL), 90);
        limit_clear(&limits);
    }
    setenv("TZ", "UTC", 1);
    tzset();
}

static const char overrides[] = "# who may send more\n"
                                "\n"
                                "  bob 100\r\n"
                                "eve 5x\n"
                                "ann\t200 until 2027-01-31 # the fair\n"
                                "\"two words\" 300\n"
                                "n\0l 5\n"
                                "sue\n"
                                "last 400";

static void write_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");
    test_true(path, file != NULL && fwrite(text, 1, len, file) == len);
    if (file != NULL)
        fclose(file);
    chmod(path, 0644);
}

static void test_overrides(const char *dir)
{
    char path[200], want[900];
    snprintf(path, sizeof path, "%s/postfix-spam-scan.overrides", dir);
    write_file(path, overrides, sizeof overrides - 1);
    struct limits limits = {.standard = 90};
    struct strbuf why = {0};
    test_number("some bad lines", limit_read_overrides(&limits, path, &why), -1);
    snprintf(want, sizeof want,
             "%s:4: a limit is a number of at least 1, not \"5x\"\n%s:7: the line holds a NUL "
             "byte\n%s:8: a limit is a number of at least 1, not \"\"",
             path, path, path);
    test_text("all of them told", strbuf_text(&why), want);
    test_number("the good ones count", (int64_t)limits.rules.len, 4);
    test_number("bob", (int64_t)limit_of(&limits, SPAN("bob"), NOW, NULL), 100);
    test_number("two words", (int64_t)limit_of(&limits, SPAN("two words"), NOW, NULL), 300);
    test_number("without newline", (int64_t)limit_of(&limits, SPAN("last"), NOW, NULL), 400);
    const struct limit_rule *rule = NULL;
    limit_of(&limits, SPAN("ann"), NOW, &rule);
    test_true("where", rule != NULL && rule->line == 5 && strcmp(rule->file, path) == 0);
    limit_clear(&limits);

    chmod(path, 0666);
    if (geteuid() == 0) {
        test_number("world-writable", limit_read_overrides(&limits, path, &why), -1);
        snprintf(want, sizeof want, "%s: may be written by others than root", path);
        test_text("says so", strbuf_text(&why), want);
    }
    unlink(path);
    test_number("a missing file is fine", limit_read_overrides(&limits, path, &why), 0);
    test_number("a directory is not", limit_read_overrides(&limits, dir, &why), -1);
    mkfifo(path, 0600);
    test_number("a pipe does not block", limit_read_overrides(&limits, path, &why), -1);
    unlink(path);
    limit_clear(&limits);
    strbuf_clear(&why);
}

/* 10,000 names and 100,000 searches: walking all rules would be 10^9 steps, many seconds. */
static void test_many(void)
{
    struct limits limits = {.standard = 90};
    char name[40];
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, i % 2 ? "user%d@example.org" : "@d%d.example", i);
        limit_add(&limits, name, "7", "f", 1, NULL);
    }
    int64_t start = clock_steady_ms();
    uint64_t sum = 0;
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "user%d@example.org", i);
        sum += limit_of(&limits, span_text(name), NOW, NULL);
    }
    test_number("half of the first 10,000 have a rule", (int64_t)sum, 5000 * 7 + 95000 * 90);
    test_true("quickly", clock_steady_ms() - start < 3000);
    limit_clear(&limits);
}

int main(void)
{
    char dir[] = "/tmp/limit-test-XXXXXX";
    setenv("TZ", "UTC", 1);
    tzset();
    test_order();
    test_bad();
    test_expiry();
    test_many();
    test_true("a directory", mkdtemp(dir) != NULL);
    test_overrides(dir);
    rmdir(dir);
    return test_end();
}
