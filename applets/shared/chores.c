/* chores - mail that waits in the spool is sent by the next run of any applet, and cases are looked
 * after.
 *
 * What goes wrong here is said, but is not the trouble of the applet that happened to run: its
 * status is its own.
 */
#include "chores.h"

#include "chores_react.h"
#include "mail_section.h"
#include "spamgear/base/diag.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *spool_of(const struct config *config, const char *section)
{
    const struct config_entry *entry = config_find(config, section, "spool");
    return entry != NULL ? entry->value : MAIL_SPOOL;
}

static bool is_there(const char *spool)
{
    return *spool != '\0' && access(spool, F_OK) == 0;
}

/* Mistakes in the sections are told by check-config, and by whoever sends; not at each run. */
static void send_waiting(const struct config *config, const char *config_path,
                         struct texts *problems)
{
    const char *one = spool_of(config, "mail"), *other = spool_of(config, "emergency");
    bool has_one = is_there(one), has_other = strcmp(one, other) == 0 ? has_one : is_there(other);
    struct texts ignored = {0};
    if (has_one) {
        struct mail_config mail;
        mail_section_read(&mail, config, &ignored);
        mail_flush(&mail.mail, problems);
        mail_section_clear(&mail);
    }
    if (has_other) {
        struct emergency_config emergency;
        emergency_section_read(&emergency, config, config_path, NULL, &ignored);
        mail_flush(&emergency.mail, problems);
        emergency_section_clear(&emergency);
    }
    texts_clear(&ignored);
}

void chores(const struct run *run)
{
    struct config own = {0};
    struct texts problems = {0};
    bool unread = (run->applet->flags & APPLET_NO_CONFIG) != 0;
    fflush(stdout); /* whoever reads it need not wait for mail servers; an error is told later */
    if (unread)
        config_load(&own, run->config_path);
    chores_react(run, unread ? &own : run->config);
    send_waiting(unread ? &own : run->config, run->config_path, &problems);
    for (size_t i = 0; i < problems.len; i++)
        diag_warn("mail in the spool: %s", problems.at[i]);
    config_clear(&own);
    texts_clear(&problems);
}
