/* journal_line - an entry of the journal as a line of source.h. */
#ifndef SPAMGEAR_CORE_LOG_JOURNAL_LINE_H
#define SPAMGEAR_CORE_LOG_JOURNAL_LINE_H

#include "spamgear/log/journal_reader.h"

struct journal_line_maker {
    const char *const *writers; /* of the request */
    int64_t second;             /* whose text is in stamp, "" before the first */
    char stamp[20];
};

/* Appends the line, with its newline. */
void journal_line_add(struct journal_line_maker *maker, const struct journal_entry *entry,
                      struct strbuf *line);

#endif
