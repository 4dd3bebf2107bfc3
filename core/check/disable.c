/* disable - from a filled report to reactions. */
#include "spamgear/check/disable.h"

#include "spamgear/base/duration.h"
#include "spamgear/base/text.h"
#include "spamgear/check/queue_ids.h"
#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <unistd.h>

#define EVIDENCE_LINES  3
#define PASSWD_LINE_MAX (1024 * 1024)

/* --- Who --- */

bool disable_is_over(const struct disable *disable, const struct report_sender *row)
{
    return react_is_account(row->sender.kind) && row->over && row->networks > disable->networks &&
           row->unknown > disable->unknown;
}

bool disable_has_work(const struct disable *disable, const struct report *report)
{
    for (size_t i = 0; i < report->senders.len; i++)
        if (disable_is_over(disable, &report->senders.at[i]))
            return true;
    return false;
}

static int name_of_user(struct span digits, struct strbuf *account, struct strbuf *why)
{
    unsigned long long uid;
    struct passwd entry, *found = NULL;
    int error = 0;
    if (!span_number(digits, &uid) || uid >= (uid_t)-1)
        return strbuf_why(why, "it is no user's number");
    for (size_t size = 4096; found == NULL && size <= PASSWD_LINE_MAX; size *= 4) {
        char *buf = mem_alloc(size);
        error = getpwuid_r((uid_t)uid, &entry, buf, size, &found);
        if (found != NULL)
            strbuf_add_text(account, entry.pw_name);
        free(buf);
        if (error != ERANGE)
            break;
    }
    if (found == NULL && error != 0)
        return strbuf_why(why, "its name could not be told: %s", strerror(error));
    return found != NULL ? 0 : strbuf_why(why, "there is no such user");
}

int disable_account(const struct sender *sender, struct strbuf *account, struct strbuf *why)
{
    if (sender->kind == SENDER_LOCAL && span_has_prefix(sender->name, SPAN("uid=")))
        return name_of_user(span_skip(sender->name, 4), account, why);
    if (sender->name.len == 0 || memchr(sender->name.at, '\0', sender->name.len) != NULL)
        return strbuf_why(why, "its name is no text");
    strbuf_add_span(account, sender->name);
    return 0;
}

/* --- Why --- */

void disable_reason(const struct check *check, const struct report *report,
                    const struct report_sender *row, struct strbuf *reason)
{
    strbuf_format(reason, "%llu messages ",
                  (unsigned long long)(row->sender.messages + row->elsewhere));
    if (check->by_recipients)
        strbuf_format(reason, "to %llu recipients ",
                      (unsigned long long)(row->sender.recipients + row->elsewhere_recipients));
    if (check->period != NULL && check->open_end) {
        strbuf_add_text(reason, "in ");
        duration_words(reason, check->period);
    } else {
        size_t start = reason->len;
        strbuf_add_span(reason, strbuf_span(&report->during));
        if (reason->len > start)
            reason->data[start] = (char)tolower((unsigned char)reason->data[start]);
    }
    strbuf_format(reason, " from %u networks, %u unknown", row->networks, row->unknown);
    if (row->elsewhere > 0)
        strbuf_format(reason, ", %llu of them on %u other machine%s",
                      (unsigned long long)row->elsewhere, row->machines,
                      row->machines == 1 ? "" : "s");
}

static void add_evidence(const struct report_sender *row, struct strbuf *evidence)
{
    const struct evidence *e = row->sender.evidence;
    for (int i = 0; e != NULL && i < EVIDENCE_LINES; i++, e = e->next) {
        strbuf_add_span(evidence, e->line);
        strbuf_add_char(evidence, '\n');
    }
}

/* --- Handing over --- */

static bool is_wanted(const void *state, const struct report_sender *row)
{
    return disable_is_over(state, row);
}

static void not_done(struct react_outcome *outcome, enum react_result result, const char *why)
{
    *outcome = (struct react_outcome){.result = result};
    texts_format(&outcome->lines, "not done: %s", why);
}

/* To read the IDs of one sender again. */
struct again {
    const struct check *check;
    const struct report *report;
    const struct report_sender *row;
    struct queue_ids ids;
};

static bool is_row(const void *state, const struct report_sender *row)
{
    return row == state;
}

