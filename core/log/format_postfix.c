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

#include "postfix_line.h"

static void set_peer(struct event *event, const struct postfix_peer *peer)
{
    event->client = peer->whole;
    event->client_name = peer->name;
    event->client_addr = peer->address;
}

static bool take_peer(struct span *text, struct event *event)
{
    struct postfix_peer peer;
    if (!postfix_take_peer(text, &peer))
        return false;
    set_peer(event, &peer);
    return true;
}

/* A content filter that hands the message back over SMTP with XFORWARD makes a second
 * line of the same message: it goes by the first one's queue ID. */
static enum parse_result parse_client(struct span text, struct event *event)
{
    struct postfix_client client;
    struct postfix_peer original;
    struct span id;
    if (!postfix_read_client(text, &client))
        return PARSE_UNKNOWN;
    set_peer(event, &client.peer);
    if (!client.has_user)
        return PARSE_NOTHING;
    event->sender = client.user;
    if (postfix_read_original(client.suffixes, &id, &original) && id.len > 0)
        event->queue_id = id;
    return PARSE_EVENT;
}

/* from= is whatever sendmail -f said: the uid alone names the sender. A message that was here
 * before is none. */
static enum parse_result parse_pickup(struct span text, struct event *event)
{
    struct postfix_pickup pickup;
    bool whole = postfix_read_pickup(text, &pickup);
    event->sender = pickup.whole;
    event->uid = pickup.uid;
    if (!whole)
        return PARSE_UNKNOWN;
    if (pickup.orig_id.len > 0)
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
    if (!syslog_split(line, &head) || !postfix_split_tag(head.tag, &program))
        return PARSE_FOREIGN;
    event->repeat = syslog_unfold(&head);
    bool has_id = postfix_take_id(&head.text, &id);
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
