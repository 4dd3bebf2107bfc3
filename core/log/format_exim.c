/* format_exim - arrivals, deliveries, failed log-ins and rejects of Exim's main log.
 *
 * Grammar: Exim's spec.xfpt "Log files", src/receive.c (arrival), src/smtp_in.c
 * (host_and_ident, rejects), src/log.c (syslog). Arrival:
 *     MSGID <= SENDER[ R=][ H=host (helo) [ip]:port][ I=][ U=][ P=][ X=..][ A=driver:id]..
 * Senders: A= is who logged in; U= only without H= and with P=local*, for with H= it
 * is what the client's ident server claims; else the host itself. Bounces never count.
 *
 * Who can forge what: SENDER and id= are addresses, blanks in them are quoted, and T= is
 * a quoted string; so fields are taken from the left, each by its own rules, and a line
 * whose fields do not add up to its end is not understood. The HELO name may hold
 * anything only where helo_accept_junk_hosts lets it; there, the first bracket after
 * which all fields are in order is taken for the address.
 *
 * Syslog: lines over 870 bytes come in parts "[1/3] "; the first one counts when it holds
 * what is needed, later ones begin with any bytes and are never looked at.
 */
#include "spamgear/log/format.h"

#include "spamgear/log/fields.h"

/* --- Words --- */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || is_upper(c);
}

static size_t alnums(struct span s)
{
    size_t n = 0;
    while (n < s.len && is_alnum(s.at[n]))
        n++;
    return n;
}

/* Takes what stands before the next blank, or all. */
static struct span take_word(struct span *s)
{
    struct span word = *s;
    const char *blank = s->len == 0 ? NULL : memchr(s->at, ' ', s->len);
    if (blank != NULL)
        word = span_of(s->at, blank);
    *s = span_skip(*s, word.len);
    return word;
}

/* Takes an address: blanks in quotes or after a backslash do not end it. */
static struct span take_address(struct span *s)
{
    bool quoted = false;
    size_t n = 0;
    for (; n < s->len && (quoted || s->at[n] != ' '); n++) {
        if (s->at[n] == '\\' && n + 1 < s->len)
            n++;
        else if (s->at[n] == '"')
            quoted = !quoted;
    }
    struct span address = {s->at, n};
    *s = span_skip(*s, n);
    return address;
}

/* Takes a quoted string with escaped quotes in it; one without its end only if the line was
 * cut. */
static bool take_string(struct span *s, bool cut)
{
    for (size_t n = 1; n < s->len; n++) {
        if (s->at[n] == '\\') {
            n++;
        } else if (s->at[n] == '"') {
            *s = span_skip(*s, n + 1);
            return true;
        }
    }
    if (cut)
        *s = span_skip(*s, s->len);
    return cut;
}

/* --- Fields: " KEY=value" and flags --- */

struct fields {
    struct span proto, auth, ident;
    unsigned recipients;
    bool cut; /* the line was cut short: a string may lack its end */
};

/* Is key one of these words, which are parted and enclosed by blanks? */
static bool is_listed(struct span key, const char *words)
{
    for (const char *p = words; *p != '\0'; p++) {
        size_t len = strcspn(p, " ");
        if (len == key.len && memcmp(p, key.at, len) == 0)
            return true;
        p += len;
    }
    return false;
}

/* The key in front of '='; empty when there is none. */
static struct span key_of(struct span s)
{
    size_t n = alnums(s);
    if (n < s.len && s.at[n] == '*')
        n++;
    return (struct span){s.at, n > 0 && n < s.len && s.at[n] == '=' ? n : 0};
}

/* The flag at the start: TFO, TFO*, L, L-, K, PRDR..; empty when there is none. */
static struct span flag_of(struct span s)
{
    struct span flag = take_word(&s);
    return is_listed(flag, "K PRDR L L- L* L*- L. L.- TFO TFO* ARC ") ? flag
                                                                      : (struct span){s.at, 0};
}

/* May a user name end before this? */
static bool is_field(struct span s)
{
    struct span key = key_of(s);
    if (key.len > 0)
        return is_listed(key, "S P X CV Ci PRX M8S Q id id* T RT SNI DN A I F H DKIM ");
    struct span flag = flag_of(s);
    if (flag.len == 0)
        return span_has_prefix(s, SPAN("rejected ")) ||
               span_has_prefix(s, SPAN("temporarily rejected "));
    s = span_skip(s, flag.len);
    return s.len == 0 || key_of(span_skip(s, 1)).len > 0;
}

