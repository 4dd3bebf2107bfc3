/* own_rules_test - each rule that is shipped hits its samples, and nothing that only looks like
 * them.
 *
 * tests/rules/ has the samples, in files of their own format, described there in README.md. They
 * are put together here, in memory: no file of the project holds a line that runs anything. Each
 * begins with code that ends PHP at once. A rule without a sample that it hits and one that it
 * nearly hits fails the test, and so does any rule that hits one of the clean samples. */
#include "spamgear/scan/detect.h"
#include "spamgear/scan/signatures.h"
#include "test.h"
#include <dirent.h>
#include <stdlib.h>

#define RULES   "packaging/rules"
#define CLEAN   "packaging/rules/clean-samples"
#define SAMPLES "tests/rules"
#define GUARD   "<?php exit; ?>\n"

/* ---- files ---- */

static struct strbuf read_file(const char *path)
{
    struct strbuf text = {0};
    char block[4096];
    size_t got;
    FILE *f = fopen(path, "r");
    test_true(path, f != NULL);
    while (f != NULL && (got = fread(block, 1, sizeof block, f)) > 0)
        strbuf_add(&text, block, got);
    if (f != NULL)
        fclose(f);
    return text;
}

/* Calls use for each file of folder whose name ends so. Returns how many there were. */
static unsigned each_file(const char *folder, const char *ending, void *data,
                          void (*use)(const char *path, struct span text, void *data))
{
    struct dirent **names;
    unsigned used = 0;
    int len = scandir(folder, &names, NULL, alphasort);
    test_true(folder, len > 0);
    for (int i = 0; i < len; i++) {
        struct strbuf path = {0};
        strbuf_format(&path, "%s/%s", folder, names[i]->d_name);
        if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0 &&
            span_has_suffix(span_text(names[i]->d_name), span_text(ending))) {
            struct strbuf text = read_file(strbuf_text(&path));
            if (text.len > 0) {
                use(strbuf_text(&path), strbuf_span(&text), data);
                used++;
            }
            strbuf_clear(&text);
        }
        strbuf_clear(&path);
        free(names[i]);
    }
    if (len >= 0)
        free(names);
    return used;
}

/* ---- the rules ---- */

static void load_rules(const char *path, struct span text, void *data)
{
    struct texts problems = {0};
    rule_file_load(data, text, path, &problems);
    for (size_t i = 0; i < problems.len; i++)
        test_text("no problem", problems.at[i], "");
    test_number(path, (int64_t)problems.len, 0);
    texts_clear(&problems);
}

struct check {
    struct detect detect;
    struct detect_scratch *scratch;
    unsigned *hits, *misses; /* samples, by number of the rule */
};

/* Does the rule of that number hit the text? Every finding of it counts, told or not told: so the
 * texts are short, and few rules hit each. */
static bool is_hit(struct check *check, uint32_t rule, struct span text)
{
    struct verdict v;
    bool hit = false;
    detect_text(&check->detect, check->scratch, text, &v);
    test_text("could be told", v.why, "");
    test_number("has room", v.more, 0);
    for (uint32_t i = 0; i < v.findings_len; i++)
        hit |= v.findings[i].rule == rule;
    return hit;
}

/* ---- samples ---- */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* {guard}, {b64 N}: N characters of base64, {xNN}: a byte. Anything else in braces stays. */
static size_t expand(struct span s, struct strbuf *out)
{
    unsigned number;
    int len = 0;
    char text[16] = "";
    memcpy(text, s.at, s.len < sizeof text - 1 ? s.len : sizeof text - 1);
    if (sscanf(text, "{b64 %u}%n", &number, &len) == 1 && len > 0)
        for (unsigned i = 0; i < number; i++)
            strbuf_add_char(out, base64[(i * 37 + i / 64) % 64]);
    else if (sscanf(text, "{x%2x}%n", &number, &len) == 1 && len == 5)
        strbuf_add_char(out, (char)number);
    else if (strncmp(text, "{guard}", 7) == 0)
        strbuf_add_text(out, GUARD);
    else
        return 0;
    return len > 0 ? (size_t)len : 7;
}

static void add_line(struct span line, struct strbuf *out)
{
    while (line.len > 0) {
        size_t len = line.at[0] == '~' ? 1 : line.at[0] == '{' ? expand(line, out) : 0;
        if (len == 0)
            strbuf_add_char(out, line.at[0]);
        line = span_skip(line, len == 0 ? 1 : len);
    }
}

