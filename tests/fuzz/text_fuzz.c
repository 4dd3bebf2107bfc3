/* text_fuzz - escaped text is printable ASCII and valid UTF-8 without what steers a terminal;
 * a JSON string is valid JSON; both whatever the bytes. */
#include "spamgear/base/mem.h"
#include "spamgear/base/text.h"

#include "../unit/json_valid.h"
#include "fuzz.h"
#include <stdlib.h>

/* Told by code points, where text.c looks at bytes. */
static bool steers_terminal(const unsigned char *p, size_t len)
{
    unsigned long code = len == 1 ? p[0] : p[0] & (0x7fUL >> len);
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (p[i] & 0x3fUL);
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

static void check_escape(struct span in)
{
    struct strbuf out = {0};
    text_escape(&out, in);
    const unsigned char *bytes = (const unsigned char *)strbuf_text(&out); /* never NULL */
    struct json_text t = {bytes, bytes + out.len};
    while (t.at < t.end) {
        const unsigned char *start = t.at;
        hold(json_utf8(&t) && !steers_terminal(start, (size_t)(t.at - start)));
    }
    hold(out.len >= in.len && out.len <= in.len * 4);
    strbuf_clear(&out);
}

static void check_json(struct span in)
{
    struct strbuf out = {0};
    text_json(&out, in);
    hold(out.data[0] == '"' && json_is_valid(out.data, out.len));
    strbuf_clear(&out);
}

/* The two halves of the input as words: distance is one, and a text fits itself. */
static void check_words(struct span in)
{
    char *a = mem_text_of(in.at, in.len / 2);
    char *b = mem_text_of(in.at + in.len / 2, in.len - in.len / 2);
    int distance = text_distance(a, b);
    hold(distance >= 0 && distance <= 32 && distance == text_distance(b, a));
    hold(text_distance(a, a) == 0 && text_is_near(a, a));
    text_glob(a, span_text(b));
    hold(text_glob("*", span_text(b)) == true);
    free(a);
    free(b);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *exact = malloc(size == 0 ? 1 : size); /* its own end, for the sanitizer */
    if (size > 0)
        memcpy(exact, data, size);
    check_escape((struct span){exact, size});
    check_json((struct span){exact, size});
    check_words((struct span){exact, size < 200 ? size : 200});
    free(exact);
    return 0;
}
