/* forget - an empty name is nobody's, here and in the other database. */
#include "spamgear/store/forget.h"

#include "spamgear/base/addr.h"
#include "state_own.h"

#define WAIT_MS 10000

static const char *const here[] = {
    "UPDATE spam SET client = '' WHERE client = ?1 AND client <> ''",
    "UPDATE spam SET sender = '' WHERE sender = ?1 AND sender <> ''",
    "UPDATE spam SET sasl = '' WHERE sasl = ?1 AND sasl <> ''",
};
#define COLUMNS 3

static int change(struct sqlite *db, const char *sql, struct span name, struct strbuf *why)
{
    struct sqlite_query *query = sqlite_prepare(db, sql, why);
    if (query == NULL)
        return -1;
    sqlite_bind_text(query, 1, name);
    int result = sqlite_step(query, why);
    sqlite_query_close(query);
    return result < 0 ? -1 : 0;
}

static int forget_rows(struct sqlite *db, struct span name, uint64_t *rows, struct strbuf *why)
{
    int64_t before = sqlite_changes(db);
    if (sqlite_run(db, "BEGIN IMMEDIATE", why) != 0)
        return -1;
    int result = 0;
    for (size_t i = 0; result == 0 && i < COLUMNS; i++)
        result = change(db, here[i], name, why);
    if (result == 0)
        result = sqlite_run(db, "COMMIT", why);
    if (result != 0)
        sqlite_run(db, "ROLLBACK", NULL);
    *rows = (uint64_t)(sqlite_changes(db) - before);
    return result;
}

static int forget_listing(const char *path, const char *name, struct strbuf *why)
{
    int there = state_check_file(path, false, why);
    struct sqlite *db = there == 1 ? sqlite_open(path, WAIT_MS, why) : NULL;
    if (db == NULL)
        return there == 0 ? 0 : -1;
    struct strbuf folded = {0};
    for (; *name != '\0'; name++)
        strbuf_add_char(&folded, *name >= 'A' && *name <= 'Z' ? (char)(*name | 0x20) : *name);
    int result = state_map_settle(db, WAIT_MS, why);
    if (result == 0)
        result = change(db, "DELETE FROM access WHERE name = ?1", strbuf_span(&folded), why);
    sqlite_close(db);
    strbuf_clear(&folded);
    return result;
}

/* An address may be written in several ways, of which the rows have one. */
static const char *canonical(const char *name, char text[46])
{
    struct addr addr;
    if (!addr_parse(span_text(name), &addr))
        return name;
    addr_format(&addr, text);
    return text;
}

int forget_here(const char *folder, const char *map, const char *name, uint64_t *rows,
                struct strbuf *why)
{
    char text[46];
    name = canonical(name, text);
    char *path = state_path(folder, "postlog.db");
    int result = -1;
    struct sqlite *reader = state_tables_open_to_read(path, why); /* of this version? */
    struct sqlite *db = reader != NULL ? state_tables_open(path, why) : NULL;
    sqlite_close(reader);
    if (db != NULL && (result = forget_rows(db, span_text(name), rows, why)) == 0)
        result = forget_listing(map, name, why);
    sqlite_close(db);
    free(path);
    return result;
}

/* Ours and MySQL's columns compare without regard to case, the others' indexes are of LOWER(). */
static const char *const there_folding[COLUMNS] = {
    "UPDATE spamgear_spam SET client = '' WHERE client = ?",
    "UPDATE spamgear_spam SET sender = '' WHERE sender = ?",
    "UPDATE spamgear_spam SET sasl = '' WHERE sasl = ?",
};
static const char *const there_lower[COLUMNS] = {
    "UPDATE spamgear_spam SET client = '' WHERE client = ?",
    "UPDATE spamgear_spam SET sender = '' WHERE LOWER(sender) = LOWER(?)",
    "UPDATE spamgear_spam SET sasl = '' WHERE LOWER(sasl) = LOWER(?)",
};

int forget_there(struct link *link, const char *name, uint64_t *rows, struct strbuf *why)
{
    const char *const *statements = link_kind(link) == SQL_MYSQL ? there_folding : there_lower;
    char text[46];
    struct span value = span_text(canonical(name, text));
    *rows = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        uint64_t changed = 0;
        if (link_change(link, statements[i], &value, 1, 1, &changed, why) != 0)
            return -1;
        *rows += changed;
    }
    return 0;
}
