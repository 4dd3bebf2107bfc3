/* parse - what the parts of the PHP parser share: the place in the tokens, and making nodes.
 *
 * At a mistake the parser is lost: from there on it sees the end of the tokens (now), whatever
 * stands there (here), so every loop ends and everybody returns with what there is so far. The
 * statement that it happened in finds its way again (parse_recover). Nothing is ever read twice
 * but for looking one or two tokens ahead.
 */
#ifndef SPAMGEAR_CORE_PHP_PARSE_H
#define SPAMGEAR_CORE_PHP_PARSE_H

#include "spamgear/php/tree.h"

/* Higher than this, a node gets no new one above it that a loop would make: a[0][0][0]... */
#define PARSE_CHAIN 250

struct parser {
    const struct php_token *first, *here;
    const struct php_token *now; /* here, or parse_lost */
    struct span text;
    struct php_tree *tree;
    unsigned depth;
    size_t looks;    /* tokens that may still be looked ahead at in vain */
    unsigned braces; /* open ones that wait for their } */
    unsigned stops;  /* words that an open if (): and its like wait for; PARSE_STOP_* */
};

/* A list being made. height: of its highest node. */
struct parse_list {
    uint32_t first, last;
    uint8_t height;
};

extern const struct php_token parse_lost;

/* From how tightly operators bind: what parse_expression gets as least. */
enum parse_binding {
    PARSE_ANY = 1,
    PARSE_OR = 1,
    PARSE_XOR,
    PARSE_AND,
    PARSE_PRINT,
    PARSE_YIELD,
    PARSE_ASSIGN,
    PARSE_TERNARY,
    PARSE_COALESCE,
    PARSE_BOTH_OR,
    PARSE_BOTH_AND,
    PARSE_BIT_OR,
    PARSE_BIT_XOR,
    PARSE_BIT_AND,
    PARSE_EQUAL,
    PARSE_LESS,
    PARSE_PIPE,
    PARSE_CONCAT,
    PARSE_SHIFT,
    PARSE_ADD,
    PARSE_MULTIPLY,
    PARSE_NOT,
    PARSE_INSTANCEOF,
    PARSE_UNARY,
    PARSE_POWER,
    PARSE_CLONE
};

/* ---- parse_expression.c, parse_primary.c, parse_string.c ---- */

uint32_t parse_expression(struct parser *p, unsigned least); /* 0: there is none */
uint32_t parse_operand(struct parser *p);                    /* with its prefixes and suffixes */
uint32_t parse_suffixes(struct parser *p, uint32_t left, uint32_t start, bool calls);
uint32_t parse_variable(struct parser *p);                         /* at a PHP_VARIABLE or $ */
uint32_t parse_string(struct parser *p);                           /* at a PHP_QUOTE */
uint32_t parse_class_name(struct parser *p);                       /* behind new and instanceof */
void parse_arguments(struct parser *p, struct parse_list *list);   /* at ( */
void parse_expressions(struct parser *p, struct parse_list *list); /* one or more, by commas */
/* A node above left that a loop makes: left itself where that is too high already. */
uint32_t parse_above(struct parser *p, uint32_t left, struct php_node node);

/* ---- parse_statement.c ---- */

void parse_statements(struct parser *p, struct parse_list *list);
uint32_t parse_block(struct parser *p); /* { ... }; 0: there is none */
void parse_statement_end(struct parser *p);
void parse_attributes(struct parser *p);

/* ---- parse_class.c ---- */

uint32_t parse_function(struct parser *p, unsigned flags);       /* at function, with a name */
uint32_t parse_closure(struct parser *p, unsigned flags);        /* at function or fn */
uint32_t parse_class(struct parser *p, uint32_t name);           /* behind the name */
void parse_constants(struct parser *p, struct parse_list *list); /* behind const */

/* ---- parse_recover.c ---- */

