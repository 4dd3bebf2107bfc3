/* mail_verdict_rspamd - rspamd's task log (log_format of rspamd's default configuration).
 *
 *     <8ae27d>; proxy; rspamd_task_write_log: id: <mid>, qid: <Q>, ip: 192.0.2.1, user: U,
 *     from: <s>, (default: T (reject): [16.10/15.00] [SYM(1.0){..},..]), len: 1, .., rcpts: <..>
 *
 * Where no syslog daemon says whose line it is, it begins with "#38(normal) ", with log_severity
 * with
 * "[info] #38(normal) ", and on its way to the journal with "(normal) " or the first of these.
 *
 * Who writes what: senders choose the Message-ID (in which rspamd leaves no blank), the envelope
 * sender (blanks in quotes only) and what the symbols quote. So everything up to the scores is read
 * from the left, field by field, and nothing is searched for behind them but the recipients.
 */
#include "mail_verdict_parts.h"

/* What rspamd does with the message, and what that says of it. */
static const struct {
    struct span action;
    enum mail_verdict verdict;
} actions[] = {
    {{"no action", 9}, MAIL_VERDICT_CLEAN},        {{"reject", 6}, MAIL_VERDICT_SPAM},
    {{"add header", 10}, MAIL_VERDICT_SPAM},       {{"rewrite subject", 15}, MAIL_VERDICT_SPAM},
    {{"quarantine", 10}, MAIL_VERDICT_SPAM},       {{"discard", 7}, MAIL_VERDICT_SPAM},
    {{"soft reject", 11}, MAIL_VERDICT_UNCHECKED}, {{"greylist", 8}, MAIL_VERDICT_UNCHECKED},
};

static enum mail_verdict judge(struct span action, bool is_spam)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (span_is(action, actions[i].action))
            return actions[i].verdict;
    return is_spam ? MAIL_VERDICT_SPAM : MAIL_VERDICT_OTHER;
}

/* "(default: T (reject): [16.10/15.00] " */
static bool take_judgement(struct span *text, struct mail_verdict_line *verdict)
{
    struct span metric, flag, action;
    if (!field_eat(text, SPAN("(")) || !field_until(text, ':', &metric) ||
        !field_eat(text, SPAN(" ")) || !field_until(text, ' ', &flag) ||
        !field_eat(text, SPAN("(")) || !field_until(text, ')', &action) ||
        !field_eat(text, SPAN(": [")) || !mail_verdict_take_number(text, &verdict->score) ||
        !field_eat(text, SPAN("/")))
        return false;
    verdict->has_score = true;
    verdict->has_threshold = mail_verdict_take_number(text, &verdict->threshold);
    if (!verdict->has_threshold && !field_eat(text, SPAN("nan"))) /* it rejects nothing */
        return false;
    if (!field_eat(text, SPAN("]")))
        return false;
    verdict->verdict = judge(action, span_is(flag, SPAN("T")));
    return true;
}

/* "id: <mid>, qid: <Q>, ip: A, user: U, from: <s>, ": each but the first may be missing. */
static bool take_fields(struct span *text, struct mail_verdict_line *verdict)
{
    if (!field_eat(text, SPAN("id: <")) ||
        !field_until_text(text, SPAN(">, "), &verdict->message_id))
        return false;
    if (span_is(verdict->message_id, SPAN("undef")))
        verdict->message_id.len = 0;
    if (field_eat(text, SPAN("qid: <")) && !field_until_text(text, SPAN(">, "), &verdict->queue_id))
        return false;
    if (field_eat(text, SPAN("ip: ")) && (!field_until_text(text, SPAN(", "), &verdict->client) ||
                                          !field_is_address(verdict->client)))
        verdict->client.len = 0;
    if (field_eat(text, SPAN("user: ")) && !field_until_text(text, SPAN(", "), &verdict->sasl))
        return false;
    return !field_eat(text, SPAN("from: ")) ||
           (mail_verdict_take_address(text, &verdict->from) && field_eat(text, SPAN(", ")));
}

/* The list of the envelope stands behind all that the symbols quote. */
static void take_recipients(struct span text, struct mail_verdict_line *verdict)
{
    struct span tail, skipped;
    if (!field_cut_last(&text, SPAN("]), len: "), &tail) ||
        !field_until_text(&tail, SPAN(", rcpts: "), &skipped))
        return;
    mail_verdict_take_address(&tail, &verdict->recipients);
}

/* "[info] #38(normal) ": only the parentheses are always there. */
static bool take_process(struct span *text, struct span *pid)
{
    struct span after = *text, word;
    *pid = (struct span){NULL, 0};
    if (field_eat(&after, SPAN("[")) && !field_until_text(&after, SPAN("] "), &word))
        return false;
    if (field_eat(&after, SPAN("#")) && !field_digits(&after, pid))
        return false;
    if (!field_eat(&after, SPAN("(")) || !field_until_text(&after, SPAN(") "), &word))
        return false;
    *text = after;
    return true;
}

bool mail_verdict_own_file(const struct log_line *line, struct syslog_head *head)
{
    struct span text = line->rest, pid;
    if (line->shape != STAMP_BARE || !take_process(&text, &pid) || pid.len == 0)
        return false;
    *head = (struct syslog_head){.tag = SPAN("rspamd"), .pid = pid, .text = text};
    return true;
}

enum parse_result mail_verdict_parse_rspamd(struct span text, struct mail_verdict_line *verdict)
{
    struct span task, module, pid;
    take_process(&text, &pid);
    if (!field_eat(&text, SPAN("<")) || !field_until(&text, '>', &task) ||
        !field_eat(&text, SPAN("; ")) || !field_until(&text, ';', &module) ||
        !field_eat(&text, SPAN(" rspamd_task_write_log: ")))
        return PARSE_NOTHING;
    if (span_is(module, SPAN("csession"))) /* somebody teaches it a message of long ago */
        return PARSE_NOTHING;
    if (!take_fields(&text, verdict) || !take_judgement(&text, verdict))
        return PARSE_UNKNOWN;
    take_recipients(text, verdict);
    return PARSE_EVENT;
}
