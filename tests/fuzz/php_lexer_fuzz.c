/* php_lexer_fuzz - any bytes. Tokens ascend and do not overlap; with PHP_LEX_ALL they cover the
 * text; blanks and comments aside both ways give the same; what quotes hold can be told. */
#include "spamgear/php/lexer.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/strbuf.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static bool is_silent(const struct php_token *token)
{
    return token->kind == PHP_BLANK || token->kind == PHP_COMMENT;
}

static void check_cover(struct span text, const struct php_tokens *all)
{
    size_t at = 0;
    for (size_t i = 0; i < all->list.len; i++) {
        const struct php_token *token = &all->list.at[i];
        bool is_last = i + 1 == all->list.len;
        need(token->at == at && (token->kind == PHP_END) == is_last);
        need((token->len == 0) == is_last);
        at += token->len;
    }
    need(at == text.len);
}

static void check_same(const struct php_tokens *all, const struct php_tokens *some)
{
    size_t next = 0;
    for (size_t i = 0; i < all->list.len; i++) {
        if (is_silent(&all->list.at[i]))
            continue;
        const struct php_token *one = &all->list.at[i], *other = &some->list.at[next++];
        need(next <= some->list.len && one->at == other->at && one->len == other->len &&
             one->kind == other->kind && one->is == other->is);
    }
    need(next == some->list.len);
}

static void check_strings(struct span text, const struct php_tokens *tokens)
{
    struct strbuf out = {0};
    for (size_t i = 0; i < tokens->list.len; i++) {
        strbuf_reset(&out);
        php_unquote(text, &tokens->list.at[i], &out);
        need(out.len <= tokens->list.at[i].len);
    }
    strbuf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct span text = {mem_alloc(size - 1), size - 1};
    struct php_tokens all = {0}, some = {0};
    unsigned how = data[0] & (PHP_LEX_CODE | PHP_LEX_MODERN);
    memcpy((char *)text.at, data + 1, text.len);
    php_lex(text, how | PHP_LEX_ALL, &all);
    php_lex(text, how, &some);
    check_cover(text, &all);
    check_same(&all, &some);
    check_strings(text, &all);
    php_tokens_clear(&all);
    php_tokens_clear(&some);
    free((char *)text.at);
    return 0;
}
