/* method_local - accounts below a folder of the test's own, changed by the real usermod; what it
 * must never touch, and that undo gives back what was, byte for byte.
 *
 * Nothing of the machine's own accounts is read or written: usermod gets --prefix. */
#include "spamgear/react/method.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/infile.h"
#include "spamgear/base/scratch.h"
#include "test.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY_KNOWS "z'\"$(touch${IFS}/x)\"'"
#define EVIL         "e'\"$(touch${IFS}evil)\"'"

static char *folder;
static struct react_settings settings = {.timeout_s = 20, .uid_low = 1000, .uid_high = 59999};

static const char *in_etc(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/etc/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text, mode_t mode)
{
    int fd = open(in_etc(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool ok =
        fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, mode) == 0;
    test_true(name, ok);
    close(fd);
}

static const char passwd[] = "root:x:0:0::/root:/bin/sh\n"
                             "toor:x:0:0::/root:/bin/sh\n"
                             "daemon:x:1:1::/:/bin/sh\n"
                             "a.b*:x:1000:1000::/:/bin/sh\n"
                             "aab*:x:1001:1000::/:/bin/sh\n"
                             "-d:x:1002:1000::/:/bin/sh\n"
                             "empty:x:1003:1000::/:/bin/sh\n"
                             "bare:x:1004:1000::/:/bin/sh\n"
                             "star:x:1005:1000::/:/bin/sh\n"
                             "held:x:1006:1000::/:/bin/sh\n"
                             "gone:x:1007:1000::/:/bin/sh\n"
                             "twice:x:1008:1000::/:/bin/sh\n"
                             "twice:x:1009:1000::/:/bin/sh\n"
                             "high:x:60000:1000::/:/bin/sh\n"
                             "noshadow:x:1010:1000::/:/bin/sh\n"
                             "nouid:x::1000::/:/bin/sh\n"
                             "zero:x:1011:1000::/:/bin/sh\n" EVIL ":x:1012:1000::/:/bin/sh\n"
                             "odd:x:1013:1000::/:/bin/sh\n"
                             "late:x:1014:1000::/:/bin/sh\n"
                             "+nis::::::\n";
static const char shadow[] = "root:*:19000:0:99999:7:::\n"
                             "toor:$6$r:19000:0:99999:7:::\n"
                             "daemon:*:19000:0:99999:7:::\n"
                             "a.b*:$6$abc$def:19000:0:99999:7:::\n"
                             "aab*:$6$other:19000:0:99999:7:::\n"
                             "-d:$6$dash:19000:0:99999:7:::\n"
                             "empty::19000:0:99999:7:::\n"
                             "bare:!:19000:0:99999:7::30000:\n"
                             "star:*:19000::::::\n"
                             "held:!$6$held:19000:0:99999:7:::\n"
                             "gone:!$6$gone:19000:0:99999:7::2:\n"
                             "twice:$6$t:19000:0:99999:7:::\n"
                             "high:$6$h:19000:0:99999:7:::\n"
                             "nouid:$6$n:19000:0:99999:7:::\n"
                             "zero:$6$z:19000:0:99999:7::0:\n" EVIL ":$6$e:19000:0:99999:7:::\n"
                             "odd:$6$o:19000:0:99999:7::soon:\n"
                             "late:$6$l:19000:0:99999:7::2:\n";

static void fresh(void)
{
    put("passwd", passwd, 0644);
    put("shadow", shadow, 0600);
}

static void same_shadow(const char *name, const char *want)
{
    struct strbuf text = {0}, why = {0};
    test_number(name, infile_read(in_etc("shadow"), 1 << 20, &text, NULL, &why), 0);
    test_text(name, strbuf_text(&text), want);
    strbuf_clear(&text);
    strbuf_clear(&why);
}

/* The line of this name must be that. */
static void line_is(const char *name, const char *want)
{
    struct strbuf text = {0}, why = {0};
    test_number(name, infile_read(in_etc("shadow"), 1 << 20, &text, NULL, &why), 0);
    size_t len = strlen(name);
    struct span rest = strbuf_span(&text), got = {0};
    for (struct span line; span_take_line(&rest, &line);)
        if (line.len > len && memcmp(line.at, name, len) == 0 && line.at[len] == ':')
            got = span_skip(line, len + 1);
    test_bytes(name, got.at, got.len, want, strlen(want));
    strbuf_clear(&text);
    strbuf_clear(&why);
}

struct plan {
    struct target target;
    enum method_plan result;
    struct strbuf what, memo, why;
};

static void plan(struct plan *plan, const char *name)
{
    *plan = (struct plan){.target = {.name = name, .reason = "test"}};
    plan->result =
        method_local.plan(&settings, &plan->target, &plan->what, &plan->memo, &plan->why);
}

static void plan_clear(struct plan *plan)
{
    strbuf_clear(&plan->what);
    strbuf_clear(&plan->memo);
    strbuf_clear(&plan->why);
}

static int apply(struct plan *p)
{
    int result = method_local.apply(&settings, &p->target, strbuf_span(&p->memo), &p->why);
    if (result != 0)
        printf("%s\n", strbuf_text(&p->why));
    return result;
}

static int undo(struct plan *p)
{
    return method_local.undo(&settings, &p->target, strbuf_span(&p->memo), &p->why);
}

static enum method_state look(struct plan *p)
{
    return method_local.look(&settings, &p->target, strbuf_span(&p->memo), &p->why);
}

static char name_300[301];

static void test_refused(void)
{
    static const struct {
        const char *name, *why;
    } rows[] = {
        {"root", "root is root"},
        {"toor", "toor is root"},
        {"daemon", "daemon has UID 1, which is not from 1000 to 59999"},
        {"high", "high has UID 60000, which is not from 1000 to 59999"},
        {"bob", "bob is no account of this machine: not in passwd"},
        {"bob@example.com", "bob@example.com is no account of this machine: not in passwd"},
        {"a.b", "a.b is no account of this machine: not in passwd"},
        {"a*", "a* is no account of this machine: not in passwd"},
        {"A.B*", "A.B* is no account of this machine: not in passwd"},
        {"star\nroot", "star\nroot is no account of this machine: not in passwd"},
        {"star:*", "star:* is no account of this machine: not in passwd"},
        {"", " has no UID in passwd"},
        {NOBODY_KNOWS, NOBODY_KNOWS " is no account of this machine: not in passwd"},
        {"+nis", "+nis has no UID in passwd"},
        {"-d", "-d is no name of an account"},
        {"nouid", "nouid has no UID in passwd"},
        {"twice", "twice stands in passwd 2 times"},
        {"noshadow", "noshadow is no account of this machine: not in shadow"},
        {"odd", "odd: its expiry in shadow is no day"},
    };
    fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan p;
        plan(&p, rows[i].name);
        test_number(rows[i].name, p.result, METHOD_REFUSED);
        if (*rows[i].name != '\0')
            test_text(rows[i].name, strbuf_text(&p.why), rows[i].why);
        plan_clear(&p);
    }
    memset(name_300, 'a', 300);
    struct plan p;
    plan(&p, name_300);
    test_number("300 characters", p.result, METHOD_REFUSED);
    plan_clear(&p);
    same_shadow("nothing was changed", shadow);
}

