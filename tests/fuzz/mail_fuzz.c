/* mail_fuzz - the old list of servers, and messages that come ready: what is taken from either is
 * an address without blanks, and no line of a message ends in anything but CRLF.
 */
#include "../../core/react/mail_parts.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static void check_words(const struct texts *list)
{
    for (size_t i = 0; i < list->len; i++)
        for (const char *c = list->at[i]; *c != '\0'; c++)
            need((unsigned char)*c > ' ' && *c != 0x7f);
}

static void check_old(struct span text)
{
    struct texts smtp = {0};
    struct mail_routes routes = {0};
    if (mail_old_recipients(&smtp, text, NULL) == 0)
        need(mail_routes_read(&routes, &smtp, NULL) == 0);
    else
        need(smtp.len == 0);
    for (size_t i = 0; i < routes.list.len; i++)
        need(routes.list.at[i].own_count > 0);
    check_words(&smtp);
    vec_clear(&routes.list);
    texts_clear(&smtp);
}

static void check_ready(struct span text)
{
    struct texts to = {0};
    struct strbuf out = {0};
    mail_ready_recipients(&to, text);
    check_words(&to);
    mail_ready_complete(&out, text, "a@example.net");
    for (size_t i = 0; i < out.len; i++)
        need(out.data[i] != '\n' || (i > 0 && out.data[i - 1] == '\r'));
    need(span_find(strbuf_span(&out), SPAN("\r\n\r\n")) != NULL);
    texts_clear(&to);
    strbuf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    check_old(text);
    check_ready(text);
    return 0;
}
