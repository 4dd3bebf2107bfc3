/* postlog_input - one follow a file, at its mark. */
#include "postlog_input.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What the joiner reads of a journal: every program of Postfix, and the filters. */
static const char *const thread_tags[] = {"postfix*", "amavis*", "spamd", "rspamd*", NULL};

static struct postlog_input *add_input(struct postlog_inputs *inputs, const char *name)
{
    struct postlog_input *input = vec_add(inputs);
    *input = (struct postlog_input){.name = mem_text(name), .newest = STAMP_NONE};
    stamp_clock_init(&input->clock, clock_now());
    return input;
}

/* The same file may be named twice, by another way. */
static bool is_same_file(const char *one, const char *other)
{
    struct stat a, b;
    return strcmp(one, other) == 0 || (stat(one, &a) == 0 && stat(other, &b) == 0 &&
                                       a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

static struct postlog_input *find_file(struct postlog_inputs *inputs, const char *path)
{
    for (size_t i = 0; i < inputs->len; i++)
        if (inputs->at[i].follow != NULL && is_same_file(inputs->at[i].name, path))
            return &inputs->at[i];
    return NULL;
}

static bool is_trusted(const struct texts *globs, const char *path)
{
    for (size_t i = 0; i < globs->len; i++)
        if (text_glob(globs->at[i], span_text(path)))
            return true;
    return false;
}

/* 1: there is a mark; 0: none; -1: told. */
static int load_mark(struct state *state, struct postlog_input *input, struct texts *problems)
{
    struct strbuf why = {0};
    int found = state_mark(state, input->name, &input->mark, &why);
    if (found < 0)
        texts_format(problems, "%s: %s", input->name, strbuf_text(&why));
    strbuf_clear(&why);
    return found;
}

struct other_name {
    const char *path;
    char *source; /* under which the mark stands; NULL: none */
};

static void look_for_name(void *at, const char *source, struct span text)
{
    struct other_name *other = at;
    struct follow_mark mark;
    struct strbuf why = {0};
    if (other->source == NULL && follow_mark_read(text, &mark, &why) == 0 &&
        follow_is_in(other->path, &mark))
        other->source = mem_text(source);
    strbuf_clear(&why);
}

/* The same log may have had another name in the configuration: its lines count no second time. 1,
 * 0: it had none, -1: told. */
static int adopt_mark(struct state *state, struct postlog_input *input, struct texts *problems)
{
    struct other_name other = {.path = input->name};
    struct strbuf why = {0};
    int result = state_marks(state, look_for_name, &other, &why);
    if (result == 0 && other.source != NULL)
        result = state_rename_mark(state, other.source, input->name, &why);
    if (result < 0)
        texts_format(problems, "%s: %s", input->name, strbuf_text(&why));
    else if (other.source != NULL)
        result = load_mark(state, input, problems);
    strbuf_clear(&why);
    free(other.source);
    return result;
}

/* Where a log begins that has no mark yet is kept as well: what is written and rotated away before
 * the next start would else be missed. */
static void keep_start(struct postlog_input *input)
{
    follow_place(input->follow, &input->place);
    input->moved = true;
}

/* A mark that cannot be read would mean lines twice, or none: somebody must decide. */
static int open_file(struct postlog_input *input, struct state *state, struct texts *problems)
{
    struct follow_mark mark;
    struct strbuf why = {0};
    int found = load_mark(state, input, problems);
    if (found == 0)
        found = adopt_mark(state, input, problems);
    int result = found < 0 ? -1 : 0;
    if (found > 0 && follow_mark_read(strbuf_span(&input->mark), &mark, &why) != 0)
        result = strbuf_why(&why, "%s: its mark in the state is damaged", input->name);
    if (result == 0) {
        input->follow = follow_open(input->name, found > 0 ? &mark : NULL, FOLLOW_BEGIN, &why);
        result = input->follow != NULL ? 0 : -1;
    }
    if (input->follow != NULL && found == 0)
        keep_start(input);
    if (found > 0 && input->follow != NULL && mark.before != STAMP_NONE)
        input->clock.before = mark.before;
    if (result != 0 && why.len > 0)
        texts_add(problems, strbuf_text(&why));
    strbuf_clear(&why);
    return result;
}

static struct postlog_input *want_file(struct postlog_inputs *inputs, const char *path,
                                       struct state *state, struct texts *problems)
{
    struct postlog_input *input = find_file(inputs, path);
    if (input == NULL) {
        input = add_input(inputs, path);
        open_file(input, state, problems);
    }
    return input;
}

/* A journal that has given nothing yet has no cursor, but a time to begin at. */
#define SINCE "since "

static bool take_since(struct span mark, int64_t *since)
{
    unsigned long long number;
    if (!span_has_prefix(mark, SPAN(SINCE)) ||
        !span_number(span_skip(mark, sizeof SINCE - 1), &number) || number > INT64_MAX)
        return false;
    *since = (int64_t)number;
    return true;
}

static struct postlog_input *open_journal(struct postlog_inputs *inputs, const char *whose,
                                          struct journal_request *request, struct state *state,
                                          struct texts *problems)
{
    struct strbuf text = {0};
    strbuf_format(&text, "journal:%s", whose);
    struct postlog_input *input = add_input(inputs, strbuf_text(&text));
    int found = load_mark(state, input, problems);
    if (found == 0) /* as keep_start */
        strbuf_format(&input->mark, SINCE "%" PRId64, request->since);
    bool is_time = take_since(strbuf_span(&input->mark), &request->since);
    input->moved = found == 0;
    strbuf_reset(&text);
    if (found >= 0)
        input->journal =
            journal_follow_open(request, is_time ? NULL : strbuf_text(&input->mark), &text);
    if (found >= 0 && input->journal == NULL)
        texts_add(problems, strbuf_text(&text));
    strbuf_clear(&text);
    return input;
}

static void open_own(struct postlog_inputs *inputs, const struct postlog_plan *plan,
                     struct state *state, struct texts *problems)
{
    const struct postlog_settings *set = plan->set;
    bool journal = set->journal || set->journal_dir || set->journal_file;
    for (size_t i = 0; i < plan->logs.len; i++) {
        struct postlog_input *input = want_file(inputs, plan->logs.at[i], state, problems);
        input->threads = true;
        input->trusted |= is_trusted(&set->trusted_logs, plan->logs.at[i]);
    }
    if (!journal && plan->logs.len > 0)
        return;
    struct journal_request request = {.dir = set->journal_dir,
                                      .file = set->journal_file,
                                      .identifiers = thread_tags,
                                      .writers = format_find("postfix")->writers,
                                      .since = set->once ? 0 : clock_now() - 3600};
    size_t before = problems->len;
    open_journal(inputs, "postlog", &request, state, problems)->threads = true;
    if (problems->len > before && !journal)
        texts_add(problems,
                  "no log is named, and neither /var/log/mail.log nor /var/log/maillog is "
                  "there: say in [postlog] which `logs` to follow");
}

static void open_source(struct postlog_inputs *inputs, const struct watcher_source *source,
                        size_t number, struct state *state, struct texts *problems)
{
    const struct log_request *logs = &source->check->logs;
    for (size_t i = 0; i < source->logs.len; i++) {
        struct postlog_input *input = want_file(inputs, source->logs.at[i], state, problems);
        *vec_add(&input->sources) = number;
        input->trusted |= logs->trusted != NULL && is_trusted(logs->trusted, source->logs.at[i]);
    }
    if (!source->journal)
        return;
    struct journal_request request = {.dir = logs->journal_dir,
                                      .file = logs->journal_file,
                                      .identifiers = logs->identifiers,
                                      .writers = logs->writers,
                                      .needles = logs->needles,
                                      .since = logs->window->since};
    struct postlog_input *input =
        open_journal(inputs, source->profile->applet, &request, state, problems);
    *vec_add(&input->sources) = number;
}

int postlog_inputs_open(struct postlog_inputs *inputs, const struct postlog_plan *plan,
                        const struct watcher *watcher, struct state *state, struct texts *problems)
{
    size_t before = problems->len, sources = watcher != NULL ? watcher_count(watcher) : 0;
    open_own(inputs, plan, state, problems);
    for (size_t i = 0; i < sources; i++)
        open_source(inputs, watcher_source(watcher, i), i, state, problems);
    return problems->len == before ? 0 : -1;
}

void postlog_inputs_close(struct postlog_inputs *inputs)
{
    for (size_t i = 0; i < inputs->len; i++) {
        struct postlog_input *input = &inputs->at[i];
        if (input->follow != NULL)
            follow_close(input->follow);
        if (input->journal != NULL)
            journal_follow_close(input->journal);
        vec_clear(&input->sources);
        strbuf_clear(&input->mark);
        free(input->name);
    }
    vec_clear(inputs);
}

/* ---- reading ---- */

static int next_of_file(struct postlog_input *input, size_t bytes, struct postlog_chunk *chunk,
                        struct strbuf *why)
{
    struct follow_chunk got;
    int64_t now = clock_now();
    int result = follow_next(input->follow, bytes, &got, why);
    if (result != 1)
        return result;
    input->clock.newest = got.mtime < now ? got.mtime : now;
    *chunk = (struct postlog_chunk){.lines = got.lines};
    input->place = got.mark;
    return 1;
}

static int next_of_journal(struct postlog_input *input, struct postlog_chunk *chunk,
                           struct strbuf *why)
{
    struct span cursor;
    int result = journal_follow_next(input->journal, &chunk->lines, &cursor, why);
    if (result != 1)
        return result;
    chunk->graded = true;
    input->clock.newest = clock_now();
    strbuf_reset(&input->mark);
    strbuf_add_span(&input->mark, cursor);
    return 1;
}

/* Trouble is told once, but lasts until there is none any more. */
static bool is_failing(const struct postlog_input *input)
{
    struct follow_state state;
    if (input->journal != NULL)
        return journal_follow_is_failing(input->journal);
    follow_look(input->follow, &state);
    return state.failing;
}

int postlog_input_next(struct postlog_input *input, size_t bytes, struct postlog_chunk *chunk,
                       struct strbuf *why)
{
    *chunk = (struct postlog_chunk){0};
    int result = input->follow != NULL ? next_of_file(input, bytes, chunk, why)
                                       : next_of_journal(input, chunk, why);
    input->moved |= result == 1;
    input->idle = result != 1;
    input->failing = is_failing(input);
    return result;
}

struct span postlog_input_mark(struct postlog_input *input)
{
    if (input->follow != NULL) {
        if (input->clock.before != STAMP_NONE)
            input->place.before = input->clock.before;
        strbuf_reset(&input->mark);
        follow_mark_write(&input->place, &input->mark);
    }
    return strbuf_span(&input->mark);
}

bool postlog_input_is_undated(const struct postlog_input *input)
{
    return input->threads && input->undated > 0 && input->clock.before == STAMP_NONE;
}

bool postlog_input_is_behind(const struct postlog_input *input)
{
    struct follow_state state;
    if (input->journal != NULL)
        return journal_follow_is_behind(input->journal);
    if (input->follow == NULL)
        return false;
    follow_look(input->follow, &state);
    return state.behind;
}

int postlog_input_fd(const struct postlog_input *input)
{
    return input->follow != NULL ? follow_fd(input->follow) : journal_follow_fd(input->journal);
}
