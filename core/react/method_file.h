/* method_file - a text file of the administrator's, in which a method keeps lines of its own.
 *
 * It is replaced in one step and keeps its owner: Dovecot and Exim refuse or defer everything when
 * they cannot read it. */
#ifndef SPAMGEAR_REACT_METHOD_FILE_H
#define SPAMGEAR_REACT_METHOD_FILE_H

#include "spamgear/base/strbuf.h"

/* The file to work on: the one that the memo names behind key ("file="), if it is there still, for
 * the settings may have changed since; else now. The caller frees it. */
char *method_file_then(struct span memo, const char *key, const char *now);

/* Appends what the file holds; one that is not there is empty. 0, or -1 with why. */
int method_file_read(const char *path, struct strbuf *text, struct strbuf *why);

/* Appends a line. */
void method_file_add(struct strbuf *text, struct span line);

/* Puts text in its place. 0, or -1 with why: the old file stands untouched then. */
int method_file_write(const char *path, const struct strbuf *text, struct strbuf *why);

#endif
