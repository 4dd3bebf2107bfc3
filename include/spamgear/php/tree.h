/* tree - a PHP file as a syntax tree that never fails to be one.
 *
 * A table of nodes: children and siblings are numbers in it, 0 is none. Statements and expressions
 * as PHP 5 to 8 know them. Where the source is broken, or uses what no PHP version knows, the
 * parser skips to the next place where a statement can begin and goes on; nothing behind a mistake
 * is lost. Nesting is bounded (PHP_TREE_DEPTH): what is nested deeper is passed over, balanced,
 * and tree->too_deep is set. Chains of the same operator that PHP groups to the left and that
 * attackers make long (.) are one node with a list, so depth stays small. Linear time.
 *
 * Down any way of children there are at most PHP_TREE_HEIGHT nodes, where one step is free: from
 * an IF to the IF that is its c. A chain of elseif is as long as the source makes it, so take it
 * in a loop, never by recursion.
 *
 * Where a mistake took something away that must stand in a node, its number is 0: a node of kind
 * PHP_NODE_NONE.
 */
#ifndef SPAMGEAR_PHP_TREE_H
#define SPAMGEAR_PHP_TREE_H

#include "spamgear/php/lexer.h"
#include <stdbool.h>

#define PHP_TREE_DEPTH  400
#define PHP_TREE_HEIGHT 2000

/* a, b, c, d: children, by kind. "list": first of a chain by `next`. */
enum php_node_kind {
    PHP_NODE_NONE,
    /* ---- expressions ---- */
    PHP_NODE_STRING,          /* constant; token = its PHP_STRING, or the PHP_PIECE of a nowdoc */
    PHP_NODE_PIECE,           /* constant part of an interpolated string; token = its PHP_PIECE */
    PHP_NODE_NUMBER,          /* token */
    PHP_NODE_NAME,            /* constant, function or class name, by where it stands; token. In
                                 "$a[key]": op 's', the string */
    PHP_NODE_VARIABLE,        /* $name; token = its PHP_VARIABLE, or the PHP_NAME in "${name}" */
    PHP_NODE_VARIABLE_OF,     /* $$x, ${expr}: a = what tells the name */
    PHP_NODE_ARRAY,           /* array() or [] or list(): a = list of PHP_NODE_ITEM */
    PHP_NODE_ITEM,            /* a = key or 0, b = value (0: left out in list()); flags */
    PHP_NODE_INDEX,           /* a[b], a{b}; b 0: a[] */
    PHP_NODE_PROPERTY,        /* a->b; b: PHP_NODE_NAME for ->name, else an expression */
    PHP_NODE_STATIC_PROPERTY, /* a::$b; b: PHP_NODE_VARIABLE or PHP_NODE_VARIABLE_OF */
    PHP_NODE_CLASS_CONSTANT,  /* a::b; b: PHP_NODE_NAME (class too) or an expression */
    PHP_NODE_CALL,            /* a(b): a = PHP_NODE_NAME or an expression, b = list of arguments;
                                 b |> a too */
    PHP_NODE_METHOD_CALL,     /* a->b(c) */
    PHP_NODE_STATIC_CALL,     /* a::b(c); b as in PROPERTY, or a variable */
    PHP_NODE_NEW, /* new a(b); a = NAME or expression; c = PHP_NODE_CLASS of an anonymous one */
    PHP_NODE_ARGUMENT,     /* a; flags: spread; op: 0. Only for spread and named ones (b = NAME);
                              plain arguments are the expression itself. Of f(...): spread, a = 0
                            */
    PHP_NODE_UNARY,        /* op a: + - ! ~ */
    PHP_NODE_BINARY,       /* a op b; `and` `or` `xor` have op PHP_OP_AND, PHP_OP_OR, 'x';
                              instanceof has 'i' */
    PHP_NODE_CONCAT,       /* a . b . c: a = list of two or more */
    PHP_NODE_ASSIGN,       /* a op b: op '=' or PHP_OP_*_IS; flags: by reference (=&) */
    PHP_NODE_COUNT_UP,     /* ++ and --: op, a; flags: postfix */
    PHP_NODE_TERNARY,      /* a ? b : c; b 0: ?: */
    PHP_NODE_CAST,         /* op a: PHP_OP_CAST_* */
    PHP_NODE_SILENCE,      /* @a */
    PHP_NODE_ISSET,        /* a = list */
    PHP_NODE_EMPTY,        /* a */
    PHP_NODE_EXIT,         /* exit(a), die(a); a may be 0 */
    PHP_NODE_PRINT,        /* a */
    PHP_NODE_EVAL,         /* a */
    PHP_NODE_INCLUDE,      /* a; op: PHP_WORD_INCLUDE, _ONCE, PHP_WORD_REQUIRE, _ONCE */
    PHP_NODE_INTERPOLATED, /* a = list of parts */
    PHP_NODE_SHELL,        /* `...`: a = list of parts */
    PHP_NODE_CLOSURE,      /* a = PHP_NODE_FUNCTION; b = list of VARIABLE (use; flags by ref) */
    PHP_NODE_MATCH,        /* a, b = list of PHP_NODE_CASE */
    PHP_NODE_CLONE,        /* a */
    PHP_NODE_THROW,        /* a */
    PHP_NODE_YIELD,        /* a = value, b = key */
    /* ---- statements ---- */
    PHP_NODE_BLOCK,      /* a = list */
    PHP_NODE_EXPRESSION, /* a; */
    PHP_NODE_ECHO,       /* a = list; <?= too */
    PHP_NODE_HTML,       /* token */
    PHP_NODE_IF,         /* a = condition, b = then, c = else (an IF for elseif) */
    PHP_NODE_WHILE,      /* a = condition, b = body */
    PHP_NODE_DO,         /* a = body, b = condition */
    PHP_NODE_FOR,        /* a, b, c = lists of expressions, d = body */
    PHP_NODE_FOREACH,    /* a = subject, b = key or 0, c = value, d = body; flags by ref (value) */
    PHP_NODE_SWITCH,     /* a = subject, b = list of PHP_NODE_CASE */
    PHP_NODE_CASE,       /* a = expression (0: default), of match: list; b = list of statements,
                            of match: the expression */
    PHP_NODE_BREAK,      /* a = level or 0 */
    PHP_NODE_CONTINUE,   /* a = level or 0 */
    PHP_NODE_RETURN,     /* a or 0 */
    PHP_NODE_GLOBAL,     /* a = list of variables */
    PHP_NODE_STATIC,     /* a = list of ASSIGN or VARIABLE */
    PHP_NODE_UNSET,      /* a = list */
    PHP_NODE_TRY,        /* a = block, b = list of PHP_NODE_CATCH, c = finally or 0 */
    PHP_NODE_CATCH,      /* a = VARIABLE or 0, b = block */
    PHP_NODE_LABEL,      /* token = its name */
    PHP_NODE_GOTO,       /* token = the label's name */
    PHP_NODE_FUNCTION, /* token = its name (token 0 for closures), a = list of PHP_NODE_PARAMETER, b
                          = body (BLOCK; 0 when abstract); flags: static, by ref, arrow (b is the
                          expression) */
    PHP_NODE_PARAMETER, /* token = its PHP_VARIABLE, a = default or 0; flags: by ref, spread */
    PHP_NODE_CLASS,     /* token = its name (0 for anonymous ones), a = NAME of the parent or 0,
                           b = list of MEMBER, CONSTANT (cases of an enum too), FUNCTION (a hook of
                           a property too: get, set), USE */
    PHP_NODE_MEMBER,    /* a property: token = its PHP_VARIABLE, a = value or 0; flags: static */
    PHP_NODE_CONSTANT,  /* const NAME = a, in a class or out of it; token */
    PHP_NODE_NAMESPACE, /* token or 0; a = block or 0 */
    PHP_NODE_USE,       /* left without children */
    PHP_NODE_HALTED,    /* __halt_compiler: token = PHP_HALTED */
    PHP_NODE_KINDS
};

