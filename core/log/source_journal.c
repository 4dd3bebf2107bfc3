/* source_journal - the systemd journal, written out as log lines.
 *
 * Entries become lines in bulk, in a process of their own (source_apart), because the
 * library may end its process at a damaged journal. Everything in an entry whose field
 * name has no leading underscore was chosen by the program that logged it, so the
 * identifier is made unable to imitate the line's structure; what the kernel vouches
 * for becomes the grade of the line. Damaged entries are passed over and reported at
 * the end. A journal that may not be read is an error, never an empty log.
 */
#include "spamgear/log/source.h"

#include "spamgear/base/mem.h"
#include "spamgear/log/journal_reader.h"
#include "spamgear/log/source_apart.h"
#include "stamp_civil.h"
#include <stdlib.h>
#include <string.h>

#define SYSTEM_UIDS     1000 /* below: daemons; from here on: people (Debian policy 9.2.2) */
#define USEC_PER_SECOND 1000000

struct journal {
    struct journal_reader *reader;
    const char *const *writers;
    bool ended;
    int status; /* the reader's error, 0 without one */
    struct journal_entry entry;
    struct strbuf line; /* the entry that is being delivered */
    size_t delivered;   /* bytes of it */
    int64_t second;     /* whose text is in stamp */
    char stamp[20];
};

void journal_entry_clear(struct journal_entry *entry)
{
    for (int i = 0; i < JOURNAL_FIELDS; i++)
        strbuf_clear(&entry->fields[i]);
}

const char *journal_request_name(const struct journal_request *request)
{
    if (request->file != NULL)
        return request->file;
    return request->dir != NULL ? request->dir : "journal";
}

/* ---- the grade: who vouches for the entry ---- */

static bool field_is(const struct journal_entry *entry, enum journal_field field, const char *text)
{
    return span_is(strbuf_span(&entry->fields[field]), span_text(text));
}

/* The executable, also after an upgrade has replaced its file. */
static struct span executable(const struct journal_entry *entry)
{
    struct span deleted = SPAN(" (deleted)");
    struct span exe = strbuf_span(&entry->fields[JOURNAL_EXE]);
    if (span_has_suffix(exe, deleted))
        exe.len -= deleted.len;
    return exe;
}

static bool is_writer(const struct journal_entry *entry, const char *const *writer)
{
    struct span exe = executable(entry);
    for (; *writer != NULL; writer++) {
        struct span path = span_text(*writer);
        bool is_folder = span_has_suffix(path, SPAN("/"));
        if (is_folder ? span_has_prefix(exe, path) : span_is(exe, path))
            return true;
    }
    return false;
}

static bool has_mail_unit(const struct journal_entry *entry)
{
    static const char *const units[] = {"postfix.service", "exim4.service", "exim.service"};
    struct span unit = strbuf_span(&entry->fields[JOURNAL_UNIT]);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (span_is(unit, span_text(units[i])))
            return true;
    return span_has_prefix(unit, SPAN("postfix@")) && span_has_suffix(unit, SPAN(".service"));
}

/* Trusted needs a daemon's uid beside the path or the unit: a person can show any path
 * from a mount namespace of his own, and commands of ~/.forward run in the unit of the
 * mail server. What a service printed on its standard output is nobody's word. */
static char grade(const struct journal_entry *entry, const char *const *writers)
{
    unsigned long long uid = 0;
    bool has_uid = span_number(strbuf_span(&entry->fields[JOURNAL_UID]), &uid);
    bool is_daemon = has_uid && uid < SYSTEM_UIDS &&
                     (field_is(entry, JOURNAL_TRANSPORT, "syslog") ||
                      field_is(entry, JOURNAL_TRANSPORT, "journal"));
    if (!entry->has[JOURNAL_EXE])
        return is_daemon && has_mail_unit(entry) ? 'T' : 'P';
    if (writers == NULL)
        return 'P';
    if (is_writer(entry, writers))
        return is_daemon ? 'T' : 'P';
    return has_uid && uid >= SYSTEM_UIDS ? 'F' : 'P';
}

/* ---- one entry becomes one line ---- */

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

static void add_pid(struct strbuf *line, const struct journal_entry *entry)
{
    unsigned long long number;
    struct span pid =
        strbuf_span(&entry->fields[entry->has[JOURNAL_PID] ? JOURNAL_PID : JOURNAL_SYSLOG_PID]);
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
    int64_t second = (int64_t)(usec / USEC_PER_SECOND);
    if (journal->second != second) {
        civil_format(second, journal->stamp);
        journal->second = second;
    }
    char fraction[16] = ".000000+00:00 ";
    uint64_t rest = usec % USEC_PER_SECOND;
    for (int i = 6; i >= 1; i--, rest /= 10)
        fraction[i] = (char)('0' + rest % 10);
    strbuf_add_text(&journal->line, journal->stamp);
    strbuf_add_text(&journal->line, fraction);
}

static void line_make(struct journal *journal)
{
    const struct journal_entry *entry = &journal->entry;
    struct strbuf *line = &journal->line;
    strbuf_reset(line);
    journal->delivered = 0;
    strbuf_add_char(line, grade(entry, journal->writers));
    add_stamp(journal, entry->usec);
    add_word(line, strbuf_span(&entry->fields[JOURNAL_HOSTNAME]));
    strbuf_add_char(line, ' ');
    add_word(line, strbuf_span(&entry->fields[JOURNAL_IDENTIFIER]));
    add_pid(line, entry);
    strbuf_add(line, ": ", 2);
    add_message(line, strbuf_span(&entry->fields[JOURNAL_MESSAGE]));
    strbuf_add_char(line, '\n');
}

/* ---- reading ---- */

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
    while (got < size && !journal->ended &&
           (status = journal_reader_next(journal->reader, &journal->entry)) > 0) {
        line_make(journal);
        got += deliver(journal, buf + got, size - got);
    }
    if (status < 0)
        journal->status = status;
    journal->ended |= status <= 0;
    if (got > 0 || size == 0)
        return (ssize_t)got;
    if (journal->status < 0)
        return strbuf_why(why, "%s: %s", source->name, strerror(-journal->status));
    uint64_t damaged = journal_reader_damaged(journal->reader);
    if (damaged == 0)
        return 0;
    return strbuf_why(why, "%s: is corrupt: %llu damaged entries were passed over", source->name,
                      (unsigned long long)damaged);
}

static void journal_close(struct source *source)
{
    struct journal *journal = source->state;
    journal_reader_close(journal->reader);
    journal_entry_clear(&journal->entry);
    strbuf_clear(&journal->line);
    free(journal);
}

static const struct source_ops journal_ops = {journal_read, journal_close};

static struct source *open_here(const void *asked, struct strbuf *why)
{
    const struct journal_request *request = asked;
    struct journal_reader *reader = journal_reader_open(request, why);
    if (reader == NULL)
        return NULL;
    struct journal *journal = mem_zero(1, sizeof *journal);
    journal->reader = reader;
    journal->writers = request->writers;
    journal->second = -1;
    struct source *source = mem_zero(1, sizeof *source);
    source->name = mem_text(journal_request_name(request));
    source->ops = &journal_ops;
    source->state = journal;
    return source;
}

struct source *source_open_journal(const struct journal_request *request, struct strbuf *why)
{
    struct source *source =
        source_apart_open(open_here, request, journal_request_name(request), why);
    if (source != NULL)
        source->kind = SOURCE_JOURNAL;
    return source;
}
