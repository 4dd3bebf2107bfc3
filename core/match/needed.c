/* needed - a walk over a pattern's text.
 *
 * Only what stands outside all groups is collected; a group, a class, a quantified character
 * ends the literal that was being collected. Options that are set at the top are followed as
 * far as they matter here: (?i) makes what follows case-blind, (?x) would make blanks mean
 * nothing and ends the walk.
 */
#include "spamgear/match/needed.h"

#include "spamgear/base/strbuf.h"

struct walk {
    const char *at;
    unsigned depth;
    struct strbuf run;
    bool nocase;
    bool lost; /* something that this reader does not understand, or a choice at the top */
    struct needed *needed;
};

static void walk_cut(struct walk *walk)
{
    if (walk->run.len > 0) {
        size_t len = walk->run.len;
        *vec_add(&walk->needed->list) =
            (struct needed_literal){strbuf_take(&walk->run), len, walk->nocase};
    }
    strbuf_reset(&walk->run);
}

static void walk_char(struct walk *walk, char c)
{
    if (walk->depth == 0)
        strbuf_add_char(&walk->run, c);
}

/* ---- escapes ---- */

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)((at - digits) % 16);
}

/* Two digits only: with fewer, or with braces, the byte is not told here. */
static void walk_hex(struct walk *walk)
{
    int high = hex_value(walk->at[1]);
    int low = high < 0 ? -1 : hex_value(walk->at[2]);
    walk->lost = low < 0;
    if (walk->lost)
        return;
    walk_char(walk, (char)(high * 16 + low));
    walk->at += 3;
}

/* One digit is a back reference; several may be one, or a byte in octal. */
static void walk_back_reference(struct walk *walk)
{
    walk_cut(walk);
    char next = walk->at[1];
    walk->lost = *walk->at == '0' || (next >= '0' && next <= '9');
    walk->at++;
}

/* The known classes and assertions take no argument, of all others nobody knows where they end.
 * \N may be followed by a name in braces. */
static void walk_letter(struct walk *walk)
{
    static const char names[] = "nrtfea", bytes[] = "\n\r\t\f\033\a";
    const char *byte = strchr(names, *walk->at);
    if (byte != NULL) {
        walk_char(walk, bytes[byte - names]);
    } else {
        walk_cut(walk);
        walk->lost = strchr("dDsSwWbBAZzGhHvVRKN", *walk->at) == NULL ||
                     (*walk->at == 'N' && walk->at[1] == '{');
    }
    walk->at++;
}

static void walk_escape(struct walk *walk)
{
    char c = *++walk->at;
    if (c == '\0')
        walk->lost = true;
    else if (c == 'x')
        walk_hex(walk);
    else if (c >= '0' && c <= '9')
        walk_back_reference(walk);
    else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        walk_letter(walk);
    else
        walk_char(walk, *walk->at++);
}

/* ---- classes ---- */

/* Past "[:alpha:]" when at is such a name in a class, else past one '['. */
static const char *skip_posix_class(const char *at)
{
    if (at[1] != ':')
        return at + 1;
    const char *end = at + 2;
    while (*end == '^' || (*end >= 'a' && *end <= 'z'))
        end++;
    return end[0] == ':' && end[1] == ']' ? end + 2 : at + 1;
}

static void walk_class(struct walk *walk)
{
    walk_cut(walk);
    const char *at = walk->at + 1;
    if (*at == '^')
        at++;
    if (*at == ']') /* a class cannot be empty: this one is a member */
        at++;
    while (*at != '\0' && *at != ']') {
        if (*at == '\\' && (at[1] == '\0' || at[1] == 'Q' || at[1] == 'E'))
            break;
        at = *at == '\\' ? at + 2 : *at == '[' ? skip_posix_class(at) : at + 1;
    }
    walk->lost = *at != ']';
    walk->at = at + !walk->lost;
}

/* ---- groups ---- */

/* "(?i-s)" sets options for what follows in this group, "(?i-s:" for the group it opens. */
static void walk_options(struct walk *walk, const char *at)
{
    bool on = true, nocase = walk->nocase;
    for (; *at != '\0' && strchr("imsnUJx^-", *at) != NULL; at++) {
        if (*at == 'x' && on)
            walk->lost = true;
        if (*at == '-')
            on = false;
        if (*at == '^')
            nocase = false;
        if (*at == 'i')
            nocase = on;
    }
    walk->lost |= *at != ')' && *at != ':';
    if (*at == ':')
        walk->depth++;
    else if (walk->depth == 0)
        walk->nocase = nocase;
    walk->at = at + !walk->lost;
}

static void walk_open(struct walk *walk)
{
    walk_cut(walk);
    const char *at = walk->at + 1;
    if (*at == '?' && at[1] != '\0' && strchr("imsnUJx^-", at[1]) != NULL) {
        walk_options(walk, at + 1);
        return;
    }
    if (*at == '*' || (*at == '?' && (at[1] == '\0' || strchr(":<'=!>|P", at[1]) == NULL)) ||
        (*at == '?' && at[1] == 'P' && at[2] != '<'))
        walk->lost = true;
    walk->depth++;
    walk->at = *at == '?' ? at + 2 : at;
}

static void walk_close(struct walk *walk)
{
    walk_cut(walk);
    walk->lost = walk->depth == 0;
    walk->depth -= !walk->lost;
    walk->at++;
}

/* ---- what else has a meaning ---- */

/* The character before a quantifier may not be there at all, or many times. */
static void walk_quantifier(struct walk *walk)
{
    if (walk->run.len > 0)
        walk->run.data[--walk->run.len] = '\0';
    walk_cut(walk);
    if (*walk->at == '{') {
        size_t digits = strspn(walk->at + 1, "0123456789, ");
        if (walk->at[1 + digits] == '}')
            walk->at += 1 + digits;
    }
    walk->at++;
}

static void walk_dot(struct walk *walk)
{
    walk_cut(walk);
    walk->at++;
}

static void walk_choice(struct walk *walk)
{
    walk->lost = walk->depth == 0;
    walk->at++;
}

static void (*walk_step(char c))(struct walk *)
{
    static const struct {
        char c;
        void (*step)(struct walk *);
    } steps[] = {{'\\', walk_escape},    {'[', walk_class},      {'(', walk_open},
                 {')', walk_close},      {'*', walk_quantifier}, {'+', walk_quantifier},
                 {'?', walk_quantifier}, {'{', walk_quantifier}, {'.', walk_dot},
                 {'^', walk_dot},        {'$', walk_dot},        {'|', walk_choice}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].c == c)
            return steps[i].step;
    return NULL;
}

/* ---- the interface ---- */

void needed_read(struct needed *needed, const char *pattern)
{
    struct walk walk = {.at = pattern, .needed = needed};
    while (*walk.at != '\0' && !walk.lost) {
        void (*step)(struct walk *) = walk_step(*walk.at);
        if (step != NULL)
            step(&walk);
        else
            walk_char(&walk, *walk.at++);
    }
    walk_cut(&walk);
    strbuf_clear(&walk.run);
    if (walk.lost)
        needed_clear(needed);
}

void needed_clear(struct needed *needed)
{
    for (size_t i = 0; i < needed->list.len; i++)
        free(needed->list.at[i].text);
    vec_clear(&needed->list);
}

struct span needed_longest(const struct needed *needed)
{
    struct span best = {NULL, 0};
    for (size_t i = 0; i < needed->list.len; i++) {
        const struct needed_literal *literal = &needed->list.at[i];
        if (!literal->nocase && literal->len > best.len)
            best = (struct span){literal->text, literal->len};
    }
    return best;
}
