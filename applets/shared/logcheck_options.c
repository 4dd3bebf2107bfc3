/* logcheck_options - the option rows of the log checkers. */
#include "logcheck.h"

#include "spamgear/base/clock.h"

static const char *const by_names[] = {"messages", "recipients", NULL};
static const char *const format_names[] = {"text", "json", "metrics", NULL};
static const char *const network_names[] = {"domain", "prefix", "asn", NULL};

int logcheck_parse_time(const char *value, void *field, struct strbuf *why)
{
    int64_t *time = field;
    if (!stamp_from_user(value, clock_now(), time))
        return strbuf_why(
            why, "\"%s\" is no time (2026-11-21 18:00, RFC 3339, @SECONDS, yesterday)", value);
    if (*time == 0)
        *time = 1; /* 0 is a time that was not given; no mail is so old */
    return 0;
}

static int check_bounds(const char *value, void *field, struct strbuf *why)
{
    unsigned long long networks, unknowns;
    const char *comma = strchr(value, ',');
    (void)field;
    if (comma != NULL && span_number(span_of(value, comma), &networks) &&
        span_number(span_text(comma + 1), &unknowns))
        return 0;
    return strbuf_why(why, "\"%s\" is not MAX_NETWORKS,MAX_UNKNOWNS (two numbers)", value);
}

const struct option logcheck_period_options[] = {
    OPTION_PERIOD(struct logcheck_settings, period, "period", 'p', "PERIOD", "1hour",
                  "Look at the last PERIOD: \"1hour\", \"30minutes\", \"2 days\", "
                  "\"1 hour 30 min\", or seconds."),
    OPTION_END};

const struct option logcheck_limit_options[] = {
    OPTION_COUNT(struct logcheck_settings, limit, "max-connections", 'm', "MAX_CONNECTIONS", "90",
                 1, UINT64_MAX, "Report senders with at least this many messages.",
                 .aliases = (const char *const[]){"limit", NULL}),
    OPTION_END};

const struct option logcheck_react_options[] = {
    OPTION_TEXT(struct logcheck_settings, disable, "disable-account", 'd',
                "MAX_NETWORKS,MAX_UNKNOWNS", NULL,
                "Disable senders who are over the message limit, came from more than MAX_NETWORKS "
                "networks and from more than MAX_UNKNOWNS addresses without a name. How, is said "
                "by section [react]: by default a local user's password is locked and the account "
                "expires. One mail goes out for each, `spamgear case` shows and undoes it. Lines "
                "of plain syslog are not enough unless trust-plain-logs is set; the report "
                "then says what would have been done.",
                .aliases = (const char *const[]){"dissable-account", "dissable-acount", NULL},
                .check = check_bounds),
    OPTION_MEMO(struct logcheck_settings, nis, "nis", 'n', "MASTER_SERVER",
                "With -d: disable the account on the NIS master MASTER_SERVER (default: "
                "nis-server of [react], else localhost) instead of here. When [react] names "
                "methods, those are used as well.",
                .aliases = (const char *const[]){"niss", NULL}),
    OPTION_FLAG(struct logcheck_settings, dry_run, "dry-run", 0,
                "With -d: show exactly what would be done, and do nothing."),
    OPTION_END};

const struct option logcheck_network_options[] = {
    OPTION_LIST(struct logcheck_settings, webmail, "webmail", 'w', "ADDRESSES",
                "Webmail addresses, IPv4 or IPv6, with or without /BITS, separated by commas. "
                "They count as webmail and are left out of networks and unknowns."),
    OPTION_CHOICE(struct logcheck_settings, networks, "networks", 0, "domain|prefix|asn", "domain",
                  network_names,
                  "What a network is: the registrable domain of the client's verified name, "
                  "else the address prefix; the prefix alone; or the AS number."),
    OPTION_COUNT(struct logcheck_settings, prefix4, "network-prefix4", 0, "BITS", "24", 1, 32,
                 "Bits of an IPv4 network.", .flags = OPTION_RARE),
    OPTION_COUNT(struct logcheck_settings, prefix6, "network-prefix6", 0, "BITS", "48", 1, 128,
                 "Bits of an IPv6 network.", .flags = OPTION_RARE),
    OPTION_TEXT(struct logcheck_settings, asn_database, "asn-database", 0, "FILE", NULL,
                "MaxMind DB file with AS numbers, for --networks asn.", .flags = OPTION_RARE),
    OPTION_COUNT(struct logcheck_settings, resolve_timeout, "resolve-timeout", 0, "SECONDS", "5", 0,
                 600,
                 "Ask DNS for the names of reported addresses no longer than this, where the log "
                 "has no names (Roundcube, Horde); 0 does not ask.",
                 .flags = OPTION_RARE),
    OPTION_TEXT(struct logcheck_settings, resolvers, "resolvers", 0, "SERVERS", NULL,
                "Name servers to ask, as ADDRESS[:PORT] separated by commas.",
                .flags = OPTION_RARE),
    OPTION_END};

