/* method_postfix_map - an account in a map that Postfix looks into (check_sasl_access,
 * check_sender_access).
 *
 * SQLite: a database of its own with one table, `access`, into which the query of a .cf file looks
 * (docs/reactions.md); it honours the expiry. Never with a write-ahead log: a reader that may not
 * write into the folder cannot open such a database once its writer is gone, and Postfix would
 * defer all mail. lmdb, hash, cdb: a text file, of which postmap makes the map; lines of others
 * stay.
 *
 * Postfix folds the case of what it looks up, so names are kept in lower case: Bob and bob are one
 * account to it. Names that are not ASCII, which it folds by Unicode's rules, are refused.
 */
#include "method_file.h"
#include "method_run.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/path.h"
#include "spamgear/base/sqlite.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define ACTION      "REJECT This account may not send mail at the moment: please ask your postmaster"
#define REASON_MAX  200
#define MARK        "# spamgear case "
#define SQLITE_WAIT 10000

static const char *const types[] = {"sqlite", "lmdb", "hash", "cdb"};

/* ---- what is written ---- */

static void fold(struct strbuf *out, const char *name)
{
    for (; *name != '\0'; name++)
        strbuf_add_char(out, (char)tolower((unsigned char)*name));
}

/* One line of printable ASCII, which neither Postfix nor a mail client can take for more. */
static void plain(struct strbuf *out, const char *text)
{
    size_t start = out->len;
    for (; text != NULL && *text != '\0' && out->len - start < REASON_MAX; text++)
        strbuf_add_char(out, *text >= ' ' && *text <= '~' ? *text : '?');
}

static void action_text(struct strbuf *out, const struct react_settings *settings,
                        const struct target *target)
{
    const char *at = settings->map_action;
    for (at = at == NULL || *at == '\0' ? ACTION : at; *at != '\0';) {
        if (strncmp(at, "{reason}", 8) == 0) {
            plain(out, target->reason);
            at += 8;
        } else if (strncmp(at, "{case}", 6) == 0) {
            strbuf_format(out, "%" PRId64, target->case_id);
            at += 6;
        } else {
            strbuf_add_char(out, *at++);
        }
    }
}

/* A name that postmap would read as something else: its source has blanks, quotes and comments. */
static int check_name(const struct react_settings *settings, const char *name, struct strbuf *why)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~')
            return strbuf_why(why, "Postfix' maps hold names of printable ASCII only");
        if (settings->map_type != MAP_SQLITE && strchr(" \"\\", *at) != NULL)
            return strbuf_why(why, "a name with a blank, a quote or a backslash needs map-type "
                                   "sqlite");
    }
    if (*name == '\0' || (settings->map_type != MAP_SQLITE && *name == '#'))
        return strbuf_why(why, "no name for a map of Postfix");
    return 0;
}

/* ---- SQLite ---- */

static const char schema[] =
    "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;"
    "CREATE TABLE IF NOT EXISTS access(name TEXT PRIMARY KEY, action TEXT NOT NULL,"
    " reason TEXT NOT NULL, case_id INTEGER NOT NULL, since INTEGER NOT NULL,"
    " expires INTEGER NOT NULL)";

/* SQLite made it for its owner alone. */
static int let_read(int parent, const char *name, const char *path, struct strbuf *why)
{
    return fchmodat(parent, name, 0644, 0) == 0 ? 0
                                                : strbuf_why(why, "%s: %s", path, strerror(errno));
}

/* The table, in a folder and a file that Postfix can read. */
static struct sqlite *table_open(const char *path, struct strbuf *why)
{
    const char *name;
    struct strbuf folder = {0};
    strbuf_add(&folder, path, (size_t)(strrchr(path, '/') - path) + 1);
    int fd = path_make_folder(strbuf_text(&folder), 0755, why);
    strbuf_clear(&folder);
    if (fd < 0)
        return NULL;
    close(fd);
    struct sqlite *db = sqlite_open(path, SQLITE_WAIT, why);
    int parent = db == NULL ? -1 : path_open_parent(AT_FDCWD, path, &name, why);
    if (parent < 0 || sqlite_run(db, schema, why) != 0 || let_read(parent, name, path, why) != 0) {
        sqlite_close(db);
        db = NULL;
    }
    if (parent >= 0)
        close(parent);
    return db;
}

