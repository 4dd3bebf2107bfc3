/* php_cut - which part of a PHP file was put into it, as far as the file itself tells. */
#ifndef SPAMGEAR_CORE_SCAN_PHP_CUT_H
#define SPAMGEAR_CORE_SCAN_PHP_CUT_H

#include "php_balance.h"
#include "spamgear/scan/php_look.h"

/* A part of text that can be cut out: whole statements of its
 * top level, or a whole block from <?php to ?>, that share no variable, function or class with what
 * stays. False when there is none, or the text is not malicious by these weights. Looks at text. */
bool php_cut_find(struct php_look *look, const struct php_weights *weights, struct span text,
                  struct php_part *part);

#endif
