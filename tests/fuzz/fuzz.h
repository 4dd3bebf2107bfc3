/* fuzz - what fuzz targets share. */
#ifndef SPAMGEAR_TESTS_FUZZ_H
#define SPAMGEAR_TESTS_FUZZ_H

#include "spamgear/base/span.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* What must be true of any input. */
static inline void hold(bool ok)
{
    if (!ok)
        abort();
}

/* An input that is a name, behind a byte with its length, and a text. Returns the text. */
static inline struct span fuzz_name(const unsigned char *data, size_t size, char name[256])
{
    memset(name, 0, 256);
    if (size == 0)
        return (struct span){"", 0};
    size_t len = *data < size - 1 ? *data : size - 1;
    memcpy(name, data + 1, len);
    return (struct span){(const char *)data + 1 + len, size - 1 - len};
}

#endif
