/* spam_event_test - names, what counts as bad, and an event as bytes and back. */
#include "spamgear/log/spam_event.h"

#include "test.h"
#include <math.h>
#include <stdlib.h>

static struct spam_event sample(void)
{
    return (struct spam_event){.time = 1795305600,
                               .verdict_time = -1,
                               .queue_id = SPAN("3p7RMT0zrYz20p"),
                               .message_id = SPAN("a+b=c@d"),
                               .from = SPAN("x@y"),
                               .sasl = SPAN("u, v"),
                               .uid = SPAN("1000"),
                               .client_name = SPAN("unknown"),
                               .client = SPAN("2001:db8::1"),
                               .verdict = MAIL_VERDICT_BANNED,
                               .has_score = true,
                               .score = -12.625,
                               .victims = 4000000000u,
                               .origin = ORIGIN_TRUSTED};
}

static void test_names(void)
{
    for (int v = 0; v < MAIL_VERDICTS; v++)
        test_true("has a name", strlen(mail_verdict_name((enum mail_verdict)v)) > 0);
    test_text("spam", mail_verdict_name(MAIL_VERDICT_SPAM), "spam");
    test_text("beyond", mail_verdict_name(MAIL_VERDICTS), "other");
    test_true("infected", mail_verdict_is_bad(MAIL_VERDICT_INFECTED));
    test_true("clean", !mail_verdict_is_bad(MAIL_VERDICT_CLEAN));
    test_true("unchecked", !mail_verdict_is_bad(MAIL_VERDICT_UNCHECKED));
}

static void test_back(void)
{
    struct spam_event event = sample(), got;
    struct strbuf bytes = {0}, again = {0};
    spam_event_write(&event, &bytes);
    test_number("reads", spam_event_read(strbuf_span(&bytes), &got), 0);
    test_true("queue ID", span_is(got.queue_id, event.queue_id));
    test_true("client", span_is(got.client, event.client));
    test_number("victims", got.victims, event.victims);
    test_true("score", got.score == event.score && got.has_score && !got.has_threshold);
    spam_event_write(&got, &again);
    test_bytes("the same", again.data, again.len, bytes.data, bytes.len);
    strbuf_clear(&bytes);
    strbuf_clear(&again);
}

static void test_refused(void)
{
    struct spam_event event = sample(), got;
    struct strbuf bytes = {0};
    spam_event_write(&event, &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        char *cut = malloc(len + 1);
        if (cut == NULL)
            abort();
        memcpy(cut, bytes.data, len);
        test_number("cut", spam_event_read((struct span){cut, len}, &got), -1);
        free(cut);
    }
    bytes.data[0]++;
    test_number("another version", spam_event_read(strbuf_span(&bytes), &got), -1);
    bytes.data[0]--;
    bytes.data[17] = MAIL_VERDICTS;
    test_number("no verdict", spam_event_read(strbuf_span(&bytes), &got), -1);
    strbuf_reset(&bytes);
    event.score = (double)NAN;
    spam_event_write(&event, &bytes);
    test_number("no number", spam_event_read(strbuf_span(&bytes), &got), -1);
    strbuf_add_char(&bytes, 'x');
    test_number("too long", spam_event_read(strbuf_span(&bytes), &got), -1);
    strbuf_clear(&bytes);
}

int main(void)
{
    test_names();
    test_back();
    test_refused();
    return test_end();
}
