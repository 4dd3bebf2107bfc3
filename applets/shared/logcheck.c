/* logcheck - runs a log check for an applet: settings in, report out. */
#include "logcheck.h"

#include "custom_formats.h"
#include "logcheck_react.h"
#include "script_paths.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/outfile.h"
#include "spamgear/log/format_custom.h"
#include "spamgear/match/literal.h"
#include <string.h>
#include <unistd.h>

#define CONFIG_DIR "/etc/spamgear"

/* --- Limits --- */

static void add_config_limits(struct limits *limits, const struct config *config,
                              const char *section)
{
    struct strbuf why = {0};
    for (size_t i = 0; i < config->entries.len; i++) {
        const struct config_entry *e = &config->entries.at[i];
        if (strcmp(e->section, section) == 0 &&
            limit_add(limits, e->key, e->value, e->file, e->line, &why) != 0)
            diag_error("%s:%u: %s: %s", e->file, e->line, e->key, strbuf_text(&why));
    }
    strbuf_clear(&why);
}

/* Every bad line of the file is a problem, and a message, of its own. */
static void add_overrides(struct limits *limits, const char *path)
{
    struct strbuf why = {0};
    if (limit_read_overrides(limits, path, &why) != 0)
        diag_error_lines(strbuf_text(&why));
    strbuf_clear(&why);
}

static void add_named_overrides(struct limits *limits, const char *name)
{
    struct strbuf path = {0};
    strbuf_format(&path, "%s/%s.overrides", CONFIG_DIR, name);
    add_overrides(limits, strbuf_text(&path));
    strbuf_clear(&path);
}

/* Later files are more particular: of equal rules the one read last wins. */
static void read_limits(struct limits *limits, const struct logcheck_settings *settings,
                        const struct run *run, const char *applet)
{
    struct strbuf section = {0};
    add_config_limits(limits, run->config, "limits");
    strbuf_format(&section, "limits %s", applet);
    add_config_limits(limits, run->config, strbuf_text(&section));
    strbuf_clear(&section);
    if (run->config_path == NULL) {
        add_overrides(limits, CONFIG_DIR "/overrides");
        const struct applet *owner = applet_find(run->all, applet, NULL);
        for (size_t i = 0; owner->aliases != NULL && owner->aliases[i] != NULL; i++)
            add_named_overrides(limits, owner->aliases[i]);
        add_named_overrides(limits, applet);
    }
    for (size_t i = 0; i < settings->overrides.len; i++) {
        if (access(settings->overrides.at[i], F_OK) != 0)
            diag_error("%s: no such overrides file", settings->overrides.at[i]);
        add_overrides(limits, settings->overrides.at[i]);
    }
}

/* --- Addresses --- */

struct prefixes {
    struct prefix *at;
    size_t len, cap;
};

static void add_prefixes(struct prefixes *list, const char *text, const char *where)
{
    struct span word;
    struct prefix prefix;
    for (int result; (result = prefix_take(&text, &word, &prefix)) != 0;) {
        if (result > 0)
            *vec_add(list) = prefix;
        else
            diag_error("%s: %.*s is not an IP address", where, (int)word.len, word.at);
    }
}

static void read_allowed(struct prefixes *list, const struct config *config, const char *applet)
{
    struct strbuf section = {0}, where = {0};
    strbuf_format(&section, "allow %s", applet);
    for (size_t i = 0; i < config->entries.len; i++) {
        const struct config_entry *e = &config->entries.at[i];
        if (strcmp(e->section, "allow") != 0 && strcmp(e->section, strbuf_text(&section)) != 0)
            continue;
        strbuf_reset(&where);
        strbuf_format(&where, "%s:%u", e->file, e->line);
        if (strcmp(e->key, "addresses") == 0)
            add_prefixes(list, e->value, strbuf_text(&where));
    }
    strbuf_clear(&section);
    strbuf_clear(&where);
}

