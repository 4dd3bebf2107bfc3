/* lexer - one pass over a text, one function a kind of token, chosen by the token's first byte.
 *
 * A lexer stands in HTML, in code, in one of three kinds of interpolated strings, or between the
 * brackets of "$a[...]". Code in a string, behind { or ${, is a level: what was around it waits on
 * a stack. Braces in code are only counted. Every byte is looked at once, or twice where a token
 * turns out to be none: nothing is searched for beyond the token that is being read, but for the
 * next "<?" of an old block, which is remembered.
 */
#include "lexer_parts.h"

enum mode { HTML, CODE, DOUBLE, BACKTICK, HEREDOC, OFFSET };

/* What waits while code within a string is read. */
struct level {
    uint32_t braces;
    uint32_t label_at, label_len; /* of a heredoc */
    uint8_t mode;
};

struct lexer {
    const char *start, *at, *end; /* end: of what is read now; an old block has its own */
    const char *text_end;
    const char *fence; /* the last "<?" that was looked for on behalf of an old block */
    uint8_t mode;
    uint8_t string;    /* OFFSET: the mode to go back to */
    uint16_t old;      /* PHP_TOKEN_ASP or _SCRIPT: what opened this block */
    bool cut_off;      /* the text's end, or a fence, cut a token off */
    uint32_t braces;   /* open ones of this level */
    struct span label; /* HEREDOC */
    unsigned how;
    struct php_tokens *tokens;
    VEC(struct level) levels;
};

static char look(const struct lexer *l, size_t ahead)
{
    return (size_t)(l->end - l->at) > ahead ? l->at[ahead] : '\0';
}

/* The token from `at` to `to`, where reading goes on. */
static struct php_token *emit(struct lexer *l, enum php_token_kind kind, unsigned is,
                              const char *to)
{
    struct php_token *token = vec_add(&l->tokens->list);
    token->at = (uint32_t)(l->at - l->start);
    token->len = (uint32_t)(to - l->at);
    token->kind = (uint8_t)kind;
    token->is = (uint8_t)is;
    token->flags = 0;
    l->at = to;
    return token;
}

static void emit_operator(struct lexer *l, unsigned is, size_t len)
{
    emit(l, PHP_OPERATOR, is, l->at + len);
}

/* The token that was just emitted has no end. */
static void mark_unclosed(struct lexer *l)
{
    l->tokens->list.at[l->tokens->list.len - 1].flags |= PHP_TOKEN_UNCLOSED;
    l->cut_off = true;
}

/* ---- blanks and comments ---- */

static void drop_or_emit(struct lexer *l, enum php_token_kind kind, const char *to)
{
    if (l->how & PHP_LEX_ALL)
        emit(l, kind, 0, to);
    else
        l->at = to;
}

static void blank(struct lexer *l)
{
    drop_or_emit(l, PHP_BLANK, php_skip(l->at, l->end, PHP_BYTE_BLANK));
}

/* The close tag of this block stands here. */
static bool is_close_tag(const struct lexer *l, const char *at)
{
    char mark = l->old == PHP_TOKEN_ASP ? '%' : '?';
    return l->end - at > 1 && (*at == '?' || *at == mark) && at[1] == '>';
}

static void line_comment(struct lexer *l)
{
    const char *at = l->at + 1;
    while ((at = php_seek(at, l->end, PHP_BYTE_LINE)) < l->end && *at != '\n' && *at != '\r' &&
           !is_close_tag(l, at))
        at++;
    drop_or_emit(l, PHP_COMMENT, at);
}

static void block_comment(struct lexer *l)
{
    const char *at = l->end - l->at < 4 ? l->end : l->at + 3;
    while (at < l->end && (at = memchr(at, '/', (size_t)(l->end - at))) != NULL && at[-1] != '*')
        at++;
    bool closed = at != NULL && at < l->end;
    drop_or_emit(l, PHP_COMMENT, closed ? at + 1 : l->end);
    l->cut_off |= !closed;
    if (!closed && (l->how & PHP_LEX_ALL))
        mark_unclosed(l);
}

/* Goes on behind blanks or a comment; false when neither stands here. */
static bool pass(struct lexer *l)
{
    char c = look(l, 0), next = look(l, 1);
    if (php_is(c, PHP_BYTE_BLANK))
        blank(l);
    else if (c == '/' && next == '*')
        block_comment(l);
    else if ((c == '/' && next == '/') || (c == '#' && next != '['))
        line_comment(l);
    else
        return false;
    return true;
}

