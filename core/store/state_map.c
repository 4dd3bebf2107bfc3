/* state_map - who is listed, in the file that Postfix asks.
 *
 * It follows from the rows of the state, and is compared with all of them at each start; so a kill
 * between the commit of rows and that of the file heals itself, and so does a file that is missing,
 * or damaged: then it is made beside and renamed. Otherwise it is changed in place, since Postfix'
 * processes keep it open for as long as they live, and as seldom and as shortly as can be: Postfix
 * does not wait for a lock, its process ends (dict_sqlite.c). Hence a listing that is only
 * prolonged is left as it is for an hour; what is written while the lock is held are the pages that
 * change, and nothing else: no journal and no sync. The journal would be worth little: after a kill
 * in that moment Postfix, which may not write, could not read the file at all; without it a name or
 * two may be missing until the next start. A reader that hangs makes us give up after a moment, and
 * come again later.
 *
 * Names are those that cannot mean more than one sender: whole addresses, since Postfix also asks
 * for "192.0.2" and for "example.org". Postfix asks for all of them in lower case.
 */
#include "state_own.h"

#include "spamgear/base/addr.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/path.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_MS     20
#define AGAIN_S     3600  /* a listing is prolonged when it gains so much */
#define POINTS_MAX  10000 /* spams that are added up, of one name */
#define TOUCHED_MAX 20000 /* names; of more, all are looked at again */

enum statement { PUT, DROP, DROP_EXPIRED, GET, NEXT, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [PUT] = "INSERT OR REPLACE INTO access VALUES (?1, ?2, ?3, ?4)",
    [DROP] = "DELETE FROM access WHERE kind = ?1 AND name = ?2",
    [DROP_EXPIRED] = "DELETE FROM access WHERE until <= ?1",
    [GET] = "SELECT until, action FROM access WHERE kind = ?1 AND name = ?2",
    [NEXT] = ("SELECT kind, name FROM access WHERE (kind, name) > (?1, ?2) ORDER BY kind, name "
              "LIMIT 1"),
};

static const char *const names_of[LISTING_KINDS] = {
    [LISTING_CLIENT] = "SELECT DISTINCT client FROM spam WHERE client <> ''",
    [LISTING_SENDER] = "SELECT DISTINCT sender FROM spam WHERE sender <> ''",
    [LISTING_SASL] = "SELECT DISTINCT sasl FROM spam WHERE sasl <> ''",
};

static const char *const points_of[LISTING_KINDS] = {
    [LISTING_CLIENT] = "SELECT time, victims FROM spam WHERE client = ?1 AND client <> '' AND "
                       "time > ?2 AND victims > 0 ORDER BY time DESC LIMIT ?3",
    [LISTING_SENDER] = "SELECT time, victims FROM spam WHERE sender = ?1 AND sender <> '' AND "
                       "time > ?2 AND victims > 0 ORDER BY time DESC LIMIT ?3",
    [LISTING_SASL] = "SELECT time, victims FROM spam WHERE sasl = ?1 AND sasl <> '' AND "
                     "time > ?2 AND victims > 0 ORDER BY time DESC LIMIT ?3",
};

struct state_map {
    struct sqlite *db; /* of the state */
    const struct listing_settings *settings;
    struct sqlite_query *points[LISTING_KINDS];
    struct sqlite *file;
    struct sqlite_query *queries[STATEMENTS];
    struct stat identity; /* of the file that is open */
    struct map touched[LISTING_KINDS];
    bool all; /* everything is to be looked at */
    int64_t tidied;
};

struct state_map *state_map_new(struct sqlite *db, const struct listing_settings *settings)
{
    struct state_map *map = mem_zero(1, sizeof *map);
    *map = (struct state_map){.db = db, .settings = settings, .all = true};
    return map;
}

static void close_file(struct state_map *map)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite_query_close(map->queries[i]);
        map->queries[i] = NULL;
    }
    sqlite_close(map->file);
    map->file = NULL;
}

