/* cases - three tables: case_file, action, note.
 *
 * A rollback journal, not a write-ahead log: whoever only reads changes no file then, and a run
 * writes a few rows at most. Before anything is written the file must say that it is ours
 * (application_id), or be empty. Words stand for states and kinds, so that people can read the
 * tables with any SQLite shell when all else fails.
 */
#include "spamgear/store/cases.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/path.h"
#include "spamgear/base/sqlite.h"
#include "spamgear/log/event.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#define APPLICATION "1936746357" /* "spgu", in the header of the file */
#define VERSION     1            /* of the tables */
#define WAIT_MS     10000        /* for a lock of SQLite, which is held for milliseconds */
#define LOCK_MS     50           /* between two tries */
#define TELL_S      (3 * 86400)  /* a mail that could not be handed over is tried so long */

struct cases {
    struct sqlite *db;
    char *folder, *path;
    int lock_fd;
};

static const char *const state_names[ACTION_STATES] = {"started", "done",    "failed",
                                                       "before",  "lifting", "lifted"};

const char *action_state_name(enum action_state state)
{
    return state_names[state];
}

/* ---- the file ---- */

static char *join(const char *folder, const char *name)
{
    struct strbuf path = {0};
    strbuf_format(&path, "%s/%s", folder, name);
    return strbuf_take(&path);
}

