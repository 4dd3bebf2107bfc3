/* sniff_fuzz - any bytes have kinds, and what must hold of them holds: tags do not depend on what
 * stands before them, what counts at the start only does not count behind it. */
#include "spamgear/base/mem.h"
#include "spamgear/scan/sniff.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint32_t tags = SNIFF_PHP | SNIFF_PHAR | SNIFF_ASP | SNIFF_JSP | SNIFF_HTML | SNIFF_IMAGE;
    char *exact = mem_alloc(size + 1);
    if (size > 0)
        memcpy(exact + 1, data, size);
    *exact = 'x';
    struct span text = {exact + 1, size};
    uint32_t kinds = sniff(text, 0), later = sniff(text, 1);
    need((kinds & ~(SNIFF_BINARY * 2u - 1)) == 0);
    need((later & ~tags) == 0 && (later & kinds) == later);
    need(sniff((struct span){exact, size + 1}, 1) == later);
    need((kinds & SNIFF_BINARY) == 0 || kinds == SNIFF_BINARY);
    need((kinds & SNIFF_PHAR) == 0 || (kinds & SNIFF_PHP) != 0);
    free(exact);
    return 0;
}
