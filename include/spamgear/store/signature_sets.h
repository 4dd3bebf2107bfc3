/* signature_sets - the fetched signatures, replaced as a whole and kept for going back.
 *
 *     FOLDER/sets/ID/      the files of one set, and `manifest`; never changed once it has its name
 *     FOLDER/current       a symbolic link to the set in use: FOLDER/current/ is what a scan reads
 *     FOLDER/lock          held by whoever changes something
 *
 * A set is written under another name, flushed to disk and renamed; then `current` is replaced by
 * rename. So a kill at any moment leaves the old set in use or the new one, whole. Everything is
 * opened relative to FOLDER and never through a symbolic link; FOLDER must be closed to others.
 */
#ifndef SPAMGEAR_STORE_SIGNATURE_SETS_H
#define SPAMGEAR_STORE_SIGNATURE_SETS_H

#include "spamgear/base/digest.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>
#include <stdint.h>

#define SIGNATURE_SETS_KEEP 5  /* sets that are kept, the one in use counted */
#define SIGNATURE_SET_ID    24 /* bytes of an ID, with NUL: seconds since 1970, "-", two digits */
#define SIGNATURE_FILES_MAX 64 /* of one set */
#define SIGNATURE_NAME_MAX  64 /* bytes of a file's name */
#define SIGNATURE_SET_BYTES (256u << 20) /* of all files of a set together */

struct signature_file {
    char *name;
    char *url; /* where it was fetched */
    int64_t fetched;
    bool is_signed; /* a signature held when it was fetched */
    uint8_t hash[DIGEST_BYTES];
    uint64_t size, signatures;
    struct strbuf text; /* its bytes; empty when not read */
};

struct signature_set {
    char id[SIGNATURE_SET_ID];
    char previous[SIGNATURE_SET_ID];  /* the set it was made from; "" = none */
    VEC(struct signature_file) files; /* by name */
};

void signature_set_clear(struct signature_set *set);
/* The file of that name; NULL when there is none. Borrowed until the set changes. */
struct signature_file *signature_set_find(const struct signature_set *set, const char *name);
/* The same; added (empty) where it is missing, so that files stay sorted. */
struct signature_file *signature_set_add(struct signature_set *set, const char *name);
void signature_set_remove(struct signature_set *set, const char *name);
uint64_t signature_set_count(const struct signature_set *set); /* signatures of all files */

/* May a file of a set have this name? One that scan/signatures.h reads, of A-Z a-z 0-9 . _ - */
bool signature_set_is_name(const char *name);

/* The manifest as text, and back: 0, or -1 with why. parse does not fill id and texts, and clears
 * nothing that it has added when it fails. */
void signature_manifest_write(const struct signature_set *set, struct strbuf *out);
int signature_manifest_parse(struct signature_set *set, struct span text, struct strbuf *why);

struct signature_sets;

/* Opens FOLDER. To change something: makes it (0755) where it is missing, takes the lock, and
 * tidies up what a killed run left. Only to look: a folder that is not there has no sets. NULL with
 * why: another run has the lock, the folder is open to others. digest_load must have succeeded. */
enum signature_access { SIGNATURE_SETS_LOOK, SIGNATURE_SETS_CHANGE };
struct signature_sets *signature_sets_open(const char *folder, enum signature_access access,
                                           struct strbuf *why);
void signature_sets_close(struct signature_sets *sets);

/* The ID of the set in use: 1; 0: there is none; -1 with why. */
int signature_sets_current(struct signature_sets *sets, char id[SIGNATURE_SET_ID],
                           struct strbuf *why);
/* All IDs, oldest first. */
int signature_sets_list(struct signature_sets *sets, struct texts *ids, struct strbuf *why);
/* The manifest of one; and with texts the bytes of its files, which must be those that the
 * manifest names. 0, or -1 with why. */
int signature_sets_read(struct signature_sets *sets, const char *id, bool texts,
                        struct signature_set *set, struct strbuf *why);
/* Did somebody go back from this set? */
bool signature_sets_is_withdrawn(struct signature_sets *sets, const char *id);

/* Writes the set (all texts are there; id is chosen) and makes it the one in use; old ones beyond
 * SIGNATURE_SETS_KEEP go. 0; -1 with why: the set before is in use as it was. */
int signature_sets_put(struct signature_sets *sets, struct signature_set *set, int64_t now,
                       struct strbuf *why);
/* Goes back to the set from which the one in use was made, and marks that one as withdrawn. 0, or
 * -1 with why: there is none. */
int signature_sets_roll_back(struct signature_sets *sets, char id[SIGNATURE_SET_ID],
                             struct strbuf *why);

#endif
