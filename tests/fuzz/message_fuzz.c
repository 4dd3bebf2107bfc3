/* message_fuzz - any names, subject and body: a mail has its eleven headers and no other, only
 * ASCII, every line ends with CRLF and is at most 998 bytes long. */
#include "spamgear/net/message.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

/* Takes what stands before the next 0xff byte, as a string. */
static char *take_part(struct span *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->at, 0xff, rest->len);
    struct span part = end == NULL ? *rest : span_of(rest->at, end);
    *rest = span_skip(*rest, part.len + (end != NULL));
    return mem_text_of(part.at, part.len);
}

static void check(struct span mail)
{
    struct span line;
    unsigned fields = 0;
    bool body = false;
    while (span_take_line(&mail, &line)) {
        need(line.len > 0 && line.len <= 999 && span_end(line)[-1] == '\r');
        for (size_t i = 0; i + 1 < line.len; i++)
            need((line.at[i] >= ' ' || line.at[i] == '\t') && (unsigned char)line.at[i] < 0x7f);
        body = body || line.len == 1;
        if (body)
            continue;
        bool more = *line.at == ' ' || *line.at == '\t';
        need(more || memchr(line.at, ':', line.len) != NULL);
        fields += !more;
        need(fields > 0);
    }
    need(body && fields == 10);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = {(const char *)data, size};
    struct strbuf out = {0};
    struct texts to = {0};
    char *from = take_part(&rest), *one = take_part(&rest), *two = take_part(&rest);
    char *subject = take_part(&rest), *id = take_part(&rest), *host = take_part(&rest);
    texts_add(&to, one);
    texts_add(&to, two);
    message_write(&out, &(struct message){from, &to, subject, rest, host, id});
    check(strbuf_span(&out));
    strbuf_clear(&out);
    texts_clear(&to);
    char *const parts[] = {from, one, two, subject, id, host};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        free(parts[i]);
    return 0;
}
