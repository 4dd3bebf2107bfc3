/* watcher_job - runs the checker for one sender, and reacts as its settings say.
 *
 * The same code as from cron: the checker's own configuration, read anew, its log, its limits and
 * bounds; only the report is cut down to one sender. Scripts over their limit are scanned as
 * `php-spam-check -0 | full-scan -0` would.
 */
#include "chores.h"
#include "logcheck_react.h"
#include "other.h"
#include "watcher_fleet.h"
#include "watcher_parts.h"
#include "watcher_past.h"
#include "watcher_scan.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/text.h"
#include "spamgear/check/disable.h"

struct job {
    const struct watcher_reactor *reactor;
    const struct watcher_job *given;
    struct span name;
    struct other other;
    struct report report;
    struct texts problems;
    struct watcher_fleet fleet;
    bool claimed; /* in the fleet, by this job */
    struct watcher_news *news;
    struct strbuf *lines;
};

/* " bob: ", or with trouble "!bob: ". */
static void begin_line(struct job *job, bool trouble)
{
    strbuf_add_char(job->lines, trouble ? '!' : ' ');
    text_escape(job->lines, job->name);
    strbuf_add_text(job->lines, ": ");
}

static void add_line(struct job *job, bool trouble, const char *text)
{
    begin_line(job, trouble);
    text_escape(job->lines, span_text(text));
    strbuf_add_char(job->lines, '\n');
}

static struct report_sender *find_row(struct job *job)
{
    for (size_t i = 0; i < job->report.senders.len; i++)
        if (job->report.senders.at[i].sender.kind == job->given->kind)
            return &job->report.senders.at[i];
    return NULL;
}

/* ---- the fleet ---- */

/* Without the database this machine's own count decides. */
static void alone(struct job *job, struct strbuf *why)
{
    struct strbuf line = {0};
    strbuf_format(&line, "the fleet could not be asked, what this machine saw decides: %s",
                  strbuf_text(why));
    if (job->given->work == WATCHER_CHECK) /* else nothing is decided, and the feeder tells it */
        add_line(job, true, strbuf_text(&line));
    watcher_fleet_close(&job->fleet);
    strbuf_clear(&line);
}

static void open_fleet(struct job *job)
{
    struct strbuf why = {0};
    const struct feeder_settings *settings = job->reactor->fleet;
    if (settings == NULL || !settings->fleet)
        return;
    if (watcher_fleet_open(&job->fleet, settings, &job->other.check, job->given->kind, job->name,
                           &why) != 0)
        alone(job, &why);
    job->fleet.trust_plain = job->reactor->trust_plain;
    strbuf_clear(&why);
}

static void ask_fleet(struct job *job, struct report_sender *row)
{
    struct strbuf why = {0};
    if (job->fleet.link == NULL)
        return;
    if (watcher_fleet_tell(&job->fleet, row, &why) != 0 ||
        (job->given->work == WATCHER_CHECK && watcher_fleet_unite(&job->fleet, row, &why) != 0))
        alone(job, &why);
    strbuf_clear(&why);
}

/* An account that was let go, here or by another machine, is judged by what it sends after that. */
static void forget_the_past(struct job *job)
{
    struct window *window = &job->other.check.window;
    int64_t here = watcher_let_go(job->reactor->run, job->given->kind, job->name);
    if (job->fleet.let_go > clock_now())
        job->fleet.let_go = 0;
    if (job->fleet.let_go < here)
        job->fleet.let_go = here;
    if (job->fleet.let_go < window->since)
        job->fleet.let_go = 0;
    else
        window->since = job->fleet.let_go + 1;
}

