/* policy_request - requests and answers of the access policy protocol.
 *
 * What is no request is told as soon as that is certain: from the first line on, not when 64 KiB
 * are full.
 */
#include "spamgear/net/policy_request.h"

#define REQUEST_MAX (64u << 10)

struct field {
    struct span name;
    struct span *value;
};

/* false: a name=value line is none. */
static bool take_line(struct span line, const struct field *fields, size_t count)
{
    const char *equals = memchr(line.at, '=', line.len);
    if (equals == NULL || equals == line.at || memchr(line.at, '\0', line.len) != NULL)
        return false;
    struct span name = span_of(line.at, equals), value = span_of(equals + 1, span_end(line));
    for (size_t i = 0; i < count; i++)
        if (span_is(name, fields[i].name) && fields[i].value->at == NULL)
            *fields[i].value = value;
    return true;
}

static bool read_count(struct span text, unsigned long long *number)
{
    *number = 0;
    return text.len == 0 || span_number(text, number);
}

static bool read_request(struct span lines, struct policy_request *request)
{
    struct span kind = {0}, recipients = {0}, size = {0}, line;
    const struct field fields[] = {
        {SPAN("request"), &kind},
        {SPAN("protocol_state"), &request->protocol_state},
        {SPAN("sasl_username"), &request->sasl_username},
        {SPAN("sender"), &request->sender},
        {SPAN("recipient"), &request->recipient},
        {SPAN("client_address"), &request->client_address},
        {SPAN("client_name"), &request->client_name},
        {SPAN("instance"), &request->instance},
        {SPAN("queue_id"), &request->queue_id},
        {SPAN("recipient_count"), &recipients},
        {SPAN("size"), &size},
    };
    while (span_take_line(&lines, &line))
        if (!take_line(line, fields, sizeof fields / sizeof *fields))
            return false;
    return span_is(kind, SPAN("smtpd_access_policy")) &&
           read_count(recipients, &request->recipient_count) && read_count(size, &request->size);
}

/* Can these bytes, which are not whole, still become a request? Lines that end in CR LF would never
 * end one. */
static bool may_become(struct span bytes)
{
    struct span line, rest = bytes;
    if (bytes.len >= REQUEST_MAX || span_find(bytes, SPAN("\n\r\n")) != NULL)
        return false;
    return memchr(bytes.at, '\n', bytes.len) == NULL ||
           (span_take_line(&rest, &line) && take_line(line, NULL, 0));
}

size_t policy_request_take(struct span bytes, struct policy_request *request, bool *bad)
{
    *request = (struct policy_request){0};
    *bad = false;
    if (bytes.len == 0)
        return 0;
    const char *end = span_find(bytes, SPAN("\n\n"));
    if (end == NULL) {
        *bad = !may_become(bytes);
        return *bad ? bytes.len : 0;
    }
    struct span lines = span_of(bytes.at, end + 1);
    *bad = lines.len + 1 > REQUEST_MAX || !read_request(lines, request);
    if (*bad)
        *request = (struct policy_request){0};
    return lines.len + 1;
}

void policy_answer(struct strbuf *out, struct span action)
{
    strbuf_add_text(out, "action=");
    for (size_t i = 0; i < action.len; i++) {
        unsigned char c = (unsigned char)action.at[i];
        strbuf_add_char(out, c < ' ' || c == 0x7f ? ' ' : action.at[i]);
    }
    strbuf_add_text(out, "\n\n");
}
