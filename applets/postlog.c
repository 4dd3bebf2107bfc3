/* postlog - the daemon: verdicts joined to senders, rows, live limits, answers.
 *
 * Only the declaration; applets/shared/postlog_daemon.h says what it is made of.
 */
#include "shared/mail_section.h"
#include "shared/policy_section.h"
#include "shared/postlog_check.h"
#include "shared/postlog_daemon.h"
#include "shared/react_section.h"
#include "shared/watcher_section.h"
#include "spamgear/base/diag.h"

static bool tell(const struct texts *problems)
{
    for (size_t i = 0; i < problems->len; i++)
        diag_error("%s", problems->at[i]);
    return problems->len > 0;
}

static int run_plan(const struct postlog_plan *plan, const struct run *run)
{
    bool status = run->argc == 1 && strcmp(run->argv[0], "status") == 0;
    if (run->argc > 0 && !status) {
        diag_error("\"%s\": only `status` may stand here", run->argv[run->argc - 1]);
        return APPLET_TROUBLE;
    }
    if (status)
        return postlog_status_ask(plan);
    return plan->set->replay.len > 0 ? postlog_replay(plan, run) : postlog_run(plan, run);
}

static int run_postlog(void *at, const struct run *run)
{
    struct postlog_plan plan;
    struct texts problems = {0};
    postlog_plan_read(&plan, at, run, &problems);
    int status = 0;
    if (plan.set->check)
        postlog_check(&plan, run, &problems);
    else
        status = tell(&problems) ? APPLET_TROUBLE : run_plan(&plan, run);
    postlog_plan_clear(&plan);
    texts_clear(&problems);
    return status;
}

static const struct applet_example examples[] = {
    {"spamgear postlog", "Follow the mail log, as a service does."},
    {"postlog-sa -C /etc/postlog-sa/postlog-sa.ini", "The same with the old configuration."},
    {"spamgear postlog --once", "Read what came since the last time, from cron."},
    {"spamgear postlog --replay /var/log/mail.log*  -v 6", "Who sent spam in old logs?"},
    {"spamgear postlog status", "Does it run, and is it well?"},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "Done; of status: it runs and is well."},
    {1, "Of status: it runs, and something is wrong."},
    {2, "Trouble, which is told; of status: it does not run."},
    {0, NULL}};

const struct applet postlog_applet = {
    .name = "postlog",
    .aliases = (const char *const[]){"postlog-sa", NULL},
    .summary = "Follow the mail log, know who sends spam, stop stolen accounts",
    .operands = "[status]",
    .description =
        "Follows the mail log and the journal, and joins each message's queue ID with the verdict "
        "of amavis, spamd or rspamd: client, envelope sender, SASL username, spam recipients. Each "
        "spam message is a line in its own log, and a row in the embedded database of [store], "
        "from which Postfix can be told whom to refuse (`spamgear postfix-map`), and in another "
        "database when [store] names one. Section [watch] says which log checks are done as lines "
        "arrive, so that a stolen account is stopped within seconds.\n\n"
        "The place in each log is stored together with the rows that follow from the lines before "
        "it, so each line takes effect exactly once, whenever the daemon is killed or a log is "
        "rotated. (Lines of its own log may be written again after a kill.) What could not be "
        "opened, read or written is told, and tried again.\n\n"
        "It stays in the foreground, as systemd wants it (Type=notify, with a watchdog). SIGTERM "
        "ends it when all it has read is written. SIGHUP makes it read its configuration again, "
        "when that is sound, and reopens its log. SIGUSR1 makes it tell how it is.\n\n"
        "--replay FILE... works through old logs without touching the daemon's state. Its rows go "
        "to the database of [store], and into the embedded database when --state names a folder of "
        "its own. The same logs are known when they come again: neither of them gets their rows "
        "twice. With a query of your own and no tables of spamgear in that database, it does.",
    .options = (const struct option *const[]){postlog_options, NULL},
    .settings_size = sizeof(struct postlog_settings),
    .sections = (const struct section *const[]){&store_section, &fleet_section, &listing_section,
                                                &watcher_section, &policy_section, &react_section,
                                                &mail_section, NULL},
    .examples = examples,
    .statuses = statuses,
    .files = "/var/lib/spamgear/postlog.db is the embedded database. /run/spamgear/postlog.sock is "
             "where status asks. Called as postlog-sa, without a configuration that is named, it "
             "reads /etc/postlog-sa/postlog-sa.ini when that is there.",
    .flags = APPLET_TOOL | APPLET_NO_CHORES, /* Postfix has a command of that name */
    .run = run_postlog,
};
