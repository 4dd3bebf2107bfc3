/* verdict - collecting findings, and the record in which a worker sends them.
 *
 * A record is little-endian: a version byte, the result, flags, numbers of fixed width, and
 * texts with their length in front. It has no padding and no field can be written in two ways, so
 * what decodes encodes to the same bytes again. Decoding reads nothing twice, allocates nothing
 * and refuses whatever would not have been written: a number out of range, a result that does
 * not follow from the rest, a finding that is told twice.
 */
#include "spamgear/scan/verdict.h"

#include "spamgear/base/text.h"
#include <stdio.h>
#include <string.h>

/* ---- collecting ---- */

/* The arrays are not touched: their lengths say what of them counts. */
void verdict_reset(struct verdict *verdict)
{
    verdict->result = VERDICT_CLEAN;
    verdict->kinds = 0;
    verdict->size = 0;
    verdict->allowed = verdict->has_hash = false;
    verdict->findings_len = verdict->more = 0;
    verdict->why[0] = '\0';
    verdict->cleaning = CLEANING_NOT_ASKED;
    verdict->cleaned_size = 0;
    verdict->cuts_len = 0;
    verdict->account.len = 0;
}

void verdict_unknown(struct verdict *verdict, const char *format, ...)
{
    if (verdict->result == VERDICT_CLEAN)
        verdict->result = VERDICT_UNKNOWN;
    if (verdict->why[0] != '\0')
        return;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(verdict->why, sizeof verdict->why, format, args);
    va_end(args);
    if (len <= 0) /* UNKNOWN always has a reason: it is what keeps it from becoming CLEAN */
        memcpy(verdict->why, "no reason given", sizeof "no reason given");
}

static struct span detail_of(const struct finding *finding)
{
    return (struct span){finding->detail, finding->detail_len};
}

static bool is_known(const struct verdict *verdict, const struct rules *rules, uint32_t rule,
                     struct span detail)
{
    uint32_t same_as = rules->list.at[rule].same_as;
    for (uint32_t i = 0; i < verdict->findings_len; i++)
        if (rules->list.at[verdict->findings[i].rule].same_as == same_as &&
            span_is(detail_of(&verdict->findings[i]), detail))
            return true;
    return false;
}

static bool rule_acts(const struct rule *rule)
{
    return !rule->non_cleaned;
}

/* The place for one more. Who fills a file with harmless findings must not crowd out the one
 * that is acted upon: that takes the place of a harmless one. */
static struct finding *find_room(struct verdict *verdict, const struct rules *rules, uint32_t rule)
{
    if (verdict->findings_len < VERDICT_FINDINGS)
        return &verdict->findings[verdict->findings_len++];
    if (verdict->more < UINT32_MAX)
        verdict->more++;
    for (uint32_t i = VERDICT_FINDINGS; i-- > 0 && rule_acts(&rules->list.at[rule]);)
        if (!rule_acts(&rules->list.at[verdict->findings[i].rule]))
            return &verdict->findings[i];
    return NULL;
}

struct finding *verdict_add(struct verdict *verdict, const struct rules *rules, uint32_t rule,
                            struct span detail)
{
    verdict->result = VERDICT_FOUND;
    if (detail.len > VERDICT_DETAIL)
        detail.len = VERDICT_DETAIL;
    if (is_known(verdict, rules, rule, detail))
        return NULL;
    struct finding *finding = find_room(verdict, rules, rule);
    if (finding == NULL)
        return NULL;
    *finding = (struct finding){.rule = rule, .detail_len = (uint8_t)detail.len};
    if (detail.len > 0)
        memcpy(finding->detail, detail.at, detail.len);
    return finding;
}

void verdict_allow(struct verdict *verdict)
{
    verdict->allowed = true;
    verdict->findings_len = verdict->more = 0;
    verdict->account.len = 0;
    verdict->result = verdict->why[0] != '\0' ? VERDICT_UNKNOWN : VERDICT_CLEAN;
}

static bool is_own_doubt(const struct rule *rule)
{
    return rule->severity == RULE_SUSPICIOUS &&
           (rule->source == RULE_OWN || rule->source == RULE_PHP);
}

