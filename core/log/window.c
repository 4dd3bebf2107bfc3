/* window - exponential search from the end of a file, then bisection.
 *
 * A probe is the first readable stamp at or after an offset. Stamps without a year are
 * resolved from the end backwards: each probe is the latest time that is not more
 * than STAMP_BACK_S after the probe behind it.
 */
#include "spamgear/log/window.h"

#include "spamgear/base/clock.h"

#define PROBE_BYTES  4096 /* holds a few lines; where they are longer, STEP_BYTES are looked at */
#define STEP_BYTES   (64 * 1024)
#define REPEATED_S   3600 /* how far stamps of a repeated hour may be off */
#define EVEN_PROBES  16
#define ORDER_PROBES 64

struct probe {
    uint64_t asked;  /* offset that was asked for */
    uint64_t offset; /* of the line that has the stamp */
    int64_t time;    /* STAMP_NONE: no readable stamp near there */
    int64_t newest;  /* what a probe before this one takes for newest */
    bool has_year;
};

struct search {
    struct source *source;
    int64_t newest; /* of the file */
    int64_t since, slack_s;
    bool ordered;
};

/* What the clock must take for newest so that nothing may be later than a line behind it. */
static int64_t not_later_than(int64_t time)
{
    return time - STAMP_FUTURE_S + STAMP_BACK_S;
}

/* Only the last line of a probe may be cut; a cut line has its stamp all the same. */
static struct probe probe_in(struct search *search, uint64_t offset, int64_t newest, char *buf,
                             size_t size)
{
    struct probe probe = {offset, offset, STAMP_NONE, newest, true};
    ssize_t got = source_peek(search->source, offset, buf, size);
    if (got <= 0)
        return probe;
    struct span text = {buf, (size_t)got}, line;
    struct stamp stamp;
    if (offset > 0)
        span_take_line(&text, &line); /* its start may be missing */
    probe.time = stamp_first(text, newest, &stamp, &line);
    if (probe.time != STAMP_NONE) {
        probe.offset = offset + (uint64_t)(line.at - buf);
        probe.has_year = stamp.has_year;
        probe.newest = not_later_than(probe.time);
    }
    return probe;
}

static struct probe probe_at(struct search *search, uint64_t offset, int64_t newest)
{
    char few[PROBE_BYTES];
    struct probe probe = probe_in(search, offset, newest, few, sizeof few);
    if (probe.time == STAMP_NONE) {
        char *many = mem_alloc(STEP_BYTES);
        probe = probe_in(search, offset, newest, many, STEP_BYTES);
        free(many);
    }
    return probe;
}

static void check_order(struct search *search, const struct probe *earlier, int64_t later_time)
{
    if (earlier->time != STAMP_NONE && earlier->time > later_time + search->slack_s)
        search->ordered = false;
}

/* The last lines one by one from the end: where stamps have no year, a gap of a year may lie
 * between any two. Returns the first line of the part, with the year that follows. */
static struct probe walk_back(const struct search *search, const struct probe *first)
{
    struct probe probe = *first;
    probe.newest = search->newest;
    char *buf = mem_alloc(STEP_BYTES);
    ssize_t got = source_peek(search->source, first->offset, buf, STEP_BYTES);
    struct span text = {buf, got > 0 ? (size_t)got : 0}, line;
    struct stamp stamp;
    while (text.len > 0) {
        const char *before = memrchr(text.at, '\n', text.len - 1);
        const char *start = before == NULL ? text.at : before + 1;
        int64_t time = stamp_first(span_of(start, text.at + text.len), probe.newest, &stamp, &line);
        if (time != STAMP_NONE) {
            probe.time = time;
            probe.has_year = stamp.has_year;
            probe.newest = not_later_than(time);
        }
        text.len = (size_t)(start - text.at);
    }
    free(buf);
    return probe;
}

/* Steps back from the end, doubling, until a probe lies before the window. Afterwards the
 * window begins between *low (before it, or the file's start) and *high. */
