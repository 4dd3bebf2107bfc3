/* metrics_http - the little of HTTP/1.x (RFC 9112) that a collector needs: GET and HEAD of a path,
 * without a body, one after another on a connection.
 *
 * A request with a body is refused and the connection ended, so that what follows cannot be taken
 * for another request. Paths are compared as they stand: nothing is decoded, nothing is a file.
 */
#include "spamgear/report/metrics.h"

#include "spamgear/base/text.h"
#include <strings.h>

struct request {
    struct span method, path;
    bool is_1_1, keep, has_host, has_body;
    const char *bad; /* the status line; NULL: it is good */
};

/* Takes a line without its CR LF, or LF; false at the empty line. */
static bool take_line(struct span *text, struct span *line)
{
    if (!span_take_line(text, line))
        return false;
    if (line->len > 0 && line->at[line->len - 1] == '\r')
        line->len--;
    return line->len > 0;
}

static bool take_word(struct span *text, struct span *word)
{
    const char *blank = memchr(text->at, ' ', text->len);
    if (blank == NULL || blank == text->at)
        return false;
    *word = span_of(text->at, blank);
    *text = span_of(blank + 1, span_end(*text));
    return true;
}

static bool is_printable(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < ' ' || text.at[i] > '~')
            return false;
    return true;
}

static void read_start(struct span line, struct request *request)
{
    struct span method, target;
    if (!is_printable(line) || !take_word(&line, &method) || !take_word(&line, &target)) {
        request->bad = "400 Bad Request";
        return;
    }
    request->is_1_1 = span_is(line, SPAN("HTTP/1.1"));
    request->keep = request->is_1_1;
    if (!request->is_1_1 && !span_is(line, SPAN("HTTP/1.0")))
        request->bad = span_has_prefix(line, SPAN("HTTP/")) ? "505 HTTP Version Not Supported"
                                                            : "400 Bad Request";
    else if (target.at[0] != '/')
        request->bad = "400 Bad Request";
    const char *query = memchr(target.at, '?', target.len);
    request->method = method;
    request->path = query != NULL ? span_of(target.at, query) : target;
}

static bool is_folded(struct span text, struct span lower)
{
    return text.len == lower.len && strncasecmp(text.at, lower.at, lower.len) == 0;
}

static void read_header(struct span line, struct request *request)
{
    const char *colon = memchr(line.at, ':', line.len);
    if (colon == NULL || colon == line.at || memchr("\t ", colon[-1], 2) != NULL ||
        *line.at == ' ' || *line.at == '\t' || memchr(line.at, '\0', line.len) != NULL) {
        request->bad = "400 Bad Request";
        return;
    }
    struct span name = span_of(line.at, colon),
                value = span_trim(span_of(colon + 1, span_end(line)), " \t");
    if (is_folded(name, SPAN("host")))
        request->has_host = true;
    else if (is_folded(name, SPAN("transfer-encoding")))
        request->has_body = true;
    else if (is_folded(name, SPAN("content-length")))
        request->has_body = request->has_body || !span_is(value, SPAN("0"));
    else if (is_folded(name, SPAN("connection")) && is_folded(value, SPAN("close")))
        request->keep = false;
    else if (is_folded(name, SPAN("connection")) && is_folded(value, SPAN("keep-alive")))
        request->keep = true;
}

/* How long the head is, with its empty line; 0: it is not whole. */
static size_t head_of(struct span bytes)
{
    struct span rest = bytes;
    for (struct span line; rest.len > 0 && memchr(rest.at, '\n', rest.len) != NULL;)
        if (!take_line(&rest, &line))
            return bytes.len - rest.len;
    return 0;
}

static void read_head(struct span head, struct request *request)
{
    struct span line;
    if (!take_line(&head, &line)) {
        request->bad = "400 Bad Request";
        return;
    }
    read_start(line, request);
    while (request->bad == NULL && take_line(&head, &line))
        read_header(line, request);
    if (request->bad == NULL && (request->has_body || (request->is_1_1 && !request->has_host)))
        request->bad = "400 Bad Request";
}

static void respond(struct strbuf *answer, const char *status, const char *more, const char *type,
                    const struct strbuf *body, bool keep, bool with_body)
{
    strbuf_format(answer,
                  "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                  "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s"
                  "Connection: %s\r\n\r\n",
                  status, type, body->len, more, keep ? "keep-alive" : "close");
    if (with_body)
        strbuf_add_span(answer, strbuf_span(body));
}

static void refuse(struct strbuf *answer, const char *status, const char *more, bool keep,
                   bool with_body)
{
    struct strbuf body = {0};
    strbuf_format(&body, "%s\n", status);
    respond(answer, status, more, "text/plain; charset=utf-8", &body, keep, with_body);
    strbuf_clear(&body);
}

size_t metrics_http(struct span bytes, struct strbuf *answer, bool *close,
                    const char *(*page)(void *state, struct span path, struct strbuf *body),
                    void *state)
{
    size_t took =
        head_of(bytes.len > METRICS_HTTP_MAX ? (struct span){bytes.at, METRICS_HTTP_MAX} : bytes);
    if (took == 0 && bytes.len < METRICS_HTTP_MAX)
        return 0;
    struct request request = {0};
    if (took == 0)
        request.bad = "431 Request Header Fields Too Large";
    else
        read_head((struct span){bytes.at, took}, &request);
    *close = request.bad != NULL || !request.keep;
    bool is_head = span_is(request.method, SPAN("HEAD"));
    if (request.bad != NULL) {
        refuse(answer, request.bad, "", false, !is_head);
        return took == 0 ? bytes.len : took;
    }
    if (!is_head && !span_is(request.method, SPAN("GET"))) {
        refuse(answer, "405 Method Not Allowed", "Allow: GET, HEAD\r\n", request.keep, true);
        return took;
    }
    struct strbuf body = {0};
    const char *type = page(state, request.path, &body);
    if (type == NULL)
        refuse(answer, "404 Not Found", "", request.keep, !is_head);
    else
        respond(answer, "200 OK", "", type, &body, request.keep, !is_head);
    strbuf_clear(&body);
    return took;
}
