/* vault_own - what the files of the vault share; nobody else includes it. */
#ifndef SPAMGEAR_REACT_VAULT_OWN_H
#define SPAMGEAR_REACT_VAULT_OWN_H

#include "spamgear/react/vault.h"
#include <stdbool.h>

struct vault {
    int folder, objects, cases, fresh; /* open folders; fresh is new/ */
    int lock;                          /* shared by who has the vault open; alone: may tidy up */
    char *path;                        /* as it was given */
};

/* Keeps others from sweeping objects away (vault_hold) while one is put in or read, or from
 * putting any in (vault_hold_alone) while they are swept: short, unlike the lock of the run. */
void vault_hold(struct vault *vault);
void vault_hold_alone(struct vault *vault);
void vault_release(struct vault *vault);

/* Writes the manifest: a new one under a free ID that one->id gets (first), or the next version
 * of the one that is there. 0, or -1 with why. */
int vault_put_case(struct vault *vault, struct vault_case *one, bool first, struct strbuf *why);

/* The object of a hash, for reading; *size is its length. A descriptor, or -1 with errno and why.
 */
int vault_open_object(struct vault *vault, const uint8_t hash[DIGEST_BYTES], uint64_t *size,
                      struct strbuf *why);

/* Calls visit for each name in the open folder but . and .., in no order. 0, or -1 with why. */
int vault_each_name(int folder, void (*visit)(void *context, const char *name), void *context,
                    struct strbuf *why);

#endif
