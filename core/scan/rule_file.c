/* rule_file - *.rules, the text format of docs/rules.md.
 *
 * A rule is read into a draft, line by line. When the next one begins, or at the end, the draft
 * becomes a rule if nothing was wrong with it; each thing that is wrong is a problem with its
 * line, and the rule is left out.
 */
#include "spamgear/scan/ordinary.h"
#include "spamgear/scan/pattern.h"
#include "spamgear/scan/signatures.h"
#include "spamgear/scan/sniff.h"
#include <stdio.h>

#define BLANKS       " \t\r"
#define ID_MAX       80
#define LITERALS_MAX 64
#define ANY_MIN      4     /* bytes of a literal of which any will do */
#define PATTERN_MAX  65536 /* bytes, with what is defined put in */
#define NEEDED_MIN   3     /* bytes of a literal: shorter ones stand everywhere */

enum key { DESCRIPTION, FAMILY, SEVERITY, IN, PATTERN, CLEANS, LITERAL, NOCASE, ANY, KEYS };

struct draft {
    bool begun, wrong;
    unsigned line;                /* where it begins */
    unsigned lines[KEYS];         /* where a key stands; 0 = nowhere */
    struct span id, values[KEYS]; /* borrowed from the file's text */
    uint32_t kinds;
    VEC(struct pattern_literal) literals;
    struct texts any;
    struct strbuf pattern; /* values[PATTERN], with what is defined put in */
};

/* `define NAME TEXT`: %{NAME} in a pattern behind it stands for TEXT. */
struct define {
    struct span name;
    struct strbuf text;
};

struct parser {
    struct rules *rules;
    const char *file;
    struct texts *problems;
    unsigned line;
    struct draft draft;
    VEC(struct define) defines;
};

