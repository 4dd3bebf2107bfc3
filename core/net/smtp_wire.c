/* smtp_wire - a connection to a mail server, with or without TLS (OpenSSL, loaded on first use).
 *
 * Never blocks but in poll: the caller's deadline ends what takes too long. Each address of a name
 * gets its share of the time, so that a dead one does not use up what the next one needs.
 */
#include "smtp_parts.h"
#include "spamgear/base/addr.h"
#include "spamgear/base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- TCP ---- */

static int wait_for(int fd, short events, int ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    int ready;
    do
        ready = poll(&poll_fd, 1, ms);
    while (ready < 0 && errno == EINTR);
    return ready;
}

/* A connected socket, or -1 with errno. */
static int connect_one(const struct addrinfo *address, int ms)
{
    int error = 0, kind = address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK;
    socklen_t len = sizeof error;
    int fd = socket(address->ai_family, kind, address->ai_protocol);
    if (fd < 0)
        return -1;
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        error = errno;
        if (error == EINPROGRESS && wait_for(fd, POLLOUT, ms) <= 0)
            error = ETIMEDOUT;
        else if (error == EINPROGRESS)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    }
    int at_once = 1; /* questions and answers are short: waiting for more costs 40 ms each */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

int smtp_wire_open(struct smtp_wire *wire, const char *host, unsigned port, int deadline_ms,
                   struct strbuf *why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char service[16];
    int left = 0;
    snprintf(service, sizeof service, "%u", port);
    *wire = (struct smtp_wire){.fd = -1};
    int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0)
        return strbuf_why(why, "%s", gai_strerror(error));
    for (struct addrinfo *a = found; a != NULL; a = a->ai_next)
        left++;
    int64_t end = clock_steady_ms() + deadline_ms;
    for (struct addrinfo *a = found; a != NULL && wire->fd < 0; a = a->ai_next, left--) {
        int64_t share = (end - clock_steady_ms()) / (left + 1);
        wire->fd = connect_one(a, share < 1 ? 1 : (int)share);
    }
    error = errno;
    freeaddrinfo(found);
    return wire->fd >= 0 ? 0 : strbuf_why(why, "%s", strerror(error));
}

/* ---- TLS ---- */

#ifdef HAVE_CRYPTO
#include "spamgear/base/lazy.h"
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* As in openssl/err.h, which belongs to base/digest. */
unsigned long ERR_peek_last_error(void);
void ERR_clear_error(void);
const char *ERR_reason_error_string(unsigned long error);

#define SSL_FUNCTIONS(F)                                                                           \
    F(TLS_client_method)                                                                           \
    F(SSL_CTX_new)                                                                                 \
    F(SSL_CTX_ctrl)                                                                                \
    F(SSL_CTX_set_default_verify_paths)                                                            \
    F(SSL_CTX_load_verify_locations)                                                               \
    F(SSL_new)                                                                                     \
    F(SSL_ctrl)                                                                                    \
    F(SSL_set_fd)                                                                                  \
    F(SSL_set1_host)                                                                               \
    F(SSL_set_hostflags)                                                                           \
    F(SSL_get0_param)                                                                              \
    F(SSL_set_verify)                                                                              \
    F(SSL_connect)                                                                                 \
    F(SSL_read)                                                                                    \
    F(SSL_write)                                                                                   \
    F(SSL_get_error)                                                                               \
    F(SSL_get_verify_result)                                                                       \
    F(X509_VERIFY_PARAM_set1_ip_asc)                                                               \
    F(X509_verify_cert_error_string)                                                               \
    F(ERR_peek_last_error)                                                                         \
    F(ERR_clear_error)                                                                             \
    F(ERR_reason_error_string)

SSL_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {SSL_FUNCTIONS(LAZY_SYMBOL){0}};

static int load(struct strbuf *why)
{
    static const char *const names[] = {"libssl.so.3", NULL};
    return p_SSL_new != NULL ? 0 : lazy_open(names, symbols, why);
}

static const char *last_error(void)
{
    const char *reason = p_ERR_reason_error_string(p_ERR_peek_last_error());
    return reason == NULL ? "the connection was closed" : reason;
}

static int load_cas(SSL_CTX *context, const char *file, struct strbuf *why)
{
    if (file != NULL && access(file, R_OK) != 0)
        return strbuf_why(why, "%s: %s", file, strerror(errno));
    int good = file == NULL ? p_SSL_CTX_set_default_verify_paths(context)
                            : p_SSL_CTX_load_verify_locations(context, file, NULL);
    return good == 1 ? 0
                     : strbuf_why(why, "%s: cannot read certificates: %s",
                                  file == NULL ? "the system's CAs" : file, last_error());
}

