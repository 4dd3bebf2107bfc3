/* link_pgsql - PostgreSQL, by libpq, loaded on first use.
 *
 * Where the server is goes to libpq as keywords and values, so that no text of the configuration is
 * taken for another keyword. Nothing here waits longer than the deadline, also for a server that
 * stands still; and the server is told of it.
 */
#include "link_parts.h"

#ifdef HAVE_PQ
#include "spamgear/base/clock.h"
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include "sql_parts.h"
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define PQ_FUNCTIONS(F)                                                                            \
    F(PQconnectdbParams)                                                                           \
    F(PQstatus)                                                                                    \
    F(PQerrorMessage)                                                                              \
    F(PQfinish)                                                                                    \
    F(PQsocket)                                                                                    \
    F(PQsetnonblocking)                                                                            \
    F(PQflush)                                                                                     \
    F(PQconsumeInput)                                                                              \
    F(PQisBusy)                                                                                    \
    F(PQgetResult)                                                                                 \
    F(PQsendQuery)                                                                                 \
    F(PQsendPrepare)                                                                               \
    F(PQsendQueryPrepared)                                                                         \
    F(PQresultStatus)                                                                              \
    F(PQresultErrorMessage)                                                                        \
    F(PQresultErrorField)                                                                          \
    F(PQntuples)                                                                                   \
    F(PQnfields)                                                                                   \
    F(PQgetisnull)                                                                                 \
    F(PQgetvalue)                                                                                  \
    F(PQgetlength)                                                                                 \
    F(PQcmdTuples)                                                                                 \
    F(PQclear)

PQ_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {PQ_FUNCTIONS(LAZY_SYMBOL){0}};
static const char *const sonames[] = {"libpq.so.5", NULL};

#ifdef LIBPQ_HAS_PIPELINING
#define PIPELINE_FUNCTIONS(F)                                                                      \
    F(PQenterPipelineMode)                                                                         \
    F(PQexitPipelineMode)                                                                          \
    F(PQpipelineSync)
PIPELINE_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol pipeline_symbols[] = {PIPELINE_FUNCTIONS(LAZY_SYMBOL){0}};
#endif

#define SERVER "the PostgreSQL server"

/* SQLSTATEs, by prefix: postgresql.org/docs/current/errcodes-appendix.html; 40 and CR are
 * CockroachDB's too. */
static const struct link_code codes[] = {
    {"23505", LINK_DUPLICATE}, {"23", LINK_BAD_VALUE},    {"22", LINK_BAD_VALUE},
    {"21000", LINK_BAD_VALUE}, {"P0001", LINK_BAD_VALUE}, {"40", LINK_CONFLICT},
    {"55P03", LINK_CONFLICT},  {"08", LINK_LOST},         {"57", LINK_LOST},
    {"53300", LINK_LOST},      {"CR000", LINK_CONFLICT},  {"", LINK_FINE}};

static int fail_result(struct link *link, const PGresult *result, struct strbuf *why)
{
    const char *code = p_PQresultErrorField(result, PG_DIAG_SQLSTATE);
    enum link_trouble trouble =
        code == NULL ? LINK_LOST : link_code_find(codes, code, LINK_REFUSED);
    return link_fail(link, trouble, why, SERVER, p_PQresultErrorMessage(result));
}

static int lost(struct link *link, struct strbuf *why)
{
    return link_fail(link, LINK_LOST, why, SERVER, p_PQerrorMessage(link->handle));
}

/* ---- waiting ---- */

/* Until the server has said or taken something. */
static int wait_some(struct link *link, bool to_write, int64_t deadline, struct strbuf *why)
{
    struct pollfd fd = {.fd = p_PQsocket(link->handle),
                        .events = (short)(POLLIN | (to_write ? POLLOUT : 0))};
    int64_t left = deadline - clock_steady_ms();
    if (left <= 0)
        return link_fail(link, LINK_LOST, why, SERVER, "took too long");
    poll(&fd, 1, (int)left);
    return (fd.revents & (POLLIN | POLLERR | POLLHUP)) == 0 || p_PQconsumeInput(link->handle)
               ? 0
               : lost(link, why);
}

/* All that was asked is sent, and the next result is whole. */
static int wait_result(struct link *link, struct strbuf *why)
{
    int64_t deadline = clock_steady_ms() + link->deadline_ms;
    int flushed;
    while ((flushed = p_PQflush(link->handle)) > 0 || p_PQisBusy(link->handle))
        if (wait_some(link, flushed > 0, deadline, why) != 0)
            return -1;
    return flushed < 0 ? lost(link, why) : 0;
}

