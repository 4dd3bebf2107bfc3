/* pure_pattern - preg_*() with patterns that are known, through match/regex.
 *
 * Patterns and subjects are both strangers' here: steps of backtracking are limited for each place
 * where a match may begin, so texts are too, but for patterns that cannot look far. Modifier e is
 * the walk's business.
 */
#include "pure_parts.h"

#include "spamgear/match/regex.h"
#include <stdlib.h>

#define PATTERN_MOST 4096
#define SUBJECT_MOST 8192
#define LIMIT        2000 /* of backtracking, from each start */
#define GROUPS       16

struct pattern {
    struct regex *regex;
    struct span text; /* between the delimiters */
    size_t groups;
    bool ascii;   /* modifier u: on such texts it changes nothing */
    bool is_near; /* a match is found or not without looking far */
};

/* ---- reading a pattern ---- */

static char closing(char c)
{
    static const char pairs[] = "()[]{}<>";
    const char *at = strchr(pairs, c);
    return at != NULL && (at - pairs) % 2 == 0 ? at[1] : c;
}

/* What stands between the delimiters; behind: the modifiers. */
static bool delimited(struct span whole, struct span *text, struct span *behind)
{
    while (whole.len > 0 && pure_is_space(whole.at[0]))
        whole = span_skip(whole, 1);
    if (whole.len < 2 || pure_is_alpha(whole.at[0]) || pure_is_digit(whole.at[0]) ||
        whole.at[0] == '\\' || whole.at[0] == '\0')
        return false;
    char open = whole.at[0], close = closing(open);
    size_t depth = 1;
    for (size_t i = 1; i < whole.len; i++) {
        if (whole.at[i] == '\\')
            i++;
        else if (whole.at[i] == close && --depth == 0) {
            *text = (struct span){whole.at + 1, i - 1};
            *behind = span_skip(whole, i + 1);
            return true;
        } else if (whole.at[i] == open && open != close)
            depth++;
    }
    return false;
}

static bool modifiers(struct span behind, unsigned *options, bool *ascii)
{
    static const struct {
        char letter;
        unsigned option;
    } rows[] = {{'i', REGEX_NOCASE},
                {'m', REGEX_MULTILINE},
                {'s', REGEX_DOTALL},
                {'x', REGEX_EXTENDED},
                {'A', REGEX_ANCHORED},
                {'U', REGEX_UNGREEDY},
                {'D', REGEX_DOLLAR},
                {'S', 0},
                {'\n', 0},
                {' ', 0},
                {'u', 0}};
    for (; behind.len > 0; behind = span_skip(behind, 1)) {
        size_t i = 0;
        while (i < sizeof rows / sizeof *rows && rows[i].letter != behind.at[0])
            i++;
        if (i == sizeof rows / sizeof *rows)
            return false;
        *options |= rows[i].option;
        *ascii |= rows[i].letter == 'u';
    }
    return true;
}

/* One quantifier at most, and that at the end; nothing that may try one thing after another. */
static bool is_near(struct span text)
{
    bool class = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool last = i + 1 == text.len;
        if (c == '\\')
            i++;
        else if (c == '[')
            class = true;
        else if (c == ']')
            class = false;
        else if (!class && (strchr("(|{?", c) != NULL || (strchr("*+", c) != NULL && !last)))
            return false;
    }
    return true;
}

static bool has_high(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] >= 0x80)
            return true;
    return false;
}

static bool pattern_read(struct pure *p, const struct php_value *value, struct pattern *pattern)
{
    struct span whole, behind;
    unsigned options = 0;
    *pattern = (struct pattern){0};
    if (!pure_value_span(p, value, &whole) || whole.len > PATTERN_MOST ||
        !php_heap_step(p->heap, whole.len + 100) || !delimited(whole, &pattern->text, &behind) ||
        !modifiers(behind, &options, &pattern->ascii) ||
        (pattern->ascii && has_high(pattern->text)))
        return false;
    pattern->is_near = is_near(pattern->text);
    pattern->regex = regex_make(pattern->text, options, LIMIT);
    if (pattern->regex == NULL)
        return false;
    pattern->groups = regex_group_count(pattern->regex);
    if (pattern->groups <= GROUPS)
        return true;
    regex_drop(pattern->regex);
    return false;
}

