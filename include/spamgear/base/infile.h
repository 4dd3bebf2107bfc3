/* infile - a small file read whole, that may be no trap.
 *
 * For files that others write and this program reads at once: lists, account files. A FIFO, a
 * device, a symbolic link of somebody else (base/path) and a file that is larger than it has any
 * right to be are refused, not waited for.
 */
#ifndef SPAMGEAR_BASE_INFILE_H
#define SPAMGEAR_BASE_INFILE_H

#include "spamgear/base/strbuf.h"
#include <sys/stat.h>

/* Replaces text by what the regular file path holds, at most bytes_max bytes. st (may be NULL) is
 * that of the file read. 0; -1 with errno (ENOENT: there is none) and why. */
int infile_read(const char *path, size_t bytes_max, struct strbuf *text, struct stat *st,
                struct strbuf *why);

#endif
