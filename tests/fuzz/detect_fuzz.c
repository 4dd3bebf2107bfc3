/* detect - any bytes as a file: what is found lies where it says, in memory and in a file alike,
 * and the record of it is one that the other side believes. */
#include "spamgear/scan/detect.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void add_rule(struct rules *rules, const char *id, const char *first, const char *second,
                     const char *pattern)
{
    rules_add(rules, RULE_OWN, id, id, "fuzz", 1);
    if (first != NULL)
        rules_need(rules, span_text(first), false);
    if (second != NULL)
        rules_need(rules, span_text(second), true);
    if (pattern != NULL)
        rules_pattern(rules, regex_get(pattern, NULL), pattern);
}

/* Twenty of one letter more than there is room for. */
static struct rules *make_rules(void)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTU";
    struct rules *rules = rules_new();
    add_rule(rules, "two", "ev", "AL", NULL);
    add_rule(rules, "pattern", "<?", NULL, "<\\?(php)?\\s*\\w+");
    add_rule(rules, "anywhere", NULL, NULL, "\\n\\d+x");
    add_rule(rules, "empty", NULL, NULL, "(?=zzz)");
    for (size_t i = 0; i + 1 < sizeof letters; i++) {
        char text[4] = {letters[i], '!', '!', '\0'};
        add_rule(rules, text, text, NULL, NULL);
        rules->list.at[rules->list.len - 1].non_cleaned = i % 2 == 0;
    }
    check(rules_compile(rules, NULL) == 0);
    return rules;
}

static void check_places(const struct verdict *verdict, struct span text)
{
    for (uint32_t i = 0; i < verdict->findings_len; i++) {
        const struct finding *finding = &verdict->findings[i];
        size_t line = 1;
        check(finding->offset <= text.len && finding->len <= text.len - finding->offset);
        for (size_t at = 0; at < finding->offset; at++)
            line += text.at[at] == '\n';
        check(finding->line == line);
        check(finding->excerpt_len == 0 ||
              memmem(text.at, text.len, finding->excerpt, finding->excerpt_len) != NULL);
    }
}

static void check_record(const struct verdict *verdict, const struct rules *rules,
                         struct strbuf *record)
{
    struct verdict *again = malloc(sizeof *again);
    strbuf_reset(record);
    verdict_encode(verdict, record);
    struct span bytes = strbuf_span(record);
    check(record->len <= VERDICT_RECORD && verdict_decode(again, &bytes, rules, NULL) == 0);
    check(bytes.len == 0 && again->findings_len == verdict->findings_len);
    free(again);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static struct rules *rules;
    static struct detect detect;
    static struct detect_scratch *scratch;
    if (rules == NULL) {
        check(digest_load(NULL) == 0);
        rules = make_rules();
        detect.rules = rules;
        scratch = detect_scratch_new(&detect);
    }
    struct span text = {(const char *)data, size};
    struct verdict verdict;
    struct strbuf from_text = {0}, from_file = {0};
    detect_text(&detect, scratch, text, &verdict);
    check_places(&verdict, text);
    check_record(&verdict, rules, &from_text);
    int fd = memfd_create("detect", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    detect_file(&detect, scratch, fd, &verdict);
    check_record(&verdict, rules, &from_file);
    check(span_is(strbuf_span(&from_text), strbuf_span(&from_file)));
    close(fd);
    strbuf_clear(&from_text);
    strbuf_clear(&from_file);
    return 0;
}
