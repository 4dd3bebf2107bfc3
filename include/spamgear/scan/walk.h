/* walk - which files there are to examine. Parses nothing of what is in them.
 *
 * Paths come from standard input or from operands, folders of which are walked in the order of
 * the directory. Everything below an operand is opened relative to it and never through a
 * symbolic link; the last component never is one. Only regular files are given out; FIFOs, sockets
 * and devices are never opened in a way that blocks or acts (O_NONBLOCK | O_NOFOLLOW).
 */
#ifndef SPAMGEAR_SCAN_WALK_H
#define SPAMGEAR_SCAN_WALK_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

enum walk_input { WALK_OPERANDS, WALK_LINES, WALK_NUL };
enum { WALK_WAIT = 2 }; /* of walk_next */
enum walk_newer { WALK_NEWER_CTIME, WALK_NEWER_MTIME };

struct walk_settings {
    enum walk_input input;
    int input_fd;                 /* of WALK_LINES and WALK_NUL */
    bool may_wait;                /* say WALK_WAIT instead of sleeping until input comes */
    const struct texts *operands; /* of WALK_OPERANDS: files and folders */
    bool one_file_system;
    const struct texts
        *excludes;      /* globs: against the whole path, or, without '/', its last part */
    int64_t newer_than; /* seconds since 1970; 0 = all */
    enum walk_newer newer_by;
    uint64_t size_max; /* larger files are left out, and counted; 0 = no bound */
};

/* What the kernel says of a file; what the verdict cache compares. */
struct walk_file {
    struct span path; /* as it was given or put together, NUL-terminated; borrowed until the next
                         walk_next */
    struct stat st;   /* by name, not followed */
    uint64_t folder_device, folder_inode; /* of the folder it stands in; 0 = not known */
    bool cacheable; /* a local file system, whose kernel vouches for the times (verdict_cache.h) */
};

struct walk;
struct walk_counts {
    uint64_t files, excluded, too_large, not_regular, too_old, folders, vanished;
};

struct walk *walk_open(const struct walk_settings *settings);
void walk_close(struct walk *walk);

/* The next regular file: 1. 0: no more. WALK_WAIT: none has come yet (only with may_wait). -1 with
 * why ("path: reason", not escaped): this one (or folder) cannot be examined; go on. A path of the
 * input that is a folder, or that is no regular file, is counted and passed over in silence (find
 * gives folders too); one that does not exist is -1. What vanishes from a folder while that is
 * walked is only counted. With -1 file->path is the path that why begins with, empty when that is
 * about the input as a whole. */
int walk_next(struct walk *walk, struct walk_file *file, struct strbuf *why);

/* Opens the file that walk_next gave last: O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME, and only
 * if it is a regular file; one that replaces another while it is opened is taken for it a few
 * times. *st is what fstat says. A descriptor, or -1 with why and errno (ENOENT: it was removed).
 */
int walk_open_file(struct walk *walk, struct stat *st, struct strbuf *why);

const struct walk_counts *walk_counts(const struct walk *walk);

/* How many files this walk gives out or fails to, as far as it can be told: counts the paths of an
 * input that is a regular file (when it is first called, which must be before walk_next), and
 * takes off what was left out so far. 0: not known. */
uint64_t walk_expected(struct walk *walk);

#endif
