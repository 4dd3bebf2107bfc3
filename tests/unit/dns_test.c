/* dns - against a small name server in this process: what it does with a question is told by
 * the address asked for (see behave()). */
#include "spamgear/net/dns.h"

#include "spamgear/base/clock.h"

#include "dns_server.h"
#include "test.h"
#include <stdlib.h>

static struct addr address(const char *text)
{
    struct addr addr = {{0}};
    test_true(text, addr_parse(span_text(text), &addr));
    return addr;
}

static size_t add(struct dns_round *round, const char *text)
{
    struct addr addr = address(text);
    return dns_round_add(round, &addr);
}

static const struct {
    unsigned n;
    enum dns_result result;
    const char *name;
} answers[] = {
    {50, DNS_NAME, "Host.Isp-a.example"},
    {NXDOMAIN, DNS_NO_NAME, NULL},
    {SERVFAIL, DNS_NO_ANSWER, NULL},
    {SILENT, DNS_NO_ANSWER, NULL},
    {GARBAGE, DNS_NO_ANSWER, NULL},
    {EMPTY, DNS_NO_NAME, NULL},
    {CONTROL, DNS_NAME, "__31m.a_b____.com"},
    {CNAMED, DNS_NAME, "last.example"},
    {LOOP, DNS_NO_ANSWER, NULL},
    {CUT, DNS_NO_ANSWER, NULL},
    {ROOT, DNS_NO_NAME, NULL},
    {LONG, DNS_NO_ANSWER, NULL},
};

static void test_answers(struct server *server)
{
    struct dns_round round = {0};
    struct strbuf why = {0};
    char text[32];
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        snprintf(text, sizeof text, "192.0.2.%u", answers[i].n);
        test_number(text, (int64_t)add(&round, text), (int64_t)i);
    }
    test_number("each address once", (int64_t)add(&round, "192.0.2.50"), 0);
    test_number("runs", dns_round_run(&round, server->name, 600, &why), 0);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct dns_question *question = &round.questions.at[i];
        snprintf(text, sizeof text, "answer %u", answers[i].n);
        test_number(text, question->result, answers[i].result);
        test_text(text, question->name != NULL ? question->name : "-",
                  answers[i].name != NULL ? answers[i].name : "-");
    }
    unsigned asked = server->asked;
    round.questions.len = 1; /* the answered one */
    test_number("runs again", dns_round_run(&round, server->name, 600, &why), 0);
    test_number("asks nothing twice", server->asked, asked);
    round.questions.len = sizeof answers / sizeof *answers;
    dns_round_clear(&round);
    strbuf_clear(&why);
}

static void test_v6(struct server *server)
{
    struct dns_round round = {0};
    add(&round, "2001:db8::5"); /* its first nibble is 5: EMPTY */
    add(&round, "2001:db8::1"); /* NXDOMAIN */
    add(&round, "2001:db8::2"); /* SERVFAIL */
    test_number("runs", dns_round_run(&round, server->name, 600, NULL), 0);
    test_number("no name", round.questions.at[0].result, DNS_NO_NAME);
    test_number("no name", round.questions.at[1].result, DNS_NO_NAME);
    test_number("no answer", round.questions.at[2].result, DNS_NO_ANSWER);
    dns_round_clear(&round);
}

static void add_many(struct dns_round *round, unsigned count, unsigned last)
{
    for (unsigned i = 0; i < count; i++) {
        struct addr addr = {{[10] = 0xff,
                             0xff,
                             10,
                             (unsigned char)(i >> 8),
                             (unsigned char)i,
                             (unsigned char)last}};
        dns_round_add(round, &addr);
    }
}

static void test_many(struct server *server)
{
    struct dns_round round = {0};
    add_many(&round, 300, 50);
    test_number("300 questions", (int64_t)round.questions.len, 300);
    test_number("run", dns_round_run(&round, server->name, 5000, NULL), 0);
    unsigned named = 0;
    for (size_t i = 0; i < round.questions.len; i++)
        named += round.questions.at[i].result == DNS_NAME;
    test_number("all are answered", named, 300);
    dns_round_clear(&round);
}

/* Nobody answers: 100 are asked at once, and again; the deadline ends it. */
static void test_deadline(struct server *server)
{
    struct dns_round round = {0};
    add_many(&round, 300, 200);
    unsigned before = server->asked;
    int64_t start = clock_steady_ms();
    test_number("runs", dns_round_run(&round, server->name, 1000, NULL), 0);
    int64_t took = clock_steady_ms() - start;
    test_true("not before the deadline", took >= 950);
    test_true("within 20 % of it", took <= 1200);
    unsigned asked = server->asked - before;
    test_true("never more than 100 open", asked >= 200 && asked <= 400);
    test_number("no answer is no answer", round.questions.at[0].result, DNS_NO_ANSWER);
    dns_round_clear(&round);
}

static void test_errors(void)
{
    struct dns_round round = {0};
    struct strbuf why = {0};
    test_number("nothing to ask", dns_round_run(&round, "127.0.0.1:1", 1000, &why), 0);
    add(&round, "192.0.2.1");
    test_number("nobody there", dns_round_run(&round, "127.0.0.1:1", 1000, &why), -1);
    test_true("says so", strstr(strbuf_text(&why), "no name server can be reached") != NULL);
    test_number("no answer", round.questions.at[0].result, DNS_NO_ANSWER);
    test_number("no servers", dns_round_run(&round, "not a server", 1000, &why), -1);
    test_true("says so", strstr(strbuf_text(&why), "\"not a server\" is no list") != NULL);
    dns_round_clear(&round);
    strbuf_clear(&why);
}

int main(void)
{
#ifdef HAVE_CARES
    struct server server = {.fd = -1};
    server_start(&server);
    test_answers(&server);
    test_v6(&server);
    test_many(&server);
    test_deadline(&server);
    server_stop(&server);
    test_errors();
#else
    struct dns_round round = {0};
    add(&round, "192.0.2.1");
    test_number("fails", dns_round_run(&round, NULL, 1000, NULL), -1);
    dns_round_clear(&round);
#endif
    return test_end();
}
