/* sql - prepared statements against SQLite, MariaDB/MySQL or PostgreSQL.
 *
 * A place is a URL: sqlite:/FILE, mysql://[USER@]HOST[:PORT]/DATABASE,
 * mysql:///DATABASE?socket=/PATH, pgsql://[USER@]HOST[:PORT]/DATABASE,
 * pgsql:///DATABASE?host=/SOCKETFOLDER. The password comes from a file. Parameters are `?` in every
 * statement, outside quotes and comments; values are never pasted. libmariadb and libpq are loaded
 * on first use; every call has a deadline.
 */
#ifndef SPAMGEAR_STORE_SQL_H
#define SPAMGEAR_STORE_SQL_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdint.h>

struct sql;

/* password may be NULL. NULL with why (without the password). */
struct sql *sql_open(const char *url, const char *password, int deadline_ms, struct strbuf *why);
void sql_close(struct sql *sql);

/* Runs one statement with text parameters. *changed (may be NULL) gets the rows that were changed.
 * first (may be NULL) gets the columns of the first row, texts ("" for NULL); empty when there is
 * no row. 0, or -1 with why. */
int sql_run(struct sql *sql, const char *statement, const struct span *values, size_t count,
            uint64_t *changed, struct texts *first, struct strbuf *why);

/* How many parameters a statement has; -1 with why when a quote or comment does not end. */
int sql_parameters(const char *statement, struct strbuf *why);

#endif
