/* config - INI files with includes, and the old shell-like settings, into one list of entries.
 *
 * Files are opened first and judged by their descriptor, so that what was checked is what
 * is read. Includes are kept on a stack of our own, with limits on depth and number; a
 * file that includes itself, by whatever path, is found by its inode. What is wrong is
 * added to problems and reading goes on, so that an administrator sees all of it at once.
 * What sections and keys mean is known to settings.c, not here.
 */
#include "spamgear/cli/config.h"

#include "spamgear/base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BLANKS " \t"

/* One file while it is read. */
struct source {
    struct config *config;
    const char *file; /* its name, as messages say it */
    struct span rest; /* what is not read yet */
    unsigned line;    /* of what was read last; the first is 1 */
    char *section;    /* NULL before the first */
    enum { ABOVE_NOTHING, ABOVE_ENTRY, ABOVE_BAD } above; /* what a continuation would continue */
    struct texts includes;                                /* paths that the last line asked for */
    bool includes_allowed;
};

#define problem(s, ...) config_problem((s)->config, (s)->file, (s)->line, __VA_ARGS__)

void config_problem(struct config *config, const char *file, unsigned line, const char *format, ...)
{
    struct strbuf text = {0};
    va_list args;
    va_start(args, format);
    if (line > 0)
        strbuf_format(&text, "%s:%u: ", file, line);
    else
        strbuf_format(&text, "%s: ", file);
    strbuf_vformat(&text, format, args);
    va_end(args);
    *vec_add(&config->problems) = strbuf_take(&text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* ---- values ---- */

/* Copies a quoted word, from behind its opening quote. Returns what follows the closing
 * quote, or NULL with what is wrong in *wrong. */
static const char *unquote(struct span s, char quote, struct strbuf *out, const char **wrong)
{
    static const char escapes[] = "\"\"\\\\n\nt\t"; /* letter, its byte, ... */
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == quote)
            return s.at + i + 1;
        if (quote == '"' && s.at[i] == '\\') {
            size_t e = 0;
            char letter = ++i < s.len ? s.at[i] : '\0';
            while (escapes[e] != '\0' && escapes[e] != letter)
                e += 2;
            if (escapes[e] == '\0') {
                *wrong = "only \\\" \\\\ \\n \\t may follow a backslash in double quotes";
                return NULL;
            }
            strbuf_add_char(out, escapes[e + 1]);
        } else {
            strbuf_add_char(out, s.at[i]);
        }
    }
    *wrong = "a quote is not closed";
    return NULL;
}

/* A value line while its words are taken. */
struct words {
    struct span rest;
    bool first_quoted;
    struct strbuf *value;
    struct texts *words;
    const char *wrong;
};

/* Takes the quoted word at the start of rest. False when it is none that ends properly. */
static bool take_quoted(struct words *w, struct strbuf *word)
{
    char quote = w->rest.len > 0 ? w->rest.at[0] : '\0';
    if (quote != '"' && quote != '\'')
        return false;
    const char *end = span_end(w->rest);
    const char *after = unquote(span_skip(w->rest, 1), quote, word, &w->wrong);
    if (after != NULL && after < end && !is_blank(*after)) {
        w->wrong = "something follows the closing quote";
        after = NULL;
    }
    if (after == NULL)
        return false;
    w->rest = span_of(after, end);
    return true;
}

static void take_plain(struct words *w, struct strbuf *word)
{
    size_t len = 0;
    while (len < w->rest.len && !is_blank(w->rest.at[len]))
        len++;
    strbuf_reset(word);
    strbuf_add(word, w->rest.at, len);
    w->rest = span_skip(w->rest, len);
}

static struct span take_gap(struct words *w)
{
    size_t len = 0;
    while (len < w->rest.len && is_blank(w->rest.at[len]))
        len++;
    struct span gap = {w->rest.at, len};
    w->rest = span_skip(w->rest, len);
    return gap;
}