/* May this machine react? When that cannot be told, what it saw itself decides. */
static bool claim(struct job *job, struct report_sender *row)
{
    const struct check *check = &job->other.check;
    struct strbuf why = {0};
    if (job->fleet.link == NULL || job->reactor->dry || job->given->dry ||
        !logcheck_react_has_work(job->other.own, &job->report))
        return true;
    int result = watcher_fleet_claim(&job->fleet, row, &why);
    job->claimed = result > 0;
    if (result < 0)
        alone(job, &why);
    strbuf_clear(&why);
    uint64_t own = check->by_recipients ? row->sender.recipients : row->sender.messages;
    return result > 0 || (result < 0 && own >= row->limit);
}

/* Where nothing was done, because what this machine saw is no evidence or it failed, another one
 * may react. */
static void end_claim(struct job *job, const struct report_sender *row)
{
    struct strbuf why = {0};
    enum react_result result = row->reaction.result;
    bool done = row->handed &&
                (result == REACT_DISABLED || result == REACT_PARTLY || result == REACT_STANDING);
    if (!job->claimed)
        return;
    if ((done ? watcher_fleet_confirm : watcher_fleet_release)(&job->fleet, row, &why) != 0)
        add_line(job, true, strbuf_text(&why));
    strbuf_clear(&why);
}

/* ---- accounts ---- */

static void add_reason(struct job *job, const struct report_sender *row)
{
    disable_reason(&job->other.check, &job->report, row, job->lines);
}

static void tell_reaction(struct job *job, const struct report_sender *row)
{
    const struct react_outcome *outcome = &row->reaction;
    bool trouble = outcome->result == REACT_PARTLY || outcome->result == REACT_FAILED;
    begin_line(job, trouble);
    strbuf_add_text(job->lines, report_reaction_name(outcome->result));
    if (outcome->case_id != 0)
        strbuf_format(job->lines, ", case %lld", (long long)outcome->case_id);
    strbuf_add_text(job->lines, ": ");
    add_reason(job, row);
    for (size_t i = 0; i < outcome->lines.len; i++) {
        strbuf_add_text(job->lines, "; ");
        text_escape(job->lines, span_text(outcome->lines.at[i]));
    }
    if (job->given->dry && !job->reactor->dry)
        strbuf_add_text(job->lines, "; not done: within an hour as many accounts were disabled as "
                                    "max-actions-per-run allows: LOOK AT THIS BY HAND");
    strbuf_add_char(job->lines, '\n');
}

static void tell_over(struct job *job, const struct report_sender *row, const char *what)
{
    begin_line(job, false);
    strbuf_format(job->lines, "over the limit of %llu: ", (unsigned long long)row->limit);
    add_reason(job, row);
    strbuf_format(job->lines, "; %s\n", what);
}

static void react_to(struct job *job, struct report_sender *row)
{
    struct logcheck_settings *own = job->other.own;
    own->dry_run |= job->given->dry;
    job->news->result = WATCHER_TOLD;
    if (own->disable == NULL) {
        tell_over(job, row, "nobody is disabled without disable-account");
        return;
    }
    if (!claim(job, row))
        return; /* another machine reacts */
    logcheck_react(own, job->reactor->run, &job->other.check, &job->report, &job->problems);
    end_claim(job, row);
    if (!row->handed) {
        tell_over(job, row, "not over the bounds of disable-account");
        return;
    }
    enum react_result result = row->reaction.result;
    if (result == REACT_DISABLED || result == REACT_PARTLY)
        job->news->result = WATCHER_DISABLED;
    else if (result == REACT_FAILED)
        job->news->result = WATCHER_FAILED;
    if (result != REACT_STANDING)
        tell_reaction(job, row);
}

/* ---- scripts ---- */

static void tell_scan(struct job *job, const struct watcher_scanned *scanned)
{
    struct span found = strbuf_span(&scanned->found_lines), line;
    begin_line(job, scanned->unknown > 0);
    strbuf_format(job->lines, "scanned: %llu files, %llu found, %llu unknown",
                  (unsigned long long)scanned->files, (unsigned long long)scanned->found,
                  (unsigned long long)scanned->unknown);
    while (span_take_line(&found, &line) && job->lines->len < WATCHER_TEXT_MAX / 2) {
        strbuf_add_text(job->lines, "; ");
        text_escape(job->lines, line);
    }
    strbuf_add_char(job->lines, '\n');
}

