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
#include "spamgear/cli/applet.h"
#include "spamgear/net/dns.h"
#include "spamgear/net/dnsbl.h"
#include <stdio.h>
#include <unistd.h>

enum status { STATUS_OK, STATUS_WARNING, STATUS_CRITICAL, STATUS_UNKNOWN };

static const char *const status_names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

/* Which of two is told: a listing is certain, "could not tell" is not "OK". */
static const int ranks[] = {
    [STATUS_OK] = 0, [STATUS_UNKNOWN] = 1, [STATUS_WARNING] = 2, [STATUS_CRITICAL] = 3};

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

/* What the lists said of one subject. */
struct tally {
    enum status status;
    unsigned asked, answered, listings;
    const char *reason; /* the longest, as the original chose; borrowed, NULL when there is none */
};

struct check {
    const struct check_settings *settings;
    struct dnsbl_zones zones;
    struct dnsbl_query query;
    VEC(struct tally) tallies; /* by number of the subject */
    struct texts problems;
    int64_t start;
};

/* ---- settings ---- */

/* "20" lists, or "20%" of them. */
static bool parse_most(const char *text, unsigned long long *number, bool *percent)
{
    struct span digits = span_text(text);
    *percent = span_has_suffix(digits, SPAN("%"));
    digits.len -= *percent;
    return span_number(digits, number) && *number <= (*percent ? 100 : 1000000);
}

static int check_most(const char *value, void *field, struct strbuf *why)
{
    unsigned long long number;
    bool percent;
    (void)field;
    return parse_most(value, &number, &percent)
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
static void tell_dead(struct check *check)
{
    for (size_t i = 0; i < check->zones.zones.len; i++) {
        const struct dnsbl_zone *zone = &check->zones.zones.at[i];
        if (zone->dead && check->settings->zone.len > 0)
            texts_format(&check->problems, "%s is dead: %s", zone->name,
                         zone->note != NULL ? zone->note : "no date known");
    }
}

static void add_problems(struct check *check, const struct strbuf *lines)
{
    struct span rest = strbuf_span(lines);
    for (struct span line; span_take_line(&rest, &line);)
        texts_format(&check->problems, "%.*s", (int)line.len, line.at);
}

static void read_zones(struct check *check)
{
    const struct check_settings *settings = check->settings;
    unsigned kinds = settings->domain ? DNSBL_DOMAIN : DNSBL_IP4 | DNSBL_IP6;
    struct strbuf why = {0};
    if (dnsbl_read(&check->zones, zones_path(settings), &why) != 0)
        add_problems(check, &why);
    if (settings->zone.len > 0 &&
        dnsbl_zones_keep(&check->zones, &settings->zone, kinds, &why) != 0)
        texts_add(&check->problems, strbuf_text(&why));
    tell_dead(check);
    strbuf_clear(&why);
}

static const char *state_of(const struct dnsbl_zone *zone)
{
    return zone->dead       ? "dead"
           : zone->doubtful ? "doubtful"
           : zone->has_test ? "active"
                            : "untested";
}

static int show_zones(const struct check *check)
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
    return check->problems.len == 0 ? STATUS_OK : STATUS_UNKNOWN;
}

/* ---- subjects ---- */

/* What no list can know; NULL for others. 127.0.0.2 is what everybody tries a list with. */
static const char *nobodys(const struct addr *addr)
{
    static const struct {
        const char *network, *what;
    } networks[] = {{"0.0.0.0/8", "no host's address"},
                    {"10.0.0.0/8", "a private address"},
                    {"100.64.0.0/10", "a provider's private address"},
                    {"127.0.0.0/8", "a loopback address"},
                    {"169.254.0.0/16", "a link-local address"},
                    {"172.16.0.0/12", "a private address"},
                    {"192.168.0.0/16", "a private address"},
                    {"224.0.0.0/3", "no host's address"},
                    {"::/127", "a loopback address"},
                    {"fc00::/7", "a private address"},
                    {"fe80::/10", "a link-local address"},
                    {"ff00::/8", "no host's address"}};
    static const struct addr test_point = {{[10] = 0xff, 0xff, 127, 0, 0, 2}};
    if (memcmp(addr, &test_point, sizeof *addr) == 0)
        return NULL;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        struct prefix prefix;
        if (prefix_parse(span_text(networks[i].network), &prefix) && prefix_holds(&prefix, addr))
            return networks[i].what;
    }
    return NULL;
}

static void add_address(struct check *check, const struct addr *addr, const char *host)
{
    const char *what = nobodys(addr);
    char text[46];
    addr_format(addr, text);
    if (what == NULL)
        dnsbl_query_add(&check->query, text, addr);
    else if (host == NULL)
        texts_format(&check->problems, "%s is %s: no list knows it", text, what);
    else
        texts_format(&check->problems, "%s has %s, %s: no list knows it", host, text, what);
}

