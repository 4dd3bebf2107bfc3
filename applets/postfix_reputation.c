/* postfix-reputation - tables for Postfix from what is known of senders and of phishing.
 *
 * Each table is written whole or not at all: when a case, a log or a list could not be read, the
 * old table stays, since a shorter one would let through what the longer one stopped.
 */
#include "shared/other.h"
#include "shared/react_section.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/spawn.h"
#include "spamgear/react/reputation.h"
#include "spamgear/store/cases.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct reputation {
    struct other_given log; /* period, limit and logs are ours */
    char *headers, *relay, *state;
    struct period recent;
    char *recipients, *action, *postmap;
    struct texts lists;
    int index;
    bool dry_run;
};

static const char *const index_names[] = {"none", "hash", "lmdb", "cdb", NULL};

/* ---- bad senders ---- */

static int add_case(struct cases *cases, int64_t id, int64_t since, struct texts *names,
                    struct strbuf *why)
{
    struct case_file file = {0};
    int result = cases_get(cases, id, &file, why);
    if (result == 1 && file.kind == SENDER_SASL && (file.closed == 0 || file.opened >= since))
        texts_add(names, file.account);
    if (result == 1)
        case_file_clear(&file);
    return result < 0 ? -1 : 0;
}

static int add_cases(const struct reputation *settings, struct texts *names, struct strbuf *why)
{
    struct case_numbers numbers = {0};
    if (!cases_exist(settings->state))
        return 0;
    struct cases *cases = cases_open(settings->state, why);
    if (cases == NULL)
        return -1;
    int result = cases_list(cases, false, NULL, 0, &numbers, why);
    for (size_t i = 0; i < numbers.len && result == 0; i++)
        result = add_case(cases, numbers.at[i], clock_now() - settings->recent.seconds, names, why);
    vec_clear(&numbers);
    cases_close(cases);
    return result;
}

/* Those over the limit in the log, as postfix-spam-check counts them. */
static int add_tallies(const struct reputation *settings, const struct run *call,
                       struct texts *names)
{
    struct report report;
    struct tally *tally = NULL;
    struct texts problems = {0};
    struct other other;
    int result = -1;
    if (settings->log.limit == 0)
        return 0;
    if (other_open(&other, "postfix-spam-check", &settings->log, call) == 0) {
        result = check_run(&other.check, &report, &tally, &problems);
        for (size_t i = 0; i < report.senders.len && result == 0; i++) {
            struct sender *sender = &report.senders.at[i].sender;
            if (report.senders.at[i].over && sender->kind == SENDER_SASL)
                texts_format(names, "%.*s", (int)sender->name.len, sender->name.at);
        }
        report_clear(&report);
        tally_free(tally);
    }
    if (problems.len > 0)
        result = -1;
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    texts_clear(&problems);
    other_close(&other);
    return result;
}

/* ---- the tables ---- */

/* 1: it was replaced. */
static int put(const struct reputation *settings, const char *path, const struct strbuf *text)
{
    struct strbuf why = {0};
    if (settings->dry_run) {
        printf("%s:\n%s", path, strbuf_text(text));
        return 0;
    }
    int result = reputation_write(path, strbuf_span(text), &why);
    if (result < 0)
        diag_error("%s: %s", path, strbuf_text(&why));
    else
        diag_info("%s: %s", path, result == 1 ? "written" : "as it was");
    strbuf_clear(&why);
    return result;
}

static void write_headers(const struct reputation *settings, const struct run *call)
{
    struct texts names = {0};
    struct strbuf hop = {0}, text = {0}, why = {0};
    if (settings->relay == NULL)
        diag_error("--header-checks needs --relay");
    else if (reputation_next_hop(settings->relay, &hop, &why) != 0 ||
             add_cases(settings, &names, &why) != 0)
        diag_error("%s: not written: %s", settings->headers, strbuf_text(&why));
    else if (add_tallies(settings, call, &names) != 0)
        diag_error("%s: not written: the log could not be read whole", settings->headers);
    else {
        reputation_headers(&names, strbuf_text(&hop), &text);
        put(settings, settings->headers, &text);
    }
    texts_clear(&names);
    strbuf_clear(&hop);
    strbuf_clear(&text);
    strbuf_clear(&why);
}

/* Postfix reads the index: made anew when the table is new, and after a run that was killed before
 * it was. */
static void make_index(const struct reputation *settings)
{
    const char *type = index_names[settings->index];
    struct strbuf table = {0}, output = {0}, why = {0};
    if (settings->index == 0 || settings->dry_run ||
        reputation_is_indexed(settings->recipients, type))
        return;
    strbuf_format(&table, "%s:%s", type, settings->recipients);
    const char *argv[] = {settings->postmap, strbuf_text(&table), NULL};
    int status = spawn_run(argv, SPAN(""), 60000, &output, &why);
    if (status > 0)
        strbuf_why(&why, "%s: ended with status %d", settings->postmap, status);
    if (status != 0)
        diag_error("%s: has no new index: %s", settings->recipients, strbuf_text(&why));
    if (status > 0)
        diag_error_lines(strbuf_text(&output));
    strbuf_clear(&table);
    strbuf_clear(&output);
    strbuf_clear(&why);
}

