/* dns - against a small name server in this process: what it does with a question is told by
 * the address asked for (see behave()). */
#include "spamgear/net/dns.h"

#include "spamgear/base/clock.h"

#include "test.h"
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    int fd;
    char name[32]; /* "127.0.0.1:port" */
    pthread_t thread;
    atomic_bool stop;
    atomic_uint asked;
};

struct reply {
    unsigned char at[512];
    size_t len;
};

static void put(struct reply *reply, const void *bytes, size_t len)
{
    memcpy(reply->at + reply->len, bytes, len);
    reply->len += len;
}

#define PUT(reply, literal) put(reply, literal, sizeof(literal) - 1)

/* One record: owner = the question's name, class IN, TTL 60. */
static void put_record(struct reply *reply, unsigned char type, const void *data, size_t len)
{
    PUT(reply, "\xc0\x0c\x00");
    put(reply, &type, 1);
    PUT(reply, "\x00\x01\x00\x00\x00\x3c\x00");
    put(reply, &(unsigned char){(unsigned char)len}, 1);
    put(reply, data, len);
}

#define PTR(reply, literal) put_record(reply, 12, literal, sizeof(literal) - 1)

enum { OK, NXDOMAIN, SERVFAIL, SILENT, GARBAGE, EMPTY, CONTROL, CNAMED, LOOP, CUT, ROOT, LONG };

static void put_long(struct reply *reply)
{
    unsigned char data[260] = {0};
    for (int i = 0; i < 4; i++)
        memset(data + i * 64, 'x', 64), data[i * 64] = 63;
    put_record(reply, 12, data, 255); /* the last label's end is cut off too */
}

/* A name that goes on at its own start: 12 bytes of record stand before it. */
static void put_loop(struct reply *reply)
{
    size_t at = reply->len + 12;
    put_record(reply, 12, (unsigned char[]){1, 'x', 0xc0 | at >> 8, at & 0xff}, 4);
}

/* RFC 2317: the name is an alias of another in a zone of the customer's own. */
static void put_cname(struct reply *reply, unsigned char *answers)
{
    *answers = 2;
    put_record(reply, 5, "\x01\x39\xc0\x0e", 4);
    PTR(reply, "\x04last\x07\x65xample\0");
}

/* What the server says to the question for n.x.x.x: the last byte of the address decides. */
static void behave(unsigned n, struct reply *reply)
{
    unsigned char *rcode = &reply->at[3], *answers = &reply->at[7];
    *answers = n != NXDOMAIN && n != SERVFAIL && n != EMPTY;
    switch (n) {
    case NXDOMAIN: *rcode |= 3; break;
    case SERVFAIL: *rcode |= 2; break;
    case GARBAGE: memset(reply->at + 2, 0xee, 40); break;
    case EMPTY: break;
    case CONTROL: PTR(reply, "\x05\x1b[31m\x07\x61 b\0\xff/%\x03\x63om\0"); break;
    case CNAMED: put_cname(reply, answers); break;
    case LOOP: put_loop(reply); break;
    case CUT: PTR(reply, "\x20name"); break;
    case ROOT: PTR(reply, "\0"); break;
    case LONG: put_long(reply); break;
    default: PTR(reply, "\x04Host\x05Isp-a\x07\x65xample\0"); break;
    }
}

/* The first label of the question: the last byte of an IPv4 address. */
static unsigned asked_for(const struct reply *question)
{
    unsigned n = 0;
    for (unsigned i = 0; i < question->at[12]; i++)
        n = n * 10 + (question->at[13 + i] - (unsigned)'0');
    return n;
}

static void answer_one(struct server *server)
{
    struct reply reply;
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    ssize_t len =
        recvfrom(server->fd, reply.at, sizeof reply.at, 0, (struct sockaddr *)&from, &from_len);
    if (len < 20)
        return;
    server->asked++;
    reply.len = (size_t)len;
    unsigned n = asked_for(&reply);
    if (n == SILENT || n >= 100)
        return;
    reply.at[2] |= 0x80;
    reply.at[3] = 0x80;
    behave(n, &reply);
    sendto(server->fd, reply.at, reply.len, 0, (struct sockaddr *)&from, from_len);
}

static void *serve(void *arg)
{
    struct server *server = arg;
    while (!server->stop)
        if (poll(&(struct pollfd){server->fd, POLLIN, 0}, 1, 20) > 0)
            answer_one(server);
    return NULL;
}

static void server_start(struct server *server)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    server->fd = socket(AF_INET, SOCK_DGRAM, 0);
    test_true("a server", bind(server->fd, (struct sockaddr *)&at, len) == 0 &&
                              getsockname(server->fd, (struct sockaddr *)&at, &len) == 0);
    snprintf(server->name, sizeof server->name, "127.0.0.1:%u", ntohs(at.sin_port));
    pthread_create(&server->thread, NULL, serve, server);
}

static void server_stop(struct server *server)
{
    server->stop = true;
    pthread_join(server->thread, NULL);
    close(server->fd);
}

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
