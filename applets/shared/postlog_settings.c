/* postlog_settings - rows, and what an INI file of postlog-sa says instead of them. */
#include "postlog_settings.h"

#include "react_section.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/text.h"
#include "spamgear/log/source.h"
#include <ctype.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const format_names[] = {"text", "json", NULL};

const struct option postlog_options[] = {
    OPTION_TEXT(struct postlog_settings, ini, "ini", 'C', "FILE", NULL,
                "Read the configuration of postlog-sa in FILE: [tail] file, [db], [sql] query, "
                "[log]. What it says goes before what stands in spamgear.conf."),
    OPTION_COUNT(
        struct postlog_settings, verbosity, "verbosity", 'v', "LEVEL", "5", 0, 7,
        "Say what is as grave as LEVEL on standard error: 0 nothing, 3 errors, 4 warnings, "
        "5 notices, 6 each spam message, 7 all."),
    OPTION_FLAG(struct postlog_settings, once, "once", 0,
                "Read what is there since the last time, and end.", .flags = OPTION_NO_CONFIG),
    OPTION_LIST(struct postlog_settings, replay, "replay", 0, "FILE...",
                "Work through old logs, packed ones too, and end. Nothing of it touches the state "
                "of the daemon, and nobody is acted upon.",
                .flags = OPTION_NO_CONFIG | OPTION_GLOB_WORDS),
    OPTION_LIST(
        struct postlog_settings, logs, "logs", 'l', "FILE",
        "Follow these logs, which need not be there yet; their rotated parts are part of them. "
        "Without it: /var/log/mail.log or /var/log/maillog, else the journal.",
        .flags = OPTION_GLOB_WORDS),
    OPTION_FLAG(struct postlog_settings, journal, "journal", 0, "Follow the systemd journal."),
    OPTION_TEXT(struct postlog_settings, journal_dir, "journal-dir", 0, "DIR", NULL,
                "Follow the journal files in DIR.", .flags = OPTION_RARE),
    OPTION_TEXT(struct postlog_settings, journal_file, "journal-file", 0, "FILE", NULL,
                "Follow one journal file.", .flags = OPTION_RARE),
    OPTION_LIST(struct postlog_settings, trusted_logs, "trusted-logs", 0, "GLOB",
                "Logs that only the mail server can write: their lines count as trusted.",
                .flags = OPTION_RARE),
    OPTION_LIST(
        struct postlog_settings, own_networks, "own-networks", 0, "ADDRESSES",
        "Addresses, with or without /BITS, that are never listed as clients; loopback never "
        "is."),
    OPTION_LIST(struct postlog_settings, webmail, "webmail", 'w', "ADDRESSES",
                "Addresses of webmail servers, which are never listed either."),
    OPTION_LIST(struct postlog_settings, filter_relays, "filter-relays", 0, "RELAY",
                "Content filters that hand messages back, by address, name or the word behind "
                "relay=: only from them `queued as ID` joins two messages. Without it: loopback."),
    OPTION_PERIOD(struct postlog_settings, wait, "wait", 0, "PERIOD", "30sec",
                  "Wait for late lines of a message so long behind its verdict.",
                  .flags = OPTION_RARE),
    OPTION_COUNT(struct postlog_settings, threads_max, "threads-max", 0, "N", "100000", 100,
                 10000000,
                 "Messages under way that are remembered; of more the oldest is given up.",
                 .flags = OPTION_RARE),
    OPTION_PERIOD(struct postlog_settings, age, "threads-age", 0, "PERIOD", "6 days",
                  "Give up messages that have been under way for longer.", .flags = OPTION_RARE),
    OPTION_TEXT(struct postlog_settings, log, "log", 0, "FILE", NULL,
                "The daemon's own log, with a line for each spam message."),
    OPTION_COUNT(struct postlog_settings, level, "level", 0, "LEVEL", "6", 0, 7,
                 "What is written to it, as with verbosity."),
    OPTION_TEXT(struct postlog_settings, state, "state", 0, "DIR", NULL,
                "The folder of the embedded database, instead of that of [store]."),
    OPTION_TEXT(
        struct postlog_settings, socket, "socket", 0, "FILE", POSTLOG_SOCKET,
        "Where the daemon tells how it is: `postlog status` and Prometheus ask there. Empty: "
        "nowhere."),
    OPTION_TEXT(struct postlog_settings, listen, "listen", 0, "ADDRESS:PORT", NULL,
                "The same for Prometheus on a loopback address, such as 127.0.0.1:9199."),
    OPTION_TEXT(struct postlog_settings, textfile, "metrics-file", 0, "FILE", NULL,
                "Write the metrics into FILE, for the textfile collector of node_exporter."),
    OPTION_PERIOD(struct postlog_settings, interval, "metrics-interval", 0, "PERIOD", "15sec",
                  "How often.", .flags = OPTION_RARE),
    OPTION_FLAG(struct postlog_settings, dry_run, "dry-run", 0,
                "Act upon nobody: tell what would be done. The policy service answers DUNNO."),
    OPTION_FLAG(struct postlog_settings, check, "check", 0,
                "Look whether the configuration is sound, and end.",
                .flags = OPTION_NO_CONFIG | OPTION_RARE),
    OPTION_CHOICE(struct postlog_settings, format, "format", 0, "text|json", "text", format_names,
                  "How `status` prints."),
    OPTION_END};