struct sample {
    char kind; /* '+': is hit, '-': is not, 0: there is none yet */
    struct strbuf text;
    const struct rule *rule;
    const char *path;
    unsigned line;
};

static void end_sample(struct check *check, struct sample *sample)
{
    if (sample->kind == 0)
        return;
    struct strbuf name = {0}, whole = {0};
    const char *id = sample->rule == NULL ? "no such rule" : sample->rule->id;
    strbuf_format(&name, "%s:%u: %s %c", sample->path, sample->line, id, sample->kind);
    struct span text = strbuf_span(&sample->text);
    if (span_find(text, SPAN("<?")) != NULL && span_find(text, SPAN(GUARD)) == NULL)
        strbuf_add_text(&whole, GUARD);
    strbuf_add_span(&whole, text);
    test_true(strbuf_text(&name), sample->rule != NULL);
    if (sample->rule != NULL) {
        uint32_t number = (uint32_t)(sample->rule - check->detect.rules->list.at);
        bool wanted = sample->kind == '+';
        test_number(strbuf_text(&name), is_hit(check, number, strbuf_span(&whole)), wanted);
        (wanted ? check->hits : check->misses)[number]++;
    }
    strbuf_clear(&name);
    strbuf_clear(&whole);
    strbuf_clear(&sample->text);
    sample->kind = 0;
}

static void read_line(struct check *check, struct sample *sample, struct span line)
{
    static const struct span rule = {"rule ", 5};
    char kind = line.len > 0 ? line.at[0] : '#';
    if (kind == '#')
        return;
    if (kind != '|')
        end_sample(check, sample);
    if (span_has_prefix(line, rule)) {
        char *id = mem_text_of(line.at + rule.len, line.len - rule.len);
        sample->rule = rules_find(check->detect.rules, id);
        free(id);
        return;
    }
    test_true(sample->path, strchr("+-|", kind) != NULL && line.len > 1 && line.at[1] == ' ');
    if (kind == '|')
        strbuf_add_char(&sample->text, '\n');
    else
        sample->kind = kind;
    add_line(span_skip(line, 2), &sample->text);
}

static void test_samples(const char *path, struct span text, void *data)
{
    struct sample sample = {.path = path};
    struct span line;
    while (span_take_line(&text, &line)) {
        sample.line++;
        read_line(data, &sample, line);
    }
    end_sample(data, &sample);
    strbuf_clear(&sample.text);
}

static void test_has(const struct rule *rule, const char *what, bool has)
{
    struct strbuf name = {0};
    strbuf_format(&name, "%s:%u: %s has %s", rule->file, rule->line, rule->id, what);
    test_true(strbuf_text(&name), has);
    strbuf_clear(&name);
}

static void test_each_rule(const struct check *check)
{
    const struct rules *rules = check->detect.rules;
    for (size_t i = 0; i < rules->list.len; i++) {
        const struct rule *rule = &rules->list.at[i];
        if (rule->source != RULE_OWN)
            continue;
        test_has(rule, "a family", rule->family != NULL);
        test_has(rule, "a sample that it hits", check->hits[i] > 0);
        test_has(rule, "a sample that it nearly hits", check->misses[i] > 0);
    }
}

/* ---- clean samples ---- */

static void test_clean(const char *path, struct span text, void *data)
{
    struct check *check = data;
    struct verdict v;
    struct strbuf got = {0};
    detect_text(&check->detect, check->scratch, text, &v);
    verdict_labels(&v, check->detect.rules, &got);
    test_text(path, strbuf_text(&got), "");
    test_text(path, v.why, "");
    strbuf_clear(&got);
}

int main(void)
{
    struct rules *rules = rules_new();
    struct strbuf why = {0};
    test_true("rules", each_file(RULES, ".rules", rules, load_rules) >= 5);
    test_number("compiles", rules_compile(rules, &why), 0);
    struct check check = {.detect = {.rules = rules, .suspicious = true}};
    check.scratch = detect_scratch_new(&check.detect);
    check.hits = mem_zero(rules->list.len, sizeof *check.hits);
    check.misses = mem_zero(rules->list.len, sizeof *check.misses);
    test_true("samples", each_file(SAMPLES, ".samples", &check, test_samples) >= 3);
    test_true("clean samples", each_file(CLEAN, "", &check, test_clean) >= 10);
    test_each_rule(&check);
    free(check.hits);
    free(check.misses);
    detect_scratch_free(check.scratch);
    rules_free(rules);
    regex_clear_all();
    strbuf_clear(&why);
    return test_end();
}
