/* Any bytes as a clamd.conf: a usable place, or a reason; never a control byte in a path. */
#include "spamgear/net/clamd.h"

#include <stdlib.h>
#include <sys/un.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(const char *text, size_t max)
{
    if (text == NULL)
        return;
    if (*text == '\0' || strlen(text) > max)
        abort();
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct clamd_place place;
    struct strbuf why = {0};
    int result = clamd_place_parse(&place, (struct span){(const char *)data, size}, "f", &why);
    check(place.socket, sizeof((struct sockaddr_un *)NULL)->sun_path - 1);
    check(place.host, 1025);
    check(place.port, size);
    if (result == 0 ? place.socket == NULL && (place.host == NULL || place.port == NULL)
                    : why.len == 0 || place.socket != NULL)
        abort();
    clamd_place_clear(&place);
    strbuf_clear(&why);
    return 0;
}
