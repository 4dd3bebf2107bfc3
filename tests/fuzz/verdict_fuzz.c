/* verdict - records as a worker that was taken over might send them: nothing crashes, and what
 * decodes encodes to the same bytes and says nothing that does not hold together. */
#include "spamgear/scan/verdict.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static struct rule list[] = {
    {.source = RULE_CLAMAV, .label = (char *)"[CLAMAV]", .same_as = 0},
    {.source = RULE_FINGERPRINT, .label = (char *)"[CUSTOM] [PHP.Finger.1]", .same_as = 1},
    {.source = RULE_SHELLDETECT,
     .label = (char *)"[DETECTOR] [x]",
     .same_as = 2,
     .non_cleaned = true},
    {.source = RULE_SHELLDETECT, .label = (char *)"[DETECTOR] [x]", .same_as = 2},
    {.source = RULE_BACKDOOR, .label = (char *)"[CUSTOM] [b]", .same_as = 4, .cleans = true},
};

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_verdict(const struct verdict *verdict, const struct rules *rules)
{
    struct strbuf labels = {0};
    check((verdict->result == VERDICT_FOUND) == (verdict->findings_len > 0));
    check(verdict->result != VERDICT_UNKNOWN || verdict->why[0] != '\0');
    check(!verdict->allowed || verdict->has_hash);
    verdict_labels(verdict, rules, &labels);
    check((labels.len > 0) == (verdict->result == VERDICT_FOUND));
    for (size_t i = 0; i < labels.len; i++)
        check((unsigned char)labels.data[i] >= 0x20);
    strbuf_clear(&labels);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct rules rules = {0};
    rules.list.at = list;
    rules.list.len = sizeof list / sizeof *list;
    struct span rest = {(const char *)data, size};
    struct strbuf why = {0}, again = {0};
    struct verdict verdict;
    while (rest.len > 0) {
        struct span before = rest;
        int result = verdict_decode(&verdict, &rest, &rules, &why);
        check((result == 0) == (why.len == 0));
        check_verdict(&verdict, &rules);
        if (result != 0)
            break;
        size_t taken = before.len - rest.len;
        strbuf_reset(&again);
        verdict_encode(&verdict, &again);
        check(taken <= VERDICT_RECORD &&
              span_is(strbuf_span(&again), (struct span){before.at, taken}));
    }
    strbuf_clear(&why);
    strbuf_clear(&again);
    return 0;
}
