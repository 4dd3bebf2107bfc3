/* signature_judge - may these signatures be used?
 *
 * Fetched files are read for the first time in a child process that is shut in (base/sandbox.h): it
 * loads every file of the set, as a scan would, and examines clean samples with all of them.
 * A set is good when no loader complains, each file holds signatures, and no sample is hit or
 * could not be told.
 */
#ifndef SPAMGEAR_STORE_SIGNATURE_JUDGE_H
#define SPAMGEAR_STORE_SIGNATURE_JUDGE_H

#include "spamgear/base/sandbox.h"
#include "spamgear/store/signature_sets.h"

#define SAMPLES_MAX       4096        /* files */
#define SAMPLES_BYTES_MAX (64u << 20) /* of all of them together */
#define JUDGE_PROBLEMS    20          /* told of one set; further ones are counted */
#define JUDGE_MS          300000
#define JUDGE_MEMORY      (2ull << 30)

/* Files that must never be hit. */
struct sample {
    char *name;
    struct strbuf text;
};
struct samples {
    VEC(struct sample) list;
};

/* Reads all regular files below folder. 0, or -1 with why: it is not there, holds none, something
 * cannot be read. Clear either way. */
int samples_read(struct samples *samples, const char *folder, struct strbuf *why);
void samples_clear(struct samples *samples);

/* Fills `signatures` of each file (texts are there). 0: good. -1: problems got at least one
 * sentence, raw. shipped is the folder of spamgear's own rules, which need not be there: no id of
 * theirs may be taken. uid, gid of the sandbox are used; the rest is this module's. */
int signature_judge(struct signature_set *set, const struct samples *samples, const char *shipped,
                    const struct sandbox *sandbox, struct texts *problems);

#endif
