/* config_ini - the INI files of postlog-sa, into the same entries.
 *
 * Its dialect is that of gopkg.in/ini.v1, which is not that of spamgear.conf: `=` or `:` parts key
 * and value; # and ; begin a comment anywhere in a value; a line that ends in a backslash goes on
 * in the next one, in which nothing is a comment; backquotes and """ hold a value as it is, over
 * several lines. Inside a value a backquote is a byte like any other: MySQL's names stand in them.
 * A value in single or double quotes may hold # and ;, which ini.v1 would cut.
 */
#include "spamgear/cli/config.h"

#include <stdbool.h>
#include <sys/stat.h>

#define BLANKS " \t\n\v\f\r"

struct ini {
    struct config *config;
    const char *file;
    char *section;
    struct span rest;
    unsigned line; /* of what was taken last */
};

static bool take_line(struct ini *ini, struct span *line)
{
    if (!span_take_line(&ini->rest, line))
        return false;
    ini->line++;
    return true;
}

static bool ends_in_backslash(struct span s)
{
    return s.len > 0 && s.at[s.len - 1] == '\\';
}

/* Lines are joined as they are, without what stands around them. */
static void take_continued(struct ini *ini, struct span line, struct strbuf *value)
{
    do {
        line.len--; /* the backslash */
        strbuf_add_span(value, line);
        if (!take_line(ini, &line))
            return;
        line = span_trim(line, BLANKS);
    } while (ends_in_backslash(line));
    strbuf_add_span(value, line);
}

/* From behind the opening mark to the last closing one of its line, or of a later line. */
static bool take_marked(struct ini *ini, struct span line, struct span mark, struct strbuf *value)
{
    const char *end = span_find_last(line, mark);
    while (end == NULL) {
        strbuf_add_span(value, line);
        strbuf_add_char(value, '\n');
        if (!take_line(ini, &line))
            return false;
        end = span_find_last(line, mark);
    }
    strbuf_add_span(value, span_of(line.at, end));
    return true;
}

/* A value that stands in quotes, with nothing but a comment behind them. */
static bool is_quoted(struct span s, struct span *inner)
{
    if (s.len < 2 || (s.at[0] != '\'' && s.at[0] != '"'))
        return false;
    const char *close = memchr(s.at + 1, s.at[0], s.len - 1);
    if (close == NULL)
        return false;
    struct span behind = span_trim(span_of(close + 1, span_end(s)), BLANKS);
    *inner = span_of(s.at + 1, close);
    return behind.len == 0 || behind.at[0] == '#' || behind.at[0] == ';';
}

static void take_plain(struct span line, struct strbuf *value)
{
    struct span inner;
    size_t len = 0;
    if (is_quoted(line, &inner)) {
        strbuf_add_span(value, inner);
        return;
    }
    while (len < line.len && line.at[len] != '#' && line.at[len] != ';')
        len++;
    strbuf_add_span(value, span_trim((struct span){line.at, len}, BLANKS));
}

/* False: a mark is not closed. */
static bool take_value(struct ini *ini, struct span line, struct strbuf *value)
{
    struct span triple = SPAN("\"\"\""), back = SPAN("`");
    if (line.len > triple.len && span_has_prefix(line, triple))
        return take_marked(ini, span_skip(line, triple.len), triple, value);
    if (span_has_prefix(line, back))
        return take_marked(ini, span_skip(line, 1), back, value);
    if (ends_in_backslash(line))
        take_continued(ini, line, value);
    else
        take_plain(line, value);
    return true;
}

/* The key may stand in quotes, too. */
static struct span take_key(struct span line, size_t *used)
{
    size_t from = 0;
    if (line.len > 2 && (line.at[0] == '"' || line.at[0] == '`')) {
        const char *close = memchr(line.at + 1, line.at[0], line.len - 1);
        from = close == NULL ? 0 : (size_t)(close - line.at) + 1;
    }
    for (*used = from; *used < line.len; (*used)++)
        if (line.at[*used] == '=' || line.at[*used] == ':')
            break;
    return from > 0 ? (struct span){line.at + 1, from - 2}
                    : span_trim((struct span){line.at, *used}, BLANKS);
}

static void add_value(struct ini *ini, unsigned line, struct span key, struct strbuf *value)
{
    struct texts words = {0};
    if (memchr(strbuf_text(value), '\0', value->len) != NULL) {
        config_problem(ini->config, ini->file, line, "%.*s: holds a NUL", (int)key.len, key.at);
        return;
    }
    texts_add(&words, strbuf_text(value));
    config_add(ini->config, ini->file, line, ini->section, key, value, &words);
}

static void read_entry(struct ini *ini, struct span text)
{
    struct strbuf value = {0};
    unsigned line = ini->line;
    size_t used;
    struct span key = take_key(text, &used);
    if (used == text.len || key.len == 0 || memchr(key.at, '\0', key.len) != NULL)
        config_problem(ini->config, ini->file, line, "is not a setting NAME = VALUE");
    else if (!take_value(ini, span_trim(span_skip(text, used + 1), BLANKS), &value))
        config_problem(ini->config, ini->file, line, "%.*s: the quote is not closed", (int)key.len,
                       key.at);
    else
        add_value(ini, line, key, &value);
    strbuf_clear(&value);
}

static void read_section(struct ini *ini, struct span text)
{
    const char *close = span_find_last(text, SPAN("]"));
    struct span name =
        close == NULL ? (struct span){0} : span_trim(span_of(text.at + 1, close), BLANKS);
    if (name.len == 0 || memchr(name.at, '\0', name.len) != NULL) {
        config_problem(ini->config, ini->file, ini->line, "is not a section [NAME]");
        return;
    }
    free(ini->section);
    ini->section = mem_text_of(name.at, name.len);
}

void config_read_ini_text(struct config *config, const char *name, struct span text)
{
    struct ini ini = {.config = config, .section = mem_text("DEFAULT"), .rest = text};
    struct span line, bom = SPAN("\xef\xbb\xbf");
    ini.file = config_add_file(config, name);
    if (span_has_prefix(text, bom))
        ini.rest = span_skip(text, bom.len);
    while (take_line(&ini, &line)) {
        line = span_trim(line, BLANKS);
        if (line.len == 0 || line.at[0] == '#' || line.at[0] == ';')
            continue;
        if (line.at[0] == '[')
            read_section(&ini, line);
        else
            read_entry(&ini, line);
    }
    free(ini.section);
}

void config_read_ini(struct config *config, const char *path)
{
    struct strbuf text = {0}, why = {0};
    struct stat st;
    if (config_open(path, &text, &st, &why) == 0)
        config_read_ini_text(config, path, strbuf_span(&text));
    else
        texts_add(&config->problems, strbuf_text(&why));
    strbuf_clear(&text);
    strbuf_clear(&why);
}
