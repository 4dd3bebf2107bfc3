/* strbuf - a growing string; the size arithmetic is checked in mem_grow. */
#include "spamgear/base/strbuf.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/vec.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct strbuf *sb, size_t extra)
{
    size_t need = sb->len + extra + 1; /* callers hold len bytes in memory: cannot wrap for both */
    if (need <= extra)
        need = SIZE_MAX; /* mem_grow will refuse it */
    if (need > sb->cap)
        mem_grow((void **)&sb->data, &sb->cap, need, 1);
}

void strbuf_clear(struct strbuf *sb)
{
    free(sb->data);
    *sb = (struct strbuf){0};
}

void strbuf_reset(struct strbuf *sb)
{
    sb->len = 0;
    if (sb->data != NULL)
        sb->data[0] = '\0';
}

void strbuf_add(struct strbuf *sb, const char *at, size_t len)
{
    reserve(sb, len);
    if (len > 0)
        memcpy(sb->data + sb->len, at, len);
    sb->len += len;
    sb->data[sb->len] = '\0';
}

void strbuf_add_span(struct strbuf *sb, struct span s)
{
    strbuf_add(sb, s.at, s.len);
}

void strbuf_add_text(struct strbuf *sb, const char *text)
{
    strbuf_add(sb, text, strlen(text));
}

void strbuf_add_char(struct strbuf *sb, char c)
{
    strbuf_add(sb, &c, 1);
}

void strbuf_vformat(struct strbuf *sb, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len > 0) {
        reserve(sb, (size_t)len);
        vsnprintf(sb->data + sb->len, (size_t)len + 1, format, again);
        sb->len += (size_t)len;
    }
    va_end(again);
}

void strbuf_format(struct strbuf *sb, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strbuf_vformat(sb, format, args);
    va_end(args);
}

const char *strbuf_text(const struct strbuf *sb)
{
    return sb->data == NULL ? "" : sb->data;
}

struct span strbuf_span(const struct strbuf *sb)
{
    return (struct span){sb->data, sb->len};
}

char *strbuf_take(struct strbuf *sb)
{
    char *text = sb->data == NULL ? mem_text("") : sb->data;
    *sb = (struct strbuf){0};
    return text;
}

int strbuf_why(struct strbuf *why, const char *format, ...)
{
    if (why == NULL)
        return -1;
    struct strbuf text = {0}; /* built aside: the arguments may point into why itself */
    va_list args;
    va_start(args, format);
    strbuf_vformat(&text, format, args);
    va_end(args);
    strbuf_clear(why);
    *why = text;
    return -1;
}

void texts_format(struct texts *list, const char *format, ...)
{
    struct strbuf text = {0};
    va_list args;
    va_start(args, format);
    strbuf_vformat(&text, format, args);
    va_end(args);
    *vec_add(list) = strbuf_take(&text);
}
