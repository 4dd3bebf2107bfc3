/* known_bad - sorted arrays of hashes, and their file format. */
#include "spamgear/scan/known_bad.h"

#include "spamgear/base/map.h"
#include "spamgear/scan/signatures.h"
#include <stdlib.h>

void known_bad_clear(struct known_bad *bad)
{
    vec_clear(&bad->files);
    vec_clear(&bad->normals);
    vec_clear(&bad->shapes);
}

/* ---- order ---- */

static int order_files(const void *a, const void *b)
{
    const struct known_file *left = a, *right = b;
    if (left->size != right->size)
        return left->size < right->size ? -1 : 1;
    return memcmp(left->hash, right->hash, sizeof left->hash);
}

static int order_hashes(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

void known_bad_finish(struct known_bad *bad)
{
    if (bad->files.len > 0)
        qsort(bad->files.at, bad->files.len, sizeof *bad->files.at, order_files);
    if (bad->normals.len > 0)
        qsort(bad->normals.at, bad->normals.len, sizeof *bad->normals.at, order_hashes);
    if (bad->shapes.len > 0)
        qsort(bad->shapes.at, bad->shapes.len, sizeof *bad->shapes.at, order_hashes);
}

/* ---- asking ---- */

bool known_bad_has_size(const struct known_bad *bad, uint64_t size)
{
    size_t low = 0, high = bad->files.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (bad->files.at[middle].size < size)
            low = middle + 1;
        else
            high = middle;
    }
    return low < bad->files.len && bad->files.at[low].size == size;
}

bool known_bad_has_file(const struct known_bad *bad, uint64_t size,
                        const uint8_t hash[DIGEST_BYTES])
{
    struct known_file file = {.size = size};
    memcpy(file.hash, hash, sizeof file.hash);
    return bad->files.len > 0 && bsearch(&file, bad->files.at, bad->files.len,
                                         sizeof *bad->files.at, order_files) != NULL;
}

static bool has(const uint64_t *at, size_t len, uint64_t hash)
{
    return len > 0 && bsearch(&hash, at, len, sizeof *at, order_hashes) != NULL;
}

enum known_bad_kind known_bad_of(const struct known_bad *bad, const struct php_form *form)
{
    if (has(bad->normals.at, bad->normals.len, form->normal))
        return KNOWN_BAD_COPY;
    if (form->shape_tokens >= KNOWN_BAD_SHAPE && has(bad->shapes.at, bad->shapes.len, form->shape))
        return KNOWN_BAD_SHAPED;
    return KNOWN_BAD_KINDS;
}

uint64_t known_bad_fingerprint(const struct known_bad *bad)
{
    uint64_t hash = map_digest(bad->normals.at, bad->normals.len * sizeof *bad->normals.at);
    hash = hash * 31 + map_digest(bad->shapes.at, bad->shapes.len * sizeof *bad->shapes.at);
    return hash * 31 + map_digest(bad->files.at, bad->files.len * sizeof *bad->files.at);
}

/* ---- the file format ---- */

static const struct {
    const char *id, *label, *description;
} kinds[KNOWN_BAD_KINDS] = {
    [KNOWN_BAD_FILE] = {"php.known.file", "[SPAMGEAR] [PHP.Known.File]",
                        "A file that is known to be malicious, byte by byte"},
    [KNOWN_BAD_COPY] = {"php.known.copy", "[SPAMGEAR] [PHP.Known.Copy]",
                        "The code of a file that is known to be malicious, laid out anew"},
    [KNOWN_BAD_SHAPED] = {"php.known.shape", "[SPAMGEAR] [PHP.Known.Shape]",
                          "A file that is known to be malicious, with other names and texts"},
};

struct line {
    struct span rest;
    bool wrong;
};

static struct span take_word(struct line *line)
{
    const char *blank = line->rest.len > 0 ? memchr(line->rest.at, ' ', line->rest.len) : NULL;
    struct span word = blank == NULL ? line->rest : span_of(line->rest.at, blank);
    line->rest = span_skip(line->rest, blank == NULL ? word.len : word.len + 1);
    return word;
}

static uint64_t take_count(struct line *line)
{
    unsigned long long number = 0;
    line->wrong = !span_number(take_word(line), &number) || line->wrong;
    return number;
}

/* The last word of its line: exactly `len` bytes in hexadecimal digits. */
static void take_digits(struct line *line, uint8_t *bytes, size_t len)
{
    struct span word = take_word(line);
    line->wrong =
        line->wrong || line->rest.len > 0 || word.len != 2 * len || !digest_unhex(word, bytes, len);
}

static uint64_t take_hash(struct line *line)
{
    uint8_t bytes[8] = {0};
    uint64_t hash = 0;
    take_digits(line, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        hash = hash << 8 | bytes[i];
    return hash;
}

/* The kind of entry that the line adds; KNOWN_BAD_KINDS with wrong unset: a comment. */
static enum known_bad_kind read_line(struct known_bad *bad, struct line *line)
{
    struct known_file file = {0};
    if (line->rest.len == 0 || *line->rest.at == '#')
        return KNOWN_BAD_KINDS;
    struct span word = take_word(line);
    if (span_is(word, SPAN("sha256"))) {
        file.size = take_count(line);
        take_digits(line, file.hash, sizeof file.hash);
        if (!line->wrong)
            *vec_add(&bad->files) = file;
        return KNOWN_BAD_FILE;
    }
    bool shape = span_is(word, SPAN("shape"));
    line->wrong = !shape && !span_is(word, SPAN("normal"));
    if (shape)
        line->wrong = take_count(line) < KNOWN_BAD_SHAPE || line->wrong;
    uint64_t hash = take_hash(line);
    if (!line->wrong && shape)
        *vec_add(&bad->shapes) = hash;
    else if (!line->wrong)
        *vec_add(&bad->normals) = hash;
    return shape ? KNOWN_BAD_SHAPED : KNOWN_BAD_COPY;
}

static void need_rule(struct rules *rules, enum known_bad_kind kind, const char *file,
                      unsigned number)
{
    if (rules->bad.rules[kind] != 0)
        return;
    rules->bad.rules[kind] = (uint32_t)rules->list.len;
    struct rule *rule =
        rules_add(rules, RULE_HASH, kinds[kind].id, kinds[kind].label, file, number);
    rule->description = mem_text(kinds[kind].description);
    rule->family = mem_text("known");
}

void known_bad_load(struct rules *rules, struct span text, const char *file, struct texts *problems)
{
    struct span whole;
    for (unsigned number = 1; span_take_line(&text, &whole); number++) {
        struct line line = {whole, false};
        enum known_bad_kind kind = read_line(&rules->bad, &line);
        if (line.wrong)
            texts_format(problems, "%s:%u: is no hash as *.hashes has them", file, number);
        else if (kind < KNOWN_BAD_KINDS)
            need_rule(rules, kind, file, number);
    }
}
