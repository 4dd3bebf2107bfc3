/* state_tables - the database file of the state: who may touch it, its tables, its versions.
 *
 * What is there and cannot be read, is newer, or is something else, is refused and never removed:
 * it may be all there is of rows that another database still has to get.
 */
#include "state_own.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/path.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* steps[n] makes version n + 1 of version n. Numbers of spam events are never used again, since
 * another database knows them: AUTOINCREMENT, and they begin at the time when the database was
 * made, so that one that is made anew goes on behind the one before it. */
static const char *const steps[STATE_SCHEMA] = {
    "CREATE TABLE mark (source TEXT PRIMARY KEY, mark TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE thread (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE watch (profile TEXT NOT NULL, key BLOB NOT NULL, minute INTEGER NOT NULL,"
    " bytes BLOB NOT NULL, kind INTEGER, name TEXT, messages INTEGER, recipients INTEGER,"
    " change INTEGER, UNIQUE (profile, key));"
    "CREATE INDEX watch_minute ON watch (minute);"
    "CREATE INDEX watch_change ON watch (change) WHERE change IS NOT NULL;"
    "CREATE TABLE spam (number INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
    " verdict_time INTEGER NOT NULL, queue_id TEXT NOT NULL, message_id TEXT NOT NULL,"
    " sender TEXT NOT NULL COLLATE NOCASE, client TEXT NOT NULL, client_name TEXT NOT NULL,"
    " sasl TEXT NOT NULL COLLATE NOCASE, uid TEXT NOT NULL, verdict TEXT NOT NULL, score REAL,"
    " threshold REAL, victims INTEGER NOT NULL, origin TEXT NOT NULL);"
    "CREATE INDEX spam_verdict_time ON spam (verdict_time);"
    "CREATE INDEX spam_client ON spam (client, time) WHERE client <> '';"
    "CREATE INDEX spam_sender ON spam (sender, time) WHERE sender <> '';"
    "CREATE INDEX spam_sasl ON spam (sasl, time) WHERE sasl <> '';"
    "CREATE TABLE counter (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;"
    /* life: by which another database knows this one from one that is made anew */
    "INSERT INTO counter VALUES ('sent', 0), ('change', 0), ('life', abs(random() / 2));",
    "ALTER TABLE watch ADD COLUMN trusted INTEGER;",
};

char *state_path(const char *folder, const char *name)
{
    struct strbuf path = {0};
    strbuf_format(&path, "%s/%s", folder, name);
    return strbuf_take(&path);
}

int state_check_file(const char *path, bool secret, struct strbuf *why)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? 0 : strbuf_why(why, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
        return strbuf_why(why, "%s: is no regular file of one name", path);
    if (st.st_uid != geteuid())
        return strbuf_why(why, "%s: belongs to UID %u, and UID %u runs this: run it as that user",
                          path, (unsigned)st.st_uid, (unsigned)geteuid());
    if (!path_is_private(&st) || (secret && (st.st_mode & 077) != 0))
        return strbuf_why(why, "%s: others may %s it (chmod %s)", path, secret ? "open" : "change",
                          secret ? "600" : "go-w");
    return 1;
}

int state_ask(struct sqlite *db, const char *sql, int64_t without, int64_t *number,
              struct strbuf *why)
{
    *number = without;
    struct sqlite_query *query = sqlite_prepare(db, sql, why);
    int result = query == NULL ? -1 : sqlite_step(query, why);
    if (result == 1 && !sqlite_is_null(query, 0))
        *number = sqlite_number(query, 0);
    sqlite_query_close(query);
    return result < 0 ? -1 : 0;
}