/* ---- the INI file ---- */

static const char *const ini_places[] = {"/etc/postlog-sa/postlog-sa.ini",
                                         "/etc/spam-bug/spam-bug.ini", NULL};

/* Who calls it by the old name has the old file; but a configuration that was named is all there
 * is. */
static const char *find_ini(const struct postlog_settings *settings, const struct run *run)
{
    if (settings->ini != NULL || run->config_path != NULL ||
        strcmp(run->called, run->applet->name) == 0)
        return settings->ini;
    for (const char *const *place = ini_places; *place != NULL; place++)
        if (access(*place, F_OK) == 0)
            return *place;
    return NULL;
}

static const struct {
    const char *section, *key;
} ini_keys[] = {{"tail", "file"}, {"db", "user"},  {"db", "pass"},    {"db", "host"},
                {"db", "port"},   {"db", "name"},  {"db", "charset"}, {"db", "zone"},
                {"sql", "query"}, {"log", "file"}, {"log", "level"}};
#define INI_KEYS (sizeof ini_keys / sizeof *ini_keys)

/* The library that it was read with passed over them in silence. */
static void tell_unknown(struct postlog_plan *plan)
{
    for (size_t i = 0; i < plan->ini.entries.len; i++) {
        const struct config_entry *entry = &plan->ini.entries.at[i];
        struct text_near near = {.typed = entry->key};
        bool known = false;
        for (size_t k = 0; k < INI_KEYS; k++) {
            bool here = strcmp(ini_keys[k].section, entry->section) == 0;
            known |= here && strcmp(ini_keys[k].key, entry->key) == 0;
            if (here)
                text_near_try(&near, ini_keys[k].key);
        }
        if (!known)
            texts_format(&plan->remarks, "%s:%u: [%s] %s is no setting of postlog-sa%s%s",
                         entry->file, entry->line, entry->section, entry->key,
                         near.best != NULL ? "; did you mean " : "",
                         near.best != NULL ? near.best : "");
    }
}

/* What the INI file says goes before spamgear.conf, and the command line before both. */
static bool is_typed(const struct run *run, const char *name)
{
    return run->words != NULL && option_last(run->words, name) != NULL;
}

/* A value of the INI file; NULL when it is not there or empty. */
static const struct config_entry *ini_entry(const struct postlog_plan *plan, const char *section,
                                            const char *key)
{
    const struct config_entry *entry = config_find(&plan->ini, section, key);
    return entry != NULL && *entry->value != '\0' ? entry : NULL;
}

static const char *ini_value(const struct postlog_plan *plan, const char *section, const char *key)
{
    const struct config_entry *entry = ini_entry(plan, section, key);
    return entry != NULL ? entry->value : NULL;
}

static bool ini_number(const struct postlog_plan *plan, const char *section, const char *key,
                       unsigned long long most, unsigned long long *number, struct texts *problems)
{
    const struct config_entry *entry = ini_entry(plan, section, key);
    if (entry == NULL)
        return false;
    if (span_number(span_text(entry->value), number) && *number <= most)
        return true;
    texts_format(problems, "%s:%u: %s: \"%s\" is no number up to %llu", entry->file, entry->line,
                 key, entry->value, most);
    return false;
}

static void add_encoded(struct strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || strchr("-._~", c) != NULL)
            strbuf_add_char(out, (char)c);
        else
            strbuf_format(out, "%%%02X", c);
    }
}

static void make_url(const struct postlog_plan *plan, struct strbuf *url, struct texts *problems)
{
    const char *host = ini_value(plan, "db", "host");
    unsigned long long port;
    bool has_port = ini_number(plan, "db", "port", 65535, &port, problems) && port > 0;
    bool is_socket = host != NULL && *host == '/';
    strbuf_add_text(url, "mysql://");
    add_encoded(url, ini_value(plan, "db", "user"));
    strbuf_add_char(url, '@');
    if (!is_socket)
        strbuf_format(url, strchr(host != NULL ? host : "", ':') != NULL ? "[%s]" : "%s",
                      host != NULL ? host : "127.0.0.1");
    if (!is_socket && has_port)
        strbuf_format(url, ":%llu", port);
    strbuf_add_char(url, '/');
    add_encoded(url, ini_value(plan, "db", "name"));
    if (is_socket) {
        strbuf_add_text(url, "?socket=");
        strbuf_add_text(url, host);
    }
}

