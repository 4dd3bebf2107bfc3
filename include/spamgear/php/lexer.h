/* lexer - PHP source as tokens, for PHP 5 to 8 at once.
 *
 * Follows Zend/zend_language_scanner.l of php-src in what starts and ends a token: open tags
 * (<?php, <?=, <?, <script language="php">, and <% %> where PHP 5 may have had asp_tags), ?> inside
 * // comments, heredoc and nowdoc with the closing rules of PHP 5 and 7.3, interpolation in strings
 * nested to any depth, casts, numbers with _, any byte above 127 in names. Never fails: what PHP
 * would refuse still gives tokens, an open string or comment ends with the text. A heredoc's label
 * at the very end of the text ends it, though PHP asks for a byte behind it. Linear time, no
 * recursion. Offsets fit 32 bits: a text is PHP_TEXT_MAX bytes at most.
 */
#ifndef SPAMGEAR_PHP_LEXER_H
#define SPAMGEAR_PHP_LEXER_H

#include "spamgear/base/span.h"
#include "spamgear/base/vec.h"
#include <stdint.h>

#define PHP_TEXT_MAX (64u << 20)

enum php_token_kind {
    PHP_END,       /* behind the last token, once */
    PHP_HTML,      /* text outside of tags */
    PHP_OPEN,      /* <?php with the blank behind it, <?, <script language="php"> */
    PHP_OPEN_ECHO, /* <?= */
    PHP_CLOSE,     /* ?> with the newline behind it, </script> */
    PHP_BLANK,     /* only with PHP_LEX_ALL */
    PHP_COMMENT,   /* only with PHP_LEX_ALL; a // comment without its newline, as PHP 8 */
    PHP_NAME,      /* a name, \qualified\ones in one token; `is` is a php_word when it is one */
    PHP_VARIABLE,  /* $name */
    PHP_NUMBER,    /* integer or float */
    PHP_STRING,    /* '...', or "..." and b"..." without anything to interpolate; with its quotes */
    PHP_QUOTE,     /* " or ` (b" too) at either end of an interpolated string, <<<LABEL with its
                      newline; at a heredoc's end the newline that is no part of the text, blanks,
                      LABEL. is: PHP_QUOTE_* */
    PHP_PIECE,     /* constant text within an interpolated string or heredoc; is: PHP_QUOTE_* */
    PHP_OPERATOR,  /* is: enum php_op */
    PHP_HALTED     /* everything behind __halt_compiler(); */
};

enum php_quote { PHP_QUOTE_DOUBLE, PHP_QUOTE_BACKTICK, PHP_QUOTE_HEREDOC, PHP_QUOTE_NOWDOC };

/* Operators and punctuation. Single characters are their own ASCII value ('+', '(', '$', ...);
 * '$' alone stands before { or another $. */
enum php_op {
    PHP_OP_ARROW = 128,  /* -> */
    PHP_OP_NULL_ARROW,   /* ?-> */
    PHP_OP_COLONS,       /* :: */
    PHP_OP_DOUBLE_ARROW, /* => */
    PHP_OP_ELLIPSIS,
    PHP_OP_IS_EQUAL,
    PHP_OP_IS_SAME,
    PHP_OP_NOT_EQUAL,
    PHP_OP_NOT_SAME, /* == === != <> !== */
    PHP_OP_AT_MOST,
    PHP_OP_AT_LEAST,
    PHP_OP_SPACESHIP,
    PHP_OP_AND,
    PHP_OP_OR,       /* && || */
    PHP_OP_COALESCE, /* ?? */
    PHP_OP_SHIFT_LEFT,
    PHP_OP_SHIFT_RIGHT,
    PHP_OP_POWER, /* << >> ** */
    PHP_OP_INCREMENT,
    PHP_OP_DECREMENT,
    PHP_OP_PLUS_IS,
    PHP_OP_MINUS_IS,
    PHP_OP_TIMES_IS,
    PHP_OP_DIVIDE_IS,
    PHP_OP_CONCAT_IS,
    PHP_OP_MODULO_IS,
    PHP_OP_AND_IS,
    PHP_OP_OR_IS,
    PHP_OP_XOR_IS,
    PHP_OP_LEFT_IS,
    PHP_OP_RIGHT_IS,
    PHP_OP_POWER_IS,
    PHP_OP_COALESCE_IS,
    PHP_OP_CAST_INT,
    PHP_OP_CAST_FLOAT,
    PHP_OP_CAST_STRING,
    PHP_OP_CAST_ARRAY,
    PHP_OP_CAST_OBJECT,
    PHP_OP_CAST_BOOL,
    PHP_OP_CAST_UNSET,
    PHP_OP_BRACE_DOLLAR, /* { before $ in a string; closed by an ordinary } */
    PHP_OP_DOLLAR_BRACE, /* ${ in a string; closed by an ordinary } */
    PHP_OP_ATTRIBUTE,    /* #[ ; closed by an ordinary ] */
    PHP_OP_PIPE          /* |> */
};

/* Words with a meaning, in any case. PHP_WORD_NONE: an ordinary name. After -> and :: every name
 * is ordinary, whatever `is` says. */