static bool at_comment(const struct words *w, struct span gap)
{
    return w->rest.len > 0 && gap.len > 0 && (w->rest.at[0] == '#' || w->rest.at[0] == ';');
}

/* Adds one line of a value: its words, and its text as a whole. 0, or -1 with w->wrong. */
static int add_value_line(struct words *w)
{
    struct strbuf word = {0};
    bool first = true;
    for (;;) {
        struct span gap = take_gap(w);
        if (w->rest.len == 0 || at_comment(w, gap))
            break;
        struct span raw = w->rest;
        strbuf_reset(&word);
        bool quoted = take_quoted(w, &word);
        bool is_bad = !quoted && w->wrong != NULL && first;
        if (is_bad)
            break;
        w->wrong = NULL;
        if (!quoted)
            take_plain(w, &word);
        w->first_quoted = first ? quoted : w->first_quoted;
        if (!first)
            strbuf_add_span(w->value, gap);
        if (w->first_quoted)
            strbuf_add_span(w->value, strbuf_span(&word));
        else
            strbuf_add(w->value, raw.at, raw.len - w->rest.len);
        texts_add(w->words, strbuf_text(&word));
        first = false;
    }
    strbuf_clear(&word);
    return w->wrong == NULL ? 0 : -1;
}

/* ---- entries ---- */

void config_add(struct config *config, const char *file, unsigned line, const char *section,
                struct span key, struct strbuf *value, struct texts *words)
{
    struct config_entry entry = {.section = mem_text(section),
                                 .key = mem_text_of(key.at, key.len),
                                 .value = strbuf_take(value),
                                 .words = *words,
                                 .file = file,
                                 .line = line};
    *words = (struct texts){0};
    *vec_add(&config->entries) = entry;
}

static void read_include(struct source *s, struct strbuf *value, struct texts *words)
{
    if (!s->includes_allowed)
        problem(s, "include is not possible here");
    else if (words->len == 0)
        problem(s, "include: names no file");
    else
        for (size_t i = 0; i < words->len; i++)
            texts_add(&s->includes, words->at[i]);
    texts_clear(words);
    strbuf_clear(value);
    s->above = ABOVE_NOTHING;
}

static void read_setting(struct source *s, struct span line)
{
    const char *equals = memchr(line.at, '=', line.len);
    s->above = ABOVE_BAD;
    if (equals == NULL) {
        problem(s, "\"%.*s\" is neither a [section] nor key = value", (int)line.len, line.at);
        return;
    }
    struct span key = span_trim(span_of(line.at, equals), BLANKS);
    struct strbuf value = {0};
    struct texts words = {0};
    struct words w = {
        .rest = span_of(equals + 1, span_end(line)), .value = &value, .words = &words};
    bool is_include = span_is(key, SPAN("include"));
    if (key.len == 0)
        problem(s, "no key before =");
    else if (s->section == NULL && !is_include)
        problem(s, "%.*s: stands before the first [section]", (int)key.len, key.at);
    else if (add_value_line(&w) != 0)
        problem(s, "%.*s: %s", (int)key.len, key.at, w.wrong);
    else if (is_include)
        read_include(s, &value, &words);
    else {
        config_add(s->config, s->file, s->line, s->section, key, &value, &words);
        s->above = ABOVE_ENTRY;
    }
    strbuf_clear(&value);
    texts_clear(&words);
}

static void read_continuation(struct source *s, struct span line)
{
    if (s->above == ABOVE_NOTHING)
        problem(s, "begins with a blank, but there is no value above to continue");
    if (s->above != ABOVE_ENTRY)
        return;
    struct config_entry *entry = &s->config->entries.at[s->config->entries.len - 1];
    struct strbuf value = {0};
    struct words w = {.rest = line, .value = &value, .words = &entry->words};
    strbuf_add_text(&value, entry->value);
    if (value.len > 0)
        strbuf_add_char(&value, '\n');
    if (add_value_line(&w) != 0)
        problem(s, "%s: %s", entry->key, w.wrong);
    free(entry->value);
    entry->value = strbuf_take(&value);
}

