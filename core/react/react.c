/* react - opening, names, one action carried out and read back, and what is in force.
 *
 * What is true of an action is what look() says, not what apply() returned: a program that
 * complained may have done its work, and one that did not may have done nothing.
 */
#include "react_parts.h"
#include "spamgear/base/text.h"
#include "spamgear/match/regex.h"
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#define LOCK_WAIT_MS 60000
#define NAME_MAX_LEN 255

/* ---- names ---- */

/* These are refused whatever the settings say. */
static const char *never(const char *name, size_t len)
{
    if (len == 0)
        return "it is empty";
    if (len > NAME_MAX_LEN)
        return "it has more than 255 bytes";
    if (*name == '-')
        return "it begins with \"-\"";
    if (strcasecmp(name, "root") == 0 || strcmp(name, "uid=0") == 0)
        return "root is never touched";
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
            return "it has control characters";
    return NULL;
}

static const struct regex *names_regex(const struct react_settings *settings, struct strbuf *why)
{
    struct strbuf pattern = {0}, reason = {0};
    strbuf_format(&pattern, "[%s]+\\z", settings->names == NULL ? "" : settings->names);
    const struct regex *regex = regex_get_anchored(strbuf_text(&pattern), &reason);
    if (regex == NULL)
        strbuf_why(why, "names: \"%s\" are no characters of a pattern: %s",
                   settings->names == NULL ? "" : settings->names, strbuf_text(&reason));
    strbuf_clear(&pattern);
    strbuf_clear(&reason);
    return regex;
}

int react_name_check(const struct react_settings *settings, const char *name, struct strbuf *why)
{
    const char *problem = never(name, strlen(name));
    if (problem != NULL)
        return strbuf_why(why, "\"%s\" is not acted upon: %s", name, problem);
    const struct regex *regex = names_regex(settings, why);
    if (regex == NULL)
        return -1;
    if (regex_match(regex, span_text(name), NULL, 0) == REGEX_MATCH)
        return 0;
    return strbuf_why(why, "\"%s\" is not acted upon: it has characters other than %s", name,
                      settings->names);
}

/* ---- opening ---- */

static void check_method(const struct react_settings *settings, size_t number,
                         struct texts *problems)
{
    const char *name = settings->methods.at[number];
    const struct method *method = method_find(name);
    struct strbuf why = {0};
    if (method == NULL)
        texts_format(problems, "methods: there is no method \"%s\"", name);
    else if (method->check(settings, &why) != 0)
        texts_format(problems, "method %s: %s", name, strbuf_text(&why));
    for (size_t i = 0; i < number; i++)
        if (strcmp(settings->methods.at[i], name) == 0)
            texts_format(problems, "methods: %s stands there twice", name);
    strbuf_clear(&why);
}

static int check_settings(const struct react_settings *settings, struct strbuf *why)
{
    struct texts problems = {0};
    struct strbuf reason = {0};
    if (names_regex(settings, &reason) == NULL)
        texts_add(&problems, strbuf_text(&reason));
    if (settings->methods.len == 0)
        texts_add(&problems, "methods: there is none");
    for (size_t i = 0; i < settings->methods.len; i++)
        check_method(settings, i, &problems);
    strbuf_reset(&reason);
    for (size_t i = 0; i < problems.len; i++)
        strbuf_format(&reason, "%s%s", i > 0 ? "\n" : "", problems.at[i]);
    if (problems.len > 0)
        strbuf_why(why, "%s", strbuf_text(&reason));
    int result = problems.len > 0 ? -1 : 0;
    texts_clear(&problems);
    strbuf_clear(&reason);
    return result;
}

static int open_cases(struct react *react, int wait_ms, bool *busy, struct strbuf *why)
{
    const char *folder = react->settings->state;
    if (react->dry && !cases_exist(folder))
        return 0;
    react->cases = react->dry ? cases_open_to_read(folder, why) : cases_open(folder, why);
    if (react->cases == NULL)
        return -1;
    int result = react->dry ? 0 : cases_lock(react->cases, wait_ms, why);
    if (busy != NULL)
        *busy = result == 1;
    return result == 0 ? 0 : -1;
}

struct react *react_start(const struct react_settings *settings, const struct mail_settings *mail,
                          const char *applet, bool dry, int wait_ms, bool *busy, struct strbuf *why)
{
    struct react *react = mem_alloc(sizeof *react);
    *react = (struct react){.settings = settings, .mail = mail, .applet = applet, .dry = dry};
    if (open_cases(react, wait_ms, busy, why) == 0)
        return react;
    react_close(react);
    return NULL;
}

struct react *react_open_cases(const struct react_settings *settings,
                               const struct mail_settings *mail, const char *applet, bool dry,
                               struct strbuf *why)
{
    return react_start(settings, mail, applet, dry, LOCK_WAIT_MS, NULL, why);
}

struct react *react_open(const struct react_settings *settings, const struct mail_settings *mail,
                         const char *applet, bool dry, struct strbuf *why)
{
    if (check_settings(settings, why) != 0)
        return NULL;
    return react_open_cases(settings, mail, applet, dry, why);
}

void react_close(struct react *react)
{
    if (react == NULL)
        return;
    cases_close(react->cases);
    free(react);
}

unsigned react_over_limit(const struct react *react)
{
    return react->over;
}

void react_outcome_clear(struct react_outcome *outcome)
{
    texts_clear(&outcome->lines);
}

