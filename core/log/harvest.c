/* harvest - blocks are read in turn, searched and parsed in parallel, delivered in turn.
 *
 * A worker takes the next block under one lock, parses it with no lock held, and delivers
 * its events when all earlier blocks are delivered. So the sink needs no lock, sees the
 * log's own order, and any number of threads gives the same answer.
 */
#include "spamgear/log/harvest.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/vec.h"
#include "spamgear/match/literal.h"
#include <assert.h>
#include <pthread.h>

#define THREADS_MAX 16
#define THREAD_MIN_SIZE                                                                            \
    (8 * 1024 * 1024) /* below this a second thread costs more than it gives                       \
                       */
/* Lines that add recipients may come this much later than their message. */
#define JOIN_LATER_S 3600

struct job {
    struct harvest *harvest;
    struct source *source;
    struct reader reader;
    struct literal_set needles, with_joins;
    bool undated_ok, own_time; /* of one of the formats (format.h) */
    pthread_mutex_t reading, delivering;
    pthread_cond_t turn;
    uint64_t next; /* number of the block that may be delivered now */
    struct harvest_counts counts;
    struct strbuf why;
    int result;
};

struct worker {
    struct job *job;
    pthread_t thread;
    struct block block;
    VEC(struct event) events;
    struct harvest_counts counts;
};

/* --- One block --- */

static size_t count_lines(struct span text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    return lines + (text.len > 0 && text.at[text.len - 1] != '\n');
}

/* The line around a hit, without its line end. */
static struct span line_around(const struct block *block, const char *hit, const char **next)
{
    const char *end = block->data + block->len;
    const char *start = memrchr(block->data, '\n', (size_t)(hit - block->data));
    const char *newline = memchr(hit, '\n', (size_t)(end - hit));
    start = start == NULL ? block->data : start + 1;
    *next = newline == NULL ? end : newline + 1;
    end = newline == NULL ? end : newline;
    if (end > start && end[-1] == '\r')
        end--;
    return span_of(start, end);
}

/* Journal sources put one letter before each line (source.h). */
static enum origin take_origin(const struct source *source, struct span *line)
{
    if (source->kind != SOURCE_JOURNAL)
        return source->trusted ? ORIGIN_TRUSTED : ORIGIN_PLAIN;
    char grade = line->len > 0 ? line->at[0] : 'P';
    *line = source_line_text(source, *line);
    return grade == 'T' ? ORIGIN_TRUSTED : grade == 'F' ? ORIGIN_FORGED : ORIGIN_PLAIN;
}

/* One of the formats understands the line, or none does: the best answer of all. */
static enum parse_result parse_line(const struct harvest *harvest, const struct log_line *line,
                                    struct event *event)
{
    enum parse_result best = PARSE_FOREIGN;
    for (size_t i = 0; i < harvest->formats_len; i++) {
        *event = (struct event){.repeat = 1};
        enum parse_result result = harvest->formats[i]->parse(harvest->formats[i], line, event);
        if (result == PARSE_EVENT || result == PARSE_NOTHING)
            return result;
        if (result != PARSE_FOREIGN)
            best = result;
    }
    return best;
}

static bool is_inside(const struct window *window, int64_t time)
{
    return time >= window->since && time <= window->until;
}

/* The window, and what comes so soon after it that it may tell the recipients of its messages. */
static bool is_near(const struct harvest *harvest, int64_t time)
{
    const struct window *window = &harvest->window;
    bool just_after = time > window->until && time - window->until <= JOIN_LATER_S;
    return is_inside(window, time) || (just_after && harvest->recipients);
}

/* Reads the time; false when the line can be of no interest to the window, or has none. Lines
 * whose format reads the time itself are judged in complete_event. */
static bool in_window(struct worker *worker, struct log_line *line)
{
    const struct harvest *harvest = worker->job->harvest;
    struct stamp stamp;
    line->time = stamp_read(&worker->block.clock, line->whole, &stamp, &line->rest);
    line->shape = stamp.shape;
    if (line->time == STAMP_NONE && worker->job->undated_ok) {
        line->time = worker->block.clock.newest;
        line->shape = STAMP_BARE;
        line->rest = line->whole;
    } else if (line->time == STAMP_NONE) {
        worker->counts.undated++;
        return false;
    }
    worker->counts.dated++;
    worker->counts.future += line->time > harvest->window.until;
    return is_near(harvest, line->time) || worker->job->own_time;
}

/* Completes an event; false when it is not to be counted. event->time is 0 unless the format has
 * read it itself (own_time). */
static bool complete_event(struct worker *worker, const struct log_line *line, struct event *event)
{
    if (line->origin == ORIGIN_FORGED) {
        worker->counts.forged++;
        return false;
    }
    if (event->time == 0)
        event->time = line->time;
    event->origin = line->origin;
    event->line = line->whole;
    event->offset = line->offset;
    bool joins = event->kind == EVENT_RECIPIENTS || event->kind == EVENT_DELIVERED;
    const struct harvest *harvest = worker->job->harvest;
    return joins ? is_near(harvest, event->time) : is_inside(&harvest->window, event->time);
}

