/* sniff - open tags, magic bytes, #! lines, and settings files that are nothing else.
 *
 * Tags are looked for in every byte, since PHP runs what stands behind one wherever it is; so
 * that loop is memchr's. Magic and #! lines count at a file's start only. Settings files are
 * judged line by line from the start and given up at the first line that Apache or PHP would not
 * take, so prose that quotes a directive costs one line.
 *
 * Surprises: a short open tag makes nearly any large binary "php" (PHP would try it too); what
 * stands in the place of an XML declaration counts as PHP unless PHP could only stop at it with a
 * syntax error, for "<?xml;" runs.
 */
#include "spamgear/scan/sniff.h"

#include "sniff_names.h"
#include "spamgear/php/lexer.h"
#include <strings.h>

#define START_BYTES 4096 /* in which NUL bytes, #! lines and first statements are looked for */
#define WHOLE_BYTES (64u << 10)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static bool has_prefix_nocase(struct span s, struct span prefix)
{
    return s.len >= prefix.len && strncasecmp(s.at, prefix.at, prefix.len) == 0;
}

static struct span skip_blanks(struct span s)
{
    while (s.len > 0 && is_blank(*s.at))
        s = span_skip(s, 1);
    return s;
}

/* Takes prefix off s, whatever its case. */
static bool take(struct span *s, struct span prefix)
{
    if (!has_prefix_nocase(*s, prefix))
        return false;
    *s = span_skip(*s, prefix.len);
    return true;
}

/* ---- PHP ---- */

/* s is what follows "<script": ` language = "php" >`, exactly as PHP 5 took it. */
static bool opens_script_php(struct span s)
{
    if (s.len == 0 || !is_blank(*s.at))
        return false;
    s = skip_blanks(s);
    if (!take(&s, SPAN("language")))
        return false;
    s = skip_blanks(s);
    if (!take(&s, SPAN("=")))
        return false;
    s = skip_blanks(s);
    char quote = s.len > 0 && (*s.at == '"' || *s.at == '\'') ? *s.at : '\0';
    s = span_skip(s, quote != '\0');
    if (!take(&s, SPAN("php")) || (quote != '\0' && !take(&s, (struct span){&quote, 1})))
        return false;
    s = skip_blanks(s);
    return s.len > 0 && *s.at == '>';
}

/* Up to the tag's end, or what could be one. */
static struct span tag_of(struct span s)
{
    struct span near = {s.at, s.len < 512 ? s.len : 512};
    const char *end = near.len == 0 ? NULL : memchr(near.at, '>', near.len);
    return end == NULL ? near : span_of(near.at, end);
}

static bool holds_nocase(struct span s, struct span word)
{
    for (; s.len >= word.len; s = span_skip(s, 1))
        if (strncasecmp(s.at, word.at, word.len) == 0)
            return true;
    return false;
}

/* The phar manifest that PHP's phar.c looks for behind the stub: its length, the number of
 * entries (24 bytes each at least), the version. */
static bool is_manifest(struct span s)
{
    take(&s, SPAN(" ?>"));
    take(&s, SPAN("\r"));
    take(&s, SPAN("\n"));
    if (s.len < 14)
        return false;
    const unsigned char *p = (const unsigned char *)s.at;
    uint64_t len = p[0] | p[1] << 8 | p[2] << 16 | (uint64_t)p[3] << 24;
    uint64_t entries = p[4] | p[5] << 8 | p[6] << 16 | (uint64_t)p[7] << 24;
    return len >= 14 && len <= 100u << 20 && entries * 24 <= len;
}

static bool is_phar(struct span text)
{
    const struct span stub = SPAN("__HALT_COMPILER();");
    for (const char *at; (at = span_find(text, stub)) != NULL;) {
        text = span_skip(text, (size_t)(at - text.at) + stub.len);
        if (is_manifest(text))
            return true;
    }
    return false;
}

/* ---- the other tags ---- */

/* s is what follows "<%". The few bytes behind it must be text: in binaries it stands by chance.
 * Without a directive nobody can tell ASP from JSP. */
