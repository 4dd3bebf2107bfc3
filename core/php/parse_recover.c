/* parse_recover - what the PHP parser does where the source is wrong, or nested too deep.
 *
 * Both only ever go forward, over each token once, so broken text costs no more than good text.
 * Braces that open are never passed over at a mistake: what stands in them is parsed as a block.
 */
#include "parse.h"

const struct php_token parse_lost = {.kind = PHP_END};

void parse_wrong(struct parser *p)
{
    if (parse_is_lost(p))
        return;
    p->tree->mistakes++;
    p->now = &parse_lost;
}

/* What a word says about the place where it stands. */
#define BEGINS 1 /* a statement; or an expression that one would not want to lose */
#define MEMBER 2 /* of a class */
static const struct {
    uint8_t begins, stops;
} words[PHP_WORD_YIELD + 1] = {
    [PHP_WORD_ABSTRACT] = {BEGINS | MEMBER, 0},
    [PHP_WORD_BREAK] = {BEGINS, 0},
    [PHP_WORD_CASE] = {MEMBER, PARSE_STOP_CASE},
    [PHP_WORD_CLASS] = {BEGINS, 0},
    [PHP_WORD_CONST] = {BEGINS | MEMBER, 0},
    [PHP_WORD_CONTINUE] = {BEGINS, 0},
    [PHP_WORD_DECLARE] = {BEGINS, 0},
    [PHP_WORD_DEFAULT] = {0, PARSE_STOP_CASE},
    [PHP_WORD_DO] = {BEGINS, 0},
    [PHP_WORD_ECHO] = {BEGINS, 0},
    [PHP_WORD_ELSE] = {0, PARSE_STOP_ELSE},
    [PHP_WORD_ELSEIF] = {0, PARSE_STOP_ELSE},
    [PHP_WORD_ENDDECLARE] = {0, PARSE_STOP_ENDDECLARE},
    [PHP_WORD_ENDFOR] = {0, PARSE_STOP_ENDFOR},
    [PHP_WORD_ENDFOREACH] = {0, PARSE_STOP_ENDFOREACH},
    [PHP_WORD_ENDIF] = {0, PARSE_STOP_ENDIF},
    [PHP_WORD_ENDSWITCH] = {0, PARSE_STOP_ENDSWITCH},
    [PHP_WORD_ENDWHILE] = {0, PARSE_STOP_ENDWHILE},
    [PHP_WORD_EVAL] = {BEGINS, 0},
    [PHP_WORD_EXIT] = {BEGINS, 0},
    [PHP_WORD_FINAL] = {BEGINS | MEMBER, 0},
    [PHP_WORD_FOR] = {BEGINS, 0},
    [PHP_WORD_FOREACH] = {BEGINS, 0},
    [PHP_WORD_FUNCTION] = {BEGINS | MEMBER, 0},
    [PHP_WORD_GLOBAL] = {BEGINS, 0},
    [PHP_WORD_GOTO] = {BEGINS, 0},
    [PHP_WORD_HALT] = {BEGINS, 0},
    [PHP_WORD_IF] = {BEGINS, 0},
    [PHP_WORD_INCLUDE] = {BEGINS, 0},
    [PHP_WORD_INCLUDE_ONCE] = {BEGINS, 0},
    [PHP_WORD_INTERFACE] = {BEGINS, 0},
    [PHP_WORD_NAMESPACE] = {BEGINS, 0},
    [PHP_WORD_PRINT] = {BEGINS, 0},
    [PHP_WORD_PRIVATE] = {BEGINS | MEMBER, 0},
    [PHP_WORD_PROTECTED] = {BEGINS | MEMBER, 0},
    [PHP_WORD_PUBLIC] = {BEGINS | MEMBER, 0},
    [PHP_WORD_REQUIRE] = {BEGINS, 0},
    [PHP_WORD_REQUIRE_ONCE] = {BEGINS, 0},
    [PHP_WORD_RETURN] = {BEGINS, 0},
    [PHP_WORD_STATIC] = {MEMBER, 0},
    [PHP_WORD_SWITCH] = {BEGINS, 0},
    [PHP_WORD_THROW] = {BEGINS, 0},
    [PHP_WORD_TRAIT] = {BEGINS, 0},
    [PHP_WORD_TRY] = {BEGINS, 0},
    [PHP_WORD_UNSET] = {BEGINS, 0},
    [PHP_WORD_USE] = {MEMBER, 0},
    [PHP_WORD_VAR] = {MEMBER, 0},
    [PHP_WORD_WHILE] = {BEGINS, 0},
};

