/* process_signs - what about a process is a sign of a break-in.
 *
 * The executable is what the kernel says (/proc/PID/exe); the command line is the process's own
 * word, so it can hide a script, and cannot make a system program of another one.
 */
#include "process_parts.h"

#include "spamgear/base/text.h"
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

/* -e, -c, -ne, -ccode; but not --long, nor -Mstrict. */
static bool gives_code(struct span word)
{
    return word.len > 1 && strchr("-MIm", word.at[1]) == NULL &&
           (strchr("ecE", word.at[1]) != NULL || strchr("ecE", word.at[word.len - 1]) != NULL);
}

/* The script among the words behind the first, or the option that gives code. */
static struct span find_script(struct span raw, bool *is_code)
{
    struct span word;
    *is_code = false;
    take_word(&raw, &word);
    while (take_word(&raw, &word)) {
        *is_code = word.len > 0 && word.at[0] == '-' && gives_code(word);
        if (*is_code || word.len == 0 || word.at[0] != '-')
            return word;
    }
    return (struct span){NULL, 0};
}

/* The script's whole path: caller frees. */
static char *whole_path(struct span script, const char *folder)
{
    struct strbuf path = {0};
    if (script.len > 0 && script.at[0] != '/')
        strbuf_format(&path, "%s/", folder);
    strbuf_add_span(&path, script);
    return strbuf_take(&path);
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
    bool updated =
        stands_in(name, system_folders, COUNT(system_folders)) && access(name, F_OK) == 0;
    if (!updated)
        sign(process, PROCESS_DELETED, "deleted", path);
    free(name);
}

static void judge_interpreter(struct process *process, struct span raw, const char *input,
                              const struct process_settings *settings)
{
    struct span name = base_name(span_text(process->executable));
    bool is_shell = is_named(name, shells, COUNT(shells)), is_code;
    struct span script = find_script(raw, &is_code);
    if (!is_shell && !is_named(name, interpreters, COUNT(interpreters)))
        return;
    if (is_named(name, pipes, COUNT(pipes))) {
        sign(process, PROCESS_INTERPRETER, "connects", name);
        return;
    }
    if (span_has_prefix(span_text(input), SPAN("socket:")))
        sign(process, PROCESS_INTERPRETER, "reads a socket:", name);
    else if (!is_shell && (is_code || script.len == 0))
        sign(process, PROCESS_INTERPRETER,
             is_code ? "code of its command line:" : "no script:", name);
    if (is_code || script.len == 0)
        return;
    char *path = whole_path(script, process->folder);
    if (!stands_in(path, system_folders, COUNT(system_folders)))
        sign(process, PROCESS_INTERPRETER, "script", span_text(path));
    judge_place(process, path, "script in", settings);
    free(path);
}

/* ---- the name ---- */

/* "php-fpm: pool www", "-bash", "nginx: worker process" */
static struct span shown_name(struct span raw)
{
    struct span word = {NULL, 0};
    take_word(&raw, &word);
    const char *colon = span_find(word, SPAN(": "));
    if (colon != NULL)
        word = span_of(word.at, colon);
    else if (word.len > 0 && word.at[word.len - 1] == ':')
        word.len--;
    if (word.len > 0 && word.at[0] == '-')
        word = span_skip(word, 1);
    return word;
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

static bool begins(struct span longer, struct span shorter)
{
    return shorter.len > 0 && span_has_prefix(longer, shorter);
}

static void judge_name(struct process *process, struct span raw)
{
    struct span shown = shown_name(raw), name = base_name(shown);
    struct span own = base_name(span_text(process->executable));
    if (span_has_suffix(own, SPAN(" (deleted)")))
        own.len -= strlen(" (deleted)");
    if (shown.len == 0 || begins(own, name) || begins(name, own))
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
        !stands_in(process->executable, system_folders, COUNT(system_folders)))
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