/* The one result of what was sent (0: it could not be); NULL with why. */
static PGresult *take_result(struct link *link, int sent, struct strbuf *why)
{
    PGresult *result = NULL, *next;
    if (!sent)
        lost(link, why);
    while (sent && wait_result(link, why) == 0) {
        next = p_PQgetResult(link->handle);
        if (next == NULL)
            return result;
        p_PQclear(result);
        result = next;
    }
    p_PQclear(result);
    return NULL;
}

/* 0 when it is one of those that are well; frees it. */
static int judge(struct link *link, PGresult *result, struct strbuf *why)
{
    if (result == NULL)
        return -1;
    ExecStatusType status = p_PQresultStatus(result);
    int done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
                   ? 0
                   : fail_result(link, result, why);
    p_PQclear(result);
    return done;
}

/* ---- the connection ---- */

static const char *const tls_modes[] = {
    [SQL_TLS_REQUIRE] = "require", [SQL_TLS_VERIFY] = "verify-full"};

static PGconn *connect_server(const struct sql_place *place, const char *password, int deadline_ms)
{
    char port[12] = "", seconds[12], milliseconds[16];
    if (place->port != 0)
        snprintf(port, sizeof port, "%u", place->port);
    snprintf(seconds, sizeof seconds, "%d", (deadline_ms + 999) / 1000);
    snprintf(milliseconds, sizeof milliseconds, "%d", deadline_ms);
    const char *const rows[][2] = {
        {"host", place->socket != NULL ? place->socket : place->host},
        {"port", port},
        {"user", place->user},
        {"password", password},
        {"dbname", place->database},
        {"sslmode", tls_modes[place->tls]},
        {"sslrootcert", place->tls_ca},
        {"connect_timeout", seconds},
        {"tcp_user_timeout", milliseconds},
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

static int run(struct link *link, const char *statement, struct strbuf *why)
{
    return judge(link, take_result(link, p_PQsendQuery(link->handle, statement), why), why);
}

/* So that the server gives up too when nobody waits any more; one that does not know how is no
 * worse for it. */
static int limit_statements(struct link *link, struct strbuf *why)
{
    char statement[60];
    snprintf(statement, sizeof statement, "SET statement_timeout = %d", link->deadline_ms);
    int done = run(link, statement, why);
    return done != 0 && link->trouble == LINK_LOST ? -1 : 0;
}

static int open_server(struct link *link, const struct sql_place *place, const char *password,
                       struct strbuf *why)
{
    link->trouble = LINK_REFUSED;
    if (lazy_open(sonames, symbols, why) != 0)
        return -1;
#ifdef LIBPQ_HAS_PIPELINING
    link->without_bulk = lazy_open(sonames, pipeline_symbols, NULL) != 0; /* before 14 */
#else
    link->without_bulk = true;
#endif
    link->handle = connect_server(place, password, link->deadline_ms);
    if (link->handle == NULL || p_PQstatus(link->handle) != CONNECTION_OK)
        return link_fail(link, LINK_LOST, why, SERVER,
                         link->handle == NULL ? "no memory" : p_PQerrorMessage(link->handle));
    p_PQsetnonblocking(link->handle, 1);
    if (limit_statements(link, why) != 0)
        return -1;
    link->trouble = LINK_FINE;
    return 0;
}

static void close_server(struct link *link)
{
    if (link->handle != NULL)
        p_PQfinish(link->handle);
}

/* ---- statements ---- */

struct prepared {
    char name[16];
};

static int prepare(struct link *link, struct link_statement *statement, struct strbuf *why)
{
    struct strbuf text = {0};
    struct prepared *own = statement->handle = mem_zero(1, sizeof *own);
    snprintf(own->name, sizeof own->name, "s%u", ++link->prepared);
    sql_number_parameters(&text, statement->text);
    int sent = p_PQsendPrepare(link->handle, own->name, strbuf_text(&text), 0, NULL);
    int done = judge(link, take_result(link, sent, why), why);
    strbuf_clear(&text);
    return done;
}

/* With the connection the server forgets it by itself. */
static void forget(struct link_statement *statement)
{
    const struct prepared *own = statement->handle;
    char text[40];
    snprintf(text, sizeof text, "DEALLOCATE %s", own->name);
    if (!statement->link->closing && statement->link->trouble != LINK_LOST)
        run(statement->link, text, NULL);
    free(statement->handle);
}

/* libpq wants strings. */
static int send_values(struct link_statement *statement, const struct span *values)
{
    const struct prepared *own = statement->handle;
    size_t count = statement->parameters;
    const char **texts = mem_zero(count + 1, sizeof *texts);
    struct strbuf bytes = {0};
    for (size_t i = 0; i < count; i++) {
        strbuf_add_span(&bytes, values[i]);
        strbuf_add_char(&bytes, '\0');
    }
    const char *at = strbuf_text(&bytes);
    for (size_t i = 0; i < count; i++) {
        texts[i] = values[i].at == NULL ? NULL : at;
        at += values[i].len + 1;
    }
    int sent =
        p_PQsendQueryPrepared(statement->link->handle, own->name, (int)count, texts, NULL, NULL, 0);
    strbuf_clear(&bytes);
    free(texts);
    return sent;
}

static int give_row(const PGresult *rows, int row, struct link_answer *answer, struct strbuf *why)
{
    struct span values[LINK_COLUMNS_MAX];
    int columns = p_PQnfields(rows);
    for (int i = 0; i < columns; i++) {
        int len = p_PQgetlength(rows, row, i);
        if (len > (int)LINK_TEXT_MAX)
            return strbuf_why(why, "a column has more than %u bytes", LINK_TEXT_MAX);
        values[i] = (struct span){p_PQgetvalue(rows, row, i), (size_t)len};
        if (p_PQgetisnull(rows, row, i))
            values[i].at = NULL;
    }
    answer->each(answer->state, values, (size_t)columns);
    return 0;
}

static int give_rows(struct link *link, const PGresult *rows, struct link_answer *answer,
                     struct strbuf *why)
{
    link->trouble = LINK_REFUSED;
    if (p_PQnfields(rows) > LINK_COLUMNS_MAX)
        return strbuf_why(why, "the row has more than %d columns", LINK_COLUMNS_MAX);
    for (int i = 0; answer->each != NULL && i < p_PQntuples(rows); i++)
        if (give_row(rows, i, answer, why) != 0)
            return -1;
    link->trouble = LINK_FINE;
    return 0;
}

static int execute(struct link_statement *statement, const struct span *values,
                   struct link_answer *answer, struct strbuf *why)
{
    struct link *link = statement->link;
    PGresult *result = take_result(link, send_values(statement, values), why);
    if (result != NULL && p_PQresultStatus(result) == PGRES_COMMAND_OK)
        answer->changed = strtoull(p_PQcmdTuples(result), NULL, 10);
    if (result != NULL && p_PQresultStatus(result) == PGRES_TUPLES_OK &&
        give_rows(link, result, answer, why) != 0) {
        p_PQclear(result);
        return -1;
    }
    return judge(link, result, why);
}

/* ---- many rows ---- */

#ifdef LIBPQ_HAS_PIPELINING

/* One result a row, each with a NULL behind it, then that of the end. The first failure counts:
 * the rows behind it are not looked at by the server. */
static int take_pipeline(struct link *link, struct strbuf *why)
{
    int done = 0;
    for (;;) {
        if (wait_result(link, why) != 0)
            return -1;
        PGresult *result = p_PQgetResult(link->handle);
        if (result == NULL)
            continue;
        ExecStatusType status = p_PQresultStatus(result);
        if (done == 0 && status == PGRES_FATAL_ERROR)
            done = fail_result(link, result, why);
        p_PQclear(result);
        if (status == PGRES_PIPELINE_SYNC)
            return done;
        if (p_PQstatus(link->handle) != CONNECTION_OK)
            return lost(link, why);
    }
}

static int execute_rows(struct link_statement *statement, const struct span *values, size_t rows,
                        struct strbuf *why)
{
    struct link *link = statement->link;
    bool good = p_PQenterPipelineMode(link->handle) == 1;
    for (size_t i = 0; good && i < rows; i++)
        good = send_values(statement, values + i * statement->parameters) == 1;
    good = good && p_PQpipelineSync(link->handle) == 1;
    int done = good ? take_pipeline(link, why) : lost(link, why);
    if (link->trouble != LINK_LOST && p_PQexitPipelineMode(link->handle) != 1)
        done = lost(link, why);
    return done;
}

#else

static int execute_rows(struct link_statement *statement, const struct span *values, size_t rows,
                        struct strbuf *why)
{
    (void)statement, (void)values, (void)rows, (void)why;
    return 1;
}

#endif

const struct link_driver link_pgsql = {open_server, close_server, run,         prepare,
                                       forget,      execute,      execute_rows};

#else

const struct link_driver link_pgsql = {0};

#endif
