/* cases_rows - rows of the three tables: case_file, action, note.
 *
 * Words stand for states and kinds, so that people can read the tables with any SQLite shell when
 * all else fails.
 */
#include "cases_own.h"

#include "spamgear/base/clock.h"
#include "spamgear/log/event.h"
#include <inttypes.h>
#include <stdlib.h>

#define TELL_S (3 * 86400) /* a mail that could not be handed over is tried so long */

static const char *const state_names[ACTION_STATES] = {"started", "done",    "failed",
                                                       "before",  "lifting", "lifted"};

const char *action_state_name(enum action_state state)
{
    return state_names[state];
}

/* ---- statements ---- */

/* A value of a statement: text when it is not NULL. */
struct value {
    const char *text;
    int64_t number;
};

static struct sqlite_query *ask(struct cases *cases, const char *sql, const struct value *values,
                                int count, struct strbuf *why)
{
    struct sqlite_query *query = sqlite_prepare(cases->db, sql, why);
    for (int i = 0; query != NULL && i < count; i++) {
        if (values[i].text != NULL)
            sqlite_bind_text(query, i + 1, span_text(values[i].text));
        else
            sqlite_bind_number(query, i + 1, values[i].number);
    }
    return query;
}

/* A statement that changes rows: at least one. */
static int change(struct cases *cases, const char *sql, const struct value *values, int count,
                  struct strbuf *why)
{
    int64_t changed = 0;
    struct sqlite_query *query = ask(cases, sql, values, count, why);
    int result = query == NULL ? -1 : sqlite_step(query, why);
    sqlite_query_close(query);
    if (result < 0 || cases_number(cases, "SELECT changes()", &changed, why) != 0)
        return -1;
    return changed > 0 ? 0 : strbuf_why(why, "%s: there is no such case or action", cases->path);
}

#define TEXT(value)                                                                                \
    {                                                                                              \
        (value) == NULL ? "" : (value), 0                                                          \
    }
#define NUMBER(value)                                                                              \
    {                                                                                              \
        NULL, (value)                                                                              \
    }
#define CHANGE(sql, ...)                                                                           \
    change(cases, sql, (const struct value[]){__VA_ARGS__},                                        \
           sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value), why)

int cases_add(struct cases *cases, struct case_file *file, struct strbuf *why)
{
    if (CHANGE("INSERT INTO case_file (account, kind, applet, reason, evidence, opened, expires,"
               " closed, told) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8)",
               TEXT(file->account), TEXT(sender_kind_name((enum sender_kind)file->kind)),
               TEXT(file->applet), TEXT(file->reason), TEXT(file->evidence), NUMBER(file->opened),
               NUMBER(file->expires), NUMBER(file->told)) != 0)
        return -1;
    return cases_number(cases, "SELECT last_insert_rowid()", &file->id, why);
}

int cases_add_action(struct cases *cases, int64_t case_id, struct case_action *action,
                     struct strbuf *why)
{
    if (CHANGE("INSERT INTO action (case_id, method, state, memo, what, detail, changed)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
               NUMBER(case_id), TEXT(action->method), TEXT(action_state_name(action->state)),
               TEXT(action->memo), TEXT(action->what), TEXT(action->detail),
               NUMBER(clock_now())) != 0)
        return -1;
    return cases_number(cases, "SELECT last_insert_rowid()", &action->id, why);
}

int cases_set_action(struct cases *cases, int64_t action_id, enum action_state state,
                     const char *detail, struct strbuf *why)
{
    return CHANGE("UPDATE action SET state = ?2, detail = ?3,"
                  " changed = CASE state WHEN ?2 THEN changed ELSE ?4 END WHERE id = ?1",
                  NUMBER(action_id), TEXT(action_state_name(state)), TEXT(detail),
                  NUMBER(clock_now()));
}

int cases_set_expiry(struct cases *cases, int64_t id, int64_t expires, struct strbuf *why)
{
    return CHANGE("UPDATE case_file SET expires = ?2 WHERE id = ?1", NUMBER(id), NUMBER(expires));
}

int cases_set_told(struct cases *cases, int64_t id, struct strbuf *why)
{
    return CHANGE("UPDATE case_file SET told = 1 WHERE id = ?1", NUMBER(id));
}

