/* addr - IPv4 and IPv6 addresses and prefixes.
 *
 * Both families are held as 16 bytes (IPv4 as ::ffff:a.b.c.d, RFC 4291 2.5.5.2), so
 * an IPv4-mapped IPv6 address is the IPv4 address it means.
 */
#ifndef SPAMGEAR_BASE_ADDR_H
#define SPAMGEAR_BASE_ADDR_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include <stdbool.h>

struct addr {
    unsigned char bytes[16];
};

struct prefix {
    struct addr addr;
    int bits; /* of 128 */
};

/* "192.0.2.1", "2001:db8::1", "IPv6:2001:db8::1", a zone "%eth0" is dropped. False when it is none.
 */
bool addr_parse(struct span text, struct addr *addr);
bool addr_is_v4(const struct addr *addr);
bool addr_is_loopback(const struct addr *addr);
/* Canonical text (RFC 5952), IPv4 dotted; out holds 46 bytes. */
void addr_format(const struct addr *addr, char out[46]);

/* An address or address/bits (bits of its own family). Host bits may be set: they are ignored. */
bool prefix_parse(struct span text, struct prefix *prefix);
/* Takes the next word off a list such as "192.0.2.1, 2001:db8::/32" (blanks, commas and line ends
 * part the words): *text moves on behind it. 1 = a prefix, 0 = the end, -1 = *word is none. */
int prefix_take(const char **text, struct span *word, struct prefix *prefix);
bool prefix_holds(const struct prefix *prefix, const struct addr *addr);
bool prefixes_hold(const struct prefix *prefixes, size_t len, const struct addr *addr); /* any */
/* The network of an address: its first bits4 or bits6 bits, the rest zero. */
struct prefix prefix_of(const struct addr *addr, int bits4, int bits6);
/* "192.0.2.0/24"; appends. */
void prefix_format(struct strbuf *out, const struct prefix *prefix);

#endif