static bool is_readable(const struct pattern *pattern, struct span text)
{
    return (text.len <= SUBJECT_MOST || pattern->is_near) && !(pattern->ascii && has_high(text));
}

/* An empty match may hide a longer one at the same place, which PHP looks for. */
static bool is_certain(const struct pattern *pattern, struct span match)
{
    return match.len > 0 || (memchr(pattern->text.at, '?', pattern->text.len) == NULL &&
                             memchr(pattern->text.at, '|', pattern->text.len) == NULL);
}

/* ---- replacing ---- */

/* "$1", "${12}", "\1" at the start of text: its length, 0 when it is none. */
static size_t reference(struct span text, size_t *group)
{
    bool brace = text.len > 2 && text.at[0] == '$' && text.at[1] == '{';
    size_t i = 1 + brace, first = i;
    *group = 0;
    for (; i < text.len && i < first + 2 && pure_is_digit(text.at[i]); i++)
        *group = *group * 10 + (size_t)(text.at[i] - '0');
    if (i == first || (brace && (i == text.len || text.at[i] != '}')))
        return 0;
    return i + brace;
}

static void add_replacement(struct pure_out *out, struct span by, const struct span *groups,
                            size_t count)
{
    while (by.len > 0 && !out->full) {
        bool mark = by.at[0] == '$' || by.at[0] == '\\';
        size_t group, len = mark ? reference(by, &group) : 0;
        bool quoted = by.len > 1 && by.at[0] == '\\' && (by.at[1] == '\\' || by.at[1] == '$');
        if (len > 0 && group < count && groups[group].at != NULL)
            pure_add(out, groups[group]);
        else if (len == 0)
            pure_add_char(out, by.at[quoted]);
        by = span_skip(by, len > 0 ? len : 1 + (size_t)quoted);
    }
}

static bool replace_matches(struct pure *p, const struct pattern *pattern, struct span by,
                            struct span text, int64_t most, struct span *result)
{
    struct pure_out out = {.call = p};
    struct span groups[GROUPS];
    size_t at = 0, from = 0;
    enum regex_result found = REGEX_NO_MATCH;
    bool ok = is_readable(pattern, text) && pure_pay(p, text.len * 4);
    while (ok && most-- != 0 && !out.full &&
           (found = regex_find(pattern->regex, text, from, groups, pattern->groups)) ==
               REGEX_MATCH) {
        ok = is_certain(pattern, groups[0]) && php_heap_step(p->heap, 4);
        pure_add(&out, span_of(text.at + at, groups[0].at));
        add_replacement(&out, by, groups, pattern->groups);
        at = (size_t)(groups[0].at - text.at) + groups[0].len;
        from = at + (groups[0].len == 0);
    }
    pure_add(&out, span_skip(text, at));
    if (!pure_done(&out, ok && found != REGEX_GAVE_UP))
        return false;
    *result = php_text_span(p->result->text);
    return true;
}

static bool replace_by(struct pure *p, const struct php_value *one, const struct php_value *by,
                       int64_t most, struct span *text)
{
    struct pattern pattern;
    struct span replacement = SPAN("");
    if ((by != NULL && !pure_value_span(p, by, &replacement)) || !pattern_read(p, one, &pattern))
        return false;
    bool ok = replace_matches(p, &pattern, replacement, *text, most, text);
    regex_drop(pattern.regex);
    return ok;
}

