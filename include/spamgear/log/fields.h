/* fields - taking a log line apart, from the left and from the right.
 *
 * The parsers of core/log/format_*.c are made of these: eat a literal, take what
 * stands before a mark, cut what stands behind the last one. All work on spans of
 * the line, allocate nothing and read nothing beyond the span; a function that
 * returns false has changed nothing.
 */
#ifndef SPAMGEAR_LOG_FIELDS_H
#define SPAMGEAR_LOG_FIELDS_H

#include "spamgear/base/span.h"
#include <stdbool.h>

/* Cuts the literal off the start of *s. */
static inline bool field_eat(struct span *s, struct span literal)
{
    if (!span_has_prefix(*s, literal))
        return false;
    *s = span_skip(*s, literal.len);
    return true;
}

/* Cuts the literal off the end of *s. */
static inline bool field_eat_end(struct span *s, struct span literal)
{
    if (!span_has_suffix(*s, literal))
        return false;
    s->len -= literal.len;
    return true;
}

/* *field is what stands before the first c, *s what follows c. */
static inline bool field_until(struct span *s, char c, struct span *field)
{
    const char *at = s->len == 0 ? NULL : memchr(s->at, c, s->len);
    if (at == NULL)
        return false;
    *field = span_of(s->at, at);
    *s = span_of(at + 1, span_end(*s));
    return true;
}

/* First place of mark in s, or NULL. On the short texts of a line this is faster than
 * memmem(), which prepares a table at every call. */
const char *field_find(struct span s, struct span mark);

/* field_until with a longer mark. */
static inline bool field_until_text(struct span *s, struct span mark, struct span *field)
{
    const char *at = field_find(*s, mark);
    if (at == NULL)
        return false;
    *field = span_of(s->at, at);
    *s = span_of(at + mark.len, span_end(*s));
    return true;
}

/* From the right: *field is what follows the last mark, *s what stands before it. */
static inline bool field_cut_last(struct span *s, struct span mark, struct span *field)
{
    const char *at = span_find_last(*s, mark);
    if (at == NULL)
        return false;
    *field = span_of(at + mark.len, span_end(*s));
    *s = span_of(s->at, at);
    return true;
}

/* Takes the decimal digits at the start of *s; false when there are none. */
bool field_digits(struct span *s, struct span *digits);

/* Does s look like an address: hexadecimal digits, dots and colons, or those and a zone
 * ("fe80::1%eth0")? Whether it is one is for base/addr.h to say. */
bool field_is_address(struct span s);

/* Makes a number of recipients of a count in the log: 0 ("does not say") when it is none. */
unsigned field_count(struct span digits);

/* How many addresses a header-like list has: the parts between commas that are not blank.
 * Commas in quotes or angle brackets part nothing. */
unsigned field_count_addresses(struct span list);

/* The list's end: the first `stop` outside quotes and angle brackets, or the end of s. */
struct span field_list(struct span s, char stop);

#endif
