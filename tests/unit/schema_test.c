/* schema - what somebody removed from the tables is noticed, and made again; with SQLite. */
#include "spamgear/base/clock.h"
#include "spamgear/store/schema.h"

#include "own_link.h"

#define DAY INT64_C(86400)

static char *joined(const struct texts *lines)
{
    struct strbuf all = {0};
    for (size_t i = 0; i < lines->len; i++)
        strbuf_format(&all, "%s%s", i == 0 ? "" : "\n", lines->at[i]);
    return strbuf_take(&all);
}

static void check(struct link *link, const char *name, const char *want)
{
    struct texts problems = {0};
    struct strbuf why = {0};
    test_number(name, schema_check(link, &problems, &why), 0);
    char *got = joined(&problems);
    test_text(name, got, want);
    free(got);
    texts_clear(&problems);
    strbuf_clear(&why);
}

static void upgrade(struct link *link, const char *name, const char *want)
{
    struct texts told = {0};
    struct strbuf why = {0};
    test_number(name, schema_upgrade(link, false, &told, &why), 0);
    char *got = joined(&told);
    test_text(name, got, want);
    free(got);
    texts_clear(&told);
    strbuf_clear(&why);
}

static void run(struct link *link, const char *statement)
{
    struct strbuf why = {0};
    test_number(statement, link_run(link, statement, &why), 0);
    strbuf_clear(&why);
}

static void test_missing(struct link *link)
{
    check(link, "before", "there are no tables of spamgear: spamgear store init makes them");
    upgrade(link, "init", "made version 1 of the tables\nmade version 2 of the tables");
    check(link, "well", "");
    upgrade(link, "again", "");
    run(link, "DROP TABLE spamgear_claim");
    run(link, "DROP TABLE spamgear_flow");
    run(link, "DROP INDEX spamgear_spam_sasl");
    check(link, "dropped",
          "the index spamgear_spam_sasl is missing: spamgear store init makes it\n"
          "the table spamgear_flow is missing: spamgear store init makes it\n"
          "the index spamgear_flow_stamp is missing: spamgear store init makes it\n"
          "the index spamgear_flow_minute is missing: spamgear store init makes it\n"
          "the table spamgear_claim is missing: spamgear store init makes it\n"
          "the column spamgear_flow.trusted is missing: spamgear store init makes it");
    upgrade(link, "made again",
            "made the index spamgear_spam_sasl\nmade the table spamgear_flow\n"
            "made the index spamgear_flow_stamp\nmade the index spamgear_flow_minute\n"
            "made the table spamgear_claim\nmade the column spamgear_flow.trusted");
    check(link, "well again", "");
}

static void add(struct link *link, const char *format, int64_t time)
{
    char text[400];
    snprintf(text, sizeof text, format, (long long)time, (long long)time);
    run(link, text);
}

static void purge(struct link *link, const char *name, int64_t want)
{
    struct strbuf why = {0};
    uint64_t rows = 0;
    const struct schema_keep keep = {30 * DAY, 2 * DAY};
    test_number(name, schema_purge(link, &keep, 0, &rows, &why), 0);
    test_number(name, (int64_t)rows, want);
    strbuf_clear(&why);
}

/* More than a portion; what is young stays, and a clock that is ahead makes nothing old. */
static void test_purge(struct link *link)
{
    int64_t now = clock_now();
    run(link, "BEGIN");
    for (int i = 0; i < 1200; i++)
        add(link,
            "INSERT INTO spamgear_spam VALUES('n', 'l', %lld, %lld, 0, '', '', '', '', '', '', '', "
            "'', 1, 1, 1, '', NULL)",
            now - 31 * DAY - i);
    add(link,
        "INSERT INTO spamgear_spam VALUES('n', 'l', %lld, %lld, 0, '', '', '', '', '', '', '', '', "
        "1, 1, 1, '', NULL)",
        now - 29 * DAY);
    for (int days = 1; days <= 3; days += 2) {
        add(link, "INSERT INTO spamgear_flow VALUES('p', 0, 'k', %lld, 'n', '', 1, 1, 1, %lld)",
            (now - days * DAY) / 60);
        add(link, "INSERT INTO spamgear_client VALUES('p', 0, '%lld', 'n', 0, 'c', '', %lld)",
            (now - days * DAY) / 60);
        add(link, "INSERT INTO spamgear_claim VALUES('p', 0, '%lld', '', 'n', %lld, 1)",
            (now - days * 11 * DAY) * 1000);
    }
    run(link, "COMMIT");
    purge(link, "old ones", 1203);
    clock_pin(now + 100 * DAY);
    purge(link, "not by our clock alone", 0);
    clock_pin(0);
    purge(link, "no more", 0);
}

/* These cannot be made good without a decision about the rows. */
static void test_damaged(struct link *link, const char *file)
{
    char column[200];
    run(link, "ALTER TABLE spamgear_claim RENAME COLUMN confirmed TO other");
    snprintf(column, sizeof column, "%s: no such column: confirmed", file);
    check(link, "a column", column);
    run(link, "ALTER TABLE spamgear_claim RENAME COLUMN other TO confirmed");
    run(link, "CREATE TABLE copy AS SELECT * FROM spamgear_flow");
    run(link, "DROP TABLE spamgear_flow");
    run(link, "ALTER TABLE copy RENAME TO spamgear_flow");
    run(link, "CREATE INDEX spamgear_flow_stamp ON spamgear_flow (stamp)");
    run(link, "CREATE INDEX spamgear_flow_minute ON spamgear_flow (minute)");
    check(link, "a key", "the table spamgear_flow takes the same row twice: it has lost its key");
}

int main(void)
{
    struct own_link own;
    own_link_open(&own);
    test_missing(own.link);
    test_purge(own.link);
    test_damaged(own.link, own.file);
    own_link_close(&own);
    return test_end();
}
