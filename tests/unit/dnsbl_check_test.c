/* dnsbl_check - how many lists may be silent, subjects that no list can know, and what decides. */
#include "spamgear/check/dnsbl_check.h"

#include "test.h"

static const struct {
    const char *text;
    bool good;
    unsigned long long number;
    bool percent;
} mosts[] = {
    {"20", true, 20, false},  {"50%", true, 50, true}, {"100%", true, 100, true},
    {"0", true, 0, false},    {"101%", false, 0, 0},   {"%", false, 0, 0},
    {"1000001", false, 0, 0}, {"-1", false, 0, 0},     {"", false, 0, 0},
    {"5%%", false, 0, 0},
};

static void test_most(void)
{
    for (size_t i = 0; i < sizeof mosts / sizeof *mosts; i++) {
        struct dnsbl_most most;
        bool good = dnsbl_most_parse(mosts[i].text, &most);
        test_true(mosts[i].text, good == mosts[i].good);
        if (good)
            test_true(mosts[i].text,
                      most.number == mosts[i].number && most.percent == mosts[i].percent);
    }
}

/* A listing is certain; what could not be told is not OK. */
static const struct {
    const char *name;
    int subjects[3], count;
    const char *problem;
    enum nagios want;
} states[] = {
    {"nothing was looked up", {0}, 0, NULL, NAGIOS_UNKNOWN},
    {"on no list", {NAGIOS_OK}, 1, NULL, NAGIOS_OK},
    {"a problem beside it", {NAGIOS_OK}, 1, "x has no address", NAGIOS_UNKNOWN},
    {"one is not known", {NAGIOS_OK, NAGIOS_UNKNOWN}, 2, NULL, NAGIOS_UNKNOWN},
    {"a listing counts for more", {NAGIOS_UNKNOWN, NAGIOS_WARNING}, 2, NULL, NAGIOS_WARNING},
    {"and for more than a problem", {NAGIOS_CRITICAL}, 1, "x has no address", NAGIOS_CRITICAL},
    {"the worst", {NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_OK}, 3, NULL, NAGIOS_CRITICAL},
};

static void test_status(void)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct dnsbl_check check = {.warning = 1};
        for (int k = 0; k < states[i].count; k++)
            *vec_add(&check.tallies) =
                (struct dnsbl_tally){.status = (enum nagios)states[i].subjects[k]};
        if (states[i].problem != NULL)
            texts_add(&check.problems, states[i].problem);
        test_number(states[i].name, dnsbl_check_status(&check), states[i].want);
        dnsbl_check_clear(&check);
    }
}

/* Told without a question to anybody. */
static const struct {
    const char *subject;
    bool domain;
    const char *want;
} subjects[] = {
    {"10.1.2.3", false, "10.1.2.3 is a private address: no list knows it"},
    {"::1", false, "::1 is a loopback address: no list knows it"},
    {"224.0.0.1", false, "224.0.0.1 is no host's address: no list knows it"},
    {"192.0.2.300", false, "\"192.0.2.300\" is no address and no host name"},
    {"a b", false, "\"a b\" is no address and no host name"},
    {"192.0.2.1", true, "\"192.0.2.1\" is no domain"},
};

static void test_subjects(void)
{
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        char *list[] = {(char *)subjects[i].subject, NULL};
        struct dnsbl_check check = {.warning = 1, .domain = subjects[i].domain};
        dnsbl_check_run(&check, 1, list);
        test_number(subjects[i].subject, (long long)check.problems.len, 1);
        test_text(subjects[i].subject, check.problems.at[0], subjects[i].want);
        test_number(subjects[i].subject, dnsbl_check_status(&check), NAGIOS_UNKNOWN);
        dnsbl_check_clear(&check);
    }
}

/* The silence of a list that may be gone is no surprise; its answer counts. */
static void test_counts(void)
{
    struct dnsbl_zone sure = {0}, doubtful = {.doubtful = true};
    const struct {
        const char *name;
        struct dnsbl_answer answer;
        bool want;
    } answers[] = {
        {"not asked", {.zone = &sure, .state = DNSBL_NOT_ASKED}, false},
        {"silent", {.zone = &sure, .state = DNSBL_NO_ANSWER}, true},
        {"silent, and perhaps gone", {.zone = &doubtful, .state = DNSBL_NO_ANSWER}, false},
        {"perhaps gone, and lists", {.zone = &doubtful, .state = DNSBL_LISTED}, true},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        test_true(answers[i].name, dnsbl_check_counts(&answers[i].answer) == answers[i].want);
}

static void test_escape(void)
{
    struct strbuf out = {0};
    nagios_escape(&out, SPAN("a|b\nc"));
    test_true("no figures of strangers", strchr(strbuf_text(&out), '|') == NULL);
    test_true("one line", strchr(strbuf_text(&out), '\n') == NULL);
    strbuf_clear(&out);
    test_text("a status", nagios_name(NAGIOS_UNKNOWN), "UNKNOWN");
}

int main(void)
{
    test_most();
    test_status();
    test_subjects();
    test_counts();
    test_escape();
    return test_end();
}
