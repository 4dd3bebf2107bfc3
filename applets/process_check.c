/* process-check - programs of web and tenant users that run where none should. */
#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/json.h"
#include "spamgear/base/text.h"
#include "spamgear/check/processes.h"
#include "spamgear/cli/applet.h"
#include "spamgear/log/stamp.h"
#include "spamgear/report/nagios.h"
#include <pwd.h>
#include <stdio.h>

struct settings {
    struct texts users, temporary, allow;
    uint64_t uid_low, uid_high;
    int format;
    char *proc;
};

enum { TEXT, JSON, NAGIOS };

static const char *const formats[] = {"text", "json", "nagios", NULL};

static const struct option options[] = {
    OPTION_LIST(struct settings, users, "users", 'u', "NAME",
                "Users of the web server, whose processes are looked at besides those of tenants. "
                "Without it: www-data, apache, nginx, httpd, lighttpd, nobody."),
    OPTION_COUNT(struct settings, uid_low, "uid-low", 0, "UID", "1000", 1, UINT32_MAX - 1,
                 "Lowest UID of tenants."),
    OPTION_COUNT(struct settings, uid_high, "uid-high", 0, "UID", "59999", 1, UINT32_MAX - 1,
                 "Highest UID of tenants."),
    OPTION_LIST(struct settings, temporary, "temporary", 't', "GLOB",
                "Folders that no program should run from, besides /tmp, /var/tmp and /dev/shm. "
                "Without it: */uploads and */wp-content/cache."),
    OPTION_LIST(
        struct settings, allow, "allow", 'a', "GLOB",
        "Programs that may do what they do, by their path. With a blank, or without a slash "
        "at its beginning, also whole command lines of the system's programs, such as "
        "\"*/perl /srv/bot/*\": a script can imitate those."),
    OPTION_CHOICE(struct settings, format, "format", 0, "text|json|nagios", "text", formats,
                  "Text, NDJSON (an object a process), or a Nagios plugin's status line."),
    OPTION_TEXT(struct settings, proc, "proc", 0, "FOLDER", "/proc", "Look here.",
                .flags = OPTION_RARE),
    OPTION_END};

static void add_signs(struct strbuf *out, unsigned signs)
{
    for (unsigned i = 0, told = 0; i < PROCESS_SIGNS; i++)
        if (signs & 1u << i)
            strbuf_format(out, "%s%s", told++ > 0 ? "," : "", process_sign_name(1u << i));
}

static void add_text(struct strbuf *out, const struct process *process)
{
    strbuf_format(out, "%d ", (int)process->pid);
    text_escape(out, span_text(process->user));
    strbuf_add_text(out, " [");
    add_signs(out, process->signs);
    strbuf_add_text(out, "] ");
    text_escape(out, span_text(process->command));
    strbuf_add_text(out, " -- ");
    text_escape(out, span_text(process->executable));
    for (size_t i = 0; i < process->details.len; i++) {
        strbuf_add_text(out, "; ");
        text_escape(out, span_text(process->details.at[i]));
    }
    strbuf_add_char(out, '\n');
}

static void add_json(struct strbuf *out, const struct process *process)
{
    struct json json = {.out = out};
    char started[32];
    stamp_format(process->started, started);
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "type", SPAN("process"));
    json_number(&json, "pid", (uint64_t)process->pid);
    json_number(&json, "parent", (uint64_t)process->parent);
    json_number(&json, "uid", process->uid);
    json_text(&json, "user", span_text(process->user));
    json_text(&json, "executable", span_text(process->executable));
    json_text(&json, "command", span_text(process->command));
    json_text(&json, "folder", span_text(process->folder));
    json_word(&json, "started", started);
    json_open(&json, "signs", '[');
    for (unsigned i = 0; i < PROCESS_SIGNS; i++)
        if (process->signs & 1u << i)
            json_text(&json, NULL, span_text(process_sign_name(1u << i)));
    json_close(&json, ']');
    json_open(&json, "details", '[');
    for (size_t i = 0; i < process->details.len; i++)
        json_text(&json, NULL, span_text(process->details.at[i]));
    json_close(&json, ']');
    json_close(&json, '}');
    strbuf_add_char(out, '\n');
}

static void add_summary(struct strbuf *out, const struct processes *processes)
{
    struct json json = {.out = out};
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "type", SPAN("summary"));
    json_number(&json, "found", processes->found.len);
    json_number(&json, "seen", processes->seen);
    json_number(&json, "allowed", processes->allowed);
    json_number(&json, "unreadable", processes->unreadable);
    json_close(&json, '}');
    strbuf_add_char(out, '\n');
}

