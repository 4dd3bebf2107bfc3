/* follow - one log, file after file.
 *
 * There is one place, and one file open that holds it (or none, while it is looked for). Everything
 * else is asked of the file system anew whenever that file has nothing more: is it still the log
 * itself? then wait. Was it cut? then the place is looked for again, in the copy. Was it renamed,
 * deleted, packed? then, once a successor has something and the file was quiet for a while, it is
 * left for the next newer one. A file that is being copied in order to be cut is not left for its
 * own copy.
 */
#include "spamgear/log/follow.h"

#include "follow_find.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/mem.h"
#include "spamgear/log/reader.h"
#include "spamgear/log/stamp.h"
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEPS         64 /* in one call, that give no line */
#define PATIENCE      10 /* graces: so long a renamed file is followed that goes on growing */
#define FILE_EVENTS   (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF)
#define FOLDER_EVENTS (IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE)

struct follow {
    char *path;
    struct follow_part *part; /* NULL: it is looked for */
    struct follow_mark here;  /* the place; of an open part only what was delivered last */
    bool skipping;            /* inside a line that is too long */
    bool is_fixed;            /* nobody can be writing to the part: it is a copy, or packed */
    bool may_be_copy;         /* .. of a log that is not cut yet: it never was the log itself */
    int64_t grace_ms;
    /* Since the part is not the log itself any more (steady clock; 0: it is): */
    int64_t looked_ms, next_ms, quiet_ms;
    uint64_t quiet_size;
    struct strbuf told; /* the trouble that was told last */
    struct follow_state seen;
    int notify, file_watch, folder_watch;
};

enum step { STEP_CHUNK, STEP_ON, STEP_WAIT, STEP_LATER /* waits, not having looked */, STEP_TELL };

/* ---- being told ---- */

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return mem_text(".");
    return mem_text_of(path, slash == path ? 1 : (size_t)(slash - path));
}

static void watch_folder(struct follow *follow)
{
    if (follow->notify < 0 || follow->folder_watch >= 0)
        return;
    char *folder = folder_of(follow->path);
    follow->folder_watch = inotify_add_watch(follow->notify, folder, FOLDER_EVENTS);
    free(folder);
}

static void watch_file(struct follow *follow)
{
    if (follow->notify < 0)
        return;
    if (follow->file_watch >= 0)
        inotify_rm_watch(follow->notify, follow->file_watch);
    follow->file_watch = inotify_add_watch(follow->notify, follow->part->source->name, FILE_EVENTS);
}

/* What it says does not matter. It is taken before anything is looked at. */
static void take_events(struct follow *follow)
{
    char events[4096];
    while (follow->notify >= 0 && read(follow->notify, events, sizeof events) > 0)
        ;
    watch_folder(follow);
}

int follow_fd(const struct follow *follow)
{
    return follow->notify;
}

/* ---- the place ---- */

static void mark_make(const struct follow *follow, struct follow_mark *mark)
{
    int64_t before = follow->here.before;
    follow_part_mark(follow->part, mark);
    mark->before = before;
}

void follow_place(const struct follow *follow, struct follow_mark *mark)
{
    *mark = follow->here;
}

static void part_set(struct follow *follow, struct follow_part *part)
{
    follow_part_close(follow->part);
    follow->part = part;
    follow->looked_ms = follow->next_ms = follow->quiet_ms = 0;
    watch_file(follow);
}

/* The file is given up; the place that reading had come to is looked for. */
static void part_lose(struct follow *follow)
{
    mark_make(follow, &follow->here);
    follow_part_close(follow->part);
    follow->part = NULL;
}

static void part_found(struct follow *follow, struct follow_part *part)
{
    bool is_same = follow_part_is(part, follow->here.dev, follow->here.ino);
    part_set(follow, part);
    follow->is_fixed = !is_same || follow_part_is_packed(part);
    follow->may_be_copy = true;
}

static enum step begin_again(struct follow *follow, struct strbuf *why)
{
    struct follow_part *part;
    enum follow_found found = follow_find_newer(follow->path, follow->here.before, &part, why);
    if (found != FOUND_PART)
        return found == FOUND_TROUBLE ? STEP_TELL : STEP_WAIT;
    bool is_lost = follow->here.head_len > 0; /* of an empty file nothing was read */
    part_set(follow, part);
    follow->is_fixed = follow_part_is_packed(part);
    follow->may_be_copy = true;
    follow->skipping = false;
    if (!is_lost)
        return STEP_ON;
    follow->seen.lost++;
    strbuf_why(why,
               "%s: the place that was read up to is in no file any more: lines may be missing; "
               "goes on at the start of %s",
               follow->path, part->source->name);
    return STEP_TELL;
}