enum php_word {
    PHP_WORD_NONE,
    PHP_WORD_ABSTRACT,
    PHP_WORD_AND,
    PHP_WORD_ARRAY,
    PHP_WORD_AS,
    PHP_WORD_BREAK,
    PHP_WORD_CALLABLE,
    PHP_WORD_CASE,
    PHP_WORD_CATCH,
    PHP_WORD_CLASS,
    PHP_WORD_CLONE,
    PHP_WORD_CONST,
    PHP_WORD_CONTINUE,
    PHP_WORD_DECLARE,
    PHP_WORD_DEFAULT,
    PHP_WORD_DO,
    PHP_WORD_ECHO,
    PHP_WORD_ELSE,
    PHP_WORD_ELSEIF,
    PHP_WORD_EMPTY,
    PHP_WORD_ENDDECLARE,
    PHP_WORD_ENDFOR,
    PHP_WORD_ENDFOREACH,
    PHP_WORD_ENDIF,
    PHP_WORD_ENDSWITCH,
    PHP_WORD_ENDWHILE,
    PHP_WORD_ENUM,
    PHP_WORD_EVAL,
    PHP_WORD_EXIT, /* exit and die */
    PHP_WORD_EXTENDS,
    PHP_WORD_FINAL,
    PHP_WORD_FINALLY,
    PHP_WORD_FN,
    PHP_WORD_FOR,
    PHP_WORD_FOREACH,
    PHP_WORD_FUNCTION,
    PHP_WORD_GLOBAL,
    PHP_WORD_GOTO,
    PHP_WORD_HALT,
    PHP_WORD_IF,
    PHP_WORD_IMPLEMENTS,
    PHP_WORD_INCLUDE,
    PHP_WORD_INCLUDE_ONCE,
    PHP_WORD_INSTANCEOF,
    PHP_WORD_INSTEADOF,
    PHP_WORD_INTERFACE,
    PHP_WORD_ISSET,
    PHP_WORD_LIST,
    PHP_WORD_MATCH,
    PHP_WORD_NAMESPACE,
    PHP_WORD_NEW,
    PHP_WORD_OR,
    PHP_WORD_PRINT,
    PHP_WORD_PRIVATE,
    PHP_WORD_PROTECTED,
    PHP_WORD_PUBLIC,
    PHP_WORD_READONLY,
    PHP_WORD_REQUIRE,
    PHP_WORD_REQUIRE_ONCE,
    PHP_WORD_RETURN,
    PHP_WORD_STATIC,
    PHP_WORD_SWITCH,
    PHP_WORD_THROW,
    PHP_WORD_TRAIT,
    PHP_WORD_TRY,
    PHP_WORD_UNSET,
    PHP_WORD_USE,
    PHP_WORD_VAR,
    PHP_WORD_WHILE,
    PHP_WORD_XOR,
    PHP_WORD_YIELD /* yield, and yield from as two names */
};

struct php_token {
    uint32_t at, len; /* its bytes in the text */
    uint8_t kind;     /* enum php_token_kind */
    uint8_t is;       /* php_op, php_word or php_quote, as the kind says */
    uint16_t flags;   /* PHP_TOKEN_* */
};
#define PHP_TOKEN_UNCLOSED                                                                         \
    1 /* a PHP_STRING, nowdoc or comment that is cut off; PHP_END: anything is */
#define PHP_TOKEN_ASP    2 /* <% and %>: code only where asp_tags was on */
#define PHP_TOKEN_SCRIPT 4 /* <script language="php">: code before PHP 7 only */
#define PHP_TOKEN_SHORT  8 /* <? : code where short_open_tag is on */

struct php_tokens {
    VEC(struct php_token) list; /* the last one is PHP_END */
};

#define PHP_LEX_ALL    1 /* blanks and comments too: tokens cover every byte */
#define PHP_LEX_CODE   2 /* the text is what eval() gets: it begins inside of PHP */
#define PHP_LEX_MODERN 4 /* <% and <script language="php"> are HTML, as they are since PHP 7 */

/* What <% or <script> opened ends before the next "<?" that opens PHP, wherever that stands: what
 * only PHP 5 takes for code shall not hide what every PHP runs. */

/* Takes text apart; tokens starts afresh and keeps its memory. What is longer than PHP_TEXT_MAX is
 * cut there. */
void php_lex(struct span text, unsigned how, struct php_tokens *tokens);
void php_tokens_clear(struct php_tokens *tokens);

/* Can PHP begin with what stands behind a "<?", short_open_tag on or off? XML's processing
 * instructions cannot. */
bool php_opens(struct span behind);

static inline struct span php_token_text(struct span text, const struct php_token *token)
{
    return (struct span){text.at + token->at, token->len};
}

/* What the bytes of a PHP_STRING or PHP_PIECE mean. Appends: escapes of its quote are resolved
 * (\x, octal, \u{} in double quotes and heredocs, \' and \\ in single ones); quotes are left out.
 * A heredoc's indentation stays. */
struct strbuf;
void php_unquote(struct span text, const struct php_token *token, struct strbuf *out);

#endif
