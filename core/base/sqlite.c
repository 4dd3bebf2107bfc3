/* sqlite - a thin layer over libsqlite3 (sqlite.org/c3ref), loaded on first use. */
#include "spamgear/base/sqlite.h"

#ifdef HAVE_SQLITE
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SQLITE_FUNCTIONS(F)                                                                        \
    F(sqlite3_vfs_find)                                                                            \
    F(sqlite3_vfs_register)                                                                        \
    F(sqlite3_open_v2)                                                                             \
    F(sqlite3_close)                                                                               \
    F(sqlite3_errmsg)                                                                              \
    F(sqlite3_errcode)                                                                             \
    F(sqlite3_system_errno)                                                                        \
    F(sqlite3_busy_timeout)                                                                        \
    F(sqlite3_busy_handler)                                                                        \
    F(sqlite3_db_config)                                                                           \
    F(sqlite3_exec)                                                                                \
    F(sqlite3_prepare_v2)                                                                          \
    F(sqlite3_finalize)                                                                            \
    F(sqlite3_reset)                                                                               \
    F(sqlite3_clear_bindings)                                                                      \
    F(sqlite3_bind_int64)                                                                          \
    F(sqlite3_bind_double)                                                                         \
    F(sqlite3_bind_text)                                                                           \
    F(sqlite3_bind_blob)                                                                           \
    F(sqlite3_step)                                                                                \
    F(sqlite3_column_int64)                                                                        \
    F(sqlite3_column_double)                                                                       \
    F(sqlite3_column_blob)                                                                         \
    F(sqlite3_column_bytes)                                                                        \
    F(sqlite3_column_count)                                                                        \
    F(sqlite3_column_type)                                                                         \
    F(sqlite3_total_changes)

SQLITE_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {SQLITE_FUNCTIONS(LAZY_SYMBOL){0}};

#define STEP_US 50
#define YIELDS  200 /* first, since a look-up takes no longer than a step */

struct sqlite {
    sqlite3 *handle;
    char *path;
    int hurry_ms;
};

struct sqlite_query {
    struct sqlite *db;
    sqlite3_stmt *statement;
};

/* ---- memory that processes share ---- */

/* SQLite's own file access, but for one thing: the index of a write-ahead log is memory that all
 * users of the database can write to, and a process that is forked must not be one of them. */
static sqlite3_vfs *standard, unforked;
static sqlite3_io_methods unforked_methods;
static int (*map_shared)(sqlite3_file *file, int region, int size, int extend, void volatile **at);

/* Regions may be smaller than pages, which are mapped several at once then. */
static int map_unforked(sqlite3_file *file, int region, int size, int extend, void volatile **at)
{
    int result = map_shared(file, region, size, extend, at);
    if (result != SQLITE_OK || *at == NULL)
        return result;
    uintptr_t before = (uintptr_t)*at % (uintptr_t)sysconf(_SC_PAGESIZE);
    char *page = (char *)(uintptr_t)*at - before;
    return madvise(page, (size_t)size + before, MADV_DONTFORK) == 0 ? SQLITE_OK
                                                                    : SQLITE_IOERR_SHMMAP;
}

static int open_unforked(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                         int *out_flags)
{
    (void)vfs;
    int result = standard->xOpen(standard, name, file, flags, out_flags);
    if (result != SQLITE_OK || file->pMethods->iVersion < 2 || file->pMethods->xShmMap == NULL)
        return result;
    unforked_methods = *file->pMethods;
    map_shared = unforked_methods.xShmMap;
    unforked_methods.xShmMap = map_unforked;
    file->pMethods = &unforked_methods;
    return SQLITE_OK;
}

static int load(struct strbuf *why)
{
    if (unforked.zName != NULL)
        return 0;
    if (lazy_open((const char *const[]){"libsqlite3.so.0", NULL}, symbols, why) != 0)
        return -1;
    standard = p_sqlite3_vfs_find("unix");
    if (standard == NULL)
        return strbuf_why(why, "SQLite has no file access that is known");
    unforked = *standard;
    unforked.xOpen = open_unforked;
    unforked.zName = "unforked";
    if (p_sqlite3_vfs_register(&unforked, 0) == SQLITE_OK)
        return 0;
    unforked.zName = NULL;
    return strbuf_why(why, "SQLite cannot start");
}

/* ---- a database ---- */

/* "disk I/O error" alone does not tell that the disk is full. */
static int fail(const struct sqlite *db, struct strbuf *why)
{
    int code = p_sqlite3_errcode(db->handle) & 0xff, reason = 0;
    if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN)
        reason = p_sqlite3_system_errno(db->handle);
    return strbuf_why(why, "%s: %s%s%s", db->path, p_sqlite3_errmsg(db->handle),
                      reason != 0 ? ": " : "", reason != 0 ? strerror(reason) : "");
}