/* What becomes of an account, and that undo gives back the line. */
static void test_round(void)
{
    static const struct {
        const char *name, *locked, *what;
    } rows[] = {
        {"a.b*", "!$6$abc$def:19000:0:99999:7::1:",
         "lock the password of a.b* (UID 1000) and expire the account"},
        {EVIL, "!$6$e:19000:0:99999:7::1:",
         "lock the password of " EVIL " (UID 1012) and expire the account"},
        {"star", "!*:19000:::::1:", "lock the password of star (UID 1005) and expire the account"},
        {"zero", "!$6$z:19000:0:99999:7::1:",
         "lock the password of zero (UID 1011) and expire the account"},
        {"bare", "!:19000:0:99999:7::1:", "expire the account bare (UID 1004)"},
        {"held", "!$6$held:19000:0:99999:7::1:", "expire the account held (UID 1006)"},
        {"late", "!$6$l:19000:0:99999:7::2:", "lock the password of late (UID 1014)"},
    };
    fresh();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan p;
        plan(&p, rows[i].name);
        test_number(rows[i].name, p.result, METHOD_NEEDED);
        test_text(rows[i].name, strbuf_text(&p.what), rows[i].what);
        test_number("not yet", look(&p), METHOD_OFF);
        same_shadow("a plan changes nothing", shadow);
        test_number("undo of nothing", undo(&p), 0);
        same_shadow("undo of nothing changes nothing", shadow);
        test_number("apply", apply(&p), 0);
        line_is(rows[i].name, rows[i].locked);
        test_number("on", look(&p), METHOD_ON);
        test_number("again", apply(&p), 0);
        line_is(rows[i].name, rows[i].locked);
        test_number("undo", undo(&p), 0);
        same_shadow("as it was", shadow);
        test_number("undo again", undo(&p), 0);
        same_shadow("still as it was", shadow);
        plan_clear(&p);
    }
}

