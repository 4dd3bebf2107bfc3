/* disable - who is handed to react, under which name, with which reason and evidence. The react
 * here only writes down what it is told. */
#include "spamgear/check/disable.h"

#include "check_logs.h"

struct react {
    struct strbuf told;
    enum react_result result;
    const char *line; /* NULL: none */
    unsigned over;
};

void react_disable(struct react *react, const struct react_account *account,
                   struct react_outcome *outcome)
{
    *outcome = (struct react_outcome){.result = react->result, .case_id = 7};
    if (react->line != NULL)
        texts_add(&outcome->lines, react->line);
    strbuf_format(&react->told, "%s %s, %s, %llu of %llu trusted", sender_kind_name(account->kind),
                  account->name, account->reason, (unsigned long long)account->trusted,
                  (unsigned long long)account->messages);
    for (size_t i = 0; account->queue_ids != NULL && i < account->queue_ids->len; i++)
        strbuf_format(&react->told, " %s", account->queue_ids->at[i]);
    const struct texts *again =
        account->ids_again == NULL ? NULL : account->ids_again(account->ids_state);
    test_true("the same again", (again == NULL) == (account->queue_ids == NULL));
    for (size_t i = 0; again != NULL && i < again->len; i++)
        test_text("the same again", again->at[i], account->queue_ids->at[i]);
    unsigned lines = 0;
    for (size_t i = 0; i < account->evidence.len; i++)
        lines += account->evidence.at[i] == '\n';
    strbuf_format(&react->told, ", %u lines\n", lines);
    test_true("not by hand", !account->by_hand && account->expires == 0);
}

unsigned react_over_limit(const struct react *react)
{
    return react->over;
}

static const struct {
    const char *name;
    enum sender_kind kind;
    bool over;
    unsigned networks, unknown;
    bool want;
} bounds[] = {
    {"over both", SENDER_SASL, true, 6, 11, true},
    {"at the networks", SENDER_SASL, true, 5, 11, false},
    {"at the unknown", SENDER_SASL, true, 6, 10, false},
    {"within the limit", SENDER_SASL, false, 6, 11, false},
    {"webmail", SENDER_WEBMAIL, true, 6, 11, true},
    {"local", SENDER_LOCAL, true, 6, 11, true},
    {"local, as ever", SENDER_LOCAL, true, 0, 0, false},
    {"a host", SENDER_HOST, true, 6, 11, false},
    {"a script", SENDER_SCRIPT, true, 6, 11, false},
};

static void test_bounds(void)
{
    const struct disable disable = {.networks = 5, .unknown = 10};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        struct report_sender row = {.sender = {.kind = bounds[i].kind},
                                    .over = bounds[i].over,
                                    .networks = bounds[i].networks,
                                    .unknown = bounds[i].unknown};
        test_true(bounds[i].name, disable_is_over(&disable, &row) == bounds[i].want);
    }
}

static const struct {
    enum sender_kind kind;
    struct span name;
    const char *want; /* NULL: refused */
} accounts[] = {
    {SENDER_SASL, {"bob@example.org", 15}, "bob@example.org"},
    {SENDER_SASL, {"uid=0", 5}, "uid=0"},
    {SENDER_WEBMAIL, {"uid=0", 5}, "uid=0"},
    {SENDER_LOCAL, {"www-data", 8}, "www-data"},
    {SENDER_LOCAL, {"uid=0", 5}, "root"},
    {SENDER_LOCAL, {"uid=", 4}, NULL},
    {SENDER_LOCAL, {"uid=-1", 6}, NULL},
    {SENDER_LOCAL, {"uid=0x0", 7}, NULL},
    {SENDER_LOCAL, {"uid=3999999999", 14}, NULL},
    {SENDER_LOCAL, {"uid=4294967295", 14}, NULL},
    {SENDER_LOCAL, {"uid=4294967296", 14}, NULL},
    {SENDER_SASL, {"bob\0x", 5}, NULL},
    {SENDER_SASL, {"", 0}, NULL},
};