void parse_wrong(struct parser *p); /* counts a mistake: lost */
void parse_recover(struct parser *p);
void parse_recover_member(struct parser *p);
void parse_recover_in_string(struct parser *p);
uint32_t parse_pass_over_expression(struct parser *p); /* 0 */
void parse_pass_over_statement(struct parser *p);
/* Whether the word that stands here is one that somebody waits for. */
bool parse_is_awaited(const struct parser *p);
bool parse_is_stray(const struct parser *p); /* a word that would end an if (): nobody wrote */

#define PARSE_STOP_ELSE       1
#define PARSE_STOP_ENDIF      2
#define PARSE_STOP_ENDWHILE   4
#define PARSE_STOP_ENDFOR     8
#define PARSE_STOP_ENDFOREACH 16
#define PARSE_STOP_ENDSWITCH  32
#define PARSE_STOP_ENDDECLARE 64
#define PARSE_STOP_CASE       128

/* ---- looking and going on ---- */

static inline bool parse_at(const struct parser *p, unsigned kind)
{
    return p->now->kind == kind;
}

static inline bool token_is(const struct php_token *token, unsigned kind, unsigned is)
{
    return token->kind == kind && token->is == is;
}

static inline bool parse_at_op(const struct parser *p, unsigned op)
{
    return token_is(p->now, PHP_OPERATOR, op);
}

static inline bool parse_at_word(const struct parser *p, unsigned word)
{
    return token_is(p->now, PHP_NAME, word);
}

/* The token behind the one that stands here. */
static inline const struct php_token *parse_ahead(const struct parser *p)
{
    return p->now->kind == PHP_END ? p->now : p->now + 1;
}

static inline bool parse_is_lost(const struct parser *p)
{
    return p->now != p->here;
}

static inline void parse_next(struct parser *p)
{
    if (p->now->kind != PHP_END)
        p->now = ++p->here;
}

static inline bool parse_take(struct parser *p, unsigned op)
{
    bool is = parse_at_op(p, op);
    if (is)
        parse_next(p);
    return is;
}

static inline bool parse_take_word(struct parser *p, unsigned word)
{
    bool is = parse_at_word(p, word);
    if (is)
        parse_next(p);
    return is;
}

static inline void parse_need(struct parser *p, unsigned op)
{
    if (!parse_take(p, op))
        parse_wrong(p);
}

static inline uint32_t parse_place(const struct parser *p)
{
    return (uint32_t)(p->here - p->first);
}

/* The place of the token that stands here, and goes on. */
static inline uint32_t parse_step(struct parser *p)
{
    uint32_t place = parse_place(p);
    parse_next(p);
    return place;
}

/* ---- nodes ---- */

static inline struct php_node *parse_node(struct parser *p, uint32_t number)
{
    return &p->tree->nodes.at[number];
}

static inline unsigned parse_height(struct parser *p, uint32_t number)
{
    return parse_node(p, number)->height;
}

/* node.height: of the highest node in its lists, 0 without. It ends before what stands here; one
 * that would be empty, as happens where the parser is lost, is 0. */
static inline uint32_t parse_add(struct parser *p, struct php_node node)
{
    if (parse_place(p) <= node.token && node.token > 0)
        return 0;
    unsigned height = node.height;
    const uint32_t children[] = {node.a, node.b, node.c, node.d};
    for (int i = 0; i < 4; i++)
        if (parse_height(p, children[i]) > height)
            height = parse_height(p, children[i]);
    node.height = (uint8_t)(height < UINT8_MAX ? height + 1 : height);
    node.last = parse_place(p) - (parse_place(p) > 0);
    *vec_add(&p->tree->nodes) = node;
    return (uint32_t)p->tree->nodes.len - 1;
}

/* A node that is one token. */
static inline uint32_t parse_leaf(struct parser *p, unsigned kind)
{
    uint32_t token = parse_step(p);
    return parse_add(p, (struct php_node){.kind = (uint8_t)kind, .token = token});
}

static inline void parse_append(struct parser *p, struct parse_list *list, uint32_t number)
{
    if (number == 0)
        return;
    if (list->first == 0)
        list->first = number;
    else
        parse_node(p, list->last)->next = number;
    list->last = number;
    if (parse_height(p, number) > list->height)
        list->height = (uint8_t)parse_height(p, number);
}

#endif
