/* mem - allocation that succeeds or ends the process with one line and status 2. */
#include "spamgear/base/mem.h"

#include "spamgear/base/vec.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *must(void *p)
{
    static const char text[] = "spamgear: out of memory\n";
    if (p == NULL) {
        ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
        (void)ignored;
        _exit(2);
    }
    return p;
}

void *mem_alloc(size_t size)
{
    return must(malloc(size == 0 ? 1 : size));
}

void *mem_zero(size_t count, size_t size)
{
    return must(calloc(count == 0 ? 1 : count, size == 0 ? 1 : size));
}

void *mem_resize(void *old, size_t size)
{
    return must(realloc(old, size == 0 ? 1 : size));
}

char *mem_text(const char *text)
{
    return text == NULL ? NULL : mem_text_of(text, strlen(text));
}

char *mem_text_of(const char *at, size_t len)
{
    if (len == SIZE_MAX)
        must(NULL);
    char *copy = mem_alloc(len + 1);
    if (len > 0)
        memcpy(copy, at, len);
    copy[len] = '\0';
    return copy;
}

void mem_grow(void **at, size_t *cap, size_t need, size_t size)
{
    size_t want = *cap < 8 ? 8 : *cap + *cap / 2;
    size_t bytes;
    if (want < need)
        want = need;
    if (__builtin_mul_overflow(want, size, &bytes))
        must(NULL);
    *at = mem_resize(*at, bytes);
    *cap = want;
}

void texts_add(struct texts *list, const char *text)
{
    *vec_add(list) = mem_text(text);
}

bool texts_has(const struct texts *list, const char *text)
{
    for (size_t i = 0; i < list->len; i++)
        if (strcmp(list->at[i], text) == 0)
            return true;
    return false;
}

void texts_clear(struct texts *list)
{
    for (size_t i = 0; i < list->len; i++)
        free(list->at[i]);
    vec_clear(list);
}