static int make_step(struct sqlite *db, int64_t version, struct strbuf *why)
{
    struct strbuf sql = {0};
    strbuf_format(&sql, "%s PRAGMA user_version = %" PRId64 ";", steps[version], version + 1);
    if (version == 0)
        strbuf_format(&sql, "INSERT INTO sqlite_sequence VALUES ('spam', %" PRId64 ");",
                      (clock_now() > 0 ? clock_now() : 0) * 1000);
    int result = sqlite_run(db, strbuf_text(&sql), why);
    strbuf_clear(&sql);
    return result;
}

/* Is it one that this program can read? */
static int check_version(struct sqlite *db, const char *path, int64_t *version, struct strbuf *why)
{
    int64_t tables, ours;
    if (state_ask(db, "PRAGMA user_version", 0, version, why) != 0 ||
        state_ask(db, "SELECT count(*) FROM sqlite_master", 0, &tables, why) != 0 ||
        state_ask(db,
                  "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('mark', "
                  "'thread', 'watch', 'spam', 'counter')",
                  0, &ours, why) != 0)
        return -1;
    if (*version > STATE_SCHEMA)
        return strbuf_why(why,
                          "%s: is of a newer spamgear (version %" PRId64 ", this one knows %d)",
                          path, *version, STATE_SCHEMA);
    if (*version == 0 && tables > 0)
        return strbuf_why(why, "%s: is another program's database", path);
    return *version == 0 || ours == 5
               ? 0
               : strbuf_why(why,
                            "%s: has lost tables, and is left as it is: move it away to begin "
                            "anew, or restore it",
                            path);
}

static int migrate(struct sqlite *db, const char *path, struct strbuf *why)
{
    int64_t version;
    int result = check_version(db, path, &version, why);
    if (result != 0 || version == STATE_SCHEMA)
        return result;
    result = sqlite_run(db, "BEGIN IMMEDIATE", why);
    if (result == 0)
        result = check_version(db, path, &version, why); /* nobody else can change it now */
    for (; result == 0 && version < STATE_SCHEMA; version++)
        result = make_step(db, version, why);
    if (result == 0)
        result = sqlite_run(db, "COMMIT", why);
    if (result != 0)
        sqlite_run(db, "ROLLBACK", NULL);
    return result;
}

void state_explain(const struct sqlite *db, const char *path, struct strbuf *why)
{
    if (!sqlite_is_damaged(db))
        return;
    struct strbuf what = {0};
    strbuf_add_span(&what, strbuf_span(why));
    strbuf_why(why,
               "%s: the database is damaged, and is left as it is: move it away to begin anew, or "
               "restore it (%s)",
               path, strbuf_text(&what));
    strbuf_clear(&what);
}

/* FULL: what was committed is on disk before anybody is told of it (see state.c). */
static int settle(struct sqlite *db, const char *path, struct strbuf *why)
{
    if (migrate(db, path, why) != 0)
        return -1;
    return sqlite_run(db,
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = OFF;"
                      "PRAGMA cache_size = -16384;",
                      why);
}

struct sqlite *state_tables_open(const char *path, struct strbuf *why)
{
    if (state_check_file(path, true, why) < 0)
        return NULL;
    struct sqlite *db = sqlite_open(path, STATE_WAIT_MS, why);
    if (db == NULL || settle(db, path, why) == 0)
        return db;
    state_explain(db, path, why);
    sqlite_close(db);
    return NULL;
}

struct sqlite *state_tables_open_to_read(const char *path, struct strbuf *why)
{
    int64_t version;
    int there = state_check_file(path, true, why);
    if (there <= 0) {
        if (there == 0)
            strbuf_why(why, "%s: is not there", path);
        return NULL;
    }
    struct sqlite *db = sqlite_open_to_read(path, STATE_WAIT_MS, why);
    if (db == NULL)
        return NULL;
    if (check_version(db, path, &version, why) == 0) {
        if (version == STATE_SCHEMA)
            return db;
        strbuf_why(why, "%s: is of version %" PRId64 ", which the daemon has not yet brought up",
                   path, version);
    }
    state_explain(db, path, why);
    sqlite_close(db);
    return NULL;
}
