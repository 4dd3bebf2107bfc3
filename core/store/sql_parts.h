/* sql_parts - what the ways to a database have in common; of core/store/sql*.c only. */
#ifndef SPAMGEAR_STORE_SQL_PARTS_H
#define SPAMGEAR_STORE_SQL_PARTS_H

#include "spamgear/base/strbuf.h"
#include "spamgear/store/sql.h"

#define SQL_COLUMNS_MAX 64
#define SQL_TEXT_MAX    (64u << 10) /* bytes of one column; longer ones are refused */

/* One statement that is to be run. */
struct sql_question {
    const struct sql_place *place;
    const char *password; /* NULL: none */
    const char *statement;
    const struct span *values;
    size_t count;
    int deadline_ms;
    struct sqlite *file; /* of SQLite */
};

struct sql_result {
    uint64_t changed;
    struct texts first;
};

/* Each runs it: 0, or -1 with why. */
int sql_sqlite_run(const struct sql_question *question, struct sql_result *result,
                   struct strbuf *why);
int sql_mysql_run(const struct sql_question *question, struct sql_result *result,
                  struct strbuf *why);
int sql_pgsql_run(const struct sql_question *question, struct sql_result *result,
                  struct strbuf *why);

/* The statement with $1, $2, ... for each ?; for one that sql_parameters took. Appends. */
void sql_number_parameters(struct strbuf *out, const char *statement);

/* A library's message: its first line, as why. Returns -1. */
int sql_fail(struct strbuf *why, const char *what, const char *message);

#endif
