/* dns_packet - answers by hand: what each type's records become, and what is malformed. */
#include "spamgear/net/dns_packet.h"

#include "test.h"

/* An answer to "x.test" with `count` records in the answer section. */
#define HEAD(count)  "\0\1\x81\x80\0\1\0" count "\0\0\0\0\1x\4test\0\0\1\0\1"
#define A(bytes)     "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" bytes
#define CNAME        "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x0e"
#define TXT(len)     "\xc0\x0c\0\x10\0\1\0\0\0\x3c\0" len
#define PACKET(text) (text), sizeof(text) - 1

static const struct {
    const char *name;
    enum dns_type type;
    const char *packet;
    size_t len;
    enum dns_result result;
    size_t addrs;
    const char *text;
} packets[] = {
    {"one address", DNS_A, PACKET(HEAD("\1") A("\x7f\0\0\2")), DNS_NAME, 1, ""},
    {"two addresses behind an alias", DNS_A,
     PACKET(HEAD("\3") CNAME A("\x7f\0\0\2") A("\x7f\0\0\4")), DNS_NAME, 2, ""},
    {"only an alias", DNS_A, PACKET(HEAD("\1") CNAME), DNS_NO_NAME, 0, ""},
    {"no records", DNS_A, PACKET(HEAD("\0")), DNS_NO_NAME, 0, ""},
    {"a record less than told", DNS_A, PACKET(HEAD("\2") A("\x7f\0\0\2")), DNS_NO_ANSWER, 1, ""},
    {"a cut address", DNS_A, PACKET(HEAD("\1") A("\x7f\0\0")), DNS_NO_ANSWER, 0, ""},
    {"an address of two bytes", DNS_A, PACKET(HEAD("\1") "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\2\x7f\0"),
     DNS_NO_ANSWER, 0, ""},
    {"an address of the other family", DNS_AAAA, PACKET(HEAD("\1") A("\x7f\0\0\2")), DNS_NO_NAME, 0,
     ""},
    {"text in two strings and two records", DNS_TXT,
     PACKET(HEAD("\2") TXT("\6") "\2ab\2c|" TXT("\2") "\1d"), DNS_NAME, 0, "abc|; d"},
    {"text that is longer than its record", DNS_TXT, PACKET(HEAD("\1") TXT("\2") "\5a"),
     DNS_NO_ANSWER, 0, ""},
    {"empty text", DNS_TXT, PACKET(HEAD("\1") TXT("\1") "\0"), DNS_NAME, 0, ""},
    {"a header only", DNS_A, PACKET("\0\1\x81\x80\0\1\0\1\0\0\0\0"), DNS_NO_ANSWER, 0, ""},
    {"nothing", DNS_A, PACKET(""), DNS_NO_ANSWER, 0, ""},
};

int main(void)
{
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        struct dns_records records = {0};
        struct span packet = {packets[i].packet, packets[i].len};
        test_number(packets[i].name, dns_packet_read(packet, packets[i].type, &records),
                    packets[i].result);
        test_number(packets[i].name, (int64_t)records.addrs.len, (int64_t)packets[i].addrs);
        test_text(packets[i].name, strbuf_text(&records.text), packets[i].text);
        dns_records_clear(&records);
    }
    return test_end();
}
