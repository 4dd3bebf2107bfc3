/* logcheck_react - from -d, -n and the sections [react] and [mail] to an open react. */
#include "logcheck_react.h"

#include "chores_react.h"
#include "mail_section.h"
#include "react_section.h"
#include "spamgear/base/diag.h"
#include "spamgear/check/disable.h"

const struct section *const logcheck_sections[] = {&react_section, &mail_section, NULL};

struct reaction {
    struct section_values values; /* of [react] */
    struct react_settings react;  /* the same, with methods and master of our own */
    struct mail_config mail;
    struct strbuf why_not;
};

/* Those of the config, else local; with -n, nis: instead of local, but besides those of the
 * config. */
static void choose_methods(const struct logcheck_settings *settings, const struct run *run,
                           const struct react_settings *section, struct reaction *reaction)
{
    struct react_settings *react = &reaction->react;
    bool given = config_find(run->config, "react", "methods") != NULL;
    *react = *section;
    react->methods = (struct texts){0};
    for (size_t i = 0; (given || !settings->nis.given) && i < section->methods.len; i++)
        texts_add(&react->methods, section->methods.at[i]);
    if (!settings->nis.given)
        return;
    if (!texts_has(&react->methods, "nis"))
        texts_add(&react->methods, "nis");
    if (settings->nis.value != NULL && *settings->nis.value != '\0') /* "nis =" names none */
        react->nis_server = settings->nis.value;
}

/* False, with why_not, when nobody can be disabled by what [react] says. A mistake in [mail] keeps
 * nobody from being stopped. */
static bool read_sections(const struct logcheck_settings *settings, const struct run *run,
                          struct reaction *reaction)
{
    struct texts problems = {0};
    mail_section_read(&reaction->mail, run->config, &problems);
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    texts_clear(&problems);
    const struct react_settings *section = react_section_read(&reaction->values, run->config);
    if (section == NULL) {
        strbuf_why(&reaction->why_not, "section [react] is wrong");
        return false;
    }
    choose_methods(settings, run, section, reaction);
    return true;
}

/* Everything that is wrong becomes one line for the report. */
static void tell_closed(struct strbuf *why_not)
{
    diag_error_lines(strbuf_text(why_not));
    for (size_t i = 0; i < why_not->len; i++)
        if (why_not->data[i] == '\n')
            why_not->data[i] = ';';
}

static void read_bounds(const char *given, struct disable *disable)
{
    unsigned long long networks = 0, unknown = 0;
    const char *comma = strchr(given, ','); /* checked when it was parsed */
    span_number(span_of(given, comma), &networks);
    span_number(span_text(comma + 1), &unknown);
    disable->networks = networks;
    disable->unknown = unknown;
}

bool logcheck_react_has_work(const struct logcheck_settings *settings, const struct report *report)
{
    struct disable disable = {0};
    if (settings->disable == NULL)
        return false;
    read_bounds(settings->disable, &disable);
    return disable_has_work(&disable, report);
}

/* A mail that could not be sent a moment ago need not be tried again at the end of this run. */
static void spare_chores(const struct report *report)
{
    for (size_t i = 0; i < report->senders.len; i++) {
        const struct report_sender *row = &report->senders.at[i];
        if (row->handed && row->reaction.result == REACT_DISABLED)
            chores_react_skip();
    }
}

void logcheck_react(const struct logcheck_settings *settings, const struct run *run,
                    const struct check *check, struct report *report, struct texts *problems)
{
    struct reaction reaction = {0};
    struct disable disable = {0};
    read_bounds(settings->disable, &disable);
    if (read_sections(settings, run, &reaction)) {
        /* Settings that are wrong must be told before the day they are needed. */
        bool dry = settings->dry_run || !disable_has_work(&disable, report);
        disable.allow = &reaction.react.allow;
        disable.queue_ids = texts_has(&reaction.react.methods, "hold-queue");
        disable.react =
            react_open(&reaction.react, &reaction.mail.mail, check->applet, dry, &reaction.why_not);
        if (disable.react == NULL)
            tell_closed(&reaction.why_not);
    }
    disable.why_not = strbuf_text(&reaction.why_not);
    disable_senders(check, &disable, report, problems);
    react_close(disable.react);
    spare_chores(report);
    texts_clear(&reaction.react.methods);
    section_clear(&reaction.values);
    mail_section_clear(&reaction.mail);
    strbuf_clear(&reaction.why_not);
}
