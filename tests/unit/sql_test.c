/* sql - URLs and parameters are read strictly; statements run against a real SQLite file, and a
 * server that hangs or talks nonsense costs no more than the deadline. */
#include "../../core/store/sql_parts.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/sqlite.h"
#include "test.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- URLs ---- */

static const struct place_case {
    const char *url, *want; /* kind, file, host, socket, port, user, database, and how it is
                             * encrypted, when it is; NULL: refused */
} place_cases[] = {
    {"sqlite:/var/lib/users.db", "0 /var/lib/users.db - - 0 - -"},
    {"sqlite:///var/lib/users.db", "0 ///var/lib/users.db - - 0 - -"},
    {"sqlite:/a%20b?c", "0 /a b?c - - 0 - -"},
    {"mysql://host/db", "1 - host - 0 - db"},
    {"mariadb://host/db", "1 - host - 0 - db"},
    {"mysql://mail@db.example.net:3307/mail", "1 - db.example.net - 3307 mail mail"},
    {"mysql://a%40b@[2001:db8::1]:3306/m%2Fx", "1 - 2001:db8::1 - 3306 a@b m/x"},
    {"mysql:///db?socket=/run/mysqld/mysqld.sock", "1 - - /run/mysqld/mysqld.sock 0 - db"},
    {"mysql://u@/db?socket=/run/s", "1 - - /run/s 0 u db"},
    {"pgsql://u@h/db", "2 - h - 0 u db"},
    {"postgresql://h:5433/db", "2 - h - 5433 - db"},
    {"pgsql:///db?host=/run/postgresql", "2 - - /run/postgresql 0 - db"},
    {"mysql://h/db?tls=require", "1 - h - 0 - db require -"},
    {"pgsql://h/db?tls-ca=/etc/ca%26.pem&tls=verify", "2 - h - 0 - db verify /etc/ca&.pem"},
    {"", NULL},
    {"users.db", NULL},
    {"mysql://h/db?tls=verify", NULL},
    {"mysql://h/db?tls-ca=/etc/ca.pem", NULL},
    {"mysql://h/db?tls=require&tls-ca=/etc/ca.pem", NULL},
    {"mysql://h/db?tls=verify&tls-ca=ca.pem", NULL},
    {"mysql://h/db?tls=no", NULL},
    {"mysql://h/db?tls=require&tls=verify&tls-ca=/x", NULL},
    {"mysql://h/db?tls=require&", NULL},
    {"mysql:///db?socket=/run/s&tls=require", NULL},
    {"sqlite:", NULL},
    {"sqlite:users.db", NULL},
    {"sqlite:/", NULL},
    {"sqlite:/folder/", NULL},
    {"sqlite://host/users.db", NULL},
    {"sqlite:/a%00b", NULL},
    {"sqlite:/a%0Ab", NULL},
    {"sqlite:/a%4", NULL},
    {"sqlite:/a%zz", NULL},
    {"SQLITE:/x", NULL},
    {"mysql://", NULL},
    {"mysql://host", NULL},
    {"mysql://host/", NULL},
    {"mysql:///db", NULL},
    {"mysql://host/db?socket=/run/s", NULL},
    {"mysql://host/db?", NULL},
    {"mysql://host/db?ssl=0", NULL},
    {"mysql:///db?socket=", NULL},
    {"mysql:///db?socket=run/s", NULL},
    {"mysql:///db?host=/run/s", NULL},
    {"mysql://u:pw@host/db", NULL},
    {"mysql://@host/db", NULL},
    {"mysql://host:0/db", NULL},
    {"mysql://host:65536/db", NULL},
    {"mysql://host:x/db", NULL},
    {"mysql://host:/db", NULL},
    {"mysql://:3306/db", NULL},
    {"mysql://[::1/db", NULL},
    {"mysql://[]/db", NULL},
    {"mysql://[::1]x/db", NULL},
    {"mysql://ho st/db", NULL},
    {"mysql://a/b@c/db?x", NULL},
    {"pgsql://h/db host=evil", "2 - h - 0 - db host=evil"}, /* one keyword's value */
    {"pgsql://h,evil/db", NULL},
    {"pgsql:///db?socket=/run/s", NULL},
};

static const char *or_none(const char *text)
{
    return text == NULL ? "-" : text;
}

static void test_places(void)
{
    for (size_t i = 0; i < sizeof place_cases / sizeof *place_cases; i++) {
        const struct place_case *c = &place_cases[i];
        struct sql_place place;
        struct strbuf why = {0}, got = {0};
        test_number(c->url, sql_place_parse(c->url, &place, &why), c->want == NULL ? -1 : 0);
        strbuf_format(&got, "%d %s %s %s %u %s %s", place.kind, or_none(place.file),
                      or_none(place.host), or_none(place.socket), place.port, or_none(place.user),
                      or_none(place.database));
        if (place.tls != SQL_TLS_ASIS)
            strbuf_format(&got, " %s %s", place.tls == SQL_TLS_VERIFY ? "verify" : "require",
                          or_none(place.tls_ca));
        if (c->want != NULL)
            test_text(c->url, strbuf_text(&got), c->want);
        test_true(c->url, (c->want == NULL) == (why.len > 0));
        test_true(c->url, strstr(strbuf_text(&why), "pw") == NULL);
        sql_place_clear(&place);
        strbuf_clear(&why);
        strbuf_clear(&got);
    }
}

