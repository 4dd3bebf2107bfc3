/* footprint - reading a file without leaving it in the page cache.
 *
 * Which pages of a file were cached is asked before it is read (cachestat(2), else
 * mincore(2)); those that were not are dropped again afterwards. So a scan of a cold tree does
 * not push out what the machine works with.
 */
#ifndef SPAMGEAR_SCAN_FOOTPRINT_H
#define SPAMGEAR_SCAN_FOOTPRINT_H

#include <stdbool.h>
#include <stdint.h>

struct footprint {
    enum { FOOTPRINT_KEEP, FOOTPRINT_DROP_ALL, FOOTPRINT_DROP_SOME } what;
    uint64_t size;
    uint8_t *cached; /* of DROP_SOME: a bit a page, owned */
};

/* Before fd is read. Files over 1 GiB that are partly cached are dropped as a whole. */
void footprint_before(struct footprint *footprint, int fd, uint64_t size);
/* After it was read; frees. */
void footprint_after(struct footprint *footprint, int fd);

/* Tells it to do without cachestat (tests of the other way). */
void footprint_without_cachestat(bool without);

#endif
