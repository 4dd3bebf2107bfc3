/* mail - how every applet sends mail: through SMTP servers or the local sendmail program, now or
 * later.
 *
 * The servers are tried in their order until one took the message for every recipient. Who got it
 * and who did not is told for each recipient. What a server may take later (4xx, not reached) is
 * spooled and sent by the next run of any applet; what it refuses for good (5xx) is told and not
 * tried again.
 */
#ifndef SPAMGEAR_REACT_MAIL_H
#define SPAMGEAR_REACT_MAIL_H

#include "spamgear/net/message.h"
#include "spamgear/net/smtp.h"
#include "spamgear/store/spool.h"

struct mail_settings {
    const char *route; /* "mail" or "emergency": which section it is, for the spool */
    struct texts smtp; /* URLs, tried in order; addresses behind a URL are all that this server
                          gets, else it gets everybody. None: sendmail */
    char *sendmail;    /* program, for when there is no server */
    char *user, *password_file, *ca_file, *hello;
    int tls; /* enum smtp_tls */
    bool tls12;
    char *from;           /* NULL: spamgear@HOST */
    struct texts to;      /* the administrators; none: root */
    int64_t timeout_s;    /* of one delivery */
    char *spool;          /* folder; "" or NULL: nothing is spooled */
    int64_t spool_age_s;  /* older mails are given up */
    uint64_t spool_tries; /* after so many attempts too; 0: as many as there are in that time */
    uint64_t spool_max;   /* mails in the spool at most */
    int64_t quiet_s;      /* the same report is not sent again within this; 0: always */
};

struct mail {
    const struct texts *to; /* NULL: settings->to */
    const char *subject;
    struct span body;
    struct span ready; /* instead of subject and body: a whole message, LF at line ends. With to
                          NULL its To, Cc and Bcc say who gets it, as for sendmail -t */
    struct span key;   /* what makes a report the same one (empty: subject and body, or ready) */
    bool each_server;  /* hand it to every server on its own (emergency-mail), not only the first
                          that works */
};

struct mail_result {
    unsigned sent, refused, spooled, quiet; /* recipients; quiet: the same report was sent lately */
    struct texts news;                      /* one line each: who has it, through which server */
    struct texts problems; /* one line each: recipient or server, and why; servers that failed are
                              there although another one took the mail */
};

/* 0 when each recipient has it, will have it (spooled), or was left in peace (quiet); -1 with why
 * when somebody will not get it. Works with a full disk and a read-only file system: then nothing
 * can be spooled, and that is told. */
int mail_send(const struct mail_settings *settings, const struct mail *mail,
              struct mail_result *result, struct strbuf *why);
void mail_result_clear(struct mail_result *result);

/* Sends what is due in the spool with these settings (of this route). Silent when there is nothing.
 * Problems are added. */
void mail_flush(const struct mail_settings *settings, struct texts *problems);

/* EMERGENCY_MAIL_TO of the old emergency-settings, a Python literal: adds "smtp://SERVER" and its
 * addresses, one after another, as in struct mail_settings. Nothing is run. 0, or -1 with why. */
int mail_old_recipients(struct texts *smtp, struct span text, struct strbuf *why);

#endif
