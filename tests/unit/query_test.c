/* query - letters, quotes, comments, and the values. */
#include "spamgear/store/query.h"

#include "test.h"
#include <stdlib.h>
#include <time.h>

static const struct {
    const char *name, *text, *statement, *letters; /* letters NULL: refused, statement is in why */
} cases[] = {
    {"p15_insert", "insert into t values(?i)", "insert into t values(?)", "i"},
    {"begins with m", "merge into t values(?m)", "merge into t values(?)", "m"},
    {"begins with f", "f(?f)", "f(?)", "f"},
    {"begins with c", "call p(?c)", "call p(?)", "c"},
    {"begins with t", "t(?t)", "t(?)", "t"},
    {"begins with s", "select ?s", "select ?", "s"},
    {"a letter first", "?i", "?", "i"},
    {"postlog-sa's README",
     "INSERT INTO `spammers`(`client`, `created`, `spam_victims_score`)     VALUES(?f, ?t, ?s), "
     "(?c, ?t, ?s)     ON DUPLICATE KEY UPDATE `client` = `client`",
     "INSERT INTO `spammers`(`client`, `created`, `spam_victims_score`)     VALUES(?, ?, ?), "
     "(?, ?, ?)     ON DUPLICATE KEY UPDATE `client` = `client`",
     "ftscts"},
    {"the new ones", "x(?u,?v,?p)", "x(?,?,?)", "uvp"},
    {"p15_quoted", "x('?f', \"?c\", `?t`, ?s)", "x('?f', \"?c\", `?t`, ?)", "s"},
    {"a quote twice", "x('it''s ?f', ?f)", "x('it''s ?f', ?)", "f"},
    {"comments", "x(?f) -- ?c\n/* ?t 'x */ y # it's ?s\nz", "x(?)  \n  y  \nz", "f"},
    {"a semicolon", "x(?f) ; ", "x(?) ; ", "f"},
    {"a minus", "x(?s-1)", "x(?-1)", "s"},
    {"two statements", "x(?f); y", "more than one statement", NULL},
    {"an unknown letter", "x(?z)", "\"?z\" is none of", NULL},
    {"a large letter", "x(?F)", "\"?F\" is none of", NULL},
    {"a word", "x(?from)", "\"?f\" is none of", NULL},
    {"bare", "x(?)", "\"?)\" is none of", NULL},
    {"twice", "x(??f)", "\"??\" is none of", NULL},
    {"one behind another", "x(?f?c)", "\"?f\" is none of", NULL},
    {"at the end", "x ?", "\"? \" is none of", NULL},
    {"a quote that does not end", "x('?f)", "a quote does not end", NULL},
    {"a comment that does not end", "x(?f) /* y", "a comment does not end", NULL},
    {"no comment to MySQL", "x(?f) /*! y */", "/*! is no comment", NULL},
    {"a comment in a comment", "x /* /* */ */", "a comment in a comment", NULL},
    {"a backslash", "x('\\', ?f)", "a backslash in quotes", NULL},
    {"not so to MySQL", "x --?f", "-- without a blank", NULL},
    {"a comment's blank makes no other", "x(?f) --/* y */ ?c", "-- without a blank", NULL},
    {"empty", " \n-- nothing", "is empty", NULL},
};

static void test_parse(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct query query;
        struct strbuf why = {0};
        int result = query_parse(cases[i].text, &query, &why);
        test_number(cases[i].name, result, cases[i].letters == NULL ? -1 : 0);
        if (cases[i].letters == NULL) {
            test_true(strbuf_text(&why), strstr(strbuf_text(&why), cases[i].statement) != NULL);
        } else {
            test_text(cases[i].name, strbuf_text(&query.statement), cases[i].statement);
            test_text(cases[i].name, query.letters, cases[i].letters);
        }
        query_clear(&query);
        strbuf_clear(&why);
    }
}

static void test_many(void)
{
    struct strbuf text = {0}, why = {0};
    struct query query;
    for (int i = 0; i < 63; i++)
        strbuf_add_text(&text, "?f,");
    test_number("63", query_parse(strbuf_text(&text), &query, &why), 0);
    query_clear(&query);
    strbuf_add_text(&text, "?f");
    test_number("64", query_parse(strbuf_text(&text), &query, &why), -1);
    query_clear(&query);
    strbuf_clear(&text);
    strbuf_clear(&why);
}

static void test_values(void)
{
    struct spam_event event = {.time = 1763793154,
                               .queue_id = SPAN("3Zabc"),
                               .message_id = SPAN("a+b@c"),
                               .from = SPAN("j\xc3\xb6rg\xff\0'@x"),
                               .client = SPAN("2001:db8::1"),
                               .sasl = SPAN("bob"),
                               .verdict = MAIL_VERDICT_SPAM,
                               .victims = 3};
    static const struct {
        char letter;
        const char *want;
    } wants[] = {{'i', "3Zabc"},
                 {'m', "a+b@c"},
                 {'f', "j\xc3\xb6rg\\xff\\x00'@x"},
                 {'c', "2001:db8::1"},
                 {'t', "2025-11-22 06:32:34"},
                 {'s', "3"},
                 {'u', "bob"},
                 {'v', "spam"}};
    struct strbuf got = {0};
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        strbuf_reset(&got);
        test_true("is there", query_value(&event, wants[i].letter, true, &got));
        test_text("value", strbuf_text(&got), wants[i].want);
    }
    strbuf_reset(&got);
    test_true("no score is NULL", !query_value(&event, 'p', true, &got) && got.len == 0);
    event.has_score = true, event.score = 8.5;
    test_true("a score", query_value(&event, 'p', true, &got));
    test_text("score", strbuf_text(&got), "8.500");
    setenv("TZ", "UTC-3", 1);
    tzset();
    strbuf_reset(&got);
    query_value(&event, 't', false, &got);
    test_text("local time", strbuf_text(&got), "2025-11-22 09:32:34");
    strbuf_clear(&got);
}

int main(void)
{
    test_parse();
    test_many();
    test_values();
    return test_end();
}
