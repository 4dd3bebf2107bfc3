/* gate - is a PHP text worth a walk? Most of what is on a server only defines, draws and asks.
 *
 * Tells by the tokens alone, and fast: a text is passed over when it neither runs, writes, sends or
 * fetches anything, nor looks at what a stranger sent, nor hides something (decoders, escapes, long
 * strings without a blank, names made of other names), and, when it is small or looks at what the
 * server says, calls nothing at all that could do harm. Tiny texts always pass. What it would take
 * to be found without any of these is not in such a text.
 */
#ifndef SPAMGEAR_PHP_GATE_H
#define SPAMGEAR_PHP_GATE_H

#include "spamgear/php/lexer.h"
#include <stdbool.h>

/* tokens: without blanks and comments. Linear; ends at the first thing that decides. */
bool php_gate(struct span text, const struct php_tokens *tokens);

#endif
