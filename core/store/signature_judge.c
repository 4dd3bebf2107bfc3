/* signature_judge - load, compile, examine, in a child that can do nothing else.
 *
 * Its answer is lines: "count NUMBER SIGNATURES" a file, "problem TEXT" for each of the first
 * problems, "more NUMBER" when there were others. Whoever takes the child over can only lie about
 * signatures that he wrote himself.
 */
#include "spamgear/store/signature_judge.h"

#include "spamgear/base/apart.h"
#include "spamgear/php/pure.h"
#include "spamgear/scan/detect.h"
#include "spamgear/scan/signatures.h"
#include "spamgear/scan/walk.h"
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#define ANSWER_MAX  (256u << 10)
#define PROBLEM_MAX 1000 /* bytes of one */

/* ---- samples ---- */

void samples_clear(struct samples *samples)
{
    for (size_t i = 0; i < samples->list.len; i++) {
        free(samples->list.at[i].name);
        strbuf_clear(&samples->list.at[i].text);
    }
    vec_clear(&samples->list);
}

static int read_sample(struct sample *sample, int fd, size_t most, struct strbuf *why)
{
    char block[1 << 14];
    ssize_t got;
    while ((got = read(fd, block, sizeof block)) > 0) {
        strbuf_add(&sample->text, block, (size_t)got);
        if (sample->text.len > most)
            return strbuf_why(why, "the samples are more than %u MiB", SAMPLES_BYTES_MAX >> 20);
    }
    return got == 0 ? 0 : strbuf_why(why, "%s: %s", sample->name, strerror(errno));
}

static int add_sample(struct samples *samples, struct walk *walk, const struct walk_file *file,
                      size_t *left, struct strbuf *why)
{
    if (samples->list.len == SAMPLES_MAX)
        return strbuf_why(why, "there are more than %d samples", SAMPLES_MAX);
    struct stat st;
    int fd = walk_open_file(walk, &st, why);
    if (fd < 0)
        return -1;
    struct sample *sample = vec_add(&samples->list);
    *sample = (struct sample){.name = mem_text_of(file->path.at, file->path.len)};
    int result = read_sample(sample, fd, *left, why);
    close(fd);
    if (result == 0)
        *left -= sample->text.len;
    return result;
}

int samples_read(struct samples *samples, const char *folder, struct strbuf *why)
{
    struct texts operands = {0};
    struct walk_file file;
    size_t left = SAMPLES_BYTES_MAX;
    int result;
    *samples = (struct samples){0};
    texts_add(&operands, folder);
    struct walk_settings settings = {.input = WALK_OPERANDS, .operands = &operands};
    struct walk *walk = walk_open(&settings);
    while ((result = walk_next(walk, &file, why)) > 0)
        if ((result = add_sample(samples, walk, &file, &left, why)) != 0)
            break;
    walk_close(walk);
    texts_clear(&operands);
    if (result == 0 && samples->list.len == 0)
        result = strbuf_why(why, "%s: there are no samples", folder);
    return result;
}

/* ---- in the child ---- */

struct judge {
    struct signature_set *set;
    const struct samples *samples;
    struct sandbox sandbox;
    struct rules *rules; /* the shipped ones, then those of the set */
    size_t shipped;      /* how many of them are shipped */
    struct strbuf *answer;
    unsigned problems;
};

/* One line of the answer, whatever bytes are in it. */
static void add_problem(struct judge *judge, struct span text)
{
    if (judge->problems++ >= JUDGE_PROBLEMS)
        return;
    strbuf_add_text(judge->answer, "problem ");
    for (size_t i = 0; i < text.len && i < PROBLEM_MAX; i++)
        strbuf_add_char(judge->answer, text.at[i] == '\n' || text.at[i] == '\0' ? ' ' : text.at[i]);
    strbuf_add_char(judge->answer, '\n');
}

static void add_problems(struct judge *judge, struct texts *problems)
{
    for (size_t i = 0; i < problems->len; i++)
        add_problem(judge, span_text(problems->at[i]));
    texts_clear(problems);
}

/* A rule in no line of its file is one that spamgear adds itself (known.c): nobody fetched it. */
static bool is_fetched(const struct rule *rule)
{
    return rule->line > 0;
}

/* Signatures, of which some are several rules, from that rule on. */
static size_t count_from(const struct rules *rules, size_t first)
{
    size_t count = 0;
    for (size_t i = first; i < rules->list.len; i++)
        count += is_fetched(&rules->list.at[i]) && rules->list.at[i].same_as == i;
    return count;
}

static void load_file(struct judge *judge, size_t number)
{
    struct rules *rules = judge->rules;
    const struct signature_file *file = &judge->set->files.at[number];
    struct texts problems = {0};
    size_t before = rules->list.len;
    signatures_load_text(rules, file->name, strbuf_span(&file->text), file->name, &problems);
    size_t count = count_from(rules, before);
    if (count == 0 && problems.len == 0)
        texts_format(&problems, "%s: holds no signatures", file->name);
    strbuf_format(judge->answer, "count %zu %zu\n", number, count);
    add_problems(judge, &problems);
}

/* The first hit of a fetched rule; NULL when there is none. */
static const struct rule *find_hit(const struct judge *judge, const struct verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->findings_len; i++) {
        uint32_t number = verdict->findings[i].rule;
        if (number >= judge->shipped && is_fetched(&judge->rules->list.at[number]))
            return &judge->rules->list.at[number];
    }
    return NULL;
}

