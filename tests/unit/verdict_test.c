/* verdict_test - collecting, places, labels, and records: what a worker that was taken over may
 * send is refused. */
#include "spamgear/scan/verdict.h"

#include "test.h"
#include <stdlib.h>

/* 0 to 19: fingerprints that only tell; then one of each kind. */
enum { TELLS = 20, BACKDOOR = TELLS, FINGER, FINGER_TOO, DETECTOR, OWN, CLAMAV, RULES };

static struct rule list[RULES];
static struct rules rules;

static void set_rule(uint32_t number, enum rule_source source, const char *label)
{
    list[number] = (struct rule){.source = source, .label = (char *)label, .same_as = number};
}

static void make_rules(void)
{
    for (uint32_t i = 0; i < TELLS; i++) {
        set_rule(i, RULE_SHELLDETECT, "[DETECTOR] [tells]");
        list[i].non_cleaned = true;
    }
    set_rule(BACKDOOR, RULE_BACKDOOR, "[CUSTOM] [PHP.Backdoor.1]");
    list[BACKDOOR].cleans = true;
    set_rule(FINGER, RULE_FINGERPRINT, "[CUSTOM] [PHP.Finger.3]");
    set_rule(FINGER_TOO, RULE_FINGERPRINT, "[CUSTOM] [PHP.Finger.3]");
    list[FINGER_TOO].same_as = FINGER;
    set_rule(DETECTOR, RULE_SHELLDETECT, "[DETECTOR] [c99]");
    set_rule(OWN, RULE_OWN, "[SPAMGEAR] [a\x1b]b]");
    set_rule(CLAMAV, RULE_CLAMAV, "[CLAMAV]");
    rules.list.at = list;
    rules.list.len = RULES;
    rules.clamav = CLAMAV;
}

#define NONE ((struct span){NULL, 0})

/* ---- collecting ---- */

static void test_unknown(void)
{
    struct verdict v;
    char large[600];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    verdict_reset(&v);
    test_number("clean", v.result, VERDICT_CLEAN);
    verdict_unknown(&v, "read: %s", "Input/output error");
    verdict_unknown(&v, "second");
    test_number("unknown", v.result, VERDICT_UNKNOWN);
    test_text("the first reason", v.why, "read: Input/output error");
    verdict_add(&v, &rules, FINGER, NONE);
    test_number("found stands", v.result, VERDICT_FOUND);
    verdict_allow(&v);
    test_number("allowed, but not known", v.result, VERDICT_UNKNOWN);
    verdict_reset(&v);
    test_text("forgotten", v.why, "");
    verdict_add(&v, &rules, FINGER, NONE);
    verdict_unknown(&v, "%s", large);
    test_number("found and unknown is found", v.result, VERDICT_FOUND);
    test_number("cut", (int64_t)strlen(v.why), VERDICT_WHY);
    verdict_reset(&v);
    verdict_add(&v, &rules, FINGER, NONE);
    verdict_allow(&v);
    test_number("allowed", v.result, VERDICT_CLEAN);
    test_number("without findings", v.findings_len, 0);
    verdict_reset(&v);
    verdict_unknown(&v, "%s", "");
    verdict_allow(&v);
    test_number("unknown without a word stays", v.result, VERDICT_UNKNOWN);
}

static void test_add(void)
{
    struct verdict v;
    verdict_reset(&v);
    test_true("one", verdict_add(&v, &rules, FINGER, NONE) != NULL);
    test_true("the same signature", verdict_add(&v, &rules, FINGER_TOO, NONE) == NULL);
    test_true("a name", verdict_add(&v, &rules, CLAMAV, SPAN("Php.A")) != NULL);
    test_true("that again", verdict_add(&v, &rules, CLAMAV, SPAN("Php.A")) == NULL);
    test_true("another", verdict_add(&v, &rules, CLAMAV, SPAN("Php.B")) != NULL);
    char name[300];
    memset(name, 'n', sizeof name);
    struct finding *cut = verdict_add(&v, &rules, CLAMAV, (struct span){name, sizeof name});
    test_number("a long name is cut", cut->detail_len, VERDICT_DETAIL);
    test_true("and known", verdict_add(&v, &rules, CLAMAV, (struct span){name, 299}) == NULL);
    test_number("findings", v.findings_len, 4);
    test_number("none left out", v.more, 0);
}

