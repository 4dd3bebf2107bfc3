/* forget - takes a name out of the spam events, so that it is listed no longer.
 *
 * Whoever has changed his password, or an address that has another owner, would stay rejected
 * until its spam is old. The rows stay, and count for the other names in them: unsent ones are
 * sent, numbers go on. A name is a SASL username, an envelope sender or a client's address.
 */
#ifndef SPAMGEAR_STORE_FORGET_H
#define SPAMGEAR_STORE_FORGET_H

#include "spamgear/store/link.h"

/* In the embedded database in `folder`, and in Postfix' map; a daemon may work with them. *rows
 * gets in how many rows it stood. 0, -1 with why. */
int forget_here(const char *folder, const char *map, const char *name, uint64_t *rows,
                struct strbuf *why);
/* In the tables of another database, for all nodes. */
int forget_there(struct link *link, const char *name, uint64_t *rows, struct strbuf *why);

#endif
