/* dns_packet - what a name server's packet says (RFC 1035 4.1), read without trust.
 *
 * Answers are read here and not by the library: whoever owns a name or an address writes the
 * records, and the library refuses a whole answer for one odd byte.
 */
#ifndef SPAMGEAR_NET_DNS_PACKET_H
#define SPAMGEAR_NET_DNS_PACKET_H

#include "spamgear/base/addr.h"
#include "spamgear/base/vec.h"

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_TXT = 16, DNS_AAAA = 28 };

enum dns_result {
    DNS_NAME,     /* there are records of the type asked for */
    DNS_NO_NAME,  /* the name server says there is none (NXDOMAIN, none of this type) */
    DNS_NO_ANSWER /* could not tell */
};

struct dns_records {
    VEC(struct addr) addrs; /* A, AAAA: at most 64 */
    struct strbuf text;     /* TXT: any bytes, records parted by "; ", at most 4096.
                               PTR: the first name, any byte but letters, digits and - is _ */
};

/* Reads the records of a type (enum dns_type) in the answer section; aliases (CNAME) before them
 * are passed over. Malformed is DNS_NO_ANSWER, and records may hold what stood before. */
enum dns_result dns_packet_read(struct span packet, unsigned type, struct dns_records *records);
void dns_records_clear(struct dns_records *records);

#endif
