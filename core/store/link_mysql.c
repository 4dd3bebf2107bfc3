/* link_mysql - MariaDB and MySQL, by libmariadb (Connector/C), loaded on first use.
 *
 * The server is not trusted: it may not ask for local files, nor for the password in clear text.
 */
#include "link_parts.h"

#ifdef HAVE_MARIADB
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include <errmsg.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>

#define MYSQL_FUNCTIONS(F)                                                                         \
    F(mysql_init)                                                                                  \
    F(mysql_optionsv)                                                                              \
    F(mysql_real_connect)                                                                          \
    F(mysql_real_query)                                                                            \
    F(mysql_error)                                                                                 \
    F(mysql_errno)                                                                                 \
    F(mysql_close)                                                                                 \
    F(mysql_stmt_init)                                                                             \
    F(mysql_stmt_attr_set)                                                                         \
    F(mysql_stmt_prepare)                                                                          \
    F(mysql_stmt_bind_param)                                                                       \
    F(mysql_stmt_execute)                                                                          \
    F(mysql_stmt_bind_result)                                                                      \
    F(mysql_stmt_fetch)                                                                            \
    F(mysql_stmt_fetch_column)                                                                     \
    F(mysql_stmt_free_result)                                                                      \
    F(mysql_stmt_field_count)                                                                      \
    F(mysql_stmt_affected_rows)                                                                    \
    F(mysql_stmt_error)                                                                            \
    F(mysql_stmt_errno)                                                                            \
    F(mysql_stmt_close)

MYSQL_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {MYSQL_FUNCTIONS(LAZY_SYMBOL){0}};
static const char *const sonames[] = {"libmariadb.so.3", NULL};

#define SERVER "the MySQL server"

/* mariadb.com/kb/en/mariadb-error-codes, docs.pingcap.com/tidb/stable/error-codes; with a blank
 * behind, so that a prefix is a whole number. */
static const struct link_code codes[] = {{"1062 ", LINK_DUPLICATE},
                                         {"1022 ", LINK_DUPLICATE},
                                         {"1586 ", LINK_DUPLICATE},
                                         {"1205 ", LINK_CONFLICT},
                                         {"1213 ", LINK_CONFLICT},
                                         {"1020 ", LINK_CONFLICT},
                                         {"1180 ", LINK_CONFLICT},
                                         {"8002 ", LINK_CONFLICT},
                                         {"8022 ", LINK_CONFLICT},
                                         {"8028 ", LINK_CONFLICT},
                                         {"9007 ", LINK_CONFLICT},
                                         {"9001 ", LINK_LOST},
                                         {"9002 ", LINK_LOST},
                                         {"9003 ", LINK_LOST},
                                         {"9004 ", LINK_LOST},
                                         {"9005 ", LINK_LOST},
                                         {"1040 ", LINK_LOST},
                                         {"1047 ", LINK_LOST},
                                         {"1053 ", LINK_LOST},
                                         {"1077 ", LINK_LOST},
                                         {"1078 ", LINK_LOST},
                                         {"1079 ", LINK_LOST},
                                         {"1152 ", LINK_LOST},
                                         {"1158 ", LINK_LOST},
                                         {"1159 ", LINK_LOST},
                                         {"1160 ", LINK_LOST},
                                         {"1161 ", LINK_LOST},
                                         {"1317 ", LINK_LOST},
                                         {"1927 ", LINK_LOST},
                                         {"1969 ", LINK_LOST},
                                         {"3024 ", LINK_LOST},
                                         {"1048 ", LINK_BAD_VALUE},
                                         {"1264 ", LINK_BAD_VALUE},
                                         {"1265 ", LINK_BAD_VALUE},
                                         {"1292 ", LINK_BAD_VALUE},
                                         {"1366 ", LINK_BAD_VALUE},
                                         {"1406 ", LINK_BAD_VALUE},
                                         {"1411 ", LINK_BAD_VALUE},
                                         {"1452 ", LINK_BAD_VALUE},
                                         {"1644 ", LINK_BAD_VALUE},
                                         {"1690 ", LINK_BAD_VALUE},
                                         {"3819 ", LINK_BAD_VALUE},
                                         {"3988 ", LINK_BAD_VALUE},
                                         {"4025 ", LINK_BAD_VALUE},
                                         {"1367 ", LINK_BAD_VALUE},
                                         {"20", LINK_LOST} /* the library's own: 2000 to 2099 */,
                                         {"", LINK_FINE}};

static enum link_trouble trouble_of(unsigned number)
{
    char code[16];
    snprintf(code, sizeof code, "%u ", number);
    return link_code_find(codes, code, LINK_REFUSED);
}

static int fail(struct link *link, struct strbuf *why)
{
    return link_fail(link, trouble_of(p_mysql_errno(link->handle)), why, SERVER,
                     p_mysql_error(link->handle));
}

