/* method_file - infile and outfile, for the lists of mail servers. */
#include "method_file.h"

#include "spamgear/base/infile.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/outfile.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_BYTES (64u << 20)

char *method_file_then(struct span memo, const char *key, const char *now)
{
    if (!span_has_prefix(memo, span_text(key)))
        return mem_text(now);
    memo = span_skip(memo, strlen(key));
    char *then = mem_text_of(memo.at, memo.len);
    if (access(then, F_OK) == 0)
        return then;
    free(then);
    return mem_text(now);
}

int method_file_read(const char *path, struct strbuf *text, struct strbuf *why)
{
    struct strbuf said = {0};
    int result = infile_read(path, FILE_BYTES, text, NULL, &said);
    if (result != 0 && errno == ENOENT)
        result = 0;
    else if (result != 0)
        strbuf_why(why, "%s", strbuf_text(&said));
    strbuf_clear(&said);
    return result;
}

void method_file_add(struct strbuf *text, struct span line)
{
    strbuf_add_span(text, line);
    strbuf_add_char(text, '\n');
}

int method_file_write(const char *path, const struct strbuf *text, struct strbuf *why)
{
    struct outfile file;
    if (outfile_open(&file, path, why) != 0)
        return -1;
    if (outfile_keep_owner(&file, why) != 0) {
        outfile_abandon(&file);
        return -1;
    }
    fwrite(strbuf_text(text), 1, text->len, file.stream); /* a failure is told by the commit */
    return outfile_commit(&file, why);
}
