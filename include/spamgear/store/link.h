/* link - one lasting connection to SQLite, MariaDB/MySQL or PostgreSQL, with prepared statements.
 *
 * For who writes much; sql.h asks one question in a process of its own. May hang as long as its
 * deadline, so it is used in a process that can be killed. Parameters are `?` everywhere. What is
 * used of SQL is what Galera, TiDB, Vitess, CockroachDB and Citus have too.
 */
#ifndef SPAMGEAR_STORE_LINK_H
#define SPAMGEAR_STORE_LINK_H

#include "spamgear/base/span.h"
#include "spamgear/store/sql.h"

struct link;
struct link_statement;

struct link *link_open(const struct sql_place *place, const char *password, int deadline_ms,
                       struct strbuf *why);
void link_close(struct link *link); /* also frees its statements */
enum sql_kind link_kind(const struct link *link);

int link_begin(struct link *link, struct strbuf *why);
int link_commit(struct link *link, struct strbuf *why);
void link_rollback(struct link *link);

struct link_statement *link_prepare(struct link *link, const char *statement, struct strbuf *why);
/* Values are texts of valid UTF-8 without NUL; one with at == NULL is SQL's NULL. changed may be
 * NULL. 0, or -1 with why. */
int link_execute(struct link *link, struct link_statement *statement, const struct span *values,
                 size_t count, uint64_t *changed, struct strbuf *why);
/* Several rows at once, as fast as this database can: rows * count values. MariaDB gets them in one
 * request, MySQL's others in statements of many rows, PostgreSQL in a pipeline. In a transaction:
 * when it fails, some of them may be in. */
int link_execute_rows(struct link *link, struct link_statement *statement,
                      const struct span *values, size_t count, size_t rows, struct strbuf *why);
int link_run(struct link *link, const char *statement, struct strbuf *why); /* without values */
/* Gives a statement back before its link is closed; the same one costs little again. */
void link_forget(struct link *link, struct link_statement *statement);

/* Statements that are used here and there: prepared, run, and given back. changed is told of a
 * single row only, and may be NULL; each gets every row of the answer, columns as texts (at ==
 * NULL: NULL). */
int link_change(struct link *link, const char *text, const struct span *values, size_t count,
                size_t rows, uint64_t *changed, struct strbuf *why);
int link_ask(struct link *link, const char *text, const struct span *values, size_t count,
             void (*each)(void *state, const struct span *columns, size_t len), void *state,
             struct strbuf *why);
/* The database's clock, which all who use it share; 0, or -1 with why. */
int link_clock(struct link *link, int64_t *now_ms, struct strbuf *why);

/* What the last failure was. */
enum link_trouble {
    LINK_FINE,
    LINK_LOST,      /* no connection, deadline: open again later */
    LINK_CONFLICT,  /* deadlock, serialization, certification: roll back and do it again */
    LINK_DUPLICATE, /* a key exists already */
    LINK_BAD_VALUE, /* this row is refused for what is in it: too long, no number, not allowed */
    LINK_REFUSED    /* read-only, full, no rights, no such table, wrong statement */
};
enum link_trouble link_trouble(const struct link *link);

#endif
