/* react - who is refused, what is done, what is told, and that a kill at any instant leaves a case
 * that the next run completes.
 *
 * The methods and the mail are this file's own (method_find and mail_send of the library are not
 * linked then): what is in force is a file in the folder `force`. A run is killed before each of
 * its system calls in turn, by ptrace.
 */
#include "spamgear/react/react.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/scratch.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- two methods ---- */

enum trick {
    TRICK_NONE,
    TRICK_REFUSE,   /* plan() */
    TRICK_FAIL,     /* apply() */
    TRICK_LIE,      /* apply() says that it did what it did not */
    TRICK_GRUMBLE,  /* apply() does it, and complains */
    TRICK_UNTOLD,   /* look() */
    TRICK_STUCK,    /* undo() */
    TRICK_FULL_DISK /* from apply() on nothing can be written */
};

static enum trick tricks[2];
static unsigned applied, undone;

static const char *force_path(int which, const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "force/%d.%s", which, name);
    return path;
}

static bool in_force(int which, const char *name)
{
    return access(force_path(which, name), F_OK) == 0;
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static int do_check(const struct react_settings *settings, struct strbuf *why)
{
    return settings->sql == NULL ? 0 : strbuf_why(why, "sql is set");
}

static enum method_plan do_plan(int which, const struct target *target, struct strbuf *what,
                                struct strbuf *memo, struct strbuf *why)
{
    if (tricks[which] == TRICK_REFUSE)
        return (enum method_plan)strbuf_why(why, "no such user");
    strbuf_format(what, "force %d on %s", which, target->name);
    strbuf_format(memo, "memo %d", which);
    return in_force(which, target->name) ? METHOD_IN_FORCE : METHOD_NEEDED;
}

static int do_apply(int which, const struct target *target, struct span memo, struct strbuf *why)
{
    char want[16];
    snprintf(want, sizeof want, "memo %d", which);
    test_bytes("memo", memo.at, memo.len, want, strlen(want));
    test_true("has a case", target->case_id > 0);
    applied++;
    if (tricks[which] == TRICK_FAIL)
        return strbuf_why(why, "it broke");
    if (tricks[which] == TRICK_LIE)
        return 0;
    close(open(force_path(which, target->name), O_WRONLY | O_CREAT, 0600));
    if (tricks[which] == TRICK_FULL_DISK)
        limit_files(0);
    return tricks[which] == TRICK_GRUMBLE ? strbuf_why(why, "it grumbles") : 0;
}

static enum method_state do_look(int which, const struct target *target, struct strbuf *why)
{
    if (tricks[which] == TRICK_UNTOLD)
        return (enum method_state)strbuf_why(why, "no answer");
    return in_force(which, target->name) ? METHOD_ON : METHOD_OFF;
}

static int do_undo(int which, const struct target *target, struct strbuf *why)
{
    undone++;
    if (tricks[which] == TRICK_STUCK)
        return strbuf_why(why, "it is stuck");
    return unlink(force_path(which, target->name)) == 0 || errno == ENOENT ? 0 : -1;
}

#define METHOD(which)                                                                              \
    static enum method_plan plan##which(const struct react_settings *settings,                     \
                                        const struct target *target, struct strbuf *what,          \
                                        struct strbuf *memo, struct strbuf *why)                   \
    {                                                                                              \
        (void)settings;                                                                            \
        return do_plan(which, target, what, memo, why);                                            \
    }                                                                                              \
    static int apply##which(const struct react_settings *settings, const struct target *target,    \
                            struct span memo, struct strbuf *why)                                  \
    {                                                                                              \
        (void)settings;                                                                            \
        return do_apply(which, target, memo, why);                                                 \
    }                                                                                              \
    static enum method_state look##which(const struct react_settings *settings,                    \
                                         const struct target *target, struct span memo,            \
                                         struct strbuf *why)                                       \
    {                                                                                              \
        (void)settings, (void)memo;                                                                \
        return do_look(which, target, why);                                                        \
    }                                                                                              \
    static int undo##which(const struct react_settings *settings, const struct target *target,     \
                           struct span memo, struct strbuf *why)                                   \
    {                                                                                              \
        (void)settings, (void)memo;                                                                \
        return do_undo(which, target, why);                                                        \
    }

METHOD(0)
METHOD(1)

static const struct method first = {"first", do_check, plan0, apply0, look0, undo0, false};
static const struct method second = {"second", do_check, plan1, apply1, look1, undo1, false};

/* ---- and one whose work grows: a message waits as a file in `queue`, and is held in `held` ----
 */

static unsigned message_count(const char *folder, struct span memo)
{
    char path[300];
    unsigned count = 0;
    struct span id;
    while (span_take_line(&memo, &id)) {
        snprintf(path, sizeof path, "%s/%.*s", folder, (int)id.len, id.at);
        count += access(path, F_OK) == 0;
    }
    return count;
}

static int move_messages(const char *from, const char *to, struct span memo)
{
    char old[300], new[300];
    struct span id;
    while (span_take_line(&memo, &id)) {
        snprintf(old, sizeof old, "%s/%.*s", from, (int)id.len, id.at);
        snprintf(new, sizeof new, "%s/%.*s", to, (int)id.len, id.at);
        if (rename(old, new) != 0 && errno != ENOENT)
            return -1;
    }
    return 0;
}

static bool is_in_memos(const struct target *target, const char *id)
{
    for (size_t i = 0; target->memos != NULL && i < target->memos->len; i++)
        if (strstr(target->memos->at[i], id) != NULL)
            return true;
    return false;
}

