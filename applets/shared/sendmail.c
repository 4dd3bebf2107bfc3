/* sendmail - logs who calls, and becomes the real sendmail.
 *
 * The uid is the kernel's word, everything else the caller's. Words are handed on untouched,
 * standard input is not looked at. The originals' wrapper called `sendmail -t -i $*`, and php.ini
 * then had no options of its own; so "-t -i" are put before words that name no recipient in any
 * way.
 */
#include "sendmail.h"

#include "spamgear/base/diag.h"
#include "spamgear/base/path.h"
#include "spamgear/base/text.h"
#include "spamgear/net/logd.h"
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define LOG_WAIT_MS  50   /* at most, for a log daemon that is busy */
#define SCRIPT_BYTES 4096 /* of a path: what is cut off could not be scanned */
#define TIMES        "SPAMGEAR_SENDMAIL"
#define TIMES_MAX    8

struct settings {
    char *program, *log_socket;
};

static const struct option options[] = {
    OPTION_TEXT(struct settings, program, "program", 0, "FILE", "/usr/sbin/sendmail",
                "The real sendmail. When it is missing, or spamgear itself, /usr/lib/sendmail."),
    OPTION_TEXT(struct settings, log_socket, "log-socket", 0, "SOCKET", LOGD_SOCKET,
                "The socket of the log daemon or of the journal."),
    OPTION_END};

const struct section sendmail_section = {
    "sendmail", "Settings of the sendmail wrappers, phpsendmail and sendmail2relay.",
    (const struct option *const[]){options, NULL}, sizeof(struct settings)};

const struct applet_status sendmail_statuses[] = {
    {0, "As the real sendmail ends."},
    {EX_UNAVAILABLE, "There is no sendmail to hand the mail to (EX_UNAVAILABLE of sysexits.h)."},
    {0, NULL}};

/* ---- the line ---- */

static bool is_plain(char c)
{
    return (unsigned char)c >= ' ' && strchr(",\"\\", c) == NULL;
}

/* Bytes of the character that text begins with, as far as it is one. */
static size_t character_length(struct span text)
{
    size_t len = 1;
    while (len < text.len && len < 4 && (text.at[0] & 0xc0) == 0xc0 &&
           (text.at[len] & 0xc0) == 0x80)
        len++;
    return len;
}

/* The limit is one of written bytes: log daemons cut long lines, and the fields behind a value that
 * grew would be lost. */
void sendmail_value(struct strbuf *line, const char *text, size_t bytes_max)
{
    size_t start = line->len, before;
    for (struct span rest = span_text(text); rest.len > 0;) {
        struct span one = {rest.at, character_length(rest)};
        before = line->len;
        if (is_plain(*one.at))
            text_escape(line, one);
        else
            strbuf_format(line, "\\x%02x", (unsigned char)*one.at);
        if (line->len - start > bytes_max) {
            line->len = before;
            strbuf_add_text(line, "...");
            return;
        }
        rest = span_skip(rest, one.len);
    }
}

void sendmail_user(struct strbuf *line, uid_t uid)
{
    const struct passwd *entry = getpwuid(uid);
    if (entry != NULL)
        sendmail_value(line, entry->pw_name, 255);
    else
        strbuf_format(line, "%u", (unsigned)uid);
}

void sendmail_script(struct strbuf *line)
{
    const char *script = getenv("SCRIPT_FILENAME");
    if (script != NULL && *script != '\0') {
        sendmail_value(line, script, SCRIPT_BYTES);
        return;
    }
    char *folder = getcwd(NULL, 0);
    sendmail_value(line, folder, SCRIPT_BYTES);
    strbuf_add_char(line, '/');
    free(folder);
}

/* ---- the program ---- */

/* A script chooses our environment, and a config chooses the program: without this mail() would run
 * anything, for those too whom php.ini forbids exec(). So only who owns spamgear may name one. */
static void load_config(struct config *config)
{
    struct stat own;
    if (stat("/proc/self/exe", &own) == 0 && own.st_uid == getuid())
        config_load(config, NULL);
    else
        config_load_installed(config);
}

