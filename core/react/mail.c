/* mail - send now, or keep and send later.
 *
 * A mail is kept first and sent then, so that a kill in between loses nothing; what was sent leaves
 * the spool again. While its run is at work it has a next try in the future, beyond all deadlines,
 * so no other run takes it. Where nothing can be kept (full disk, read-only file system, a user who
 * may not) it is sent all the same.
 */
#include "spamgear/react/mail.h"

#include "mail_parts.h"
#include "spamgear/base/clock.h"
#include <strings.h>

struct sending {
    const struct mail_settings *settings;
    const struct mail *mail;
    struct mail_result *result;
    struct texts to; /* bare addresses */
    char *sender;    /* the header's */
    char *from;      /* the envelope's */
    VEC(struct mail_recipient) states;
    struct spool *spool;   /* NULL: none */
    struct strbuf unkept;  /* why nothing can be spooled */
    struct strbuf message; /* CRLF */
    struct spool_mail kept;
};

/* ---- who gets it ---- */

static bool has_address(const struct texts *list, const char *address)
{
    for (size_t i = 0; i < list->len; i++)
        if (strcasecmp(list->at[i], address) == 0)
            return true;
    return false;
}

static void add_recipient(struct sending *s, const char *text)
{
    char *address = message_address(span_text(text));
    if (address == NULL) {
        texts_format(&s->result->problems, "\"%s\" is no mail address", text);
        s->result->refused++;
    } else if (!has_address(&s->to, address)) {
        texts_add(&s->to, address);
    }
    free(address);
}

static void add_recipients(struct sending *s, const struct texts *list)
{
    for (size_t i = 0; list != NULL && i < list->len; i++)
        add_recipient(s, list->at[i]);
}

/* Those of the mail, else those of the settings, and those of single servers. */
static void find_recipients(struct sending *s)
{
    struct texts own = {0};
    if (s->mail->to != NULL) {
        add_recipients(s, s->mail->to);
        return;
    }
    if (s->mail->ready.len > 0) {
        mail_ready_recipients(&own, s->mail->ready);
    } else {
        add_recipients(s, &s->settings->to);
        for (size_t i = 0; i < s->settings->smtp.len; i++)
            if (strchr(s->settings->smtp.at[i], '@') != NULL &&
                strstr(s->settings->smtp.at[i], "://") == NULL)
                texts_add(&own, s->settings->smtp.at[i]);
        if (s->to.len == 0 && own.len == 0 && s->result->refused == 0)
            texts_add(&own, "root");
    }
    add_recipients(s, &own);
    texts_clear(&own);
}

static void need_recipients(struct sending *s)
{
    find_recipients(s);
    if (s->to.len > 0 || s->result->refused > 0)
        return;
    texts_add(&s->result->problems, "the mail has no recipient");
    s->result->refused++;
}

/* ---- the same report, lately ---- */

static void make_key(const struct sending *s, const char *address, struct strbuf *key)
{
    const struct mail *mail = s->mail;
    strbuf_format(key, "%s\n%s\n", s->settings->route, address);
    if (mail->key.len > 0)
        strbuf_add_span(key, mail->key);
    else if (mail->ready.len > 0)
        strbuf_add_span(key, mail->ready);
    else {
        strbuf_format(key, "%s\n", mail->subject);
        strbuf_add_span(key, mail->body);
    }
}

/* Who had it lately is left in peace. */
static void leave_in_peace(struct sending *s)
{
    size_t left = 0;
    for (size_t i = 0; i < s->to.len; i++) {
        struct strbuf key = {0};
        make_key(s, s->to.at[i], &key);
        if (s->spool != NULL && s->settings->quiet_s > 0 &&
            spool_was_sent(s->spool, strbuf_span(&key), s->settings->quiet_s)) {
            texts_format(&s->result->news, "%s: was sent the same report lately", s->to.at[i]);
            s->result->quiet++;
            free(s->to.at[i]);
        } else {
            s->to.at[left++] = s->to.at[i];
        }
        strbuf_clear(&key);
    }
    s->to.len = left;
}

static void note_sent(struct sending *s, const char *address)
{
    struct strbuf key = {0}, why = {0};
    make_key(s, address, &key);
    if (s->spool != NULL && s->settings->quiet_s > 0 &&
        spool_note_sent(s->spool, strbuf_span(&key), &why) != 0)
        texts_format(&s->result->problems,
                     "%s: that it was sent cannot be remembered, so it may be sent again: %s",
                     address, strbuf_text(&why));
    strbuf_clear(&key);
    strbuf_clear(&why);
}

/* ---- what is sent ---- */

static void make_message(struct sending *s)
{
    const struct mail *mail = s->mail;
    if (mail->ready.len > 0) {
        mail_ready_complete(&s->message, mail->ready, s->sender);
        return;
    }
    struct message message = {
        .from = s->sender, .to = &s->to, .subject = mail->subject, .body = mail->body};
    message_write(&s->message, &message);
}

