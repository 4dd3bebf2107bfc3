/* mail_verdict_amavis - amavis' summary line (log_templ of amavis.conf-default, old and new).
 *
 *     (30290-03) Passed SPAMMY {RelayedTaggedInbound}, LOCAL [192.0.2.1]:49199 [192.0.2.1] <a@b>
 *     -> <c@d>,<e@f>, quarantine: x, Queue-ID: Q, Message-ID: <m>, mail_id: i, Hits: 12.5,
 *     size: 3, queued_as: Q2, 667 ms
 *
 * Who writes what: senders choose the addresses (which amavis quotes), the Message-ID and the names
 * of banned parts. So it is read from the left up to the Message-ID, whose end is the last
 * ", mail_id: "; and where names of parts stand before addresses that can be read in two ways,
 * neither reading is believed. The second bracket comes from Received: lines: it proves nothing.
 */
#include "mail_verdict_parts.h"

#include "postfix_line.h"

struct category {
    struct span word;
    bool more; /* the word may go on: UNCHECKED-ENCRYPTED, BAD-HEADER-3 */
    enum mail_verdict verdict;
};

#define WORD(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct category categories[] = {
    {WORD("CLEAN"), false, MAIL_VERDICT_CLEAN},
    {WORD("SPAMMY"), false, MAIL_VERDICT_SPAMMY},
    {WORD("SPAM"), false, MAIL_VERDICT_SPAM},
    {WORD("BANNED"), false, MAIL_VERDICT_BANNED},
    {WORD("INFECTED"), false, MAIL_VERDICT_INFECTED},
    {WORD("UNCHECKED"), true, MAIL_VERDICT_UNCHECKED},
    {WORD("BAD-HEADER"), true, MAIL_VERDICT_BAD_HEADER},
    {WORD("OVERSIZED"), false, MAIL_VERDICT_OVERSIZED},
    {WORD("MTA-BLOCKED"), false, MAIL_VERDICT_MTA_BLOCKED},
};

static enum mail_verdict find_category(struct span word)
{
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
        const struct category *category = &categories[i];
        if (span_is(word, category->word) ||
            (category->more && span_has_prefix(word, category->word) &&
             word.at[category->word.len] == '-'))
            return category->verdict;
    }
    return MAIL_VERDICT_OTHER;
}

/* "CATEGORY"; the word ends at a blank or a comma. */
static struct span take_category(struct span *text)
{
    size_t n = 0;
    while (n < text->len && text->at[n] != ' ' && text->at[n] != ',')
        n++;
    struct span word = {text->at, n};
    *text = span_skip(*text, n);
    return word;
}

/* " (names)": up to the first parenthesis that may end them. */
static bool skip_names(struct span *text)
{
    for (size_t i = 0; i + 2 < text->len; i++)
        if (text->at[i] == ')' &&
            (memcmp(text->at + i + 1, ", ", 2) == 0 || memcmp(text->at + i + 1, " {", 2) == 0)) {
            *text = span_skip(*text, i + 1);
            return true;
        }
    return false;
}

/* Can the addresses be read in two ways? */
static bool is_ambiguous(struct span text)
{
    struct span first;
    return field_until_text(&text, SPAN("> -> <"), &first) &&
           field_find(text, SPAN("> -> <")) != NULL;
}

/* "[192.0.2.1]:49199 "; *port says whether there was one. */
static bool take_client(struct span *text, struct span *address, bool *port)
{
    struct span after = *text, number;
    if (!field_eat(&after, SPAN("[")) || !field_until(&after, ']', address))
        return false;
    *port = field_eat(&after, SPAN(":")) && field_digits(&after, &number);
    if (!field_eat(&after, SPAN(" ")))
        return false;
    *text = after;
    return true;
}

/* "POLICY/BANKS LOCAL [ip]:port [ip] ": one bracket without a port may be either. */
static bool take_clients(struct span *text, struct mail_verdict_line *verdict)
{
    struct span word, first, second;
    bool port, other;
    while (text->len > 0 && text->at[0] != '[' && text->at[0] != '<')
        if (!field_until(text, ' ', &word))
            return false;
    if (text->len == 0 || text->at[0] == '<')
        return true;
    if (!take_client(text, &first, &port))
        return false;
    bool two = take_client(text, &second, &other);
    if ((port || two) && field_is_address(first))
        verdict->client = first;
    return true;
}

/* "<a@b> -> <c@d>,<e@f>" */
static bool take_addresses(struct span *text, struct mail_verdict_line *verdict)
{
    struct span address;
    if (!mail_verdict_take_address(text, &verdict->from) || !field_eat(text, SPAN(" -> ")))
        return false;
    const char *start = text->at;
    do {
        if (!mail_verdict_take_address(text, &address))
            return false;
        verdict->recipients = span_of(start, text->at);
    } while (field_eat(text, SPAN(",")) && text->len > 0 && text->at[0] == '<');
    if (text->len > 0) /* the comma belongs to the next field */
        *text = span_of(text->at - 1, span_end(*text));
    return true;
}