/* "[ format  my relay ]" is the section "format my relay". */
static void add_section_name(struct strbuf *out, struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        bool gap = is_blank(name.at[i]);
        if (gap && i + 1 < name.len && is_blank(name.at[i + 1]))
            continue;
        strbuf_add_char(out, gap ? ' ' : name.at[i]);
    }
}

static void read_section(struct source *s, struct span line)
{
    const char *close = memchr(line.at, ']', line.len);
    s->above = ABOVE_NOTHING;
    if (close == NULL) {
        problem(s, "[ without ]");
        s->above = ABOVE_BAD;
        return;
    }
    struct span name = span_trim(span_of(line.at + 1, close), BLANKS);
    struct span after = span_trim(span_of(close + 1, span_end(line)), BLANKS);
    if (name.len == 0)
        problem(s, "a section without a name");
    if (after.len > 0 && after.at[0] != '#' && after.at[0] != ';')
        problem(s, "something follows [%.*s]", (int)name.len, name.at);
    struct strbuf text = {0};
    add_section_name(&text, name);
    free(s->section);
    s->section = strbuf_take(&text);
}

static void read_line(struct source *s, struct span line)
{
    bool indented = line.len > 0 && is_blank(line.at[0]);
    struct span content = span_trim(line, BLANKS);
    if (content.len == 0 || content.at[0] == '#' || content.at[0] == ';')
        return;
    if (memchr(line.at, '\0', line.len) != NULL) {
        problem(s, "holds a NUL byte");
        s->above = ABOVE_BAD;
    } else if (indented)
        read_continuation(s, line);
    else if (line.at[0] == '[')
        read_section(s, content);
    else
        read_setting(s, line);
}

