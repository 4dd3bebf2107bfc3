/* known_bad - hashes of files that are known to be malicious: *.hashes in a signature folder.
 *
 *     # comment
 *     sha256 SIZE DIGITS   the file as it is, SIZE bytes
 *     normal DIGITS        its tokens without blanks and comments (php_form.normal)
 *     shape TOKENS DIGITS  the same with names, numbers and strings blanked (php_form.shape)
 *
 * A shape stands for all copies of a file that were given other names, keys and passwords; one of
 * few tokens stands for honest code too, so those of less than KNOWN_BAD_SHAPE are refused.
 */
#ifndef SPAMGEAR_SCAN_KNOWN_BAD_H
#define SPAMGEAR_SCAN_KNOWN_BAD_H

#include "spamgear/base/digest.h"
#include "spamgear/base/vec.h"
#include "spamgear/php/form.h"

#define KNOWN_BAD_SHAPE 24 /* tokens */

struct known_file {
    uint64_t size;
    uint8_t hash[DIGEST_BYTES];
};

enum known_bad_kind { KNOWN_BAD_FILE, KNOWN_BAD_COPY, KNOWN_BAD_SHAPED, KNOWN_BAD_KINDS };

struct known_bad {
    VEC(struct known_file) files;    /* sorted by size, then hash */
    VEC(uint64_t) normals, shapes;   /* sorted */
    uint32_t rules[KNOWN_BAD_KINDS]; /* in the rule set; 0 = none of the kind was loaded */
};

void known_bad_clear(struct known_bad *bad);
/* Sorts; called by rules_compile. */
void known_bad_finish(struct known_bad *bad);

/* Does a file of this size stand in it, so that its SHA-256 is worth making? */
bool known_bad_has_size(const struct known_bad *bad, uint64_t size);
bool known_bad_has_file(const struct known_bad *bad, uint64_t size,
                        const uint8_t hash[DIGEST_BYTES]);
/* Is there anything that php_form could be known by? */
static inline bool known_bad_has_forms(const struct known_bad *bad)
{
    return bad->normals.len > 0 || bad->shapes.len > 0;
}
/* As what is this text known? KNOWN_BAD_KINDS: it is not. */
enum known_bad_kind known_bad_of(const struct known_bad *bad, const struct php_form *form);
/* For rules_fingerprint. */
uint64_t known_bad_fingerprint(const struct known_bad *bad);

#endif
