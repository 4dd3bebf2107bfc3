/* policy_section - the rows of [policy], and whose limits are others. */
#include "policy_section.h"

#include "spamgear/net/serve.h"
#include <string.h>
#include <unistd.h>

#define OVERRIDES SPAMGEAR_CONFIG_DIR "/overrides"

struct policy_rows {
    struct texts listen, own, overrides;
    char *mode, *group, *action, *case_action;
    uint64_t messages, recipients;
    struct period period;
    bool hosts, dry_run;
};

static int check_action(const char *value, void *field, struct strbuf *why)
{
    (void)field;
    return policy_check_action(value, why);
}

/* Octal, as chmod has it; 0 when it is none. */
static unsigned mode_of(const char *text)
{
    unsigned mode = 0;
    if (text[0] == '\0' || strlen(text) > 4)
        return 0;
    for (; *text >= '0' && *text <= '7'; text++)
        mode = mode * 8 + (unsigned)(*text - '0');
    return *text == '\0' && mode <= 0777 ? mode : 0;
}

static int check_mode(const char *value, void *field, struct strbuf *why)
{
    (void)field;
    return mode_of(value) != 0 ? 0 : strbuf_why(why, "\"%s\" is no mode such as 0660", value);
}

static int check_place(const char *value, void *field, struct strbuf *why)
{
    (void)field;
    return serve_check(value, why);
}

static int check_own(const char *value, void *field, struct strbuf *why)
{
    struct prefix prefix;
    (void)field;
    return prefix_parse(span_text(value), &prefix)
               ? 0
               : strbuf_why(why, "\"%s\" is no address or network", value);
}

static const struct option rows[] = {
    OPTION_LIST(struct policy_rows, listen, "listen", 0, "PLACE",
                "Where mail servers ask: unix:/var/spool/postfix/private/spamgear, or a loopback "
                "address such as 127.0.0.1:10040. Without any there is no policy service.",
                .check = check_place),
    OPTION_TEXT(struct policy_rows, mode, "mode", 0, "MODE", "0660",
                "The mode of socket files. Whoever may write to one may ask.", .check = check_mode),
    OPTION_TEXT(struct policy_rows, group, "group", 0, "GROUP", NULL,
                "The group of socket files: that of the mail server (postfix, Debian-exim)."),
    OPTION_COUNT(struct policy_rows, messages, "messages", 0, "N", "0", 0, UINT32_MAX,
                 "A sender who has logged in may send so many messages in the period. 0: no limit "
                 "but those of the logs."),
    OPTION_COUNT(struct policy_rows, recipients, "recipients", 0, "N", "0", 0, UINT32_MAX,
                 "A sender may have so many recipients in the period. 0: no limit."),
    OPTION_PERIOD(struct policy_rows, period, "period", 0, "PERIOD", "1 hour",
                  "The period of both."),
    OPTION_LIST(struct policy_rows, overrides, "overrides", 0, "FILE",
                "Other numbers of messages for single senders, a line NAME COUNT each, besides "
                "[limits]. As many recipients are let through, too."),
    OPTION_TEXT(struct policy_rows, action, "action", 0, "ACTION",
                "DEFER_IF_PERMIT 4.7.1 Too many messages, try again later",
                "The answer for who is over one of these limits, or over a limit of [watch]: "
                "DEFER_IF_PERMIT, DEFER, HOLD or REJECT, and a text; DUNNO: none.",
                .check = check_action),
    OPTION_TEXT(struct policy_rows, case_action, "case-action", 0, "ACTION", NULL,
                "The answer for an account that has an open case: \"REJECT 5.7.1 This account is "
                "disabled\". Without it that is no reason.",
                .check = check_action),
    OPTION_LIST(struct policy_rows, own, "own-clients", 0, "ADDRESS",
                "Clients that are never limited: addresses and networks of webmail and of own "
                "hosts.",
                .check = check_own),
    OPTION_FLAG(struct policy_rows, hosts, "hosts", 0,
                "Judge clients that did not log in, too: by what the logs of [watch] say of their "
                "address."),
    OPTION_FLAG(struct policy_rows, dry_run, "dry-run", 0,
                "Answer DUNNO always, and tell what would have been answered."),
    OPTION_END};

const struct section policy_section = {
    .name = "policy",
    .summary = "what Postfix and Exim are told about senders, before they take a message",
    .options = (const struct option *const[]){rows, NULL},
    .settings_size = sizeof(struct policy_rows),
};

static void read_limits(struct policy_config *own, const struct policy_rows *set,
                        const struct run *run, struct texts *problems)
{
    struct strbuf why = {0};
    for (size_t i = 0; i < run->config->entries.len; i++) {
        const struct config_entry *e = &run->config->entries.at[i];
        if (strcmp(e->section, "limits") == 0 &&
            limit_add(&own->overrides, e->key, e->value, e->file, e->line, &why) != 0)
            texts_format(problems, "%s:%u: %s: %s", e->file, e->line, e->key, strbuf_text(&why));
    }
    strbuf_reset(&why);
    if (run->config_path == NULL && limit_read_overrides(&own->overrides, OVERRIDES, &why) != 0)
        texts_add(problems, strbuf_text(&why));
    for (size_t i = 0; i < set->overrides.len; i++) {
        const char *path = set->overrides.at[i];
        strbuf_reset(&why);
        if (access(path, F_OK) != 0)
            texts_format(problems, "%s: no such overrides file", path);
        else if (limit_read_overrides(&own->overrides, path, &why) != 0)
            texts_add(problems, strbuf_text(&why));
    }
    strbuf_clear(&why);
}

void policy_config_read(struct policy_config *own, const struct run *run, struct texts *problems)
{
    *own = (struct policy_config){0};
    section_read(&own->values, &policy_section, run->config, problems);
    const struct policy_rows *set = own->values.own;
    own->listens = set->listen.len > 0;
    if (own->listens)
        read_limits(own, set, run, problems);
    for (size_t i = 0; i < set->own.len; i++) {
        struct prefix prefix;
        if (prefix_parse(span_text(set->own.at[i]), &prefix))
            *vec_add(&own->own) = prefix;
    }
    own->service = (struct policy_service_settings){
        .policy = {.messages = set->messages,
                   .recipients = set->recipients,
                   .period_s = set->period.seconds,
                   .overrides = &own->overrides,
                   .action = set->action,
                   .case_action = set->case_action,
                   .dry = set->dry_run,
                   .own = own->own.at,
                   .own_len = own->own.len,
                   .hosts = set->hosts},
        .places = &set->listen,
        .mode = mode_of(set->mode),
        .group = set->group,
    };
}

void policy_config_clear(struct policy_config *own)
{
    section_clear(&own->values);
    limit_clear(&own->overrides);
    vec_clear(&own->own);
}
