/* spawn - another program, run without a shell and with a deadline.
 *
 * The program gets exactly the argv given, a minimal environment (PATH, LANG=C, HOME of root
 * or none), the input on its standard input, and no descriptor but 0, 1 and 2. When the deadline
 * passes its whole process group is killed.
 */
#ifndef SPAMGEAR_BASE_SPAWN_H
#define SPAMGEAR_BASE_SPAWN_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"

/* Runs argv[0] (a path with '/', or looked up in the minimal PATH). output (may be NULL) gets
 * its standard output and error together, at most 64 KiB of it. Returns the exit status 0..255,
 * or -1 with why: it could not be started, was killed by a signal, or took longer than
 * deadline_ms. */
int spawn_run(const char *const *argv, struct span input, int deadline_ms, struct strbuf *output,
              struct strbuf *why);

/* The same for output of any length: take() gets it in pieces as it comes; NULL: it is not read. */
typedef void spawn_take(void *state, struct span bytes);
int spawn_read(const char *const *argv, struct span input, int deadline_ms, spawn_take *take,
               void *state, struct strbuf *why);

#endif