/* Would it be ourselves, under another name? */
static bool is_spamgear(const char *path)
{
    struct stat own, other;
    return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 &&
           path_same_inode(&own, &other);
}

/* How often we stood in front of this mail. */
static unsigned times_before(void)
{
    unsigned long long times = 0;
    span_number(span_text(getenv(TIMES)), &times);
    return times < TIMES_MAX ? (unsigned)times : TIMES_MAX;
}

/* The environment that sendmail gets: ours, and that we stood here once more. */
static char **next_environment(void)
{
    struct strbuf mark = {0};
    size_t count = 0, len = 0;
    while (environ[count] != NULL)
        count++;
    char **next = mem_zero(count + 2, sizeof *next);
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], TIMES "=", sizeof TIMES) != 0)
            next[len++] = environ[i];
    strbuf_format(&mark, TIMES "=%u", times_before() + 1);
    next[len] = strbuf_take(&mark);
    return next;
}

/* May the word be the value of the option before it? */
static bool takes_value(const char *word)
{
    static const char *const options_with_value[] = {"-f", "-F", "-r", "-N", "-R", "-V", "-X"};
    for (size_t i = 0; i < sizeof options_with_value / sizeof *options_with_value; i++)
        if (strcmp(word, options_with_value[i]) == 0)
            return true;
    return false;
}

/* Do the words say who gets the mail, or that this is no mail (-bs, -q)? */
static bool say_recipients(char **words, int count)
{
    for (int i = 0; i < count; i++) {
        if (words[i][0] != '-' || strcmp(words[i], "--") == 0 || strchr("bqI", words[i][1]) != NULL)
            return true;
        if (words[i][1] != 'f' && words[i][1] != 'F' && words[i][1] != 'r' && words[i][1] != 'o' &&
            strchr(words[i], 't') != NULL)
            return true; /* -t, -it */
        i += takes_value(words[i]);
    }
    return false;
}

static _Noreturn void become(const char *program, const struct run *run)
{
    char **words = mem_zero((size_t)run->argc + 4, sizeof *words);
    size_t len = 0;
    words[len++] = "sendmail"; /* Postfix and Exim look at it: mailq, newaliases */
    if (!say_recipients(run->argv, run->argc)) {
        words[len++] = "-t";
        words[len++] = "-i";
    }
    for (int i = 0; i < run->argc; i++)
        words[len++] = run->argv[i];
    signal(SIGXFSZ, SIG_DFL); /* which our own front ignores, and exec would hand on */
    execve(program, words, next_environment());
    int error = errno;
    diag_error("%s: %s", program, strerror(error));
    _exit(EX_UNAVAILABLE);
}

static const char *find_program(const char *configured)
{
    const char *const candidates[] = {configured, "/usr/sbin/sendmail", "/usr/lib/sendmail"};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (access(candidates[i], X_OK) == 0 && !is_spamgear(candidates[i]))
            return candidates[i];
    return NULL;
}

int sendmail_become(const struct run *run, const char *tag, const struct strbuf *line)
{
    struct config config = {0};
    struct section_values values;
    struct texts problems = {0};
    struct strbuf why = {0};
    load_config(&config);
    section_read(&values, &sendmail_section, &config, &problems);
    const struct settings *settings = values.own;
    if (logd_send(settings->log_socket, tag, strbuf_span(line), LOG_WAIT_MS, &why) != 0)
        diag_warn("not logged: %s", strbuf_text(&why));
    const char *program = find_program(settings->program);
    if (program == NULL)
        diag_error("%s: there is no sendmail to hand the mail to", settings->program);
    else if (times_before() ==
             TIMES_MAX) /* by a script in place of sendmail, which is no spamgear */
        diag_error("%s: calls us again: [sendmail] program must name the real sendmail", program);
    else
        become(program, run);
    strbuf_clear(&why);
    texts_clear(&problems);
    section_clear(&values);
    config_clear(&config);
    return EX_UNAVAILABLE;
}
