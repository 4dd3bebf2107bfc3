/* harvest - from sources to events.
 *
 * Reads one source after another, finds the lines worth parsing by their literals,
 * parses them in one or more threads, and hands the events of the window to a sink in
 * the order of the log, one at a time. Where a source turns out not to be ordered
 * although it was not read from its start, the part before is read as well.
 */
#ifndef SPAMGEAR_LOG_HARVEST_H
#define SPAMGEAR_LOG_HARVEST_H

#include "spamgear/log/format.h"
#include "spamgear/log/reader.h"

struct harvest_sink {
    void *state;
    void (*event)(void *state, const struct event *event, const struct source *source);
};

struct harvest_counts {
    uint64_t bytes, lines; /* lines only when count_lines is set */
    uint64_t events;       /* messages, failed log-ins and refused commands in the window */
    uint64_t unparsed;     /* lines of the program that were not understood */
    uint64_t undated;      /* lines of interest whose time could not be read */
    uint64_t dated;        /* lines of interest whose time could be read, in or out of the window */
    uint64_t future;       /* of those: after the window's end */
    uint64_t forged;       /* the kernel says another program wrote them */
    uint64_t gave_up;      /* a pattern hit its limits: could not tell */
    uint64_t too_long;     /* lines left out */
};

struct harvest {
    const struct log_format *const *formats; /* tried in order */
    size_t formats_len;
    struct window window;
    unsigned threads;
    bool count_lines;
    bool recipients; /* look for the lines that only add recipients, too */
    struct harvest_sink sink;
    struct harvest_counts counts;
};

/* Reads one source. 0, or -1 with why: everything that could be read was delivered. Adds to
 * counts. A source in which no line has a readable time is an error, so that it can
 * never look like an empty report. */
int harvest_source(struct harvest *harvest, struct source *source, struct strbuf *why);

#endif
