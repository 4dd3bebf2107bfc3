/* clean_fuzz - any file and some rules: what is done is the original without its cuts, balances,
 * and holds nothing that a rule finds; what is not done changes nothing. */
#include "spamgear/base/mem.h"
#include "spamgear/match/regex.h"
#include "spamgear/scan/clean.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static void add(struct rules *rules, const char *id, const char *pattern, const char *literal)
{
    rules_add(rules, RULE_OWN, id, id, "fuzz.rules", 1)->cleans = true;
    rules_need(rules, span_text(literal), false);
    rules_pattern(rules, regex_get(pattern, NULL), pattern);
}

static const struct detect *detect_get(void)
{
    static struct detect detect;
    if (detect.rules != NULL)
        return &detect;
    struct rules *rules = rules_new();
    add(rules, "block", "<\\?php /\\*INJ\\*/.*?\\?>\\n?", "/*INJ*/");
    add(rules, "statement", "evil\\([0-9]*\\);", "evil(");
    add(rules, "wide", "IN[^!]*OUT", "OUT");
    add(rules, "tags", "\\?>[^!]*<\\?php", "<?php");
    need(rules_compile(rules, NULL) == 0);
    detect.rules = rules;
    return &detect;
}

static void check_done(struct span text, const struct verdict *verdict, struct span out)
{
    uint64_t at = 0, cut = 0;
    struct strbuf left = {0};
    need(verdict->cuts_len > 0 && verdict->cuts_len <= VERDICT_CUTS);
    for (uint32_t i = 0; i < verdict->cuts_len; i++) {
        const struct verdict_cut *c = &verdict->cuts[i];
        need(c->len > 0 && c->offset >= at && c->offset + c->len <= text.len);
        strbuf_add(&left, text.at + at, c->offset - at);
        at = c->offset + c->len;
        cut += c->len;
    }
    strbuf_add(&left, text.at + at, text.len - at);
    need(span_is(out, strbuf_span(&left)) && out.len == text.len - cut);
    need(verdict->cleaned_size == out.len && php_balance(out, NULL));
    strbuf_clear(&left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct verdict verdict, after;
    static struct detect_scratch *scratch;
    const struct detect *detect = detect_get();
    struct span text = {mem_text_of((const char *)data, size), size};
    struct strbuf out = {0};
    if (scratch == NULL)
        scratch = detect_scratch_new(detect);
    detect_text(detect, scratch, text, &verdict);
    clean_text(detect, scratch, text, &out, &verdict);
    need(verdict.cleaning != CLEANING_NOT_ASKED);
    if (verdict.cleaning == CLEANING_DONE) {
        check_done(text, &verdict, strbuf_span(&out));
        detect_text(detect, scratch, strbuf_span(&out), &after);
        need(after.result == VERDICT_CLEAN);
    } else {
        need(out.len == 0 && verdict.cuts_len == 0 && verdict.cleaned_size == 0);
    }
    strbuf_clear(&out);
    free((char *)text.at);
    return 0;
}