/* Twenty findings that only tell do not hide the one that counts. */
static void test_crowd(void)
{
    struct verdict v;
    verdict_reset(&v);
    for (uint32_t i = 0; i < TELLS; i++)
        verdict_add(&v, &rules, i, NONE);
    test_number("full", v.findings_len, VERDICT_FINDINGS);
    test_number("more", v.more, TELLS - VERDICT_FINDINGS);
    test_true("nothing to do", !verdict_acts(&v, &rules));
    test_true("takes a place", verdict_add(&v, &rules, FINGER, NONE) != NULL);
    test_true("another", verdict_add(&v, &rules, BACKDOOR, NONE) != NULL);
    test_number("still full", v.findings_len, VERDICT_FINDINGS);
    test_number("counted", v.more, TELLS - VERDICT_FINDINGS + 2);
    test_true("something to do", verdict_acts(&v, &rules) && verdict_cleans(&v, &rules));
    for (uint32_t i = 0; i < 2 * VERDICT_FINDINGS; i++) {
        char name[2] = {(char)('A' + i), 0};
        verdict_add(&v, &rules, CLAMAV, span_text(name));
    }
    test_number("all of them act", v.findings_len, VERDICT_FINDINGS);
    test_number("the first stays", v.findings[VERDICT_FINDINGS - 1].rule, FINGER);
}

