/* config_shell - the settings files that the old tools sourced: K=v, parsed and never run.
 *
 * What sh would take as a plain assignment is taken: K=v, export K=v, 'single' and "double"
 * quotes (which may span lines, and stand next to each other), \ before a character, #
 * comments, ; between settings. Everything that would need a shell ($NAME, $(..),
 * backticks, arrays, commands) is a problem with its line, and that setting is left out:
 * a value that was not expanded would be a wrong value.
 */
#include "spamgear/cli/config.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

struct shell {
    struct config *config;
    const char *file, *section;
    struct span rest;
    unsigned line;
};

static char peek(const struct shell *s)
{
    return s->rest.len > 0 ? s->rest.at[0] : '\0';
}

static char next(struct shell *s)
{
    char c = s->rest.at[0];
    s->line += c == '\n';
    s->rest = span_skip(s->rest, 1);
    return c;
}

static bool at_end_of_word(const struct shell *s)
{
    return s->rest.len == 0 || memchr(" \t\r\n;", s->rest.at[0], 5) != NULL;
}

static void skip_line(struct shell *s)
{
    while (s->rest.len > 0 && peek(s) != '\n')
        next(s);
}

static void skip_gaps(struct shell *s)
{
    while (s->rest.len > 0 && memchr(" \t\r\n;", s->rest.at[0], 5) != NULL)
        next(s);
}

/* What a character that sh treats specially would have meant; NULL for plain ones. */
static const char *needs_shell(char c, bool quoted)
{
    if (c == '$')
        return "$ is not expanded here; write the value itself, or '$' in single quotes";
    if (c == '`')
        return "commands in backticks are not run; write the value itself";
    if (c == '\0')
        return "holds a NUL byte";
    if (!quoted && memchr("()<>&|", c, 6) != NULL)
        return "is more than a plain setting; put the value in quotes";
    return NULL;
}

static const char *take_single(struct shell *s, struct strbuf *value)
{
    next(s);
    while (s->rest.len > 0 && peek(s) != '\'') {
        if (peek(s) == '\0')
            return needs_shell('\0', true);
        strbuf_add_char(value, next(s));
    }
    if (s->rest.len == 0)
        return "a quote is not closed";
    next(s);
    return NULL;
}

/* In double quotes a backslash stays, but for those before $ ` " \ and a line end. */
static const char *take_double(struct shell *s, struct strbuf *value)
{
    next(s);
    while (s->rest.len > 0 && peek(s) != '"') {
        const char *wrong = needs_shell(peek(s), true);
        if (wrong != NULL)
            return wrong;
        char c = next(s);
        if (c != '\\' || s->rest.len == 0)
            strbuf_add_char(value, c);
        else if (memchr("$`\"\\", peek(s), 4) != NULL)
            strbuf_add_char(value, next(s));
        else if (peek(s) == '\n')
            next(s);
        else
            strbuf_add_char(value, c);
    }
    if (s->rest.len == 0)
        return "a quote is not closed";
    next(s);
    return NULL;
}

static const char *take_plain(struct shell *s, struct strbuf *value)
{
    const char *wrong = needs_shell(peek(s), false);
    if (wrong != NULL)
        return wrong;
    char c = next(s);
    if (c == '\\' && s->rest.len > 0 && peek(s) == '\n')
        next(s);
    else if (c == '\\' && s->rest.len > 0 && peek(s) != '\0')
        strbuf_add_char(value, next(s));
    else
        strbuf_add_char(value, c);
    return NULL;
}

/* A shell word: pieces without blanks between them. NULL, or what is wrong. */
static const char *take_value(struct shell *s, struct strbuf *value)
{
    const char *wrong = NULL;
    while (wrong == NULL && !at_end_of_word(s)) {
        if (peek(s) == '\'')
            wrong = take_single(s, value);
        else if (peek(s) == '"')
            wrong = take_double(s, value);
        else
            wrong = take_plain(s, value);
    }
    return wrong;
}

static bool is_name_byte(char c, bool first)
{
    return c == '_' || isalpha((unsigned char)c) || (!first && isdigit((unsigned char)c));
}

static struct span take_name(struct shell *s)
{
    size_t len = 0;
    while (len < s->rest.len && is_name_byte(s->rest.at[len], len == 0))
        len++;
    struct span name = {s->rest.at, len};
    s->rest = span_skip(s->rest, len);
    return name;
}

/* `export` and the blanks behind it. */
static void skip_export(struct shell *s)
{
    struct span word = SPAN("export");
    if (!span_has_prefix(s->rest, word) || s->rest.len == word.len ||
        memchr(" \t", s->rest.at[word.len], 2) == NULL)
        return;
    s->rest = span_skip(s->rest, word.len);
    while (s->rest.len > 0 && memchr(" \t", s->rest.at[0], 2) != NULL)
        next(s);
}

/* What follows a value on its line: nothing, a comment, or ; and the next setting. `K=v command`
 * would set K for that command only. */
static bool ends_well(struct shell *s)
{
    while (s->rest.len > 0 && memchr(" \t\r", s->rest.at[0], 3) != NULL)
        next(s);
    return s->rest.len == 0 || memchr("\n;#", s->rest.at[0], 3) != NULL;
}

static void read_setting(struct shell *s)
{
    unsigned line = s->line;
    struct strbuf value = {0};
    struct texts words = {0};
    skip_export(s);
    struct span name = take_name(s);
    const char *wrong = "is not a setting NAME=value";
    if (name.len > 0 && peek(s) == '=') {
        next(s);
        wrong = take_value(s, &value);
        if (wrong == NULL && !ends_well(s))
            wrong = "something follows the value; put a value with blanks in quotes";
    }
    if (wrong == NULL) {
        texts_add(&words, strbuf_text(&value));
        config_add(s->config, s->file, line, s->section, name, &value, &words);
    } else {
        config_problem(s->config, s->file, line, "%.*s%s%s", (int)name.len, name.at,
                       name.len > 0 ? ": " : "", wrong);
        skip_line(s);
    }
    strbuf_clear(&value);
}

void config_read_shell_text(struct config *config, const char *name, struct span text,
                            const char *section)
{
    struct shell s = {.config = config, .section = section, .rest = text, .line = 1};
    s.file = config_add_file(config, name);
    for (;;) {
        skip_gaps(&s);
        if (s.rest.len == 0)
            return;
        if (peek(&s) == '#')
            skip_line(&s);
        else
            read_setting(&s);
    }
}

void config_read_shell(struct config *config, const char *path, const char *section)
{
    struct strbuf text = {0}, why = {0};
    struct stat st;
    if (config_open(path, &text, &st, &why) == 0)
        config_read_shell_text(config, path, strbuf_span(&text), section);
    else
        texts_add(&config->problems, strbuf_text(&why));
    strbuf_clear(&text);
    strbuf_clear(&why);
}
