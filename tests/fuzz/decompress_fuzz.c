/* decompress_fuzz - any bytes, opened as a log and read to the end.
 *
 * The first input byte chooses the block size and which signature stands before the
 * rest, so that each decoder is reached. What must hold: reads end, stay inside their
 * buffer, give the same bytes for every block size, and a failure says why. Of damaged
 * data a library may give a few bytes more or less, but never other ones.
 */
#include "spamgear/log/source.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LONGEST (8 << 20) /* enough of a bomb */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct span heads[] = {
    {"", 0},
    {"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10},
    {"\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36", 12},
    {"\x28\xb5\x2f\xfd", 4},
};

struct outcome {
    struct strbuf bytes;
    bool failed, stopped;
};

static void need(bool ok)
{
    if (!ok)
        abort();
}

static struct outcome read_to_end(const char *path, size_t block)
{
    static char buf[70000];
    struct strbuf why = {0};
    struct outcome out = {0};
    struct source *source = source_open(path, &why);
    ssize_t n = -1;
    while (source != NULL && out.bytes.len < LONGEST &&
           (n = source_read(source, buf, block, &why)) > 0) {
        need((size_t)n <= block);
        strbuf_add(&out.bytes, buf, (size_t)n);
    }
    out.stopped = out.bytes.len >= LONGEST;
    out.failed = n < 0;
    need(!out.failed || why.len > 0);
    source_close(source);
    strbuf_clear(&why);
    return out;
}

static void compare(const struct outcome *a, const struct outcome *b)
{
    size_t len = a->bytes.len < b->bytes.len ? a->bytes.len : b->bytes.len;
    need(len == 0 || memcmp(a->bytes.data, b->bytes.data, len) == 0);
    if (a->stopped || b->stopped)
        return;
    need(a->failed == b->failed);
    need(a->failed || a->bytes.len == b->bytes.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    if (size == 0)
        return 0;
    struct span head = heads[data[0] % 4];
    int fd = memfd_create("archive", MFD_CLOEXEC);
    need(fd >= 0 && write(fd, head.at, head.len) == (ssize_t)head.len &&
         write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct outcome whole = read_to_end(path, 65536);
    struct outcome parts = read_to_end(path, 1u + data[0]);
    compare(&whole, &parts);
    strbuf_clear(&whole.bytes);
    strbuf_clear(&parts.bytes);
    close(fd);
    return 0;
}
