/* scratch - a file without a name in somebody's folder, that gets its name when it is whole.
 *
 * For the files of this folder only. O_TMPFILE where the file system has it, so that a kill
 * leaves nothing; else an unlikely name in the same folder.
 */
#ifndef SPAMGEAR_REACT_SCRATCH_H
#define SPAMGEAR_REACT_SCRATCH_H

#include "spamgear/base/digest.h"
#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define SCRATCH_NAME 40

struct scratch {
    int fd, folder;          /* owned, borrowed */
    char name[SCRATCH_NAME]; /* "" as long as it has none */
};

/* A new file of mode 0600. 0, or -1 with why. */
int scratch_open(struct scratch *scratch, int folder, struct strbuf *why);
/* The same with a name from the start, for folders that are ours alone. */
int scratch_open_named(struct scratch *scratch, int folder, struct strbuf *why);
/* Syncs it, gives it its name, syncs the folder `to`. replace: over a file that is there, else
 * that is EEXIST. 0, or -1 with errno and why. Does not close. */
int scratch_put(struct scratch *scratch, int to, const char *name, bool replace,
                struct strbuf *why);
/* Closes; removes it when it was not put. */
void scratch_close(struct scratch *scratch);

/* `len` random hexadecimal digits and a NUL. */
void scratch_random(char *out, size_t len);

/* Copies what from holds (pread: the offset stays), which must be size bytes; holes stay holes.
 * hash (may be NULL) gets its SHA-256. 0, or -1 with why. */
int scratch_copy(int from, int to, uint64_t size, uint8_t *hash, struct strbuf *why);

/* Writes it all. 0, or -1 with why. */
int scratch_write(int to, struct span bytes, struct strbuf *why);

/* path_open_parent, whose failure reads "PATH: NOT DONE: reason". */
int scratch_open_parent(const char *path, const char *not_done, const char **name,
                        struct strbuf *why);

/* Is the open file still as st says (inode, size, times of content and of inode), and does the
 * name in the folder still belong to it? 0, or -1 with why. */
int scratch_is_unchanged(int folder, const char *name, int fd, const struct stat *st,
                         struct strbuf *why);

#endif
