/* spool_file - one mail as a text, and back.
 *
 *     spamgear-mail 1
 *     route mail
 *     from spamgear@www.example.net
 *     to root@example.net            one line each
 *     queued 1795282389
 *     next 1795282689
 *     attempts 1
 *     why mx.example.net:25: 451 try again later
 *     message 1234 89abcdef01234567  bytes, and the hash of all that stands before and after
 *
 * and behind that line the message. The hash (XXH3) tells a file that was cut or damaged, not one
 * that was forged: who may write into the folder may send mail anyway.
 */
#include "spamgear/base/map.h"
#include "spamgear/base/text.h"
#include "spamgear/store/spool.h"

#include <inttypes.h>
#include <string.h>

#define FIRST_LINE "spamgear-mail 1"
#define VALUE_MAX  4096 /* bytes of one value */

/* ---- writing ---- */

/* A value ends where its line does. */
static void add_field(struct strbuf *out, const char *name, const char *value)
{
    struct strbuf flat = {0};
    text_escape(&flat, span_text(value));
    strbuf_format(out, "%s %.*s\n", name, VALUE_MAX, strbuf_text(&flat));
    strbuf_clear(&flat);
}

static uint64_t hash_of(struct span head, struct span message)
{
    uint64_t parts[2] = {map_digest(head.at, head.len), map_digest(message.at, message.len)};
    return map_digest(parts, sizeof parts);
}

void spool_mail_write(struct strbuf *out, const struct spool_mail *mail)
{
    struct strbuf head = {0};
    strbuf_add_text(&head, FIRST_LINE "\n");
    add_field(&head, "route", mail->route);
    add_field(&head, "from", mail->from);
    for (size_t i = 0; i < mail->to.len; i++)
        add_field(&head, "to", mail->to.at[i]);
    strbuf_format(&head, "queued %" PRId64 "\nnext %" PRId64 "\nattempts %u\n", mail->queued,
                  mail->next_try, mail->attempts);
    if (mail->last_why != NULL)
        add_field(&head, "why", mail->last_why);
    struct span message = strbuf_span(&mail->message);
    strbuf_add_span(out, strbuf_span(&head));
    strbuf_format(out, "message %zu %016" PRIx64 "\n", message.len,
                  hash_of(strbuf_span(&head), message));
    strbuf_add_span(out, message);
    strbuf_clear(&head);
}

/* ---- reading ---- */

static bool take_text(char **field, struct span value)
{
    if (*field != NULL || value.len > VALUE_MAX || memchr(value.at, '\0', value.len) != NULL)
        return false;
    *field = mem_text_of(value.at, value.len);
    return true;
}

static bool take_route(struct spool_mail *mail, struct span value)
{
    return value.len > 0 && take_text(&mail->route, value);
}

static bool take_from(struct spool_mail *mail, struct span value)
{
    return take_text(&mail->from, value);
}

static bool take_to(struct spool_mail *mail, struct span value)
{
    char *address = NULL;
    if (value.len == 0 || !take_text(&address, value))
        return false;
    texts_add(&mail->to, address);
    free(address);
    return true;
}

static bool take_why(struct spool_mail *mail, struct span value)
{
    return take_text(&mail->last_why, value);
}

static bool take_number(int64_t *field, struct span value, int64_t most)
{
    unsigned long long number;
    if (!span_number(value, &number) || number > (unsigned long long)most)
        return false;
    *field = (int64_t)number;
    return true;
}

static bool take_queued(struct spool_mail *mail, struct span value)
{
    return take_number(&mail->queued, value, INT64_MAX / 2);
}

static bool take_next(struct spool_mail *mail, struct span value)
{
    return take_number(&mail->next_try, value, INT64_MAX / 2);
}

static bool take_attempts(struct spool_mail *mail, struct span value)
{
    int64_t attempts;
    if (!take_number(&attempts, value, INT32_MAX))
        return false;
    mail->attempts = (unsigned)attempts;
    return true;
}

static const struct field {
    struct span name; /* with the blank behind it */
    bool (*take)(struct spool_mail *mail, struct span value);
} fields[] = {
    {{"route ", 6}, take_route},   {{"from ", 5}, take_from}, {{"to ", 3}, take_to},
    {{"queued ", 7}, take_queued}, {{"next ", 5}, take_next}, {{"attempts ", 9}, take_attempts},
    {{"why ", 4}, take_why},
};

static bool take_line(struct spool_mail *mail, struct span line)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (span_has_prefix(line, fields[i].name))
            return fields[i].take(mail, span_skip(line, fields[i].name.len));
    return false;
}

/* "message BYTES HASH", and then so many bytes with that hash. */
static bool take_message(struct spool_mail *mail, struct span head, struct span line,
                         struct span message)
{
    struct strbuf want = {0};
    strbuf_format(&want, "message %zu %016" PRIx64, message.len, hash_of(head, message));
    bool good = span_is(line, strbuf_span(&want));
    if (good)
        strbuf_add_span(&mail->message, message);
    strbuf_clear(&want);
    return good;
}

static bool parse(struct spool_mail *mail, struct span text)
{
    struct span rest = text, line;
    if (!span_take_line(&rest, &line) || !span_is(line, SPAN(FIRST_LINE)))
        return false;
    while (span_take_line(&rest, &line)) {
        if (span_has_prefix(line, SPAN("message ")))
            return line.at + line.len < text.at + text.len && /* ends with a newline */
                   take_message(mail, span_of(text.at, line.at), line, rest) &&
                   mail->route != NULL && mail->from != NULL && mail->to.len > 0;
        if (!take_line(mail, line))
            return false;
    }
    return false;
}

int spool_mail_parse(struct spool_mail *mail, struct span text, struct strbuf *why)
{
    *mail = (struct spool_mail){0};
    if (parse(mail, text))
        return 0;
    spool_mail_clear(mail);
    return strbuf_why(why, "is no whole mail");
}

void spool_mail_clear(struct spool_mail *mail)
{
    free(mail->name);
    free(mail->route);
    free(mail->from);
    free(mail->last_why);
    texts_clear(&mail->to);
    strbuf_clear(&mail->message);
    *mail = (struct spool_mail){0};
}
