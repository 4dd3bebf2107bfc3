/* read_files - reads every file whose path stands on standard input, and does nothing else.
 *
 *     read_files <LIST          opens, asks for the size, reads to the end, closes
 *     read_files -p <LIST       reads nothing: prints how many of their pages are in the page cache
 *
 * The first is the floor below which no scanner can be; the second shows what a scan leaves in
 * memory.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (1u << 20)

static char buffer[BUFFER_BYTES];

static unsigned long long cached_pages(int fd, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (size + page - 1) / page;
    unsigned long long cached = 0;
    unsigned char *in_core = malloc(pages);
    void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (in_core != NULL && map != MAP_FAILED && mincore(map, size, in_core) == 0)
        for (size_t i = 0; i < pages; i++)
            cached += in_core[i] & 1;
    if (map != MAP_FAILED)
        munmap(map, size);
    free(in_core);
    return cached;
}

static unsigned long long read_all(int fd)
{
    unsigned long long bytes = 0;
    ssize_t got;
    while ((got = read(fd, buffer, sizeof buffer)) > 0)
        bytes += (unsigned long long)got;
    return bytes;
}

int main(int argc, char **argv)
{
    bool pages = argc > 1 && strcmp(argv[1], "-p") == 0;
    unsigned long long files = 0, sum = 0;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    while ((len = getline(&line, &cap, stdin)) > 0) {
        struct stat st;
        line[strcspn(line, "\n")] = '\0';
        int fd = open(line, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) != 0) {
            perror(line);
            return 2;
        }
        if (!pages)
            sum += read_all(fd);
        else if (st.st_size > 0)
            sum += cached_pages(fd, (size_t)st.st_size);
        close(fd);
        files++;
    }
    free(line);
    printf("%llu files, %llu %s\n", files, sum, pages ? "pages cached" : "bytes");
    return 0;
}
