/* format_webmail - messages sent through Roundcube and Horde IMP, and their failed log-ins.
 *
 * Roundcube (program/lib/Roundcube/rcube.php): "[<session> ]User U [IP]; Message [<id> ]for
 * A, B; RESPONSE" in its own file, in syslog, or after "sendmail: " in PHP's error log.
 * IMP (lib/Compose.php, horde/Log): "[IP ]Message sent to A, B from U[ (IP)| [IP]][ [pid N on
 * line N of "FILE"]]", since Horde 3 in four envelopes.
 *
 * Who can forge what: recipients are the user's; in Roundcube what a proxy header says
 * stands in the bracket behind the address. So Roundcube's user is taken from the
 * left, where only log-in names that a mail server accepted stand, and IMP's from the right,
 * behind the recipients.
 */
#include "spamgear/log/format.h"

#include "spamgear/log/fields.h"

#define ADDRESS_MAX 80 /* no address with a zone is longer */

/* --- Roundcube --- */

/* Takes "<session> ". */
static void skip_session(struct span *s)
{
    struct span after = *s, session;
    if (field_eat(&after, SPAN("<")) && field_until(&after, '>', &session) &&
        memchr(session.at, ' ', session.len) == NULL && field_eat(&after, SPAN(" ")))
        *s = after;
}

/* "IP" or "IP(X-Real-IP: ..)": the address. Empty when there is none. */
static struct span first_address(struct span s)
{
    struct span address = {s.at, s.len < ADDRESS_MAX ? s.len : ADDRESS_MAX}, rest = address;
    field_until(&rest, '(', &address);
    bool whole = address.len == s.len || s.at[address.len] == '(';
    return whole && field_is_address(address) ? address : (struct span){s.at, 0};
}

/* Takes "U [IP]; Message ": the bracket is the first one that an address begins. */
static bool take_user(struct span *s, struct event *event)
{
    struct span after = *s, bracket, user;
    if (!field_until_text(&after, SPAN("]; Message "), &bracket))
        return false;
    while (field_until_text(&bracket, SPAN(" ["), &user)) {
        event->client = event->client_addr = first_address(bracket);
        if (event->client_addr.len == 0 && bracket.len > 0)
            continue;
        event->sender = span_of(s->at, span_end(user));
        *s = after;
        return true;
    }
    return false;
}

/* The queue ID in "250: 2.0.0 Ok: queued as 4F35DA86B27": the last word there. */
static struct span response_id(struct span response)
{
    struct span id = {response.at, 0};
    if (!field_cut_last(&response, SPAN(" queued as "), &id) || memchr(id.at, ' ', id.len) != NULL)
        id.len = 0;
    return id;
}

/* After "User " */
static enum parse_result parse_sent(struct span text, struct event *event)
{
    struct span id;
    if (!take_user(&text, event) || event->sender.len == 0)
        return PARSE_UNKNOWN;
    if (!field_eat(&text, SPAN("for ")) && !field_until_text(&text, SPAN(" for "), &id))
        return PARSE_UNKNOWN;
    struct span list = field_list(text, ';');
    event->sender_kind = SENDER_WEBMAIL;
    event->recipients = field_count_addresses(list);
    event->queue_id = response_id(span_skip(text, list.len));
    return PARSE_EVENT;
}

/* Does an address that was tried to log in from end like this? Text of the mail server may
 * follow, and a user name may imitate it, but not with " from " behind it. */
static bool ends_login(struct span after)
{
    if (after.len == 0 || after.at[0] == '(' || span_has_prefix(after, SPAN(" in session ")))
        return true;
    return span_has_prefix(after, SPAN(". ")) && !span_has_prefix(after, SPAN(". from "));
}

/* "U[ against HOST] from IP.." after "Failed login for " and the like. */
static enum parse_result parse_login(struct span text, struct event *event)
{
    struct span rest = text, user, host;
    while (field_until_text(&rest, SPAN(" from "), &user)) {
        struct span after = rest;
        while (after.len > 0 && after.at[0] != '(' && after.at[0] != ' ')
            after = span_skip(after, 1);
        struct span address = span_of(rest.at, after.at);
        if (field_eat_end(&address, SPAN(".")))
            after = span_of(span_end(address), span_end(after));
        if (!field_is_address(address) || !ends_login(after))
            continue;
        user = span_of(text.at, span_end(user));
        field_cut_last(&user, SPAN(" against "), &host);
        event->kind = EVENT_FAILED;
        event->sender_kind = SENDER_WEBMAIL;
        event->sender = user;
        event->client = event->client_addr = address;
        return user.len > 0 ? PARSE_EVENT : PARSE_NOTHING;
    }
    return PARSE_NOTHING;
}

static enum parse_result parse_roundcube(const struct log_format *format,
                                         const struct log_line *line, struct event *event)
{
    struct syslog_head head = {.text = line->rest};
    (void)format;
    if (line->shape != STAMP_BARE) {
        if (!syslog_split(line, &head) || !span_has_prefix(head.tag, SPAN("roundcube")))
            return PARSE_FOREIGN;
        event->repeat = syslog_unfold(&head);
    }
    struct span *text = &head.text;
    if (!field_eat(text, SPAN("sendmail: ")) && !field_eat(text, SPAN("userlogins: ")))
        field_eat(text, SPAN("errors: "));
    skip_session(text);
    if (field_eat(text, SPAN("User ")))
        return parse_sent(*text, event);
    if (field_eat(text, SPAN("Failed login for ")) || field_eat(text, SPAN("FAILED login for ")) ||
        field_eat(text, SPAN("IMAP Error: Login failed for ")))
        return parse_login(*text, event);
    return PARSE_NOTHING;
}

