/* journal_line - one entry of the journal as one log line.
 *
 * Everything in an entry whose field name has no leading underscore was chosen by the program that
 * logged it, so the identifier is made unable to imitate the line's structure; what the kernel
 * vouches for becomes the grade of the line.
 */
#include "journal_line.h"

#include "stamp_civil.h"

#define SYSTEM_UIDS     1000 /* below: daemons; from here on: people (Debian policy 9.2.2) */
#define USEC_PER_SECOND 1000000

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
static void add_stamp(struct journal_line_maker *maker, uint64_t usec, struct strbuf *line)
{
    int64_t second = (int64_t)(usec / USEC_PER_SECOND);
    if (maker->second != second || maker->stamp[0] == '\0') {
        civil_format(second, maker->stamp);
        maker->second = second;
    }
    char fraction[16] = ".000000+00:00 ";
    uint64_t rest = usec % USEC_PER_SECOND;
    for (int i = 6; i >= 1; i--, rest /= 10)
        fraction[i] = (char)('0' + rest % 10);
    strbuf_add_text(line, maker->stamp);
    strbuf_add_text(line, fraction);
}

void journal_line_add(struct journal_line_maker *maker, const struct journal_entry *entry,
                      struct strbuf *line)
{
    strbuf_add_char(line, grade(entry, maker->writers));
    add_stamp(maker, entry->usec, line);
    add_word(line, strbuf_span(&entry->fields[JOURNAL_HOSTNAME]));
    strbuf_add_char(line, ' ');
    add_word(line, strbuf_span(&entry->fields[JOURNAL_IDENTIFIER]));
    add_pid(line, entry);
    strbuf_add(line, ": ", 2);
    add_message(line, strbuf_span(&entry->fields[JOURNAL_MESSAGE]));
    strbuf_add_char(line, '\n');
}
