/* logs - finding and opening the sources of a check. */
#include "spamgear/check/logs.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/text.h"
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_BYTES (64 * 1024) /* so much of a log is looked at for its first time */

static void add_problem(struct texts *problems, struct strbuf *why)
{
    texts_add(problems, strbuf_text(why));
    strbuf_clear(why);
}

static bool is_open_already(const struct logs *logs, const struct source *source)
{
    for (size_t i = 0; i < logs->sources.len; i++) {
        const struct source *other = logs->sources.at[i];
        if (source->ino != 0 && other->ino == source->ino && other->dev == source->dev)
            return true;
    }
    return false;
}

static bool is_trusted(const struct log_request *request, const char *path)
{
    for (size_t i = 0; request->trusted != NULL && i < request->trusted->len; i++)
        if (text_glob(request->trusted->at[i], span_text(path)))
            return true;
    return false;
}

/* When a log begins, whatever it is packed in. A second look at the file: the source that
 * will be read must not lose its beginning. */
static int64_t log_begin(const char *path)
{
    char *buf = mem_alloc(FIRST_BYTES);
    int64_t time = STAMP_NONE, now = clock_now();
    struct stamp stamp;
    struct span line;
    struct source *source = source_open(path, NULL);
    if (source != NULL) {
        ssize_t got = source_read(source, buf, FIRST_BYTES, NULL);
        int64_t newest = source->mtime < now ? source->mtime : now;
        time = stamp_first((struct span){buf, got > 0 ? (size_t)got : 0}, newest, &stamp, &line);
    }
    source_close(source);
    free(buf);
    return time;
}

/* Pipes and standard input can be read once only. */
static bool is_file(const char *path)
{
    struct stat st;
    return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Opens one path and adds it; NULL when it could not be opened or is there already. */
static struct source *add_source(struct logs *logs, const struct log_request *request,
                                 const char *path, struct texts *problems)
{
    struct strbuf why = {0};
    struct source *source = source_open(path, &why);
    if (source == NULL) {
        add_problem(problems, &why);
        return NULL;
    }
    if (is_open_already(logs, source)) {
        source_close(source);
        return NULL;
    }
    source->trusted = is_trusted(request, path);
    source->begin = is_file(path) ? log_begin(path) : STAMP_NONE;
    *vec_add(&logs->sources) = source;
    return source;
}

/* --- Rotated predecessors --- */

/* Adds predecessors, newest first, until one begins before the window, or ended before it by
 * its last change; the files are sorted later. */
static void add_predecessors(struct logs *logs, const struct log_request *request,
                             const struct source *newest, struct texts *problems)
{
    struct texts older = {0};
    int64_t wanted = request->window->since - request->window->slack_s;
    if (newest->begin == STAMP_NONE || newest->begin > wanted)
        source_predecessors(newest->name, &older);
    for (size_t i = 0; i < older.len; i++) {
        struct stat st;
        if (stat(older.at[i], &st) == 0 && st.st_mtime < wanted)
            break; /* it ended before the window: nothing of it is needed */
        const struct source *source = add_source(logs, request, older.at[i], problems);
        if (source != NULL && source->begin != STAMP_NONE && source->begin <= wanted)
            break;
    }
    texts_clear(&older);
}

/* By its first line, where that has a time; else by the last change. */
static int64_t age_of(const struct source *source)
{
    return source->begin != STAMP_NONE ? source->begin : source->mtime;
}

static int by_age(const void *a, const void *b)
{
    const struct source *x = *(struct source *const *)a, *y = *(struct source *const *)b;
    if (age_of(x) != age_of(y))
        return age_of(x) < age_of(y) ? -1 : 1;
    return -strcmp(x->name, y->name); /* mail.log.1 before mail.log */
}

/* --- What is read --- */

static void add_named(struct logs *logs, const struct log_request *request, struct texts *problems)
{
    struct texts paths = {0};
    struct strbuf why = {0};
    if (source_expand(request->names, &paths, &why) != 0)
        add_problem(problems, &why);
    for (size_t i = 0; i < paths.len; i++) {
        struct source *source = add_source(logs, request, paths.at[i], problems);
        if (source != NULL && source->kind == SOURCE_FILE)
            add_predecessors(logs, request, source, problems);
    }
    strbuf_clear(&why);
    texts_clear(&paths);
}

static int add_journal(struct logs *logs, const struct log_request *request, struct strbuf *why)
{
    if (request->identifiers == NULL)
        return strbuf_why(why, "this program's log is not kept in the journal");
    struct journal_request journal = {.dir = request->journal_dir,
                                      .file = request->journal_file,
                                      .identifiers = request->identifiers,
                                      .writers = request->writers,
                                      .needles = request->needles,
                                      .since = request->window->since - request->window->slack_s,
                                      .until = request->window->until};
    struct source *source = source_open_journal(&journal, why);
    if (source == NULL)
        return -1;
    source->begin = STAMP_NONE;
    *vec_add(&logs->sources) = source;
    return 0;
}

/* The first standard path that exists; machines without one often have the journal only. */
static void add_standard(struct logs *logs, const struct log_request *request,
                         struct texts *problems)
{
    struct strbuf tried = {0}, why = {0};
    for (const char *const *path = request->standard; *path != NULL; path++) {
        if (access(*path, F_OK) == 0) {
            const struct source *source = add_source(logs, request, *path, problems);
            if (source != NULL)
                add_predecessors(logs, request, source, problems);
            strbuf_clear(&tried);
            return;
        }
        strbuf_format(&tried, "%s%s", tried.len > 0 ? ", " : "", *path);
    }
    if (request->identifiers == NULL || add_journal(logs, request, &why) != 0) {
        strbuf_format(&tried, ": no such log%s%s", why.len > 0 ? "; journal: " : "",
                      strbuf_text(&why));
        add_problem(problems, &tried);
    }
    strbuf_clear(&tried);
    strbuf_clear(&why);
}

int logs_open(struct logs *logs, const struct log_request *request, struct texts *problems)
{
    struct strbuf why = {0};
    *logs = (struct logs){0};
    if (request->names->len > 0)
        add_named(logs, request, problems);
    if (request->journal && add_journal(logs, request, &why) != 0)
        add_problem(problems, &why);
    if (request->names->len == 0 && !request->journal)
        add_standard(logs, request, problems);
    if (logs->sources.len > 1)
        qsort(logs->sources.at, logs->sources.len, sizeof *logs->sources.at, by_age);
    return logs->sources.len > 0 ? 0 : -1;
}

void logs_close(struct logs *logs)
{
    for (size_t i = 0; i < logs->sources.len; i++)
        source_close(logs->sources.at[i]);
    vec_clear(&logs->sources);
}

const char *logs_find_once(const struct texts *names)
{
    for (size_t i = 0; i < names->len; i++) {
        const char *name = names->at[i];
        struct stat st;
        int got = strcmp(name, "-") == 0 ? fstat(STDIN_FILENO, &st) : stat(name, &st);
        if (got == 0 && S_ISFIFO(st.st_mode))
            return name;
    }
    return NULL;
}
