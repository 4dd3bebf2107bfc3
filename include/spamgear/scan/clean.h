/* clean - cutting injected code out of a file. Pure: text in, text out; runs inside a worker.
 *
 * Every match of every rule that cleans is removed, and nothing else, again and again until
 * none is left (at most CLEAN_ROUNDS rounds). What is left must be well-formed PHP as far as
 * php_balance tells, must hold something of use, and must not hit any acting rule.
 */
#ifndef SPAMGEAR_SCAN_CLEAN_H
#define SPAMGEAR_SCAN_CLEAN_H

#include "spamgear/scan/detect.h"

#define CLEAN_ROUNDS 100
#define CLEAN_MAX    (8u << 20) /* larger files are not cleaned: CLEANING_STUCK */

/* Sets verdict->cleaning, cuts and cleaned_size; out gets the text when it is CLEANING_DONE. */
void clean_text(const struct detect *detect, struct detect_scratch *scratch, struct span text,
                struct strbuf *out, struct verdict *verdict);

/* Do open and close tags, strings, comments, heredocs and brackets of this file balance?
 * (php_balance.c; the PHP lexer of the analysis replaces it.) HTML without any tag balances.
 * why says what is open, with its line. Linear time, never fails on any bytes. */
bool php_balance(struct span text, struct strbuf *why);

#endif
