/* processes - walks through /proc.
 *
 * A process is opened once, by its folder in /proc, and everything is read below that descriptor:
 * if it ends and its number is given to another one meanwhile, reading fails instead of mixing two
 * of them.
 */
#include "process_parts.h"

#include "spamgear/base/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#define COMMAND_BYTES 8192
#define STATUS_BYTES  16384
#define LINK_BYTES    4096
#define SOCKETS_MAX   4096 /* descriptors of one process that are looked at */

bool process_read(int dirfd, const char *name, size_t bytes_max, struct strbuf *out)
{
    char block[8192];
    ssize_t got = 0;
    int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    strbuf_reset(out);
    while (out->len < bytes_max && (got = read(fd, block, sizeof block)) > 0)
        strbuf_add(out, block, (size_t)got);
    close(fd);
    return got >= 0;
}

bool process_link(int dirfd, const char *name, struct strbuf *out)
{
    char target[LINK_BYTES];
    ssize_t len = readlinkat(dirfd, name, target, sizeof target);
    strbuf_reset(out);
    if (len >= 0)
        strbuf_add(out, target, (size_t)len);
    return len >= 0;
}

/* ---- which processes ---- */

/* The real UID: "Uid:\t1000\t1000\t1000\t1000". */
static bool read_uid(int procdir, uid_t *uid)
{
    struct strbuf status = {0};
    unsigned number = 0;
    const char *line = NULL;
    if (process_read(procdir, "status", STATUS_BYTES, &status))
        line = strstr(strbuf_text(&status), "\nUid:\t");
    bool found = line != NULL && sscanf(line, "\nUid:\t%u", &number) == 1;
    *uid = number;
    strbuf_clear(&status);
    return found;
}

struct look {
    const struct process_settings *settings;
    struct processes *processes;
    struct mail_sockets sockets;
    VEC(uid_t) web_users; /* asked for once: the answer may come from far away */
    int64_t boot;
};

static void find_web_users(struct look *look)
{
    const struct texts *users = look->settings->users;
    for (size_t i = 0; users != NULL && i < users->len; i++) {
        const struct passwd *entry = getpwnam(users->at[i]);
        if (entry != NULL)
            *vec_add(&look->web_users) = entry->pw_uid;
    }
}

static bool is_wanted(const struct look *look, uid_t uid)
{
    bool wanted = uid >= look->settings->uid_low && uid <= look->settings->uid_high;
    for (size_t i = 0; i < look->web_users.len; i++)
        wanted = wanted || look->web_users.at[i] == uid;
    return wanted;
}

/* ---- one process ---- */

/* "123 (name) S 1 ...": state, parent, and field 22, the start in ticks after boot. The name may
 * hold anything, so the last parenthesis counts. */
static bool read_stat(int procdir, int64_t boot, struct process *process)
{
    struct strbuf stat = {0};
    char state = '\0';
    int parent = 0;
    unsigned long long ticks = 0;
    bool good = process_read(procdir, "stat", STATUS_BYTES, &stat);
    const char *behind = good ? strrchr(strbuf_text(&stat), ')') : NULL;
    good =
        behind != NULL &&
        sscanf(behind,
               ") %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &state, &parent, &ticks) == 3;
    process->parent = parent;
    process->started = boot + (int64_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK));
    strbuf_clear(&stat);
    return good && state != 'Z' && state != 'X';
}

static char *user_name(uid_t uid)
{
    struct strbuf name = {0};
    const struct passwd *entry = getpwuid(uid);
    if (entry != NULL)
        strbuf_add_text(&name, entry->pw_name);
    else
        strbuf_format(&name, "%u", (unsigned)uid);
    return strbuf_take(&name);
}

/* The words with blanks between them. */
static char *plain_command(struct span raw)
{
    struct strbuf text = {0};
    while (raw.len > 0 && raw.at[raw.len - 1] == '\0')
        raw.len--;
    for (size_t i = 0; i < raw.len; i++)
        strbuf_add_char(&text, raw.at[i] == '\0' ? ' ' : raw.at[i]);
    return strbuf_take(&text);
}