/* ---- HTML ---- */

static bool opens(const struct lexer *l, const char *at, struct php_tag *tag, bool old)
{
    *tag = php_tag_at(span_of(at, l->text_end), old);
    return tag->kind != PHP_HTML;
}

/* An old block ends where what every PHP takes for code begins. */
static void build_fence(struct lexer *l)
{
    const char *at = l->fence != NULL && l->fence >= l->at ? l->fence : l->at;
    struct php_tag tag;
    while ((at = memmem(at, (size_t)(l->text_end - at), "<?", 2)) != NULL &&
           !opens(l, at, &tag, false))
        at++;
    l->end = l->fence = at == NULL ? l->text_end : at;
}

static void open_tag(struct lexer *l, struct php_tag tag)
{
    emit(l, tag.kind, 0, l->at + tag.len)->flags = tag.flags;
    l->mode = CODE;
    l->old = tag.flags & (PHP_TOKEN_ASP | PHP_TOKEN_SCRIPT);
    if (l->old != 0)
        build_fence(l);
}

static void html(struct lexer *l)
{
    const char *at = l->at;
    struct php_tag tag = {0, PHP_HTML, 0};
    while ((at = memchr(at, '<', (size_t)(l->end - at))) != NULL &&
           !opens(l, at, &tag, (l->how & PHP_LEX_MODERN) == 0))
        at++;
    if (at == NULL)
        at = l->end;
    if (at > l->at)
        emit(l, PHP_HTML, 0, at);
    if (tag.kind != PHP_HTML)
        open_tag(l, tag);
}

static const char *behind_newline(const struct lexer *l, const char *at)
{
    if (l->end - at > 1 && *at == '\r' && at[1] == '\n')
        return at + 2;
    return at < l->end && (*at == '\r' || *at == '\n') ? at + 1 : at;
}

/* Back to HTML. What is open stays open. */
static void leave_block(struct lexer *l)
{
    l->mode = HTML;
    l->old = 0;
    l->end = l->text_end;
}

/* The newline behind a close tag belongs to it. */
static void close_tag(struct lexer *l, size_t len)
{
    emit(l, PHP_CLOSE, 0, behind_newline(l, l->at + len))->flags = l->old;
    leave_block(l);
}

/* At the fence nothing stays open. */
static void cut_off(struct lexer *l)
{
    l->levels.len = 0;
    l->braces = 0;
    leave_block(l);
}

/* ---- names, variables, numbers ---- */

static const char *label_end(const struct lexer *l, const char *at)
{
    return php_skip(at, l->end, PHP_BYTE_NAME);
}

static bool begins_label(const struct lexer *l, const char *at)
{
    return at < l->end && php_is(*at, PHP_BYTE_LABEL);
}

/* Behind a name or a separator: is there another part of a qualified name? */
static const char *qualified_end(const struct lexer *l, const char *at)
{
    while (at < l->end && *at == '\\' && begins_label(l, at + 1))
        at = label_end(l, at + 2);
    return at;
}

/* Behind __halt_compiler stands (); or ()?>, and then whatever there is. */
static void halt(struct lexer *l)
{
    const char *end = l->end;
    for (const char *want = "();"; *want != '\0'; want++) {
        while (l->at < l->end && pass(l))
            ;
        if (l->at == l->end)
            return;
        if (*want == ';' && is_close_tag(l, l->at))
            close_tag(l, 2);
        else if (*l->at == *want)
            emit_operator(l, (unsigned char)*want, 1);
        else
            return;
    }
    if (l->at < end)
        emit(l, PHP_HALTED, 0, end);
    leave_block(l);
}

static void name(struct lexer *l)
{
    const char *end = label_end(l, l->at + 1), *whole = qualified_end(l, end);
    enum php_word word = whole > end ? PHP_WORD_NONE : php_word_of(span_of(l->at, end));
    emit(l, PHP_NAME, word, whole);
    if (word == PHP_WORD_HALT)
        halt(l);
}

static void backslash(struct lexer *l)
{
    const char *end = qualified_end(l, l->at);
    if (end > l->at)
        emit(l, PHP_NAME, PHP_WORD_NONE, end);
    else
        emit_operator(l, '\\', 1);
}

