/* reader - blocks of whole lines; the unfinished last line is carried to the next block. */
#include "spamgear/log/reader.h"

#include "spamgear/base/mem.h"

#define STAMPLESS_LINES 16 /* so many lines of a block are tried for a stamp */
#define REPEATED_SPAN_S 7200
#define JUMP_BACK_S     1800

/* --- A file that begins inside an hour that occurs twice --- */

/* Reads lines from the start of a file on: do its stamps jump back (then it began in the first
 * of the two hours), or run on past the hour (then in the second)? */
struct hour_walk {
    struct stamp_clock clock;
    int64_t first_end; /* when the first of the two hours is over */
    int64_t last;
    bool jumped, left;
};

static void walk_line(struct hour_walk *walk, struct span line)
{
    struct stamp stamp;
    struct span rest;
    struct stamp_clock fresh = walk->clock;
    fresh.before = STAMP_NONE; /* without memory: the first of the two hours */
    int64_t time = stamp_read(&fresh, line, &stamp, &rest);
    if (time == STAMP_NONE || stamp.zone_kind != STAMP_LOCAL)
        return;
    walk->jumped |= time < walk->last - JUMP_BACK_S;
    walk->left |= time >= walk->first_end;
    walk->last = time;
}

static void walk_block(struct hour_walk *walk, struct span text)
{
    struct span line;
    while (!walk->jumped && !walk->left && span_take_line(&text, &line))
        walk_line(walk, line);
}

/* In which of its two hours does a file begin whose first stamp lies in such an hour? */
static void settle_repeated_start(struct reader *reader, int64_t first, int64_t hour_start)
{
    struct hour_walk walk = {reader->clock, hour_start + 3600, first, false, false};
    char *buf = mem_alloc(READER_BLOCK_BYTES);
    uint64_t at = 0;
    while (!walk.jumped && !walk.left) {
        ssize_t got = source_peek(reader->source, at, buf, READER_BLOCK_BYTES);
        struct span text = {buf, got > 0 ? (size_t)got : 0};
        const char *last = span_find_last(text, SPAN("\n"));
        if (last == NULL)
            break;
        walk_block(&walk, span_of(buf, last + 1));
        at += (uint64_t)(last + 1 - buf);
    }
    free(buf);
    bool near_second = reader->clock.newest >= walk.last + 3600;
    if (!walk.jumped && (walk.left || near_second))
        reader->clock.before = first + 3600;
}

/* --- Opening --- */

static size_t block_bytes(const struct source *source)
{
    return source->kind == SOURCE_FILE ? READER_BLOCK_BYTES : READER_PACKED_BLOCK_BYTES;
}

void block_init(struct block *block, const struct source *source)
{
    *block = (struct block){.cap = block_bytes(source)};
    block->data = mem_alloc(block->cap);
}

void block_clear(struct block *block)
{
    free(block->data);
    *block = (struct block){0};
}

static void begin(struct reader *reader, struct source *source, const struct window *window,
                  const struct window_start *start)
{
    *reader = (struct reader){.source = source, .window = window, .clock = start->clock};
    reader->ordered = start->ordered;
    reader->start = reader->position = reader->offset = start->offset;
    reader->limit = UINT64_MAX;
    reader->carry = mem_alloc(block_bytes(source));
    if (source->kind == SOURCE_FILE)
        source_seek(source, start->offset);
}

void reader_open(struct reader *reader, struct source *source, const struct window *window)
{
    struct window_start start;
    int64_t hour_start;
    window_find(source, window, &start);
    begin(reader, source, window, &start);
    if (start.first != STAMP_NONE &&
        stamp_is_repeated_hour(start.first, REPEATED_SPAN_S, &hour_start) &&
        start.first >= hour_start && start.first < hour_start + 3600)
        settle_repeated_start(reader, start.first, hour_start);
}

void reader_open_older(struct reader *older, const struct reader *reader)
{
    struct window whole = *reader->window;
    struct window_start start;
    whole.full = true;
    window_find(reader->source, &whole, &start);
    begin(older, reader->source, reader->window, &start);
    older->ordered = false;
    older->limit = reader->start;
}

void reader_close(struct reader *reader)
{
    free(reader->carry);
    reader->carry = NULL;
}

/* --- Blocks --- */

/* Fills the block up from carry and source. Returns bytes in it; sets ended or failed. */
static size_t fill(struct reader *reader, char *data, size_t cap, struct strbuf *why)
{
    size_t len = reader->carry_len;
    memcpy(data, reader->carry, len);
    reader->carry_len = 0;
    while (len < cap && !reader->ended) {
        uint64_t left = reader->limit - reader->position;
        size_t want = cap - len < left ? cap - len : (size_t)left;
        ssize_t got = want == 0 ? 0 : source_read(reader->source, data + len, want, why);
        reader->failed |= got < 0;
        reader->ended |= got <= 0;
        len += got > 0 ? (size_t)got : 0;
        reader->position += got > 0 ? (size_t)got : 0;
    }
    return len;
}

