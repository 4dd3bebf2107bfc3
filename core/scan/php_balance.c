/* php_balance - a scanner of PHP's states: HTML, code, strings, comments, heredocs, brackets.
 *
 * It follows PHP 7.3 and later (Zend/zend_language_scanner.l): heredocs may end indented, "#["
 * begins an attribute, "?>" ends a line comment. It reads any bytes, each of them once, and
 * keeps at most DEPTH_MAX open brackets. What it does not know is grammar: code that balances
 * may still be a syntax error. Short open tags count as sniff counts them.
 */
#include "php_balance.h"

#include "spamgear/base/vec.h"
#include "spamgear/scan/clean.h"
#include "spamgear/scan/sniff.h"
#include <strings.h>

#define DEPTH_MAX 10000
#define NOWHERE   SIZE_MAX

enum mode { HTML, CODE, DATA }; /* DATA: behind __halt_compiler */

struct opened {
    char kind; /* ( [ { " ` or H for a heredoc */
    size_t at;
    struct span label; /* of a heredoc */
};

struct scanner {
    const char *start, *at, *end;
    enum mode mode;
    VEC(struct opened) open;
    unsigned strings; /* of open: " ` H */
    bool failed;
    bool inert;        /* the token just read is a comment or a string without code in it */
    bool divisible;    /* the token just read may be cut anywhere: HTML, blanks, text of strings */
    size_t statements; /* significant tokens so far, all counted */
    char last;         /* the last significant token's last byte; ';' behind an open tag */
    struct strbuf *why;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static struct span rest_of(const struct scanner *s)
{
    return span_of(s->at, s->end);
}

static char look(const struct scanner *s, size_t ahead)
{
    return (size_t)(s->end - s->at) > ahead ? s->at[ahead] : '\0';
}

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
    s->at = s->end;
}

