/* link_sqlite - a file of SQLite. */
#include "link_parts.h"

#include "spamgear/base/sqlite.h"
#include <errno.h>
#include <sys/stat.h>

static int fail(struct link *link, struct strbuf *why)
{
    (void)why;
    link->trouble = sqlite_is_busy(link->handle)         ? LINK_CONFLICT
                    : sqlite_is_constraint(link->handle) ? LINK_DUPLICATE
                                                         : LINK_REFUSED;
    return -1;
}

/* SQLite would make a file that is not there. */
static int open_file(struct link *link, const struct sql_place *place, const char *password,
                     struct strbuf *why)
{
    struct stat st;
    (void)password;
    link->trouble = LINK_LOST;
    if (stat(place->file, &st) != 0)
        return strbuf_why(why, "%s: %s", place->file, strerror(errno));
    link->handle = sqlite_open(place->file, link->deadline_ms, why);
    return link->handle == NULL ? -1 : 0;
}

static void close_file(struct link *link)
{
    sqlite_close(link->handle);
}

static int run(struct link *link, const char *statement, struct strbuf *why)
{
    /* A lock that is taken later could fail in the middle. */
    const char *text = strcmp(statement, "BEGIN") == 0 ? "BEGIN IMMEDIATE" : statement;
    return sqlite_run(link->handle, text, why) == 0 ? 0 : fail(link, why);
}

static int prepare(struct link *link, struct link_statement *statement, struct strbuf *why)
{
    statement->handle = sqlite_prepare(link->handle, statement->text, why);
    return statement->handle == NULL ? fail(link, why) : 0;
}

static void forget(struct link_statement *statement)
{
    sqlite_query_close(statement->handle);
}

static int give_row(struct sqlite_query *query, struct link_answer *answer, struct strbuf *why)
{
    struct span columns[LINK_COLUMNS_MAX];
    int len = sqlite_columns(query);
    if (len > LINK_COLUMNS_MAX)
        return strbuf_why(why, "the row has more than %d columns", LINK_COLUMNS_MAX);
    for (int i = 0; i < len; i++) {
        columns[i] = sqlite_bytes(query, i);
        if (columns[i].len > LINK_TEXT_MAX)
            return strbuf_why(why, "a column has more than %u bytes", LINK_TEXT_MAX);
        if (columns[i].len == 0)
            columns[i].at = sqlite_is_null(query, i) ? NULL : "";
    }
    answer->each(answer->state, columns, (size_t)len);
    return 0;
}

/* Steps to the end: a change is only made then. */
static int execute(struct link_statement *statement, const struct span *values,
                   struct link_answer *answer, struct strbuf *why)
{
    struct sqlite *db = statement->link->handle;
    struct sqlite_query *query = statement->handle;
    int64_t before = sqlite_changes(db);
    int step, result = 0;
    for (size_t i = 0; i < statement->parameters; i++)
        if (values[i].at != NULL)
            sqlite_bind_text(query, (int)i + 1, values[i]);
    while ((step = sqlite_step(query, why)) == 1 && result == 0)
        if (answer->each != NULL)
            result = give_row(query, answer, why);
    if (result != 0)
        statement->link->trouble = LINK_REFUSED;
    if (step < 0)
        result = fail(statement->link, why);
    sqlite_reset(query);
    answer->changed = (uint64_t)(sqlite_changes(db) - before);
    return result;
}

/* Each row is quick here. */
static int execute_rows(struct link_statement *statement, const struct span *values, size_t rows,
                        struct strbuf *why)
{
    (void)statement, (void)values, (void)rows, (void)why;
    return 1;
}

const struct link_driver link_sqlite = {open_file, close_file, run,         prepare,
                                        forget,    execute,    execute_rows};
