/* allow - a sorted array of hashes, searched by halves.
 *
 * Reads what sha256sum(1) writes, its mark of escaped names (a backslash in front) and of binary
 * mode included: of a line only the hash counts, the name is for people. A line of any other shape
 * is told and passed over: a list of another kind of hash must not be taken for one of these.
 */
#include "spamgear/scan/allow.h"

#include "spamgear/base/map.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/path.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBLEMS_MAX 10          /* told of one file; the others are counted */
#define SIZE_MAX_MIB 256         /* of a file: two million lines */
#define BLOCK        (64u << 10) /* read at once */

struct hash {
    uint8_t bytes[DIGEST_BYTES];
};

struct allow_list {
    VEC(struct hash) hashes;
    struct originals originals;
};

struct allow_list *allow_new(void)
{
    return mem_zero(1, sizeof(struct allow_list));
}

void allow_free(struct allow_list *list)
{
    if (list == NULL)
        return;
    vec_clear(&list->hashes);
    originals_clear(&list->originals);
    free(list);
}

/* ---- reading ---- */

/* The hash of a line, and nothing else of hexadecimal digits behind it. */
static bool read_line(struct span line, struct hash *hash)
{
    if (span_has_prefix(line, SPAN("\\")))
        line = span_skip(line, 1);
    if (!digest_parse(line, hash->bytes))
        return false;
    line = span_skip(line, DIGEST_TEXT);
    return line.len == 0 || line.at[0] == ' ' || line.at[0] == '\t' || line.at[0] == '\r';
}

static bool is_comment(struct span line)
{
    return line.len == 0 || line.at[0] == '#' || span_is(line, SPAN("\r"));
}

void allow_read(struct allow_list *list, struct span text, const char *file, struct texts *problems)
{
    struct span line;
    size_t wrong = 0;
    for (unsigned number = 1; span_take_line(&text, &line); number++) {
        struct hash hash;
        struct php_print print;
        if (originals_read_line(line, &print))
            originals_add(&list->originals, &print);
        else if (is_comment(line))
            continue;
        else if (read_line(line, &hash))
            *vec_add(&list->hashes) = hash;
        else if (wrong++ < PROBLEMS_MAX)
            texts_format(problems, "%s:%u: is no SHA-256 of 64 hexadecimal digits", file, number);
    }
    if (wrong > PROBLEMS_MAX)
        texts_format(problems, "%s: %zu more lines are no SHA-256", file, wrong - PROBLEMS_MAX);
}

/* Whoever may write to the list decides what is never found. */
static const char *refusal(const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return "is not a regular file";
    if (!path_is_private(st))
        return "others than root and the user who runs this may change it";
    return st->st_size > (off_t)SIZE_MAX_MIB << 20 ? "is larger than 256 MiB" : NULL;
}

static int read_all(int fd, struct strbuf *text)
{
    char *block = mem_alloc(BLOCK);
    ssize_t got = 1;
    while (got > 0 && text->len <= (size_t)SIZE_MAX_MIB << 20) {
        got = read(fd, block, BLOCK);
        if (got > 0)
            strbuf_add(text, block, (size_t)got);
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    int error = errno;
    free(block);
    errno = error;
    return got < 0 ? -1 : 0;
}

int allow_load(struct allow_list *list, const char *path, struct texts *problems)
{
    struct stat st;
    struct strbuf text = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool opened = fd >= 0 && fstat(fd, &st) == 0;
    const char *why = opened ? refusal(&st) : strerror(errno);
    if (why == NULL && read_all(fd, &text) != 0)
        why = strerror(errno);
    if (why == NULL)
        allow_read(list, strbuf_span(&text), path, problems);
    else
        texts_format(problems, "%s: %s", path, why);
    if (fd >= 0)
        close(fd);
    strbuf_clear(&text);
    return why == NULL ? 0 : -1;
}

/* ---- asking ---- */

static int order(const void *a, const void *b)
{
    return memcmp(a, b, DIGEST_BYTES);
}

void allow_finish(struct allow_list *list)
{
    size_t kept = 0;
    if (list->hashes.len > 0)
        qsort(list->hashes.at, list->hashes.len, sizeof *list->hashes.at, order);
    for (size_t i = 0; i < list->hashes.len; i++)
        if (kept == 0 || order(&list->hashes.at[kept - 1], &list->hashes.at[i]) != 0)
            list->hashes.at[kept++] = list->hashes.at[i];
    list->hashes.len = kept;
    originals_finish(&list->originals);
}

const struct originals *allow_originals(const struct allow_list *list)
{
    return &list->originals;
}

bool allow_has(const struct allow_list *list, const uint8_t hash[DIGEST_BYTES])
{
    return list->hashes.len > 0 &&
           bsearch(hash, list->hashes.at, list->hashes.len, sizeof *list->hashes.at, order) != NULL;
}

size_t allow_count(const struct allow_list *list)
{
    return list->hashes.len;
}

uint64_t allow_fingerprint(const struct allow_list *list)
{
    const struct originals *originals = &list->originals;
    return map_digest(list->hashes.at, list->hashes.len * DIGEST_BYTES) ^
           map_digest(originals->prints.at, originals->prints.len * sizeof *originals->prints.at);
}
