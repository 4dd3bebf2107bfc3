/* method_exim_list - lines added to and taken from a list that holds the administrator's too. */
#include "spamgear/react/method.h"

#include "spamgear/base/infile.h"
#include "spamgear/base/scratch.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char *folder, path[4096];
static struct react_settings settings = {.timeout_s = 5, .exim_list = path};

static void put(const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    test_true("written", fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void holds(const char *name, const char *want)
{
    struct strbuf text = {0};
    test_number(name, infile_read(path, 1 << 20, &text, NULL, NULL), 0);
    test_text(name, strbuf_text(&text), want);
    strbuf_clear(&text);
}

static enum method_plan plan(const struct target *target)
{
    struct strbuf what = {0}, memo = {0}, why = {0};
    enum method_plan result = method_exim_list.plan(&settings, target, &what, &memo, &why);
    test_true(target->name, (result == METHOD_REFUSED) == (why.len > 0) && memo.len > 0);
    strbuf_clear(&memo);
    strbuf_clear(&what);
    strbuf_clear(&why);
    return result;
}

static int apply(const struct target *target)
{
    return method_exim_list.apply(&settings, target, SPAN(""), NULL);
}

static int undo(const struct target *target)
{
    return method_exim_list.undo(&settings, target, SPAN(""), NULL);
}

static enum method_state look(const struct target *target)
{
    return method_exim_list.look(&settings, target, SPAN(""), NULL);
}

/* What stands in the file for a name, as lsearch reads it. */
static const struct {
    const char *name, *reason, *line;
} rows[] = {
    {"bob", "132 messages", "bob: case=7 reason=132 messages\n"},
    {"bob@example.com", "x", "bob@example.com: case=7 reason=x\n"},
    {"a.b*", "x", "\"a.b*\": case=7 reason=x\n"},
    {"-d", "x", "-d: case=7 reason=x\n"},
    {"root", "x", "root: case=7 reason=x\n"},
    {"#bob", "x", "\"#bob\": case=7 reason=x\n"},
    {"a b:c", "x", "\"a b:c\": case=7 reason=x\n"},
    {"a\"b\\c", "x", "\"a\\\"b\\\\c\": case=7 reason=x\n"},
    {"z'\"$(touch${IFS}/x)\"'", "x", "\"z'\\\"$(touch${IFS}/x)\\\"'\": case=7 reason=x\n"},
    {"bob", "one\neve: case=7", "bob: case=7 reason=one\\neve: case=7\n"},
    {"bob", "", "bob: case=7 reason=\n"},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct target target = {.name = rows[i].name, .reason = rows[i].reason, .case_id = 7};
        unlink(path);
        test_number("planned", plan(&target), METHOD_NEEDED);
        test_number("off", look(&target), METHOD_OFF);
        test_number("undo of nothing", undo(&target), 0);
        test_true("a plan makes no file", access(path, F_OK) != 0);
        test_number("applied", apply(&target), 0);
        holds(rows[i].name, rows[i].line);
        test_number("on", look(&target), METHOD_ON);
        test_number("again", apply(&target), 0);
        holds(rows[i].name, rows[i].line);
        test_number("planned again", plan(&target), METHOD_IN_FORCE);
        test_number("undone", undo(&target), 0);
        holds("nothing is left", "");
        test_number("undone again", undo(&target), 0);
        test_number("off again", look(&target), METHOD_OFF);
    }
}

static const char others[] = "# stopped by hand\n"
                             "Carol: since monday\n"
                             "   and longer\n"
                             "\n"
                             "\"d e\"  : x\n"
                             "bobby case=7 reason=x\n"
                             "eve:case=8 reason=y";

static void test_others(void)
{
    struct target bob = {.name = "bob", .reason = "r", .case_id = 7};
    struct target more = {.name = "mallory", .reason = "r", .case_id = 77};
    struct strbuf want = {0};
    put(others);
    test_number("applied", apply(&bob), 0);
    test_number("and another", apply(&more), 0);
    strbuf_format(&want, "%s\nbob: case=7 reason=r\nmallory: case=77 reason=r\n", others);
    holds("all kept", strbuf_text(&want));
    strbuf_add_text(&want, " noted by hand\nfrank: z\n");
    put(strbuf_text(&want));
    test_number("one undone", undo(&bob), 0);
    test_number("the other undone", undo(&more), 0);
    strbuf_reset(&want);
    strbuf_format(&want, "%s\nfrank: z\n", others);
    holds("with what was added to ours", strbuf_text(&want));
    strbuf_clear(&want);
}

/* What others wrote is in force, and is never taken away. */
static void test_in_force(void)
{
    static const char *const names[] = {"carol", "CAROL", "d e", "bobby", "eve"};
    put(others);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct target target = {.name = names[i], .reason = "r", .case_id = 7};
        test_number(names[i], plan(&target), METHOD_IN_FORCE);
        test_number(names[i], look(&target), METHOD_ON);
        test_number(names[i], apply(&target), 0);
        holds(names[i], others);
    }
    struct target eve = {.name = "eve", .reason = "r", .case_id = 7};
    test_number("another case's", undo(&eve), 0);
    holds("another case's", others);
}

static void test_refused(void)
{
    static char long_name[301];
    struct target target = {.name = "bob\neve", .reason = "r", .case_id = 7};
    put(others);
    test_number("newline", plan(&target), METHOD_REFUSED);
    test_number("newline", apply(&target), -1);
    target.name = "";
    test_number("empty", plan(&target), METHOD_REFUSED);
    holds("refused", others);
    memset(long_name, 'a', 300);
    target.name = long_name;
    test_number("300 characters", apply(&target), 0);
    test_number("300 characters", look(&target), METHOD_ON);
    test_number("300 characters", undo(&target), 0);
    target.name = "bob";
    unlink(path);
    test_true("a link", symlink("/nowhere", path) == 0);
    test_number("a link", plan(&target), METHOD_REFUSED);
    test_number("a link", apply(&target), -1);
    test_number("a link", look(&target), METHOD_UNTOLD);
    test_number("a link", undo(&target), -1);
    unlink(path);
}

static void test_owner(void)
{
    struct target target = {.name = "bob", .reason = "r", .case_id = 7};
    struct stat st = {0};
    gid_t group = geteuid() == 0 ? 4711 : getegid();
    put(others);
    test_true("the mail server's", chown(path, (uid_t)-1, group) == 0);
    test_number("applied", apply(&target), 0);
    test_true("there", stat(path, &st) == 0 && st.st_gid == group);
    test_number("mode", st.st_mode & 07777, 0640);
}

static void test_settings(void)
{
    struct react_settings bad = settings;
    test_number("good", method_exim_list.check(&settings, NULL), 0);
    bad.exim_list = NULL;
    test_number("none", method_exim_list.check(&bad, NULL), -1);
    bad.exim_list = (char[]){"list"};
    test_number("from here", method_exim_list.check(&bad, NULL), -1);
}

int main(void)
{
    struct strbuf why = {0};
    folder = scratch_make("/tmp", 0, 0, &why);
    if (folder == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/list", folder);
    umask(027);
    test_rows();
    test_others();
    test_in_force();
    test_refused();
    test_owner();
    test_settings();
    strbuf_clear(&why);
    test_number("removed", scratch_remove(folder), 0);
    free(folder);
    return test_end();
}