/* One for each child, never shared. Never freed: the child ends with it. */
static SSL_CTX *new_context(const struct smtp_server *server, bool verify, struct strbuf *why)
{
    SSL_CTX *context = p_SSL_CTX_new(p_TLS_client_method());
    if (context == NULL) {
        strbuf_why(why, "%s", last_error());
        return NULL;
    }
    p_SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
    if (server->tls12)
        p_SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_2_VERSION, NULL);
    p_SSL_CTX_ctrl(context, SSL_CTRL_MODE,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, NULL);
    return !verify || load_cas(context, server->ca_file, why) == 0 ? context : NULL;
}

/* An address is looked for among the addresses of a certificate, a name among its names; only a
 * name is told to the server (RFC 6066, 3). */
static bool set_peer(SSL *ssl, const char *host, bool verify)
{
    struct addr addr;
    bool literal = addr_parse(span_text(host), &addr);
    if (verify)
        p_SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    p_SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (literal)
        return p_X509_VERIFY_PARAM_set1_ip_asc(p_SSL_get0_param(ssl), host) == 1;
    return p_SSL_set1_host(ssl, host) == 1 &&
           p_SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                      (void *)(size_t)host) == 1;
}

/* What to do after a call that did not get on. */
static ssize_t judge(struct smtp_wire *wire, int got)
{
    int error = p_SSL_get_error(wire->ssl, got);
    wire->wants = error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return WIRE_AGAIN;
    return error == SSL_ERROR_ZERO_RETURN ? WIRE_END : WIRE_BROKEN;
}

/* ms: -1 for as long as the caller lets us. */
static int handshake(struct smtp_wire *wire, int ms, struct strbuf *why)
{
    int got;
    int64_t end = clock_steady_ms() + ms;
    p_ERR_clear_error();
    while ((got = p_SSL_connect(wire->ssl)) != 1) {
        if (judge(wire, got) == WIRE_AGAIN) {
            int64_t left = end - clock_steady_ms();
            if (wait_for(wire->fd, wire->wants, ms < 0 ? -1 : left < 0 ? 0 : (int)left) == 0)
                return strbuf_why(why, "TLS: no answer");
            continue;
        }
        long verdict = p_SSL_get_verify_result(wire->ssl);
        if (verdict != X509_V_OK)
            return strbuf_why(why, "its certificate: %s", p_X509_verify_cert_error_string(verdict));
        return strbuf_why(why, "TLS: %s", last_error());
    }
    return 0;
}

int smtp_wire_tls(struct smtp_wire *wire, const struct smtp_server *server, bool verify,
                  struct strbuf *why)
{
    if (load(why) != 0)
        return -1;
    SSL_CTX *context = new_context(server, verify, why);
    if (context == NULL)
        return -1;
    SSL *ssl = p_SSL_new(context);
    if (ssl == NULL || !set_peer(ssl, server->host, verify) || p_SSL_set_fd(ssl, wire->fd) != 1)
        return strbuf_why(why, "TLS: %s", last_error());
    wire->ssl = ssl;
    return handshake(wire, verify ? -1 : server->deadline_ms / 2, why);
}

static ssize_t tls_read(struct smtp_wire *wire, char *at, size_t size)
{
    p_ERR_clear_error();
    int got = p_SSL_read(wire->ssl, at, (int)size);
    return got > 0 ? got : judge(wire, got);
}

static ssize_t tls_write(struct smtp_wire *wire, const char *at, size_t len)
{
    p_ERR_clear_error();
    int got = p_SSL_write(wire->ssl, at, (int)(len > 16384 ? 16384 : len));
    return got > 0 ? got : judge(wire, got);
}
#else
int smtp_wire_tls(struct smtp_wire *wire, const struct smtp_server *server, bool verify,
                  struct strbuf *why)
{
    (void)wire, (void)server, (void)verify;
    return strbuf_why(why, "built without libssl");
}

static ssize_t tls_read(struct smtp_wire *wire, char *at, size_t size)
{
    (void)wire, (void)at, (void)size;
    return WIRE_BROKEN;
}

static ssize_t tls_write(struct smtp_wire *wire, const char *at, size_t len)
{
    (void)wire, (void)at, (void)len;
    return WIRE_BROKEN;
}
#endif

/* ---- both ---- */

static ssize_t judge_plain(struct smtp_wire *wire, ssize_t got, short wants)
{
    wire->wants = wants;
    if (got >= 0)
        return got;
    return errno == EAGAIN || errno == EINTR ? WIRE_AGAIN : WIRE_BROKEN;
}

ssize_t smtp_wire_read(struct smtp_wire *wire, char *at, size_t size)
{
    if (wire->ssl != NULL)
        return tls_read(wire, at, size);
    return judge_plain(wire, read(wire->fd, at, size), POLLIN);
}

ssize_t smtp_wire_write(struct smtp_wire *wire, const char *at, size_t len)
{
    if (wire->ssl != NULL)
        return tls_write(wire, at, len);
    return judge_plain(wire, send(wire->fd, at, len, MSG_NOSIGNAL), POLLOUT);
}