static enum method_plan mail_plan(const struct react_settings *settings,
                                  const struct target *target, struct strbuf *what,
                                  struct strbuf *memo, struct strbuf *why)
{
    (void)settings;
    unsigned count = 0;
    for (size_t i = 0; target->queue_ids != NULL && i < target->queue_ids->len; i++) {
        const char *id = target->queue_ids->at[i];
        if (message_count("queue", span_text(id)) == 0 || is_in_memos(target, id))
            continue;
        strbuf_format(memo, "%s\n", id);
        count++;
    }
    strbuf_format(what, "hold %u of %s", count, target->name);
    if (count == 0)
        strbuf_why(why, "nothing there");
    return count > 0 ? METHOD_NEEDED : METHOD_NOTHING;
}

static int mail_apply(const struct react_settings *settings, const struct target *target,
                      struct span memo, struct strbuf *why)
{
    (void)settings, (void)target, (void)why;
    return move_messages("queue", "held", memo);
}

static int mail_undo(const struct react_settings *settings, const struct target *target,
                     struct span memo, struct strbuf *why)
{
    (void)settings, (void)target, (void)why;
    return move_messages("held", "queue", memo);
}

static enum method_state mail_look(const struct react_settings *settings,
                                   const struct target *target, struct span memo,
                                   struct strbuf *why)
{
    (void)settings, (void)target, (void)why;
    return message_count("queue", memo) > 0 ? METHOD_OFF : METHOD_ON;
}

static const struct method growing = {"mail",    do_check,  mail_plan, mail_apply,
                                      mail_look, mail_undo, true};

const struct method *method_find(const char *name)
{
    static const struct method *const all[] = {&first, &second, &growing};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(name, all[i]->name) == 0)
            return all[i];
    return NULL;
}

/* ---- mail: one line a mail ---- */

static struct strbuf last_body;
static bool mail_fails;

int mail_send(const struct mail_settings *settings, const struct mail *mail,
              struct mail_result *result, struct strbuf *why)
{
    char line[800];
    (void)settings, (void)result;
    if (mail_fails)
        return strbuf_why(why, "no server");
    strbuf_reset(&last_body);
    strbuf_add_span(&last_body, mail->body);
    int fd = open("mails", O_WRONLY | O_CREAT | O_APPEND, 0600);
    int len =
        snprintf(line, sizeof line, "%s|%.*s\n", mail->subject, (int)mail->key.len, mail->key.at);
    bool sent = write(fd, line, (size_t)len) == len;
    close(fd);
    return sent ? 0 : strbuf_why(why, "disk full");
}

void mail_result_clear(struct mail_result *result)
{
    texts_clear(&result->problems);
}

const char *message_host(void)
{
    return "host.example";
}

/* Mails, each key once. *line gets the last one. */
static unsigned mails(char line[800])
{
    unsigned count = 0;
    char before[800] = "", now[800];
    FILE *file = fopen("mails", "r");
    while (file != NULL && fgets(now, sizeof now, file) != NULL) {
        count += strcmp(before, now) != 0;
        memcpy(before, now, sizeof now);
    }
    if (file != NULL)
        fclose(file);
    if (line != NULL)
        memcpy(line, before, sizeof before);
    return count;
}

/* ---- runs ---- */

static struct react_settings settings;
static char names[] = "A-Za-z0-9._@+=-", state[] = "state";
static const struct mail_settings mail;
static struct strbuf why;

/* A folder of its own for the test, with nothing in force. */
static void begin(const char *name)
{
    test_true(name, mkdir(name, 0755) == 0 && chdir(name) == 0 && mkdir("force", 0755) == 0);
    texts_clear(&settings.methods);
    texts_clear(&settings.allow);
    settings = (struct react_settings){.names = names, .actions_max = 5, .state = state};
    texts_add(&settings.methods, "first");
    texts_add(&settings.methods, "second");
    tricks[0] = tricks[1] = TRICK_NONE;
    applied = undone = 0;
    mail_fails = false;
}

static void end(void)
{
    test_true("back", chdir("..") == 0);
}

static struct react *open_it(bool dry)
{
    struct react *react = react_open(&settings, &mail, "test", dry, &why);
    test_text("opens", strbuf_text(&why), "");
    if (react == NULL)
        exit(1); /* everything else needs it */
    return react;
}

static struct react_account account_of(const char *name)
{
    return (struct react_account){.name = name,
                                  .kind = SENDER_SASL,
                                  .reason = "131 messages",
                                  .evidence = SPAN("line \x1b[31mone\n"),
                                  .messages = 131,
                                  .trusted = 131,
                                  .first = 1000};
}

/* All lines of an outcome, "; " between them. */
static const char *lines_of(struct react_outcome *outcome)
{
    static struct strbuf all;
    strbuf_reset(&all);
    for (size_t i = 0; i < outcome->lines.len; i++)
        strbuf_format(&all, "%s%s", i > 0 ? "; " : "", outcome->lines.at[i]);
    react_outcome_clear(outcome);
    static char text[2000];
    snprintf(text, sizeof text, "%s", strbuf_text(&all));
    strbuf_clear(&all);
    return text;
}

/* One run about one account. */
static void test_disable(const char *name, const struct react_account *account, bool dry,
                         enum react_result result, const char *lines)
{
    struct react_outcome outcome;
    struct react *react = open_it(dry);
    react_disable(react, account, &outcome);
    test_number(name, outcome.result, result);
    test_text(name, lines_of(&outcome), lines);
    react_close(react);
}

static void test_undo(const char *name, int64_t id, const char *only, bool dry,
                      enum react_result result, const char *lines)
{
    struct react_outcome outcome;
    struct react *react = react_open_cases(&settings, &mail, "test", dry, &why);
    react_undo(react, id, only, &outcome);
    test_number(name, outcome.result, result);
    test_text(name, lines_of(&outcome), lines);
    react_close(react);
}

