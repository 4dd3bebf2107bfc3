/* journal_file - one file of the systemd journal, read by its documented format
 * (systemd.io/JOURNAL_FILE_FORMAT).
 *
 * A header; a chain of arrays that name every entry in order; entries that name their
 * data objects ("FIELD=value"); data objects that many entries share. So what a data
 * object says is remembered by its offset, and an entry costs little more than its
 * message. journald may be appending meanwhile: only what was there when the file was
 * opened is read. Every offset and size is checked by the read that follows it, which
 * fails behind the end of the file; nothing is followed in circles.
 */
#include "spamgear/log/journal_reader.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/vec.h"
#include "spamgear/log/source_codec.h"
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OBJECT_DATA = 1, OBJECT_ENTRY = 3, OBJECT_ENTRY_ARRAY = 6 };
enum { DATA_XZ = 1, DATA_LZ4 = 2, DATA_ZSTD = 4 };
enum { FILE_XZ = 1, FILE_LZ4 = 2, FILE_KEYED_HASH = 4, FILE_ZSTD = 8, FILE_COMPACT = 16 };

#define FILE_KNOWN (FILE_XZ | FILE_KEYED_HASH | FILE_ZSTD | FILE_COMPACT)

/* Offsets in the header, and sizes of the fixed parts of objects. */
enum {
    AT_INCOMPATIBLE = 12,
    AT_HEADER_SIZE = 88,
    AT_ARENA_SIZE = 96,
    AT_ENTRIES = 152,
    AT_ENTRY_ARRAY = 176,
    AT_HEAD_REALTIME = 184,
    AT_TAIL_REALTIME = 192,
    HEADER_SIZE = 208,
    OBJECT_SIZE = 16,
    ARRAY_SIZE = 24,
    ENTRY_SIZE = 64,
    DATA_SIZE = 64,
    DATA_SIZE_COMPACT = 72
};

#define MOST_ITEMS  1024 /* of an entry; journald writes no more */
#define MOST_ARRAYS 64   /* each one is twice as long as the one before */

#define PAGE_SIZE  4096
#define PAGES      256
#define MEMOS      4096
#define MEMO_BYTES 46

struct page {
    uint64_t key;
    size_t len;
    unsigned char bytes[PAGE_SIZE];
};

/* What a data object says: one of our fields with a short value, or nothing of ours. */
struct memo {
    uint64_t key;
    unsigned char field, len;
    char value[MEMO_BYTES];
};

struct journal_cache {
    struct page pages[PAGES];
    struct memo memos[MEMOS];
    unsigned char packed[JOURNAL_LONGEST_FIELD + 4096]; /* incompressible data grows a little */
    unsigned char value[JOURNAL_LONGEST_FIELD + 32];    /* with the name */
    void *xz, *zstd;                                    /* decoders, once they were needed */
};

struct entry_array {
    uint64_t offset, first, count; /* which entries it names */
};

struct journal_file {
    int fd;
    unsigned number;
    bool compact;
    struct journal_cache *cache;
    VEC(struct entry_array) arrays;
    uint64_t count;       /* entries */
    uint64_t index;       /* of the next one */
    uint64_t next_offset; /* of the next one */
    uint64_t next_size;
    struct journal_mark next;
    uint64_t damaged;
};

struct journal_cache *journal_cache_new(void)
{
    return mem_zero(1, sizeof(struct journal_cache));
}

void journal_cache_free(struct journal_cache *cache)
{
    if (cache->xz != NULL)
        source_xz.close(cache->xz);
    if (cache->zstd != NULL)
        source_zstd.close(cache->zstd);
    free(cache);
}

/* ---- bytes ---- */

