/* schema - the tables of spamgear in a shared database, versioned.
 *
 *     spamgear_schema  version of all of them
 *     spamgear_spam    spam events of all nodes: node, life, seq (the key), time, verdict_time
 *                      (seconds since 1970), queue_id, message_id, sender, client, client_name,
 *                      sasl, uid, verdict, score, threshold, victims, origin, note
 *     spamgear_flow    what each sender sent in a minute, by node
 *     spamgear_client  networks and nameless addresses of senders that crossed a limit
 *     spamgear_claim   which node reacts to a sender
 *
 * and, where it is missing and wanted, postlog-sa's `spammers`. `life` names one embedded database
 * of a node: one that is made anew counts anew. Every table has a primary key, no sequences, no
 * foreign keys, no triggers, no locks of tables. sender and sasl are compared without regard to
 * case in MariaDB and MySQL; PostgreSQL has indexes of LOWER(sender) and LOWER(sasl).
 */
#ifndef SPAMGEAR_STORE_SCHEMA_H
#define SPAMGEAR_STORE_SCHEMA_H

#include "spamgear/store/link.h"

#define SCHEMA_VERSION 2

/* The version that is there: 0 none; -1 with why. */
int schema_version(struct link *link, struct strbuf *why);
/* Makes, or brings up to SCHEMA_VERSION; told says what was done, one a line. A newer one is
 * refused. 0, or -1 with why. */
int schema_upgrade(struct link *link, bool with_spammers, struct texts *told, struct strbuf *why);
/* Are tables, columns and rights as they must be? problems, one a line. 0, -1 with why. */
int schema_check(struct link *link, struct texts *problems, struct strbuf *why);
/* MySQL's side: tables of ours, and those that a statement (may be NULL) names, which are in an
 * engine without transactions: "spammers (MyISAM)". 0, -1 with why. */
int schema_engines(struct link *link, const char *statement, struct texts *without,
                   struct strbuf *why);

struct schema_keep {
    int64_t spam_s;   /* also who reacted to whom */
    int64_t counts_s; /* of a fleet; 0: as long */
};
/* Removes what is older, by this clock and the database's; *rows gets how many. In portions, no
 * long transaction; several nodes may do it at the same time. 0; 1: budget_ms (0: as long as it
 * takes) is over and there is more; -1 with why. */
int schema_purge(struct link *link, const struct schema_keep *keep, int64_t budget_ms,
                 uint64_t *rows, struct strbuf *why);

#endif
