/* react_undo - letting accounts go again, and finishing what a killed run began.
 *
 * All that is to be lifted is written down as such first; then each action is undone, the last one
 * first, and read back. undo() is called whatever look() says before: half an action may be in
 * force. What cannot be lifted stays written down as lifting, and every later run tries again.
 */
#include "react_parts.h"
#include "spamgear/base/clock.h"
#include <inttypes.h>

/* Is there something of it to undo? */
static bool is_live(const struct case_action *action)
{
    return action->state == ACTION_STARTED || action->state == ACTION_DONE ||
           action->state == ACTION_LIFTING ||
           (action->state == ACTION_FAILED && *action->what != '\0');
}

static bool is_meant(const struct case_action *action, const char *only)
{
    return only == NULL || strcmp(action->method, only) == 0;
}

static bool has_method(const struct case_file *file, const char *method)
{
    for (size_t i = 0; i < file->actions.len; i++)
        if (strcmp(file->actions.at[i].method, method) == 0)
            return true;
    return false;
}

static int write_intent(struct react *react, struct case_file *file, const char *only,
                        struct strbuf *why)
{
    if (cases_begin(react->cases, why) != 0)
        return -1;
    for (size_t i = 0; i < file->actions.len; i++) {
        struct case_action *action = &file->actions.at[i];
        if (!is_meant(action, only) || !is_live(action) || action->state == ACTION_LIFTING)
            continue;
        if (cases_set_action(react->cases, action->id, ACTION_LIFTING, action->detail, why) != 0) {
            cases_rollback(react->cases);
            return -1;
        }
    }
    if (cases_commit(react->cases, why) != 0)
        return -1;
    for (size_t i = 0; i < file->actions.len; i++)
        if (is_meant(&file->actions.at[i], only) && is_live(&file->actions.at[i]))
            file->actions.at[i].state = ACTION_LIFTING;
    return 0;
}

/* Undoes it, and reads it back. 0, when why may hold a remark; or -1 with why. */
static int lift(struct react *react, const struct target *target, const struct case_action *action,
                struct strbuf *why)
{
    struct span memo = span_text(action->memo);
    struct strbuf reason = {0};
    const struct method *method = react_method(react, action->method, why);
    if (method == NULL)
        return -1;
    int undone = method->undo(react->settings, target, memo, why);
    enum method_state state = method->look(react->settings, target, memo, &reason);
    if (state == METHOD_UNTOLD && undone == 0)
        strbuf_why(why, "it cannot be read back: %s", strbuf_text(&reason));
    else if (state == METHOD_ON && undone == 0)
        strbuf_why(why, "it was undone, but is still in force");
    strbuf_clear(&reason);
    return undone == 0 && state == METHOD_OFF ? 0 : -1;
}

static void lift_and_record(struct react *react, const struct target *target,
                            struct case_action *action, struct texts *lines)
{
    struct strbuf why = {0};
    bool lifted = lift(react, target, action, &why) == 0;
    texts_format(lines, "%s: %s%s%s", lifted ? "lifted" : "failed: to lift", action->what,
                 why.len > 0 ? ": " : "", strbuf_text(&why));
    react_record(react, action, lifted ? ACTION_LIFTED : ACTION_LIFTING, strbuf_text(&why), lines);
    strbuf_clear(&why);
}

static bool is_all_lifted(const struct case_file *file)
{
    for (size_t i = 0; i < file->actions.len; i++)
        if (is_live(&file->actions.at[i]))
            return false;
    return true;
}

static void close_case(struct react *react, const struct case_file *file, struct texts *lines)
{
    struct strbuf why = {0};
    if (cases_close_case(react->cases, file->id, &why) != 0)
        texts_format(lines, "failed: to close case %" PRId64 ": %s", file->id, strbuf_text(&why));
    strbuf_clear(&why);
}

/* Lifts what is meant. Lines tell each step; true: nothing of it is left. */
static bool lift_all(struct react *react, struct case_file *file, const char *only,
                     struct texts *lines)
{
    struct target target = react_target(file);
    struct strbuf why = {0};
    bool all = true;
    if (write_intent(react, file, only, &why) != 0) {
        texts_format(lines, "failed: nothing was lifted: %s", strbuf_text(&why));
        strbuf_clear(&why);
        return false;
    }
    for (size_t i = file->actions.len; i > 0; i--) {
        struct case_action *action = &file->actions.at[i - 1];
        if (action->state == ACTION_LIFTING && is_meant(action, only)) {
            lift_and_record(react, &target, action, lines);
            all = all && action->state == ACTION_LIFTED;
        }
    }
    if (is_all_lifted(file))
        close_case(react, file, lines);
    return all;
}

/* ---- by hand ---- */

static void tell_would(const struct case_file *file, const char *only, struct texts *lines)
{
    for (size_t i = file->actions.len; i > 0; i--) {
        const struct case_action *action = &file->actions.at[i - 1];
        if (is_meant(action, only) && is_live(action))
            texts_format(lines, "would lift: %s", action->what);
    }
}

/* What was so before the case is nobody's to undo here. */
static void tell_before(const struct case_file *file, const char *only, struct texts *lines)
{
    for (size_t i = 0; i < file->actions.len; i++) {
        const struct case_action *action = &file->actions.at[i];
        if (is_meant(action, only) && action->state == ACTION_BEFORE)
            texts_format(lines, "not lifted, it was so before the case: %s", action->what);
    }
}

