/* sql_mysql - statements against MariaDB and MySQL, by libmariadb (Connector/C), loaded on first
 * use.
 *
 * The server is not trusted: it may not ask for local files, nor for the password in clear text.
 */
#include "sql_parts.h"

#ifdef HAVE_MARIADB
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include <mysql.h>
#include <stdbool.h>
#include <stdlib.h>

#define MYSQL_FUNCTIONS(F)                                                                         \
    F(mysql_init)                                                                                  \
    F(mysql_optionsv)                                                                              \
    F(mysql_real_connect)                                                                          \
    F(mysql_error)                                                                                 \
    F(mysql_close)                                                                                 \
    F(mysql_stmt_init)                                                                             \
    F(mysql_stmt_prepare)                                                                          \
    F(mysql_stmt_bind_param)                                                                       \
    F(mysql_stmt_execute)                                                                          \
    F(mysql_stmt_bind_result)                                                                      \
    F(mysql_stmt_fetch)                                                                            \
    F(mysql_stmt_fetch_column)                                                                     \
    F(mysql_stmt_field_count)                                                                      \
    F(mysql_stmt_affected_rows)                                                                    \
    F(mysql_stmt_error)                                                                            \
    F(mysql_stmt_close)

MYSQL_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {MYSQL_FUNCTIONS(LAZY_SYMBOL){0}};
static const char *const sonames[] = {"libmariadb.so.3", NULL};

#define SERVER "the MySQL server"

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

/* "localhost" would be the default socket, whatever the port: a host is always TCP. */
static int connect_server(MYSQL *handle, const struct sql_question *question, struct strbuf *why)
{
    const struct sql_place *place = question->place;
    unsigned protocol = place->socket != NULL ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    set_options(handle, question->deadline_ms);
    p_mysql_optionsv(handle, MYSQL_OPT_PROTOCOL, &protocol);
    if (p_mysql_real_connect(handle, place->host, place->user, question->password, place->database,
                             place->port, place->socket, 0) != NULL)
        return 0;
    return sql_fail(why, SERVER, p_mysql_error(handle));
}

static int fail(MYSQL_STMT *statement, struct strbuf *why)
{
    return sql_fail(why, SERVER, p_mysql_stmt_error(statement));
}

static int execute(MYSQL_STMT *statement, const struct sql_question *question, struct strbuf *why)
{
    const char *text = question->statement;
    MYSQL_BIND *binds = mem_zero(question->count + 1, sizeof *binds);
    for (size_t i = 0; i < question->count; i++)
        binds[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
                                .buffer = (void *)(uintptr_t)question->values[i].at,
                                .buffer_length = question->values[i].len};
    bool good = p_mysql_stmt_prepare(statement, text, strlen(text)) == 0 &&
                p_mysql_stmt_bind_param(statement, binds) == 0 &&
                p_mysql_stmt_execute(statement) == 0;
    free(binds);
    return good ? 0 : fail(statement, why);
}

/* One column of the row that was fetched: its length first, then its bytes. */
static int take_column(MYSQL_STMT *statement, unsigned column, unsigned long len,
                       struct texts *first, struct strbuf *why)
{
    if (len > SQL_TEXT_MAX)
        return strbuf_why(why, "a column has more than %u bytes", SQL_TEXT_MAX);
    char *text = mem_zero(len + 1, 1);
    MYSQL_BIND bind = {.buffer_type = MYSQL_TYPE_STRING, .buffer = text, .buffer_length = len};
    int result = len == 0 || p_mysql_stmt_fetch_column(statement, &bind, column, 0) == 0
                     ? 0
                     : fail(statement, why);
    if (result == 0)
        texts_add(first, text);
    free(text);
    return result;
}

static int take_row(MYSQL_STMT *statement, unsigned columns, struct texts *first,
                    struct strbuf *why)
{
    MYSQL_BIND binds[SQL_COLUMNS_MAX] = {0};
    unsigned long lengths[SQL_COLUMNS_MAX] = {0};
    my_bool nulls[SQL_COLUMNS_MAX] = {0};
    for (unsigned i = 0; i < columns; i++)
        binds[i] = (MYSQL_BIND){
            .buffer_type = MYSQL_TYPE_STRING, .length = &lengths[i], .is_null = &nulls[i]};
    if (p_mysql_stmt_bind_result(statement, binds) != 0)
        return fail(statement, why);
    int fetched = p_mysql_stmt_fetch(statement);
    if (fetched == MYSQL_NO_DATA)
        return 0;
    if (fetched != 0 && fetched != MYSQL_DATA_TRUNCATED)
        return fail(statement, why);
    for (unsigned i = 0; i < columns; i++)
        if (take_column(statement, i, nulls[i] ? 0 : lengths[i], first, why) != 0)
            return -1;
    return 0;
}

static int run(MYSQL_STMT *statement, const struct sql_question *question,
               struct sql_result *result, struct strbuf *why)
{
    if (execute(statement, question, why) != 0)
        return -1;
    unsigned columns = p_mysql_stmt_field_count(statement);
    if (columns > SQL_COLUMNS_MAX)
        return strbuf_why(why, "the row has more than %d columns", SQL_COLUMNS_MAX);
    if (columns > 0)
        return take_row(statement, columns, &result->first, why);
    result->changed = p_mysql_stmt_affected_rows(statement);
    return 0;
}

int sql_mysql_run(const struct sql_question *question, struct sql_result *result,
                  struct strbuf *why)
{
    if (lazy_open(sonames, symbols, why) != 0)
        return -1;
    MYSQL *handle = p_mysql_init(NULL);
    if (handle == NULL)
        return strbuf_why(why, "libmariadb cannot start");
    int done = connect_server(handle, question, why);
    MYSQL_STMT *statement = done == 0 ? p_mysql_stmt_init(handle) : NULL;
    if (statement != NULL)
        done = run(statement, question, result, why);
    else if (done == 0)
        done = sql_fail(why, SERVER, p_mysql_error(handle));
    if (statement != NULL)
        p_mysql_stmt_close(statement);
    p_mysql_close(handle);
    return done;
}

#else

int sql_mysql_run(const struct sql_question *question, struct sql_result *result,
                  struct strbuf *why)
{
    (void)question, (void)result;
    return strbuf_why(why, "built without MariaDB");
}

#endif
