/* format_postfix - accepted messages, failed log-ins and rejects of Postfix.
 *
 * Grammar: src/smtpd/smtpd.c, smtpd_sasl_proto.c, smtpd_sasl_glue.c, smtpd_check.c,
 * src/pickup/pickup.c, src/qmgr/qmgr_message.c, src/global/mail_queue.h. The tag is
 * syslog_name "/" program; where rsyslog has cut it to syslog_name (RFC 5424) the
 * shape of the text alone decides. No Postfix program begins its text with bytes
 * of a client, so what is anchored at the queue ID is Postfix's own.
 *
 * Who can forge what in "client=.., sasl_username=U, sasl_sender=S, orig_..": S is the
 * AUTH= parameter of MAIL FROM, any text at every message; U is fixed by the user
 * database. So U ends at the FIRST suffix (from the right, S could make U another
 * name at each message), and a queue ID that follows S is not believed. A user who may
 * choose a name with ", sasl_sender=" in it could pass for another; no user database
 * that we know of allows such a name.
 */
#include "spamgear/log/format.h"

#include "spamgear/log/fields.h"

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
static bool is_queue_id(struct span s)
{
    if (s.len >= 5 && all_bytes(s, ID_SHORT))
        return true;
    if (s.len < 12 || !all_bytes(s, ID_LONG))
        return false;
    const char *z = memrchr(s.at, 'z', s.len);
    return z != NULL && z - s.at >= 10 && z + 1 < span_end(s);
}

/* Takes "QUEUEID: " or "NOQUEUE: "; an empty id for the latter. */
static bool take_queue_id(struct span *text, struct span *id)
{
    struct span after = *text;
    if (!field_until(&after, ':', id) || !field_eat(&after, SPAN(" ")))
        return false;
    if (span_is(*id, SPAN("NOQUEUE")))
        id->len = 0;
    else if (!is_queue_id(*id))
        return false;
    *text = after;
    return true;
}

/* Takes "HOST[ADDRESS]" and ":PORT" where ports are logged. */
static bool take_peer(struct span *text, struct event *event)
{
    struct span after = *text, name, address, port;
    if (!field_until(&after, '[', &name) || name.len == 0 || !all_bytes(name, HOST_BYTE) ||
        !field_until(&after, ']', &address))
        return false;
    if (span_is(address, SPAN("unknown")))
        address.len = 0;
    else if (!field_is_address(address))
        return false;
    event->client = span_of(name.at, after.at);
    event->client_name = name;
    event->client_addr = address;
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

/* A content filter that hands the message back over SMTP with XFORWARD makes a second
 * line of the same message: it goes by the first one's queue ID. */
static void join_original(struct span suffixes, struct event *event)
{
    struct span id = suffixes;
    if (!field_eat(&id, SPAN(", orig_queue_id=")))
        return;
    struct span rest = id;
    if (field_until(&rest, ',', &id) && !span_has_prefix(rest, SPAN(" orig_client=")))
        return;
    if (is_queue_id(id))
        event->queue_id = id;
}

static enum parse_result parse_client(struct span text, struct event *event)
{
    struct span method;
    if (!take_peer(&text, event))
        return PARSE_UNKNOWN;
    if (field_eat(&text, SPAN(", sasl_method="))) {
        struct span rest = text;
        if (!field_until(&rest, ',', &method))
            method = text;
        text = span_skip(text, method.len);
    }
    if (!field_eat(&text, SPAN(", sasl_username=")))
        return text.len == 0 || is_suffix(text) ? PARSE_NOTHING : PARSE_UNKNOWN;
    event->sender = take_user(&text);
    join_original(text, event);
    return event->sender.len > 0 ? PARSE_EVENT : PARSE_UNKNOWN;
}

/* "uid=1000 from=<..>[ orig_id=..]". from= is whatever sendmail -f said: the uid alone
 * names the sender. With orig_id it is a message that was here before (postsuper -r);
 * only Postfix can write that, because from= ends with '>'. */
static enum parse_result parse_pickup(struct span text, struct event *event)
{
    struct span all = text, id;
    if (!field_eat(&text, SPAN("uid=")) || !field_digits(&text, &event->uid))
        return PARSE_UNKNOWN;
    event->sender = span_of(all.at, text.at);
    if (!field_eat(&text, SPAN(" from=<")))
        return PARSE_UNKNOWN;
    if (field_cut_last(&text, SPAN("> orig_id="), &id) && is_queue_id(id))
        return PARSE_NOTHING;
    event->sender_kind = SENDER_LOCAL;
    return PARSE_EVENT;
}

/* "<..>, size=N, nrcpt=N (queue active)" from the right. */
static enum parse_result parse_queued(struct span text, struct event *event)
{
    struct span count, size;
    if (!field_eat_end(&text, SPAN(" (queue active)")))
        return PARSE_NOTHING; /* "status=expired, returned to sender" and the like */
    if (!field_cut_last(&text, SPAN(", nrcpt="), &count) ||
        !field_cut_last(&text, SPAN(">, size="), &size) || field_count(count) == 0)
        return PARSE_UNKNOWN;
    event->kind = EVENT_RECIPIENTS;
    event->recipients = field_count(count);
    return PARSE_EVENT;
}

/* "HOST[IP]: SASL M authentication failed: REASON, sasl_username=U" (3.9) */
static enum parse_result parse_warning(struct span text, struct event *event)
{
    struct span skipped;
    if (!take_peer(&text, event) || !field_eat(&text, SPAN(": SASL ")) ||
        !field_until_text(&text, SPAN(" authentication failed: "), &skipped) ||
        !field_until_text(&text, SPAN(", sasl_username="), &skipped))
        return PARSE_NOTHING;
    event->kind = EVENT_FAILED;
    event->sender = text;
    return text.len > 0 ? PARSE_EVENT : PARSE_NOTHING;
}

/* The client of "STAGE from HOST[IP]: 554 ..."; the stage is one word. */
static bool take_stage(struct span *text, struct event *event)
{
    struct span stage;
    return field_until(text, ' ', &stage) && field_eat(text, SPAN("from ")) &&
           take_peer(text, event) && field_eat(text, SPAN(": "));
}

/* "..; from=<> to=<> proto=ESMTP helo=<h> sasl_method=M sasl_username=U[ sasl_sender=S]"
 * (3.10). A HELO name may imitate the end, but then the line ends with its '>'. */
static enum parse_result parse_reject(struct span text, struct event *event)
{
    struct span user, skipped, sender;
    if (!take_stage(&text, event))
        return PARSE_NOTHING;
    if (!field_cut_last(&text, SPAN("> sasl_method="), &user) || span_has_suffix(user, SPAN(">")) ||
        !field_until_text(&user, SPAN(" sasl_username="), &skipped))
        return PARSE_NOTHING;
    struct span rest = user;
    if (field_until_text(&rest, SPAN(" sasl_sender="), &sender))
        user = sender;
    event->kind = EVENT_REJECTED;
    event->sender = user;
    return user.len > 0 ? PARSE_EVENT : PARSE_NOTHING;
}

/* "END-OF-MESSAGE: 554 ..; from=<> to=<> proto=ESMTP helo=<h> sasl_username=<U>" */
static enum parse_result parse_proxy_reject(struct span text, struct event *event)
{
    struct span user;
    if (!field_eat_end(&text, SPAN(">")) ||
        !field_cut_last(&text, SPAN("> sasl_username=<"), &user) || user.len == 0)
        return PARSE_NOTHING;
    event->kind = EVENT_REJECTED;
    event->sender = user;
    return PARSE_EVENT;
}

/* What a program says: by the literal at the start, after "QUEUEID: " where it has one.
 * The parser gets what follows the start if it is eaten. */
struct shape {
    struct span program;
    struct span start;
    bool has_id, eat;
    enum parse_result (*parse)(struct span text, struct event *event);
};

#define START(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct shape shapes[] = {
    {START("smtpd"), START("client="), true, true, parse_client},
    {START("pickup"), START("uid="), true, false, parse_pickup},
    {START("qmgr"), START("from=<"), true, true, parse_queued},
    {START("oqmgr"), START("from=<"), true, true, parse_queued},
    {START("smtpd"), START("reject: "), true, true, parse_reject},
    {START("smtpd"), START("warning: "), false, true, parse_warning},
    {START("smtpd"), START("proxy-reject: "), false, true, parse_proxy_reject},
};

