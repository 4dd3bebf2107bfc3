/* link_rows URL - many rows at once through a real MariaDB or PostgreSQL: in its own way (bulk
 * requests, a pipeline) and in plain statements; what goes wrong in the middle is told as what it
 * is, and the connection can be used afterwards. Prints what is not so, and how much was looked at.
 */
#include "../../core/store/link_parts.h"
#include "spamgear/base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS 250

static unsigned checked, failed;
static struct strbuf why;

static void check(const char *name, bool bulk, int64_t got, int64_t want)
{
    checked++;
    if (got == want)
        return;
    failed++;
    printf("FAIL %s (%s): got %" PRId64 ", want %" PRId64 ": %s\n", name, bulk ? "bulk" : "plain",
           got, want, strbuf_text(&why));
}

static void do_run(struct link *link, const char *statement)
{
    if (link_run(link, statement, &why) != 0)
        printf("FAIL %s: %s\n", statement, strbuf_text(&why)), failed++;
}

/* ---- rows ---- */

static const struct span texts[] = {
    {0}, {"", 0}, {"\xf0\x9f\x98\x80", 4}, {"it's \\ \" ?1 $1", 14}};
#define TEXTS (sizeof texts / sizeof *texts)

struct rows {
    char numbers[ROWS][12];
    struct span values[ROWS * 2];
};

static void fill(struct rows *rows, int from)
{
    for (int i = 0; i < ROWS; i++) {
        snprintf(rows->numbers[i], sizeof rows->numbers[i], "%d", from + i);
        rows->values[2 * i] = span_text(rows->numbers[i]);
        rows->values[2 * i + 1] = texts[(size_t)i % TEXTS];
    }
}

struct seen {
    int rows, right;
};

static void see(void *state, const struct span *columns, size_t len)
{
    struct seen *seen = state;
    struct span want = texts[(size_t)seen->rows++ % TEXTS];
    seen->right += len == 2 && (columns[1].at == NULL) == (want.at == NULL) &&
                   columns[1].len == want.len &&
                   (want.len == 0 || memcmp(columns[1].at, want.at, want.len) == 0);
}

static void check_rows(struct link *link, const char *name, bool bulk, int want)
{
    struct seen seen = {0};
    check(name, bulk,
          link_ask(link, "SELECT a, b FROM link_rows ORDER BY a", NULL, 0, see, &seen, &why), 0);
    check(name, bulk, seen.rows, want);
    check(name, bulk, seen.right, want);
}

/* ---- what goes wrong ---- */

static const char add_text[] = "INSERT INTO link_rows(a, b) VALUES(?, ?)";

/* In a transaction, with one of the rows changed. */
static int add(struct link *link, struct rows *rows, bool commit)
{
    struct link_statement *statement = link_prepare(link, add_text, &why);
    if (statement == NULL || link_begin(link, &why) != 0)
        return -1;
    int done = link_execute_rows(link, statement, rows->values, 2, ROWS, &why);
    if (done == 0 && commit)
        done = link_commit(link, &why);
    else
        link_rollback(link);
    link_forget(link, statement);
    return done;
}

static void check_trouble(struct link *link, const char *name, bool bulk, struct rows *rows,
                          enum link_trouble want)
{
    strbuf_clear(&why);
    check(name, bulk, add(link, rows, true), -1);
    check(name, bulk, link_trouble(link), want);
}

static void test_values(struct link *link, bool bulk)
{
    static struct rows rows;
    fill(&rows, 0);
    check("rows", bulk, add(link, &rows, true), 0);
    check_rows(link, "as they were", bulk, ROWS);
    fill(&rows, ROWS);
    rows.values[240] = SPAN("7");
    check_trouble(link, "a duplicate", bulk, &rows, LINK_DUPLICATE);
    fill(&rows, ROWS);
    rows.values[241] = SPAN("this is too long for the column by far");
    check_trouble(link, "a long value", bulk, &rows, LINK_BAD_VALUE);
    fill(&rows, ROWS);
    rows.values[240] = SPAN("seven");
    check_trouble(link, "no number", bulk, &rows, LINK_BAD_VALUE);
    fill(&rows, ROWS);
    check("taken back", bulk, add(link, &rows, false), 0);
    check_rows(link, "nothing of them is there", bulk, ROWS);
}

static void test_server(struct link *link, struct link *other, bool bulk)
{
    static struct rows rows;
    bool mysql = link_kind(link) == SQL_MYSQL;
    fill(&rows, ROWS);
    do_run(link,
           mysql ? "SET SESSION TRANSACTION READ ONLY" : "SET default_transaction_read_only = on");
    check_trouble(link, "read-only", bulk, &rows, LINK_REFUSED);
    do_run(link, mysql ? "SET SESSION TRANSACTION READ WRITE"
                       : "SET default_transaction_read_only = off");
    do_run(link, mysql ? "SET innodb_lock_wait_timeout = 1" : "SET lock_timeout = 300");
    link_begin(other, &why);
    do_run(other, "INSERT INTO link_rows(a, b) VALUES(260, 'x')");
    check_trouble(link, "another one is in the way", bulk, &rows, LINK_CONFLICT);
    link_rollback(other);
    do_run(other, "ALTER TABLE link_rows RENAME TO link_away");
    check_trouble(link, "no table", bulk, &rows, LINK_REFUSED);
    do_run(other, "ALTER TABLE link_away RENAME TO link_rows");
    check_rows(link, "and goes on", bulk, ROWS);
}

static void take_id(void *state, const struct span *columns, size_t len)
{
    if (len > 0)
        snprintf(state, 60, "%.*s", (int)columns[0].len, columns[0].at);
}

static void test_lost(struct link *link, struct link *other, bool bulk)
{
    static struct rows rows;
    char id[60] = "", order[100];
    bool mysql = link_kind(link) == SQL_MYSQL;
    link_ask(link, mysql ? "SELECT CONNECTION_ID()" : "SELECT pg_backend_pid()", NULL, 0, take_id,
             id, &why);
    snprintf(order, sizeof order, mysql ? "KILL %s" : "SELECT pg_terminate_backend(%s)", id);
    do_run(other, order);
    fill(&rows, ROWS);
    check_trouble(link, "the connection is ended", bulk, &rows, LINK_LOST);
}

static void test(const struct sql_place *place, bool bulk)
{
    struct link *link = link_open(place, NULL, 3000, &why);
    struct link *other = link_open(place, NULL, 3000, &why);
    check("connects", bulk, link != NULL && other != NULL, 1);
    if (link == NULL || other == NULL)
        exit(1);
    link->without_bulk |= !bulk;
    do_run(link, "DROP TABLE IF EXISTS link_rows");
    do_run(link, "CREATE TABLE link_rows (a INT NOT NULL PRIMARY KEY, b VARCHAR(20) NULL)");
    test_values(link, bulk);
    check("in its own way", bulk, link->without_bulk, !bulk);
    test_server(link, other, bulk);
    test_lost(link, other, bulk);
    do_run(other, "DROP TABLE link_rows");
    link_close(link);
    link_close(other);
}

int main(int argc, char **argv)
{
    struct sql_place place;
    if (argc != 2 || sql_place_parse(argv[1], &place, &why) != 0)
        return 2;
    test(&place, true);
    test(&place, false);
    printf("%s %u\n", failed == 0 ? "well" : "failed of", failed == 0 ? checked : failed);
    sql_place_clear(&place);
    strbuf_clear(&why);
    return failed != 0;
}
