/* gate - one pass over the tokens, one function a kind of token, until something decides.
 */
#include "spamgear/php/gate.h"

#include "spamgear/php/role.h"
#include "spamgear/php/value.h"

#define TINY           80  /* tokens: always walked, since its hash may be known */
#define SMALL          200 /* tokens: a walk costs hardly more than this look */
#define CHR_CALLS      3   /* that make a text letter by letter */
#define ESCAPES        3   /* that do */
#define LONG_STRING    400 /* bytes, in one word */
#define LONGEST_NAME   40  /* of a function that a string may name */
#define INCLUDE_TOKENS 32  /* of the name of an included file */

/* What was seen. Each of DECIDES is enough. */
enum {
    RUNS = 1,     /* runs, includes, writes, sends or fetches something */
    STRANGER = 2, /* looks at what a stranger sent */
    HIDES = 4,
    DECIDES = 7,
    HARMS = 8, /* could, with something that a stranger sent */
    SERVER = 16
};

struct look {
    struct span text;
    const struct php_token *at, *first, *end;
    unsigned chr_calls;
};

static bool is_op(const struct php_token *token, unsigned op)
{
    return token->kind == PHP_OPERATOR && token->is == op;
}

static bool is_word(const struct php_token *token, unsigned word)
{
    return token->kind == PHP_NAME && token->is == word;
}

static bool is_before(const struct look *look, unsigned op)
{
    return look->at > look->first && is_op(look->at - 1, op);
}

/* Of an object or a class. */
static bool is_member(const struct look *look)
{
    return is_before(look, PHP_OP_ARROW) || is_before(look, PHP_OP_COLONS) ||
           is_before(look, PHP_OP_NULL_ARROW);
}

/* ---- names ---- */

static unsigned of_sink(unsigned sink)
{
    switch (sink) {
    case PHP_SINK_EVAL:
    case PHP_SINK_CREATE_FUNCTION:
    case PHP_SINK_COMMAND:
    case PHP_SINK_WRITE:
    case PHP_SINK_UPLOAD:
    case PHP_SINK_MAIL:
    case PHP_SINK_ENVIRONMENT:
    case PHP_SINK_LOAD:
    case PHP_SINK_CONNECT: return RUNS;
    case PHP_SINK_NONE:
    case PHP_SINK_SQL:
    case PHP_SINK_OUTPUT: return 0;
    default: return HARMS;
    }
}

static unsigned of_call(struct look *look, struct span name)
{
    const struct php_role *role = php_role_of(name);
    unsigned seen = 0;
    if (role == NULL)
        return 0;
    if (role->gives & (PHP_FROM_REQUEST | PHP_FROM_FILES | PHP_FROM_REMOTE | PHP_FROM_IMAGE))
        seen |= STRANGER;
    if (role->gives & PHP_FROM_SERVER)
        seen |= SERVER;
    if (role->traits & PHP_IS_DECODED)
        seen |= strcmp(role->name, "chr") != 0 || ++look->chr_calls >= CHR_CALLS ? HIDES : 0;
    return seen | of_sink(role->sink) | of_sink(role->also);
}

static struct span unquoted(struct span string)
{
    return string.len < 2 ? string : (struct span){string.at + 1, string.len - 2};
}

/* include of something that is not spelt out as the name of a PHP file. */
static unsigned of_include(const struct look *look)
{
    struct span name = {0};
    const struct php_token *at = look->at + 1;
    for (unsigned i = 0; i < INCLUDE_TOKENS && at < look->end && !is_op(at, ';'); i++, at++) {
        if (at->kind == PHP_VARIABLE || at->kind == PHP_QUOTE)
            return RUNS;
        if (at->kind == PHP_STRING)
            name = unquoted(php_token_text(look->text, at));
    }
    return name.len > 0 && php_text_tail(name) != PHP_HAS_CODE_NAME ? RUNS : HARMS;
}

static unsigned of_name(struct look *look)
{
    switch (look->at->is) {
    case PHP_WORD_EVAL:
    case PHP_WORD_GOTO: return HIDES;
    case PHP_WORD_INCLUDE:
    case PHP_WORD_INCLUDE_ONCE:
    case PHP_WORD_REQUIRE:
    case PHP_WORD_REQUIRE_ONCE: return of_include(look);
    case PHP_WORD_NEW: return look->at[1].kind == PHP_VARIABLE ? HARMS : 0;
    default: break;
    }
    bool called = is_op(look->at + 1, '(') && !is_member(look);
    bool made = look->at > look->first &&
                (is_word(look->at - 1, PHP_WORD_FUNCTION) || is_word(look->at - 1, PHP_WORD_NEW));
    return called && !made ? of_call(look, php_token_text(look->text, look->at)) : 0;
}