static void undo_found(struct react *react, struct case_file *file, const char *only,
                       struct react_outcome *outcome)
{
    outcome->case_id = file->id;
    if (only != NULL && !has_method(file, only)) {
        texts_format(&outcome->lines, "not done: case %" PRId64 " has nothing of method %s",
                     file->id, only);
    } else if (file->closed != 0) {
        texts_format(&outcome->lines, "not done: case %" PRId64 " is closed already", file->id);
        outcome->result = REACT_DISABLED;
    } else if (react->dry) {
        tell_would(file, only, &outcome->lines);
        tell_before(file, only, &outcome->lines);
        outcome->result = REACT_WOULD;
    } else {
        bool all = lift_all(react, file, only, &outcome->lines);
        tell_before(file, only, &outcome->lines);
        outcome->result = all ? REACT_DISABLED : REACT_FAILED;
    }
}

void react_undo(struct react *react, int64_t case_id, const char *only,
                struct react_outcome *outcome)
{
    struct case_file file = {0};
    struct strbuf why = {0};
    *outcome = (struct react_outcome){.result = REACT_REFUSED};
    int found = react->cases == NULL ? 0 : cases_get(react->cases, case_id, &file, &why);
    if (found == 1)
        undo_found(react, &file, only, outcome);
    else if (found == 0)
        texts_format(&outcome->lines, "not done: there is no case %" PRId64, case_id);
    else
        texts_format(&outcome->lines, "failed: nothing was lifted: %s", strbuf_text(&why));
    case_file_clear(&file);
    strbuf_clear(&why);
}

/* ---- what an earlier run left ---- */

/* It may have been carried out: then it must not be done twice. */
static void finish(struct react *react, const struct target *target, struct case_action *action,
                   struct texts *lines)
{
    struct strbuf why = {0};
    const struct method *method = react_method(react, action->method, &why);
    bool on = method != NULL &&
              method->look(react->settings, target, span_text(action->memo), &why) == METHOD_ON;
    strbuf_clear(&why);
    if (on) {
        texts_format(lines, "done: %s", action->what);
        react_record(react, action, ACTION_DONE, "", lines);
    } else {
        react_carry_out(react, target, action, lines);
    }
}

static void finish_all(struct react *react, struct case_file *file, struct texts *lines)
{
    struct target target = react_target(file);
    for (size_t i = 0; i < file->actions.len; i++)
        if (file->actions.at[i].state == ACTION_STARTED)
            finish(react, &target, &file->actions.at[i], lines);
    for (size_t i = file->actions.len; i > 0; i--) {
        struct case_action *action = &file->actions.at[i - 1];
        if (action->state == ACTION_LIFTING)
            lift_and_record(react, &target, action, lines);
    }
    if (is_all_lifted(file))
        close_case(react, file, lines);
}

static void note_expiry(struct react *react, const struct case_file *file, struct texts *lines)
{
    struct strbuf why = {0};
    if (file->notes.len == 0 || strcmp(file->notes.at[file->notes.len - 1].text, "expired") != 0)
        if (cases_note(react->cases, file->id, "expired", &why) != 0)
            texts_format(lines, "failed: to note that it has expired: %s", strbuf_text(&why));
    strbuf_clear(&why);
}

static bool has_done(const struct case_file *file)
{
    for (size_t i = 0; i < file->actions.len; i++)
        if (file->actions.at[i].state == ACTION_DONE)
            return true;
    return false;
}

static void look_after(struct react *react, struct case_file *file, struct texts *lines)
{
    if (file->expires != 0 && file->expires <= clock_now()) {
        note_expiry(react, file, lines);
        lift_all(react, file, NULL, lines);
    } else {
        finish_all(react, file, lines);
        if (has_done(file) && !file->told)
            react_tell(react, file->id, lines);
    }
}

/* Lines that tell of a failure are problems. */
static void sort_lines(const struct case_file *file, const struct texts *lines, struct texts *news,
                       struct texts *problems)
{
    for (size_t i = 0; i < lines->len; i++)
        texts_format(strncmp(lines->at[i], "failed:", 7) == 0 ? problems : news,
                     "case %" PRId64 " (%s): %s", file->id, file->account, lines->at[i]);
}

/* What an earlier run did not finish, and what has expired. */
static void resume(struct react *react, struct texts *news, struct texts *problems)
{
    struct case_numbers due = {0};
    struct strbuf why = {0};
    if (cases_due(react->cases, clock_now(), &due, &why) != 0)
        texts_add(problems, strbuf_text(&why));
    for (size_t i = 0; i < due.len; i++) {
        struct case_file file;
        struct texts lines = {0};
        int found = cases_get(react->cases, due.at[i], &file, &why);
        if (found < 0)
            texts_add(problems, strbuf_text(&why));
        else if (found == 1)
            look_after(react, &file, &lines);
        sort_lines(&file, &lines, news, problems);
        texts_clear(&lines);
        case_file_clear(&file);
    }
    free(due.at);
    strbuf_clear(&why);
}

/* 1: something is due, 0, or -1 with why. */
static int is_due(const char *folder, struct strbuf *why)
{
    struct case_numbers due = {0};
    struct cases *cases = cases_open_to_read(folder, why);
    if (cases == NULL)
        cases = cases_open(folder, why);
    int result = cases == NULL ? -1 : cases_due(cases, clock_now(), &due, why);
    cases_close(cases);
    bool some = due.len > 0;
    free(due.at);
    return result != 0 ? -1 : some;
}

void react_look_after(const struct react_settings *settings, const struct mail_settings *mail,
                      const char *applet, struct texts *news, struct texts *problems)
{
    struct strbuf why = {0};
    bool busy = false;
    if (!cases_are_ours(settings->state))
        return;
    int due = is_due(settings->state, &why);
    struct react *react =
        due == 1 ? react_start(settings, mail, applet, false, 0, &busy, &why) : NULL;
    if (react != NULL)
        resume(react, news, problems);
    else if (due != 0 && !busy)
        texts_format(problems, "cases could not be looked after: %s", strbuf_text(&why));
    react_close(react);
    strbuf_clear(&why);
}
