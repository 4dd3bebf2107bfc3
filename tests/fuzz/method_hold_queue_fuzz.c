/* method_hold_queue_fuzz - any header file of Exim's spool, whose variables strangers choose, and
 * any memo: no ID but a well-formed one gets out of a memo, each belongs to the server it looks
 * like, and what is kept of a list is read again as the same list. */
#include "../../core/react/method_hold_exim.c"
#include "../../core/react/method_hold_queue.c"
#include "fuzz.h"

static void check_ids(const struct messages *list)
{
    for (size_t i = 0; i < list->len; i++) {
        const struct message *message = &list->at[i];
        hold(strspn(message->id,
                    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") ==
             strlen(message->id));
        hold(message->id[0] != '-' && strlen(message->id) >= ID_MIN);
        hold(message->exim == (message->config == NULL));
        hold(message->exim || (message->config[0] == '/' && strchr(message->id, '-') == NULL));
        hold(i == 0 || by_id(&list->at[i - 1], message) <= 0);
    }
}

static void check_memo(struct span text)
{
    struct react_settings settings = {0};
    struct messages list = {0}, again = {0};
    struct strbuf memo = {0};
    read_memo(&list, &settings, text);
    check_ids(&list);
    for (size_t i = 0; i < list.len; i++)
        list.at[i].place = FREE;
    write_memo(&list, UINT64_MAX, &memo);
    read_memo(&again, &settings, strbuf_span(&memo));
    hold(again.len == list.len);
    for (size_t i = 0; i < list.len; i++)
        hold(strcmp(list.at[i].id, again.at[i].id) == 0);
    messages_clear(&list);
    messages_clear(&again);
    strbuf_clear(&memo);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct span text = {(const char *)data, size};
    if (read_header(text) == HELD)
        hold(span_find(text, SPAN("\n-frozen ")) != NULL);
    check_memo(text);
    return 0;
}
