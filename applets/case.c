/* case - what was done to accounts, and why: look at it, undo it, write something to it.
 *
 * Names, reasons and log lines were written by strangers: everything is escaped.
 */
#include "shared/chores_react.h"
#include "shared/line.h"
#include "shared/react_section.h"
#include "shared/react_words.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/json.h"
#include "spamgear/base/text.h"
#include "spamgear/log/stamp.h"
#include "spamgear/react/react.h"
#include <inttypes.h>
#include <stdio.h>

struct case_settings {
    int format;
    char *only;
    bool dry_run, all;
};

static const char *const format_names[] = {"text", "json", NULL};

/* What an act works on. */
struct desk {
    const struct case_settings *settings;
    const struct react_settings *react;
    const char *applet;
    struct cases *cases; /* NULL: there are none, or the act opens them itself */
    char **words;
};

static const char *state_of(const struct case_file *file)
{
    for (size_t i = 0; i < file->actions.len && file->closed == 0; i++)
        if (file->actions.at[i].state == ACTION_LIFTING)
            return "lifting";
    return file->closed != 0 ? "closed" : "open";
}

/* ---- one case ---- */

static void json_time(struct json *json, const char *key, int64_t time)
{
    char when[32];
    if (time != 0)
        stamp_format(time, when);
    json_word(json, key, time != 0 ? when : NULL);
}

