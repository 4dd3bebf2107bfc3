/* ordinary - texts that no signature may hit.
 *
 * An empty PHP file, a plain HTML page, PHP as everybody writes it. A signature that stands in
 * one of them is a mistake (a line cut short, a blank line, an error page saved as a signature
 * file), and root would move every web site of the machine into quarantine because of it.
 */
#ifndef SPAMGEAR_SCAN_ORDINARY_H
#define SPAMGEAR_SCAN_ORDINARY_H

#include "spamgear/base/span.h"
#include <stdbool.h>
#include <stddef.h>

/* All of them; the first is the empty text. Static. */
const struct span *ordinary_texts(size_t *len);

/* Does one hold the literal, in whatever case? (Not thread-safe: while rules are loaded.) */
bool ordinary_has(struct span literal);
/* The same of the text of this number. */
bool ordinary_text_has(size_t number, struct span literal);

#endif
