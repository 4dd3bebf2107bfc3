/* php_lexer - what is a token, and which. Tokens are told by a letter each, with their text. */
#include "spamgear/php/lexer.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/strbuf.h"
#include "test.h"
#include <stdlib.h>

#define S(text) text, sizeof(text) - 1

/* "KIND:TEXT" with blanks between; operators alone, with a number when they are not one char. */
static void tell(struct span text, unsigned how, struct strbuf *out)
{
    static const char kinds[] = ".HOEC_#nvd'QPo!";
    struct php_tokens tokens = {0};
    php_lex(text, how, &tokens);
    for (size_t i = 0; i < tokens.list.len; i++) {
        const struct php_token *token = &tokens.list.at[i];
        if (i > 0)
            strbuf_add_char(out, ' ');
        strbuf_add_char(out, kinds[token->kind]);
        if (token->kind == PHP_NAME && token->is != PHP_WORD_NONE)
            strbuf_add_char(out, '*');
        if (token->flags & PHP_TOKEN_UNCLOSED)
            strbuf_add_char(out, '?');
        strbuf_add_span(out, php_token_text(text, token));
    }
    php_tokens_clear(&tokens);
}

static const struct {
    const char *text;
    size_t len;
    const char *want;
} rows[] = {
    {S(""), "."},
    {S("a<b"), "Ha<b ."},
    {S("a<?php echo 1;?>\nb"), "Ha O<?php  n*echo d1 o; C?>\n Hb ."},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf got = {0};
        char *exact = mem_alloc(rows[i].len);
        memcpy(exact, rows[i].text, rows[i].len);
        tell((struct span){exact, rows[i].len}, 0, &got);
        test_text(rows[i].text, strbuf_text(&got), rows[i].want);
        free(exact);
        strbuf_clear(&got);
    }
}

int main(void)
{
    test_rows();
    return test_end();
}