static void judge_sockets(struct process *process, int procdir, struct mail_sockets *sockets)
{
    int fd = openat(procdir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct strbuf link = {0};
    struct dirent *entry;
    for (int n = 0; folder != NULL && n < SOCKETS_MAX && (entry = readdir(folder)) != NULL; n++) {
        if (!process_link(fd, entry->d_name, &link))
            continue;
        if (span_has_prefix(strbuf_span(&link), SPAN("socket:")))
            mail_sockets_read(sockets, procdir);
        const char *peer = mail_sockets_peer(sockets, strbuf_text(&link));
        if (peer == NULL)
            continue;
        process->signs |= PROCESS_SENDS_MAIL;
        texts_format(&process->details, "connected to %s", peer);
    }
    strbuf_clear(&link);
    if (folder != NULL)
        closedir(folder);
    else if (fd >= 0)
        close(fd);
}

/* Is the glob one of command lines? Those are the process's own word, so they excuse nothing but
 * what the system's programs do. */
static bool fits(const char *glob, const struct process *process)
{
    bool is_command = glob[0] != '/' || strchr(glob, ' ') != NULL;
    return text_glob(glob, span_text(process->executable)) ||
           (is_command && process_is_system(process->executable) &&
            text_glob(glob, span_text(process->command)));
}

static bool is_allowed(const struct process *process, const struct texts *globs)
{
    for (size_t i = 0; globs != NULL && i < globs->len; i++)
        if (fits(globs->at[i], process))
            return true;
    return false;
}

static void process_clear(struct process *process)
{
    free(process->user);
    free(process->executable);
    free(process->command);
    free(process->folder);
    texts_clear(&process->details);
    *process = (struct process){0};
}

/* What is needed to judge it. errno says why not: ENOENT is a process that has ended or, without an
 * executable, one of the kernel's. */
static bool read_process(int procdir, struct process *process, struct strbuf *raw)
{
    struct strbuf link = {0};
    bool good = process_link(procdir, "exe", &link);
    int error = errno;
    process->executable = strbuf_take(&link);
    good = good && process_read(procdir, "cmdline", COMMAND_BYTES, raw);
    process->command = plain_command(strbuf_span(raw));
    process_link(procdir, "cwd", &link);
    process->folder = strbuf_take(&link);
    errno = error;
    return good;
}

static void judge(struct look *look, int procdir, struct process *process, struct span raw)
{
    struct strbuf input = {0};
    process_link(procdir, "fd/0", &input);
    process_judge(process, raw, strbuf_text(&input), look->settings);
    judge_sockets(process, procdir, &look->sockets);
    strbuf_clear(&input);
    if (process->signs == 0) {
        process_clear(process);
    } else if (is_allowed(process, look->settings->allow)) {
        look->processes->allowed++;
        process_clear(process);
    } else {
        process->user = user_name(process->uid);
        *vec_add(&look->processes->found) = *process;
    }
}

static void look_at(struct look *look, int procdir, pid_t pid)
{
    struct process process = {.pid = pid};
    struct strbuf raw = {0};
    if (read_uid(procdir, &process.uid) && is_wanted(look, process.uid) &&
        read_stat(procdir, look->boot, &process)) {
        if (read_process(procdir, &process, &raw)) {
            look->processes->seen++;
            judge(look, procdir, &process, strbuf_span(&raw));
        } else {
            bool is_gone = errno == ENOENT || errno == ESRCH;
            look->processes->seen += !is_gone;
            look->processes->unreadable += !is_gone;
            process_clear(&process);
        }
    }
    strbuf_clear(&raw);
}

/* ---- all of them ---- */

/* "btime 1700000000" */
static int64_t boot_time(int proc)
{
    struct strbuf stat = {0};
    long long boot = 0;
    const char *line = NULL;
    if (process_read(proc, "stat", 1u << 20, &stat))
        line = strstr(strbuf_text(&stat), "\nbtime ");
    if (line == NULL || sscanf(line, "\nbtime %lld", &boot) != 1)
        boot = 0;
    strbuf_clear(&stat);
    return boot;
}

static int by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static void look_at_all(struct look *look, DIR *folder)
{
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        unsigned long long pid;
        if (!span_number(span_text(entry->d_name), &pid))
            continue;
        int procdir = openat(dirfd(folder), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (procdir < 0)
            continue; /* ended */
        look_at(look, procdir, (pid_t)pid);
        close(procdir);
    }
}

/* Is it a /proc, and does it show us the processes of others? */
static int check_proc(int proc, struct look *look, struct strbuf *why)
{
    const char *name = look->settings->proc;
    look->boot = boot_time(proc);
    if (look->boot == 0)
        return strbuf_why(why, "%s: this is no proc file system", name);
    if (faccessat(proc, "1/status", R_OK, 0) != 0)
        return strbuf_why(why, "%s: hides the processes of others (hidepid): run as root", name);
    return 0;
}

int processes_look(const struct process_settings *settings, struct processes *processes,
                   struct strbuf *why)
{
    struct look look = {.settings = settings, .processes = processes};
    DIR *folder = opendir(settings->proc);
    *processes = (struct processes){0};
    if (folder == NULL)
        return strbuf_why(why, "%s: %s", settings->proc, strerror(errno));
    int result = check_proc(dirfd(folder), &look, why);
    if (result == 0) {
        find_web_users(&look);
        look_at_all(&look, folder);
    }
    closedir(folder);
    vec_clear(&look.web_users);
    mail_sockets_clear(&look.sockets);
    if (processes->found.len > 1)
        qsort(processes->found.at, processes->found.len, sizeof *processes->found.at, by_pid);
    return result;
}

void processes_clear(struct processes *processes)
{
    for (size_t i = 0; i < processes->found.len; i++)
        process_clear(&processes->found.at[i]);
    vec_clear(&processes->found);
}
