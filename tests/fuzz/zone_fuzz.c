/* zone_fuzz - any bytes are a time zone file or none, and offsets stay within reason. */
#include "spamgear/log/zone.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const int64_t times[] = {0,          951782400,    1774745900, 1792889100,
                                    4102444800, 253402300799, -1,         -62135596800};
    struct zone *zone = zone_parse((struct span){(const char *)data, size});
    for (size_t i = 0; zone != NULL && i < sizeof times / sizeof *times; i++) {
        struct zone_offsets o = zone_offsets_at(zone, times[i]);
        if (abs(o.first_s) > 27 * 3600 || abs(o.second_s) > 27 * 3600 || o.first_s < o.second_s)
            abort();
    }
    zone_free(zone);
    return 0;
}
