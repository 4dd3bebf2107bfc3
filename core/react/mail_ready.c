/* mail_ready - a whole message that somebody else wrote: who gets it, and what a server needs that
 * the sendmail program would have added.
 */
#include "mail_parts.h"

#include "spamgear/base/clock.h"
#include <inttypes.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

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

void mail_ready_complete(struct strbuf *out, struct span message, const char *from)
{
    bool has_from = false, has_id = false;
    struct span rest = message, field;
    while (take_field(&rest, &field)) {
        has_from = has_from || is_field(field, SPAN("From"));
        has_id = has_id || is_field(field, SPAN("Message-ID"));
        if (!is_field(field, SPAN("Bcc")))
            add_crlf(out, field);
    }
    if (!has_from)
        message_header(out, "From", span_text(from));
    if (!has_id)
        add_id(out);
    strbuf_add_text(out, "\r\n");
    add_crlf(out, rest);
}