static uint64_t get64(const unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

static uint32_t get32(const unsigned char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

/* Never 0, which marks unused places. Files are smaller than 2^44 bytes. */
static uint64_t cache_key(const struct journal_file *file, uint64_t offset)
{
    return ((uint64_t)file->number + 1) << 44 | offset;
}

static const struct page *page_get(struct journal_file *file, uint64_t offset)
{
    uint64_t start = offset - offset % PAGE_SIZE;
    struct page *page = &file->cache->pages[(start / PAGE_SIZE + file->number * 7) % PAGES];
    uint64_t key = cache_key(file, start);
    if (page->key == key)
        return page;
    ssize_t n;
    do
        n = pread(file->fd, page->bytes, PAGE_SIZE, (off_t)start);
    while (n < 0 && errno == EINTR);
    page->key = n < 0 ? 0 : key;
    page->len = n < 0 ? 0 : (size_t)n;
    return page;
}

/* All len bytes, or false. */
static bool bytes_read(struct journal_file *file, uint64_t offset, void *out, size_t len)
{
    unsigned char *to = out;
    while (len > 0) {
        if (offset >> 44 != 0)
            return false;
        const struct page *page = page_get(file, offset);
        size_t skip = offset % PAGE_SIZE;
        if (skip >= page->len)
            return false;
        size_t n = page->len - skip < len ? page->len - skip : len;
        memcpy(to, page->bytes + skip, n);
        to += n;
        offset += n;
        len -= n;
    }
    return true;
}

/* The fixed part of an object of a type; its whole size is at least that. */
static bool object_read(struct journal_file *file, uint64_t offset, int type, unsigned char *out,
                        size_t len, uint64_t *size)
{
    if (!bytes_read(file, offset, out, len) || out[0] != type)
        return false;
    *size = get64(out + 8);
    return *size >= len;
}

/* ---- entries ---- */

static unsigned array_item_size(const struct journal_file *file)
{
    return file->compact ? 4 : 8;
}

/* False when the chain does not name all entries. */
static bool arrays_read(struct journal_file *file, uint64_t offset)
{
    uint64_t named = 0;
    while (named < file->count) {
        unsigned char head[ARRAY_SIZE];
        uint64_t size;
        if (file->arrays.len == MOST_ARRAYS ||
            !object_read(file, offset, OBJECT_ENTRY_ARRAY, head, sizeof head, &size))
            return false;
        uint64_t count = (size - ARRAY_SIZE) / array_item_size(file);
        if (count > file->count - named)
            count = file->count - named;
        *vec_add(&file->arrays) = (struct entry_array){offset + ARRAY_SIZE, named, count};
        named += count;
        offset = get64(head + OBJECT_SIZE);
    }
    return true;
}

static bool entry_offset(struct journal_file *file, uint64_t index, uint64_t *offset)
{
    unsigned char item[8] = {0};
    unsigned size = array_item_size(file);
    size_t i = file->arrays.len - 1;
    while (i > 0 && file->arrays.at[i].first > index)
        i--;
    const struct entry_array *array = &file->arrays.at[i];
    if (!bytes_read(file, array->offset + (index - array->first) * size, item, size))
        return false;
    *offset = get64(item); /* of a short item the rest is zero */
    return *offset != 0;
}

/* Looks at the entry of file->index. */
static bool entry_look(struct journal_file *file)
{
    unsigned char head[ENTRY_SIZE];
    if (!entry_offset(file, file->index, &file->next_offset) ||
        !object_read(file, file->next_offset, OBJECT_ENTRY, head, sizeof head, &file->next_size))
        return false;
    file->next = (struct journal_mark){get64(head + 24), get64(head + 32), get64(head + 56)};
    return true;
}

static void look_on(struct journal_file *file)
{
    for (; file->index < file->count && !entry_look(file); file->index++)
        file->damaged++;
}

/* The first entry that is not before since, as journald's own search finds it. An entry
 * that cannot be read counts as later, so that reading begins before it and tells. */
static void entry_search(struct journal_file *file, uint64_t since_usec)
{
    uint64_t low = 0, high = file->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        file->index = middle;
        if (entry_look(file) && file->next.usec < since_usec)
            low = middle + 1;
        else
            high = middle;
    }
    file->index = low;
    look_on(file);
}

/* ---- data objects ---- */

/* The bytes of a compressed object; 0 when they cannot be had. */
static size_t unpack(struct journal_cache *cache, int flags, size_t packed_len)
{
    const struct source_codec *codec = flags & DATA_XZ ? &source_xz : &source_zstd;
    void **decoder = flags & DATA_XZ ? &cache->xz : &cache->zstd;
    if (*decoder == NULL)
        *decoder = codec->open(NULL);
    if (*decoder == NULL || codec->reset(*decoder) != 0)
        return 0;
    struct source_codec_io io = {cache->packed, packed_len, cache->value, sizeof cache->value};
    enum source_codec_result result = CODEC_GOES_ON;
    size_t left = 0, room = 0;
    while (result == CODEC_GOES_ON && io.out_len > 0 && (left != io.in_len || room != io.out_len)) {
        left = io.in_len;
        room = io.out_len;
        result = codec->decode(*decoder, &io);
    }
    return sizeof cache->value - io.out_len;
}

/* "NAME=value" into cache->value, as much as is wanted; its length, or -1. */
static ssize_t value_read(struct journal_file *file, uint64_t offset)
{
    struct journal_cache *cache = file->cache;
    unsigned char head[DATA_SIZE];
    uint64_t size, fixed = file->compact ? DATA_SIZE_COMPACT : DATA_SIZE;
    if (!object_read(file, offset, OBJECT_DATA, head, sizeof head, &size) || size < fixed)
        return -1;
    bool is_packed = head[1] & (DATA_XZ | DATA_ZSTD);
    size_t most = is_packed ? sizeof cache->packed : sizeof cache->value;
    size_t len = size - fixed < most ? (size_t)(size - fixed) : most;
    unsigned char *out = is_packed ? cache->packed : cache->value;
    if (head[1] & DATA_LZ4 || !bytes_read(file, offset + fixed, out, len))
        return -1;
    if (is_packed)
        len = unpack(cache, head[1], len);
    return len > 0 ? (ssize_t)len : -1;
}

static void memo_keep(struct memo *memo, uint64_t key, enum journal_field field, struct span value)
{
    if (value.len > MEMO_BYTES || field == JOURNAL_MESSAGE)
        return;
    memo->key = key;
    memo->field = (unsigned char)field;
    memo->len = (unsigned char)value.len;
    if (value.len > 0)
        memcpy(memo->value, value.at, value.len);
}

/* What the data object says: one of our fields and its value (borrowed until the next
 * look), or JOURNAL_FIELDS. False when it cannot be read. */
static bool data_look(struct journal_file *file, uint64_t offset, enum journal_field *field,
                      struct span *value)
{
    uint64_t key = cache_key(file, offset);
    struct memo *memo = &file->cache->memos[(offset / 8 + file->number * 61) % MEMOS];
    if (memo->key == key) {
        *field = memo->field;
        *value = (struct span){memo->value, memo->len};
        return true;
    }
    ssize_t len = value_read(file, offset);
    if (len < 0)
        return false;
    size_t at = 0;
    struct span data = {(const char *)file->cache->value, (size_t)len};
    *field = journal_field_find(data, &at);
    *value = *field == JOURNAL_FIELDS ? (struct span){0} : span_skip(data, at);
    memo_keep(memo, key, *field, *value);
    return true;
}

/* The objects that an entry names. */
struct items {
    unsigned char bytes[MOST_ITEMS * 16];
    size_t len, size; /* bytes of all, and of one */
};

static bool items_read(struct journal_file *file, struct items *items)
{
    items->size = file->compact ? 4 : 16;
    items->len = (size_t)(file->next_size - ENTRY_SIZE);
    if (file->next_size - ENTRY_SIZE > sizeof items->bytes)
        return false;
    items->len -= items->len % items->size;
    return bytes_read(file, file->next_offset + ENTRY_SIZE, items->bytes, items->len);
}

static uint64_t item_offset(const struct items *items, size_t at)
{
    return items->size == 4 ? get32(items->bytes + at) : get64(items->bytes + at);
}

/* The message is what is new in an entry, so it comes last: most entries that nobody
 * needs are told by one look. 1, 0, or -1 when they cannot be read. */
static int has_needle(struct journal_file *file, const struct items *items,
                      const struct literal_set *needles)
{
    enum journal_field field;
    struct span value;
    for (size_t at = items->len; at > 0; at -= items->size) {
        if (!data_look(file, item_offset(items, at - items->size), &field, &value))
            return -1;
        if (field == JOURNAL_MESSAGE)
            return literal_find(needles, value.at, span_end(value)) != NULL;
    }
    return 0;
}

static bool is_unwanted(const struct journal_entry *entry, const char *const *identifiers)
{
    return entry->has[JOURNAL_IDENTIFIER] &&
           !journal_is_wanted(strbuf_span(&entry->fields[JOURNAL_IDENTIFIER]), identifiers);
}

static int entry_take(struct journal_file *file, const struct journal_wish *wish,
                      struct journal_entry *entry)
{
    struct items items;
    enum journal_field field;
    struct span value;
    if (!items_read(file, &items))
        return -1;
    int result = wish->needles == NULL ? 1 : has_needle(file, &items, wish->needles);
    if (result <= 0)
        return result;
    for (size_t at = 0; at < items.len; at += items.size) {
        if (!data_look(file, item_offset(&items, at), &field, &value))
            return -1;
        journal_entry_set(entry, field, value);
        if (is_unwanted(entry, wish->identifiers))
            return 0;
    }
    return wish->identifiers == NULL || entry->has[JOURNAL_IDENTIFIER];
}

int journal_file_take(struct journal_file *file, const struct journal_wish *wish,
                      struct journal_entry *entry)
{
    journal_entry_reset(entry);
    entry->usec = file->next.usec;
    int result = entry_take(file, wish, entry);
    journal_file_skip(file);
    return result;
}

void journal_file_skip(struct journal_file *file)
{
    file->index++;
    look_on(file);
}

bool journal_file_mark(const struct journal_file *file, struct journal_mark *mark)
{
    *mark = file->next;
    return file->index < file->count;
}

uint64_t journal_file_damaged(const struct journal_file *file)
{
    return file->damaged;
}

/* ---- opening ---- */

static bool is_whole(struct journal_file *file, const unsigned char *header)
{
    struct stat st;
    uint64_t header_size = get64(header + AT_HEADER_SIZE), arena = get64(header + AT_ARENA_SIZE);
    return fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode) && header_size >= HEADER_SIZE &&
           header_size <= (uint64_t)st.st_size && arena <= (uint64_t)st.st_size - header_size;
}

