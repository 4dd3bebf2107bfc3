/* rule - the set of all signatures, and which of them to look at when a literal stands.
 *
 * A rule is looked at when its watch literal stands: the one of its literals that is probably
 * the rarest. What is rare is guessed from its bytes: how often they come in PHP and HTML, summed
 * up over its length.
 */
#include "spamgear/scan/rule.h"

#include "spamgear/scan/ordinary.h"
#include "spamgear/scan/php_judge.h"
#include "spamgear/scan/sniff.h"

#define MEANING 1 /* of a rule's fields: another one makes cached verdicts void */

/* ---- the list ---- */

static struct rule *last(struct rules *rules)
{
    return &rules->list.at[rules->list.len - 1];
}

/* One rule stands for all of ClamAV: the name that it found is the detail of a finding. */
static void add_clamav(struct rules *rules)
{
    rules->clamav = (uint32_t)rules->list.len;
    struct rule *rule = rules_add(rules, RULE_CLAMAV, "clamav", "[CLAMAV]", "libclamav", 0);
    rule->description = mem_text("Found by ClamAV");
}

struct rules *rules_new(void)
{
    struct rules *rules = mem_zero(1, sizeof *rules);
    rules->literals = literals_new();
    add_clamav(rules);
    return rules;
}

static void rule_clear(struct rule *rule)
{
    free(rule->id);
    free(rule->label);
    free(rule->description);
    free(rule->family);
    free(rule->pattern_text);
    free(rule->file);
}

void rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    for (size_t i = 0; i < rules->list.len; i++)
        rule_clear(&rules->list.at[i]);
    vec_clear(&rules->list);
    vec_clear(&rules->needs);
    vec_clear(&rules->id_rules);
    vec_clear(&rules->always);
    for (size_t i = 0; i < rules->anys.len; i++)
        texts_clear(&rules->anys.at[i].texts);
    vec_clear(&rules->anys);
    map_clear(&rules->ids);
    known_bad_clear(&rules->bad);
    free(rules->php);
    vec_clear(&rules->php_rules);
    literals_free(rules->literals);
    free(rules->watch_first);
    free(rules->watch);
    free(rules);
}

/* The first rule of the id, which the rule of this number is when there is none yet. */
static uint32_t first_of(struct rules *rules, const char *id, uint32_t number)
{
    bool added;
    uint32_t slot = map_put(&rules->ids, span_text(id), &added);
    if (added)
        *vec_add(&rules->id_rules) = number;
    return rules->id_rules.at[slot];
}

struct rule *rules_add(struct rules *rules, enum rule_source source, const char *id,
                       const char *label, const char *file, unsigned line)
{
    uint32_t number = (uint32_t)rules->list.len;
    struct rule *rule = vec_add(&rules->list);
    *rule = (struct rule){.source = source,
                          .id = mem_text(id),
                          .label = mem_text(label),
                          .severity = RULE_MALICIOUS,
                          .first_need = (uint32_t)rules->needs.len,
                          .same_as = first_of(rules, id, number),
                          .file = mem_text(file),
                          .line = line};
    return rule;
}

/* A literal that stands twice in a rule is one need. */
void rules_need(struct rules *rules, struct span literal, bool nocase)
{
    struct rule *rule = last(rules);
    uint32_t number = literals_add(rules->literals, literal, nocase);
    for (uint32_t i = 0; i < rule->needs; i++)
        if (rules->needs.at[rule->first_need + i] == number)
            return;
    *vec_add(&rules->needs) = number;
    rule->needs++;
}

static bool same_texts(const struct texts *a, const struct texts *b)
{
    bool same = a->len == b->len;
    for (size_t i = 0; same && i < a->len; i++)
        same = strcmp(a->at[i], b->at[i]) == 0;
    return same;
}

int rules_any(struct rules *rules, const struct texts *texts)
{
    const char *strings[LITERAL_MAX + 1] = {NULL};
    size_t at = 0;
    while (at < rules->anys.len && !same_texts(&rules->anys.at[at].texts, texts))
        at++;
    if (at == RULES_ANYS)
        return -1;
    last(rules)->any = (uint32_t)at + 1;
    if (at < rules->anys.len)
        return 0;
    struct rule_any *any = vec_add(&rules->anys);
    *any = (struct rule_any){0};
    for (size_t i = 0; i < texts->len && i < LITERAL_MAX; i++) {
        texts_add(&any->texts, texts->at[i]);
        strings[i] = any->texts.at[i];
    }
    literal_set_init(&any->set, strings);
    return 0;
}