/* He went on sending until he was stopped. */
static const struct texts *ids_again(void *state)
{
    struct again *again = state;
    queue_ids_clear(&again->ids);
    if (queue_ids_read(again->check, again->report, is_row, again->row, &again->ids, NULL) != 0)
        return NULL;
    return &again->ids.of[again->row - again->report->senders.at];
}

/* ids: NULL when they are not known. */
static void hand_over(const struct check *check, const struct disable *disable,
                      const struct report *report, const struct texts *ids,
                      struct report_sender *row)
{
    struct strbuf account = {0}, reason = {0}, evidence = {0}, why = {0};
    struct again again = {.check = check, .report = report, .row = row};
    row->handed = true;
    if (disable->react == NULL) {
        not_done(&row->reaction, REACT_FAILED, disable->why_not);
    } else if (disable_account(&row->sender, &account, &why) != 0) {
        not_done(&row->reaction, REACT_REFUSED, strbuf_text(&why));
    } else {
        disable_reason(check, report, row, &reason);
        add_evidence(row, &evidence);
        struct react_account handed = {.name = strbuf_text(&account),
                                       .kind = row->sender.kind,
                                       .queue_ids = ids,
                                       .ids_again = ids != NULL ? ids_again : NULL,
                                       .ids_state = &again,
                                       .reason = strbuf_text(&reason),
                                       .evidence = strbuf_span(&evidence),
                                       .messages = row->sender.messages + row->elsewhere,
                                       .trusted = row->sender.trusted + row->elsewhere_trusted,
                                       .first = row->sender.first};
        react_disable(disable->react, &handed, &row->reaction);
        if (row->reaction.result == REACT_STANDING && row->reaction.lines.len == 0)
            texts_add(&row->reaction.lines, "in force since an earlier run");
    }
    queue_ids_clear(&again.ids);
    strbuf_clear(&account);
    strbuf_clear(&reason);
    strbuf_clear(&evidence);
    strbuf_clear(&why);
}

static bool is_allowed(const struct disable *disable, struct span name)
{
    for (size_t i = 0; disable->allow != NULL && i < disable->allow->len; i++)
        if (text_glob_folded(disable->allow->at[i], name))
            return true;
    return false;
}

/* Who should have been disabled and was not; and of whom nobody could be told by mail. */
static void tell_failure(const struct disable *disable, const struct report_sender *row,
                         struct texts *problems)
{
    enum react_result result = row->reaction.result;
    const struct texts *lines = &row->reaction.lines;
    struct span name = row->sender.name;
    if (result == REACT_PARTLY)
        texts_format(problems, "%.*s: was disabled in part only", (int)name.len, name.at);
    else if (result == REACT_FAILED || (result == REACT_REFUSED && !is_allowed(disable, name)))
        texts_format(problems, "%.*s: was not disabled", (int)name.len, name.at);
    for (size_t i = 0; i < lines->len; i++)
        if (strncmp(lines->at[i], "failed: ", 8) == 0)
            texts_format(problems, "%.*s: %s", (int)name.len, name.at, lines->at[i]);
}

static void read_ids(const struct check *check, const struct disable *disable,
                     struct report *report, struct queue_ids *ids)
{
    struct strbuf why = {0};
    if (queue_ids_read(check, report, is_wanted, disable, ids, &why) != 0)
        texts_format(&report->notes, "the messages to hold are not known: %s", strbuf_text(&why));
    else if (ids->left_out)
        texts_format(&report->notes, "more than %d messages: the later ones are not held",
                     QUEUE_IDS_MAX);
    strbuf_clear(&why);
}

void disable_senders(const struct check *check, const struct disable *disable,
                     struct report *report, struct texts *problems)
{
    struct queue_ids ids = {0};
    report->reacts = true;
    if (!disable_has_work(disable, report))
        return;
    if (disable->queue_ids && disable->react != NULL)
        read_ids(check, disable, report, &ids);
    for (size_t i = 0; i < report->senders.len; i++) {
        struct report_sender *row = &report->senders.at[i];
        if (!disable_is_over(disable, row))
            continue;
        hand_over(check, disable, report, ids.of != NULL ? &ids.of[i] : NULL, row);
        tell_failure(disable, row, problems);
    }
    queue_ids_clear(&ids);
    unsigned over = disable->react != NULL ? react_over_limit(disable->react) : 0;
    if (over > 0)
        texts_format(problems,
                     "%u accounts were not disabled: they are more than max-actions-per-run; is "
                     "the rule right?",
                     over);
}
