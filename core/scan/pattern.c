/* pattern - which patterns are refused, and whether a match has an end of its own.
 *
 * The second is read off the pattern's text in one walk over its atoms. It errs to one side: a
 * pattern that is called open although it is not costs a file its cleaning (it is quarantined
 * instead), the other mistake would cost a tenant his code.
 */
#include "spamgear/scan/pattern.h"

#include "spamgear/match/needed.h"
#include "spamgear/scan/ordinary.h"

/* Shorter literals stand everywhere and make the search slow; those of fewer than LITERAL_GOOD
 * bytes slow it down as well, so they are only taken where the rule has no better one. */
#define LITERAL_USEFUL 3
#define LITERAL_GOOD   5

/* ---- refusing and applying ---- */

static struct needed needed_of(struct span text)
{
    struct needed needed = {0};
    char *string = mem_text_of(text.at, text.len);
    needed_read(&needed, string);
    free(string);
    return needed;
}

static size_t longest_of(const struct needed *needed)
{
    size_t most = 0;
    for (size_t i = 0; i < needed->list.len; i++)
        if (needed->list.at[i].len > most)
            most = needed->list.at[i].len;
    return most;
}

size_t pattern_needs(struct span text)
{
    struct needed needed = needed_of(text);
    size_t most = longest_of(&needed);
    needed_clear(&needed);
    return most;
}

/* Could the rule hit this ordinary text, as far as its literals go? Hardly any could; so hardly
 * any pattern is tried before it is needed, which would cost its machine code. */
static bool all_stand(size_t text, const struct needed *needed,
                      const struct pattern_literal *literals, size_t len)
{
    for (size_t i = 0; i < needed->list.len; i++) {
        const struct needed_literal *literal = &needed->list.at[i];
        if (!ordinary_text_has(text, (struct span){literal->text, literal->len}))
            return false;
    }
    for (size_t i = 0; i < len; i++)
        if (!ordinary_text_has(text, (struct span){literals[i].text, literals[i].len}))
            return false;
    return true;
}

static int refuse_general(const struct regex *regex, struct span text,
                          const struct pattern_literal *literals, size_t len, struct strbuf *why)
{
    size_t count;
    const struct span *ordinary = ordinary_texts(&count);
    struct needed needed = needed_of(text);
    enum regex_result result = REGEX_NO_MATCH;
    bool empty = needed.list.len == 0 && regex_match(regex, SPAN(""), NULL, 0) == REGEX_MATCH;
    for (size_t i = 0; i < count && !empty && result == REGEX_NO_MATCH; i++)
        if (all_stand(i, &needed, literals, len))
            result = regex_match(regex, ordinary[i], NULL, 0);
    needed_clear(&needed);
    if (empty)
        return strbuf_why(why, "the pattern is too general: it matches an empty text");
    if (result == REGEX_MATCH)
        return strbuf_why(why, "the pattern is too general: it matches ordinary PHP or HTML");
    if (result == REGEX_GAVE_UP)
        return strbuf_why(why, "the pattern takes too long on ordinary PHP or HTML");
    return 0;
}

const struct regex *pattern_compile(struct span text, const struct pattern_literal *literals,
                                    size_t len, struct strbuf *why)
{
    if (text.len > 0 && memchr(text.at, '\0', text.len) != NULL) {
        strbuf_why(why, "the pattern holds a NUL byte");
        return NULL;
    }
    char *string = mem_text_of(text.at, text.len);
    struct strbuf reason = {0};
    const struct regex *regex = regex_get_lazy(string, &reason);
    if (regex == NULL)
        strbuf_why(why, "the pattern does not compile: %s", strbuf_text(&reason));
    else if (refuse_general(regex, text, literals, len, why) != 0)
        regex = NULL;
    strbuf_clear(&reason);
    free(string);
    return regex;
}

void pattern_apply(struct rules *rules, const struct regex *regex, struct span text)
{
    struct needed needed = needed_of(text);
    char *string = mem_text_of(text.at, text.len);
    size_t least = longest_of(&needed) >= LITERAL_GOOD ? LITERAL_GOOD : LITERAL_USEFUL;
    rules_pattern(rules, regex, string);
    for (size_t i = 0; i < needed.list.len; i++) {
        const struct needed_literal *literal = &needed.list.at[i];
        if (literal->len >= least)
            rules_need(rules, (struct span){literal->text, literal->len}, literal->nocase);
    }
    needed_clear(&needed);
    free(string);
}

const struct regex *pattern_of(const struct rule *rule, struct strbuf *why)
{
    return rule->pattern != NULL ? rule->pattern : regex_get_lazy(rule->pattern_text, why);
}

/* ---- is it open? ---- */

struct ends {
    struct span rest;
    unsigned atoms; /* of this branch, that must be there */
    bool wide;      /* the last atom is one that fits nearly anything */
    bool group;     /* the last atom is a group */
    bool open;      /* up to here, a match ends with a run of anything */
    bool before;    /* was it so before the last atom? */
    bool ever;      /* was it so anywhere? */
    bool found;     /* it is open, or cannot be told */
};

