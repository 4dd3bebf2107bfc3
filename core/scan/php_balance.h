/* php_balance - for the files of this folder: what clean asks about places in PHP. */
#ifndef SPAMGEAR_SCAN_PHP_BALANCE_H
#define SPAMGEAR_SCAN_PHP_BALANCE_H

#include "spamgear/base/span.h"
#include <stdbool.h>

/* A part of a text: [from, to). */
struct php_part {
    size_t from, to;
};

/* Can these parts (in order, apart from each other) go, so that PHP reads all that stays as it
 * did? So it is when a part begins and ends in the same HTML, string or comment, or is made of
 * whole statements of one block, or is all that follows. False too when that cannot be told. */
bool php_parts_are_whole(struct span text, const struct php_part *parts, size_t len);

#endif
