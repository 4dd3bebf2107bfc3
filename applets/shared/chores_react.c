/* chores_react - the part of the chores that looks after cases. */
#include "chores_react.h"

#include "mail_section.h"
#include "react_section.h"
#include "spamgear/base/diag.h"
#include "spamgear/react/react.h"

static bool skipped;

void chores_react_skip(void)
{
    skipped = true;
}

/* Where the cases are, without reading the section. */
static bool has_cases(const struct config *config)
{
    const struct config_entry *entry = config_find(config, "react", "state");
    return cases_are_ours(entry != NULL ? entry->value : REACT_STATE);
}

static void tell(struct texts *lines)
{
    for (size_t i = 0; i < lines->len; i++)
        diag_warn("%s", lines->at[i]);
    texts_clear(lines);
}

/* Mistakes in the sections are told by check-config, and by whoever reacts; here the cases are
 * left to a run without them. */
void chores_react(const struct run *run, const struct config *config)
{
    struct section_values values;
    struct mail_config mail;
    struct texts wrong = {0}, news = {0}, problems = {0};
    if (skipped || !has_cases(config))
        return;
    const struct react_settings *settings = react_section_settings(&values, config, &wrong);
    mail_section_read(&mail, config, &wrong);
    if (wrong.len == 0)
        react_look_after(settings, &mail.mail, run->applet->name, &news, &problems);
    tell(&news);
    tell(&problems);
    texts_clear(&wrong);
    mail_section_clear(&mail);
    section_clear(&values);
}
