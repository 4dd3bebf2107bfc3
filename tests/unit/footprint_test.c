/* footprint - which pages of a file are cached before and after it was read. */
#include "spamgear/scan/footprint.h"

#include "spamgear/base/mem.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGES = 300, WARM = 16 };

static size_t page;

/* How many of the pages from first on are cached. */
static int cached(int fd, int first, int pages)
{
    unsigned char resident[PAGES];
    char *map = mmap(NULL, PAGES * page, PROT_READ, MAP_SHARED, fd, 0);
    int count = 0;
    test_true("asks", map != MAP_FAILED &&
                          mincore(map + (size_t)first * page, (size_t)pages * page, resident) == 0);
    munmap(map, PAGES * page);
    for (int i = 0; i < pages; i++)
        count += resident[i] & 1;
    return count;
}

static void read_pages(int fd, int first, int pages)
{
    char *buffer = mem_alloc(page);
    for (int i = first; i < first + pages; i++)
        test_true("reads", pread(fd, buffer, page, (off_t)((size_t)i * page)) > 0);
    free(buffer);
}

static void chill(int fd)
{
    fsync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* The last page is not a full one. */
static int make_file(void)
{
    char path[] = "/tmp/footprint_test.XXXXXX";
    char *zeros = mem_zero(PAGES, page);
    int fd = mkostemp(path, O_CLOEXEC);
    test_true("made", write(fd, zeros, PAGES * page - 100) == (ssize_t)(PAGES * page - 100));
    unlink(path);
    free(zeros);
    chill(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM); /* what is cached is what was read */
    return fd;
}

static void test_way(const char *name, int fd)
{
    static const struct {
        const char *name;
        int first, pages; /* warm before */
        int what;
    } rows[] = {
        {"cold", 0, 0, FOOTPRINT_DROP_ALL},
        {"warm", 0, PAGES, FOOTPRINT_KEEP},
        {"warm at the start", 0, WARM, FOOTPRINT_DROP_SOME},
        {"warm inside", 100, WARM, FOOTPRINT_DROP_SOME},
        {"warm at the end", PAGES - WARM, WARM, FOOTPRINT_DROP_SOME},
        {"all but the last page", 0, PAGES - 1, FOOTPRINT_DROP_SOME},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct footprint footprint;
        printf("%s: %s\n", name, rows[i].name);
        chill(fd);
        read_pages(fd, rows[i].first, rows[i].pages);
        test_number("warm before", cached(fd, 0, PAGES), rows[i].pages);
        footprint_before(&footprint, fd, PAGES * page - 100);
        test_number(rows[i].name, (int)footprint.what, rows[i].what);
        read_pages(fd, 0, PAGES);
        test_number("warm while it is read", cached(fd, 0, PAGES), PAGES);
        footprint_after(&footprint, fd);
        test_number("as many after", cached(fd, 0, PAGES), rows[i].pages);
        if (rows[i].pages > 0)
            test_number("and the same", cached(fd, rows[i].first, rows[i].pages), rows[i].pages);
        test_true("frees", footprint.cached == NULL);
    }
}

/* What has no pages, or shrinks meanwhile, is no trouble. */
static void test_odd(int fd)
{
    struct footprint footprint;
    int ends[2];
    footprint_before(&footprint, fd, 0);
    test_number("empty", (int)footprint.what, FOOTPRINT_KEEP);
    footprint_after(&footprint, fd);
    test_true("pipe", pipe(ends) == 0);
    footprint_before(&footprint, ends[0], 100);
    footprint_after(&footprint, ends[0]);
    close(ends[0]);
    close(ends[1]);
    chill(fd);
    read_pages(fd, 0, WARM);
    test_true("shrinks", ftruncate(fd, (off_t)page) == 0);
    footprint_before(&footprint, fd, PAGES * page);
    test_true("shrinks more", ftruncate(fd, 0) == 0);
    footprint_after(&footprint, fd);
    footprint_before(&footprint, fd, 3ULL << 40);
    footprint_after(&footprint, fd);
    footprint_before(&footprint, -1, 100);
    footprint_after(&footprint, -1);
    test_true("frees", footprint.cached == NULL);
}

int main(void)
{
    page = (size_t)sysconf(_SC_PAGESIZE);
    int fd = make_file();
    if (cached(fd, 0, PAGES) == 0) {
        test_way("cachestat", fd);
        footprint_without_cachestat(true);
        test_way("mincore", fd);
    } else {
        printf("skipped: this file system keeps its files in memory\n");
    }
    test_odd(fd);
    close(fd);
    return test_end();
}
