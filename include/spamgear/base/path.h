/* path - opening what stands below folders that other users may change.
 *
 * A tenant can put a symbolic link wherever he may write, at any moment. So names are resolved
 * by openat2(2) with RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS where the kernel has it, and
 * component by component with O_NOFOLLOW where not. A symbolic link is followed only when
 * nobody but root (or the user who runs this) could have put it there: it is owned by that user
 * and so is every folder on the way to it, which others may not write to (/home -> /srv/home).
 */
#ifndef SPAMGEAR_BASE_PATH_H
#define SPAMGEAR_BASE_PATH_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <sys/stat.h>

/* Opens path with flags (O_NOFOLLOW | O_CLOEXEC are added), relative to the folder dirfd
 * (AT_FDCWD: the working directory). The last component is never followed. Paths may be longer
 * than PATH_MAX. A descriptor, or -1 with errno and why. */
int path_open(int dirfd, const char *path, int flags, struct strbuf *why);

/* Opens the folder that holds path's last component (O_PATH is not used: it can be synced).
 * *name gets that component, borrowed from path. A descriptor, or -1 with errno and why. Paths
 * that end in "/", "." or ".." have no last component: EINVAL. */
int path_open_parent(int dirfd, const char *path, const char **name, struct strbuf *why);

/* Do these two name the same inode of the same file system? */
bool path_same_inode(const struct stat *a, const struct stat *b);

/* Was nothing of it changed between two looks at a file? (Size, times of content and of inode.) */
bool path_same_state(const struct stat *a, const struct stat *b);

/* Makes path with mode, whatever the umask, and its missing parents with 0755, below trusted
 * parents only. Returns a descriptor of the folder, or -1 with why. */
int path_make_folder(const char *path, mode_t mode, struct strbuf *why);

/* May nobody but root and the user who runs this change the open folder or file? */
bool path_is_private(const struct stat *st);

/* Tells path_open to do without openat2 (tests of the other way). */
void path_without_openat2(bool without);

#endif
