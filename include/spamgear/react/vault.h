/* vault - the quarantine: files that were taken away, and can be put back exactly.
 *
 * A folder (0700) that holds objects/ (contents, named by SHA-256, written once) and cases/
 * (manifests, one a file taken). A manifest is text, `key value` lines: original path (escaped),
 * owner, group, mode, times in nanoseconds, extended attributes and ACLs, hash, size, hits, when,
 * state. The order of taking: object written and synced, hash compared with what was examined,
 * manifest written and synced, folder synced, name and inode compared once more, then unlinked,
 * then the manifest says so. A kill at any instant leaves the file where it was, in the vault,
 * or in both; what was begun is finished or dropped by the next run.
 *
 * Old quarantine folders (/root/shells of the original, with moved files in it) can be used as they
 * are; a folder that others may write, or that holds what other users own, is refused.
 */
#ifndef SPAMGEAR_REACT_VAULT_H
#define SPAMGEAR_REACT_VAULT_H

#include "spamgear/base/digest.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#define VAULT_ID 32 /* characters of a case's ID at most, NUL included */

struct vault;

/* Opens, makes where it is not there, and locks for taking (shared with other runs where that is
 * safe). Finishes what a killed run had begun; problems tells what. NULL with why. */
struct vault *vault_open(const char *folder, struct texts *problems, struct strbuf *why);
void vault_close(struct vault *vault);

/* A file to be taken. */
struct vault_file {
    const char *path;      /* as it was examined */
    int fd;                /* the descriptor that was examined */
    const struct stat *st; /* of fd, when it was examined */
    const uint8_t *hash;   /* SHA-256 that the worker told, NULL = not known */
    const char *hits;      /* labels, for the manifest */
    const char *reason;    /* "quarantined" or "backup before cleaning" */
};

/* Copies into the vault, verified and synced; the file stays. id gets the case. 0, or -1 with why.
 */
int vault_keep(struct vault *vault, const struct vault_file *file, char id[VAULT_ID],
               struct strbuf *why);
/* vault_keep, then removes the name if it still is that inode. 0; -1 with why: the file is
 * where it was (id is not empty when a copy was kept all the same). */
int vault_take(struct vault *vault, const struct vault_file *file, char id[VAULT_ID],
               struct strbuf *why);
/* Removes the name if it still is that inode, and keeps nothing: -q /dev/null. 0, or -1 with why.
 */
int vault_delete_file(const char *path, int fd, struct strbuf *why);

enum vault_state { VAULT_BEGUN, VAULT_KEPT, VAULT_TAKEN, VAULT_RESTORED };

struct vault_case {
    char id[VAULT_ID];
    enum vault_state state;
    char *path, *hits, *reason; /* owned; path raw */
    uint8_t hash[DIGEST_BYTES];
    uint64_t size;
    int64_t when;   /* seconds since 1970 */
    struct stat st; /* uid, gid, mode, times */
    struct vault_attribute {
        char *name;
        struct strbuf value;
    } * attributes;
    size_t attributes_len;
};

void vault_case_clear(struct vault_case *one);
/* A manifest's text; believes nothing (bounded sizes, known keys, a path without "..", a file
 * mode without set-ID bits unless noted). 0, or -1 with why. */
int vault_case_parse(struct vault_case *one, struct span text, struct strbuf *why);
void vault_case_write(const struct vault_case *one, struct strbuf *out);

/* Every case, oldest first: ids only. */
int vault_list(struct vault *vault, struct texts *ids, struct strbuf *why);
int vault_case_read(struct vault *vault, const char *id, struct vault_case *one,
                    struct strbuf *why);
/* Puts the file back: bytes, owner, mode, attributes, times; never through a symbolic link, never
 * over another file. to NULL = where it was. The case stays, state RESTORED. 0, or -1 with why. */
int vault_restore(struct vault *vault, const char *id, const char *to, struct strbuf *why);
/* Forgets a case, and its content when no other case needs it. 0, or -1 with why. */
int vault_remove(struct vault *vault, const char *id, struct strbuf *why);

#endif