/* Of a file with findings, why may hold what could not be told beside them. */
static void check_sample(struct judge *judge, const struct sample *sample,
                         const struct verdict *verdict)
{
    struct strbuf text = {0};
    const struct rule *hit = find_hit(judge, verdict);
    if (hit != NULL)
        strbuf_format(&text, "the clean sample %s is hit by %s:%u, %s", sample->name, hit->file,
                      hit->line, hit->label);
    else if (verdict->result == VERDICT_UNKNOWN || *verdict->why != '\0')
        strbuf_format(&text, "the clean sample %s cannot be told clean: %s", sample->name,
                      verdict->why);
    if (text.len > 0)
        add_problem(judge, strbuf_span(&text));
    strbuf_clear(&text);
}

static void examine_samples(struct judge *judge)
{
    struct detect detect = {.rules = judge->rules, .suspicious = true};
    struct detect_scratch *scratch = detect_scratch_new(&detect);
    struct verdict *verdict = mem_zero(1, sizeof *verdict);
    for (size_t i = 0; i < judge->samples->list.len; i++) {
        const struct sample *sample = &judge->samples->list.at[i];
        verdict_reset(verdict);
        detect_text(&detect, scratch, strbuf_span(&sample->text), verdict);
        check_sample(judge, sample, verdict);
    }
    free(verdict);
    detect_scratch_free(scratch);
}

/* What makes a set unfit to be loaded needs no samples to be told. */
static int work(void *context, struct strbuf *answer, struct strbuf *why)
{
    struct judge *judge = context;
    judge->answer = answer;
    if (sandbox_enter(&judge->sandbox, why) < 0)
        return -1;
    for (size_t i = 0; i < judge->set->files.len; i++)
        load_file(judge, i);
    if (judge->problems == 0) {
        if (rules_compile(judge->rules, why) != 0)
            return -1;
        examine_samples(judge);
    }
    if (judge->problems > JUDGE_PROBLEMS)
        strbuf_format(answer, "more %u\n", judge->problems - JUDGE_PROBLEMS);
    return 0;
}

/* ---- the answer ---- */

static bool take_number(struct span *line, unsigned long long *number)
{
    const char *blank = line->len == 0 ? NULL : memchr(line->at, ' ', line->len);
    struct span word = blank == NULL ? *line : span_of(line->at, blank);
    *line = span_skip(*line, word.len + (blank != NULL));
    return span_number(word, number);
}

static bool take_count(struct signature_set *set, struct span line, size_t *counted)
{
    unsigned long long number, count;
    if (!take_number(&line, &number) || !take_number(&line, &count) || line.len > 0 ||
        number != *counted || number >= set->files.len || count > UINT32_MAX)
        return false;
    set->files.at[number].signatures = count;
    (*counted)++;
    return true;
}

static bool take_line(struct signature_set *set, struct span line, size_t *counted,
                      struct texts *problems)
{
    unsigned long long more;
    if (span_has_prefix(line, SPAN("count ")))
        return take_count(set, span_skip(line, 6), counted);
    if (span_has_prefix(line, SPAN("problem "))) {
        line = span_skip(line, 8);
        texts_format(problems, "%.*s", (int)line.len, line.at);
        return true;
    }
    struct span rest = line;
    if (!span_has_prefix(line, SPAN("more ")))
        return false;
    rest = span_skip(line, 5);
    if (!take_number(&rest, &more))
        return false;
    texts_format(problems, "and %llu problems more", more);
    return true;
}

static int take_answer(struct signature_set *set, struct span text, struct texts *problems)
{
    struct span line;
    size_t counted = 0, before = problems->len;
    bool good = true;
    while (good && span_take_line(&text, &line))
        good = take_line(set, line, &counted, problems);
    if (!good || counted != set->files.len)
        texts_add(problems, "the examination of the signatures answered nonsense");
    return problems->len == before ? 0 : -1;
}

int signature_judge(struct signature_set *set, const struct samples *samples, const char *shipped,
                    const struct sandbox *sandbox, struct texts *problems)
{
    struct strbuf answer = {0}, why = {0};
    struct judge judge = {
        .set = set, .samples = samples, .sandbox = *sandbox, .rules = rules_new()};
    struct texts others = {0}; /* what is wrong with shipped rules, every scan tells */
    signatures_load(judge.rules, shipped, 1u << RULE_OWN, false, &others);
    judge.shipped = judge.rules->list.len;
    judge.sandbox.memory_bytes = JUDGE_MEMORY;
    judge.sandbox.folder = NULL;
    php_pure_load(&why);   /* in the sandbox no library can be loaded */
    sandbox_prepare(&why); /* what is missing on this machine is missing */
    strbuf_reset(&why);
    int result = apart_run(work, &judge, JUDGE_MS, ANSWER_MAX, &answer, &why);
    if (result != 0)
        texts_format(problems, "the examination of the signatures failed: %s", strbuf_text(&why));
    else
        result = take_answer(set, strbuf_span(&answer), problems);
    rules_free(judge.rules);
    texts_clear(&others);
    strbuf_clear(&answer);
    strbuf_clear(&why);
    return result;
}
