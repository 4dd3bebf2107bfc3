/* policy_test - tables of requests and what is answered. */
#include "spamgear/check/policy.h"

#include "spamgear/base/addr.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "test.h"
#include <stdlib.h>

#define NOW   1800000000
#define DEFER "DEFER_IF_PERMIT 4.7.1 slow down"
#define CASE  "REJECT 5.7.1 disabled"

static struct policy_request request_of(const char *state, const char *user, const char *instance,
                                        const char *recipient, unsigned long long count)
{
    return (struct policy_request){.protocol_state = span_text(state),
                                   .sasl_username = span_text(user),
                                   .instance = span_text(instance),
                                   .recipient = span_text(recipient),
                                   .client_address = SPAN("192.0.2.1"),
                                   .recipient_count = count};
}

static void check(struct policy *policy, const char *name, const struct policy_request *request,
                  int64_t now, const char *want)
{
    struct strbuf action = {0};
    clock_pin(now);
    policy_decide(policy, request, now, &action);
    test_text(name, strbuf_text(&action), want);
    strbuf_clear(&action);
}

struct ask {
    const char *state, *user, *instance, *recipient;
    unsigned long long count;
    int seconds; /* after NOW */
    const char *want;
};

static void check_table(const char *name, struct policy *policy, const struct ask *asks, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char title[200];
        const struct ask *a = &asks[i];
        struct policy_request request =
            request_of(a->state, a->user, a->instance, a->recipient, a->count);
        snprintf(title, sizeof title, "%s, %zu: %s %s", name, i, a->state, a->user);
        check(policy, title, &request, NOW + a->seconds, a->want);
    }
}
#define CHECK_TABLE(name, policy, asks)                                                            \
    check_table(name, policy, asks, sizeof(asks) / sizeof *(asks))

static void test_recipients(void)
{
    static const struct ask asks[] = {
        {"RCPT", "bob", "1", "a@x", 0, 0, "DUNNO"},
        {"RCPT", "bob", "1", "a@x", 0, 0, "DUNNO"}, /* another restriction asks about the same */
        {"RCPT", "bob", "1", "b@x", 0, 1, "DUNNO"},
        {"RCPT", "bob", "2", "a@x", 0, 2, "DUNNO"},
        {"RCPT", "bob", "2", "b@x", 0, 3, DEFER},
        {"RCPT", "bob", "2", "b@x", 0, 4, DEFER},   /* which did not count */
        {"RCPT", "bob", "2", "a@x", 0, 4, "DUNNO"}, /* this one is let in already */
        {"DATA", "bob", "2", "", 1, 4, "DUNNO"},
        {"RCPT", "Bob", "3", "a@x", 0, 5, "DUNNO"}, /* another account */
        {"RCPT", "", "4", "a@x", 0, 5, "DUNNO"},
        {"RCPT", "bob", "5", "a@x", 0, 3599, DEFER},
        {"RCPT", "bob", "5", "a@x", 0, 3700, "DUNNO"},
    };
    const struct policy_settings settings = {.recipients = 3, .period_s = 3600, .action = DEFER};
    struct policy *policy = policy_new(&settings, NULL);
    CHECK_TABLE("recipients", policy, asks);
    struct policy_counts counts;
    policy_look(policy, &counts);
    test_number("requests", (int64_t)counts.requests, 12);
    test_number("over", (int64_t)counts.over, 3);
    test_number("dunno", (int64_t)counts.dunno, 9);
    test_number("senders", (int64_t)counts.senders, 2);
    policy_tick(policy, NOW + 100000);
    policy_look(policy, &counts);
    test_number("forgotten", (int64_t)counts.senders, 0);
    policy_free(policy);
}

