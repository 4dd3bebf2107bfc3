/* secret - a password in a file of its own.
 *
 * Nobody but its owner, who is root or the user who runs this, may read or change the file, and
 * what stands in it never appears in a message.
 */
#ifndef SPAMGEAR_BASE_SECRET_H
#define SPAMGEAR_BASE_SECRET_H

#include "spamgear/base/strbuf.h"

#define SECRET_BYTES 1024

/* The first line of the file, without its end. 0, or -1 with why: not there, others may read it,
 * empty, longer than SECRET_BYTES, a NUL or a second line in it. */
int secret_read(const char *path, struct strbuf *secret, struct strbuf *why);

/* Puts *** wherever the secret stands in text: what a server says may repeat it. */
void secret_hide(struct strbuf *text, struct span secret);

#endif
