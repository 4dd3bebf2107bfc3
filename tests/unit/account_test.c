/* account_test - lines go in and come out; foreign bytes never pass for lines. */
#include "spamgear/scan/account.h"

#include "test.h"

static void test_lines(void)
{
    struct account account = {0};
    struct account_line line;
    size_t at = 0;
    char long_text[ACCOUNT_LINE + 50];
    memset(long_text, 'x', sizeof long_text);
    account_add(&account, ACCOUNT_SCORE, SPAN("1.00 2.00"));
    account_add(&account, ACCOUNT_TEXT, (struct span){NULL, 0});
    account_add(&account, ACCOUNT_STEP, (struct span){long_text, sizeof long_text});
    test_true("first", account_next(&account, &at, &line));
    test_true("its text", span_is(line.text, SPAN("1.00 2.00")));
    test_number("its kind", line.kind, ACCOUNT_SCORE);
    test_true("empty", account_next(&account, &at, &line) && line.text.len == 0);
    test_true("long", account_next(&account, &at, &line));
    test_number("is cut", (int64_t)line.text.len, ACCOUNT_LINE);
    test_true("end", !account_next(&account, &at, &line));
    test_true("sound", account_is_sound(&account));
}

static void test_room(void)
{
    struct account account = {0};
    for (int i = 0; i < 10000; i++)
        account_add(&account, ACCOUNT_POINTS, SPAN("+1.00 eval.request"));
    test_true("bounded", account.len <= ACCOUNT_MAX && account.len > ACCOUNT_MAX - 64);
    test_true("sound", account_is_sound(&account));
    account.len--;
    test_true("cut off", !account_is_sound(&account));
}

static void test_foreign(void)
{
    static const struct {
        const char *name;
        char bytes[8];
        uint32_t len;
        bool sound;
    } cases[] = {
        {"nothing", "", 0, true},
        {"a line", {1, 2, 0, 'a', 'b'}, 5, true},
        {"two", {1, 0, 0, 6, 1, 0, 'x'}, 7, true},
        {"kind 0", {0, 0, 0}, 3, false},
        {"kind 7", {7, 0, 0}, 3, false},
        {"too short", {1, 2, 0, 'a'}, 4, false},
        {"only a head", {1, 2}, 2, false},
        {"longer than a line", {1, (char)0xff, (char)0xff, 'a'}, 4, false},
        {"something behind", {1, 1, 0, 'a', 1}, 5, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct account account = {.len = cases[i].len};
        memcpy(account.lines, cases[i].bytes, sizeof cases[i].bytes);
        test_true(cases[i].name, account_is_sound(&account) == cases[i].sound);
    }
}

int main(void)
{
    test_lines();
    test_room();
    test_foreign();
    return test_end();
}
