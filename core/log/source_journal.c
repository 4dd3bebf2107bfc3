/* source_journal - the systemd journal, written out as log lines.
 *
 * The journal is asked for the wanted identifiers only, from `since` on; entries
 * become lines in bulk, inside the caller's read. Everything in an entry whose field
 * name has no leading underscore was chosen by the program that logged it, so the
 * identifier is made unable to imitate the line's structure; what the kernel vouches
 * for becomes the grade of the line. Damaged entries are passed over and reported at
 * the end. A journal that may not be read is an error, never an empty log.
 */
#include "spamgear/log/source.h"

#ifdef HAVE_SYSTEMD
#include "spamgear/base/clock.h"
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#define JOURNAL_FUNCTIONS(F)                                                                       \
    F(sd_journal_open)                                                                             \
    F(sd_journal_open_directory)                                                                   \
    F(sd_journal_open_files)                                                                       \
    F(sd_journal_close)                                                                            \
    F(sd_journal_get_usage)                                                                        \
    F(sd_journal_set_data_threshold)                                                               \
    F(sd_journal_query_unique)                                                                     \
    F(sd_journal_enumerate_available_unique)                                                       \
    F(sd_journal_add_match)                                                                        \
    F(sd_journal_seek_realtime_usec)                                                               \
    F(sd_journal_next)                                                                             \
    F(sd_journal_get_realtime_usec)                                                                \
    F(sd_journal_restart_data)                                                                     \
    F(sd_journal_enumerate_available_data)

JOURNAL_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {JOURNAL_FUNCTIONS(LAZY_SYMBOL){0}};

#define LONGEST_FIELD    65536 /* bytes of a message; a log line is never that long */
#define SYSTEM_UIDS      1000  /* below: daemons; from here on: people (Debian policy 9.2.2) */
#define USEC_PER_SECOND  1000000
#define IDENTIFIER_FIELD "SYSLOG_IDENTIFIER"

enum field { MESSAGE, IDENTIFIER, SYSLOG_PID, PID, HOSTNAME, UID, EXE, UNIT, TRANSPORT, FIELDS };

/* systemd.journal-fields(7) */
static const char *const field_names[FIELDS] = {
    "MESSAGE", IDENTIFIER_FIELD, "SYSLOG_PID",    "_PID",       "_HOSTNAME",
    "_UID",    "_EXE",           "_SYSTEMD_UNIT", "_TRANSPORT",
};

struct journal {
    sd_journal *handle;
    const char *const *writers;
    uint64_t until_usec;
    bool ended;
    uint64_t damaged;             /* entries that could not be read */
    struct strbuf fields[FIELDS]; /* copied: the library reuses its memory */
    bool has[FIELDS];
    struct strbuf line; /* the entry that is being delivered */
    size_t delivered;   /* bytes of it */
    int64_t second;     /* whose text is in stamp */
    char stamp[32];
};

static int say(struct strbuf *why, const char *name, int status)
{
    const char *what = status == -EBADMSG ? "is no journal, or a damaged one" : strerror(-status);
    return strbuf_why(why, "%s: %s", name, what);
}

/* ---- the grade: who vouches for the entry ---- */

static bool field_is(const struct journal *journal, enum field field, const char *text)
{
    return span_is(strbuf_span(&journal->fields[field]), span_text(text));
}

/* The executable, also after an upgrade has replaced its file. */
static struct span executable(const struct journal *journal)
{
    struct span deleted = SPAN(" (deleted)");
    struct span exe = strbuf_span(&journal->fields[EXE]);
    if (span_has_suffix(exe, deleted))
        exe.len -= deleted.len;
    return exe;
}

static bool is_writer(const struct journal *journal)
{
    struct span exe = executable(journal);
    for (const char *const *writer = journal->writers; *writer != NULL; writer++) {
        struct span path = span_text(*writer);
        bool is_folder = span_has_suffix(path, SPAN("/"));
        if (is_folder ? span_has_prefix(exe, path) : span_is(exe, path))
            return true;
    }
    return false;
}