/* Takes a value that may hold blanks: all up to the next field. */
static struct span take_text(struct span *s)
{
    struct span all = *s;
    const char *end = span_end(all);
    take_word(s);
    while (s->len > 0 && !is_field(span_skip(*s, 1))) {
        *s = span_skip(*s, 1);
        take_word(s);
    }
    return span_of(all.at, s->len > 0 ? s->at : end);
}

/* Takes the name in a client's certificate: in quotes that are not escaped within, so it ends
 * at the first one that a field follows. */
static bool take_dn(struct span *s)
{
    struct span rest = *s, before;
    if (!field_eat(&rest, SPAN("\"")))
        return false;
    while (field_until(&rest, '"', &before))
        if (rest.len == 0 || (rest.at[0] == ' ' && is_field(span_skip(rest, 1)))) {
            *s = rest;
            return true;
        }
    return false;
}

/* Takes one value by the rules of its key; false when it is not in order. */
static bool take_value(struct span key, struct span *s, struct fields *fields)
{
    char only = key.len == 1 ? key.at[0] : '\0';
    if (only == 'F' || key.at[0] == 'i')
        take_address(s);
    else if (span_is(key, SPAN("DN")))
        return take_dn(s);
    else if (s->len > 0 && s->at[0] == '"')
        return take_string(s, fields->cut);
    else if (only == 'A')
        fields->auth = take_text(s);
    else if (only == 'U')
        fields->ident = take_text(s);
    else if (only == 'P')
        fields->proto = take_word(s);
    else if (span_is(key, SPAN("SNI")))
        take_text(s);
    else
        take_word(s);
    return only != 'H'; /* the host is not taken here */
}

/* " a@b c@d" */
static unsigned count_words(struct span s)
{
    unsigned count = 0;
    while (s.len > 0) {
        s = span_skip(s, 1);
        count += take_address(&s).len > 0;
    }
    return count;
}

/* "from <..> for a b", what may end an arrival line. */
static bool take_end(struct span *s, struct fields *fields)
{
    if (field_eat(s, SPAN("from "))) {
        take_address(s);
        if (s->len > 0 && !field_eat(s, SPAN(" ")))
            return false;
    }
    if (!field_eat(s, SPAN("for")))
        return s->len == 0;
    fields->recipients = count_words(*s);
    *s = span_skip(*s, s->len);
    return true;
}

/* Takes the fields; *s is then what begins with no field, without the blank before it. False
 * when a field is not in order. */
static bool take_fields(struct span *s, struct fields *fields)
{
    while (field_eat(s, SPAN(" "))) {
        struct span key = key_of(*s), flag;
        if (key.len > 0) {
            *s = span_skip(*s, key.len + 1);
            if (!take_value(key, s, fields))
                return false;
        } else if ((flag = flag_of(*s)).len > 0) {
            *s = span_skip(*s, flag.len);
        } else {
            return true;
        }
    }
    return s->len == 0;
}

/* --- Hosts --- */

/* Takes "[ADDRESS]" and ":PORT". */
static bool take_bracket(struct span *s, struct event *event)
{
    struct span after = *s, port;
    if (!field_eat(&after, SPAN("[")) || !field_until(&after, ']', &event->client_addr) ||
        !field_is_address(event->client_addr))
        return false;
    event->client = span_of(s->at, after.at);
    *s = after;
    if (field_eat(&after, SPAN(":")) && field_digits(&after, &port))
        *s = after;
    return true;
}

/* So many brackets of a HELO name are tried, lest a long line take a time that grows with
 * the square of its length. */
#define HELO_TRIES 32

/* What must follow a host for its bracket to be the true one. */
typedef bool follows(struct span after, struct fields *fields);

/* Takes the HELO name and the address: the first bracket that the right things follow. */
static bool take_helo(struct span *s, struct event *event, follows *fits, struct fields *fields)
{
    struct span rest = *s, helo;
    for (int i = 0; i < HELO_TRIES && field_until_text(&rest, SPAN(") ["), &helo); i++) {
        struct span after = span_of(rest.at - 1, span_end(rest));
        if (take_bracket(&after, event) && fits(after, fields)) {
            *s = after;
            return true;
        }
    }
    return false;
}

/* Takes "host (helo) [ip]:port", "(helo) [ip]", "host [ip]" or "[ip]". Only a host name
 * outside the parentheses was verified. */
