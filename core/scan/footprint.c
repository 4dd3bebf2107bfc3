/* footprint - cachestat tells in one call whether a file is cached at all or as a whole; only for
 * one that is partly is each page asked for.
 *
 * Whoever may not ask (mincore tells only owners and root) hears that all pages are cached:
 * then nothing is dropped.
 */
#include "spamgear/scan/footprint.h"

#include "spamgear/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* Linux 6.5; the same on all but Alpha */
#endif
#define PIECEWISE_MAX (1ULL << 30)
#define PAGES_AT_ONCE 4096

/* As linux/mman.h has them since 6.5. */
struct cache_range {
    uint64_t off, len;
};
struct cache_stat {
    uint64_t cached, dirty, writeback, evicted, recently_evicted;
};

static atomic_bool cachestat_off;

void footprint_without_cachestat(bool without)
{
    cachestat_off = without;
}

static uint64_t page_size(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t pages_of(uint64_t size)
{
    return (size + page_size() - 1) / page_size();
}

/* How many pages are cached; false: cannot be asked this way. */
static bool count_cached(int fd, uint64_t size, uint64_t *cached)
{
#ifdef __alpha__
    return false;
#else
    struct cache_range range = {0, size};
    struct cache_stat stat;
    if (cachestat_off)
        return false;
    if (syscall(SYS_cachestat, fd, &range, &stat, 0) == 0) {
        *cached = stat.cached;
        return true;
    }
    if (errno == ENOSYS)
        cachestat_off = true;
    return false;
#endif
}

static bool is_cached(const struct footprint *footprint, uint64_t page)
{
    return (footprint->cached[page / 8] >> (page % 8) & 1) != 0;
}

/* Sets a bit for each cached page; how many there are. The mapping is never read. */
static uint64_t ask_pages(struct footprint *footprint, char *map)
{
    unsigned char resident[PAGES_AT_ONCE];
    uint64_t pages = pages_of(footprint->size), count = 0;
    for (uint64_t first = 0; first < pages; first += PAGES_AT_ONCE) {
        uint64_t some = pages - first < PAGES_AT_ONCE ? pages - first : PAGES_AT_ONCE;
        if (mincore(map + first * page_size(), some * page_size(), resident) != 0)
            return pages; /* cannot be told: all are kept */
        for (uint64_t i = 0; i < some; i++) {
            if ((resident[i] & 1) == 0)
                continue;
            footprint->cached[(first + i) / 8] |= (uint8_t)(1U << ((first + i) % 8));
            count++;
        }
    }
    return count;
}

static void ask_each(struct footprint *footprint, int fd)
{
    uint64_t pages = pages_of(footprint->size);
    char *map = mmap(NULL, footprint->size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return;
    footprint->cached = mem_zero(pages / 8 + 1, 1);
    uint64_t cached = ask_pages(footprint, map);
    munmap(map, footprint->size);
    footprint->what = cached == 0       ? FOOTPRINT_DROP_ALL
                      : cached >= pages ? FOOTPRINT_KEEP
                                        : FOOTPRINT_DROP_SOME;
    if (footprint->what == FOOTPRINT_DROP_SOME)
        return;
    free(footprint->cached);
    footprint->cached = NULL;
}

void footprint_before(struct footprint *footprint, int fd, uint64_t size)
{
    uint64_t cached;
    *footprint = (struct footprint){.what = FOOTPRINT_KEEP, .size = size};
    if (size == 0)
        return;
    if (count_cached(fd, size, &cached)) {
        if (cached >= pages_of(size))
            return;
        if (cached == 0 || size > PIECEWISE_MAX) {
            footprint->what = FOOTPRINT_DROP_ALL;
            return;
        }
    } else if (size > PIECEWISE_MAX) {
        footprint->what = FOOTPRINT_DROP_ALL;
        return;
    }
    ask_each(footprint, fd);
}

static void drop_runs(const struct footprint *footprint, int fd)
{
    uint64_t pages = pages_of(footprint->size);
    for (uint64_t first = 0; first < pages;) {
        uint64_t end = first;
        while (end < pages && !is_cached(footprint, end))
            end++;
        if (end > first)
            posix_fadvise(fd, (off_t)(first * page_size()), (off_t)((end - first) * page_size()),
                          POSIX_FADV_DONTNEED);
        first = end + 1;
    }
}

void footprint_after(struct footprint *footprint, int fd)
{
    if (footprint->what == FOOTPRINT_DROP_ALL)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (footprint->what == FOOTPRINT_DROP_SOME)
        drop_runs(footprint, fd);
    free(footprint->cached);
    *footprint = (struct footprint){.what = FOOTPRINT_KEEP};
}
