/* policy_request - the SMTPD access policy protocol of Postfix (SMTPD_POLICY_README).
 *
 * name=value lines, an empty line ends a request; the answer is "action=...\n\n". Values are
 * attacker-written: a name that occurs twice counts once, the first time.
 */
#ifndef SPAMGEAR_NET_POLICY_REQUEST_H
#define SPAMGEAR_NET_POLICY_REQUEST_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"

struct policy_request {
    struct span protocol_state; /* "RCPT", "DATA", "END-OF-MESSAGE", ... */
    struct span sasl_username, sender, recipient, client_address, client_name, instance, queue_id;
    unsigned long long recipient_count; /* of DATA and END-OF-MESSAGE */
    unsigned long long size;
};

/* How many bytes the request at the start takes; 0: not whole yet. Spans borrow bytes. *bad is set
 * when it is no request (it gets DUNNO, and the connection ends). */
size_t policy_request_take(struct span bytes, struct policy_request *request, bool *bad);

/* "action=TEXT\n\n"; TEXT without control bytes. Appends. */
void policy_answer(struct strbuf *out, struct span action);

#endif
