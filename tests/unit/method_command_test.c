/* method_command - words that arrive as they are, and what a program's status says. */
#include "spamgear/react/method.h"

#include "spamgear/base/infile.h"
#include "spamgear/base/scratch.h"
#include "test.h"
#include <stdlib.h>
#include <unistd.h>

static char *folder, list[4096];
static struct react_settings settings;

static void words(struct texts *texts, const char *const *from)
{
    texts_clear(texts);
    for (; *from != NULL; from++)
        texts_add(texts, *from);
}

#define WORDS(texts, ...) words(texts, (const char *const[]){__VA_ARGS__, NULL})

static const char disable[] = "for word; do printf '%s|' \"$word\"; done >>\"$0\"";
/* A folder's file is the register of a system that nobody else knows. */
static void set_up(void)
{
    settings.timeout_s = 5;
    WORDS(&settings.command_disable, "/bin/sh", "-c", disable, list, "case={case}{expires}",
          "{reason}", "--", "{name}");
    WORDS(&settings.command_enable, "/bin/sh", "-c", ": >\"$0\"", list, "{name}");
    WORDS(&settings.command_status, "/bin/sh", "-c",
          "[ -f \"$0\" ] || exit 1; [ \"$(cat \"$0\")\" = \"$1\" ] && exit 0; exit 1", list,
          "case=70|for {name}|--|{name}|");
}

static void test_names(void)
{
    static char long_name[301];
    static const char *const names[] = {"bob",    "a.b*", "root", "z'\"$(touch${IFS}/x)\"'",
                                        "{case}", "a b",  NULL,   "n\nl"};
    memset(long_name, 'a', 300);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = names[i] == NULL ? long_name : names[i];
        struct target target = {.name = name, .case_id = 7};
        struct strbuf what = {0}, memo = {0}, why = {0}, reason = {0}, text = {0}, want = {0};
        strbuf_format(&reason, "for %s", name);
        target.reason = strbuf_text(&reason);
        strbuf_format(&want, "case=70|for %s|--|%s|", name, name);
        unlink(list);
        test_number(name, method_command.plan(&settings, &target, &what, &memo, &why),
                    METHOD_NEEDED);
        test_true("says how", strstr(strbuf_text(&what), name) != NULL);
        test_true("a plan changes nothing", access(list, F_OK) != 0);
        test_number(name, method_command.apply(&settings, &target, SPAN(""), &why), 0);
        test_number(name, infile_read(list, 1 << 20, &text, NULL, &why), 0);
        test_text(name, strbuf_text(&text), strbuf_text(&want));
        test_number(name, method_command.look(&settings, &target, SPAN(""), &why), METHOD_ON);
        test_number(name, method_command.undo(&settings, &target, SPAN(""), &why), 0);
        test_number(name, method_command.look(&settings, &target, SPAN(""), &why), METHOD_OFF);
        strbuf_clear(&what);
        strbuf_clear(&why);
        strbuf_clear(&reason);
        strbuf_clear(&text);
        strbuf_clear(&want);
    }
}

static void test_option_name(void)
{
    struct target target = {.name = "-d", .reason = "r"};
    struct strbuf what = {0}, memo = {0}, why = {0};
    test_number("-d", method_command.plan(&settings, &target, &what, &memo, &why), METHOD_REFUSED);
    test_text("-d", strbuf_text(&why), "\"-d\" could be taken for an option");
    strbuf_clear(&what);
    strbuf_clear(&why);
}

/* What command-status says, and what is made of it. */
static const struct {
    const char *script;
    enum method_state want;
    enum method_plan plan;
    const char *why;
} states[] = {
    {"exit 0", METHOD_ON, METHOD_IN_FORCE, ""},
    {"exit 1", METHOD_OFF, METHOD_NEEDED, ""},
    {"echo 'no\033 database'; exit 2", METHOD_UNTOLD, METHOD_REFUSED,
     "/bin/sh: status 2: no\\x1b database"},
    {"exit 127", METHOD_UNTOLD, METHOD_REFUSED, "/bin/sh: status 127"},
    {"kill -9 $$", METHOD_UNTOLD, METHOD_REFUSED, "/bin/sh: ended by signal 9"},
    {"sleep 20", METHOD_UNTOLD, METHOD_REFUSED, "/bin/sh: did not end within 1000 ms"},
};

static void test_states(void)
{
    settings.timeout_s = 1;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct target target = {.name = "bob", .reason = "r"};
        struct strbuf what = {0}, memo = {0}, why = {0};
        WORDS(&settings.command_status, "/bin/sh", "-c", states[i].script, "{name}");
        test_number(states[i].script, method_command.plan(&settings, &target, &what, &memo, &why),
                    states[i].plan);
        test_text(states[i].script, strbuf_text(&why), states[i].why);
        test_number(states[i].script, method_command.look(&settings, &target, SPAN(""), &why),
                    states[i].want);
        test_number("undo is verified",
                    method_command.undo(&settings, &target, SPAN(""), &why) == 0,
                    states[i].want == METHOD_OFF);
        strbuf_clear(&what);
        strbuf_clear(&why);
    }
    set_up();
}

static void test_failures(void)
{
    struct target target = {.name = "bob", .reason = "r"};
    struct strbuf why = {0};
    WORDS(&settings.command_disable, "/bin/sh", "-c", "echo; echo failed; echo more; exit 3",
          "{name}");
    test_number("fails", method_command.apply(&settings, &target, SPAN(""), &why), -1);
    test_text("says why", strbuf_text(&why), "/bin/sh: status 3: failed");
    WORDS(&settings.command_disable, "/nowhere/program", "{name}");
    test_number("is not there", method_command.apply(&settings, &target, SPAN(""), &why), -1);
    test_text("says so", strbuf_text(&why), "/nowhere/program: No such file or directory");
    strbuf_clear(&why);
    set_up();
}

static void checked(const char *want)
{
    struct strbuf why = {0};
    test_number(want, method_command.check(&settings, &why), *want == '\0' ? 0 : -1);
    test_text(want, strbuf_text(&why), want);
    strbuf_clear(&why);
    set_up();
}

static void test_settings(void)
{
    checked("");
    WORDS(&settings.command_enable, "x", "--json={\"a\": {}}", "{name}");
    checked("");
    texts_clear(&settings.command_disable);
    checked("the method command needs command-disable");
    texts_clear(&settings.command_enable);
    checked("the method command needs command-enable");
    texts_clear(&settings.command_status);
    checked("the method command needs command-status (exit status 0: is disabled, 1: is not): "
            "what cannot be verified is not done");
    WORDS(&settings.command_enable, "x", "{user}");
    checked("command-enable: {user} is not known, only {name}, {case}, {reason} and {expires}");
    WORDS(&settings.command_disable, "x", "bob");
    checked("command-disable: {name} is missing, so it cannot know whom");
    WORDS(&settings.command_status, "{name}", "{name}");
    checked("command-status: the program must stand first, not {name}");
}

int main(void)
{
    struct strbuf why = {0};
    folder = scratch_make("/tmp", 0, 0, &why);
    if (folder == NULL)
        return 1;
    snprintf(list, sizeof list, "%s/list", folder);
    set_up();
    test_names();
    test_option_name();
    test_states();
    test_failures();
    test_settings();
    texts_clear(&settings.command_disable);
    texts_clear(&settings.command_enable);
    texts_clear(&settings.command_status);
    strbuf_clear(&why);
    test_number("removed", scratch_remove(folder), 0);
    free(folder);
    return test_end();
}
