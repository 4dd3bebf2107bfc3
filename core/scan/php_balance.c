/* php_balance - walks over the tokens of PHP and counts what is open: brackets and strings.
 *
 * The lexer tells what is a token; here some of them are made smaller, because a cut may go through
 * them: an open tag and the blank behind it, a close tag and its newline, "..." and its text. At
 * most DEPTH_MAX brackets may be open. What is not known is grammar: code that balances may still
 * be a syntax error. Tags are those of PHP 7 and later; short ones count as sniff counts them.
 */
#include "php_balance.h"

#include "spamgear/base/vec.h"
#include "spamgear/php/lexer.h"
#include "spamgear/scan/clean.h"

#define DEPTH_MAX 10000
#define NOWHERE   SIZE_MAX

enum mode { HTML, CODE, DATA }; /* DATA: behind __halt_compiler */

struct opened {
    char kind; /* ( [ { " ` H for a heredoc */
    size_t at;
};

struct scanner {
    const char *start;
    struct php_tokens tokens; /* the last one is PHP_END */
    size_t next;              /* token */
    size_t at;                /* in the text: behind the token that was read last */
    enum mode mode;
    VEC(struct opened) open;
    unsigned strings; /* of open: " ` H */
    bool failed;
    bool inert;        /* the token just read is a comment or a string without code in it */
    bool divisible;    /* the token just read may be cut anywhere: HTML, blanks, text of strings */
    bool escapes;      /* but not behind a backslash */
    bool index;        /* in a string, between the brackets of $a[...] */
    bool variable;     /* in a string, behind a variable that could go on */
    size_t statements; /* significant tokens so far, all counted */
    char last;         /* the last significant token's last byte; ';' behind an open tag */
    struct strbuf *why;
};

static unsigned long line_of(const struct scanner *s, size_t offset)
{
    unsigned long line = 1;
    for (size_t i = 0; i < offset; i++)
        line += s->start[i] == '\n';
    return line;
}

static void fail(struct scanner *s, size_t offset, const char *what)
{
    if (!s->failed)
        strbuf_why(s->why, "line %lu: %s", line_of(s, offset), what);
    s->failed = true;
}

/* ---- tokens as cuts see them ---- */

static void add_part(struct php_tokens *parts, const struct php_token *of, enum php_token_kind kind,
                     size_t from, size_t to)
{
    if (to > from)
        *vec_add(&parts->list) = (struct php_token){.at = of->at + (uint32_t)from,
                                                    .len = (uint32_t)(to - from),
                                                    .kind = (uint8_t)kind,
                                                    .is = of->is};
}

static size_t blanks_behind(struct span s)
{
    size_t len = 0;
    while (len < s.len && strchr(" \t\r\n", s.at[s.len - len - 1]) != NULL)
        len++;
    return len;
}

static size_t newline_before(struct span s)
{
    return s.len > 1 && s.at[0] == '\r' && s.at[1] == '\n' ? 2 : *s.at == '\r' || *s.at == '\n';
}

/* "..." as a quote, its text, and a quote. */
static void add_string(struct php_tokens *parts, const struct php_token *token, struct span s)
{
    size_t from = *s.at == '"' ? 1 : 2, to = s.len - ((token->flags & PHP_TOKEN_UNCLOSED) == 0);
    add_part(parts, token, PHP_QUOTE, 0, from);
    add_part(parts, token, PHP_PIECE, from, to);
    add_part(parts, token, PHP_QUOTE, to, s.len);
}

/* A nowdoc is one string. */
static size_t add_nowdoc(struct php_tokens *parts, const struct php_token *first)
{
    const struct php_token *last = first + 1;
    last += last->kind == PHP_PIECE;
    struct php_token whole = *first;
    bool closed = last->kind == PHP_QUOTE;
    whole.kind = PHP_STRING;
    whole.flags = closed ? 0 : PHP_TOKEN_UNCLOSED;
    whole.len = (closed ? last->at + last->len : last->at) - first->at;
    *vec_add(&parts->list) = whole;
    return (size_t)(last - first) - !closed;
}

static bool is_double(struct span s)
{
    return *s.at == '"' || (s.len > 1 && *s.at != '\'' && s.at[1] == '"');
}

