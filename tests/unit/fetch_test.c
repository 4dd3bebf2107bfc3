/* fetch - which URLs are fetched, and files; servers are talked to in tests/servers/update_test.sh.
 */
#include "spamgear/net/fetch.h"

#include "test.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEME "only https://, file:// and, with --insecure, http:// are fetched"
#define PLAIN  "http can be changed by anybody on the way: refused without --insecure"
#define BYTES  "a URL is printable ASCII without blanks; others are written %20"
#define USER   "no user name may stand in the URL"
#define HOST   "there is no host in the URL"
#define FILES  "a file is written file:///PATH"

static const struct {
    const char *url;
    bool insecure;
    const char *why; /* NULL: may be fetched */
} urls[] = {
    {"https://example.net/a", false, NULL},
    {"https://example.net", false, NULL},
    {"https://[2001:db8::1]:8443/a?b=c@d", false, NULL},
    {"http://example.net/a", true, NULL},
    {"http://example.net/a", false, PLAIN},
    {"file:///srv/a", false, NULL},
    {"file://localhost/srv/a", false, NULL},
    {"file://example.net/srv/a", false, FILES},
    {"file://srv", false, FILES},
    {"file://", false, FILES},
    {"ftp://example.net/a", true, SCHEME},
    {"HTTPS://example.net/a", true, SCHEME},
    {"gopher://example.net/", true, SCHEME},
    {"/srv/a", true, SCHEME},
    {"", true, SCHEME},
    {"https:///a", true, HOST},
    {"https://?a", true, HOST},
    {"https://me@example.net/", true, USER},
    {"https://me:secret@example.net/", true, USER},
    {"https://example.net#@evil.example/", false, NULL},
    {"https://example.net/a b", true, BYTES},
    {"https://example.net/a\nb", true, BYTES},
    {"https://example.net/\xc3\xa9", true, BYTES},
    {"https://example.net/\x7f", true, BYTES},
};

static void test_urls(void)
{
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct strbuf why = {0};
        int result = fetch_check(urls[i].url, urls[i].insecure, &why);
        test_number(urls[i].url, result, urls[i].why == NULL ? 0 : -1);
        test_text(urls[i].url, strbuf_text(&why), urls[i].why == NULL ? "" : urls[i].why);
        strbuf_clear(&why);
    }
    struct strbuf url = {0}, why = {0};
    strbuf_add_text(&url, "https://example.net/");
    while (url.len <= FETCH_URL_MAX)
        strbuf_add_char(&url, 'a');
    test_number("too long", fetch_check(strbuf_text(&url), false, &why), -1);
    test_text("too long", strbuf_text(&why), "the URL is too long");
    strbuf_clear(&url);
    strbuf_clear(&why);
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    test_true(path, f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* @ stands for the folder of the test. */
static const struct {
    const char *url, *want, *why;
} files[] = {
    {"file://@/a%20b", "what stands there", NULL},
    {"file://localhost@/a%20b", "what stands there", NULL},
    {"file://@/%61%20%62", "what stands there", NULL},
    {"file://@/none", NULL, "@/none: No such file or directory"},
    {"file://@/folder", NULL, "is no regular file"},
    {"file://@/fifo", NULL, "is no regular file"},
    {"file:///dev/zero", NULL, "is no regular file"},
    {"file://@/link", NULL, "@/link: is a symbolic link"},
    {"file://@/empty", NULL, "is empty"},
    {"file://@/large", NULL, "is larger than 20 bytes"},
    {"file://@/full", "twenty bytes in all.", NULL},
    {"file://@/a%2", NULL, "a % of the URL is not followed by two digits of a byte"},
    {"file://@/a%", NULL, "a % of the URL is not followed by two digits of a byte"},
    {"file://@/a%zz", NULL, "a % of the URL is not followed by two digits of a byte"},
    {"file://@/a%00b", NULL, "a % of the URL is not followed by two digits of a byte"},
};

static void expand(const char *text, const char *dir, struct strbuf *out)
{
    for (; *text != '\0'; text++)
        if (*text == '@')
            strbuf_add_text(out, dir);
        else
            strbuf_add_char(out, *text);
}

static void test_file(size_t i, const char *dir)
{
    struct fetch_settings settings = {.bytes_max = 20};
    struct strbuf url = {0}, body = {0}, want = {0}, why = {0};
    expand(files[i].url, dir, &url);
    expand(files[i].want != NULL ? files[i].want : files[i].why, dir, &want);
    int result = fetch_url(strbuf_text(&url), &settings, &body, &why);
    test_number(files[i].url, result, files[i].want != NULL ? 0 : -1);
    test_text(files[i].url, strbuf_text(files[i].want != NULL ? &body : &why), strbuf_text(&want));
    strbuf_clear(&url);
    strbuf_clear(&body);
    strbuf_clear(&want);
    strbuf_clear(&why);
}

/* Nobody listens there. */
static void test_server(void)
{
    struct fetch_settings settings = {.bytes_max = 20, .insecure = true};
    struct strbuf body = {0}, why = {0};
    test_number("nobody", fetch_url("http://127.0.0.1:1/", &settings, &body, &why), -1);
    test_true("and says so", why.len > 0 && body.len == 0);
    strbuf_clear(&why);
    settings.insecure = false;
    test_number("http", fetch_url("http://127.0.0.1:1/", &settings, &body, &why), -1);
    test_text("http", strbuf_text(&why), PLAIN);
    strbuf_clear(&body);
    strbuf_clear(&why);
}

int main(void)
{
    char dir[] = "/tmp/fetch_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    put("a b", "what stands there");
    put("empty", "");
    put("large", "twenty bytes and more");
    put("full", "twenty bytes in all.");
    test_true("others", mkdir("folder", 0700) == 0 && mkfifo("fifo", 0600) == 0 &&
                            symlink("full", "link") == 0);
    test_urls();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        test_file(i, dir);
    test_server();
    static const char *const names[] = {"a b", "empty", "large", "full", "fifo", "link"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        test_true(names[i], unlink(names[i]) == 0);
    test_true("folder is empty", rmdir("folder") == 0 && rmdir(dir) == 0);
    return test_end();
}