void verdict_drop_suspicious(struct verdict *verdict, const struct rules *rules)
{
    uint32_t kept = 0;
    if (verdict->result != VERDICT_FOUND || verdict_acts(verdict, rules))
        return;
    for (uint32_t i = 0; i < verdict->findings_len; i++)
        if (!is_own_doubt(&rules->list.at[verdict->findings[i].rule]))
            verdict->findings[kept++] = verdict->findings[i];
    if (kept < verdict->findings_len)
        verdict->more = 0;
    verdict->findings_len = kept;
    if (kept > 0)
        return;
    verdict->account.len = 0;
    verdict->result = verdict->why[0] != '\0' ? VERDICT_UNKNOWN : VERDICT_CLEAN;
}

/* ---- the place ---- */

#define BEFORE 32 /* bytes of the excerpt before the match */
#define SHOWN  24 /* and at least so many after its start, before a line end cuts it */

static uint64_t count_lines(const char *at, const char *end)
{
    uint64_t lines = 0;
    for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        lines++;
    return lines;
}

static struct span excerpt_of(struct span text, size_t at)
{
    size_t start = at > BEFORE ? at - BEFORE : 0;
    const char *newline = at > start ? memrchr(text.at + start, '\n', at - start) : NULL;
    if (newline != NULL)
        start = (size_t)(newline - text.at) + 1;
    size_t end = text.len - start > VERDICT_EXCERPT ? start + VERDICT_EXCERPT : text.len;
    size_t shown = end - at > SHOWN ? at + SHOWN : end;
    newline = end > shown ? memchr(text.at + shown, '\n', end - shown) : NULL;
    if (newline != NULL)
        end = (size_t)(newline - text.at);
    return (struct span){text.at + start, end - start};
}

void finding_place(struct finding *finding, struct span text, uint64_t base, uint64_t lines_before,
                   size_t at, size_t len)
{
    finding->offset = base + at;
    finding->len = len;
    finding->excerpt_len = 0;
    uint64_t line = lines_before + 1;
    if (text.len > 0) {
        struct span excerpt = excerpt_of(text, at);
        line += count_lines(text.at, text.at + at);
        finding->excerpt_len = (uint8_t)excerpt.len;
        memcpy(finding->excerpt, excerpt.at, excerpt.len);
    }
    finding->line = line < UINT32_MAX ? (uint32_t)line : UINT32_MAX;
}

/* ---- what follows from it ---- */

bool finding_acts(const struct finding *finding, const struct rules *rules)
{
    return rule_acts(&rules->list.at[finding->rule]);
}

bool verdict_acts(const struct verdict *verdict, const struct rules *rules)
{
    for (uint32_t i = 0; i < verdict->findings_len; i++)
        if (finding_acts(&verdict->findings[i], rules))
            return true;
    return false;
}

bool verdict_cleans(const struct verdict *verdict, const struct rules *rules)
{
    for (uint32_t i = 0; i < verdict->findings_len; i++)
        if (rules->list.at[verdict->findings[i].rule].cleans)
            return true;
    return false;
}

static void add_label(const struct finding *finding, const struct rules *rules, bool blank,
                      struct strbuf *out)
{
    if (blank)
        strbuf_add_char(out, ' ');
    text_escape(out, span_text(rules->list.at[finding->rule].label));
    if (finding->detail_len == 0)
        return;
    strbuf_add_text(out, " [");
    text_escape(out, detail_of(finding));
    strbuf_add_char(out, ']');
}

void verdict_labels(const struct verdict *verdict, const struct rules *rules, struct strbuf *out)
{
    bool some = false;
    for (int source = 0; source < RULE_SOURCES; source++)
        for (uint32_t i = 0; i < verdict->findings_len; i++) {
            if ((int)rules->list.at[verdict->findings[i].rule].source != source)
                continue;
            add_label(&verdict->findings[i], rules, some, out);
            some = true;
        }
    if (some && !verdict_acts(verdict, rules))
        strbuf_add_text(out, " [NON-CLEANED]");
}

/* ---- the record: writing ---- */

#define VERSION 2

enum { FLAG_ALLOWED = 1, FLAG_HASH = 2, FLAGS = 3 };

static void put(struct strbuf *out, uint64_t number, unsigned bytes)
{
    char le[8];
    for (unsigned i = 0; i < bytes; i++)
        le[i] = (char)(number >> (8 * i));
    strbuf_add(out, le, bytes);
}