static bool has_mail_unit(const struct journal *journal)
{
    static const char *const units[] = {"postfix.service", "exim4.service", "exim.service"};
    struct span unit = strbuf_span(&journal->fields[UNIT]);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (span_is(unit, span_text(units[i])))
            return true;
    return span_has_prefix(unit, SPAN("postfix@")) && span_has_suffix(unit, SPAN(".service"));
}

/* Trusted needs a daemon's uid beside the path or the unit: a person can show any path
 * from a mount namespace of his own, and commands of ~/.forward run in the unit of the
 * mail server. What a service printed on its standard output is nobody's word. */
static char grade(const struct journal *journal)
{
    unsigned long long uid = 0;
    bool has_uid = span_number(strbuf_span(&journal->fields[UID]), &uid);
    bool is_daemon =
        has_uid && uid < SYSTEM_UIDS &&
        (field_is(journal, TRANSPORT, "syslog") || field_is(journal, TRANSPORT, "journal"));
    if (!journal->has[EXE])
        return is_daemon && has_mail_unit(journal) ? 'T' : 'P';
    if (journal->writers == NULL)
        return 'P';
    if (is_writer(journal))
        return is_daemon ? 'T' : 'P';
    return has_uid && uid >= SYSTEM_UIDS ? 'F' : 'P';
}

/* ---- one entry becomes one line ---- */

static void field_put(struct journal *journal, struct span data)
{
    const char *equals = memchr(data.at, '=', data.len);
    if (equals == NULL)
        return;
    struct span name = span_of(data.at, equals);
    for (int i = 0; i < FIELDS; i++) {
        if (journal->has[i] || !span_is(name, span_text(field_names[i])))
            continue;
        struct span value = span_skip(data, name.len + 1);
        value.len = value.len < LONGEST_FIELD ? value.len : LONGEST_FIELD;
        journal->has[i] = true;
        strbuf_add_span(&journal->fields[i], value);
        return;
    }
}

/* False when the entry cannot be read. */
static bool fields_read(struct journal *journal)
{
    const void *data;
    size_t len;
    int status;
    for (int i = 0; i < FIELDS; i++) {
        journal->has[i] = false;
        strbuf_reset(&journal->fields[i]);
    }
    p_sd_journal_restart_data(journal->handle);
    while ((status = p_sd_journal_enumerate_available_data(journal->handle, &data, &len)) > 0)
        field_put(journal, (struct span){data, len});
    return status == 0;
}

/* A word of the line's head: nothing in it can end it. */
static void add_word(struct strbuf *line, struct span word)
{
    size_t start = line->len;
    strbuf_add_span(line, word.len > 0 ? word : SPAN("-"));
    for (size_t i = start; i < line->len; i++) {
        unsigned char c = (unsigned char)line->data[i];
        if (c <= ' ' || c == 0x7f || c == ':' || c == '[' || c == ']')
            line->data[i] = '_';
    }
}

static void add_pid(struct strbuf *line, const struct journal *journal)
{
    unsigned long long number;
    struct span pid = strbuf_span(&journal->fields[journal->has[PID] ? PID : SYSLOG_PID]);
    if (pid.len > 10 || !span_number(pid, &number))
        return;
    strbuf_add_char(line, '[');
    strbuf_add_span(line, pid);
    strbuf_add_char(line, ']');
}

static void add_message(struct strbuf *line, struct span message)
{
    size_t start = line->len;
    strbuf_add_span(line, message);
    for (size_t i = start; i < line->len; i++)
        if (line->data[i] == '\n' || line->data[i] == '\r' || line->data[i] == '\0')
            line->data[i] = ' ';
}

/* Most entries share their second with the one before. */
static void add_stamp(struct journal *journal, uint64_t usec)
{
    time_t second = (time_t)(usec / USEC_PER_SECOND);
    if (journal->second != second) {
        struct tm tm;
        if (gmtime_r(&second, &tm) != NULL)
            strftime(journal->stamp, sizeof journal->stamp, "%Y-%m-%dT%H:%M:%S", &tm);
        journal->second = second;
    }
    char fraction[16] = ".000000+00:00 ";
    uint64_t rest = usec % USEC_PER_SECOND;
    for (int i = 6; i >= 1; i--, rest /= 10)
        fraction[i] = (char)('0' + rest % 10);
    strbuf_add_text(&journal->line, journal->stamp);
    strbuf_add_text(&journal->line, fraction);
}