int cases_close_case(struct cases *cases, int64_t id, struct strbuf *why)
{
    return CHANGE("UPDATE case_file SET closed = ?2 WHERE id = ?1", NUMBER(id),
                  NUMBER(clock_now()));
}

int cases_note(struct cases *cases, int64_t id, const char *text, struct strbuf *why)
{
    return CHANGE("INSERT INTO note (case_id, time, text)"
                  " SELECT id, ?2, ?3 FROM case_file WHERE id = ?1",
                  NUMBER(id), NUMBER(clock_now()), TEXT(text));
}

/* ---- reading ---- */

static char *text_of(struct sqlite_query *query, int column)
{
    struct span bytes = sqlite_bytes(query, column);
    return mem_text_of(bytes.len == 0 ? "" : bytes.at, bytes.len);
}

static int state_of(struct span word)
{
    for (int i = 0; i < ACTION_STATES; i++)
        if (span_is(word, span_text(state_names[i])))
            return i;
    return -1;
}

static int kind_of(struct span word)
{
    for (int i = 0; i < SENDER_KINDS; i++)
        if (span_is(word, span_text(sender_kind_name((enum sender_kind)i))))
            return i;
    return -1;
}

static int read_actions(struct cases *cases, struct case_file *file, struct strbuf *why)
{
    struct sqlite_query *query =
        ask(cases,
            "SELECT id, changed, method, memo, what, detail, state FROM action"
            " WHERE case_id = ?1 ORDER BY id",
            (const struct value[]){NUMBER(file->id)}, 1, why);
    int result = query == NULL ? -1 : 1;
    while (result == 1 && (result = sqlite_step(query, why)) == 1) {
        int state = state_of(sqlite_bytes(query, 6));
        if (state < 0) {
            result = strbuf_why(why, "%s: an action of case %" PRId64 " has no known state",
                                cases->path, file->id);
            break;
        }
        *vec_add(&file->actions) = (struct case_action){.id = sqlite_number(query, 0),
                                                        .changed = sqlite_number(query, 1),
                                                        .method = text_of(query, 2),
                                                        .memo = text_of(query, 3),
                                                        .what = text_of(query, 4),
                                                        .detail = text_of(query, 5),
                                                        .state = (enum action_state)state};
    }
    sqlite_query_close(query);
    return result;
}

static int read_notes(struct cases *cases, struct case_file *file, struct strbuf *why)
{
    struct sqlite_query *query =
        ask(cases, "SELECT time, text FROM note WHERE case_id = ?1 ORDER BY id",
            (const struct value[]){NUMBER(file->id)}, 1, why);
    int result = query == NULL ? -1 : 1;
    while (result == 1 && (result = sqlite_step(query, why)) == 1)
        *vec_add(&file->notes) = (struct case_note){sqlite_number(query, 0), text_of(query, 1)};
    sqlite_query_close(query);
    return result;
}

#define COLUMNS "id, opened, expires, closed, told, account, applet, reason, evidence, kind"

/* The row that a query stands at. */
static void read_row(struct sqlite_query *query, struct case_file *file)
{
    *file = (struct case_file){.id = sqlite_number(query, 0),
                               .opened = sqlite_number(query, 1),
                               .expires = sqlite_number(query, 2),
                               .closed = sqlite_number(query, 3),
                               .told = sqlite_number(query, 4) != 0,
                               .account = text_of(query, 5),
                               .applet = text_of(query, 6),
                               .reason = text_of(query, 7),
                               .evidence = text_of(query, 8),
                               .kind = kind_of(sqlite_bytes(query, 9))};
}

static int find(struct cases *cases, const char *sql, struct value value, struct case_file *file,
                struct strbuf *why)
{
    *file = (struct case_file){0};
    struct sqlite_query *query = ask(cases, sql, &value, 1, why);
    int result = query == NULL ? -1 : sqlite_step(query, why);
    if (result == 1)
        read_row(query, file);
    sqlite_query_close(query);
    if (result == 1 && file->kind < 0)
        result = strbuf_why(why, "%s: case %" PRId64 " is of no known kind", cases->path, file->id);
    if (result == 1 && (read_actions(cases, file, why) != 0 || read_notes(cases, file, why) != 0))
        result = -1;
    if (result < 0)
        case_file_clear(file);
    return result;
}

