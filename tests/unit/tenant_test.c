/* tenant - whose file it is, by uid, by either kind of pattern, and where his mail goes; and that
 * no path makes somebody else's of it, or gets anything into a mail's header. */
#include "spamgear/react/tenant.h"

#include "spamgear/base/clock.h"
#include "spamgear/match/regex.h"
#include "test.h"
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOBODY 54321 /* in the human range, and known to nobody */

static const struct {
    const char *pattern;
    enum tenant_pattern type;
    const char *path, *user; /* NULL: nobody's */
} rows[] = {
    /* the built-in pattern */
    {NULL, TENANT_BASIC, "/home/bob/public_html/x.php", "bob"},
    {NULL, TENANT_BASIC, "/home/bob/", "bob"},
    {NULL, TENANT_BASIC, "/home/bob", NULL},
    {NULL, TENANT_BASIC, "/home//x.php", NULL},
    {NULL, TENANT_BASIC, "/home/b.ob/x", NULL},
    {NULL, TENANT_BASIC, "/srv/home/bob/x.php", NULL},
    {NULL, TENANT_BASIC, "/srv/x\n/home/bob/x.php", NULL},
    {NULL, TENANT_BASIC, "/home/bob/new\nline.php", "bob"},
    {NULL, TENANT_BASIC, "", NULL},
    {NULL, TENANT_BASIC, "/home/-bob/x", NULL},
    {NULL, TENANT_BASIC, "/home/b ob/x", NULL},
    {NULL, TENANT_BASIC, "/home/bob,eve/x", NULL},
    {NULL, TENANT_BASIC, "/home/bob@evil/x", NULL},
    {NULL, TENANT_BASIC, "/home/bob\nBcc: eve/x", NULL},
    {NULL, TENANT_BASIC, "/home/$(id)/x", NULL},
    {NULL, TENANT_BASIC,
     "/home/b\xc3\xb6"
     "b/x",
     NULL},
    {NULL, TENANT_BASIC, "/home/b\xff/x", NULL},
    /* the admin's, as the original's cron lines had them */
    {"^/home/pangea/\\([^/.]*\\)/.*", TENANT_BASIC, "/home/pangea/bob/x.php", "bob"},
    {"^/home/pangea/\\([^/.]*\\)/.*", TENANT_BASIC, "/home/bob/x.php", NULL},
    {"^/home/\\([^/.]*\\)/", TENANT_BASIC, "/home/bob/x.php", "bob"},
    {"/home/\\([^/.]*\\)/", TENANT_BASIC, "/home/bob/x.php", "bob"},
    {"/home/\\([^/.]*\\)/", TENANT_BASIC, "/home/bob/home/eve/x.php", "bob"},
    {"/home/\\([^/.]*\\)/", TENANT_BASIC, "/var/www/home/eve/x.php", NULL},
    {".*/home/\\([^/.]*\\)/.*", TENANT_BASIC, "/var/www/home/eve/x.php", "eve"},
    {"^/vhosts/\\(\\([^/]*\\)\\)/.*", TENANT_BASIC, "/vhosts/example.com/x", "example.com"},
    {"^/home/\\(x\\)*.*", TENANT_BASIC, "/home/bob/x", NULL},
    {"^/home/([^/.]*)/", TENANT_PCRE2, "/home/bob/x.php", "bob"},
    {"/home/([^/.]*)/", TENANT_PCRE2, "/home/bob/x.php", "bob"},
    {"/home/([^/.]*)/", TENANT_PCRE2, "/var/home/bob/x.php", NULL},
    {"^/home/([^/.]*)/", TENANT_PCRE2, "/home/bob/new\nline.php", "bob"},
    {"^/home/(.*)/", TENANT_PCRE2, "/home/bob/x/y", NULL},
    {"^/home/(?:x|([a-z]+))/", TENANT_PCRE2, "/home/x/y", NULL},
    {"^/home/(?:x|([a-z]+))/", TENANT_PCRE2, "/home/bob/y", "bob"},
    {"^/((a+)+)+$", TENANT_PCRE2, "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
     NULL},
};

