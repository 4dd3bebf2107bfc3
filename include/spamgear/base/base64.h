/* base64 - writing base64, and reading it strictly (RFC 4648, section 4). */
#ifndef SPAMGEAR_BASE_BASE64_H
#define SPAMGEAR_BASE_BASE64_H

#include "spamgear/base/strbuf.h"
#include <stdbool.h>

/* Appends what text is base64 of: padded, without blanks or line ends, the bits left over zero.
 * False when it is none; out may have grown then. */
bool base64_read(struct span text, struct strbuf *out);

/* Appends the base64 of some bytes, padded, in one line. */
void base64_write(struct span bytes, struct strbuf *out);

#endif
