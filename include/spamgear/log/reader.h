/* reader - one source as blocks of whole lines, in order.
 *
 * Blocks are filled one after another (the caller serialises calls) and may then be
 * worked on in any thread: each carries a copy of the stamp clock as it stands before its
 * first line. Lines that no block can hold are left out and counted, wherever they stand.
 */
#ifndef SPAMGEAR_LOG_READER_H
#define SPAMGEAR_LOG_READER_H

#include "spamgear/log/window.h"

#define READER_LINE_MAX    (128 * 1024) /* with the newline; rsyslog's default is 8 KiB */
#define READER_BLOCK_BYTES READER_LINE_MAX
/* A packed log is slow to read: larger blocks are worth the change from thread to thread. */
#define READER_PACKED_BLOCK_BYTES (4 * READER_BLOCK_BYTES)

struct block {
    char *data; /* whole lines; the last of the source may lack its newline */
    size_t len, cap;
    uint64_t offset; /* of data[0] in the source */
    uint64_t number; /* 0, 1, ... */
    struct stamp_clock clock;
    bool ordered;     /* so far the source kept the order that window_find relied on */
    bool every_stamp; /* the clock must see every line: an hour that occurs twice is near */
};

struct reader {
    struct source *source;
    const struct window *window;
    struct stamp_clock clock; /* before the next block */
    bool ordered;             /* the order that window_find relied on still holds */
    uint64_t start;           /* offset where reading began */
    uint64_t limit;           /* offset where it ends at the latest */
    uint64_t position;        /* of the source's next byte */
    uint64_t offset;          /* of the next block */
    uint64_t blocks;
    uint64_t too_long;        /* lines left out */
    uint64_t too_long_offset; /* of the first of them */
    char *carry;              /* start of a line whose end is not read yet */
    size_t carry_len;
    bool skipping, ended, failed;
};

/* Finds the window's start in the source and gets ready there. */
void reader_open(struct reader *reader, struct source *source, const struct window *window);
/* Gets ready for the part that reader_open left out: from the file's start to where that reader
 * began. What to do when the order it relied on turned out not to hold. */
void reader_open_older(struct reader *older, const struct reader *reader);
/* Frees the reader's memory, not the source. */
void reader_close(struct reader *reader);

/* Room for the blocks of this source; freed by block_clear. */
void block_init(struct block *block, const struct source *source);
void block_clear(struct block *block);

/* Fills a block that block_init has made. 1 = a block, 0 = the end or past the window,
 * -1 = the source failed with why (after everything that could be read). */
int reader_next(struct reader *reader, struct block *block, struct strbuf *why);

#endif
