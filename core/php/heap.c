/* heap - memory that is thrown away with the file, and the texts in it.
 *
 * Blocks are filled from their start; what is larger than a block gets one of its own. Nothing is
 * given back before the end, so all that was ever asked for counts: that bounds time as well, since
 * whatever is copied is copied to new memory.
 *
 * A text that php_text_join made stands in a buffer with room behind it. Of the texts that share
 * the buffer only the longest, which ends where the buffer is filled to, is lengthened in place.
 */
#include "spamgear/base/mem.h"
#include "spamgear/php/value.h"

#include <stdalign.h>
#include <stdlib.h>

#define BLOCK_BYTES (256u << 10)
#define TEXT_MAX    (UINT32_MAX / 4) /* sizes of buffers fit 32 bits */

struct php_block {
    struct php_block *next;
    size_t size, used;
    alignas(max_align_t) char at[];
};

struct buffer { /* before a text that grows */
    uint32_t cap, used;
    char at[];
};

/* ---- the heap ---- */

void php_heap_init(struct php_heap *heap, size_t bytes_limit, uint64_t steps_limit)
{
    *heap = (struct php_heap){.bytes_limit = bytes_limit, .steps_limit = steps_limit};
}

static void free_blocks(struct php_block *block)
{
    while (block != NULL) {
        struct php_block *next = block->next;
        free(block);
        block = next;
    }
}

void php_heap_reset(struct php_heap *heap)
{
    struct php_block *kept = heap->blocks;
    if (kept != NULL) {
        free_blocks(kept->next);
        kept->next = NULL;
        kept->used = 0;
    }
    php_heap_init(heap, heap->bytes_limit, heap->steps_limit);
    heap->blocks = kept;
}

void php_heap_clear(struct php_heap *heap)
{
    free_blocks(heap->blocks);
    php_heap_init(heap, 0, 0);
}

/* The newest block is the one that is filled, and of ordinary size: a large one goes behind it. */
static struct php_block *block_new(struct php_heap *heap, size_t size)
{
    bool large = size > BLOCK_BYTES / 4 && heap->blocks != NULL;
    size_t room = size > BLOCK_BYTES ? size : large ? size : BLOCK_BYTES;
    struct php_block *block = mem_alloc(sizeof *block + room);
    struct php_block **place = large ? &heap->blocks->next : &heap->blocks;
    *block = (struct php_block){.next = *place, .size = room};
    *place = block;
    return block;
}

static void *get_raw(struct php_heap *heap, size_t size)
{
    size_t step = alignof(max_align_t);
    bool fits = size <= heap->bytes_limit;
    size = (size + step - 1) / step * step; /* may come round to 0 when it does not fit */
    if (!fits || size > heap->bytes_limit || heap->used > heap->bytes_limit - size) {
        heap->spent = heap->spent == NULL ? "memory" : heap->spent;
        heap->refused++;
        return NULL;
    }
    heap->used += size;
    struct php_block *block = heap->blocks;
    if (block == NULL || block->size - block->used < size)
        block = block_new(heap, size);
    void *at = block->at + block->used;
    block->used += size;
    return at;
}

void *php_heap_get(struct php_heap *heap, size_t size)
{
    void *at = get_raw(heap, size);
    return at == NULL ? NULL : memset(at, 0, size);
}

bool php_heap_step(struct php_heap *heap, uint64_t n)
{
    if (n > heap->steps_limit || heap->steps > heap->steps_limit - n) {
        heap->spent = heap->spent == NULL ? "steps" : heap->spent;
        heap->refused++;
        return false;
    }
    heap->steps += n;
    return true;
}

/* ---- texts ---- */

char *php_text_room(struct php_heap *heap, size_t len, struct php_text *out)
{
    char *at = get_raw(heap, len <= TEXT_MAX ? len : SIZE_MAX);
    if (at != NULL)
        *out = (struct php_text){.at = at, .len = (uint32_t)len};
    return at;
}

bool php_text_copy(struct php_heap *heap, struct span bytes, struct php_text *out)
{
    char *at = php_text_room(heap, bytes.len, out);
    if (at != NULL && bytes.len > 0)
        memcpy(at, bytes.at, bytes.len);
    return at != NULL;
}

static struct buffer *buffer_of(struct php_text text)
{
    return (struct buffer *)(text.at - sizeof(struct buffer));
}

/* A buffer that begins with text, with room for `len` bytes and for what may follow: as much
 * again where something has followed before. */
static struct buffer *buffer_new(struct php_heap *heap, struct php_text text, size_t len)
{
    size_t cap = text.grows ? len * 2 : len + 16;
    struct buffer *buffer = get_raw(heap, len <= TEXT_MAX ? sizeof *buffer + cap : SIZE_MAX);
    if (buffer == NULL)
        return NULL;
    *buffer = (struct buffer){.cap = (uint32_t)cap, .used = text.len};
    if (text.len > 0)
        memcpy(buffer->at, text.at, text.len);
    return buffer;
}

bool php_text_join(struct php_heap *heap, struct php_text left, struct php_text right,
                   struct php_text *out)
{
    if (left.len == 0 || right.len == 0) {
        *out = left.len == 0 ? right : left;
        return true;
    }
    size_t len = (size_t)left.len + right.len;
    struct buffer *buffer = left.grows ? buffer_of(left) : NULL;
    if (buffer == NULL || buffer->used != left.len || buffer->cap < len)
        buffer = buffer_new(heap, left, len);
    if (buffer == NULL)
        return false;
    memcpy(buffer->at + left.len, right.at, right.len);
    buffer->used = (uint32_t)len;
    *out = (struct php_text){.at = buffer->at, .len = (uint32_t)len, .grows = 1};
    return true;
}

#define BYTES_4(n)  n, n + 1, n + 2, n + 3
#define BYTES_16(n) BYTES_4(n), BYTES_4(n + 4), BYTES_4(n + 8), BYTES_4(n + 12)
#define BYTES_64(n) BYTES_16(n), BYTES_16(n + 16), BYTES_16(n + 32), BYTES_16(n + 48)
static const unsigned char bytes[] = {BYTES_64(0), BYTES_64(64), BYTES_64(128), BYTES_64(192)};

struct php_text php_text_byte(unsigned char byte)
{
    return (struct php_text){.at = (const char *)&bytes[byte], .len = 1};
}
