/* network - names of networks: registrable domain, AS number or address prefix.
 *
 * The only file that knows libpsl and libmaxminddb; each is loaded when a run asks for its
 * kind of name. The prefix is the answer whenever the better one cannot be had.
 *
 * What surprises: psl_registrable_domain() counts the list's private section too, whose
 * wildcards (*.compute.amazonaws.com) would make each rented host a network of its own. So
 * the suffix is looked for label by label in the ICANN section alone. The longest suffix
 * counts, not the first that is none: "*.kawasaki.jp" is a rule, "kawasaki.jp" is not.
 */
#include "spamgear/sender/network.h"

#include "spamgear/base/lazy.h"
#include "spamgear/base/map.h"
#include "spamgear/base/vec.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#ifdef HAVE_PSL
#include <libpsl.h>
#endif
#ifdef HAVE_MAXMINDDB
#include <maxminddb.h>
#endif

#define RULE_GAP 2

struct network_namer {
    enum network_by by;
    int prefix4, prefix6;
    char *no_domains; /* why there is no suffix list; NULL when there is one */
#ifdef HAVE_PSL
    const psl_ctx_t *suffixes;
    struct map asked;  /* names that were asked for */
    VEC(bool) answers; /* by their number: is it a public suffix? */
#endif
#ifdef HAVE_MAXMINDDB
    MMDB_s *asn;
#endif
};

/* ---- domains ---- */

/* Copies a host name in lower case without its last dot. False when it cannot be one: empty,
 * too long, an empty label, or a byte that host names do not have (bytes of UTF-8 pass). */
static bool clean_name(struct span name, char buf[NETWORK_NAME_MAX])
{
    if (name.len > 0 && name.at[name.len - 1] == '.')
        name.len--;
    if (name.len == 0 || name.len >= NETWORK_NAME_MAX)
        return false;
    char before = '.';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool big = c >= 'A' && c <= 'Z';
        bool word = big || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                    c == '_' || (unsigned char)c >= 0x80;
        if (!word && (c != '.' || before == '.'))
            return false;
        before = buf[i] = big ? (char)(c - 'A' + 'a') : c;
    }
    buf[name.len] = '\0';
    return before != '.';
}

/* No top-level domain is a number (RFC 3696 2): such a name is an address or nonsense. */
static bool ends_in_number(const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *label = dot == NULL ? name : dot + 1;
    return strspn(label, "0123456789") == strlen(label);
}

#ifdef HAVE_PSL

#define PSL_FUNCTIONS(F)                                                                           \
    F(psl_builtin) F(psl_latest) F(psl_load_file) F(psl_is_public_suffix2) F(psl_free)
PSL_FUNCTIONS(LAZY_POINTER)

static const char *const list_files[] = {"/usr/share/publicsuffix/public_suffix_list.dafsa",
                                         "/usr/share/publicsuffix/public_suffix_list.dat"};

static int open_suffixes(struct network_namer *namer, struct strbuf *why)
{
    static const struct lazy_symbol symbols[] = {PSL_FUNCTIONS(LAZY_SYMBOL){0}};
    if (lazy_open((const char *const[]){"libpsl.so.5", NULL}, symbols, why) != 0)
        return -1;
    namer->suffixes = p_psl_builtin();
    if (namer->suffixes == NULL)
        namer->suffixes = p_psl_latest(NULL);
    for (size_t i = 0; namer->suffixes == NULL && i < sizeof list_files / sizeof *list_files; i++)
        namer->suffixes = p_psl_load_file(list_files[i]);
    return namer->suffixes != NULL ? 0 : strbuf_why(why, "libpsl finds no public suffix list");
}

static void close_suffixes(struct network_namer *namer)
{
    if (namer->suffixes != NULL)
        p_psl_free((psl_ctx_t *)namer->suffixes); /* leaves the built-in list alone */
    map_clear(&namer->asked);
    vec_clear(&namer->answers);
}

