/* why - what was counted for one sender, from which lines, against which limit. */
#include "shared/line.h"
#include "shared/other.h"
#include "shared/react_section.h"

#include "spamgear/base/diag.h"
#include "spamgear/base/text.h"
#include "spamgear/check/disable.h"
#include "spamgear/store/cases.h"
#include <stdio.h>
#include <unistd.h>

struct why_settings {
    struct other_given given;
    char *applet;
    struct cases *cases; /* no setting: NULL when there are none */
};

static void put_counts(const struct report *report, const struct report_sender *s,
                       struct strbuf *line)
{
    strbuf_format(line, "  %-9s", "window");
    text_escape(line, strbuf_span(&report->during));
    line_put(line);
    strbuf_format(line, "  %-9s%llu messages, %llu recipients", "counted",
                  (unsigned long long)s->sender.messages, (unsigned long long)s->sender.recipients);
    if (s->has_clients)
        strbuf_format(line, ", %u nets/%u unknowns/%u IPs/%llu webmail", s->networks, s->unknown,
                      s->addresses, (unsigned long long)s->webmail);
    line_put(line);
    if (s->sender.failed > 0) {
        strbuf_format(line, "  %-9s%llu failed log-ins and refused commands, not counted", "",
                      (unsigned long long)s->sender.failed);
        line_put(line);
    }
}

static void put_limit(const struct report *report, const struct report_sender *s,
                      struct strbuf *line)
{
    char until[32];
    strbuf_format(line, "  %-9s%llu %s", "limit", (unsigned long long)s->limit,
                  report->by_recipients ? "recipients" : "messages");
    if (s->rule == NULL) {
        strbuf_add_text(line, ", the standard one");
    } else {
        strbuf_format(line, ", set by %s:%u for ", s->rule->file, s->rule->line);
        text_escape(line, span_text(s->rule->pattern));
    }
    if (s->rule != NULL && s->rule->expires != 0) {
        stamp_format(s->rule->expires, until);
        strbuf_format(line, " until %s", until);
    }
    strbuf_add_text(line, s->over ? ": over it" : ": within it");
    line_put(line);
}

static void put_evidence(const struct report_sender *s, struct strbuf *line)
{
    for (size_t i = 0; i < s->top.len; i++) {
        strbuf_format(line, "  %-9s", i == 0 ? "networks" : "");
        text_escape(line, span_text(s->top.at[i].name));
        strbuf_format(line, ": %llu messages from %u addresses",
                      (unsigned long long)s->top.at[i].messages, s->top.at[i].addresses);
        line_put(line);
    }
    for (const struct evidence *e = s->sender.evidence; e != NULL; e = e->next) {
        text_escape(line, span_text(e->file));
        strbuf_format(line, ":%llu: ", (unsigned long long)e->offset);
        text_escape(line, e->line);
        line_put(line);
    }
}

/* Is the account disabled? NULL: there are no cases. */
static void put_case(struct cases *cases, const struct sender *sender, struct strbuf *line)
{
    struct case_file file = {0};
    struct strbuf account = {0}, why = {0};
    char opened[32];
    int found = cases == NULL || disable_account(sender, &account, &why) != 0
                    ? 0
                    : cases_find_open(cases, strbuf_text(&account), &file, &why);
    if (found < 0)
        diag_error("%s", strbuf_text(&why));
    if (found == 1) {
        stamp_format(file.opened, opened);
        strbuf_format(line, "  %-9s%lld, open since %s: ", "case", (long long)file.id, opened);
        text_escape(line, span_text(file.reason));
        strbuf_format(line, " (spamgear case show %lld)", (long long)file.id);
        line_put(line);
    }
    case_file_clear(&file);
    strbuf_clear(&account);
    strbuf_clear(&why);
}

static void put_sender(const struct report *report, const struct report_sender *s,
                       struct cases *cases)
{
    struct strbuf line = {0};
    text_escape(&line, s->sender.name);
    strbuf_format(&line, " (%s), counted by %s", sender_kind_name(s->sender.kind), report->applet);
    line_put(&line);
    put_counts(report, s, &line);
    put_limit(report, s, &line);
    put_case(cases, &s->sender, &line);
    put_evidence(s, &line);
    strbuf_clear(&line);
}

/* Checkers that read the same logs have the same problems: each is told once. */
static void tell_once(struct texts *told, const struct texts *problems)
{
    for (size_t i = 0; i < problems->len; i++) {
        size_t k = 0;
        while (k < told->len && strcmp(told->at[k], problems->at[i]) != 0)
            k++;
        if (k < told->len)
            continue;
        texts_add(told, problems->at[i]);
        diag_error("%s", problems->at[i]);
    }
}

/* The cases to look into; NULL when there are none, or they cannot be read, which is told. */
static struct cases *open_cases(const struct run *call)
{
    struct section_values values;
    struct strbuf why = {0};
    struct cases *cases = NULL;
    const struct react_settings *react = react_section_read(&values, call->config);
    if (react != NULL && cases_exist(react->state)) {
        cases = cases_open_to_read(react->state, &why);
        if (cases == NULL)
            diag_error("%s", strbuf_text(&why));
    }
    section_clear(&values);
    strbuf_clear(&why);
    return cases;
}