static void gallop(struct search *search, struct probe *low, struct probe *high)
{
    uint64_t size = search->source->size, step = STEP_BYTES;
    *high = (struct probe){size, size, search->newest, search->newest, true};
    for (;; step *= 2) {
        *low = probe_at(search, step < size ? size - step : 0, high->newest);
        if (low->time != STAMP_NONE && step == STEP_BYTES && !low->has_year)
            *low = walk_back(search, low);
        if (low->time != STAMP_NONE && high->offset < size)
            check_order(search, low, high->time);
        if (low->asked == 0 || (low->time != STAMP_NONE && low->time < search->since))
            return;
        if (low->time != STAMP_NONE)
            *high = *low;
    }
}

static void bisect(struct search *search, struct probe *low, struct probe *high)
{
    while (high->asked > low->asked + STEP_BYTES) {
        uint64_t middle = low->asked + (high->asked - low->asked) / 2;
        struct probe probe = probe_at(search, middle, high->newest);
        if (probe.time == STAMP_NONE)
            return; /* binary junk in between: read from low, which is safe */
        check_order(search, &probe, high->time);
        check_order(search, low, probe.time);
        if (probe.time < search->since)
            *low = probe;
        else
            *high = probe;
    }
}

static int by_offset_descending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Is everything before the start older than the start? Looks closely just before it, ever
 * more coarsely further away, and evenly over the rest: steps of the clock last longer than
 * the gaps near the start. Returns what the file's first line takes for newest. */
static int64_t check_older_part(struct search *search, const struct probe *low)
{
    uint64_t offsets[ORDER_PROBES];
    size_t len = 0;
    struct probe behind = *low;
    for (uint64_t step = STEP_BYTES; step < low->offset && len < ORDER_PROBES / 2; step *= 2)
        offsets[len++] = low->offset - step;
    for (uint64_t i = 0; i < EVEN_PROBES && low->offset > STEP_BYTES; i++)
        offsets[len++] = low->offset / EVEN_PROBES * i;
    qsort(offsets, len, sizeof *offsets, by_offset_descending);
    for (size_t i = 0; i < len && search->ordered; i++) {
        struct probe probe = probe_at(search, offsets[i], behind.newest);
        check_order(search, &probe, behind.time);
        if (probe.time != STAMP_NONE)
            behind = probe;
    }
    return behind.newest;
}

/* The whole file from its first line, whose year follows from the lines behind it. */
static void start_at_zero(struct search *search, const struct probe *low,
                          struct window_start *start)
{
    struct probe first = *low;
    if (low->asked > 0)
        first = probe_at(search, 0, check_older_part(search, low));
    start->offset = 0;
    start->first = first.time;
    if (first.time != STAMP_NONE)
        start->clock.before = first.time;
}

/* Where local stamps of one hour occur twice, the search must begin before that hour: only
 * from there on their order tells which of the two hours they mean. */
static void step_over_repeated_hour(struct search *search)
{
    int64_t hour_start;
    if (!stamp_is_repeated_hour(search->since, 3 * REPEATED_S, &hour_start))
        return;
    if (hour_start < search->since)
        search->since = hour_start;
    search->slack_s += REPEATED_S;
}

void window_find(struct source *source, const struct window *window, struct window_start *start)
{
    int64_t now = clock_now();
    int64_t newest = source->mtime < now ? source->mtime : now;
    *start = (struct window_start){.ordered = true, .first = STAMP_NONE};
    stamp_clock_init(&start->clock, newest);
    if (source->kind != SOURCE_FILE)
        return;
    struct search search = {source, newest, window->since, window->slack_s, true};
    struct probe low, high;
    step_over_repeated_hour(&search);
    search.since -= window->slack_s;
    gallop(&search, &low, &high);
    if (!window->full && search.ordered && low.asked > 0) {
        bisect(&search, &low, &high);
        check_older_part(&search, &low);
    }
    start->ordered = search.ordered;
    if (window->full || !search.ordered || low.asked == 0 || low.time == STAMP_NONE) {
        start_at_zero(&search, &low, start);
        return;
    }
    start->offset = low.offset;
    start->clock.before = low.time;
}
