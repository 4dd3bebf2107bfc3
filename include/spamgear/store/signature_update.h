/* signature_update - one run of fetching: all sources, one new set or none.
 *
 * A source that cannot be fetched, or whose signature does not hold, is told and stays as it was;
 * the others go on. What was fetched is judged together with the rest of the set; when
 * anything of it is not good, nothing is changed.
 */
#ifndef SPAMGEAR_STORE_SIGNATURE_UPDATE_H
#define SPAMGEAR_STORE_SIGNATURE_UPDATE_H

#include "spamgear/base/sandbox.h"
#include "spamgear/net/fetch.h"
#include "spamgear/store/signature_sets.h"

#define SIGNATURE_KEY   32 /* bytes of an Ed25519 public key (RFC 8032) */
#define SIGNATURE_BYTES 64

struct signature_source {
    char *name, *url;
    bool is_unsigned; /* no signature is asked for, although there is a key */
};

struct signature_sources {
    VEC(struct signature_source) list;
};

/* Reads words NAME URL [unsigned] NAME URL ... ; each text may hold several, parted by blanks. 0,
 * or -1 with why. Clear either way. */
int signature_sources_read(struct signature_sources *sources, const struct texts *words,
                           struct strbuf *why);
void signature_sources_clear(struct signature_sources *sources);

/* A public key: 64 hexadecimal digits, or base64 of the 32 bytes, or of the SubjectPublicKeyInfo
 * (RFC 8410) that `openssl pkey -pubout` prints. False when it is none. */
bool signature_key_read(struct span text, uint8_t key[SIGNATURE_KEY]);
/* A detached signature: its 64 bytes, or base64 of them, blanks and line ends around it. */
bool signature_read(struct span text, uint8_t signature[SIGNATURE_BYTES]);

struct signature_update {
    const char *folder;
    const struct signature_sources *sources;
    const struct texts *removed; /* names that go out of the set */
    const uint8_t *key;          /* NULL: no signatures are asked for */
    const char *samples;         /* folder of files that must not be hit */
    const char *shipped;         /* folder of spamgear's own rules, whose ids are taken */
    bool force;   /* a jump in numbers, and what was withdrawn, are no reason to refuse */
    bool dry_run; /* everything but writing */
    struct fetch_settings fetch; /* bytes_max is this module's */
};

enum signature_outcome { SIGNATURES_UNCHANGED, SIGNATURES_UPDATED, SIGNATURES_REFUSED };

/* told gets a sentence for each file, and what became of all; problems what was wrong, which
 * may be something with UNCHANGED and UPDATED too. All raw. digest_load must have succeeded. now:
 * seconds since 1970. */
enum signature_outcome signature_update(const struct signature_update *update, int64_t now,
                                        struct texts *told, struct texts *problems);

#endif
