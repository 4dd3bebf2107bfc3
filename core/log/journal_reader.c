/* journal_reader - libsystemd's sd-journal, asked for as little as possible.
 *
 * The identifiers that the journal knows and the request wants become exact matches, so
 * that the library's index leaves out the others; of an entry that is left, the message
 * is looked at where it lies. The library maps the files; what is appended or vacuumed
 * meanwhile is its business. It opens what it may and is silent about the rest, so a
 * journal that may not be read would look empty: that is asked for and said.
 */
#include "spamgear/log/journal_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_SYSTEMD
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/text.h"
#include "spamgear/match/literal.h"
#include <fts.h>
#include <poll.h>
#include <systemd/sd-journal.h>
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
    F(sd_journal_seek_cursor)                                                                      \
    F(sd_journal_test_cursor)                                                                      \
    F(sd_journal_get_cursor)                                                                       \
    F(sd_journal_get_fd)                                                                           \
    F(sd_journal_get_events)                                                                       \
    F(sd_journal_process)                                                                          \
    F(sd_journal_next)                                                                             \
    F(sd_journal_get_realtime_usec)                                                                \
    F(sd_journal_get_data)                                                                         \
    F(sd_journal_restart_data)                                                                     \
    F(sd_journal_enumerate_available_data)

JOURNAL_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {JOURNAL_FUNCTIONS(LAZY_SYMBOL){0}};

#define IDENTIFIER      "SYSLOG_IDENTIFIER"
#define LONGEST_NAME    32 /* of a field, with its '=' */
#define USEC_PER_SECOND 1000000

static const struct span field_names[JOURNAL_FIELDS] = {
    {"MESSAGE=", 8}, {IDENTIFIER "=", 18},   {"SYSLOG_PID=", 11},
    {"_PID=", 5},    {"_HOSTNAME=", 10},     {"_UID=", 5},
    {"_EXE=", 5},    {"_SYSTEMD_UNIT=", 14}, {"_TRANSPORT=", 11},
};

struct journal_reader {
    sd_journal *handle;
    struct literal_set needles;
    const char *const *identifiers; /* to be looked at in each entry; NULL: the library does */
    bool has_needles, ended;
    uint64_t until_usec, damaged;
};

/* ---- one entry ---- */

/* 1: it may matter; 0: it does not; negative: it cannot be read. */
static int has_needle(const struct journal_reader *reader)
{
    const void *data;
    size_t len;
    if (!reader->has_needles)
        return 1;
    int status = p_sd_journal_get_data(reader->handle, "MESSAGE", &data, &len);
    if (status < 0)
        return status == -ENOENT ? 0 : status;
    struct span message = span_skip((struct span){data, len}, field_names[JOURNAL_MESSAGE].len);
    return literal_find(&reader->needles, message.at, span_end(message)) != NULL;
}

static bool is_wanted(struct span identifier, const char *const *patterns)
{
    for (; *patterns != NULL; patterns++) {
        struct span pattern = span_text(*patterns);
        bool is_family = span_has_suffix(pattern, SPAN("/"));
        if (is_family ? span_has_prefix(identifier, pattern) : text_glob(*patterns, identifier))
            return true;
    }
    return false;
}

/* As has_needle. */
static int has_identifier(const struct journal_reader *reader)
{
    const void *data;
    size_t len;
    if (reader->identifiers == NULL)
        return 1;
    int status = p_sd_journal_get_data(reader->handle, IDENTIFIER, &data, &len);
    if (status < 0)
        return status == -ENOENT ? 0 : status;
    struct span item = {data, len};
    return is_wanted(span_skip(item, field_names[JOURNAL_IDENTIFIER].len), reader->identifiers);
}

static void field_set(struct journal_entry *entry, struct span data)
{
    int i = 0;
    while (i < JOURNAL_FIELDS && !span_has_prefix(data, field_names[i]))
        i++;
    if (i == JOURNAL_FIELDS || entry->has[i])
        return;
    struct span value = span_skip(data, field_names[i].len);
    if (value.len > JOURNAL_LONGEST_FIELD)
        value.len = JOURNAL_LONGEST_FIELD;
    entry->has[i] = true;
    strbuf_add_span(&entry->fields[i], value);
}

static int fields_read(sd_journal *handle, struct journal_entry *entry)
{
    const void *data;
    size_t len;
    int status;
    for (int i = 0; i < JOURNAL_FIELDS; i++) {
        entry->has[i] = false;
        strbuf_reset(&entry->fields[i]);
    }
    p_sd_journal_restart_data(handle);
    while ((status = p_sd_journal_enumerate_available_data(handle, &data, &len)) > 0)
        field_set(entry, (struct span){data, len});
    return status;
}

/* 1: it is in *entry; 0: it is not wanted; negative: it cannot be read. */
static int entry_take(struct journal_reader *reader, struct journal_entry *entry)
{
    int status = p_sd_journal_get_realtime_usec(reader->handle, &entry->usec);
    if (status < 0)
        return status;
    reader->ended = entry->usec > reader->until_usec;
    if (reader->ended || (status = has_identifier(reader)) <= 0 ||
        (status = has_needle(reader)) <= 0)
        return reader->ended ? 0 : status;
    status = fields_read(reader->handle, entry);
    return status < 0 ? status : 1;
}

