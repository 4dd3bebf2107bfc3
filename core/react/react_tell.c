/* react_tell - the mail about an account that was disabled.
 *
 * Written from what the case says after each action was read back, so it says no more than what is
 * true. Names, reasons and log lines were written by strangers: all of it is escaped.
 */
#include "react_parts.h"
#include "spamgear/base/text.h"
#include "spamgear/log/stamp.h"
#include <inttypes.h>

static void add_line(struct strbuf *body, const char *label, const char *text)
{
    strbuf_add_text(body, label);
    text_escape(body, span_text(text));
    strbuf_add_char(body, '\n');
}

/* The actions of these states; heading first, nothing when there is none. */
static void add_actions(struct strbuf *body, const struct case_file *file, const char *heading,
                        unsigned states)
{
    bool headed = false;
    for (size_t i = 0; i < file->actions.len; i++) {
        const struct case_action *action = &file->actions.at[i];
        if (!(states & 1u << action->state))
            continue;
        if (!headed)
            strbuf_format(body, "\n%s\n", heading);
        headed = true;
        add_line(body, "  ", *action->what != '\0' ? action->what : action->method);
        if (*action->detail != '\0')
            add_line(body, "    ", action->detail);
    }
}

static void add_evidence(struct strbuf *body, const struct case_file *file)
{
    struct span text = span_text(file->evidence), line;
    if (text.len > 0)
        strbuf_add_text(body, "\nFrom the logs:\n");
    while (span_take_line(&text, &line)) {
        strbuf_add_text(body, "  ");
        text_escape(body, line);
        strbuf_add_char(body, '\n');
    }
}

static void write_body(struct strbuf *body, const struct case_file *file)
{
    char when[32];
    add_line(body, "Account: ", file->account);
    add_line(body, "Reason:  ", file->reason);
    stamp_format(file->opened, when);
    add_line(body, "When:    ", when);
    strbuf_format(body, "Case:    %" PRId64 ", opened by %s\n", file->id, file->applet);
    add_actions(body, file, "Done, and read back:", 1u << ACTION_DONE);
    add_actions(body, file, "Was so before:", 1u << ACTION_BEFORE);
    add_actions(body, file, "NOT done:", 1u << ACTION_FAILED | 1u << ACTION_STARTED);
    strbuf_format(body, "\nTo let the account go again:\n  spamgear case undo %" PRId64 "\n",
                  file->id);
    if (file->expires != 0) {
        stamp_format(file->expires, when);
        strbuf_format(body, "It is let go by itself after %s.\n", when);
    }
    add_evidence(body, file);
}

static int send_mail(struct react *react, const struct case_file *file, struct texts *lines,
                     struct strbuf *why)
{
    struct strbuf subject = {0}, body = {0}, key = {0};
    struct mail_result result = {0};
    strbuf_format(&subject, "SPAMMER DETECTED AT %s [USER %s DISABLED]", message_host(),
                  file->account);
    write_body(&body, file);
    strbuf_format(&key, "case %" PRId64 " %" PRId64 " %s", file->id, file->opened, file->account);
    struct mail mail = {.to = react->settings->notify.len > 0 ? &react->settings->notify : NULL,
                        .subject = strbuf_text(&subject),
                        .body = strbuf_span(&body),
                        .key = strbuf_span(&key)};
    int sent = mail_send(react->mail, &mail, &result, why);
    for (size_t i = 0; i < result.problems.len; i++)
        texts_format(lines, "failed: mail: %s", result.problems.at[i]);
    mail_result_clear(&result);
    strbuf_clear(&subject);
    strbuf_clear(&body);
    strbuf_clear(&key);
    return sent;
}

void react_tell(struct react *react, int64_t case_id, struct texts *lines)
{
    struct case_file file = {0};
    struct strbuf why = {0};
    if (react->mail == NULL)
        return;
    int result = cases_get(react->cases, case_id, &file, &why) == 1 ? 0 : -1;
    if (result == 0 && !file.told)
        result = send_mail(react, &file, lines, &why);
    if (result == 0 && !file.told)
        result = cases_set_told(react->cases, case_id, &why);
    if (result != 0)
        texts_format(lines, "failed: to tell by mail: %s", strbuf_text(&why));
    case_file_clear(&file);
    strbuf_clear(&why);
}