static unsigned of_variable(const struct look *look)
{
    struct span name = span_skip(php_token_text(look->text, look->at), 1);
    uint32_t from = php_superglobal(name);
    if (from & (PHP_FROM_REQUEST | PHP_FROM_FILES))
        return STRANGER;
    if (is_op(look->at + 1, '(') && !is_member(look))
        return HARMS;
    return from & PHP_FROM_SERVER ? SERVER : 0;
}

/* ---- strings ---- */

static bool has_escapes(struct span text)
{
    unsigned count = 0;
    const char *at;
    while (text.len > 2 && (at = memchr(text.at, '\\', text.len - 2)) != NULL) {
        bool octal = at[1] >= '0' && at[1] <= '7' && at[2] >= '0' && at[2] <= '7';
        count += octal || (at[1] | 0x20) == 'x';
        if (count >= ESCAPES)
            return true;
        text = span_of(at + 2, span_end(text));
    }
    return false;
}

/* A pattern of which the replacement is run: /.../e */
static bool runs_code(struct span pattern)
{
    static const char modifiers[] = "eimsxuADSUXJ";
    size_t i = pattern.len;
    bool e = false;
    for (; i > 2 && memchr(modifiers, pattern.at[i - 1], sizeof modifiers - 1) != NULL; i--)
        e |= pattern.at[i - 1] == 'e';
    return e && pattern.at[i - 1] == pattern.at[0] && memchr("/#~|@!%", *pattern.at, 7) != NULL;
}

static bool is_long_word(struct span text)
{
    return text.len >= LONG_STRING && memchr(text.at, ' ', text.len) == NULL;
}

static unsigned of_string(const struct look *look)
{
    struct span text = php_token_text(look->text, look->at);
    if (text.len < 4)
        return 0;
    if (is_long_word(text) || (*text.at != '\'' && has_escapes(text)))
        return HIDES;
    text = unquoted(text);
    if (text.len > LONGEST_NAME)
        return 0;
    const struct php_role *role = php_role_of(text);
    bool runs = role != NULL && role->sink >= PHP_SINK_EVAL && role->sink <= PHP_SINK_COMMAND;
    if (runs || (role != NULL && role->traits & PHP_IS_DECODED && text.len > 3))
        return HIDES;
    if (runs_code(text) || span_is(text, SPAN("administrator")))
        return RUNS;
    return php_superglobal(text) != 0 || span_has_prefix(text, SPAN("php://i")) ? STRANGER : 0;
}

static unsigned of_piece(const struct look *look)
{
    struct span text = php_token_text(look->text, look->at);
    return is_long_word(text) || has_escapes(text) ? HIDES : 0;
}

/* ---- the rest ---- */

static unsigned of_operator(const struct look *look)
{
    switch (look->at->is) {
    case '^':
    case '~':
    case '$':
    case PHP_OP_XOR_IS:
    case PHP_OP_DOLLAR_BRACE: return HIDES;
    case ')':
    case ']': return is_op(look->at + 1, '(') ? RUNS : 0;
    default: return 0;
    }
}

static unsigned of_token(struct look *look)
{
    switch (look->at->kind) {
    case PHP_NAME: return of_name(look);
    case PHP_VARIABLE: return of_variable(look);
    case PHP_STRING: return of_string(look);
    case PHP_PIECE: return of_piece(look);
    case PHP_OPERATOR: return of_operator(look);
    case PHP_QUOTE: return look->at->is == PHP_QUOTE_BACKTICK ? RUNS : 0;
    default: return 0;
    }
}

bool php_gate(struct span text, const struct php_tokens *tokens)
{
    if (tokens->list.len <= TINY)
        return tokens->list.len > 1;
    struct look look = {.text = text,
                        .at = tokens->list.at,
                        .first = tokens->list.at,
                        .end = tokens->list.at + tokens->list.len - 1};
    unsigned seen = tokens->list.len <= SMALL ? SERVER : 0;
    for (; look.at < look.end && (seen & DECIDES) == 0; look.at++)
        seen |= of_token(&look);
    return (seen & DECIDES) != 0 || (seen & (HARMS | SERVER)) == (HARMS | SERVER);
}
