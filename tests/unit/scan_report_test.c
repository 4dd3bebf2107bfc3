/* scan_report_test - what a scan says, in text and JSON, of hostile names and contents too; and the
 * differences that cleaning makes. */
#include "spamgear/report/scan_diff.h"
#include "spamgear/report/scan_report.h"

#include "json_valid.h"
#include "test.h"
#include <stdlib.h>
#include <unistd.h>

enum { BACKDOOR, FINGER, DOUBT, CLAMAV, RULES };

static struct rule list[RULES] = {[BACKDOOR] = {.source = RULE_BACKDOOR,
                                                .id = "backdoor-1",
                                                .label = "[CUSTOM] [PHP.Backdoor.1]",
                                                .severity = RULE_MALICIOUS,
                                                .cleans = true,
                                                .same_as = BACKDOOR},
                                  [FINGER] = {.source = RULE_FINGERPRINT,
                                              .id = "finger-3",
                                              .label = "[CUSTOM] [PHP.Finger.3]",
                                              .description = "Holds a literal",
                                              .severity = RULE_MALICIOUS,
                                              .same_as = FINGER},
                                  [DOUBT] = {.source = RULE_OWN,
                                             .id = "some.doubt",
                                             .label = "[SPAMGEAR] [some.doubt]",
                                             .non_cleaned = true,
                                             .same_as = DOUBT},
                                  [CLAMAV] = {.source = RULE_CLAMAV,
                                              .id = "clamav",
                                              .label = "[CLAMAV]",
                                              .severity = RULE_MALICIOUS,
                                              .same_as = CLAMAV}};
static struct rules rules = {.list = {list, RULES, RULES}, .clamav = CLAMAV};

static char *said;
static size_t said_len;

/* What is said of one file. */
static const char *say(struct scan_report_settings settings, const struct scan_file *file)
{
    free(said);
    settings.rules = &rules;
    struct scan_report report = {.settings = settings, .out = open_memstream(&said, &said_len)};
    scan_report_file(&report, file);
    fclose(report.out);
    return said;
}

static void add(struct verdict *verdict, uint32_t rule, const char *text, const char *detail)
{
    struct span whole = span_text(text);
    struct finding *finding = verdict_add(verdict, &rules, rule, span_text(detail));
    if (finding != NULL && text[0] != '\0')
        finding_place(finding, whole, 100, 6, 0, whole.len);
}

