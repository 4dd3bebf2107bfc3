/* dns - PTR questions over c-ares, the only file that knows it.
 *
 * A window of questions is kept open (a bigger burst loses UDP answers) and refilled as
 * answers come; at the deadline all that are open are dropped and stay "no answer".
 *
 * Answers are read here and not by the library: a PTR record is written by whoever owns
 * the address, c-ares refuses odd bytes in it, and a spammer with an odd name would pass
 * as "could not tell". Here the odd bytes become '_'.
 */
#include "spamgear/net/dns.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/lazy.h"
#include <stdlib.h>

#define OPEN_MAX       100
#define PTR_TYPE       12
#define IN_CLASS       1
#define NAME_MAX_BYTES 255 /* RFC 1035 2.3.4 */

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

/* ---- the answer's bytes (RFC 1035 4.1) ---- */

struct packet {
    const unsigned char *at;
    size_t len;
};

/* A number of two bytes; the caller has checked that they are there. */
static unsigned number_at(const struct packet *packet, size_t offset)
{
    return (unsigned)packet->at[offset] << 8 | packet->at[offset + 1];
}

/* Where the name at offset ends, 0 when the packet ends before it. */
static size_t skip_name(const struct packet *packet, size_t offset)
{
    while (offset < packet->len) {
        unsigned char length = packet->at[offset];
        if (length == 0)
            return offset + 1;
        if (length >= 0xc0)
            return offset + 2 <= packet->len ? offset + 2 : 0;
        if (length >= 0x40)
            return 0;
        offset += 1u + length;
    }
    return 0;
}

static char clean_byte(unsigned char c)
{
    bool fine =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    return fine ? (char)c : '_';
}

static void add_label(struct strbuf *name, const unsigned char *at, size_t len)
{
    if (name->len > 0)
        strbuf_add_char(name, '.');
    for (size_t i = 0; i < len; i++)
        strbuf_add_char(name, clean_byte(at[i]));
}

/* Reads the name at offset through its compression pointers, which may only lead back: so
 * no chain of them is endless. False when it is malformed. */
static bool read_name(const struct packet *packet, size_t offset, struct strbuf *name)
{
    size_t start = offset;
    while (offset < packet->len) {
        unsigned char length = packet->at[offset];
        if (length == 0)
            return true;
        if (length >= 0xc0) {
            if (offset + 2 > packet->len)
                return false;
            offset = number_at(packet, offset) & 0x3fff;
            if (offset >= start)
                return false;
            start = offset;
            continue;
        }
        if (length >= 0x40 || offset + 1 + length > packet->len ||
            name->len + 1 + length > NAME_MAX_BYTES)
            return false;
        add_label(name, packet->at + offset + 1, length);
        offset += 1u + length;
    }
    return false;
}

/* Offset of the first record, 0 when the packet ends before it. */
static size_t skip_questions(const struct packet *packet)
{
    size_t offset = 12;
    for (unsigned i = number_at(packet, 4); i > 0 && offset != 0; i--) {
        offset = skip_name(packet, offset);
        offset = offset == 0 || offset + 4 > packet->len ? 0 : offset + 4;
    }
    return offset;
}

/* The first PTR record's name (a CNAME may stand before it, RFC 2317). */
static enum dns_result read_answer(const struct packet *packet, struct strbuf *name)
{
    if (packet->len < 12)
        return DNS_NO_ANSWER;
    size_t offset = skip_questions(packet);
    if (offset == 0)
        return DNS_NO_ANSWER;
    for (unsigned i = number_at(packet, 6); i > 0; i--) {
        offset = skip_name(packet, offset);
        if (offset == 0 || offset + 10 > packet->len)
            return DNS_NO_ANSWER;
        unsigned type = number_at(packet, offset);
        size_t end = offset + 10 + number_at(packet, offset + 8);
        if (end > packet->len)
            return DNS_NO_ANSWER;
        if (type != PTR_TYPE) {
            offset = end;
            continue;
        }
        if (!read_name(packet, offset + 10, name))
            return DNS_NO_ANSWER;
        return name->len > 0 ? DNS_NAME : DNS_NO_NAME;
    }
    return DNS_NO_NAME;
}