/* Runs a statement whose first parameter is the folded name. 1: a row, whose first column is
 * *number. 0: none. -1 with why. */
static int table_ask(struct sqlite *db, const char *sql, const char *name, int64_t second,
                     int64_t *number, struct strbuf *why)
{
    struct strbuf folded = {0};
    struct sqlite_query *query = sqlite_prepare(db, sql, why);
    int step = -1;
    fold(&folded, name);
    if (query != NULL) {
        sqlite_bind_text(query, 1, strbuf_span(&folded));
        sqlite_bind_number(query, 2, second);
        step = sqlite_step(query, why);
    }
    if (step == 1)
        *number = sqlite_number(query, 0);
    sqlite_query_close(query);
    strbuf_clear(&folded);
    return step;
}

static enum method_state table_look(const struct react_settings *settings,
                                    const struct target *target, struct strbuf *why)
{
    int64_t seen;
    if (access(settings->map_file, F_OK) != 0 && errno == ENOENT)
        return METHOD_OFF;
    struct sqlite *db = sqlite_open(settings->map_file, SQLITE_WAIT, why);
    int found = db == NULL ? -1
                           : table_ask(db,
                                       "SELECT 1 FROM access WHERE name = ?1"
                                       " AND (expires = 0 OR expires > ?2)",
                                       target->name, clock_now(), &seen, why);
    sqlite_close(db);
    return found < 0 ? METHOD_UNTOLD : found == 1 ? METHOD_ON : METHOD_OFF;
}

static int table_insert(struct sqlite *db, const struct react_settings *settings,
                        const struct target *target, struct strbuf *why)
{
    struct strbuf folded = {0}, action = {0}, reason = {0};
    struct sqlite_query *query =
        sqlite_prepare(db, "INSERT OR REPLACE INTO access VALUES(?1, ?2, ?3, ?4, ?5, ?6)", why);
    int step = -1;
    if (query != NULL) {
        fold(&folded, target->name);
        action_text(&action, settings, target);
        plain(&reason, target->reason);
        sqlite_bind_text(query, 1, strbuf_span(&folded));
        sqlite_bind_text(query, 2, strbuf_span(&action));
        sqlite_bind_text(query, 3, strbuf_span(&reason));
        sqlite_bind_number(query, 4, target->case_id);
        sqlite_bind_number(query, 5, clock_now());
        sqlite_bind_number(query, 6, target->expires);
        step = sqlite_step(query, why);
    }
    sqlite_query_close(query);
    strbuf_clear(&folded);
    strbuf_clear(&action);
    strbuf_clear(&reason);
    return step;
}

static int table_apply(const struct react_settings *settings, const struct target *target,
                       struct strbuf *why)
{
    struct sqlite *db = table_open(settings->map_file, why);
    int result = db == NULL ? -1 : table_insert(db, settings, target, why);
    sqlite_close(db);
    return result;
}

static int table_undo(const struct react_settings *settings, const struct target *target,
                      struct strbuf *why)
{
    int64_t unused;
    struct sqlite *db = table_open(settings->map_file, why);
    int result = db == NULL ? -1
                            : table_ask(db, "DELETE FROM access WHERE name = ?1 AND case_id = ?2",
                                        target->name, target->case_id, &unused, why);
    sqlite_close(db);
    return result;
}

/* ---- text and postmap ---- */

/* "hash:/etc/postfix/disabled" */
static void map_name(struct strbuf *out, const struct react_settings *settings)
{
    strbuf_format(out, "%s:%s", types[settings->map_type], settings->map_file);
}

