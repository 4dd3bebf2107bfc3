/* process_signs - what about a process is a sign of a break-in.
 *
 * The executable is what the kernel says (/proc/PID/exe); the command line is the process's own
 * word, so it can hide a script, and cannot make a system program of another one.
 */
#include "process_parts.h"

#include "spamgear/base/text.h"
#include <ctype.h>
#include <unistd.h>

static const char *const system_folders[] = {"/usr/",   "/bin/", "/sbin/", "/lib/",
                                             "/lib64/", "/opt/", "/etc/",  "/snap/"};
/* Without the root's slash. */
static const char *const temporary_folders[] = {"tmp/", "var/tmp/", "dev/shm/", "run/shm/",
                                                "dev/mqueue/"};
/* Names without what follows of a version. */
static const char *const interpreters[] = {
    "perl",  "python", "pypy",   "ruby",           "lua",        "luajit",
    "tclsh", "expect", "node",   "nodejs",         "deno",       "socat",
    "nc",    "ncat",   "netcat", "nc.traditional", "nc.openbsd", "telnet"};
static const char *const shells[] = {"sh",  "bash", "dash", "zsh",     "ksh", "mksh",
                                     "csh", "tcsh", "ash",  "busybox", "fish"};
/* Need no script to do harm. */
static const char *const pipes[] = {"socat",          "nc",         "ncat",  "netcat",
                                    "nc.traditional", "nc.openbsd", "telnet"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void sign(struct process *process, unsigned which, const char *what, struct span text)
{
    process->signs |= which;
    texts_format(&process->details, "%s%s%.*s", what, text.len > 0 ? " " : "", (int)text.len,
                 text.at);
}

static bool stands_in(const char *path, const char *const *folders, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(path, folders[i], strlen(folders[i])) == 0)
            return true;
    return false;
}

bool process_is_system(const char *path)
{
    return stands_in(path, system_folders, COUNT(system_folders));
}

static struct span base_name(struct span path)
{
    const char *slash = span_find_last(path, SPAN("/"));
    return slash == NULL ? path : span_of(slash + 1, span_end(path));
}

/* "python3.11" is python, "nc.traditional" is itself. */
static bool is_named(struct span name, const char *const *list, size_t count)
{
    size_t letters = name.len;
    while (letters > 0 && strchr("0123456789.-", name.at[letters - 1]) != NULL)
        letters--;
    for (size_t i = 0; i < count; i++)
        if (span_is(name, span_text(list[i])) ||
            span_is((struct span){name.at, letters}, span_text(list[i])))
            return true;
    return false;
}

/* ---- words of the command line ---- */

static bool take_word(struct span *raw, struct span *word)
{
    if (raw->len == 0)
        return false;
    const char *end = memchr(raw->at, '\0', raw->len);
    *word = end == NULL ? *raw : span_of(raw->at, end);
    *raw = span_skip(*raw, word->len + (end != NULL));
    return true;
}

static bool is_shell(struct span program)
{
    return is_named(program, shells, COUNT(shells));
}

/* Letters of options: whose value is code, and who take a value that is none. A value is the rest
 * of the word or, without a rest, the next word. */
struct letters {
    const char *program, *code, *value;
};

static const struct letters *letters_of(struct span program)
{
    static const struct letters rows[] = {
        {"perl", "eE", "IMm"}, {"python", "c", "WXQ"}, {"pypy", "c", "WX"},
        {"ruby", "e", "IrCE"}, {"node", "ep", "r"},    {"nodejs", "ep", "r"},
        {"lua", "e", "l"},     {"luajit", "e", "l"},   {"expect", "c", ""}};
    static const struct letters of_shell = {"", "c", "oO"}, others = {"", "ec", ""};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (is_named(program, &rows[i].program, 1))
            return &rows[i];
    return is_shell(program) ? &of_shell : &others;
}

enum option { OPTION_ALONE, OPTION_CODE, OPTION_VALUE };

static enum option kind_of_option(struct span word, struct span program)
{
    const struct letters *letters = letters_of(program);
    if (is_shell(program) &&
        (span_is(word, SPAN("--rcfile")) || span_is(word, SPAN("--init-file"))))
        return OPTION_VALUE;
    for (size_t i = 1; i < word.len && word.at[1] != '-'; i++) {
        if (word.at[0] == '-' && strchr(letters->code, word.at[i]) != NULL)
            return OPTION_CODE;
        if (strchr(letters->value, word.at[i]) != NULL)
            return i + 1 == word.len ? OPTION_VALUE : OPTION_ALONE;
    }
    return OPTION_ALONE;
}

