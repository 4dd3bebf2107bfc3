/* rewrite - a file's content replaced by its cleaned one, in place of the old in one step.
 *
 * Written to a temporary file in the same folder with the same owner, mode, ACLs and extended
 * attributes, synced, then renamed over the name, if that still is the inode that was examined,
 * unchanged. The new file's mtime is now: caches must notice. Other hard links of the old file
 * (st_nlink above 1) keep the old content, which the caller tells. The caller has kept the old
 * content in the vault before.
 */
#ifndef SPAMGEAR_REACT_REWRITE_H
#define SPAMGEAR_REACT_REWRITE_H

#include "spamgear/base/strbuf.h"
#include <stdint.h>
#include <sys/stat.h>

/* path and st: as examined; fd: its descriptor; content_fd: the memfd with size bytes. 0, or -1
 * with why: the old file stands untouched then. */
int rewrite_file(const char *path, int fd, const struct stat *st, int content_fd, uint64_t size,
                 struct strbuf *why);

/* The same owner, group, mode, extended attributes and ACLs for the open file `to` as `from` has;
 * not the times. 0, or -1 with why. */
int rewrite_copy_metadata(int from, int to, const struct stat *st, struct strbuf *why);

#endif
