/* postlog_log - lines are gathered and written a portion at a time, a warning at once. */
#include "postlog_log.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/map.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/path.h"
#include "spamgear/base/text.h"
#include "spamgear/log/stamp.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define QUIET_MS   60000 /* between two of the same sentence */
#define OPEN_MS    60000 /* between two tries to open the file */
#define SENTENCES  128
#define BUFFER_MAX (1u << 20) /* what a file that takes nothing may keep waiting */

struct postlog_log {
    char *file;
    int fd, level, console;
    bool counts, told, trouble;
    int64_t tried_ms;
    struct strbuf buffer;
    struct {
        uint64_t digest;
        int64_t said_ms;
        unsigned skipped;
    } sentences[SENTENCES];
};

/* A link, or what is no file, in a folder that others may write, is not written to. */
static int open_file(const char *file, struct strbuf *why)
{
    const char *name;
    struct stat st;
    int folder = path_open_parent(AT_FDCWD, file, &name, why);
    if (folder < 0)
        return -1;
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = openat(folder, name, flags, 0640);
    if (fd < 0)
        strbuf_why(why, "%s: %s", file, strerror(errno));
    close(folder);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        strbuf_why(why, "%s: not a regular file", file);
        close(fd);
        fd = -1;
    }
    return fd;
}

static void speak(struct postlog_log *log, enum postlog_level level, const char *text)
{
    log->trouble |= level <= SAY_ERROR;
    if ((int)level > log->console)
        return;
    if (level <= SAY_ERROR && log->counts)
        diag_error("%s", text);
    else
        diag_warn("%s", text);
}

static void try_open(struct postlog_log *log)
{
    struct strbuf why = {0};
    int64_t now = clock_steady_ms();
    if (log->file == NULL || log->fd >= 0 || (log->tried_ms != 0 && now - log->tried_ms < OPEN_MS))
        return;
    log->tried_ms = now;
    log->fd = open_file(log->file, &why);
    if (log->fd < 0 && !log->told)
        speak(log, SAY_ERROR, strbuf_text(&why));
    log->told = log->fd < 0;
    strbuf_clear(&why);
}

struct postlog_log *postlog_log_open(const char *file, int level, int console, bool counts)
{
    struct postlog_log *log = mem_zero(1, sizeof *log);
    log->file = level > 0 ? mem_text(file) : NULL;
    log->fd = -1;
    log->level = level;
    log->console = console;
    log->counts = counts;
    try_open(log);
    return log;
}

static void tell_refused(struct postlog_log *log, int error)
{
    struct strbuf why = {0};
    strbuf_format(&why, "%s: %s", log->file, strerror(error));
    if (!log->told)
        speak(log, SAY_ERROR, strbuf_text(&why));
    log->told = true;
    strbuf_clear(&why);
}

void postlog_log_flush(struct postlog_log *log)
{
    size_t done = 0;
    try_open(log);
    while (log->fd >= 0 && done < log->buffer.len) {
        ssize_t written = write(log->fd, log->buffer.data + done, log->buffer.len - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            tell_refused(log, errno);
            break;
        }
        done += (size_t)written;
    }
    bool whole = done == log->buffer.len;
    if (whole || log->buffer.len > BUFFER_MAX) {
        log->told = log->told && !whole;
        strbuf_reset(&log->buffer);
    } else if (done > 0) {
        memmove(log->buffer.data, log->buffer.data + done, log->buffer.len - done);
        log->buffer.len -= done;
    }
}

bool postlog_log_close(struct postlog_log *log)
{
    bool trouble = log->counts && log->trouble;
    postlog_log_flush(log);
    if (log->fd >= 0)
        close(log->fd);
    strbuf_clear(&log->buffer);
    free(log->file);
    free(log);
    return trouble;
}