static char look(const struct ends *ends, size_t at)
{
    return at < ends->rest.len ? ends->rest.at[at] : '\0';
}

static void step(struct ends *ends, size_t len)
{
    ends->rest = span_skip(ends->rest, len < ends->rest.len ? len : ends->rest.len);
}

static void atom(struct ends *ends, size_t len, bool wide)
{
    step(ends, len);
    ends->before = ends->open;
    ends->open = ends->group = false;
    ends->wide = wide;
    ends->atoms++;
}

/* A quantifier's bounds: does it allow none, has it no end? Returns its length, 0 when there is
 * none. */
static size_t quantifier(const struct ends *ends, bool *none, bool *endless)
{
    char c = look(ends, 0);
    *none = c == '*' || c == '?';
    *endless = c == '*' || c == '+';
    if (*none || *endless)
        return 1;
    size_t len = 1;
    while (len < ends->rest.len && memchr("0123456789, ", ends->rest.at[len], 12) != NULL)
        len++;
    if (c != '{' || len == 1 || look(ends, len) != '}')
        return 0;
    *none = strchr("0, ", look(ends, 1)) != NULL;
    *endless = look(ends, len - 1) == ',' || look(ends, len - 1) == ' ';
    return len + 1;
}

static void apply_quantifier(struct ends *ends)
{
    bool none, endless;
    size_t len = quantifier(ends, &none, &endless);
    if (len == 0)
        return;
    step(ends, len);
    if (look(ends, 0) == '?' || look(ends, 0) == '+')
        step(ends, 1);
    bool run = endless && (ends->wide || ends->group);
    if (run && ends->atoms <= 1)
        ends->found = true;
    ends->open |= run || (none && (ends->group ? ends->ever : ends->before));
    ends->ever |= ends->open;
    if (none && ends->atoms > 0)
        ends->atoms--;
}

static void take_class(struct ends *ends)
{
    size_t at = 1;
    at += look(ends, at) == '^';
    at += look(ends, at) == ']';
    for (; at < ends->rest.len && look(ends, at) != ']'; at++) {
        if (look(ends, at) == '\\')
            at++;
        else if (look(ends, at) == '[' && look(ends, at + 1) == ':') {
            size_t end = at + 2;
            while (look(ends, end) == '^' || (look(ends, end) >= 'a' && look(ends, end) <= 'z'))
                end++;
            if (look(ends, end) == ':' && look(ends, end + 1) == ']')
                at = end + 1;
        }
    }
    atom(ends, at + 1, true);
}

/* Assertions are no atoms. What quotes, names or numbers is not followed. */
static void take_escape(struct ends *ends)
{
    char c = look(ends, 1);
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == '\0' || (letter && strchr("QEgkpPoucX", c) != NULL))
        ends->found = true;
    else if (letter && strchr("bBAzZGK", c) != NULL)
        step(ends, 2);
    else
        atom(ends, c == 'x' && look(ends, 2) != '{' ? 4 : 2,
             letter && strchr("DSWNHVC", c) != NULL);
}

/* Groups with options, names and positive assertions are walked like plain ones. */
static void take_open(struct ends *ends)
{
    size_t len = 1;
    if (look(ends, 1) == '*')
        ends->found = true;
    if (look(ends, 1) == '?') {
        char c = look(ends, 2), next = look(ends, 3);
        bool name =
            (c == 'P' && next == '<') || (c == '<' && next != '=' && next != '!') || c == '\'';
        len = 3;
        while (name && len < ends->rest.len && strchr(">'", look(ends, len)) == NULL)
            len++;
        bool options = c != '\0' && strchr("imsnUJ^-", c) != NULL;
        while (options && look(ends, len) != '\0' && strchr("imsnUJ^-", look(ends, len)) != NULL)
            len++;
        len += name || options || (c == '<' && !name);
        ends->found |= options && look(ends, len - 1) != ')' && look(ends, len - 1) != ':';
        ends->found |= !name && !options && (c == '\0' || strchr(":=>|<", c) == NULL);
        ends->found |= c == '<' && next == '!';
    }
    step(ends, len);
}

static void take_close(struct ends *ends)
{
    step(ends, 1);
    ends->group = true;
}

static void take_choice(struct ends *ends)
{
    step(ends, 1);
    ends->found |= ends->open;
    ends->open = ends->before = ends->ever;
    ends->atoms = 0;
}

static void take(struct ends *ends)
{
    switch (look(ends, 0)) {
    case '[': take_class(ends); break;
    case '\\': take_escape(ends); break;
    case '(': take_open(ends); break;
    case ')': take_close(ends); break;
    case '|': take_choice(ends); break;
    case '^':
    case '$': step(ends, 1); break;
    default: atom(ends, 1, look(ends, 0) == '.'); break;
    }
}

bool pattern_is_open(struct span text)
{
    struct ends ends = {.rest = text};
    while (ends.rest.len > 0 && !ends.found) {
        bool opens = look(&ends, 0) == '(';
        take(&ends);
        if (!opens)
            apply_quantifier(&ends);
    }
    return ends.found || ends.open;
}