void rules_pattern(struct rules *rules, const struct regex *pattern, const char *text)
{
    struct rule *rule = last(rules);
    rule->pattern = pattern;
    rule->pattern_text = mem_text(text);
}

const struct rule *rules_find(const struct rules *rules, const char *id)
{
    uint32_t slot = map_get(&rules->ids, span_text(id));
    return slot == MAP_NONE ? NULL : &rules->list.at[rules->id_rules.at[slot]];
}

size_t rules_count(const struct rules *rules, enum rule_source source)
{
    size_t count = 0;
    for (size_t i = 0; i < rules->list.len; i++)
        count += rules->list.at[i].source == source && rules->list.at[i].same_as == i;
    return count;
}

/* ---- which literals say something ---- */

#define DIFFERENT_MIN 4

static bool has_different_bytes(struct span literal)
{
    bool seen[256] = {false};
    unsigned count = 0;
    for (size_t i = 0; i < literal.len && count < DIFFERENT_MIN; i++) {
        unsigned char byte = (unsigned char)literal.at[i];
        count += !seen[byte];
        seen[byte] = true;
    }
    return count == DIFFERENT_MIN;
}

const char *rules_weak_literal(struct span literal)
{
    if (literal.len == 0)
        return "is empty";
    if (literal.len < RULES_LITERAL_MIN)
        return "is shorter than 8 bytes";
    if (!has_different_bytes(literal))
        return "is too general: it holds less than 4 different bytes";
    if (ordinary_has(literal))
        return "is too general: it stands in ordinary PHP or HTML";
    return NULL;
}

/* How little a byte is to be expected, roughly in bits. */
static unsigned surprise(unsigned char byte, bool nocase)
{
    static const char common[] = " \n\tetaoinsrlcdpu";
    if (byte != '\0' && strchr(common, byte) != NULL)
        return 4;
    if (byte >= 'a' && byte <= 'z')
        return 5;
    if (byte >= 'A' && byte <= 'Z')
        return nocase ? 5 : 7;
    return byte != '\0' && strchr("$()'\";=_->,.<", byte) != NULL ? 5 : 7;
}

static unsigned long rarity(const struct literals *literals, uint32_t number)
{
    struct span text = literals_text(literals, number);
    bool nocase = literals_nocase(literals, number);
    unsigned long bits = 0;
    for (size_t i = 0; i < text.len; i++)
        bits += surprise((unsigned char)text.at[i], nocase);
    return ordinary_has(text) ? bits / 8 : bits;
}

/* ---- the watch table ---- */

/* The literal whose standing makes the rule worth a look. */
static uint32_t watch_literal(const struct rules *rules, const struct rule *rule)
{
    uint32_t best = rules->needs.at[rule->first_need];
    unsigned long most = rule->needs > 1 ? rarity(rules->literals, best) : 0;
    for (uint32_t i = 1; i < rule->needs; i++) {
        uint32_t number = rules->needs.at[rule->first_need + i];
        unsigned long bits = rarity(rules->literals, number);
        if (bits > most) {
            most = bits;
            best = number;
        }
    }
    return best;
}

/* Counts in the first round, places in the second: a counting sort by literal. */
static void make_watch(struct rules *rules)
{
    size_t len = rules->list.len, literals = literals_count(rules->literals);
    uint32_t *of_rule = mem_alloc(len * sizeof *of_rule);
    rules->watch_first = mem_zero(literals + 2, sizeof *rules->watch_first);
    rules->watch = mem_zero(len, sizeof *rules->watch);
    for (size_t i = 0; i < len; i++) {
        const struct rule *rule = &rules->list.at[i];
        of_rule[i] = rule->needs > 0 ? watch_literal(rules, rule) : MAP_NONE;
        if (of_rule[i] != MAP_NONE)
            rules->watch_first[of_rule[i] + 2]++;
        else if (rule->pattern_text != NULL)
            *vec_add(&rules->always) = (uint32_t)i;
    }
    for (size_t i = 1; i < literals + 2; i++)
        rules->watch_first[i] += rules->watch_first[i - 1];
    for (size_t i = 0; i < len; i++)
        if (of_rule[i] != MAP_NONE)
            rules->watch[rules->watch_first[of_rule[i] + 1]++] = (uint32_t)i;
    free(of_rule);
}

/* ---- parts of the literals ---- */

