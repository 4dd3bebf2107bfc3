/* deed - one call of react_disable; its files share this, nobody else includes it. */
#ifndef SPAMGEAR_REACT_DEED_H
#define SPAMGEAR_REACT_DEED_H

#include "react_parts.h"

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

/* What is true of a case. */
struct standing {
    unsigned on, fresh, missing, would;
};

static inline struct texts *deed_lines(struct deed *deed)
{
    return &deed->outcome->lines;
}

/* deed_plan.c */

/* Adds the plan of one method; borrowed until the next is added. */
struct planned *deed_plan(struct deed *deed, const struct method *method);
void deed_plans_clear(struct plans *plans);

/* Tells what is not carried out, of the first len plans: refused, in force before, and (word
 * "would", or NULL) what is withheld. */
void deed_tell_plans(struct deed *deed, size_t len, const char *word);

/* Writes the plans as actions of the case. 0, or -1 with why. */
int deed_write_plans(struct deed *deed, struct case_file *file, struct strbuf *why);

/* May what is missing be done now? */
bool deed_may_act(const struct deed *deed);

/* It was refused before it was planned. */
bool deed_was_refused(const struct case_action *action);

void deed_count(struct standing *standing, enum action_state state);

/* Plans and carries out a method that the case does not have, or that refused then. */
void deed_add_method(struct deed *deed, const struct method *method, bool refused_before,
                     struct standing *standing);

/* What has come in since, for a method that grows. True when there was something. */
bool deed_go_on(struct deed *deed, const struct case_file *file, const struct method *method,
                struct standing *standing);

/* Which messages are its, now that the account is stopped. */
void deed_ask_ids_again(struct deed *deed);

/* deed_open.c: an account with an open case. */
void deed_complete(struct deed *deed, struct case_file *file);

#endif