static bool has_database(const struct postlog_plan *plan)
{
    for (size_t k = 0; k < INI_KEYS; k++)
        if (strcmp(ini_keys[k].section, "db") == 0 && ini_entry(plan, "db", ini_keys[k].key))
            return true;
    return false;
}

static bool is_utc(struct postlog_plan *plan)
{
    const struct config_entry *zone = ini_entry(plan, "db", "zone");
    if (zone == NULL || strcmp(zone->value, "Local") == 0)
        return false;
    if (strcmp(zone->value, "UTC") != 0)
        texts_format(&plan->remarks,
                     "%s:%u: zone: %s: times are written in local time (Local) or UTC; the "
                     "machine's local time is taken",
                     zone->file, zone->line, zone->value);
    return strcmp(zone->value, "UTC") == 0;
}

static void read_charset(struct postlog_plan *plan)
{
    const struct config_entry *entry = ini_entry(plan, "db", "charset");
    if (entry != NULL && strncmp(entry->value, "utf8", 4) != 0)
        texts_format(&plan->remarks, "%s:%u: charset: %s: utf8mb4 is spoken", entry->file,
                     entry->line, entry->value);
}

static void read_database(struct postlog_plan *plan, struct texts *problems)
{
    struct strbuf url = {0};
    const char *query = ini_value(plan, "sql", "query"), *file = plan->set->ini;
    if (!has_database(plan)) {
        if (query != NULL && !plan->store.feeds)
            texts_format(&plan->remarks, "%s: there is a query, but no [db] for it",
                         file != NULL ? file : "[sql]");
        return;
    }
    if (ini_value(plan, "db", "user") == NULL)
        texts_add(problems, "[db] user: a database needs a user's name");
    if (ini_value(plan, "db", "name") == NULL)
        texts_add(problems, "[db] name: which database is not said");
    if (ini_value(plan, "db", "user") == NULL || ini_value(plan, "db", "name") == NULL)
        return;
    make_url(plan, &url, problems);
    read_charset(plan);
    store_config_use(&plan->store, strbuf_text(&url), ini_value(plan, "db", "pass"), query,
                     is_utc(plan), problems);
    strbuf_clear(&url);
}

static void read_ini_log(struct postlog_plan *plan, const struct run *run, struct texts *problems)
{
    const struct config_entry *file = is_typed(run, "log") ? NULL : ini_entry(plan, "log", "file");
    struct stat st;
    unsigned long long level;
    if (file != NULL && stat(file->value, &st) == 0 && S_ISDIR(st.st_mode))
        texts_format(&plan->remarks, "%s:%u: file: %s is a folder: nothing is logged", file->file,
                     file->line, file->value);
    else if (file != NULL)
        plan->log = file->value;
    if (is_typed(run, "level"))
        return;
    if (ini_number(plan, "log", "level", 7, &level, problems))
        plan->level = (int)level;
    else if (file != NULL)
        plan->level = 0; /* postlog-sa logs nothing without a level */
}

static void warn_of_password(struct postlog_plan *plan, const char *path)
{
    struct stat st;
    if (ini_value(plan, "db", "pass") != NULL && stat(path, &st) == 0 && (st.st_mode & S_IROTH))
        texts_format(&plan->remarks, "%s: holds a password, and everybody may read it (chmod o-r)",
                     path);
}

static void read_ini(struct postlog_plan *plan, const char *path, const struct run *run,
                     struct texts *problems)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        texts_format(problems, "%s: is a folder; name the file", path);
        return;
    }
    config_read_ini(&plan->ini, path);
    for (size_t i = 0; i < plan->ini.problems.len; i++)
        texts_add(problems, plan->ini.problems.at[i]);
    tell_unknown(plan);
    warn_of_password(plan, path);
    read_database(plan, problems);
    read_ini_log(plan, run, problems);
    if (!is_typed(run, "logs") && ini_value(plan, "tail", "file") != NULL)
        texts_add(&plan->logs, ini_value(plan, "tail", "file"));
}

/* ---- what is followed ---- */