static void variable(struct lexer *l)
{
    if (begins_label(l, l->at + 1))
        emit(l, PHP_VARIABLE, 0, label_end(l, l->at + 2));
    else
        emit_operator(l, '$', 1);
}

/* Digits, with single _ between them. At least one digit, else at. */
static const char *digits(const struct lexer *l, const char *at, unsigned what)
{
    while (at < l->end && php_is(*at, what)) {
        at = php_skip(at, l->end, what);
        if (l->end - at > 1 && *at == '_' && php_is(at[1], what))
            at++;
    }
    return at;
}

static const char *few_digits(const struct lexer *l, const char *at, char highest)
{
    while (at < l->end && *at >= '0' && *at <= highest) {
        at++;
        if (l->end - at > 1 && *at == '_' && at[1] >= '0' && at[1] <= highest)
            at++;
    }
    return at;
}

/* 0x.., 0b.., 0o..; at when it is none. */
static const char *based(const struct lexer *l, const char *at)
{
    const char *from = at + 2, *to = from;
    if (l->end - at < 3 || *at != '0')
        return at;
    switch (php_fold(at[1])) {
    case 'x': to = digits(l, from, PHP_BYTE_HEX); break;
    case 'b': to = few_digits(l, from, '1'); break;
    case 'o': to = few_digits(l, from, '7'); break;
    default: break;
    }
    return to > from ? to : at;
}

static const char *exponent(const struct lexer *l, const char *at)
{
    const char *from = at + 1;
    if (at == l->end || php_fold(*at) != 'e')
        return at;
    if (from < l->end && (*from == '+' || *from == '-'))
        from++;
    const char *to = digits(l, from, PHP_BYTE_DIGIT);
    return to > from ? to : at;
}

static void number(struct lexer *l)
{
    const char *to = based(l, l->at);
    if (to == l->at) {
        to = digits(l, to, PHP_BYTE_DIGIT);
        if (to < l->end && *to == '.')
            to = digits(l, to + 1, PHP_BYTE_DIGIT);
        to = exponent(l, to);
    }
    emit(l, PHP_NUMBER, 0, to);
}

/* ---- strings ---- */

static void single_quoted(struct lexer *l, size_t prefix)
{
    const char *from = l->at + prefix + 1, *at = from, *escape;
    while ((at = memchr(at, '\'', (size_t)(l->end - at))) != NULL) {
        for (escape = at; escape > from && escape[-1] == '\\';)
            escape--;
        if ((at - escape) % 2 == 0)
            break;
        from = ++at;
    }
    emit(l, PHP_STRING, 0, at == NULL ? l->end : at + 1);
    if (at == NULL)
        mark_unclosed(l);
}

/* Here begins a variable or code: $name, ${ or {$. */
static bool interpolates(const struct lexer *l, const char *at)
{
    if (l->end - at < 2)
        return false;
    return *at == '$' ? at[1] == '{' || php_is(at[1], PHP_BYTE_LABEL) : *at == '{' && at[1] == '$';
}

/* Where constant text ends: at a quote, what interpolates, or the end. */
static const char *text_end(const struct lexer *l, const char *at, char quote)
{
    while ((at = php_seek(at, l->end, PHP_BYTE_QUOTED)) < l->end && *at != quote &&
           !interpolates(l, at))
        at += *at == '\\' && l->end - at > 1 ? 2 : 1;
    return at;
}

static void piece(struct lexer *l, enum php_quote is, const char *to)
{
    if (to > l->at)
        emit(l, PHP_PIECE, is, to);
}

static void double_quoted(struct lexer *l, size_t prefix)
{
    const char *from = l->at + prefix + 1, *to = text_end(l, from, '"');
    if (to < l->end && *to == '"') {
        emit(l, PHP_STRING, 0, to + 1);
    } else if (to == l->end) {
        emit(l, PHP_STRING, 0, to);
        mark_unclosed(l);
    } else {
        emit(l, PHP_QUOTE, PHP_QUOTE_DOUBLE, from);
        piece(l, PHP_QUOTE_DOUBLE, to);
        l->mode = DOUBLE;
    }
}

static void single_quote(struct lexer *l)
{
    single_quoted(l, 0);
}

static void double_quote(struct lexer *l)
{
    double_quoted(l, 0);
}

