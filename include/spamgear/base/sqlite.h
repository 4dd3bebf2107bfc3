/* sqlite - the few calls of SQLite that spamgear needs, loaded on first use.
 *
 * Statements are always prepared; nothing is ever pasted into SQL. A file that is not the
 * database it should be is an error, not a crash: the caller decides what a broken cache means.
 * A process that is forked while a database is open must not use it, and shares no memory of it
 * that it could change.
 */
#ifndef SPAMGEAR_BASE_SQLITE_H
#define SPAMGEAR_BASE_SQLITE_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>

struct sqlite;
struct sqlite_query;

/* Opens, and makes it where it is not there (mode 0600). Other processes may use it at the same
 * time: statements wait up to wait_ms for a lock. NULL with why. */
struct sqlite *sqlite_open(const char *path, int wait_ms, struct strbuf *why);
/* Opens what is there, and changes nothing. */
struct sqlite *sqlite_open_to_read(const char *path, int wait_ms, struct strbuf *why);
/* From now on waits for locks in very small steps, wait_ms in all: SQLite's own steps are of
 * milliseconds, in which others that do not wait are refused, since a lock is wanted. */
void sqlite_hurry(struct sqlite *db, int wait_ms);
void sqlite_close(struct sqlite *db); /* NULL is fine; queries must be closed before */

/* Runs statements without results ("PRAGMA ...; CREATE ..."). 0, or -1 with why. */
int sqlite_run(struct sqlite *db, const char *sql, struct strbuf *why);

/* Why the last call failed: another process holds the lock, or this is no (whole) database. */
bool sqlite_is_busy(const struct sqlite *db);
bool sqlite_is_damaged(const struct sqlite *db);
bool sqlite_is_constraint(const struct sqlite *db); /* a key exists, or a row is not allowed */

/* Looks through the whole file for damage. 0, or -1 with why. */
int sqlite_check(struct sqlite *db, struct strbuf *why);

/* Rows that were changed since it was opened. */
int64_t sqlite_changes(const struct sqlite *db);

/* One statement with parameters ?1, ?2, ... NULL with why. */
struct sqlite_query *sqlite_prepare(struct sqlite *db, const char *sql, struct strbuf *why);
void sqlite_query_close(struct sqlite_query *query);

void sqlite_bind_number(struct sqlite_query *query, int parameter, int64_t value);
/* The bytes are borrowed until the next sqlite_reset. */
void sqlite_bind_text(struct sqlite_query *query, int parameter, struct span value);
void sqlite_bind_blob(struct sqlite_query *query, int parameter, struct span value);
void sqlite_bind_real(struct sqlite_query *query, int parameter, double value);
/* A parameter that was not bound is NULL. */

/* 1: a row is there, 0: done, -1 with why. */
int sqlite_step(struct sqlite_query *query, struct strbuf *why);
int sqlite_columns(struct sqlite_query *query); /* of each row */
int64_t sqlite_number(struct sqlite_query *query, int column);
double sqlite_real(struct sqlite_query *query, int column);
bool sqlite_is_null(struct sqlite_query *query, int column);
/* Bytes of a column; borrowed until the next step or reset. */
struct span sqlite_bytes(struct sqlite_query *query, int column);
/* Ready to be run again with other values. */
void sqlite_reset(struct sqlite_query *query);

#endif
