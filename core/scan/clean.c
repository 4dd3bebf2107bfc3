/* clean - what rules match is cut out, if PHP reads what stays as it did.
 *
 * Which bytes a pattern matches says little about what stands there: a greedy one takes the rest
 * of a line along, with the tenant's code in it. So nothing is cut by a pattern that is open at
 * an end (pattern.h), a cut is as short as the pattern allows, takes no tag along that the
 * pattern does not name, and is made of whole statements or blocks (php_balance). Whatever
 * is in doubt is left to the quarantine, which keeps every byte.
 *
 * Cuts are kept as ranges of the original file, sorted and apart; a place in the text of a later
 * round is led back through them.
 */
#include "spamgear/scan/clean.h"

#include "php_balance.h"
#include "php_cut.h"
#include "restore.h"
#include "spamgear/scan/pattern.h"
#include "spamgear/scan/sniff.h"

#define ENDS_MAX 1000 /* ends of statements in a match at which a shorter one is tried */

struct cleaning {
    const struct detect *detect;
    struct strbuf text; /* of this round */
    struct literal_hits hits;
    VEC(struct verdict_cut) cuts;
    VEC(struct php_part) parts; /* of the rule at hand */
    bool stuck, malformed;
};

/* ---- what was cut, in places of the original ---- */

/* Where the byte at `at` of the present text stood. */
static uint64_t original_of(const struct cleaning *c, uint64_t at)
{
    for (size_t i = 0; i < c->cuts.len && c->cuts.at[i].offset <= at; i++)
        at += c->cuts.at[i].len;
    return at;
}

/* Adds a range, which may hold and touch earlier ones. */
static void add_cut(struct cleaning *c, uint64_t from, uint64_t to, uint32_t rule)
{
    size_t first = 0, last;
    while (first < c->cuts.len && c->cuts.at[first].offset + c->cuts.at[first].len < from)
        first++;
    for (last = first; last < c->cuts.len && c->cuts.at[last].offset <= to; last++) {
        uint64_t end = c->cuts.at[last].offset + c->cuts.at[last].len;
        from = c->cuts.at[last].offset < from ? c->cuts.at[last].offset : from;
        to = end > to ? end : to;
    }
    if (last == first)
        vec_add(&c->cuts);
    size_t after = c->cuts.len - (last == first) - last;
    memmove(c->cuts.at + first + 1, c->cuts.at + last, after * sizeof *c->cuts.at);
    c->cuts.at[first] = (struct verdict_cut){.offset = from, .len = to - from, .rule = rule};
    c->cuts.len = first + 1 + after;
}

/* Takes the parts out of the text. */
static void cut(struct cleaning *c, uint32_t rule)
{
    struct strbuf left = {0};
    size_t at = 0;
    for (size_t i = 0; i < c->parts.len; i++) {
        strbuf_add(&left, c->text.data + at, c->parts.at[i].from - at);
        at = c->parts.at[i].to;
    }
    strbuf_add(&left, c->text.data + at, c->text.len - at);
    for (size_t i = c->parts.len; i-- > 0;) /* backwards: those before are not moved yet */
        add_cut(c, original_of(c, c->parts.at[i].from), original_of(c, c->parts.at[i].to - 1) + 1,
                rule);
    strbuf_clear(&c->text);
    c->text = left;
}

/* ---- what a match may take along ---- */

/* First place of a tag in the pattern's text as it names one: "?>" or "<?" with the question mark
 * escaped or in a class. */
static const char *named_close(const char *pattern)
{
    const char *a = strstr(pattern, "\\?>"), *b = strstr(pattern, "[?]>");
    return a == NULL || (b != NULL && b < a) ? b : a;
}

static const char *named_open(const char *pattern)
{
    const char *a = strstr(pattern, "<\\?"), *b = strstr(pattern, "<[?]");
    return a == NULL || (b != NULL && b < a) ? b : a;
}

/* Does the pattern name the tags that the match holds, in that order? */
static bool tags_are_named(const char *pattern, struct span match)
{
    const char *close = span_find(match, SPAN("?>"));
    const char *open = span_find(match, SPAN("<?"));
    if (open != NULL && named_open(pattern) == NULL)
        return false;
    if (close == NULL)
        return true;
    const char *named = named_close(pattern);
    bool again = span_find(span_of(close, span_end(match)), SPAN("<?")) != NULL;
    return named != NULL && (!again || named_open(named) != NULL);
}

static bool is_blank(struct span s)
{
    while (s.len > 0 && memchr(" \t\r\n\v\f", *s.at, 6) != NULL)
        s = span_skip(s, 1);
    return s.len == 0;
}

/* The shortest match that begins where this one does, as far as ends of statements and tags tell;
 * blanks at its end stay part of it (an injected block's newline before "<?php" would be sent
 * to browsers). False when that takes too long to find out. */
