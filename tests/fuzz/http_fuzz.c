/* http_fuzz - any bytes as requests over HTTP: what is taken is there, each gets one whole answer,
 * and no path but the one that exists has a page. */
#include "spamgear/report/metrics.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static const char *page(void *state, struct span path, struct strbuf *body)
{
    (void)state;
    need(path.len > 0 && path.at[0] == '/');
    if (!span_is(path, SPAN("/metrics")))
        return NULL;
    strbuf_add_text(body, "page\n");
    return METRICS_TYPE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = {(const char *)data, size};
    bool close = false;
    while (rest.len > 0 && !close) {
        struct strbuf answer = {0};
        size_t took = metrics_http(rest, &answer, &close, page, NULL);
        need(took <= rest.len && (took > 0) == (answer.len > 0) && (took > 0 || !close));
        need(took == 0 || span_has_prefix(strbuf_span(&answer), SPAN("HTTP/1.1 ")));
        need(took == 0 || span_find(strbuf_span(&answer), SPAN("\r\n\r\n")) != NULL);
        strbuf_clear(&answer);
        if (took == 0)
            break;
        rest = span_skip(rest, took);
    }
    return 0;
}
