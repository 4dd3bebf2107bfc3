/* queue_ids - which messages a sender sent, by their queue IDs.
 *
 * A check counts messages and forgets their IDs. When those of a few senders are wanted, the logs
 * are read once more, the window alone; a check that nobody asks for IDs pays nothing.
 */
#ifndef SPAMGEAR_CHECK_QUEUE_IDS_H
#define SPAMGEAR_CHECK_QUEUE_IDS_H

#include "spamgear/check/check.h"

#define QUEUE_IDS_MAX 500000 /* of all senders together; those that come later are left out */

struct queue_ids {
    struct texts *of; /* by the number of the report's row; empty where not asked for */
    size_t len;
    bool left_out; /* there were more than QUEUE_IDS_MAX */
};

/* Reads the IDs of the rows that is_wanted says. Each ID once. 0, or -1 with why when the logs
 * cannot be read a second time (a pipe). What could not be read was told by the check already. */
int queue_ids_read(const struct check *check, const struct report *report,
                   bool (*is_wanted)(const void *state, const struct report_sender *row),
                   const void *state, struct queue_ids *ids, struct strbuf *why);
void queue_ids_clear(struct queue_ids *ids);

#endif
