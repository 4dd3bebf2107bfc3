/* allow - contents that are known to be good, by SHA-256 only, never by path.
 *
 * An allow list is what sha256sum writes, and what `spamgear hash-tree` makes: 64 hexadecimal
 * digits, then a blank and anything; '#' starts a comment line. Comment lines of the form that
 * `hash-tree --php` writes tell what PHP files look like to their last token (scan/originals).
 */
#ifndef SPAMGEAR_SCAN_ALLOW_H
#define SPAMGEAR_SCAN_ALLOW_H

#include "spamgear/base/digest.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include "spamgear/scan/originals.h"

struct allow_list;

struct allow_list *allow_new(void);
void allow_free(struct allow_list *list); /* NULL is fine */
/* Adds a file's hashes; a line that is none is a problem ("file:line: ..."), the others count. The
 * file must be private (path_is_private). 0, or -1 when it could not be read at all. */
int allow_load(struct allow_list *list, const char *path, struct texts *problems);
/* The same for a text; file is only told. */
void allow_read(struct allow_list *list, struct span text, const char *file,
                struct texts *problems);
/* Sorts, each hash once; call after the last load, before allow_has. */
void allow_finish(struct allow_list *list);
bool allow_has(const struct allow_list *list, const uint8_t hash[DIGEST_BYTES]);
/* What the list tells of PHP files. Borrowed. */
const struct originals *allow_originals(const struct allow_list *list);
size_t allow_count(const struct allow_list *list);
/* Hash over the whole list: part of what decides a verdict. */
uint64_t allow_fingerprint(const struct allow_list *list);

#endif