static void json_actions(struct json *json, const struct case_file *file)
{
    json_open(json, "actions", '[');
    for (size_t i = 0; i < file->actions.len; i++) {
        const struct case_action *action = &file->actions.at[i];
        json_open(json, NULL, '{');
        json_text(json, "method", span_text(action->method));
        json_word(json, "state", action_state_name(action->state));
        json_time(json, "changed", action->changed);
        json_text(json, "what", span_text(action->what));
        json_text(json, "detail", span_text(action->detail));
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_notes(struct json *json, const struct case_file *file)
{
    json_open(json, "notes", '[');
    for (size_t i = 0; i < file->notes.len; i++) {
        json_open(json, NULL, '{');
        json_time(json, "time", file->notes.at[i].time);
        json_text(json, "text", span_text(file->notes.at[i].text));
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_evidence(struct json *json, const struct case_file *file)
{
    struct span text = span_text(file->evidence), line;
    json_open(json, "evidence", '[');
    while (span_take_line(&text, &line))
        json_text(json, NULL, line);
    json_close(json, ']');
}

static void write_json(const struct case_file *file, struct strbuf *line)
{
    struct json json = {.out = line};
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_number(&json, "id", (uint64_t)file->id);
    json_word(&json, "state", state_of(file));
    json_text(&json, "account", span_text(file->account));
    json_word(&json, "kind", sender_kind_name((enum sender_kind)file->kind));
    json_text(&json, "applet", span_text(file->applet));
    json_text(&json, "reason", span_text(file->reason));
    json_time(&json, "opened", file->opened);
    json_time(&json, "expires", file->expires);
    json_time(&json, "closed", file->closed);
    json_bool(&json, "told", file->told);
    json_actions(&json, file);
    json_notes(&json, file);
    json_evidence(&json, file);
    json_close(&json, '}');
    line_put(line);
}

/* ID, state, time, account, methods, reason. */
static void write_row(const struct case_file *file, struct strbuf *line)
{
    char when[32];
    stamp_format(file->opened, when);
    strbuf_format(line, "%" PRId64 " %-7s %s ", file->id, state_of(file), when);
    text_escape(line, span_text(file->account));
    for (size_t i = 0; i < file->actions.len; i++) {
        strbuf_add_char(line, i == 0 ? ' ' : ',');
        text_escape(line, span_text(file->actions.at[i].method));
        strbuf_format(line, "=%s", action_state_name(file->actions.at[i].state));
    }
    strbuf_add_char(line, ' ');
    text_escape(line, span_text(file->reason));
    line_put(line);
}

static void write_time(struct strbuf *line, const char *name, int64_t time)
{
    char when[32];
    if (time == 0)
        return;
    stamp_format(time, when);
    line_field(line, name, when);
}

/* What the state of an action means to whoever reads this in the middle of the night. */
static const char *const meanings[ACTION_STATES] = {
    [ACTION_STARTED] = "begun, and cut short: the next run completes it",
    [ACTION_DONE] = "done, and read back",
    [ACTION_FAILED] = "NOT done",
    [ACTION_BEFORE] = "was so before: not ours to undo",
    [ACTION_LIFTING] = "to be lifted, but is not yet: the next run tries again",
    [ACTION_LIFTED] = "lifted",
};

static void write_actions(const struct case_file *file, struct strbuf *line)
{
    char when[32];
    for (size_t i = 0; i < file->actions.len; i++) {
        const struct case_action *action = &file->actions.at[i];
        stamp_format(action->changed, when);
        strbuf_format(line, "%-10s", "action");
        text_escape(line, span_text(action->method));
        strbuf_format(line, ": %s, %s", action_state_name(action->state), when);
        strbuf_add_text(line, *action->what != '\0' ? ": " : "");
        text_escape(line, span_text(action->what));
        line_put(line);
        strbuf_format(line, "%-10s  %s", "", meanings[action->state]);
        if (*action->detail != '\0')
            strbuf_add_text(line, ": ");
        text_escape(line, span_text(action->detail));
        line_put(line);
    }
}

static void write_notes(const struct case_file *file, struct strbuf *line)
{
    char when[32];
    for (size_t i = 0; i < file->notes.len; i++) {
        stamp_format(file->notes.at[i].time, when);
        strbuf_format(line, "%-10s%s ", "note", when);
        text_escape(line, span_text(file->notes.at[i].text));
        line_put(line);
    }
}

static void write_evidence(const struct case_file *file, struct strbuf *line)
{
    struct span text = span_text(file->evidence), one;
    while (span_take_line(&text, &one)) {
        strbuf_format(line, "%-10s", "evidence");
        text_escape(line, one);
        line_put(line);
    }
}

static void write_all(const struct case_file *file, struct strbuf *line)
{
    strbuf_format(line, "%-10s%" PRId64, "case", file->id);
    line_put(line);
    line_field(line, "state", state_of(file));
    line_field(line, "account", file->account);
    line_field(line, "kind", sender_kind_name((enum sender_kind)file->kind));
    line_field(line, "reason", file->reason);
    line_field(line, "by", file->applet);
    write_time(line, "opened", file->opened);
    write_time(line, "expires", file->expires);
    write_time(line, "closed", file->closed);
    line_field(line, "mail", file->told ? "handed over, or not wanted" : "not sent yet");
    write_actions(file, line);
    write_notes(file, line);
    write_evidence(file, line);
}

/* ---- the acts ---- */

typedef void write_case(const struct case_file *file, struct strbuf *line);

static void write_one(struct desk *desk, int64_t id, write_case *write)
{
    struct case_file file = {0};
    struct strbuf line = {0}, why = {0};
    int found = desk->cases == NULL ? 0 : cases_get(desk->cases, id, &file, &why);
    if (found == 1)
        (desk->settings->format == 1 ? write_json : write)(&file, &line);
    else if (found == 0)
        diag_error("there is no case %" PRId64, id);
    else
        diag_error("%s", strbuf_text(&why));
    case_file_clear(&file);
    strbuf_clear(&line);
    strbuf_clear(&why);
}

static bool read_id(const char *word, int64_t *id)
{
    unsigned long long number;
    if (span_number(span_text(word), &number) && number > 0 && number <= INT64_MAX) {
        *id = (int64_t)number;
        return true;
    }
    diag_error("\"%s\" is no number of a case", word);
    return false;
}

static void act_list(struct desk *desk)
{
    struct case_numbers numbers = {0};
    struct strbuf why = {0};
    if (desk->cases != NULL &&
        cases_list(desk->cases, !desk->settings->all, desk->words[0], 0, &numbers, &why) != 0)
        diag_error("%s", strbuf_text(&why));
    for (size_t i = 0; i < numbers.len; i++)
        write_one(desk, numbers.at[i], write_row);
    free(numbers.at);
    strbuf_clear(&why);
}

static void act_show(struct desk *desk)
{
    int64_t id;
    for (; *desk->words != NULL; desk->words++)
        if (read_id(*desk->words, &id))
            write_one(desk, id, write_all);
}

static void act_undo(struct desk *desk)
{
    const struct case_settings *settings = desk->settings;
    struct react_outcome outcome;
    struct strbuf why = {0};
    int64_t id;
    if (!read_id(desk->words[0], &id))
        return;
    chores_react_skip();
    bool dry = settings->dry_run || !cases_exist(desk->react->state); /* then none is made */
    struct react *react = react_open_cases(desk->react, NULL, desk->applet, dry, &why);
    if (react != NULL) {
        react_undo(react, id, settings->only, &outcome);
        react_words_tell(&outcome);
        react_outcome_clear(&outcome);
    } else {
        diag_error("%s", strbuf_text(&why));
    }
    react_close(react);
    strbuf_clear(&why);
}

static void act_note(struct desk *desk)
{
    struct strbuf why = {0};
    int64_t id;
    if (!read_id(desk->words[0], &id))
        return;
    if (!cases_exist(desk->react->state)) {
        diag_error("there is no case %" PRId64, id);
        return;
    }
    struct cases *cases = cases_open(desk->react->state, &why);
    if (cases == NULL || cases_note(cases, id, desk->words[1], &why) != 0)
        diag_error("%s", strbuf_text(&why));
    else
        printf("noted in case %" PRId64 "\n", id);
    cases_close(cases);
    strbuf_clear(&why);
}

static const struct act {
    const char *name;
    int least, most; /* words after it */
    bool reads;      /* it only looks */
    void (*run)(struct desk *desk);
} acts[] = {
    {"list", 0, 1, true, act_list},
    {"show", 1, 1000000, true, act_show},
    {"undo", 1, 1, false, act_undo},
    {"note", 2, 2, false, act_note},
};
#define ACTS (sizeof acts / sizeof *acts)

static const struct act *find_act(const struct run *run)
{
    for (size_t i = 0; run->argc > 0 && i < ACTS; i++)
        if (strcmp(run->argv[0], acts[i].name) == 0 && run->argc - 1 >= acts[i].least &&
            run->argc - 1 <= acts[i].most)
            return &acts[i];
    diag_error("say `list [ACCOUNT]`, `show ID`, `undo ID`, or `note ID TEXT`");
    return NULL;
}

/* An option that the act does not look at was meant for something. */
static bool has_right_options(const struct act *act, const struct case_settings *settings)
{
    if (settings->only != NULL && act->run != act_undo)
        diag_error("--only belongs to undo");
    else if (settings->dry_run && act->run != act_undo)
        diag_error("--dry-run belongs to undo");
    else if (settings->all && act->run != act_list)
        diag_error("--all belongs to list");
    else
        return true;
    return false;
}

/* A file that a killed run has half written must be set right before it can be read. */
static struct cases *open_to_look(const char *state)
{
    struct strbuf why = {0};
    struct cases *cases = cases_open_to_read(state, &why);
    if (cases == NULL)
        cases = cases_open(state, &why);
    if (cases == NULL)
        diag_error("%s", strbuf_text(&why));
    strbuf_clear(&why);
    return cases;
}

static int run_case(void *at, const struct run *run)
{
    struct section_values values;
    struct desk desk = {.settings = at, .applet = run->applet->name, .words = run->argv + 1};
    const struct act *act = find_act(run);
    if (act == NULL || !has_right_options(act, at))
        return APPLET_TROUBLE;
    desk.react = react_section_read(&values, run->config);
    if (desk.react != NULL) {
        bool look = act->reads && cases_exist(desk.react->state);
        desk.cases = look ? open_to_look(desk.react->state) : NULL;
        if (!look || desk.cases != NULL)
            act->run(&desk);
        cases_close(desk.cases);
    }
    section_clear(&values);
    return 0; /* diag_error makes it APPLET_TROUBLE */
}

static const struct option options[] = {
    OPTION_CHOICE(struct case_settings, format, "format", 0, "text|json", "text", format_names,
                  "How list and show print: text, or JSON, one object a line."),
    OPTION_FLAG(struct case_settings, all, "all", 'a', "List closed cases, too.",
                .flags = OPTION_NO_CONFIG),
    OPTION_TEXT(struct case_settings, only, "only", 0, "METHOD", NULL,
                "Undo what this method did, and leave the rest.", .flags = OPTION_NO_CONFIG),
    OPTION_FLAG(struct case_settings, dry_run, "dry-run", 0,
                "Tell what undo would lift, and change nothing.", .flags = OPTION_NO_CONFIG),
    OPTION_END};

static const struct applet_example examples[] = {
    {"spamgear case list", "Who is disabled, by what, and why?"},
    {"spamgear case show 12", "All there is about case 12."},
    {"spamgear case undo 12", "Let the account go again."},
    {"spamgear case undo 12 --only hold-queue", "Let only its mail go."},
    {"spamgear case note 12 'called her, new password is set'", "Write something to it."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "Done."},
    {2, "Trouble: no such case, something could not be lifted or read back, a database that is "
        "damaged or could be changed by others."},
    {0, NULL}};

const struct applet case_applet = {
    .name = "case",
    .summary = "Look at and undo what was done to accounts",
    .operands = "list [ACCOUNT] | show ID... | undo ID | note ID TEXT",
    .description =
        "Whoever disables an account (a log checker with -d, `spamgear account`) opens a case: the "
        "account, the reason, the log lines, and each action with what undoing it needs. An action "
        "is written down before it is carried out, and its state after it was read back.\n\n"
        "`list` prints a line for each open case, the newest first: number, state, time, account, "
        "methods with their state, reason. `show` tells all there is about some. The state of an "
        "action is done; failed; before (it was so already: nothing was done, and nothing will be "
        "undone); started (a run was cut short: the next one completes it); lifting (to be undone, "
        "and tried again by each run until it is); lifted.\n\n"
        "`undo` lifts what the case did, the last action first, reads it back, and closes the case "
        "when all of it is lifted. Undoing twice is harmless. What the account sent before that "
        "moment counts no more: a checker disables it again only for what it sends from then "
        "on.\n\n"
        "What somebody lifts by other means (passwd -u) stays lifted: the next run finds it, tells "
        "it once, and leaves it.",
    .options = (const struct option *const[]){options, NULL},
    .settings_size = sizeof(struct case_settings),
    .sections = (const struct section *const[]){&react_section, NULL},
    .examples = examples,
    .statuses = statuses,
    .files = "/var/lib/spamgear/spamgear.db holds the cases, as an SQLite database.",
    .flags = APPLET_TOOL,
    .run = run_case,
};
