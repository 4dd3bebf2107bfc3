/* postlog_replay - old logs, once through, side by side.
 *
 * The joiner alone: no marks, no [watch]. Rows go into the state that --state names, which is not
 * the daemon's, or into one that is gone afterwards when another database is to get them. The name
 * of what is replayed is a digest of the logs: under it the other database knows what it has got
 * already, and the state that they stand in it.
 */
#include "postlog_daemon.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/map.h"
#include "spamgear/base/path.h"
#include "spamgear/base/scratch.h"
#include "spamgear/check/logs.h"
#include "spamgear/log/reader.h"
#include <dirent.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLUSH_MS      600000
#define FEED_MS       600000
#define HEAD_BYTES    4096
#define SLICE         8192 /* bytes of one log between two looks at the others */
#define WAIT_US       2000
#define WAITING_BYTES (16u << 20) /* reading is faster than most disks */

struct replay {
    struct postlog own;
    struct logs logs;
    char *folder; /* of a state that is gone afterwards; NULL */
    char name[32];
    uint64_t stored; /* events that a run which did not come to its end has left in the state */
};

/* The same logs give the same events in the same order. */
static void take_spam(void *at, const struct spam_event *event)
{
    struct replay *replay = at;
    struct postlog *own = &replay->own;
    if (own->batch != NULL && own->counts.spam >= replay->stored)
        state_batch_spam(own->batch, event);
    own->counts.spam++;
    postlog_say_spam(own->log, event);
}

/* ---- what is replayed ---- */

static int open_logs(struct replay *replay)
{
    /* Nothing lies before such a window, so no rotated predecessors join. */
    static const struct window none = {.since = INT64_MAX, .until = INT64_MAX};
    static const char *const no_logs[] = {NULL};
    struct log_request request = {
        .names = &replay->own.plan->set->replay, .standard = no_logs, .window = &none};
    struct texts problems = {0};
    int result = logs_open(&replay->logs, &request, &problems);
    for (size_t i = 0; i < problems.len; i++)
        postlog_say(replay->own.log, SAY_ERROR, "%s", problems.at[i]);
    texts_clear(&problems);
    return result;
}

/* Of the first bytes, unpacked, and the number of them that a file has. */
static void name_logs(struct replay *replay)
{
    uint64_t digest = 0;
    char head[HEAD_BYTES];
    for (size_t i = 0; i < replay->logs.sources.len; i++) {
        const struct source *log = replay->logs.sources.at[i];
        struct source *look =
            log->kind == SOURCE_FILE || log->ino != 0 ? source_open(log->name, NULL) : NULL;
        ssize_t got = look != NULL ? source_read(look, head, sizeof head, NULL) : 0;
        digest = digest * 31 + (got > 0 ? map_digest(head, (size_t)got) : 0) + log->size;
        source_close(look);
    }
    snprintf(replay->name, sizeof replay->name, "replay-%016llx", (unsigned long long)digest);
}

/* ---- where rows go ---- */

/* States that killed runs have left: nobody holds them. */
static void remove_left(const char *parent)
{
    DIR *dir = opendir(parent);
    struct strbuf path = {0};
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, SCRATCH_PREFIX, sizeof SCRATCH_PREFIX - 1) != 0)
            continue;
        strbuf_reset(&path);
        strbuf_format(&path, "%s/%s", parent, entry->d_name);
        if (state_is_held(strbuf_text(&path), NULL) == 0)
            scratch_remove(strbuf_text(&path));
    }
    if (dir != NULL)
        closedir(dir);
    strbuf_clear(&path);
}

/* The folder of such states, locked until there is one that is held. -1 with why. */
static int lock_parent(const char *parent, struct strbuf *why)
{
    struct stat st;
    int fd = path_make_folder(parent, 0700, why);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && path_is_private(&st) && flock(fd, LOCK_EX) == 0)
        return fd;
    strbuf_why(why, "%s: may be changed by other users, or cannot be locked", parent);
    close(fd);
    return -1;
}

static int make_folder(struct replay *replay, int *lock, struct strbuf *why)
{
    struct strbuf parent = {0};
    strbuf_format(&parent, "%s/replay", replay->own.plan->store.state);
    *lock = lock_parent(strbuf_text(&parent), why);
    if (*lock >= 0) {
        remove_left(strbuf_text(&parent));
        replay->folder = scratch_make(strbuf_text(&parent), 0, 0, why);
    }
    strbuf_clear(&parent);
    return replay->folder != NULL ? 0 : -1;
}

