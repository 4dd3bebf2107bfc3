/* account - why a file was judged as it was, for people: points, ways, unpacked texts.
 *
 * A worker writes it, line by line, and it travels in the verdict's record. A worker that was taken
 * over can write anything, so whoever shows it escapes every byte. Bounded: what has no room any
 * more is left out, the most telling lines are therefore added first.
 */
#ifndef SPAMGEAR_SCAN_ACCOUNT_H
#define SPAMGEAR_SCAN_ACCOUNT_H

#include "spamgear/base/span.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCOUNT_MAX  6144 /* bytes of all lines */
#define ACCOUNT_LINE 400  /* bytes of one; longer ones are cut */

enum account_kind {
    ACCOUNT_SCORE = 1, /* "7.25 4.00": the sum, and from where on it is acted upon */
    ACCOUNT_POINTS,    /* "+2.50 eval.request": what a feature added; php_feature_meaning says it */
    ACCOUNT_FLOW,      /* a way begins; what reaches what: "a request reaches eval" */
    ACCOUNT_STEP,      /* "3: $x = $_GET['a']", the source first */
    ACCOUNT_LAYER,     /* a text that was unpacked: "eval in line 3, 1234 bytes" */
    ACCOUNT_TEXT       /* its beginning, raw */
};

struct account {
    uint32_t len;
    char lines[ACCOUNT_MAX]; /* kind, length (2 bytes, little-endian), text; again and again */
};

struct account_line {
    enum account_kind kind;
    struct span text;
};

void account_add(struct account *account, enum account_kind kind, struct span text);
/* The line at *at (0: the first), which moves on. False at the end, or where the bytes are none. */
bool account_next(const struct account *account, size_t *at, struct account_line *line);
/* Are these bytes what account_add would have written? */
bool account_is_sound(const struct account *account);

#endif
