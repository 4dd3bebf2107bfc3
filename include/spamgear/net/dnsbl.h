/* dnsbl - is an address or a domain on DNS blocklists (RFC 5782)?
 *
 * All zones are asked at once, each for its own test points in the same run: 127.0.0.2 (or
 * ::ffff:7f00:2, or the domain TEST) must be listed, 127.0.0.1 (::ffff:7f00:1, INVALID) must not.
 * A zone that is dead, lists everything, or refuses us (127.255.255.x, anything outside 127/8)
 * has no answer; it never counts as "listed" nor as "not listed".
 */
#ifndef SPAMGEAR_NET_DNSBL_H
#define SPAMGEAR_NET_DNSBL_H

#include "spamgear/base/addr.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>
#include <stdint.h>

enum dnsbl_kind { DNSBL_IP4 = 1, DNSBL_IP6 = 2, DNSBL_DOMAIN = 4 };

enum dnsbl_sense {
    DNSBL_MEANS_LISTED,
    DNSBL_MEANS_NOTHING, /* a policy or white list code */
    DNSBL_MEANS_REFUSED  /* an error of the list's, told as an address */
};

struct dnsbl_code {
    struct prefix answer; /* 127.0.0.2, 127.0.0.4/30 */
    unsigned bit;         /* not 0: this bit of the answer's last byte instead of `answer` */
    char *meaning;        /* owned */
    char *alias;          /* zone that says the same, or NULL: a listing counts once; owned */
    enum dnsbl_sense sense;
};

struct dnsbl_zone {
    char *name;                   /* lower case, without a dot at the end; owned */
    unsigned kinds;               /* enum dnsbl_kind, or-ed */
    char *group;                  /* listings within one group count once; NULL: its own; owned */
    bool dead;                    /* kept so that who names it learns why; never asked */
    char *note;                   /* "closed 2024-06-05"; may be NULL; owned */
    bool has_test;                /* follows RFC 5782: test points are asked */
    char *test;                   /* the domain that is listed for tests, NULL: TEST; owned */
    bool doubtful;                /* nobody knows whether it lives: its silence is no surprise */
    VEC(struct dnsbl_code) codes; /* an answer of 127/8 that none of them tells is a listing */
};

struct dnsbl_zones {
    VEC(struct dnsbl_zone) zones;
};

/* Reads a zone file (docs/dnsbl.md has the format). Every bad line is told through why, the good
 * ones count: -1 then. */
int dnsbl_read(struct dnsbl_zones *zones, const char *path, struct strbuf *why);
int dnsbl_read_text(struct dnsbl_zones *zones, const char *name, struct span text,
                    struct strbuf *why);
/* The zone of this name, NULL when there is none. Borrowed until zones are added. */
struct dnsbl_zone *dnsbl_zone_get(const struct dnsbl_zones *zones, struct span name);
/* Keeps the zones of these names only, in their order; one that is not there is added as a tested
 * list of addresses, or of domains too when it is said so. -1 with why when a name is none. */
int dnsbl_zones_keep(struct dnsbl_zones *zones, const struct texts *names, unsigned kinds,
                     struct strbuf *why);
void dnsbl_zones_clear(struct dnsbl_zones *zones);

/* A name that DNS can be asked for: letters, digits, - and _ in labels of at most 63 bytes, 189
 * bytes in all, so that a reversed IPv6 address fits before it. A dot may end it. */
bool dnsbl_is_name(struct span name);

enum dnsbl_state {
    DNSBL_NOT_ASKED, /* dead, or not of this kind */
    DNSBL_CLEAR,
    DNSBL_LISTED,
    DNSBL_NO_ANSWER /* why says it: time-out, SERVFAIL, "lists everything", "refuses us" */
};

struct dnsbl_answer {
    const struct dnsbl_zone *zone; /* borrowed */
    size_t subject;                /* index of the address or domain */
    enum dnsbl_state state;
    struct strbuf codes;   /* "127.0.0.2 127.0.0.4" */
    struct strbuf meaning; /* of the codes, as the zone file tells it; may be empty */
    struct strbuf reason;  /* TXT, one line, escaped, at most 300 bytes */
    struct strbuf why;
    VEC(const char *) keys; /* under which the listing counts: group, alias or zone; borrowed */
};

struct dnsbl_subject {
    struct addr addr; /* has_addr */
    bool has_addr;
    char *name; /* the domain, or the address as text; owned */
};

struct dnsbl_query {
    VEC(struct dnsbl_subject) subjects;
    const char *servers; /* "127.0.0.1:5353"; NULL: the system's */
    int deadline_ms, try_ms;
    VEC(struct dnsbl_answer) answers; /* zones x subjects, filled by dnsbl_run */
};

/* Adds an address, or a domain (addr is NULL then). Copies. */
void dnsbl_query_add(struct dnsbl_query *query, const char *name, const struct addr *addr);

/* Asks. 0; -1 with why when nothing could be asked at all. Once a query. */
int dnsbl_run(struct dnsbl_query *query, const struct dnsbl_zones *zones, struct strbuf *why);
/* Listings of a subject, each group counted once. */
unsigned dnsbl_listings(const struct dnsbl_query *query, size_t subject);
void dnsbl_query_clear(struct dnsbl_query *query);

#endif