static void read_addresses(struct check *check, const struct logcheck_settings *settings,
                           const struct run *run)
{
    struct prefixes webmail = {0}, allowed = {0};
    for (size_t i = 0; i < settings->webmail.len; i++)
        add_prefixes(&webmail, settings->webmail.at[i], "--webmail");
    read_allowed(&allowed, run->config, check->applet);
    check->webmail.at = webmail.at;
    check->webmail.len = webmail.len;
    check->webmail.cap = webmail.cap;
    check->allowed.at = allowed.at;
    check->allowed.len = allowed.len;
    check->allowed.cap = allowed.cap;
}

/* --- Settings into a check --- */

static void read_window(struct check *check, const struct logcheck_settings *settings)
{
    int64_t end = settings->until != 0 ? settings->until : clock_now();
    check->window.until = settings->until != 0 ? settings->until : end + STAMP_BACK_S;
    check->window.slack_s = (int64_t)settings->slack;
    check->open_end = settings->until == 0;
    check->window.full = settings->full;
    check->window.since = settings->since;
    if (settings->since == 0) {
        check->window.since = end - settings->period.seconds + 1;
        check->period = settings->period.text;
    }
    if (check->window.since > end)
        diag_error("--since: begins after the end of the window");
}

static void read_networks(struct check *check, const struct logcheck_settings *settings)
{
    check->networks =
        (struct network_settings){(enum network_by)settings->networks, (int)settings->prefix4,
                                  (int)settings->prefix6, settings->asn_database};
    if (check->networks.by == NETWORK_ASN && settings->asn_database == NULL)
        diag_error("--networks asn needs --asn-database");
}

static unsigned thread_count(const struct logcheck_settings *settings)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (settings->threads > 0)
        return (unsigned)settings->threads;
    return processors >= 2 ? 2 : 1;
}

/* Formats of the config live until the process ends, as their patterns do. */
static struct custom_formats custom_formats;
static struct {
    const char **at;
    size_t len, cap;
} custom_tags; /* NULL-terminated */

static void find_profile_formats(const struct logcheck_profile *profile, struct check *check)
{
    while (profile->formats[check->formats_len] != NULL)
        check->formats_len++;
    const struct log_format **formats = mem_zero(check->formats_len, sizeof *formats);
    for (size_t i = 0; i < check->formats_len; i++)
        formats[i] = format_find(profile->formats[i]);
    check->formats = formats;
}

static void find_named_formats(const struct texts *names, const struct config *config,
                               struct check *check)
{
    const struct log_format **formats = mem_zero(names->len, sizeof *formats);
    if (custom_formats.list.len == 0)
        custom_formats_read(&custom_formats, config);
    vec_clear(&custom_tags);
    for (size_t i = 0; i < names->len; i++) {
        const struct log_format *format = custom_formats_find(&custom_formats, names->at[i]);
        if (format == NULL)
            continue;
        formats[check->formats_len++] = format;
        if (format_custom_tag(format) != NULL)
            *vec_add(&custom_tags) = format_custom_tag(format);
    }
    if (custom_tags.len > 0)
        *vec_add(&custom_tags) = NULL;
    check->formats = formats;
}

static bool is_in_a_tag(const char *needle, const char *const *tags)
{
    for (; tags != NULL && *tags != NULL; tags++)
        if (strstr(*tags, needle) != NULL)
            return true;
    return false;
}

/* What the journal messages that matter hold. NULL, which reads them all, when lines are
 * counted, and when a literal may stand in the head of the line: a pattern of the config
 * sees the whole line, and PHP's wrappers are known by their tag. */
