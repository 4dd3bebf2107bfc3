/* features - a row a library. The version functions are looked up by name, since this file
 * may include no library's header: each header belongs to the one module that wraps it. */
#include "spamgear/base/features.h"

#include "spamgear/base/lazy.h"

/* The build defines HAVE_X, and BUILT_X as a string, for what it found. */
#ifndef BUILT_ZLIB
#define BUILT_ZLIB NULL
#endif
#ifndef BUILT_LZMA
#define BUILT_LZMA NULL
#endif
#ifndef BUILT_ZSTD
#define BUILT_ZSTD NULL
#endif
#ifndef BUILT_CARES
#define BUILT_CARES NULL
#endif
#ifndef BUILT_PSL
#define BUILT_PSL NULL
#endif
#ifndef BUILT_MAXMINDDB
#define BUILT_MAXMINDDB NULL
#endif
#ifndef BUILT_SYSTEMD
#define BUILT_SYSTEMD NULL
#endif

#define SONAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct feature features[] = {
    {"c-ares", "resolves client addresses", BUILT_CARES, SONAMES("libcares.so.2"), "ares_version"},
    {"liblzma", "reads .xz logs", BUILT_LZMA, SONAMES("liblzma.so.5"), "lzma_version_string"},
    {"libmaxminddb", "networks by AS number", BUILT_MAXMINDDB, SONAMES("libmaxminddb.so.0"),
     "MMDB_lib_version"},
    {"libpsl", "networks by registrable domain", BUILT_PSL, SONAMES("libpsl.so.5"),
     "psl_get_version"},
    {"libsystemd", "reads the journal", BUILT_SYSTEMD, SONAMES("libsystemd.so.0"), NULL},
    {"libzstd", "reads .zst logs", BUILT_ZSTD, SONAMES("libzstd.so.1"), "ZSTD_versionString"},
    {"zlib", "reads .gz logs", BUILT_ZLIB, SONAMES("libz.so.1"), "zlibVersion"},
};

const struct feature *feature_all(size_t *len)
{
    *len = sizeof features / sizeof *features;
    return features;
}

int feature_version(const struct feature *feature, struct strbuf *out, struct strbuf *why)
{
    const char *(*version)(void *) = NULL; /* ares_version fills *argument when it is not NULL */
    struct lazy_symbol symbols[] = {{feature->version_symbol, (void **)&version}, {NULL, NULL}};
    if (lazy_open(feature->sonames, symbols, why) != 0)
        return -1;
    const char *text = version != NULL ? version(NULL) : NULL;
    strbuf_add_text(out, text != NULL ? text : "");
    return 0;
}
