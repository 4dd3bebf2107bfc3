/* policy_request_test - what is a request, what is none, and when that is known. */
#include "spamgear/net/policy_request.h"

#include "spamgear/base/mem.h"
#include "test.h"
#include <stdlib.h>

#define KIND "request=smtpd_access_policy\n"

static void test_fields(void)
{
    static const char text[] = KIND "protocol_state=RCPT\nprotocol_name=ESMTP\n"
                                    "client_address=192.0.2.1\nclient_name=h.example.net\n"
                                    "sender=a=b@example.net\nrecipient=c@example.com\n"
                                    "recipient_count=3\nqueue_id=4XyZ\ninstance=123.456.7\n"
                                    "size=12345\nsasl_username=bob\nsasl_username=alice\n"
                                    "etrn_domain=\n\nrequest=";
    struct policy_request request;
    bool bad;
    size_t took = policy_request_take(SPAN(text), &request, &bad);
    test_number("all but the next one", (int64_t)took, (int64_t)(sizeof text - 1 - 8));
    test_true("it is one", !bad);
    const struct {
        struct span got;
        const char *want;
    } fields[] = {{request.protocol_state, "RCPT"},      {request.sasl_username, "bob"},
                  {request.sender, "a=b@example.net"},   {request.recipient, "c@example.com"},
                  {request.client_address, "192.0.2.1"}, {request.client_name, "h.example.net"},
                  {request.instance, "123.456.7"},       {request.queue_id, "4XyZ"}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        test_bytes(fields[i].want, fields[i].got.at, fields[i].got.len, fields[i].want,
                   strlen(fields[i].want));
    test_number("recipients", (int64_t)request.recipient_count, 3);
    test_number("size", (int64_t)request.size, 12345);
}

static void test_table(void)
{
    const struct {
        const char *name;
        struct span text;
        int took; /* -1: all */
        bool bad;
    } cases[] = {
        {"nothing", SPAN(""), 0, false},
        {"a start", SPAN("request=smtpd_acc"), 0, false},
        {"a line", SPAN(KIND), 0, false},
        {"all but the last byte", SPAN(KIND "sasl_username=bob\n"), 0, false},
        {"the shortest", SPAN(KIND "\n"), -1, false},
        {"another first", SPAN("sasl_username=bob\n" KIND "\n"), -1, false},
        {"an empty line alone", SPAN("\n"), -1, true},
        {"a first line that is none", SPAN("GET / HTTP/1.0\r\n"), -1, true},
        {"lines for SMTP", SPAN("request=smtpd_access_policy\r\n\r\n"), -1, true},
        {"no kind", SPAN("sasl_username=bob\n\n"), -1, true},
        {"another kind", SPAN("request=junk\n\n"), -1, true},
        {"a line that is none", SPAN(KIND "sasl_username\n\n"), -1, true},
        {"no name", SPAN(KIND "=bob\n\n"), -1, true},
        {"a NUL", SPAN(KIND "sasl_username=b\0b\n\n"), -1, true},
        {"no count", SPAN(KIND "recipient_count=many\n\n"), -1, true},
        {"too large a count", SPAN(KIND "recipient_count=99999999999999999999\n\n"), -1, true},
        {"an empty count", SPAN(KIND "recipient_count=\n\n"), -1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct policy_request request;
        bool bad;
        size_t want = cases[i].took < 0 ? cases[i].text.len : (size_t)cases[i].took;
        test_number(cases[i].name, (int64_t)policy_request_take(cases[i].text, &request, &bad),
                    (int64_t)want);
        test_number(cases[i].name, bad, cases[i].bad);
    }
}

/* Up to 64 KiB is read, and no more. */
static void test_long(void)
{
    static const size_t room = 65536;
    char *text = mem_alloc(room + 100);
    struct policy_request request;
    bool bad;
    memset(text, 'x', room + 100);
    memcpy(text, KIND "sender=", strlen(KIND) + 7);
    test_number("it may become one",
                (int64_t)policy_request_take((struct span){text, room - 1}, &request, &bad), 0);
    test_true("not bad yet", !bad);
    memcpy(text + room - 2, "\n\n", 2);
    test_number("the longest",
                (int64_t)policy_request_take((struct span){text, room}, &request, &bad), 65536);
    test_true("is one", !bad && request.sender.len == room - 2 - strlen(KIND) - 7);
    memcpy(text + room - 2, "xxx\n\n", 5);
    policy_request_take((struct span){text, room + 3}, &request, &bad);
    test_true("longer ones are none", bad);
    policy_request_take((struct span){text, room}, &request, &bad);
    test_true("nor what does not end", bad);
    free(text);
}

static void test_answers(void)
{
    struct strbuf out = {0};
    policy_answer(&out, SPAN("DUNNO"));
    policy_answer(&out, SPAN("REJECT 5.7.1 a\nb\r\0c\x7f\x1b[1m \xc3\xa4"));
    test_text("answers", strbuf_text(&out),
              "action=DUNNO\n\naction=REJECT 5.7.1 a b  c  [1m \xc3\xa4\n\n");
    strbuf_clear(&out);
}

int main(void)
{
    test_fields();
    test_table();
    test_long();
    test_answers();
    return test_end();
}
