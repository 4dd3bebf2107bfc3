/* schema - the tables of spamgear in a shared database, versioned.
 *
 * spamgear_schema(version), spamgear_spam (PRIMARY KEY node, seq), spamgear_flow, spamgear_client,
 * spamgear_claim, and, where it is missing and wanted, postlog-sa's `spammers`. Every table has a
 * primary key, no sequences, no foreign keys, no triggers, no locks of tables.
 */
#ifndef SPAMGEAR_STORE_SCHEMA_H
#define SPAMGEAR_STORE_SCHEMA_H

#include "spamgear/store/link.h"

#define SCHEMA_VERSION 1

/* The version that is there: 0 none; -1 with why. */
int schema_version(struct link *link, struct strbuf *why);
/* Makes, or brings up to SCHEMA_VERSION; told says what was done, one a line. A newer one is
 * refused. 0, or -1 with why. */
int schema_upgrade(struct link *link, bool with_spammers, struct texts *told, struct strbuf *why);
/* Are tables, columns and rights as they must be? problems, one a line. 0, -1 with why. */
int schema_check(struct link *link, struct texts *problems, struct strbuf *why);
/* Removes what is older than keep_s; *rows gets how many. In portions, no long transaction. */
int schema_purge(struct link *link, int64_t keep_s, uint64_t *rows, struct strbuf *why);

#endif
