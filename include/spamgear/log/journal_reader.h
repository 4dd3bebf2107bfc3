/* journal_reader - the entries of a systemd journal, one after another, through libsystemd.
 *
 * The library is asked only for what can matter: the wanted identifiers, from `since`
 * on. An entry's message is looked at first; the other fields are fetched only when it
 * holds one of the needles.
 */
#ifndef SPAMGEAR_LOG_JOURNAL_READER_H
#define SPAMGEAR_LOG_JOURNAL_READER_H

#include "spamgear/base/strbuf.h"
#include "spamgear/log/source.h"
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

/* {0} is an empty entry. Of a field that an entry has twice, the first value stays. */
struct journal_entry {
    uint64_t usec; /* since the epoch */
    struct strbuf fields[JOURNAL_FIELDS];
    bool has[JOURNAL_FIELDS];
};
void journal_entry_clear(struct journal_entry *entry);

/* What is shown as the name of the journal. */
const char *journal_request_name(const struct journal_request *request);

/* The request's needles are borrowed until the reader is closed. NULL with why, also when
 * some of the journal may not be read: a part would pass for the whole. */
struct journal_reader *journal_reader_open(const struct journal_request *request,
                                           struct strbuf *why);
/* The same for who stays: identifiers are looked at entry by entry, as new ones come up, and
 * `until` does not count. Begins at request->since. */
struct journal_reader *journal_reader_follow(const struct journal_request *request,
                                             struct strbuf *why);
/* Goes behind the entry of a cursor. 1; 0 when that is not there any more: then behind its time;
 * else -errno (-EINVAL: it is no cursor). */
int journal_reader_seek(struct journal_reader *reader, const char *cursor);
/* Goes to a time; 0 or -errno. */
int journal_reader_seek_time(struct journal_reader *reader, uint64_t usec);
/* Replaces *cursor by that of the entry that was looked at last. 0 or -errno. */
int journal_reader_cursor(struct journal_reader *reader, struct strbuf *cursor);
/* The time in a cursor's text; false when there is none. */
bool journal_cursor_time(const char *cursor, uint64_t *usec);
/* Waits until there may be more, or `fd` has lost its other end (then false), or ms are over. */
bool journal_reader_wait(struct journal_reader *reader, int fd, int ms);

/* 1: the next wanted entry of the window is in *entry; 0: the end; else -errno. */
int journal_reader_next(struct journal_reader *reader, struct journal_entry *entry);
/* Entries that could not be read and were passed over. */
uint64_t journal_reader_damaged(const struct journal_reader *reader);
void journal_reader_close(struct journal_reader *reader);

#endif