static enum step find_place(struct follow *follow, struct strbuf *why)
{
    struct follow_part *part;
    switch (follow_find_mark(follow->path, &follow->here, &part, why)) {
    case FOUND_PART: part_found(follow, part); return STEP_ON;
    case FOUND_NONE: return begin_again(follow, why);
    case FOUND_LATER: return STEP_WAIT;
    default: return STEP_TELL;
    }
}

/* ---- the end of a file ---- */

static bool is_log(const struct follow *follow, const struct follow_part *part)
{
    struct stat st;
    return stat(follow->path, &st) == 0 && follow_part_is(part, st.st_dev, st.st_ino);
}

static bool is_log_itself(const struct follow *follow)
{
    return is_log(follow, follow->part);
}

/* Has it been quiet for the grace, since its successor has something? */
static bool was_quiet(struct follow *follow, int64_t now)
{
    uint64_t size = follow->part->source->size;
    if (follow->quiet_ms == 0 || follow->quiet_size != size)
        follow->quiet_ms = now;
    follow->quiet_size = size;
    if (follow->next_ms == 0)
        return follow->grace_ms == 0;
    int64_t since = follow->next_ms > follow->quiet_ms ? follow->next_ms : follow->quiet_ms;
    return now - since >= follow->grace_ms || now - follow->next_ms >= PATIENCE * follow->grace_ms;
}

/* A last line that never got its newline; zeros at the end are no line. */
static bool take_rest(struct follow *follow, struct span *rest)
{
    struct follow_part *part = follow->part;
    size_t len = part->len, zeros = 0;
    while (zeros < len && part->buf[part->at + zeros] == '\0')
        zeros++;
    bool is_line = zeros < len && len - zeros < READER_LINE_MAX && !follow->skipping;
    char *at = part->buf + part->at + zeros;
    follow_part_take(part, len);
    if (is_line)
        at[len - zeros] = '\n'; /* there is always room for one byte more */
    *rest = (struct span){at, is_line ? len - zeros + 1 : 0};
    follow->skipping = false;
    return is_line;
}

/* why: what could not be read on the way to the next. */
static enum step leave(struct follow *follow, struct follow_part *next, struct span *rest,
                       const struct strbuf *why)
{
    if (next->position == 0 && take_rest(follow, rest)) {
        follow_part_close(next);
        return STEP_CHUNK;
    }
    part_set(follow, next);
    follow->is_fixed = follow_part_is_packed(next);
    follow->may_be_copy = !is_log_itself(follow);
    follow->seen.rotations++;
    follow->seen.lost += why->len > 0;
    return why->len > 0 ? STEP_TELL : STEP_ON;
}

static enum step at_end(struct follow *follow, struct span *rest, struct strbuf *why)
{
    int64_t now = clock_steady_ms();
    struct follow_part *next;
    if (is_log_itself(follow)) {
        follow->looked_ms = follow->next_ms = follow->quiet_ms = 0;
        follow->may_be_copy = follow->is_fixed = false;
        return STEP_WAIT;
    }
    bool done = follow->is_fixed || was_quiet(follow, now);
    if (!done && (follow->next_ms != 0 ||
                  (follow->looked_ms != 0 && now - follow->looked_ms < follow->grace_ms / 4)))
        return STEP_LATER;
    follow->looked_ms = now;
    switch (follow_find_after(follow->path, follow->part, follow->may_be_copy, follow->here.before,
                              &next, why)) {
    case FOUND_PART: break;
    case FOUND_TROUBLE: return STEP_TELL;
    default: return STEP_WAIT;
    }
    /* Once the successor was rotated too, who writes has long gone on: nothing to wait for. */
    if (done || !is_log(follow, next))
        return leave(follow, next, rest, why);
    follow->next_ms = now;
    follow_part_close(next);
    return STEP_WAIT;
}

/* ---- lines ---- */

/* Length of the whole lines before the first one that is too long, or that begins with a zero
 * byte: a writer that does not append leaves a hole where its file was cut. */
