/* verdict_cache - one row a folder and fingerprint: its entries, packed and sorted by inode.
 *
 * What a run learns is kept as additions to a row and merged with what stands there in one short
 * transaction about every second; so two scans at once lose nothing but, when the lock is not to
 * be had, some of what was learnt. Write-ahead logging: who reads never waits. Every entry bears
 * the day it was last of use, and goes when that is long past; a row does likewise. Entries are
 * in the byte order of this machine: the file is of no use elsewhere.
 */
#include "spamgear/scan/verdict_cache.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/path.h"
#include "spamgear/base/sqlite.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION        "1" /* of the tables; others are forgotten */
#define WAIT_MS        500
#define FLUSH_MS       1000
#define FLUSH_ENTRIES  20000
#define PENDING_MAX    200000 /* entries, while another holds the lock */
#define ENTRIES_MAX    65536  /* of a folder: the files beyond are examined each time */
#define DAYS_KEPT      30
#define DAYS_KEPT_ELSE 2 /* rows of another fingerprint */

struct entry {
    uint64_t inode, size;
    int64_t mtime_ns, ctime_ns;
    uint32_t device; /* of the file: on overlayfs not that of the folder */
    uint32_t day;    /* last of use, since 1970 */
};

struct key {
    uint64_t device, inode;
};

struct verdict_folder {
    struct verdict_folder *next;
    struct key key;
    unsigned held;
    int64_t now;         /* when it was loaded: before any of its files was looked at */
    struct entry *known; /* as they were then */
    size_t known_len;
    VEC(struct entry) added;
};

/* What is to be merged with a row. */
struct addition {
    struct key key;
    struct entry *entries; /* owned; sorted */
    size_t len;
};

struct verdict_cache {
    char *path;
    uint64_t fingerprint;
    struct sqlite *db;
    struct sqlite_query *get, *put;
    bool reading; /* a transaction for reading is open */
    int64_t reading_since_ms;
    struct verdict_folder *live;    /* those that are held */
    struct verdict_folder *current; /* the last asked for, held by us */
    VEC(struct addition) pending;
    size_t pending_entries;
    int64_t pending_since_ms;
    uint64_t lost; /* folders */
    bool damaged;
};

static uint32_t day_of(int64_t seconds)
{
    return seconds < 0 ? 0 : (uint32_t)(seconds / 86400);
}

static struct entry entry_of(const struct stat *st, uint32_t day)
{
    return (struct entry){.inode = st->st_ino,
                          .size = (uint64_t)st->st_size,
                          .mtime_ns = st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec,
                          .ctime_ns = st->st_ctim.tv_sec * 1000000000LL + st->st_ctim.tv_nsec,
                          .device = (uint32_t)(st->st_dev ^ st->st_dev >> 32),
                          .day = day};
}

/* Files */

/* The folder must be ours alone, and so must the file if there is one. */
static int check_place(int folder, const char *path, const char *name, struct strbuf *why)
{
    struct stat st;
    if (fstat(folder, &st) != 0)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    if (!path_is_private(&st) || st.st_uid != geteuid())
        return strbuf_why(why, "%s: its folder could be changed by others", path);
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : strbuf_why(why, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
        return strbuf_why(why, "%s: is no regular file of one name", path);
    if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return strbuf_why(why, "%s: others own it or may open it", path);
    return 0;
}

/* A folder that is made lets everybody through: beside root's cache lie the signatures that the web
 * server's user reads. */
static int make_place(const char *path, struct strbuf *why)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char *parent = slash == NULL ? mem_text("./") : mem_text_of(path, (size_t)(name - path));
    int folder = path_make_folder(parent, 0755, why);
    free(parent);
    if (folder < 0)
        return -1;
    int result = check_place(folder, path, name, why);
    close(folder);
    return result;
}

/* With what SQLite puts beside it. */
static void remove_files(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        struct strbuf name = {0};
        strbuf_format(&name, "%s%s", path, suffixes[i]);
        unlink(strbuf_text(&name));
        strbuf_clear(&name);
    }
}

/* Database */