static void problem(struct parser *parser, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A problem of the draft: it will not become a rule. */
static void problem(struct parser *parser, unsigned line, const char *format, ...)
{
    struct strbuf text = {0};
    va_list args;
    va_start(args, format);
    strbuf_vformat(&text, format, args);
    va_end(args);
    texts_format(parser->problems, "%s:%u: %s", parser->file, line, strbuf_text(&text));
    strbuf_clear(&text);
    parser->draft.wrong = true;
}

static void draft_clear(struct draft *draft)
{
    for (size_t i = 0; i < draft->literals.len; i++)
        free(draft->literals.at[i].text);
    vec_clear(&draft->literals);
    texts_clear(&draft->any);
    strbuf_clear(&draft->pattern);
    *draft = (struct draft){0};
}

/* ---- words and literals ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The first word of the line, which is trimmed; the rest is trimmed too. */
static struct span take_word(struct span *line)
{
    size_t len = 0;
    while (len < line->len && !is_blank(line->at[len]))
        len++;
    struct span word = {line->at, len};
    *line = span_trim(span_skip(*line, len), BLANKS);
    return word;
}

static int hex_digit(char c)
{
    static const char all[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(all, c);
    return at == NULL ? -1 : (int)((at - all) % 16);
}

/* The byte of an escape whose backslash was taken. False when it is none. */
static bool take_escape(struct span *text, char *byte)
{
    static const char names[] = "\\\"nrt", bytes[] = "\\\"\n\r\t";
    char c = text->len > 0 ? text->at[0] : '\0';
    const char *name = c == '\0' ? NULL : strchr(names, c);
    if (name != NULL) {
        *byte = bytes[name - names];
        *text = span_skip(*text, 1);
        return true;
    }
    int high = c == 'x' && text->len > 2 ? hex_digit(text->at[1]) : -1;
    int low = high < 0 ? -1 : hex_digit(text->at[2]);
    if (low < 0)
        return false;
    *byte = (char)(high * 16 + low);
    *text = span_skip(*text, 3);
    return true;
}

/* "text" with its escapes: what is wrong with it, or NULL. */
static const char *read_literal(struct span text, struct strbuf *out)
{
    if (!span_has_prefix(text, SPAN("\"")))
        return "stands in no quotes";
    text = span_skip(text, 1);
    while (text.len > 0 && text.at[0] != '"') {
        char byte = text.at[0];
        text = span_skip(text, 1);
        if (byte == '\\' && !take_escape(&text, &byte))
            return "has an escape other than \\\\ \\\" \\n \\r \\t \\xNN";
        strbuf_add_char(out, byte);
    }
    if (text.len == 0)
        return "has no closing quote";
    return text.len > 1    ? "has something behind its closing quote"
           : out->len == 0 ? "is empty"
                           : NULL;
}

/* ---- what is defined ---- */

static bool is_name(struct span name)
{
    bool ok = name.len > 0 && name.len <= ID_MAX;
    for (size_t i = 0; i < name.len; i++)
        ok &= (name.at[i] >= 'a' && name.at[i] <= 'z') || name.at[i] == '-';
    return ok;
}

static const struct define *find_define(const struct parser *parser, struct span name)
{
    for (size_t i = 0; i < parser->defines.len; i++)
        if (span_is(parser->defines.at[i].name, name))
            return &parser->defines.at[i];
    return NULL;
}

/* Takes a %{NAME} off text, into which its text is put. False when none begins there. */
static bool take_define(struct parser *parser, struct span *text, struct strbuf *out)
{
    const char *end = memchr(text->at, '}', text->len);
    if (!span_has_prefix(*text, SPAN("%{")) || end == NULL)
        return false;
    struct span name = span_of(text->at + 2, end);
    if (!is_name(name))
        return false;
    const struct define *define = find_define(parser, name);
    if (define != NULL)
        strbuf_add_span(out, strbuf_span(&define->text));
    else
        problem(parser, parser->line, "%.*s is not defined before this line", (int)name.len,
                name.at);
    *text = span_skip(*text, name.len + 3);
    return true;
}

static void put_defines_in(struct parser *parser, struct span text, struct strbuf *out)
{
    while (text.len > 0 && out->len <= PATTERN_MAX) {
        if (text.at[0] == '%' && take_define(parser, &text, out))
            continue;
        strbuf_add_char(out, text.at[0]);
        text = span_skip(text, 1);
    }
    if (out->len > PATTERN_MAX)
        problem(parser, parser->line, "it is longer than %d bytes", PATTERN_MAX);
}

/* `define` belongs to no rule: a problem with it leaves no rule out, but those that use it. */
static void add_define(struct parser *parser, struct span line)
{
    struct span name = take_word(&line);
    if (!is_name(name))
        problem(parser, parser->line, "a name that is defined has letters a-z and hyphens");
    else if (find_define(parser, name) != NULL)
        problem(parser, parser->line, "%.*s is defined already", (int)name.len, name.at);
    else if (line.len == 0)
        problem(parser, parser->line, "%.*s has no text", (int)name.len, name.at);
    else {
        struct strbuf text = {0};
        put_defines_in(parser, line, &text);
        *vec_add(&parser->defines) = (struct define){name, text};
    }
    parser->draft.wrong = false;
}

/* ---- keys ---- */

static void set_text(struct parser *parser, struct span value)
{
    if (memchr(value.at, '\0', value.len) != NULL)
        problem(parser, parser->line, "the text holds a NUL byte");
}

static void set_severity(struct parser *parser, struct span value)
{
    if (!span_is(value, SPAN("malicious")) && !span_is(value, SPAN("suspicious")))
        problem(parser, parser->line, "severity is malicious or suspicious");
}

static void set_in(struct parser *parser, struct span value)
{
    while (value.len > 0) {
        struct span word = take_word(&value);
        uint32_t kind = sniff_kind_of(word);
        if (kind == 0)
            problem(parser, parser->line, "%.*s is no kind of content", (int)word.len, word.at);
        parser->draft.kinds |= kind;
    }
}

static void set_cleans(struct parser *parser, struct span value)
{
    if (!span_is(value, SPAN("yes")) && !span_is(value, SPAN("no")))
        problem(parser, parser->line, "cleans is yes or no");
}

/* Compiled later, with the rule's literals. */
static void set_pattern(struct parser *parser, struct span value)
{
    put_defines_in(parser, value, &parser->draft.pattern);
}

static void add_literal(struct parser *parser, struct span value, bool nocase)
{
    struct strbuf text = {0};
    const char *wrong = read_literal(value, &text);
    if (wrong != NULL)
        problem(parser, parser->line, "the literal %s", wrong);
    else if (text.len < NEEDED_MIN)
        problem(parser, parser->line, "the literal is shorter than %d bytes", NEEDED_MIN);
    else if (parser->draft.literals.len >= LITERALS_MAX)
        problem(parser, parser->line, "a rule has at most %d literals", LITERALS_MAX);
    else {
        size_t len = text.len;
        *vec_add(&parser->draft.literals) =
            (struct pattern_literal){strbuf_take(&text), len, nocase};
    }
    strbuf_clear(&text);
}

static void set_literal(struct parser *parser, struct span value)
{
    add_literal(parser, value, false);
}

static void set_nocase(struct parser *parser, struct span value)
{
    add_literal(parser, value, true);
}

/* The first quoted text of the line, its quotes included; an end that is missing is told later. */
static struct span take_quoted(struct span *line)
{
    size_t len = 1;
    while (len < line->len && line->at[len] != '"')
        len += line->at[len] == '\\' ? 2 : 1;
    len = len < line->len ? len + 1 : line->len;
    struct span quoted = {line->at, len};
    *line = span_trim(span_skip(*line, len), BLANKS);
    return quoted;
}

static void add_any(struct parser *parser, struct span quoted)
{
    struct strbuf text = {0};
    const char *wrong = read_literal(quoted, &text);
    if (wrong != NULL)
        problem(parser, parser->line, "the literal %s", wrong);
    else if (text.len < ANY_MIN || memchr(text.data, '\0', text.len) != NULL)
        problem(parser, parser->line, "the literal is shorter than %d bytes, or holds a NUL byte",
                ANY_MIN);
    else if (parser->draft.any.len >= LITERAL_MAX)
        problem(parser, parser->line, "any has at most %d literals", LITERAL_MAX);
    else
        texts_add(&parser->draft.any, strbuf_text(&text));
    strbuf_clear(&text);
}

static void set_any(struct parser *parser, struct span value)
{
    struct strbuf line = {0};
    put_defines_in(parser, value, &line);
    for (struct span rest = strbuf_span(&line); rest.len > 0;)
        add_any(parser, take_quoted(&rest));
    strbuf_clear(&line);
}

static const struct {
    const char *name;
    void (*set)(struct parser *parser, struct span value);
    bool many;
} keys[KEYS] = {[DESCRIPTION] = {"description", set_text, false},
                [FAMILY] = {"family", set_text, false},
                [SEVERITY] = {"severity", set_severity, false},
                [IN] = {"in", set_in, false},
                [PATTERN] = {"pattern", set_pattern, false},
                [CLEANS] = {"cleans", set_cleans, false},
                [LITERAL] = {"literal", set_literal, true},
                [NOCASE] = {"nocase", set_nocase, true},
                [ANY] = {"any", set_any, false}};

static void set_key(struct parser *parser, size_t key, struct span value)
{
    struct draft *draft = &parser->draft;
    if (value.len == 0)
        problem(parser, parser->line, "%s has no value", keys[key].name);
    else if (!keys[key].many && draft->lines[key] != 0)
        problem(parser, parser->line, "%s stands already in line %u", keys[key].name,
                draft->lines[key]);
    else {
        keys[key].set(parser, value);
        draft->values[key] = key == PATTERN ? strbuf_span(&draft->pattern) : value;
    }
    draft->lines[key] = parser->line;
}

/* ---- from a draft to a rule ---- */

static bool has(const struct draft *draft, enum key key)
{
    return draft->lines[key] != 0;
}

static bool is_id(struct span id)
{
    bool ok = id.len > 0 && id.len <= ID_MAX;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.at[i];
        ok &= (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    }
    return ok;
}

static void check_id(struct parser *parser, const char *id)
{
    if (!is_id(parser->draft.id)) {
        problem(parser, parser->draft.line,
                "a rule's id has 1 to %d letters a-z, digits, dots and hyphens", ID_MAX);
        return;
    }
    const struct rule *other = rules_find(parser->rules, id);
    if (other != NULL)
        problem(parser, parser->draft.line, "rule %s stands already in %s:%u", id, other->file,
                other->line);
}

/* Without a pattern one literal at least must be able to decide; the others then only narrow. */
static void check_literals(struct parser *parser)
{
    const struct draft *draft = &parser->draft;
    const char *weak = "is missing";
    for (size_t i = 0; i < draft->literals.len && weak != NULL; i++)
        weak = rules_weak_literal(
            (struct span){draft->literals.at[i].text, draft->literals.at[i].len});
    if (weak != NULL && !has(draft, LITERAL) && !has(draft, NOCASE))
        problem(parser, draft->line, "a rule needs a literal, or a pattern with one");
    else if (weak != NULL)
        problem(parser, draft->line, "no literal can decide without a pattern: the last %s", weak);
}

/* NULL: it is refused, or not judged now. */
static const struct regex *check_pattern(struct parser *parser)
{
    const struct draft *draft = &parser->draft;
    if (draft->values[PATTERN].len == 0)
        return NULL; /* it has no value: that was told */
    if (parser->rules->trusting)
        return NULL;
    struct strbuf why = {0};
    size_t longest = pattern_needs(draft->values[PATTERN]);
    for (size_t i = 0; i < draft->literals.len; i++)
        if (draft->literals.at[i].len > longest)
            longest = draft->literals.at[i].len;
    const struct regex *regex =
        pattern_compile(draft->values[PATTERN], draft->literals.at, draft->literals.len, &why);
    if (regex == NULL)
        problem(parser, draft->lines[PATTERN], "%s", strbuf_text(&why));
    else if (longest < NEEDED_MIN)
        problem(parser, draft->lines[PATTERN],
                "the pattern would be tried on every file: give a literal of %d bytes or more",
                NEEDED_MIN);
    strbuf_clear(&why);
    return regex;
}

static bool draft_cleans(const struct draft *draft)
{
    return has(draft, CLEANS) && span_is(draft->values[CLEANS], SPAN("yes"));
}

static bool draft_suspicious(const struct draft *draft)
{
    return has(draft, SEVERITY) && span_is(draft->values[SEVERITY], SPAN("suspicious"));
}

static void check_cleans(struct parser *parser)
{
    const struct draft *draft = &parser->draft;
    unsigned line = draft->lines[CLEANS];
    if (!draft_cleans(draft))
        return;
    if (!has(draft, PATTERN))
        problem(parser, line, "only what a pattern matches can be cut out: cleans needs one");
    else if (draft_suspicious(draft))
        problem(parser, line, "what is suspicious only is never acted upon: cleans is no");
    else if (pattern_is_open(draft->values[PATTERN]))
        problem(parser, line,
                "the pattern begins or ends with a run of anything, so it would cut out code that "
                "it does not name");
}

static void check_given(struct parser *parser)
{
    static const enum key needed[] = {DESCRIPTION, SEVERITY};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!has(&parser->draft, needed[i]))
            problem(parser, parser->draft.line, "the rule has no %s", keys[needed[i]].name);
}

static char *value_text(const struct draft *draft, enum key key)
{
    struct span value = draft->values[key];
    return has(draft, key) ? mem_text_of(value.at, value.len) : NULL;
}

static void add_rule(struct parser *parser, const char *id, const struct regex *regex)
{
    const struct draft *draft = &parser->draft;
    struct strbuf label = {0};
    strbuf_format(&label, "[SPAMGEAR] [%s]", id);
    struct rule *rule =
        rules_add(parser->rules, RULE_OWN, id, strbuf_text(&label), parser->file, draft->line);
    rule->description = value_text(draft, DESCRIPTION);
    rule->family = value_text(draft, FAMILY);
    rule->severity = draft_suspicious(draft) ? RULE_SUSPICIOUS : RULE_MALICIOUS;
    rule->non_cleaned = rule->severity == RULE_SUSPICIOUS;
    rule->cleans = draft_cleans(draft);
    rule->kinds = draft->kinds;
    for (size_t i = 0; i < draft->literals.len; i++) {
        const struct pattern_literal *literal = &draft->literals.at[i];
        rules_need(parser->rules, (struct span){literal->text, literal->len}, literal->nocase);
    }
    if (has(draft, PATTERN))
        pattern_apply(parser->rules, regex, draft->values[PATTERN]);
    if (draft->any.len > 0 && rules_any(parser->rules, &draft->any) != 0)
        problem(parser, draft->lines[ANY], "there are more than %d different lists", RULES_ANYS);
    strbuf_clear(&label);
}

static void finish(struct parser *parser)
{
    struct draft *draft = &parser->draft;
    if (draft->begun) {
        char *id = mem_text_of(draft->id.at, draft->id.len);
        const struct regex *regex = NULL;
        check_id(parser, id);
        check_given(parser);
        if (has(draft, PATTERN))
            regex = check_pattern(parser);
        else if (!draft->wrong)
            check_literals(parser);
        check_cleans(parser);
        if (!draft->wrong)
            add_rule(parser, id, regex);
        free(id);
    }
    draft_clear(draft);
}

/* ---- lines ---- */

static void read_line(struct parser *parser, struct span line)
{
    line = span_trim(line, BLANKS);
    if (line.len == 0 || line.at[0] == '#')
        return;
    struct span word = take_word(&line);
    if (span_is(word, SPAN("rule"))) {
        finish(parser);
        parser->draft.begun = true;
        parser->draft.id = line;
        parser->draft.line = parser->line;
        return;
    }
    if (span_is(word, SPAN("define"))) {
        finish(parser);
        add_define(parser, line);
        return;
    }
    if (!parser->draft.begun) {
        problem(parser, parser->line, "this stands before the first rule");
        return;
    }
    for (size_t i = 0; i < KEYS; i++)
        if (span_is(word, span_text(keys[i].name))) {
            set_key(parser, i, line);
            return;
        }
    problem(parser, parser->line, "%.*s is no key of a rule", (int)word.len, word.at);
}

void rule_file_load(struct rules *rules, struct span text, const char *file, struct texts *problems)
{
    struct parser parser = {.rules = rules, .file = file, .problems = problems};
    struct span line;
    while (span_take_line(&text, &line)) {
        parser.line++;
        read_line(&parser, line);
    }
    finish(&parser);
    for (size_t i = 0; i < parser.defines.len; i++)
        strbuf_clear(&parser.defines.at[i].text);
    vec_clear(&parser.defines);
}
