/* link - what all connections have in common: statements, their parameters, many rows. */
#include "link_parts.h"

#include "spamgear/base/mem.h"
#include "sql_parts.h"
#include <stdlib.h>
#include <strings.h>

#define KEPT_MAX 32  /* statements that nobody uses */
#define MANY     100 /* rows of one statement where the server has nothing better */

int link_fail(struct link *link, enum link_trouble trouble, struct strbuf *why, const char *what,
              const char *message)
{
    link->trouble = trouble;
    return sql_fail(why, what, message);
}

enum link_trouble link_code_find(const struct link_code *codes, const char *code,
                                 enum link_trouble otherwise)
{
    for (; *codes->code != '\0'; codes++)
        if (strncmp(code, codes->code, strlen(codes->code)) == 0)
            return codes->trouble;
    return otherwise;
}

struct link *link_open(const struct sql_place *place, const char *password, int deadline_ms,
                       struct strbuf *why)
{
    static const struct {
        const struct link_driver *driver;
        const char *name;
    } kinds[] = {[SQL_SQLITE] = {&link_sqlite, "SQLite"},
                 [SQL_MYSQL] = {&link_mysql, "MariaDB"},
                 [SQL_PGSQL] = {&link_pgsql, "PostgreSQL"}};
    if (kinds[place->kind].driver->open == NULL) {
        strbuf_why(why, "built without %s", kinds[place->kind].name);
        return NULL;
    }
    struct link *link = mem_zero(1, sizeof *link);
    link->kind = place->kind;
    link->driver = kinds[place->kind].driver;
    link->deadline_ms = deadline_ms;
    if (link->driver->open(link, place, password, why) == 0)
        return link;
    link_close(link);
    return NULL;
}

static void free_statement(struct link_statement *statement)
{
    enum link_trouble before = statement->link->trouble;
    if (statement->many != NULL)
        free_statement(statement->many);
    if (statement->handle != NULL)
        statement->link->driver->forget(statement);
    statement->link->trouble = before;
    free(statement->text);
    free(statement);
}

/* Kept for the next who wants the same, unless there are many. */
void link_forget(struct link *link, struct link_statement *statement)
{
    size_t kept = 0;
    for (struct link_statement *other = link->first; other != NULL; other = other->next)
        kept++;
    statement->idle = true;
    if (kept <= KEPT_MAX)
        return;
    struct link_statement **at = &link->first;
    while (*at != statement)
        at = &(*at)->next;
    *at = statement->next;
    free_statement(statement);
}

void link_close(struct link *link)
{
    if (link == NULL)
        return;
    link->closing = true;
    for (struct link_statement *next; link->first != NULL; link->first = next) {
        next = link->first->next;
        free_statement(link->first);
    }
    link->driver->close(link);
    free(link);
}

enum sql_kind link_kind(const struct link *link)
{
    return link->kind;
}

enum link_trouble link_trouble(const struct link *link)
{
    return link->trouble;
}

int link_run(struct link *link, const char *statement, struct strbuf *why)
{
    link->trouble = LINK_FINE;
    return link->driver->run(link, statement, why);
}

int link_begin(struct link *link, struct strbuf *why)
{
    return link_run(link, "BEGIN", why);
}

int link_commit(struct link *link, struct strbuf *why)
{
    return link_run(link, "COMMIT", why);
}

/* The trouble that was stays what is told. */
void link_rollback(struct link *link)
{
    enum link_trouble before = link->trouble;
    if (before != LINK_LOST)
        link->driver->run(link, "ROLLBACK", NULL);
    if (before != LINK_FINE)
        link->trouble = before;
}

/* ---- statements ---- */

static struct link_statement *prepare(struct link *link, const char *text, struct strbuf *why)
{
    link->trouble = LINK_FINE;
    int parameters = sql_parameters(text, why);
    if (parameters < 0) {
        link->trouble = LINK_REFUSED;
        return NULL;
    }
    struct link_statement *statement = mem_zero(1, sizeof *statement);
    statement->link = link;
    statement->text = mem_text(text);
    statement->parameters = (size_t)parameters;
    if (link->driver->prepare(link, statement, why) == 0)
        return statement;
    free_statement(statement);
    return NULL;
}

struct link_statement *link_prepare(struct link *link, const char *text, struct strbuf *why)
{
    for (struct link_statement *old = link->first; old != NULL; old = old->next)
        if (old->idle && strcmp(old->text, text) == 0) {
            old->idle = false;
            link->trouble = LINK_FINE;
            return old;
        }
    struct link_statement *statement = prepare(link, text, why);
    if (statement != NULL) {
        statement->next = link->first;
        link->first = statement;
    }
    return statement;
}

static int check(const struct link_statement *statement, const struct span *values, size_t count,
                 size_t rows, struct strbuf *why)
{
    statement->link->trouble = LINK_BAD_VALUE;
    if (statement->parameters != count)
        return strbuf_why(why, "the statement has %zu parameters, not %zu", statement->parameters,
                          count);
    for (size_t i = 0; i < count * rows; i++)
        if (values[i].len > 0 && memchr(values[i].at, '\0', values[i].len) != NULL)
            return strbuf_why(why, "a value holds a NUL");
    statement->link->trouble = LINK_FINE;
    return 0;
}

