/* format_custom - from a pattern in the config to a row like the built-in ones.
 *
 * The literal comes first here too, although the caller has searched for it: where several
 * formats read one log, the line may have been found by another's. Everything that can be
 * wrong with the settings is said when the format is made, so that parsing has only the
 * outcomes of the table below.
 */
#include "spamgear/log/format_custom.h"

#include "spamgear/base/addr.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/log/fields.h"
#include "spamgear/match/regex.h"
#include <stdlib.h>

#define GROUPS_MAX     64 /* in a pattern, unnamed ones too */
#define LITERAL_MIN    3  /* a shorter one, found by ourselves, would be in every line */
#define CLIENT_GAP_MAX 2  /* bytes between name and address: "name[", "name [", "name (" */

enum group { TIME, USER, CLIENT, NAME, RCPTS, SCRIPT, UID, GROUPS };

static const char *const group_names[GROUPS] = {
    [TIME] = "time",   [USER] = "user",     [CLIENT] = "client", [NAME] = "name",
    [RCPTS] = "rcpts", [SCRIPT] = "script", [UID] = "uid"};

struct custom {
    struct log_format format;
    const struct regex *regex;
    struct span literal, tag; /* tag is empty when none is given */
    char *name, *summary, *literal_text, *tag_text;
    enum sender_kind user_kind;
    int numbers[GROUPS]; /* -1 = not in the pattern */
    size_t group_count;
};

enum outcome { EVENT, NO_LITERAL, NO_SYSLOG, OTHER_TAG, NO_MATCH, GAVE_UP, NO_SENDER, BAD_TIME };

static const struct {
    enum parse_result result;
    const char *reason;
} outcomes[] = {
    [EVENT] = {PARSE_EVENT, "matches"},
    [NO_LITERAL] = {PARSE_FOREIGN, "the literal is not in the line"},
    [NO_SYSLOG] = {PARSE_FOREIGN, "not a line of syslog with host and tag"},
    [OTHER_TAG] = {PARSE_FOREIGN, "another program's tag"},
    [NO_MATCH] = {PARSE_UNKNOWN, "the pattern does not match"},
    [GAVE_UP] = {PARSE_GAVE_UP, "the pattern gave up: it needs too many steps"},
    [NO_SENDER] = {PARSE_UNKNOWN, "the pattern matches, but names no sender"},
    [BAD_TIME] = {PARSE_UNKNOWN, "the pattern matches, but its time cannot be read"},
};

/* ---- one line ---- */

struct match {
    const struct custom *custom;
    struct span groups[GROUPS_MAX];
    struct span subject;
};

static struct span group_of(const struct match *match, enum group group)
{
    int number = match->custom->numbers[group];
    return number < 0 ? (struct span){NULL, 0} : match->groups[number];
}

static bool is_tag(const struct custom *custom, struct span tag)
{
    return custom->tag_text[custom->tag.len - 1] == '/' ? span_has_prefix(tag, custom->tag)
                                                        : span_is(tag, custom->tag);
}

/* What the pattern is tried on; EVENT when there is something. */
static enum outcome find_subject(const struct custom *custom, const struct log_line *line,
                                 struct span *subject, unsigned *repeat)
{
    struct syslog_head head;
    *repeat = 1;
    *subject = custom->format.own_time ? line->whole : line->rest;
    if (custom->tag.len == 0)
        return EVENT;
    if (!syslog_split(line, &head))
        return NO_SYSLOG;
    if (!is_tag(custom, head.tag))
        return OTHER_TAG;
    *repeat = syslog_unfold(&head);
    *subject = head.text;
    return EVENT;
}

/* Numbers stand for users without a name: "uid=1000" as a whole when the line has it so. */
static struct span uid_sender(struct span uid, struct span subject)
{
    struct span before = span_of(subject.at, uid.at);
    bool whole = span_has_suffix(before, SPAN("uid=")) || span_has_suffix(before, SPAN("uid:"));
    return whole ? (struct span){uid.at - 4, uid.len + 4} : uid;
}

