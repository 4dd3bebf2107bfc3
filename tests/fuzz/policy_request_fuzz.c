/* policy_request_fuzz - any bytes, in any portions: never more is taken than there is, a request is
 * the same however it came, and an answer is one line. */
#include "spamgear/net/policy_request.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static void check_span(struct span all, struct span part)
{
    need(part.len == 0 || (part.at >= all.at && span_end(part) <= span_end(all)));
    need(memchr(part.len > 0 ? part.at : "x", '\n', part.len > 0 ? part.len : 1) == NULL);
}

static void check_answer(struct span text)
{
    struct strbuf out = {0};
    policy_answer(&out, text);
    need(out.len == text.len + 9 && memchr(out.data, '\n', out.len) == out.data + out.len - 2);
    strbuf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = {(const char *)data, size};
    check_answer(rest);
    while (rest.len > 0) {
        struct policy_request request, again;
        bool bad, bad_again;
        size_t took = policy_request_take(rest, &request, &bad);
        need(took <= rest.len && (took > 0 || !bad));
        if (took == 0)
            break;
        struct span one = {rest.at, took};
        check_span(one, request.sasl_username);
        check_span(one, request.recipient);
        check_span(one, request.instance);
        need(policy_request_take(one, &again, &bad_again) == took && bad_again == bad);
        need(span_is(again.sasl_username, request.sasl_username));
        for (size_t part = 1; part < took && !bad; part += 1 + took / 16)
            need(policy_request_take((struct span){rest.at, part}, &again, &bad_again) == 0 &&
                 !bad_again);
        rest = span_skip(rest, took);
    }
    return 0;
}