/* The next line without its end. */
static struct span next_line(struct source *s)
{
    const char *newline = memchr(s->rest.at, '\n', s->rest.len);
    const char *end = newline != NULL ? newline : span_end(s->rest);
    struct span line = span_of(s->rest.at, end);
    s->rest = span_of(newline != NULL ? newline + 1 : end, span_end(s->rest));
    s->line++;
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

static struct span without_mark(struct span text)
{
    return span_has_prefix(text, SPAN("\xef\xbb\xbf")) ? span_skip(text, 3) : text;
}

const char *config_add_file(struct config *config, const char *name)
{
    texts_add(&config->files, name);
    return config->files.at[config->files.len - 1];
}

void config_read_text(struct config *config, const char *name, struct span text)
{
    struct source s = {.config = config, .rest = without_mark(text)};
    s.file = config_add_file(config, name);
    while (s.rest.len > 0)
        read_line(&s, next_line(&s));
    free(s.section);
}

/* ---- files ---- */

int config_check_owner(int fd, const char *path, int secret, struct strbuf *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return strbuf_why(why, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return strbuf_why(why, "%s: not a regular file", path);
    if (secret && (st.st_mode & S_IROTH))
        return strbuf_why(why, "%s: holds secrets, but everybody may read it (chmod o-r)", path);
    if (geteuid() != 0)
        return 0;
    if (st.st_uid != 0)
        return strbuf_why(why, "%s: belongs to user %u; root reads only what root owns", path,
                          (unsigned)st.st_uid);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return strbuf_why(why, "%s: others than root may write it (chmod go-w)", path);
    return 0;
}

static int read_all(int fd, const char *path, struct strbuf *text, struct strbuf *why)
{
    char block[16384];
    for (;;) {
        ssize_t n = read(fd, block, sizeof block);
        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return strbuf_why(why, "%s: %s", path, strerror(errno));
        strbuf_add(text, block, (size_t)n);
        if (text->len > CONFIG_SIZE_MAX)
            return strbuf_why(why, "%s: larger than %d bytes", path, CONFIG_SIZE_MAX);
    }
}

/* O_NONBLOCK: a FIFO must be refused, not waited for. */
int config_open(const char *path, struct strbuf *text, struct stat *st, struct strbuf *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        int cause = errno;
        strbuf_why(why, "%s: %s", path, strerror(cause));
        errno = cause;
        return -1;
    }
    int result = fstat(fd, st) == 0 ? 0 : strbuf_why(why, "%s: %s", path, strerror(errno));
    bool is_null = result == 0 && S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
    if (result == 0 && !is_null) /* "--config /dev/null" is how people say: no config */
        result = config_check_owner(fd, path, 0, why);
    if (result == 0)
        result = read_all(fd, path, text, why);
    close(fd);
    errno = 0;
    return result;
}

/* ---- includes ---- */

/* Files that one line asked for, read one after another. */
struct frame {
    struct texts paths;
    size_t next;
    char *section; /* in which each begins */
    const char *from_file;
    unsigned from_line;   /* 0 = asked for by no file */
    struct source source; /* of the file that is open now */
    struct strbuf text;
    bool open;
    dev_t dev;
    ino_t ino;
};

struct stack {
    struct config *config;
    struct frame frames[CONFIG_DEPTH_MAX];
    int depth;
    bool missing_ok;
};

static void close_source(struct frame *frame)
{
    free(frame->source.section);
    texts_clear(&frame->source.includes);
    strbuf_reset(&frame->text);
    frame->source = (struct source){0};
    frame->open = false;
}

static void pop(struct stack *stack)
{
    struct frame *frame = &stack->frames[--stack->depth];
    close_source(frame);
    strbuf_clear(&frame->text);
    texts_clear(&frame->paths);
    free(frame->section);
}

static bool is_open_already(const struct stack *stack, const struct stat *st)
{
    for (int i = 0; i < stack->depth - 1; i++)
        if (stack->frames[i].dev == st->st_dev && stack->frames[i].ino == st->st_ino)
            return true;
    return false;
}

static void complain(struct stack *stack, const struct frame *frame, const char *what)
{
    if (frame->from_line > 0)
        config_problem(stack->config, frame->from_file, frame->from_line, "include: %s", what);
    else
        texts_add(&stack->config->problems, what);
}

/* Opens the next file of the top frame. */
static void open_next(struct stack *stack, struct frame *frame)
{
    struct strbuf why = {0};
    struct stat st = {0};
    const char *path = frame->paths.at[frame->next++];
    if (stack->config->files.len >= CONFIG_FILES_MAX) {
        frame->next = frame->paths.len;
        complain(stack, frame, "too many files");
    } else if (config_open(path, &frame->text, &st, &why) != 0) {
        if (!(errno == ENOENT && frame->from_line == 0 && stack->missing_ok))
            complain(stack, frame, strbuf_text(&why));
        strbuf_reset(&frame->text);
    } else if (is_open_already(stack, &st)) {
        strbuf_why(&why, "%s: includes itself", path);
        complain(stack, frame, strbuf_text(&why));
        strbuf_reset(&frame->text);
    } else {
        frame->open = true;
        frame->dev = st.st_dev;
        frame->ino = st.st_ino;
        frame->source = (struct source){.config = stack->config,
                                        .file = config_add_file(stack->config, path),
                                        .rest = without_mark(strbuf_span(&frame->text)),
                                        .section = mem_text(frame->section),
                                        .includes_allowed = true};
    }
    strbuf_clear(&why);
}

/* A folder that is not there holds no files; one that cannot be read may hold some. */
static int is_glob_trouble(const char *path, int cause)
{
    (void)path;
    return cause != ENOENT && cause != ENOTDIR;
}

static void glob_files(struct config *config, const char *pattern, struct texts *paths)
{
    glob_t found;
    int result = glob(pattern, 0, is_glob_trouble, &found);
    if (result == GLOB_ABORTED)
        config_problem(config, pattern, 0, "cannot read the folder: %s", strerror(errno));
    if (result != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        texts_add(paths, found.gl_pathv[i]);
    globfree(&found);
}

/* Adds the files that a pattern stands for. One without * ? [ stands for itself, so that
 * a missing one is told. */
static void add_glob(struct texts *paths, const struct source *s, const char *pattern)
{
    struct strbuf full = {0};
    const char *slash = strrchr(s->file, '/');
    if (pattern[0] != '/' && slash != NULL)
        strbuf_add(&full, s->file, (size_t)(slash + 1 - s->file));
    strbuf_add_text(&full, pattern);
    if (strpbrk(pattern, "*?[") == NULL) {
        texts_add(paths, strbuf_text(&full));
    } else {
        glob_files(s->config, strbuf_text(&full), paths);
    }
    strbuf_clear(&full);
}

static void push_includes(struct stack *stack, struct source *s)
{
    struct texts patterns = s->includes;
    s->includes = (struct texts){0};
    if (stack->depth == CONFIG_DEPTH_MAX) {
        problem(s, "include: more than %d files deep", CONFIG_DEPTH_MAX);
    } else {
        struct frame *frame = &stack->frames[stack->depth++];
        *frame = (struct frame){
            .section = mem_text(s->section), .from_file = s->file, .from_line = s->line};
        for (size_t i = 0; i < patterns.len; i++)
            add_glob(&frame->paths, s, patterns.at[i]);
    }
    texts_clear(&patterns);
}

/* One step: a line of the innermost file, or its end, or the next file. */
static void step(struct stack *stack)
{
    struct frame *frame = &stack->frames[stack->depth - 1];
    if (!frame->open) {
        if (frame->next < frame->paths.len)
            open_next(stack, frame);
        else
            pop(stack);
        return;
    }
    if (frame->source.rest.len == 0) {
        close_source(frame);
        return;
    }
    read_line(&frame->source, next_line(&frame->source));
    if (frame->source.includes.len > 0)
        push_includes(stack, &frame->source);
}

static void read_path(struct config *config, const char *path, bool missing_ok)
{
    struct stack stack = {.config = config, .depth = 1, .missing_ok = missing_ok};
    texts_add(&stack.frames[0].paths, path);
    while (stack.depth > 0)
        step(&stack);
}

void config_read(struct config *config, const char *path)
{
    read_path(config, path, false);
}

static void read_folder(struct config *config, const char *pattern)
{
    struct texts paths = {0};
    glob_files(config, pattern, &paths);
    for (size_t i = 0; i < paths.len; i++)
        read_path(config, paths.at[i], false);
    texts_clear(&paths);
}

const char *config_named(const char *explicit_path)
{
    return explicit_path != NULL ? explicit_path : secure_getenv("SPAMGEAR_CONFIG");
}

void config_load(struct config *config, const char *explicit_path)
{
    const char *named = config_named(explicit_path);
    if (named != NULL)
        config_read(config, named);
    else
        config_load_installed(config);
}

void config_load_installed(struct config *config)
{
    if (access(SPAMGEAR_CONFIG_DIR "/emergency-settings", F_OK) == 0)
        config_read_shell(config, SPAMGEAR_CONFIG_DIR "/emergency-settings", "emergency");
    read_path(config, SPAMGEAR_CONFIG_DIR "/spamgear.conf", true);
    read_folder(config, SPAMGEAR_CONFIG_DIR "/conf.d/*.conf");
}

/* ---- results ---- */

const struct config_entry *config_find(const struct config *config, const char *section,
                                       const char *key)
{
    for (size_t i = config->entries.len; i-- > 0;) {
        const struct config_entry *entry = &config->entries.at[i];
        if (strcmp(entry->section, section) == 0 && strcmp(entry->key, key) == 0)
            return entry;
    }
    return NULL;
}

void config_clear(struct config *config)
{
    for (size_t i = 0; i < config->entries.len; i++) {
        struct config_entry *entry = &config->entries.at[i];
        free(entry->section);
        free(entry->key);
        free(entry->value);
        texts_clear(&entry->words);
    }
    vec_clear(&config->entries);
    texts_clear(&config->files);
    texts_clear(&config->problems);
}
