/* verdict_cache - files that were clean and have not changed since.
 *
 * An SQLite file with one row a folder: the device and inode of the folder, and for each clean
 * file in it inode, size, mtime and ctime in nanoseconds. Every row belongs to one fingerprint
 * of everything that decides a verdict, and is seen by runs of the same alone. Only clean files
 * are kept: what was found is examined again, so that it is told again.
 *
 * Nobody but the kernel vouches for an entry. ctime cannot be set by a user; but it may lie behind
 * a write through a memory map, so a file that changed in the last VERDICT_CACHE_SETTLE seconds is
 * not kept, and neither is one on a file system that is not known to keep these times itself
 * (network, FUSE, tmpfs) or lets users exchange contents without them (XFS, F2FS). The clock
 * running backwards forgets everything newer than now.
 *
 * What was of no use for 30 days goes (rows of another fingerprint: 2). At most 65,536 files of a
 * folder are kept. Several scans may use the file at once. One thread.
 */
#ifndef SPAMGEAR_SCAN_VERDICT_CACHE_H
#define SPAMGEAR_SCAN_VERDICT_CACHE_H

#include "spamgear/base/strbuf.h"
#include "spamgear/scan/walk.h"
#include <stdbool.h>
#include <stdint.h>

#define VERDICT_CACHE_SETTLE 90

struct verdict_cache;
struct verdict_folder; /* the entries of one folder, shared by all files of it that are under way */

/* Opens or makes the file (0600, in a folder of who runs this that nobody else can change; anything
 * else is refused). A damaged one is made anew and why says so (the result is not NULL then). NULL
 * with why. */
struct verdict_cache *verdict_cache_open(const char *path, uint64_t fingerprint,
                                         struct strbuf *why);
/* Writes what is still to be written; folders must be released before. 0, or -1 with why (the
 * cache is then behind, never wrong; a damaged one is removed). Frees. NULL is fine. */
int verdict_cache_close(struct verdict_cache *cache, struct strbuf *why);

/* The entries of the file's folder; held until released, the same object for the same folder. NULL
 * when the file cannot be cached. */
struct verdict_folder *verdict_cache_folder(struct verdict_cache *cache,
                                            const struct walk_file *file);
void verdict_folder_release(struct verdict_cache *cache, struct verdict_folder *folder);

/* Was this file clean when it was as it is now? A folder of NULL has none, here and below. */
bool verdict_folder_has(struct verdict_folder *folder, const struct stat *st);
/* It is clean. st is what fstat told of the descriptor before it was read, and after
 * verdict_cache_folder; and nobody had the file open for writing when its reading began: the times
 * of a write are those of its beginning. */
void verdict_folder_add(struct verdict_folder *folder, const struct stat *st);

#endif