/* The start of the label before at, or NULL at the name's start. */
static const char *label_before(const char *name, const char *at)
{
    if (at == name)
        return NULL;
    const char *dot = memrchr(name, '.', (size_t)(at - 1 - name));
    return dot == NULL ? name : dot + 1;
}

/* Few names are asked for again and again: those of providers. */
static bool is_suffix(struct network_namer *namer, const char *name)
{
    bool added;
    uint32_t number = map_put(&namer->asked, span_text(name), &added);
    if (added)
        *vec_add(&namer->answers) =
            p_psl_is_public_suffix2(namer->suffixes, name, PSL_TYPE_ICANN) != 0;
    return namer->answers.at[number];
}

/* The registrable domain: the longest public suffix and one label more; NULL when the whole
 * name is a suffix. The list has no rules more than RULE_GAP labels below what is no suffix
 * (a wildcard leaves out one), so the search from the right can stop there. */
static const char *registrable(struct network_namer *namer, const char *name)
{
    if (namer->suffixes == NULL)
        return NULL;
    const char *end = name + strlen(name) + 1, *suffix = end, *at = end;
    for (int gap = 0; gap < RULE_GAP && (at = label_before(name, at)) != NULL; gap++) {
        if (is_suffix(namer, at)) {
            suffix = at;
            gap = -1;
        }
    }
    return suffix == end ? NULL : label_before(name, suffix);
}

#else

static int open_suffixes(struct network_namer *namer, struct strbuf *why)
{
    (void)namer;
    return strbuf_why(why, "built without libpsl");
}

static void close_suffixes(struct network_namer *namer)
{
    (void)namer;
}

static const char *registrable(struct network_namer *namer, const char *name)
{
    (void)namer, (void)name;
    return NULL;
}

#endif

struct span network_domain(struct network_namer *namer, struct span name,
                           char buf[NETWORK_NAME_MAX])
{
    if (!clean_name(name, buf) || strchr(buf, '.') == NULL || ends_in_number(buf))
        return (struct span){NULL, 0};
    return span_text(registrable(namer, buf));
}

/* ---- AS numbers ---- */

#ifdef HAVE_MAXMINDDB

#define MMDB_FUNCTIONS(F)                                                                          \
    F(MMDB_open) F(MMDB_close) F(MMDB_lookup_sockaddr) F(MMDB_aget_value) F(MMDB_strerror)
MMDB_FUNCTIONS(LAZY_POINTER)

/* libmaxminddb maps the file: only a regular file has a size that it can trust. */
static int check_regular(const char *path, struct strbuf *why)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    return S_ISREG(st.st_mode) ? 0 : strbuf_why(why, "%s: is not a regular file", path);
}

static int open_asn(struct network_namer *namer, const char *path, struct strbuf *why)
{
    static const struct lazy_symbol symbols[] = {MMDB_FUNCTIONS(LAZY_SYMBOL){0}};
    if (path == NULL)
        return strbuf_why(why, "networks by AS number need an asn-database");
    if (lazy_open((const char *const[]){"libmaxminddb.so.0", NULL}, symbols, why) != 0 ||
        check_regular(path, why) != 0)
        return -1;
    MMDB_s *asn = mem_zero(1, sizeof *asn);
    int error = p_MMDB_open(path, MMDB_MODE_MMAP, asn);
    if (error != MMDB_SUCCESS) {
        free(asn);
        return strbuf_why(why, "%s: %s", path, p_MMDB_strerror(error));
    }
    namer->asn = asn;
    const char *type = asn->metadata.database_type;
    if (type == NULL || strstr(type, "ASN") == NULL)
        return strbuf_why(why, "%s: is no ASN database but \"%s\"", path, type != NULL ? type : "");
    return 0;
}

static void close_asn(struct network_namer *namer)
{
    if (namer->asn != NULL)
        p_MMDB_close(namer->asn);
    free(namer->asn);
}

