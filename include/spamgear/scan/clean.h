/* clean - cutting injected code out of a file. Pure: text in, text out; runs inside a worker.
 *
 * Every match of every rule that cleans is removed, and nothing else, again and again until
 * none is left (at most CLEAN_ROUNDS rounds). A match is cut as short as its pattern allows. What
 * is cut must be whole statements or blocks, or lie within one string or comment, so that PHP reads
 * the rest as before: else MALFORMED. STUCK: a pattern that is open at an end or gave up, a match
 * with tags that the pattern does not name, more cuts than a verdict tells, or anything that
 * is still found (what ClamAV found counts as that). What is left must be well-formed PHP as far
 * as php_balance tells and hold something of use (EMPTY: only blanks and tags).
 */
#ifndef SPAMGEAR_SCAN_CLEAN_H
#define SPAMGEAR_SCAN_CLEAN_H

#include "spamgear/scan/detect.h"

#define CLEAN_ROUNDS 100
#define CLEAN_MAX    (8u << 20) /* larger files are not cleaned: CLEANING_STUCK */

/* Is it worth while to try? One of the rules cleans, or released PHP files are known. */
bool clean_may_help(const struct detect *detect, const struct verdict *verdict);

/* verdict is that of the text. Sets its cleaning, cuts (places in the original, in order and apart,
 * all of them) and cleaned_size; out gets the text when it is CLEANING_DONE, else it is empty. */
void clean_text(const struct detect *detect, struct detect_scratch *scratch, struct span text,
                struct strbuf *out, struct verdict *verdict);

/* Do open and close tags, strings, comments, heredocs and brackets of this file balance?
 * HTML without any tag balances.
 * why says what is open, with its line. Linear time, never fails on any bytes. */
bool php_balance(struct span text, struct strbuf *why);

#endif