void state_map_free(struct state_map *map)
{
    if (map == NULL)
        return;
    close_file(map);
    for (size_t i = 0; i < LISTING_KINDS; i++) {
        sqlite_query_close(map->points[i]);
        map_clear(&map->touched[i]);
    }
    free(map);
}

/* ---- names ---- */

/* As Postfix folds: ASCII alone. */
static void fold(struct span name, struct strbuf *out)
{
    strbuf_reset(out);
    for (size_t i = 0; i < name.len; i++)
        strbuf_add_char(out, name.at[i] >= 'A' && name.at[i] <= 'Z' ? (char)(name.at[i] | 0x20)
                                                                    : name.at[i]);
}

static bool is_address(struct span name)
{
    struct addr addr;
    return addr_parse(name, &addr);
}

static bool is_mailbox(struct span name)
{
    const char *at = span_find_last(name, SPAN("@"));
    return at != NULL && at > name.at && at + 1 < span_end(name);
}

static bool is_nameable(enum listing_kind kind, struct span name)
{
    if (name.len == 0 || memchr(name.at, '\0', name.len) != NULL)
        return false;
    return kind == LISTING_CLIENT ? is_address(name) : kind == LISTING_SASL || is_mailbox(name);
}

static void touch(struct state_map *map, enum listing_kind kind, struct span name)
{
    struct strbuf folded = {0};
    if (!map->settings->rules[kind].on || !is_nameable(kind, name) || map->all)
        return;
    fold(name, &folded);
    map_put(&map->touched[kind], strbuf_span(&folded), NULL);
    strbuf_clear(&folded);
    map->all = map->touched[kind].len > TOUCHED_MAX;
}

void state_map_touch(struct state_map *map, const struct state_batch *batch)
{
    for (size_t i = 0; i < batch->spam.len; i++) {
        const struct spam_event *event = &batch->spam.at[i].event;
        touch(map, LISTING_CLIENT, event->client);
        touch(map, LISTING_SENDER, event->from);
        touch(map, LISTING_SASL, event->sasl);
    }
}

/* ---- one name ---- */

/* So many of the newest spams decide, since each has a victim at least. */
static int64_t points_needed(const struct listing_rule *rule)
{
    double threshold = listing_threshold(rule);
    return threshold < POINTS_MAX ? (int64_t)threshold + 1 : POINTS_MAX;
}

static int until_of(struct state_map *map, enum listing_kind kind, struct span name, int64_t now,
                    int64_t *until, struct strbuf *why)
{
    const struct listing_rule *rule = &map->settings->rules[kind];
    VEC(struct listing_point) points = {0};
    struct sqlite_query *query = map->points[kind];
    int result;
    sqlite_bind_text(query, 1, name);
    sqlite_bind_number(query, 2, now - rule->days * 86400);
    sqlite_bind_number(query, 3, points_needed(rule));
    while ((result = sqlite_step(query, why)) == 1)
        *vec_add(&points) =
            (struct listing_point){sqlite_number(query, 0), (unsigned)sqlite_number(query, 1)};
    sqlite_reset(query);
    *until = listing_until(rule, points.at, points.len, now);
    vec_clear(&points);
    return result;
}

static int run(struct state_map *map, enum statement which, struct strbuf *why)
{
    int result = sqlite_step(map->queries[which], why);
    sqlite_reset(map->queries[which]);
    return result < 0 ? -1 : 0;
}

static void bind_name(struct state_map *map, enum statement which, enum listing_kind kind,
                      struct span name)
{
    sqlite_bind_text(map->queries[which], 1, span_text(listing_kind_name(kind)));
    sqlite_bind_text(map->queries[which], 2, name);
}