/* ---- one action ---- */

const struct method *react_method(const struct react *react, const char *name, struct strbuf *why)
{
    const struct method *method = method_find(name);
    struct strbuf wrong = {0};
    if (method == NULL) {
        strbuf_why(why, "there is no method %s any more", name);
    } else if (method->check(react->settings, &wrong) != 0) {
        strbuf_why(why, "[react] no longer says how: %s", strbuf_text(&wrong));
        method = NULL;
    }
    strbuf_clear(&wrong);
    return method;
}

struct target react_target(const struct case_file *file)
{
    return (struct target){.name = file->account,
                           .kind = (enum sender_kind)file->kind,
                           .reason = file->reason,
                           .expires = file->expires,
                           .case_id = file->id};
}

void react_record(struct react *react, struct case_action *action, enum action_state state,
                  const char *detail, struct texts *lines)
{
    struct strbuf why = {0};
    if (cases_set_action(react->cases, action->id, state, detail, &why) == 0)
        action->state = state;
    else
        texts_format(lines, "failed: to write down that %s is %s: %s", action->method,
                     action_state_name(state), strbuf_text(&why));
    strbuf_clear(&why);
}

static enum action_state judge(enum method_state state, bool applied, struct strbuf *why,
                               struct strbuf *look_why)
{
    if (state == METHOD_ON)
        return ACTION_DONE;
    if (state == METHOD_UNTOLD)
        strbuf_format(why, "%scannot be read back: %s", why->len > 0 ? "; it " : "it ",
                      strbuf_text(look_why));
    else if (applied)
        strbuf_why(why, "it was carried out, but is not in force");
    return ACTION_FAILED;
}

enum action_state react_carry_out(struct react *react, const struct target *target,
                                  struct case_action *action, struct texts *lines)
{
    struct strbuf why = {0}, look_why = {0};
    struct span memo = span_text(action->memo);
    const struct method *method = react_method(react, action->method, &why);
    if (method == NULL) {
        texts_format(lines, "failed: %s: %s", action->what, strbuf_text(&why));
        strbuf_clear(&why);
        return ACTION_STARTED;
    }
    bool applied = method->apply(react->settings, target, memo, &why) == 0;
    if (applied)
        strbuf_reset(&why);
    enum method_state seen = method->look(react->settings, target, memo, &look_why);
    enum action_state state = judge(seen, applied, &why, &look_why);
    if (state == ACTION_DONE)
        texts_format(lines, "done: %s", action->what);
    else
        texts_format(lines, "failed: %s: %s", action->what, strbuf_text(&why));
    react_record(react, action, state, strbuf_text(&why), lines);
    strbuf_clear(&why);
    strbuf_clear(&look_why);
    return state;
}

/* ---- what is in force ---- */

static void tell_look(struct react *react, const struct method *method,
                      const struct case_file *file, const struct case_action *action,
                      struct texts *lines)
{
    static const char *const words[] = {"not in force", "in force"};
    struct target target = react_target(file);
    struct strbuf why = {0};
    enum method_state state = method->look(react->settings, &target, span_text(action->memo), &why);
    if (state == METHOD_UNTOLD)
        texts_format(lines, "%s: could not tell: %s", method->name, strbuf_text(&why));
    else
        texts_format(lines, "%s: %s (case %" PRId64 ", %s)", method->name, words[state], file->id,
                     action_state_name(action->state));
    strbuf_clear(&why);
}

static void tell_plan(struct react *react, const struct method *method, const char *name,
                      struct texts *lines)
{
    struct target target = {.name = name, .kind = SENDER_SASL, .reason = ""};
    struct strbuf what = {0}, memo = {0}, why = {0};
    enum method_plan plan = method->plan(react->settings, &target, &what, &memo, &why);
    if (plan == METHOD_REFUSED)
        texts_format(lines, "%s: could not tell: %s", method->name, strbuf_text(&why));
    else if (plan == METHOD_NOTHING)
        texts_format(lines, "%s: %s", method->name, strbuf_text(&why));
    else
        texts_format(lines, "%s: %s", method->name,
                     plan == METHOD_IN_FORCE ? "in force, but not by a case" : "not in force");
    strbuf_clear(&what);
    strbuf_clear(&memo);
    strbuf_clear(&why);
}

/* Of a method that grows each action is about something else, of the others the last one counts. */
static void tell_method(struct react *react, const struct method *method,
                        const struct case_file *file, const char *name, struct texts *lines)
{
    bool told = false;
    for (size_t i = file->actions.len; i > 0 && (method->grows || !told); i--) {
        const struct case_action *action = &file->actions.at[i - 1];
        if (strcmp(action->method, method->name) != 0)
            continue;
        if (*action->what == '\0')
            break;
        tell_look(react, method, file, action, lines);
        told = true;
    }
    if (!told)
        tell_plan(react, method, name, lines);
}

int react_status(struct react *react, const char *name, struct texts *lines, struct strbuf *why)
{
    struct case_file file = {0};
    if (react_name_check(react->settings, name, why) != 0)
        return -1;
    if (react->cases != NULL && cases_find_open(react->cases, name, &file, why) < 0)
        return -1;
    for (size_t i = 0; i < react->settings->methods.len; i++)
        tell_method(react, method_find(react->settings->methods.at[i]), &file, name, lines);
    case_file_clear(&file);
    return 0;
}
