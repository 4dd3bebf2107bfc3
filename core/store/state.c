/* state - one thread writes; everybody else hands it batches and goes on.
 *
 * There are two batches: one waits and takes in what is submitted, one is being written. When
 * writing fails, the one that waits is added to it and all is tried again, later and later; so
 * the reading of logs never stops, and what is on disk is always what followed from some place in
 * them, with that place.
 *
 * Commits are durable (synchronous = FULL), although a start after a lost commit would read the
 * same lines again: others have acted on rows by then. Another database has them under their
 * numbers, which would be given to other rows, and Postfix rejects for their sake. With two commits
 * a second a sync costs nothing.
 */
#include "state_own.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/path.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY_S         86400
#define LOCK_TRIES    5
#define RETRY_MS      100 /* twice as long each time, but not while somebody waits for it */
#define RETRY_MAX_MS  10000
#define TIDY_MS       60000
#define PURGE_MS      100 /* then batches are looked after */
#define CLOSE_MS      3000
#define COMMIT_MS     500
#define KEEP_DAYS     30
#define ROWS_MAX      2000000
#define BYTES_MAX     (1ull << 30)
#define WAITING_MAX   (64u << 20)
#define WATCH_SLACK_S 3600

struct state {
    struct sqlite *db;
    char *path; /* of it, and which file that was */
    dev_t dev;
    ino_t ino;
    int lock; /* the file's descriptor: flock ends with the process */
    struct state_writer *writer;
    struct state_map *map;
    struct state_limits limits;
    int commit_ms;
    size_t waiting_max;

    pthread_t thread;
    bool running;
    /* Of the thread alone. */
    struct state_batch *writing;              /* what could not be written yet */
    int64_t tried_ms, retry_ms;               /* when, and how long after it again; 0: no trouble */
    int64_t tidied_ms, tidy_ms, map_retry_ms; /* likewise, of tidying */

    pthread_mutex_t mutex; /* of all that follows */
    pthread_cond_t come, done;
    struct state_batch *waiting;
    size_t writing_bytes;
    int64_t writing_since_ms;
    uint64_t submitted, written; /* batches */
    unsigned flushing;           /* who waits in state_flush */
    bool stop;
    uint64_t shed; /* rows */
    struct state_numbers numbers;
    struct state_health health;
};

/* ---- opening ---- */

static void or_standard(uint64_t *value, uint64_t given, uint64_t standard)
{
    *value = given == 0 ? standard : given;
}

static void set_limits(struct state *state, const struct state_settings *settings)
{
    struct state_limits *limits = &state->limits;
    limits->keep_s = settings->keep_s == 0 ? KEEP_DAYS * DAY_S : settings->keep_s;
    limits->watch_keep_s = DAY_S;
    or_standard(&limits->rows_max, settings->rows_max, ROWS_MAX);
    or_standard(&limits->bytes_max, settings->bytes_max, BYTES_MAX);
    limits->feeds = settings->feeds;
    state->commit_ms = settings->commit_ms == 0 ? COMMIT_MS : settings->commit_ms;
    state->waiting_max = settings->waiting_max == 0 ? WAITING_MAX : settings->waiting_max;
    for (int i = 0; settings->listing != NULL && i < LISTING_KINDS; i++) {
        const struct listing_rule *rule = &settings->listing->rules[i];
        if (rule->on && rule->days * DAY_S > limits->keep_s)
            limits->keep_s = rule->days * DAY_S;
    }
}

/* Postfix' user must get through to the map. */
static int check_folder(const char *path, struct strbuf *why)
{
    struct stat st;
    int fd = path_make_folder(path, 0755, why);
    if (fd < 0)
        return -1;
    int result = 0;
    if (fstat(fd, &st) != 0)
        result = strbuf_why(why, "%s: %s", path, strerror(errno));
    else if (!path_is_private(&st))
        result = strbuf_why(why, "%s: may be changed by other users (chown, chmod go-w)", path);
    close(fd);
    return result;
}