static size_t whole_lines(struct span bytes)
{
    size_t at = 0;
    while (bytes.len - at >= READER_LINE_MAX) {
        const char *newline = memrchr(bytes.at + at, '\n', READER_LINE_MAX);
        if (newline == NULL)
            break;
        at = (size_t)(newline + 1 - bytes.at);
    }
    if (bytes.len - at < READER_LINE_MAX) {
        const char *newline = memrchr(bytes.at + at, '\n', bytes.len - at);
        at = newline == NULL ? at : (size_t)(newline + 1 - bytes.at);
    }
    bool has_zero = at > 0 && memchr(bytes.at, '\0', at) != NULL;
    const char *hole = has_zero ? memmem(bytes.at, at, "\n\0", 2) : NULL;
    return hole == NULL ? at : (size_t)(hole + 1 - bytes.at);
}

static size_t count_zeros(struct span bytes)
{
    size_t n = 0;
    while (n < bytes.len && bytes.at[n] == '\0')
        n++;
    return n;
}

/* Passes over what is no line. False when there is nothing of that kind. */
static bool skip_some(struct follow *follow, struct span bytes)
{
    size_t zeros = follow->skipping ? 0 : count_zeros(bytes);
    bool is_last = zeros == bytes.len && zeros < READER_LINE_MAX &&
                   follow->part->position + zeros >= follow->part->source->size;
    if (zeros > 0 && !is_last) { /* at the end something may still be put in their place */
        follow_part_take(follow->part, zeros);
        return true;
    }
    if (!follow->skipping)
        return false;
    const char *newline = memchr(bytes.at, '\n', bytes.len);
    follow->skipping = newline == NULL;
    follow_part_take(follow->part, newline == NULL ? bytes.len : (size_t)(newline + 1 - bytes.at));
    return true;
}

/* The next bytes: at most `bytes`, but a whole line if there is one. */
static enum part_state fill(struct follow *follow, size_t bytes, struct strbuf *why)
{
    struct follow_part *part = follow->part;
    enum part_state state = follow_part_fill(part, bytes, why);
    struct span got = follow_part_bytes(part);
    if (state == PART_BYTES && got.len >= bytes && got.len < READER_LINE_MAX &&
        memchr(got.at, '\n', got.len) == NULL)
        state = follow_part_fill(part, READER_LINE_MAX, why);
    return state;
}

static enum step part_failed(struct follow *follow, enum part_state state)
{
    if (state == PART_FAILED && follow_part_is_packed(follow->part)) {
        follow->seen.lost++;
        return STEP_TELL; /* it is at its end now */
    }
    part_lose(follow);
    return state == PART_CUT ? STEP_ON : STEP_TELL;
}

static enum step step(struct follow *follow, size_t bytes, struct span *lines, struct strbuf *why)
{
    if (follow->part == NULL)
        return find_place(follow, why);
    enum part_state state = fill(follow, bytes, why);
    if (state == PART_CUT || state == PART_FAILED)
        return part_failed(follow, state);
    struct span got = follow_part_bytes(follow->part);
    if (got.len > 0 && skip_some(follow, got))
        return STEP_ON;
    got.len = got.len == 0 ? 0 : whole_lines(got);
    if (got.len > 0) {
        follow_part_take(follow->part, got.len);
        *lines = got;
        return STEP_CHUNK;
    }
    if (follow->part->len < READER_LINE_MAX)
        return at_end(follow, lines, why);
    follow->skipping = true;
    follow->seen.too_long++;
    return STEP_ON;
}

/* ---- chunks ---- */

/* The time of the last line, so that files which are surely newer can be told. */
static int64_t last_time(struct span lines, int64_t newest)
{
    struct stamp stamp;
    struct span line = {lines.at, lines.len - 1};
    const char *newline = span_find_last(line, SPAN("\n"));
    if (newline != NULL)
        line = span_of(newline + 1, span_end(line));
    return stamp_first(line, newest, &stamp, &line);
}

static void chunk_make(struct follow *follow, struct span lines, struct follow_chunk *chunk)
{
    const struct follow_part *part = follow->part;
    *chunk = (struct follow_chunk){.file = follow->path, .mark = follow->here};
    if (lines.len == 0)
        return;
    int64_t time = last_time(lines, part->source->mtime);
    mark_make(follow, &follow->here);
    if (time != STAMP_NONE)
        follow->here.before = time;
    *chunk = (struct follow_chunk){
        .lines = lines,
        .file = part->source->name,
        .offset = part->position - lines.len,
        .mtime = part->source->mtime,
        .mark = follow->here,
    };
}