static int check_file(const char *path, struct strbuf *why)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    return S_ISREG(st.st_mode) ? 0 : strbuf_why(why, "%s: is no regular file", path);
}

/* SQLite itself would make it readable for others, and would write through a link. */
static int make_file(const char *path, struct strbuf *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    return errno == EEXIST ? check_file(path, why)
                           : strbuf_why(why, "%s: %s", path, strerror(errno));
}

static int connect_file(struct sqlite *db, int how, struct strbuf *why)
{
    struct strbuf name = {0}; /* ":memory:" and "file:" are names of files here */
    strbuf_format(&name, "%s%s", *db->path == '/' ? "" : "./", db->path);
    int result = p_sqlite3_open_v2(strbuf_text(&name), &db->handle, how | SQLITE_OPEN_NOMUTEX,
                                   unforked.zName);
    strbuf_clear(&name);
    if (result == SQLITE_OK)
        return 0;
    return db->handle != NULL ? fail(db, why) : strbuf_why(why, "%s: no memory", db->path);
}

static struct sqlite *open_file(const char *path, int how, int wait_ms, struct strbuf *why)
{
    struct sqlite *db = mem_zero(1, sizeof *db);
    db->path = mem_text(path);
    if (connect_file(db, how, why) != 0) {
        sqlite_close(db);
        return NULL;
    }
    p_sqlite3_busy_timeout(db->handle, wait_ms);
    p_sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    p_sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return db;
}

struct sqlite *sqlite_open(const char *path, int wait_ms, struct strbuf *why)
{
    if (load(why) != 0 || make_file(path, why) != 0)
        return NULL;
    return open_file(path, SQLITE_OPEN_READWRITE, wait_ms, why);
}

struct sqlite *sqlite_open_to_read(const char *path, int wait_ms, struct strbuf *why)
{
    if (load(why) != 0 || check_file(path, why) != 0)
        return NULL;
    return open_file(path, SQLITE_OPEN_READONLY, wait_ms, why);
}

static int hurry(void *context, int tries)
{
    const struct sqlite *db = context;
    if (tries < YIELDS)
        return sched_yield() == 0;
    return tries - YIELDS < db->hurry_ms * 1000 / STEP_US && usleep(STEP_US) == 0;
}

void sqlite_hurry(struct sqlite *db, int wait_ms)
{
    db->hurry_ms = wait_ms;
    p_sqlite3_busy_handler(db->handle, hurry, db);
}

void sqlite_close(struct sqlite *db)
{
    if (db == NULL)
        return;
    p_sqlite3_close(db->handle);
    free(db->path);
    free(db);
}

int sqlite_run(struct sqlite *db, const char *sql, struct strbuf *why)
{
    return p_sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(db, why);
}