/* "2026-11-22T08:15:00..." as a log of postlog-sa, and as syslog has it. */
static void format_long(int64_t time, char out[32])
{
    stamp_format(time, out);
    out[4] = out[7] = '/';
    out[10] = ' ';
    out[19] = '\0';
}

static void format_short(int64_t time, char out[32])
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[32];
    stamp_format(time, text);
    int month = (text[5] - '0') * 10 + text[6] - '0';
    month = month >= 1 && month <= 12 ? month : 1;
    snprintf(out, 32, "%.3s %c%c %.8s", months + (month - 1) * 3, text[8] == '0' ? ' ' : text[8],
             text[9], text + 11);
}

static void add_to_file(struct postlog_log *log, enum postlog_level level, struct span text)
{
    static const char letters[] = "MACEWNID";
    char when[32];
    if (log->file == NULL || (int)level > log->level)
        return;
    format_long(clock_now(), when);
    strbuf_format(&log->buffer, "%s [%c] ", when, letters[level]);
    text_escape(&log->buffer, text);
    strbuf_add_char(&log->buffer, '\n');
    if (level <= SAY_WARNING || log->buffer.len > BUFFER_MAX / 4)
        postlog_log_flush(log);
}

/* Was it said a moment ago? Of sentences that share a place the later one is forgotten. */
static bool is_repeated(struct postlog_log *log, struct strbuf *text)
{
    uint64_t digest = map_digest(strbuf_text(text), text->len);
    int64_t now = clock_steady_ms();
    size_t at = digest % SENTENCES;
    bool same = log->sentences[at].digest == digest && log->sentences[at].said_ms != 0;
    if (same && now - log->sentences[at].said_ms < QUIET_MS) {
        log->sentences[at].skipped++;
        return true;
    }
    if (same && log->sentences[at].skipped > 0)
        strbuf_format(text, " (and %u times before)", log->sentences[at].skipped);
    log->sentences[at].digest = digest;
    log->sentences[at].said_ms = now;
    log->sentences[at].skipped = 0;
    return false;
}

void postlog_say(struct postlog_log *log, enum postlog_level level, const char *format, ...)
{
    struct strbuf text = {0};
    va_list args;
    va_start(args, format);
    strbuf_vformat(&text, format, args);
    va_end(args);
    if (!is_repeated(log, &text)) {
        add_to_file(log, level, strbuf_span(&text));
        speak(log, level, strbuf_text(&text));
    }
    strbuf_clear(&text);
}

void postlog_say_lines(struct postlog_log *log, enum postlog_level level, const char *lines)
{
    struct span rest = span_text(lines), line;
    while (span_take_line(&rest, &line)) {
        char *text = mem_text_of(line.at, line.len);
        add_to_file(log, level, line);
        speak(log, level, text);
        free(text);
    }
}

/* A sender may hold ", IP: 192.0.2.1": without blanks it cannot look like the next field. Behind a
 * NUL nothing would be told. */
static void add_word(struct strbuf *out, struct span word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] == ' ' || word.at[i] == '\0')
            strbuf_format(out, "\\x%02x", (unsigned)word.at[i]);
        else
            strbuf_add_char(out, word.at[i]);
    }
}

void postlog_say_spam(struct postlog_log *log, const struct spam_event *event)
{
    struct strbuf text = {0};
    char when[32];
    format_short(event->time, when);
    strbuf_add_text(&text, "ID: ");
    add_word(&text, event->queue_id);
    strbuf_format(&text, ", at: %s, from: ", when);
    add_word(&text, event->from);
    strbuf_add_text(&text, ", IP: ");
    add_word(&text, event->client);
    strbuf_format(&text, ", score: %u", event->victims);
    if (event->sasl.len > 0) {
        strbuf_add_text(&text, ", user: ");
        add_word(&text, event->sasl);
    }
    add_to_file(log, SAY_INFO, strbuf_span(&text));
    speak(log, SAY_INFO, strbuf_text(&text));
    strbuf_clear(&text);
}
