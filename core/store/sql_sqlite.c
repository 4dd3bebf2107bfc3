/* sql_sqlite - statements against a file of SQLite. */
#include "sql_parts.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/sqlite.h"
#include <stdlib.h>

static int number_of(struct sqlite *file, const char *statement, int64_t *number,
                     struct strbuf *why)
{
    struct sqlite_query *query = sqlite_prepare(file, statement, why);
    int step = query == NULL ? -1 : sqlite_step(query, why);
    if (step == 1)
        *number = sqlite_number(query, 0);
    sqlite_query_close(query);
    return step < 0 ? -1 : 0;
}

static int take_row(struct sqlite_query *query, struct texts *first, struct strbuf *why)
{
    int columns = sqlite_columns(query);
    if (columns > SQL_COLUMNS_MAX)
        return strbuf_why(why, "the row has more than %d columns", SQL_COLUMNS_MAX);
    for (int i = 0; i < columns; i++) {
        struct span bytes = sqlite_bytes(query, i);
        if (bytes.len > SQL_TEXT_MAX)
            return strbuf_why(why, "a column has more than %u bytes", SQL_TEXT_MAX);
        char *text = mem_text_of(bytes.len == 0 ? "" : bytes.at, bytes.len);
        texts_add(first, text);
        free(text);
    }
    return 0;
}

/* Steps to the end: a change is only made then. */
static int run(struct sqlite_query *query, struct texts *first, struct strbuf *why)
{
    int step = sqlite_step(query, why);
    if (step == 1 && take_row(query, first, why) != 0)
        return -1;
    while (step == 1)
        step = sqlite_step(query, why);
    return step;
}

int sql_sqlite_run(const struct sql_question *question, struct sql_result *result,
                   struct strbuf *why)
{
    int64_t before = 0, after = 0;
    if (number_of(question->file, "SELECT total_changes()", &before, why) != 0)
        return -1;
    struct sqlite_query *query = sqlite_prepare(question->file, question->statement, why);
    if (query == NULL)
        return -1;
    for (size_t i = 0; i < question->count; i++)
        sqlite_bind_text(query, (int)i + 1, question->values[i]);
    int done = run(query, &result->first, why);
    sqlite_query_close(query);
    if (done == 0)
        done = number_of(question->file, "SELECT total_changes()", &after, why);
    result->changed = (uint64_t)(after - before);
    return done;
}
