/* fleet_own - how senders are named in the tables of a fleet; of core/store/f*.c only. */
#ifndef SPAMGEAR_STORE_FLEET_OWN_H
#define SPAMGEAR_STORE_FLEET_OWN_H

#include "spamgear/store/feeder.h"

#define FLEET_KEY      32 /* hexadecimal digits of SHA-256 that stand for a name in keys */
#define FLEET_NAME_MAX 1000
#define FLEET_PROFILE  40

/* Names are bytes; databases take text: what is no plain ASCII is %XX. Appends. */
void fleet_encode(struct strbuf *out, struct span name);
void fleet_decode(struct strbuf *out, struct span text);
/* 0, or -1 with why (libcrypto). */
int fleet_key(struct span name, char key[FLEET_KEY + 1], struct strbuf *why);

/* By kind of database: profile, kind, name_key, minute, node, name, messages, recipients, trusted,
 * stamp. */
extern const char *const fleet_add_flow[];

#endif