int journal_reader_next(struct journal_reader *reader, struct journal_entry *entry)
{
    int status = 0;
    while (!reader->ended && (status = p_sd_journal_next(reader->handle)) > 0) {
        int taken = entry_take(reader, entry);
        if (taken > 0)
            return 1;
        reader->damaged += taken < 0;
    }
    return reader->ended ? 0 : status;
}

uint64_t journal_reader_damaged(const struct journal_reader *reader)
{
    return reader->damaged;
}

/* ---- may it be read? ---- */

static bool holds_anything(sd_journal *handle)
{
    uint64_t bytes = 0;
    return p_sd_journal_get_usage(handle, &bytes) == 0 && bytes > 0;
}

/* A user may read his own journal, where no daemon writes: that is not the log asked for. */
static bool may_read_system(void)
{
    sd_journal *handle = NULL;
    if (geteuid() == 0)
        return true;
    int status = p_sd_journal_open(&handle, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    bool may = status >= 0 && holds_anything(handle);
    p_sd_journal_close(handle);
    return may;
}

/* Files stand in the folder or in subfolders named by a machine ID. */
static bool may_read_folder(const char *dir)
{
    FTS *tree = fts_open((char *const[]){(char *)dir, NULL}, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    const FTSENT *file;
    bool may = true;
    while (tree != NULL && may && (file = fts_read(tree)) != NULL) {
        if (file->fts_info == FTS_D && file->fts_level > 1)
            fts_set(tree, (FTSENT *)file, FTS_SKIP);
        else if (file->fts_info == FTS_DNR)
            may = false;
        else if (file->fts_info == FTS_F && text_glob("*.journal", span_text(file->fts_name)))
            may = access(file->fts_accpath, R_OK) == 0;
    }
    if (tree != NULL)
        fts_close(tree);
    return may;
}

static int check_readable(sd_journal *handle, const struct journal_request *request,
                          struct strbuf *why)
{
    const char *name = journal_request_name(request);
    bool is_system = request->file == NULL && request->dir == NULL;
    if (is_system && !may_read_system())
        return strbuf_why(why,
                          "%s: no system journal can be read; that takes root or the group "
                          "systemd-journal",
                          name);
    if (request->file == NULL && request->dir != NULL && !may_read_folder(request->dir))
        return strbuf_why(why,
                          "%s: a part of it may not be read; root and the group "
                          "systemd-journal may",
                          name);
    if (!holds_anything(handle))
        return strbuf_why(why, "%s: no journal file that can be read", name);
    return 0;
}

/* ---- opening ---- */

/* How many identifiers of the journal are wanted, all of them matched from now on;
 * negative: the library's error. Matches of one field are alternatives. */
static int match_identifiers(sd_journal *handle, const char *const *patterns)
{
    const void *data;
    size_t len, skip = field_names[JOURNAL_IDENTIFIER].len;
    int matched = 0, status = p_sd_journal_query_unique(handle, IDENTIFIER);
    while (status >= 0 &&
           (status = p_sd_journal_enumerate_available_unique(handle, &data, &len)) > 0) {
        struct span item = {data, len};
        if (len <= skip || !is_wanted(span_skip(item, skip), patterns))
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

/* The second `until` belongs to the window. */
static uint64_t end_of_second(int64_t seconds)
{
    uint64_t usec = to_usec(seconds);
    return usec <= UINT64_MAX - USEC_PER_SECOND ? usec + USEC_PER_SECOND - 1 : usec;
}

static int handle_open(sd_journal **handle, const struct journal_request *request)
{
    if (request->file != NULL)
        return p_sd_journal_open_files(handle, (const char *[]){request->file, NULL}, 0);
    if (request->dir != NULL)
        return p_sd_journal_open_directory(handle, request->dir, 0);
    return p_sd_journal_open(handle, SD_JOURNAL_LOCAL_ONLY);
}

/* Ready before the first entry; negative: the library's error. */
static int reader_start(struct journal_reader *reader, const struct journal_request *request,
                        bool stays)
{
    int status = 1;
    reader->until_usec = stays ? UINT64_MAX : end_of_second(request->until);
    reader->identifiers = stays ? request->identifiers : NULL;
    reader->has_needles = request->needles != NULL;
    if (reader->has_needles)
        literal_set_init(&reader->needles, request->needles);
    if (request->identifiers != NULL && !stays)
        status = match_identifiers(reader->handle, request->identifiers);
    if (status < 0)
        return status;
    reader->ended = status == 0;
    p_sd_journal_set_data_threshold(reader->handle, JOURNAL_LONGEST_FIELD + LONGEST_NAME);
    return p_sd_journal_seek_realtime_usec(reader->handle, to_usec(request->since));
}

static int say(struct strbuf *why, const char *name, int status)
{
    const char *what = strerror(-status);
    if (status == -EBADMSG || status == -ENODATA)
        what = "is no journal, or a damaged one";
    if (status == -EPROTONOSUPPORT)
        what = "is of a newer format than libsystemd here knows";
    return strbuf_why(why, "%s: %s", name, what);
}

static int reader_open(struct journal_reader *reader, const struct journal_request *request,
                       bool stays, struct strbuf *why)
{
    int status = handle_open(&reader->handle, request);
    if (status >= 0 && check_readable(reader->handle, request, why) != 0)
        return -1;
    if (status >= 0)
        status = reader_start(reader, request, stays);
    return status < 0 ? say(why, journal_request_name(request), status) : 0;
}

static struct journal_reader *reader_new(const struct journal_request *request, bool stays,
                                         struct strbuf *why)
{
    if (lazy_open((const char *const[]){"libsystemd.so.0", NULL}, symbols, why) != 0)
        return NULL;
    struct journal_reader *reader = mem_zero(1, sizeof *reader);
    if (reader_open(reader, request, stays, why) == 0)
        return reader;
    journal_reader_close(reader);
    return NULL;
}

struct journal_reader *journal_reader_open(const struct journal_request *request,
                                           struct strbuf *why)
{
    return reader_new(request, false, why);
}

struct journal_reader *journal_reader_follow(const struct journal_request *request,
                                             struct strbuf *why)
{
    return reader_new(request, true, why);
}

void journal_reader_close(struct journal_reader *reader)
{
    p_sd_journal_close(reader->handle);
    free(reader);
}

/* ---- staying ---- */

int journal_reader_seek_time(struct journal_reader *reader, uint64_t usec)
{
    return p_sd_journal_seek_realtime_usec(reader->handle, usec);
}

/* The library goes to the nearest entry when that of the cursor is gone, and does not say so. */
int journal_reader_seek(struct journal_reader *reader, const char *cursor)
{
    uint64_t usec;
    int status = p_sd_journal_seek_cursor(reader->handle, cursor);
    if (status >= 0)
        status = p_sd_journal_next(reader->handle);
    if (status > 0)
        status = p_sd_journal_test_cursor(reader->handle, cursor);
    if (status != 0)
        return status;
    if (!journal_cursor_time(cursor, &usec))
        return -EINVAL;
    status = journal_reader_seek_time(reader, usec + 1);
    return status < 0 ? status : 0;
}

int journal_reader_cursor(struct journal_reader *reader, struct strbuf *cursor)
{
    char *text = NULL;
    int status = p_sd_journal_get_cursor(reader->handle, &text);
    if (status < 0)
        return status;
    strbuf_reset(cursor);
    strbuf_add_text(cursor, text);
    free(text);
    return 0;
}

/* A journal that was opened by the names of its files has no descriptor: it is looked at from time
 * to time. */
bool journal_reader_wait(struct journal_reader *reader, int fd, int ms)
{
    int changes = p_sd_journal_get_fd(reader->handle);
    int events = changes < 0 ? 0 : p_sd_journal_get_events(reader->handle);
    struct pollfd polled[2] = {{.fd = fd},
                               {.fd = changes, .events = (short)(events < 0 ? 0 : events)}};
    int ready = poll(polled, 2, ms);
    if (changes >= 0)
        p_sd_journal_process(reader->handle);
    return ready <= 0 || polled[0].revents == 0;
}

#else

struct journal_reader *journal_reader_follow(const struct journal_request *request,
                                             struct strbuf *why)
{
    return journal_reader_open(request, why);
}

int journal_reader_seek(struct journal_reader *reader, const char *cursor)
{
    (void)reader;
    (void)cursor;
    return -ENOSYS;
}

int journal_reader_seek_time(struct journal_reader *reader, uint64_t usec)
{
    (void)reader;
    (void)usec;
    return -ENOSYS;
}

int journal_reader_cursor(struct journal_reader *reader, struct strbuf *cursor)
{
    (void)reader;
    (void)cursor;
    return -ENOSYS;
}

bool journal_reader_wait(struct journal_reader *reader, int fd, int ms)
{
    (void)reader;
    (void)fd;
    (void)ms;
    return false;
}

struct journal_reader *journal_reader_open(const struct journal_request *request,
                                           struct strbuf *why)
{
    (void)request;
    strbuf_why(why, "built without libsystemd");
    return NULL;
}

int journal_reader_next(struct journal_reader *reader, struct journal_entry *entry)
{
    (void)reader;
    (void)entry;
    return 0;
}

uint64_t journal_reader_damaged(const struct journal_reader *reader)
{
    (void)reader;
    return 0;
}

void journal_reader_close(struct journal_reader *reader)
{
    (void)reader;
}

#endif

/* systemd.journal-fields: "...;t=HEX;..." is the time in microseconds. */
bool journal_cursor_time(const char *cursor, uint64_t *usec)
{
    const char *at = strncmp(cursor, "t=", 2) == 0 ? cursor : strstr(cursor, ";t=");
    if (at == NULL)
        return false;
    const char *digits = strchr(at, '=') + 1;
    char *end;
    errno = 0;
    *usec = strtoull(digits, &end, 16);
    return end != digits && errno == 0 && (*end == ';' || *end == '\0') && *usec < UINT64_MAX;
}
