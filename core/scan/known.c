/* known - fingerprints.txt and backdoors.re, as the original project's detector read them.
 *
 * One entry a line, blanks at both ends taken off; N in a label counts lines from 0, blank ones
 * too. There is no comment and no escape in these formats: every line is meant. So a line that is
 * blank, short or would hit ordinary files is a problem and refused, where the original
 * would have matched every file with it. The same entry again (in another folder) adds nothing.
 */
#include "spamgear/scan/pattern.h"
#include "spamgear/scan/signatures.h"
#include <inttypes.h>
#include <stdio.h>

/* What is taken off an entry's ends. */
static struct span strip(struct span s)
{
    static const char blanks[] = " \t\r\n\v\f";
    while (s.len > 0 && memchr(blanks, s.at[0], sizeof blanks - 1) != NULL)
        s = span_skip(s, 1);
    while (s.len > 0 && memchr(blanks, s.at[s.len - 1], sizeof blanks - 1) != NULL)
        s.len--;
    return s;
}

/* An entry's place and names. */
struct entry {
    const char *file;
    unsigned line; /* from 1 */
    char id[40], label[64];
};

static void name_entry(struct entry *entry, const char *prefix, const char *label, struct span text)
{
    uint64_t hash = map_digest(text.at, text.len);
    snprintf(entry->id, sizeof entry->id, "%s-%012" PRIx64, prefix, hash >> 16);
    snprintf(entry->label, sizeof entry->label, "[CUSTOM] [PHP.%s.%u]", label, entry->line - 1);
}

typedef void add_entry(struct rules *rules, struct span text, struct entry *entry,
                       struct texts *problems);

static void each_entry(struct rules *rules, struct span text, const char *file,
                       struct texts *problems, add_entry *add)
{
    struct entry entry = {.file = file};
    struct span line;
    if (text.len == 0)
        texts_format(problems, "%s:1: the file is empty", file);
    while (span_take_line(&text, &line)) {
        entry.line++;
        add(rules, strip(line), &entry, problems);
    }
}

/* ---- fingerprints.txt ---- */

static void add_fingerprint(struct rules *rules, struct span text, struct entry *entry,
                            struct texts *problems)
{
    const char *weak = rules_weak_literal(text);
    if (weak != NULL) {
        texts_format(problems, "%s:%u: the fingerprint %s", entry->file, entry->line, weak);
        return;
    }
    name_entry(entry, "finger", "Finger", text);
    if (rules_find(rules, entry->id) != NULL)
        return;
    struct rule *rule =
        rules_add(rules, RULE_FINGERPRINT, entry->id, entry->label, entry->file, entry->line);
    rule->description = mem_text("Holds a literal of fingerprints.txt");
    rules_need(rules, text, false);
}

void known_fingerprints(struct rules *rules, struct span text, const char *file,
                        struct texts *problems)
{
    each_entry(rules, text, file, problems, add_fingerprint);
}

/* ---- backdoors.re ---- */

static void add_backdoor(struct rules *rules, struct span text, struct entry *entry,
                         struct texts *problems)
{
    struct strbuf why = {0};
    const struct regex *regex = NULL;
    if (text.len == 0)
        strbuf_why(&why, "the pattern is empty");
    else if (text.len < RULES_LITERAL_MIN)
        strbuf_why(&why, "the pattern is shorter than %d bytes", RULES_LITERAL_MIN);
    else
        regex = pattern_compile(text, NULL, 0, &why);
    if (regex == NULL)
        texts_format(problems, "%s:%u: %s", entry->file, entry->line, strbuf_text(&why));
    strbuf_clear(&why);
    name_entry(entry, "backdoor", "Backdoor", text);
    if (regex == NULL || rules_find(rules, entry->id) != NULL)
        return;
    struct rule *rule =
        rules_add(rules, RULE_BACKDOOR, entry->id, entry->label, entry->file, entry->line);
    rule->description = mem_text("Matches a pattern of backdoors.re");
    rule->cleans = !pattern_is_open(text);
    pattern_apply(rules, regex, text);
}

/* What the original looked for beside the file, and only told. */
static void add_fixed(struct rules *rules, const char *file)
{
    static const char id[] = "backdoor-post-decode";
    struct span text = SPAN("eval\\s*\\(\\s*base64_decode.*_POST");
    if (rules_find(rules, id) != NULL)
        return;
    const struct regex *regex = pattern_compile(text, NULL, 0, NULL);
    struct rule *rule = rules_add(rules, RULE_BACKDOOR, id, "[CUSTOM] [Php.Backdoor]", file, 0);
    rule->description = mem_text("Runs what it decodes, with a request in the same line");
    rule->severity = RULE_SUSPICIOUS;
    rule->non_cleaned = true;
    pattern_apply(rules, regex, text);
}

void known_backdoors(struct rules *rules, struct span text, const char *file,
                     struct texts *problems)
{
    each_entry(rules, text, file, problems, add_backdoor);
    add_fixed(rules, file);
}