const struct log_format format_roundcube = {
    .name = "roundcube",
    .summary = "Roundcube: sendmail, userlogins and errors logs",
    .needles = {"; Message ", "ailed for ", " login for "},
    .parse = parse_roundcube,
};

/* --- Horde IMP --- */

static bool is_horde(struct span word)
{
    return span_is(word, SPAN("HORDE")) || span_is(word, SPAN("horde"));
}

/* Takes "[info] " and the like. */
static bool take_bracketed(struct span *s, struct span *word)
{
    struct span after = *s;
    if (!field_eat(&after, SPAN("[")) || !field_until(&after, ']', word) ||
        memchr(word->at, ' ', word->len) != NULL || !field_eat(&after, SPAN(" ")))
        return false;
    *s = after;
    return true;
}

/* Finds the message in one of
 *     HORDE [info] [imp] text          Horde 3, its file
 *     INFO: HORDE [imp] text           Horde 5, its file
 *     host HORDE[pid]: [imp] text      syslog
 * and tells the application. */
static bool split_horde(const struct log_line *line, struct event *event, struct span *app,
                        struct span *text)
{
    struct syslog_head head;
    struct span rest = line->rest, word, level;
    if (!field_until(&rest, ' ', &word))
        return false;
    if (field_eat_end(&word, SPAN(":")) && !field_until(&rest, ' ', &word))
        return false;
    if (!is_horde(word) || rest.len == 0 || rest.at[0] != '[') {
        if (!syslog_split(line, &head) || !is_horde(head.tag))
            return false;
        event->repeat = syslog_unfold(&head);
        rest = head.text;
    }
    if (!take_bracketed(&rest, app))
        return false;
    level = *app;
    if (!take_bracketed(&rest, app))
        *app = level; /* no level in front */
    *text = rest;
    return true;
}

/* Cuts ' [pid N on line N of "FILE"]' or ' [on line N of "FILE"]' off the end. */
static void cut_origin(struct span *text)
{
    struct span with_pid = *text, without = *text, origin;
    if (!span_has_suffix(*text, SPAN("\"]")))
        return;
    bool found = field_cut_last(&with_pid, SPAN(" [pid "), &origin);
    if (field_cut_last(&without, SPAN(" [on line "), &origin) &&
        (!found || without.len > with_pid.len))
        *text = without;
    else if (found)
        *text = with_pid;
}

/* Cuts " (IP)", " [IP]" or, where IMP knew no address, " ()" off the end. */
static void cut_address(struct span *text, struct event *event)
{
    struct span rest = *text, address;
    bool round = field_eat_end(&rest, SPAN(")"));
    if (!round && !field_eat_end(&rest, SPAN("]")))
        return;
    if (!field_cut_last(&rest, round ? SPAN(" (") : SPAN(" ["), &address) ||
        (address.len > 0 && !field_is_address(address)))
        return;
    event->client = event->client_addr = address;
    *text = rest;
}

/* After "Message sent to ": "LIST from U[ (IP)][ [..]]" from the right. */
static enum parse_result parse_imp_sent(struct span text, struct event *event)
{
    struct span user;
    cut_origin(&text);
    cut_address(&text, event);
    if (!field_cut_last(&text, SPAN(" from "), &user) || user.len == 0)
        return PARSE_UNKNOWN;
    event->sender_kind = SENDER_WEBMAIL;
    event->sender = user;
    event->recipients = field_count_addresses(text);
    return PARSE_EVENT;
}

/* After "FAILED LOGIN for ": "U [IP] to SERVER" or "U (IP) to SERVER". */
static enum parse_result parse_imp_failed(struct span text, struct event *event)
{
    struct span user;
    if (!field_until_text(&text, SPAN(" to "), &user))
        return PARSE_NOTHING;
    cut_address(&user, event);
    event->kind = EVENT_FAILED;
    event->sender_kind = SENDER_WEBMAIL;
    event->sender = user;
    return user.len > 0 ? PARSE_EVENT : PARSE_NOTHING;
}

/* Takes the "IP " that older versions put in front. */
static void take_leading_address(struct span *text, struct event *event)
{
    struct span after = *text, address;
    if (!field_until(&after, ' ', &address) || !field_is_address(address))
        return;
    event->client = event->client_addr = address;
    *text = after;
}

static enum parse_result parse_imp(const struct log_format *format, const struct log_line *line,
                                   struct event *event)
{
    struct span app, text;
    (void)format;
    if (!split_horde(line, event, &app, &text))
        return PARSE_FOREIGN;
    if (field_eat(&text, SPAN("FAILED LOGIN for ")))
        return parse_imp_failed(text, event);
    if (!span_is(app, SPAN("imp")))
        return PARSE_NOTHING;
    take_leading_address(&text, event);
    if (field_eat(&text, SPAN("Message sent to ")) ||
        field_eat(&text, SPAN("Redirected message sent to ")))
        return parse_imp_sent(text, event);
    return PARSE_NOTHING;
}

const struct log_format format_imp = {
    .name = "imp",
    .summary = "Horde IMP: messages sent, failed log-ins",
    .needles = {"essage sent to ", "FAILED LOGIN for "},
    .parse = parse_imp,
};
