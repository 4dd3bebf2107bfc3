/* mail_old - EMERGENCY_MAIL_TO of the old emergency-settings: a Python literal, read and never run.
 *
 *     (
 *         ('external-smtp-server.org', ('addr1@external1.org', 'addr2@external1.org')),
 *         ('ext-smtp-server2.org', ('address@ext2.org',)),
 *     )
 *
 * Taken: tuples and lists in each other, strings in either quotes (with \\ \' \"), commas, #
 * comments. The first string of a group is a server, the others are its recipients, in whatever
 * tuple they stand. Anything else (a name, a call, a number) is refused.
 */
#include "mail_parts.h"

#define DEPTH_MAX 4

struct literal {
    struct span rest;
    char closing[DEPTH_MAX + 1]; /* of the open ones */
    unsigned depth;
    struct strbuf server; /* of this group; empty: none yet */
    unsigned recipients;
    struct texts *smtp;
    const char *wrong;
};

static bool refuse(struct literal *l, const char *wrong)
{
    l->wrong = wrong;
    return false;
}

static char peek(const struct literal *l)
{
    return l->rest.len > 0 ? *l->rest.at : '\0';
}

static void skip_gaps(struct literal *l)
{
    while (l->rest.len > 0 && memchr(" \t\r\n#", peek(l), 5) != NULL) {
        if (peek(l) == '#')
            while (l->rest.len > 0 && peek(l) != '\n')
                l->rest = span_skip(l->rest, 1);
        else
            l->rest = span_skip(l->rest, 1);
    }
}

static bool take_string(struct literal *l, struct strbuf *text)
{
    char quote = peek(l);
    l->rest = span_skip(l->rest, 1);
    while (l->rest.len > 0 && peek(l) != quote) {
        if (peek(l) == '\\')
            l->rest = span_skip(l->rest, 1);
        if (l->rest.len == 0)
            break;
        if ((unsigned char)peek(l) <= ' ' || peek(l) == 0x7f)
            return refuse(l, "a blank or control byte in a name");
        strbuf_add_char(text, peek(l));
        l->rest = span_skip(l->rest, 1);
    }
    if (l->rest.len == 0)
        return refuse(l, "a quote is not closed");
    l->rest = span_skip(l->rest, 1);
    return text->len > 0 || refuse(l, "an empty name");
}

/* A server comes to the list with its first recipient. */
static bool add_string(struct literal *l, const struct strbuf *text)
{
    if (l->depth < 2)
        return refuse(l, "a name stands outside of (server, (recipients))");
    if (l->server.len == 0) {
        if (memchr(text->data, '@', text->len) != NULL)
            return refuse(l, "a recipient stands where a server is expected");
        strbuf_add_span(&l->server, strbuf_span(text));
        texts_format(l->smtp, "smtp://%s", strbuf_text(text));
        return true;
    }
    char *address = message_address(strbuf_span(text));
    if (address == NULL || strchr(address, '@') == NULL) {
        free(address);
        return refuse(l, "a recipient is no mail address");
    }
    texts_add(l->smtp, address);
    free(address);
    l->recipients++;
    return true;
}

static bool open_group(struct literal *l)
{
    if (l->depth == DEPTH_MAX)
        return refuse(l, "too deep");
    l->closing[l->depth++] = peek(l) == '(' ? ')' : ']';
    return true;
}

static bool close_group(struct literal *l)
{
    if (l->depth == 0 || l->closing[l->depth - 1] != peek(l))
        return refuse(l, "a bracket too many");
    l->depth--;
    if (l->depth == 1) {
        if (l->server.len > 0 && l->recipients == 0)
            return refuse(l, "a server has no recipients");
        strbuf_reset(&l->server);
        l->recipients = 0;
    }
    return true;
}

static bool take_piece(struct literal *l)
{
    struct strbuf text = {0};
    bool good;
    char c = peek(l);
    if (c == '\'' || c == '"') {
        good = take_string(l, &text) && add_string(l, &text);
        strbuf_clear(&text);
        return good;
    }
    if (c == '(' || c == '[')
        good = open_group(l);
    else if (c == ')' || c == ']')
        good = close_group(l);
    else
        good = c == ',' || refuse(l, "is not a list of (server, (recipients)), and is not run");
    l->rest = span_skip(l->rest, good ? 1 : 0);
    return good;
}

int mail_old_recipients(struct texts *smtp, struct span text, struct strbuf *why)
{
    struct texts own = {0};
    struct literal l = {.rest = text, .smtp = &own};
    for (skip_gaps(&l); l.wrong == NULL && l.rest.len > 0; skip_gaps(&l))
        take_piece(&l);
    if (l.wrong == NULL && l.depth > 0)
        l.wrong = "a bracket is not closed";
    for (size_t i = 0; l.wrong == NULL && i < own.len; i++)
        texts_add(smtp, own.at[i]);
    int result = l.wrong == NULL ? 0 : strbuf_why(why, "%s", l.wrong);
    strbuf_clear(&l.server);
    texts_clear(&own);
    return result;
}