static bool set_sender(const struct match *match, struct event *event)
{
    struct span user = group_of(match, USER), script = group_of(match, SCRIPT);
    unsigned long long number;
    if (span_number(group_of(match, UID), &number))
        event->uid = group_of(match, UID);
    if (user.len > 0) {
        event->sender_kind = match->custom->user_kind;
        event->sender = user;
    } else if (script.len > 0) {
        event->sender_kind = SENDER_SCRIPT;
        event->sender = script;
    } else if (event->uid.len > 0) {
        event->sender_kind = SENDER_LOCAL;
        event->sender = uid_sender(event->uid, match->subject);
    } else if (match->custom->user_kind == SENDER_HOST) {
        event->sender_kind = SENDER_HOST;
        event->sender = event->client_addr.len > 0 ? event->client_addr : event->client;
    }
    return event->sender.len > 0;
}

/* An address alone: without "IPv6:", "[...]" and ":port". False when it is none. */
static bool take_address(struct span text, struct span *address)
{
    struct addr addr;
    struct span all = text, port;
    unsigned long long number;
    if (!addr_parse(text, &addr) && field_cut_last(&text, SPAN(":"), &port) &&
        !span_number(port, &number))
        text = all;
    field_eat(&text, SPAN("["));
    field_eat_end(&text, SPAN("]"));
    field_eat(&text, SPAN("IPv6:"));
    if (!addr_parse(text, &addr))
        return false;
    *address = text;
    return true;
}

/* "name[address]", "name (address)": *name keeps what stands before. */
static bool split_client(struct span client, struct span *name, struct span *address)
{
    struct span inner;
    bool round = field_eat_end(&client, SPAN(")"));
    if (!round && !field_eat_end(&client, SPAN("]")))
        return false;
    if (!field_cut_last(&client, round ? SPAN("(") : SPAN("["), &inner) ||
        !take_address(inner, address))
        return false;
    field_eat_end(&client, SPAN(" "));
    *name = client;
    return true;
}

/* The client is the key by which clients are told apart, and its name must be its start: the
 * two are joined where they are neighbours. */
static void set_client(const struct match *match, struct event *event)
{
    struct span client = group_of(match, CLIENT), name = group_of(match, NAME), inner = {NULL, 0};
    event->client = client;
    if (!take_address(client, &event->client_addr))
        split_client(client, &inner, &event->client_addr);
    event->client_name = name.len > 0 ? name : inner;
    if (name.len > 0 && client.len > 0 && client.at >= span_end(name) &&
        client.at - span_end(name) <= CLIENT_GAP_MAX)
        event->client = span_of(name.at, span_end(client));
}

static unsigned count_recipients(struct span text)
{
    unsigned words = 0;
    bool blank = true;
    unsigned long long number;
    if (span_number(text, &number))
        return field_count(text);
    if (text.len > 0 && memchr(text.at, ',', text.len) != NULL)
        return field_count_addresses(text);
    for (size_t i = 0; i < text.len; i++) {
        bool is_blank = text.at[i] == ' ' || text.at[i] == '\t';
        words += blank && !is_blank;
        blank = is_blank;
    }
    return words;
}

static bool set_time(const struct match *match, struct event *event)
{
    struct stamp stamp;
    struct stamp_clock clock;
    if (!match->custom->format.own_time)
        return true;
    if (stamp_parse(group_of(match, TIME), &stamp) == 0)
        return false;
    stamp_clock_init(&clock, clock_now());
    event->time = stamp_resolve(&clock, &stamp);
    return event->time != STAMP_NONE;
}

static enum outcome fill(const struct match *match, struct event *event)
{
    event->kind = EVENT_ACCEPTED;
    set_client(match, event);
    event->recipients = count_recipients(group_of(match, RCPTS));
    if (!set_sender(match, event))
        return NO_SENDER;
    return set_time(match, event) ? EVENT : BAD_TIME;
}

