/* spool - mails that could not be sent yet (/var/spool/spamgear).
 *
 * A folder (0700) with one file a mail: envelope, attempts, then the message. Written under another
 * name, synced, renamed; removed only when every recipient is settled. Files that are no whole
 * spool file are set aside under another name and told, never deleted. Who could write into the
 * folder could send mail: one that others may write is refused.
 *
 * Beside them stands what was sent lately (`sent`), so that the same report is not sent again
 * within the quiet time.
 */
#ifndef SPAMGEAR_STORE_SPOOL_H
#define SPAMGEAR_STORE_SPOOL_H

#include "spamgear/base/strbuf.h"
#include "spamgear/base/vec.h"
#include <stdbool.h>
#include <stdint.h>

struct spool_mail {
    char *name;      /* of its file; owned */
    char *route;     /* which settings send it: "mail" or "emergency"; owned */
    char *from;      /* envelope sender; owned */
    struct texts to; /* recipients still waiting */
    struct strbuf message;
    int64_t queued, next_try; /* seconds */
    unsigned attempts;
    char *last_why; /* of the last attempt; may be NULL; owned */
};

struct spool;

/* Opens the folder, and makes it. most: mails in it at most, 0: as many as there are. NULL with
 * why. */
struct spool *spool_open(const char *folder, uint64_t most, struct strbuf *why);
void spool_close(struct spool *spool);

/* Stores a new mail (name is set) or a new state of one that was read. 0, or -1 with why. */
int spool_keep(struct spool *spool, struct spool_mail *mail, struct strbuf *why);
/* All of its recipients are settled. 0, or -1 with why. */
int spool_done(struct spool *spool, const struct spool_mail *mail, struct strbuf *why);
/* Gives up on a mail: moves it into the folder `failed` below, where the administrator finds it. */
int spool_give_up(struct spool *spool, const struct spool_mail *mail, struct strbuf *why);

/* Names of the mails, oldest first. spool_read: 0, or -1 with why (it was set aside then). */
int spool_list(struct spool *spool, struct texts *names, struct strbuf *why);
int spool_read(struct spool *spool, const char *name, struct spool_mail *mail, struct strbuf *why);
void spool_mail_clear(struct spool_mail *mail);

/* One process at a time sends from the spool. 1: locked until spool_close, 0: another has it. */
int spool_lock(struct spool *spool, struct strbuf *why);

/* Was something with this key (a digest) sent less than quiet_s ago? spool_note_sent remembers it,
 * and forgets what is older than a week. */
bool spool_was_sent(struct spool *spool, struct span key, int64_t quiet_s);
int spool_note_sent(struct spool *spool, struct span key, struct strbuf *why);

/* The text of a spool file, and back. parse: 0, or -1 with why; the mail is empty then. */
void spool_mail_write(struct strbuf *out, const struct spool_mail *mail);
int spool_mail_parse(struct spool_mail *mail, struct span text, struct strbuf *why);

#endif