static int tell(struct follow *follow, struct strbuf *why)
{
    if (span_is(strbuf_span(why), strbuf_span(&follow->told)))
        return 0;
    strbuf_reset(&follow->told);
    strbuf_add_span(&follow->told, strbuf_span(why));
    return -1;
}

int follow_next(struct follow *follow, size_t bytes, struct follow_chunk *chunk, struct strbuf *why)
{
    struct strbuf trouble = {0};
    struct span lines = {0};
    enum step next = STEP_ON;
    take_events(follow);
    for (int i = 0; i < STEPS && next == STEP_ON; i++)
        next = step(follow, bytes, &lines, &trouble);
    if (next != STEP_LATER)
        follow->seen.failing = next == STEP_TELL;
    if (!follow->seen.failing)
        strbuf_reset(&follow->told);
    bool waits = next == STEP_WAIT || next == STEP_LATER;
    int result = next == STEP_TELL ? tell(follow, &trouble) : !waits;
    if (result == 1)
        chunk_make(follow, lines, chunk);
    if (result == -1)
        strbuf_why(why, "%s", strbuf_text(&trouble));
    strbuf_clear(&trouble);
    return result;
}

bool follow_is_in(const char *path, const struct follow_mark *mark)
{
    struct follow_part *part;
    struct strbuf why = {0};
    bool is_in = mark->head_len > 0 && follow_find_mark(path, mark, &part, &why) == FOUND_PART;
    strbuf_clear(&why);
    if (!is_in)
        return false;
    is_in = follow_part_is(part, mark->dev, mark->ino);
    follow_part_close(part);
    return is_in;
}

/* ---- opening ---- */

void follow_look(const struct follow *follow, struct follow_state *state)
{
    const struct follow_part *part = follow->part;
    *state = follow->seen;
    state->behind = follow->next_ms != 0;
    if (part == NULL)
        return;
    state->file = part->source->name;
    state->offset = part->position;
    state->size = follow_part_is_packed(part) ? part->position : part->source->size;
}

void follow_set_grace(struct follow *follow, int64_t grace_ms)
{
    follow->grace_ms = grace_ms;
}

/* One that cannot be opened now is told and tried again by follow_next, like any later trouble:
 * a log that is not readable must not keep the others from being followed. */
static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Without a mark: the log as it is now, or, while there is none, whatever comes after now. */
static int begin(struct follow *follow, enum follow_start start, struct strbuf *why)
{
    bool absent;
    struct follow_part *part = follow_part_open(follow->path, &absent, why);
    follow->here.before = clock_now() - 1;
    if (part == NULL)
        return absent || is_file(follow->path) ? 0 : -1;
    if (start == FOLLOW_END)
        follow->skipping = !follow_part_seek_end(part);
    part_set(follow, part);
    mark_make(follow, &follow->here);
    if (part->head_len > 0)
        follow->here.before = STAMP_NONE;
    return 0;
}

/* With one: the file need not be there. */
static int resume(struct follow *follow, const struct follow_mark *mark, struct strbuf *why)
{
    bool absent;
    struct follow_part *part = follow_part_open(follow->path, &absent, why);
    bool good = part != NULL || absent || is_file(follow->path);
    follow_part_close(part);
    follow->here = *mark;
    return good ? 0 : -1;
}

struct follow *follow_open(const char *path, const struct follow_mark *mark,
                           enum follow_start start, struct strbuf *why)
{
    struct strbuf trouble = {0};
    struct follow *follow = mem_zero(1, sizeof *follow);
    follow->path = mem_text(path);
    follow->grace_ms = FOLLOW_GRACE_MS;
    follow->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    follow->file_watch = follow->folder_watch = -1;
    watch_folder(follow);
    if ((mark != NULL ? resume(follow, mark, &trouble) : begin(follow, start, &trouble)) != 0) {
        strbuf_why(why, "%s", strbuf_text(&trouble));
        follow_close(follow);
        follow = NULL;
    }
    strbuf_clear(&trouble);
    return follow;
}

void follow_close(struct follow *follow)
{
    if (follow == NULL)
        return;
    follow_part_close(follow->part);
    if (follow->notify >= 0)
        close(follow->notify);
    strbuf_clear(&follow->told);
    free(follow->path);
    free(follow);
}