static void test_messages(void)
{
    static const struct ask asks[] = {
        {"RCPT", "bob", "1", "a@x", 0, 0, "DUNNO"},
        {"DATA", "bob", "1", "", 1, 0, "DUNNO"},
        {"END-OF-MESSAGE", "bob", "1", "", 1, 0, "DUNNO"}, /* the same */
        {"RCPT", "bob", "2", "a@x", 0, 0, "DUNNO"},        /* which never becomes a message */
        {"DATA", "bob", "3", "", 1, 0, "DUNNO"},
        {"DATA", "bob", "4", "", 1, 0, DEFER},
        {"RCPT", "bob", "5", "a@x", 0, 0, DEFER}, /* it would be one too many */
        {"MAIL", "bob", "6", "", 0, 0, "DUNNO"},
        {"VRFY", "bob", "6", "", 0, 0, "DUNNO"},
        {"DATA", "bob", "4", "", 1, 3700, "DUNNO"},
        {"DATA", "eve", "", "", 1, 3700, "DUNNO"}, /* without an instance each one counts */
        {"DATA", "eve", "", "", 1, 3700, "DUNNO"},
        {"DATA", "eve", "", "", 1, 3700, DEFER},
    };
    const struct policy_settings settings = {.messages = 2, .period_s = 3600, .action = DEFER};
    struct policy *policy = policy_new(&settings, NULL);
    CHECK_TABLE("messages", policy, asks);
    policy_free(policy);
}

/* Only DATA is asked: how many recipients is in the request. */
static void test_recipient_count(void)
{
    static const struct ask asks[] = {
        {"DATA", "bob", "1", "", 60, 0, "DUNNO"},
        {"DATA", "bob", "1", "", 60, 0, "DUNNO"},
        {"DATA", "bob", "2", "", 41, 0, DEFER},
        {"DATA", "bob", "3", "", 40, 0, "DUNNO"},
        {"DATA", "bob", "4", "", 1, 0, DEFER},
        {"DATA", "eve", "5", "", 18446744073709551615u, 0, DEFER},
        {"DATA", "eve", "6", "", 100, 0, "DUNNO"},
    };
    const struct policy_settings settings = {.recipients = 100, .period_s = 3600, .action = DEFER};
    struct policy *policy = policy_new(&settings, NULL);
    CHECK_TABLE("recipient_count", policy, asks);
    policy_free(policy);
}

/* Who is held is let in, and so counts on. */
static void test_hold(void)
{
    static const struct ask asks[] = {{"DATA", "bob", "1", "", 1, 0, "DUNNO"},
                                      {"DATA", "bob", "2", "", 1, 0, "HOLD look at it"},
                                      {"DATA", "bob", "3", "", 1, 0, "HOLD look at it"}};
    const struct policy_settings settings = {
        .messages = 1, .period_s = 3600, .action = "HOLD look at it"};
    struct policy *policy = policy_new(&settings, NULL);
    CHECK_TABLE("hold", policy, asks);
    test_number("all of them",
                (int64_t)watch_sum(policy_watch(policy), SENDER_SASL, SPAN("bob"), 0, NOW).messages,
                3);
    policy_free(policy);
}

static void test_overrides(void)
{
    struct limits limits = {.standard = 1};
    static const struct ask asks[] = {
        {"DATA", "bob", "1", "", 1, 0, "DUNNO"},   {"DATA", "bob", "2", "", 1, 0, "DUNNO"},
        {"DATA", "bob", "3", "", 1, 0, "DUNNO"},   {"DATA", "bob", "4", "", 1, 0, DEFER},
        {"DATA", "alice", "1", "", 1, 0, "DUNNO"}, {"DATA", "alice", "2", "", 1, 0, "DUNNO"},
        {"DATA", "alice", "3", "", 1, 0, DEFER},
    };
    limit_add(&limits, "bob", "3", "test", 1, NULL);
    const struct policy_settings settings = {
        .messages = 2, .recipients = 2, .period_s = 3600, .action = DEFER, .overrides = &limits};
    struct policy *policy = policy_new(&settings, NULL);
    CHECK_TABLE("overrides", policy, asks);
    policy_free(policy);
    limit_clear(&limits);
}