static bool is_option(struct span word, struct span program)
{
    return word.len > 0 && (word.at[0] == '-' || (word.at[0] == '+' && is_shell(program)));
}

/* The script among the words behind the first, or the option that gives code. */
static struct span find_script(struct span raw, struct span program, bool *is_code)
{
    struct span word;
    *is_code = false;
    take_word(&raw, &word);
    while (take_word(&raw, &word)) {
        enum option kind = is_option(word, program) ? kind_of_option(word, program) : OPTION_ALONE;
        *is_code = kind == OPTION_CODE;
        if (*is_code || !is_option(word, program))
            return word;
        if (kind == OPTION_VALUE)
            take_word(&raw, &word);
    }
    return (struct span){NULL, 0};
}

/* Adds the names of a path to one without "." and "..": what /usr/../home is must be seen. */
static void add_names(struct strbuf *path, struct span names)
{
    while (names.len > 0) {
        const char *slash = memchr(names.at, '/', names.len);
        struct span name = span_of(names.at, slash == NULL ? span_end(names) : slash);
        names = span_skip(names, name.len + (slash != NULL));
        if (span_is(name, SPAN(".."))) {
            while (path->len > 0 && path->data[--path->len] != '/')
                ;
        } else if (name.len > 0 && !span_is(name, SPAN("."))) {
            strbuf_add_char(path, '/');
            strbuf_add_span(path, name);
        }
    }
}

/* The script's whole path: caller frees. */
static char *whole_path(struct span script, const char *folder)
{
    struct strbuf path = {0};
    if (script.len > 0 && script.at[0] != '/')
        add_names(&path, span_text(folder));
    add_names(&path, script);
    if (path.len == 0)
        strbuf_add_char(&path, '/');
    strbuf_add_text(&path, ""); /* ends it, should it have been shortened */
    return strbuf_take(&path);
}

/* What runs: busybox is what it is called by, or told to be. *raw begins with its name. */
static struct span find_program(const struct process *process, struct span *raw)
{
    struct span program = base_name(span_text(process->executable)), rest = *raw, word;
    if (!span_is(program, SPAN("busybox")) || !take_word(&rest, &word))
        return program;
    if (!span_is(base_name(word), SPAN("busybox")))
        return base_name(word);
    *raw = rest;
    return take_word(&rest, &word) ? word : program;
}

/* ---- signs ---- */

static bool is_temporary(const char *path, const struct process_settings *settings)
{
    if (path[0] == '/' && stands_in(path + 1, temporary_folders, COUNT(temporary_folders)))
        return true;
    for (size_t i = 0; settings->temporary != NULL && i < settings->temporary->len; i++) {
        struct strbuf glob = {0};
        strbuf_format(&glob, "%s/*", settings->temporary->at[i]);
        bool fits = text_glob(strbuf_text(&glob), span_text(path));
        strbuf_clear(&glob);
        if (fits)
            return true;
    }
    return false;
}

static void judge_place(struct process *process, const char *path, const char *what,
                        const struct process_settings *settings)
{
    if (is_temporary(path, settings))
        sign(process, PROCESS_FROM_TEMP, what, span_text(path));
}

/* A package that is updated leaves its old programs running: the same name is there again. */
static void judge_deleted(struct process *process)
{
    struct span path = span_text(process->executable);
    if (!span_has_suffix(path, SPAN(" (deleted)")))
        return;
    path.len -= strlen(" (deleted)");
    char *name = mem_text_of(path.at, path.len);
    bool updated = process_is_system(name) && access(name, F_OK) == 0;
    if (!updated)
        sign(process, PROCESS_DELETED, "deleted", path);
    free(name);
}

static void judge_script(struct process *process, struct span script,
                         const struct process_settings *settings)
{
    char *path = whole_path(script, process->folder);
    if (!process_is_system(path))
        sign(process, PROCESS_INTERPRETER, "script", span_text(path));
    judge_place(process, path, "script in", settings);
    free(path);
}

