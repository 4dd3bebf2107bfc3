/* deed_plan - what the methods would do to an account, and the doing of what a case lacks.
 *
 * Until an account is locked its sessions go on, and often longer. So a method whose work grows
 * meanwhile comes last whatever the settings' order is, and is planned once more when the others
 * are in force, and by each later run: what is new becomes a further action of the same case.
 */
#include "deed.h"

#include <stdlib.h>

/* ---- plans ---- */

struct planned *deed_plan(struct deed *deed, const struct method *method)
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

void deed_plans_clear(struct plans *plans)
{
    for (size_t i = 0; i < plans->len; i++) {
        strbuf_clear(&plans->at[i].what);
        strbuf_clear(&plans->at[i].memo);
        strbuf_clear(&plans->at[i].why);
    }
    free(plans->at);
    *plans = (struct plans){0};
}

void deed_tell_plans(struct deed *deed, size_t len, const char *word)
{
    for (size_t i = 0; i < len; i++) {
        const struct planned *planned = &deed->plans.at[i];
        if (planned->plan == METHOD_REFUSED)
            texts_format(deed_lines(deed), "not done: %s: %s", planned->method->name,
                         strbuf_text(&planned->why));
        else if (planned->plan == METHOD_NOTHING)
            texts_format(deed_lines(deed), "not done: %s: %s", strbuf_text(&planned->what),
                         strbuf_text(&planned->why));
        else if (planned->plan == METHOD_IN_FORCE)
            texts_format(deed_lines(deed), "in force before: %s", strbuf_text(&planned->what));
        else if (word != NULL)
            texts_format(deed_lines(deed), "%s: %s", word, strbuf_text(&planned->what));
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

int deed_write_plans(struct deed *deed, struct case_file *file, struct strbuf *why)
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

bool deed_may_act(const struct deed *deed)
{
    return deed->withheld.len == 0 && !deed->react->dry;
}

bool deed_was_refused(const struct case_action *action)
{
    return action->state == ACTION_FAILED && *action->what == '\0';
}

void deed_count(struct standing *standing, enum action_state state)
{
    standing->on += state == ACTION_DONE;
    standing->fresh += state == ACTION_DONE;
    standing->missing += state != ACTION_DONE;
}

void deed_add_method(struct deed *deed, const struct method *method, bool refused_before,
                     struct standing *standing)
{
    struct strbuf why = {0};
    const struct planned *planned = deed_plan(deed, method);
    if (planned->plan == METHOD_REFUSED && !refused_before)
        texts_format(deed_lines(deed), "not done: %s: %s", method->name,
                     strbuf_text(&planned->why));
    if (planned->plan == METHOD_NEEDED && !deed_may_act(deed)) {
        texts_format(deed_lines(deed), "would: %s", strbuf_text(&planned->what));
        standing->would++;
    } else if (planned->plan == METHOD_IN_FORCE) {
        standing->on++;
    } else if (planned->plan == METHOD_NEEDED) {
        struct case_action action = action_of(planned);
        if (cases_add_action(deed->react->cases, deed->target.case_id, &action, &why) == 0) {
            deed_count(standing,
                       react_carry_out(deed->react, &deed->target, &action, deed_lines(deed)));
        } else {
            standing->missing++;
            texts_format(deed_lines(deed), "failed: %s: %s", action.what, strbuf_text(&why));
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
                               (action->state == ACTION_FAILED && !deed_was_refused(action))));
        *refused = *refused || (own && deed_was_refused(action));
    }
    return may;
}

bool deed_go_on(struct deed *deed, const struct case_file *file, const struct method *method,
                struct standing *standing)
{
    struct texts memos = {0};
    bool refused = false;
    unsigned before = standing->fresh + standing->missing + standing->would;
    deed->target.memos = &memos;
    if (may_go_on(deed, file, method, &memos, &refused))
        deed_add_method(deed, method, refused, standing);
    deed->target.memos = NULL;
    texts_clear(&memos);
    return standing->fresh + standing->missing + standing->would > before;
}

void deed_ask_ids_again(struct deed *deed)
{
    const struct react_account *account = deed->account;
    const struct texts *ids =
        account->ids_again == NULL ? NULL : account->ids_again(account->ids_state);
    if (ids != NULL)
        deed->target.queue_ids = ids;
}
