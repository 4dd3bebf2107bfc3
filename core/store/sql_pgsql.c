/* sql_pgsql - statements against PostgreSQL, by libpq, loaded on first use.
 *
 * Where the server is goes to libpq as keywords and values, so that no text of the configuration is
 * taken for another keyword. The deadline is the caller's child's, and the server is told of it.
 */
#include "sql_parts.h"

#ifdef HAVE_PQ
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include <libpq-fe.h>
#include <stdlib.h>

#define PQ_FUNCTIONS(F)                                                                            \
    F(PQconnectdbParams)                                                                           \
    F(PQstatus)                                                                                    \
    F(PQerrorMessage)                                                                              \
    F(PQfinish)                                                                                    \
    F(PQexec)                                                                                      \
    F(PQexecParams)                                                                                \
    F(PQresultStatus)                                                                              \
    F(PQresultErrorMessage)                                                                        \
    F(PQntuples)                                                                                   \
    F(PQnfields)                                                                                   \
    F(PQgetvalue)                                                                                  \
    F(PQgetlength)                                                                                 \
    F(PQcmdTuples)                                                                                 \
    F(PQclear)

PQ_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {PQ_FUNCTIONS(LAZY_SYMBOL){0}};
static const char *const sonames[] = {"libpq.so.5", NULL};

#define SERVER "the PostgreSQL server"

static PGconn *connect_server(const struct sql_question *question)
{
    const struct sql_place *place = question->place;
    char port[12] = "", seconds[12];
    if (place->port != 0)
        snprintf(port, sizeof port, "%u", place->port);
    snprintf(seconds, sizeof seconds, "%d", (question->deadline_ms + 999) / 1000);
    const char *const rows[][2] = {
        {"host", place->socket != NULL ? place->socket : place->host},
        {"port", port},
        {"user", place->user},
        {"password", question->password},
        {"dbname", place->database},
        {"connect_timeout", seconds},
        {"client_encoding", "UTF8"},
        {"application_name", "spamgear"},
    };
    const char *keys[sizeof rows / sizeof *rows + 1] = {0}, *values[sizeof rows / sizeof *rows + 1];
    size_t len = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i][1] == NULL || *rows[i][1] == '\0')
            continue;
        keys[len] = rows[i][0];
        values[len++] = rows[i][1];
    }
    keys[len] = values[len] = NULL;
    return p_PQconnectdbParams(keys, values, 0); /* 0: a database's name is no list of keywords */
}

/* So that the server gives up too when nobody waits any more. */
static void limit_statement(PGconn *handle, int deadline_ms)
{
    char statement[60];
    snprintf(statement, sizeof statement, "SET statement_timeout = %d", deadline_ms);
    p_PQclear(p_PQexec(handle, statement));
}

static int take_row(const PGresult *rows, struct texts *first, struct strbuf *why)
{
    int columns = p_PQnfields(rows);
    if (columns > SQL_COLUMNS_MAX)
        return strbuf_why(why, "the row has more than %d columns", SQL_COLUMNS_MAX);
    for (int i = 0; p_PQntuples(rows) > 0 && i < columns; i++) {
        if (p_PQgetlength(rows, 0, i) > (int)SQL_TEXT_MAX)
            return strbuf_why(why, "a column has more than %u bytes", SQL_TEXT_MAX);
        texts_add(first, p_PQgetvalue(rows, 0, i));
    }
    return 0;
}

static int take_result(PGresult *rows, struct sql_result *result, struct strbuf *why)
{
    ExecStatusType status = p_PQresultStatus(rows);
    if (status == PGRES_TUPLES_OK && take_row(rows, &result->first, why) != 0)
        return -1;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return sql_fail(why, SERVER, p_PQresultErrorMessage(rows));
    if (status == PGRES_COMMAND_OK) /* a SELECT tells how many rows it gave */
        result->changed = strtoull(p_PQcmdTuples(rows), NULL, 10);
    return 0;
}

static int run(PGconn *handle, const struct sql_question *question, struct sql_result *result,
               struct strbuf *why)
{
    struct strbuf statement = {0};
    const char **values = mem_zero(question->count + 1, sizeof *values);
    for (size_t i = 0; i < question->count; i++)
        values[i] = mem_text_of(question->values[i].len == 0 ? "" : question->values[i].at,
                                question->values[i].len);
    sql_number_parameters(&statement, question->statement);
    limit_statement(handle, question->deadline_ms);
    PGresult *rows = p_PQexecParams(handle, strbuf_text(&statement), (int)question->count, NULL,
                                    values, NULL, NULL, 0);
    int done = rows == NULL ? sql_fail(why, SERVER, p_PQerrorMessage(handle))
                            : take_result(rows, result, why);
    p_PQclear(rows);
    for (size_t i = 0; i < question->count; i++)
        free((void *)(uintptr_t)values[i]);
    free(values);
    strbuf_clear(&statement);
    return done;
}

int sql_pgsql_run(const struct sql_question *question, struct sql_result *result,
                  struct strbuf *why)
{
    if (lazy_open(sonames, symbols, why) != 0)
        return -1;
    PGconn *handle = connect_server(question);
    int done = p_PQstatus(handle) == CONNECTION_OK
                   ? run(handle, question, result, why)
                   : sql_fail(why, SERVER, handle == NULL ? "no memory" : p_PQerrorMessage(handle));
    p_PQfinish(handle);
    return done;
}

#else

int sql_pgsql_run(const struct sql_question *question, struct sql_result *result,
                  struct strbuf *why)
{
    (void)question, (void)result;
    return strbuf_why(why, "built without PostgreSQL");
}

#endif