/* Does the file say as much already? */
static int stands(struct state_map *map, enum listing_kind kind, struct span name, int64_t until,
                  struct strbuf *why)
{
    struct sqlite_query *query = map->queries[GET];
    bind_name(map, GET, kind, name);
    int result = sqlite_step(query, why);
    if (result == 1) {
        int64_t had = sqlite_number(query, 0);
        result = had <= until && until - had < AGAIN_S &&
                 span_is(sqlite_bytes(query, 1), span_text(map->settings->rules[kind].action));
    }
    sqlite_reset(query);
    return result;
}

static int put_name(struct state_map *map, enum listing_kind kind, struct span name,
                    struct strbuf *why)
{
    int64_t until;
    if (until_of(map, kind, name, clock_now(), &until, why) != 0)
        return -1;
    if (until == 0) {
        bind_name(map, DROP, kind, name);
        return run(map, DROP, why);
    }
    int same = stands(map, kind, name, until, why);
    if (same != 0)
        return same < 0 ? -1 : 0;
    bind_name(map, PUT, kind, name);
    sqlite_bind_text(map->queries[PUT], 3, span_text(map->settings->rules[kind].action));
    sqlite_bind_number(map->queries[PUT], 4, until);
    return run(map, PUT, why);
}

/* ---- many ---- */

static int put_touched(struct state_map *map, struct strbuf *why)
{
    for (int kind = 0; kind < LISTING_KINDS; kind++)
        for (uint32_t i = 0; i < map->touched[kind].len; i++)
            if (put_name(map, (enum listing_kind)kind, map_key(&map->touched[kind], i), why) != 0)
                return -1;
    return 0;
}

static int put_kind(struct state_map *map, enum listing_kind kind, struct strbuf *why)
{
    struct strbuf folded = {0};
    struct sqlite_query *query = sqlite_prepare(map->db, names_of[kind], why);
    int result = query == NULL ? -1 : 1;
    while (result == 1 && (result = sqlite_step(query, why)) == 1) {
        if (!is_nameable(kind, sqlite_bytes(query, 0)))
            continue;
        fold(sqlite_bytes(query, 0), &folded);
        result = put_name(map, kind, strbuf_span(&folded), why) == 0 ? 1 : -1;
    }
    sqlite_query_close(query);
    strbuf_clear(&folded);
    return result;
}

static void bind_next(struct sqlite_query *query, const struct strbuf *kind,
                      const struct strbuf *name)
{
    sqlite_bind_text(query, 1, strbuf_span(kind));
    sqlite_bind_text(query, 2, strbuf_span(name));
}

/* The row behind this one. 1, 0: there is none, -1 with why. */
static int next_row(struct state_map *map, struct strbuf *kind, struct strbuf *name,
                    struct strbuf *why)
{
    struct sqlite_query *query = map->queries[NEXT];
    bind_next(query, kind, name);
    int result = sqlite_step(query, why);
    struct span columns[2] = {SPAN(""), SPAN("")};
    for (int i = 0; result == 1 && i < 2; i++)
        columns[i] = sqlite_bytes(query, i);
    if (result == 1) {
        strbuf_reset(kind);
        strbuf_add_span(kind, columns[0]);
        strbuf_reset(name);
        strbuf_add_span(name, columns[1]);
    }
    sqlite_reset(query);
    return result;
}

static int put_row(struct state_map *map, struct span kind, struct span name, struct strbuf *why)
{
    for (int i = 0; i < LISTING_KINDS; i++)
        if (map->settings->rules[i].on &&
            span_is(kind, span_text(listing_kind_name((enum listing_kind)i))))
            return put_name(map, (enum listing_kind)i, name, why);
    sqlite_bind_text(map->queries[DROP], 1, kind);
    sqlite_bind_text(map->queries[DROP], 2, name);
    return run(map, DROP, why);
}

/* Whoever stands in the file, and may have to leave it. */
static int put_rows(struct state_map *map, struct strbuf *why)
{
    struct strbuf kind = {0}, name = {0};
    int result;
    while ((result = next_row(map, &kind, &name, why)) == 1)
        if ((result = put_row(map, strbuf_span(&kind), strbuf_span(&name), why)) != 0)
            break;
    strbuf_clear(&kind);
    strbuf_clear(&name);
    return result;
}