static int start_feeder(struct replay *replay, const char *folder, struct strbuf *why)
{
    const struct store_config *store = &replay->own.plan->store;
    struct feeder_settings settings = store->feeder;
    if (!store->feeds)
        return 0;
    settings.state_folder = folder;
    settings.node = replay->name;
    settings.fleet = false;
    settings.window_s = 3600;
    replay->own.feeder = feeder_start(&settings, why);
    return replay->own.feeder != NULL ? 0 : -1;
}

static bool was_replayed(struct replay *replay, struct strbuf *why)
{
    struct strbuf mark = {0};
    unsigned long long number;
    bool was = state_mark(replay->own.state, replay->name, &mark, NULL) == 1;
    if (was && span_number(strbuf_span(&mark), &number)) {
        replay->stored = number;
        was = false;
    }
    strbuf_clear(&mark);
    if (was)
        strbuf_why(why, "these logs stand in %s already", replay->own.plan->store.state);
    return was;
}

static int open_at(struct replay *replay, const char *folder, struct strbuf *why)
{
    struct postlog *own = &replay->own;
    const struct store_config *store = &own->plan->store;
    bool named = folder == store->state;
    struct state_settings settings = {.folder = folder,
                                      .keep_s = named ? store->keep_s : INT64_MAX / 4,
                                      .rows_max = store->rows_max,
                                      .feeds = store->feeds};
    if (start_feeder(replay, folder, why) != 0) /* before the state that it reads is open here */
        return -1;
    own->state = state_open(&settings, why);
    return own->state != NULL ? 0 : -1;
}

static int open_state(struct replay *replay, struct strbuf *why)
{
    struct postlog *own = &replay->own;
    const struct store_config *store = &own->plan->store;
    bool named = own->plan->set->state != NULL;
    int lock = -1, result = 0;
    if (!named && !store->feeds)
        return 0;
    if (!named)
        result = make_folder(replay, &lock, why);
    if (result == 0)
        result = open_at(replay, named ? store->state : replay->folder, why);
    if (lock >= 0) {
        flock(lock, LOCK_UN); /* the feeder has this descriptor, too */
        close(lock);
    }
    if (result != 0 || was_replayed(replay, why))
        return -1;
    own->batch = state_batch_new();
    return state_start(own->state, why);
}

/* ---- reading ---- */

/* With how many events there were so far, or that these are all. */
static void hand_over(struct replay *replay, bool done)
{
    struct postlog *own = &replay->own;
    struct state_health health;
    char mark[32] = "done";
    if (own->batch == NULL)
        return;
    if (!done)
        snprintf(mark, sizeof mark, "%llu", (unsigned long long)own->counts.spam);
    if (done || own->counts.spam > replay->stored)
        state_batch_mark(own->batch, replay->name, span_text(mark));
    state_submit(own->state, own->batch);
    own->batch = state_batch_new();
    own->submitted_ms = clock_steady_ms();
    for (;;) {
        state_look(own->state, &health);
        if (health.waiting_bytes < WAITING_BYTES || health.failing)
            return;
        usleep(WAIT_US);
    }
}

/* One of the logs. Several are read side by side, in the order of their lines: a filter may have a
 * log of its own. */
struct playing {
    struct source *source;
    struct postlog_input input;
    struct reader reader;
    struct block block;
    struct span rest;  /* of the block */
    struct strbuf why; /* a failure is told behind what could be read */
    bool begun, ended;
};

/* The time it has come to, or at which it may begin. */
static int64_t place_of(const struct playing *log)
{
    const struct source *source = log->source;
    if (log->begun)
        return log->input.newest;
    return source->begin != STAMP_NONE ? source->begin : source->mtime;
}

/* NULL: all have ended. */
static struct playing *furthest_behind(struct playing *logs, size_t len)
{
    struct playing *last = NULL;
    for (size_t i = 0; i < len; i++)
        if (!logs[i].ended && (last == NULL || place_of(&logs[i]) < place_of(last)))
            last = &logs[i];
    return last;
}

static void begin_log(struct playing *log)
{
    static const struct window all = {.since = INT64_MIN, .until = INT64_MAX, .full = true};
    reader_open(&log->reader, log->source, &all);
    block_init(&log->block, log->source);
    log->input =
        (struct postlog_input){.threads = true, .newest = STAMP_NONE, .clock = log->reader.clock};
    log->begun = true;
}

static void end_log(struct replay *replay, struct playing *log)
{
    postlog_tell_undated(&replay->own, &log->input, log->source->name);
    block_clear(&log->block);
    reader_close(&log->reader);
    strbuf_clear(&log->why);
    log->ended = true;
}

