/* look - what the bytes of a text say about it: PHP in it, a URL, the name of a file that is run.
 *
 * Names follow the usual settings of servers and the usual tricks with them: a NUL ends a name in
 * old PHP, and "x.php/." is written as "x.php". Linear in the text's length.
 */
#include "spamgear/php/value.h"

#include <strings.h>

#define NAME_BYTES 255  /* of a text's tail: names of files are no longer */
#define HEAD_BYTES 1024 /* where a program tells what it is */

static const char *const urls[] = {"http://", "https://", "ftp://"};
static const char *const tags[] = {"<?php", "<?=", "<? ", "<?\n", "<?\t", "<?\r"};

/* Extensions of what is run, and of what is not but is no safe name either. */
static const struct {
    const char *name;
    bool runs;
} extensions[] = {
    {"php", true},  {"php2", true},  {"php3", true}, {"php4", true},  {"php5", true},
    {"php6", true}, {"php7", true},  {"php8", true}, {"phtml", true}, {"phtm", true},
    {"pht", true},  {"phar", true},  {"pgif", true}, {"phpt", true},  {"shtml", true},
    {"asp", true},  {"aspx", true},  {"ashx", true}, {"asmx", true},  {"asa", true},
    {"cer", true},  {"jsp", true},   {"jspx", true}, {"cgi", true},   {"pl", true},
    {"py", true},   {"phps", false}, {"inc", false}, {"ini", false},  {"htaccess", false},
};

static bool starts(struct span text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && strncasecmp(text.at, with, len) == 0;
}

bool php_text_has_php(struct span text)
{
    const char *at;
    while (text.len > 0 && (at = memmem(text.at, text.len, "<?", 2)) != NULL) {
        text = span_of(at, span_end(text));
        for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
            if (starts(text, tags[i]))
                return true;
        text = span_skip(text, 2);
    }
    return false;
}

bool php_text_is_url(struct span text)
{
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        if (starts(text, urls[i]))
            return true;
    return false;
}

bool php_text_is_program(struct span text)
{
    static const char *const imports[] = {"use Socket;", "use IO::Socket", "import socket"};
    struct span head = {text.at, text.len < HEAD_BYTES ? text.len : HEAD_BYTES};
    struct span line = {text.at, text.len < 64 ? text.len : 64};
    if (span_has_prefix(text, SPAN("\x7f"
                                   "ELF")) ||
        span_find(line, SPAN("#include <")) != NULL)
        return true;
    if (span_has_prefix(text, SPAN("MZ")))
        return text.len >= 512 && span_find(head, SPAN("This program ")) != NULL;
    if (span_has_prefix(text, SPAN("#!")))
        return memchr(line.at, '/', line.len) != NULL;
    for (size_t i = 0; i < sizeof imports / sizeof *imports; i++)
        if (span_find(head, span_text(imports[i])) != NULL)
            return true;
    return false;
}

static struct span name_of(struct span text)
{
    if (text.len > NAME_BYTES)
        text = span_skip(text, text.len - NAME_BYTES);
    const char *nul = text.len > 0 ? memchr(text.at, '\0', text.len) : NULL;
    text = nul == NULL ? text : span_of(text.at, nul);
    while (text.len > 0 && memchr("/. ", text.at[text.len - 1], 3) != NULL)
        text.len--;
    return text;
}

/* Without a dot: may be the rest of an extension, as "p" and "hp" are; all of one is taken for it,
 * since ext . 'php' with the dot before it is common. */
unsigned php_text_tail(struct span text)
{
    struct span ending = name_of(text);
    const char *dot = ending.len > 0 ? memrchr(ending.at, '.', ending.len) : NULL;
    unsigned traits = ending.len == 0 ? 0 : PHP_HAS_SAFE_NAME;
    if (dot != NULL)
        ending = span_of(dot + 1, span_end(ending));
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        struct span name = span_text(extensions[i].name);
        if (name.len < ending.len || (dot != NULL && name.len > ending.len))
            continue;
        size_t before = name.len - ending.len;
        if (strncasecmp(name.at + before, ending.at, ending.len) != 0)
            continue;
        if (extensions[i].runs && before == 0 && (dot != NULL || ending.len > 2))
            return PHP_HAS_CODE_NAME;
        traits = 0;
    }
    return traits;
}

/* After this a statement of its own can stand, so that it binds nothing that follows. */
static bool ends_a_statement(struct span text)
{
    static const char *const ends[] = {";", "{", "}", "?>", "<?php", "<?"};
    while (text.len > 0 && memchr(" \t\r\n", text.at[text.len - 1], 4) != NULL)
        text.len--;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (span_has_suffix(text, span_text(ends[i])))
            return true;
    return false;
}

unsigned php_text_head(struct span text)
{
    return (text.len >= 2 && !ends_a_statement(text) ? PHP_HAS_PREFIX : 0) |
           (php_text_is_url(text) ? PHP_IS_URL : 0);
}
