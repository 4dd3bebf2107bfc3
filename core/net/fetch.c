/* fetch - libcurl (loaded on first use) for http and https; files are read here.
 *
 * What libcurl could do beyond that is switched off: other protocols, cookies, netrc, passwords in
 * URLs, decoding of contents. An option that this libcurl does not know is a failure: it could be
 * the one that keeps redirects to https.
 */
#include "spamgear/net/fetch.h"

#include "spamgear/base/apart.h"
#include "spamgear/base/path.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CONNECT_S     15L
#define TRANSFER_S    120L
#define SLOW_BYTES    100L /* a second: slower than that for SLOW_S is a failure */
#define SLOW_S        30L
#define CHILD_EXTRA_S 10 /* for what libcurl does not bound itself */

/* ---- URLs ---- */

enum scheme { SCHEME_HTTPS, SCHEME_HTTP, SCHEME_FILE, SCHEMES };

static const struct span schemes[SCHEMES] = {[SCHEME_HTTPS] = {"https://", 8},
                                             [SCHEME_HTTP] = {"http://", 7},
                                             [SCHEME_FILE] = {"file://", 7}};

/* Upper case is not what anybody writes: it is refused with the other schemes. */
static enum scheme scheme_of(const char *url)
{
    enum scheme scheme = 0;
    while (scheme < SCHEMES && !span_has_prefix(span_text(url), schemes[scheme]))
        scheme++;
    return scheme;
}

static const char *bad_bytes(const char *url)
{
    size_t len = 0;
    for (; url[len] != '\0'; len++)
        if (url[len] <= ' ' || url[len] > '~')
            return "a URL is printable ASCII without blanks; others are written %20";
    return len > FETCH_URL_MAX ? "the URL is too long" : NULL;
}

static const char *bad_host(const char *url, enum scheme scheme)
{
    const char *host = url + schemes[scheme].len;
    size_t len = strcspn(host, "/?#");
    if (scheme == SCHEME_FILE)
        return host[0] == '/' || strncmp(host, "localhost/", 10) == 0
                   ? NULL
                   : "a file is written file:///PATH";
    if (len == 0)
        return "there is no host in the URL";
    return memchr(host, '@', len) == NULL ? NULL : "no user name may stand in the URL";
}

int fetch_check(const char *url, bool insecure, struct strbuf *why)
{
    enum scheme scheme = scheme_of(url);
    const char *bad = bad_bytes(url);
    if (bad == NULL && scheme == SCHEMES)
        bad = "only https://, file:// and, with --insecure, http:// are fetched";
    if (bad == NULL && scheme == SCHEME_HTTP && !insecure)
        bad = "http can be changed by anybody on the way: refused without --insecure";
    if (bad == NULL)
        bad = bad_host(url, scheme);
    return bad == NULL ? 0 : strbuf_why(why, "%s", bad);
}

/* ---- files ---- */