/* What is right already is not written again. */
static int put_everybody(struct state_map *map, struct strbuf *why)
{
    int result = put_rows(map, why);
    for (int kind = 0; result == 0 && kind < LISTING_KINDS; kind++)
        if (map->settings->rules[kind].on)
            result = put_kind(map, (enum listing_kind)kind, why);
    return result;
}

static int put_due(struct state_map *map, bool all, struct strbuf *why)
{
    sqlite_bind_number(map->queries[DROP_EXPIRED], 1, clock_now());
    return run(map, DROP_EXPIRED, why) != 0 ? -1
           : all                            ? put_everybody(map, why)
                                            : put_touched(map, why);
}

static int write_due(struct state_map *map, bool all, struct strbuf *why)
{
    if (sqlite_run(map->file, "BEGIN IMMEDIATE", why) != 0)
        return -1;
    if (put_due(map, all, why) == 0 && sqlite_run(map->file, "COMMIT", why) == 0)
        return 0;
    bool damaged = sqlite_is_damaged(map->file);
    sqlite_run(map->file, "ROLLBACK", NULL);
    return damaged ? -2 : -1;
}

/* ---- the file ---- */

static int forget_journal(const char *path, struct strbuf *why)
{
    struct strbuf journal = {0};
    strbuf_format(&journal, "%s-journal", path);
    int result = unlink(strbuf_text(&journal)) == 0 || errno == ENOENT
                     ? 0
                     : strbuf_why(why, "%s: %s", strbuf_text(&journal), strerror(errno));
    strbuf_clear(&journal);
    return result;
}

/* Everybody may read it: Postfix opens it as its own user. */
static int make_empty(const char *path, struct strbuf *why)
{
    if (forget_journal(path, why) != 0)
        return -1;
    if (unlink(path) != 0 && errno != ENOENT)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    int result = fchmod(fd, 0644) == 0 ? 0 : strbuf_why(why, "%s: %s", path, strerror(errno));
    close(fd);
    return result;
}

int state_map_settle(struct sqlite *file, int wait_ms, struct strbuf *why)
{
    sqlite_hurry(file, wait_ms);
    return sqlite_run(file,
                      "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
                      "PRAGMA cache_spill = OFF",
                      why);
}

static int open_file(struct state_map *map, const char *path, struct strbuf *why)
{
    map->file = sqlite_open(path, LOCK_MS, why);
    if (map->file == NULL || state_map_settle(map->file, LOCK_MS, why) != 0 ||
        sqlite_run(map->file,
                   "CREATE TABLE IF NOT EXISTS access (kind TEXT, name TEXT, action TEXT, "
                   "until INTEGER, PRIMARY KEY (kind, name)) WITHOUT ROWID",
                   why) != 0)
        return map->file != NULL && sqlite_is_damaged(map->file) ? -2 : -1;
    for (size_t i = 0; i < STATEMENTS; i++)
        if ((map->queries[i] = sqlite_prepare(map->file, texts[i], why)) == NULL)
            return sqlite_is_damaged(map->file) ? -2 : -1;
    return stat(path, &map->identity) == 0 ? 0 : strbuf_why(why, "%s: %s", path, strerror(errno));
}

/* Nothing is locked while this takes its time. */
static int sync_file(const char *path, struct strbuf *why)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int result = fd >= 0 && fsync(fd) == 0 ? 0 : -1;
    if (result != 0)
        strbuf_why(why, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return result;
}

static int put_in_place(const char *temp, const char *path, struct strbuf *why)
{
    const char *name;
    if (sync_file(temp, why) != 0 || forget_journal(path, why) != 0)
        return -1;
    if (rename(temp, path) != 0)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    int folder = path_open_parent(AT_FDCWD, path, &name, why);
    if (folder < 0)
        return -1;
    int result = fsync(folder) == 0 ? 0 : strbuf_why(why, "%s: %s", path, strerror(errno));
    close(folder);
    return result;
}

