/* restore - from the tokens of a block to its bytes.
 *
 * Tokens do not tell which of the blanks around a block came with it. A few ways to cut are tried;
 * the one that leaves a file of the allow list is right.
 */
#include "restore.h"

#include "spamgear/base/digest.h"

struct gap { /* blanks and comments between two tokens */
    size_t from, to;
};

static struct gap gap_before(const struct php_sequence *sequence, size_t token, size_t text_len)
{
    const struct php_token *at = sequence->tokens;
    size_t from = token == 0 ? 0 : at[token - 1].at + at[token - 1].len;
    return (struct gap){from, token < sequence->len ? at[token].at : text_len};
}

static bool is_listed(const struct allow_list *allow, struct span text, struct php_part cut)
{
    uint8_t hash[DIGEST_BYTES];
    struct strbuf left = {0};
    strbuf_add(&left, text.at, cut.from);
    strbuf_add(&left, text.at + cut.to, text.len - cut.to);
    digest_of(strbuf_span(&left), hash);
    strbuf_clear(&left);
    return allow_has(allow, hash);
}

/* Behind the first newline of the gap; its end when there is none. */
static size_t behind_newline(struct span text, struct gap gap)
{
    const char *newline =
        gap.to > gap.from ? memchr(text.at + gap.from, '\n', gap.to - gap.from) : NULL;
    return newline == NULL ? gap.to : (size_t)(newline - text.at) + 1;
}

/* Which way of cutting restores a listed file? */
static bool find_exact(const struct allow_list *allow, struct span text, struct gap before,
                       struct gap after, struct php_part *block)
{
    const size_t starts[] = {before.to, before.from, behind_newline(text, before)};
    const size_t ends[] = {after.from, after.to, behind_newline(text, after)};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
            struct php_part cut = {starts[i], ends[k]};
            if (cut.from < cut.to && is_listed(allow, text, cut)) {
                *block = cut;
                return true;
            }
        }
    return false;
}

bool restore_find(const struct allow_list *allow, struct span text, struct php_part *block,
                  bool *exact)
{
    struct php_tokens tokens = {0};
    struct php_sequence sequence = {0};
    size_t from, to;
    php_lex(text, 0, &tokens);
    php_sequence_of(text, &tokens, &sequence);
    bool found = originals_find(allow_originals(allow), &sequence, &from, &to) == ORIGINALS_BLOCK;
    if (found) {
        struct gap before = gap_before(&sequence, from, text.len);
        struct gap after = gap_before(&sequence, to, text.len);
        *block = (struct php_part){before.to, after.from};
        *exact = digest_is_loaded() && find_exact(allow, text, before, after, block);
    }
    php_sequence_clear(&sequence);
    php_tokens_clear(&tokens);
    return found;
}