static void test_cases(void)
{
    static const struct ask open[] = {{"RCPT", "bob", "1", "a@x", 0, 0, CASE},
                                      {"MAIL", "bob", "1", "", 0, 0, CASE},
                                      {"RCPT", "bo\x01\xff", "1", "a@x", 0, 0, CASE},
                                      {"RCPT", "alice", "1", "a@x", 0, 0, "DUNNO"},
                                      {"RCPT", "", "1", "a@x", 0, 0, "DUNNO"}};
    static const struct ask closed[] = {{"RCPT", "bob", "1", "a@x", 0, 0, "DUNNO"}};
    struct policy_settings settings = {.period_s = 3600, .action = DEFER, .case_action = CASE};
    struct policy *policy = policy_new(&settings, NULL);
    policy_set_account(policy, SPAN("bob"), true, 0);
    policy_set_account(policy, SPAN("bo??"), true, 0); /* as Postfix writes it into the log */
    policy_set_account(policy, SPAN("alice"), true, 0);
    policy_set_account(policy, SPAN("alice"), false, 0);
    CHECK_TABLE("an open case", policy, open);
    policy_set_account(policy, SPAN("bob"), false, 0);
    CHECK_TABLE("a closed one", policy, closed);
    struct policy_counts counts;
    policy_look(policy, &counts);
    test_number("in a case", (int64_t)counts.in_case, 3);
    test_number("not over", (int64_t)counts.over, 0);
    policy_free(policy);
    settings.case_action = NULL;
    policy = policy_new(&settings, NULL);
    policy_set_account(policy, SPAN("bob"), true, 0);
    CHECK_TABLE("not asked", policy, closed);
    policy_free(policy);
}

/* What an account asked for before it was let go counts no more. */
static void test_let_go(void)
{
    static const struct ask before[] = {{"DATA", "bob", "1", "", 1, 0, "DUNNO"},
                                        {"DATA", "bob", "2", "", 1, 0, "DUNNO"},
                                        {"DATA", "bob", "3", "", 1, 1, DEFER}};
    static const struct ask after[] = {{"DATA", "bob", "4", "", 1, 61, "DUNNO"},
                                       {"DATA", "bob", "5", "", 1, 61, "DUNNO"},
                                       {"DATA", "bob", "6", "", 1, 61, DEFER}};
    struct policy_settings settings = {.messages = 2, .period_s = 3600, .action = DEFER};
    struct policy *policy = policy_new(&settings, NULL);
    CHECK_TABLE("over the rate", policy, before);
    policy_set_account(policy, SPAN("bob"), false, NOW + 20);
    CHECK_TABLE("let go", policy, after);
    policy_free(policy);
}

/* Counts of logs, of this machine and of the others. */
static void test_logs(void)
{
    struct limits limits = {.standard = 5};
    const struct watch_settings of_watch = {.period_s = 3600, .limits = &limits};
    const struct policy_settings settings = {.period_s = 3600, .action = DEFER, .hosts = true};
    const struct policy_settings no_hosts = {.period_s = 3600, .action = DEFER};
    clock_pin(NOW);
    struct watch *watches[] = {watch_new(&of_watch), watch_new(&of_watch), NULL};
    struct policy *policy = policy_new(&settings, watches);
    struct policy *other = policy_new(&no_hosts, watches);
    static const struct ask before[] = {{"RCPT", "bob", "1", "a@x", 0, 0, "DUNNO"},
                                        {"RCPT", "", "1", "a@x", 0, 0, "DUNNO"}};
    static const struct ask after[] = {{"RCPT", "bob", "1", "b@x", 0, 0, DEFER},
                                       {"RCPT", "carol", "1", "b@x", 0, 0, DEFER},
                                       {"RCPT", "dave", "1", "b@x", 0, 0, DEFER},
                                       {"RCPT", "eve", "1", "b@x", 0, 0, "DUNNO"},
                                       {"RCPT", "", "1", "b@x", 0, 0, DEFER}};
    static const struct ask without[] = {{"RCPT", "", "1", "b@x", 0, 0, "DUNNO"}};
    static const struct ask let_go[] = {{"RCPT", "bob", "1", "b@x", 0, 40, "DUNNO"},
                                        {"RCPT", "carol", "1", "b@x", 0, 40, DEFER},
                                        {"RCPT", "dave", "1", "b@x", 0, 40, DEFER}};
    static const struct ask again[] = {{"RCPT", "bob", "1", "b@x", 0, 61, DEFER}};
    watch_count(watches[0], SENDER_SASL, SPAN("bob"), NOW, 4, 4);
    CHECK_TABLE("below the limit of the logs", policy, before);
    watch_count(watches[0], SENDER_SASL, SPAN("bob"), NOW, 1, 1);
    watch_count(watches[1], SENDER_WEBMAIL, SPAN("carol"), NOW, 5, 5);
    watch_count(watches[0], SENDER_SCRIPT, SPAN("eve"), NOW, 5, 5); /* is no account */
    watch_count(watches[1], SENDER_HOST, SPAN("192.0.2.1"), NOW, 5, 5);
    const struct watch_bucket foreign = {
        .kind = SENDER_SASL, .name = SPAN("dave"), .minute = NOW / 60, .sum = {5, 5}};
    watch_foreign(watches[1], &foreign);
    CHECK_TABLE("over it", policy, after);
    CHECK_TABLE("hosts are not asked", other, without);
    policy_set_account(policy, SPAN("bob"), false, NOW + 30);
    policy_set_account(policy, SPAN("dave"), false, NOW + 9000); /* of a clock that was wrong */
    CHECK_TABLE("let go", policy, let_go);
    watch_count(watches[0], SENDER_SASL, SPAN("bob"), NOW + 61, 5, 5);
    CHECK_TABLE("again", policy, again);
    policy_free(policy);
    policy_free(other);
    watch_free(watches[0]);
    watch_free(watches[1]);
}