static void examine(struct worker *worker, struct span text)
{
    struct log_line line = {.offset =
                                worker->block.offset + (uint64_t)(text.at - worker->block.data)};
    line.origin = take_origin(worker->job->source, &text);
    line.whole = text;
    if (!in_window(worker, &line))
        return;
    struct event *event = vec_add(&worker->events); /* parsed in place, taken back if it is none */
    enum parse_result result = parse_line(worker->job->harvest, &line, event);
    worker->counts.unparsed +=
        result == PARSE_UNKNOWN && line.time <= worker->job->harvest->window.until;
    worker->counts.gave_up += result == PARSE_GAVE_UP;
    if (result != PARSE_EVENT || !complete_event(worker, &line, event))
        worker->events.len--;
}

/* The time of one line with a clock that stands at `before`. */
static int64_t time_of(const struct worker *worker, struct span line, int64_t before)
{
    struct stamp_clock clock = worker->block.clock;
    struct stamp stamp;
    struct span rest;
    if (before != STAMP_NONE)
        clock.before = before;
    return stamp_read(&clock, source_line_text(worker->job->source, line), &stamp, &rest);
}

static struct span last_line(struct span text)
{
    if (text.len > 0 && text.at[text.len - 1] == '\n')
        text.len--;
    const char *newline = span_find_last(text, SPAN("\n"));
    return newline == NULL ? text : span_of(newline + 1, text.at + text.len);
}

/* May messages of the window, or lines that add to them, be in this block? */
static bool near_window(const struct worker *worker)
{
    const struct window *window = &worker->job->harvest->window;
    struct span text = {worker->block.data, worker->block.len};
    const char *newline = memchr(text.at, '\n', text.len);
    if (newline == NULL || !worker->block.ordered)
        return true;
    int64_t first = time_of(worker, span_of(text.at, newline), STAMP_NONE);
    int64_t last = first == STAMP_NONE ? STAMP_NONE : time_of(worker, last_line(text), first);
    if (last == STAMP_NONE)
        return true;
    bool endless = window->until > INT64_MAX - JOIN_LATER_S;
    return last >= window->since - window->slack_s &&
           (endless || first <= window->until + JOIN_LATER_S);
}

/* Near an hour that occurs twice, only every line's stamp in order tells which hour it is. */
static void examine_every_line(struct worker *worker)
{
    const struct block *block = &worker->block;
    const char *at = block->data, *end = block->data + block->len, *next;
    struct stamp stamp;
    struct span rest;
    for (; at < end; at = next) {
        struct span line = line_around(block, at, &next), text = line;
        take_origin(worker->job->source, &text);
        if (literal_find(&worker->job->with_joins, line.at, line.at + line.len) != NULL)
            examine(worker, line);
        else
            stamp_read(&worker->block.clock, text, &stamp, &rest);
    }
}

static void examine_hits(struct worker *worker, const struct literal_set *set)
{
    const struct block *block = &worker->block;
    const char *at = block->data, *end = block->data + block->len;
    while ((at = literal_find(set, at, end)) != NULL)
        examine(worker, line_around(block, at, &at));
}

static void work_on_block(struct worker *worker)
{
    const struct job *job = worker->job;
    worker->events.len = 0;
    worker->counts.bytes += worker->block.len;
    if (job->harvest->count_lines)
        worker->counts.lines += count_lines((struct span){worker->block.data, worker->block.len});
    if (worker->block.every_stamp)
        examine_every_line(worker);
    else
        examine_hits(worker, near_window(worker) ? &job->with_joins : &job->needles);
}

/* --- Taking turns --- */

static int take_block(struct worker *worker)
{
    struct job *job = worker->job;
    pthread_mutex_lock(&job->reading);
    int result = job->result == 0 ? reader_next(&job->reader, &worker->block, &job->why) : 0;
    if (result < 0)
        job->result = -1;
    pthread_mutex_unlock(&job->reading);
    return result;
}

static void deliver(struct worker *worker)
{
    struct job *job = worker->job;
    const struct harvest_sink *sink = &job->harvest->sink;
    pthread_mutex_lock(&job->delivering);
    while (job->next != worker->block.number)
        pthread_cond_wait(&job->turn, &job->delivering);
    for (size_t i = 0; i < worker->events.len; i++) {
        const struct event *event = &worker->events.at[i];
        sink->event(sink->state, event, job->source);
        job->counts.events += event->kind != EVENT_RECIPIENTS && event->kind != EVENT_DELIVERED;
    }
    job->next++;
    pthread_cond_broadcast(&job->turn);
    pthread_mutex_unlock(&job->delivering);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    while (take_block(worker) > 0) {
        work_on_block(worker);
        deliver(worker);
    }
    return NULL;
}

