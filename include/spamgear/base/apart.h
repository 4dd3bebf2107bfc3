/* apart - some work in a child process of its own.
 *
 * For what reads bytes of strangers: the child gives up its rights, works, and answers one text.
 * It holds no descriptor but 0, 1, 2 and the one it answers by, dies with its parent, and is
 * killed at the deadline. The parent believes an answer only when it is whole and the child ended
 * well; what is in it may still be a lie.
 */
#ifndef SPAMGEAR_BASE_APART_H
#define SPAMGEAR_BASE_APART_H

#include "spamgear/base/strbuf.h"
#include <stddef.h>

/* Runs in the child; fills answer and returns 0, or -1 with why. */
typedef int apart_work(void *context, struct strbuf *answer, struct strbuf *why);

/* Appends the answer, of at most bytes_max bytes. 0, or -1 with why: what the work said, that it
 * took longer than deadline_ms, that it was killed, that it answered too much. */
int apart_run(apart_work *work, void *context, int deadline_ms, size_t bytes_max,
              struct strbuf *answer, struct strbuf *why);

/* For a child that lives longer: closes every descriptor but 0, 1, 2 and fd, which gets another
 * number. That number; -1: it could not. */
int apart_keep_only(int fd);

#endif