bool parse_is_awaited(const struct parser *p)
{
    return parse_at(p, PHP_NAME) && (words[p->now->is].stops & p->stops) != 0;
}

bool parse_is_stray(const struct parser *p)
{
    return parse_at(p, PHP_NAME) && words[p->now->is].stops != 0;
}

/* $a->list, A::class: behind these every name is ordinary. */
static bool is_member_name(const struct parser *p)
{
    if (p->here == p->first || p->here[-1].kind != PHP_OPERATOR)
        return false;
    unsigned op = p->here[-1].is;
    return op == PHP_OP_ARROW || op == PHP_OP_NULL_ARROW || op == PHP_OP_COLONS;
}

static bool opens(const struct php_token *token)
{
    return token->kind == PHP_OPERATOR && (token->is == '{' || token->is == PHP_OP_BRACE_DOLLAR ||
                                           token->is == PHP_OP_DOLLAR_BRACE);
}

/* Behind the } that closes what is open where the parser stands. */
static void pass_braces(struct parser *p)
{
    for (unsigned open = 0; p->here->kind != PHP_END; p->here++) {
        if (opens(p->here))
            open++;
        else if (token_is(p->here, PHP_OPERATOR, '}') && open-- == 0) {
            p->here++;
            break;
        }
    }
}

/* Steps over the { in a string with what it holds. */
static bool passed_string_part(struct parser *p)
{
    if (!opens(p->here) || p->here->is == '{')
        return false;
    p->here++;
    pass_braces(p);
    return true;
}

static bool is_boundary(const struct parser *p, unsigned begins)
{
    const struct php_token *token = p->here;
    switch (token->kind) {
    case PHP_END:
    case PHP_HTML:
    case PHP_OPEN:
    case PHP_OPEN_ECHO:
    case PHP_HALTED: return true;
    case PHP_OPERATOR: return token->is == '{' || token->is == '}';
    case PHP_NAME:
        return ((words[token->is].begins & begins) != 0 ||
                (words[token->is].stops & p->stops) != 0) &&
               !is_member_name(p);
    default: return false;
    }
}

static void recover(struct parser *p, unsigned begins)
{
    while (!is_boundary(p, begins)) {
        if (passed_string_part(p))
            continue;
        bool ends = p->here->kind == PHP_CLOSE || token_is(p->here, PHP_OPERATOR, ';');
        p->here++;
        if (ends)
            break;
    }
    p->now = p->here;
}

void parse_recover(struct parser *p)
{
    recover(p, BEGINS);
}

void parse_recover_member(struct parser *p)
{
    recover(p, MEMBER);
}

void parse_recover_in_string(struct parser *p)
{
    pass_braces(p);
    p->now = p->here;
}

/* ---- what is nested too deep ---- */

/* Open brackets, and ? that wait for their colon, at the place that something is passed over to. */
struct nest {
    unsigned round, curly, ternaries;
};

/* What the token does to the nest. False: it ends what is passed over. */
static bool nests(struct nest *nest, const struct php_token *token)
{
    unsigned op = token->kind == PHP_OPERATOR ? token->is : 0;
    if (op == '}')
        return nest->curly-- > 0;
    if (opens(token))
        nest->curly++;
    if (nest->curly > 0)
        return true;
    switch (op) {
    case '(':
    case '[':
    case PHP_OP_ATTRIBUTE: nest->round++; return true;
    case ')':
    case ']': return nest->round-- > 0;
    case '?': nest->ternaries++; return true;
    case ':': return nest->round > 0 || nest->ternaries-- > 0;
    case ',':
    case PHP_OP_DOUBLE_ARROW: return nest->round > 0;
    case ';': return false;
    default: return token->kind != PHP_CLOSE;
    }
}

uint32_t parse_pass_over_expression(struct parser *p)
{
    struct nest nest = {0};
    p->tree->too_deep = true;
    while (!parse_at(p, PHP_END) && nests(&nest, p->now))
        parse_next(p);
    return 0;
}

void parse_pass_over_statement(struct parser *p)
{
    p->tree->too_deep = true;
    for (unsigned curly = 0; !parse_at(p, PHP_END); parse_next(p)) {
        bool closes = parse_at_op(p, '}');
        if (closes && curly == 0)
            return;
        curly += opens(p->now);
        curly -= closes;
        if (curly == 0 &&
            (closes || parse_at_op(p, ';') || parse_at(p, PHP_CLOSE) || parse_at(p, PHP_HTML)))
            break;
    }
    parse_next(p);
}