static void test_accounts(void)
{
    struct strbuf got = {0}, why = {0};
    for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++) {
        struct sender sender = {.kind = accounts[i].kind, .name = accounts[i].name};
        strbuf_reset(&got);
        strbuf_reset(&why);
        int result = disable_account(&sender, &got, &why);
        test_number(accounts[i].name.at, result, accounts[i].want != NULL ? 0 : -1);
        test_text(accounts[i].name.at, strbuf_text(&got),
                  accounts[i].want != NULL ? accounts[i].want : "");
        test_true("why", (result != 0) == (why.len > 0));
    }
    strbuf_clear(&got);
    strbuf_clear(&why);
}

static const struct {
    const char *period, *during, *want;
    bool by_recipients, open_end;
    unsigned elsewhere, machines;
} reasons[] = {
    {"1hour", "During the last 1 hour", "131 messages in 1 hour from 16 networks, 5 unknown", false,
     true, 0, 0},
    {"1hour", "x", "131 messages to 400 recipients in 1 hour from 16 networks, 5 unknown", true,
     true, 0, 0},
    {"1hour", "x",
     "151 messages in 1 hour from 16 networks, 5 unknown, 20 of them on 1 other machine", false,
     true, 20, 1},
    {"1hour", "x",
     "151 messages to 440 recipients in 1 hour from 16 networks, 5 unknown, 20 of them on 3 other "
     "machines",
     true, true, 20, 3},
    {NULL, "Since A", "131 messages since A from 16 networks, 5 unknown", false, true, 0, 0},
    {"1hour", "Between A and B", "131 messages between A and B from 16 networks, 5 unknown", false,
     false, 0, 0},
};

static void test_reasons(void)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        struct check check = {.period = reasons[i].period,
                              .open_end = reasons[i].open_end,
                              .by_recipients = reasons[i].by_recipients};
        struct report report = {0};
        struct report_sender row = {.sender = {.messages = 131, .recipients = 400},
                                    .networks = 16,
                                    .unknown = 5,
                                    .elsewhere = reasons[i].elsewhere,
                                    .machines = reasons[i].machines,
                                    .elsewhere_recipients = 2 * reasons[i].elsewhere};
        struct strbuf got = {0};
        strbuf_add_text(&report.during, reasons[i].during);
        disable_reason(&check, &report, &row, &got);
        test_text("reason", strbuf_text(&got), reasons[i].want);
        report_clear(&report);
        strbuf_clear(&got);
    }
}

/* ann: 12 messages from 4 networks; bob: 13 from 2; cat: 20 from 1 */
static void write_log(void)
{
    static const struct {
        const char *name;
        unsigned messages, networks;
    } senders[] = {{"ann", 12, 4}, {"bob", 13, 2}, {"cat", 20, 1}};
    FILE *f = fopen("mail.log", "w");
    char client[40];
    for (unsigned s = 0, id = 0; s < 3; s++)
        for (unsigned i = 0; i < senders[s].messages; i++) {
            snprintf(client, sizeof client, "unknown[192.0.%u.1]", i % senders[s].networks);
            log_message(f, NOW - 1000 + id, id, client, senders[s].name), id++;
        }
    log_end(f, NOW);
}

/* Runs a check of the log and hands over; got: what react was told. */
static void run(struct disable *disable, struct strbuf *got, struct report *report,
                struct texts *problems)
{
    struct check check;
    struct tally *tally;
    struct texts names = {0};
    texts_add(&names, "mail.log");
    check_init(&check, &names);
    check.evidence = 3;
    check_run(&check, report, &tally, problems);
    disable_senders(&check, disable, report, problems);
    strbuf_reset(got);
    for (size_t i = 0; i < report->senders.len; i++) {
        const struct report_sender *s = &report->senders.at[i];
        strbuf_format(got, "%.*s %s;", (int)s->sender.name.len, s->sender.name.at,
                      s->handed ? report_reaction_name(s->reaction.result) : "-");
    }
    check_clear(&check);
    tally_free(tally);
    texts_clear(&names);
}

