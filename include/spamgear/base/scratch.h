/* scratch - a folder of one's own for files that nobody keeps. */
#ifndef SPAMGEAR_BASE_SCRATCH_H
#define SPAMGEAR_BASE_SCRATCH_H

#include "spamgear/base/strbuf.h"
#include <sys/types.h>

#define SCRATCH_PREFIX "spamgear." /* of its name */

/* Makes a new folder (0700) below parent, for another user when root asks for one (uid not 0);
 * that user must be able to reach parent. Its path: caller frees; NULL with why. */
char *scratch_make(const char *parent, uid_t uid, gid_t gid, struct strbuf *why);

/* Removes it with all that is in it. What is in it may have been put there by somebody hostile, who
 * must have ended: no link is followed, and below SCRATCH_DEPTH folders it gives up. 0, or -1. */
#define SCRATCH_DEPTH 64
int scratch_remove(const char *path);

#endif
