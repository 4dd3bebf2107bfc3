/* format_handed - deliveries to a content filter on this machine, which gives the message back.
 *
 * The message goes on under another queue ID, which the filter's answer tells. Anybody's mail
 * server may answer with an ID, so only loopback addresses are believed; the rest of the line is as
 * in thread.c.
 */
#include "spamgear/log/format.h"

#include "postfix_line.h"
#include "spamgear/base/addr.h"

/* "NAME[127.0.0.1]:PORT" */
static bool is_here(struct span relay)
{
    struct span name, address;
    struct addr addr;
    return field_until(&relay, '[', &name) && field_until(&relay, ']', &address) &&
           addr_parse(address, &addr) && addr_is_loopback(&addr);
}

static enum parse_result parse_handed(const struct log_format *format, const struct log_line *line,
                                      struct event *event)
{
    struct syslog_head head;
    struct span program, relay, id;
    (void)format;
    if (!syslog_split(line, &head) || !postfix_split_tag(head.tag, &program) ||
        !(span_is(program, SPAN("smtp")) || span_is(program, SPAN("lmtp"))))
        return PARSE_FOREIGN;
    if (!postfix_take_id(&head.text, &event->queue_id) || !field_eat(&head.text, SPAN("to=<")) ||
        !postfix_take_relay(&head.text, &relay) || !is_here(relay) ||
        !postfix_read_queued_as(head.text, &id))
        return PARSE_FOREIGN;
    event->kind = EVENT_DELIVERED;
    event->sender = id;
    return PARSE_EVENT;
}

const struct log_format format_handed = {
    .name = "handed",
    .summary = "Postfix: messages that a content filter of this machine gave back",
    .needles = {" queued as "},
    .parse = parse_handed,
};
