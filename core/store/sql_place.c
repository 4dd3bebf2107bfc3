/* sql_place - URLs of databases, strictly: what is not understood is refused, not ignored. */
#include "sql_parts.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/text.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>

#define HOST_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

static const struct kind {
    struct span prefix;
    enum sql_kind kind;
    struct span socket; /* how its local socket is asked for */
} kinds[] = {
    {{"mysql://", 8}, SQL_MYSQL, {"socket=", 7}},
    {{"mariadb://", 10}, SQL_MYSQL, {"socket=", 7}},
    {{"pgsql://", 8}, SQL_PGSQL, {"host=", 5}},
    {{"postgresql://", 13}, SQL_PGSQL, {"host=", 5}},
};

static int hex(char c)
{
    return !isxdigit((unsigned char)c) ? -1 : c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Text with %XX resolved: printable, not empty. NULL with why. */
static char *decode(struct span text, const char *what, struct strbuf *why)
{
    struct strbuf out = {0};
    bool good = text.len > 0;
    for (size_t i = 0; good && i < text.len; i++) {
        int c = (unsigned char)text.at[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex(text.at[i + 1]) : -1;
            int low = i + 2 < text.len ? hex(text.at[i + 2]) : -1;
            c = high < 0 || low < 0 ? 0 : high * 16 + low;
            i += 2;
        }
        good = c >= ' ' && c != 127;
        strbuf_add_char(&out, (char)c);
    }
    if (good)
        return strbuf_take(&out);
    strbuf_clear(&out);
    strbuf_why(why, "the database's URL: %s is empty, or holds a wrong %%XX or control bytes",
               what);
    return NULL;
}

/* HOST, HOST:PORT, [IPV6], [IPV6]:PORT, or nothing. */
static int read_host(struct span text, struct sql_place *place, struct strbuf *why)
{
    unsigned long long port = 0;
    bool bracket = text.len > 0 && *text.at == '[';
    const char *close = bracket ? memchr(text.at, ']', text.len) : NULL;
    struct span host = text, rest = {0};
    if (bracket && close != NULL) {
        host = span_of(text.at + 1, close);
        rest = span_of(close + 1, span_end(text));
    } else if (!bracket && text.len > 0 && (close = memchr(text.at, ':', text.len)) != NULL) {
        host = span_of(text.at, close);
        rest = span_of(close, span_end(text));
    }
    if (rest.len > 0 &&
        (*rest.at != ':' || !span_number(span_skip(rest, 1), &port) || port == 0 || port > 65535))
        return strbuf_why(why, "the database's URL: its port is no number from 1 to 65535");
    if (text.len == 0)
        return 0;
    place->host = mem_text_of(host.at, host.len);
    place->port = (unsigned)port;
    if (host.len == 0 || strlen(place->host) != host.len ||
        place->host[strspn(place->host, bracket ? "0123456789abcdefABCDEF:." : HOST_BYTES)] != '\0')
        return strbuf_why(why, "the database's URL: there is no host in it, or no name of one");
    return 0;
}

static int read_user_and_host(struct span text, struct sql_place *place, struct strbuf *why)
{
    const char *at = text.len == 0 ? NULL : memrchr(text.at, '@', text.len);
    if (at == NULL)
        return read_host(text, place, why);
    struct span user = span_of(text.at, at);
    if (user.len > 0 && memchr(user.at, ':', user.len) != NULL)
        return strbuf_why(why, "the database's URL: a password stands in a file of its own");
    place->user = decode(user, "the user", why);
    return place->user == NULL ? -1 : read_host(span_of(at + 1, span_end(text)), place, why);
}

/* A path behind the key of an item. */
static int read_path(struct span text, const char *what, char **path, struct strbuf *why)
{
    if (*path != NULL)
        return strbuf_why(why, "the database's URL: %s stands twice", what);
    *path = decode(text, what, why);
    if (*path == NULL)
        return -1;
    return **path == '/' ? 0 : strbuf_why(why, "the database's URL: %s is no full path", what);
}

static int read_tls(struct span text, struct sql_place *place, struct strbuf *why)
{
    if (place->tls != SQL_TLS_ASIS)
        return strbuf_why(why, "the database's URL: tls stands twice");
    place->tls = span_is(text, SPAN("require"))  ? SQL_TLS_REQUIRE
                 : span_is(text, SPAN("verify")) ? SQL_TLS_VERIFY
                                                 : SQL_TLS_ASIS;
    return place->tls != SQL_TLS_ASIS
               ? 0
               : strbuf_why(why, "the database's URL: tls is require or verify");
}

static int read_item(struct span item, const struct kind *kind, struct sql_place *place,
                     struct strbuf *why)
{
    if (span_has_prefix(item, kind->socket))
        return read_path(span_skip(item, kind->socket.len), "the socket", &place->socket, why);
    if (span_has_prefix(item, SPAN("tls=")))
        return read_tls(span_skip(item, 4), place, why);
    if (span_has_prefix(item, SPAN("tls-ca=")))
        return read_path(span_skip(item, 7), "tls-ca", &place->tls_ca, why);
    return strbuf_why(
        why, "the database's URL: behind ? stand %s/PATH, tls= and tls-ca=", kind->socket.at);
}

/* A local socket needs no TLS, and a certificate nobody looks at is no use. */
static int check_items(const struct kind *kind, const struct sql_place *place, struct strbuf *why)
{
    if (place->host == NULL && place->socket == NULL)
        return strbuf_why(why, "the database's URL: without a host it ends with ?%s/PATH",
                          kind->socket.at);
    if (place->host != NULL && place->socket != NULL)
        return strbuf_why(why, "the database's URL: it has a host and a socket");
    if (place->socket != NULL && (place->tls != SQL_TLS_ASIS || place->tls_ca != NULL))
        return strbuf_why(why, "the database's URL: tls is for a host, not for a socket");
    if ((place->tls == SQL_TLS_VERIFY) != (place->tls_ca != NULL))
        return strbuf_why(why, "the database's URL: tls=verify and tls-ca=/FILE go together "
                               "(Debian's: /etc/ssl/certs/ca-certificates.crt)");
    return 0;
}

static int read_items(struct span items, const struct kind *kind, struct sql_place *place,
                      struct strbuf *why)
{
    while (items.at != NULL) { /* an empty one is none of them */
        const char *end = memchr(items.at, '&', items.len);
        struct span item = end == NULL ? items : span_of(items.at, end);
        if (read_item(item, kind, place, why) != 0)
            return -1;
        items = end == NULL ? (struct span){0} : span_of(end + 1, span_end(items));
    }
    return check_items(kind, place, why);
}

static int read_server(struct span rest, const struct kind *kind, struct sql_place *place,
                       struct strbuf *why)
{
    const char *slash = rest.len == 0 ? NULL : memchr(rest.at, '/', rest.len);
    if (slash == NULL)
        return strbuf_why(why, "the database's URL: there is no /DATABASE");
    struct span tail = span_of(slash + 1, span_end(rest)), query = {0};
    const char *mark = tail.len == 0 ? NULL : memchr(tail.at, '?', tail.len);
    if (mark != NULL) {
        query = span_of(mark + 1, span_end(tail));
        tail = span_of(tail.at, mark);
    }
    place->kind = kind->kind;
    if (read_user_and_host(span_of(rest.at, slash), place, why) != 0)
        return -1;
    place->database = decode(tail, "the database", why);
    return place->database == NULL ? -1 : read_items(query, kind, place, why);
}

static int read_file(struct span rest, struct sql_place *place, struct strbuf *why)
{
    if (rest.len < 2 || *rest.at != '/' || rest.at[rest.len - 1] == '/' ||
        (rest.at[1] == '/' && !span_has_prefix(rest, SPAN("///"))))
        return strbuf_why(why, "the database's URL: sqlite: is followed by a full path");
    place->kind = SQL_SQLITE;
    place->file = decode(rest, "the file", why);
    return place->file == NULL ? -1 : 0;
}

int sql_place_parse(const char *url, struct sql_place *place, struct strbuf *why)
{
    struct span text = span_text(url);
    *place = (struct sql_place){0};
    if (span_has_prefix(text, SPAN("sqlite:")))
        return read_file(span_skip(text, 7), place, why);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (span_has_prefix(text, kinds[i].prefix))
            return read_server(span_skip(text, kinds[i].prefix.len), &kinds[i], place, why);
    return strbuf_why(why, "the database's URL begins with sqlite:, mysql:// or pgsql://");
}

void sql_place_clear(struct sql_place *place)
{
    free(place->file);
    free(place->host);
    free(place->socket);
    free(place->user);
    free(place->database);
    free(place->tls_ca);
    *place = (struct sql_place){0};
}
