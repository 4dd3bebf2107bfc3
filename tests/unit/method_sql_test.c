/* method_sql - the administrator's statements, against a real SQLite file. */
#include "method_steps.h"

#include "spamgear/base/sqlite.h"

#define DISABLE                                                                                    \
    "UPDATE users SET active = 0, note = {reason} || {case} || {expires} WHERE name = {name}"
#define ENABLE "UPDATE users SET active = 1, note = '' WHERE name = ?"
#define STATUS "SELECT active = 0, name FROM users WHERE name = ? COLLATE NOCASE"

static const struct method *const m = &method_sql;

static void on_users(const char *sql, const char *want)
{
    struct strbuf why = {0}, got = {0};
    struct sqlite *db = sqlite_open(in_folder("users"), 1000, &why);
    struct sqlite_query *query = sqlite_prepare(db, sql, &why);
    while (query != NULL && sqlite_step(query, &why) == 1) {
        strbuf_add_span(&got, sqlite_bytes(query, 0));
        strbuf_add_char(&got, ';');
    }
    test_text(sql, strbuf_text(why.len > 0 ? &why : &got), want);
    sqlite_query_close(query);
    sqlite_close(db);
    strbuf_clear(&why);
    strbuf_clear(&got);
}

#define ROWS "SELECT name || '|' || active || '|' || note FROM users ORDER BY name"

static void test_life(void)
{
    on_users("CREATE TABLE users(name TEXT PRIMARY KEY, active, note TEXT)", "");
    on_users("INSERT INTO users VALUES('bob', 1, ''), ('BOBBY', 1, ''), ('odd', 'x', '')", "");
    target.name = "bob";
    step(m, "check", "good");
    step(m, "look", "off");
    step(m, "plan", "needed: disable bob in the database");
    step(m, "apply", "good");
    target.reason = "another time";
    step(m, "apply", "good");
    step(m, "look", "on");
    on_users(ROWS, "BOBBY|1|;bob|0|131 messages70;odd|x|;");
    step(m, "plan", "in force: disable bob in the database");
    step(m, "undo", "good");
    step(m, "undo", "good");
    step(m, "look", "off");
    on_users(ROWS, "BOBBY|1|;bob|1|;odd|x|;");
}

static void test_names(void)
{
    static const struct {
        const char *name, *want;
    } rows[] = {
        {"nobody", "refused: the database has no account of this name"},
        {"bobby", "refused: the database has no account of exactly this name"},
        {"x' OR '1'='1", "refused: the database has no account of this name"},
        {"%", "refused: the database has no account of this name"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        target.name = rows[i].name;
        step(m, "plan", rows[i].want);
        step(m, "apply", "failed: ...");
    }
    on_users(ROWS, "BOBBY|1|;bob|1|;odd|x|;");
}

static void test_states(void)
{
    static const struct {
        const char *status, *want;
    } rows[] = {
        {"SELECT 'Y' FROM users WHERE name = ?", "on"},
        {"SELECT 'true' FROM users WHERE name = ?", "on"},
        {"SELECT 'No' FROM users WHERE name = ?", "off"},
        {"SELECT 'f' FROM users WHERE name = ?", "off"},
        {"SELECT 2 FROM users WHERE name = ?", "untold: sql-status: its first column is..."},
        {"SELECT NULL FROM users WHERE name = ?", "untold: sql-status: its first column is..."},
        {"SELECT 1 FROM nothing WHERE name = ?", "untold: ..."},
    };
    target.name = "bob";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        settings.sql_status = (char *)(uintptr_t)rows[i].status;
        step(m, "look", rows[i].want);
    }
    settings.sql_status = STATUS;
}

static void test_check(void)
{
    static const struct {
        const char *disable, *want;
    } rows[] = {
        {NULL, "failed: sql-disable: must be set"},
        {"", "failed: sql-disable: must be set"},
        {"UPDATE users SET active = 0", "failed: sql-disable: there is no ? for the name in it"},
        {"UPDATE users SET note = {reason}", "failed: sql-disable: there is no ?..."},
        {"UPDATE users SET active = 0 WHERE name = '{name}'",
         "failed: sql-disable: ? and {name} stand for values, without quotes around them"},
        {"UPDATE users SET note = '?' WHERE name = ?", "failed: sql-disable: ? and {name}..."},
        {"UPDATE users SET active = 0 WHERE name = ?; DROP TABLE users",
         "failed: sql-disable: more than one statement"},
        {"UPDATE users SET note = 'x WHERE name = ?", "failed: sql-disable: a quote..."},
        {"SELECT ?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?", "failed: sql-disable: has more than..."},
        {DISABLE, "good"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        settings.sql_disable = (char *)(uintptr_t)rows[i].disable;
        step(m, "check", rows[i].want);
    }
    put("password", "secret\n", 0644);
    settings.sql_password_file = in_folder("password");
    step(m, "check", "failed: ...");
    chmod(in_folder("password"), 0600);
    step(m, "check", "good");
    settings.sql = "mysql://u:secret@host/db";
    step(m, "check", "failed: the database's URL: a password stands in a file of its own");
    settings.sql = NULL;
    step(m, "check", "failed: ...");
}

int main(void)
{
    if (begin() != 0)
        return 1;
    char url[4200];
    snprintf(url, sizeof url, "sqlite:%s", in_folder("users"));
    settings.sql = url;
    settings.sql_disable = DISABLE;
    settings.sql_enable = ENABLE;
    settings.sql_status = STATUS;
    test_life();
    test_names();
    test_states();
    test_check();
    return end();
}
