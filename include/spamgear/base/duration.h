/* duration - periods as people write them.
 *
 * What GNU date takes as a relative item, without the words that name a point in
 * time (GNU coreutils manual, "Relative items in date strings"): "1hour", "30minutes",
 * "90sec", "2 days", "1week", "1 hour 30 min", "fortnight", "an hour" is not one;
 * plain seconds "3600". Units: sec(ond)(s), min(ute)(s), hour(s), day(s), week(s),
 * fortnight(s), month(s) (30 days), year(s) (365 days), and the short s, m, h, d, w.
 * A unit without a number is one of it ("week"). Zero, negative, unknown words, and
 * more than 1000 years are refused, so that "now minus period" cannot overflow.
 */
#ifndef SPAMGEAR_BASE_DURATION_H
#define SPAMGEAR_BASE_DURATION_H

#include "spamgear/base/strbuf.h"
#include <stdint.h>

/* Seconds, or -1 with why. */
int64_t duration_parse(const char *text, struct strbuf *why);

/* The text as a report says it after "During the last": "1hour" -> "1 hour",
 * "3600" -> "3600 seconds", "30m" -> "30 minutes", "1 hour 30 min" as it is; so is what
 * is no period. Appends. */
void duration_words(struct strbuf *out, const char *text);

#endif
