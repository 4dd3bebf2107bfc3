/* signature_judge - what makes a set unfit, and that a hostile one takes nothing down. */
#include "spamgear/store/signature_judge.h"

#include "spamgear/match/regex.h"
#include "spamgear/store/signature_update.h"
#include "test.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RULE(id) "rule " id "\ndescription d\nseverity malicious\nliteral \"inert-marker-" id "\"\n"

static const struct {
    const char *name, *file, *text;
    uint64_t signatures;
    const char *problem; /* the first one; NULL: none */
} rows[] = {
    {"one", "fingerprints.txt", "inert-marker-1\n", 1, NULL},
    {"some", "fingerprints.txt", "inert-marker-1\ninert-marker-2\n", 2, NULL},
    {"rules", "a.rules", RULE("x") RULE("y"), 2, NULL},
    {"no rules", "a.rules", "# nothing\n", 0, "a.rules: holds no signatures"},
    {"blank", "fingerprints.txt", "inert-marker-1\n\n", 1,
     "fingerprints.txt:2: the fingerprint is empty"},
    {"short", "fingerprints.txt", "inert\n", 0,
     "fingerprints.txt:1: the fingerprint is shorter than 8 bytes"},
    {"cut off", "fingerprints.txt", "inert-marker-1\ninert-m", 1,
     "fingerprints.txt:2: the fingerprint is shorter than 8 bytes"},
    {"hits", "fingerprints.txt", "inert-marker-1\na clean sample of ours\n", 2,
     "the clean sample samples/below/b.php is hit by fingerprints.txt:2, [CUSTOM] [PHP.Finger.1]"},
    {"hits, never acted upon", "a.rules",
     "rule x\ndescription d\nseverity suspicious\nliteral \"a clean sample of ours\"\n", 1,
     "the clean sample samples/below/b.php is hit by a.rules:1, [SPAMGEAR] [x]"},
    {"only what spamgear adds hits", "backdoors.re", "inert\\s+marker\n", 1, NULL},
    {"explodes", "backdoors.re", "slowly(a+)+[bd]\n", 1,
     "the clean sample samples/slow cannot be told "
     "clean: "},
    {"an id of ours", "a.rules", RULE("ours"), 0,
     "a.rules:1: rule ours stands already in "
     "shipped/own.rules:1"},
    {"a newline in a problem", "a.rules", "rule a\tb\n", 0, "a.rules:1: "},
};

static void judge(struct signature_set *set, struct samples *samples, struct texts *problems)
{
    struct sandbox sandbox = {.uid = 65534, .gid = 65534};
    int result = signature_judge(set, samples, "shipped", &sandbox, problems);
    test_number("result", result, problems->len == 0 ? 0 : -1);
}

static void test_row(size_t i, struct samples *samples)
{
    struct signature_set set = {0};
    struct texts problems = {0};
    struct signature_file *file = signature_set_add(&set, rows[i].file);
    strbuf_add_text(&file->text, rows[i].text);
    judge(&set, samples, &problems);
    test_number(rows[i].name, (int64_t)set.files.at[0].signatures, (int64_t)rows[i].signatures);
    const char *got = problems.len > 0 ? problems.at[0] : "", *want = rows[i].problem;
    size_t len = want == NULL ? 0 : strlen(want);
    test_bytes(rows[i].name, got, strlen(got) < len || want == NULL ? strlen(got) : len,
               want == NULL ? "" : want, len);
    texts_clear(&problems);
    signature_set_clear(&set);
}

static void test_many_problems(struct samples *samples)
{
    struct signature_set set = {0};
    struct texts problems = {0};
    struct signature_file *file = signature_set_add(&set, "fingerprints.txt");
    for (int i = 0; i < JUDGE_PROBLEMS + 7; i++)
        strbuf_add_text(&file->text, "\n");
    judge(&set, samples, &problems);
    test_number("bounded", (int64_t)problems.len, JUDGE_PROBLEMS + 1);
    test_text("and told", problems.at[problems.len - 1], "and 7 problems more");
    texts_clear(&problems);
    signature_set_clear(&set);
}

/* Rules of one id in two files: the set as a whole is examined. */
static void test_together(struct samples *samples)
{
    struct signature_set set = {0};
    struct texts problems = {0};
    strbuf_add_text(&signature_set_add(&set, "b.rules")->text, RULE("x"));
    strbuf_add_text(&signature_set_add(&set, "a.rules")->text, RULE("x"));
    judge(&set, samples, &problems);
    test_text("twice", problems.len > 0 ? problems.at[0] : "",
              "b.rules:1: rule x stands already in a.rules:1");
    texts_clear(&problems);
    signature_set_clear(&set);
}

/* Bytes that no database has: every cut of a sound one, and noise. */
static void test_noise(struct samples *samples)
{
    static const char *const files[] = {"fingerprints.txt", "backdoors.re", "shelldetect.db",
                                        "a.rules"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct signature_set set = {0};
        struct texts problems = {0};
        struct signature_file *file = signature_set_add(&set, files[i]);
        for (unsigned n = 0, x = 1; n < 20000; n++, x = x * 1103515245 + 12345)
            strbuf_add_char(&file->text, (char)(x >> 16));
        judge(&set, samples, &problems);
        test_true(files[i], problems.len > 0);
        texts_clear(&problems);
        signature_set_clear(&set);
    }
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    test_true(path, f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void test_samples(void)
{
    struct samples samples;
    struct strbuf why = {0};
    test_number("none", samples_read(&samples, "none", &why), -1);
    test_text("none", strbuf_text(&why), "none: No such file or directory");
    samples_clear(&samples);
    mkdir("empty", 0755);
    test_number("empty", samples_read(&samples, "empty", &why), -1);
    test_text("empty", strbuf_text(&why), "empty: there are no samples");
    samples_clear(&samples);
    rmdir("empty");
    strbuf_clear(&why);
}

int main(void)
{
    char dir[] = "/tmp/signature_judge_test.XXXXXX";
    struct samples samples;
    struct strbuf why = {0};
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    test_true("folders", mkdir("samples", 0755) == 0 && mkdir("samples/below", 0755) == 0);
    put("samples/slow", "slowlyaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac");
    put("samples/below/b.php", "<?php echo 'a clean sample of ours';\n");
    put("samples/told", "eval(base64_decode($_POST['x']))");
    test_true("shipped", mkdir("shipped", 0755) == 0); /* its rule hits a sample: not our matter */
    put("shipped/own.rules", "rule ours\ndescription d\nseverity malicious\n"
                             "literal \"a clean sample of ours\"\n");
    test_samples();
    test_number("samples", samples_read(&samples, "samples", &why), 0);
    test_number("samples", (int64_t)samples.list.len, 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        test_row(i, &samples);
    test_many_problems(&samples);
    test_together(&samples);
    test_noise(&samples);
    samples_clear(&samples);
    test_true("tidy", unlink("samples/below/b.php") == 0 && rmdir("samples/below") == 0 &&
                          unlink("shipped/own.rules") == 0 && rmdir("shipped") == 0 &&
                          unlink("samples/slow") == 0 && unlink("samples/told") == 0 &&
                          rmdir("samples") == 0 && rmdir(dir) == 0);
    strbuf_clear(&why);
    regex_clear_all();
    return test_end();
}
