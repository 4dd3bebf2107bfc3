/* cases - the file: whose it is, its tables, its lock. What stands in them is cases_rows.
 *
 * A rollback journal, not a write-ahead log: whoever only reads changes no file then, and a run
 * writes a few rows at most. Before anything is written the file must say that it is ours
 * (application_id), or be empty.
 */
#include "cases_own.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/path.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#define APPLICATION "1936746357" /* "spgu", in the header of the file */
#define VERSION     1            /* of the tables */
#define WAIT_MS     10000        /* for a lock of SQLite, which is held for milliseconds */
#define LOOK_MS     10           /* the same, for who cannot wait */
#define LOCK_MS     50           /* between two tries */

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

int cases_number(struct cases *cases, const char *sql, int64_t *number, struct strbuf *why)
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
    int result = cases_number(cases, "SELECT count(*) FROM sqlite_master", tables, why);
    if (result == 0)
        result = cases_number(cases, "PRAGMA application_id", application, why);
    if (result == 0)
        result = cases_number(cases, "PRAGMA user_version", version, why);
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

static struct cases *open_cases(const char *folder, bool to_read, int wait_ms, struct strbuf *why)
{
    if (open_folder(folder, !to_read, why) != 0)
        return NULL;
    struct cases *cases = mem_zero(1, sizeof *cases);
    cases->folder = mem_text(folder);
    cases->path = join(folder, "spamgear.db");
    cases->lock_fd = -1;
    cases->db = to_read ? sqlite_open_to_read(cases->path, wait_ms, why)
                        : sqlite_open(cases->path, wait_ms, why);
    if (cases->db != NULL && prepare(cases, to_read, why) == 0)
        return cases;
    if (to_read)
        tell_killed(cases, why);
    cases_close(cases);
    return NULL;
}

struct cases *cases_open(const char *state_folder, struct strbuf *why)
{
    return open_cases(state_folder, false, WAIT_MS, why);
}

struct cases *cases_open_to_read(const char *state_folder, struct strbuf *why)
{
    return open_cases(state_folder, true, WAIT_MS, why);
}

struct cases *cases_open_to_look(const char *state_folder, struct strbuf *why)
{
    return open_cases(state_folder, true, LOOK_MS, why);
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