static int file_start(struct journal_file *file, uint64_t since_usec, uint64_t until_usec)
{
    unsigned char header[HEADER_SIZE];
    if (!bytes_read(file, 0, header, sizeof header) || memcmp(header, "LPKSHHRH", 8) != 0 ||
        (get32(header + AT_INCOMPATIBLE) & ~(uint32_t)FILE_KNOWN) != 0 || !is_whole(file, header))
        return -1;
    file->compact = get32(header + AT_INCOMPATIBLE) & FILE_COMPACT;
    file->count = get64(header + AT_ENTRIES);
    if (file->count == 0 || get64(header + AT_TAIL_REALTIME) < since_usec ||
        get64(header + AT_HEAD_REALTIME) > until_usec)
        return 0;
    if (!arrays_read(file, get64(header + AT_ENTRY_ARRAY)))
        return -1;
    entry_search(file, since_usec);
    return 1;
}

int journal_file_open(struct journal_file **result, int dir, const char *name, unsigned number,
                      uint64_t since_usec, uint64_t until_usec, struct journal_cache *cache)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1; /* journald has just removed it */
    struct journal_file *file = mem_zero(1, sizeof *file);
    file->fd = fd;
    file->number = number;
    file->cache = cache;
    int status = file_start(file, since_usec, until_usec);
    if (status > 0) {
        *result = file;
        return status;
    }
    journal_file_close(file);
    errno = 0;
    return status;
}

void journal_file_close(struct journal_file *file)
{
    close(file->fd);
    vec_clear(&file->arrays);
    free(file);
}
