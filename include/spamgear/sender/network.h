/* network - from how many networks did these addresses come?
 *
 * A botnet is many networks; a phone, an office and a home are three. What a network
 * is can be told by the registrable domain of the verified client name (Public Suffix
 * List, ICANN section, libpsl: all dial-in names of a provider are one network), by
 * address prefix, or by AS number (MaxMind DB, libmaxminddb).
 */
#ifndef SPAMGEAR_SENDER_NETWORK_H
#define SPAMGEAR_SENDER_NETWORK_H

#include "spamgear/base/addr.h"
#include "spamgear/base/strbuf.h"

enum network_by { NETWORK_DOMAIN, NETWORK_PREFIX, NETWORK_ASN };

struct network_settings {
    enum network_by by;
    int prefix4, prefix6;     /* bits; defaults 24 and 48 */
    const char *asn_database; /* path of an mmdb file; NULL without one */
};

struct network_namer; /* the loaded libraries */

/* NULL with why: the AS database or its library is missing, or it is not an ASN database.
 * Without libpsl, by DOMAIN still opens: all networks are prefixes then, and
 * network_describe() says so and why. Caller closes. */
struct network_namer *network_open(const struct network_settings *settings, struct strbuf *why);
void network_close(struct network_namer *namer); /* NULL is fine */

/* Replaces *out by the network's name: "isp-a.example", "203.0.113.0/24", "AS64500".
 * by DOMAIN: the prefix where name is empty, "unknown", or has no registrable domain;
 * by ASN: the prefix where the database does not know the address. */
void network_name(struct network_namer *namer, const struct addr *addr, struct span name,
                  struct strbuf *out);

/* What the report says of it: "networks by domain, else /24 and /48". Appends. */
void network_describe(const struct network_namer *namer, struct strbuf *out);

/* The part of a host name that its owner registered: "cust1.pool.isp.co.uk" -> "isp.co.uk",
 * in lower case, in buf. Empty when the name has none (one label, a public suffix, an
 * address, bytes that no host name has) or without libpsl. */
#define NETWORK_NAME_MAX 254
struct span network_domain(struct network_namer *namer, struct span name,
                           char buf[NETWORK_NAME_MAX]);

#endif