static void judge_interpreter(struct process *process, struct span raw, const char *input,
                              const struct process_settings *settings)
{
    struct span name = find_program(process, &raw);
    bool shell = is_shell(name), is_code;
    struct span script = find_script(raw, name, &is_code);
    if (!shell && !is_named(name, interpreters, COUNT(interpreters)))
        return;
    if (is_named(name, pipes, COUNT(pipes))) {
        sign(process, PROCESS_INTERPRETER, "connects", name);
        return;
    }
    if (span_has_prefix(span_text(input), SPAN("socket:")))
        sign(process, PROCESS_INTERPRETER, "reads a socket:", name);
    else if (!shell && (is_code || script.len == 0))
        sign(process, PROCESS_INTERPRETER,
             is_code ? "code of its command line:" : "no script:", name);
    if (!is_code && script.len == 0)
        judge_place(process, input, "reads", settings);
    else if (!is_code)
        judge_script(process, script, settings);
}

/* ---- the name ---- */

/* "php-fpm: pool www", "lsphp:/srv/a.php", "-bash", "pure-ftpd (IDLE)" */
static struct span shown_name(struct span raw)
{
    struct span word = {NULL, 0};
    take_word(&raw, &word);
    for (size_t i = 1; i < word.len; i++)
        if (word.at[i] == ':' && (i + 1 == word.len || strchr(" /", word.at[i + 1]) != NULL))
            word.len = i;
    const char *slash = span_find_last(word, SPAN("/"));
    for (size_t i = slash == NULL ? 0 : (size_t)(slash - word.at); i < word.len; i++)
        if (word.at[i] == ' ' && i > 0)
            word.len = i;
    if (word.len > 0 && word.at[0] == '-')
        word = span_skip(word, 1);
    return word;
}

/* Programs that are called as they are told: the first word chooses what busybox does, and
 * systemd's child for PAM is "(sd-pam)". */
static bool has_many_names(struct span own, struct span shown)
{
    return span_is(own, SPAN("busybox")) ||
           (span_has_prefix(own, SPAN("systemd")) && shown.len > 0 && shown.at[0] == '(');
}

/* One of the system's names for the same program: sh and dash, vi and vim.basic. */
static bool is_system_name(struct span name, const char *executable)
{
    static const char *const folders[] = {"/usr/bin/",  "/bin/",           "/usr/sbin/",
                                          "/sbin/",     "/usr/local/bin/", "/usr/local/sbin/",
                                          "/usr/games/"};
    for (size_t i = 0; i < COUNT(folders); i++) {
        struct strbuf path = {0};
        strbuf_format(&path, "%s%.*s", folders[i], (int)name.len, name.at);
        char *target = memchr(name.at, '\0', name.len) != NULL || name.len > 255
                           ? NULL
                           : realpath(strbuf_text(&path), NULL);
        bool same = target != NULL && strcmp(target, executable) == 0;
        free(target);
        strbuf_clear(&path);
        if (same)
            return true;
    }
    return false;
}

/* SCREEN is screen, CRON is cron, php-fpm is php-fpm8.2; but httpd is not what h is. */
static bool begins(struct span longer, struct span shorter)
{
    return shorter.len > 0 && longer.len >= shorter.len &&
           strncasecmp(longer.at, shorter.at, shorter.len) == 0 &&
           (longer.len == shorter.len || !isalpha((unsigned char)longer.at[shorter.len]));
}

static void judge_name(struct process *process, struct span raw)
{
    struct span shown = shown_name(raw), name = base_name(shown);
    struct span own = base_name(span_text(process->executable));
    if (span_has_suffix(own, SPAN(" (deleted)")))
        own.len -= strlen(" (deleted)");
    if (shown.len == 0 || begins(own, name) || begins(name, own) || has_many_names(own, shown))
        return;
    if (name.len > 0 && shown.at[0] != '[' && is_system_name(name, process->executable))
        return;
    sign(process, PROCESS_FAKED_NAME, "calls itself", shown);
}

void process_judge(struct process *process, struct span raw, const char *input,
                   const struct process_settings *settings)
{
    judge_interpreter(process, raw, input, settings);
    if (is_named(base_name(span_text(process->executable)), interpreters, COUNT(interpreters)) &&
        !process_is_system(process->executable))
        sign(process, PROCESS_INTERPRETER, "program", span_text(process->executable));
    judge_deleted(process);
    judge_place(process, process->executable, "program in", settings);
    if (span_has_prefix(span_text(process->executable), SPAN("/memfd:")))
        sign(process, PROCESS_FROM_TEMP, "program in memory", SPAN(""));
    judge_name(process, raw);
}

const char *process_sign_name(unsigned which)
{
    static const char *const names[PROCESS_SIGNS] = {"interpreter", "deleted", "temporary",
                                                     "faked-name", "sends-mail"};
    for (unsigned i = 0; i < PROCESS_SIGNS; i++)
        if (which == 1u << i)
            return names[i];
    return "";
}
