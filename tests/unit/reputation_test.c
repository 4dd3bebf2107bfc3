/* reputation - names and addresses of strangers in tables: each matches itself only, one bad line
 * spoils no list, and what did not change is not written. */
#include "spamgear/react/reputation.h"

#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD  "# Written by spamgear postfix-reputation; changes are lost.\n"
#define START "/^Received:.*[[:cntrl:]]\\(Authenticated sender: "
#define END   "\\)[[:cntrl:]]+by /i FILTER smtp:[r]:25\n"

static const struct {
    const char *name, *want;
} names[] = {
    {"bob", "bob"},
    {"bob@example.net", "bob@example\\.net"},
    {"a.b*", "a\\.b\\*"},
    {"$(id)|x", "\\$\\(id\\)\\|x"},
    {"new\nline", "new\\?line"},
    {"half)open(", "half\\?open\\(\\)"},
    {"back\\slash/", "back\\?slash\\/"},
    {"sch\303\266n", "sch\\?\\?n"},
    {"[a]{1}^", "\\[a\\]\\{1\\}\\^"},
};

static void test_names(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct texts list = {0};
        struct strbuf out = {0}, want = {0};
        texts_add(&list, names[i].name);
        texts_add(&list, names[i].name);
        reputation_headers(&list, "[r]:25", &out);
        strbuf_format(&want, HEAD START "%s" END, names[i].want);
        test_text(names[i].name, strbuf_text(&out), strbuf_text(&want));
        texts_clear(&list);
        strbuf_clear(&out);
        strbuf_clear(&want);
    }
}

static void test_long_name(void)
{
    struct texts list = {0};
    struct strbuf out = {0};
    char name[301];
    memset(name, '.', 300);
    name[300] = '\0';
    texts_add(&list, name);
    texts_add(&list, "");
    reputation_headers(&list, "[r]:25", &out);
    test_number("one line", (int64_t)out.len,
                (int64_t)(sizeof HEAD - 1 + sizeof START - 1 + 600 + sizeof END - 1));
    texts_clear(&list);
    strbuf_clear(&out);
}

static void test_hops(void)
{
    static const struct {
        const char *text, *want; /* NULL: refused */
    } rows[] = {
        {"mx.example.net", "[mx.example.net]:25"},
        {"mx.example.net:587", "[mx.example.net]:587"},
        {"192.0.2.1:1", "[192.0.2.1]:1"},
        {"[192.0.2.1]", "[192.0.2.1]:25"},
        {"[2001:db8::1]:26", "[ipv6:2001:db8::1]:26"},
        {"[ipv6:2001:db8::1]", "[ipv6:2001:db8::1]:25"},
        {"", NULL},
        {"2001:db8::1", NULL},
        {"x:", NULL},
        {"x:0", NULL},
        {"x:65536", NULL},
        {"x y", NULL},
        {"x\nREJECT", NULL},
        {"[x", NULL},
        {"[x]y", NULL},
        {"$x", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = {0}, why = {0};
        test_number(rows[i].text, reputation_next_hop(rows[i].text, &out, &why),
                    rows[i].want == NULL ? -1 : 0);
        test_text(rows[i].text, strbuf_text(&out), rows[i].want == NULL ? "" : rows[i].want);
        strbuf_clear(&out);
        strbuf_clear(&why);
    }
}

static void test_lists(void)
{
    static const char text[] = "# a list\n\nbob@example.com\nALICE@Example.COM,A,20261101\r\n"
                               "  eve+x@example.org  # collects\nbob@example.com REJECT\n"
                               "no address\n@example.com\na@b\n\"a b\"@example.com\n"
                               "a@example.com\0b\na@.example.com\n#x@example.com\nx@ex ample.com\n";
    static const char *const want[] = {
        "l:7: ", "l:8: ", "l:9: ", "l:10: ", "l:11: ", "l:12: ", "l:14: "};
    struct texts addresses = {0}, problems = {0};
    struct strbuf out = {0};
    reputation_read((struct span){text, sizeof text - 1}, "l", &addresses, &problems);
    reputation_access(&addresses, "REJECT no", &out);
    test_text("table", strbuf_text(&out),
              HEAD "alice@example.com REJECT no\nbob@example.com REJECT no\n"
                   "eve+x@example.org REJECT no\n");
    test_number("told", (int64_t)problems.len, sizeof want / sizeof *want);
    for (size_t i = 0; i < sizeof want / sizeof *want && i < problems.len; i++)
        test_true(want[i], strncmp(problems.at[i], want[i], strlen(want[i])) == 0);
    texts_clear(&addresses);
    texts_clear(&problems);
    strbuf_clear(&out);
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        exit(1);
}

static void test_folders(void)
{
    struct texts addresses = {0}, problems = {0};
    struct strbuf why = {0};
    mkdir("lists", 0700);
    put("lists/a", "a@example.com\n");
    put("lists/b", "b@example.com\n");
    put("lists/.hidden", "c@example.com\n");
    test_number("folder", reputation_read_lists("lists", &addresses, &problems, &why), 0);
    test_number("of it", (int64_t)addresses.len, 2);
    test_number("file", reputation_read_lists("lists/a", &addresses, &problems, &why), 0);
    test_number("missing", reputation_read_lists("nowhere", &addresses, &problems, &why), -1);
    mkfifo("lists/c", 0700);
    test_number("a FIFO in it", reputation_read_lists("lists", &addresses, &problems, &why), -1);
    texts_clear(&addresses);
    texts_clear(&problems);
    strbuf_clear(&why);
}

static void test_writing(void)
{
    struct strbuf why = {0};
    struct stat st;
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    test_number("new", reputation_write("table", SPAN("one\n"), &why), 1);
    test_number("times", utimensat(AT_FDCWD, "table", old, 0), 0);
    test_number("the same", reputation_write("table", SPAN("one\n"), &why), 0);
    test_true("untouched", stat("table", &st) == 0 && st.st_mtim.tv_sec == 1000);
    test_true("no index", !reputation_is_indexed("table", "hash"));
    put("table.db", "x");
    test_true("an index", reputation_is_indexed("table", "hash"));
    test_number("another", reputation_write("table", SPAN("two\n"), &why), 1);
    test_number("old index", utimensat(AT_FDCWD, "table.db", old, 0), 0);
    test_true("is none", !reputation_is_indexed("table", "hash"));
    test_number("a folder", reputation_write("lists", SPAN("two\n"), &why), -1);
    strbuf_clear(&why);
}

int main(void)
{
    char dir[] = "/tmp/reputation-test-XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    test_names();
    test_long_name();
    test_hops();
    test_lists();
    test_folders();
    test_writing();
    const char *argv[] = {"rm", "-rf", dir, NULL};
    if (chdir("/") != 0 || fork() == 0)
        execvp(argv[0], (char *const *)argv);
    wait(NULL);
    return test_end();
}