static void test_forced(const char *name, bool one, bool two)
{
    test_true(name, in_force(0, "bob") == one && in_force(1, "bob") == two);
}

/* "done failed": the states of a case, and "closed" behind them. */
static void test_states(const char *name, int64_t id, const char *want)
{
    struct case_file file = {0};
    struct strbuf got = {0};
    struct cases *cases = cases_exist("state") ? cases_open("state", &why) : NULL;
    if (cases == NULL || cases_get(cases, id, &file, &why) != 1)
        strbuf_add_text(&got, "none");
    for (size_t i = 0; i < file.actions.len; i++)
        strbuf_format(&got, "%s%s", i > 0 ? " " : "", action_state_name(file.actions.at[i].state));
    strbuf_add_text(&got, file.closed != 0 ? " closed" : "");
    test_text(name, strbuf_text(&got), want);
    strbuf_clear(&got);
    case_file_clear(&file);
    cases_close(cases);
}

/* ---- who may be touched ---- */

static void test_names(void)
{
    static char large[301];
    memset(large, 'a', 300);
    const struct {
        const char *name;
        bool good;
    } rows[] = {
        {"bob", true},
        {"bob@example.com", true},
        {"uid=1000", true},
        {"a+b", true},
        {"", false},
        {"root", false},
        {"Root", false},
        {"uid=0", false},
        {"-d", false},
        {"--", false},
        {"a.b*", false},
        {"z'\"$(touch${IFS}/x)\"'", false},
        {"bob\n", false},
        {"bob\nroot", false},
        {"b\x1b[31m", false},
        {"b\xc3\xb6"
         "b",
         false},
        {"a b", false},
        {"../../etc/passwd", false},
        {large, false},
        {"bob\x7f", false},
    };
    begin("names");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_number(rows[i].name, react_name_check(&settings, rows[i].name, &why),
                    rows[i].good ? 0 : -1);
        test_true(rows[i].name, rows[i].good == (why.len == 0));
        strbuf_reset(&why);
    }
    settings.names = (char[]){"z-a"};
    test_true("no class", react_open(&settings, &mail, "test", true, &why) == NULL && why.len > 0);
    settings.names = (char[]){"\\x00-\\xff"};
    test_number("whatever is allowed", react_name_check(&settings, "a\nb", &why), -1);
    test_number("nor this", react_name_check(&settings, "-d", &why), -1);
    test_number("but this", react_name_check(&settings, "a b", &why), 0);
    strbuf_reset(&why);
    end();
}

static void test_refused(void)
{
    begin("refused");
    struct react_account account = account_of("bob@example.com");
    texts_add(&settings.allow, "*@example.com");
    test_disable("allowed", &account, false, REACT_REFUSED,
                 "not done: \"bob@example.com\" is not acted upon: [react] allow names it");
    account.name = "Bob@EXAMPLE.com"; /* a mail server may take both for one account */
    test_disable("allowed, too", &account, false, REACT_REFUSED,
                 "not done: \"Bob@EXAMPLE.com\" is not acted upon: [react] allow names it");
    account.name = "-d";
    test_disable("an option", &account, false, REACT_REFUSED,
                 "not done: \"-d\" is not acted upon: it begins with \"-\"");
    account = account_of("192.0.2.1");
    account.kind = SENDER_HOST;
    test_disable("a host", &account, false, REACT_REFUSED, "not done: \"192.0.2.1\" is no account");
    account = account_of("bob");
    tricks[0] = tricks[1] = TRICK_REFUSE;
    test_disable("nobody", &account, false, REACT_REFUSED,
                 "not done: first: no such user; not done: second: no such user");
    test_number("nothing was done", applied, 0);
    test_number("nor told", mails(NULL), 0);
    test_states("nor written", 1, "none");
    strbuf_reset(&why);
    end();
}

static void test_settings(void)
{
    begin("settings");
    texts_add(&settings.methods, "third");
    texts_add(&settings.methods, "first");
    settings.sql = (char[]){"x"};
    test_true("refused", react_open(&settings, &mail, "test", false, &why) == NULL);
    test_text("all problems", strbuf_text(&why),
              "method first: sql is set\nmethod second: sql is set\n"
              "methods: there is no method \"third\"\nmethod first: sql is set\n"
              "methods: first stands there twice");
    strbuf_reset(&why);
    test_true("nothing made", access("state", F_OK) != 0);
    end();
}

/* ---- what is done ---- */

