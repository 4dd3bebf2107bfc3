/* react_disable - one account: may it be touched, what would be done, and the doing.
 *
 * Whatever keeps the account from being disabled is found out before anything is written; then the
 * case and all of its actions are written at once, and only then the first is carried out.
 *
 * A case that is open: what is in force is left alone, what was cut short or failed is tried again.
 * What somebody has lifted stays lifted until an administrator asks for it by hand: who did that
 * had a reason, and an account that locks itself again five minutes later helps nobody. When all of
 * it is lifted the case is closed, and the account is treated as any other as soon as it has sent
 * too much since that moment.
 *
 * Until an account is locked its sessions go on, and often longer. So a method whose work grows
 * meanwhile comes last whatever the settings' order is, and is planned once more when the others
 * are in force, and by each later run: what is new becomes a further action of the same case.
 */
#include "react_parts.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/text.h"
#include "spamgear/log/stamp.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* What a method says to an account. */
struct planned {
    const struct method *method;
    enum method_plan plan;
    struct strbuf what, memo, why;
};

struct plans {
    struct planned *at;
    size_t len, cap;
    unsigned needed, in_force, refused;
};

/* One call of react_disable. */
struct deed {
    struct react *react;
    const struct react_account *account;
    struct react_outcome *outcome;
    struct target target;
    struct strbuf withheld; /* why nothing is done, though it could be */
    bool again;             /* what is lifted of the open case, or is to be, is done anew */
    bool longer;            /* the open case expires later than it did */
    VEC(const struct method *) methods; /* those that grow last */
    struct plans plans;
};

static struct texts *lines_of(struct deed *deed)
{
    return &deed->outcome->lines;
}

/* ---- may it be touched? ---- */

static bool is_allowed(const struct react_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->allow.len; i++)
        if (text_glob_folded(settings->allow.at[i], span_text(name)))
            return true;
    return false;
}

/* An address or a script is no account. */
static bool is_account(enum sender_kind kind)
{
    return kind == SENDER_SASL || kind == SENDER_LOCAL || kind == SENDER_WEBMAIL;
}

