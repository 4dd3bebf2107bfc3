/* php_cut - which part of a PHP file was put into it, as far as the file itself tells. */
#ifndef SPAMGEAR_CORE_SCAN_PHP_CUT_H
#define SPAMGEAR_CORE_SCAN_PHP_CUT_H

#include "php_balance.h"
#include "spamgear/scan/php_look.h"

/* A part of text that can be cut out: whole statements of its top level, or a whole block from
 * <?php to ?>, that share no variable, function or class with what stays, with everything in it
 * that the last look at this text points at. False when there is none. */
bool php_cut_find(const struct php_look *look, struct span text, struct php_part *part);

/* The part as a file of its own, in which its lines have the numbers that they have in text. */
void php_cut_alone(struct span text, const struct php_part *part, struct strbuf *alone);

/* What the last look unpacked last, the longest of it, as a file of its own. False when the file
 * runs nothing that it unpacks. */
bool php_cut_packed(const struct php_look *look, struct strbuf *alone);

#endif