static void write_recipients(const struct reputation *settings)
{
    struct texts addresses = {0}, problems = {0};
    struct strbuf text = {0}, why = {0};
    int result = settings->lists.len > 0 ? 0 : strbuf_why(&why, "give the lists with --list");
    for (size_t i = 0; i < settings->lists.len && result == 0; i++)
        result = reputation_read_lists(settings->lists.at[i], &addresses, &problems, &why);
    for (size_t i = 0; i < problems.len; i++)
        diag_error("%s", problems.at[i]);
    if (result != 0) {
        diag_error("%s: not written: %s", settings->recipients, strbuf_text(&why));
    } else {
        reputation_access(&addresses, settings->action, &text);
        if (put(settings, settings->recipients, &text) >= 0)
            make_index(settings);
    }
    texts_clear(&addresses);
    texts_clear(&problems);
    strbuf_clear(&text);
    strbuf_clear(&why);
}

static int run(void *at, const struct run *call)
{
    struct reputation *settings = at;
    struct section_values values;
    const struct react_settings *react = react_section_read(&values, call->config);
    if (settings->state == NULL && react != NULL)
        settings->state = mem_text(react->state);
    section_clear(&values);
    if (settings->headers == NULL && settings->recipients == NULL)
        diag_error("give --header-checks FILE, --recipient-access FILE, or both");
    if (settings->headers != NULL && settings->state != NULL)
        write_headers(settings, call);
    if (settings->recipients != NULL)
        write_recipients(settings);
    return 0;
}

/* A table's line, and nothing that would end it. */
static int check_action(const char *value, void *field, struct strbuf *why)
{
    (void)field;
    for (const char *c = value; *c != '\0'; c++)
        if (*c < 32 || *c > 126)
            return strbuf_why(why, "holds what is no printable ASCII");
    return *value > ' ' ? 0 : strbuf_why(why, "is no action");
}

static const struct option options[] = {
    OPTION_TEXT(struct reputation, headers, "header-checks", 0, "FILE", NULL,
                "Write header_checks (pcre or regexp) that send the mail of bad senders through "
                "another server."),
    OPTION_TEXT(struct reputation, relay, "relay", 0, "HOST[:PORT]", NULL,
                "That server; an IPv6 address in brackets. Port 25 when none is given."),
    OPTION_PERIOD(struct reputation, recent, "recent", 0, "PERIOD", "30days",
                  "Senders are bad with an open case, or one opened within PERIOD."),
    OPTION_TEXT(struct reputation, state, "state", 0, "DIR", NULL,
                "Where the cases are, if not where `state` of section [react] says."),
    OPTION_COUNT(struct reputation, log.limit, "max-connections", 'm', "N", NULL, 1, UINT64_MAX,
                 "Also those with at least N messages in the log, counted as postfix-spam-check "
                 "is configured to. Without it no log is read."),
    OPTION_PERIOD(struct reputation, log.period, "period", 'p', "PERIOD", NULL,
                  "During the last PERIOD; postfix-spam-check's own by default."),
    OPTION_LIST(struct reputation, log.logs, "logs", 'l', "FILE|GLOB...",
                "In these logs instead of postfix-spam-check's own.", .flags = OPTION_GLOB_WORDS),
    OPTION_TEXT(struct reputation, recipients, "recipient-access", 0, "FILE", NULL,
                "Write an access table that refuses mail to known phishing reply addresses."),
    OPTION_LIST(struct reputation, lists, "list", 0, "FILE|DIR",
                "The addresses: a file, or all files of a folder. One a line, up to the first "
                "blank or comma; # begins a comment. Lines that hold no address are told and left "
                "out."),
    OPTION_TEXT(struct reputation, action, "action", 0, "TEXT",
                "REJECT this address collects passwords", "What stands behind each address.",
                .check = check_action),
    OPTION_CHOICE(struct reputation, index, "index", 0, "none|hash|lmdb|cdb", "none", index_names,
                  "Run postmap on the access table when its index is older."),
    OPTION_TEXT(struct reputation, postmap, "postmap", 0, "PROGRAM", "postmap", "That program."),
    OPTION_FLAG(struct reputation, dry_run, "dry-run", 'n',
                "Print the tables instead of writing them."),
    OPTION_END};

static const struct applet_example examples[] = {
    {"postfix-reputation --header-checks /etc/postfix/reputation --relay bulk.example.net:587",
     "Relay the mail of accounts with a case apart."},
    {"postfix-reputation --header-checks /etc/postfix/reputation --relay bulk.example.net -m 500 "
     "-p 1day",
     "And that of whoever sent 500 mails within a day."},
    {"postfix-reputation --recipient-access /etc/postfix/phishing --index lmdb "
     "--list /var/lib/phishing-lists",
     "Stop answers to phishing mails."},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "The tables are as they should be."},
    {2, "Trouble: a table could not be written, or a line of a list was left out."},
    {0, NULL}};

const struct applet postfix_reputation_applet = {
    .name = "postfix-reputation",
    .summary = "Write Postfix tables of bad senders and of phishing addresses",
    .description =
        "Writes header_checks that give the mail of senders with a bad reputation to a second "
        "server (FILTER smtp:[HOST]:PORT), so that the addresses of the first one keep theirs; "
        "and an access table that refuses mail to addresses that collect passwords.\n\n"
        "The first needs `smtpd_sasl_authenticated_header = yes` and `header_checks = "
        "pcre:FILE` (or regexp:FILE) in main.cf: senders are known by the line that Postfix "
        "writes into its own Received header. The second needs `check_recipient_access "
        "TYPE:FILE` in smtpd_recipient_restrictions, before permit_sasl_authenticated.\n\n"
        "A table is replaced as a whole, by renaming, and only when it would change; its times "
        "stay otherwise, so that Postfix reads nothing anew. When cases, logs or a list cannot be "
        "read, the old table stays.",
    .options = (const struct option *const[]){options, NULL},
    .settings_size = sizeof(struct reputation),
    .sections = (const struct section *const[]){&react_section, NULL},
    .examples = examples,
    .statuses = statuses,
    .run = run,
};
