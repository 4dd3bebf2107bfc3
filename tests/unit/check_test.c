/* check - from logs to rows: who is shown, in which order, against which limit. */
#include "spamgear/check/check.h"

#include "check_logs.h"

/* Sender and messages, as many as the name's digit says; bob has the most recipients. */
static void write_log(const char *path)
{
    static const char *const senders[] = {"ann", "bob", "cat", "dan"};
    static const unsigned messages[] = {12, 10, 10, 3};
    FILE *f = fopen(path, "w");
    unsigned id = 0;
    for (unsigned s = 0; s < 4; s++)
        for (unsigned i = 0; i < messages[s]; i++)
            log_message(f, NOW - 1000 + id * 10, id, "a.example[192.0.2.1]", senders[s]), id++;
    log_recipients(f, NOW - 400, 12, 50); /* bob's first message */
    log_put(f, NOW - 300,
            "submission/smtpd[9]: warning: c.example[192.0.2.3]: SASL PLAIN "
            "authentication failed: x, sasl_username=eve");
    log_end(f, NOW);
}

/* "NAME COUNT/LIMIT" of each row, with "!" where it is over. */
static void rows(const struct report *report, struct strbuf *out)
{
    strbuf_reset(out);
    for (size_t i = 0; i < report->senders.len; i++) {
        const struct report_sender *s = &report->senders.at[i];
        strbuf_format(out, "%.*s %llu/%llu%s;", (int)s->sender.name.len, s->sender.name.at,
                      (unsigned long long)s->count, (unsigned long long)s->limit,
                      s->over ? "!" : "");
    }
}

static void (*change)(struct check *check); /* of the case that runs */

static int run(const char *const *logs, struct strbuf *got, struct texts *problems,
               struct report *report, struct tally **tally)
{
    struct check check;
    struct texts names = {0};
    for (; *logs != NULL; logs++)
        texts_add(&names, *logs);
    check_init(&check, &names);
    if (change != NULL)
        change(&check);
    int result = check_run(&check, report, tally, problems);
    rows(report, got);
    check_clear(&check);
    texts_clear(&names);
    return result;
}

static void show_all(struct check *check)
{
    check->all = true;
}

static void show_top(struct check *check)
{
    check->all = true;
    check->top = 2;
}

static void by_recipients(struct check *check)
{
    check->by_recipients = check->recipients = true;
}

static void only_dan(struct check *check)
{
    check->only = "dan";
}

static void only_eve(struct check *check)
{
    check->only = "eve";
}

static void only_nobody(struct check *check)
{
    check->only = "nobody";
}

static void with_limits(struct check *check)
{
    test_number("rule", limit_add(&check->limits, "ann", "13", "x", 1, NULL), 0);
    test_number("rule", limit_add(&check->limits, "d*", "3", "x", 2, NULL), 0);
}

static void last_minutes(struct check *check)
{
    check->window.since = NOW - 1000 + 110 + 1; /* all but ann's messages */
}

static const struct {
    const char *name;
    void (*change)(struct check *check);
    const char *want;
} cases[] = {
    {"who is over, equal counts by name", NULL, "ann 12/10!;bob 10/10!;cat 10/10!;"},
    {"everybody who sent", show_all, "ann 12/10!;bob 10/10!;cat 10/10!;dan 3/10;"},
    {"some", show_top, "ann 12/10!;bob 10/10!;"},
    {"by recipients", by_recipients, "bob 59/10!;ann 12/10!;cat 10/10!;"},
    {"one alone, over or not", only_dan, "dan 3/10;"},
    {"one who sent nothing", only_eve, "eve 0/10;"},
    {"one who is not there", only_nobody, ""},
    {"limits of their own", with_limits, "bob 10/10!;cat 10/10!;dan 3/3!;"},
    {"a window", last_minutes, "bob 10/10!;cat 10/10!;"},
};

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf got = {0};
        struct texts problems = {0};
        struct report report;
        struct tally *tally;
        change = cases[i].change;
        test_number(cases[i].name,
                    run((const char *const[]){"mail.log", NULL}, &got, &problems, &report, &tally),
                    0);
        test_text(cases[i].name, strbuf_text(&got), cases[i].want);
        test_number("no problem", (int64_t)problems.len, 0);
        test_text("during", strbuf_text(&report.during), "During the last 1 hour");
        test_number("files", (int64_t)report.files.len, 1);
        test_number("failed", (int64_t)report.failed, 1);
        report_clear(&report);
        tally_free(tally);
        strbuf_clear(&got);
        texts_clear(&problems);
    }
    change = NULL;
}

/* The same lines in several logs, or a log that is not there, however they are named. */
static const struct {
    const char *name, *logs[4];
    int result;
    unsigned problems;
    const char *want;
} named[] = {
    {"twice", {"mail.log", "./mail.log"}, 0, 0, "ann 12/10!;bob 10/10!;cat 10/10!;"},
    {"by link", {"mail.log", "link.log"}, 0, 0, "ann 12/10!;bob 10/10!;cat 10/10!;"},
    {"a copy", {"mail.log", "mail.info"}, 0, 0, "ann 12/10!;bob 10/10!;cat 10/10!;"},
    {"a copy, by glob", {"mail.*"}, 0, 0, "ann 12/10!;bob 10/10!;cat 10/10!;"},
    {"one is missing", {"missing", "mail.log"}, 0, 1, "ann 12/10!;bob 10/10!;cat 10/10!;"},
    {"all are missing", {"missing", "mail.log.9", "*.none"}, -1, 1, ""},
};

static void test_named(void)
{
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        struct strbuf got = {0};
        struct texts problems = {0};
        struct report report;
        struct tally *tally;
        test_number(named[i].name, run(named[i].logs, &got, &problems, &report, &tally),
                    named[i].result);
        test_text(named[i].name, strbuf_text(&got), named[i].want);
        test_number("problems", (int64_t)problems.len, named[i].problems);
        report_clear(&report);
        tally_free(tally);
        strbuf_clear(&got);
        texts_clear(&problems);
    }
}

/* A copy long enough that its first message is older than what one log's memory holds. */
static void test_long_copy(void)
{
    struct strbuf got = {0};
    struct texts problems = {0};
    struct report report;
    struct tally *tally;
    for (int copy = 0; copy < 2; copy++) {
        FILE *f = fopen(copy == 0 ? "big.1st" : "big.2nd", "w");
        for (unsigned i = 0; i < 40000; i++)
            log_message(f, NOW - 80000 + i * 2, i, "a.example[192.0.2.1]", "ann");
        log_end(f, NOW - copy);
    }
    test_number("runs", run((const char *const[]){"big.*", NULL}, &got, &problems, &report, &tally),
                0);
    test_text("each message once", strbuf_text(&got), "ann 40000/10!;");
    report_clear(&report);
    tally_free(tally);
    strbuf_clear(&got);
    texts_clear(&problems);
    unlink("big.1st");
    unlink("big.2nd");
}

int main(void)
{
    char dir[] = "/tmp/check_test.XXXXXX";
    if (!logs_begin(dir))
        return 1;
    write_log("mail.log");
    test_cases();
    write_log("mail.info");
    test_true("link", symlink("mail.log", "link.log") == 0);
    test_named();
    test_long_copy();
    unlink("mail.log");
    unlink("mail.info");
    unlink("link.log");
    test_true("folder is empty", rmdir(dir) == 0);
    return test_end();
}