/* All but the literal. */
static enum outcome match_line(const struct custom *custom, const struct log_line *line,
                               struct event *event)
{
    struct match match = {.custom = custom};
    enum outcome outcome = find_subject(custom, line, &match.subject, &event->repeat);
    if (outcome != EVENT)
        return outcome;
    switch (regex_match(custom->regex, match.subject, match.groups, custom->group_count)) {
    case REGEX_MATCH: return fill(&match, event);
    case REGEX_NO_MATCH: return NO_MATCH;
    case REGEX_GAVE_UP: break;
    }
    return GAVE_UP;
}

static enum outcome judge_line(const struct custom *custom, const struct log_line *line,
                               struct event *event)
{
    return span_find(line->whole, custom->literal) == NULL ? NO_LITERAL
                                                           : match_line(custom, line, event);
}

static enum parse_result parse(const struct log_format *format, const struct log_line *line,
                               struct event *event)
{
    return outcomes[judge_line(format->data, line, event)].result;
}

const char *format_custom_tag(const struct log_format *format)
{
    return format->parse == parse ? ((const struct custom *)format->data)->tag_text : NULL;
}

/* ---- why ---- */

static const char *explain_built_in(const struct log_format *format, const struct log_line *line,
                                    enum parse_result result)
{
    static const char *const reasons[] = {
        [PARSE_EVENT] = "matches",
        [PARSE_NOTHING] = "understood, nothing to count",
        [PARSE_FOREIGN] = "another program's line",
        [PARSE_UNKNOWN] = "the program's line, but not understood",
        [PARSE_GAVE_UP] = "a pattern gave up",
    };
    for (size_t i = 0; i < FORMAT_NEEDLES && format->needles[i] != NULL; i++)
        if (span_find(line->whole, span_text(format->needles[i])) != NULL)
            return reasons[result];
    for (size_t i = 0; i < FORMAT_NEEDLES && format->joins[i] != NULL; i++)
        if (span_find(line->whole, span_text(format->joins[i])) != NULL)
            return reasons[result];
    return "none of the format's literals is in the line";
}

enum parse_result format_custom_explain(const struct log_format *format,
                                        const struct log_line *line, struct event *event,
                                        const char **reason)
{
    *event = (struct event){.repeat = 1};
    if (format->parse != parse) {
        enum parse_result result = format->parse(format, line, event);
        *reason = explain_built_in(format, line, result);
        return result;
    }
    enum outcome outcome = judge_line(format->data, line, event);
    *reason = outcomes[outcome].reason;
    if (outcome == NO_LITERAL && match_line(format->data, line, event) == EVENT)
        *reason = "the pattern matches, but the literal is not in the line: the line is never read";
    return outcomes[outcome].result;
}

/* ---- from settings to a format ---- */

int format_custom_set(struct format_custom_settings *settings, const char *key, const char *value,
                      struct strbuf *why)
{
    const struct {
        const char *key, **member;
    } keys[] = {{"pattern", &settings->pattern},
                {"literal", &settings->literal},
                {"tag", &settings->tag},
                {"kind", &settings->kind},
                {"summary", &settings->summary}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i].key, key) == 0) {
            *keys[i].member = value;
            return 0;
        }
    return strbuf_why(why, "a format has no \"%s\": pattern, literal, tag, kind, summary", key);
}

