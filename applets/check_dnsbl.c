/* check-dnsbl - a Nagios plugin: is an address, a host or a domain on DNS blocklists?
 *
 * The first line of standard output is the answer, as the plugin guidelines have it: status, text,
 * one pipe sign, figures. Lists that gave no answer are told apart from those that do not list, and
 * when too many gave none the answer is UNKNOWN, not OK. What lists say is written by strangers:
 * no pipe sign, no control byte of it gets out.
 */
#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/json.h"
#include "spamgear/base/text.h"
#include "spamgear/check/dnsbl_check.h"
#include "spamgear/cli/applet.h"
#include <stdio.h>
#include <unistd.h>

enum format { FORMAT_TEXT, FORMAT_JSON };

static const char *const format_names[] = {"text", "json", NULL};

static const char *const zone_files[] = {"/etc/spamgear/dnsbl-zones",
                                         "/usr/local/share/spamgear/dnsbl/zones",
                                         "/usr/share/spamgear/dnsbl/zones"};

struct check_settings {
    uint64_t warning, critical, timeout;
    char *max_unanswered, *zones, *resolvers;
    struct texts zone;
    bool domain, list;
    int format;
};

/* ---- settings ---- */

static int check_most(const char *value, void *field, struct strbuf *why)
{
    struct dnsbl_most most;
    (void)field;
    return dnsbl_most_parse(value, &most)
               ? 0
               : strbuf_why(why, "\"%s\" is neither a number nor a percentage like 50%%", value);
}

static const struct option options[] = {
    OPTION_COUNT(struct check_settings, warning, "warning", 'w', "LISTINGS", "1", 1, 100000,
                 "WARNING from this many listings on. Lists of one group count once."),
    OPTION_COUNT(struct check_settings, critical, "critical", 'c', "LISTINGS", "2", 1, 100000,
                 "CRITICAL from this many listings on."),
    OPTION_TEXT(struct check_settings, max_unanswered, "max-unanswered", 0, "N|N%", "50%",
                "UNKNOWN when more lists than this gave no answer, unless there are listings "
                "enough.",
                .check = check_most),
    OPTION_COUNT(struct check_settings, timeout, "timeout", 't', "SECONDS", "10", 1, 600,
                 "When everything must be answered; what is not then gave no answer."),
    OPTION_FLAG(struct check_settings, domain, "domain", 0,
                "The operands are domains: they are looked for on domain lists only, and not "
                "resolved."),
    OPTION_TEXT(struct check_settings, zones, "zones", 0, "FILE", NULL,
                "The lists to ask, instead of /etc/spamgear/dnsbl-zones or the file that comes "
                "with spamgear."),
    OPTION_LIST(struct check_settings, zone, "zone", 0, "NAME",
                "Ask only this list; may be given again. It need not be in the file."),
    OPTION_TEXT(struct check_settings, resolvers, "resolvers", 0, "SERVERS", NULL,
                "Name servers to ask, as ADDRESS[:PORT] separated by commas. Most lists refuse "
                "public ones."),
    OPTION_CHOICE(struct check_settings, format, "format", 0, "FORMAT", "text", format_names,
                  "text, as Nagios reads it, or json."),
    OPTION_FLAG(struct check_settings, list, "list", 0,
                "Show the lists, what they list and whether they live, and ask nothing.",
                .flags = OPTION_NO_CONFIG),
    OPTION_END};

/* ---- zones ---- */

static const char *zones_path(const struct check_settings *settings)
{
    if (settings->zones != NULL)
        return settings->zones;
    for (size_t i = 0; i < sizeof zone_files / sizeof *zone_files; i++)
        if (access(zone_files[i], F_OK) == 0)
            return zone_files[i];
    return zone_files[sizeof zone_files / sizeof *zone_files - 1];
}

/* A list that was asked for by name must not be passed over in silence. */
static void tell_dead(struct dnsbl_check *check, const struct check_settings *settings)
{
    for (size_t i = 0; i < check->zones.zones.len; i++) {
        const struct dnsbl_zone *zone = &check->zones.zones.at[i];
        if (zone->dead && settings->zone.len > 0)
            texts_format(&check->problems, "%s is dead: %s", zone->name,
                         zone->note != NULL ? zone->note : "no date known");
    }
}

