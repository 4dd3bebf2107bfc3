/* account - disables and enables accounts by hand, by the same code as the log checkers. */
#include "shared/chores_react.h"
#include "shared/line.h"
#include "shared/react_section.h"
#include "shared/react_words.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/text.h"
#include "spamgear/react/react.h"
#include <inttypes.h>
#include <stdio.h>

struct account_settings {
    struct period period;
    char *reason;
    bool dry_run;
};

/* What an act works on. */
struct call {
    const struct account_settings *settings;
    const struct react_settings *react_settings;
    struct react *react;
    const char *name;
};

static void act_disable(struct call *call)
{
    const struct account_settings *settings = call->settings;
    struct react_outcome outcome;
    struct react_account account = {.name = call->name,
                                    .kind = SENDER_SASL,
                                    .reason = settings->reason != NULL ? settings->reason
                                                                       : "disabled by hand",
                                    .by_hand = true};
    if (settings->period.seconds > 0)
        account.expires = clock_now() + settings->period.seconds;
    react_disable(call->react, &account, &outcome);
    react_words_tell(&outcome);
    if (outcome.result == REACT_STANDING)
        puts("is disabled already");
    if (outcome.case_id != 0)
        printf("case %" PRId64 "\n", outcome.case_id);
    react_outcome_clear(&outcome);
}

static void enable_case(struct call *call, int64_t id)
{
    struct react_outcome outcome;
    react_undo(call->react, id, NULL, &outcome);
    react_words_tell(&outcome);
    printf("case %" PRId64 "\n", id);
    react_outcome_clear(&outcome);
}

/* The open case of the account. 0: there is none, -1 after diag_error. */
static int64_t find_case(const struct call *call)
{
    struct case_numbers numbers = {0};
    struct strbuf why = {0};
    int64_t id = 0;
    const char *state = call->react_settings->state;
    if (!cases_exist(state))
        return 0;
    struct cases *cases = cases_open_to_read(state, &why);
    if (cases == NULL || cases_list(cases, true, call->name, 1, &numbers, &why) != 0) {
        diag_error("%s", strbuf_text(&why));
        id = -1;
    } else if (numbers.len > 0) {
        id = numbers.at[0];
    }
    cases_close(cases);
    free(numbers.at);
    strbuf_clear(&why);
    return id;
}

static void act_enable(struct call *call)
{
    struct strbuf why = {0};
    if (react_name_check(call->react_settings, call->name, &why) != 0) {
        diag_error("%s", strbuf_text(&why));
    } else {
        int64_t id = find_case(call);
        if (id > 0)
            enable_case(call, id);
        else if (id == 0)
            diag_error("\"%s\" has no open case: what others did is not undone here", call->name);
    }
    strbuf_clear(&why);
}

static void act_status(struct call *call)
{
    struct texts lines = {0};
    struct strbuf why = {0}, line = {0};
    if (react_status(call->react, call->name, &lines, &why) != 0)
        diag_error("%s", strbuf_text(&why));
    for (size_t i = 0; i < lines.len; i++) {
        text_escape(&line, span_text(lines.at[i]));
        line_put(&line);
    }
    texts_clear(&lines);
    strbuf_clear(&line);
    strbuf_clear(&why);
}

static const struct act {
    const char *name;
    bool reads;
    void (*run)(struct call *call);
} acts[] = {
    {"disable", false, act_disable}, {"enable", false, act_enable}, {"status", true, act_status}};
#define ACTS (sizeof acts / sizeof *acts)

static const struct act *find_act(const struct run *run)
{
    for (size_t i = 0; run->argc == 2 && i < ACTS; i++)
        if (strcmp(run->argv[0], acts[i].name) == 0)
            return &acts[i];
    diag_error("say `disable NAME`, `enable NAME`, or `status NAME`");
    return NULL;
}

static bool has_right_options(const struct act *act, const struct account_settings *settings)
{
    if (settings->period.seconds > 0 && act->run != act_disable)
        diag_error("--for belongs to disable");
    else if (settings->reason != NULL && act->run != act_disable)
        diag_error("--reason belongs to disable");
    else
        return true;
    return false;
}

/* What an open case did can be undone whatever [react] says today. Nothing is made for an account
 * that cannot have a case. */
static struct react *open_react(const struct call *call, const struct act *act, const char *applet,
                                struct strbuf *why)
{
    const struct react_settings *settings = call->react_settings;
    bool dry = call->settings->dry_run || act->reads;
    if (act->run == act_enable)
        return react_open_cases(settings, NULL, applet, dry || !cases_exist(settings->state), why);
    return react_open(settings, NULL, applet, dry, why);
}

static int run_account(void *at, const struct run *run)
{
    struct section_values values;
    struct strbuf why = {0};
    struct call call = {.settings = at, .name = run->argc == 2 ? run->argv[1] : ""};
    const struct act *act = find_act(run);
    if (act == NULL || !has_right_options(act, at))
        return APPLET_TROUBLE;
    if (!act->reads)
        chores_react_skip();
    call.react_settings = react_section_read(&values, run->config);
    if (call.react_settings != NULL) {
        call.react = open_react(&call, act, run->applet->name, &why);
        if (call.react != NULL)
            act->run(&call);
        diag_error_lines(strbuf_text(&why));
        react_close(call.react);
    }
    section_clear(&values);
    strbuf_clear(&why);
    return 0; /* diag_error makes it APPLET_TROUBLE */
}

static const struct option options[] = {
    OPTION_PERIOD(struct account_settings, period, "for", 0, "PERIOD", NULL,
                  "Let the account go again after this period (\"2h\"), at the next run of any "
                  "applet.",
                  .flags = OPTION_NO_CONFIG),
    OPTION_TEXT(struct account_settings, reason, "reason", 0, "TEXT", NULL,
                "Why: stands in the case.", .flags = OPTION_NO_CONFIG),
    OPTION_FLAG(struct account_settings, dry_run, "dry-run", 0,
                "Tell what would be done, and change nothing.", .flags = OPTION_NO_CONFIG),
    OPTION_END};

static const struct applet_example examples[] = {
    {"spamgear account disable bob --reason 'password was phished'", "Stop an account now."},
    {"spamgear account disable bob --for 2h", "Until the morning."},
    {"spamgear account disable bob --dry-run", "What would be done?"},
    {"spamgear account enable bob", "Undo it."},
    {"spamgear account status bob", "What is in force?"},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "Done, and read back."},
    {2, "Trouble: the name is refused, or something was not done or could not be read back."},
    {0, NULL}};

const struct applet account_applet = {
    .name = "account",
    .summary = "Disable and enable an account by hand",
    .operands = "disable NAME | enable NAME | status NAME",
    .description =
        "`disable` stops an account by the methods that section [react] names, as a log checker "
        "with -d does: the name is checked, each method says what it would do, the case is "
        "written, "
        "each action is carried out and read back. No mail is sent, and max-actions-per-run does "
        "not count: somebody is there who asked for it. The allow list holds all the same.\n\n"
        "`enable` lifts what the account's open case did (`spamgear case undo`). What somebody "
        "else did to the account is not touched.\n\n"
        "`status` tells for each method whether it is in force.\n\n"
        "A name may be an option's: `spamgear account disable -- NAME`; but names that begin with "
        "\"-\" are refused.",
    .options = (const struct option *const[]){options, NULL},
    .settings_size = sizeof(struct account_settings),
    .sections = (const struct section *const[]){&react_section, NULL},
    .examples = examples,
    .statuses = statuses,
    .flags = APPLET_TOOL,
    .run = run_account,
};
