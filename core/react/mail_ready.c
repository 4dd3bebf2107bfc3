/* mail_ready - a whole message that somebody else wrote: who gets it, and what a server needs that
 * the sendmail program would have added.
 */
#include "mail_parts.h"

#include "spamgear/base/clock.h"
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#define LINE_MAX_BYTES 998
#define ENCODING       SPAN("Content-Transfer-Encoding")

/* The field at the start of *rest, with the lines that continue it. False: the headers end. */
static bool take_field(struct span *rest, struct span *field)
{
    struct span line, start = *rest;
    if (!span_take_line(rest, &line) || line.len == 0 || (line.len == 1 && *line.at == '\r'))
        return false;
    while (rest->len > 0 && (*rest->at == ' ' || *rest->at == '\t'))
        span_take_line(rest, &line);
    *field = span_of(start.at, line.at + line.len);
    return true;
}

static bool is_field(struct span field, struct span name)
{
    return field.len > name.len && field.at[name.len] == ':' &&
           strncasecmp(field.at, name.at, name.len) == 0;
}

/* Takes the text up to a comma that parts addresses, which is none in quotes or comments; without
 * the comments and line ends. */
static void take_address(struct span *list, struct strbuf *out)
{
    bool quoted = false;
    int depth = 0;
    size_t i = 0;
    for (; i < list->len && (quoted || depth > 0 || list->at[i] != ','); i++) {
        char c = list->at[i];
        if (c == '"' && depth == 0)
            quoted = !quoted;
        depth += !quoted && c == '(';
        if (depth == 0 && c != '\r' && c != '\n')
            strbuf_add_char(out, c);
        depth -= !quoted && c == ')' && depth > 0;
        if (c == '\\' && i + 1 < list->len && depth == 0)
            strbuf_add_char(out, list->at[++i]);
    }
    *list = span_skip(*list, i < list->len ? i + 1 : i);
}

static void add_addresses(struct texts *to, struct span list)
{
    while (list.len > 0) {
        struct strbuf flat = {0};
        take_address(&list, &flat);
        char *address = message_address(strbuf_span(&flat));
        if (address != NULL)
            texts_add(to, address);
        free(address);
        strbuf_clear(&flat);
    }
}

void mail_ready_recipients(struct texts *to, struct span message)
{
    static const struct span names[] = {{"To", 2}, {"Cc", 2}, {"Bcc", 3}};
    struct span field;
    while (take_field(&message, &field))
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (is_field(field, names[i]))
                add_addresses(to, span_skip(field, names[i].len + 1));
}

static void add_crlf(struct strbuf *out, struct span text)
{
    struct span line;
    while (span_take_line(&text, &line)) {
        while (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        strbuf_add_span(out, line);
        strbuf_add_text(out, "\r\n");
    }
}

/* Two runs in the same second must not make the same. */
static void add_id(struct strbuf *out)
{
    uint64_t number = 0;
    struct strbuf id = {0};
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        number = (uint64_t)getpid();
    strbuf_format(&id, "<%" PRId64 ".%016" PRIx64 "@%s>", clock_now(), number, message_host());
    message_header(out, "Message-ID", strbuf_span(&id));
    strbuf_clear(&id);
}

/* What the headers say of the body. */
struct shape {
    bool from, id, mime, type, parts, coded;
};

/* Does the field's value begin so? */
static bool says(struct span field, struct span name, const char *begin)
{
    struct span value = span_skip(field, name.len + 1);
    while (value.len > 0 && strchr(" \t\r\n", *value.at) != NULL)
        value = span_skip(value, 1);
    return value.len >= strlen(begin) && strncasecmp(value.at, begin, strlen(begin)) == 0;
}

static void look_at(struct shape *shape, struct span field)
{
    static const struct span type = {"Content-Type", 12};
    shape->from |= is_field(field, SPAN("From"));
    shape->id |= is_field(field, SPAN("Message-ID"));
    shape->mime |= is_field(field, SPAN("MIME-Version"));
    if (is_field(field, type)) {
        shape->type = true;
        shape->parts |= says(field, type, "multipart/") || says(field, type, "message/");
    }
    if (is_field(field, ENCODING))
        shape->coded |= says(field, ENCODING, "base64") || says(field, ENCODING, "quoted-");
}

/* No server need take other bytes than ASCII, nor longer lines (RFC 5321, 4.5.3.1.6). */
static bool must_be_coded(struct span body)
{
    struct span line;
    for (size_t i = 0; i < body.len; i++)
        if (body.at[i] == '\0' || (unsigned char)body.at[i] >= 0x80)
            return true;
    while (span_take_line(&body, &line))
        if (line.len > LINE_MAX_BYTES)
            return true;
    return false;
}

static void add_field(struct strbuf *out, struct span field)
{
    struct strbuf coded = {0};
    message_encode(&coded, field, "\n ");
    add_crlf(out, strbuf_span(&coded));
    strbuf_clear(&coded);
}

static void add_missing(struct strbuf *out, const struct shape *shape, const char *from, bool code)
{
    if (!shape->from)
        message_header(out, "From", span_text(from));
    if (!shape->id)
        add_id(out);
    if (code && !shape->mime)
        strbuf_add_text(out, "MIME-Version: 1.0\r\n");
    if (code && !shape->type)
        strbuf_add_text(out, "Content-Type: text/plain; charset=utf-8\r\n");
    if (code)
        strbuf_add_text(out, "Content-Transfer-Encoding: quoted-printable\r\n");
    strbuf_add_text(out, "\r\n");
}

void mail_ready_complete(struct strbuf *out, struct span message, const char *from)
{
    struct shape shape = {0};
    struct span body = message, rest = message, field;
    while (take_field(&body, &field))
        look_at(&shape, field);
    bool code = !shape.parts && !shape.coded && must_be_coded(body);
    while (take_field(&rest, &field))
        if (!is_field(field, SPAN("Bcc")) && !(code && is_field(field, ENCODING)))
            add_field(out, field);
    add_missing(out, &shape, from, code);
    if (code)
        message_quote(out, body);
    else
        add_crlf(out, body);
}
