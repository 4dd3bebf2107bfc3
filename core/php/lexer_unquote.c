/* lexer_unquote - what the bytes of strings mean (zend_scan_escape_string of php-src).
 *
 * Escapes that PHP would refuse ("\u{110000}") or does not know stay as they stand.
 */
#include "lexer_parts.h"

#include "spamgear/base/strbuf.h"

/* The value of a hexadecimal digit. */
static unsigned hex(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : php_fold(c) - 'a' + 10);
}

static void add_utf8(struct strbuf *out, unsigned code)
{
    if (code < 0x80) {
        strbuf_add_char(out, (char)code);
        return;
    }
    unsigned more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
    strbuf_add_char(out, (char)(heads[more] | code >> 6 * more));
    while (more-- > 0)
        strbuf_add_char(out, (char)(0x80 | (code >> 6 * more & 0x3f)));
}

/* At the brace of \u{...}; bytes taken, 0 when it is none. */
static size_t unicode(struct span s, struct strbuf *out)
{
    unsigned code = 0;
    size_t i = 1;
    if (s.len < 3 || *s.at != '{')
        return 0;
    for (; i < s.len && php_is(s.at[i], PHP_BYTE_HEX) && code <= 0x10ffff; i++)
        code = code << 4 | hex(s.at[i]);
    if (i == 1 || i == s.len || s.at[i] != '}' || code > 0x10ffff)
        return 0;
    add_utf8(out, code);
    return i + 1;
}

/* At the digits of \x..; bytes taken. */
static size_t hexadecimal(struct span s, struct strbuf *out)
{
    unsigned byte = 0;
    size_t i = 0;
    for (; i < 2 && i < s.len && php_is(s.at[i], PHP_BYTE_HEX); i++)
        byte = byte << 4 | hex(s.at[i]);
    if (i > 0)
        strbuf_add_char(out, (char)byte);
    return i;
}

static size_t octal(struct span s, struct strbuf *out)
{
    unsigned byte = 0;
    size_t i = 0;
    for (; i < 3 && i < s.len && s.at[i] >= '0' && s.at[i] <= '7'; i++)
        byte = byte << 3 | (unsigned)(s.at[i] - '0');
    if (i > 0)
        strbuf_add_char(out, (char)(byte & 0xff));
    return i;
}

/* s is what follows a backslash; bytes taken, 0 when nothing is escaped. quote: of the string,
 * NUL in a heredoc. */
static size_t escape(struct span s, char quote, struct strbuf *out)
{
    static const char plain[256] = {['n'] = '\n', ['t'] = '\t', ['r'] = '\r',  ['v'] = '\v',
                                    ['f'] = '\f', ['e'] = 27,   ['\\'] = '\\', ['$'] = '$'};
    if (s.len == 0)
        return 0;
    char means = plain[(unsigned char)*s.at];
    if (quote != '\0' && *s.at == quote)
        means = quote;
    if (means != '\0') {
        strbuf_add_char(out, means);
        return 1;
    }
    size_t taken = 0;
    if (*s.at == 'x' || *s.at == 'X')
        taken = hexadecimal(span_skip(s, 1), out);
    else if (*s.at == 'u')
        taken = unicode(span_skip(s, 1), out);
    else
        return octal(s, out);
    return taken == 0 ? 0 : taken + 1;
}

static size_t escape_single(struct span s, struct strbuf *out)
{
    if (s.len == 0 || (*s.at != '\'' && *s.at != '\\'))
        return 0;
    strbuf_add_char(out, *s.at);
    return 1;
}

static void unescape(struct span s, char quote, struct strbuf *out)
{
    const char *at;
    while (s.len > 0 && (at = memchr(s.at, '\\', s.len)) != NULL) {
        strbuf_add(out, s.at, (size_t)(at - s.at));
        s = span_of(at + 1, span_end(s));
        size_t taken = quote == '\'' ? escape_single(s, out) : escape(s, quote, out);
        if (taken == 0)
            strbuf_add_char(out, '\\');
        s = span_skip(s, taken);
    }
    strbuf_add_span(out, s);
}

void php_unquote(struct span text, const struct php_token *token, struct strbuf *out)
{
    static const char quotes[] = {
        [PHP_QUOTE_DOUBLE] = '"', [PHP_QUOTE_BACKTICK] = '`', [PHP_QUOTE_HEREDOC] = '\0'};
    struct span s = php_token_text(text, token);
    if (token->kind == PHP_PIECE && token->is != PHP_QUOTE_NOWDOC) {
        unescape(s, quotes[token->is], out);
    } else if (token->kind == PHP_STRING) {
        s = span_skip(s, php_fold(*s.at) == 'b' ? 1 : 0);
        char quote = *s.at;
        s = span_skip(s, 1);
        s.len -= (token->flags & PHP_TOKEN_UNCLOSED) == 0;
        unescape(s, quote, out);
    } else {
        strbuf_add_span(out, s);
    }
}
