/* php_tokens - does the lexer take PHP for what PHP takes it for?
 *
 *     php_tokens <LIST          lines of php_lexer_peer.php: a source in hexadecimal, a letter a
 * byte
 *
 * Prints where they differ, at most ten times, and how many sources there were. Status 1 when any
 * differs, or there was none.
 */
#include "spamgear/base/strbuf.h"
#include "spamgear/php/lexer.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define TOLD_MAX 10

static char letter_of_name(struct span text, const struct php_token *all, size_t i)
{
    bool from = all[i].len == 4 && strncasecmp(text.at + all[i].at, "from", 4) == 0;
    if (from && i > 1 && all[i - 1].kind == PHP_BLANK && all[i - 2].kind == PHP_NAME)
        from = all[i - 2].is == PHP_WORD_YIELD;
    else
        from = false;
    return all[i].is != PHP_WORD_NONE || from ? 'k' : 'd';
}

static char letter_of(struct span text, const struct php_token *all, size_t i)
{
    switch (all[i].kind) {
    case PHP_HTML: return 'h';
    case PHP_COMMENT: return 'c';
    case PHP_STRING:
    case PHP_PIECE: return 's';
    case PHP_QUOTE: return all[i].is == PHP_QUOTE_DOUBLE ? 's' : 'k';
    case PHP_OPERATOR: return all[i].is == '"' ? 's' : 'k';
    case PHP_NAME: return letter_of_name(text, all, i);
    default: return 'd'; /* variables, numbers, tags */
    }
}

static void classes(struct span text, struct strbuf *out)
{
    struct php_tokens tokens = {0};
    php_lex(text, PHP_LEX_ALL | PHP_LEX_MODERN, &tokens);
    for (size_t i = 0; i + 1 < tokens.list.len; i++) {
        struct span bytes = php_token_text(text, &tokens.list.at[i]);
        char letter = letter_of(text, tokens.list.at, i);
        for (size_t n = 0; n < bytes.len; n++)
            strbuf_add_char(out,
                            strchr(" \t\r\n", bytes.at[n]) && bytes.at[n] != '\0' ? '.' : letter);
    }
    php_tokens_clear(&tokens);
}

static void unhex(struct span hex, struct strbuf *out)
{
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        char pair[] = {hex.at[i], hex.at[i + 1], '\0'};
        strbuf_add_char(out, (char)strtoul(pair, NULL, 16));
    }
}

static void tell(struct span source, struct span want, struct span got)
{
    size_t at = 0;
    while (at < want.len && at < got.len && want.at[at] == got.at[at])
        at++;
    printf("differs at byte %zu of \"", at);
    for (size_t i = 0; i < source.len; i++)
        if (source.at[i] >= ' ' && source.at[i] <= '~' && source.at[i] != '\\')
            putchar(source.at[i]);
        else
            printf("\\x%02x", (unsigned char)source.at[i]);
    printf("\"\n  PHP: %.*s\n  we:  %.*s\n", (int)want.len, want.at, (int)got.len, got.at);
}

/* LINE is "HEX LETTERS". */
static bool is_same(struct span line, bool told)
{
    const char *gap = memchr(line.at, ' ', line.len);
    if (gap == NULL)
        return false;
    struct span want = span_of(gap + 1, span_end(line));
    struct strbuf source = {0}, got = {0};
    unhex(span_of(line.at, gap), &source);
    classes(strbuf_span(&source), &got);
    bool same = span_is(strbuf_span(&got), want);
    if (!same && told)
        tell(strbuf_span(&source), want, strbuf_span(&got));
    strbuf_clear(&source);
    strbuf_clear(&got);
    return same;
}

int main(void)
{
    size_t size = 0, sources = 0, wrong = 0;
    char *line = NULL;
    for (ssize_t len; (len = getline(&line, &size, stdin)) > 0; sources++)
        wrong +=
            !is_same((struct span){line, (size_t)len - (line[len - 1] == '\n')}, wrong < TOLD_MAX);
    free(line);
    printf("%zu sources, %zu differ\n", sources, wrong);
    return sources == 0 || wrong > 0;
}
