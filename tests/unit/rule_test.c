/* rule - ids, needs, the watch table, and a fingerprint that covers whatever decides. */
#include "spamgear/scan/rule.h"

#include "signature_check.h"
#include "spamgear/scan/sniff.h"

static const struct {
    const char *name;
    struct span literal;
    const char *why; /* NULL: may decide alone */
} weak[] = {
    {"empty", {"", 0}, "is empty"},
    {"short", {"c99shel", 7}, "is shorter than 8 bytes"},
    {"long enough", {"r57shell", 8}, NULL},
    {"one byte", {"AAAAAAAAAAAA", 12}, "is too general: it holds less than 4 different bytes"},
    {"NULs", {"\0\0\0\0\0\0\0\0\0", 9}, "is too general: it holds less than 4 different bytes"},
    {"PHP", {"$_POST['name']", 14}, "is too general: it stands in ordinary PHP or HTML"},
    {"PHP, other case",
     {"BASE64_Decode(", 14},
     "is too general: it stands in ordinary PHP or HTML"},
    {"error page",
     {"<title>404 Not Found</title>", 28},
     "is too general: it stands in ordinary PHP or HTML"},
    {"doctype", {"<!DOCTYPE html>", 15}, "is too general: it stands in ordinary PHP or HTML"},
    {"nested", {"eval(gzinflate(", 15}, NULL},
    {"marker", {"inert-marker-1", 14}, NULL},
};

static struct rule *add(struct rules *rules, const char *id, const char *literal)
{
    struct rule *rule = rules_add(rules, RULE_OWN, id, id, "f", 1);
    if (literal != NULL)
        rules_need(rules, span_text(literal), false);
    return rule;
}

static void test_ids(void)
{
    struct rules *rules = rules_new();
    test_true("ClamAV is there", rules->list.at[rules->clamav].source == RULE_CLAMAV);
    test_text("its label", rules->list.at[rules->clamav].label, "[CLAMAV]");
    uint32_t a = (uint32_t)rules->list.len;
    test_number("a rule is the first of its id", add(rules, "a", "first")->same_as, a);
    test_number("the next of that id is the same", add(rules, "a", "second")->same_as, a);
    test_number("another id is not", add(rules, "b", "third")->same_as, a + 2);
    test_number("three rules, two signatures", (int64_t)rules_count(rules, RULE_OWN), 2);
    test_number("none of these", (int64_t)rules_count(rules, RULE_BACKDOOR), 0);
    test_true("found", rules_find(rules, "a") == &rules->list.at[a]);
    test_true("not found", rules_find(rules, "c") == NULL);
    rules_free(rules);
    rules_free(NULL);
}

static void test_needs(void)
{
    struct rules *rules = rules_new();
    add(rules, "a", "marker");
    rules_need(rules, SPAN("marker"), false);
    test_number("the same literal once", rules->list.at[1].needs, 1);
    rules_need(rules, SPAN("marker"), true);
    test_number("another one in either case", rules->list.at[1].needs, 2);
    rules_free(rules);
}

/* For each literal the rules that are watched by it. */
static void show_watch(const struct rules *rules, struct strbuf *out)
{
    for (uint32_t i = 0; i < literals_count(rules->literals); i++)
        for (uint32_t k = rules->watch_first[i]; k < rules->watch_first[i + 1]; k++) {
            strbuf_add_span(out, literals_text(rules->literals, i));
            strbuf_format(out, ":%s ", rules->list.at[rules->watch[k]].id);
        }
    for (size_t i = 0; i < rules->always.len; i++)
        strbuf_format(out, "always:%s ", rules->list.at[rules->always.at[i]].id);
}

static void test_watch(void)
{
    struct rules *rules = rules_new();
    struct strbuf got = {0};
    add(rules, "long", "eval");
    rules_need(rules, SPAN("very-long-marker"), false);
    add(rules, "rare", "ettaeeta");
    rules_need(rules, SPAN("\x01\x02\x03\x04\x05!"), false);
    add(rules, "common", "eval");
    add(rules, "pattern", NULL);
    rules_pattern(rules, regex_get("[mn]arker", NULL), "[mn]arker");
    compile_rules(rules);
    show_watch(rules, &got);
    test_text("watch", strbuf_text(&got),
              "eval:common very-long-marker:long \x01\x02\x03\x04\x05!:rare always:pattern ");
    test_hits("one of two", rules, SPAN("very-long-marker"), "pattern;");
    test_hits("both", rules, SPAN("very-long-marker eval"), "long;common;pattern;");
    test_hits("pattern", rules, SPAN("a narker"), "pattern;");
    test_hits("nothing", rules, SPAN(""), "");
    strbuf_clear(&got);
    rules_free(rules);
}