static void scan_script(struct job *job)
{
    struct watcher_scanned scanned = {0};
    struct strbuf why = {0};
    if (watcher_scan(&job->report, job->reactor->run, job->given->dry, &scanned, &why) == 0) {
        job->news->result = WATCHER_SCANNED;
        tell_scan(job, &scanned);
    } else {
        begin_line(job, true);
        strbuf_format(job->lines, "not scanned: ");
        text_escape(job->lines, strbuf_span(&why));
        strbuf_add_char(job->lines, '\n');
    }
    strbuf_clear(&scanned.found_lines);
    strbuf_clear(&why);
}

static void react_to_script(struct job *job, const struct report_sender *row)
{
    bool absolute = job->name.len > 0 && job->name.at[0] == '/';
    job->news->result = job->reactor->scan && absolute ? WATCHER_FAILED : WATCHER_TOLD;
    if (!job->reactor->scan)
        tell_over(job, row, "scripts are not scanned");
    else if (!absolute)
        tell_over(job, row, "not scanned: it is no absolute path");
    else
        scan_script(job);
}

/* ---- the job ---- */

/* Those that begin with the sender's name stand in the line about the reaction. */
static void tell_problems(struct job *job)
{
    for (size_t i = 0; i < job->problems.len; i++) {
        struct span problem = span_text(job->problems.at[i]);
        if (span_has_prefix(problem, job->name) && problem.len > job->name.len &&
            problem.at[job->name.len] == ':')
            continue;
        add_line(job, true, job->problems.at[i]);
    }
}

static uint64_t count_missing(const struct job *job, const struct report_sender *row)
{
    return row != NULL ? row->limit - row->count
                       : limit_of(&job->other.check.limits, job->name, clock_now(), NULL);
}

static void run_check(struct job *job)
{
    struct tally *tally = NULL;
    struct check *check = &job->other.check;
    check->only = job->name.at;
    check->evidence = 3;
    check->all = false;
    check->top = 0;
    check->name_networks = job->reactor->fleet != NULL;
    open_fleet(job);
    forget_the_past(job);
    check_run(check, &job->report, &tally, &job->problems);
    struct report_sender *row = find_row(job);
    if (row != NULL)
        ask_fleet(job, row);
    if (job->given->work == WATCHER_NETWORKS) {
        job->news->result = WATCHER_TOLD;
    } else if (row == NULL || !row->over) {
        job->news->result = WATCHER_NOT_OVER;
        job->news->missing = count_missing(job, row);
    } else if (row->sender.kind == SENDER_SCRIPT) {
        react_to_script(job, row);
    } else {
        react_to(job, row);
    }
    tell_problems(job);
    watcher_fleet_close(&job->fleet);
    report_clear(&job->report);
    tally_free(tally);
    texts_clear(&job->problems);
}

static void check_sender(struct job *job)
{
    struct other_given given = {0};
    const char *applet = job->reactor->applets[job->given->source];
    if (other_open(&job->other, applet, &given, job->reactor->run) == 0)
        run_check(job);
    else
        add_line(job, true, "could not be checked: the checker's settings");
    other_close(&job->other);
}

void watcher_job_run(const struct watcher_reactor *reactor, const struct watcher_job *job,
                     struct span name, struct watcher_news *news, struct strbuf *lines)
{
    struct job own = {.reactor = reactor, .given = job, .name = name, .news = news, .lines = lines};
    if (job->work == WATCHER_CHORES) {
        chores(reactor->run);
        if (reactor->fleet != NULL)
            watcher_release_claims(reactor->run, reactor->fleet);
        news->result = WATCHER_TOLD;
        return;
    }
    check_sender(&own);
}
