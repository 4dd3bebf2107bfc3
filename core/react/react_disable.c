/* react_disable - one account: may it be touched, what would be done, and the doing.
 *
 * Whatever keeps the account from being disabled is found out before anything is written; then the
 * case and all of its actions are written at once, and only then the first is carried out.
 */
#include "deed.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/text.h"
#include "spamgear/log/stamp.h"
#include <inttypes.h>

/* ---- may it be touched? ---- */

static bool is_allowed(const struct react_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->allow.len; i++)
        if (text_glob_folded(settings->allow.at[i], span_text(name)))
            return true;
    return false;
}

static int refuse(struct deed *deed)
{
    const struct react_account *account = deed->account;
    struct strbuf why = {0};
    int result = react_name_check(deed->react->settings, account->name, &why);
    if (result == 0 && !react_is_account(account->kind))
        result = strbuf_why(&why, "\"%s\" is no account", account->name);
    if (result == 0 && is_allowed(deed->react->settings, account->name))
        result =
            strbuf_why(&why, "\"%s\" is not acted upon: [react] allow names it", account->name);
    if (result != 0)
        texts_format(deed_lines(deed), "not done: %s", strbuf_text(&why));
    strbuf_clear(&why);
    return result;
}

static void judge_evidence(struct deed *deed)
{
    const struct react_account *account = deed->account;
    uint64_t plain =
        account->messages > account->trusted ? account->messages - account->trusted : 0;
    bool vouched = account->messages > 0 && plain == 0;
    if (account->by_hand || deed->react->settings->trust_plain || vouched)
        return;
    strbuf_format(&deed->withheld,
                  "any local user could have written the log lines of %" PRIu64 " of %" PRIu64
                  " messages (see trusted-logs, journal, and trust-plain-logs)",
                  plain, account->messages);
}

/* An account that was let go: what it sent before counts no more. A moment that has yet to come is
 * of a clock that was wrong, and must not protect the account for years. 0, or -1 with why. */
static int judge_past(struct deed *deed, struct strbuf *why)
{
    struct case_file past = {0};
    char when[32];
    const struct react_account *account = deed->account;
    if (account->by_hand || account->first == 0 || deed->react->cases == NULL)
        return 0;
    int found = cases_find_closed(deed->react->cases, account->name, &past, why);
    if (found == 1 && past.closed >= account->first && past.closed <= clock_now() &&
        deed->withheld.len == 0) {
        stamp_format(past.closed, when);
        strbuf_format(&deed->withheld,
                      "case %" PRId64 " was closed at %s, and what was sent before counts no more",
                      past.id, when);
    }
    case_file_clear(&past);
    return found < 0 ? -1 : 0;
}

static void judge_limit(struct deed *deed)
{
    struct react *react = deed->react;
    if (deed->account->by_hand || deed->withheld.len > 0)
        return;
    if (react->acted++ < react->settings->actions_max)
        return;
    react->over++;
    strbuf_format(&deed->withheld,
                  "%" PRIu64 " accounts were disabled in this run, as many as "
                  "max-actions-per-run allows: LOOK AT THIS BY HAND",
                  react->settings->actions_max);
}

/* ---- a new case ---- */

static struct case_file new_case(const struct deed *deed)
{
    const struct react_account *account = deed->account;
    return (struct case_file){
        .account = mem_text(account->name),
        .kind = (int)account->kind,
        .applet = mem_text(deed->react->applet),
        .reason = mem_text(account->reason == NULL ? "" : account->reason),
        .evidence = mem_text_of(account->evidence.len == 0 ? "" : account->evidence.at,
                                account->evidence.len),
        .opened = clock_now(),
        .expires = deed->target.expires,
        .told = deed->react->mail == NULL};
}

/* The case and its actions, or nothing. */
static int write_case(struct deed *deed, struct case_file *file, struct strbuf *why)
{
    struct cases *cases = deed->react->cases;
    if (cases_begin(cases, why) != 0)
        return -1;
    if (cases_add(cases, file, why) != 0 || deed_write_plans(deed, file, why) != 0) {
        cases_rollback(cases);
        return -1;
    }
    return cases_commit(cases, why);
}

static enum react_result result_of(const struct standing *standing)
{
    return standing->missing == 0 ? REACT_DISABLED : standing->on > 0 ? REACT_PARTLY : REACT_FAILED;
}