struct told {
    int lines;
    char last[300];
};

static void take_line(void *state, const char *line)
{
    struct told *told = state;
    told->lines++;
    snprintf(told->last, sizeof told->last, "%s", line);
}

static void test_dry_and_own(void)
{
    struct told told = {0};
    struct prefix own;
    prefix_parse(SPAN("192.0.2.0/24"), &own);
    struct policy_settings settings = {.messages = 1,
                                       .period_s = 3600,
                                       .action = DEFER,
                                       .dry = true,
                                       .state = &told,
                                       .tell = take_line};
    static const struct ask asks[] = {{"DATA", "b\nb", "1", "", 1, 0, "DUNNO"},
                                      {"DATA", "b\nb", "2", "", 1, 0, "DUNNO"},
                                      {"DATA", "b\nb", "3", "", 1, 0, "DUNNO"}};
    struct policy *policy = policy_new(&settings, NULL);
    CHECK_TABLE("dry", policy, asks);
    test_number("what it would have said", told.lines, 2);
    test_text("is told", told.last,
              "policy: b?b is over the rate: would be answered \"" DEFER "\"");
    for (int i = 0; i < 1000; i++)
        policy_bad(policy, NOW);
    test_number("not for ever", told.lines, 10);
    policy_bad(policy, NOW + 60);
    test_number("again a minute later", told.lines, 11);
    policy_free(policy);

    settings.dry = false;
    settings.own = &own;
    settings.own_len = 1;
    policy = policy_new(&settings, NULL);
    CHECK_TABLE("own clients", policy, asks);
    policy_free(policy);
}

static void test_actions(void)
{
    static const char *const good[] = {"DUNNO", DEFER, "HOLD", "HOLD too many", CASE, "DEFER"};
    static const char *const bad[] = {
        "",           "REJECTED", "OK",           "reject x",    " HOLD",          "REJECT a\nb",
        "FILTER a:b", "PERMIT",   "REDIRECT a@b", "REJECT \x7f", "REJECT \xc3\xa4"};
    struct strbuf why = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        test_number(good[i], policy_check_action(good[i], &why), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        test_number(bad[i], policy_check_action(bad[i], &why), -1);
    strbuf_clear(&why);
}

/* What was seen long ago is forgotten, and memory stays as it is. */
static void test_many(void)
{
    const struct policy_settings settings = {
        .messages = 1000000, .period_s = 3600, .action = DEFER};
    struct policy *policy = policy_new(&settings, NULL);
    struct strbuf action = {0};
    for (int i = 0; i < 200000; i++) {
        char instance[32];
        snprintf(instance, sizeof instance, "%d", i / 2);
        struct policy_request request = request_of("DATA", "bob", instance, "", 1);
        strbuf_reset(&action);
        policy_decide(policy, &request, NOW, &action);
    }
    test_number("each message once",
                (int64_t)watch_sum(policy_watch(policy), SENDER_SASL, SPAN("bob"), 0, NOW).messages,
                100000);
    strbuf_clear(&action);
    policy_free(policy);
}

int main(void)
{
    test_recipients();
    test_messages();
    test_recipient_count();
    test_hold();
    test_overrides();
    test_cases();
    test_let_go();
    test_logs();
    test_dry_and_own();
    test_actions();
    test_many();
    return test_end();
}