/* Returns how many more tokens were taken. */
static size_t add_parts(struct php_tokens *parts, const struct php_token *token, struct span s)
{
    size_t cut;
    switch (token->kind) {
    case PHP_OPEN:
    case PHP_CLOSE:
        cut = s.len - blanks_behind(s);
        add_part(parts, token, token->kind, 0, cut);
        add_part(parts, token, token->kind == PHP_OPEN ? PHP_BLANK : PHP_HTML, cut, s.len);
        return 0;
    case PHP_STRING:
        if (!is_double(s))
            break;
        add_string(parts, token, s);
        return 0;
    case PHP_QUOTE:
        if (token->is == PHP_QUOTE_NOWDOC)
            return add_nowdoc(parts, token);
        cut = newline_before(s);
        add_part(parts, token, PHP_PIECE, 0, cut);
        add_part(parts, token, PHP_QUOTE, cut, s.len);
        return 0;
    default: break;
    }
    *vec_add(&parts->list) = *token;
    return 0;
}

static void scanner_init(struct scanner *s, struct span text, struct strbuf *why)
{
    struct php_tokens whole = {0};
    *s = (struct scanner){.start = text.at, .last = ';', .why = why};
    php_lex(text, PHP_LEX_ALL | PHP_LEX_MODERN, &whole);
    for (size_t i = 0; i < whole.list.len; i++)
        i += add_parts(&s->tokens, &whole.list.at[i], php_token_text(text, &whole.list.at[i]));
    php_tokens_clear(&whole);
}

static void scanner_clear(struct scanner *s)
{
    php_tokens_clear(&s->tokens);
    vec_clear(&s->open);
}

/* ---- brackets and strings that are open ---- */

static char top(const struct scanner *s)
{
    return s->open.len == 0 ? '\0' : s->open.at[s->open.len - 1].kind;
}

static bool is_string(char kind)
{
    return kind == '"' || kind == '`' || kind == 'H';
}

static void push(struct scanner *s, char kind, size_t at)
{
    if (s->open.len == DEPTH_MAX) {
        fail(s, at, "more brackets are open than are looked at");
        return;
    }
    *vec_add(&s->open) = (struct opened){kind, at};
    s->strings += is_string(kind);
}

static void pop(struct scanner *s)
{
    s->strings -= is_string(top(s));
    s->open.len--;
}

static void close_bracket(struct scanner *s, char opener, size_t at)
{
    if (top(s) == opener)
        pop(s);
    else
        fail(s, at, "a closing bracket closes nothing");
}

/* ---- one token ---- */

static void read_quote(struct scanner *s, const struct php_token *token)
{
    static const char kinds[] = {
        [PHP_QUOTE_DOUBLE] = '"', [PHP_QUOTE_BACKTICK] = '`', [PHP_QUOTE_HEREDOC] = 'H'};
    if (is_string(top(s)))
        pop(s);
    else
        push(s, kinds[token->is], token->at);
}

static void read_operator(struct scanner *s, const struct php_token *token)
{
    switch (token->is) {
    case '(': push(s, '(', token->at); break;
    case '[':
    case PHP_OP_ATTRIBUTE: push(s, '[', token->at); break;
    case '{':
    case PHP_OP_BRACE_DOLLAR:
    case PHP_OP_DOLLAR_BRACE: push(s, '{', token->at); break;
    case ')': close_bracket(s, '(', token->at); break;
    case ']': close_bracket(s, '[', token->at); break;
    case '}': close_bracket(s, '{', token->at); break;
    case '<':
    case PHP_OP_SHIFT_LEFT:
        if (s->start[token[1].at] == '?' && token[1].kind != PHP_END)
            fail(s, token->at + token->len - 1, "an open tag stands within PHP");
        break;
    default: break;
    }
}

/* A close tag ends a statement, but not a string's braces. */
static void read_close(struct scanner *s, const struct php_token *token)
{
    if (s->strings > 0)
        fail(s, token->at, "a close tag stands within a string");
    s->mode = HTML;
}

static void read_halt(struct scanner *s, const struct php_token *token)
{
    if (s->open.len > 0)
        fail(s, token->at, "__halt_compiler stands within brackets");
    s->mode = DATA;
}

static void read_significant(struct scanner *s, const struct php_token *token)
{
    switch (token->kind) {
    case PHP_OPERATOR: read_operator(s, token); break;
    case PHP_QUOTE: read_quote(s, token); break;
    case PHP_CLOSE: read_close(s, token); break;
    case PHP_STRING:
        s->inert = true;
        if (token->flags & PHP_TOKEN_UNCLOSED)
            fail(s, token->at,
                 token->is == PHP_QUOTE_NOWDOC ? "a nowdoc is not closed"
                                               : "a string is not closed");
        break;
    case PHP_NAME:
        if (token->is == PHP_WORD_HALT)
            read_halt(s, token);
        break;
    default: break;
    }
    s->last = s->start[token->at + token->len - 1];
    s->statements++;
}

