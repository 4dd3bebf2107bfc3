/* addr - IPv4 and IPv6 addresses and prefixes, in 16 bytes.
 *
 * The reading is left to inet_pton(), which takes no octal, hexadecimal or
 * shortened IPv4 forms, so an address has one meaning only. It wants strings,
 * and spans may hold NUL: to_string() refuses those, and what is too long.
 * Surprise: the families do not mix. "::/0" holds every IPv6 address and no
 * IPv4 one, although IPv4 is kept inside ::ffff:0:0/96.
 */
#include "spamgear/base/addr.h"

#include <arpa/inet.h>
#include <strings.h>

static const unsigned char v4_head[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool to_string(struct span text, char out[INET6_ADDRSTRLEN])
{
    if (text.len == 0 || text.len >= INET6_ADDRSTRLEN || memchr(text.at, 0, text.len) != NULL)
        return false;
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return true;
}

static bool parse_v4(struct span text, struct addr *addr)
{
    char string[INET6_ADDRSTRLEN];
    unsigned char bytes[4];
    if (!to_string(text, string) || inet_pton(AF_INET, string, bytes) != 1)
        return false;
    memcpy(addr->bytes, v4_head, sizeof v4_head);
    memcpy(addr->bytes + sizeof v4_head, bytes, sizeof bytes);
    return true;
}

static bool parse_v6(struct span text, struct addr *addr)
{
    char string[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    if (!to_string(text, string) || inet_pton(AF_INET6, string, bytes) != 1)
        return false;
    memcpy(addr->bytes, bytes, sizeof bytes);
    return true;
}

/* "fe80::1%eth0": the zone means something on one machine only (RFC 4007 11). False
 * when it is empty or no name of an interface could be so. */
static bool drop_zone(struct span *text)
{
    const char *percent = memchr(text->at, '%', text->len), *end = span_end(*text);
    if (percent == NULL)
        return true;
    for (const char *p = percent + 1; p < end; p++)
        if (*p <= ' ' || *p > '~')
            return false;
    *text = span_of(text->at, percent);
    return percent + 1 < end;
}

static bool is_v6_text(struct span text)
{
    return text.len > 0 && memchr(text.at, ':', text.len) != NULL;
}

bool addr_parse(struct span text, struct addr *addr)
{
    const struct span tag = SPAN("IPv6:"); /* RFC 5321 4.1.3 */
    if (!is_v6_text(text))
        return parse_v4(text, addr);
    if (text.len >= tag.len && strncasecmp(text.at, tag.at, tag.len) == 0)
        text = span_skip(text, tag.len);
    return text.len > 0 && drop_zone(&text) && parse_v6(text, addr);
}

bool addr_is_v4(const struct addr *addr)
{
    return memcmp(addr->bytes, v4_head, sizeof v4_head) == 0;
}

bool addr_is_loopback(const struct addr *addr)
{
    static const unsigned char v6[16] = {[15] = 1};
    return addr_is_v4(addr) ? addr->bytes[12] == 127 : memcmp(addr->bytes, v6, sizeof v6) == 0;
}

void addr_format(const struct addr *addr, char out[46])
{
    if (addr_is_v4(addr))
        inet_ntop(AF_INET, addr->bytes + sizeof v4_head, out, 46);
    else
        inet_ntop(AF_INET6, addr->bytes, out, 46);
}

/* bits past the end of the prefix become zero. */
static void cut_host(struct prefix *prefix)
{
    for (int i = 0; i < 16; i++) {
        int keep = prefix->bits - 8 * i;
        if (keep <= 0)
            prefix->addr.bytes[i] = 0;
        else if (keep < 8)
            prefix->addr.bytes[i] &= (unsigned char)(0xff << (8 - keep));
    }
}

bool prefix_parse(struct span text, struct prefix *prefix)
{
    const char *slash = text.len == 0 ? NULL : memchr(text.at, '/', text.len);
    struct span address = slash == NULL ? text : span_of(text.at, slash);
    struct prefix p = {.bits = 128};
    if (!addr_parse(address, &p.addr))
        return false;
    if (slash != NULL) {
        int most = is_v6_text(address) ? 128 : 32;
        unsigned long long bits;
        if (!span_number(span_of(slash + 1, span_end(text)), &bits) ||
            bits > (unsigned long long)most)
            return false;
        p.bits = 128 - most + (int)bits;
    }
    cut_host(&p);
    *prefix = p;
    return true;
}

static bool is_v4_prefix(const struct prefix *prefix)
{
    return prefix->bits >= 96 && addr_is_v4(&prefix->addr);
}

int prefix_take(const char **text, struct span *word, struct prefix *prefix)
{
    static const char gaps[] = ", \t\n";
    const char *at = *text + strspn(*text, gaps);
    *word = (struct span){at, strcspn(at, gaps)};
    *text = at + word->len;
    if (word->len == 0)
        return 0;
    return prefix_parse(*word, prefix) ? 1 : -1;
}

bool prefix_holds(const struct prefix *prefix, const struct addr *addr)
{
    if (is_v4_prefix(prefix) != addr_is_v4(addr))
        return false;
    struct prefix p = {.addr = *addr, .bits = prefix->bits};
    cut_host(&p);
    return memcmp(p.addr.bytes, prefix->addr.bytes, sizeof p.addr.bytes) == 0;
}

bool prefixes_hold(const struct prefix *prefixes, size_t len, const struct addr *addr)
{
    for (size_t i = 0; i < len; i++)
        if (prefix_holds(&prefixes[i], addr))
            return true;
    return false;
}

static int between(int low, int n, int high)
{
    return n < low ? low : n > high ? high : n;
}

struct prefix prefix_of(const struct addr *addr, int bits4, int bits6)
{
    struct prefix p = {.addr = *addr};
    p.bits = addr_is_v4(addr) ? 96 + between(0, bits4, 32) : between(0, bits6, 128);
    cut_host(&p);
    return p;
}

void prefix_format(struct strbuf *out, const struct prefix *prefix)
{
    char text[46];
    addr_format(&prefix->addr, text);
    strbuf_format(out, "%s/%d", text, is_v4_prefix(prefix) ? prefix->bits - 96 : prefix->bits);
}
