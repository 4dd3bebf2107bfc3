/* dns - questions over c-ares, the only file that knows it.
 *
 * A window of questions is kept open (a bigger burst loses UDP answers) and refilled as
 * answers come; at the deadline all that are open are dropped and stay "no answer".
 */
#include "spamgear/net/dns.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/lazy.h"
#include <stdlib.h>

#define OPEN_MAX 100
#define IN_CLASS 1

size_t dns_batch_add(struct dns_batch *batch, const char *name, enum dns_type type)
{
    *vec_add(&batch->asks) = (struct dns_ask){.name = mem_text_of(name, strlen(name)),
                                              .type = type,
                                              .result = DNS_NO_ANSWER,
                                              .why = "there was no time left to ask"};
    return batch->asks.len - 1;
}

void dns_batch_clear(struct dns_batch *batch)
{
    for (size_t i = 0; i < batch->asks.len; i++) {
        free(batch->asks.at[i].name);
        dns_records_clear(&batch->asks.at[i].records);
    }
    vec_clear(&batch->asks);
}

#ifdef HAVE_CARES

#define CARES_NO_DEPRECATED /* ares_query and ares_getsock: the new calls are not in 1.18 */
#include <ares.h>
#include <poll.h>
#include <sys/time.h>

#define CARES_FUNCTIONS(F)                                                                         \
    F(ares_library_init)                                                                           \
    F(ares_library_cleanup)                                                                        \
    F(ares_init_options)                                                                           \
    F(ares_set_servers_ports_csv)                                                                  \
    F(ares_query)                                                                                  \
    F(ares_getsock) F(ares_timeout) F(ares_process_fd) F(ares_destroy) F(ares_strerror)
CARES_FUNCTIONS(LAZY_POINTER)

/* ---- one run ---- */

struct asking {
    struct dns_batch *batch;
    ares_channel channel;
    size_t next, open, refused, others; /* refused: no server was there */
    int64_t deadline;
};

/* What c-ares hands back with an answer: it knows no numbers, so each question has one. */
struct ticket {
    struct asking *asking;
    size_t number;
};