/* Without a password there is nothing to unlock; usermod dates the empty one anew. */
static void test_empty(void)
{
    struct plan p;
    char want[64];
    fresh();
    plan(&p, "empty");
    test_number("empty", apply(&p), 0);
    line_is("empty", "!:19000:0:99999:7::1:");
    test_number("undo", undo(&p), 0);
    snprintf(want, sizeof want, ":%lld:0:99999:7:::", (long long)(clock_now() / 86400));
    line_is("empty", want);
    plan_clear(&p);
    plan(&p, "empty");
    test_number("and then given a password", apply(&p), 0);
    put("shadow", "empty:!$6$new:19000:0:99999:7::1:\n", 0600);
    test_number("undo", undo(&p), 0);
    line_is("empty", "$6$new:19000:0:99999:7:::");
    plan_clear(&p);
}

static void test_others_hand(void)
{
    struct plan p;
    fresh();
    plan(&p, "gone");
    test_number("locked and expired by the administrator", p.result, METHOD_IN_FORCE);
    plan_clear(&p);
    plan(&p, "a.b*");
    test_number("applied", apply(&p), 0);
    put("shadow", "a.b*:$6$new:20000:0:99999:7::40000:\n", 0600);
    test_number("let go by hand", look(&p), METHOD_OFF);
    test_number("undo", undo(&p), 0);
    same_shadow("what was done by hand stays", "a.b*:$6$new:20000:0:99999:7::40000:\n");
    put("passwd", "a.b*:x:1500:1000::/:/bin/sh\n", 0644);
    test_number("another one of that name", apply(&p), -1);
    test_text("another one of that name", strbuf_text(&p.why),
              "a.b* has UID 1500 now, and had 1000 when the case was made");
    test_number("has nothing of ours", look(&p), METHOD_OFF);
    test_number("nor to be undone", undo(&p), 0);
    test_text("says so", strbuf_text(&p.why), "another account has the name a.b* now, of UID 1500");
    same_shadow("is left", "a.b*:$6$new:20000:0:99999:7::40000:\n");
    put("shadow", "a.b*:!$6$new:20000:0:99999:7::1:\n", 0600);
    test_number("or the same one, with another UID", look(&p), METHOD_UNTOLD);
    test_number("is not undone", undo(&p), -1);
    same_shadow("is left", "a.b*:!$6$new:20000:0:99999:7::1:\n");
    put("passwd", "", 0644);
    test_number("an empty list", look(&p), METHOD_UNTOLD);
    test_number("tells nothing", undo(&p), -1);
    put("passwd", "root:x:0:0::/root:/bin/sh\n", 0644);
    test_number("removed", look(&p), METHOD_OFF);
    test_number("nothing to undo", undo(&p), 0);
    test_text("says so", strbuf_text(&p.why), "there is no account a.b* any more");
    put("passwd", "a.b*:x:1500:1000::/:/bin/sh\n", 0644);
    plan_clear(&p);
    plan(&p, "a.b*");
    put("passwd", "a.b*:x:0:0::/:/bin/sh\n", 0644);
    test_number("is root now", apply(&p), -1);
    plan_clear(&p);
}

static void test_files(void)
{
    struct plan p;
    fresh();
    test_true("writable", chmod(in_etc("shadow"), 0660) == 0);
    plan(&p, "a.b*");
    test_number("shadow is its group's", p.result, METHOD_REFUSED);
    test_true("says so", strstr(strbuf_text(&p.why), "others than root may write") != NULL);
    plan_clear(&p);
    fresh();
    char elsewhere[4096];
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", folder);
    test_true("a link", rename(in_etc("shadow"), elsewhere) == 0 &&
                            symlink(elsewhere, in_etc("shadow")) == 0);
    plan(&p, "a.b*");
    test_number("shadow is a link", p.result, METHOD_REFUSED);
    plan_clear(&p);
    unlink(in_etc("shadow"));
    plan(&p, "a.b*");
    test_number("no shadow", p.result, METHOD_REFUSED);
    test_number("not told", look(&p), METHOD_UNTOLD);
    plan_clear(&p);
}

