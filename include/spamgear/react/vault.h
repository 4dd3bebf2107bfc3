/* vault - the quarantine: files that were taken away, and can be put back exactly.
 *
 * A folder that holds objects/ab/ (contents, named by SHA-256, written once), cases/ (manifests,
 * one a file taken), new/ (what is being written) and lock. A manifest is text, `key value` lines
 * (vault_case.c). The order of taking: object written and synced, hash compared with what was
 * examined, manifest written and synced with its folder, name and inode compared once more,
 * unlinked, then the manifest says so. A kill at any instant leaves the file where it was, in the
 * vault, or in both; the next vault_open that is alone makes the manifest say which.
 *
 * Old quarantine folders (/root/shells of the original, with moved files in it) can be used as they
 * are; a folder that others may write to, or that holds other users' folders, is refused.
 */
#ifndef SPAMGEAR_REACT_VAULT_H
#define SPAMGEAR_REACT_VAULT_H

#include "spamgear/base/digest.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include "spamgear/react/attributes.h"
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#define VAULT_FILE_MAX                                                                             \
    (4ull << 30) /* bytes: the run waits while a file is copied, and one that is                   \
                    all holes may be as large as its owner likes */

#define VAULT_ID 32 /* characters of a case's ID at most, NUL included: 20261121-224605-7f3a1c */

struct vault;

/* Opens, makes where it is not there, and locks: shared with other runs. Makes true what a killed
 * run left half done, if no other run is at work; problems tells what. NULL with why. */
struct vault *vault_open(const char *folder, struct texts *problems, struct strbuf *why);
/* The same for one that must be there: nothing is made. NULL with why. */
struct vault *vault_open_old(const char *folder, struct texts *problems, struct strbuf *why);
void vault_close(struct vault *vault); /* NULL is fine */

/* A file to be taken. */
struct vault_file {
    const char *path;      /* as it was examined */
    int fd;                /* the descriptor that was examined */
    const struct stat *st; /* of fd, when it was examined */
    const uint8_t *hash;   /* SHA-256 that the worker told, NULL = not known */
    const char *hits;      /* labels, for the manifest */
    const char *reason;    /* "quarantined" or "backup before cleaning" */
};

/* Copies into the vault, verified and synced; the file stays. id gets the case. 0, or -1 with
 * why (and id empty): also for a file that is not as st says any more, that does not have that
 * hash, that is larger than VAULT_FILE_MAX, or that lies in the vault itself. */
int vault_keep(struct vault *vault, const struct vault_file *file, char id[VAULT_ID],
               struct strbuf *why);
/* vault_keep, then removes the name if it still is that inode, unchanged. 0; -1 with why: the file
 * is where it was (id is not empty when a copy was kept all the same). Where st->st_nlink is
 * above 1 the content still has other names, which the caller tells. */
int vault_take(struct vault *vault, const struct vault_file *file, char id[VAULT_ID],
               struct strbuf *why);
/* Removes the name if it still is that inode, unchanged and of that hash, and keeps nothing: -q
 * /dev/null. 0, or -1 with why. */
int vault_delete_file(const struct vault_file *file, struct strbuf *why);

enum vault_state {
    VAULT_BEGUN,   /* the content is here, the name is about to go */
    VAULT_KEPT,    /* the file stayed where it was */
    VAULT_TAKEN,   /* the name is gone */
    VAULT_RESTORED /* and it came back */
};

struct vault_case {
    char id[VAULT_ID];
    enum vault_state state;
    char *path, *hits, *reason; /* owned, raw; the path is absolute */
    uint8_t hash[DIGEST_BYTES];
    int64_t when;   /* seconds since 1970 */
    struct stat st; /* uid, gid, mode, size, times, and nlink, dev and ino, which a restored file
                       does not get again */
    struct attributes attributes;
};

void vault_case_clear(struct vault_case *one);
/* A manifest's text; believes nothing (bounded sizes, known keys once each, an absolute path
 * without "..", a mode without set-ID bits unless it says that twice). Fills the whole of
 * *one, also on failure: vault_case_clear in either case. 0, or -1 with why. */
int vault_case_parse(struct vault_case *one, struct span text, struct strbuf *why);
void vault_case_write(const struct vault_case *one, struct strbuf *out); /* appends */
const char *vault_state_name(enum vault_state state);
bool vault_is_id(const char *text);

/* Every case, oldest first: ids only. */
int vault_list(struct vault *vault, struct texts *ids, struct strbuf *why);
/* The one case whose ID begins with prefix. 0, or -1 with why: none, or several. */
int vault_find(struct vault *vault, const char *prefix, char id[VAULT_ID], struct strbuf *why);
/* Fills the whole of *one, as vault_case_parse does. */
int vault_case_read(struct vault *vault, const char *id, struct vault_case *one,
                    struct strbuf *why);
/* Puts the file back: bytes (verified), owner, mode, attributes, times; never through a symbolic
 * link, never over another file. to NULL = where it was. The case stays, state RESTORED. 0, or
 * -1 with why: nothing was put anywhere. remarks: what the file system did not take. */
int vault_restore(struct vault *vault, const char *id, const char *to, struct texts *remarks,
                  struct strbuf *why);
/* Forgets cases, then every content that no case needs any more; while a manifest cannot be
 * read all contents stay. Each that cannot be removed is told in problems; the number of those
 * that were. -1 with why when nothing could be done. */
int vault_remove(struct vault *vault, const struct texts *ids, struct texts *problems,
                 struct strbuf *why);

#endif