static void count_too_long(struct reader *reader, uint64_t offset)
{
    if (reader->too_long++ == 0)
        reader->too_long_offset = offset;
}

/* Leaves out the rest of a line whose start was too long already. Returns the bytes dropped. */
static size_t skip_long_line(struct reader *reader, const char *data, size_t len)
{
    if (!reader->skipping)
        return 0;
    const char *newline = memchr(data, '\n', len);
    if (newline == NULL)
        return len;
    reader->skipping = false;
    return (size_t)(newline + 1 - data);
}

/* Length of the lines before the first one that is too long; len when there is none. */
static size_t before_long_line(const char *data, size_t len)
{
    size_t at = 0;
    while (len - at >= READER_LINE_MAX) {
        const char *newline = memrchr(data + at, '\n', READER_LINE_MAX);
        if (newline == NULL)
            return at;
        at = (size_t)(newline + 1 - data);
    }
    return len;
}

static void carry(struct reader *reader, const char *rest, size_t len)
{
    memcpy(reader->carry, rest, len);
    reader->carry_len = len;
}

/* Cuts off what is not for this block: the unfinished line at its end, or all from a line that
 * is too long on. Returns the length of the whole lines before it. */
static size_t cut_whole_lines(struct reader *reader, const char *data, size_t len)
{
    size_t whole = before_long_line(data, len);
    if (whole == 0 && len > 0) {
        count_too_long(reader, reader->offset);
        reader->skipping = true;
    } else if (whole == len && !reader->ended) {
        const char *newline = memrchr(data, '\n', len);
        whole = newline == NULL ? 0 : (size_t)(newline + 1 - data);
    }
    carry(reader, data + whole, len - whole);
    return whole;
}

/* Takes a line off text; *time gets its time, STAMP_NONE without one. False at the end. */
static bool take_time(const struct reader *reader, struct stamp_clock *clock, struct span *text,
                      int64_t *time)
{
    struct span line, rest;
    struct stamp stamp;
    if (!span_take_line(text, &line))
        return false;
    *time = stamp_read(clock, source_line_text(reader->source, line), &stamp, &rest);
    return true;
}

/* The time of the block's first line that has one, and the reader's clock moved there. */
static int64_t first_time(struct reader *reader, struct span text)
{
    int64_t time = STAMP_NONE;
    for (int i = 0; i < STAMPLESS_LINES && time == STAMP_NONE; i++)
        if (!take_time(reader, &reader->clock, &text, &time))
            break;
    return time;
}

static void read_every_stamp(struct reader *reader, struct span text)
{
    int64_t time;
    while (take_time(reader, &reader->clock, &text, &time))
        ;
}

/* Does every line that has a time lie past the window? One alone says nothing: it may be forged,
 * or come from a machine whose clock or zone is another. */
static bool is_past(const struct reader *reader, struct span text, struct stamp_clock clock)
{
    const struct window *window = reader->window;
    int64_t time;
    if (window->until >= INT64_MAX - window->slack_s)
        return false;
    while (take_time(reader, &clock, &text, &time))
        if (time != STAMP_NONE && time <= window->until + window->slack_s)
            return false;
    return true;
}

/* Gives the block its clock and moves the reader's on. False when the block, and so
 * everything behind it, lies past the window. */
static bool keep_time(struct reader *reader, struct block *block)
{
    const struct window *window = reader->window;
    struct span text = {block->data, block->len};
    int64_t before = reader->clock.before, hour_start;
    block->clock = reader->clock;
    int64_t time = first_time(reader, text);
    if (time == STAMP_NONE)
        return true;
    if (before != STAMP_NONE && time < before - window->slack_s - 1)
        reader->ordered = false;
    block->every_stamp = stamp_is_repeated_hour(time, REPEATED_SPAN_S, &hour_start);
    if (block->every_stamp)
        read_every_stamp(reader, text);
    return !reader->ordered || window->full || !is_past(reader, text, block->clock);
}

int reader_next(struct reader *reader, struct block *block, struct strbuf *why)
{
    do {
        if (reader->ended && reader->carry_len == 0)
            return reader->failed ? -1 : 0;
        size_t len = fill(reader, block->data, block->cap, why);
        size_t dropped = skip_long_line(reader, block->data, len);
        reader->offset += dropped;
        block->len = cut_whole_lines(reader, block->data + dropped, len - dropped);
        memmove(block->data, block->data + dropped, dropped > 0 ? block->len : 0);
        block->offset = reader->offset;
        reader->offset += block->len;
    } while (block->len == 0);
    block->number = reader->blocks++;
    bool inside = keep_time(reader, block);
    block->ordered = reader->ordered;
    if (inside)
        return 1;
    reader->ended = true; /* for everybody who asks: no block may follow one that is not given */
    reader->carry_len = 0;
    return 0;
}