static void test_labels(void)
{
    static const struct {
        const char *name;
        uint32_t rules[4];
        const char *detail, *want;
    } cases[] = {{"nothing", {RULES}, "", ""},
                 {"order of sources",
                  {DETECTOR, FINGER, BACKDOOR, RULES},
                  "",
                  "[CUSTOM] [PHP.Backdoor.1] [CUSTOM] [PHP.Finger.3] [DETECTOR] [c99]"},
                 {"only tells", {0, RULES}, "", "[DETECTOR] [tells] [NON-CLEANED]"},
                 {"one acts", {0, FINGER, RULES}, "", "[CUSTOM] [PHP.Finger.3] [DETECTOR] [tells]"},
                 {"escaped", {OWN, RULES}, "", "[SPAMGEAR] [a\\x1b]b]"},
                 {"a name", {CLAMAV, RULES}, "Php\n.A]\xff", "[CLAMAV] [Php\\n.A]\\xff]"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verdict v;
        struct strbuf got = {0};
        verdict_reset(&v);
        for (size_t r = 0; cases[i].rules[r] != RULES; r++)
            verdict_add(&v, &rules, cases[i].rules[r], span_text(cases[i].detail));
        verdict_labels(&v, &rules, &got);
        test_text(cases[i].name, strbuf_text(&got), cases[i].want);
        strbuf_clear(&got);
    }
}

static void test_places(void)
{
    char wide[300], shown[VERDICT_EXCERPT];
    memset(wide, 'w', sizeof wide);
    memset(shown, 'w', sizeof shown);
    static const struct {
        const char *name, *text;
        size_t at;
        uint64_t line;
        const char *want;
    } cases[] = {{"alone", "evil", 0, 8, "evil"},
                 {"its line", "one\ntwo evil thing\nthree, four, five", 8, 9,
                  "two evil thing\nthree, four, five"},
                 {"cut at the line's end", "a\nthe evil thing stands here in this line\nnext", 6, 9,
                  "the evil thing stands here in this line"},
                 {"at a line's start", "a\nb\nevil", 4, 10, "evil"},
                 {"at the very end", "a\nevil\n", 7, 10, ""},
                 {"bytes before", "0123456789012345678901234567890123456789evil", 40, 8,
                  "89012345678901234567890123456789evil"},
                 {"empty", "", 0, 8, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct finding f = {0};
        finding_place(&f, span_text(cases[i].text), 1000, 7, cases[i].at, 4);
        test_bytes(cases[i].name, f.excerpt, f.excerpt_len, cases[i].want, strlen(cases[i].want));
        test_number(cases[i].name, f.line, (int64_t)cases[i].line);
        test_number(cases[i].name, (int64_t)f.offset, (int64_t)(1000 + cases[i].at));
        test_number(cases[i].name, (int64_t)f.len, 4);
    }
    struct finding f = {0};
    finding_place(&f, (struct span){wide, sizeof wide}, 0, UINT32_MAX, 150, 9);
    test_bytes("a long line", f.excerpt, f.excerpt_len, shown, sizeof shown);
    test_number("lines do not wrap around", f.line, UINT32_MAX);
}

/* ---- records ---- */

static void make_full(struct verdict *v)
{
    verdict_reset(v);
    v->kinds = 0x12345678;
    v->size = 1000000;
    v->has_hash = true;
    memset(v->hash, 0xab, sizeof v->hash);
    char wide[VERDICT_EXCERPT];
    memset(wide, '\n', sizeof wide);
    memset(wide, 'x', 40);
    for (uint32_t i = 0; i < TELLS; i++) {
        struct finding *f = verdict_add(v, &rules, i, (struct span){wide, sizeof wide});
        if (f != NULL)
            finding_place(f, (struct span){wide, sizeof wide}, 900000, 5, 1, 3);
    }
    char why[VERDICT_WHY + 1];
    memset(why, 'y', VERDICT_WHY);
    why[VERDICT_WHY] = '\0';
    verdict_unknown(v, "%s", why);
    v->cleaning = CLEANING_DONE;
    v->cleaned_size = 999;
    for (v->cuts_len = 0; v->cuts_len < VERDICT_CUTS; v->cuts_len++)
        v->cuts[v->cuts_len] = (struct verdict_cut){v->cuts_len * 10, 5, BACKDOOR};
}

static void test_same(const char *name, const struct strbuf *record)
{
    struct verdict v;
    struct strbuf again = {0}, why = {0};
    struct span bytes = strbuf_span(record);
    memset(&v, 0x5a, sizeof v);
    test_number(name, verdict_decode(&v, &bytes, &rules, &why), 0);
    test_text(name, strbuf_text(&why), "");
    test_number(name, (int64_t)bytes.len, 0);
    verdict_encode(&v, &again);
    test_bytes(name, again.data, again.len, record->data, record->len);
    strbuf_clear(&again);
    strbuf_clear(&why);
}

/* However short it is cut, it is refused; bytes behind it are left. */
static void test_cut_off(const struct strbuf *record)
{
    struct verdict v;
    struct strbuf why = {0};
    for (size_t len = 0; len < record->len; len++) {
        char *copy = mem_text_of(record->data, len); /* the sanitizer sees a read behind it */
        struct span bytes = {copy, len};
        int got = verdict_decode(&v, &bytes, &rules, &why);
        if (got != -1 || bytes.at != copy || bytes.len != len || v.result != VERDICT_UNKNOWN)
            test_number("cut off", (int64_t)len, -1);
        free(copy);
    }
    test_text("why", strbuf_text(&why), "the worker's answer cannot be read: it is cut off");
    struct strbuf two = {0};
    strbuf_add_span(&two, strbuf_span(record));
    strbuf_add_text(&two, "next");
    struct span bytes = strbuf_span(&two);
    test_number("two", verdict_decode(&v, &bytes, &rules, &why), 0);
    test_bytes("the rest", bytes.at, bytes.len, "next", 4);
    strbuf_clear(&two);
    strbuf_clear(&why);
}

static void test_records(void)
{
    struct verdict v;
    struct strbuf record = {0};
    verdict_reset(&v);
    v.size = 8192;
    v.kinds = 1;
    verdict_encode(&v, &record);
    test_same("clean", &record);
    test_cut_off(&record);
    test_number("a clean record is small", (int64_t)record.len, 33);
    strbuf_reset(&record);
    verdict_unknown(&v, "no");
    verdict_encode(&v, &record);
    test_same("unknown", &record);
    strbuf_reset(&record);
    make_full(&v);
    verdict_encode(&v, &record);
    test_same("full", &record);
    test_cut_off(&record);
    test_true("bounded", record.len <= VERDICT_RECORD);
    strbuf_reset(&record);
    verdict_reset(&v);
    verdict_add(&v, &rules, FINGER, NONE);
    verdict_allow(&v);
    v.has_hash = true;
    memset(v.hash, 1, sizeof v.hash);
    verdict_encode(&v, &record);
    test_same("allowed", &record);
    strbuf_clear(&record);
}

/* What a worker might lie about, one lie a row. */
static void lie_rule(struct verdict *v)
{
    v->findings[3].rule = RULES;
}

static void lie_no_findings(struct verdict *v)
{
    v->findings_len = v->more = 0;
}

static void lie_clean(struct verdict *v)
{
    v->result = VERDICT_CLEAN;
}

static void lie_twice(struct verdict *v)
{
    v->findings[1] = v->findings[0];
}

static void lie_many(struct verdict *v)
{
    v->findings_len = 15;
}

static void lie_place(struct verdict *v)
{
    v->findings[0].offset = v->size + 1;
}

static void lie_wrap(struct verdict *v)
{
    v->findings[0].len = UINT64_MAX;
}

static void lie_allowed(struct verdict *v)
{
    v->allowed = true;
}

static void lie_allowed_without_hash(struct verdict *v)
{
    verdict_reset(v);
    v->allowed = true;
}

static void lie_cut_rule(struct verdict *v)
{
    v->cuts[31].rule = UINT32_MAX;
}

static void lie_cut_place(struct verdict *v)
{
    v->cuts[31].offset = 999999;
    v->cuts[31].len = 2;
}

static void lie_larger(struct verdict *v)
{
    v->cleaned_size = v->size + 1;
}

static void lie_not_asked(struct verdict *v)
{
    v->cleaning = CLEANING_NOT_ASKED;
}

static void lie_cleaning(struct verdict *v)
{
    v->cleaning = (enum verdict_cleaning)(CLEANING_STUCK + 1);
}

static void lie_excerpt(struct verdict *v)
{
    v->findings[15].excerpt_len = VERDICT_EXCERPT; /* detail_len lies behind it: see below */
    v->findings[15].detail_len = VERDICT_DETAIL + 1;
}

static void test_lies(void)
{
    static const struct {
        const char *want;
        void (*lie)(struct verdict *);
    } cases[] = {
        {"it names a rule that is not there", lie_rule},
        {"its result does not follow from it", lie_no_findings},
        {"its result does not follow from it", lie_clean},
        {"it tells a finding twice", lie_twice},
        {"it counts findings it could tell", lie_many},
        {"a place in it lies outside of the file", lie_place},
        {"a place in it lies outside of the file", lie_wrap},
        {"it allows what it found, or without a hash", lie_allowed},
        {"it allows what it found, or without a hash", lie_allowed_without_hash},
        {"it names a rule that is not there", lie_cut_rule},
        {"a place in it lies outside of the file", lie_cut_place},
        {"the cleaned text is larger than the file", lie_larger},
        {"it cleaned without being asked", lie_not_asked},
        {"its cleaning is none", lie_cleaning},
        {"a text in it is too long", lie_excerpt},
    };
    struct strbuf record = {0}, why = {0}, want = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verdict *v = mem_zero(1, sizeof *v);
        make_full(v);
        cases[i].lie(v);
        strbuf_reset(&record);
        verdict_encode(v, &record);
        struct span bytes = strbuf_span(&record);
        test_number(cases[i].want, verdict_decode(v, &bytes, &rules, &why), -1);
        strbuf_reset(&want);
        strbuf_format(&want, "the worker's answer cannot be read: %s", cases[i].want);
        test_text("why", strbuf_text(&why), strbuf_text(&want));
        test_number("nothing of it is believed", v->result, VERDICT_UNKNOWN);
        free(v);
    }
    strbuf_clear(&record);
    strbuf_clear(&why);
    strbuf_clear(&want);
}

/* Single bytes of the head, and numbers that no field may hold. */
static void test_bytes_changed(void)
{
    static const struct {
        size_t at;
        char byte;
        const char *want;
    } cases[] = {{0, 1, "it is of another version"},
                 {1, 3, "its result is none"},
                 {2, 4, "it has flags that are none"},
                 {47, (char)(VERDICT_WHY + 1), "a text in it is too long"},
                 {50, 0, "its reason holds a NUL"},
                 {248, 17, "it has too many findings"}};
    struct verdict v;
    struct strbuf record = {0}, why = {0};
    make_full(&v);
    verdict_encode(&v, &record);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char was = record.data[cases[i].at];
        struct span bytes = strbuf_span(&record);
        record.data[cases[i].at] = cases[i].byte;
        test_number(cases[i].want, verdict_decode(&v, &bytes, &rules, &why), -1);
        test_text("why", strbuf_text(&why) + strlen("the worker's answer cannot be read: "),
                  cases[i].want);
        record.data[cases[i].at] = was;
    }
    strbuf_clear(&record);
    strbuf_clear(&why);
}

int main(void)
{
    make_rules();
    test_unknown();
    test_add();
    test_crowd();
    test_labels();
    test_places();
    test_records();
    test_lies();
    test_bytes_changed();
    return test_end();
}
