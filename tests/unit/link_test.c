/* link - a lasting connection, with SQLite; and rows that are repeated in a statement. */
#include "../../core/store/link_parts.h"

#include "own_link.h"

static void test_repeat(void)
{
    static const struct {
        const char *statement, *want; /* NULL: it cannot be */
    } cases[] = {
        {"INSERT INTO t VALUES (?, ?)", "INSERT INTO t VALUES (?, ?), (?, ?)"},
        {"insert into t(a) values(f(?)) ON DUPLICATE KEY UPDATE a = VALUES(a)",
         "insert into t(a) values(f(?)), (f(?)) ON DUPLICATE KEY UPDATE a = VALUES(a)"},
        {"INSERT INTO t VALUES(?), (?)", NULL},
        {"INSERT INTO t VALUES(?) ON DUPLICATE KEY UPDATE a = ?", NULL},
        {"INSERT INTO t VALUES('(', ?)", NULL},
        {"INSERT INTO t SELECT ?", NULL},
        {"INSERT INTO t VALUES", NULL},
        {"INSERT INTO t VALUES (?", NULL},
        {"UPDATE t SET a = ?", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out = {0};
        bool can = link_repeat_row(cases[i].statement, 2, &out);
        test_true(cases[i].statement, can == (cases[i].want != NULL));
        if (can)
            test_text(cases[i].statement, strbuf_text(&out), cases[i].want);
        strbuf_clear(&out);
    }
}

static void add_row(void *state, const struct span *columns, size_t len)
{
    struct strbuf *got = state;
    for (size_t i = 0; i < len; i++)
        if (columns[i].at == NULL)
            strbuf_add_text(got, "[NULL]");
        else
            strbuf_format(got, "[%.*s]", (int)columns[i].len, columns[i].at);
    strbuf_add_char(got, '\n');
}

static void select_all(struct link *link, const char *name, const char *want)
{
    struct strbuf got = {0}, why = {0};
    test_number(name, link_ask(link, "SELECT a, b FROM t ORDER BY a", NULL, 0, add_row, &got, &why),
                0);
    test_text(name, strbuf_text(&got), want);
    strbuf_clear(&got);
    strbuf_clear(&why);
}

static void test_rows(struct link *link)
{
    struct strbuf why = {0};
    uint64_t changed;
    const struct span rows[] = {SPAN("1"), SPAN("x"), SPAN("2"), {0}, SPAN("3"), SPAN("")};
    test_number("makes", link_run(link, "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)", &why), 0);
    struct link_statement *add = link_prepare(link, "INSERT INTO t VALUES(?, ?)", &why);
    test_number("begins", link_begin(link, &why), 0);
    test_number("rows", link_execute_rows(link, add, rows, 2, 3, &why), 0);
    test_number("commits", link_commit(link, &why), 0);
    select_all(link, "are there", "[1][x]\n[2][NULL]\n[3][]\n");
    link_begin(link, &why);
    test_number("again", link_execute_rows(link, add, rows, 2, 3, &why), -1);
    test_number("duplicate", link_trouble(link), LINK_DUPLICATE);
    link_rollback(link);
    test_number("still so", link_trouble(link), LINK_DUPLICATE);
    test_number("wrong count", link_execute(link, add, rows, 1, &changed, &why), -1);
    const struct span nul[] = {SPAN("9"), SPAN("a\0b")};
    test_number("NUL", link_execute(link, add, nul, 2, &changed, &why), -1);
    test_number("bad value", link_trouble(link), LINK_BAD_VALUE);
    struct link_statement *set = link_prepare(link, "UPDATE t SET b = ? WHERE a > ?", &why);
    const struct span values[] = {SPAN("y"), SPAN("1")};
    test_number("changes", link_execute(link, set, values, 2, &changed, &why), 0);
    test_number("two", (int64_t)changed, 2);
    test_true("no such table", link_prepare(link, "SELECT * FROM none", &why) == NULL);
    test_number("refused", link_trouble(link), LINK_REFUSED);
    test_true("two statements", link_prepare(link, "SELECT 1; SELECT 2", &why) == NULL);
    strbuf_clear(&why);
}

/* Another process that writes is a conflict, and nothing is lost. */
static void test_conflict(struct link *link, const char *file)
{
    struct strbuf why = {0};
    struct sqlite *other = sqlite_open(file, 10, &why);
    sqlite_run(other, "BEGIN IMMEDIATE", &why);
    test_number("waits", link_begin(link, &why), -1);
    test_number("conflict", link_trouble(link), LINK_CONFLICT);
    sqlite_run(other, "COMMIT", &why);
    test_number("goes on", link_begin(link, &why), 0);
    link_rollback(link);
    sqlite_close(other);
    strbuf_clear(&why);
}

int main(void)
{
    struct own_link own;
    own_link_open(&own);
    test_repeat();
    test_number("kind", link_kind(own.link), SQL_SQLITE);
    test_rows(own.link);
    test_conflict(own.link, own.file);
    own_link_close(&own);
    return test_end();
}