static uint32_t opens_asp(struct span s)
{
    if (s.len < 4)
        return 0;
    for (size_t i = 0; i < 4; i++)
        if (!is_blank(s.at[i]) && (s.at[i] < ' ' || s.at[i] > '~'))
            return 0;
    if (*s.at == '!')
        return SNIFF_JSP;
    if (*s.at != '@')
        return SNIFF_ASP | SNIFF_JSP;
    struct span tag = tag_of(skip_blanks(span_skip(s, 1)));
    bool java = has_prefix_nocase(tag, SPAN("taglib")) || holds_nocase(tag, SPAN("java")) ||
                holds_nocase(tag, SPAN("import=")) || holds_nocase(tag, SPAN("pageEncoding")) ||
                holds_nocase(tag, SPAN("contentType"));
    return java && !holds_nocase(tag, SPAN("Inherits")) ? SNIFF_JSP : SNIFF_ASP;
}

static uint32_t opens_script(struct span s)
{
    if (opens_script_php(s))
        return SNIFF_PHP;
    return holds_nocase(tag_of(s), SPAN("runat")) ? SNIFF_ASP | SNIFF_HTML : SNIFF_HTML;
}

/* Longer names first where one begins another. */
static const struct {
    struct span name;
    uint32_t kinds;
} elements[] = {
    {WORD("!doctype html"), SNIFF_HTML}, {WORD("html"), SNIFF_HTML}, {WORD("head"), SNIFF_HTML},
    {WORD("body"), SNIFF_HTML},          {WORD("div"), SNIFF_HTML},  {WORD("iframe"), SNIFF_HTML},
    {WORD("form"), SNIFF_HTML},          {WORD("meta"), SNIFF_HTML}, {WORD("table"), SNIFF_HTML},
    {WORD("svg"), SNIFF_IMAGE},          {WORD("jsp"), SNIFF_JSP},
};

static uint32_t opens_element(struct span s)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        struct span name = elements[i].name;
        if (has_prefix_nocase(s, name))
            return s.len == name.len || !is_name(s.at[name.len]) ? elements[i].kinds : 0;
    }
    return 0;
}

/* What a tag that begins so could tell: most can tell nothing, or nothing new. */
static uint32_t could_tell(char c)
{
    static const uint32_t table[256] = {
        ['?'] = SNIFF_PHP,  ['%'] = SNIFF_ASP | SNIFF_JSP,
        ['!'] = SNIFF_HTML, ['h'] = SNIFF_HTML,
        ['b'] = SNIFF_HTML, ['d'] = SNIFF_HTML,
        ['i'] = SNIFF_HTML, ['f'] = SNIFF_HTML,
        ['m'] = SNIFF_HTML, ['t'] = SNIFF_HTML,
        ['j'] = SNIFF_JSP,  ['s'] = SNIFF_PHP | SNIFF_ASP | SNIFF_HTML | SNIFF_IMAGE};
    return table[(unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c)];
}

/* What the tag with s behind its '<' tells; s is not empty. */
static uint32_t tag_kinds(struct span s)
{
    switch (*s.at) {
    case '?': return php_opens(span_skip(s, 1)) ? SNIFF_PHP : 0;
    case '%': return opens_asp(span_skip(s, 1));
    case 's':
    case 'S':
        if (has_prefix_nocase(s, SPAN("script")))
            return opens_script(span_skip(s, 6));
        break;
    default: break;
    }
    return opens_element(s);
}

static uint32_t tags(struct span text)
{
    const uint32_t all = SNIFF_PHP | SNIFF_ASP | SNIFF_JSP | SNIFF_HTML | SNIFF_IMAGE;
    uint32_t kinds = 0;
    while (text.len > 0 && kinds != all) {
        const char *at = memchr(text.at, '<', text.len);
        if (at == NULL)
            break;
        text = span_of(at + 1, span_end(text));
        if (text.len > 0 && (could_tell(*text.at) & ~kinds) != 0)
            kinds |= tag_kinds(text);
    }
    return kinds;
}

/* ---- what only counts at a file's start ---- */