static void backtick(struct lexer *l)
{
    emit(l, PHP_QUOTE, PHP_QUOTE_BACKTICK, l->at + 1);
    l->mode = BACKTICK;
}

/* ---- what strings interpolate ---- */

/* Code begins; the string waits. */
static void enter(struct lexer *l, enum php_op op, size_t len)
{
    emit_operator(l, op, len);
    *vec_add(&l->levels) = (struct level){.mode = l->mode,
                                          .braces = l->braces,
                                          .label_at = (uint32_t)(l->label.at - l->start),
                                          .label_len = (uint32_t)l->label.len};
    l->mode = CODE;
    l->braces = 0;
}

static void leave(struct lexer *l)
{
    struct level *level = &l->levels.at[--l->levels.len];
    l->mode = level->mode;
    l->braces = level->braces;
    l->label = (struct span){l->start + level->label_at, level->label_len};
}

/* "$name", "$name[", "$name->name". */
static void simple(struct lexer *l)
{
    variable(l);
    size_t arrow = look(l, 0) == '?' ? 1 : 0;
    if (look(l, 0) == '[') {
        emit_operator(l, '[', 1);
        l->string = l->mode;
        l->mode = OFFSET;
    } else if (look(l, arrow) == '-' && look(l, arrow + 1) == '>' &&
               php_is(look(l, arrow + 2), PHP_BYTE_LABEL)) {
        emit_operator(l, arrow == 0 ? PHP_OP_ARROW : PHP_OP_NULL_ARROW, arrow + 2);
        emit(l, PHP_NAME, PHP_WORD_NONE, label_end(l, l->at));
    }
}

/* "${name}" and "${name[" are a variable's name, whatever the name means elsewhere. */
static void dollar_brace(struct lexer *l)
{
    enter(l, PHP_OP_DOLLAR_BRACE, 2);
    const char *end = begins_label(l, l->at) ? label_end(l, l->at) : l->at;
    if (end > l->at && end < l->end && (*end == '[' || *end == '}'))
        emit(l, PHP_NAME, PHP_WORD_NONE, end);
}

static void interpolate(struct lexer *l)
{
    if (*l->at == '{')
        enter(l, PHP_OP_BRACE_DOLLAR, 1);
    else if (l->at[1] == '{')
        dollar_brace(l);
    else
        simple(l);
}

static void in_quotes(struct lexer *l, char quote, enum php_quote is)
{
    piece(l, is, text_end(l, l->at, quote));
    if (l->at == l->end)
        return;
    if (*l->at == quote) {
        emit(l, PHP_QUOTE, is, l->at + 1);
        l->mode = CODE;
    } else {
        interpolate(l);
    }
}

/* Between the brackets of "$a[...]" no token is longer than it must be; what no index can hold
 * ends it. */
static void in_offset(struct lexer *l)
{
    char c = *l->at;
    if (php_is(c, PHP_BYTE_LABEL)) {
        emit(l, PHP_NAME, PHP_WORD_NONE, label_end(l, l->at));
    } else if (php_is(c, PHP_BYTE_DIGIT)) {
        const char *to = based(l, l->at);
        emit(l, PHP_NUMBER, 0, to > l->at ? to : digits(l, to, PHP_BYTE_DIGIT));
    } else if (c == '$') {
        variable(l);
    } else if (php_is(c, PHP_BYTE_BLANK) || c == '\\' || c == '\'' || c == '#') {
        l->mode = l->string;
    } else {
        emit_operator(l, (unsigned char)c, 1);
        if (c == ']')
            l->mode = l->string;
    }
}

/* ---- heredocs ---- */

/* Where the end of a heredoc that stands on the line at `at` ends; NULL when none does. */
static const char *heredoc_end(const struct lexer *l, const char *at)
{
    while (at < l->end && (*at == ' ' || *at == '\t'))
        at++;
    if (!span_has_prefix(span_of(at, l->end), l->label))
        return NULL;
    at += l->label.len;
    return at < l->end && php_is(*at, PHP_BYTE_NAME) ? NULL : at;
}