static int execute(struct link_statement *statement, const struct span *values, size_t count,
                   struct link_answer *answer, struct strbuf *why)
{
    return check(statement, values, count, 1, why) != 0
               ? -1
               : statement->link->driver->execute(statement, values, answer, why);
}

int link_execute(struct link *link, struct link_statement *statement, const struct span *values,
                 size_t count, uint64_t *changed, struct strbuf *why)
{
    (void)link;
    struct link_answer answer = {0};
    int done = execute(statement, values, count, &answer, why);
    if (done == 0 && changed != NULL)
        *changed = answer.changed;
    return done;
}

/* ---- many rows ---- */

/* Behind the bracket that closes the one at `at`; NULL: it does not. */
static const char *close_of(const char *at)
{
    unsigned depth = 0;
    for (; *at != '\0'; at++) {
        if (*at == '\'' || *at == '"' || *at == '`')
            return NULL; /* simple rows only */
        depth += *at == '(';
        depth -= *at == ')';
        if (depth == 0)
            return at + 1;
    }
    return NULL;
}

static size_t count_marks(const char *from, const char *to)
{
    size_t marks = 0;
    for (; from < to; from++)
        marks += *from == '?';
    return marks;
}

bool link_repeat_row(const char *statement, size_t rows, struct strbuf *out)
{
    const char *row = strcasestr(statement, "VALUES");
    if (strncasecmp(statement, "INSERT ", 7) != 0 || row == NULL)
        return false;
    row += 6 + strspn(row + 6, " \n\t");
    const char *end = *row == '(' ? close_of(row) : NULL;
    if (end == NULL || end[strspn(end, " \n\t")] == ',' ||
        count_marks(row, end) != count_marks(statement, statement + strlen(statement)))
        return false;
    strbuf_add(out, statement, (size_t)(row - statement));
    for (size_t i = 0; i < rows; i++) {
        strbuf_add_text(out, i == 0 ? "" : ", ");
        strbuf_add(out, row, (size_t)(end - row));
    }
    strbuf_add_text(out, end);
    return true;
}

/* Statements of MANY rows are of use where each statement has its price: on MySQL's side. */
static void prepare_many(struct link_statement *statement)
{
    struct strbuf text = {0};
    if (statement->many == NULL && statement->link->kind == SQL_MYSQL &&
        statement->parameters > 0 && link_repeat_row(statement->text, MANY, &text))
        statement->many = prepare(statement->link, strbuf_text(&text), NULL);
    strbuf_clear(&text);
}

static int execute_each(struct link_statement *statement, const struct span *values, size_t rows,
                        struct strbuf *why)
{
    const struct link_driver *driver = statement->link->driver;
    struct link_answer answer = {0};
    size_t count = statement->parameters;
    int done = 0;
    if (rows >= MANY)
        prepare_many(statement);
    for (; done == 0 && rows >= MANY && statement->many != NULL; rows -= MANY) {
        done = driver->execute(statement->many, values, &answer, why);
        values += MANY * count;
    }
    for (size_t i = 0; done == 0 && i < rows; i++)
        done = driver->execute(statement, values + i * count, &answer, why);
    return done;
}

int link_execute_rows(struct link *link, struct link_statement *statement,
                      const struct span *values, size_t count, size_t rows, struct strbuf *why)
{
    if (check(statement, values, count, rows, why) != 0)
        return -1;
    int done = 1;
    if (count > 0 && rows > 1 && !link->without_bulk)
        done = link->driver->execute_rows(statement, values, rows, why);
    return done > 0 ? execute_each(statement, values, rows, why) : done;
}

/* ---- once ---- */

int link_change(struct link *link, const char *text, const struct span *values, size_t count,
                size_t rows, uint64_t *changed, struct strbuf *why)
{
    struct link_statement *statement = link_prepare(link, text, why);
    if (statement == NULL)
        return -1;
    int done = rows == 1 ? link_execute(link, statement, values, count, changed, why)
                         : link_execute_rows(link, statement, values, count, rows, why);
    link_forget(link, statement);
    return done;
}

int link_ask(struct link *link, const char *text, const struct span *values, size_t count,
             link_row *each, void *state, struct strbuf *why)
{
    struct link_answer answer = {.each = each, .state = state};
    struct link_statement *statement = link_prepare(link, text, why);
    if (statement == NULL)
        return -1;
    int done = execute(statement, values, count, &answer, why);
    link_forget(link, statement);
    return done;
}

static void take_clock(void *state, const struct span *columns, size_t len)
{
    unsigned long long number;
    if (len > 0 && span_number(columns[0], &number))
        *(int64_t *)state = (int64_t)number;
}

int link_clock(struct link *link, int64_t *now_ms, struct strbuf *why)
{
    static const char *const texts[] = {
        [SQL_SQLITE] = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        [SQL_MYSQL] = "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
        [SQL_PGSQL] = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
    };
    *now_ms = 0;
    if (link_ask(link, texts[link_kind(link)], NULL, 0, take_clock, now_ms, why) != 0)
        return -1;
    return *now_ms > 0 ? 0 : strbuf_why(why, "the database does not tell the time");
}
