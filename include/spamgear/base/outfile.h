/* outfile - a file that is either the old one or the whole new one.
 *
 * Written under another name in the same directory, flushed to disk, then renamed: a
 * reader (a metrics collector, Postfix) never sees half of it, and a kill leaves the old.
 */
#ifndef SPAMGEAR_BASE_OUTFILE_H
#define SPAMGEAR_BASE_OUTFILE_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdio.h>

struct outfile {
    FILE *stream;      /* write here */
    char *path, *temp; /* owned */
};

/* Starts a new version of path, with the permissions of the one that is there (set-ID bits
 * left out), else 0644; the owner is whoever runs. Only a regular file is replaced: a device, a
 * FIFO, a folder, and a symbolic link to anything are refused. 0, or -1 with why. */
int outfile_open(struct outfile *file, const char *path, struct strbuf *why);
/* Gives it the owner and group of the file that it replaces, if there is one: what a mail server's
 * group alone may read must stay readable for it. 0, or -1 with why; it stays open. */
int outfile_keep_owner(struct outfile *file, struct strbuf *why);
/* Puts it in place. 0, or -1 with why: the old file stands untouched then. Frees either way. */
int outfile_commit(struct outfile *file, struct strbuf *why);
/* Gives it up. */
void outfile_abandon(struct outfile *file);

#endif
