/* dns - many questions at once (c-ares), with one deadline.
 *
 * A batch asks for any names; a round asks for the names of addresses. Add questions, run, read
 * answers. "No answer" (time-out, refused, broken server) is never "no name".
 */
#ifndef SPAMGEAR_NET_DNS_H
#define SPAMGEAR_NET_DNS_H

#include "spamgear/base/addr.h"
#include "spamgear/base/map.h"
#include "spamgear/base/vec.h"
#include "spamgear/net/dns_packet.h"

struct dns_ask {
    char *name; /* owned */
    enum dns_type type;
    enum dns_result result; /* DNS_NO_ANSWER until answered */
    const char *why;        /* DNS_NO_ANSWER only: "time-out", "SERVFAIL"; static */
    struct dns_records records;
};

struct dns_batch {
    VEC(struct dns_ask) asks;
    /* Called after each answer, and for what is open when the time is over; may add questions.
     * NULL is none. */
    void (*answered)(struct dns_batch *batch, size_t number);
    void *arg; /* for answered */
};

/* {0} is an empty batch. Number of the question; copies the name. */
size_t dns_batch_add(struct dns_batch *batch, const char *name, enum dns_type type);

/* Asks all (at most 100 open at a time, in the order added) until answered or deadline_ms have
 * passed. A server is asked twice: for try_ms (0: a fifth of the deadline), then for double that.
 * servers: "127.0.0.1:5353,..." or NULL for the system's. 0, or -1 with why when no question
 * could be asked at all, c-ares missing or no server reached (every result stays
 * DNS_NO_ANSWER). A batch runs once. */
int dns_batch_run(struct dns_batch *batch, const char *servers, int deadline_ms, int try_ms,
                  struct strbuf *why);
void dns_batch_clear(struct dns_batch *batch);

/* Appends the address as DNS has it, lowest part first, a dot at the end: "1.2.0.192.". */
void dns_reverse(const struct addr *addr, struct strbuf *name);

struct dns_question {
    struct addr addr;
    enum dns_result result; /* DNS_NO_ANSWER until answered */
    char *name;             /* DNS_NAME only; freed by dns_round_clear */
};

struct dns_round {
    VEC(struct dns_question) questions; /* each address once, in the order added */
    struct map index;                   /* the address's 16 bytes to its number in questions */
};

/* {0} is an empty round. Number of the question for this address, new or known. */
size_t dns_round_add(struct dns_round *round, const struct addr *addr);

/* dns_batch_run for all that have no answer yet. DNS_NAME: a name, cleaned. */
int dns_round_run(struct dns_round *round, const char *servers, int deadline_ms,
                  struct strbuf *why);

void dns_round_clear(struct dns_round *round);

#endif
