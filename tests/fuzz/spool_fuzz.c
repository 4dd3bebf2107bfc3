/* spool_fuzz - any bytes as a spool file: what is taken has a route, a sender, a recipient, and
 * the same message when it is written and read again.
 */
#include "spamgear/store/spool.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static void check(struct span text)
{
    struct spool_mail mail, again;
    struct strbuf first = {0};
    if (spool_mail_parse(&mail, text, NULL) == 0) {
        need(mail.route != NULL && mail.from != NULL && mail.to.len > 0);
        spool_mail_write(&first, &mail);
        need(spool_mail_parse(&again, strbuf_span(&first), NULL) == 0);
        need(again.to.len == mail.to.len && again.attempts == mail.attempts);
        need(span_is(strbuf_span(&again.message), strbuf_span(&mail.message)));
        spool_mail_clear(&again);
    }
    spool_mail_clear(&mail);
    strbuf_clear(&first);
}

/* The text as it is; and as what a whole file would hold before its message, which a fuzzer that
 * knows no hash would never reach. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    struct spool_mail mail = {.queued = 1, .next_try = 2};
    struct strbuf whole = {0};
    struct span rest = text, line;
    check(text);
    mail.route = span_take_line(&rest, &line) ? mem_text_of(line.at, line.len) : mem_text("");
    mail.from = mem_text("a@b");
    while (mail.to.len < 3 && span_take_line(&rest, &line)) {
        char *address = mem_text_of(line.at, line.len);
        texts_add(&mail.to, address);
        free(address);
    }
    strbuf_add_span(&mail.message, rest);
    spool_mail_write(&whole, &mail);
    check(strbuf_span(&whole));
    spool_mail_clear(&mail);
    strbuf_clear(&whole);
    return 0;
}