static int number_of(struct sqlite *db, const char *sql, int64_t *number, struct strbuf *why)
{
    struct sqlite_query *query = sqlite_prepare(db, sql, why);
    int result = query == NULL ? -1 : sqlite_step(query, why);
    if (result == 1)
        *number = sqlite_number(query, 0);
    sqlite_query_close(query);
    return result < 0 ? -1 : 0;
}

static int make_tables(struct sqlite *db, struct strbuf *why)
{
    return sqlite_run(db,
                      "BEGIN IMMEDIATE;"
                      "DROP TABLE IF EXISTS folder; DROP TABLE IF EXISTS state;"
                      "CREATE TABLE folder (device INTEGER NOT NULL, inode INTEGER NOT NULL,"
                      " fingerprint INTEGER NOT NULL, used INTEGER NOT NULL, files BLOB NOT NULL,"
                      " PRIMARY KEY (device, inode, fingerprint));"
                      "CREATE TABLE state (purged INTEGER NOT NULL);"
                      "INSERT INTO state VALUES (0);"
                      "PRAGMA user_version = " VERSION "; COMMIT",
                      why);
}

static int prepare(struct verdict_cache *cache, struct strbuf *why)
{
    int64_t known = 0;
    if (sqlite_run(cache->db, "PRAGMA journal_mode = WAL", why) != 0 &&
        !sqlite_is_busy(cache->db)) /* the other one does it */
        return -1;
    if (sqlite_run(cache->db, "PRAGMA synchronous = NORMAL; PRAGMA cell_size_check = ON", why) != 0)
        return -1;
    if (number_of(cache->db, "SELECT user_version = " VERSION " FROM pragma_user_version", &known,
                  why) != 0)
        return -1;
    if (known == 0 && make_tables(cache->db, why) != 0)
        return -1;
    cache->get = sqlite_prepare(cache->db,
                                "SELECT files FROM folder"
                                " WHERE device = ?1 AND inode = ?2 AND fingerprint = ?3",
                                why);
    cache->put = cache->get == NULL ? NULL
                                    : sqlite_prepare(cache->db,
                                                     "INSERT OR REPLACE INTO folder"
                                                     " (device, inode, fingerprint, used, files)"
                                                     " VALUES (?1, ?2, ?3, ?4, ?5)",
                                                     why);
    return cache->put == NULL ? -1 : 0;
}

static void disconnect(struct verdict_cache *cache)
{
    sqlite_query_close(cache->get);
    sqlite_query_close(cache->put);
    sqlite_close(cache->db);
    cache->get = cache->put = NULL;
    cache->db = NULL;
}

static int connect_db(struct verdict_cache *cache, struct strbuf *why)
{
    cache->damaged = false;
    cache->db = sqlite_open(cache->path, WAIT_MS, why);
    if (cache->db == NULL)
        return -1;
    if (prepare(cache, why) == 0)
        return 0;
    cache->damaged = sqlite_is_damaged(cache->db);
    disconnect(cache);
    return -1;
}

/* why tells of a damaged file also when it could be made anew. */
static int connect_or_remake(struct verdict_cache *cache, struct strbuf *why)
{
    struct strbuf reason = {0};
    int result = connect_db(cache, &reason);
    if (result != 0 && cache->damaged) {
        remove_files(cache->path);
        result = connect_db(cache, why);
        if (result == 0)
            strbuf_why(why, "%s, so it was made anew", strbuf_text(&reason));
    } else if (result != 0) {
        strbuf_why(why, "%s", strbuf_text(&reason));
    }
    strbuf_clear(&reason);
    return result;
}

struct verdict_cache *verdict_cache_open(const char *path, uint64_t fingerprint, struct strbuf *why)
{
    if (make_place(path, why) != 0)
        return NULL;
    struct verdict_cache *cache = mem_zero(1, sizeof *cache);
    cache->path = mem_text(path);
    cache->fingerprint = fingerprint;
    if (connect_or_remake(cache, why) == 0)
        return cache;
    free(cache->path);
    free(cache);
    return NULL;
}

/* Rows */