/* Who could write here could have any account let go, or any program's arguments changed. */
static int check_folder(int fd, const char *folder, struct strbuf *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return strbuf_why(why, "%s: %s", folder, strerror(errno));
    if (!path_is_private(&st) || st.st_uid != geteuid())
        return strbuf_why(why, "%s: others own this folder or may write to it", folder);
    if (fstatat(fd, "spamgear.db", &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : strbuf_why(why, "%s/spamgear.db: %s", folder, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
        return strbuf_why(why, "%s/spamgear.db: is no regular file of one name", folder);
    if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return strbuf_why(why, "%s/spamgear.db: others own it or may open it", folder);
    return 0;
}

static int open_folder(const char *folder, bool make, struct strbuf *why)
{
    int fd = make ? path_make_folder(folder, 0755, why)
                  : path_open(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, why);
    if (fd < 0)
        return -1;
    int result = check_folder(fd, folder, why);
    close(fd);
    return result;
}

static int number_of(struct cases *cases, const char *sql, int64_t *number, struct strbuf *why)
{
    struct sqlite_query *query = sqlite_prepare(cases->db, sql, why);
    int result = query == NULL ? -1 : sqlite_step(query, why);
    if (result == 1)
        *number = sqlite_number(query, 0);
    sqlite_query_close(query);
    return result == 1 ? 0 : -1;
}

static int make_tables(struct cases *cases, struct strbuf *why)
{
    return sqlite_run(
        cases->db,
        "BEGIN IMMEDIATE;"
        "CREATE TABLE IF NOT EXISTS case_file (id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " account TEXT NOT NULL, kind TEXT NOT NULL, applet TEXT NOT NULL, reason TEXT NOT NULL,"
        " evidence TEXT NOT NULL, opened INTEGER NOT NULL, expires INTEGER NOT NULL,"
        " closed INTEGER NOT NULL, told INTEGER NOT NULL);"
        "CREATE UNIQUE INDEX IF NOT EXISTS one_open ON case_file (account) WHERE closed = 0;"
        "CREATE INDEX IF NOT EXISTS by_account ON case_file (account);"
        "CREATE TABLE IF NOT EXISTS action (id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " case_id INTEGER NOT NULL REFERENCES case_file, method TEXT NOT NULL,"
        " state TEXT NOT NULL, memo TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL,"
        " changed INTEGER NOT NULL);"
        "CREATE INDEX IF NOT EXISTS of_case ON action (case_id);"
        "CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " case_id INTEGER NOT NULL REFERENCES case_file, time INTEGER NOT NULL,"
        " text TEXT NOT NULL);"
        "CREATE INDEX IF NOT EXISTS noted ON note (case_id);"
        "PRAGMA application_id = " APPLICATION "; PRAGMA user_version = 1; COMMIT",
        why);
}

/* Three numbers of one moment: another run may be making the tables. */
static int read_marks(struct cases *cases, int64_t *application, int64_t *version, int64_t *tables,
                      struct strbuf *why)
{
    if (sqlite_run(cases->db, "BEGIN", why) != 0)
        return -1;
    int result = number_of(cases, "SELECT count(*) FROM sqlite_master", tables, why);
    if (result == 0)
        result = number_of(cases, "PRAGMA application_id", application, why);
    if (result == 0)
        result = number_of(cases, "PRAGMA user_version", version, why);
    cases_rollback(cases);
    return result;
}

/* Is it ours? 1; 0: it is empty, -1 with why. */
static int recognise(struct cases *cases, struct strbuf *why)
{
    int64_t application = 0, version = 0, tables = 0;
    if (read_marks(cases, &application, &version, &tables, why) != 0)
        return -1;
    if (application == 0 && version == 0 && tables == 0)
        return 0;
    if (application != strtoll(APPLICATION, NULL, 10))
        return strbuf_why(why, "%s: is a database, but not of spamgear's cases", cases->path);
    if (version < 1 || version > VERSION)
        return strbuf_why(why, "%s: was made by a newer spamgear", cases->path);
    return 1;
}

static int prepare(struct cases *cases, bool to_read, struct strbuf *why)
{
    int known = recognise(cases, why);
    if (known < 0 || to_read)
        return known < 0 ? -1 : known == 0 ? strbuf_why(why, "%s: is empty", cases->path) : 0;
    if (sqlite_run(cases->db,
                   "PRAGMA synchronous = EXTRA; PRAGMA foreign_keys = ON;"
                   "PRAGMA cell_size_check = ON",
                   why) != 0)
        return -1;
    return known == 1 ? 0 : make_tables(cases, why);
}

/* What a killed run half wrote must be taken back before anybody can read. */
static void tell_killed(const struct cases *cases, struct strbuf *why)
{
    char *journal = join(cases->folder, "spamgear.db-journal");
    if (access(journal, F_OK) == 0)
        strbuf_why(why,
                   "%s: a run was killed while it wrote: the next one that may write sets it "
                   "right",
                   cases->path);
    free(journal);
}

static struct cases *open_cases(const char *folder, bool to_read, struct strbuf *why)
{
    if (open_folder(folder, !to_read, why) != 0)
        return NULL;
    struct cases *cases = mem_zero(1, sizeof *cases);
    cases->folder = mem_text(folder);
    cases->path = join(folder, "spamgear.db");
    cases->lock_fd = -1;
    cases->db = to_read ? sqlite_open_to_read(cases->path, WAIT_MS, why)
                        : sqlite_open(cases->path, WAIT_MS, why);
    if (cases->db != NULL && prepare(cases, to_read, why) == 0)
        return cases;
    if (to_read)
        tell_killed(cases, why);
    cases_close(cases);
    return NULL;
}

struct cases *cases_open(const char *state_folder, struct strbuf *why)
{
    return open_cases(state_folder, false, why);
}

struct cases *cases_open_to_read(const char *state_folder, struct strbuf *why)
{
    return open_cases(state_folder, true, why);
}

/* 0: there is a database that is not empty. */
static int stat_cases(const char *state_folder, struct stat *st)
{
    char *path = join(state_folder, "spamgear.db");
    int result = lstat(path, st);
    free(path);
    return result == 0 && st->st_size > 0 ? 0 : -1;
}

bool cases_exist(const char *state_folder)
{
    struct stat st;
    return stat_cases(state_folder, &st) == 0;
}

bool cases_are_ours(const char *state_folder)
{
    struct stat st;
    return stat_cases(state_folder, &st) == 0 && st.st_uid == geteuid();
}

void cases_close(struct cases *cases)
{
    if (cases == NULL)
        return;
    sqlite_close(cases->db);
    cases_unlock(cases);
    free(cases->folder);
    free(cases->path);
    free(cases);
}

/* ---- lock and transactions ---- */

static int take_lock(int fd, int wait_ms)
{
    int64_t end = clock_steady_ms() + wait_ms;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EINTR && errno != EWOULDBLOCK)
            return -1;
        if (errno == EWOULDBLOCK && clock_steady_ms() >= end)
            return 1;
        poll(NULL, 0, LOCK_MS);
    }
    return 0;
}

/* A damaged page may lie where nobody looks before an account is acted upon. */
static int check_whole(struct cases *cases, struct strbuf *why)
{
    struct sqlite_query *query = sqlite_prepare(cases->db, "PRAGMA quick_check(1)", why);
    int result = query == NULL ? -1 : sqlite_step(query, why);
    if (result == 1) {
        struct span said = sqlite_bytes(query, 0);
        result = span_is(said, SPAN("ok"))
                     ? 0
                     : strbuf_why(why, "%s: is damaged: repair it, or move it away", cases->path);
    }
    sqlite_query_close(query);
    return result;
}

int cases_lock(struct cases *cases, int wait_ms, struct strbuf *why)
{
    char *path = join(cases->folder, "react.lock");
    cases->lock_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    int result = cases->lock_fd < 0 ? -1 : take_lock(cases->lock_fd, wait_ms);
    if (result < 0)
        strbuf_why(why, "%s: %s", path, strerror(errno));
    else if (result == 1)
        strbuf_why(why, "%s: another process is at work on the cases", path);
    else
        result = check_whole(cases, why);
    if (result != 0)
        cases_unlock(cases);
    free(path);
    return result;
}

void cases_unlock(struct cases *cases)
{
    if (cases->lock_fd >= 0)
        close(cases->lock_fd);
    cases->lock_fd = -1;
}

int cases_begin(struct cases *cases, struct strbuf *why)
{
    return sqlite_run(cases->db, "BEGIN IMMEDIATE", why);
}

int cases_commit(struct cases *cases, struct strbuf *why)
{
    if (sqlite_run(cases->db, "COMMIT", why) == 0)
        return 0;
    cases_rollback(cases);
    return -1;
}

void cases_rollback(struct cases *cases)
{
    sqlite_run(cases->db, "ROLLBACK", NULL);
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
    if (result < 0 || number_of(cases, "SELECT changes()", &changed, why) != 0)
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
    return number_of(cases, "SELECT last_insert_rowid()", &file->id, why);
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
    return number_of(cases, "SELECT last_insert_rowid()", &action->id, why);
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