static MMDB_lookup_result_s look_up(const MMDB_s *asn, const struct addr *addr, int *error)
{
    if (addr_is_v4(addr)) {
        struct sockaddr_in in = {.sin_family = AF_INET};
        memcpy(&in.sin_addr, addr->bytes + 12, 4);
        return p_MMDB_lookup_sockaddr(asn, (const struct sockaddr *)&in, error);
    }
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    memcpy(&in6.sin6_addr, addr->bytes, 16);
    return p_MMDB_lookup_sockaddr(asn, (const struct sockaddr *)&in6, error);
}

/* 0 when the database does not say. */
static uint32_t asn_of(const struct network_namer *namer, const struct addr *addr)
{
    static const char *const path[] = {"autonomous_system_number", NULL};
    int error = MMDB_SUCCESS;
    MMDB_lookup_result_s found = look_up(namer->asn, addr, &error);
    MMDB_entry_data_s data;
    if (error != MMDB_SUCCESS || !found.found_entry ||
        p_MMDB_aget_value(&found.entry, &data, path) != MMDB_SUCCESS || !data.has_data)
        return 0;
    return data.type == MMDB_DATA_TYPE_UINT32   ? data.uint32
           : data.type == MMDB_DATA_TYPE_UINT16 ? data.uint16
                                                : 0;
}

#else

static int open_asn(struct network_namer *namer, const char *path, struct strbuf *why)
{
    (void)namer, (void)path;
    return strbuf_why(why, "networks by AS number: built without libmaxminddb");
}

static void close_asn(struct network_namer *namer)
{
    (void)namer;
}

static uint32_t asn_of(const struct network_namer *namer, const struct addr *addr)
{
    (void)namer, (void)addr;
    return 0;
}

#endif

/* ---- the interface ---- */

struct network_namer *network_open(const struct network_settings *settings, struct strbuf *why)
{
    struct network_namer *namer = mem_zero(1, sizeof *namer);
    namer->by = settings->by;
    namer->prefix4 = settings->prefix4;
    namer->prefix6 = settings->prefix6;
    if (settings->by == NETWORK_DOMAIN) {
        struct strbuf reason = {0};
        if (open_suffixes(namer, &reason) != 0)
            namer->no_domains = strbuf_take(&reason);
        strbuf_clear(&reason);
    }
    if (settings->by == NETWORK_ASN && open_asn(namer, settings->asn_database, why) != 0) {
        network_close(namer);
        return NULL;
    }
    return namer;
}

void network_close(struct network_namer *namer)
{
    if (namer == NULL)
        return;
    close_suffixes(namer);
    close_asn(namer);
    free(namer->no_domains);
    free(namer);
}

void network_name(struct network_namer *namer, const struct addr *addr, struct span name,
                  struct strbuf *out)
{
    char buf[NETWORK_NAME_MAX];
    struct span domain = {NULL, 0};
    uint32_t asn = 0;
    if (namer->by == NETWORK_DOMAIN)
        domain = network_domain(namer, name, buf);
    if (namer->by == NETWORK_ASN)
        asn = asn_of(namer, addr);
    strbuf_reset(out);
    if (domain.len > 0) {
        strbuf_add_span(out, domain);
    } else if (asn != 0) {
        strbuf_format(out, "AS%u", asn);
    } else {
        struct prefix prefix = prefix_of(addr, namer->prefix4, namer->prefix6);
        prefix_format(out, &prefix);
    }
}

void network_describe(const struct network_namer *namer, struct strbuf *out)
{
    static const char *const kinds[] = {[NETWORK_DOMAIN] = "networks by domain, else",
                                        [NETWORK_PREFIX] = "networks by",
                                        [NETWORK_ASN] = "networks by AS number, else"};
    enum network_by by = namer->no_domains != NULL ? NETWORK_PREFIX : namer->by;
    strbuf_format(out, "%s /%d and /%d", kinds[by], namer->prefix4, namer->prefix6);
    if (namer->no_domains != NULL)
        strbuf_format(out, " (not by domain: %s)", namer->no_domains);
}
