/* dnsbl_zones_fuzz - any bytes are a zone file, with bad lines or without; what is kept can be
 * asked for. A bad line never costs its neighbours. */
#include "spamgear/net/dnsbl.h"

#include <ctype.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_zone(const struct dnsbl_zones *zones, const struct dnsbl_zone *zone)
{
    check(dnsbl_is_name(span_text(zone->name)) && strlen(zone->name) <= 189);
    for (const char *c = zone->name; *c != '\0'; c++)
        check(!isupper((unsigned char)*c));
    check(dnsbl_zone_get(zones, span_text(zone->name)) == zone); /* no name twice */
    check(zone->dead ? zone->kinds == 0 : zone->kinds > 0 && zone->kinds <= 7);
    check(zone->test == NULL || dnsbl_is_name(span_text(zone->test)));
    for (size_t i = 0; i < zone->codes.len; i++) {
        const struct dnsbl_code *code = &zone->codes.at[i];
        check(code->bit == 0 ? addr_is_v4(&code->answer.addr)
                             : code->bit <= 128 && (code->bit & (code->bit - 1)) == 0);
    }
}

static void check_file(struct span text)
{
    struct dnsbl_zones zones = {0};
    struct strbuf why = {0};
    int result = dnsbl_read_text(&zones, "zones", text, &why);
    check((result == 0) == (why.len == 0));
    for (size_t i = 0; i < zones.zones.len; i++)
        check_zone(&zones, &zones.zones.at[i]);
    size_t count = zones.zones.len;
    dnsbl_read_text(&zones, "zones", SPAN("\nzone last.fuzz ip4\ncode 127.0.0.2\n"), NULL);
    check(zones.zones.len == count + 1 || dnsbl_zone_get(&zones, SPAN("last.fuzz")) != NULL);
    dnsbl_zones_clear(&zones);
    strbuf_clear(&why);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size <= 8192)
        check_file((struct span){(const char *)data, size});
    return 0;
}
