/* method_dovecot - an account that Dovecot lets log in no more: a line in the passwd-file of a
 * passdb with deny = yes; what Dovecot remembers of it is forgotten, and its sessions are ended.
 *
 * What is read back is the file, which Dovecot reads anew when it has changed, and whether sessions
 * are open. That doveadm does not find a running Dovecot is no failure (nobody is logged in then);
 * that it fails otherwise is one. Surprises: `doveadm auth cache flush` ends with status 0 when it
 * failed, so its messages count; `doveadm kick` ends with 68 when nobody of that name was logged
 * in, takes * and ? for patterns, and an address for everybody who came from there.
 */
#include "method_file.h"
#include "method_run.h"

#include "spamgear/base/addr.h"
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define KICK_NONE 68 /* EX_NOUSER: no session matched */
#define SEEN_MS   1100
#define ENDED_MS  2000
#define MEMO      "file="

/* ---- the file ---- */

/* The name that a line of a passwd-file is about. */
static struct span name_of(struct span line)
{
    size_t len = 0;
    while (len < line.len && line.at[len] != ':')
        len++;
    return (struct span){line.at, len};
}

/* As Dovecot sees it: whatever stands behind the name. */
static enum method_state look_into_file(const struct react_settings *settings,
                                        const struct target *target, struct strbuf *why)
{
    struct strbuf text = {0};
    struct span line, name = span_text(target->name);
    enum method_state state = METHOD_OFF;
    if (method_file_read(settings->dovecot_deny, &text, why) != 0)
        state = METHOD_UNTOLD;
    for (struct span rest = strbuf_span(&text); span_take_line(&rest, &line);)
        if (span_is(name_of(line), name))
            state = METHOD_ON;
    strbuf_clear(&text);
    return state;
}

/* All lines but ours, which is nothing but the name. */
static void copy_others(struct strbuf *out, struct span text, struct span name)
{
    struct span line;
    while (span_take_line(&text, &line))
        if (!span_is(line, name))
            method_file_add(out, line);
}

/* A file that is right already is left as it is: Dovecot would read it anew for nothing. */
static int change_file(const struct react_settings *settings, const struct target *target,
                       struct span memo, bool deny, struct strbuf *why)
{
    struct strbuf old = {0}, text = {0};
    struct span name = span_text(target->name);
    char *file = method_file_then(memo, MEMO, settings->dovecot_deny);
    int result = method_file_read(file, &old, why);
    copy_others(&text, strbuf_span(&old), name);
    if (deny)
        method_file_add(&text, name);
    bool missing = old.len == 0; /* without the file Dovecot refuses everybody */
    if (result == 0 && (missing || !span_is(strbuf_span(&old), strbuf_span(&text))))
        result = method_file_write(file, &text, why);
    free(file);
    strbuf_clear(&old);
    strbuf_clear(&text);
    return result;
}

/* ---- the running Dovecot ---- */

