/* mail_flush - mails that wait in the spool: tried again, kept for later, or given up.
 *
 * One run takes its time and no more; a server that was not reached is not asked for the next mail.
 */
#include "mail_parts.h"
#include "spamgear/base/clock.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_MS 120000 /* of one run; the rest is the next one's */

int mail_put_back(struct spool *spool, struct spool_mail *mail, const struct mail_recipient *states,
                  size_t count, struct strbuf *why)
{
    struct texts waiting = {0};
    for (size_t i = 0; i < count; i++) {
        if (states[i].state != SMTP_LATER)
            continue;
        texts_add(&waiting, states[i].address);
        free(mail->last_why);
        mail->last_why = mem_text(states[i].how);
    }
    struct texts old = mail->to;
    if (waiting.len == 0)
        return spool_done(spool, mail, why);
    mail->to = waiting;
    mail->attempts++;
    mail->next_try = mail_next_try(clock_now(), mail->attempts);
    int result = spool_keep(spool, mail, why);
    texts_clear(&old); /* the states borrow from it */
    return result;
}

struct flush {
    const struct mail_settings *settings;
    struct spool *spool;
    struct texts dead; /* servers that were not reached: no other mail waits for them */
    struct texts *problems;
};

static void give_up(struct flush *flush, struct spool_mail *mail)
{
    struct strbuf why = {0};
    if (spool_give_up(flush->spool, mail, &why) == 0)
        texts_format(flush->problems, "the mail is given up, and kept as %s/failed/%s",
                     flush->settings->spool, mail->name);
    else
        texts_add(flush->problems, strbuf_text(&why));
    strbuf_clear(&why);
}

/* By its age, or by its attempts: the clock may have been wrong when it was queued. */
static bool had_enough(const struct mail_settings *settings, const struct spool_mail *mail)
{
    return clock_now() - mail->queued >= settings->spool_age_s ||
           (settings->spool_tries > 0 && mail->attempts + 1 >= settings->spool_tries);
}

/* What one more attempt made of a mail. One that somebody will never get is kept for people to look
 * at, once nobody waits for it any more. */
static void settle_waiting(struct flush *flush, struct spool_mail *mail,
                           const struct mail_recipient *states, size_t count)
{
    struct strbuf why = {0};
    bool enough = had_enough(flush->settings, mail);
    size_t waiting = 0, lost = 0;
    for (size_t i = 0; i < count; i++) {
        bool waits = states[i].state == SMTP_LATER && !enough;
        waiting += waits;
        if (waits || states[i].state == SMTP_SENT)
            continue;
        lost++;
        texts_format(flush->problems, "%s: not sent%s: %s", states[i].address,
                     states[i].state == SMTP_LATER ? ", and tried long enough" : "",
                     mail_how(&states[i]));
    }
    if (waiting == 0 && lost > 0)
        give_up(flush, mail);
    else if (mail_put_back(flush->spool, mail, states, count, &why) != 0)
        texts_add(flush->problems, strbuf_text(&why));
    strbuf_clear(&why);
}

/* Of several recipients some may get it now and some not: where that could not be written down
 * (full disk) nothing is tried, or the first would get it again and again. */
static bool can_be_tried(struct flush *flush, struct spool_mail *mail)
{
    struct strbuf why = {0};
    bool can = mail->to.len == 1 || spool_keep(flush->spool, mail, &why) == 0;
    if (!can)
        texts_add(flush->problems, strbuf_text(&why));
    strbuf_clear(&why);
    return can;
}

static void try_mail(struct flush *flush, struct spool_mail *mail)
{
    VEC(struct mail_recipient) states = {0};
    struct texts ignored = {0};
    if (!can_be_tried(flush, mail))
        return;
    for (size_t i = 0; i < mail->to.len; i++)
        *vec_add(&states) = (struct mail_recipient){.address = mail->to.at[i]};
    struct mail_delivery delivery = {.settings = flush->settings,
                                     .from = mail->from,
                                     .message = strbuf_span(&mail->message),
                                     .dead = &flush->dead,
                                     .to = states.at,
                                     .count = states.len};
    mail_deliver(&delivery, &ignored); /* the mail remembers what the server said */
    settle_waiting(flush, mail, states.at, states.len);
    mail_recipients_clear(states.at, states.len);
    vec_clear(&states);
    texts_clear(&ignored);
}

static void flush_all(struct flush *flush)
{
    struct texts names = {0};
    struct strbuf why = {0};
    int64_t end = clock_steady_ms() + FLUSH_MS, lease = mail_lease_s(flush->settings);
    if (spool_list(flush->spool, &names, &why) != 0)
        texts_add(flush->problems, strbuf_text(&why));
    for (size_t i = 0; i < names.len && clock_steady_ms() < end; i++) {
        struct spool_mail mail;
        if (spool_read(flush->spool, names.at[i], &mail, &why) != 0)
            texts_add(flush->problems, strbuf_text(&why));
        else if (strcmp(mail.route, flush->settings->route) == 0 &&
                 mail_is_due(clock_now(), mail.next_try, lease))
            try_mail(flush, &mail);
        spool_mail_clear(&mail);
    }
    texts_clear(&names);
    strbuf_clear(&why);
}

/* Whose user may not change the spool, or where the disk is read-only, nothing could be taken off
 * it, and a mail would be sent again and again. */
void mail_flush(const struct mail_settings *settings, struct texts *problems)
{
    struct flush flush = {.settings = settings, .problems = problems};
    struct strbuf why = {0};
    if (settings->spool == NULL || *settings->spool == '\0' ||
        faccessat(AT_FDCWD, settings->spool, R_OK | W_OK | X_OK, AT_EACCESS) != 0)
        return;
    flush.spool = spool_open(settings->spool, 0, &why);
    int locked = flush.spool == NULL ? -1 : spool_lock(flush.spool, &why);
    if (locked < 0)
        texts_add(problems, strbuf_text(&why));
    else if (locked > 0)
        flush_all(&flush);
    spool_close(flush.spool);
    texts_clear(&flush.dead);
    strbuf_clear(&why);
}
