/* dns_server - a small name server in this process: what it does with a question is told by the
 * address asked for (see behave()); its name is what `resolvers` takes. */
#ifndef SPAMGEAR_TESTS_DNS_SERVER_H
#define SPAMGEAR_TESTS_DNS_SERVER_H

#include "test.h"
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
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

#endif