static void line_make(struct journal *journal, uint64_t usec)
{
    struct strbuf *line = &journal->line;
    strbuf_reset(line);
    journal->delivered = 0;
    strbuf_add_char(line, grade(journal));
    add_stamp(journal, usec);
    add_word(line, strbuf_span(&journal->fields[HOSTNAME]));
    strbuf_add_char(line, ' ');
    add_word(line, strbuf_span(&journal->fields[IDENTIFIER]));
    add_pid(line, journal);
    strbuf_add(line, ": ", 2);
    add_message(line, strbuf_span(&journal->fields[MESSAGE]));
    strbuf_add_char(line, '\n');
}

/* ---- reading ---- */

/* 1: a line was made; 0: the end; negative: the library's error. */
static int entry_next(struct journal *journal)
{
    uint64_t usec;
    int status;
    while ((status = p_sd_journal_next(journal->handle)) > 0) {
        if (p_sd_journal_get_realtime_usec(journal->handle, &usec) == 0 && fields_read(journal)) {
            if (usec > journal->until_usec)
                return 0;
            line_make(journal, usec);
            return 1;
        }
        journal->damaged++;
    }
    return status;
}

static size_t deliver(struct journal *journal, char *buf, size_t size)
{
    size_t n = journal->line.len - journal->delivered;
    n = n < size ? n : size;
    if (n > 0)
        memcpy(buf, journal->line.data + journal->delivered, n);
    journal->delivered += n;
    return n;
}

static ssize_t journal_read(struct source *source, char *buf, size_t size, struct strbuf *why)
{
    struct journal *journal = source->state;
    size_t got = deliver(journal, buf, size);
    int status = 1;
    while (got < size && !journal->ended && (status = entry_next(journal)) > 0)
        got += deliver(journal, buf + got, size - got);
    if (status <= 0)
        journal->ended = true;
    if (status < 0 && got == 0)
        return say(why, source->name, status);
    if (got > 0 || size == 0 || journal->damaged == 0)
        return (ssize_t)got;
    return strbuf_why(why, "%s: %llu damaged entries were passed over", source->name,
                      (unsigned long long)journal->damaged);
}

static void journal_close(struct source *source)
{
    struct journal *journal = source->state;
    p_sd_journal_close(journal->handle);
    for (int i = 0; i < FIELDS; i++)
        strbuf_clear(&journal->fields[i]);
    strbuf_clear(&journal->line);
    free(journal);
}

static const struct source_ops journal_ops = {journal_read, journal_close};

/* ---- opening ---- */

static int handle_open(sd_journal **handle, const struct journal_request *request)
{
    if (request->file != NULL)
        return p_sd_journal_open_files(handle, (const char *[]){request->file, NULL}, 0);
    if (request->dir != NULL)
        return p_sd_journal_open_directory(handle, request->dir, 0);
    return p_sd_journal_open(handle, SD_JOURNAL_LOCAL_ONLY);
}

/* The library opens what it may and does not tell of the rest. */
static bool holds_anything(sd_journal *handle)
{
    uint64_t bytes = 0;
    return p_sd_journal_get_usage(handle, &bytes) == 0 && bytes > 0;
}