/* Where constant text ends: at the newline before the heredoc's end, which is *close then. */
static const char *heredoc_text_end(const struct lexer *l, bool raw, const char **close)
{
    const char *at = l->at;
    unsigned stops = raw ? PHP_BYTE_LINE : PHP_BYTE_LINE | PHP_BYTE_QUOTED;
    while ((at = php_seek(at, l->end, stops)) < l->end) {
        const char *line = behind_newline(l, at);
        if (line > at) {
            *close = heredoc_end(l, line);
            if (*close != NULL)
                break;
            at = line;
        } else if (!raw && interpolates(l, at)) {
            break;
        } else {
            bool escapes = !raw && *at == '\\' && l->end - at > 1;
            at += escapes && at[1] != '\n' && at[1] != '\r' ? 2 : 1;
        }
    }
    return at;
}

static void in_heredoc(struct lexer *l)
{
    const char *close = NULL;
    piece(l, PHP_QUOTE_HEREDOC, heredoc_text_end(l, false, &close));
    if (close != NULL) {
        emit(l, PHP_QUOTE, PHP_QUOTE_HEREDOC, close);
        l->mode = CODE;
    } else if (l->at < l->end) {
        interpolate(l);
    }
}

static void nowdoc(struct lexer *l)
{
    const char *close = NULL;
    piece(l, PHP_QUOTE_NOWDOC, heredoc_text_end(l, true, &close));
    if (close != NULL)
        emit(l, PHP_QUOTE, PHP_QUOTE_NOWDOC, close);
    else
        mark_unclosed(l);
}

/* <<<LABEL with its newline at `at`; false when it is none. */
static bool read_label(const struct lexer *l, const char **at, struct span *label, char *quote)
{
    while (*at < l->end && (**at == ' ' || **at == '\t'))
        ++*at;
    *quote = *at < l->end && (**at == '\'' || **at == '"') ? *(*at)++ : '\0';
    if (!begins_label(l, *at))
        return false;
    *label = span_of(*at, label_end(l, *at));
    *at = span_end(*label);
    if (*quote != '\0' && (*at == l->end || *(*at)++ != *quote))
        return false;
    const char *line = behind_newline(l, *at);
    bool ends = line > *at;
    *at = line;
    return ends;
}

/* False when no heredoc begins here, behind `prefix` bytes. */
static bool heredoc(struct lexer *l, size_t prefix)
{
    const char *at = l->at + prefix + 3, *close;
    struct span label;
    char quote;
    if (!span_has_prefix(span_of(l->at + prefix, l->end), SPAN("<<<")) ||
        !read_label(l, &at, &label, &quote))
        return false;
    enum php_quote is = quote == '\'' ? PHP_QUOTE_NOWDOC : PHP_QUOTE_HEREDOC;
    emit(l, PHP_QUOTE, is, at);
    l->label = label;
    close = heredoc_end(l, at);
    if (close != NULL)
        emit(l, PHP_QUOTE, is, close);
    else if (is == PHP_QUOTE_NOWDOC)
        nowdoc(l);
    else
        l->mode = HEREDOC;
    return true;
}

/* ---- operators ---- */

#define OP(a, b, c) ((unsigned)(a) << 16 | (unsigned)(b) << 8 | (unsigned)(c))

static unsigned long_operator(unsigned bytes)
{
    switch (bytes) {
    case OP('=', '=', '='): return PHP_OP_IS_SAME;
    case OP('!', '=', '='): return PHP_OP_NOT_SAME;
    case OP('<', '=', '>'): return PHP_OP_SPACESHIP;
    case OP('<', '<', '='): return PHP_OP_LEFT_IS;
    case OP('>', '>', '='): return PHP_OP_RIGHT_IS;
    case OP('*', '*', '='): return PHP_OP_POWER_IS;
    case OP('?', '?', '='): return PHP_OP_COALESCE_IS;
    case OP('.', '.', '.'): return PHP_OP_ELLIPSIS;
    default: return 0;
    }
}