static void add_problems(struct dnsbl_check *check, const struct strbuf *lines)
{
    struct span rest = strbuf_span(lines);
    for (struct span line; span_take_line(&rest, &line);)
        texts_format(&check->problems, "%.*s", (int)line.len, line.at);
}

static void read_zones(struct dnsbl_check *check, const struct check_settings *settings)
{
    unsigned kinds = settings->domain ? DNSBL_DOMAIN : DNSBL_IP4 | DNSBL_IP6;
    struct strbuf why = {0};
    if (dnsbl_read(&check->zones, zones_path(settings), &why) != 0)
        add_problems(check, &why);
    if (settings->zone.len > 0 &&
        dnsbl_zones_keep(&check->zones, &settings->zone, kinds, &why) != 0)
        texts_add(&check->problems, strbuf_text(&why));
    tell_dead(check, settings);
    strbuf_clear(&why);
}

static const char *state_of(const struct dnsbl_zone *zone)
{
    return zone->dead       ? "dead"
           : zone->doubtful ? "doubtful"
           : zone->has_test ? "active"
                            : "untested";
}

static enum nagios show_zones(const struct dnsbl_check *check)
{
    for (size_t i = 0; i < check->zones.zones.len; i++) {
        const struct dnsbl_zone *zone = &check->zones.zones.at[i];
        struct strbuf line = {0}, safe = {0};
        strbuf_format(&line, "%-34s %-8s %-3s %-3s %-6s %s%s%s", zone->name, state_of(zone),
                      zone->kinds & DNSBL_IP4 ? "ip4" : "-", zone->kinds & DNSBL_IP6 ? "ip6" : "-",
                      zone->kinds & DNSBL_DOMAIN ? "domain" : "-",
                      zone->group != NULL ? "group=" : "", zone->group != NULL ? zone->group : "",
                      zone->note != NULL ? zone->group != NULL ? " " : "" : "");
        strbuf_add_text(&line, zone->note != NULL ? zone->note : "");
        while (line.len > 0 && line.data[line.len - 1] == ' ')
            line.data[--line.len] = '\0';
        text_escape(&safe, strbuf_span(&line));
        puts(strbuf_text(&safe));
        strbuf_clear(&line);
        strbuf_clear(&safe);
    }
    for (size_t i = 0; i < check->problems.len; i++)
        diag_warn("%s", check->problems.at[i]);
    return check->problems.len == 0 ? NAGIOS_OK : NAGIOS_UNKNOWN;
}

/* ---- text ---- */

static void add_clause(struct strbuf *line, const struct dnsbl_subject *subject,
                       const struct dnsbl_tally *tally)
{
    unsigned unanswered = tally->asked - tally->answered;
    strbuf_format(line, "%s %s ", subject->has_addr ? "IP" : "Domain", subject->name);
    if (tally->asked == 0)
        strbuf_add_text(line, "could not be told: no blacklist of its kind lives");
    else if (tally->listings > 0)
        strbuf_format(line, "in %u/%u blacklists. Reason: %s", tally->listings, tally->answered,
                      tally->reason != NULL ? tally->reason : "Unknown reason");
    else if (tally->answered == 0)
        strbuf_format(line, "could not be told: none of %u blacklists gave an answer",
                      tally->asked);
    else
        strbuf_format(line, "Not in any %u blacklists", tally->answered);
    if (unanswered > 0 && tally->answered > 0)
        strbuf_format(line, " (%u of %u gave no answer)", unanswered, tally->asked);
}

/* What decided comes first. */
static void add_clauses(const struct dnsbl_check *check, struct strbuf *line, enum nagios status)
{
    const char *part = "";
    for (int first = 1; first >= 0; first--) {
        for (size_t i = 0; i < check->tallies.len; i++) {
            const struct dnsbl_tally *tally = &check->tallies.at[i];
            if ((tally->status == status) != (first == 1))
                continue;
            strbuf_add_text(line, part);
            add_clause(line, &check->query.subjects.at[i], tally);
            part = "; ";
        }
        for (size_t i = 0; i < check->problems.len; i++) {
            if ((status == NAGIOS_UNKNOWN) != (first == 1))
                continue;
            strbuf_format(line, "%s%s", part, check->problems.at[i]);
            part = "; ";
        }
    }
}