static void put_text(struct strbuf *out, const char *at, size_t len)
{
    put(out, len, 1);
    strbuf_add(out, at, len);
}

static void put_finding(struct strbuf *out, const struct finding *finding)
{
    put(out, finding->rule, 4);
    put(out, finding->line, 4);
    put(out, finding->offset, 8);
    put(out, finding->len, 8);
    put(out, finding->layer, 4);
    put_text(out, finding->excerpt, finding->excerpt_len);
    put_text(out, finding->detail, finding->detail_len);
}

void verdict_encode(const struct verdict *verdict, struct strbuf *out)
{
    put(out, VERSION, 1);
    put(out, (uint64_t)verdict->result, 1);
    put(out, (verdict->allowed ? FLAG_ALLOWED : 0) | (verdict->has_hash ? FLAG_HASH : 0), 1);
    put(out, verdict->kinds, 4);
    put(out, verdict->size, 8);
    if (verdict->has_hash)
        strbuf_add(out, (const char *)verdict->hash, DIGEST_BYTES);
    put_text(out, verdict->why, strlen(verdict->why));
    put(out, verdict->findings_len, 1);
    put(out, verdict->more, 4);
    for (uint32_t i = 0; i < verdict->findings_len; i++)
        put_finding(out, &verdict->findings[i]);
    put(out, (uint64_t)verdict->cleaning, 1);
    put(out, verdict->cleaned_size, 8);
    put(out, verdict->cuts_len, 1);
    for (uint32_t i = 0; i < verdict->cuts_len; i++) {
        put(out, verdict->cuts[i].offset, 8);
        put(out, verdict->cuts[i].len, 8);
        put(out, verdict->cuts[i].rule, 4);
    }
    put(out, verdict->account.len, 2);
    strbuf_add(out, verdict->account.lines, verdict->account.len);
}

/* ---- the record: reading ---- */

/* The first thing that is wrong sticks; everything read after it is 0. */
struct input {
    struct span rest;
    const char *wrong; /* NULL: nothing so far */
};

static void refuse(struct input *in, bool when, const char *what)
{
    if (when && in->wrong == NULL)
        in->wrong = what;
}

static uint64_t take(struct input *in, unsigned bytes)
{
    uint64_t number = 0;
    refuse(in, in->rest.len < bytes, "it is cut off");
    if (in->wrong != NULL)
        return 0;
    for (unsigned i = 0; i < bytes; i++)
        number |= (uint64_t)(unsigned char)in->rest.at[i] << (8 * i);
    in->rest = span_skip(in->rest, bytes);
    return number;
}

static uint64_t take_up_to(struct input *in, unsigned bytes, uint64_t most, const char *what)
{
    uint64_t number = take(in, bytes);
    refuse(in, number > most, what);
    return in->wrong != NULL ? 0 : number;
}

static void take_bytes(struct input *in, void *to, size_t len)
{
    refuse(in, in->rest.len < len, "it is cut off");
    if (in->wrong != NULL || len == 0)
        return;
    memcpy(to, in->rest.at, len);
    in->rest = span_skip(in->rest, len);
}

static uint8_t take_text(struct input *in, char *to, size_t most)
{
    uint8_t len = (uint8_t)take_up_to(in, 1, most, "a text in it is too long");
    take_bytes(in, to, len);
    return in->wrong != NULL ? 0 : len;
}

static uint32_t take_rule(struct input *in, const struct rules *rules)
{
    uint64_t rule = take(in, 4);
    refuse(in, rule >= rules->list.len, "it names a rule that is not there");
    return in->wrong != NULL ? 0 : (uint32_t)rule;
}

/* [offset, offset + len) lies within the examined bytes. */
static void take_range(struct input *in, uint64_t size, uint64_t *offset, uint64_t *len)
{
    *offset = take(in, 8);
    *len = take(in, 8);
    refuse(in, *offset > size || *len > size - *offset, "a place in it lies outside of the file");
}