/* The status line, perfdata, then a line a process without pipe signs. */
static int add_nagios(struct strbuf *out, const struct processes *processes)
{
    size_t found = processes->found.len, begin;
    enum nagios status = found > 0                   ? NAGIOS_CRITICAL
                         : processes->unreadable > 0 ? NAGIOS_UNKNOWN
                                                     : NAGIOS_OK;
    strbuf_format(out, "PROCESSES %s - %zu of %u suspicious", nagios_name(status), found,
                  processes->seen);
    if (processes->unreadable > 0)
        strbuf_format(out, ", %u could not be read", processes->unreadable);
    strbuf_format(out, " | suspicious=%zu;;0;0 processes=%u;;;0\n", found, processes->seen);
    begin = out->len;
    for (size_t i = 0; i < found; i++)
        add_text(out, &processes->found.at[i]);
    for (size_t i = begin; i < out->len; i++)
        if (out->data[i] == '|')
            out->data[i] = '!';
    return (int)status;
}

static int tell(const struct processes *processes, int format)
{
    struct strbuf out = {0};
    int status = processes->found.len > 0 ? 1 : 0;
    if (format == NAGIOS)
        status = add_nagios(&out, processes);
    for (size_t i = 0; format != NAGIOS && i < processes->found.len; i++)
        (format == JSON ? add_json : add_text)(&out, &processes->found.at[i]);
    if (format == JSON)
        add_summary(&out, processes);
    if (format != NAGIOS && processes->unreadable > 0)
        diag_error("%u of %u processes could not be read: run as root", processes->unreadable,
                   processes->seen);
    fwrite(strbuf_text(&out), 1, out.len, stdout);
    strbuf_clear(&out);
    return status;
}

static void add_defaults(struct texts *list, const char *const *names)
{
    if (list->len == 0)
        for (; *names != NULL; names++)
            texts_add(list, *names);
}

/* Whoever misspells a name must not hear that all is well. */
static int find_users(const struct texts *names, struct strbuf *why)
{
    for (size_t i = 0; i < names->len; i++)
        if (getpwnam(names->at[i]) == NULL)
            return strbuf_why(why, "--users: there is no user \"%s\"", names->at[i]);
    return 0;
}

static int tell_trouble(const struct strbuf *why, int format)
{
    struct strbuf line = {0};
    if (format != NAGIOS) {
        diag_error("%s", strbuf_text(why));
        return APPLET_TROUBLE;
    }
    nagios_escape(&line, strbuf_span(why));
    printf("PROCESSES UNKNOWN - %s\n", strbuf_text(&line));
    strbuf_clear(&line);
    return NAGIOS_UNKNOWN;
}

static int run(void *own, const struct run *run)
{
    static const char *const web_users[] = {"www-data", "apache", "nginx", "httpd",
                                            "lighttpd", "nobody", NULL};
    static const char *const upload_folders[] = {"*/uploads", "*/wp-content/cache", NULL};
    struct settings *settings = own;
    struct processes processes = {0};
    struct strbuf why = {0};
    (void)run;
    int result = find_users(&settings->users, &why);
    add_defaults(&settings->users, web_users);
    add_defaults(&settings->temporary, upload_folders);
    const struct process_settings look = {.proc = settings->proc,
                                          .uid_low = (uid_t)settings->uid_low,
                                          .uid_high = (uid_t)settings->uid_high,
                                          .users = &settings->users,
                                          .temporary = &settings->temporary,
                                          .allow = &settings->allow};
    if (result == 0)
        result = processes_look(&look, &processes, &why);
    int status =
        result == 0 ? tell(&processes, settings->format) : tell_trouble(&why, settings->format);
    processes_clear(&processes);
    strbuf_clear(&why);
    return status;
}

static const struct applet_status statuses[] = {
    {0, "No suspicious process (nagios: OK)."},
    {1, "Some were found."},
    {2, "Trouble: processes could not be read (nagios: CRITICAL, some were found)."},
    {3, "nagios: UNKNOWN, processes could not be read."},
    {0, NULL}};

static const struct applet_example examples[] = {
    {"process-check", "What runs that should not; nothing when all is well, so cron stays quiet."},
    {"process-check --allow '/home/*/bin/*' --format nagios", "As a Nagios plugin."},
    {NULL, NULL}};

const struct applet process_check_applet = {
    .name = "process-check",
    .summary = "Find processes that are a symptom of a break-in",
    .description =
        "Looks through /proc at the processes of the web server's users and of tenants, and tells "
        "those with a sign:\n\n"
        "interpreter: perl, python, nc and the like running a script outside of the system's "
        "folders, code of the command line or no script at all; a shell that reads a socket.\n\n"
        "deleted: the program was deleted while it ran (not one that an update replaced).\n\n"
        "temporary: program or script in /tmp, /var/tmp, /dev/shm, in memory, or in an upload "
        "folder.\n\n"
        "faked-name: it calls itself otherwise than its program is called.\n\n"
        "sends-mail: it holds a connection to port 25, 465 or 587 of another machine.\n\n"
        "Nothing is executed, and no file of the processes is opened.",
    .options = (const struct option *const[]){options, NULL},
    .settings_size = sizeof(struct settings),
    .examples = examples,
    .statuses = statuses,
    .flags = APPLET_NO_CHORES, /* Nagios waits */
    .run = run};