enum part { FOR_ALL, FOR_FEW }; /* FOR_FEW: in no PHP, HTML, or file without a kind */

static bool is_for_few(const struct rule *rule)
{
    return rule->kinds != 0 && (rule->kinds & (SNIFF_PHP | SNIFF_HTML)) == 0;
}

/* Those that no rule is watched by are left out: they are asked for by themselves. */
static void part_literals(struct rules *rules)
{
    for (uint32_t literal = 0; literal < literals_count(rules->literals); literal++) {
        const uint32_t from = rules->watch_first[literal], to = rules->watch_first[literal + 1];
        bool few = true;
        for (uint32_t i = from; i < to; i++) {
            const struct rule *rule = &rules->list.at[rules->watch[i]];
            few &= is_for_few(rule);
            rules->few_kinds |= is_for_few(rule) ? rule->kinds : 0;
        }
        if (from == to)
            literals_leave_out(rules->literals, literal);
        else
            literals_move(rules->literals, literal, few ? FOR_FEW : FOR_ALL);
    }
}

void rules_scan(const struct rules *rules, uint32_t kinds, struct span text,
                struct literal_hits *hits)
{
    unsigned few = rules->few_kinds & kinds ? 1u << FOR_FEW : 0;
    literals_scan_parts(rules->literals, 1u << FOR_ALL | few, text, hits);
}

static bool any_stands(const struct rules *rules, uint32_t any, struct literal_hits *hits,
                       struct span text)
{
    const uint64_t bit = UINT64_C(1) << (any - 1);
    if (!(hits->asked & bit) &&
        literal_find(&rules->anys.at[any - 1].set, text.at, span_end(text)) != NULL)
        hits->answers |= bit;
    hits->asked |= bit;
    return (hits->answers & bit) != 0;
}

bool rules_needs_stand(const struct rules *rules, const struct rule *rule,
                       struct literal_hits *hits, struct span text)
{
    for (uint32_t i = 0; i < rule->needs; i++) {
        uint32_t literal = rules->needs.at[rule->first_need + i];
        if (!literals_stands(rules->literals, literal, text, hits))
            return false;
    }
    return rule->any == 0 || any_stands(rules, rule->any, hits, text);
}

/* ---- the fingerprint ---- */

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    const uint64_t both[] = {hash, number};
    return map_digest(both, sizeof both);
}

static uint64_t hash_text(uint64_t hash, struct span text)
{
    return hash_number(hash, map_digest(text.at, text.len));
}

static uint64_t hash_texts(uint64_t hash, const struct texts *texts)
{
    hash = hash_number(hash, texts->len);
    for (size_t i = 0; i < texts->len; i++)
        hash = hash_text(hash, span_text(texts->at[i]));
    return hash;
}

static uint64_t hash_rule(uint64_t hash, const struct rules *rules, const struct rule *rule)
{
    const uint64_t numbers[] = {rule->source, rule->severity, rule->non_cleaned, rule->cleans,
                                rule->kinds,  rule->same_as,  rule->needs};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        hash = hash_number(hash, numbers[i]);
    hash = hash_text(hash, span_text(rule->id));
    hash = hash_text(hash, span_text(rule->label));
    hash = hash_text(hash, span_text(rule->pattern_text));
    if (rule->any != 0)
        hash = hash_texts(hash, &rules->anys.at[rule->any - 1].texts);
    for (uint32_t i = 0; i < rule->needs; i++) {
        uint32_t literal = rules->needs.at[rule->first_need + i];
        hash = hash_text(hash, literals_text(rules->literals, literal));
        hash = hash_number(hash, literals_nocase(rules->literals, literal));
    }
    return hash;
}

/* Another PCRE2 may match otherwise. */
uint64_t rules_fingerprint(const struct rules *rules)
{
    uint64_t hash = hash_number(0, MEANING);
    hash = hash_text(hash, span_text(regex_version()));
    for (size_t i = 0; i < rules->list.len; i++)
        hash = hash_rule(hash, rules, &rules->list.at[i]);
    hash = hash_number(hash, known_bad_fingerprint(&rules->bad));
    return rules->php == NULL ? hash : hash_number(hash, php_weights_fingerprint(rules->php));
}

int rules_compile(struct rules *rules, struct strbuf *why)
{
    make_watch(rules);
    part_literals(rules);
    known_bad_finish(&rules->bad);
    return literals_compile(rules->literals, why);
}
