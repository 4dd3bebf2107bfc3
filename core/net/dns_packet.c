/* dns_packet - the records of a DNS answer (RFC 1035 4.1).
 *
 * Every offset and length in it was written by a stranger: each is checked against the packet's
 * end before it is used, and compression pointers may only lead back.
 */
#include "spamgear/net/dns_packet.h"

#define NAME_MAX_BYTES 255 /* RFC 1035 2.3.4 */
#define ADDRS_MAX      64
#define TEXT_MAX       4096

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

static void add_addr(const struct packet *packet, size_t offset, size_t len,
                     struct dns_records *records)
{
    struct addr addr = {{[10] = 0xff, 0xff}};
    if (records->addrs.len == ADDRS_MAX)
        return;
    memcpy(addr.bytes + 16 - len, packet->at + offset, len);
    *vec_add(&records->addrs) = addr;
}

/* A TXT record is one or more strings, each with its length before it (RFC 1035 3.3.14). */
static bool add_text(const struct packet *packet, size_t offset, size_t end,
                     struct dns_records *records)
{
    if (records->text.len > 0)
        strbuf_add_text(&records->text, "; ");
    while (offset < end) {
        size_t len = packet->at[offset++];
        if (offset + len > end)
            return false;
        if (records->text.len + len <= TEXT_MAX)
            strbuf_add(&records->text, (const char *)packet->at + offset, len);
        offset += len;
    }
    return true;
}

/* One record of the type asked for. */
static bool add_record(const struct packet *packet, size_t offset, size_t end, unsigned type,
                       struct dns_records *records)
{
    size_t len = end - offset;
    switch (type) {
    case DNS_A:
    case DNS_AAAA:
        if (len != (type == DNS_A ? 4 : 16))
            return false;
        add_addr(packet, offset, len, records);
        return true;
    case DNS_TXT: return add_text(packet, offset, end, records);
    default: return records->text.len > 0 || read_name(packet, offset, &records->text);
    }
}

/* The empty name is none. */
static enum dns_result verdict(const struct dns_records *records, unsigned type, bool found)
{
    return found && (type != DNS_PTR || records->text.len > 0) ? DNS_NAME : DNS_NO_NAME;
}

enum dns_result dns_packet_read(struct span bytes, unsigned type, struct dns_records *records)
{
    struct packet packet = {(const unsigned char *)bytes.at, bytes.len};
    bool found = false;
    size_t offset = packet.len < 12 ? 0 : skip_questions(&packet);
    if (offset == 0)
        return DNS_NO_ANSWER;
    for (unsigned i = number_at(&packet, 6); i > 0; i--) {
        offset = skip_name(&packet, offset);
        if (offset == 0 || offset + 10 > packet.len)
            return DNS_NO_ANSWER;
        unsigned its_type = number_at(&packet, offset);
        size_t end = offset + 10 + number_at(&packet, offset + 8);
        if (end > packet.len ||
            (its_type == type && !add_record(&packet, offset + 10, end, type, records)))
            return DNS_NO_ANSWER;
        found = found || its_type == type;
        offset = end;
    }
    return verdict(records, type, found);
}

void dns_records_clear(struct dns_records *records)
{
    vec_clear(&records->addrs);
    strbuf_clear(&records->text);
}
