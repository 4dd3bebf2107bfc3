/* secret - the permissions are those of the open file, so that nobody can change it in between. */
#include "spamgear/base/secret.h"

#include "spamgear/base/infile.h"
#include <string.h>
#include <unistd.h>

static int check_file(const struct stat *st, const char *path, struct strbuf *why)
{
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return strbuf_why(why, "%s: must be owned by root or the user who runs this", path);
    if ((st->st_mode & 077) != 0)
        return strbuf_why(why, "%s: others may read or change it: chmod 600", path);
    return 0;
}

static int take_line(const char *path, struct span text, struct strbuf *secret, struct strbuf *why)
{
    struct span line = {0};
    if (text.len > 0 && memchr(text.at, '\0', text.len) != NULL)
        return strbuf_why(why, "%s: there is a NUL in it", path);
    span_take_line(&text, &line);
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        return strbuf_why(why, "%s: is empty", path);
    if (line.len > SECRET_BYTES)
        return strbuf_why(why, "%s: is longer than %d bytes", path, SECRET_BYTES);
    if (text.len > 0)
        return strbuf_why(why, "%s: has more than one line", path);
    strbuf_add_span(secret, line);
    return 0;
}

int secret_read(const char *path, struct strbuf *secret, struct strbuf *why)
{
    struct stat st;
    struct strbuf text = {0};
    int result = infile_read(path, 2 * SECRET_BYTES, &text, &st, why);
    if (result == 0)
        result = check_file(&st, path, why);
    if (result == 0)
        result = take_line(path, strbuf_span(&text), secret, why);
    if (text.len > 0)
        explicit_bzero(text.data, text.len);
    strbuf_clear(&text);
    return result;
}

void secret_hide(struct strbuf *text, struct span secret)
{
    struct strbuf clean = {0};
    struct span rest = strbuf_span(text);
    const char *at;
    while (secret.len > 0 && (at = span_find(rest, secret)) != NULL) {
        strbuf_add_span(&clean, span_of(rest.at, at));
        strbuf_add_text(&clean, "***");
        rest = span_skip(rest, (size_t)(at - rest.at) + secret.len);
    }
    strbuf_add_span(&clean, rest);
    strbuf_clear(text);
    *text = clean;
}