/* Somebody else edits the accounts: waits, and does not do it half. */
static void test_busy(void)
{
    struct plan p;
    char lock[32];
    fresh();
    plan(&p, "a.b*");
    snprintf(lock, sizeof lock, "%d", (int)getpid());
    put("shadow.lock", lock, 0600);
    settings.timeout_s = 1;
    test_number("busy", method_local.apply(&settings, &p.target, strbuf_span(&p.memo), &p.why), -1);
    test_true("says so", p.why.len > 0);
    same_shadow("busy", shadow);
    settings.timeout_s = 20;
    if (geteuid() != 0) { /* for root alone usermod waits */
        unlink(in_etc("shadow.lock"));
        plan_clear(&p);
        return;
    }
    pid_t other = fork();
    if (other == 0) {
        usleep(1500000);
        unlink(in_etc("shadow.lock"));
        _exit(0);
    }
    test_number("when it is free again", apply(&p), 0);
    waitpid(other, NULL, 0);
    test_number("on", look(&p), METHOD_ON);
    plan_clear(&p);
}

/* Killed at some instant: the next apply completes it, and undo gives back all. */
static void test_killed(void)
{
    for (unsigned wait_us = 0; wait_us < 12000; wait_us += 1500) {
        struct plan p;
        fresh();
        plan(&p, "a.b*");
        pid_t pid = fork();
        if (pid == 0)
            _exit(apply(&p) == 0 ? 0 : 1);
        usleep(wait_us);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        test_number("the next run", apply(&p), 0);
        test_number("on", look(&p), METHOD_ON);
        test_number("undone", undo(&p), 0);
        same_shadow("as it was", shadow);
        plan_clear(&p);
    }
}

static void test_settings(void)
{
    struct strbuf why = {0};
    struct react_settings s = settings;
    test_number("good", method_local.check(&s, &why), 0);
    s.uid_low = 0;
    test_number("root's UID", method_local.check(&s, &why), -1);
    s.uid_low = 60000;
    test_number("nobody's UID", method_local.check(&s, &why), -1);
    test_text("says so", strbuf_text(&why), "no UID is from 60000 to 59999");
    s = settings;
    s.passwd_root = (char[]){"here"};
    test_number("no folder", method_local.check(&s, &why), -1);
    strbuf_clear(&why);
}

static void test_memos(void)
{
    static const char *const bad[] = {"x", "uid=1000 password=locke expires=1",
                                      "uid=1000 password=locked expires=-2",
                                      "uid=1000 password=locked expires=1 ", "uid=1000"};
    struct target target = {.name = "a.b*"};
    struct strbuf why = {0};
    fresh();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        test_number(bad[i], method_local.undo(&settings, &target, span_text(bad[i]), &why), -1);
        test_number(bad[i], method_local.apply(&settings, &target, span_text(bad[i]), &why), -1);
    }
    test_number("no memo", method_local.apply(&settings, &target, SPAN(""), &why), -1);
    test_number("status by hand", method_local.look(&settings, &target, SPAN(""), &why),
                METHOD_OFF);
    same_shadow("nothing was changed", shadow);
    strbuf_clear(&why);
}

int main(void)
{
    struct strbuf why = {0};
    folder = scratch_make("/tmp", 0, 0, &why);
    char etc[4096];
    if (folder == NULL || snprintf(etc, sizeof etc, "%s/etc", folder) < 0 || mkdir(etc, 0755) != 0)
        return 1;
    settings.passwd_root = folder;
    put("login.defs", "UID_MIN 1000\n", 0644);
    put("group", "users:x:1000:\n", 0644);
    test_refused();
    test_round();
    test_empty();
    test_others_hand();
    test_files();
    test_busy();
    test_killed();
    test_settings();
    test_memos();
    strbuf_clear(&why);
    test_number("removed", scratch_remove(folder), 0);
    free(folder);
    return test_end();
}