static const char *const *find_journal_needles(const struct check *check, const char *const *tags)
{
    static const char *needles[LITERAL_MAX + 1];
    size_t len = 0, kinds = check->recipients ? 2 : 1;
    if (check->count_lines)
        return NULL;
    for (size_t i = 0; i < check->formats_len; i++) {
        const struct log_format *format = check->formats[i];
        for (size_t k = 0; k < kinds * FORMAT_NEEDLES; k++) {
            const char *needle =
                k < FORMAT_NEEDLES ? format->needles[k] : format->joins[k - FORMAT_NEEDLES];
            if (needle == NULL)
                continue;
            if (format->data != NULL || len == LITERAL_MAX || is_in_a_tag(needle, tags))
                return NULL;
            needles[len++] = needle;
        }
    }
    needles[len] = NULL;
    return needles;
}

static const char *const *find_identifiers(const struct logcheck_profile *profile,
                                           const struct check *check)
{
    if (custom_tags.len > 0)
        return custom_tags.at;
    return check->recipients && profile->joins != NULL ? profile->joins : profile->tags;
}

int logcheck_prepare(const struct logcheck_profile *profile, struct logcheck_settings *settings,
                     const struct run *run, struct check *check)
{
    unsigned errors = diag_error_count();
    *check = (struct check){.applet = profile->applet,
                            .headings = profile->headings,
                            .threads = thread_count(settings),
                            .by_recipients = settings->by == 1,
                            .all = settings->all,
                            .top = (size_t)settings->top,
                            .evidence = 1,
                            .resolve = profile->resolve,
                            .resolvers = settings->resolvers,
                            .resolve_ms = (int)settings->resolve_timeout * 1000};
    check->limits.standard = settings->limit;
    check->count_lines = diag_is_verbose() || settings->format != 0;
    check->recipients = settings->recipients || check->by_recipients || settings->format != 0;
    if (settings->log_formats.len > 0)
        find_named_formats(&settings->log_formats, run->config, check);
    else
        find_profile_formats(profile, check);
    read_window(check, settings);
    read_networks(check, settings);
    read_addresses(check, settings, run);
    read_limits(&check->limits, settings, run, profile->applet);
    check->logs = (struct log_request){
        .window = &check->window,
        .names = &settings->logs,
        .standard = profile->logs,
        .trusted = &settings->trusted_logs,
        .journal = settings->journal || settings->journal_dir || settings->journal_file,
        .journal_dir = settings->journal_dir,
        .journal_file = settings->journal_file,
        .identifiers = find_identifiers(profile, check),
        .writers = check->formats_len > 0 ? check->formats[0]->writers : NULL};
    check->logs.needles = find_journal_needles(check, check->logs.identifiers);
    return diag_error_count() == errors ? 0 : -1;
}

/* --- Output --- */

static void write_report(const struct logcheck_profile *profile,
                         const struct logcheck_settings *settings, const struct report *report,
                         FILE *out)
{
    if (settings->format == 1)
        report_json(report, out);
    else if (settings->format == 2)
        report_metrics(report, out);
    else if (profile->names_only)
        script_paths_write(report, settings->nul, out);
    else
        report_text(report, out);
}

static void put_report(const struct logcheck_profile *profile,
                       const struct logcheck_settings *settings, const struct report *report)
{
    struct outfile file;
    struct strbuf why = {0};
    if (settings->output == NULL) {
        write_report(profile, settings, report, stdout);
        return;
    }
    int result = outfile_open(&file, settings->output, &why);
    if (result == 0) {
        write_report(profile, settings, report, file.stream);
        result = outfile_commit(&file, &why);
    }
    if (result != 0)
        diag_error("%s", strbuf_text(&why));
    strbuf_clear(&why);
}

