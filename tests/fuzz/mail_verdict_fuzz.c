/* mail_verdict_fuzz - any bytes as a line of a filter: all it says lies inside the line, and is
 * said again. */
#include "../../core/log/mail_verdict_parts.h"
#include "spamgear/log/mail_verdict.h"

#include "fuzz.h"

static const char *const heads[] = {
    "mx amavis[7]: (1-02) Passed SPAM ",
    "mx amavis[7]: (1-02) Blocked BANNED (.exe) {X}, [192.0.2.1]:1 <a@b> -> <c@d>",
    "mx amavis[7]: ",
    "mx spamd[7]: spamd: result: Y ",
    "mx spamd[7]: spamd: ",
    "mx rspamd[7]: <8ae27d>; proxy; rspamd_task_write_log: id: <",
    "mx rspamd[7]: <8ae27d>; proxy; rspamd_task_write_log: id: <m>, qid: <AAAA01>, from: <",
    "mx ",
};

#define HEADS (sizeof heads / sizeof *heads)

static void check_inside(struct span line, struct span part)
{
    hold(part.len == 0 || (part.at >= line.at && span_end(part) <= span_end(line)));
}

/* In order, each once. */
static void check_victims(struct span recipients)
{
    struct digests digests = {0};
    mail_verdict_digests(recipients, 10, &digests);
    hold(digests.len <= 10 && digests.len <= recipients.len);
    for (size_t i = 1; i < digests.len; i++)
        hold(digests.at[i - 1] < digests.at[i]);
    vec_clear(&digests);
}

static void check(struct span line, const struct mail_verdict_line *v)
{
    hold(v->verdict < MAIL_VERDICTS && v->queued_len <= MAIL_VERDICT_QUEUED_MAX);
    check_inside(line, v->pid);
    check_inside(line, v->queue_id);
    check_inside(line, v->message_id);
    check_inside(line, v->from);
    check_inside(line, v->client);
    check_inside(line, v->sasl);
    check_inside(line, v->recipients);
    for (unsigned i = 0; i < v->queued_len; i++)
        check_inside(line, v->queued_as[i]);
    check_victims(v->recipients);
    hold(!v->has_score || (v->score > -1e16 && v->score < 1e16));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct syslog_head head;
    struct mail_verdict_line verdict;
    if (size == 0)
        return 0;
    struct span before = span_text(heads[data[0] % HEADS]);
    size_t len = before.len + size - 1;
    char *line = malloc(len);
    hold(line != NULL);
    memcpy(line, before.at, before.len);
    memcpy(line + before.len, data + 1, size - 1);
    struct log_line whole = {.whole = {line, len}, .rest = {line, len}, .shape = STAMP_SYSLOG};
    whole.shape = data[0] >= 250 ? STAMP_BARE : STAMP_SYSLOG;
    if ((syslog_split(&whole, &head) || mail_verdict_own_file(&whole, &head)) &&
        mail_verdict_parse(&head, &verdict) == PARSE_EVENT)
        check(whole.whole, &verdict);
    free(line);
    return 0;
}