static void take_message_id(struct span value, struct mail_verdict_line *verdict)
{
    struct span resent;
    if (!field_eat(&value, SPAN("<")))
        return;
    field_cut_last(&value, SPAN(", Resent-Message-ID: "), &resent);
    field_eat_end(&value, SPAN(">"));
    verdict->message_id = value;
}

/* ", quarantine: x, Queue-ID: Q, Message-ID: <m>" */
static void read_names(struct span text, struct mail_verdict_line *verdict)
{
    struct span field;
    while (field_eat(&text, SPAN(", "))) {
        if (field_eat(&text, SPAN("Message-ID: "))) {
            take_message_id(text, verdict);
            return;
        }
        const char *end = field_find(text, SPAN(", "));
        field = end == NULL ? text : span_of(text.at, end);
        text = span_skip(text, field.len);
        if (field_eat(&field, SPAN("Queue-ID: ")))
            verdict->queue_id = field;
    }
}

/* "ID", "ID/ID" */
static void add_queued(struct span ids, struct mail_verdict_line *verdict)
{
    for (bool more = true; more && verdict->queued_len < MAIL_VERDICT_QUEUED_MAX;) {
        struct span id = ids;
        more = field_until(&ids, '/', &id);
        if (postfix_is_queue_id(id))
            verdict->queued_as[verdict->queued_len++] = id;
    }
}

/* What others write stands from here on: "Subject: ..", "From: ..", "dkim_sd=..". */
static bool is_foreign(struct span field)
{
    return span_has_prefix(field, SPAN("Subject: ")) || span_has_prefix(field, SPAN("From: ")) ||
           span_has_prefix(field, SPAN("dkim_"));
}

/* "Hits: 12.5, size: 3, queued_as: Q2, 667 ms" */
static void read_results(struct span text, struct mail_verdict_line *verdict)
{
    struct span field;
    for (bool more = true; more && verdict->queued_len == 0;) {
        field = text;
        more = field_until_text(&text, SPAN(", "), &field);
        if (is_foreign(field))
            return;
        if (field_eat(&field, SPAN("Hits: ")) && !verdict->has_score)
            verdict->has_score = mail_verdict_take_number(&field, &verdict->score);
        else if (field_eat(&field, SPAN("queued_as: ")))
            add_queued(field, verdict);
    }
}

/* Parts the names from the results, at the last mark: a Message-ID may hold one. Where the template
 * ends with a subject, that may hold one as well: then nothing behind the first is believed. */
static bool cut_results(struct span *names, struct span mark, struct span *results)
{
    struct span whole = *names, behind;
    if (!field_cut_last(names, mark, results))
        return false;
    if (field_find(*names, mark) == NULL || (field_find(whole, SPAN(", Subject: ")) == NULL &&
                                             field_find(whole, SPAN(", From: ")) == NULL))
        return true;
    field_until_text(&whole, mark, names);
    behind = *names;
    field_until_text(&behind, SPAN(", Message-ID: "), names);
    results->len = 0;
    return true;
}

/* Old templates have no mail_id, the oldest no score either. */
static void read_fields(struct span names, struct mail_verdict_line *verdict)
{
    struct span results = {NULL, 0};
    if (!cut_results(&names, SPAN(", mail_id: "), &results)) {
        struct span before = names;
        if (cut_results(&names, SPAN(", Hits: "), &results) && results.len > 0)
            results = span_of(results.at - 6, span_end(before));
    }
    read_names(names, verdict);
    read_results(results, verdict);
}

enum parse_result mail_verdict_parse_amavis(struct span text, struct mail_verdict_line *verdict)
{
    struct span id, flags;
    if (!field_eat(&text, SPAN("(")) || !field_until_text(&text, SPAN(") "), &id) ||
        !(field_eat(&text, SPAN("Passed ")) || field_eat(&text, SPAN("Blocked "))))
        return PARSE_NOTHING;
    verdict->verdict = find_category(take_category(&text));
    if (field_eat(&text, SPAN(" (")) && (is_ambiguous(text) || !skip_names(&text)))
        return PARSE_UNKNOWN;
    if (field_eat(&text, SPAN(" {")) && !field_until(&text, '}', &flags))
        return PARSE_UNKNOWN;
    if (!field_eat(&text, SPAN(", ")) || !take_clients(&text, verdict) ||
        !take_addresses(&text, verdict))
        return PARSE_UNKNOWN;
    read_fields(text, verdict);
    return PARSE_EVENT;
}
