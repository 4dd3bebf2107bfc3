/* smtp_reply_fuzz - any bytes as a server's replies: what is taken is whole and of one code, what
 * is shown is one printable line, and no mail passes the gate before a log-in. */
#include "../../core/net/smtp_parts.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static void check_text(struct span whole)
{
    struct strbuf text = {0};
    smtp_reply_text(&text, whole);
    need(text.len <= 4 * SMTP_TEXT_MAX);
    for (size_t i = 0; i < text.len; i++)
        need((unsigned char)text.data[i] >= ' ' && text.data[i] != 0x7f);
    strbuf_clear(&text);
}

static void check_replies(struct span rest)
{
    struct smtp_reply reply;
    const char *before = rest.at;
    while (smtp_reply_take(&rest, &reply) == 1) {
        need(reply.code >= 200 && reply.code < 600 && reply.whole.at == before);
        need(span_end(reply.whole) == rest.at && span_end(reply.whole)[-1] == '\n');
        smtp_reply_offers(&reply, "STARTTLS");
        check_text(reply.whole);
        before = rest.at;
    }
}

/* Lines that begin with '>' are ours. */
static void check_gate(struct span rest)
{
    struct smtp_gate gate = {.wanted = true};
    struct strbuf why = {0}, passed = {0};
    struct span line;
    bool entered = false;
    while (span_take_line(&rest, &line)) {
        bool ours = line.len > 0 && *line.at == '>';
        line = span_skip(line, ours ? 1 : 0);
        int result =
            ours ? smtp_gate_command(&gate, line, &why) : smtp_gate_reply(&gate, line, &why);
        need(!ours || result != 0 || entered || line.len < 5 || memcmp(line.at, "MAIL ", 5) != 0);
        entered = entered || (!ours && result == 0 && span_has_prefix(line, SPAN("235")));
        if (result != 0)
            break;
        strbuf_reset(&passed);
        smtp_gate_pass(&gate, line, &passed);
        need(passed.len > 0 && memchr(passed.data, '\n', passed.len - 1) == NULL);
    }
    strbuf_clear(&why);
    strbuf_clear(&passed);
    strbuf_clear(&gate.refusal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span all = {(const char *)data, size};
    check_text(all);
    check_replies(all);
    check_gate(all);
    return 0;
}