static int fail_statement(struct link_statement *statement, struct strbuf *why)
{
    return link_fail(statement->link, trouble_of(p_mysql_stmt_errno(statement->handle)), why,
                     SERVER, p_mysql_stmt_error(statement->handle));
}

/* ---- the connection ---- */

static void set_options(MYSQL *handle, int deadline_ms)
{
    unsigned seconds = (unsigned)(deadline_ms + 999) / 1000, no_files = 0;
    p_mysql_optionsv(handle, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    p_mysql_optionsv(handle, MYSQL_OPT_READ_TIMEOUT, &seconds);
    p_mysql_optionsv(handle, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
    p_mysql_optionsv(handle, MYSQL_OPT_LOCAL_INFILE, &no_files);
    p_mysql_optionsv(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    p_mysql_optionsv(handle, MARIADB_OPT_RESTRICTED_AUTH,
                     "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password");
}

/* Without it the library speaks in clear text: a server in between could answer for another. */
static void set_tls(MYSQL *handle, const struct sql_place *place)
{
    my_bool enforce = 1, verify = place->tls == SQL_TLS_VERIFY;
    if (place->tls == SQL_TLS_ASIS)
        return;
    p_mysql_optionsv(handle, MYSQL_OPT_SSL_ENFORCE, &enforce);
    p_mysql_optionsv(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    if (verify)
        p_mysql_optionsv(handle, MYSQL_OPT_SSL_CA, place->tls_ca);
}

/* "localhost" would be the default socket, whatever the port: a host is always TCP. */
static int open_server(struct link *link, const struct sql_place *place, const char *password,
                       struct strbuf *why)
{
    unsigned protocol = place->socket != NULL ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    link->trouble = LINK_REFUSED;
    if (lazy_open(sonames, symbols, why) != 0)
        return -1;
    MYSQL *handle = link->handle = p_mysql_init(NULL);
    if (handle == NULL)
        return strbuf_why(why, "libmariadb cannot start");
    set_options(handle, link->deadline_ms);
    set_tls(handle, place);
    p_mysql_optionsv(handle, MYSQL_OPT_PROTOCOL, &protocol);
    if (p_mysql_real_connect(handle, place->host, place->user, password, place->database,
                             place->port, place->socket, 0) == NULL)
        return fail(link, why);
    link->trouble = LINK_FINE;
    return 0;
}

static void close_server(struct link *link)
{
    if (link->handle != NULL)
        p_mysql_close(link->handle);
}

static int run(struct link *link, const char *statement, struct strbuf *why)
{
    return p_mysql_real_query(link->handle, statement, strlen(statement)) == 0 ? 0
                                                                               : fail(link, why);
}

/* ---- statements ---- */

static int prepare(struct link *link, struct link_statement *statement, struct strbuf *why)
{
    MYSQL_STMT *handle = statement->handle = p_mysql_stmt_init(link->handle);
    if (handle == NULL)
        return fail(link, why);
    return p_mysql_stmt_prepare(handle, statement->text, strlen(statement->text)) == 0
               ? 0
               : fail_statement(statement, why);
}

static void forget(struct link_statement *statement)
{
    p_mysql_stmt_close(statement->handle);
}

static int send_values(struct link_statement *statement, const struct span *values,
                       struct strbuf *why)
{
    MYSQL_STMT *handle = statement->handle;
    MYSQL_BIND *binds = mem_zero(statement->parameters + 1, sizeof *binds);
    for (size_t i = 0; i < statement->parameters; i++)
        binds[i] =
            (MYSQL_BIND){.buffer_type = values[i].at == NULL ? MYSQL_TYPE_NULL : MYSQL_TYPE_STRING,
                         .buffer = (void *)(uintptr_t)values[i].at,
                         .buffer_length = values[i].len};
    bool good = p_mysql_stmt_bind_param(handle, binds) == 0 && p_mysql_stmt_execute(handle) == 0;
    free(binds);
    return good ? 0 : fail_statement(statement, why);
}

/* One column of the row that was fetched: its length first, then its bytes. */
static int take_column(struct link_statement *statement, unsigned column, unsigned long len,
                       struct span *value, struct strbuf *why)
{
    if (len > LINK_TEXT_MAX) {
        statement->link->trouble = LINK_REFUSED;
        return strbuf_why(why, "a column has more than %u bytes", LINK_TEXT_MAX);
    }
    char *text = mem_zero(len + 1, 1);
    MYSQL_BIND bind = {.buffer_type = MYSQL_TYPE_STRING, .buffer = text, .buffer_length = len};
    *value = (struct span){text, len};
    return len == 0 || p_mysql_stmt_fetch_column(statement->handle, &bind, column, 0) == 0
               ? 0
               : fail_statement(statement, why);
}

/* 1: a row was given; 0: there are no more. */
static int give_row(struct link_statement *statement, unsigned columns, const my_bool *nulls,
                    const unsigned long *lengths, struct link_answer *answer, struct strbuf *why)
{
    struct span values[LINK_COLUMNS_MAX] = {{0}};
    int fetched = p_mysql_stmt_fetch(statement->handle);
    int result = fetched == MYSQL_NO_DATA ? 0 : 1;
    if (result == 1 && fetched != 0 && fetched != MYSQL_DATA_TRUNCATED)
        result = fail_statement(statement, why);
    for (unsigned i = 0; result == 1 && i < columns; i++)
        if (!nulls[i] && take_column(statement, i, lengths[i], &values[i], why) != 0)
            result = -1;
    if (result == 1 && answer->each != NULL)
        answer->each(answer->state, values, columns);
    for (unsigned i = 0; i < columns; i++)
        free((void *)(uintptr_t)values[i].at);
    return result;
}

static int give_rows(struct link_statement *statement, unsigned columns, struct link_answer *answer,
                     struct strbuf *why)
{
    MYSQL_BIND binds[LINK_COLUMNS_MAX] = {{0}};
    unsigned long lengths[LINK_COLUMNS_MAX] = {0};
    my_bool nulls[LINK_COLUMNS_MAX] = {0};
    int given;
    for (unsigned i = 0; i < columns; i++)
        binds[i] = (MYSQL_BIND){
            .buffer_type = MYSQL_TYPE_STRING, .length = &lengths[i], .is_null = &nulls[i]};
    if (p_mysql_stmt_bind_result(statement->handle, binds) != 0)
        return fail_statement(statement, why);
    do
        given = give_row(statement, columns, nulls, lengths, answer, why);
    while (given > 0);
    return given;
}

static int execute(struct link_statement *statement, const struct span *values,
                   struct link_answer *answer, struct strbuf *why)
{
    MYSQL_STMT *handle = statement->handle;
    if (send_values(statement, values, why) != 0)
        return -1;
    unsigned columns = p_mysql_stmt_field_count(handle);
    if (columns == 0) {
        answer->changed = p_mysql_stmt_affected_rows(handle);
        return 0;
    }
    int done = columns <= LINK_COLUMNS_MAX
                   ? give_rows(statement, columns, answer, why)
                   : link_fail(statement->link, LINK_REFUSED, why, SERVER, "too many columns");
    p_mysql_stmt_free_result(handle);
    return done;
}

/* ---- many rows in one request: COM_STMT_BULK_EXECUTE of MariaDB ---- */

struct bulk_column {
    char **at;
    unsigned long *lengths;
    char *indicators;
};

static struct bulk_column make_column(const struct span *values, size_t stride, size_t rows)
{
    struct bulk_column column = {mem_alloc(rows * sizeof *column.at),
                                 mem_alloc(rows * sizeof *column.lengths), mem_alloc(rows)};
    for (size_t row = 0; row < rows; row++) {
        const struct span *value = &values[row * stride];
        column.at[row] = (char *)(uintptr_t)value->at;
        column.lengths[row] = value->len;
        column.indicators[row] = value->at == NULL ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
    }
    return column;
}

static int send_rows(struct link_statement *statement, MYSQL_BIND *binds, unsigned rows,
                     struct strbuf *why)
{
    MYSQL_STMT *handle = statement->handle;
    unsigned one = 0;
    p_mysql_stmt_attr_set(handle, STMT_ATTR_ARRAY_SIZE, &rows);
    bool good = p_mysql_stmt_bind_param(handle, binds) == 0 && p_mysql_stmt_execute(handle) == 0;
    unsigned number = good ? 0 : p_mysql_stmt_errno(handle);
    int done = good ? 0 : fail_statement(statement, why);
    p_mysql_stmt_attr_set(handle, STMT_ATTR_ARRAY_SIZE, &one);
    statement->link->without_bulk = number == CR_FUNCTION_NOT_SUPPORTED;
    return statement->link->without_bulk ? 1 : done;
}

static int execute_rows(struct link_statement *statement, const struct span *values, size_t rows,
                        struct strbuf *why)
{
    size_t count = statement->parameters;
    MYSQL_BIND *binds = mem_zero(count, sizeof *binds);
    struct bulk_column *columns = mem_zero(count, sizeof *columns);
    for (size_t i = 0; i < count; i++) {
        columns[i] = make_column(values + i, count, rows);
        binds[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
                                .buffer = columns[i].at,
                                .length = columns[i].lengths,
                                .u.indicator = columns[i].indicators};
    }
    int done = send_rows(statement, binds, (unsigned)rows, why);
    for (size_t i = 0; i < count; i++) {
        free(columns[i].at);
        free(columns[i].lengths);
        free(columns[i].indicators);
    }
    free(columns);
    free(binds);
    return done;
}

const struct link_driver link_mysql = {open_server, close_server, run,         prepare,
                                       forget,      execute,      execute_rows};

#else

const struct link_driver link_mysql = {0};

#endif