static bool do_preg_replace(struct pure *p)
{
    struct span text;
    struct php_array *patterns;
    const struct php_value *by = &p->args[1];
    int64_t most = -1;
    if (!pure_read(p, 2, &text) || (p->count > 3 && !pure_int(p, 3, &most)) || most < -1 ||
        most == 0)
        return false;
    bool many = by->type == PHP_ARRAY;
    if (p->args[0].type != PHP_ARRAY)
        return !many && replace_by(p, &p->args[0], by, most, &text) && pure_give_part(p, text);
    if (!pure_array(p, 0, &patterns) || (many && by->array->open))
        return false;
    for (uint32_t i = 0; i < patterns->len; i++) {
        const struct php_value *with = !many                ? by
                                       : i < by->array->len ? &by->array->at[i].value
                                                            : NULL;
        if (!replace_by(p, &patterns->at[i].value, with, most, &text))
            return false;
    }
    return pure_give_part(p, text);
}

/* ---- matching and splitting ---- */

/* What the matches are is given by reference: that is not told here. */
static bool do_preg_match(struct pure *p)
{
    struct pattern pattern;
    struct span text;
    if (p->count > 3 || !pure_read(p, 1, &text) || !pure_pay(p, text.len * 4) ||
        !pattern_read(p, &p->args[0], &pattern))
        return false;
    enum regex_result found =
        is_readable(&pattern, text) ? regex_match(pattern.regex, text, NULL, 0) : REGEX_GAVE_UP;
    regex_drop(pattern.regex);
    return found != REGEX_GAVE_UP && pure_give_int(p, found == REGEX_MATCH);
}

static bool push_piece(struct pure *p, struct php_array *array, struct span piece, bool no_empty)
{
    return (no_empty && piece.len == 0) || pure_push_part(p, array, piece);
}

static bool split_letters(struct pure *p, struct php_array *array, struct span text, bool no_empty)
{
    bool ok = push_piece(p, array, SPAN(""), no_empty);
    for (size_t i = 0; ok && i < text.len; i++)
        ok = pure_push_part(p, array, (struct span){text.at + i, 1});
    return ok && text.len > 0 && push_piece(p, array, SPAN(""), no_empty);
}

static bool split(struct pure *p, const struct pattern *pattern, struct php_array *array,
                  struct span text, bool no_empty)
{
    struct span groups[GROUPS];
    enum regex_result found = REGEX_GAVE_UP;
    size_t at = 0;
    if (pattern->text.len == 0)
        return split_letters(p, array, text, no_empty);
    if (!is_readable(pattern, text))
        return false;
    while ((found = regex_find(pattern->regex, text, at, groups, pattern->groups)) == REGEX_MATCH) {
        struct span piece = span_of(text.at + at, groups[0].at);
        if (groups[0].len == 0 || !push_piece(p, array, piece, no_empty))
            return false;
        at += piece.len + groups[0].len;
    }
    return found == REGEX_NO_MATCH && push_piece(p, array, span_skip(text, at), no_empty);
}

static bool do_preg_split(struct pure *p)
{
    struct pattern pattern;
    struct span text;
    int64_t most, flags;
    struct php_array *array = php_array_new(p->heap);
    if (array == NULL || !pure_read(p, 1, &text) || !pure_int_or(p, 2, -1, &most) || most < -1 ||
        most > 0 || !pure_int_or(p, 3, 0, &flags) || flags < 0 || flags > 1 ||
        !pure_pay(p, text.len * 4) || !pattern_read(p, &p->args[0], &pattern))
        return false;
    bool ok = split(p, &pattern, array, text, flags == 1);
    regex_drop(pattern.regex);
    return ok && pure_give_array(p, array);
}

const struct php_pure pure_patterns[] = {{"preg_match", 2, 5, PHP_PURE_NUMBER, do_preg_match},
                                         {"preg_replace", 3, 5, PHP_PURE_BUILDS, do_preg_replace},
                                         {"preg_split", 2, 4, PHP_PURE_BUILDS, do_preg_split},
                                         {0}};