static bool has_domain_zones(const struct check *check)
{
    for (size_t i = 0; i < check->zones.zones.len; i++)
        if (check->zones.zones.at[i].kinds & DNSBL_DOMAIN)
            return true;
    return false;
}

static int left_ms(const struct check *check)
{
    int64_t left = check->start + (int64_t)check->settings->timeout * 1000 - clock_steady_ms();
    return left > 1 ? (int)left : 1;
}

/* The addresses of a host, by DNS alone: what /etc/hosts says is not what others see. */
static void add_host(struct check *check, const char *host)
{
    struct dns_batch batch = {0};
    struct strbuf why = {0};
    size_t found = 0;
    dns_batch_add(&batch, host, DNS_A);
    dns_batch_add(&batch, host, DNS_AAAA);
    int result = dns_batch_run(&batch, check->settings->resolvers, left_ms(check), 0, &why);
    for (size_t i = 0; i < batch.asks.len; i++) {
        const struct dns_ask *ask = &batch.asks.at[i];
        if (ask->result == DNS_NO_ANSWER)
            texts_format(&check->problems, "%s: its IPv%d addresses could not be told: %s", host,
                         ask->type == DNS_A ? 4 : 6, result != 0 ? strbuf_text(&why) : ask->why);
        found += ask->records.addrs.len + (ask->result == DNS_NO_ANSWER);
        for (size_t k = 0; k < ask->records.addrs.len; k++)
            add_address(check, &ask->records.addrs.at[k], host);
    }
    if (found == 0)
        texts_format(&check->problems, "%s has no address", host);
    else if (has_domain_zones(check))
        dnsbl_query_add(&check->query, host, NULL);
    dns_batch_clear(&batch);
    strbuf_clear(&why);
}

/* A top-level domain is never all digits: 192.0.2.300 is a slip of the pen, not a host. */
static bool is_host(const char *text)
{
    struct span name = span_text(text);
    const char *dot = name.len > 0 ? memrchr(name.at, '.', name.len) : NULL;
    struct span last = dot == NULL ? name : span_of(dot + 1, span_end(name));
    unsigned long long number;
    return dnsbl_is_name(name) && !span_number(last, &number);
}

static void add_operand(struct check *check, const char *text)
{
    struct addr addr;
    bool is_addr = addr_parse(span_text(text), &addr);
    if (is_addr && !check->settings->domain)
        add_address(check, &addr, NULL);
    else if (is_addr || !is_host(text))
        texts_format(&check->problems, "\"%s\" is no %s", text,
                     check->settings->domain ? "domain" : "address and no host name");
    else if (check->settings->domain)
        dnsbl_query_add(&check->query, text, NULL);
    else
        add_host(check, text);
}

/* ---- judging ---- */

/* Does it count that this list gave an answer or none? */
static bool counts(const struct dnsbl_answer *answer)
{
    return answer->state != DNSBL_NOT_ASKED &&
           !(answer->state == DNSBL_NO_ANSWER && answer->zone->doubtful);
}

static bool too_many(const struct check *check, const struct tally *tally)
{
    unsigned long long most;
    bool percent;
    unsigned unanswered = tally->asked - tally->answered;
    parse_most(check->settings->max_unanswered, &most, &percent);
    return percent ? (unsigned long long)unanswered * 100 > most * tally->asked : unanswered > most;
}

static enum status judge(const struct check *check, const struct tally *tally)
{
    if (tally->listings >= check->settings->critical)
        return STATUS_CRITICAL;
    if (tally->listings >= check->settings->warning)
        return STATUS_WARNING;
    return tally->answered == 0 || too_many(check, tally) ? STATUS_UNKNOWN : STATUS_OK;
}

static void add_tally(struct check *check, size_t subject)
{
    struct tally tally = {.listings = dnsbl_listings(&check->query, subject)};
    for (size_t i = 0; i < check->query.answers.len; i++) {
        const struct dnsbl_answer *answer = &check->query.answers.at[i];
        if (answer->subject != subject || !counts(answer))
            continue;
        tally.asked++;
        tally.answered += answer->state != DNSBL_NO_ANSWER;
        if (answer->reason.len > (tally.reason != NULL ? strlen(tally.reason) : 0))
            tally.reason = answer->reason.data;
    }
    tally.status = judge(check, &tally);
    *vec_add(&check->tallies) = tally;
}

static enum status worst(const struct check *check)
{
    enum status status =
        check->problems.len > 0 || check->tallies.len == 0 ? STATUS_UNKNOWN : STATUS_OK;
    for (size_t i = 0; i < check->tallies.len; i++)
        if (ranks[check->tallies.at[i].status] > ranks[status])
            status = check->tallies.at[i].status;
    return status;
}

/* ---- text ---- */

