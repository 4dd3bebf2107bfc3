/* method_command - the administrator's own program, for accounts that live elsewhere.
 *
 * Each word of the setting becomes one word of argv, with {name}, {case}, {reason} and {expires}
 * put in; what is put in is not looked at again, and no shell sees any of it. {expires} is in
 * seconds since 1970, 0 for never; {case} is 0 while nothing is decided.
 *
 * command-status must tell "on" by status 0 and "off" by status 1. Anything else is "could not
 * tell": without it nothing could be verified, so settings without it are refused.
 */
#include "method_run.h"

#include <stdlib.h>

enum placeholder { NAME, CASE, REASON, EXPIRES, PLACEHOLDERS };

static const char *const placeholders[] = {"{name}", "{case}", "{reason}", "{expires}"};

/* Which one stands at `at`; PLACEHOLDERS: none. */
static enum placeholder placeholder_at(const char *at)
{
    for (int i = NAME; i < PLACEHOLDERS; i++)
        if (strncmp(at, placeholders[i], strlen(placeholders[i])) == 0)
            return (enum placeholder)i;
    return PLACEHOLDERS;
}

static void add_value(struct strbuf *out, enum placeholder which, const struct target *target)
{
    if (which == NAME)
        strbuf_add_text(out, target->name);
    else if (which == REASON)
        strbuf_add_text(out, target->reason == NULL ? "" : target->reason);
    else
        strbuf_format(out, "%lld", (long long)(which == CASE ? target->case_id : target->expires));
}

static void fill_word(const char *word, const struct target *target, struct strbuf *out)
{
    while (*word != '\0') {
        enum placeholder which = placeholder_at(word);
        if (which == PLACEHOLDERS) {
            strbuf_add_char(out, *word++);
            continue;
        }
        add_value(out, which, target);
        word += strlen(placeholders[which]);
    }
}

static void fill(const struct texts *command, const struct target *target, struct texts *words)
{
    struct strbuf word = {0};
    for (size_t i = 0; i < command->len; i++) {
        strbuf_reset(&word);
        fill_word(command->at[i], target, &word);
        texts_add(words, strbuf_text(&word));
    }
    strbuf_clear(&word);
}

/* ---- the settings ---- */

/* "{word}" that is not one of ours, most likely misspelt; NULL: none. Other braces are the
 * program's. */
static const char *unknown_placeholder(const char *word, int *len)
{
    for (const char *at = word; (at = strchr(at, '{')) != NULL; at++) {
        size_t letters = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz");
        if (letters == 0 || at[1 + letters] != '}' || placeholder_at(at) != PLACEHOLDERS)
            continue;
        *len = (int)letters + 2;
        return at;
    }
    return NULL;
}

static int check_command(const char *key, const struct texts *command, struct strbuf *why)
{
    bool named = false;
    if (command->len == 0)
        return strbuf_why(why, "the method command needs %s", key);
    if (strchr(command->at[0], '{') != NULL)
        return strbuf_why(why, "%s: the program must stand first, not %s", key, command->at[0]);
    for (size_t i = 1; i < command->len; i++) {
        int len;
        const char *unknown = unknown_placeholder(command->at[i], &len);
        if (unknown != NULL)
            return strbuf_why(why,
                              "%s: %.*s is not known, only {name}, {case}, {reason} and "
                              "{expires}",
                              key, len, unknown);
        named = named || strstr(command->at[i], placeholders[NAME]) != NULL;
    }
    return named ? 0 : strbuf_why(why, "%s: {name} is missing, so it cannot know whom", key);
}

static int command_check(const struct react_settings *settings, struct strbuf *why)
{
    if (settings->command_disable.len > 0 && settings->command_status.len == 0)
        return strbuf_why(why, "the method command needs command-status (exit status 0: is "
                               "disabled, 1: is not): what cannot be verified is not done");
    if (check_command("command-disable", &settings->command_disable, why) != 0 ||
        check_command("command-enable", &settings->command_enable, why) != 0)
        return -1;
    return check_command("command-status", &settings->command_status, why);
}

/* ---- the method ---- */

static enum method_state command_look(const struct react_settings *settings,
                                      const struct target *target, struct span memo,
                                      struct strbuf *why)
{
    struct texts words = {0};
    struct strbuf output = {0};
    (void)memo;
    fill(&settings->command_status, target, &words);
    int status = method_run_status(settings, &words, SPAN(""), &output, why);
    if (status > 1)
        method_run_failed(words.at[0], status, strbuf_span(&output), why);
    strbuf_clear(&output);
    texts_clear(&words);
    return status == 0 ? METHOD_ON : status == 1 ? METHOD_OFF : METHOD_UNTOLD;
}

static int run(const struct react_settings *settings, const struct texts *command,
               const struct target *target, struct strbuf *why)
{
    struct texts words = {0};
    fill(command, target, &words);
    int result = method_run(settings, &words, SPAN(""), NULL, why);
    texts_clear(&words);
    return result;
}

static enum method_plan command_plan(const struct react_settings *settings,
                                     const struct target *target, struct strbuf *what,
                                     struct strbuf *memo, struct strbuf *why)
{
    struct texts words = {0};
    (void)memo; /* it was off before, or there is nothing to undo */
    if (*target->name == '\0' || *target->name == '-') {
        strbuf_why(why, "\"%s\" could be taken for an option", target->name);
        return METHOD_REFUSED;
    }
    fill(&settings->command_disable, target, &words);
    strbuf_add_text(what, "run");
    for (size_t i = 0; i < words.len; i++)
        strbuf_format(what, " %s", words.at[i]);
    texts_clear(&words);
    enum method_state state = command_look(settings, target, (struct span){0}, why);
    return method_plan_for(state);
}

static int command_apply(const struct react_settings *settings, const struct target *target,
                         struct span memo, struct strbuf *why)
{
    (void)memo;
    return run(settings, &settings->command_disable, target, why);
}

static int command_undo(const struct react_settings *settings, const struct target *target,
                        struct span memo, struct strbuf *why)
{
    if (run(settings, &settings->command_enable, target, why) != 0)
        return -1;
    enum method_state state = command_look(settings, target, memo, why);
    if (state == METHOD_ON)
        return strbuf_why(why, "%s says that %s is disabled still", settings->command_status.at[0],
                          target->name);
    return state == METHOD_OFF ? 0 : -1;
}

const struct method method_command = {
    .name = "command",
    .check = command_check,
    .plan = command_plan,
    .apply = command_apply,
    .look = command_look,
    .undo = command_undo,
};