static void check(const struct tenants *tenants, const char *name, const char *path, uid_t owner,
                  const char *user, const char *address)
{
    struct tenant tenant = {0};
    strbuf_add_text(&tenant.user, "an earlier one");
    bool found = tenants_of(tenants, span_text(path), owner, &tenant);
    test_number(name, found, user != NULL);
    test_text(name, strbuf_text(&tenant.user), user == NULL ? "" : user);
    test_text(name, strbuf_text(&tenant.address), address == NULL ? "" : address);
    tenant_clear(&tenant);
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf why = {0}, address = {0};
        struct tenants *tenants =
            tenants_open(rows[i].pattern, rows[i].type, NULL, "example.net", &why);
        test_text(rows[i].path, strbuf_text(&why), "");
        if (rows[i].user != NULL)
            strbuf_format(&address, "%s@example.net", rows[i].user);
        if (tenants != NULL)
            check(tenants, rows[i].path, rows[i].path, NOBODY, rows[i].user, strbuf_text(&address));
        tenants_close(tenants);
        strbuf_clear(&why);
        strbuf_clear(&address);
    }
}

static const struct {
    const char *pattern;
    enum tenant_pattern type;
    const char *domain, *why;
} refused[] = {
    {"^/home/\\([^/.*", TENANT_BASIC, NULL,
     "pattern ^/home/\\([^/.*: Unmatched [, [^, [:, [., or [="},
    {"^/home/.*", TENANT_BASIC, NULL, "pattern ^/home/.*: has no group \\(..\\) for the user"},
    {"^/home/(x).*", TENANT_BASIC, NULL,
     "pattern ^/home/(x).*: has no group \\(..\\) for the user"},
    {"\\(.*\\)\\1", TENANT_BASIC, NULL,
     "pattern \\(.*\\)\\1: has a back reference; the type pcre2 takes those"},
    {"^/home/\\(x\\).*\\", TENANT_BASIC, NULL, "pattern ^/home/\\(x\\).*\\: Trailing backslash"},
    {"", TENANT_BASIC, NULL, "pattern : has no group \\(..\\) for the user"},
    {"^/home/(", TENANT_PCRE2, NULL, "pattern ^/home/(: offset 8: missing closing parenthesis"},
    {"^/home/.*", TENANT_PCRE2, NULL, "pattern ^/home/.*: has no group (..) for the user"},
    {NULL, TENANT_BASIC, "a b", "a b: is no domain"},
    {NULL, TENANT_BASIC, "", ": is no domain"},
    {NULL, TENANT_BASIC, ".x", ".x: is no domain"},
};

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct strbuf why = {0};
        test_true(refused[i].why, tenants_open(refused[i].pattern, refused[i].type, NULL,
                                               refused[i].domain, &why) == NULL);
        test_text(refused[i].why, strbuf_text(&why), refused[i].why);
        strbuf_clear(&why);
    }
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    test_true(path, f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static const struct {
    const char *map, *why;
} maps[] = {
    {"", NULL},
    {"# comment\n\n  bob \t bob@example.org \r\neve eve", NULL},
    {"bob\n", "map:1: has no address behind the user that a mail could go to"},
    {"a b@c\nbob a@b,c@d\n", "map:2: has no address behind the user that a mail could go to"},
    {"bob <a@b>\n", "map:1: has no address behind the user that a mail could go to"},
    {"bob -oQ/x\n", "map:1: has no address behind the user that a mail could go to"},
    {"bob |prog\n", "map:1: has no address behind the user that a mail could go to"},
    {"bob a@b c@d\n", "map:1: has more than a user and an address"},
    {"b,b a@b\n", "map:1: is no user name (letters, digits, '.', '_' and '-')"},
    {"bob a@b\nbob c@d\n", "map:2: names a user for the second time"},
};

static void test_maps(void)
{
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        struct strbuf why = {0};
        put("map", maps[i].map);
        struct tenants *tenants = tenants_open(NULL, TENANT_BASIC, "map", "example.net", &why);
        test_text(maps[i].map, strbuf_text(&why), maps[i].why == NULL ? "" : maps[i].why);
        test_true(maps[i].map, (tenants == NULL) == (maps[i].why != NULL));
        if (i == 1 && tenants != NULL) {
            check(tenants, "in the map", "/home/bob/x", NOBODY, "bob", "bob@example.org");
            check(tenants, "in the map, local", "/home/eve/x", NOBODY, "eve", "eve");
            check(tenants, "not in it", "/home/joe/x", NOBODY, "joe", "joe@example.net");
        }
        tenants_close(tenants);
        strbuf_clear(&why);
    }
    struct strbuf why = {0};
    test_true("no map", tenants_open(NULL, TENANT_BASIC, "none", NULL, &why) == NULL);
    test_text("no map", strbuf_text(&why), "none: No such file or directory");
    test_true("a folder", tenants_open(NULL, TENANT_BASIC, ".", NULL, &why) == NULL);
    test_text("a folder", strbuf_text(&why), ".: Is a directory");
    strbuf_clear(&why);
    unlink("map");
}

