/* postfix_line - queue IDs, tags, peers and accepting lines.
 *
 * Grammar: src/global/mail_queue.h, src/global/mail_task.c, src/smtpd/smtpd.c, src/pickup/pickup.c.
 */
#include "postfix_line.h"

/* Kinds of bytes: of short queue IDs (hexadecimal), of long ones (no vowels), of host names. */
enum { ID_SHORT = 1, ID_LONG = 2, HOST_BYTE = 4 };

enum {
    H = HOST_BYTE,
    L = HOST_BYTE | ID_LONG,
    X = HOST_BYTE | ID_SHORT,
    D = HOST_BYTE | ID_SHORT | ID_LONG
};

/* clang-format off */
static const unsigned char bytes[256] = {
    ['-'] = H,
    ['.'] = H,
    ['_'] = H,
    ['0'] = D, D, D, D, D, D, D, D, D, D,
    ['A'] = X, D, D, D, X, D, L, L, H, L, L, L, L, L, H, L, L, L, L, L, H, L, L, L, L, L,
    ['a'] = H, L, L, L, H, L, L, L, H, L, L, L, L, L, H, L, L, L, L, L, H, L, L, L, L, L,
};
/* clang-format on */

static bool all_bytes(struct span s, unsigned char kind)
{
    for (size_t i = 0; i < s.len; i++)
        if (!(bytes[(unsigned char)s.at[i]] & kind))
            return false;
    return true;
}

/* Short: microseconds and inode in hexadecimal. Long: at least 10 digits of base 52 (time),
 * a 'z', and the inode in base 51, which has no 'z'. */
bool postfix_is_queue_id(struct span s)
{
    if (s.len >= 5 && all_bytes(s, ID_SHORT))
        return true;
    if (s.len < 12 || !all_bytes(s, ID_LONG))
        return false;
    const char *z = memrchr(s.at, 'z', s.len);
    return z != NULL && z - s.at >= 10 && z + 1 < span_end(s);
}

bool postfix_take_id(struct span *text, struct span *id)
{
    struct span after = *text;
    if (!field_until(&after, ':', id) || !field_eat(&after, SPAN(" ")))
        return false;
    if (span_is(*id, SPAN("NOQUEUE")))
        id->len = 0;
    else if (!postfix_is_queue_id(*id))
        return false;
    *text = after;
    return true;
}

bool postfix_take_peer(struct span *text, struct postfix_peer *peer)
{
    struct span after = *text, name, address, port;
    if (!field_until(&after, '[', &name) || name.len == 0 || !all_bytes(name, HOST_BYTE) ||
        !field_until(&after, ']', &address))
        return false;
    if (span_is(address, SPAN("unknown")))
        address.len = 0;
    else if (!field_is_address(address))
        return false;
    *peer = (struct postfix_peer){span_of(name.at, after.at), name, address};
    *text = after;
    if (field_eat(&after, SPAN(":")) &&
        (field_digits(&after, &port) || field_eat(&after, SPAN("unknown"))))
        *text = after;
    return true;
}

static bool is_suffix(struct span s)
{
    return span_has_prefix(s, SPAN(", sasl_sender=")) ||
           span_has_prefix(s, SPAN(", orig_queue_id=")) ||
           span_has_prefix(s, SPAN(", orig_client="));
}

/* Takes the user name: all up to the first suffix. */
static struct span take_user(struct span *text)
{
    struct span all = *text;
    const char *p = all.at, *end = span_end(all);
    for (; p < end && (p = memchr(p, ',', (size_t)(end - p))) != NULL; p++) {
        *text = span_of(p, end);
        if (is_suffix(*text))
            return span_of(all.at, p);
    }
    *text = span_of(end, end);
    return all;
}

bool postfix_read_client(struct span text, struct postfix_client *client)
{
    struct span method;
    *client = (struct postfix_client){0};
    if (!postfix_take_peer(&text, &client->peer))
        return false;
    if (field_eat(&text, SPAN(", sasl_method="))) {
        struct span rest = text;
        if (!field_until(&rest, ',', &method))
            method = text;
        text = span_skip(text, method.len);
    }
    client->has_user = field_eat(&text, SPAN(", sasl_username="));
    if (client->has_user)
        client->user = take_user(&text);
    client->suffixes = text;
    return client->has_user ? client->user.len > 0 : text.len == 0 || is_suffix(text);
}

bool postfix_read_original(struct span suffixes, struct span *queue_id, struct postfix_peer *peer)
{
    struct span rest = suffixes, id = {NULL, 0};
    *peer = (struct postfix_peer){0};
    if (field_eat(&rest, SPAN(", orig_queue_id="))) {
        id = rest;
        if (!field_until(&rest, ',', &id))
            rest.len = 0;
        else
            rest = span_of(rest.at - 1, span_end(rest));
        if (!postfix_is_queue_id(id))
            id.len = 0;
    }
    *queue_id = id;
    if (rest.len == 0)
        return id.len > 0;
    return field_eat(&rest, SPAN(", orig_client=")) &&
           (postfix_take_peer(&rest, peer) || id.len > 0);
}

bool postfix_read_pickup(struct span text, struct postfix_pickup *pickup)
{
    struct span all = text, id;
    *pickup = (struct postfix_pickup){0};
    if (!field_eat(&text, SPAN("uid=")) || !field_digits(&text, &pickup->uid))
        return false;
    pickup->whole = span_of(all.at, text.at);
    if (!field_eat(&text, SPAN(" from=<")))
        return false;
    if (field_cut_last(&text, SPAN("> orig_id="), &id) && all.len <= POSTFIX_WHOLE_MAX &&
        postfix_is_queue_id(id))
        pickup->orig_id = id;
    return true;
}

bool postfix_take_relay(struct span *text, struct span *relay)
{
    struct span skipped;
    return text->len <= POSTFIX_WHOLE_MAX && field_until_text(text, SPAN(">, relay="), &skipped) &&
           field_until(text, ',', relay);
}

bool postfix_read_queued_as(struct span text, struct span *id)
{
    struct span skipped;
    size_t n = 0;
    if (field_find(text, SPAN(", relay=")) != NULL ||
        !field_until_text(&text, SPAN(", status=sent ("), &skipped) ||
        !field_cut_last(&text, SPAN("queued as "), id))
        return false;
    while (n < id->len && memchr(")], ;/", id->at[n], 6) == NULL)
        n++;
    id->len = n;
    return postfix_is_queue_id(*id);
}

bool postfix_split_tag(struct span tag, struct span *program)
{
    const char *slash = memchr(tag.at, '/', tag.len);
    struct span name = slash == NULL ? tag : span_of(tag.at, slash);
    if (!span_is(name, SPAN("postfix")) && !span_has_prefix(name, SPAN("postfix-")))
        return false;
    const char *last = slash == NULL ? NULL : memrchr(tag.at, '/', tag.len);
    *program = last == NULL ? (struct span){tag.at, 0} : span_of(last + 1, span_end(tag));
    return true;
}
