/* postlog_check - is the configuration sound? As `postlog --check` and check-config ask. */
#include "postlog_check.h"

#include "spamgear/base/diag.h"
#include "spamgear/cli/settings.h"
#include "watcher.h"

/* Sections of others count, too: what reacts reads them. Sources of [watch] are looked at when
 * their sections are right. */
void postlog_check(const struct postlog_plan *plan, const struct run *run, struct texts *problems)
{
    for (size_t i = 0; i < plan->remarks.len; i++)
        diag_warn("%s", plan->remarks.at[i]);
    settings_check_values(run->config, run->all, problems);
    for (size_t i = 0; i < problems->len; i++)
        diag_error("%s", problems->at[i]);
    if (problems->len == 0)
        watcher_check(run);
}

void postlog_check_config(const struct config *config, const struct run *run)
{
    struct settings settings;
    struct postlog_plan plan;
    struct texts problems = {0};
    struct run as = {.all = run->all,
                     .config = config,
                     .config_path = run->argc > 0 ? run->argv[0] : run->config_path};
    as.applet = applet_find(run->all, "postlog", &as.called);
    settings_init(&settings, as.applet, &problems);
    settings_apply(&settings, config, run->all, &problems);
    postlog_plan_read(&plan, settings.own, &as, &problems);
    postlog_check(&plan, &as, &problems);
    postlog_plan_clear(&plan);
    settings_clear(&settings);
    texts_clear(&problems);
}