/* A human's file is his, wherever it lies; a service's is that of the folder's. */
static void test_owners(void)
{
    struct tenants *tenants = tenants_open(NULL, TENANT_BASIC, NULL, "example.net", NULL);
    struct tenants *patterned = tenants_open("^/h/\\([a-z]*\\)/", TENANT_BASIC, NULL, "d", NULL);
    struct passwd *entry;
    check(tenants, "root", "/home/bob/x", 0, "bob", "bob@example.net");
    check(tenants, "a service", "/home/bob/x", 33, "bob", "bob@example.net");
    check(tenants, "nobody", "/home/bob/x", 65534, "bob", "bob@example.net");
    check(tenants, "a service elsewhere", "/srv/x", 33, NULL, NULL);
    setpwent();
    while ((entry = getpwent()) != NULL && (entry->pw_uid < 1000 || entry->pw_uid > 59999))
        ;
    if (entry != NULL) {
        char *name = strdup(entry->pw_name);
        struct strbuf address = {0};
        strbuf_format(&address, "%s@example.net", name);
        uid_t uid = entry->pw_uid;
        check(tenants, "a human", "/home/bob/x", uid, name, strbuf_text(&address));
        check(tenants, "a human anywhere", "/srv/x", uid, name, strbuf_text(&address));
        check(patterned, "a pattern goes before", "/h/bob/x", uid, "bob", "bob@d");
        check(patterned, "and is the only one", "/srv/x", uid, NULL, NULL);
        strbuf_clear(&address);
        free(name);
    }
    endpwent();
    tenants_close(tenants);
    tenants_close(patterned);
}

/* Long paths, and patterns that could take very long, end soon. */
static void test_long(void)
{
    char path[20000] = "/home/bob/";
    memset(path + 10, 'a', sizeof path - 11);
    path[sizeof path - 1] = '\0';
    struct tenants *tenants = tenants_open(NULL, TENANT_BASIC, NULL, "d", NULL);
    check(tenants, "a long path", path, NOBODY, "bob", "bob@d");
    tenants_close(tenants);
    tenants = tenants_open("^/home/\\(\\(a*\\)*\\(a*\\)*\\)*b$", TENANT_BASIC, NULL, "d", NULL);
    int64_t start = clock_steady_ms();
    memset(path + 6, 'a', sizeof path - 7);
    check(tenants, "a nested pattern", path, NOBODY, NULL, NULL);
    test_true("soon", clock_steady_ms() - start < 20000);
    tenants_close(tenants);
    struct tenants *own = tenants_open(NULL, TENANT_BASIC, NULL, NULL, NULL);
    test_true("there is a domain of this machine", own != NULL);
    tenants_close(own);
    tenants_close(NULL);
}

int main(void)
{
    char dir[] = "/tmp/tenant_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0)
        return 1;
    test_rows();
    test_refused();
    test_maps();
    test_owners();
    test_long();
    regex_clear_all();
    test_true("folder is empty", rmdir(dir) == 0);
    return test_end();
}
