/* method_exim_list - a name's line in a file that Exim's ACLs look up (lsearch).
 *
 *     bob: case=17 reason=132 messages from 20 networks
 *
 * The file may be the administrator's too: his lines, comments and continuation lines stay as they
 * are. Ours are known by the case they name, so undo removes no other.
 *
 * Keys are written and read as lsearch does it: quoted where they hold more than plain characters.
 * Surprise: Exim compares keys without regard to case, so a line of "BOB" stops bob as well.
 */
#include "method_file.h"
#include "spamgear/react/method.h"

#include "spamgear/base/text.h"
#include <stdlib.h>
#include <strings.h>

#define MEMO         "file="
#define REASON_BYTES 500 /* Exim reads lines of up to 16 KiB */

struct entry {
    struct strbuf key;
    struct span data;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Takes the quoted key off the line; its escapes stand for the character behind the backslash. */
static void take_quoted(struct span *line, struct strbuf *key)
{
    size_t i = 1;
    for (; i < line->len && line->at[i] != '"'; i++) {
        if (line->at[i] == '\\' && i + 1 < line->len)
            i++;
        strbuf_add_char(key, line->at[i]);
    }
    *line = span_skip(*line, i < line->len ? i + 1 : i);
}

static void take_plain(struct span *line, struct strbuf *key)
{
    size_t len = 0;
    while (len < line->len && line->at[len] != ':' && !is_blank(line->at[len]))
        len++;
    strbuf_add(key, line->at, len);
    *line = span_skip(*line, len);
}

static void skip_blanks(struct span *line)
{
    while (line->len > 0 && is_blank(*line->at))
        *line = span_skip(*line, 1);
}

/* False: a comment, an empty line, or one that continues another. */
static bool read_entry(struct span line, struct entry *entry)
{
    if (line.len == 0 || *line.at == '#' || is_blank(*line.at))
        return false;
    strbuf_reset(&entry->key);
    if (*line.at == '"')
        take_quoted(&line, &entry->key);
    else
        take_plain(&line, &entry->key);
    skip_blanks(&line);
    if (line.len > 0 && *line.at == ':')
        line = span_skip(line, 1);
    skip_blanks(&line);
    entry->data = line;
    return true;
}

static bool is_listed(struct span text, const char *name)
{
    struct entry entry = {0};
    bool found = false;
    for (struct span line; !found && span_take_line(&text, &line);)
        found = read_entry(line, &entry) && strcasecmp(strbuf_text(&entry.key), name) == 0;
    strbuf_clear(&entry.key);
    return found;
}

static bool is_ours(const struct entry *entry, const struct target *target)
{
    struct strbuf start = {0};
    strbuf_format(&start, "case=%lld ", (long long)target->case_id);
    bool ours = span_is(strbuf_span(&entry->key), span_text(target->name)) &&
                span_has_prefix(entry->data, strbuf_span(&start));
    strbuf_clear(&start);
    return ours;
}

/* Appends text without the entries of this case. */
static void copy_others(struct span text, const struct target *target, struct strbuf *out)
{
    struct entry entry = {0};
    bool leave_out = false;
    for (struct span line; span_take_line(&text, &line);) {
        bool continued = line.len > 0 && is_blank(*line.at);
        leave_out = read_entry(line, &entry) ? is_ours(&entry, target) : leave_out && continued;
        if (!leave_out)
            method_file_add(out, line);
    }
    strbuf_clear(&entry.key);
}

static bool is_plain_key(const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789._@+=-";
    return name[strspn(name, plain)] == '\0';
}

static void add_key(struct strbuf *out, const char *name)
{
    if (is_plain_key(name)) {
        strbuf_add_text(out, name);
        return;
    }
    strbuf_add_char(out, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"' || *name == '\\')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, *name);
    }
    strbuf_add_char(out, '"');
}

static void add_line(struct strbuf *out, const struct target *target)
{
    struct strbuf reason = {0};
    text_escape(&reason, span_text(target->reason));
    add_key(out, target->name);
    strbuf_format(out, ": case=%lld reason=%.*s\n", (long long)target->case_id, REASON_BYTES,
                  strbuf_text(&reason));
    strbuf_clear(&reason);
}

static int exim_check(const struct react_settings *settings, struct strbuf *why)
{
    if (settings->exim_list == NULL || *settings->exim_list != '/')
        return strbuf_why(why, "exim-list needs the file that Exim's ACLs look up, as a path "
                               "from / on");
    return 0;
}

/* A name may be quoted, but a line is a line. */
static int exim_name_check(const char *name, struct strbuf *why)
{
    for (const char *at = name; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return strbuf_why(why, "a name with control characters cannot stand in a list");
    return *name == '\0' ? strbuf_why(why, "an empty name cannot stand in a list") : 0;
}

static enum method_plan exim_plan(const struct react_settings *settings,
                                  const struct target *target, struct strbuf *what,
                                  struct strbuf *memo, struct strbuf *why)
{
    struct strbuf text = {0};
    enum method_plan plan = METHOD_REFUSED;
    strbuf_format(memo, MEMO "%s", settings->exim_list); /* the case's number tells our line */
    if (exim_name_check(target->name, why) == 0 &&
        method_file_read(settings->exim_list, &text, why) == 0)
        plan = is_listed(strbuf_span(&text), target->name) ? METHOD_IN_FORCE : METHOD_NEEDED;
    strbuf_format(what, "add %s to %s", target->name, settings->exim_list);
    strbuf_clear(&text);
    return plan;
}

static int apply_there(const struct react_settings *settings, const struct target *target,
                       struct strbuf *why)
{
    struct strbuf text = {0};
    int result = exim_name_check(target->name, why);
    if (result == 0)
        result = method_file_read(settings->exim_list, &text, why);
    if (result == 0 && !is_listed(strbuf_span(&text), target->name)) {
        if (text.len > 0 && text.data[text.len - 1] != '\n')
            strbuf_add_char(&text, '\n');
        add_line(&text, target);
        result = method_file_write(settings->exim_list, &text, why);
    }
    strbuf_clear(&text);
    return result;
}

static enum method_state look_there(const struct react_settings *settings,
                                    const struct target *target, struct strbuf *why)
{
    struct strbuf text = {0};
    enum method_state state = METHOD_UNTOLD;
    if (method_file_read(settings->exim_list, &text, why) == 0)
        state = is_listed(strbuf_span(&text), target->name) ? METHOD_ON : METHOD_OFF;
    strbuf_clear(&text);
    return state;
}

static int undo_there(const struct react_settings *settings, const struct target *target,
                      struct strbuf *why)
{
    struct strbuf text = {0}, others = {0};
    int result = method_file_read(settings->exim_list, &text, why);
    if (result == 0) {
        copy_others(strbuf_span(&text), target, &others);
        if (others.len < text.len)
            result = method_file_write(settings->exim_list, &others, why);
    }
    strbuf_clear(&text);
    strbuf_clear(&others);
    return result;
}

/* ---- in the file of that day ---- */

static struct react_settings settings_then(const struct react_settings *settings, struct span memo)
{
    struct react_settings then = *settings;
    then.exim_list = method_file_then(memo, MEMO, settings->exim_list);
    return then;
}

static int exim_apply(const struct react_settings *settings, const struct target *target,
                      struct span memo, struct strbuf *why)
{
    struct react_settings then = settings_then(settings, memo);
    int result = apply_there(&then, target, why);
    free(then.exim_list);
    return result;
}

static enum method_state exim_look(const struct react_settings *settings,
                                   const struct target *target, struct span memo,
                                   struct strbuf *why)
{
    struct react_settings then = settings_then(settings, memo);
    enum method_state state = look_there(&then, target, why);
    free(then.exim_list);
    return state;
}

static int exim_undo(const struct react_settings *settings, const struct target *target,
                     struct span memo, struct strbuf *why)
{
    struct react_settings then = settings_then(settings, memo);
    int result = undo_there(&then, target, why);
    free(then.exim_list);
    return result;
}

const struct method method_exim_list = {
    .name = "exim-list",
    .check = exim_check,
    .plan = exim_plan,
    .apply = exim_apply,
    .look = exim_look,
    .undo = exim_undo,
};