/* ---- parameters ---- */

static const struct {
    const char *statement;
    int want; /* -1: refused */
    const char *numbered;
} parameter_cases[] = {
    {"SELECT 1", 0, "SELECT 1"},
    {"", 0, ""},
    {"UPDATE u SET a = 0 WHERE n = ?", 1, "UPDATE u SET a = 0 WHERE n = $1"},
    {"INSERT INTO d VALUES(?,?, ?);", 3, "INSERT INTO d VALUES($1,$2, $3);"},
    {"SELECT '?', \"?\", `?`, ?", 1, "SELECT '?', \"?\", `?`, $1"},
    {"SELECT 'it''s ?', ?", 1, "SELECT 'it''s ?', $1"},
    {"SELECT ? -- why?\n, ?", 2, "SELECT $1 -- why?\n, $2"},
    {"SELECT ? --", 1, "SELECT $1 --"},
    {"SELECT /* ? ' */ ?", 1, "SELECT /* ? ' */ $1"},
    {"SELECT ?::text", 1, "SELECT $1::text"},
    {"SELECT 5 - ? / ?", 2, "SELECT 5 - $1 / $2"},
    {"SELECT 1; ", 0, "SELECT 1; "},
    {"SELECT 1; DELETE FROM u", -1, ""},
    {"SELECT 'x", -1, ""},
    {"SELECT \"x", -1, ""},
    {"SELECT `x", -1, ""},
    {"SELECT '", -1, ""},
    {"SELECT 'a''", -1, ""},
    {"SELECT /* x", -1, ""},
    {"SELECT /*/", -1, ""},
    {"SELECT /* /* */ ? */", -1, ""},
    {"SELECT /*! ? */", -1, ""},
    {"SELECT /*M! ? */", -1, ""},
    {"SELECT 'a\\' , ?", -1, ""},
    {"SELECT \\?", -1, ""},
    {"SELECT 5--?", -1, ""},
    {"SELECT ??", -1, ""},
    {"SELECT ?1", -1, ""},
    {"SELECT :name", -1, ""},
    {"SELECT :_x", -1, ""},
    {"SELECT @name", -1, ""},
    {"SELECT $1", -1, ""},
    {"SELECT $$?$$", -1, ""},
    {"SELECT # ?", -1, ""},
    {"SELECT [a?]", -1, ""},
    {"SELECT \001", -1, ""},
};

static void test_parameters(void)
{
    for (size_t i = 0; i < sizeof parameter_cases / sizeof *parameter_cases; i++) {
        struct strbuf why = {0}, numbered = {0};
        const char *statement = parameter_cases[i].statement;
        test_number(statement, sql_parameters(statement, &why), parameter_cases[i].want);
        test_true(statement, (parameter_cases[i].want < 0) == (why.len > 0));
        if (parameter_cases[i].want >= 0)
            sql_number_parameters(&numbered, statement);
        test_text(statement, strbuf_text(&numbered), parameter_cases[i].numbered);
        strbuf_clear(&why);
        strbuf_clear(&numbered);
    }
}

/* ---- SQLite ---- */

#define HOSTILE "z'\"$(touch${IFS}/x)\"; DROP TABLE users; --"

static void make_users(void)
{
    struct strbuf why = {0};
    struct sqlite *db = sqlite_open("users.db", 1000, &why);
    test_true("made", db != NULL);
    test_number("filled",
                sqlite_run(db,
                           "CREATE TABLE users(name TEXT PRIMARY KEY, active INTEGER, note TEXT);"
                           "INSERT INTO users VALUES('alice', 1, NULL), ('bob', 1, 'x')",
                           &why),
                0);
    sqlite_close(db);
    strbuf_clear(&why);
}

static void run(struct sql *sql, const char *statement, const char *value, const char *want)
{
    struct strbuf why = {0}, got = {0};
    struct texts first = {0};
    struct span values[] = {span_text(value)};
    uint64_t changed = 99;
    int result = sql_run(sql, statement, values, value != NULL, &changed, &first, &why);
    strbuf_format(&got, "%d", result);
    if (result == 0)
        strbuf_format(&got, " %d", (int)changed);
    for (size_t i = 0; i < first.len; i++)
        strbuf_format(&got, " [%s]", first.at[i]);
    if (result != 0)
        strbuf_format(&got, " %s", strbuf_text(&why));
    test_text(statement, strbuf_text(&got), want);
    texts_clear(&first);
    strbuf_clear(&why);
    strbuf_clear(&got);
}

