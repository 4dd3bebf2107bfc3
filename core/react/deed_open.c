/* deed_open - an account whose case is open.
 *
 * What is in force is left alone, what was cut short or failed is tried again. What somebody has
 * lifted stays lifted until an administrator asks for it by hand: who did that had a reason, and an
 * account that locks itself again five minutes later helps nobody. When all of it is lifted the
 * case is closed, and the account is treated as any other as soon as it has sent too much since
 * that moment.
 */
#include "deed.h"

#include "spamgear/base/clock.h"
#include "spamgear/log/stamp.h"
#include <inttypes.h>
#include <stdio.h>

/* It was written down, and perhaps carried out. */
static void try_again(struct deed *deed, struct case_action *action, struct standing *standing)
{
    if (!deed_may_act(deed)) {
        texts_format(deed_lines(deed), "would: %s", action->what);
        standing->would++;
        return;
    }
    if (action->state != ACTION_STARTED)
        react_record(deed->react, action, ACTION_STARTED, action->detail, deed_lines(deed));
    deed_count(standing, react_carry_out(deed->react, &deed->target, action, deed_lines(deed)));
}

static void look_again(struct deed *deed, const struct method *method, struct case_action *action,
                       struct standing *standing)
{
    struct strbuf why = {0};
    enum method_state state =
        method->look(deed->react->settings, &deed->target, span_text(action->memo), &why);
    if (state == METHOD_ON && deed->longer && action->state == ACTION_DONE && deed_may_act(deed)) {
        try_again(deed, action, standing); /* a map, a program may know until when */
        strbuf_clear(&why);
        return;
    }
    standing->on += state == METHOD_ON;
    standing->missing += state == METHOD_UNTOLD;
    if (state == METHOD_UNTOLD)
        texts_format(deed_lines(deed), "failed: %s: cannot be read back: %s", action->what,
                     strbuf_text(&why));
    if (state == METHOD_OFF)
        texts_format(deed_lines(deed), "not in force any more, somebody lifted it: %s",
                     action->what);
    if (state == METHOD_OFF && !deed->react->dry)
        react_record(deed->react, action, ACTION_LIFTED, "found lifted by somebody else",
                     deed_lines(deed));
    if (state == METHOD_OFF && deed->account->by_hand && !method->grows)
        deed_add_method(deed, method, false, standing);
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
        texts_format(deed_lines(deed),
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
    if (action == NULL || deed_was_refused(action) ||
        (action->state == ACTION_LIFTED && deed->again))
        deed_add_method(deed, method, action != NULL, standing);
    else
        visit_action(deed, method, action, standing);
}

/* Each of its actions is about something else. What is lifted is planned anew, if at all. */
static void visit_growing(struct deed *deed, struct case_file *file, const struct method *method,
                          struct standing *standing)
{
    for (size_t i = 0; i < file->actions.len; i++) {
        struct case_action *action = &file->actions.at[i];
        if (strcmp(action->method, method->name) == 0 && !deed_was_refused(action) &&
            action->state != ACTION_LIFTED)
            visit_action(deed, method, action, standing);
    }
    deed_go_on(deed, file, method, standing);
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
            !deed_was_refused(action))
            return false;
    }
    return true;
}

static void close_spent(struct deed *deed, const struct case_file *file)
{
    struct strbuf why = {0};
    if (cases_note(deed->react->cases, file->id, "closed: somebody lifted all of it", &why) != 0 ||
        cases_close_case(deed->react->cases, file->id, &why) != 0)
        texts_format(deed_lines(deed), "failed: to close case %" PRId64 ": %s", file->id,
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
    if (!deed_may_act(deed))
        texts_format(deed_lines(deed), "would: let case %" PRId64 " expire %s", file->id, when);
    else if (cases_set_expiry(deed->react->cases, file->id, expires, &why) != 0)
        texts_format(deed_lines(deed), "failed: to set when case %" PRId64 " expires: %s", file->id,
                     strbuf_text(&why));
    else {
        texts_format(deed_lines(deed), "done: case %" PRId64 " expires %s", file->id, when);
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
            deed_ask_ids_again(deed);
        asked = true;
        visit_growing(deed, file, method, standing);
    }
}

void deed_complete(struct deed *deed, struct case_file *file)
{
    struct standing standing = {0};
    deed->outcome->case_id = deed->target.case_id = file->id;
    deed->again = is_again(deed, file);
    set_expiry(deed, file);
    visit_all(deed, file, &standing);
    if (standing.would > 0 && deed->withheld.len > 0)
        texts_format(deed_lines(deed), "not done: %s", strbuf_text(&deed->withheld));
    deed->outcome->result = standing_result(&standing);
    if (deed->react->dry)
        return;
    if (standing.fresh > 0 && !file->told)
        react_tell(deed->react, file->id, deed_lines(deed));
    if (standing.on + standing.missing == 0 && is_spent(file))
        close_spent(deed, file);
}
