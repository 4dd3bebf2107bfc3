/* literals_fuzz - a set of literals and a text, both from the input: what one pass finds, and where
 * first, is what a plain search for each literal finds.
 *
 * Each literal is a byte that holds its length and its case mode, then its text; a byte of 0
 * ends the set. What is left is the text, scanned from its start and once more from its middle.
 */
#include "spamgear/match/literals.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool stands_at(const char *at, struct span literal, bool nocase)
{
    for (size_t i = 0; i < literal.len; i++)
        if (nocase ? lower(at[i]) != lower(literal.at[i]) : at[i] != literal.at[i])
            return false;
    return true;
}

static size_t plain_find(struct span text, struct span literal, bool nocase)
{
    for (size_t i = 0; i + literal.len <= text.len; i++)
        if (stands_at(text.at + i, literal, nocase))
            return i;
    return SIZE_MAX;
}

/* Takes the literals off the input; few enough for a plain search. */
static void take_literals(struct literals *set, struct span *input)
{
    while (input->len > 0 && literals_count(set) < 64) {
        unsigned char head = (unsigned char)input->at[0];
        size_t len = head & 0x7f;
        *input = span_skip(*input, 1);
        if (len == 0 || len > input->len)
            return;
        literals_add(set, (struct span){input->at, len}, head >> 7);
        *input = span_skip(*input, len);
    }
}

static void check(const struct literals *set, struct span text, struct literal_hits *hits)
{
    size_t found = 0;
    char *copy = mem_alloc(text.len); /* its own block: a read past the end is seen */
    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    text.at = copy;
    literals_scan(set, text, hits);
    for (uint32_t n = 0; n < literals_count(set); n++) {
        size_t want = plain_find(text, literals_text(set, n), literals_nocase(set, n));
        if ((want != SIZE_MAX) != literal_hits_has(hits, n) ||
            (want != SIZE_MAX && want != hits->first[n]))
            abort();
        found += want != SIZE_MAX;
    }
    if (found != hits->numbers.len)
        abort();
    free(copy);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct span input = {(const char *)data, size < 8192 ? size : 8192};
    struct literals *set = literals_new();
    struct literal_hits hits = {0};
    take_literals(set, &input);
    if (literals_compile(set, NULL) != 0)
        abort();
    literal_hits_init(&hits, set);
    check(set, input, &hits);
    check(set, span_skip(input, input.len / 2), &hits);
    literal_hits_clear(&hits);
    literals_free(set);
    return 0;
}