static void significant(struct scanner *s, size_t len)
{
    s->at += len;
    s->last = s->at[-1];
    s->statements++;
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

static void push(struct scanner *s, char kind, size_t len, struct span label)
{
    if (s->open.len == DEPTH_MAX) {
        fail(s, (size_t)(s->at - s->start), "more brackets are open than are looked at");
        return;
    }
    *vec_add(&s->open) = (struct opened){kind, (size_t)(s->at - s->start), label};
    s->strings += is_string(kind);
    significant(s, len);
}

static void pop(struct scanner *s, size_t len)
{
    s->strings -= is_string(top(s));
    s->open.len--;
    significant(s, len);
}

static void close_bracket(struct scanner *s, char opener)
{
    if (top(s) == opener)
        pop(s, 1);
    else
        fail(s, (size_t)(s->at - s->start), "a closing bracket closes nothing");
}

/* ---- HTML ---- */

static void step_html(struct scanner *s)
{
    size_t tag = sniff_php_tag(rest_of(s));
    if (tag > 0) {
        s->mode = CODE;
        s->at += tag;
        s->last = tag == 3 ? '=' : ';';
        return;
    }
    const char *next =
        s->at + 1 < s->end ? memchr(s->at + 1, '<', (size_t)(s->end - s->at) - 1) : NULL;
    s->at = next == NULL ? s->end : next;
    s->divisible = true;
}

/* ---- strings ---- */

/* "{$" and "${" begin code within a string. */
static bool interpolates(const struct scanner *s)
{
    return (look(s, 0) == '{' && look(s, 1) == '$') || (look(s, 0) == '$' && look(s, 1) == '{');
}

/* Text up to what may mean something; one byte at least. */
static void string_text(struct scanner *s, const char *meaning)
{
    s->divisible = true;
    do
        s->at++;
    while (s->at < s->end && (*s->at == '\0' || strchr(meaning, *s->at) == NULL));
}

static void escape(struct scanner *s)
{
    char next = look(s, 1);
    s->at += s->end - s->at > 1 && next != '\n' && next != '\r' ? 2 : 1;
}

static void step_quoted(struct scanner *s, char quote)
{
    if (*s->at == quote)
        pop(s, 1);
    else if (*s->at == '\\')
        escape(s);
    else if (interpolates(s))
        push(s, '{', *s->at == '{' ? 1 : 2, (struct span){NULL, 0});
    else
        string_text(s, "\"`\\{$");
}

/* Length of blanks and label when a heredoc's end stands at `at`, which begins a line; else 0. */
static size_t heredoc_end(const struct scanner *s, const char *at, struct span label)
{
    const char *name = at;
    while (name < s->end && (*name == ' ' || *name == '\t'))
        name++;
    struct span rest = span_of(name, s->end);
    if (!span_has_prefix(rest, label) || (rest.len > label.len && is_name(rest.at[label.len])))
        return 0;
    return (size_t)(name - at) + label.len;
}

static void step_heredoc(struct scanner *s)
{
    bool begins_line = s->at[-1] == '\n' || s->at[-1] == '\r';
    size_t end = begins_line ? heredoc_end(s, s->at, s->open.at[s->open.len - 1].label) : 0;
    if (end > 0)
        pop(s, end);
    else if (*s->at == '\\')
        escape(s);
    else if (interpolates(s))
        push(s, '{', *s->at == '{' ? 1 : 2, (struct span){NULL, 0});
    else if (*s->at == '\n' || *s->at == '\r')
        s->at++;
    else
        string_text(s, "\n\r\\{$");
}

static void nowdoc(struct scanner *s, const char *at, struct span label)
{
    s->inert = true;
    while (at < s->end) {
        size_t end = heredoc_end(s, at, label);
        if (end > 0) {
            significant(s, (size_t)(at - s->at) + end);
            return;
        }
        while (at < s->end && *at != '\n' && *at != '\r')
            at++;
        at += at < s->end;
    }
    fail(s, (size_t)(s->at - s->start), "a nowdoc is not closed");
}

/* At "<<<". False when no heredoc begins here. */
static bool begin_heredoc(struct scanner *s)
{
    const char *at = s->at + 3;
    while (at < s->end && (*at == ' ' || *at == '\t'))
        at++;
    char quote = at < s->end && (*at == '\'' || *at == '"') ? *at++ : '\0';
    const char *name = at;
    while (at < s->end && is_name(*at))
        at++;
    struct span label = span_of(name, at);
    if (label.len == 0 || (*name >= '0' && *name <= '9'))
        return false;
    if (quote != '\0' && (at == s->end || *at++ != quote))
        return false;
    if (at == s->end || (*at != '\n' && *at != '\r'))
        return false;
    at += at + 1 < s->end && at[0] == '\r' && at[1] == '\n' ? 2 : 1;
    if (quote == '\'')
        nowdoc(s, at, label);
    else
        push(s, 'H', (size_t)(at - s->at), label);
    return true;
}

/* ---- code ---- */

static void single_quoted(struct scanner *s)
{
    s->inert = true;
    const char *at = s->at + 1;
    while (at < s->end && *at != '\'')
        at += *at == '\\' && at + 1 < s->end ? 2 : 1;
    if (at >= s->end)
        fail(s, (size_t)(s->at - s->start), "a string is not closed");
    else
        significant(s, (size_t)(at - s->at) + 1);
}

static void line_comment(struct scanner *s)
{
    s->inert = true;
    while (s->at < s->end && *s->at != '\n' && *s->at != '\r' &&
           !(*s->at == '?' && look(s, 1) == '>'))
        s->at++;
}

static void block_comment(struct scanner *s)
{
    s->inert = true;
    const char *end = span_find(span_skip(rest_of(s), 2), SPAN("*/"));
    if (end == NULL)
        fail(s, (size_t)(s->at - s->start), "a comment is not closed");
    else
        s->at = end + 2;
}

/* A close tag ends a statement, but not a string's braces. */
static void close_tag(struct scanner *s)
{
    if (s->strings > 0) {
        fail(s, (size_t)(s->at - s->start), "a close tag stands within a string");
        return;
    }
    s->mode = HTML;
    significant(s, 2);
}

static void question(struct scanner *s)
{
    if (look(s, 1) == '>')
        close_tag(s);
    else
        significant(s, look(s, 1) == '?' ? 2 : look(s, 1) == '-' && look(s, 2) == '>' ? 3 : 1);
}

static void slash(struct scanner *s)
{
    if (look(s, 1) == '/')
        line_comment(s);
    else if (look(s, 1) == '*')
        block_comment(s);
    else
        significant(s, 1);
}

static void hash(struct scanner *s)
{
    if (look(s, 1) == '[')
        push(s, '[', 2, (struct span){NULL, 0});
    else
        line_comment(s);
}

static void less(struct scanner *s)
{
    if (look(s, 1) == '?')
        fail(s, (size_t)(s->at - s->start), "an open tag stands within PHP");
    else if (!span_has_prefix(rest_of(s), SPAN("<<<")) || !begin_heredoc(s))
        significant(s, 1);
}

/* Names, numbers and variables. Data may follow behind `__halt_compiler`. */
static void name(struct scanner *s)
{
    const char *at = s->at;
    do
        at++;
    while (at < s->end && is_name(*at));
    struct span word = span_of(s->at, at);
    if (word.len == 15 && strncasecmp(word.at, "__halt_compiler", 15) == 0) {
        if (s->open.len > 0)
            fail(s, (size_t)(s->at - s->start), "__halt_compiler stands within brackets");
        else
            s->mode = DATA;
    }
    if (!s->failed)
        significant(s, word.len);
}

static void blanks(struct scanner *s)
{
    s->divisible = true;
    while (s->at < s->end && is_blank(*s->at))
        s->at++;
}

static void open_any(struct scanner *s)
{
    push(s, *s->at, 1, (struct span){NULL, 0});
}

static void close_round(struct scanner *s)
{
    close_bracket(s, '(');
}

static void close_square(struct scanner *s)
{
    close_bracket(s, '[');
}

static void close_curly(struct scanner *s)
{
    close_bracket(s, '{');
}

static void step_code(struct scanner *s)
{
    static void (*const steps[256])(struct scanner *) = {
        [' '] = blanks,       ['\t'] = blanks,     ['\r'] = blanks,
        ['\n'] = blanks,      ['$'] = name,        ['\''] = single_quoted,
        ['"'] = open_any,     ['`'] = open_any,    ['('] = open_any,
        ['['] = open_any,     ['{'] = open_any,    [')'] = close_round,
        [']'] = close_square, ['}'] = close_curly, ['?'] = question,
        ['/'] = slash,        ['#'] = hash,        ['<'] = less};
    void (*step)(struct scanner *) = steps[(unsigned char)*s->at];
    if (step != NULL)
        step(s);
    else if (is_name(*s->at))
        name(s);
    else
        significant(s, 1);
}

/* One token; s->at < s->end. */
static void step(struct scanner *s)
{
    char inside = top(s);
    s->divisible = s->inert = false;
    if (s->mode == DATA) {
        s->at = s->end;
        s->divisible = true;
    } else if (s->mode == HTML) {
        step_html(s);
    } else if (inside == 'H') {
        step_heredoc(s);
    } else if (is_string(inside)) {
        step_quoted(s, inside);
    } else {
        step_code(s);
    }
}

static struct scanner scanner_of(struct span text, struct strbuf *why)
{
    return (struct scanner){
        .start = text.at, .at = text.at, .end = span_end(text), .last = ';', .why = why};
}

bool php_balance(struct span text, struct strbuf *why)
{
    struct scanner s = scanner_of(text, why);
    while (s.at < s.end)
        step(&s);
    if (!s.failed && s.open.len > 0) {
        const struct opened *last = &s.open.at[s.open.len - 1];
        fail(&s, last->at,
             is_string(last->kind) ? "a string is not closed" : "a bracket is not closed");
    }
    vec_clear(&s.open);
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
    size_t statements;
    char last;
};

static struct place place_of(const struct scanner *s)
{
    return (struct place){.mode = s->mode,
                          .depth = s->open.len,
                          .in_string = s->mode == CODE && is_string(top(s)),
                          .within = NOWHERE,
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

/* Takes the borders in the token [from, to) that was just read; before it the scanner was `here`.
 * The text's end is a token of no bytes. */
static void take_borders(struct places *places, struct place here, size_t from,
                         const struct scanner *s)
{
    size_t to = (size_t)(s->at - s->start);
    while (places->next < places->len) {
        size_t at = next_border(places);
        if (at >= to && !(at == to && from == to))
            return;
        here.within = at == from || s->divisible ? NOWHERE : from;
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
    struct scanner s = scanner_of(text, NULL);
    while (!s.failed && places->next < places->len) {
        size_t from = (size_t)(s.at - s.start);
        struct place here = place_of(&s);
        if (places->next % 2 == 1 && here.depth < places->least[places->next / 2])
            places->least[places->next / 2] = here.depth;
        if (s.at == s.end) {
            take_borders(places, here, from, &s);
            break;
        }
        step(&s);
        if (!s.failed)
            take_borders(places, here, from, &s);
    }
    vec_clear(&s.open);
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
