/* journal_reader - journal entries one after another, in two ways.
 *
 * journal_files reads the files itself: a small, documented format
 * (systemd.io/JOURNAL_FILE_FORMAT), two to three times as fast as the library, in
 * little memory, never mapped. It declines at the smallest doubt (unknown flags, a
 * file that is not whole or is none); then journal_library asks libsystemd, which also
 * finds the words for what is wrong. Both give the same entries.
 */
#ifndef SPAMGEAR_LOG_JOURNAL_READER_H
#define SPAMGEAR_LOG_JOURNAL_READER_H

#include "spamgear/base/strbuf.h"
#include "spamgear/log/source.h"
#include "spamgear/match/literal.h"
#include <stdbool.h>
#include <stdint.h>

#define JOURNAL_LONGEST_FIELD 65536 /* bytes of a message; a log line is never that long */

/* What we want of an entry: systemd.journal-fields(7). */
enum journal_field {
    JOURNAL_MESSAGE,
    JOURNAL_IDENTIFIER,
    JOURNAL_SYSLOG_PID,
    JOURNAL_PID,
    JOURNAL_HOSTNAME,
    JOURNAL_UID,
    JOURNAL_EXE,
    JOURNAL_UNIT,
    JOURNAL_TRANSPORT,
    JOURNAL_FIELDS
};

struct journal_entry {
    uint64_t usec; /* since the epoch */
    struct strbuf fields[JOURNAL_FIELDS];
    bool has[JOURNAL_FIELDS];
};

/* {0} is an empty entry. */
void journal_entry_reset(struct journal_entry *entry);
void journal_entry_clear(struct journal_entry *entry);
/* Which field "NAME=value" is, and where its value starts; JOURNAL_FIELDS: none of ours. */
enum journal_field journal_field_find(struct span data, size_t *value_at);
/* Copies at most JOURNAL_LONGEST_FIELD bytes. The first value of a field stays. */
void journal_entry_set(struct journal_entry *entry, enum journal_field field, struct span value);

/* Which entries are wanted: NULL wants all. */
struct journal_wish {
    const char *const *identifiers;
    const struct literal_set *needles; /* one of which the message holds */
};

/* Is it one of journal_request.identifiers? NULL wants all. */
bool journal_is_wanted(struct span identifier, const char *const *identifiers);
/* What is shown as the name of the journal. */
const char *journal_request_name(const struct journal_request *request);
/* The window in microseconds; the second `until` belongs to it. */
void journal_window(const struct journal_request *request, uint64_t *since_usec,
                    uint64_t *until_usec);

struct journal_reader {
    /* 1: the next wanted entry of the window is in *entry; 0: the end; else -errno. */
    int (*next)(struct journal_reader *reader, struct journal_entry *entry);
    void (*close)(struct journal_reader *reader);
    uint64_t damaged; /* entries that could not be read */
};

/* needles: of journal_request, or NULL; borrowed while the reader lives.
 * NULL with why: some of it may not be read, and a part would pass for the whole.
 * NULL with *why left as it is: it declines. */
struct journal_reader *journal_files_open(const struct journal_request *request,
                                          const struct literal_set *needles, struct strbuf *why);
/* NULL with why. */
struct journal_reader *journal_library_open(const struct journal_request *request,
                                            const struct literal_set *needles, struct strbuf *why);

/* ---- one file, for journal_files ---- */

struct journal_file;

/* What all open files share: a cache of their pages, and of what their data objects say. */
struct journal_cache *journal_cache_new(void);
void journal_cache_free(struct journal_cache *cache);

/* Ready at the first entry since that time. 1: opened; 0: it has no entry in the window;
 * -1: it cannot be opened (errno), or is not understood (errno 0). number: its own among
 * all files. */
int journal_file_open(struct journal_file **file, int dir, const char *name, unsigned number,
                      uint64_t since_usec, uint64_t until_usec, struct journal_cache *cache);
void journal_file_close(struct journal_file *file);

/* The entry that comes next; what is equal in all of it is the same entry. */
struct journal_mark {
    uint64_t usec, monotonic, hash;
};
/* False at the end of the file. */
bool journal_file_mark(const struct journal_file *file, struct journal_mark *mark);
/* Reads the next entry and steps on. 1: it is wanted; 0: it is not; -1: it is damaged. */
int journal_file_take(struct journal_file *file, const struct journal_wish *wish,
                      struct journal_entry *entry);
/* Steps over it. */
void journal_file_skip(struct journal_file *file);
/* Entries that could not even be looked at. */
uint64_t journal_file_damaged(const struct journal_file *file);

#endif
