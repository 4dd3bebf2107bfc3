/* postlog_read - from chunks of logs to the joiner and the sources of [watch]. */
#include "postlog_daemon.h"

#include "spamgear/base/clock.h"

#define PORTION    (16 * 1024)
#define PORTION_MS 1 /* so long is read between two looks at who waits for an answer */

struct threads *postlog_open_threads(const struct postlog_plan *plan, void *state,
                                     void (*spam)(void *state, const struct spam_event *event))
{
    struct threads_settings settings = {.threads_max = plan->set->threads_max,
                                        .age_max_s = plan->set->age.seconds,
                                        .wait_s = plan->set->wait.seconds,
                                        .own = plan->own.at,
                                        .own_len = plan->own.len,
                                        .relays = plan->relays.at,
                                        .relays_len = plan->relays.len,
                                        .relay_names = &plan->relay_names,
                                        .state = state,
                                        .spam = spam};
    return threads_new(&settings);
}

static enum origin grade_of(char letter)
{
    return letter == 'T' ? ORIGIN_TRUSTED : letter == 'F' ? ORIGIN_FORGED : ORIGIN_PLAIN;
}

/* A source may have a format whose lines need no stamp: PHP before 5.5. */
static bool takes_undated(const struct check *check)
{
    for (size_t i = 0; i < check->formats_len; i++)
        if (check->formats[i]->undated_ok)
            return true;
    return false;
}

static void give_undated(struct postlog *own, struct postlog_input *input, struct log_line *line)
{
    own->counts.undated++;
    input->undated++;
    line->time = input->clock.newest;
    line->shape = STAMP_BARE;
    line->rest = line->whole;
    for (size_t i = 0; i < input->sources.len; i++)
        if (takes_undated(watcher_source(own->watcher, input->sources.at[i])->check))
            watcher_line(own->watcher, input->sources.at[i], line);
}

static void give_line(struct postlog *own, struct postlog_input *input, struct log_line *line)
{
    struct stamp stamp;
    line->time = stamp_read(&input->clock, line->whole, &stamp, &line->rest);
    line->shape = stamp.shape;
    if (line->time == STAMP_NONE) {
        give_undated(own, input, line);
        return;
    }
    if (line->time > input->newest && line->time <= input->clock.newest + STAMP_FUTURE_S)
        input->newest = line->time;
    if (input->threads)
        threads_line(own->threads, line);
    for (size_t i = 0; i < input->sources.len; i++)
        watcher_line(own->watcher, input->sources.at[i], line);
}

void postlog_tell_undated(struct postlog *own, const struct postlog_input *input, const char *name)
{
    if (postlog_input_is_undated(input))
        postlog_say(own->log, SAY_ERROR, "%s: none of its lines has a time that is understood",
                    name);
}

void postlog_take_lines(struct postlog *own, struct postlog_input *input,
                        const struct postlog_chunk *chunk)
{
    struct span rest = chunk->lines, text;
    enum origin origin = input->trusted ? ORIGIN_TRUSTED : ORIGIN_PLAIN;
    while (span_take_line(&rest, &text)) {
        struct log_line line = {.origin = origin};
        if (chunk->graded && text.len > 0) {
            line.origin = grade_of(text.at[0]);
            text = span_skip(text, 1);
        }
        if (text.len > 0 && text.at[text.len - 1] == '\r')
            text.len--;
        line.whole = text;
        own->counts.lines++;
        give_line(own, input, &line);
    }
    own->counts.bytes += chunk->lines.len;
    if (input->newest > own->newest)
        own->newest = input->newest;
}

/* What was there at the start is read in the order of its lines: verdicts of a filter that has a
 * log of its own must not come hours before their messages, whose queue IDs are used again. */
static bool must_wait(const struct postlog *own, const struct postlog_input *input)
{
    bool ahead = false;
    for (size_t i = 0; i < own->inputs.len; i++) {
        const struct postlog_input *other = &own->inputs.at[i];
        ahead |= other->threads && !other->idle && other->newest != STAMP_NONE &&
                 other->newest < input->newest;
    }
    return ahead && input->threads && !own->live;
}

/* Trouble with one log is told, and tried again; the others go on. */
static bool read_input(struct postlog *own, struct postlog_input *input)
{
    struct postlog_chunk chunk;
    struct strbuf why = {0};
    bool failed = input->failing;
    int result = postlog_input_next(input, PORTION, &chunk, &why);
    if (result == 1)
        postlog_take_lines(own, input, &chunk);
    else if (result < 0)
        postlog_say(own->log, SAY_ERROR, "%s", strbuf_text(&why));
    if (failed && !input->failing)
        postlog_say(own->log, SAY_NOTICE, "%s: can be read again", input->name);
    strbuf_clear(&why);
    return result == 1;
}

/* While an input has lines to read, time is that of its lines; else it passes by itself. Of several
 * logs the one that is furthest behind says what time it is: its messages must not be given out
 * before their late lines were read. STAMP_NONE: nobody can tell. */
static int64_t time_of_lines(const struct postlog *own)
{
    int64_t now = clock_now();
    for (size_t i = 0; i < own->inputs.len; i++) {
        const struct postlog_input *input = &own->inputs.at[i];
        bool has_more = !input->idle || postlog_input_is_behind(input);
        if (input->threads && has_more && input->newest < now)
            now = input->newest;
    }
    return now;
}

/* A portion of each; of `all`, or of those that had more the last time. */
static bool read_round(struct postlog *own, bool all)
{
    bool more = false;
    for (size_t i = 0; i < own->inputs.len; i++)
        if (all || !own->inputs.at[i].idle)
            more |= must_wait(own, &own->inputs.at[i]) || read_input(own, &own->inputs.at[i]);
    return more;
}

bool postlog_read(struct postlog *own)
{
    int64_t begun = clock_steady_ms();
    bool more = read_round(own, true);
    while (more && clock_steady_ms() - begun < PORTION_MS)
        more = read_round(own, false);
    int64_t now = time_of_lines(own);
    if (now != STAMP_NONE)
        threads_tick(own->threads, now);
    return more;
}