/* ---- one run ---- */

struct asking {
    struct dns_round *round;
    ares_channel channel;
    size_t next, open, refused, others; /* refused: no server was there */
    int64_t deadline;
};

/* What c-ares hands back with an answer: it knows no numbers, so each question has one. */
struct ticket {
    struct asking *asking;
    size_t number;
};

static void take_answer(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
    struct ticket ticket = *(struct ticket *)arg;
    struct dns_question *question = &ticket.asking->round->questions.at[ticket.number];
    (void)timeouts;
    free(arg);
    ticket.asking->open--;
    ticket.asking->refused += status == ARES_ECONNREFUSED;
    ticket.asking->others += status != ARES_ECONNREFUSED;
    if (status == ARES_ENOTFOUND || status == ARES_ENODATA)
        question->result = DNS_NO_NAME;
    if (status != ARES_SUCCESS || bytes == NULL || len < 0)
        return;
    struct strbuf name = {0};
    question->result = read_answer(&(struct packet){bytes, (size_t)len}, &name);
    if (question->result == DNS_NAME)
        question->name = strbuf_take(&name);
    strbuf_clear(&name);
}

/* "1.2.0.192.in-addr.arpa", or the nibbles of IPv6 (RFC 3596 2.5). */
static void reverse_name(const struct addr *addr, struct strbuf *name)
{
    bool v4 = addr_is_v4(addr);
    for (int i = 15; i >= (v4 ? 12 : 0); i--) {
        unsigned byte = addr->bytes[i];
        if (v4)
            strbuf_format(name, "%u.", byte);
        else
            strbuf_format(name, "%x.%x.", byte & 15, byte >> 4);
    }
    strbuf_add_text(name, v4 ? "in-addr.arpa" : "ip6.arpa");
}

static void ask(struct asking *asking, size_t number)
{
    const struct dns_question *question = &asking->round->questions.at[number];
    struct strbuf name = {0};
    struct ticket *ticket = mem_alloc(sizeof *ticket);
    *ticket = (struct ticket){asking, number};
    reverse_name(&question->addr, &name);
    asking->open++;
    p_ares_query(asking->channel, strbuf_text(&name), IN_CLASS, PTR_TYPE, take_answer, ticket);
    strbuf_clear(&name);
}

static void refill(struct asking *asking)
{
    for (; asking->open < OPEN_MAX && asking->next < asking->round->questions.len; asking->next++)
        if (asking->round->questions.at[asking->next].result == DNS_NO_ANSWER)
            ask(asking, asking->next);
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
static int open_channel(struct asking *asking, const char *servers, int deadline_ms,
                        struct strbuf *why)
{
    struct ares_options options = {.flags = ARES_FLAG_STAYOPEN, .tries = 2};
    options.timeout = deadline_ms / 5 > 20 ? deadline_ms / 5 : 20;
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
    return lost ? strbuf_why(why, "no name server can be reached: %s",
                             p_ares_strerror(ARES_ECONNREFUSED))
                : 0;
}

int dns_round_run(struct dns_round *round, const char *servers, int deadline_ms, struct strbuf *why)
{
    static const struct lazy_symbol symbols[] = {CARES_FUNCTIONS(LAZY_SYMBOL){0}};
    struct asking asking = {.round = round, .deadline = clock_steady_ms() + deadline_ms};
    if (round->questions.len == 0)
        return 0;
    if (lazy_open((const char *const[]){"libcares.so.2", NULL}, symbols, why) != 0)
        return -1;
    if (p_ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
        return strbuf_why(why, "cannot ask name servers: c-ares does not start");
    int result = open_channel(&asking, servers, deadline_ms, why);
    if (result == 0)
        result = ask_all(&asking, why);
    p_ares_library_cleanup();
    return result;
}

#else

int dns_round_run(struct dns_round *round, const char *servers, int deadline_ms, struct strbuf *why)
{
    (void)servers, (void)deadline_ms;
    return round->questions.len == 0
               ? 0
               : strbuf_why(why, "names of addresses cannot be asked for: built without c-ares");
}

#endif