static void take_finding(struct input *in, const struct rules *rules, struct verdict *verdict)
{
    struct finding *finding = &verdict->findings[verdict->findings_len];
    finding->rule = take_rule(in, rules);
    finding->line = (uint32_t)take(in, 4);
    take_range(in, verdict->size, &finding->offset, &finding->len);
    finding->layer = (uint32_t)take(in, 4);
    finding->excerpt_len = take_text(in, finding->excerpt, VERDICT_EXCERPT);
    finding->detail_len = take_text(in, finding->detail, VERDICT_DETAIL);
    if (in->wrong != NULL)
        return;
    refuse(in, is_known(verdict, rules, finding->rule, detail_of(finding)),
           "it tells a finding twice");
    verdict->findings_len++;
}

static void take_head(struct input *in, struct verdict *verdict)
{
    refuse(in, take(in, 1) != VERSION, "it is of another version");
    verdict->result = (enum verdict_result)take_up_to(in, 1, VERDICT_UNKNOWN, "its result is none");
    uint64_t flags = take_up_to(in, 1, FLAGS, "it has flags that are none");
    verdict->allowed = (flags & FLAG_ALLOWED) != 0;
    verdict->has_hash = (flags & FLAG_HASH) != 0;
    verdict->kinds = (uint32_t)take(in, 4);
    verdict->size = take(in, 8);
    if (verdict->has_hash)
        take_bytes(in, verdict->hash, DIGEST_BYTES);
    size_t len = take_text(in, verdict->why, VERDICT_WHY);
    verdict->why[len] = '\0';
    refuse(in, strlen(verdict->why) != len, "its reason holds a NUL");
}

static void take_findings(struct input *in, const struct rules *rules, struct verdict *verdict)
{
    uint64_t count = take_up_to(in, 1, VERDICT_FINDINGS, "it has too many findings");
    verdict->more = (uint32_t)take(in, 4);
    refuse(in, verdict->more > 0 && count < VERDICT_FINDINGS, "it counts findings it could tell");
    for (uint64_t i = 0; i < count && in->wrong == NULL; i++)
        take_finding(in, rules, verdict);
}

static void take_cleaning(struct input *in, const struct rules *rules, struct verdict *verdict)
{
    verdict->cleaning =
        (enum verdict_cleaning)take_up_to(in, 1, CLEANING_STUCK, "its cleaning is none");
    verdict->cleaned_size =
        take_up_to(in, 8, verdict->size, "the cleaned text is larger than the file");
    uint64_t count = take_up_to(in, 1, VERDICT_CUTS, "it has too many cuts");
    refuse(in, verdict->cleaning == CLEANING_NOT_ASKED && (count > 0 || verdict->cleaned_size > 0),
           "it cleaned without being asked");
    for (uint64_t i = 0; i < count && in->wrong == NULL; i++) {
        struct verdict_cut *cut = &verdict->cuts[verdict->cuts_len++];
        take_range(in, verdict->size, &cut->offset, &cut->len);
        cut->rule = take_rule(in, rules);
    }
}

static void take_account(struct input *in, struct verdict *verdict)
{
    struct account *account = &verdict->account;
    account->len = (uint32_t)take_up_to(in, 2, ACCOUNT_MAX, "its account is too long");
    take_bytes(in, account->lines, account->len);
    if (in->wrong == NULL)
        refuse(in, !account_is_sound(account), "its account is none");
}

/* What must follow from the rest. */
static void check_result(struct input *in, const struct verdict *verdict)
{
    enum verdict_result unfound = verdict->why[0] != '\0' ? VERDICT_UNKNOWN : VERDICT_CLEAN;
    enum verdict_result result = verdict->findings_len > 0 ? VERDICT_FOUND : unfound;
    refuse(in, verdict->result != result, "its result does not follow from it");
    refuse(in, verdict->allowed && (!verdict->has_hash || result == VERDICT_FOUND),
           "it allows what it found, or without a hash");
}

int verdict_decode(struct verdict *verdict, struct span *bytes, const struct rules *rules,
                   struct strbuf *why)
{
    struct input in = {*bytes, NULL};
    verdict_reset(verdict);
    take_head(&in, verdict);
    take_findings(&in, rules, verdict);
    take_cleaning(&in, rules, verdict);
    take_account(&in, verdict);
    check_result(&in, verdict);
    if (in.wrong == NULL) {
        *bytes = in.rest;
        return 0;
    }
    verdict_reset(verdict);
    verdict_unknown(verdict, "the worker's answer cannot be read: %s", in.wrong);
    return strbuf_why(why, "%s", verdict->why);
}
