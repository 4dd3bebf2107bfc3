/* journal_library - journal entries through libsystemd, one match for each identifier.
 *
 * The library opens what it may and is silent about the rest, so a journal that may not
 * be read would look empty: that is asked for and said.
 */
#include "spamgear/log/journal_reader.h"

#ifdef HAVE_SYSTEMD
#include "spamgear/base/lazy.h"
#include "spamgear/base/mem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
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
    F(sd_journal_next)                                                                             \
    F(sd_journal_get_realtime_usec)                                                                \
    F(sd_journal_restart_data)                                                                     \
    F(sd_journal_enumerate_available_data)

JOURNAL_FUNCTIONS(LAZY_POINTER)
static const struct lazy_symbol symbols[] = {JOURNAL_FUNCTIONS(LAZY_SYMBOL){0}};

#define IDENTIFIER_FIELD "SYSLOG_IDENTIFIER"

struct library_reader {
    struct journal_reader reader;
    sd_journal *handle;
    const struct literal_set *needles;
    uint64_t until_usec;
    bool ended;
};

static int say(struct strbuf *why, const char *name, int status)
{
    const char *what = status == -EBADMSG ? "is no journal, or a damaged one" : strerror(-status);
    return strbuf_why(why, "%s: %s", name, what);
}

/* ---- reading ---- */

/* False when the entry cannot be read. */
static bool fields_read(sd_journal *handle, struct journal_entry *entry)
{
    const void *data;
    size_t len;
    int status;
    journal_entry_reset(entry);
    p_sd_journal_restart_data(handle);
    while ((status = p_sd_journal_enumerate_available_data(handle, &data, &len)) > 0) {
        size_t at = 0;
        struct span item = {data, len};
        enum journal_field field = journal_field_find(item, &at);
        if (field != JOURNAL_FIELDS)
            journal_entry_set(entry, field, span_skip(item, at));
    }
    return status == 0;
}

static bool has_needle(const struct journal_entry *entry, const struct literal_set *needles)
{
    struct span message = strbuf_span(&entry->fields[JOURNAL_MESSAGE]);
    if (needles == NULL)
        return true;
    return message.len > 0 && literal_find(needles, message.at, span_end(message)) != NULL;
}

static int library_next(struct journal_reader *reader, struct journal_entry *entry)
{
    struct library_reader *library = (struct library_reader *)reader;
    int status = 0;
    while (!library->ended && (status = p_sd_journal_next(library->handle)) > 0) {
        if (p_sd_journal_get_realtime_usec(library->handle, &entry->usec) != 0 ||
            !fields_read(library->handle, entry)) {
            reader->damaged++;
            continue;
        }
        library->ended = entry->usec > library->until_usec;
        if (library->ended || has_needle(entry, library->needles))
            return !library->ended;
    }
    return library->ended ? 0 : status;
}

static void library_close(struct journal_reader *reader)
{
    struct library_reader *library = (struct library_reader *)reader;
    p_sd_journal_close(library->handle);
    free(library);
}

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
        if (len <= skip ||
            !journal_is_wanted((struct span){(const char *)data + skip, len - skip}, wanted))
            continue;
        status = p_sd_journal_add_match(handle, data, len);
        matched++;
    }
    return status < 0 ? status : matched;
}

static int check_readable(sd_journal *handle, const struct journal_request *request,
                          struct strbuf *why)
{
    const char *name = journal_request_name(request);
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

static sd_journal *handle_ready(const struct journal_request *request, uint64_t since_usec,
                                bool *is_empty, struct strbuf *why)
{
    sd_journal *handle = NULL;
    int matched = 1, status = handle_open(&handle, request);
    if (status < 0) {
        say(why, journal_request_name(request), status);
        return NULL;
    }
    if (check_readable(handle, request, why) != 0) {
        p_sd_journal_close(handle);
        return NULL;
    }
    if (request->identifiers != NULL)
        status = matched = match_identifiers(handle, request->identifiers);
    p_sd_journal_set_data_threshold(handle, JOURNAL_LONGEST_FIELD + 32); /* with the name */
    if (status >= 0)
        status = p_sd_journal_seek_realtime_usec(handle, since_usec);
    *is_empty = matched == 0;
    if (status >= 0)
        return handle;
    say(why, journal_request_name(request), status);
    p_sd_journal_close(handle);
    return NULL;
}

struct journal_reader *journal_library_open(const struct journal_request *request,
                                            const struct literal_set *needles, struct strbuf *why)
{
    uint64_t since_usec, until_usec;
    bool is_empty = false;
    journal_window(request, &since_usec, &until_usec);
    if (lazy_open((const char *const[]){"libsystemd.so.0", NULL}, symbols, why) != 0)
        return NULL;
    sd_journal *handle = handle_ready(request, since_usec, &is_empty, why);
    if (handle == NULL)
        return NULL;
    struct library_reader *library = mem_zero(1, sizeof *library);
    library->reader.next = library_next;
    library->reader.close = library_close;
    library->handle = handle;
    library->needles = needles;
    library->until_usec = until_usec;
    library->ended = is_empty;
    return &library->reader;
}

#else

struct journal_reader *journal_library_open(const struct journal_request *request,
                                            const struct literal_set *needles, struct strbuf *why)
{
    (void)request;
    (void)needles;
    strbuf_why(why, "built without libsystemd");
    return NULL;
}

#endif
