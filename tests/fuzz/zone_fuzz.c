/* zone_fuzz - any bytes are the name of a zone or none; asking moves nobody's clocks.
 *
 * Some bytes stand for a whole zone or a piece of a path, so that names that exist,
 * and ones that nearly do, are tried often.
 */
#include "spamgear/log/zone.h"

#include <stdlib.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static size_t make_name(char out[256], const unsigned char *data, size_t size)
{
    static const char *const pieces[] = {"Europe/Madrid", "America/New_York", "Etc/GMT+5", "UTC",
                                         "Europe",        "right/",           "../",       "//"};
    size_t len = 0;
    for (size_t i = 0; i < size && len < 200; i++) {
        if (data[i] < 0xf8)
            out[len++] = (char)data[i];
        else
            len = (size_t)(stpcpy(out + len, pieces[data[i] - 0xf8]) - out);
    }
    return len;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const int64_t times[] = {0,          951782400,    1774745900, 1792889100,
                                    4102444800, 253402300799, -1,         -62135596800};
    char name[256];
    struct zone_offsets o;
    setenv("TZ", "<-03>3", 1);
    tzset();
    size_t len = size == 0 ? 0 : make_name(name, data + 1, size - 1);
    struct span span = {name, len};
    bool known = zone_named(span, times[size == 0 ? 0 : data[0] % 8], &o);
    if (abs(o.first_s) > 27 * 3600 || abs(o.second_s) > 27 * 3600 || o.first_s < o.second_s)
        abort();
    if (!known && (o.first_s != 0 || o.second_s != 0))
        abort();
    if (known && (len == 0 || len > 47 || *name == '/' || memchr(name, '.', len) != NULL))
        abort();
    if (strcmp(getenv("TZ"), "<-03>3") != 0 || zone_offset_here(times[0]) != -10800)
        abort();
    return 0;
}
