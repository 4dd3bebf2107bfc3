/* dns - names of addresses, many at once (c-ares), with one deadline.
 *
 * One round: add questions, run, read answers. "No answer" (time-out, refused, broken
 * server) is never "no name".
 */
#ifndef SPAMGEAR_NET_DNS_H
#define SPAMGEAR_NET_DNS_H

#include "spamgear/base/addr.h"
#include "spamgear/base/map.h"
#include "spamgear/base/vec.h"

enum dns_result {
    DNS_NAME,     /* a name, cleaned: only letters, digits, - _ . (any other byte becomes _) */
    DNS_NO_NAME,  /* the name server says there is none (NXDOMAIN, no PTR) */
    DNS_NO_ANSWER /* could not tell */
};

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

/* Asks all that have no answer yet (at most 100 open at a time) until answered or deadline_ms
 * have passed. servers: "127.0.0.1:5353,..." or NULL for the system's. 0, or -1 with why when
 * no question could be asked at all, c-ares missing or no server reached (every result stays
 * DNS_NO_ANSWER). */
int dns_round_run(struct dns_round *round, const char *servers, int deadline_ms,
                  struct strbuf *why);

void dns_round_clear(struct dns_round *round);

#endif
