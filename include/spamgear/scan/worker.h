/* worker - the side of the pool that reads attackers' bytes, and what the two sides say.
 *
 * Parent to worker: one message a batch, an array of struct worker_job, with the descriptors of
 * all of them in order (the file, then the memfd for the cleaned text where there is one).
 * Worker to parent: a byte that says what it is, then
 *   WORKER_HELLO    int: the parts of the sandbox in force. Once, before any answer
 *   WORKER_FAILED   a sentence: why it could not start
 *   WORKER_ANSWERS  struct worker_answer and a verdict record, again and again
 * No message is longer than WORKER_MESSAGE bytes.
 *
 * The worker ends when its socket is closed, and by WORKER_AGAIN when it wants to be replaced by
 * a fresh one (its session with clamd is broken).
 */
#ifndef SPAMGEAR_SCAN_WORKER_H
#define SPAMGEAR_SCAN_WORKER_H

#include "spamgear/scan/pool.h"
#include <stdatomic.h>

#define WORKER_BATCH    16
#define WORKER_MESSAGE  32768
#define WORKER_SOCKET   3 /* its descriptor in the worker */
#define WORKER_AGAIN    17
#define WORKER_CLAMD_MS 5000 /* for connecting to clamd, and for a canary */

enum worker_message { WORKER_HELLO = 'H', WORKER_FAILED = 'F', WORKER_ANSWERS = 'A' };

struct worker_job {
    uint64_t number; /* from 1 */
    uint64_t size;
    uint64_t cleans; /* a second descriptor belongs to it */
};

struct worker_answer {
    uint64_t number;
    uint64_t len; /* of the record that follows */
};

/* Shared with the parent, which believes nothing of it but uses it to tell which file a worker was
 * at. */
struct worker_page {
    _Atomic uint64_t current; /* the number of the job it is at; 0 = none */
    _Atomic uint64_t steps;   /* changes whenever there is progress */
};

struct worker_seat {
    int socket;
    struct worker_page *page;
    const char *folder; /* the scratch folder for libclamav, or NULL */
    bool replaces;      /* another one that died: a clamd that is gone is no reason not to start */
};

/* Shuts itself in and serves. Called right after the fork; never returns. */
void worker_run(const struct worker_seat *seat, const struct detect *detect,
                const struct pool_settings *settings) __attribute__((noreturn));

#endif