static unsigned thread_count(const struct job *job)
{
    unsigned threads = job->harvest->threads;
    if (job->source->kind == SOURCE_FILE &&
        job->source->size - job->reader.offset < THREAD_MIN_SIZE)
        threads = 1;
    return threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
}

static void add_counts(struct harvest_counts *sum, const struct harvest_counts *more)
{
    sum->bytes += more->bytes;
    sum->lines += more->lines;
    sum->events += more->events;
    sum->unparsed += more->unparsed;
    sum->undated += more->undated;
    sum->dated += more->dated;
    sum->future += more->future;
    sum->forged += more->forged;
    sum->gave_up += more->gave_up;
    sum->too_long += more->too_long;
}

/* The first worker is the calling thread; a thread that cannot be had is done without. */
static void run_workers(struct job *job)
{
    struct worker workers[THREADS_MAX] = {0};
    unsigned threads = thread_count(job), started = 1;
    for (unsigned i = 0; i < threads; i++) {
        workers[i].job = job;
        block_init(&workers[i].block, job->source);
    }
    while (started < threads &&
           pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    work(&workers[0]);
    for (unsigned i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL); /* all, before the counts they add to are touched */
    for (unsigned i = 0; i < threads; i++) {
        add_counts(&job->counts, &workers[i].counts);
        vec_clear(&workers[i].events);
        block_clear(&workers[i].block);
    }
    job->counts.too_long += job->reader.too_long;
}

/* --- A whole source --- */

/* Appends the literals of one list; there is room for those of two formats. */
static size_t add_literals(const char **to, size_t len, const char *const *from)
{
    for (size_t i = 0; i < FORMAT_NEEDLES && from[i] != NULL; i++) {
        assert(len < LITERAL_MAX);
        to[len++] = from[i];
    }
    to[len] = NULL;
    return len;
}

static void prepare_formats(const struct harvest *harvest, struct job *job)
{
    const char *needles[LITERAL_MAX + 1], *both[LITERAL_MAX + 1];
    size_t n = 0, b = 0;
    for (size_t i = 0; i < harvest->formats_len; i++) {
        const struct log_format *format = harvest->formats[i];
        n = add_literals(needles, n, format->needles);
        b = add_literals(both, b, format->needles);
        if (harvest->recipients)
            b = add_literals(both, b, format->joins);
        job->undated_ok |= format->undated_ok;
        job->own_time |= format->own_time;
    }
    literal_set_init(&job->needles, needles);
    literal_set_init(&job->with_joins, both);
}

static void run_pass(struct job *job)
{
    job->next = 0;
    run_workers(job);
}

/* Reads the window; and what lies before it where the order that found it did not hold. */
static void run_passes(struct job *job)
{
    struct reader first;
    reader_open(&job->reader, job->source, &job->harvest->window);
    run_pass(job);
    first = job->reader;
    if (!first.ordered && first.start > 0) {
        reader_open_older(&job->reader, &first);
        run_pass(job);
        reader_close(&job->reader);
    }
    reader_close(&first);
}

/* Is there any line with a readable time in the source's first lines? Only asked when no line of
 * interest had one: then the reader's clock tells. */
static bool has_time(const struct job *job)
{
    return job->counts.dated > 0 || job->reader.clock.before != STAMP_NONE || job->undated_ok;
}

static int judge(struct job *job, struct strbuf *why)
{
    if (job->result < 0)
        return strbuf_why(why, "%s", strbuf_text(&job->why));
    if (job->counts.too_long > 0)
        return strbuf_why(why,
                          "%s: %llu lines longer than %d bytes left out, the first at offset %llu",
                          job->source->name, (unsigned long long)job->counts.too_long,
                          READER_LINE_MAX, (unsigned long long)job->reader.too_long_offset);
    if (job->counts.bytes > 0 && !has_time(job))
        return strbuf_why(why, "%s: no line has a time that can be read", job->source->name);
    return 0;
}

int harvest_source(struct harvest *harvest, struct source *source, struct strbuf *why)
{
    struct job job = {.harvest = harvest, .source = source};
    pthread_mutex_init(&job.reading, NULL);
    pthread_mutex_init(&job.delivering, NULL);
    pthread_cond_init(&job.turn, NULL);
    prepare_formats(harvest, &job);
    harvest->window.full |= job.own_time; /* the search knows only stamps at line starts */
    run_passes(&job);
    add_counts(&harvest->counts, &job.counts);
    int result = judge(&job, why);
    strbuf_clear(&job.why);
    pthread_cond_destroy(&job.turn);
    pthread_mutex_destroy(&job.delivering);
    pthread_mutex_destroy(&job.reading);
    return result;
}