int state_is_held(const char *folder, struct strbuf *why)
{
    char *path = state_path(folder, "postlog.lock");
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), held = 0;
    if (fd < 0 && errno != ENOENT)
        held = strbuf_why(why, "%s: %s", path, strerror(errno));
    if (fd >= 0) {
        if (flock(fd, LOCK_SH | LOCK_NB) != 0)
            held = errno == EWOULDBLOCK ? 1 : strbuf_why(why, "%s: %s", path, strerror(errno));
        close(fd);
    }
    free(path);
    return held;
}

/* Whoever only looks has it for a moment. */
static int lock_file(int fd)
{
    int result;
    for (int tries = LOCK_TRIES; (result = flock(fd, LOCK_EX | LOCK_NB)) != 0 && tries > 0; tries--)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    return result;
}

static int take_lock(const char *folder, struct strbuf *why)
{
    char *path = state_path(folder, "postlog.lock");
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        strbuf_why(why, "%s: %s", path, strerror(errno));
    } else if (lock_file(fd) != 0) {
        strbuf_why(why, "%s: %s", path,
                   errno == EWOULDBLOCK ? "another process works with this state"
                                        : strerror(errno));
        close(fd);
        fd = -1;
    }
    free(path);
    return fd;
}

/* What is written to a file that was deleted or replaced is lost, and its log of writes would spoil
 * the new one. */
static int check_file(const struct state *state, struct strbuf *why)
{
    struct stat st;
    if (stat(state->path, &st) == 0 && st.st_dev == state->dev && st.st_ino == state->ino)
        return 0;
    return strbuf_why(why,
                      "%s: was moved, deleted or replaced while it is in use: nothing is written "
                      "until it is back, or the daemon is started anew",
                      state->path);
}

static int open_database(struct state *state, const char *folder, struct strbuf *why)
{
    struct stat st;
    char *path = state->path = state_path(folder, "postlog.db");
    state->db = state_tables_open(path, why);
    if (state->db != NULL && stat(path, &st) == 0) {
        state->dev = st.st_dev;
        state->ino = st.st_ino;
    }
    int result = state->db == NULL ? -1 : 0;
    if (result == 0 && ((state->writer = state_writer_open(state->db, why)) == NULL ||
                        state_writer_look(state->writer, &state->numbers, why) != 0)) {
        state_explain(state->db, path, why);
        result = -1;
    }
    return result;
}

static void init_signals(struct state *state)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&state->mutex, NULL);
    pthread_cond_init(&state->come, &attributes);
    pthread_cond_init(&state->done, &attributes);
    pthread_condattr_destroy(&attributes);
}

struct state *state_open(const struct state_settings *settings, struct strbuf *why)
{
    struct state *state = mem_zero(1, sizeof *state);
    init_signals(state);
    set_limits(state, settings);
    state->lock = check_folder(settings->folder, why) == 0 ? take_lock(settings->folder, why) : -1;
    if (state->lock >= 0 && open_database(state, settings->folder, why) == 0) {
        if (settings->listing != NULL)
            state->map = state_map_new(state->db, settings->listing);
        return state;
    }
    state_close(state);
    return NULL;
}

/* ---- what there was ---- */

int state_mark(struct state *state, const char *source, struct strbuf *mark, struct strbuf *why)
{
    struct sqlite_query *query =
        sqlite_prepare(state->db, "SELECT mark FROM mark WHERE source = ?1", why);
    if (query == NULL)
        return -1;
    sqlite_bind_text(query, 1, span_text(source));
    int result = sqlite_step(query, why);
    if (result == 1)
        strbuf_add_span(mark, sqlite_bytes(query, 0));
    sqlite_query_close(query);
    return result;
}

int state_marks(struct state *state, void (*each)(void *to, const char *source, struct span mark),
                void *to, struct strbuf *why)
{
    struct sqlite_query *query = sqlite_prepare(state->db, "SELECT source, mark FROM mark", why);
    int result = query == NULL ? -1 : state_tell_marks(query, each, to, why);
    sqlite_query_close(query);
    return result;
}

