/* form_parts - for the form's files only. */
#ifndef SPAMGEAR_PHP_FORM_PARTS_H
#define SPAMGEAR_PHP_FORM_PARTS_H

#include "spamgear/php/form.h"

/* Would no person choose this name ($ left out)? form_names.c */
bool php_name_is_random(struct span name);

/* Notes a constant string, as it stands in the source without its quotes. form_strings.c */
void php_form_string(struct php_form *form, struct span string, bool has_escapes);
/* Looks for pages and forms in HTML. form_strings.c */
void php_form_html(struct php_form *form, struct span html);

/* Fills normal, shape and shape_tokens. form_hash.c */
void php_form_hash(struct span text, const struct php_tokens *all, struct php_form *form);

static inline bool php_form_skips(const struct php_token *token)
{
    return token->kind == PHP_BLANK || token->kind == PHP_COMMENT;
}

/* The next token that is neither blank nor comment; PHP_END stands still. */
static inline const struct php_token *php_form_next(const struct php_token *token)
{
    if (token->kind == PHP_END)
        return token;
    do
        token++;
    while (php_form_skips(token));
    return token;
}

static inline bool php_form_is_op(const struct php_token *token, unsigned op)
{
    return token->kind == PHP_OPERATOR && token->is == op;
}

static inline bool php_form_is_word(const struct php_token *token, unsigned word)
{
    return token->kind == PHP_NAME && token->is == word;
}

static inline char php_form_small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* small: in small letters. */
static inline bool php_form_begins(struct span text, struct span small)
{
    if (text.len < small.len)
        return false;
    for (size_t i = 0; i < small.len; i++)
        if (php_form_small(text.at[i]) != small.at[i])
            return false;
    return true;
}

#endif