static int run_postmap(const struct react_settings *settings, const char *key,
                       struct strbuf *output, struct strbuf *why)
{
    struct strbuf program = {0}, map = {0};
    struct texts words = {0};
    const char *folder = settings->postfix_programs;
    strbuf_format(&program, "%s%spostmap", folder == NULL ? "" : folder,
                  folder == NULL || *folder == '\0' ? "" : "/");
    map_name(&map, settings);
    method_words(&words, strbuf_text(&program), NULL);
    if (settings->postfix_config != NULL && *settings->postfix_config != '\0')
        method_words(&words, "-c", settings->postfix_config, NULL);
    if (key != NULL)
        method_words(&words, "-q", key, NULL);
    method_words(&words, strbuf_text(&map), NULL);
    int status = method_run_status(settings, &words, SPAN(""), output, why);
    strbuf_clear(&program);
    strbuf_clear(&map);
    texts_clear(&words);
    return status;
}

/* Postfix' daemons see that a map has changed by the second of its time: two accounts in one second
 * would be one change to them. */
static void make_later(const char *path, const struct stat *before)
{
    struct stat now;
    struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = before->st_mtime + 1}};
    if (before->st_ino != 0 && stat(path, &now) == 0 && now.st_mtime <= before->st_mtime)
        utimensat(AT_FDCWD, path, times, 0);
}

static int make_map(const struct react_settings *settings, struct strbuf *why)
{
    static const char *const ends[] = {"", ".lmdb", ".db", ".cdb"};
    struct strbuf output = {0}, path = {0};
    struct stat before = {0};
    strbuf_format(&path, "%s%s", settings->map_file, ends[settings->map_type]);
    if (stat(strbuf_text(&path), &before) != 0)
        before.st_ino = 0;
    int status = run_postmap(settings, NULL, &output, why);
    if (status > 0)
        method_run_failed("postmap", status, strbuf_span(&output), why);
    else if (status == 0)
        make_later(strbuf_text(&path), &before);
    strbuf_clear(&path);
    strbuf_clear(&output);
    return status == 0 ? 0 : -1;
}

/* postmap -q: status 0 and the action, or status 1 and nothing. */
static enum method_state source_look(const struct react_settings *settings,
                                     const struct target *target, struct strbuf *why)
{
    struct strbuf output = {0}, key = {0};
    enum method_state state = METHOD_UNTOLD;
    if (access(settings->map_file, F_OK) != 0 && errno == ENOENT)
        return METHOD_OFF;
    fold(&key, target->name);
    int status = run_postmap(settings, strbuf_text(&key), &output, why);
    if (status == 0 && output.len > 0)
        state = METHOD_ON;
    else if (status == 1 && output.len == 0)
        state = METHOD_OFF;
    else if (status >= 0)
        method_run_failed("postmap -q", status, strbuf_span(&output), why);
    strbuf_clear(&output);
    strbuf_clear(&key);
    return state;
}

static bool is_entry_of(struct span line, struct span key)
{
    size_t len = 0;
    while (len < line.len && !isspace((unsigned char)line.at[len]))
        len++;
    return span_is((struct span){line.at, len}, key);
}

/* The text without our two lines about key; what others wrote about it stays. */
static void without(struct strbuf *out, struct span text, struct span key)
{
    struct span line;
    while (span_take_line(&text, &line)) {
        struct span after = text, next;
        if (span_has_prefix(line, SPAN(MARK)) && span_take_line(&after, &next) &&
            is_entry_of(next, key)) {
            text = after;
            continue;
        }
        method_file_add(out, line);
    }
}

static int source_change(const struct react_settings *settings, const struct target *target,
                         bool add, struct strbuf *why)
{
    struct strbuf old = {0}, text = {0}, key = {0};
    int result = method_file_read(settings->map_file, &old, why);
    fold(&key, target->name);
    without(&text, strbuf_span(&old), strbuf_span(&key));
    if (add) {
        strbuf_format(&text, MARK "%" PRId64 ", expires %" PRId64 ": ", target->case_id,
                      target->expires);
        plain(&text, target->reason);
        strbuf_format(&text, "\n%s\t", strbuf_text(&key));
        action_text(&text, settings, target);
        strbuf_add_char(&text, '\n');
    }
    if (result == 0)
        result = method_file_write(settings->map_file, &text, why);
    if (result == 0)
        result = make_map(settings, why);
    strbuf_clear(&old);
    strbuf_clear(&text);
    strbuf_clear(&key);
    return result;
}

