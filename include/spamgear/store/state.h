/* state - what the daemon must remember: places in its logs, open threads, counts, spam events.
 *
 * One SQLite database, STATE/postlog.db (WAL), which a thread of its own writes. What has come in
 * since the last commit is a batch: the places in the logs, and everything that follows from the
 * lines before them. A batch is one transaction, so each line takes effect exactly once, whenever
 * the process is killed. Batches never wait for the disk: while it is slow or full they are merged,
 * up to a bound, and a start after that reads the log from the last commit again.
 *
 * Spam events stay in it, numbered, as long as `keep` says: Postfix' map file is made from them,
 * and another database is fed from them (feeder.h). So they are the local spool as well. Where the
 * bound of rows is reached the oldest go, and those that were not yet sent are counted as lost.
 */
#ifndef SPAMGEAR_STORE_STATE_H
#define SPAMGEAR_STORE_STATE_H

#include "spamgear/log/follow.h"
#include "spamgear/log/spam_event.h"
#include "spamgear/sender/watch.h"
#include "spamgear/store/listing.h"

#define STATE_FOLDER "/var/lib/spamgear"
#define STATE_SCHEMA 2

struct state_settings {
    const char *folder;
    int commit_ms;      /* 0: 500. At most so long a batch waits for company */
    int64_t keep_s;     /* spam events; 0: 30 days */
    uint64_t rows_max;  /* spam events; 0: 2,000,000 */
    uint64_t bytes_max; /* of the database file, and of its log of writes; 0: 1 GiB */
    size_t waiting_max; /* bytes of batches that wait for the disk; 0: 64 MiB */
    const struct listing_settings *listing; /* NULL: no map file */
    bool feeds; /* another database is to get the rows: what was not sent and goes is told */
};

struct state;

/* Opens, makes and migrates STATE/postlog.db. Processes that are to read it are started before
 * (they wait until it is there): what is forked later holds its locks and cannot open it. A folder
 * or file that others could change, or a file of a newer version, is refused; one process holds it
 * at a time (flock STATE/postlog.lock). NULL with why. */
struct state *state_open(const struct state_settings *settings, struct strbuf *why);
void state_close(struct state *state); /* flushes first, for a few seconds at most */
/* Does a process hold it? 1, 0; -1 with why: cannot tell. */
int state_is_held(const char *folder, struct strbuf *why);

/* --- What there was; before state_start --- */
/* 1: the mark's text as it was submitted; 0: none; -1 with why. Appends. state_watch also tells how
 * long counts are kept: until they lie as far back as the furthest since_minute (a day at least).
 */
int state_mark(struct state *state, const char *source, struct strbuf *mark, struct strbuf *why);
int state_marks(struct state *state, void (*each)(void *to, const char *source, struct span mark),
                void *to, struct strbuf *why);
int state_rename_mark(struct state *state, const char *from, const char *to, struct strbuf *why);
int state_threads(struct state *state, void (*each)(void *to, uint64_t number, struct span bytes),
                  void *to, struct strbuf *why);
int state_watch(struct state *state, const char *profile, int64_t since_minute,
                void (*each)(void *to, struct span key, struct span bytes), void *to,
                struct strbuf *why);

/* Starts the thread that writes. Nothing may be forked from then on. */
int state_start(struct state *state, struct strbuf *why);

/* --- Batches: filled by the caller's thread --- */
struct state_batch;
struct state_batch *state_batch_new(void);
void state_batch_free(struct state_batch *batch); /* one that was not submitted */
/* Everything is copied. Of marks and of threads the last one of a name or number counts; a thread
 * without bytes is gone. */
void state_batch_mark(struct state_batch *batch, const char *source, struct span mark);
void state_batch_thread(struct state_batch *batch, uint64_t number, struct span bytes);
void state_batch_watch(struct state_batch *batch, const char *profile,
                       const struct watch_change *change);
void state_batch_spam(struct state_batch *batch, const struct spam_event *event);
/* Is there so much in it that it should be submitted now? */
bool state_batch_is_full(const struct state_batch *batch);

/* Takes the batch over. Never waits. */
void state_submit(struct state *state, struct state_batch *batch);
/* Waits until all that was submitted is on disk. 0; -1 with why, also when deadline_ms is over. */
int state_flush(struct state *state, int deadline_ms, struct strbuf *why);

struct state_health {
    uint64_t commits, rows;    /* rows: spam events written since the start */
    uint64_t waiting_bytes;    /* submitted, not on disk yet */
    uint64_t unsent;           /* rows another database has not got yet; with feeds */
    uint64_t lost;             /* rows that went unsent, or did not fit into waiting_max */
    uint64_t early;            /* rows that went for a bound, and not for their age */
    int64_t oldest_waiting_ms; /* age of the oldest batch that waits */
    uint64_t wal_bytes; /* of the file beside it, which grows while somebody reads for long */
    bool failing;       /* the last commit failed; trouble says why */
    char trouble[256];
    bool map_failing; /* Postfix' file could not be brought up to date */
    char map_trouble[256];
};
void state_look(struct state *state, struct state_health *health);

/* --- For other processes (the feeder, `store`, `postlog status`) --- */
struct state_reader;
struct state_reader *state_reader_open(const char *folder, struct strbuf *why);
void state_reader_close(struct state_reader *reader);
/* Rows behind number `after`, in order, at most max. Returns how many, -1 with why. */
int state_reader_spam(struct state_reader *reader, uint64_t after, unsigned max,
                      void (*each)(void *to, uint64_t number, const struct spam_event *event),
                      void *to, struct strbuf *why);
/* Own buckets changed behind `after` (a running number, in order), at most max; last gets the
 * number of the last one. Returns how many, -1 with why. */
int state_reader_buckets(struct state_reader *reader, uint64_t after, unsigned max,
                         void (*each)(void *to, const char *profile,
                                      const struct watch_bucket *bucket),
                         void *to, uint64_t *last, struct strbuf *why);
/* Up to which number rows were sent. */
int state_reader_sent(struct state_reader *reader, uint64_t *number, struct strbuf *why);
/* The random number of this database: one that is made anew has another. */
int state_reader_life(struct state_reader *reader, uint64_t *life, struct strbuf *why);
/* Gives it another one: for a copy that is used as well, or was put back. */
int state_reader_renew(struct state_reader *reader, struct strbuf *why);
/* Looks through the whole file for damage. 0, -1 with why. */
int state_reader_check(struct state_reader *reader, struct strbuf *why);
int state_reader_set_sent(struct state_reader *reader, uint64_t number, struct strbuf *why);
/* Every mark, in the order of their sources. 0, -1 with why. */
int state_reader_marks(struct state_reader *reader,
                       void (*each)(void *to, const char *source, struct span mark), void *to,
                       struct strbuf *why);
/* How many rows there are behind number `after`. 0, -1 with why. */
int state_reader_behind(struct state_reader *reader, uint64_t after, uint64_t *rows,
                        struct strbuf *why);
/* Number of the newest row, of rows (which are counted), and of bytes of the file. */
int state_reader_size(struct state_reader *reader, uint64_t *newest, uint64_t *rows,
                      uint64_t *bytes, struct strbuf *why);

#endif