static void wait_ms(int ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static bool says(const struct strbuf *output, const char *what)
{
    return span_find(strbuf_span(output), span_text(what)) != NULL;
}

/* Its sockets are not there, or nobody listens on them. */
static bool does_not_run(const struct strbuf *output)
{
    return says(output, "connect") &&
           (says(output, "No such file or directory") || says(output, "Connection refused"));
}

/* What it wrote is in output (may be NULL), which stays empty when Dovecot does not run. */
static int run_doveadm(const struct react_settings *settings, const struct texts *command,
                       struct strbuf *output, struct strbuf *why)
{
    struct texts words = {0};
    struct strbuf said = {0};
    const char *program = settings->doveadm, *config = settings->dovecot_config;
    method_words(&words, program == NULL || *program == '\0' ? "doveadm" : program, NULL);
    if (config != NULL && *config != '\0')
        method_words(&words, "-c", config, NULL);
    for (size_t i = 0; i < command->len; i++)
        texts_add(&words, command->at[i]);
    int result = 0, status = method_run_status(settings, &words, SPAN(""), &said, why);
    bool bad = status != 0 && status != KICK_NONE;
    if (status < 0)
        result = -1;
    else if (does_not_run(&said))
        strbuf_why(why, "Dovecot does not run here: there are no sessions to end");
    else if (bad || says(&said, "Error: ") || says(&said, "Fatal: "))
        result = method_run_failed("doveadm", status, strbuf_span(&said), why);
    else if (output != NULL)
        strbuf_add_span(output, strbuf_span(&said));
    texts_clear(&words);
    strbuf_clear(&said);
    return result;
}

/* It looks at most once a second whether the file has changed: what it still let in meanwhile it
 * would remember, if it were told to forget before. */
static int forget(const struct react_settings *settings, const struct target *target,
                  struct strbuf *why)
{
    struct texts command = {0};
    wait_ms(SEEN_MS);
    method_words(&command, "auth", "cache", "flush", "--", target->name, NULL);
    int result = run_doveadm(settings, &command, NULL, why);
    texts_clear(&command);
    return result;
}

static int kick(const struct react_settings *settings, const struct target *target,
                struct strbuf *why)
{
    struct texts command = {0};
    method_words(&command, "kick", "-f", "--", target->name, NULL);
    int result = run_doveadm(settings, &command, NULL, why);
    texts_clear(&command);
    return result;
}

/* Lines "NAME  imap ...", behind a first one with the names of the columns. */
static size_t count_sessions(struct span output, struct span name)
{
    struct span line;
    size_t count = 0;
    for (bool first = true; span_take_line(&output, &line); first = false)
        if (!(first && span_has_prefix(line, SPAN("username "))) && span_has_prefix(line, name) &&
            line.len > name.len && strchr(" \t", line.at[name.len]) != NULL)
            count++;
    return count;
}

/* Sessions end a moment after the kick. 0: none is left; -1 with why. */
static int check_sessions(const struct react_settings *settings, const struct target *target,
                          struct strbuf *why)
{
    struct texts command = {0};
    struct strbuf output = {0};
    size_t sessions = 0;
    int result = 0;
    method_words(&command, "who", "-1", "--", target->name, NULL);
    for (int waited = 0; result == 0 && waited <= ENDED_MS; waited += ENDED_MS / 10) {
        strbuf_reset(&output);
        result = run_doveadm(settings, &command, &output, why);
        sessions = count_sessions(strbuf_span(&output), span_text(target->name));
        if (sessions == 0)
            break;
        wait_ms(ENDED_MS / 10);
    }
    if (result == 0 && sessions > 0)
        result = strbuf_why(why, "log-ins are refused, but %zu of the sessions are still open",
                            sessions);
    texts_clear(&command);
    strbuf_clear(&output);
    return result;
}

/* ---- the method ---- */

static enum method_state look(const struct react_settings *settings, const struct target *target,
                              struct span memo, struct strbuf *why)
{
    struct strbuf said = {0};
    struct react_settings then = *settings;
    then.dovecot_deny = method_file_then(memo, MEMO, settings->dovecot_deny);
    enum method_state state = look_into_file(&then, target, why);
    free(then.dovecot_deny);
    if (state == METHOD_ON && check_sessions(settings, target, &said) != 0) {
        strbuf_why(why, "%s", strbuf_text(&said));
        state = METHOD_UNTOLD;
    }
    strbuf_clear(&said);
    return state;
}

static int check(const struct react_settings *settings, struct strbuf *why)
{
    const char *file = settings->dovecot_deny;
    if (file == NULL || *file != '/')
        return strbuf_why(why, "dovecot-deny: must be set, to a full path");
    return 0;
}

/* A name that the file, or doveadm, would read as something else. */
static int check_name(const char *name, struct strbuf *why)
{
    struct prefix network;
    for (const char *at = name; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 127 || strchr(":*?", *at) != NULL)
            return strbuf_why(why, "a name with \":\", \"*\", \"?\" or a control character is "
                                   "something else to Dovecot");
    if (strchr("# \t", *name) != NULL || strchr(" \t", name[strlen(name) - 1]) != NULL)
        return strbuf_why(why, "a name that begins with # or a blank is no name to Dovecot");
    if (prefix_parse(span_text(name), &network))
        return strbuf_why(why, "a name that is an address is everybody from there to doveadm");
    return 0;
}

static enum method_plan plan(const struct react_settings *settings, const struct target *target,
                             struct strbuf *what, struct strbuf *memo, struct strbuf *why)
{
    strbuf_format(what, "let Dovecot refuse log-ins of %s (%s) and end the sessions", target->name,
                  settings->dovecot_deny);
    if (check_name(target->name, why) != 0)
        return METHOD_REFUSED;
    enum method_state state = look_into_file(settings, target, why);
    strbuf_format(memo, MEMO "%s", settings->dovecot_deny);
    return method_plan_for(state);
}

static int apply(const struct react_settings *settings, const struct target *target,
                 struct span memo, struct strbuf *why)
{
    if (change_file(settings, target, memo, true, why) != 0 || forget(settings, target, why) != 0)
        return -1;
    return kick(settings, target, why);
}

static int undo(const struct react_settings *settings, const struct target *target,
                struct span memo, struct strbuf *why)
{
    return change_file(settings, target, memo, false, why) == 0 ? forget(settings, target, why)
                                                                : -1;
}

const struct method method_dovecot = {"dovecot", check, plan, apply, look, undo, false};