/* A row that is not as we write them counts as none. */
static bool is_sound(const struct entry *entries, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if (entries[i - 1].inode >= entries[i].inode)
            return false;
    return true;
}

/* A copy of a row's entries; NULL and 0: it has none. */
static struct entry *unpack(struct span row, size_t *len)
{
    struct entry *entries;
    *len = row.len / sizeof *entries;
    if (row.len == 0 || row.len % sizeof *entries != 0 || *len > ENTRIES_MAX) {
        *len = 0;
        return NULL;
    }
    entries = mem_alloc(row.len);
    memcpy(entries, row.at, row.len);
    if (is_sound(entries, *len))
        return entries;
    free(entries);
    *len = 0;
    return NULL;
}

static void stop_reading(struct verdict_cache *cache)
{
    if (cache->reading)
        sqlite_run(cache->db, "COMMIT", NULL);
    cache->reading = false;
}

/* Many rows are read in one transaction, which spares the locks of all but the first; not for
 * long, since what others write is not put in its place meanwhile. */
static void keep_reading(struct verdict_cache *cache)
{
    int64_t now = clock_steady_ms();
    if (cache->reading && now - cache->reading_since_ms >= FLUSH_MS)
        stop_reading(cache);
    if (cache->reading)
        return;
    cache->reading = sqlite_run(cache->db, "BEGIN", NULL) == 0;
    cache->reading_since_ms = now;
}

/* The entries of a folder, owned by the caller; NULL and 0: there are none. */
static struct entry *read_row(struct verdict_cache *cache, struct key key, size_t *len)
{
    *len = 0;
    if (cache->damaged)
        return NULL;
    sqlite_bind_number(cache->get, 1, (int64_t)key.device);
    sqlite_bind_number(cache->get, 2, (int64_t)key.inode);
    sqlite_bind_number(cache->get, 3, (int64_t)cache->fingerprint);
    int result = sqlite_step(cache->get, NULL);
    if (result < 0)
        cache->damaged = sqlite_is_damaged(cache->db);
    struct entry *entries =
        unpack(result == 1 ? sqlite_bytes(cache->get, 0) : (struct span){0}, len);
    sqlite_reset(cache->get);
    return entries;
}

static int by_inode(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->inode != y->inode)
        return x->inode < y->inode ? -1 : 1;
    return (x->ctime_ns > y->ctime_ns) - (x->ctime_ns < y->ctime_ns);
}

static int compare_inode(const void *key, const void *item)
{
    uint64_t inode = *(const uint64_t *)key, other = ((const struct entry *)item)->inode;
    return (inode > other) - (inode < other);
}

/* Sorts, and keeps the newest of each inode (a file may have two names). */
static size_t tidy(struct entry *entries, size_t len)
{
    size_t kept = 0;
    qsort(entries, len, sizeof *entries, by_inode);
    for (size_t i = 0; i < len; i++) {
        if (kept > 0 && entries[kept - 1].inode == entries[i].inode)
            kept--;
        entries[kept++] = entries[i];
    }
    return kept;
}

static bool is_kept(const struct entry *entry, uint32_t today)
{
    return entry->day <= today && today - entry->day <= DAYS_KEPT;
}

/* Both sorted; what was added replaces what was there. out has room for all. */
static size_t merge(struct entry *out, const struct addition *add, const struct entry *old,
                    size_t old_len, uint32_t today)
{
    size_t len = 0, i = 0, j = 0;
    while (i < add->len || j < old_len) {
        if (i < add->len && (j == old_len || add->entries[i].inode <= old[j].inode)) {
            j += j < old_len && add->entries[i].inode == old[j].inode;
            out[len++] = add->entries[i++];
        } else {
            out[len] = old[j++];
            len += is_kept(&out[len], today);
        }
    }
    return len < ENTRIES_MAX ? len : ENTRIES_MAX;
}

