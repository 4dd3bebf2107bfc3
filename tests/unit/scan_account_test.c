/* scan_account_test - an account as text and as JSON; what is none of its lines is left out. */
#include "spamgear/report/scan_account.h"

#include "json_valid.h"
#include "spamgear/scan/php_judge.h"
#include "test.h"

static void fill(struct account *account)
{
    struct strbuf line = {0};
    account_add(account, ACCOUNT_SCORE, SPAN("7.25 4.00"));
    strbuf_format(&line, "+2.50 %s", php_feature_name(0));
    account_add(account, ACCOUNT_POINTS, strbuf_span(&line));
    account_add(account, ACCOUNT_POINTS, SPAN("+2.50 no.such.feature"));
    account_add(account, ACCOUNT_POINTS, SPAN("nonsense"));
    account_add(account, ACCOUNT_FLOW, SPAN("a request reaches eval"));
    account_add(account, ACCOUNT_STEP, SPAN("3: $x = $_GET['a']"));
    account_add(account, ACCOUNT_STEP, SPAN("4: eval(\x1b[31m)"));
    account_add(account, ACCOUNT_LAYER, SPAN("eval in line 3, 9 bytes"));
    account_add(account, ACCOUNT_TEXT, SPAN("inert();\n\xff"));
    strbuf_clear(&line);
}

static void test_text_form(void)
{
    struct account account = {0};
    struct strbuf out = {0}, want = {0};
    fill(&account);
    scan_account_text(&account, '\n', &out);
    strbuf_format(&want,
                  "    7.2 points, malicious from 4.0\n      +2.5  %s (%s)\n"
                  "    a request reaches eval\n      line 3: $x = $_GET['a']\n"
                  "      line 4: eval(\\x1b[31m)\n"
                  "    unpacked by eval in line 3, 9 bytes\n      inert();\\n\\xff\n",
                  php_feature_meaning(0), php_feature_name(0));
    test_text("text", strbuf_text(&out), strbuf_text(&want));
    strbuf_clear(&out);
    strbuf_clear(&want);
}

static void test_json_form(void)
{
    struct account account = {0};
    struct strbuf out = {0};
    struct json json = {.out = &out};
    fill(&account);
    json_open(&json, NULL, '{');
    scan_account_json(&account, &json);
    json_close(&json, '}');
    test_true("valid", json_is_valid(strbuf_text(&out), out.len));
    test_true("score", strstr(strbuf_text(&out), "\"score\":7.25,\"malicious_from\":4.00") != NULL);
    test_true("flow", strstr(strbuf_text(&out), "\"flows\":[{\"what\":\"a request reaches eval\","
                                                "\"steps\":[\"3: $x = $_GET['a']\",") != NULL);
    test_true("layer", strstr(strbuf_text(&out), "\"layers\":[{\"how\":\"eval in line 3, 9 bytes\","
                                                 "\"text\":[") != NULL);
    strbuf_clear(&out);
}

static void test_empty(void)
{
    const struct account account = {0};
    struct strbuf out = {0};
    struct json json = {.out = &out};
    scan_account_text(&account, '\n', &out);
    scan_account_json(&account, &json);
    test_number("nothing", (int64_t)out.len, 0);
    strbuf_clear(&out);
}

int main(void)
{
    test_text_form();
    test_json_form();
    test_empty();
    return test_end();
}