/* Thresholds are ranges to Nagios: outside 0..N alerts, so "from N on" is N-1. */
static void add_figures(const struct dnsbl_check *check, struct strbuf *out)
{
    unsigned listings = 0, asked = 0, unanswered = 0;
    for (size_t i = 0; i < check->tallies.len; i++) {
        const struct dnsbl_tally *tally = &check->tallies.at[i];
        listings = tally->listings > listings ? tally->listings : listings;
        asked += tally->asked;
        unanswered += tally->asked - tally->answered;
    }
    strbuf_format(out, "|listings=%u;%u;%u;0 asked=%u;;;0 unanswered=%u;;;0;%u time=%.3fs;;;0;%u",
                  listings, (unsigned)check->warning - 1, (unsigned)check->critical - 1, asked,
                  unanswered, asked, (double)(clock_steady_ms() - check->start) / 1000,
                  (unsigned)(check->timeout_ms / 1000));
}

static void add_detail(const struct dnsbl_check *check, const struct dnsbl_answer *answer,
                       struct strbuf *out)
{
    const char *name = check->query.subjects.at[answer->subject].name;
    struct strbuf line = {0};
    if (answer->state == DNSBL_LISTED)
        strbuf_format(&line, "LISTED %s in %s: %s%s%s%s: %s", name, answer->zone->name,
                      strbuf_text(&answer->codes), answer->meaning.len > 0 ? " (" : "",
                      strbuf_text(&answer->meaning), answer->meaning.len > 0 ? ")" : "",
                      answer->reason.len > 0 ? answer->reason.data : "Unknown reason");
    else
        strbuf_format(
            &line, "NO ANSWER %s in %s: %s%s", name, answer->zone->name, strbuf_text(&answer->why),
            answer->zone->doubtful ? " (not counted: whether it lives is not known)" : "");
    strbuf_add_char(out, '\n');
    nagios_escape(out, strbuf_span(&line));
    strbuf_clear(&line);
}

static void print_text(const struct dnsbl_check *check, enum nagios status)
{
    static const enum dnsbl_state told[] = {DNSBL_LISTED, DNSBL_NO_ANSWER};
    struct strbuf line = {0}, out = {0};
    strbuf_format(&line, "%s - ", nagios_name(status));
    add_clauses(check, &line, status);
    nagios_escape(&out, strbuf_span(&line));
    add_figures(check, &out);
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < check->query.answers.len; i++)
            if (check->query.answers.at[i].state == told[t])
                add_detail(check, &check->query.answers.at[i], &out);
    puts(strbuf_text(&out));
    strbuf_clear(&line);
    strbuf_clear(&out);
}

/* ---- JSON ---- */

static void json_answer(struct json *json, const struct dnsbl_answer *answer)
{
    static const char *const states[] = {
        [DNSBL_CLEAR] = "clear", [DNSBL_LISTED] = "listed", [DNSBL_NO_ANSWER] = "no answer"};
    json_open(json, NULL, '{');
    json_text(json, "zone", span_text(answer->zone->name));
    json_text(json, "state", span_text(states[answer->state]));
    if (answer->state == DNSBL_LISTED) {
        json_text(json, "codes", strbuf_span(&answer->codes));
        json_text(json, "meaning", strbuf_span(&answer->meaning));
        json_text(json, "reason", strbuf_span(&answer->reason));
    } else if (answer->state == DNSBL_NO_ANSWER) {
        json_text(json, "why", strbuf_span(&answer->why));
        json_bool(json, "counted", dnsbl_check_counts(answer));
    }
    json_close(json, '}');
}

static void json_subject(struct json *json, const struct dnsbl_check *check, size_t subject)
{
    const struct dnsbl_tally *tally = &check->tallies.at[subject];
    json_open(json, NULL, '{');
    json_text(json, "subject", span_text(check->query.subjects.at[subject].name));
    json_text(json, "status", span_text(nagios_name(tally->status)));
    json_number(json, "listings", tally->listings);
    json_number(json, "asked", tally->asked);
    json_number(json, "answered", tally->answered);
    json_open(json, "zones", '[');
    for (size_t i = 0; i < check->query.answers.len; i++) {
        const struct dnsbl_answer *answer = &check->query.answers.at[i];
        if (answer->subject == subject && answer->state != DNSBL_NOT_ASKED)
            json_answer(json, answer);
    }
    json_close(json, ']');
    json_close(json, '}');
}