/* What only counts in few kinds of content is not looked for in others, unless it is asked for. */
static void test_kinds(void)
{
    struct span text = SPAN("few-marker all-marker shared1");
    struct rules *rules = rules_new();
    struct literal_hits hits = {0};
    add(rules, "few", "few-marker");
    rules->list.at[1].kinds = SNIFF_PERL | SNIFF_SHELL;
    add(rules, "all", "all-marker");
    add(rules, "both", "few-marker");
    rules_need(rules, SPAN("\x01\x02\x03 not there"), false);
    add(rules, "php", "shared1");
    rules->list.at[4].kinds = SNIFF_PHP | SNIFF_PERL;
    compile_rules(rules);
    literal_hits_init(&hits, rules->literals);
    rules_scan(rules, SNIFF_PHP, text, &hits);
    test_number("in PHP", (int64_t)hits.numbers.len, 2);
    test_true("asked for", rules_needs_stand(rules, &rules->list.at[1], &hits, text));
    rules_scan(rules, SNIFF_PHP | SNIFF_PERL, text, &hits);
    test_number("in Perl too", (int64_t)hits.numbers.len, 3);
    rules_scan(rules, SNIFF_ASP, text, &hits);
    test_number("in no such content", (int64_t)hits.numbers.len, 2);
    literal_hits_clear(&hits);
    rules_free(rules);
}

static void test_no_rules(void)
{
    struct rules *rules = rules_new();
    compile_rules(rules);
    test_hits("nothing is found", rules, SPAN("eval"), "");
    test_number("ClamAV is not tried", (int64_t)rules->always.len, 0);
    rules_free(rules);
}

/* ---- the fingerprint ---- */

static void change_nothing(struct rules *rules, struct rule *rule)
{
    (void)rules;
    rule->description = mem_text("other words");
    rule->line = 7;
}

static void change_severity(struct rules *rules, struct rule *rule)
{
    (void)rules;
    rule->severity = RULE_SUSPICIOUS;
}

static void change_non_cleaned(struct rules *rules, struct rule *rule)
{
    (void)rules;
    rule->non_cleaned = true;
}

static void change_cleans(struct rules *rules, struct rule *rule)
{
    (void)rules;
    rule->cleans = true;
}

static void change_kinds(struct rules *rules, struct rule *rule)
{
    (void)rules;
    rule->kinds = 1;
}

static void change_pattern(struct rules *rules, struct rule *rule)
{
    (void)rule;
    rules_pattern(rules, regex_get("x+marker", NULL), "x+marker");
}

static void change_need(struct rules *rules, struct rule *rule)
{
    (void)rule;
    rules_need(rules, SPAN("more"), false);
}

static void change_need_case(struct rules *rules, struct rule *rule)
{
    (void)rule;
    rules_need(rules, SPAN("more"), true);
}

static void change_list(struct rules *rules, struct rule *rule)
{
    (void)rule;
    add(rules, "b", "another");
}

static uint64_t fingerprint_of(void (*change)(struct rules *rules, struct rule *rule))
{
    struct rules *rules = rules_new();
    struct rule *rule = add(rules, "a", "marker");
    if (change != NULL)
        change(rules, rule);
    compile_rules(rules);
    uint64_t fingerprint = rules_fingerprint(rules);
    rules_free(rules);
    return fingerprint;
}

static void test_fingerprint(void)
{
    static const struct {
        const char *name;
        void (*change)(struct rules *rules, struct rule *rule);
    } changes[] = {{"severity", change_severity}, {"non-cleaned", change_non_cleaned},
                   {"cleans", change_cleans},     {"kinds", change_kinds},
                   {"pattern", change_pattern},   {"need", change_need},
                   {"case", change_need_case},    {"list", change_list}};
    enum { CHANGES = sizeof changes / sizeof *changes };
    uint64_t seen[CHANGES + 1] = {fingerprint_of(NULL)};
    test_true("the same again", seen[0] == fingerprint_of(NULL));
    test_true("what does not decide does not count", seen[0] == fingerprint_of(change_nothing));
    for (size_t i = 0; i < CHANGES; i++) {
        seen[i + 1] = fingerprint_of(changes[i].change);
        for (size_t k = 0; k <= i; k++)
            test_true(changes[i].name, seen[i + 1] != seen[k]);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof weak / sizeof *weak; i++) {
        const char *why = rules_weak_literal(weak[i].literal);
        test_text(weak[i].name, why == NULL ? "" : why, weak[i].why == NULL ? "" : weak[i].why);
    }
    test_ids();
    test_needs();
    test_watch();
    test_kinds();
    test_no_rules();
    test_fingerprint();
    regex_clear_all();
    return test_end();
}
