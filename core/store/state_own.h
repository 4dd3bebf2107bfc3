/* state_own - what the parts of state share: batches, the database, the map.
 *
 * state.c         opening, the thread, submitting
 * state_batch.c   what waits, and how two batches become one
 * state_tables.c  the database file: tables, versions, what it may look like
 * state_write.c   one batch, one transaction; what goes when it is old or too much
 * state_map.c     who is listed, kept up in Postfix' file
 * state_reader.c  the same database seen from other processes
 */
#ifndef SPAMGEAR_STORE_STATE_OWN_H
#define SPAMGEAR_STORE_STATE_OWN_H

#include "spamgear/base/map.h"
#include "spamgear/base/sqlite.h"
#include "spamgear/base/vec.h"
#include "spamgear/store/state.h"

#define STATE_WAIT_MS 2000 /* for a lock of another process */

/* ---- state_batch.c ---- */

enum state_what { STATE_MARK, STATE_THREAD, STATE_WATCH };

/* What is known of a key, in the batch's arena. */
struct state_value {
    enum state_what what;
    size_t at, len;    /* the bytes */
    size_t name_len;   /* of the bucket's name, which stands behind them */
    size_t prefix_len; /* of the key: what and profile */
    int64_t minute;
    bool is_bucket;
    enum sender_kind kind;
    struct watch_sum sum;
    uint64_t trusted;
};

/* A copy: the spans point into text. */
struct state_spam {
    struct spam_event event;
    char *text;
    size_t size;
};

struct state_batch {
    struct map keys;
    VEC(struct state_value) values; /* by number in keys */
    struct strbuf arena;
    size_t live; /* bytes of the arena that still count */
    VEC(struct state_spam) spam;
    size_t spam_bytes;
    size_t kept_bytes; /* when state_batch_forget went through it last */
    int64_t since_ms;  /* when it was submitted; of several, the first */
};

size_t state_batch_bytes(const struct state_batch *batch);
bool state_batch_is_empty(const struct state_batch *batch);
/* Adds newer to older, and frees it. */
void state_batch_fold(struct state_batch *older, struct state_batch *newer);
/* Drops spam, the oldest first, until it is not larger than bytes. Returns how many. */
uint64_t state_batch_shed(struct state_batch *batch, size_t bytes);
/* Drops counts of minutes before this one. */
void state_batch_forget(struct state_batch *batch, int64_t minute);

/* ---- state_tables.c ---- */

/* The path of a file in the folder; caller frees. */
char *state_path(const char *folder, const char *name);
/* Is it a regular file of ours that nobody else can change (or, with secret, read)? 1, 0: there is
 * none, -1 with why. */
int state_check_file(const char *path, bool secret, struct strbuf *why);
/* Opens the database, and makes and migrates its tables. */
struct sqlite *state_tables_open(const char *path, struct strbuf *why);
/* Opens what is there, of this version. */
struct sqlite *state_tables_open_to_read(const char *path, struct strbuf *why);
/* Puts why the last call failed into the words of who must do something about it. */
void state_explain(const struct sqlite *db, const char *path, struct strbuf *why);
/* The first column of the first row, or `without` when there is none or it is NULL. */
int state_ask(struct sqlite *db, const char *sql, int64_t without, int64_t *number,
              struct strbuf *why);

/* ---- state_write.c ---- */

struct state_limits {
    int64_t keep_s, watch_keep_s;
    uint64_t rows_max, bytes_max;
    bool feeds;
};

struct state_writer;
/* db is borrowed. */
struct state_writer *state_writer_open(struct sqlite *db, struct strbuf *why);
void state_writer_close(struct state_writer *writer);
int state_writer_put(struct state_writer *writer, const struct state_batch *batch,
                     struct strbuf *why);
/* Removes a portion of what is too old or too much. 1: there is more of it, 0, -1 with why. */
int state_writer_purge(struct state_writer *writer, const struct state_limits *limits,
                       struct strbuf *why);
struct state_numbers {
    uint64_t rows;           /* that are there */
    uint64_t unsent;         /* of them */
    uint64_t written, early; /* since the start; early: gone for a bound */
    uint64_t gone;           /* of these, without having been sent */
};
int state_writer_look(struct state_writer *writer, struct state_numbers *numbers,
                      struct strbuf *why);

/* ---- state_map.c ---- */

struct state_map;
/* How Postfix' file is changed, once it is open: see state_map.c. 0, or -1 with why. */
int state_map_settle(struct sqlite *file, int wait_ms, struct strbuf *why);
/* db and settings are borrowed. Nothing is opened yet. */
struct state_map *state_map_new(struct sqlite *db, const struct listing_settings *settings);
void state_map_free(struct state_map *map);
/* Whom these concern is to be looked at by the next state_map_update. */
void state_map_touch(struct state_map *map, const struct state_batch *batch);
/* Brings the file up to date; does nothing when it is. Before an error is answered, all is to be
 * looked at again. 0, or -1 with why. */
int state_map_update(struct state_map *map, struct strbuf *why);

/* ---- state_reader.c ---- */

/* Steps through a query of sources and marks, and resets it. 0, -1 with why. */
int state_tell_marks(struct sqlite_query *query,
                     void (*each)(void *to, const char *source, struct span mark), void *to,
                     struct strbuf *why);

#endif