static void test_text_form(void)
{
    struct verdict clean, found, doubt, unknown;
    verdict_reset(&clean);
    verdict_reset(&found);
    verdict_reset(&doubt);
    verdict_reset(&unknown);
    add(&found, CLAMAV, "", "Php.Agent-1");
    add(&found, FINGER, "bad\x1b code", "");
    add(&doubt, DOUBT, "odd", "");
    verdict_unknown(&unknown, "took too long");
    const struct {
        const char *name;
        struct scan_report_settings settings;
        struct scan_file file;
        const char *want;
    } rows[] = {
        {"clean", {.format = SCAN_TEXT}, {.path = SPAN("a"), .verdict = &clean}, ""},
        {"clean, all", {.show = SCAN_SHOW_ALL}, {.path = SPAN("a"), .verdict = &clean}, "a\n"},
        {"unknown", {.format = SCAN_TEXT}, {.path = SPAN("a"), .verdict = &unknown}, ""},
        {"unknown, all",
         {.show = SCAN_SHOW_ALL},
         {.path = SPAN("a"), .verdict = &unknown},
         "a [UNKNOWN]\n"},
        {"found",
         {.format = SCAN_TEXT},
         {.path = SPAN("a"), .verdict = &found},
         "a [CUSTOM] [PHP.Finger.3] [CLAMAV] [Php.Agent-1]\n"},
        {"doubtful",
         {0},
         {.path = SPAN("a"), .verdict = &doubt},
         "a [SPAMGEAR] [some.doubt] [NON-CLEANED]\n"},
        {"taken",
         {0},
         {.path = SPAN("a"), .verdict = &found, .act = SCAN_ACT_QUARANTINED},
         "a [CUSTOM] [PHP.Finger.3] [CLAMAV] [Php.Agent-1] [QUARANTINED]\n"},
        {"would be deleted",
         {.dry_run = true},
         {.path = SPAN("a"), .verdict = &found, .act = SCAN_ACT_DELETED},
         "a [CUSTOM] [PHP.Finger.3] [CLAMAV] [Php.Agent-1] [WOULD BE DELETED]\n"},
        {"not done",
         {0},
         {.path = SPAN("a"), .verdict = &doubt, .act = SCAN_ACT_FAILED},
         "a [SPAMGEAR] [some.doubt] [NON-CLEANED]\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        test_text(rows[i].name, say(rows[i].settings, &rows[i].file), rows[i].want);
}

static void test_text_odd(void)
{
    struct verdict clean, found;
    verdict_reset(&clean);
    verdict_reset(&found);
    add(&found, CLAMAV, "", "Php.Agent-1");
    add(&found, FINGER, "bad\x1b code", "");
    const struct {
        const char *name;
        struct scan_report_settings settings;
        struct scan_file file;
        const char *want;
    } rows[] = {
        {"hostile name",
         {.show = SCAN_SHOW_ALL},
         {.path = SPAN("a\n\x1b[2Jb\xff"), .verdict = &clean},
         "a\\n\\x1b[2Jb\\xff\n"},
        {"raw name",
         {.show = SCAN_SHOW_ALL, .nul = true},
         {.path = SPAN("a\nb"), .verdict = &clean},
         "a\nb"},
        {"details",
         {.details = true},
         {.path = SPAN("a"), .verdict = &found},
         "a [CUSTOM] [PHP.Finger.3] [CLAMAV] [Php.Agent-1]\n"
         "    clamav, Php.Agent-1\n"
         "    finger-3 at byte 100, line 7: Holds a literal: bad\\x1b code\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        test_text(rows[i].name, say(rows[i].settings, &rows[i].file), rows[i].want);
}

static void test_json_form(void)
{
    struct scan_report_settings settings = {.format = SCAN_JSON};
    struct verdict found;
    verdict_reset(&found);
    add(&found, BACKDOOR, "x\xff\"\\\n\x1b", "");
    add(&found, CLAMAV, "", "A\"]\xc3");
    found.cleaning = CLEANING_MALFORMED;
    struct scan_file file = {.path = SPAN("a\xff\"\n"),
                             .verdict = &found,
                             .act = SCAN_ACT_FAILED,
                             .act_why = "no\x01 room",
                             .user = "anna"};
    const char *text = say(settings, &file);
    test_true("valid", json_is_valid(text, strlen(text)));
    static const char *const parts[] = {"\"path_hex\":\"61ff220a\"",
                                        "\"verdict\":\"found\"",
                                        "\"act\":\"failed\"",
                                        "\"rule\":\"backdoor-1\"",
                                        "\"line\":7",
                                        "\"user\":\"anna\"",
                                        "\"not_cleaned\":\"what is left"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        test_true(parts[i], strstr(text, parts[i]) != NULL);
    verdict_reset(&found);
    file = (struct scan_file){.path = SPAN("a"), .verdict = &found};
    test_text("clean says nothing", say(settings, &file), "");
    verdict_unknown(&found, "odd \xff");
    text = say(settings, &file);
    test_true("unknown is told", strstr(text, "\"verdict\":\"unknown\"") != NULL);
    test_true("and valid", json_is_valid(text, strlen(text)));
}

static void test_diff(void)
{
    static const struct {
        const char *name, *text;
        struct verdict_cut cuts[3];
        uint32_t len;
        const char *want;
    } rows[] = {
        {"in a line",
         "one\ntwo BAD three\nfour\n",
         {{8, 4, 0}},
         1,
         "@@ -2,1 +2,1 @@\n"
         "-two BAD three\n"
         "+two three\n"},
        {"whole lines", "one\nBAD\nBAD\nfour\n", {{4, 8, 0}}, 1, "@@ -2,2 +2,0 @@\n-BAD\n-BAD\n"},
        {"two in a line", "aXbYc\n", {{3, 1, 0}, {1, 1, 0}}, 2, "@@ -1,1 +1,1 @@\n-aXbYc\n+abc\n"},
        {"two apart",
         "X\nX\nb\nYc\n",
         {{0, 4, 0}, {6, 1, 0}},
         2,
         "@@ -1,2 +1,0 @@\n-X\n-X\n@@ -4,1 +2,1 @@\n-Yc\n+c\n"},
        {"no end of line", "aX", {{1, 1, 0}}, 1, "@@ -1,1 +1,1 @@\n-aX\n+a\n"},
        {"out of the text", "a\n", {{1, 9, 0}, {UINT64_MAX, 2, 0}, {0, 0, 0}}, 3, ""},
        {"control bytes", "\x1b[m\n", {{0, 1, 0}}, 1, "@@ -1,1 +1,1 @@\n-\\x1b[m\n+[m\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = {0}, want = {0};
        struct verdict verdict;
        verdict_reset(&verdict);
        verdict.cuts_len = rows[i].len;
        memcpy(verdict.cuts, rows[i].cuts, sizeof rows[i].cuts);
        scan_diff(&out, SPAN("a\n"), span_text(rows[i].text), &verdict);
        strbuf_format(&want, "--- a\\n\n+++ a\\n (cleaned)\n%s", rows[i].want);
        test_text(rows[i].name, strbuf_text(&out), strbuf_text(&want));
        strbuf_clear(&out);
        strbuf_clear(&want);
    }
}

/* What stands on standard error meanwhile. */
static void progress(struct scan_report_settings settings, const struct scan_totals *totals,
                     struct strbuf *out)
{
    struct scan_report report = {.settings = settings};
    int saved = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    char text[512];
    dup2(fileno(file), STDERR_FILENO);
    scan_report_progress(&report, totals);
    scan_report_progress(&report, totals); /* too soon */
    scan_report_pause(&report);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    strbuf_add(out, text, fread(text, 1, sizeof text, file));
    fclose(file);
}

static void test_progress(void)
{
    static const struct {
        const char *name;
        struct scan_report_settings settings;
        struct scan_totals totals;
        const char *want;
    } rows[] = {
        {"not asked for", {.lines = true}, {.now_ms = 5000}, ""},
        {"terminal",
         {.progress = true},
         {.files = 10, .bytes = 2500000, .found = 1, .started_ms = 4000, .now_ms = 5000},
         "\r\033[K10 files, 2 MB, 10 files/s, 1 found\r\033[K"},
        {"pipe",
         {.progress = true, .lines = true},
         {.files = 10, .unknown = 2, .started_ms = 4000, .now_ms = 5000},
         "10 files, 0 MB, 10 files/s, 0 found, 2 unknown\n"},
        {"time left",
         {.progress = true, .lines = true},
         {.files = 10, .expected = 1000, .started_ms = 4000, .now_ms = 5000},
         "10 of 1000 files, 0 MB, 10 files/s, 0 found, 1:39 left\n"},
        {"more than was expected",
         {.progress = true, .lines = true},
         {.files = 10, .expected = 9, .started_ms = 4000, .now_ms = 5000},
         "10 files, 0 MB, 10 files/s, 0 found\n"},
        {"at once",
         {.progress = true, .lines = true},
         {.started_ms = 5000, .now_ms = 5000},
         "0 files, 0 MB, 0 files/s, 0 found\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = {0};
        progress(rows[i].settings, &rows[i].totals, &out);
        test_text(rows[i].name, strbuf_text(&out), rows[i].want);
        strbuf_clear(&out);
    }
}

int main(void)
{
    test_progress();
    test_text_form();
    test_text_odd();
    test_json_form();
    test_diff();
    free(said);
    return test_end();
}