/* Whole, beside, then renamed: there is no moment without the file. It is opened, and compared, by
 * the next update: one that was removed meanwhile would come again empty. */
static int make_file(struct state_map *map, struct strbuf *why)
{
    const char *path = map->settings->file;
    struct strbuf temp = {0};
    strbuf_format(&temp, "%s.new", path);
    close_file(map);
    int result = make_empty(strbuf_text(&temp), why);
    if (result == 0)
        result = open_file(map, strbuf_text(&temp), why);
    if (result == 0)
        result = write_due(map, true, why);
    close_file(map);
    map->identity = (struct stat){0};
    if (result == 0)
        result = put_in_place(strbuf_text(&temp), path, why);
    strbuf_clear(&temp);
    return result == 0 ? 0 : -1;
}

/* Postfix makes an empty one, for root alone, where it asks before there is one. */
static int let_read(const char *path, const struct stat *st, struct strbuf *why)
{
    struct stat now;
    if ((st->st_mode & (S_IRGRP | S_IROTH)) != 0)
        return 0;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int result =
        fd >= 0 && fstat(fd, &now) == 0 && path_same_inode(&now, st) && fchmod(fd, 0644) == 0
            ? 0
            : strbuf_why(why, "%s: others cannot be let read it", path);
    if (fd >= 0)
        close(fd);
    return result;
}

/* 1: it is there and ours, 0: it is to be made. */
static int find_file(struct state_map *map, struct strbuf *why)
{
    struct stat st;
    int there = state_check_file(map->settings->file, false, why);
    if (there <= 0 || lstat(map->settings->file, &st) != 0)
        return there < 0 ? -1 : 0;
    if (map->file != NULL && path_same_inode(&st, &map->identity))
        return 1;
    close_file(map);
    map->all = true;
    if (let_read(map->settings->file, &st, why) != 0)
        return -1;
    int result = open_file(map, map->settings->file, why);
    if (result == 0 && sqlite_check(map->file, why) != 0)
        result = sqlite_is_busy(map->file) ? -1 : -2;
    if (result != 0)
        close_file(map);
    return result == 0 ? 1 : result == -2 ? 0 : -1;
}

static int prepare(struct state_map *map, struct strbuf *why)
{
    for (size_t i = 0; i < LISTING_KINDS; i++)
        if (map->points[i] == NULL &&
            (map->points[i] = sqlite_prepare(map->db, points_of[i], why)) == NULL)
            return -1;
    return 0;
}

static int update(struct state_map *map, struct strbuf *why)
{
    int there = find_file(map, why);
    if (there < 0)
        return -1;
    int result = there == 0 ? -2 : write_due(map, map->all, why);
    if (result == -2)
        return make_file(map, why);
    return result == 0 ? sync_file(map->settings->file, why) : -1;
}

static bool is_due(const struct state_map *map, int64_t now)
{
    size_t touched = 0;
    struct stat st;
    for (size_t i = 0; i < LISTING_KINDS; i++)
        touched += map->touched[i].len;
    return map->all || touched > 0 || now - map->tidied >= AGAIN_S || now < map->tidied ||
           lstat(map->settings->file, &st) != 0 || !path_same_inode(&st, &map->identity);
}

int state_map_update(struct state_map *map, struct strbuf *why)
{
    int64_t now = clock_now();
    if (!is_due(map, now))
        return 0;
    map->all |= now < map->tidied; /* a clock that was ahead has dropped some */
    if (prepare(map, why) != 0 || update(map, why) != 0)
        return -1;
    for (size_t i = 0; i < LISTING_KINDS; i++)
        map_clear(&map->touched[i]);
    map->all = false;
    map->tidied = now;
    return 0;
}