static const struct {
    size_t offset;
    struct span bytes;
    uint32_t kind;
} magics[] = {
    {0, WORD("GIF8"), SNIFF_IMAGE},
    {0, WORD("\x89PNG\r\n\x1a\n"), SNIFF_IMAGE},
    {0, WORD("\xff\xd8\xff"), SNIFF_IMAGE},
    {8, WORD("WEBP"), SNIFF_IMAGE},
    {0, WORD("\0\0\1\0"), SNIFF_IMAGE},
    {0, WORD("PK\3\4"), SNIFF_ARCHIVE},
    {0, WORD("PK\5\6"), SNIFF_ARCHIVE},
    {0, WORD("\x1f\x8b\x08"), SNIFF_ARCHIVE},
    {0, WORD("BZh"), SNIFF_ARCHIVE},
    {0,
     WORD("\xfd"
          "7zXZ\0"),
     SNIFF_ARCHIVE},
    {0, WORD("\x28\xb5\x2f\xfd"), SNIFF_ARCHIVE},
    {0, WORD("7z\xbc\xaf\x27\x1c"), SNIFF_ARCHIVE},
    {0, WORD("Rar!\x1a\7"), SNIFF_ARCHIVE},
    {257, WORD("ustar"), SNIFF_ARCHIVE},
};

static uint32_t magic(struct span text)
{
    uint32_t kinds = 0;
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (text.len > magics[i].offset &&
            span_has_prefix(span_skip(text, magics[i].offset), magics[i].bytes))
            kinds |= magics[i].kind;
    return kinds;
}

static const struct {
    struct span name;
    bool versions; /* "perl5.36", "python3", "php8.2" */
    uint32_t kind;
} interpreters[] = {
    {WORD("php"), true, SNIFF_PHP},       {WORD("perl"), true, SNIFF_PERL},
    {WORD("python"), true, SNIFF_PYTHON}, {WORD("pypy"), true, SNIFF_PYTHON},
    {WORD("sh"), false, SNIFF_SHELL},     {WORD("bash"), false, SNIFF_SHELL},
    {WORD("dash"), false, SNIFF_SHELL},   {WORD("ash"), false, SNIFF_SHELL},
    {WORD("ksh"), false, SNIFF_SHELL},    {WORD("mksh"), false, SNIFF_SHELL},
    {WORD("zsh"), false, SNIFF_SHELL},    {WORD("csh"), false, SNIFF_SHELL},
    {WORD("tcsh"), false, SNIFF_SHELL},
};

/* Takes a blank-separated word off line; its part behind the last slash. */
static struct span take_program(struct span *line)
{
    size_t len = 0, name = 0;
    *line = skip_blanks(*line);
    for (; len < line->len && !is_blank(line->at[len]); len++)
        if (line->at[len] == '/')
            name = len + 1;
    struct span program = {line->at + name, len - name};
    *line = span_skip(*line, len);
    return program;
}

/* The program of "#!/usr/bin/env -S LANG=C perl -w" is perl. */
static struct span program_of(struct span line)
{
    struct span program = take_program(&line);
    if (!span_is(program, SPAN("env")) && !span_is(program, SPAN("busybox")))
        return program;
    do
        program = take_program(&line);
    while (program.len > 0 && (*program.at == '-' || memchr(program.at, '=', program.len) != NULL));
    return program;
}

static uint32_t interpreter(struct span line)
{
    struct span program = program_of(span_skip(line, 2));
    for (size_t i = 0; i < sizeof interpreters / sizeof *interpreters; i++)
        if (interpreters[i].versions ? span_has_prefix(program, interpreters[i].name)
                                     : span_is(program, interpreters[i].name))
            return interpreters[i].kind;
    return 0;
}

/* How scripts without a #! line begin. */
static const struct {
    struct span start;
    uint32_t kind;
} statements[] = {
    {WORD("use strict"), SNIFF_PERL},   {WORD("use warnings"), SNIFF_PERL},
    {WORD("use CGI"), SNIFF_PERL},      {WORD("use Socket"), SNIFF_PERL},
    {WORD("use IO::"), SNIFF_PERL},     {WORD("use LWP"), SNIFF_PERL},
    {WORD("use MIME::"), SNIFF_PERL},   {WORD("import os"), SNIFF_PYTHON},
    {WORD("import sys"), SNIFF_PYTHON}, {WORD("import re"), SNIFF_PYTHON},
    {WORD("import cgi"), SNIFF_PYTHON}, {WORD("import socket"), SNIFF_PYTHON},
};

