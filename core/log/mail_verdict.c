/* mail_verdict - whose line it is, spamd's lines, and what all filters' lines are made of.
 *
 * spamd (spamd.raw, check()) says what a message got in two lines of one process: first
 * "identified spam (8.5/5.0) for u:1 in .." with the real numbers, then "result: Y  8 - TESTS
 * scantime=..,mid=<..>,.." with the Message-ID and a score cut to an integer.
 */
#include "mail_verdict_parts.h"

#include "spamgear/base/map.h"

/* ---- pieces ---- */

bool mail_verdict_take_address(struct span *text, struct span *address)
{
    bool quoted = false;
    if (text->len == 0 || text->at[0] != '<')
        return false;
    for (size_t i = 1; i < text->len; i++) {
        char c = text->at[i];
        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == '>' && !quoted) {
            *address = (struct span){text->at + 1, i - 1};
            *text = span_skip(*text, i + 1);
            return true;
        }
    }
    return false;
}

bool mail_verdict_take_number(struct span *text, double *number)
{
    struct span rest = *text, whole, part;
    double value = 0, scale = 1;
    bool negative = field_eat(&rest, SPAN("-"));
    if (!negative)
        field_eat(&rest, SPAN("+"));
    if (!field_digits(&rest, &whole) || whole.len > 15)
        return false;
    for (size_t i = 0; i < whole.len; i++)
        value = value * 10 + (whole.at[i] - '0');
    struct span after = rest;
    if (field_eat(&after, SPAN(".")) && field_digits(&after, &part)) {
        rest = after;
        for (size_t i = 0; i < part.len && i < 9; i++) {
            value = value * 10 + (part.at[i] - '0');
            scale *= 10;
        }
    }
    *number = (negative ? -value : value) / scale;
    *text = rest;
    return true;
}

/* Takes the part of a list before the next comma outside quotes. */
static bool take_part(struct span *list, struct span *part)
{
    bool quoted = false;
    size_t i = 0;
    if (list->len == 0)
        return false;
    for (; i < list->len && (quoted || list->at[i] != ','); i++) {
        if (quoted && list->at[i] == '\\')
            i++;
        else if (list->at[i] == '"')
            quoted = !quoted;
    }
    if (i > list->len)
        i = list->len;
    *part = (struct span){list->at, i};
    *list = span_skip(*list, i < list->len ? i + 1 : i);
    return true;
}

static struct span trim(struct span s)
{
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '<'))
        s = span_skip(s, 1);
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '>'))
        s.len--;
    return s;
}

/* The same for every spelling in upper and lower case. */
static uint64_t digest_folded(struct span s)
{
    char folded[512];
    size_t len = s.len < sizeof folded ? s.len : sizeof folded;
    for (size_t i = 0; i < len; i++)
        folded[i] = s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] + 'a' - 'A') : s.at[i];
    return map_digest(folded, len);
}

