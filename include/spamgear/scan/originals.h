/* originals - PHP files as they were released, known by their tokens, so that what was put into one
 * of them stands out by difference.
 *
 * An original is a php_print (php/sequence.h): `spamgear hash-tree --php` writes them into allow
 * lists, as comment lines "#php TOKENS WHOLE HEAD TAIL" that sha256sum passes over. A file that is
 * an original with one block of tokens added is found wherever the block stands: before, behind, or
 * in the middle. What was changed in two places is not recognised.
 */
#ifndef SPAMGEAR_SCAN_ORIGINALS_H
#define SPAMGEAR_SCAN_ORIGINALS_H

#include "spamgear/base/strbuf.h"
#include "spamgear/php/sequence.h"

struct originals {
    VEC(struct php_print) prints;
    VEC(uint32_t) by_head, by_tail; /* numbers, sorted by that hash; made by originals_finish */
};

void originals_clear(struct originals *originals);
void originals_add(struct originals *originals, const struct php_print *print);
/* "#php 812 9f.. 12.. 77..": false when the line is none. */
bool originals_read_line(struct span line, struct php_print *print);
void originals_write_line(const struct php_print *print, struct strbuf *out); /* with newline */
/* Sorts; call after the last originals_add, before originals_find. */
void originals_finish(struct originals *originals);

enum originals_result {
    ORIGINALS_NONE, /* like none of them */
    ORIGINALS_SAME, /* one of them, but for blanks and comments */
    ORIGINALS_BLOCK /* one of them with a block added: tokens *from ... *to - 1 */
};

/* Of several places at which the block may be cut out with the same result, one that begins and
 * ends with a statement is told. */
enum originals_result originals_find(const struct originals *originals,
                                     const struct php_sequence *sequence, size_t *from, size_t *to);

#endif