static bool shorten(const struct rule *rule, struct span text, struct span *match)
{
    struct span shorter;
    size_t from = (size_t)(match->at - text.at);
    unsigned tries = 0;
    for (size_t len = 1; len < match->len; len++) {
        if (match->at[len - 1] != ';' && match->at[len - 1] != '}' && match->at[len - 1] != '>')
            continue;
        if (++tries > ENDS_MAX)
            return false;
        struct span start = {text.at, from + len};
        enum regex_result result = regex_find(rule->pattern, start, from, &shorter, 1);
        if (result == REGEX_GAVE_UP)
            return false;
        if (result != REGEX_MATCH || shorter.at != match->at || shorter.len == 0)
            continue;
        if (!is_blank(span_skip(*match, shorter.len)))
            *match = shorter;
        return true;
    }
    return true;
}

/* ---- one rule ---- */

static bool applies(struct cleaning *c, const struct rule *rule, uint32_t kinds)
{
    const struct rules *rules = c->detect->rules;
    if (!rule->cleans || rule->pattern == NULL || (rule->kinds != 0 && (rule->kinds & kinds) == 0))
        return false;
    return rules_needs_stand(rules, rule, &c->hits, strbuf_span(&c->text));
}

/* Every match, as parts. False: stuck. */
static bool find_parts(struct cleaning *c, const struct rule *rule)
{
    struct span text = strbuf_span(&c->text), match;
    enum regex_result result;
    size_t at = 0;
    c->parts.len = 0;
    while ((result = regex_find(rule->pattern, text, at, &match, 1)) == REGEX_MATCH) {
        size_t from = (size_t)(match.at - text.at);
        if (match.len == 0 || pattern_is_open(span_text(rule->pattern_text)) ||
            !shorten(rule, text, &match) || !tags_are_named(rule->pattern_text, match))
            return false;
        at = from + match.len;
        *vec_add(&c->parts) = (struct php_part){from, at};
        if (c->parts.len > VERDICT_CUTS * 8)
            return false;
    }
    return result == REGEX_NO_MATCH;
}

/* Does something of the rule's go? */
static bool apply(struct cleaning *c, uint32_t number)
{
    const struct rule *rule = &c->detect->rules->list.at[number];
    if (!find_parts(c, rule)) {
        c->stuck = true;
        return false;
    }
    if (c->parts.len == 0)
        return false;
    if (!php_parts_are_whole(strbuf_span(&c->text), c->parts.at, c->parts.len)) {
        c->malformed = true;
        return false;
    }
    cut(c, number);
    return true;
}

/* Everything that can go now. */
static bool clean_once(struct cleaning *c)
{
    const struct rules *rules = c->detect->rules;
    uint32_t kinds = sniff(strbuf_span(&c->text), 0);
    bool any = false;
    rules_scan(rules, kinds, strbuf_span(&c->text), &c->hits);
    for (uint32_t i = 0; i < rules->list.len && !c->stuck && !c->malformed; i++)
        if (applies(c, &rules->list.at[i], kinds) && apply(c, i))
            any = true;
    return any;
}

/* ---- a released file ---- */

/* The cut is told as that of the first finding that is acted upon. */
static uint32_t acting_rule(const struct rules *rules, const struct verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->findings_len; i++)
        if (finding_acts(&verdict->findings[i], rules))
            return verdict->findings[i].rule;
    return 0;
}

/* A released file that a block was put into becomes that file again, whatever found it. Returns
 * whether it is that file now, to the byte; what else is left of it is judged like any other text.
 */
static bool restore(struct cleaning *c, const struct verdict *verdict)
{
    struct php_part block;
    bool exact;
    if (c->detect->allow == NULL ||
        !restore_find(c->detect->allow, strbuf_span(&c->text), &block, &exact) ||
        (!exact && !php_parts_are_whole(strbuf_span(&c->text), &block, 1)))
        return false;
    *vec_add(&c->parts) = block;
    cut(c, acting_rule(c->detect->rules, verdict));
    c->parts.len = 0;
    return exact;
}

/* ---- what the analysis of PHP points at ---- */

/* The rule of the analysis that found something to act upon; 0: none (rule 0 is ClamAV's). */
static uint32_t analysing_rule(const struct rules *rules, const struct verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->findings_len; i++) {
        const struct finding *finding = &verdict->findings[i];
        if (rules->list.at[finding->rule].source == RULE_PHP && finding_acts(finding, rules))
            return finding->rule;
    }
    return 0;
}

/* Of the last look. */
static bool is_malicious(const struct php_look *look, const struct php_weights *weights)
{
    struct php_judgement judgement;
    php_judge(weights, php_look_features(look), &judgement);
    return judgement.severity == RULE_MALICIOUS;
}

