/* php_form_fuzz - any bytes. What is counted fits into the text, and blanks behind each newline
 * of code change neither hash of a text that has no strings, HTML or comments. */
#include "spamgear/php/form.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/strbuf.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static struct php_form form_of(struct span text, struct php_tokens *tokens)
{
    struct php_form form;
    php_lex(text, PHP_LEX_ALL | PHP_LEX_CODE, tokens);
    php_form_of(text, tokens, &form);
    return form;
}

static bool is_plain(const struct php_tokens *tokens)
{
    for (size_t i = 0; i + 1 < tokens->list.len; i++) {
        uint8_t kind = tokens->list.at[i].kind;
        if (kind != PHP_NAME && kind != PHP_VARIABLE && kind != PHP_NUMBER && kind != PHP_BLANK &&
            !(kind == PHP_OPERATOR && tokens->list.at[i].len == 1))
            return false;
    }
    return true;
}

static void need_same_spread(struct span text, struct php_tokens *tokens,
                             const struct php_form *form)
{
    struct strbuf spread = {0};
    for (size_t i = 0; i + 1 < tokens->list.len; i++) {
        strbuf_add_span(&spread, php_token_text(text, &tokens->list.at[i]));
        if (tokens->list.at[i].kind == PHP_BLANK)
            strbuf_add_text(&spread, " \n ");
    }
    struct php_form other = form_of(strbuf_span(&spread), tokens);
    need(other.normal == form->normal && other.shape == form->shape);
    strbuf_clear(&spread);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {mem_text_of((const char *)data, size), size};
    struct php_tokens tokens = {0};
    struct php_form form = form_of(text, &tokens);
    need(form.bytes == size && form.longest_line <= size && form.blank_run <= size);
    need(form.code_bytes + form.html_bytes + form.comment_bytes <= size);
    need(form.string_bytes <= size && form.encoded_bytes <= form.string_bytes);
    need(form.random_names + form.high_names <= form.names && form.names <= form.tokens);
    need(form.largest_entropy <= 800 && form.shape_tokens == form.tokens);
    if (is_plain(&tokens))
        need_same_spread(text, &tokens, &form);
    php_tokens_clear(&tokens);
    free((char *)text.at);
    return 0;
}