#define PHP_NODE_BY_REFERENCE 1
#define PHP_NODE_SPREAD       2
#define PHP_NODE_POSTFIX      4
#define PHP_NODE_IS_STATIC    8
#define PHP_NODE_ARROW        16 /* fn() => */
#define PHP_NODE_NULLSAFE     32
#define PHP_NODE_LIST         64 /* an ARRAY that was written list() */

struct php_node {
    uint8_t kind, op, flags, height; /* height: saturating at 255; of an IF, that of the highest in
                                        its chain */
    uint32_t token;                  /* the token it is named by, or its first one */
    uint32_t last;                   /* its last token */
    uint32_t a, b, c, d;             /* children */
    uint32_t next;                   /* sibling in the list it stands in */
};

struct php_tree {
    VEC(struct php_node) nodes; /* [0] is PHP_NODE_NONE */
    uint32_t root;              /* PHP_NODE_BLOCK: the file's statements */
    bool too_deep;
    uint32_t mistakes; /* how often the parser had to skip */
};

/* tree starts afresh and keeps its memory. tokens without blanks and comments (no PHP_LEX_ALL). */
void php_parse(struct span text, const struct php_tokens *tokens, struct php_tree *tree);
void php_tree_clear(struct php_tree *tree);

/* The tree as text, for tests, a line for each statement: "(do (call system $x))\n". Appends. */
struct strbuf;
void php_tree_show(struct span text, const struct php_tokens *tokens, const struct php_tree *tree,
                   struct strbuf *out);

#endif
