/* methods - the list of all ways to stop an account, and what they share. */
#include "spamgear/react/method.h"

const struct method *const *methods_all(void)
{
    static const struct method *const all[] = {
        &method_local,      &method_nis,     &method_postfix_map,
        &method_dovecot,    &method_sql,     &method_exim_list,
        &method_hold_queue, &method_command, NULL,
    };
    return all;
}

const struct method *method_find(const char *name)
{
    for (const struct method *const *at = methods_all(); *at != NULL; at++)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    return NULL;
}

enum method_plan method_plan_for(enum method_state state)
{
    return state == METHOD_UNTOLD ? METHOD_REFUSED
           : state == METHOD_ON   ? METHOD_IN_FORCE
                                  : METHOD_NEEDED;
}