/* The only way out for a line: escaped, and without what ends Nagios' text. */
static void add_safe(struct strbuf *out, const struct strbuf *line)
{
    size_t start = out->len;
    text_escape(out, strbuf_span(line));
    for (size_t i = start; i < out->len; i++)
        if (out->data[i] == '|')
            out->data[i] = '/';
}

static void add_clause(struct strbuf *line, const struct dnsbl_subject *subject,
                       const struct tally *tally)
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
static void add_clauses(const struct check *check, struct strbuf *line, enum status status)
{
    const char *part = "";
    for (int first = 1; first >= 0; first--) {
        for (size_t i = 0; i < check->tallies.len; i++) {
            const struct tally *tally = &check->tallies.at[i];
            if ((tally->status == status) != (first == 1))
                continue;
            strbuf_add_text(line, part);
            add_clause(line, &check->query.subjects.at[i], tally);
            part = "; ";
        }
        for (size_t i = 0; i < check->problems.len; i++) {
            if ((status == STATUS_UNKNOWN) != (first == 1))
                continue;
            strbuf_format(line, "%s%s", part, check->problems.at[i]);
            part = "; ";
        }
    }
}

/* Thresholds are ranges to Nagios: outside 0..N alerts, so "from N on" is N-1. */
static void add_figures(const struct check *check, struct strbuf *out)
{
    unsigned listings = 0, asked = 0, unanswered = 0;
    for (size_t i = 0; i < check->tallies.len; i++) {
        const struct tally *tally = &check->tallies.at[i];
        listings = tally->listings > listings ? tally->listings : listings;
        asked += tally->asked;
        unanswered += tally->asked - tally->answered;
    }
    strbuf_format(out, "|listings=%u;%u;%u;0 asked=%u;;;0 unanswered=%u;;;0;%u time=%.3fs;;;0;%u",
                  listings, (unsigned)check->settings->warning - 1,
                  (unsigned)check->settings->critical - 1, asked, unanswered, asked,
                  (double)(clock_steady_ms() - check->start) / 1000,
                  (unsigned)check->settings->timeout);
}

static void add_detail(const struct check *check, const struct dnsbl_answer *answer,
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
    add_safe(out, &line);
    strbuf_clear(&line);
}

static void print_text(const struct check *check, enum status status)
{
    static const enum dnsbl_state told[] = {DNSBL_LISTED, DNSBL_NO_ANSWER};
    struct strbuf line = {0}, out = {0};
    strbuf_format(&line, "%s - ", status_names[status]);
    add_clauses(check, &line, status);
    add_safe(&out, &line);
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
        json_bool(json, "counted", counts(answer));
    }
    json_close(json, '}');
}

static void json_subject(struct json *json, const struct check *check, size_t subject)
{
    const struct tally *tally = &check->tallies.at[subject];
    json_open(json, NULL, '{');
    json_text(json, "subject", span_text(check->query.subjects.at[subject].name));
    json_text(json, "status", span_text(status_names[tally->status]));
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

static void print_json(const struct check *check, enum status status)
{
    struct strbuf out = {0};
    struct json json = {.out = &out};
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "status", span_text(status_names[status]));
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

static void ask(struct check *check, int operand_count, char **operands)
{
    struct strbuf why = {0};
    if (operand_count == 0)
        texts_add(&check->problems, "nothing to check: give an address or a host");
    for (int i = 0; i < operand_count; i++)
        add_operand(check, operands[i]);
    check->query.servers = check->settings->resolvers;
    check->query.deadline_ms = left_ms(check);
    if (check->query.subjects.len > 0 && dnsbl_run(&check->query, &check->zones, &why) != 0)
        texts_add(&check->problems, strbuf_text(&why));
    for (size_t i = 0; i < check->query.subjects.len; i++)
        add_tally(check, i);
    strbuf_clear(&why);
}

static int run(void *settings, const struct run *run)
{
    struct check check = {.settings = settings, .start = clock_steady_ms()};
    enum status status;
    read_zones(&check);
    if (check.settings->list) {
        status = show_zones(&check);
    } else {
        ask(&check, run->argc, run->argv);
        status = worst(&check);
        (check.settings->format == FORMAT_JSON ? print_json : print_text)(&check, status);
    }
    vec_clear(&check.tallies);
    texts_clear(&check.problems);
    dnsbl_query_clear(&check.query);
    dnsbl_zones_clear(&check.zones);
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
    {STATUS_OK, "OK: fewer listings than --warning."},
    {STATUS_WARNING, "WARNING: at least --warning listings."},
    {STATUS_CRITICAL, "CRITICAL: at least --critical listings."},
    {STATUS_UNKNOWN, "UNKNOWN: an operand or an option is wrong, or too many lists gave no "
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
    .refusal_status = STATUS_UNKNOWN,
    .files = "/etc/spamgear/dnsbl-zones, /usr/share/spamgear/dnsbl/zones: the lists; see "
             "docs/dnsbl.md for the format.",
    .flags = APPLET_NO_CHORES,
    .run = run,
};
