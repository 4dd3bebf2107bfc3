/* mail_section - the rows of [mail] and [emergency], and the old emergency-settings. */
#include "mail_section.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OLD_FILE    SPAMGEAR_CONFIG_DIR "/emergency-settings"
#define OLD_SECTION "emergency-settings"
#define TLS_HELP                                                                                   \
    "required: send nothing without TLS and a certificate that fits. opportunistic: TLS where it " \
    "is offered, with any certificate."

struct mail_rows {
    struct texts smtp, to;
    char *user, *password_file, *ca_file, *hello, *from, *spool;
    int tls;
    bool tls12;
    struct period timeout, spool_age, quiet;
    uint64_t spool_tries, spool_max;
    char *sendmail; /* [mail] alone */
};

struct emergency_rows {
    struct mail_rows mail; /* first: both sections have its rows */
    uint64_t threshold;
    char *name, *settings;
    char *queue_server, *postfix_config, *postfix_spool, *exim_spool;
    struct texts queue_command;
};

static const char *const tls_names[] = {"required", "opportunistic", "off", NULL};

static int check_server(const char *value, void *field, struct strbuf *why)
{
    struct smtp_server server = {0};
    (void)field;
    if (strchr(value, '@') != NULL && strstr(value, "://") == NULL)
        return 0; /* who gets mail through the server before it */
    int result = smtp_server_parse(&server, value, why);
    smtp_server_clear(&server);
    return result;
}

static int check_address(const char *value, void *field, struct strbuf *why)
{
    char *address = message_address(span_text(value));
    (void)field;
    int result = address != NULL ? 0 : strbuf_why(why, "\"%s\" is no mail address", value);
    free(address);
    return result;
}

static int check_hello(const char *value, void *field, struct strbuf *why)
{
    (void)field;
    return smtp_is_hello(value) ? 0 : strbuf_why(why, "\"%s\" is no host name", value);
}

static const struct option both_rows[] = {
    OPTION_LIST(struct mail_rows, smtp, "smtp", 0, "SERVER",
                "Send through SERVER: smtp://HOST[:PORT] (STARTTLS, port 25), smtps://HOST[:PORT] "
                "(TLS from the first byte, port 465). Addresses that follow it are all that this "
                "server gets; without any it gets everybody.",
                .check = check_server),
    OPTION_TEXT(struct mail_rows, user, "user", 0, "USER", NULL,
                "Log in to the servers. Needs TLS and password-file."),
    OPTION_TEXT(struct mail_rows, password_file, "password-file", 0, "FILE", NULL,
                "The password, in a file that its owner alone may read."),
    OPTION_TEXT(struct mail_rows, ca_file, "ca-file", 0, "FILE", NULL,
                "Trust the certification authorities in FILE (PEM), and no others."),
    OPTION_TEXT(struct mail_rows, hello, "hello", 0, "NAME", NULL,
                "The name in EHLO. Without it: this host's name; DNS is not asked.",
                .check = check_hello),
    OPTION_FLAG(struct mail_rows, tls12, "tls12", 0,
                "Do not offer TLS 1.3, for servers that mishandle it."),
    OPTION_TEXT(struct mail_rows, from, "from", 0, "ADDRESS", NULL,
                "The sender. Without it: spamgear@HOST.", .check = check_address),
    OPTION_LIST(struct mail_rows, to, "to", 0, "ADDRESS", "Who gets mail for the administrator.",
                .check = check_address),
    OPTION_PERIOD(struct mail_rows, timeout, "timeout", 0, "PERIOD", "60s",
                  "One delivery takes this long at most."),
    OPTION_TEXT(struct mail_rows, spool, "spool", 0, "DIR", MAIL_SPOOL,
                "Keep what could not be sent in DIR, and let the next run of any command send it. "
                "Empty: keep nothing."),
    OPTION_PERIOD(struct mail_rows, spool_age, "spool-age", 0, "PERIOD", "5 days",
                  "Give up mails that are older; they are kept in DIR/failed."),
    OPTION_COUNT(struct mail_rows, spool_tries, "spool-tries", 0, "N", "50", 1, 10000,
                 "Give up mails that N attempts could not send."),
    OPTION_COUNT(struct mail_rows, spool_max, "spool-max", 0, "N", "1000", 1, 100000,
                 "Keep at most N mails."),
    OPTION_PERIOD(struct mail_rows, quiet, "quiet", 0, "PERIOD", "6 hours",
                  "Do not send somebody the same report again within PERIOD."),
    OPTION_END};

