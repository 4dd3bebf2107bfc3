/* features - the libraries that this build can use, and what it finds of them.
 */
#ifndef SPAMGEAR_BASE_FEATURES_H
#define SPAMGEAR_BASE_FEATURES_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stddef.h>

struct feature {
    const char *name;    /* "zlib" */
    const char *purpose; /* "reads .gz logs" */
    const char *built;   /* version of the headers; NULL = left out of this build */
    const char *const *sonames;
    const char *version_symbol; /* the function that tells the version; NULL = there is none */
    void (*tell)(void (*function)(void), struct strbuf *out); /* calls it by its real type */
};

/* Every library but libc, sorted; count through *len. */
const struct feature *feature_all(size_t *len);

/* Loads the library and appends its own version ("" when it tells none). 0, or -1 with why. */
int feature_version(const struct feature *feature, struct strbuf *out, struct strbuf *why);

#endif