/* One checker's answer. Returns how many senders of that name it knows. */
static size_t ask(const char *applet, const struct why_settings *s, const char *name,
                  const struct run *call, struct texts *told)
{
    struct other other;
    struct report report = {0};
    struct tally *tally = NULL;
    struct texts problems = {0};
    if (other_open(&other, applet, &s->given, call) == 0) {
        other.check.only = name;
        other.check.evidence = UINT32_MAX;
        check_run(&other.check, &report, &tally, &problems);
    }
    if (s->given.format == 1)
        report_json(&report, stdout);
    for (size_t i = 0; s->given.format == 0 && i < report.senders.len; i++)
        put_sender(&report, &report.senders.at[i], s->cases);
    tell_once(told, &problems);
    logcheck_tell_gave_up(&report.counts);
    size_t known = report.senders.len;
    texts_clear(&problems);
    report_clear(&report);
    tally_free(tally);
    other_close(&other);
    return known;
}

/* Is there something for this checker to read, without being told? */
static bool has_logs(const struct logcheck_profile *profile)
{
    const char *const *path = profile->logs;
    while (*path != NULL && access(*path, F_OK) != 0)
        path++;
    return *path != NULL;
}

static size_t ask_all(const struct why_settings *s, const char *name, const struct run *call,
                      struct texts *told)
{
    size_t known = 0, asked = 0;
    const struct logcheck_profile *profile;
    bool named = s->given.logs.len > 0 || s->given.journal || s->given.journal_dir != NULL ||
                 s->given.journal_file != NULL;
    for (size_t i = 0; (profile = logcheck_profile_at(i)) != NULL; i++) {
        bool in_journal = profile->tags != NULL;
        bool has = s->given.logs.len > 0 || (named && in_journal) || (!named && has_logs(profile));
        if (!has)
            continue;
        asked++;
        known += ask(profile->applet, s, name, call, told);
    }
    if (asked == 0)
        diag_error("no log of any checker is in its standard place; name one with -l");
    return known;
}

/* Local users are named as Postfix logs them, uid=1001; limits write uid:1001. */
static void spell_uid(char *name)
{
    if (strncmp(name, "uid:", 4) == 0)
        name[3] = '=';
}

static int run(void *settings, const struct run *call)
{
    struct why_settings *s = settings;
    struct texts told = {0};
    size_t known;
    s->given.recipients = true;
    if (call->argc < 1) {
        diag_error("give the name of a sender");
        return APPLET_TROUBLE;
    }
    spell_uid(call->argv[0]);
    for (int i = 1; i < call->argc; i++)
        texts_add(&s->given.logs, call->argv[i]);
    /* A pipe can be read by one checker only: the others would find nothing, or wait for ever. */
    const char *pipe = s->applet == NULL ? logs_find_once(&s->given.logs) : NULL;
    if (pipe != NULL) {
        diag_error("%s: a pipe can be read once: name the checker with --applet", pipe);
        return APPLET_TROUBLE;
    }
    const struct applet *only = s->applet != NULL ? applet_find(call->all, s->applet, NULL) : NULL;
    if (s->applet != NULL && (only == NULL || logcheck_profile(only->name) == NULL)) {
        diag_error("%s is no log checker", s->applet);
        return APPLET_TROUBLE;
    }
    s->cases = s->given.format == 0 ? open_cases(call) : NULL;
    known = only != NULL ? ask(only->name, s, call->argv[0], call, &told)
                         : ask_all(s, call->argv[0], call, &told);
    cases_close(s->cases);
    texts_clear(&told);
    if (known == 0 && s->given.format == 0)
        diag_warn("%s: not seen in the window", call->argv[0]);
    return known == 0 ? 1 : 0;
}

static const struct option own[] = {
    OPTION_TEXT(struct why_settings, applet, "applet", 0, "APPLET", NULL,
                "Ask this checker only; by default all whose logs are there."),
    OPTION_END};

static const struct option *const tables[] = {own, other_options, NULL};

static const struct applet_example examples[] = {
    {"spamgear why anna@example.net", "Why was she reported, or why not?"},
    {"spamgear why web17 --applet exim-spam-check -p 1day", "The whole last day in Exim's log."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "The sender was seen."}, {1, "The sender was not seen."}, {2, "Trouble."}, {0, NULL}};

const struct applet why_applet = {
    .name = "why",
    .summary = "Show what was counted for a sender, and against which limit",
    .operands = "SENDER [LOG...]",
    .description =
        "Shows what the checkers count for SENDER in their window: messages, recipients, networks, "
        "the limit and the line of the file that set it, the case that is open when the account "
        "was disabled, and each counted line as FILE:OFFSET: LINE.",
    .options = tables,
    .settings_size = sizeof(struct why_settings),
    .sections = (const struct section *const[]){&react_section, NULL},
    .examples = examples,
    .statuses = statuses,
    .flags = APPLET_TOOL,
    .run = run};