static bool take_host(struct span *s, struct event *event, follows *fits, struct fields *fields)
{
    struct span after = *s, name = {s->at, 0};
    if (after.len > 0 && after.at[0] != '(' && after.at[0] != '[') {
        name = take_word(&after);
        if (!field_eat(&after, SPAN(" ")))
            return false;
    }
    if (after.len > 0 && after.at[0] == '(') {
        if (!take_helo(&after, event, fits, fields))
            return false;
    } else if (!take_bracket(&after, event) || !fits(after, fields)) {
        return false;
    }
    if (name.len > 0)
        event->client = span_of(name.at, span_end(event->client));
    event->client_name = name;
    *s = after;
    return true;
}

/* --- Lines --- */

/* Is a user's name the rest of a HELO name? Then the bracket before it was the client's. */
static bool has_helo_in_name(const struct fields *fields)
{
    return field_find(fields->auth, SPAN(") [")) != NULL ||
           field_find(fields->ident, SPAN(") [")) != NULL;
}

static bool arrival_follows(struct span after, struct fields *fields)
{
    bool cut = fields->cut;
    *fields = (struct fields){.cut = cut};
    return take_fields(&after, fields) && (after.len == 0 || take_end(&after, fields)) &&
           !has_helo_in_name(fields);
}

/* "driver:id[:sender]". The last part (log selector smtp_mailauth) is what the client says
 * in AUTH=, an address; so an id ends at its first colon when an address follows. */
static struct span auth_id(struct span auth)
{
    struct span driver, id = {auth.at, 0}, rest;
    if (!field_until(&auth, ':', &driver))
        return id;
    rest = auth;
    if (field_until(&rest, ':', &id) && id.len > 0 && memchr(rest.at, '@', rest.len) != NULL)
        return id;
    return auth;
}

/* Did the client log in? Exim says so twice: in A= and at the end of P= (esmtpa, esmtpsa,
 * before 4.30 asmtp). P= stands before all that a client can write but its HELO name. */
static bool is_authenticated(const struct fields *fields)
{
    return span_has_suffix(fields->proto, SPAN("a")) || span_is(fields->proto, SPAN("asmtp"));
}

/* Chooses the sender of an arrival; false when there is none. */
static bool name_sender(const struct fields *fields, bool has_host, struct event *event)
{
    if (is_authenticated(fields)) {
        event->sender_kind = SENDER_SASL;
        event->sender = auth_id(fields->auth);
        if (event->sender.len > 0)
            return true;
        if (fields->auth.len == 0)
            return false; /* the line was cut before the name */
    }
    event->sender_kind = has_host ? SENDER_HOST : SENDER_LOCAL;
    event->sender = has_host ? event->client_addr : fields->ident;
    return event->sender.len > 0 && (has_host || span_has_prefix(fields->proto, SPAN("local")));
}

/* After "MSGID <= " */
static enum parse_result parse_arrival(struct span text, bool cut, struct event *event)
{
    struct fields fields = {.cut = cut};
    if (span_is(take_address(&text), SPAN("<>")))
        return PARSE_NOTHING;
    if (field_eat(&text, SPAN(" R=")))
        take_word(&text);
    field_eat(&text, SPAN(" DS"));
    bool has_host = field_eat(&text, SPAN(" H="));
    if (has_host ? !take_host(&text, event, arrival_follows, &fields)
                 : !arrival_follows(text, &fields))
        return PARSE_UNKNOWN;
    if (!name_sender(&fields, has_host, event))
        return PARSE_UNKNOWN;
    event->recipients = cut ? 0 : fields.recipients;
    return PARSE_EVENT;
}

static bool reject_follows(struct span after, struct fields *fields)
{
    *fields = (struct fields){0};
    return take_fields(&after, fields) && !has_helo_in_name(fields) &&
           (span_has_prefix(after, SPAN("rejected ")) ||
            span_has_prefix(after, SPAN("temporarily rejected ")));
}

/* After "H=": "host.. F=<..> A=driver:id rejected RCPT <..>" */
static enum parse_result parse_reject(struct span text, struct event *event)
{
    struct fields fields;
    if (!take_host(&text, event, reject_follows, &fields))
        return PARSE_NOTHING;
    event->kind = EVENT_REJECTED;
    event->sender = auth_id(fields.auth);
    return event->sender.len > 0 ? PARSE_EVENT : PARSE_NOTHING;
}

static bool failure_follows(struct span after, struct fields *fields)
{
    (void)fields;
    return after.len > 0 && (after.at[0] == ':' || after.at[0] == ' ');
}

/* "driver authenticator failed for HOST..: 535 .. (set_id=U)" */
static enum parse_result parse_failure(struct span text, struct event *event)
{
    struct span skipped;
    take_word(&text);
    if (!field_eat(&text, SPAN(" authenticator failed for ")) ||
        !take_host(&text, event, failure_follows, NULL) ||
        !field_until_text(&text, SPAN(" (set_id="), &skipped) || !field_eat_end(&text, SPAN(")")))
        return PARSE_NOTHING;
    event->kind = EVENT_FAILED;
    event->sender = text;
    return text.len > 0 ? PARSE_EVENT : PARSE_NOTHING;
}