static int write_row(struct verdict_cache *cache, const struct addition *add, uint32_t today,
                     struct strbuf *why)
{
    size_t old_len;
    struct entry *old = read_row(cache, add->key, &old_len);
    struct entry *all = mem_alloc((old_len + add->len) * sizeof *all);
    size_t len = merge(all, add, old, old_len, today);
    sqlite_bind_number(cache->put, 1, (int64_t)add->key.device);
    sqlite_bind_number(cache->put, 2, (int64_t)add->key.inode);
    sqlite_bind_number(cache->put, 3, (int64_t)cache->fingerprint);
    sqlite_bind_number(cache->put, 4, today);
    sqlite_bind_blob(cache->put, 5, (struct span){(const char *)all, len * sizeof *all});
    int result = sqlite_step(cache->put, why);
    if (result < 0)
        cache->damaged = sqlite_is_damaged(cache->db);
    sqlite_reset(cache->put);
    free(all);
    free(old);
    return result;
}

static void forget_pending(struct verdict_cache *cache)
{
    for (size_t i = 0; i < cache->pending.len; i++)
        free(cache->pending.at[i].entries);
    cache->pending.len = 0;
    cache->pending_entries = 0;
}

/* Writes what is pending. -1: it still is. */
static int flush(struct verdict_cache *cache, struct strbuf *why)
{
    uint32_t today = day_of(clock_now());
    if (cache->pending.len == 0)
        return 0;
    if (cache->damaged)
        return strbuf_why(why, "%s: is damaged", cache->path);
    cache->pending_since_ms = clock_steady_ms(); /* the next try is a while off */
    stop_reading(cache);
    if (sqlite_run(cache->db, "BEGIN IMMEDIATE", why) != 0)
        return -1;
    int result = 0;
    for (size_t i = 0; i < cache->pending.len && result == 0; i++)
        result = write_row(cache, &cache->pending.at[i], today, why);
    if (result == 0)
        result = sqlite_run(cache->db, "COMMIT", why);
    if (result == 0)
        forget_pending(cache);
    else
        sqlite_run(cache->db, "ROLLBACK", NULL);
    return result;
}

static int run_with(struct sqlite *db, const char *sql, const int64_t *values, int len)
{
    struct sqlite_query *query = sqlite_prepare(db, sql, NULL);
    if (query == NULL)
        return -1;
    for (int i = 0; i < len; i++)
        sqlite_bind_number(query, i + 1, values[i]);
    int result = sqlite_step(query, NULL);
    sqlite_query_close(query);
    return result;
}

/* Once a day: rows that were of no use for long. Whoever does not get the lock leaves it to the
 * next. */
static void purge(struct verdict_cache *cache)
{
    int64_t purged = 0, today = day_of(clock_now());
    const int64_t values[] = {today, today - DAYS_KEPT, today - DAYS_KEPT_ELSE,
                              (int64_t)cache->fingerprint};
    if (cache->damaged || number_of(cache->db, "SELECT purged FROM state", &purged, NULL) != 0 ||
        purged == today || sqlite_run(cache->db, "BEGIN IMMEDIATE", NULL) != 0)
        return;
    if (run_with(cache->db,
                 "DELETE FROM folder WHERE used > ?1 OR used < ?2"
                 " OR (used < ?3 AND fingerprint <> ?4)",
                 values, 4) != 0 ||
        run_with(cache->db, "UPDATE state SET purged = ?1", values, 1) != 0 ||
        sqlite_run(cache->db, "COMMIT", NULL) != 0)
        sqlite_run(cache->db, "ROLLBACK", NULL);
}

/* Folders */

static struct verdict_folder *load(struct verdict_cache *cache, struct key key)
{
    struct verdict_folder *folder = mem_zero(1, sizeof *folder);
    folder->key = key;
    folder->now = clock_now();
    keep_reading(cache);
    folder->known = read_row(cache, key, &folder->known_len);
    folder->next = cache->live;
    cache->live = folder;
    return folder;
}

static struct verdict_folder *find(const struct verdict_cache *cache, struct key key)
{
    struct verdict_folder *folder = cache->live;
    while (folder != NULL && (folder->key.device != key.device || folder->key.inode != key.inode))
        folder = folder->next;
    return folder;
}

