/* method_sql - an account in a database of the administrator's: three statements of his say how it
 * is disabled, enabled, and looked at.
 *
 * In a statement ? and {name} stand for the account's name, {reason}, {case} and {expires} (seconds
 * since 1970, 0: none) for what they say; all are parameters, so that none can be more than a
 * value. Such a mark in quotes would be no parameter, and is refused. The status is one row, whose
 * first column says whether the account is disabled; a second one, where there is one, is its name
 * as it is stored: databases compare names in ways of their own (bob, Bob, "bob "), and an account
 * of another name must not be touched.
 */
#include "spamgear/base/secret.h"
#include "spamgear/react/method.h"
#include "spamgear/store/sql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#define VALUES_MAX 16

/* A statement with ? for each mark, and what the marks stand for. */
struct statement {
    struct strbuf text;
    char *values[VALUES_MAX]; /* owned */
    size_t count;
    bool has_name;
};

static void value_add(struct statement *statement, const struct target *target, char mark)
{
    struct strbuf text = {0};
    if (mark == 'n')
        strbuf_add_text(&text, target->name);
    else if (mark == 'r')
        strbuf_add_text(&text, target->reason == NULL ? "" : target->reason);
    else
        strbuf_format(&text, "%" PRId64, mark == 'c' ? target->case_id : target->expires);
    statement->has_name |= mark == 'n';
    statement->values[statement->count++] = strbuf_take(&text);
    strbuf_add_char(&statement->text, '?');
}

/* The mark at the start of text: its letter, and its length. 0: it is none. */
static char take_mark(const char *text, size_t *len)
{
    static const char *const marks[] = {"?", "{name}", "{reason}", "{case}", "{expires}"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        *len = strlen(marks[i]);
        if (strncmp(text, marks[i], *len) == 0)
            return i == 0 ? 'n' : marks[i][1];
    }
    return 0;
}

/* Clear it in either case. */
static int statement_make(struct statement *statement, const char *key, const char *text,
                          const struct target *target, struct strbuf *why)
{
    struct strbuf wrong = {0};
    *statement = (struct statement){0};
    while (*text != '\0') {
        size_t len;
        char mark = take_mark(text, &len);
        if (mark != 0 && statement->count == VALUES_MAX)
            return strbuf_why(why, "%s: has more than %d values", key, VALUES_MAX);
        if (mark != 0)
            value_add(statement, target, mark);
        else
            strbuf_add(&statement->text, text, 1);
        text += mark != 0 ? len : 1;
    }
    int parameters = sql_parameters(strbuf_text(&statement->text), &wrong);
    if (parameters < 0)
        strbuf_why(why, "%s: %s", key, strbuf_text(&wrong));
    strbuf_clear(&wrong);
    if (parameters < 0)
        return -1;
    if ((size_t)parameters != statement->count)
        return strbuf_why(why, "%s: ? and {name} stand for values, without quotes around them",
                          key);
    return statement->has_name ? 0 : strbuf_why(why, "%s: there is no ? for the name in it", key);
}

static void statement_clear(struct statement *statement)
{
    for (size_t i = 0; i < statement->count; i++)
        free(statement->values[i]);
    strbuf_clear(&statement->text);
    *statement = (struct statement){0};
}

/* ---- the database ---- */

static bool is_set(const char *text)
{
    return text != NULL && *text != '\0';
}

static int read_password(const struct react_settings *settings, struct strbuf *password,
                         struct strbuf *why)
{
    const char *file = settings->sql_password_file;
    return is_set(file) ? secret_read(file, password, why) : 0;
}

static struct sql *open_database(const struct react_settings *settings, struct strbuf *why)
{
    struct strbuf password = {0};
    int64_t seconds = settings->timeout_s < 1 ? 1 : settings->timeout_s;
    if (read_password(settings, &password, why) != 0)
        return NULL;
    struct sql *sql = sql_open(settings->sql, password.len == 0 ? NULL : password.data,
                               seconds > 3600 ? 3600000 : (int)seconds * 1000, why);
    if (password.len > 0)
        explicit_bzero(password.data, password.len);
    strbuf_clear(&password);
    return sql;
}