static const struct option mail_rows[] = {
    OPTION_CHOICE(struct mail_rows, tls, "tls", 0, "required|opportunistic|off", "required",
                  tls_names, TLS_HELP),
    OPTION_TEXT(struct mail_rows, sendmail, "sendmail", 0, "PROGRAM", "/usr/sbin/sendmail",
                "What sends mail when no server is named."),
    OPTION_END};

static const struct option emergency_rows[] = {
    OPTION_CHOICE(struct emergency_rows, mail.tls, "tls", 0, "required|opportunistic|off",
                  "opportunistic", tls_names, TLS_HELP),
    OPTION_COUNT(struct emergency_rows, threshold, "threshold", 0, "N", NULL, 0, UINT32_MAX,
                 "The queue is jammed when it holds more than N messages. Without it: what the "
                 "old settings file says, or 3000."),
    OPTION_TEXT(struct emergency_rows, name, "name", 0, "NAME", NULL,
                "The name of this host in the subject."),
    OPTION_TEXT(
        struct emergency_rows, settings, "settings", 0, "FILE", NULL,
        "The old emergency-settings file, for what this section does not say. Without it: " OLD_FILE
        ", when it is there."),
    OPTION_TEXT(struct emergency_rows, queue_server, "mail-server", 0, "postfix|exim", NULL,
                "Whose queue is counted. Without it: what is found here."),
    OPTION_TEXT(struct emergency_rows, postfix_config, "postfix-config", 0, "DIR", NULL,
                "Where Postfix has its main.cf."),
    OPTION_TEXT(struct emergency_rows, postfix_spool, "postfix-spool", 0, "DIR", NULL,
                "Where Postfix has its queue."),
    OPTION_TEXT(struct emergency_rows, exim_spool, "exim-spool", 0, "DIR", NULL,
                "Where Exim has its queue."),
    OPTION_LIST(struct emergency_rows, queue_command, "queue-command", 0, "WORDS",
                "A command that prints how many messages are queued; no shell is used."),
    OPTION_END};

const struct section mail_section = {"mail", "how mail is sent",
                                     (const struct option *const[]){both_rows, mail_rows, NULL},
                                     sizeof(struct mail_rows)};

const struct section emergency_section = {
    "emergency", "who gets mail when the local queue is jammed, and through which servers",
    (const struct option *const[]){both_rows, emergency_rows, NULL}, sizeof(struct emergency_rows)};

/* ---- as plain data ---- */

static void fill(struct mail_settings *mail, const struct mail_rows *rows, const char *route)
{
    *mail = (struct mail_settings){.route = route,
                                   .smtp = rows->smtp,
                                   .sendmail = rows->sendmail,
                                   .user = rows->user,
                                   .password_file = rows->password_file,
                                   .ca_file = rows->ca_file,
                                   .tls = rows->tls,
                                   .tls12 = rows->tls12,
                                   .from = rows->from,
                                   .to = rows->to,
                                   .timeout_s = rows->timeout.seconds,
                                   .spool = rows->spool,
                                   .spool_age_s = rows->spool_age.seconds,
                                   .spool_tries = rows->spool_tries,
                                   .spool_max = rows->spool_max,
                                   .quiet_s = rows->quiet.seconds};
    if (rows->hello != NULL && smtp_is_hello(rows->hello))
        mail->hello = rows->hello; /* a wrong one keeps no mail back */
    if (mail->timeout_s > 3600)
        mail->timeout_s = 3600;
}

void mail_section_read(struct mail_config *own, const struct config *config, struct texts *problems)
{
    section_read(&own->values, &mail_section, config, problems);
    fill(&own->mail, own->values.own, "mail");
}

