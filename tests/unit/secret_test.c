/* secret - a password is read from a file that nobody else may read, and is shown nowhere. */
#include "spamgear/base/secret.h"

#include "test.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *text, size_t len, mode_t mode)
{
    FILE *f = fopen("password", "w");
    test_true("written", f != NULL && fwrite(text, 1, len, f) == len && fclose(f) == 0 &&
                             chmod("password", mode) == 0);
}

static void check(const char *name, const char *want, const char *want_why)
{
    struct strbuf secret = {0}, why = {0};
    int result = secret_read("password", &secret, &why);
    test_number(name, result, want == NULL ? -1 : 0);
    test_text(name, strbuf_text(&secret), want == NULL ? "" : want);
    if (want == NULL && strstr(strbuf_text(&why), want_why) == NULL)
        test_text(name, strbuf_text(&why), want_why);
    strbuf_clear(&secret);
    strbuf_clear(&why);
}

static void test_contents(void)
{
    static const struct {
        const char *name, *text, *want, *why;
    } cases[] = {
        {"a line", "secret\n", "secret", ""},
        {"without its end", "secret", "secret", ""},
        {"of Windows", "secret\r\n", "secret", ""},
        {"with a blank in it", " a b \n", " a b ", ""},
        {"empty", "", NULL, "is empty"},
        {"an empty line", "\nsecret\n", NULL, "is empty"},
        {"two lines", "one\ntwo\n", NULL, "more than one line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(cases[i].text, strlen(cases[i].text), 0600);
        check(cases[i].name, cases[i].want, cases[i].why);
    }
    put("a\0b\n", 4, 0600);
    check("NUL", NULL, "a NUL");
    char longest[3 * SECRET_BYTES];
    memset(longest, 'x', sizeof longest);
    put(longest, SECRET_BYTES + 1, 0600);
    check("too long", NULL, "longer than");
    put(longest, sizeof longest, 0600);
    check("much too long", NULL, "");
    longest[SECRET_BYTES] = '\0';
    put(longest, SECRET_BYTES, 0400);
    check("longest", longest, "");
}

static void test_files(void)
{
    put("secret\n", 7, 0640);
    check("the group may read", NULL, "chmod 600");
    put("secret\n", 7, 0602);
    check("others may write", NULL, "chmod 600");
    unlink("password");
    check("not there", NULL, "No such file");
    test_number("a FIFO", mkfifo("password", 0600), 0);
    check("a FIFO", NULL, "regular file");
    unlink("password");
}

static void test_hide(void)
{
    static const struct {
        const char *text, *secret, *want;
    } cases[] = {
        {"denied for pw: pw is wrong", "pw", "denied for ***: *** is wrong"},
        {"nothing", "pw", "nothing"},
        {"nothing", "", "nothing"},
        {"", "pw", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf text = {0};
        strbuf_add_text(&text, cases[i].text);
        secret_hide(&text, span_text(cases[i].secret));
        test_text(cases[i].text, strbuf_text(&text), cases[i].want);
        strbuf_clear(&text);
    }
}

int main(void)
{
    char folder[] = "/tmp/secret_test.XXXXXX";
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    test_contents();
    test_files();
    test_hide();
    test_number("nothing is left", rmdir(folder), 0);
    return test_end();
}