/* The place of the digest, or where it belongs: they stand in order. */
static size_t digests_place(const struct digests *digests, uint64_t digest)
{
    size_t low = 0, high = digests->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (digests->at[middle] < digest)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void digests_add(struct digests *digests, uint64_t digest, size_t max)
{
    size_t place = digests_place(digests, digest);
    if (place < digests->len && digests->at[place] == digest)
        return;
    if (digests->len >= max)
        return;
    vec_add(digests);
    memmove(digests->at + place + 1, digests->at + place,
            (digests->len - 1 - place) * sizeof *digests->at);
    digests->at[place] = digest;
}

void mail_verdict_digests(struct span recipients, size_t max, struct digests *digests)
{
    struct span part;
    while (take_part(&recipients, &part)) {
        part = trim(part);
        if (part.len > 0)
            digests_add(digests, digest_folded(part), max);
    }
}

/* ---- spamd ---- */

/* "(8.5/5.0) for user:uid in 9.8 seconds, 1801 bytes." */
static enum parse_result parse_scores(struct span text, struct mail_verdict_line *verdict)
{
    if (!field_eat(&text, SPAN("(")) || !mail_verdict_take_number(&text, &verdict->score) ||
        !field_eat(&text, SPAN("/")) || !mail_verdict_take_number(&text, &verdict->threshold) ||
        !field_eat(&text, SPAN(")")))
        return PARSE_UNKNOWN;
    verdict->partial = true;
    verdict->has_score = verdict->has_threshold = true;
    return PARSE_EVENT;
}

static enum parse_result parse_identified(struct span text, struct mail_verdict_line *verdict)
{
    verdict->verdict = MAIL_VERDICT_SPAM;
    return parse_scores(text, verdict);
}

static enum parse_result parse_clean(struct span text, struct mail_verdict_line *verdict)
{
    return parse_scores(text, verdict);
}

/* ",mid=<..>,": its blanks and commas became '_', so the next comma ends it. It is the last, since
 * before it stands ",user=..", which may be any recipient's name. */
static void take_mid(struct span *text, struct mail_verdict_line *verdict)
{
    struct span rest, mid;
    if (!field_cut_last(text, SPAN(",mid="), &rest))
        return;
    if (!field_until(&rest, ',', &mid))
        mid = rest;
    if (!field_eat(&mid, SPAN("<")) || !field_eat_end(&mid, SPAN(">")))
        return;
    if (span_is(mid, SPAN("_")) || span_is(mid, SPAN(" ")))
        return;
    verdict->message_id = mid;
    verdict->mid_folded = true;
}

/* "Y  8 - TESTS scantime=..,required_score=5.0,..,mid=<..>,.." */
static enum parse_result parse_result_line(struct span text, struct mail_verdict_line *verdict)
{
    struct span required;
    if (field_eat(&text, SPAN("Y ")))
        verdict->verdict = MAIL_VERDICT_SPAM;
    else if (!field_eat(&text, SPAN(". ")))
        return PARSE_UNKNOWN;
    while (field_eat(&text, SPAN(" ")))
        ;
    if (!mail_verdict_take_number(&text, &verdict->score) || !field_eat(&text, SPAN(" - ")))
        return PARSE_UNKNOWN;
    verdict->has_score = true;
    take_mid(&text, verdict);
    if (field_cut_last(&text, SPAN(",required_score="), &required))
        verdict->has_threshold = mail_verdict_take_number(&required, &verdict->threshold);
    return PARSE_EVENT;
}

static enum parse_result parse_spamd(struct span text, struct mail_verdict_line *verdict)
{
    if (!field_eat(&text, SPAN("spamd: ")))
        return PARSE_NOTHING;
    if (field_eat(&text, SPAN("result: ")))
        return parse_result_line(text, verdict);
    if (field_eat(&text, SPAN("identified spam ")))
        return parse_identified(text, verdict);
    if (field_eat(&text, SPAN("clean message ")))
        return parse_clean(text, verdict);
    return PARSE_NOTHING;
}

/* ---- whose line ---- */

struct program {
    struct span tag;
    enum filter filter;
    enum parse_result (*parse)(struct span text, struct mail_verdict_line *verdict);
};

#define TAG(literal)                                                                               \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct program programs[] = {
    {TAG("amavis"), FILTER_AMAVIS, mail_verdict_parse_amavis},
    {TAG("amavisd"), FILTER_AMAVIS, mail_verdict_parse_amavis},
    {TAG("amavisd-new"), FILTER_AMAVIS, mail_verdict_parse_amavis},
    {TAG("spamd"), FILTER_SPAMD, parse_spamd},
    {TAG("rspamd"), FILTER_RSPAMD, mail_verdict_parse_rspamd},
    {TAG("rspamd_proxy"), FILTER_RSPAMD, mail_verdict_parse_rspamd},
};

struct span mail_verdict_program(struct span tag)
{
    const char *slash = span_has_prefix(tag, SPAN("/")) ? span_find_last(tag, SPAN("/")) : NULL;
    return slash == NULL ? tag : span_of(slash + 1, span_end(tag));
}

enum parse_result mail_verdict_parse(const struct syslog_head *head,
                                     struct mail_verdict_line *verdict)
{
    struct span tag = mail_verdict_program(head->tag);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (span_is(tag, programs[i].tag)) {
            *verdict = (struct mail_verdict_line){.filter = programs[i].filter, .pid = head->pid};
            return programs[i].parse(head->text, verdict);
        }
    return PARSE_FOREIGN;
}
