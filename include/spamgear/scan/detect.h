/* detect - a file's bytes in, a verdict out. Runs inside a worker.
 *
 * The file is read in windows (VIEW_WINDOW bytes, the last VIEW_OVERLAP bytes kept for the next),
 * holes are skipped, so memory does not grow with the file. Each window is a view: sniffed,
 * searched for all literals in one pass, and given to every detector in the table of detect.c.
 * What a detector unpacks becomes a further view, one layer deeper, and is searched the same
 * way. A file that changes while it is read (size, mtime, ctime before and after) is UNKNOWN.
 */
#ifndef SPAMGEAR_SCAN_DETECT_H
#define SPAMGEAR_SCAN_DETECT_H

#include "spamgear/scan/allow.h"
#include "spamgear/scan/rule.h"
#include "spamgear/scan/verdict.h"

#define VIEW_WINDOW  (2u << 20)
#define VIEW_OVERLAP (64u << 10)

/* Bytes. Whoever has no space at all can make files of terabytes, all holes, which cannot be
 * skipped by a hash: larger ones are told without. */
#define DETECT_HASH_MAX (4ull << 30)

struct clam; /* scan/clam.h: ClamAV in process */

/* What all workers share, read-only. */
struct detect {
    const struct rules *rules;
    const struct allow_list *allow; /* may be NULL */
    const struct clam *clam;        /* NULL: not in process */
    bool suspicious; /* tell also what is only suspicious to rules of our own and the analysis */
};

/* Some text to look at. */
struct view {
    struct span text;
    uint64_t base;         /* its offset in the file */
    uint64_t lines_before; /* newlines before it */
    uint32_t kinds;        /* SNIFF_* of the file so far and of this text */
    uint32_t layer;
    uint32_t unpacked_line; /* of a layer: the line of the file that unpacked it */
};

/* Buffers and match states of one worker. */
struct detect_scratch;
struct detect_scratch *detect_scratch_new(const struct detect *detect);
void detect_scratch_free(struct detect_scratch *scratch);
/* Its analysis of PHP; NULL when PHP is not analysed. */
struct php_look;
struct php_look *detect_php(struct detect_scratch *scratch);

/* Examines fd (a regular file, from its start, whatever its offset is, which may move). Own rules
 * first, then ClamAV in process; what was found gets a hash, if digest_load has succeeded and the
 * file is not larger than DETECT_HASH_MAX, and is looked up in the allow list. What a rule needs
 * must stand in one window. */
void detect_file(const struct detect *detect, struct detect_scratch *scratch, int fd,
                 struct verdict *verdict);

/* The same for bytes in memory, without ClamAV: tests, fuzz targets, the check of a cleaned text.
 */
void detect_text(const struct detect *detect, struct detect_scratch *scratch, struct span text,
                 struct verdict *verdict);

#endif
