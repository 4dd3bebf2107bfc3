/* method_hold_postfix - postsuper -h and -H, each instance of Postfix for itself. */
#include "method_hold.h"

#include "spamgear/base/mem.h"
#include "spamgear/net/mailq.h"

#define LIST_MS 60000 /* at least, for a listing of the whole queue */

/* An ID that two instances use is not known to be the account's in either. */
static void see(void *state, const struct mailq_message *queued)
{
    struct messages *list = state;
    struct message *message = method_hold_find(list, queued->queue_id);
    if (message == NULL || message->exim || span_is(queued->queue, SPAN("maildrop")))
        return; /* in maildrop it has another ID than in the log, and cannot be held */
    if (message->config == NULL)
        message->config = mem_text(queued->config);
    else if (strcmp(message->config, queued->config) != 0) {
        message->twice = list->planning;
        return;
    }
    message->place = span_is(queued->queue, SPAN("hold")) ? HELD : FREE;
}

int method_hold_survey_postfix(const struct react_settings *settings, struct messages *list,
                               struct strbuf *why)
{
    const char *config = settings->postfix_config;
    int64_t ms = settings->timeout_s > LIST_MS / 1000 ? settings->timeout_s * 1000 : LIST_MS;
    struct mailq_settings queue = {.server = "postfix",
                                   .postfix_config =
                                       config == NULL || *config == '\0' ? NULL : config,
                                   .deadline_ms = (int)(ms > 3600000 ? 3600000 : ms)};
    return mailq_postfix_find(&queue, see, list, why);
}

/* The IDs of one instance that are at `from`, to postsuper. */
static int run_postsuper(const struct react_settings *settings, const struct messages *list,
                         const char *config, enum place from, struct strbuf *why)
{
    struct strbuf program = {0}, ids = {0};
    struct texts words = {0};
    const char *folder = settings->postfix_programs;
    for (size_t i = 0; i < list->len; i++)
        if (!list->at[i].exim && list->at[i].place == from &&
            strcmp(list->at[i].config, config) == 0)
            strbuf_format(&ids, "%s\n", list->at[i].id);
    strbuf_format(&program, "%s/postsuper",
                  folder == NULL || *folder == '\0' ? "/usr/sbin" : folder);
    method_words(&words, strbuf_text(&program), "-c", config, from == FREE ? "-h" : "-H", "-",
                 NULL);
    int result = method_run(settings, &words, strbuf_span(&ids), NULL, why);
    texts_clear(&words);
    strbuf_clear(&program);
    strbuf_clear(&ids);
    return result;
}

/* Each instance's once: at the first of its messages. */
int method_hold_change_postfix(const struct react_settings *settings, const struct messages *list,
                               enum place from, struct strbuf *why)
{
    struct texts done = {0};
    int result = 0;
    for (size_t i = 0; i < list->len; i++) {
        const struct message *message = &list->at[i];
        bool seen = message->exim || message->place != from;
        for (size_t j = 0; !seen && j < done.len; j++)
            seen = strcmp(done.at[j], message->config) == 0;
        if (seen)
            continue;
        texts_add(&done, message->config);
        if (run_postsuper(settings, list, message->config, from, why) != 0)
            result = -1;
    }
    texts_clear(&done);
    return result;
}
