/* allow_test - what sha256sum writes is read, nothing else is taken for it. */
#include "spamgear/scan/allow.h"

#include "test.h"
#include <sys/stat.h>
#include <unistd.h>

#define A "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define B "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define C "0000000000000000000000000000000000000000000000000000000000000000"

static bool has(const struct allow_list *list, const char *text)
{
    uint8_t hash[DIGEST_BYTES];
    return digest_parse(span_text(text), hash) && allow_has(list, hash);
}

static void test_lines(void)
{
    static const struct {
        const char *name, *text;
        bool a, b;
        size_t count;
        const char *problem;
    } cases[] = {
        {"empty", "", false, false, 0, NULL},
        {"one", A "  wp-login.php\n", true, false, 1, NULL},
        {"without a newline", A "  wp-login.php", true, false, 1, NULL},
        {"binary", A " *wp-login.php\n", true, false, 1, NULL},
        {"escaped", "\\" A "  a\\nb.php\n", true, false, 1, NULL},
        {"only the hash", A "\n" B "\r\n", true, true, 2, NULL},
        {"comments", "# WordPress 6.1\n\n\r\n#" A "\n" B "  b\n", false, true, 1, NULL},
        {"capitals", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD  x\n", true,
         false, 1, NULL},
        {"twice", A "  a\n" B "  b\n" A "  c\n", true, true, 2, NULL},
        {"a name with NUL", A "  a\n", true, false, 1, NULL},
        {"SHA-512", A B "  x\n" B "  y\n", false, true, 1,
         "f:1: is no SHA-256 of 64 hexadecimal digits"},
        {"MD5", B "  y\nd41d8cd98f00b204e9800998ecf8427e  x\n", false, true, 1,
         "f:2: is no SHA-256 of 64 hexadecimal digits"},
        {"a tag", "SHA256 (x) = " A "\n", false, false, 0,
         "f:1: is no SHA-256 of 64 hexadecimal digits"},
        {"blank in front", " " A "  x\n", false, false, 0,
         "f:1: is no SHA-256 of 64 hexadecimal digits"},
        {"two marks", "\\\\" A "  x\n", false, false, 0,
         "f:1: is no SHA-256 of 64 hexadecimal digits"},
        {"cut", "ba7816bf", false, false, 0, "f:1: is no SHA-256 of 64 hexadecimal digits"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct allow_list *list = allow_new();
        struct texts problems = {0};
        allow_read(list, span_text(cases[i].text), "f", &problems);
        allow_finish(list);
        test_number(cases[i].name, has(list, A), cases[i].a);
        test_number(cases[i].name, has(list, B), cases[i].b);
        test_true(cases[i].name, !has(list, C));
        test_number(cases[i].name, (int64_t)allow_count(list), (int64_t)cases[i].count);
        test_number(cases[i].name, (int64_t)problems.len, cases[i].problem != NULL);
        if (problems.len > 0 && cases[i].problem != NULL)
            test_text(cases[i].name, problems.at[0], cases[i].problem);
        texts_clear(&problems);
        allow_free(list);
    }
}

static void test_many_problems(void)
{
    struct allow_list *list = allow_new();
    struct texts problems = {0};
    struct strbuf text = {0};
    for (int i = 0; i < 1000; i++)
        strbuf_add_text(&text, "nonsense\n");
    allow_read(list, strbuf_span(&text), "f", &problems);
    test_number("not all are told", (int64_t)problems.len, 11);
    test_text("the rest", problems.at[10], "f: 990 more lines are no SHA-256");
    strbuf_clear(&text);
    texts_clear(&problems);
    allow_free(list);
    allow_free(NULL);
}

static uint64_t fingerprint_of(const char *text)
{
    struct allow_list *list = allow_new();
    struct texts problems = {0};
    allow_read(list, span_text(text), "f", &problems);
    allow_finish(list);
    uint64_t fingerprint = allow_fingerprint(list);
    texts_clear(&problems);
    allow_free(list);
    return fingerprint;
}

static void test_fingerprints(void)
{
    test_true("order is nothing", fingerprint_of(A "\n" B "\n") == fingerprint_of(B "\n" A "\n" B));
    test_true("one less", fingerprint_of(A "\n" B "\n") != fingerprint_of(A "\n"));
    test_true("none", fingerprint_of("") != fingerprint_of(C "\n"));
}

static int load(const char *path, struct texts *problems)
{
    struct allow_list *list = allow_new();
    int result = allow_load(list, path, problems);
    allow_finish(list);
    test_number(path, (int64_t)allow_count(list), result == 0);
    allow_free(list);
    return result;
}

static void test_files(void)
{
    char folder[] = "/var/tmp/allow-XXXXXX";
    test_true("folder", mkdtemp(folder) != NULL && chdir(folder) == 0);
    FILE *f = fopen("list", "w");
    test_true("list", f != NULL && fputs(A "  x\n", f) >= 0 && fclose(f) == 0);
    test_number("private", chmod("list", 0644), 0);
    struct texts problems = {0};
    test_number("loads", load("list", &problems), 0);
    test_number("no problems", (int64_t)problems.len, 0);
    test_number("changed by others", chmod("list", 0666), 0);
    test_number("refused", load("list", &problems), -1);
    test_number("a FIFO", mkfifo("fifo", 0600), 0);
    test_number("does not hang", load("fifo", &problems), -1);
    test_number("not there", load("none", &problems), -1);
    test_number("a folder", load(".", &problems), -1);
    test_number("too large", chmod("list", 0600) == 0 && truncate("list", 300 << 20) == 0, 1);
    test_number("refused", load("list", &problems), -1);
    static const char *const wants[] = {
        "list: others than root and the user who runs this may change it",
        "fifo: is not a regular file", "none: No such file or directory",
        ".: is not a regular file", "list: is larger than 256 MiB"};
    test_number("problems", (int64_t)problems.len, 5);
    for (size_t i = 0; i < problems.len; i++)
        test_text("problem", problems.at[i], wants[i]);
    texts_clear(&problems);
    unlink("list");
    unlink("fifo");
    test_number("left nothing", rmdir(folder), 0);
}

int main(void)
{
    test_lines();
    test_many_problems();
    test_fingerprints();
    test_files();
    return test_end();
}