static void print_json(const struct dnsbl_check *check, enum nagios status)
{
    struct strbuf out = {0};
    struct json json = {.out = &out};
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "status", span_text(nagios_name(status)));
    json_number(&json, "milliseconds", (uint64_t)(clock_steady_ms() - check->start));
    json_open(&json, "subjects", '[');
    for (size_t i = 0; i < check->tallies.len; i++)
        json_subject(&json, check, i);
    json_close(&json, ']');
    json_open(&json, "problems", '[');
    for (size_t i = 0; i < check->problems.len; i++)
        json_text(&json, NULL, span_text(check->problems.at[i]));
    json_close(&json, ']');
    json_close(&json, '}');
    puts(strbuf_text(&out));
    strbuf_clear(&out);
}

/* ---- one run ---- */

static int run(void *at, const struct run *run)
{
    const struct check_settings *settings = at;
    struct dnsbl_check check = {.warning = settings->warning,
                                .critical = settings->critical,
                                .resolvers = settings->resolvers,
                                .start = clock_steady_ms(),
                                .timeout_ms = (int64_t)settings->timeout * 1000,
                                .domain = settings->domain};
    enum nagios status;
    dnsbl_most_parse(settings->max_unanswered, &check.max_unanswered);
    read_zones(&check, settings);
    if (settings->list) {
        status = show_zones(&check);
    } else {
        dnsbl_check_run(&check, run->argc, run->argv);
        status = dnsbl_check_status(&check);
        (settings->format == FORMAT_JSON ? print_json : print_text)(&check, status);
    }
    dnsbl_check_clear(&check);
    return (int)status;
}

static const struct applet_example examples[] = {
    {"check-dnsbl 192.0.2.25 2001:db8::25", "two addresses, all lists"},
    {"check-dnsbl --resolvers 127.0.0.1 mail.example.org",
     "all addresses of a host and its name, through a resolver of its own"},
    {"check-dnsbl --domain -w 1 -c 1 example.org", "a domain on domain lists"},
    {"check-dnsbl --zone zen.spamhaus.org --zone bl.spamcop.net 192.0.2.25", "two lists only"},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {NAGIOS_OK, "OK: fewer listings than --warning."},
    {NAGIOS_WARNING, "WARNING: at least --warning listings."},
    {NAGIOS_CRITICAL, "CRITICAL: at least --critical listings."},
    {NAGIOS_UNKNOWN, "UNKNOWN: an operand or an option is wrong, or too many lists gave no "
                     "answer. Listings enough for WARNING or CRITICAL are told all the same."},
    {0, NULL}};

const struct applet check_dnsbl_applet = {
    .name = "check-dnsbl",
    .aliases = (const char *const[]){"check_dnsbl", "check_dnsbl.sh", NULL},
    .summary = "Nagios plugin: is an address, host or domain on DNS blocklists?",
    .operands = "ADDRESS...|HOST...",
    .description =
        "Asks all lists at once, IPv4 and IPv6 addresses on address lists and names on domain "
        "lists, and prints one line that Nagios reads, with figures after the pipe sign; the "
        "lines after it tell each listing, with the meaning of its code and the reason that the "
        "list gives, and each list that gave no answer.\n\n"
        "A HOST is resolved: all its addresses are checked, and the name itself on the domain "
        "lists. With several subjects the worst decides.\n\n"
        "Each list is tested in the same run (RFC 5782): it must list 127.0.0.2 and must not list "
        "127.0.0.1. A list that fails that, refuses (127.255.255.x) or is silent gave no answer; "
        "that is neither listed nor not listed. Lists of one group, such as an aggregate and its "
        "parts, count as one listing.",
    .options = (const struct option *const[]){options, NULL},
    .settings_size = sizeof(struct check_settings),
    .examples = examples,
    .statuses = statuses,
    .refusal = "UNKNOWN - check-dnsbl cannot run: an option or the configuration is wrong",
    .refusal_status = NAGIOS_UNKNOWN,
    .files = "/etc/spamgear/dnsbl-zones, /usr/share/spamgear/dnsbl/zones: the lists; see "
             "docs/dnsbl.md for the format.",
    .flags = APPLET_NO_CHORES,
    .run = run,
};
