/* script_paths - the paths that the PHP checkers print for a scanner.
 *
 * A path that ends in '/' is a directory, which is all that the sendmail2relay wrapper knew.
 * The .php files in it (not those below it) are named in its place, sorted; a directory that
 * cannot be read, or holds none, stands for itself. What is in a directory is its tenant's
 * choice: a name with a newline in it would be two paths to whoever reads lines, so it is
 * left out with a message, and given only with -0. phpsendmail and sendmail2relay of spamgear write
 * some bytes of a path as \xNN, which is undone here.
 */
#include "script_paths.h"

#include "spamgear/base/diag.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/strbuf.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_php(const struct dirent *entry)
{
    struct span name = span_text(entry->d_name);
    return (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) &&
           span_has_suffix(name, SPAN(".php"));
}

static void write_path(struct span path, struct span name, bool nul, FILE *out)
{
    fwrite(path.at, 1, path.len, out);
    fwrite(name.at, 1, name.len, out);
    fputc(nul ? '\0' : '\n', out);
}

static void write_entry(struct span directory, const char *name, bool nul, FILE *out)
{
    if (!nul && strchr(name, '\n') != NULL)
        diag_error("%.*s: a file name in it has a newline: use -0", (int)directory.len,
                   directory.at);
    else
        write_path(directory, span_text(name), nul, out);
}

static void write_directory(struct span path, bool nul, FILE *out)
{
    struct dirent **entries = NULL;
    char *text = mem_text_of(path.at, path.len);
    int count = scandir(text, &entries, is_php, alphasort);
    if (count <= 0)
        write_path(path, SPAN(""), nul, out);
    for (int i = 0; i < count; i++) {
        write_entry(path, entries[i]->d_name, nul, out);
        free(entries[i]);
    }
    free(entries);
    free(text);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

/* The wrapper writes commas and other bytes of a path as \xNN. */
static void add_plain(struct strbuf *out, struct span path)
{
    for (size_t i = 0; i < path.len; i++) {
        bool escaped = path.at[i] == '\\' && path.len - i > 3 && path.at[i + 1] == 'x';
        int high = escaped ? hex_digit(path.at[i + 2]) : -1;
        int low = escaped ? hex_digit(path.at[i + 3]) : -1;
        strbuf_add_char(out, high < 0 || low < 0 ? path.at[i] : (char)(high * 16 + low));
        i += high < 0 || low < 0 ? 0 : 3;
    }
}

static void write_one(struct span path, bool nul, FILE *out)
{
    if (span_has_suffix(path, SPAN("/")))
        write_directory(path, nul, out);
    else if (!nul && memchr(path.at, '\n', path.len) != NULL)
        diag_error("%.*s: a file name with a newline: use -0", (int)path.len, path.at);
    else
        write_path(path, SPAN(""), nul, out);
}

static bool is_there(struct span path)
{
    char *text = mem_text_of(path.at, path.len);
    bool there = access(text, F_OK) == 0;
    free(text);
    return there;
}

/* Old wrappers escape nothing, and no line says which one wrote it: both are named where both are
 * there, so that no harmless file stands in for the other. */
static void write_both(struct span path, struct span plain, bool nul, FILE *out)
{
    bool as_it_is = is_there(path);
    if (as_it_is)
        write_one(path, nul, out);
    if (!as_it_is || (!span_is(path, plain) && is_there(plain)))
        write_one(plain, nul, out);
}

void script_paths_write(const struct report *report, bool nul, FILE *out)
{
    struct strbuf plain = {0};
    for (size_t i = 0; i < report->senders.len; i++) {
        struct span path = report->senders.at[i].sender.name;
        strbuf_reset(&plain);
        add_plain(&plain, path);
        write_both(path, strbuf_span(&plain), nul, out);
    }
    strbuf_clear(&plain);
}
