/* line - a line for standard output. */
#include "line.h"

#include "spamgear/base/text.h"
#include <stdio.h>

void line_put(struct strbuf *line)
{
    strbuf_add_char(line, '\n');
    fwrite(line->data, 1, line->len, stdout);
    strbuf_reset(line);
}

void line_field(struct strbuf *line, const char *name, const char *text)
{
    strbuf_format(line, "%-10s", name);
    text_escape(line, span_text(text));
    line_put(line);
}