int cases_find_open(struct cases *cases, const char *account, struct case_file *file,
                    struct strbuf *why)
{
    return find(cases, "SELECT " COLUMNS " FROM case_file WHERE account = ?1 AND closed = 0",
                (struct value){account, 0}, file, why);
}

int cases_find_closed(struct cases *cases, const char *account, struct case_file *file,
                      struct strbuf *why)
{
    return find(cases,
                "SELECT " COLUMNS " FROM case_file WHERE account = ?1 AND closed <> 0"
                " ORDER BY closed DESC, id DESC LIMIT 1",
                (struct value){account, 0}, file, why);
}

int cases_get(struct cases *cases, int64_t id, struct case_file *file, struct strbuf *why)
{
    return find(cases, "SELECT " COLUMNS " FROM case_file WHERE id = ?1", (struct value){NULL, id},
                file, why);
}

static int read_numbers(struct sqlite_query *query, struct case_numbers *numbers,
                        struct strbuf *why)
{
    int result = query == NULL ? -1 : 1;
    while (result == 1 && (result = sqlite_step(query, why)) == 1)
        *vec_add(numbers) = sqlite_number(query, 0);
    sqlite_query_close(query);
    return result;
}

int cases_list(struct cases *cases, bool open_only, const char *account, size_t max,
               struct case_numbers *numbers, struct strbuf *why)
{
    const struct value values[] = {NUMBER(open_only), NUMBER(account == NULL), TEXT(account),
                                   NUMBER(max == 0 ? -1 : (int64_t)max)};
    return read_numbers(ask(cases,
                            "SELECT id FROM case_file WHERE (?1 = 0 OR closed = 0)"
                            " AND (?2 = 1 OR account = ?3) ORDER BY id DESC LIMIT ?4",
                            values, 4, why),
                        numbers, why);
}

int cases_accounts(struct cases *cases, int64_t since,
                   void (*each)(void *state, struct span account, bool open, int64_t closed),
                   void *state, struct strbuf *why)
{
    const struct value values[] = {NUMBER(since)};
    struct sqlite_query *query = ask(cases,
                                     "SELECT account, MIN(closed) = 0, MAX(closed) FROM case_file"
                                     " WHERE closed = 0 OR closed >= ?1 GROUP BY account",
                                     values, 1, why);
    int result = query == NULL ? -1 : 1;
    while (result == 1 && (result = sqlite_step(query, why)) == 1)
        each(state, sqlite_bytes(query, 0), sqlite_number(query, 1) != 0, sqlite_number(query, 2));
    sqlite_query_close(query);
    return result;
}

int cases_due(struct cases *cases, int64_t now, struct case_numbers *numbers, struct strbuf *why)
{
    const struct value values[] = {NUMBER(now), NUMBER(now - TELL_S)};
    return read_numbers(
        ask(cases,
            "SELECT id FROM case_file WHERE closed = 0 AND ((expires <> 0 AND expires <= ?1)"
            " OR EXISTS (SELECT 1 FROM action WHERE case_id = case_file.id"
            "  AND (state IN ('started', 'lifting')"
            "   OR (state = 'done' AND told = 0 AND opened > ?2)))"
            " OR (EXISTS (SELECT 1 FROM action WHERE case_id = case_file.id AND state = 'lifted')"
            "  AND NOT EXISTS (SELECT 1 FROM action WHERE case_id = case_file.id"
            "   AND (state = 'done' OR (state = 'failed' AND what <> '')))))"
            " ORDER BY id",
            values, 2, why),
        numbers, why);
}

void case_file_clear(struct case_file *file)
{
    for (size_t i = 0; i < file->actions.len; i++) {
        struct case_action *action = &file->actions.at[i];
        free(action->method);
        free(action->memo);
        free(action->what);
        free(action->detail);
    }
    for (size_t i = 0; i < file->notes.len; i++)
        free(file->notes.at[i].text);
    vec_clear(&file->actions);
    vec_clear(&file->notes);
    free(file->account);
    free(file->applet);
    free(file->reason);
    free(file->evidence);
    *file = (struct case_file){0};
}
