/* notice_fuzz - any template, name and list of files: headers stay headers (a name adds none),
 * are ASCII, end at the first blank line; no line of the body is longer than RFC 5322 allows. */
#include "spamgear/react/notice.h"

#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

/* Takes what stands before the next 0xff byte. */
static struct span take_part(struct span *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->at, 0xff, rest->len);
    struct span part = end == NULL ? *rest : span_of(rest->at, end);
    *rest = span_skip(*rest, part.len + (end != NULL));
    return part;
}

static unsigned check_headers(struct span *rest)
{
    struct span line;
    unsigned fields = 0;
    while (span_take_line(rest, &line) && line.len > 0) {
        for (size_t i = 0; i < line.len; i++)
            need((unsigned char)line.at[i] < 0x80);
        fields += *line.at != ' ' && *line.at != '\t';
        need(fields > 0);
        need(memchr(line.at, ':', line.len) != NULL || *line.at == ' ' || *line.at == '\t');
    }
    return fields;
}

static unsigned check(struct span template, struct span name, struct span shells)
{
    struct strbuf out = {0};
    struct span line;
    notice_fill(&out, template, SPAN("bob@example.net"), name, shells);
    struct span rest = strbuf_span(&out);
    need(memchr(rest.at, '\r', rest.len) == NULL && memchr(rest.at, '\0', rest.len) == NULL);
    unsigned fields = check_headers(&rest);
    while (span_take_line(&rest, &line))
        need(line.len <= 998);
    strbuf_clear(&out);
    return fields;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = {(const char *)data, size};
    struct span template = take_part(&rest), name = take_part(&rest);
    need(check(template, name, rest) == check(template, SPAN("bob"), SPAN("/x")));
    return 0;
}