static uint32_t statement(struct span line)
{
    if (span_has_prefix(line, SPAN("from ")) && span_find(line, SPAN(" import ")) != NULL)
        return SNIFF_PYTHON;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (span_has_prefix(line, statements[i].start))
            return statements[i].kind;
    return 0;
}

/* A #! line, else one of the first statements (behind comments). */
static uint32_t script(struct span text)
{
    struct span rest = {text.at, text.len < START_BYTES ? text.len : START_BYTES}, line;
    if (span_has_prefix(rest, SPAN("#!")))
        return span_take_line(&rest, &line) ? interpreter(line) : 0;
    for (int statements_left = 3; statements_left > 0 && span_take_line(&rest, &line);) {
        line = skip_blanks(line);
        if (line.len == 0 || *line.at == '#')
            continue;
        uint32_t kind = statement(line);
        if (kind != 0)
            return kind;
        statements_left--;
    }
    return 0;
}

/* ---- settings files ---- */

static bool ends_in_backslash(struct span line)
{
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    return line.len > 0 && line.at[line.len - 1] == '\\';
}

/* Takes a line, with those that Apache's backslash continues it in, and trims it. A text of more
 * than WHOLE_BYTES may be a window, whose last line is cut: that one is left out. */
static bool take_setting(struct span *text, struct span *line, bool continues, bool may_be_cut)
{
    struct span part;
    if (!span_take_line(text, line))
        return false;
    part = *line;
    while (continues && ends_in_backslash(part) && span_take_line(text, &part))
        *line = span_of(line->at, span_end(part));
    if (may_be_cut && text->len == 0 && span_end(*line) == text->at)
        return false;
    *line = skip_blanks(*line);
    while (line->len > 0 && is_blank(line->at[line->len - 1]))
        line->len--;
    return true;
}

static bool is_listed(struct span word, const struct span *list, size_t len, bool nocase)
{
    for (size_t i = 0; i < len; i++)
        if (word.len == list[i].len && (nocase ? strncasecmp(word.at, list[i].at, word.len)
                                               : memcmp(word.at, list[i].at, word.len)) == 0)
            return true;
    return false;
}

/* NAME in "NAME args". */
static struct span directive_of(struct span line)
{
    size_t len = 0;
    while (len < line.len && is_name(line.at[len]))
        len++;
    return (struct span){line.at, len};
}

/* Modules that this list does not know name their directives in the same way: AuthzFoo, foo_bar. */
static bool looks_like_directive(struct span word)
{
    size_t capitals = 0, underscores = 0;
    for (size_t i = 0; i < word.len; i++) {
        capitals += word.at[i] >= 'A' && word.at[i] <= 'Z';
        underscores += word.at[i] == '_';
    }
    return word.len >= 4 && ((capitals >= 2 && capitals * 2 <= word.len) || underscores > 0);
}

struct htaccess {
    unsigned known, unknown, depth; /* depth: of open <If...> */
};

static const struct span sections[] = {WORD("Files"),       WORD("FilesMatch"), WORD("Limit"),
                                       WORD("LimitExcept"), WORD("RequireAll"), WORD("RequireAny"),
                                       WORD("RequireNone")};

/* "<NAME args>" or "</NAME>". */
static bool htaccess_section(struct htaccess *h, struct span line)
{
    bool ends = line.len > 1 && line.at[1] == '/';
    struct span name = directive_of(span_skip(line, ends ? 2 : 1));
    if (has_prefix_nocase(name, SPAN("If"))) {
        h->depth = ends ? h->depth - (h->depth > 0) : h->depth + 1;
        return true;
    }
    if (!is_listed(name, sections, sizeof sections / sizeof *sections, true))
        return h->depth > 0;
    h->known++;
    return true;
}

/* False: Apache would answer with status 500 because of this line. */
static bool htaccess_line(struct htaccess *h, struct span line)
{
    if (*line.at == '<')
        return htaccess_section(h, line);
    struct span word = directive_of(line);
    if (is_listed(word, sniff_directives, sniff_directives_len, true)) {
        h->known++;
        return true;
    }
    if (h->depth > 0) /* what a condition that does not hold covers is never read */
        return true;
    h->unknown++;
    return looks_like_directive(word);
}