/* A user may read his own journal, where no daemon writes: that is not the log asked for. */
static bool may_read_system_journal(void)
{
    sd_journal *handle = NULL;
    if (geteuid() == 0)
        return true;
    int status = p_sd_journal_open(&handle, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    bool may = status >= 0 && holds_anything(handle);
    p_sd_journal_close(handle);
    return may;
}

static bool is_wanted(struct span identifier, const char *const *wanted)
{
    for (; *wanted != NULL; wanted++) {
        struct span tag = span_text(*wanted);
        bool is_family = span_has_suffix(tag, SPAN("/"));
        if (is_family ? span_has_prefix(identifier, tag) : span_is(identifier, tag))
            return true;
    }
    return false;
}

/* How many identifiers of the journal are wanted, all of them matched from now on;
 * negative: the library's error. Matches of one field are alternatives. */
static int match_identifiers(sd_journal *handle, const char *const *wanted)
{
    const void *data;
    size_t len;
    int matched = 0, status = p_sd_journal_query_unique(handle, IDENTIFIER_FIELD);
    while (status >= 0 &&
           (status = p_sd_journal_enumerate_available_unique(handle, &data, &len)) > 0) {
        size_t skip = sizeof IDENTIFIER_FIELD; /* with the '=' */
        if (len <= skip || !is_wanted((struct span){(const char *)data + skip, len - skip}, wanted))
            continue;
        status = p_sd_journal_add_match(handle, data, len);
        matched++;
    }
    return status < 0 ? status : matched;
}

static uint64_t to_usec(int64_t seconds)
{
    if (seconds <= 0)
        return 0;
    return (uint64_t)seconds > UINT64_MAX / USEC_PER_SECOND ? UINT64_MAX
                                                            : (uint64_t)seconds * USEC_PER_SECOND;
}

static const char *request_name(const struct journal_request *request)
{
    if (request->file != NULL)
        return request->file;
    return request->dir != NULL ? request->dir : "journal";
}

static int check_readable(sd_journal *handle, const struct journal_request *request,
                          struct strbuf *why)
{
    const char *name = request_name(request);
    bool is_system = request->file == NULL && request->dir == NULL;
    if (is_system && !may_read_system_journal())
        return strbuf_why(why,
                          "%s: no system journal can be read; that takes root or the group "
                          "systemd-journal",
                          name);
    if (!holds_anything(handle))
        return strbuf_why(why, "%s: no journal file that can be read", name);
    return 0;
}

static sd_journal *handle_ready(const struct journal_request *request, bool *is_empty,
                                struct strbuf *why)
{
    sd_journal *handle = NULL;
    int matched = 1, status = handle_open(&handle, request);
    if (status < 0) {
        say(why, request_name(request), status);
        return NULL;
    }
    if (check_readable(handle, request, why) != 0) {
        p_sd_journal_close(handle);
        return NULL;
    }
    if (request->identifiers != NULL)
        status = matched = match_identifiers(handle, request->identifiers);
    p_sd_journal_set_data_threshold(handle, LONGEST_FIELD);
    if (status >= 0)
        status = p_sd_journal_seek_realtime_usec(handle, to_usec(request->since));
    *is_empty = matched == 0;
    if (status >= 0)
        return handle;
    say(why, request_name(request), status);
    p_sd_journal_close(handle);
    return NULL;
}

struct source *source_open_journal(const struct journal_request *request, struct strbuf *why)
{
    bool is_empty = false;
    if (lazy_open((const char *const[]){"libsystemd.so.0", NULL}, symbols, why) != 0)
        return NULL;
    sd_journal *handle = handle_ready(request, &is_empty, why);
    if (handle == NULL)
        return NULL;
    struct journal *journal = mem_zero(1, sizeof *journal);
    journal->handle = handle;
    journal->writers = request->writers;
    journal->until_usec = to_usec(request->until);
    if (journal->until_usec <= UINT64_MAX - USEC_PER_SECOND)
        journal->until_usec += USEC_PER_SECOND - 1; /* all of that second */
    journal->ended = is_empty;
    journal->second = -1;
    struct source *source = mem_zero(1, sizeof *source);
    source->name = mem_text(request_name(request));
    source->kind = SOURCE_JOURNAL;
    source->mtime = clock_now();
    source->ops = &journal_ops;
    source->state = journal;
    return source;
}

#else

struct source *source_open_journal(const struct journal_request *request, struct strbuf *why)
{
    (void)request;
    strbuf_why(why, "built without libsystemd");
    return NULL;
}

#endif
