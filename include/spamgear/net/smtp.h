/* smtp - a message handed to a mail server (libesmtp), with a hard deadline.
 *
 * Each delivery runs in a child process: whatever the server does, the caller goes on when the
 * deadline has passed, and knows what was answered until then. TLS (1.2 and 1.3) is begun before
 * libesmtp says a word: by STARTTLS, or at once (smtps, port 465, RFC 8314), to names and to
 * addresses of both families, with certificate and host checked. A server that says more than it
 * was asked before TLS stands is hung up on. A password goes to a server only through TLS with a
 * certificate that fits, whatever `tls` says, and no mail without the log-in that was asked for;
 * mechanisms are PLAIN and LOGIN. Messages are CRLF and ASCII, as message_write makes them; others
 * are refused, for every recipient.
 */
#ifndef SPAMGEAR_NET_SMTP_H
#define SPAMGEAR_NET_SMTP_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include <stdbool.h>

enum smtp_tls { SMTP_TLS_REQUIRED, SMTP_TLS_OPPORTUNISTIC, SMTP_TLS_OFF };

struct smtp_server {
    char *host; /* name or address, without brackets; owned */
    unsigned port;
    bool implicit_tls; /* smtps://: TLS from the first byte */
    /* The rest is the caller's and borrowed. opportunistic: TLS where it is offered, with any
     * certificate, and plain text where it fails; required (and smtps, and whenever there is a
     * user): a certificate that fits, or nothing is sent. */
    enum smtp_tls tls;
    const char *user, *password; /* NULL: no AUTH. Needs TLS */
    const char *ca_file;         /* PEM; NULL: the system's */
    const char *hello;           /* what EHLO says; NULL: message_host() */
    bool tls12;                  /* TLS 1.3 is not offered: for servers that mishandle it */
    int deadline_ms;             /* for the whole delivery */
};

/* Reads "smtp://HOST[:PORT]" (25), "smtps://HOST[:PORT]" (465), "HOST[:PORT]"; HOST may be
 * [2001:db8::1]. Sets host, port and implicit_tls. 0, or -1 with why. */
int smtp_server_parse(struct smtp_server *server, const char *url, struct strbuf *why);
/* May this be said in EHLO? A host name, or [ADDRESS]. */
bool smtp_is_hello(const char *hello);
void smtp_server_clear(struct smtp_server *server);

enum smtp_result {
    SMTP_NOT_TRIED, /* the server was not reached, or the delivery ended before */
    SMTP_SENT,      /* the server took the message for this recipient (2xx after the data) */
    SMTP_LATER,     /* 4xx */
    SMTP_REFUSED    /* 5xx */
};

struct smtp_recipient {
    const char *address; /* bare; borrowed */
    enum smtp_result result;
    int code;   /* the server's, 0 when there is none */
    char *text; /* its words, one line, escaped; owned, may be NULL */
};

/* Sends a message (CRLF, with headers) from an envelope sender ("" is <>). Fills the results.
 * 0 when the dialogue came to its end, whatever the results are; -1 with why (which server, at
 * which step) when it did not: time-out, no TLS, wrong certificate, closed connection. Recipients
 * that were confirmed before stay SMTP_SENT. */
int smtp_send(const struct smtp_server *server, const char *from, struct span message,
              struct smtp_recipient *recipients, size_t count, struct strbuf *why);

void smtp_recipients_clear(struct smtp_recipient *recipients, size_t count); /* their texts */

#endif