static void find_logs(struct postlog_plan *plan)
{
    static const char *const places[] = {"/var/log/mail.log", "/var/log/maillog", NULL};
    const struct postlog_settings *set = plan->set;
    if (plan->logs.len == 0)
        source_growing(&set->logs, &plan->logs);
    if (plan->logs.len > 0 || set->journal || set->journal_dir || set->journal_file)
        return;
    for (const char *const *place = places; *place != NULL && plan->logs.len == 0; place++)
        if (access(*place, F_OK) == 0)
            texts_add(&plan->logs, *place);
    bool has_journal =
        access("/run/log/journal", F_OK) == 0 || access("/var/log/journal", F_OK) == 0;
    if (plan->logs.len == 0 && !has_journal) /* it may come */
        texts_add(&plan->logs, places[0]);
}

/* ---- addresses ---- */

static void read_prefixes(struct postlog_prefixes *list, const struct texts *words,
                          const char *what, struct texts *problems)
{
    struct prefix prefix;
    for (size_t i = 0; i < words->len; i++) {
        const char *text = words->at[i];
        struct span word;
        for (int result; (result = prefix_take(&text, &word, &prefix)) != 0;) {
            if (result > 0)
                *vec_add(list) = prefix;
            else
                texts_format(problems, "%s: %.*s is not an IP address", what, (int)word.len,
                             word.at);
        }
    }
}

static void read_relays(struct postlog_plan *plan)
{
    static const char *const loopback[] = {"127.0.0.0/8", "::1"};
    const struct texts *relays = &plan->set->filter_relays;
    struct prefix prefix;
    for (size_t i = 0; i < relays->len; i++) {
        if (prefix_parse(span_text(relays->at[i]), &prefix))
            *vec_add(&plan->relays) = prefix;
        else
            texts_add(&plan->relay_names, relays->at[i]);
    }
    for (size_t i = 0; i < 2 && relays->len == 0; i++)
        if (prefix_parse(span_text(loopback[i]), &prefix))
            *vec_add(&plan->relays) = prefix;
}

/* Who is listed for spam of so many days is so by rows that are there. */
static void keep_listed(struct postlog_plan *plan)
{
    for (int i = 0; i < LISTING_KINDS; i++) {
        const struct listing_rule *rule = &plan->listing.listing.rules[i];
        if (rule->on && rule->days * 86400 > plan->store.keep_s)
            plan->store.keep_s = plan->store.feeder.keep_s = rule->days * 86400;
    }
}

/* Where rows go and who is listed: the part that other applets ask for as well. */
static void read_store(struct postlog_plan *plan, const struct run *run, struct texts *problems)
{
    const struct postlog_settings *settings = plan->set;
    store_config_read(&plan->store, run->config, problems);
    const char *ini = find_ini(settings, run);
    if (ini != NULL)
        read_ini(plan, ini, run, problems);
    if (settings->state != NULL)
        plan->store.state = plan->store.feeder.state_folder = settings->state;
    listing_config_read(&plan->listing, run->config, plan->store.state, problems);
    keep_listed(plan);
}

void postlog_plan_read(struct postlog_plan *plan, const struct postlog_settings *settings,
                       const struct run *run, struct texts *problems)
{
    *plan = (struct postlog_plan){.set = settings,
                                  .log = settings->log,
                                  .level = (int)settings->level,
                                  .console = (int)settings->verbosity};
    if (diag_is_verbose() && plan->console < 6)
        plan->console = 6;
    policy_config_read(&plan->policy, run, problems);
    plan->cases = react_section_settings(&plan->react, run->config, problems)->state;
    read_store(plan, run, problems);
    find_logs(plan);
    read_prefixes(&plan->own, &settings->own_networks, "own-networks", problems);
    read_prefixes(&plan->own, &settings->webmail, "webmail", problems);
    read_relays(plan);
}

void postlog_plan_clear(struct postlog_plan *plan)
{
    texts_clear(&plan->logs);
    vec_clear(&plan->own);
    vec_clear(&plan->relays);
    texts_clear(&plan->relay_names);
    texts_clear(&plan->remarks);
    listing_config_clear(&plan->listing);
    policy_config_clear(&plan->policy);
    section_clear(&plan->react);
    store_config_clear(&plan->store);
    config_clear(&plan->ini);
}

/* ---- for others ---- */

void postlog_given_read(struct postlog_given *given, const struct run *run, const char *ini,
                        struct texts *problems)
{
    settings_init(&given->settings, applet_find(run->all, "postlog", NULL), problems);
    settings_apply(&given->settings, run->config, run->all, problems);
    struct postlog_settings *own = given->settings.own;
    if (ini != NULL) {
        free(own->ini);
        own->ini = mem_text(ini);
    }
    given->plan = (struct postlog_plan){.set = own};
    read_store(&given->plan, run, problems);
    for (size_t i = 0; i < given->plan.remarks.len; i++)
        diag_warn("%s", given->plan.remarks.at[i]);
}

void postlog_given_clear(struct postlog_given *given)
{
    postlog_plan_clear(&given->plan);
    settings_clear(&given->settings);
}