static int run(const struct react_settings *settings, const char *key, const char *text,
               const struct target *target, struct texts *first, struct strbuf *why)
{
    struct statement statement;
    struct span values[VALUES_MAX];
    struct sql *sql = NULL;
    int result = statement_make(&statement, key, text, target, why);
    if (result == 0 && (sql = open_database(settings, why)) == NULL)
        result = -1;
    for (size_t i = 0; i < statement.count; i++)
        values[i] = span_text(statement.values[i]);
    if (result == 0)
        result =
            sql_run(sql, strbuf_text(&statement.text), values, statement.count, NULL, first, why);
    sql_close(sql);
    statement_clear(&statement);
    return result;
}

/* ---- the status ---- */

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words != NULL && strcasecmp(text, *words) != 0)
        words++;
    return *words != NULL;
}

static enum method_state state_of(const char *text, struct strbuf *why)
{
    static const char *const on[] = {"1", "true", "t", "yes", "y", NULL};
    static const char *const off[] = {"0", "false", "f", "no", "n", NULL};
    if (is_one_of(text, on))
        return METHOD_ON;
    if (is_one_of(text, off))
        return METHOD_OFF;
    strbuf_why(why, "sql-status: its first column is neither 1 nor 0, but \"%.40s\"", text);
    return METHOD_UNTOLD;
}

static enum method_state read_state(const struct react_settings *settings,
                                    const struct target *target, struct strbuf *why)
{
    struct texts row = {0};
    enum method_state state = METHOD_UNTOLD;
    if (run(settings, "sql-status", settings->sql_status, target, &row, why) == 0) {
        if (row.len == 0)
            strbuf_why(why, "the database has no account of this name");
        else if (row.len > 1 && strcmp(row.at[1], target->name) != 0)
            strbuf_why(why, "the database has no account of exactly this name");
        else
            state = state_of(row.at[0], why);
    }
    texts_clear(&row);
    return state;
}

/* ---- the method ---- */

static int check(const struct react_settings *settings, struct strbuf *why)
{
    const char *const rows[][2] = {{"sql-disable", settings->sql_disable},
                                   {"sql-enable", settings->sql_enable},
                                   {"sql-status", settings->sql_status}};
    const struct target nobody = {.name = "nobody"};
    struct sql_place place;
    struct strbuf password = {0};
    if (!is_set(settings->sql))
        return strbuf_why(why, "sql: where the database is must be set");
    int result = sql_place_parse(settings->sql, &place, why);
    sql_place_clear(&place);
    for (size_t i = 0; result == 0 && i < sizeof rows / sizeof *rows; i++) {
        struct statement statement = {0};
        result = is_set(rows[i][1])
                     ? statement_make(&statement, rows[i][0], rows[i][1], &nobody, why)
                     : strbuf_why(why, "%s: must be set", rows[i][0]);
        statement_clear(&statement);
    }
    if (result == 0)
        result = read_password(settings, &password, why);
    if (password.len > 0)
        explicit_bzero(password.data, password.len);
    strbuf_clear(&password);
    return result;
}

static enum method_plan plan(const struct react_settings *settings, const struct target *target,
                             struct strbuf *what, struct strbuf *memo, struct strbuf *why)
{
    enum method_state state = read_state(settings, target, why);
    strbuf_format(what, "disable %s in the database", target->name);
    if (state == METHOD_UNTOLD)
        return METHOD_REFUSED;
    strbuf_add_text(memo, "enabled");
    return state == METHOD_ON ? METHOD_IN_FORCE : METHOD_NEEDED;
}

/* A second time would give the account another reason, or a second row. */
static int change(const struct react_settings *settings, const struct target *target,
                  enum method_state wanted, struct strbuf *why)
{
    bool disable = wanted == METHOD_ON;
    enum method_state state = read_state(settings, target, why);
    if (state == METHOD_UNTOLD || state == wanted)
        return state == wanted ? 0 : -1;
    return run(settings, disable ? "sql-disable" : "sql-enable",
               disable ? settings->sql_disable : settings->sql_enable, target, NULL, why);
}

static int apply(const struct react_settings *settings, const struct target *target,
                 struct span memo, struct strbuf *why)
{
    (void)memo;
    return change(settings, target, METHOD_ON, why);
}

static enum method_state look(const struct react_settings *settings, const struct target *target,
                              struct span memo, struct strbuf *why)
{
    (void)memo;
    return read_state(settings, target, why);
}

static int undo(const struct react_settings *settings, const struct target *target,
                struct span memo, struct strbuf *why)
{
    (void)memo;
    return change(settings, target, METHOD_OFF, why);
}

const struct method method_sql = {"sql", check, plan, apply, look, undo, false};