static int hex(char c)
{
    return !isxdigit((unsigned char)c) ? -1 : c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* The path of file://[localhost]/a%20b. */
static int file_path(const char *url, struct strbuf *path, struct strbuf *why)
{
    const char *at = strchr(url + schemes[SCHEME_FILE].len, '/');
    for (; *at != '\0'; at++) {
        int high = *at == '%' ? hex(at[1]) : 0, low = *at == '%' && high >= 0 ? hex(at[2]) : 0;
        char c = *at == '%' ? (char)(high * 16 + low) : *at;
        if (high < 0 || low < 0 || c == '\0')
            return strbuf_why(why, "a %% of the URL is not followed by two digits of a byte");
        strbuf_add_char(path, c);
        at += *at == '%' ? 2 : 0;
    }
    return 0;
}

static int read_open_file(int fd, size_t bytes_max, struct strbuf *body, struct strbuf *why)
{
    char block[1 << 14];
    size_t before = body->len;
    ssize_t got;
    while ((got = read(fd, block, sizeof block)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return strbuf_why(why, "%s", strerror(errno));
        strbuf_add(body, block, (size_t)got);
        if (body->len - before > bytes_max)
            return strbuf_why(why, "is larger than %zu bytes", bytes_max);
    }
    return 0;
}

static int read_path(const char *path, size_t bytes_max, struct strbuf *body, struct strbuf *why)
{
    struct stat st;
    int fd = path_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, why);
    if (fd < 0)
        return -1;
    int result = 0;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        result = strbuf_why(why, "is no regular file");
    else
        result = read_open_file(fd, bytes_max, body, why);
    close(fd);
    return result;
}

static int fetch_file(const char *url, size_t bytes_max, struct strbuf *body, struct strbuf *why)
{
    struct strbuf path = {0};
    int result = file_path(url, &path, why);
    if (result == 0)
        result = read_path(strbuf_text(&path), bytes_max, body, why);
    strbuf_clear(&path);
    return result;
}

/* ---- libcurl ---- */

#ifdef HAVE_CURL
#include "spamgear/base/lazy.h"
#include <curl/curl.h>

#define CURL_FUNCTIONS(F)                                                                          \
    F(curl_global_init)                                                                            \
    F(curl_easy_init)                                                                              \
    F(curl_easy_setopt)                                                                            \
    F(curl_easy_perform)                                                                           \
    F(curl_easy_getinfo)                                                                           \
    F(curl_easy_strerror)                                                                          \
    F(curl_easy_cleanup)

CURL_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {CURL_FUNCTIONS(LAZY_SYMBOL){0}};

struct transfer {
    const char *url;
    const struct fetch_settings *settings;
    struct strbuf *body;
    bool too_large;
    CURL *curl;
    CURLcode refused; /* by the first option that was */
    char error[CURL_ERROR_SIZE];
};

static int load_curl(struct strbuf *why)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", NULL};
    if (p_curl_easy_init != NULL)
        return 0;
    if (lazy_open(names, symbols, why) != 0)
        return -1;
    return p_curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
               ? 0
               : strbuf_why(why, "libcurl cannot start");
}

static size_t take_body(char *at, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t len = size * count;
    transfer->too_large = transfer->body->len + len > transfer->settings->bytes_max;
    if (transfer->too_large)
        return 0; /* ends the transfer */
    strbuf_add(transfer->body, at, len);
    return len;
}

static void set_number(struct transfer *transfer, CURLoption option, long value)
{
    if (transfer->refused == CURLE_OK)
        transfer->refused = p_curl_easy_setopt(transfer->curl, option, value);
}

static void set_pointer(struct transfer *transfer, CURLoption option, const void *value)
{
    if (transfer->refused == CURLE_OK)
        transfer->refused = p_curl_easy_setopt(transfer->curl, option, value);
}

/* From https a redirect leads to https only, whatever is allowed otherwise. */
static void set_protocols(struct transfer *transfer)
{
    bool http = scheme_of(transfer->url) == SCHEME_HTTP;
#if LIBCURL_VERSION_NUM >= 0x075500
    set_pointer(transfer, CURLOPT_PROTOCOLS_STR, http ? "http,https" : "https");
    set_pointer(transfer, CURLOPT_REDIR_PROTOCOLS_STR, http ? "http,https" : "https");
#else
    long allowed = CURLPROTO_HTTPS | (http ? CURLPROTO_HTTP : 0);
    set_number(transfer, CURLOPT_PROTOCOLS, allowed);
    set_number(transfer, CURLOPT_REDIR_PROTOCOLS, allowed);
#endif
    set_number(transfer, CURLOPT_FOLLOWLOCATION, 1);
    set_number(transfer, CURLOPT_MAXREDIRS, FETCH_REDIRECTS);
    set_number(transfer, CURLOPT_DISALLOW_USERNAME_IN_URL, 1);
    set_number(transfer, CURLOPT_NETRC, CURL_NETRC_IGNORED);
}

