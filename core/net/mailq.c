/* mailq - which server's queues, and the sum of them. */
#include "mailq_parts.h"

#include "spamgear/base/spawn.h"
#include "spamgear/base/text.h"
#include <stdlib.h>
#include <string.h>

#define DEADLINE_MS  60000
#define SHOWN_ANSWER 100 /* bytes of an answer that is no number */

size_t mailq_add(struct mailq *mailq, const char *prefix, const char *name)
{
    struct strbuf text = {0};
    strbuf_format(&text, "%s%s%s", prefix, *prefix == '\0' ? "" : "/", name);
    *(vec_add(&mailq->queues)) = (struct mailq_queue){.name = strbuf_take(&text)};
    return mailq->queues.len - 1;
}

int mailq_ask_number(const char *const *argv, int64_t deadline, uint64_t *number,
                     struct strbuf *why)
{
    struct strbuf output = {0}, shown = {0};
    unsigned long long value = 0;
    int status = spawn_run(argv, SPAN(""), mailq_left(deadline), &output, why);
    struct span answer = span_trim(strbuf_span(&output), " \t\r\n");
    bool is_number = status == 0 && span_number(answer, &value);
    text_escape(&shown,
                answer.len > SHOWN_ANSWER ? (struct span){answer.at, SHOWN_ANSWER} : answer);
    if (status > 0)
        strbuf_why(why, "%s: ended with status %d: %s", *argv, status, strbuf_text(&shown));
    else if (status == 0 && !is_number)
        strbuf_why(why, "%s: \"%s\" is no number", *argv, strbuf_text(&shown));
    strbuf_clear(&output);
    strbuf_clear(&shown);
    *number = value;
    return is_number ? 0 : -1;
}

static int ask_command(const struct texts *command, int64_t deadline, struct mailq *mailq,
                       struct strbuf *why)
{
    VEC(const char *) argv = {0};
    size_t at = mailq_add(mailq, "", "command");
    for (size_t i = 0; i < command->len; i++)
        *(vec_add(&argv)) = command->at[i];
    *(vec_add(&argv)) = NULL;
    mailq->how = "command";
    int result = mailq_ask_number(argv.at, deadline, &mailq->queues.at[at].messages, why);
    vec_clear(&argv);
    return result;
}

static bool is_named(const struct mailq_settings *settings, const char *name)
{
    return settings->server != NULL && strcmp(settings->server, name) == 0;
}

/* Of a server that was not named only what is found. */
static int ask_servers(const struct mailq_settings *settings, int64_t deadline, struct mailq *mailq,
                       struct strbuf *why)
{
    struct strbuf last = {0};
    int result = 0;
    bool any = settings->server == NULL;
    bool postfix = is_named(settings, "postfix") || (any && mailq_has_postfix(settings));
    bool exim = is_named(settings, "exim") || (any && mailq_has_exim(settings));
    if (!postfix && !exim)
        return any ? strbuf_why(why, "neither Postfix nor Exim was found here")
                   : strbuf_why(why, "%s: a mail server whose queues are not known",
                                settings->server);
    if (postfix)
        result = mailq_postfix(settings, deadline, mailq, why);
    if (exim && mailq_exim(settings, deadline, mailq, &last) != 0)
        result = result == 0 ? strbuf_why(why, "%s", strbuf_text(&last)) : -1;
    strbuf_clear(&last);
    return result;
}

int mailq_count(const struct mailq_settings *settings, struct mailq *mailq, struct strbuf *why)
{
    int64_t deadline =
        clock_steady_ms() + (settings->deadline_ms > 0 ? settings->deadline_ms : DEADLINE_MS);
    int result;
    *mailq = (struct mailq){0};
    if (settings->command != NULL && settings->command->len > 0)
        result = ask_command(settings->command, deadline, mailq, why);
    else
        result = ask_servers(settings, deadline, mailq, why);
    for (size_t i = 0; i < mailq->queues.len; i++) {
        mailq->messages += mailq->queues.at[i].messages;
        mailq->oldest = mailq_earlier(mailq->oldest, mailq->queues.at[i].oldest);
    }
    if (mailq->how == NULL)
        mailq->how = "nothing";
    return result;
}

void mailq_clear(struct mailq *mailq)
{
    for (size_t i = 0; i < mailq->queues.len; i++)
        free(mailq->queues.at[i].name);
    vec_clear(&mailq->queues);
}