static void test_sqlite(const char *folder)
{
    struct strbuf url = {0}, why = {0};
    strbuf_format(&url, "sqlite:%s/users.db", folder);
    test_true("not there", sql_open(strbuf_text(&url), NULL, 1000, &why) == NULL);
    test_true("told", strstr(strbuf_text(&why), "No such file") != NULL);
    test_true("not made", access("users.db", F_OK) != 0);
    make_users();
    struct sql *sql = sql_open(strbuf_text(&url), NULL, 1000, &why);
    test_true("opens", sql != NULL);
    const char *status = "SELECT active, note FROM users WHERE name = ?";
    const char *disable = "UPDATE users SET active = 0 WHERE name = ?";
    run(sql, status, "alice", "0 0 [1] []");
    run(sql, disable, "alice", "0 1");
    run(sql, status, "alice", "0 0 [0] []");
    run(sql, status, "nobody", "0 0");
    run(sql, disable, "nobody", "0 0");
    run(sql, disable, HOSTILE, "0 0");
    run(sql, "INSERT INTO users VALUES(?, 1, '')", HOSTILE, "0 1");
    run(sql, "SELECT name FROM users WHERE name = ?", HOSTILE, "0 0 [" HOSTILE "]");
    run(sql, "UPDATE users SET active = 1", NULL, "0 3");
    run(sql, "SELECT count(*) FROM users", NULL, "0 0 [3]");
    run(sql, disable, NULL, "-1 the statement has 1 parameters, not 0");
    run(sql, "SELECT 1", "x", "-1 the statement has 0 parameters, not 1");
    run(sql, "SELECT 1; DROP TABLE users", NULL, "-1 more than one statement");
    struct texts none = {0};
    test_number("no such table", sql_run(sql, "SELECT * FROM x", NULL, 0, NULL, &none, &why), -1);
    struct span nul = SPAN("a\0b");
    test_number("NUL", sql_run(sql, status, &nul, 1, NULL, &none, &why), -1);
    sql_close(sql);
    unlink("users.db");
    strbuf_clear(&url);
    strbuf_clear(&why);
}

/* ---- servers that are none ---- */

enum server { SILENT, NONSENSE, CLOSES, DRIPS, SERVERS };
static const char *const server_names[SERVERS] = {"silent", "nonsense", "closes", "drips"};

static void serve_one(int client, enum server server)
{
    static const char nonsense[] = "\xff\xff\xff\xff\xff\xff\xff\xffHTTP/1.0 400 pssst\r\n\r\n";
    if (server == NONSENSE && write(client, nonsense, sizeof nonsense) < 0)
        _exit(0);
    while (server == SILENT || server == DRIPS) {
        if (server == DRIPS && write(client, "\n", 1) < 0)
            _exit(0);
        usleep(200000);
    }
    close(client);
}

static pid_t start_server(enum server server, unsigned *port)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof here;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    test_true("listens", bind(listener, (struct sockaddr *)&here, sizeof here) == 0 &&
                             listen(listener, 5) == 0 &&
                             getsockname(listener, (struct sockaddr *)&here, &len) == 0);
    *port = ntohs(here.sin_port);
    pid_t pid = fork();
    signal(SIGPIPE, pid == 0 ? SIG_IGN : SIG_DFL);
    while (pid == 0)
        serve_one(accept(listener, NULL, NULL), server);
    close(listener);
    return pid;
}

static void test_server(const char *scheme, enum server server)
{
    unsigned port;
    struct strbuf url = {0}, why = {0}, name = {0};
    pid_t pid = start_server(server, &port);
    strbuf_format(&url, "%s://u@127.0.0.1:%u/db", scheme, port);
    strbuf_format(&name, "%s %s", scheme, server_names[server]);
    struct sql *sql = sql_open(strbuf_text(&url), "pssst", 1000, &why);
    int64_t before = clock_steady_ms();
    test_number(strbuf_text(&name), sql_run(sql, "SELECT 1", NULL, 0, NULL, NULL, &why), -1);
    test_true("in time", clock_steady_ms() - before < 4000);
    test_true("told", why.len > 0);
    test_true("the password is not in it", strstr(strbuf_text(&why), "pssst") == NULL);
    sql_close(sql);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    strbuf_clear(&url);
    strbuf_clear(&why);
    strbuf_clear(&name);
}

int main(void)
{
    char folder[] = "/tmp/sql_test.XXXXXX";
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    test_places();
    test_parameters();
    test_sqlite(folder);
    for (enum server server = 0; server < SERVERS; server++) {
        test_server("mysql", server);
        test_server("pgsql", server);
    }
    test_number("nothing is left", rmdir(folder), 0);
    return test_end();
}