bool sqlite_is_busy(const struct sqlite *db)
{
    int code = p_sqlite3_errcode(db->handle) & 0xff;
    return code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

bool sqlite_is_damaged(const struct sqlite *db)
{
    int code = p_sqlite3_errcode(db->handle) & 0xff;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_FORMAT;
}

bool sqlite_is_constraint(const struct sqlite *db)
{
    return (p_sqlite3_errcode(db->handle) & 0xff) == SQLITE_CONSTRAINT;
}

int64_t sqlite_changes(const struct sqlite *db)
{
    return p_sqlite3_total_changes(db->handle);
}

struct sqlite_query *sqlite_prepare(struct sqlite *db, const char *sql, struct strbuf *why)
{
    sqlite3_stmt *statement;
    if (p_sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail(db, why);
        return NULL;
    }
    struct sqlite_query *query = mem_alloc(sizeof *query);
    *query = (struct sqlite_query){db, statement};
    return query;
}

void sqlite_query_close(struct sqlite_query *query)
{
    if (query == NULL)
        return;
    p_sqlite3_finalize(query->statement);
    free(query);
}

void sqlite_bind_number(struct sqlite_query *query, int parameter, int64_t value)
{
    p_sqlite3_bind_int64(query->statement, parameter, value);
}

/* A NULL pointer would bind NULL. */
void sqlite_bind_text(struct sqlite_query *query, int parameter, struct span value)
{
    p_sqlite3_bind_text(query->statement, parameter, value.len == 0 ? "" : value.at, (int)value.len,
                        SQLITE_STATIC);
}

void sqlite_bind_blob(struct sqlite_query *query, int parameter, struct span value)
{
    p_sqlite3_bind_blob(query->statement, parameter, value.len == 0 ? "" : value.at, (int)value.len,
                        SQLITE_STATIC);
}

void sqlite_bind_real(struct sqlite_query *query, int parameter, double value)
{
    p_sqlite3_bind_double(query->statement, parameter, value);
}

int sqlite_step(struct sqlite_query *query, struct strbuf *why)
{
    int result = p_sqlite3_step(query->statement);
    if (result == SQLITE_ROW)
        return 1;
    return result == SQLITE_DONE ? 0 : fail(query->db, why);
}

int sqlite_columns(struct sqlite_query *query)
{
    return p_sqlite3_column_count(query->statement);
}

int64_t sqlite_number(struct sqlite_query *query, int column)
{
    return p_sqlite3_column_int64(query->statement, column);
}

double sqlite_real(struct sqlite_query *query, int column)
{
    return p_sqlite3_column_double(query->statement, column);
}

bool sqlite_is_null(struct sqlite_query *query, int column)
{
    return p_sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

struct span sqlite_bytes(struct sqlite_query *query, int column)
{
    const char *at = p_sqlite3_column_blob(query->statement, column); /* before its length */
    int len = p_sqlite3_column_bytes(query->statement, column);
    return (struct span){at, at == NULL || len < 0 ? 0 : (size_t)len};
}

void sqlite_reset(struct sqlite_query *query)
{
    p_sqlite3_reset(query->statement);
    p_sqlite3_clear_bindings(query->statement);
}

int sqlite_check(struct sqlite *db, struct strbuf *why)
{
    struct sqlite_query *query = sqlite_prepare(db, "PRAGMA quick_check(1)", why);
    int result = query == NULL ? -1 : sqlite_step(query, why);
    struct span said = result == 1 ? sqlite_bytes(query, 0) : SPAN("");
    if (result == 1 && !span_is(said, SPAN("ok")))
        result =
            strbuf_why(why, "%s: the database is damaged: %.*s", db->path, (int)said.len, said.at);
    sqlite_query_close(query);
    return result < 0 ? -1 : 0;
}

#else

struct sqlite *sqlite_open(const char *path, int wait_ms, struct strbuf *why)
{
    (void)wait_ms;
    strbuf_why(why, "%s: built without SQLite", path);
    return NULL;
}

struct sqlite *sqlite_open_to_read(const char *path, int wait_ms, struct strbuf *why)
{
    return sqlite_open(path, wait_ms, why);
}

/* Without a database nobody gets here. */
void sqlite_hurry(struct sqlite *db, int wait_ms)
{
    (void)db, (void)wait_ms;
}

void sqlite_close(struct sqlite *db)
{
    (void)db;
}

int sqlite_run(struct sqlite *db, const char *sql, struct strbuf *why)
{
    (void)db, (void)sql;
    return strbuf_why(why, "built without SQLite");
}

int sqlite_check(struct sqlite *db, struct strbuf *why)
{
    return sqlite_run(db, "", why);
}

bool sqlite_is_busy(const struct sqlite *db)
{
    (void)db;
    return false;
}

bool sqlite_is_damaged(const struct sqlite *db)
{
    (void)db;
    return false;
}

bool sqlite_is_constraint(const struct sqlite *db)
{
    (void)db;
    return false;
}

int64_t sqlite_changes(const struct sqlite *db)
{
    (void)db;
    return 0;
}

struct sqlite_query *sqlite_prepare(struct sqlite *db, const char *sql, struct strbuf *why)
{
    sqlite_run(db, sql, why);
    return NULL;
}

void sqlite_query_close(struct sqlite_query *query)
{
    (void)query;
}

void sqlite_bind_number(struct sqlite_query *query, int parameter, int64_t value)
{
    (void)query, (void)parameter, (void)value;
}

void sqlite_bind_text(struct sqlite_query *query, int parameter, struct span value)
{
    (void)query, (void)parameter, (void)value;
}

void sqlite_bind_blob(struct sqlite_query *query, int parameter, struct span value)
{
    (void)query, (void)parameter, (void)value;
}

void sqlite_bind_real(struct sqlite_query *query, int parameter, double value)
{
    (void)query, (void)parameter, (void)value;
}

int sqlite_step(struct sqlite_query *query, struct strbuf *why)
{
    (void)query;
    return strbuf_why(why, "built without SQLite");
}

int sqlite_columns(struct sqlite_query *query)
{
    (void)query;
    return 0;
}

int64_t sqlite_number(struct sqlite_query *query, int column)
{
    (void)query, (void)column;
    return 0;
}

double sqlite_real(struct sqlite_query *query, int column)
{
    (void)query, (void)column;
    return 0;
}

bool sqlite_is_null(struct sqlite_query *query, int column)
{
    (void)query, (void)column;
    return true;
}

struct span sqlite_bytes(struct sqlite_query *query, int column)
{
    (void)query, (void)column;
    return (struct span){0};
}

void sqlite_reset(struct sqlite_query *query)
{
    (void)query;
}

#endif
