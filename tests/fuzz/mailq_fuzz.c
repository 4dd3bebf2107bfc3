/* mailq - any bytes as showq's answer, as postqueue's lines and as a name: nothing crashes or
 * grows, and the pieces in which they come do not matter. */
#include "spamgear/net/mailq_read.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void note(void *state, const struct mailq_message *message)
{
    struct strbuf *log = state;
    check(message->arrival >= 0 && message->queue.len > 0);
    strbuf_add_span(log, message->queue_id);
    strbuf_add_char(log, '\n');
    strbuf_add_span(log, message->sender);
}

static int feed_showq(struct span bytes, size_t step, struct strbuf *log)
{
    struct mailq_showq showq = {.each = note, .state = log};
    struct strbuf why = {0};
    int result = 0;
    while (bytes.len > 0 && result == 0) {
        size_t len = bytes.len < step ? bytes.len : step;
        result = mailq_showq_feed(&showq, (struct span){bytes.at, len}, &why);
        bytes = span_skip(bytes, len);
        check(showq.token.len <= MAILQ_FIELD_MAX && showq.name.len <= MAILQ_FIELD_MAX);
    }
    check((result != 0) == (why.len > 0) && showq.wrong == (result != 0));
    result = result * 2 + showq.done;
    mailq_showq_clear(&showq);
    strbuf_clear(&why);
    return result;
}

static int feed_lines(struct span bytes, size_t step, struct strbuf *log)
{
    struct strbuf why = {0};
    struct mailq_lines lines = {.each = note, .state = log, .why = &why};
    while (bytes.len > 0) {
        size_t len = bytes.len < step ? bytes.len : step;
        mailq_lines_feed(&lines, (struct span){bytes.at, len});
        bytes = span_skip(bytes, len);
        check(lines.line.len <= MAILQ_LINE_MAX);
    }
    int result = mailq_lines_end(&lines);
    check((result != 0) == (why.len > 0));
    strbuf_clear(&why);
    return result;
}

static void both(int (*feed)(struct span, size_t, struct strbuf *), struct span bytes)
{
    struct strbuf one = {0}, other = {0};
    check(feed(bytes, bytes.len + 1, &one) == feed(bytes, 3, &other));
    check(span_is(strbuf_span(&one), strbuf_span(&other)));
    strbuf_clear(&one);
    strbuf_clear(&other);
}

static void names(struct span bytes)
{
    struct strbuf name = {0};
    strbuf_add_span(&name, bytes);
    const char *text = strbuf_text(&name);
    check(mailq_postfix_arrival(text) >= 0 && mailq_exim_arrival(text) >= 0);
    check(!mailq_is_exim_name(text) || !mailq_is_postfix_name(text)); /* dashes */
    check(mailq_is_exim_name(text) || mailq_exim_arrival(text) == 0);
    strbuf_clear(&name);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    both(feed_showq, bytes);
    both(feed_lines, bytes);
    names(bytes);
    return 0;
}