static void test_done(void)
{
    char line[800];
    begin("done");
    struct react_account account = account_of("bob");
    test_disable("dry", &account, true, REACT_WOULD,
                 "would: force 0 on bob; would: force 1 on bob");
    test_true("not even a folder", access("state", F_OK) != 0);
    test_disable("bob", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob");
    test_forced("bob", true, true);
    test_states("both", 1, "done done");
    test_number("one mail", mails(line), 1);
    test_true("its subject",
              strncmp(line, "SPAMMER DETECTED AT host.example [USER bob DISABLED]|", 53) == 0);
    test_true("no escapes", memchr(last_body.data, '\x1b', last_body.len) == NULL &&
                                strstr(last_body.data, "  line \\x1b[31mone\n") != NULL);
    test_true("how to undo", strstr(last_body.data, "spamgear case undo 1\n") != NULL);
    test_disable("again", &account, false, REACT_STANDING, "");
    test_disable("again, dry", &account, true, REACT_STANDING, "");
    account.trusted = 0;
    test_disable("again, on nothing", &account, false, REACT_STANDING, "");
    test_number("nothing twice", applied, 2);
    test_number("no second mail", mails(NULL), 1);
    test_undo("dry", 1, NULL, true, REACT_WOULD,
              "would lift: force 1 on bob; would lift: force 0 on bob");
    test_forced("still", true, true);
    test_undo("first", 1, "first", false, REACT_DISABLED, "lifted: force 0 on bob");
    test_states("half", 1, "lifted done");
    test_forced("half", false, true);
    test_disable("what was lifted stays so", &account, false, REACT_STANDING, "");
    test_forced("half", false, true);
    test_undo("no such", 1, "third", false, REACT_REFUSED,
              "not done: case 1 has nothing of method third");
    test_undo("no such case", 9, NULL, false, REACT_REFUSED, "not done: there is no case 9");
    test_undo("rest", 1, NULL, false, REACT_DISABLED, "lifted: force 1 on bob");
    test_states("all", 1, "lifted lifted closed");
    test_undo("twice", 1, NULL, false, REACT_DISABLED, "not done: case 1 is closed already");
    test_number("undone once", undone, 2);
    end();
}

static void test_before(void)
{
    begin("before");
    struct react_account account = account_of("bob");
    close(open(force_path(1, "bob"), O_WRONLY | O_CREAT, 0600));
    test_disable("half", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; in force before: force 1 on bob");
    test_states("half", 1, "done before");
    test_undo("half", 1, NULL, false, REACT_DISABLED,
              "lifted: force 0 on bob; not lifted, it was so before the case: force 1 on bob");
    test_forced("as before", false, true);
    test_states("as before", 1, "lifted before closed");
    close(open(force_path(0, "bob"), O_WRONLY | O_CREAT, 0600));
    test_disable("all", &account, false, REACT_STANDING,
                 "in force before: force 0 on bob; in force before: force 1 on bob");
    test_states("no case", 2, "none");
    test_number("no mail", mails(NULL), 1);
    end();
}

static void test_evidence(void)
{
    begin("evidence");
    struct react_account account = account_of("bob");
    account.trusted = 130;
    test_disable("one is plain", &account, false, REACT_WOULD,
                 "not done: any local user could have written the log lines of 1 of 131 messages "
                 "(see trusted-logs, journal, and trust-plain-logs); would: force 0 on bob; "
                 "would: force 1 on bob");
    test_number("nothing", applied, 0);
    account.messages = account.trusted = 0;
    test_disable("none at all", &account, true, REACT_WOULD,
                 "not done: any local user could have written the log lines of 0 of 0 messages "
                 "(see trusted-logs, journal, and trust-plain-logs); would: force 0 on bob; "
                 "would: force 1 on bob");
    settings.trust_plain = true;
    test_disable("trusted", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob");
    settings.trust_plain = false;
    account = account_of("eve");
    account.messages = account.trusted = 0;
    account.by_hand = true;
    test_disable("by hand", &account, false, REACT_DISABLED,
                 "done: force 0 on eve; done: force 1 on eve");
    end();
}

static void test_limit(void)
{
    begin("limit");
    char name[16];
    settings.actions_max = 2;
    for (int dry = 1; dry >= 0; dry--) {
        struct react *react = open_it(dry);
        unsigned results[REACT_REFUSED + 1] = {0};
        for (int i = 0; i < 6; i++) {
            struct react_outcome outcome;
            snprintf(name, sizeof name, i == 0 ? "-x" : "user%d", i);
            struct react_account account = account_of(name);
            react_disable(react, &account, &outcome);
            results[outcome.result]++;
            const char *lines = lines_of(&outcome);
            test_true("told loudly", (strstr(lines, "LOOK AT THIS BY HAND") != NULL) == (i > 2));
        }
        test_number("over", react_over_limit(react), 3);
        test_number("done", results[REACT_DISABLED], dry ? 0 : 2);
        test_number("would", results[REACT_WOULD], dry ? 5 : 3);
        react_close(react);
    }
    end();
}

static void test_partly(void)
{
    const struct {
        const char *name;
        enum trick trick;
        enum react_result result;
        const char *lines, *states;
        bool mailed;
    } rows[] = {
        {"refuse", TRICK_REFUSE, REACT_PARTLY,
         "done: force 1 on bob; not done: first: no such user", "failed done", true},
        {"fail", TRICK_FAIL, REACT_PARTLY, "failed: force 0 on bob: it broke; done: force 1 on bob",
         "failed done", true},
        {"lie", TRICK_LIE, REACT_PARTLY,
         "failed: force 0 on bob: it was carried out, but is not in force; done: force 1 on bob",
         "failed done", true},
        {"grumble", TRICK_GRUMBLE, REACT_DISABLED, "done: force 0 on bob; done: force 1 on bob",
         "done done", true},
        {"untold", TRICK_UNTOLD, REACT_PARTLY,
         "failed: force 0 on bob: it cannot be read back: no answer; done: force 1 on bob",
         "failed done", true},
    };
    struct react_account account = account_of("bob");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(rows[i].name);
        tricks[0] = rows[i].trick;
        test_disable(rows[i].name, &account, false, rows[i].result, rows[i].lines);
        test_states(rows[i].name, 1, rows[i].states);
        test_number(rows[i].name, mails(NULL), rows[i].mailed);
        tricks[0] = TRICK_NONE;
        test_disable(rows[i].name, &account, false,
                     rows[i].result == REACT_DISABLED ? REACT_STANDING : REACT_DISABLED,
                     rows[i].result == REACT_DISABLED ? "" : "done: force 0 on bob");
        test_forced("completed", true, true);
        test_disable(rows[i].name, &account, false, REACT_STANDING, "");
        test_number("no second mail", mails(NULL), 1);
        end();
    }
    begin("both-fail");
    tricks[0] = tricks[1] = TRICK_FAIL;
    test_disable("both", &account, false, REACT_FAILED,
                 "failed: force 0 on bob: it broke; failed: force 1 on bob: it broke");
    test_number("nothing to tell", mails(NULL), 0);
    tricks[0] = TRICK_NONE;
    test_disable("one", &account, false, REACT_PARTLY,
                 "done: force 0 on bob; failed: force 1 on bob: it broke");
    test_number("told now", mails(NULL), 1);
    end();
}

/* ---- later ---- */

static void test_lifted_by_hand(void)
{
    begin("lifted");
    struct react_account account = account_of("bob");
    clock_pin(10000);
    test_disable("bob", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob");
    unlink(force_path(0, "bob"));
    test_disable("dry", &account, true, REACT_STANDING,
                 "not in force any more, somebody lifted it: force 0 on bob");
    test_states("dry", 1, "done done");
    test_disable("told once", &account, false, REACT_STANDING,
                 "not in force any more, somebody lifted it: force 0 on bob");
    test_disable("told once", &account, false, REACT_STANDING, "");
    test_forced("it stays so", false, true);
    unlink(force_path(1, "bob"));
    clock_pin(11000);
    test_disable("rest", &account, false, REACT_WOULD,
                 "not in force any more, somebody lifted it: force 1 on bob");
    test_states("closed", 1, "lifted lifted closed");
    test_disable(
        "old messages", &account, false, REACT_WOULD,
        "not done: case 1 was closed at 1970-01-01T03:03:20+00:00, and what was sent before "
        "counts no more; would: force 0 on bob; would: force 1 on bob");
    account.first = 11001;
    test_disable("new ones", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob");
    test_states("a new case", 2, "done done");
    unlink(force_path(0, "bob"));
    account.by_hand = true;
    test_disable("by hand", &account, false, REACT_DISABLED,
                 "not in force any more, somebody lifted it: force 0 on bob; "
                 "done: force 0 on bob");
    clock_pin(0);
    end();
}

/* ---- mail that comes in meanwhile ---- */

static struct texts queue;

/* A message of bob's comes into the queue, and into the log. */
static void arrive(const char *id)
{
    char path[300];
    snprintf(path, sizeof path, "queue/%s", id);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    texts_add(&queue, id);
}

/* One came in until he was locked. */
static const struct texts *ids_again(void *id)
{
    if (id != NULL &&
        message_count("queue", span_text(id)) + message_count("held", span_text(id)) == 0)
        arrive(id);
    return &queue;
}

static void begin_mail(const char *name, struct react_account *account, char *meanwhile)
{
    begin(name);
    test_true(name, mkdir("queue", 0755) == 0 && mkdir("held", 0755) == 0);
    texts_clear(&settings.methods);
    texts_add(&settings.methods, "mail");
    texts_add(&settings.methods, "first");
    texts_clear(&queue);
    *account = account_of("bob");
    account->queue_ids = &queue;
    account->ids_again = ids_again;
    account->ids_state = meanwhile;
}

static void test_held(const char *name, unsigned held, unsigned waiting)
{
    unsigned counts[2] = {0};
    for (size_t i = 0; i < queue.len; i++) {
        counts[0] += message_count("held", span_text(queue.at[i]));
        counts[1] += message_count("queue", span_text(queue.at[i]));
    }
    test_number(name, counts[0], held);
    test_number(name, counts[1], waiting);
}

static void test_growing(void)
{
    struct react_account account;
    char meanwhile[] = "B";
    begin_mail("growing", &account, meanwhile);
    arrive("A");
    test_disable("bob", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: hold 1 of bob; done: hold 1 of bob");
    test_states("the lock first", 1, "done done done");
    test_held("both", 2, 0);
    test_number("one mail", mails(NULL), 1);
    test_disable("again", &account, false, REACT_STANDING, "");
    arrive("C");
    arrive("D");
    test_disable("more, dry", &account, true, REACT_STANDING, "would: hold 2 of bob");
    settings.actions_max = 0;
    test_disable("more", &account, false, REACT_DISABLED, "done: hold 2 of bob");
    test_disable("no more", &account, false, REACT_STANDING, "");
    test_number("no second mail", mails(NULL), 1);
    test_held("all", 4, 0);
    struct react_outcome outcome = {0};
    struct react *react = open_it(true);
    test_number("status", react_status(react, "bob", &outcome.lines, &why), 0);
    test_text("status", lines_of(&outcome),
              "mail: in force (case 1, done); mail: in force (case 1, done); "
              "mail: in force (case 1, done); first: in force (case 1, done)");
    test_number("status", react_status(react, "eve", &outcome.lines, &why), 0);
    test_text("status", lines_of(&outcome), "mail: nothing there; first: not in force");
    react_close(react);
    test_undo("all", 1, NULL, false, REACT_DISABLED,
              "lifted: hold 2 of bob; lifted: hold 1 of bob; lifted: hold 1 of bob; "
              "lifted: force 0 on bob");
    test_held("none", 0, 4);
    end();
}

static void test_growing_from_nothing(void)
{
    struct react_account account;
    char meanwhile[] = "A";
    begin_mail("nothing", &account, NULL);
    test_disable("bob", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; not done: hold 0 of bob: nothing there");
    test_states("is not written", 1, "done");
    test_disable("again", &account, false, REACT_STANDING, "");
    arrive("A");
    test_disable("now", &account, false, REACT_DISABLED, "done: hold 1 of bob");
    test_states("is written", 1, "done done");
    end();
    begin_mail("meanwhile", &account, meanwhile);
    test_disable("bob", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: hold 1 of bob");
    end();
    begin_mail("alone", &account, NULL);
    settings.methods.len--;
    free(settings.methods.at[1]);
    test_disable("bob", &account, false, REACT_REFUSED, "not done: hold 0 of bob: nothing there");
    test_states("no case", 1, "none");
    end();
}

/* What somebody lifted is not held again, nor is anything else of an account that was let go. */
static void test_growing_lifted(void)
{
    struct react_account account;
    begin_mail("grown", &account, NULL);
    arrive("A");
    test_disable("bob", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: hold 1 of bob");
    move_messages("held", "queue", SPAN("A"));
    arrive("B");
    test_disable("let go by hand", &account, false, REACT_STANDING,
                 "not in force any more, somebody lifted it: hold 1 of bob");
    test_held("it stays so", 0, 2);
    test_disable("told once", &account, false, REACT_STANDING, "");
    account.by_hand = true;
    test_disable("by hand", &account, false, REACT_DISABLED, "done: hold 2 of bob");
    account.by_hand = false;
    test_undo("he may send", 1, "first", false, REACT_DISABLED, "lifted: force 0 on bob");
    arrive("C");
    test_disable("he sends", &account, false, REACT_STANDING, "");
    test_held("and is not held", 2, 1);
    end();
}

static void look_after(const char *name, const char *want_news, const char *want_problems)
{
    struct texts news = {0}, problems = {0};
    struct react_outcome outcome = {0};
    react_look_after(&settings, &mail, "test", &news, &problems);
    outcome.lines = news;
    test_text(name, lines_of(&outcome), want_news);
    outcome.lines = problems;
    test_text(name, lines_of(&outcome), want_problems);
}

static void test_expiry(void)
{
    begin("expiry");
    struct react_account account = account_of("bob");
    look_after("nothing", "", "");
    test_true("nothing made", access("state", F_OK) != 0);
    clock_pin(10000);
    settings.for_s = 7200;
    test_disable("bob", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob");
    clock_pin(17199);
    look_after("not yet", "", "");
    test_forced("not yet", true, true);
    clock_pin(17200);
    tricks[0] = TRICK_STUCK;
    look_after("now", "case 1 (bob): lifted: force 1 on bob",
               "case 1 (bob): failed: to lift: force 0 on bob: it is stuck");
    test_states("half", 1, "lifting lifted");
    tricks[0] = TRICK_NONE;
    look_after("then", "case 1 (bob): lifted: force 0 on bob", "");
    test_states("all", 1, "lifted lifted closed");
    look_after("done", "", "");
    clock_pin(0);
    end();
}

static void test_told_later(void)
{
    begin("told");
    struct react_account account = account_of("bob");
    mail_fails = true;
    test_disable("bob", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob; failed: to tell by mail: no server");
    mail_fails = false;
    look_after("told later", "", "");
    test_number("told", mails(NULL), 1);
    look_after("once", "", "");
    test_number("once", mails(NULL), 1);
    end();
}

static void test_status(void)
{
    begin("status");
    struct react_account account = account_of("bob");
    struct react_outcome outcome = {0};
    tricks[1] = TRICK_REFUSE;
    test_disable("bob", &account, false, REACT_PARTLY,
                 "done: force 0 on bob; not done: second: no such user");
    struct react *react = open_it(true);
    test_number("status", react_status(react, "bob", &outcome.lines, &why), 0);
    test_text("status", lines_of(&outcome),
              "first: in force (case 1, done); second: could not tell: no such user");
    tricks[1] = TRICK_NONE;
    test_number("status", react_status(react, "eve", &outcome.lines, &why), 0);
    test_text("status", lines_of(&outcome), "first: not in force; second: not in force");
    test_number("status", react_status(react, "-d", &outcome.lines, &why), -1);
    strbuf_reset(&why);
    react_close(react);
    end();
}

/* The settings of a method are gone since it was used. */
static void test_changed_settings(void)
{
    begin("changed");
    struct react_account account = account_of("bob");
    char sql[] = "x";
    tricks[1] = TRICK_FULL_DISK;
    struct react *react = open_it(false);
    struct react_outcome outcome;
    react_disable(react, &account, &outcome);
    limit_files(RLIM_INFINITY);
    react_outcome_clear(&outcome);
    react_close(react);
    test_states("cut short", 1, "done started");
    settings.sql = sql;
    look_after("cannot go on", "",
               "case 1 (bob): failed: force 1 on bob: [react] no longer says how: sql is set");
    test_undo("nor back", 1, NULL, false, REACT_FAILED,
              "failed: to lift: force 1 on bob: [react] no longer says how: sql is set; "
              "failed: to lift: force 0 on bob: [react] no longer says how: sql is set");
    test_number("not asked", undone, 0);
    settings.sql = NULL;
    look_after("until it says again",
               "case 1 (bob): lifted: force 1 on bob; case 1 (bob): lifted: force 0 on bob", "");
    test_states("all", 1, "lifted lifted closed");
    end();
}

/* A case that does not come to its end must not keep the account from being stopped again. */
static void test_stuck(void)
{
    begin("stuck");
    struct react_account account = account_of("bob");
    clock_pin(10000);
    test_disable("bob", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob");
    tricks[0] = TRICK_STUCK;
    test_undo("stuck", 1, NULL, false, REACT_FAILED,
              "lifted: force 1 on bob; failed: to lift: force 0 on bob: it is stuck");
    clock_pin(11000);
    look_after("stuck still", "", "case 1 (bob): failed: to lift: force 0 on bob: it is stuck");
    account.first = 10000;
    test_disable("old messages", &account, false, REACT_WOULD,
                 "being lifted, and what was sent before that counts no more: force 0 on bob");
    test_states("is as it was", 1, "lifting lifted");
    account.first = 10001;
    test_disable("new ones, dry", &account, true, REACT_WOULD,
                 "would: force 0 on bob; would: force 1 on bob");
    account.trusted = 1;
    test_disable("new ones, of nobody", &account, false, REACT_WOULD,
                 "would: force 0 on bob; would: force 1 on bob; "
                 "not done: any local user could have written the log lines of 130 of 131 messages "
                 "(see trusted-logs, journal, and trust-plain-logs)");
    account.trusted = 131;
    test_disable("new ones", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob");
    test_states("again", 1, "done lifted done");
    test_forced("again", true, true);
    tricks[0] = TRICK_NONE;
    test_undo("then", 1, NULL, false, REACT_DISABLED,
              "lifted: force 1 on bob; lifted: force 0 on bob");
    test_states("all", 1, "lifted lifted lifted closed");
    clock_pin(0);
    end();
}

/* The clock was years ahead when the case was closed, and is right again. */
static void test_wrong_clock(void)
{
    begin("clock");
    struct react_account account = account_of("bob");
    account.first = 9000;
    clock_pin(99999);
    test_disable("bob", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob");
    test_undo("let go", 1, NULL, false, REACT_DISABLED,
              "lifted: force 1 on bob; lifted: force 0 on bob");
    clock_pin(10000);
    test_disable("again", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob");
    test_states("a new case", 2, "done done");
    clock_pin(0);
    end();
}

static void test_expires(const char *name, int64_t want)
{
    struct case_file file = {0};
    struct cases *cases = cases_open("state", &why);
    test_true(name, cases != NULL && cases_get(cases, 1, &file, &why) == 1);
    test_number(name, file.expires, want);
    case_file_clear(&file);
    cases_close(cases);
}

/* By hand and without a period it lasts as long as a new case would, and no less than it did. */
static void test_longer(void)
{
    begin("longer");
    struct react_account account = account_of("bob");
    clock_pin(10000);
    settings.for_s = 100;
    test_disable("bob", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob");
    test_expires("the setting", 10100);
    clock_pin(10200); /* it should have ended, and no run came along */
    account.by_hand = true;
    test_disable("longer", &account, false, REACT_DISABLED,
                 "done: case 1 expires at 1970-01-01T02:51:40+00:00; "
                 "done: force 0 on bob; done: force 1 on bob");
    test_expires("longer", 10300);
    look_after("not due", "", "");
    account.expires = 10250;
    test_disable("shorter", &account, false, REACT_STANDING,
                 "done: case 1 expires at 1970-01-01T02:50:50+00:00");
    account.expires = 0;
    settings.for_s = 0;
    test_disable("dry", &account, true, REACT_STANDING, "would: let case 1 expire never");
    test_disable("for ever", &account, false, REACT_DISABLED,
                 "done: case 1 expires never; "
                 "done: force 0 on bob; done: force 1 on bob");
    settings.for_s = 100;
    test_disable("still", &account, false, REACT_STANDING, "");
    test_expires("for ever", 0);
    clock_pin(0);
    end();
}

/* ---- a disk that is full ---- */

static void test_full_disk(void)
{
    begin("full");
    struct react_account account = account_of("bob"), eve = account_of("eve");
    struct react_outcome outcome;
    test_disable("eve", &eve, false, REACT_DISABLED, "done: force 0 on eve; done: force 1 on eve");
    struct react *react = open_it(false);
    limit_files(0);
    react_disable(react, &account, &outcome);
    limit_files(RLIM_INFINITY);
    test_number("full", outcome.result, REACT_FAILED);
    test_true("full", strstr(lines_of(&outcome), "nothing was done") != NULL);
    react_close(react);
    test_forced("nothing", false, false);
    test_states("nothing", 2, "none");
    strbuf_reset(&why);
    tricks[1] = TRICK_FULL_DISK;
    react = open_it(false);
    react_disable(react, &account, &outcome);
    limit_files(RLIM_INFINITY);
    test_true("cannot record", strstr(lines_of(&outcome), "failed: to write down") != NULL);
    react_close(react);
    test_forced("but it is in force", true, true);
    test_states("and stands there", 2, "done started");
    tricks[1] = TRICK_NONE;
    look_after("the next run", "case 2 (bob): done: force 1 on bob", "");
    test_states("knows it", 2, "done done");
    end();
}

/* Another user can do nothing with root's cases, and with none of his own everything. */
static void test_other_user(void)
{
    begin("user");
    struct react_account account = account_of("bob");
    if (geteuid() != 0) {
        end();
        return;
    }
    test_disable("root's", &account, false, REACT_DISABLED,
                 "done: force 0 on bob; done: force 1 on bob");
    test_true("becomes nobody", seteuid(65534) == 0);
    struct react *react = react_open(&settings, &mail, "test", false, &why);
    test_true("not his", react == NULL && strstr(strbuf_text(&why), "others own") != NULL);
    strbuf_reset(&why);
    react_close(react);
    look_after("nor his business", "", "");
    test_true("root again", seteuid(0) == 0);
    end();
}

/* ---- several runs at once: one of them does it ---- */

static void test_at_once(const char *name)
{
    unsigned results[REACT_REFUSED + 1] = {0};
    int status;
    begin(name);
    for (int i = 0; i < 4; i++) {
        fflush(stdout);
        if (fork() != 0)
            continue;
        struct react_account account = account_of("bob");
        struct react_outcome outcome;
        struct react *react = react_open(&settings, &mail, "test", false, &why);
        if (react == NULL)
            _exit(REACT_REFUSED);
        react_disable(react, &account, &outcome);
        react_close(react); /* _exit runs no destructors, but the lock goes either way */
        _exit((int)outcome.result);
    }
    while (wait(&status) > 0)
        results[WIFEXITED(status) ? WEXITSTATUS(status) : REACT_REFUSED]++;
    test_number("one does it", results[REACT_DISABLED], 1);
    test_number("the others see it", results[REACT_STANDING], 3);
    test_states("one case", 1, "done done");
    test_states("no other", 2, "none");
    test_number("one mail", mails(NULL), 1);
    strbuf_reset(&why);
    end();
}

/* ---- killed ---- */

/* A run under ptrace; killed before its system call number `at`. True: it ended before. */
static bool run_and_kill(void (*run)(void), unsigned at)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        run();
        _exit(0);
    }
    waitpid(child, &status, 0);
    test_true("is traced", WIFSTOPPED(status));
    for (unsigned stops = 0; stops < 2 * at - 1; stops++) {
        ptrace(PTRACE_SYSCALL, child, NULL, NULL);
        if (waitpid(child, &status, 0) != child || WIFEXITED(status))
            return true;
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return false;
}

static void disable_bob(void)
{
    struct react_account account = account_of("bob");
    struct react_outcome outcome;
    struct react *react = react_open(&settings, &mail, "test", false, &why);
    react_disable(react, &account, &outcome);
}

static void undo_bob(void)
{
    struct react_outcome outcome;
    struct react *react = react_open_cases(&settings, &mail, "test", false, &why);
    react_undo(react, 1, NULL, &outcome);
}

static void resume(void)
{
    struct texts news = {0}, problems = {0};
    react_look_after(&settings, &mail, "test", &news, &problems);
    test_number("no problems", (int64_t)problems.len, 0);
    texts_clear(&news);
    texts_clear(&problems);
}

/* What is in force stands in a case that can be read. */
static void test_explained(void)
{
    struct case_file file = {0};
    struct cases *cases = cases_exist("state") ? cases_open("state", &why) : NULL;
    bool explained = cases != NULL && cases_find_open(cases, "bob", &file, &why) == 1;
    test_true("is explained", explained || (!in_force(0, "bob") && !in_force(1, "bob")));
    test_true("whole", !explained || file.actions.len == 2);
    test_text("no trouble", strbuf_text(&why), "");
    case_file_clear(&file);
    cases_close(cases);
}

static bool test_killed_disable(unsigned at)
{
    struct react_account account = account_of("bob");
    char name[24];
    snprintf(name, sizeof name, "kill%u", at);
    begin(name);
    bool ended = run_and_kill(disable_bob, at);
    test_explained();
    resume();
    struct react_outcome outcome;
    struct react *react = open_it(false);
    react_disable(react, &account, &outcome);
    test_true("is done", outcome.result == REACT_DISABLED || outcome.result == REACT_STANDING);
    react_outcome_clear(&outcome);
    react_close(react);
    test_forced("is done", true, true);
    test_states("is done", 1, "done done");
    test_number("one mail", mails(NULL), 1);
    end();
    return ended;
}

static bool test_killed_undo(unsigned at)
{
    char name[24];
    snprintf(name, sizeof name, "undo%u", at);
    begin(name);
    struct react_account account = account_of("bob");
    struct react_outcome outcome;
    struct react *react = open_it(false);
    react_disable(react, &account, &outcome);
    react_outcome_clear(&outcome);
    react_close(react);
    bool ended = run_and_kill(undo_bob, at);
    resume();
    bool begun = !in_force(0, "bob") || !in_force(1, "bob");
    test_true("all or nothing", !begun || (!in_force(0, "bob") && !in_force(1, "bob")));
    if (begun)
        test_states("all", 1, "lifted lifted closed");
    else
        test_undo("again", 1, NULL, false, REACT_DISABLED,
                  "lifted: force 1 on bob; lifted: force 0 on bob");
    test_forced("is lifted", false, false);
    end();
    return ended;
}

static void test_kills(void)
{
    unsigned at = 1;
    while (!test_killed_disable(at) && at < 3000)
        at++;
    printf("disable: %u system calls\n", at);
    test_true("they are many, and end", at > 50 && at < 3000);
    for (at = 1; !test_killed_undo(at) && at < 3000;)
        at++;
    printf("undo: %u system calls\n", at);
    test_true("they are many, and end", at > 50 && at < 3000);
}

int main(void)
{
    char dir[] = "/tmp/react_test.XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0 || chmod(dir, 0755) != 0)
        return 1;
    umask(022);
    signal(SIGXFSZ, SIG_IGN);
    test_names();
    test_refused();
    test_settings();
    test_done();
    test_before();
    test_evidence();
    test_limit();
    test_partly();
    test_lifted_by_hand();
    test_growing();
    test_growing_from_nothing();
    test_growing_lifted();
    test_expiry();
    test_told_later();
    test_status();
    test_changed_settings();
    test_stuck();
    test_longer();
    test_wrong_clock();
    test_full_disk();
    test_other_user();
    for (int i = 0; i < 20; i++) { /* each on a state that is not there yet */
        char name[24];
        snprintf(name, sizeof name, "once%d", i);
        test_at_once(name);
    }
    test_kills();
    texts_clear(&settings.methods);
    texts_clear(&settings.allow);
    strbuf_clear(&why);
    strbuf_clear(&last_body);
    test_true("folder", chdir("/") == 0 && scratch_remove(dir) == 0);
    return test_end();
}
