/* method_nis - an account of NIS, locked on the master server.
 *
 * ssh runs one fixed command there (packaging/nis/spamgear-nis); the name goes to its standard
 * input, never into a command line. The answer must be exactly
 *     name=NAME
 *     state=locked
 * and anything else is a failure: a motd, a missing line, a line too many, another name. The
 * command tells "locked" only after the maps were built. The key of the master must be known
 * before; a changed one is refused.
 *
 * The memo names the master: the one of `-n`, or of the settings of that day. What was locked
 * before is never ours to unlock.
 */
#include "method_run.h"

#include "spamgear/base/mem.h"
#include "spamgear/base/text.h"
#include <stdlib.h>

#define DIGITS_LETTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define NAME_MAX_BYTES 255
#define SAID_MAX       200
#define MASTER         "server="

static const char *or_else(const char *value, const char *otherwise)
{
    return value == NULL || *value == '\0' ? otherwise : value;
}

static const char *server(const struct react_settings *settings)
{
    return or_else(settings->nis_server, "localhost");
}

/* Only of these, and nothing that looks like an option. */
static bool is_word(const char *text, const char *allowed, size_t bytes_max)
{
    size_t len = strlen(text);
    return len > 0 && len <= bytes_max && *text != '-' && *text != '+' && *text != ' ' &&
           strspn(text, allowed) == len;
}

/* ---- asking ---- */

/* What is given first wins in ssh: a setting can add to these, and not undo them. */
static void ssh_words(const struct react_settings *settings, struct texts *words)
{
    int64_t seconds = settings->timeout_s < 1 ? 1 : settings->timeout_s;
    const char *user = or_else(settings->nis_user, "");
    method_words(words, or_else(settings->ssh, "ssh"), "-T", "-a", "-x", "-o", "BatchMode=yes",
                 "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR", "-o", NULL);
    texts_format(words, "ConnectTimeout=%lld", (long long)seconds);
    for (size_t i = 0; i < settings->ssh_options.len; i++)
        texts_add(words, settings->ssh_options.at[i]);
    texts_add(words, "--");
    texts_format(words, "%s%s%s", user, *user == '\0' ? "" : "@", server(settings));
    texts_add(words, or_else(settings->nis_command, "spamgear-nis"));
}

/* The last line is what ssh died of; before it may stand a page about a changed key. */
static int failed(const struct react_settings *settings, const char *what, struct span output,
                  struct strbuf *why)
{
    struct span last = {0};
    struct strbuf said = {0};
    for (struct span line; span_take_line(&output, &line);)
        if (line.len > 1) /* ssh ends its lines by CR LF: one byte is an empty line */
            last = line;
    if (last.len > 0 && last.at[last.len - 1] == '\r')
        last.len--;
    if (span_has_prefix(last, SPAN("error=")))
        last = span_skip(last, strlen("error="));
    text_escape(&said, (struct span){last.at, last.len < SAID_MAX ? last.len : SAID_MAX});
    strbuf_why(why, "NIS master %s %s: %s", server(settings), what,
               said.len > 0 ? strbuf_text(&said) : "nothing was said");
    strbuf_clear(&said);
    return -1;
}

/* "name=NAME\nstate=STATE\n" and not a byte more. */
static bool read_answer(struct span answer, const char *name, struct span *state)
{
    struct strbuf start = {0};
    strbuf_format(&start, "name=%s\nstate=", name);
    bool good = span_has_prefix(answer, strbuf_span(&start));
    if (good)
        answer = span_skip(answer, start.len);
    strbuf_clear(&start);
    good = good && span_take_line(&answer, state) && answer.len == 0;
    return good;
}

enum state { STATE_UNTOLD = -1, STATE_OPEN, STATE_LOCKED, STATE_UNBUILT };

static enum state state_of(struct span word)
{
    static const char *const names[] = {"open", "locked", "unbuilt"};
    for (int i = STATE_OPEN; i <= STATE_UNBUILT; i++)
        if (span_is(word, span_text(names[i])))
            return (enum state)i;
    return STATE_UNTOLD;
}

static enum state ask(const struct react_settings *settings, const char *verb, const char *name,
                      struct strbuf *why)
{
    struct texts words = {0};
    struct strbuf request = {0}, answer = {0};
    struct span word;
    enum state state = STATE_UNTOLD;
    ssh_words(settings, &words);
    strbuf_format(&request, "%s %s\n", verb, name);
    int status = method_run_status(settings, &words, strbuf_span(&request), &answer, why);
    if (status > 0)
        failed(settings, "failed", strbuf_span(&answer), why);
    else if (status == 0 && read_answer(strbuf_span(&answer), name, &word))
        state = state_of(word);
    if (status == 0 && state == STATE_UNTOLD)
        failed(settings, "answered what was not asked", strbuf_span(&answer), why);
    strbuf_clear(&request);
    strbuf_clear(&answer);
    texts_clear(&words);
    return state;
}

