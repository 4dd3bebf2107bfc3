/* line - how the tools that look things up print: one line after another. */
#ifndef SPAMGEAR_APPLETS_LINE_H
#define SPAMGEAR_APPLETS_LINE_H

#include "spamgear/base/strbuf.h"

/* Prints the line, ends it, and empties it. */
void line_put(struct strbuf *line);

/* Prints "name      text", escaped, below each other in a column; line is used for it. */
void line_field(struct strbuf *line, const char *name, const char *text);

#endif