/* Those of the plans that grow, if they were not refused a moment ago. */
static void grow_new(struct deed *deed, const struct case_file *file, struct standing *standing)
{
    bool asked = false;
    size_t len = deed->plans.len;
    for (size_t i = 0; i < len; i++) {
        const struct method *method = deed->plans.at[i].method;
        if (!method->grows || deed->plans.at[i].plan == METHOD_REFUSED)
            continue;
        if (!asked)
            deed_ask_ids_again(deed);
        asked = true;
        if (deed_go_on(deed, file, method, standing))
            deed->plans.at[i].plan = METHOD_NEEDED;
    }
}

static void carry_out_all(struct deed *deed, struct case_file *file)
{
    struct standing standing = {.on = deed->plans.in_force, .missing = deed->plans.refused};
    size_t planned = deed->plans.len;
    for (size_t i = 0; i < file->actions.len; i++)
        if (file->actions.at[i].state == ACTION_STARTED)
            deed_count(&standing, react_carry_out(deed->react, &deed->target, &file->actions.at[i],
                                                  deed_lines(deed)));
    grow_new(deed, file, &standing);
    deed_tell_plans(deed, planned, NULL);
    if (standing.fresh > 0)
        react_tell(deed->react, file->id, deed_lines(deed));
    deed->outcome->result = result_of(&standing);
}

static void open_case(struct deed *deed)
{
    struct case_file file = new_case(deed);
    struct strbuf why = {0};
    if (write_case(deed, &file, &why) != 0) {
        texts_format(deed_lines(deed), "failed: nothing was done, no case could be written: %s",
                     strbuf_text(&why));
        deed->outcome->result = REACT_FAILED;
    } else {
        deed->outcome->case_id = deed->target.case_id = file.id;
        carry_out_all(deed, &file);
    }
    case_file_clear(&file);
    strbuf_clear(&why);
}

static void disable_anew(struct deed *deed)
{
    struct strbuf why = {0};
    for (size_t i = 0; i < deed->methods.len; i++)
        deed_plan(deed, deed->methods.at[i]);
    if (deed->plans.needed == 0) {
        deed_tell_plans(deed, deed->plans.len, NULL);
        deed->outcome->result = deed->plans.in_force > 0 ? REACT_STANDING : REACT_REFUSED;
    } else if (judge_past(deed, &why) != 0) {
        texts_format(deed_lines(deed), "failed: nothing was done: %s", strbuf_text(&why));
        deed->outcome->result = REACT_FAILED;
    } else {
        judge_limit(deed);
        if (deed->withheld.len > 0)
            texts_format(deed_lines(deed), "not done: %s", strbuf_text(&deed->withheld));
        if (deed->withheld.len == 0 && !deed->react->dry) {
            open_case(deed);
        } else {
            deed_tell_plans(deed, deed->plans.len, "would");
            deed->outcome->result = REACT_WOULD;
        }
    }
    strbuf_clear(&why);
}

/* ---- one account ---- */

static void order_methods(struct deed *deed)
{
    const struct texts *names = &deed->react->settings->methods;
    for (int grows = 0; grows < 2; grows++)
        for (size_t i = 0; i < names->len; i++) {
            const struct method *method = method_find(names->at[i]);
            if (method->grows == grows)
                *vec_add(&deed->methods) = method;
        }
}

void react_disable(struct react *react, const struct react_account *account,
                   struct react_outcome *outcome)
{
    struct strbuf why = {0};
    struct case_file file = {0};
    *outcome = (struct react_outcome){.result = REACT_REFUSED};
    struct deed deed = {.react = react, .account = account, .outcome = outcome};
    deed.target = (struct target){.name = account->name,
                                  .kind = account->kind,
                                  .queue_ids = account->queue_ids,
                                  .reason = account->reason == NULL ? "" : account->reason};
    deed.target.expires = account->expires != 0        ? account->expires
                          : react->settings->for_s > 0 ? clock_now() + react->settings->for_s
                                                       : 0;
    order_methods(&deed);
    if (refuse(&deed) == 0) {
        judge_evidence(&deed);
        int found =
            react->cases == NULL ? 0 : cases_find_open(react->cases, account->name, &file, &why);
        if (found < 0) {
            texts_format(deed_lines(&deed), "failed: nothing was done: %s", strbuf_text(&why));
            outcome->result = REACT_FAILED;
        } else if (found == 1) {
            deed_complete(&deed, &file);
        } else {
            disable_anew(&deed);
        }
    }
    case_file_clear(&file);
    deed_plans_clear(&deed.plans);
    vec_clear(&deed.methods);
    strbuf_clear(&deed.withheld);
    strbuf_clear(&why);
}