int state_rename_mark(struct state *state, const char *from, const char *to, struct strbuf *why)
{
    struct sqlite_query *query =
        sqlite_prepare(state->db, "UPDATE OR REPLACE mark SET source = ?2 WHERE source = ?1", why);
    if (query == NULL)
        return -1;
    sqlite_bind_text(query, 1, span_text(from));
    sqlite_bind_text(query, 2, span_text(to));
    int result = sqlite_step(query, why);
    sqlite_query_close(query);
    return result < 0 ? -1 : 0;
}

int state_threads(struct state *state, void (*each)(void *to, uint64_t number, struct span bytes),
                  void *to, struct strbuf *why)
{
    struct sqlite_query *query =
        sqlite_prepare(state->db, "SELECT number, bytes FROM thread ORDER BY number", why);
    int result = query == NULL ? -1 : 1;
    while (result == 1 && (result = sqlite_step(query, why)) == 1)
        each(to, (uint64_t)sqlite_number(query, 0), sqlite_bytes(query, 1));
    sqlite_query_close(query);
    return result;
}

static void keep_watch(struct state *state, int64_t since_minute)
{
    int64_t keep = clock_now() - since_minute * 60 + WATCH_SLACK_S;
    if (since_minute > 0 && keep > state->limits.watch_keep_s)
        state->limits.watch_keep_s = keep;
}

int state_watch(struct state *state, const char *profile, int64_t since_minute,
                void (*each)(void *to, struct span key, struct span bytes), void *to,
                struct strbuf *why)
{
    struct sqlite_query *query = sqlite_prepare(
        state->db, "SELECT key, bytes FROM watch WHERE profile = ?1 AND minute >= ?2", why);
    keep_watch(state, since_minute);
    if (query == NULL)
        return -1;
    sqlite_bind_text(query, 1, span_text(profile));
    sqlite_bind_number(query, 2, since_minute);
    int result;
    while ((result = sqlite_step(query, why)) == 1)
        each(to, sqlite_bytes(query, 0), sqlite_bytes(query, 1));
    sqlite_query_close(query);
    return result;
}

/* ---- writing; without the mutex ---- */

/* Counts that nobody will ask for need not wait, and of spam the newest is kept. */
static uint64_t fit(const struct state *state, struct state_batch *batch)
{
    size_t most = state->waiting_max / 2; /* there may be two */
    if (state_batch_bytes(batch) <= most)
        return 0;
    if (state_batch_bytes(batch) > batch->kept_bytes + most / 4)
        state_batch_forget(batch, (clock_now() - state->limits.watch_keep_s) / 60);
    return state_batch_shed(batch, most);
}

static void tell(char out[256], const char *text)
{
    snprintf(out, 256, "%s", text);
}

/* Who reads for long keeps the log of writes from being used again. */
static uint64_t wal_bytes(const struct state *state)
{
    struct stat st;
    struct strbuf path = {0};
    strbuf_format(&path, "%s-wal", state->path);
    uint64_t bytes = stat(strbuf_text(&path), &st) == 0 ? (uint64_t)st.st_size : 0;
    strbuf_clear(&path);
    return bytes;
}

static bool is_wal_full(const struct state *state)
{
    return wal_bytes(state) > state->limits.bytes_max;
}