static void test_handing_over(void)
{
    struct react react = {.result = REACT_DISABLED};
    struct disable disable = {.networks = 1, .unknown = 1, .react = &react};
    struct report report;
    struct texts problems = {0};
    struct strbuf got = {0};
    run(&disable, &got, &report, &problems);
    test_text("most messages first", strbuf_text(&got), "cat -;bob disabled;ann disabled;");
    test_text("what react was told", strbuf_text(&react.told),
              "sasl bob, 13 messages in 1 hour from 2 networks, 2 unknown, 0 of 13 trusted, 3 "
              "lines\n"
              "sasl ann, 12 messages in 1 hour from 4 networks, 4 unknown, 0 of 12 trusted, 3 "
              "lines\n");
    test_true("reacts", report.reacts);
    test_number("no problem", (int64_t)problems.len, 0);
    report_clear(&report);
    strbuf_reset(&react.told);
    disable.queue_ids = true;
    disable.networks = 3;
    react.result = REACT_PARTLY;
    react.over = 2;
    run(&disable, &got, &report, &problems);
    test_text("in part", strbuf_text(&got), "cat -;bob -;ann partly;");
    test_true("queue IDs", strstr(strbuf_text(&react.told), " 00001000 00001001 ") != NULL &&
                               strstr(strbuf_text(&react.told), " 0000100B, 3 lines") != NULL);
    test_number("problems", (int64_t)problems.len, 2);
    test_text("partly", problems.at[0], "ann: was disabled in part only");
    test_true("too many", strstr(problems.at[1], "2 accounts were not disabled") != NULL);
    report_clear(&report);
    texts_clear(&problems);
    strbuf_clear(&got);
    strbuf_clear(&react.told);
}

/* What becomes trouble, and so status 2. */
static const struct {
    const char *name;
    enum react_result result;
    const char *line, *allow, *want; /* want: the first problem; NULL: none */
} troubles[] = {
    {"done", REACT_DISABLED, "done: x", NULL, NULL},
    {"done, and nobody told", REACT_DISABLED, "failed: to tell by mail", NULL,
     "ann: failed: to tell by mail"},
    {"failed", REACT_FAILED, "failed: x", NULL, "ann: was not disabled"},
    {"refused", REACT_REFUSED, "not done: x", NULL, "ann: was not disabled"},
    {"refused, of another", REACT_REFUSED, "not done: x", "b*", "ann: was not disabled"},
    {"allowed", REACT_REFUSED, "not done: x", "a*", NULL},
    {"only told", REACT_WOULD, "would: x", NULL, NULL},
    {"standing", REACT_STANDING, NULL, NULL, NULL},
};

static void test_troubles(void)
{
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        struct react react = {.result = troubles[i].result, .line = troubles[i].line};
        struct texts allow = {0}, problems = {0};
        struct disable disable = {.networks = 3, .unknown = 3, .allow = &allow, .react = &react};
        struct report report;
        struct strbuf got = {0};
        if (troubles[i].allow != NULL)
            texts_add(&allow, troubles[i].allow);
        run(&disable, &got, &report, &problems);
        test_text(troubles[i].name, problems.len > 0 ? problems.at[0] : "none",
                  troubles[i].want != NULL ? troubles[i].want : "none");
        test_number("lines", (int64_t)report.senders.at[2].reaction.lines.len, 1);
        report_clear(&report);
        texts_clear(&allow);
        texts_clear(&problems);
        strbuf_clear(&got);
        strbuf_clear(&react.told);
    }
}

/* Without a react the report must say that nothing was done. */
static void test_no_react(void)
{
    struct disable disable = {.networks = 3, .unknown = 3, .why_not = "no database"};
    struct report report;
    struct texts problems = {0};
    struct strbuf got = {0};
    run(&disable, &got, &report, &problems);
    test_text("failed", strbuf_text(&got), "cat -;bob -;ann failed;");
    test_text("why", report.senders.at[2].reaction.lines.at[0], "not done: no database");
    test_text("told", problems.at[0], "ann: was not disabled");
    report_clear(&report);
    texts_clear(&problems);
    strbuf_clear(&got);
}

int main(void)
{
    char dir[] = "/tmp/disable_test.XXXXXX";
    test_true("a folder", logs_begin(dir));
    write_log();
    test_bounds();
    test_accounts();
    test_reasons();
    test_handing_over();
    test_troubles();
    test_no_react();
    unlink("mail.log");
    test_true("cleaned up", chdir("/") == 0 && rmdir(dir) == 0);
    return test_end();
}
