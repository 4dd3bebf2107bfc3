/* source_journal - the systemd journal, written out as log lines.
 *
 * Entries become lines (journal_line) in bulk, in a process of their own (source_apart),
 * because the library may end its process at a damaged journal. Damaged entries are passed
 * over and reported at the end. A journal that may not be read is an error, never an empty log.
 */
#include "spamgear/log/source.h"

#include "journal_line.h"
#include "spamgear/base/mem.h"
#include "spamgear/log/journal_reader.h"
#include "spamgear/log/source_apart.h"
#include <stdlib.h>
#include <string.h>

struct journal {
    struct journal_reader *reader;
    struct journal_line_maker maker;
    bool ended;
    int status; /* the reader's error, 0 without one */
    struct journal_entry entry;
    struct strbuf line; /* the entry that is being delivered */
    size_t delivered;   /* bytes of it */
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
        journal->delivered = 0;
        strbuf_reset(&journal->line);
        journal_line_add(&journal->maker, &journal->entry, &journal->line);
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
    journal->maker.writers = request->writers;
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
