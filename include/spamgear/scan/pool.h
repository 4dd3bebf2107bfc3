/* pool - workers that examine files, each shut in its sandbox.
 *
 * Workers are forked from the process that loaded the rules. They get open descriptors over a
 * socket, several at a time, and answer with verdict records. Whatever happens
 * to a worker (crash, time, memory, a record that is none), the file it was at becomes UNKNOWN
 * with the reason, the others it held go to a fresh worker, and the scan goes on.
 *
 * A worker that was taken over can lie about the files that it holds or is given afterwards; what
 * else it can do stands in docs/architecture.md. Who has a file cleaned compares the result: the
 * worker's word is all that vouches for it here. The files that a dead worker held are examined one
 * at a time, so that whichever of them kills is found out.
 *
 * Single-threaded: pool_give and pool_take are called by one process, which parses nothing but
 * records.
 */
#ifndef SPAMGEAR_SCAN_POOL_H
#define SPAMGEAR_SCAN_POOL_H

#include "spamgear/base/sandbox.h"
#include "spamgear/net/clamd.h"
#include "spamgear/scan/detect.h"

struct pool_settings {
    unsigned jobs;                   /* workers; 0 = one a core that this process may use */
    int time_ms;                     /* for one file, plus 1 s for each 16 MiB of it */
    struct sandbox sandbox;          /* how they are shut in */
    const struct clamd_place *clamd; /* each worker holds a session with this clamd; NULL: none */
    const char *clamav_folder; /* parent of the workers' scratch folders for libclamav; must be
                                  reachable for the sandbox's user */
    bool no_hashes; /* do not load libcrypto (1 to 2 ms): what is found has no hash, and no allow
                       list is asked, unless the caller has called digest_load */
    /* What examines a file in the worker; NULL: detect_file. Tests put ugly ones here. */
    void (*examine)(const struct detect *detect, struct detect_scratch *scratch, int fd,
                    struct verdict *verdict);
};

struct pool_job {
    int fd;         /* a regular file, read-only */
    uint64_t size;  /* as fstat told, for the time it may take */
    int cleaned_fd; /* memfd, empty, that gets the cleaned text; -1: only examine */
    void *ticket;   /* the caller's; comes back with the verdict */
};

struct pool;

/* Starts the workers. detect and what it points at stay the caller's and must not change. NULL
 * with why. */
struct pool *pool_open(const struct pool_settings *settings, const struct detect *detect,
                       struct strbuf *why);
/* Stops and reaps them; jobs not taken are lost. */
void pool_close(struct pool *pool);

/* Is there room for one more job? Bounded, so memory and open descriptors are. */
bool pool_has_room(const struct pool *pool);
/* Hands a job over (pool_has_room must be true). Descriptors stay the caller's: close them when
 * the job comes back from pool_take. */
void pool_give(struct pool *pool, const struct pool_job *job);

/* A finished job: 1, with *job and *verdict (borrowed until the next call). 0: none is finished
 * within wait_ms (-1 = wait as long as it takes; 0 is also returned when no job is out). */
int pool_take(struct pool *pool, struct pool_job *job, const struct verdict **verdict, int wait_ms);
size_t pool_outstanding(const struct pool *pool);

/* What protects the workers, for --verbose: "user 65534, Landlock ABI 5, seccomp, ...". Borrowed.
 */
const char *pool_protection(const struct pool *pool);
/* How many workers had to be replaced. */
unsigned pool_replaced(const struct pool *pool);

#endif
