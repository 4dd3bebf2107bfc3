/* sql - which database, and the child that asks it.
 *
 * The child's answer is "CHANGED COLUMNS\n" and for each column "BYTES\n" and its bytes.
 */
#include "spamgear/store/sql.h"

#include "link_parts.h"
#include "spamgear/base/apart.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/secret.h"
#include "sql_parts.h"
#include <inttypes.h>
#include <stdlib.h>

#define ANSWER_MAX ((size_t)LINK_COLUMNS_MAX * (LINK_TEXT_MAX + 16))
#define GUARD_MS   1000 /* for what the library's own limits do not end */

struct sql {
    struct sql_place place;
    char *password; /* may be NULL */
    int deadline_ms;
    struct link *file; /* of SQLite */
};

/* One statement that is to be run. */
struct question {
    const struct sql *sql;
    const char *statement;
    const struct span *values;
    size_t count;
};

struct result {
    uint64_t changed;
    struct texts first;
};

int sql_fail(struct strbuf *why, const char *what, const char *message)
{
    int len = (int)strcspn(message, "\r\n");
    return strbuf_why(why, "%s: %.*s", what, len > 500 ? 500 : len, message);
}

static int open_file(struct sql *sql, struct strbuf *why)
{
    sql->file = link_open(&sql->place, NULL, sql->deadline_ms, why);
    return sql->file == NULL ? -1 : 0;
}

struct sql *sql_open(const char *url, const char *password, int deadline_ms, struct strbuf *why)
{
    struct sql *sql = mem_zero(1, sizeof *sql);
    sql->deadline_ms = deadline_ms;
    sql->password = mem_text(password);
    if (sql_place_parse(url, &sql->place, why) == 0 &&
        (sql->place.kind != SQL_SQLITE || open_file(sql, why) == 0))
        return sql;
    sql_close(sql);
    return NULL;
}

void sql_close(struct sql *sql)
{
    if (sql == NULL)
        return;
    link_close(sql->file);
    if (sql->password != NULL)
        explicit_bzero(sql->password, strlen(sql->password));
    free(sql->password);
    sql_place_clear(&sql->place);
    free(sql);
}

/* ---- a statement ---- */

/* Only the first row is of interest. */
static void take_row(void *state, const struct span *columns, size_t len)
{
    struct texts *first = state;
    for (size_t i = 0; first->len < len && i < len; i++) {
        char *text = mem_text_of(columns[i].len == 0 ? "" : columns[i].at, columns[i].len);
        texts_add(first, text);
        free(text);
    }
}

static int run(struct link *link, const struct question *question, struct result *result,
               struct strbuf *why)
{
    struct link_answer answer = {.each = take_row, .state = &result->first};
    struct link_statement *statement = link_prepare(link, question->statement, why);
    int done =
        statement == NULL ? -1 : link->driver->execute(statement, question->values, &answer, why);
    if (statement != NULL)
        link_forget(link, statement);
    result->changed = answer.changed;
    return done;
}

/* ---- the child ---- */

static void tell(struct strbuf *answer, const struct result *result)
{
    strbuf_format(answer, "%" PRIu64 " %zu\n", result->changed, result->first.len);
    for (size_t i = 0; i < result->first.len; i++)
        strbuf_format(answer, "%zu\n%s", strlen(result->first.at[i]), result->first.at[i]);
}

static int ask(void *context, struct strbuf *answer, struct strbuf *why)
{
    const struct question *question = context;
    const struct sql *sql = question->sql;
    struct result result = {0};
    struct link *link = link_open(&sql->place, sql->password, sql->deadline_ms, why);
    int done = link == NULL ? -1 : run(link, question, &result, why);
    if (done == 0)
        tell(answer, &result);
    link_close(link);
    texts_clear(&result.first);
    return done;
}

/* ---- and what it says ---- */

static bool take_number(struct span *text, char end, unsigned long long *number)
{
    const char *at = text->len == 0 ? NULL : memchr(text->at, end, text->len);
    if (at == NULL || !span_number(span_of(text->at, at), number))
        return false;
    *text = span_of(at + 1, span_end(*text));
    return true;
}

static bool hear(struct span answer, struct result *result)
{
    unsigned long long changed, columns, bytes;
    if (!take_number(&answer, ' ', &changed) || !take_number(&answer, '\n', &columns))
        return false;
    result->changed = changed;
    while (columns-- > 0) {
        if (!take_number(&answer, '\n', &bytes) || bytes > answer.len)
            return false;
        char *text = mem_text_of(answer.at, bytes);
        texts_add(&result->first, text);
        free(text);
        answer = span_skip(answer, bytes);
    }
    return answer.len == 0;
}

static int ask_apart(struct question *question, struct result *result, struct strbuf *why)
{
    struct strbuf answer = {0};
    const struct sql *sql = question->sql;
    int done = apart_run(ask, question, sql->deadline_ms + GUARD_MS, ANSWER_MAX, &answer, why);
    if (done == 0 && !hear(strbuf_span(&answer), result))
        done = strbuf_why(why, "the database's answer is not whole");
    strbuf_clear(&answer);
    if (done != 0 && why != NULL && sql->password != NULL)
        secret_hide(why, span_text(sql->password));
    return done;
}

static int check(const char *statement, const struct span *values, size_t count, struct strbuf *why)
{
    int parameters = sql_parameters(statement, why);
    if (parameters < 0)
        return -1;
    if ((size_t)parameters != count)
        return strbuf_why(why, "the statement has %d parameters, not %zu", parameters, count);
    for (size_t i = 0; i < count; i++)
        if (values[i].len > 0 && memchr(values[i].at, '\0', values[i].len) != NULL)
            return strbuf_why(why, "a value holds a NUL");
    return 0;
}

int sql_run(struct sql *sql, const char *statement, const struct span *values, size_t count,
            uint64_t *changed, struct texts *first, struct strbuf *why)
{
    struct result result = {0};
    struct question question = {sql, statement, values, count};
    if (check(statement, values, count, why) != 0)
        return -1;
    int done = sql->place.kind == SQL_SQLITE ? run(sql->file, &question, &result, why)
                                             : ask_apart(&question, &result, why);
    if (done == 0 && changed != NULL)
        *changed = result.changed;
    if (done == 0 && first != NULL) {
        texts_clear(first);
        *first = result.first;
    } else {
        texts_clear(&result.first);
    }
    return done;
}