/* Is it Postfix's? The first part of the tag is syslog_name, the last the program; no
 * program (an empty span) when the tag was cut. */
static bool split_postfix_tag(struct span tag, struct span *program)
{
    const char *slash = memchr(tag.at, '/', tag.len);
    struct span name = slash == NULL ? tag : span_of(tag.at, slash);
    if (!span_is(name, SPAN("postfix")) && !span_has_prefix(name, SPAN("postfix-")))
        return false;
    const char *last = slash == NULL ? NULL : memrchr(tag.at, '/', tag.len);
    *program = last == NULL ? (struct span){tag.at, 0} : span_of(last + 1, span_end(tag));
    return true;
}

static const struct shape *find_shape(struct span program, struct span text, bool has_id)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (shapes[i].has_id == has_id && span_has_prefix(text, shapes[i].start) &&
            (program.len == 0 || span_is(program, shapes[i].program)))
            return &shapes[i];
    return NULL;
}

static enum parse_result parse_postfix(const struct log_format *format, const struct log_line *line,
                                       struct event *event)
{
    struct syslog_head head;
    struct span program, id;
    (void)format;
    if (!syslog_split(line, &head) || !split_postfix_tag(head.tag, &program))
        return PARSE_FOREIGN;
    event->repeat = syslog_unfold(&head);
    bool has_id = take_queue_id(&head.text, &id);
    if (has_id)
        event->queue_id = id;
    const struct shape *shape = find_shape(program, head.text, has_id);
    if (shape == NULL)
        return PARSE_NOTHING;
    return shape->parse(shape->eat ? span_skip(head.text, shape->start.len) : head.text, event);
}

static const char *const postfix_writers[] = {
    "/usr/lib/postfix/",
    "/usr/libexec/postfix/",
    "/usr/local/libexec/postfix/",
    NULL,
};

const struct log_format format_postfix = {
    .name = "postfix",
    .summary = "Postfix: SASL users (smtpd) and local users (pickup)",
    .needles = {"sasl_username=", ": uid="},
    .joins = {", nrcpt="},
    .parse = parse_postfix,
    .writers = postfix_writers,
};
