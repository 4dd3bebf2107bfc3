/* thread_verdict - which message a verdict is about. */
#include "thread_parts.h"

#include "postfix_line.h"
#include <math.h>

/* ---- spamd's two lines ---- */

static bool is_pid(const struct spamd_score *score, uint32_t host, struct span pid)
{
    return score->pid_len > 0 && score->host == host &&
           span_is((struct span){score->pid, score->pid_len}, pid);
}

/* The place of this process; without one, the one that waits the longest. */
static struct spamd_score *find_score(struct threads *threads, struct span pid)
{
    struct spamd_score *oldest = &threads->scores[0];
    for (size_t i = 0; i < SCORES_MAX; i++) {
        if (is_pid(&threads->scores[i], threads->host, pid))
            return &threads->scores[i];
        if (threads->scores[i].seq < oldest->seq)
            oldest = &threads->scores[i];
    }
    return oldest;
}

static void remember_score(struct threads *threads, const struct mail_verdict_line *verdict)
{
    if (verdict->pid.len == 0 || verdict->pid.len > PID_MAX)
        return;
    struct spamd_score *score = find_score(threads, verdict->pid);
    *score = (struct spamd_score){.host = threads->host,
                                  .pid_len = (unsigned char)verdict->pid.len,
                                  .spam = verdict->verdict == MAIL_VERDICT_SPAM,
                                  .score = verdict->score,
                                  .threshold = verdict->threshold,
                                  .seq = ++threads->seq};
    memcpy(score->pid, verdict->pid.at, verdict->pid.len);
    threads->own_dirty = true;
}

/* The result line has the score cut to an integer: the real one must agree with it. */
static void use_score(struct threads *threads, struct mail_verdict_line *verdict)
{
    struct spamd_score *score = find_score(threads, verdict->pid);
    if (verdict->pid.len == 0 || !is_pid(score, threads->host, verdict->pid))
        return;
    if (score->spam == (verdict->verdict == MAIL_VERDICT_SPAM) &&
        fabs(score->score - verdict->score) <= 1) {
        verdict->score = score->score;
        verdict->threshold = score->threshold;
        verdict->has_threshold = true;
    }
    *score = (struct spamd_score){0};
    threads->own_dirty = true;
}

/* ---- joining ---- */

/* The filter may have a host of its own. */
static uint32_t find_any(struct threads *threads, const struct log_line *line, struct span id)
{
    uint32_t number = family_find(threads, line, id);
    return number != NO_THREAD ? number : table_find_only(threads, id);
}

static uint32_t find_queued(struct threads *threads, const struct log_line *line,
                            const struct mail_verdict_line *verdict)
{
    for (unsigned i = 0; i < verdict->queued_len; i++) {
        uint32_t number = find_any(threads, line, verdict->queued_as[i]);
        if (number != NO_THREAD)
            return number;
    }
    return NO_THREAD;
}

/* The message, or a place where the verdict waits for it; NO_THREAD when nothing can come. */
static uint32_t find_message(struct threads *threads, const struct log_line *line,
                             const struct mail_verdict_line *verdict)
{
    bool many;
    if (postfix_is_queue_id(verdict->queue_id))
        return family_meant(threads, line, verdict->queue_id, NO_THREAD);
    uint32_t number = find_queued(threads, line, verdict);
    if (number != NO_THREAD)
        return number;
    number =
        table_find_mid(threads, threads->host, verdict->message_id, verdict->mid_folded, &many);
    if (number != NO_THREAD && family_fits(threads, number, verdict->client, verdict->from))
        return number;
    if (verdict->queued_len > 0)
        return family_meant(threads, line, verdict->queued_as[0], NO_THREAD);
    bool tells = verdict->client.len + verdict->from.len + verdict->sasl.len > 0;
    if (!tells && (many || verdict->message_id.len == 0)) {
        threads->counts.unjoined++;
        threads->counts.ambiguous += many;
        return NO_THREAD;
    }
    return family_new(threads, line, NO_THREAD);
}

static void join_queued(struct threads *threads, const struct log_line *line, uint32_t number,
                        const struct mail_verdict_line *verdict)
{
    for (unsigned i = 0; i < verdict->queued_len; i++)
        family_handed(threads, line, number, verdict->queued_as[i]);
}

static void take_bad(struct threads *threads, const struct log_line *line,
                     const struct mail_verdict_line *verdict)
{
    threads->counts.bad++;
    uint32_t number = find_message(threads, line, verdict);
    if (number == NO_THREAD)
        return;
    family_touch(threads, number, line);
    family_blame(threads, number, line, verdict);
    join_queued(threads, line, number, verdict);
    family_settle(threads, number);
}

/* A good one only tells under which IDs the message goes on. */
static void take_good(struct threads *threads, const struct log_line *line,
                      const struct mail_verdict_line *verdict)
{
    if (verdict->queued_len == 0)
        return;
    uint32_t number = find_any(threads, line, verdict->queue_id);
    if (number != NO_THREAD)
        join_queued(threads, line, number, verdict);
}

static void take_verdict(struct threads *threads, const struct log_line *line,
                         struct mail_verdict_line *verdict)
{
    if (verdict->partial) {
        remember_score(threads, verdict);
        return;
    }
    threads->counts.verdicts++;
    if (verdict->filter == FILTER_SPAMD)
        use_score(threads, verdict);
    if (mail_verdict_is_bad(verdict->verdict))
        take_bad(threads, line, verdict);
    else
        take_good(threads, line, verdict);
}

void threads_verdict(struct threads *threads, const struct log_line *line,
                     const struct syslog_head *head)
{
    struct mail_verdict_line verdict;
    struct log_line whole = *line;
    struct syslog_head said = *head;
    if (span_has_prefix(mail_verdict_program(head->tag), SPAN("amavis")) &&
        !threads_whole_amavis(threads, &whole, &said))
        return;
    enum parse_result result = mail_verdict_parse(&said, &verdict);
    threads->counts.unknown += result == PARSE_UNKNOWN;
    if (result == PARSE_EVENT)
        take_verdict(threads, &whole, &verdict);
}