/* A part that keeps to itself, where it or the whole text is malicious. */
static bool find_part(struct php_look *look, const struct php_weights *weights, struct span text,
                      struct php_part *part)
{
    struct strbuf alone = {0};
    if (!php_look_at(look, text))
        return false;
    bool whole = is_malicious(look, weights), found = php_cut_find(look, text, part);
    if (found && !whole) {
        php_cut_alone(text, part, &alone);
        found = php_look_at(look, strbuf_span(&alone)) && is_malicious(look, weights);
    }
    strbuf_clear(&alone);
    return found;
}

/* Takes it out. Does something go? */
static bool cut_analysed(struct cleaning *c, struct php_look *look, const struct verdict *verdict)
{
    struct php_part part;
    struct span text = strbuf_span(&c->text);
    uint32_t rule = analysing_rule(c->detect->rules, verdict);
    if (rule == 0 || look == NULL || c->detect->rules->php == NULL || c->stuck || c->malformed ||
        !find_part(look, c->detect->rules->php, text, &part) ||
        !php_parts_are_whole(text, &part, 1))
        return false;
    c->parts.len = 0;
    *vec_add(&c->parts) = part;
    cut(c, rule);
    return true;
}

bool clean_may_help(const struct detect *detect, const struct verdict *verdict)
{
    bool known = detect->allow != NULL && allow_originals(detect->allow)->prints.len > 0;
    return verdict_cleans(verdict, detect->rules) || analysing_rule(detect->rules, verdict) != 0 ||
           (known && (verdict->kinds & SNIFF_PHP) != 0 && verdict_acts(verdict, detect->rules));
}

/* ---- what is left ---- */

/* Anything but blanks and tags? */
static bool is_of_use(struct span text)
{
    while (text.len > 0) {
        size_t tag = sniff_php_tag(text);
        if (tag == 0 && span_has_prefix(text, SPAN("?>")))
            tag = 2;
        if (tag == 0 && *text.at != '\0' && !is_blank((struct span){text.at, 1}))
            return true;
        text = span_skip(text, tag > 0 ? tag : 1);
    }
    return false;
}

/* ClamAV saw the original as a file; of the text that is left nobody can ask it here. */
static bool clam_found(const struct detect *detect, const struct verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->findings_len; i++)
        if (verdict->findings[i].rule == detect->rules->clamav)
            return true;
    return verdict->more > 0 && detect->clam != NULL;
}

static bool is_still_found(const struct cleaning *c, struct detect_scratch *scratch)
{
    struct verdict *after = mem_zero(1, sizeof *after);
    detect_text(c->detect, scratch, strbuf_span(&c->text), after);
    bool found = after->result == VERDICT_UNKNOWN || *after->why != '\0' || after->more > 0 ||
                 (!after->allowed && verdict_acts(after, c->detect->rules));
    free(after);
    return found;
}

static enum verdict_cleaning outcome(const struct cleaning *c, struct detect_scratch *scratch,
                                     bool unfinished)
{
    struct span left = strbuf_span(&c->text);
    if (c->malformed)
        return CLEANING_MALFORMED;
    if (c->stuck || unfinished || c->cuts.len > VERDICT_CUTS)
        return CLEANING_STUCK;
    if (c->cuts.len == 0)
        return CLEANING_NOTHING;
    if (!is_of_use(left))
        return CLEANING_EMPTY;
    if (!php_balance(left, NULL))
        return CLEANING_MALFORMED;
    return is_still_found(c, scratch) ? CLEANING_STUCK : CLEANING_DONE;
}

static void tell(struct cleaning *c, struct verdict *verdict, struct strbuf *out)
{
    verdict->cleaned_size = c->text.len;
    verdict->cuts_len = (uint32_t)c->cuts.len;
    memcpy(verdict->cuts, c->cuts.at, c->cuts.len * sizeof *c->cuts.at);
    strbuf_add_span(out, strbuf_span(&c->text));
}

void clean_text(const struct detect *detect, struct detect_scratch *scratch, struct span text,
                struct strbuf *out, struct verdict *verdict)
{
    struct cleaning c = {.detect = detect};
    int rounds = 0;
    strbuf_reset(out);
    verdict->cuts_len = 0;
    verdict->cleaned_size = 0;
    if (text.len > CLEAN_MAX) {
        verdict->cleaning = CLEANING_STUCK;
        return;
    }
    literal_hits_init(&c.hits, detect->rules->literals);
    strbuf_add_span(&c.text, text);
    if (restore(&c, verdict))
        verdict->cleaning = CLEANING_DONE;
    else if (clam_found(detect, verdict))
        verdict->cleaning = CLEANING_STUCK;
    else {
        while (rounds < CLEAN_ROUNDS &&
               (clean_once(&c) || cut_analysed(&c, detect_php(scratch), verdict)))
            rounds++;
        verdict->cleaning = outcome(&c, scratch, rounds == CLEAN_ROUNDS);
    }
    if (verdict->cleaning == CLEANING_DONE)
        tell(&c, verdict, out);
    literal_hits_clear(&c.hits);
    strbuf_clear(&c.text);
    vec_clear(&c.cuts);
    vec_clear(&c.parts);
}