/* What the folder's files taught is to be written. */
static void take_over(struct verdict_cache *cache, struct verdict_folder *folder)
{
    if (folder->added.len == 0)
        return;
    if (cache->pending.len == 0)
        cache->pending_since_ms = clock_steady_ms();
    size_t len = tidy(folder->added.at, folder->added.len);
    *vec_add(&cache->pending) = (struct addition){folder->key, folder->added.at, len};
    cache->pending_entries += len;
    folder->added.at = NULL;
    if (cache->pending_entries < FLUSH_ENTRIES &&
        clock_steady_ms() - cache->pending_since_ms < FLUSH_MS)
        return;
    if (flush(cache, NULL) != 0 && cache->pending_entries > PENDING_MAX) {
        cache->lost += cache->pending.len;
        forget_pending(cache);
    }
}

static void forget(struct verdict_folder *folder)
{
    vec_clear(&folder->added);
    free(folder->known);
    free(folder);
}

static void unlink_folder(struct verdict_cache *cache, const struct verdict_folder *folder)
{
    struct verdict_folder **at = &cache->live;
    while (*at != folder)
        at = &(*at)->next;
    *at = folder->next;
}

void verdict_folder_release(struct verdict_cache *cache, struct verdict_folder *folder)
{
    if (folder == NULL || --folder->held > 0)
        return;
    unlink_folder(cache, folder);
    take_over(cache, folder);
    forget(folder);
}

struct verdict_folder *verdict_cache_folder(struct verdict_cache *cache,
                                            const struct walk_file *file)
{
    struct key key = {file->folder_device, file->folder_inode};
    struct verdict_folder *folder = cache->current;
    if (!file->cacheable || key.inode == 0)
        return NULL;
    if (folder == NULL || folder->key.inode != key.inode || folder->key.device != key.device) {
        folder = find(cache, key);
        if (folder == NULL)
            folder = load(cache, key);
        folder->held++;
        verdict_folder_release(cache, cache->current);
        cache->current = folder;
    }
    folder->held++;
    return folder;
}

static void add(struct verdict_folder *folder, struct entry entry)
{
    if (folder->added.len < ENTRIES_MAX)
        *vec_add(&folder->added) = entry;
}

bool verdict_folder_has(struct verdict_folder *folder, const struct stat *st)
{
    if (folder == NULL || folder->known_len == 0 || st->st_ctim.tv_sec > folder->now)
        return false;
    struct entry now = entry_of(st, day_of(folder->now));
    const struct entry *known =
        bsearch(&now.inode, folder->known, folder->known_len, sizeof *known, compare_inode);
    if (known == NULL || known->size != now.size || known->mtime_ns != now.mtime_ns ||
        known->ctime_ns != now.ctime_ns || known->device != now.device)
        return false;
    if (known->day != now.day)
        add(folder, now);
    return true;
}

void verdict_folder_add(struct verdict_folder *folder, const struct stat *st)
{
    if (folder != NULL && st->st_ctim.tv_sec <= folder->now - VERDICT_CACHE_SETTLE)
        add(folder, entry_of(st, day_of(folder->now)));
}

int verdict_cache_close(struct verdict_cache *cache, struct strbuf *why)
{
    struct strbuf reason = {0};
    if (cache == NULL)
        return 0;
    verdict_folder_release(cache, cache->current);
    while (cache->live != NULL) { /* those that somebody forgot to release */
        struct verdict_folder *folder = cache->live;
        unlink_folder(cache, folder);
        forget(folder);
    }
    if (flush(cache, &reason) != 0)
        cache->lost += cache->pending.len;
    stop_reading(cache);
    purge(cache);
    bool damaged = cache->damaged;
    disconnect(cache);
    if (damaged)
        remove_files(cache->path);
    int result = 0;
    if (cache->lost > 0 || damaged)
        result =
            strbuf_why(why, "%s: what was learnt of %" PRIu64 " folders is lost%s%s", cache->path,
                       cache->lost, reason.len > 0 ? ": " : "", strbuf_text(&reason));
    strbuf_clear(&reason);
    forget_pending(cache);
    vec_clear(&cache->pending);
    free(cache->path);
    free(cache);
    return result;
}