static int refuse(struct deed *deed)
{
    const struct react_account *account = deed->account;
    struct strbuf why = {0};
    int result = react_name_check(deed->react->settings, account->name, &why);
    if (result == 0 && !is_account(account->kind))
        result = strbuf_why(&why, "\"%s\" is no account", account->name);
    if (result == 0 && is_allowed(deed->react->settings, account->name))
        result =
            strbuf_why(&why, "\"%s\" is not acted upon: [react] allow names it", account->name);
    if (result != 0)
        texts_format(lines_of(deed), "not done: %s", strbuf_text(&why));
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

/* ---- plans ---- */

static struct planned *plan_one(struct deed *deed, const struct method *method)
{
    struct planned *planned = vec_add(&deed->plans);
    *planned = (struct planned){.method = method};
    planned->plan = method->plan(deed->react->settings, &deed->target, &planned->what,
                                 &planned->memo, &planned->why);
    if (planned->what.len == 0 && planned->plan != METHOD_REFUSED)
        strbuf_add_text(&planned->what, method->name);
    deed->plans.needed += planned->plan == METHOD_NEEDED;
    deed->plans.in_force += planned->plan == METHOD_IN_FORCE;
    deed->plans.refused += planned->plan == METHOD_REFUSED;
    return planned;
}

static void plan_all(struct deed *deed)
{
    for (size_t i = 0; i < deed->methods.len; i++)
        plan_one(deed, deed->methods.at[i]);
}

static void clear_plans(struct plans *plans)
{
    for (size_t i = 0; i < plans->len; i++) {
        strbuf_clear(&plans->at[i].what);
        strbuf_clear(&plans->at[i].memo);
        strbuf_clear(&plans->at[i].why);
    }
    free(plans->at);
    *plans = (struct plans){0};
}

/* What is not carried out, of the first plans: refused, in force before, and (word "would") what
 * is withheld. */
static void tell_plans(struct deed *deed, size_t len, const char *word)
{
    for (size_t i = 0; i < len; i++) {
        const struct planned *planned = &deed->plans.at[i];
        if (planned->plan == METHOD_REFUSED)
            texts_format(lines_of(deed), "not done: %s: %s", planned->method->name,
                         strbuf_text(&planned->why));
        else if (planned->plan == METHOD_NOTHING)
            texts_format(lines_of(deed), "not done: %s: %s", strbuf_text(&planned->what),
                         strbuf_text(&planned->why));
        else if (planned->plan == METHOD_IN_FORCE)
            texts_format(lines_of(deed), "in force before: %s", strbuf_text(&planned->what));
        else if (word != NULL)
            texts_format(lines_of(deed), "%s: %s", word, strbuf_text(&planned->what));
    }
}

static struct case_action action_of(const struct planned *planned)
{
    static const enum action_state states[] = {ACTION_STARTED, ACTION_BEFORE};
    bool refused = planned->plan == METHOD_REFUSED;
    return (struct case_action){
        .method = mem_text(planned->method->name),
        .state = refused ? ACTION_FAILED : states[planned->plan],
        .memo = mem_text(refused ? "" : strbuf_text(&planned->memo)),
        .what = mem_text(refused ? "" : strbuf_text(&planned->what)),
        .detail = mem_text(refused ? strbuf_text(&planned->why) : ""),
    };
}

static int write_plans(struct deed *deed, struct case_file *file, struct strbuf *why)
{
    int result = 0;
    for (size_t i = 0; i < deed->plans.len && result == 0; i++) {
        if (deed->plans.at[i].plan == METHOD_NOTHING)
            continue;
        struct case_action *action = vec_add(&file->actions);
        *action = action_of(&deed->plans.at[i]);
        result = cases_add_action(deed->react->cases, file->id, action, why);
    }
    return result;
}

/* ---- actions ---- */

/* What is true of a case. */
struct standing {
    unsigned on, fresh, missing, would;
};

/* May what is missing be done now? */
static bool may_act(const struct deed *deed)
{
    return deed->withheld.len == 0 && !deed->react->dry;
}

/* It was refused before it was planned. */
static bool was_refused(const struct case_action *action)
{
    return action->state == ACTION_FAILED && *action->what == '\0';
}

static void count(struct standing *standing, enum action_state state)
{
    standing->on += state == ACTION_DONE;
    standing->fresh += state == ACTION_DONE;
    standing->missing += state != ACTION_DONE;
}

/* A method that the case does not have, or that refused then. */
static void add_method(struct deed *deed, const struct method *method, bool refused_before,
                       struct standing *standing)
{
    struct strbuf why = {0};
    const struct planned *planned = plan_one(deed, method);
    if (planned->plan == METHOD_REFUSED && !refused_before)
        texts_format(lines_of(deed), "not done: %s: %s", method->name, strbuf_text(&planned->why));
    if (planned->plan == METHOD_NEEDED && !may_act(deed)) {
        texts_format(lines_of(deed), "would: %s", strbuf_text(&planned->what));
        standing->would++;
    } else if (planned->plan == METHOD_IN_FORCE) {
        standing->on++;
    } else if (planned->plan == METHOD_NEEDED) {
        struct case_action action = action_of(planned);
        if (cases_add_action(deed->react->cases, deed->target.case_id, &action, &why) == 0) {
            count(standing, react_carry_out(deed->react, &deed->target, &action, lines_of(deed)));
        } else {
            standing->missing++;
            texts_format(lines_of(deed), "failed: %s: %s", action.what, strbuf_text(&why));
        }
        free(action.method);
        free(action.memo);
        free(action.what);
        free(action.detail);
    }
    strbuf_clear(&why);
}

/* ---- what has come in since ---- */

/* What the case has of this method, so that none of it is done again. False when it must not go
 * on: the method failed, or somebody has let the account go in part. */
static bool may_go_on(const struct deed *deed, const struct case_file *file,
                      const struct method *method, struct texts *memos, bool *refused)
{
    bool may = true;
    for (size_t i = 0; i < file->actions.len; i++) {
        const struct case_action *action = &file->actions.at[i];
        bool lifted = action->state == ACTION_LIFTED || action->state == ACTION_LIFTING;
        bool own = strcmp(action->method, method->name) == 0;
        if (own && !(action->state == ACTION_LIFTED && deed->again))
            texts_add(memos, action->memo);
        may = may && (deed->again || !lifted);
        may = may && !(own && (action->state == ACTION_STARTED ||
                               (action->state == ACTION_FAILED && !was_refused(action))));
        *refused = *refused || (own && was_refused(action));
    }
    return may;
}

/* True when there was something. */
static bool go_on(struct deed *deed, const struct case_file *file, const struct method *method,
                  struct standing *standing)
{
    struct texts memos = {0};
    bool refused = false;
    unsigned before = standing->fresh + standing->missing + standing->would;
    deed->target.memos = &memos;
    if (may_go_on(deed, file, method, &memos, &refused))
        add_method(deed, method, refused, standing);
    deed->target.memos = NULL;
    texts_clear(&memos);
    return standing->fresh + standing->missing + standing->would > before;
}

/* Now that the account is stopped. */
static void ask_ids_again(struct deed *deed)
{
    const struct react_account *account = deed->account;
    const struct texts *ids =
        account->ids_again == NULL ? NULL : account->ids_again(account->ids_state);
    if (ids != NULL)
        deed->target.queue_ids = ids;
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
    if (cases_add(cases, file, why) != 0 || write_plans(deed, file, why) != 0) {
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
            ask_ids_again(deed);
        asked = true;
        if (go_on(deed, file, method, standing))
            deed->plans.at[i].plan = METHOD_NEEDED;
    }
}

static void carry_out_all(struct deed *deed, struct case_file *file)
{
    struct standing standing = {.on = deed->plans.in_force, .missing = deed->plans.refused};
    size_t planned = deed->plans.len;
    for (size_t i = 0; i < file->actions.len; i++)
        if (file->actions.at[i].state == ACTION_STARTED)
            count(&standing, react_carry_out(deed->react, &deed->target, &file->actions.at[i],
                                             lines_of(deed)));
    grow_new(deed, file, &standing);
    tell_plans(deed, planned, NULL);
    if (standing.fresh > 0)
        react_tell(deed->react, file->id, lines_of(deed));
    deed->outcome->result = result_of(&standing);
}

static void open_case(struct deed *deed)
{
    struct case_file file = new_case(deed);
    struct strbuf why = {0};
    if (write_case(deed, &file, &why) != 0) {
        texts_format(lines_of(deed), "failed: nothing was done, no case could be written: %s",
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
    judge_evidence(deed);
    plan_all(deed);
    if (deed->plans.needed == 0) {
        tell_plans(deed, deed->plans.len, NULL);
        deed->outcome->result = deed->plans.in_force > 0 ? REACT_STANDING : REACT_REFUSED;
    } else if (judge_past(deed, &why) != 0) {
        texts_format(lines_of(deed), "failed: nothing was done: %s", strbuf_text(&why));
        deed->outcome->result = REACT_FAILED;
    } else {
        judge_limit(deed);
        if (deed->withheld.len > 0)
            texts_format(lines_of(deed), "not done: %s", strbuf_text(&deed->withheld));
        if (deed->withheld.len == 0 && !deed->react->dry) {
            open_case(deed);
        } else {
            tell_plans(deed, deed->plans.len, "would");
            deed->outcome->result = REACT_WOULD;
        }
    }
    strbuf_clear(&why);
}

/* ---- a case that is open ---- */

/* It was written down, and perhaps carried out. */
static void try_again(struct deed *deed, struct case_action *action, struct standing *standing)
{
    if (!may_act(deed)) {
        texts_format(lines_of(deed), "would: %s", action->what);
        standing->would++;
        return;
    }
    if (action->state != ACTION_STARTED)
        react_record(deed->react, action, ACTION_STARTED, action->detail, lines_of(deed));
    count(standing, react_carry_out(deed->react, &deed->target, action, lines_of(deed)));
}

static void look_again(struct deed *deed, const struct method *method, struct case_action *action,
                       struct standing *standing)
{
    struct strbuf why = {0};
    enum method_state state =
        method->look(deed->react->settings, &deed->target, span_text(action->memo), &why);
    if (state == METHOD_ON && deed->longer && action->state == ACTION_DONE && may_act(deed)) {
        try_again(deed, action, standing); /* a map, a program may know until when */
        strbuf_clear(&why);
        return;
    }
    standing->on += state == METHOD_ON;
    standing->missing += state == METHOD_UNTOLD;
    if (state == METHOD_UNTOLD)
        texts_format(lines_of(deed), "failed: %s: cannot be read back: %s", action->what,
                     strbuf_text(&why));
    if (state == METHOD_OFF)
        texts_format(lines_of(deed), "not in force any more, somebody lifted it: %s", action->what);
    if (state == METHOD_OFF && !deed->react->dry)
        react_record(deed->react, action, ACTION_LIFTED, "found lifted by somebody else",
                     lines_of(deed));
    if (state == METHOD_OFF && deed->account->by_hand && !method->grows)
        add_method(deed, method, false, standing);
    strbuf_clear(&why);
}

static void visit_action(struct deed *deed, const struct method *method, struct case_action *action,
                         struct standing *standing)
{
    if (action->state == ACTION_DONE || action->state == ACTION_BEFORE)
        look_again(deed, method, action, standing);
    else if (action->state == ACTION_STARTED || action->state == ACTION_FAILED || deed->again)
        try_again(deed, action, standing);
    else if (action->state == ACTION_LIFTING)
        texts_format(lines_of(deed),
                     "being lifted, and what was sent before that counts no more: %s",
                     action->what);
}

static void visit(struct deed *deed, struct case_file *file, const struct method *method,
                  struct standing *standing)
{
    struct case_action *action = NULL;
    for (size_t i = 0; i < file->actions.len; i++)
        if (strcmp(file->actions.at[i].method, method->name) == 0)
            action = &file->actions.at[i];
    if (action == NULL || was_refused(action) || (action->state == ACTION_LIFTED && deed->again))
        add_method(deed, method, action != NULL, standing);
    else
        visit_action(deed, method, action, standing);
}

/* Each of its actions is about something else. What is lifted is planned anew, if at all. */
static void visit_growing(struct deed *deed, struct case_file *file, const struct method *method,
                          struct standing *standing)
{
    for (size_t i = 0; i < file->actions.len; i++) {
        struct case_action *action = &file->actions.at[i];
        if (strcmp(action->method, method->name) == 0 && !was_refused(action) &&
            action->state != ACTION_LIFTED)
            visit_action(deed, method, action, standing);
    }
    go_on(deed, file, method, standing);
}

/* Is what was let go to be stopped again? An administrator says so, or the account has sent too
 * much since the moment from which on the case is lifted, which somehow does not come to its end.
 */
static bool is_again(const struct deed *deed, const struct case_file *file)
{
    for (size_t i = 0; i < file->actions.len && !deed->account->by_hand; i++)
        if (file->actions.at[i].state == ACTION_LIFTING)
            return deed->account->first == 0 ||
                   deed->account->first > file->actions.at[i].changed ||
                   clock_now() < file->actions.at[i].changed;
    return deed->account->by_hand;
}

/* Nothing is left of it that could be undone. */
static bool is_spent(const struct case_file *file)
{
    for (size_t i = 0; i < file->actions.len; i++) {
        const struct case_action *action = &file->actions.at[i];
        if (action->state != ACTION_LIFTED && action->state != ACTION_BEFORE &&
            !was_refused(action))
            return false;
    }
    return true;
}

static void close_spent(struct deed *deed, const struct case_file *file)
{
    struct strbuf why = {0};
    if (cases_note(deed->react->cases, file->id, "closed: somebody lifted all of it", &why) != 0 ||
        cases_close_case(deed->react->cases, file->id, &why) != 0)
        texts_format(lines_of(deed), "failed: to close case %" PRId64 ": %s", file->id,
                     strbuf_text(&why));
    strbuf_clear(&why);
}

/* What is asked for again by hand, or disabled again, ends no sooner than it would have. */
static int64_t new_expiry(const struct deed *deed, const struct case_file *file)
{
    int64_t wanted = deed->target.expires;
    if (deed->account->by_hand && deed->account->expires != 0)
        return wanted;
    if (!deed->again || file->expires == 0)
        return file->expires;
    return wanted == 0 || wanted > file->expires ? wanted : file->expires;
}

static void set_expiry(struct deed *deed, struct case_file *file)
{
    struct strbuf why = {0};
    int64_t expires = new_expiry(deed, file);
    char when[40] = "at ";
    deed->target.expires = file->expires;
    if (expires == file->expires)
        return;
    if (expires != 0)
        stamp_format(expires, when + 3);
    else
        snprintf(when, sizeof when, "never");
    if (!may_act(deed))
        texts_format(lines_of(deed), "would: let case %" PRId64 " expire %s", file->id, when);
    else if (cases_set_expiry(deed->react->cases, file->id, expires, &why) != 0)
        texts_format(lines_of(deed), "failed: to set when case %" PRId64 " expires: %s", file->id,
                     strbuf_text(&why));
    else {
        texts_format(lines_of(deed), "done: case %" PRId64 " expires %s", file->id, when);
        deed->longer = file->expires != 0 && (expires == 0 || expires > file->expires);
        deed->target.expires = expires;
    }
    strbuf_clear(&why);
}

static enum react_result standing_result(const struct standing *standing)
{
    if (standing->missing > 0)
        return standing->on > 0 ? REACT_PARTLY : REACT_FAILED;
    if (standing->fresh > 0)
        return REACT_DISABLED;
    return standing->on > 0 ? REACT_STANDING : REACT_WOULD;
}

static void visit_all(struct deed *deed, struct case_file *file, struct standing *standing)
{
    bool asked = false;
    for (size_t i = 0; i < deed->methods.len; i++) {
        const struct method *method = deed->methods.at[i];
        if (!method->grows) {
            visit(deed, file, method, standing);
            continue;
        }
        if (!asked && standing->fresh > 0)
            ask_ids_again(deed);
        asked = true;
        visit_growing(deed, file, method, standing);
    }
}

static void complete(struct deed *deed, struct case_file *file)
{
    struct standing standing = {0};
    judge_evidence(deed);
    deed->outcome->case_id = deed->target.case_id = file->id;
    deed->again = is_again(deed, file);
    set_expiry(deed, file);
    visit_all(deed, file, &standing);
    if (standing.would > 0 && deed->withheld.len > 0)
        texts_format(lines_of(deed), "not done: %s", strbuf_text(&deed->withheld));
    deed->outcome->result = standing_result(&standing);
    if (deed->react->dry)
        return;
    if (standing.fresh > 0 && !file->told)
        react_tell(deed->react, file->id, lines_of(deed));
    if (standing.on + standing.missing == 0 && is_spent(file))
        close_spent(deed, file);
}

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
        int found =
            react->cases == NULL ? 0 : cases_find_open(react->cases, account->name, &file, &why);
        if (found < 0) {
            texts_format(lines_of(&deed), "failed: nothing was done: %s", strbuf_text(&why));
            outcome->result = REACT_FAILED;
        } else if (found == 1) {
            complete(&deed, &file);
        } else {
            disable_anew(&deed);
        }
    }
    case_file_clear(&file);
    clear_plans(&deed.plans);
    vec_clear(&deed.methods);
    strbuf_clear(&deed.withheld);
    strbuf_clear(&why);
}