/* What stands in a string and is neither its end nor code in braces is its text. */
static bool is_text(const struct scanner *s, const struct php_token *token)
{
    if (s->mode != CODE || !is_string(top(s)) || token->kind == PHP_QUOTE)
        return false;
    return token->kind != PHP_OPERATOR ||
           (token->is != PHP_OP_BRACE_DOLLAR && token->is != PHP_OP_DOLLAR_BRACE);
}

static void read_open(struct scanner *s, const struct php_token *token)
{
    s->mode = CODE;
    s->last = token->kind == PHP_OPEN_ECHO ? '=' : ';';
}

static void read_comment(struct scanner *s, const struct php_token *token)
{
    s->inert = true;
    if (token->flags & PHP_TOKEN_UNCLOSED)
        fail(s, token->at, "a comment is not closed");
}

/* "$name->name" and "$name[...]" are tokens of their own, without any that tells their end. */
static void follow_variable(struct scanner *s, const struct php_token *token, bool text)
{
    bool closes = token->kind == PHP_OPERATOR && token->is == ']';
    bool opens = token->kind == PHP_OPERATOR && token->is == '[';
    s->variable = text && token->kind != PHP_PIECE && !closes;
    s->index = text && !closes && (s->index || opens);
}

/* One token; s->next is none of PHP_END. */
static void step(struct scanner *s)
{
    const struct php_token *token = &s->tokens.list.at[s->next++];
    s->at = (size_t)token->at + token->len;
    s->inert = false;
    bool text = is_text(s, token);
    s->escapes = text && token->kind == PHP_PIECE;
    s->divisible =
        s->mode == DATA || s->escapes || token->kind == PHP_HTML || token->kind == PHP_BLANK;
    follow_variable(s, token, text);
    if (s->divisible || text)
        return;
    switch (token->kind) {
    case PHP_OPEN:
    case PHP_OPEN_ECHO: read_open(s, token); break;
    case PHP_COMMENT: read_comment(s, token); break;
    default: read_significant(s, token); break;
    }
}

static bool is_at_end(const struct scanner *s)
{
    return s->tokens.list.at[s->next].kind == PHP_END;
}

bool php_balance(struct span text, struct strbuf *why)
{
    struct scanner s;
    scanner_init(&s, text, why);
    while (!s.failed && !is_at_end(&s))
        step(&s);
    if (!s.failed && s.open.len > 0) {
        const struct opened *last = &s.open.at[s.open.len - 1];
        fail(&s, last->at,
             is_string(last->kind) ? "a string is not closed" : "a bracket is not closed");
    }
    scanner_clear(&s);
    return !s.failed;
}

/* ---- parts ---- */

/* Where a part begins or ends. */
struct place {
    enum mode mode;
    size_t depth;
    bool in_string;
    size_t within; /* start of the token that it is within, NOWHERE between tokens */
    size_t left;   /* of that token: bytes from here to its end */
    bool inert;    /* that token means nothing to PHP, whatever stands in it */
    bool index, variable;
    size_t statements;
    char last;
};

static struct place place_of(const struct scanner *s)
{
    return (struct place){.mode = s->mode,
                          .depth = s->open.len,
                          .in_string = s->mode == CODE && is_string(top(s)),
                          .within = NOWHERE,
                          .index = s->index,
                          .variable = s->variable,
                          .statements = s->statements,
                          .last = s->last};
}

/* Statements end and begin here. */
static bool is_border(char last)
{
    return last == ';' || last == '{' || last == '}';
}

static bool begins_line(struct span text, size_t at)
{
    return at > 0 && (text.at[at - 1] == '\n' || text.at[at - 1] == '\r');
}

/* least: brackets that stayed open all the time between both places. */
static bool fit(struct span text, struct php_part part, const struct place *from,
                const struct place *to, size_t least)
{
    if (from->mode != to->mode && part.to != text.len)
        return false;
    if (from->index || to->index || from->variable) /* would go on in what follows */
        return false;
    if (from->depth != to->depth || least < from->depth || from->within != to->within)
        return false;
    if (from->within != NOWHERE)
        return from->inert;
    if (from->in_string) /* a heredoc ends where a line begins */
        return begins_line(text, part.from) == begins_line(text, part.to);
    if (from->mode != CODE || from->statements == to->statements)
        return true;
    return is_border(from->last) && (is_border(to->last) || to->mode != CODE);
}

