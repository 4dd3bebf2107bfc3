/* lexer_words - what bytes can be, and which names mean something, by a perfect hash.
 *
 * The hash takes the length and three bytes of a name; its factors were found by trying. Two words
 * in one place are a compile error (-Woverride-init), so a new word may ask for new factors.
 */
#include "lexer_parts.h"

/* By byte; the bits are those of enum php_byte. The test spells them out. */
const uint8_t php_bytes[256] = {
    0,  0,   0,   0,  0,  0,  0,  0,  0,  1,  65, 0,  0,  65, 0,   0,  0,   0,   0,   0,   0,   0,
    0,  0,   0,   0,  0,  0,  0,  0,  0,  0,  1,  0,  32, 0,  32,  64, 128, 0,   0,   0,   128, 128,
    0,  128, 128, 0,  28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 128, 0,  128, 128, 128, 192, 0,   22,
    22, 22,  22,  22, 22, 6,  6,  6,  6,  6,  6,  6,  6,  6,  6,   6,  6,   6,   6,   6,   6,   6,
    6,  6,   6,   0,  32, 0,  0,  6,  32, 22, 22, 22, 22, 22, 22,  6,  6,   6,   6,   6,   6,   6,
    6,  6,   6,   6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  32, 128, 0,  0,   0,   6,   6,   6,   6,
    6,  6,   6,   6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,   6,  6,   6,   6,   6,   6,   6,
    6,  6,   6,   6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,   6,  6,   6,   6,   6,   6,   6,
    6,  6,   6,   6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,   6,  6,   6,   6,   6,   6,   6,
    6,  6,   6,   6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,   6,  6,   6,   6,   6,   6,   6,
    6,  6,   6,   6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,   6,  6,   6,   6,   6,   6,   6,
    6,  6,   6,   6,  6,  6,  6,  6,  6,  6,  6,  6,  6,  6,
};

#define LONGEST 15
#define FOLD(c) ((unsigned char)(c) | 0x20u)
#define HASH(len, first, second, last)                                                             \
    ((18u * (len) + 3u * FOLD(first) + 5u * FOLD(second) + 23u * FOLD(last)) & 255u)
#define WORD(first, second, last, text, is)                                                        \
    [HASH(sizeof(text) - 1, first, second, last)] = {text, sizeof(text) - 1, PHP_WORD_##is}

static const struct {
    char text[LONGEST + 1];
    uint8_t len, is;
} words[256] = {
    WORD('_', '_', 'r', "__halt_compiler", HALT),
    WORD('a', 'b', 't', "abstract", ABSTRACT),
    WORD('a', 'n', 'd', "and", AND),
    WORD('a', 'r', 'y', "array", ARRAY),
    WORD('a', 's', 's', "as", AS),
    WORD('b', 'r', 'k', "break", BREAK),
    WORD('c', 'a', 'e', "callable", CALLABLE),
    WORD('c', 'a', 'e', "case", CASE),
    WORD('c', 'a', 'h', "catch", CATCH),
    WORD('c', 'l', 's', "class", CLASS),
    WORD('c', 'l', 'e', "clone", CLONE),
    WORD('c', 'o', 't', "const", CONST),
    WORD('c', 'o', 'e', "continue", CONTINUE),
    WORD('d', 'e', 'e', "declare", DECLARE),
    WORD('d', 'e', 't', "default", DEFAULT),
    WORD('d', 'i', 'e', "die", EXIT),
    WORD('d', 'o', 'o', "do", DO),
    WORD('e', 'c', 'o', "echo", ECHO),
    WORD('e', 'l', 'e', "else", ELSE),
    WORD('e', 'l', 'f', "elseif", ELSEIF),
    WORD('e', 'm', 'y', "empty", EMPTY),
    WORD('e', 'n', 'e', "enddeclare", ENDDECLARE),
    WORD('e', 'n', 'r', "endfor", ENDFOR),
    WORD('e', 'n', 'h', "endforeach", ENDFOREACH),
    WORD('e', 'n', 'f', "endif", ENDIF),
    WORD('e', 'n', 'h', "endswitch", ENDSWITCH),
    WORD('e', 'n', 'e', "endwhile", ENDWHILE),
    WORD('e', 'n', 'm', "enum", ENUM),
    WORD('e', 'v', 'l', "eval", EVAL),
    WORD('e', 'x', 't', "exit", EXIT),
    WORD('e', 'x', 's', "extends", EXTENDS),
    WORD('f', 'i', 'l', "final", FINAL),
    WORD('f', 'i', 'y', "finally", FINALLY),
    WORD('f', 'n', 'n', "fn", FN),
    WORD('f', 'o', 'r', "for", FOR),
    WORD('f', 'o', 'h', "foreach", FOREACH),
    WORD('f', 'u', 'n', "function", FUNCTION),
    WORD('g', 'l', 'l', "global", GLOBAL),
    WORD('g', 'o', 'o', "goto", GOTO),
    WORD('i', 'f', 'f', "if", IF),
    WORD('i', 'm', 's', "implements", IMPLEMENTS),
    WORD('i', 'n', 'e', "include", INCLUDE),
    WORD('i', 'n', 'e', "include_once", INCLUDE_ONCE),
    WORD('i', 'n', 'f', "instanceof", INSTANCEOF),
    WORD('i', 'n', 'f', "insteadof", INSTEADOF),
    WORD('i', 'n', 'e', "interface", INTERFACE),
    WORD('i', 's', 't', "isset", ISSET),
    WORD('l', 'i', 't', "list", LIST),
    WORD('m', 'a', 'h', "match", MATCH),
    WORD('n', 'a', 'e', "namespace", NAMESPACE),
    WORD('n', 'e', 'w', "new", NEW),
    WORD('o', 'r', 'r', "or", OR),
    WORD('p', 'r', 't', "print", PRINT),
    WORD('p', 'r', 'e', "private", PRIVATE),
    WORD('p', 'r', 'd', "protected", PROTECTED),
    WORD('p', 'u', 'c', "public", PUBLIC),
    WORD('r', 'e', 'y', "readonly", READONLY),
    WORD('r', 'e', 'e', "require", REQUIRE),
    WORD('r', 'e', 'e', "require_once", REQUIRE_ONCE),
    WORD('r', 'e', 'n', "return", RETURN),
    WORD('s', 't', 'c', "static", STATIC),
    WORD('s', 'w', 'h', "switch", SWITCH),
    WORD('t', 'h', 'w', "throw", THROW),
    WORD('t', 'r', 't', "trait", TRAIT),
    WORD('t', 'r', 'y', "try", TRY),
    WORD('u', 'n', 't', "unset", UNSET),
    WORD('u', 's', 'e', "use", USE),
    WORD('v', 'a', 'r', "var", VAR),
    WORD('w', 'h', 'e', "while", WHILE),
    WORD('x', 'o', 'r', "xor", XOR),
    WORD('y', 'i', 'd', "yield", YIELD),
};

enum php_word php_word_of(struct span name)
{
    if (name.len < 2 || name.len > LONGEST)
        return PHP_WORD_NONE;
    unsigned i = HASH((unsigned)name.len, name.at[0], name.at[1], name.at[name.len - 1]);
    if (words[i].len != name.len || !php_begins(name, (struct span){words[i].text, name.len}))
        return PHP_WORD_NONE;
    return words[i].is;
}