static unsigned pair_operator(unsigned bytes)
{
    switch (bytes) {
    case OP(0, ':', ':'): return PHP_OP_COLONS;
    case OP(0, '=', '>'): return PHP_OP_DOUBLE_ARROW;
    case OP(0, '=', '='): return PHP_OP_IS_EQUAL;
    case OP(0, '!', '='):
    case OP(0, '<', '>'): return PHP_OP_NOT_EQUAL;
    case OP(0, '<', '='): return PHP_OP_AT_MOST;
    case OP(0, '>', '='): return PHP_OP_AT_LEAST;
    case OP(0, '&', '&'): return PHP_OP_AND;
    case OP(0, '|', '|'): return PHP_OP_OR;
    case OP(0, '?', '?'): return PHP_OP_COALESCE;
    case OP(0, '<', '<'): return PHP_OP_SHIFT_LEFT;
    case OP(0, '>', '>'): return PHP_OP_SHIFT_RIGHT;
    case OP(0, '*', '*'): return PHP_OP_POWER;
    case OP(0, '+', '+'): return PHP_OP_INCREMENT;
    case OP(0, '-', '-'): return PHP_OP_DECREMENT;
    case OP(0, '|', '>'): return PHP_OP_PIPE;
    case OP(0, '+', '='): return PHP_OP_PLUS_IS;
    case OP(0, '-', '='): return PHP_OP_MINUS_IS;
    case OP(0, '*', '='): return PHP_OP_TIMES_IS;
    case OP(0, '/', '='): return PHP_OP_DIVIDE_IS;
    case OP(0, '.', '='): return PHP_OP_CONCAT_IS;
    case OP(0, '%', '='): return PHP_OP_MODULO_IS;
    case OP(0, '&', '='): return PHP_OP_AND_IS;
    case OP(0, '|', '='): return PHP_OP_OR_IS;
    case OP(0, '^', '='): return PHP_OP_XOR_IS;
    default: return 0;
    }
}

static void operator(struct lexer *l)
{
    unsigned char first = (unsigned char)*l->at;
    char second = look(l, 1), third = look(l, 2);
    unsigned is = 0;
    if (!php_is(second, PHP_BYTE_PAIRS)) {
        emit_operator(l, first, 1);
        return;
    }
    if (php_is(third, PHP_BYTE_PAIRS))
        is = long_operator(OP(first, second, third));
    if (is != 0) {
        emit_operator(l, is, 3);
        return;
    }
    is = pair_operator(OP(0, first, second));
    emit_operator(l, is == 0 ? first : is, is == 0 ? 1 : 2);
}

static void one(struct lexer *l)
{
    emit_operator(l, (unsigned char)*l->at, 1);
}

static void close_brace(struct lexer *l)
{
    emit_operator(l, '}', 1);
    if (l->braces > 0)
        l->braces--;
    else if (l->levels.len > 0)
        leave(l);
}

static void open_brace(struct lexer *l)
{
    emit_operator(l, '{', 1);
    l->braces++;
}

static unsigned cast_of(struct span name)
{
    static const struct {
        struct span name;
        uint8_t is;
    } casts[] = {
#define CAST(name, is) {{name, sizeof(name) - 1}, PHP_OP_CAST_##is}
        CAST("int", INT),       CAST("integer", INT),  CAST("float", FLOAT),
        CAST("double", FLOAT),  CAST("real", FLOAT),   CAST("string", STRING),
        CAST("binary", STRING), CAST("array", ARRAY),  CAST("object", OBJECT),
        CAST("bool", BOOL),     CAST("boolean", BOOL), CAST("unset", UNSET),
    };
    for (size_t i = 0; i < sizeof casts / sizeof *casts; i++)
        if (name.len == casts[i].name.len && php_begins(name, casts[i].name))
            return casts[i].is;
    return 0;
}