/* Batches wait then as they wait for a full disk. */
static int check_wal(struct state *state, struct strbuf *why)
{
    if (!is_wal_full(state))
        return 0;
    sqlite_run(state->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
    return !is_wal_full(state)
               ? 0
               : strbuf_why(why,
                            "%s-wal: has %" PRIu64 " bytes, since somebody reads the database for "
                            "long: nothing is written until that ends",
                            state->path, wal_bytes(state));
}

static int write_batch(struct state *state, const struct state_batch *batch, struct strbuf *why)
{
    if (check_file(state, why) != 0 || check_wal(state, why) != 0 ||
        state_writer_put(state->writer, batch, why) != 0)
        return -1;
    if (state->map != NULL)
        state_map_touch(state->map, batch);
    return 0;
}

static int64_t longer(int64_t ms)
{
    return ms == 0 ? RETRY_MS : ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : ms * 2;
}

static int purge(struct state *state, struct strbuf *why)
{
    int64_t start = clock_steady_ms();
    int more = 0;
    if (is_wal_full(state))
        return 0;
    do
        more = state_writer_purge(state->writer, &state->limits, why);
    while (more > 0 && clock_steady_ms() - start < PURGE_MS);
    return more;
}

/* What is done behind each batch, and when none comes for a while. */
static void tidy(struct state *state)
{
    struct strbuf why = {0}, map_why = {0};
    struct state_numbers numbers = {0};
    bool map_failing = state->map != NULL && state_map_update(state->map, &map_why) != 0;
    int more = purge(state, &why);
    int looked = state_writer_look(state->writer, &numbers, &why);
    uint64_t wal = wal_bytes(state);
    state->map_retry_ms = map_failing ? longer(state->map_retry_ms) : 0;
    state->tidy_ms = more > 0 ? 0 : map_failing ? state->map_retry_ms : TIDY_MS;
    state->tidied_ms = clock_steady_ms();
    pthread_mutex_lock(&state->mutex);
    if (looked == 0)
        state->numbers = numbers;
    state->health.wal_bytes = wal;
    if (more < 0 || looked < 0)
        tell(state->health.trouble, strbuf_text(&why));
    state->health.map_failing = map_failing;
    tell(state->health.map_trouble, strbuf_text(&map_why));
    pthread_mutex_unlock(&state->mutex);
    strbuf_clear(&why);
    strbuf_clear(&map_why);
}

/* ---- the thread; with the mutex ---- */

static void wait_ms(struct state *state, pthread_cond_t *signal, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(signal, &state->mutex, &until);
}

/* In how many ms is something to be written? The batch that waits may get company. */
static int64_t write_due_ms(const struct state *state)
{
    if (state->writing != NULL) {
        bool hurry = state->flushing > 0 && state->retry_ms > RETRY_MS;
        return state->stop
                   ? 0
                   : state->tried_ms + (hurry ? RETRY_MS : state->retry_ms) - clock_steady_ms();
    }
    if (state->waiting == NULL)
        return TIDY_MS;
    if (state->stop || state->flushing > 0 || state_batch_is_full(state->waiting))
        return 0;
    return state->waiting->since_ms + state->commit_ms - clock_steady_ms();
}

/* Takes over what waits. */
static void take(struct state *state)
{
    struct state_batch *newer = state->waiting;
    uint64_t shed = 0;
    state->waiting = NULL;
    state->writing_bytes += newer == NULL ? 0 : state_batch_bytes(newer);
    if (state->writing == NULL) {
        state->writing = newer;
        state->writing_since_ms = newer->since_ms;
    } else if (newer != NULL) {
        pthread_mutex_unlock(&state->mutex);
        state_batch_fold(state->writing, newer);
        shed = fit(state, state->writing);
        pthread_mutex_lock(&state->mutex);
    }
    state->writing_bytes = state_batch_bytes(state->writing);
    state->shed += shed;
}

static void settle(struct state *state, bool good, const struct strbuf *why)
{
    state->health.failing = !good;
    tell(state->health.trouble, strbuf_text(why));
    state->tried_ms = clock_steady_ms();
    state->retry_ms = good ? 0 : longer(state->retry_ms);
    if (!good)
        return;
    state->health.commits++;
    state_batch_free(state->writing);
    state->writing = NULL;
    state->writing_bytes = 0;
}

static void write_waiting(struct state *state)
{
    struct strbuf why = {0};
    uint64_t upto = state->submitted;
    take(state);
    pthread_mutex_unlock(&state->mutex);
    bool good = write_batch(state, state->writing, &why) == 0;
    pthread_mutex_lock(&state->mutex);
    settle(state, good, &why);
    if (good) {
        pthread_mutex_unlock(&state->mutex);
        tidy(state);
        pthread_mutex_lock(&state->mutex);
        state->written = upto;
    }
    pthread_cond_broadcast(&state->done);
    strbuf_clear(&why);
}

static bool is_finished(const struct state *state)
{
    return state->stop && state->waiting == NULL &&
           (state->writing == NULL || state->retry_ms > 0); /* it was tried */
}

static void *work(void *argument)
{
    struct state *state = argument;
    tidy(state); /* what a killed run has left undone */
    pthread_mutex_lock(&state->mutex);
    while (!is_finished(state)) {
        int64_t write_ms = write_due_ms(state);
        int64_t tidy_ms = state->tidied_ms + state->tidy_ms - clock_steady_ms();
        if (write_ms <= 0) {
            write_waiting(state);
        } else if (tidy_ms <= 0) {
            pthread_mutex_unlock(&state->mutex);
            tidy(state);
            pthread_mutex_lock(&state->mutex);
        } else {
            wait_ms(state, &state->come, write_ms < tidy_ms ? write_ms : tidy_ms);
        }
    }
    pthread_mutex_unlock(&state->mutex);
    return NULL;
}

/* Signals are for the thread that has the loop. */
static int start_thread(struct state *state)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&state->thread, NULL, work, state);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int state_start(struct state *state, struct strbuf *why)
{
    int error = start_thread(state);
    if (error != 0)
        return strbuf_why(why, "no thread for the state: %s", strerror(error));
    state->running = true;
    return 0;
}

