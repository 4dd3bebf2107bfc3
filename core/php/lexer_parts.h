/* lexer_parts - for the lexer's files only: classes of bytes, words, and what opens PHP. */
#ifndef SPAMGEAR_PHP_LEXER_PARTS_H
#define SPAMGEAR_PHP_LEXER_PARTS_H

#include "spamgear/php/lexer.h"

/* What a byte can be, as bits. */
enum php_byte {
    PHP_BYTE_BLANK = 1,
    PHP_BYTE_LABEL = 2, /* begins a name */
    PHP_BYTE_NAME = 4,  /* goes on in a name */
    PHP_BYTE_DIGIT = 8,
    PHP_BYTE_HEX = 16,
    PHP_BYTE_QUOTED = 32, /* may mean something in a string that interpolates */
    PHP_BYTE_LINE = 64,   /* may mean something in a line comment */
    PHP_BYTE_PAIRS = 128  /* may be an operator's second or third byte */
};

extern const uint8_t php_bytes[256];

static inline bool php_is(char c, unsigned what)
{
    return (php_bytes[(unsigned char)c] & what) != 0;
}

/* The first place from at on, or end, whose byte is none of `what`. */
static inline const char *php_skip(const char *at, const char *end, unsigned what)
{
    while (at < end && php_is(*at, what))
        at++;
    return at;
}

/* The first place from at on, or end, whose byte is one of `what`. */
static inline const char *php_seek(const char *at, const char *end, unsigned what)
{
    while (at < end && !php_is(*at, what))
        at++;
    return at;
}

/* Bits without case: letters as small ones. */
static inline char php_fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* lower is in small letters. */
static inline bool php_begins(struct span text, struct span lower)
{
    if (text.len < lower.len)
        return false;
    for (size_t i = 0; i < lower.len; i++)
        if (php_fold(text.at[i]) != lower.at[i])
            return false;
    return true;
}

enum php_word php_word_of(struct span name);

/* An open tag at a '<'. kind is PHP_HTML when there is none. */
struct php_tag {
    size_t len;
    uint8_t kind;
    uint16_t flags;
};
struct php_tag php_tag_at(struct span text, bool old);

#endif