static void tell_counts(const struct report *report)
{
    const struct harvest_counts *c = &report->counts;
    char since[32], until[32] = "now";
    stamp_format(report->since, since);
    if (!report->open_end)
        stamp_format(report->until, until);
    for (size_t i = 0; i < report->files.len; i++)
        diag_info("read %s", report->files.at[i]);
    diag_info("window from %s to %s", since, until);
    diag_info("%llu lines in %llu bytes, %llu events, %llu unparsable lines, %llu without a time",
              (unsigned long long)c->lines, (unsigned long long)c->bytes,
              (unsigned long long)c->events, (unsigned long long)c->unparsed,
              (unsigned long long)c->undated);
    diag_info("%llu senders, %llu failed log-ins and refused commands",
              (unsigned long long)report->senders_seen, (unsigned long long)report->failed);
    if (c->forged > 0)
        diag_info("%llu forged journal entries left out", (unsigned long long)c->forged);
    if (report->networks.len > 0)
        diag_info("%s", strbuf_text(&report->networks));
}

/* An empty report must not hide that the mail program now writes lines we do not know. */
static void tell_nothing_understood(const struct harvest_counts *c)
{
    if (c->events == 0 && c->unparsed + c->undated > 0)
        diag_warn("nothing could be counted, but %llu lines were not understood and %llu had no "
                  "time that can be read: is it the right log and format?",
                  (unsigned long long)c->unparsed, (unsigned long long)c->undated);
}

void logcheck_tell_gave_up(const struct harvest_counts *counts)
{
    if (counts->gave_up > 0)
        diag_error("a pattern gave up on %llu lines: they could not be judged",
                   (unsigned long long)counts->gave_up);
}

static void tell(const struct report *report, struct texts *problems)
{
    for (size_t i = 0; i < problems->len; i++)
        diag_error("%s", problems->at[i]);
    for (size_t i = 0; i < report->notes.len; i++)
        diag_warn("%s", report->notes.at[i]);
    logcheck_tell_gave_up(&report->counts);
    if (problems->len == 0)
        tell_nothing_understood(&report->counts);
    if (report->failed_unnamed > 0)
        diag_info("%llu failed log-ins in more than %d names are counted together",
                  (unsigned long long)report->failed_unnamed, TALLY_FAILED_NAMES);
    if (report->open_end && report->counts.future > 0)
        diag_warn("%llu lines are stamped hours ahead of now and were left out: is the time zone "
                  "right?",
                  (unsigned long long)report->counts.future);
    tell_counts(report);
}

static bool anybody_over(const struct report *report)
{
    for (size_t i = 0; i < report->senders.len; i++)
        if (report->senders.at[i].over)
            return true;
    return false;
}

/* Whoever is to be disabled must not be left out by --top. */
static void run_check(const struct logcheck_settings *settings, const struct run *run,
                      struct check *check, struct report *report, struct tally **tally,
                      struct texts *problems)
{
    bool reacts = settings->disable != NULL;
    check->evidence = settings->format == 1 || reacts ? 3 : 1;
    if (reacts)
        check->top = 0;
    check_run(check, report, tally, problems);
    if (reacts) {
        logcheck_react(settings, run, check, report, problems);
        report_cut(report, (size_t)settings->top);
    } else if (settings->nis.given) {
        diag_warn("-n, --nis: without -d nobody is disabled");
    }
}

int logcheck_run(const char *applet, struct logcheck_settings *settings, const struct run *run)
{
    const struct logcheck_profile *profile = logcheck_profile(applet);
    struct check check;
    struct report report = {0};
    struct tally *tally = NULL;
    struct texts problems = {0};
    int status = APPLET_TROUBLE;
    if (logcheck_prepare(profile, settings, run, &check) == 0) {
        run_check(settings, run, &check, &report, &tally, &problems);
        put_report(profile, settings, &report);
        tell(&report, &problems);
        status = settings->exit_code && anybody_over(&report) ? 1 : 0;
    }
    report_clear(&report);
    tally_free(tally);
    texts_clear(&problems);
    free((void *)check.formats);
    check_clear(&check);
    return status;
}

int logcheck_operand(const char *what, const char *text, uint64_t *count)
{
    unsigned long long number;
    if (!span_number(span_text(text), &number) || number == 0) {
        diag_error("%s: \"%s\" is not a number from 1 up", what, text);
        return -1;
    }
    *count = number;
    return 0;
}
