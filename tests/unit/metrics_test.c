/* metrics_test - families, escapes and numbers; requests over HTTP, good ones and others. */
#include "spamgear/report/metrics.h"

#include "spamgear/base/mem.h"
#include "test.h"
#include <math.h>
#include <stdlib.h>

static void test_samples(void)
{
    struct strbuf out = {0};
    metrics_family(&out, "a_total", METRIC_COUNTER, "All of it.");
    metrics_sample(&out, "a_total", NULL, (struct span){0}, 12345678901.0);
    metrics_family(&out, "b", METRIC_GAUGE, "Some.");
    metrics_sample(&out, "b", "name", SPAN("q\"b\\s\nn\xffx\\n"), 0.25);
    metrics_sample(&out, "b", "name", SPAN(""), -1);
    const struct metric_label two[] = {{"x", SPAN("1")}, {"y", SPAN("2")}};
    metrics_sample_of(&out, "b", two, 2, NAN);
    metrics_sample_of(&out, "b", two, 2, INFINITY);
    test_text("the format", strbuf_text(&out),
              "# HELP a_total All of it.\n# TYPE a_total counter\na_total 12345678901\n"
              "# HELP b Some.\n# TYPE b gauge\n"
              "b{name=\"q\\\"b\\\\s\\\\nn\\\\xffx\\\\x5cn\"} 0.25\n"
              "b{name=\"\"} -1\nb{x=\"1\",y=\"2\"} NaN\nb{x=\"1\",y=\"2\"} +Inf\n");
    strbuf_clear(&out);
}

static const char *page(void *state, struct span path, struct strbuf *body)
{
    ++*(int *)state;
    if (!span_is(path, SPAN("/metrics")))
        return NULL;
    strbuf_add_text(body, "a 1\n");
    return METRICS_TYPE;
}

#define HOST "Host: x\r\n"

static void test_requests(void)
{
    const struct {
        const char *name;
        struct span text;
        const char *status; /* NULL: not whole */
        bool close, body;
    } cases[] = {
        {"1.1", SPAN("GET /metrics HTTP/1.1\r\n" HOST "\r\n"), "200", false, true},
        {"1.0", SPAN("GET /metrics HTTP/1.0\r\n\r\n"), "200", true, true},
        {"bare line ends", SPAN("GET /metrics HTTP/1.0\n\n"), "200", true, true},
        {"1.0 that stays", SPAN("GET /metrics HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), "200",
         false, true},
        {"1.1 that goes", SPAN("GET /metrics HTTP/1.1\r\n" HOST "CONNECTION:close\r\n\r\n"), "200",
         true, true},
        {"a query", SPAN("GET /metrics?x=/../ HTTP/1.1\r\n" HOST "\r\n"), "200", false, true},
        {"HEAD", SPAN("HEAD /metrics HTTP/1.1\r\n" HOST "\r\n"), "200", false, false},
        {"another path", SPAN("GET / HTTP/1.1\r\n" HOST "\r\n"), "404", false, true},
        {"a trick", SPAN("GET /../metrics HTTP/1.1\r\n" HOST "\r\n"), "404", false, true},
        {"another trick", SPAN("GET /%6detrics HTTP/1.1\r\n" HOST "\r\n"), "404", false, true},
        {"POST", SPAN("POST /metrics HTTP/1.1\r\n" HOST "\r\n"), "405", false, true},
        {"no body", SPAN("GET /metrics HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"), "200",
         false, true},
        {"a body", SPAN("GET /metrics HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"), "400",
         true, true},
        {"chunks", SPAN("GET /metrics HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"),
         "400", true, true},
        {"no host", SPAN("GET /metrics HTTP/1.1\r\n\r\n"), "400", true, true},
        {"whole address", SPAN("GET http://x/metrics HTTP/1.1\r\n" HOST "\r\n"), "400", true, true},
        {"an old one", SPAN("GET /metrics\r\n\r\n"), "400", true, true},
        {"a new one", SPAN("GET /metrics HTTP/2.0\r\n\r\n"), "505", true, true},
        {"nothing", SPAN("\r\n"), "400", true, true},
        {"no header", SPAN("GET /metrics HTTP/1.0\r\nx\r\n\r\n"), "400", true, true},
        {"a folded one", SPAN("GET /metrics HTTP/1.0\r\nx: y\r\n z\r\n\r\n"), "400", true, true},
        {"a blank before the colon", SPAN("GET /metrics HTTP/1.0\r\nHost : y\r\n\r\n"), "400", true,
         true},
        {"a NUL", SPAN("GET /\0metrics HTTP/1.0\r\n\r\n"), "400", true, true},
        {"a start", SPAN("GET /metr"), NULL, false, false},
        {"a line", SPAN("GET /metrics HTTP/1.1\r\n"), NULL, false, false},
        {"half an end", SPAN("GET /metrics HTTP/1.1\r\n" HOST "\r"), NULL, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf answer = {0};
        bool close = false;
        int asked = 0;
        size_t took = metrics_http(cases[i].text, &answer, &close, page, &asked);
        bool whole = cases[i].status != NULL;
        test_true(cases[i].name, whole ? took > 0 && took <= cases[i].text.len : took == 0);
        test_number(cases[i].name, close, cases[i].close);
        if (whole)
            test_bytes(cases[i].name, strbuf_text(&answer) + 9, answer.len > 12 ? 3 : 0,
                       cases[i].status, 3);
        test_number(cases[i].name,
                    answer.len > 4 && memcmp(answer.data + answer.len - 4, "\r\n\r\n", 4) != 0,
                    cases[i].body);
        strbuf_clear(&answer);
    }
}

static void test_long(void)
{
    static const size_t most = 16384;
    char *text = mem_alloc(most + 1);
    struct strbuf answer = {0};
    bool close = false;
    int asked = 0;
    memset(text, 'x', most + 1);
    test_number("it may become one",
                (int64_t)metrics_http((struct span){text, most - 1}, &answer, &close, page, &asked),
                0);
    test_true("nothing is said yet", answer.len == 0 && !close);
    test_number("too long",
                (int64_t)metrics_http((struct span){text, most}, &answer, &close, page, &asked),
                16384);
    test_true("is told", close && span_has_prefix(strbuf_span(&answer), SPAN("HTTP/1.1 431 ")));
    strbuf_clear(&answer);
    free(text);
}

int main(void)
{
    test_samples();
    test_requests();
    test_long();
    return test_end();
}