const struct option logcheck_options[] = {
    OPTION_LIST(struct logcheck_settings, logs, "logs", 'l', "FILE|GLOB...",
                "Logs to read instead of the standard one; - is standard input. Packed logs "
                "(gzip, xz, zstd) are read too, and rotated predecessors join by themselves.",
                .aliases = (const char *const[]){"log", "file", NULL}, .flags = OPTION_GLOB_WORDS),
    OPTION_LIST(struct logcheck_settings, logs, "log-file", 'f', "FILE|GLOB...", "The same.",
                .flags = OPTION_GLOB_WORDS | OPTION_HIDDEN | OPTION_NO_CONFIG),
    OPTION_LIST(struct logcheck_settings, log_formats, "log-format", 0, "NAME",
                "Read the logs by this format instead of the applet's own: one of the config "
                "([format NAME]) or a built-in one; `spamgear log-format list` shows them.",
                .flags = OPTION_RARE),
    OPTION_FLAG(struct logcheck_settings, journal, "journal", 0, "Read the systemd journal."),
    OPTION_TEXT(struct logcheck_settings, journal_dir, "journal-dir", 0, "DIR", NULL,
                "Read the journal files in DIR.", .flags = OPTION_RARE),
    OPTION_TEXT(struct logcheck_settings, journal_file, "journal-file", 0, "FILE", NULL,
                "Read one journal file.", .flags = OPTION_RARE),
    OPTION_LIST(struct logcheck_settings, trusted_logs, "trusted-logs", 0, "GLOB",
                "Logs that only the mail server can write: their lines count as trusted.",
                .flags = OPTION_RARE),
    OPTION_TIME(struct logcheck_settings, since, "since", 0, "TIME",
                "Begin at TIME (2026-11-21 18:00, RFC 3339, @SECONDS, yesterday) instead of PERIOD "
                "ago.",
                logcheck_parse_time, .flags = OPTION_NO_CONFIG),
    OPTION_TIME(struct logcheck_settings, until, "until", 0, "TIME",
                "End at TIME; PERIOD then counts back from there.", logcheck_parse_time,
                .flags = OPTION_NO_CONFIG),
    OPTION_FLAG(struct logcheck_settings, full, "full", 0,
                "Read every byte, even of a log that is in order.", .flags = OPTION_RARE),
    OPTION_COUNT(struct logcheck_settings, slack, "slack", 0, "SECONDS", "120", 0, 86400,
                 "Disorder of lines in a log up to this is normal.", .flags = OPTION_RARE),
    OPTION_COUNT(struct logcheck_settings, threads, "threads", 0, "N", "0", 0, 16,
                 "Threads that parse; 0 takes two where the machine has them.",
                 .flags = OPTION_RARE),
    OPTION_LIST(struct logcheck_settings, overrides, "overrides", 0, "FILE",
                "More files of limits, a line is NAME COUNT [until YYYY-MM-DD].",
                .flags = OPTION_RARE),
    OPTION_CHOICE(struct logcheck_settings, by, "by", 0, "messages|recipients", "messages",
                  by_names, "What is compared with the limit."),
    OPTION_FLAG(struct logcheck_settings, all, "all", 0,
                "Show every sender, not only those over "
                "their limit."),
    OPTION_COUNT(struct logcheck_settings, top, "top", 0, "N", "0", 0, UINT32_MAX,
                 "Show the first N senders only; 0 shows all."),
    OPTION_CHOICE(struct logcheck_settings, format, "format", 0, "text|json|metrics", "text",
                  format_names, "Text, NDJSON (an object a sender), or Prometheus metrics."),
    OPTION_TEXT(struct logcheck_settings, output, "output", 'o', "FILE", NULL,
                "Write the report to FILE, which is replaced in one step."),
    OPTION_FLAG(struct logcheck_settings, exit_code, "exit-code", 0,
                "End with status 1 when somebody is over a limit."),
    OPTION_END};

const struct applet_status logcheck_statuses[] = {
    {0, "Done, with or without a report (so that cron lines can chain with &&)."},
    {1, "With --exit-code: somebody is over a limit."},
    {2, "Trouble: something could not be read or understood; what could be is reported."},
    {0, NULL}};

const char logcheck_files[] =
    "/etc/spamgear/spamgear.conf and /etc/spamgear/conf.d/*.conf hold the settings. Limits of "
    "single senders stand in section [limits], in [limits APPLET], or in /etc/spamgear/overrides "
    "and /etc/spamgear/APPLET.overrides (old names of the applet too): a line is NAME COUNT, "
    "optionally followed by \"until YYYY-MM-DD\". Section [allow] lists addresses = ... that are "
    "left out of networks and unknowns.";