void mail_section_clear(struct mail_config *own)
{
    section_clear(&own->values);
}

/* ---- [emergency] ---- */

/* The shipped example takes the name from a command. That is what we take without a name. */
static bool is_host_name(const char *problem)
{
    return strstr(problem, ": EMERGENCY_SERVER_NAME: $ is not expanded here") != NULL;
}

static void read_old(struct emergency_config *own, const char *path, struct texts *problems)
{
    config_read_shell(&own->old, path, OLD_SECTION);
    for (size_t i = 0; i < own->old.problems.len; i++)
        if (!is_host_name(own->old.problems.at[i]))
            texts_add(problems, own->old.problems.at[i]);
}

static const struct config_entry *old_entry(const struct emergency_config *own, const char *key)
{
    const struct config_entry *entry = config_find(&own->old, OLD_SECTION, key);
    return entry != NULL && *entry->value != '\0' ? entry : NULL;
}

static void take_old_threshold(struct emergency_config *own, struct texts *problems)
{
    static const char *const keys[] = {"EMERGENCY_THRESHOLD", "EMERGENCY_TRESHOLD"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct config_entry *entry = old_entry(own, keys[i]);
        unsigned long long number;
        if (entry == NULL)
            continue;
        if (span_number(span_text(entry->value), &number) && number <= UINT32_MAX) {
            own->threshold = number;
            return;
        }
        texts_format(problems, "%s:%u: %s: \"%s\" is no number", entry->file, entry->line,
                     entry->key, entry->value);
    }
}

static void take_old(struct emergency_config *own, const struct emergency_rows *rows,
                     bool says_threshold, struct texts *problems)
{
    const struct config_entry *name = old_entry(own, "EMERGENCY_SERVER_NAME"),
                              *from = old_entry(own, "EMERGENCY_MAIL_FROM"),
                              *to = old_entry(own, "EMERGENCY_MAIL_TO");
    struct strbuf why = {0};
    if (!says_threshold)
        take_old_threshold(own, problems);
    if (rows->name == NULL && name != NULL)
        own->name = name->value;
    if (rows->mail.from == NULL && from != NULL)
        own->mail.from = from->value;
    if (rows->mail.smtp.len == 0 && to != NULL) {
        if (mail_old_recipients(&own->smtp, span_text(to->value), &why) != 0)
            texts_format(problems, "%s:%u: %s: %s", to->file, to->line, to->key, strbuf_text(&why));
        own->mail.smtp = own->smtp;
    }
    strbuf_clear(&why);
}

static const char *find_old(const struct emergency_rows *rows, const char *config_path,
                            const char *old_path)
{
    if (old_path != NULL || rows->settings != NULL)
        return old_path != NULL ? old_path : rows->settings;
    return config_path == NULL && access(OLD_FILE, F_OK) == 0 ? OLD_FILE : NULL;
}

void emergency_section_read(struct emergency_config *own, const struct config *config,
                            const char *config_path, const char *old_path, struct texts *problems)
{
    *own = (struct emergency_config){.threshold = 3000, .name = message_host()};
    section_read(&own->values, &emergency_section, config, problems);
    const struct emergency_rows *rows = own->values.own;
    bool says_threshold = config_find(config, "emergency", "threshold") != NULL;
    fill(&own->mail, &rows->mail, "emergency");
    if (says_threshold)
        own->threshold = rows->threshold;
    if (rows->name != NULL)
        own->name = rows->name;
    own->queue = (struct mailq_settings){.server = rows->queue_server,
                                         .postfix_config = rows->postfix_config,
                                         .postfix_spool = rows->postfix_spool,
                                         .exim_spool = rows->exim_spool,
                                         .command = &rows->queue_command,
                                         .deadline_ms = 30000};
    const char *path = find_old(rows, config_path, old_path);
    if (path != NULL) {
        read_old(own, path, problems);
        take_old(own, rows, says_threshold, problems);
    }
}

void emergency_section_clear(struct emergency_config *own)
{
    section_clear(&own->values);
    config_clear(&own->old);
    texts_clear(&own->smtp);
}
