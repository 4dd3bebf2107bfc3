/* method_run - a program of the system, run for a method of this folder.
 *
 * What it wrote is put into the sentence about its failure, escaped and cut, for it may repeat
 * what a stranger chose. */
#ifndef SPAMGEAR_REACT_METHOD_RUN_H
#define SPAMGEAR_REACT_METHOD_RUN_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include "spamgear/react/method.h"

/* Runs words within settings->timeout_s. output (may be NULL) gets what it wrote. Its exit status
 * 0..255, or -1 with why: not started, killed, too slow. */
int method_run_status(const struct react_settings *settings, const struct texts *words,
                      struct span input, struct strbuf *output, struct strbuf *why);

/* The same, where any status but 0 is a failure. 0, or -1 with why. */
int method_run(const struct react_settings *settings, const struct texts *words, struct span input,
               struct strbuf *output, struct strbuf *why);

/* "PROGRAM: status 1: what it said". Returns -1. */
int method_run_failed(const char *program, int status, struct span output, struct strbuf *why);

/* Words added one after another; NULL ends them. */
void method_words(struct texts *words, ...) __attribute__((sentinel));

#endif
