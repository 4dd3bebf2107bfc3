/* strbuf - a growing string.
 *
 * {0} is an empty one. data is NUL-terminated whenever it is not NULL; the
 * bytes may hold NUL themselves, so len is the truth. A failing core function
 * writes one sentence into its caller's `struct strbuf *why`.
 */
#ifndef SPAMGEAR_BASE_STRBUF_H
#define SPAMGEAR_BASE_STRBUF_H

#include "spamgear/base/span.h"
#include <stdarg.h>
#include <stddef.h>

struct strbuf {
    char *data;
    size_t len, cap;
};

void strbuf_clear(struct strbuf *sb); /* frees; the strbuf is empty and usable again */
void strbuf_reset(struct strbuf *sb); /* empties, keeps the memory */
void strbuf_add(struct strbuf *sb, const char *at, size_t len);
void strbuf_add_span(struct strbuf *sb, struct span s);
void strbuf_add_text(struct strbuf *sb, const char *text);
void strbuf_add_char(struct strbuf *sb, char c);
void strbuf_format(struct strbuf *sb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void strbuf_vformat(struct strbuf *sb, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* The text as a string, "" when nothing was added; borrowed until the next change. */
const char *strbuf_text(const struct strbuf *sb);
struct span strbuf_span(const struct strbuf *sb);

/* Moves the text out, never NULL: caller frees. The strbuf is empty afterwards. */
char *strbuf_take(struct strbuf *sb);

/* Replaces the content by one formatted sentence: what `why` arguments get.
 * why may be NULL. Returns -1, so that `return strbuf_why(why, ...)` fails. */
int strbuf_why(struct strbuf *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
