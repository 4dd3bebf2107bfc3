/* mail_verdict - what amavis, spamd and rspamd say about one message, in one line.
 *
 * Grammar (log-format sources: amavis.conf-default log_templ, SpamAssassin spamd.raw check(),
 * rspamd task log): dispatched by the syslog tag, then anchored; addresses, names and Message-IDs
 * in the line are attacker-written.
 */
#ifndef SPAMGEAR_LOG_MAIL_VERDICT_H
#define SPAMGEAR_LOG_MAIL_VERDICT_H

#include "spamgear/log/format.h"
#include "spamgear/log/spam_event.h"

#define MAIL_VERDICT_QUEUED_MAX 16 /* of one line */

enum filter { FILTER_AMAVIS, FILTER_SPAMD, FILTER_RSPAMD };

struct mail_verdict_line {
    enum filter filter;
    bool partial; /* spamd's "identified spam (8.5/5.0)": its `result` line of this pid follows */
    struct span pid; /* of the syslog tag */
    enum mail_verdict verdict;
    struct span queue_id; /* empty where the filter does not know it */
    struct span
        queued_as[MAIL_VERDICT_QUEUED_MAX]; /* new queue IDs of the message it handed back */
    unsigned queued_len;
    struct span message_id; /* byte for byte between the brackets; empty: unknown */
    bool
        mid_folded; /* spamd: blanks and commas of the Message-ID became '_': compare accordingly */
    struct span from, client, sasl; /* where the filter says so */
    struct span recipients;         /* "<a>,<b>": the list as it stands */
    bool has_score, has_threshold;
    double score, threshold;
};

/* PARSE_EVENT and *verdict filled, PARSE_NOTHING, PARSE_FOREIGN (another program's tag), or
 * PARSE_UNKNOWN. */
enum parse_result mail_verdict_parse(const struct syslog_head *head,
                                     struct mail_verdict_line *verdict);

/* rspamd's own file has no tag: "#38(normal) <73b3a9>; task; ..". Splits such a line as if it had
 * one; false for others. */
bool mail_verdict_own_file(const struct log_line *line, struct syslog_head *head);

#endif