/* Takes a message ID: 6-6-2 letters and digits, since 4.97 6-11-4, and the blank after it. */
static bool take_id(struct span *s, struct span *id)
{
    struct span after = *s;
    size_t first = alnums(after);
    if (first != 6 || after.len < 17 || after.at[6] != '-')
        return false;
    size_t second = alnums(span_skip(after, 7));
    size_t third = second == 6 ? 2 : 4, len = 7 + second + 1 + third;
    if ((second != 6 && second != 11) || after.len <= len || after.at[7 + second] != '-' ||
        alnums(span_skip(after, 8 + second)) != third || after.at[len] != ' ')
        return false;
    *id = (struct span){s->at, len};
    *s = span_skip(*s, len + 1);
    return true;
}

static enum parse_result parse_message(struct span text, bool cut, struct event *event)
{
    if (field_eat(&text, SPAN("<= ")))
        return parse_arrival(text, cut, event);
    if (field_eat(&text, SPAN("=> ")) || field_eat(&text, SPAN("-> ")) ||
        field_eat(&text, SPAN("** "))) {
        event->kind = EVENT_DELIVERED;
        event->recipients = 1;
        return PARSE_EVENT;
    }
    return field_eat(&text, SPAN("H=")) ? parse_reject(text, event) : PARSE_NOTHING;
}

/* --- Envelopes --- */

/* "2026-11-21 18:33:09[.123][ +0100] ", which Exim may write after the syslog header. */
static void skip_date(struct span *s)
{
    static const char shape[] = "0000-00-00 00:00:00";
    size_t n = 0;
    for (; n < sizeof(shape) - 1; n++) {
        bool digit = n < s->len && s->at[n] >= '0' && s->at[n] <= '9';
        if (n >= s->len || (shape[n] == '0' ? !digit : s->at[n] != shape[n]))
            return;
    }
    struct span after = span_skip(*s, n);
    take_word(&after); /* milliseconds */
    if (!field_eat(&after, SPAN(" ")))
        return;
    if (after.len > 6 && (after.at[0] == '+' || after.at[0] == '-') && after.at[5] == ' ')
        after = span_skip(after, 6);
    *s = after;
}

/* "[123] " */
static void skip_pid(struct span *s)
{
    struct span after = *s, pid;
    if (field_eat(&after, SPAN("[")) && field_digits(&after, &pid) && field_eat(&after, SPAN("] ")))
        *s = after;
}

/* "[n/m] " or "[n\m] " of a line in parts: n, or 0 for a whole line. */
static unsigned take_part(struct span *s)
{
    struct span after = *s, number, all;
    if (!field_eat(&after, SPAN("[")) || !field_digits(&after, &number) ||
        !(field_eat(&after, SPAN("/")) || field_eat(&after, SPAN("\\"))) ||
        !field_digits(&after, &all) || !field_eat(&after, SPAN("] ")))
        return 0;
    *s = after;
    return span_is(number, SPAN("1")) ? 1 : 2;
}

static enum parse_result parse_exim(const struct log_format *format, const struct log_line *line,
                                    struct event *event)
{
    struct syslog_head head = {.text = line->rest};
    unsigned part = 0;
    (void)format;
    if (line->shape != STAMP_BARE) {
        if (!syslog_split(line, &head) || !span_has_prefix(head.tag, SPAN("exim")))
            return PARSE_FOREIGN;
        event->repeat = syslog_unfold(&head);
        part = take_part(&head.text);
        skip_date(&head.text);
    }
    if (part > 1)
        return PARSE_NOTHING;
    skip_pid(&head.text);
    if (take_id(&head.text, &event->queue_id))
        return parse_message(head.text, part == 1, event);
    if (field_eat(&head.text, SPAN("H=")))
        return parse_reject(head.text, event);
    return parse_failure(head.text, event);
}

static const char *const exim_writers[] = {
    "/usr/sbin/exim4", "/usr/sbin/exim", "/usr/exim/bin/exim", "/usr/local/sbin/exim", NULL,
};

const struct log_format format_exim = {
    .name = "exim",
    .summary = "Exim main log: authenticated ids, local users and hosts",
    .needles = {" <= ", "(set_id=", " rejected "},
    .joins = {"=> ", "-> ", "** "},
    .parse = parse_exim,
    .writers = exim_writers,
};
