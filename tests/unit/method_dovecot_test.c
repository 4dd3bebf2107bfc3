/* method_dovecot - the file of refused names keeps what others wrote, and doveadm, here one of the
 * test's own, is believed by what it says. */
#include "method_steps.h"

#include <time.h>

/* This definition comes before that of libc: time passes at once, and is added up. */
static int64_t slept_ms;

int nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)left;
    slept_ms += time->tv_sec * 1000 + time->tv_nsec / 1000000;
    return 0;
}

static const struct method *const m = &method_dovecot;

static void doveadm(const char *script)
{
    struct strbuf text = {0};
    strbuf_format(&text, "#!/bin/sh\necho \"$@\" >>%s\n%s\n", in_folder("asked"), script);
    put("doveadm", strbuf_text(&text), 0755);
    strbuf_clear(&text);
}

static void test_life(void)
{
    target.name = "bob";
    doveadm("[ \"$1\" != kick ] || exit 68");
    put("deny", "# mine\nbobby\nx:bob\nalice:why\n", 0640);
    step(m, "check", "good");
    step(m, "look", "off");
    step(m, "plan", "needed: let Dovecot refuse log-ins of bob (...");
    step(m, "apply", "good");
    test_number("Dovecot had time to see the file", slept_ms, 1100);
    step(m, "apply", "good");
    step(m, "look", "on");
    test_file("denied", "deny", "# mine\nbobby\nx:bob\nalice:why\nbob\n");
    test_file("asked", "asked",
              "auth cache flush -- bob\nkick -f -- bob\nauth cache flush -- bob\nkick -f -- bob\n"
              "who -1 -- bob\n");
    step(m, "plan", "in force: ...");
    step(m, "undo", "good");
    step(m, "undo", "good");
    step(m, "look", "off");
    test_file("let in", "deny", "# mine\nbobby\nx:bob\nalice:why\n");
    target.name = "alice";
    step(m, "plan", "in force: ...");
}

static void test_sessions(void)
{
    static const struct {
        const char *name, *script, *want;
    } rows[] = {
        {"bob", "", "on"},
        {"bob", "echo 'username  proto'; echo 'bobby imap (1)'; echo 'x bob'", "on"},
        {"bob", "echo 'username  proto'; echo 'bob  imap (1)'; echo 'bob imap (2)'",
         "untold: log-ins are refused, but 2 of the sessions are still open"},
        {"bob", "echo 'bob	imap'; [ $(wc -l <${0%/*}/asked) -lt 3 ] || exit 77",
         "untold: doveadm: status 77: ..."},
        {"username", "echo 'username  proto'", "on"},
        {"username", "echo 'username  proto'; echo 'username imap'", "untold: ..."},
        {"bob", "[ $(wc -l <${0%/*}/asked) -ge 3 ] || echo 'bob imap'", "on"},
    };
    put("deny", "bob\nusername\n", 0644);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        target.name = rows[i].name;
        doveadm(rows[i].script);
        unlink(in_folder("asked"));
        step(m, "look", rows[i].want);
    }
    test_file("asked", "asked", "who -1 -- bob\nwho -1 -- bob\nwho -1 -- bob\n");
}

static void test_files(void)
{
    target.name = "bob";
    doveadm("");
    unlink(in_folder("deny"));
    step(m, "plan", "needed: ...");
    step(m, "look", "off");
    step(m, "undo", "good"); /* without the file nobody could log in */
    test_file("made", "deny", "");
    put("deny", "last line without an end", 0644);
    step(m, "apply", "good");
    test_file("its end", "deny", "last line without an end\nbob\n");
    unlink(in_folder("deny"));
    test_number("a FIFO", mkfifo(in_folder("deny"), 0600), 0);
    step(m, "plan", "refused: ...");
    step(m, "look", "untold: ...");
    step(m, "apply", "failed: ...");
    unlink(in_folder("deny"));
    step(m, "plan", "needed: ...");
    put("deny", "bob\n", 0644); /* the one that the memo names, whatever is set by then */
    settings.dovecot_deny = in_folder("other");
    step(m, "look", "on");
    step(m, "undo", "good");
    test_file("that of the memo", "deny", "");
    test_true("not this one", access(in_folder("other"), F_OK) != 0);
    settings.dovecot_deny = "deny";
    step(m, "check", "failed: dovecot-deny: must be set, to a full path");
    settings.dovecot_deny = NULL;
    step(m, "check", "failed: ...");
}

static void test_names(void)
{
    static const char *const names[] = {"a:b", "b*",  "b?",        "#b",           " b",
                                        "b ",  "b\n", "192.0.2.1", "2001:db8::/3", "10.0.0.0/8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        target.name = names[i];
        step(m, "plan", "refused: ...");
    }
    target.name = "z'\"$(touch${IFS}/x)\"'";
    step(m, "plan", "needed: ...");
}

static void test_doveadm(void)
{
    static const struct {
        const char *script, *want;
    } rows[] = {
        {"echo 'auth-master: connect(x) failed: No such file or directory'; exit 75",
         "goodDovecot does not run here: there are no sessions to end"},
        {"echo 'doveadm(root): Error: what'; exit 0", "failed: doveadm: status 0: ..."},
        {"echo 'Fatal: what'; exit 0", "failed: doveadm: status 0: Fatal: what"},
        {"exit 77", "failed: doveadm: status 77"},
        {"kill -9 $$", "failed: ..."},
    };
    target.name = "bob";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        doveadm(rows[i].script);
        step(m, "apply", rows[i].want);
        step(m, "look", i == 0 ? "on" : "untold: ...");
    }
}

int main(void)
{
    if (begin() != 0)
        return 1;
    char deny[4096], program[4096];
    snprintf(deny, sizeof deny, "%s", in_folder("deny"));
    snprintf(program, sizeof program, "%s", in_folder("doveadm"));
    settings.dovecot_deny = deny;
    settings.doveadm = program;
    test_life();
    test_names();
    test_doveadm();
    test_sessions();
    test_files();
    return end();
}