/* ---- the method ---- */

static int nis_check(const struct react_settings *settings, struct strbuf *why)
{
    const char *user = or_else(settings->nis_user, "root");
    const char *command = or_else(settings->nis_command, "spamgear-nis");
    if (!is_word(server(settings), DIGITS_LETTERS ".-_:", NAME_MAX_BYTES))
        return strbuf_why(why, "the NIS master \"%s\" is no name of a host", server(settings));
    if (!is_word(user, DIGITS_LETTERS ".-_", NAME_MAX_BYTES))
        return strbuf_why(why, "\"%s\" is no name of a user on the NIS master", user);
    if (!is_word(command, DIGITS_LETTERS "./_-+,:@= ", 1000))
        return strbuf_why(why,
                          "the command on the NIS master, \"%s\", may only hold letters, "
                          "digits, blanks and ./_-+,:@=",
                          command);
    return 0;
}

/* Somebody is at it; who locked the password, and whether at all, is not known. */
static enum method_plan refuse_unbuilt(const struct react_settings *settings, struct strbuf *why)
{
    strbuf_why(why, "NIS master %s: the maps are not built yet", server(settings));
    return METHOD_REFUSED;
}

/* What the command accepts; nothing else is sent to it. */
static int nis_name_check(const char *name, struct strbuf *why)
{
    if (is_word(name, DIGITS_LETTERS "._@+=-", NAME_MAX_BYTES))
        return 0;
    return strbuf_why(why, "the NIS master takes names of letters, digits and ._@+=- only");
}

/* The settings, with the master that the memo names. *master is freed by the caller. */
static struct react_settings settings_then(const struct react_settings *settings, struct span memo,
                                           char **master)
{
    struct react_settings then = *settings;
    *master = NULL;
    if (span_has_prefix(memo, SPAN(MASTER))) {
        memo = span_skip(memo, strlen(MASTER));
        then.nis_server = *master = mem_text_of(memo.at, memo.len);
    }
    return then;
}

static enum method_plan nis_plan(const struct react_settings *settings, const struct target *target,
                                 struct strbuf *what, struct strbuf *memo, struct strbuf *why)
{
    if (nis_name_check(target->name, why) != 0)
        return METHOD_REFUSED;
    strbuf_format(memo, MASTER "%s", server(settings));
    strbuf_format(what, "lock the password of %s on the NIS master %s", target->name,
                  server(settings));
    switch (ask(settings, "status", target->name, why)) {
    case STATE_LOCKED: return METHOD_IN_FORCE;
    case STATE_OPEN: return METHOD_NEEDED;
    case STATE_UNBUILT: return refuse_unbuilt(settings, why);
    default: return METHOD_REFUSED;
    }
}

/* Sends the request, after which it must be so. */
static int become(const struct react_settings *settings, const char *verb, const char *name,
                  enum state wanted, struct span memo, struct strbuf *why)
{
    char *master;
    if (nis_name_check(name, why) != 0)
        return -1;
    struct react_settings then = settings_then(settings, memo, &master);
    enum state state = ask(&then, verb, name, why);
    if (state != STATE_UNTOLD && state != wanted)
        strbuf_why(why, "NIS master %s: after \"%s %s\" the password is %s", server(&then), verb,
                   name,
                   state == STATE_LOCKED ? "locked still, by somebody else"
                   : state == STATE_OPEN ? "not locked"
                                         : "changed, but the maps are not built");
    free(master);
    return state == wanted ? 0 : -1;
}

static int nis_apply(const struct react_settings *settings, const struct target *target,
                     struct span memo, struct strbuf *why)
{
    return become(settings, "disable", target->name, STATE_LOCKED, memo, why);
}

static enum method_state nis_look(const struct react_settings *settings,
                                  const struct target *target, struct span memo, struct strbuf *why)
{
    char *master;
    if (nis_name_check(target->name, why) != 0)
        return METHOD_UNTOLD;
    struct react_settings then = settings_then(settings, memo, &master);
    enum state state = ask(&then, "status", target->name, why);
    if (state == STATE_UNBUILT)
        refuse_unbuilt(&then, why);
    free(master);
    return state == STATE_LOCKED ? METHOD_ON : state == STATE_OPEN ? METHOD_OFF : METHOD_UNTOLD;
}

static int nis_undo(const struct react_settings *settings, const struct target *target,
                    struct span memo, struct strbuf *why)
{
    return become(settings, "enable", target->name, STATE_OPEN, memo, why);
}

const struct method method_nis = {
    .name = "nis",
    .check = nis_check,
    .plan = nis_plan,
    .apply = nis_apply,
    .look = nis_look,
    .undo = nis_undo,
};
