/* sql - prepared statements against SQLite, MariaDB/MySQL or PostgreSQL.
 *
 * A place is a URL: sqlite:/FILE, mysql://[USER@]HOST[:PORT]/DATABASE,
 * mysql://[USER@]/DATABASE?socket=/PATH, pgsql://[USER@]HOST[:PORT]/DATABASE,
 * pgsql://[USER@]/DATABASE?host=/SOCKETFOLDER. USER, DATABASE and the socket may hold %XX; there is
 * no password in it, since it comes from a file. Behind a HOST's DATABASE may stand ?tls=require
 * (encrypted, with whoever answers) or ?tls=verify&tls-ca=/FILE (and the certificate must be the
 * HOST's); else it is as the library does it: libpq encrypts when the server can, libmariadb does
 * not. Parameters are `?` in every statement, outside
 * quotes and comments; values are never pasted.
 *
 * A server is asked in a child process, which loads libmariadb or libpq, connects, runs the one
 * statement and is killed at the deadline: a server that answers a byte a minute, or nonsense,
 * costs no more than that. Whether a statement that ran into the deadline was carried out is not
 * known then.
 */
#ifndef SPAMGEAR_STORE_SQL_H
#define SPAMGEAR_STORE_SQL_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdint.h>

struct sql;

/* A URL, taken apart; the strings are owned. */
enum sql_kind { SQL_SQLITE, SQL_MYSQL, SQL_PGSQL };
enum sql_tls { SQL_TLS_ASIS, SQL_TLS_REQUIRE, SQL_TLS_VERIFY };
struct sql_place {
    enum sql_kind kind;
    char *file;          /* of SQLite */
    char *host, *socket; /* one of them */
    char *user;          /* NULL: whom the library takes */
    char *database;
    unsigned port; /* 0: the usual one */
    enum sql_tls tls;
    char *tls_ca; /* with SQL_TLS_VERIFY */
};

/* 0, or -1 with why (which never repeats the URL: there may be a password in it by mistake).
 * Fills the whole of *place; clear it in either case. */
int sql_place_parse(const char *url, struct sql_place *place, struct strbuf *why);
void sql_place_clear(struct sql_place *place);

/* Reads the URL, and opens SQLite's file, which must be there; servers are asked by sql_run.
 * password may be NULL. deadline_ms: of each statement. NULL with why (without the password). */
struct sql *sql_open(const char *url, const char *password, int deadline_ms, struct strbuf *why);
void sql_close(struct sql *sql);

/* Runs one statement with text parameters (no NUL in them). *changed (may be NULL) gets the rows
 * that were changed. first (may be NULL) gets the columns of the first row, texts ("" for NULL);
 * empty when there is no row. 0, or -1 with why. */
int sql_run(struct sql *sql, const char *statement, const struct span *values, size_t count,
            uint64_t *changed, struct texts *first, struct strbuf *why);

/* How many parameters a statement has; -1 with why when a quote or comment does not end, or when
 * databases would disagree about what is quoted: a backslash in quotes, ??, ?1, :name, @name,
 * $1, [, #, --x, comments of comments, a second statement. */
int sql_parameters(const char *statement, struct strbuf *why);

#endif