static void set_tls(struct transfer *transfer)
{
    set_number(transfer, CURLOPT_SSL_VERIFYPEER, 1);
    set_number(transfer, CURLOPT_SSL_VERIFYHOST, 2);
    set_number(transfer, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (transfer->settings->ca_file != NULL) {
        set_pointer(transfer, CURLOPT_CAINFO, transfer->settings->ca_file);
        set_pointer(transfer, CURLOPT_CAPATH, NULL); /* or the system's would be trusted too */
    }
}

static void set_bounds(struct transfer *transfer)
{
    set_number(transfer, CURLOPT_NOSIGNAL, 1);
    set_number(transfer, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    set_number(transfer, CURLOPT_TIMEOUT, TRANSFER_S);
    set_number(transfer, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
    set_number(transfer, CURLOPT_LOW_SPEED_TIME, SLOW_S);
    if (transfer->refused == CURLE_OK) /* as far as the server tells it beforehand */
        transfer->refused = p_curl_easy_setopt(transfer->curl, CURLOPT_MAXFILESIZE_LARGE,
                                               (curl_off_t)transfer->settings->bytes_max);
}

static void set_all(struct transfer *transfer)
{
    set_pointer(transfer, CURLOPT_URL, transfer->url);
    set_pointer(transfer, CURLOPT_USERAGENT, "spamgear/" SPAMGEAR_VERSION);
    set_pointer(transfer, CURLOPT_ERRORBUFFER, transfer->error);
    set_pointer(transfer, CURLOPT_WRITEDATA, transfer);
    if (transfer->refused == CURLE_OK)
        transfer->refused = p_curl_easy_setopt(transfer->curl, CURLOPT_WRITEFUNCTION, take_body);
    set_protocols(transfer);
    set_tls(transfer);
    set_bounds(transfer);
}

static int perform(struct transfer *transfer, struct strbuf *why)
{
    long status = 0;
    set_all(transfer);
    if (transfer->refused != CURLE_OK)
        return strbuf_why(why, "this libcurl cannot be told what it must not do: %s",
                          p_curl_easy_strerror(transfer->refused));
    CURLcode code = p_curl_easy_perform(transfer->curl);
    if (transfer->too_large || code == CURLE_FILESIZE_EXCEEDED)
        return strbuf_why(why, "is larger than %zu bytes", transfer->settings->bytes_max);
    if (code != CURLE_OK)
        return strbuf_why(why, "%s",
                          *transfer->error != '\0' ? transfer->error : p_curl_easy_strerror(code));
    p_curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    return status == 200 ? 0 : strbuf_why(why, "the server answers with status %ld", status);
}

/* The other user reads nothing that not everybody may read, and signals nobody. Root of a user
 * namespace that knows no other user stays what it is. */
static int drop_rights(const struct fetch_settings *settings, struct strbuf *why)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (geteuid() != 0 || settings->uid == 0)
        return 0;
    bool dropped = setgroups(0, NULL) == 0 &&
                   setresgid(settings->gid, settings->gid, settings->gid) == 0 &&
                   setresuid(settings->uid, settings->uid, settings->uid) == 0;
    if (dropped) /* the kernel forgot, when the user changed, that it dies with its parent */
        return prctl(PR_SET_PDEATHSIG, SIGKILL);
    return errno == EPERM || errno == EINVAL
               ? 0
               : strbuf_why(why, "user %u: %s", (unsigned)settings->uid, strerror(errno));
}

static int work(void *context, struct strbuf *answer, struct strbuf *why)
{
    struct transfer *transfer = context;
    if (drop_rights(transfer->settings, why) != 0 || load_curl(why) != 0)
        return -1;
    transfer->body = answer;
    transfer->curl = p_curl_easy_init();
    if (transfer->curl == NULL)
        return strbuf_why(why, "libcurl cannot start");
    int result = perform(transfer, why);
    p_curl_easy_cleanup(transfer->curl);
    return result;
}

static int fetch_http(const char *url, const struct fetch_settings *settings, struct strbuf *body,
                      struct strbuf *why)
{
    struct transfer transfer = {.url = url, .settings = settings};
    return apart_run(work, &transfer, (TRANSFER_S + CHILD_EXTRA_S) * 1000, settings->bytes_max,
                     body, why);
}

#else

static int fetch_http(const char *url, const struct fetch_settings *settings, struct strbuf *body,
                      struct strbuf *why)
{
    (void)url, (void)settings, (void)body;
    return strbuf_why(why, "built without libcurl");
}

#endif

int fetch_url(const char *url, const struct fetch_settings *settings, struct strbuf *body,
              struct strbuf *why)
{
    size_t before = body->len;
    if (fetch_check(url, settings->insecure, why) != 0)
        return -1;
    int result = scheme_of(url) == SCHEME_FILE ? fetch_file(url, settings->bytes_max, body, why)
                                               : fetch_http(url, settings, body, why);
    if (result == 0 && body->len == before)
        result = strbuf_why(why, "is empty");
    return result;
}