/* ---- the method ---- */

/* Postfix' daemons have no rights of their own in the folders above. */
static int check_folders(const char *path, struct strbuf *why)
{
    struct stat st;
    int result = 0;
    char *folder = mem_text(path), *slash;
    while (result == 0 && (slash = strrchr(folder, '/')) != NULL && slash != folder) {
        *slash = '\0';
        if (stat(folder, &st) == 0 && (st.st_mode & S_IXOTH) == 0)
            result = strbuf_why(why, "map-file: Postfix cannot get through %s", folder);
    }
    free(folder);
    return result;
}

static int check(const struct react_settings *settings, struct strbuf *why)
{
    const char *file = settings->map_file;
    if (file == NULL || *file == '\0')
        return strbuf_why(why, "map-file: must be set");
    if (*file != '/' || file[strlen(file) - 1] == '/')
        return strbuf_why(why, "map-file: must be a full path");
    for (const char *at = file; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~' || *at == ',' || *at == ':')
            return strbuf_why(why, "map-file: Postfix takes no blank, comma, colon or control "
                                   "character in a map's name");
    for (const char *at = settings->map_action; at != NULL && *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            return strbuf_why(why, "map-action: must be one line of ASCII");
    return check_folders(file, why);
}

/* The settings, with the map that the memo names ("hash:/etc/postfix/disabled"), if it is there
 * still. map_file is freed by the caller. */
static struct react_settings settings_then(const struct react_settings *settings, struct span memo)
{
    struct react_settings then = *settings;
    then.map_file = NULL;
    for (int i = MAP_SQLITE; then.map_file == NULL && i <= MAP_CDB; i++) {
        struct strbuf key = {0};
        strbuf_format(&key, "%s:", types[i]);
        then.map_file = method_file_then(memo, strbuf_text(&key), NULL);
        then.map_type = then.map_file != NULL ? i : settings->map_type;
        strbuf_clear(&key);
    }
    if (then.map_file == NULL)
        then.map_file = mem_text(settings->map_file);
    return then;
}

static enum method_state look(const struct react_settings *settings, const struct target *target,
                              struct span memo, struct strbuf *why)
{
    struct react_settings then = settings_then(settings, memo);
    enum method_state state = then.map_type == MAP_SQLITE ? table_look(&then, target, why)
                                                          : source_look(&then, target, why);
    free(then.map_file);
    return state;
}

static enum method_plan plan(const struct react_settings *settings, const struct target *target,
                             struct strbuf *what, struct strbuf *memo, struct strbuf *why)
{
    strbuf_format(what, "let Postfix refuse mail of %s (%s:%s)", target->name,
                  types[settings->map_type], settings->map_file);
    if (check_name(settings, target->name, why) != 0)
        return METHOD_REFUSED;
    enum method_state state = look(settings, target, SPAN(""), why);
    map_name(memo, settings);
    return method_plan_for(state);
}

static int apply(const struct react_settings *settings, const struct target *target,
                 struct span memo, struct strbuf *why)
{
    struct react_settings then = settings_then(settings, memo);
    int result = then.map_type == MAP_SQLITE ? table_apply(&then, target, why)
                                             : source_change(&then, target, true, why);
    free(then.map_file);
    return result;
}

static int undo(const struct react_settings *settings, const struct target *target,
                struct span memo, struct strbuf *why)
{
    struct react_settings then = settings_then(settings, memo);
    int result = then.map_type == MAP_SQLITE ? table_undo(&then, target, why)
                                             : source_change(&then, target, false, why);
    free(then.map_file);
    return result;
}

const struct method method_postfix_map = {"postfix-map", check, plan, apply, look, undo, false};
