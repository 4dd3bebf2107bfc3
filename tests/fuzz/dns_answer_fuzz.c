/* dns_answer_fuzz - any packet is an answer or none; what comes out of it is bounded. The first
 * byte chooses the type that was asked for. */
#include "spamgear/net/dns_packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static bool is_clean(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] <= ' ' || name.at[i] > '~')
            return false;
    return name.len <= 255;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const enum dns_type types[] = {DNS_A, DNS_PTR, DNS_TXT, DNS_AAAA};
    struct dns_records records = {0};
    if (size == 0)
        return 0;
    enum dns_type type = types[data[0] % 4];
    enum dns_result result =
        dns_packet_read((struct span){(const char *)data + 1, size - 1}, type, &records);
    bool addresses = type == DNS_A || type == DNS_AAAA;
    check(records.addrs.len <= 64 && (addresses || records.addrs.len == 0));
    check(!addresses || records.text.len == 0);
    check(result != DNS_NAME || !addresses || records.addrs.len > 0);
    check(result != DNS_NO_NAME || (records.addrs.len == 0 && records.text.len == 0));
    check(type != DNS_PTR || is_clean(strbuf_span(&records.text)));
    check(records.text.len <= 4096 + 2 * size);
    for (size_t i = 0; i < records.addrs.len && type == DNS_A; i++)
        check(addr_is_v4(&records.addrs.at[i]));
    dns_records_clear(&records);
    return 0;
}
