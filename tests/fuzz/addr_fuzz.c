/* addr_fuzz - what is an address is written so that it reads as the same address, and
 * a network holds the addresses it was made of. */
#include "fuzz.h"
#include "spamgear/base/addr.h"

#include <stdlib.h>

static void check_addr(struct span text, int bits)
{
    struct addr addr, again;
    char out[46];
    if (!addr_parse(text, &addr))
        return;
    addr_format(&addr, out);
    hold(addr_parse(span_text(out), &again) && memcmp(&addr, &again, sizeof addr) == 0);
    struct prefix network = prefix_of(&addr, bits, bits);
    hold(prefix_holds(&network, &addr));
    hold(memchr(text.at, '\0', text.len) == NULL);
}

static void check_prefix(struct span text)
{
    struct prefix prefix, again;
    struct strbuf out = {0};
    if (!prefix_parse(text, &prefix))
        return;
    prefix_format(&out, &prefix);
    hold(prefix_parse(strbuf_span(&out), &again) && prefix.bits == again.bits);
    hold(memcmp(&prefix.addr, &again.addr, sizeof prefix.addr) == 0);
    hold(prefix_holds(&prefix, &prefix.addr));
    strbuf_clear(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *exact = malloc(size == 0 ? 1 : size); /* its own end, for the sanitizer */
    if (size > 0)
        memcpy(exact, data, size);
    check_addr((struct span){exact, size}, size == 0 ? 0 : data[size - 1]);
    check_prefix((struct span){exact, size});
    free(exact);
    return 0;
}