static struct span without_mark(struct span text)
{
    return span_has_prefix(text, SPAN("\xef\xbb\xbf")) ? span_skip(text, 3) : text;
}

static bool is_htaccess(struct span text)
{
    struct htaccess h = {0};
    struct span line;
    bool may_be_cut = text.len > WHOLE_BYTES;
    text = without_mark(text);
    while (take_setting(&text, &line, true, may_be_cut))
        if (line.len > 0 && *line.at != '#' && !htaccess_line(&h, line))
            return false;
    return h.known > 0 && h.unknown <= h.known;
}

/* The key of `key = value`; empty when the line is none. */
static struct span key_of(struct span line)
{
    size_t len = 0;
    while (len < line.len && (is_name(line.at[len]) || strchr(".-[]", line.at[len]) != NULL) &&
           line.at[len] != '\0')
        len++;
    struct span rest = skip_blanks(span_skip(line, len));
    return (struct span){line.at, rest.len > 0 && *rest.at == '=' ? len : 0};
}

/* What stands before a line that PHP cannot read is in force all the same, so the first such
 * line ends the search only. */
static bool is_userini(struct span text)
{
    struct span line;
    bool may_be_cut = text.len > WHOLE_BYTES;
    text = without_mark(text);
    while (take_setting(&text, &line, false, may_be_cut)) {
        if (line.len == 0 || *line.at == ';' || *line.at == '#' || *line.at == '[')
            continue;
        struct span key = key_of(line);
        if (is_listed(key, sniff_ini_keys, sniff_ini_keys_len, false))
            return true;
        if (key.len == 0)
            return false;
    }
    return false;
}

/* ---- the interface ---- */

size_t sniff_php_tag(struct span text)
{
    if (!span_has_prefix(text, SPAN("<?")) || !php_opens(span_skip(text, 2)))
        return 0;
    if (text.at[2] == '=')
        return 3;
    bool whole = has_prefix_nocase(span_skip(text, 2), SPAN("php")) &&
                 (text.len == 5 || is_blank(text.at[5]));
    return whole ? 5 : 2;
}

uint32_t sniff(struct span text, uint64_t base)
{
    uint32_t kinds = tags(text);
    if (is_phar(text))
        kinds |= SNIFF_PHAR | SNIFF_PHP;
    if (base != 0)
        return kinds;
    kinds |= magic(text) | script(text);
    if (is_htaccess(text))
        kinds |= SNIFF_HTACCESS;
    if (is_userini(text))
        kinds |= SNIFF_USERINI;
    size_t start = text.len < START_BYTES ? text.len : START_BYTES;
    if (kinds == 0 && start > 0 && memchr(text.at, '\0', start) != NULL)
        kinds = SNIFF_BINARY;
    return kinds;
}

static const struct {
    enum sniff_kind kind;
    struct span name;
} names[] = {
    {SNIFF_PHP, WORD("php")},           {SNIFF_PHAR, WORD("phar")},
    {SNIFF_HTACCESS, WORD("htaccess")}, {SNIFF_USERINI, WORD("userini")},
    {SNIFF_ASP, WORD("asp")},           {SNIFF_JSP, WORD("jsp")},
    {SNIFF_PERL, WORD("perl")},         {SNIFF_PYTHON, WORD("python")},
    {SNIFF_SHELL, WORD("shell")},       {SNIFF_HTML, WORD("html")},
    {SNIFF_IMAGE, WORD("image")},       {SNIFF_ARCHIVE, WORD("archive")},
    {SNIFF_BINARY, WORD("binary")},
};

void sniff_names(uint32_t kinds, struct strbuf *out)
{
    const char *between = "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((kinds & names[i].kind) == 0)
            continue;
        strbuf_add_text(out, between);
        strbuf_add_span(out, names[i].name);
        between = ", ";
    }
    if (*between == '\0')
        strbuf_add_text(out, "none");
}

uint32_t sniff_kind_of(struct span name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_is(name, names[i].name))
            return names[i].kind;
    return 0;
}