static int check_name(const char *name, struct strbuf *why)
{
    size_t len = strlen(name);
    if (len == 0 || len != strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789-_."))
        return strbuf_why(why, "a format's name is made of letters, digits, - _ .");
    if (format_find(name) != NULL)
        return strbuf_why(why, "there is a built-in format of that name");
    return 0;
}

static int take_kind(struct custom *custom, const char *kind, struct strbuf *why)
{
    custom->user_kind = SENDER_SASL;
    for (unsigned i = 0; kind != NULL && i < SENDER_KINDS; i++)
        if (strcmp(sender_kind_name((enum sender_kind)i), kind) == 0) {
            custom->user_kind = (enum sender_kind)i;
            return 0;
        }
    return kind == NULL ? 0 : strbuf_why(why, "kind is sasl, local, host, webmail or script");
}

/* A group of another name is most likely a slip, and would silently be missing. */
static int check_groups(const struct regex *regex, struct strbuf *why)
{
    size_t count = regex_group_count(regex);
    if (count > GROUPS_MAX)
        return strbuf_why(why, "pattern: more than %d groups", GROUPS_MAX - 1);
    for (size_t i = 1; i < count; i++) {
        const char *name = regex_group_name(regex, i);
        size_t known = 0;
        while (name != NULL && known < GROUPS && strcmp(group_names[known], name) != 0)
            known++;
        if (known == GROUPS)
            return strbuf_why(why,
                              "pattern: group \"%s\" is none of time, user, client, name, rcpts, "
                              "script, uid",
                              name);
    }
    return 0;
}

static int take_pattern(struct custom *custom, const char *pattern, struct strbuf *why)
{
    struct strbuf reason = {0};
    if (pattern == NULL)
        return strbuf_why(why, "a format needs a pattern");
    custom->regex = regex_get_anchored(pattern, &reason);
    if (custom->regex == NULL)
        strbuf_why(why, "pattern: %s", strbuf_text(&reason));
    strbuf_clear(&reason);
    if (custom->regex == NULL || check_groups(custom->regex, why) != 0)
        return -1;
    custom->group_count = regex_group_count(custom->regex);
    for (size_t i = 0; i < GROUPS; i++)
        custom->numbers[i] = regex_group(custom->regex, group_names[i]);
    bool host = custom->user_kind == SENDER_HOST && custom->numbers[CLIENT] >= 0;
    if (custom->numbers[USER] < 0 && custom->numbers[SCRIPT] < 0 && custom->numbers[UID] < 0 &&
        !host)
        return strbuf_why(why, "pattern: needs a group user, script or uid, that names the sender");
    return 0;
}

static int take_literal(struct custom *custom, const char *literal, struct strbuf *why)
{
    struct span found = regex_literal(custom->regex);
    if (literal == NULL && found.len < LITERAL_MIN)
        return strbuf_why(why, "no text can be told from the pattern that every line has: give one "
                               "as literal");
    if (literal != NULL && *literal == '\0')
        return strbuf_why(why, "literal is empty");
    custom->literal_text = literal != NULL ? mem_text(literal) : mem_text_of(found.at, found.len);
    custom->literal = span_text(custom->literal_text);
    return 0;
}

static int take_tag(struct custom *custom, const char *tag, struct strbuf *why)
{
    if (tag == NULL)
        return 0;
    if (*tag == '\0' || strpbrk(tag, " \t[:") != NULL)
        return strbuf_why(why, "tag is a syslog tag, without [pid] and colon");
    custom->tag_text = mem_text(tag);
    custom->tag = span_text(custom->tag_text);
    return 0;
}

static void fill_row(struct custom *custom, const char *name, const char *summary)
{
    custom->name = mem_text(name);
    custom->summary = mem_text(summary != NULL ? summary : "from the config");
    bool own_time = custom->numbers[TIME] >= 0;
    custom->format = (struct log_format){.name = custom->name,
                                         .summary = custom->summary,
                                         .needles = {custom->literal_text},
                                         .parse = parse,
                                         .undated_ok = own_time,
                                         .own_time = own_time,
                                         .data = custom};
}

const struct log_format *format_custom(const char *name,
                                       const struct format_custom_settings *settings,
                                       struct strbuf *why)
{
    struct custom *custom = mem_zero(1, sizeof *custom);
    if (check_name(name, why) != 0 || take_kind(custom, settings->kind, why) != 0 ||
        take_pattern(custom, settings->pattern, why) != 0 ||
        take_literal(custom, settings->literal, why) != 0 ||
        take_tag(custom, settings->tag, why) != 0) {
        format_custom_free(&custom->format);
        return NULL;
    }
    fill_row(custom, name, settings->summary);
    return &custom->format;
}

/* The row is the first member, so that it may be freed before it is filled. */
void format_custom_free(const struct log_format *format)
{
    struct custom *custom = (struct custom *)format;
    if (custom == NULL)
        return;
    free(custom->name);
    free(custom->summary);
    free(custom->literal_text);
    free(custom->tag_text);
    free(custom);
}