/* Where parts begin and end: borders[2 * i] and borders[2 * i + 1]. least[i]: how many brackets
 * stayed open from the one to the other. */
struct places {
    const struct php_part *parts;
    size_t len, next; /* borders in all, and the one that comes next */
    struct place *borders;
    size_t *least;
};

static size_t next_border(const struct places *places)
{
    const struct php_part *part = &places->parts[places->next / 2];
    return places->next % 2 == 0 ? part->from : part->to;
}

/* Do backslashes mean the byte at `at` in the text of a string that begins at `from`? */
static bool is_escaped(const struct scanner *s, size_t from, size_t at)
{
    size_t slashes = 0;
    while (at - slashes > from && s->start[at - slashes - 1] == '\\')
        slashes++;
    return slashes % 2 == 1;
}

/* Takes the borders in the token [from, to) that was just read; before it the scanner was `here`.
 * The text's end is a token of no bytes. */
static void take_borders(struct places *places, struct place here, size_t from,
                         const struct scanner *s)
{
    size_t to = s->at;
    while (places->next < places->len) {
        size_t at = next_border(places);
        if (at >= to && !(at == to && from == to))
            return;
        bool whole = at == from || (s->divisible && !(s->escapes && is_escaped(s, from, at)));
        here.within = whole ? NOWHERE : from;
        here.variable = here.variable && at == from;
        here.left = here.within == NOWHERE ? 0 : to - at;
        here.inert = s->inert;
        if (places->next % 2 == 0)
            places->least[places->next / 2] = here.depth;
        places->borders[places->next++] = here;
    }
}

/* False: the text cannot be read up to the last border. */
static bool find_places(struct span text, struct places *places)
{
    struct scanner s;
    scanner_init(&s, text, NULL);
    while (!s.failed && places->next < places->len) {
        size_t from = s.at;
        struct place here = place_of(&s);
        if (places->next % 2 == 1 && here.depth < places->least[places->next / 2])
            places->least[places->next / 2] = here.depth;
        if (is_at_end(&s)) {
            take_borders(places, here, from, &s);
            break;
        }
        step(&s);
        if (!s.failed)
            take_borders(places, here, from, &s);
    }
    scanner_clear(&s);
    return !s.failed && places->next == places->len;
}

static bool find_places_of(struct span text, const struct php_part *parts, size_t len,
                           struct places *places)
{
    *places = (struct places){.parts = parts, .len = 2 * len};
    places->borders = mem_zero(2 * len + 1, sizeof *places->borders);
    places->least = mem_zero(len + 1, sizeof *places->least);
    return find_places(text, places);
}

static void places_clear(struct places *places)
{
    free(places->borders);
    free(places->least);
}

/* Is the text without the parts still read the same up to where each of them stood? What was apart
 * may have become one: a line comment and the code behind it, two names, "<" and "?". */
static bool joins_well(struct span text, const struct php_part *parts, size_t len,
                       const struct places *before)
{
    struct strbuf joined = {0};
    struct php_part *seams = mem_zero(len + 1, sizeof *seams);
    struct places after;
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        strbuf_add(&joined, text.at + at, parts[i].from - at);
        seams[i] = (struct php_part){joined.len, joined.len};
        at = parts[i].to;
    }
    strbuf_add(&joined, text.at + at, text.len - at);
    bool well = find_places_of(strbuf_span(&joined), seams, len, &after);
    for (size_t i = 0; i < 2 * len && well; i += 2) {
        const struct place *old = &before->borders[i], *new = &after.borders[i];
        well = old->mode == new->mode && old->depth == new->depth &&
               old->in_string == new->in_string &&
               (old->within == NOWHERE) == (new->within == NOWHERE) &&
               before->borders[i + 1].left == new->left; /* a comment ends where it did */
    }
    places_clear(&after);
    free(seams);
    strbuf_clear(&joined);
    return well;
}

bool php_parts_are_whole(struct span text, const struct php_part *parts, size_t len)
{
    struct places places;
    bool whole = find_places_of(text, parts, len, &places);
    for (size_t i = 0; i < len && whole; i++)
        whole = fit(text, parts[i], &places.borders[2 * i], &places.borders[2 * i + 1],
                    places.least[i]);
    whole = whole && joins_well(text, parts, len, &places);
    places_clear(&places);
    return whole;
}