static void stop(struct state *state)
{
    struct strbuf why = {0};
    if (!state->running)
        return;
    state_flush(state, CLOSE_MS, &why);
    pthread_mutex_lock(&state->mutex);
    state->stop = true;
    pthread_cond_signal(&state->come);
    pthread_mutex_unlock(&state->mutex);
    pthread_join(state->thread, NULL);
    strbuf_clear(&why);
}

void state_close(struct state *state)
{
    if (state == NULL)
        return;
    stop(state);
    state_batch_free(state->waiting);
    state_batch_free(state->writing);
    state_map_free(state->map);
    state_writer_close(state->writer);
    sqlite_close(state->db);
    free(state->path);
    if (state->lock >= 0)
        close(state->lock);
    pthread_cond_destroy(&state->come);
    pthread_cond_destroy(&state->done);
    pthread_mutex_destroy(&state->mutex);
    free(state);
}

/* ---- the caller's side ---- */

void state_submit(struct state *state, struct state_batch *batch)
{
    if (state_batch_is_empty(batch)) {
        state_batch_free(batch);
        return;
    }
    batch->since_ms = clock_steady_ms();
    pthread_mutex_lock(&state->mutex);
    if (state->waiting == NULL)
        state->waiting = batch;
    else
        state_batch_fold(state->waiting, batch);
    state->shed += fit(state, state->waiting);
    state->submitted++;
    pthread_cond_signal(&state->come);
    pthread_mutex_unlock(&state->mutex);
}

int state_flush(struct state *state, int deadline_ms, struct strbuf *why)
{
    int64_t deadline = clock_steady_ms() + deadline_ms, left;
    pthread_mutex_lock(&state->mutex);
    uint64_t upto = state->submitted;
    state->flushing++;
    pthread_cond_signal(&state->come);
    while (state->written < upto && (left = deadline - clock_steady_ms()) > 0)
        wait_ms(state, &state->done, left);
    state->flushing--;
    int result = state->written >= upto ? 0 : -1;
    if (result != 0)
        strbuf_why(why, "the state is not on disk yet%s%s", state->health.failing ? ": " : "",
                   state->health.failing ? state->health.trouble : "");
    pthread_mutex_unlock(&state->mutex);
    return result;
}

void state_look(struct state *state, struct state_health *health)
{
    int64_t since_ms = 0;
    pthread_mutex_lock(&state->mutex);
    *health = state->health;
    health->rows = state->numbers.written;
    health->unsent = state->limits.feeds ? state->numbers.unsent : 0;
    health->lost = state->numbers.gone + state->shed;
    health->early = state->numbers.early;
    health->waiting_bytes = state->writing_bytes;
    if (state->waiting != NULL) {
        health->waiting_bytes += state_batch_bytes(state->waiting);
        since_ms = state->waiting->since_ms;
    }
    if (state->writing_bytes > 0)
        since_ms = state->writing_since_ms;
    health->oldest_waiting_ms = since_ms == 0 ? 0 : clock_steady_ms() - since_ms;
    pthread_mutex_unlock(&state->mutex);
}
