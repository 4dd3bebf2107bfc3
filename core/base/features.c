/* features - a row a library. Versions are asked by functions that are looked up by name, since
 * this file may include no library's header: each header belongs to the one module that
 * wraps it. */
#include "spamgear/base/features.h"

#include "spamgear/base/lazy.h"
#include <stdint.h>

/* The build defines HAVE_X, and BUILT_X as a string, for what it found. */
#ifndef BUILT_PCRE2
#define BUILT_PCRE2 NULL
#endif
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
#ifndef BUILT_CRYPTO
#define BUILT_CRYPTO NULL
#endif
#ifndef BUILT_CURL
#define BUILT_CURL NULL
#endif
#ifndef BUILT_PSL
#define BUILT_PSL NULL
#endif
#ifndef BUILT_MAXMINDDB
#define BUILT_MAXMINDDB NULL
#endif
#ifndef BUILT_CLAMAV
#define BUILT_CLAMAV NULL
#endif
#ifndef BUILT_SECCOMP
#define BUILT_SECCOMP NULL
#endif
#ifndef BUILT_SQLITE
#define BUILT_SQLITE NULL
#endif
#ifndef BUILT_ESMTP
#define BUILT_ESMTP NULL
#endif
#ifndef BUILT_MARIADB
#define BUILT_MARIADB NULL
#endif
#ifndef BUILT_PQ
#define BUILT_PQ NULL
#endif
#ifndef BUILT_SYSTEMD
#define BUILT_SYSTEMD NULL
#endif

#define CRYPTO_VERSION 6  /* OPENSSL_VERSION_STRING of openssl/crypto.h */
#define PCRE2_VERSION  11 /* PCRE2_CONFIG_VERSION of pcre2.h: part of its ABI */

static void tell_text(void (*function)(void), struct strbuf *out)
{
    const char *text = ((const char *(*)(void))function)();
    strbuf_add_text(out, text != NULL ? text : "");
}

static void tell_cares(void (*function)(void), struct strbuf *out)
{
    strbuf_add_text(out, ((const char *(*)(int *))function)(NULL));
}

static void tell_esmtp(void (*function)(void), struct strbuf *out)
{
    char text[64] = "";
    ((int (*)(void *, size_t, int))function)(text, sizeof text, 0);
    strbuf_add_text(out, text);
}

/* 150018 is 15.18 */
static void tell_pq(void (*function)(void), struct strbuf *out)
{
    int version = ((int (*)(void))function)();
    strbuf_format(out, "%d.%d", version / 10000, version % 10000);
}

static void tell_crypto(void (*function)(void), struct strbuf *out)
{
    strbuf_add_text(out, ((const char *(*)(int))function)(CRYPTO_VERSION));
}

/* "libcurl/7.88.1 OpenSSL/3.0.22 ..." */
static void tell_curl(void (*function)(void), struct strbuf *out)
{
    const char *text = ((const char *(*)(void))function)();
    text += strncmp(text, "libcurl/", 8) == 0 ? 8 : 0;
    strbuf_add(out, text, strcspn(text, " "));
}

/* "10.42 2022-12-11", into a buffer whose size the same function tells. */
static void tell_pcre2(void (*function)(void), struct strbuf *out)
{
    int (*config)(uint32_t, void *) = (int (*)(uint32_t, void *))function;
    char text[64];
    int size = config(PCRE2_VERSION, NULL);
    if (size <= 0 || (size_t)size > sizeof text)
        return;
    config(PCRE2_VERSION, text);
    strbuf_add(out, text, strcspn(text, " "));
}

/* struct scmp_version: part of its ABI */
static void tell_seccomp(void (*function)(void), struct strbuf *out)
{
    const struct {
        unsigned major, minor, micro;
    } *version = ((const void *(*)(void))function)();
    strbuf_format(out, "%u.%u.%u", version->major, version->minor, version->micro);
}

#define SONAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct feature features[] = {
    {"c-ares", "resolves client addresses", BUILT_CARES, SONAMES("libcares.so.2"), "ares_version",
     tell_cares},
    {"libclamav", "ClamAV in process", BUILT_CLAMAV, SONAMES("libclamav.so.12", "libclamav.so.11"),
     "cl_retver", tell_text},
    {"libcrypto", "hashes and signatures", BUILT_CRYPTO, SONAMES("libcrypto.so.3"),
     "OpenSSL_version", tell_crypto},
    {"libcurl", "fetches signatures", BUILT_CURL, SONAMES("libcurl.so.4", "libcurl-gnutls.so.4"),
     "curl_version", tell_curl},
    {"libesmtp", "sends mail through other servers", BUILT_ESMTP, SONAMES("libesmtp.so.6"),
     "smtp_version", tell_esmtp},
    {"liblzma", "reads .xz logs", BUILT_LZMA, SONAMES("liblzma.so.5"), "lzma_version_string",
     tell_text},
    {"libmariadb", "accounts in MariaDB or MySQL", BUILT_MARIADB, SONAMES("libmariadb.so.3"),
     "mysql_get_client_info", tell_text},
    {"libmaxminddb", "networks by AS number", BUILT_MAXMINDDB, SONAMES("libmaxminddb.so.0"),
     "MMDB_lib_version", tell_text},
    {"libpcre2", "patterns of the config", BUILT_PCRE2, SONAMES("libpcre2-8.so.0"),
     "pcre2_config_8", tell_pcre2},
    {"libpq", "accounts in PostgreSQL", BUILT_PQ, SONAMES("libpq.so.5"), "PQlibVersion", tell_pq},
    {"libpsl", "networks by registrable domain", BUILT_PSL, SONAMES("libpsl.so.5"),
     "psl_get_version", tell_text},
    {"libseccomp", "shuts in what reads files", BUILT_SECCOMP, SONAMES("libseccomp.so.2"),
     "seccomp_version", tell_seccomp},
    {"libsystemd", "reads the journal", BUILT_SYSTEMD, SONAMES("libsystemd.so.0"), NULL, NULL},
    {"libzstd", "reads .zst logs", BUILT_ZSTD, SONAMES("libzstd.so.1"), "ZSTD_versionString",
     tell_text},
    {"sqlite", "remembers clean files", BUILT_SQLITE, SONAMES("libsqlite3.so.0"),
     "sqlite3_libversion", tell_text},
    {"zlib", "reads .gz logs", BUILT_ZLIB, SONAMES("libz.so.1"), "zlibVersion", tell_text},
};

const struct feature *feature_all(size_t *len)
{
    *len = sizeof features / sizeof *features;
    return features;
}

int feature_version(const struct feature *feature, struct strbuf *out, struct strbuf *why)
{
    void (*function)(void) = NULL;
    struct lazy_symbol symbols[] = {{feature->version_symbol, (void **)&function}, {NULL, NULL}};
    if (lazy_open(feature->sonames, symbols, why) != 0)
        return -1;
    if (function != NULL)
        feature->tell(function, out);
    return 0;
}