static const char *skip_spaces(const struct lexer *l, const char *at)
{
    while (at < l->end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

static void parenthesis(struct lexer *l)
{
    const char *from = skip_spaces(l, l->at + 1);
    if (begins_label(l, from)) {
        struct span name = span_of(from, label_end(l, from));
        const char *to = skip_spaces(l, span_end(name));
        unsigned is = to < l->end && *to == ')' ? cast_of(name) : 0;
        if (is != 0) {
            emit(l, PHP_OPERATOR, is, to + 1);
            return;
        }
    }
    one(l);
}

/* Behind an arrow, blanks and comments (so begins "#[" there), every name is one. */
static void arrow(struct lexer *l, enum php_op is, size_t len)
{
    emit_operator(l, is, len);
    while (l->at < l->end && (pass(l) || look(l, 0) == '#'))
        if (look(l, 0) == '#')
            line_comment(l);
    if (begins_label(l, l->at))
        emit(l, PHP_NAME, PHP_WORD_NONE, label_end(l, l->at));
}

static void minus(struct lexer *l)
{
    if (look(l, 1) == '>')
        arrow(l, PHP_OP_ARROW, 2);
    else
        operator(l);
}

static void question(struct lexer *l)
{
    if (is_close_tag(l, l->at))
        close_tag(l, 2);
    else if (look(l, 1) == '-' && look(l, 2) == '>')
        arrow(l, PHP_OP_NULL_ARROW, 3);
    else
        operator(l);
}

static void percent(struct lexer *l)
{
    if (is_close_tag(l, l->at))
        close_tag(l, 2);
    else
        operator(l);
}

static void less(struct lexer *l)
{
    if (l->old == PHP_TOKEN_SCRIPT && php_begins(span_of(l->at, l->end), SPAN("</script"))) {
        const char *to = php_skip(l->at + 8, l->end, PHP_BYTE_BLANK);
        if (to < l->end && *to == '>') {
            close_tag(l, (size_t)(to - l->at) + 1);
            return;
        }
    }
    if (!heredoc(l, 0))
        operator(l);
}

static void dot(struct lexer *l)
{
    if (php_is(look(l, 1), PHP_BYTE_DIGIT))
        number(l);
    else
        operator(l);
}

static void slash(struct lexer *l)
{
    if (!pass(l))
        operator(l);
}

static void hash(struct lexer *l)
{
    if (!pass(l))
        emit_operator(l, PHP_OP_ATTRIBUTE, 2);
}

/* ---- code ---- */

/* A name, or a string: b'...', b"...", b<<<... */
static void word(struct lexer *l)
{
    char next = look(l, 1);
    if (php_fold(*l->at) != 'b' || php_is(next, PHP_BYTE_NAME))
        name(l);
    else if (next == '\'')
        single_quoted(l, 1);
    else if (next == '"')
        double_quoted(l, 1);
    else if (next != '<' || !heredoc(l, 1))
        name(l);
}

static void in_code(struct lexer *l)
{
    static void (*const steps[128])(struct lexer *) = {
        ['$'] = variable,    ['\''] = single_quote, ['"'] = double_quote, ['`'] = backtick,
        ['('] = parenthesis, [')'] = one,           ['['] = one,          [']'] = one,
        ['{'] = open_brace,  ['}'] = close_brace,   [','] = one,          [';'] = one,
        ['@'] = one,         ['~'] = one,           ['?'] = question,     ['/'] = slash,
        ['#'] = hash,        ['<'] = less,          ['-'] = minus,        ['%'] = percent,
        ['.'] = dot,         ['\\'] = backslash};
    while (l->mode == CODE && l->at < l->end) {
        unsigned char c = (unsigned char)*l->at;
        if (php_is((char)c, PHP_BYTE_BLANK))
            blank(l);
        else if (php_is((char)c, PHP_BYTE_LABEL))
            word(l);
        else if (php_is((char)c, PHP_BYTE_DIGIT))
            number(l);
        else if (steps[c] != NULL)
            steps[c](l);
        else
            operator(l);
    }
}

static void step(struct lexer *l)
{
    switch (l->mode) {
    case HTML: html(l); break;
    case CODE: in_code(l); break;
    case DOUBLE: in_quotes(l, '"', PHP_QUOTE_DOUBLE); break;
    case BACKTICK: in_quotes(l, '`', PHP_QUOTE_BACKTICK); break;
    case HEREDOC: in_heredoc(l); break;
    default: in_offset(l); break;
    }
}

void php_lex(struct span text, unsigned how, struct php_tokens *tokens)
{
    if (text.len == 0)
        text.at = "";
    if (text.len > PHP_TEXT_MAX)
        text.len = PHP_TEXT_MAX;
    struct lexer l = {.start = text.at,
                      .at = text.at,
                      .end = text.at + text.len,
                      .text_end = text.at + text.len,
                      .label = {text.at, 0},
                      .mode = how & PHP_LEX_CODE ? CODE : HTML,
                      .how = how,
                      .tokens = tokens};
    tokens->list.len = 0;
    while (l.at < l.text_end) {
        if (l.at < l.end)
            step(&l);
        else
            cut_off(&l);
    }
    l.cut_off |= l.levels.len > 0 || (l.mode != CODE && l.mode != HTML);
    emit(&l, PHP_END, 0, l.at)->flags = l.cut_off ? PHP_TOKEN_UNCLOSED : 0;
    vec_clear(&l.levels);
}

void php_tokens_clear(struct php_tokens *tokens)
{
    vec_clear(&tokens->list);
}