/* False at its end. */
static bool fill(struct replay *replay, struct playing *log)
{
    if (!log->begun)
        begin_log(log);
    int result = log->rest.len > 0 ? 1 : reader_next(&log->reader, &log->block, &log->why);
    if (result < 0)
        postlog_say(replay->own.log, SAY_ERROR, "%s", strbuf_text(&log->why));
    if (result > 0 && log->rest.len == 0) {
        log->rest = (struct span){log->block.data, log->block.len};
        log->input.clock.newest = log->block.clock.newest;
    }
    return result > 0;
}

/* About so many bytes of whole lines. */
static struct span take_slice(struct span *rest, size_t bytes)
{
    const char *newline =
        rest->len > bytes ? memchr(rest->at + bytes, '\n', rest->len - bytes) : NULL;
    struct span slice = newline == NULL ? *rest : span_of(rest->at, newline + 1);
    *rest = span_skip(*rest, slice.len);
    return slice;
}

static void play(struct replay *replay, struct playing *logs, size_t len)
{
    struct postlog *own = &replay->own;
    for (struct playing *log; (log = furthest_behind(logs, len)) != NULL;) {
        if (log->begun && log->input.newest != STAMP_NONE)
            threads_tick(own->threads, log->input.newest);
        if (own->batch != NULL && state_batch_is_full(own->batch))
            hand_over(replay, false);
        if (!fill(replay, log)) {
            end_log(replay, log);
            continue;
        }
        struct postlog_chunk chunk = {.lines = take_slice(&log->rest, len > 1 ? SLICE : SIZE_MAX)};
        postlog_take_lines(own, &log->input, &chunk);
    }
}

static int read_all(struct replay *replay, struct strbuf *why)
{
    struct postlog *own = &replay->own;
    size_t len = replay->logs.sources.len;
    struct playing *logs = mem_zero(len, sizeof *logs);
    for (size_t i = 0; i < len; i++)
        logs[i].source = replay->logs.sources.at[i];
    play(replay, logs, len);
    free(logs);
    threads_finish(own->threads);
    if (own->batch == NULL)
        return 0;
    hand_over(replay, true);
    return state_flush(own->state, FLUSH_MS, why);
}

static void tell_end(const struct postlog *own)
{
    struct threads_counts counts;
    threads_look(own->threads, &counts);
    postlog_say(own->log, SAY_INFO,
                "%llu lines, %llu messages, %llu verdicts, %llu bad, %llu without a message, "
                "%llu spam events",
                (unsigned long long)own->counts.lines, (unsigned long long)counts.threads,
                (unsigned long long)counts.verdicts, (unsigned long long)counts.bad,
                (unsigned long long)counts.unjoined, (unsigned long long)own->counts.spam);
}

/* Was all well? */
static bool close_all(struct replay *replay)
{
    if (replay->own.feeder != NULL)
        postlog_end_feeding(&replay->own, replay->own.batch != NULL ? FEED_MS : 0);
    if (replay->own.batch != NULL)
        state_batch_free(replay->own.batch);
    if (replay->own.state != NULL)
        state_close(replay->own.state);
    if (replay->own.threads != NULL)
        threads_free(replay->own.threads);
    if (replay->folder != NULL)
        scratch_remove(replay->folder);
    free(replay->folder);
    logs_close(&replay->logs);
    return !postlog_log_close(replay->own.log);
}

int postlog_replay(const struct postlog_plan *plan, const struct run *run)
{
    struct replay replay = {.own = {.run = run, .plan = plan, .newest = STAMP_NONE}};
    struct strbuf why = {0};
    umask(077);
    replay.own.log = postlog_log_open(plan->log, plan->level, plan->console, true);
    for (size_t i = 0; i < plan->remarks.len; i++)
        postlog_say(replay.own.log, SAY_WARNING, "%s", plan->remarks.at[i]);
    int result = open_logs(&replay);
    if (result == 0) {
        name_logs(&replay);
        replay.own.threads = postlog_open_threads(plan, &replay, take_spam);
        result = open_state(&replay, &why) != 0 ? -1 : read_all(&replay, &why);
    }
    if (result == 0)
        tell_end(&replay.own);
    if (why.len > 0)
        postlog_say(replay.own.log, SAY_ERROR, "%s", strbuf_text(&why));
    strbuf_clear(&why);
    return close_all(&replay) && result == 0 ? 0 : APPLET_TROUBLE;
}
