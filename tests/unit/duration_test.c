#include "spamgear/base/duration.h"

#include "test.h"

static void check_seconds(void)
{
    static const struct {
        const char *text;
        int64_t want;
    } rows[] = {
        {"1hour", 3600},
        {"1 hour", 3600},
        {"1HOUR", 3600},
        {"1 Hours", 3600},
        {"+1hour", 3600},
        {"+ 2 days", 172800},
        {"30minutes", 1800},
        {"30 min", 1800},
        {"30mins", 1800},
        {"90sec", 90},
        {"90 secs", 90},
        {"1second", 1},
        {"2 days", 172800},
        {"1week", 604800},
        {"week", 604800},
        {"hour", 3600},
        {"fortnight", 1209600},
        {"2 fortnights", 2419200},
        {"1month", 2592000},
        {"1year", 31536000},
        {"3600", 3600},
        {" 3600 ", 3600},
        {"+3600", 3600},
        {"007", 7},
        {"1hour30min", 5400},
        {"1 hour 30 min", 5400},
        {"1 hour\t30 min", 5400},
        {"1h30m10s", 5410},
        {"1d", 86400},
        {"2w", 1209600},
        {"0 hours 5 min", 300},
        {"1 hour +30 min", 5400},
        {"hour min", 3660},
        {"1000 years", INT64_C(31536000000)},
        {"00000000000000000000000000000000001hour", 3600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        test_number(rows[i].text, duration_parse(rows[i].text, NULL), rows[i].want);
}

static void check_refused(void)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"never", "no period; write"},
        {"an hour", "no period; write"},
        {"", "no period; write"},
        {" ", "no period; write"},
        {"+", "no period; write"},
        {"+hour", "no period; write"},
        {"1.5 hours", "no period; write"},
        {"1 hour, 30 min", "no period; write"},
        {"1hour\n", "no period; write"},
        {"1 parsec", "no period; write"},
        {"hourz", "no period; write"},
        {"ss", "no period; write"},
        {"half-hour", "no period; write"},
        {"0x10", "no period; write"},
        {"\xff", "no period; write"},
        {"-5", "must not be negative"},
        {"-1hour", "must not be negative"},
        {"1 hour -30 min", "must not be negative"},
        {"0", "longer than zero"},
        {"0hours", "longer than zero"},
        {"1 hour ago", "leave out \"ago\""},
        {"1 hour 30", "has no unit"},
        {"5 5", "has no unit"},
        {"60 1hour", "has no unit"},
        {"99999999999999999999", "too long"},
        {"9223372036854775807", "too long"},
        {"9223372036854775807 years", "too long"},
        {"18446744073709551615 sec", "too long"},
        {"1000 years 1 sec", "too long"},
        {"999999999999999999999999 hours", "too long"},
    };
    struct strbuf why = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_number(rows[i].text, duration_parse(rows[i].text, &why), -1);
        test_true(rows[i].why, strstr(strbuf_text(&why), rows[i].why) != NULL);
        test_true("names the text", strstr(strbuf_text(&why), rows[i].text) != NULL);
    }
    strbuf_clear(&why);
}

static void check_words(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"1hour", "1 hour"},
        {"+1hour", "1 hour"},
        {"30minutes", "30 minutes"},
        {"90sec", "90 sec"},
        {"2 days", "2 days"},
        {"1 hour 30 min", "1 hour 30 min"},
        {"1hour30min", "1 hour 30 min"},
        {"  1  hour   30min ", "1 hour 30 min"},
        {"week", "week"},
        {"1h", "1 hour"},
        {"30m", "30 minutes"},
        {"1d12h", "1 day 12 hours"},
        {"3600", "3600 seconds"},
        {"1", "1 second"},
        {"never", "never"},
        {"-5", "-5"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = {0};
        strbuf_add_text(&out, "last ");
        duration_words(&out, rows[i].text);
        test_text(rows[i].text, strbuf_text(&out) + 5, rows[i].want);
        strbuf_clear(&out);
    }
}

int main(void)
{
    check_seconds();
    check_refused();
    check_words();
    return test_end();
}
