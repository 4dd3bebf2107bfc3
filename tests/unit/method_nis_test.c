/* method_nis - what is handed to ssh, and which answers are believed. A program of the test's own
 * stands where ssh stands; tests/servers/nis_test.sh has the real one. */
#include "spamgear/react/method.h"

#include "spamgear/base/infile.h"
#include "spamgear/base/scratch.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char *folder, ssh[4096];
static struct react_settings settings = {.timeout_s = 2, .ssh = ssh};

static const char *in_folder(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text, mode_t mode)
{
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    test_true(name, fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void holds(const char *name, const char *want)
{
    struct strbuf text = {0};
    infile_read(in_folder(name), 1 << 20, &text, NULL, NULL);
    test_text(name, strbuf_text(&text), want);
    strbuf_clear(&text);
}

/* Its words and its input go to files beside it; the answer is a script. */
static const char stand_in[] = "#!/bin/sh\n"
                               "cd \"${0%/*}\" && printf '%s\\n' \"$@\" >words && cat >input\n"
                               ". ./answer\n";

static const struct {
    const char *answer;
    enum method_plan plan;
    enum method_state look;
    bool apply, undo;
    const char *why;
} answers[] = {
    {"printf 'name=bob\\nstate=locked\\n'", METHOD_IN_FORCE, METHOD_ON, true, false, NULL},
    {"printf 'name=bob\\nstate=open\\n'", METHOD_NEEDED, METHOD_OFF, false, true, NULL},
    {"printf 'name=bob\\nstate=unbuilt\\n'", METHOD_REFUSED, METHOD_UNTOLD, false, false,
     "NIS master localhost: the maps are not built yet"},
    {"printf 'name=bob\\nstate=locked\\n'; exit 1", METHOD_REFUSED, METHOD_UNTOLD, false, false,
     "NIS master localhost failed: state=locked"},
    {"printf 'name=bobby\\nstate=locked\\n'", METHOD_REFUSED, METHOD_UNTOLD, false, false,
     "NIS master localhost answered what was not asked: state=locked"},
    {"printf 'name=BOB\\nstate=locked\\n'", METHOD_REFUSED, METHOD_UNTOLD, false, false, NULL},
    {"printf 'state=locked\\n'", METHOD_REFUSED, METHOD_UNTOLD, false, false, NULL},
    {"printf 'state=locked\\nname=bob\\n'", METHOD_REFUSED, METHOD_UNTOLD, false, false, NULL},
    {"printf 'name=bob\\nstate=locked\\nstate=open\\n'", METHOD_REFUSED, METHOD_UNTOLD, false,
     false, NULL},
    {"printf 'name=bob\\nstate=locked\\n\\n'", METHOD_REFUSED, METHOD_UNTOLD, false, false, NULL},
    {"printf 'Welcome\\nname=bob\\nstate=locked\\n'", METHOD_REFUSED, METHOD_UNTOLD, false, false,
     NULL},
    {"printf 'name=bob\\nstate=locked \\n'", METHOD_REFUSED, METHOD_UNTOLD, false, false, NULL},
    {"printf 'name=bob\\nstate=\\n'", METHOD_REFUSED, METHOD_UNTOLD, false, false, NULL},
    {"printf 'name=bob\\nstate=\\033[2J\\n'", METHOD_REFUSED, METHOD_UNTOLD, false, false,
     "NIS master localhost answered what was not asked: state=\\x1b[2J"},
    {"printf 'name=bob'", METHOD_REFUSED, METHOD_UNTOLD, false, false, NULL},
    {":", METHOD_REFUSED, METHOD_UNTOLD, false, false,
     "NIS master localhost answered what was not asked: nothing was said"},
    {"echo error=no such account; exit 1", METHOD_REFUSED, METHOD_UNTOLD, false, false,
     "NIS master localhost failed: no such account"},
    {"printf '@@@\\r\\nchanged\\r\\nHost key verification failed.\\r\\n'; exit 255", METHOD_REFUSED,
     METHOD_UNTOLD, false, false, "NIS master localhost failed: Host key verification failed."},
    {"head -c 100000 /dev/zero; printf 'name=bob\\nstate=locked\\n'", METHOD_REFUSED, METHOD_UNTOLD,
     false, false, NULL},
};

static void test_answers(void)
{
    struct target bob = {.name = "bob", .reason = "r"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct strbuf what = {0}, memo = {0}, why = {0};
        const char *name = answers[i].answer;
        put("answer", name, 0600);
        test_number(name, method_nis.plan(&settings, &bob, &what, &memo, &why), answers[i].plan);
        holds("input", "status bob\n");
        test_number(name, method_nis.look(&settings, &bob, SPAN(""), &why), answers[i].look);
        if (answers[i].why != NULL)
            test_text(name, strbuf_text(&why), answers[i].why);
        test_number(name, method_nis.apply(&settings, &bob, SPAN(""), &why) == 0, answers[i].apply);
        holds("input", "disable bob\n");
        test_number(name, method_nis.undo(&settings, &bob, SPAN(""), &why) == 0, answers[i].undo);
        holds("input", "enable bob\n");
        test_text("what", strbuf_text(&what),
                  "lock the password of bob on the NIS master localhost");
        test_text("memo", strbuf_text(&memo), "server=localhost");
        strbuf_clear(&what);
        strbuf_clear(&memo);
        strbuf_clear(&why);
    }
}

static void test_words(void)
{
    struct target bob = {.name = "bob", .reason = "r"};
    struct react_settings s = settings;
    put("answer", "printf 'name=bob\\nstate=locked\\n'", 0600);
    s.nis_server = (char[]){"yp.example.com"};
    s.nis_user = (char[]){"spamgear"};
    s.nis_command = (char[]){"sudo /usr/sbin/spamgear-nis"};
    texts_add(&s.ssh_options, "-p");
    texts_add(&s.ssh_options, "2222");
    test_number("asked", method_nis.look(&s, &bob, SPAN(""), NULL), METHOD_ON);
    holds("words", "-T\n-a\n-x\n-o\nBatchMode=yes\n-o\nStrictHostKeyChecking=yes\n-o\n"
                   "LogLevel=ERROR\n-o\nConnectTimeout=2\n-p\n2222\n--\nspamgear@yp.example.com\n"
                   "sudo /usr/sbin/spamgear-nis\n");
    texts_clear(&s.ssh_options);
    /* -nMASTER of that day is not in the settings of the day of undo */
    s.nis_server = NULL;
    test_number("asked", method_nis.look(&s, &bob, SPAN("server=yp2.example.com"), NULL),
                METHOD_ON);
    holds("words", "-T\n-a\n-x\n-o\nBatchMode=yes\n-o\nStrictHostKeyChecking=yes\n-o\n"
                   "LogLevel=ERROR\n-o\nConnectTimeout=2\n--\nspamgear@yp2.example.com\n"
                   "sudo /usr/sbin/spamgear-nis\n");
    test_number("undone", method_nis.undo(&s, &bob, SPAN("server=yp2.example.com"), NULL), -1);
    holds("input", "enable bob\n");
}

static void test_names(void)
{
    static char long_name[301];
    static const char *const names[] = {"",
                                        "-d",
                                        "+",
                                        "a.b*",
                                        "z'\"$(touch${IFS}/x)\"'",
                                        "bob\nenable eve",
                                        "bob eve",
                                        "a:b",
                                        "b\xc3\xb6"
                                        "b",
                                        long_name};
    memset(long_name, 'a', 300);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct target target = {.name = names[i], .reason = "r"};
        struct strbuf what = {0}, memo = {0}, why = {0};
        unlink(in_folder("input"));
        test_number(names[i], method_nis.plan(&settings, &target, &what, &memo, &why),
                    METHOD_REFUSED);
        test_number(names[i], method_nis.apply(&settings, &target, SPAN(""), &why), -1);
        test_number(names[i], method_nis.look(&settings, &target, SPAN(""), &why), METHOD_UNTOLD);
        test_number(names[i], method_nis.undo(&settings, &target, SPAN(""), &why), -1);
        test_true("nobody was asked", access(in_folder("input"), F_OK) != 0 && why.len > 0);
        strbuf_clear(&what);
        strbuf_clear(&why);
    }
}

static void test_slow(void)
{
    struct target bob = {.name = "bob", .reason = "r"};
    struct strbuf why = {0};
    put("answer", "printf 'name=bob\\nstate=locked\\n'; sleep 20", 0600);
    test_number("hangs", method_nis.look(&settings, &bob, SPAN(""), &why), METHOD_UNTOLD);
    test_true("says so", strstr(strbuf_text(&why), "did not end within 2000 ms") != NULL);
    strbuf_clear(&why);
}

static const struct {
    const char *server, *user, *command;
    int want;
} checks[] = {
    {NULL, NULL, NULL, 0},
    {"yp-1.example.com", "root", "spamgear-nis", 0},
    {"2001:db8::1", NULL, "sudo -n /usr/sbin/spamgear-nis", 0},
    {"-oProxyCommand=x", NULL, NULL, -1},
    {"yp;x", NULL, NULL, -1},
    {"ssh://yp", NULL, NULL, -1},
    {"root@yp", NULL, NULL, -1},
    {"yp example", NULL, NULL, -1},
    {"yp\n", NULL, NULL, -1},
    {"yp", "-l", NULL, -1},
    {"yp", "a b", NULL, -1},
    {"yp", "a@b", NULL, -1},
    {"yp", NULL, "-x", -1},
    {"yp", NULL, "spamgear-nis; x", -1},
    {"yp", NULL, "$(x)", -1},
    {"yp", NULL, "x `y`", -1},
    {"yp", NULL, " ", -1},
};

static void test_settings(void)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        struct react_settings s = settings;
        struct strbuf why = {0};
        s.nis_server = mem_text(checks[i].server);
        s.nis_user = mem_text(checks[i].user);
        s.nis_command = mem_text(checks[i].command);
        test_number("settings", method_nis.check(&s, &why), checks[i].want);
        test_true("says why", (why.len > 0) == (checks[i].want != 0));
        free(s.nis_server);
        free(s.nis_user);
        free(s.nis_command);
        strbuf_clear(&why);
    }
}

int main(void)
{
    struct strbuf why = {0};
    folder = scratch_make("/tmp", 0, 0, &why);
    if (folder == NULL)
        return 1;
    snprintf(ssh, sizeof ssh, "%s/ssh", folder);
    put("ssh", stand_in, 0700);
    test_answers();
    test_words();
    test_names();
    test_slow();
    test_settings();
    strbuf_clear(&why);
    test_number("removed", scratch_remove(folder), 0);
    free(folder);
    return test_end();
}
