/* dnsbl - is an address or a domain on DNS blocklists (RFC 5782)?
 *
 * All zones are asked at once, each together with its own test points in the same run: 127.0.0.2
 * (or
 * ::ffff:7f00:2, or the domain TEST) must be listed, 127.0.0.1 (::ffff:7f00:1, INVALID) must not. A
 * zone that is dead, lists everything, or refuses us (127.255.255.x, anything outside 127/8) has no
 * answer; it never counts as "listed" nor as "not listed".
 */
#ifndef SPAMGEAR_NET_DNSBL_H
#define SPAMGEAR_NET_DNSBL_H

#include "spamgear/base/addr.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>
#include <stdint.h>

enum dnsbl_kind { DNSBL_IP4 = 1, DNSBL_IP6 = 2, DNSBL_DOMAIN = 4 };

struct dnsbl_code {
    struct prefix answer; /* 127.0.0.2, 127.0.0.4/30 */
    char *meaning;        /* owned */
    char *alias;          /* zone that says the same, or NULL: a listing counts once */
    bool ignored;         /* not a listing (a policy or white list code) */
};

struct dnsbl_zone {
    char *name;                   /* without a dot at the end; owned */
    unsigned kinds;               /* enum dnsbl_kind, or-ed */
    char *group;                  /* listings within one group count once; NULL: its own; owned */
    bool dead;                    /* kept so that who names it learns why; never asked */
    char *note;                   /* "closed 2024-06-05"; may be NULL; owned */
    bool has_test;                /* follows RFC 5782: test points are asked */
    VEC(struct dnsbl_code) codes; /* empty: any 127/8 is a listing */
};

struct dnsbl_zones {
    VEC(struct dnsbl_zone) zones;
};

/* Reads a zone file (docs/dnsbl.md has the format). Every bad line is told through why, the good
 * ones count: -1 then. */
int dnsbl_read(struct dnsbl_zones *zones, const char *path, struct strbuf *why);
int dnsbl_read_text(struct dnsbl_zones *zones, const char *name, struct span text,
                    struct strbuf *why);
void dnsbl_zones_clear(struct dnsbl_zones *zones);

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
    struct strbuf codes;  /* "127.0.0.2 127.0.0.4" */
    struct strbuf reason; /* TXT, one line, escaped, at most 300 bytes */
    struct strbuf why;
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

/* Asks. 0; -1 with why when nothing could be asked at all. */
int dnsbl_run(struct dnsbl_query *query, const struct dnsbl_zones *zones, struct strbuf *why);
/* Listings of a subject, each group counted once. */
unsigned dnsbl_listings(const struct dnsbl_query *query, size_t subject);
void dnsbl_query_clear(struct dnsbl_query *query);

#endif