static void find_sender(struct sending *s)
{
    struct strbuf text = {0};
    if (s->settings->from != NULL && *s->settings->from != '\0')
        strbuf_add_text(&text, s->settings->from);
    else
        strbuf_format(&text, "spamgear@%s", message_host());
    s->sender = strbuf_take(&text);
    s->from = message_address(span_text(s->sender));
    if (s->from == NULL)
        s->from = mem_text(""); /* a bad setting must not keep the mail back */
}

static void open_spool(struct sending *s)
{
    const struct mail_settings *settings = s->settings;
    if (settings->spool != NULL && *settings->spool != '\0')
        s->spool = spool_open(settings->spool, settings->spool_max, &s->unkept);
}

/* ---- before and after ---- */

static void keep_first(struct sending *s)
{
    s->kept = (struct spool_mail){.route = mem_text(s->settings->route),
                                  .from = mem_text(s->from),
                                  .queued = clock_now(),
                                  .next_try = clock_now() + mail_lease_s(s->settings)};
    for (size_t i = 0; i < s->to.len; i++)
        texts_add(&s->kept.to, s->to.at[i]);
    strbuf_add_span(&s->kept.message, strbuf_span(&s->message));
    if (s->spool != NULL && spool_keep(s->spool, &s->kept, &s->unkept) != 0) {
        free(s->kept.name);
        s->kept.name = NULL;
    }
}

static unsigned count_state(const struct sending *s, enum smtp_result state)
{
    unsigned count = 0;
    for (size_t i = 0; i < s->states.len; i++)
        count += s->states.at[i].state == state;
    return count;
}

static void settle(struct sending *s)
{
    struct strbuf why = {0};
    unsigned waiting = count_state(s, SMTP_LATER);
    bool kept = s->kept.name != NULL;
    if (kept && mail_put_back(s->spool, &s->kept, s->states.at, s->states.len, &why) != 0) {
        /* the older state stands in the spool, and is as good but for what was sent by now */
        texts_format(&s->result->problems, "%s", strbuf_text(&why));
    } else if (!kept && waiting > 0 && s->unkept.len > 0) {
        texts_format(&s->result->problems, "the mail cannot be spooled: %s",
                     strbuf_text(&s->unkept));
    }
    strbuf_clear(&why);
}

/* Says what became of one recipient. */
static void tell(struct sending *s, const struct mail_recipient *to, struct strbuf *why)
{
    struct mail_result *result = s->result;
    bool spooled = to->state == SMTP_LATER && s->kept.name != NULL;
    if (to->state == SMTP_SENT) {
        result->sent++;
        texts_format(&result->news, "%s: sent through %s", to->address, to->how);
    } else if (spooled) {
        result->spooled++;
        texts_format(&result->problems, "%s: will be tried again: %s", to->address, mail_how(to));
    } else {
        result->refused++;
        texts_format(&result->problems, "%s: not sent: %s", to->address, mail_how(to));
        if (why != NULL && why->len == 0)
            strbuf_add_text(why, mail_how(to));
    }
    if (to->state == SMTP_SENT || spooled)
        note_sent(s, to->address);
}

static void send_now(struct sending *s)
{
    for (size_t i = 0; i < s->to.len; i++)
        *vec_add(&s->states) = (struct mail_recipient){.address = s->to.at[i]};
    struct mail_delivery delivery = {.settings = s->settings,
                                     .from = s->from,
                                     .message = strbuf_span(&s->message),
                                     .by_header = s->mail->ready,
                                     .each_server = s->mail->each_server,
                                     .to = s->states.at,
                                     .count = s->states.len};
    if (s->mail->to != NULL || s->result->quiet > 0)
        delivery.by_header = (struct span){NULL, 0};
    mail_deliver(&delivery, &s->result->problems);
}

static void sending_clear(struct sending *s)
{
    mail_recipients_clear(s->states.at, s->states.len);
    vec_clear(&s->states);
    texts_clear(&s->to);
    spool_mail_clear(&s->kept);
    spool_close(s->spool);
    strbuf_clear(&s->unkept);
    strbuf_clear(&s->message);
    free(s->sender);
    free(s->from);
}

int mail_send(const struct mail_settings *settings, const struct mail *mail,
              struct mail_result *result, struct strbuf *why)
{
    struct sending s = {.settings = settings, .mail = mail, .result = result};
    *result = (struct mail_result){0};
    if (why != NULL)
        strbuf_reset(why);
    need_recipients(&s);
    open_spool(&s);
    leave_in_peace(&s);
    if (s.to.len > 0) {
        find_sender(&s);
        make_message(&s);
        keep_first(&s);
        send_now(&s);
        for (size_t i = 0; i < s.states.len; i++)
            tell(&s, &s.states.at[i], why);
        settle(&s);
    }
    if (result->refused > 0 && why != NULL && why->len == 0)
        strbuf_add_text(why, result->problems.len > 0 ? result->problems.at[0] : "nobody gets it");
    sending_clear(&s);
    return result->refused == 0 ? 0 : -1;
}

void mail_result_clear(struct mail_result *result)
{
    texts_clear(&result->news);
    texts_clear(&result->problems);
}