static const char *why_not(int status)
{
    static const struct {
        int status;
        const char *why;
    } reasons[] = {{ARES_ETIMEOUT, "time-out"},
                   {ARES_EDESTRUCTION, "time-out"}, /* open when the time was over */
                   {ARES_ECANCELLED, "time-out"},
                   {ARES_ESERVFAIL, "SERVFAIL"},
                   {ARES_EREFUSED, "REFUSED"},
                   {ARES_EBADRESP, "garbage instead of an answer"},
                   {ARES_EBADNAME, "the name cannot be asked for"},
                   {ARES_ECONNREFUSED, "SERVFAIL, REFUSED or no server"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].why;
    return "the name server failed";
}

static void take_result(struct dns_ask *ask, int status, struct span packet)
{
    ask->why = NULL;
    if (status == ARES_SUCCESS && packet.at != NULL)
        ask->result = dns_packet_read(packet, ask->type, &ask->records);
    else if (status == ARES_ENOTFOUND || status == ARES_ENODATA)
        ask->result = DNS_NO_NAME;
    else
        ask->why = why_not(status);
    if (ask->result == DNS_NO_ANSWER && ask->why == NULL)
        ask->why = why_not(ARES_EBADRESP);
}

static void take_answer(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
    struct ticket ticket = *(struct ticket *)arg;
    struct asking *asking = ticket.asking;
    (void)timeouts;
    free(arg);
    asking->open--;
    asking->refused += status == ARES_ECONNREFUSED;
    asking->others += status != ARES_ECONNREFUSED;
    take_result(&asking->batch->asks.at[ticket.number], status,
                (struct span){(const char *)bytes, len > 0 ? (size_t)len : 0});
    if (asking->batch->answered != NULL)
        asking->batch->answered(asking->batch, ticket.number);
}

static void ask(struct asking *asking, size_t number)
{
    const struct dns_ask *it = &asking->batch->asks.at[number];
    struct ticket *ticket = mem_alloc(sizeof *ticket);
    *ticket = (struct ticket){asking, number};
    asking->open++;
    p_ares_query(asking->channel, it->name, IN_CLASS, (int)it->type, take_answer, ticket);
}

static void refill(struct asking *asking)
{
    while (asking->open < OPEN_MAX && asking->next < asking->batch->asks.len)
        ask(asking, asking->next++);
}

/* Milliseconds until something is due: a retry of c-ares, or the deadline. */
static int wait_ms(const struct asking *asking, int64_t left)
{
    struct timeval most = {left / 1000, left % 1000 * 1000}, buf;
    const struct timeval *wait = p_ares_timeout(asking->channel, &most, &buf);
    int64_t ms = wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000;
    return (int)(ms < left ? ms : left);
}

/* Waits for one batch of events and hands them to c-ares. */
static void serve(struct asking *asking, int64_t left)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct pollfd fds[ARES_GETSOCK_MAXNUM];
    unsigned bits = (unsigned)p_ares_getsock(asking->channel, sockets, ARES_GETSOCK_MAXNUM);
    nfds_t count = 0;
    for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
        bool read = (bits >> i & 1) != 0, write = (bits >> (i + ARES_GETSOCK_MAXNUM) & 1) != 0;
        if (read || write)
            fds[count++] = (struct pollfd){sockets[i],
                                           (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0)), 0};
    }
    int ready = poll(fds, count, wait_ms(asking, left));
    for (nfds_t i = 0; ready > 0 && i < count; i++)
        p_ares_process_fd(asking->channel,
                          fds[i].revents & (POLLIN | POLLERR | POLLHUP) ? fds[i].fd
                                                                        : ARES_SOCKET_BAD,
                          fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
    p_ares_process_fd(asking->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* time-outs */
}

/* Two tries a server, the second twice as long as the first: done well before the deadline, but
 * slow enough for a resolver that must ask far away. */
static int open_channel(struct asking *asking, const char *servers, int try_ms, struct strbuf *why)
{
    struct ares_options options = {.flags = ARES_FLAG_STAYOPEN, .tries = 2};
    options.timeout = try_ms > 20 ? try_ms : 20;
    int error = p_ares_init_options(&asking->channel, &options,
                                    ARES_OPT_FLAGS | ARES_OPT_TRIES | ARES_OPT_TIMEOUTMS);
    if (error != ARES_SUCCESS)
        return strbuf_why(why, "cannot ask name servers: %s", p_ares_strerror(error));
    error = servers == NULL ? ARES_SUCCESS : p_ares_set_servers_ports_csv(asking->channel, servers);
    if (error == ARES_SUCCESS)
        return 0;
    p_ares_destroy(asking->channel);
    return strbuf_why(why, "\"%s\" is no list of name servers: %s", servers,
                      p_ares_strerror(error));
}

static int ask_all(struct asking *asking, struct strbuf *why)
{
    int64_t left;
    refill(asking);
    while (asking->open > 0 && (left = asking->deadline - clock_steady_ms()) > 0) {
        serve(asking, left);
        refill(asking);
    }
    bool lost = asking->refused > 0 && asking->others == 0 && asking->open == 0;
    p_ares_destroy(asking->channel); /* the open ones come back unanswered */
    return lost ? strbuf_why(why, "no name server can be reached, or all refuse: %s",
                             p_ares_strerror(ARES_ECONNREFUSED))
                : 0;
}

int dns_batch_run(struct dns_batch *batch, const char *servers, int deadline_ms, int try_ms,
                  struct strbuf *why)
{
    static const struct lazy_symbol symbols[] = {CARES_FUNCTIONS(LAZY_SYMBOL){0}};
    struct asking asking = {.batch = batch, .deadline = clock_steady_ms() + deadline_ms};
    if (batch->asks.len == 0)
        return 0;
    if (lazy_open((const char *const[]){"libcares.so.2", NULL}, symbols, why) != 0)
        return -1;
    if (p_ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
        return strbuf_why(why, "cannot ask name servers: c-ares does not start");
    int result = open_channel(&asking, servers, try_ms > 0 ? try_ms : deadline_ms / 5, why);
    if (result == 0)
        result = ask_all(&asking, why);
    p_ares_library_cleanup();
    return result;
}

#else

int dns_batch_run(struct dns_batch *batch, const char *servers, int deadline_ms, int try_ms,
                  struct strbuf *why)
{
    (void)servers, (void)deadline_ms, (void)try_ms;
    return batch->asks.len == 0 ? 0 : strbuf_why(why, "DNS cannot be asked: built without c-ares");
}

#endif

/* ---- names of addresses ---- */

size_t dns_round_add(struct dns_round *round, const struct addr *addr)
{
    bool added;
    uint32_t number = map_put(&round->index, (struct span){(const char *)addr->bytes, 16}, &added);
    if (added)
        *vec_add(&round->questions) = (struct dns_question){*addr, DNS_NO_ANSWER, NULL};
    return number;
}

void dns_round_clear(struct dns_round *round)
{
    for (size_t i = 0; i < round->questions.len; i++)
        free(round->questions.at[i].name);
    vec_clear(&round->questions);
    map_clear(&round->index);
}

/* "1.2.0.192.", or the nibbles of IPv6 (RFC 3596 2.5). */
void dns_reverse(const struct addr *addr, struct strbuf *name)
{
    bool v4 = addr_is_v4(addr);
    for (int i = 15; i >= (v4 ? 12 : 0); i--) {
        unsigned byte = addr->bytes[i];
        if (v4)
            strbuf_format(name, "%u.", byte);
        else
            strbuf_format(name, "%x.%x.", byte & 15, byte >> 4);
    }
}

static void add_reverse(struct dns_batch *batch, const struct addr *addr)
{
    struct strbuf name = {0};
    dns_reverse(addr, &name);
    strbuf_add_text(&name, addr_is_v4(addr) ? "in-addr.arpa" : "ip6.arpa");
    dns_batch_add(batch, strbuf_text(&name), DNS_PTR);
    strbuf_clear(&name);
}

int dns_round_run(struct dns_round *round, const char *servers, int deadline_ms, struct strbuf *why)
{
    struct dns_batch batch = {0};
    size_t asked = 0;
    for (size_t i = 0; i < round->questions.len; i++)
        if (round->questions.at[i].result == DNS_NO_ANSWER)
            add_reverse(&batch, &round->questions.at[i].addr);
    int result = dns_batch_run(&batch, servers, deadline_ms, 0, why);
    for (size_t i = 0; i < round->questions.len; i++) {
        struct dns_question *question = &round->questions.at[i];
        if (question->result != DNS_NO_ANSWER)
            continue;
        struct dns_ask *it = &batch.asks.at[asked++];
        question->result = it->result;
        if (it->result == DNS_NAME)
            question->name = strbuf_take(&it->records.text);
    }
    dns_batch_clear(&batch);
    return result;
}
